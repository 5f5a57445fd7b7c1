// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// What goes over each network device, each GPU's way to its neighbours, and between nodes.
///
/// Which device a pair of ranks uses is what NCCL printed for their communicator
/// (`Channel 00/0 : 0[0] -> 4[0] [send] via NET/IB/2/GDRDMA`): the sender's line names the device
/// that sends, the receiver's the one that receives. Bytes of a pair with several devices are
/// shared out by channels. A pair without a line takes the devices that it uses on another
/// communicator, else those that its rank uses most.
struct LinkLoads {
  /// An ordered pair of endpoints.
  struct Pair: Hashable {
    var source: Int
    var target: Int
  }

  /// Channels by transport, in one direction of a pair or of a rank.
  private typealias Channels = [String: UInt64]

  private let hosts: [Int]
  private var sends: [Pair: Channels] = [:]
  private var receives: [Pair: Channels] = [:]
  private var sendsOfEndpoint: [Int: Channels] = [:]
  private var receivesOfEndpoint: [Int: Channels] = [:]
  /// The transport that most channels of a pair use, without the device's number.
  private(set) var kinds: [Pair: String] = [:]

  /// A link of a node or of a GPU.
  struct Link: Hashable {
    var kind: LinkRow.Kind
    /// The host, as a number.
    var host: Int
    /// The other host of a pair of nodes, else -1.
    var peer: Int
    /// The endpoint that the link belongs to, or -1 for a link of the node.
    var endpoint: Int
    /// `NET/IB/2`; empty when the log does not tell.
    var name: String
  }

  /// What a link carried.
  struct Load {
    var sent: UInt64 = 0
    var received: UInt64 = 0
    var endpoints: Set<Int> = []
  }

  /// The loads.
  private(set) var loads: [Link: Load] = [:]
  /// What a GPU sent or received over a network device.
  struct Attachment: Hashable {
    var endpoint: Int
    /// As ``Link/name``.
    var device: String
    var isSent: Bool
  }
  /// Bytes of GPUs by network device.
  private(set) var attachments: [Attachment: UInt64] = [:]
  /// Bytes between GPUs that pass no network, by the kind of way.
  private(set) var moves: [LinkRow.Kind: [Pair: UInt64]] = [:]
  private var own: (sends: [Pair: Channels], receives: [Pair: Channels]) = ([:], [:])

  /// Collects the transports of all communicators.
  init(_ analysed: [AnalysedCommunicator], hosts: [Int]) {
    self.hosts = hosts
    for communicator in analysed where hasTransports(communicator) {
      let (sends, receives) = Self.transports(communicator)
      for (pair, channels) in sends {
        self.sends[pair, default: [:]].merge(channels) { $0.adding($1) }
        sendsOfEndpoint[pair.source, default: [:]].merge(Self.network(channels)) { $0.adding($1) }
      }
      for (pair, channels) in receives {
        self.receives[pair, default: [:]].merge(channels) { $0.adding($1) }
        receivesOfEndpoint[pair.target, default: [:]].merge(Self.network(channels)) {
          $0.adding($1)
        }
      }
    }
    kinds = sends.merging(receives) { sent, _ in sent }.compactMapValues { channels in
      var byKind: Channels = [:]
      for (name, count) in channels { byKind[TransportName(name).kind, default: 0].add(count) }
      return byKind.max { a, b in (a.value, b.key) < (b.value, a.key) }?.key
    }
  }

  /// The transports of one communicator's pairs, as the sender and as the receiver printed them.
  private static func transports(
    _ own: AnalysedCommunicator
  ) -> (sends: [Pair: Channels], receives: [Pair: Channels]) {
    var (sends, receives): ([Pair: Channels], [Pair: Channels]) = ([:], [:])
    for view in own.views {
      for row in view.connections {
        guard let source = own.placement.endpointOfRank[row.source],
          let target = own.placement.endpointOfRank[row.target]
        else { continue }
        let pair = Pair(source: source, target: target)
        let channels = UInt64(clamping: row.channels)
        if row.isReceive {
          receives[pair, default: [:]][row.transport, default: 0].add(channels)
        } else {
          sends[pair, default: [:]][row.transport, default: 0].add(channels)
        }
      }
    }
    return (sends, receives)
  }

  private static func network(_ channels: Channels) -> Channels {
    channels.filter { TransportName($0.key).device != nil }
  }

  /// Whether a communicator's ranks say how they reach each other.
  func hasTransports(_ own: AnalysedCommunicator) -> Bool {
    own.views.contains { !$0.connections.isEmpty }
  }

  /// Adds what the ranks of a communicator moved; `nil` stands for all of those that do not say
  /// how their ranks reach each other.
  ///
  /// - Complexity: O(*p* log *p*) in the pairs.
  mutating func add(_ moved: [Pair: UInt64], of communicator: AnalysedCommunicator?) {
    guard !moved.isEmpty else { return }
    own = communicator.map { Self.transports($0) } ?? ([:], [:])
    // Sums do not depend on the order of the pairs.
    for (pair, bytes) in moved {
      let (from, to) = (hosts[pair.source], hosts[pair.target])
      if from != to {
        let nodes = Link(kind: .nodePair, host: from, peer: to, endpoint: -1, name: "")
        add(bytes, to: nodes, isSent: true, endpoint: pair.source)
      }
      let channels = own.sends[pair] ?? sends[pair] ?? own.receives[pair] ?? [:]
      let name = channels.max { a, b in (a.value, b.key) < (b.value, a.key) }?.key
      // NVLink may join nodes (MNNVL), and a network may join GPUs of one node.
      let kind = name.map { LinkRow.Kind(transport: $0) } ?? (from == to ? .onNode : .networkDevice)
      if kind == .networkDevice {
        addToDevices(pair, bytes)
      } else {
        moves[kind, default: [:]][pair, default: 0].add(bytes)
        for (endpoint, isSource) in [(pair.source, true), (pair.target, false)] {
          let link = Link(
            kind: kind, host: hosts[endpoint], peer: -1, endpoint: endpoint, name: "")
          add(bytes, to: link, isSent: isSource, endpoint: endpoint)
        }
      }
    }
  }

