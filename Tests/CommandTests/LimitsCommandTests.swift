// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `limits`, `whatif` and `hardware` as a shell would run them.
@Suite struct LimitsCommandTests {
  private static let llama8B = Fixture.folder.appending(
    path: "models/llama-3.1-8b.config.json"
  ).path()

  private static let llama405B = """
    {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 16384,
     "num_hidden_layers": 126, "num_attention_heads": 128, "num_key_value_heads": 8,
     "intermediate_size": 53248, "vocab_size": 128256, "torch_dtype": "bfloat16"}
    """

  private func trace(_ name: String) -> String {
    Fixture.root.appending(path: "traces/\(name)").path()
  }

  /// The cells of a column of a CSV table without quotes.
  private func column(_ name: String, of csv: String) throws -> [String] {
    let lines = csv.split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    let place = try #require(lines.first?.firstIndex(of: name))
    return lines.dropFirst().map { $0[place] }
  }

  // MARK: - hardware

  @Test func everyMachineIsListedAndPrintedAsAFileThatIsReadAgain() throws {
    let list = try CommandRun(["hardware", "--format", "csv"])
    #expect(list.status == 0)
    let names = try column("hardware", of: list.output.replacing(/"[^"]*"/, with: ""))
    #expect(names.count == 12)
    let scratch = try Scratch()
    for name in names {
      let text = try CommandRun(["hardware", name])
      #expect(text.status == 0)
      let file = try scratch.write("\(name).yaml", text.output)
      let own = try CommandRun(["hardware", name, "--format", "json"])
      let again = try CommandRun(["hardware", file, "--format", "json"])
      #expect(again.status == 0, "\(again.errors)")
      #expect(again.output == own.output)
    }
  }

  // MARK: - limits

  @Test func theRatesOfThePaperComeOutOfTheCommand() throws {
    let scratch = try Scratch()
    let model = try scratch.write("config.json", Self.llama405B)
    for (ranks, rates) in [(8, ["86", "80"]), (32, ["290", "271"]), (128, ["776", "743"])] {
      let run = try CommandRun([
        "limits", "--model", model, "--hardware", "xPU-HBM3", "--accelerators", "\(ranks)",
        "--weight-bits", "8", "--cache-bits", "8", "--parameters", "405000000000", "--context",
        "4096,131072", "--format", "csv",
      ])
      #expect(run.status == 0, "\(run.errors)")
      let found = try column("user_tokens_per_s", of: run.output).prefix(2)
      #expect(found.compactMap(Double.init).map { String(Int($0.rounded())) } == rates)
    }
  }

  @Test func aStudyIsWrittenWithItsFigureAndTheSameBytesEachTime() throws {
    let scratch = try Scratch()
    let arguments = [
      "limits", "--model", Self.llama8B, "--hardware", "DGX-H100", "DGX-B200", "--batch", "1,8-10",
      "-q", "-o",
    ]
    for folder in ["a", "b"] {
      let run = try CommandRun(arguments + [scratch.path(folder)])
      #expect(run.status == 0, "\(run.errors)")
    }
    let names = try scratch.names("a")
    #expect(
      names == ["batch_limits.csv", "limits.csv", "limits.json", "limits.svg", "manifest.json"])
    for name in names {
      #expect(
        try Data(contentsOf: scratch.url("a/\(name)")) == Data(contentsOf: scratch.url("b/\(name)"))
      )
    }
    let table = try String(contentsOf: scratch.url("a/limits.csv"), encoding: .utf8)
    #expect(try column("batch", of: table).prefix(4) == ["1", "8", "9", "10"])
    #expect(table.split(separator: "\n").count == 1 + 2 * 2 * 4)
  }

  @Test func tenThousandPointsAreDrawn() throws {
    let scratch = try Scratch()
    let run = try CommandRun([
      "limits", "--model", Self.llama8B, "--hardware", "DGX-H100", "--batch", "1-100", "--context",
      "1001-1050", "-q", "-o", scratch.path("out"),
    ])
    #expect(run.status == 0, "\(run.errors)")
    let figure = try String(contentsOf: scratch.url("out/limits.svg"), encoding: .utf8)
    #expect(figure.matches(of: /h3v3h-3z/).count == 10_000)
  }

  @Test func aJobGivesLayoutBatchAndPrompt() throws {
    let scratch = try Scratch()
    let job = try scratch.write(
      "job.yaml",
      """
      version: 1
      world_size: 8
      parallelism: {tensor: 4, pipeline: 2}
      order: vllm
      workload: {kind: inference, batch: 3, prompt_tokens: 77, output_tokens: 5}
      """)
    let run = try CommandRun([
      "limits", "--model", Self.llama8B, "--job", job, "--hardware", "DGX-H100", "--format", "csv",
    ])
    #expect(run.status == 0, "\(run.errors)")
    #expect(try column("batch", of: run.output) == ["3", "3"])
    #expect(try column("context_tokens", of: run.output) == ["77", "77"])
    #expect(try column("accelerators", of: run.output) == ["8", "8"])
  }

  @Test func mistakesInDescriptionsEndWith78AndTheirPlace() throws {
    let scratch = try Scratch()
    let hardware = try scratch.write(
      "hw.yaml",
      "version: 1\nname: x\nsource: y\naccelerator: {memory_bandwidth: 3350 Gb/s}\n")
    let unit = try CommandRun(["limits", "--model", Self.llama8B, "--hardware", hardware])
    #expect(unit.status == 78)
    #expect(unit.errors.contains("hw.yaml:4:33: `accelerator.memory_bandwidth` is `3350 Gb/s`"))
    #expect(unit.errors.contains("did you mean `Gbit/s` or `GB/s`?"))
    let name = try CommandRun(["limits", "--model", Self.llama8B, "--hardware", "DGXH100"])
    #expect(name.status == 78)
    #expect(name.errors.contains("did you mean `DGX-H100`?"))
    let unknown = try CommandRun(["limits", "--model", Self.llama8B, "--hardware", "xPU-COWS"])
    #expect(unknown.status == 78)
    #expect(unknown.errors.contains("--sync-latency"))
    let stated = try CommandRun([
      "limits", "--model", Self.llama8B, "--hardware", "xPU-COWS", "--sync-latency", "200 ns",
    ])
    #expect(stated.status == 0, "\(stated.errors)")
    let model = try CommandRun(["limits", "--hardware", "DGX-H100"])
    #expect(model.status == 78)
    #expect(model.errors.contains("`model` is missing; give it as `--model`"))
    #expect(try CommandRun(["hardware", "nothing/here.yaml"]).status == 78)
  }

  @Test(arguments: [
    ["limits", "--model", "x"], ["limits", "--hardware", ""],
    ["limits", "--hardware", "PFA", "--batch", "0"],
    ["limits", "--hardware", "PFA", "--batch", "3-1"],
    ["limits", "--hardware", "PFA", "--batch", "1-2000000"],
    ["limits", "--hardware", "PFA", "--batch", "1-2000", "--context", "1-2000"],
    ["limits", "--hardware", "PFA", "--sync-latency", "1.5"],
    ["limits", "--hardware", "PFA", "--imbalance", "0.5"],
    ["limits", "--hardware", "PFA", "--weight-bits", "0"],
    ["limits", "--hardware", "PFA", "--accelerators", "0"],
    ["limits", "--hardware", "PFA", "--algorithm", "magic"],
    ["limits", "--hardware", "PFA", "--explain", "tp"],
    ["whatif", "traces"], ["whatif", "--hardware", "PFA"],
  ])
  func wrongUseEndsWith64(_ arguments: [String]) throws {
    let run = try CommandRun(arguments)
    #expect(run.status == 64, "\(arguments): \(run.errors)")
    #expect(!run.errors.isEmpty)
  }

  // MARK: - whatif

  @Test func aReportAndItsLogsAreReplayedAlike() throws {
    let scratch = try Scratch()
    let analysed = try CommandRun([
      "analyze", trace("megatron-tp2-pp2-dp2"), "-q", "-o", scratch.path("r"),
    ])
    #expect(analysed.status == 0)
    let machines = ["--hardware", "DGX-H100", "GB200-NVL72", "PFA", "--format", "csv"]
    let logs = try CommandRun(["whatif", "run=" + trace("megatron-tp2-pp2-dp2")] + machines)
    let report = try CommandRun(["whatif", "run=" + scratch.path("r")] + machines)
    #expect(logs.status == 0, "\(logs.errors)")
    #expect(report.output == logs.output)
    // The payload of each machine's rows is that of the traffic.
    let traffic = try String(contentsOf: scratch.url("r/traffic.csv"), encoding: .utf8)
    let payload = try column("payload_bytes", of: traffic).compactMap(UInt64.init).reduce(0, +)
    for machine in ["DGX-H100", "GB200-NVL72", "PFA"] {
      let rows = logs.output.split(separator: "\n").filter { $0.contains(",\(machine),") }
      let header = try #require(logs.output.split(separator: "\n").first)
      let own = try column("payload_bytes", of: ([header] + rows).joined(separator: "\n"))
      #expect(own.compactMap(UInt64.init).reduce(0, +) == payload)
    }
  }

  @Test func aRunIsWrittenBesideAnotherStrategy() throws {
    let scratch = try Scratch()
    let job = try scratch.write(
      "pp4.yaml",
      """
      version: 1
      name: PP4
      world_size: 4
      parallelism: {pipeline: 4}
      order: vllm
      workload: {kind: inference, batch: 1, prompt_tokens: 128, output_tokens: 128}
      """)
    let run = try CommandRun([
      "whatif", "TP4=" + trace("llama-8b-tp4"), "--hardware", "DGX-H100", "MI300X", "--strategy",
      job, "--model", Self.llama8B, "-o", scratch.path("out"),
    ])
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.contains("TP4, PP4 on 2 machines; gain over DGX-H100"))
    #expect(
      try scratch.names("out")
        == ["manifest.json", "whatif.csv", "whatif.json", "whatif.svg", "whatif_totals.csv"])
    let totals = try String(contentsOf: scratch.url("out/whatif_totals.csv"), encoding: .utf8)
    #expect(totals.contains("PP4,MI300X,total,"))
    let manifest = try String(contentsOf: scratch.url("out/manifest.json"), encoding: .utf8)
    #expect(!manifest.contains(scratch.folder.path()))
  }

  @Test func timesOfATraceGiveAFit() throws {
    let scratch = try Scratch()
    let sizes = [1024, 65_536, 1_048_576, 16_777_216]
    let lines = sizes.map { size in
      // 20 us and 100 GB/s.
      let time = 20.0 + Double(size) / 100_000
      return String(
        format: "%12d %12d float sum -1 %8.2f %7.2f %7.2f 0 %8.2f %7.2f %7.2f 0", size, size / 4,
        time, Double(size) / time / 1000, Double(size) / time / 1000 * 1.75, time,
        Double(size) / time / 1000, Double(size) / time / 1000 * 1.75)
    }
    let table = try scratch.write(
      "all_reduce.txt",
      """
      # Collective test starting: all_reduce_perf
      # nThread 1 nGpus 8 minBytes 1024 maxBytes 16777216 step: 2(factor) warmup iters: 5 iters: 20 agg iters: 1 validation: 1 graph: 0
      #
      # Using devices
      \((0..<8).map { "#  Rank  \($0) Group  0 Pid   1000 on     node device  \($0) [0000:1\($0):00] NVIDIA H100" }.joined(separator: "\n"))
      #
      #                                                              out-of-place                       in-place
      #       size         count      type   redop    root     time   algbw   busbw #wrong     time   algbw   busbw #wrong
      #        (B)    (elements)                               (us)  (GB/s)  (GB/s)            (us)  (GB/s)  (GB/s)
      \(lines.joined(separator: "\n"))
      # Out of bounds values : 0 OK
      # Avg bus bandwidth    : 100
      #
      """)
    let run = try CommandRun(["whatif", table, "--hardware", "DGX-H100", "--format", "ndjson"])
    #expect(run.status == 0, "\(run.errors)")
    let fit = try #require(run.output.split(separator: "\n").first { $0.contains("latency_fit") })
    #expect(fit.contains("\"collective\": \"all_reduce\", \"ranks\": 8, \"points\": 8"))
    let latency = try #require(fit.firstMatch(of: /"latency_us": ([0-9.]+)/)?.1)
    #expect((try #require(Double(latency)) - 20).magnitude < 0.05)
    let bandwidth = try #require(fit.firstMatch(of: /"busbw_gb_per_s": ([0-9.]+)/)?.1)
    #expect((try #require(Double(bandwidth)) - 175).magnitude < 0.5)
  }

  @Test func aMissingRunEndsAsItDoesElsewhere() throws {
    let run = try CommandRun(["whatif", "no/such/run", "--hardware", "DGX-H100"])
    #expect(run.status == 66)
  }

  private static let real = Fixture.root.appending(path: "../shared/data/nccl-real")

  @Test(.enabled(if: FileManager.default.fileExists(atPath: real.path())))
  func everyRecordedScenarioIsReplayedWhole() throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: Self.real.path()).sorted()
    where name.hasPrefix("s") {
      let run = try CommandRun([
        "whatif", Self.real.appending(path: name).path(), "--hardware", "DGX-H100", "PFA", "-q",
        "--format", "json",
      ])
      // Some of them crashed and have nothing whole to read; none may fail for its bytes.
      #expect([0, 65].contains(run.status), "\(name): \(run.errors)")
      #expect(run.output.contains("\"complete\": true"), "\(name)")
    }
  }
}
