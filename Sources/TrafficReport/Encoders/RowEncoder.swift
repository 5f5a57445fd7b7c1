// SPDX-License-Identifier: Apache-2.0

/// Encodes rows that do not come from a summary of logs, with the columns that describe them.
///
/// - Complexity: O(rows x columns) for every form.
enum RowEncoder {
  /// Encodes a table as CSV.
  static func csv<Row>(
    _ rows: [Row], _ columns: [Table.Definition<Row>], isRaw: Bool
  ) -> [UInt8] {
    var writer = CSVWriter(isRaw: isRaw)
    writer.append(header: columns.map(\.column))
    for row in rows { writer.append(columns.map { $0.cell(row) }) }
    return writer.bytes
  }

  /// Writes a table as an array of objects.
  static func write<Row>(
    _ rows: [Row], _ columns: [Table.Definition<Row>], to json: inout JSONWriter
  ) {
    json.openArray()
    for row in rows {
      json.openObject(isInline: true)
      for column in columns { json.member(column.column.name, column.cell(row)) }
      json.close()
    }
    json.close()
  }

  /// Encodes a table as newline-delimited JSON, each line with the name of its table.
  static func lines<Row>(
    _ rows: [Row], _ columns: [Table.Definition<Row>], _ name: String
  ) -> [UInt8] {
    var bytes: [UInt8] = []
    for row in rows {
      var json = JSONWriter()
      json.openObject(isInline: true)
      json.member("table", .text(name))
      for column in columns { json.member(column.column.name, column.cell(row)) }
      json.close()
      bytes += json.bytes
    }
    return bytes
  }
}
