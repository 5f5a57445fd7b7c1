// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// What goes over the links of the machines: the loads of ``LinkLoads`` along the paths of the
/// topologies.
///
/// Between GPUs of a node the bytes take the path table's path, or the way through host memory
/// where the log says so. To and from the network they take the device that the log names, directly
/// with GPUDirect RDMA and through host memory without, or through the GPU that the log names as
/// proxy (PXN). Where the log has no transport line, the devices are those that NCCL would choose.
struct PhysicalLinks {
  private let fit: TopologyFit
  private let names: NetworkNames
  private let endpoints: Endpoints
  private let hosts: [Int]

  private struct Load {
    var sum = PhysicalLoad()
    var endpoints: Set<Int> = []
  }
  /// What the links of each host carried.
  private var loads: [Int: [TopologyLink: Load]] = [:]
  /// Bytes of GPUs that no topology places, or between parts that it does not connect.
  private(set) var unplacedBytes: UInt64 = 0
  /// Bytes whose way the log does not tell.
  private(set) var assumedBytes: UInt64 = 0
  /// Bytes that are on links.
  private(set) var placedBytes: UInt64 = 0
  /// How most channels of a GPU use a network device.
  private let uses: [LinkLoads.Attachment: NetworkUse]

  /// Lays the loads on the links.
  ///
  /// - Complexity: O((pairs of GPUs on a node + GPUs x devices) x links on the way).
  init(
    _ loads: LinkLoads, _ fit: TopologyFit, _ names: NetworkNames,
    _ uses: [LinkLoads.Attachment: NetworkUse], _ endpoints: Endpoints, hosts: [Int]
  ) {
    self.fit = fit
    self.names = names
    self.endpoints = endpoints
    self.hosts = hosts
    self.uses = uses
    for (kind, pairs) in loads.moves {
      for (pair, bytes) in pairs { move(pair, kind, bytes) }
    }
    for (attachment, bytes) in loads.attachments { attach(attachment, bytes) }
  }

  private func machine(of endpoint: Int) -> (site: TopologyFit.Site, machine: MachineTopology)? {
    fit.siteOfHost[hosts[endpoint]].map { ($0, fit.machines[$0.machine]) }
  }

  private mutating func move(
    _ pair: LinkLoads.Pair, _ kind: LinkRow.Kind, _ bytes: UInt64
  ) {
    guard let (site, machine) = machine(of: pair.source),
      fit.siteOfHost[hosts[pair.target]]?.machine == site.machine,
      // Two nodes of one kind are two machines, though one file describes them.
      hosts[pair.source] == hosts[pair.target] || machine.topology.hosts.count > 1,
      let source = fit.gpuOfEndpoint[pair.source], let target = fit.gpuOfEndpoint[pair.target],
      let hops = machine.paths.route(
        fromGPU: source, toGPU: target, way: kind == .sharedMemory ? .throughHost : .table)
    else {
      unplacedBytes.add(bytes)
      return
    }
    let isAssumed = kind == .onNode
    charge(hops, bytes, site, [pair.source, pair.target], isAssumed: isAssumed)
  }

  private mutating func attach(_ attachment: LinkLoads.Attachment, _ bytes: UInt64) {
    let endpoint = attachment.endpoint
    guard let (site, machine) = machine(of: endpoint), let gpu = fit.gpuOfEndpoint[endpoint]
    else {
      unplacedBytes.add(bytes)
      return
    }
    let isSent = attachment.isSent
    guard let use = uses[attachment] else {
      chooseDevices(endpoint, gpu, site, bytes, isSent: isSent)
      return
    }
    let device = names.device(
      use.name, process: endpoints.all[endpoint].process, in: machine.topology, host: site.host)
    guard case .net(let net) = device else {
      unplacedBytes.add(bytes)
      return
    }
    let way = self.way(use, endpoint)
    charge(gpu, net, site, bytes, isSent: isSent, way: way, endpoint, isAssumed: false)
  }

  /// How the log says that a GPU reaches the network.
  private func way(_ use: NetworkUse, _ endpoint: Int) -> PathTable.Way {
    if let proxy = use.proxy, let gpu = fit.gpuOfEndpoint[proxy],
      hosts[proxy] == hosts[endpoint], proxy != endpoint
    {
      return .throughGPU(gpu)
    }
    return use.name.kind.contains("GDRDMA") ? .direct : .throughHost
  }

