// SPDX-License-Identifier: Apache-2.0

public import TrafficAnalysis

/// The findings alone, for `commlens check`.
public enum FindingsReport {
  /// The findings for a terminal, gravest first, each with what was seen and what to do.
  public static func text(_ summary: TrafficSummary, width: Int, color: Bool) -> [UInt8] {
    var page = Page(width: width, isColored: color)
    page.heading(PlainText.printable(summary.headline))
    for line in DigestContent.coverage(summary.coverage) { page.line("  " + line) }
    if !summary.findings.isEmpty { page.blank() }
    for notice in DigestContent.notices(summary.findings) {
      page.notice(notice, withEvidence: true)
    }
    page.blank()
    page.line(count(summary.findings))
    return Array(page.text.utf8)
  }

  /// The findings as a Markdown list.
  public static func markdown(_ summary: TrafficSummary) -> [UInt8] {
    var text = "# \(Markdown.escaped(PlainText.printable(summary.headline)))\n\n"
    for notice in DigestContent.notices(summary.findings) { text += Digest.markdown(notice) }
    text += (summary.findings.isEmpty ? "" : "\n") + count(summary.findings) + "\n"
    return Array(text.utf8)
  }

  /// The findings as in `findings.csv`.
  public static func csv(_ summary: TrafficSummary) -> [UInt8] {
    Table.findings.csv(summary, isRaw: false)
  }

  /// The findings as in `summary.json`.
  public static func json(_ summary: TrafficSummary) -> [UInt8] {
    SummaryDocument.json(summary, tables: [.findings])
  }

  /// One finding a line.
  public static func ndjson(_ summary: TrafficSummary) -> [UInt8] {
    SummaryDocument.ndjson(summary, tables: [.findings])
  }

  private static func count(_ findings: [Finding]) -> String {
    let parts = Finding.Severity.allCases.compactMap { severity -> String? in
      let count = findings.count { $0.severity == severity }
      return count == 0 ? nil : Quantity.counted(count, severity.rawValue)
    }
    return parts.isEmpty ? "Nothing found." : parts.joined(separator: ", ") + "."
  }
}
