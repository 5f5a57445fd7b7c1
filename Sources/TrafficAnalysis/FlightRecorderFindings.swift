// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// Which collectives were stuck when the ranks of a job wrote their Flight Recorder dumps, and whom
/// the others waited for.
///
/// PyTorch numbers the collectives of a process group alike on all its ranks, and the dumps state
/// the last number that each rank called and saw end. A rank is at fault in one of two ways:
///
/// - it did not call a collective that its peers called and that did not end on them;
/// - it called a collective and did not see it end, while a peer did. Where every rank gives and
///   takes data (not in broadcast, reduce, gather and scatter), nobody ends before all have come, so
///   that its GPU or driver failed after its part was done.
///
/// A rank that itself waits in one group is not blamed for what it did not call in another.
/// Entries alone do not tell (a dump may hold only calls that have not ended, and then a rank that
/// was done looks like one that never came), so `pg_status` is asked first.
struct StuckCollectives {
  /// How a rank holds up others.
  enum Cause {
    case notCalled
    case notEnded
    /// All ranks with a dump called it; others have no dump.
    case noDump
  }

  /// A collective that did not end.
  struct Stuck {
    var group: String
    var sequence: Int64
    var kind: OperationKind
    /// For example `all_gather of 1024 bfloat16`.
    var operation: String
    var cause: Cause
    /// Global ranks that hold up the others, and those that wait or have gone on.
    var culprits: [Int]
    var others: [Int]
    /// When the first rank called it.
    var since: Int64
  }

  /// Ranks that called different collectives under one number.
  struct Mismatch {
    var group: String
    var sequence: Int64
    /// By operation the ranks that called it, most ranks first.
    var calls: [(operation: String, ranks: [Int])]
  }

  /// Earliest first.
  private(set) var stuck: [Stuck] = []
  private(set) var mismatches: [Mismatch] = []
  /// Collectives that all ranks called and that had not ended.
  private(set) var pending = 0

  /// One rank's view of one process group.
  private struct View {
    var rank: Int
    var facts: CommunicatorFacts
    /// Collectives by number.
    var calls: [Int64: [TimingFacts.Call]] = [:]
    var hasPointToPoint = false
    var enqueued: Int64?
    var completed: Int64?
  }

  /// Looks at all dumps.
  ///
  /// - Complexity: O(*c* log *c*) in the calls of the dumps.
  init(_ table: ProcessTable) {
    var groups: [UInt64: [View]] = [:]
    for record in table.records {
      for timed in record.timed where timed.facts.source == .flightRecorder {
        guard let rank = timed.facts.globalRank else { continue }
        // The first dump of a rank, should there be several.
        for (identity, view) in Self.views(timed.facts, rank: rank)
        where groups[identity]?.contains(where: { $0.rank == rank }) != true {
          groups[identity, default: []].append(view)
        }
      }
    }
    let sorted = groups.values.map { views in views.sorted { $0.rank < $1.rank } }
      .sorted { a, b in
        let (x, y) = (Self.name(a[0].facts), Self.name(b[0].facts))
        return x == y
          ? a[0].facts.members.lexicographicallyPrecedes(b[0].facts.members)
          : NaturalText(x) < NaturalText(y)
      }
    for views in sorted { examine(views) }
    stuck.sort { ($0.since, $0.sequence, $0.group) < ($1.since, $1.sequence, $1.group) }
  }

  private static func views(_ facts: ProcessFacts, rank: Int) -> [(UInt64, View)] {
    var views = facts.communicators.map { View(rank: rank, facts: $0) }
    for call in facts.timing?.calls ?? [] {
      let place = Int(call.communicator)
      guard views.indices.contains(place),
        views[place].facts.calls.indices.contains(Int(call.row))
      else { continue }
      if views[place].facts.calls[Int(call.row)].kind.isPointToPoint {
        views[place].hasPointToPoint = true
      } else if call.sequence >= 0 {
        views[place].calls[call.sequence, default: []].append(call)
      }
    }
    return views.compactMap { view in
      guard let identity = view.facts.identity, view.facts.members.count > 1 else { return nil }
      return (identity, view)
    }
  }

  private static func name(_ facts: CommunicatorFacts) -> String {
    let group = facts.groupName ?? ""
    guard let name = facts.name, name != group else { return group }
    return "\(group) (\(name))"
  }

  // MARK: - One group

