// SPDX-License-Identifier: Apache-2.0

/// One operation line, parsed.
struct OperationRecord: BitwiseCopyable {
  var kind: OperationKind
  var dataType: UInt8
  var reduction: UInt32
  var peer: Int32
  var elementCount: UInt64
  var communicator: UInt64
  var size: Int32
  /// Raw bytes of the `opCount` field: equal inside a group, otherwise not to be trusted.
  var operationCount: UInt64
  /// The communicator rank that RCCL prints (`globalrank`), or -1.
  var rank: Int32
  /// Addresses of the buffers; 0 for none.
  var sendBuffer: UInt64 = 0
  var receiveBuffer: UInt64 = 0

  /// A record to read into.
  static let empty = OperationRecord(
    kind: .unnamed, dataType: 0, reduction: 0, peer: 0, elementCount: 0, communicator: 0,
    size: 0, operationCount: 0, rank: -1)
}

/// The counters of one file while it is read: the hot fold.
///
/// Everything a line adds is an increment in a table; rows appear in order of first sight, so the
/// result does not depend on hashing. `finish` turns the tables into ``ProcessFacts``.
struct FactStore: ~Copyable {
  /// A thread as a line's head names it.
  struct Thread: BitwiseCopyable {
    var process: Int32
    /// `[cudaDev]`, or -1.
    var device: Int32
    /// Communicator whose init lines this thread is printing, or -1.
    var initialising: Int32
    /// The last communicator whose init this thread completed, or -1.
    var completed: Int32
    /// Communicator that this thread connects, or one of the two below.
    var connecting = Self.notConnecting
    /// When that was found: see ``ConnectionCandidates``.
    var connectingStretch: UInt32 = 0
    /// Whether it printed an operation line.
    var makesCalls = false

    static let notConnecting: Int32 = -1
    static let undecided: Int32 = -2
  }

  /// The hot part of a communicator instance.
  struct Communicator: BitwiseCopyable {
    var process: Int32
    var lane: Int32
    var firstThread: Int32
    var size: Int32
    var rank: Int32
    var ended: Bool
    /// What it was used for.
    var used: ConnectionPurpose = []
    var collectiveCalls: UInt64
    var orderHash: UInt64
    /// Calls of either kind; a re-created pointer without init lines is told by them.
    var calls: UInt64
    var firstLine: Int
    var lastLine: Int
  }

  /// One row of call counts.
  struct CallRow: BitwiseCopyable {
    var communicator: Int32
    var kind: OperationKind
    var dataType: UInt8
    var shape: ExchangeShape
    var isCoarse: Bool
    var reduction: UInt32
    var peer: Int32
    var elementCount: UInt64
    var calls: UInt64
    /// Sum of elements; only kept for coarse rows.
    var coarseElements: UInt64
    var otherThreadCalls: UInt64
    var repeatedCalls: UInt64 = 0
    var orderHash: UInt64
  }

  /// One row of exchange counts.
  struct ExchangeRow: BitwiseCopyable {
    var communicator: Int32
    var shape: ExchangeShape
    var dataType: UInt8
    var includesSelf: Bool
    var sentBytesLog2: UInt8
    var isEven: Bool
    var evenCount: UInt64
    var exchanges: UInt64
    var sendCalls: UInt64
    var recvCalls: UInt64
    var sentElements: UInt64
    var receivedElements: UInt64
    var selfElements: UInt64
  }

  /// A send or receive that waits until its exchange is complete.
  struct Member: BitwiseCopyable {
    var isSend: Bool
    var dataType: UInt8
    var isOtherThread: Bool
    var reduction: UInt32
    var peer: Int32
    var elementCount: UInt64
  }

  /// A TUNING choice waiting to be matched: the last operations of one thread.
  struct PendingTuning: BitwiseCopyable {
    var communicator: Int32
    var kind: OperationKind
    var isTaken: Bool
    var bytes: UInt64
  }

  struct TuningRow: BitwiseCopyable {
    var communicator: Int32
    var kind: OperationKind
    var bytes: UInt64
    var choice: Int32
    var lines: UInt64
  }

