// SPDX-License-Identifier: Apache-2.0

public import TrafficAnalysis

/// What a person reads first: one screen of text, or the same as Markdown.
public enum Digest {
  /// What the short words of the table mean.
  static let glossary =
    "payload: what ranks handed to NCCL; wire: bytes that leave GPUs; share: of all wire bytes."

  private static let noOperations =
    "No operations in these files."

  /// Lays the digest out for a terminal.
  ///
  /// Text from the logs is made printable, so it cannot act on the terminal.
  ///
  /// - Parameters:
  ///   - summary: What the analysis found.
  ///   - width: Columns of the terminal; less than 40 counts as 40.
  ///   - color: Whether ANSI sequences may be used.
  ///   - outputs: Where the files are, one line each; empty when none were written.
  /// - Returns: About 40 lines at the default width, each with its newline.
  public static func text(
    _ summary: TrafficSummary, width: Int = 100, color: Bool = false, outputs: [String] = []
  ) -> String {
    var page = Page(width: max(width, 40), isColored: color)
    let content = DigestContent(summary)
    page.line(content.headline, style: .bold)
    page.blank()
    page.heading("Coverage")
    for line in content.coverage { page.paragraph(line, indent: "  ") }
    for statement in content.statements {
      page.paragraph(statement, first: "  ! ", indent: "    ", style: .yellow)
    }
    page.blank()
    page.heading("Traffic, largest first")
    if content.traffic.rows.isEmpty {
      page.paragraph(noOperations, indent: "  ")
    } else {
      page.grid(content.traffic)
      page.paragraph(glossary, indent: "  ", style: .dim)
    }
    if !content.communicators.rows.isEmpty {
      page.blank()
      page.heading("Busiest communicators")
      page.grid(content.communicators)
    }
    if !content.findings.isEmpty {
      page.blank()
      page.heading("Findings")
      for finding in content.findings { page.notice(finding) }
      if content.otherFindings > 0 {
        page.line(
          "  [\(Quantity.counted(content.otherFindings, "other")) in findings.csv]", style: .dim)
      }
    }
    if !outputs.isEmpty {
      page.blank()
      page.heading("Files")
      for output in outputs { page.paragraph(PlainText.printable(output), indent: "  ") }
    }
    return page.text
  }

  /// Writes the digest as Markdown, for a pull request or a job summary.
  public static func markdown(_ summary: TrafficSummary, outputs: [String] = []) -> String {
    let content = DigestContent(summary)
    var text = "# \(Markdown.escaped(content.headline))\n\n"
    for line in content.coverage { text += "- \(Markdown.escaped(line))\n" }
    for statement in content.statements { text += "- **\(Markdown.escaped(statement))**\n" }
    text += "\n## Traffic, largest first\n\n"
    if content.traffic.rows.isEmpty {
      text += Markdown.escaped(noOperations) + "\n"
    } else {
      text += markdown(content.traffic)
      text += "\n\(Markdown.escaped(glossary))\n"
    }
    if !content.communicators.rows.isEmpty {
      text += "\n## Busiest communicators\n\n" + markdown(content.communicators)
    }
    if !content.findings.isEmpty {
      text += "\n## Findings\n\n"
      for finding in content.findings { text += markdown(finding) }
      if content.otherFindings > 0 {
        text += "- \(Quantity.counted(content.otherFindings, "other")) in `findings.csv`\n"
      }
    }
    if !outputs.isEmpty {
      text += "\n## Files\n\n"
      for output in outputs { text += "- \(Markdown.escaped(output))\n" }
    }
    return text
  }

  static func markdown(_ finding: DigestContent.Notice) -> String {
    "- **\(finding.severity.rawValue)** `\(codeSpan(finding.code))` "
      + Markdown.escaped(finding.text)
      + (finding.suggestion.isEmpty ? "" : " " + Markdown.escaped(finding.suggestion)) + "\n"
  }

