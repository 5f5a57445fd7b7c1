// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Testing
import TrafficAnalysis
import TrafficModel

@testable import TrafficReport

@Suite struct ExpectationTests {
  private func traffic(name: String = "job", tensor: Int = 2, data: Int = 2) throws
    -> ExpectedTraffic
  {
    let text = """
      version: 1
      name: "\(name)"
      world_size: \(tensor * data)
      parallelism: {tensor: \(tensor), data: \(data)}
      workload: {kind: training, steps: 2, micro_batch_size: 1, sequence_length: 64}
      model: {hidden_size: 64, num_hidden_layers: 2, num_attention_heads: 4,
        intermediate_size: 128, vocab_size: 256, torch_dtype: bfloat16,
        tie_word_embeddings: false}
      """
    return try TrafficModel.expect(JobDescription.parse(text: text, file: "job.yaml"))
  }

  @Test func theColumnsOfBothTablesAgreeWithThoseOfTheLogs() {
    let own = Table.expectation[0].columns.map { $0.name }
    // Placement and replays are known only of a log.
    let logs = Table.traffic.columns.map { $0.name }
      .filter { !$0.hasPrefix("int") && !$0.hasPrefix("scaled_") }
    #expect(Array(own.prefix(logs.count)) == logs)
    #expect(own.dropFirst(logs.count) == ["source", "note"])
    #expect(
      Table.expectation.flatMap(\.columns).allSatisfy { !$0.meaning.isEmpty })
  }

  @Test func theRowsAddUpToTheTotals() throws {
    let traffic = try traffic()
    let rows = try parseCSV(ExpectationReport.csv(traffic))
    let column = try #require(rows[0].firstIndex(of: "wire_bytes"))
    #expect(rows.dropFirst().compactMap { UInt64($0[column]) }.reduce(0, +) == traffic.wireBytes)
    let ranks = try parseCSV(ExpectationReport.csv(traffic, part: .ranks))
    #expect(ranks.count == 1 + 4)
    let calls = ranks.dropFirst().compactMap { UInt64($0[2]) }.reduce(0, +)
    #expect(calls == traffic.rankCalls)
  }

  @Test func ranksWithEqualSumsShareALine() throws {
    let text = ExpectationReport.text(try traffic(tensor: 4, data: 64))
    #expect(text.contains("\n  0-255      0"))
    #expect(text.split(separator: "\n").count < 60)
  }

  @Test func aHostileNameStaysText() throws {
    var traffic = try traffic()
    traffic.job = "<script>\u{1b}[31m|x\n# y"
    #expect(!ExpectationReport.text(traffic).contains("\u{1b}"))
    let markdown = ExpectationReport.markdown(traffic)
    #expect(!markdown.contains("<script>") && !markdown.contains("\n# y"))
    #expect(!ExpectationReport.json(traffic).contains { $0 < 0x20 && $0 != 0x0A })
  }

  @Test func aSingleRankGetsAnEmptyTable() throws {
    let traffic = try traffic(tensor: 1, data: 1)
    #expect(ExpectationReport.text(traffic).contains("No rank has anything to say"))
    #expect(try parseCSV(ExpectationReport.csv(traffic)).count == 1)
  }
}
