// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Reads what NCCL's Inspector plugin writes: one JSON object for each collective that ended.
///
///     {"header":{"id":"0xaa498efb3b18bc","rank":0,"n_ranks":4,"nnodes":1},
///      "metadata":{"inspector_output_format_version":"v4.0",...,"hostname":"stone","pid":3326096},
///      "coll_perf":{"coll":"AllGather","coll_sn":0,"coll_msg_size_bytes":1024,
///        "coll_exec_time_us":44,"coll_timing_source":"kernel_gpu",...}}
///
/// - An object is one line, or several when a person pretty-printed it. One that is torn is booked
///   as malformed, and reading goes on at the next line that begins an object.
/// - The plugin does not write everything: short messages, events without GPU time and, in a ring
///   of limited length, the oldest. The sequence numbers tell how many are missing.
struct InspectorReader: FormatReader, ~Copyable {
  static let recordsAreLines = true

  var isAfterGap = false
  private var ledger: FileLedger
  private var facts: TimedFactBuilder
  private var record = InspectorRecord()
  private var memory = InspectorRecord.Memory()
  /// Sequence numbers of each communicator and function, to count what is missing.
  private var sequences = RawBuffer<Sequence>()
  private var sequencePlaces = KeyTable()

  struct Sequence: BitwiseCopyable {
    var process: Int
    var calls: Int64 = 0
    var highest: Int64 = -1

    mutating func count(_ number: Int64) {
      calls += 1
      highest = max(highest, number)
    }
  }

  init(file: String, options: TraceReader.Options) {
    ledger = FileLedger(file: file)
    ledger.format = TraceFormat.inspector.name
    facts = TimedFactBuilder(
      source: .inspector, clock: .epoch, sequenceScope: .function, options: options)
  }

  /// Whether a text begins as Inspector's records do.
  static func recognises(_ prefix: TextCursor) -> Bool {
    guard let start = prefix.find("{") else { return false }
    var text = prefix
    text.skipSpace()
    // The first line may be the rest of a torn one.
    guard text.position == start || prefix.find("\n{\"header\"") != nil else { return false }
    guard let header = prefix.find("\"header\"", from: start),
      let version = prefix.find("\"inspector_output_format_version\"", from: header)
    else { return false }
    return version - start < 4096 || text.position != start
  }

  mutating func consume(_ base: UnsafeRawPointer, count: Int) -> Int {
    var position = 0
    while position < count {
      guard let taken = unsafe takeRecord(base + position, count: count - position, isLast: false)
      else { break }
      position += taken
    }
    return position
  }

  mutating func consumeUnfinished(_ base: UnsafeRawPointer, count: Int, isCut: Bool) {
    var position = 0
    while position < count {
      let taken = unsafe takeRecord(base + position, count: count - position, isLast: true)
      position += max(taken ?? count, 1)
    }
  }

  mutating func bookOversizeLine(bytes: Int) { ledger.book(.malformed, lines: 1, bytes: bytes) }

  /// Takes one object or line from the start; `nil` when more text is needed to tell.
  private mutating func takeRecord(_ base: UnsafeRawPointer, count: Int, isLast: Bool) -> Int? {
    let lineEnd = unsafe Self.newline(base, count)
    guard lineEnd != nil || isLast else { return nil }
    let line = lineEnd.map { $0 + 1 } ?? count
    var cursor = unsafe JSONCursor(base, from: 0, to: lineEnd ?? count)
    guard let first = cursor.peek() else {
      ledger.book(.foreign, lines: lineEnd == nil && line == 0 ? 0 : 1, bytes: line)
      return line
    }
    let isAfterGap = self.isAfterGap
    self.isAfterGap = false
    guard first == 0x7B else {
      // The rest of a record whose start is missing, or another program's output.
      ledger.book(isAfterGap ? .tornLost : .foreign, lines: 1, bytes: line)
      return line
    }
    record.read(&cursor, &memory)
    if cursor.state == .valid {
      return unsafe finishRecord(base, count: count, line: line, end: cursor.position)
    }
    if cursor.state == .incomplete, lineEnd != nil {
      // Pretty-printed: the object goes on in the next lines.
      let limit = unsafe Self.nextRecord(base, count, from: line) ?? count
      cursor = unsafe JSONCursor(base, from: 0, to: limit)
      record.read(&cursor, &memory)
      if cursor.state == .valid {
        let rest = unsafe Self.newline(base + cursor.position, count - cursor.position)
        guard let rest else {
          guard isLast else { return nil }
          return unsafe finishRecord(base, count: count, line: count, end: cursor.position)
        }
        return unsafe finishRecord(
          base, count: count, line: cursor.position + rest + 1, end: cursor.position)
      }
      if cursor.state == .incomplete, limit == count, !isLast { return nil }
    }
    ledger.book(.malformed, lines: 1, bytes: line)
    return line
  }