  /// One GPU of one process: an order of calls and the exchange that is being gathered.
  struct Lane: ~Copyable {
    var process: Int32
    var device: Int32
    var recorder = SequenceRecorder()
    var gather = LastGather()
    var openCommunicator: Int32 = -1
    var openThread: Int32 = -1
    var openOperationCount: UInt64 = 0
    var openSize: Int32 = 0
    var members = RawBuffer<Member>(capacity: 8)
    /// Exchange number in which a peer was last sent to (even places) or received from (odd).
    var stamps = RawBuffer<UInt32>(capacity: 8)
    var stamp: UInt32 = 0
    /// Who may be opening connections.
    var connections = ConnectionCandidates()

    init(process: Int32, device: Int32) {
      self.process = process
      self.device = device
    }
  }

  let maximumKeys: Int
  var processes: [ProcessFacts] = []
  /// Cold facts of each communicator; same index as `communicators`.
  var facts: [CommunicatorFacts] = []
  var threads = RawBuffer<Thread>()
  var communicators = RawBuffer<Communicator>()
  var rows = RawBuffer<CallRow>()
  var exchangeRows = RawBuffer<ExchangeRow>()
  var tuningRows = RawBuffer<TuningRow>()
  /// Distinct (algorithm, protocol) pairs seen.
  var choices: [TuningChoice] = []
  var lanes: LaneTable
  private var rowTable = KeyTable()
  var exchangeTable = KeyTable()
  var tuningTable = KeyTable()
  /// Live communicator by (pointer, process).
  private var liveTable = KeyTable()
  private var laneTable = KeyTable()
  private var threadTable = KeyTable()
  private var processIndex: [ProcessKey: Int] = [:]
  var pending = RawBuffer<PendingTuning>()
  /// Names given to the communicator that a thread is about to make.
  private var pendingNames: [Int: String] = [:]
  private var noticeIndex: [NoticeKey: Int] = [:]
  private(set) var coarsenedCalls = 0
  /// Changes when a communicator begins or ends, so that remembered lines are looked up anew.
  private(set) var epoch: UInt32 = 1

  struct ProcessKey: Hashable {
    var host: String
    var pid: Int
  }
  private struct NoticeKey: Hashable {
    var process: Int
    var shape: String
  }

  static let pendingWidth = 64
  private static let maximumNotices = 200
  private static let maximumEnvironment = 500
  private static let maximumComplaints = 64
  private static let maximumAddresses = 32

  init(maximumKeys: Int) {
    self.maximumKeys = maximumKeys
    lanes = LaneTable()
  }

  // MARK: - Processes, threads

  /// The thread of a head, made when new.
  mutating func thread(host: String, pid: Int, tid: Int, device: Int) -> Int {
    let key = ProcessKey(host: host, pid: pid)
    let process: Int
    if let known = processIndex[key] {
      process = known
    } else {
      process = processes.count
      processIndex[key] = process
      processes.append(ProcessFacts(file: 0, host: host, pid: pid))
    }
    let threadKey = TripleKey(
      a: UInt64(truncatingIfNeeded: tid), b: UInt64(process),
      c: UInt64(truncatingIfNeeded: device))
    if let known = threadTable.row(for: threadKey) { return known }
    let index = threads.count
    threads.append(
      Thread(
        process: Int32(clamping: process), device: Int32(clamping: device), initialising: -1,
        completed: -1))
    threadTable.set(index, for: threadKey)
    for _ in 0..<Self.pendingWidth {
      pending.append(PendingTuning(communicator: -1, kind: .unnamed, isTaken: true, bytes: 0))
    }
    pendingCursor.append(0)
    return index
  }
  var pendingCursor = RawBuffer<Int>()

  /// The process of a thread.
  @inline(__always)
  func process(of thread: Int) -> Int { Int(threads[thread].process) }

  // MARK: - Communicators

  /// The live communicator of a pointer, or `nil`.
  @inline(__always)
  func communicator(pointer: UInt64, process: Int) -> Int? {
    liveTable.row(for: TripleKey(a: pointer, b: UInt64(process), c: 0))
  }

