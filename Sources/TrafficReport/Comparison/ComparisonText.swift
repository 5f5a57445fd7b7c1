// SPDX-License-Identifier: Apache-2.0

public import TrafficAnalysis

/// Words for what a comparison found.
enum ComparisonText {
  /// `TP4`, fit to be shown.
  static func label(_ run: ComparedRun, limit: Int = 24) -> String {
    PlainText.shortened(PlainText.printable(run.label), to: limit)
  }

  /// An amount by the basis of the comparison, rounded to a whole byte.
  static func amount(_ value: UInt64, of run: Int, in comparison: RunComparison) -> UInt64 {
    let divisor = comparison.divisor(run)
    let (whole, rest) = value.quotientAndRemainder(dividingBy: max(divisor, 1))
    return whole.saturatingAdd(rest >= divisor - rest && divisor > 1 ? 1 : 0)
  }

  /// An amount of bytes by the basis; what rounds to nothing is still told from it.
  static func bytes(_ value: UInt64, of run: Int, in comparison: RunComparison) -> String {
    let amount = amount(value, of: run, in: comparison)
    return amount == 0 && value > 0 ? "<1 B" : Quantity.bytes(amount)
  }

  /// The quotient of two runs' amounts by the basis; `nil` when the baseline has nothing.
  static func ratio(
    _ value: UInt64, of run: Int, to baseline: UInt64, in comparison: RunComparison
  ) -> Double? {
    guard baseline > 0 else { return nil }
    return Double(value) * Double(comparison.divisor(comparison.baseline))
      / (Double(baseline) * Double(comparison.divisor(run)))
  }

  /// `10.8 x`, `0.92 x`, `0.015 x`; empty where there is no ratio.
  static func times(_ ratio: Double?) -> String {
    guard let ratio else { return "" }
    if ratio == 0 { return "0 x" }
    if ratio < 0.0005 { return "<0.001 x" }
    if ratio >= 999.5 { return "\(Quantity.count(UInt64(min(ratio.rounded(), 1e18)))) x" }
    let places = ratio >= 99.5 ? 0 : ratio >= 9.995 ? 1 : ratio >= 0.0995 ? 2 : 3
    return "\(Quantity.fixed(ratio, places: places)) x"
  }

  /// ` per token`, or nothing for whole runs.
  static func per(_ basis: RunComparison.Basis) -> String {
    basis == .run ? "" : " per \(basis.rawValue)"
  }

  /// Whether a label of a run for a strategy is a weak one.
  static func isWeak(_ run: ComparedRun, _ dimension: ParallelismDimension) -> Bool {
    guard let confidence = run.groups[dimension]?.confidence else { return false }
    return confidence >= .weak
  }

  /// Between what was and what is; a browser would break a line within `->`.
  private static let arrow = "\u{2192}"

  /// What a run changes in the layout: `tp 4 → none, pp none → 4`; empty when nothing.
  static func layout(_ run: Int, in comparison: RunComparison) -> String {
    func size(_ groups: ComparedRun.Groups) -> String {
      guard groups.count > 0 else { return "none" }
      return groups.degree.map(String.init)
        ?? groups.sizes.prefix(4).map(String.init).joined(separator: "/")
    }
    let kept: Set<ParallelismDimension> = [.world, .unclassified]
    return comparison.groups.filter {
      $0.run == run && $0.value.sizes != $0.baseline.sizes && !kept.contains($0.key)
    }.map { "\($0.key.rawValue) \(size($0.baseline)) \(arrow) \(size($0.value))" }
      .joined(separator: ", ")
  }

  /// The classes whose wire bytes changed most, over all phases: `tp all_reduce -777 MiB (gone)`.
  static func changes(_ run: Int, in comparison: RunComparison, limit: Int) -> [String] {
    struct Key: Hashable, Comparable {
      var dimension: ParallelismDimension
      var collective: String
      static func < (a: Self, b: Self) -> Bool {
        (a.dimension, a.collective) < (b.dimension, b.collective)
      }
    }
    var sums: [Key: (own: UInt64, base: UInt64)] = [:]
    for row in comparison.classes where row.run == run {
      let key = Key(dimension: row.key.dimension, collective: row.key.collective)
      let known = sums[key] ?? (0, 0)
      sums[key] = (
        known.own.saturatingAdd(row.value.wireBytes),
        known.base.saturatingAdd(row.baseline.wireBytes)
      )
    }
    let changes = sums.map { key, bytes in
      (
        key: key, own: amount(bytes.own, of: run, in: comparison),
        base: amount(bytes.base, of: comparison.baseline, in: comparison)
      )
    }.filter { $0.own != $0.base }.sorted { a, b in
      let (x, y) = (distance(a.own, a.base), distance(b.own, b.base))
      return x != y ? x > y : a.key < b.key
    }
    return changes.prefix(limit).map { change in
      let name =
        "\(change.key.dimension.rawValue) "
        + PlainText.shortened(PlainText.printable(change.key.collective), to: 24)
      let bytes = Quantity.bytes(distance(change.own, change.base))
      let sign = change.own > change.base ? "+" : "-"
      let word = change.base == 0 ? " (new)" : change.own == 0 ? " (gone)" : ""
      return "\(name) \(sign)\(bytes)\(word)"
    }
  }

