// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Foundation
import Testing
import TrafficAnalysis

@testable import TrafficReport

@Suite struct JSONTests {
  private func object(_ bytes: [UInt8]) throws -> [String: Any] {
    try #require(JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
  }

  @Test(arguments: SampleJob.all.map(\.name))
  func theSummaryDocumentHoldsEveryTable(name: String) throws {
    let summary = try #require(SampleJob.all.first { $0.name == name }?.summary)
    let bytes = ReportSet.json(summary)
    let document = try object(bytes)
    #expect(document["schema_version"] as? Int == 1)
    #expect(document["headline"] as? String == summary.headline)
    for table in Table.present(in: summary) {
      let rows = try #require(document[table.name] as? [[String: Any]])
      var count = 0
      table.forEachRow(of: summary) { _ in count += 1 }
      #expect(rows.count == count)
      for row in rows { #expect(Set(row.keys) == Set(table.columns.map(\.name))) }
    }
    let totals = try #require(document["totals"] as? [String: Any])
    #expect((totals["wire_bytes"] as? NSNumber)?.uint64Value == summary.wireBytes)
    let coverage = try #require(document["coverage"] as? [String: Any])
    #expect(coverage["statements"] as? [String] == summary.coverage.statements)
    #expect(String(decoding: bytes, as: UTF8.self).hasSuffix("\"complete\": true\n}\n"))
  }

  @Test func classificationAddsUpToTheTotals() throws {
    let summary = SampleJob.fourNodes.summary()
    let document = try object(ReportSet.json(summary))
    let rows = try #require(document["classification"] as? [[String: Any]])
    let wire = rows.compactMap { ($0["wire_bytes"] as? NSNumber)?.uint64Value }.reduce(0, +)
    #expect(wire == summary.wireBytes)
    let strong = rows.compactMap { row in
      ((row["communicator_payload_bytes_by_confidence"] as? [String: Any])?["strong"] as? NSNumber)?
        .uint64Value
    }
    #expect(strong.reduce(0, +) == summary.communicators.reduce(0) { $0 + $1.payloadBytes })
  }

  @Test func textComesBackScalarForScalar() throws {
    for name in HostileNames(count: 20_000) {
      var json = JSONWriter()
      json.openObject(isInline: true)
      json.member("name", .text(name))
      json.close()
      let document = try object(json.bytes)
      let back = try #require(document["name"] as? String)
      #expect(back.unicodeScalars.elementsEqual(name.unicodeScalars))
      #expect(!json.bytes.contains { $0 < 0x20 && $0 != 0x0A || $0 == 0x7F })
    }
  }

  @Test func newlineDelimitedRowsNameTheirTable() throws {
    let summary = SampleJob.hostile()
    let lines = ReportSet.ndjson(summary).split(separator: UInt8(ascii: "\n"))
    let tables = try lines.map { try object(Array($0))["table"] as? String }
    var expected: [String] = []
    for table in Table.all {
      table.forEachRow(of: summary) { _ in expected.append(table.name) }
    }
    #expect(tables == expected)
  }

  @Test func integersAreExactUpToTheLargest() {
    var json = JSONWriter()
    json.openArray(isInline: true)
    json.unsigned(.max)
    json.integer(.min)
    json.cell(.number(-0.0001))
    json.null()
    json.close()
    #expect(
      String(decoding: json.bytes, as: UTF8.self)
        == "[18446744073709551615, -9223372036854775808, 0, null]\n")
  }

  @Test func theSchemaIsTheOneThatWritesTheData() throws {
    let document = try object(Schema.json())
    let tables = try #require(document["tables"] as? [[String: Any]])
    #expect(tables.count == Table.all.count)
    for (table, described) in zip(Table.all, tables) {
      let columns = try #require(described["columns"] as? [[String: String]])
      let header = try parseCSV(table.csv(TrafficSummary(), isRaw: false))[0]
      #expect(columns.map { $0["column"] } == header)
      #expect(columns.allSatisfy { $0["unit"] != nil && $0["meaning"] != "" })
    }
    let rows = try parseCSV(Schema.csv())
    #expect(rows.count == 1 + Table.all.reduce(0) { $0 + $1.columns.count })
    #expect(Schema.ndjson().split(separator: UInt8(ascii: "\n")).count == rows.count - 1)
    #expect(Schema.text().contains("traffic.csv: one row per dimension x phase"))
  }

  @Test func theManifestListsEveryFileWithItsDigest() throws {
    let summary = SampleJob.training.summary()
    let files = ReportSet.render(summary)
    #expect(
      files.map(\.name)
        == Table.present(in: summary).map(\.fileName) + [
          "summary.json", "traffic_by_dimension.svg", "message_sizes.svg", "rank_matrix.svg",
          "layout.svg", "report.html",
        ])
    let manifest = Manifest(
      toolVersion: "1.2.3", options: [Manifest.Option(name: "csv-raw", value: "false")],
      inputs: summary.ingestion
    ).render(outputs: files)
    #expect(manifest.name == "manifest.json")
    let document = try object(manifest.bytes)
    let outputs = try #require(document["outputs"] as? [[String: Any]])
    #expect(outputs.map { $0["file"] as? String } == files.map(\.name))
    for (file, output) in zip(files, outputs) {
      #expect(output["bytes"] as? Int == file.bytes.count)
      #expect(output["sha256"] as? String == SHA256.hexDigest(of: file.bytes))
    }
    let inputs = try #require(document["inputs"] as? [[String: Any]])
    #expect(inputs.first?["content_crc32"] as? String == "00001234")
    #expect((document["options"] as? [String: String]) == ["csv-raw": "false"])
    #expect(document["complete"] as? Bool == true)
  }
}

/// Vectors of FIPS 180-4 and of the SHA test vectors of NIST.
@Suite struct SHA256Tests {
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
      """
      abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqr\
      lmnopqrsmnopqrstnopqrstu
      """, "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
    ),
  ])
  func matchesTheKnownVectors(text: String, digest: String) {
    #expect(SHA256.hexDigest(of: Array(text.utf8)) == digest)
  }

  @Test func digestsAMillionBytes() {
    #expect(
      SHA256.hexDigest(of: [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000))
        == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  @Test func padsEveryLengthAroundABlock() {
    // Each length must give another digest: a padding fault makes neighbours collide.
    let digests = (0...130).map { SHA256.hexDigest(of: [UInt8](repeating: 0, count: $0)) }
    #expect(Set(digests).count == digests.count)
  }
}