  /// Begins the life of a communicator at a pointer, ending an older one's claim to it.
  mutating func beginCommunicator(pointer: UInt64, thread: Int, line: Int) -> Int {
    let process = process(of: thread)
    let index = communicators.count
    if let old = communicator(pointer: pointer, process: process), !communicators[old].ended {
      lanes[Int(communicators[old].lane)].connections.openCommunicators -= 1
    }
    communicators.append(
      Communicator(
        process: Int32(process), lane: lane(of: thread), firstThread: -1, size: 0, rank: -1,
        ended: false, collectiveCalls: 0, orderHash: 0, calls: 0, firstLine: line, lastLine: line))
    var cold = CommunicatorFacts(pointer: pointer)
    let device = threads[thread].device
    cold.bracketDevice = device >= 0 ? Int(device) : nil
    facts.append(cold)
    let lane = Int(communicators[index].lane)
    lanes[lane].connections.openCommunicators += 1
    lanes[lane].connections.newest = Int32(truncatingIfNeeded: index)
    lanes[lane].connections.lastKey = .max
    liveTable.set(index, for: TripleKey(a: pointer, b: UInt64(process), c: 0))
    let ownerKey = TripleKey(a: pointer, b: 0, c: 1)
    let owner = liveTable.row(for: ownerKey)
    liveTable.set(
      owner == nil || owner == process ? process : Self.severalOwners, for: ownerKey)
    epoch &+= 1
    return index
  }

  private static let severalOwners = Int(UInt32.max) - 2

  /// The live communicator of a pointer that only one process of the file uses.
  ///
  /// Tells whose an operation line is that lost its head.
  func onlyCommunicator(pointer: UInt64) -> Int? {
    guard let owner = liveTable.row(for: TripleKey(a: pointer, b: 0, c: 1)),
      owner != Self.severalOwners
    else { return nil }
    return communicator(pointer: pointer, process: owner)
  }

  /// Whether a pointer that is new in `process` is known in another process of the file.
  ///
  /// When processes share a pipe, a line can begin with one's head and end with another's tail,
  /// and still match the format; the communicator then gives it away.
  func isForeign(pointer: UInt64, process: Int) -> Bool {
    guard communicator(pointer: pointer, process: process) == nil,
      let owner = liveTable.row(for: TripleKey(a: pointer, b: 0, c: 1))
    else { return false }
    return owner != process
  }

  /// The communicator an operation or layout line means: the live one, else a new life.
  mutating func communicatorForUse(pointer: UInt64, thread: Int, line: Int) -> Int {
    if let known = communicator(pointer: pointer, process: process(of: thread)),
      !communicators[known].ended
    {
      return known
    }
    return beginCommunicator(pointer: pointer, thread: thread, line: line)
  }

  /// Ends a communicator.
  mutating func endCommunicator(_ index: Int, as end: CommunicatorFacts.End) {
    communicators[index].ended = true
    lanes[Int(communicators[index].lane)].connections.openCommunicators -= 1
    facts[index].end = end
    epoch &+= 1
  }

  /// The lane of the GPU that a thread's head names, if it has communicators.
  func knownLane(of thread: Int) -> Int? { laneTable.row(for: laneKey(thread)) }

  private func laneKey(_ thread: Int) -> TripleKey {
    TripleKey(
      a: UInt64(truncatingIfNeeded: threads[thread].device), b: UInt64(process(of: thread)), c: 0)
  }

  /// Moves a communicator to the lane of the GPU that its init line names.
  private mutating func lane(of thread: Int) -> Int32 {
    let device = threads[thread].device
    let key = laneKey(thread)
    if let known = laneTable.row(for: key) { return Int32(known) }
    let index = lanes.append(process: threads[thread].process, device: device)
    laneTable.set(index, for: key)
    return Int32(index)
  }

  /// Remembers the name that the next communicator of a thread will have.
  mutating func setPendingName(_ name: String, thread: Int) { pendingNames[thread] = name }

  /// Takes the remembered name.
  mutating func takePendingName(thread: Int) -> String? {
    pendingNames.removeValue(forKey: thread)
  }

  // MARK: - Calls

  /// The row of a call, made when new; coarse when the table is full.
  mutating func callRow(for record: OperationRecord, communicator: Int, shape: ExchangeShape)
    -> Int
  {
    row(
      communicator: communicator, kind: record.kind, dataType: record.dataType,
      reduction: record.reduction, peer: record.peer, elementCount: record.elementCount,
      shape: shape, isCoarse: false)
  }

