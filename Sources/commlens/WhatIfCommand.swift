// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import CollectiveTrace
internal import TrafficAnalysis
internal import TrafficModel
internal import TrafficReport

/// `commlens whatif`: a run and machines in, what they would have made of its communication out.
struct WhatIfCommand: ParsableCommand, SettingsReader {
  static let configuration = CommandConfiguration(
    commandName: "whatif",
    abstract: "Replays a run's communication on other machines, or under another strategy.",
    discussion: """
      RUN is a folder that analyze -o wrote, its summary.json, or a file, folder or pattern of logs \
      and traces; NAME=RUN gives it a name. Every message size, group, dimension and phase is \
      replayed on each machine by the fastest algorithm; the first machine is the base. Machines \
      are names that 'commlens hardware' lists, or files. --strategy adds what another job \
      description of the same model and workload would say. --job and --model describe a run of \
      logs and traces as for analyze. Name RUN before --hardware.
      """
  )

  @Argument(help: ArgumentHelp("The run, with a name if you like.", valueName: "[name=]run"))
  var input: String

  @OptionGroup var study: StudyOptions

  @Option(
    name: .customLong("job"),
    help: ArgumentHelp(
      "What the run's job was, as for analyze; for a run of logs and traces.", valueName: "file"))
  var jobFile: String?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Job descriptions whose expected traffic is replayed beside the run's.", valueName: "file"))
  var strategy: [String] = []

  @OptionGroup var workers: WorkerOptions
  @OptionGroup(title: "Output") var output: OutputOptions

  func validate() throws {
    try study.validate()
    try output.refuseExplain()
    if input.isEmpty { throw ValidationError("The run has an empty name.") }
    if strategy.contains("") { throw ValidationError("--strategy has an empty name.") }
    if try NamedRun.runs([input]).first?.report != nil {
      if jobFile != nil { throw NamedRun.refusal(of: "--job", "this run") }
      if study.modelFile != nil, strategy.isEmpty {
        throw NamedRun.refusal(of: "--model", "this run")
      }
    }
  }

  func run() throws {
    let console = output.screen.console
    try output.check()
    // What is wrong with a description is known before any log is read.
    let (machines, strategies, described) = try descriptions()
    let named = try NamedRun.runs([input])
    guard let own = named.first else { throw ValidationError("The run has an empty name.") }
    let job = try runFiles(own).read()
    let read = try ReadRun(
      own, job, jobs: workers.count, includesReplay: true, console)
    let traffic = [ReplayedTraffic(label: own.label, read.summary)] + strategies
    let whatIf: WhatIf
    do throws(ConfigurationError) {
      whatIf = try WhatIf(traffic, on: machines, imbalance: study.imbalance)
    } catch {
      throw CommandFailure(status: .configuration, message: error.description)
    }
    guard whatIf.isConserved else {
      throw CommandFailure(
        status: .internalError,
        message: "bytes replayed are not those of the run; no report was written.")
    }
    let report = WhatIfReport(whatIf, fits: LatencyFit.fits(read.summary.bandwidths))
    let manifest = Manifest(
      toolVersion: Version.number, options: manifestOptions,
      inputs: read.inputs + FileNames.shown(described))
    try output.write(
      report.files(options: options), manifest, from: read.paths + described.map(\.file), console)
    if !output.isSilent { try console.output(standardOutput(report, console)) }
    if read.status != .done { throw ExitCode(read.status.rawValue) }
  }

  /// What describes the run; a topology would say nothing of what is replayed.
  private func runFiles(_ run: NamedRun) -> DescriptionFiles {
    guard run.report == nil else { return DescriptionFiles() }
    return DescriptionFiles(job: jobFile ?? Settings.current.job, model: study.model)
  }

  private func descriptions() throws(CommandFailure) -> (
    [HardwareDescription], [ReplayedTraffic], [FileLedger]
  ) {
    do throws(ConfigurationError) {
      let machines = try study.machines()
      var inputs = machines.flatMap(\.inputs)
      let model = try study.model.map { path throws(ConfigurationError) in
        try ModelConfiguration.load(path: path)
      }
      inputs += model?.inputs ?? []
      var traffic: [ReplayedTraffic] = []
      for (path, name) in zip(strategy, FileNames.shown(strategy)) {
        var job = try JobDescription.load(path: path)
        inputs += job.inputs
        if let model { job = try job.with(model: model) }
        traffic.append(
          ReplayedTraffic(label: job.name ?? name, try TrafficModel.expect(job), job: job))
      }
      return (machines, traffic, inputs)
    } catch {
      throw CommandFailure(status: .configuration, message: error.description)
    }
  }

  /// The options that change a number, so that a what-if can be made again.
  private var manifestOptions: [Manifest.Option] {
    let values: [(String, String?)] = [
      ("hardware", study.shownHardware),
      (
        "strategy",
        strategy.isEmpty ? nil : FileNames.shown(strategy).joined(separator: ",")
      ), ("imbalance", study.imbalance.map { "\($0)" }),
      ("csv-raw", output.csvRaw ? "true" : nil),
    ]
    return values.compactMap { name, value in
      value.map { Manifest.Option(name: name, value: $0) }
    }
  }

  private var options: ReportOptions { ReportOptions(csvRaw: output.csvRaw) }

  private func standardOutput(_ report: WhatIfReport, _ console: Console) -> [UInt8] {
    let outputs = output.folder.map { [$0] } ?? []
    return switch output.screen.form {
    case .table:
      Array(
        report.text(width: console.width, color: console.colorsOutput, outputs: outputs).utf8)
    case .csv: report.csv(options: options)
    case .json: report.json()
    case .ndjson: report.ndjson()
    case .md: Array(report.markdown(outputs: outputs).utf8)
    }
  }
}
