// SPDX-License-Identifier: Apache-2.0

/// Reads a dump of PyTorch's Flight Recorder: the last calls of one rank and how far they got.
///
/// The watchdog writes one when a collective times out, as a Python pickle or as JSON with the same
/// keys (`version`, `pg_config`, `pg_status`, `entries`, ...). The whole of it must be seen before a
/// call can be told from another: it is bounded by ``DataTree``, not by the window.
struct FlightRecorderReader: FormatReader, ~Copyable {
  static let recordsAreLines = false

  var isAfterGap = false
  private var ledger: FileLedger
  private var facts: TimedFactBuilder
  private let isJSON: Bool
  private let format: String
  private let maximumRecordBytes: Int
  private var pickle = PickleMachine()
  private var json = JSONTreeBuilder()
  private var failure: DumpError?
  /// Bytes of the dump, and those after its end.
  private var dumpBytes = 0
  private var otherBytes = 0
  private var process = 0

  init(file: String, isJSON: Bool, options: TraceReader.Options) {
    format = (isJSON ? TraceFormat.flightRecorderJSON : .flightRecorder).name
    ledger = FileLedger(file: file)
    ledger.format = format
    facts = TimedFactBuilder(
      source: .flightRecorder, clock: .epoch, sequenceScope: .communicator, options: options)
    self.isJSON = isJSON
    maximumRecordBytes = options.maximumLineBytes
  }

  /// Whether a text begins as a pickle, whose content is looked at later.
  static func recognises(_ prefix: TextCursor) -> Bool { PickleMachine.recognises(prefix) }

  /// Whether a text begins as a dump in JSON: its first key is one of the recorder's, and more follow.
  static func recognisesJSON(_ prefix: TextCursor) -> Bool {
    var text = prefix
    text.skipSpace()
    guard text.skip("{") else { return false }
    text.skipSpace()
    let isOwn =
      text.starts(with: "\"entries\"") || text.starts(with: "\"pg_config\"")
      || text.starts(with: "\"pg_status\"") || text.starts(with: "\"nccl_version\"")
      || text.starts(with: "\"comm_lib_version\"") || text.starts(with: "\"version\"")
      || text.starts(with: "\"rank\"") || text.starts(with: "\"host_name\"")
    return isOwn && (text.find("\"profiling_name\"") != nil || text.find("\"pg_config\"") != nil)
  }

  mutating func consume(_ base: UnsafeRawPointer, count: Int) -> Int {
    if isAfterGap {
      isAfterGap = false
      if root == nil { failure = failure ?? .cut }
    }
    guard failure == nil, root == nil else {
      otherBytes += count
      return count
    }
    do throws(DumpError) {
      let taken =
        isJSON
        ? try unsafe json.run(base, count: count)
        : try unsafe pickle.run(UnsafeRawBufferPointer(start: base, count: count))
      dumpBytes += taken
      if root == nil, count - taken > maximumRecordBytes + 16 {
        throw .limit("has a value of more than \(maximumRecordBytes) bytes")
      }
      return taken
    } catch {
      failure = error
      otherBytes += count
      return count
    }
  }

  mutating func consumeUnfinished(_ base: UnsafeRawPointer, count: Int, isCut: Bool) {
    let taken = unsafe consume(base, count: count)
    otherBytes += count - taken
    if root == nil, failure == nil { failure = .cut }
  }

  mutating func bookOversizeLine(bytes: Int) { otherBytes += bytes }

  private var root: Int32? { isJSON ? json.root : pickle.root }

  mutating func finish() -> TracePartial {
    if failure == nil, let root {
      do throws(DumpError) { try enterDump(root) } catch {
        failure = error
        facts.processes = []
      }
    }
    if let failure {
      ledger = FileLedger(file: ledger.file)
      ledger.format = format
      ledger.book(.malformed, bytes: dumpBytes + otherBytes)
      ledger.status = failure.status
      ledger.detail = failure.text
    } else {
      // The dump is one line with all bytes; each call in it counts as a line without any.
      ledger.book(.parsed, bytes: dumpBytes)
      if otherBytes > 0 { ledger.book(.foreign, bytes: otherBytes) }
    }
    return facts.partial(ledger)
  }

  // MARK: - Content

  private mutating func enterDump(_ root: Int32) throws(DumpError) {
    var tree = isJSON ? json.tree : pickle.tree
    (pickle, json) = (PickleMachine(), JSONTreeBuilder())
    var fields: [String: Int32] = [:]
    for (key, value) in try tree.pairs(root) { fields[key] = value }
    guard fields["entries"] != nil || fields["pg_config"] != nil else {
      throw .refused(
        "Not a dump of PyTorch's Flight Recorder: it has neither `entries` nor `pg_config`.")
    }
    let groups = try FlightGroup.all(fields["pg_config"], in: &tree)
    var records: [FlightRecord] = []
    for entry in try tree.elements(fields["entries"]) {
      records.append(try FlightRecord(entry, in: &tree))
    }
    process = facts.process(
      host: tree.text(fields["host_name"] ?? fields["hostname"]) ?? "",
      pid: Int(clamping: tree.integer(fields["pid"]) ?? 0))
    facts.processes[process].version = Self.version(
      tree.text(fields["nccl_version"] ?? fields["comm_lib_version"]) ?? "")
    facts.processes[process].worldSize = groups.first { $0.purpose == "default_pg" }?.members.count
    let stated = tree.integer(fields["rank"]).flatMap { Int(exactly: $0) }
    facts.processes[process].globalRank = stated ?? ownRank(groups, records)
    var places: [String: Int] = [:]
    for group in groups { places[group.name] = communicator(of: group) }
    for record in records {
      let place =
        places[record.group]
        ?? communicator(of: FlightGroup(name: record.group, purpose: record.purpose))
      guard let place else {
        ledger.book(.malformed, bytes: 0)
        continue
      }
      places[record.group] = place
      ledger.book(enter(record, communicator: place), bytes: 0)
    }
    try enterProgress(fields["pg_status"], records, places, &tree)
  }

