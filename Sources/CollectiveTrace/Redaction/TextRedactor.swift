// SPDX-License-Identifier: Apache-2.0

/// Replaces every word of a text that is not known to be harmless.
///
/// Used twice with the same text: a first time to find what is there, a second time, with
/// pseudonyms, to write. What a text is made of decides the same way both times.
@safe
struct TextRedactor {
  /// How strict numbers are taken.
  enum Numbers {
    /// Any decimal number may stay.
    case all
    /// One after a key of the job's layout may stay: the rest of a launcher's line is its own.
    case afterKeys
    /// Hexadecimal ones without `0x` may stay too: masks and classes in a topology.
    case hexadecimal
  }

  /// What was found, in the first reading.
  private(set) var found = IdentifierSet()
  /// What was replaced.
  var counts = Pseudonyms.Counts()
  /// The replacements; `nil` in the first reading.
  let pseudonyms: Pseudonyms?
  /// The text as it may be shown.
  var output: [UInt8] = []
  private let safe = SafeWords.shared

  init(pseudonyms: Pseudonyms?) { self.pseudonyms = pseudonyms }

  // MARK: - Replacements

  /// Puts the replacement of an identifier into the output.
  mutating func replace(_ identifier: Identifier) {
    switch identifier {
    case .host: counts.hosts += 1
    case .ipv4, .ipv6, .hardware: counts.addresses += 1
    case .number: counts.numbers += 1
    case .region: counts.pointers += 1
    case .name: counts.names += 1
    }
    if let pseudonyms {
      output.append(contentsOf: pseudonyms.replacement(for: identifier).utf8)
    } else {
      found.insert(identifier)
    }
  }

  /// Puts a host into the output; one that is an address stays one.
  mutating func replace(host text: String) {
    if let address = Self.ipv4(Array(text.utf8)[...]) {
      replace(address: address)
    } else {
      replace(.host(text))
    }
  }

  /// Puts a hexadecimal number into the output: small ones as they are, addresses in memory with
  /// their lowest 32 bits, larger ones under a number of their own.
  mutating func replace(hexadecimal text: some Collection<UInt8>) {
    var value: UInt64 = 0
    for byte in text {
      let digit = byte &- 0x30 < 10 ? byte &- 0x30 : (byte | 0x20) &- 0x61 &+ 10
      value = value << 4 | UInt64(digit & 0xF)
    }
    // Small numbers, and small negative ones.
    if value >> 40 == 0 || value >> 32 == 0xFFFF_FFFF {
      output.append(contentsOf: text)
    } else if value >> 48 == 0 {
      replace(.region(UInt32(truncatingIfNeeded: value >> 32)))
      let low = String(value & 0xFFFF_FFFF, radix: 16)
      output.append(contentsOf: repeatElement(0x30, count: 8 - low.utf8.count))
      output.append(contentsOf: low.utf8)
    } else {
      replace(.number(value))
    }
  }

  private mutating func replace(address: UInt32) {
    // Loopback and no address at all are the same on every machine.
    if address >> 24 == 127 || address == 0 || address == .max {
      output.append(
        contentsOf:
          "\(address >> 24).\(address >> 16 & 0xFF).\(address >> 8 & 0xFF).\(address & 0xFF)".utf8)
    } else {
      replace(.ipv4(address))
    }
  }

  // MARK: - Text

  /// Adds a text to the output.
  ///
  /// - Complexity: O(*n*) in its bytes.
  mutating func add(_ text: ArraySlice<UInt8>, numbers: Numbers = .all) {
    add(text, text.indices, numbers: numbers)
  }

