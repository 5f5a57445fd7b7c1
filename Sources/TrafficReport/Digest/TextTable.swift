// SPDX-License-Identifier: Apache-2.0

/// Aligns cells in columns of monospaced text.
///
/// - Complexity: O(cells); the widths are known when the last row has been appended.
struct TextTable {
  /// Where a column's text stands.
  enum Alignment { case left, right }

  private let alignments: [Alignment]
  private var rows: [[String]] = []

  init(columns: [Alignment]) { alignments = columns }

  /// Appends a row; missing cells are empty.
  mutating func append(_ cells: [String]) { rows.append(cells) }

  /// The width of the widest line.
  var width: Int { widths.reduce(0, +) + 2 * max(0, alignments.count - 1) }

  /// Returns the rows as lines without blanks at their ends.
  func lines() -> [String] {
    let widths = widths
    return rows.map { row in
      var line = ""
      for (index, alignment) in alignments.enumerated() {
        let cell = index < row.count ? row[index] : ""
        let padding = String(
          repeating: " ", count: max(0, widths[index] - cell.unicodeScalars.count))
        if index > 0 { line += "  " }
        line += alignment == .right ? padding + cell : cell + padding
      }
      while line.hasSuffix(" ") { line.removeLast() }
      return line
    }
  }

  private var widths: [Int] {
    alignments.indices.map { index in
      rows.reduce(0) { max($0, index < $1.count ? $1[index].unicodeScalars.count : 0) }
    }
  }
}