  /// The global rank: the one member that all groups share, since a rank's dump has only its own.
  private mutating func ownRank(_ groups: [FlightGroup], _ records: [FlightRecord]) -> Int? {
    var common: Set<Int>?
    for group in groups where !group.members.isEmpty {
      common = common?.intersection(group.members) ?? Set(group.members)
    }
    if let common, common.count == 1 { return common.first }
    // A send names the sender's rank in its group.
    for record in records {
      guard let ends = record.ends, case .call(let kind) = TorchNames.operation(record.name),
        kind.isPointToPoint, let group = groups.first(where: { $0.name == record.group }),
        group.members.indices.contains(ends.own)
      else { continue }
      return group.members[ends.own]
    }
    let name = ledger.file.split(separator: "/").last ?? ""
    let digits = String(String(name.reversed().prefix { ("0"..."9").contains($0) }).reversed())
    guard let rank = Int(digits), rank < 1 << 24, common?.contains(rank) ?? true else {
      return nil
    }
    facts.processes[process].notices.append(
      Notice(
        level: .info, text: "The global rank \(rank) is from the file's name: the dump has none.",
        line: 1))
    return rank
  }

  private mutating func communicator(of group: FlightGroup) -> Int? {
    let rank = facts.processes[process].globalRank.flatMap { group.members.firstIndex(of: $0) }
    let key = TimedFactBuilder.CommunicatorKey(
      process: process, name: group.name, rank: rank,
      size: group.members.isEmpty ? nil : group.members.count)
    guard let place = facts.communicator(key) else { return nil }
    let says = !group.purpose.isEmpty && group.purpose != "undefined"
    facts.processes[process].communicators[place].name = says ? group.purpose : group.name
    facts.processes[process].communicators[place].groupName = group.name
    facts.processes[process].communicators[place].members = group.members
    return place
  }

  /// Counts a call.
  private mutating func enter(
    _ record: FlightRecord, communicator: Int
  ) -> FileLedger.LineClass {
    guard case .call(let kind) = TorchNames.operation(record.name) else {
      return TorchNames.operation(record.name) == .none ? .knownIgnored : .unrecognised
    }
    let size = facts.processes[process].communicators[communicator].size
    var call = TimedFactBuilder.Call(kind: kind, dataType: record.type ?? .unknown)
    if record.type != nil {
      call.elementCount = TorchNames.elementCount(
        kind, inputs: record.inputs, outputs: record.outputs, ranks: size)
    }
    if kind.isPointToPoint {
      guard let ends = record.ends, ends.peer < size ?? .max else { return .malformed }
      call.peer = Int32(clamping: ends.peer)
    }
    call.sequence =
      kind.isPointToPoint ? record.pointToPointSequence : record.collectiveSequence
    call.called = record.called ?? .min
    call.start = record.started ?? .min
    if let duration = record.duration, duration > 0, duration < 1e12 {
      call.duration = Int64((duration * 1e6).rounded())
      call.basis = .kernelGPU
    }
    call.state =
      switch record.state {
      case "completed": .completed
      case "started": .started
      default: .scheduled
      }
    facts.add(call, process: process, communicator: communicator, line: ledger.lines + 1)
    return .parsed
  }

  /// Enters `pg_status`: how far the watchdog saw each group get.
  ///
  /// It is keyed by the group's number in this process, which only calls state beside the name. A
  /// group without calls is found by order: PyTorch counts both names and numbers up as it makes
  /// groups. That is done only if it holds for all groups with calls.
  private mutating func enterProgress(
    _ node: Int32?, _ records: [FlightRecord], _ places: [String: Int], _ tree: inout DataTree
  ) throws(DumpError) {
    var states: [Int64: ProgressFacts] = [:]
    for (key, value) in try tree.pairs(node) {
      guard let number = Int64(key) else { continue }
      var progress = ProgressFacts(enqueued: -1, started: -1, completed: -1)
      for (name, field) in try tree.pairs(value) {
        switch name {
        case "last_enqueued_collective": progress.enqueued = tree.integer(field) ?? -1
        case "last_started_collective": progress.started = tree.integer(field) ?? -1
        case "last_completed_collective": progress.completed = tree.integer(field) ?? -1
        default: break
        }
      }
      states[number] = progress
    }
    var numbers: [String: Int64] = [:]
    for record in records {
      if let number = record.groupNumber { numbers[record.group] = number }
    }
    let names = places.keys.compactMap { name in Int64(name).map { (name: name, value: $0) } }
      .sorted { $0.value < $1.value }
    if names.count == places.count, names.count == states.count {
      let paired = Dictionary(
        zip(names.map(\.name), states.keys.sorted()), uniquingKeysWith: { first, _ in first })
      if numbers.allSatisfy({ paired[$0.key] == $0.value }) { numbers = paired }
    }
    for (name, number) in numbers {
      guard let place = places[name], let progress = states[number] else { continue }
      facts.processes[process].communicators[place].progress = progress
    }
  }

  /// `2.27.3`.
  private static func version(_ text: String) -> LibraryVersion? {
    let parts = text.split(separator: ".").map { Int($0) }
    guard parts.count == 3, let major = parts[0], let minor = parts[1], let patch = parts[2],
      [major, minor, patch].allSatisfy({ (0..<1000).contains($0) })
    else { return nil }
    return LibraryVersion(major: major, minor: minor, patch: patch)
  }
}
