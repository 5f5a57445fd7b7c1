// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Reads what NCCL's example profiler plugin writes: a JSON array of trace events, one a line.
///
///     [
///     {"name": "AllReduce", "cat": "COLL", "ph": "b", "id": 3, "pid": 4711, "tid": 1,
///      "ts": 12.500000, "args": {"SeqNum": 0, "CommHash": 123, "Rank": 0, "Count": 1024,
///      "Datatype": "ncclFloat32", "Algorithm": "RING", ...}},
///     {"name": "AllReduce", "cat": "COLL", "ph": "e", "id": 3, "pid": 4711, "tid": 1, "ts": 90.0},
///     {}]
///
/// - A beginning and an end belong together by category and id. Times are those of the host.
/// - NCCL 2.28.3 to 2.29.2 leaves quotes out (`"datatype": ncclFloat32`), and the bracket at the end
///   is missing if the process was killed.
struct ProfilerReader: FormatReader, ~Copyable {
  static let recordsAreLines = true
  /// Most calls that have begun and not ended.
  private static let maximumOpenCalls = 1 << 16

  var isAfterGap = false
  private var ledger: FileLedger
  private var facts: TimedFactBuilder
  private var open: [Key: Begun] = [:]
  private var isClosed = false

  private struct Key: Hashable {
    var isPointToPoint: Bool
    var identifier: Int64
  }

  private struct Begun {
    var call: TimedFactBuilder.Call
    var process: Int
    var communicator: Int
    var line: Int
  }

  private struct Event {
    var phase: UInt8 = 0
    var isCollective = false
    var isPointToPoint = false
    var kind: OperationKind?
    var identifier: Int64?
    var pid: Int64?
    /// Nanoseconds since the profiler began.
    var time: Int64?
    var sequence: Int64?
    var communicator: UInt64?
    var rank: Int64?
    var peer: Int64?
    var count: Int64?
    var type: DataType?
  }

  init(file: String, options: TraceReader.Options) {
    ledger = FileLedger(file: file)
    ledger.format = TraceFormat.profiler.name
    facts = TimedFactBuilder(
      source: .profiler, clock: .process, sequenceScope: .function, options: options)
  }

  /// Whether a text is an array whose first events are the profiler's.
  static func recognises(_ prefix: TextCursor) -> Bool {
    var text = prefix
    text.skipSpace()
    guard text.skip("[") else { return false }
    text.skipSpace()
    guard text.skip("{\"name\": \"") else { return false }
    let end = text.position + 4096
    func has(_ place: Int?) -> Bool { place.map { $0 < end } ?? false }
    return has(text.find("\"cat\": \""))
      && (has(text.find("\"CommHash\"")) || has(text.find("\"groupId\""))
        || has(text.find("\"groupApiId\"")))
  }

  mutating func consume(_ base: UnsafeRawPointer, count: Int) -> Int {
    var position = 0
    while position < count, let end = unsafe memchr(base + position, 0x0A, count - position) {
      let next = unsafe UnsafeRawPointer(end) - base
      let lineClass = unsafe read(base, from: position, to: next)
      ledger.book(lineClass, bytes: next + 1 - position)
      position = next + 1
    }
    return position
  }

  mutating func consumeUnfinished(_ base: UnsafeRawPointer, count: Int, isCut: Bool) {
    let taken = unsafe consume(base, count: count)
    guard taken < count else { return }
    let lineClass = unsafe read(base, from: taken, to: count)
    ledger.book(lineClass == .malformed ? .tornLost : lineClass, bytes: count - taken)
  }

  mutating func bookOversizeLine(bytes: Int) { ledger.book(.malformed, bytes: bytes) }

  mutating func finish() -> TracePartial {
    // Calls that had begun are calls, too.
    for begun in open.values.sorted(by: { $0.line < $1.line }) {
      var call = begun.call
      call.state = .started
      facts.add(call, process: begun.process, communicator: begun.communicator, line: begun.line)
    }
    if !isClosed, ledger.bytes > 0 {
      ledger.status = .truncated
      ledger.detail = "The trace has no end: the process was killed; everything before was read."
    }
    return facts.partial(ledger)
  }

  // MARK: - Events

  private mutating func read(
    _ base: UnsafeRawPointer, from start: Int, to end: Int
  ) -> FileLedger.LineClass {
    var cursor = unsafe JSONCursor(base, from: start, to: end)
    let followsGap = isAfterGap
    isAfterGap = false
    guard let first = cursor.peek() else { return .foreign }
    if first == 0x5B {
      cursor.position += 1
      guard cursor.peek() != nil else { return .knownIgnored }
    }
    guard cursor.peek() == 0x7B else {
      if cursor.peek() == 0x5D { isClosed = true }
      return cursor.peek() == 0x5D ? .knownIgnored : followsGap ? .tornLost : .malformed
    }
    var event = Event()
    Self.read(&cursor, into: &event)
    guard cursor.state == .valid else { return .malformed }
    if cursor.peek() == 0x5D { isClosed = true }
    guard event.isCollective || event.isPointToPoint else { return .knownIgnored }
    return enter(event)
  }

