// SPDX-License-Identifier: Apache-2.0

/// How two parts of a machine are connected, best first, with NCCL's names.
///
/// The order is that of NCCL 2.27.5 and later (src/graph/topo.cc, `topoPathTypeStr`).
public enum PathType: Int, Sendable, Comparable, CaseIterable {
  /// The same device.
  case local
  /// NVLink or xgmi.
  case nvlink
  /// NVLink through another GPU.
  case nvlinkRelay
  /// Chip-to-chip link of GPU and CPU.
  case c2c
  /// At most one PCI switch.
  case pix
  /// Several PCI switches, without the host bridge.
  case pxb
  /// C2C to the CPU, then PCI to a network card.
  case p2c
  /// NVLink to a GPU that is near the network card.
  case pxn
  /// Through the PCI host bridge, inside a NUMA node.
  case phb
  /// Between NUMA nodes.
  case sys
  /// Through the network.
  case net
  /// Not connected.
  case disconnected

  /// The order.
  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }

  /// NCCL's abbreviation; RCCL calls NVL XGMI.
  public func name(in dialect: Topology.Dialect) -> String {
    switch self {
    case .local: "LOC"
    case .nvlink: dialect == .rccl ? "XGMI" : "NVL"
    case .nvlinkRelay: "NVB"
    case .c2c: "C2C"
    case .pix: "PIX"
    case .pxb: "PXB"
    case .p2c: "P2C"
    case .pxn: "PXN"
    case .phb: "PHB"
    case .sys: "SYS"
    case .net: "NET"
    case .disconnected: "DIS"
    }
  }

  /// What the abbreviation stands for.
  public func meaning(in dialect: Topology.Dialect) -> String {
    switch self {
    case .local: "the same device"
    case .nvlink: dialect == .rccl ? "xGMI link" : "NVLink"
    case .nvlinkRelay: "NVLink through another GPU"
    case .c2c: "chip-to-chip link of GPU and CPU"
    case .pix: "at most one PCIe switch"
    case .pxb: "several PCIe switches"
    case .p2c: "C2C to the CPU, then PCIe to the NIC"
    case .pxn: dialect == .rccl ? "xGMI to a GPU near the NIC" : "NVLink to a GPU near the NIC"
    case .phb: "through the CPU's PCIe host bridge"
    case .sys: "between NUMA nodes"
    case .net: "through the network"
    case .disconnected: "not connected"
    }
  }
}

/// The best path between two parts.
public struct TopologyPath: Sendable, Equatable {
  /// NCCL's path type.
  public var type: PathType
  /// GB/s of the narrowest link, as NCCL counts it.
  var rate: Double
  /// Links passed.
  public var hops: Int
  /// Whether a link without a stated speed is on the way.
  var isAssumed: Bool
  /// The GPU that relays a PXN path.
  public var relayGPU: Int?
  /// The NUMA node whose memory the data goes through, for lack of GPUDirect RDMA.
  public var relayProcessor: Int?

  /// GB/s per direction of the narrowest link; `nil` where the file does not say, or there is none.
  public var bandwidth: Double? {
    isAssumed || type == .disconnected || type == .net ? nil : rate
  }

  static let none = TopologyPath(type: .disconnected, rate: 0, hops: 0, isAssumed: false)
}

/// The paths that NCCL would find in a topology, before it knows of communicators.
///
/// The rules are those of NCCL 2.30 (src/graph/paths.cc): from each GPU and network device the best
/// path to every part, better type first, then higher bandwidth, then fewer links; switches of
/// Broadcom that show two levels count as one (src/graph/topo.cc, `ncclTopoFlattenBcmSwitches`); a
/// GPU may relay NVLink once; then PXN and, without GPUDirect RDMA, the way through the CPU. What
/// depends on the running system (`NCCL_P2P_LEVEL`, disabled P2P) is not in the file and not here.
public struct PathTable: Sendable, Equatable {
  /// From GPU to GPU, by index; symmetric in type.
  public private(set) var gpuToGPU: [[TopologyPath]]
  /// From GPU to network device, by index: the way of data that is sent.
  public private(set) var gpuToNet: [[TopologyPath]]
  /// From network device to GPU, by index: the way of data that arrives.
  ///
  /// PXN is for sending only.
  public private(set) var netToGPU: [[TopologyPath]]
  /// From GPU to NUMA node.
  public private(set) var gpuToProcessor: [[TopologyPath]]
  /// From network device to NUMA node.
  public private(set) var netToProcessor: [[TopologyPath]]
  /// The links of these paths.
  let routes: TopologyRoutes

