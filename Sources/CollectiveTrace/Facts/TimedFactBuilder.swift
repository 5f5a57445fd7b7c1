// SPDX-License-Identifier: Apache-2.0

/// Collects the facts of a trace that states its calls one by one, with or without times.
///
/// Memory is bounded by `maximumKeys` rows and `maximumCalls` calls kept with their times; what
/// comes later is added to a row without size, and to the histograms.
struct TimedFactBuilder: ~Copyable {
  /// A call as the trace states it.
  struct Call {
    var kind: OperationKind
    var dataType: DataType
    /// Peer of a send or receive, root of a rooted collective; communicator rank.
    var peer: Int32 = 0
    /// Elements as ``CallFacts/elementCount`` has them, bytes when the type is not known; `nil`
    /// when the trace does not state the size.
    var elementCount: UInt64?
    var sequence: Int64 = -1
    /// Nanoseconds; `Int64.min` when not known.
    var start: Int64 = .min
    /// When the host called it, in nanoseconds; `Int64.min` when not known.
    var called: Int64 = .min
    /// Nanoseconds; -1 when not known.
    var duration: Int64 = -1
    var basis = TimingFacts.Basis.unknown
    var state = TimingFacts.State.completed
    var label: Int32 = -1
  }

  /// What tells two communicators of a process apart.
  struct CommunicatorKey: Hashable {
    var process: Int
    /// The id or hash, where the trace states one.
    var identifier: UInt64?
    /// The name, where the trace states one.
    var name: String = ""
    /// The communicator rank, where the trace states one.
    var rank: Int?
    var size: Int?
  }

  private struct ProcessKey: Hashable {
    var host: String
    var pid: Int
  }

  /// Where a row is among those of its communicator, and where its histograms are.
  ///
  /// Not private: Swift 6.3.1 generates broken debug code for a buffer of a private type.
  struct RowPlace: BitwiseCopyable {
    var row: Int
    /// By ``TimingFacts/Basis``; -1 for one that is not made yet.
    var durations = SIMD4<Int32>(repeating: -1)
  }

  /// The processes, in order of first appearance.
  var processes: [ProcessFacts] = []
  /// Calls whose row was full up.
  private(set) var coarsenedCalls = 0

  private let source: TraceSource
  private let clock: TimingFacts.Clock
  private let sequenceScope: TimingFacts.SequenceScope
  private let maximumKeys: Int
  private let maximumCalls: Int
  private var keptCalls = 0
  private var processPlaces: [ProcessKey: Int] = [:]
  private var communicatorPlaces: [CommunicatorKey: Int] = [:]
  private var rows = KeyTable()
  private var rowPlaces = RawBuffer<RowPlace>()
  /// The last of each, which most records name again; a look-up costs more than all the rest.
  private var lastProcess: (key: ProcessKey, place: Int)?
  private var lastCommunicator: (key: CommunicatorKey, place: Int)?

  init(
    source: TraceSource, clock: TimingFacts.Clock, sequenceScope: TimingFacts.SequenceScope,
    options: TraceReader.Options
  ) {
    self.source = source
    self.clock = clock
    self.sequenceScope = sequenceScope
    maximumKeys = options.maximumKeysPerFile
    maximumCalls = options.maximumTimedCallsPerFile
  }

  /// The process with this host and process id, made when it is new.
  mutating func process(host: String, pid: Int) -> Int {
    let key = ProcessKey(host: host, pid: pid)
    if let lastProcess, lastProcess.key == key { return lastProcess.place }
    let place = newOrKnownProcess(key)
    lastProcess = (key, place)
    return place
  }

  private mutating func newOrKnownProcess(_ key: ProcessKey) -> Int {
    if let known = processPlaces[key] { return known }
    var facts = ProcessFacts(file: 0, host: key.host, pid: key.pid)
    facts.source = source
    facts.timing = TimingFacts(clock: clock, sequenceScope: sequenceScope)
    processPlaces[key] = processes.count
    processes.append(facts)
    return processes.count - 1
  }

  /// The communicator with this key, made when it is new; `nil` when there are too many.
  mutating func communicator(_ key: CommunicatorKey) -> Int? {
    if let lastCommunicator, lastCommunicator.key == key { return lastCommunicator.place }
    guard let place = newOrKnownCommunicator(key) else { return nil }
    lastCommunicator = (key, place)
    return place
  }

