// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import TrafficAnalysis

@testable import TrafficModel

/// Models with public shapes, and short ways to describe jobs.
enum Scenarios {
  static func llama(
    hidden: Int, layers: Int, heads: Int, keyValueHeads: Int, width: Int, vocabulary: Int
  ) -> ModelConfiguration {
    var model = ModelConfiguration(
      hiddenSize: hidden, layers: layers, attentionHeads: heads, headDimension: hidden / heads,
      intermediateSize: width, vocabularySize: vocabulary)
    model.modelType = "llama"
    model.keyValueHeads = keyValueHeads
    model.tiedEmbeddings = false
    model.dataType = "bfloat16"
    return model
  }

  static let llama3B: ModelConfiguration = {
    var model = llama(
      hidden: 3072, layers: 28, heads: 24, keyValueHeads: 8, width: 8192, vocabulary: 128256)
    model.tiedEmbeddings = true
    return model
  }()
  static let llama8B = llama(
    hidden: 4096, layers: 32, heads: 32, keyValueHeads: 8, width: 14336, vocabulary: 128256)
  static let llama13B = llama(
    hidden: 5120, layers: 40, heads: 40, keyValueHeads: 40, width: 13824, vocabulary: 32000)

  static let mixtral: ModelConfiguration = {
    var model = llama(
      hidden: 4096, layers: 32, heads: 32, keyValueHeads: 8, width: 14336, vocabulary: 32000)
    model.modelType = "mixtral"
    model.experts = .init(
      experts: 8, expertsPerToken: 2, intermediateSize: 14336, sharedExperts: 0,
      sharedIntermediateSize: 0, firstDenseLayers: 0, expertLayers: 32)
    return model
  }()

  static let deepSeek: ModelConfiguration = {
    var model = llama(
      hidden: 7168, layers: 61, heads: 128, keyValueHeads: 128, width: 18432, vocabulary: 129280)
    model.modelType = "deepseek_v3"
    model.headDimension = 192
    model.latentAttention = .init(
      keyValueRank: 512, queryRank: 1536, ropeHeadDimension: 64, noPositionHeadDimension: 128,
      valueHeadDimension: 128)
    model.experts = .init(
      experts: 256, expertsPerToken: 8, intermediateSize: 2048, sharedExperts: 1,
      sharedIntermediateSize: 2048, firstDenseLayers: 3, expertLayers: 58)
    return model
  }()

  /// DeepSeekMoE-like: hidden size 2048, 8 layers, all with experts.
  static func smallExperts(tensor: Int = 1) -> ModelConfiguration {
    var model = llama(
      hidden: 2048, layers: 8, heads: 16, keyValueHeads: 16, width: 8192, vocabulary: 32000)
    model.experts = .init(
      experts: 16, expertsPerToken: 2, intermediateSize: 1408, sharedExperts: 0,
      sharedIntermediateSize: 0, firstDenseLayers: 0, expertLayers: 8)
    return model
  }

  static func job(
    _ model: ModelConfiguration, tensor: Int = 1, pipeline: Int = 1, data: Int = 1,
    context: Int = 1, expert: Int = 1, expertTensor: Int = 1,
    change: (inout JobDescription) -> Void = { _ in }
  ) -> JobDescription {
    var sizes = JobDescription.Parallelism()
    sizes.tensor = tensor
    sizes.pipeline = pipeline
    sizes.data = data
    sizes.context = context
    sizes.expert = expert
    sizes.expertTensor = expertTensor
    sizes.sharding = .init(kind: .none, shard: 1, replicate: data)
    var job = JobDescription(
      file: "job.yaml", worldSize: tensor * pipeline * data * context, parallelism: sizes)
    job.model = model
    change(&job)
    return job
  }

  static func inference(
    _ job: JobDescription, prompt: Int = 128, output: Int = 128, batch: Int = 1,
    assumptions: TrafficAssumptions = TrafficAssumptions()
  ) throws -> ExpectedTraffic {
    var job = job
    var workload = JobDescription.Workload(kind: .inference)
    workload.batch = batch
    workload.promptTokens = prompt
    workload.outputTokens = output
    job.workload = workload
    return try TrafficModel.expect(job, assumptions: assumptions)
  }

  static func training(
    _ job: JobDescription, microBatches: Int = 1, length: Int = 4096,
    recompute: JobDescription.Workload.Recompute? = nil,
    assumptions: TrafficAssumptions = TrafficAssumptions()
  ) throws -> ExpectedTraffic {
    var job = job
    var workload = JobDescription.Workload(kind: .training)
    workload.steps = 1
    workload.microBatches = microBatches
    workload.microBatchSize = 1
    workload.sequenceLength = length
    workload.recompute = recompute
    job.workload = workload
    return try TrafficModel.expect(job, assumptions: assumptions)
  }
}

extension ExpectedTraffic {
  /// Rows of a dimension and phase.
  func select(
    _ dimension: ParallelismDimension, _ phase: TrafficPhase? = nil, _ collective: String? = nil
  ) -> [Row] {
    rows.filter {
      $0.dimension == dimension && (phase == nil || $0.phase == phase)
        && (collective == nil || $0.collective == collective)
    }
  }

  /// Operations of the selected rows.
  func operations(
    _ dimension: ParallelismDimension, _ phase: TrafficPhase? = nil, _ collective: String? = nil
  ) -> UInt64 {
    select(dimension, phase, collective).reduce(0) { $0 + $1.operations }
  }
}

/// Bytes of rows' send buffers, and of the wire.
extension Array where Element == ExpectedTraffic.Row {
  var payload: UInt64 { reduce(0) { $0 + $1.payloadBytes } }
  var wire: UInt64 { reduce(0) { $0 + $1.wireBytes } }
}
