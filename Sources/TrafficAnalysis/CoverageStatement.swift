// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// Says what the logs can and cannot show.
enum CoverageStatement {
  /// How the sentence about replays begins.
  static let graphReplays = "NCCL logs a call once: replays of CUDA graphs are not logged"
  /// How the sentence about old releases begins.
  static let byteCounts = "NCCL up to 2.21 logs all-gather and broadcast as bytes"

  /// What the sentences depend on.
  struct Facts {
    var missing: [Int] = []
    /// What a rank should have: ``ProcessTable/inputName``.
    var inputName = "log"
    var jobs = 1
    var guessedRanks = 0
    var assumedCommunicators = 0
    var matchedCommunicators = 0
    var incompleteCommunicators = 0
    var hasByteCounts = false
    var hasUnnamed = false
    var unknownTypes: [String] = []
    var unplacedBytes: UInt64 = 0
    var mayReplayGraphs = false
    var coarsenedCalls = 0
    /// Transport lines without a communicator: those that were given one, and those that were not.
    var connections = ConnectionCheck()
    var unplacedConnections = 0
    /// Elements of the reductions of a captured graph, largest first.
    var capturedCounts: [UInt64] = []
    var hiddenSize: Int?
    /// Stated replays of captured graphs, and what they moved.
    var replays: GraphReplays?
    var scaledPayloadBytes: UInt64 = 0
    var scaledWireBytes: UInt64 = 0
    /// What the GPUs repeat, by rank.
    var patterns: [(rank: Int?, pattern: CallPattern?)] = []
    /// Whether the job serves: it repeats passes, not steps.
    var serves = false
    /// Elements of the tensor group's reductions in a prefill and in a decode pass, each where only
    /// one number was seen.
    var prefillCount: UInt64?
    var decodeCount: UInt64?
  }

  /// The counts of files, lines and releases.
  static func coverage(_ table: ProcessTable) -> Coverage {
    var coverage = Coverage()
    coverage.files = table.files.count
    for file in table.files {
      let classes: [FileLedger.LineClass] = [
        .parsed, .knownIgnored, .unrecognised, .tornRecovered, .tornLost, .malformed,
      ]
      if !file.format.isEmpty || file[.parsed].lines > 0 {
        let lines = classes.reduce(0) { $0 + file[$1].lines }
        if file.format.isEmpty || file.format == TraceFormat.ncclLog.name {
          coverage.ncclLines += lines
        } else if file.format != TraceFormat.launchFile.name {
          coverage.traceRecords += lines
        }
      }
      coverage.linesLost += file[.tornLost].lines + file[.malformed].lines
      coverage.linesUnrecognised += file[.unrecognised].lines
      switch file.status {
      case .truncated, .damaged, .checksumMismatch, .limit, .unreadable, .unsupported:
        coverage.filesIncomplete += 1
      case .complete, .empty, .duplicate: break
      }
    }
    let versions = Set(table.records.compactMap(\.facts.version)).sorted()
    for version in versions where !coverage.versions.contains(version.description) {
      coverage.versions.append(version.description)
    }
    return coverage
  }

