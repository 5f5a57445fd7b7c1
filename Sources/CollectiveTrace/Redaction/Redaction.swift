// SPDX-License-Identifier: Apache-2.0

/// Copies of inputs without what points to a person, a machine or a site.
///
/// Each file is read twice: first ``identifiers(path:options:)`` of all files, then
/// ``write(path:pseudonyms:options:sink:)`` with one table of pseudonyms for all. What is not read
/// line by line, or holds too much that nobody has listed, is refused: a profile has the names of a
/// program's functions and files in it.
package enum Redaction {
  /// What came of reading a file.
  package struct Result: Sendable {
    /// What was found, in the first reading.
    package var found = IdentifierSet()
    /// What was replaced, in the second.
    package var counts = Pseudonyms.Counts()
    /// The account of the file; its status says whether it was read to its end.
    package var ledger: FileLedger
    /// Why there will be no copy, as one sentence.
    package var refusal: String?
    /// What the name of a copy ends with.
    package var suffix = ".log"
    /// Whether the file is compressed, so that its copy is as well.
    package var isCompressed: Bool { ledger.compression != "none" }
  }

  /// Finds what there is to replace in a file.
  ///
  /// Never throws: what cannot be read or redacted is in the result.
  package static func identifiers(
    path: String, options: TraceReader.Options = TraceReader.Options(),
    progress: (@Sendable (Int) -> Void)? = nil
  ) -> Result {
    read(path, nil, options, progress) { _ in true }
  }

  /// Writes the copy of a file.
  ///
  /// - Parameters:
  ///   - path: A file that was read before.
  ///   - pseudonyms: One table for all files.
  ///   - options: The limits.
  ///   - sink: Takes the text, piece by piece; returns whether more is wanted.
  /// - Returns: What was replaced, and the account of the file as it was this time.
  package static func write(
    path: String, pseudonyms: Pseudonyms, options: TraceReader.Options = TraceReader.Options(),
    sink: @escaping ([UInt8]) -> Bool
  ) -> Result {
    read(path, pseudonyms, options, nil, sink)
  }

  private static func read(
    _ path: String, _ pseudonyms: Pseudonyms?, _ options: TraceReader.Options,
    _ progress: (@Sendable (Int) -> Void)?, _ sink: @escaping ([UInt8]) -> Bool
  ) -> Result {
    var text: TraceText
    do throws(TraceError) {
      text = TraceText(
        try ByteStream(archiveOrFile: path, maximumBytes: options.maximumBytesPerFile),
        progress: progress)
    } catch {
      let ledger = TraceReader.unreadable(path, error).files[0]
      return Result(ledger: ledger, refusal: ledger.detail)
    }
    if let reason = text.withPrefix({ (prefix) -> String? in refusal(of: prefix) }) {
      var ledger = FileLedger(file: path)
      text.apply(to: &ledger)
      return Result(ledger: ledger, refusal: "\(path): \(reason); it is not copied.")
    }
    guard text.withPrefix({ (prefix) -> Bool in isWords(prefix) }) else {
      var reader = LogRedactor(
        file: path, options: options, pseudonyms: pseudonyms, sink: sink)
      text.read(into: &reader, maximumLineBytes: options.maximumLineBytes)
      var result = Result(ledger: reader.finish().files[0])
      text.apply(to: &result.ledger)
      result.found = reader.found
      result.counts = reader.counts
      if !result.ledger.hasNCCLLines, result.ledger.status != .unreadable {
        result.refusal = "\(path): holds no line of NCCL; it is not copied."
      }
      return result
    }
    let isInspector: Bool = text.withPrefix { Self.isInspector($0) }
    var reader = WordRedactor(
      file: path, numbers: isInspector ? .all : .hexadecimal, pseudonyms: pseudonyms, sink: sink)
    text.read(into: &reader, maximumLineBytes: options.maximumLineBytes)
    var result = Result(ledger: reader.finish().files[0])
    text.apply(to: &result.ledger)
    result.found = reader.found
    result.counts = reader.counts
    result.suffix = isInspector ? ".json" : ".xml"
    return result
  }

  /// Why a file that begins so is not redacted, or `nil`.
  private static func refusal(of prefix: TextCursor) -> String? {
    if TarReader.recognises(prefix) {
      return "an archive; unpack it, and redact the files"
    }
    switch TraceFormat.recognise(prefix).name {
    case TraceFormat.ncclLog.name, TraceFormat.ncclRAS.name, TraceFormat.inspector.name:
      return nil
    // A log that begins with the text of its batch script.
    case TraceFormat.launchFile.name where prefix.find(" NCCL INFO ") != nil: return nil
    case let name:
      return "files of format \(name) have too much in them that may be private"
    }
  }

  private static func isInspector(_ prefix: TextCursor) -> Bool {
    TraceFormat.recognise(prefix).name == TraceFormat.inspector.name
  }

  /// Whether a file is redacted word by word, because no line of it is NCCL's: topologies and
  /// records of Inspector.
  private static func isWords(_ prefix: TextCursor) -> Bool {
    if isInspector(prefix) { return true }
    var text = prefix
    text.skipBlanks()
    guard text.next == 0x3C else { return false }
    return text.find("<system") != nil || text.find("<graphs") != nil
  }
}

