// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import CollectiveTrace
internal import TrafficModel
internal import TrafficReport

/// `commlens limits`: a model and machines in, the least time of its passes out.
struct LimitsCommand: ParsableCommand, SettingsReader {
  static let configuration = CommandConfiguration(
    commandName: "limits",
    abstract: "Tells the floor of decode and prefill on given hardware, and what sets it.",
    discussion: """
      Time is the longer of computing and reading, plus the collectives that the next layer waits \
      for. Machines are names that 'commlens hardware' lists, or files in the form that \
      'commlens hardware NAME' prints. Without --job all accelerators of a domain share each layer \
      (tensor parallelism). BATCH and CONTEXT are numbers and ranges such as 1,8,32-64. What was \
      assumed is printed below the tables.
      """
  )

  @OptionGroup var study: StudyOptions

  @Option(
    name: .customLong("job"),
    help: ArgumentHelp("What the job is: parallel sizes; YAML or JSON.", valueName: "file"))
  var jobFile: String?

  @Option(
    help: ArgumentHelp(
      "Accelerators that share each layer, without --job (default: those of a domain).",
      valueName: "n"))
  var accelerators: Int?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Sequences in flight over all replicas (default: the job's batch, or 1).",
      valueName: "batch"), transform: Self.numbers)
  var batch: [[Int]] = []

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Tokens that each sequence has (default: the job's prompt, or 4096).", valueName: "context"),
    transform: Self.numbers)
  var context: [[Int]] = []

  @Option(
    help: ArgumentHelp("Bits of a weight (default: the model's type).", valueName: "n"))
  var weightBits: Int?

  @Option(
    help: ArgumentHelp(
      "Bits of a cached element (default: the type of the activations).", valueName: "n"))
  var cacheBits: Int?

  @Option(
    help: ArgumentHelp(
      "Weights in all, instead of those counted from the model's shape.", valueName: "n"))
  var parameters: Int?

  @Option(
    help: ArgumentHelp(
      "Cost of each collective beside its bytes, such as '1.5 us', instead of the hardware's.",
      valueName: "time"), transform: Self.time)
  var syncLatency: Double?

  @Option(
    help: ArgumentHelp(
      "Time that an output token may take, for the largest batch in time (default: '50 ms').",
      valueName: "time"), transform: Self.time)
  var tokenTime: Double?

  @Option(
    help: ArgumentHelp(
      "The only algorithm of all-reduces: ring, tree, nvls, two_level or memory_pool (default: the fastest).",
      valueName: "name"), transform: Self.algorithm)
  var algorithm: CollectiveAlgorithm?

  @OptionGroup(title: "Output") var output: OutputOptions

  /// The job's description, from the command line or the settings; `--accelerators` stands for one.
  private var job: String? { jobFile ?? (accelerators == nil ? Settings.current.job : nil) }

  /// Most passes of a study.
  private static let maximumPasses = 1 << 20

  func validate() throws {
    try study.validate()
    try output.refuseExplain()
    if let accelerators, !(1...JobDescription.maximumWorldSize).contains(accelerators) {
      throw ValidationError(
        "--accelerators is \(accelerators); it must be 1 to \(JobDescription.maximumWorldSize).")
    }
    if jobFile != nil, accelerators != nil {
      throw ValidationError("--job states the accelerators; leave --accelerators out.")
    }
    for (name, bits) in [("--weight-bits", weightBits), ("--cache-bits", cacheBits)] {
      guard let bits, !(1...64).contains(bits) else { continue }
      throw ValidationError("\(name) is \(bits); it must be 1 to 64.")
    }
    if let parameters, parameters < 1 { throw ValidationError("--parameters must be at least 1.") }
    let (passes, overflow) = max(1, batch.joined().count)
      .multipliedReportingOverflow(by: max(1, context.joined().count))
    guard !overflow, passes <= Self.maximumPasses / max(1, 2 * study.hardware.count) else {
      throw ValidationError("These are more than \(Self.maximumPasses) passes; name fewer.")
    }
  }

  func run() throws {
    let console = output.screen.console
    try output.check()
    let (limits, inputs) = try study(console)
    let manifest = Manifest(
      toolVersion: Version.number, options: manifestOptions, inputs: FileNames.shown(inputs))
    try output.write(
      LimitReport.files(limits, options: options), manifest, from: inputs.map(\.file), console)
    if !output.isSilent { try console.output(standardOutput(limits, console)) }
  }

  private func study(_ console: Console) throws(CommandFailure) -> (LimitStudy, [FileLedger]) {
    do throws(ConfigurationError) {
      var description = try job.map { path throws(ConfigurationError) in
        try JobDescription.load(path: path)
      }
      var inputs = description?.inputs ?? []
      let stated = try study.model.map { path throws(ConfigurationError) in
        try ModelConfiguration.load(path: path)
      }
      if let stated {
        inputs += stated.inputs
        description = try description?.with(model: stated)
      }
      guard let model = stated ?? description?.model else {
        throw .missingKey(
          at: ConfigurationLocation(file: job ?? "command line"), keyPath: "model",
          accepted: ["--model", "model"], similar: [])
      }
      var models: [LimitModel] = []
      for machine in try study.machines() {
        inputs += machine.inputs
        models.append(
          try LimitModel(
            model, on: machine, parallelism: layout(description, machine), options: limitOptions))
      }
      let batches =
        batch.joined().isEmpty ? [description?.workload?.batch ?? 1] : Array(batch.joined())
      let contexts =
        context.joined().isEmpty
        ? [description?.workload?.promptTokens ?? 4096] : Array(context.joined())
      let title = LimitText.title(model, models)
      return (LimitStudy(title: title, models, batches: batches, contexts: contexts), inputs)
    } catch {
      throw CommandFailure(status: .configuration, message: error.description)
    }
  }

  private func layout(
    _ job: JobDescription?, _ machine: HardwareDescription
  ) -> JobDescription.Parallelism {
    if let job { return job.parallelism }
    var sizes = JobDescription.Parallelism()
    sizes.tensor = accelerators ?? machine.scaleUp.accelerators.map { Int($0.value) } ?? 1
    return sizes
  }

  private var limitOptions: LimitOptions {
    var options = LimitOptions()
    options.weightBits = weightBits
    options.cacheBits = cacheBits
    options.parameters = parameters.map { Double($0) }
    options.synchronisation = syncLatency
    options.imbalance = study.imbalance ?? 1
    options.tokenTime = tokenTime ?? options.tokenTime
    options.algorithm = algorithm
    return options
  }

  /// The options that change a number, so that a report can be made again.
  private var manifestOptions: [Manifest.Option] {
    func list(_ numbers: [[Int]]) -> String? {
      numbers.joined().isEmpty ? nil : numbers.joined().map(String.init).joined(separator: ",")
    }
    let values: [(String, String?)] = [
      ("hardware", study.shownHardware), ("accelerators", accelerators.map(String.init)),
      ("batch", list(batch)), ("context", list(context)),
      ("weight-bits", weightBits.map(String.init)), ("cache-bits", cacheBits.map(String.init)),
      ("parameters", parameters.map(String.init)),
      ("sync-latency", syncLatency.map { "\($0) s" }), ("token-time", tokenTime.map { "\($0) s" }),
      ("imbalance", study.imbalance.map { "\($0)" }), ("algorithm", algorithm?.rawValue),
      ("csv-raw", output.csvRaw ? "true" : nil),
    ]
    return values.compactMap { name, value in
      value.map { Manifest.Option(name: name, value: $0) }
    }
  }

  private var options: ReportOptions { ReportOptions(csvRaw: output.csvRaw) }

  private func standardOutput(_ limits: LimitStudy, _ console: Console) -> [UInt8] {
    let outputs = output.folder.map { [$0] } ?? []
    return switch output.screen.form {
    case .table:
      Array(
        LimitReport.text(
          limits, width: console.width, color: console.colorsOutput, outputs: outputs
        ).utf8)
    case .csv: LimitReport.csv(limits, options: options)
    case .json: LimitReport.json(limits)
    case .ndjson: LimitReport.ndjson(limits)
    case .md: Array(LimitReport.markdown(limits, outputs: outputs).utf8)
    }
  }

  // MARK: - Options

  /// Reads numbers and ascending ranges between commas.
  private static func numbers(_ text: String) throws -> [Int] {
    var result: [Int] = []
    for piece in text.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = piece.split(separator: "-", omittingEmptySubsequences: false).map { digits in
        digits.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(digits) : nil
      }
      guard ends.count <= 2, let first = ends[0], let last = ends[ends.count - 1], first >= 1,
        first <= last, last <= 1 << 40, last - first < maximumPasses,
        result.count + (last - first) < maximumPasses
      else {
        throw ValidationError(
          "'\(text)' is no list of numbers above 0; give numbers and ranges: 1,8,32-64.")
      }
      result += first...last
    }
    return result
  }

  private static func algorithm(_ text: String) throws -> CollectiveAlgorithm {
    let allowed = CollectiveAlgorithm.allCases.filter { $0 != .direct }
    guard let algorithm = allowed.first(where: { $0.rawValue == text }) else {
      throw ValidationError(
        "'\(text)' is none of: \(allowed.map(\.rawValue).joined(separator: ", ")).")
    }
    return algorithm
  }

  private static func time(_ text: String) throws -> Double {
    do throws(MeasureFault) {
      return try Measure<TimeSpan>.parse(text)
    } catch {
      throw ValidationError("'\(text)' is no time: it must be \(error.allowed).")
    }
  }
}