  private mutating func examine(_ group: [View]) {
    var views = group
    // `pg_status` counts sends and receives with the collectives: no use where there are any.
    let counts = !views.contains(where: \.hasPointToPoint)
    for index in views.indices {
      let own = views[index]
      let progress = counts ? own.facts.progress : nil
      views[index].enqueued = progress?.enqueued ?? own.calls.keys.max()
      views[index].completed =
        progress?.completed
        ?? own.calls.lazy.filter { $0.value.allSatisfy { $0.state == .completed } }.map(\.key).max()
    }
    compare(views)
    let isStuck = findNotCalled(views)
    let isFailed = findNotEnded(views)
    if !isStuck, !isFailed { findPending(views) }
  }

  /// A collective that some ranks wait in and others did not call.
  private mutating func findNotCalled(_ views: [View]) -> Bool {
    guard let least = views.compactMap(\.enqueued).min() else { return false }
    let sequence = least + 1
    let late = views.filter { $0.enqueued == least }
    let waiting = views.filter { isWaiting($0, sequence) }
    guard let first = waiting.first, late.count < views.count else { return false }
    add(.notCalled, sequence, first, late, waiting)
    return true
  }

  /// A collective that ended on some ranks and not on others.
  private mutating func findNotEnded(_ views: [View]) -> Bool {
    guard let least = views.compactMap(\.completed).min() else { return false }
    let sequence = least + 1
    let behind = views.filter { $0.completed == least && isWaiting($0, sequence) }
    let ahead = views.filter { $0.completed ?? -1 >= sequence }
    guard let first = behind.first, !ahead.isEmpty, let kind = kind(first, sequence),
      ![.broadcast, .reduce, .gather, .scatter].contains(kind)
    else { return false }
    add(.notEnded, sequence, first, behind, ahead)
    return true
  }

  /// A collective that all ranks with a dump wait in.
  private mutating func findPending(_ views: [View]) {
    guard let least = views.compactMap(\.completed).min() else { return }
    let sequence = least + 1
    guard let first = views.first, views.allSatisfy({ isWaiting($0, sequence) }) else { return }
    pending += 1
    let seen = Set(views.map(\.rank))
    let absent = first.facts.members.filter { !seen.contains($0) }.sorted()
    guard !absent.isEmpty else { return }
    add(.noDump, sequence, first, [], views)
    stuck[stuck.count - 1].culprits = absent
  }

  private mutating func add(
    _ cause: Cause, _ sequence: Int64, _ example: View, _ culprits: [View], _ others: [View]
  ) {
    guard let call = example.calls[sequence]?.first else { return }
    let row = example.facts.calls[Int(call.row)]
    let callers = (culprits + others).compactMap { $0.calls[sequence]?.first?.called }
    stuck.append(
      Stuck(
        group: Self.name(example.facts), sequence: sequence, kind: row.kind,
        operation: Self.text(row), cause: cause, culprits: culprits.map(\.rank),
        others: others.map(\.rank), since: callers.min() ?? .min))
  }

  private func isWaiting(_ view: View, _ sequence: Int64) -> Bool {
    view.calls[sequence]?.contains { $0.state != .completed } ?? false
  }

  private func kind(_ view: View, _ sequence: Int64) -> OperationKind? {
    view.calls[sequence]?.first.map { view.facts.calls[Int($0.row)].kind }
  }

  /// Whether two ranks called something else under one number: the first such number.
  private mutating func compare(_ views: [View]) {
    var callers: [Int64: [(rank: Int, operation: String)]] = [:]
    for view in views {
      for (sequence, calls) in view.calls {
        let operation = calls.map { Self.text(view.facts.calls[Int($0.row)], forComparison: true) }
          .joined(separator: " + ")
        callers[sequence, default: []].append((view.rank, operation))
      }
    }
    let first = callers.lazy.filter { entry in
      entry.value.contains { $0.operation != entry.value[0].operation }
    }.map(\.key).min()
    guard let first, let calls = callers[first] else { return }
    var ranks: [String: [Int]] = [:]
    for call in calls { ranks[call.operation, default: []].append(call.rank) }
    let usualFirst = ranks.sorted { (a, b) -> Bool in
      if a.value.count != b.value.count { return a.value.count > b.value.count }
      return a.value[0] < b.value[0]
    }
    let sorted = usualFirst.map { (operation: $0.key, ranks: $0.value) }
    mismatches.append(
      Mismatch(group: Self.name(views[0].facts), sequence: first, calls: sorted))
  }

