// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import CollectiveTrace

/// Launch files with values that were read off by hand.
@Suite struct LaunchFileTests {
  private func facts(_ text: String) throws -> LaunchFacts {
    let all = try #require(LaunchFile.read(text, file: "run.sh"))
    #expect(all.count == 1)
    return try #require(all.first)
  }

  private func values(_ facts: LaunchFacts) -> [String: String] {
    Dictionary(
      facts.statements.map { ($0.key.rawValue, $0.value) }, uniquingKeysWith: { $1 })
  }

  private func job(_ name: String, ranks: Int? = nil) throws -> JobDescription {
    let path = Fixture.folder.appending(path: "launch/\(name)").path()
    let source = try JobSource.load(path: path)
    var partial = TracePartial()
    if let ranks {
      partial.files = [FileLedger(file: "x.log")]
      var process = ProcessFacts(file: 0, host: "h", pid: 1)
      var communicator = CommunicatorFacts(pointer: 1)
      communicator.size = ranks
      process.communicators = [communicator]
      partial.processes = [process]
    }
    return try #require(try JobResolution(source, logs: partial).job)
  }

  // MARK: - Fixtures

  @Test func aBatchScriptOfMegatronMakesAWholeJob() throws {
    let job = try job("megatron-tp2-pp2-dp2.sbatch")
    #expect(job.worldSize == 8)
    #expect(job.parallelism.tensor == 2)
    #expect(job.parallelism.pipeline == 2)
    #expect(job.parallelism.data == 2)
    #expect(job.parallelism.sequenceParallel)
    #expect(job.parallelism.sharding.kind == .zero1)
    #expect(job.order == JobDescription.OrderPreset.megatron.axes)
    #expect(job.workload?.kind == .training)
    #expect(job.workload?.batch == 8)
    #expect(job.workload?.microBatchSize == 1)
    #expect(job.workload?.sequenceLength == 4096)
    // The vocabulary is not in the file, so there is no model.
    #expect(job.model == nil)
  }

  @Test func aCommandOfVLLMMakesAServer() throws {
    let job = try job("vllm-tp4.sh")
    #expect(job.worldSize == 4)
    #expect(job.parallelism.tensor == 4)
    #expect(job.workload?.kind == .inference)
    #expect(job.order == JobDescription.OrderPreset.vllm.axes)
  }

  @Test func attentionDataParallelismOfSGLangAddsNoRanks() throws {
    let job = try job("sglang-tp8-ep4.sh")
    #expect(job.worldSize == 8)
    #expect(job.parallelism.tensor == 8)
    #expect(job.parallelism.data == 1)
    #expect(job.parallelism.expert == 4)
    #expect(job.parallelism.expertTensor == 2)
  }

  @Test func deepSpeedNeedsTheNumberOfRanksFromTheLogs() throws {
    let job = try job("deepspeed-zero3.json", ranks: 16)
    #expect(job.worldSize == 16)
    #expect(job.parallelism.sharding == .init(kind: .zero3, shard: 16, replicate: 1))
    #expect(job.workload?.microBatches == 4)
    #expect(job.workload?.microBatchSize == 2)
    #expect(job.workload?.batch == nil)
    #expect(throws: ConfigurationError.self) { try self.job("deepspeed-zero3.json") }
  }

  @Test func torchtitanDerivesTheShards() throws {
    let job = try job("torchtitan-hsdp.toml", ranks: 16)
    #expect(job.parallelism.tensor == 2)
    #expect(job.parallelism.data == 8)
    #expect(job.parallelism.sharding == .init(kind: .hybrid, shard: 4, replicate: 2))
    #expect(job.workload?.sequenceLength == 8192)
    #expect(job.workload?.recompute == .selective)
    #expect(job.order == JobDescription.OrderPreset.fsdp.axes)
  }

  // MARK: - Flags

  @Test(arguments: [
    ("vllm serve M -tp 4 -pp 2 -dp 3", ["tensor": "4", "pipeline": "2", "data": "3"]),
    ("vllm serve M -tp=4 --enable-expert-parallel", ["tensor": "4", "expert_parallel": "true"]),
    ("vllm serve M --no-enable-expert-parallel", ["expert_parallel": "false"]),
    (
      "CUDA_VISIBLE_DEVICES=0,1 python3 -m vllm.entrypoints.openai.api_server --tensor-parallel-size 2 --dtype bfloat16",
      ["tensor": "2", "data_type": "bfloat16"]
    ),
    ("sglang serve --tp 2 --pp-size 2 --dp-size 4", ["tensor": "2", "pipeline": "2", "data": "4"]),
    (
      "torchrun --nproc-per-node=4 --nnodes 2 -m torchtitan.train --parallelism.tensor_parallel_degree 4 --training.seq_len=2048",
      ["ranks_per_node": "4", "nodes": "2", "tensor": "4", "sequence_length": "2048"]
    ),
    (
      "torchrun --nproc_per_node 8 pretrain_gpt.py --tensor-model-parallel-size 2 --tensor-model-parallel-size 4 --num-experts 8 --moe-router-topk 2 --fp16",
      [
        "ranks_per_node": "8", "nodes": "1", "tensor": "4", "experts": "8",
        "experts_per_token": "2", "data_type": "float16",
      ]
    ),
    (
      "deepspeed --num_gpus 4 --num_nodes 2 train.py --deepspeed_config x.json",
      ["ranks_per_node": "4", "nodes": "2"]
    ),
    (
      "srun -N 2 --ntasks-per-node=4 python pretrain_gpt.py --num-layers 4",
      ["nodes": "2", "ranks_per_node": "4", "layers": "4"]
    ),
    (
      "srun bash -c \"cd x && torchrun --nproc_per_node 8 --nnodes 2 pretrain_gpt.py --num-layers 4\"",
      ["nodes": "2", "ranks_per_node": "8", "layers": "4"]
    ),
  ])
  func flagsStateTheSameThings(_ line: String, _ expected: [String: String]) throws {
    let facts = try facts("#!/bin/sh\n\(line)\n")
    #expect(values(facts) == expected)
    #expect(facts.problems.isEmpty)
    #expect(facts.statements.allSatisfy { $0.line == 2 })
  }

