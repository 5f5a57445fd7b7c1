// SPDX-License-Identifier: Apache-2.0

internal import TrafficAnalysis
public import TrafficModel

/// Lays out what a job should move, for a person and for programs.
///
/// The same expectation gives the same bytes. Nothing is computed here but sums and runs of equal
/// ranks.
///
/// - Complexity: O(rows + ranks) for every form.
public enum ExpectationReport {
  /// Which of the two tables a form with one table holds.
  public enum Part: Sendable {
    /// Classes of operations.
    case traffic
    /// Sums of global ranks.
    case ranks
  }

  /// Most groups of equal ranks a person is shown.
  private static let shownRankGroups = 32

  // MARK: - For programs

  /// Encodes one table as CSV.
  public static func csv(
    _ traffic: ExpectedTraffic, part: Part = .traffic, options: ReportOptions = ReportOptions()
  ) -> [UInt8] {
    switch part {
    case .traffic:
      RowEncoder.csv(traffic.rows, Table.expectedTrafficColumns, isRaw: options.csvRaw)
    case .ranks: RowEncoder.csv(traffic.ranks, Table.expectedRankColumns, isRaw: options.csvRaw)
    }
  }

  /// Encodes both tables, their totals and the statements as one JSON document.
  public static func json(_ traffic: ExpectedTraffic) -> [UInt8] {
    var json = JSONWriter()
    json.openObject()
    json.member("schema_version", .integer(SummaryDocument.schemaVersion))
    json.member("job", .text(traffic.job))
    json.strings("statements", traffic.statements, isInline: false)
    json.key("totals")
    json.openObject()
    json.member("operations", .unsigned(traffic.operations))
    json.member("rank_calls", .unsigned(traffic.rankCalls))
    json.member("payload_bytes", .unsigned(traffic.payloadBytes))
    json.member("wire_bytes", .unsigned(traffic.wireBytes))
    json.close()
    json.key("expected_traffic")
    RowEncoder.write(traffic.rows, Table.expectedTrafficColumns, to: &json)
    json.key("expected_ranks")
    RowEncoder.write(traffic.ranks, Table.expectedRankColumns, to: &json)
    json.member("complete", .boolean(true))
    json.close()
    return json.bytes
  }

  /// Encodes both tables as newline-delimited JSON, each line with the name of its table.
  public static func ndjson(_ traffic: ExpectedTraffic) -> [UInt8] {
    RowEncoder.lines(traffic.rows, Table.expectedTrafficColumns, "expected_traffic")
      + RowEncoder.lines(traffic.ranks, Table.expectedRankColumns, "expected_ranks")
  }

  /// Encodes the files of a report; its manifest is not among them.
  public static func files(
    _ traffic: ExpectedTraffic, options: ReportOptions = ReportOptions()
  ) -> [ReportFile] {
    [
      ReportFile(
        name: "expected_traffic.csv", bytes: csv(traffic, part: .traffic, options: options)),
      ReportFile(name: "expected_ranks.csv", bytes: csv(traffic, part: .ranks, options: options)),
      ReportFile(name: "expected.json", bytes: json(traffic)),
    ]
  }

  // MARK: - For a person

