// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// What NCCL's RAS subsystem says, joined to the communicators of the logs by their hash.
extension FindingCollector {
  /// Ranks that lag, do not answer, or hold an error.
  mutating func rasReports() {
    var ownOfHash: [UInt64: AnalysedCommunicator] = [:]
    if table.files.contains(where: { !$0.rasReports.isEmpty }) {
      for own in communicators {
        for view in own.views {
          if let hash = view.facts.identifier, ownOfHash[hash] == nil { ownOfHash[hash] = own }
        }
      }
    }
    for file in table.files {
      let reports = file.rasReports
      var history: [RASKey: [RASIndex]] = [:]
      for (number, report) in reports.enumerated() {
        for (place, problem) in report.problems.enumerated() {
          history[RASKey(problem), default: []].append(
            RASIndex(report: number, problem: place))
        }
      }
      for (number, report) in reports.enumerated() {
        for (index, problem) in report.problems.enumerated() {
          let known = history[RASKey(problem)] ?? []
          // The last occurrence tells how it stands.
          guard known.last == RASIndex(report: number, problem: index) else { continue }
          let before = known.last { $0.report < number }.map {
            reports[$0.report].problems[$0.problem]
          }
          var place = RASPlace(file: file, problem: problem)
          place.group = problem.group.flatMap { group in
            report.groups.first { $0.number == group }
          }
          place.own = problem.identifier.flatMap { ownOfHash[$0] }
          if number + 1 < reports.count, let end = reports.last {
            place.isPast = "not in the report on line \(end.line) any more"
          }
          if problem.kind == .mismatch {
            rasMismatch(place, before: before)
          } else {
            rasFailure(place, in: report)
          }
        }
      }
    }
  }

  /// A problem and where to look for it.
  private struct RASPlace {
    var file: FileLedger
    var problem: RASReport.Problem
    var group: RASReport.Group?
    /// The communicator of the logs that has the problem's hash.
    var own: AnalysedCommunicator?
    /// Why it may be over.
    var isPast: String?
  }

  private struct RASIndex: Equatable {
    var report: Int
    var problem: Int
  }

  /// What makes problems of two reports the same.
  private struct RASKey: Hashable {
    var kind: RASReport.Problem.Kind
    var label: String
    var identifier: UInt64?
    var subject: String
    init(_ problem: RASReport.Problem) {
      (kind, label, identifier) = (problem.kind, problem.label, problem.identifier)
      subject = problem.subject
    }
  }

  // MARK: - Words

  private func rasRanks(_ numbers: [Int], _ place: RASPlace) -> String {
    // Numbers of the communicator become those of the job where the log knows them.
    let global = numbers.map { rank -> Int? in
      guard let own = place.own, let endpoint = own.placement.endpointOfRank[rank] else {
        return nil
      }
      return ranks.rank[endpoint]
    }
    let whole = global.compactMap { $0 }
    return RangeText.text((whole.count == numbers.count ? whole : numbers).sorted())
  }

  private func rasLocation(_ numbers: [Int], _ place: RASPlace) -> String {
    var parts: [String] = []
    if !numbers.isEmpty { parts.append("rank \(rasRanks(numbers, place))") }
    if let own = place.own {
      parts.append("communicator \(own.name)")
    } else if let hash = place.problem.identifier {
      parts.append("communicator \(place.problem.label) (0x\(String(hash, radix: 16)))")
    }
    parts.append("\(place.file.file):\(place.problem.line)")
    return parts.joined(separator: ", ")
  }

  private static func rasText(_ member: RASReport.Member) -> String {
    var parts: [String] = []
    if !member.gpu.isEmpty { parts.append("GPU \(member.gpu)") }
    if let process = member.process { parts.append("process \(process)") }
    let text = parts.joined(separator: ", ")
    return member.node.isEmpty ? text : text + " on \(member.node)"
  }

  private static let maximumRASMembers = 4

  /// `(GPU 3, process 1650386 on node1)` of the first few members, or nothing.
  private static func rasText(_ members: [RASReport.Member]) -> String {
    let texts = members.map { rasText($0) }.filter { !$0.isEmpty }
    guard !texts.isEmpty else { return "" }
    return " (" + texts.prefix(maximumRASMembers).joined(separator: "; ")
      + (texts.count > maximumRASMembers ? "; ..." : "") + ")"
  }

  private func rasName(_ party: RASReport.Party, _ place: RASPlace) -> String {
    let numbers = party.members.compactMap(\.rank)
    guard !numbers.isEmpty, numbers.count == party.count else {
      return CoverageStatement.counted(party.count, "rank")
    }
    return "rank \(rasRanks(numbers, place))"
  }

  // MARK: - Problems