  /// Computes all paths.
  ///
  /// - Complexity: O((GPUs + nets) x links).
  public init(_ topology: Topology) {
    let graph = LinkGraph(topology)
    gpuToGPU = []
    gpuToNet = []
    netToGPU = []
    gpuToProcessor = []
    netToProcessor = []
    // A search from a part gives the paths of all others to it.
    var steps: [Int: [LinkGraph.Step?]] = [:]
    func search(_ base: Int) -> [TopologyPath] {
      let (paths, first) = graph.paths(to: base)
      steps[base] = first
      return paths
    }
    let toGPU = topology.gpus.indices.map { search(graph.gpus + $0) }
    let toNet = topology.nets.indices.map { search(graph.nets + $0) }
    let toProcessor = topology.processors.indices.map { search(graph.processors + $0) }
    routes = TopologyRoutes(graph, steps)
    let gpus = topology.gpus.indices
    let nets = topology.nets.indices
    for gpu in gpus {
      gpuToGPU.append(
        gpus.map { peer in
          var path = toGPU[peer][graph.gpus + gpu]
          if path.type == .disconnected, topology.host(ofGPU: gpu) != topology.host(ofGPU: peer) {
            path.type = .net
          }
          return path
        })
      gpuToNet.append(nets.map { toNet[$0][graph.gpus + gpu] })
      gpuToProcessor.append(toProcessor.map { $0[graph.gpus + gpu] })
    }
    for net in nets {
      netToGPU.append(gpus.map { toGPU[$0][graph.nets + net] })
      netToProcessor.append(toProcessor.map { $0[graph.nets + net] })
    }
    markPathsThroughC2C(topology)
    for net in nets { reroute(net, topology) }
  }

  // MARK: - Looking things up

  /// The network devices nearest to a GPU: highest bandwidth, then best type, as NCCL chooses.
  public func nearestNets(toGPU gpu: Int) -> [Int] { Self.nearest(gpuToNet[gpu]) }

  /// The GPUs nearest to a network device.
  public func nearestGPUs(toNet net: Int) -> [Int] { Self.nearest(netToGPU[net]) }

  /// The network device that NCCL gives a GPU's channel (src/graph/topo.cc, `ncclTopoGetLocalNet`).
  public func net(ofGPU gpu: Int, channel: Int, in topology: Topology) -> Int? {
    netChoice(ofGPU: gpu, topology)?.net(channel: max(0, channel))
  }

  // MARK: - The rules

  /// `ncclTopoGetLocal`: all with the highest bandwidth and, among those, the best type.
  private static func nearest(_ paths: [TopologyPath]) -> [Int] {
    var bestRate = 0.0
    var bestType = PathType.disconnected
    var result: [Int] = []
    for (index, path) in paths.enumerated() {
      if path.rate > bestRate || (path.rate == bestRate && path.type < bestType) {
        bestRate = path.rate
        bestType = path.type
        result = []
      }
      if path.rate == bestRate, path.type == bestType, path.type != .disconnected {
        result.append(index)
      }
    }
    return result
  }

  private static func mirrored(_ value: Int, _ power: Int) -> Int {
    var result = 0
    var bit = 1
    var mirror = power >> 1
    while bit < power {
      if value & bit != 0 { result |= mirror }
      bit <<= 1
      mirror >>= 1
    }
    return result
  }

  /// The NUMA node that NCCL takes as a GPU's own: nearest, then fewest links.
  func localProcessor(ofGPU gpu: Int) -> Int? {
    let paths = gpuToProcessor[gpu]
    return Self.nearest(paths).min { (paths[$0].hops, $0) < (paths[$1].hops, $1) }
  }

