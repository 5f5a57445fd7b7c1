// SPDX-License-Identifier: Apache-2.0

/// Turns the text of one file into facts; one conforming type per format.
///
/// A reader is handed windows of text and takes whole records from their start: lines of a log,
/// events of a trace, messages of a binary file. What it leaves comes back at the start of the next
/// window. It books every byte it takes in its ledger.
protocol FormatReader: ~Copyable, SendableMetatype {
  /// Whether a newline ends a record, so that reading can go on after one that is too long.
  ///
  /// A reader of anything else never leaves more than `maximumLineBytes` of a window: it books what
  /// is too long itself.
  static var recordsAreLines: Bool { get }

  /// Whether bytes are missing before the next window, because the container is damaged.
  var isAfterGap: Bool { get set }

  /// Consumes whole records of `base[0..<count]` and returns how many bytes it took.
  ///
  /// - Precondition: ``LineMemo/reach`` bytes after `count` are readable.
  mutating func consume(_ base: UnsafeRawPointer, count: Int) -> Int

  /// Consumes what is left at the end of the text or, when `isCut`, before missing bytes.
  mutating func consumeUnfinished(_ base: UnsafeRawPointer, count: Int, isCut: Bool)

  /// Books a line of this many bytes that is longer than the limit.
  mutating func bookOversizeLine(bytes: Int)

  /// Ends the file and hands over its facts, with one ledger.
  mutating func finish() -> TracePartial
}
