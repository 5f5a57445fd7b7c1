// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Testing

@testable import TrafficAnalysis

@Suite struct DimensionInferenceTests {
  private let flag = TraceBuilder.call(.allReduce, 1, calls: 4)

  private func dimensions(_ summary: TrafficSummary) -> [String: ParallelismDimension] {
    var result: [String: ParallelismDimension] = [:]
    for row in summary.communicators {
      result["\(row.ranks.compactMap { $0 })", default: row.dimension] = row.dimension
    }
    return result
  }

  @Test func manyEqualHalfPrecisionReductionsAreTensorParallel() throws {
    var trace = TraceBuilder()
    trace.processes(4)
    trace.communicator(
      [0, 1, 2, 3], id: 1,
      calls: [
        TraceBuilder.call(.allReduce, 1 << 19, .bfloat16, calls: 65),
        TraceBuilder.call(.allReduce, 1 << 12, .bfloat16, calls: 65 * 127),
        TraceBuilder.call(.allReduce, 1 << 14, .bfloat16, calls: 65),
      ])
    let summary = TrafficAnalyzer.analyze(trace.partial)
    let row = try #require(summary.communicators.first)
    #expect(row.dimension == .tp)
    #expect(row.confidence == .strong)
    #expect(row.evidence.map(\.kind) == [.behaviour, .structure])
    #expect(summary.headline == "4 ranks on 1 node: TP 4 (inferred)")
    #expect(summary.coverage.statements.contains { $0.contains("CUDA graphs") })
    let phases = summary.traffic.map { "\($0.messageBytes ?? 0) \($0.phase.rawValue)" }
    #expect(phases == ["1048576 prefill", "8192 decode", "32768 unknown"])
  }

  @Test func largeGradientBucketsAreDataParallel() {
    var trace = TraceBuilder()
    trace.processes(4)
    trace.communicator(
      [0, 1, 2, 3], id: 1, calls: [TraceBuilder.call(.allReduce, 6_250_000, calls: 40), flag])
    let summary = TrafficAnalyzer.analyze(trace.partial)
    #expect(summary.communicators.first?.dimension == .dp)
    #expect(summary.traffic.allSatisfy { $0.dimension == .dp })
  }

  /// Megatron-LM without distributed optimizer, in half precision throughout: 50 activations of a
  /// step on one communicator, all gradients in one buffer on the other.
  @Test(arguments: [50, 6])
  func gradientsInOneBufferTellActivationsApart(activations: UInt64) {
    var trace = TraceBuilder()
    trace.processes(4)
    let reductions = [
      TraceBuilder.call(.allReduce, 4_194_304, DataType(rawValue: 6), calls: activations),
      TraceBuilder.call(.allReduce, 4096, .float32, calls: 3),
    ]
    trace.communicator([0, 1], id: 1, calls: reductions)
    trace.communicator([2, 3], id: 2, calls: reductions)
    let gradients = [TraceBuilder.call(.allReduce, 102_486_016, DataType(rawValue: 6), calls: 1)]
    trace.communicator([0, 2], id: 3, calls: gradients)
    trace.communicator([1, 3], id: 4, calls: gradients)
    let labels = dimensions(TrafficAnalyzer.analyze(trace.partial))
    // Few equal reductions may as well be buckets.
    let expected: ParallelismDimension = activations == 50 ? .tp : .dp
    #expect(labels["[0, 1]"] == expected)
    #expect(labels["[2, 3]"] == expected)
    #expect(labels["[0, 2]"] == .dp)
    #expect(labels["[1, 3]"] == .dp)
  }

  @Test func theDefaultGroupCarriesShardingAndControl() {
    var trace = TraceBuilder()
    trace.processes(4)
    trace.communicator(
      [0, 1, 2, 3], id: 1,
      calls: [
        flag,
        TraceBuilder.call(.allGather, 27_000_000, .bfloat16, calls: 64),
        TraceBuilder.call(.reduceScatter, 27_000_000, calls: 32),
      ])
    let summary = TrafficAnalyzer.analyze(trace.partial)
    #expect(summary.communicators.first?.dimension == .fsdp)
    #expect(summary.traffic.map(\.dimension) == [.fsdp, .fsdp, .world])
  }

  @Test func aChainOfSendsIsAPipelineAndAClosedRingIsContextParallel() {
    for isClosed in [false, true] {
      var trace = TraceBuilder()
      trace.processes(4)
      for rank in 0..<4 {
        var calls: [CallFacts] = []
        if isClosed || rank < 3 {
          calls.append(
            TraceBuilder.call(.send, 4096, .bfloat16, calls: 8, peer: Int32((rank + 1) % 4)))
        }
        if isClosed || rank > 0 {
          calls.append(
            TraceBuilder.call(.recv, 4096, .bfloat16, calls: 8, peer: Int32((rank + 3) % 4)))
        }
        trace.view(rank, rank: rank, size: 4, id: 1, calls: calls)
      }
      let summary = TrafficAnalyzer.analyze(trace.partial)
      #expect(summary.communicators.first?.dimension == (isClosed ? .cp : .pp))
      #expect(summary.communicators.first?.confidence == .strong)
    }
  }

