// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace
internal import TrafficAnalysis

/// Data parallelism with whole parameters: replicated (DDP), ZeRO stage 1 and ZeRO stage 2.
///
/// With *P* parameters of a rank, *g* ranks (data x context) and buckets of *B* elements, the last
/// one with the rest:
///
/// | scheme | gradients | parameters |
/// | --- | --- | --- |
/// | none | all-reduce of each bucket per step | |
/// | zero1 | reduce-scatter of each bucket per step, B/g received | all-gather, B/g sent, per step |
/// | zero2 | the same for each micro-batch | all-gather, B/g sent, per step |
///
/// An all-reduce is a reduce-scatter and an all-gather, so that stages 1 and 2 move what plain data
/// parallelism moves (2 P per rank, arXiv 1910.02054 section 7.2), apart from the element types and
/// stage 2's reductions for every micro-batch.
///
/// | scheme | default bucket | type of gradients |
/// | --- | --- | --- |
/// | none, alone (PyTorch DDP) | 25 MiB | as the model |
/// | none or zero1, Megatron-LM | 40,000,000 elements, at least 1,000,000 per rank | float32 |
/// | zero2 (DeepSpeed) | 500,000,000 elements | as the model |
///
/// - SeeAlso: Megatron-LM: `DistributedDataParallelConfig`, `_ParamAndGradBuffer`; PyTorch:
///   `DistributedDataParallel(bucket_cap_mb=25)`; DeepSpeed: `reduce_bucket_size`.
struct DataParallelTraining {
  let scenario: JobScenario
  let layout: StageLayout

  /// Whether the job is plain data parallelism, as PyTorch's wrapper does it.
  private var isPlain: Bool {
    let sizes = scenario.parallelism
    return sizes.sharding.kind == .none && sizes.tensor == 1 && sizes.pipeline == 1
      && sizes.context == 1 && sizes.expert == 1
  }

  private var gradientType: DataType {
    if let stated = scenario.assumptions.gradientType { return stated }
    return isPlain || scenario.parallelism.sharding.kind == .zero2
      ? scenario.activation : .float32
  }

  private func bucket(ranks: Int) -> UInt64 {
    if let stated = scenario.assumptions.bucketElements { return UInt64(clamping: stated) }
    if isPlain {
      return UInt64(25 << 20) / UInt64(clamping: max(1, gradientType.byteSize ?? 1))
    }
    if scenario.parallelism.sharding.kind == .zero2 { return 500_000_000 }
    return max(40_000_000, product(1_000_000, ranks))
  }

  func record(in ledger: inout TrafficLedger) throws(ConfigurationError) {
    let sizes = scenario.parallelism
    let parameters = try ParameterCount(scenario: scenario, layout: layout)
    for (index, stage) in parameters.stages.enumerated() {
      // Experts on a grid of their own have replicas, and buckets, of their own.
      let splitsExperts = sizes.expert > 1 || sizes.expertTensor != sizes.tensor
      try record(
        splitsExperts ? stage.dense : stage.dense.adding(stage.experts), .dp,
        ranks: sizes.data * sizes.context, stage: index, in: &ledger)
      guard splitsExperts else { continue }
      try record(stage.experts, .edp, ranks: sizes.expertData, stage: index, in: &ledger)
    }
  }

  private func record(
    _ parameters: UInt64, _ dimension: ParallelismDimension, ranks: Int, stage: Int,
    in ledger: inout TrafficLedger
  ) throws(ConfigurationError) {
    guard ranks > 1, parameters > 0 else { return }
    let steps = UInt64(clamping: scenario.workload.steps ?? 1)
    let bucket = bucket(ranks: ranks)
    let (whole, rest) = parameters.quotientAndRemainder(dividingBy: max(1, bucket))
    let kind = scenario.parallelism.sharding.kind
    let reductions = kind == .zero2 ? try steps.times(scenario.microBatches()) : steps
    let note = "buckets end at parameters: their number may differ, not their sum"
    for (elements, count) in [(bucket, whole), (rest, 1)] {
      var term = OperationClass(
        dimension: dimension, phase: .backward, kind: .allReduce, size: .elements(elements),
        dataType: gradientType, communicatorSize: ranks, operations: count.times(reductions),
        members: .stage(stage), source: "1 all-reduce per gradient bucket and step", note: note)
      guard kind != .none else {
        ledger.record(term)
        continue
      }
      term.kind = .reduceScatter
      term.size = .elements(elements.dividedUp(by: UInt64(clamping: ranks)))
      term.source =
        kind == .zero2
        ? "1 reduce-scatter per gradient bucket and micro-batch (ZeRO stage 2)"
        : "1 reduce-scatter per gradient bucket and step (ZeRO stage 1)"
      ledger.record(term)
      term.phase = .optimizer
      term.kind = .allGather
      term.dataType = scenario.activation
      term.operations = count.times(steps)
      term.source = "1 all-gather per parameter bucket and step (ZeRO stages 1 and 2)"
      ledger.record(term)
    }
  }
}

/// Parameters of one rank on each pipeline stage.
struct ParameterCount {
  struct Stage {
    /// What is the same on all ranks of the data-parallel group.
    var dense: UInt64
    /// What is the same only on the replicas of an expert shard.
    var experts: UInt64
  }

  private(set) var stages: [Stage] = []

  init(scenario: JobScenario, layout: StageLayout) throws(ConfigurationError) {
    let shape = scenario.shape
    let tied = try scenario.tiedEmbeddings()
    let last = layout.stages.count - 1
    for (index, stage) in layout.stages.enumerated() {
      var dense = shape.denseLayer.times(stage.denseLayers)
      dense.add(shape.expertLayerDensePart.times(stage.expertLayers))
      if index == 0 { dense.add(shape.embedding) }
      if index == last {
        dense.add(shape.norm)
        // A tied output matrix is a copy on the last stage, and nothing on the only one.
        if !tied || last > 0 { dense.add(shape.embedding) }
      }
      stages.append(
        Stage(dense: dense, experts: shape.expertLayerExperts.times(stage.expertLayers)))
    }
  }
}