  /// Books the record that was read and counts its call.
  private mutating func finishRecord(
    _ base: UnsafeRawPointer, count: Int, line: Int, end: Int
  ) -> Int {
    var lines = 1
    if let first = unsafe Self.newline(base, line), first + 1 < line {
      lines = unsafe Self.newlines(base, line)
    }
    let number = ledger.lines + 1
    ledger.book(enter(number), lines: lines, bytes: line)
    return line
  }

  /// Counts the call of ``record``.
  private mutating func enter(_ line: Int) -> FileLedger.LineClass {
    guard record.hasHeader, record.kind != nil || record.isOtherEvent else {
      return record.isInspector ? .malformed : .foreign
    }
    guard let kind = record.kind else { return .knownIgnored }
    guard let rank = record.header.rank, let size = record.header.size, let bytes = record.bytes,
      rank >= 0, size > 0, rank < size, bytes >= 0
    else { return .malformed }
    if kind.isPointToPoint {
      guard let peer = record.peer, peer >= 0, peer < size else { return .malformed }
    }
    let process = facts.process(host: record.host, pid: Int(clamping: record.pid ?? 0))
    let key = TimedFactBuilder.CommunicatorKey(
      process: process, identifier: record.header.identifier.map { UInt64(bitPattern: $0) },
      name: record.header.name, rank: Int(clamping: rank), size: Int(clamping: size))
    guard let communicator = facts.communicator(key) else { return .malformed }
    if let nodes = record.header.nodes, nodes > 0 {
      facts.processes[process].communicators[communicator].nodes = Int(clamping: nodes)
    }
    var call = TimedFactBuilder.Call(kind: kind, dataType: .unknown)
    // The plugin states bytes; the type is not in its output.
    call.elementCount = UInt64(bytes)
    if kind.isPointToPoint { call.peer = Int32(clamping: record.peer ?? 0) }
    call.sequence = record.sequence ?? -1
    call.start = record.startMicroseconds.flatMap { Self.nanoseconds($0) } ?? .min
    call.duration = record.durationMicroseconds.flatMap { Self.nanoseconds($0) } ?? -1
    call.basis = record.basis
    facts.add(call, process: process, communicator: communicator, line: line)
    if let sequence = record.sequence, sequence >= 0 {
      note(sequence, process, communicator, kind)
    }
    return .parsed
  }

  private mutating func note(
    _ sequence: Int64, _ process: Int, _ communicator: Int, _ kind: OperationKind
  ) {
    let key = TripleKey(
      a: UInt64(process), b: UInt64(communicator), c: UInt64(kind.rawValue))
    if let known = sequencePlaces.row(for: key) { return sequences[known].count(sequence) }
    sequencePlaces.set(sequences.count, for: key)
    var new = Sequence(process: process)
    new.count(sequence)
    sequences.append(new)
  }

  private static func nanoseconds(_ microseconds: Int64) -> Int64? {
    guard microseconds >= 0 else { return nil }
    let product = microseconds.multipliedReportingOverflow(by: 1000)
    return product.overflow ? nil : product.partialValue
  }

  mutating func finish() -> TracePartial {
    noteMissingCalls()
    return facts.partial(ledger)
  }

  /// States how many calls have a sequence number below the highest and no record.
  private mutating func noteMissingCalls() {
    var missing = [Int64](repeating: 0, count: facts.processes.count)
    var stated = missing
    for index in 0..<sequences.count {
      let sequence = sequences[index]
      let all = sequence.highest.addingReportingOverflow(1).partialValue
      let process = sequence.process
      stated[process] = stated[process].addingReportingOverflow(all).partialValue
      missing[process] =
        missing[process].addingReportingOverflow(
          max(0, all - sequence.calls)
        ).partialValue
    }
    for (process, count) in missing.enumerated() where count > 0 {
      facts.processes[process].notices.append(
        Notice(
          level: .info,
          text:
            "NCCL Inspector wrote no record of \(count) of \(stated[process]) calls (by sequence number)",
          line: ledger.lines))
    }
  }

  // MARK: - Lines

  private static func newline(_ start: UnsafeRawPointer, _ count: Int) -> Int? {
    guard count > 0, let found = unsafe memchr(start, 0x0A, count) else { return nil }
    return unsafe UnsafeRawPointer(found) - start
  }

  /// The offset after the newline before the next line that begins with a record.
  private static func nextRecord(_ base: UnsafeRawPointer, _ count: Int, from first: Int) -> Int? {
    var start = first
    while start < count {
      var text = unsafe TextCursor(base, from: start, to: count)
      if text.skip("{\"header\"") { return start }
      guard let end = unsafe newline(base + start, count - start) else { return nil }
      start += end + 1
    }
    return nil
  }

  private static func newlines(_ base: UnsafeRawPointer, _ count: Int) -> Int {
    var lines = 0
    var start = 0
    while start < count {
      lines += 1
      guard let end = unsafe newline(base + start, count - start) else { break }
      start += end + 1
    }
    return lines
  }
}
