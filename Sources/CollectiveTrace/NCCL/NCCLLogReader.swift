// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Reads what NCCL and RCCL write with `NCCL_DEBUG=INFO` and more: the only loop over text.
///
///     node07:12345:12401 [3] NCCL INFO AllReduce: opCount 1f sendbuff 0x7f.. ... stream 0x55..
///     ------ ----- -----  -       ----  ...
///     host   pid   tid    CUDA    level message
///                         ordinal
///
/// - A head may have anything before it (launcher prefixes, timestamps) and a line may hold several
///   heads: processes that share a file or pipe cut each other's lines. Only messages that match a
///   known format to their end count; the rest is booked as torn.
/// - Each line takes the shortest of three ways: *fast* (head and tail are in ``LineMemo``),
///   *message* (head and message are), *slow* (parse, then remember).
@safe
struct NCCLLogReader: FormatReader, ~Copyable {
  static let recordsAreLines = true

  var store: FactStore
  var ledger: FileLedger
  var memo = LineMemo()
  var shapes = ShapeTable()
  var ras = RASTextReader()
  var rasDocuments = RASJSONReader()
  /// What text lines outside NCCL's messages continue, from the line before.
  var continuation = Continuation.none
  /// Host names seen at clean line starts.
  var hosts: Set<String> = []
  /// Host names by process id, to repair a head that was cut.
  var hostsByPid: [Int: [String]] = [:]
  /// Processes that printed an init line, so that their communicators are known.
  var processesWithInit: Set<Int> = []
  /// Per process: whether operation lines come from subsystem COLL or from the call trace.
  var callSource: [Int: CallSource] = [:]
  /// Where an edge or a connection stands in the facts of its communicator.
  var edges: [EdgeKey: Int] = [:]
  var connections: [ConnectionKey: Int] = [:]
  /// The same for connections of a process whose communicator could not be told.
  var unplaced: [UnplacedKey: Int] = [:]
  /// A version line without a head; it belongs to whoever printed to this stream.
  var bareVersion: LibraryVersion?
  var isAfterGap = false
  var scratch: [UInt8] = []
  /// Whether the last line that took the slow way was read from ``scratch``.
  var isUnwrapped = false
  /// Tables of nccl-tests among the lines.
  var benchmarks = BenchmarkTable()
  /// Headers of launchers among the lines.
  var launches = LaunchHeader()

  /// The text itself, where it may be a file that launches a job; `nil` when it is too long for one.
  private var launchText: [UInt8]?

  enum CallSource { case collective, callTrace }
  enum Continuation { case none, matrix, warning, rcclVersion }

  init(file: String, maximumKeys: Int, mayLaunch: Bool = false) {
    store = FactStore(maximumKeys: maximumKeys)
    ledger = FileLedger(file: file)
    launchText = mayLaunch ? [] : nil
  }

  // MARK: - The loop

  /// Consumes whole lines of `base[0..<count]` and returns how many bytes it took.
  ///
  /// - Precondition: ``LineMemo/reach`` bytes after `count` are readable.
  mutating func consume(_ base: UnsafeRawPointer, count: Int) -> Int {
    var position = 0
    // Kept outside `self` while the loop runs fast.
    var fast = FastCounts()
    while position < count {
      let line = unsafe base + position
      let limit = count - position
      if unsafe line.load(as: UInt8.self) == 0x0A {
        fast.blankLines += 1
        position += 1
        continue
      }
      var head: LineMemo.Head?
      var headStart = 0
      if limit > LineMemo.reach / 2 {
        headStart = unsafe Self.timestampLength(line)
        head = unsafe memo.head(at: line + headStart)
      }
      if let head {
        let messageStart = headStart + Int(head.length)
        let taken = unsafe fastOperation(
          line, messageStart: messageStart, thread: Int(head.thread),
          lineNumber: ledger.lines + fast.lines + 1)
        if taken > 0 {
          position += taken
          fast.parsedLines += 1
          fast.parsedBytes += taken
          continue
        }
        if let end = unsafe Self.newline(line + messageStart, limit - messageStart) {
          let length = messageStart + end
          let process = Int32(truncatingIfNeeded: store.process(of: Int(head.thread)))
          if let entry = unsafe memo.message(
            at: line + messageStart, length: end, process: process)
          {
            if entry.action == .ignored {
              fast.ignoredLines += 1
              fast.ignoredBytes += length + 1
            } else {
              _ = store.countTuning(
                thread: Int(head.thread), kind: entry.kind, bytes: entry.count,
                choice: Int(entry.row))
              fast.parsedLines += 1
              fast.parsedBytes += length + 1
            }
            position += length + 1
            continue
          }
        }
      }
      guard let length = unsafe Self.newline(line, limit) else { break }
      book(&fast)
      unsafe slowLine(line, length: length, bytes: length + 1)
      position += length + 1
    }
    book(&fast)
    ledger.bytes += position
    unsafe keep(base, count: position)
    return position
  }

