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
  /// The columns that are shown; all of them without a list.
  var shown: Set<String>?
  /// Rows that are left out, if any are.
  var omission: Omission?

  /// Rows with this text in this column are only in the file.
  struct Omission {
    var column: String
    var text: String
    /// What the other rows are: `that differ`.
    var others: String
  }

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
    let page: PageTable
    var columns: [Table.Column] = []
    var rows: [[Cell]] = []
    /// Rows of the table, shown or not.
    var count = 0
    /// Rows that are not left out, shown or not.
    var candidates = 0
  }

  /// - Complexity: O(rows x columns), and O(*n* log *n*) for sorting; keeps the rows shown only.
  func content(_ summary: TrafficSummary) -> Content {
    content { table.forEachRow(of: summary, $0) }
  }

  /// Takes the rows that `forEachRow` hands over, in the same order each time.
  func content(_ forEachRow: ((_ body: ([Cell]) -> Void) -> Void)) -> Content {
    var content = Content(page: self)
    func place(of name: String?) -> Int? {
      name.flatMap { name in table.columns.firstIndex { $0.name == name } }
    }
    let key = place(of: weight)
    let omitted = place(of: omission?.column)
    var candidates: [(row: Int, weight: Double)] = []
    forEachRow { cells in
      if omitted == nil || omitted.map({ cells[$0] }) != omission.map({ .text($0.text) }) {
        candidates.append((content.count, key.map { Self.number(cells[$0]) ?? -1 } ?? 0))
      }
      content.count += 1
    }
    content.candidates = candidates.count
    let largest = candidates.sorted { a, b in
      a.weight != b.weight ? a.weight > b.weight : a.row < b.row
    }.prefix(Self.maximumRows).map(\.row)
    let places = Dictionary(uniqueKeysWithValues: zip(largest, 0...))
    content.rows = Array(repeating: [], count: largest.count)
    var row = 0
    forEachRow { cells in
      if let place = places[row] { content.rows[place] = cells }
      row += 1
    }
    let used = table.columns.indices.filter { column in
      shown?.contains(table.columns[column].name) ?? true
        && content.rows.contains { $0[column] != .unknown }
    }
    content.columns = used.map { table.columns[$0] }
    content.rows = content.rows.map { row in used.map { row[$0] } }
    return content
  }
}

extension PageTable.Content {
  /// The section of the table.
  ///
  /// `anchor` tells the id of a row from its cells, so that findings can point to it.
  func section(anchor: @escaping ([Cell]) -> String? = { _ in nil }) -> HTMLPage.Section {
    HTMLPage.Section(id: page.table.name, label: page.title) { write(to: &$0, anchor: anchor) }
  }

  /// What is shown of how many rows.
  private var extent: String {
    guard rows.count < count else {
      return page.shown == nil ? "Exact numbers: " : "Exact numbers, and more columns: "
    }
    let all = Quantity.count(count)
    guard !rows.isEmpty else {
      return "Of \(all) there are none \(page.omission?.others ?? ""); all are in "
    }
    let which =
      rows.count == candidates
      ? ""
      : page.weight.map { " with the most \($0.replacing("_", with: " "))" } ?? " that come first"
    return "The \(Quantity.count(rows.count))\(which) of \(all)"
      + (page.omission.map { " \($0.others)" } ?? "") + "; all are in "
  }

  private func write(to html: inout HTMLWriter, anchor: ([Cell]) -> String?) {
    html.open("p", ["class": "muted"])
    html.text("One row per \(page.table.rowMeaning). \(extent)")
    html.element("a", ["href": page.table.fileName], page.table.fileName)
    html.text(".")
    html.close("p")
    guard !rows.isEmpty else { return }
    html.open("div", ["class": "scroll"])
    html.open("table", ["class": "sorts"])
    html.open("thead")
    html.open("tr")
    for column in columns {
      let unit = column.unit.isEmpty ? "" : " (\(column.unit))"
      html.element(
        "th",
        [
          "class": PageTable.isNumber(column) ? "n" : nil, "scope": "col",
          "title": column.meaning + unit,
        ],
        PageTable.heading(column))
    }
    html.close("tr")
    html.close("thead")
    html.open("tbody")
    for row in rows {
      html.newLine()
      html.open("tr", ["id": anchor(row)])
      for (column, cell) in zip(columns, row) { PageTable.write(cell, of: column, to: &html) }
      html.close("tr")
    }
    html.close("tbody")
    html.close("table")
    html.close("div")
  }
}

// MARK: - Cells

extension PageTable {
  fileprivate static func isNumber(_ column: Table.Column) -> Bool {
    column.type == .integer || column.type == .number
  }

  /// The column's name without the unit that its cells carry themselves.
  fileprivate static func heading(_ column: Table.Column) -> String {
    var words = column.name.split(separator: "_")
    if column.unit == "bytes" || column.unit == "ns", words.count > 1,
      words.last.map(String.init) == column.unit
    {
      words.removeLast()
    }
    return words.joined(separator: " ").replacing(" gb per s", with: " GB/s")
  }

  fileprivate static func write(_ cell: Cell, of column: Table.Column, to html: inout HTMLWriter) {
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
    case .number(let value): return shown(number: value, places: 2, of: column)
    case .ratio(let value): return shown(number: value, places: 3, of: column)
    }
  }

  private static func shown(integer value: Int, of column: Table.Column) -> (String, String?) {
    switch column.unit {
    case "bytes":
      ((value < 0 ? "-" : "") + Quantity.bytes(UInt64(value.magnitude)), "\(value) bytes")
    case "ns": (Quantity.time(Int64(value)), "\(value) ns")
    // A rank, an index, a process: a name in digits.
    case "": (String(value), nil)
    default: (Quantity.count(value), nil)
    }
  }

  /// A number; of bytes, such as those of a step, with the digits that matter.
  private static func shown(
    number value: Double, places: Int, of column: Table.Column
  ) -> (String, String?) {
    let exact = Quantity.fixed(value, places: places, isTrimmed: true)
    guard column.unit == "bytes", let whole = UInt64(exactly: value.rounded()),
      whole > 0 || value == 0
    else { return (exact + (column.unit == "bytes" ? " B" : ""), nil) }
    return (Quantity.bytes(whole), "\(exact) bytes")
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
