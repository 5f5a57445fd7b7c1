// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import CollectiveTrace

/// Numbers that are the same in every run (a linear congruential generator).
struct Steps: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state ^ state >> 29
  }
}

@Suite struct IntervalUnionTests {
  @Test func theUnionIsWhatMarkingEveryNanosecondGives() {
    var generator = Steps(state: 7)
    for _ in 0..<50 {
      var a = IntervalUnion()
      var b = IntervalUnion()
      var marksA = [Bool](repeating: false, count: 300)
      var marksB = marksA
      for _ in 0..<20 {
        let start = Int.random(in: 0..<280, using: &generator)
        let end = start + Int.random(in: 0..<20, using: &generator)
        if Bool.random(using: &generator) {
          a.add(Int64(start), Int64(end))
          for mark in start..<end { marksA[mark] = true }
        } else {
          b.add(Int64(start), Int64(end))
          for mark in start..<end { marksB[mark] = true }
        }
      }
      let (low, high) = (
        Int.random(in: 0..<150, using: &generator), Int.random(in: 150..<300, using: &generator)
      )
      let (sortedA, sortedB) = (a.sorted(), b.sorted())
      #expect(
        IntervalUnion.length(of: sortedA, from: Int64(low), to: Int64(high))
          == Int64((low..<high).count { marksA[$0] }))
      #expect(
        IntervalUnion.common(sortedA, sortedB, from: Int64(low), to: Int64(high))
          == Int64((low..<high).count { marksA[$0] && marksB[$0] }))
      #expect(
        IntervalUnion.common(sortedA, sortedB)
          == Int64((0..<300).count { marksA[$0] && marksB[$0] }))
    }
  }

  @Test func atTheLimitNothingIsJoinedAndBeyondItTheShortestPausesAre() {
    var exact = IntervalUnion(limit: 8)
    for index in 0..<8 { exact.add(Int64(index) * 100, Int64(index) * 100 + 50) }
    #expect(exact.sorted().count == 8)
    #expect(exact.joinedGap == 0)
    var joined = IntervalUnion(limit: 8)
    for index in 0..<9 { joined.add(Int64(index) * 100, Int64(index) * 100 + 50) }
    joined.add(1_000_000, 1_000_001)
    #expect(joined.joinedGap == 64)
    #expect(
      joined.sorted() == [.init(start: 0, end: 850), .init(start: 1_000_000, end: 1_000_001)])
  }

  @Test func timesAtTheEndsOfTheRangeDoNotTrap() {
    var union = IntervalUnion(limit: 4)
    for index in 0..<40 {
      union.add(Int64.min + Int64(index), Int64.min + Int64(index) + 1)
      union.add(Int64.max - Int64(index) - 1, Int64.max - Int64(index))
      union.add(Int64(index) << 55, Int64(index) << 55 + 1)
    }
    #expect(!union.sorted().isEmpty)
  }
}
