// SPDX-License-Identifier: Apache-2.0

/// What each message adds to the facts.
extension NCCLLogReader {
  /// Reads one message and remembers what it was.
  ///
  /// The message ends at `end`, which is before the line's end in a glued line (`isTorn`), where
  /// all but the last may lack their end (`isCut`). The memo may learn the bytes only if they are a line of the window (`canRemember`).
  mutating func message(
    _ line: UnsafeRawPointer, anchor: Anchor, cursor whole: TextCursor, end: Int, isTorn: Bool,
    isCut: Bool, canRemember: Bool
  ) -> FileLedger.LineClass {
    if !anchor.hasHead, !hosts.isEmpty {
      return unsafe headless(line, from: anchor.message, to: end, level: anchor.level)
    }
    let thread = thread(of: anchor, cursor: whole, isTorn: isTorn)
    let process = store.process(of: thread)
    let lineNumber = ledger.lines
    var cursor = unsafe TextCursor(line, from: anchor.message, to: end)
    while cursor.end > cursor.position, cursor.byte(at: cursor.end - 1) == 0x20 {
      cursor = unsafe TextCursor(line, from: anchor.message, to: cursor.end - 1)
    }
    if canRemember, anchor.level == .info, anchor.hasHead {
      let headStart = anchor.message > 48 ? unsafe Self.timestampLength(line) : 0
      let length = anchor.message - headStart
      if headStart <= anchor.start {
        unsafe memo.remember(head: line + headStart, length: length, thread: thread)
      }
      if anchor.start > 0, store.processes[process].launcherRank == nil {
        store.processes[process].launcherRank = Self.launcherRank(whole, end: anchor.start)
      }
    }
    switch anchor.level {
    case .info:
      return unsafe information(
        line, cursor: cursor, thread: thread, process: process, lineNumber: lineNumber,
        isCut: isCut, canRemember: canRemember && anchor.hasHead)
    case .call:
      return callTrace(cursor, thread: thread, process: process, lineNumber: lineNumber)
    case .warning, .abort:
      let text = cursor.text(from: cursor.position, to: cursor.end)
      guard !text.isEmpty else { return .tornLost }
      store.notice(
        text, level: anchor.level == .abort ? .error : .warning, process: process,
        line: lineNumber)
      if let complaint = cursor.peerComplaint(line: lineNumber) {
        store.complaint(complaint, process: process)
      }
      continuation = .warning
      return .parsed
    case .trace:
      return .knownIgnored
    }
  }

  /// Reads a message that lost its head in a file where heads are whole.
  ///
  /// Only an operation on a communicator that one process uses can be told to be somebody's.
  private mutating func headless(
    _ line: UnsafeRawPointer, from start: Int, to end: Int, level: Anchor.Level
  ) -> FileLedger.LineClass {
    var record = OperationRecord.empty
    var tailStart = 0
    var text = unsafe TextCursor(line, from: start, to: end)
    guard level == .info, text.readOperation(into: &record, tailStart: &tailStart) == .parsed,
      let communicator = store.onlyCommunicator(pointer: record.communicator),
      store.communicators[communicator].firstThread >= 0,
      store.communicators[communicator].size == record.size,
      !store.communicators[communicator].ended
    else { return .tornLost }
    _ = count(
      record, communicator: communicator,
      thread: Int(store.communicators[communicator].firstThread), lineNumber: ledger.lines)
    return .tornRecovered
  }

  // MARK: - INFO

