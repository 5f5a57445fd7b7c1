// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Writes the lines of a log without what points to a person, a machine or a site.
///
/// The reader of logs runs along and says what each line is. Of a message in a known format only
/// what fills its gaps is looked at; any other line is kept word by word, if NCCL or a launcher
/// whose layout is read wrote it, and replaced as a whole if not.
@safe
struct LogRedactor: FormatReader, ~Copyable {
  static let recordsAreLines = true

  private var reader: NCCLLogReader
  private var text: TextRedactor
  /// Takes the redacted text, piece by piece; returns whether more is wanted.
  private let sink: ([UInt8]) -> Bool
  private var isWanted = true
  /// Lines handed over at a time, in bytes.
  private static let pieceBytes = 1 << 16

  /// What stands for a line that is left out; the reader counts it as text of something else.
  private static let placeholder = Array("[line left out]".utf8)

  var isAfterGap: Bool {
    get { reader.isAfterGap }
    set { reader.isAfterGap = newValue }
  }

  /// Starts a file.
  ///
  /// - Parameters:
  ///   - file: The name for the ledger.
  ///   - options: The limits.
  ///   - pseudonyms: What to write; `nil` in the first reading, which only finds identifiers.
  ///   - sink: Takes the text of the second reading.
  init(
    file: String, options: TraceReader.Options, pseudonyms: Pseudonyms?,
    sink: @escaping ([UInt8]) -> Bool
  ) {
    reader = NCCLLogReader(file: file, maximumKeys: options.maximumKeysPerFile)
    text = TextRedactor(pseudonyms: pseudonyms)
    self.sink = sink
  }

  /// What the first reading found.
  var found: IdentifierSet { text.found }
  /// What the second reading replaced.
  var counts: Pseudonyms.Counts { text.counts }

  // MARK: - Lines

  mutating func consume(_ base: UnsafeRawPointer, count: Int) -> Int {
    var position = 0
    while position < count, isWanted,
      let found = unsafe memchr(base + position, 0x0A, count - position)
    {
      let length = unsafe UnsafeRawPointer(found) - (base + position)
      unsafe add(base + position, length: length, isUnfinished: false, isCut: false)
      text.output.append(0x0A)
      position += length + 1
      if text.output.count >= Self.pieceBytes { handOver() }
    }
    return isWanted ? position : count
  }

  mutating func consumeUnfinished(_ base: UnsafeRawPointer, count: Int, isCut: Bool) {
    guard count > 0, isWanted else { return }
    unsafe add(base, length: count, isUnfinished: true, isCut: isCut)
    // What is lost after the cut must not be glued to it.
    if isCut { text.output.append(0x0A) }
  }

  mutating func bookOversizeLine(bytes: Int) {
    reader.bookOversizeLine(bytes: bytes)
    leaveOut(isMalformed: true)
    text.output.append(0x0A)
  }

  mutating func finish() -> TracePartial {
    handOver()
    return reader.finish()
  }

  private mutating func handOver() {
    if isWanted, text.pseudonyms != nil { isWanted = sink(text.output) }
    text.output.removeAll(keepingCapacity: true)
  }

  /// Puts a line's placeholder into the output, of the class that the line had.
  private mutating func leaveOut(isMalformed: Bool) {
    text.counts.lines += 1
    text.output.append(contentsOf: Self.placeholder)
    if isMalformed { text.output.append(0) }
  }

