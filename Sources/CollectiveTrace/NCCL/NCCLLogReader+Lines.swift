// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The slow way: lines that are new, torn, prefixed, or not NCCL's at all.
extension NCCLLogReader {
  /// Where NCCL's text begins in a line.
  struct Anchor {
    enum Level { case info, warning, trace, call, abort }
    var level: Level
    /// Start of the host name; of the level's word when the head is missing.
    var start: Int
    var hostEnd: Int
    var pid: Int
    var tid: Int
    var device: Int
    /// Start of the message.
    var message: Int
    var hasHead: Bool
  }

  /// Most anchors looked for in one line; a shared file that is torn more often is noise.
  private static let maximumAnchors = 64

  /// Reads one line and books it.
  @inline(never)
  mutating func slowLine(
    _ line: UnsafeRawPointer, length: Int, bytes: Int, isUnfinished: Bool = false,
    isCut: Bool = false
  ) {
    ledger.lines += 1
    var lineClass = unsafe lineClass(line, length: length)
    // After a gap in the container the first line lacks its beginning, and a last line without a
    // newline its end: what does not parse there is lost. Text of an application may end so.
    if isAfterGap || isUnfinished, lineClass == .unrecognised { lineClass = .tornLost }
    if isAfterGap || isCut, lineClass == .foreign, length > 0 { lineClass = .tornLost }
    isAfterGap = false
    ledger[lineClass].lines += 1
    ledger[lineClass].bytes += bytes
  }

  private mutating func lineClass(_ line: UnsafeRawPointer, length: Int)
    -> FileLedger.LineClass
  {
    var length = length
    while length > 0,
      unsafe line.load(fromByteOffset: length - 1, as: UInt8.self) == 0x0D
    {
      length -= 1
    }
    guard length > 0 else { return .foreign }
    if unsafe memchr(line, 0, length) != nil { return .malformed }
    // Programs that copy Docker's files may write a blank after the colon.
    let isCompact = unsafe length > 9 && memcmp(line, "{\"log\":\"", 8) == 0
    let isSpaced = unsafe length > 10 && memcmp(line, "{\"log\": \"", 9) == 0
    let isWrapped = isCompact || isSpaced
    let hasEscape = unsafe memchr(line, 0x1B, length) != nil
    isUnwrapped = isWrapped || hasEscape
    if isUnwrapped {
      unsafe unwrap(line, length: length, textStart: isCompact ? 8 : isSpaced ? 9 : 0)
      var copy = scratch
      // Loads of the memo reach past the text.
      copy.append(contentsOf: repeatElement(0, count: 16))
      return unsafe copy.withUnsafeBytes { buffer in
        guard let base = buffer.baseAddress else { return .foreign }
        return unsafe read(base, length: scratch.count, canRemember: false)
      }
    }
    return unsafe read(line, length: length, canRemember: true)
  }

  /// Copies a line without ANSI sequences, or the text inside a Docker `{"log":"..."}` object.
  private mutating func unwrap(_ line: UnsafeRawPointer, length: Int, textStart: Int) {
    scratch.removeAll(keepingCapacity: true)
    let cursor = unsafe TextCursor(line, from: 0, to: length)
    let isJSON = textStart > 0
    var offset = textStart
    while offset < length {
      let byte = cursor.byte(at: offset)
      if isJSON, byte == 0x22 { break }
      if isJSON, byte == 0x5C {
        let escaped = cursor.byte(at: offset + 1)
        offset += 2
        switch escaped {
        case 0x6E, 0x72: break  // \n, \r
        case 0x74: scratch.append(0x09)
        case 0x75: offset += 4  // \u001b and other controls
        default: scratch.append(escaped)
        }
        continue
      }
      if byte == 0x1B {
        offset += 1
        guard cursor.byte(at: offset) == 0x5B else { continue }
        offset += 1
        while offset < length, cursor.byte(at: offset) < 0x40 { offset += 1 }
        offset += 1
        continue
      }
      scratch.append(byte)
      offset += 1
    }
  }

