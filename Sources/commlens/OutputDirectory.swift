// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import TrafficReport

/// The folder a report is written into, as one step.
///
/// All files are first written and synced under no name (`O_TMPFILE`) or a temporary one, then
/// linked, and only then renamed over the old report, the manifest last. So a full disk or a kill
/// leaves the old report as it was; and should a rename fail half way, which a local file system
/// does not do, the manifest's digests do not match the files and say so.
///
/// One writer of a report at a time: a lock on the folder keeps two runs from mixing their files, and
/// lets the holder remove what a killed run left behind. Writers of one file each share the lock.
struct OutputDirectory: ~Copyable {
  /// A file to be written.
  struct File: Sendable {
    /// Name in the folder; made by us, never from the content of a log.
    let name: String
    /// The whole content.
    let content: Content

    /// A file of these bytes.
    init(name: String, bytes: [UInt8]) {
      self.name = name
      content = .bytes(bytes)
    }

    /// A file that is made piece by piece; `pieces` may be called again when a way to write fails.
    init(name: String, pieces: @escaping @Sendable (_ sink: ([UInt8]) -> Bool) -> Void) {
      self.name = name
      content = .pieces(pieces)
    }
  }

  /// What is in a file.
  enum Content: Sendable {
    case bytes([UInt8])
    /// Hands over one piece after the other, as long as the sink says so.
    case pieces(@Sendable (_ sink: ([UInt8]) -> Bool) -> Void)
  }

  /// The folder as the user named it, for messages.
  private let path: String
  private let descriptor: Int32

  /// Fails early when a folder cannot be created or written, before hours of logs are read.
  ///
  /// Creates nothing, because a run without a result must leave no empty folder.
  static func check(_ path: String) throws(CommandFailure) {
    var candidate = path
    while true {
      var status = stat()
      if stat(candidate, &status) == 0 {
        guard status.st_mode & S_IFMT == S_IFDIR else {
          throw cannotCreate(path, "\(candidate == path ? "it" : candidate) is not a folder")
        }
        guard access(candidate, W_OK | X_OK) == 0 else { throw cannotCreate(path, reason(errno)) }
        return
      }
      guard errno == ENOENT else { throw cannotCreate(path, reason(errno)) }
      // A symbolic link to nothing: mkdir would fail on it later.
      if lstat(candidate, &status) == 0 {
        throw cannotCreate(path, "\(candidate) is a symbolic link to nothing")
      }
      guard let parent = parent(of: candidate) else { return }
      candidate = parent
    }
  }

  /// Fails when a folder exists and has files in it, whose content would be taken for the output.
  static func checkIsEmpty(_ path: String) throws(CommandFailure) {
    guard let stream = opendir(path) else { return }
    defer { closedir(stream) }
    while let entry = readdir(stream) {
      let name = name(of: entry)
      guard name == "." || name == ".." || name.hasPrefix(temporaryPrefix) else {
        throw cannotCreate(path, "it is not empty")
      }
    }
  }

