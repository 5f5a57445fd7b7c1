// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Foundation
import TestSupport
import Testing

@Suite struct JobDescriptionTests {
  private func job(_ text: String) throws -> JobDescription {
    try JobDescription.parse(text: text, file: "job.yaml")
  }

  private func problem(_ text: String) -> ConfigurationError? {
    do throws(ConfigurationError) {
      _ = try JobDescription.parse(text: text, file: "job.yaml")
      return nil
    } catch {
      return error
    }
  }

  private func message(_ text: String) -> String { problem(text)?.description ?? "accepted" }

  @Test func readsEveryKey() throws {
    let job = try job(
      """
      version: 1
      name: "all keys"
      world_size: 32
      parallelism:
        tensor: 2
        pipeline: 2
        data: 4
        context: 2
        expert: 4
        expert_tensor: 1
        sequence_parallel: true
        sharding: {kind: hybrid, shard: 2}
      order: tp-cp-ep-dp-pp
      workload:
        kind: training
        batch: 64
        steps: 10
        micro_batches: 8
        micro_batch_size: 2
        sequence_length: 4096
        recompute: selective
      model: {dim: 1024, n_layers: 8, n_heads: 16, vocab_size: 50000, inter_dim: 4096,
              n_routed_experts: 8, n_activated_experts: 2, moe_inter_dim: 512}
      ranks:
        node-a: 0-15
        node-b: [16, 17-31]
      communicators:
        - {name: tp_group, dimension: tp}
        - {ranks: [4-5, 0-1], dimension: ep}
      graph_replays: {8: 100, 1: 2000}
      """)
    #expect(job.name == "all keys")
    #expect(job.worldSize == 32)
    #expect(job.parallelism.tensor == 2)
    #expect(job.parallelism.pipeline == 2)
    #expect(job.parallelism.data == 4)
    #expect(job.parallelism.context == 2)
    #expect(job.parallelism.expert == 4)
    #expect(job.parallelism.expertTensor == 1)
    #expect(job.parallelism.expertData == 4)
    #expect(job.parallelism.sequenceParallel)
    #expect(job.parallelism.sharding == .init(kind: .hybrid, shard: 2, replicate: 2))
    #expect(job.order == [.tensor, .context, .expert, .data, .pipeline])
    let workload = try #require(job.workload)
    #expect(workload.kind == .training)
    #expect(workload.batch == 64)
    #expect(workload.steps == 10)
    #expect(workload.microBatches == 8)
    #expect(workload.microBatchSize == 2)
    #expect(workload.sequenceLength == 4096)
    #expect(workload.recompute == .selective)
    #expect(job.model?.experts?.experts == 8)
    #expect(job.hosts.map(\.host) == ["node-a", "node-b"])
    #expect(job.hosts.map(\.ranks) == [Array(0...15), Array(16...31)])
    #expect(
      job.communicators == [
        .init(name: "tp_group", ranks: nil, dimension: "tp"),
        .init(name: nil, ranks: [0, 1, 4, 5], dimension: "ep"),
      ])
    #expect(job.graphReplays == [.init(batch: 1, count: 2000), .init(batch: 8, count: 100)])
    #expect(job.isConsistent)
  }

  @Test func readsJSONAndYAMLAlike() throws {
    let json = try job(
      #"{"world_size": 8, "parallelism": {"tensor": 4, "data": 2}, "order": ["tensor", "data"]}"#)
    let yaml = try job("world_size: 8\nparallelism:\n  tensor: 4\n  data: 2\norder: tp-dp\n")
    #expect(json == yaml)
  }

  @Test func derivesWhatIsLeftOut() throws {
    #expect(try job("world_size: 16\nparallelism: {tensor: 4, pipeline: 2}").parallelism.data == 2)
    #expect(try job("parallelism: {tensor: 4, data: 2, context: 3}").worldSize == 24)
    #expect(try job("world_size: 8").parallelism.data == 8)
    let hybrid = try job("parallelism: {sharding: {kind: hybrid, shard: 4, replicate: 2}}")
    #expect(hybrid.worldSize == 8)
    let derived = try job("world_size: 8\nparallelism: {sharding: {kind: hybrid, replicate: 2}}")
    #expect(derived.parallelism.sharding.shard == 4)
    let inference = try job("world_size: 2\nworkload: {kind: inference, output_tokens: 128}")
    #expect(inference.workload?.decodeSteps == 127)
  }

  @Test func splitsExpertsOverTensorRanksOnlyInTraining() throws {
    let layout = "world_size: 8\nparallelism: {tensor: 2, data: 4, expert: 4}\n"
    #expect(try job(layout).parallelism.expertTensor == 2)
    #expect(try job(layout + "workload: {kind: inference}\n").parallelism.expertTensor == 1)
    #expect(try job(layout + "order: vllm\n").parallelism.expertTensor == 1)
  }

  @Test func knowsTheRankOrderOfTheFrameworks() throws {
    let layout = "parallelism: {tensor: 2, data: 2, pipeline: 2, context: 2}\n"
    let axes = Dictionary(
      uniqueKeysWithValues: try JobDescription.OrderPreset.allCases.map {
        ($0, try job(layout + "order: \($0.rawValue)\n").order.filter { $0 != .expert })
      })
    #expect(axes[.megatron] == [.tensor, .context, .data, .pipeline])
    #expect(axes[.deepspeed] == [.tensor, .context, .data, .pipeline])
    #expect(axes[.fsdp] == [.tensor, .context, .data, .pipeline])
    #expect(axes[.vllm] == [.tensor, .context, .pipeline, .data])
    #expect(try job(layout).order == JobDescription.OrderPreset.megatron.axes)
    #expect(
      try job(layout + "workload: {kind: inference}\n").order
        == JobDescription.OrderPreset.vllm.axes)
  }

  @Test func namesThePlaceTheKeyAndTheRemedy() {
    #expect(
      message("world_size: 8\nparallelism:\n  tensor: two\n")
        == "job.yaml:3:11: `parallelism.tensor` is `two`; it must be a whole number from 1 to 1048576."
    )
    #expect(
      message("world_size: 8\nparallelism:\n  tensr: 2\n")
        == "job.yaml:3:3: unknown key `parallelism.tensr`; did you mean `tensor`?")
    #expect(
      message("world_size: 8\nparallelism: {tp: 2}\n")
        == "job.yaml:2:15: unknown key `parallelism.tp`; did you mean `tensor`?")
    #expect(
      message("world_size: 8\nzzzzzzzz: 2\n").contains(
        "unknown key `zzzzzzzz`; allowed here: version, name, world_size"))
    #expect(
      message("world_size: 8\nparallelism: {tensor: 4, data: 4}\n")
        == "job.yaml:2:14: `parallelism`: tensor 4 x context 1 x data 4 x pipeline 1 is 16 ranks, but world_size is 8; the product must be the world size; `expert` is not part of it, it divides the ranks of one pipeline stage."
    )
    #expect(
      message("world_size: 8\norder: megatrn\n").hasSuffix("did you mean `megatron`?"))
  }

  @Test(arguments: [
    "\"8\"", "08", "+8", "-8", "0", "8.0", "1e3", "0x8", "1_000", "[8]", "{a: 8}", "yes",
    "99999999999999999999", "9223372036854775807", "1048577", "٨", "' 8'",
  ])
  func refusesSizesThatAreNotPlainPositiveNumbers(text: String) {
    guard case .invalidValue(_, "world_size", _, _) = problem("world_size: \(text)\n") else {
      Issue.record("\(message("world_size: \(text)\n"))")
      return
    }
  }

  @Test(arguments: [
    ("{}", "world_size"), ("parallelism:\n", "world_size"), ("[1]", "the description"),
    ("7", "the description"), ("version: 2\nworld_size: 1", "version"),
    ("world_size: 7\nparallelism: {tensor: 2}", "parallelism"),
    ("parallelism: {tensor: 1048576, data: 1048576, pipeline: 1048576}", "parallelism"),
    ("world_size: 8\nparallelism: {expert: 3}", "parallelism.expert"),
    ("world_size: 8\nparallelism: {tensor: 2, expert: 8}", "parallelism.expert"),
    ("world_size: 8\nparallelism: {expert_tensor: 3}", "parallelism.expert_tensor"),
    ("world_size: 8\nparallelism: {sharding: hybrid}", "parallelism.sharding"),
    ("world_size: 8\nparallelism: {sharding: {kind: hybrid}}", "parallelism.sharding.shard"),
    ("world_size: 8\nparallelism: {sharding: {kind: hybrid, shard: 3}}", "parallelism.sharding"),
    (
      "world_size: 8\nparallelism: {sharding: {kind: fsdp, shard: 4}}", "parallelism.sharding.shard"
    ),
    ("world_size: 8\nparallelism: {sharding: hsdp}", "parallelism.sharding"),
    ("world_size: 8\nparallelism: {sequence_parallel: yes}", "parallelism.sequence_parallel"),
    ("world_size: 8\nparallelism: {tensor: 2}\norder: [tensor]", "order"),
    ("world_size: 8\norder: [data, data]", "order[1]"),
    ("world_size: 8\norder: [data, rows]", "order[1]"), ("world_size: 8\norder: tp-", "order"),
    ("world_size: 8\nworkload: {batch: 8}", "workload.kind"),
    ("world_size: 8\nworkload: {kind: serving}", "workload.kind"),
    ("world_size: 8\nworkload: {kind: training, prompt_tokens: 8}", "workload.prompt_tokens"),
    ("world_size: 8\nworkload: {kind: inference, sequence_length: 8}", "workload.sequence_length"),
    (
      "world_size: 8\nworkload: {kind: training, batch: 9, micro_batches: 1, micro_batch_size: 1}",
      "workload"
    ),
    ("world_size: 8\nranks: {a: 0-8}", "ranks.a"), ("world_size: 8\nranks: {a: 3-1}", "ranks.a"),
    ("world_size: 8\nranks: {a: 0-3, b: [4, 3]}", "ranks.b"),
    ("world_size: 8\nranks: {a: x}", "ranks.a"), ("world_size: 8\nranks: {a: 1-2-3}", "ranks.a"),
    ("world_size: 8\nranks: {a: -1}", "ranks.a"), ("world_size: 8\nranks: [0, 1]", "ranks"),
    ("world_size: 8\ncommunicators: [{dimension: tp}]", "communicators[0].ranks"),
    ("world_size: 8\ncommunicators: [{ranks: 0-1}]", "communicators[0].dimension"),
    (
      "world_size: 8\ncommunicators: [{ranks: 0-1, dimension: tensor}]",
      "communicators[0].dimension"
    ),
    ("world_size: 8\ncommunicators: [{ranks: 0-9, dimension: tp}]", "communicators[0].ranks"),
    ("world_size: 8\ngraph_replays: {a: 1}", "graph_replays"),
    ("world_size: 8\ngraph_replays: {8: a}", "graph_replays.8"),
    ("world_size: 8\nmodel: nowhere.json", "model"),
    ("world_size: 8\nmodel: {a: 1}", "model.hidden_size"),
    ("world_size: 8\nname: [a]", "name"),
  ])
  func namesTheKeyOfEveryContradiction(text: String, keyPath: String) {
    switch problem(text) {
    case .invalidValue(_, let path, _, _), .contradiction(_, let path, _, _),
      .missingKey(_, let path, _, _):
      #expect(path == keyPath)
    case let other: Issue.record("\(String(describing: other))")
    }
  }

  @Test func refusesModelsThatCannotBeSplitThisWay() throws {
    let model =
      "model: {hidden_size: 96, num_hidden_layers: 2, num_attention_heads: 6, vocab_size: 10, intermediate_size: 10}\n"
    #expect(try job("parallelism: {tensor: 3, pipeline: 2}\n" + model).model != nil)
    for (layout, key) in [
      ("{tensor: 4}", "parallelism.tensor"), ("{pipeline: 3}", "parallelism.pipeline"),
      ("{data: 2, expert: 2}", "parallelism.expert"),
    ] {
      guard case .contradiction(_, key, _, _) = problem("parallelism: \(layout)\n" + model) else {
        Issue.record("\(message("parallelism: \(layout)\n" + model))")
        continue
      }
    }
    let job = try job("parallelism: {tensor: 4}")
    let other = ModelConfiguration(
      hiddenSize: 96, layers: 2, attentionHeads: 6, headDimension: 16, intermediateSize: 10,
      vocabularySize: 10)
    #expect(throws: ConfigurationError.self) { try job.with(model: other) }
  }

  @Test func boundsTheMemoryThatHintsMayTake() {
    let hints = String(repeating: "  - {ranks: 0-1048575, dimension: dp}\n", count: 5)
    guard
      case .contradiction(_, "communicators[4].ranks", _, _) = problem(
        "world_size: 1048576\ncommunicators:\n" + hints)
    else {
      Issue.record("accepted")
      return
    }
  }

  @Test func findsTheModelBesideTheDescription() throws {
    let path = Fixture.folder.appending(path: "jobs/s6-fsdp8-2.27.7.yaml").path()
    let job = try JobDescription.load(path: path)
    #expect(job.model?.hiddenSize == 4096)
    #expect(job.model?.vocabularySize == 128_256)
  }

  @Test func reportsFilesThatCannotBeRead() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "job-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    func load(_ path: String) -> ConfigurationError? {
      do throws(ConfigurationError) {
        _ = try JobDescription.load(path: path)
        return nil
      } catch {
        return error
      }
    }
    let missing = folder.appending(path: "none.yaml").path()
    #expect(load(missing) == .unreadable(file: missing, reason: "no such file"))
    #expect(load(folder.path()) == .unreadable(file: folder.path(), reason: "not a regular file"))
    #expect(load("/dev/null") == .unreadable(file: "/dev/null", reason: "not a regular file"))
    #expect(load("") == .unreadable(file: "", reason: "not a file name"))
    #expect(load("a\u{0}b") == .unreadable(file: "a\u{0}b", reason: "not a file name"))
    let latin = folder.appending(path: "latin.yaml")
    try Data([0x6E, 0x61, 0x6D, 0x65, 0x3A, 0x20, 0xE9]).write(to: latin)
    #expect(load(latin.path()) == .notText(file: latin.path(), byteOffset: 6))
    let large = folder.appending(path: "large.yaml")
    try Data(repeating: 0x20, count: (1 << 20) + 1).write(to: large)
    #expect(load(large.path()) == .tooLarge(file: large.path(), limitBytes: 1 << 20))
  }

  @Test(
    arguments: try FileManager.default.contentsOfDirectory(
      atPath: Fixture.folder.appending(path: "jobs").path()
    ).sorted())
  func readsEveryFixture(file: String) throws {
    let job = try JobDescription.load(
      path: Fixture.folder.appending(path: "jobs").appending(path: file).path())
    #expect(job.isConsistent)
    #expect(job.hosts.flatMap(\.ranks) == Array(0..<job.worldSize))
  }
}
