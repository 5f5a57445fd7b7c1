// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Testing
import TrafficAnalysis

@testable import TrafficReport

/// Reads CSV after RFC 4180, knowing nothing of the writer.
func parseCSV(_ bytes: [UInt8]) throws -> [[String]] {
  struct Malformed: Error {}
  var rows: [[String]] = []
  var row: [String] = []
  var cell: [UInt8] = []
  var isQuoted = false
  var index = 0
  func text() throws -> String {
    guard let text = String(validating: cell, as: UTF8.self) else { throw Malformed() }
    return text
  }
  while index < bytes.count {
    let byte = bytes[index]
    index += 1
    if isQuoted {
      if byte != UInt8(ascii: "\"") {
        cell.append(byte)
      } else if index < bytes.count, bytes[index] == byte {
        cell.append(byte)
        index += 1
      } else {
        isQuoted = false
        guard index == bytes.count || [0x0A, 0x2C].contains(bytes[index]) else {
          throw Malformed()
        }
      }
      continue
    }
    switch byte {
    case UInt8(ascii: "\""):
      guard cell.isEmpty else { throw Malformed() }
      isQuoted = true
    case UInt8(ascii: ","):
      row.append(try text())
      cell = []
    case UInt8(ascii: "\n"):
      row.append(try text())
      rows.append(row)
      row = []
      cell = []
    default: cell.append(byte)
    }
  }
  guard !isQuoted, cell.isEmpty, row.isEmpty else { throw Malformed() }
  return rows
}

@Suite struct CSVTests {
  @Test(arguments: SampleJob.all.map(\.name))
  func everyTableHasItsHeaderAndRowsOfEqualLength(name: String) throws {
    let summary = try #require(SampleJob.all.first { $0.name == name }?.summary)
    let counts = [
      summary.traffic.count, summary.communicators.count, summary.messageSizes.count,
      summary.ranks.count, summary.rankMatrix.count, summary.links.count,
      summary.reconciliation?.count ?? 0, summary.findings.count,
      summary.ingestion.count, summary.devices.count, summary.ringEdges.count,
      summary.dimensions.count, summary.durations.count, summary.overlaps.count,
      summary.waiting.count,
    ]
    for (table, count) in zip(Table.all, counts) {
      let rows = try parseCSV(table.csv(summary, isRaw: false))
      #expect(rows.first == table.columns.map(\.name))
      #expect(rows.count == count + 1)
      #expect(rows.allSatisfy { $0.count == table.columns.count })
    }
  }

  /// The list in DESIGN.md section 3; columns may be appended, never moved.
  @Test(arguments: [
    (
      "traffic",
      """
      dimension, phase, collective, data_type, element_count, message_bytes, communicator_size, \
      communicators, operations, rank_calls, payload_bytes, wire_bytes, intra_node_bytes, \
      inter_node_bytes
      """
    ),
    (
      "communicators",
      """
      communicator, size, ranks, nodes, dimension, confidence, evidence, parent, operations, \
      rank_calls, payload_bytes, wire_bytes, algorithms, protocols, channels, init_ms, complete
      """
    ),
    (
      "message_sizes",
      """
      dimension, collective, bucket_low_bytes, bucket_high_bytes, operations, payload_bytes
      """
    ),
    (
      "ranks",
      """
      rank, host, local_rank, gpu, node, calls, sent_bytes, received_bytes, intra_node_bytes, \
      inter_node_bytes, coverage
      """
    ),
    ("findings", "code, severity, summary, where, evidence, suggestion"),
    (
      "ingestion",
      """
      file, format, compression, compressed_bytes, bytes, lines, parsed, known_ignored, foreign, \
      unrecognised, torn_recovered, torn_lost, malformed, truncated_at_byte, status
      """
    ),
  ])
  func columnsStandInTheOrderOfTheDesign(name: String, list: String) throws {
    let table = try #require(Table.all.first { $0.name == name })
    let wanted = list.split(separator: ", ").map(String.init)
    #expect(Array(table.columns.map(\.name).prefix(wanted.count)) == wanted)
    #expect(Set(table.columns.map(\.name)).count == table.columns.count)
    #expect(table.columns.allSatisfy { !$0.meaning.isEmpty })
  }

