// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The text of one file in a window that slides over it.
///
/// Memory is one window: two chunks, or the longest record allowed.
@safe
struct TraceText: ~Copyable {
  /// Text asked for at a time: the size at which zlib's and ISA-L's output stays in the cache.
  private static let chunk = 256 << 10

  private var stream: ByteStream
  private var window: UnsafeMutableRawPointer
  private var capacity = 2 * chunk
  /// Bytes of text at the window's start that nobody has taken.
  private var filled = 0
  /// Where bytes are missing before text that the first window holds already.
  private var firstGap: Int?
  /// Bytes of the first window that ``drain(into:)`` gave away.
  private var drained = 0
  private var reported = 0
  private let progress: ((Int) -> Void)?

  /// Takes over an open file and reads its first bytes.
  ///
  /// - Parameters:
  ///   - stream: The file.
  ///   - progress: Called now and then with the compressed bytes read since the last call.
  init(_ stream: consuming ByteStream, progress: ((Int) -> Void)?) {
    self.stream = stream
    self.progress = progress
    unsafe window = .allocate(byteCount: capacity + LineMemo.reach, alignment: 16)
    unsafe window.initializeMemory(as: UInt8.self, repeating: 0, count: capacity + LineMemo.reach)
    while filled < Self.chunk, firstGap == nil {
      let (count, followsGap) = unsafe self.stream.read(
        into: UnsafeMutableRawBufferPointer(start: window + filled, count: Self.chunk - filled))
      if count == 0 { break }
      if followsGap { firstGap = filled }
      filled += count
    }
    report()
  }

  deinit { unsafe window.deallocate() }

  /// How the container is doing.
  var account: ContainerAccount { stream.account }

  /// Enters the container's accounts.
  func apply(to ledger: inout FileLedger) { stream.apply(to: &ledger) }

  /// The first bytes of the text, by which its format is recognised.
  func withPrefix<Result>(_ body: (TextCursor) -> Result) -> Result {
    unsafe body(TextCursor(window, from: 0, to: filled))
  }

  /// Moves text to a caller that needs no window, as ``ByteStream/read(into:)`` does.
  mutating func drain(into buffer: UnsafeMutableRawBufferPointer) -> (count: Int, followsGap: Bool)
  {
    let border = firstGap ?? filled
    guard drained < border else {
      if firstGap != nil {
        firstGap = nil
        return drained < filled ? (unsafe copy(into: buffer, to: filled), true) : (0, true)
      }
      let result = unsafe stream.read(into: buffer)
      report()
      return result
    }
    return (unsafe copy(into: buffer, to: border), false)
  }

  private mutating func copy(into buffer: UnsafeMutableRawBufferPointer, to border: Int) -> Int {
    let count = min(border - drained, buffer.count)
    unsafe buffer.copyMemory(from: UnsafeRawBufferPointer(start: window + drained, count: count))
    drained += count
    return count
  }

  /// Hands the whole text to a reader.
  mutating func read<Reader: FormatReader & ~Copyable>(
    into reader: inout Reader, maximumLineBytes: Int
  ) {
    // Bytes of a line that is too long to keep and has not ended yet.
    var oversize = 0
    if let firstGap {
      let taken = unsafe reader.consume(window, count: firstGap)
      unsafe reader.consumeUnfinished(window + taken, count: firstGap - taken, isCut: true)
      reader.isAfterGap = true
    }
    take(
      into: &reader, from: firstGap ?? 0, oversize: &oversize, maximumLineBytes: maximumLineBytes)
    while true {
      makeRoom()
      let (count, followsGap) = unsafe stream.read(
        into: UnsafeMutableRawBufferPointer(start: window + filled, count: Self.chunk))
      report()
      if count == 0 { break }
      var start = 0
      if followsGap {
        // What is kept of the record before the gap will never be finished.
        unsafe reader.consumeUnfinished(window, count: filled, isCut: true)
        if oversize > 0 {
          reader.bookOversizeLine(bytes: oversize)
          oversize = 0
        }
        start = filled
        reader.isAfterGap = true
      }
      filled += count
      take(into: &reader, from: start, oversize: &oversize, maximumLineBytes: maximumLineBytes)
    }
    if oversize > 0 {
      reader.bookOversizeLine(bytes: oversize + filled)
    } else {
      let isCut = stream.account.status != .complete
      unsafe reader.consumeUnfinished(window, count: filled, isCut: isCut)
    }
    filled = 0
  }

  /// Lets the reader take from the window and moves what it leaves to the window's start.
  private mutating func take<Reader: FormatReader & ~Copyable>(
    into reader: inout Reader, from first: Int, oversize: inout Int, maximumLineBytes: Int
  ) {
    var start = first
    if oversize > 0 {
      guard let end = newline(from: start) else {
        oversize += filled - start
        filled = 0
        return
      }
      reader.bookOversizeLine(bytes: oversize + end + 1 - start)
      oversize = 0
      start = end + 1
    }
    start += unsafe reader.consume(window + start, count: filled - start)
    let rest = filled - start
    if rest > maximumLineBytes, Reader.recordsAreLines {
      oversize = rest
      filled = 0
    } else {
      if start > 0, rest > 0 { unsafe window.copyMemory(from: window + start, byteCount: rest) }
      filled = rest
    }
  }

  private mutating func makeRoom() {
    guard capacity - filled < Self.chunk else { return }
    let larger = UnsafeMutableRawPointer.allocate(
      byteCount: capacity * 2 + LineMemo.reach, alignment: 16)
    unsafe larger.initializeMemory(
      as: UInt8.self, repeating: 0, count: capacity * 2 + LineMemo.reach)
    unsafe larger.copyMemory(from: window, byteCount: filled)
    unsafe window.deallocate()
    unsafe window = larger
    capacity *= 2
  }

  private func newline(from start: Int) -> Int? {
    guard start < filled, let found = unsafe memchr(window + start, 0x0A, filled - start) else {
      return nil
    }
    return unsafe UnsafeRawPointer(found) - UnsafeRawPointer(window)
  }

  private mutating func report() {
    let bytes = stream.account.compressedBytes
    progress?(bytes - reported)
    reported = bytes
  }
}
