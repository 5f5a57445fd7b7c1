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
    var node = ChakraNode()
    while let (field, value) = cursor.next() {
      switch (field, value) {
      case (2, .bytes(let inner)):
        node.name = text.text(from: inner.lowerBound, to: inner.upperBound, limit: 256)
      case (3, .number(let type)): node.type = type
      case (6, .number(let time)): node.start = time
      case (7, .number(let time)): node.duration = time
      case (10, .bytes(let inner)):
        let attribute = Attribute(text, inner)
        node.set(attribute.name, attribute.number, attribute.text)
      default: break
      }
    }
    guard cursor.isValid else { return .malformed }
    guard node.isCommunication else { return .knownIgnored }
    let process = self.process ?? facts.chakraProcess(pid: pid, file: ledger.file)
    self.process = process
    return facts.count(node, process: process, line: ledger.lines + 1)
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