  @Test func valuesComeBackAsTheyWere() throws {
    let summary = SampleJob.training.summary()
    let traffic = try parseCSV(Table.traffic.csv(summary, isRaw: false)).dropFirst()
    for (row, cells) in zip(summary.traffic, traffic) {
      #expect(cells[0] == row.dimension.rawValue)
      #expect(cells[5] == row.messageBytes.map { String($0) } ?? "")
      #expect(UInt64(cells[10]) == row.payloadBytes)
      #expect(UInt64(cells[11]) == row.wireBytes)
    }
    let communicators = try parseCSV(Table.communicators.csv(summary, isRaw: false)).dropFirst()
    for (row, cells) in zip(summary.communicators, communicators) {
      #expect(
        cells[6] == row.evidence.map { "\($0.kind.rawValue): \($0.text)" }.joined(separator: "; "))
      #expect(cells[7].isEmpty)
      #expect(cells[15] == "312.25")
      #expect(cells[16] == (row.isComplete ? "true" : "false"))
    }
  }

  @Test func unknownIsAnEmptyCell() throws {
    var summary = TrafficSummary()
    summary.ranks = [RankRow(rank: 7)]
    let text = String(decoding: Table.ranks.csv(summary, isRaw: false), as: UTF8.self)
    #expect(text.hasSuffix("\n7,,,,,0,0,0,,,no_log,,,,\n"))
  }

  @Test(arguments: [
    ("plain", "plain"), ("a,b", "\"a,b\""), ("say \"x\"", "\"say \"\"x\"\"\""),
    ("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@x", "'@x"), ("\u{FF1D}1", "'\u{FF1D}1"),
    ("\tx", "'\u{FFFD}x"), ("a\nb", "a\u{FFFD}b"), ("'=1", "'=1"), ("a=b", "a=b"),
  ])
  func textIsQuotedAndGuardedOnlyWhereNeeded(text: String, cell: String) {
    var writer = CSVWriter(isRaw: false)
    writer.append([.text(text)])
    #expect(String(decoding: writer.bytes, as: UTF8.self) == cell + "\n")
  }

  @Test func rawTextIsNotGuarded() {
    var writer = CSVWriter(isRaw: true)
    writer.append([.text("=1+1"), .integer(-5), .number(-1.5), .number(312)])
    #expect(String(decoding: writer.bytes, as: UTF8.self) == "=1+1,-5,-1.5,312\n")
  }

  @Test func twentyThousandHostileNamesStayTextInCSV() throws {
    var summary = TrafficSummary()
    let names = Array(HostileNames(count: 20_000))
    summary.findings = names.map {
      Finding(
        code: $0, severity: .note, summary: $0, location: $0, evidence: $0, suggestion: $0)
    }
    let rows = try parseCSV(Table.findings.csv(summary, isRaw: false)).dropFirst()
    #expect(rows.count == names.count)
    let raw = try parseCSV(Table.findings.csv(summary, isRaw: true)).dropFirst()
    for (name, (cells, rawCells)) in zip(names, zip(rows, raw)) {
      let cell = cells[2]
      #expect(cell.unicodeScalars.first.map(CSVWriter.startsFormula) != true)
      #expect(cell.unicodeScalars.allSatisfy { !$0.properties.isNoncharacterCodePoint })
      #expect(!cell.utf8.contains { $0 < 0x20 || $0 == 0x7F })
      #expect(rawCells[2] == PlainText.printable(name))
      #expect(cell == rawCells[2] || cell == "'" + rawCells[2])
    }
  }
}
