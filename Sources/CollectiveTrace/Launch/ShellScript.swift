// SPDX-License-Identifier: Apache-2.0

/// Reads the commands of a shell script as far as they can be known without running anything.
///
/// Variables, arrays, defaults and whole-number arithmetic are followed in the order of the file;
/// all else that a shell would work out (command substitution, arguments, the environment) is
/// unknown, and marks travel with the text so that no value hides where it came from:
///
/// | mark | meaning |
/// | --- | --- |
/// | ``unknown`` | stands for text that only a run would tell |
/// | ``assumed`` | a default, `${TP:-8}`, that the environment may replace |
/// | ``conditional`` | assigned inside `if`, `case`, a loop, or after `&&` and `||` |
///
/// - Complexity: O(*n* + *e*) in the bytes of the script and of what expands, which is limited; no
///   recursion.
struct ShellScript {
  /// A word of a command, with the line on which its text stands.
  struct Word: Equatable {
    var text: String
    var line: Int
  }

  static let unknown: Character = "\u{1}"
  static let assumed: Character = "\u{2}"
  static let conditional: Character = "\u{3}"

  /// Most bytes that expansions may make together.
  static let maximumExpansion = 1 << 20
  /// Most words of all commands.
  static let maximumWords = 1 << 16

  /// The commands in the order of the file, without assignments and keywords.
  private(set) var commands: [[Word]] = []
  /// The words of `#SBATCH` lines.
  private(set) var directives: [Word] = []
  /// Whether expansion reached its limit, so that the rest is missing.
  private(set) var isCut = false

  private let bytes: [UInt8]
  private var position = 0
  private var line = 1
  private var variables: [String: [Word]] = [:]
  private var expansionLeft = maximumExpansion
  private var wordsLeft = maximumWords

  // The word and the command under construction.
  private var text = ""
  private var textLine = 1
  private var hasWord = false
  private var command: [Word] = []
  private var array: (name: String, isAppended: Bool, words: [Word])?
  private var skipsWord = false
  private var heredocs: [String] = []
  private var depth = 0
  private var followsCondition = false

  /// Reads a script; a byte below blank other than white space is not text and ends it.
  init(_ script: String, variables known: [String: String] = [:]) {
    bytes = Array(script.utf8)
    for (name, value) in known { variables[name] = [Word(text: value, line: 1)] }
    readDirectives()
    while position < bytes.count, !isCut { step() }
    endCommand()
  }

  // MARK: - Bytes

  private func byte(_ offset: Int) -> UInt8 { offset < bytes.count ? bytes[offset] : 0x0A }

  private func string(_ start: Int, _ end: Int) -> String {
    guard start < end, end <= bytes.count else { return "" }
    return String(decoding: bytes[start..<end], as: UTF8.self)
  }

  static func isName(_ byte: UInt8) -> Bool {
    (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 || byte == 0x5F
  }

  /// The nodes of `#SBATCH` are known before the first command.
  private mutating func readDirectives() {
    var number = 0
    for row in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
      number += 1
      guard row.starts(with: "#SBATCH".utf8), directives.count < 256 else { continue }
      for word in String(decoding: row.dropFirst(7), as: UTF8.self).split(
        whereSeparator: \.isWhitespace)
      {
        if word.hasPrefix("#") { break }
        directives.append(Word(text: String(word), line: number))
      }
    }
    guard let nodes = Self.value(of: ["--nodes", "-N"], in: directives) else { return }
    for name in ["SLURM_JOB_NUM_NODES", "SLURM_NNODES"] { variables[name] = [nodes] }
  }

  /// The value of an option, as `--nodes=2`, `--nodes 2` or `-N2`.
  static func value(of names: [String], in words: [Word]) -> Word? {
    for (index, word) in words.enumerated() {
      for name in names {
        if word.text == name, index + 1 < words.count { return words[index + 1] }
        let joined = name.hasPrefix("--") ? name + "=" : name
        if word.text.hasPrefix(joined), word.text.count > joined.count {
          return Word(text: String(word.text.dropFirst(joined.count)), line: word.line)
        }
      }
    }
    return nil
  }

  // MARK: - Words