  private static func name(of entry: UnsafeMutablePointer<dirent>) -> String {
    withUnsafePointer(to: &entry.pointee.d_name) { tuple in
      tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
  }

  /// Divides the path of a file to be written into its folder and its name.
  ///
  /// Fails early like ``check(_:)``.
  static func place(ofFile path: String) throws(CommandFailure) -> (folder: String, name: String) {
    let parts = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    let name = parts.last.map { String(decoding: $0, as: UTF8.self) } ?? ""
    var status = stat()
    let exists = stat(path, &status) == 0
    guard !name.isEmpty, name != ".", name != "..", !exists || status.st_mode & S_IFMT == S_IFREG
    else {
      throw CommandFailure(
        status: .cannotCreateOutput,
        message: "\(path): is not a regular file; name another output.")
    }
    let folder = parent(of: path) ?? "."
    try check(folder)
    return (folder, name)
  }

  /// Whether two paths are one folder, which need not exist yet.
  static func areSame(_ a: String, _ b: String) -> Bool {
    var (first, second) = (stat(), stat())
    guard stat(a, &first) == 0, stat(b, &second) == 0 else {
      return a.split(separator: "/").filter { $0 != "." }
        == b.split(separator: "/").filter { $0 != "." } && a.hasPrefix("/") == b.hasPrefix("/")
    }
    return first.st_dev == second.st_dev && first.st_ino == second.st_ino
  }

  /// Creates the folder, with its parents, and locks it.
  ///
  /// - Parameters:
  ///   - path: The folder.
  ///   - alone: Whether no other run may write to it meanwhile. The tasks of a job array may all put
  ///     a file of their own into one folder.
  /// - Throws: `CommandFailure` when it cannot be created, or another run holds the lock.
  init(_ path: String, alone: Bool = true) throws(CommandFailure) {
    var missing = [path]
    while let folder = missing.last, mkdir(folder, 0o777) != 0 {
      if errno == EEXIST { break }
      guard errno == ENOENT, let parent = Self.parent(of: folder) else {
        throw Self.cannotCreate(path, reason(errno))
      }
      missing.append(parent)
    }
    for folder in missing.dropLast().reversed() where mkdir(folder, 0o777) != 0 && errno != EEXIST {
      throw Self.cannotCreate(path, reason(errno))
    }
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.cannotCreate(path, reason(errno)) }
    guard Self.lock(descriptor, alone: alone) else {
      close(descriptor)
      throw Self.cannotCreate(path, "another commlens has been writing to it for 10 seconds")
    }
    self.path = path
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// Writes all files, the last one last, or leaves the folder as it was.
  func write(_ files: [File]) throws(CommandFailure) {
    var pending: [PendingFile] = []
    defer { for file in pending where file.unnamed >= 0 { close(file.unnamed) } }
    do throws(CommandFailure) {
      for (index, file) in files.enumerated() {
        try refuseSpecial(file.name)
        try stage(file, index: index, into: &pending)
      }
      for file in pending { try makeVisible(file) }
      let (renamed, code) = TemporaryFiles.shared.rename(
        pending.map { (name: $0.temporaryName, target: $0.name) })
      guard code == 0 else {
        throw failure(pending[renamed].name, code, after: renamed == 0 ? .nothing : .someFiles)
      }
    } catch {
      TemporaryFiles.shared.removeAll()
      throw error
    }
    let code = Self.sync(descriptor)
    guard code == 0 else { throw failure(nil, code, after: .allFiles) }
  }

  // MARK: - One file

  /// A file that is written and synced, and not yet under its name.
  private struct PendingFile {
    let name: String
    let temporaryName: String
    /// The open descriptor of a file without a name, or -1 when it has its temporary name.
    let unnamed: Int32
    let content: Content
  }

  /// How far the replacement of the old report got before a failure.
  private enum Replaced: String {
    case nothing = "what was there before is untouched"
    case someFiles = "files of two runs stand side by side now; manifest.json lists the old ones"
    case allFiles = "the report is in place, but may not survive a power failure"
  }

  private func refuseSpecial(_ name: String) throws(CommandFailure) {
    var status = stat()
    guard fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
      guard errno == ENOENT else { throw failure(name, errno, after: .nothing) }
      return
    }
    // Renaming over a device or a link would replace it, which nobody means.
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw CommandFailure(
        status: .cannotCreateOutput,
        message:
          "\(path)/\(name): exists and is not a regular file; move it away, or name another output."
      )
    }
  }
}

extension OutputDirectory {
  /// What an interrupted run may leave behind starts with this.
  static let temporaryPrefix = ".commlens-"
  private static let temporarySuffix = ".tmp"

  /// `O_TMPFILE`, a macro Swift does not import; the part besides `O_DIRECTORY` is the same on
  /// x86-64 and AArch64.
  private static let unnamedFile: Int32 = 0o20000000 | O_DIRECTORY

  private func stage(
    _ file: File, index: Int, into pending: inout [PendingFile]
  ) throws(CommandFailure) {
    let temporaryName = "\(Self.temporaryPrefix)\(getpid())-\(index)\(Self.temporarySuffix)"
    let unnamed = openat(
      descriptor, ".", O_WRONLY | Self.unnamedFile | O_CLOEXEC, mode_t(0o666))
    // NFS, Lustre and older kernels have no unnamed files.
    if unnamed < 0 { try writeNamed(file.content, name: file.name, temporaryName: temporaryName) }
    pending.append(
      PendingFile(
        name: file.name, temporaryName: temporaryName, unnamed: unnamed, content: file.content))
    guard unnamed >= 0 else { return }
    let code = Self.fill(unnamed, with: file.content)
    guard code == 0 else { throw failure(file.name, code, after: .nothing) }
  }

  /// Gives a file without a name its temporary one.
  private func makeVisible(_ file: PendingFile) throws(CommandFailure) {
    guard file.unnamed >= 0 else { return }
    let code = TemporaryFiles.shared.add(file.temporaryName, in: descriptor) {
      linkat(
        AT_FDCWD, "/proc/self/fd/\(file.unnamed)", descriptor, file.temporaryName,
        AT_SYMLINK_FOLLOW) == 0 ? 0 : errno
    }
    switch code {
    case 0: return
    // The other way would meet the same.
    case ENOSPC, EDQUOT, EIO: throw failure(file.name, code, after: .nothing)
    // No /proc here, or a file system without links.
    default: try writeNamed(file.content, name: file.name, temporaryName: file.temporaryName)
    }
  }