  private mutating func add(
    _ line: UnsafeRawPointer, length: Int, isUnfinished: Bool, isCut: Bool
  ) {
    let foreign = reader.ledger[.foreign].lines
    let malformed = reader.ledger[.malformed].lines
    let remarks = reader.ledger.timeouts.count
    let launches = reader.launches.uses
    unsafe reader.slowLine(
      line, length: length, bytes: length, isUnfinished: isUnfinished, isCut: isCut)
    guard reader.ledger[.malformed].lines == malformed else {
      return leaveOut(isMalformed: true)
    }
    var bytes = unsafe Array(UnsafeRawBufferPointer(start: line, count: length))
    let isLaunch = reader.launches.uses > launches
    let isForeign = reader.ledger[.foreign].lines > foreign
    if isForeign, !isLaunch, reader.ledger.timeouts.count == remarks {
      // Blank lines say nothing, and may stand inside of a message.
      let isBlank = bytes.allSatisfy { $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }
      return isBlank ? () : leaveOut(isMalformed: false)
    }
    // Without colours and the wrapping of a container's log, as the reader saw it.
    while bytes.last == 0x0D { bytes.removeLast() }
    if reader.isUnwrapped { bytes = reader.scratch }
    guard !isLaunch else { return text.add(bytes[...], numbers: .afterKeys) }
    let padding = [UInt8](repeating: 0, count: 16)
    let count = bytes.count
    unsafe (bytes + padding).withUnsafeBytes { buffer in
      guard let base = buffer.baseAddress else { return }
      unsafe redact(base, bytes[..<count])
    }
  }

  // MARK: - Messages

  /// Puts a line of NCCL into the output: each head, and the message after it.
  private mutating func redact(_ line: UnsafeRawPointer, _ bytes: ArraySlice<UInt8>) {
    let cursor = unsafe TextCursor(line, from: 0, to: bytes.count)
    let anchors = unsafe NCCLLogReader.anchors(in: line, length: bytes.count)
    guard !anchors.isEmpty else { return text.add(bytes) }
    var from = 0
    for (index, anchor) in anchors.enumerated() {
      // What was cut before a head may run into the host's name.
      let start = max(
        from, anchor.hasHead ? reader.repairedStart(of: anchor, cursor: cursor) : anchor.start)
      text.add(bytes[from..<max(from, start)])
      if anchor.hasHead, start < anchor.hostEnd {
        let written = String(decoding: bytes[start..<anchor.hostEnd], as: UTF8.self)
        text.replace(host: reader.wholeHost(written, pid: anchor.pid))
      }
      text.add(bytes[max(start, anchor.hostEnd)..<anchor.message])
      var end = bytes.count
      if index + 1 < anchors.count {
        end = max(anchor.message, reader.repairedStart(of: anchors[index + 1], cursor: cursor))
      } else if let mark = cursor.find(" [repeated ", from: anchor.message) {
        end = mark
      }
      message(bytes[anchor.message..<end], level: anchor.level)
      from = end
    }
    text.add(bytes[from...])
  }

  private mutating func message(_ bytes: ArraySlice<UInt8>, level: NCCLLogReader.Anchor.Level) {
    let kind: MessageCatalogue.Level =
      switch level {
      case .info: .info
      case .warning, .abort: .warning
      case .trace: .trace
      case .call: .call
      }
    guard let gaps = MessageCatalogue.shared.gaps(in: bytes, level: kind) else {
      return text.add(bytes)
    }
    var from = bytes.startIndex
    for gap in gaps {
      text.output.append(contentsOf: bytes[from..<gap.range.lowerBound])
      let own = bytes[gap.range]
      switch gap.kind {
      case .number: text.output.append(contentsOf: own)
      case .hexadecimal where own.first == 0x28: text.output.append(contentsOf: own)  // (nil)
      case .hexadecimal:
        let digits = own.starts(with: [0x30, 0x78]) ? own.dropFirst(2) : own
        text.output.append(contentsOf: own[..<digits.startIndex])
        text.replace(hexadecimal: digits)
      case .node:
        // `GPU/0-1b000`
        text.output.append(contentsOf: own.prefix(4))
        for (index, digits) in own.dropFirst(4).split(separator: 0x2D).enumerated() {
          if index > 0 { text.output.append(0x2D) }
          text.replace(hexadecimal: digits)
        }
      case .text: text.add(bytes, gap.range)
      }
      from = gap.range.upperBound
    }
    text.output.append(contentsOf: bytes[from...])
  }
}
