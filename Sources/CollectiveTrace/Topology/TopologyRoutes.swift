// SPDX-License-Identifier: Apache-2.0

/// A physical link of a machine; parts are indices into ``Topology``.
public enum TopologyLink: Sendable, Hashable {
  /// What a PCI link leads up from.
  public enum Part: Sendable, Hashable {
    case gpu(Int)
    case adapter(Int)
    case bridge(Int)
  }

  /// The PCI link of a part to what it hangs under; forward is up.
  case pci(Part)
  /// A network device's way out; forward is into the network.
  case net(Int)
  /// A GPU's links to the NVLink switches; forward is from the GPU.
  case fabric(gpu: Int)
  /// The direct links of two GPUs; forward is from the first, which has the smaller index.
  case peers(Int, Int)
  /// A GPU's C2C or NVLink to a NUMA node; forward is from the GPU.
  case processorFabric(gpu: Int, processor: Int)
  /// Between two NUMA nodes; forward is from the first, which has the smaller index.
  case processors(Int, Int)
  /// A direct link of two PCI switches; forward is from the first, which has the smaller index.
  case bridges(Int, Int)
}

/// A link in the direction in which data takes it.
public struct TopologyHop: Sendable, Hashable {
  /// The link.
  public var link: TopologyLink
  /// The direction, as ``TopologyLink`` says.
  public var isForward: Bool
}

/// The links of the paths of a ``PathTable``.
struct TopologyRoutes: Sendable, Equatable {
  private let graph: LinkGraph
  /// For the node at which paths end, the first step of every node's path to it.
  private let steps: [Int: [LinkGraph.Step?]]

  init(_ graph: LinkGraph, _ steps: [Int: [LinkGraph.Step?]]) {
    self.graph = graph
    self.steps = steps
  }

  /// A node of the graph.
  enum End { case gpu(Int), net(Int), processor(Int) }

  private func node(_ end: End) -> Int {
    switch end {
    case .gpu(let index): graph.gpus + index
    case .net(let index): graph.nets + index
    case .processor(let index): graph.processors + index
    }
  }

  /// The links from one part to another; `nil` when they are not connected.
  ///
  /// - Complexity: O(links on the way).
  func hops(from source: End, to target: End) -> [TopologyHop]? {
    let base = node(target)
    guard let steps = steps[base] else { return nil }
    var place = node(source)
    var hops: [TopologyHop] = []
    // A path only gets longer on the way out, so this ends; the count is a second bolt.
    for _ in graph.kinds.indices {
      if place == base { return hops }
      guard let step = steps[place] else { return nil }
      if let hop = graph.hop(from: place, step) { hops.append(hop) }
      place = step.target
    }
    return nil
  }
}

extension PathTable {
  /// What is known of the way of data between a GPU and another part.
  public enum Way: Sendable, Hashable {
    /// As the path table has it.
    case table
    /// Through the memory of the GPU's NUMA node.
    case throughHost
    /// By NVLink to this GPU, which sends.
    case throughGPU(Int)
    /// Neither through host memory nor through another GPU.
    case direct
  }

  /// The links from a GPU to another one of the same machine.
  ///
  /// - Returns: In the order in which data takes them; `nil` when the GPUs are not connected.
  /// - Complexity: O(links on the way).
  public func route(fromGPU source: Int, toGPU target: Int, way: Way = .table) -> [TopologyHop]? {
    guard gpuToGPU.indices.contains(source), gpuToGPU.indices.contains(target) else { return nil }
    switch way {
    case .table, .direct, .throughGPU:
      return routes.hops(from: .gpu(source), to: .gpu(target))
    case .throughHost:
      guard let near = localProcessor(ofGPU: source), let far = localProcessor(ofGPU: target)
      else { return nil }
      return Self.joined([
        routes.hops(from: .gpu(source), to: .processor(near)),
        routes.hops(from: .processor(near), to: .processor(far)),
        routes.hops(from: .processor(far), to: .gpu(target)),
      ])
    }
  }

