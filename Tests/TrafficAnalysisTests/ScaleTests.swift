// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Testing

@testable import TrafficAnalysis

@Suite struct ScaleTests {
  /// A grid of tensor 8, data `data`, pipeline 8 with a world, as Megatron makes it.
  private func grid(data: Int) -> TracePartial {
    let (tensor, pipeline) = (8, 8)
    let ranks = tensor * data * pipeline
    var trace = TraceBuilder()
    trace.processes(ranks, perNode: 8)
    let flag = TraceBuilder.call(.allReduce, 1, calls: 6)
    trace.communicator(Array(0..<ranks), id: 1, calls: [flag])
    var id: UInt64 = 2
    func group(_ members: [Int], _ calls: [CallFacts]) {
      trace.communicator(members, id: id, calls: calls)
      id += 1
    }
    for stage in 0..<pipeline {
      for replica in 0..<data {
        let first = tensor * (replica + data * stage)
        group(
          Array(first..<first + tensor),
          [
            TraceBuilder.call(.allGather, 1 << 20, .bfloat16, calls: 300),
            TraceBuilder.call(.reduceScatter, 1 << 20, .bfloat16, calls: 200),
          ])
      }
      for lane in 0..<tensor {
        group(
          (0..<data).map { lane + tensor * ($0 + data * stage) },
          [
            TraceBuilder.call(.reduceScatter, 5_000_000, calls: 10),
            TraceBuilder.call(.allGather, 5_000_000, .bfloat16, calls: 10),
          ])
      }
    }
    for lane in 0..<tensor * data {
      let members = (0..<pipeline).map { lane + tensor * data * $0 }
      for (stage, process) in members.enumerated() {
        var calls: [CallFacts] = []
        for peer in [stage - 1, stage + 1] where members.indices.contains(peer) {
          calls.append(TraceBuilder.call(.send, 1 << 20, .bfloat16, calls: 8, peer: Int32(peer)))
          calls.append(TraceBuilder.call(.recv, 1 << 20, .bfloat16, calls: 8, peer: Int32(peer)))
        }
        trace.view(process, rank: stage, size: pipeline, id: id, calls: calls)
      }
      id += 1
    }
    return trace.partial
  }

  @Test func aThousandRanksAreLabelledAndPlaced() throws {
    let summary = TrafficAnalyzer.analyze(grid(data: 16))
    #expect(summary.headline == "1024 ranks on 128 nodes: TP 8 x PP 8 x DP 16 (inferred)")
    #expect(summary.communicators.count == 1 + 128 + 64 + 128)
    #expect(summary.ranks.reduce(0) { $0 + $1.sentBytes } == summary.wireBytes)
    let tensor = try #require(summary.traffic.first { $0.dimension == .tp })
    #expect(tensor.communicators == 128)
    #expect(tensor.interNodeBytes == 0)
  }

  /// Debug builds are many times slower; the bound only catches what is not near linear.
  @Test func timeGrowsWithTheNumberOfRanks() {
    let clock = ContinuousClock()
    let (small, large) = (grid(data: 8), grid(data: 64))
    let first = clock.measure { _ = TrafficAnalyzer.analyze(small) }
    let second = clock.measure { _ = TrafficAnalyzer.analyze(large) }
    #expect(second < first * 30 + .seconds(1))
  }
}