  /// Adds a part of a text to the output; what stands around it tells what it is.
  mutating func add(_ whole: ArraySlice<UInt8>, _ part: Range<Int>, numbers: Numbers = .all) {
    let text = whole[part]
    var place = text.startIndex
    // The last word, as far as it decides about the next.
    var word = ""
    var isAfterKey = false
    while place < text.endIndex {
      let byte = text[place]
      let before = place > whole.startIndex ? whole[place - 1] : 0x20
      if byte == 0x2F, let end = Self.endOfPath(text, from: place, after: before) {
        addPath(text[place..<end])
        place = end
        continue
      }
      let startsWord = SafeWords.isWordByte(byte) && byte != 0x2E && byte != 0x2D
      if startsWord && !Self.isDigit(before) || byte == 0x3A && before <= 0x20 || byte == 0x5B {
        let start = byte == 0x5B ? place + 1 : place
        if let end = Self.endOfGroups(text, from: start) {
          output.append(contentsOf: text[place..<start])
          addGroups(text[start..<end])
          place = end
          isAfterKey = false
          continue
        }
      }
      guard startsWord else {
        output.append(byte >= 0x20 && byte != 0x7F || byte == 0x09 ? byte : 0x3F)
        place += 1
        continue
      }
      let end = Self.endOfWord(text, from: place)
      let next = end < whole.endIndex ? whole[end] : 0
      let own = text[place..<end]
      if let address = Self.ipv4(own) {
        replace(address: address)
      } else if Self.isNumber(own, next: next) {
        if numbers != .afterKeys || isAfterKey {
          output.append(contentsOf: own)
        } else {
          replace(.name(String(decoding: own, as: UTF8.self)))
        }
      } else if numbers == .hexadecimal, own.count <= 8, own.allSatisfy(Self.isHexadecimal) {
        output.append(contentsOf: own)
      } else if let digits = Self.hexadecimal(own, after: before) {
        output.append(contentsOf: own[..<digits.startIndex])
        replace(hexadecimal: digits)
        isAfterKey = false
      } else {
        let isAddress = before != 0x25 && Self.isPort(whole, at: end)
        let previous = word
        word = String(decoding: own, as: UTF8.self)
        addWord(word, isHost: isAddress || previous == "hostname" || previous == "Hostname")
        isAfterKey = safe.isLaunchKey(word)
      }
      place = end
    }
  }

  private mutating func addWord(_ word: String, isHost: Bool) {
    if isHost {
      replaceHost(word)
    } else if safe.contains(word) {
      output.append(contentsOf: word.utf8)
    } else if self.isHost(word) {
      replaceHost(word)
    } else if SafeWords.isPattern(word) {
      // A host may be called `rank3`, so this comes last.
      output.append(contentsOf: word.utf8)
    } else {
      replace(.name(word))
    }
  }

  /// A host's name as an address has it: in full, where a head has the first part only.
  private mutating func replaceHost(_ word: String) {
    guard let dot = word.firstIndex(of: "."), pseudonyms?.isHost(word) != true else {
      return replace(.host(word))
    }
    replace(.host(String(word[..<dot])))
    output.append(contentsOf: ".domain".utf8)
  }

  /// Whether a word is a host, or a full name whose first part is one.
  private func isHost(_ word: String) -> Bool {
    guard let pseudonyms else { return false }
    return pseudonyms.isHost(word) || pseudonyms.isHost(String(word.prefix { $0 != "." }))
  }

  // MARK: - Paths

  /// Where an absolute path ends, or `nil` if none begins here.
  ///
  /// Devices below `/sys`, `/proc` and `/dev` are words as in any text: they name no user.
  private static func endOfPath(
    _ text: ArraySlice<UInt8>, from start: Int, after before: UInt8
  ) -> Int? {
    guard !SafeWords.isWordByte(before), before != 0x29, before != 0x5D, before != 0x3C,
      before != 0x3E
    else {
      return nil
    }
    var end = start + 1
    while end < text.endIndex, !isPathEnd(text[end]) { end += 1 }
    guard end > start + 1, text[start + 1] != 0x2F else { return nil }
    for system in ["/sys/", "/proc/", "/dev/"] where text[start...].starts(with: system.utf8) {
      return nil
    }
    return end
  }

  private static func isPathEnd(_ byte: UInt8) -> Bool {
    switch byte {
    case 0...0x20, 0x22, 0x26, 0x27, 0x28, 0x29, 0x2C, 0x3A, 0x3B, 0x3C, 0x3D, 0x3E, 0x5D, 0x7C,
      0x7D,
      0x7F:
      true
    default: false
    }
  }

  private mutating func addPath(_ path: ArraySlice<UInt8>) {
    for (index, part) in path.split(separator: 0x2F, omittingEmptySubsequences: false).enumerated()
    {
      if index > 0 { output.append(0x2F) }
      let text = String(decoding: part, as: UTF8.self)
      if text.isEmpty || safe.isFolder(text) {
        output.append(contentsOf: part)
      } else if let pseudonyms, pseudonyms.isHost(text) {
        replace(.host(text))
      } else {
        replace(.name(text))
      }
    }
  }

  // MARK: - Groups between colons