  @Test func namesDecideWhereTheFrameworkGivesThem() throws {
    let names: [(String, ParallelismDimension?)] = [
      ("TENSOR_MODEL_PARALLEL_GROUP", .tp), ("PIPELINE_MODEL_PARALLEL_GROUP", .pp),
      ("DATA_PARALLEL_GROUP_WITH_CP", .dp), ("EXPERT_MODEL_PARALLEL_GROUP", .ep),
      ("EXPERT_DATA_PARALLEL_GROUP", .edp), ("CONTEXT_PARALLEL_GROUP", .cp),
      ("EMBEDDING_GROUP", .embedding), ("MODEL_PARALLEL_GROUP", .mp), ("tp_d0_p1", .tp),
      ("default_pg", .world), ("undefined", nil), ("", nil), ("123", nil),
    ]
    for (name, expected) in names {
      #expect(DimensionInference.dimension(inName: name) == expected, "\(name)")
    }
    var trace = TraceBuilder()
    trace.processes(2)
    trace.communicator([0, 1], id: 1, calls: [TraceBuilder.call(.allGather, 5000, calls: 3)])
    trace.partial.processes[1].communicators[0].name = "ep_0"
    let row = try #require(TrafficAnalyzer.analyze(trace.partial).communicators.first)
    #expect(row.dimension == .ep)
    #expect(row.evidence.first?.kind == .named)
    #expect(row.name == "ep_0")
  }

