// SPDX-License-Identifier: Apache-2.0

/// What in a text points to a person, a machine or a site.
enum Identifier: Hashable {
  /// A host, as a head or an address names it.
  case host(String)
  /// An address of 32 bits.
  case ipv4(UInt32)
  /// An address of 128 bits, in lower case.
  case ipv6(String)
  /// A MAC address or GUID of groups between colons, in lower case.
  case hardware(String)
  /// A number of more than 48 bits: a communicator, a hash of a host, a GUID.
  case number(UInt64)
  /// What an address in memory has above its lowest 32 bits.
  case region(UInt32)
  /// Any other word that is not known to be harmless: a user, a folder, a token.
  case name(String)
}

/// All identifiers of one or more files: what a first reading is for.
///
/// A mergeable value in bounded memory. Whatever finds no room here is replaced too, by a word that
/// it shares with others, so that a limit can cost a join and never a secret.
package struct IdentifierSet: Sendable {
  /// Most identifiers of one kind.
  package static let maximum = 1 << 18
  /// Longest text of one that is told apart from others, in bytes.
  static let maximumBytes = 256

  private(set) var hosts: Set<String> = []
  private(set) var ipv4: Set<UInt32> = []
  private(set) var ipv6: Set<String> = []
  private(set) var hardware: Set<String> = []
  private(set) var numbers: Set<UInt64> = []
  private(set) var regions: Set<UInt32> = []
  private(set) var names: Set<String> = []

  /// An empty set.
  package init() {}

  /// Adds an identifier, where there is room.
  mutating func insert(_ identifier: Identifier) {
    func add<Value>(_ value: Value, to set: inout Set<Value>) {
      if set.count < Self.maximum { set.insert(value) }
    }
    func add(text: String, to set: inout Set<String>) {
      if text.utf8.count <= Self.maximumBytes { add(text, to: &set) }
    }
    switch identifier {
    case .host(let text): add(text: text, to: &hosts)
    case .ipv4(let address): add(address, to: &ipv4)
    case .ipv6(let text): add(text: text, to: &ipv6)
    case .hardware(let text): add(text: text, to: &hardware)
    case .number(let value): add(value, to: &numbers)
    case .region(let value): add(value, to: &regions)
    case .name(let text): add(text: text, to: &names)
    }
  }

  /// Adds those of another set.
  package mutating func merge(_ other: IdentifierSet) {
    for host in other.hosts { insert(.host(host)) }
    for address in other.ipv4 { insert(.ipv4(address)) }
    for address in other.ipv6 { insert(.ipv6(address)) }
    for address in other.hardware { insert(.hardware(address)) }
    for value in other.numbers { insert(.number(value)) }
    for value in other.regions { insert(.region(value)) }
    for name in other.names { insert(.name(name)) }
  }
}