  private mutating func step() {
    let current = bytes[position]
    switch current {
    case 0x20, 0x09, 0x0D:
      endWord()
      position += 1
    case 0x0A:
      if array == nil { endCommand() } else { endWord() }
      nextLine()
    case UInt8(ascii: "#") where !hasWord:
      while position < bytes.count, bytes[position] != 0x0A { position += 1 }
    case UInt8(ascii: "\\"):
      if byte(position + 1) == 0x0A {
        line += 1
      } else {
        add(string(position + 1, position + 2))
      }
      position += 2
    case UInt8(ascii: "'"):
      let start = position + 1
      skip(to: UInt8(ascii: "'"))
      add(string(start, position))
      position += 1
    case UInt8(ascii: "\""):
      position += 1
      readQuoted()
    case UInt8(ascii: "$"):
      expand(isQuoted: false)
    case UInt8(ascii: "`"):
      position += 1
      skip(to: UInt8(ascii: "`"))
      position += 1
      add(String(Self.unknown))
    case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: ";"), UInt8(ascii: "&"),
      UInt8(ascii: "|"), UInt8(ascii: "<"), UInt8(ascii: ">"):
      readOperator(current)
    default:
      var end = position + 1
      while end < bytes.count, Self.isPlain(bytes[end]) { end += 1 }
      add(string(position, end))
      position = end
    }
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    isName(byte) || byte >= 0x80 || [0x2D, 0x2E, 0x2F, 0x3A, 0x3D, 0x2C, 0x25, 0x2B].contains(byte)
  }

  private mutating func add(_ piece: String) {
    if !hasWord { textLine = line }
    hasWord = true
    text += piece
  }

  private mutating func skip(to quote: UInt8) {
    if byte(position) == quote { position += 1 }
    while position < bytes.count, bytes[position] != quote {
      if bytes[position] == 0x0A { line += 1 }
      position += 1
    }
  }

  private mutating func nextLine() {
    position += 1
    line += 1
    for delimiter in heredocs {
      while position < bytes.count {
        let end = bytes[position...].firstIndex(of: 0x0A) ?? bytes.count
        let row = string(position, end)
        position = min(end + 1, bytes.count)
        line += 1
        if row.drop(while: { $0 == "\t" }) == delimiter { break }
      }
    }
    heredocs = []
  }

  private mutating func readQuoted() {
    if !hasWord { textLine = line }
    hasWord = true
    while position < bytes.count, bytes[position] != UInt8(ascii: "\""), !isCut {
      switch bytes[position] {
      case UInt8(ascii: "\\"):
        if byte(position + 1) == 0x0A {
          line += 1
        } else {
          text += string(position + 1, position + 2)
        }
        position += 2
      case UInt8(ascii: "$"):
        expand(isQuoted: true)
      case UInt8(ascii: "`"):
        position += 1
        skip(to: UInt8(ascii: "`"))
        position += 1
        text.append(Self.unknown)
      default:
        let start = position
        while position < bytes.count,
          ![UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "$"), UInt8(ascii: "`")]
            .contains(bytes[position])
        {
          if bytes[position] == 0x0A { line += 1 }
          position += 1
        }
        text += string(start, position)
      }
    }
    position += 1
  }

  private mutating func readOperator(_ current: UInt8) {
    let isDouble = byte(position + 1) == current
    if current == UInt8(ascii: "("), array == nil, hasWord, let name = Self.assigned(text)?.name {
      array = (name, text.hasSuffix("+="), [])
      text = ""
      hasWord = false
      position += 1
      return
    }
    if current == UInt8(ascii: ")"), array != nil {
      endWord()
      endArray()
      position += 1
      return
    }
    if current == UInt8(ascii: ">") || current == UInt8(ascii: "<") {
      // `2>` names a stream.
      if text.utf8.allSatisfy({ $0 &- 0x30 < 10 }) {
        text = ""
        hasWord = false
      }
      endWord()
      position += 1
      if current == UInt8(ascii: "<"), isDouble, byte(position + 1) != current {
        position += 1
        readHeredoc()
        return
      }
      while [UInt8(ascii: ">"), UInt8(ascii: "<"), UInt8(ascii: "&")].contains(byte(position)),
        position < bytes.count
      {
        position += 1
      }
      skipsWord = true
      return
    }
    endCommand()
    let isCondition = isDouble && (current == UInt8(ascii: "&") || current == UInt8(ascii: "|"))
    followsCondition = isCondition
    position += isDouble ? 2 : 1
  }

  private mutating func readHeredoc() {
    if byte(position) == UInt8(ascii: "-") { position += 1 }
    while byte(position) == 0x20 { position += 1 }
    let start = position
    while position < bytes.count, bytes[position] > 0x20, bytes[position] != UInt8(ascii: ")"),
      bytes[position] != UInt8(ascii: ";")
    {
      position += 1
    }
    let name = string(start, position).filter { $0 != "'" && $0 != "\"" && $0 != "\\" }
    if !name.isEmpty, heredocs.count < 8 { heredocs.append(name) }
  }

  private mutating func endWord() {
    guard hasWord else { return }
    let word = Word(text: text, line: textLine)
    text = ""
    hasWord = false
    if skipsWord {
      skipsWord = false
      return
    }
    guard wordsLeft > 0 else {
      isCut = true
      return
    }
    wordsLeft -= 1
    if array != nil {
      array?.words.append(word)
    } else {
      command.append(word)
    }
  }

  // MARK: - Assignments

  /// The name and value of `NAME=value` or `NAME+=value`.
  private static func assigned(_ text: String) -> (name: String, value: Substring)? {
    guard let equals = text.firstIndex(of: "="), let first = text.utf8.first, first &- 0x30 >= 10
    else { return nil }
    var name = text[..<equals]
    if name.hasSuffix("+") { name = name.dropLast() }
    guard !name.isEmpty, name.utf8.allSatisfy(isName) else { return nil }
    return (String(name), text[text.index(after: equals)...])
  }

  private var isConditional: Bool { depth > 0 || followsCondition }

  private mutating func endArray() {
    guard let own = array else { return }
    array = nil
    assign(own.name, own.words, isAppended: own.isAppended)
  }

  private mutating func assign(_ name: String, _ words: [Word], isAppended: Bool) {
    var words = words
    if isConditional {
      if !isAppended, variables[name]?.map(\.text) == words.map(\.text) { return }
      for index in words.indices { words[index].text.append(Self.conditional) }
    }
    let kept = isAppended ? variables[name] ?? [] : []
    guard variables.count < 1 << 12, kept.count + words.count <= 1 << 12 else { return }
    variables[name] = kept + words
  }

  private static let openers: Set<String> = ["if", "for", "while", "until", "case", "select"]
  private static let closers: Set<String> = ["fi", "done", "esac"]
  private static let passed: Set<String> = [
    "then", "else", "elif", "do", "{", "}", "!", "time", "exec", "nohup",
  ]
  private static let declarers: Set<String> = [
    "export", "declare", "local", "readonly", "typeset",
  ]

  private mutating func endCommand() {
    endWord()
    defer {
      command = []
      followsCondition = false
      skipsWord = false
    }
    var words = command[...]
    var declares = false
    while let word = words.first {
      if Self.openers.contains(word.text) {
        depth += 1
        // The variable of a loop has many values.
        if word.text == "for", let name = words.dropFirst().first?.text {
          variables[name] = [Word(text: String(Self.unknown), line: word.line)]
          return
        }
        if word.text == "case" { return }
      } else if Self.closers.contains(word.text) {
        depth = max(0, depth - 1)
      } else if Self.declarers.contains(word.text) {
        declares = true
      } else if let (name, value) = Self.assigned(word.text) {
        let isAppended = word.text[..<value.startIndex].hasSuffix("+=")
        let old = isAppended ? (variables[name] ?? []).map(\.text).joined(separator: " ") : ""
        assign(name, [Word(text: old + value, line: word.line)], isAppended: false)
      } else if !Self.passed.contains(word.text), !(declares && word.text.hasPrefix("-")) {
        break
      }
      words = words.dropFirst()
    }
    guard let first = words.first, !declares, first.text != ":", first.text != "echo",
      first.text != "printf", first.text != "[", first.text != "[["
    else { return }
    commands.append(Array(words))
  }

  // MARK: - Expansion

  /// Reads what follows a dollar sign.
  private mutating func expand(isQuoted: Bool) {
    let next = byte(position + 1)
    if next == UInt8(ascii: "(") || next == UInt8(ascii: "[") {
      let isArithmetic = next == UInt8(ascii: "[") || byte(position + 2) == next
      let start = position + (next == UInt8(ascii: "[") ? 2 : 3)
      skipNested(next, next == UInt8(ascii: "(") ? UInt8(ascii: ")") : UInt8(ascii: "]"))
      let end = position - (next == UInt8(ascii: "[") ? 1 : 2)
      add(isArithmetic ? arithmetic(string(start, end)) : String(Self.unknown))
      return
    }
    if next == UInt8(ascii: "{") {
      let start = position + 2
      skipNested(next, UInt8(ascii: "}"))
      insert(braced(string(start, position - 1)), isQuoted: isQuoted)
      return
    }
    guard Self.isName(next) else {
      // `$@`, `$?` and others; a lone dollar sign is text.
      add(next <= 0x22 ? "$" : String(Self.unknown))
      position += next <= 0x22 ? 1 : 2
      return
    }
    position += 1
    let start = position
    while position < bytes.count, Self.isName(bytes[position]) { position += 1 }
    insert(value(of: string(start, position)), isQuoted: isQuoted)
  }

  /// Moves behind the bracket that closes the one after the dollar sign.
  private mutating func skipNested(_ open: UInt8, _ close: UInt8) {
    position += 1
    var level = 0
    while position < bytes.count {
      let current = bytes[position]
      position += 1
      switch current {
      case open: level += 1
      case close:
        level -= 1
        if level == 0 { return }
      case UInt8(ascii: "'") where open == UInt8(ascii: "("):
        position -= 1
        skip(to: current)
        position += 1
      case 0x0A: line += 1
      default: break
      }
    }
  }

  func value(of name: String) -> [Word] {
    variables[name] ?? [Word(text: String(Self.unknown), line: line)]
  }

  /// The value of `NAME`, `NAME[@]`, `NAME:-default` and `NAME:=default`.
  private mutating func braced(_ inner: String) -> [Word] {
    let unknown = [Word(text: String(Self.unknown), line: line)]
    let name = String(inner.prefix { $0.utf8.allSatisfy(Self.isName) })
    let rest = inner.dropFirst(name.count)
    guard !name.isEmpty else { return unknown }
    if rest.isEmpty || rest == "[@]" || rest == "[*]" { return value(of: name) }
    for form in [":-", ":=", "-", "="] where rest.hasPrefix(form) {
      if let known = variables[name] { return known }
      var fallback = plain(String(rest.dropFirst(form.count)))
      fallback.append(Self.assumed)
      let words = [Word(text: fallback, line: line)]
      if form.hasSuffix("=") { assign(name, words, isAppended: false) }
      return variables[name] ?? words
    }
    return rest.hasPrefix(":?") ? value(of: name) : unknown
  }

  /// A default: text, one variable, or arithmetic.
  private func plain(_ written: String) -> String {
    let bare = written.filter { $0 != "\"" && $0 != "'" }
    guard bare.contains("$") || bare.contains("`") else { return bare }
    if bare.hasPrefix("$(("), bare.hasSuffix("))") {
      return arithmetic(String(bare.dropFirst(3).dropLast(2)))
    }
    var name = bare.dropFirst()
    if name.hasPrefix("{"), name.hasSuffix("}") { name = name.dropFirst().dropLast() }
    guard bare.hasPrefix("$"), !name.isEmpty, name.utf8.allSatisfy(Self.isName) else {
      return String(Self.unknown)
    }
    return value(of: String(name)).map(\.text).joined(separator: " ")
  }

  /// Puts a value into the word: split at blanks, unless in quotes or in an assignment.
  private mutating func insert(_ value: [Word], isQuoted: Bool) {
    let size = value.reduce(0) { $0 + $1.text.utf8.count + 1 }
    guard size <= expansionLeft else {
      isCut = true
      return
    }
    expansionLeft -= size
    if Self.assigned(text) != nil, hasWord {
      add(value.map(\.text).joined(separator: " "))
      return
    }
    if isQuoted, value.count == 1 {
      add(value[0].text)
      return
    }
    var isFirst = true
    for word in value {
      let parts =
        isQuoted
        ? [Substring(word.text)] : word.text.split(whereSeparator: { $0 == " " || $0.isNewline })
      for part in parts {
        // A default that is empty leaves only its mark.
        if part.allSatisfy({ $0 == Self.assumed || $0 == Self.conditional }) { continue }
        if !isFirst { endWord() }
        isFirst = false
        add(String(part))
        textLine = word.line
      }
    }
  }
}
