// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import CollectiveTrace
internal import Glibc
internal import TrafficAnalysis
internal import TrafficModel
internal import TrafficReport

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
    let console = output.console
    if let folder = output.folder { try OutputDirectory.check(folder) }
    let (job, model) = try analysis.descriptions()
    let inputs = try input.list()
    for sentence in inputs.missing { Console.fail(sentence) }
    if inputs.skippedLinks > 0 {
      console.note(
        "\(inputs.skippedLinks) symbolic link\(inputs.skippedLinks == 1 ? " was" : "s were") "
          + "not followed inside folders; name the files to read them."
      )
    }
    let meter = ProgressMeter(
      total: inputs.files.reduce(0) { $0 + max($1.size, 0) }, files: inputs.files.count,
      console: console)
    let partial = TraceReading.summarize(
      inputs.files, jobs: analysis.jobs ?? TraceReading.availableCores, meter: meter)

    let verdict = IngestionVerdict(partial.files, unmatchedPatterns: inputs.missing.count)
    // The report names files relative to their folder; a person gets the path as typed.
    let errors = verdict.errors.map { sentence in
      guard let file = inputs.files.first(where: { sentence.hasPrefix("\($0.name): ") }) else {
        return sentence
      }
      return file.path + sentence.dropFirst(file.name.count)
    }
    Self.tell(errors, more: "files could not be read", on: console, Console.fail)
    Self.tell(
      verdict.warnings, more: "files were not read to their end", on: console, console.warn)
    guard verdict.status != .internalError else { throw ExitCode(verdict.status.rawValue) }
    guard verdict.hasTrace else {
      if verdict.status == .malformedInput { Console.fail(IngestionVerdict.advice) }
      throw ExitCode(verdict.status.rawValue)
    }

    var summary = TrafficAnalyzer.analyze(partial, job: job, model: model)
    reconcile(&summary, job: job, model: model, console)
    try ReportWriter(output: output, console: console).write(summary)
    let status = ExitStatus.worse(verdict.status, gate(verdict, summary, console))
    if status != .done { throw ExitCode(status.rawValue) }
  }

  /// Lays expected beside observed traffic where job and model allow a closed form.
  ///
  /// A job that only names the layout is no error: labels need no more.
  private func reconcile(
    _ summary: inout TrafficSummary, job: JobDescription?, model: ModelConfiguration?,
    _ console: Console
  ) {
    guard let job, let model else { return }
    do throws(ConfigurationError) {
      let job = try job.with(model: model)
      Reconciliation.add(try TrafficModel.expect(job), job: job, to: &summary)
    } catch {
      console.note("Expected traffic was not worked out: \(error.description)")
    }
  }

  /// Applies `--strict` and `--fail-on`, and says which of them objects.
  private func gate(
    _ verdict: IngestionVerdict, _ summary: TrafficSummary, _ console: Console
  ) -> ExitStatus {
    var status = ExitStatus.done
    if analysis.strict, !verdict.losses.isEmpty {
      Console.fail(
        "--strict: \(verdict.losses.prefix(5).joined(separator: "; "))"
          + (verdict.losses.count > 5 ? "; and \(verdict.losses.count - 5) more." : "."))
      status = .gate
    }
    let gates = Set(analysis.failOn)
    let tripped = summary.findings.filter {
      gates.contains($0.code) || gates.contains($0.severity.rawValue)
    }
    if let first = tripped.first {
      Console.fail(
        "--fail-on: \(tripped.count) finding\(tripped.count == 1 ? "" : "s"), first "
          + "\(first.code): \(first.summary)")
      status = .gate
    }
    return status
  }

  /// Tells about files; a folder of a thousand damaged ones must not bury the rest.
  private static func tell(
    _ sentences: [String], more: String, on console: Console, _ say: (String) -> Void
  ) {
    let shown = console.verbosity == .verbose ? sentences.count : 5
    for sentence in sentences.prefix(shown) { say(sentence) }
    if sentences.count > shown {
      say("\(sentences.count - shown) more \(more); see ingestion.csv, or pass -v.")
    }
  }
}
