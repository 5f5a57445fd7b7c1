// SPDX-License-Identifier: Apache-2.0

/// Reads a trace of PyTorch's profiler (Kineto) or another Chrome trace, event by event.
///
/// The text is one JSON object with a list `traceEvents`, or the list alone. An event is taken when
/// it is whole; what is not needed is not read (``ObjectScanner``). A damaged event is booked as
/// malformed and reading goes on at the next one, which begins after `}`, `,` as `{` with a key.
/// Facts are kept in a ``KinetoStore`` and joined when the file ends.
@safe
struct KinetoReader: FormatReader, ~Copyable {
  static var recordsAreLines: Bool { false }

  /// Most white space between the marks by which the next event is found.
  private static let maximumBlank = 64
  /// Bytes around a brace that decide whether an event begins there.
  private static let context = 3 * maximumBlank + 4

  private enum State: Equatable {
    /// Before the document, or after its end.
    case outside
    /// Among the keys of the document.
    case members
    /// In the value of a key that is not needed.
    case skipping
    /// In the list of events.
    case events
    /// After damage, looking for the next event.
    case lost(FileLedger.LineClass)
  }

  var isAfterGap = false
  private var ledger: FileLedger
  private var store: KinetoStore
  private let maximumBytes: Int
  private var state = State.outside
  /// Bytes taken that belong to the record that comes next: brackets, commas, white space.
  private var pending = 0
  /// The value that is being skipped.
  private var skipper = ValueSkipper()
  /// Bytes from the reading position in which no event begins, while looking for one.
  private var searched = 0
  private var sawDocument = false
  /// Whether what is damaged is not even an object, so that its end is no brace.
  private var lostNoObject = false
  /// Whether the list of events is the document.
  private var isBareList = false

  init(file: String, options: TraceReader.Options) {
    ledger = FileLedger(file: file)
    store = KinetoStore(
      maximumKeys: options.maximumKeysPerFile, maximumTimedCalls: options.maximumTimedCallsPerFile)
    maximumBytes = options.maximumLineBytes
  }

  /// Whether a text is such a trace: a document with a list of events, or that list.
  static func recognises(_ text: TextCursor) -> Bool {
    var start = text.position
    if text.byte(at: start) == 0xEF, text.byte(at: start + 1) == 0xBB { start += 3 }
    while isBlank(text.byte(at: start)), start < text.end { start += 1 }
    switch text.byte(at: start) {
    case 0x7B:
      if text.find("\"traceEvents\"", from: start) != nil { return true }
      return text.find("\"schemaVersion\"", from: start) != nil
        && (text.find("\"deviceProperties\"", from: start) != nil
          || text.find("\"distributedInfo\"", from: start) != nil)
    case 0x5B:
      // A list of records with a phase and a time.
      guard let phase = text.find("\"ph\"", from: start), phase < start + 4096 else { return false }
      return text.find("\"ts\"", from: start) != nil
    default: return false
    }
  }

  // MARK: - FormatReader

  mutating func consume(_ base: UnsafeRawPointer, count: Int) -> Int {
    if isAfterGap {
      isAfterGap = false
      if state == .outside || state == .members { sawDocument = true }
      lose(as: .tornLost)
    }
    return unsafe advance(base, count: count, isFinal: false)
  }

  mutating func consumeUnfinished(_ base: UnsafeRawPointer, count: Int, isCut: Bool) {
    let taken = unsafe advance(base, count: count, isFinal: true)
    let rest = count - taken
    guard rest > 0 else { return }
    switch state {
    case .lost(let lineClass):
      ledger.bytes += rest
      ledger[lineClass].bytes += rest
    case .outside: book(.foreign, bytes: rest)
    default: book(.tornLost, bytes: rest)
    }
    searched = 0
  }

  mutating func bookOversizeLine(bytes: Int) { book(.malformed, bytes: bytes) }

