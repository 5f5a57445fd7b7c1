// SPDX-License-Identifier: Apache-2.0

/// Reads one input and returns its facts.
public enum TraceReader {
  /// Limits that keep memory and time bounded on hostile input.
  public struct Options: Sendable {
    /// Longest line that is parsed, in bytes; a longer one is counted as malformed.
    public var maximumLineBytes = 1 << 20
    /// Most text read from one file, in bytes.
    public var maximumBytesPerFile = 64 << 30
    /// Most distinct operation keys kept per file; calls beyond are summed without their size.
    public var maximumKeysPerFile = 1 << 18
    /// The defaults.
    public init() {}
  }

  /// Text asked for at a time: the size at which zlib's and ISA-L's output stays in the cache.
  private static let chunk = 256 << 10

  /// Reads one file, or standard input for `-`, to its end.
  ///
  /// Never throws: a file that cannot be read gives a ledger whose status and detail say why.
  ///
  /// - Parameters:
  ///   - path: The file as the user named it.
  ///   - options: The limits.
  ///   - progress: Called now and then with the compressed bytes read since the last call.
  /// - Returns: A partial with one ledger, whatever happened.
  public static func summarize(
    path: String, options: Options = Options(), progress: (@Sendable (Int) -> Void)? = nil
  ) -> TracePartial {
    var partial = TracePartial()
    do throws(TraceError) {
      var stream = try ByteStream(path: path, maximumBytes: options.maximumBytesPerFile)
      var reader = NCCLLogReader(file: path, maximumKeys: options.maximumKeysPerFile)
      var reported = 0
      Self.pump(&stream, into: &reader, options: options) { compressedBytes in
        progress?(compressedBytes - reported)
        reported = compressedBytes
      }
      var (ledger, processes) = reader.finish()
      stream.apply(to: &ledger)
      if !processes.isEmpty {
        ledger.format = TraceFormat.ncclLog.name
      } else if !ledger.rasReports.isEmpty {
        ledger.format = TraceFormat.ncclRAS.name
      }
      partial.files = [ledger]
      partial.processes = processes
    } catch {
      var ledger = FileLedger(file: path)
      switch error {
      case .missing, .unreadable, .notRegularFile: ledger.status = .unreadable
      case .needsTool(_, let container, _):
        ledger.status = .unsupported
        ledger.compression = container
      case .unsupported: ledger.status = .unsupported
      }
      ledger.detail = error.description
      partial.files = [ledger]
    }
    return partial
  }

  /// Reads text that is already in memory; what the benchmark times and the fuzzer calls.
  ///
  /// - Parameters:
  ///   - text: The text.
  ///   - file: The name for the ledger.
  ///   - window: Bytes handed over at a time, as a file of that chunk size would.
  ///   - options: The limits.
  /// - Returns: A partial with one ledger.
  package static func summarize(
    text: [UInt8], file: String, window: Int = 256 << 10, options: Options = Options()
  ) -> TracePartial {
    let padding = [UInt8](repeating: 0, count: LineMemo.reach)
    return summarize(
      padded: text + padding, count: text.count, file: file, window: window, options: options)
  }

  /// As ``summarize(text:file:window:options:)``, for text followed by 1,024 bytes of anything.
  package static func summarize(
    padded: [UInt8], count: Int, file: String, window: Int = 256 << 10,
    options: Options = Options()
  ) -> TracePartial {
    precondition(padded.count >= count + LineMemo.reach)
    var reader = NCCLLogReader(file: file, maximumKeys: options.maximumKeysPerFile)
    unsafe padded.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      var start = 0
      var end = 0
      while end < count {
        end = window < count - end ? end + max(window, 1) : count
        start += unsafe reader.consume(base + start, count: end - start)
      }
      unsafe reader.consumeUnfinished(base + start, count: count - start, isCut: false)
    }
    let (ledger, processes) = reader.finish()
    var partial = TracePartial()
    partial.files = [ledger]
    partial.processes = processes
    return partial
  }

  /// Moves text from the stream to the reader, keeping the unfinished line at the window's start.
  ///
  /// Memory is one window: the chunk, the longest line allowed and the memo's reach.
  private static func pump(
    _ stream: inout ByteStream, into reader: inout NCCLLogReader, options: Options,
    progress: (Int) -> Void
  ) {
    var capacity = 2 * chunk
    var window = UnsafeMutableRawPointer.allocate(
      byteCount: capacity + LineMemo.reach, alignment: 16)
    defer { unsafe window.deallocate() }
    unsafe window.initializeMemory(as: UInt8.self, repeating: 0, count: capacity + LineMemo.reach)
    var filled = 0
    // Bytes of a line that is too long to keep and has not ended yet.
    var oversize = 0
    while true {
      if capacity - filled < chunk {
        let larger = UnsafeMutableRawPointer.allocate(
          byteCount: capacity * 2 + LineMemo.reach, alignment: 16)
        unsafe larger.initializeMemory(
          as: UInt8.self, repeating: 0, count: capacity * 2 + LineMemo.reach)
        unsafe larger.copyMemory(from: window, byteCount: filled)
        unsafe window.deallocate()
        unsafe window = larger
        capacity *= 2
      }
      let (count, followsGap) = unsafe stream.read(
        into: UnsafeMutableRawBufferPointer(start: window + filled, count: chunk))
      progress(stream.account.compressedBytes)
      if count == 0 { break }
      var start = 0
      if followsGap {
        // What is kept of the line before the gap will never be finished.
        unsafe reader.consumeUnfinished(window, count: filled, isCut: true)
        if oversize > 0 {
          reader.bookOversizeLine(bytes: oversize)
          oversize = 0
        }
        start = filled
        reader.isAfterGap = true
      }
      filled += count
      if oversize > 0 {
        guard let end = unsafe newline(window, from: start, to: filled) else {
          oversize += filled - start
          filled = 0
          continue
        }
        reader.bookOversizeLine(bytes: oversize + end + 1 - start)
        oversize = 0
        start = end + 1
      }
      start += unsafe reader.consume(window + start, count: filled - start)
      let rest = filled - start
      if rest > options.maximumLineBytes {
        oversize = rest
        filled = 0
      } else {
        if start > 0, rest > 0 {
          unsafe window.copyMemory(from: window + start, byteCount: rest)
        }
        filled = rest
      }
    }
    if oversize > 0 { reader.bookOversizeLine(bytes: oversize + filled) }
    if oversize == 0 {
      let isCut = stream.account.status != .complete
      unsafe reader.consumeUnfinished(window, count: filled, isCut: isCut)
    }
  }

  private static func newline(_ base: UnsafeMutableRawPointer, from start: Int, to end: Int)
    -> Int?
  {
    var offset = start
    while offset < end {
      if unsafe base.load(fromByteOffset: offset, as: UInt8.self) == 0x0A { return offset }
      offset += 1
    }
    return nil
  }
}
