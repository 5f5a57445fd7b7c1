// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// Looks for what a person should know: faults of the job, and gaps of its logs.
struct FindingCollector {
  let table: ProcessTable
  let endpoints: Endpoints
  let communicators: [AnalysedCommunicator]
  let ranks: GlobalRanks
  private let layout: JobLayout?
  private var findings: [Finding] = []

  /// Most findings of one code; more are summed up in the last one.
  private static let maximumPerCode = 16

  /// Prepares to look.
  init(
    _ table: ProcessTable, _ endpoints: Endpoints, _ communicators: [AnalysedCommunicator],
    _ ranks: GlobalRanks, _ layout: JobLayout?
  ) {
    self.layout = layout
    self.table = table
    self.endpoints = endpoints
    self.communicators = communicators
    self.ranks = ranks
  }

  /// Everything found, worst first.
  ///
  /// `links` and `matrix` are the rows of the summary.
  mutating func collect(
    missing: [Int], links: [LinkRow], matrix: [RankMatrixRow], devices: [DeviceRow],
    waiting: [WaitingRow], _ join: TopologyJoin?
  ) -> [Finding] {
    files()
    copies()
    missingRanks(missing)
    jobs()
    inits()
    calls()
    pairs()
    types()
    ends()
    versions()
    messages()
    wiring(links)
    environment()
    habits(matrix)
    let stuck = StuckCollectives(table)
    flightRecorder(stuck)
    timeouts(stuck)
    connections()
    rasReports()
    stragglers(waiting)
    if let join {
      topologies(join)
      listedDevices(join, devices)
    }
    return findings.sorted {
      ($0.severity, $0.code, $0.location, $0.summary)
        < ($1.severity, $1.code, $1.location, $1.summary)
    }
  }

  mutating func add(
    _ code: String, _ severity: Finding.Severity, _ summary: String, at location: String,
    evidence: String, do suggestion: String
  ) {
    let count = findings.lazy.filter { $0.code == code }.count
    guard count < Self.maximumPerCode else { return }
    findings.append(
      Finding(
        code: code, severity: severity, summary: summary, location: location, evidence: evidence,
        suggestion: suggestion))
  }

  // MARK: - Files

  private mutating func files() {
    for file in table.files {
      let name = file.file
      switch file.status {
      case .truncated, .damaged, .checksumMismatch, .limit:
        add(
          "container-damaged", .warning, "A file could not be read to its end.", at: name,
          evidence: file.detail.isEmpty ? file.status.rawValue : file.detail,
          do: "Copy the file again; what was read is counted, the rest is missing.")
      case .unreadable, .unsupported:
        add(
          "file-unreadable", .warning, "A file could not be read.", at: name,
          evidence: file.detail, do: "Check the path and its permissions, or unpack it first.")
      case .duplicate:
        add(
          "duplicate-input", .note, "A file has the content of another one.", at: name,
          evidence: file.detail, do: "Nothing; it was counted once.")
      case .complete, .empty: break
      }
      let lost = file[.tornLost].lines
      if lost > 0 {
        add(
          "lines-torn", .warning, "Lines were cut or mixed by processes that share a file.",
          at: name,
          evidence: "\(lost) of \(file.lines) lines could not be read",
          do: "Set NCCL_DEBUG_FILE=nccl.%h.%p.log so that every process has a file of its own.")
      }
      let malformed = file[.malformed].lines
      if malformed > 0 {
        add(
          "lines-malformed", .warning, "Lines hold values that cannot be right.", at: name,
          evidence: "\(malformed) of \(file.lines) lines",
          do: "Compare the copy with the original file.")
      }
      if file.coarsenedCalls > 0 {
        add(
          "sizes-summed", .note, "A file has more different calls than are kept apart.", at: name,
          evidence: "\(file.coarsenedCalls) calls were counted without their size",
          do: "Totals are right; the rows by message size are not complete.")
      }
    }
  }

  private mutating func copies() {
    for (file, copy) in table.copies.sorted(by: { $0.key < $1.key }) {
      add(
        "duplicate-process", .note, "A file repeats processes that other files hold, too.",
        at: table.files[file].file,
        evidence: CoverageStatement.counted(copy.processes, "process", "processes")
          + " with the same communicators, as in \(table.files[copy.original].file)",
        do: "Nothing if it is a copy, such as standard output; each process was counted once.")
    }
  }

