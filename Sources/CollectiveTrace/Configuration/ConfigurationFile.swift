// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Reads the small text files that describe a job or a model.
package enum ConfigurationFile {
  /// Largest file accepted.
  static let maximumBytes = 1 << 20

  /// Reads a whole file, and accounts for its bytes.
  ///
  /// - Throws: `unreadable`, `tooLarge` or `notText`.
  /// - Complexity: O(*n*) in the bytes of the file, at most ``maximumBytes``.
  package static func read(
    path: String
  ) throws(ConfigurationError) -> (text: String, ledger: FileLedger) {
    // A path with a NUL would name another file to the system than to a person.
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw .unreadable(file: path, reason: "not a file name")
    }
    // A pipe or a terminal must not make the program wait.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard descriptor >= 0 else { throw .unreadable(file: path, reason: reason(errno)) }
    defer { _ = close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else {
      throw .unreadable(file: path, reason: reason(errno))
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw .unreadable(file: path, reason: "not a regular file")
    }
    guard status.st_size <= maximumBytes else {
      throw .tooLarge(file: path, limitBytes: maximumBytes)
    }
    // One byte more than allowed, so that a file that grows meanwhile is noticed.
    var bytes = [UInt8](repeating: 0, count: maximumBytes + 1)
    var count = 0
    while count < bytes.count {
      let received = unsafe bytes.withUnsafeMutableBytes { buffer in
        unsafe Glibc.read(descriptor, buffer.baseAddress?.advanced(by: count), buffer.count - count)
      }
      if received == 0 { break }
      if received < 0 {
        if errno == EINTR { continue }
        throw .unreadable(file: path, reason: reason(errno))
      }
      count += received
    }
    guard count <= maximumBytes else { throw .tooLarge(file: path, limitBytes: maximumBytes) }
    let content = Array(bytes.prefix(count))
    var checksum = Checksum()
    unsafe content.withUnsafeBytes { unsafe checksum.update($0) }
    var ledger = FileLedger(file: path)
    ledger.compressedBytes = count
    ledger.bytes = count
    ledger.contentCRC32 = checksum.value
    return (try text(content, file: path), ledger)
  }

  /// Returns bytes as text.
  ///
  /// - Throws: `notText` at the first byte that is not UTF-8.
  static func text(_ bytes: [UInt8], file: String) throws(ConfigurationError) -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw .notText(file: file, byteOffset: firstInvalid(bytes))
    }
    return text
  }

  /// Returns the offset of the first byte that does not continue a UTF-8 text.
  private static func firstInvalid(_ bytes: [UInt8]) -> Int {
    var decoder = UTF8()
    var iterator = bytes.makeIterator()
    var offset = 0
    while true {
      switch decoder.decode(&iterator) {
      case .scalarValue(let scalar): offset += UTF8.width(scalar)
      case .emptyInput, .error: return offset
      }
    }
  }

  /// Returns a path as seen from a folder.
  package static func resolve(_ path: String, in folder: String?) -> String {
    guard !path.hasPrefix("/"), let folder, !folder.isEmpty else { return path }
    return folder.hasSuffix("/") ? folder + path : folder + "/" + path
  }

  /// Returns the folder part of a path, `nil` when there is none.
  package static func folder(of path: String) -> String? {
    guard let slash = path.lastIndex(of: "/") else { return nil }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  private static func reason(_ code: Int32) -> String {
    switch code {
    case ENOENT, ENOTDIR: "no such file"
    case EACCES, EPERM: "permission denied"
    case EISDIR: "it is a folder"
    case ELOOP: "too many symbolic links"
    case ENAMETOOLONG: "the name is too long"
    case EMFILE, ENFILE: "too many open files"
    case EIO: "input/output error"
    default: "error \(code)"
    }
  }
}
