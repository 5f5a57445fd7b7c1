// SPDX-License-Identifier: Apache-2.0

public import CollectiveTrace
internal import TrafficAnalysis

/// Works out what the strategies of a job should move.
///
/// Every strategy is a closed form in a file of its own, with its source; this type decides which
/// of them a job uses.
public enum TrafficModel {
  /// Returns the traffic that a job's description implies.
  ///
  /// - Parameters:
  ///   - job: The layout, the workload and the model; a model of its own is added by
  ///     `JobDescription.with(model:)`.
  ///   - assumptions: What a framework may do in more than one way.
  /// - Returns: Rows, sums of ranks and what is outside the closed forms.
  /// - Throws: `missingKey` with the key path of a value a formula needs; `contradiction` where
  ///   sizes do not divide.
  /// - Complexity: O(ranks + layers + stages).
  public static func expect(
    _ job: JobDescription, assumptions: TrafficAssumptions = TrafficAssumptions()
  ) throws(ConfigurationError) -> ExpectedTraffic {
    let scenario = try JobScenario(job, assumptions)
    guard job.isConsistent else {
      throw scenario.contradiction(
        "parallelism", "the sizes do not make the world size",
        "tensor x context x data x pipeline must be world_size")
    }
    var ledger = TrafficLedger(parallelism: job.parallelism)
    switch scenario.workload.kind {
    case .inference: try inference(scenario, in: &ledger)
    case .training: try training(scenario, in: &ledger)
    }
    var traffic = ledger.traffic(job: job, statements: Statements.all(scenario))
    traffic.repetitions = try scenario.repetitions()
    if traffic.wireBytes == .max {
      traffic.statements.insert(
        "A sum is beyond 2^64 - 1 and stays there: the sizes cannot be meant.", at: 0)
    }
    return traffic
  }

  private static func inference(
    _ scenario: JobScenario, in ledger: inout TrafficLedger
  ) throws(ConfigurationError) {
    let stages = scenario.parallelism.pipeline
    guard scenario.model.layers >= stages else {
      throw scenario.contradiction(
        "parallelism.pipeline",
        "\(stages) stages are more than the model's \(scenario.model.layers) layers",
        "every stage needs a layer")
    }
    let layout = StageLayout(
      model: scenario.model, stages: stages,
      runs: StageLayout.inferenceRuns(layers: scenario.model.layers, stages: stages))
    let passes = try scenario.passes()
    TensorParallelInference(
      scenario: scenario, layout: layout, dispatchesTokens: ExpertParallel.dispatches(scenario)
    ).record(passes, in: &ledger)
    PipelineParallelInference(scenario: scenario).record(passes, in: &ledger)
    ExpertParallel(scenario: scenario, layout: layout).record(passes, in: &ledger)
    ContextParallel(scenario: scenario, layout: layout).record(passes, in: &ledger)
  }

  private static func training(
    _ scenario: JobScenario, in ledger: inout TrafficLedger
  ) throws(ConfigurationError) {
    let stages = scenario.parallelism.pipeline
    let chunks = scenario.assumptions.virtualStages
    guard chunks == 1 || stages > 1 else {
      throw scenario.contradiction(
        "virtual-stages", "the job has no pipeline", "leave it out or correct the layout")
    }
    let layers = scenario.model.layers
    // Both factors are at most 2^20.
    guard layers >= stages * chunks, layers % (stages * chunks) == 0 else {
      throw scenario.contradiction(
        "parallelism.pipeline",
        "\(layers) layers cannot be divided evenly into \(stages * chunks) model chunks",
        "layers must be a multiple of stages x virtual stages in training")
    }
    let layout = StageLayout(
      model: scenario.model, stages: stages,
      runs: [Int](repeating: layers / (stages * chunks), count: stages * chunks))
    try TensorParallelTraining(scenario: scenario, layout: layout).record(in: &ledger)
    try PipelineParallelTraining(scenario: scenario).record(in: &ledger)
    try ExpertParallel(scenario: scenario, layout: layout).record(in: &ledger)
    try ContextParallel(scenario: scenario, layout: layout).record(in: &ledger)
    if scenario.parallelism.sharding.shardsParameters {
      try ShardedDataParallel(scenario: scenario, layout: layout).record(in: &ledger)
    } else {
      try DataParallelTraining(scenario: scenario, layout: layout).record(in: &ledger)
    }
    TrainingControl(scenario: scenario).record(in: &ledger)
  }
}

/// What a reader must know before trusting a number.
private enum Statements {
  static func all(_ scenario: JobScenario) -> [String] {
    let sizes = scenario.parallelism
    let isTraining = scenario.workload.kind == .training
    var result = [
      "Wire bytes are the ring bound; trees, in-switch reduction and custom kernels move other amounts."
    ]
    if isTraining, scenario.workload.steps == nil {
      result.append("One optimizer step: workload.steps is not given.")
    }
    if isTraining, scenario.workload.microBatches == nil, scenario.workload.batch == nil,
      sizes.pipeline == 1
    {
      result.append("One micro-batch per step: workload.micro_batches is not given.")
    }
    result.append(
      isTraining
        ? "Left out: set-up (first broadcast or all-reduce of parameters, tied embeddings at the start), checkpoints, evaluation."
        : "Left out: the scalar calls that open a communicator, profiling runs and batches run to capture graphs."
    )
    if !isTraining {
      result.append(
        "NCCL logs a call when a graph is captured, not when it is replayed; custom all-reduce kernels bypass NCCL."
      )
      result.append("All prompts are taken to be prefilled in one pass, without chunks.")
    }
    if isTraining, scenario.parallelism.tensor > 1 || sizes.pipeline > 1 {
      result.append("The vocabulary is not padded beyond a multiple of the tensor-parallel size.")
    }
    if scenario.model.experts != nil, sizes.expert > 1 {
      result.append(
        ExpertParallel.dispatches(scenario)
          ? "Left out: exchange of split sizes, routing weights and the router's auxiliary loss."
          : "Experts are shared within tensor groups: their ranks have all tokens, so that none are dispatched."
      )
    }
    if !isTraining, sizes.context > 1 {
      result.append(
        "Left out: context parallelism in decode passes, which differs between engines.")
    }
    return result
  }
}