  /// The groups of links whose load changed most: `peer to peer on node 0 777 MiB → 12 MiB`.
  static func links(_ run: Int, in comparison: RunComparison, limit: Int) -> [String] {
    let changes = comparison.links.filter { $0.run == run }.map { row in
      (
        row: row, own: amount(row.value.sentBytes, of: run, in: comparison),
        base: amount(row.baseline.sentBytes, of: comparison.baseline, in: comparison)
      )
    }.filter { $0.own != $0.base }.enumerated().sorted { a, b in
      let (x, y) = (
        distance(a.element.own, a.element.base), distance(b.element.own, b.element.base)
      )
      return x != y ? x > y : a.offset < b.offset
    }
    return changes.prefix(limit).map { _, change in
      let key = change.row.key
      let place = key.peerNode.map { "\(key.node) to \($0)" } ?? "on node \(key.node)"
      // Where the log does not tell how, the place is all there is to say.
      let name = key.kind == .onNode ? "" : LinkText.name(key.kind) + " "
      return "\(name)\(place) \(Quantity.bytes(change.base)) \(arrow) "
        + "\(Quantity.bytes(change.own)) (\(change.own < change.base ? "relieved" : "loaded"))"
    }
  }

  private static func distance(_ a: UInt64, _ b: UInt64) -> UInt64 { a > b ? a - b : b - a }
}

extension ComparisonReport {
  /// Says in one sentence why a gate objects.
  public static func text(
    _ objection: ComparisonGate.Objection, in comparison: RunComparison
  ) -> String {
    let gate = objection.gate
    let run = comparison.runs[objection.run]
    var subject = gate.metric == .findings ? "" : objection.dimension?.rawValue ?? "total"
    if let phase = gate.phase { subject += " \(phase.rawValue)" }
    let noun =
      switch gate.metric {
      case .bytes: "wire bytes"
      case .payload: "payload"
      case .interNodeBytes: "bytes between nodes"
      case .operations: "operations"
      case .time: "time"
      case .findings: "findings"
      }
    subject += subject.isEmpty ? noun : " \(noun)"
    let head = "\(gate.text): \(subject) of \(ComparisonText.label(run))"
    let base = ComparisonText.label(comparison.baselineRun)
    func shown(_ value: UInt64, _ run: Int) -> String {
      switch gate.metric {
      case .findings: return Quantity.count(value)
      case .operations:
        return Quantity.count(ComparisonText.amount(value, of: run, in: comparison))
      case .time:
        return Quantity.time(
          Int64(clamping: ComparisonText.amount(value, of: run, in: comparison)))
      default: return Quantity.bytes(ComparisonText.amount(value, of: run, in: comparison))
      }
    }
    guard let value = objection.value else {
      return "\(head) \(gate.metric == .time ? "is" : "are") not known, so the gate cannot pass."
    }
    let per = gate.metric == .findings ? "" : ComparisonText.per(comparison.basis)
    let own = shown(value, objection.run)
    guard case .change = gate.limit else { return "\(head): \(own)\(per)." }
    guard let baseline = objection.baseline else {
      return "\(head) cannot be judged: those of \(base) are not known."
    }
    let before = shown(baseline, comparison.baseline)
    let divisors: (UInt64, UInt64) =
      gate.metric == .findings
      ? (1, 1)
      : (comparison.divisor(objection.run), comparison.divisor(comparison.baseline))
    guard baseline > 0 else { return "\(head): \(own)\(per), and \(base) has none." }
    let ratio =
      Double(value) * Double(divisors.1) / (Double(baseline) * Double(divisors.0))
    let percent = 100 * (ratio - 1)
    let change = Quantity.fixed(percent, places: percent.magnitude < 10 ? 1 : 0)
    return
      "\(head): \(own)\(per), \(percent > 0 ? "+" : "")\(change) % against \(before) of \(base)."
  }
}