  /// Shares bytes out over the devices that NCCL gives the channels of a GPU.
  private mutating func chooseDevices(
    _ endpoint: Int, _ gpu: Int, _ site: TopologyFit.Site, _ bytes: UInt64, isSent: Bool
  ) {
    let machine = fit.machines[site.machine]
    let nets = Set(
      machine.paths.nearestNets(toGPU: gpu).indices.prefix(Self.maximumChannels).compactMap {
        machine.paths.net(ofGPU: gpu, channel: $0, in: machine.topology)
      }
    ).sorted()
    guard !nets.isEmpty else {
      unplacedBytes.add(bytes)
      return
    }
    var share = Share(bytes, over: UInt64(clamping: nets.count))
    for net in nets {
      charge(
        gpu, net, site, share.next(1), isSent: isSent, way: .table, endpoint, isAssumed: true)
    }
  }
  /// Channels of a communicator in NCCL (`MAXCHANNELS`).
  private static let maximumChannels = 64

  private mutating func charge(
    _ gpu: Int, _ net: Int, _ site: TopologyFit.Site, _ bytes: UInt64, isSent: Bool,
    way: PathTable.Way, _ endpoint: Int, isAssumed: Bool
  ) {
    let paths = fit.machines[site.machine].paths
    let hops =
      isSent
      ? paths.route(fromGPU: gpu, toNet: net, way: way)
      : paths.route(fromNet: net, toGPU: gpu, way: way)
    guard let hops else {
      unplacedBytes.add(bytes)
      return
    }
    charge(hops, bytes, site, [endpoint], isAssumed: isAssumed)
  }

  private mutating func charge(
    _ hops: [TopologyHop], _ bytes: UInt64, _ site: TopologyFit.Site, _ owners: [Int],
    isAssumed: Bool
  ) {
    guard bytes > 0 else { return }
    placedBytes.add(bytes)
    if isAssumed { assumedBytes.add(bytes) }
    let topology = fit.machines[site.machine].topology
    let own = owners.first.map { hosts[$0] } ?? -1
    for hop in hops {
      var host = own
      if topology.hosts.count > 1 {
        let place = TopologyFit.Site(machine: site.machine, host: topology.host(of: hop.link))
        host = fit.hostOfSite[place] ?? own
      }
      var load = loads[host]?[hop.link] ?? Load()
      if hop.isForward {
        load.sum.sentBytes.add(bytes)
      } else {
        load.sum.receivedBytes.add(bytes)
      }
      if isAssumed { load.sum.assumedBytes.add(bytes) }
      load.endpoints.formUnion(owners)
      loads[host, default: [:]][hop.link] = load
    }
  }
}

extension PhysicalLinks {
  /// The loads of one host.
  func loads(ofHost host: Int) -> [TopologyLink: PhysicalLoad] {
    (loads[host] ?? [:]).mapValues(\.sum)
  }

  /// The rows of `links.csv`, by kind, node, rank and name.
  func rows(_ ranks: GlobalRanks, nodeOfHost: [Int: Int]) -> [LinkRow] {
    struct Seat: Hashable {
      var host: Int
      var gpu: Int
    }
    var rankOfGPU: [Seat: Int] = [:]
    for (endpoint, gpu) in fit.gpuOfEndpoint {
      guard let rank = ranks.rank[endpoint] else { continue }
      let seat = Seat(host: hosts[endpoint], gpu: gpu)
      rankOfGPU[seat] = min(rank, rankOfGPU[seat] ?? .max)
    }
    var rows: [LinkRow] = []
    for (host, own) in loads {
      guard let site = fit.siteOfHost[host], let node = nodeOfHost[host] else { continue }
      let topology = fit.machines[site.machine].topology
      for (link, load) in own {
        guard let kind = topology.kind(of: link) else { continue }
        var row = LinkRow(
          kind: kind, node: node,
          rank: link.gpu.flatMap { rankOfGPU[Seat(host: host, gpu: $0)] },
          link: topology.name(of: link),
          ranks: load.endpoints.compactMap { ranks.rank[$0] }.sorted(),
          sentBytes: load.sum.sentBytes, receivedBytes: load.sum.receivedBytes, loadRatio: nil)
        row.bandwidth = topology.bandwidth(of: link)
        row.assumedBytes = load.sum.assumedBytes
        if case .net(let net) = link { row.device = topology.nets[net].name }
        rows.append(row)
      }
    }
    // Whole numbers, so that the order of the links does not matter.
    var sums: [LinkRow.Kind: (bytes: UInt64, links: UInt64)] = [:]
    for row in rows {
      let (bytes, links) = sums[row.kind] ?? (0, 0)
      sums[row.kind] = (bytes.adding(row.sentBytes.adding(row.receivedBytes)), links + 1)
    }
    for index in rows.indices {
      guard let (bytes, links) = sums[rows[index].kind], bytes > 0 else { continue }
      let own = Double(rows[index].sentBytes.adding(rows[index].receivedBytes))
      rows[index].loadRatio = own / (Double(bytes) / Double(links))
    }
    return rows.sorted { a, b in
      // Two links may have one name.
      (a.kind, a.node, a.rank ?? -1, a.link, a.sentBytes, a.receivedBytes)
        < (b.kind, b.node, b.rank ?? -1, b.link, b.sentBytes, b.receivedBytes)
    }
  }

