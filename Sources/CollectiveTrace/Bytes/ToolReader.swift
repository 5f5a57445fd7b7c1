// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Reads a file through a decompressor that runs as a child process.
///
/// The child gets the open file itself as its standard input. A pipe cannot be given away once its
/// first bytes are read, so then the child gets a socket and this type feeds it; a socket, because
/// writing to one whose reader died gives an error, where a pipe gives a signal.
@safe
struct ToolReader: ~Copyable {
  private static let longestComplaint = 1 << 10

  private let tool: ExternalTool
  private var window: InputWindow
  private var process: pid_t
  private var output: Int32
  private var complaints: Int32
  /// The socket that feeds the child, or -1.
  private var feed: Int32 = -1
  private var complaint: [UInt8] = []
  private var delivered = Checksum()
  private var ledger = ContainerAccount()
  private var isEnded = false

  /// Starts the tool on a file of which only the first bytes were read.
  init(
    window: consuming InputWindow, tool: ExternalTool, program: String, path: String
  ) throws(TraceError) {
    let isSeekable = window.source.isSeekable && window.source.seek(to: 0)
    var input: (child: Int32, parent: Int32) = (window.source.descriptor, -1)
    var output: (child: Int32, parent: Int32) = (-1, -1)
    var complaints: (child: Int32, parent: Int32) = (-1, -1)
    var code: Int32 = 0
    var process: pid_t = 0
    if !isSeekable { code = Self.connect(&input) }
    if code == 0 { code = Self.connect(&output) }
    if code == 0 { code = Self.connect(&complaints) }
    if code == 0 {
      code = Self.spawn(
        program, tool.arguments, input: input.child, output: output.child,
        complaints: complaints.child, process: &process)
    }
    if !isSeekable, input.child >= 0 { close(input.child) }
    for descriptor in [output.child, complaints.child] where descriptor >= 0 { close(descriptor) }
    guard code == 0 else {
      for descriptor in [input.parent, output.parent, complaints.parent] where descriptor >= 0 {
        close(descriptor)
      }
      throw .unreadable(path: path, reason: "`\(tool.rawValue)` cannot be run: \(errorText(code))")
    }
    for descriptor in [input.parent, output.parent, complaints.parent] where descriptor >= 0 {
      _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    }
    self.tool = tool
    self.window = window
    self.process = process
    self.output = output.parent
    self.complaints = complaints.parent
    feed = input.parent
    ledger.compression = tool.rawValue
  }

  deinit {
    for descriptor in [output, complaints, feed] where descriptor >= 0 { close(descriptor) }
    if process > 0 {
      kill(process, SIGKILL)
      _ = Self.reap(process)
    }
  }

  /// The accounts so far.
  var account: ContainerAccount {
    var account = ledger
    // The child moves the offset of the file it shares with us.
    let used = window.source.isSeekable ? window.source.offset : window.furthestOffset
    account.compressedBytes = used
    if account.status == .truncated { account.truncatedAtByte = used }
    if isEnded, account.status != .complete {
      account.damagedBytes = used
    } else {
      account.memberBytes = used
    }
    account.textBytes = delivered.bytes
    account.contentCRC32 = delivered.value
    return account
  }

