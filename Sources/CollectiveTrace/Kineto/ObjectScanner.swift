// SPDX-License-Identifier: Apache-2.0

internal import CCRC32

/// Finds the end of a JSON object without reading what is in it, 64 bytes at a time.
///
/// Most events of a profiler's trace are of no interest; all that has to be known about them is
/// where they end. Quotes, backslashes and braces become bit masks, the quotes' running parity
/// tells what is inside a string (simdjson's method, Langdale and Lemire 2019), and only braces
/// outside of strings are looked at one by one.
enum ObjectScanner {
  /// What was found.
  enum Result: Equatable {
    /// The offset after the closing brace.
    case end(Int)
    /// The text ends inside the object.
    case incomplete
    /// A string is followed by a letter or the nesting is too deep: not JSON from there on.
    ///
    /// A missing or unescaped quote turns strings inside out; the next key is then outside of
    /// every string, so that damage is found within a few bytes of where it is.
    case broken
  }

  /// Finds the end of the object whose brace stands at `start`.
  ///
  /// - Precondition: 64 bytes after `end` are readable.
  @inline(never)
  static func endOfObject(_ base: UnsafeRawPointer, from start: Int, to end: Int) -> Result {
    var offset = start
    var depth = 0
    // All ones while a string is open, as the parity of a block begins with.
    var stringMask: UInt64 = 0
    var escapesFirst: UInt64 = 0
    var followsQuote: UInt64 = 0
    while offset < end {
      let block = unsafe commlens_masks(base + offset)
      let valid = end - offset >= 64 ? UInt64.max : (1 << UInt64(end - offset)) &- 1
      var quotes = block.quotes
      let backslashes = block.backslashes
      if backslashes | escapesFirst != 0 {
        quotes &= ~escaped(by: backslashes, &escapesFirst)
      }
      let inside = parity(quotes) ^ stringMask
      stringMask = UInt64(bitPattern: Int64(bitPattern: inside) >> 63)
      let closing = quotes & ~inside
      let followers = closing << 1 | followsQuote
      followsQuote = closing >> 63
      let broken = followers & block.letters & valid
      var braces = block.braces & ~inside & valid
      while braces != 0 {
        let bit = braces.trailingZeroBitCount
        braces &= braces &- 1
        let brace = unsafe base.load(fromByteOffset: offset + bit, as: UInt8.self)
        if brace == 0x7B {
          depth += 1
          if depth > JSONCursor.maximumDepth { return .broken }
        } else if brace == 0x7D {
          depth -= 1
          if depth == 0 {
            return broken & ((1 << UInt64(bit)) &- 1) == 0 ? .end(offset + bit + 1) : .broken
          }
        }
      }
      if broken != 0 { return .broken }
      offset += 64
    }
    return .incomplete
  }

  /// The bytes that a backslash before them escapes.
  private static func escaped(by backslashes: UInt64, _ carry: inout UInt64) -> UInt64 {
    var escaped = carry
    carry = 0
    var left = backslashes & ~escaped
    while left != 0 {
      let bit = UInt64(left.trailingZeroBitCount)
      if bit == 63 {
        carry = 1
        break
      }
      escaped |= 2 << bit
      left &= ~(3 << bit)
    }
    return escaped
  }

  /// Bit *n* is the parity of bits 0 to *n*: ones from an opening quote to before the closing one.
  @inline(__always)
  private static func parity(_ bits: UInt64) -> UInt64 {
    var bits = bits
    bits ^= bits << 1
    bits ^= bits << 2
    bits ^= bits << 4
    bits ^= bits << 8
    bits ^= bits << 16
    bits ^= bits << 32
    return bits
  }
}