  /// Adds name and bandwidth to the devices that the log names by number.
  func describe(_ rows: inout [LinkRow], _ ranks: GlobalRanks, nodeOfHost: [Int: Int]) {
    let hostOfNode = Dictionary(
      nodeOfHost.map { ($0.value, $0.key) }, uniquingKeysWith: { min($0, $1) })
    let endpointOfRank = Dictionary(
      ranks.rank.enumerated().compactMap { endpoint, rank in rank.map { ($0, endpoint) } },
      uniquingKeysWith: { min($0, $1) })
    for index in rows.indices where rows[index].kind == .networkDevice {
      guard let host = hostOfNode[rows[index].node], let site = fit.siteOfHost[host],
        let endpoint = rows[index].ranks.first.flatMap({ endpointOfRank[$0] })
      else { continue }
      let topology = fit.machines[site.machine].topology
      // The row's name has no more parts than network and number.
      let device = names.device(
        TransportName(rows[index].link), process: endpoints.all[endpoint].process, in: topology,
        host: site.host)
      if case .net(let net) = device {
        rows[index].device = topology.nets[net].name
        rows[index].bandwidth = topology.bandwidth(of: .net(net))
      }
    }
  }
}

extension TopologyLink {
  /// The GPU that the link belongs to, if it belongs to one alone.
  var gpu: Int? {
    switch self {
    case .pci(.gpu(let gpu)), .fabric(let gpu), .processorFabric(let gpu, _): gpu
    default: nil
    }
  }
}

extension Topology {
  /// The host that a link is in; the first end's.
  func host(of link: TopologyLink) -> Int {
    switch link {
    case .pci(.gpu(let gpu)), .fabric(let gpu), .peers(let gpu, _), .processorFabric(let gpu, _):
      host(ofGPU: gpu)
    case .pci(.adapter(let index)): processors[processor(of: adapters[index].parent)].host
    case .pci(.bridge(let index)), .bridges(let index, _):
      processors[processor(of: bridges[index].parent)].host
    case .net(let net): host(ofNet: net)
    case .processors(let index, _): processors[index].host
    }
  }

  /// The kind of a link in `links.csv`; `nil` for one that is none, of a virtual device.
  func kind(of link: TopologyLink) -> LinkRow.Kind? {
    switch link {
    case .pci(.gpu): .gpuPCIe
    case .pci(.bridge), .bridges: .switchPCIe
    case .pci(.adapter(let index)): adapters[index].link == nil ? nil : .nicPCIe
    case .net: .nic
    case .fabric(let gpu), .peers(let gpu, _):
      fabricLinks.contains { $0.gpu == gpu && $0.kind == .xgmi } ? .xgmi : .nvlink
    case .processorFabric(let gpu, let processor):
      fabricLinks.contains {
        $0.gpu == gpu && $0.target == .processor(processor) && $0.kind == .c2c
      } ? .c2c : .nvlink
    case .processors: .interSocket
    }
  }

  /// NCCL's names of a link's ends, or of the part that it belongs to.
  func name(of link: TopologyLink) -> String {
    switch link {
    case .pci(.gpu(let gpu)), .fabric(let gpu): label(gpu: gpu)
    case .pci(.adapter(let index)): label(adapter: index)
    case .pci(.bridge(let index)): label(bridge: index)
    case .net(let net): nets[net].name ?? label(net: net)
    case .peers(let a, let b): "\(label(gpu: a)) - \(label(gpu: b))"
    case .processorFabric(let gpu, let processor):
      "\(label(gpu: gpu)) - \(label(processor: processor))"
    case .processors(let a, let b): "\(label(processor: a)) - \(label(processor: b))"
    case .bridges(let a, let b): "\(label(bridge: a)) - \(label(bridge: b))"
    }
  }
}