  @Test func whatNothingSpeaksForStaysUnclassified() {
    var trace = TraceBuilder()
    trace.processes(4)
    trace.communicator([0, 1, 2, 3], id: 1, calls: [flag])
    trace.communicator([1, 2], id: 2, calls: [TraceBuilder.call(.broadcast, 1 << 20, calls: 3)])
    trace.communicator([0, 3], id: 3)
    let summary = TrafficAnalyzer.analyze(trace.partial)
    #expect(summary.communicators.map(\.dimension) == [.world, .unclassified, .unclassified])
    #expect(summary.communicators.map(\.confidence) == [.strong, .none, .none])
    // What was seen is said, and no label stands without a reason.
    #expect(summary.communicators.allSatisfy { !$0.evidence.isEmpty })
    #expect(
      summary.communicators[2].evidence.map(\.text)
        == ["seen: 3 broadcast of 4194304 bytes; no rule knows this"])
  }

  @Test func aJobDescriptionDecidesAndOperationsTellEqualSetsApart() throws {
    let job = try JobDescription.parse(
      text: """
        world_size: 8
        parallelism: {tensor: 2, data: 2, pipeline: 2, sequence_parallel: true}
        order: megatron
        workload: {kind: training}
        """, file: "job.yaml")
    var trace = TraceBuilder()
    trace.processes(8)
    trace.communicator(Array(0..<8), id: 1, calls: [flag])
    trace.communicator(
      [0, 1], id: 2,
      calls: [
        TraceBuilder.call(.allGather, 4096, .bfloat16, calls: 9),
        TraceBuilder.call(.allReduce, 4096, .bfloat16, calls: 2),
      ])
    trace.communicator([0, 2], id: 3, calls: [TraceBuilder.call(.allReduce, 1 << 22)])
    trace.communicator([0, 4], id: 4, calls: [TraceBuilder.call(.allReduce, 1 << 22)])
    for rank in 0..<2 {
      trace.view(
        rank * 4, rank: rank, size: 2, id: 5,
        calls: [
          TraceBuilder.call(rank == 0 ? .send : .recv, 4096, .bfloat16, peer: Int32(1 - rank))
        ])
    }
    trace.communicator([0, 1, 4, 5], id: 6, calls: [flag])
    let summary = TrafficAnalyzer.analyze(trace.partial, job: job)
    #expect(
      summary.communicators.map { "\($0.ranks.compactMap { $0 }) \($0.dimension)" } == [
        "[0, 1, 2, 3, 4, 5, 6, 7] world", "[0, 1] sp", "[0, 1, 4, 5] mp", "[0, 2] dp",
        "[0, 4] embedding", "[0, 4] pp",
      ])
    #expect(summary.communicators[1].confidence == .certain)
    #expect(summary.communicators.allSatisfy { $0.evidence.first?.kind == .declared })
    #expect(summary.traffic.contains { $0.dimension == .tp && $0.collective == "all_reduce" })
    #expect(summary.headline == "8 ranks on 1 node: TP 2 x PP 2 x DP 2")
  }

  @Test func aDeclaredGroupIsFoundEvenIfARankIsMissing() throws {
    let job = try JobDescription.parse(
      text: "{world_size: 8, parallelism: {tensor: 4, data: 2}}", file: "job.json")
    var trace = TraceBuilder()
    trace.processes(7)
    for rank in 0..<7 {
      trace.view(rank, rank: rank, size: 8, id: 1, calls: [flag])
      trace.view(
        rank, rank: rank % 4, size: 4, id: UInt64(2 + rank / 4),
        calls: [TraceBuilder.call(.allReduce, 4096, .bfloat16, calls: 2)])
    }
    let summary = TrafficAnalyzer.analyze(trace.partial, job: job)
    #expect(summary.communicators.map(\.dimension) == [.world, .tp, .tp])
    #expect(summary.headline == "8 ranks on 1 node (7 seen): TP 4 x DP 2")
  }

  @Test func aJobThatIsTooSmallIsContradicted() throws {
    let job = try JobDescription.parse(
      text: "{world_size: 2, parallelism: {tensor: 2}}", file: "job.json")
    var trace = TraceBuilder()
    trace.processes(4)
    trace.communicator([0, 1, 2, 3], id: 1, calls: [flag])
    let summary = TrafficAnalyzer.analyze(trace.partial, job: job)
    #expect(summary.findings.contains { $0.code == "job-contradicts-logs" })
  }

  /// Stages 0-2-1-3: the launcher numbered the ranks in another order.
  @Test func aPipelineIsALineInAnyRankOrder() throws {
    var trace = TraceBuilder()
    trace.processes(4)
    let stages = [0, 2, 1, 3]
    for rank in 0..<4 {
      let stage = try #require(stages.firstIndex(of: rank))
      var calls = [flag]
      if stage > 0 {
        calls.append(
          TraceBuilder.call(
            .recv, 4096, .bfloat16, calls: 40, peer: Int32(stages[stage - 1])))
      }
      if stage < 3 {
        calls.append(
          TraceBuilder.call(
            .send, 4096, .bfloat16, calls: 40, peer: Int32(stages[stage + 1])))
      }
      trace.view(rank, rank: rank, size: 4, id: 1, calls: calls)
    }
    let summary = TrafficAnalyzer.analyze(trace.partial)
    #expect(summary.communicators.map(\.dimension) == [.pp])
  }

  /// A parameter is gathered with as many elements as its gradient is scattered; no type has 8
  /// bytes for one of them.
  @Test func gathersAndScattersOfDifferentTensorsStayUnclassified() {
    var trace = TraceBuilder()
    trace.processes(8)
    trace.communicator(Array(0..<8), id: 1, calls: [flag])
    for first in 0..<2 {
      trace.communicator(
        [first, first + 2, first + 4, first + 6], id: UInt64(first + 2),
        calls: [
          TraceBuilder.call(.allGather, 524_288, .float32, calls: 7),
          TraceBuilder.call(.reduceScatter, 262_144, .bfloat16, calls: 7),
        ])
    }
    let summary = TrafficAnalyzer.analyze(trace.partial)
    #expect(
      summary.communicators.filter { $0.size == 4 }.map(\.dimension)
        == [.unclassified, .unclassified])
  }

  /// Four batches captured, then one prompt and 20 tokens: the reductions of one token are in both.
  @Test func aCapturedGraphIsNotDecode() throws {
    var trace = TraceBuilder()
    trace.processes(2)
    let sizes: [UInt64] = [32768, 16384, 8192, 4096, 262_144]
    trace.communicator(
      [0, 1], id: 1,
      calls: sizes.map {
        TraceBuilder.call(.allReduce, $0, .bfloat16, calls: $0 == 4096 ? 65 * 21 : 65)
      })
    var sequence = CallSequence()
    for row in sizes.indices {
      sequence.symbols.append(.init(communicator: 0, row: row, isExchange: false))
      sequence.tokens += [.literal(row), .copy(distance: 1, count: 64)]
    }
    sequence.tokens += [.literal(3), .copy(distance: 1, count: 65 * 20 - 1)]
    sequence.length = 65 * 25
    for process in trace.partial.processes.indices {
      trace.partial.processes[process].timelines = [sequence]
    }
    let summary = TrafficAnalyzer.analyze(trace.partial)
    let rows = summary.traffic.filter { $0.messageBytes == 8192 }
    #expect(rows.map { "\($0.phase.rawValue) \($0.operations)" } == ["init 65", "decode 1300"])
    let payload: [UInt64] = [65 * 16384, 1300 * 16384]
    #expect(rows.map(\.payloadBytes) == payload)

    // Where one rank's order is not whole, the class stays in one piece.
    trace.partial.processes[1].timelines[0].lost = 1
    let partly = TrafficAnalyzer.analyze(trace.partial)
    let whole = partly.traffic.filter { $0.messageBytes == 8192 }
    #expect(whole.map(\.operations) == [1365])
  }
}
