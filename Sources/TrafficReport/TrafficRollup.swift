// SPDX-License-Identifier: Apache-2.0

internal import TrafficAnalysis

/// Rows of `traffic.csv` added up to what a person can take in at once.
///
/// Sums saturate; nothing is inferred that a row does not say.
struct TrafficRollup: Sendable, Equatable {
  /// What rows are added up by.
  struct Key: Hashable, Comparable, Sendable {
    var phase: TrafficPhase
    var dimension: ParallelismDimension
    var collective: String

    static func < (a: Self, b: Self) -> Bool {
      (a.phase, a.dimension, a.collective) < (b.phase, b.dimension, b.collective)
    }
  }

  /// Ranks per communicator, and how many communicators of this size at least took part.
  struct Groups: Sendable, Equatable {
    var size: Int
    var count: Int
    /// Whether rows name different communicators, so that `count` is only a lower bound.
    var isLowerBound: Bool
  }

  var key: Key
  var groups: [Groups] = []
  var operations: UInt64 = 0
  var rankCalls: UInt64 = 0
  var payloadBytes: UInt64 = 0
  var wireBytes: UInt64 = 0

  /// Adds up the rows of a summary, sorted by phase, dimension and collective.
  ///
  /// - Complexity: O(*n* log *n*) in the number of rows.
  static func rollups(of summary: TrafficSummary) -> [TrafficRollup] {
    var rows: [Key: TrafficRollup] = [:]
    var sizes: [Key: [Int: (most: Int, sum: Int)]] = [:]
    for row in summary.traffic {
      let key = Key(phase: row.phase, dimension: row.dimension, collective: row.collective)
      rows[key, default: TrafficRollup(key: key)].add(row)
      let seen = sizes[key]?[row.communicatorSize] ?? (0, 0)
      let (sum, overflow) = seen.sum.addingReportingOverflow(max(row.communicators, 0))
      sizes[key, default: [:]][row.communicatorSize] =
        (max(seen.most, row.communicators), overflow ? .max : sum)
    }
    // A row tells how many communicators it covers, not which: two rows may or may not share
    // theirs. The largest row is a lower bound, and exact when no more of that size exist.
    var existing: [Int: Int] = [:]
    for communicator in summary.communicators { existing[communicator.size, default: 0] += 1 }
    return rows.keys.sorted().compactMap { key in
      guard var rollup = rows[key] else { return nil }
      let bySize = sizes[key] ?? [:]
      rollup.groups = bySize.keys.sorted().map { size in
        let seen = bySize[size] ?? (0, 0)
        let most = min(seen.sum, existing[size] ?? seen.sum)
        return Groups(size: size, count: seen.most, isLowerBound: seen.most < most)
      }
      return rollup
    }
  }

  private mutating func add(_ row: TrafficRow) {
    operations = operations.saturatingAdd(row.operations)
    rankCalls = rankCalls.saturatingAdd(row.rankCalls)
    payloadBytes = payloadBytes.saturatingAdd(row.payloadBytes)
    wireBytes = wireBytes.saturatingAdd(row.wireBytes)
  }
}

/// The totals of a run.
struct TrafficTotals: Sendable, Equatable {
  var operations: UInt64 = 0
  var rankCalls: UInt64 = 0
  var payloadBytes: UInt64 = 0
  var wireBytes: UInt64 = 0
  /// `nil` when the placement of some traffic is unknown.
  var intraNodeBytes: UInt64? = 0
  /// `nil` when the placement of some traffic is unknown.
  var interNodeBytes: UInt64? = 0

  init(_ summary: TrafficSummary) {
    for row in summary.traffic {
      operations = operations.saturatingAdd(row.operations)
      rankCalls = rankCalls.saturatingAdd(row.rankCalls)
      payloadBytes = payloadBytes.saturatingAdd(row.payloadBytes)
      wireBytes = wireBytes.saturatingAdd(row.wireBytes)
      intraNodeBytes = Self.sum(intraNodeBytes, row.intraNodeBytes)
      interNodeBytes = Self.sum(interNodeBytes, row.interNodeBytes)
    }
    if summary.traffic.isEmpty {
      intraNodeBytes = nil
      interNodeBytes = nil
    }
  }

  private static func sum(_ a: UInt64?, _ b: UInt64?) -> UInt64? {
    guard let a, let b else { return nil }
    return a.saturatingAdd(b)
  }
}

extension ParallelismDimension {
  /// The words for a person; the short name stands beside them.
  var phrase: String {
    switch self {
    case .tp: "tensor"
    case .sp: "sequence (tensor group)"
    case .pp: "pipeline"
    case .dp: "data"
    case .fsdp: "fully sharded data"
    case .ep: "expert"
    case .edp: "expert data"
    case .cp: "context"
    case .embedding: "tied embedding"
    case .mp: "model-parallel block"
    case .world: "all ranks"
    case .unclassified: "not enough evidence"
    }
  }
}
