// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import CollectiveTrace
internal import TrafficReport

/// `commlens formats`: the registry of what is read.
struct FormatsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "formats",
    abstract: "Lists what commlens reads and how it recognises it."
  )

  func run() throws {
    var text = "name,summary,recognised_by\n"
    for format in TraceFormat.all {
      text += [format.name, format.summary, format.recognisedBy].map(csvCell).joined(separator: ",")
      text += "\n"
    }
    try Console(verbosity: .normal, color: .never).output(Array(text.utf8))
  }
}

/// `commlens schema`: every column of every table, from the tables that write the data.
struct SchemaCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema",
    abstract: "Lists every column commlens writes, with type, unit and meaning."
  )

  @Option(help: "The form: table, csv, json, ndjson or md (default: csv).")
  var format: OutputFormat = .csv

  func run() throws {
    let tables =
      Table.all + Table.expectation + Table.topology + Table.comparison + Table.limits
      + Table.whatIf + Table.hardware
    let bytes =
      switch format {
      case .table: Array(Schema.text(tables).utf8)
      case .csv: Schema.csv(tables)
      case .json: Schema.json(tables)
      case .ndjson: Schema.ndjson(tables)
      case .md: Array(Schema.markdown(tables).utf8)
      }
    try Console(verbosity: .normal, color: .never).output(bytes)
  }
}

/// Quotes a cell only when it needs it (RFC 4180).
func csvCell(_ text: String) -> String {
  guard text.utf8.contains(where: { ",\"\r\n".utf8.contains($0) }) else { return text }
  return "\""
    + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
}
