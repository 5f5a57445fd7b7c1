// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// Who sent whom how much: the flows of all communicators between global ranks.
struct RankMatrix {
  /// Cells, sorted by source, destination and dimension.
  private(set) var rows: [RankMatrixRow] = []
  /// Bytes in no cell: an end has no log or no number, or the matrix would be too large.
  private(set) var unmatchedBytes: UInt64 = 0

  private struct Cell: Hashable {
    var source: Int
    var target: Int
    var dimension: ParallelismDimension
  }

  private struct Sum {
    var bytes: UInt64 = 0
    var operations: UInt64 = 0

    mutating func add(_ bytes: UInt64, _ operations: UInt64) {
      self.bytes.add(bytes)
      self.operations.add(operations)
    }
  }

  /// What each communicator moves between its endpoints, whatever for.
  private(set) var links: LinkLoads

  /// Most cells; a job of thousands of ranks in which each talks to each has more.
  static let maximumCells = 1 << 22

  /// Adds up the flows.
  ///
  /// - Complexity: O(edges of all flows), which is quadratic in the ranks of an all-to-all.
  init(
    _ analysed: [AnalysedCommunicator], _ labels: [DimensionLabel], _ ranks: GlobalRanks,
    hosts: [Int], maximumCells: Int = Self.maximumCells
  ) {
    var cells: [Cell: Sum] = [:]
    var unmatched: UInt64 = 0
    var links = LinkLoads(analysed, hosts: hosts)
    // Ranks use the same ways on all communicators that do not say which: they count as one.
    var elsewhere: [LinkLoads.Pair: UInt64] = [:]
    for (number, own) in analysed.enumerated() {
      var moved: [LinkLoads.Pair: UInt64] = [:]
      let hasTransports = links.hasTransports(own)
      for (index, group) in own.traffic.classes.enumerated() {
        let dimension = labels[number].dimension(ofClass: index)
        for flow in group.flows where flow.bytes > 0 {
          let n = own.placement.size
          let isTooLarge =
            flow.pattern == .allPairs
            && n.multipliedReportingOverflow(by: n).overflow || n * n > maximumCells - cells.count
          guard flow.pattern != .allPairs || !isTooLarge else {
            unmatched.add(flow.bytes)
            continue
          }
          var placed: UInt64 = 0
          own.placement.spread(flow) { source, target, bytes in
            guard bytes > 0, let from = ranks.rank[source], let to = ranks.rank[target] else {
              return
            }
            let cell = Cell(source: from, target: to, dimension: dimension)
            guard cells.count < maximumCells || cells[cell] != nil else { return }
            cells[cell, default: Sum()].add(bytes, flow.operations)
            placed.add(bytes)
            let pair = LinkLoads.Pair(source: source, target: target)
            if hasTransports {
              moved[pair, default: 0].add(bytes)
            } else {
              elsewhere[pair, default: 0].add(bytes)
            }
          }
          unmatched.add(flow.bytes.minus(placed))
        }
      }
      links.add(moved, of: own)
    }
    links.add(elsewhere, of: nil)
    unmatchedBytes = unmatched
    self.links = links
    var paths: [Int: [Int: String]] = [:]
    for (pair, kind) in links.kinds {
      if let source = ranks.rank[pair.source], let target = ranks.rank[pair.target] {
        paths[source, default: [:]][target] = kind
      }
    }
    var hostOfRank: [Int: Int] = [:]
    for (endpoint, rank) in ranks.rank.enumerated() {
      if let rank { hostOfRank[rank] = hosts[endpoint] }
    }
    rows = cells.map { cell, sum in
      RankMatrixRow(
        sourceRank: cell.source, destinationRank: cell.target, dimension: cell.dimension,
        bytes: sum.bytes, operations: sum.operations,
        path: paths[cell.source].flatMap { $0[cell.target] }
          ?? hostOfRank[cell.source].flatMap { source in
            hostOfRank[cell.target].map { source == $0 ? "intra_node" : "inter_node" }
          })
    }.sorted { a, b in
      (a.sourceRank, a.destinationRank, a.dimension.order)
        < (b.sourceRank, b.destinationRank, b.dimension.order)
    }
  }
}