  mutating func row(
    communicator: Int, kind: OperationKind, dataType: UInt8, reduction: UInt32, peer: Int32,
    elementCount: UInt64, shape: ExchangeShape, isCoarse: Bool
  ) -> Int {
    let flags =
      UInt64(kind.rawValue) | UInt64(dataType) << 8 | UInt64(shape.rawValue) << 16
      | (isCoarse ? 1 : 0) << 24
    let key = TripleKey(
      a: isCoarse ? 0 : elementCount,
      b: UInt64(UInt32(communicator)) << 32 | UInt64(UInt32(bitPattern: peer)),
      c: UInt64(reduction) << 32 | flags)
    if let known = rowTable.row(for: key) { return known }
    if rows.count >= maximumKeys, !isCoarse {
      return row(
        communicator: communicator, kind: kind, dataType: dataType, reduction: 0,
        peer: kind.isPointToPoint ? peer : 0, elementCount: 0, shape: shape, isCoarse: true)
    }
    let index = rows.count
    // User-made operators are scrambled per communicator, so only the standard ones are compared.
    let compared = key.a &* 0x9E37_79B9_7F4A_7C15 ^ UInt64(UInt32(bitPattern: peer)) << 40
    let portable =
      compared ^ (flags &* 0xBF58_476D_1CE4_E5B9) ^ UInt64(min(reduction, 5)) << 56
    rows.append(
      CallRow(
        communicator: Int32(communicator), kind: kind, dataType: dataType, shape: shape,
        isCoarse: isCoarse, reduction: isCoarse ? 0 : reduction, peer: peer,
        elementCount: isCoarse ? 0 : elementCount, calls: 0, coarseElements: 0,
        otherThreadCalls: 0, orderHash: portable ^ (portable >> 31)))
    rowTable.set(index, for: key)
    return index
  }

  /// Counts one collective call; everything but the row is already known.
  @inline(__always)
  mutating func countCollective(
    row: Int, communicator: Int, thread: Int, elementCount: UInt64, line: Int
  ) {
    rows[row].calls &+= 1
    if rows[row].isCoarse {
      rows[row].coarseElements &+= elementCount
      coarsenedCalls += 1
    }
    let hash = rows[row].orderHash
    let lane = communicators[communicator].touch(thread: thread, line: line)
    if communicators[communicator].firstThread != Int32(truncatingIfNeeded: thread) {
      rows[row].otherThreadCalls &+= 1
    }
    let purpose: ConnectionPurpose =
      rows[row].kind.isMadeOfSends ? .pointToPoint : .collective
    if lanes[lane].connections.lastKey != Self.useKey(communicator, purpose, thread) {
      noteUse(of: communicator, for: purpose, thread: thread, lane: lane)
    }
    communicators[communicator].collectiveCalls &+= 1
    communicators[communicator].orderHash =
      (communicators[communicator].orderHash ^ hash) &* 0x9FB2_1C65_1E98_DF25 ^ (hash >> 17)
    // Another thread's collective may fall between the calls of a group; this thread's may not.
    if lanes[lane].openCommunicator >= 0,
      lanes[lane].openThread == Int32(truncatingIfNeeded: thread)
        || lanes[lane].openCommunicator == Int32(truncatingIfNeeded: communicator)
    {
      closeExchange(lane: lane)
    }
    lanes[lane].recorder.append(UInt32(truncatingIfNeeded: row) << 1)
    if communicators[communicator].rank <= 0 {
      rememberForTuning(
        thread: thread, communicator: communicator, kind: rows[row].kind,
        bytes: elementCount &* Self.byteSize(rows[row].dataType))
    }
  }

  /// Notes the buffers of an all-gather that is about to be counted.
  @inline(__always)
  mutating func noteGather(row: Int, communicator: Int, buffers: GatherBuffers) {
    let lane = Int(communicators[communicator].lane)
    let change = lanes[lane].gather.note(
      row: Int32(truncatingIfNeeded: row), buffers: buffers,
      position: lanes[lane].recorder.length, isAlone: lanes[lane].openCommunicator < 0)
    if change != 0 { rows[row].repeatedCalls &+= UInt64(bitPattern: Int64(change)) }
  }

