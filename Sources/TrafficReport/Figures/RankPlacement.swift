// SPDX-License-Identifier: Apache-2.0

internal import TrafficAnalysis

/// Where the ranks are: the nodes with their ranks in local-rank order.
struct RankPlacement {
  /// One node, or the ranks whose node is unknown.
  struct Node {
    var index: Int?
    var host: String?
    var ranks: [RankRow]
  }

  var nodes: [Node] = []
  var rankCount = 0

  init(_ ranks: [RankRow]) {
    rankCount = ranks.count
    let sorted = ranks.sorted { a, b in
      let (x, y) = (a.node ?? .max, b.node ?? .max)
      if x != y { return x < y }
      let (i, j) = (a.localRank ?? .max, b.localRank ?? .max)
      return i != j ? i < j : a.rank < b.rank
    }
    for row in sorted {
      if let last = nodes.last, last.index == row.node {
        nodes[nodes.count - 1].ranks.append(row)
        if last.host == nil { nodes[nodes.count - 1].host = row.host }
      } else {
        nodes.append(Node(index: row.node, host: row.host, ranks: [row]))
      }
    }
  }
}

/// How one or more dimensions divide the ranks into groups.
struct ParallelGrouping {
  /// Dimensions that divide the ranks in the same way, in table order.
  var dimensions: [ParallelismDimension]
  /// Sorted by their lowest rank; a rank is in one group at most.
  var groups: [[Int]]
  /// The group of each rank.
  var groupOfRank: [Int: Int]
  /// Communicators left out, because they overlap groups that carry more bytes.
  var overlapping: Int

  /// Dimensions whose groups say something about the layout, in drawing order.
  private static let drawn: [ParallelismDimension] = [
    .tp, .sp, .cp, .ep, .pp, .dp, .edp, .fsdp, .embedding, .mp,
  ]

  /// Finds the groupings of a summary.
  ///
  /// - Complexity: O(*m* log *m*) in the sum of the communicators' sizes.
  static func groupings(of summary: TrafficSummary) -> [ParallelGrouping] {
    let known = Set(summary.ranks.map(\.rank))
    var groupings: [ParallelGrouping] = []
    for dimension in drawn {
      let communicators = summary.communicators.filter {
        $0.dimension == dimension && $0.size > 1
      }
      let grouping = grouping(dimension, communicators, known: known)
      guard !grouping.groups.isEmpty else { continue }
      if let same = groupings.firstIndex(where: { $0.groups == grouping.groups }) {
        groupings[same].dimensions.append(dimension)
      } else {
        groupings.append(grouping)
      }
    }
    return groupings
  }

  private static func grouping(
    _ dimension: ParallelismDimension, _ communicators: [CommunicatorRow], known: Set<Int>
  ) -> ParallelGrouping {
    // Several communicators may have the same ranks; their bytes count together.
    var payload: [[Int]: UInt64] = [:]
    for communicator in communicators {
      let ranks = Set(communicator.ranks.compactMap(\.self)).intersection(known).sorted()
      guard ranks.count > 1 else { continue }
      payload[ranks] = (payload[ranks] ?? 0).saturatingAdd(communicator.payloadBytes)
    }
    var groups: [[Int]]
    var overlapping = 0
    if dimension == .pp {
      groups = joined(payload.keys.sorted { $0.lexicographicallyPrecedes($1) })
    } else {
      (groups, overlapping) = disjoint(payload)
    }
    groups.sort { $0.lexicographicallyPrecedes($1) }
    var groupOfRank: [Int: Int] = [:]
    for (index, group) in groups.enumerated() {
      for rank in group { groupOfRank[rank] = index }
    }
    return ParallelGrouping(
      dimensions: [dimension], groups: groups, groupOfRank: groupOfRank,
      overlapping: overlapping)
  }

  /// Picks groups without a common rank, those of the size that carries most bytes first.
  private static func disjoint(_ payload: [[Int]: UInt64]) -> ([[Int]], Int) {
    var bySize: [Int: UInt64] = [:]
    for (ranks, bytes) in payload {
      bySize[ranks.count] = (bySize[ranks.count] ?? 0).saturatingAdd(bytes)
    }
    let candidates = payload.keys.sorted { a, b in
      let (x, y) = (bySize[a.count] ?? 0, bySize[b.count] ?? 0)
      if x != y { return x > y }
      return a.count != b.count ? a.count > b.count : a.lexicographicallyPrecedes(b)
    }
    var taken = Set<Int>()
    var groups: [[Int]] = []
    var overlapping = 0
    for ranks in candidates {
      if taken.isDisjoint(with: ranks) {
        taken.formUnion(ranks)
        groups.append(ranks)
      } else {
        overlapping += 1
      }
    }
    return (groups, overlapping)
  }

  /// Joins communicators that share ranks: pipelines are often logged as pairs of neighbours.
  private static func joined(_ sets: [[Int]]) -> [[Int]] {
    var parent: [Int: Int] = [:]
    func root(_ rank: Int) -> Int {
      var rank = rank
      while let next = parent[rank], next != rank {
        parent[rank] = parent[next]
        rank = next
      }
      return rank
    }
    for ranks in sets {
      guard let first = ranks.first else { continue }
      for rank in ranks {
        if parent[rank] == nil { parent[rank] = rank }
        let (a, b) = (root(first), root(rank))
        // The lower rank is the root, so that the result does not depend on the order.
        if a != b { parent[max(a, b)] = min(a, b) }
      }
    }
    var members: [Int: [Int]] = [:]
    for rank in parent.keys.sorted() { members[root(rank), default: []].append(rank) }
    return members.keys.sorted().compactMap { members[$0] }
  }

  /// Says how many groups there are, of what size, and whether they cross nodes.
  func sentences(_ placement: RankPlacement) -> [String] {
    let sizes = Set(groups.map(\.count)).sorted()
    let size = sizes.count == 1 ? "\(sizes[0])" : "\(sizes[0]) to \(sizes[sizes.count - 1])"
    var nodeOfRank: [Int: Int] = [:]
    for (index, node) in placement.nodes.enumerated() where node.index != nil {
      for row in node.ranks { nodeOfRank[row.rank] = index }
    }
    let spans = groups.map { group -> Int in
      let nodes = group.compactMap { nodeOfRank[$0] }
      return nodes.count == group.count ? Set(nodes).count : 0
    }
    let least = spans.min() ?? 0
    let most = spans.max() ?? 0
    let each = groups.count == 1 ? "" : "each "
    let place =
      switch (least, most) {
      case (0, _): "nodes not all known"
      case (1, 1): "\(each)on one node"
      case let (a, b) where a == b: "\(each)across \(a) nodes"
      default: "across \(least) to \(most) nodes"
      }
    return ["\(Quantity.counted(groups.count, "group")) of \(size) ranks", place]
  }
}
