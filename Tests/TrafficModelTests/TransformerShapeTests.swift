// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Testing

@testable import TrafficModel

/// Published numbers of parameters.
@Suite struct TransformerShapeTests {
  struct Known: Sendable {
    var model: ModelConfiguration
    var parameters: UInt64
  }

  static let gpt2: ModelConfiguration = {
    var model = ModelConfiguration(
      hiddenSize: 768, layers: 12, attentionHeads: 12, headDimension: 64, intermediateSize: 3072,
      vocabularySize: 50257)
    model.modelType = "gpt2"
    model.tiedEmbeddings = true
    model.dataType = "float32"
    return model
  }()

  @Test(arguments: [
    Known(model: Scenarios.llama3B, parameters: 3_212_749_824),
    Known(model: Scenarios.llama8B, parameters: 8_030_261_248),
    Known(model: Scenarios.llama13B, parameters: 13_015_864_320),
    Known(model: Scenarios.mixtral, parameters: 46_702_792_704),
    // Without 1024 learned positions, which are not in the configuration.
    Known(model: gpt2, parameters: 124_439_808 - 1024 * 768),
    // Without the routers' biases.
    Known(model: Scenarios.deepSeek, parameters: 671_026_419_200 - 58 * 256),
  ])
  func parametersAreThePublishedNumber(_ known: Known) throws {
    let layout = StageLayout(model: known.model, stages: 1, runs: [known.model.layers])
    var job = Scenarios.job(known.model)
    job.workload = .init(kind: .training)
    let count = try ParameterCount(
      scenario: JobScenario(job, TrafficAssumptions()), layout: layout)
    #expect(count.stages.map { $0.dense + $0.experts } == [known.parameters])
  }

  @Test func firstLayersStayDense() {
    let layout = StageLayout(model: Scenarios.deepSeek, stages: 2, runs: [31, 30])
    #expect(layout.stages.map(\.denseLayers) == [3, 0])
    #expect(layout.stages.map(\.expertLayers) == [28, 30])
  }

  @Test func everySecondLayerMayHaveExperts() {
    var model = Scenarios.smallExperts()
    model.experts?.expertLayers = 4
    let layout = StageLayout(model: model, stages: 2, runs: [2, 2, 2, 2])
    #expect(layout.stages.map(\.denseLayers) == [2, 2])
    #expect(layout.stages.map(\.expertLayers) == [2, 2])
  }
}
