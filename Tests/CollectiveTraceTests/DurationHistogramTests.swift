// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import CollectiveTrace

/// Oracle: the sorted list of the durations themselves.
@Suite struct DurationHistogramTests {
  private static func durations(_ count: Int) -> [Int64] {
    var state: UInt64 = 42
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int64((state >> 33) >> (state >> 60))
    }
  }

  @Test(arguments: [1, 2, 3, 100, 5000])
  func quantilesAreAtMostA32ndAboveTheTrueOnes(count: Int) throws {
    let durations = Self.durations(count)
    var histogram = DurationHistogram()
    for duration in durations { histogram.add(duration) }
    let sorted = durations.sorted()
    #expect(histogram.count == UInt64(count))
    #expect(histogram.total == durations.reduce(0, +))
    #expect(histogram.minimum == sorted.first)
    #expect(histogram.maximum == sorted.last)
    for permille in [0, 1, 250, 500, 900, 990, 999, 1000] {
      let rank = max(1, (count * permille + 999) / 1000)
      let exact = sorted[rank - 1]
      let read = try #require(histogram.quantile(permille: permille))
      #expect(read >= exact && read <= exact + exact / 32)
    }
  }

  @Test func mergingInAnyOrderGivesTheSameHistogram() {
    let durations = Self.durations(999)
    var whole = DurationHistogram()
    for duration in durations { whole.add(duration) }
    var parts = (0..<7).map { _ in DurationHistogram() }
    for (index, duration) in durations.enumerated() { parts[index % 7].add(duration) }
    var forward = DurationHistogram()
    for part in parts { forward.merge(part) }
    var backward = DurationHistogram()
    for part in parts.reversed() { backward.merge(part) }
    #expect(forward == whole)
    #expect(backward == whole)
  }

  @Test func bucketsCoverEveryDurationOnce() {
    for duration: Int64 in [0, 1, 31, 32, 33, 63, 64, 1000, 1 << 40, .max - 1, .max] {
      let number = DurationHistogram.number(of: duration)
      #expect(DurationHistogram.upperEnd(of: number) >= duration)
      if number > 0 { #expect(DurationHistogram.upperEnd(of: number - 1) < duration) }
    }
  }

  @Test func hugeTotalsStayAtTheLargestNumberAndNothingTraps() {
    var histogram = DurationHistogram()
    histogram.add(.max, times: .max)
    histogram.add(.max, times: .max)
    histogram.add(-1)
    #expect(histogram.total == .max)
    #expect(histogram.count == .max)
    #expect(histogram.quantile(permille: 500) == .max)
    #expect(DurationHistogram().quantile(permille: 500) == nil)
  }
}