  /// Keeps the text of a file that may launch a job: such files are short.
  private mutating func keep(_ base: UnsafeRawPointer, count: Int) {
    guard let kept = launchText?.count else { return }
    if count > LaunchFile.maximumBytes - kept {
      launchText = nil
    } else {
      unsafe launchText?.append(contentsOf: UnsafeRawBufferPointer(start: base, count: count))
    }
  }

  /// What a file that launches a job states; a log that begins like one is not one.
  private func launchFacts() -> [LaunchFacts] {
    guard let launchText, !isAfterGap,
      let text = String(validating: launchText, as: UTF8.self)
    else { return [] }
    return LaunchFile.read(text, file: ledger.file) ?? []
  }

  /// Lines that took a short way since the last slow one, kept in registers.
  private struct FastCounts {
    var parsedLines = 0
    var parsedBytes = 0
    var ignoredLines = 0
    var ignoredBytes = 0
    var blankLines = 0
    var lines: Int { parsedLines + ignoredLines + blankLines }
  }

  private mutating func book(_ fast: inout FastCounts) {
    guard fast.lines > 0 else { return }
    ledger.lines += fast.lines
    ledger[.parsed].lines += fast.parsedLines
    ledger[.parsed].bytes += fast.parsedBytes
    ledger[.knownIgnored].lines += fast.ignoredLines
    ledger[.knownIgnored].bytes += fast.ignoredBytes
    ledger[.foreign].lines += fast.blankLines
    ledger[.foreign].bytes += fast.blankLines
    isAfterGap = false
    // An empty line may stand inside a message of several lines.
    if fast.parsedLines + fast.ignoredLines > 0 { continuation = .none }
    fast = FastCounts()
  }

  /// Books a last line that has no newline, because the text ends so or was cut (`isCut`).
  mutating func consumeUnfinished(_ base: UnsafeRawPointer, count: Int, isCut: Bool) {
    guard count > 0 else { return }
    ledger.bytes += count
    unsafe keep(base, count: count)
    unsafe slowLine(base, length: count, bytes: count, isUnfinished: true, isCut: isCut)
  }

  /// Books a line that is longer than the limit.
  mutating func bookOversizeLine(bytes: Int) {
    ledger.book(.malformed, bytes: bytes)
  }

  /// Ends the file: closes open exchanges and hands over the facts.
  mutating func finish() -> TracePartial {
    var partial = TracePartial()
    partial.processes = store.finish()
    let stated = partial.processes.isEmpty ? launchFacts() : []
    for index in partial.processes.indices where partial.processes[index].version == nil {
      partial.processes[index].version = bareVersion
    }
    ledger.coarsenedCalls = store.coarsenedCalls
    ledger.unrecognisedShapes = shapes.ranked()
    partial.benchmarks = benchmarks.finish()
    partial.launches = stated.isEmpty ? launches.finish() : stated
    rasDocuments.finish()
    ledger.rasReports = (ras.reports + rasDocuments.reports).sorted { $0.line < $1.line }
    if !partial.processes.isEmpty || !partial.benchmarks.isEmpty {
      ledger.format = TraceFormat.ncclLog.name
    } else if !ledger.rasReports.isEmpty {
      ledger.format = TraceFormat.ncclRAS.name
    } else if !stated.isEmpty {
      ledger.format = TraceFormat.launchFile.name
    }
    partial.files = [ledger]
    return partial
  }