  /// Whether lines of a process are known to be missing.
  func hasLosses(_ process: Int) -> Bool {
    table.records[process].files.contains { index in
      let file = table.files[index]
      return file[.tornLost].lines > 0 || file[.malformed].lines > 0 || file.gaps > 0
        || (file.status != .complete && file.status != .empty)
    }
  }

  // MARK: - Ranks and jobs

  private mutating func missingRanks(_ missing: [Int]) {
    if !missing.isEmpty, ranks.guessed > 0 {
      add(
        "rank-without-log", .warning,
        "\(missing.count) of \(ranks.expected ?? missing.count) ranks have no \(table.inputName).",
        at: "",
        evidence: "the communicators are larger than the number of ranks seen",
        do: "Look for the files of the other ranks; their calls are not counted.")
    } else if !missing.isEmpty {
      let shown = RangeText.text(missing)
      add(
        "rank-without-log", .warning,
        missing.count == 1
          ? "Rank \(shown) has no \(table.inputName)."
          : "\(missing.count) ranks have no \(table.inputName): \(shown).",
        at: "rank \(shown)", evidence: "their communicators name more ranks than were seen",
        do: "Look for the files of these ranks; their calls are not counted.")
    }
    let incomplete = communicators.filter {
      $0.communicator.instances.count < $0.communicator.size
    }
    // With whole ranks missing their communicators are incomplete as a matter of course.
    guard !incomplete.isEmpty, missing.isEmpty || isUnexplained(incomplete) else { return }
    let names = incomplete.prefix(6).map(\.name).joined(separator: ", ")
    add(
      "communicator-incomplete", .warning,
      "\(incomplete.count) of \(CoverageStatement.counted(communicators.count, "communicator")) "
        + (incomplete.count == 1 ? "lacks ranks." : "lack ranks."),
      at: names + (incomplete.count > 6 ? ", ..." : ""),
      evidence: incomplete.prefix(6).map {
        "\($0.name): \($0.communicator.instances.count) of \($0.communicator.size) ranks"
      }.joined(separator: "; "),
      do: "Read the logs of all ranks; a rank may also never have joined.")
  }

  /// Whether a communicator lacks a rank although the logs of as many ranks as it has were read.
  private func isUnexplained(_ incomplete: [AnalysedCommunicator]) -> Bool {
    incomplete.contains { own in
      let seen = ranks.rank.count
      return own.isWorld && own.communicator.instances.count < seen
    }
  }

  private mutating func jobs() {
    let largest = communicators.lazy.filter(\.isWorld).map(\.communicator.size).max()
    if let layout, let largest, ranks.jobs == 1, largest > layout.worldSize {
      add(
        "job-contradicts-logs", .warning,
        "The job description has \(layout.worldSize) ranks, the logs have \(largest).", at: "",
        evidence: "a communicator of \(largest) ranks holds every rank that was seen",
        do: "Correct world_size and the parallel sizes; labels may be wrong.")
    }
    if ranks.jobs == 1, ranks.guessed == 0 { foreignGroups() }
    guard ranks.jobs > 1 else { return }
    add(
      "several-jobs", .note,
      "The logs hold \(ranks.jobs) groups of ranks that share no communicator.", at: "",
      evidence: "the ranks of each group are numbered after those of the group before",
      do: "If these are separate jobs, analyse them one by one; if not, give --job.")
  }

  /// Communicators with real traffic whose ranks form no group of the described layout.
  private mutating func foreignGroups() {
    guard let layout else { return }
    let foreign = communicators.filter { own in
      !own.ranks.isEmpty && own.communicator.size > 1
        && own.traffic.classes.contains { !CommunicatorProfile.isControl($0) }
        && layout.dimension(ofName: own.frameworkName) == nil
        && layout.groups(fitting: own).isEmpty
    }
    guard let first = foreign.first else { return }
    let example =
      "\(first.name) has \(first.communicator.size) ranks, \(RangeText.text(first.ranks))"
    add(
      "job-contradicts-logs", .warning,
      "\(foreign.count) of \(CoverageStatement.counted(communicators.count, "communicator")) "
        + (foreign.count == 1 ? "is" : "are") + " no group of the job description.",
      at: "communicator \(first.name)",
      evidence: "\(example); groups of the description have \(layout.groupSizes) ranks",
      do: "Correct the parallel sizes or the order of ranks; these labels are inferred.")
  }

  // MARK: - Initialisation

