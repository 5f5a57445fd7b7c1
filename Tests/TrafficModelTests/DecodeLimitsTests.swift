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
    #expect(abs(Double(full) / Double(latent) - 67.1) < 0.1)
  }

  @Test func batchesAtTheRidgeAreThoseOf32Accelerators() throws {
    let limits = DecodeLimits(model: Scenarios.deepSeek)
    let b200 = Accelerator(operationsPerSecond: 2250e12, memoryBandwidth: 8000e9)
    #expect(limits.attentionBatch(on: b200, dataParallel: 32) == 9000)
    #expect(limits.expertBatch(on: b200) == 9000)
    #expect(DecodeLimits(model: Scenarios.llama8B).expertBatch(on: b200) == nil)
    // An H200 with n_e/n_k of 4, 8 and 32.
    let h200 = Accelerator(operationsPerSecond: 989.5e12, memoryBandwidth: 4800e9)
    #expect(abs(h200.ridgePoint * 4 - 825) < 1)
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
