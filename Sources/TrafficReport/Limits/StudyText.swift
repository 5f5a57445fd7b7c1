// SPDX-License-Identifier: Apache-2.0

/// What a person reads of a model's result: a title, tables, and what was assumed.
struct StudyText {
  var title: String
  var grids: [(String, DigestContent.Grid)]
  var assumptions: [String]
  /// Where the files are, one line each.
  var outputs: [String]

  /// Lays it out for a terminal.
  func text(width: Int, color: Bool) -> String {
    var page = Page(width: max(width, 40), isColored: color)
    page.line(PlainText.printable(title), style: .bold)
    for (title, grid) in grids {
      page.blank()
      page.heading(title)
      page.grid(grid)
    }
    page.blank()
    page.heading("Assumed")
    for sentence in assumptions {
      page.paragraph(PlainText.printable(sentence), first: "  ", indent: "    ")
    }
    if !outputs.isEmpty {
      page.blank()
      page.heading("Files")
      for output in outputs { page.paragraph(PlainText.printable(output), indent: "  ") }
    }
    return page.text
  }

  /// Writes the same as Markdown.
  func markdown() -> String {
    func list(_ lines: [String]) -> String {
      lines.map { "- \(Markdown.escaped($0))\n" }.joined()
    }
    var text = "# \(Markdown.escaped(title))\n"
    for (title, grid) in grids { text += "\n## \(title)\n\n" + Digest.markdown(grid) }
    text += "\n## Assumed\n\n" + list(assumptions)
    if !outputs.isEmpty { text += "\n## Files\n\n" + list(outputs) }
    return text
  }
}
