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

  // MARK: - Limits and what-if

  private static let limits = Fixture.root.appending(
    path: "Sources/TrafficModel/TrafficModel.docc/Limits.md")

  @Test func everyPaperOfTheLimitsIsInTheirArticle() throws {
    let article = try String(contentsOf: Self.limits, encoding: .utf8)
    for source in ["2507.14397", "2507.15465", "2507.14000", "2507.14392", "1909.08053"] {
      #expect(article.contains(source))
    }
  }

  @Test func theSensitivitiesOfTheArticleAreThoseOfTheModel() throws {
    let article = try String(contentsOf: Self.limits, encoding: .utf8)
    func loss(_ ranks: Int) throws -> Double {
      let limits = try PassLimitsTests.limits(
        PassLimitsTests.llama405B, "xPU-HBM3", PassLimitsTests.tensor(ranks),
        PassLimitsTests.nominal)
      let once = limits.pass(.decode, batch: 1, context: 4096).userRate
      let twice = limits.scalingLatency(by: 2).pass(.decode, batch: 1, context: 4096).userRate
      return 100 * (1 - twice / once)
    }
    #expect((try loss(8) - 0.6).magnitude < 0.06)
    #expect((try loss(128) - 31).magnitude < 0.6)
    #expect(
      article.contains(
        "twice the synchronisation costs 0.6 % of the rate, at 128 accelerators 31 %"))
    // Without a stated number of weights the shape's are counted.
    var counted = PassLimitsTests.nominal
    counted.parameters = nil
    let rates = try [4096, 131_072].map { context in
      try PassLimitsTests.limits(
        PassLimitsTests.llama405B, "xPU-HBM3", PassLimitsTests.tensor(32), counted
      ).pass(.decode, batch: 1, context: context).userRate.rounded()
    }
    #expect(rates == [290, 272])
    #expect(article.contains("the second rate is 272"))
  }
}
