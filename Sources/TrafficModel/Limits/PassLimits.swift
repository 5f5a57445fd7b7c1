// SPDX-License-Identifier: Apache-2.0

public import CollectiveTrace
public import TrafficAnalysis

/// What is asked of a limit study besides the model and the hardware.
public struct LimitOptions: Sendable, Equatable {
  /// Bits of one weight; those of the model's type when `nil`.
  public var weightBits: Int?
  /// Bits of one cached element; those of the activations when `nil`.
  public var cacheBits: Int?
  /// Weights in all, where the nominal number shall be taken instead of the counted one.
  public var parameters: Double?
  /// Seconds that one collective of a layer costs, instead of what the hardware says.
  public var synchronisation: Double?
  /// Load of the busiest expert rank over the mean.
  public var imbalance = 1.0
  /// Seconds that an output token may take, for the largest batch that keeps it.
  public var tokenTime = 0.05
  /// The only algorithm of collectives to consider.
  public var algorithm: CollectiveAlgorithm?

  /// The model's own types, even routing, 50 ms a token.
  public init() {}
}

/// The least time that a pass of a model can take on a machine, and what sets it.
///
/// T = max(operations/peak, bytes/bandwidth) + exposed synchronisation, if weights and cache fit
/// into memory. The bandwidth and the peak are those of all accelerators of a pipeline stage
/// together, and the stages work one after another for a token.
///
/// - SeeAlso: LIMINAL, arXiv 2507.14397.
public struct PassLimit: Sendable, Equatable {
  /// What sets the time, or forbids the pass.
  public enum Bound: String, Sendable, CaseIterable {
    case compute, memory, synchronisation, capacity
  }

  /// The hardware's name.
  public var hardware: String
  /// Accelerators of all replicas and stages.
  public var accelerators: Int
  /// Decode or prefill.
  public var phase: TrafficPhase
  /// Sequences in flight over all replicas.
  public var batch: Int
  /// Tokens that each sequence has: the cache in decode, the prompt in prefill.
  public var context: Int
  /// Operations of the pass of one micro-batch.
  public var operations: Double
  /// The part of them with the weights, without attention over the cache.
  public var weightOperations: Double
  /// Bytes read by the pass of one micro-batch.
  public var readBytes: Double
  /// Seconds at the peak rate.
  public var computeSeconds: Double
  /// Seconds at the full bandwidth.
  public var memorySeconds: Double
  /// Seconds of collectives that nothing hides.
  public var synchronisationSeconds: Double
  /// Weights on all accelerators.
  public var weightBytes: Double
  /// Keys and values of all sequences.
  public var cacheBytes: Double
  /// Memory of all accelerators and the pool; `nil` when not known.
  public var capacityBytes: Double?

  /// Seconds of the pass.
  public var seconds: Double { max(computeSeconds, memorySeconds) + synchronisationSeconds }
  /// Operations per byte.
  public var intensity: Double { readBytes > 0 ? operations / readBytes : 0 }
  /// Operations per second that the pass attains.
  public var attainedOperationRate: Double { seconds > 0 ? operations / seconds : 0 }
  /// Whether weights and cache fit; `nil` when the memory is not known.
  public var fits: Bool? { capacityBytes.map { weightBytes + cacheBytes <= $0 } }
  /// Tokens per second of one sequence (decode) or of one prompt (prefill).
  public var userRate: Double { seconds > 0 ? tokensOfUser / seconds : 0 }
  /// Tokens per second of all sequences.
  public var systemRate: Double { userRate * Double(batch) }
  private var tokensOfUser: Double { phase == .prefill ? Double(context) : 1 }

  /// What sets the time, or forbids the pass.
  public var bound: Bound {
    if fits == false { return .capacity }
    if synchronisationSeconds > max(computeSeconds, memorySeconds) { return .synchronisation }
    return computeSeconds > memorySeconds ? .compute : .memory
  }
}

/// A model on a machine under a layout, ready to be asked for any batch and context.
///
/// - Complexity: ``pass(_:batch:context:)`` is O(1).
public struct LimitModel: Sendable {
  /// The machine.
  public let hardware: HardwareDescription
  /// The layout.
  public let parallelism: JobDescription.Parallelism
  /// Accelerators of the layout.
  public let accelerators: Int
  /// Operations per second of one accelerator in the type used.
  public let operationRate: Double
  /// The type whose rate is used.
  public let numberType: HardwareDescription.NumberType
  /// What a reader must know, most important first.
  public let assumptions: [String]
  let model: ModelConfiguration
  let demand: ModelDemand
  let options: LimitOptions
  let memoryBandwidth: Double?
  private var fabric: CommunicationFabric?
  private var synchronisation: Double?

