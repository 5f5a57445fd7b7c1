// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace
public import TrafficAnalysis

/// Lays expected beside observed traffic and says what the difference may come from.
///
/// Classes are compared by dimension, collective, message size and communicator size. Phases are
/// not part of the key: the logs do not always show them, the sums must agree all the same.
/// A difference is explained only by something the report knows; the rest is `unexplained`, and a
/// person has to look.
public enum Reconciliation {
  private struct Key: Hashable {
    var dimension: ParallelismDimension
    var collective: String
    var messageBytes: UInt64?
    var communicatorSize: Int
  }

  private struct Side {
    var operations: UInt64 = 0
    var bytes: UInt64 = 0
    var phases: Set<TrafficPhase> = []
    /// Communicators that carry the class.
    var communicators = 0

    mutating func add(operations: UInt64, bytes: UInt64, phase: TrafficPhase) {
      self.operations = self.operations.adding(operations)
      self.bytes = self.bytes.adding(bytes)
      phases.insert(phase)
    }
  }

  /// Below this size vLLM's custom all-reduce kernel replaces NCCL on one node.
  ///
  /// Source: vLLM, `custom_all_reduce.py`, `max_size = 8192 * 1024`.
  static let customAllReduceLimit: UInt64 = 8192 * 1024

  /// Messages of control traffic: barriers, flags, norms, counts.
  static let controlBytes: UInt64 = 64

  /// Fills the summary's reconciliation, and makes a finding of what nothing explains.
  public static func add(_ expected: ExpectedTraffic, to summary: inout TrafficSummary) {
    let rows = rows(expected: expected, observed: summary)
    summary.reconciliation = rows
    let unexplained = rows.filter { $0.verdict == .unexplained }
    guard let first = unexplained.first else { return }
    summary.findings.append(
      Finding(
        code: "traffic-unexplained", severity: .warning,
        summary:
          "\(unexplained.count) of \(rows.count) classes of operations differ from what the job should move.",
        location: "\(first.dimension.rawValue) \(first.collective)", evidence: first.explanation,
        suggestion: "Read reconciliation.csv; correct the job description or look at these calls."))
    summary.findings.sort {
      ($0.severity, $0.code, $0.location) < ($1.severity, $1.code, $1.location)
    }
  }

  /// Compares what a job should have moved with what its logs show.
  ///
  /// - Complexity: O(*n* log *n*) in the rows.
  public static func rows(expected: ExpectedTraffic, observed summary: TrafficSummary)
    -> [ReconciliationRow]
  {
    var wanted: [Key: Side] = [:]
    var uneven: Set<Key> = []
    for row in expected.rows {
      // Parts that depend on routing have no one size; they are compared in sum.
      let size = row.elementCount == nil ? nil : Optional(row.messageBytes)
      let key = Key(
        dimension: row.dimension, collective: row.collective, messageBytes: size,
        communicatorSize: row.communicatorSize)
      wanted[key, default: Side()].add(
        operations: row.operations, bytes: row.payloadBytes, phase: row.phase)
      if size == nil { uneven.insert(key) }
    }
    var seen: [Key: Side] = [:]
    var setUp: [Key: Side] = [:]
    for row in summary.traffic {
      var key = Key(
        dimension: row.dimension, collective: row.collective, messageBytes: row.messageBytes,
        communicatorSize: row.communicatorSize)
      var summed = key
      summed.messageBytes = nil
      if uneven.contains(summed) { key = summed }
      // Set-up is outside the closed forms, unless the class is expected with these calls.
      if row.phase == .initialization {
        setUp[key, default: Side()].add(
          operations: row.operations, bytes: row.payloadBytes, phase: row.phase)
      } else {
        seen[key, default: Side()].add(
          operations: row.operations, bytes: row.payloadBytes, phase: row.phase)
        let known = seen[key]?.communicators ?? 0
        seen[key]?.communicators = max(known, row.communicators)
      }
    }
    let context = Context(summary: summary, repeats: repeats(wanted, seen))
    var rows: [ReconciliationRow] = []
    for key in Set(wanted.keys).union(seen.keys).union(setUp.keys) {
      let expected = wanted[key] ?? Side()
      var observed = seen[key] ?? Side()
      let early = setUp[key] ?? Side()
      if expected.operations > 0,
        observed.operations.adding(early.operations) == expected.operations
      {
        observed.add(operations: early.operations, bytes: early.bytes, phase: .unknown)
      } else if early.operations > 0 {
        rows.append(setUpRow(key, early))
        guard expected.operations > 0 || observed.operations > 0 else { continue }
      }
      rows.append(compare(key, expected, observed, isUneven: uneven.contains(key), context))
    }
    explainOtherSizes(&rows)
    explainExtraPasses(&rows, expected: expected)
    return rows.sorted { order($0) < order($1) }
  }