  /// The links from a GPU through a network device into the network.
  ///
  /// - Returns: In the order in which data takes them; `nil` when they are not connected.
  /// - Complexity: O(links on the way).
  public func route(fromGPU gpu: Int, toNet net: Int, way: Way = .table) -> [TopologyHop]? {
    guard gpuToNet.indices.contains(gpu), gpuToNet[gpu].indices.contains(net) else { return nil }
    let path = gpuToNet[gpu][net]
    var way = way
    if way == .table {
      if let relay = path.relayGPU {
        way = .throughGPU(relay)
      } else {
        way = path.relayProcessor == nil ? .direct : .throughHost
      }
    }
    switch way {
    case .table, .direct:
      // Through the CPU over C2C, though by the table the GPU's PCI link would be as good.
      if netToGPU[net][gpu].type >= .p2c, let near = localProcessor(ofGPU: gpu),
        gpuToProcessor[gpu][near].type == .c2c
      {
        return Self.joined([
          routes.hops(from: .gpu(gpu), to: .processor(near)),
          routes.hops(from: .processor(near), to: .net(net)),
        ])
      }
      return routes.hops(from: .gpu(gpu), to: .net(net))
    case .throughGPU(let relay):
      guard gpuToNet.indices.contains(relay) else { return nil }
      return Self.joined([
        routes.hops(from: .gpu(gpu), to: .gpu(relay)),
        routes.hops(from: .gpu(relay), to: .net(net)),
      ])
    case .throughHost:
      guard let near = path.relayProcessor ?? localProcessor(ofGPU: gpu) else { return nil }
      return Self.joined([
        routes.hops(from: .gpu(gpu), to: .processor(near)),
        routes.hops(from: .processor(near), to: .net(net)),
      ])
    }
  }

  /// The links from the network through a network device to a GPU.
  ///
  /// - Returns: In the order in which data takes them; `nil` when they are not connected.
  /// - Complexity: O(links on the way).
  public func route(fromNet net: Int, toGPU gpu: Int, way: Way = .table) -> [TopologyHop]? {
    guard netToGPU.indices.contains(net), netToGPU[net].indices.contains(gpu) else { return nil }
    let path = netToGPU[net][gpu]
    var near = way == .direct ? nil : path.relayProcessor
    if path.type == .p2c || way == .throughHost { near = near ?? localProcessor(ofGPU: gpu) }
    guard let near else {
      return routes.hops(from: .net(net), to: .gpu(gpu))
    }
    return Self.joined([
      routes.hops(from: .net(net), to: .processor(near)),
      routes.hops(from: .processor(near), to: .gpu(gpu)),
    ])
  }

  private static func joined(_ parts: [[TopologyHop]?]) -> [TopologyHop]? {
    var hops: [TopologyHop] = []
    for part in parts {
      guard let part else { return nil }
      hops += part
    }
    return hops
  }
}

extension Topology {
  /// GB/s of a link in one direction as NCCL counts it; `nil` where the file does not say.
  public func bandwidth(of link: TopologyLink) -> Double? {
    func sum(_ isIn: (FabricLink) -> Bool) -> Double? {
      let links = fabricLinks.filter(isIn)
      return links.isEmpty ? nil : links.reduce(0) { $0 + $1.bandwidth }
    }
    switch link {
    case .pci(.gpu(let index)): return gpus[index].link.statedBandwidth
    case .pci(.bridge(let index)): return bridges[index].link.statedBandwidth
    case .pci(.adapter(let index)): return adapters[index].link?.statedBandwidth
    case .net(let index):
      return (nets[index].speedMegabits ?? 0) > 0 ? nets[index].bandwidth : nil
    case .fabric(let gpu): return sum { $0.gpu == gpu && $0.target == .fabric }
    case .peers(let a, let b): return sum { $0.gpu == a && $0.target == .gpu(b) }
    case .processorFabric(let gpu, let processor):
      return sum { $0.gpu == gpu && $0.target == .processor(processor) }
    case .processors(let a, _):
      let rate = LinkRates.betweenProcessors(processors[a])
      return processors[a].architecture == nil || rate >= LinkRates.local ? nil : rate
    case .bridges: return nil
    }
  }
}

extension Topology.PCILink {
  /// GB/s per direction; `nil` when the file states neither speed nor width.
  fileprivate var statedBandwidth: Double? { isAssumed ? nil : bandwidth }
}
