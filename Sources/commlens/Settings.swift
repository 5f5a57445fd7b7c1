// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace
internal import Glibc

/// A command with options that settings may stand for; a mistake in the settings ends it.
protocol SettingsReader {}

/// What stands for options that are not given: the environment, and files of settings.
///
/// An option wins over a variable, a variable over the file of `--config`, that over
/// `$COMMLENS_CONFIG`, `.commlens.yaml` here or above within the repository, the user's file and
/// the site's. Each key is looked for in this order by itself.
struct Settings: Sendable {
  /// What can be set.
  enum Key: String, CaseIterable, Sendable {
    case jobs, color, format, progress, strict
    case failOn = "fail_on"
    case job, model, topology

    /// The variable of the environment.
    var variable: String { "COMMLENS_" + rawValue.uppercased() }
    /// What counts when nobody says anything, for `config show`.
    var fallback: String {
      switch self {
      case .jobs: "\(TraceReading.availableCores)"
      case .color, .progress: "auto"
      case .format: "table"
      case .strict: "false"
      case .failOn, .job, .model, .topology: ""
      }
    }
    /// What it is, for the manual.
    var meaning: String {
      switch self {
      case .jobs: "Files read at once, 1 to 1024."
      case .color: "auto, always or never."
      case .format: "table, csv, json, ndjson or md."
      case .progress: "auto, plain or none."
      case .strict: "true or false, as --strict and --no-strict."
      case .failOn:
        "Codes or severities for --fail-on of analyze and check; a list, or separated by commas."
      case .job: "The job's description, for every command that takes --job."
      case .model: "The model's config.json, for every command that takes --model."
      case .topology:
        "Topology files, for every command that takes --topology; a list, in the environment separated by colons."
      }
    }
  }

  /// A value and where it is from.
  struct Value: Sendable, Equatable {
    /// One for most keys.
    var texts: [String]
    /// `environment COMMLENS_JOBS`, or a file with line and column.
    var origin: String
  }

  /// Values that somebody set.
  private(set) var values: [Key: Value] = [:]
  /// The files that were read, the strongest first.
  private(set) var files: [String] = []

  /// Values of this process; a mistake in them is told before a command runs.
  static let loaded: Result<Settings, CommandFailure> = Result {
    () throws(CommandFailure) in
    try Settings(
      arguments: CommandLine.arguments, folder: currentFolder,
      environment: { name in getenv(name).map { String(cString: $0) } })
  }

  /// Values of this process, none if there is a mistake in them.
  static var current: Settings { (try? loaded.get()) ?? Settings() }

  /// No values.
  private init() {}

  /// Finds all values.
  ///
  /// - Parameters:
  ///   - arguments: The command line, for `--config`.
  ///   - folder: The working directory, without symbolic links.
  ///   - environment: Looks a variable up.
  /// - Throws: `CommandFailure` with the status of a wrong configuration.
  init(
    arguments: [String], folder: String, environment: (String) -> String?
  ) throws(CommandFailure) {
    func variable(_ name: String) -> String? { environment(name).flatMap { $0.isEmpty ? nil : $0 } }
    for key in Key.allCases {
      guard let text = variable(key.variable) else { continue }
      let texts =
        switch key {
        case .failOn: text.split(separator: ",").map(String.init)
        case .topology: text.split(separator: ":").map(String.init)
        default: [text]
        }
      try set(key, texts, origin: "environment \(key.variable)")
    }
    for path in [Self.option(in: arguments), variable("COMMLENS_CONFIG")] {
      if let path { try read(path, mustExist: true) }
    }
    let home = variable("XDG_CONFIG_HOME") ?? variable("HOME").map { $0 + "/.config" }
    let found =
      [Self.projectFile(above: folder), home.map { $0 + "/commlens/config.yaml" }]
      + ["/etc/commlens/config.yaml"]
    for path in found {
      if let path { try read(path, mustExist: false) }
    }
  }

  /// The last `--config` of a command line.
  private static func option(in arguments: [String]) -> String? {
    var found: String?
    let options = arguments.dropFirst().prefix { $0 != "--" }
    for (index, argument) in zip(options.indices, options) {
      if argument == "--config", index + 1 < options.endIndex { found = options[index + 1] }
      if argument.hasPrefix("--config=") { found = String(argument.dropFirst(9)) }
    }
    return found
  }

  private static var currentFolder: String {
    guard let path = realpath(".", nil) else { return "" }
    defer { free(path) }
    return String(cString: path)
  }

