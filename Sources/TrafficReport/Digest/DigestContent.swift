// SPDX-License-Identifier: Apache-2.0

internal import TrafficAnalysis

/// What the digest says, before it is laid out as text or Markdown.
struct DigestContent {
  /// A column of a small table, and how soon it is given up on a narrow terminal.
  struct Column {
    var title: String
    var alignment: TextTable.Alignment
    /// The highest goes first; 0 never goes.
    var sacrifice: Int
  }
  /// A table of cells that are fit to be shown.
  struct Grid {
    var columns: [Column]
    var rows: [[String]] = []
    /// What was left out, for example `[3 others]`.
    var remainder: String?
    var total: [String]?
  }
  /// A finding in one line, and what to do about it.
  struct Notice {
    var severity: Finding.Severity
    var code: String
    var text: String
    var evidence: String
    var suggestion: String
  }

  static let trafficRows = 9
  static let communicatorRows = 4
  static let findingRows = 3
  static let statementRows = 2

  var headline: String
  var coverage: [String]
  var statements: [String]
  var traffic: Grid
  var communicators: Grid
  var findings: [Notice]
  var otherFindings: Int

  init(_ summary: TrafficSummary) {
    headline = Self.headline(summary)
    coverage = Self.coverageLines(summary)
    statements = summary.coverage.statements.prefix(Self.statementRows).map(PlainText.printable)
    traffic = Self.traffic(summary)
    communicators = Self.communicators(summary)
    findings = Array(Self.notices(summary.findings).prefix(Self.findingRows))
    otherFindings = max(0, summary.findings.count - Self.findingRows)
  }

  /// What the job was.
  static func headline(_ summary: TrafficSummary) -> String {
    let headline = PlainText.printable(summary.headline)
    return headline.isEmpty ? "Communication of a job" : headline
  }

  /// What the input covers, and what it tells in a line each of machine, links and times.
  static func coverageLines(_ summary: TrafficSummary) -> [String] {
    var lines = coverage(summary.coverage)
    if let source = summary.coverage.jobSource {
      lines.append("parallelism as stated by \(PlainText.printable(source))")
    }
    if let rows = summary.reconciliation { lines.append(reconciliation(rows)) }
    return lines
      + [MachineText.digest(summary), LinkText.digest(summary), TimingText.digest(summary)]
      .compactMap(\.self)
  }

  /// The findings as notices, gravest first.
  static func notices(_ findings: [Finding]) -> [Notice] {
    findings.enumerated().sorted { a, b in
      a.element.severity != b.element.severity
        ? a.element.severity < b.element.severity : a.offset < b.offset
    }.map { _, finding in
      let place = finding.location.isEmpty ? "" : " (\(finding.location))"
      return Notice(
        severity: finding.severity, code: PlainText.printable(finding.code),
        text: PlainText.printable(finding.summary + place),
        evidence: PlainText.printable(finding.evidence),
        suggestion: PlainText.printable(finding.suggestion))
    }
  }

  /// Says in one line how what was seen compares with what the job should move.
  static func reconciliation(_ rows: [ReconciliationRow]) -> String {
    let counts = ReconciliationRow.Verdict.allCases.compactMap { verdict -> String? in
      let count = rows.count { $0.verdict == verdict }
      guard count > 0 || verdict == .unexplained else { return nil }
      let name = verdict == .notObservable ? "not observable" : verdict.rawValue
      return "\(count == 0 ? "none" : Quantity.count(count)) \(name)"
    }
    return
      "\(counts.joined(separator: ", ")) of "
      + Quantity.counted(rows.count, "class", "classes")
      + " of operations, beside what job and model imply"
  }

  /// Says in two sentences what the logs can show.
  static func coverage(_ coverage: Coverage) -> [String] {
    var first: [String] = []
    if let expected = coverage.ranksExpected {
      first.append(
        "\(Quantity.count(coverage.ranksSeen)) of \(Quantity.count(expected)) ranks seen")
    } else {
      first.append("\(Quantity.counted(coverage.ranksSeen, "rank")) seen, expected number unknown")
    }
    first.append(
      "\(Quantity.count(coverage.communicatorsComplete)) of "
        + "\(Quantity.counted(coverage.communicators, "communicator")) complete")
    var files = Quantity.counted(coverage.files, "file")
    if coverage.filesIncomplete > 0 {
      files += " (\(Quantity.count(coverage.filesIncomplete)) not read to the end)"
    }
    first.append(files)
    func amount(_ value: Int) -> String { value == 0 ? "none" : Quantity.count(value) }
    var second: [String] = []
    if coverage.ncclLines > 0 || coverage.traceRecords == 0 {
      second.append(Quantity.counted(coverage.ncclLines, "NCCL line"))
    }
    if coverage.traceRecords > 0 {
      second.append(
        Quantity.counted(coverage.traceRecords, "record of traces", "records of traces"))
    }
    second += [
      "\(amount(coverage.linesLost)) lost", "\(amount(coverage.linesUnrecognised)) unrecognised",
    ]
    if !coverage.versions.isEmpty {
      let shown = coverage.versions.prefix(3).map {
        PlainText.shortened(PlainText.printable($0), to: 40)
      }
      let others = coverage.versions.count - shown.count
      second.append(shown.joined(separator: ", ") + (others > 0 ? " and \(others) more" : ""))
    }
    return [first.joined(separator: "; "), second.joined(separator: "; ")]
  }

