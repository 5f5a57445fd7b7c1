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

  @Test func theManifestListsTopologyJobAndModelAsInputs() throws {
    let topology = fixture("vm-4gpu")
    let job = Fixture.folder.appending(path: "jobs/s1-vllm-tp4-2.18.5.yaml").path()
    let model = Fixture.folder.appending(path: "models/llama-3.1-8b.config.json").path()
    let report = scratch.url("report")
    let run = try CommandRun([
      "analyze", trace("vllm-tp4"), "--topology", topology, "--job", job, "--model", model, "-q",
      "-o", report.path(),
    ])
    #expect(run.status == 0, "\(run.errors)")
    let inputs = try inputs(of: report)
    #expect(inputs.count == 7)
    #expect(
      inputs.suffix(3).map(\.file) == [
        "vm-4gpu.xml", "jobs/s1-vllm-tp4-2.18.5.yaml", "models/llama-3.1-8b.config.json",
      ])
    for (input, path) in zip(inputs.suffix(3), [topology, job, model]) {
      let bytes = try Data(contentsOf: URL(filePath: path))
      #expect(input.bytes == bytes.count && input.compressed_bytes == bytes.count)
      #expect(input.content_crc32 == crc32(bytes) && input.status == "complete")
    }
  }

  @Test func theManifestListsTheModelThatAJobNames() throws {
    let model = try Data(
      contentsOf: Fixture.folder.appending(path: "models/llama-3.1-8b.config.json"))
    try scratch.write("m/config.json", String(decoding: model, as: UTF8.self))
    let job = try scratch.write(
      "job.yaml",
      """
      world_size: 4
      parallelism: {tensor: 4}
      order: vllm
      workload: {kind: inference, batch: 1, prompt_tokens: 8, output_tokens: 2}
      model: m/config.json
      """)
    let report = scratch.url("report")
    let run = try CommandRun(["expect", "--job", job, "-q", "-o", report.path()])
    #expect(run.status == 0, "\(run.errors)")
    let inputs = try inputs(of: report)
    #expect(inputs.map(\.file) == ["job.yaml", "m/config.json"])
    #expect(inputs.last?.content_crc32 == crc32(model))
  }

  private struct Input: Decodable {
    var file: String
    var compressed_bytes: Int
    var bytes: Int
    var content_crc32: String
    var status: String
  }

  private func inputs(of report: URL) throws -> [Input] {
    struct Manifest: Decodable { var inputs: [Input] }
    let data = try Data(contentsOf: report.appending(path: "manifest.json"))
    return try JSONDecoder().decode(Manifest.self, from: data).inputs
  }

  /// CRC-32 bit by bit, as RFC 1952 defines it.
  private func crc32(_ data: Data) -> String {
    var crc: UInt32 = 0xFFFF_FFFF
    for byte in data {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
    let digits = String(~crc, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
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
