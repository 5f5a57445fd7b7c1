// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import CollectiveTrace
internal import TrafficAnalysis
internal import TrafficReport

/// `commlens compare`: runs in, their differences out.
struct CompareCommand: ParsableCommand, SettingsReader {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Lays runs side by side: one job under several strategies, or before and after.",
    discussion: """
      RUN is a folder that analyze -o wrote, its summary.json, or a file, folder or pattern of logs \
      and traces, which are analysed as analyze would; NAME=RUN gives it a name. --job, --model and \
      --topology are those of analyze, for the runs of logs and traces: NAME=FILE for one run, FILE \
      for those that are not named. What a run lacks is 0; ratios are of the baseline.

      A gate of --fail-on is [DIMENSION|total|*][.PHASE].METRIC RELATION LIMIT, without blanks: \
      METRIC is bytes (on the wire), payload, inter_node_bytes, operations, time or findings; \
      RELATION is >, <, >= or <=; LIMIT is a change against the baseline ([+|-]N%) or an amount \
      (with B, KiB, MiB, GiB, TiB, KB, MB, GB, TB, ns, us, ms, s). Each run but the baseline is \
      held against it, per token or step where the digest says so. What is not known does not pass.
      """
  )

  @Argument(
    help: ArgumentHelp("Two or more runs, each with a name if you like.", valueName: "[name=]run"))
  var runs: [String]

  @Option(
    help: ArgumentHelp(
      "The run that the others are compared with (default: the first).", valueName: "name"))
  var baseline: String?

  @Option(
    help: ArgumentHelp(
      "Compare by run, step or token (default: token where all runs know theirs, else step, else run).",
      valueName: "unit"))
  var per: Unit?

  @Option(
    name: .customLong("tokens"),
    help: ArgumentHelp(
      "Tokens that went through the model, of one run or of all.", valueName: "[name=]n"),
    transform: Self.count)
  var tokens: [NamedValue<UInt64>] = []

  @Option(
    name: .customLong("steps"),
    help: ArgumentHelp("Steps that a run covers, of one run or of all.", valueName: "[name=]n"),
    transform: Self.count)
  var steps: [NamedValue<UInt64>] = []

  @Option(
    name: .customLong("fail-on"),
    help: ArgumentHelp(
      "Exit with 1 when a run trips one of these gates, such as 'tp.bytes>+5%'.",
      valueName: "gate,..."),
    transform: Self.gates)
  var failOn: [[ComparisonGate]] = []

  @OptionGroup var workers: WorkerOptions
  @OptionGroup(title: "Descriptions") var descriptions: RunDescriptionOptions
  @OptionGroup(title: "Output") var output: OutputOptions

  /// What runs are compared by.
  enum Unit: String, ExpressibleByArgument, CaseIterable {
    case run, step, token

    var basis: RunComparison.Basis {
      switch self {
      case .run: .run
      case .step: .step
      case .token: .token
      }
    }
  }

  func validate() throws {
    guard runs.count > 1 else {
      throw ValidationError("Name two runs or more: reports that analyze -o wrote, or logs.")
    }
    if runs.contains("") { throw ValidationError("A run has an empty name.") }
    if runs.count(where: { $0 == "-" || $0.hasSuffix("=-") }) > 1 {
      throw ValidationError("Standard input is named more than once.")
    }
    let named = try NamedRun.runs(runs)
    let labels = named.map(\.label)
    for name in [baseline] + (tokens + steps).map(\.run) + descriptions.runs {
      guard let name, !labels.contains(name) else { continue }
      throw ValidationError(
        "No run is called '\(name)'; there are \(labels.joined(separator: ", ")).")
    }
    try descriptions.validate(for: named)
  }

  func run() throws {
    let console = output.screen.console
    try output.check()
    var (read, status) = try readRuns(console)
    for index in read.indices {
      read[index].run.statedTokens = tokens.values(for: read[index].run.label).last
      read[index].run.statedSteps = steps.values(for: read[index].run.label).last
    }
    let comparison = try compare(read.map(\.run))
    let manifest = Manifest(
      toolVersion: Version.number, options: manifestOptions, inputs: read.flatMap(\.inputs))
    try output.write(
      ComparisonReport.files(comparison, gates: failOn.flatMap { $0 }, options: options), manifest,
      from: read.flatMap(\.paths), console)
    if !output.isSilent { try console.output(standardOutput(comparison, console)) }
    for gate in failOn.flatMap({ $0 }) {
      for objection in gate.objections(in: comparison) {
        Console.fail("--fail-on: \(ComparisonReport.text(objection, in: comparison))")
        status = ExitStatus.worse(status, .gate)
      }
    }
    if status != .done { throw ExitCode(status.rawValue) }
  }

  /// Reads all runs; one that cannot be read costs itself only, unless it is the baseline.
  private func readRuns(_ console: Console) throws -> (runs: [ReadRun], status: ExitStatus) {
    var runs: [ReadRun] = []
    var status = ExitStatus.done
    let named = try NamedRun.runs(self.runs)
    let described = try named.map { try descriptions.files(for: $0).read() }
    for (own, described) in zip(named, described) {
      do {
        let run = try ReadRun(own, described, jobs: workers.count, console)
        status = ExitStatus.worse(status, run.status)
        runs.append(run)
      } catch let failure as CommandFailure {
        Console.fail("run \(own.label): \(failure.message)")
        status = ExitStatus.worse(status, failure.status)
      } catch let end as AnalysisRun.EarlyEnd {
        Console.fail("run \(own.label) (\(own.path)) cannot be compared.")
        status = ExitStatus.worse(status, end.status)
      }
    }
    let base = baseline ?? named.first?.label
    guard runs.count > 1, runs.contains(where: { $0.run.label == base }) else {
      throw AnalysisRun.EarlyEnd(status: ExitStatus.worse(status, .malformedInput))
    }
    return (runs, status)
  }

  private func compare(_ runs: [ComparedRun]) throws(CommandFailure) -> RunComparison {
    let index = baseline.flatMap { name in runs.firstIndex { $0.label == name } } ?? 0
    do throws(RunComparison.Refusal) {
      return try RunComparison(runs, baseline: index, basis: per?.basis)
    } catch {
      throw CommandFailure(
        status: per == nil ? .malformedInput : .usage, message: error.reason)
    }
  }

  /// The options that change a number, so that a comparison can be made again.
  private var manifestOptions: [Manifest.Option] {
    func text(_ counts: [NamedValue<UInt64>]) -> String? {
      counts.isEmpty
        ? nil
        : counts.map { ($0.run.map { $0 + "=" } ?? "") + "\($0.value)" }.joined(separator: ",")
    }
    let gates = failOn.flatMap { $0 }.map(\.text)
    let values: [(String, String?)] = [
      ("baseline", baseline), ("per", per?.rawValue), ("tokens", text(tokens)),
      ("steps", text(steps)), ("fail-on", gates.isEmpty ? nil : gates.joined(separator: ",")),
      ("csv-raw", output.csvRaw ? "true" : nil),
    ]
    return values.compactMap { name, value in
      value.map { Manifest.Option(name: name, value: $0) }
    }
  }

  private var options: ReportOptions { ReportOptions(csvRaw: output.csvRaw) }

  private func standardOutput(_ comparison: RunComparison, _ console: Console) -> [UInt8] {
    let outputs = output.folder.map { [$0] } ?? []
    return switch output.screen.form {
    case .table:
      Array(
        ComparisonDigest.text(
          comparison, width: console.width, color: console.colorsOutput, outputs: outputs
        ).utf8)
    case .csv: ComparisonReport.csv(comparison, options: options)
    case .json: ComparisonReport.json(comparison)
    case .ndjson: ComparisonReport.ndjson(comparison)
    case .md: Array(ComparisonDigest.markdown(comparison, outputs: outputs).utf8)
    }
  }

  // MARK: - Options

  private static func count(_ text: String) throws -> NamedValue<UInt64> {
    let parts = text.split(separator: "=", omittingEmptySubsequences: false)
    guard let last = parts.last, let count = UInt64(last), count > 0, parts.first != "" else {
      throw ValidationError("'\(text)' is neither a number above 0 nor NAME=NUMBER.")
    }
    let name = parts.dropLast().joined(separator: "=")
    return NamedValue(run: parts.count > 1 ? name : nil, value: count)
  }

  private static func gates(_ text: String) throws -> [ComparisonGate] {
    try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
      do throws(ComparisonGate.SyntaxError) {
        return try ComparisonGate(String(part))
      } catch {
        throw ValidationError(
          "'\(part)' is no gate: \(error.reason). "
            + "Expected is [DIMENSION|total|*][.PHASE].METRIC>LIMIT, for example tp.bytes>+5%.")
      }
    }
  }
}
