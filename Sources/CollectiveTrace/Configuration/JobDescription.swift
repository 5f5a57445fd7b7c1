// SPDX-License-Identifier: Apache-2.0

/// What a person says about a distributed job: its ranks, its parallelism, its work and its model.
///
///     version: 1
///     name: pretraining, two nodes
///     world_size: 16
///     parallelism:
///       tensor: 4
///       pipeline: 2
///       data: 2                     # derived from world_size when left out
///       sequence_parallel: true
///       sharding: zero1
///     order: megatron               # or tp-dp-pp, or [tensor, data, pipeline]
///     workload:
///       kind: training
///       micro_batches: 8
///       micro_batch_size: 1
///       sequence_length: 8192
///     model: llama-3.1-8b.config.json
///     ranks:
///       node-a: 0-7
///       node-b: 8-15
///
/// YAML and JSON are read alike. Anchors, aliases, tags and merge keys are refused, keys without a
/// meaning are errors, and every error names the key path, what was found and what is allowed.
///
/// - Invariant: `tensor * context * data * pipeline == worldSize`.
/// - Invariant: `expert * expertTensor` divides `worldSize / pipeline`.
/// - Invariant: `order` holds every ``Axis`` once.
public struct JobDescription: Sendable, Equatable {
  /// The newest version of the format; the only one there is.
  public static let currentVersion = 1

  /// Largest job that can be described.
  public static let maximumWorldSize = 1 << 20

  /// A direction of the grid of ranks.
  public enum Axis: String, Sendable, CaseIterable {
    case tensor
    case context
    case expert
    case data
    case pipeline

    /// The short name launchers use, `tp`.
    public var abbreviation: String {
      switch self {
      case .tensor: "tp"
      case .context: "cp"
      case .expert: "ep"
      case .data: "dp"
      case .pipeline: "pp"
      }
    }
  }

  /// The rank order of a framework, by name.
  public enum OrderPreset: String, Sendable, CaseIterable {
    /// Megatron-LM: tp-cp-ep-dp-pp.
    case megatron
    /// vLLM: tp, then context, pipeline, data outermost.
    case vllm
    /// DeepSpeed: its topology's axes are pipe, data, model, the last innermost.
    case deepspeed
    /// PyTorch device meshes (FSDP, torchtitan): pp, dp, cp, tp, the last innermost.
    case fsdp

    /// The axes, innermost first.
    public var axes: [Axis] {
      switch self {
      case .megatron, .deepspeed, .fsdp: [.tensor, .context, .expert, .data, .pipeline]
      case .vllm: [.tensor, .context, .pipeline, .expert, .data]
      }
    }
  }

  /// What the data-parallel ranks keep only a part of.
  public struct Sharding: Sendable, Equatable {
    /// The scheme.
    public enum Kind: String, Sendable, CaseIterable {
      /// Every rank keeps everything; gradients are all-reduced.
      case none
      /// Optimizer state is sharded (ZeRO stage 1, Megatron's distributed optimizer).
      case zero1
      /// Optimizer state and gradients are sharded (ZeRO stage 2).
      case zero2
      /// Everything is sharded (ZeRO stage 3).
      case zero3
      /// Everything is sharded (PyTorch FSDP, full shard).
      case fsdp
      /// Everything is sharded among `shard` ranks and replicated over the rest (HSDP).
      case hybrid
    }

    /// The scheme.
    public var kind: Kind
    /// Data-parallel ranks that together hold one copy of what is sharded; innermost.
    public var shard: Int
    /// Copies; `shard * replicate` is the data-parallel size.
    public var replicate: Int

    /// Whether parameters are sharded too, so that layers are gathered before they are used.
    public var shardsParameters: Bool { [.zero3, .fsdp, .hybrid].contains(kind) }

    /// Makes a sharding.
    public init(kind: Kind, shard: Int, replicate: Int) {
      self.kind = kind
      self.shard = shard
      self.replicate = replicate
    }
  }

