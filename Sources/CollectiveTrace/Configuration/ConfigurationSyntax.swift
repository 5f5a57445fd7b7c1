// SPDX-License-Identifier: Apache-2.0

/// Refuses YAML that descriptions do without, before the YAML library sees the text.
///
/// The library composes recursively and resolves aliases while it reads, so a hostile text must be
/// stopped earlier: nesting could exhaust the stack, and keys made of aliases could take
/// exponential time to compare. This scanner follows the library's rules for where a token may
/// start, keeps to texts where those rules are unambiguous (quoted text ends on its line, no block
/// scalars), and refuses the rest by name.
///
/// JSON without line breaks inside strings, which JSON forbids anyway, passes unchanged.
///
/// - Complexity: O(*n*) in the bytes of the text; one pass, no recursion.
struct ConfigurationSyntax {
  /// Deepest nesting of `[` and `{`.
  static let maximumDepth = 32
  /// Widest run of indentation and list dashes, which bounds the nesting of indented blocks.
  static let maximumIndentation = 256

  /// What came before the current byte, as far as it decides what may follow.
  private enum Previous {
    /// A bracket, a comma, a colon, a dash, or nothing.
    case indicator
    /// Text without quotes.
    case plain
    /// Quoted text or a closing bracket.
    case complete
  }

  private let bytes: [UInt8]
  private let file: String
  private var position = 0
  private var lineStart = 0
  private var line = 1
  private var depth = 0
  private var previous = Previous.indicator
  private var hasContent = false