  mutating func finish() -> TracePartial {
    var partial = TracePartial()
    switch state {
    case .outside: break
    default:
      ledger.status = .truncated
      ledger.detail =
        "The trace ends before its list of events is closed; every whole event was read."
    }
    if pending > 0 {
      // The closing brackets, or a file of white space.
      book(sawDocument ? .knownIgnored : .foreign, bytes: 0)
    }
    ledger.format = TraceFormat.kineto.name
    let process = store.finish(&ledger)
    partial.files = [ledger]
    partial.processes = [process]
    return partial
  }

  // MARK: - Accounts

  private mutating func book(_ lineClass: FileLedger.LineClass, bytes: Int) {
    ledger.book(lineClass, bytes: pending + bytes)
    pending = 0
  }

  /// Opens a damaged record; its bytes are added as they go by.
  private mutating func lose(as lineClass: FileLedger.LineClass) {
    book(lineClass, bytes: 0)
    state = .lost(lineClass)
    searched = 0
    lostNoObject = false
  }

  private mutating func pass(_ bytes: Int) { pending += bytes }

  // MARK: - The document

  /// Takes records from the window's start until one is not whole, and returns their bytes.
  private mutating func advance(_ base: UnsafeRawPointer, count: Int, isFinal: Bool) -> Int {
    var position = 0
    while true {
      let next: Int?
      switch state {
      case .events: next = unsafe event(base, from: position, to: count)
      case .outside: next = unsafe outside(base, from: position, to: count)
      case .members: next = unsafe member(base, from: position, to: count)
      case .skipping: next = unsafe skipped(base, from: position, to: count)
      case .lost(let lineClass):
        next = unsafe search(base, from: position, to: count, isFinal: isFinal, lineClass)
      }
      guard let next else { return position }
      position = next
      if position == count, state != .skipping { return position }
    }
  }

  /// The offset after white space and, when allowed, commas.
  private func skipBlank(
    _ base: UnsafeRawPointer, from start: Int, to end: Int, commas: Bool
  ) -> Int {
    var offset = start
    while offset < end {
      let byte = unsafe base.load(fromByteOffset: offset, as: UInt8.self)
      guard Self.isBlank(byte) || (commas && byte == 0x2C) else { break }
      offset += 1
    }
    return offset
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
  }

  private mutating func outside(_ base: UnsafeRawPointer, from start: Int, to end: Int) -> Int? {
    let offset = unsafe skipBlank(base, from: start, to: end, commas: false)
    if offset > start {
      pass(offset - start)
      return offset
    }
    guard offset < end else { return nil }
    switch unsafe base.load(fromByteOffset: offset, as: UInt8.self) {
    case 0x7B: (state, isBareList) = (.members, false)
    case 0x5B: (state, isBareList) = (.events, true)
    // A byte order mark.
    case 0xEF, 0xBB, 0xBF: break
    default:
      // Something around the document: lines of other output.
      var stop = offset
      while stop < end, unsafe base.load(fromByteOffset: stop, as: UInt8.self) != 0x0A { stop += 1 }
      if stop == end, end - offset <= maximumBytes { return nil }
      stop = min(stop, offset + maximumBytes)
      book(.foreign, bytes: stop - offset)
      return stop
    }
    sawDocument = true
    pass(1)
    return offset + 1
  }