  private func writeNamed(
    _ content: Content, name: String, temporaryName: String
  ) throws(CommandFailure) {
    var opened: Int32 = -1
    var code = TemporaryFiles.shared.add(temporaryName, in: descriptor) {
      opened = openat(
        descriptor, temporaryName, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
        mode_t(0o666))
      return opened >= 0 ? 0 : errno
    }
    if code == 0 {
      code = Self.fill(opened, with: content)
      // After a good sync, close still reports what a network file system could not store.
      if close(opened) != 0, errno != EINTR, code == 0 { code = errno }
    } else if code != ENOSPC, code != EDQUOT, code != EIO {
      throw CommandFailure(
        status: .cannotCreateOutput,
        message:
          "\(path)/\(name): cannot be created (\(reason(code))); \(Replaced.nothing.rawValue).")
    }
    guard code == 0 else { throw failure(name, code, after: .nothing) }
  }

  private static func fill(_ descriptor: Int32, with content: Content) -> Int32 {
    switch content {
    case .bytes(let bytes): return writeAll(bytes, to: descriptor) ?? sync(descriptor)
    case .pieces(let write):
      var failed: Int32?
      write { piece in
        failed = writeAll(piece, to: descriptor)
        return failed == nil
      }
      return failed ?? sync(descriptor)
    }
  }

  private static func sync(_ descriptor: Int32) -> Int32 {
    while fsync(descriptor) != 0 {
      switch errno {
      case EINTR: continue
      // Special file systems cannot sync; that is no failure to write.
      case EINVAL, EROFS, ENOTSUP: return 0
      default: return errno
      }
    }
    return 0
  }

  /// Takes the folder's lock, waiting a little for another run to finish writing.
  private static func lock(_ descriptor: Int32, alone: Bool) -> Bool {
    for _ in 0..<100 {
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 {
        removeLeftovers(in: descriptor)
        if alone { return true }
      }
      if !alone, flock(descriptor, LOCK_SH | LOCK_NB) == 0 { return true }
      switch errno {
      case EINTR: continue
      case EWOULDBLOCK: usleep(100_000)
      // A file system without locks: the temporary names still differ by process.
      default: return true
      }
    }
    return false
  }

  /// Removes temporary files of a run that was killed; only under the lock.
  private static func removeLeftovers(in descriptor: Int32) {
    // Closing the stream closes its descriptor, so it gets one of its own.
    let copy = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard copy >= 0, let stream = fdopendir(copy) else { return }
    defer { closedir(stream) }
    while let entry = readdir(stream) {
      let name = name(of: entry)
      if name.hasPrefix(temporaryPrefix), name.hasSuffix(temporarySuffix) {
        _ = unlinkat(descriptor, name, 0)
      }
    }
  }

  private static func cannotCreate(_ path: String, _ why: String) -> CommandFailure {
    CommandFailure(
      status: .cannotCreateOutput,
      message: "\(path): the output folder cannot be created or written (\(why)); name another one."
    )
  }

  private func failure(
    _ name: String?, _ code: Int32, after replaced: Replaced
  ) -> CommandFailure {
    CommandFailure(
      status: .inputOutput,
      message:
        "\(path)\(name.map { "/" + $0 } ?? ""): cannot be written (\(reason(code))); \(replaced.rawValue)."
    )
  }

  /// The folder that holds a path, or `nil` for the root and the working directory.
  private static func parent(of path: String) -> String? {
    var rest = path.utf8[...]
    while rest.count > 1, rest.last == UInt8(ascii: "/") { rest = rest.dropLast() }
    guard let slash = rest.lastIndex(of: UInt8(ascii: "/")) else {
      return path == "." || path.isEmpty ? nil : "."
    }
    guard slash != rest.startIndex else { return rest.count > 1 ? "/" : nil }
    return String(rest[..<slash])
  }
}

extension OutputDirectory {
  /// Writes a report: its files, and last the manifest that lists them.
  static func write(
    _ outputs: [ReportFile], _ manifest: Manifest, into folder: String, _ console: Console
  ) throws(CommandFailure) {
    let files = outputs + [manifest.render(outputs: outputs)]
    try OutputDirectory(folder).write(files.map { File(name: $0.name, bytes: $0.bytes) })
    console.detail("\(folder): \(files.count) files written.")
  }
}
