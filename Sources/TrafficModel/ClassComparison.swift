// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace
internal import TrafficAnalysis

/// What expected and observed traffic are matched by.
///
/// Phases are not part of it: the logs do not always show them, and the sums must agree all the same.
struct ClassKey: Hashable {
  var dimension: ParallelismDimension
  var collective: String
  /// S of nccl-tests; `nil` when parts depend on data, which are compared in sum.
  var messageBytes: UInt64?
  var communicatorSize: Int

  /// The same class whatever the size of its messages.
  var withoutSize: ClassKey {
    var key = self
    key.messageBytes = nil
    return key
  }

  /// `tp all_reduce of 8192 bytes on 4 ranks`.
  var text: String {
    let size = messageBytes.map { "\($0) bytes" } ?? "uneven size"
    return "\(dimension.rawValue) \(collective) of \(size) on \(communicatorSize) ranks"
  }

  /// Bytes in the send buffer of one call; for sends and receives the message.
  var bytesPerCall: UInt64 {
    guard let messageBytes else { return 0 }
    let isParted = collective == "all_gather" || collective == "gather"
    return isParted ? messageBytes / UInt64(clamping: max(1, communicatorSize)) : messageBytes
  }

  /// The order of `reconciliation.csv`.
  var order: (Int, String, UInt64, Int) {
    (dimension.order, collective, messageBytes ?? 0, communicatorSize)
  }
}

/// The closed forms' side of a class.
struct ExpectedSide {
  var operations: UInt64 = 0
  var bytes: UInt64 = 0
  var phases: Set<TrafficPhase> = []
  /// Calls of each rank of a stage.
  var callsByStage: [UInt64] = []
  /// The part that every further step or decode pass adds to.
  var repeatedOperations: UInt64 = 0
  var repeatedBytes: UInt64 = 0
  var repeatedCallsByStage: [UInt64] = []

  mutating func add(_ row: ExpectedTraffic.Row) {
    operations.add(row.operations)
    bytes.add(row.payloadBytes)
    phases.insert(row.phase)
    Self.add(row.callsByStage, to: &callsByStage)
    guard row.phase != .prefill else { return }
    repeatedOperations.add(row.operations)
    repeatedBytes.add(row.payloadBytes)
    Self.add(row.callsByStage, to: &repeatedCallsByStage)
  }

  static func add(_ calls: [UInt64], to sum: inout [UInt64]) {
    while sum.count < calls.count { sum.append(0) }
    for (stage, number) in calls.enumerated() { sum[stage].add(number) }
  }
}

/// The logs' side of a class.
struct ObservedSide {
  var operations: UInt64 = 0
  var bytes: UInt64 = 0
  var phases: Set<TrafficPhase> = []
  /// Communicators that carry the class.
  var communicators = 0
  var callsByRank: [Int: UInt64] = [:]

  mutating func add(_ row: TrafficRow) {
    operations.add(row.operations)
    bytes.add(row.payloadBytes)
    phases.insert(row.phase)
    communicators = max(communicators, row.communicators)
    for own in row.callsByRank { callsByRank[own.rank, default: 0].add(own.calls) }
  }
}

/// One rank whose calls differ from what is expected.
struct RankDifference: Equatable {
  var rank: Int
  var expected: UInt64
  var observed: UInt64
}

/// A class with both sides and what is made of their difference.
struct ClassComparison {
  var key: ClassKey
  var expected: ExpectedSide
  var observed: ObservedSide
  /// Whether parts depend on data.
  var isUneven = false
  /// Ranks that differ, in ascending order; empty when the logs do not tell them apart.
  var differences: [RankDifference] = []
  var verdict = ReconciliationRow.Verdict.unexplained
  var explanation = ""

  /// Whether nothing explains the difference yet.
  var isOpen: Bool { verdict == .unexplained }

  var missingOperations: UInt64 { expected.operations.minus(observed.operations) }
  var surplusOperations: UInt64 { observed.operations.minus(expected.operations) }

  var isEqual: Bool {
    expected.operations == observed.operations && expected.bytes == observed.bytes
      && differences.isEmpty
  }