  static func markdown(_ grid: DigestContent.Grid) -> String {
    var rows = grid.rows.map { $0.map(Markdown.escaped) }
    if let total = grid.total {
      rows.append(total.map { $0.isEmpty ? "" : "**\(Markdown.escaped($0))**" })
    }
    var text = Markdown.table(
      header: grid.columns.map(\.title), alignments: grid.columns.map(\.alignment), rows: rows)
    if let remainder = grid.remainder { text += "\n\(Markdown.escaped(remainder))\n" }
    return text
  }

  /// A code span ends at a backtick and shows no escapes, so a backtick is left out.
  private static func codeSpan(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars { result.append(scalar == "`" ? "'" : scalar) }
    return String(result)
  }
}

/// Lines of a terminal, no wider than it.
struct Page {
  enum Style: String {
    case plain = ""
    case bold = "\u{1B}[1m"
    case dim = "\u{1B}[2m"
    case red = "\u{1B}[31m"
    case yellow = "\u{1B}[33m"
  }

  let width: Int
  let isColored: Bool
  private(set) var text = ""

  init(width: Int, isColored: Bool) {
    self.width = width
    self.isColored = isColored
  }

  mutating func blank() { text += "\n" }

  mutating func line(_ line: String, style: Style = .plain) {
    let shown = PlainText.shortened(line, to: width)
    text += isColored && style != .plain ? "\(style.rawValue)\(shown)\u{1B}[0m\n" : shown + "\n"
  }

  mutating func heading(_ title: String) { line(title, style: .bold) }

  mutating func paragraph(
    _ paragraph: String, first: String? = nil, indent: String, style: Style = .plain
  ) {
    let room = width - indent.utf8.count
    // A message may be long; three lines of it are enough for a first look.
    let lines = PlainText.wrapped(PlainText.shortened(paragraph, to: 3 * room), width: room)
    for (index, piece) in lines.enumerated() {
      line((index == 0 ? first ?? indent : indent) + piece, style: style)
    }
  }

  /// A finding, what to do about it, and, when asked for, what was seen.
  mutating func notice(_ notice: DigestContent.Notice, withEvidence: Bool = false) {
    let style: Style =
      switch notice.severity {
      case .error: .red
      case .warning: .yellow
      case .note: .plain
      }
    paragraph(
      "\(notice.severity.rawValue) \(notice.code): \(notice.text)", first: "  ", indent: "    ",
      style: style)
    if withEvidence, !notice.evidence.isEmpty {
      paragraph(notice.evidence, first: "    seen: ", indent: "          ")
    }
    if !notice.suggestion.isEmpty {
      paragraph(notice.suggestion, first: "    -> ", indent: "       ", style: .dim)
    }
  }

  /// Appends a table, giving up its least important columns until it fits.
  mutating func grid(_ grid: DigestContent.Grid) {
    var kept = Array(grid.columns.indices)
    var lines = layout(grid, columns: kept)
    while lines.contains(where: { $0.unicodeScalars.count > width }) {
      guard
        let victim = kept.max(by: { grid.columns[$0].sacrifice < grid.columns[$1].sacrifice }),
        grid.columns[victim].sacrifice > 0
      else { break }
      kept.removeAll { $0 == victim }
      lines = layout(grid, columns: kept)
    }
    for (index, row) in lines.enumerated() {
      let isTotal = grid.total != nil && index == lines.count - 1
      if isTotal, let remainder = grid.remainder { line("  " + remainder, style: .dim) }
      line(row, style: index == 0 ? .dim : isTotal ? .bold : .plain)
    }
    if grid.total == nil, let remainder = grid.remainder {
      line("  " + remainder, style: .dim)
    }
  }

  private func layout(_ grid: DigestContent.Grid, columns: [Int]) -> [String] {
    var table = TextTable(columns: columns.map { grid.columns[$0].alignment })
    table.append(columns.map { grid.columns[$0].title })
    for row in grid.rows { table.append(columns.map { row[$0] }) }
    if let total = grid.total { table.append(columns.map { total[$0] }) }
    return table.lines().map { "  " + $0 }
  }
}
