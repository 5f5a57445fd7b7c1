// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Reads the bytes of one file, or of standard input, in order.
///
/// A path is opened without blocking, so that a FIFO is refused and never waited for, and only a
/// regular file is read. Nothing is mapped: a log that shrinks while it is read would end the
/// process with SIGBUS. The bytes may also be those of a file in an archive.
struct ByteSource: ~Copyable {
  /// The open file; it closes with this value unless it is standard input.
  let descriptor: Int32
  /// Whether the file can be read again from an earlier offset.
  let isSeekable: Bool
  /// The offset in the open file at which our byte 0 stands; not 0 for a half-read standard input.
  private let origin: Int
  private let isOwned: Bool
  /// The archive at the file that is read, instead of an open file.
  private let archive: TarReader?
  /// The system's error number that ended the reading, or 0.
  private(set) var failure: Int32 = 0

  /// Opens a regular file, or standard input for `-`.
  init(path: String) throws(TraceError) {
    archive = nil
    var status = stat()
    if path == "-" {
      descriptor = STDIN_FILENO
      isOwned = false
      guard unsafe fstat(descriptor, &status) == 0 else {
        throw .unreadable(path: path, reason: errorText(errno))
      }
    } else {
      descriptor = unsafe open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
      isOwned = true
      guard descriptor >= 0 else {
        let code = errno
        // ENXIO and ENODEV: a socket, or a device nobody serves.
        if code == ENXIO || code == ENODEV { throw .notRegularFile(path: path) }
        if code == ENOENT || code == ENOTDIR { throw .missing(path: path) }
        throw .unreadable(path: path, reason: errorText(code))
      }
      guard unsafe fstat(descriptor, &status) == 0 else {
        let code = errno
        close(descriptor)
        throw .unreadable(path: path, reason: errorText(code))
      }
      guard status.st_mode & S_IFMT == S_IFREG else {
        close(descriptor)
        throw .notRegularFile(path: path)
      }
    }
    let offset = lseek(descriptor, 0, SEEK_CUR)
    isSeekable = status.st_mode & S_IFMT == S_IFREG && offset >= 0
    origin = max(0, offset)
    if isSeekable { posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL) }
  }

  /// Reads the file at which an archive stands.
  init(memberOf archive: TarReader) {
    self.archive = archive
    descriptor = -1
    isSeekable = false
    origin = 0
    isOwned = false
  }

  deinit {
    if isOwned { close(descriptor) }
  }

  /// Reads at least one byte, or returns 0 at the end and after a failure.
  mutating func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    guard failure == 0, let start = buffer.baseAddress, buffer.count > 0 else { return 0 }
    if let archive { return unsafe archive.read(into: buffer) }
    while true {
      let count = unsafe Glibc.read(descriptor, start, buffer.count)
      if count >= 0 { return count }
      switch errno {
      case EINTR: continue
      case EAGAIN:
        // A standard input that its owner made non-blocking.
        var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        _ = unsafe poll(&ready, 1, -1)
      default:
        failure = errno
        return 0
      }
    }
  }

  /// Goes to an offset counted from the first byte that was read; `false` when that cannot be done.
  func seek(to offset: Int) -> Bool {
    isSeekable && lseek(descriptor, origin + offset, SEEK_SET) >= 0
  }

  /// Bytes between the start and the place where the next read of the open file will begin.
  ///
  /// A child process that shares the file moves this place.
  var offset: Int { max(0, lseek(descriptor, 0, SEEK_CUR) - origin) }
}

/// The system's words for an error number.
func errorText(_ code: Int32) -> String {
  guard let text = unsafe strerror(code) else { return "error \(code)" }
  return unsafe String(cString: text)
}
