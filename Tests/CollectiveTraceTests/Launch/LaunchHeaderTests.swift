// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import CollectiveTrace

/// Headers in the form in which the launchers print them, with values read off by hand.
@Suite struct LaunchHeaderTests {
  private func launches(_ lines: [String], file: String = "run.log") -> [LaunchFacts] {
    let text = lines.joined(separator: "\n") + "\n"
    return TraceReader.summarize(text: Array(text.utf8), file: file).launches
  }

  private func values(_ facts: LaunchFacts?) -> [String: String] {
    Dictionary(
      (facts?.statements ?? []).map { ($0.key.rawValue, $0.value) }, uniquingKeysWith: { $1 })
  }

  /// What launchers and loggers put before a line.
  static let prefixes = [
    "", "3: ", "[rank0]:", "[default0]:", "[1,0]<stdout>:", "(EngineCore_0 pid=123) ",
    "node-1: ", "[titan] 2025-07-01 10:00:00,123 - root - INFO - ", "\u{1b}[32m",
    "2025-03-01T12:34:56.123Z ",
  ]

  @Test(arguments: prefixes)
  func megatronsDumpOfArguments(_ prefix: String) {
    let found = launches(
      [
        "using world size: 16, data-parallel size: 2, context-parallel size: 1, hierarchical context-parallel sizes: Nonetensor-model-parallel size: 4, encoder-tensor-model-parallel size: 0, pipeline-model-parallel size: 2, encoder-pipeline-model-parallel size: 0",
        "------------------------ arguments ------------------------",
        "  bf16 ............................................ True",
        "  expert_model_parallel_size ...................... 1",
        "  fp16 ............................................ False",
        "  global_batch_size ............................... 32",
        "  num_experts ..................................... None",
        "  pipeline_model_parallel_size .................... 2",
        "  sequence_parallel ............................... True",
        "  tensor_model_parallel_size ...................... 4",
        "  use_distributed_optimizer ....................... False",
        "-------------------- end of arguments ---------------------",
        "  num_layers ...................................... 99",
        " > padded vocab (size: 128256) with 256 dummy tokens (new size: 128512)",
      ].map { prefix + $0 })
    #expect(found.count == 1)
    #expect(found.first?.launcher == .megatron)
    var expected = [
      "world_size": "16", "data": "2", "context": "1", "pipeline": "2", "data_type": "bfloat16",
      "expert": "1", "batch": "32", "sequence_parallel": "true", "tensor": "4",
      "distributed_optimizer": "false", "vocabulary": "128512",
    ]
    #expect(values(found.first) == expected)
    expected = [:]
    // The first place of each value.
    #expect(found.first?.statements.first { $0.key == .pipeline }?.line == 1)
    #expect(found.first?.statements.first { $0.key == .batch }?.line == 6)
  }

