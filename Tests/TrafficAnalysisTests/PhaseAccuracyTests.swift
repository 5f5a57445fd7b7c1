// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Foundation
import TestSupport
import Testing

@testable import TrafficAnalysis

/// Compares phases with what the recorded programs were doing, where they wrote it down.
@Suite(.enabled(if: !GroundTruthTests.sets.isEmpty))
struct PhaseAccuracyTests {
  private typealias Key = GroundTruthTests.Key

  private static func phase(_ name: String) -> TrafficPhase? {
    switch name {
    case "prefill": .prefill
    case "decode": .decode
    case "warmup", "setup", "graph_capture_warmup": .initialization
    case _ where name.hasSuffix(".fwd"): .forward
    case _ where name.hasSuffix(".bwd"): .backward
    case _ where name.hasSuffix(".opt"): .optimizer
    default: nil
    }
  }

  /// Calls by phase as recorded; keys of whose calls a part has no phase are left out.
  private static func recorded(_ name: String) throws -> [Key: [TrafficPhase: UInt64]] {
    let names = [
      "AllReduce": "all_reduce", "AllGather": "all_gather", "ReduceScatter": "reduce_scatter",
      "Broadcast": "broadcast", "Reduce": "reduce", "AlltoAll": "all_to_all",
      "Send": "send_recv", "Recv": "send_recv",
    ]
    var calls: [Key: [TrafficPhase: UInt64]] = [:]
    var open: Set<Key> = []
    let json = try GroundTruthTests.Truth.document(name)
    for entry in json["ops"] as? [[String: Any]] ?? [] {
      guard let operation = names[entry["op"] as? String ?? ""],
        let bytes = entry["bytes"] as? Int, let number = entry["calls"] as? Int,
        let ranks = entry["ranks"] as? [Int]
      else { continue }
      let key = Key(
        role: GroundTruthTests.Truth.role(entry["role"] as? String ?? ""), operation: operation,
        bytes: UInt64(bytes))
      guard let phase = phase(entry["phase"] as? String ?? "") else {
        open.insert(key)
        continue
      }
      calls[key, default: [:]][phase, default: 0] += UInt64(number * ranks.count)
    }
    return calls.filter { !open.contains($0.key) }
  }

  @Test func noPhaseIsWrong() throws {
    var table = "| scenario | bytes with a recorded phase | right % | unknown % | wrong % |\n"
    table += "| --- | ---: | ---: | ---: | ---: |\n"
    for name in GroundTruthTests.sets {
      let truth = try GroundTruthTests.Truth(name)
      let recorded = try Self.recorded(name)
      let summary = TrafficAnalyzer.analyze(try GroundTruthTests.partial(name))
      var found: [Key: [TrafficPhase: UInt64]] = [:]
      for row in summary.traffic {
        guard let message = row.messageBytes else { continue }
        let isTotal = ["all_gather", "reduce_scatter", "all_to_all"].contains(row.collective)
        let key = Key(
          role: truth.role(of: row.dimension), operation: row.collective,
          bytes: isTotal ? message / UInt64(row.communicatorSize) : message)
        found[key, default: [:]][row.phase, default: 0] += row.rankCalls
      }
      var (total, right, unknown): (UInt64, UInt64, UInt64) = (0, 0, 0)
      var wrong: [String] = []
      var wrongBytes: UInt64 = 0
      for (key, phases) in recorded {
        guard let own = found[key] else { continue }
        let calls = own.values.reduce(0, +)
        total += calls * key.bytes
        unknown += own[.unknown, default: 0] * key.bytes
        for (phase, number) in own where phase != .unknown {
          let agreed = min(number, phases[phase, default: 0])
          right += agreed * key.bytes
          if number > agreed {
            wrong.append("\(key) \(phase.rawValue): \(number), recorded \(phases)")
            wrongBytes += (number - agreed) * key.bytes
          }
        }
      }
      // Lines are cut in the torn set: the counts of its ranks cannot agree.
      if !GroundTruthTests.torn.contains(name) { #expect(wrong == [], "\(name)") }
      guard total > 0 else { continue }
      let percent = { (bytes: UInt64) in
        String(format: "%.2f", Double(bytes) / Double(total) * 100)
      }
      table +=
        "| \(name) | \(total) | \(percent(right)) | \(percent(unknown)) | \(percent(wrongBytes)) |\n"
    }
    try expectGolden(Array(table.utf8), "analysis/phase-accuracy.md")
  }

  @Test func aCaptureIsNamedWithItsBatchesAndKeptOutOfDecode() throws {
    let summary = TrafficAnalyzer.analyze(
      try GroundTruthTests.partial("s1-vllm-tp8-isolated-2.30.7"))
    #expect(
      summary.coverage.statements.contains {
        $0.hasPrefix("CUDA graphs were captured for batches of 8, 4, 2, 1 times 4096 elements")
      })
    // 65 reductions per pass, 20 decode passes of one token by 4096 bfloat16.
    let decode = summary.traffic.first {
      $0.phase == .decode && $0.collective == "all_reduce" && $0.messageBytes == 8192
    }
    #expect(decode?.operations == 65 * 20)
    let other = TrafficAnalyzer.analyze(try GroundTruthTests.partial("s1-vllm-tp4-2.21.5"))
    #expect(!other.coverage.statements.contains { $0.hasPrefix("CUDA graphs were captured") })
  }

  /// Four pipelines of two stages, three steps of eight micro-batches: as many sends each way.
  @Test func stagesSendActivationsForwardAndGradientsBack() throws {
    let summary = TrafficAnalyzer.analyze(
      try GroundTruthTests.partial("s4-megatron-tp2pp2dp2-2node-2.21.5"))
    let sends = summary.traffic.filter { $0.dimension == .pp && $0.collective == "send_recv" }
    #expect(sends.map { "\($0.phase) \($0.operations)" } == ["forward 96", "backward 96"])
    let gathers = summary.traffic.filter { $0.dimension == .dp && $0.collective == "all_gather" }
    #expect(gathers.allSatisfy { $0.phase == .optimizer })
    #expect(!gathers.isEmpty)
  }
}