  private mutating func newOrKnownCommunicator(_ key: CommunicatorKey) -> Int? {
    if let known = communicatorPlaces[key] { return known }
    guard communicatorPlaces.count < maximumKeys else { return nil }
    let place = processes[key.process].communicators.count
    // There is no pointer in such a trace; the place tells them apart.
    var facts = CommunicatorFacts(pointer: UInt64(place + 1))
    facts.identifier = key.identifier
    facts.name = key.name.isEmpty ? nil : key.name
    facts.rank = key.rank
    facts.size = key.size
    communicatorPlaces[key] = place
    processes[key.process].communicators.append(facts)
    return place
  }

  /// Counts a call.
  mutating func add(_ call: Call, process: Int, communicator: Int, line: Int) {
    let place = rowPlace(of: call, process, communicator)
    let row = rowPlaces[place].row
    let elements = call.elementCount ?? 0
    processes[process].communicators[communicator].count(
      row: row, elements: elements, isCollective: !call.kind.isPointToPoint, line: line)
    if call.duration >= 0 {
      let basis = Int(call.basis.rawValue)
      if rowPlaces[place].durations[basis] < 0 {
        rowPlaces[place].durations[basis] = Int32(
          truncatingIfNeeded: processes[process].communicators[communicator].addDurations(
            row: row, basis: call.basis))
      }
      let histogram = Int(rowPlaces[place].durations[basis])
      processes[process].communicators[communicator].durations[histogram].histogram
        .add(call.duration)
    }
    guard keptCalls < maximumCalls else {
      processes[process].timing?.callsNotKept += 1
      return
    }
    keptCalls += 1
    var timed = TimingFacts.Call(
      communicator: Int32(truncatingIfNeeded: communicator), row: Int32(truncatingIfNeeded: row))
    timed.sequence = call.sequence
    timed.start = call.start
    timed.called = call.called
    timed.duration = call.duration
    timed.state = call.state
    timed.label = call.label
    processes[process].timing?.calls.append(timed)
  }

  /// The facts of the whole file, with its ledger.
  func partial(_ ledger: FileLedger) -> TracePartial {
    var ledger = ledger
    ledger.coarsenedCalls = coarsenedCalls
    var partial = TracePartial()
    partial.files = [ledger]
    partial.processes = processes
    return partial
  }

  /// The place of a call's row; one row without size per operation and type takes what finds no
  /// room.
  private mutating func rowPlace(of call: Call, _ process: Int, _ communicator: Int) -> Int {
    var peer = call.peer
    var elementCount = call.elementCount
    func key() -> TripleKey {
      let details =
        UInt64(call.kind.rawValue) | UInt64(call.dataType.rawValue) << 8
        | (elementCount == nil ? 1 << 16 : 0) | UInt64(UInt32(bitPattern: peer)) << 32
      return TripleKey(
        a: UInt64(process) << 32 ^ UInt64(communicator), b: details, c: elementCount ?? 0)
    }
    if let known = rows.row(for: key()) { return known }
    if rows.count >= maximumKeys {
      coarsenedCalls += 1
      elementCount = nil
      peer = 0
      if let known = rows.row(for: key()) { return known }
    }
    var row = CallFacts(
      kind: call.kind, dataType: call.dataType, peer: peer, elementCount: elementCount ?? 0,
      calls: 0, elements: 0)
    row.isCoarse = elementCount == nil
    row.isUnsized = call.elementCount == nil
    rows.set(rowPlaces.count, for: key())
    rowPlaces.append(RowPlace(row: processes[process].communicators[communicator].calls.count))
    processes[process].communicators[communicator].calls.append(row)
    return rowPlaces.count - 1
  }
}

extension CommunicatorFacts {
  fileprivate mutating func count(row: Int, elements: UInt64, isCollective: Bool, line: Int) {
    calls[row].calls += 1
    let sum = calls[row].elements.addingReportingOverflow(elements)
    calls[row].elements = sum.overflow ? .max : sum.partialValue
    if isCollective { collectiveCalls += 1 }
    if firstLine == 0 { firstLine = line }
    lastLine = line
  }

  fileprivate mutating func addDurations(row: Int, basis: TimingFacts.Basis) -> Int {
    durations.append(DurationFacts(row: row, basis: basis))
    return durations.count - 1
  }
}