  /// Ranks of a communicator that differ: the one with the fewest operations is waited for.
  private mutating func rasMismatch(_ place: RASPlace, before: RASReport.Problem?) {
    let problem = place.problem
    let isStatus = problem.subject == "status"
    let behind =
      isStatus
      // RAS names the few; the many are as they should be.
      ? problem.parties.dropFirst().last ?? problem.parties.last
      : problem.parties.min { ($0.operations ?? .max) < ($1.operations ?? .max) }
    guard let behind, problem.parties.count > 1 else { return }
    let numbers = behind.members.compactMap(\.rank)
    let isNamed = !numbers.isEmpty && numbers.count == behind.count
    let others = problem.parties.filter { $0 != behind }
    var evidence = problem.parties.map { party in
      rasName(party, place)
        + (isStatus
          ? ": \(party.state)"
          : ": \(party.operations.map { $0 == 0 ? "none" : "up to number \($0)" } ?? "unknown")")
        + Self.rasText(party.members)
    }.joined(separator: "; ")
    var severity = Finding.Severity.warning
    if let before,
      let was = before.parties.first(where: { party in
        party.members.contains { member in numbers.contains { $0 == member.rank } }
      }), !isStatus, isNamed
    {
      let (then, now) = (was.operations ?? 0, behind.operations ?? 0)
      evidence +=
        now > then
        ? "; \(now - then) more than on line \(before.line): it moves"
        : "; the same as on line \(before.line): it is stuck"
      if now > then { severity = .note }
    }
    if let past = place.isPast {
      evidence += "; \(past)"
      severity = .note
    }
    let subject = problem.subject == "collective" ? "operations" : "\(problem.subject) operations"
    let who = isNamed ? "Rank \(rasRanks(numbers, place))" : "\(behind.count) ranks"
    let ahead = others.filter { !$0.members.isEmpty }.flatMap { $0.members.compactMap(\.rank) }
    let peers =
      isNamed || ahead.isEmpty ? "its peers" : "rank \(rasRanks(ahead, place))"
    add(
      "ras-mismatch", severity,
      isStatus
        ? "\(who) of a communicator has another status than the others: \(behind.state)."
        : "\(who) launched fewer \(subject) than \(peers).",
      at: rasLocation(isNamed ? numbers : [], place),
      evidence: "RAS: \(evidence)",
      do: isStatus
        ? "Look at what this rank did: it ended or left the communicator before the others."
        : "All others wait for the rank with the fewest: look at its stack. One operation apart is normal while a job runs: ask RAS again and see whether it moves."
    )
  }

  /// Ranks and processes that do not answer, are taken for dead, or hold an error.
  private mutating func rasFailure(_ place: RASPlace, in report: RASReport) {
    let problem = place.problem
    let members = problem.parties.flatMap(\.members)
    let numbers = members.compactMap(\.rank)
    let count = problem.count ?? members.count
    let past = place.isPast.map { "; \($0)" } ?? ""
    let severity = { (usual: Finding.Severity) in place.isPast == nil ? usual : .note }
    let who =
      numbers.isEmpty ? "" : "Rank \(rasRanks(numbers, place))"
    switch problem.kind {
    case .incomplete:
      let hasRanks = !problem.label.isEmpty
      // The communicators of the same report name the ranks.
      guard
        hasRanks
          || !report.problems.contains(where: { $0.kind == .incomplete && !$0.label.isEmpty })
      else { return }
      let job = report.problems.first { $0.kind == .incomplete && $0.label.isEmpty }
      let silent =
        members.contains { $0.process != nil } ? members : job?.parties.flatMap(\.members) ?? []
      let noun = hasRanks ? "rank" : "process"
      let counted = CoverageStatement.counted(count, noun, hasRanks ? "ranks" : "processes")
      add(
        "ras-incomplete", severity(.error),
        who.isEmpty
          ? "\(counted) did not answer RAS." : "\(who) did not answer RAS.",
        at: rasLocation(numbers, place),
        evidence: "RAS has no data from \(counted)"
          + (place.group.map { " of \($0.size)" } ?? "") + Self.rasText(silent) + past,
        do: "See whether the process still runs: it crashed, hangs, or its node is not reachable.")
    case .dead:
      add(
        "ras-dead", severity(.error),
        CoverageStatement.counted(count, "process is", "processes are")
          + " dead or not reachable, says RAS.",
        at: rasLocation(numbers, place),
        evidence: "RAS gave up on \(CoverageStatement.counted(count, "process", "processes"))"
          + Self.rasText(members) + past,
        do: "Look at the end of these processes' logs and at the health of their nodes.")
    case .error:
      let states = problem.parties.map {
        "\(rasName($0, place)): \($0.state)" + Self.rasText($0.members)
      }
      add(
        "ras-error", severity(.error),
        (who.isEmpty ? CoverageStatement.counted(count, "rank") : who)
          + " reported an error of \(problem.subject == "initialization" ? "the initialisation" : "a running operation").",
        at: rasLocation(numbers, place),
        evidence: "RAS: " + (states.isEmpty ? "\(count) ranks" : states.joined(separator: "; "))
          + past,
        do: "Look for the warnings in the logs of these ranks.")
    case .timeout:
      add(
        "ras-timeout", severity(.warning), "RAS waited in vain for answers.",
        at: rasLocation([], place),
        evidence: CoverageStatement.counted(count, "timeout") + " while it collected data" + past,
        do: "Ask again with a longer timeout (ncclras -t); what it says may lack ranks.")
    case .mismatch: break
    }
  }
}
