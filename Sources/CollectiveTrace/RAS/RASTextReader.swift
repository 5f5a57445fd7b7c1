// SPDX-License-Identifier: Apache-2.0

/// Reads the text that `ncclras` prints (NCCL 2.24 to 2.30), a line at a time.
///
///     #0-0 (78db921d1c117b4a) MISMATCH
///       Communicator ranks have different AllReduce operation counts
///       7 ranks have launched up to operation 64
///       Rank 7 has launched up to operation 60 -- GPU 3 managed by process 1650386 on node node1
///
/// People paste such reports into logs and threads, whole or in part, so a report begins at any
/// line that nothing else would print, and ends at the first line that RAS would not.
/// Source: `src/ras/client_support.cc`, v2.24.3 to v2.30.7.
struct RASTextReader {
  /// The reports read so far; of many the last, which tell the state of a hang best.
  private(set) var reports: [RASReport] = []
  private var isInside = false
  /// Whether lines belong to the last problem of the last report.
  private var isInProblem = false

  /// Reads a line if it is RAS's; returns whether it is.
  mutating func read(_ line: TextCursor, number: Int) -> Bool {
    var text = line
    text.skipBlanks()
    switch text.next {
    case 0x23:  // #
      if readHeading(text, number: number) { return true }
    case 0x4E:  // N
      if text.starts(with: "NCCL version "), text.find(" compiled with CUDA ") != nil {
        begin(number)
        return true
      }
    case 0x43, 0x47:  // C, G
      if isTableHead(text) {
        if !isInside || !(reports.last?.groups.isEmpty ?? true) { begin(number) }
        isInProblem = false
        return true
      }
    default: break
    }
    guard isInside else { return false }
    if readDetail(text, number: number) || isFurniture(text) { return true }
    isInside = false
    isInProblem = false
    return false
  }

  /// Whether a text without lines of NCCL's log begins with a report, in either form.
  ///
  /// Other documents hold the key `nccl_version`, too, but none begins with it.
  static func recognises(_ prefix: TextCursor) -> Bool {
    guard prefix.find(" NCCL INFO ") == nil else { return false }
    var document = prefix
    document.skipSpace()
    if document.skip("{") {
      document.skipSpace()
      return document.starts(with: "\"nccl_version\": \"")
    }
    var reader = RASTextReader()
    var start = prefix.position
    for number in 1...64 {
      guard start < prefix.end else { return false }
      let end = prefix.find("\n", from: start) ?? prefix.end
      if reader.read(prefix.part(from: start, to: end), number: number) { return true }
      start = end + 1
    }
    return false
  }

  private mutating func begin(_ number: Int) {
    if reports.count == RASReport.maximumReports { reports.removeFirst() }
    reports.append(RASReport(line: number))
    isInside = true
    isInProblem = false
  }

  private func isTableHead(_ text: TextCursor) -> Bool {
    text.starts(with: "Communicators... (")
      || text.starts(with: "Group ") && text.find(" Comms ") != nil
        && text.find(" Status ") != nil
  }

  // MARK: - Problems

  /// Reads `#0-1 (fa93daea854b060b) MISMATCH`.
  private mutating func readHeading(_ line: TextCursor, number: Int) -> Bool {
    var text = line
    guard text.skip("#"), let group = text.decimal(), text.skip("-"),
      let ordinal = text.decimal(), text.skip(" ("), let hash = text.hex(), text.skip(") "),
      let kind = Self.kind(text)
    else { return false }
    if !isInside { begin(number) }
    var problem = RASReport.Problem(kind, line: number)
    problem.label = "#\(group)-\(ordinal)"
    problem.group = Int(clamping: group)
    problem.identifier = hash
    append(problem)
    return true
  }

  /// The kind whose word is all that is left.
  private static func kind(_ text: TextCursor) -> RASReport.Problem.Kind? {
    guard text.remaining <= 12 else { return nil }
    var end = text.end
    while end > text.position, text.byte(at: end - 1) == 0x20 { end -= 1 }
    return RASReport.Problem.Kind(rawValue: text.text(from: text.position, to: end))
  }

  private mutating func append(_ problem: RASReport.Problem) {
    guard let last = reports.indices.last else { return }
    // What follows a problem that is not kept is not kept either.
    isInProblem = reports[last].problems.count < RASReport.maximumProblems
    if isInProblem { reports[last].problems.append(problem) }
  }

