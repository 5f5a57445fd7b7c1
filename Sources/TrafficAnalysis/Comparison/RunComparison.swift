// SPDX-License-Identifier: Apache-2.0

/// Runs side by side: what each moved, and how that differs from one of them.
///
/// What a run does not have is 0 beside the others, not missing. Ratios are left to the reports, so
/// that everything here is exact.
public struct RunComparison: Sendable {
  /// What amounts are divided by before runs are compared.
  public enum Basis: String, Sendable, CaseIterable {
    /// The whole run.
    case run
    /// One step.
    case step
    /// One token.
    case token
  }

  /// One value of a run and of the baseline.
  public struct Row<Key: Sendable, Value: Sendable>: Sendable {
    /// Index of the run.
    public var run: Int
    /// What the values are of.
    public var key: Key
    /// The run's.
    public var value: Value
    /// The baseline's.
    public var baseline: Value
  }

  /// The runs in the order in which they were named.
  public let runs: [ComparedRun]
  /// Index of the run that the others are compared with.
  public let baseline: Int
  /// What the runs are compared by.
  public let basis: Basis
  /// Sentences a reader must know, gravest first.
  public let statements: [String]

  /// The run that the others are compared with.
  public var baselineRun: ComparedRun { runs[baseline] }

  /// Why runs cannot be compared.
  public struct Refusal: Error, Sendable, Equatable {
    /// One sentence.
    public var reason: String
  }

  /// Lays runs side by side.
  ///
  /// - Parameters:
  ///   - runs: Two or more with different labels.
  ///   - baseline: Index of the run to compare with.
  ///   - basis: What to compare by; `nil` takes tokens where all runs know them, else steps, else
  ///     whole runs.
  /// - Throws: ``Refusal`` where there is nothing to compare by, or no traffic at all.
  public init(_ runs: [ComparedRun], baseline: Int = 0, basis: Basis? = nil) throws(Refusal) {
    guard runs.count > 1, runs.indices.contains(baseline) else {
      throw Refusal(reason: "A comparison needs two runs or more.")
    }
    guard runs.contains(where: { !$0.classes.isEmpty }) else {
      throw Refusal(
        reason:
          "No run has an operation, so there is nothing to compare; take logs made with NCCL_DEBUG_SUBSYS=INIT,COLL."
      )
    }
    self.runs = runs
    self.baseline = baseline
    let unknown: (Basis) -> ComparedRun? = { basis in
      runs.first { Self.divisor(of: $0, basis) == nil }
    }
    if let basis {
      if let run = unknown(basis) {
        throw Refusal(
          reason: "The \(basis.rawValue)s of run \(run.label) are not known: state them with "
            + "--\(basis.rawValue)s \(run.label)=N.")
      }
      self.basis = basis
    } else {
      self.basis = [.token, .step].first { unknown($0) == nil } ?? .run
    }
    statements = Self.statements(runs, baseline, self.basis)
  }

  /// What the amounts of a run are divided by; `nil` when it is not known.
  public static func divisor(of run: ComparedRun, _ basis: Basis) -> UInt64? {
    switch basis {
    case .run: 1
    case .step: run.steps().flatMap { $0 > 0 ? $0 : nil }
    case .token: run.tokens.flatMap { $0 > 0 ? $0 : nil }
    }
  }

  /// What the amounts of a run are divided by.
  public func divisor(_ run: Int) -> UInt64 { Self.divisor(of: runs[run], basis) ?? 1 }

  /// The strategies that any run has traffic for, in the order of every table.
  public var dimensions: [ParallelismDimension] {
    let present = runs.reduce(into: Set<ParallelismDimension>()) { set, run in
      for own in run.classes.keys { set.insert(own.dimension) }
    }
    return present.sorted()
  }

  // MARK: - Rows

  /// Traffic by run and class; every run has every class.
  public var classes: [Row<ComparedRun.Class, RunAmounts>] {
    rows(\.classes, missing: { run in Self.nothing(run) })
  }

  /// Traffic by run and strategy, `nil` for all together; every run has every strategy.
  public var sums: [Row<ParallelismDimension?, RunAmounts>] {
    let keys: [ParallelismDimension?] = dimensions.map { $0 } + [nil]
    return runs.indices.flatMap { run in
      keys.map { key in
        Row(
          run: run, key: key, value: runs[run].amounts(of: key),
          baseline: baselineRun.amounts(of: key))
      }
    }
  }

  /// Communicators by run and strategy.
  public var groups: [Row<ParallelismDimension, ComparedRun.Groups>] {
    rows(\.groups, missing: { _ in ComparedRun.Groups() })
  }

  /// Links by run, kind and node.
  public var links: [Row<ComparedRun.LinkGroup, ComparedRun.LinkLoad>] {
    rows(\.links, missing: { _ in ComparedRun.LinkLoad() })
  }

  /// Findings by run and code.
  public var findings: [Row<String, ComparedRun.FindingCount>] {
    let keys = Set(runs.flatMap(\.findings.keys)).sorted()
    return runs.indices.flatMap { run in
      keys.map { key in
        // Where a run has none, the code and what it means are those of another run.
        var none = runs.lazy.compactMap { $0.findings[key] }.first
        none?.count = 0
        let empty =
          none ?? ComparedRun.FindingCount(severity: .note, count: 0, summary: "")
        return Row(
          run: run, key: key, value: runs[run].findings[key] ?? empty,
          baseline: baselineRun.findings[key] ?? empty)
      }
    }
  }

  private static func nothing(_ run: ComparedRun) -> RunAmounts {
    var amounts = RunAmounts()
    if run.timeSource != nil { amounts.time = 0 }
    return amounts
  }

  private func rows<Key: Hashable & Comparable, Value>(
    _ values: KeyPath<ComparedRun, [Key: Value]>, missing: (ComparedRun) -> Value
  ) -> [Row<Key, Value>] {
    let keys = Set(runs.flatMap { $0[keyPath: values].keys }).sorted()
    return runs.indices.flatMap { run in
      keys.map { key in
        Row(
          run: run, key: key, value: runs[run][keyPath: values][key] ?? missing(runs[run]),
          baseline: baselineRun[keyPath: values][key] ?? missing(baselineRun))
      }
    }
  }
}
