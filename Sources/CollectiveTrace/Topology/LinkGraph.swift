// SPDX-License-Identifier: Apache-2.0

/// The parts of a machine as nodes, and every link in both directions.
struct LinkGraph: Sendable, Equatable {
  enum Kind: Sendable { case processor, bridge, gpu, adapter, net, fabric }
  /// The first link of a path: where it leads, and of what type it is.
  struct Step: Sendable, Equatable {
    var target: Int
    var type: PathType
  }
  struct Link: Sendable, Equatable {
    var target: Int
    var type: PathType
    var rate: Double
    var isAssumed: Bool
  }

  let processors = 0
  let bridges: Int
  let gpus: Int
  let adapters: Int
  let nets: Int
  let fabric: Int
  private(set) var kinds: [Kind]
  private(set) var links: [[Link]]
  private let allowsRelay: Bool

  init(_ topology: Topology) {
    bridges = topology.processors.count
    gpus = bridges + topology.bridges.count
    adapters = gpus + topology.gpus.count
    nets = adapters + topology.adapters.count
    fabric = nets + topology.nets.count
    kinds =
      topology.processors.map { _ in .processor } + topology.bridges.map { _ in .bridge }
      + topology.gpus.map { _ in .gpu } + topology.adapters.map { _ in .adapter }
      + topology.nets.map { _ in .net } + [.fabric]
    links = kinds.map { _ in [] }
    // RCCL has no relay through GPUs.
    allowsRelay = topology.dialect == .nccl
    connectTree(topology)
    connectFabric(topology)
    connectProcessors(topology)
  }

  /// The link of a step, in the direction in which data takes it; `nil` between the levels of a
  /// switch that count as one.
  ///
  /// - Complexity: O(1).
  func hop(from source: Int, _ step: Step) -> TopologyHop? {
    let (a, b) = (min(source, step.target), max(source, step.target))
    let isUp = source < step.target
    switch (kinds[a], kinds[b]) {
    case (.processor, .processor):
      return TopologyHop(link: .processors(a, b), isForward: isUp)
    case (.processor, .gpu) where step.type != .pix:
      // The GPU is what sends.
      return TopologyHop(link: .processorFabric(gpu: b - gpus, processor: a), isForward: !isUp)
    case (.bridge, .bridge) where step.type != .pix:
      return TopologyHop(link: .bridges(a - bridges, b - bridges), isForward: isUp)
    case (.processor, .bridge), (.bridge, .bridge):
      // Parts come after what they hang under.
      return TopologyHop(link: .pci(.bridge(b - bridges)), isForward: !isUp)
    case (.processor, .gpu), (.bridge, .gpu):
      return TopologyHop(link: .pci(.gpu(b - gpus)), isForward: !isUp)
    case (.processor, .adapter), (.bridge, .adapter):
      return TopologyHop(link: .pci(.adapter(b - adapters)), isForward: !isUp)
    case (.gpu, .gpu):
      return TopologyHop(link: .peers(a - gpus, b - gpus), isForward: isUp)
    case (.gpu, .fabric):
      return TopologyHop(link: .fabric(gpu: a - gpus), isForward: isUp)
    case (.adapter, .net):
      return TopologyHop(link: .net(b - nets), isForward: isUp)
    default: return nil
    }
  }

  private mutating func connect(
    _ a: Int, _ b: Int, _ type: PathType, _ rate: Double, isAssumed: Bool = false
  ) {
    // Links between the same two parts are one wider link.
    if let known = links[a].firstIndex(where: { $0.target == b && $0.type == type }) {
      links[a][known].rate += rate
    } else {
      links[a].append(Link(target: b, type: type, rate: rate, isAssumed: isAssumed))
    }
  }

  private mutating func connectBothWays(
    _ a: Int, _ b: Int, _ type: PathType, _ rate: Double, isAssumed: Bool = false
  ) {
    connect(a, b, type, rate, isAssumed: isAssumed)
    connect(b, a, type, rate, isAssumed: isAssumed)
  }

  private mutating func connectTree(_ topology: Topology) {
    let merged = Self.flattened(topology)
    func node(_ parent: Topology.Parent) -> Int {
      switch parent {
      case .processor(let index): processors + index
      case .bridge(let index): bridges + (merged[index] ?? index)
      }
    }
    for (index, bridge) in topology.bridges.enumerated() where merged[index] == nil {
      connectBothWays(
        bridges + index, node(bridge.parent), .pix, bridge.link.bandwidth,
        isAssumed: bridge.link.isAssumed)
    }
    for (index, gpu) in topology.gpus.enumerated() {
      connectBothWays(
        gpus + index, node(gpu.parent), .pix, gpu.link.bandwidth, isAssumed: gpu.link.isAssumed)
    }
    for (index, adapter) in topology.adapters.enumerated() {
      connectBothWays(
        adapters + index, node(adapter.parent), .pix, adapter.link?.bandwidth ?? LinkRates.local,
        isAssumed: adapter.link?.isAssumed ?? false)
    }
    for (index, net) in topology.nets.enumerated() {
      connectBothWays(
        nets + index, adapters + net.adapter, .local, net.bandwidth, isAssumed: net.isByClass)
    }
    for link in topology.bridgeLinks {
      connect(
        node(.bridge(link.source)), node(.bridge(link.target)), .local, LinkRates.local)
    }
  }