  private mutating func read(_ line: UnsafeRawPointer, length: Int, canRemember: Bool)
    -> FileLedger.LineClass
  {
    let cursor = unsafe TextCursor(line, from: 0, to: length)
    let anchors = unsafe Self.anchors(in: line, length: length)
    guard let first = anchors.first else { return withoutAnchor(cursor) }
    continuation = .none
    if anchors.count == 1 {
      let prefixIsFragment = isFragment(cursor, from: 0, to: first.start)
      let end = withoutRepetitionMark(cursor, from: first.message, anchor: first)
      let lineClass = unsafe message(
        line, anchor: first, cursor: cursor, end: end, isTorn: false, isCut: false,
        canRemember: canRemember && !prefixIsFragment)
      guard prefixIsFragment else { return lineClass }
      return .tornLost
    }
    var isWhole = !isFragment(cursor, from: 0, to: first.start)
    for (index, anchor) in anchors.enumerated() {
      var anchor = anchor
      let end = index + 1 < anchors.count ? anchors[index + 1].start : length
      if index > 0 { repairHost(&anchor, cursor: cursor) }
      let pieceEnd =
        index + 1 < anchors.count
        ? repairedStart(of: anchors[index + 1], cursor: cursor) : end
      let pieceClass = unsafe message(
        line, anchor: anchor, cursor: cursor, end: pieceEnd, isTorn: true,
        isCut: index + 1 < anchors.count, canRemember: false)
      if pieceClass != .parsed, pieceClass != .knownIgnored, pieceClass != .tornRecovered {
        isWhole = false
      }
    }
    return isWhole ? .tornRecovered : .tornLost
  }

  /// Where NCCL's texts begin in a line, in order.
  static func anchors(in line: UnsafeRawPointer, length: Int) -> [Anchor] {
    let cursor = unsafe TextCursor(line, from: 0, to: length)
    var anchors: [Anchor] = []
    var from = 0
    while anchors.count < maximumAnchors,
      let found = unsafe findName(in: line, from: from, to: length)
    {
      let segment = anchors.last?.message ?? 0
      if let anchor = anchor(at: found, cursor: cursor, segment: segment) {
        anchors.append(anchor)
        from = anchor.message
      } else {
        from = found + 5
      }
    }
    return anchors
  }

  /// The offset of the next `NCCL ` at or after `start`.
  private static func findName(in line: UnsafeRawPointer, from start: Int, to end: Int) -> Int? {
    var offset = start
    while offset + 5 <= end {
      guard let found = unsafe memchr(line + offset, 0x4E, end - offset - 4) else { return nil }
      offset = unsafe UnsafeRawPointer(found) - line
      if unsafe memcmp(line + offset, "NCCL ", 5) == 0 { return offset }
      offset += 1
    }
    return nil
  }

  // MARK: - Heads

  /// The anchor whose level's word `NCCL INFO` stands at `found`, or `nil`.
  private static func anchor(at found: Int, cursor: TextCursor, segment: Int) -> Anchor? {
    var text = cursor
    text.position = found + 5
    let level: Anchor.Level
    if text.skip("INFO") {
      level = .info
    } else if text.skip("WARN") {
      level = .warning
    } else if text.skip("TRACE") {
      level = .trace
    } else if text.skip("CALL") {
      level = .call
    } else if text.skip("ABORT") {
      level = .abort
    } else {
      return nil
    }
    guard text.isAtEnd || text.next == 0x20 else { return nil }
    if !text.isAtEnd { text.position += 1 }
    var anchor = Anchor(
      level: level, start: found, hostEnd: found, pid: 0, tid: 0, device: -1,
      message: text.position, hasHead: false)
    guard found > segment else { return anchor }
    guard cursor.byte(at: found - 1) == 0x20 else { return nil }
    switch level {
    case .call:
      if readHead(endingAt: found - 1, cursor: cursor, segment: segment, into: &anchor) {
        anchor.hasHead = true
      }
    case .info:
      // RCCL of 2019 prints microseconds between the bracket and the level.
      var end = found - 1
      var probe = end - 1
      while probe > segment,
        cursor.byte(at: probe) &- 0x30 < 10 || cursor.byte(at: probe) == 0x2E
      {
        probe -= 1
      }
      if probe < end - 1, probe > segment, cursor.byte(at: probe) == 0x20 { end = probe }
      _ = readBracketedHead(endingAt: end, cursor: cursor, segment: segment, into: &anchor)
    case .warning, .trace, .abort:
      // Between the bracket and the level stands a location: any text.
      var end = found - 1
      while end > segment {
        if cursor.byte(at: end) == 0x20, cursor.byte(at: end - 1) == 0x5D,
          readBracketedHead(endingAt: end, cursor: cursor, segment: segment, into: &anchor)
        {
          break
        }
        end -= 1
      }
    }
    if !anchor.hasHead {
      // A head cut down to `[0] NCCL INFO`, as people post it.
      var end = found - 2
      if end > segment, cursor.byte(at: end) == 0x5D {
        end -= 1
        while end > segment, cursor.byte(at: end) &- 0x30 < 10 { end -= 1 }
        if cursor.byte(at: end) == 0x5B {
          var number = cursor
          number.position = end + 1
          anchor.device = Int(clamping: number.decimal() ?? 0)
          anchor.start = end
          anchor.hostEnd = end
        }
      }
    }
    return anchor
  }

