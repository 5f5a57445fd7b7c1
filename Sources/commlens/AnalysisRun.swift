// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace
internal import TrafficAnalysis
internal import TrafficModel

/// Logs read, judged and analysed: what `analyze` and `check` have in common.
struct AnalysisRun {
  /// What was found.
  let summary: TrafficSummary
  /// What the files were like.
  let verdict: IngestionVerdict
  /// The accounts of the topologies, the job's description and the model.
  let descriptions: [FileLedger]
  /// The paths of all files that were read.
  let paths: [String]
  /// Where the values of the job's description are from.
  let origins: [JobResolution.Origin]

  /// Reads all inputs and tells on standard error what went wrong with them.
  ///
  /// - Throws: `CommandFailure` for wrong options; `EarlyEnd` when no input holds a line of NCCL.
  init(
    _ input: InputOptions, _ analysis: AnalysisOptions, _ console: Console
  ) throws {
    let described = try analysis.descriptions()
    try self.init(input.list(), described, input.progress, jobs: analysis.jobs, console)
  }

  /// Reads a list of files, with what is said about their job.
  init(
    _ inputs: InputList, _ described: AnalysisOptions.Descriptions,
    _ progress: ProgressChoice = .auto, jobs: Int, _ console: Console
  ) throws {
    descriptions = described.inputs
    let (facts, opened, verdict) = try Self.read(
      inputs, progress, jobs: jobs, console)
    paths = opened + described.paths
    self.verdict = verdict
    guard verdict.hasTrace else {
      if verdict.status == .malformedInput { Console.fail(IngestionVerdict.advice) }
      throw EarlyEnd(status: verdict.status)
    }
    var (summary, resolution): (TrafficSummary, JobResolution)
    do throws(ConfigurationError) {
      (summary, resolution) = try TrafficAnalyzer.analyze(
        facts, stated: described.job, model: described.model, machines: described.machines)
    } catch {
      throw CommandFailure(status: .configuration, message: error.description)
    }
    origins = resolution.origins
    Self.reconcile(
      &summary, resolution, model: described.model ?? resolution.job?.model, console)
    self.summary = summary
  }

  /// Reads files, and tells on standard error what went wrong with them.
  ///
  /// - Returns: The facts, the paths of the files that could be opened, and what the ledgers mean.
  /// - Throws: `EarlyEnd` when the accounts do not add up.
  static func read(
    _ inputs: InputList, _ progress: ProgressChoice, jobs: Int, _ console: Console
  ) throws -> (facts: TracePartial, paths: [String], verdict: IngestionVerdict) {
    for sentence in inputs.missing { Console.fail(sentence) }
    if inputs.skippedLinks > 0 {
      console.note(
        "\(inputs.skippedLinks) symbolic link\(inputs.skippedLinks == 1 ? " was" : "s were") "
          + "not followed inside folders; name the files to read them."
      )
    }
    let meter = ProgressMeter(inputs.files, progress, console)
    let facts = TraceReading.summarize(inputs.files, jobs: jobs, meter: meter)
    let unreadable = Set(facts.files.filter { $0.status == .unreadable }.map(\.file))
    let paths = inputs.files.filter { $0.sameAs == nil && !unreadable.contains($0.name) }
      .map(\.path)
    let verdict = IngestionVerdict(facts.files, unmatchedPatterns: inputs.missing.count)
    // A report names files relative to their folder; a person gets the path as typed.
    let errors = verdict.errors.map { sentence in
      guard let file = inputs.files.first(where: { sentence.hasPrefix("\($0.name): ") }) else {
        return sentence
      }
      return file.path + sentence.dropFirst(file.name.count)
    }
    tell(errors, more: "files could not be read", on: console, Console.fail)
    tell(verdict.warnings, more: "files were not read to their end", on: console, console.warn)
    guard verdict.status != .internalError else { throw EarlyEnd(status: verdict.status) }
    return (facts, paths, verdict)
  }

  /// The end of a command that has said on standard error why it cannot go on.
  struct EarlyEnd: Error {
    let status: ExitStatus
  }

  /// Lays expected beside observed traffic where job and model allow a closed form.
  ///
  /// A job that only names the layout is no error: labels need no more.
  private static func reconcile(
    _ summary: inout TrafficSummary, _ resolution: JobResolution, model: ModelConfiguration?,
    _ console: Console
  ) {
    guard let job = resolution.job, let model else { return }
    // A launcher says how many steps there should be, not how many the logs cover.
    if !resolution.launchers.isEmpty, job.workload?.kind == .training, job.workload?.steps == nil {
      console.detail(
        "Expected traffic was not worked out: workload.steps in --job says how many steps the logs cover."
      )
      return
    }
    do throws(ConfigurationError) {
      let job = try job.with(model: model)
      Reconciliation.add(try TrafficModel.expect(job), job: job, to: &summary)
    } catch {
      console.note("Expected traffic was not worked out: \(error.description)")
    }
  }

  /// Applies `--strict` and a list of findings, and says which of them objects.
  func status(strict: Bool, failOn: [String]) -> ExitStatus {
    var status = verdict.status
    if strict, !verdict.losses.isEmpty {
      Console.fail(
        "--strict: \(verdict.losses.prefix(5).joined(separator: "; "))"
          + (verdict.losses.count > 5 ? "; and \(verdict.losses.count - 5) more." : "."))
      status = ExitStatus.worse(status, .gate)
    }
    let gates = Set(failOn)
    let tripped = summary.findings.filter {
      gates.contains($0.code) || gates.contains($0.severity.rawValue)
    }
    if let first = tripped.first {
      Console.fail(
        "--fail-on: \(tripped.count) finding\(tripped.count == 1 ? "" : "s"), first "
          + "\(first.code): \(first.summary)")
      status = ExitStatus.worse(status, .gate)
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
