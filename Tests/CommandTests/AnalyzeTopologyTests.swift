// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import commlens

/// `--topology` of `analyze` and `check`.
@Suite struct AnalyzeTopologyTests {
  private let scratch: Scratch
  init() throws { scratch = try Scratch() }

  private func fixture(_ name: String) -> String {
    Fixture.folder.appending(path: "topology/\(name).xml").path(percentEncoded: false)
  }
  private func trace(_ name: String) -> String {
    Fixture.root.appending(path: "traces/\(name)").path(percentEncoded: false)
  }

  @Test func ranksAndBytesAreOnTheMachine() throws {
    let report = scratch.url("report")
    let run = try CommandRun([
      "analyze", trace("megatron-tp2-pp2-dp2"), "--topology", fixture("vm-4gpu"), "-o",
      report.path(),
    ])
    #expect(
      run.status == 0 && run.output.contains("topology: 2 of 2 nodes; busiest link: NIC ens32"))
    func lines(_ file: String) throws -> [[Substring]] {
      try String(contentsOf: report.appending(path: file), encoding: .utf8)
        .split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
    }
    let ranks = try lines("ranks.csv")
    #expect(ranks[0].suffix(2) == ["numa_node", "nearest_nic"])
    #expect(ranks.count == 9 && ranks.dropFirst().allSatisfy { $0.suffix(2) == ["0", "ens32"] })
    let links = try lines("links.csv")
    #expect(links[0].suffix(3) == ["bandwidth_gb_per_s", "device", "assumed_bytes"])
    #expect(links.contains { $0[0] == "network_device" && $0.suffix(3) == ["1.25", "ens32", ""] })
    #expect(links.contains { $0[0] == "nic" && $0.suffix(3) == ["1.25", "ens32", "0"] })
    let manifest = try String(
      contentsOf: report.appending(path: "manifest.json"), encoding: .utf8)
    #expect(manifest.contains("\"topology.svg\""))
  }

  @Test func refusalsHaveTheirStatus() throws {
    let logs = trace("vllm-tp4")
    let broken = try scratch.write("broken.xml", "<system version=\"1\">\n<cpu></system>")
    let run = try CommandRun(["analyze", logs, "--topology", broken])
    #expect(run.status == 65 && run.output.isEmpty && run.errors.contains("broken.xml:2: "))
    let missing = try CommandRun(["check", logs, "--topology", scratch.url("none.xml").path()])
    #expect(missing.status == 66 && missing.errors.contains("no such file"))
    let graph = try CommandRun(["analyze", logs, "--topology", fixture("graph-rings")])
    #expect(graph.status == 65 && graph.errors.contains("NCCL_TOPO_DUMP_FILE"))
    #expect(try CommandRun(["analyze", logs, "--topology", ""]).status == 64)
  }

  @Test func aTopologyForNoRankIsAFinding() throws {
    let run = try CommandRun(["check", trace("vllm-tp4"), "--topology", fixture("mi300-like")])
    #expect(run.status == 1 && run.output.contains("topology-does-not-fit"))
    #expect(
      try CommandRun([
        "check", trace("vllm-tp4"), "--topology", fixture("mi300-like"), "--topology",
        fixture("vm-4gpu"), "--fail-on", "error",
      ]).status == 0)
  }
}
