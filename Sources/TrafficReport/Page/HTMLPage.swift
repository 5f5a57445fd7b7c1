// SPDX-License-Identifier: Apache-2.0

/// One page that needs nothing but itself: what the pages of all reports have in common.
///
/// It is read without a script, which only sorts tables. The content security policy allows its own
/// style sheets and that script by their digests, and nothing else: no network, no handler, no
/// style of an element. Text of the input is escaped, and can be neither.
struct HTMLPage {
  /// The name in the output directory.
  static let fileName = "report.html"

  /// A part of the page, with its place in the navigation.
  struct Section {
    /// What links of the page lead to.
    var id: String
    /// What the navigation calls it.
    var label: String
    /// Its heading, where it differs.
    var heading: String?
    /// Writes what stands below the heading.
    var write: (inout HTMLWriter) -> Void
  }

  /// What the page is about, in one line.
  let headline: String
  /// What a person wants to know before anything else, in a sentence each.
  let lead: [(term: String, text: String)]
  /// SVG documents that this module rendered.
  let pictures: [ReportFile]
  /// The parts, in their order.
  let sections: [Section]

  /// Renders the page.
  ///
  /// - Complexity: O(size of the sections).
  func render() -> [UInt8] {
    var html = HTMLWriter()
    html.verbatim("<!doctype html>\n".utf8)
    html.open("html", ["lang": "en"])
    head(&html)
    html.open("body")
    html.newLine()
    header(&html)
    for section in sections {
      html.open("section", ["id": section.id])
      html.element("h2", section.heading ?? section.label)
      section.write(&html)
      html.close("section")
      html.newLine()
    }
    footer(&html)
    html.open("script")
    html.verbatim(PageStyle.script.utf8)
    html.close("script")
    html.close("body")
    html.close("html")
    html.newLine()
    return html.bytes
  }

  private func head(_ html: inout HTMLWriter) {
    html.open("head")
    html.newLine()
    html.empty("meta", ["charset": "utf-8"])
    html.empty(
      "meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"])
    html.empty("meta", ["http-equiv": "Content-Security-Policy", "content": policy])
    html.empty("meta", ["name": "referrer", "content": "no-referrer"])
    html.newLine()
    html.element("title", "\(headline) - commlens")
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

  private func header(_ html: inout HTMLWriter) {
    html.open("header")
    html.element("h1", headline)
    html.open("dl", ["class": "lead"])
    for (term, text) in lead {
      html.element("dt", term)
      html.element("dd", text)
    }
    html.close("dl")
    html.close("header")
    html.newLine()
    html.open("nav", ["aria-label": "Sections"])
    for section in sections { html.element("a", ["href": "#\(section.id)"], section.label) }
    html.close("nav")
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
}

// MARK: - Sections that every page may have

extension HTMLPage.Section {
  /// Lines of text, each a point of a list.
  static func list(
    _ id: String, _ label: String, heading: String? = nil, _ lines: [String]
  ) -> Self {
    Self(id: id, label: label, heading: heading) { html in
      html.open("ul")
      for line in lines { html.element("li", line) }
      html.close("ul")
    }
  }

  /// The figures, each with a link to its file.
  static func figures(_ pictures: [ReportFile]) -> Self {
    Self(id: "figures", label: "Figures") { html in
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
    }
  }

  /// A small table of the digest, with a line below it.
  static func grid(
    _ id: String, _ label: String, heading: String? = nil, _ grid: DigestContent.Grid,
    note: String = ""
  ) -> Self {
    Self(id: id, label: label, heading: heading) { html in
      func row(_ cells: [String]) {
        html.open("tr")
        for (index, cell) in cells.enumerated() {
          html.open("td", ["class": grid.columns[index].alignment == .right ? "n" : nil])
          if index == 0 { PageTable.dimension(cell, to: &html) } else { html.text(cell) }
          html.close("td")
        }
        html.close("tr")
      }
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
      let text = note + " " + (grid.remainder ?? "")
      if text != " " { html.element("p", ["class": "muted"], text) }
    }
  }

  /// What the columns of the tables above mean.
  static func definitions(_ tables: [PageTable.Content]) -> Self {
    Self(id: "definitions", label: "Definitions") { html in
      html.open("dl", ["class": "words"])
      var seen: Set<String> = []
      for column in tables.flatMap(\.columns) {
        let meaning = column.meaning + (column.unit.isEmpty ? "" : " (\(column.unit))")
        guard seen.insert(column.name + meaning).inserted else { continue }
        html.element("dt", column.name)
        html.element("dd", meaning)
      }
      html.close("dl")
    }
  }
}
