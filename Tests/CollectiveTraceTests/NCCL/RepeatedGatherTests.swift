// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import CollectiveTrace

/// All-gathers of the same buffers twice in a row; on the fast way and on the slow one.
@Suite struct RepeatedGatherTests {
  private static let a = LogText.operation("AllGather", count: 4096, send: "0x7f1234567800")
  private static let b = LogText.operation("AllGather", count: 4096, send: "0x7f1234567a00")
  private static let larger = LogText.operation("AllGather", count: 8192, send: "0x7f1234567800")
  private static let reduce = LogText.operation("AllReduce", count: 4096)
  private static let other = LogText.operation("AllReduce", count: 16, comm: "0x55d0c0ffff00")
  private static let receive = LogText.operation("Recv", count: 16, root: 3)
  private static let otherReceiver = a.replacing(
    "recvbuff 0x7f1234569a00", with: "recvbuff 0x7f1234569c00")

  /// Repetitions in `calls`, read in one window and line by line.
  private func repeated(_ calls: [String]) -> Set<UInt64> {
    let text =
      LogText.initialisation(rank: 0, ranks: 8)
      + LogText.initialisation(comm: "0x55d0c0ffff00", rank: 0, ranks: 8, id: "0x99")
      + calls.joined() + String(repeating: Self.reduce, count: 20)
    return Set(
      [Int.max, 64].map { window in
        LogText.read(text, window: window).process?.communicators
          .flatMap(\.calls).reduce(0) { $0 + $1.repeatedCalls } ?? .max
      })
  }

  @Test func aSecondCallRightAfterTheFirstIsOne() {
    #expect(repeated([Self.a, Self.a]) == [1])
    #expect(repeated([Self.a, Self.a, Self.reduce, Self.a, Self.a]) == [2])
    #expect(repeated([Self.a, Self.a, Self.b, Self.b]) == [2])
  }

  @Test func anythingBetweenThemMakesItAnother() {
    #expect(repeated([Self.a, Self.reduce, Self.a]) == [0])
    #expect(repeated([Self.a, Self.other, Self.a]) == [0])
    #expect(repeated([Self.a, Self.receive, Self.a]) == [0])
    #expect(repeated([Self.a, Self.b, Self.a]) == [0])
  }

  @Test func otherBuffersOrSizesMakeItAnother() {
    #expect(repeated([Self.a, Self.b]) == [0])
    #expect(repeated([Self.a, Self.larger]) == [0])
    #expect(repeated([Self.a, Self.otherReceiver]) == [0])
  }

  @Test func aLoopIsNoSlip() {
    #expect(repeated([Self.a, Self.a, Self.a]) == [0])
    #expect(repeated(Array(repeating: Self.a, count: 100)) == [0])
  }

  @Test func otherCollectivesAreNotLookedAt() {
    #expect(repeated([Self.reduce, Self.reduce]) == [0])
  }

  /// Lines that take the fast way compare text, those that take the slow way numbers.
  @Test(arguments: [0x7f12_3456_7800, 0x1000_0000_0000, 0xffff_ffff_ffff, 0xabcd_ef01_2345])
  func anAddressIsTheSameAsTextAndAsNumber(address: UInt64) {
    let text = Array(("0x" + String(address, radix: 16) + "        ").utf8)
    let isSame = unsafe text.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return false }
      let asText = unsafe GatherBuffers(send: base, 14, receive: base, 14)
      let asNumber = GatherBuffers(send: address, receive: address)
      let other = GatherBuffers(send: address, receive: address ^ 0x10)
      return asText == asNumber && asText != other
    }
    #expect(isSame)
    #expect(GatherBuffers(send: 0, receive: 0) == GatherBuffers())
    #expect(GatherBuffers(send: 1 << 50, receive: 0) != GatherBuffers(send: 1 << 51, receive: 0))
  }
}
