// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// The bus bandwidth that the links of a machine allow a communicator.
public struct BandwidthPeak: Sendable, Hashable {
  /// What sets it.
  public enum Limit: String, Sendable {
    case nvlink = "NVLink"
    case xgmi = "xGMI"
    case pci = "PCIe"
    case socket = "inter-socket"
    case network

    /// What it is called in a sentence.
    public var phrase: String {
      switch self {
      case .nvlink, .xgmi, .pci: rawValue
      case .socket: "the link between sockets"
      case .network: "the network"
      }
    }
  }

  /// GB/s (1e9 bytes per second) per direction, as NCCL plans with.
  public var gigabytesPerSecond: Double
  /// The narrowest part of the way.
  public var limit: Limit

  private init(_ gigabytesPerSecond: Double, _ limit: Limit) {
    self.gigabytesPerSecond = gigabytesPerSecond
    self.limit = limit
  }

  /// Works out the bound; `nil` where a rank's GPU or a link's speed is not known, or where the
  /// operation has no single bound.
  ///
  /// With *n* ranks, at most *m* of them on a node:
  /// - on a node a GPU sends at most what its NVLink or xGMI links to the other ranks carry, and
  ///   GPUs without such links at most what the PCI paths between them do;
  /// - between nodes a node sends at most what the network devices nearest to its ranks carry. All
  ///   bytes of a ring or tree cross the border of a node once per pass, so this bounds the bus
  ///   bandwidth itself; of an all-to-all (*n* - *m*) / *n* of what *m* ranks hold crosses it, and
  ///   (*n* - 1) / *n* is in the bus bandwidth, so the bound is B / *m* x (*n* - 1) / (*n* - *m*).
  ///
  /// A send has one bound only if all pairs are on a node, or none is. Reductions inside of switches
  /// (NVLink SHARP, SHARP) move fewer bytes and can exceed the bound.
  ///
  /// - Complexity: O(*n*^3) in ranks of a node.
  static func of(
    _ own: AnalysedCommunicator, _ collective: String, _ join: TopologyJoin
  ) -> BandwidthPeak? {
    let size = own.communicator.size
    guard size > 1, own.views.count == size else { return nil }
    guard let members = members(of: own, join) else { return nil }
    let isSpread = members.count > 1
    let most = members.values.map(\.count).max() ?? 0
    if collective == "send_recv", isSpread, most > 1 { return nil }
    var peak: BandwidthPeak?
    for (host, gpus) in members.sorted(by: { $0.key < $1.key }) {
      // Without a place the members are all GPUs of the only machine there is.
      let machine = join.fit.machines[join.fit.siteOfHost[host]?.machine ?? 0]
      if gpus.count > 1 {
        guard let reach = onNode(gpus, machine) else { return nil }
        peak = narrower(peak, reach)
      }
      guard isSpread else { continue }
      guard var network = network(of: gpus, machine) else { return nil }
      if collective == "all_to_all" {
        guard gpus.count == most, most * members.count == size else { return nil }
        network *= Double(size - 1) / Double(most * (size - most))
      }
      peak = narrower(peak, BandwidthPeak(network, .network))
    }
    return peak
  }

  /// The GPUs of the ranks by host; `nil` when one is not known.
  ///
  /// Most traces state no PCI address. If as many ranks are on each host as the only topology has
  /// GPUs, they are all of its GPUs.
  private static func members(
    of own: AnalysedCommunicator, _ join: TopologyJoin
  ) -> [Int: [Int]]? {
    let seats = own.views.map { (host: join.hosts[$0.endpoint], endpoint: $0.endpoint) }
    let placed = seats.compactMap { seat in
      join.fit.gpuOfEndpoint[seat.endpoint].map { (host: seat.host, gpu: $0) }
    }
    if placed.count == seats.count {
      return Dictionary(grouping: placed, by: \.host).mapValues { $0.map(\.gpu) }
    }
    guard join.fit.machines.count == 1, let topology = join.fit.machines.first?.topology,
      topology.hosts.count == 1,
      seats.allSatisfy({
        join.fit.busOfEndpoint[$0.endpoint] == nil
          && join.fit.hostNames[$0.host]?.isEmpty == false
      })
    else { return nil }
    let hosts = Dictionary(grouping: seats, by: \.host)
    guard hosts.values.allSatisfy({ $0.count == topology.gpus.count }) else { return nil }
    return hosts.mapValues { _ in Array(topology.gpus.indices) }
  }