  private mutating func information(
    _ line: UnsafeRawPointer, cursor: TextCursor, thread: Int, process: Int, lineNumber: Int,
    isCut: Bool, canRemember: Bool
  ) -> FileLedger.LineClass {
    var record = OperationRecord.empty
    var tailStart = 0
    var text = cursor
    switch text.readOperation(into: &record, tailStart: &tailStart) {
    case .parsed:
      if processesWithInit.contains(process),
        store.isForeign(pointer: record.communicator, process: process)
      {
        return .tornLost
      }
      callSource[process] = .collective
      var entry = count(record, thread: thread, process: process, lineNumber: lineNumber)
      if canRemember, record.rank < 0 {
        entry.epoch = store.epoch
        unsafe memo.remember(
          tail: line + tailStart, length: cursor.end - tailStart, entry: entry)
      }
      return .parsed
    case .torn: return .tornLost
    case .malformed: return .malformed
    case .other: break
    }

    text = cursor
    var lifecycle = LifecycleRecord()
    switch text.readLifecycle(into: &lifecycle) {
    case .parsed:
      apply(lifecycle, thread: thread, process: process, lineNumber: lineNumber)
      return .parsed
    case .malformed: return .malformed
    case .torn, .other: break
    }

    text = cursor
    if let tuning = readTuning(&text) {
      let choice = store.choice(tuning.choice)
      _ = store.countTuning(
        thread: thread, kind: tuning.kind, bytes: tuning.bytes, choice: choice)
      if canRemember {
        unsafe memo.remember(
          message: line + cursor.position, length: cursor.end - cursor.position,
          entry: LineMemo.Entry(
            action: .tuning, kind: tuning.kind, process: Int32(truncatingIfNeeded: process),
            row: Int32(truncatingIfNeeded: choice), count: tuning.bytes))
      }
      return .parsed
    }
    text = cursor
    if readSetting(&text, thread: thread, process: process) { return .parsed }

    let message = unsafe UnsafeRawBufferPointer(
      start: line + cursor.position, count: cursor.remaining)
    guard unsafe MessageCatalogue.shared.match(message, level: .info) != nil else {
      return unknown(cursor, line: lineNumber)
    }
    // Never remembered: the same text belongs to another communicator the next time.
    switch readWiring(cursor, thread: thread, process: process, isCut: isCut) {
    case .used: return .parsed
    case .unused: return .knownIgnored
    case .other: break
    }
    if cursor.starts(with: "Enabled NCCL Func/Proto/Algo Matrix") { continuation = .matrix }
    if Self.isNoteworthy(cursor) {
      store.notice(
        cursor.text(from: cursor.position, to: cursor.end), level: .info, process: process,
        line: lineNumber)
    }
    if cursor.starts(with: "Bootstrap") || cursor.starts(with: "NET/"),
      cursor.find("Using") != nil
    {
      store.addresses(cursor.interfaceAddresses(), process: process)
    }
    if canRemember {
      unsafe memo.remember(
        message: line + cursor.position, length: cursor.remaining,
        entry: LineMemo.Entry(
          action: .ignored, process: Int32(truncatingIfNeeded: process)))
    }
    return .knownIgnored
  }

  /// Whether findings need the text of a message: which devices there are, and why one is not used.
  private static func isNoteworthy(_ cursor: TextCursor) -> Bool {
    switch cursor.next {
    case 0x4E:  // N
      cursor.starts(with: "NET/IB : Using") || cursor.starts(with: "NET/IB : No device")
        || cursor.starts(with: "NET/IB : GPU Direct RDMA Disabled")
        || cursor.starts(with: "NET/Socket : Using")
    case 0x50: cursor.starts(with: "P2P is disabled between")
    case 0x47: cursor.starts(with: "GPU Direct RDMA Disabled for")
    default: false
    }
  }

  /// Books a message that no format matches: torn if it looks like a piece, else unrecognised.
  private mutating func unknown(_ cursor: TextCursor, line: Int) -> FileLedger.LineClass {
    // NCCL up to 2.28 cuts a line at 1,023 bytes, head included.
    if cursor.end >= 1022, cursor.end <= 1024 { return .tornLost }
    for mark: StaticString in [
      "opCount ", " sendbuff 0x", " recvbuff 0x", "[nranks=", " comm 0x", "] stream ",
      " datatype ",
    ] where cursor.find(mark) != nil {
      return .tornLost
    }
    if cursor.isAtEnd { return .tornLost }
    shapes.count(cursor, from: cursor.position, to: cursor.end, line: line)
    return .unrecognised
  }

