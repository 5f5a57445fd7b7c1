// SPDX-License-Identifier: Apache-2.0

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
      let block = unsafe Block(base + offset)
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

  /// The interesting bytes of 64, one bit each.
  private struct Block {
    var quotes: UInt64 = 0
    var backslashes: UInt64 = 0
    /// Braces, and bytes that only differ from them in two bits (`y` and DEL).
    var braces: UInt64 = 0
    /// ASCII letters.
    var letters: UInt64 = 0

    private typealias Bytes = SIMD16<UInt8>

    @inline(__always)
    init(_ base: UnsafeRawPointer) {
      let bytes0 = unsafe base.loadUnaligned(fromByteOffset: 0, as: Bytes.self)
      let bytes1 = unsafe base.loadUnaligned(fromByteOffset: 16, as: Bytes.self)
      let bytes2 = unsafe base.loadUnaligned(fromByteOffset: 32, as: Bytes.self)
      let bytes3 = unsafe base.loadUnaligned(fromByteOffset: 48, as: Bytes.self)
      // Spelled out: an operand that is a single number makes Swift go lane by lane.
      let quote = Bytes(repeating: 0x22)
      let backslash = Bytes(repeating: 0x5C)
      let braceBits = Bytes(repeating: 0x06)
      let brace = Bytes(repeating: 0x7F)
      quotes = Self.bits(
        bytes0 .== quote, bytes1 .== quote, bytes2 .== quote, bytes3 .== quote)
      braces = Self.bits(
        (bytes0 | braceBits) .== brace, (bytes1 | braceBits) .== brace,
        (bytes2 | braceBits) .== brace,
        (bytes3 | braceBits) .== brace)
      letters = Self.bits(
        Self.areLetters(bytes0), Self.areLetters(bytes1), Self.areLetters(bytes2),
        Self.areLetters(bytes3))
      // Rare enough for a look before the work.
      let (a, b) = (bytes0 .== backslash, bytes1 .== backslash)
      let (c, d) = (bytes2 .== backslash, bytes3 .== backslash)
      let any = unsafe unsafeBitCast((a .| b) .| (c .| d), to: SIMD2<UInt64>.self)
      if any[0] | any[1] != 0 { backslashes = Self.bits(a, b, c, d) }
    }

    @inline(__always)
    private static func areLetters(_ bytes: Bytes) -> SIMDMask<SIMD16<Int8>> {
      ((bytes | Bytes(repeating: 0x20)) &- Bytes(repeating: 0x61)) .< Bytes(repeating: 26)
    }

    @inline(__always)
    private static func bits(
      _ a: SIMDMask<SIMD16<Int8>>, _ b: SIMDMask<SIMD16<Int8>>, _ c: SIMDMask<SIMD16<Int8>>,
      _ d: SIMDMask<SIMD16<Int8>>
    ) -> UInt64 {
      bits(a) | bits(b) << 16 | bits(c) << 32 | bits(d) << 48
    }

    /// One bit per lane that is true.
    @inline(__always)
    private static func bits(_ mask: SIMDMask<SIMD16<Int8>>) -> UInt64 {
      let weights = Bytes(1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128)
      // `replacing(with:where:)` would go lane by lane.
      let weighted = unsafe unsafeBitCast(mask, to: Bytes.self) & weights
      let words = unsafe unsafeBitCast(weighted, to: SIMD2<UInt64>.self)
      // Each weight occurs once in a word, so that the sum of its bytes is their union.
      let low = (words[0] &* 0x0101_0101_0101_0101) >> 56
      let high = (words[1] &* 0x0101_0101_0101_0101) >> 56
      return low | high << 8
    }
  }
}
