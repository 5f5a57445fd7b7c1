// SPDX-License-Identifier: Apache-2.0

/// Walks over the files in a tar archive, in one pass and with the memory of one window.
///
/// POSIX ustar and pax, and GNU's long names; what is no regular file is passed over, as are names
/// that a folder's walk passes over too (a leading dot). A header whose checksum is wrong ends the
/// walk: where the next one would be is not known. Sizes come from the file, so nothing is
/// allocated by them, and names are labels only: nothing is written anywhere.
///
/// A class, because the readers of a member pull its bytes from here.
final class TarReader {
  /// A regular file of the archive.
  struct Member {
    var name: String
    var size: Int
  }

  static let block = 512
  /// Most entries that are looked at.
  static let maximumEntries = 1 << 20
  /// Longest name, and longest pax header, in bytes.
  private static let longestName = 4 << 10
  private static let longestHeader = 64 << 10

  private var text: TraceText
  /// Bytes of the current member that nobody has taken.
  private var left = 0
  /// Bytes after it, up to the next block.
  private var padding = 0
  private var entries = 0
  private var isEnded = false
  /// Bytes of headers and padding, and of entries that were passed over.
  private(set) var overhead = 0
  /// Entries that were passed over.
  private(set) var skipped = 0
  /// What ended the walk before the archive's end, in words; empty if nothing did.
  private(set) var complaint = ""
  /// Whether the current member ended before its size was reached.
  private(set) var isCut = false

  /// Takes over an archive at its start.
  init(_ text: consuming TraceText) { self.text = text }

  /// Whether a text begins as a tar archive does.
  static func recognises(_ prefix: TextCursor) -> Bool {
    var magic = prefix
    magic.position = 257
    guard magic.starts(with: "ustar") else { return false }
    let header = (0..<block).map { prefix.byte(at: $0) }
    return prefix.end >= block && Self.isSound(header)
  }

  /// Enters the archive's own accounts into a ledger.
  func apply(to ledger: inout FileLedger) { text.apply(to: &ledger) }

  /// Goes to the next regular file; `nil` at the end.
  func next() -> Member? {
    var longName: String?
    var longSize: Int?
    while !isEnded {
      // What the member's reader left, and the rest of its last block.
      guard skip(left + padding) else { return end("The archive breaks off inside of a file.") }
      (left, padding) = (0, 0)
      guard let header = take(Self.block) else { return end("The archive breaks off in a header.") }
      // Two blocks of zeros end an archive, or nothing does.
      guard header.contains(where: { $0 != 0 }) else { return end("") }
      guard Self.isSound(header), let stated = Self.number(header[124..<136]) else {
        return end("A header in the archive is damaged; the files after it were not read.")
      }
      entries += 1
      guard entries <= Self.maximumEntries else {
        return end(
          "The archive has more than \(Self.maximumEntries) entries; the rest was not read.")
      }
      let kind = header[156]
      // The size of a link or device is no content.
      let isEmpty = (UInt8(ascii: "1")...UInt8(ascii: "6")).contains(kind)
      let size = isEmpty ? 0 : longSize ?? stated
      padding = (Self.block - size % Self.block) % Self.block
      guard size <= Int.max - Self.block else {
        return end("A header in the archive is damaged; the files after it were not read.")
      }
      left = size
      switch kind {
      case UInt8(ascii: "x"), UInt8(ascii: "L"):
        guard size <= Self.longestHeader else { break }
        guard let content = take(size) else { return end("The archive breaks off in a header.") }
        left = 0
        if kind == UInt8(ascii: "L") {
          longName = Self.text(content[...])
        } else {
          let (path, length) = Self.pax(content)
          longName = path ?? longName
          longSize = length ?? longSize
        }
        continue
      case UInt8(ascii: "g"), UInt8(ascii: "K"):
        continue
      case 0, UInt8(ascii: "0"), UInt8(ascii: "7"):
        let name = longName ?? Self.name(header)
        if !name.isEmpty, !name.split(separator: "/").contains(where: Self.isHidden) {
          isCut = false
          return Member(name: name, size: size)
        }
      default: break
      }
      (longName, longSize) = (nil, nil)
      skipped += 1
    }
    return nil
  }