  /// Puts a model on a machine.
  ///
  /// - Throws: `missingKey` for a number that a formula needs and nobody states.
  public init(
    _ model: ModelConfiguration, on hardware: HardwareDescription,
    parallelism: JobDescription.Parallelism, options: LimitOptions = LimitOptions()
  ) throws(ConfigurationError) {
    self.model = model
    self.hardware = hardware
    self.parallelism = parallelism
    self.options = options
    accelerators = parallelism.ranksPerStage * parallelism.pipeline
    let weightBits = try Self.bits(options.weightBits, model)
    let cacheBits: Int
    if let stated = options.cacheBits {
      cacheBits = stated
    } else if let activation = model.activationBytes {
      cacheBits = activation * 8
    } else {
      cacheBits = try Self.bits(nil, model)
    }
    demand = ModelDemand(
      model, weightBytes: Double(weightBits) / 8, cacheBytes: Double(cacheBits) / 8,
      parameters: options.parameters)
    (numberType, operationRate) = try Self.rate(hardware, weightBits: weightBits)
    memoryBandwidth = hardware.accelerator.memoryBandwidth?.value
    guard memoryBandwidth != nil || hardware.memoryPool?.bandwidth != nil else {
      throw hardware.missing("accelerator.memory_bandwidth")
    }
    let stated = hardware.synchronisation.first {
      Double(parallelism.tensor) <= $0.accelerators.value
    }
    synchronisation = options.synchronisation ?? stated?.perCollective.value
    fabric =
      accelerators > 1 && synchronisation == nil
      ? try Self.fabric(hardware, parallelism, accelerators: accelerators) : nil
    assumptions = LimitAssumptions.list(
      hardware, parallelism, model: model, options: options, numberType: numberType,
      weightBits: weightBits, cacheBits: cacheBits, stated: stated)
  }

  /// The links that the layout's groups need.
  private static func fabric(
    _ hardware: HardwareDescription, _ parallelism: JobDescription.Parallelism, accelerators: Int
  ) throws(ConfigurationError) -> CommunicationFabric {
    do throws(ConfigurationError) {
      let fabric = try CommunicationFabric(hardware)
      let widest = max(
        parallelism.tensor, parallelism.expert > 1 ? parallelism.ranksPerStage : 1,
        parallelism.pipeline > 1 ? accelerators : 1)
      guard fabric.network != nil || widest <= fabric.domainSize else {
        throw hardware.missing("scale_out.bandwidth_per_direction")
      }
      return fabric
    } catch {
      guard case .missingKey(let place, let path, let accepted, let similar) = error else {
        throw error
      }
      throw .missingKey(
        at: place, keyPath: path, accepted: accepted + ["--sync-latency"], similar: similar)
    }
  }

  /// Bits of a weight: stated, or those of the model's type.
  private static func bits(
    _ stated: Int?, _ model: ModelConfiguration
  ) throws(ConfigurationError) -> Int {
    if let stated { return stated }
    switch model.dataType?.split(separator: ".").last.map(String.init) {
    case "float32", "fp32", "float": return 32
    case "bfloat16", "bf16", "float16", "fp16", "half": return 16
    case "fp8", "float8_e4m3fn", "float8_e5m2", "int8": return 8
    default:
      throw .missingKey(
        at: ConfigurationLocation(file: model.inputs.first?.file ?? "the model"),
        keyPath: "torch_dtype", accepted: ["torch_dtype", "--weight-bits"], similar: [])
    }
  }

  /// The rate of the narrowest type that holds the weights, else of the next wider one stated.
  private static func rate(
    _ hardware: HardwareDescription, weightBits: Int
  ) throws(ConfigurationError) -> (HardwareDescription.NumberType, Double) {
    let known = hardware.accelerator.compute
    let fitting = known.keys.filter { $0.bits >= weightBits }
      .min { ($0.bits, known[$1]?.value ?? 0) < ($1.bits, known[$0]?.value ?? 0) }
    guard let type = fitting, let rate = known[type] else {
      throw hardware.missing(
        "accelerator.compute.\(weightBits <= 8 ? "fp8" : "bf16")", or: "--weight-bits")
    }
    return (type, rate.value)
  }

  /// Weights of the model, each once.
  public var parameters: Double { demand.parameters }

  /// Whether the latency of collectives is a number that nobody states.
  var assumesLatency: Bool {
    guard accelerators > 1, options.synchronisation == nil else { return false }
    if synchronisation != nil {
      return hardware.synchronisation.contains { $0.perCollective.assumption != nil }
    }
    return hardware.scaleUp.latency?.assumption != nil
  }

  /// The same with all latencies of collectives multiplied: what an assumed one decides.
  func scalingLatency(by factor: Double) -> LimitModel {
    var model = self
    model.fabric = fabric?.scalingLatency(by: factor)
    model.synchronisation = synchronisation.map { $0 * factor }
    return model
  }

  // MARK: - Passes

  private var stages: Double { Double(max(1, parallelism.pipeline)) }
  private var replicas: Double { Double(max(1, parallelism.data)) }
  /// Copies of all that is not an expert: one for each data-parallel replica.
  var copies: Double { replicas * Double(max(1, parallelism.context)) }
  /// Copies of each expert.
  var expertCopies: Double {
    parallelism.expert > 1 ? Double(max(1, parallelism.expertData)) : copies
  }

