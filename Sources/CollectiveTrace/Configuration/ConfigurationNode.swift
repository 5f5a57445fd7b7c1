// SPDX-License-Identifier: Apache-2.0

internal import Yams

/// One value of a job or model description, with the place and the key path it came from.
///
/// The accessors are strict: a number is decimal digits, a truth value is `true` or `false`, text
/// in quotes is never a number. They name the key path, what was found and what is allowed.
package struct ConfigurationNode {
  /// Where the value stands.
  package let location: ConfigurationLocation
  /// The keys that lead to it, `parallelism.tensor`; empty for the whole description.
  package let keyPath: String
  private let node: Node

  private init(_ node: Node, keyPath: String, location: ConfigurationLocation) {
    self.node = node
    self.keyPath = keyPath
    self.location = location
  }

  // MARK: - Reading a text

  /// Reads a YAML or JSON text.
  ///
  /// - Throws: `tooLarge`, `notText`, `malformed`, `forbidden`, `tooDeep` or `duplicateKey`.
  package static func parse(_ text: String, file: String) throws(ConfigurationError) -> Self {
    let bytes = Array(text.utf8)
    guard bytes.count <= ConfigurationFile.maximumBytes else {
      throw .tooLarge(file: file, limitBytes: ConfigurationFile.maximumBytes)
    }
    try ConfigurationSyntax.check(bytes, file: file)
    let root: Node?
    do {
      // No resolver: which words are numbers or truth values is decided here, not by patterns.
      let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
      root = try parser.singleRoot()
    } catch {
      throw Self.translate(error, file: file)
    }
    guard let root else {
      throw .malformed(at: ConfigurationLocation(file: file), problem: "the file is empty")
    }
    return Self(root, keyPath: "", location: Self.location(of: root, file: file))
  }

  /// Returns the same mapping with the keys of another that it lacks, and those of their mappings.
  ///
  /// - Complexity: O(*n*) in the keys; mappings within mappings are filled to the first level.
  func filled(from other: Self) -> Self {
    Self(
      Self.filled(node, from: other.node) { own, more in
        Self.filled(own, from: more) { own, _ in own }
      }, keyPath: keyPath, location: location)
  }

  private static func filled(
    _ node: Node, from other: Node, both: (Node, Node) -> Node
  ) -> Node {
    guard case .mapping(var mapping) = node, case .mapping(let more) = other else { return node }
    for (key, value) in more {
      guard let own = mapping[key] else {
        mapping[key] = value
        continue
      }
      mapping[key] = both(own, value)
    }
    return .mapping(mapping)
  }

  private static func location(of node: Node, file: String) -> ConfigurationLocation {
    ConfigurationLocation(file: file, line: node.mark?.line, column: node.mark?.column)
  }

  private static func translate(_ error: any Error, file: String) -> ConfigurationError {
    guard let error = error as? YamlError else {
      return .malformed(at: ConfigurationLocation(file: file), problem: "unknown error")
    }
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      return .malformed(
        at: ConfigurationLocation(file: file, line: mark.line, column: mark.column),
        problem: problem)
    case .reader(let problem, _, _, _):
      return .malformed(at: ConfigurationLocation(file: file), problem: problem)
    case .duplicatedKeysInMapping(let keys, let context):
      return .duplicateKey(
        at: ConfigurationLocation(
          file: file, line: context.mark.line, column: context.mark.column),
        key: keys.first ?? "")
    default:
      return .malformed(at: ConfigurationLocation(file: file), problem: "unknown error")
    }
  }

  // MARK: - Values

  /// Whether the value is `null`, `~` or nothing at all.
  var isNull: Bool {
    guard case .scalar(let scalar) = node, scalar.style == .plain else { return false }
    return ["", "~", "null"].contains(scalar.string)
  }

  /// Whether the value is a mapping.
  var isMapping: Bool { if case .mapping = node { true } else { false } }

  /// Whether the value is a list.
  package var isList: Bool { if case .sequence = node { true } else { false } }

  /// The text of a scalar without quotes, `nil` for anything else.
  var plain: String? {
    guard case .scalar(let scalar) = node, scalar.style == .plain, !isNull else { return nil }
    return scalar.string
  }

  /// What was found, for an error.
  var found: String {
    switch node {
    case .scalar(let scalar):
      if isNull { return "empty" }
      let text = ConfigurationText.printable(scalar.string)
      return scalar.style == .plain ? "`\(text)`" : "the text \"\(text)\""
    case .sequence: return "a list"
    case .mapping: return "a mapping"
    case .alias: return "an alias"
    }
  }

  /// Returns an error that names this value.
  package func invalid(_ allowed: String) -> ConfigurationError {
    .invalidValue(
      at: location, keyPath: keyPath.isEmpty ? "the description" : keyPath, found: found,
      allowed: allowed)
  }

  /// Returns an error that names this value and another it excludes.
  func contradiction(_ found: String, _ allowed: String) -> ConfigurationError {
    .contradiction(at: location, keyPath: keyPath, found: found, allowed: allowed)
  }

  /// Reads a whole number.
  package func integer(_ range: ClosedRange<Int>) throws(ConfigurationError) -> Int {
    guard let text = plain, let value = Self.decimal(text), range.contains(value) else {
      throw invalid("a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  /// Reads `true` or `false`.
  package func boolean() throws(ConfigurationError) -> Bool {
    switch plain {
    case "true": return true
    case "false": return false
    default: throw invalid("`true` or `false`")
    }
  }

  /// Reads text, with or without quotes, that is not empty.
  package func text() throws(ConfigurationError) -> String {
    guard case .scalar(let scalar) = node, !isNull, !scalar.string.isEmpty else {
      throw invalid("text")
    }
    return scalar.string
  }

  /// Reads one of a few words.
  ///
  /// - Parameters:
  ///   - type: The words.
  ///   - synonyms: Names other tools use, each with the word it stands for.
  /// - Returns: The word.
  /// - Throws: `invalidValue` with the words, and the one that was meant if one is close.
  package func choice<Choice: CaseIterable & RawRepresentable<String>>(
    of type: Choice.Type, synonyms: [String: String] = [:]
  ) throws(ConfigurationError) -> Choice {
    let names = Choice.allCases.map(\.rawValue)
    guard case .scalar(let scalar) = node, let choice = Choice(rawValue: scalar.string) else {
      var allowed = ConfigurationText.alternatives(names)
      if case .scalar(let scalar) = node,
        let meant = ConfigurationText.suggestion(
          for: scalar.string, among: names, synonyms: synonyms)
      {
        allowed += "; did you mean `\(meant)`?"
      }
      throw invalid(allowed)
    }
    return choice
  }

  /// Reads a list.
  package func list(_ allowed: String = "a list") throws(ConfigurationError) -> [ConfigurationNode]
  {
    guard case .sequence(let sequence) = node else { throw invalid(allowed) }
    return sequence.enumerated().map { index, element in
      ConfigurationNode(
        element, keyPath: "\(keyPath)[\(index)]",
        location: Self.location(of: element, file: location.file))
    }
  }

  /// Reads a mapping.
  package func mapping(_ allowed: String = "a mapping") throws(ConfigurationError)
    -> ConfigurationMapping
  {
    guard case .mapping(let mapping) = node else { throw invalid(allowed) }
    var entries: [ConfigurationMapping.Entry] = []
    for (key, value) in mapping {
      guard case .scalar(let scalar) = key else {
        throw .malformed(
          at: Self.location(of: key, file: location.file), problem: "a key that is not a name")
      }
      let path = keyPath.isEmpty ? scalar.string : "\(keyPath).\(scalar.string)"
      entries.append(
        ConfigurationMapping.Entry(
          key: scalar.string, location: Self.location(of: key, file: location.file),
          value: ConfigurationNode(
            value, keyPath: path, location: Self.location(of: value, file: location.file))))
    }
    return ConfigurationMapping(location: location, keyPath: keyPath, entries: entries)
  }

  /// Returns the value of a text of decimal digits without leading zeros, `nil` if it is not one.
  static func decimal(_ text: some StringProtocol) -> Int? {
    guard let first = text.utf8.first, first != UInt8(ascii: "0") || text.utf8.count == 1,
      text.utf8.count <= 19,
      text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
    else { return nil }
    return Int(text)
  }
}

/// A mapping of a description: keys in the order they were written, each once.
package struct ConfigurationMapping {
  /// One key and its value.
  package struct Entry {
    /// The key as written.
    package let key: String
    /// Where the key stands.
    package let location: ConfigurationLocation
    /// The value.
    package let value: ConfigurationNode
  }

  /// Where the mapping starts.
  let location: ConfigurationLocation
  /// The keys that lead to the mapping.
  let keyPath: String
  /// The keys and values, in the order they were written.
  package let entries: [Entry]
  private let index: [String: Int]

  init(location: ConfigurationLocation, keyPath: String, entries: [Entry]) {
    self.location = location
    self.keyPath = keyPath
    self.entries = entries
    index = Dictionary(
      entries.enumerated().map { ($0.element.key, $0.offset) },
      uniquingKeysWith: { first, _ in first }
    )
  }

  /// Returns the value of a key; `nil` when the key is absent or its value is empty.
  package subscript(key: String) -> ConfigurationNode? {
    guard let position = index[key] else { return nil }
    let value = entries[position].value
    return value.isNull ? nil : value
  }

  /// Returns the key path of a key in this mapping.
  func path(of key: String) -> String { keyPath.isEmpty ? key : "\(keyPath).\(key)" }

  /// Refuses keys that have no meaning here.
  package func allow(
    only allowed: [String], synonyms: [String: String] = [:]
  ) throws(ConfigurationError) {
    for entry in entries where !allowed.contains(entry.key) {
      throw .unknownKey(
        at: entry.location, keyPath: path(of: entry.key),
        suggestion: ConfigurationText.suggestion(
          for: entry.key, among: allowed, synonyms: synonyms),
        allowed: allowed)
    }
  }

  /// Returns the value of a key that must be there.
  package func required(_ key: String) throws(ConfigurationError) -> ConfigurationNode {
    guard let value = self[key] else {
      throw .missingKey(at: location, keyPath: path(of: key), accepted: [key], similar: [])
    }
    return value
  }
}
