// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// The machine as the log's own lines tell it: GPUs from init lines, network devices from NCCL's
/// lists (`NET/IB : Using [0]mlx5_0:1/IB`) and from the connections that use them.
///
/// Where a topology describes a node, each device is looked up in it, and the file's other devices
/// follow: what only one of the two knows is told by ``DeviceRow/source``.
struct MachineInventory {
  /// By node, kind, network, index and name.
  private(set) var rows: [DeviceRow] = []

  /// A network device of a host: the number counts within one network.
  private struct Net: Hashable {
    var host: Int
    var network: String
    var number: Int
  }

  /// Connections of a device.
  fileprivate struct Use {
    var ranks: Set<Int> = []
    var channels: [String: UInt64] = [:]

    fileprivate mutating func add(_ way: Way, rank: Int?) {
      channels[way.name.kind, default: 0].add(UInt64(clamping: way.channels))
      if let rank { ranks.insert(rank) }
    }
  }

  /// A transport of a GPU.
  fileprivate struct Way {
    var name: TransportName
    var channels: Int
  }

  /// The transports of a GPU, whatever is known of their communicators.
  private static func ways(_ seat: Endpoint, _ endpoints: Endpoints, _ table: ProcessTable)
    -> [Way]
  {
    seat.instances.flatMap { endpoints.instances[$0].connections }.map {
      Way(name: TransportName($0.transport), channels: $0.channels)
    }
      + table.records[seat.process].facts.unplacedConnections.filter {
        seat.device == nil || seat.device == $0.device
      }.map { Way(name: TransportName($0.transport), channels: $0.channels) }
  }

  /// Lists the devices of all hosts that have a rank with a number.
  ///
  /// - Complexity: O(*n* log *n*) in endpoints, connections, and devices listed.
  init(
    _ endpoints: Endpoints, _ table: ProcessTable, _ ranks: GlobalRanks, hosts: [Int],
    nodeOfHost: [Int: Int], _ join: TopologyJoin?
  ) {
    var known: Set<TopologyPart> = []
    var uses: [Net: Use] = [:]
    var lists: [Net: String] = [:]
    var names: [Int: String] = [:]
    addGPUs(endpoints, table, ranks, hosts: hosts, nodeOfHost: nodeOfHost, join, &known)
    for (endpoint, seat) in endpoints.all.enumerated() where nodeOfHost[hosts[endpoint]] != nil {
      let host = hosts[endpoint]
      names[host] = table.records[seat.process].facts.host
      for (network, devices) in Self.listed(table.records[seat.process].facts) {
        for (number, name) in devices {
          let net = Net(host: host, network: network, number: number)
          lists[net] = lists[net] ?? name
        }
      }
      for way in Self.ways(seat, endpoints, table) {
        guard let (network, number) = way.name.networkDevice else { continue }
        let net = Net(host: host, network: network, number: number)
        uses[net, default: Use()].add(way, rank: ranks.rank[endpoint])
      }
    }
    for net in Set(lists.keys).union(uses.keys) {
      guard let node = nodeOfHost[net.host] else { continue }
      var row = DeviceRow(
        node: node, host: names[net.host] ?? "", kind: .nic, index: net.number, name: lists[net],
        network: net.network, source: .log)
      row.fill(uses[net] ?? Use())
      if let part = join?.net(net.number, named: lists[net], host: net.host) {
        known.insert(part)
        row.source = .both
        row.topologyName = join?.name(of: part)
      }
      rows.append(row)
    }
    for part in join?.parts ?? [] where !known.contains(part) {
      guard let node = nodeOfHost[part.host] else { continue }
      var row = DeviceRow(
        node: node, host: names[part.host] ?? "", kind: part.isGPU ? .gpu : .nic, index: nil,
        name: nil, source: .topology)
      row.topologyName = join?.name(of: part)
      rows.append(row)
    }
    rows.sort { a, b in
      if a.node != b.node { return a.node < b.node }
      if a.kind != b.kind { return a.kind < b.kind }
      let (x, y) = ((a.source == .topology ? 1 : 0), (b.source == .topology ? 1 : 0))
      if x != y { return x < y }
      return (a.network ?? "", a.index ?? .max, a.name ?? "", a.topologyName ?? "")
        < (b.network ?? "", b.index ?? .max, b.name ?? "", b.topologyName ?? "")
    }
  }

