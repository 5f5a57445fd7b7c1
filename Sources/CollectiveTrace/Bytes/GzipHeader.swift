// SPDX-License-Identifier: Apache-2.0

internal import CCRC32

/// The header of a gzip member (RFC 1952), of which only the length matters here.
///
///     1f 8b 08 flags  mtime(4)  xfl os  [extra] [name 0] [comment 0] [crc16]
///
/// The name in it is untrusted and is never looked at.
enum GzipHeader {
  /// What the bytes at a place turned out to be.
  enum Outcome: Equatable {
    /// A header of this many bytes; the flag says whether its own checksum holds.
    case header(length: Int, checksumHolds: Bool)
    /// The bytes end inside the header.
    case incomplete
    /// Not a header.
    case invalid
  }

  /// How a header is read.
  struct Reading: Equatable {
    /// Flags to go by instead of those in the header, which may be damaged.
    var flags: UInt8?

    /// As it stands.
    static let asWritten = Reading(flags: nil)
    /// As most writers make it: no optional field (`gzip -n`, pipes), or a name only (`gzip FILE`).
    static let guesses = [Reading(flags: 0), Reading(flags: 0x08)]
  }

  /// The first bytes of every member: the magic, and deflate as the method.
  static let magic: [UInt8] = [0x1f, 0x8b, 0x08]
  /// The length without optional fields.
  static let shortest = 10
  /// The longest header that is accepted: optional fields could otherwise swallow the file.
  static let longest = 64 << 10

  /// Reads a header at the start of `bytes`.
  ///
  /// - Complexity: O(*n*) in the length of the header.
  static func parse(_ bytes: UnsafeRawBufferPointer, as reading: Reading) -> Outcome {
    let count = min(bytes.count, longest)
    let shortfall: Outcome = bytes.count >= longest ? .invalid : .incomplete
    let isGuess = reading.flags != nil
    if !isGuess {
      for index in 0..<min(count, magic.count) where unsafe bytes[index] != magic[index] {
        return .invalid
      }
    }
    guard count >= shortest else { return .incomplete }
    let flags = unsafe reading.flags ?? bytes[3]
    // Reserved bits "must be zero"; a decoder must not guess what they add.
    guard flags & 0xe0 == 0 else { return .invalid }
    var length = shortest
    if flags & 0x04 != 0 {
      guard length + 2 <= count else { return shortfall }
      length += unsafe 2 + Int(bytes[length]) + Int(bytes[length + 1]) << 8
      guard length <= count else { return length > longest ? .invalid : shortfall }
    }
    for flag: UInt8 in [0x08, 0x10] where flags & flag != 0 {
      while true {
        guard length < count else { return shortfall }
        length += 1
        if unsafe bytes[length - 1] == 0 { break }
      }
    }
    var checksumHolds = true
    if flags & 0x02 != 0 {
      guard length + 2 <= count else { return shortfall }
      var checksum = Checksum()
      unsafe checksum.update(UnsafeRawBufferPointer(rebasing: bytes[..<length]))
      let stored = unsafe UInt16(bytes[length]) | UInt16(bytes[length + 1]) << 8
      checksumHolds = UInt16(truncatingIfNeeded: checksum.value) == stored
      length += 2
    }
    return .header(length: length, checksumHolds: checksumHolds)
  }

  /// Whether every field of the fixed part has a value that a known writer gives it.
  ///
  /// Compressed data looks like a magic number once in 16 MiB; with this, once in 40 GiB.
  static func isTypical(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard bytes.count >= shortest else { return false }
    let extraFlags = unsafe bytes[8]
    let system = unsafe bytes[9]
    return unsafe bytes[3] & 0xe0 == 0 && [0, 2, 4].contains(extraFlags)
      && (system <= 13 || system == 255)
  }
}