  @inline(__always)
  private static func newline(_ start: UnsafeRawPointer, _ count: Int) -> Int? {
    guard count > 0, let found = unsafe memchr(start, 0x0A, count) else { return nil }
    return unsafe UnsafeRawPointer(found) - start
  }

  /// Length of a leading timestamp that changes from line to line, so that heads can be compared.
  ///
  /// `[2025-03-01 12:34:56] ` (NCCL 2.26 and later) and `2025-03-01T12:34:56.123Z ` (containers).
  @inline(__always)
  static func timestampLength(_ line: UnsafeRawPointer) -> Int {
    let word = unsafe LineMemo.load(line, 0)
    let first = UInt8(truncatingIfNeeded: word)
    if first == 0x5B {
      // "[dddd-dd": digits at 1...4, a dash at 5.
      guard UInt8(truncatingIfNeeded: word >> 40) == 0x2D,
        UInt8(truncatingIfNeeded: word >> 8) &- 0x30 < 10
      else { return 0 }
      var offset = 20
      while offset < 40 {
        if unsafe line.load(fromByteOffset: offset, as: UInt8.self) == 0x5D {
          return unsafe line.load(fromByteOffset: offset + 1, as: UInt8.self) == 0x20
            ? offset + 2 : 0
        }
        offset += 1
      }
      return 0
    }
    guard first &- 0x30 < 10, UInt8(truncatingIfNeeded: word >> 32) == 0x2D,
      UInt8(truncatingIfNeeded: word >> 56) == 0x2D
    else { return 0 }
    var offset = 16
    while offset < 40 {
      if unsafe line.load(fromByteOffset: offset, as: UInt8.self) == 0x20 { return offset + 1 }
      offset += 1
    }
    return 0
  }

  // MARK: - The fast way

  /// Name of an operation by its first eight bytes, and the offset of `: opCount `.
  @inline(__always)
  private static func operation(_ word: UInt64) -> (kind: OperationKind, nameLength: Int)? {
    switch word {
    case 0x6375_6465_526c_6c41: (.allReduce, 9)  // AllReduc
    case 0x6568_7461_476c_6c41: (.allGather, 9)  // AllGathe
    case 0x6353_6563_7564_6552: (.reduceScatter, 13)  // ReduceSc
    case 0x7361_6364_616f_7242: (.broadcast, 9)  // Broadcas
    case 0x706f_203a_646e_6553: (.send, 4)  // Send: op
    case 0x706f_203a_7663_6552: (.recv, 4)  // Recv: op
    case 0x6c6c_416f_746c_6c41: (.allToAll, 8)  // AlltoAll
    case 0x203a_6563_7564_6552: (.reduce, 6)  // Reduce:_
    default: nil
    }
  }

