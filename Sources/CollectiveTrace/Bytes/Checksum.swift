// SPDX-License-Identifier: Apache-2.0

internal import CCRC32
internal import CZlib

/// A CRC-32 over a known number of bytes, which can be joined with that of the bytes after it.
struct Checksum: Sendable, Equatable {
  /// The finished CRC-32, as gzip stores it.
  private(set) var value: UInt32 = 0
  /// Bytes it covers.
  private(set) var bytes = 0

  /// Goes on over more bytes.
  mutating func update(_ buffer: UnsafeRawBufferPointer) {
    guard let start = buffer.baseAddress else { return }
    value = unsafe commlens_crc32(value, start.assumingMemoryBound(to: UInt8.self), buffer.count)
    bytes += buffer.count
  }

  /// Goes on over bytes that another checksum covers, without looking at them again.
  ///
  /// - Complexity: O(log *n*) in the number of bytes.
  mutating func append(_ next: Checksum) {
    guard next.bytes > 0 else { return }
    value = UInt32(
      truncatingIfNeeded: crc32_combine(uLong(value), uLong(next.value), next.bytes))
    bytes += next.bytes
  }

  /// Whether this is the CRC and length of a gzip trailer, whose length counts modulo 2^32.
  func matches(crc: UInt32, length: UInt32) -> Bool {
    value == crc && UInt32(truncatingIfNeeded: bytes) == length
  }
}
