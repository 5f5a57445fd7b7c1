// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// Where the ranks of one communicator are, and the rings and trees its collectives run along.
///
/// Rings and trees are those that the log shows, with the channels that use each edge. Without
/// them a ring visits node after node, which is what NCCL builds, and a tree is that ring without
/// the edge into rank 0.
///
/// A class, so that a communicator with its placement is cheap to hand around.
final class Placement {
  /// A directed edge between communicator ranks; weights are channels.
  struct Edge: Equatable {
    var source: Int
    var target: Int
    var weight: UInt64
  }

  /// Where the rings or trees come from.
  enum Source { case log, assumed }

  /// Ranks of the communicator.
  let size: Int
  /// Nodes it spans, if known.
  let nodes: Int?
  /// The endpoint of each communicator rank; empty unless complete.
  let seats: [Int]
  /// Edges of the rings in order of their sources, each rank sending as often as it receives;
  /// empty unless complete.
  let ring: [Edge]
  /// The trees as printed, as ``tree``; `nil` where not all ranks did.
  let printedTree: [Edge]?
  /// Where `ring` comes from.
  let ringSource: Source
  /// For each communicator rank its endpoint; only ranks that were seen.
  let endpointOfRank: EndpointOfRank
  /// The endpoints that were seen, whatever is known of their ranks.
  let endpoints: [Int]
  /// For each endpoint of the job its host, as a number.
  private let hosts: [Int]

  /// Looks up communicator ranks, which is a place in a list where all of them were seen.
  struct EndpointOfRank {
    fileprivate var seats: [Int] = []
    fileprivate var seen: [Int: Int] = [:]

    subscript(rank: Int) -> Int? {
      seats.isEmpty ? seen[rank] : seats.indices.contains(rank) ? seats[rank] : nil
    }
  }

  /// Whether all ranks were seen, so that traffic can be placed.
  var isComplete: Bool { !seats.isEmpty }

  /// Lays out a communicator.
  ///
  /// - Complexity: O(*n* log *n*) in the ranks seen and the edges they printed.
  init(_ communicator: Communicator, _ views: [Instance], hosts: [Int]) {
    self.hosts = hosts
    let size = communicator.size
    self.size = size
    self.endpoints = views.map(\.endpoint)
    let seen = Self.distinct(self.endpoints.map { hosts[$0] })
    // Views are in order of their ranks.
    let isComplete =
      views.count == size && views.enumerated().allSatisfy { $0.element.rank == $0.offset }
    guard isComplete else {
      // Without every rank the nodes are known only if NCCL counted them.
      let stated = views.lazy.compactMap(\.facts.nodes).first { $0 > 0 }
      nodes = stated ?? (views.count == size ? seen : nil)
      (seats, ring, printedTree) = ([], [], nil)
      ringSource = .assumed
      var seen: [Int: Int] = [:]
      for view in views {
        if let rank = view.rank { seen[rank] = view.endpoint }
      }
      endpointOfRank = EndpointOfRank(seen: seen)
      return
    }
    seats = self.endpoints
    endpointOfRank = EndpointOfRank(seats: seats)
    nodes = seen
    if let printed = Self.ring(views, size: size) {
      (ring, ringSource) = (printed, .log)
    } else {
      (ring, ringSource) = (Self.nodeByNode(seats, hosts: hosts, nodes: seen), .assumed)
    }
    printedTree = Self.tree(views, size: size)
  }

  /// Edges from children to parents; empty unless complete.
  var tree: [Edge] {
    printedTree
      ?? ring.filter { $0.target != 0 }
      .map { Edge(source: $0.target, target: $0.source, weight: $0.weight) }
  }

  private static func distinct(_ numbers: [Int]) -> Int {
    let sorted = numbers.sorted()
    return zip(sorted, sorted.dropFirst()).reduce(sorted.isEmpty ? 0 : 1) { count, pair in
      pair.0 == pair.1 ? count : count + 1
    }
  }

  /// Whether two endpoints are on different nodes.
  func crosses(_ a: Int, _ b: Int) -> Bool { hosts[a] != hosts[b] }

  /// Whether bytes between two endpoints cross nodes; `nil` where one was not seen.
  func crosses(_ source: Int?, _ target: Int?) -> Bool? {
    if nodes == 1 { return false }
    guard let source, let target else { return nil }
    return hosts[source] != hosts[target]
  }