  @Test func aMalformedOrUnknownValueIsSaidAndLeftOut() throws {
    let facts = try facts(
      """
      #!/bin/bash
      python pretrain_gpt.py --tensor-model-parallel-size eight --seq-length $1 \\
        --micro-batch-size 1.5 --no-such-flag 7 --hidden-size
      """)
    #expect(facts.statements.isEmpty)
    #expect(
      facts.problems.map(\.text) == [
        "`--tensor-model-parallel-size` is left out: it is `eight`, and it must be a whole number.",
        "`--seq-length` is left out: its value is known only when the script runs.",
        "`--micro-batch-size` is left out: it is `1.5`, and it must be a whole number.",
        "`--hidden-size` is left out: it must be followed by a whole number.",
      ])
    #expect(facts.problems.map(\.line) == [2, 2, 3, 3])
  }

  @Test func aSizeThatTheFileDoesNotTellIsNotTakenForOne() throws {
    let source = try JobSource.parse(
      text:
        "#!/bin/bash\ntorchrun --nproc_per_node 8 pretrain_gpt.py --tensor-model-parallel-size $1\n",
      file: "run.sh")
    do throws(ConfigurationError) {
      _ = try JobResolution(source)
      Issue.record("accepted")
    } catch {
      #expect(error.description.hasPrefix("run.sh:2: `parallelism.tensor` is not known"))
    }
  }

  @Test func commandsThatDisagreeStateNothing() throws {
    let facts = try facts(
      """
      #!/bin/bash
      vllm serve A --tensor-parallel-size 2 --pipeline-parallel-size 2
      vllm serve B --tensor-parallel-size 4 --pipeline-parallel-size 2
      """)
    #expect(values(facts) == ["pipeline": "2"])
    #expect(facts.problems.count == 1)
    #expect(facts.problems.first?.text.contains("state 2 and 4") == true)
  }

  // MARK: - Recognition

  @Test(arguments: [
    "world_size: 8\nparallelism: {tensor: 2}\n", "{\"world_size\": 8}", "{\"hidden_size\": 8}",
    "notes: run torchrun --nproc_per_node 8\n", "", "\n\n", "[1, 2]", "[section]\nkey = 1\n",
    "{\"zero_optimization\": ", "{", "a\u{0}b",
  ])
  func otherTextsAreNotLaunchFiles(_ text: String) {
    #expect(LaunchFile.read(text, file: "x") == nil)
  }

  @Test func theLongestFileIsReadAndALongerOneIsNot() {
    let head = "#!/bin/sh\nvllm serve M -tp 4\n#"
    let fill = String(repeating: "x", count: LaunchFile.maximumBytes - head.utf8.count)
    #expect(LaunchFile.read(head + fill, file: "x")?.first?.statements.count == 1)
    #expect(LaunchFile.read(head + fill + "x", file: "x") == nil)
  }

  @Test func aLaunchFileAmongTheInputsIsAFormatOfItsOwn() throws {
    for name in ["megatron-tp2-pp2-dp2.sbatch", "deepspeed-zero3.json", "torchtitan-hsdp.toml"] {
      let bytes = Array(try Data(contentsOf: Fixture.folder.appending(path: "launch/\(name)")))
      for window in [7, 1 << 20] {
        let partial = TraceReader.summarize(text: bytes, file: name, window: window)
        let ledger = try #require(partial.files.first)
        #expect(ledger.format == "launch_file", "\(name)")
        #expect(ledger.isBalanced)
        #expect(partial.launches.count == 1)
      }
    }
  }

  @Test func aLogThatBeginsWithItsScriptStaysALog() throws {
    let text = """
      #!/bin/bash
      #SBATCH --nodes=1
      vllm serve M -tp 4
      node1:10:11 [0] NCCL INFO NCCL version 2.21.5+cuda12.4

      """
    let partial = TraceReader.summarize(text: Array(text.utf8), file: "slurm.out")
    #expect(partial.files.first?.format == "nccl_log")
    #expect(partial.launches.isEmpty)
  }

  // MARK: - Files of the field

  @Test(
    .enabled(if: Fixture.sharedData != nil),
    arguments: [
      ("megatron-train_gpt3_175b_distributed.sh", ["tensor": "8", "pipeline": "16", "nodes": "1"]),
      (
        "megatron-train_mixtral_8x7b_distributed.sh",
        ["tensor": "1", "pipeline": "4", "expert": "8", "experts": "8", "key_value_heads": "8"]
      ),
      (
        "awsome-megatron-pretrain-llama3-8b.sbatch", ["nodes": "2", "context": "2", "batch": "512"]
      ),
      ("awsome-deepspeed-pretrain_gpt_103b.sbatch", ["tensor": "8", "hidden": "12288"]),
      ("dlrover-train_llama3.1_8b.sh", ["tensor": "4", "sequence_parallel": "true"]),
    ])
  func scriptsOfOthersAreRead(_ name: String, _ expected: [String: String]) throws {
    let folder = try #require(Fixture.sharedData)
    let text = try String(
      contentsOf: folder.appending(path: "configs/launch/\(name)"), encoding: .utf8)
    let found = values(try facts(text))
    for (key, value) in expected { #expect(found[key] == value, "\(name) \(key)") }
  }
}
