// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import CollectiveTrace

/// Documents of flat objects, as a report is read back.
@Suite struct JSONRecordsTests {
  private static func read(
    _ text: String, _ keys: [String: Set<String>]
  ) throws -> JSONRecords { try JSONRecords(Array(text.utf8), keys: keys) }

  @Test func keepsWhatIsAskedForAndSkipsTheRest() throws {
    let document = try Self.read(
      """
      {"a": 1, "skip": {"deep": [[{}]]}, "o": {"x": "é", "y": null, "z": ["p", "q"]},
       "t": [{"x": true, "y": -1.5}, {"x": false, "y": 2}, 7], "unknown": "}"}
      """, ["a": [], "o": [], "t": ["x"]])
    #expect(document.members == ["a": .unsigned(1)])
    #expect(document.objects["o"] == ["x": .text("é"), "y": .null, "z": .texts(["p", "q"])])
    #expect(document.tables["t"] == [["x": .boolean(true)], ["x": .boolean(false)]])
  }

  @Test(arguments: [
    ("18446744073709551615", JSONRecords.Value.unsigned(.max)),
    ("9007199254740993", .unsigned(9_007_199_254_740_993)), ("0", .unsigned(0)),
    ("-1", .number(-1)), ("1.5", .number(1.5)),
    ("18446744073709551616", .number(18446744073709551616)),
    ("NaN", .null), ("{}", .other), ("[1]", .other), ("[]", .texts([])), ("\"\"", .text("")),
  ])
  func wholeNumbersStayExact(text: String, value: JSONRecords.Value) throws {
    let document = try Self.read("{\"o\": {\"v\": \(text)}}", ["o": []])
    #expect(document.objects["o"]?["v"] == value)
  }

  @Test(arguments: [
    ("", "is empty"), ("{\"a\": ", "ends before"), ("{\"a\": [{\"b\": 1}", "ends before"),
    ("[]", "is not JSON"), ("nonsense", "is not JSON"), ("{\"a\": 1]", "is not JSON"),
  ])
  func whatIsNoDocumentIsAnError(text: String, part: String) {
    let error = #expect(throws: JSONRecords.ReadError.self) { try Self.read(text, ["a": []]) }
    #expect(error?.reason.contains(part) ?? false, "\(error?.reason ?? "")")
  }

  @Test func everyCutOfADocumentIsAnErrorAndNeverATrap() {
    let text =
      "{\"o\": {\"x\": [\"a\", \"\\u00e9\"]}, \"t\": [{\"x\": 12}, {\"x\": {}}], \"m\": true}"
    let bytes = Array(text.utf8)
    let keys: [String: Set<String>] = ["o": [], "t": [], "m": []]
    for count in 0..<bytes.count {
      #expect(throws: JSONRecords.ReadError.self) {
        try JSONRecords(Array(bytes.prefix(count)), keys: keys)
      }
    }
    for place in bytes.indices {
      for byte in [UInt8(0), 0x22, 0x5D, 0x7B, 0xFF] {
        var changed = bytes
        changed[place] = byte
        _ = try? JSONRecords(changed, keys: keys)
      }
    }
  }

  @Test func depthIsBoundedOnBothSides() throws {
    func nested(_ depth: Int) -> String {
      "{\"a\": " + String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + "}"
    }
    _ = try Self.read(nested(128), [:])
    #expect(throws: JSONRecords.ReadError.self) { try Self.read(nested(129), [:]) }
  }

  @Test func aFileThatIsNotThereIsMissingAndAFolderIsNoFile() throws {
    for path in ["/nonexistent/summary.json", FileManager.default.temporaryDirectory.path()] {
      let error = #expect(throws: JSONRecords.ReadError.self) {
        try JSONRecords.read(path: path, keys: [:])
      }
      #expect(error?.isMissing == true)
    }
  }

  @Test func rowsAndBytesAreBoundedOnBothSides() throws {
    let bytes = Array("{\"t\": [{\"x\": 1}, {\"x\": 2}]}".utf8)
    #expect(
      try JSONRecords(bytes, keys: ["t": []], maximumRecords: 2).tables["t"]?.count == 2)
    let error = #expect(throws: JSONRecords.ReadError.self) {
      try JSONRecords(bytes, keys: ["t": []], maximumRecords: 1)
    }
    #expect(error?.reason == "has more than 1 rows of t")
    let file = FileManager.default.temporaryDirectory.appending(path: "records-\(UUID()).json")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data(bytes).write(to: file)
    let path = file.path(percentEncoded: false)
    #expect(try JSONRecords.content(of: path, maximumBytes: bytes.count) == bytes)
    #expect(throws: JSONRecords.ReadError.self) {
      try JSONRecords.content(of: path, maximumBytes: bytes.count - 1)
    }
  }
}
