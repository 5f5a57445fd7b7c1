// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Foundation
import TestSupport
import Testing
import TrafficAnalysis

@testable import TrafficModel

/// Compares the closed forms with the recorded API calls of jobs that imitate the frameworks.
///
/// Outside the closed forms, and left out here by the phase the record gives them: `setup` and
/// `warmup` (scalars and broadcasts that open communicators, tied embeddings at the start) and
/// `graph_capture_warmup` (batches run to capture graphs).
@Suite(.enabled(if: Fixture.sharedData != nil)) struct GroundTruthTests {
  struct Record: Decodable {
    struct Operation: Decodable {
      var role: String
      var phase: String
      var op: String
      var dtype: String
      var count: UInt64
      var calls: UInt64?
      var ranks: [Int]?
      var calls_per_rank: [String: UInt64]?

      var callsOfRanks: [(rank: Int, calls: UInt64)] {
        if let own = calls_per_rank {
          return own.compactMap { rank, calls in Int(rank).map { ($0, calls) } }
        }
        return (ranks ?? []).map { ($0, calls ?? 0) }
      }
    }
    var world_size: Int
    var ops: [Operation]

    /// Operations of the job proper.
    var main: [Operation] {
      ops.filter { !["setup", "warmup", "graph_capture_warmup"].contains($0.phase) }
    }
  }

  private struct Key: Hashable, Comparable, CustomStringConvertible {
    var role: String
    var operation: String
    var dataType: String
    var count: UInt64

    static func < (a: Self, b: Self) -> Bool { a.description < b.description }
    var description: String { "\(role) \(operation) \(dataType) \(count)" }
  }

  static let datasets = [
    "s1-vllm-tp4-2.18.5", "s1-vllm-tp4-2.21.5", "s1-vllm-tp8-isolated-2.30.7",
    "s2-vllm-pp4-2.21.5", "s3-vllm-tp2pp2-2.27.7", "s4-megatron-threads-2.27.7",
    "s4-megatron-tp2pp2dp2-2.27.7", "s4-megatron-tp2pp2dp2-2node-2.21.5",
    "s4-megatron-tp2pp2dp2-allsubsys-2.30.7", "s6-fsdp8-2.27.7", "s6-hsdp4x2-split-2.21.5",
    "s9-megatron-tp8pp2dp2-32ranks-2.21.5",
  ]

  private static let operationNames = [
    "AllReduce": "all_reduce", "AllGather": "all_gather", "ReduceScatter": "reduce_scatter",
    "Send": "send", "Recv": "recv", "AlltoAll": "all_to_all",
  ]

  private func record(_ name: String) throws -> Record {
    let folder = try #require(Fixture.sharedData).appending(path: "nccl-real/\(name)")
    return try JSONDecoder().decode(
      Record.self, from: Data(contentsOf: folder.appending(path: "ground_truth.json")))
  }

  private func expected(_ name: String) throws -> ExpectedTraffic {
    let job = try JobDescription.load(
      path: Fixture.folder.appending(path: "jobs/\(name).yaml").path())
    return try TrafficModel.expect(job)
  }

  private func recordedCalls(_ operations: [Record.Operation]) -> [Key: UInt64] {
    var result: [Key: UInt64] = [:]
    for own in operations {
      let key = Key(
        role: own.role, operation: Self.operationNames[own.op] ?? own.op, dataType: own.dtype,
        count: own.count)
      result[key, default: 0] += own.callsOfRanks.reduce(0) { $0 + $1.calls }
    }
    return result
  }

  private func expectedCalls(
    _ traffic: ExpectedTraffic, roles: [ParallelismDimension: String] = [:]
  ) throws -> [Key: UInt64] {
    let names: [ParallelismDimension: String] = [
      .tp: "TP", .sp: "TP", .pp: "PP", .dp: "DP", .mp: "MP", .embedding: "EMB", .world: "world",
      .fsdp: "FSDP", .cp: "CP", .ep: "EP", .edp: "EDP",
    ].merging(roles) { $1 }
    var result: [Key: UInt64] = [:]
    for row in traffic.rows {
      let role = try #require(names[row.dimension])
      let count = try #require(row.elementCount)
      let kinds = row.collective == "send_recv" ? ["send", "recv"] : [row.collective]
      for kind in kinds {
        let key = Key(role: role, operation: kind, dataType: row.dataType, count: count)
        result[key, default: 0] += row.rankCalls / UInt64(kinds.count)
      }
    }
    return result
  }

  private func expectEqual(_ a: [Key: UInt64], _ b: [Key: UInt64], _ name: String) {
    for key in Set(a.keys).union(b.keys).sorted() where a[key] != b[key] {
      Issue.record("\(name): \(key): expected \(a[key] ?? 0), recorded \(b[key] ?? 0)")
    }
    #expect(!a.isEmpty)
  }

  @Test(arguments: datasets.filter { !$0.hasPrefix("s6-") })
  func everyCallOfTheJobIsExpected(name: String) throws {
    expectEqual(
      try expectedCalls(expected(name)), recordedCalls(try record(name).main), name)
  }

  @Test func everyCallOfFullShardingIsExpected() throws {
    // The shards are the whole world, and the world's communicator carries them.
    let name = "s6-fsdp8-2.27.7"
    expectEqual(
      try expectedCalls(expected(name), roles: [.fsdp: "world"]),
      recordedCalls(try record(name).main), name)
  }

  @Test func everyElementOfHybridShardingIsExpected() throws {
    // This job gathers the parameters of a layer in four grouped calls; their elements add up to
    // the unit's, and everything else is the same call for call.
    let name = "s6-hsdp4x2-split-2.21.5"
    var expectation = try expectedCalls(expected(name), roles: [:])
    for (key, calls) in expectation where key.role == "DP" {
      expectation[key] = nil
      var renamed = key
      renamed.role = "HSDP_REPL"
      expectation[renamed] = calls
    }
    let recorded = recordedCalls(try record(name).main)
    expectEqual(
      expectation.filter { $0.key.operation != "all_gather" },
      recorded.filter { $0.key.operation != "all_gather" }, name)
    func elements(_ calls: [Key: UInt64]) -> UInt64 {
      calls.filter { $0.key.operation == "all_gather" }.reduce(0) {
        $0 + $1.key.count * $1.value
      }
    }
    #expect(elements(expectation) == elements(recorded))
  }

  @Test(arguments: datasets.filter { $0 != "s6-hsdp4x2-split-2.21.5" })
  func everyRankMakesAsManyCallsAsExpected(name: String) throws {
    let record = try record(name)
    var calls = [UInt64](repeating: 0, count: record.world_size)
    for (rank, count) in record.main.flatMap(\.callsOfRanks) { calls[rank] += count }
    #expect(try expected(name).ranks.map(\.calls) == calls)
  }

  @Test func ringAttentionAndItsTensorGroupsAreExpected() throws {
    // The job's description has no model: 16 layers of Llama-3.1-8B's width, 32768 tokens. It has
    // no embedding, no logits and no norms, so only blocks and rings are compared.
    var model = Scenarios.llama8B
    model.layers = 16
    let job = Scenarios.job(model, tensor: 2, context: 4) {
      $0.parallelism.sequenceParallel = true
    }
    let traffic = try Scenarios.training(job, length: 32768)
    let recorded = recordedCalls(
      try record("s7-cp4tp2-2.21.5").main.filter { $0.phase.hasPrefix("step0") })
    let expectation = try expectedCalls(traffic)
    expectEqual(
      expectation.filter { $0.key.role == "CP" }, recorded.filter { $0.key.role == "CP" }, "s7")
    for (operation, outside) in [("all_gather", UInt64(3)), ("reduce_scatter", 2)] {
      let key = Key(
        role: "TP", operation: operation, dataType: "bfloat16", count: 16_777_216)
      let blocks = try #require(expectation[key])
      #expect(blocks - 8 * outside == recorded[key])
    }
  }

  @Test func evenDispatchIsExpected() throws {
    // 1024 tokens to 2 experts; 8 layers, 3 steps.
    let recorded = recordedCalls(
      try record("s5-moe-native-a2a-2.29.7").main.filter { $0.phase.hasPrefix("step0") })
    let traffic = try Scenarios.training(
      Scenarios.job(Scenarios.smallExperts(), data: 8, expert: 4), length: 1024)
    expectEqual(
      try expectedCalls(traffic).filter { $0.key.role == "EP" },
      recorded.filter { $0.key.role == "EP" }, "s5")
  }
}
