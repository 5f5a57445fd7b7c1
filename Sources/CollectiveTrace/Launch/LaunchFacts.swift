// SPDX-License-Identifier: Apache-2.0

/// What a launch file or the header of a log says about a job, before anybody puts it together.
///
/// The launchers name the same things differently; a statement carries the common name, the value
/// in one form, and where it stands. Nothing is derived here: ``JobResolution`` does that.
public struct LaunchFacts: Sendable, Equatable {
  /// Who was launched, or launches.
  public enum Launcher: String, Sendable, CaseIterable {
    case megatron
    case deepspeed
    case torchtitan
    case vllm
    case sglang

    /// The name as its authors write it.
    public var title: String {
      switch self {
      case .megatron: "Megatron-LM"
      case .deepspeed: "DeepSpeed"
      case .torchtitan: "torchtitan"
      case .vllm: "vLLM"
      case .sglang: "SGLang"
      }
    }

    /// Whether it serves; the others train.
    public var serves: Bool { self == .vllm || self == .sglang }

    /// The rank order its groups follow.
    var order: JobDescription.OrderPreset {
      switch self {
      case .megatron: .megatron
      case .deepspeed: .deepspeed
      case .torchtitan: .fsdp
      case .vllm, .sglang: .vllm
      }
    }
  }

  /// What can be stated, under one name for all launchers.
  public enum Key: String, Sendable, CaseIterable {
    /// Ranks of the job, of a node, and nodes.
    case worldSize = "world_size"
    case nodes
    case ranksPerNode = "ranks_per_node"
    /// Parallel sizes.
    case tensor, pipeline, data, context, expert
    case dataShard = "data_shard"
    case dataReplicate = "data_replicate"
    case expertTensor = "expert_tensor"
    case sequenceParallel = "sequence_parallel"
    /// ZeRO's stage, 0 to 3.
    case zeroStage = "zero_stage"
    /// Megatron-LM: the optimizer's state, or everything, is sharded.
    case distributedOptimizer = "distributed_optimizer"
    case fullShard = "full_shard"
    /// vLLM: experts are spread over the tensor and data ranks.
    case expertParallel = "expert_parallel"
    /// SGLang: data parallelism divides the tensor group and adds no ranks.
    case dataParallelAttention = "data_parallel_attention"
    /// Megatron-LM: pipeline stages are neighbours before replicas are.
    case pipelineBeforeData = "pipeline_before_data"
    /// The work. The steps a job was to make are not those that its logs cover, and not kept.
    case batch, recompute
    case microBatches = "micro_batches"
    case microBatchSize = "micro_batch_size"
    case sequenceLength = "sequence_length"
    /// The model.
    case layers, hidden, heads, vocabulary, experts
    case headDimension = "head_dimension"
    case keyValueHeads = "key_value_heads"
    case groupedQueries = "grouped_queries"
    case intermediate
    case untiedEmbeddings = "untied_embeddings"
    case dataType = "data_type"
    case expertsPerToken = "experts_per_token"
    case expertIntermediate = "expert_intermediate"
    case sharedExpertIntermediate = "shared_expert_intermediate"
    case latentAttention = "latent_attention"
  }

  /// One value with its place.
  public struct Statement: Sendable, Equatable {
    /// What it is of.
    public var key: Key
    /// Digits, `true` or `false`, or one of a few words.
    public var value: String
    /// The launcher's name for it, as written.
    public var name: String
    /// Line of the file, from 1.
    public var line: Int
    /// Whether it is a default that something else may replace, as `${TP:-8}`.
    public var isAssumed: Bool

    /// Makes a statement.
    public init(key: Key, value: String, name: String, line: Int, isAssumed: Bool = false) {
      self.key = key
      self.value = value
      self.name = name
      self.line = line
      self.isAssumed = isAssumed
    }
  }

  /// A value that could not be used, in a sentence.
  public struct Problem: Sendable, Equatable {
    /// What is wrong with it.
    public var text: String
    /// Line of the file, from 1.
    public var line: Int
    /// What the value is of, where that is clear: it is stated, and not known.
    public var key: Key?

    /// Makes a problem.
    public init(text: String, line: Int, key: Key? = nil) {
      self.text = text
      self.line = line
      self.key = key
    }
  }

  /// Most statements kept of one file.
  static let maximumStatements = 1024
  /// Most problems kept of one file.
  static let maximumProblems = 16

  /// Who.
  public var launcher: Launcher
  /// Index of the file in ``TracePartial/files``.
  public var file = 0
  /// What was stated, in the order of the file; a key may come again.
  public var statements: [Statement] = []
  /// What could not be used.
  public var problems: [Problem] = []

  /// Starts without statements.
  public init(launcher: Launcher) { self.launcher = launcher }

  /// Adds a value under the launcher's name for it; a name without a meaning is no error.
  ///
  /// - Parameters:
  ///   - name: The name of a flag or field; `-` and `_` are the same.
  ///   - value: The value as written; `nil` for a flag that stands alone.
  ///   - line: Line of the file, from 1.
  ///   - isAssumed: Whether something else may replace the value.
  /// - Returns: Whether the name has a meaning.
  @discardableResult
  mutating func add(_ name: String, _ value: String?, line: Int, isAssumed: Bool = false) -> Bool {
    let bare = LaunchVocabulary.normalised(name)
    guard let (key, form) = LaunchVocabulary.meaning(of: bare, for: launcher) else { return false }
    switch form.read(value) {
    case .value(let text):
      add(
        Statement(
          key: key, value: text, name: ConfigurationText.printable(name), line: line,
          isAssumed: isAssumed))
    case .unset: break
    case .malformed(let allowed):
      let written = value.map { " \(ConfigurationText.printable($0))" } ?? ""
      add(
        Problem(
          text:
            "`\(ConfigurationText.printable(name))\(written)` is left out: it must be \(allowed).",
          line: line, key: key))
    }
    return true
  }

  /// Adds a statement that is in its final form.
  mutating func add(_ statement: Statement) {
    // Ranks repeat the same header; one of each value is enough.
    guard statements.count < Self.maximumStatements,
      !statements.contains(where: {
        $0.key == statement.key && $0.value == statement.value
          && $0.isAssumed == statement.isAssumed
      })
    else { return }
    statements.append(statement)
  }

  /// Adds a sentence about a value that cannot be used.
  mutating func add(_ problem: Problem) {
    guard problems.count < Self.maximumProblems,
      !problems.contains(where: { $0.text == problem.text })
    else { return }
    problems.append(problem)
  }
}