  private mutating func addToDevices(_ pair: Pair, _ bytes: UInt64) {
    let sending =
      own.sends[pair].map(Self.network) ?? sends[pair].map(Self.network)
      ?? sendsOfEndpoint[pair.source] ?? [:]
    let receiving =
      own.receives[pair].map(Self.network) ?? receives[pair].map(Self.network)
      ?? receivesOfEndpoint[pair.target] ?? [:]
    share(bytes, sending, host: hosts[pair.source], isSent: true, endpoint: pair.source)
    share(bytes, receiving, host: hosts[pair.target], isSent: false, endpoint: pair.target)
  }

  /// Shares bytes out over network devices by their channels.
  private mutating func share(
    _ bytes: UInt64, _ channels: Channels, host: Int, isSent: Bool, endpoint: Int
  ) {
    var devices: [String: UInt64] = [:]
    for (name, count) in channels { devices[TransportName(name).link, default: 0].add(count) }
    if devices.isEmpty { devices[""] = 1 }
    var total: UInt64 = 0
    for count in devices.values { total.add(count) }
    var share = Share(bytes, over: total)
    for (name, count) in devices.sorted(by: { $0.key < $1.key }) {
      let link = Link(kind: .networkDevice, host: host, peer: -1, endpoint: -1, name: name)
      let part = share.next(count)
      add(part, to: link, isSent: isSent, endpoint: endpoint)
      let attachment = Attachment(endpoint: endpoint, device: name, isSent: isSent)
      attachments[attachment, default: 0].add(part)
    }
  }

  private mutating func add(_ bytes: UInt64, to link: Link, isSent: Bool, endpoint: Int) {
    if isSent {
      loads[link, default: Load()].sent.add(bytes)
    } else {
      loads[link, default: Load()].received.add(bytes)
    }
    loads[link, default: Load()].endpoints.insert(endpoint)
  }
}

extension LinkLoads {
  /// The rows of `links.csv`, by kind, node and link.
  func rows(_ ranks: GlobalRanks, nodeOfHost: [Int: Int]) -> [LinkRow] {
    // The mean of a kind is what an even spread would give each link.
    var sums: [LinkRow.Kind: (bytes: UInt64, links: UInt64)] = [:]
    for (link, load) in loads {
      let (bytes, count) = sums[link.kind] ?? (0, 0)
      sums[link.kind] = (bytes.adding(load.sent.adding(load.received)), count + 1)
    }
    return loads.compactMap { link, load -> LinkRow? in
      guard let node = nodeOfHost[link.host] else { return nil }
      let (bytes, count) = sums[link.kind] ?? (0, 1)
      let mean = Double(bytes) / Double(max(count, 1))
      return LinkRow(
        kind: link.kind, node: node, peerNode: nodeOfHost[link.peer],
        rank: link.endpoint < 0 ? nil : ranks.rank[link.endpoint], link: link.name,
        ranks: load.endpoints.compactMap { ranks.rank[$0] }.sorted(), sentBytes: load.sent,
        receivedBytes: load.received,
        loadRatio: mean > 0 ? Double(load.sent.adding(load.received)) / mean : nil)
    }.sorted { a, b in
      (a.kind, a.node, a.peerNode ?? -1, a.rank ?? -1) == (
        b.kind, b.node, b.peerNode ?? -1, b.rank ?? -1
      )
        ? a.link < b.link
        : (a.kind, a.node, a.peerNode ?? -1, a.rank ?? -1)
          < (b.kind, b.node, b.peerNode ?? -1, b.rank ?? -1)
    }
  }
}

/// The parts of a transport as NCCL prints it after `via`.
struct TransportName: Equatable {
  /// Without the device number: `NET/IB/GDRDMA`, `P2P/CUMEM/read`, `SHM/direct/direct`.
  var kind: String
  /// The network device's number; `nil` for other transports.
  var device: Int?
  /// The device with its network, `NET/IB/2`; the text where there is no device.
  var link: String
  /// The rank whose proxy sends, where a message goes through another GPU (PXN).
  var proxy: Int?

  /// Takes `NET/IB/2(4)/GDRDMA/Shared` apart.
  ///
  /// A network's name may hold blanks, and a library's version may hold a slash's worth of text:
  /// the device is the first part after the name that begins with a digit.
  init(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.first == "NET", parts.count > 2,
      let place = parts.indices.dropFirst(2).first(where: { parts[$0].first?.isNumber ?? false })
    else {
      kind = text
      link = text
      return
    }
    let digits = parts[place].prefix { $0.isNumber }
    device = Int(digits)
    let rest = parts[place].dropFirst(digits.count)
    if rest.first == "(", rest.last == ")" { proxy = Int(rest.dropFirst().dropLast()) }
    link = (parts[..<place] + [digits]).joined(separator: "/")
    // GDR over PCIe is printed as `GDRDMA(PCI)`, shared buffers as `/Shared`.
    kind = (parts[..<place] + parts[(place + 1)...]).joined(separator: "/")
  }
}