  private static func narrower(_ a: BandwidthPeak?, _ b: BandwidthPeak) -> BandwidthPeak {
    a.map { $0.gigabytesPerSecond <= b.gigabytesPerSecond ? $0 : b } ?? b
  }

  /// What a ring or tree over GPUs of a node can move: the narrowest way that it cannot avoid.
  ///
  /// GPUs that NVLink or xGMI joins send to each other over all of these links. Between such
  /// islands, of one GPU each where there are no links, the bytes go over PCI, and the islands are
  /// joined by the best ways (a maximum spanning tree).
  private static func onNode(_ gpus: [Int], _ machine: MachineTopology) -> BandwidthPeak? {
    var peak: BandwidthPeak?
    var islands: [[Int]] = []
    var free = gpus
    while let first = free.popLast() {
      var island = [first]
      var next = 0
      while next < island.count {
        let gpu = island[next]
        next += 1
        let joined = free.filter { isJoined(gpu, $0, machine) }
        island += joined
        free.removeAll { joined.contains($0) }
      }
      islands.append(island)
      guard island.count > 1 else { continue }
      for gpu in island { peak = narrower(peak, fabric(of: gpu, among: island, machine)) }
    }
    guard var reached = islands.popLast() else { return nil }
    while !islands.isEmpty {
      let ways = islands.map { way(from: reached, to: $0, machine) }
      guard
        let best = ways.indices.max(by: {
          (ways[$0]?.gigabytesPerSecond ?? 0) < (ways[$1]?.gigabytesPerSecond ?? 0)
        }), let way = ways[best]
      else { return nil }
      peak = narrower(peak, way)
      reached += islands.remove(at: best)
    }
    return peak
  }

  private static func links(of gpu: Int, _ machine: MachineTopology) -> [Topology.FabricLink] {
    machine.topology.fabricLinks.filter { $0.gpu == gpu && $0.kind != .c2c }
  }

  private static func isJoined(_ gpu: Int, _ peer: Int, _ machine: MachineTopology) -> Bool {
    let own = links(of: gpu, machine)
    return own.contains { $0.target == .gpu(peer) }
      || own.contains { $0.target == .fabric }
        && links(of: peer, machine).contains { $0.target == .fabric }
  }

  /// What the links of a GPU to an island carry.
  private static func fabric(
    of gpu: Int, among island: [Int], _ machine: MachineTopology
  ) -> BandwidthPeak {
    let own = links(of: gpu, machine).filter { link in
      link.target == .fabric || island.contains { $0 != gpu && link.target == .gpu($0) }
    }
    return BandwidthPeak(
      own.reduce(0) { $0 + $1.bandwidth }, own.contains { $0.kind == .xgmi } ? .xgmi : .nvlink)
  }

  /// What goes over PCI from some GPUs to an island: all of its GPUs receive, but those of another
  /// socket over one link.
  private static func way(
    from sources: [Int], to island: [Int], _ machine: MachineTopology
  ) -> BandwidthPeak? {
    let best = island.compactMap { gpu in
      sources.compactMap { source -> (rate: Double, isSocket: Bool)? in
        let path = machine.paths.gpuToGPU[source][gpu]
        return path.bandwidth.map { ($0, path.type == .sys) }
      }.max { $0.rate < $1.rate }
    }
    guard best.count == island.count, let widest = best.max(by: { $0.rate < $1.rate }) else {
      return nil
    }
    guard !widest.isSocket else { return BandwidthPeak(widest.rate, .socket) }
    return BandwidthPeak(best.reduce(0) { $0 + ($1.isSocket ? 0 : $1.rate) }, .pci)
  }

  /// What the network devices nearest to some GPUs of a node carry together.
  private static func network(of gpus: [Int], _ machine: MachineTopology) -> Double? {
    let nets = Set(gpus.flatMap { machine.paths.nearestNets(toGPU: $0) })
    guard !nets.isEmpty, nets.allSatisfy({ machine.topology.nets[$0].speedMegabits != nil }) else {
      return nil
    }
    return nets.sorted().reduce(0) { $0 + machine.topology.nets[$1].bandwidth }
  }
}

extension DurationRow {
  /// The part of its communicators' peak that a bus bandwidth in GB/s is.
  public func attainedShare(_ busBandwidth: Double?) -> Double? {
    guard let peak, let busBandwidth, peak.gigabytesPerSecond > 0 else { return nil }
    return busBandwidth / peak.gigabytesPerSecond
  }
}