  mutating func explain(_ text: String, _ verdict: ReconciliationRow.Verdict = .explained) {
    self.verdict = verdict
    explanation = text
  }

  var row: ReconciliationRow {
    let phases = expected.phases.union(observed.phases).subtracting([.unknown])
    return ReconciliationRow(
      dimension: key.dimension, phase: phases.count == 1 ? phases.first ?? .unknown : .unknown,
      collective: key.collective, messageBytes: key.messageBytes,
      communicatorSize: key.communicatorSize, expectedOperations: expected.operations,
      observedOperations: observed.operations, expectedBytes: expected.bytes,
      observedBytes: observed.bytes, verdict: verdict, explanation: explanation)
  }
}

/// What is known about the run as a whole.
struct RunFacts {
  /// The pipeline stage of each global rank.
  let stageOfRank: [Int]
  /// Ranks that should have a log and have none.
  let silentRanks: Set<Int>
  /// Ranks in whose files lines were lost.
  let lossyRanks: Set<Int>
  /// Ranks in whose files an unknown number of lines is missing.
  let gapRanks: Set<Int>
  let linesLost: UInt64
  let hasOperations: Bool
  /// Whether calls can be told apart by rank.
  let knowsCallers: Bool
  /// Whether the numbers of the ranks are those of the job.
  let knowsNumbers: Bool
  /// Steps or decode passes that the closed forms count.
  let repetitions: UInt64?
  let communicators: [CommunicatorRow]
  /// Findings that tell of a job that did not end well.
  let faults: [Finding]

  init(_ expected: ExpectedTraffic, _ summary: TrafficSummary) {
    stageOfRank = expected.ranks.map(\.stage)
    var silent: Set<Int> = []
    var lossy: Set<Int> = []
    var gaps: Set<Int> = []
    for row in summary.ranks {
      if row.coverage == "no_log" { silent.insert(row.rank) }
      if row.linesLost > 0 { lossy.insert(row.rank) }
      if row.hasGaps { gaps.insert(row.rank) }
    }
    silentRanks = silent
    lossyRanks = lossy
    gapRanks = gaps
    linesLost = UInt64(clamping: summary.coverage.linesLost)
    hasOperations = summary.coverage.hasOperations
    knowsCallers = summary.traffic.contains { !$0.callsByRank.isEmpty }
    knowsNumbers = !summary.coverage.globalRankSource.contains("reconstructed")
    repetitions = expected.repetitions
    communicators = summary.communicators
    faults = summary.findings.filter {
      ["rank-stops-early", "collective-mismatch", "init-incomplete", "send-receive-unmatched"]
        .contains($0.code)
    }
  }

  /// Calls that a closed form expects of a rank.
  func calls(_ byStage: [UInt64], of rank: Int) -> UInt64 {
    guard stageOfRank.indices.contains(rank), byStage.indices.contains(stageOfRank[rank]) else {
      return 0
    }
    return byStage[stageOfRank[rank]]
  }

  /// The ranks whose calls differ from what a closed form says of their stage.
  ///
  /// Where the ranks were numbered by guess only their number with equal calls is compared.
  func differences(_ byStage: [UInt64], _ calls: [Int: UInt64]) -> [RankDifference] {
    guard knowsCallers else { return [] }
    var result: [RankDifference] = []
    var unknown = calls
    for rank in stageOfRank.indices {
      let (expected, observed) = (self.calls(byStage, of: rank), unknown[rank] ?? 0)
      unknown[rank] = nil
      guard expected != observed else { continue }
      result.append(RankDifference(rank: rank, expected: expected, observed: observed))
    }
    for (rank, observed) in unknown.sorted(by: { $0.key < $1.key }) where observed > 0 {
      result.append(RankDifference(rank: rank, expected: 0, observed: observed))
    }
    if !knowsNumbers, result.map(\.expected).sorted() == result.map(\.observed).sorted() {
      return []
    }
    return result
  }