  /// Counts one operation and returns what the memo may remember of it.
  private mutating func count(
    _ record: OperationRecord, thread: Int, process: Int, lineNumber: Int
  ) -> LineMemo.Entry {
    let communicator = store.communicatorForUse(
      pointer: record.communicator, thread: thread, line: lineNumber)
    if record.size > 0 {
      if store.communicators[communicator].size <= 0 {
        store.communicators[communicator].size = record.size
      } else if store.communicators[communicator].size != record.size {
        // Another communicator lives at this pointer and its init line was lost.
        let fresh = store.beginCommunicator(
          pointer: record.communicator, thread: thread, line: lineNumber)
        store.communicators[fresh].size = record.size
        return count(record, communicator: fresh, thread: thread, lineNumber: lineNumber)
      }
    }
    return count(record, communicator: communicator, thread: thread, lineNumber: lineNumber)
  }

  private mutating func count(
    _ record: OperationRecord, communicator: Int, thread: Int, lineNumber: Int
  ) -> LineMemo.Entry {
    if record.rank >= 0, store.communicators[communicator].rank < 0,
      record.rank < store.communicators[communicator].size
    {
      store.communicators[communicator].rank = record.rank
    }
    var entry = LineMemo.Entry()
    entry.kind = record.kind
    entry.dataType = record.dataType
    entry.process = store.threads[thread].process
    entry.communicator = Int32(truncatingIfNeeded: communicator)
    entry.count = record.elementCount
    entry.peer = record.peer
    entry.reduction = record.reduction
    if record.kind.isPointToPoint {
      entry.action = .pointToPoint
      store.countPointToPoint(
        kind: record.kind, dataType: record.dataType, reduction: record.reduction,
        peer: record.peer, elementCount: record.elementCount,
        operationCount: record.operationCount, communicator: communicator, thread: thread,
        line: lineNumber)
    } else {
      let row = store.callRow(for: record, communicator: communicator, shape: .single)
      entry.action = .collective
      entry.row = Int32(truncatingIfNeeded: row)
      if record.kind == .allGather {
        store.noteGather(
          row: row, communicator: communicator,
          buffers: GatherBuffers(send: record.sendBuffer, receive: record.receiveBuffer))
      }
      store.countCollective(
        row: row, communicator: communicator, thread: thread,
        elementCount: record.elementCount, line: lineNumber)
    }
    return entry
  }

  // MARK: - CALL

  /// The API call trace repeats each operation line; it counts only where COLL was off.
  private mutating func callTrace(
    _ cursor: TextCursor, thread: Int, process: Int, lineNumber: Int
  ) -> FileLedger.LineClass {
    var record = OperationRecord.empty
    var text = cursor
    switch text.readOperationCall(into: &record) {
    case .parsed:
      guard callSource[process] != .collective else { return .knownIgnored }
      callSource[process] = .callTrace
      _ = count(record, thread: thread, process: process, lineNumber: lineNumber)
      return .parsed
    case .torn: return .tornLost
    case .malformed: return .malformed
    case .other: break
    }
    let isKnown = unsafe cursor.withBytes {
      unsafe MessageCatalogue.shared.match($0, level: .call) != nil
    }
    return isKnown ? .knownIgnored : unknown(cursor, line: lineNumber)
  }

  // MARK: - Life cycle

  private mutating func apply(
    _ record: LifecycleRecord, thread: Int, process: Int, lineNumber: Int
  ) {
    let live = store.communicator(pointer: record.pointer, process: process)
    switch record.event {
    case .initStart, .initComplete:
      processesWithInit.insert(process)
      let isComplete = record.event == .initComplete
      var index = live
      if let known = live, beginsNewLife(record, known, isComplete: isComplete) { index = nil }
      let communicator =
        index
        ?? store.beginCommunicator(pointer: record.pointer, thread: thread, line: lineNumber)
      fill(communicator, from: record, thread: thread, process: process)
      if isComplete {
        store.facts[communicator].initCompleted = true
        store.threads[thread].completed = Int32(truncatingIfNeeded: communicator)
        store.threads[thread].initialising = -1
      } else {
        store.facts[communicator].initStarted = true
        store.threads[thread].initialising = Int32(truncatingIfNeeded: communicator)
        if let name = store.takePendingName(thread: thread) {
          store.facts[communicator].name = name
        }
      }
    case .layout:
      let communicator = store.communicatorForUse(
        pointer: record.pointer, thread: thread, line: lineNumber)
      fill(communicator, from: record, thread: thread, process: process)
      store.threads[thread].initialising = Int32(truncatingIfNeeded: communicator)
    case .destroyed, .aborted, .revoked:
      guard let live, !store.communicators[live].ended else { return }
      if store.communicators[live].rank < 0, record.rank >= 0 {
        store.communicators[live].rank = Int32(clamping: record.rank)
      }
      store.endCommunicator(
        live,
        as: record.event == .destroyed
          ? .destroyed : record.event == .aborted ? .aborted : .revoked)
    case .abortStarted, .revokeStarted:
      break
    }
    narrowVersion(record, process: process)
  }

