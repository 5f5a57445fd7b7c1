// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import CollectiveTrace
internal import TrafficReport

/// `commlens config`: what is set besides the command line.
struct ConfigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config",
    abstract: "Shows the settings that stand for options, and where they are from.",
    subcommands: [Show.self], defaultSubcommand: Show.self
  )

  /// `commlens config show`: each setting with where it is from.
  struct Show: ParsableCommand, SettingsReader {
    static let configuration = CommandConfiguration(
      commandName: "show",
      abstract: "Prints each setting with its value and its origin.",
      discussion: """
        An option wins over a variable COMMLENS_..., that over the file of --config, \
        $COMMLENS_CONFIG, .commlens.yaml in this folder or above it within the repository, \
        $XDG_CONFIG_HOME/commlens/config.yaml and /etc/commlens/config.yaml. Paths in a file are \
        relative to its folder.
        """
    )

    @OptionGroup var settings: SettingsOptions

    @Option(help: "The form: table, csv, json, ndjson or md (default: table).")
    var format: OutputFormat = .table

    func run() throws {
      let settings = Settings.current
      let rows = Settings.Key.allCases.map { key in
        let value = settings.values[key]
        return [
          key.rawValue, value?.texts.joined(separator: ",") ?? key.fallback,
          value?.origin ?? "default",
        ]
      }
      try Console(verbosity: .normal, color: .never).output(
        Array(PlainTable.text([["key", "value", "origin"]] + rows, format).utf8))
    }
  }
}

/// Where settings are read from besides the usual places.
struct SettingsOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Settings that stand for options not given (YAML); wins over other files of settings.",
      valueName: "file"))
  var config: String?
}
