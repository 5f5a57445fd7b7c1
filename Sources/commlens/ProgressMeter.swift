// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Synchronization

/// One line on the terminal that tells how far the reading is; erased at the end.
///
/// Shown only when standard error is a terminal: a job's log must not fill with it.
final class ProgressMeter: Sendable {
  private let total: Int
  private let files: Int
  private let start: UInt64
  private let bytesRead = Atomic<Int>(0)
  private let filesRead = Atomic<Int>(0)
  private let lastShown: Atomic<UInt64>

  /// Starts a meter, or returns `nil` when nobody watches.
  ///
  /// - Parameters:
  ///   - total: Bytes of all files as they lie on disk; 0 when unknown.
  ///   - files: Number of files.
  ///   - console: Tells whether anything but errors may be said.
  init?(total: Int, files: Int, console: Console) {
    guard console.verbosity > .quiet, isatty(STDERR_FILENO) == 1 else { return nil }
    self.total = total
    self.files = files
    start = Self.now()
    lastShown = Atomic(start)
  }

  /// Adds bytes read; shows them at most ten times a second, whichever thread comes first.
  func add(bytes: Int) {
    let read = bytesRead.wrappingAdd(bytes, ordering: .relaxed).newValue
    let now = Self.now()
    let last = lastShown.load(ordering: .relaxed)
    guard now &- last >= 100_000_000,
      lastShown.compareExchange(expected: last, desired: now, ordering: .relaxed).exchanged
    else { return }
    let line = Self.line(
      bytes: read, total: total, files: filesRead.load(ordering: .relaxed), of: files,
      seconds: Double(now - start) / 1e9)
    _ = writeAll(Array("\r\u{1B}[K\(line)".utf8), to: STDERR_FILENO)
  }

  /// Counts a file as read.
  func finishFile() { filesRead.wrappingAdd(1, ordering: .relaxed) }

  /// Clears the line.
  func erase() { _ = writeAll(Array("\r\u{1B}[K".utf8), to: STDERR_FILENO) }

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
