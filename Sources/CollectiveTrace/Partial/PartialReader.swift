// SPDX-License-Identifier: Apache-2.0

/// Reads a partial: the facts of files that were read before, perhaps elsewhere.
///
/// It gives all of its files or none: a partial is written by commlens, and one that is not whole
/// can be made again. ``finish()`` hands over a ledger of the partial itself first; ``TraceReader``
/// leaves that away where the partial is whole, so that a report does not tell what was read when.
struct PartialReader: FormatReader, ~Copyable {
  static let recordsAreLines = false

  var isAfterGap = false
  private var ledger: FileLedger
  private var facts = TracePartial()
  private var state = State.signature
  private var failure: Failure?
  /// The frame that is being read, as far as it is there.
  private var frame: [UInt8] = []
  private var expected = (bytes: 0, crc: UInt32(0))
  private var framesSinceSignature = 0
  private var totalBytes = 0
  private let maximumBytes: Int

  private enum State {
    case signature, head, frame, count
  }

  private struct Failure {
    var status: FileLedger.Status
    var phrase: String
  }

  init(file: String, options: TraceReader.Options) {
    ledger = FileLedger(file: file)
    ledger.format = TraceFormat.partial.name
    maximumBytes = options.maximumBytesPerPartial
  }

  /// Whether a text begins as a partial of any version.
  static func recognises(_ prefix: TextCursor) -> Bool {
    unsafe prefix.withBytes { unsafe $0.starts(with: PartialFormat.signature) }
  }

  mutating func consume(_ base: UnsafeRawPointer, count: Int) -> Int {
    totalBytes += count
    if isAfterGap {
      isAfterGap = false
      fail(.damaged, "has a gap, because its container is damaged")
    }
    var rest = unsafe UnsafeRawBufferPointer(start: base, count: count)
    while failure == nil, unsafe step(&rest) {}
    if failure != nil { unsafe rest = UnsafeRawBufferPointer(start: base, count: 0) }
    let left = rest.count
    totalBytes -= left
    return count - left
  }

  mutating func consumeUnfinished(_ base: UnsafeRawPointer, count: Int, isCut: Bool) {
    let taken = unsafe consume(base, count: count)
    totalBytes += count - taken
    if isCut || taken < count || state != .signature {
      fail(.truncated, "breaks off before its end")
    }
  }

  mutating func bookOversizeLine(bytes: Int) { totalBytes += bytes }

  mutating func finish() -> TracePartial {
    ledger.book(failure == nil ? .parsed : .malformed, bytes: totalBytes)
    if let failure {
      facts = TracePartial()
      ledger.status = failure.status
      ledger.detail = "The partial \(failure.phrase); run commlens summarize on its files again."
    }
    var whole = TracePartial()
    whole.files = [ledger]
    whole.merge(facts)
    return whole
  }

  // MARK: - Steps

  /// Takes the next piece; returns false when more bytes are needed.
  private mutating func step(_ rest: inout UnsafeRawBufferPointer) -> Bool {
    switch state {
    case .signature: return unsafe takeSignature(&rest)
    case .head:
      guard let count = unsafe takeVarint(&rest, reserving: 4) else { return false }
      guard count > 0 else {
        state = .count
        return true
      }
      let taken = totalBytes - rest.count
      guard count <= max(0, maximumBytes - taken) else {
        fail(.limit, "holds more than \(maximumBytes >> 20) MiB of facts, or is damaged")
        return false
      }
      let crc = unsafe rest.prefix(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      unsafe rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(4))
      expected = (Int(count), crc)
      state = .frame
      return true
    case .frame:
      let piece = unsafe rest.prefix(expected.bytes - frame.count)
      unsafe frame.append(contentsOf: piece)
      unsafe rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(piece.count))
      guard frame.count == expected.bytes else { return false }
      takeFrame()
      state = .head
      return true
    case .count:
      guard let count = unsafe takeVarint(&rest, reserving: 0) else { return false }
      guard count == UInt64(framesSinceSignature) else {
        fail(.damaged, "holds \(framesSinceSignature) files and announces \(count)")
        return false
      }
      state = .signature
      return true
    }
  }

  private mutating func takeSignature(_ rest: inout UnsafeRawBufferPointer) -> Bool {
    let length = PartialFormat.signature.count
    guard rest.count > length else { return false }
    guard unsafe rest.starts(with: PartialFormat.signature) else {
      fail(.damaged, "is followed by something else")
      return false
    }
    let version = unsafe rest[length]
    guard version == PartialFormat.version else {
      fail(
        .unsupported,
        "has version \(version) of the format and this commlens reads \(PartialFormat.version)")
      return false
    }
    unsafe rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(length + 1))
    framesSinceSignature = 0
    state = .head
    return true
  }

  /// Takes a varint, once the bytes after it that belong to it are there too.
  private mutating func takeVarint(
    _ rest: inout UnsafeRawBufferPointer, reserving after: Int
  ) -> UInt64? {
    let most = PartialFormat.maximumVarintBytes
    guard let end = unsafe rest.prefix(most).firstIndex(where: { $0 < 0x80 }) else {
      if rest.count >= most { fail(.damaged, "holds a number that is too large") }
      return nil
    }
    var archive = unsafe FactArchive(reading: Array(rest[...end]))
    var number: UInt64 = 0
    archive.pass(&number)
    if let phrase = archive.failure {
      fail(.damaged, phrase)
      return nil
    }
    guard number == 0 || rest.count - (end + 1) >= after else { return nil }
    unsafe rest = UnsafeRawBufferPointer(rebasing: rest[(end + 1)...])
    return number
  }

  private mutating func takeFrame() {
    framesSinceSignature += 1
    var checksum = Checksum()
    unsafe frame.withUnsafeBytes { unsafe checksum.update($0) }
    guard checksum.value == expected.crc else {
      fail(.checksumMismatch, "holds bytes that are not those that were written")
      return
    }
    var archive = FactArchive(reading: frame)
    frame.removeAll(keepingCapacity: true)
    var own = FileFacts.blank
    archive.pass(&own)
    guard archive.isReadToEnd else {
      fail(.damaged, archive.failure ?? "holds more of a file than its facts")
      return
    }
    var part = TracePartial()
    part.files = [own.ledger]
    part.processes = own.processes
    part.benchmarks = own.benchmarks
    part.launches = own.launches
    facts.merge(part)
  }

  private mutating func fail(_ status: FileLedger.Status, _ phrase: String) {
    failure = failure ?? Failure(status: status, phrase: phrase)
  }
}
