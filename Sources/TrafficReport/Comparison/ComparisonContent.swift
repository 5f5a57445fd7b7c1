// SPDX-License-Identifier: Apache-2.0

internal import TrafficAnalysis

/// What a person reads first of a comparison, before it is laid out as text, Markdown or a page.
struct ComparisonContent {
  private static let shownMessages = 8

  var headline: String
  /// What each run is and what its logs cover.
  var runs: [String]
  var statements: [String]
  var wire: DigestContent.Grid
  var wireTitle: String
  var messages: DigestContent.Grid
  var messagesTitle: String
  var glossary: String
  var changes: [String]
  var findings: [String]

  /// Takes what a person reads first out of a comparison.
  ///
  /// - Parameters:
  ///   - comparison: The runs.
  ///   - shownRuns: Most runs that are columns of a table; the baseline is always one.
  ///   - shownStatements: Most statements.
  ///   - shownFindings: Most findings gained and lost.
  init(
    _ comparison: RunComparison, shownRuns: Int = 4, shownStatements: Int = 4,
    shownFindings: Int = 4
  ) {
    let others = comparison.runs.indices.filter { $0 != comparison.baseline }
    let base = ComparisonText.label(comparison.baselineRun)
    let per = ComparisonText.per(comparison.basis)
    let shown = Set([comparison.baseline] + others.prefix(shownRuns - 1))
    let columns = comparison.runs.indices.filter(shown.contains)
    let left = comparison.runs.count - columns.count
    let hasWeak = comparison.runs.contains { run in
      comparison.dimensions.contains { ComparisonText.isWeak(run, $0) }
    }
    var statements = comparison.statements.prefix(shownStatements).map(PlainText.printable)
    if comparison.statements.count > shownStatements {
      statements.append(
        Quantity.counted(comparison.statements.count - shownStatements, "more statement")
          + " in comparison.json.")
    }
    let more = left > 0 ? ["[\(Quantity.counted(left, "more run")) in comparison_runs.csv]"] : []
    headline =
      Quantity.counted(comparison.runs.count, "run") + (per.isEmpty ? "" : "," + per)
      + ", beside \(base)"
    runs = columns.map { Self.description(comparison.runs[$0]) } + more
    self.statements = statements
    wire = Self.grid(comparison, columns, left: left, rows: Self.wireRows(comparison))
    wireTitle = "Wire bytes\(per), and x of \(base)"
    messages = Self.grid(
      comparison, columns, left: left, rows: Self.messageRows(comparison), ofTotal: true)
    messagesTitle = "Messages\(per), each operation once, and x of all those of \(base)"
    glossary =
      "wire: bytes that leave GPUs, over all ranks; message: S of nccl-tests."
      + (hasWeak ? " ~: the label is weak." : "")
    changes = columns.filter(others.contains).flatMap { Self.changes($0, comparison, base) }
    findings = Self.findings(comparison, limit: shownFindings)
  }

  private static func description(_ run: ComparedRun) -> String {
    let coverage = run.coverage
    let headline = PlainText.printable(run.headline)
    var text = "\(ComparisonText.label(run)): "
    text += headline.isEmpty ? "no job recognised; " : headline + "; "
    text += "\(Quantity.count(coverage.ranksSeen)) of "
    text += coverage.ranksExpected.map { Quantity.count($0) } ?? "?"
    text += " ranks, \(Quantity.count(coverage.communicatorsComplete)) of "
    text += "\(Quantity.counted(coverage.communicators, "communicator")) complete"
    if coverage.linesLost > 0 {
      text += ", \(Quantity.counted(coverage.linesLost, "line")) lost"
    }
    let versions = coverage.versions.prefix(2).map {
      PlainText.shortened(PlainText.printable($0), to: 24)
    }
    return text + (versions.isEmpty ? "" : ", " + versions.joined(separator: ", "))
  }

  /// A row of a table: its name, and one amount for each run.
  private struct GridRow {
    var name: [String]
    /// `nil` where it is not known.
    var amounts: [UInt64?]
    /// Whether the label of each run is weak.
    var weak: [Bool]
  }

  private static func wireRows(_ comparison: RunComparison) -> (header: [String], [GridRow]) {
    let keys: [ParallelismDimension?] = comparison.dimensions.map { $0 } + [nil]
    let rows = keys.map { key in
      GridRow(
        name: [key?.rawValue ?? "total"],
        amounts: comparison.runs.map { $0.amounts(of: key).wireBytes },
        weak: comparison.runs.map { run in key.map { ComparisonText.isWeak(run, $0) } ?? false })
    }
    return (["dimension"], rows)
  }

