// SPDX-License-Identifier: Apache-2.0

/// A place in a job or model description.
public struct ConfigurationLocation: Sendable, Equatable, CustomStringConvertible {
  /// The file as the user named it.
  public var file: String
  /// Line, from 1; `nil` when the place is the whole file.
  public var line: Int?
  /// Column in Unicode scalars, from 1.
  public var column: Int?

  /// Makes a location.
  public init(file: String, line: Int? = nil, column: Int? = nil) {
    self.file = file
    self.line = line
    self.column = column
  }

  /// The form editors and compilers use, `job.yaml:4:11`.
  public var description: String {
    let name = ConfigurationText.printable(file, limit: 4096)
    guard let line else { return name }
    guard let column else { return "\(name):\(line)" }
    return "\(name):\(line):\(column)"
  }
}

/// Why a job or model description was refused.
///
/// The text says where, what was found, and what is allowed; it is safe to print on a terminal.
public enum ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A piece of YAML that descriptions do without, so that no text can mean more than it shows.
  public enum Construct: String, Sendable, CaseIterable {
    case anchor = "an anchor (`&name`)"
    case alias = "an alias (`*name`)"
    case tag = "a tag (`!name`)"
    case mergeKey = "a merge key (`<<`)"
    case blockScalar = "a block scalar (`|` or `>`)"
    case complexKey = "a complex key (`?`)"
    case directive = "a directive (`%`)"
    case severalDocuments = "a document marker (`---` or `...`)"

    /// What to write instead.
    var advice: String {
      switch self {
      case .anchor, .alias, .mergeKey: "write the value out in full, or quote it if it is text"
      case .tag: "leave the tag out, or quote the value if it is text"
      case .blockScalar: "write the text on one line, in quotes"
      case .complexKey: "use plain names as keys"
      case .directive, .severalDocuments: "keep one document per file, without markers inside it"
      }
    }
  }

  /// The file cannot be opened or read.
  case unreadable(file: String, reason: String)
  /// The file is larger than any description needs to be.
  case tooLarge(file: String, limitBytes: Int)
  /// The file is not text: a byte that is not UTF-8, or a control character.
  case notText(file: String, byteOffset: Int)
  /// The text is neither YAML nor JSON.
  case malformed(at: ConfigurationLocation, problem: String)
  /// The text uses YAML that descriptions do without.
  case forbidden(at: ConfigurationLocation, construct: Construct)
  /// Values are nested deeper than any description needs to be.
  case tooDeep(at: ConfigurationLocation, limit: Int)
  /// A key stands twice in one mapping.
  case duplicateKey(at: ConfigurationLocation, key: String)
  /// A key has no meaning.
  case unknownKey(
    at: ConfigurationLocation, keyPath: String, suggestion: String?, allowed: [String])
  /// A value that is needed is missing; `similar` are keys present that look like it.
  case missingKey(
    at: ConfigurationLocation, keyPath: String, accepted: [String], similar: [String])
  /// A value has the wrong form.
  case invalidValue(at: ConfigurationLocation, keyPath: String, found: String, allowed: String)
  /// Two values, each well formed, exclude each other.
  case contradiction(at: ConfigurationLocation, keyPath: String, found: String, allowed: String)

  /// One or two sentences for a person.
  public var description: String {
    switch self {
    case .unreadable(let file, let reason):
      "\(ConfigurationText.printable(file, limit: 4096)): cannot be read (\(reason)); check the path and its permissions."
    case .tooLarge(let file, let limit):
      "\(ConfigurationText.printable(file, limit: 4096)): larger than \(limit) bytes; a job or model description is a short text, check that this is the right file."
    case .notText(let file, let offset):
      "\(ConfigurationText.printable(file, limit: 4096)): not a UTF-8 text at byte \(offset); save it as UTF-8, and check that this is the right file."
    case .malformed(let location, let problem):
      "\(location): neither YAML nor JSON: \(problem); correct the text at this place."
    case .forbidden(let location, let construct):
      "\(location): found \(construct.rawValue), which descriptions may not use; \(construct.advice)."
    case .tooDeep(let location, let limit):
      "\(location): nested deeper than \(limit) levels; a description needs no more than a few."
    case .duplicateKey(let location, let key):
      "\(location): the key `\(ConfigurationText.printable(key))` stands twice in one mapping; keep one of them."
    case .unknownKey(let location, let keyPath, let suggestion, let allowed):
      if let suggestion {
        "\(location): unknown key `\(ConfigurationText.printable(keyPath, limit: 256))`; did you mean `\(suggestion)`?"
      } else {
        "\(location): unknown key `\(ConfigurationText.printable(keyPath, limit: 256))`; allowed here: \(allowed.joined(separator: ", "))."
      }
    case .missingKey(let location, let keyPath, let accepted, let similar):
      if similar.isEmpty {
        "\(location): `\(keyPath)` is missing; give it as \(ConfigurationText.alternatives(accepted))."
      } else {
        "\(location): `\(keyPath)` is missing; give it as \(ConfigurationText.alternatives(accepted)). Keys present that look like it: \(similar.map { ConfigurationText.printable($0) }.joined(separator: ", "))."
      }
    case .invalidValue(let location, let keyPath, let found, let allowed):
      "\(location): `\(ConfigurationText.printable(keyPath, limit: 256))` is \(found); it must be \(allowed)\(allowed.hasSuffix("?") ? "" : ".")"
    case .contradiction(let location, let keyPath, let found, let allowed):
      "\(location): `\(ConfigurationText.printable(keyPath, limit: 256))`: \(found); \(allowed)."
    }
  }
}