  /// Changes the problem that lines belong to.
  private mutating func change(_ body: (inout RASReport.Problem) -> Void) {
    guard isInProblem, let last = reports.indices.last,
      let place = reports[last].problems.indices.last
    else { return }
    body(&reports[last].problems[place])
  }

  /// A communicator's problem may have several subjects; each but the first is one more problem.
  private mutating func begin(subject: String, number: Int) {
    guard isInProblem, let known = reports.last?.problems.last else { return }
    guard !known.subject.isEmpty else {
      change { $0.subject = subject }
      return
    }
    var problem = RASReport.Problem(known.kind, line: number)
    problem.label = known.label
    problem.group = known.group
    problem.identifier = known.identifier
    problem.subject = subject
    append(problem)
  }

  // MARK: - Lines of a report

  private mutating func readDetail(_ line: TextCursor, number: Int) -> Bool {
    var text = line
    switch text.next {
    case 0x44, 0x49, 0x54:  // D, I, T
      if let kind = Self.kind(text) {
        append(RASReport.Problem(kind, line: number))
        return true
      }
      if text.skip("Initialization error") { return readErrors("initialization", text, number) }
      if text.skip("The missing rank") { return readMissingRanks(text) }
    case 0x41:  // A
      if text.skip("Asynchronous error") { return readErrors("asynchronous", text, number) }
    case 0x43:  // C
      if text.skip("Communicator ranks have different ") {
        if text.starts(with: "status") {
          begin(subject: "status", number: number)
          return true
        }
        guard let end = text.find(" operation counts") else { return false }
        begin(
          subject: text.text(from: text.position, to: end, limit: 32), number: number)
        return true
      }
    case 0x4D:  // M
      if text.skip("Missing communicator data from "), let count = text.decimal() {
        change { $0.count = Int(clamping: count) }
        return true
      }
    case 0x45:  // E
      if text.skip("Encountered "), let count = text.decimal(),
        text.skip(" communication timeout")
      {
        change { $0.count = Int(clamping: count) }
        return true
      }
    case 0x50:  // P
      if text.skip("Process ") { return readProcess(text) }
    case 0x52:  // R
      if text.skip("Rank ") { return readRank(text) }
    case 0x30...0x39: return readCount(text)
    default: break
    }
    return false
  }

  /// Reads the rest of `Initialization errors on 2 ranks`.
  private mutating func readErrors(_ subject: String, _ line: TextCursor, _ number: Int) -> Bool {
    var text = line
    _ = text.skip("s")
    guard text.skip(" on "), let count = text.decimal() else { return false }
    begin(subject: subject, number: number)
    change { $0.count = Int(clamping: count) }
    return true
  }

  /// Reads the rest of `The missing ranks: 3,21` (2.24 to 2.26).
  private mutating func readMissingRanks(_ line: TextCursor) -> Bool {
    var text = line
    _ = text.skip("s")
    guard text.skip(":") else { return false }
    while !text.isAtEnd {
      if let rank = text.decimal() {
        add(RASReport.Member(rank: Int(clamping: rank)))
      } else {
        text.position += 1
      }
    }
    return true
  }

  /// Reads the rest of `Process 3487984 on node 172.16.64.213 managing GPU 5`.
  private mutating func readProcess(_ line: TextCursor) -> Bool {
    var text = line
    guard let process = text.decimal(), text.skip(" on node "),
      let end = text.find(" managing GPU")
    else { return false }
    var member = RASReport.Member()
    member.process = Int(clamping: process)
    member.node = text.text(from: text.position, to: end, limit: 128)
    text.position = end
    _ = text.skip(" managing GPU")
    _ = text.skip("s")
    text.skipBlanks()
    member.gpu = text.text(from: text.position, to: text.end, limit: 128)
    add(member)
    return true
  }

