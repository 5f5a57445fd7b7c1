// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace
internal import TrafficAnalysis

/// Tensor parallelism in training, as Megatron-LM does it.
///
/// A layer has two blocks, attention and MLP, each a column-parallel and a row-parallel matrix.
/// With *T* tokens of a micro-batch on a rank's part of the sequence, hidden size *h* and *t* ranks,
/// per block and micro-batch:
///
/// | | forward | backward |
/// | --- | --- | --- |
/// | tensor parallel | 1 all-reduce of T h | 1 all-reduce of T h |
/// | with sequence parallel, calls of T h/t | 1 all-gather, 1 reduce-scatter | 2 all-gathers, 1 reduce-scatter |
///
/// The second all-gather of the backward pass brings the block's input back for the gradient of
/// its weights. In the same way, per micro-batch:
///
/// - The embedding, on the first stage: 1 all-reduce forward; with sequence parallel 1 reduce-scatter
///   forward and 1 all-gather backward.
/// - The logits, on the last stage: 1 all-reduce backward; with sequence parallel 1 all-gather
///   forward, 1 all-gather and 1 reduce-scatter backward.
/// - The loss over the split vocabulary, on the last stage: 3 all-reduces of T float32 numbers
///   (maximum, logit of the target, sum of exponentials).
///
/// Full recomputation runs the forward calls of every block once more in the backward pass;
/// selective recomputation recomputes only what no call lies in. With sequence parallel the
/// gradients of norms are summed in one all-reduce per step. A block whose MLP is routed to experts
/// has calls of its own (``ExpertParallel``); shared experts keep the block's.
///
/// - SeeAlso: arXiv 1909.08053 section 3, arXiv 2205.05198 sections 4 and 5; Megatron-LM:
///   `LinearWithGradAccumulationAndAsyncCommunication`, `VocabParallelCrossEntropy`,
///   `_allreduce_layernorm_grads`.
struct TensorParallelTraining {
  /// All-reduces of the loss over the split vocabulary.
  private static let lossReductions: UInt64 = 3

  let scenario: JobScenario
  let layout: StageLayout

  func record(in ledger: inout TrafficLedger) throws(ConfigurationError) {
    let tensor = scenario.parallelism.tensor
    guard tensor > 1 else { return }
    let hidden = scenario.model.hiddenSize
    let tokens = try scenario.trainingTokens()
    let steps = UInt64(clamping: scenario.workload.steps ?? 1)
    let passes = try steps.times(scenario.microBatches())
    let isSequenceParallel = scenario.parallelism.sequenceParallel
    let recomputes = scenario.workload.recompute == .full
    let last = layout.stages.count - 1

    for (index, stage) in layout.stages.enumerated() {
      let blocks = UInt64(clamping: blocks(of: stage)).times(passes)
      func add(
        _ phase: TrafficPhase, _ kind: OperationKind, _ operations: UInt64, _ source: String
      ) {
        let parts = isSequenceParallel ? UInt64(clamping: tensor) : 1
        ledger.record(
          OperationClass(
            dimension: isSequenceParallel ? .sp : .tp, phase: phase, kind: kind,
            size: .elements((tokens / parts).times(hidden)), dataType: scenario.activation,
            communicatorSize: tensor, operations: operations, members: .stage(index),
            source: source))
      }
      if isSequenceParallel {
        let block = "Megatron sequence parallel: AG + RS forward, 2 AG + RS backward per block"
        add(.forward, .allGather, blocks, block)
        add(.forward, .reduceScatter, blocks, block)
        add(.backward, .allGather, blocks.times(2), block)
        add(.backward, .reduceScatter, blocks, block)
        if recomputes {
          add(.backward, .allGather, blocks, "full recomputation: forward calls again")
          add(.backward, .reduceScatter, blocks, "full recomputation: forward calls again")
        }
        if index == 0 {
          add(.forward, .reduceScatter, passes, "embedding: RS forward, AG backward")
          add(.backward, .allGather, passes, "embedding: RS forward, AG backward")
        }
        if index == last {
          add(.forward, .allGather, passes, "logits: AG forward, AG + RS backward")
          add(.backward, .allGather, passes, "logits: AG forward, AG + RS backward")
          add(.backward, .reduceScatter, passes, "logits: AG forward, AG + RS backward")
        }
      } else {
        let block = "Megatron tensor parallel: 1 all-reduce per block and direction"
        add(.forward, .allReduce, blocks, block)
        add(.backward, .allReduce, blocks, block)
        if recomputes {
          add(.backward, .allReduce, blocks, "full recomputation: forward calls again")
        }
        if index == 0 { add(.forward, .allReduce, passes, "embedding: 1 all-reduce forward") }
        if index == last { add(.backward, .allReduce, passes, "logits: 1 all-reduce backward") }
      }
      if index == last { recordLoss(tokens, passes, stage: index, in: &ledger) }
      if isSequenceParallel {
        recordNormGradients(stage, steps, index: index, isLast: index == last, in: &ledger)
      }
    }
  }

  /// Blocks whose input and output are split over the tensor group.
  private func blocks(of stage: StageLayout.Stage) -> Int {
    let hasShared = (scenario.model.experts?.sharedExperts ?? 0) > 0
    return 2 * stage.denseLayers + (hasShared ? 2 : 1) * stage.expertLayers
  }

  private func recordLoss(
    _ tokens: UInt64, _ passes: UInt64, stage: Int, in ledger: inout TrafficLedger
  ) {
    ledger.record(
      OperationClass(
        dimension: .tp, phase: .forward, kind: .allReduce, size: .elements(tokens),
        dataType: .float32, communicatorSize: scenario.parallelism.tensor,
        operations: passes.times(Self.lossReductions), members: .stage(stage),
        source: "vocabulary-parallel loss: 3 all-reduces of tokens (maximum, target, sum)"))
  }

  private func recordNormGradients(
    _ stage: StageLayout.Stage, _ steps: UInt64, index: Int, isLast: Bool,
    in ledger: inout TrafficLedger
  ) {
    let shape = scenario.shape
    let final = isLast ? shape.norm : 0
    ledger.record(
      OperationClass(
        dimension: .tp, phase: .backward, kind: .allReduce,
        size: .elements(shape.replicatedPerLayer.times(stage.layers).adding(final)),
        dataType: scenario.activation, communicatorSize: scenario.parallelism.tensor,
        operations: steps, members: .stage(index),
        source:
          "gradients of norms in one all-reduce per step (Megatron _allreduce_layernorm_grads)",
        note: "float32 where main gradients are float32"))
  }
}