  /// The sentences a reader must know before trusting a number, most important first.
  static func statements(_ coverage: Coverage, _ facts: Facts) -> [String] {
    var lines: [String] = []
    if !coverage.hasOperations {
      lines.append(
        coverage.ncclLines == 0 && coverage.traceRecords > 0
          ? "These files list no operation of a job: add its logs (NCCL_DEBUG=INFO and NCCL_DEBUG_SUBSYS=INIT,COLL) or traces for its traffic."
          : "No operation line was seen: set NCCL_DEBUG=INFO and NCCL_DEBUG_SUBSYS=INIT,COLL to log them."
      )
    }
    if !facts.missing.isEmpty {
      let count = facts.missing.count
      // Which ones is known only where the numbers have a source.
      let which = facts.guessedRanks > 0 ? "" : " (\(RangeText.text(facts.missing)))"
      lines.append(
        "\(count) of \(coverage.ranksExpected ?? count) ranks \(count == 1 ? "has" : "have") no \(facts.inputName)\(which): their calls are not counted."
      )
    }
    if coverage.filesIncomplete > 0 {
      lines.append(
        "\(coverage.filesIncomplete) of \(counted(coverage.files, "file")) could not be read to the end."
      )
    }
    if coverage.linesLost > 0 {
      lines.append(
        "\(counted(coverage.linesLost, "line was", "lines were")) lost to tearing or damage; calls may be missing."
      )
    }
    if facts.assumedCommunicators > 0 {
      lines.append(
        "The ranks of \(counted(facts.assumedCommunicators, "communicator")) are assumed: init lines are not in the logs."
      )
    }
    if facts.matchedCommunicators > 0 {
      lines.append(
        "\(counted(facts.matchedCommunicators, "communicator was", "communicators were")) matched by size, order and calls: not all of the \(facts.inputName)s state \(facts.matchedCommunicators == 1 ? "its id" : "their ids")."
      )
    }
    if facts.guessedRanks > 0 {
      lines.append(
        "\(counted(facts.guessedRanks, "global rank was", "global ranks were")) numbered by host, GPU and process id: nothing in the logs states them."
      )
    }
    if facts.jobs > 1 {
      lines.append("The logs come from \(facts.jobs) groups of ranks that share no communicator.")
    }
    if facts.mayReplayGraphs {
      lines.append(
        "\(graphReplays), so an engine that uses them moved more than is shown."
      )
    }
    if let unit = GraphReplays.unit(facts.capturedCounts, hiddenSize: facts.hiddenSize) {
      let sizes = facts.capturedCounts.map { String($0 / unit) }.joined(separator: ", ")
      lines.append(
        "CUDA graphs were captured for batches of \(sizes) times \(unit) elements: these passes count as init, and their replays are not in the logs."
      )
    }
    if let scaled = scaledReplays(facts) { lines.append(scaled) }
    if facts.hasByteCounts {
      lines.append(
        "\(byteCounts): their sizes are right, their types are not known."
      )
    }
    if facts.hasUnnamed {
      lines.append(
        "NCCL 2.3 prints no operation name: such calls have a payload, but no wire bytes.")
    }
    if !facts.unknownTypes.isEmpty {
      lines.append(
        "The size of \(facts.unknownTypes.joined(separator: ", ")) is not known: such calls are counted without bytes."
      )
    }
    if facts.unplacedBytes > 0 {
      lines.append(
        "Part of the traffic cannot be placed on or between nodes, because not all ranks of its communicators were seen."
      )
    }
    if facts.coarsenedCalls > 0 {
      lines.append(
        "\(counted(facts.coarsenedCalls, "call was", "calls were")) counted without their size; totals are right."
      )
    }
    if coverage.linesUnrecognised > 0 {
      lines.append(
        "\(counted(coverage.linesUnrecognised, "line of NCCL matches", "lines of NCCL match")) no message that commlens knows."
      )
    }
    if let tokens = tokens(facts) { lines.append(tokens) }
    if let repeats = repetition(facts) { lines.append(repeats) }
    if let connections = connections(facts) { lines.append(connections) }
    return lines
  }

  /// What a reader must know of traces that are no logs.
  static func sources(_ table: ProcessTable) -> [String] {
    var lines: [String] = []
    let dumps = table.records.count { $0.facts.source == .flightRecorder }
    if dumps > 0 {
      lines.append(
        "PyTorch's Flight Recorder keeps the last calls only: the traffic of \(counted(dumps, "rank")) is that of these calls, not of the job."
      )
    }
    var calls: UInt64 = 0
    var unsized: UInt64 = 0
    for record in table.records where record.facts.source != .ncclLog {
      for row in record.facts.communicators.lazy.flatMap(\.calls) {
        calls.add(row.calls)
        if row.isUnsized { unsized.add(row.calls) }
      }
    }
    if unsized > 0 {
      lines.append(
        "\(unsized) of \(calls) calls of the traces state no size: they are counted as operations, without bytes."
      )
    }
    let homeless = table.records.count { !statesHost($0.facts) }
    if homeless > 0 {
      lines.append(
        "\(counted(homeless, "trace does", "traces do")) not name a host: their ranks are counted as on one node."
      )
    }
    return lines
  }

  /// Whether a process says where it ran; lines of a log whose head was cut count as such.
  static func statesHost(_ facts: ProcessFacts) -> Bool {
    facts.source == .ncclLog || !facts.host.isEmpty
  }