  /// The same bytes in messages of other sizes: calls coalesced or buckets cut differently.
  private static func explainOtherSizes(_ rows: inout [ReconciliationRow]) {
    var groups: [Key: [Int]] = [:]
    for (index, row) in rows.enumerated() where row.verdict == .unexplained {
      let key = Key(
        dimension: row.dimension, collective: row.collective, messageBytes: nil,
        communicatorSize: row.communicatorSize)
      groups[key, default: []].append(index)
    }
    for members in groups.values where members.count > 1 {
      let expected = members.reduce(UInt64(0)) { $0.adding(rows[$1].expectedBytes) }
      let observed = members.reduce(UInt64(0)) { $0.adding(rows[$1].observedBytes) }
      guard expected > 0, expected == observed else { continue }
      for index in members {
        rows[index].verdict = .explained
        rows[index].explanation =
          "The same bytes in messages of other sizes: \(members.count) classes of this collective agree in sum, as coalesced or bucketed calls do."
      }
    }
  }

  /// Whole forward passes beyond the workload: warm-up, profiling, graph capture.
  ///
  /// A pass makes the same number of tensor-parallel all-reduces whatever its tokens, so surplus
  /// that is a whole number of passes in each size is not an error of the strategy. The logits are
  /// gathered at most once in each of these passes.
  private static func explainExtraPasses(
    _ rows: inout [ReconciliationRow], expected: ExpectedTraffic
  ) {
    let perPass =
      expected.rows.filter {
        $0.dimension == .tp && $0.collective == "all_reduce" && $0.phase == .prefill
      }.map(\.operations).min() ?? 0
    guard perPass > 1 else { return }
    var passes: UInt64 = 0
    for index in rows.indices
    where rows[index].verdict == .unexplained && rows[index].dimension == .tp
      && rows[index].collective == "all_reduce"
    {
      let row = rows[index]
      guard row.observedOperations > row.expectedOperations,
        (row.observedOperations - row.expectedOperations) % perPass == 0
      else { continue }
      let extra = (row.observedOperations - row.expectedOperations) / perPass
      passes = passes.adding(extra)
      rows[index].verdict = .explained
      rows[index].explanation =
        "\(extra) whole \(extra == 1 ? "pass" : "passes") beyond the workload (\(perPass) all-reduces each): warm-up or graph capture."
    }
    guard passes > 0 else { return }
    for index in rows.indices
    where rows[index].verdict == .unexplained && rows[index].dimension == .tp {
      let row = rows[index]
      guard row.collective == "all_gather" || row.collective == "gather",
        row.expectedOperations > 0, row.observedOperations > row.expectedOperations,
        row.observedOperations - row.expectedOperations <= passes
      else { continue }
      rows[index].verdict = .explained
      rows[index].explanation =
        "Logits of the \(passes) passes beyond the workload: warm-up or graph capture."
    }
  }

  private static func order(_ row: ReconciliationRow) -> (Int, String, UInt64, Int, UInt64) {
    (
      row.dimension.order, row.collective, row.messageBytes ?? 0, row.communicatorSize,
      row.expectedOperations
    )
  }

  private static func phase(_ sides: Side...) -> TrafficPhase {
    let phases = sides.reduce(into: Set<TrafficPhase>()) { $0.formUnion($1.phases) }
      .subtracting([.unknown])
    return phases.count == 1 ? phases.first ?? .unknown : .unknown
  }

  private static func setUpRow(_ key: Key, _ side: Side) -> ReconciliationRow {
    ReconciliationRow(
      dimension: key.dimension, phase: .initialization, collective: key.collective,
      messageBytes: key.messageBytes, communicatorSize: key.communicatorSize,
      expectedOperations: 0, observedOperations: side.operations, expectedBytes: 0,
      observedBytes: side.bytes, verdict: .explained,
      explanation: "Set-up before the first step or pass, which the closed forms leave out.")
  }

  // MARK: - Verdicts

  /// What the report knows about the run as a whole.
  private struct Context {
    var summary: TrafficSummary
    /// Factor between observed and expected operations that most classes share, when not 1.
    var repeats: UInt64?
    var missingRanks: Int {
      max(0, (summary.coverage.ranksExpected ?? 0) - summary.coverage.ranksSeen)
    }
    var isLossy: Bool {
      summary.coverage.linesLost > 0 || summary.coverage.filesIncomplete > 0
    }
    func finding(_ codes: String...) -> Finding? {
      summary.findings.first { codes.contains($0.code) }
    }
  }

