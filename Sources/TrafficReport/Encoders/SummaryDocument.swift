// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace
internal import TrafficAnalysis

/// Lays a whole run out as one JSON document, and its tables as newline-delimited JSON.
///
/// `"complete": true` is the last key, so that a reader of a pipe can tell a torn document.
enum SummaryDocument {
  /// Grows when a key changes its meaning; new keys do not change it.
  static let schemaVersion = 1

  /// Encodes `summary.json`, or the same with fewer tables.
  ///
  /// - Complexity: O(size of the summary).
  static func json(_ summary: TrafficSummary, tables: [Table]? = nil) -> [UInt8] {
    var json = JSONWriter()
    json.openObject()
    json.member("schema_version", .integer(schemaVersion))
    json.member("headline", .text(summary.headline))
    write(summary.coverage, to: &json)
    write(TrafficTotals(summary), to: &json)
    writeClassification(of: summary, to: &json)
    for table in tables ?? Table.present(in: summary) {
      json.key(table.name)
      json.openArray()
      table.forEachRow(of: summary) { cells in
        json.openObject(isInline: true)
        for (column, cell) in zip(table.columns, cells) { json.member(column.name, cell) }
        json.close()
      }
      json.close()
    }
    writeUnrecognisedShapes(of: summary.ingestion, to: &json)
    json.member("complete", .boolean(true))
    json.close()
    return json.bytes
  }

  /// Encodes all tables, one row a line, each with the name of its table.
  ///
  /// - Complexity: O(size of the summary).
  static func ndjson(_ summary: TrafficSummary, tables: [Table]) -> [UInt8] {
    var bytes: [UInt8] = []
    for table in tables {
      table.forEachRow(of: summary) { cells in
        var json = JSONWriter()
        json.openObject(isInline: true)
        json.member("table", .text(table.name))
        for (column, cell) in zip(table.columns, cells) { json.member(column.name, cell) }
        json.close()
        bytes += json.bytes
      }
    }
    return bytes
  }

  private static func write(_ coverage: Coverage, to json: inout JSONWriter) {
    json.key("coverage")
    json.openObject()
    json.member("ranks_seen", .integer(coverage.ranksSeen))
    json.member("ranks_expected", coverage.ranksExpected.map(Cell.integer) ?? .unknown)
    json.member("global_rank_source", .text(coverage.globalRankSource))
    if let source = coverage.jobSource { json.member("job_source", .text(source)) }
    json.member("communicators", .integer(coverage.communicators))
    json.member("communicators_complete", .integer(coverage.communicatorsComplete))
    json.member("files", .integer(coverage.files))
    json.member("files_incomplete", .integer(coverage.filesIncomplete))
    json.member("nccl_lines", .integer(coverage.ncclLines))
    json.member("trace_records", .integer(coverage.traceRecords))
    json.member("lines_lost", .integer(coverage.linesLost))
    json.member("lines_unrecognised", .integer(coverage.linesUnrecognised))
    json.member("bytes_without_pair", .unsigned(coverage.unmatchedBytes))
    json.strings("versions", coverage.versions)
    json.member("has_operations", .boolean(coverage.hasOperations))
    json.member("repetitions", coverage.repetitions.map(Cell.integer) ?? .unknown)
    json.member("repeats", .text(coverage.repeatsPasses ? "passes" : "steps"))
    json.member("tokens", coverage.tokens.map(Cell.unsigned) ?? .unknown)
    json.member("model", coverage.model.map(Cell.text) ?? .unknown)
    json.strings("statements", coverage.statements, isInline: false)
    json.close()
  }

  private static func write(_ totals: TrafficTotals, to json: inout JSONWriter) {
    json.key("totals")
    json.openObject()
    json.member("operations", .unsigned(totals.operations))
    json.member("rank_calls", .unsigned(totals.rankCalls))
    json.member("payload_bytes", .unsigned(totals.payloadBytes))
    json.member("wire_bytes", .unsigned(totals.wireBytes))
    json.member("intra_node_bytes", totals.intraNodeBytes.map(Cell.unsigned) ?? .unknown)
    json.member("inter_node_bytes", totals.interNodeBytes.map(Cell.unsigned) ?? .unknown)
    json.close()
  }

  /// Writes the bytes of each dimension, and how sure the labels of its communicators are.
  private static func writeClassification(of summary: TrafficSummary, to json: inout JSONWriter) {
    json.key("classification")
    json.openArray()
    for dimension in ParallelismDimension.allCases {
      let rows = summary.traffic.filter { $0.dimension == dimension }
      let communicators = summary.communicators.filter { $0.dimension == dimension }
      guard !rows.isEmpty || !communicators.isEmpty else { continue }
      json.openObject(isInline: true)
      json.member("dimension", .text(dimension.rawValue))
      json.member("communicators", .integer(communicators.count))
      json.member("operations", .unsigned(rows.reduce(0) { $0.saturatingAdd($1.operations) }))
      json.member("payload_bytes", .unsigned(rows.reduce(0) { $0.saturatingAdd($1.payloadBytes) }))
      json.member("wire_bytes", .unsigned(rows.reduce(0) { $0.saturatingAdd($1.wireBytes) }))
      json.key("communicator_payload_bytes_by_confidence")
      json.openObject(isInline: true)
      for confidence in Confidence.allCases {
        let payload = communicators.filter { $0.confidence == confidence }
          .reduce(UInt64(0)) { $0.saturatingAdd($1.payloadBytes) }
        json.member(confidence.rawValue, .unsigned(payload))
      }
      json.close()
      json.close()
    }
    json.close()
  }

  /// Writes the shapes of messages that no format matched, so that a new release shows at once.
  private static func writeUnrecognisedShapes(
    of ledgers: [FileLedger], to json: inout JSONWriter
  ) {
    json.key("unrecognised_shapes")
    json.openArray()
    for ledger in ledgers {
      for shape in ledger.unrecognisedShapes {
        json.openObject(isInline: true)
        json.member("file", .text(ledger.file))
        json.member("shape", .text(shape.text))
        json.member("lines", .integer(shape.lines))
        json.member("first_line", .integer(shape.firstLine))
        json.close()
      }
    }
    json.close()
  }
}
