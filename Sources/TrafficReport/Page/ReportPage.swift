// SPDX-License-Identifier: Apache-2.0

internal import TrafficAnalysis

/// `report.html` of `analyze`: a run on one page.
struct ReportPage {
  /// Most findings on the page; `findings.csv` has all.
  private static let maximumFindings = 100

  private let summary: TrafficSummary
  private let pictures: [ReportFile]
  private let tables: [PageTable.Content]
  /// The id of the row that shows a communicator, a rank or a file.
  private var anchors: [Subject: String] = [:]

  /// What a finding can point to.
  private enum Subject: Hashable {
    case communicator(String)
    case rank(Int)
    case file(String)
  }

  /// Lays out a page with pictures: SVG documents that this module rendered.
  init(_ summary: TrafficSummary, pictures: [ReportFile]) {
    self.summary = summary
    self.pictures = pictures
    let present = Set(Table.present(in: summary).map(\.name))
    tables = PageTable.all.compactMap { page in
      guard present.contains(page.table.name) else { return nil }
      let content = page.content(summary)
      return content.rows.isEmpty ? nil : content
    }
    for content in tables {
      for row in content.rows {
        guard let subject = Self.subject(row, of: content.page.table) else { continue }
        anchors[subject] =
          switch subject {
          case .communicator(let name): "communicator-\(name)"
          case .rank(let rank): "rank-\(rank)"
          // A file's name may hold anything.
          case .file: "file-\(anchors.count)"
          }
      }
    }
  }

  /// Renders the page.
  ///
  /// - Complexity: O(size of the summary); at most ``PageTable/maximumRows`` rows of each table.
  func render() -> [UInt8] {
    var sections: [HTMLPage.Section] = [
      .list(
        "coverage", "Coverage", heading: "What the logs cover",
        DigestContent.coverageLines(summary)
          + summary.coverage.statements.map(PlainText.printable)),
      HTMLPage.Section(id: "findings", label: "Findings", write: findings),
    ]
    // The table of the digest: the one to look at first.
    let traffic = DigestContent(summary).traffic
    if !traffic.rows.isEmpty {
      sections.append(
        .grid(
          "overview", "Traffic", heading: "Traffic, largest first", traffic,
          note: Digest.glossary))
    }
    sections.append(.figures(pictures))
    sections += tables.map { content in
      content.section { row in
        Self.subject(row, of: content.page.table).flatMap { anchors[$0] }
      }
    }
    sections.append(.definitions(tables))
    return HTMLPage(
      headline: DigestContent.headline(summary), lead: ReportLead.lines(summary),
      pictures: pictures, sections: sections
    ).render()
  }

  private func findings(_ html: inout HTMLWriter) {
    let shown = summary.findings.sorted { $0.severity < $1.severity }.prefix(Self.maximumFindings)
    if shown.isEmpty { html.element("p", "None.") }
    for finding in shown {
      html.newLine()
      html.open("div", ["class": "finding"])
      html.open("p")
      html.element(
        "span", ["class": "severity \(finding.severity.rawValue)"], finding.severity.rawValue)
      html.text(" ")
      html.element("code", finding.code)
      html.close("p")
      html.open("p")
      html.text(finding.summary)
      if !finding.location.isEmpty {
        html.text(" (")
        linked(finding.location, to: &html)
        html.text(")")
      }
      html.close("p")
      if !finding.evidence.isEmpty {
        html.open("p", ["class": "muted"])
        html.text("Seen: ")
        linked(finding.evidence, to: &html)
        html.close("p")
      }
      if !finding.suggestion.isEmpty { html.element("p", finding.suggestion) }
      html.close("div")
    }
    if shown.count < summary.findings.count {
      html.open("p", ["class": "muted"])
      html.text("\(Quantity.count(summary.findings.count - shown.count)) more are in ")
      html.element("a", ["href": Table.findings.fileName], Table.findings.fileName)
      html.text(".")
      html.close("p")
    }
  }

  // MARK: - Evidence

  /// What a row of a table stands for, if findings can name it.
  private static func subject(_ row: [Cell], of table: Table) -> Subject? {
    switch (table.name, row.first) {
    case (Table.communicators.name, .text(let name)): .communicator(name)
    case (Table.ranks.name, .integer(let rank)): .rank(rank)
    case (Table.ingestion.name, .text(let file)): .file(file)
    default: nil
    }
  }

  /// Writes text, with links from the communicators, ranks and files in it to their rows.
  private func linked(_ text: String, to html: inout HTMLWriter) {
    for (index, part) in text.split(separator: ", ", omittingEmptySubsequences: false).enumerated()
    {
      if index > 0 { html.text(", ") }
      let place = subject(of: part).flatMap { anchors[$0] }
      if let place {
        html.element("a", ["href": "#\(place)"], String(part))
      } else {
        html.text(String(part))
      }
    }
  }

  private func subject(of part: Substring) -> Subject? {
    if part.hasPrefix("communicator ") {
      return .communicator(String(part.dropFirst("communicator ".count)))
    }
    if part.hasPrefix("rank ") { return Int(part.dropFirst("rank ".count)).map(Subject.rank) }
    if anchors[.file(String(part))] != nil { return .file(String(part)) }
    // `file:line`
    guard let colon = part.lastIndex(of: ":"), Int(part[colon...].dropFirst()) != nil else {
      return nil
    }
    return .file(String(part[..<colon]))
  }
}
