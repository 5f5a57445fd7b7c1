// SPDX-License-Identifier: Apache-2.0

/// A set of time as a list of stretches that do not touch, in bounded memory.
struct IntervalUnion: Sendable {
  /// A stretch of time, end excluded.
  struct Interval: Sendable, Equatable, BitwiseCopyable {
    var start: Int64
    var end: Int64
  }

  /// Most stretches kept; when there are more, those with the shortest gaps are joined.
  static let defaultLimit = 1 << 19

  private var intervals: [Interval] = []
  private var isSorted = true
  private let limit: Int
  /// Gaps up to this many nanoseconds were filled to stay within the limit; 0 for none.
  private(set) var joinedGap: Int64 = 0

  /// An empty set.
  init(limit: Int = IntervalUnion.defaultLimit) { self.limit = max(limit, 2) }

  /// Whether it holds no time.
  var isEmpty: Bool { intervals.isEmpty }

  /// Adds a stretch; one that ends before it begins is ignored.
  mutating func add(_ start: Int64, _ end: Int64) {
    guard end > start else { return }
    if let last = intervals.last {
      if start >= last.start {
        let gap = start.subtractingReportingOverflow(last.end)
        if !gap.overflow, gap.partialValue <= joinedGap {
          intervals[intervals.count - 1].end = max(last.end, end)
          return
        }
      } else {
        isSorted = false
      }
    }
    if intervals.count >= limit { compact() }
    intervals.append(Interval(start: start, end: end))
  }

  /// The stretches in order, disjoint and not touching.
  mutating func sorted() -> [Interval] {
    merge()
    return intervals
  }

  private mutating func merge() {
    if !isSorted { intervals.sort { ($0.start, $0.end) < ($1.start, $1.end) } }
    isSorted = true
    var kept = 0
    for index in intervals.indices {
      let next = intervals[index]
      if kept > 0 {
        let last = intervals[kept - 1]
        let gap = next.start.subtractingReportingOverflow(last.end)
        if !gap.overflow, gap.partialValue <= joinedGap {
          intervals[kept - 1].end = max(last.end, next.end)
          continue
        }
      }
      intervals[kept] = next
      kept += 1
    }
    intervals.removeLast(intervals.count - kept)
  }

  private mutating func compact() {
    merge()
    while intervals.count > limit / 2 {
      let isHuge = joinedGap > Int64.max / 4
      joinedGap = isHuge ? .max : max(joinedGap * 2, 64)
      merge()
      if isHuge { break }
    }
  }

  // MARK: - Measures of sorted stretches

  /// The time in a list of disjoint stretches, within bounds.
  static func length(of sorted: [Interval], from start: Int64, to end: Int64) -> Int64 {
    var total: Int64 = 0
    var index = first(in: sorted, endingAfter: start)
    while index < sorted.count, sorted[index].start < end {
      total = sum(total, min(sorted[index].end, end), minus: max(sorted[index].start, start))
      index += 1
    }
    return total
  }

  /// The time in both of two lists of disjoint stretches, within bounds.
  static func common(
    _ a: [Interval], _ b: [Interval], from start: Int64 = .min, to end: Int64 = .max
  ) -> Int64 {
    var total: Int64 = 0
    var i = first(in: a, endingAfter: start)
    var j = first(in: b, endingAfter: start)
    while i < a.count, j < b.count, a[i].start < end, b[j].start < end {
      let low = max(a[i].start, b[j].start, start)
      let high = min(a[i].end, b[j].end, end)
      if high > low { total = sum(total, high, minus: low) }
      if a[i].end < b[j].end { i += 1 } else { j += 1 }
    }
    return total
  }

  private static func sum(_ total: Int64, _ end: Int64, minus start: Int64) -> Int64 {
    let length = end.subtractingReportingOverflow(start)
    let sum = total.addingReportingOverflow(length.overflow ? .max : length.partialValue)
    return sum.overflow ? .max : sum.partialValue
  }

  private static func first(in sorted: [Interval], endingAfter time: Int64) -> Int {
    var low = 0
    var high = sorted.count
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle].end <= time { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
