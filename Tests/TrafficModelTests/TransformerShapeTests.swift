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

  private static func family(
    _ name: String, hidden: Int, layers: Int, heads: Int, keyValueHeads: Int, head: Int,
    width: Int, vocabulary: Int, isTied: Bool
  ) -> ModelConfiguration {
    var model = Scenarios.llama(
      hidden: hidden, layers: layers, heads: heads, keyValueHeads: keyValueHeads, width: width,
      vocabulary: vocabulary)
    model.modelType = name
    model.headDimension = head
    model.tiedEmbeddings = isTied
    return model
  }

  static let qwen3Experts: ModelConfiguration = {
    var model = family(
      "qwen3_moe", hidden: 2048, layers: 48, heads: 32, keyValueHeads: 4, head: 128,
      width: 6144, vocabulary: 151_936, isTied: false)
    model.experts = .init(
      experts: 128, expertsPerToken: 8, intermediateSize: 768, sharedExperts: 0,
      sharedIntermediateSize: 0, firstDenseLayers: 0, expertLayers: 48)
    return model
  }()

  /// Qwen2-7B, Qwen3-8B, Qwen3-30B-A3B, Gemma 7B, Gemma 2 2B, Gemma 3 1B, GPT-NeoX-20B, Falcon-7B.
  static let families = [
    Known(
      model: family(
        "qwen2", hidden: 3584, layers: 28, heads: 28, keyValueHeads: 4, head: 128,
        width: 18944, vocabulary: 152_064, isTied: false), parameters: 7_615_616_512),
    Known(
      model: family(
        "qwen3", hidden: 4096, layers: 36, heads: 32, keyValueHeads: 8, head: 128,
        width: 12288, vocabulary: 151_936, isTied: false), parameters: 8_190_735_360),
    Known(model: qwen3Experts, parameters: 30_532_122_624),
    Known(
      model: family(
        "gemma", hidden: 3072, layers: 28, heads: 16, keyValueHeads: 16, head: 256,
        width: 24576, vocabulary: 256_000, isTied: true), parameters: 8_537_680_896),
    Known(
      model: family(
        "gemma2", hidden: 2304, layers: 26, heads: 8, keyValueHeads: 4, head: 256,
        width: 9216, vocabulary: 256_000, isTied: true), parameters: 2_614_341_888),
    Known(
      model: family(
        "gemma3_text", hidden: 1152, layers: 26, heads: 4, keyValueHeads: 1, head: 256,
        width: 6912, vocabulary: 262_144, isTied: true), parameters: 999_885_952),
    Known(
      model: family(
        "gpt_neox", hidden: 6144, layers: 44, heads: 64, keyValueHeads: 64, head: 96,
        width: 24576, vocabulary: 50432, isTied: false), parameters: 20_554_567_680),
    Known(
      model: family(
        "falcon", hidden: 4544, layers: 32, heads: 71, keyValueHeads: 1, head: 64,
        width: 18176, vocabulary: 65024, isTied: true), parameters: 6_921_720_704),
  ]

  @Test(arguments: families)
  func everyFamilyHasItsPublishedNumberOfParameters(_ known: Known) throws {
    try parametersAreThePublishedNumber(known)
  }

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