  /// Whether an init line opens another life of its pointer.
  private func beginsNewLife(_ record: LifecycleRecord, _ known: Int, isComplete: Bool) -> Bool {
    let hot = store.communicators[known]
    let cold = store.facts[known]
    if hot.ended || cold.initCompleted { return true }
    if hot.calls > 0, !cold.initStarted { return true }
    if hot.rank >= 0, Int(hot.rank) != record.rank { return true }
    if hot.size > 0, Int(hot.size) != record.size { return true }
    if let old = cold.identifier, let new = record.identifier, old != new { return true }
    return false
  }

  private mutating func fill(
    _ communicator: Int, from record: LifecycleRecord, thread: Int, process: Int
  ) {
    store.communicators[communicator].rank = Int32(clamping: record.rank)
    store.communicators[communicator].size = Int32(clamping: record.size)
    store.facts[communicator].cudaDevice =
      record.cudaDevice ?? store.facts[communicator].cudaDevice
    store.facts[communicator].nvmlDevice =
      record.nvmlDevice ?? store.facts[communicator].nvmlDevice
    store.facts[communicator].busID = record.busID ?? store.facts[communicator].busID
    store.facts[communicator].identifier =
      record.identifier ?? store.facts[communicator].identifier
    store.facts[communicator].splitOrdinal =
      record.splitOrdinal ?? store.facts[communicator].splitOrdinal
    store.facts[communicator].color = record.color ?? store.facts[communicator].color
    store.facts[communicator].key = record.key ?? store.facts[communicator].key
    store.facts[communicator].nodes = record.nodes ?? store.facts[communicator].nodes
    store.facts[communicator].localRanks =
      record.localRanks ?? store.facts[communicator].localRanks
    store.facts[communicator].localRank =
      record.localRank ?? store.facts[communicator].localRank
    if !record.function.isEmpty { store.facts[communicator].createdBy = record.function }
    if let parent = record.parent, parent != 0, store.facts[communicator].parent == nil {
      store.facts[communicator].parent = store.communicator(pointer: parent, process: process)
    }
  }

  /// What the form of an init line says about the release, for logs without a version line.
  private mutating func narrowVersion(_ record: LifecycleRecord, process: Int) {
    var low = 2003
    var high = 9999
    if record.hasRankPrefix || record.usesChildCount {
      low = 2029
    } else if record.splitOrdinal != nil {
      low = 2024
      high = 2028
    } else if !record.function.isEmpty {
      low = 2021
    } else if record.nodes != nil {
      low = 2020
    } else if record.identifier != nil {
      low = 2016
      high = 2020
    } else if record.event == .initComplete, record.busID != nil {
      high = 2015
    }
    let old = store.processes[process].versionBounds ?? 2003...9999
    let newLow = max(old.lowerBound, low)
    let newHigh = min(old.upperBound, high)
    if newLow <= newHigh { store.processes[process].versionBounds = newLow...newHigh }
  }

  // MARK: - Tuning