  /// Memory of all accelerators and the pool; `nil` when a part is not known.
  var capacity: Double? {
    let own = hardware.accelerator.memoryCapacity.map { $0.value * Double(accelerators) }
    guard let pool = hardware.memoryPool else { return own }
    return (own ?? 0) + pool.capacity.value
  }

  /// Weights on all accelerators.
  var residentBytes: Double {
    demand.residentBytes(copies: copies, expertCopies: expertCopies)
  }

  /// Returns the limit of one pass.
  ///
  /// - Parameters:
  ///   - phase: Decode or prefill.
  ///   - batch: Sequences in flight over all replicas; a pipeline takes them in as many
  ///     micro-batches as it has stages.
  ///   - context: Tokens of each sequence.
  /// - Returns: The times, what was counted, and whether it fits.
  public func pass(_ phase: TrafficPhase, batch: Int, context: Int) -> PassLimit {
    let inFlight = Double(batch)
    let micro = max(1, inFlight / stages)
    let length = Double(context)
    let isPrefill = phase == .prefill
    let tokens = isPrefill ? micro * length : micro
    let weightOperations = demand.weightOperations(tokens: tokens, logits: micro)
    let attention =
      micro
      * (isPrefill
        ? demand.prefillAttentionOperations(tokens: length)
        : demand.decodeAttentionOperations(context: length))
    let operations = weightOperations + attention
    let cache = demand.cacheBytesPerToken * length
    let read =
      demand.readBytes(copies: copies, expertCopies: expertCopies, tokens: tokens) + micro * cache
    return PassLimit(
      hardware: hardware.name, accelerators: accelerators, phase: phase, batch: batch,
      context: context, operations: operations, weightOperations: weightOperations,
      readBytes: read,
      computeSeconds: operations * stages / (Double(accelerators) * operationRate),
      memorySeconds: memorySeconds(read, resident: residentBytes + inFlight * cache),
      synchronisationSeconds: communicationSeconds(tokens: tokens),
      weightBytes: residentBytes, cacheBytes: inFlight * cache, capacityBytes: capacity)
  }

  /// Reads what lies in the accelerators' own memory and what lies in the pool at the same time.
  ///
  /// Own memory is filled first; the pool gives all accelerators together its bandwidth.
  private func memorySeconds(_ bytes: Double, resident: Double) -> Double {
    let own = (memoryBandwidth ?? 0) * Double(accelerators) / stages
    guard let pool = hardware.memoryPool, let poolBandwidth = pool.bandwidth?.value else {
      return bytes / own
    }
    let room = (hardware.accelerator.memoryCapacity?.value ?? 0) * Double(accelerators)
    let outside = own > 0 && resident > 0 ? max(0, 1 - room / resident) : 1
    let inPool = bytes * outside * stages / poolBandwidth
    return own > 0 ? max(bytes * (1 - outside) / own, inPool) : inPool
  }

  /// Collectives that the next layer waits for: two all-reduces a layer on the tensor group, a
  /// dispatch and a combine on the expert group, one hand-over between stages.
  func communicationSeconds(tokens: Double) -> Double {
    let activation = Double(model.activationBytes ?? 2) * Double(model.hiddenSize)
    var seconds = 0.0
    let perReplica = tokens / replicas
    if parallelism.tensor > 1 {
      let one = collective(
        "all_reduce", bytes: perReplica * activation, ranks: parallelism.tensor, stride: 1)
      seconds += 2 * Double(model.layers) * one
    }
    if parallelism.expert > 1, let experts = model.experts {
      let perRank = tokens / Double(max(1, parallelism.ranksPerStage))
      let one = collective(
        "all_to_all", bytes: perRank * Double(experts.expertsPerToken) * activation,
        ranks: parallelism.expert * parallelism.expertTensor, stride: 1)
      seconds += 2 * Double(experts.expertLayers) * one
    }
    if parallelism.pipeline > 1 {
      let one = collective(
        "send_recv", bytes: perReplica * activation, ranks: 2, stride: parallelism.ranksPerStage)
      seconds += (stages - 1) * one
    }
    return seconds
  }

  private func collective(
    _ name: String, bytes: Double, ranks: Int, stride: Int
  ) -> Double {
    if let synchronisation { return synchronisation }
    guard let fabric else { return 0 }
    // Consecutive ranks fill domains; the next stage is `stride` ranks away.
    let domains =
      stride > 1 ? fabric.domains(of: [0, stride]) : fabric.domains(ofConsecutive: ranks)
    return fabric.cost(
      of: name, bytes: bytes, shape: GroupShape(ranks: ranks, domains: domains),
      imbalance: options.imbalance, by: name == "all_reduce" ? options.algorithm : nil)?.seconds
      ?? .infinity
  }
}
