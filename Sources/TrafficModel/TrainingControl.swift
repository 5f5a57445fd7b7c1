// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace
internal import TrafficAnalysis

/// The few scalars that a training step reduces: loss, norm of the gradients, overflow flag.
///
/// They cost latency, not bytes; without them counts of operations would not add up.
///
/// | framework | per step |
/// | --- | --- |
/// | Megatron-LM, distributed optimizer | norm and overflow flag over all ranks, 1 statistic over the model-parallel block, loss over the last stage's data-parallel group |
/// | Megatron-LM otherwise | norm, overflow flag and 1 statistic over the model-parallel block, the same loss |
/// | FSDP | norm and loss over all ranks |
/// | FSDP, hybrid | norm over the shards, then over the copies; loss over all ranks |
/// | DeepSpeed, stages 2 and 3 | norm and overflow flag over all ranks |
///
/// PyTorch's plain data parallelism reduces none by itself.
///
/// - SeeAlso: Megatron-LM: `get_grad_norm_fp32`, `reduce_max_stat_across_model_parallel_group`;
///   torchtitan: `clip_grad_norm_`, `dist_mean`.
struct TrainingControl {
  let scenario: JobScenario

  func record(in ledger: inout TrafficLedger) {
    let sizes = scenario.parallelism
    let last = sizes.pipeline - 1
    let block = sizes.tensor * sizes.pipeline
    let replicas = sizes.data * sizes.context
    let everyRank = OperationClass.Members.everyStage
    let world = scenario.job.worldSize
    // A block of one direction has no group of its own.
    let blockDimension: ParallelismDimension =
      sizes.pipeline == 1 ? .tp : sizes.tensor == 1 ? .pp : .mp
    switch sizes.sharding.kind {
    case .none where block * sizes.context * sizes.expert == 1: break
    case .none:
      add(3, blockDimension, block, everyRank, "norm, overflow flag, statistic", in: &ledger)
      add(1, .dp, replicas, .stage(last), "loss", in: &ledger)
    case .zero1:
      add(2, .world, world, everyRank, "norm, overflow flag", in: &ledger)
      add(1, blockDimension, block, everyRank, "statistic", in: &ledger)
      add(1, .dp, replicas, .stage(last), "loss", in: &ledger)
    case .zero2, .zero3: add(2, .world, world, everyRank, "norm, overflow flag", in: &ledger)
    case .fsdp: add(2, .world, world, everyRank, "norm, loss", in: &ledger)
    case .hybrid:
      for stage in 0...last {
        add(
          1, .fsdp, sizes.sharding.shard * sizes.context, .stage(stage), "norm", in: &ledger)
        add(1, .dp, sizes.sharding.replicate, .stage(stage), "norm", in: &ledger)
      }
      add(1, .world, world, everyRank, "loss", in: &ledger)
    }
  }

  private func add(
    _ calls: Int, _ dimension: ParallelismDimension, _ ranks: Int,
    _ members: OperationClass.Members, _ what: String, in ledger: inout TrafficLedger
  ) {
    ledger.record(
      OperationClass(
        dimension: dimension, phase: .optimizer, kind: .allReduce, size: .elements(1),
        dataType: .float32, communicatorSize: ranks,
        operations: UInt64(clamping: scenario.workload.steps ?? 1).times(calls),
        members: members, source: "scalars of a step: \(what)",
        note: "releases of a framework differ in the number of scalars"))
  }
}
