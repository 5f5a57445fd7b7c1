// SPDX-License-Identifier: Apache-2.0

internal import TrafficAnalysis

/// Writes a table as CSV after RFC 4180, with LF line ends and quotes only where they are needed.
///
/// A text cell that a spreadsheet would take for a formula gets a leading `'`; `isRaw` turns that
/// off. Numbers are ours and are never guarded.
struct CSVWriter {
  /// Whether text is written without the guard against formulas.
  let isRaw: Bool
  private(set) var bytes: [UInt8] = []

  init(isRaw: Bool) { self.isRaw = isRaw }

  /// Appends the header.
  mutating func append(header columns: [Table.Column]) {
    for (index, column) in columns.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      bytes += column.name.utf8
    }
    bytes.append(UInt8(ascii: "\n"))
  }

  /// Appends a row.
  mutating func append(_ cells: [Cell]) {
    for (index, cell) in cells.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      append(cell)
    }
    bytes.append(UInt8(ascii: "\n"))
  }

  private mutating func append(_ cell: Cell) {
    switch cell {
    case .unknown: break
    case .integer(let value): bytes += String(value).utf8
    case .unsigned(let value): bytes += String(value).utf8
    case .number(let value): bytes += Quantity.fixed(value, places: 3, isTrimmed: true).utf8
    case .ratio(let value): bytes += Quantity.fixed(value, places: 6, isTrimmed: true).utf8
    case .boolean(let value): bytes += (value ? "true" : "false").utf8
    case .text(let value): append(text: value)
    }
  }

  private mutating func append(text: String) {
    var shown = PlainText.printable(text)
    if !isRaw, let first = text.unicodeScalars.first, Self.startsFormula(first) {
      shown = "'" + shown
    }
    let needsQuotes = shown.utf8.contains {
      $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"")
    }
    guard needsQuotes else {
      bytes += shown.utf8
      return
    }
    bytes.append(UInt8(ascii: "\""))
    for byte in shown.utf8 {
      if byte == UInt8(ascii: "\"") { bytes.append(byte) }
      bytes.append(byte)
    }
    bytes.append(UInt8(ascii: "\""))
  }

  /// Whether a spreadsheet may take text that begins so for a formula (CWE-1236).
  static func startsFormula(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "=", "+", "-", "@", "\t", "\r", "\n", "\0": true
    // The full-width forms, which some spreadsheets fold to the narrow ones.
    case "\u{FF1D}", "\u{FF0B}", "\u{FF0D}", "\u{FF20}": true
    default: false
    }
  }
}

extension Table {
  /// Encodes the table of a summary as CSV.
  ///
  /// - Complexity: O(rows x columns).
  func csv(_ summary: TrafficSummary, isRaw: Bool) -> [UInt8] {
    var writer = CSVWriter(isRaw: isRaw)
    writer.append(header: columns)
    forEachRow(of: summary) { writer.append($0) }
    return writer.bytes
  }
}