  /// Sizes of the parallel groups.
  public struct Parallelism: Sendable, Equatable {
    /// Ranks that share each layer's matrices.
    public var tensor = 1
    /// Pipeline stages.
    public var pipeline = 1
    /// Ranks that see different samples, or replicas of the server.
    public var data = 1
    /// Ranks that share each sequence.
    public var context = 1
    /// Ranks that share the experts.
    public var expert = 1
    /// Ranks that share each expert's matrices.
    public var expertTensor = 1
    /// Whether activations between the tensor-parallel regions are split along the sequence.
    public var sequenceParallel = false
    /// What the data-parallel ranks keep only a part of.
    public var sharding = Sharding(kind: .none, shard: 1, replicate: 1)

    /// A single rank.
    public init() {}

    /// Ranks of one pipeline stage.
    public var ranksPerStage: Int { tensor * context * data }

    /// Replicas of each expert shard.
    public var expertData: Int { ranksPerStage / (expert * expertTensor) }

    /// Returns the size along an axis.
    public func size(_ axis: Axis) -> Int {
      switch axis {
      case .tensor: tensor
      case .context: context
      case .expert: expert
      case .data: data
      case .pipeline: pipeline
      }
    }
  }

  /// What the job computed.
  public struct Workload: Sendable, Equatable {
    /// Training or inference.
    public enum Kind: String, Sendable, CaseIterable {
      case training
      case inference
    }

    /// How activations are recomputed in the backward pass.
    public enum Recompute: String, Sendable, CaseIterable {
      case none
      case selective
      case full
    }

    /// Training or inference.
    public var kind: Kind
    /// Sequences in flight at once (inference), or samples of a step over all ranks (training).
    public var batch: Int?
    /// Inference: tokens of each prompt.
    public var promptTokens: Int?
    /// Inference: tokens generated for each sequence, the first one by the prefill pass.
    public var outputTokens: Int?
    /// Inference: decode passes; `outputTokens - 1` when it is not given.
    public var decodeSteps: Int?
    /// Training: optimizer steps the logs cover.
    public var steps: Int?
    /// Forward passes per step, or per pass of a batch, on each replica.
    public var microBatches: Int?
    /// Samples of one micro-batch.
    public var microBatchSize: Int?
    /// Training: tokens of each sample.
    public var sequenceLength: Int?
    /// Training: what is recomputed.
    public var recompute: Recompute?

    /// A workload of which only the kind is known.
    public init(kind: Kind) { self.kind = kind }
  }

  /// The ranks of one host.
  public struct HostRanks: Sendable, Equatable {
    /// The host's name as NCCL prints it.
    public var host: String
    /// Global ranks, in the order given.
    public var ranks: [Int]

    /// Makes a placement.
    public init(host: String, ranks: [Int]) {
      self.host = host
      self.ranks = ranks
    }
  }

  /// What a person knows about one communicator.
  public struct CommunicatorHint: Sendable, Equatable {
    /// The communicator's name, if the hint is by name.
    public var name: String?
    /// Its global ranks in ascending order, if the hint is by ranks.
    public var ranks: [Int]?
    /// The dimension it serves, one of ``JobDescription/dimensionNames``.
    public var dimension: String

    /// Makes a hint.
    public init(name: String?, ranks: [Int]?, dimension: String) {
      self.name = name
      self.ranks = ranks
      self.dimension = dimension
    }
  }

  /// How often a captured graph ran; NCCL logs a call when it is captured, not when it is replayed.
  public struct GraphReplay: Sendable, Equatable {
    /// The batch size the graph was captured for.
    public var batch: Int
    /// Replays of the graph.
    public var count: Int

    /// Makes a count.
    public init(batch: Int, count: Int) {
      self.batch = batch
      self.count = count
    }
  }

