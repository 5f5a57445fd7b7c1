// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// A JSON document of flat objects: members, and tables of records, as commlens itself writes them.
///
/// Only the keys that are asked for are kept; the rest is skipped in place. Whole numbers stay exact.
public struct JSONRecords: Sendable {
  /// A value of a record.
  public enum Value: Sendable, Equatable {
    case null
    case boolean(Bool)
    case unsigned(UInt64)
    /// A negative whole number, or one with a fraction.
    case number(Double)
    case text(String)
    /// An array of texts; other elements are left out.
    case texts([String])
    /// An object, or an array of something else.
    case other
  }

  /// The members of an object by key.
  public typealias Record = [String: Value]

  /// Why a document was not read.
  public struct ReadError: Error, Sendable, Equatable {
    /// Whether the file could not be opened, as opposed to understood.
    public var isMissing: Bool
    /// One phrase for a person, without the file's name.
    public var reason: String
  }

  /// Largest file that is read: the summary of 10,000 ranks has 100 MB.
  public static let maximumBytes = 1 << 30
  /// Most records of one table.
  public static let maximumRecords = 1 << 22

  /// Values of the document itself.
  public private(set) var members: Record = [:]
  /// Objects of the document by key.
  public private(set) var objects: [String: Record] = [:]
  /// Arrays of objects by key.
  public private(set) var tables: [String: [Record]] = [:]

  /// Reads a file and accounts for its bytes.
  ///
  /// - Parameters:
  ///   - path: A regular file.
  ///   - keys: Members of the document that are kept, with the columns kept of their records; empty
  ///     columns keep all.
  /// - Returns: The document, and the account of the file under the path as given.
  /// - Throws: ``ReadError`` when the file cannot be read, is too large, or is no such document.
  /// - Complexity: O(*n*) in the bytes of the file, which are in memory at once.
  public static func read(
    path: String, keys: [String: Set<String>]
  ) throws(ReadError) -> (document: JSONRecords, ledger: FileLedger) {
    let bytes = try content(of: path, maximumBytes: maximumBytes)
    var checksum = Checksum()
    unsafe bytes.withUnsafeBytes { unsafe checksum.update($0) }
    var ledger = FileLedger(file: path)
    ledger.compressedBytes = bytes.count
    ledger.bytes = bytes.count
    ledger.contentCRC32 = checksum.value
    return (try JSONRecords(bytes, keys: keys), ledger)
  }

  /// Reads the bytes of a document.
  public init(_ bytes: [UInt8], keys: [String: Set<String>]) throws(ReadError) {
    try self.init(bytes, keys: keys, maximumRecords: Self.maximumRecords)
  }

  /// The same with another limit, for tests.
  init(
    _ bytes: [UInt8], keys: [String: Set<String>], maximumRecords: Int
  ) throws(ReadError) {
    let result: Result<JSONRecords, ReadError> = unsafe bytes.withUnsafeBytes { buffer in
      guard let base = buffer.baseAddress, buffer.count > 0 else {
        return .failure(ReadError(isMissing: false, reason: "is empty"))
      }
      var records = JSONRecords(limit: maximumRecords)
      var cursor = unsafe JSONCursor(base, from: 0, to: buffer.count)
      do throws(ReadError) {
        try records.take(&cursor, keys)
        return .success(records)
      } catch { return .failure(error) }
    }
    self = try result.get()
  }

  private let limit: Int

  private init(limit: Int) { self.limit = limit }

  private mutating func take(
    _ cursor: inout JSONCursor, _ keys: [String: Set<String>]
  ) throws(ReadError) {
    if cursor.beginObject() {
      while let key = cursor.nextKey() {
        let name = cursor.text(key, limit: 64)
        guard let columns = keys[name] else {
          cursor.skipValue()
          continue
        }
        switch cursor.peek() {
        case 0x7B: objects[name] = Self.record(&cursor, columns)
        case 0x5B: try takeArray(name, columns, &cursor)
        default: members[name] = Self.value(&cursor)
        }
      }
    }
    guard cursor.state == .valid else {
      throw ReadError(
        isMissing: false,
        reason: cursor.state == .incomplete ? "ends before its end" : "is not JSON")
    }
  }

  private mutating func takeArray(
    _ name: String, _ columns: Set<String>, _ cursor: inout JSONCursor
  ) throws(ReadError) {
    var records: [Record] = []
    guard cursor.beginArray() else { return }
    while cursor.nextValue() {
      guard cursor.peek() == 0x7B else {
        cursor.skipValue()
        continue
      }
      guard records.count < limit else {
        throw ReadError(
          isMissing: false, reason: "has more than \(limit) rows of \(name)")
      }
      records.append(Self.record(&cursor, columns))
    }
    tables[name] = records
  }

  private static func record(_ cursor: inout JSONCursor, _ columns: Set<String>) -> Record {
    var record: Record = [:]
    guard cursor.beginObject() else { return record }
    while let key = cursor.nextKey() {
      let name = cursor.text(key, limit: 64)
      if columns.isEmpty || columns.contains(name) {
        record[name] = value(&cursor)
      } else {
        cursor.skipValue()
      }
    }
    return record
  }

  private static func value(_ cursor: inout JSONCursor) -> Value {
    switch cursor.peek() {
    case 0x22: return cursor.string().map { .text(cursor.text($0)) } ?? .null
    case 0x5B: return texts(&cursor)
    default:
      let start = cursor.position
      cursor.skipValue()
      let range = start..<cursor.position
      if cursor.byte(at: start) == 0x7B { return .other }
      if cursor.equals(range, "null") { return .null }
      if cursor.equals(range, "true") { return .boolean(true) }
      if cursor.equals(range, "false") { return .boolean(false) }
      let text = cursor.text(range, limit: 64)
      // Not through a double, which is exact up to 2^53 only.
      if let value = UInt64(text) { return .unsigned(value) }
      return Double(text).flatMap { $0.isFinite ? .number($0) : nil } ?? .null
    }
  }

  private static func texts(_ cursor: inout JSONCursor) -> Value {
    var texts: [String] = []
    var holdsOthers = false
    guard cursor.beginArray() else { return .null }
    while cursor.nextValue() {
      if cursor.peek() == 0x22 {
        if let range = cursor.string() { texts.append(cursor.text(range)) }
      } else {
        holdsOthers = true
        cursor.skipValue()
      }
    }
    return holdsOthers && texts.isEmpty ? .other : .texts(texts)
  }

  // MARK: - File

  /// The bytes of a regular file of at most so many.
  static func content(of path: String, maximumBytes: Int) throws(ReadError) -> [UInt8] {
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw ReadError(isMissing: true, reason: "is no file name")
    }
    // A pipe or a terminal must not make the program wait.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard descriptor >= 0 else {
      throw ReadError(isMissing: true, reason: "cannot be opened (error \(errno))")
    }
    defer { _ = close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw ReadError(isMissing: true, reason: "is not a regular file")
    }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe chunk.withUnsafeMutableBytes { buffer in
        unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else {
        throw ReadError(isMissing: true, reason: "cannot be read (error \(errno))")
      }
      guard count > 0 else { return bytes }
      bytes += chunk.prefix(count)
      guard bytes.count <= maximumBytes else {
        throw ReadError(isMissing: false, reason: "is larger than \(maximumBytes >> 20) MiB")
      }
    }
  }
}