  private mutating func inits() {
    for own in communicators {
      let stuck = own.views.filter {
        $0.facts.initStarted && !$0.facts.initCompleted && $0.facts.calls.isEmpty
      }
      guard !stuck.isEmpty else { continue }
      let lossy = stuck.allSatisfy { hasLosses($0.process) }
      let absent = own.isWorld ? absentRanks(own) : []
      var evidence =
        "\(stuck.count) of \(own.communicator.size) ranks started and did not complete it"
      if !absent.isEmpty { evidence += "; rank \(RangeText.text(absent)) never started it" }
      add(
        "init-incomplete", lossy ? .warning : .error,
        "The initialisation of communicator \(own.name) did not complete.",
        at: absent.isEmpty
          ? "communicator \(own.name)"
          : "communicator \(own.name), rank \(RangeText.text(absent))",
        evidence: evidence,
        do: absent.isEmpty
          ? "Look at the last lines of these ranks for the step they wait in."
          : "Look at what the absent rank did instead.")
    }
  }

  /// Ranks of the job that a communicator over all ranks lacks, though they have a log.
  private func absentRanks(_ own: AnalysedCommunicator) -> [Int] {
    let present = Set(own.ranks)
    return ranks.rank.indices
      .filter { ranks.job[$0] == own.job }
      .compactMap { ranks.rank[$0] }
      .filter { !present.contains($0) }
      .sorted()
  }

  // MARK: - Calls

  private struct Habit: Hashable {
    var calls: Int
    var hash: UInt64
  }

  private mutating func calls() {
    var decoded = 0
    for own in communicators where own.traffic.differs {
      let views = own.views
      var votes: [Habit: Int] = [:]
      for view in views { votes[habit(view), default: 0] += 1 }
      let ranked = votes.sorted { a, b in
        (a.value, a.key.calls, a.key.hash) > (b.value, b.key.calls, b.key.hash)
      }
      guard let usual = ranked.first?.key,
        let reference = views.first(where: { habit($0) == usual })
      else { continue }
      let odd = views.filter { habit($0) != usual }
      let decodes = decoded < Self.maximumPerCode
      let theirs = decodes ? order(reference) : nil
      for view in odd.prefix(Self.maximumPerCode) {
        decoded += 1
        report(
          view, mine: decoded <= Self.maximumPerCode ? order(view) : nil, against: reference,
          theirs: theirs, in: own)
      }
    }
  }

  private func habit(_ view: Instance) -> Habit {
    Habit(
      calls: view.facts.collectiveCalls, hash: view.hasOrder ? view.facts.collectiveOrderHash : 0)
  }

  private mutating func report(
    _ view: Instance, mine: [Int]?, against reference: Instance, theirs: [Int]?,
    in own: AnalysedCommunicator
  ) {
    let rank = ranks.rank[view.endpoint].map(String.init) ?? "unknown"
    let place = "rank \(rank), communicator \(own.name)"
    let isLossy = hasLosses(view.process) || hasLosses(reference.process)
    // Ranks that were only assumed to belong together may call different things.
    let severity: Finding.Severity =
      isLossy ? .note : own.communicator.membership == .assumed ? .warning : .error
    let (calls, usual) = (view.facts.collectiveCalls, reference.facts.collectiveCalls)
    let ended: String =
      switch view.facts.end {
      case .destroyed where calls < usual: "; it destroyed the communicator"
      case .aborted where calls < usual: "; it aborted the communicator"
      default: ""
      }
    let loss = isLossy ? " (lines of these files are lost, which may be the reason)" : ""
    if let mine, let theirs {
      let first = zip(mine, theirs).enumerated().first { _, pair in
        !isSame(view.facts.calls[pair.0], reference.facts.calls[pair.1])
      }
      if let first {
        add(
          "collective-mismatch", severity,
          "Rank \(rank) called another collective than its peers.",
          at: "\(place), collective \(first.offset)",
          evidence: Self.text(view.facts.calls[first.element.0]) + " instead of "
            + Self.text(reference.facts.calls[first.element.1]) + loss,
          do: "Compare what this rank ran with the others at this step; the job hangs here.")
        return
      }
    } else if calls == usual {
      add(
        "collective-mismatch", severity, "Rank \(rank) called other collectives than its peers.",
        at: place,
        evidence: "\(calls) collectives, as its peers, but not the same ones or another order"
          + loss,
        do: "Compare what this rank ran with the others.")
      return
    }
    guard calls != usual else { return }
    let (late, early) = calls < usual ? (rank, calls) : ("its peers", usual)
    let next = calls < usual ? theirs : mine
    let nextCall = (next.flatMap { $0.indices.contains(early) ? $0[early] : nil }).map {
      Self.text((calls < usual ? reference : view).facts.calls[$0])
    }
    add(
      "rank-stops-early", severity,
      calls < usual
        ? "Rank \(rank) stopped before its peers."
        : "Rank \(rank) went on when its peers had stopped.",
      at: "\(place), collective \(early)",
      evidence: "\(calls) collectives against \(usual) of its peers"
        + (nextCall.map { "; \(late == rank ? "it lacks" : "they lack") \($0)" } ?? "") + ended
        + loss,
      do: "Look at the end of the shorter logs: a crash, an exception, or a lost file.")
  }