/// Wording shared by the descriptions' errors.
package enum ConfigurationText {
  /// Returns text that cannot disturb a terminal, cut to a length a person can read.
  ///
  /// - Complexity: O(*limit*).
  static func printable(_ text: String, limit: Int = 64) -> String {
    var result = ""
    var length = 0
    for scalar in text.unicodeScalars {
      guard length < limit else { return result + "..." }
      length += 1
      switch scalar.properties.generalCategory {
      case .control, .format, .surrogate, .lineSeparator, .paragraphSeparator, .unassigned,
        .privateUse:
        result += "\\u{\(String(scalar.value, radix: 16))}"
      default:
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// Returns "`a`, `b` or `c`".
  package static func alternatives(_ names: [String]) -> String {
    let quoted = names.map { "`\($0)`" }
    guard let last = quoted.last, quoted.count > 1 else { return quoted.first ?? "" }
    return quoted.dropLast().joined(separator: ", ") + " or " + last
  }

  /// Returns the allowed name that a person most likely meant, if one is close enough.
  ///
  /// - Parameters:
  ///   - name: What was written.
  ///   - allowed: What may be written.
  ///   - synonyms: Names other tools use for the same thing, without word separators.
  /// - Returns: One of the allowed names, or `nil`.
  package static func suggestion(
    for name: String, among allowed: [String], synonyms: [String: String] = [:]
  ) -> String? {
    let key = normalized(name)
    if let meant = synonyms[key], allowed.contains(meant) { return meant }
    var best: (name: String, distance: Int)?
    for candidate in allowed {
      let other = normalized(candidate)
      if key == other { return candidate }
      let length = max(key.utf8.count, other.utf8.count)
      let distance = editDistance(Array(key.utf8), Array(other.utf8))
      guard distance <= max(1, length / 3) else { continue }
      if distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    return best?.name
  }

  /// Returns the name without case and word separators, cut to 64 bytes.
  private static func normalized(_ name: String) -> String {
    var bytes: [UInt8] = []
    for byte in name.utf8.prefix(64) where byte != UInt8(ascii: "_") && byte != UInt8(ascii: "-") {
      bytes.append((UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Returns the number of insertions, deletions, substitutions and swaps of neighbours between
  /// two names.
  ///
  /// - Complexity: O(*nm*) for names of *n* and *m* bytes, both at most 64.
  static func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    guard !a.isEmpty, !b.isEmpty else { return max(a.count, b.count) }
    var beforePrevious = [Int](repeating: 0, count: b.count + 1)
    var previous = Array(0...b.count)
    for (i, x) in a.enumerated() {
      var current = [i + 1]
      current.reserveCapacity(b.count + 1)
      for (j, y) in b.enumerated() {
        var cost = min(previous[j] + (x == y ? 0 : 1), previous[j + 1] + 1, current[j] + 1)
        if i > 0, j > 0, x == b[j - 1], y == a[i - 1] {
          cost = min(cost, beforePrevious[j - 1] + 1)
        }
        current.append(cost)
      }
      beforePrevious = previous
      previous = current
    }
    return previous[b.count]
  }
}
