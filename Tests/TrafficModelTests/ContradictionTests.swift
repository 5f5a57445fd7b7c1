// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Foundation
import TestSupport
import Testing
import TrafficAnalysis

@testable import TrafficModel

/// A job that is not the one that ran is found out by the recorded logs, and both sides are named.
@Suite struct ContradictionTests {
  private func findings(
    _ folder: String, _ job: String, _ change: (inout JobDescription) -> Void
  ) throws -> [Finding] {
    let logs = try LogSet(folder: Fixture.root.appending(path: "traces/\(folder)"), job: job)
    var other = logs.job
    change(&other)
    var summary = logs.summary(job: other)
    Reconciliation.add(try TrafficModel.expect(other), job: other, to: &summary)
    return summary.findings.filter { $0.code == "job-contradicts-logs" }
  }

  private func inference(_ change: (inout JobDescription) -> Void) throws -> [Finding] {
    try findings("vllm-tp4", "s1-vllm-tp4-2.18.5", change)
  }

  private func training(_ change: (inout JobDescription) -> Void) throws -> [Finding] {
    try findings("megatron-tp2-pp2-dp2", "s4-megatron-tp2pp2dp2-2node-2.21.5", change)
  }

  /// Asserts one finding with both sides in it.
  private func expect(
    _ findings: [Finding], at location: String, _ sides: String...,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(findings.map(\.location) == [location], sourceLocation: sourceLocation)
    let text = findings.map { $0.summary + " " + $0.evidence }.joined()
    for side in sides {
      #expect(text.contains(side), "\(text) lacks \(side)", sourceLocation: sourceLocation)
    }
  }

  @Test func theRightJobIsNotContradicted() throws {
    #expect(try inference { _ in } == [])
    #expect(try training { _ in } == [])
  }

  @Test func moreRanksPerGroupThanThereAre() throws {
    let found = try inference {
      $0.worldSize = 8
      $0.parallelism.tensor = 8
      $0.hosts = []
    }
    expect(found, at: "communicator c1", "c1 has 4 ranks", "8 (tp)")
  }

  @Test func fewerRanksThanThereAre() throws {
    let found = try training {
      $0.worldSize = 4
      $0.parallelism.data = 1
      $0.parallelism.sharding = .init(kind: .none, shard: 1, replicate: 1)
      $0.hosts = []
    }
    #expect(found.contains { $0.summary.contains("has 4 ranks, the logs have 8") })
  }

  @Test func groupsOfASizeThatNoCommunicatorHas() throws {
    let found = try inference {
      $0.parallelism.tensor = 2
      $0.parallelism.pipeline = 2
    }
    expect(found, at: "parallelism", "groups of 2 ranks", "communicators have 4 ranks")
  }

  @Test func anotherOrderOfRanks() throws {
    let found = try training { $0.order = [.pipeline, .context, .expert, .data, .tensor] }
    expect(found, at: "order", "sp", "embedding")
  }

  @Test func anotherHiddenSize() throws {
    let found = try inference { $0.model?.hiddenSize = 5120 }
    expect(found, at: "model.hidden_size", "5120", "4096")
    let deeper = try training { $0.model?.hiddenSize = 6144 }
    expect(deeper, at: "model.hidden_size", "6144", "8388608")
  }

  @Test func anotherNumberOfLayers() throws {
    expect(
      try inference { $0.model?.layers = 40 }, at: "model.num_hidden_layers", "40 layers",
      "fit 32")
  }

  @Test func anotherVocabulary() throws {
    expect(
      try inference { $0.model?.vocabularySize = 32000 }, at: "model.vocab_size", "32000",
      "128256")
  }

  @Test func otherNumbersOfTokens() throws {
    expect(
      try inference { $0.workload?.promptTokens = 64 }, at: "workload.prompt_tokens",
      "64 tokens", "carries 32")
    expect(
      try training { $0.workload?.sequenceLength = 2048 }, at: "workload.sequence_length",
      "1024 tokens", "carries 2048")
  }

  @Test func anotherNumberOfStepsIsExplainedInPlaceOfAFinding() throws {
    let logs = try LogSet(
      folder: Fixture.root.appending(path: "traces/megatron-tp2-pp2-dp2"),
      job: "s4-megatron-tp2pp2dp2-2node-2.21.5")
    var other = logs.job
    other.workload?.steps = 2
    let rows = Reconciliation.rows(
      expected: try TrafficModel.expect(other), observed: logs.summary())
    #expect(rows.allSatisfy { $0.verdict == .explained })
    let classes = rows.filter { $0.expectedOperations > 0 }
    #expect(classes.count == 15)
    #expect(classes.allSatisfy { $0.explanation.contains("hold 3 steps where the job says 2") })
  }

  @Test func aRankWithoutAFileLacksItsOwnCallsOnly() throws {
    var logs = try LogSet(
      folder: Fixture.root.appending(path: "traces/megatron-tp2-pp2-dp2"),
      job: "s4-megatron-tp2pp2dp2-2node-2.21.5")
    let host = logs.files[5].calls[0].host
    let pid = logs.files[5].calls[0].pid
    let rank = try #require(
      logs.summary().ranks.first { $0.host == host && $0.pid == pid }?.rank)
    logs.remove(5)
    let rows = logs.rows()
    #expect(rows.allSatisfy { $0.verdict == .exact || $0.verdict == .explained }, "\(rows)")
    #expect(rows.contains { $0.explanation.contains("Rank \(rank) has no log") })
    // One call less on another rank is still found.
    let call = logs.samples(1, limit: 8)[3]
    logs.edit(1) { $0.remove(at: call.line) }
    #expect(logs.rows().contains { $0.verdict == .unexplained })
  }
}