  /// A GPU that reaches the CPU by C2C, and its nearest card by the CPU's PCI: P2C.
  private mutating func markPathsThroughC2C(_ topology: Topology) {
    for gpu in topology.gpus.indices {
      guard let processor = localProcessor(ofGPU: gpu),
        gpuToProcessor[gpu][processor].type == .c2c
      else { continue }
      for net in nearestNets(toGPU: gpu) where netToProcessor[net][processor].type == .phb {
        gpuToNet[gpu][net].type = min(.p2c, gpuToNet[gpu][net].type)
        netToGPU[net][gpu].type = min(.p2c, netToGPU[net][gpu].type)
      }
    }
  }

  /// Sends through a GPU that is nearer (PXN), and through the CPU without GPUDirect RDMA.
  private mutating func reroute(_ net: Int, _ topology: Topology) {
    var local = localGPU(ofNet: net, topology)
    for gpu in topology.gpus.indices {
      if let peer = local, peer != gpu,
        topology.host(ofGPU: peer) == topology.host(ofGPU: gpu),
        gpuToNet[peer][net].type <= .p2c, gpuToGPU[peer][gpu].type <= .nvlink,
        hasGPUDirect(gpu: peer, net: net, topology)
      {
        let own = gpuToNet[gpu][net]
        let last = gpuToNet[peer][net]
        if last.rate > own.rate || own.type > .pxn {
          var path = Self.joined(gpuToGPU[gpu][peer], last)
          path.type = .pxn
          path.relayGPU = peer
          gpuToNet[gpu][net] = path
        }
      }
      if gpuToNet[gpu][net].type < .phb, !hasGPUDirect(gpu: gpu, net: net, topology),
        let processor = localProcessor(ofGPU: gpu)
      {
        let toProcessor = gpuToProcessor[gpu][processor]
        let onwards = netToProcessor[net][processor]
        gpuToNet[gpu][net] = Self.joined(toProcessor, onwards)
        gpuToNet[gpu][net].relayProcessor = processor
        netToGPU[net][gpu] = Self.joined(onwards, toProcessor)
        netToGPU[net][gpu].relayProcessor = processor
        // What is nearest may have changed.
        local = localGPU(ofNet: net, topology)
      }
    }
  }

  private static func joined(_ a: TopologyPath, _ b: TopologyPath) -> TopologyPath {
    let worse = max(a.type, b.type)
    return TopologyPath(
      type: worse == .phb && min(a.type, b.type) == .c2c ? .p2c : worse,
      rate: min(a.rate, b.rate), hops: a.hops + b.hops, isAssumed: a.isAssumed || b.isAssumed)
  }

  /// The devices that a GPU's channels take in turn.
  private struct NetChoice {
    var nets: [Int]
    var first: Int
    var count: Int

    func net(channel: Int) -> Int { nets[(first + channel % count) % nets.count] }
  }

  private func netChoice(ofGPU gpu: Int, _ topology: Topology) -> NetChoice? {
    let nets = nearestNets(toGPU: gpu)
    guard let nearest = nets.first else { return nil }
    let sharers = nearestGPUs(toNet: nearest).count
    guard sharers > 0 else { return nil }
    var first = (topology.gpus[gpu].device ?? gpu) % sharers
    if nets.count & (nets.count - 1) == 0 { first = Self.mirrored(first, nets.count) }
    return NetChoice(nets: nets, first: first, count: (nets.count + sharers - 1) / sharers)
  }

  /// `ncclTopoGetLocalGpu`: the first GPU, over its channels, that NCCL gives this device.
  private func localGPU(ofNet net: Int, _ topology: Topology) -> Int? {
    let gpus = nearestGPUs(toNet: net)
    let choices = gpus.map { netChoice(ofGPU: $0, topology) }
    for channel in 0..<64 {
      for (gpu, choice) in zip(gpus, choices) where choice?.net(channel: channel) == net {
        return gpu
      }
    }
    return nil
  }

  /// `ncclTopoCheckGdr`, as far as the file tells; what it leaves open counts as possible.
  private func hasGPUDirect(gpu: Int, net: Int, _ topology: Topology) -> Bool {
    guard topology.nets[net].gdr != false, topology.gpus[gpu].gdr != false else { return false }
    let path = gpuToNet[gpu][net]
    let distance = path.relayGPU.map { gpuToNet[$0][net].type } ?? path.type
    return distance <= .p2c
  }
}