extension FileLedger {
  /// Whether any line is NCCL's, understood or not.
  fileprivate var hasNCCLLines: Bool {
    [.parsed, .knownIgnored, .unrecognised, .tornRecovered, .tornLost].contains {
      self[$0].lines > 0
    }
  }
}

/// Writes a file word by word: for formats in which every line belongs to the format.
struct WordRedactor: FormatReader, ~Copyable {
  static let recordsAreLines = true

  var isAfterGap = false
  private var ledger: FileLedger
  private var text: TextRedactor
  private let numbers: TextRedactor.Numbers
  private let sink: ([UInt8]) -> Bool
  private var isWanted = true

  init(
    file: String, numbers: TextRedactor.Numbers, pseudonyms: Pseudonyms?,
    sink: @escaping ([UInt8]) -> Bool
  ) {
    self.numbers = numbers
    ledger = FileLedger(file: file)
    text = TextRedactor(pseudonyms: pseudonyms)
    self.sink = sink
  }

  /// What the first reading found.
  var found: IdentifierSet { text.found }
  /// What the second reading replaced.
  var counts: Pseudonyms.Counts { text.counts }

  mutating func consume(_ base: UnsafeRawPointer, count: Int) -> Int {
    guard isWanted else { return count }
    let bytes = unsafe UnsafeRawBufferPointer(start: base, count: count)
    guard let end = unsafe bytes.lastIndex(of: 0x0A) else { return 0 }
    unsafe consumeUnfinished(base, count: end + 1, isCut: false)
    return end + 1
  }

  mutating func consumeUnfinished(_ base: UnsafeRawPointer, count: Int, isCut: Bool) {
    guard count > 0, isWanted else { return }
    let bytes = unsafe Array(UnsafeRawBufferPointer(start: base, count: count))
    for line in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
      if line.offset > 0 { text.output.append(0x0A) }
      text.add(line.element, numbers: numbers)
    }
    ledger.book(.parsed, bytes: count)
    if text.pseudonyms != nil { isWanted = sink(text.output) }
    text.output.removeAll(keepingCapacity: true)
  }

  mutating func bookOversizeLine(bytes: Int) {
    ledger.book(.malformed, bytes: bytes)
    text.counts.lines += 1
    text.output.append(0x0A)
  }

  mutating func finish() -> TracePartial {
    if text.pseudonyms != nil, isWanted { _ = sink(text.output) }
    var partial = TracePartial()
    partial.files = [ledger]
    return partial
  }
}
