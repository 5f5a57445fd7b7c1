// SPDX-License-Identifier: Apache-2.0

public import TrafficAnalysis

/// The files of a comparison, and the same content for standard output.
///
/// The same runs give the same bytes.
///
/// - Complexity: O(runs x (classes + links + findings)) for every form.
public enum ComparisonReport {
  /// Encodes `comparison.csv` for standard output.
  public static func csv(
    _ comparison: RunComparison, options: ReportOptions = ReportOptions()
  ) -> [UInt8] {
    tables(comparison, options)[0].bytes
  }

  /// Encodes all files: the tables in the order of ``Table/comparison``, one document, the figure.
  public static func files(
    _ comparison: RunComparison, options: ReportOptions = ReportOptions()
  ) -> [ReportFile] {
    tables(comparison, options) + [
      ReportFile(name: "comparison.json", bytes: json(comparison)),
      ReportFile(name: "comparison.svg", bytes: ComparisonFigure.svg(comparison)),
    ]
  }

  private static func tables(
    _ comparison: RunComparison, _ options: ReportOptions
  ) -> [ReportFile] {
    func file<Row>(
      _ name: String, _ rows: [Row], _ columns: [Table.Definition<Row>]
    ) -> ReportFile {
      ReportFile(
        name: name + ".csv", bytes: RowEncoder.csv(rows, columns, isRaw: options.csvRaw))
    }
    return [
      file("comparison", comparison.tableRows(comparison.classes), Table.comparisonColumns),
      file("comparison_dimensions", comparison.tableRows(comparison.sums), Table.sumColumns),
      file("comparison_runs", comparison.runRows, Table.runColumns),
      file("comparison_layout", comparison.tableRows(comparison.groups), Table.layoutColumns),
      file("comparison_links", comparison.tableRows(comparison.links), Table.linkColumns),
      file("comparison_findings", comparison.tableRows(comparison.findings), Table.findingColumns),
    ]
  }

  /// Encodes all tables and the statements as one JSON document.
  public static func json(_ comparison: RunComparison) -> [UInt8] {
    var json = JSONWriter()
    json.openObject()
    json.member("schema_version", .integer(SummaryDocument.schemaVersion))
    json.member("baseline", .text(comparison.baselineRun.label))
    json.member("compared_per", .text(comparison.basis.rawValue))
    json.strings("statements", comparison.statements, isInline: false)
    func table<Row>(_ name: String, _ rows: [Row], _ columns: [Table.Definition<Row>]) {
      json.key(name)
      RowEncoder.write(rows, columns, to: &json)
    }
    table("comparison_runs", comparison.runRows, Table.runColumns)
    table("comparison_dimensions", comparison.tableRows(comparison.sums), Table.sumColumns)
    table("comparison", comparison.tableRows(comparison.classes), Table.comparisonColumns)
    table("comparison_layout", comparison.tableRows(comparison.groups), Table.layoutColumns)
    table("comparison_links", comparison.tableRows(comparison.links), Table.linkColumns)
    table("comparison_findings", comparison.tableRows(comparison.findings), Table.findingColumns)
    json.member("complete", .boolean(true))
    json.close()
    return json.bytes
  }

  /// Encodes all tables as newline-delimited JSON, each line with the name of its table.
  public static func ndjson(_ comparison: RunComparison) -> [UInt8] {
    func lines<Row>(
      _ name: String, _ rows: [Row], _ columns: [Table.Definition<Row>]
    ) -> [UInt8] { RowEncoder.lines(rows, columns, name) }
    return lines("comparison", comparison.tableRows(comparison.classes), Table.comparisonColumns)
      + lines("comparison_dimensions", comparison.tableRows(comparison.sums), Table.sumColumns)
      + lines("comparison_runs", comparison.runRows, Table.runColumns)
      + lines("comparison_layout", comparison.tableRows(comparison.groups), Table.layoutColumns)
      + lines("comparison_links", comparison.tableRows(comparison.links), Table.linkColumns)
      + lines(
        "comparison_findings", comparison.tableRows(comparison.findings), Table.findingColumns)
  }
}