  /// Reads a TUNING line.
  ///
  ///     AllReduce: 8192 Bytes -> Algo RING proto LL channel{Lo..Hi}={0..1}
  ///     AllReduce [Symmetric]: 8192 Bytes -> Kernel AllReduce_AGxLL_R nchannels 8 nthreads 512
  ///     8192 Bytes -> Algo 1 proto 0 time 12.100000
  private func readTuning(_ text: inout TextCursor)
    -> (kind: OperationKind, bytes: UInt64, choice: TuningChoice)?
  {
    var kind = OperationKind.unnamed
    var special = ""
    if text.next &- 0x30 >= 10 {
      let start = text.position
      var stop = start
      while TextCursor.isNameByte(text.byte(at: stop)) { stop += 1 }
      guard stop > start, let named = text.operationKind(upTo: stop) else { return nil }
      kind = named
      text.position = stop
      if text.skip(" [Symmetric]") {
        special = "symmetric"
      } else if text.skip(" [Copy Engine]") || text.skip(" [Hierarchical CE]") {
        special = "copy_engine"
      }
      guard text.skip(": ") else { return nil }
    }
    guard let bytes = text.decimal(), text.skip(" Bytes -> ") else { return nil }
    if !special.isEmpty {
      return (kind, bytes, TuningChoice(algorithm: special, protocol: ""))
    }
    guard text.skip("Algo ") else { return nil }
    let algorithm: String
    if let number = text.signed() {
      algorithm = Self.algorithm(number: number)
    } else {
      let start = text.position
      while TextCursor.isNameByte(text.next) { text.position += 1 }
      algorithm = text.text(from: start, to: text.position, limit: 32).lowercased()
    }
    guard text.skip(" proto ") else { return nil }
    let `protocol`: String
    if let number = text.signed() {
      let names = ["ll", "ll128", "simple"]
      `protocol` = names.indices.contains(number) ? names[number] : "unknown"
    } else {
      let start = text.position
      while TextCursor.isNameByte(text.next) { text.position += 1 }
      `protocol` = text.text(from: start, to: text.position, limit: 32).lowercased()
    }
    if text.skip(" time ") { guard text.fraction() != nil else { return nil } }
    if text.skip(" channel{Lo..Hi}={") {
      guard text.signed() != nil, text.skip(".."), text.signed() != nil, text.skip("}") else {
        return nil
      }
    }
    text.skipBlanks()
    guard text.isAtEnd, !algorithm.isEmpty else { return nil }
    return (kind, bytes, TuningChoice(algorithm: algorithm, protocol: `protocol`))
  }

  /// Algorithm numbers of the TUNING lines of 2.20 to 2.23.
  private static func algorithm(number: Int) -> String {
    let names = [
      "tree", "ring", "collnet_direct", "collnet_chain", "nvls", "nvls_tree", "pat",
    ]
    return names.indices.contains(number) ? names[number] : "unknown"
  }

  // MARK: - Settings

  /// Reads version, network, channels, timing, name and environment lines.
  private mutating func readSetting(_ text: inout TextCursor, thread: Int, process: Int) -> Bool {
    let start = text.position
    switch text.next {
    case 0x4E, 0x52:  // N, R
      if readVersion(&text, thread: thread) { return true }
    case 0x55:
      if text.skip("Using network ") || text.skip("Using internal Network ")
        || text.skip("Using external Network ")
      {
        let name = text.text(from: text.position, to: text.end, limit: 64)
        if !name.isEmpty, !store.processes[process].networks.contains(name),
          store.processes[process].networks.count < 16
        {
          store.processes[process].networks.append(name)
        }
        return !name.isEmpty
      }
    case 0x43:  // C
      if text.skip("Comm config Comm name set to ") {
        store.setPendingName(
          text.text(from: text.position, to: text.end, limit: 256), thread: thread)
        return true
      }
    case 0x49:
      if text.skip("Init timings") { return readInitTimings(&text, thread: thread) }
    case 0x30...0x39:
      if let channels = text.decimal(), text.skip(" coll channels, ") {
        let communicator = Int(store.threads[thread].initialising)
        if communicator >= 0 {
          store.facts[communicator].channels = Int(clamping: channels)
          store.facts[communicator].pointToPointChannels = text.number(before: " p2p channels, ")
        }
        // The rest is counts of channels of other kinds.
        while !text.isAtEnd, text.next == 0x2C || text.next == 0x20 || text.next &- 0x30 < 10 {
          text.position += 1
        }
        let rest = text.text(from: text.position, to: text.end, limit: 120)
        return rest.hasSuffix("channels per peer")
      }
    default: break
    }
    text.position = start
    return readEnvironment(&text, process: process)
  }