  /// Where hexadecimal groups between colons end, if there are enough of them for an address, or a
  /// dot and a function make them a PCI device.
  private static func endOfGroups(_ text: ArraySlice<UInt8>, from start: Int) -> Int? {
    var end = start
    var colons = 0
    var length = 0
    var isShort = true
    var isDouble = false
    while end < text.endIndex {
      if text[end] == 0x3A {
        if length == 0, end > start { isDouble = true }
        colons += 1
        length = 0
      } else if isHexadecimal(text[end]) {
        length += 1
        if length > 4 { isShort = false }
      } else {
        break
      }
      end += 1
    }
    guard colons > 0 else { return nil }
    // A colon at the end is the sentence's.
    if text[end - 1] == 0x3A, end - 2 < start || text[end - 2] != 0x3A {
      end -= 1
      colons -= 1
    }
    if end < text.endIndex, text[end] == 0x2E, length == 2, colons <= 2, colons > 0,
      end + 1 < text.endIndex, text[end + 1] &- 0x30 < 8,
      end + 2 == text.endIndex || !SafeWords.isWordByte(text[end + 2])
    {
      return end + 2
    }
    // A dot ends the sentence; before a digit it is that of `::ffff:10.0.0.1`.
    let isEnd =
      end == text.endIndex || !SafeWords.isWordByte(text[end])
      || text[end] == 0x2E && (end + 1 == text.endIndex || !isDigit(text[end + 1]))
    guard isEnd, isShort, isDouble ? colons <= 7 && end > start : (3...31).contains(colons)
    else { return nil }
    return end
  }

  private mutating func addGroups(_ groups: ArraySlice<UInt8>) {
    let text = String(decoding: groups, as: UTF8.self).lowercased()
    let isDouble = text.contains("::")
    let colons = groups.count { $0 == 0x3A }
    if groups.contains(0x2E) || text == "::" || text == "::1" {
      output.append(contentsOf: groups)
    } else if isDouble || colons == 7 && groups.count > 23 {
      replace(.ipv6(text))
    } else {
      replace(.hardware(text))
    }
  }

  // MARK: - Words and numbers

  private static func endOfWord(_ text: ArraySlice<UInt8>, from start: Int) -> Int {
    var end = start
    while end < text.endIndex, SafeWords.isWordByte(text[end]) { end += 1 }
    while end > start + 1, text[end - 1] == 0x2E || text[end - 1] == 0x2D { end -= 1 }
    return end
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 6
  }

  /// Whether `<43210>` comes next, as after an address.
  private static func isPort(_ text: ArraySlice<UInt8>, at start: Int) -> Bool {
    guard start < text.endIndex, text[start] == 0x3C else { return false }
    let digits = text[(start + 1)...].prefix { isDigit($0) }
    return !digits.isEmpty && digits.endIndex < text.endIndex && text[digits.endIndex] == 0x3E
  }

  /// The address that a word is, `10.0.0.1`.
  private static func ipv4(_ word: ArraySlice<UInt8>) -> UInt32? {
    guard (7...15).contains(word.count) else { return nil }
    let parts = word.split(separator: 0x2E, omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var address: UInt32 = 0
    for part in parts {
      guard (1...3).contains(part.count), part.allSatisfy(isDigit),
        let number = UInt8(String(decoding: part, as: UTF8.self))
      else { return nil }
      address = address << 8 | UInt32(number)
    }
    return address
  }

  /// Whether a word is a number, a range or list of numbers, a time, or a number with a unit.
  private static func isNumber(_ word: ArraySlice<UInt8>, next: UInt8) -> Bool {
    guard let first = word.first, isDigit(first) else { return false }
    let rest = word.drop { isDigit($0) || $0 == 0x2E || $0 == 0x2D }
    // `0-15` and `2025-03-01`, but not what a network's address is written as.
    let digits = word[..<rest.startIndex]
    guard digits.count(where: { $0 == 0x2E }) < 3, digits.count(where: { $0 == 0x2D }) < 3 else {
      return false
    }
    guard let letter = rest.first else { return true }
    // `2025-03-01T12`, `56.123Z`
    if letter == 0x54 || letter == 0x5A {
      return rest.dropFirst().allSatisfy { isDigit($0) || $0 == 0x2E || $0 == 0x5A }
    }
    // `1.5e-05`, and `1.5e` before `+09`
    if letter == 0x65 || letter == 0x45 {
      let exponent = rest.dropFirst().drop { $0 == 0x2D }
      return exponent.isEmpty ? next == 0x2B : exponent.allSatisfy(isDigit)
    }
    return units.contains(String(decoding: rest, as: UTF8.self))
  }

  private static let units: Set<String> = [
    "B", "KB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "TiB", "K", "M", "G", "us", "ms", "ns", "s",
    "Gbps", "Mbps", "x", "D", "d",
  ]

  /// The digits of `0x1f`, or of a hash in parentheses as RAS prints it.
  private static func hexadecimal(
    _ word: ArraySlice<UInt8>, after before: UInt8
  ) -> ArraySlice<UInt8>? {
    if word.count > 2, word.count <= 18, word.starts(with: [0x30, 0x78]) {
      let digits = word.dropFirst(2)
      return digits.allSatisfy(isHexadecimal) ? digits : nil
    }
    let isHash = before == 0x28 && (13...16).contains(word.count)
    return isHash && word.allSatisfy(isHexadecimal) ? word : nil
  }
}
