// SPDX-License-Identifier: Apache-2.0

/// Bytes that leave GPUs, and the way they take through a communicator.
///
/// A pattern's bytes are spread evenly over its edges, channel by channel, to the byte: the parts
/// always add up to the whole. Tables of ranks, nodes and pairs of ranks all come from here.
struct Flow: Equatable {
  /// The edges.
  enum Pattern: Equatable {
    /// From one communicator rank to another; either may have no log.
    case pair(source: Int, target: Int)
    /// From ranks whose place in the communicator is not known.
    case somewhere
    /// Around the rings.
    case ring
    /// Along the rings from a root (broadcast), all edges but those back into it.
    case ringFrom(root: Int)
    /// Along the rings to a root (reduce), all edges but those that leave it.
    case ringTo(root: Int)
    /// Up and down the trees.
    case tree
    /// Up and down those edges of the trees that join nodes.
    case treeBetweenNodes
    /// Over those edges of the rings that join nodes.
    case ringBetweenNodes
    /// From each rank to each other one on its node: what passes through an NVSwitch that adds up
    /// and multicasts goes from everyone to everyone.
    case nodePairs
    /// From each rank to each other one.
    case allPairs
    /// From all others to a root (gather).
    case toRoot(root: Int)
    /// From a root to all others (scatter).
    case fromRoot(root: Int)
  }

  var pattern: Pattern
  var bytes: UInt64
  /// Operations that these bytes belong to.
  var operations: UInt64
}

extension Placement {
  /// Calls `body` with each edge of a flow, as endpoints, and its bytes.
  ///
  /// - Precondition: the placement is complete; a flow between a pair may always be asked for.
  /// - Complexity: O(edges), which is quadratic in the ranks for pairs.
  func spread(_ flow: Flow, _ body: (_ source: Int, _ target: Int, _ bytes: UInt64) -> Void) {
    if case .pair(let source, let target) = flow.pattern {
      if let from = endpointOfRank[source], let to = endpointOfRank[target] {
        body(from, to, flow.bytes)
      }
      return
    }
    guard isComplete, flow.bytes > 0 else { return }
    if flow.pattern == .allPairs {
      var share = Share(flow.bytes, over: UInt64(clamping: size).times(UInt64(clamping: size - 1)))
      for source in seats {
        for target in seats where target != source { body(source, target, share.next(1)) }
      }
      return
    }
    var edges = edges(of: flow.pattern)
    // One rank to a node, say: what has no way of its own goes around the ring.
    if edges.isEmpty { edges = ring }
    var weight: UInt64 = 0
    for edge in edges { weight.add(edge.weight) }
    var share = Share(flow.bytes, over: weight)
    for edge in edges {
      body(seats[edge.source], seats[edge.target], share.next(edge.weight))
    }
  }

  private func edges(of pattern: Flow.Pattern) -> [Edge] {
    switch pattern {
    case .pair, .somewhere, .allPairs: []
    case .ring: ring
    case .ringFrom(let root): ring.filter { $0.target != root }
    case .ringTo(let root): ring.filter { $0.source != root }
    case .tree: tree + tree.map(\.reversed)
    case .treeBetweenNodes:
      (tree + tree.map(\.reversed)).filter { crosses(seats[$0.source], seats[$0.target]) }
    case .ringBetweenNodes: ring.filter { crosses(seats[$0.source], seats[$0.target]) }
    case .nodePairs:
      ranksByNode.flatMap { ranks in
        ranks.flatMap { source in
          ranks.lazy.filter { $0 != source }.map { Edge(source: source, target: $0, weight: 1) }
        }
      }
    case .toRoot(let root):
      seats.indices.contains(root)
        ? seats.indices.lazy.filter { $0 != root }
          .map { Edge(source: $0, target: root, weight: 1) } : []
    case .fromRoot(let root):
      seats.indices.contains(root)
        ? seats.indices.lazy.filter { $0 != root }
          .map { Edge(source: root, target: $0, weight: 1) } : []
    }
  }

