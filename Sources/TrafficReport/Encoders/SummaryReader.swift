// SPDX-License-Identifier: Apache-2.0

public import CollectiveTrace
public import TrafficAnalysis

/// Reads back what `SummaryDocument` wrote, as far as runs are compared by it.
public enum SummaryReader {
  /// The file of a report that holds the whole run.
  public static let fileName = "summary.json"

  /// Why a report was not read.
  public struct ReadError: Error, Sendable, Equatable {
    /// Whether the file could not be opened, as opposed to understood.
    public var isMissing: Bool
    /// One sentence with the file's name.
    public var message: String
  }

  private static let keys: [String: Set<String>] = [
    "schema_version": [], "headline": [], "complete": [], "coverage": [],
    "traffic": [
      "dimension", "phase", "collective", "message_bytes", "communicator_size", "communicators",
      "operations", "rank_calls", "payload_bytes", "wire_bytes", "intra_node_bytes",
      "inter_node_bytes",
    ],
    "communicators": ["size", "dimension", "confidence", "operations", "ranks"],
    "links": ["kind", "node", "peer_node", "sent_bytes", "received_bytes"],
    "findings": ["code", "severity", "summary"],
    "durations": ["dimension", "collective", "source", "basis", "calls", "total_ns"],
  ]

  /// Tables that only a replay on other machines looks at; the matrix may be large.
  private static let replayKeys: [String: Set<String>] = [
    "rank_matrix": ["source_rank", "destination_rank", "dimension", "bytes", "operations"],
    "bandwidth": ["source", "collective", "message_bytes", "ranks", "time_ns"],
  ]

  /// What was read of a report.
  public struct Content: Sendable {
    /// The run for comparisons.
    public var run: ComparedRun
    /// The tables that were read; what no comparison and no replay looks at is empty.
    public var summary: TrafficSummary
    /// The account of the file under the path as given.
    public var ledger: FileLedger
  }

  /// Reads a report's `summary.json`.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - label: What the run is called.
  ///   - includesReplay: Whether the tables that only a replay looks at are read too.
  /// - Returns: The run.
  /// - Throws: A sentence when the file is not a whole summary of this schema version.
  public static func read(
    path: String, label: String, includesReplay: Bool = false
  ) throws(ReadError) -> Content {
    let document: JSONRecords
    let ledger: FileLedger
    let wanted = includesReplay ? keys.merging(replayKeys) { own, _ in own } : keys
    do throws(JSONRecords.ReadError) {
      (document, ledger) = try JSONRecords.read(path: path, keys: wanted)
    } catch {
      throw ReadError(isMissing: error.isMissing, message: "\(path) \(error.reason).")
    }
    do throws(Fault) {
      let (summary, times) = try content(document)
      return Content(
        run: ComparedRun(label: label, summary, times: times), summary: summary, ledger: ledger)
    } catch {
      throw ReadError(isMissing: false, message: "\(path) \(error.reason).")
    }
  }

  /// What is wrong with a document, as the end of a sentence.
  struct Fault: Error {
    var reason: String
  }

  /// Takes a run out of a document.
  static func run(_ document: JSONRecords, label: String) throws(Fault) -> ComparedRun {
    let (summary, times) = try content(document)
    return ComparedRun(label: label, summary, times: times)
  }

  /// Takes the tables out of a document.
  static func content(
    _ document: JSONRecords
  ) throws(Fault) -> (summary: TrafficSummary, times: [RunTime]) {
    guard case .unsigned(let version)? = document.members["schema_version"],
      let coverage = document.objects["coverage"], document.tables["traffic"] != nil
    else { throw Fault(reason: "is no summary that 'commlens analyze -o' wrote") }
    guard version == UInt64(SummaryDocument.schemaVersion) else {
      throw Fault(
        reason: "has schema version \(version), and this commlens reads "
          + "\(SummaryDocument.schemaVersion): analyse the run again")
    }
    guard document.members["complete"] == .boolean(true) else {
      throw Fault(reason: "is not whole: analyse the run again")
    }
    var summary = TrafficSummary()
    if case .text(let headline)? = document.members["headline"] { summary.headline = headline }
    summary.coverage = self.coverage(coverage)
    var times: [RunTime] = []
    for row in rows(document, "traffic") { summary.traffic.append(try traffic(row)) }
    for row in rows(document, "communicators") {
      summary.communicators.append(try communicator(row))
    }
    for row in rows(document, "links") { summary.links.append(try link(row)) }
    for row in rows(document, "findings") { summary.findings.append(try finding(row)) }
    for row in rows(document, "durations") { times.append(try time(row)) }
    for row in rows(document, "rank_matrix") { summary.rankMatrix.append(try matrix(row)) }
    for row in rows(document, "bandwidth") { summary.bandwidths.append(try bandwidth(row)) }
    return (summary, times)
  }

  // MARK: - Rows

  private static func rows(_ document: JSONRecords, _ table: String) -> [Row] {
    (document.tables[table] ?? []).enumerated().map { index, record in
      Row(table: table, index: index, values: record)
    }
  }

  /// A row with its place, for messages.
  private struct Row {
    var table: String
    var index: Int
    var values: JSONRecords.Record

    func fault(_ column: String) -> Fault {
      Fault(reason: "has no valid \(column) in row \(index + 1) of \(table)")
    }

    func text(_ column: String) -> String? {
      if case .text(let text)? = values[column] { text } else { nil }
    }

