// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace
internal import TrafficAnalysis

/// Data parallelism with sharded parameters: FSDP, its hybrid form, and ZeRO stage 3.
///
/// Each layer is a unit; what is outside the layers (embedding, final norm, output matrix) is one
/// more. With *U* elements of a unit and *g* ranks that share a copy, per micro-batch:
///
/// | call | units | elements |
/// | --- | --- | --- |
/// | all-gather, forward | all | U/g sent |
/// | all-gather, backward | all but the last layer and the outer unit (FSDP keeps them) | U/g sent |
/// | reduce-scatter, backward | all | U/g received |
/// | all-reduce among copies, backward (hybrid) | all | U/g |
///
/// ZeRO stage 3 gathers every unit again for the backward pass. Gradients are float32 in FSDP, as
/// the model in ZeRO. Sharding moves 3 P per rank where plain data parallelism moves 2 P
/// (arXiv 1910.02054 section 7.2). Recomputation needs no further gathers: it runs while the unit
/// is gathered for its backward pass.
///
/// - SeeAlso: PyTorch: `fully_shard`, `reshard_after_forward`; arXiv 2304.11277.
struct ShardedDataParallel {
  let scenario: JobScenario
  let layout: StageLayout

  private struct Unit {
    var dimension: ParallelismDimension
    var elements: UInt64
    var ranks: Int
    var copies: Int
    /// Units of this kind on a stage.
    var forward: Int
    /// Those gathered again for the backward pass.
    var backward: Int
  }

  func record(in ledger: inout TrafficLedger) throws(ConfigurationError) {
    let sizes = scenario.parallelism
    let isZero = sizes.sharding.kind == .zero3
    let gradient = scenario.assumptions.gradientType ?? (isZero ? scenario.activation : .float32)
    let steps = UInt64(clamping: scenario.workload.steps ?? 1)
    let passes = try steps.times(scenario.microBatches())
    let name = isZero ? "ZeRO stage 3" : "FSDP"
    for (index, stage) in layout.stages.enumerated() {
      for unit in try units(of: stage, index: index) where unit.elements > 0 {
        var term = OperationClass(
          dimension: unit.dimension, phase: .forward, kind: .allGather,
          size: .elements(unit.elements.dividedUp(by: UInt64(clamping: unit.ranks))),
          dataType: scenario.activation, communicatorSize: unit.ranks,
          operations: passes.times(unit.forward), members: .stage(index),
          source: "\(name): 1 all-gather per unit and pass",
          note: "units may be gathered in several calls: their number may differ, not their sum")
        ledger.record(term)
        term.phase = .backward
        term.operations = passes.times(unit.backward)
        ledger.record(term)
        term.kind = .reduceScatter
        term.dataType = gradient
        term.operations = passes.times(unit.forward)
        term.source = "\(name): 1 reduce-scatter per unit and micro-batch"
        term.note = ""
        ledger.record(term)
        guard unit.copies > 1 else { continue }
        term.dimension = .dp
        term.kind = .allReduce
        term.communicatorSize = unit.copies
        term.source = "hybrid sharding: 1 all-reduce per unit among copies"
        ledger.record(term)
      }
    }
  }

  private func units(
    of stage: StageLayout.Stage, index: Int
  ) throws(ConfigurationError) -> [Unit] {
    let sizes = scenario.parallelism
    let shape = scenario.shape
    let isHybrid = sizes.sharding.kind == .hybrid
    let ranks = (isHybrid ? sizes.sharding.shard : sizes.data) * sizes.context
    let copies = isHybrid ? sizes.sharding.replicate : 1
    let last = layout.stages.count - 1
    let keepsLast = sizes.sharding.kind != .zero3
    let splitsExperts = sizes.expert > 1

    var outer: UInt64 = index == 0 ? shape.embedding : 0
    if index == last {
      outer.add(shape.norm)
      if try !scenario.tiedEmbeddings() || last > 0 { outer.add(shape.embedding) }
    }
    // The last layer is one with experts where the model has any.
    let endsWithExperts = stage.expertLayers > 0
    func backward(_ layers: Int, isLastKind: Bool) -> Int {
      max(0, layers - (keepsLast && isLastKind ? 1 : 0))
    }
    var units = [
      Unit(
        dimension: .fsdp, elements: outer, ranks: ranks, copies: copies, forward: 1,
        backward: keepsLast ? 0 : 1),
      Unit(
        dimension: .fsdp, elements: shape.denseLayer, ranks: ranks, copies: copies,
        forward: stage.denseLayers,
        backward: backward(stage.denseLayers, isLastKind: !endsWithExperts)),
    ]
    guard endsWithExperts else { return units }
    let own = shape.expertLayerDensePart
    let experts = shape.expertLayerExperts
    let again = backward(stage.expertLayers, isLastKind: true)
    units.append(
      Unit(
        dimension: .fsdp, elements: splitsExperts ? own : own.adding(experts), ranks: ranks,
        copies: copies, forward: stage.expertLayers, backward: again))
    if splitsExperts {
      units.append(
        Unit(
          dimension: .edp, elements: experts, ranks: sizes.expertData, copies: 1,
          forward: stage.expertLayers, backward: again))
    }
    return units
  }
}
