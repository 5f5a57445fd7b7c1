// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace
internal import TrafficAnalysis

/// Pipeline parallelism of an inference engine, alone or together with tensor parallelism.
///
/// A stage hands over two tensors, the hidden states and the residual: two sends per boundary and
/// pass. With *t* tensor ranks each sends the slice T h/t to its counterpart, and the receiving
/// stage gathers the slices in its tensor group: two all-gathers per boundary and pass. Only where
/// T h does not divide by *t* each rank sends all of it and nothing is gathered.
///
/// Volume per boundary over all tensor ranks: V = 2 h b T, whatever *t* is.
///
/// - SeeAlso: vLLM 0.8.5: `GroupCoordinator.send_tensor_dict` with `all_gather_group`.
struct PipelineParallelInference {
  /// Hidden states and residual.
  private static let tensors: UInt64 = 2

  let scenario: JobScenario

  func record(_ passes: [InferencePass], in ledger: inout TrafficLedger) {
    let stages = scenario.parallelism.pipeline
    let tensor = scenario.parallelism.tensor
    guard stages > 1 else { return }
    for pass in passes {
      let whole = pass.tokens.times(scenario.model.hiddenSize)
      let isSliced = tensor > 1 && whole.isMultiple(of: UInt64(clamping: tensor))
      let elements = isSliced ? whole / UInt64(clamping: tensor) : whole
      for stage in 1..<stages {
        ledger.record(
          OperationClass(
            dimension: .pp, phase: pass.phase, kind: .send, size: .elements(elements),
            dataType: scenario.activation, communicatorSize: stages,
            operations: pass.count.times(Self.tensors),
            members: .boundary(from: stage - 1, to: stage),
            source: "2 sends per boundary and pass (vLLM send_tensor_dict)"))
        guard isSliced else { continue }
        ledger.record(
          OperationClass(
            dimension: .tp, phase: pass.phase, kind: .allGather, size: .elements(elements),
            dataType: scenario.activation, communicatorSize: tensor,
            operations: pass.count.times(Self.tensors), members: .stage(stage),
            source: "2 all-gathers of received slices per pass (vLLM recv_tensor_dict)"))
      }
    }
  }
}
