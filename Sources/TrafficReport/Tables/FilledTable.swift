// SPDX-License-Identifier: Apache-2.0

/// A table with its rows, for those that do not come from a summary of logs.
struct FilledTable: Sendable {
  let table: Table
  /// A cell for each column of the table.
  let rows: [[Cell]]

  /// Fills a table.
  ///
  /// - Complexity: O(rows x columns).
  init<Row>(_ table: Table, _ rows: [Row], _ columns: [Table.Definition<Row>]) {
    self.table = table
    self.rows = rows.map { row in columns.map { $0.cell(row) } }
  }

  private var columns: [Table.Definition<[Cell]>] {
    table.columns.enumerated().map { place, column in
      Table.Definition(column: column) { $0[place] }
    }
  }

  /// Encodes the table as a file.
  func csv(isRaw: Bool) -> ReportFile {
    ReportFile(name: table.fileName, bytes: RowEncoder.csv(rows, columns, isRaw: isRaw))
  }

  /// Writes the table as a member of an object.
  func write(to json: inout JSONWriter) {
    json.key(table.name)
    RowEncoder.write(rows, columns, to: &json)
  }

  /// Encodes the table as newline-delimited JSON.
  var lines: [UInt8] { RowEncoder.lines(rows, columns, table.name) }
}