  /// The whole factor by which the run is longer than the workload says, if nearly all classes
  /// with more than a few operations agree on it.
  private static func repeats(_ wanted: [Key: Side], _ seen: [Key: Side]) -> UInt64? {
    var votes: [UInt64: Int] = [:]
    var voters = 0
    for (key, expected) in wanted {
      guard expected.operations > 0, let observed = seen[key] else { continue }
      voters += 1
      if observed.operations % expected.operations == 0 {
        votes[observed.operations / expected.operations, default: 0] += 1
      }
    }
    guard let best = votes.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }), best.key > 1,
      best.value * 2 > voters
    else { return nil }
    return best.key
  }

  private static func compare(
    _ key: Key, _ expected: Side, _ observed: Side, isUneven: Bool, _ context: Context
  ) -> ReconciliationRow {
    var row = ReconciliationRow(
      dimension: key.dimension, phase: phase(expected, observed), collective: key.collective,
      messageBytes: key.messageBytes, communicatorSize: key.communicatorSize,
      expectedOperations: expected.operations, observedOperations: observed.operations,
      expectedBytes: expected.bytes, observedBytes: observed.bytes, verdict: .exact,
      explanation: "")
    guard expected.operations != observed.operations || expected.bytes != observed.bytes else {
      return row
    }
    (row.verdict, row.explanation) = judge(key, expected, observed, isUneven, context)
    return row
  }

  private static func judge(
    _ key: Key, _ expected: Side, _ observed: Side, _ isUneven: Bool, _ context: Context
  ) -> (ReconciliationRow.Verdict, String) {
    if !context.summary.coverage.hasOperations {
      return (
        .notObservable,
        "The logs hold no operation lines; set NCCL_DEBUG_SUBSYS=INIT,COLL and run again."
      )
    }
    if isUneven, expected.operations == observed.operations {
      return (
        .explained, "Routing decides how many tokens go where; the closed form is the even share."
      )
    }
    if let repeats = context.repeats, observed.operations == expected.operations.times(repeats),
      observed.bytes == expected.bytes.times(repeats) || isUneven
    {
      return (
        .explained,
        "The run is \(repeats) times as long as the workload says; correct its steps or tokens."
      )
    }
    if expected.operations == observed.operations, context.missingRanks > 0,
      observed.bytes < expected.bytes
    {
      return (
        .explained,
        "\(context.missingRanks) ranks have no log: operations are complete, their calls are not."
      )
    }
    if context.isLossy, observed.bytes < expected.bytes {
      return (
        .explained, "\(context.summary.coverage.linesLost) lines were lost; see ingestion.csv."
      )
    }
    if let finding = context.finding("rank-stops-early", "collective-mismatch", "init-incomplete") {
      return (.unexplained, "The run did not go as planned: \(finding.summary)")
    }
    if observed.operations < expected.operations {
      if context.missingRanks > 0 {
        return (
          .explained, "\(context.missingRanks) ranks have no log, and this class needs theirs."
        )
      }
      if observed.operations == 0, key.dimension == .tp, key.collective == "all_reduce",
        let size = key.messageBytes, size <= customAllReduceLimit,
        expected.phases.isSubset(of: [.prefill, .decode])
      {
        return (
          .notObservable,
          "An engine's own all-reduce kernel bypasses NCCL up to 8 MiB on one node, and CUDA-graph replays are not logged."
        )
      }
    }
    let groups = UInt64(observed.communicators)
    if expected.operations == 0, observed.operations == groups,
      key.collective == "broadcast" || key.dimension == .embedding
    {
      return (.explained, "Came once on each communicator: weights are made equal at the start.")
    }
    if let size = key.messageBytes, size <= controlBytes, observed.operations > expected.operations,
      observed.operations - expected.operations == groups
    {
      return (.explained, "One more than the steps on each communicator: a barrier at the start.")
    }
    if expected.operations == 0, let size = key.messageBytes, size <= controlBytes {
      return (.explained, "Control traffic: a message this small carries a flag, count or norm.")
    }
    let place =
      "\(key.dimension.rawValue) \(key.collective) of \(key.messageBytes.map { "\($0) bytes" } ?? "uneven size") on \(key.communicatorSize) ranks"
    if expected.operations == 0 {
      return (.unexplained, "The strategy has no \(place).")
    }
    let difference =
      observed.operations > expected.operations
      ? "\(observed.operations - expected.operations) too many"
      : "\(expected.operations - observed.operations) missing"
    return (
      .unexplained,
      observed.operations == expected.operations
        ? "The operations agree, their payload does not: \(place)." : "\(difference): \(place)."
    )
  }
}