  private mutating func connectFabric(_ topology: Topology) {
    for link in topology.fabricLinks {
      let source = gpus + link.gpu
      switch link.target {
      case .gpu(let peer): connect(source, gpus + peer, .nvlink, link.bandwidth)
      case .fabric: connectBothWays(source, fabric, .nvlink, link.bandwidth)
      case .processor(let processor):
        let type: PathType = link.kind == .c2c ? .c2c : .nvlink
        connectBothWays(source, processors + processor, type, link.bandwidth)
      case .absent: break
      }
    }
  }

  private mutating func connectProcessors(_ topology: Topology) {
    for (index, processor) in topology.processors.enumerated() {
      for (peer, other) in topology.processors.enumerated()
      where peer != index && other.host == processor.host {
        links[processors + index].append(
          Link(
            target: processors + peer, type: .sys, rate: LinkRates.betweenProcessors(processor),
            isAssumed: processor.architecture == nil))
      }
    }
  }

  /// Returns, for each switch that is the lower level of a Broadcom switch, the upper one.
  private static func flattened(_ topology: Topology) -> [Int: Int] {
    var merged: [Int: Int] = [:]
    for (index, bridge) in topology.bridges.enumerated() where merged[index] == nil {
      let generation = broadcomGeneration(bridge.device, level: 0)
      guard generation != 0 else { continue }
      let lower = topology.bridges.indices.filter { child in
        guard merged[child] == nil, case .bridge(let parent) = topology.bridges[child].parent
        else { return false }
        return (merged[parent] ?? parent) == index
          && broadcomGeneration(topology.bridges[child].device, level: 1) == generation
      }
      for child in lower { merged[child] = index }
    }
    return merged
  }

  /// `getBcmGen` of NCCL's src/graph/topo.cc.
  private static func broadcomGeneration(_ device: UInt64, level: UInt64) -> Int {
    let id = device & 0xFFFF_FFFF_FFFF_F000
    if id == 0x1000_C010_1000_A000 { return 4 }
    return id == 0x1000_C030_1000_0000 | level * 0x1000 ? 5 : 0
  }

  /// Finds the best path of every part to one part (`ncclTopoSetPaths`).
  ///
  /// Each round looks at the parts whose path became better in the last; a path only ever gets
  /// better in a fixed order, so this ends.
  ///
  /// - Returns: For each part its path, and the first step of it; `nil` where there is none.
  func paths(to base: Int) -> (paths: [TopologyPath], steps: [Step?]) {
    var paths = [TopologyPath](repeating: .none, count: kinds.count)
    var steps = [Step?](repeating: nil, count: kinds.count)
    paths[base] = TopologyPath(type: .local, rate: LinkRates.local, hops: 0, isAssumed: false)
    var current = [base]
    var isNext = [Bool](repeating: false, count: kinds.count)
    while !current.isEmpty {
      var next: [Int] = []
      for node in current {
        let path = paths[node]
        for link in links[node] {
          if node != base, kinds[node] == .gpu,
            !allowsRelay || link.type != .nvlink || kinds[link.target] != .gpu || path.hops > 1
          {
            continue
          }
          let type = self.type(of: link, from: node, path)
          let rate = min(path.rate, link.rate)
          let known = paths[link.target]
          guard
            type < known.type || (type == known.type && rate > known.rate)
              || (type == known.type && rate == known.rate && path.hops + 1 < known.hops)
          else { continue }
          guard
            let back = links[link.target].first(where: {
              $0.target == node && $0.type == link.type
            })
          else { continue }
          paths[link.target] = TopologyPath(
            type: type, rate: rate, hops: path.hops + 1,
            isAssumed: path.isAssumed || link.isAssumed || back.isAssumed)
          steps[link.target] = Step(target: node, type: link.type)
          if !isNext[link.target] {
            isNext[link.target] = true
            next.append(link.target)
          }
        }
      }
      for node in next { isNext[node] = false }
      current = next
    }
    return (paths, steps)
  }

  private func type(of link: Link, from node: Int, _ path: TopologyPath) -> PathType {
    var type = link.type
    if kinds[node] == .bridge, kinds[link.target] == .bridge { type = .pxb }
    if link.type == .pix, kinds[node] == .processor || kinds[link.target] == .processor {
      type = .phb
    }
    if kinds[node] == .gpu, path.type == .nvlink, type == .nvlink, path.hops == 1 {
      type = .nvlinkRelay
    }
    return max(path.type, type)
  }
}