  private mutating func addGPUs(
    _ endpoints: Endpoints, _ table: ProcessTable, _ ranks: GlobalRanks, hosts: [Int],
    nodeOfHost: [Int: Int], _ join: TopologyJoin?, _ known: inout Set<TopologyPart>
  ) {
    /// Ranks share a GPU where they show one PCI address; without it nothing tells.
    struct GPU: Hashable {
      var host: Int
      var bus: UInt64?
      var endpoint: Int
    }
    var place: [GPU: Int] = [:]
    var uses: [Use] = []
    for (endpoint, seat) in endpoints.all.enumerated() {
      let host = hosts[endpoint]
      guard let node = nodeOfHost[host] else { continue }
      let views = seat.instances.map { endpoints.instances[$0] }
      let bus = views.lazy.compactMap(\.facts.busID).first
      let gpu = GPU(host: host, bus: bus, endpoint: bus == nil ? endpoint : -1)
      if place[gpu] == nil {
        place[gpu] = rows.count
        uses.append(Use())
        var row = DeviceRow(
          node: node, host: table.records[seat.process].facts.host, kind: .gpu,
          index: views.lazy.compactMap(\.facts.nvmlDevice).first
            ?? views.lazy.compactMap(\.facts.cudaDevice).first,
          name: bus.map(SummaryAssembly.address), source: .log)
        if let part = join?.gpu(ofEndpoint: endpoint) {
          known.insert(part)
          row.source = .both
          row.topologyName = join?.name(of: part)
        }
        rows.append(row)
      }
      guard let index = place[gpu] else { continue }
      if let rank = ranks.rank[endpoint] { uses[index].ranks.insert(rank) }
      for way in Self.ways(seat, endpoints, table) { uses[index].add(way, rank: nil) }
    }
    for (index, use) in uses.enumerated() { rows[index].fill(use) }
  }

  // MARK: - Lists of network devices

  /// The devices that a process lists, by network.
  static func listed(_ facts: ProcessFacts) -> [(network: String, devices: [Int: String])] {
    ["IB", "Socket"].compactMap { network in
      let beginning = "NET/\(network) : Using"
      let line = facts.notices.first { $0.level == .info && $0.text.hasPrefix(beginning) }
      return line.map { (network, devices(in: $0.text.dropFirst(beginning.utf8.count))) }
    }
  }

  /// Devices by number: `[0]mlx5_0:1/IB [1]mlx5_1:1/RoCE [RO]; OOB eth0:10.0.0.1<0>`.
  ///
  /// Of ports used as one, `[0]={[0] mlx5_0:1/IB, [1] mlx5_1:1/IB}`, the names are joined by a plus
  /// sign. A name that a cut line may have shortened is left out.
  static func devices(in text: Substring) -> [Int: String] {
    var devices: [Int: String] = [:]
    var number: Int?
    var isMerged = false
    for word in text.prefix(while: { $0 != ";" }).split(whereSeparator: { $0 == " " || $0 == "," })
    {
      var rest = word
      if rest.first == "[", let end = rest.firstIndex(of: "]") {
        if !isMerged { number = Int(rest[rest.index(after: rest.startIndex)..<end]) }
        rest = rest[rest.index(after: end)...]
      }
      if rest.hasPrefix("={") {
        isMerged = true
        rest = rest.dropFirst(2)
        if rest.first == "[", let end = rest.firstIndex(of: "]") {
          rest = rest[rest.index(after: end)...]
        }
      }
      let closes = rest.last == "}"
      if closes { rest = rest.dropLast() }
      let isSocket = rest.hasSuffix(">")
      if let number, number >= 0, isSocket || rest.hasSuffix("/IB") || rest.hasSuffix("/RoCE") {
        // The address of a socket is not part of the device's name.
        let name = isSocket ? interface(rest) : rest
        devices[number] = devices[number].map { $0 + "+" + name } ?? String(name)
      }
      if closes { isMerged = false }
    }
    return devices
  }
}

extension MachineInventory {
  /// The interface of `hsn0:chn:128.55.65.123<0>`: its own name may hold colons, and so may an
  /// address of IPv6, but not both are told apart.
  private static func interface(_ item: Substring) -> Substring {
    guard let last = item.lastIndex(of: ":") else { return item }
    let isVersion4 = item[last...].dropFirst().prefix { $0 != "<" }
      .allSatisfy { $0 == "." || $0.isNumber }
    return isVersion4 ? item[..<last] : item.prefix { $0 != ":" }
  }
}

extension DeviceRow {
  fileprivate mutating func fill(_ use: MachineInventory.Use) {
    ranks = use.ranks.sorted()
    transports = use.channels.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
    for count in use.channels.values { channels.add(count) }
  }
}

extension TransportName {
  /// The network and the number of its device: `NET/IB/2/GDRDMA` is 2 of `IB`.
  var networkDevice: (network: String, number: Int)? {
    guard let device, let end = link.lastIndex(of: "/"), link.hasPrefix("NET/") else { return nil }
    return (String(link[..<end].dropFirst(4)), device)
  }
}