  /// The dimensions a communicator hint may name.
  public static let dimensionNames = [
    "tp", "sp", "pp", "dp", "fsdp", "ep", "edp", "cp", "embedding", "mp", "world",
  ]

  /// The file it was read from, as the user named it.
  public var file: String
  /// A title for reports.
  public var name: String?
  /// Ranks of the job.
  public var worldSize: Int
  /// Sizes of the parallel groups.
  public var parallelism: Parallelism
  /// How ranks are numbered, innermost axis first.
  public var order: [Axis]
  /// What the job computed, if it is said.
  public var workload: Workload?
  /// The model, if it is said.
  public var model: ModelConfiguration?
  /// Which ranks ran on which host, in the order given; empty when it is not said.
  public var hosts: [HostRanks]
  /// What is known about communicators.
  public var communicators: [CommunicatorHint]
  /// Replays of captured graphs, in ascending order of batch.
  public var graphReplays: [GraphReplay]
  /// The accounts of the files that it was read from: its own, then the model's that it names.
  public var inputs: [FileLedger] = []

  /// Makes the description of a job of which only the layout is known.
  public init(
    file: String, worldSize: Int, parallelism: Parallelism,
    order: [Axis] = OrderPreset.megatron.axes
  ) {
    self.file = file
    self.worldSize = worldSize
    self.parallelism = parallelism
    self.order = order
    hosts = []
    communicators = []
    graphReplays = []
  }

  /// Whether the sizes satisfy the invariants; always true for what was read from a description.
  public var isConsistent: Bool {
    let sizes = parallelism
    let limit = 1...Self.maximumWorldSize
    let all = [
      worldSize, sizes.tensor, sizes.context, sizes.data, sizes.pipeline, sizes.expert,
      sizes.expertTensor, sizes.sharding.shard, sizes.sharding.replicate,
    ]
    // Sizes within the limit cannot overflow when two are multiplied, and three fit as well.
    guard all.allSatisfy(limit.contains), order.count == Axis.allCases.count,
      Set(order).count == order.count
    else { return false }
    let stage = sizes.ranksPerStage
    let ranks = stage.multipliedReportingOverflow(by: sizes.pipeline)
    let copies = sizes.sharding.shard * sizes.sharding.replicate
    return !ranks.overflow && ranks.partialValue == worldSize
      && stage % (sizes.expert * sizes.expertTensor) == 0
      && (sizes.sharding.kind != .hybrid || copies == sizes.data)
  }

  /// Reads a job description, or a launch file that says as much.
  ///
  /// - Throws: ``ConfigurationError`` with the file, the place and the key path.
  public static func load(path: String) throws(ConfigurationError) -> JobDescription {
    let source = try JobSource.load(path: path)
    guard var job = try JobResolution(source).job else {
      throw .missingKey(
        at: ConfigurationLocation(file: path), keyPath: "parallelism", accepted: ["world_size"],
        similar: [])
    }
    job.inputs = source.inputs
    return job
  }

  /// Reads a job description from a text.
  ///
  /// - Parameters:
  ///   - text: YAML or JSON.
  ///   - file: The name for errors.
  ///   - baseDirectory: The folder that a relative path to a model is seen from.
  /// - Returns: The job.
  /// - Throws: ``ConfigurationError`` with the file, the place and the key path.
  public static func parse(
    text: String, file: String, baseDirectory: String? = nil
  ) throws(ConfigurationError) -> JobDescription {
    var reader = JobDescriptionReader(
      root: try ConfigurationNode.parse(text, file: file), baseDirectory: baseDirectory)
    return try reader.read()
  }

  /// Returns the same job with another model.
  ///
  /// - Throws: `contradiction` when the model cannot be split this way.
  public func with(model: ModelConfiguration) throws(ConfigurationError) -> JobDescription {
    try model.check(parallelism, at: ConfigurationLocation(file: file))
    var job = self
    job.model = model
    return job
  }
}
