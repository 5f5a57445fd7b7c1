// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import TrafficReport

/// `commlens check`: what is wrong with a job, and a status that says whether anything is.
struct CheckCommand: ParsableCommand, SettingsReader {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Lists what is wrong, and exits with 1 if anything is.",
    discussion: """
      Reads the same inputs as analyze and prints only the findings: calls that differ between \
      ranks, ranks that stop early, slow transports, settings that differ, and more. A finding \
      of severity error or warning gives status 1; --fail-on names others. Notes never do unless \
      named.
      """
  )

  @OptionGroup(title: "Input") var input: InputOptions
  @OptionGroup(title: "Analysis") var analysis: AnalysisOptions

  @OptionGroup(title: "Output") var screen: ScreenOptions

  func run() throws {
    let console = screen.console
    if input.dryRun {
      let status = try DryRun.run(
        input.list(), descriptions: analysis.descriptions().inputs, format: screen.form,
        jobs: analysis.jobs, console)
      if status != .done { throw ExitCode(status.rawValue) }
      return
    }
    let run = try AnalysisRun(input, analysis, console)
    if !screen.quiet {
      let bytes =
        switch screen.form {
        case .table:
          FindingsReport.text(run.summary, width: console.width, color: console.colorsOutput)
        case .csv: FindingsReport.csv(run.summary)
        case .json: FindingsReport.json(run.summary)
        case .ndjson: FindingsReport.ndjson(run.summary)
        case .md: FindingsReport.markdown(run.summary)
        }
      try console.output(bytes)
    }
    let status = run.status(
      strict: analysis.strict,
      failOn: analysis.failOn.isEmpty ? ["error", "warning"] : analysis.failOn)
    if status != .done { throw ExitCode(status.rawValue) }
  }
}
