// SPDX-License-Identifier: Apache-2.0

internal import CCRC32
internal import Glibc

/// Walks over JSON text in place: no tree, no copy, no recursion.
///
/// The caller knows which keys it wants and skips the rest. Strings are ranges of the text, still
/// escaped; only one that is kept is decoded. The first thing that is wrong sets ``state``, after
/// which every call fails, so that a caller checks once at the end of a record.
///
///     guard cursor.beginObject() else { ... }
///     while let key = cursor.nextKey() {
///       if cursor.equals(key, "rank") { rank = cursor.integer() } else { cursor.skipValue() }
///     }
@safe
struct JSONCursor {
  /// Whether the text so far is in order.
  enum State {
    case valid
    /// The text ends inside a value: with more of it, it may become valid.
    case incomplete
    /// Not JSON, however it goes on.
    case malformed
  }

  /// Most arrays and objects inside each other that are skipped.
  static let maximumDepth = 128

  private let base: UnsafeRawPointer
  /// Offset of the next byte.
  var position: Int
  /// Offset after the last byte.
  let end: Int
  /// Whether the text so far is in order.
  private(set) var state = State.valid

  /// Reads `base[start..<end]`.
  init(_ base: UnsafeRawPointer, from start: Int, to end: Int) {
    unsafe self.base = unsafe base
    position = start
    self.end = max(start, end)
  }

  /// The byte at an offset of the text, or 0 outside.
  @inline(__always)
  func byte(at offset: Int) -> UInt8 {
    guard offset >= 0, offset < end else { return 0 }
    return unsafe base.load(fromByteOffset: offset, as: UInt8.self)
  }

  /// Eight bytes of the text, the first lowest, or 0 where there are not as many.
  @inline(__always)
  func word(at offset: Int) -> UInt64 {
    guard offset >= 0, offset + 8 <= end else { return 0 }
    return unsafe base.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
  }

  /// The next byte after white space, or `nil` at the end.
  @inline(__always)
  mutating func peek() -> UInt8? {
    position = afterBlank(position)
    return position < end ? unsafe base.load(fromByteOffset: position, as: UInt8.self) : nil
  }

  /// The offset of the first byte at or after this one that is no white space, or the end.
  @inline(__always)
  private func afterBlank(_ start: Int) -> Int {
    var offset = start
    while offset < end {
      let next = unsafe base.load(fromByteOffset: offset, as: UInt8.self)
      guard next <= 0x20, Self.isBlank(next) else { break }
      offset += 1
    }
    return offset
  }