/// What each identifier is replaced by: the same everywhere, and nothing that leads back.
///
/// Replacements are numbered in the order of the originals, hosts in their natural one, so that
/// whatever sorts by them comes out as before. No hash is involved: one of a host name would be
/// found by trying names.
package struct Pseudonyms: Sendable {
  /// Replacements counted by kind.
  package struct Counts: Sendable, Equatable {
    package var hosts = 0
    package var addresses = 0
    package var numbers = 0
    package var pointers = 0
    package var names = 0
    /// Lines left out because NCCL did not write them.
    package var lines = 0

    package init() {}

    /// Adds those of another file.
    package mutating func add(_ other: Counts) {
      hosts += other.hosts
      addresses += other.addresses
      numbers += other.numbers
      pointers += other.pointers
      names += other.names
      lines += other.lines
    }
  }

  private let hosts: [String: Int]
  private let ipv4: [UInt32: Int]
  private let ipv6: [String: Int]
  private let hardware: [String: Int]
  private let numbers: [UInt64: Int]
  private let regions: [UInt32: Int]
  private let names: [String: Int]
  private let hostDigits: Int
  private let nameDigits: Int

  /// Numbers all identifiers of a set.
  ///
  /// - Complexity: O(*n* log *n*) in the identifiers.
  package init(_ found: IdentifierSet) {
    func numbered<Value: Hashable>(_ sorted: [Value]) -> [Value: Int] {
      Dictionary(uniqueKeysWithValues: sorted.enumerated().map { ($0.element, $0.offset + 1) })
    }
    hosts = numbered(found.hosts.map { NaturalText($0) }.sorted().map(\.text))
    ipv4 = numbered(found.ipv4.sorted())
    ipv6 = numbered(found.ipv6.sorted())
    hardware = numbered(found.hardware.sorted())
    numbers = numbered(found.numbers.sorted())
    regions = numbered(found.regions.sorted())
    names = numbered(found.names.subtracting(found.hosts).sorted())
    hostDigits = max(3, String(hosts.count).count)
    nameDigits = max(3, String(names.count).count)
  }

  /// Whether a word is a host that some head or address names.
  func isHost(_ text: String) -> Bool { hosts[text] != nil }

  /// The replacement of an identifier; for one that found no room in the set, that of all such.
  func replacement(for identifier: Identifier) -> String {
    switch identifier {
    case .host(let text): return "host-" + Self.padded(hosts[text] ?? 0, hostDigits)
    case .ipv4(let address):
      let number = ipv4[address] ?? 0
      return "10.\(number >> 16 & 0xFF).\(number >> 8 & 0xFF).\(number & 0xFF)"
    case .ipv6(let text):
      let number = String(ipv6[text] ?? 0, radix: 16)
      let isLocal = text.hasPrefix("fe8") || text.hasPrefix("fe9")
      return (isLocal ? "fe80::" : "fd00::") + Self.grouped(number)
    case .hardware(let text):
      // The groups as they were, with the number in their last digits.
      var digits = Array(String(hardware[text] ?? 0, radix: 16).utf8)
      var result: [UInt8] = []
      for byte in text.utf8.reversed() {
        result.append(byte == UInt8(ascii: ":") ? byte : digits.popLast() ?? UInt8(ascii: "0"))
      }
      return String(decoding: result.reversed(), as: UTF8.self)
    case .number(let value): return String(1 << 60 + UInt64(numbers[value] ?? 0), radix: 16)
    case .region(let value): return String(0x5000 + (regions[value] ?? 0), radix: 16)
    case .name(let text): return "name-" + Self.padded(names[text] ?? 0, nameDigits)
    }
  }

  /// Pairs of an original and its replacement, for whoever has to tell what a finding means.
  package var table: [(original: String, replacement: String)] {
    func rows<Value>(
      _ values: [Value: Int], _ text: (Value) -> String, _ identifier: (Value) -> Identifier
    ) -> [(original: String, replacement: String)] {
      values.sorted { $0.value < $1.value }.map {
        (text($0.key), replacement(for: identifier($0.key)))
      }
    }
    return rows(hosts, { $0 }, Identifier.host)
      + rows(
        ipv4,
        { "\($0 >> 24).\($0 >> 16 & 0xFF).\($0 >> 8 & 0xFF).\($0 & 0xFF)" }, Identifier.ipv4)
      + rows(ipv6, { $0 }, Identifier.ipv6) + rows(hardware, { $0 }, Identifier.hardware)
      + rows(numbers, { "0x" + String($0, radix: 16) }, Identifier.number)
      .map { ($0.original, "0x" + $0.replacement) }
      + rows(names, { $0 }, Identifier.name)
  }

  private static func padded(_ number: Int, _ digits: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }

  /// Hexadecimal digits in groups of four between colons.
  private static func grouped(_ digits: String) -> String {
    guard digits.count > 4 else { return digits }
    return String(digits.dropLast(4)) + ":" + String(digits.suffix(4))
  }
}
