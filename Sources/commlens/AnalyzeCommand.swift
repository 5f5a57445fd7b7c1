// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import TrafficReport

/// `commlens analyze`: logs in, report out.
struct AnalyzeCommand: ParsableCommand, SettingsReader {
  static let configuration = CommandConfiguration(
    commandName: "analyze",
    abstract: "Reads logs and reports the traffic of each parallelism strategy.",
    discussion: """
      INPUT is a file, a folder (read with all folders below it), a quoted or unquoted pattern, \
      or - for standard input. Format and compression are recognised by content, not by name. \
      Names in the report are relative to the deepest folder that holds all inputs.

      Without -o only the digest is printed. With -o the report is written as a whole or not at \
      all; manifest.json is written last.

      Traces with times also give timeline.svg, what communicated when, and with --perfetto a \
      trace of the communication alone.
      """
  )

  @OptionGroup(title: "Input") var input: InputOptions
  @OptionGroup(title: "Analysis") var analysis: AnalysisOptions
  @OptionGroup(title: "Times") var times: TimelineOptions
  @OptionGroup(title: "Output") var output: OutputOptions

  @Option(
    help: ArgumentHelp(
      "With -o: write the files that were read as a rule for Make into this file.",
      valueName: "file"))
  var depfile: String?

  func validate() throws {
    if depfile == "" { throw ValidationError("--depfile has an empty name.") }
    if depfile != nil, output.folder == nil {
      throw ValidationError("--depfile is a rule for DIR/manifest.json; pass -o DIR.")
    }
    if times.perfetto == nil, output.folder == nil, times.selection != TimelineSelection() {
      throw ValidationError(
        "--step and --ranks choose what timeline.svg and --perfetto show; pass -o or --perfetto.")
    }
    if times.perfetto == "-", output.screen.format != nil {
      throw ValidationError("Standard output cannot take both --perfetto - and --format.")
    }
  }

  func run() throws {
    let console = output.screen.console
    if input.dryRun {
      let status = try DryRun.run(
        input.list(), descriptions: analysis.descriptions().inputs, format: output.screen.form,
        jobs: analysis.jobs, console)
      if status != .done { throw ExitCode(status.rawValue) }
      return
    }
    if let folder = output.folder { try OutputDirectory.check(folder) }
    if let trace = times.perfetto, trace != "-" { _ = try OutputDirectory.place(ofFile: trace) }
    if let depfile { _ = try OutputDirectory.place(ofFile: depfile) }
    let run = try AnalysisRun(input, analysis, console)
    try ReportWriter(
      output: output, times: times, descriptions: run.descriptions, job: run.origins,
      console: console
    ).write(run.summary)
    if let depfile, let folder = output.folder {
      try write(run.paths + (input.filesFrom.map { [$0] } ?? []), of: folder, to: depfile, console)
    }
    let status = run.status(strict: analysis.strict, failOn: analysis.failOn)
    if status != .done { throw ExitCode(status.rawValue) }
  }

  /// Writes the rule for a report.
  private func write(
    _ paths: [String], of folder: String, to path: String, _ console: Console
  ) throws(CommandFailure) {
    let target = folder + (folder.hasSuffix("/") ? "" : "/") + Manifest.fileName
    let inputs = (paths + Settings.current.files).filter { $0 != "-" }
    guard let rule = DependencyFile(target: target, inputs: inputs) else {
      throw CommandFailure(
        status: .cannotCreateOutput,
        message: "\(folder): Make has no way to write this name; name another folder.")
    }
    for input in rule.unwritable {
      console.warn("\(input): Make has no way to write this name; it is not in \(path).")
    }
    let (place, name) = try OutputDirectory.place(ofFile: path)
    try OutputDirectory(place).write([
      OutputDirectory.File(name: name, bytes: Array(rule.text.utf8))
    ])
  }
}