  /// Counts an operation line whose tail is remembered; returns the bytes taken, or 0.
  ///
  /// - Precondition: half of ``LineMemo/reach`` bytes from `line` are readable text of the window.
  @inline(__always)
  private mutating func fastOperation(
    _ line: UnsafeRawPointer, messageStart: Int, thread: Int, lineNumber: Int
  ) -> Int {
    let message = unsafe line + messageStart
    guard let (kind, nameLength) = unsafe Self.operation(LineMemo.load(message, 0)) else {
      return 0
    }
    // ": opCoun" and "t ".
    let name = unsafe message + nameLength
    guard unsafe LineMemo.load(name, 0) == 0x6e75_6f43_706f_203a,
      unsafe LineMemo.load(name, 2) == 0x2074_6e75_6f43_706f
    else { return 0 }
    // Digits of opCount up to the blank: at most seven here.
    let digits = unsafe name + 10
    let word = unsafe LineMemo.load(digits, 0)
    let blanks = word ^ 0x2020_2020_2020_2020
    let zero = (blanks &- 0x0101_0101_0101_0101) & ~blanks & 0x8080_8080_8080_8080
    guard zero != 0 else { return 0 }
    let digitCount = zero.trailingZeroBitCount >> 3
    guard digitCount > 0 else { return 0 }
    let digitMask = (UInt64(1) << UInt64(digitCount * 8)) &- 1
    guard LineMemo.isHex((word & digitMask) | (0x3030_3030_3030_3030 & ~digitMask)) else {
      return 0
    }
    // " sendbuff 0x" + 12 digits + " recvbuff 0x" + 12 digits, the shape of nearly every line;
    // `(nil)` buffers of sends and receives take the other branch.
    let send = unsafe digits + digitCount
    guard unsafe LineMemo.load(send, 0) == 0x6675_6264_6e65_7320,  // " sendbuf"
      unsafe LineMemo.load(send, 2) == 0x2066_6675_6264_6e65  // "endbuff "
    else { return 0 }
    let sendLength = unsafe Self.pointerLength(send + 10)
    guard sendLength > 0 else { return 0 }
    let receive = unsafe send + 10 + sendLength
    guard unsafe LineMemo.load(receive, 0) == 0x6675_6276_6365_7220,  // " recvbuf"
      unsafe LineMemo.load(receive, 2) == 0x2066_6675_6276_6365  // "ecvbuff "
    else { return 0 }
    let receiveLength = unsafe Self.pointerLength(receive + 10)
    guard receiveLength > 0 else { return 0 }
    let tail = unsafe receive + 10 + receiveLength
    let process = store.threads[thread].process
    // The digits in the order that the slow way packs them, so that both compare.
    let operationCount = (word & digitMask).byteSwapped >> UInt64(64 - digitCount * 8)
    guard
      let entry = unsafe memo.tail(at: tail, kind: kind, process: process, epoch: store.epoch)
        ?? newTail(tail, kind: kind, thread: thread)
    else { return 0 }
    if entry.action == .collective {
      if kind == .allGather {
        unsafe store.noteGather(
          row: Int(entry.row), communicator: Int(entry.communicator),
          buffers: GatherBuffers(
            send: send + 10, sendLength, receive: receive + 10, receiveLength))
      }
      store.countCollective(
        row: Int(entry.row), communicator: Int(entry.communicator), thread: thread,
        elementCount: entry.count, line: lineNumber)
    } else {
      store.countPointToPoint(
        kind: kind, dataType: entry.dataType, reduction: entry.reduction, peer: entry.peer,
        elementCount: entry.count, operationCount: operationCount,
        communicator: Int(entry.communicator), thread: thread, line: lineNumber)
    }
    return unsafe (tail - line) + Int(entry.length) + 1
  }

