// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import CollectiveTrace

@Suite struct JSONCursorTests {
  /// Lends a cursor over text that stands alone in memory.
  private func read<Result>(_ json: String, _ body: (inout JSONCursor) -> Result) -> Result {
    let bytes = Array(json.utf8)
    let text = UnsafeMutableRawPointer.allocate(
      byteCount: bytes.count + 1, alignment: 1)
    defer { unsafe text.deallocate() }
    for (offset, byte) in bytes.enumerated() {
      unsafe text.storeBytes(of: byte, toByteOffset: offset, as: UInt8.self)
    }
    var cursor = unsafe JSONCursor(UnsafeRawPointer(text), from: 0, to: bytes.count)
    return body(&cursor)
  }

  @Test func keysAreFoundAndTheRestIsSkipped() {
    read(#"{ "a" : [1, {"rank": 9}, "]}\""], "rank":3,"ts": 12.3456, "x":null}"#) { cursor in
      var rank: Int64?
      var time: Int64?
      _ = cursor.beginObject()
      while let key = cursor.nextKey() {
        if cursor.equals(key, "rank") {
          rank = cursor.integer()
        } else if cursor.equals(key, "ts") {
          time = cursor.thousandths()
        } else {
          cursor.skipValue()
        }
      }
      #expect(rank == 3)
      #expect(time == 12_345)
      #expect(cursor.state == .valid)
      #expect(cursor.position == cursor.end)
    }
  }

  @Test(arguments: [
    ("12", 12_000), ("12.3", 12_300), ("-0.5", -500),
    ("1682725898236567", 1_682_725_898_236_567_000),
    ("1.5e3", 1_500_000), ("\"7.25\"", 7250), ("0.0009", 0), ("1.05", 1050), ("1.0059", 1005),
    ("8999999999999999.999", 8_999_999_999_999_999_999),
    ("9000000000000000.001", 9_000_000_000_000_000_001),
    ("9223372036854775.807", Int.max), ("00000000000000000012.5", 12_500),
  ])
  func microsecondsBecomeWholeNanoseconds(text: String, nanoseconds: Int) {
    let value = read(text + " ") { cursor in cursor.thousandths() }
    #expect(value == Int64(nanoseconds))
  }

  @Test(arguments: ["9223372036854775.808", "9999999999999999", "12345678901234567.5", "-"])
  func timesThatNoIntegerHoldsAreNil(text: String) {
    let value = read(text + " ") { cursor in cursor.thousandths() }
    #expect(value == nil)
  }

  @Test(arguments: 1...19)
  func wholeNumbersOfEveryLengthAreExact(digits: Int) {
    let text = String("9223372036854775807".prefix(digits))
    for end in [",", "}", "]", " ", "\n"] {
      let value = read(text + end) { cursor in cursor.integer() }
      #expect(value == Int64(text))
    }
    // At the end of a window, more digits may follow.
    read(text) { cursor in
      #expect(cursor.integer() == nil)
      #expect(cursor.state == .incomplete)
    }
  }

  @Test(arguments: 0...40)
  func stringsEndAtTheirQuoteAtAnyDistance(length: Int) {
    for start in 0..<max(length, 1) {
      var text = String(repeating: "a", count: length)
      if length > 1, start < length - 1 {
        let index = text.index(text.startIndex, offsetBy: start)
        text.replaceSubrange(index...text.index(after: index), with: "\\\"")
      }
      read("\"\(text)\"") { cursor in #expect(cursor.string() == 1..<length + 1) }
      read("\"\(text)") { cursor in
        #expect(cursor.string() == nil)
        #expect(cursor.state == .incomplete)
      }
    }
  }

  @Test(arguments: ["NaN", "\"nan\"", "null", "99999999999999999999", "[1]", "true", "-", "1.2.3"])
  func whatIsNoNumberIsNilAndTheTextGoesOn(text: String) {
    read("[" + text + ", 5]") { cursor in
      var values: [Int64?] = []
      _ = cursor.beginArray()
      while cursor.nextValue() { values.append(cursor.integer()) }
      #expect(values == [nil, 5])
      #expect(cursor.state == .valid)
    }
  }

  @Test(arguments: ["{\"a\": $}", "[\u{1}]", "[1, #]", "{*}", "$"])
  func aByteThatBeginsNoValueEndsTheSkipping(text: String) {
    read(text) { cursor in
      cursor.skipValue()
      #expect(cursor.state == .malformed)
    }
  }

  @Test func everyCutOfARecordIsIncompleteAndNotMalformed() {
    let text = #"{"a": [1, {"b": "x\"y"}], "c": -1.5, "d": true}"#
    for count in 0..<text.utf8.count {
      read(String(text.prefix(count))) { cursor in
        cursor.skipValue()
        #expect(cursor.state == .incomplete, "cut after \(count) bytes")
      }
    }
    read(text) { cursor in
      cursor.skipValue()
      #expect(cursor.state == .valid)
    }
  }

  @Test(arguments: ["}", "[}", "{]x", "@", "[1;2]", "{\"a\" 1}", "{a:1}"])
  func whatCanNeverBecomeJSONIsMalformedOrSkippedWithoutATrap(text: String) {
    read(text + "          ") { cursor in
      if cursor.peek() == 0x7B {
        _ = cursor.beginObject()
        while cursor.nextKey() != nil { cursor.skipValue() }
      } else {
        cursor.skipValue()
      }
      #expect(cursor.position <= cursor.end)
    }
  }

  @Test func nestingBeyondTheLimitIsRefusedAndBelowItIsNot() {
    let limit = JSONCursor.maximumDepth
    for (depth, state) in [(limit, JSONCursor.State.valid), (limit + 1, .malformed)] {
      let text = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
      read(text) { cursor in
        cursor.skipValue()
        #expect(cursor.state == state)
      }
    }
  }

  @Test(arguments: [
    (#"a\nb"#, "a\nb"), (#"\u00e9"#, "é"), (#"\ud83d\ude00"#, "😀"), (#"\ud83d"#, "\u{FFFD}"),
    (#"C:\x"#, #"C:\x"#), (#"\u12"#, #"\u12"#),
  ])
  func escapesAreResolvedAndBrokenOnesKept(escaped: String, text: String) {
    let value = read("\"" + escaped + "\"") { cursor in
      cursor.string().map { cursor.text($0) }
    }
    #expect(value == text)
  }
}
