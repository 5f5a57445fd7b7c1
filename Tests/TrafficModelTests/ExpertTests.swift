// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Testing
import TrafficAnalysis

@testable import TrafficModel

@Suite struct ExpertTests {
  @Test func trainingDispatchesAndCombinesInBothDirections() throws {
    // 1024 tokens to 2 of 16 experts on 4 ranks: 512 tokens of 2048 elements for each peer.
    let traffic = try Scenarios.training(
      Scenarios.job(Scenarios.smallExperts(), data: 8, expert: 4), length: 1024)
    let rows = traffic.select(.ep)
    #expect(rows.map(\.phase) == [.forward, .backward])
    #expect(rows.allSatisfy { $0.elementCount == 1_048_576 && $0.collective == "all_to_all" })
    // 2 groups x 8 layers x 2.
    #expect(rows.map(\.operations) == [32, 32])
    #expect(rows.allSatisfy { $0.communicators == 2 && $0.communicatorSize == 4 })
    // Of each rank's 2048 tokens three quarters leave.
    #expect(rows[0].wireBytes == 32 * 4 * 2048 * 2048 * 2 * 3 / 4)
    // Experts of a layer on one rank: 4 x 3 x 2048 x 1408, reduced between 2 replicas.
    let replicas = traffic.select(.edp)
    #expect(replicas.payload == 8 * 8 * 34_603_008 * 4)
    #expect(replicas.allSatisfy { $0.communicatorSize == 2 && $0.communicators == 4 })
  }

  @Test func unevenPartsHaveNoCountButTheirSum() throws {
    let traffic = try Scenarios.training(
      Scenarios.job(Scenarios.smallExperts(), data: 4, expert: 4), length: 1023)
    let row = try #require(traffic.select(.ep, .forward).first)
    #expect(row.elementCount == nil)
    #expect(row.messageBytes == 1023 * 2 * 2048 * 2)
    #expect(row.wireBytes == row.operations * 3 * row.messageBytes)
  }

  @Test func expertsThatAreNotSplitShareTheBucketsOfDenseLayers() throws {
    let traffic = try Scenarios.training(
      Scenarios.job(Scenarios.mixtral, data: 2) {
        $0.parallelism.sharding = .init(kind: .zero1, shard: 2, replicate: 1)
      })
    #expect(traffic.select(.edp).isEmpty)
    #expect(traffic.select(.dp, .backward).map(\.operations) == [1, 46_702_792_704 / 40_000_000])
  }

  @Test func aCapacityFixesTheTokensOfEachExpert() throws {
    var assumptions = TrafficAssumptions()
    assumptions.capacityPercent = 125
    let traffic = try Scenarios.training(
      Scenarios.job(Scenarios.smallExperts(), data: 4, expert: 4), length: 1000,
      assumptions: assumptions)
    // ceil(1.25 x 1000 x 2/16) = 157 tokens for each of a peer's 4 experts.
    let row = try #require(traffic.select(.ep, .forward).first)
    #expect(row.elementCount == 4 * 157 * 2048)
  }

  @Test func splitExpertsShareWhatTheyReceive() throws {
    let traffic = try Scenarios.training(
      Scenarios.job(
        Scenarios.smallExperts(), tensor: 2, data: 4, expert: 4, expertTensor: 2
      ) { $0.parallelism.sequenceParallel = true }, length: 1024)
    let gather = try #require(traffic.select(.tp, .forward, "all_gather").first)
    #expect(gather.elementCount == 512 * 2 * 2048)
    #expect(gather.communicatorSize == 2)
    // Only attention is left to the tensor group: one block per layer.
    #expect(traffic.operations(.sp, .forward, "all_gather") == 4 * (8 + 1))
    #expect(throws: ConfigurationError.self) {
      try Scenarios.training(
        Scenarios.job(
          Scenarios.smallExperts(), tensor: 2, data: 4, expert: 4, expertTensor: 2))
    }
  }

  @Test func deepSeekDecodeDispatchesWhatThePaperSays() throws {
    // 128 sequences per rank, 8 experts each, 7168 bfloat16 elements: 14.68 MB per dispatch.
    let traffic = try Scenarios.inference(
      Scenarios.job(Scenarios.deepSeek, data: 32, expert: 32), prompt: 1, output: 2,
      batch: 32 * 128)
    let row = try #require(traffic.select(.ep, .decode).first)
    #expect(row.messageBytes == 14_680_064)
    #expect(row.operations == 2 * 58)
    // 31 of 32 parts leave.
    #expect(row.wireBytes == 2 * 58 * 31 * 14_680_064)
    #expect(
      DecodeLimits(model: Scenarios.deepSeek).dispatchBytes(tokensPerRank: 128, elementBytes: 2)
        == 14_680_064)
  }

  @Test func expertsWithinATensorGroupNeedNoDispatch() throws {
    let traffic = try Scenarios.inference(
      Scenarios.job(Scenarios.mixtral, tensor: 8, expert: 8))
    #expect(traffic.select(.ep).isEmpty)
    #expect(traffic.operations(.tp, .prefill, "all_reduce") == 65)
  }

  @Test func theGatherFormSendsEveryTokenToEveryRank() throws {
    var assumptions = TrafficAssumptions()
    assumptions.expertDispatch = .allGather
    let traffic = try Scenarios.inference(
      Scenarios.job(Scenarios.mixtral, data: 8, expert: 8), output: 1, batch: 8,
      assumptions: assumptions)
    let rows = traffic.select(.ep, .prefill)
    #expect(rows.map(\.elementCount) == [1024, 524_288, 524_288])
    #expect(rows.map(\.operations) == [32, 32, 32])
    #expect(rows.map(\.collective) == ["all_gather", "all_gather", "reduce_scatter"])
  }
}