  /// Fills a buffer with the current member's bytes; 0 at its end.
  func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    let room = min(buffer.count, left)
    guard room > 0 else { return 0 }
    let count = unsafe pull(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<room]))
    left = count > 0 ? left - count : 0
    if count == 0 {
      isCut = true
      _ = end("The archive breaks off inside of a file.")
    }
    return count
  }

  // MARK: - Private

  /// Reads from the archive; 0 at its end, and where bytes are missing: after them nothing says
  /// where the next header is.
  private func pull(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    guard !isEnded else { return 0 }
    let (count, followsGap) = unsafe text.drain(into: buffer)
    guard !followsGap else {
      _ = end("Bytes are missing in the archive; the files after them were not read.")
      return 0
    }
    return count
  }

  /// Ends the walk and reads the archive to its end, for its accounts.
  private func end(_ complaint: String) -> Member? {
    guard !isEnded else { return nil }
    isEnded = true
    self.complaint = complaint
    let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
    defer { unsafe scratch.deallocate() }
    while true {
      let count = unsafe text.drain(into: scratch).count
      if count == 0 { return nil }
      overhead += count
    }
  }

  /// Passes over bytes; `false` when the archive ends before.
  private func skip(_ count: Int) -> Bool {
    guard count > 0 else { return true }
    let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
    defer { unsafe scratch.deallocate() }
    var rest = count
    while rest > 0 {
      let part = unsafe UnsafeMutableRawBufferPointer(
        rebasing: scratch[..<min(rest, scratch.count)])
      let read = unsafe pull(into: part)
      if read == 0 { return false }
      rest -= read
      overhead += read
    }
    return true
  }

  /// Takes bytes; `nil` when the archive ends before.
  ///
  /// No bytes at all are a block of zeros.
  private func take(_ count: Int) -> [UInt8]? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.block, alignment: 16)
    defer { unsafe scratch.deallocate() }
    while bytes.count < count {
      let room = min(count - bytes.count, Self.block)
      let read = unsafe pull(into: UnsafeMutableRawBufferPointer(rebasing: scratch[..<room]))
      if read == 0 { break }
      unsafe bytes.append(contentsOf: scratch[..<read])
    }
    overhead += bytes.count
    if bytes.isEmpty, !isEnded { return [UInt8](repeating: 0, count: count) }
    return bytes.count == count ? bytes : nil
  }

  private static func isHidden(_ component: Substring) -> Bool {
    component.hasPrefix(".") && component != "." && component != ".."
  }

  /// Whether the checksum is right: the sum of all bytes, those of the checksum itself as blanks.
  private static func isSound(_ header: [UInt8]) -> Bool {
    var sum = 8 * 32
    for (place, byte) in header.enumerated() where !(148..<156).contains(place) { sum += Int(byte) }
    return number(header[148..<156]) == sum
  }

  /// An octal number, or one of GNU's in binary with the highest bit set.
  static func number(_ field: ArraySlice<UInt8>) -> Int? {
    if let first = field.first, first & 0x80 != 0 {
      var value = Int(first & 0x7F)
      for byte in field.dropFirst() {
        guard value <= Int.max >> 8 else { return nil }
        value = value << 8 | Int(byte)
      }
      return value
    }
    var value = 0
    var digits = 0
    for byte in field.drop(while: { $0 == 0x20 }) {
      guard byte &- 0x30 < 8 else {
        return byte == 0 || byte == 0x20 ? (digits > 0 ? value : 0) : nil
      }
      value = value << 3 | Int(byte & 7)
      digits += 1
    }
    return value
  }

  private static func text(_ bytes: ArraySlice<UInt8>) -> String {
    String(decoding: bytes.prefix { $0 != 0 }.prefix(longestName), as: UTF8.self)
  }

  /// The prefix of a POSIX header, where GNU keeps times, and the name.
  private static func name(_ header: [UInt8]) -> String {
    let name = text(header[0..<100])
    let isPOSIX = header[262] == 0 && header[263] == 0x30
    let prefix = isPOSIX ? text(header[345..<500]) : ""
    return prefix.isEmpty ? name : prefix + "/" + name
  }

  /// `path` and `size` of a pax header: records of `LENGTH KEY=VALUE` and a newline.
  static func pax(_ bytes: [UInt8]) -> (path: String?, size: Int?) {
    var path: String?
    var size: Int?
    var start = 0
    while start < bytes.count {
      guard let blank = bytes[start...].firstIndex(of: 0x20), blank - start <= 8,
        let length = Int(String(decoding: bytes[start..<blank], as: UTF8.self)),
        length > blank - start + 1, length <= bytes.count - start
      else { break }
      let record = bytes[(blank + 1)..<(start + length - 1)]
      if let equals = record.firstIndex(of: 0x3D) {
        let value = record[(equals + 1)...]
        switch String(decoding: record[..<equals], as: UTF8.self) {
        case "path": path = text(value)
        case "size":
          if let number = Int(String(decoding: value, as: UTF8.self)), number >= 0 { size = number }
        default: break
        }
      }
      start += length
    }
    return (path, size)
  }
}
