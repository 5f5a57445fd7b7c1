// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace
internal import TrafficAnalysis

/// A job and its model with the values that formulas need, or an error that names what is missing.
struct JobScenario {
  let job: JobDescription
  let model: ModelConfiguration
  let workload: JobDescription.Workload
  let assumptions: TrafficAssumptions
  /// Type of activations and of the weights used in a pass.
  let activation: DataType
  let shape: TransformerShape

  var parallelism: JobDescription.Parallelism { job.parallelism }
  var location: ConfigurationLocation { ConfigurationLocation(file: job.file) }

  init(_ job: JobDescription, _ assumptions: TrafficAssumptions) throws(ConfigurationError) {
    let location = ConfigurationLocation(file: job.file)
    guard let model = job.model else {
      throw Self.missing("model", ["model", "--model"], location)
    }
    guard let workload = job.workload else {
      throw Self.missing("workload", ["workload"], location)
    }
    try assumptions.check(at: location)
    try Self.check(model, location)
    self.job = job
    self.model = model
    self.workload = workload
    self.assumptions = assumptions
    activation = try Self.activationType(model, location)
    shape = TransformerShape(
      model: model, tensor: job.parallelism.tensor, expert: job.parallelism.expert,
      expertTensor: job.parallelism.expertTensor)
  }

  /// Checks a model that was made by a program: one that was read is within its limits.
  private static func check(
    _ model: ModelConfiguration, _ location: ConfigurationLocation
  ) throws(ConfigurationError) {
    let widths = [
      model.hiddenSize, model.headDimension, model.intermediateSize, model.vocabularySize,
    ]
    var counts = [model.layers, model.attentionHeads, model.keyValueHeads]
    var mayBeNone: [Int] = []
    if let experts = model.experts {
      counts += [experts.experts, experts.expertsPerToken]
      mayBeNone += [experts.sharedExperts, experts.firstDenseLayers, experts.expertLayers]
      mayBeNone += [experts.intermediateSize, experts.sharedIntermediateSize]
    }
    if let latent = model.latentAttention {
      mayBeNone += [
        latent.keyValueRank, latent.queryRank ?? 0, latent.ropeHeadDimension,
        latent.noPositionHeadDimension, latent.valueHeadDimension,
      ]
    }
    let width = 1...ModelConfiguration.maximumWidth
    guard widths.allSatisfy(width.contains),
      counts.allSatisfy((1...ModelConfiguration.maximumCount).contains),
      mayBeNone.allSatisfy({ (0...ModelConfiguration.maximumWidth << 8).contains($0) })
    else {
      throw .contradiction(
        at: location, keyPath: "model", found: "a size is not positive or too large",
        allowed:
          "widths are 1 to \(ModelConfiguration.maximumWidth), counts 1 to \(ModelConfiguration.maximumCount)"
      )
    }
  }

  /// Returns the type a model computes in; weights of 8 bits or fewer compute in bfloat16.
  private static func activationType(
    _ model: ModelConfiguration, _ location: ConfigurationLocation
  ) throws(ConfigurationError) -> DataType {
    guard let name = model.dataType else {
      throw missing("model.torch_dtype", ["dtype", "torch_dtype"], location)
    }
    switch name.split(separator: ".").last.map(String.init) {
    case "float32", "fp32", "float": return .float32
    case "float16", "fp16", "half": return DataType(rawValue: 6)
    case "bfloat16", "bf16", "fp8", "float8_e4m3fn", "float8_e5m2", "int8": return .bfloat16
    default:
      throw .invalidValue(
        at: location, keyPath: "model.torch_dtype", found: "a type that is not known",
        allowed: "float32, float16, bfloat16 or an 8-bit type")
    }
  }

  // MARK: - Errors

  private static func missing(
    _ keyPath: String, _ accepted: [String], _ location: ConfigurationLocation
  ) -> ConfigurationError {
    .missingKey(at: location, keyPath: keyPath, accepted: accepted, similar: [])
  }

  /// Returns a value, or throws an error that names its key.
  func required(_ value: Int?, _ keyPath: String) throws(ConfigurationError) -> Int {
    guard let value else {
      throw Self.missing(
        keyPath, [keyPath.split(separator: ".").last.map(String.init) ?? keyPath], location)
    }
    return value
  }

  func contradiction(
    _ keyPath: String, _ found: String, _ allowed: String
  ) -> ConfigurationError {
    .contradiction(at: location, keyPath: keyPath, found: found, allowed: allowed)
  }

