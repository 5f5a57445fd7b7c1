// SPDX-License-Identifier: Apache-2.0

internal import TrafficAnalysis

/// `report.html` of `compare`: runs side by side on one page.
struct ComparisonPage {
  /// Most runs beside each other; the tables have the others.
  private static let maximumRuns = 12

  private let comparison: RunComparison
  private let gates: [ComparisonGate]
  private let pictures: [ReportFile]
  private let tables: [PageTable.Content]

  /// Lays out a page.
  ///
  /// - Parameters:
  ///   - comparison: The runs.
  ///   - gates: Limits that somebody set.
  ///   - tables: All tables of the comparison.
  ///   - pictures: SVG documents that this module rendered.
  init(
    _ comparison: RunComparison, gates: [ComparisonGate], tables: [FilledTable],
    pictures: [ReportFile]
  ) {
    self.comparison = comparison
    self.gates = gates
    self.pictures = pictures
    self.tables = Self.pages(comparison.basis).compactMap { page in
      let filled = tables.first { $0.table.name == page.table.name }
      let content = page.content { body in filled?.rows.forEach(body) }
      return content.count > 0 ? content : nil
    }
  }

  /// What the page shows, in its order: the amounts by the unit that the runs are compared by.
  private static func pages(_ basis: RunComparison.Basis) -> [PageTable] {
    let shown: Set<String> = [
      "run", "dimension", "phase", "collective", "operations", "payload_bytes", "wire_bytes",
      "inter_node_bytes", "time_ns", "confidence",
    ]
    let changes: Set<String> =
      switch basis {
      case .run:
        [
          "operations_ratio", "payload_bytes_ratio", "wire_bytes_delta", "wire_bytes_ratio",
          "inter_node_bytes_ratio", "time_ratio",
        ]
      case .step: ["steps", "wire_bytes_per_step", "wire_bytes_per_step_ratio"]
      case .token:
        ["payload_bytes_per_token", "wire_bytes_per_token", "wire_bytes_per_token_ratio"]
      }
    func changed(_ table: Table, _ title: String) -> PageTable {
      PageTable(
        table: table, title: title,
        omission: PageTable.Omission(
          column: "change", text: "none", others: "that differ from the baseline"))
    }
    return [
      PageTable(
        table: .comparisonDimensions, title: "Dimensions", shown: shown.union(changes)),
      PageTable(
        table: .comparisonClasses, title: "Classes of operations", weight: "wire_bytes",
        shown: shown.union(changes)),
      changed(.comparisonLayout, "Layout"),
      changed(.comparisonLinks, "Links relieved and loaded"),
      changed(.comparisonFindings, "Findings gained and lost"),
      PageTable(table: .comparisonRuns, title: "What each run is"),
    ]
  }

  /// Renders the page.
  ///
  /// - Complexity: O(runs x classes); at most ``PageTable/maximumRows`` rows of each table.
  func render() -> [UInt8] {
    let content = ComparisonContent(
      comparison, shownRuns: Self.maximumRuns, shownStatements: comparison.statements.count)
    var sections: [HTMLPage.Section] = [.list("runs", "Runs", content.runs)]
    if !content.statements.isEmpty {
      sections.append(
        .list("statements", "Care", heading: "What to take care of", content.statements))
    }
    if !gates.isEmpty { sections.append(.list("gates", "Gates", gates.flatMap(verdicts))) }
    sections += [
      .figures(pictures),
      .grid(
        "overview", "Bytes", heading: content.wireTitle, Self.titled(content.wire),
        note: content.glossary),
      .grid(
        "messages", "Messages", heading: content.messagesTitle, Self.titled(content.messages)),
      .list("changes", "Changes", content.changes),
    ]
    sections += tables.map { $0.section() }
    sections.append(.definitions(tables))
    let lead = ComparisonLead(comparison)
    return HTMLPage(
      headline: lead.headline, lead: lead.lines(gates: gates), pictures: pictures,
      sections: sections
    ).render()
  }

  /// The same table, with a name for the columns of factors too.
  private static func titled(_ grid: DigestContent.Grid) -> DigestContent.Grid {
    var grid = grid
    for index in grid.columns.indices where grid.columns[index].title.isEmpty {
      grid.columns[index].title = "factor"
    }
    return grid
  }

  private func verdicts(_ gate: ComparisonGate) -> [String] {
    let objections = gate.objections(in: comparison)
    return objections.isEmpty
      ? ["\(gate.text): passes."]
      : objections.map { "\(ComparisonReport.text($0, in: comparison)) The gate trips." }
  }
}
