// SPDX-License-Identifier: Apache-2.0

/// Walks over the fields of one message in protocol buffers' wire format.
///
/// Only what is asked for is decoded. Every length is checked against the message's end.
struct WireCursor {
  /// A field's value.
  enum Value {
    case number(UInt64)
    /// Eight or four bytes, which nothing here needs.
    case fixed
    case bytes(Range<Int>)
  }

  private let text: TextCursor
  /// Offset of the next byte.
  private(set) var position: Int
  private let end: Int
  /// Whether the bytes so far are in order.
  private(set) var isValid = true

  /// Reads the bytes of a range.
  init(_ text: TextCursor, _ range: Range<Int>) {
    self.text = text
    position = range.lowerBound
    end = min(range.upperBound, text.end)
  }

  /// The next number of up to ten bytes; `nil` when it does not end.
  mutating func varint() -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      guard position < end else { return nil }
      let byte = text.byte(at: position)
      position += 1
      if shift == 63, byte > 1 { return nil }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    return nil
  }

  /// The next field; `nil` at the end, or where ``isValid`` says that the bytes make no sense.
  mutating func next() -> (field: UInt64, value: Value)? {
    guard isValid, position < end else { return nil }
    guard let key = varint(), key >> 3 > 0 else { return fail() }
    switch key & 7 {
    case 0:
      guard let value = varint() else { return fail() }
      return (key >> 3, .number(value))
    case 2:
      guard let length = varint(), length <= UInt64(end - position) else { return fail() }
      let range = position..<position + Int(length)
      position = range.upperBound
      return (key >> 3, .bytes(range))
    case 1, 5:
      let length = key & 7 == 1 ? 8 : 4
      guard length <= end - position else { return fail() }
      position += length
      return (key >> 3, .fixed)
    default: return fail()
    }
  }

  private mutating func fail() -> (field: UInt64, value: Value)? {
    isValid = false
    return nil
  }
}