  private func order(_ view: Instance) -> [Int]? {
    guard view.hasOrder else { return nil }
    return CallOrder.collectives(of: view.index, in: table.records[view.process].facts)
  }

  private func isSame(_ a: CallFacts, _ b: CallFacts) -> Bool {
    a.kind == b.kind && a.dataType == b.dataType && a.elementCount == b.elementCount
      && a.peer == b.peer
      // User-made operators print other numbers on every rank.
      && (a.reduction == b.reduction || a.reduction >= 5 || b.reduction >= 5)
  }

  private static func text(_ row: CallFacts) -> String {
    row.isCoarse
      ? "\(row.kind.name) of \(row.dataType.name)"
      : "\(row.kind.name) of \(row.elementCount) \(row.dataType.name)"
  }

  private func globalRank(_ rank: Int, of own: AnalysedCommunicator) -> String {
    guard let endpoint = own.placement.endpointOfRank[rank], let number = ranks.rank[endpoint]
    else { return "unknown" }
    return String(number)
  }

  private mutating func pairs() {
    for own in communicators where !own.views.contains(where: \.isSampled) {
      for pair in own.traffic.unmatched.prefix(Self.maximumPerCode) {
        let source = globalRank(pair.pair.source, of: own)
        let target = globalRank(pair.pair.target, of: own)
        let isLossy = [pair.pair.source, pair.pair.target].contains { rank in
          guard let endpoint = own.placement.endpointOfRank[rank] else { return false }
          return hasLosses(endpoints.all[endpoint].process)
        }
        add(
          "send-receive-unmatched", isLossy ? .note : .warning,
          "Sends from rank \(source) to rank \(target) do not match the receives.",
          at: "rank \(source), rank \(target), communicator \(own.name)",
          evidence: CoverageStatement.counted(Int(clamping: pair.sends), "send") + ", "
            + CoverageStatement.counted(Int(clamping: pair.receives), "receive"),
          do: "Look at the rank with fewer calls; its partner waits for it.")
      }
    }
  }

  private mutating func types() {
    var unknown: Set<UInt8> = []
    for own in communicators { unknown.formUnion(own.traffic.unknownTypes) }
    guard !unknown.isEmpty else { return }
    let names = unknown.sorted().map { DataType(rawValue: $0).name }.joined(separator: ", ")
    add(
      "unknown-data-type", .warning, "Calls use data types that commlens does not know.", at: names,
      evidence: "their size is not known: they are counted without bytes",
      do: "Use a newer commlens; the log may come from a newer NCCL.")
  }

  // MARK: - Ends, releases, messages

  private mutating func ends() {
    var whole: [String] = []
    for own in communicators {
      let views = own.views
      let aborted = views.filter { $0.facts.end == .aborted }
      guard !aborted.isEmpty else { continue }
      // Frameworks abort communicators to end a job that went well, too: on all ranks alike.
      if aborted.count == views.count, !own.traffic.differs, own.traffic.unmatched.isEmpty,
        views.allSatisfy({ $0.facts.initCompleted || !$0.facts.initStarted })
      {
        whole.append(own.name)
        continue
      }
      let numbers = aborted.compactMap { ranks.rank[$0.endpoint] }.sorted()
      add(
        "communicator-aborted", .warning, "Communicator \(own.name) was aborted.",
        at: "communicator \(own.name), rank \(RangeText.text(numbers))",
        evidence: "\(aborted.count) of \(own.communicator.size) ranks aborted it",
        do: "Look for the first rank with an error; an abort follows a fault elsewhere.")
    }
    guard !whole.isEmpty else { return }
    add(
      "communicator-aborted", .note,
      CoverageStatement.counted(whole.count, "communicator was", "communicators were")
        + " aborted by all ranks after equal calls.",
      at: whole.prefix(6).joined(separator: ", ") + (whole.count > 6 ? ", ..." : ""),
      evidence: "no rank differs from its peers",
      do: "Nothing if the job ended as it should; frameworks end jobs this way.")
  }