  @Test(arguments: prefixes)
  func vLLMsConfigurationAndArguments(_ prefix: String) {
    let found = launches(
      [
        "INFO 07-12 10:00:00 [api_utils.py:273] non-default args: {'model_tag': 'a/b, tensor_parallel_size=9', 'tensor_parallel_size': 4, 'speculative_config': {'model': 'x', 'tensor_parallel_size': 1}, 'enable_expert_parallel': True}",
        "INFO 07-12 10:00:00 [core.py:58] Initializing a V1 LLM engine (v0.9.1) with config: model='a/b', speculative_config=SpeculativeConfig(model='y', tensor_parallel_size=1), dtype=torch.bfloat16, max_seq_len=8192, tensor_parallel_size=4, pipeline_parallel_size=2, data_parallel_size=1, quantization=None, compilation_config={\"level\":3}",
      ].map { prefix + $0 })
    #expect(found.map(\.launcher) == [.vllm])
    #expect(
      values(found.first) == [
        "tensor": "4", "pipeline": "2", "data": "1", "data_type": "bfloat16",
        "expert_parallel": "true",
      ])
  }

  @Test func earlierReleasesOfVLLM() {
    let found = launches([
      "INFO 07-25 03:59:46 api_server.py:528] args: Namespace(host=None, port=8000, tensor_parallel_size=8, pipeline_parallel_size=1)",
      "INFO 07-25 03:59:46 llm_engine.py:161] Initializing an LLM engine (v0.4.3) with config: model='/m', dtype=torch.float16, tensor_parallel_size=8, disable_custom_all_reduce=False)",
    ])
    #expect(values(found.first) == ["tensor": "8", "pipeline": "1", "data_type": "float16"])
    // Other programs print their arguments so too.
    #expect(launches(["train.py args: Namespace(tensor_parallel_size=8)"]).isEmpty)
  }

  @Test(arguments: prefixes)
  func sGLangsArguments(_ prefix: String) {
    let found = launches([
      prefix
        + "[2026-02-16 14:02:09] server_args=ServerArgs(model_path='a', context_length=None, dtype='auto', tp_size=8, pp_size=1, dp_size=8, json_model_override_args='{\"tp_size\": 2}', ep_size=8, enable_dp_attention=True)"
    ])
    #expect(found.map(\.launcher) == [.sglang])
    #expect(
      values(found.first) == [
        "tensor": "8", "pipeline": "1", "data": "8", "expert": "8",
        "data_parallel_attention": "true",
      ])
  }

  @Test(arguments: prefixes)
  func deepSpeedsConfiguration(_ prefix: String) {
    let head = prefix + "[2024-09-08 23:02:58,990] [INFO] [config.py:1003:print]   "
    let found = launches([
      prefix
        + "[2024-09-08 23:02:58,989] [INFO] [config.py:999:print] DeepSpeedEngine configuration:",
      head + "gradient_accumulation_steps .. 2", head + "train_batch_size ............. 16",
      head + "train_micro_batch_size_per_gpu  4", head + "world_size ................... 2",
      head + "zero_config .................. stage=3 reduce_scatter=True",
      head + "zero_optimization_stage ...... 3", head + "bfloat16_enabled ............. True",
      head + "fp16_enabled ................. False",
    ])
    #expect(found.map(\.launcher) == [.deepspeed])
    #expect(
      values(found.first) == [
        "micro_batches": "2", "batch": "16", "micro_batch_size": "4", "data": "2",
        "zero_stage": "3", "data_type": "bfloat16",
      ])
  }

  @Test(arguments: prefixes)
  func torchtitansMesh(_ prefix: String) {
    let ones = [
      "pipeline": "1", "data_replicate": "1", "data_shard": "1", "context": "1", "tensor": "1",
    ]
    let cases: [(String, [String: String])] = [
      ("Building 1-D device mesh with ['tp'], [2]", ["tensor": "2"]),
      (
        "Building 2-D device mesh with ['dp_shard', 'tp'], [4, 2]",
        ["data_shard": "4", "tensor": "2"]
      ),
      ("Building 2-D device mesh with ['dp', 'pp'], [4, 2]", ["data_shard": "4", "pipeline": "2"]),
      (
        "Building 2-D device mesh with ['dp_shard_mod_ep', 'dp_shard_in_ep'], [2, 4]",
        ["data_shard": "8", "expert": "4"]
      ),
    ]
    for (line, expected) in cases {
      let found = launches([prefix + line])
      #expect(values(found.first) == ones.merging(expected) { $1 }, "\(line)")
    }
    let newer = launches([
      prefix
        + "Building device mesh with parallelism: pp=1, dp_replicate=2, dp_shard=4, cp=1, tp=2, ep=1, etp=1"
    ])
    #expect(
      values(newer.first) == [
        "pipeline": "1", "data_replicate": "2", "data_shard": "4", "context": "1", "tensor": "2",
        "expert": "1", "expert_tensor": "1",
      ])
  }

  @Test func aMeshThatDoesNotTellTheExpertsSaysSo() {
    let found = launches([
      "Building 3-D device mesh with ['dp_shard_mod_ep', 'dp_shard_in_ep', 'tp'], [2, 2, 2]"
    ])
    #expect(found.first?.statements.isEmpty == true)
    #expect(found.first?.problems.count == 1)
    #expect(launches(["Building 2-D device mesh with ['ep_shard', 'ep'], [2, 2]"]).isEmpty)
    #expect(launches(["Building 2-D device mesh with ['dp'], [2, 2]"]).isEmpty)
  }

  @Test func ranksThatRepeatAHeaderStateItOnce() {
    let line = "server_args=ServerArgs(tp_size=2)"
    #expect(launches(Array(repeating: line, count: 50)).first?.statements.count == 1)
    let other = launches([line, "server_args=ServerArgs(tp_size=4)", line])
    #expect(other.first?.statements.map(\.value) == ["2", "4"])
  }

  @Test func headersAreReadUpToALimit() {
    var header = LaunchHeader()
    func read(_ line: String, _ number: Int) {
      let bytes = Array(line.utf8)
      unsafe bytes.withUnsafeBytes { buffer in
        guard let base = buffer.baseAddress else { return }
        unsafe header.read(TextCursor(base, from: 0, to: buffer.count), line: number)
      }
    }
    for number in 1..<LaunchHeader.maximumLines {
      read("server_args=ServerArgs(tp_size=2)", number)
    }
    read("server_args=ServerArgs(tp_size=4)", 9000)
    read("server_args=ServerArgs(tp_size=8)", 9001)
    #expect(header.finish().first?.statements.map(\.value) == ["2", "4"])
  }

  @Test(arguments: [
    "server_args=ServerArgs(", "server_args=ServerArgs(tp_size", "server_args=ServerArgs(tp_size=",
    "server_args=ServerArgs('''''((((", "x non-default args: {'tp': 99999999999999999999999}",
    "with config: LLM engine ", "LLM engine with config: ", "Building 1-D device mesh with [",
    "Building 1-D device mesh with ['tp'], [", "Building 1-D device mesh with ['tp'], [-2]",
    "using world size: , data-parallel size: x", "[config.py:1:print] ", ":print] [config.py:",
    "padded vocab (new size: ", "mesh with parallelism: tp=,,,=", "---- arguments ----",
  ])
  func aCutOrHostileLineStatesNothing(_ line: String) {
    for end in 0...line.utf8.count {
      let found = launches([String(decoding: Array(line.utf8).prefix(end), as: UTF8.self)])
      #expect(found.allSatisfy { $0.statements.allSatisfy { $0.value == "1" } })
    }
  }

  @Test func linesStayForeignAndBalanced() throws {
    let text =
      "server_args=ServerArgs(tp_size=2)\nnode1:1:2 [0] NCCL INFO NCCL version 2.21.5+cuda12.4\n"
    let ledger = try #require(TraceReader.summarize(text: Array(text.utf8), file: "x").files.first)
    #expect(ledger[.foreign].lines == 1)
    #expect(ledger.isBalanced)
  }

  @Test(.enabled(if: Fixture.sharedData != nil), arguments: [(2, 4), (4, 2)])
  func theNamesOfPublicLogsAgreeWithTheirHeaders(_ data: Int, _ tensor: Int) throws {
    let folder = try #require(Fixture.sharedData)
    let name = "cclbench-megatron-llama31_8b-dp\(data)tp\(tensor)-perlmutter-8gpu.out.gz"
    let partial = TraceReader.summarize(path: folder.appending(path: "nccl-logs/\(name)").path())
    let job = try #require(try JobResolution(nil, logs: partial).job)
    #expect(job.worldSize == 8)
    #expect(job.parallelism.data == data)
    #expect(job.parallelism.tensor == tensor)
    #expect(job.model?.layers == 32)
  }
}
