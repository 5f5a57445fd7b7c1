// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace
internal import TrafficAnalysis

extension Table {
  static let findings = Table(
    "findings", rowMeaning: "finding", order: "severity, code, where", rows: \.findings,
    columns: [
      Definition<Finding>.text("code", "stable code, for --fail-on") { $0.code },
      .text("severity", "error, warning or note") { $0.severity.rawValue },
      .text("summary", "one sentence") { $0.summary },
      .text("where", "rank, communicator, operation, file and line, as far as they apply") {
        $0.location
      },
      .text("evidence", "what was seen") { $0.evidence },
      .text("suggestion", "what to do next") { $0.suggestion },
    ])

  static let ingestion = Table(
    "ingestion", rowMeaning: "input file", order: "file", rows: \.ingestion,
    columns: ingestionColumns)

  private static let ingestionColumns: [Definition<FileLedger>] =
    [
      .text("file", "name as given") { $0.file },
      .text("format", "format that was recognised; empty when none was") { $0.format },
      .text("compression", "none, gzip, zstd, xz or bzip2") { $0.compression },
      .integer("compressed_bytes", "bytes", "bytes read from the file") { $0.compressedBytes },
      .integer("bytes", "bytes", "bytes of text after decompression") { $0.bytes },
      .integer("lines", "lines", "lines of text, or events and other records of a trace") {
        $0.lines
      },
    ] + FileLedger.LineClass.allCases.map(lineClassColumn) + [
      .integer("truncated_at_byte", "bytes", "offset in the file at which it broke off") {
        $0.truncatedAtByte
      },
      .text("status", "how the reading ended: complete, truncated, damaged, ...") {
        $0.status.rawValue
      },
      .integer("members", "members", "whole gzip members decoded") { $0.members },
      .integer("padding_bytes", "bytes", "zero bytes between or after members") {
        $0.paddingBytes
      },
      .integer("garbage_bytes", "bytes", "bytes that belong to no member and were skipped") {
        $0.garbageBytes
      },
      .integer("gaps", "places", "places after which text is missing") { $0.gaps },
      .text("detail", "what happened when status is not complete") { $0.detail },
      .integer(
        "unplaced_connections", "lines",
        "transport lines (Channel ... via ...) that name no communicator and could be of several or fit none"
      ) { $0.unplacedConnections },
    ]

  private static func lineClassColumn(
    _ lineClass: FileLedger.LineClass
  ) -> Definition<FileLedger> {
    let meaning =
      switch lineClass {
      case .parsed: "lines that gave at least one fact"
      case .knownIgnored: "NCCL lines and events that carry nothing we count"
      case .foreign: "lines not written by NCCL"
      case .unrecognised: "NCCL lines that no known message matches"
      case .tornRecovered: "lines glued into one, every piece read"
      case .tornLost: "fragments whose other part is missing"
      case .malformed: "known messages with a field that cannot be right"
      }
    return .integer(lineClass.name, "lines", meaning) { $0[lineClass].lines }
  }
}