  private init(_ bytes: [UInt8], file: String) {
    self.bytes = bytes
    self.file = file
    // The library skips a byte order mark; a token may start right after it.
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
      position = 3
      lineStart = 3
    }
  }

  /// Checks a whole text.
  ///
  /// - Throws: `notText`, `forbidden`, `tooDeep` or `malformed`, with the place.
  static func check(_ bytes: [UInt8], file: String) throws(ConfigurationError) {
    try checkCharacters(bytes, file: file)
    var scanner = Self(bytes, file: file)
    while scanner.position < bytes.count { try scanner.scanLine() }
  }

  // MARK: - Characters

  /// Refuses control characters and the line ends only some readers know.
  private static func checkCharacters(_ bytes: [UInt8], file: String) throws(ConfigurationError) {
    for (index, byte) in bytes.enumerated() {
      switch byte {
      case 0x09, 0x0A, 0x0D: continue
      case 0..<0x20, 0x7F: throw .notText(file: file, byteOffset: index)
      case 0xC2 where follows(bytes, index, [0x85]),
        0xE2 where follows(bytes, index, [0x80, 0xA8]) || follows(bytes, index, [0x80, 0xA9]),
        0xEF where index > 0 && follows(bytes, index, [0xBB, 0xBF]):
        throw .notText(file: file, byteOffset: index)
      default: continue
      }
    }
  }

  private static func follows(_ bytes: [UInt8], _ index: Int, _ tail: [UInt8]) -> Bool {
    bytes[(index + 1)...].starts(with: tail)
  }

  // MARK: - Lines

  private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

  private var next: UInt8? { position + 1 < bytes.count ? bytes[position + 1] : nil }

  private func isBlank(_ byte: UInt8?) -> Bool { byte == 0x20 || byte == 0x09 }

  private func isBreak(_ byte: UInt8?) -> Bool { byte == nil || byte == 0x0A || byte == 0x0D }

  private func isBlankOrBreak(_ byte: UInt8?) -> Bool { isBlank(byte) || isBreak(byte) }

  private var location: ConfigurationLocation {
    // Columns count Unicode scalars: continuation bytes do not count.
    let column = bytes[lineStart..<position].count { $0 & 0xC0 != 0x80 } + 1
    return ConfigurationLocation(file: file, line: line, column: column)
  }

  private mutating func scanLine() throws(ConfigurationError) {
    try scanMarkers()
    try scanIndentation()
    try scanContent()
    if current == 0x0D, next == 0x0A { position += 1 }
    position += 1
    line += 1
    lineStart = position
  }

  /// Accepts one leading `---` on a line of its own, refuses other markers and directives.
  private mutating func scanMarkers() throws(ConfigurationError) {
    if current == UInt8(ascii: "%") { throw .forbidden(at: location, construct: .directive) }
    for marker in ["---", "..."]
    where bytes[position...].starts(with: marker.utf8)
      && isBlankOrBreak(position + 3 < bytes.count ? bytes[position + 3] : nil)
    {
      let marked = location
      position += 3
      while isBlank(current) { position += 1 }
      guard marker == "---", !hasContent, isBreak(current) else {
        throw .forbidden(at: marked, construct: .severalDocuments)
      }
      hasContent = true
    }
  }

  private mutating func scanIndentation() throws(ConfigurationError) {
    while isBlank(current) || (current == UInt8(ascii: "-") && isBlankOrBreak(next)) {
      if current == UInt8(ascii: "-") {
        hasContent = true
        // Inside brackets a dash starts nothing, so text before it goes on after it.
        if depth == 0 { previous = .indicator }
      }
      position += 1
      guard position - lineStart <= Self.maximumIndentation else {
        throw .tooDeep(at: location, limit: Self.maximumIndentation)
      }
    }
    // Outside brackets every line may start a key; inside, text without quotes goes on.
    if depth == 0 { previous = .indicator }
  }

  private mutating func scanContent() throws(ConfigurationError) {
    var afterBlank = true
    var isFirst = true
    while let byte = current, !isBreak(byte) {
      if isBlank(byte) {
        afterBlank = true
        position += 1
        continue
      }
      // Where a token may start the library needs no blank before a comment.
      if byte == UInt8(ascii: "#"), afterBlank || previous != .plain {
        while !isBreak(current) { position += 1 }
        return
      }
      // A value that opens a line belongs to a complex key, and may nest on that one line.
      if byte == UInt8(ascii: ":"), isFirst, depth == 0, isBlankOrBreak(next) {
        throw .forbidden(at: location, construct: .complexKey)
      }
      hasContent = true
      afterBlank = false
      isFirst = false
      if previous == .plain {
        try scanPlain(byte)
      } else {
        try scanToken(byte)
      }
    }
  }

  // MARK: - Tokens

  /// Reads one byte where a token may start.
  private mutating func scanToken(_ byte: UInt8) throws(ConfigurationError) {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "'"):
      try scanQuoted(byte)
    case UInt8(ascii: "["), UInt8(ascii: "{"):
      try open()
    case UInt8(ascii: "]"), UInt8(ascii: "}"):
      close()
    case UInt8(ascii: ","):
      previous = .indicator
      position += 1
    case UInt8(ascii: ":") where depth > 0 || isBlankOrBreak(next):
      previous = .indicator
      position += 1
    case UInt8(ascii: "?") where depth > 0 || isBlankOrBreak(next):
      throw .forbidden(at: location, construct: .complexKey)
    case UInt8(ascii: "&"):
      throw .forbidden(at: location, construct: .anchor)
    case UInt8(ascii: "*"):
      throw .forbidden(at: location, construct: .alias)
    case UInt8(ascii: "!"):
      throw .forbidden(at: location, construct: .tag)
    case UInt8(ascii: "|"), UInt8(ascii: ">"):
      throw .forbidden(at: location, construct: .blockScalar)
    case UInt8(ascii: "<") where startsMergeKey():
      throw .forbidden(at: location, construct: .mergeKey)
    default:
      previous = .plain
      position += 1
    }
  }

  /// Reads one byte inside text without quotes.
  private mutating func scanPlain(_ byte: UInt8) throws(ConfigurationError) {
    switch byte {
    case UInt8(ascii: ":") where isBlankOrBreak(next):
      previous = .indicator
      position += 1
    case UInt8(ascii: ",") where depth > 0:
      previous = .indicator
      position += 1
    case UInt8(ascii: "["), UInt8(ascii: "{"):
      if depth > 0 { try open() } else { position += 1 }
    case UInt8(ascii: "]"), UInt8(ascii: "}"):
      if depth > 0 { close() } else { position += 1 }
    case UInt8(ascii: "\""), UInt8(ascii: "'"):
      // An apostrophe inside a word is text; any other quote is a mistake or a trap.
      guard position > lineStart, isWord(bytes[position - 1]) else {
        throw .malformed(at: location, problem: "a quote inside text; quote the whole text")
      }
      position += 1
    default:
      position += 1
    }
  }

  private func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), 0x80...:
      true
    default: false
    }
  }

  private mutating func open() throws(ConfigurationError) {
    guard depth < Self.maximumDepth else {
      throw .tooDeep(at: location, limit: Self.maximumDepth)
    }
    depth += 1
    previous = .indicator
    position += 1
  }

  private mutating func close() {
    depth = max(0, depth - 1)
    previous = .complete
    position += 1
  }

  private mutating func scanQuoted(_ quote: UInt8) throws(ConfigurationError) {
    let opened = location
    position += 1
    while let byte = current, !isBreak(byte) {
      if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\""), !isBreak(next) {
        position += 2
      } else if byte == quote, quote == UInt8(ascii: "'"), next == quote {
        position += 2
      } else if byte == quote {
        position += 1
        previous = .complete
        return
      } else {
        position += 1
      }
    }
    throw .malformed(at: opened, problem: "quoted text that does not end on its line")
  }

  /// Whether the text `<<` stands here alone, so that it may become a key.
  private func startsMergeKey() -> Bool {
    guard next == UInt8(ascii: "<") else { return false }
    let after = position + 2 < bytes.count ? bytes[position + 2] : nil
    return isBlankOrBreak(after) || [0x3A, 0x2C, 0x5D, 0x7D].contains(after)
  }
}
