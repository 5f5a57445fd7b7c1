// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace
internal import TrafficAnalysis

/// Dispatch and combine of tokens among the ranks that share the experts.
///
/// With *N* tokens on a rank, *k* experts per token and *e* ranks, a layer with experts makes two
/// all-to-alls forward, dispatch and combine, and two backward (training). Each rank's buffer holds
/// N k h elements; with even routing each peer gets N k h/e of them, and (e-1)/e of the buffer
/// leaves the rank, as M_token n_k B/n_acc in arXiv 2507.15465 equation 13. Real routing is uneven:
/// the sum stays, the parts differ.
///
/// With a capacity of *c* per cent each expert takes exactly C = ceil(c N k/(100 E)) tokens of each
/// rank, dropped or padded, and each peer gets (E/e) C h elements.
///
/// The all-gather form sends all hidden states and router logits to all ranks and reduce-scatters
/// the partial results: 2 all-gathers and 1 reduce-scatter per layer.
///
/// Latent attention has no part in this: what travels is the hidden state.
///
/// - SeeAlso: arXiv 2101.03961 section 2.2 (capacity); Megatron-LM: `MoEAlltoAllTokenDispatcher`;
///   vLLM: `AgRsAll2AllManager`.
struct ExpertParallel {
  let scenario: JobScenario
  let layout: StageLayout

  /// Whether an inference engine exchanges tokens: where experts are shared only within a tensor
  /// group, every rank has all tokens already and the group's all-reduce adds up the parts.
  static func dispatches(_ scenario: JobScenario) -> Bool {
    guard scenario.model.experts != nil, scenario.parallelism.expert > 1 else { return false }
    return scenario.workload.kind == .training || scenario.parallelism.data > 1
  }

  /// Records the forward passes of an inference engine.
  ///
  /// The ranks of a tensor group divide the tokens of their replica among themselves.
  func record(_ passes: [InferencePass], in ledger: inout TrafficLedger) {
    guard Self.dispatches(scenario) else { return }
    for pass in passes {
      let tokens = pass.tokens.dividedUp(by: UInt64(clamping: scenario.parallelism.tensor))
      for (index, stage) in layout.stages.enumerated() {
        let layers = pass.count.times(stage.expertLayers)
        switch scenario.assumptions.expertDispatch {
        case .allToAll:
          exchange(tokens, layers.times(2), pass.phase, stage: index, in: &ledger)
        case .allGather:
          gather(tokens, layers, pass.phase, stage: index, in: &ledger)
        }
      }
    }
  }

  /// Records training steps.
  func record(in ledger: inout TrafficLedger) throws(ConfigurationError) {
    guard scenario.model.experts != nil else { return }
    let sizes = scenario.parallelism
    guard sizes.expert > 1 || sizes.expertTensor > 1 else { return }
    if sizes.tensor > 1, !sizes.sequenceParallel {
      throw scenario.contradiction(
        "parallelism.sequence_parallel",
        "tensor parallelism with experts needs sequence parallelism in training",
        "set it to true")
    }
    let tokens = try scenario.trainingTokens() / UInt64(clamping: sizes.tensor)
    let steps = UInt64(clamping: scenario.workload.steps ?? 1)
    let passes = try steps.times(scenario.microBatches())
    let recomputed: UInt64 = scenario.workload.recompute == .full ? 2 : 1
    for (index, stage) in layout.stages.enumerated() {
      let layers = passes.times(stage.expertLayers)
      for (phase, times) in [(TrafficPhase.forward, 1), (.backward, recomputed)] {
        let count = layers.times(times)
        switch scenario.assumptions.expertDispatch {
        case .allToAll: exchange(tokens, count.times(2), phase, stage: index, in: &ledger)
        case .allGather: gather(tokens, count, phase, stage: index, in: &ledger)
        }
        shareWithinExpert(tokens, count, phase, stage: index, in: &ledger)
      }
    }
  }

  private func exchange(
    _ tokens: UInt64, _ operations: UInt64, _ phase: TrafficPhase, stage: Int,
    in ledger: inout TrafficLedger
  ) {
    guard let experts = scenario.model.experts else { return }
    let ranks = UInt64(clamping: scenario.parallelism.expert)
    let hidden = scenario.model.hiddenSize
    let copies = tokens.times(experts.expertsPerToken)
    let elementSize = scenario.activation.byteSize ?? 1
    var note = "even routing; real parts differ, their sum does not"
    let size: OperationClass.Size
    if let percent = scenario.assumptions.capacityPercent {
      let share = UInt64(clamping: experts.experts).times(100)
      let capacity = copies.times(percent).dividedUp(by: share)
      let local = UInt64(clamping: experts.experts).dividedUp(by: ranks)
      size = .elements(local.times(capacity).times(hidden))
      note = "capacity of \(percent) per cent: \(capacity) tokens of each rank per expert"
    } else if copies.isMultiple(of: ranks) {
      size = .elements((copies / ranks).times(hidden))
    } else {
      size = .unevenMessage(bytes: copies.times(hidden).times(elementSize))
    }
    ledger.record(
      OperationClass(
        dimension: .ep, phase: phase, kind: .allToAll, size: size,
        dataType: scenario.activation, communicatorSize: scenario.parallelism.expert,
        operations: operations, members: .stage(stage),
        source: "dispatch and combine: 2 all-to-alls of tokens x k x h per layer with experts",
        note: note))
  }

  private func gather(
    _ tokens: UInt64, _ layers: UInt64, _ phase: TrafficPhase, stage: Int,
    in ledger: inout TrafficLedger
  ) {
    guard let experts = scenario.model.experts else { return }
    let hidden = tokens.times(scenario.model.hiddenSize)
    let calls: [(OperationKind, UInt64, String)] = [
      (.allGather, hidden, "all-gather of hidden states and router logits"),
      (
        .allGather, tokens.times(experts.experts),
        "all-gather of hidden states and router logits"
      ),
      (.reduceScatter, hidden, "reduce-scatter of the experts' partial results"),
    ]
    for (kind, elements, what) in calls {
      ledger.record(
        OperationClass(
          dimension: .ep, phase: phase, kind: kind, size: .elements(elements),
          dataType: scenario.activation, communicatorSize: scenario.parallelism.expert,
          operations: layers, members: .stage(stage), source: what))
    }
  }

  /// Ranks that share each expert's matrices gather the tokens they received and reduce-scatter
  /// the results; the backward pass does the reverse, which is the same calls.
  private func shareWithinExpert(
    _ tokens: UInt64, _ layers: UInt64, _ phase: TrafficPhase, stage: Int,
    in ledger: inout TrafficLedger
  ) {
    guard let experts = scenario.model.experts else { return }
    let copies = tokens.times(experts.expertsPerToken)
    for kind in [OperationKind.allGather, .reduceScatter] {
      ledger.record(
        OperationClass(
          dimension: .tp, phase: phase, kind: kind,
          size: .elements(copies.times(scenario.model.hiddenSize)),
          dataType: scenario.activation, communicatorSize: scenario.parallelism.expertTensor,
          operations: layers, members: .stage(stage),
          source: "expert tensor parallel: all-gather and reduce-scatter of received tokens",
          note: "even routing; real parts differ, their sum does not"))
    }
  }
}
