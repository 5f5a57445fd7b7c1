// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Synchronization

/// The temporary files that exist right now, so that a signal can remove them.
///
/// A name is registered before its file is made and taken off after it is gone. The lock is held
/// over both, so a signal never finds a file that it does not know.
final class TemporaryFiles: Sendable {
  /// The one list of the process.
  static let shared = TemporaryFiles()

  private struct State {
    var directory: Int32 = -1
    var names: [String] = []
  }
  private let state = Mutex(State())

  /// Makes a temporary file by `create` and remembers it when that succeeds.
  ///
  /// - Parameters:
  ///   - name: The file's name in the folder.
  ///   - directory: The folder's descriptor, which stays open while the file exists.
  ///   - create: Returns 0 or an error number.
  /// - Returns: What `create` returned.
  func add(_ name: String, in directory: Int32, create: () -> Int32) -> Int32 {
    state.withLock { state in
      let code = create()
      if code == 0 {
        state.directory = directory
        state.names.append(name)
      }
      return code
    }
  }

  /// Turns temporary files into their targets, one after the other, up to the first that fails.
  ///
  /// The lock is held over all of them: a signal ends the process before the first or after the
  /// last, never with files of two runs side by side.
  ///
  /// - Returns: How many were renamed, and 0 or the error number of the next one.
  func rename(_ files: [(name: String, target: String)]) -> (renamed: Int, code: Int32) {
    state.withLock { state in
      for (index, file) in files.enumerated() {
        guard renameat(state.directory, file.name, state.directory, file.target) == 0 else {
          return (index, errno)
        }
        state.names.removeAll { $0 == file.name }
      }
      return (files.count, 0)
    }
  }

  /// Removes all temporary files.
  func removeAll() {
    state.withLock { Self.remove(&$0) }
  }

  /// Removes all temporary files, then runs `end` while nobody can make another.
  func removeAll(thenEnd end: () -> Never) -> Never {
    state.withLock { state in
      Self.remove(&state)
      end()
    }
  }

  private static func remove(_ state: inout State) {
    for name in state.names { _ = unlinkat(state.directory, name, 0) }
    state.names.removeAll()
  }
}

/// Makes signals end the process without leaving temporary files behind.
enum Signals {
  /// Blocks the signals that end a process and hands them to a thread of their own.
  ///
  /// Must run before any other thread starts, because threads inherit what is blocked. A signal
  /// that the parent ignores (`nohup`, a background job of a script) stays ignored.
  static func prepare() {
    // A write to a closed pipe or beyond a size limit returns an error instead.
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    var set = sigset_t()
    sigemptyset(&set)
    for number in [SIGINT, SIGTERM, SIGHUP] {
      var action = sigaction()
      sigaction(number, nil, &action)
      let isIgnored =
        unsafeBitCast(
          action.__sigaction_handler.sa_handler, to: Int.self) == 1
      if !isIgnored { sigaddset(&set, number) }
    }
    guard pthread_sigmask(SIG_BLOCK, &set, nil) == 0 else { return }
    var thread = pthread_t()
    let box = UnsafeMutablePointer<sigset_t>.allocate(capacity: 1)
    box.initialize(to: set)
    let code = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        Signals.wait(for: argument.assumingMemoryBound(to: sigset_t.self))
      }, box)
    if code != 0 {
      // Without the thread nobody would ever see the signals.
      pthread_sigmask(SIG_UNBLOCK, &set, nil)
      box.deallocate()
    }
  }

  private static func wait(for set: UnsafePointer<sigset_t>) -> Never {
    var number: Int32 = 0
    while sigwait(set, &number) != 0 {}
    let caught = number
    TemporaryFiles.shared.removeAll {
      // Die of the signal itself, so that the parent can tell.
      signal(caught, SIG_DFL)
      var one = sigset_t()
      sigemptyset(&one)
      sigaddset(&one, caught)
      kill(getpid(), caught)
      pthread_sigmask(SIG_UNBLOCK, &one, nil)
      _exit(128 + caught)
    }
  }

  /// Opens `/dev/null` for standard streams that the parent closed.
  ///
  /// Otherwise the next file opened would become standard output, and a message would be written
  /// into a report. Standard output is opened for reading, so that writing to it still fails.
  static func fillStandardStreams() {
    for (descriptor, mode) in [
      (STDIN_FILENO, O_RDONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_WRONLY),
    ] where fcntl(descriptor, F_GETFD) == -1 {
      // open() takes the lowest free number, which is this one.
      _ = open("/dev/null", mode)
    }
  }
}
