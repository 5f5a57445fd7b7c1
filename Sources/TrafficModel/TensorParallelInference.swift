// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace
internal import TrafficAnalysis

/// Tensor parallelism of an inference engine.
///
/// With *L* layers on a stage, hidden size *h*, *t* ranks and *T* tokens in a pass, per pass:
///
/// | call | where | calls | elements |
/// | --- | --- | --- | --- |
/// | all-reduce after the embedding | first stage | 1 | T h |
/// | all-reduce after attention and after the MLP | each stage | 2 L | T h |
/// | all-gather (or gather) of logits | last stage | 1 | sequences x v/t |
///
/// One stage makes 2L+1 all-reduces. The vocabulary *v* is padded to a multiple of 64. With
/// sequence parallelism an all-reduce whose tokens divide by *t* becomes a reduce-scatter and an
/// all-gather of T h/t elements, which moves the same bytes.
///
/// - SeeAlso: vLLM 0.8.5: `VocabParallelEmbedding.forward`, `RowParallelLinear.forward`,
///   `LogitsProcessor._gather_logits`.
struct TensorParallelInference {
  /// vLLM pads the vocabulary to a multiple of this.
  private static let vocabularyPadding = 64

  let scenario: JobScenario
  let layout: StageLayout
  /// Whether an exchange among expert ranks brings routed tokens back complete.
  let dispatchesTokens: Bool

  func record(_ passes: [InferencePass], in ledger: inout TrafficLedger) {
    let tensor = scenario.parallelism.tensor
    guard tensor > 1 else { return }
    let padding = Self.vocabularyPadding
    let vocabulary = UInt64(clamping: scenario.model.vocabularySize)
      .dividedUp(by: UInt64(padding)).times(padding)
    let columns = vocabulary.dividedUp(by: UInt64(clamping: tensor))
    for pass in passes {
      for (index, stage) in layout.stages.enumerated() {
        var term = OperationClass(
          dimension: .tp, phase: pass.phase, kind: .allReduce,
          size: .elements(pass.tokens.times(scenario.model.hiddenSize)),
          dataType: scenario.activation, communicatorSize: tensor,
          operations: pass.count.times(reductions(of: stage)), members: .stage(index),
          source: "2 all-reduces of tokens x h per layer (vLLM RowParallelLinear)")
        add(term, pass: pass, to: &ledger)
        if index == 0 {
          term.operations = pass.count
          term.source = "1 all-reduce of tokens x h (vLLM VocabParallelEmbedding)"
          add(term, pass: pass, to: &ledger)
        }
        guard index == layout.stages.count - 1 else { continue }
        let gathers = scenario.assumptions.logits == .gather
        term.kind = gathers ? .gather : .allGather
        term.size = .elements(columns.times(pass.sequences))
        term.operations = pass.count
        term.source =
          "1 \(gathers ? "gather" : "all-gather") of sequences x v/t logits (vLLM LogitsProcessor)"
        ledger.record(term)
      }
    }
  }

  /// All-reduces of one pass through the layers of a stage.
  ///
  /// Where tokens are sent to experts and back, what comes back is complete; only shared experts
  /// are then still split over the tensor group.
  private func reductions(of stage: StageLayout.Stage) -> Int {
    let hasShared = (scenario.model.experts?.sharedExperts ?? 0) > 0
    let afterExperts = dispatchesTokens && !hasShared ? 0 : stage.expertLayers
    return stage.layers + stage.denseLayers + afterExperts
  }

  private func add(
    _ term: OperationClass, pass: InferencePass, to ledger: inout TrafficLedger
  ) {
    let tensor = UInt64(clamping: scenario.parallelism.tensor)
    guard scenario.parallelism.sequenceParallel, pass.tokens.isMultiple(of: tensor) else {
      ledger.record(term)
      return
    }
    for kind in [OperationKind.reduceScatter, .allGather] {
      var half = term
      half.dimension = .sp
      half.kind = kind
      half.size = .elements(
        (pass.tokens / tensor).times(scenario.model.hiddenSize))
      half.source = "reduce-scatter and all-gather in place of: " + term.source
      ledger.record(half)
    }
  }
}