  private static func traffic(_ summary: TrafficSummary) -> Grid {
    var grid = Grid(columns: [
      Column(title: "dimension", alignment: .left, sacrifice: 0),
      Column(title: "phase", alignment: .left, sacrifice: 2),
      Column(title: "collective", alignment: .left, sacrifice: 0),
      Column(title: "groups x ranks", alignment: .right, sacrifice: 3),
      Column(title: "operations", alignment: .right, sacrifice: 0),
      Column(title: "calls", alignment: .right, sacrifice: 4),
      Column(title: "payload", alignment: .right, sacrifice: 1),
      Column(title: "wire", alignment: .right, sacrifice: 0),
      Column(title: "share", alignment: .right, sacrifice: 0),
    ])
    let totals = TrafficTotals(summary)
    let rollups = TrafficRollup.rollups(of: summary).sorted { a, b in
      a.wireBytes != b.wireBytes
        ? a.wireBytes > b.wireBytes
        : a.payloadBytes != b.payloadBytes ? a.payloadBytes > b.payloadBytes : a.key < b.key
    }
    // A lone row that would be called "[1 other]" may as well be shown.
    let limit = rollups.count == trafficRows + 1 ? rollups.count : trafficRows
    for rollup in rollups.prefix(limit) {
      grid.rows.append([
        rollup.key.dimension.rawValue, rollup.key.phase.rawValue,
        PlainText.shortened(PlainText.printable(rollup.key.collective), to: 24),
        groups(rollup.groups), Quantity.count(rollup.operations),
        Quantity.count(rollup.rankCalls), Quantity.bytes(rollup.payloadBytes),
        Quantity.bytes(rollup.wireBytes), Quantity.share(rollup.wireBytes, of: totals.wireBytes),
      ])
    }
    if rollups.count > limit {
      let rest = rollups.dropFirst(limit)
      let wire = rest.reduce(UInt64(0)) { $0.saturatingAdd($1.wireBytes) }
      grid.remainder =
        "[\(Quantity.count(rest.count)) others: \(Quantity.bytes(wire)) of wire, "
        + "\(Quantity.share(wire, of: totals.wireBytes))]"
    }
    grid.total = [
      "total", "", "", "", Quantity.count(totals.operations), Quantity.count(totals.rankCalls),
      Quantity.bytes(totals.payloadBytes), Quantity.bytes(totals.wireBytes), "",
    ]
    return grid
  }

  /// Writes `4 x 2`, or `2+ x 8` when there may be more than two communicators of eight ranks.
  static func groups(_ groups: [TrafficRollup.Groups]) -> String {
    var parts = groups.prefix(2).map { "\($0.count)\($0.isLowerBound ? "+" : "") x \($0.size)" }
    if groups.count > 2 { parts.append("...") }
    return parts.joined(separator: ", ")
  }

  private static func communicators(_ summary: TrafficSummary) -> Grid {
    var grid = Grid(columns: [
      Column(title: "communicator", alignment: .left, sacrifice: 0),
      Column(title: "dimension", alignment: .left, sacrifice: 0),
      Column(title: "sure", alignment: .left, sacrifice: 2),
      Column(title: "ranks", alignment: .left, sacrifice: 0),
      Column(title: "operations", alignment: .right, sacrifice: 3),
      Column(title: "payload", alignment: .right, sacrifice: 4),
      Column(title: "wire", alignment: .right, sacrifice: 0),
      Column(title: "because", alignment: .left, sacrifice: 1),
    ])
    let busiest = summary.communicators.enumerated().sorted { a, b in
      a.element.wireBytes != b.element.wireBytes
        ? a.element.wireBytes > b.element.wireBytes : a.offset < b.offset
    }
    for (_, row) in busiest.prefix(communicatorRows) {
      grid.rows.append([
        PlainText.shortened(PlainText.printable(row.communicator), to: 16),
        row.dimension.rawValue, row.confidence.rawValue,
        PlainText.shortened(RankList.text(row.ranks), to: 20), Quantity.count(row.operations),
        Quantity.bytes(row.payloadBytes), Quantity.bytes(row.wireBytes),
        PlainText.shortened(PlainText.printable(row.evidence.first?.text ?? ""), to: 44),
      ])
    }
    let others = busiest.count - grid.rows.count
    if others > 0 {
      grid.remainder = "[\(Quantity.counted(others, "other")) in communicators.csv]"
    }
    return grid
  }
}
