// SPDX-License-Identifier: Apache-2.0

/// Reads Chakra execution traces (`.et`): messages of protocol buffers, each after its length.
///
/// The first is `GlobalMetadata`, each other one a `Node` (schema 0.0.4): what a rank does, in the
/// order of dependencies. Sizes of communication are bytes. Synthetic traces know no times.
struct ChakraReader: FormatReader, ~Copyable {
  static let recordsAreLines = false

  var isAfterGap = false
  private var ledger: FileLedger
  private var facts: TimedFactBuilder
  private let maximumRecordBytes: Int
  /// Bytes of a message that is too long, still to come.
  private var skipping = 0
  private var hasMetadata = false
  /// Messages end where the one before says: after bytes are missing nothing can be read.
  private var isLost = false
  private var process: Int?
  private var pid = 0

  /// What a node says of communication.
  private struct Node {
    var type: UInt64 = 0
    var start: UInt64 = 0
    var duration: UInt64 = 0
    var collective: UInt64?
    var bytes: UInt64?
    var peer: UInt64?
    var group = ""
    var isOnHost = false
  }

  init(file: String, options: TraceReader.Options) {
    ledger = FileLedger(file: file)
    ledger.format = TraceFormat.chakra.name
    facts = TimedFactBuilder(
      source: .executionTrace, clock: .process, sequenceScope: .communicator, options: options)
    maximumRecordBytes = options.maximumLineBytes
  }

  /// Whether a file begins with a whole `GlobalMetadata` and, after it, the tag of a node.
  static func recognises(_ prefix: TextCursor) -> Bool {
    var head = WireCursor(prefix, 0..<min(prefix.end, 10))
    guard let length = head.varint(), length > 1, length <= 1 << 20 else { return false }
    let range = head.position..<head.position + Int(length)
    guard range.upperBound <= prefix.end else { return false }
    var message = WireCursor(prefix, range)
    while let (field, value) = message.next() {
      guard case .bytes(let inner) = value, !inner.isEmpty else { return false }
      switch field {
      case 1:  // version
        guard inner.allSatisfy({ prefix.byte(at: $0) &- 0x20 < 0x5F }) else { return false }
      case 2:  // attr, of which the first field is the name
        guard prefix.byte(at: inner.lowerBound) == 0x0A else { return false }
      default: return false
      }
    }
    guard message.isValid else { return false }
    var next = WireCursor(prefix, range.upperBound..<min(prefix.end, range.upperBound + 10))
    guard next.varint() != nil else { return range.upperBound == prefix.end }
    return [0x08, 0x12, 0x18].contains(prefix.byte(at: next.position))
  }

  mutating func consume(_ base: UnsafeRawPointer, count: Int) -> Int {
    take(unsafe TextCursor(base, from: 0, to: count))
  }

  mutating func consumeUnfinished(_ base: UnsafeRawPointer, count: Int, isCut: Bool) {
    let taken = take(unsafe TextCursor(base, from: 0, to: count))
    guard taken < count || skipping > 0 else { return }
    ledger.book(.tornLost, bytes: count - taken)
    skipping = 0
    if !isCut {
      ledger.status = .truncated
      ledger.detail = "The trace ends inside a node; everything before was read."
    }
  }

  mutating func bookOversizeLine(bytes: Int) { ledger.book(.malformed, bytes: bytes) }

  private mutating func take(_ text: TextCursor) -> Int {
    if isAfterGap {
      isAfterGap = false
      isLost = true
      skipping = 0
    }
    guard !isLost else {
      ledger.book(.tornLost, bytes: text.end)
      return text.end
    }
    var position = 0
    if skipping > 0 {
      position = min(skipping, text.end)
      skipping -= position
      ledger.bytes += position
      ledger[.malformed].bytes += position
    }
    while position < text.end {
      var head = WireCursor(text, position..<min(text.end, position + 10))
      guard let length = head.varint() else {
        // Ten bytes are the longest length.
        guard text.end - position >= 10 else { break }
        ledger.book(.malformed, bytes: text.end - position)
        ledger.status = .damaged
        ledger.detail = "A node has no length; the rest of the trace was not read."
        isLost = true
        return text.end
      }
      guard length <= UInt64(maximumRecordBytes) else {
        let (end, overflow) = head.position.addingReportingOverflow(Int(clamping: length))
        let here = min(overflow ? .max : end, text.end)
        ledger.book(.malformed, bytes: here - position)
        skipping = (overflow ? .max : end) - here
        position = here
        continue
      }
      let end = head.position + Int(length)
      guard end <= text.end else { break }
      let lineClass = read(text, head.position..<end)
      ledger.book(lineClass, bytes: end - position)
      position = end
    }
    return position
  }

  mutating func finish() -> TracePartial {
    facts.partial(ledger)
  }

  // MARK: - Messages

