// SPDX-License-Identifier: Apache-2.0

/// Reads what `ncclras -f json` prints (NCCL 2.28.7 and later), a line at a time.
///
/// NCCL writes one key per line, always in the same layout, so lines are enough: no document has to
/// be whole. That also reads what 2.28.7 to 2.28.9 print, where a comma is missing after `nvml_dev`
/// of each missing rank and the document is not JSON. Source: `src/ras/client_support.cc`.
struct RASJSONReader {
  /// The finished reports; of many the last.
  private(set) var reports: [RASReport] = []
  private var report: RASReport?
  private var communicator: RASCommunicator?
  private var place = Place.other
  /// Whether more than the first key was RAS's: other programs print NCCL's release, too.
  private var isCertain = false
  /// Position of the communicator in its report, which JSON does not number.
  private var ordinal = 0

  private enum Place { case other, ranks, missing, counts }

  /// Reads a line if it is RAS's; returns whether it is.
  mutating func read(_ line: TextCursor, number: Int) -> Bool {
    var text = line
    text.skipBlanks()
    if text.starts(with: "\"nccl_version\": \"") {
      finish()
      report = RASReport(line: number)
      ordinal = 0
      place = .other
      isCertain = false
      return true
    }
    guard report != nil else { return false }
    switch text.next {
    case 0x22: return readKey(text, number: number)  // "
    case 0x5B, 0x5D, 0x7B: return true  // [ ] {
    case 0x7D:  // }
      if place == .counts { place = .ranks }
      return true
    default:
      finish()
      return false
    }
  }

  /// Ends an open report.
  mutating func finish() {
    endCommunicator()
    defer { report = nil }
    guard let report, isCertain else { return }
    if reports.count == RASReport.maximumReports { reports.removeFirst() }
    reports.append(report)
  }

  // MARK: - Keys

  private mutating func readKey(_ line: TextCursor, number: Int) -> Bool {
    var text = line
    guard text.skip("\""), let end = text.find("\": ") else { return false }
    let key = text.text(from: text.position, to: end, limit: 32)
    text.position = end + 3
    let value = text.text(from: text.position, to: text.end, limit: 128)
    let integer = text.signed()
    let isTrue = value.hasPrefix("true")
    switch key {
    case "communicators_count": isCertain = true
    case "cuda_runtime_version", "cuda_driver_version", "timestamp": break
    case _ where !isCertain:
      report = nil
      return false
    case "hash":
      endCommunicator()
      communicator = RASCommunicator(identifier: Self.hash(value), line: number)
    case "size": communicator?.size = integer
    case "ranks":
      endRank()
      place = .ranks
    case "missing_ranks":
      endRank()
      place = .missing
    case "rank":
      endRank()
      communicator?.rank = RASCommunicator.Rank()
      communicator?.rank?.member.rank = integer
      communicator?.rank?.isMissing = place == .missing
    case "host": communicator?.rank?.member.node = Self.text(value)
    case "pid": communicator?.rank?.member.process = integer
    case "cuda_dev":
      if let integer { communicator?.rank?.member.gpu = String(integer) }
    case "nvml_dev":
      if let integer, let gpu = communicator?.rank?.member.gpu, gpu != String(integer) {
        communicator?.rank?.member.gpu = gpu + " (NVML \(integer))"
      }
    case "init_state": communicator?.rank?.initState = integer ?? 0
    case "async_error": communicator?.rank?.asyncError = integer ?? 0
    case "finalize_called", "destroy_flag":
      if isTrue { communicator?.rank?.isEnding = true }
    case "abort_flag":
      communicator?.rank?.isAborted = isTrue
    case "considered_dead": communicator?.rank?.isDead = isTrue
    case "collective_counts": place = .counts
    case "timeouts_count":
      endCommunicator()
      if let integer, integer > 0 {
        var problem = RASReport.Problem(.timeout, line: number)
        problem.count = integer
        append(problem)
      }
    default:
      if place == .counts, let integer, integer >= 0 {
        communicator?.rank?.count(key, UInt64(integer))
      }
    }
    return true
  }

  private static func hash(_ value: String) -> UInt64? {
    let digits = text(value)
    return digits.hasPrefix("0x") ? UInt64(digits.dropFirst(2), radix: 16) : nil
  }

  /// The text between quotation marks.
  private static func text(_ value: String) -> String {
    String(value.drop { $0 != "\"" }.dropFirst().prefix { $0 != "\"" })
  }

  // MARK: - Ends

  private mutating func endRank() { communicator?.endRank() }

  private mutating func endCommunicator() {
    endRank()
    guard let ended = communicator else { return }
    communicator = nil
    place = .other
    let name = "#\(ordinal)"
    ordinal += 1
    if let size = ended.size, report?.groups.count ?? 0 < RASReport.maximumGroups {
      report?.groups.append(
        RASReport.Group(number: ordinal - 1, size: size, status: "", errors: ""))
    }
    for problem in ended.problems(named: name, group: ordinal - 1) { append(problem) }
  }