  /// Counts one send, receive or one-sided call.
  mutating func countPointToPoint(
    kind: OperationKind, dataType: UInt8, reduction: UInt32, peer: Int32, elementCount: UInt64,
    operationCount: UInt64, communicator: Int, thread: Int, line: Int
  ) {
    let lane = communicators[communicator].touch(thread: thread, line: line)
    let isOther = communicators[communicator].firstThread != Int32(truncatingIfNeeded: thread)
    let size = communicators[communicator].size
    if lanes[lane].connections.lastKey != Self.useKey(communicator, .pointToPoint, thread) {
      noteUse(of: communicator, for: .pointToPoint, thread: thread, lane: lane)
    }
    guard kind == .send || kind == .recv, size > 1, size <= 1 << 16, peer >= 0, peer < size else {
      if lanes[lane].openCommunicator >= 0 { closeExchange(lane: lane) }
      let row = row(
        communicator: communicator, kind: kind, dataType: dataType, reduction: reduction,
        peer: peer, elementCount: elementCount, shape: .single, isCoarse: false)
      bump(row: row, elementCount: elementCount, isOther: isOther)
      lanes[lane].recorder.append(UInt32(truncatingIfNeeded: row) << 1)
      return
    }
    let member = Member(
      isSend: kind == .send, dataType: dataType, isOtherThread: isOther, reduction: reduction,
      peer: peer, elementCount: elementCount)
    if lanes[lane].openCommunicator != Int32(communicator)
      || lanes[lane].openThread != Int32(truncatingIfNeeded: thread)
      || lanes[lane].openOperationCount != operationCount
    {
      if lanes[lane].openCommunicator >= 0 { closeExchange(lane: lane) }
      lanes[lane].open(communicator: communicator, thread: thread, size: size)
      lanes[lane].openOperationCount = operationCount
    }
    add(member, lane: lane)
  }

  @inline(__always)
  mutating func bump(row: Int, elementCount: UInt64, isOther: Bool) {
    rows[row].calls &+= 1
    if rows[row].isCoarse {
      rows[row].coarseElements &+= elementCount
      if rows[row].shape != .allToAll { coarsenedCalls += 1 }
    }
    if isOther { rows[row].otherThreadCalls &+= 1 }
  }

  // MARK: - Other facts

  /// Keeps a message for a person, once per shape.
  mutating func notice(_ text: String, level: Notice.Level, process: Int, line: Int) {
    let shape = String(text.map { $0.isNumber ? "#" : $0 })
    let key = NoticeKey(process: process, shape: shape)
    if let known = noticeIndex[key] {
      processes[process].notices[known].count += 1
      return
    }
    guard processes[process].notices.count < Self.maximumNotices else { return }
    noticeIndex[key] = processes[process].notices.count
    processes[process].notices.append(Notice(level: level, text: text, line: line))
  }

  /// Keeps a warning about a peer.
  mutating func complaint(_ complaint: PeerComplaint, process: Int) {
    let known = processes[process].complaints.firstIndex {
      $0.kind == complaint.kind && $0.peer == complaint.peer && $0.status == complaint.status
    }
    if let known {
      processes[process].complaints[known].count += 1
    } else if processes[process].complaints.count < Self.maximumComplaints {
      processes[process].complaints.append(complaint)
    }
  }

  /// Keeps addresses of a process.
  mutating func addresses(_ addresses: [String], process: Int) {
    for address in addresses
    where processes[process].addresses.count < Self.maximumAddresses
      && !processes[process].addresses.contains(address)
    {
      processes[process].addresses.append(address)
    }
  }

  /// Keeps the value of a variable.
  mutating func environment(_ name: String, _ value: String, process: Int) {
    let setting = EnvironmentSetting(name: name, value: value)
    guard processes[process].environment.count < Self.maximumEnvironment,
      !processes[process].environment.contains(setting)
    else { return }
    processes[process].environment.append(setting)
  }
}

extension FactStore.Communicator {
  /// Notes a use and returns the lane.
  @inline(__always)
  fileprivate mutating func touch(thread: Int, line: Int) -> Int {
    if firstThread < 0 { firstThread = Int32(truncatingIfNeeded: thread) }
    calls &+= 1
    lastLine = line
    return Int(lane)
  }
}

extension FactStore.Lane {
  /// Opens an exchange.
  mutating func open(communicator: Int, thread: Int, size: Int32) {
    openCommunicator = Int32(truncatingIfNeeded: communicator)
    openThread = Int32(truncatingIfNeeded: thread)
    openSize = size
    stamp &+= 1
    if stamp == 0 { stamp = 1 }
    stamps.resize(to: max(stamps.count, Int(size) * 2), filling: 0)
  }
}
