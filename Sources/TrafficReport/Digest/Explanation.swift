// SPDX-License-Identifier: Apache-2.0

public import TrafficAnalysis

/// Why communicators have the labels that they have, for a terminal.
public enum Explanation {
  /// A name that nothing in the summary has; says which there are.
  public struct UnknownName: Error, Equatable {
    /// One sentence.
    public let message: String
  }

  /// Explains what is named.
  ///
  /// - Parameters:
  ///   - names: Communicators as in the report (`c3`), names that frameworks gave them, or
  ///     dimensions (`tp`), which stand for all of their communicators.
  ///   - summary: What the analysis found.
  ///   - width: Columns of the terminal; less than 40 counts as 40.
  ///   - color: Whether ANSI sequences may be used.
  /// - Returns: Some lines for each communicator, or for those that have label and reasons in
  ///   common, each line with its newline.
  /// - Throws: ``UnknownName`` for the first name that is not in the summary.
  public static func text(
    of names: [String], in summary: TrafficSummary, width: Int = 100, color: Bool = false
  ) throws(UnknownName) -> String {
    var page = Page(width: max(width, 40), isColored: color)
    for (number, name) in names.enumerated() {
      if number > 0 { page.blank() }
      let found = summary.communicators.filter { row in
        row.communicator == name || row.name == name || row.dimension.rawValue == name
      }
      guard !found.isEmpty else { throw unknown(name, summary) }
      explain(found, on: &page)
    }
    return page.text
  }

  private struct Reasons: Hashable {
    var dimension: ParallelismDimension
    var confidence: Confidence
    var evidence: [String]
  }

  private static func explain(_ rows: [CommunicatorRow], on page: inout Page) {
    // Rows of one label and for the same reasons are told once.
    var order: [Reasons] = []
    var groups: [Reasons: [CommunicatorRow]] = [:]
    for row in rows {
      let reasons = Reasons(
        dimension: row.dimension, confidence: row.confidence,
        evidence: row.evidence.map { "\($0.kind.rawValue): \($0.text)" })
      if groups[reasons] == nil { order.append(reasons) }
      groups[reasons, default: []].append(row)
    }
    for (number, reasons) in order.enumerated() {
      if number > 0 { page.blank() }
      let own = groups[reasons] ?? []
      page.line(
        "\(reasons.dimension.rawValue), \(sureness(reasons.confidence)): "
          + (own.count == 1
            ? PlainText.printable(own[0].communicator)
            : Quantity.counted(own.count, "communicator")),
        style: .bold)
      for row in own.prefix(8) { page.paragraph(description(row), indent: "  ") }
      if own.count > 8 {
        page.line(
          "  [\(Quantity.counted(own.count - 8, "other")) in communicators.csv]", style: .dim)
      }
      page.line(reasons.evidence.isEmpty ? "  nothing speaks for a label" : "  because")
      for evidence in reasons.evidence {
        page.paragraph(PlainText.printable(evidence), first: "    - ", indent: "      ")
      }
    }
  }

  private static func sureness(_ confidence: Confidence) -> String {
    switch confidence {
    case .certain: "certain"
    case .strong: "strong evidence"
    case .weak: "weak evidence"
    case .none: "not enough evidence"
    }
  }

  private static func description(_ row: CommunicatorRow) -> String {
    var parts = ["\(row.communicator): ranks \(RankList.text(row.ranks))"]
    if let name = row.name { parts[0] += " (\(name))" }
    if let nodes = row.nodes { parts[0] += " on \(Quantity.counted(nodes, "node"))" }
    if let parent = row.parent { parts.append("split from \(parent)") }
    parts.append(
      row.isComplete ? "all ranks seen, by \(row.membership)" : "ranks by \(row.membership)")
    parts.append(
      "\(Quantity.bytes(row.wireBytes)) on the wire in "
        + Quantity.counted(Int(clamping: row.operations), "operation"))
    return PlainText.printable(parts.joined(separator: "; "))
  }

  private static func unknown(_ name: String, _ summary: TrafficSummary) -> UnknownName {
    let dimensions = ParallelismDimension.allCases.filter { dimension in
      summary.communicators.contains { $0.dimension == dimension }
    }.map(\.rawValue)
    let last = summary.communicators.last?.communicator
    let known =
      dimensions.joined(separator: ", ")
      + (last.map { $0 == "c0" ? " and c0" : " and c0 to \($0)" } ?? "")
    return UnknownName(
      message: "Nothing here is named \(PlainText.printable(name)); "
        + (summary.communicators.isEmpty ? "there is no communicator." : "there are \(known)."))
  }
}
