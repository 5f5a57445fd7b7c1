// SPDX-License-Identifier: Apache-2.0

internal import TrafficAnalysis

/// A table of a report as people read it: units, thousands, the largest rows first.
struct PageTable {
  /// Most rows of a table on the page; the file beside it has all.
  static let maximumRows = 200
  private static let longestText = 300

  let table: Table
  let title: String
  /// The column by which rows are sorted, largest first; the table's own order without one.
  var weight: String?

  /// What the page shows, in its order; the findings have a section of their own.
  static let all: [PageTable] = [
    PageTable(table: .dimensions, title: "Bytes and time"),
    PageTable(table: .reconciliation, title: "Expected beside observed"),
    PageTable(table: .traffic, title: "Classes of operations", weight: "wire_bytes"),
    PageTable(table: .communicators, title: "Communicators", weight: "wire_bytes"),
    PageTable(table: .durations, title: "Durations", weight: "total_ns"),
    PageTable(table: .overlap, title: "Communication beside computation"),
    PageTable(table: .waiting, title: "Waiting", weight: "caused_wait_ns"),
    PageTable(table: .bandwidth, title: "Bandwidth"),
    PageTable(table: .ranks, title: "Ranks"),
    PageTable(table: .links, title: "Links"),
    PageTable(table: .machine, title: "Machine"),
    PageTable(table: .rings, title: "Rings and trees"),
    PageTable(table: .messageSizes, title: "Message sizes"),
    PageTable(table: .rankMatrix, title: "Rank to rank", weight: "bytes"),
    PageTable(table: .ingestion, title: "Input files"),
  ]

  /// Rows that are shown, without the columns that are empty in all of them.
  struct Content {
    var columns: [Table.Column] = []
    var rows: [[Cell]] = []
    /// Rows of the table, shown or not.
    var count = 0
  }

  /// - Complexity: O(rows x columns), and O(*n* log *n*) for sorting; keeps the rows shown only.
  func content(_ summary: TrafficSummary) -> Content {
    var content = Content(columns: table.columns)
    let key = weight.flatMap { name in table.columns.firstIndex { $0.name == name } }
    var weights: [Double] = []
    table.forEachRow(of: summary) { cells in
      weights.append(key.map { Self.number(cells[$0]) ?? -1 } ?? 0)
    }
    content.count = weights.count
    let shown = weights.indices.sorted { a, b in
      weights[a] != weights[b] ? weights[a] > weights[b] : a < b
    }.prefix(Self.maximumRows)
    let places = Dictionary(uniqueKeysWithValues: zip(shown, 0...))
    content.rows = Array(repeating: [], count: shown.count)
    var row = 0
    table.forEachRow(of: summary) { cells in
      if let place = places[row] { content.rows[place] = cells }
      row += 1
    }
    let used = table.columns.indices.filter { column in
      content.rows.contains { $0[column] != .unknown }
    }
    content.columns = used.map { table.columns[$0] }
    content.rows = content.rows.map { row in used.map { row[$0] } }
    return content
  }

  /// Writes the section of the table.
  ///
  /// `anchor` tells the id of a row from its cells, so that findings can point to it.
  func write(_ content: Content, to html: inout HTMLWriter, anchor: ([Cell]) -> String?) {
    html.open("section", ["id": table.name])
    html.element("h2", title)
    html.open("p", ["class": "muted"])
    html.text("One row per \(table.rowMeaning). ")
    if content.rows.count < content.count {
      let which =
        weight.map { "with the most \($0.replacing("_", with: " "))" } ?? "that come first"
      html.text(
        "The \(Quantity.count(content.rows.count)) \(which) of "
          + "\(Quantity.count(content.count)); all are in ")
    } else {
      html.text("Exact numbers: ")
    }
    html.element("a", ["href": table.fileName], table.fileName)
    html.text(".")
    html.close("p")
    html.open("div", ["class": "scroll"])
    html.open("table", ["class": "sorts"])
    html.open("thead")
    html.open("tr")
    for column in content.columns {
      let unit = column.unit.isEmpty ? "" : " (\(column.unit))"
      html.element(
        "th",
        [
          "class": Self.isNumber(column) ? "n" : nil, "scope": "col",
          "title": column.meaning + unit,
        ],
        Self.heading(column))
    }
    html.close("tr")
    html.close("thead")
    html.open("tbody")
    for row in content.rows {
      html.newLine()
      html.open("tr", ["id": anchor(row)])
      for (column, cell) in zip(content.columns, row) { Self.write(cell, of: column, to: &html) }
      html.close("tr")
    }
    html.close("tbody")
    html.close("table")
    html.close("div")
    html.close("section")
    html.newLine()
  }

  // MARK: - Cells

  private static func isNumber(_ column: Table.Column) -> Bool {
    column.type == .integer || column.type == .number
  }

  /// The column's name without the unit that its cells carry themselves.
  private static func heading(_ column: Table.Column) -> String {
    var words = column.name.split(separator: "_")
    if column.unit == "bytes" || column.unit == "ns", words.count > 1,
      words.last.map(String.init) == column.unit
    {
      words.removeLast()
    }
    return words.joined(separator: " ").replacing(" gb per s", with: " GB/s")
  }

  private static func write(_ cell: Cell, of column: Table.Column, to html: inout HTMLWriter) {
    if column.name == "dimension", case .text(let name) = cell {
      html.open("td")
      dimension(name, to: &html)
      html.close("td")
      return
    }
    let (text, exact) = shown(cell, of: column)
    let isLong = text.utf8.count > 40
    html.element(
      "td", ["class": isNumber(column) ? "n" : isLong ? "long" : nil, "title": exact], text)
  }

  /// Writes a dimension's name with the colour that it has in the figures.
  static func dimension(_ name: String, to html: inout HTMLWriter) {
    // Only names of this module become classes.
    let known = ParallelismDimension(rawValue: name)
    html.element("span", ["class": known.map { "dimension \($0.rawValue)" }], name)
  }

  /// What stands in the cell, and the exact value where it differs.
  private static func shown(_ cell: Cell, of column: Table.Column) -> (String, String?) {
    switch cell {
    case .unknown: return ("", nil)
    case .boolean(let value): return (value ? "yes" : "no", nil)
    case .text(let text):
      return (PlainText.shortened(text, to: longestText), nil)
    case .integer(let value): return shown(integer: value, of: column)
    case .unsigned(let value):
      if let value = Int(exactly: value) { return shown(integer: value, of: column) }
      return (Quantity.count(value), nil)
    case .number(let value):
      return (Quantity.fixed(value, places: 2, isTrimmed: true), nil)
    case .ratio(let value):
      return (Quantity.fixed(value, places: 3, isTrimmed: true), nil)
    }
  }

  private static func shown(integer value: Int, of column: Table.Column) -> (String, String?) {
    switch column.unit {
    case "bytes" where value >= 0: (Quantity.bytes(UInt64(value)), "\(value) bytes")
    case "ns": (Quantity.time(Int64(value)), "\(value) ns")
    // A rank, an index, a process: a name in digits.
    case "": (String(value), nil)
    default: (Quantity.count(value), nil)
    }
  }

  private static func number(_ cell: Cell) -> Double? {
    switch cell {
    case .integer(let value): Double(value)
    case .unsigned(let value): Double(value)
    case .number(let value), .ratio(let value): value
    case .unknown, .boolean, .text: nil
    }
  }
}