  /// For each of the communicator's ranks how many are on its node, itself included.
  var ranksOnNode: [Int] {
    let counts = ranksOnHost
    return seats.map { counts[hosts[$0]] ?? 1 }
  }

  private var ranksOnHost: [Int: Int] {
    Dictionary(endpoints.lazy.map { (self.hosts[$0], 1) }, uniquingKeysWith: +)
  }

  /// The communicator's ranks by node.
  var ranksByNode: [[Int]] { Self.ranksByNode(seats, hosts: hosts) }

  private static func ranksByNode(_ seats: [Int], hosts: [Int]) -> [[Int]] {
    var place: [Int: Int] = [:]
    var groups: [[Int]] = []
    for (rank, seat) in seats.enumerated() {
      if let index = place[hosts[seat]] {
        groups[index].append(rank)
      } else {
        place[hosts[seat]] = groups.count
        groups.append([rank])
      }
    }
    return groups
  }

  /// Ordered pairs of ranks on different nodes.
  var crossingPairs: UInt64 {
    let n = UInt64(clamping: size)
    var same: UInt64 = 0
    for count in ranksOnHost.values {
      same.add(UInt64(clamping: count).times(UInt64(clamping: count)))
    }
    return n.times(n).minus(same)
  }

  // MARK: - What the log shows

  /// The rings that rank 0 printed, else those that all ranks printed their part of.
  private static func ring(_ views: [Instance], size: Int) -> [Edge]? {
    guard size > 1 else { return nil }
    let lists = views.first { $0.rank == 0 }?.facts.edges.filter { $0.kind == .ring } ?? []
    let parts = lists.isEmpty ? views.flatMap { own($0, .ringNext) } : lists
    guard let edges = edges(parts, size: size) else { return nil }
    var sent = [UInt64](repeating: 0, count: size)
    var received = sent
    for edge in edges {
      sent[edge.source].add(edge.weight)
      received[edge.target].add(edge.weight)
    }
    // Each channel visits every rank once.
    guard let channels = sent.first, channels > 0, sent.allSatisfy({ $0 == channels }),
      received.allSatisfy({ $0 == channels })
    else { return nil }
    return edges
  }

  /// The trees that all ranks printed their part of.
  private static func tree(_ views: [Instance], size: Int) -> [Edge]? {
    guard size > 1, let channels = views.first?.facts.treeChannels, channels > 0,
      views.allSatisfy({ $0.facts.treeChannels == channels }),
      let edges = edges(views.flatMap { own($0, .treeUp) }, size: size)
    else { return nil }
    var total: UInt64 = 0
    for edge in edges { total.add(edge.weight) }
    // Every rank but the root hangs from another, in each channel.
    guard total == UInt64(clamping: size - 1).times(UInt64(clamping: channels)) else { return nil }
    return edges
  }

  /// A view's edges that begin at itself, as they must.
  private static func own(_ view: Instance, _ kind: EdgeFacts.Kind) -> [EdgeFacts] {
    view.facts.edges.filter { $0.kind == kind && $0.source == view.rank }
  }

  private static func edges(_ facts: [EdgeFacts], size: Int) -> [Edge]? {
    var edges: [Edge] = []
    edges.reserveCapacity(facts.count)
    for fact in facts {
      guard (0..<size).contains(fact.source), (0..<size).contains(fact.target),
        fact.source != fact.target, fact.channels > 0
      else { return nil }
      edges.append(
        Edge(source: fact.source, target: fact.target, weight: UInt64(clamping: fact.channels)))
    }
    return edges.isEmpty
      ? nil : edges.sorted { ($0.source, $0.target) < ($1.source, $1.target) }
  }

  /// Ranks in order, node after node, nodes in order of their lowest rank.
  private static func nodeByNode(_ seats: [Int], hosts: [Int], nodes: Int) -> [Edge] {
    guard seats.count > 1 else { return [] }
    var path = Array(seats.indices)
    if nodes > 1, nodes < seats.count {
      path = ranksByNode(seats, hosts: hosts).flatMap { $0 }
    }
    var next = path
    for (place, rank) in path.enumerated() {
      next[rank] = path[place + 1 == path.count ? 0 : place + 1]
    }
    return next.enumerated().map { Edge(source: $0.offset, target: $0.element, weight: 1) }
  }
}
