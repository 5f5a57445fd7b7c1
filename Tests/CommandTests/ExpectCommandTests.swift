// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import commlens

@Suite struct ExpectCommandTests {
  private let scratch: Scratch
  private let inference = Fixture.folder.appending(path: "jobs/s1-vllm-tp4-2.21.5.yaml")
    .path(percentEncoded: false)

  init() throws { scratch = try Scratch() }

  /// Rows of a CSV without quotes in the columns that are looked at, by column.
  private func rows(_ csv: String) throws -> [[String: String]] {
    let lines = csv.split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    let header = try #require(lines.first)
    return lines.dropFirst().map { Dictionary(zip(header, $0)) { first, _ in first } }
  }

  @Test func theWorkedExampleComesOutAsCSV() throws {
    let run = try CommandRun(["expect", "--job", inference, "--format", "csv"])
    #expect(run.status == 0 && run.errors.isEmpty)
    let rows = try rows(run.output)
    #expect(rows.map { $0["phase"] } == ["prefill", "prefill", "decode", "decode"])
    #expect(rows.map { $0["operations"] } == ["1", "65", "127", "8255"])
    #expect(rows.map { $0["message_bytes"] } == ["256512", "1048576", "256512", "8192"])
    let ranks = try CommandRun(["expect", "--job", inference, "--format", "csv", "--ranks"])
    let sums = try self.rows(ranks.output)
    // V_AR, and 128 times 32064 logits of 2 bytes.
    #expect(sums.map { $0["payload_bytes"] } == Array(repeating: "143990784", count: 4))
  }

  @Test func everyFormSaysTheSame() throws {
    func output(_ format: String) throws -> String {
      let run = try CommandRun(["expect", "--job", inference, "--format", format])
      #expect(run.status == 0 && run.errors.isEmpty)
      return run.output
    }
    let document = try #require(
      try JSONSerialization.jsonObject(with: Data(output("json").utf8)) as? [String: Any])
    #expect((document["expected_traffic"] as? [Any])?.count == 4)
    #expect((document["expected_ranks"] as? [Any])?.count == 4)
    #expect((document["totals"] as? [String: Int])?["operations"] == 8448)
    #expect(try output("ndjson").split(separator: "\n").count == 8)
    let text = try output("table")
    #expect(text.contains("8,255") && text.contains("RowParallelLinear"))
    #expect(try output("md").hasPrefix("# Expected traffic"))
    #expect(try CommandRun(["expect", "--job", inference]).output == text)
  }

  @Test func theFolderHoldsTheFilesTheManifestLists() throws {
    let folder = scratch.path("expected")
    #expect(try CommandRun(["expect", "--job", inference, "-q", "-o", folder]).output.isEmpty)
    #expect(
      try scratch.names("expected") == [
        "expected.json", "expected_ranks.csv", "expected_traffic.csv", "manifest.json",
      ])
  }

  @Test func theModelOptionWinsOverTheJobsModel() throws {
    let model = try scratch.write(
      "config.json",
      #"""
      {"hidden_size": 5120, "num_hidden_layers": 40, "num_attention_heads": 40,
       "intermediate_size": 13824, "vocab_size": 32000, "torch_dtype": "bfloat16"}
      """#)
    let run = try CommandRun([
      "expect", "--job", inference, "--model", model, "--format", "csv", "--logits", "gather",
    ])
    let rows = try rows(run.output)
    #expect(rows.map { $0["operations"] } == ["81", "1", "10287", "127"])
    #expect(rows.map { $0["collective"] } == ["all_reduce", "gather", "all_reduce", "gather"])
  }

  @Test func aMissingFieldIsNamed() throws {
    let job = try scratch.write(
      "job.yaml",
      """
      version: 1
      world_size: 2
      parallelism: {tensor: 2}
      workload: {kind: inference, batch: 1, output_tokens: 2}
      model: {hidden_size: 64, num_hidden_layers: 2, num_attention_heads: 2,
        intermediate_size: 128, vocab_size: 256, torch_dtype: bfloat16}
      """)
    let run = try CommandRun(["expect", "--job", job])
    #expect(run.status == 78 && run.output.isEmpty)
    #expect(run.errors.contains("workload.prompt_tokens"))
    #expect(try CommandRun(["expect"]).status == 64)
    #expect(try CommandRun(["expect", "--job", inference, "--logits", "none"]).status == 64)
    #expect(try CommandRun(["expect", "--job", inference, "--virtual-stages", "0"]).status == 78)
  }

  /// Key path, what was found, and what is allowed.
  @Test(arguments: [
    (#"{"hidden_size": 64}"#, ["num_hidden_layers", "is missing", "n_layer"]),
    (
      #"{"hidden_size": "wide", "num_hidden_layers": 2}"#,
      ["hidden_size", "1 to 268435456"]
    ),
    (#"{"hidden_size": 64,"#, ["config.json:2:1", "neither YAML nor JSON"]),
    (
      #"{"text_config": {"hidden_size": 64, "num_hidden_layers": -1}}"#,
      ["text_config.num_hidden_layers", "-1", "1 to 65536"]
    ),
  ])
  func aBadModelIsRefusedByBothCommands(text: String, words: [String]) throws {
    let model = try scratch.write("config.json", text)
    let logs = Fixture.root.appending(path: "traces/vllm-tp4").path(percentEncoded: false)
    for arguments in [
      ["expect", "--job", inference, "--model", model],
      ["analyze", logs, "--job", inference, "--model", model],
    ] {
      let run = try CommandRun(arguments)
      #expect(run.status == 78 && run.output.isEmpty)
      for word in words { #expect(run.errors.contains(word), "\(run.errors) lacks \(word)") }
    }
  }

  @Test func aJobThatDidNotRunIsAGateForScripts() throws {
    let logs = Fixture.root.appending(path: "traces/vllm-tp4").path(percentEncoded: false)
    let own = Fixture.folder.appending(path: "jobs/s1-vllm-tp4-2.18.5.yaml")
      .path(percentEncoded: false)
    let gate = ["--fail-on", "job-contradicts-logs", "--fail-on", "traffic-unexplained", "-q"]
    #expect(try CommandRun(["analyze", logs, "--job", own] + gate).status == 0)
    // The other job's prompt is four times as long.
    let run = try CommandRun(["analyze", logs, "--job", inference] + gate)
    #expect(run.status == 1)
    #expect(run.errors.contains("job-contradicts-logs") && run.errors.contains("128 tokens"))
  }

  @Test func everyJobOfTheFixturesIsToldOrNamesWhatItLacks() throws {
    let folder = Fixture.folder.appending(path: "jobs")
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path()).sorted() {
      let path = folder.appending(path: name).path(percentEncoded: false)
      for format in ["table", "csv", "json", "ndjson", "md"] {
        let run = try CommandRun(["expect", "--job", path, "--format", format])
        if run.status == 78 {
          #expect(run.errors.contains("`model` is missing"), "\(name)")
        } else {
          #expect(run.status == 0 && !run.output.isEmpty && run.errors.isEmpty, "\(name)")
        }
      }
    }
  }

  @Test func theSchemaListsTheColumns() throws {
    let output = try CommandRun(["schema"]).output
    let rows = try CommandRun(["expect", "--job", inference, "--format", "csv"]).output
    let header = try #require(rows.split(separator: "\n").first)
    for column in header.split(separator: ",") {
      #expect(output.contains("\nexpected_traffic,\(column),"))
    }
    #expect(output.contains("\nexpected_ranks,sent_bytes,"))
  }
}