  /// Takes one key of the document, with its value unless that is a list of events.
  private mutating func member(_ base: UnsafeRawPointer, from start: Int, to end: Int) -> Int? {
    let offset = unsafe skipBlank(base, from: start, to: end, commas: true)
    if offset > start {
      pass(offset - start)
      return offset
    }
    guard offset < end else { return nil }
    switch unsafe base.load(fromByteOffset: offset, as: UInt8.self) {
    case 0x7D:
      pass(1)
      state = .outside
      return offset + 1
    case 0x22: break
    default:
      lose(as: .malformed)
      return offset
    }
    var cursor = unsafe JSONCursor(base, from: offset, to: end)
    guard let key = cursor.string(), let colon = cursor.peek() else {
      return incompleteMember(cursor, from: offset, to: end)
    }
    guard colon == 0x3A else {
      lose(as: .malformed)
      return offset
    }
    cursor.position += 1
    guard let first = cursor.peek() else { return incompleteMember(cursor, from: offset, to: end) }
    if first == 0x5B, cursor.equals(key, "traceEvents") {
      pass(cursor.position + 1 - offset)
      state = .events
      return cursor.position + 1
    }
    guard KinetoStore.wantsMember(cursor, key) else {
      pass(cursor.position - offset)
      skipper = ValueSkipper()
      state = .skipping
      return cursor.position
    }
    let value = cursor.position
    cursor.skipValue()
    guard cursor.state == .valid, cursor.position - offset <= maximumBytes else {
      return incompleteMember(cursor, from: offset, to: end)
    }
    let stop = cursor.position
    cursor = unsafe JSONCursor(base, from: value, to: end)
    book(store.readMember(&cursor, key) ? .parsed : .malformed, bytes: stop - offset)
    return stop
  }

  private mutating func incompleteMember(
    _ cursor: JSONCursor, from offset: Int, to end: Int
  ) -> Int? {
    if cursor.state != .malformed, end - offset <= maximumBytes { return nil }
    lose(as: .malformed)
    return offset
  }

  private mutating func skipped(_ base: UnsafeRawPointer, from start: Int, to end: Int) -> Int? {
    guard start < end else { return nil }
    let (stop, outcome) = unsafe skipper.skip(base, from: start, to: end)
    pass(stop - start)
    switch outcome {
    case .more: return stop == start ? nil : stop
    case .ended:
      book(.knownIgnored, bytes: 0)
      state = .members
    case .broken: lose(as: .malformed)
    }
    return stop
  }

  // MARK: - Events

  private mutating func event(_ base: UnsafeRawPointer, from start: Int, to end: Int) -> Int? {
    let offset = unsafe skipBlank(base, from: start, to: end, commas: true)
    pass(offset - start)
    guard offset < end else { return offset > start ? offset : nil }
    let first = unsafe base.load(fromByteOffset: offset, as: UInt8.self)
    if first == 0x5D {
      pass(1)
      state = isBareList ? .outside : .members
      return offset + 1
    }
    guard first == 0x7B else {
      lose(as: .malformed)
      lostNoObject = true
      return offset
    }
    switch unsafe ObjectScanner.endOfObject(base, from: offset, to: end) {
    case .end(let stop) where stop - offset <= maximumBytes:
      var cursor = unsafe JSONCursor(base, from: offset, to: stop)
      book(store.readEvent(&cursor), bytes: stop - offset)
      return stop
    case .incomplete where end - offset <= maximumBytes:
      return offset > start ? offset : nil
    case .end, .incomplete, .broken:
      lose(as: .malformed)
      return offset
    }
  }

  /// Looks for the next event, or for the end of the list, and takes what is before it.
  private mutating func search(
    _ base: UnsafeRawPointer, from start: Int, to end: Int, isFinal: Bool,
    _ lineClass: FileLedger.LineClass
  ) -> Int? {
    let cursor = unsafe TextCursor(base, from: start, to: end)
    var offset = start + max(1, searched)
    let last = isFinal ? end : end - Self.context
    while offset < last {
      let byte = cursor.byte(at: offset)
      if byte == 0x7B || byte == 0x5B || byte == 0x5D,
        let (stop, next) = landmark(cursor, at: offset, byte, from: start)
      {
        ledger.bytes += stop - start
        ledger[lineClass].bytes += stop - start
        searched = 0
        state = next == .members && isBareList ? .outside : next
        return stop
      }
      offset += 1
    }
    // What was searched stays in the window as far as a landmark may begin in it.
    let keep = max(start, min(offset, end) - Self.context)
    ledger.bytes += keep - start
    ledger[lineClass].bytes += keep - start
    searched = max(0, offset - keep)
    return keep > start ? keep : nil
  }

