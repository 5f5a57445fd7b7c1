// SPDX-License-Identifier: Apache-2.0

/// A limit on what a run may move, alone or beside the baseline: `tp.bytes>+5%`, `time>3ms`.
public struct ComparisonGate: Sendable, Equatable {
  /// Whose amounts are meant.
  public enum Scope: Sendable, Equatable {
    /// All strategies together.
    case total
    /// Every strategy by itself.
    case each
    /// One strategy.
    case dimension(ParallelismDimension)
  }
  /// Which amount is meant.
  public enum Metric: String, Sendable, CaseIterable {
    /// Wire bytes.
    case bytes
    /// Payload bytes.
    case payload
    /// Wire bytes that cross nodes.
    case interNodeBytes = "inter_node_bytes"
    /// Operations.
    case operations
    /// Durations of calls, summed over ranks.
    case time
    /// Findings of any severity.
    case findings
  }
  /// Which side of the limit trips the gate.
  public enum Relation: String, Sendable, CaseIterable {
    case atLeast = ">="
    case atMost = "<="
    case above = ">"
    case below = "<"
  }
  /// The limit, in millionths so that decimals are exact.
  public enum Limit: Sendable, Equatable {
    /// Change against the baseline, in millionths of a per cent.
    case change(Int64)
    /// Millionths of a base unit: byte, nanosecond, operation or finding.
    case amount(UInt128)
  }

  /// The gate as it was written.
  public let text: String
  /// Whose amounts are meant.
  public let scope: Scope
  /// The phase, or all.
  public let phase: TrafficPhase?
  /// Which amount is meant.
  public let metric: Metric
  /// Which side trips.
  public let relation: Relation
  /// The limit.
  public let limit: Limit

  /// Why a text is no gate.
  public struct SyntaxError: Error, Sendable, Equatable {
    /// One sentence that says what was expected.
    public var reason: String
  }

  private static let byteUnits: [(name: String, size: UInt64)] = [
    ("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40),
    ("PiB", 1 << 50), ("KB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
  ]
  private static let timeUnits: [(name: String, size: UInt64)] = [
    ("ns", 1), ("us", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000),
  ]

  /// Reads `[dimension|total|*][.phase].metric`, a relation, and `[+|-]N%` or an amount.
  ///
  /// - Throws: A sentence with what is expected at the place of the mistake.
  public init(_ text: String) throws(SyntaxError) {
    self.text = text
    let compact = text.filter { $0 != " " }
    guard let place = compact.firstIndex(where: { $0 == ">" || $0 == "<" }) else {
      throw SyntaxError(reason: "a relation is missing: >, >=, < or <=")
    }
    let rest = compact[place...]
    let relation = Relation.allCases.first { rest.hasPrefix($0.rawValue) } ?? .above
    self.relation = relation
    var words = compact[..<place].split(separator: ".", omittingEmptySubsequences: false)
      .map(String.init)
    guard let last = words.popLast(), let metric = Metric(rawValue: last) else {
      throw SyntaxError(
        reason: "before \(relation.rawValue) one of \(Self.list(Metric.allCases)) is expected")
    }
    self.metric = metric
    (scope, phase) = try Self.subject(words)
    if metric == .findings, scope != .total || phase != nil {
      throw SyntaxError(
        reason: "findings are those of the whole run: write findings or total.findings")
    }
    limit = try Self.limit(String(rest.dropFirst(relation.rawValue.count)), metric)
  }

  private static func subject(
    _ words: [String]
  ) throws(SyntaxError) -> (Scope, TrafficPhase?) {
    var words = words[...]
    var scope = Scope.total
    if let first = words.first {
      if first == "total" || first == "*" {
        scope = first == "*" ? .each : .total
        words = words.dropFirst()
      } else if let dimension = ParallelismDimension(rawValue: first) {
        scope = .dimension(dimension)
        words = words.dropFirst()
      } else if TrafficPhase(rawValue: first) == nil {
        throw SyntaxError(
          reason: "'\(first)' is neither total nor * nor a dimension "
            + "(\(list(ParallelismDimension.allCases))) nor a phase (\(list(TrafficPhase.allCases)))"
        )
      }
    }
    guard let word = words.first else { return (scope, nil) }
    guard words.count == 1, let phase = TrafficPhase(rawValue: word) else {
      throw SyntaxError(
        reason: "'\(words.joined(separator: "."))' is no phase: one of "
          + list(TrafficPhase.allCases))
    }
    return (scope, phase)
  }

  private static func limit(_ text: String, _ metric: Metric) throws(SyntaxError) -> Limit {
    let isNegative = text.hasPrefix("-")
    let hasSign = isNegative || text.hasPrefix("+")
    let unsigned = hasSign ? text.dropFirst() : text[...]
    let digits = unsigned.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let unit = String(unsigned.dropFirst(digits.count))
    guard let millionths = millionths(String(digits)) else {
      throw SyntaxError(
        reason: "'\(text)' does not begin with a number of at most 12 digits and 6 decimals")
    }
    if unit == "%" {
      guard !isNegative || millionths <= 100_000_000 else {
        throw SyntaxError(reason: "nothing can fall by more than 100 %")
      }
      return .change(isNegative ? -Int64(millionths) : Int64(millionths))
    }
    guard !hasSign else {
      throw SyntaxError(reason: "a signed limit is a change and ends in %: '\(text)%'")
    }
    let units: [(name: String, size: UInt64)]
    switch metric {
    case .bytes, .payload, .interNodeBytes: units = byteUnits
    case .time: units = timeUnits
    case .operations, .findings: units = [("", 1)]
    }
    guard let size = units.first(where: { $0.name == unit })?.size else {
      let names = units.map(\.name).filter { !$0.isEmpty }
      throw SyntaxError(
        reason:
          "\(metric.rawValue) \(names.isEmpty ? "take a plain number" : "need a unit, one of \(names.joined(separator: ", "))"), or %; found '\(unit)'"
      )
    }
    return .amount(UInt128(millionths) * UInt128(size))
  }

  /// A decimal number in millionths.
  private static func millionths(_ text: String) -> UInt64? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), (1...12).contains(parts[0].utf8.count),
      let whole = UInt64(parts[0])
    else { return nil }
    guard parts.count == 2 else { return whole * 1_000_000 }
    guard (1...6).contains(parts[1].utf8.count),
      let fraction = UInt64(parts[1] + String(repeating: "0", count: 6 - parts[1].utf8.count))
    else { return nil }
    return whole * 1_000_000 + fraction
  }

