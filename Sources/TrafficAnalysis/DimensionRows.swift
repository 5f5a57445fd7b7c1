// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// What a strategy moved, how long that took, and what computation hid of it.
///
/// Bytes and operations are those of the record that counts best, mostly a log; times are those of
/// the traces that were joined with it, which may cover some steps only. ``timedCalls`` beside
/// ``rankCalls`` says how much of the traffic the times are of.
public struct DimensionRow: Sendable, Equatable {
  /// The strategy.
  public var dimension: ParallelismDimension
  /// Collectives, each counted once whatever its size.
  public var operations: UInt64 = 0
  /// API calls.
  public var rankCalls: UInt64 = 0
  /// What the calls' send buffers hold, in bytes.
  public var payloadBytes: UInt64 = 0
  /// Bytes that leave GPUs.
  public var wireBytes: UInt64 = 0
  /// Calls whose durations are known, one per rank.
  public var timedCalls: UInt64 = 0
  /// Sum of these durations in nanoseconds.
  public var duration: Int64 = 0
  /// All bytes of calls with a size and a duration, times nccl-tests' bus factors, over all their
  /// time: GB/s (1e9 bytes per second).
  public var busBandwidth: Double?
  /// The same bytes over what the links would have moved in that time, where their peak is known.
  public var attainedShare: Double?
  /// Communication kernels of the whole trace; `nil` without a profile.
  public var overlap: OverlapRow?

  init(_ dimension: ParallelismDimension) { self.dimension = dimension }
}

extension TrafficSummary {
  /// A row for each strategy, in the order of strategies; none where no trace tells times.
  ///
  /// - Complexity: O(rows of traffic, durations and overlap).
  public var dimensions: [DimensionRow] {
    guard !durations.isEmpty || !overlaps.isEmpty else { return [] }
    var rows: [ParallelismDimension: DimensionRow] = [:]
    func change(_ dimension: ParallelismDimension, _ body: (inout DimensionRow) -> Void) {
      body(&rows[dimension, default: DimensionRow(dimension)])
    }
    for row in traffic {
      change(row.dimension) {
        Self.add(row.operations, to: &$0.operations)
        Self.add(row.rankCalls, to: &$0.rankCalls)
        Self.add(row.payloadBytes, to: &$0.payloadBytes)
        Self.add(row.wireBytes, to: &$0.wireBytes)
      }
    }
    var moved: [ParallelismDimension: (bytes: Double, time: Double)] = [:]
    var attained: [ParallelismDimension: (bytes: Double, possible: Double)] = [:]
    for row in durations {
      let total = row.durations.total
      change(row.dimension) {
        Self.add(row.durations.count, to: &$0.timedCalls)
        Self.add(total, to: &$0.duration)
      }
      // What one call moves, over one nanosecond, is its bytes.
      guard total > 0, let bytes = row.busBandwidth(1) else { continue }
      let all = bytes * Double(row.durations.count)
      moved[row.dimension, default: (0, 0)].bytes += all
      moved[row.dimension, default: (0, 0)].time += Double(total)
      guard let peak = row.peak?.gigabytesPerSecond, peak > 0 else { continue }
      attained[row.dimension, default: (0, 0)].bytes += all
      attained[row.dimension, default: (0, 0)].possible += peak * Double(total)
    }
    for (dimension, sum) in moved { rows[dimension]?.busBandwidth = sum.bytes / sum.time }
    for (dimension, sum) in attained { rows[dimension]?.attainedShare = sum.bytes / sum.possible }
    for row in overlaps where row.step.isEmpty {
      if let dimension = row.dimension { change(dimension) { $0.overlap = row } }
    }
    return rows.values.sorted { $0.dimension < $1.dimension }
  }

  /// A sum over hostile input stays at the largest value.
  private static func add<Value: FixedWidthInteger>(_ value: Value, to sum: inout Value) {
    let (result, overflow) = sum.addingReportingOverflow(value)
    sum = overflow ? .max : result
  }
}
