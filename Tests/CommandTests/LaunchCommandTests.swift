// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import commlens

/// Launch files and headers of logs, as a person uses them.
@Suite struct LaunchCommandTests {
  private let scratch: Scratch
  private let header =
    "(APIServer pid=7) INFO 08-01 x non-default args: {'tensor_parallel_size': 2}\n"

  init() throws { scratch = try Scratch() }

  private func logs(_ folder: String, header: String) throws -> String {
    try scratch.write("\(folder)/nccl.node-1.100.log", rankLog(0, extra: header))
    try scratch.write("\(folder)/nccl.node-1.101.log", rankLog(1))
    return scratch.path(folder)
  }

  private func manifest(_ folder: String) throws -> [[String: Any]] {
    let data = try Data(contentsOf: scratch.url("\(folder)/manifest.json"))
    let document = try JSONSerialization.jsonObject(with: data) as? [String: Any]
    return document?["job"] as? [[String: Any]] ?? []
  }

  @Test func aHeaderDeclaresTheLayoutAndTheReportSaysWhere() throws {
    let run = try CommandRun([
      "analyze", try logs("a", header: header), "-o", scratch.path("out"),
    ])
    #expect(run.status == 0)
    #expect(run.output.hasPrefix("2 ranks on 1 node: TP 2\n"))
    #expect(run.output.contains("parallelism as stated by nccl.node-1.100.log:7 (vLLM)"))
    let tensor = try manifest("out").first { $0["key"] as? String == "parallelism.tensor" }
    #expect(tensor?["value"] as? String == "2")
    #expect(tensor?["from"] as? String == "nccl.node-1.100.log:7")
    #expect(tensor?["assumed"] as? Bool == false)
    let summary = try String(contentsOf: scratch.url("out/summary.json"), encoding: .utf8)
    #expect(summary.contains("\"job_source\": \"nccl.node-1.100.log:7 (vLLM)\""))
    let check = try CommandRun(["check", scratch.path("a")])
    #expect(check.status == 0)
  }

  @Test func theJobWinsOverTheHeaderAndTheContradictionFails() throws {
    let folder = try logs("b", header: header)
    try scratch.write("job.yaml", "world_size: 2\nparallelism:\n  tensor: 1\n  data: 2\n")
    let run = try CommandRun([
      "check", folder, "--job", scratch.path("job.yaml"), "--fail-on", "job-contradicts-logs",
    ])
    #expect(run.status == 1)
    #expect(run.output.contains("A log's header contradicts --job about parallelism.tensor."))
    #expect(run.output.contains("1 (job.yaml:3) and 2 (nccl.node-1.100.log:7)"))
  }

  @Test func aLaunchFileIsAJobAndAnInput() throws {
    let folder = try logs("c", header: "")
    try scratch.write("c/run.sh", "#!/bin/sh\nTP=2\nexec vllm serve M -tp $TP --no-such-flag\n")
    let asInput = try CommandRun(["analyze", folder])
    #expect(asInput.output.contains("parallelism as stated by run.sh:3 (vLLM)"))
    let asJob = try CommandRun(["analyze", folder, "--job", scratch.path("c/run.sh")])
    #expect(asJob.status == 0)
    #expect(asJob.output.contains("parallelism as stated by run.sh:3 (vLLM)"))
    // A launch file alone is no trace.
    #expect(try CommandRun(["analyze", scratch.path("c/run.sh")]).status == 65)
  }

  @Test func aLaunchFileThatStatesNoSizeIsAConfigurationError() throws {
    let folder = try logs("d", header: "")
    try scratch.write("run.sh", "#!/bin/sh\nvllm serve M -tp $1\n")
    let run = try CommandRun(["analyze", folder, "--job", scratch.path("run.sh")])
    #expect(run.status == 78)
    #expect(run.errors.contains("run.sh:2: `parallelism.tensor` is not known"))
    try scratch.write("other.sh", "#!/bin/sh\nls\n")
    #expect(try CommandRun(["analyze", folder, "--job", scratch.path("other.sh")]).status == 78)
  }

  @Test func expectReadsALaunchFile() throws {
    try scratch.write(
      "run.sh",
      "#!/bin/bash\ntorchrun --nproc_per_node 4 pretrain_gpt.py --tensor-model-parallel-size 2 "
        + "--micro-batch-size 1 --global-batch-size 4 --seq-length 1024\n")
    let model = Fixture.folder.appending(path: "models/llama-3.1-8b.config.json").path()
    let run = try CommandRun(["expect", "--job", scratch.path("run.sh"), "--model", model])
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.contains("tp"))
  }
}
