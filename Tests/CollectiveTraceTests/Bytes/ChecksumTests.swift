// SPDX-License-Identifier: Apache-2.0

import CCRC32
import CZlib
import Testing

@testable import CollectiveTrace

@Suite struct ChecksumTests {
  @Test func agreesWithZlibAtEveryLengthAndAlignment() {
    let bytes = GzipFixture.noise(bytes: 5000, seed: 1)
    var generator = GzipFixture.SplitMix64(state: 2)
    for length in Array(0...1100)
      + (0..<200).map({ _ in Int.random(in: 0...4900, using: &generator) })
    {
      let start = Int.random(in: 0..<64, using: &generator)
      let seed = UInt32.random(in: 0...UInt32.max, using: &generator)
      bytes[start..<(start + length)].withUnsafeBufferPointer { slice in
        let expected = UInt32(crc32_z(uLong(seed), slice.baseAddress, slice.count))
        guard let base = slice.baseAddress else { return }
        #expect(commlens_crc32(seed, base, slice.count) == expected, "length \(length)")
        #expect(commlens_crc32_portable(seed, base, slice.count) == expected, "length \(length)")
      }
    }
  }

  @Test func joinsTwoPartsWithoutLookingAtThemAgain() {
    let bytes = GzipFixture.noise(bytes: 3000, seed: 3)
    for cut in [0, 1, 63, 64, 1500, 2999, 3000] {
      var head = Checksum()
      var tail = Checksum()
      bytes[..<cut].withUnsafeBytes { head.update($0) }
      bytes[cut...].withUnsafeBytes { tail.update($0) }
      head.append(tail)
      #expect(head == Checksum(value: GzipFixture.crc(bytes), bytes: 3000), "cut \(cut)")
    }
  }

  @Test func comparesTheLengthModuloTwoToThe32() {
    let long = Checksum(value: 7, bytes: 1 << 32 + 5)
    #expect(long.matches(crc: 7, length: 5))
    #expect(!long.matches(crc: 7, length: 6))
    #expect(!long.matches(crc: 8, length: 5))
    #expect(Checksum(value: 0, bytes: 10 << 30).matches(crc: 0, length: 2 << 30))
    #expect(Checksum(value: 0, bytes: 1 << 32 - 1).matches(crc: 0, length: .max))
  }
}
