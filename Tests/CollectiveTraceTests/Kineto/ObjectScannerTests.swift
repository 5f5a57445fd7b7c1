// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import CollectiveTrace

@Suite struct ObjectScannerTests {
  private func scan(_ text: String, from start: Int = 0) -> ObjectScanner.Result {
    let bytes = Array(text.utf8)
    let padded = bytes + [UInt8](repeating: 0x7D, count: 64)
    return padded.withUnsafeBytes { buffer in
      guard let base = buffer.baseAddress else { return .incomplete }
      return unsafe ObjectScanner.endOfObject(base, from: start, to: bytes.count)
    }
  }

  /// One byte at a time, the way the grammar says.
  private func slowEnd(_ text: String) -> Int? {
    var depth = 0
    var isInString = false
    var isEscaped = false
    for (offset, byte) in text.utf8.enumerated() {
      if isEscaped {
        isEscaped = false
      } else if isInString {
        if byte == 0x5C { isEscaped = true }
        if byte == 0x22 { isInString = false }
      } else if byte == 0x22 {
        isInString = true
      } else if byte == 0x7B {
        depth += 1
      } else if byte == 0x7D {
        depth -= 1
        if depth == 0 { return offset + 1 }
      }
    }
    return nil
  }

  @Test func theEndOfAnObjectIsFoundWhereverItFallsInABlock() {
    // Quotes, escapes and braces move through every place of a block, and over its ends.
    for padding in 0..<140 {
      let text =
        #"{"a": ""# + String(repeating: "x", count: padding)
        + #"\\\"}{", "b": {"y": [1, {"c": "}"}]}, "d": "\\"} , {"#
      #expect(scan(text) == slowEnd(text).map { .end($0) }, "padding \(padding)")
    }
  }

  @Test func everyCutOfAnObjectIsIncomplete() {
    let text =
      #"{"name": "a\\\"b {", "args": {"x": [1, 2], "t": true}, "long": "\#(String(repeating: "ab\\\\", count: 30))"}"#
    #expect(scan(text) == .end(text.utf8.count))
    for cut in 0..<text.utf8.count {
      #expect(scan(String(text.prefix(cut))) == .incomplete, "cut at \(cut)")
    }
  }

  @Test(arguments: [
    #"{"name": "a "quoted" word", "x": 1}"#,
    #"{"name": "missing quote, "x": 1}, {"ph": "X"}"#,
    #"{"path": "C:\dir\", "x": 1}, {"ph": "X"}"#,
  ])
  func aQuoteTooManyOrTooFewIsNoticed(text: String) {
    #expect(scan(text) == .broken)
  }

  @Test func nestingHasALimit() {
    func nested(_ depth: Int) -> String {
      String(repeating: "{\"a\":", count: depth) + "1" + String(repeating: "}", count: depth)
    }
    #expect(scan(nested(JSONCursor.maximumDepth)) == .end(nested(128).utf8.count))
    #expect(scan(nested(JSONCursor.maximumDepth + 1)) == .broken)
  }
}