  /// Fills a buffer with what the tool writes.
  mutating func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    var count = 0
    while count < buffer.count, !isEnded {
      let room = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[count...])
      let result = unsafe Glibc.read(output, room.baseAddress, room.count)
      if result > 0 {
        unsafe delivered.update(UnsafeRawBufferPointer(rebasing: room[..<result]))
        count += result
      } else if result == 0 {
        finish()
      } else if errno == EAGAIN {
        wait()
      } else if errno != EINTR {
        finish()
      }
    }
    return count
  }

  // MARK: - Pumping

  /// Waits until the tool has written something, and feeds it meanwhile.
  private mutating func wait() {
    // An empty slot has descriptor -1, which poll passes over.
    var slots = [pollfd](repeating: pollfd(fd: -1, events: 0, revents: 0), count: 4)
    slots[0] = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
    slots[1] = pollfd(fd: complaints, events: Int16(POLLIN), revents: 0)
    if feed >= 0 {
      if window.available > 0 {
        slots[2] = pollfd(fd: feed, events: Int16(POLLOUT), revents: 0)
      } else {
        slots[3] = pollfd(fd: window.source.descriptor, events: Int16(POLLIN), revents: 0)
      }
    }
    guard unsafe poll(&slots, nfds_t(slots.count), -1) > 0 else { return }
    if slots[1].revents != 0 { hear() }
    if slots[2].revents != 0 { send() }
    if slots[3].revents != 0, !window.fill(1) { stopFeeding() }
  }

  private mutating func send() {
    let unread = unsafe window.unread
    let sent = unsafe Glibc.send(
      feed, unread.baseAddress, unread.count, Int32(MSG_NOSIGNAL))
    if sent > 0 {
      window.advance(by: sent)
    } else if errno != EAGAIN, errno != EINTR {
      // The tool has stopped reading; why, it says itself.
      stopFeeding()
    }
  }

  private mutating func stopFeeding() {
    close(feed)
    feed = -1
  }

  /// Takes in what the tool writes to its standard error; `false` when it has closed it.
  @discardableResult
  private mutating func hear() -> Bool {
    guard complaints >= 0 else { return false }
    var bytes = [UInt8](repeating: 0, count: 512)
    let count = unsafe Glibc.read(complaints, &bytes, bytes.count)
    if count > 0 {
      complaint += bytes.prefix(min(count, Self.longestComplaint - complaint.count))
      return true
    }
    if count < 0, errno == EAGAIN || errno == EINTR { return true }
    close(complaints)
    complaints = -1
    return false
  }

  /// Hears the tool out, takes its exit status, and judges it.
  private mutating func finish() {
    isEnded = true
    close(output)
    output = -1
    if feed >= 0 { stopFeeding() }
    while complaints >= 0 {
      var slot = pollfd(fd: complaints, events: Int16(POLLIN), revents: 0)
      _ = unsafe poll(&slot, 1, -1)
      hear()
    }
    let status = Self.reap(process)
    process = 0
    guard let status, status != 0 else { return }
    let signal = status & 0x7f
    let ending =
      signal != 0 ? "was ended by signal \(signal)" : "failed with status \(status >> 8 & 0xff)"
    let firstLine = complaint.split(separator: 0x0a).first ?? []
    let words = String(decoding: firstLine.filter { $0 >= 0x20 && $0 != 0x7f }, as: UTF8.self)
    let lowercased = words.lowercased()
    let isCut = ["unexpected end", "premature end", "ends unexpectedly", "truncated"]
      .contains { lowercased.contains($0) }
    ledger.note(
      isCut ? .truncated : .damaged,
      "`\(tool.rawValue) -dc` \(ending)\(words.isEmpty ? "" : " (\(words))"); what it wrote before was read; fetch the file again."
    )
  }

  // MARK: - Processes

  /// Makes a connection that no other child can inherit, which `pipe` cannot promise.
  private static func connect(_ ends: inout (child: Int32, parent: Int32)) -> Int32 {
    var pair: [Int32] = [-1, -1]
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard unsafe socketpair(AF_UNIX, type, 0, &pair) == 0 else { return errno }
    ends = (pair[0], pair[1])
    return 0
  }

  private static func spawn(
    _ program: String, _ arguments: [String], input: Int32, output: Int32, complaints: Int32,
    process: inout pid_t
  ) -> Int32 {
    var actions = unsafe posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    unsafe posix_spawn_file_actions_init(&actions)
    unsafe posix_spawnattr_init(&attributes)
    defer {
      unsafe posix_spawn_file_actions_destroy(&actions)
      unsafe posix_spawnattr_destroy(&attributes)
    }
    unsafe posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
    unsafe posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
    unsafe posix_spawn_file_actions_adddup2(&actions, complaints, STDERR_FILENO)
    // We may ignore or block signals; the tool must still die of them.
    var none = sigset_t()
    var broken = sigset_t()
    unsafe sigemptyset(&none)
    unsafe sigemptyset(&broken)
    unsafe sigaddset(&broken, SIGPIPE)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    unsafe posix_spawnattr_setsigdefault(&attributes, &broken)
    unsafe posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

    let argumentStrings = unsafe ([program] + arguments).map { unsafe strdup($0) }
    let environmentStrings = unsafe environment().map { unsafe strdup($0) }
    defer {
      unsafe (argumentStrings + environmentStrings).forEach { unsafe free($0) }
    }
    return unsafe posix_spawn(
      &process, program, &actions, &attributes, argumentStrings + [nil], environmentStrings + [nil])
  }

  /// Our own variables without those that change what a tool does, and with plain messages.
  private static func environment() -> [String] {
    var result = ["LC_ALL=C"]
    var entry = unsafe environ
    while let string = unsafe entry.pointee {
      let variable = unsafe String(cString: string)
      let isTaken = ["LC_", "LANG", "XZ_", "BZIP", "ZSTD_"].contains { variable.hasPrefix($0) }
      if !isTaken { result.append(variable) }
      unsafe entry += 1
    }
    return result
  }

  /// Waits for a child; `nil` when somebody else has waited for it.
  private static func reap(_ process: pid_t) -> Int32? {
    var status: Int32 = 0
    while unsafe waitpid(process, &status, 0) < 0 {
      if errno != EINTR { return nil }
    }
    return status
  }
}
