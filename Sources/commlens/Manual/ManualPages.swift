// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// All pages of the manual: one for the program, one for each command, and one on everything that
/// commands have in common.
enum ManualPages {
  /// The program's name, and of the page on what commands have in common.
  private static let program = "commlens"

  /// Makes all pages.
  static func all() throws(ConfigurationError) -> [ManualPage] {
    let commands = try CommandHelp.all(of: Commlens.self)
    return commands.map { page(of: $0, among: commands) } + [conventions(commands)]
  }

  private static func name(of command: CommandHelp) -> String {
    command.words.joined(separator: "-")
  }

  // MARK: - Commands

  private static func page(of command: CommandHelp, among commands: [CommandHelp]) -> ManualPage {
    var page = ManualPage(name: name(of: command), section: 1, summary: command.abstract)
    let below = commands.filter { $0.parents == command.words }
    page.section("synopsis")
    page.macro(".Nm \(command.words.joined(separator: " "))")
    if !below.isEmpty { page.macro(".Ar command") }
    for argument in command.arguments { page.macro(synopsis(of: argument)) }
    page.section("description")
    page.prose(command.discussion.isEmpty ? command.abstract : command.discussion)
    if !below.isEmpty {
      page.macro(".Pp")
      page.prose("The commands are:")
      page.list(below.map { (term: "Cm \($0.name)", prose: $0.abstract) })
    }
    options(of: command, on: &page)
    page.section("exit status")
    page.prose("As listed in")
    page.macro(".Xr \(program) 7 .")
    page.references(
      (commands.filter { $0.words != command.words }.map { (name(of: $0), 1) } + [(program, 7)])
        .filter { $0.1 == 7 || command.parents.isEmpty || !$0.0.contains("-") }
        .sorted { ($0.1, $0.0) < ($1.1, $1.0) })
    return page
  }

  private static func options(of command: CommandHelp, on page: inout ManualPage) {
    var groups: [String] = []
    for argument in command.arguments where !groups.contains(argument.group) {
      groups.append(argument.group)
    }
    // Those without a heading are the parser's own and a command's few.
    for group in groups {
      page.subsection(group.isEmpty ? "Options" : group)
      page.list(
        command.arguments.filter { $0.group == group }.map { argument in
          var text = argument.text
          if let value = argument.defaultValue, !text.contains("default:") {
            text = (text.hasSuffix(".") ? String(text.dropLast()) : text) + " (default: \(value))."
          }
          return (term: term(of: argument), prose: text)
        })
    }
  }

  private static func synopsis(of argument: CommandHelp.Argument) -> String {
    let name = argument.names.first.map { "Fl \(flag($0))" }
    let value = argument.value.isEmpty ? nil : "Ar \(ManualPage.argument(argument.value))"
    let words = [name, value, argument.isRepeating ? "..." : nil].compactMap { $0 }
    return (argument.isOptional ? ".Op " : ".") + words.joined(separator: " ")
  }

  private static func term(of argument: CommandHelp.Argument) -> String {
    let value = argument.value.isEmpty ? "" : "Ar \(ManualPage.argument(argument.value))"
    let names = argument.names.map { "Fl \(flag($0))" + (value.isEmpty ? "" : " " + value) }
    return names.isEmpty ? value : names.joined(separator: " , ")
  }

  /// A flag without its first dash, which the macro writes.
  private static func flag(_ name: String) -> String {
    String(name.dropFirst().replacing("-", with: "\\-"))
  }

  // MARK: - What commands have in common

  private static func conventions(_ commands: [CommandHelp]) -> ManualPage {
    var page = ManualPage(
      name: program, section: 7,
      summary: "formats, exit status, environment and files of commlens")
    page.section("description")
    page.prose(
      """
      What the commands of commlens have in common. Standard output carries data only; notes, \
      warnings, progress and errors go to standard error. Nothing is sent anywhere, and nothing is \
      written outside of what an option names.
      """)
    page.subsection("Inputs")
    page.prose(
      """
      An input is a file, a folder with all folders below it (names that begin with a dot are \
      skipped, symbolic links are not followed), a pattern, or - for standard input. Format and \
      compression are told by content: gzip, and through the installed tools zstd, xz and bzip2; \
      each file of a tar archive is read as one of its own.
      """)
    page.list(
      TraceFormat.all.map { format in
        (
          term: "Sy \(format.name)",
          prose: "\(format.summary). Told by: \(format.recognisedBy)."
        )
      })
    page.subsection("Settings")
    page.prose(
      """
      Options that are not given may be set in YAML, with the keys below. An option wins over a \
      variable of the environment, that over the files listed under FILES, the first of which is the \
      strongest; each key is looked for in this order by itself. Paths are relative to the folder of \
      the file. An unknown key is an error.
      """)
    page.list(Settings.Key.allCases.map { (term: "Cm \($0.rawValue)", prose: $0.meaning) })
    page.section("environment")
    let variables =
      environment
      + Settings.Key.allCases.map { ($0.variable, "Stands for the setting \($0.rawValue).") }
    page.list(
      variables.sorted { $0.name < $1.name }.map { (term: "Ev \($0.name)", prose: $0.meaning) })
    page.section("files")
    page.list(files.map { (term: "Pa \(ManualPage.escaped($0.name))", prose: $0.meaning) })
    page.section("exit status")
    page.list(ExitStatus.allCases.map { (term: "\($0.rawValue)", prose: $0.meaning) })
    page.macro(".Pp")
    page.prose(
      """
      Where several apply, the first of \(ExitStatus.precedence) is given. A closed pipe is not an \
      error. An interrupt ends the program by the signal and leaves nothing behind.
      """)
    page.section("examples")
    page.prose("Set in the environment of every rank before the job starts:")
    page.literal(
      "export NCCL_DEBUG=INFO NCCL_DEBUG_SUBSYS=INIT,COLL,TUNING\n"
        + "export NCCL_DEBUG_FILE=/shared/logs/nccl.%h.%p.log")
    page.prose("Then:")
    page.literal("commlens analyze /shared/logs -o report")
    page.references(commands.map { (name(of: $0), 1) }.sorted { $0.0 < $1.0 })
    return page
  }

  /// Variables that change what the program does.
  private static let environment: [(name: String, meaning: String)] = [
    ("COMMLENS_CONFIG", "A file of settings, as --config."),
    ("COMMLENS_INFLATE", "The library that decodes gzip, zlib or isal, where both are there."),
    ("HOME", "Where XDG_CONFIG_HOME is not set, .config in this folder stands for it."),
    ("XDG_CONFIG_HOME", "The folder of the user's settings."),
    ("CLICOLOR_FORCE", "Colour even where standard output is not a terminal, unless it is 0."),
    ("NO_COLOR", "No colour, whatever the value; --color wins."),
    ("TERM", "The value dumb means no colour."),
    ("PATH", "Where zstd, xz and bzip2 are looked for when an input needs them."),
  ]

  /// Files besides the inputs.
  private static let files: [(name: String, meaning: String)] = [
    (".commlens.yaml", "Settings, in the working directory or above it within a repository."),
    ("$XDG_CONFIG_HOME/commlens/config.yaml", "Settings of the user."),
    ("/etc/commlens/config.yaml", "Settings of the site."),
    (
      "manifest.json",
      """
      In a report's folder: its inputs and outputs with their digests. It is written last, so that \
      it marks a report as complete.
      """
    ),
    (
      "summary.json",
      "In a report's folder: all of the report in one document; compare reads it."
    ),
  ]
}