  /// Reads the rest of a line about one rank; with a value of its own the rank is a party alone.
  private mutating func readRank(_ line: TextCursor) -> Bool {
    var text = line
    guard let rank = text.decimal() else { return false }
    var member = RASReport.Member(rank: Int(clamping: rank))
    var party = RASReport.Party(count: 1)
    let hasValue = !text.starts(with: " -- ")
    if text.skip(" has ") || text.skip(" reported ") {
      guard let end = text.find(" -- ") else { return false }
      guard readValue(text, to: end, into: &party) else { return false }
      text.position = end
    }
    guard text.skip(" -- ") else { return false }
    if text.skip("GPU ") {
      guard let end = text.find(" managed by process ") else { return false }
      member.gpu = text.text(from: text.position, to: end, limit: 128)
      text.position = end
      guard text.skip(" managed by process "), let process = text.decimal(),
        text.skip(" on node ")
      else { return false }
      member.process = Int(clamping: process)
      member.node = text.text(from: text.position, to: text.end, limit: 128)
    } else if !text.starts(with: "[process information not found]") {
      return false
    }
    if hasValue { add(party) }
    add(member)
    return true
  }

  /// Reads a line that begins with a number: a party of several ranks, or a row of a table.
  private mutating func readCount(_ line: TextCursor) -> Bool {
    var text = line
    guard let number = text.decimal() else { return false }
    var party = RASReport.Party(count: Int(clamping: number))
    if text.skip(" ranks have ") || text.skip(" ranks reported ") {
      guard readValue(text, to: text.end, into: &party) else { return false }
      add(party)
      return true
    }
    if text.skip(" job process") {
      guard text.find("considered dead") != nil else { return false }
      change { $0.count = Int(clamping: number) }
      return true
    }
    return readRow(line)
  }

  /// Reads what ranks have in common: `launched up to operation 64`, `status RUNNING`, an error.
  private func readValue(_ line: TextCursor, to end: Int, into party: inout RASReport.Party)
    -> Bool
  {
    var text = line
    if text.skip("launched up to operation ") {
      party.operations = text.decimal()
      return party.operations != nil
    }
    if text.starts(with: "not launched any operations") {
      party.operations = 0
      return true
    }
    _ = text.skip("status ")
    party.state = text.text(from: text.position, to: end, limit: 64)
    return !party.state.isEmpty
  }

  private mutating func add(_ party: RASReport.Party) {
    change {
      if $0.parties.count < RASReport.maximumMembers { $0.parties.append(party) }
    }
  }

  private mutating func add(_ member: RASReport.Member) {
    change {
      if $0.parties.isEmpty { $0.parties.append(RASReport.Party(count: $0.count ?? 1)) }
      let last = $0.parties.count - 1
      if $0.parties[last].members.count < RASReport.maximumMembers {
        $0.parties[last].members.append(member)
      }
    }
  }

  // MARK: - Tables

  /// Reads a row: of the communicators, `0 1 4 7-8 32 32 RUNNING INCOMPLETE`, or of the job summary.
  private mutating func readRow(_ line: TextCursor) -> Bool {
    let words = line.text(from: line.position, to: line.end, limit: 200).split(separator: " ")
    let isNumber = { (word: Substring) in
      word.utf8.allSatisfy { $0 &- 0x30 < 10 || $0 == 0x2D }
    }
    if words.count == 8, words.prefix(6).allSatisfy(isNumber), let number = Int(words[0]),
      let size = Int(words[4]), let last = reports.indices.last
    {
      if reports[last].groups.count < RASReport.maximumGroups {
        reports[last].groups.append(
          RASReport.Group(
            number: number, size: size, status: String(words[6]), errors: String(words[7])))
      }
      return true
    }
    return (2...5).contains(words.count) && words.allSatisfy(isNumber)
  }

  /// Lines of a report that say nothing a finding needs.
  private func isFurniture(_ text: TextCursor) -> Bool {
    for beginning: StaticString in [
      "CUDA runtime version ", "Job summary", "Communicators...", "Nodes  Processes", "(total)",
      "#  in group", "The outlier node", "Node ", "No communicator data collected!",
      "[could not find information on ", "Gathering data about the ", "obtained a result in ",
      "Warning: ", "The missing process", "Collected data about ", "Travel times ",
      "No connection data collected!",
    ] where text.starts(with: beginning) {
      return true
    }
    let word = text.text(from: text.position, to: text.end, limit: 32)
    return word == "Errors" || word == "Warnings" || word.utf8.allSatisfy { $0 == 0x3D }
  }
}
