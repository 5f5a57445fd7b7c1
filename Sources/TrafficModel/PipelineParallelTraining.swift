// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace
internal import TrafficAnalysis

/// Pipeline parallelism in training: 1F1B and the interleaved schedule of Megatron-LM.
///
/// Every micro-batch crosses every boundary once forward (activations) and once backward
/// (gradients); the schedule decides when, not how often. A call moves T h elements, with sequence
/// parallel T h/t. With *v* model chunks per stage a micro-batch goes around the *p* stages *v*
/// times, which is pv - 1 boundaries: *v* between neighbours and v - 1 from the last stage back to
/// the first.
///
/// Tied embeddings are on the first and the last stage; their gradients are summed once per step
/// on a group of the two.
///
/// - SeeAlso: arXiv 2104.04473 section 2.2; Megatron-LM: `schedules.py`, `p2p_communication.py`,
///   `_allreduce_word_embedding_grads`.
struct PipelineParallelTraining {
  let scenario: JobScenario

  func record(in ledger: inout TrafficLedger) throws(ConfigurationError) {
    let stages = scenario.parallelism.pipeline
    guard stages > 1 else { return }
    let tensor = scenario.parallelism.tensor
    let tokens = try scenario.trainingTokens()
    let parts = scenario.parallelism.sequenceParallel ? UInt64(clamping: tensor) : 1
    let steps = UInt64(clamping: scenario.workload.steps ?? 1)
    let passes = try steps.times(scenario.microBatches())
    let chunks = scenario.assumptions.virtualStages
    let source =
      chunks == 1
      ? "1F1B: each micro-batch crosses each boundary once per direction"
      : "interleaved 1F1B: each micro-batch crosses p v - 1 boundaries per direction"

    func add(_ phase: TrafficPhase, from: Int, to: Int, _ operations: UInt64) {
      ledger.record(
        OperationClass(
          dimension: .pp, phase: phase, kind: .send,
          size: .elements((tokens / parts).times(scenario.model.hiddenSize)),
          dataType: scenario.activation, communicatorSize: stages, operations: operations,
          members: .boundary(from: from, to: to), source: source))
    }
    for stage in 1..<stages {
      add(.forward, from: stage - 1, to: stage, passes.times(chunks))
      add(.backward, from: stage, to: stage - 1, passes.times(chunks))
    }
    add(.forward, from: stages - 1, to: 0, passes.times(chunks - 1))
    add(.backward, from: 0, to: stages - 1, passes.times(chunks - 1))

    guard try scenario.tiedEmbeddings() else { return }
    ledger.record(
      OperationClass(
        dimension: .embedding, phase: .backward, kind: .allReduce,
        size: .elements(scenario.shape.embedding),
        dataType: scenario.assumptions.gradientType ?? .float32, communicatorSize: 2,
        operations: steps, members: .ends,
        source: "tied embeddings: 1 all-reduce of v/t x h per step between first and last stage"))
  }
}
