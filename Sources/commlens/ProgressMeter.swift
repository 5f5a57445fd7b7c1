// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Synchronization

/// How progress is told.
enum ProgressChoice: String, Sendable, CaseIterable {
  /// As `line` where standard error is a terminal, else not.
  case auto
  /// A line of its own every ten seconds, for the log of a long job.
  case plain
  case none
}

/// Tells on standard error how far the reading is.
///
/// On a terminal that is one line, which is erased at the end; a job's log gets lines only when
/// asked for.
final class ProgressMeter: Sendable {
  private let total: Int
  private let files: Int
  private let start: UInt64
  private let bytesRead = Atomic<Int>(0)
  private let filesRead = Atomic<Int>(0)
  private let lastShown: Atomic<UInt64>
  private let isPlain: Bool

  /// Starts a meter, or returns `nil` when nobody watches.
  ///
  /// - Parameters:
  ///   - total: Bytes of all files as they lie on disk; 0 when unknown.
  ///   - files: Number of files.
  ///   - choice: Whether and how to tell.
  ///   - console: Tells whether anything but errors may be said.
  init?(total: Int, files: Int, _ choice: ProgressChoice, console: Console) {
    guard console.verbosity > .quiet, choice != .none,
      choice == .plain || isatty(STDERR_FILENO) == 1
    else { return nil }
    isPlain = choice == .plain
    self.total = total
    self.files = files
    start = Self.now()
    lastShown = Atomic(start)
  }

  /// Starts a meter for a list of files.
  convenience init?(_ list: [InputFile], _ choice: ProgressChoice, _ console: Console) {
    self.init(
      total: list.reduce(0) { $0 + max($1.size, 0) }, files: list.count, choice, console: console)
  }

  /// Adds bytes read; shows them at most ten times a second, or every ten seconds as a line of its
  /// own, whichever thread comes first.
  func add(bytes: Int) {
    let read = bytesRead.wrappingAdd(bytes, ordering: .relaxed).newValue
    let now = Self.now()
    let last = lastShown.load(ordering: .relaxed)
    guard now &- last >= (isPlain ? 10_000_000_000 : 100_000_000),
      lastShown.compareExchange(expected: last, desired: now, ordering: .relaxed).exchanged
    else { return }
    let line = Self.line(
      bytes: read, total: total, files: filesRead.load(ordering: .relaxed), of: files,
      seconds: Double(now - start) / 1e9)
    _ = writeAll(
      Array((isPlain ? "commlens: \(line)\n" : "\r\u{1B}[K\(line)").utf8), to: STDERR_FILENO)
  }

  /// Counts a file as read.
  func finishFile() { filesRead.wrappingAdd(1, ordering: .relaxed) }

  /// Clears the line, or writes the last one.
  func erase() {
    guard !isPlain else {
      let line = Self.line(
        bytes: bytesRead.load(ordering: .relaxed), total: 0,
        files: filesRead.load(ordering: .relaxed), of: files,
        seconds: Double(Self.now() - start) / 1e9)
      _ = writeAll(Array("commlens: \(line)\n".utf8), to: STDERR_FILENO)
      return
    }
    _ = writeAll(Array("\r\u{1B}[K".utf8), to: STDERR_FILENO)
  }

  /// What the line says.
  static func line(bytes: Int, total: Int, files: Int, of allFiles: Int, seconds: Double) -> String
  {
    let rate = seconds > 0 ? Double(bytes) / seconds : 0
    var text = "\(files)/\(allFiles) files, \(megabytes(Double(bytes)))"
    if total > 0 { text += " of \(megabytes(Double(total)))" }
    text += ", \(megabytes(rate))/s"
    if total > bytes, rate > 0 {
      let left = Double(total - bytes) / rate
      if left < 360_000 {
        let whole = Int(left.rounded(.up))
        text += ", \(whole / 60):\(whole % 60 < 10 ? "0" : "")\(whole % 60) left"
      }
    }
    return text
  }

  private static func megabytes(_ bytes: Double) -> String {
    let tenths = Int((bytes / 1e5).rounded())
    return "\(tenths / 10).\(tenths % 10) MB"
  }

  private static func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }
}
