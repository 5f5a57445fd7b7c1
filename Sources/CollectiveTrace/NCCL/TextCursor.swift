// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// A bounded reader over the bytes of one line.
///
/// Every accessor checks its bounds and returns an optional; numbers that overflow are `nil`. A
/// cursor lives inside the call that was lent the bytes and is never stored.
@safe
struct TextCursor {
  private let base: UnsafeRawPointer
  /// Offset of the next byte.
  var position: Int
  /// Offset after the last byte.
  let end: Int

  /// Reads `base[start..<end]`.
  init(_ base: UnsafeRawPointer, from start: Int, to end: Int) {
    unsafe self.base = unsafe base
    position = start
    self.end = max(start, end)
  }

  /// Whether everything was read.
  var isAtEnd: Bool { position >= end }
  /// Bytes left.
  var remaining: Int { end - position }

  /// The byte at an absolute offset, or 0 outside the line.
  @inline(__always)
  func byte(at offset: Int) -> UInt8 {
    guard offset >= 0, offset < end else { return 0 }
    return unsafe base.load(fromByteOffset: offset, as: UInt8.self)
  }

  /// The next byte, or 0 at the end.
  @inline(__always)
  var next: UInt8 { byte(at: position) }

  /// Reads exactly this text, or nothing.
  @inline(__always)
  mutating func skip(_ text: StaticString) -> Bool {
    guard starts(with: text) else { return false }
    position += text.utf8CodeUnitCount
    return true
  }

  /// Whether this text comes next.
  @inline(__always)
  func starts(with text: StaticString) -> Bool {
    let count = text.utf8CodeUnitCount
    guard count <= end - position else { return false }
    let start = unsafe text.utf8Start
    for index in 0..<count where unsafe start[index] != byte(at: position + index) {
      return false
    }
    return true
  }

  /// The offset of this text at or after `start`, or `nil`.
  func find(_ text: StaticString, from start: Int? = nil) -> Int? {
    let count = text.utf8CodeUnitCount
    var offset = start ?? position
    while offset >= 0, offset + count <= end,
      let found = unsafe memchr(
        base + offset, Int32(text.utf8Start[0]), end - count + 1 - offset)
    {
      if unsafe memcmp(found, text.utf8Start, count) == 0 {
        return unsafe UnsafeRawPointer(found) - base
      }
      offset = unsafe UnsafeRawPointer(found) - base + 1
    }
    return nil
  }

  /// Reads decimal digits.
  @inline(__always)
  mutating func decimal() -> UInt64? {
    var value: UInt64 = 0
    var offset = position
    while offset < end {
      let digit = byte(at: offset) &- 0x30
      guard digit < 10 else { break }
      let product = value.multipliedReportingOverflow(by: 10)
      let sum = product.partialValue.addingReportingOverflow(UInt64(digit))
      if product.overflow || sum.overflow { return nil }
      value = sum.partialValue
      offset += 1
    }
    guard offset > position else { return nil }
    position = offset
    return value
  }

  /// Reads decimal digits with an optional minus sign.
  mutating func signed() -> Int? {
    let start = position
    let isNegative = skip("-")
    guard let magnitude = decimal(), magnitude <= UInt64(Int.max) else {
      position = start
      return nil
    }
    return isNegative ? -Int(magnitude) : Int(magnitude)
  }

  /// Reads lower-case hexadecimal digits, at most 16.
  @inline(__always)
  mutating func hex() -> UInt64? {
    var value: UInt64 = 0
    var offset = position
    while offset < end {
      let character = byte(at: offset)
      let digit: UInt8
      if character &- 0x30 < 10 {
        digit = character &- 0x30
      } else if character &- 0x61 < 6 {
        digit = character &- 0x61 + 10
      } else {
        break
      }
      if value >> 60 != 0 { return nil }
      value = value << 4 | UInt64(digit)
      offset += 1
    }
    guard offset > position else { return nil }
    position = offset
    return value
  }

  /// Reads what `%p` prints: `0x` and hexadecimal digits, `(nil)`, or `0`.
  @inline(__always)
  mutating func pointer() -> UInt64? {
    if skip("0x") {
      guard let value = hex() else { return nil }
      return value
    }
    if skip("(nil)") { return 0 }
    return skip("0") ? 0 : nil
  }

  /// A cursor over a part of these bytes.
  func part(from start: Int, to stop: Int) -> TextCursor {
    let first = min(max(start, 0), end)
    return unsafe TextCursor(base, from: first, to: min(max(stop, first), end))
  }

  /// The decimal number right before the first such text.
  func number(before text: StaticString) -> Int? {
    guard let found = find(text) else { return nil }
    var start = found
    while start > position, byte(at: start - 1) &- 0x30 < 10 { start -= 1 }
    var digits = self
    digits.position = start
    return digits.decimal().map { Int(clamping: $0) }
  }

  /// Reads a decimal number with an optional fraction.
  mutating func fraction() -> Double? {
    guard let whole = decimal() else { return nil }
    var value = Double(whole)
    guard next == 0x2E else { return value }
    position += 1
    var scale = 0.1
    while next &- 0x30 < 10, position < end {
      value += Double(next &- 0x30) * scale
      scale /= 10
      position += 1
    }
    return value
  }

  /// Skips blanks.
  mutating func skipBlanks() {
    while next == 0x20 || next == 0x09 { position += 1 }
  }

  /// Skips blanks and ends of lines.
  mutating func skipSpace() {
    while next == 0x20 || next == 0x09 || next == 0x0A || next == 0x0D { position += 1 }
  }

  /// Lends the bytes that are left.
  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    unsafe body(UnsafeRawBufferPointer(start: base + position, count: max(0, end - position)))
  }

  /// The text from one offset to another, at most `limit` bytes, repaired to valid UTF-8.
  func text(from start: Int, to stop: Int, limit: Int = 400) -> String {
    let stop = min(max(stop, start), end, start + limit)
    guard start >= 0, start < stop else { return "" }
    return unsafe String(
      decoding: UnsafeRawBufferPointer(start: base + start, count: stop - start), as: UTF8.self)
  }
}