  private static func read(_ cursor: inout JSONCursor, into event: inout Event) {
    guard cursor.beginObject() else { return }
    while let key = cursor.nextKey() {
      if cursor.equals(key, "name") {
        guard let name = cursor.string() else { return }
        event.kind = kind(cursor.text(name, limit: 32))
      } else if cursor.equals(key, "cat") {
        guard let category = cursor.string() else { return }
        event.isCollective = cursor.equals(category, "COLL")
        event.isPointToPoint = cursor.equals(category, "P2P")
      } else if cursor.equals(key, "ph") {
        guard let phase = cursor.string() else { return }
        event.phase = phase.count == 1 ? cursor.byte(at: phase.lowerBound) : 0
      } else if cursor.equals(key, "id") {
        event.identifier = cursor.integer()
      } else if cursor.equals(key, "pid") {
        event.pid = cursor.integer()
      } else if cursor.equals(key, "ts") {
        event.time = cursor.thousandths()
      } else if cursor.equals(key, "args") {
        readArguments(&cursor, into: &event)
      } else {
        cursor.skipValue()
      }
    }
  }

  private static func readArguments(_ cursor: inout JSONCursor, into event: inout Event) {
    guard cursor.beginObject() else { return }
    while let key = cursor.nextKey() {
      if cursor.equals(key, "SeqNum") {
        event.sequence = cursor.integer()
      } else if cursor.equals(key, "CommHash") {
        _ = cursor.peek()
        let start = cursor.position
        cursor.skipValue()
        // Up to 2^64: more than a signed number holds.
        event.communicator = UInt64(cursor.text(start..<cursor.position, limit: 24))
      } else if cursor.equals(key, "Rank") {
        event.rank = cursor.integer()
      } else if cursor.equals(key, "Peer") {
        event.peer = cursor.integer()
      } else if cursor.equals(key, "Count") {
        event.count = cursor.integer()
      } else if cursor.equals(key, "Datatype") {
        _ = cursor.peek()
        let start = cursor.position
        cursor.skipValue()
        event.type = type(cursor.text(start..<cursor.position, limit: 32))
      } else {
        cursor.skipValue()
      }
    }
  }

  private static func kind(_ name: String) -> OperationKind? {
    switch name {
    case "AllReduce": .allReduce
    case "AllGather": .allGather
    case "ReduceScatter": .reduceScatter
    case "Broadcast": .broadcast
    case "Reduce": .reduce
    case "AlltoAll": .allToAll
    case "Gather": .gather
    case "Scatter": .scatter
    case "Send": .send
    case "Recv": .recv
    default: nil
    }
  }

  /// `"ncclFloat32"`, the same without quotes or, in NCCL 2.23, the number.
  private static func type(_ text: String) -> DataType? {
    let bare = text.filter { $0 != "\"" }
    if let number = UInt8(bare) { return DataType(rawValue: number) }
    return bare.hasPrefix("nccl") ? TorchNames.dataType(bare.dropFirst(4)) : nil
  }

  private mutating func enter(_ event: Event) -> FileLedger.LineClass {
    guard let identifier = event.identifier else { return .malformed }
    let key = Key(isPointToPoint: event.isPointToPoint, identifier: identifier)
    if event.phase == 0x65 {  // e
      guard var begun = open.removeValue(forKey: key) else { return .knownIgnored }
      if let time = event.time, begun.call.start != .min {
        let (duration, overflow) = time.subtractingReportingOverflow(begun.call.start)
        if !overflow, duration >= 0 {
          begun.call.duration = duration
          begun.call.basis = .collectiveCPU
        }
      }
      facts.add(
        begun.call, process: begun.process, communicator: begun.communicator, line: begun.line)
      return .parsed
    }
    guard event.phase == 0x62 else { return .knownIgnored }
    guard let kind = event.kind, kind.isPointToPoint == event.isPointToPoint else {
      return .unrecognised
    }
    guard let hash = event.communicator, let rank = event.rank, rank >= 0, rank < 1 << 24,
      event.count ?? 0 >= 0
    else { return .malformed }
    var call = TimedFactBuilder.Call(kind: kind, dataType: event.type ?? .unknown)
    if event.type != nil { call.elementCount = event.count.map { UInt64($0) } }
    if event.isPointToPoint {
      guard let peer = event.peer, peer >= 0, peer < 1 << 24 else { return .malformed }
      call.peer = Int32(peer)
    }
    call.sequence = event.sequence ?? -1
    call.start = event.time ?? .min
    let process = facts.process(host: "", pid: Int(clamping: event.pid ?? 0))
    let place = TimedFactBuilder.CommunicatorKey(
      process: process, identifier: hash, rank: Int(rank))
    guard let communicator = facts.communicator(place), open.count < Self.maximumOpenCalls else {
      return .malformed
    }
    open[key] = Begun(
      call: call, process: process, communicator: communicator, line: ledger.lines + 1)
    return .parsed
  }
}
