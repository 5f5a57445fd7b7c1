// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Testing
import TrafficAnalysis

@testable import TrafficModel

@Suite struct TrainingTests {
  /// Llama-3.1-8B with fewer layers.
  private func llama(layers: Int, tied: Bool = false) -> ModelConfiguration {
    var model = Scenarios.llama8B
    model.layers = layers
    model.tiedEmbeddings = tied
    return model
  }

  private func megatron(_ model: ModelConfiguration, sequenceParallel: Bool = true)
    -> JobDescription
  {
    Scenarios.job(model, tensor: 2, pipeline: 2, data: 2) {
      $0.parallelism.sequenceParallel = sequenceParallel
      $0.parallelism.sharding = .init(kind: .zero1, shard: 2, replicate: 1)
    }
  }

  @Test func sequenceParallelCallsPerRankAreThoseCountedByHand() throws {
    // 16 layers on 2 stages, 4 micro-batches: 32 passes through a layer on each stage. A rank of the
    // first stage gathers 6 x 32 + 4 times, of the last 6 x 32 + 8, and scatters 4 x 32 + 4 times.
    let traffic = try Scenarios.training(
      megatron(llama(layers: 16, tied: true)), microBatches: 4)
    #expect(traffic.select(.sp).allSatisfy { $0.elementCount == 8_388_608 })
    #expect(traffic.operations(.sp, nil, "all_gather") == 2 * (196 + 200))
    #expect(traffic.operations(.sp, nil, "reduce_scatter") == 2 * (132 + 132))
    let loss = try #require(traffic.select(.tp, .forward).first)
    #expect(loss.elementCount == 4096 && loss.dataType == "float32")
    #expect(loss.operations == 2 * 12)
    // Two norms of each of 8 layers, and the final one on the last stage.
    #expect(traffic.select(.tp, .backward).map(\.elementCount) == [65536, 69632])
    #expect(traffic.select(.pp).allSatisfy { $0.elementCount == 8_388_608 })
    #expect(traffic.operations(.pp, .forward) == 4 * 4)
    #expect(traffic.operations(.pp, .backward) == 4 * 4)
    let embedding = try #require(traffic.select(.embedding).first)
    #expect(embedding.elementCount == 262_668_288)
    #expect(embedding.operations == 4 && embedding.communicators == 4)
  }

  @Test func theDistributedOptimizerCutsParametersIntoBuckets() throws {
    let traffic = try Scenarios.training(
      megatron(llama(layers: 16, tied: true)), microBatches: 4)
    // 1,135,149,056 parameters on the first stage: 28 buckets of 40,000,000 and 15,149,056 more.
    let rows = traffic.select(.dp, .backward)
    #expect(rows.map(\.elementCount) == [7_574_528, 7_576_576, 20_000_000])
    #expect(rows.map(\.operations) == [2, 2, 4 * 28])
    #expect(rows.allSatisfy { $0.collective == "reduce_scatter" && $0.dataType == "float32" })
    let gathers = traffic.select(.dp, .optimizer, "all_gather")
    #expect(gathers.map(\.elementCount) == [7_574_528, 7_576_576, 20_000_000])
    #expect(gathers.allSatisfy { $0.dataType == "bfloat16" })
  }

  @Test func sequenceParallelMovesWhatTensorParallelMovesPlusInputsGatheredAgain() throws {
    let with = try Scenarios.training(megatron(llama(layers: 16)), microBatches: 4)
    let without = try Scenarios.training(
      megatron(llama(layers: 16), sequenceParallel: false), microBatches: 4)
    // Two all-reduces forward and two backward per layer, one for the embedding, one for logits.
    #expect(without.operations(.tp, .forward, "all_reduce") - 24 == 2 * 4 * (2 * 16 + 1))
    #expect(without.operations(.tp, .backward, "all_reduce") == 2 * 4 * (2 * 16 + 1))
    let reduced = without.select(.tp).filter { $0.dataType == "bfloat16" }.wire
    // An all-reduce is a reduce-scatter and an all-gather; one more all-gather per block and for
    // the logits brings inputs back.
    let again: UInt64 = 2 * 4 * (2 * 16 + 1) * 8_388_608 * 2 * 2
    #expect(with.select(.sp).wire == reduced + again)
    #expect(without.select(.pp).allSatisfy { $0.elementCount == 16_777_216 })
  }

