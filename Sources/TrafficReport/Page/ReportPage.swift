// SPDX-License-Identifier: Apache-2.0

internal import TrafficAnalysis

/// `report.html`: a run on one page that needs nothing but itself.
///
/// It is read without a script, which only sorts tables. The content security policy allows its own
/// style sheets and that script by their digests, and nothing else: no network, no handler, no
/// style of an element. Text of the input is escaped, and can be neither.
struct ReportPage {
  /// The name in the output directory.
  static let fileName = "report.html"
  /// Most findings on the page; `findings.csv` has all.
  private static let maximumFindings = 100

  private let summary: TrafficSummary
  private let pictures: [ReportFile]
  private let tables: [(page: PageTable, content: PageTable.Content)]
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
      return content.rows.isEmpty ? nil : (page, content)
    }
    for (page, content) in tables {
      for row in content.rows {
        guard let subject = Self.subject(row, of: page.table) else { continue }
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
    var html = HTMLWriter()
    html.verbatim("<!doctype html>\n".utf8)
    html.open("html", ["lang": "en"])
    head(&html)
    html.open("body")
    html.newLine()
    header(&html)
    coverage(&html)
    findings(&html)
    overview(&html)
    figures(&html)
    for (page, content) in tables {
      page.write(content, to: &html) { row in
        Self.subject(row, of: page.table).flatMap { anchors[$0] }
      }
    }
    definitions(&html)
    footer(&html)
    html.open("script")
    html.verbatim(PageStyle.script.utf8)
    html.close("script")
    html.close("body")
    html.close("html")
    html.newLine()
    return html.bytes
  }

  // MARK: - Head

  private func head(_ html: inout HTMLWriter) {
    html.open("head")
    html.newLine()
    html.empty("meta", ["charset": "utf-8"])
    html.empty(
      "meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"])
    html.empty("meta", ["http-equiv": "Content-Security-Policy", "content": policy])
    html.empty("meta", ["name": "referrer", "content": "no-referrer"])
    html.newLine()
    html.element("title", "\(DigestContent.headline(summary)) - commlens")
    html.newLine()
    html.open("style")
    html.verbatim(PageStyle.sheet.utf8)
    html.close("style")
    html.close("head")
    html.newLine()
  }

  private var policy: String {
    let sheets = [Array(PageStyle.sheet.utf8)] + pictures.compactMap { Self.sheet(in: $0.bytes) }
    var digests: [String] = []
    for sheet in sheets {
      let digest = "'sha256-\(SHA256.base64Digest(of: sheet))'"
      if !digests.contains(digest) { digests.append(digest) }
    }
    let script = SHA256.base64Digest(of: Array(PageStyle.script.utf8))
    return "default-src 'none'; style-src \(digests.joined(separator: " ")); "
      + "script-src 'sha256-\(script)'; base-uri 'none'; form-action 'none'"
  }

  /// The style sheet of a figure, which has at most one.
  private static func sheet(in svg: [UInt8]) -> [UInt8]? {
    guard let start = svg.firstRange(of: "<style>".utf8),
      let end = svg[start.upperBound...].firstRange(of: "</style>".utf8)
    else { return nil }
    return Array(svg[start.upperBound..<end.lowerBound])
  }

  // MARK: - Sections

  private func header(_ html: inout HTMLWriter) {
    html.open("header")
    html.element("h1", DigestContent.headline(summary))
    html.open("dl", ["class": "lead"])
    for (term, text) in ReportLead.lines(summary) {
      html.element("dt", term)
      html.element("dd", text)
    }
    html.close("dl")
    html.close("header")
    html.newLine()
    html.open("nav", ["aria-label": "Sections"])
    var sections = [("coverage", "Coverage"), ("findings", "Findings")]
    if !summary.traffic.isEmpty { sections.append(("overview", "Traffic")) }
    sections.append(("figures", "Figures"))
    sections += tables.map { ($0.page.table.name, $0.page.title) }
    sections.append(("definitions", "Definitions"))
    for (id, title) in sections { html.element("a", ["href": "#\(id)"], title) }
    html.close("nav")
    html.newLine()
  }

  private func coverage(_ html: inout HTMLWriter) {
    html.open("section", ["id": "coverage"])
    html.element("h2", "What the logs cover")
    html.open("ul")
    for line in DigestContent.coverageLines(summary) { html.element("li", line) }
    for statement in summary.coverage.statements {
      html.element("li", PlainText.printable(statement))
    }
    html.close("ul")
    html.close("section")
    html.newLine()
  }

  private func findings(_ html: inout HTMLWriter) {
    html.open("section", ["id": "findings"])
    html.element("h2", "Findings")
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
    html.close("section")
    html.newLine()
  }

  /// The table of the digest: the one to look at first.
  private func overview(_ html: inout HTMLWriter) {
    let grid = DigestContent(summary).traffic
    guard !grid.rows.isEmpty else { return }
    func row(_ cells: [String]) {
      html.open("tr")
      for (index, cell) in cells.enumerated() {
        html.open("td", ["class": grid.columns[index].alignment == .right ? "n" : nil])
        if index == 0 { PageTable.dimension(cell, to: &html) } else { html.text(cell) }
        html.close("td")
      }
      html.close("tr")
    }
    html.open("section", ["id": "overview"])
    html.element("h2", "Traffic, largest first")
    html.open("div", ["class": "scroll"])
    html.open("table")
    html.open("thead")
    html.open("tr")
    for column in grid.columns {
      html.element(
        "th", ["class": column.alignment == .right ? "n" : nil, "scope": "col"], column.title)
    }
    html.close("tr")
    html.close("thead")
    html.open("tbody")
    for cells in grid.rows { row(cells) }
    html.close("tbody")
    if let total = grid.total {
      html.open("tfoot")
      row(total)
      html.close("tfoot")
    }
    html.close("table")
    html.close("div")
    html.open("p", ["class": "muted"])
    html.text(Digest.glossary + " " + (grid.remainder ?? ""))
    html.close("p")
    html.close("section")
    html.newLine()
  }

  private func figures(_ html: inout HTMLWriter) {
    html.open("section", ["id": "figures"])
    html.element("h2", "Figures")
    html.open("div", ["class": "pictures"])
    for picture in pictures {
      html.newLine()
      html.open("figure")
      html.verbatim(picture.bytes)
      html.open("figcaption", ["class": "muted screen"])
      html.element("a", ["href": picture.name], picture.name)
      html.close("figcaption")
      html.close("figure")
    }
    html.close("div")
    html.close("section")
    html.newLine()
  }

  private func definitions(_ html: inout HTMLWriter) {
    html.open("section", ["id": "definitions"])
    html.element("h2", "Definitions")
    html.open("dl", ["class": "words"])
    var seen: Set<String> = []
    for (_, content) in tables {
      for column in content.columns {
        let meaning = column.meaning + (column.unit.isEmpty ? "" : " (\(column.unit))")
        guard seen.insert(column.name + meaning).inserted else { continue }
        html.element("dt", column.name)
        html.element("dd", meaning)
      }
    }
    html.close("dl")
    html.close("section")
    html.newLine()
  }

  private func footer(_ html: inout HTMLWriter) {
    html.open("footer")
    html.text("Written by commlens, schema \(Schema.version). Inputs, options and digests: ")
    html.element("a", ["href": Manifest.fileName], Manifest.fileName)
    html.text(".")
    html.close("footer")
    html.newLine()
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
