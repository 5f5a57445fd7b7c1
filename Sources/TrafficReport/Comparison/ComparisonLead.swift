// SPDX-License-Identifier: Apache-2.0

internal import TrafficAnalysis

/// What a person wants to know of a comparison before anything else, in a sentence each.
struct ComparisonLead {
  private static let shownRuns = 4

  private let comparison: RunComparison
  private let base: String
  /// The run whose bytes by the basis are furthest from the baseline's; the first of equals.
  private let furthest: Int?

  init(_ comparison: RunComparison) {
    self.comparison = comparison
    base = ComparisonText.label(comparison.baselineRun)
    func wire(_ run: Int) -> UInt64 {
      ComparisonText.amount(comparison.runs[run].amounts().wireBytes, of: run, in: comparison)
    }
    let own = wire(comparison.baseline)
    let distances = comparison.runs.indices.map { run in
      (run: run, bytes: max(wire(run), own) - min(wire(run), own))
    }.filter { $0.bytes > 0 }
    furthest = distances.max { a, b in a.bytes != b.bytes ? a.bytes < b.bytes : a.run > b.run }?.run
  }

  /// Which runs these are, by what they are compared, and the largest change.
  var headline: String {
    let names = comparison.runs.map { ComparisonText.label($0) }
    let shown = names.count > Self.shownRuns ? Array(names.prefix(Self.shownRuns - 1)) : names
    let last =
      shown.count < names.count
      ? Quantity.counted(names.count - shown.count, "more run") : shown.last ?? ""
    let all = (shown.count < names.count ? shown : shown.dropLast()).joined(separator: ", ")
    let unit = comparison.basis == .run ? "whole runs" : "per \(comparison.basis.rawValue)"
    return "\(all) and \(last), \(unit): \(change)"
  }

  private var change: String {
    guard let run = furthest else { return "all put the same bytes on the wire" }
    let name = ComparisonText.label(comparison.runs[run])
    let (own, old) = (comparison.runs[run].amounts(), comparison.baselineRun.amounts())
    func bytes(_ value: UInt64, _ run: Int) -> String {
      ComparisonText.bytes(value, of: run, in: comparison)
    }
    guard
      let ratio = ComparisonText.ratio(own.wireBytes, of: run, to: old.wireBytes, in: comparison)
    else { return "\(name) puts \(bytes(own.wireBytes, run)) on the wire, and \(base) nothing" }
    guard own.wireBytes > 0 else {
      return "\(name) puts nothing on the wire, and \(base) "
        + bytes(old.wireBytes, comparison.baseline)
    }
    // A small change is told from none by its per cent, a large one by its factor.
    guard ratio > 0.5, ratio < 2 else {
      return "\(name) puts \(ComparisonText.times(ratio)) the bytes of \(base) on the wire"
    }
    let percent = 100 * (ratio - 1).magnitude
    let amount =
      percent < 0.1 ? "<0.1" : Quantity.fixed(percent, places: percent < 9.95 ? 1 : 0)
    return "\(name) puts \(amount) % \(ratio > 1 ? "more" : "fewer") bytes on the wire than \(base)"
  }

  /// The sentences.
  func lines(gates: [ComparisonGate]) -> [(term: String, text: String)] {
    var lines = [("Bytes", bytes)]
    if let furthest {
      let changes = ComparisonText.changes(furthest, in: comparison, limit: 3)
      lines.append(
        ("Largest change", named(furthest, changes.joined(separator: ", "))))
    }
    lines.append(("Layout", layout))
    if !comparison.links.isEmpty { lines.append(("Links", links)) }
    lines.append(("Findings", findings))
    if !gates.isEmpty { lines.append(("Gates", verdict(gates))) }
    return lines
  }

  private var others: [Int] {
    comparison.runs.indices.filter { $0 != comparison.baseline }
  }

  private func named(_ run: Int, _ text: String) -> String {
    "\(ComparisonText.label(comparison.runs[run])): \(text)."
  }

  /// A part for each of the other runs that has one, as a sentence.
  private func parts(after mark: String = "", _ text: (Int) -> String?) -> String? {
    let found = others.compactMap { run in text(run).map { (run, $0) } }
    guard !found.isEmpty else { return nil }
    let shown = found.prefix(Self.shownRuns).map { run, text in
      "\(ComparisonText.label(comparison.runs[run]))\(mark) \(text)"
    }
    let left = found.count - shown.count
    return (shown + (left > 0 ? [Quantity.counted(left, "more run")] : [])).joined(separator: "; ")
      + "."
  }

  private var bytes: String {
    let old = comparison.baselineRun.amounts().wireBytes
    let own = parts { run in
      let wire = comparison.runs[run].amounts().wireBytes
      let times = ComparisonText.times(
        ComparisonText.ratio(wire, of: run, to: old, in: comparison))
      return ComparisonText.bytes(wire, of: run, in: comparison)
        + (times.isEmpty ? "" : " (\(times))")
    }
    let start = ComparisonText.bytes(old, of: comparison.baseline, in: comparison)
    return "On the wire\(ComparisonText.per(comparison.basis)): \(base) \(start), the baseline; "
      + (own ?? "")
  }

  private var layout: String {
    parts(after: ":") { run in
      let text = ComparisonText.layout(run, in: comparison)
      return text.isEmpty ? nil : text
    } ?? "The same strategies with the same degrees."
  }

  private var links: String {
    parts(after: ":") { run in ComparisonText.links(run, in: comparison, limit: 1).first }
      ?? "Each kind of link carries the same."
  }

  private var findings: String {
    let changed = comparison.changedFindings
    let counts = parts { run in
      let gained = changed.count { $0.run == run && $0.value.count > 0 }
      let lost = changed.count { $0.run == run && $0.value.count == 0 }
      let parts = [(gained, "gained"), (lost, "lost")].filter { $0.0 > 0 }
      return parts.isEmpty ? nil : parts.map { "\($1) \($0)" }.joined(separator: ", ")
    }
    guard let counts else { return "None gained, none lost." }
    let gravest = changed.filter { $0.value.count > 0 }.enumerated().min { a, b in
      let (x, y) = (a.element.value.severity, b.element.value.severity)
      return x != y ? x < y : a.offset < b.offset
    }
    return counts + (gravest.map { " " + PlainText.printable($0.element.value.summary) } ?? "")
  }

  private func verdict(_ gates: [ComparisonGate]) -> String {
    let objections = gates.map { $0.objections(in: comparison) }.filter { !$0.isEmpty }
    guard let first = objections.first?.first else {
      return gates.count == 1 ? "The gate passes." : "All \(gates.count) gates pass."
    }
    return "\(objections.count) of \(Quantity.counted(gates.count, "gate")) "
      + "\(objections.count == 1 ? "trips" : "trip"). \(ComparisonReport.text(first, in: comparison))"
  }
}