  /// Reads `NCCL version 2.27.7+cuda12.8`, `RCCL version 2.18.3+hip6.0 ...`, or RCCL's block.
  mutating func readVersion(_ text: inout TextCursor, thread: Int?) -> Bool {
    let library: LibraryVersion.Library
    if text.skip("NCCL version ") {
      library = .nccl
    } else if text.skip("RCCL version ") {
      library = .rccl
      if text.skip(": ") { continuation = .rcclVersion }
    } else {
      return false
    }
    guard let major = text.decimal(), text.skip("."), let minor = text.decimal(), major < 100,
      minor < 1000
    else { return false }
    var patch: UInt64 = 0
    if text.skip(".") { patch = text.decimal() ?? 0 }
    let version = LibraryVersion(
      library: library, major: Int(major), minor: Int(minor), patch: Int(clamping: patch),
      suffix: text.text(from: text.position, to: text.end, limit: 80))
    if let thread {
      store.processes[store.process(of: thread)].version = version
    } else {
      bareVersion = bareVersion ?? version
    }
    return true
  }

  /// Reads `: rank 0 nranks 8 total 0.52 (...)`, with ` - <function>` before it from 2.23.4.
  private mutating func readInitTimings(_ text: inout TextCursor, thread: Int) -> Bool {
    if text.skip(" - ") {
      while TextCursor.isNameByte(text.next) { text.position += 1 }
    }
    guard text.skip(": rank "), text.decimal() != nil, text.skip(" nranks "),
      text.decimal() != nil, text.skip(" total "), let seconds = text.fraction(),
      text.byte(at: text.end - 1) == 0x29
    else { return false }
    let communicator = Int(store.threads[thread].completed)
    if communicator >= 0 {
      store.facts[communicator].initMilliseconds = (seconds * 1000).rounded()
    }
    return true
  }

  /// Reads `NCCL_ALGO set by environment to Ring` and its relatives.
  private mutating func readEnvironment(_ text: inout TextCursor, process: Int) -> Bool {
    let start = text.position
    while TextCursor.isNameByte(text.next) { text.position += 1 }
    let stop = text.position
    guard stop - start > 4, stop - start < 80 else { return false }
    let isParameter = text.skip(" set by environment to ")
    guard isParameter || text.skip(" set to ") else { return false }
    let name = text.text(from: start, to: stop, limit: 80)
    guard name.hasPrefix("NCCL_") || name.hasPrefix("RCCL_") else { return false }
    var value = text.text(from: text.position, to: text.end, limit: 200)
    // Integer parameters end with a full stop that is not part of the value.
    if isParameter, value.hasSuffix("."), value.dropLast().allSatisfy({ $0.isNumber || $0 == "-" })
    {
      value.removeLast()
    }
    store.environment(name, value, process: process)
    return true
  }

  // MARK: - Launchers

  /// The rank that a launcher's prefix states: `srun -l`, Open MPI, `torchrun`, Intel MPI.
  private static func launcherRank(_ cursor: TextCursor, end: Int) -> Int? {
    var text = cursor
    text.position = 0
    text.skipBlanks()
    if let task = text.decimal() {
      return text.skip(": ") && text.position == end ? Int(clamping: task) : nil
    }
    guard text.skip("[") else { return nil }
    if text.skip("rank") || text.skip("default") {
      let isGlobal = cursor.byte(at: 1) == 0x72
      guard let rank = text.decimal(), text.skip("]"), isGlobal else { return nil }
      return Int(clamping: rank)
    }
    guard text.decimal() != nil, text.skip(","), let rank = text.decimal(), text.skip("]<std")
    else { return nil }
    return Int(clamping: rank)
  }
}