  /// Reads `host:pid:tid [dev]` backwards from the blank at `end`.
  private static func readBracketedHead(
    endingAt end: Int, cursor: TextCursor, segment: Int, into anchor: inout Anchor
  ) -> Bool {
    var offset = end - 1
    guard offset > segment, cursor.byte(at: offset) == 0x5D else { return false }
    offset -= 1
    while offset > segment,
      cursor.byte(at: offset) &- 0x30 < 10 || cursor.byte(at: offset) == 0x2D
    {
      offset -= 1
    }
    guard cursor.byte(at: offset) == 0x5B, offset > segment,
      cursor.byte(at: offset - 1) == 0x20
    else { return false }
    var number = cursor
    number.position = offset + 1
    guard let device = number.signed() else { return false }
    guard readHead(endingAt: offset - 1, cursor: cursor, segment: segment, into: &anchor) else {
      return false
    }
    anchor.device = device < 0 ? -1 : device
    anchor.hasHead = true
    return true
  }

  /// Reads `host:pid:tid` backwards from the blank at `end`.
  private static func readHead(
    endingAt end: Int, cursor: TextCursor, segment: Int, into anchor: inout Anchor
  ) -> Bool {
    var offset = end
    while offset > segment, cursor.byte(at: offset - 1) &- 0x30 < 10 { offset -= 1 }
    guard offset < end, offset > segment, cursor.byte(at: offset - 1) == 0x3A else {
      return false
    }
    var number = cursor
    number.position = offset
    guard let tid = number.decimal() else { return false }
    let colon = offset - 1
    offset = colon
    while offset > segment, cursor.byte(at: offset - 1) &- 0x30 < 10 { offset -= 1 }
    guard offset < colon, offset > segment, cursor.byte(at: offset - 1) == 0x3A else {
      return false
    }
    number.position = offset
    guard let pid = number.decimal() else { return false }
    let hostEnd = offset - 1
    offset = hostEnd
    while offset > segment, isHostByte(cursor.byte(at: offset - 1)) { offset -= 1 }
    anchor.start = offset
    anchor.hostEnd = hostEnd
    anchor.pid = Int(clamping: pid)
    anchor.tid = Int(clamping: tid)
    return true
  }

  private static func isHostByte(_ byte: UInt8) -> Bool {
    byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26 || byte == 0x2D || byte == 0x5F
      || byte == 0x2E
  }

  /// In a glued line the text cut before a head runs into its host name: the longest host name
  /// known from clean lines that ends it is the name.
  private func repairHost(_ anchor: inout Anchor, cursor: TextCursor) {
    anchor.start = repairedStart(of: anchor, cursor: cursor)
  }

  /// Where the host name of a head begins, without text that was cut before it.
  func repairedStart(of anchor: Anchor, cursor: TextCursor) -> Int {
    guard anchor.hasHead else { return anchor.start }
    let name = cursor.text(from: anchor.start, to: anchor.hostEnd, limit: 256)
    if hosts.contains(name) { return anchor.start }
    var best = 0
    for host in hostsByPid[anchor.pid] ?? Array(hosts)
    where host.utf8.count > best && name.hasSuffix(host) {
      best = host.utf8.count
    }
    return best > 0 ? anchor.hostEnd - best : anchor.start
  }