  private mutating func append(_ problem: RASReport.Problem) {
    if report?.problems.count ?? 0 < RASReport.maximumProblems { report?.problems.append(problem) }
  }
}

/// What is gathered of one communicator, rank by rank: ranks by what they have in common.
struct RASCommunicator {
  var identifier: UInt64?
  var line: Int
  var size: Int?
  /// The rank that is being read.
  var rank: Rank?
  private var operations: [(name: String, parties: [RASReport.Party])] = []
  private var states: [RASReport.Party] = []
  private var initErrors: [RASReport.Party] = []
  private var asyncErrors: [RASReport.Party] = []
  private var missing = RASReport.Party(count: 0)
  private var dead = RASReport.Party(count: 0)

  init(identifier: UInt64?, line: Int) {
    self.identifier = identifier
    self.line = line
  }

  /// One rank's entry.
  struct Rank {
    var member = RASReport.Member()
    var isMissing = false
    var isDead = false
    var initState = 0
    var asyncError = 0
    var isEnding = false
    var isAborted = false
    private(set) var counts: [(name: String, operations: UInt64)] = []

    /// Most operations told apart; NCCL has some ten.
    private static let maximumOperations = 32

    /// Keeps how often it launched an operation.
    mutating func count(_ name: String, _ operations: UInt64) {
      if counts.count < Self.maximumOperations { counts.append((name, operations)) }
    }

    /// As NCCL sums it up in its text form.
    var state: String {
      isAborted ? "ABORT" : isEnding ? "FINALIZE" : initState == 0 ? "RUNNING" : "INIT"
    }
  }

  /// Most values told apart.
  private static let maximumParties = 256

  /// Adds a rank to those that have the same, or as a party of its own.
  private static func add(
    _ member: RASReport.Member, _ party: RASReport.Party, to parties: inout [RASReport.Party]
  ) {
    let known = parties.firstIndex {
      $0.operations == party.operations && $0.state == party.state
    }
    guard let index = known else {
      guard parties.count < maximumParties else { return }
      var party = party
      party.members = [member]
      parties.append(party)
      return
    }
    add(member, to: &parties[index])
  }

  private static func add(_ member: RASReport.Member, to party: inout RASReport.Party) {
    party.count += 1
    if party.members.count < RASReport.maximumMembers { party.members.append(member) }
  }

  /// Ends the rank that is being read.
  mutating func endRank() {
    guard let ended = rank else { return }
    rank = nil
    if ended.isMissing {
      Self.add(ended.member, to: &missing)
      if ended.isDead { Self.add(ended.member, to: &dead) }
      return
    }
    Self.add(ended.member, RASReport.Party(state: ended.state, count: 1), to: &states)
    if let error = Self.error(ended.initState) {
      Self.add(ended.member, RASReport.Party(state: error, count: 1), to: &initErrors)
    }
    if let error = Self.error(ended.asyncError) {
      Self.add(ended.member, RASReport.Party(state: error, count: 1), to: &asyncErrors)
    }
    for (name, count) in ended.counts {
      if !operations.contains(where: { $0.name == name }) {
        guard operations.count < Self.maximumParties else { continue }
        operations.append((name, []))
      }
      for index in operations.indices where operations[index].name == name {
        Self.add(
          ended.member, RASReport.Party(operations: count, count: 1),
          to: &operations[index].parties)
      }
    }
  }

  /// The name of a result code (`ncclGetErrorString`); `nil` for success and for work in progress.
  private static func error(_ code: Int) -> String? {
    let names = [
      "unhandled CUDA error", "unhandled system error", "internal error", "invalid argument",
      "invalid usage", "remote process exited or there was a network error",
    ]
    guard code != 0, code != 7 else { return nil }
    return names.indices.contains(code - 1) ? names[code - 1] : "result \(code)"
  }

  /// What is wrong, in the order of the text form.
  func problems(named label: String, group: Int) -> [RASReport.Problem] {
    var found: [RASReport.Problem] = []
    func add(
      _ kind: RASReport.Problem.Kind, _ subject: String, _ parties: [RASReport.Party],
      count: Int? = nil
    ) {
      var problem = RASReport.Problem(kind, line: line)
      problem.label = label
      problem.group = group
      problem.identifier = identifier
      problem.subject = subject
      problem.count = count
      problem.parties = parties.sorted { $0.count > $1.count }
      found.append(problem)
    }
    if dead.count > 0 { add(.dead, "", [dead], count: dead.count) }
    if missing.count > 0 { add(.incomplete, "", [missing], count: missing.count) }
    for (subject, parties) in [("initialization", initErrors), ("asynchronous", asyncErrors)]
    where !parties.isEmpty {
      add(.error, subject, parties, count: parties.reduce(0) { $0 + $1.count })
    }
    if states.count > 1 { add(.mismatch, "status", states) }
    for (name, parties) in operations where parties.count > 1 { add(.mismatch, name, parties) }
    return found
  }
}
