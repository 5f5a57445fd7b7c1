// SPDX-License-Identifier: Apache-2.0

/// Reads one input and returns its facts.
public enum TraceReader {
  /// Limits that keep memory and time bounded on hostile input.
  public struct Options: Sendable {
    /// Longest line or record that is parsed, in bytes; a longer one is counted as malformed.
    public var maximumLineBytes = 1 << 20
    /// Most text read from one file, in bytes.
    public var maximumBytesPerFile = 64 << 30
    /// Most distinct operation keys kept per file; calls beyond are summed without their size.
    public var maximumKeysPerFile = 1 << 18
    /// Most calls of one file whose times are kept one by one; later ones are only in histograms.
    public var maximumTimedCallsPerFile = 1 << 16
    /// Most bytes taken of a partial; its facts need several times as much memory.
    public var maximumBytesPerPartial = 1 << 30
    /// The defaults.
    public init() {}
  }

  /// Reads one file, or standard input for `-`, to its end.
  ///
  /// Never throws: a file that cannot be read gives a ledger whose status and detail say why.
  ///
  /// - Parameters:
  ///   - path: The file to open.
  ///   - name: What the facts call it; `nil` for the path.
  ///   - options: The limits.
  ///   - progress: Called now and then with the compressed bytes read since the last call.
  /// - Returns: The facts, with one ledger whatever happened; of an archive with one for each of its
  ///   files too, and of a partial with those that it holds in place of its own.
  public static func summarize(
    path: String, name: String? = nil, options: Options = Options(),
    progress: (@Sendable (Int) -> Void)? = nil
  ) -> TracePartial {
    let name = name ?? path
    do throws(TraceError) {
      let text = try open(path, options, progress)
      guard !text.withPrefix(TarReader.recognises) else {
        return summarize(archive: TarReader(text), name: name, options: options)
      }
      return summarize(text, name: name, options: options)
    } catch {
      var partial = unreadable(name, error)
      // The facts name no folder of this machine.
      if path != name { partial.files[0].detail.replace(path, with: name) }
      return partial
    }
  }

  /// Reads a partial, or standard input for `-`, and refuses everything else.
  ///
  /// - Parameters:
  ///   - path: The file to open.
  ///   - options: The limits.
  ///   - progress: Called now and then with the compressed bytes read since the last call.
  /// - Returns: The facts that it holds.
  /// - Throws: `TraceError` when the file cannot be read, is no partial, or is not whole.
  public static func readPartial(
    path: String, options: Options = Options(), progress: (@Sendable (Int) -> Void)? = nil
  ) throws(TraceError) -> TracePartial {
    let text = try open(path, options, progress)
    guard text.withPrefix(PartialReader.recognises) else {
      throw .broken(
        path: path,
        detail:
          "is no partial; make one of it with commlens summarize, or pass it to commlens analyze.")
    }
    var facts = read(text, name: path, options: options)
    guard facts.files[0].status == .complete else {
      throw .broken(path: path, detail: facts.files[0].detail)
    }
    facts.removeFirstFile()
    return facts
  }

  private static func open(
    _ path: String, _ options: Options, _ progress: (@Sendable (Int) -> Void)?
  ) throws(TraceError) -> TraceText {
    TraceText(
      try ByteStream(archiveOrFile: path, maximumBytes: options.maximumBytesPerFile),
      progress: progress)
  }

  /// Tells what a file is by its first bytes, without reading on.
  ///
  /// - Parameter path: The file, or `-`.
  /// - Returns: A ledger with format, compression and status; the format is empty where only
  ///   reading all of the file could tell.
  public static func identify(path: String) -> FileLedger {
    do throws(TraceError) {
      let text = try open(path, Options(), nil)
      var ledger = FileLedger(file: path)
      text.apply(to: &ledger)
      if text.withPrefix(TarReader.recognises) {
        ledger.format = "tar"
        return ledger
      }
      let format = text.withPrefix { TraceFormat.recognise($0) }
      // Any text is read as a log; whether it is one, its lines must show.
      guard format.name == TraceFormat.ncclLog.name else {
        ledger.format = format.name
        return ledger
      }
      let isLog = text.withPrefix { prefix -> Bool in
        unsafe prefix.withBytes { bytes -> Bool in
          guard let base = bytes.baseAddress else { return false }
          let read = unsafe format.readMemory(base, bytes.count, bytes.count, path, Options())
          return !read.processes.isEmpty || !read.benchmarks.isEmpty
        }
      }
      if isLog { ledger.format = format.name }
      return ledger
    } catch {
      return unreadable(path, error).files[0]
    }
  }

