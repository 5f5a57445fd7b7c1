// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Foundation
import TestSupport
import Testing
import TrafficAnalysis

@testable import TrafficReport

@Suite struct ComparisonReportTests {
  private static func keys() -> [String: Set<String>] {
    Dictionary(
      uniqueKeysWithValues: [
        "schema_version", "headline", "complete", "coverage", "traffic", "communicators", "links",
        "findings", "durations",
      ].map { ($0, Set<String>()) })
  }

  private static func readBack(_ text: [UInt8]) throws -> ComparedRun {
    try SummaryReader.run(JSONRecords(text, keys: keys()), label: "run")
  }

  @Test(arguments: SampleJob.all.map(\.name))
  func aReportReadBackIsTheRunThatWasWritten(name: String) throws {
    let summary = try #require(SampleJob.all.first { $0.name == name }?.summary)
    var expected = ComparedRun(label: "run", summary)
    var found = try Self.readBack(SummaryDocument.json(summary))
    // What a comparison does not look at is not read.
    expected.coverage.unmatchedBytes = 0
    found.coverage.unmatchedBytes = 0
    #expect(found == expected)
  }

  @Test func aReportOfAnotherVersionAnUnfinishedOneAndAForeignDocumentAreRefused() throws {
    let text = String(decoding: SummaryDocument.json(SampleJob.inference.summary()), as: UTF8.self)
    func reason(_ text: String) -> String {
      do {
        _ = try Self.readBack(Array(text.utf8))
        return "none"
      } catch let fault as SummaryReader.Fault {
        return fault.reason
      } catch { return "\(error)" }
    }
    #expect(reason(text) == "none")
    let newer = text.replacingOccurrences(
      of: "\"schema_version\": 1", with: "\"schema_version\": 2")
    #expect(reason(newer).contains("schema version 2"))
    let torn = text.replacingOccurrences(of: "\"complete\": true", with: "\"complete\": false")
    #expect(reason(torn).contains("not whole"))
    #expect(reason("{\"schema_version\": 1}").contains("is no summary"))
    let wrong = text.replacingOccurrences(of: "\"operations\": 160,", with: "\"operations\": -1,")
    #expect(reason(wrong).contains("operations in row"))
    let unknown = text.replacingOccurrences(of: "\"prefill\"", with: "\"later\"")
    #expect(reason(unknown).contains("phase in row"))
  }

  @Test(arguments: ["before-and-after", "strategies", "hostile-names"])
  func writesTheSameFilesAsRecorded(name: String) throws {
    let comparison = try #require(SampleComparison.all.first { $0.name == name }?.comparison)
    // A page repeats figures and tables; one of them is enough.
    for file in try ComparisonReport.files(comparison, gates: [ComparisonGate("tp.bytes>-50%")])
    where file.name != "report.html" || name == "before-and-after" {
      try expectGolden(file.bytes, "comparison/\(name)/\(file.name)")
    }
    try expectGolden(
      Array(ComparisonDigest.text(comparison, outputs: ["out"]).utf8),
      "comparison/\(name)/digest.txt")
    try expectGolden(
      Array(ComparisonDigest.markdown(comparison, outputs: ["out"]).utf8),
      "comparison/\(name)/digest.md")
  }

  @Test func describesTheColumnsAsRecorded() throws {
    try expectGolden(Array(Schema.text(Table.comparison).utf8), "comparison/schema.txt")
  }

  @Test func theTablesAreTheirColumnsAndEveryRowHasAllOfThem() throws {
    #expect(SampleComparison.all.count == 4)
    for (_, comparison) in SampleComparison.all {
      let files = ComparisonReport.files(comparison)
      for table in Table.comparison {
        let file = try #require(files.first { $0.name == table.fileName })
        let header = file.bytes.prefix { $0 != UInt8(ascii: "\n") }
        #expect(
          String(decoding: header, as: UTF8.self)
            == table.columns.map(\.name).joined(separator: ","))
      }
    }
  }

  @Test(arguments: SampleComparison.all.map(\.name))
  func theDigestFitsTheTerminalAndOneScreen(name: String) throws {
    let comparison = try #require(SampleComparison.all.first { $0.name == name }?.comparison)
    for width in [40, 60, 80, 100, 200] {
      let lines = ComparisonDigest.text(comparison, width: width).split(separator: "\n")
      #expect(lines.allSatisfy { $0.unicodeScalars.count <= width })
      if width == 100 { #expect(lines.count <= 60) }
    }
    let text = ComparisonDigest.text(comparison)
    #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || PlainText.isPrintable($0) })
  }

  @Test func ratiosAndDeltasFollowFromTheAmountsOfTheRows() throws {
    let comparison = try #require(
      SampleComparison.all.first { $0.name == "strategies" }?.comparison)
    let document = try JSONRecords(
      ComparisonReport.json(comparison), keys: ["comparison": []])
    let rows = try #require(document.tables["comparison"])
    #expect(rows.count == 3 * Set(comparison.classes.map(\.key)).count)
    func number(_ value: JSONRecords.Value?) -> Double? {
      switch value {
      case .unsigned(let value)?: Double(value)
      case .number(let value)?: value
      default: nil
      }
    }
    func key(_ row: JSONRecords.Record) -> String {
      ["dimension", "phase", "collective"].map { "\(row[$0] ?? .null)" }.joined()
    }
    let base = Dictionary(
      uniqueKeysWithValues: rows.filter { $0["run"] == .text("all of them") }.map { (key($0), $0) })
    for row in rows {
      let other = try #require(base[key(row)])
      let own = try #require(number(row["wire_bytes"]))
      let reference = try #require(number(other["wire_bytes"]))
      #expect(number(row["wire_bytes_delta"]) == own - reference)
      if reference == 0 {
        #expect(row["wire_bytes_ratio"] == .null)
      } else {
        let ratio = try #require(number(row["wire_bytes_ratio"]))
        #expect(abs(ratio - own / reference) < 1e-6)
      }
    }
  }

  @Test(arguments: [
    (UInt64(108), UInt64(10), "10.8 x"), (0, 10, "0 x"), (1, 100_000, "<0.001 x"),
    (15, 1000, "0.015 x"),
    (92, 100, "0.92 x"), (1000, 10, "100 x"), (9996, 10, "1,000 x"), (5, 0, ""),
  ])
  func factorsHaveTheDigitsThatMatter(own: UInt64, base: UInt64, text: String) {
    let ratio = base == 0 ? nil : Double(own) / Double(base)
    #expect(ComparisonText.times(ratio) == text)
  }

  @Test func everyObjectionIsASentenceWithBothNumbers() throws {
    let comparison = try #require(
      SampleComparison.all.first { $0.name == "before-and-after" }?.comparison)
    func text(_ gate: String) throws -> [String] {
      try ComparisonGate(gate).objections(in: comparison).map {
        ComparisonReport.text($0, in: comparison)
      }
    }
    let bytes = try text("tp.bytes>-50%")
    #expect(bytes.count == 1)
    #expect(bytes[0].hasPrefix("tp.bytes>-50%: tp wire bytes of after: "))
    #expect(bytes[0].hasSuffix("of before."))
    #expect(bytes[0].contains(" per token, "))
    #expect(
      try text("time>1s") == ["time>1s: total time of after is not known, so the gate cannot pass."]
    )
    #expect(try text("pp.bytes>0B") == [])
    #expect(try text("findings>5") == [])
  }
}