  /// Parses a tail that is not remembered and remembers it; `nil` for anything out of the ordinary.
  ///
  ///      count 4096 datatype 9 op 0 root 0 comm 0x55d0c0ffee00 [nranks=8] stream 0x55d0deadbe00
  ///
  /// Logs in which no tail recurs (a new stream or size on every line) live on this path. Whatever
  /// is not the plain form on a known, live communicator is left to the slow way.
  ///
  /// - Precondition: the longest tail of this form is readable.
  @inline(never)
  private mutating func newTail(_ tail: UnsafeRawPointer, kind: OperationKind, thread: Int)
    -> LineMemo.Entry?
  {
    // " count " and, after each number, the next label.
    guard unsafe LineMemo.load(tail, 0) & 0xFF_FFFF_FFFF_FFFF == 0x20_746e_756f_6320 else {
      return nil
    }
    var offset = 7
    guard let count = unsafe Self.digits(tail, &offset, limit: 18),
      unsafe LineMemo.load(tail, offset) == 0x7079_7461_7461_6420,  // " datatyp"
      unsafe LineMemo.load(tail, offset + 2) == 0x2065_7079_7461_7461  // "atatype "
    else { return nil }
    offset += 10
    guard let dataType = unsafe Self.digits(tail, &offset, limit: 2),
      unsafe LineMemo.load(tail, offset) & 0xFFFF_FFFF == 0x2070_6f20  // " op "
    else { return nil }
    offset += 4
    guard let reduction = unsafe Self.digits(tail, &offset, limit: 9),
      unsafe LineMemo.load(tail, offset) & 0xFFFF_FFFF_FFFF == 0x2074_6f6f_7220  // " root "
    else { return nil }
    offset += 6
    guard let root = unsafe Self.digits(tail, &offset, limit: 8),
      unsafe LineMemo.load(tail, offset) & 0xFFFF_FFFF_FFFF == 0x206d_6d6f_6320  // " comm "
    else { return nil }
    offset += 6
    guard unsafe Self.pointerLength(tail + offset) == 14 else { return nil }
    let pointer = unsafe Self.pointer(tail + offset, 14)
    offset += 14
    guard unsafe LineMemo.load(tail, offset) == 0x736b_6e61_726e_5b20 else {  // " [nranks"
      return nil
    }
    offset += 8
    guard unsafe tail.load(fromByteOffset: offset, as: UInt8.self) == 0x3D else { return nil }
    offset += 1
    guard let size = unsafe Self.digits(tail, &offset, limit: 8),
      unsafe LineMemo.load(tail, offset) == 0x6d61_6572_7473_205d,  // "] stream"
      unsafe tail.load(fromByteOffset: offset + 8, as: UInt8.self) == 0x20
    else { return nil }
    offset += 9
    let streamLength = unsafe Self.pointerLength(tail + offset)
    offset += streamLength
    guard streamLength > 0, unsafe tail.load(fromByteOffset: offset, as: UInt8.self) == 0x0A else {
      return nil
    }
    let process = store.threads[thread].process
    guard let communicator = store.communicator(pointer: pointer, process: Int(process)),
      !store.communicators[communicator].ended,
      store.communicators[communicator].size == Int32(truncatingIfNeeded: size)
    else { return nil }
    var entry = LineMemo.Entry()
    entry.kind = kind
    entry.dataType = UInt8(truncatingIfNeeded: dataType)
    entry.process = process
    entry.communicator = Int32(truncatingIfNeeded: communicator)
    entry.count = count
    entry.peer = Int32(truncatingIfNeeded: root)
    entry.reduction = UInt32(truncatingIfNeeded: reduction)
    entry.epoch = store.epoch
    if kind.isPointToPoint {
      entry.action = .pointToPoint
    } else {
      entry.action = .collective
      entry.row = Int32(
        truncatingIfNeeded: store.callRow(
          for: OperationRecord(
            kind: kind, dataType: entry.dataType, reduction: entry.reduction, peer: entry.peer,
            elementCount: count, communicator: pointer, size: Int32(truncatingIfNeeded: size),
            operationCount: 0, rank: -1),
          communicator: communicator, shape: .single))
    }
    unsafe memo.remember(tail: tail, length: offset, entry: entry)
    entry.length = UInt16(truncatingIfNeeded: offset)
    return entry
  }

  /// Reads decimal digits at `offset`, at most `limit` of them.
  @inline(__always)
  private static func digits(_ base: UnsafeRawPointer, _ offset: inout Int, limit: Int)
    -> UInt64?
  {
    let start = offset
    var value: UInt64 = 0
    while true {
      let digit = unsafe base.load(fromByteOffset: offset, as: UInt8.self) &- 0x30
      guard digit < 10 else { break }
      value = value &* 10 &+ UInt64(digit)
      offset += 1
      guard offset - start <= limit else { return nil }
    }
    return offset > start ? value : nil
  }

  /// The value of a pointer of known length: `0x` and 12 digits, else `(nil)`.
  @inline(__always)
  private static func pointer(_ start: UnsafeRawPointer, _ length: Int) -> UInt64 {
    guard length == 14 else { return 0 }
    let high = unsafe LineMemo.hexValue(LineMemo.load(start, 2))
    let low = unsafe LineMemo.hexValue(LineMemo.load(start, 6))
    return high << 16 | (low & 0xFFFF)
  }

  /// Length of `0x` and 12 hexadecimal digits, or of `(nil)`; 0 for anything else.
  @inline(__always)
  private static func pointerLength(_ start: UnsafeRawPointer) -> Int {
    let word = unsafe LineMemo.load(start, 0)
    if word & 0xFFFF == 0x7830 {
      guard unsafe LineMemo.isHex(LineMemo.load(start, 2)),
        unsafe LineMemo.isHex(LineMemo.load(start, 6))
      else { return 0 }
      return 14
    }
    return word & 0xFF_FFFF_FFFF == 0x29_6c69_6e28 ? 5 : 0
  }
}
