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
    classes(comparison).csv(isRaw: options.csvRaw).bytes
  }

  /// Encodes all files: the tables in the order of ``Table/comparison``, one document, the figure,
  /// the page.
  ///
  /// - Parameters:
  ///   - comparison: The runs.
  ///   - gates: Limits that the page tells the verdict of.
  ///   - options: How text is written.
  /// - Returns: The files, without the manifest.
  public static func files(
    _ comparison: RunComparison, gates: [ComparisonGate] = [],
    options: ReportOptions = ReportOptions()
  ) -> [ReportFile] {
    let tables = tables(comparison)
    let figure = ReportFile(name: "comparison.svg", bytes: ComparisonFigure.svg(comparison))
    let page = ComparisonPage(comparison, gates: gates, tables: tables, pictures: [figure])
    return tables.map { $0.csv(isRaw: options.csvRaw) } + [
      ReportFile(name: "comparison.json", bytes: json(comparison, tables)), figure,
      ReportFile(name: HTMLPage.fileName, bytes: page.render()),
    ]
  }

  private static func classes(_ comparison: RunComparison) -> FilledTable {
    FilledTable(
      .comparisonClasses, comparison.tableRows(comparison.classes), Table.comparisonColumns)
  }

  /// All tables, in the order of ``Table/comparison``.
  private static func tables(_ comparison: RunComparison) -> [FilledTable] {
    [
      classes(comparison),
      FilledTable(
        .comparisonDimensions, comparison.tableRows(comparison.sums), Table.sumColumns),
      FilledTable(.comparisonRuns, comparison.runRows, Table.runColumns),
      FilledTable(
        .comparisonLayout, comparison.tableRows(comparison.groups), Table.layoutColumns),
      FilledTable(.comparisonLinks, comparison.tableRows(comparison.links), Table.linkColumns),
      FilledTable(
        .comparisonFindings, comparison.tableRows(comparison.findings), Table.findingColumns),
    ]
  }

  /// Encodes all tables and the statements as one JSON document.
  public static func json(_ comparison: RunComparison) -> [UInt8] {
    json(comparison, tables(comparison))
  }

  private static func json(_ comparison: RunComparison, _ tables: [FilledTable]) -> [UInt8] {
    var json = JSONWriter()
    json.openObject()
    json.member("schema_version", .integer(SummaryDocument.schemaVersion))
    json.member("baseline", .text(comparison.baselineRun.label))
    json.member("compared_per", .text(comparison.basis.rawValue))
    json.strings("statements", comparison.statements, isInline: false)
    // The shortest first, for those who read it.
    let first = [Table.comparisonRuns, .comparisonDimensions, .comparisonClasses].map(\.name)
    for name in first { tables.first { $0.table.name == name }?.write(to: &json) }
    for table in tables where !first.contains(table.table.name) { table.write(to: &json) }
    json.member("complete", .boolean(true))
    json.close()
    return json.bytes
  }

  /// Encodes all tables as newline-delimited JSON, each line with the name of its table.
  public static func ndjson(_ comparison: RunComparison) -> [UInt8] {
    tables(comparison).flatMap(\.lines)
  }
}
