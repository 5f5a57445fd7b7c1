// SPDX-License-Identifier: Apache-2.0

/// Describes every column that commlens writes, from the tables that write them.
public enum Schema {
  /// The version of all tables and documents; columns are only appended within it.
  public static let version = SummaryDocument.schemaVersion

  /// Lists the tables and columns as aligned text.
  public static func text(_ tables: [Table] = Table.all) -> String {
    var lines: [String] = []
    for table in tables {
      if !lines.isEmpty { lines.append("") }
      lines.append("\(table.fileName): one row per \(table.rowMeaning)")
      lines.append("  sorted by \(table.order)")
      var layout = TextTable(columns: [.left, .left, .left, .left])
      for column in table.columns {
        layout.append(["  " + column.name, column.type.rawValue, column.unit, column.meaning])
      }
      lines += layout.lines()
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Lists the columns as Markdown, one section per table.
  public static func markdown(_ tables: [Table] = Table.all) -> String {
    var text = ""
    for table in tables {
      if !text.isEmpty { text += "\n" }
      text += "## `\(table.fileName)`\n\nOne row per \(table.rowMeaning); "
      text += "sorted by \(Markdown.escaped(table.order)).\n\n"
      text += Markdown.table(
        header: ["column", "type", "unit", "meaning"], alignments: [.left, .left, .left, .left],
        rows: table.columns.map { column in
          [
            "`\(column.name)`", column.type.rawValue, column.unit,
            Markdown.escaped(column.meaning),
          ]
        })
    }
    return text
  }

  /// Lists the columns as CSV: `table, column, type, unit, meaning`.
  public static func csv(_ tables: [Table] = Table.all) -> [UInt8] {
    var writer = CSVWriter(isRaw: true)
    writer.append(["table", "column", "type", "unit", "meaning"].map(Cell.text))
    for table in tables {
      for column in table.columns {
        writer.append(cells(of: column, in: table).map(\.value))
      }
    }
    return writer.bytes
  }

  /// Lists the tables with their columns as one JSON document.
  public static func json(_ tables: [Table] = Table.all) -> [UInt8] {
    var json = JSONWriter()
    json.openObject()
    json.member("schema_version", .integer(SummaryDocument.schemaVersion))
    json.key("tables")
    json.openArray()
    for table in tables {
      json.openObject()
      json.member("table", .text(table.name))
      json.member("file", .text(table.fileName))
      json.member("one_row_per", .text(table.rowMeaning))
      json.member("sorted_by", .text(table.order))
      json.key("columns")
      json.openArray()
      for column in table.columns {
        json.openObject(isInline: true)
        for cell in cells(of: column, in: table).dropFirst() {
          json.member(cell.name, cell.value)
        }
        json.close()
      }
      json.close()
      json.close()
    }
    json.close()
    json.member("complete", .boolean(true))
    json.close()
    return json.bytes
  }

  /// Lists the columns as newline-delimited JSON.
  public static func ndjson(_ tables: [Table] = Table.all) -> [UInt8] {
    var bytes: [UInt8] = []
    for table in tables {
      for column in table.columns {
        var json = JSONWriter()
        json.openObject(isInline: true)
        for cell in cells(of: column, in: table) { json.member(cell.name, cell.value) }
        json.close()
        bytes += json.bytes
      }
    }
    return bytes
  }

  private static func cells(
    of column: Table.Column, in table: Table
  ) -> [(name: String, value: Cell)] {
    [
      ("table", .text(table.name)), ("column", .text(column.name)),
      ("type", .text(column.type.rawValue)), ("unit", .text(column.unit)),
      ("meaning", .text(column.meaning)),
    ]
  }
}
