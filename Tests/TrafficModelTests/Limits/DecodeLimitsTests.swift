// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Testing

@testable import TrafficModel

/// Numbers printed in arXiv 2507.15465.
@Suite struct DecodeLimitsTests {
  struct Ridge: Sendable {
    var teraOperations: Double
    var gigabytes: Double
    var point: Double
  }

  @Test(arguments: [
    Ridge(teraOperations: 125, gigabytes: 900, point: 138.89),
    Ridge(teraOperations: 312, gigabytes: 2039, point: 153.02),
    Ridge(teraOperations: 989.5, gigabytes: 4800, point: 206.15),
    Ridge(teraOperations: 2250, gigabytes: 8000, point: 281.25),
    Ridge(teraOperations: 459, gigabytes: 2765, point: 166),
    Ridge(teraOperations: 1307.4, gigabytes: 6000, point: 217.9),
  ])
  func ridgePointsAreThoseOfTheTable(_ known: Ridge) {
    let accelerator = Accelerator(
      operationsPerSecond: known.teraOperations * 1e12, memoryBandwidth: known.gigabytes * 1e9)
    #expect(abs(accelerator.ridgePoint - known.point) < 0.006)
  }

  @Test func theRidgePointThatIsMisprintedFollowsFromItsRow() {
    // Table I prints 320.42 for the TPU v7; 2307 TFLOPS at 7400 GB/s are 311.76.
    let accelerator = Accelerator(operationsPerSecond: 2307e12, memoryBandwidth: 7400e9)
    #expect(abs(accelerator.ridgePoint - 311.76) < 0.006)
  }

  static let gpt3 = ModelConfiguration(
    hiddenSize: 12288, layers: 96, attentionHeads: 96, headDimension: 128,
    intermediateSize: 49152, vocabularySize: 50257)

  @Test func cachesAreAsLargeAsPrinted() {
    let latent = DecodeLimits(model: Scenarios.deepSeek).cachedElementsPerToken * 2
    let full = DecodeLimits(model: Self.gpt3).cachedElementsPerToken * 2
    // (512 + 64) x 61 x 2 = 68.6 KiB; 12288 x 96 x 2 x 2 = 4.5 MiB; a request of 2048 tokens 9 GiB.
    #expect(latent == 70_272)
    #expect(full == 4_718_592)
    #expect(full * 2048 == 9 << 30)
    #expect(abs(Double(full) / Double(latent) - 67.1) < 0.05)
    #expect(abs(Double(latent) / 1024 - 68.6) < 0.05)
    #expect(abs(Double(full) / 1_048_576 - 4.5) < 0.05)
    // Llama 4 Maverick: 8 key-value heads of 128 in 48 layers, 192 KiB, 2.80 times as much.
    var grouped = ModelConfiguration(
      hiddenSize: 5120, layers: 48, attentionHeads: 40, headDimension: 128,
      intermediateSize: 16384, vocabularySize: 202_048)
    grouped.keyValueHeads = 8
    let maverick = DecodeLimits(model: grouped).cachedElementsPerToken * 2
    #expect(maverick == 192 << 10)
    #expect(abs(Double(maverick) / Double(latent) - 2.80) < 0.005)
    #expect(DecodeLimits(model: grouped).scoreIntensity == 5)
  }

  @Test func anExpertGetsItsShareOfTheBatch() throws {
    // B n_k/n_e tokens: 4096 sequences, 8 of 256 experts.
    let limits = DecodeLimits(model: Scenarios.deepSeek)
    #expect(limits.tokensPerExpert(batch: 4096) == 128)
    #expect(DecodeLimits(model: Scenarios.llama8B).tokensPerExpert(batch: 4096) == nil)
  }

  @Test func dispatchAndCombineTakeWhatTheEquationSays() throws {
    // Equation 13 on 32 accelerators with 128 sequences each: both ways move 2 x 14.68 MB over
    // each link, once more the latency; the printed time of one way has an imbalance of 1.033.
    let limits = DecodeLimits(model: Scenarios.deepSeek)
    let nvlink = Link(bandwidth: 900e9, latency: 0.8e-6)
    let even = try #require(
      limits.expertExchangeSeconds(
        batch: 4096, accelerators: 32, elementBytes: 2, imbalance: 1, link: nvlink))
    #expect(abs(even - (2 * 14_680_064 / 900e9 + 0.8e-6)) < 1e-12)
    let skewed = try #require(
      limits.expertExchangeSeconds(
        batch: 4096, accelerators: 32, elementBytes: 2, imbalance: 1.033, link: nvlink))
    #expect(abs((skewed - 0.8e-6) / 2 + 0.8e-6 - 17.65e-6) < 0.01e-6)
  }

  @Test func batchesAtTheRidgeAreThoseOf32Accelerators() throws {
    let limits = DecodeLimits(model: Scenarios.deepSeek)
    let b200 = Accelerator(operationsPerSecond: 2250e12, memoryBandwidth: 8000e9)
    #expect(limits.attentionBatch(on: b200, dataParallel: 32) == 9000)
    #expect(limits.expertBatch(on: b200) == 9000)
    #expect(DecodeLimits(model: Scenarios.llama8B).expertBatch(on: b200) == nil)
    // An H200 with n_e/n_k of 4, 8 and 32.
    let h200 = Accelerator(operationsPerSecond: 989.5e12, memoryBandwidth: 4800e9)
    var model = Scenarios.mixtral
    for (experts, batch) in [(8, 825.0), (16, 1649)] {
      model.experts?.experts = experts
      let found = try #require(DecodeLimits(model: model).expertBatch(on: h200))
      #expect(abs(found - batch) < 1)
    }
    let deepSeek = try #require(limits.expertBatch(on: h200))
    #expect(abs(deepSeek - 6597) < 1)
  }

  @Test func absorbedScoresReachAboutAHundredOperationsPerByte() {
    #expect(DecodeLimits(model: Scenarios.deepSeek).scoreIntensity == 102.4)
    #expect(DecodeLimits(model: Self.gpt3).scoreIntensity == 1)
  }

  @Test func dispatchTimesFollowFromLinks() throws {
    let bytes = try #require(
      DecodeLimits(model: Scenarios.deepSeek).dispatchBytes(tokensPerRank: 128, elementBytes: 2))
    let infiniBand = Link(bandwidth: 100e9, latency: 0.13e-6)
    let nvlink = Link(bandwidth: 900e9, latency: 0.8e-6)
    #expect(abs(infiniBand.seconds(bytes: Double(bytes)) - 146.9e-6) < 0.1e-6)
    #expect(abs(nvlink.seconds(bytes: Double(bytes)) - 17.11e-6) < 0.01e-6)
    // The printed times, with the imbalance of routing in them.
    #expect(abs(infiniBand.seconds(bytes: 15.167e6) - 151.8e-6) < 0.01e-6)
    #expect(abs(nvlink.seconds(bytes: 15.167e6) - 17.65e-6) < 0.01e-6)
  }

  @Test func aRingAllReduceTakesTwiceTheStepsOfItsRanksLessOne() {
    let link = Link(bandwidth: 450e9, latency: 0.8e-6)
    let seconds = link.ringAllReduceSeconds(bytes: 1_048_576, ranks: 4)
    #expect(abs(seconds - 6 * (0.8e-6 + 262_144 / 450e9)) < 1e-12)
    #expect(link.ringAllReduceSeconds(bytes: 1, ranks: 1) == 0)
  }
}