    /// A whole number; `nil` for `null`.
    func optional(_ column: String) throws(Fault) -> UInt64? {
      switch values[column] {
      case .unsigned(let value)?: return value
      case .null?, nil: return nil
      default: throw fault(column)
      }
    }

    func unsigned(_ column: String) throws(Fault) -> UInt64 {
      guard let value = try optional(column) else { throw fault(column) }
      return value
    }

    func choice<Value: RawRepresentable>(_ column: String) throws(Fault) -> Value
    where Value.RawValue == String {
      guard let value = text(column).flatMap(Value.init) else { throw fault(column) }
      return value
    }
  }

  private static func traffic(_ row: Row) throws(Fault) -> TrafficRow {
    TrafficRow(
      dimension: try row.choice("dimension"), phase: try row.choice("phase"),
      collective: row.text("collective") ?? "", dataType: "", elementCount: nil,
      messageBytes: try row.optional("message_bytes"),
      communicatorSize: Int(clamping: try row.optional("communicator_size") ?? 0),
      communicators: Int(clamping: try row.optional("communicators") ?? 0),
      operations: try row.unsigned("operations"), rankCalls: try row.unsigned("rank_calls"),
      payloadBytes: try row.unsigned("payload_bytes"), wireBytes: try row.unsigned("wire_bytes"),
      intraNodeBytes: try row.optional("intra_node_bytes"),
      interNodeBytes: try row.optional("inter_node_bytes"))
  }

  private static func communicator(_ row: Row) throws(Fault) -> CommunicatorRow {
    var own = CommunicatorRow(communicator: "", size: Int(clamping: try row.unsigned("size")))
    own.dimension = try row.choice("dimension")
    own.confidence = try row.choice("confidence")
    own.operations = try row.unsigned("operations")
    own.ranks = row.text("ranks").map(RankList.ranks) ?? []
    return own
  }

  private static func matrix(_ row: Row) throws(Fault) -> RankMatrixRow {
    RankMatrixRow(
      sourceRank: Int(clamping: try row.unsigned("source_rank")),
      destinationRank: Int(clamping: try row.unsigned("destination_rank")),
      dimension: try row.choice("dimension"), bytes: try row.unsigned("bytes"),
      operations: try row.unsigned("operations"), path: nil)
  }

  private static func bandwidth(_ row: Row) throws(Fault) -> BandwidthRow {
    BandwidthRow(
      source: row.text("source") ?? "", collective: row.text("collective"), dataType: "",
      messageBytes: try row.unsigned("message_bytes"),
      ranks: try row.optional("ranks").map { Int(clamping: $0) },
      nanoseconds: Int64(clamping: try row.unsigned("time_ns")))
  }

  private static func link(_ row: Row) throws(Fault) -> LinkRow {
    LinkRow(
      kind: try row.choice("kind"), node: Int(clamping: try row.unsigned("node")),
      peerNode: try row.optional("peer_node").map { Int(clamping: $0) }, link: "", ranks: [],
      sentBytes: try row.unsigned("sent_bytes"),
      receivedBytes: try row.unsigned("received_bytes"), loadRatio: nil)
  }

  private static func finding(_ row: Row) throws(Fault) -> Finding {
    guard let code = row.text("code") else { throw row.fault("code") }
    return Finding(
      code: code, severity: try row.choice("severity"), summary: row.text("summary") ?? "",
      location: "", evidence: "", suggestion: "")
  }

  private static func time(_ row: Row) throws(Fault) -> RunTime {
    RunTime(
      dimension: try row.choice("dimension"), collective: row.text("collective") ?? "",
      source: "\(row.text("source") ?? "") \(row.text("basis") ?? "")",
      calls: try row.unsigned("calls"), nanoseconds: try row.unsigned("total_ns"))
  }

  private static func coverage(_ record: JSONRecords.Record) -> Coverage {
    func count(_ name: String) -> Int? {
      if case .unsigned(let value)? = record[name] { Int(clamping: value) } else { nil }
    }
    func text(_ name: String) -> String? {
      if case .text(let text)? = record[name] { text } else { nil }
    }
    func texts(_ name: String) -> [String] {
      if case .texts(let texts)? = record[name] { texts } else { [] }
    }
    var coverage = Coverage()
    coverage.ranksSeen = count("ranks_seen") ?? 0
    coverage.ranksExpected = count("ranks_expected")
    coverage.globalRankSource = text("global_rank_source") ?? ""
    coverage.jobSource = text("job_source")
    coverage.communicators = count("communicators") ?? 0
    coverage.communicatorsComplete = count("communicators_complete") ?? 0
    coverage.files = count("files") ?? 0
    coverage.filesIncomplete = count("files_incomplete") ?? 0
    coverage.ncclLines = count("nccl_lines") ?? 0
    coverage.traceRecords = count("trace_records") ?? 0
    coverage.linesLost = count("lines_lost") ?? 0
    coverage.linesUnrecognised = count("lines_unrecognised") ?? 0
    coverage.versions = texts("versions")
    coverage.hasOperations = record["has_operations"] == .boolean(true)
    coverage.repetitions = count("repetitions")
    coverage.repeatsPasses = text("repeats") == "passes"
    if case .unsigned(let tokens)? = record["tokens"] { coverage.tokens = tokens }
    coverage.model = text("model")
    coverage.statements = texts("statements")
    return coverage
  }
}