  private static func messageRows(_ comparison: RunComparison) -> (header: [String], [GridRow]) {
    struct Key: Hashable {
      var dimension: ParallelismDimension
      var collective: String
    }
    var order: [Key] = []
    var sums: [Key: [UInt64?]] = [:]
    for row in comparison.classes {
      let key = Key(dimension: row.key.dimension, collective: row.key.collective)
      if sums[key] == nil {
        order.append(key)
        sums[key] = [UInt64?](repeating: 0, count: comparison.runs.count)
      }
      guard let old = sums[key]?[row.run] ?? nil else { continue }
      sums[key]?[row.run] = row.value.operationBytes.map { old.saturatingAdd($0) }
    }
    // A class of empty messages says nothing here.
    let largest = order.filter { sums[$0]?.contains { $0 != 0 } ?? false }.enumerated().sorted {
      a, b in
      func most(_ key: Key) -> UInt64 { (sums[key] ?? []).map { $0 ?? .max }.max() ?? 0 }
      let (x, y) = (most(a.element), most(b.element))
      return x != y ? x > y : a.offset < b.offset
    }
    var rows = largest.prefix(shownMessages).map { _, key in
      GridRow(
        name: [
          key.dimension.rawValue,
          PlainText.shortened(PlainText.printable(key.collective), to: 24),
        ],
        amounts: sums[key] ?? [],
        weak: comparison.runs.map { ComparisonText.isWeak($0, key.dimension) })
    }
    rows.append(
      GridRow(
        name: ["total", ""], amounts: comparison.runs.map { $0.amounts().operationBytes },
        weak: comparison.runs.map { _ in false }))
    return (["dimension", "collective"], rows)
  }

  /// A table with the runs as columns; ratios stand beside all but the baseline.
  private static func grid(
    _ comparison: RunComparison, _ runs: [Int], left: Int,
    rows: (header: [String], rows: [GridRow]), ofTotal: Bool = false
  ) -> DigestContent.Grid {
    let whole = ofTotal ? comparison.baselineRun.amounts().operationBytes : nil
    var grid = DigestContent.Grid(
      columns: rows.header.map {
        DigestContent.Column(title: $0, alignment: .left, sacrifice: 0)
      })
    for (place, run) in runs.enumerated() {
      grid.columns.append(
        DigestContent.Column(
          title: ComparisonText.label(comparison.runs[run], limit: 14), alignment: .right,
          sacrifice: place > 1 ? 2 * place : 0))
      if run != comparison.baseline {
        grid.columns.append(
          DigestContent.Column(
            title: "", alignment: .right, sacrifice: place > 1 ? 2 * place + 1 : 1))
      }
    }
    for row in rows.rows {
      var cells = row.name
      for run in runs {
        guard let own = row.amounts[run] else {
          cells += run == comparison.baseline ? ["varies"] : ["varies", ""]
          continue
        }
        cells.append(
          ComparisonText.bytes(own, of: run, in: comparison)
            + (row.weak[run] && own > 0 ? " ~" : ""))
        if run != comparison.baseline {
          cells.append(
            ComparisonText.times(
              (ofTotal ? whole : row.amounts[comparison.baseline]).flatMap {
                ComparisonText.ratio(own, of: run, to: $0, in: comparison)
              }))
        }
      }
      if row.name[0] == "total" { grid.total = cells } else { grid.rows.append(cells) }
    }
    if left > 0 { grid.remainder = "[\(Quantity.counted(left, "more run")) in the tables]" }
    return grid
  }

  private static func changes(
    _ run: Int, _ comparison: RunComparison, _ base: String
  ) -> [String] {
    let name = ComparisonText.label(comparison.runs[run])
    let own = comparison.runs[run].amounts().wireBytes
    let ratio = ComparisonText.ratio(
      own, of: run, to: comparison.baselineRun.amounts().wireBytes, in: comparison)
    var lines: [String] = []
    let classes = ComparisonText.changes(run, in: comparison, limit: 4)
    let moved = ratio.map { "\(ComparisonText.times($0)) the wire bytes of \(base)" } ?? "new"
    lines.append(
      "\(name): \(classes.isEmpty ? "the same wire bytes as \(base)" : moved)"
        + (classes.isEmpty ? "" : ": " + classes.joined(separator: ", ")))
    let layout = ComparisonText.layout(run, in: comparison)
    if !layout.isEmpty { lines.append("\(name) layout: \(layout)") }
    let links = ComparisonText.links(run, in: comparison, limit: 2)
    if !links.isEmpty { lines.append("\(name) links, sent: \(links.joined(separator: "; "))") }
    return lines
  }

  private static func findings(_ comparison: RunComparison, limit: Int) -> [String] {
    let changed = comparison.changedFindings
    var lines = changed.prefix(limit).map { row in
      let isGained = row.value.count > 0
      let finding = isGained ? row.value : row.baseline
      let count = finding.count > 1 ? " (\(finding.count))" : ""
      return "\(isGained ? "+" : "-") \(ComparisonText.label(comparison.runs[row.run])): "
        + "\(finding.severity.rawValue) \(PlainText.printable(row.key))\(count): "
        + PlainText.printable(finding.summary)
    }
    if changed.count > limit {
      lines.append("[\(changed.count - limit) more in comparison_findings.csv]")
    }
    return lines
  }
}

extension RunComparison {
  /// Codes of findings that a run has and the baseline has not, or the other way round.
  var changedFindings: [Row<String, ComparedRun.FindingCount>] {
    findings.filter { $0.run != baseline && ($0.value.count == 0) != ($0.baseline.count == 0) }
  }
}