  /// What became of transport lines that name no communicator.
  private static func connections(_ facts: Facts) -> String? {
    let unused = facts.unplacedConnections.addingReportingOverflow(facts.connections.contradicted)
    let (used, dropped) = (
      facts.connections.deduced - facts.connections.contradicted,
      unused.overflow ? .max : unused.partialValue
    )
    guard used > 0 || dropped > 0 else { return nil }
    var text =
      "Transport lines that NCCL prints after the init name no communicator: \(used) were given the one that connected at the time"
    if dropped > 0 {
      text += "; \(dropped) were left out, as they could be of several or fit none"
    }
    return text + "."
  }

  /// What replays of captured graphs moved, from the number of replays in the job description.
  private static func scaledReplays(_ facts: Facts) -> String? {
    guard let replays = facts.replays, !replays.found.isEmpty || !replays.missing.isEmpty
    else { return nil }
    let missing =
      replays.missing.isEmpty
      ? ""
      : " No graph was captured for a batch of \(replays.missing.joined(separator: ", "))."
    guard !replays.found.isEmpty else {
      return "The stated replays of CUDA graphs cannot be scaled." + missing
    }
    return
      "scaled: the job description states replays of CUDA graphs, \(replays.found.joined(separator: ", ")); by what one replay moves that is \(facts.scaledPayloadBytes) bytes of payload and \(facts.scaledWireBytes) bytes on the wire, in the scaled_ columns of traffic.csv only."
      + missing
  }

  /// How many tokens passes have, where the sizes of reductions tell.
  private static func tokens(_ facts: Facts) -> String? {
    guard let decode = facts.decodeCount, decode > 0 else { return nil }
    if let hidden = facts.hiddenSize.flatMap({ $0 > 0 ? UInt64($0) : nil }), decode % hidden == 0 {
      let batch = "decode passes have \(counted(Int(clamping: decode / hidden), "token"))"
      guard let prefill = facts.prefillCount, prefill % hidden == 0 else {
        return "By the hidden size, \(batch)."
      }
      return
        "By the hidden size, prefill passes have \(counted(Int(clamping: prefill / hidden), "token")) and \(batch)."
    }
    guard let prefill = facts.prefillCount, prefill % decode == 0 else { return nil }
    return "A prefill pass has \(prefill / decode) tokens for each one of a decode pass."
  }

  /// How often the calls of every rank repeat, where that is one number.
  static func repetitions(_ facts: Facts) -> Int? {
    guard let first = facts.patterns.first?.pattern else { return nil }
    return facts.patterns.allSatisfy { $0.pattern?.repeats == first.repeats } ? first.repeats : nil
  }

  /// How often the calls repeat, and where that ends early.
  private static func repetition(_ facts: Facts) -> String? {
    let known = facts.patterns.compactMap(\.pattern)
    guard known.count == facts.patterns.count, let first = known.first else { return nil }
    let word = facts.serves ? "pass" : "step"
    let words = facts.serves ? "passes" : "steps"
    let most = known.map(\.repeats).max() ?? first.repeats
    let lengths = Set(known.map(\.length)).sorted()
    let calls =
      lengths.count == 1
      ? "\(first.length)" : "\(lengths[0]) to \(lengths[lengths.count - 1])"
    var text = "The calls repeat: \(most) \(words) of \(calls) calls on each rank"
    let early = facts.patterns.filter { $0.pattern?.repeats ?? most < most }
    guard !early.isEmpty else { return text + "." }
    // Where many differ there is no common pattern to break.
    guard early.count * 2 < facts.patterns.count else { return nil }
    let breaks = early.prefix(4).compactMap { entry -> String? in
      guard let rank = entry.rank, let pattern = entry.pattern else { return nil }
      return "in \(word) \(pattern.repeats + 1) on rank \(rank)"
    }
    guard breaks.count == min(early.count, 4) else { return nil }
    text += "; the pattern breaks " + breaks.joined(separator: ", ")
    return text + (early.count > 4 ? " and \(early.count - 4) more." : ".")
  }

  /// A number with its noun, `1 line` or `2 lines`.
  static func counted(_ count: Int, _ one: String, _ many: String? = nil) -> String {
    "\(count) " + (count == 1 ? one : many ?? one + "s")
  }
}