  /// What begins at a bracket: an event, the list of events, or what follows it.
  private func landmark(
    _ text: TextCursor, at offset: Int, _ bracket: UInt8, from start: Int
  ) -> (Int, State)? {
    let before = Self.blank(text, before: offset, from: start)
    switch bracket {
    case 0x7B:
      // `}` `,` `{` `"`, or without the first.
      guard text.byte(at: before) == 0x2C, before > start else { return nil }
      let brace = Self.blank(text, before: before, from: start)
      guard brace >= start, text.byte(at: brace) == 0x7D || lostNoObject,
        text.byte(at: Self.blank(text, after: offset)) == 0x22
      else { return nil }
      return (offset, .events)
    case 0x5D:
      // `}` `]` `,` `"`, or `}` `]` `}`
      guard before >= start, text.byte(at: before) == 0x7D else { return nil }
      let after = Self.blank(text, after: offset)
      if text.byte(at: after) == 0x7D { return (offset + 1, .members) }
      guard text.byte(at: after) == 0x2C, text.byte(at: Self.blank(text, after: after)) == 0x22
      else { return nil }
      return (offset + 1, .members)
    default:
      // `"traceEvents"` `:` `[`
      guard before > start, text.byte(at: before) == 0x3A else { return nil }
      let quote = Self.blank(text, before: before, from: start)
      var key = text
      key.position = quote - 12
      guard key.position >= start, key.starts(with: "\"traceEvents\"") else { return nil }
      return (offset + 1, .events)
    }
  }

  private static func blank(_ text: TextCursor, before offset: Int, from start: Int) -> Int {
    var index = offset - 1
    while index >= start, offset - index <= maximumBlank, isBlank(text.byte(at: index)) {
      index -= 1
    }
    return index
  }

  private static func blank(_ text: TextCursor, after offset: Int) -> Int {
    var index = offset + 1
    while index < text.end, index - offset <= maximumBlank, isBlank(text.byte(at: index)) {
      index += 1
    }
    return index
  }
}

/// Skips a JSON value that may not end in this window.
struct ValueSkipper {
  /// How far it came.
  enum Outcome { case more, ended, broken }

  private var depth = 0
  private var isInString = false
  private var isEscaped = false
  private var followsString = false
  private var hasBegun = false

  /// Reads on; returns the offset after the last byte that was taken.
  mutating func skip(_ base: UnsafeRawPointer, from start: Int, to end: Int) -> (Int, Outcome) {
    var offset = start
    while offset < end {
      let byte = unsafe base.load(fromByteOffset: offset, as: UInt8.self)
      if isInString {
        if isEscaped {
          isEscaped = false
        } else if byte == 0x5C {
          isEscaped = true
        } else if byte == 0x22 {
          isInString = false
          followsString = true
          if depth == 0 { return (offset + 1, .ended) }
        }
        offset += 1
        continue
      }
      switch byte {
      case 0x22:
        isInString = true
        hasBegun = true
      case 0x7B, 0x5B:
        depth += 1
        hasBegun = true
        if depth > JSONCursor.maximumDepth { return (offset, .broken) }
      case 0x7D, 0x5D:
        // The end of what is around a number.
        if depth == 0 { return (offset, .ended) }
        depth -= 1
        if depth == 0 { return (offset + 1, .ended) }
      case 0x2C where depth == 0: return (offset, .ended)
      case 0x20, 0x0A, 0x0D, 0x09:
        if depth == 0, hasBegun { return (offset, .ended) }
      default:
        // A letter after a string: a quote is missing, or one too many.
        if followsString, (byte | 0x20) &- 0x61 < 26 { return (offset, .broken) }
        hasBegun = true
      }
      followsString = false
      offset += 1
    }
    return (offset, .more)
  }
}