  /// `.commlens.yaml` in the folder or, within a repository, the nearest one above.
  ///
  /// Outside of a repository no other folder counts: above may be one that anybody can write.
  private static func projectFile(above folder: String) -> String? {
    func exists(_ path: String) -> Bool {
      var status = stat()
      return stat(path, &status) == 0
    }
    let parts = folder.split(separator: "/")
    var nearest: String?
    for depth in stride(from: parts.count, through: 0, by: -1) {
      let place = "/" + parts.prefix(depth).map { $0 + "/" }.joined()
      if nearest == nil, exists(place + ".commlens.yaml") { nearest = place + ".commlens.yaml" }
      if depth == parts.count, nearest != nil { return nearest }
      if exists(place + ".git") { return nearest }
    }
    return nil
  }

  // MARK: - Values

  private mutating func read(_ path: String, mustExist: Bool) throws(CommandFailure) {
    var status = stat()
    guard mustExist || stat(path, &status) == 0, !files.contains(path) else { return }
    do throws(ConfigurationError) {
      let mapping = try ConfigurationNode.parse(ConfigurationFile.read(path: path).text, file: path)
        .mapping("a mapping of settings")
      try mapping.allow(only: Key.allCases.map(\.rawValue))
      files.append(path)
      for key in Key.allCases {
        guard let node = mapping[key.rawValue] else { continue }
        let texts = try Self.texts(of: node, for: key, folder: ConfigurationFile.folder(of: path))
        guard values[key] == nil else { continue }
        values[key] = Value(texts: texts, origin: node.location.description)
      }
    } catch {
      throw CommandFailure(status: .configuration, message: error.description)
    }
  }

  private static func texts(
    of node: ConfigurationNode, for key: Key, folder: String?
  ) throws(ConfigurationError) -> [String] {
    switch key {
    case .jobs: return ["\(try node.integer(1...1024))"]
    case .color: return [try node.choice(of: ColorChoice.self).rawValue]
    case .format: return [try node.choice(of: OutputFormat.self).rawValue]
    case .progress: return [try node.choice(of: ProgressChoice.self).rawValue]
    case .strict: return ["\(try node.boolean())"]
    case .job, .model: return [ConfigurationFile.resolve(try node.text(), in: folder)]
    case .failOn, .topology:
      var texts: [String] = []
      for item in node.isList ? try node.list() : [node] {
        let text = try item.text()
        if key == .topology {
          texts.append(ConfigurationFile.resolve(text, in: folder))
        } else {
          for code in text.split(separator: ",").map(String.init) {
            guard AnalysisOptions.isCode(code) else {
              throw item.invalid("a finding's code, or error, warning or note")
            }
            texts.append(code)
          }
        }
      }
      return texts
    }
  }

  /// Sets a value of the environment.
  private mutating func set(
    _ key: Key, _ texts: [String], origin: String
  ) throws(CommandFailure) {
    let text = texts.first ?? ""
    let isValid =
      switch key {
      case .jobs: Int(text).map { (1...1024).contains($0) } == true
      case .color: ColorChoice(rawValue: text) != nil
      case .format: OutputFormat(rawValue: text) != nil
      case .progress: ProgressChoice(rawValue: text) != nil
      case .strict: ["true", "false", "1", "0"].contains(text)
      case .failOn: texts.allSatisfy(AnalysisOptions.isCode)
      case .job, .model, .topology: true
      }
    guard isValid else {
      throw CommandFailure(
        status: .configuration,
        message: "\(key.variable) is '\(texts.joined(separator: ","))'; expected: \(key.meaning)")
    }
    let own = key == .strict ? [text == "1" || text == "true" ? "true" : "false"] : texts
    values[key] = Value(texts: own, origin: origin)
  }

  private func text(_ key: Key) -> String? { values[key]?.texts.first }

  var jobs: Int? { text(.jobs).flatMap { Int($0) } }
  var color: ColorChoice? { text(.color).flatMap(ColorChoice.init(rawValue:)) }
  var format: OutputFormat? { text(.format).flatMap(OutputFormat.init(rawValue:)) }
  var progress: ProgressChoice? { text(.progress).flatMap(ProgressChoice.init(rawValue:)) }
  var strict: Bool { text(.strict) == "true" }
  var failOn: [String] { values[.failOn]?.texts ?? [] }
  var job: String? { text(.job) }
  var model: String? { text(.model) }
  var topologies: [String] { values[.topology]?.texts ?? [] }
}