  /// Whether text before a head is a piece of another line of NCCL, not a launcher's prefix.
  private func isFragment(_ cursor: TextCursor, from start: Int, to end: Int) -> Bool {
    guard end > start else { return false }
    var piece = cursor
    piece.position = start
    func contains(_ text: StaticString) -> Bool {
      guard let found = piece.find(text) else { return false }
      return found < end
    }
    return contains(" NCCL ") || contains("opCount ") || contains("buff 0x")
      || contains(" comm 0x") || contains("[nranks=") || contains(" stream 0x")
      || contains("] -> ") || contains(" via P2P") || contains(" via NET") || contains("/-1->")
      || endsWithHead(cursor, end: end)
  }

  /// Whether the text ends with a head that was cut before its level.
  private func endsWithHead(_ cursor: TextCursor, end: Int) -> Bool {
    var anchor = Anchor(
      level: .info, start: 0, hostEnd: 0, pid: 0, tid: 0, device: -1, message: 0, hasHead: false)
    return Self.readBracketedHead(
      endingAt: end - 1, cursor: cursor, segment: 0, into: &anchor)
  }

  /// Ray's mark for lines it dropped: ` [repeated 7x across cluster]`.
  ///
  /// What Ray dropped came from several workers, so only that it happened can be told.
  private mutating func withoutRepetitionMark(
    _ cursor: TextCursor, from start: Int, anchor: Anchor
  ) -> Int {
    guard cursor.end > start, cursor.byte(at: cursor.end - 1) == 0x5D,
      let found = cursor.find(" [repeated ", from: start)
    else { return cursor.end }
    let thread = thread(of: anchor, cursor: cursor, isTorn: false)
    store.notice(
      "Ray dropped repeated lines of this log; set RAY_DEDUP_LOGS=0 to keep them.",
      level: .warning, process: store.process(of: thread), line: ledger.lines)
    return found
  }

  /// The thread that a head names, learning the host.
  mutating func thread(of anchor: Anchor, cursor: TextCursor, isTorn: Bool) -> Int {
    guard anchor.hasHead else {
      return store.thread(host: "", pid: 0, tid: 0, device: anchor.device)
    }
    let written = cursor.text(from: anchor.start, to: anchor.hostEnd, limit: 256)
    let host = wholeHost(written, pid: anchor.pid)
    if !isTorn || hosts.contains(host), hostsByPid[anchor.pid]?.contains(host) != true {
      hosts.insert(host)
      if hostsByPid.count < 1 << 16 { hostsByPid[anchor.pid, default: []].append(host) }
    }
    return store.thread(host: host, pid: anchor.pid, tid: anchor.tid, device: anchor.device)
  }

  /// The host that a head means: a cut head keeps the end of its name, a glued one has more before.
  func wholeHost(_ written: String, pid: Int) -> String {
    let known = hostsByPid[pid] ?? []
    if known.contains(written) { return written }
    return known.first { $0.hasSuffix(written) || written.hasSuffix($0) } ?? written
  }

  // MARK: - Lines without a head

  private mutating func withoutAnchor(_ cursor: TextCursor) -> FileLedger.LineClass {
    var text = cursor
    text.skipBlanks()
    guard !text.isAtEnd else { return .foreign }
    if ras.read(text, number: ledger.lines) || rasDocuments.read(text, number: ledger.lines) {
      return .parsed
    }
    if readVersion(&text, thread: nil) { return .parsed }
    switch continuation {
    case .matrix where text.find(" | ") != nil: return .knownIgnored
    case .warning
    where text.starts(with: "This is usually caused by")
      || text.starts(with: "Disable NVLS"):
      return .knownIgnored
    case .rcclVersion
    where text.starts(with: "HIP version") || text.starts(with: "ROCm version")
      || text.starts(with: "Hostname  ") || text.starts(with: "Librccl path"):
      return .knownIgnored
    default: break
    }
    continuation = .none
    switch benchmarks.read(cursor, line: ledger.lines) {
    case .row: return .parsed
    case .head: return .knownIgnored
    case .torn: return .tornLost
    case nil: break
    }
    launches.read(cursor, line: ledger.lines)
    if isOrphan(cursor) { return .tornLost }
    noteTimeout(cursor)
    return .foreign
  }