  private static func list<Value: RawRepresentable>(_ values: [Value]) -> String
  where Value.RawValue == String {
    values.map(\.rawValue).joined(separator: ", ")
  }
}

extension ComparisonGate {
  /// A gate that objects to a run.
  public struct Objection: Sendable, Equatable {
    /// The gate.
    public var gate: ComparisonGate
    /// Index of the run.
    public var run: Int
    /// The strategy, or all together.
    public var dimension: ParallelismDimension?
    /// The run's amount, before it is divided by steps or tokens; `nil` when it is not known, which
    /// must not pass for a yes.
    public var value: UInt64?
    /// The baseline's amount.
    public var baseline: UInt64?
  }

  /// Applies the gate to every run but the baseline, by the basis of the comparison.
  ///
  /// A change from 0 is without bounds; from 0 to 0 there is none.
  public func objections(in comparison: RunComparison) -> [Objection] {
    let dimensions: [ParallelismDimension?] =
      switch scope {
      case .total: [nil]
      case .dimension(let own): [own]
      case .each: comparison.dimensions.map { $0 }
      }
    return comparison.runs.indices.filter { $0 != comparison.baseline }.flatMap { run in
      dimensions.compactMap { dimension in
        let value = amount(comparison.runs[run], dimension)
        let base = amount(comparison.baselineRun, dimension)
        let objection = Objection(
          gate: self, run: run, dimension: dimension, value: value, baseline: base)
        guard let value else { return objection }
        let divisor = metric == .findings ? 1 : comparison.divisor(run)
        switch limit {
        case .amount(let amount):
          return holds(
            (UInt128(value), 1_000_000), (amount, UInt128(divisor))) ? objection : nil
        case .change(let percent):
          guard let base else { return objection }
          let baseDivisor = metric == .findings ? 1 : comparison.divisor(comparison.baseline)
          let scale = UInt128(100_000_000 + percent)
          // value / divisor against base / baseDivisor x (100 % + change).
          return holds(
            (UInt128(value), UInt128(baseDivisor) * 100_000_000),
            (UInt128(base), UInt128(divisor) * scale)) ? objection : nil
        }
      }
    }
  }

  private func amount(_ run: ComparedRun, _ dimension: ParallelismDimension?) -> UInt64? {
    if metric == .findings { return UInt64(run.findingCount) }
    let amounts = run.amounts(of: dimension, in: phase)
    switch metric {
    case .bytes: return amounts.wireBytes
    case .payload: return amounts.payloadBytes
    case .interNodeBytes: return amounts.interNodeBytes
    case .operations: return amounts.operations
    case .time: return amounts.time
    case .findings: return UInt64(run.findingCount)
    }
  }

  /// Whether the relation holds between two products, exactly unless they exceed 128 bits.
  private func holds(_ left: (UInt128, UInt128), _ right: (UInt128, UInt128)) -> Bool {
    let a = left.0.multipliedReportingOverflow(by: left.1)
    let b = right.0.multipliedReportingOverflow(by: right.1)
    guard a.overflow || b.overflow else { return holds(a.partialValue, b.partialValue) }
    return holds(Double(left.0) * Double(left.1), Double(right.0) * Double(right.1))
  }

  private func holds<Number: Comparable>(_ a: Number, _ b: Number) -> Bool {
    switch relation {
    case .above: a > b
    case .atLeast: a >= b
    case .below: a < b
    case .atMost: a <= b
    }
  }
}