  /// An operation in words; without the size where ranks may differ in it.
  private static func text(_ row: CallFacts, forComparison: Bool = false) -> String {
    let mayDiffer = [.allToAll, .gather, .scatter].contains(row.kind)
    if row.isCoarse || (forComparison && mayDiffer) {
      return "\(row.kind.name) of \(row.dataType.name)"
    }
    return "\(row.kind.name) of \(row.elementCount) \(row.dataType.name)"
  }

  // MARK: - Verdict

  /// For each rank at fault what it held up, earliest first; ranks that only wait are left out.
  func verdicts() -> [(rank: Int, held: [Stuck])] {
    var waits: Set<Int> = []
    for entry in stuck where entry.cause == .notCalled { waits.formUnion(entry.others) }
    var held: [Int: [Stuck]] = [:]
    var victims: [Int: [Stuck]] = [:]
    for entry in stuck where entry.cause != .noDump {
      for rank in entry.culprits {
        if entry.cause == .notEnded || !waits.contains(rank) {
          held[rank, default: []].append(entry)
        } else {
          victims[rank, default: []].append(entry)
        }
      }
    }
    // Where each waits for another, all are at fault.
    if held.isEmpty { held = victims }
    if held.isEmpty {
      for entry in stuck { for rank in entry.culprits { held[rank, default: []].append(entry) } }
    }
    return held.map { ($0.key, $0.value) }.sorted { a, b in
      (a.1[0].since, a.0) < (b.1[0].since, b.0)
    }
  }
}

extension FindingCollector {
  /// What the dumps of PyTorch's Flight Recorder say of a job that hangs.
  mutating func flightRecorder(_ stuck: StuckCollectives) {
    for mismatch in stuck.mismatches {
      let usual = mismatch.calls[0]
      for other in mismatch.calls.dropFirst() {
        let ranks = RangeText.text(other.ranks)
        add(
          "collective-mismatch", .error,
          "\(Self.rank(other.ranks)) called another collective than \(other.ranks.count == 1 ? "its" : "their") peers.",
          at: "rank \(ranks), process group \(mismatch.group), collective \(mismatch.sequence)",
          evidence: "\(other.operation) instead of \(usual.operation) of "
            + Self.rank(usual.ranks).lowercased(),
          do: "Compare what these ranks ran at this step; the job hangs here.")
      }
    }
    let verdicts = stuck.verdicts()
    for (rank, held) in verdicts { add(rank, held) }
    guard verdicts.isEmpty, stuck.pending > 0 else { return }
    add(
      "collective-stuck", .note,
      CoverageStatement.counted(stuck.pending, "collective", "collectives")
        + " had not ended when the Flight Recorder wrote its dumps.",
      at: "", evidence: "all ranks of these process groups had called them",
      do: "Nothing if the job was running; else look at the GPUs and the network.")
  }

  private static func rank(_ ranks: [Int]) -> String {
    (ranks.count == 1 ? "Rank " : "Ranks ") + RangeText.text(ranks)
  }

  private mutating func add(_ rank: Int, _ held: [StuckCollectives.Stuck]) {
    guard let first = held.first else { return }
    let others = Self.rank(first.others).lowercased()
    let (does, sees) = first.others.count == 1 ? ("waits", "has") : ("wait", "have")
    let name = "\(first.kind.name) number \(first.sequence) of process group \(first.group)"
    let more = held.dropFirst().map { "\($0.group) at \($0.sequence)" }
    let also =
      more.isEmpty
      ? ""
      : "; also " + more.prefix(4).joined(separator: ", ")
        + (more.count > 4 ? " and \(more.count - 4) more" : "")
    let place = "rank \(rank), process group \(first.group), collective \(first.sequence)"
    switch first.cause {
    case .notCalled:
      add(
        "collective-stuck", .error, "Rank \(rank) did not call \(name).", at: place,
        evidence: "\(others) called \(first.operation) and \(does) for it" + also,
        do:
          "Look at what rank \(rank) did instead: its stack and log; the others only wait. If the job was running, its dump is only older than theirs."
      )
    case .notEnded:
      add(
        "collective-stuck", .error, "Rank \(rank) did not see the end of \(name).", at: place,
        evidence: "\(others) \(sees) seen \(first.operation) end" + also,
        do: "Look at the GPU of rank \(rank): Xid or ECC errors, a kernel that never returned.")
    case .noDump:
      add(
        "collective-stuck", .warning, "Rank \(rank) may hold up \(name).", at: place,
        evidence: "\(others) called \(first.operation) and \(does); rank \(rank) has no dump"
          + also,
        do: "Look for the dump or the last lines of rank \(rank).")
    }
  }
}
