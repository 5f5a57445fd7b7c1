// SPDX-License-Identifier: Apache-2.0

/// The buffers of an all-gather, as the text of their addresses.
///
/// Two lines are compared digit by digit, eight at a time: the loop over lines need not convert
/// addresses that it only compares.
struct GatherBuffers: BitwiseCopyable, Equatable {
  /// Digits 1 to 8 and 5 to 12 of the send buffer's address, then of the receive buffer's; zero
  /// for `(nil)`.
  private var words: SIMD4<UInt64> = .zero

  init() {}

  /// Takes the text of two addresses, each `0x` and 12 digits or, at any other length, `(nil)`.
  @inline(__always)
  init(
    send: UnsafeRawPointer, _ sendLength: Int, receive: UnsafeRawPointer, _ receiveLength: Int
  ) {
    if sendLength == 14 {
      words[0] = unsafe LineMemo.load(send, 2)
      words[1] = unsafe LineMemo.load(send, 6)
    }
    if receiveLength == 14 {
      words[2] = unsafe LineMemo.load(receive, 2)
      words[3] = unsafe LineMemo.load(receive, 6)
    }
  }

  /// Takes two addresses that were read as numbers.
  init(send: UInt64, receive: UInt64) {
    (words[0], words[1]) = Self.digits(send)
    (words[2], words[3]) = Self.digits(receive)
  }

  /// What the text of an address would load as.
  private static func digits(_ address: UInt64) -> (UInt64, UInt64) {
    guard address > 0 else { return (0, 0) }
    // No text loads as 1, so longer addresses equal only themselves.
    guard address >> 48 == 0 else { return (address, 1) }
    var first: UInt64 = 0
    var last: UInt64 = 0
    for place in 0..<12 {
      let nibble = address >> UInt64(44 - 4 * place) & 0xF
      let digit = nibble < 10 ? nibble + 0x30 : nibble + 0x57
      if place < 8 { first |= digit << UInt64(8 * place) }
      if place >= 4 { last |= digit << UInt64(8 * (place - 4)) }
    }
    return (first, last)
  }
}

/// The last all-gather of a lane, to see whether the next one repeats it.
struct LastGather: BitwiseCopyable {
  private var buffers = GatherBuffers()
  private var row: Int32 = -1
  /// Equal ones right before it.
  private var run: Int32 = 0
  /// Length of the lane's sequence right after it.
  private var position = -1

  /// Notes an all-gather that becomes the call after `position` others.
  ///
  /// - Returns: What to add to the repeated calls of its row: 1 for the second of a pair; a third
  ///   one shows that the second was no slip, and takes that back.
  @inline(__always)
  mutating func note(
    row: Int32, buffers: GatherBuffers, position: Int, isAlone: Bool
  ) -> Int {
    let isRepeat =
      self.position == position && self.row == row && isAlone && self.buffers == buffers
    run = isRepeat ? min(run, 2) + 1 : 0
    self.position = position + 1
    self.row = row
    self.buffers = buffers
    return run == 1 ? 1 : run == 2 ? -1 : 0
  }
}