  private mutating func read(_ text: TextCursor, _ range: Range<Int>) -> FileLedger.LineClass {
    var cursor = WireCursor(text, range)
    guard hasMetadata else {
      hasMetadata = true
      while let (field, value) = cursor.next() {
        guard field == 2, case .bytes(let inner) = value else { continue }
        let attribute = Attribute(text, inner)
        if attribute.name == "pid", let number = attribute.number { pid = Int(clamping: number) }
      }
      return cursor.isValid ? .knownIgnored : .malformed
    }
    var node = Node()
    while let (field, value) = cursor.next() {
      switch (field, value) {
      case (3, .number(let type)): node.type = type
      case (6, .number(let time)): node.start = time
      case (7, .number(let time)): node.duration = time
      case (10, .bytes(let inner)): enter(Attribute(text, inner), into: &node)
      default: break
      }
    }
    guard cursor.isValid else { return .malformed }
    // COMM_SEND_NODE, COMM_RECV_NODE, COMM_COLL_NODE.
    guard (5...7).contains(node.type) else { return .knownIgnored }
    return count(node)
  }

  private func enter(_ attribute: Attribute, into node: inout Node) {
    switch attribute.name {
    case "comm_type": node.collective = attribute.number
    case "comm_size": node.bytes = attribute.number
    case "comm_src", "comm_dst": node.peer = attribute.number
    case "pg_name", "comm_group": node.group = attribute.text
    case "is_cpu_op": node.isOnHost = attribute.number == 1
    default: break
    }
  }

  private mutating func count(_ node: Node) -> FileLedger.LineClass {
    let kind: OperationKind
    switch node.type {
    case 5: kind = .send
    case 6: kind = .recv
    default:
      // The host's part of a call whose kernel is a node of its own.
      guard let type = node.collective else { return node.isOnHost ? .knownIgnored : .unrecognised }
      guard let known = Self.collectives[type] else { return .unrecognised }
      kind = known
    }
    let process = currentProcess()
    let rank = facts.processes[process].globalRank
    let key = TimedFactBuilder.CommunicatorKey(
      process: process, name: node.group, rank: node.group.isEmpty ? rank : nil)
    guard let communicator = facts.communicator(key) else { return .malformed }
    var call = TimedFactBuilder.Call(kind: kind, dataType: .unknown)
    // What a rank gives is stated; what it takes in a reduce-scatter or gives to each in an
    // all-to-all depends on the number of ranks, which is not.
    if ![.reduceScatter, .allToAll, .scatter].contains(kind) { call.elementCount = node.bytes }
    if kind.isPointToPoint {
      guard let peer = node.peer, peer <= UInt64(Int32.max) else { return .malformed }
      call.peer = Int32(peer)
    }
    if node.duration > 0, node.duration < 1 << 50 {
      call.duration = Int64(node.duration) * 1000
      call.basis = node.isOnHost ? .unknown : .kernelGPU
      if node.start > 0, node.start < 1 << 53 { call.start = Int64(node.start) * 1000 }
    }
    facts.add(call, process: process, communicator: communicator, line: ledger.lines + 1)
    return .parsed
  }

  /// `CollectiveCommType` of the schema; 9 is a barrier, which moves no data.
  private static let collectives: [UInt64: OperationKind] = [
    0: .allReduce, 1: .reduce, 2: .allGather, 3: .gather, 4: .scatter, 5: .broadcast,
    6: .allToAll, 7: .reduceScatter, 8: .reduceScatter,
  ]

  private mutating func currentProcess() -> Int {
    if let process { return process }
    let new = facts.process(host: "", pid: pid)
    process = new
    // The schema has no rank; simulators find a rank's trace by its name, `name.<rank>.et`.
    let parts = ledger.file.split(separator: "/").last?.split(separator: ".") ?? []
    if parts.count > 2, parts.last == "et", let rank = Int(parts[parts.count - 2]),
      (0..<1 << 24).contains(rank)
    {
      facts.processes[new].globalRank = rank
      facts.processes[new].notices.append(
        Notice(
          level: .info,
          text: "The global rank \(rank) is from the file's name: the trace has none.", line: 1))
    }
    return new
  }

  /// One `AttributeProto`: a name and a value of one of many types.
  private struct Attribute {
    var name = ""
    var number: UInt64?
    var text = ""

    init(_ cursor: TextCursor, _ range: Range<Int>) {
      var fields = WireCursor(cursor, range)
      while let (field, value) = fields.next() {
        switch (field, value) {
        case (1, .bytes(let inner)):
          name = cursor.text(from: inner.lowerBound, to: inner.upperBound, limit: 32)
        case (7, .number(let value)), (9, .number(let value)), (11, .number(let value)),
          (13, .number(let value)), (27, .number(let value)):
          number = value
          text = String(value)
        case (29, .bytes(let inner)):
          text = cursor.text(from: inner.lowerBound, to: inner.upperBound, limit: 128)
        default: break
        }
      }
    }
  }
}