  /// Charges the ranks with a flow and returns the part between nodes, `nil` when not known.
  func charge(_ flow: Flow, _ ledger: inout RankLedger) -> UInt64? {
    guard flow.bytes > 0 else { return 0 }
    if case .pair(let source, let target) = flow.pattern {
      let (from, to) = (endpointOfRank[source], endpointOfRank[target])
      let crosses = crosses(from, to)
      ledger.move(flow.bytes, from: from, to: to, crosses: crosses)
      return crosses.map { $0 ? flow.bytes : 0 }
    }
    guard isComplete, flow.pattern != .somewhere else {
      return chargeEvenly(flow, &ledger)
    }
    if flow.pattern == .allPairs { return chargePairs(flow, &ledger) }
    return chargeEdges(flow, &ledger)
  }

  private func chargeEdges(_ flow: Flow, _ ledger: inout RankLedger) -> UInt64 {
    var across: UInt64 = 0
    spread(flow) { source, target, bytes in
      let crosses = crosses(source, target)
      ledger.move(bytes, from: source, to: target, crosses: crosses)
      if crosses { across.add(bytes) }
    }
    return across
  }

  /// Where the ring or tree is not known each rank is charged with its part.
  private func chargeEvenly(_ flow: Flow, _ ledger: inout RankLedger) -> UInt64? {
    let across = nodes == 1 ? 0 : interNode(flow)
    if flow.pattern == .somewhere { return across }
    let n = UInt64(clamping: size)
    for endpoint in endpoints where n > 0 {
      ledger.exchange(flow.bytes / n, interNode: across == 0 ? 0 : nil, endpoint: endpoint)
    }
    return across
  }

  /// The part between nodes that a pattern implies although some ranks have no log.
  private func interNode(_ flow: Flow) -> UInt64? {
    switch flow.pattern {
    case .nodePairs: return 0
    case .treeBetweenNodes, .ringBetweenNodes: return flow.bytes
    case .tree:
      // N nodes are joined by N-1 of the n-1 edges.
      guard let nodes, nodes > 0, size > 1, nodes <= size else { return nil }
      return UInt64.scale(
        flow.bytes, by: UInt64(clamping: nodes - 1), over: UInt64(clamping: size - 1))
    default: return nil
    }
  }

  /// The same as spreading over all pairs, without visiting each.
  private func chargePairs(_ flow: Flow, _ ledger: inout RankLedger) -> UInt64? {
    let n = UInt64(clamping: size)
    guard n > 1 else { return 0 }
    let (perPair, rest) = flow.bytes.quotientAndRemainder(dividingBy: n.times(n - 1))
    guard rest == 0 else { return chargeEdges(flow, &ledger) }
    for (endpoint, neighbours) in zip(seats, ranksOnNode) {
      let neighbours = UInt64(clamping: neighbours)
      ledger.exchange(
        perPair.times(n - 1), interNode: perPair.times(n.minus(neighbours)), endpoint: endpoint)
    }
    return perPair.times(crossingPairs)
  }
}

extension Placement.Edge {
  /// The edge the other way.
  var reversed: Self { Self(source: target, target: source, weight: weight) }
}

/// Hands out a whole number in parts by weight that add up to it.
struct Share {
  private let quotient: UInt64
  private let remainder: UInt64
  private let total: UInt64
  private var weight: UInt64 = 0
  private var given: UInt64 = 0

  init(_ whole: UInt64, over total: UInt64) {
    self.total = max(total, 1)
    (quotient, remainder) = whole.quotientAndRemainder(dividingBy: self.total)
  }

  /// The part of the next `weight`.
  mutating func next(_ weight: UInt64) -> UInt64 {
    self.weight.add(weight)
    guard remainder > 0 else { return quotient.times(weight) }
    let upTo = UInt64.scale(remainder, by: self.weight, over: total)
    defer { given = upTo }
    return quotient.times(weight).adding(upTo.minus(given))
  }
}
