// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import CollectiveTrace

/// What the argument parser knows of a command, as its own description in JSON states it.
struct CommandHelp {
  /// An argument, an option or a flag.
  struct Argument {
    /// The names with their dashes, short ones first; empty for a positional argument.
    var names: [String] = []
    /// What stands for the value; empty for a flag.
    var value = ""
    /// What it does.
    var text = ""
    /// The heading it stands under.
    var group = ""
    var isOptional = false
    var isRepeating = false
    /// The value it has when nobody gives one.
    var defaultValue: String?
  }

  /// The name, without those of the commands above it.
  var name: String
  /// The names of the commands above it.
  var parents: [String]
  /// One sentence.
  var abstract = ""
  /// Paragraphs.
  var discussion = ""
  var arguments: [Argument] = []

  /// The words that run it.
  var words: [String] { parents + [name] }

  /// Reads what the parser tells of a command and all below it, hidden ones left out.
  ///
  /// - Returns: The command first, then those below it in order.
  static func all(of command: any ParsableCommand.Type) throws(ConfigurationError) -> [CommandHelp]
  {
    let root = try ConfigurationNode.parse(command._dumpHelp(), file: "the parser's description")
    // One after the other instead of one inside the other.
    var waiting = [(node: try root.mapping().required("command"), parents: [String]())]
    var result: [CommandHelp] = []
    while let (node, parents) = waiting.popLast() {
      let mapping = try node.mapping()
      guard try mapping["shouldDisplay"]?.boolean() ?? true else { continue }
      var help = CommandHelp(name: try mapping.required("commandName").text(), parents: parents)
      // The parser's own way to ask for help.
      if help.name == "help", !parents.isEmpty { continue }
      help.abstract = try mapping["abstract"]?.text() ?? ""
      help.discussion = try mapping["discussion"]?.text() ?? ""
      for argument in try mapping["arguments"]?.list() ?? [] {
        if let argument = try Self.argument(argument.mapping()) { help.arguments.append(argument) }
      }
      result.append(help)
      let below = try mapping["subcommands"]?.list() ?? []
      for node in below.reversed() { waiting.append((node, help.words)) }
    }
    return result
  }

  private static func argument(
    _ mapping: ConfigurationMapping
  ) throws(ConfigurationError) -> Argument? {
    guard try mapping["shouldDisplay"]?.boolean() ?? true else { return nil }
    var result = Argument()
    for name in try mapping["names"]?.list() ?? [] {
      let name = try name.mapping()
      let dashes = try name.required("kind").text() == "long" ? "--" : "-"
      result.names.append(dashes + (try name.required("name").text()))
    }
    result.names.sort { $0.utf8.count < $1.utf8.count }
    if try mapping.required("kind").text() != "flag" {
      result.value = try mapping["valueName"]?.text() ?? ""
    }
    result.text = try mapping["abstract"]?.text() ?? ""
    result.group = try mapping["sectionTitle"]?.text() ?? ""
    result.isOptional = try mapping.required("isOptional").boolean()
    result.isRepeating = try mapping.required("isRepeating").boolean()
    result.defaultValue = try mapping["defaultValue"]?.text()
    return result
  }
}
