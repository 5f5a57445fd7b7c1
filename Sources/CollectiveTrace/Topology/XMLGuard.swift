// SPDX-License-Identifier: Apache-2.0

/// Looks at every byte of XML before the parser gets it.
///
/// A general parser accepts more than NCCL ever writes, and some of it is costly (10 MB attributes,
/// 100,000 attributes: 39 s in libxml2 2.9.14) or dangerous (document types, entities). What the
/// dialect does without is refused here, in constant memory, before any of it is parsed.
struct XMLGuard {
  /// What the dialect does without.
  enum Refusal: Equatable {
    case nul
    case notUTF8Family
    case doctype
    case encoding(String)
    case tagTooLong
    case tooManyAttributes
    case contentTooLong
    case sectionTooLong

    /// What was found, and what to do.
    var sentence: (problem: String, advice: String) {
      switch self {
      case .nul:
        (
          "holds a NUL byte, which no text has",
          "check that this is NCCL's XML and that it was copied whole"
        )
      case .notUTF8Family:
        ("is encoded as UTF-16 or UTF-32", "save it as UTF-8")
      case .doctype:
        (
          "holds a document type (<!DOCTYPE> or <!ENTITY>), which NCCL never writes and commlens does not read",
          "remove it"
        )
      case .encoding(let name):
        ("declares the encoding `\(name)`", "save it as UTF-8")
      case .tagTooLong:
        (
          "holds a tag longer than \(XMLGuard.maximumTagBytes) bytes",
          "check that this is NCCL's XML; NCCL's own limit is 255 characters a value"
        )
      case .tooManyAttributes:
        (
          "holds a tag with more than \(XMLGuard.maximumAttributes) attributes",
          "check that this is NCCL's XML; NCCL's own limit is 16"
        )
      case .contentTooLong:
        (
          "holds more than \(XMLGuard.maximumRunBytes) bytes without a tag",
          "check that this is NCCL's XML, which has no text"
        )
      case .sectionTooLong:
        (
          "holds a comment or section longer than \(XMLGuard.maximumRunBytes) bytes",
          "shorten it, or check that it ends"
        )
      }
    }
  }

  /// Longest tag, in bytes.
  static let maximumTagBytes = 8 << 10
  /// Most attributes of one tag.
  static let maximumAttributes = 64
  /// Longest run of text, or longest comment, in bytes.
  static let maximumRunBytes = 64 << 10

  private enum State { case text, markup, tag, comment, section, instruction }

  private var state = State.text
  private var quote: UInt8 = 0
  /// Bytes since the state began.
  private var length = 0
  private var equals = 0
  /// The first bytes of a markup, or all of an XML declaration.
  private var head: [UInt8] = []
  /// The last two bytes, to see the end of comments and sections.
  private var last: (UInt8, UInt8) = (0, 0)
  private var offset = 0
  private var firstByte: UInt8 = 0
  /// The line of the byte looked at last, from 1.
  private(set) var line = 1

  private static let doctype = Array("!DOCTYPE".utf8)
  private static let entity = Array("!ENTITY".utf8)
  private static let comment = Array("!--".utf8)
  private static let section = Array("![CDATA[".utf8)
  private static let declaration = Array("?xml".utf8)

  /// Looks at bytes; the first thing to refuse ends the reading.
  mutating func check(_ bytes: [UInt8]) -> Refusal? {
    for byte in bytes {
      if let refusal = check(byte) { return refusal }
    }
    return nil
  }

  private mutating func check(_ byte: UInt8) -> Refusal? {
    if offset < 2 {
      if offset == 0 { firstByte = byte }
      if offset == 1, (firstByte == 0xFF && byte == 0xFE) || (firstByte == 0xFE && byte == 0xFF) {
        return .notUTF8Family
      }
      offset += 1
    }
    if byte == 0 { return .nul }
    if byte == 0x0A { line += 1 }
    length += 1
    defer { last = (last.1, byte) }
    switch state {
    case .text:
      if byte == UInt8(ascii: "<") {
        enter(.markup)
      } else if length > Self.maximumRunBytes {
        return .contentTooLong
      }
    case .markup: return checkMarkup(byte)
    case .tag:
      if length > Self.maximumTagBytes { return .tagTooLong }
      if quote != 0 {
        if byte == quote { quote = 0 }
        return nil
      }
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "'"): quote = byte
      case UInt8(ascii: "="):
        equals += 1
        if equals > Self.maximumAttributes { return .tooManyAttributes }
      case UInt8(ascii: ">"): enter(.text)
      default: break
      }
    case .comment:
      if length > Self.maximumRunBytes { return .sectionTooLong }
      if byte == UInt8(ascii: ">"), length > 2, last == (UInt8(ascii: "-"), UInt8(ascii: "-")) {
        enter(.text)
      }
    case .section:
      if length > Self.maximumRunBytes { return .sectionTooLong }
      if byte == UInt8(ascii: ">"), last == (UInt8(ascii: "]"), UInt8(ascii: "]")) { enter(.text) }
    case .instruction:
      if length > Self.maximumTagBytes { return .tagTooLong }
      head.append(byte)
      if byte == UInt8(ascii: ">"), last.1 == UInt8(ascii: "?") {
        let refusal = Self.refusedEncoding(in: head)
        enter(.text)
        return refusal
      }
    }
    return nil
  }

  /// Decides by its first bytes what follows a `<`.
  private mutating func checkMarkup(_ byte: UInt8) -> Refusal? {
    head.append(byte)
    switch head[0] {
    case UInt8(ascii: "?"): enter(.instruction, keepsHead: true)
    case UInt8(ascii: "!"):
      let folded = head.map { (0x61...0x7A).contains($0) ? $0 & 0xDF : $0 }
      if folded == Self.doctype || folded == Self.entity { return .doctype }
      if head == Self.comment { enter(.comment) }
      if head == Self.section { enter(.section) }
      if byte == UInt8(ascii: ">") { enter(.text) }
      if head.count > Self.doctype.count { enter(.tag) }
    default: enter(byte == UInt8(ascii: ">") ? .text : .tag)
    }
    return nil
  }

  private mutating func enter(_ next: State, keepsHead: Bool = false) {
    state = next
    length = 0
    quote = 0
    equals = 0
    if !keepsHead { head.removeAll(keepingCapacity: true) }
  }

  /// Only encodings in which ASCII is ASCII may be declared.
  private static func refusedEncoding(in instruction: [UInt8]) -> Refusal? {
    guard instruction.starts(with: declaration) else { return nil }
    let text = String(decoding: instruction, as: UTF8.self)
    let parts = text.split(separator: "encoding", maxSplits: 1)
    guard parts.count == 2 else { return nil }
    let quoted = parts[1].split(whereSeparator: { $0 == "\"" || $0 == "'" })
    guard quoted.count > 1 else { return nil }
    let name = String(quoted[1])
    let accepted = ["utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin1"]
    return accepted.contains(name.lowercased())
      ? nil : .encoding(ConfigurationText.printable(name, limit: 40))
  }
}
