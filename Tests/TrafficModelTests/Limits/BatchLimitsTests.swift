// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Testing
import TrafficAnalysis

@testable import TrafficModel

/// Numbers printed in arXiv 2507.15465, by way of a machine's description.
@Suite struct BatchLimitsTests {
  /// 32 B200 in one domain, fully connected at 900 GB/s.
  private static func cluster(_ bandwidth: String = "900 GB/s", latency: String = "0.8 us") throws
    -> HardwareDescription
  {
    try HardwareDescription.parse(
      text: """
        version: 1
        name: 32xB200
        source: arXiv 2507.15465, table I
        accelerator:
          compute: {bf16: 2250 TFLOP/s, fp8: 4500 TFLOP/s}
          memory_bandwidth: 8 TB/s
          memory_capacity: 192 GiB
        scale_up: {accelerators: 32, bandwidth_per_direction: \(bandwidth), latency: \(latency)}
        """, file: "b200.yaml")
  }

  private static func deepSeek(
    bits: Int = 16, imbalance: Double = 1, on hardware: HardwareDescription
  ) throws -> LimitModel {
    var options = LimitOptions()
    options.weightBits = bits
    options.imbalance = imbalance
    return try LimitModel(
      Scenarios.deepSeek, on: hardware,
      parallelism: PassLimitsTests.tensor(1, data: 32, expert: 32),
      options: options)
  }

  @Test func batchesAtTheRidgeAre9000AndMoreThanFits() throws {
    let limits = try Self.deepSeek(on: Self.cluster()).batchLimits(context: 8192)
    #expect(limits.ridgePoint == 281.25)
    #expect(limits.attention == 9000)
    #expect(limits.experts == 9000)
    #expect(limits.scoreIntensity == 102.4)
    #expect(limits.cacheBytesPerToken == 70_272)
    // The paper prints 7360, with activations that it does not state; LLMSimulator has 192 GiB.
    let capacity = try #require(limits.capacity)
    #expect(capacity < 9000)
    #expect((capacity / 7360 - 1).magnitude < 0.02, "\(capacity)")
  }

  @Test func narrowWeightsLeaveTheRidgeBatchAndFreeMemory() throws {
    // FP8: the ridge point doubles, bytes halve.
    let hardware = try Self.cluster()
    let wide = try Self.deepSeek(on: hardware).batchLimits(context: 8192)
    let narrow = try Self.deepSeek(bits: 8, on: hardware).batchLimits(context: 8192)
    #expect(narrow.ridgePoint == 562.5)
    #expect(narrow.experts == 9000)
    #expect(try #require(narrow.capacity) > #require(wide.capacity))
    #expect(try #require(narrow.capacity) > 9000)
  }

  @Test func dispatchTakesWhatThePaperPrints() throws {
    // 128 tokens for each of 32 accelerators, 8 experts each, 7168 x 2 bytes: 14.68 MB, of which
    // the 31/32 that leave are what a link carries. With the printed pair's imbalance of 1.033 over
    // all tokens, 1.033 x 32/31 over those that leave.
    func seconds(_ bandwidth: String, _ latency: String, _ imbalance: Double) throws -> Double {
      let fabric = try CommunicationFabric(Self.cluster(bandwidth, latency: latency))
      let bytes = 128.0 * 8 * 7168 * 2
      return try #require(
        fabric.cost(
          of: "all_to_all", bytes: bytes, shape: GroupShape(ranks: 32, domains: 1),
          imbalance: imbalance * 32 / 31)
      ).seconds
    }
    #expect((try seconds("100 GB/s", "0.13 us", 1) * 1e6 - 146.9).magnitude < 0.05)
    #expect((try seconds("900 GB/s", "0.8 us", 1) * 1e6 - 17.11).magnitude < 0.005)
    let printed = 15.167 / 14.680_064
    #expect((printed - 1.033).magnitude < 0.0005)
    #expect((try seconds("100 GB/s", "0.13 us", printed) * 1e6 - 151.8).magnitude < 0.05)
    #expect((try seconds("900 GB/s", "0.8 us", printed) * 1e6 - 17.65).magnitude < 0.005)
  }

  @Test func theLargestBatchInTimeIsTheLastThatKeepsIt() throws {
    let model = try Self.deepSeek(on: Self.cluster())
    let batch = try #require(model.batchLimits(context: 8192).tokenTime)
    #expect(model.pass(.decode, batch: Int(batch), context: 8192).seconds <= 0.05)
    #expect(model.pass(.decode, batch: Int(batch) + 1, context: 8192).seconds > 0.05)
  }

  @Test func latentAttentionTradesOperationsForBytes() {
    // Table III and observation 3: 2 d_dec/d_KVco = 64, d_KVco/d_hd = 4, d_dec/d_KVco = 32.
    let model = Scenarios.deepSeek
    let latent = ModelDemand(model, weightBytes: 2, cacheBytes: 2)
    #expect(DecodeLimits(model: model).scoreIntensity == 102.4)
    #expect(DecodeLimits(model: model).sharedReadIntensity == 204.8)
    #expect(
      DecodeLimits.reordering(of: model).map { [$0.latencyGain, $0.moreOperations, $0.fewerBytes] }
        == [64, 4, 32])
    // 61 layers, 128 heads, scores of 512 + 64 and values of 512 wide.
    #expect(latent.decodeAttentionOperations(context: 1000) == 2 * 61 * 128 * 1088 * 1000)
  }

  @Test func printedQuotientsAreThoseOfTheirNumbers() {
    // Figure 9: 7360, 3328 and 124.
    #expect((7360.0 / 124 - 59.4).magnitude < 0.05)
    #expect((7360.0 / 3328 - 2.21).magnitude < 0.005)
  }
}