/// What `limits` and `whatif` have in common: machines, a model, the skew of experts.
struct StudyOptions: ParsableArguments {
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Machines: names that 'commlens hardware' lists, or files; the first is the base.",
      valueName: "name|file"))
  var hardware: [String] = []

  @Option(
    name: .customLong("model"),
    help: ArgumentHelp(
      "The model's Hugging Face config.json; wins over the job file's model.", valueName: "file"))
  var modelFile: String?

  @Option(
    help: ArgumentHelp(
      "Load of the busiest expert rank over the mean (default: what a run shows, else 1).",
      valueName: "ratio"))
  var imbalance: Double?

  /// The model's description, from the command line or the settings.
  var model: String? { modelFile ?? Settings.current.model }

  func validate() throws {
    if hardware.isEmpty {
      throw ValidationError("Name a machine: --hardware DGX-H100; 'commlens hardware' lists them.")
    }
    if hardware.contains("") { throw ValidationError("--hardware has an empty name.") }
    if hardware.count > 64 { throw ValidationError("--hardware names more than 64 machines.") }
    if let imbalance, !(1...1e6).contains(imbalance) {
      throw ValidationError("--imbalance is \(imbalance); it must be 1 to 1000000.")
    }
  }

  /// Reads the machines.
  ///
  /// - Throws: ``ConfigurationError`` with the file, the place and the key path.
  func machines() throws(ConfigurationError) -> [HardwareDescription] {
    var result: [HardwareDescription] = []
    for name in hardware { result.append(try HardwareDescription.load(name)) }
    return result
  }

  /// The machines for a manifest, without folders of this machine.
  var shownHardware: String { FileNames.shown(hardware).joined(separator: ",") }
}

extension OutputOptions {
  /// Refuses `--explain`, which is about labels of communicators.
  func refuseExplain() throws {
    guard explain.isEmpty else {
      throw ValidationError(
        "--explain is about labels of communicators; what was assumed here is always printed.")
    }
  }
}
