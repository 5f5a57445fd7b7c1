// SPDX-License-Identifier: Apache-2.0

public import TrafficAnalysis

/// What a person reads first of a comparison: one screen of text, or the same as Markdown.
public enum ComparisonDigest {
  /// Most runs that are columns of a table.
  private static let shownRuns = 4
  private static let shownMessages = 8
  private static let shownStatements = 4
  private static let shownFindings = 4

  /// What is shown, before it is laid out.
  private struct Content {
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
  }

  /// Lays the digest out for a terminal.
  ///
  /// - Parameters:
  ///   - comparison: The runs.
  ///   - width: Columns of the terminal; less than 40 counts as 40.
  ///   - color: Whether ANSI sequences may be used.
  ///   - outputs: Where the files are; empty when none were written.
  /// - Returns: At most some 60 lines at the default width, each with its newline.
  public static func text(
    _ comparison: RunComparison, width: Int = 100, color: Bool = false, outputs: [String] = []
  ) -> String {
    let content = content(comparison)
    var page = Page(width: max(width, 40), isColored: color)
    page.line(content.headline, style: .bold)
    page.blank()
    for run in content.runs { page.paragraph(run, first: "  ", indent: "    ") }
    for statement in content.statements {
      page.paragraph(statement, first: "  ! ", indent: "    ", style: .yellow)
    }
    for (title, grid) in [
      (content.wireTitle, content.wire), (content.messagesTitle, content.messages),
    ] {
      page.blank()
      page.heading(title)
      page.grid(grid)
    }
    page.paragraph(content.glossary, indent: "  ", style: .dim)
    page.blank()
    page.heading("Changes")
    for change in content.changes { page.paragraph(change, first: "  ", indent: "    ") }
    if !content.findings.isEmpty {
      page.blank()
      page.heading("Findings gained and lost")
      for finding in content.findings { page.paragraph(finding, first: "  ", indent: "    ") }
    }
    if !outputs.isEmpty {
      page.blank()
      page.heading("Files")
      for output in outputs { page.paragraph(PlainText.printable(output), indent: "  ") }
    }
    return page.text
  }

  /// Writes the digest as Markdown, for a pull request or a job summary.
  public static func markdown(_ comparison: RunComparison, outputs: [String] = []) -> String {
    let content = content(comparison)
    func list(_ lines: [String]) -> String {
      lines.map { "- \(Markdown.escaped($0))\n" }.joined()
    }
    var text = "# \(Markdown.escaped(content.headline))\n\n" + list(content.runs)
    for statement in content.statements { text += "- **\(Markdown.escaped(statement))**\n" }
    for (title, grid) in [
      (content.wireTitle, content.wire), (content.messagesTitle, content.messages),
    ] {
      text += "\n## \(Markdown.escaped(title))\n\n" + Digest.markdown(grid)
    }
    text += "\n\(Markdown.escaped(content.glossary))\n\n## Changes\n\n" + list(content.changes)
    if !content.findings.isEmpty {
      text += "\n## Findings gained and lost\n\n" + list(content.findings)
    }
    if !outputs.isEmpty { text += "\n## Files\n\n" + list(outputs) }
    return text
  }

  // MARK: - Content

  private static func content(_ comparison: RunComparison) -> Content {
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
    return Content(
      headline:
        Quantity.counted(comparison.runs.count, "run") + (per.isEmpty ? "" : "," + per)
        + ", beside \(base)",
      runs: columns.map { description(comparison.runs[$0]) } + more,
      statements: statements,
      wire: grid(comparison, columns, left: left, rows: wireRows(comparison)),
      wireTitle: "Wire bytes\(per), and x of \(base)",
      messages: grid(comparison, columns, left: left, rows: messageRows(comparison), ofTotal: true),
      messagesTitle: "Messages\(per), each operation once, and x of all those of \(base)",
      glossary:
        "wire: bytes that leave GPUs, over all ranks; message: S of nccl-tests."
        + (hasWeak ? " ~: the label is weak." : ""),
      changes: columns.filter(others.contains).flatMap { changes($0, comparison, base) },
      findings: findings(comparison))
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
    ///
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
          sacrifice: place > 1 ? place : 0))
      if run != comparison.baseline {
        grid.columns.append(
          DigestContent.Column(title: "", alignment: .right, sacrifice: place > 1 ? place : 1))
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

  private static func findings(_ comparison: RunComparison) -> [String] {
    let changed = comparison.findings.filter {
      $0.run != comparison.baseline && ($0.value.count == 0) != ($0.baseline.count == 0)
    }
    var lines = changed.prefix(shownFindings).map { row in
      let isGained = row.value.count > 0
      let finding = isGained ? row.value : row.baseline
      let count = finding.count > 1 ? " (\(finding.count))" : ""
      return "\(isGained ? "+" : "-") \(ComparisonText.label(comparison.runs[row.run])): "
        + "\(finding.severity.rawValue) \(PlainText.printable(row.key))\(count): "
        + PlainText.printable(finding.summary)
    }
    if changed.count > shownFindings {
      lines.append("[\(changed.count - shownFindings) more in comparison_findings.csv]")
    }
    return lines
  }
}
