// SPDX-License-Identifier: Apache-2.0

internal import TrafficAnalysis

/// What a person wants to know before anything else, in a sentence each.
enum ReportLead {
  /// What moved, what is wrong, and how sure that is.
  static func lines(_ summary: TrafficSummary) -> [(term: String, text: String)] {
    [("Traffic", moved(summary)), ("Faults", wrong(summary)), ("Confidence", sure(summary))]
  }

  private static func moved(_ summary: TrafficSummary) -> String {
    let totals = TrafficTotals(summary)
    guard totals.operations > 0 else {
      return "The input holds no operations, so nothing can be said of traffic."
    }
    var bytes: [ParallelismDimension: UInt64] = [:]
    for row in summary.traffic {
      bytes[row.dimension] = (bytes[row.dimension] ?? 0).saturatingAdd(row.wireBytes)
    }
    let largest = bytes.filter { $0.value > 0 }.sorted { a, b in
      a.value != b.value ? a.value > b.value : a.key < b.key
    }
    let shares = largest.prefix(3).map { dimension, wire in
      "\(dimension.rawValue) (\(dimension.phrase)) "
        + Quantity.share(wire, of: totals.wireBytes)
    }
    var text =
      "\(Quantity.bytes(totals.wireBytes)) left the GPUs in "
      + "\(Quantity.count(totals.operations)) operations"
    if !shares.isEmpty { text += ": " + shares.joined(separator: ", ") }
    if largest.count > shares.count { text += ", and others" }
    text += "."
    if let crossing = totals.interNodeBytes, totals.wireBytes > 0 {
      text +=
        crossing == 0
        ? " Nothing crossed nodes."
        : " \(Quantity.share(crossing, of: totals.wireBytes)) of it crossed nodes."
    }
    return text
  }

  private static func wrong(_ summary: TrafficSummary) -> String {
    func count(_ severity: Finding.Severity) -> Int {
      summary.findings.count { $0.severity == severity }
    }
    let (errors, warnings, notes) = (count(.error), count(.warning), count(.note))
    let noted = notes > 0 ? "; \(Quantity.counted(notes, "note"))" : ""
    guard errors + warnings > 0 else {
      return "Nothing that commlens looks for is an error or a warning\(noted)."
    }
    let counts = [(errors, "error"), (warnings, "warning")].filter { $0.0 > 0 }
      .map { Quantity.counted($0.0, $0.1) }.joined(separator: ", ")
    let gravest = summary.findings.min { $0.severity < $1.severity }
    return "\(counts)\(noted). \(gravest.map { PlainText.printable($0.summary) } ?? "")"
  }

  private static func sure(_ summary: TrafficSummary) -> String {
    var parts: [String] = []
    var all: UInt64 = 0
    var trusted: UInt64 = 0
    for row in summary.communicators {
      all = all.saturatingAdd(row.wireBytes)
      if row.confidence <= .strong { trusted = trusted.saturatingAdd(row.wireBytes) }
    }
    if all > 0 {
      parts.append(
        "\(Quantity.share(trusted, of: all)) of the bytes are on communicators whose label is "
          + "certain or strongly supported")
    }
    let coverage = summary.coverage
    if let expected = coverage.ranksExpected {
      parts.append(
        coverage.ranksSeen == expected
          ? "every rank was seen"
          : "\(Quantity.count(coverage.ranksSeen)) of \(Quantity.count(expected)) ranks were seen")
    }
    parts.append(
      coverage.linesLost == 0
        ? "no line was lost"
        : "\(Quantity.counted(coverage.linesLost, "line was", "lines were")) lost")
    guard let first = parts.first else { return "" }
    return first.prefix(1).uppercased() + first.dropFirst()
      + parts.dropFirst().map { "; " + $0 }
      .joined() + "."
  }
}