  private mutating func versions() {
    for record in table.records {
      for notice in record.facts.notices
      where notice.text.hasPrefix("Mismatched NCCL version detected") {
        add(
          "versions-differ", .warning, "Ranks of one job use different releases of NCCL.",
          at: "\(table.files[record.facts.file].file):\(notice.line)", evidence: notice.text,
          do: "Load the same library on all nodes; releases do not talk to each other reliably.")
        break
      }
    }
    var newest: LibraryVersion?
    for record in table.records {
      guard let version = record.facts.version, version.library == .nccl else { continue }
      let bare = LibraryVersion(major: version.major, minor: version.minor, patch: version.patch)
      if bare > .newestRead, newest.map({ bare > $0 }) ?? true { newest = bare }
    }
    guard let newest else { return }
    add(
      "release-newer-than-known", .note,
      "\(newest.description) is newer than the releases whose messages commlens knows.", at: "",
      evidence: "formats were read up to \(LibraryVersion.newestRead.description)",
      do: "Look at the count of unrecognised lines; use a newer commlens if it is not small.")
  }

  /// A message without its numbers, so that equal ones from many ranks are one finding.
  private static func shape(_ text: String) -> String {
    text.split(separator: " ", omittingEmptySubsequences: false).map { word in
      word.hasPrefix("0x") || word.utf8.contains { (48...57).contains($0) } ? "#" : word
    }.joined(separator: " ")
  }

  /// Whether a warning tells of a fault; NCCL also warns of libraries it can do without.
  private static func soundsSerious(_ text: String) -> Bool {
    let lowered = text.lowercased()
    return [
      "fail", "error", "abort", "closed by", "timeout", "timed out", "mismatch", "corrupt",
      "invalid", "unhandled", "out of memory", "duplicate",
    ].contains { lowered.contains($0) }
  }

  private mutating func messages() {
    struct Sum {
      var level: Notice.Level
      var source: TraceSource
      var count = 0
      var processes = 0
      var location: String
      var text: String
    }
    var order: [String] = []
    var sums: [String: Sum] = [:]
    for record in table.records {
      for facts in [record.facts]
        + record.timed.lazy.map(\.facts).filter({
          $0.source != record.facts.source
        })
      {
        for notice in facts.notices where notice.level != .info {
          let shape = Self.shape(notice.text)
          if sums[shape] == nil {
            order.append(shape)
            let file = table.files[facts.file].file
            let line = notice.line > 0 ? ":\(notice.line)" : ""
            sums[shape] = Sum(
              level: notice.level, source: facts.source, location: file + line, text: notice.text)
          }
          sums[shape]?.count += notice.count
          sums[shape]?.processes += 1
        }
      }
    }
    for shape in order {
      guard let sum = sums[shape] else { continue }
      let evidence =
        "\(CoverageStatement.counted(sum.count, "time")) in "
        + CoverageStatement.counted(sum.processes, "process", "processes")
      guard sum.source == .ncclLog else {
        add(
          "trace-incomplete", .note, "A trace cannot tell all: \(sum.text)", at: sum.location,
          evidence: evidence, do: "Keep it in mind when reading totals; a log of the job has more.")
        continue
      }
      let severity: Finding.Severity =
        sum.level == .error ? .error : Self.soundsSerious(sum.text) ? .warning : .note
      add(
        "nccl-warning", severity, "NCCL warned: \(sum.text)", at: sum.location,
        evidence: evidence, do: "Read the lines around it.")
    }
  }
}

/// Sorted numbers as text: `0-3,7`.
enum RangeText {
  /// Joins neighbours; at most `limit` pieces.
  static func text(_ numbers: [Int], limit: Int = 12) -> String {
    var pieces: [String] = []
    var start: Int?
    var end = 0
    func close() {
      guard let start else { return }
      pieces.append(start == end ? "\(start)" : "\(start)-\(end)")
    }
    for number in numbers {
      if start != nil, number == end &+ 1 {
        end = number
      } else {
        close()
        start = number
        end = number
      }
    }
    close()
    return pieces.prefix(limit).joined(separator: ",") + (pieces.count > limit ? ",..." : "")
  }
}