  /// Whose calls differ, for a person: ` rank 3 made 64 calls where 65 are expected`; empty when
  /// all ranks of the class differ alike and its operations say everything.
  func callers(_ own: ClassComparison) -> String {
    guard !own.differences.isEmpty else { return "" }
    let members = members(own)
    var changes: [Change: [RankDifference]] = [:]
    for rank in members {
      changes[Change(rank), default: []].append(rank)
    }
    // What most ranks do is the rule; of two halves the one that does as expected.
    let ordered = changes.sorted { a, b in
      (b.value.count, a.key.isNone ? 0 : 1, a.value[0].rank)
        < (a.value.count, b.key.isNone ? 0 : 1, b.value[0].rank)
    }
    guard let usual = ordered.first, ordered.count > 1 else {
      let ranks = RankText.ranks(members.map(\.rank))
      return own.expected.operations == 0 ? " It was made by \(ranks)." : ""
    }
    return ordered.dropFirst().prefix(4).map { change, ranks in
      sentence(change, ranks, usual.key, usual.value, own)
    }.joined()
  }

  /// A difference in calls, as far as it is alike on several ranks.
  private struct Change: Hashable {
    var more: UInt64
    var fewer: UInt64
    var isNone: Bool { more == 0 && fewer == 0 }

    init(_ rank: RankDifference) {
      more = rank.observed.minus(rank.expected)
      fewer = rank.expected.minus(rank.observed)
    }
  }

  /// Every rank that should make a call of the class or makes one, or whose peers do.
  private func members(_ own: ClassComparison) -> [RankDifference] {
    var ranks = Set(own.differences.map(\.rank)).union(own.observed.callsByRank.keys)
    if own.expected.operations == 0 {
      for row in communicators where row.size == own.key.communicatorSize {
        let members = row.ranks.compactMap(\.self)
        if members.contains(where: ranks.contains) { ranks.formUnion(members) }
      }
    }
    for rank in stageOfRank.indices where calls(own.expected.callsByStage, of: rank) > 0 {
      ranks.insert(rank)
    }
    // Set-up has no closed form; there the expected number is what the peers do.
    let stated = Dictionary(
      own.differences.map { ($0.rank, $0.expected) }, uniquingKeysWith: { first, _ in first })
    return ranks.sorted().map { rank in
      RankDifference(
        rank: rank, expected: stated[rank] ?? calls(own.expected.callsByStage, of: rank),
        observed: own.observed.callsByRank[rank] ?? 0)
    }
  }

  private func sentence(
    _ change: Change, _ odd: [RankDifference], _ usual: Change, _ peers: [RankDifference],
    _ own: ClassComparison
  ) -> String {
    let ranks = odd.map(\.rank)
    let communicator =
      communicators.first {
        ranks.count > 1 && $0.size == own.key.communicatorSize
          && $0.ranks.compactMap(\.self).sorted() == ranks
      }.map { " (communicator \($0.communicator))" } ?? ""
    let place = " \(RankText.ranks(ranks).capitalisedFirst)\(communicator) made "
    let counts = Set(odd.map(\.observed))
    guard counts.count == 1, let count = counts.first else {
      return place
        + (change.more > 0 ? "\(change.more) more" : "\(change.fewer) fewer")
        + " calls each than expected."
    }
    let calls = "\(count) \(count == 1 ? "call" : "calls")"
    let others = Set(peers.map(\.observed))
    if usual.isNone, Set(odd.map(\.expected)).count == 1, let wanted = odd.first?.expected {
      return place + "\(calls) where \(wanted) \(wanted == 1 ? "is" : "are") expected."
    }
    return others.count == 1
      ? place + "\(calls), its peers \(others.first ?? 0)." : place + "\(calls)."
  }
}

/// Ranks as text.
enum RankText {
  /// `rank 3`, `ranks 0-3,7`.
  static func ranks(_ ranks: [Int]) -> String {
    var pieces: [String] = []
    var index = 0
    while index < ranks.count {
      var end = index
      while end + 1 < ranks.count, ranks[end + 1] == ranks[end] + 1 { end += 1 }
      pieces.append(index == end ? "\(ranks[index])" : "\(ranks[index])-\(ranks[end])")
      index = end + 1
    }
    let shown = pieces.prefix(12).joined(separator: ",") + (pieces.count > 12 ? ",..." : "")
    return "\(ranks.count == 1 ? "rank" : "ranks") \(shown)"
  }
}
