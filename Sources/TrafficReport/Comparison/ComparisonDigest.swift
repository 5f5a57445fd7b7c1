// SPDX-License-Identifier: Apache-2.0

public import TrafficAnalysis

/// What a person reads first of a comparison: one screen of text, or the same as Markdown.
public enum ComparisonDigest {
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
    let content = ComparisonContent(comparison)
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
    let content = ComparisonContent(comparison)
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
}
