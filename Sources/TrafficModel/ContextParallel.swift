// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace
internal import TrafficAnalysis

/// Attention over a sequence that *c* ranks share.
///
/// A rank's keys and values of one layer are KV = T x 2 x (heads of keys and values) x d elements;
/// T counts the tokens of its part. Latent attention decompresses them first.
///
/// | form | forward, per layer | backward, per layer |
/// | --- | --- | --- |
/// | ring | c-1 sends of KV by each rank | c-1 sends of KV, c sends of their gradients in float32 |
/// | all-gather | 2 all-gathers of KV/2 | 2 all-gathers, 2 reduce-scatters of KV/2 |
///
/// In the ring a block visits every rank; its gradient goes once around and returns home, which is
/// one step more. Recomputation, selective or full, repeats the forward exchange.
///
/// - SeeAlso: arXiv 2310.01889 (ring attention); ring-flash-attention's `RingComm`; Megatron-LM and
///   Transformer Engine, `cp_comm_type`; arXiv 2407.21783 section 3.3.2 (all-gather form).
struct ContextParallel {
  let scenario: JobScenario
  let layout: StageLayout

  /// Records training steps.
  func record(in ledger: inout TrafficLedger) throws(ConfigurationError) {
    guard scenario.parallelism.context > 1 else { return }
    let tokens = try scenario.trainingTokens()
    let steps = UInt64(clamping: scenario.workload.steps ?? 1)
    let passes = try steps.times(scenario.microBatches())
    let recompute = scenario.workload.recompute ?? .none
    for (index, stage) in layout.stages.enumerated() {
      let layers = passes.times(stage.layers)
      forward(tokens, layers, .forward, stage: index, in: &ledger)
      if recompute != .none { forward(tokens, layers, .backward, stage: index, in: &ledger) }
      backward(tokens, layers, stage: index, in: &ledger)
    }
  }

  /// Records the prefill pass of an inference engine; decode passes differ between engines.
  func record(_ passes: [InferencePass], in ledger: inout TrafficLedger) {
    let context = UInt64(clamping: scenario.parallelism.context)
    guard context > 1 else { return }
    for pass in passes where pass.phase == .prefill {
      for (index, stage) in layout.stages.enumerated() {
        forward(
          pass.tokens.dividedUp(by: context), pass.count.times(stage.layers), .prefill,
          stage: index, in: &ledger)
      }
    }
  }

  private func forward(
    _ tokens: UInt64, _ layers: UInt64, _ phase: TrafficPhase, stage: Int,
    in ledger: inout TrafficLedger
  ) {
    switch scenario.assumptions.contextExchange {
    case .ring:
      ring(
        tokens, layers.times(scenario.parallelism.context - 1), phase, scenario.activation,
        stage: stage, "ring attention: c - 1 steps with keys and values", in: &ledger)
    case .allGather:
      collect(tokens, layers, phase, .allGather, stage: stage, in: &ledger)
    }
  }

  private func backward(
    _ tokens: UInt64, _ layers: UInt64, stage: Int, in ledger: inout TrafficLedger
  ) {
    let context = scenario.parallelism.context
    switch scenario.assumptions.contextExchange {
    case .ring:
      ring(
        tokens, layers.times(context - 1), .backward, scenario.activation, stage: stage,
        "ring attention: c - 1 steps with keys and values", in: &ledger)
      ring(
        tokens, layers.times(context), .backward, .float32, stage: stage,
        "ring attention: c steps with gradients of keys and values", in: &ledger)
    case .allGather:
      collect(tokens, layers, .backward, .allGather, stage: stage, in: &ledger)
      collect(tokens, layers, .backward, .reduceScatter, stage: stage, in: &ledger)
    }
  }

  private func ring(
    _ tokens: UInt64, _ exchanges: UInt64, _ phase: TrafficPhase, _ type: DataType, stage: Int,
    _ source: String, in ledger: inout TrafficLedger
  ) {
    let context = scenario.parallelism.context
    ledger.record(
      OperationClass(
        dimension: .cp, phase: phase, kind: .send,
        size: .elements(tokens.times(scenario.shape.localKeyValueElements)), dataType: type,
        communicatorSize: context, operations: exchanges.times(context),
        members: .stage(stage), source: source))
  }

  private func collect(
    _ tokens: UInt64, _ layers: UInt64, _ phase: TrafficPhase, _ kind: OperationKind,
    stage: Int, in ledger: inout TrafficLedger
  ) {
    ledger.record(
      OperationClass(
        dimension: .cp, phase: phase, kind: kind,
        size: .elements(tokens.times(scenario.shape.localKeyValueElements) / 2),
        dataType: scenario.activation, communicatorSize: scenario.parallelism.context,
        operations: layers.times(2), members: .stage(stage),
        source: "all-gather form: keys and values in one call each"))
  }
}
