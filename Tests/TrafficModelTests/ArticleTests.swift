// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Foundation
import TestSupport
import Testing
import TrafficAnalysis

@testable import TrafficModel

/// The numbers of the article are those of the code.
@Suite struct ArticleTests {
  private static let file = Fixture.root.appending(
    path: "Sources/TrafficModel/TrafficModel.docc/ClosedForms.md")

  private func rows(_ layout: String, _ traffic: ExpectedTraffic) -> [String] {
    traffic.rows.filter { $0.messageBytes > 64 }.map {
      "| \(layout) | \($0.dimension.rawValue) | \($0.phase.rawValue) | \($0.collective) | \($0.operations) | \($0.messageBytes) | \($0.wireBytes) |"
    }
  }

  private func table() throws -> [String] {
    let model = Scenarios.llama8B
    let megatron = Scenarios.job(model, tensor: 2, pipeline: 2, data: 2) {
      $0.parallelism.sequenceParallel = true
      $0.parallelism.sharding = .init(kind: .zero1, shard: 2, replicate: 1)
    }
    let sharded = Scenarios.job(model, data: 8) {
      $0.parallelism.sharding = .init(kind: .fsdp, shard: 8, replicate: 1)
    }
    return try rows("TP 4", Scenarios.inference(Scenarios.job(model, tensor: 4)))
      + rows("PP 4", Scenarios.inference(Scenarios.job(model, pipeline: 4)))
      + rows("TP 2 x PP 2", Scenarios.inference(Scenarios.job(model, tensor: 2, pipeline: 2)))
      + rows("TP 2 x PP 2 x DP 2", Scenarios.training(megatron))
      + rows("FSDP 8", Scenarios.training(sharded))
  }

  @Test func theWorkedTableIsWhatTheClosedFormsGive() throws {
    let article = try String(contentsOf: Self.file, encoding: .utf8)
    let lines = article.split(separator: "\n").map(String.init)
    let start = try #require(lines.firstIndex { $0.hasPrefix("| layout |") })
    let found = Array(lines[(start + 2)...].prefix { $0.hasPrefix("|") })
    let wanted = try table()
    #expect(found == wanted, "\(wanted.joined(separator: "\n"))")
  }

  @Test func everyStrategyOfTheModelIsInTheArticle() throws {
    let article = try String(contentsOf: Self.file, encoding: .utf8)
    for source in [
      "1909.08053", "2205.05198", "2104.04473", "1910.02054", "2304.11277", "2310.01889",
      "2407.21783", "2101.03961", "2507.15465",
    ] { #expect(article.contains(source)) }
  }
}