  /// Keeps a line in which PyTorch's watchdog tells of a collective that did not end.
  ///
  ///     [rank3]:[E1126 10:00:00.123 ProcessGroupNCCL.cpp:616] [Rank 3] Watchdog caught collective
  ///     operation timeout: WorkNCCL(SeqNum=17, OpType=ALLREDUCE, NumelIn=1024, ...) ran for ...
  private mutating func noteTimeout(_ cursor: TextCursor) {
    guard ledger.timeouts.count < FileLedger.maximumTimeouts, cursor.remaining > 48,
      let mark = Self.watchdog(in: cursor)
    else { return }
    // The rank stands before, in brackets: `[Rank 3]` or, of a launcher, `[rank3]`.
    let line = cursor.text(from: cursor.position, to: cursor.end, limit: 2000)
    let head = line.utf8.prefix(mark)
    ledger.timeouts.append(
      FileLedger.Timeout(
        rank: Self.bracketedRank(Array(head)), text: String(line.utf8.dropFirst(mark)) ?? "",
        line: ledger.lines))
  }

  /// Where the watchdog's message begins; searched for by its first letter, which is rare.
  private static func watchdog(in cursor: TextCursor) -> Int? {
    var text = cursor
    while true {
      let next = unsafe text.withBytes { bytes -> Int? in
        guard let base = bytes.baseAddress, let found = unsafe memchr(base, 0x57, bytes.count)
        else { return nil }
        return unsafe UnsafeRawPointer(found) - base
      }
      guard let next else { return nil }
      text.position += next
      if text.starts(with: "Watchdog caught collective operation timeout") {
        return text.position - cursor.position
      }
      text.position += 1
    }
  }

  /// The number in the last `[Rank 3]`, `[rank 3]` or `[rank3]`.
  private static func bracketedRank(_ text: [UInt8]) -> Int? {
    let word = Array("ank".utf8)
    var place = text.count - 4
    while place >= 2 {
      if text[place..<(place + 3)].elementsEqual(word), text[place - 2] == 0x5B {
        let digits = text[(place + 3)...].drop { $0 == 0x20 }.prefix { $0 &- 0x30 < 10 }
        if !digits.isEmpty { return Int(String(decoding: digits, as: UTF8.self)) }
      }
      place -= 1
    }
    return nil
  }

  /// Whether a line without a head is the rest of a cut line.
  private func isOrphan(_ cursor: TextCursor) -> Bool {
    for mark: StaticString in [
      " recvbuff 0x", " comm 0x", "[nranks=", " datatype ", "] stream ", " sendbuff 0x",
      "channel{Lo..Hi}=", "] via P2P", "] via NET/", "] via SHM", "/-1->", " Init START",
      " Init COMPLETE",
    ] where cursor.find(mark, from: 0) != nil {
      return true
    }
    // The last digits of a stream pointer.
    return false
  }
}

/// The commonest shapes of messages that no format matched, in bounded memory (Misra-Gries).
struct ShapeTable {
  private var shapes: [String: (lines: Int, firstLine: Int)] = [:]
  private static let width = 64

  /// Counts one message.
  mutating func count(_ cursor: TextCursor, from start: Int, to end: Int, line: Int) {
    var shape: [UInt8] = []
    var offset = start
    while offset < min(end, start + 120) {
      let byte = cursor.byte(at: offset)
      if byte &- 0x30 < 10 {
        if shape.last != 0x23 { shape.append(0x23) }
      } else {
        shape.append(byte)
      }
      offset += 1
    }
    let text = String(decoding: shape, as: UTF8.self)
    if let known = shapes[text] {
      shapes[text] = (known.lines + 1, known.firstLine)
    } else if shapes.count < Self.width {
      shapes[text] = (1, line)
    } else {
      shapes = shapes.compactMapValues { $0.lines > 1 ? ($0.lines - 1, $0.firstLine) : nil }
    }
  }

  /// The commonest, most frequent first.
  func ranked() -> [FileLedger.Shape] {
    shapes.map {
      FileLedger.Shape(text: $0.key, lines: $0.value.lines, firstLine: $0.value.firstLine)
    }
    .sorted { ($1.lines, $0.firstLine, $0.text) < ($0.lines, $1.firstLine, $1.text) }
    .prefix(20).map { $0 }
  }
}
