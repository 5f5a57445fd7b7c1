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

  func validate() throws {
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
    try output.check()
    if let trace = times.perfetto, trace != "-" { _ = try OutputDirectory.place(ofFile: trace) }
    let run = try AnalysisRun(input, analysis, console)
    try ReportWriter(
      output: output, times: times, descriptions: run.descriptions,
      paths: run.paths + input.lists, job: run.origins, console: console
    ).write(run.summary)
    let status = run.status(strict: analysis.strict, failOn: analysis.failOn)
    if status != .done { throw ExitCode(status.rawValue) }
  }
}