  /// Returns a quotient, or throws when parts would differ.
  func divide(
    _ value: Int, by divisor: Int, _ keyPath: String, _ what: String
  ) throws(ConfigurationError) -> Int {
    guard divisor > 0, value % divisor == 0 else {
      throw contradiction(
        keyPath, "\(value) cannot be divided into \(divisor) \(what)",
        "it must be a multiple of \(divisor)")
    }
    return value / divisor
  }

  /// Whether input and output embeddings are one matrix.
  func tiedEmbeddings() throws(ConfigurationError) -> Bool {
    guard let tied = model.tiedEmbeddings else {
      throw Self.missing("model.tie_word_embeddings", ["tie_word_embeddings"], location)
    }
    return tied
  }

  // MARK: - Work

  /// Forward passes of each replica in one step (training) or for one batch (inference).
  ///
  /// Without a pipeline one pass is the rule; a pipeline is filled by several, so their number must
  /// be known.
  func microBatches() throws(ConfigurationError) -> Int {
    if let stated = workload.microBatches { return stated }
    guard workload.kind == .training else { return 1 }
    if let batch = workload.batch, let size = workload.microBatchSize {
      let replicas = try divide(
        batch, by: parallelism.data, "workload.batch", "data-parallel ranks")
      return try divide(replicas, by: size, "workload.batch", "samples of a micro-batch")
    }
    guard parallelism.pipeline > 1 else { return 1 }
    return try required(nil, "workload.micro_batches")
  }

  /// Samples of one micro-batch.
  func microBatchSize() throws(ConfigurationError) -> Int {
    if let stated = workload.microBatchSize { return stated }
    guard let batch = workload.batch else {
      return try required(nil, "workload.micro_batch_size")
    }
    let replica = try divide(
      batch, by: parallelism.data, "workload.batch", "data-parallel ranks")
    return try divide(replica, by: microBatches(), "workload.batch", "micro-batches")
  }

  /// Tokens of one micro-batch on one rank of the context group.
  func trainingTokens() throws(ConfigurationError) -> UInt64 {
    let length = try required(workload.sequenceLength, "workload.sequence_length")
    let own = try divide(
      length, by: parallelism.context, "workload.sequence_length", "context-parallel ranks")
    if parallelism.sequenceParallel {
      _ = try divide(
        own, by: parallelism.tensor, "workload.sequence_length",
        "tensor-parallel ranks with sequence parallelism")
    }
    return product(own, try microBatchSize())
  }

  /// Sequences of one forward pass on one replica of an inference engine.
  func inferenceSequences() throws(ConfigurationError) -> Int {
    let batch = try required(workload.batch, "workload.batch")
    let replica = try divide(batch, by: parallelism.data, "workload.batch", "replicas")
    return try divide(replica, by: microBatches(), "workload.batch", "micro-batches")
  }

  /// Tokens that each sequence gets after the one of the prefill pass.
  private func decodePasses() throws(ConfigurationError) -> Int {
    try required(
      workload.decodeSteps ?? workload.outputTokens.map { max(1, $0) - 1 },
      "workload.output_tokens")
  }

  /// Optimizer steps, or decode passes of a batch.
  func repetitions() throws(ConfigurationError) -> UInt64 {
    switch workload.kind {
    case .training: UInt64(clamping: workload.steps ?? 1)
    case .inference: try UInt64(clamping: decodePasses())
    }
  }

  /// The prefill pass and the decode passes of an inference batch.
  func passes() throws(ConfigurationError) -> [InferencePass] {
    let prompt = try required(workload.promptTokens, "workload.prompt_tokens")
    let decodes = try decodePasses()
    let sequences = try inferenceSequences()
    let repeats = try UInt64(clamping: microBatches())
    let prefill = InferencePass(
      phase: .prefill, tokens: product(prompt, sequences), sequences: sequences, count: repeats)
    let decode = InferencePass(
      phase: .decode, tokens: UInt64(clamping: sequences), sequences: sequences,
      count: repeats.times(decodes))
    return [prefill, decode]
  }
}

/// Forward passes of an inference engine that look alike.
struct InferencePass {
  /// Prefill or decode.
  var phase: TrafficPhase
  /// Tokens of one pass.
  var tokens: UInt64
  /// Sequences of one pass; only the last token of each gets logits.
  var sequences: Int
  /// Passes.
  var count: UInt64
}
