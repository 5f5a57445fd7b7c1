// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import CollectiveTrace
internal import TrafficModel
internal import TrafficReport

/// `commlens expect`: a job's description in, what its strategies should move out.
struct ExpectCommand: ParsableCommand, SettingsReader {
  static let configuration = CommandConfiguration(
    commandName: "expect",
    abstract: "Tells what the parallelism strategies of a job should move, without a log.",
    discussion: """
      The job's description holds the layout and the workload, and may hold the model. Every \
      number follows from a closed form that is named with it; what the forms leave out is listed \
      below the tables.
      """
  )

  /// The element types gradients are reduced in.
  enum GradientType: String, ExpressibleByArgument, CaseIterable {
    case float32, float16, bfloat16

    /// The same type as the logs number it.
    var dataType: DataType {
      switch self {
      case .float32: .float32
      case .float16: DataType(rawValue: 6)
      case .bfloat16: .bfloat16
      }
    }
  }

  @Option(
    name: .customLong("job"),
    help: ArgumentHelp(
      "What the job is: parallel sizes, rank order, workload; YAML or JSON.", valueName: "file"))
  var jobFile: String?

  @Option(
    name: .customLong("model"),
    help: ArgumentHelp(
      "The model's Hugging Face config.json; wins over the job file's model.", valueName: "file"))
  var modelFile: String?

  @Flag(help: "With csv: the sums of each rank instead of the classes of operations.")
  var ranks = false

  @Option(
    help: ArgumentHelp(
      "How an inference engine collects logits: all-gather or gather (default: all-gather).",
      valueName: "form"),
    transform: choice)
  var logits: TrafficAssumptions.Logits = .allGather

  @Option(
    help: ArgumentHelp(
      "How tokens reach experts: all-to-all or all-gather (default: all-to-all).",
      valueName: "form"),
    transform: choice)
  var expertDispatch: TrafficAssumptions.ExpertDispatch = .allToAll

  @Option(
    help: ArgumentHelp(
      "How ranks that share a sequence exchange keys and values: ring or all-gather (default: ring).",
      valueName: "form"),
    transform: choice)
  var contextExchange: TrafficAssumptions.ContextExchange = .ring

  @Option(
    help: ArgumentHelp(
      "Model chunks of each pipeline stage; 2 or more is the interleaved schedule.",
      valueName: "n"))
  var virtualStages = 1

  @Option(
    help: ArgumentHelp(
      "Room of each expert in per cent of the even share (default: no token is dropped).",
      valueName: "percent"))
  var capacityPercent: Int?

  @Option(
    help: ArgumentHelp(
      "Elements of a gradient bucket (default: the framework's).", valueName: "n"))
  var bucketElements: Int?

  @Option(
    help: ArgumentHelp(
      "Type of reduced gradients: float32, float16 or bfloat16 (default: the framework's).",
      valueName: "type"))
  var gradientType: GradientType?

  @OptionGroup(title: "Output") var output: OutputOptions

  func run() throws {
    let console = output.screen.console
    try output.check()
    guard let job = jobFile ?? Settings.current.job else {
      throw ValidationError("Name the job's description: --job FILE, or the setting job.")
    }
    let (traffic, inputs) = try expectation(of: job, model: modelFile ?? Settings.current.model)
    let manifest = Manifest(
      toolVersion: Version.number, options: manifestOptions, inputs: FileNames.shown(inputs))
    try output.write(
      ExpectationReport.files(traffic, options: options), manifest, from: inputs.map(\.file),
      console)
    if output.isSilent { return }
    try console.output(standardOutput(traffic))
  }

  private func expectation(
    of job: String, model: String?
  ) throws(CommandFailure) -> (ExpectedTraffic, [FileLedger]) {
    do throws(ConfigurationError) {
      var description = try JobDescription.load(path: job)
      var inputs = description.inputs
      if let model {
        let own = try ModelConfiguration.load(path: model)
        description = try description.with(model: own)
        inputs += own.inputs
      }
      let traffic = try TrafficModel.expect(description, assumptions: assumptions)
      return (traffic, inputs)
    } catch {
      throw CommandFailure(status: .configuration, message: error.description)
    }
  }

  private var assumptions: TrafficAssumptions {
    var result = TrafficAssumptions()
    result.logits = logits
    result.expertDispatch = expertDispatch
    result.contextExchange = contextExchange
    result.virtualStages = virtualStages
    result.capacityPercent = capacityPercent
    result.bucketElements = bucketElements
    result.gradientType = gradientType?.dataType
    return result
  }

  /// The options that change a number, so that a report can be made again.
  private var manifestOptions: [Manifest.Option] {
    let values: [(String, String?)] = [
      ("logits", logits.rawValue), ("expert-dispatch", expertDispatch.rawValue),
      ("context-exchange", contextExchange.rawValue), ("virtual-stages", "\(virtualStages)"),
      ("capacity-percent", capacityPercent.map(String.init)),
      ("bucket-elements", bucketElements.map(String.init)),
      ("gradient-type", gradientType?.rawValue), ("csv-raw", output.csvRaw ? "true" : nil),
    ]
    return values.compactMap { name, value in
      value.map { Manifest.Option(name: name, value: $0) }
    }
  }

  private var options: ReportOptions { ReportOptions(csvRaw: output.csvRaw) }

  private func standardOutput(_ traffic: ExpectedTraffic) -> [UInt8] {
    switch output.screen.form {
    case .table: Array(ExpectationReport.text(traffic).utf8)
    case .csv:
      ExpectationReport.csv(traffic, part: ranks ? .ranks : .traffic, options: options)
    case .json: ExpectationReport.json(traffic)
    case .ndjson: ExpectationReport.ndjson(traffic)
    case .md: Array(ExpectationReport.markdown(traffic).utf8)
    }
  }
}

/// Reads one of a few names.
private func choice<Value>(_ text: String) throws -> Value
where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
  guard let value = Value(rawValue: text) else {
    let names = Value.allCases.map(\.rawValue).joined(separator: ", ")
    throw ValidationError("'\(text)' is none of: \(names).")
  }
  return value
}