  private static func summarize(
    _ text: consuming TraceText, name: String, options: Options
  ) -> TracePartial {
    var facts = read(text, name: name, options: options)
    // A partial stands for its files: what is made of it must not depend on how they were read.
    if facts.files[0].format == TraceFormat.partial.name, facts.files[0].status == .complete {
      facts.removeFirstFile()
    }
    return facts
  }

  /// The facts of a text; the first ledger is that of the text itself.
  private static func read(
    _ text: consuming TraceText, name: String, options: Options
  ) -> TracePartial {
    var text = text
    let format = text.withPrefix { TraceFormat.recognise($0) }
    var facts = format.read(&text, name, options)
    text.apply(to: &facts.files[0])
    if format.name == TraceFormat.partial.name, facts.files[0].status != .complete {
      // The container is damaged: what came out of it may lack the end.
      let own = facts.files[0]
      facts = TracePartial()
      facts.files = [own]
    }
    return facts
  }

  /// Reads every file of an archive as one of its own, named `ARCHIVE/FILE`.
  ///
  /// The archive has a ledger too: of its container, and of the bytes that are of no file.
  private static func summarize(
    archive: TarReader, name path: String, options: Options
  ) -> TracePartial {
    var partial = TracePartial()
    var files = 0
    while let member = archive.next() {
      files += 1
      let name = path + "/" + member.name
      var own: TracePartial
      do throws(TraceError) {
        let text = TraceText(
          try ByteStream(
            memberOf: archive, path: name, maximumBytes: options.maximumBytesPerFile),
          progress: nil)
        own = summarize(text, name: name, options: options)
      } catch {
        own = unreadable(name, error)
      }
      if archive.isCut, own.files.first?.file == name, own.files[0].status == .complete {
        own.files[0].status = .truncated
        own.files[0].detail = "The archive breaks off inside of this file."
      }
      partial.merge(own)
    }
    var ledger = FileLedger(file: path)
    ledger.format = "tar"
    ledger.book(.foreign, lines: files + archive.skipped, bytes: archive.overhead)
    let overhead = ledger.bytes
    archive.apply(to: &ledger)
    ledger.bytes = overhead
    // Two archives of other files are no duplicates, though they hold nothing but files.
    ledger.contentCRC32 = 0
    if ledger.status == .complete, !archive.complaint.isEmpty {
      ledger.status = .damaged
      ledger.detail = archive.complaint
    } else if ledger.status == .complete {
      ledger.detail = "\(files) files were read from this archive."
    }
    var whole = TracePartial()
    whole.files = [ledger]
    whole.merge(partial)
    return whole
  }

  static func unreadable(_ path: String, _ error: TraceError) -> TracePartial {
    var ledger = FileLedger(file: path)
    switch error {
    case .missing, .unreadable, .notRegularFile: ledger.status = .unreadable
    case .needsTool(_, let container, _):
      ledger.status = .unsupported
      ledger.compression = container
    case .unsupported: ledger.status = .unsupported
    case .broken: ledger.status = .damaged
    }
    ledger.detail = error.description
    var partial = TracePartial()
    partial.files = [ledger]
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
    return unsafe padded.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return TracePartial() }
      let prefix = unsafe TextCursor(base, from: 0, to: min(count, 256 << 10))
      return unsafe TraceFormat.recognise(prefix).readMemory(base, count, window, file, options)
    }
  }

  /// Hands text in memory to a reader, window by window.
  static func read<Reader: FormatReader & ~Copyable>(
    _ base: UnsafeRawPointer, count: Int, window: Int, into reader: inout Reader
  ) {
    var start = 0
    var end = 0
    while end < count {
      end = window < count - end ? end + max(window, 1) : count
      start += unsafe reader.consume(base + start, count: end - start)
    }
    unsafe reader.consumeUnfinished(base + start, count: count - start, isCut: false)
  }
}