  @inline(__always)
  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
  }

  private mutating func fail() { if state == .valid { state = .malformed } }
  private mutating func runOut() { if state == .valid { state = .incomplete } }

  // MARK: - Structure

  /// Enters an object.
  @inline(__always)
  mutating func beginObject() -> Bool { begin(0x7B) }

  /// Enters an array.
  @inline(__always)
  mutating func beginArray() -> Bool { begin(0x5B) }

  @inline(__always)
  private mutating func begin(_ bracket: UInt8) -> Bool {
    guard state == .valid else { return false }
    guard let next = peek() else {
      runOut()
      return false
    }
    guard next == bracket else {
      fail()
      return false
    }
    position += 1
    return true
  }

  /// The next key of the object that was entered, or `nil` after its end.
  ///
  /// The cursor stands before the key's value.
  @inline(__always)
  mutating func nextKey() -> Range<Int>? {
    guard nextElement(closing: 0x7D), let key = string() else { return nil }
    // Most often the next byte; the position is written once.
    let colon = afterBlank(position)
    guard colon < end else {
      runOut()
      return nil
    }
    guard byte(at: colon) == 0x3A else {
      fail()
      return nil
    }
    position = colon + 1
    return key
  }

  /// Whether the array that was entered has another value; the cursor stands before it.
  @inline(__always)
  mutating func nextValue() -> Bool { nextElement(closing: 0x5D) }

  @inline(__always)
  private mutating func nextElement(closing bracket: UInt8) -> Bool {
    guard state == .valid else { return false }
    guard let next = peek() else {
      runOut()
      return false
    }
    if next == bracket {
      position += 1
      return false
    }
    // A comma before the first value, or none between two, is let pass: recovery is worth more.
    if next == 0x2C {
      position += 1
      guard let value = peek() else {
        runOut()
        return false
      }
      // A trailing comma, as killed writers leave it.
      if value == bracket {
        position += 1
        return false
      }
    }
    return true
  }

  // MARK: - Values

  /// Reads a string; the range is its text between the quotes, escapes as they are.
  @inline(__always)
  mutating func string() -> Range<Int>? {
    guard state == .valid else { return nil }
    guard let quote = peek() else {
      runOut()
      return nil
    }
    guard quote == 0x22 else {
      fail()
      return nil
    }
    let start = position + 1
    guard let stop = endOfString(from: start) else {
      runOut()
      return nil
    }
    position = stop + 1
    return start..<stop
  }

  /// The offset of the quote that ends a string, 16 bytes at a time.
  @inline(__always)
  private func endOfString(from start: Int) -> Int? {
    var offset = start
    while true {
      if offset + 16 <= end {
        let found = unsafe commlens_string_ends(base + offset)
        guard found != 0 else {
          offset += 16
          continue
        }
        offset += found.trailingZeroBitCount
      }
      guard offset < end else { return nil }
      let next = unsafe base.load(fromByteOffset: offset, as: UInt8.self)
      if next == 0x22 { return offset }
      offset += next == 0x5C ? 2 : 1
    }
  }

  /// Reads a whole number, or one in a string (`"12"`); anything else is skipped and gives `nil`.
  ///
  /// A fraction or exponent that leaves no whole number gives `nil`.
  mutating func integer() -> Int64? {
    if let digits = digits() { return digits }
    return scalar().flatMap { Self.integer(in: self, $0) }
  }

  /// Reads a number of a few digits and nothing else, as most are, or stays where it is.
  @inline(__always)
  private mutating func digits() -> Int64? {
    guard state == .valid else { return nil }
    let start = afterBlank(position)
    guard let (value, offset) = digits(from: start, to: start + 18), offset < end,
      endsScalar(offset)
    else { return nil }
    position = offset
    return value
  }

  /// The value of the digits at an offset and where they end; `nil` when there is none.
  @inline(__always)
  private func digits(from start: Int, to limit: Int) -> (Int64, Int)? {
    let limit = min(limit, end)
    var offset = start
    var value: Int64 = 0
    while offset < limit {
      let digit = unsafe base.load(fromByteOffset: offset, as: UInt8.self) &- 0x30
      guard digit < 10 else { break }
      value = value &* 10 &+ Int64(digit)
      offset += 1
    }
    return offset > start ? (value, offset) : nil
  }

  /// Whether a byte can only stand after a number.
  @inline(__always)
  private func endsScalar(_ offset: Int) -> Bool {
    let next = byte(at: offset)
    return next == 0x2C || next == 0x7D || next == 0x5D || Self.isBlank(next)
  }

  /// Reads a number, or one in a string; anything else (`"nan"`, `null`) is skipped, `nil`.
  mutating func number() -> Double? {
    guard let range = scalar(), range.count <= 64, !range.isEmpty else { return nil }
    let value = Double(text(range))
    return value.flatMap { $0.isFinite ? $0 : nil }
  }

  /// Reads a decimal number of a unit as an integer of a thousandth of it: microseconds with a
  /// fraction as nanoseconds, exactly; digits beyond the third are cut off.
  mutating func thousandths() -> Int64? {
    if let thousandths = plainThousandths() { return thousandths }
    return scalar().flatMap { thousandths(in: $0) }
  }

  /// Reads what has at most 16 digits and then at most three, or stays where it is.
  @inline(__always)
  private mutating func plainThousandths() -> Int64? {
    guard state == .valid else { return nil }
    let start = afterBlank(position)
    guard var (value, offset) = digits(from: start, to: start + 16), value < 9_000_000_000_000_000
    else { return nil }
    value = value &* 1000
    if byte(at: offset) == 0x2E {
      guard let (part, stop) = digits(from: offset + 1, to: offset + 4) else { return nil }
      let missing = offset + 4 - stop
      value = value &+ (missing == 0 ? part : missing == 1 ? part &* 10 : part &* 100)
      offset = stop
    }
    guard offset < end, endsScalar(offset) else { return nil }
    position = offset
    return value
  }

  /// Skips a value and returns its text, a string's without the quotes.
  @inline(__always)
  private mutating func scalar() -> Range<Int>? {
    guard state == .valid else { return nil }
    guard let next = peek() else {
      runOut()
      return nil
    }
    if next == 0x22 { return string() }
    let start = position
    skipValue()
    return state == .valid ? start..<position : nil
  }

  private func thousandths(in text: Range<Int>) -> Int64? {
    var offset = text.lowerBound
    let isNegative = byte(at: offset) == 0x2D
    if isNegative { offset += 1 }
    let first = offset
    var value: Int64 = 0
    var digitsLeft = -1
    while offset < text.upperBound {
      let next = byte(at: offset)
      if next == 0x2E, digitsLeft < 0 {
        digitsLeft = 3
        offset += 1
        continue
      }
      let digit = next &- 0x30
      guard digit < 10 else {
        // An exponent: rare enough for the long way.
        let number = Double(self.text(text)).map { $0 * 1000 }
        return number.flatMap { $0.isFinite && abs($0) < 9e18 ? Int64($0) : nil }
      }
      if digitsLeft != 0 {
        let product = value.multipliedReportingOverflow(by: 10)
        let sum = product.partialValue.addingReportingOverflow(Int64(digit))
        if product.overflow || sum.overflow { return nil }
        value = sum.partialValue
        if digitsLeft > 0 { digitsLeft -= 1 }
      }
      offset += 1
    }
    guard offset > first else { return nil }
    for _ in 0..<(digitsLeft < 0 ? 3 : digitsLeft) {
      let product = value.multipliedReportingOverflow(by: 10)
      if product.overflow { return nil }
      value = product.partialValue
    }
    return isNegative ? -value : value
  }

  /// The whole number that a range of the text spells, in decimal or as `0x...`.
  static func integer(in cursor: JSONCursor, _ range: Range<Int>) -> Int64? {
    var text = unsafe TextCursor(cursor.base, from: range.lowerBound, to: range.upperBound)
    if text.skip("0x") {
      guard let value = text.hex(), text.isAtEnd else { return nil }
      return Int64(bitPattern: value)
    }
    guard let value = text.signed() else { return nil }
    if text.isAtEnd { return Int64(value) }
    // 1e3 and 12.0 are whole numbers too.
    let number = Double(cursor.text(range))
    return number.flatMap { Int64(exactly: $0) }
  }

  /// Skips exactly this text of an object or array, or nothing when another stands there.
  mutating func skip(_ text: [UInt8]) -> Bool {
    guard state == .valid, peek() != nil, text.count <= end - position else { return false }
    let isSame = unsafe text.withUnsafeBytes { bytes in
      guard let start = bytes.baseAddress else { return false }
      return unsafe memcmp(base + position, start, bytes.count) == 0
    }
    if isSame { position += text.count }
    return isSame
  }

  /// Skips a number of digits and nothing else, or nothing when something else stands there.
  @inline(__always)
  mutating func skipDigits() -> Bool {
    guard state == .valid else { return false }
    var offset = position
    while byte(at: offset) &- 0x30 < 10 { offset += 1 }
    guard offset > position, offset < end, endsScalar(offset) else { return false }
    position = offset
    return true
  }

  /// Skips a value of any kind, of at most ``maximumDepth`` levels.
  mutating func skipValue() {
    guard state == .valid else { return }
    if let next = peek(), next &- 0x30 < 10 || next == 0x2D { return skipScalar() }
    var depth = 0
    while true {
      guard let next = peek() else {
        runOut()
        return
      }
      switch next {
      case 0x22:
        guard let stop = endOfString(from: position + 1) else {
          runOut()
          return
        }
        position = stop + 1
      case 0x7B, 0x5B:
        depth += 1
        position += 1
        guard depth <= Self.maximumDepth else {
          fail()
          return
        }
      case 0x7D, 0x5D:
        guard depth > 0 else {
          fail()
          return
        }
        depth -= 1
        position += 1
      case 0x2C, 0x3A:
        guard depth > 0 else {
          fail()
          return
        }
        position += 1
      default:
        skipScalar()
      }
      if depth == 0 || state != .valid { return }
    }
  }

  /// Skips a number, `true`, `NaN` and the like.
  private mutating func skipScalar() {
    let start = position
    var offset = start
    while offset < end {
      let next = unsafe base.load(fromByteOffset: offset, as: UInt8.self)
      let isPart =
        next &- 0x30 < 10 || next == 0x2E || (next | 0x20) &- 0x61 < 26 || next == 0x2D
        || next == 0x2B || next == 0x5F
      guard isPart else { break }
      offset += 1
    }
    position = offset
    if position == start {
      fail()
    } else if position == end {
      // More digits may follow in the next window.
      runOut()
    }
  }

  // MARK: - Text

  /// Whether a range of the text is exactly this.
  @inline(__always)
  func equals(_ range: Range<Int>, _ text: StaticString) -> Bool {
    let count = text.utf8CodeUnitCount
    guard range.count == count, range.lowerBound >= 0, range.upperBound <= end else { return false }
    // Becomes a few comparisons of words, because the length is known.
    return unsafe memcmp(base + range.lowerBound, text.utf8Start, count) == 0
  }

  /// Whether a range of the text, as it is written, is exactly a text that was read before.
  ///
  /// Not called `equals`, because a literal would choose this one, which is slower.
  func repeats(_ range: Range<Int>, _ text: String) -> Bool {
    guard range.lowerBound >= 0, range.upperBound <= end else { return false }
    let isSame = unsafe text.utf8.withContiguousStorageIfAvailable { bytes in
      guard bytes.count == range.count, let start = bytes.baseAddress else { return false }
      return unsafe memcmp(base + range.lowerBound, start, bytes.count) == 0
    }
    return isSame ?? false
  }

  /// Whether a range of the text begins with this.
  @inline(__always)
  func hasPrefix(_ range: Range<Int>, _ text: StaticString) -> Bool {
    let count = text.utf8CodeUnitCount
    guard range.count >= count else { return false }
    return equals(range.lowerBound..<range.lowerBound + count, text)
  }

  /// Whether a range of the text ends with this.
  @inline(__always)
  func hasSuffix(_ range: Range<Int>, _ text: StaticString) -> Bool {
    let count = text.utf8CodeUnitCount
    guard range.count >= count else { return false }
    return equals(range.upperBound - count..<range.upperBound, text)
  }

  /// The bytes of a range, for a search or a hash.
  func withBytes<Result>(_ range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> Result) -> Result
  {
    let range = range.clamped(to: 0..<end)
    return unsafe body(UnsafeRawBufferPointer(start: base + range.lowerBound, count: range.count))
  }

  /// The text of a range with its escapes resolved, at most `limit` bytes of it.
  ///
  /// An escape that JSON does not have stays as it is; what is not UTF-8 becomes U+FFFD.
  func text(_ range: Range<Int>, limit: Int = 1 << 16) -> String {
    let stop = min(range.upperBound, end, range.lowerBound + limit)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(max(0, stop - range.lowerBound))
    var offset = range.lowerBound
    while offset < stop {
      let next = byte(at: offset)
      offset += 1
      guard next == 0x5C, offset < stop else {
        bytes.append(next)
        continue
      }
      let escape = byte(at: offset)
      offset += 1
      switch escape {
      case 0x22, 0x5C, 0x2F: bytes.append(escape)
      case 0x62: bytes.append(0x08)
      case 0x66: bytes.append(0x0C)
      case 0x6E: bytes.append(0x0A)
      case 0x72: bytes.append(0x0D)
      case 0x74: bytes.append(0x09)
      case 0x75:
        guard var scalar = hexQuad(at: offset, stop) else {
          bytes += [0x5C, 0x75]
          continue
        }
        offset += 4
        if scalar & 0xFC00 == 0xD800, byte(at: offset) == 0x5C, byte(at: offset + 1) == 0x75,
          let low = hexQuad(at: offset + 2, stop), low & 0xFC00 == 0xDC00
        {
          scalar = 0x10000 + (scalar & 0x3FF) << 10 + (low & 0x3FF)
          offset += 6
        }
        bytes += Array(String(Character(Unicode.Scalar(scalar) ?? "\u{FFFD}")).utf8)
      default: bytes += [0x5C, escape]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private func hexQuad(at offset: Int, _ stop: Int) -> UInt32? {
    guard offset + 4 <= stop else { return nil }
    var value: UInt32 = 0
    for index in 0..<4 {
      let character = byte(at: offset + index)
      let digit: UInt8
      if character &- 0x30 < 10 {
        digit = character &- 0x30
      } else if (character | 0x20) &- 0x61 < 6 {
        digit = (character | 0x20) &- 0x61 + 10
      } else {
        return nil
      }
      value = value << 4 | UInt32(digit)
    }
    return value
  }
}
