// SPDX-License-Identifier: Apache-2.0

/// Recognises NCCL messages by the formats in NCCL's source.
///
/// A message is known when a printf format matches it from its first byte to its last; a piece of
/// a torn line or the text of a newer release is not.
///
///     Channel 01/24 : 0[0] -> 1[1] via P2P/CUMEM
///     Channel %02d/%01d : %d[%d] -> %d[%d] via P2P/%s%s%s
///
/// - Numbers, pointers and addresses must look like what their conversion prints; `%s` is any text.
/// - The formats come from ``MessageFormats``, and from a table below for what NCCL assembles from
///   pieces and prints with `"%s"`.
/// - `NOWARN` in the source prints warnings as INFO lines, so an INFO message may match the format
///   of a warning; formats of its own level come first.
///
/// Formats are found by their text before the first conversion, with a binary search; those that
/// share it are told apart by the pairs of letters they need. Hostile text cannot make a look-up
/// slow: repetition is greedy, only the last `%s` is ever retried, and the steps are bounded.
package struct MessageCatalogue: Sendable {
  /// The catalogue; built at first use.
  package static let shared = MessageCatalogue()

  /// What stands after `NCCL` in a line's head.
  package enum Level: UInt8, Sendable, CaseIterable {
    case call = 0x43
    case info = 0x49
    case trace = 0x54
    case version = 0x56
    case warning = 0x57
  }

  // MARK: - Assembled messages

  /// Formats of messages that no single format in NCCL's source shows whole.
  ///
  /// Rows are as in ``MessageFormats``. Beside printf's conversions there are
  ///
  ///     %( %)  once or more often; no text (%s) inside
  ///     %_     blanks, or nothing
  ///     %w     a word: no blanks, brackets, bars, commas or semicolons
  ///     %S     a word, or nothing
  ///     %N     a node of the topology: GPU/0-1b000, NET/3
  ///     %P     the name of a plugin that is not part of NCCL, a blank or colon follows
  private static let assembled: StaticString = #"""
    I	2.5.6	2.5.7	%N -> %N (%d)
    I	2.5.6	2.30.7	%N :%(%N (%d/%f/%w) %)
    I	2.5.6	2.30.7	%_%N
    I	2.5.6	2.30.7	%_%N (%w)
    I	2.5.6	2.30.7	%_+ %w[%f] - %N
    I	2.5.6	2.30.7	%_+ %w[%f] - %N (%w)
    I	2.5.6	2.30.7	%2d :%( %N%)
    I	2.5.6	2.30.7	%13s |%(%8.1f/%6.1f |%)
    I	2.5.6	2.30.7	Latency/AlgBw |%s |
    I	2.18.1	2.30.7	  Algorithm   |%( %_%w %_|%)
    I	2.18.1	2.30.7	  Protocol    |%( %14w |%)
    I	2.5.6	2.30.7	 Max NThreads |%( %14d |%)
    I	2.3.5	2.30.7	NCCL version %s+cuda%w
    I	2.29.2	2.30.7	NCCL git version %s
    I	rocm-3.5.0	2024-10	RCCL version %s
    I	2024-10	2024-10	RCCL version : %s
    I	2024-10	2024-10	HIP version  : %s
    I	2.3.5	2.3.7	Ring %02d :%( %3d%)
    I	2.4.2	2.4.8	Channel %02d :%( %3d%)
    I	2.5.6	2.30.7	Channel %02d/%02d :%( %3d%)
    I	2.23.4	2.30.7	Channel %02d/%02d :%( %3d%)...
    I	2.23.4	2.30.7	Channel %02d/%02d :%( %3d%) ...
    I	2.4.2	2.4.8	Trees%( [%d] %d->%d->%d/%d/%d%)
    I	2.5.6	2.7.8	Trees%( [%d] %d/%d/%d->%d->%d|%d->%d->%d/%d/%d%)
    I	2.8.3	2.30.7	Trees%( [%d] %d/%d/%d->%d->%d%)
    I	rocm-4.5.0	2024-10	Trees%( [%d] %d/%d/%d->%d->%d%) comm %p nRanks %02d busId %lx
    I	rocm-5.4.0	rocm-5.4.0	BinTrees%s comm %p nRanks %02d busId %lx
    I	2.9.6	2.21.5	CollNet channel %d rank %d down %snUp %d nHeads %d headRank %d out %d shift %d
    I	2.22.3	2.30.7	CollNetDirect channel %d rank %d down %snUp %d nHeads %d headRank %d out %d shift %d
    I	2.18.1	2.30.7	NVLS Head %2d:%( %2d%)
    I	2.28.3	2.30.7	ncclTopoGetCpuAffinity: %s
    I	rocm-3.5.0	2024-10	## [%012.6f] [%02d:%02d] %06lx KL HWID %8x %s
    I	rocm-3.5.0	2024-10	## [%012.6f] [%02d:%02d] %06lx CL %s
    I	rocm-3.5.0	2024-10	## [%012.6f] [%02d:%02d] %06lx KE busId %lx nRanks %d
    I	rocm-3.5.0	2024-10	## [%012.6f] [%02d:%02d] %06lx CE %s busId %lx nRanks %d
    I	rocm-3.5.0	2024-10	## [%012.6f] [%02d:%02d] %06lx PE %s busId %lx nRanks %d
    I	rocm-3.5.0	2024-10	## [%012.6f] [%02d:%02d] %06lx Abort%s
    I	rocm-3.5.0	2024-10	## [%012.6f] [%02d:%02d] L:%04d DT %08x %016lx %016lx
    I	2.4.2	2.30.7	NET/%P%s
    I	2.6.4	2.30.7	COLLNET/%P%s
    I	2.19.1	2.30.7	TUNER/%P%s
    I	2.19.1	2.30.7	[debug]TUNER/%P%s
    I	2.19.1	2.30.7	[debug match%d]TUNER/%P%s
    I	2.23.4	2.30.7	PROFILER/%P%s
    I	2.28.7	2.30.7	GIN/%P%s
    I	2.29.2	2.30.7	RMA/%P%s
    I	2.28.7	2.30.7	ENV/%P%s
    I	2.12.7	2.30.7	P2P plugin %s
    I	2.12.7	2.30.7	Plugin Path : %s
    T	2.19.1	2.30.7	TUNER/%P%s
    T	2.19.1	2.30.7	[debug]TUNER/%P%s
    T	2.19.1	2.30.7	[debug match%d]TUNER/%P%s
    T	2.23.4	2.30.7	PROFILER/%P%s
    T	2.4.2	2.30.7	NET/%P%s
    V	2.3.5	2.30.7	NCCL version %s+cuda%w
    V	rocm-3.5.0	2024-10	RCCL version %s
    V	2.28.3	2.30.7	  NCCL_%w = %s
    V	2.28.3	2.30.7	  NCCL_%w =
    """#

  /// Names after `NET/` and the like that are NCCL's own.
  static let ownNames: [StaticString] = [
    "IB", "Socket", "Plugin", "MLX5", "SOCKET",
  ]

  // MARK: - The index

  enum Kind: UInt8 {
    case literal, text, decimal, unsigned, hexadecimal, pointer, real, byte
    case word, suffix, node, plugin, location, blanks, open, close
  }

  /// One piece of a format.
  struct Token {
    var kind: Kind
    /// Whether leading blanks may fill the field.
    var isPadded = false
    /// Of a literal, its place in `text`; of `open`, `start` counts the tokens to its `close`.
    var start: Int32 = 0
    var length: Int32 = 0
  }

  /// One format.
  struct Row {
    var level: UInt8
    var tokens: Range<Int32>
    /// The line of the table from its level to the end of its format, in `text`.
    var line: Range<Int32>
    var format: Int32
    /// The text before the first conversion, in `text`.
    var prefix: Range<Int32>
    /// Letters of the format's own, blanks not counted.
    var literals: Int32
    var signature: Signature
  }

  /// The formats of one level that share the text before their first conversion.
  private struct Group {
    var prefix: Range<Int32>
    var rows: Range<Int32>
    /// The group of the longest shorter prefix of this one's, or -1.
    var parent: Int32
  }

  /// A set of pairs of neighbouring bytes, hashed to 256 bits.
  struct Signature {
    var words: [4 of UInt64] = [0, 0, 0, 0]

    mutating func insert(_ a: UInt8, _ b: UInt8) {
      let bit = a &* 37 ^ b &* 101 ^ a >> 3
      words[Int(bit >> 6)] |= 1 << UInt64(bit & 63)
    }

    func isSubset(of other: Signature) -> Bool {
      let missing =
        words[0] & ~other.words[0] | words[1] & ~other.words[1]
        | words[2] & ~other.words[2] | words[3] & ~other.words[3]
      return missing == 0
    }
  }

  /// The bytes of both tables.
  let text: [UInt8]
  let tokens: [Token]
  /// Sorted by level, prefix, and the most text first.
  private let rows: [Row]
  /// Sorted by level and prefix.
  private let groups: [Group]
  /// By level and first byte, the first group whose prefix begins with that byte or a later one.
  private let firstGroups: [Int32]

  /// Longest message that is looked up; NCCL and RCCL write less.
  private static let longestMessage = 1 << 14
  /// Steps that one look-up may take beside those that its length allows.
  private static let patience = 1 << 14
  /// From here on a list may have been cut by NCCL's own buffer of 1,024 bytes.
  static let fullBuffer = 900

  /// Compiles both tables.
  ///
  /// - Complexity: O(*n* log *n*) in the number of formats; allocates.
  private init() {
    var text: [UInt8] = []
    text.reserveCapacity(
      MessageFormats.table.utf8CodeUnitCount + Self.assembled.utf8CodeUnitCount + 1)
    MessageFormats.table.withUTF8Buffer { unsafe text.append(contentsOf: $0) }
    text.append(0x0A)
    Self.assembled.withUTF8Buffer { unsafe text.append(contentsOf: $0) }

    var compiler = Compiler(text: text)
    compiler.compile()
    var rows = compiler.rows
    rows.sort { Self.precedes($0, $1, in: text) }

    var groups: [Group] = []
    groups.reserveCapacity(rows.count)
    var open: [Int32] = []
    var level: UInt8 = 0
    for (index, row) in rows.enumerated() {
      if row.level != level {
        level = row.level
        open.removeAll(keepingCapacity: true)
      }
      while let last = open.last,
        !Self.begins(row.prefix, with: groups[Int(last)].prefix, in: text)
      {
        open.removeLast()
      }
      if let last = open.last, groups[Int(last)].prefix.count == row.prefix.count {
        groups[Int(last)].rows = groups[Int(last)].rows.lowerBound..<Int32(index + 1)
      } else {
        groups.append(
          Group(
            prefix: row.prefix, rows: Int32(index)..<Int32(index + 1), parent: open.last ?? -1))
        open.append(Int32(groups.count - 1))
      }
    }

    var firstGroups: [Int32] = []
    firstGroups.reserveCapacity(Level.allCases.count * 257)
    var next = 0
    for level in Level.allCases {
      for byte in 0...256 {
        while next < groups.count {
          let group = groups[next]
          let groupLevel = rows[Int(group.rows.lowerBound)].level
          let first = group.prefix.isEmpty ? -1 : Int(text[Int(group.prefix.lowerBound)])
          guard groupLevel == level.rawValue, first < byte else { break }
          next += 1
        }
        firstGroups.append(Int32(next))
      }
    }

    self.text = text
    self.tokens = compiler.tokens
    self.rows = rows
    self.groups = groups
    self.firstGroups = firstGroups
  }

  private static func begins(
    _ whole: Range<Int32>, with start: Range<Int32>, in text: [UInt8]
  ) -> Bool {
    guard start.count <= whole.count else { return false }
    for index in 0..<start.count
    where text[Int(whole.lowerBound) + index] != text[Int(start.lowerBound) + index] {
      return false
    }
    return true
  }

  private static func precedes(_ a: Row, _ b: Row, in text: [UInt8]) -> Bool {
    guard a.level == b.level else { return a.level < b.level }
    let count = min(a.prefix.count, b.prefix.count)
    for index in 0..<count {
      let left = text[Int(a.prefix.lowerBound) + index]
      let right = text[Int(b.prefix.lowerBound) + index]
      guard left == right else { return left < right }
    }
    guard a.prefix.count == b.prefix.count else { return a.prefix.count < b.prefix.count }
    return (b.literals, a.line.lowerBound) < (a.literals, b.line.lowerBound)
  }

  /// How many formats there are.
  package var count: Int { rows.count }

  /// The format at an index that `match` returned, or nothing.
  package func format(at index: Int) -> String {
    guard rows.indices.contains(index) else { return "" }
    let row = rows[index]
    return String(decoding: text[Int(row.format)..<Int(row.line.upperBound)], as: UTF8.self)
  }

  /// The level a format belongs to.
  package func level(at index: Int) -> Level? {
    rows.indices.contains(index) ? Level(rawValue: rows[index].level) : nil
  }

  /// The first and the last release known to print a format.
  package func releases(at index: Int) -> (first: String, last: String)? {
    guard rows.indices.contains(index) else { return nil }
    let row = rows[index]
    let fields = text[Int(row.line.lowerBound)..<Int(row.format)].split(separator: 0x09)
    guard fields.count == 3 else { return nil }
    return (String(decoding: fields[1], as: UTF8.self), String(decoding: fields[2], as: UTF8.self))
  }

  // MARK: - Look-up

  /// Finds the format that matches a whole message.
  ///
  /// - Parameters:
  ///   - message: What follows the line's head; blanks and line ends after it are ignored.
  ///   - level: What the head says; information may also be a warning that was printed as such.
  /// - Returns: The format's index, or `nil` if no release is known to print the message.
  /// - Complexity: O(*n*) in the message's bytes; allocates nothing.
  package func match(_ message: UnsafeRawBufferPointer, level: Level) -> Int? {
    match(unsafe Span<UInt8>(_unsafeBytes: message), level: level)
  }

  /// Finds the format that matches a whole message.
  ///
  /// - Parameters:
  ///   - message: What follows the line's head; blanks and line ends after it are ignored.
  ///   - level: What the head says; information may also be a warning that was printed as such.
  /// - Returns: The format's index, or `nil` if no release is known to print the message.
  /// - Complexity: O(*n*) in the message's bytes; allocates nothing.
  package func match(_ message: Span<UInt8>, level: Level) -> Int? {
    var end = message.count
    while end > 0, Self.isBlank(message[end - 1]) { end -= 1 }
    guard end > 0, end <= Self.longestMessage else { return nil }
    let message = message.extracting(first: end)
    var scan = Scan(patience: Self.patience + 16 * end)
    if let index = match(message, level: level, scan: &scan) { return index }
    return level == .info ? match(message, level: .warning, scan: &scan) : nil
  }

  private func match(_ message: Span<UInt8>, level: Level, scan: inout Scan) -> Int? {
    var group = lastGroup(notAfter: message, level: level)
    while group >= 0 {
      let candidates = groups[group]
      if starts(message, with: candidates.prefix) {
        for index in candidates.rows {
          let row = rows[Int(index)]
          if candidates.rows.count > 2 {
            if !scan.hasSignature {
              for place in 1..<max(message.count, 1) {
                scan.signature.insert(message[place - 1], message[place])
              }
              scan.hasSignature = true
            }
            guard row.signature.isSubset(of: scan.signature) else { continue }
          }
          if matches(row, message, scan: &scan) { return Int(index) }
          guard scan.patience > 0 else { return nil }
        }
      }
      group = Int(candidates.parent)
    }
    return nil
  }

  /// What fills a conversion of a format.
  struct Gap: Equatable {
    /// What may stand in it.
    enum Kind {
      /// A decimal number, or a single character.
      case number
      /// A hexadecimal number or a pointer, with or without `0x`.
      case hexadecimal
      /// A node of the topology, `GPU/0-1b000`.
      case node
      /// Any text.
      case text
    }
    var kind: Kind
    /// Its place in the message.
    var range: Range<Int>
  }

  /// Finds what a message has in the places where its format leaves a gap.
  ///
  /// - Parameters:
  ///   - message: As for ``match(_:level:)-(Span<UInt8>,_)``.
  ///   - level: What the head says.
  /// - Returns: The gaps in order, `nil` when no format matches; all other bytes are the format's.
  func gaps(in message: ArraySlice<UInt8>, level: Level) -> [Gap]? {
    let start = message.startIndex
    var end = message.endIndex
    while end > start, Self.isBlank(message[end - 1]) { end -= 1 }
    let span = message.span.extracting(first: end - start)
    guard let index = match(span, level: level) else { return nil }
    var scan = Scan(patience: Self.patience + 16 * span.count)
    scan.gaps = []
    guard matches(rows[index], span, scan: &scan) else { return nil }
    return scan.gaps?.map {
      Gap(kind: $0.kind, range: $0.range.lowerBound + start..<$0.range.upperBound + start)
    }
  }

  /// The text of all formats, in pieces between conversions.
  var literals: [ArraySlice<UInt8>] {
    tokens.filter { $0.kind == .literal }.map {
      text[Int($0.start)..<Int($0.start + $0.length)]
    }
  }

  /// What one look-up carries from format to format.
  struct Scan {
    var patience: Int
    var signature = Signature()
    var hasSignature = false
    /// The gaps of the format that is being matched, when they are asked for.
    var gaps: [Gap]?

    /// Notes what a conversion took.
    mutating func note(_ kind: Kind, _ range: Range<Int>) {
      guard gaps != nil, !range.isEmpty else { return }
      switch kind {
      case .literal, .blanks, .open, .close: return
      case .decimal, .unsigned, .real, .byte: gaps?.append(Gap(kind: .number, range: range))
      case .hexadecimal, .pointer: gaps?.append(Gap(kind: .hexadecimal, range: range))
      case .node: gaps?.append(Gap(kind: .node, range: range))
      case .text, .word, .suffix, .plugin, .location:
        gaps?.append(Gap(kind: .text, range: range))
      }
    }

    /// Takes back what was noted at or after a place.
    mutating func forget(from position: Int) {
      while let last = gaps?.last, last.range.upperBound > position { gaps?.removeLast() }
    }
  }

  /// The last group of a level whose prefix sorts before the message or begins it, or -1.
  ///
  /// Whichever prefixes begin the message begin this group's prefix as well, so they are found
  /// among its parents.
  private func lastGroup(notAfter message: Span<UInt8>, level: Level) -> Int {
    guard let section = Level.allCases.firstIndex(of: level) else { return -1 }
    let table = section * 257
    var low = Int(firstGroups[table + Int(message[0])])
    var high = Int(firstGroups[table + Int(message[0]) + 1])
    while low < high {
      let middle = (low + high) / 2
      if precedes(message, groups[middle].prefix) { high = middle } else { low = middle + 1 }
    }
    let start = section == 0 ? 0 : Int(firstGroups[table - 1])
    return low > start ? low - 1 : -1
  }

  private func precedes(_ message: Span<UInt8>, _ prefix: Range<Int32>) -> Bool {
    let count = min(message.count, prefix.count)
    let start = Int(prefix.lowerBound)
    for index in 0..<count {
      let byte = text[start + index]
      if message[index] != byte { return message[index] < byte }
    }
    return message.count < prefix.count
  }

  private func starts(_ message: Span<UInt8>, with prefix: Range<Int32>) -> Bool {
    guard prefix.count <= message.count else { return false }
    let start = Int(prefix.lowerBound)
    for index in 0..<prefix.count where message[index] != text[start + index] { return false }
    return true
  }
}