  /// Writes both tables aligned, the formulas and the statements.
  public static func text(_ traffic: ExpectedTraffic) -> String {
    var lines = [PlainText.printable("Expected traffic: \(traffic.job)"), totals(of: traffic), ""]
    if traffic.rows.isEmpty {
      lines.append("No rank has anything to say to another.")
    } else {
      lines += aligned(header: trafficHeader, trafficAlignments, trafficRows(of: traffic))
      lines += ["", "Per rank"]
      lines += aligned(header: rankHeader, rankAlignments, rankRows(of: traffic))
      lines += ["", "Formulas"]
      lines += formulas(of: traffic).map { "  \($0)" }
    }
    lines += ["", "Read with the numbers"]
    lines += traffic.statements.map { "  \($0)" }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Writes the same as Markdown.
  public static func markdown(_ traffic: ExpectedTraffic) -> String {
    func table(
      _ header: [String], _ alignments: [TextTable.Alignment], _ rows: [[String]]
    ) -> String {
      Markdown.table(
        header: header, alignments: alignments, rows: rows.map { $0.map(Markdown.escaped) })
    }
    var text = "# Expected traffic: \(Markdown.escaped(traffic.job))\n\n"
    text += Markdown.escaped(totals(of: traffic)) + "\n"
    if !traffic.rows.isEmpty {
      text += "\n" + table(trafficHeader, trafficAlignments, trafficRows(of: traffic))
      text += "\n## Per rank\n\n" + table(rankHeader, rankAlignments, rankRows(of: traffic))
      text += "\n## Formulas\n\n"
      for formula in formulas(of: traffic) { text += "- \(Markdown.escaped(formula))\n" }
    }
    text += "\n## Read with the numbers\n\n"
    for statement in traffic.statements { text += "- \(Markdown.escaped(statement))\n" }
    return text
  }

  /// The job in one line: how long, and what each rank sends.
  private static func totals(of traffic: ExpectedTraffic) -> String {
    var text = Quantity.counted(traffic.ranks.count, "rank")
    let isTraining = traffic.rows.contains { $0.phase == .forward || $0.phase == .backward }
    if let repetitions = traffic.repetitions {
      text += ", "
      text +=
        isTraining
        ? Quantity.counted(Int(clamping: repetitions), "step")
        : "per sequence 1 prefill and \(Quantity.count(repetitions)) decode "
          + (repetitions == 1 ? "pass" : "passes")
    }
    let sent = traffic.ranks.map(\.sentBytes)
    if let least = sent.min(), let most = sent.max(), most > 0 {
      text +=
        least == most
        ? "; each rank sends \(Quantity.bytes(most))"
        : "; a rank sends \(Quantity.bytes(least)) to \(Quantity.bytes(most))"
      if isTraining, let steps = traffic.repetitions, steps > 1 {
        text += ", \(least == most ? "" : "at most ")\(Quantity.bytes(most / steps)) per step"
      }
    }
    return text
  }

  private static let trafficHeader = [
    "dimension", "phase", "collective", "type", "message", "groups x ranks", "operations",
    "calls", "payload", "wire", "share",
  ]
  private static let trafficAlignments: [TextTable.Alignment] = [
    .left, .left, .left, .left, .right, .right, .right, .right, .right, .right, .right,
  ]

  /// The classes in the words of the digest of logs, and their sum.
  private static func trafficRows(of traffic: ExpectedTraffic) -> [[String]] {
    let rows = traffic.rows.map { row in
      [
        row.dimension.rawValue, row.phase.rawValue, row.collective, row.dataType,
        Quantity.bytes(row.messageBytes), "\(row.communicators) x \(row.communicatorSize)",
        Quantity.count(row.operations), Quantity.count(row.rankCalls),
        Quantity.bytes(row.payloadBytes), Quantity.bytes(row.wireBytes),
        Quantity.share(row.wireBytes, of: traffic.wireBytes),
      ]
    }
    let total = [
      "total", "", "", "", "", "", Quantity.count(traffic.operations),
      Quantity.count(traffic.rankCalls), Quantity.bytes(traffic.payloadBytes),
      Quantity.bytes(traffic.wireBytes), "",
    ]
    return rows + [total]
  }

  private static let rankHeader = ["ranks", "stage", "calls", "payload", "sent", "received"]
  private static let rankAlignments: [TextTable.Alignment] = [
    .left, .right, .right, .right, .right, .right,
  ]

  /// Groups ranks with equal sums, in order of the first rank of each group.
  private static func rankRows(of traffic: ExpectedTraffic) -> [[String]] {
    struct Sums: Hashable { var values: [UInt64] }
    var groups: [(own: ExpectedTraffic.Rank, ranks: [Int])] = []
    var places: [Sums: Int] = [:]
    for own in traffic.ranks {
      let sums = Sums(values: [
        UInt64(clamping: own.stage), own.calls, own.payloadBytes, own.sentBytes,
        own.receivedBytes,
      ])
      if let place = places[sums] {
        groups[place].ranks.append(own.rank)
      } else {
        places[sums] = groups.count
        groups.append((own, [own.rank]))
      }
    }
    var rows = groups.prefix(shownRankGroups).map { own, ranks in
      [
        shortList(ranks), "\(own.stage)", Quantity.count(own.calls),
        Quantity.bytes(own.payloadBytes), Quantity.bytes(own.sentBytes),
        Quantity.bytes(own.receivedBytes),
      ]
    }
    if groups.count > shownRankGroups {
      rows.append(["and \(groups.count - shownRankGroups) more kinds of ranks"])
    }
    return rows
  }

  /// Writes a list of ranks, or its length where strides make it long.
  private static func shortList(_ ranks: [Int]) -> String {
    let list = RankList.text(ranks)
    guard list.utf8.count > 40, let first = ranks.first else { return list }
    return "\(first), ... (\(Quantity.counted(ranks.count, "rank")))"
  }

  /// The formulas of each strategy, each once, in the order of the rows.
  private static func formulas(of traffic: ExpectedTraffic) -> [String] {
    var seen: Set<String> = []
    var result: [String] = []
    for row in traffic.rows {
      for formula in row.source.split(separator: "; ") {
        let line = "\(row.dimension.rawValue): \(formula)"
        if seen.insert(line).inserted { result.append(line) }
      }
    }
    return result
  }

  private static func aligned(
    header: [String], _ alignments: [TextTable.Alignment], _ rows: [[String]]
  ) -> [String] {
    var table = TextTable(columns: alignments)
    table.append(header)
    for row in rows { table.append(row) }
    return table.lines().map { "  \($0)" }
  }
}
