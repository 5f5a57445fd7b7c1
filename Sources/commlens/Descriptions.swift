// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import CollectiveTrace
internal import TrafficAnalysis

extension AnalysisOptions {
  /// What is said about a job besides its logs.
  struct Descriptions {
    var job: JobSource?
    /// The model of `--model`.
    var model: ModelConfiguration?
    var machines: [MachineTopology]
    /// The accounts of all files that this was read from, named as in a report.
    var inputs: [FileLedger]
    /// The paths of these files.
    var paths: [String] = []
  }
}

/// The files that describe a job besides its logs.
struct DescriptionFiles: Equatable {
  /// A job description or a launch file.
  var job: String?
  /// The model's configuration.
  var model: String?
  /// Topologies, one for each kind of node.
  var topologies: [String] = []

  /// Reads them, before any log, so that a mistake in them costs no time.
  func read() throws(CommandFailure) -> AnalysisOptions.Descriptions {
    var (job, model) = try jobAndModel()
    let (machines, topologyInputs) = try machines()
    let ledgers = (job?.inputs ?? []) + (model?.inputs ?? [])
    let paths = topologies + ledgers.map(\.file)
    // A report names the file as its other inputs, not as a path of this machine.
    if let name = FileNames.shown(ledgers.map(\.file)).first, job != nil { job?.file = name }
    return AnalysisOptions.Descriptions(
      job: job, model: model, machines: machines,
      inputs: topologyInputs + FileNames.shown(ledgers), paths: paths)
  }

  private func jobAndModel() throws(CommandFailure) -> (JobSource?, ModelConfiguration?) {
    do throws(ConfigurationError) {
      let job = try job.map { path throws(ConfigurationError) in
        try JobSource.load(path: path)
      }
      let model = try model.map { path throws(ConfigurationError) in
        try ModelConfiguration.load(path: path)
      }
      return (job, model)
    } catch {
      throw CommandFailure(status: .configuration, message: error.description)
    }
  }

  private func machines() throws(CommandFailure) -> ([MachineTopology], [FileLedger]) {
    var machines: [MachineTopology] = []
    var inputs: [FileLedger] = []
    for (path, name) in zip(topologies, FileNames.shown(topologies)) {
      var file: TopologyFile
      do throws(TopologyError) {
        file = try TopologyFile.read(path: path)
      } catch {
        throw CommandFailure(
          status: error.kind == .missing ? .missingInput : .malformedInput,
          message: error.description)
      }
      guard case .topology(let topology) = file.content else {
        throw CommandFailure(
          status: .malformedInput,
          message: "\(path): holds channel graphs, not a topology; give what NCCL writes with "
            + "NCCL_TOPO_DUMP_FILE.")
      }
      file.ledger.file = name
      machines.append(MachineTopology(file: name, topology: topology))
      inputs.append(file.ledger)
    }
    return (machines, inputs)
  }
}

/// A value of an option, for one run or for all.
struct NamedValue<Value: Equatable>: Equatable {
  /// The run's name; `nil` for all runs.
  var run: String?
  var value: Value
}

extension Array {
  /// What holds for a run: what names it, else what is said of all.
  func values<Value>(for run: String) -> [Value] where Element == NamedValue<Value> {
    let own = filter { $0.run == run }
    return (own.isEmpty ? filter { $0.run == nil } : own).map(\.value)
  }
}

/// `--job`, `--model` and `--topology` where there are several runs.
struct RunDescriptionOptions: ParsableArguments {
  @Option(
    name: .customLong("job"),
    help: ArgumentHelp(
      "What the job of one run or of all was, as for analyze; for runs of logs and traces.",
      valueName: "[name=]file"), transform: Self.file)
  var jobs: [NamedValue<String>] = []

  @Option(
    name: .customLong("model"),
    help: ArgumentHelp(
      "The model's Hugging Face config.json, of one run or of all; wins over the job file's model.",
      valueName: "[name=]file"), transform: Self.file)
  var models: [NamedValue<String>] = []

  @Option(
    name: .customLong("topology"),
    help: ArgumentHelp(
      "Topology XML of the nodes of one run or of all; one for each kind of node.",
      valueName: "[name=]file"), transform: Self.file)
  var topologies: [NamedValue<String>] = []

  /// The runs that are named.
  var runs: [String?] { (jobs + models + topologies).map(\.run) }

  /// The files that describe a run: those with its name, else those for all, else the settings.
  ///
  /// There are none for a report, which has been described when it was made.
  func files(for run: NamedRun) -> DescriptionFiles {
    guard run.report == nil else { return DescriptionFiles() }
    let topologies = topologies.values(for: run.label)
    return DescriptionFiles(
      job: jobs.values(for: run.label).last ?? Settings.current.job,
      model: models.values(for: run.label).last ?? Settings.current.model,
      topologies: topologies.isEmpty ? Settings.current.topologies : topologies)
  }

  /// Refuses what is said of no run, or of one whose analysis is done.
  func validate(for runs: [NamedRun]) throws(ValidationError) {
    for (option, values) in [("--job", jobs), ("--model", models), ("--topology", topologies)] {
      for own in values {
        let meant = runs.filter { $0.label == own.run ?? $0.label }
        guard meant.allSatisfy({ $0.report != nil }) else { continue }
        throw NamedRun.refusal(of: option, own.run.map { "run \($0)" } ?? "every run")
      }
    }
  }

  private static func file(_ text: String) throws -> NamedValue<String> {
    let (run, path) = NamedRun.divided(text)
    guard run != "", !path.isEmpty else {
      throw ValidationError("'\(text)' has an empty name or path; write FILE or NAME=FILE.")
    }
    return NamedValue(run: run, value: path)
  }
}