  @Test func fullRecomputationRepeatsTheForwardCallsOfBlocks() throws {
    let job = megatron(llama(layers: 16))
    let plain = try Scenarios.training(job, microBatches: 4)
    let selective = try Scenarios.training(job, microBatches: 4, recompute: .selective)
    let full = try Scenarios.training(job, microBatches: 4, recompute: .full)
    #expect(selective == plain)
    let blocks: UInt64 = 2 * 4 * 2 * 16
    #expect(
      full.operations(.sp, .backward) == plain.operations(.sp, .backward) + 2 * blocks)
    #expect(full.operations(.sp, .forward) == plain.operations(.sp, .forward))
  }

  @Test func fullRecomputationRepeatsReductionsAndRingsToo() throws {
    let plain = megatron(llama(layers: 16), sequenceParallel: false)
    let once = try Scenarios.training(plain, microBatches: 4)
    let full = try Scenarios.training(plain, microBatches: 4, recompute: .full)
    // Two blocks of 16 layers, 4 micro-batches, 2 replicas.
    #expect(
      full.operations(.tp, .backward, "all_reduce")
        == once.operations(.tp, .backward, "all_reduce") + 2 * 16 * 4 * 2)
    let ring = Scenarios.job(llama(layers: 4), context: 4)
    func sends(_ recompute: JobDescription.Workload.Recompute?) throws -> UInt64 {
      try Scenarios.training(ring, length: 8192, recompute: recompute).operations(.cp, .backward)
    }
    // 4 ranks, 4 layers: 3 + 4 sends, and 3 once more when attention is computed again.
    #expect(try sends(nil) == 4 * 4 * 7)
    #expect(try sends(.selective) == 4 * 4 * 10)
    #expect(try sends(.full) == 4 * 4 * 10)
  }

  @Test func untiedEmbeddingsAreNotSummed() throws {
    let traffic = try Scenarios.training(megatron(llama(layers: 16)), microBatches: 4)
    #expect(traffic.select(.embedding).isEmpty)
    // Each end holds a matrix of its own then: as many parameters as with a tied copy.
    let tied = try Scenarios.training(megatron(llama(layers: 16, tied: true)), microBatches: 4)
    #expect(
      traffic.select(.dp, .backward, "reduce_scatter").wire
        == tied.select(.dp, .backward, "reduce_scatter").wire)
  }

  @Test func callsOfARankAreThoseOfItsStage() throws {
    for traffic in [
      try Scenarios.training(megatron(llama(layers: 16, tied: true)), microBatches: 4),
      try Scenarios.inference(Scenarios.job(Scenarios.llama8B, tensor: 2, pipeline: 4)),
    ] {
      for rank in traffic.ranks {
        #expect(
          traffic.rows.reduce(0) { $0 + $1.callsByStage[rank.stage] } == rank.calls)
      }
    }
  }

  @Test(arguments: [1, 2, 4])
  func aMicroBatchCrossesEveryBoundaryOfEveryChunk(chunks: Int) throws {
    var assumptions = TrafficAssumptions()
    assumptions.virtualStages = chunks
    let job = Scenarios.job(llama(layers: 32), pipeline: 4)
    let traffic = try Scenarios.training(job, microBatches: 8, assumptions: assumptions)
    #expect(traffic.operations(.pp, .forward, "send_recv") == UInt64(8 * (4 * chunks - 1)))
    #expect(traffic.operations(.pp, .backward, "send_recv") == UInt64(8 * (4 * chunks - 1)))
    // The last stage sends activations back to the first only when there are several chunks.
    let hop: UInt64 = 8 * 4096 * 4096 * 2
    #expect(traffic.ranks[3].sentBytes > UInt64(chunks) * hop)
    #expect(
      traffic.select(.pp).filter { $0.phase != .optimizer }.wire
        == 2 * UInt64(4 * chunks - 1) * hop)
  }

  @Test func plainDataParallelReducesBucketsOf25MiB() throws {
    let traffic = try Scenarios.training(Scenarios.job(Scenarios.llama8B, data: 8))
    // 8,030,261,248 parameters in buckets of 13,107,200 bfloat16 elements.
    let rows = traffic.select(.dp)
    #expect(rows.map(\.elementCount) == [8_654_848, 13_107_200])
    #expect(rows.map(\.operations) == [1, 612])
    #expect(rows.payload == 8 * 8_030_261_248 * 2)
    #expect(traffic.rows.count == 2)
  }

  @Test func zeroStageTwoReducesEveryMicroBatch() throws {
    func traffic(_ kind: JobDescription.Sharding.Kind) throws -> ExpectedTraffic {
      try Scenarios.training(
        Scenarios.job(Scenarios.llama8B, data: 8) {
          $0.parallelism.sharding = .init(kind: kind, shard: 8, replicate: 1)
        }, microBatches: 4)
    }
    let one = try traffic(.zero1)
    let two = try traffic(.zero2)
    // float32 once against bfloat16 four times; buckets are padded to the ranks.
    #expect(one.select(.dp, .backward).payload == 8_030_261_248 * 4 * 8)
    #expect(two.select(.dp, .backward).payload == 8_030_261_248 * 2 * 8 * 4)
    #expect(one.select(.dp, .optimizer, "all_gather").wire == 7 * 8_030_261_248 * 2)
    #expect(
      two.select(.dp, .optimizer, "all_gather").wire
        == one.select(.dp, .optimizer, "all_gather").wire)
  }

  @Test func fullShardingGathersTwiceAndKeepsTheLastLayer() throws {
    func traffic(_ kind: JobDescription.Sharding.Kind) throws -> ExpectedTraffic {
      try Scenarios.training(
        Scenarios.job(Scenarios.llama8B, data: 8) {
          $0.parallelism.sharding = .init(kind: kind, shard: 8, replicate: 1)
        })
    }
    let sharded = try traffic(.fsdp)
    // 218,112,000 parameters of a layer and 1,050,677,248 outside, an eighth on each rank.
    let forward = sharded.select(.fsdp, .forward)
    #expect(forward.map(\.elementCount) == [27_264_000, 131_334_656])
    #expect(forward.map(\.operations) == [32, 1])
    #expect(sharded.select(.fsdp, .backward, "all_gather").map(\.operations) == [31])
    #expect(sharded.select(.fsdp, .backward, "reduce_scatter").map(\.operations) == [32, 1])
    #expect(sharded.operations(.world) == 2)
    let zero = try traffic(.zero3)
    #expect(zero.select(.fsdp, .backward, "all_gather").map(\.operations) == [32, 1])
    // Sharding moves 3 P per rank, 1.5 times plain data parallelism, all in the model's type.
    let plain = try Scenarios.training(Scenarios.job(Scenarios.llama8B, data: 8))
    #expect(zero.select(.fsdp).wire * 2 == plain.select(.dp).wire * 3)
  }

  @Test func hybridShardingReducesAmongCopies() throws {
    let traffic = try Scenarios.training(
      Scenarios.job(llama(layers: 16), data: 8) {
        $0.parallelism.sharding = .init(kind: .hybrid, shard: 4, replicate: 2)
      })
    let copies = traffic.select(.dp, .backward)
    #expect(copies.map(\.elementCount) == [54_528_000, 262_669_312])
    #expect(copies.map(\.communicatorSize) == [2, 2])
    #expect(copies.map(\.communicators) == [4, 4])
    #expect(copies.map(\.operations) == [4 * 16, 4])
  }

  @Test func aRingPassesKeysOneStepLessThanTheirGradients() throws {
    // 32768 tokens on 4 ranks, 8 key-value heads on 2: 2 x 8192 x 4 x 128 elements.
    let job = Scenarios.job(llama(layers: 16), tensor: 2, context: 4) {
      $0.parallelism.sequenceParallel = true
      $0.parallelism.sharding = .init(kind: .zero1, shard: 1, replicate: 1)
    }
    let traffic = try Scenarios.training(job, length: 32768)
    #expect(traffic.select(.cp).allSatisfy { $0.elementCount == 8_388_608 })
    // 8 ranks, each 3 sends forward, 3 + 4 backward, in 16 layers.
    #expect(traffic.operations(.cp, .forward) == 8 * 48)
    let backward = traffic.select(.cp, .backward)
    #expect(backward.map(\.dataType) == ["bfloat16", "float32"])
    #expect(backward.map(\.operations) == [8 * 48, 8 * 64])
    #expect(traffic.select(.sp).allSatisfy { $0.elementCount == 16_777_216 })

    var assumptions = TrafficAssumptions()
    assumptions.contextExchange = .allGather
    let gathered = try Scenarios.training(job, length: 32768, assumptions: assumptions)
    // A gather brings the same 3 blocks to each rank as the ring does.
    #expect(gathered.select(.cp, .forward).wire == traffic.select(.cp, .forward).wire)
    #expect(gathered.operations(.cp, .forward, "all_gather") == 2 * 2 * 16)
    #expect(gathered.operations(.cp, .backward, "reduce_scatter") == 2 * 2 * 16)
  }

  @Test func sumsOfRanksAreTheSumsOfRows() throws {
    let scenarios = [
      try Scenarios.training(megatron(llama(layers: 16, tied: true)), microBatches: 4),
      try Scenarios.inference(
        Scenarios.job(Scenarios.llama8B, tensor: 2, pipeline: 2, data: 2), batch: 2),
      try Scenarios.training(
        Scenarios.job(Scenarios.mixtral, tensor: 2, pipeline: 2, data: 4, expert: 4) {
          $0.parallelism.sequenceParallel = true
        }, microBatches: 2),
    ]
    for traffic in scenarios {
      #expect(traffic.ranks.reduce(0) { $0 + $1.calls } == traffic.rankCalls)
      #expect(traffic.ranks.reduce(0) { $0 + $1.payloadBytes } == traffic.payloadBytes)
      let sent = traffic.ranks.reduce(UInt64(0)) { $0 + $1.sentBytes }
      let received = traffic.ranks.reduce(UInt64(0)) { $0 + $1.receivedBytes }
      #expect(sent == received)
      #expect(sent <= traffic.wireBytes)
      #expect(traffic.wireBytes - sent < UInt64(traffic.rows.count * 4 * traffic.ranks.count))
    }
  }
}
