// SPDX-License-Identifier: Apache-2.0

/// Durations in nanoseconds, counted in buckets; sums of histograms are exact.
///
/// A bucket is a 32nd of a power of two: a quantile read from it is at most 1/32 (3.2 %) above the
/// true one, never below. Below 32 ns a bucket is one nanosecond. Count, total, minimum and maximum
/// are exact.
public struct DurationHistogram: Sendable, Equatable {
  /// Parts of a power of two.
  private static let parts: Int64 = 32

  /// Number of durations.
  public private(set) var count: UInt64 = 0
  /// Their sum in nanoseconds; stays at the largest number when it would overflow.
  public private(set) var total: Int64 = 0
  /// The shortest, or 0 when there is none.
  public private(set) var minimum: Int64 = 0
  /// The longest, or 0 when there is none.
  public private(set) var maximum: Int64 = 0
  /// Non-empty buckets, by number.
  private var buckets: [Bucket] = []

  fileprivate struct Bucket: Sendable, Equatable {
    var number: Int
    var count: UInt64
  }

  /// No durations.
  public init() {}

  /// Counts a duration of zero or more nanoseconds, `times` times; a negative one is ignored.
  public mutating func add(_ nanoseconds: Int64, times: UInt64 = 1) {
    guard nanoseconds >= 0, times > 0 else { return }
    minimum = count == 0 ? nanoseconds : min(minimum, nanoseconds)
    maximum = max(maximum, nanoseconds)
    count = Self.sum(count, times)
    let product = nanoseconds.multipliedReportingOverflow(by: Int64(clamping: times))
    addTotal(product.overflow ? .max : product.partialValue)
    add(Bucket(number: Self.number(of: nanoseconds), count: times))
  }

  /// Adds all durations of another histogram.
  public mutating func merge(_ other: DurationHistogram) {
    guard other.count > 0 else { return }
    minimum = count == 0 ? other.minimum : min(minimum, other.minimum)
    maximum = max(maximum, other.maximum)
    count = Self.sum(count, other.count)
    addTotal(other.total)
    for bucket in other.buckets { add(bucket) }
  }

  /// The duration that a share of all durations does not exceed, in nanoseconds.
  ///
  /// - Parameter permille: The share in thousandths: 500 for the median, 990 for p99.
  /// - Returns: The upper end of the bucket that holds the quantile (nearest rank), never above
  ///   ``maximum``; `nil` when there is no duration.
  public func quantile(permille: Int) -> Int64? {
    guard count > 0 else { return nil }
    let share = UInt64(min(max(permille, 0), 1000))
    let product = count.multipliedFullWidth(by: share)
    let division = UInt64(1000).dividingFullWidth(product)
    let rank = max(1, division.remainder > 0 ? division.quotient + 1 : division.quotient)
    var seen: UInt64 = 0
    for bucket in buckets {
      seen = Self.sum(seen, bucket.count)
      if seen >= rank { return max(minimum, min(maximum, Self.upperEnd(of: bucket.number))) }
    }
    return maximum
  }

  /// The bucket of a duration.
  static func number(of nanoseconds: Int64) -> Int {
    guard nanoseconds >= parts else { return Int(max(0, nanoseconds)) }
    let exponent = Int64.bitWidth - 1 - nanoseconds.leadingZeroBitCount
    let shift = exponent - 5
    return (shift + 1) * Int(parts) + Int((nanoseconds >> Int64(shift)) - parts)
  }

  /// The longest duration of a bucket.
  static func upperEnd(of number: Int) -> Int64 {
    guard number >= Int(parts) else { return Int64(number) }
    let shift = number / Int(parts) - 1
    let first = (parts + Int64(number % Int(parts))) << Int64(shift)
    return first + ((1 << Int64(shift)) - 1)
  }

  private mutating func add(_ bucket: Bucket) {
    var low = 0
    var high = buckets.count
    while low < high {
      let middle = (low + high) / 2
      if buckets[middle].number < bucket.number { low = middle + 1 } else { high = middle }
    }
    if low < buckets.count, buckets[low].number == bucket.number {
      buckets[low].count = Self.sum(buckets[low].count, bucket.count)
    } else {
      buckets.insert(bucket, at: low)
    }
  }

  private mutating func addTotal(_ value: Int64) {
    let sum = total.addingReportingOverflow(value)
    total = sum.overflow ? .max : sum.partialValue
  }

  private static func sum(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let sum = a.addingReportingOverflow(b)
    return sum.overflow ? .max : sum.partialValue
  }
}

extension DurationHistogram: FactRecord {
  static var blank: DurationHistogram { DurationHistogram() }

  mutating func pass(through archive: inout FactArchive) {
    archive.pass(&count)
    archive.pass(&total)
    archive.pass(&minimum)
    archive.pass(&maximum)
    archive.pass(&buckets)
    archive.require(
      (count == 0 ? minimum == 0 && maximum == 0 : 0 <= minimum && minimum <= maximum)
        && total >= 0 && buckets.allSatisfy { 0 <= $0.number && $0.number <= Self.number(of: .max) }
        && zip(buckets, buckets.dropFirst()).allSatisfy { $0.number < $1.number }
        && buckets.reduce(0) { Self.sum($0, $1.count) } == count,
      "holds durations that do not add up")
  }
}

extension DurationHistogram.Bucket: FactRecord {
  fileprivate static var blank: DurationHistogram.Bucket {
    DurationHistogram.Bucket(number: 0, count: 0)
  }

  fileprivate mutating func pass(through archive: inout FactArchive) {
    archive.pass(&number)
    archive.pass(&count)
  }
}
