// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// When to use colour.
enum ColorChoice: String, Sendable, CaseIterable {
  case auto, always, never
}

/// Writes data to standard output and everything else to standard error.
///
/// Standard output gets what was asked for and nothing else, so that a pipe never has to skip a
/// banner. `print` is not used: it reports success when the disk is full.
struct Console: Sendable {
  /// How much is said on standard error.
  enum Verbosity: Int, Comparable, Sendable {
    case quiet, normal, verbose

    static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
  }

  /// How much is said on standard error.
  let verbosity: Verbosity
  /// Whether standard output takes colour.
  let colorsOutput: Bool

  /// Decides on colour once.
  init(verbosity: Verbosity, color: ColorChoice) {
    self.verbosity = verbosity
    colorsOutput = Self.usesColor(
      color, isTerminal: isatty(STDOUT_FILENO) == 1, environment: Self.variable)
  }

  /// Applies `--color`, then `NO_COLOR`, `CLICOLOR_FORCE` and `TERM=dumb`, then the terminal.
  static func usesColor(
    _ choice: ColorChoice, isTerminal: Bool, environment: (String) -> String?
  ) -> Bool {
    switch choice {
    case .always: return true
    case .never: return false
    case .auto: break
    }
    if let value = environment("NO_COLOR"), !value.isEmpty { return false }
    if let value = environment("CLICOLOR_FORCE"), !value.isEmpty, value != "0" { return true }
    if environment("TERM") == "dumb" { return false }
    return isTerminal
  }

  private static func variable(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }

  /// Columns of the terminal on standard output; 100 when it is not one.
  ///
  /// A pipe gets a fixed width, so that what is written does not depend on the window.
  var width: Int {
    var size = winsize()
    guard isatty(STDOUT_FILENO) == 1, ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0,
      size.ws_col > 0
    else { return 100 }
    return min(max(Int(size.ws_col), 60), 200)
  }

  /// Writes data to standard output; a closed pipe is not an error.
  func output(_ bytes: [UInt8]) throws(CommandFailure) {
    guard let code = writeAll(bytes, to: STDOUT_FILENO), code != EPIPE else { return }
    throw CommandFailure(
      status: .inputOutput, message: "standard output: cannot be written (\(reason(code))).")
  }

  /// Writes data to standard output piece by piece; a closed pipe ends it without an error.
  func output(_ pieces: (_ sink: ([UInt8]) -> Bool) -> Void) throws(CommandFailure) {
    var failed: Int32?
    pieces { piece in
      failed = writeAll(piece, to: STDOUT_FILENO)
      return failed == nil
    }
    guard let failed, failed != EPIPE else { return }
    throw CommandFailure(
      status: .inputOutput, message: "standard output: cannot be written (\(reason(failed))).")
  }

  /// Says something a person may want to know; silent with `-q`.
  func note(_ text: String) {
    if verbosity > .quiet { Self.say("note: " + text) }
  }

  /// Says something that changes what the result is worth; silent with `-q`.
  func warn(_ text: String) {
    if verbosity > .quiet { Self.say("warning: " + text) }
  }

  /// Says something only `-v` asks for.
  func detail(_ text: String) {
    if verbosity == .verbose { Self.say(text) }
  }

  /// Says why the command fails.
  static func fail(_ text: String) { say("error: " + text) }

  private static func say(_ text: String) {
    // Nothing can be done when standard error is gone.
    _ = writeAll(Array("commlens: \(printable(text))\n".utf8), to: STDERR_FILENO)
  }
}

/// Writes all bytes, however often the kernel takes only some of them or is interrupted.
///
/// - Returns: `nil` when all bytes were taken, else the error number.
func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Int32? {
  bytes.withUnsafeBytes { buffer in
    var rest = buffer[...]
    while !rest.isEmpty {
      // The kernel writes at most 2 GiB at a time; less keeps an interrupt responsive.
      let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 24))
      let count = write(descriptor, piece.baseAddress, piece.count)
      if count > 0 {
        rest = rest.dropFirst(count)
      } else if count == 0 {
        // POSIX leaves this open for a count above 0; going on would spin.
        return EIO
      } else if errno == EAGAIN {
        var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = Glibc.poll(&poll, 1, -1)
      } else if errno != EINTR {
        return errno
      }
    }
    return nil
  }
}

/// The system's words for an error number.
func reason(_ code: Int32) -> String {
  var buffer = [CChar](repeating: 0, count: 256)
  guard strerror_r(code, &buffer, buffer.count) == 0 else { return "error \(code)" }
  return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
}

/// Replaces what could move the cursor, colour the screen or reorder the text.
///
/// File names come from whoever wrote the files; a line feed is kept, because our own messages
/// have some.
func printable(_ text: String) -> String {
  var result = String.UnicodeScalarView()
  for scalar in text.unicodeScalars {
    switch scalar.value {
    case 0x0A: result.append(scalar)
    case 0...0x1F, 0x7F...0x9F, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069, 0x61C:
      result.append("\u{FFFD}")
    default: result.append(scalar)
    }
  }
  return String(result)
}
