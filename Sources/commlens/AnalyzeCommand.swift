// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser

/// `commlens analyze`: logs in, report out.
struct AnalyzeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "analyze",
    abstract: "Reads logs and reports the traffic of each parallelism strategy.",
    discussion: """
      INPUT is a file, a folder (read with all folders below it), a quoted or unquoted pattern, \
      or - for standard input. Format and compression are recognised by content, not by name. \
      Names in the report are relative to the deepest folder that holds all inputs.

      Without -o only the digest is printed. With -o the report is written as a whole or not at \
      all; manifest.json is written last.
      """
  )

  @OptionGroup(title: "Input") var input: InputOptions
  @OptionGroup(title: "Analysis") var analysis: AnalysisOptions
  @OptionGroup(title: "Output") var output: OutputOptions

  func run() throws {
    let console = output.screen.console
    if let folder = output.folder { try OutputDirectory.check(folder) }
    let run = try AnalysisRun(input, analysis, console)
    try ReportWriter(
      output: output, descriptions: run.descriptions, job: run.origins, console: console
    ).write(run.summary)
    let status = run.status(strict: analysis.strict, failOn: analysis.failOn)
    if status != .done { throw ExitCode(status.rawValue) }
  }
}
