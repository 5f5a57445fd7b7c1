// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import CollectiveTrace

/// `--job` and headers together.
@Suite struct JobResolutionTests {
  private func logs(_ texts: [String: String]) -> TracePartial {
    var all = TracePartial()
    for (name, text) in texts.sorted(by: { $0.key > $1.key }) {
      all.merge(TraceReader.summarize(text: Array((text + "\n").utf8), file: name))
    }
    return all
  }

  private func resolve(_ job: String?, _ texts: [String: String]) throws -> JobResolution {
    try JobResolution(
      job.map { try JobSource.parse(text: $0, file: "job.yaml") }, logs: logs(texts))
  }

  private let mesh =
    "Building device mesh with parallelism: pp=2, dp_replicate=1, dp_shard=2, cp=1, tp=2"

  @Test func aHeaderAloneMakesAJobWithItsPlaces() throws {
    let found = try resolve(nil, ["run.log": "hello\n" + mesh])
    #expect(found.job?.worldSize == 8)
    #expect(found.job?.parallelism.pipeline == 2)
    #expect(found.job?.parallelism.sharding.kind == .fsdp)
    #expect(found.job?.parallelism.sequenceParallel == true)
    #expect(found.launchers == [.torchtitan])
    let origins = Dictionary(uniqueKeysWithValues: found.origins.map { ($0.key, $0) })
    #expect(origins["parallelism.tensor"]?.value == "2")
    #expect(origins["parallelism.tensor"]?.place == "run.log:2")
    #expect(origins["parallelism.tensor"]?.isAssumed == false)
    #expect(origins["parallelism.sequence_parallel"]?.isAssumed == true)
    #expect(found.contradictions.isEmpty)
  }

  @Test func theJobWinsKeyByKeyAndTheHeaderFillsTheRest() throws {
    let found = try resolve(
      "world_size: 8\nparallelism:\n  pipeline: 2\n  sequence_parallel: false\n", ["run.log": mesh])
    #expect(found.job?.parallelism.tensor == 2)
    #expect(found.job?.parallelism.data == 2)
    #expect(found.job?.parallelism.sequenceParallel == false)
    let origins = Dictionary(uniqueKeysWithValues: found.origins.map { ($0.key, $0.place) })
    #expect(origins["parallelism.pipeline"] == "job.yaml:3")
    #expect(origins["parallelism.tensor"] == "run.log:1")
    // What the header only implies is no contradiction.
    #expect(found.contradictions.isEmpty)
  }

  @Test func aHeaderThatContradictsTheJobIsTold() throws {
    let found = try resolve(
      "parallelism: {tensor: 4, pipeline: 2, data: 1}\nworld_size: 8\n", ["run.log": mesh])
    #expect(found.job?.parallelism.tensor == 4)
    #expect(found.job?.parallelism.data == 1)
    #expect(found.contradictions.map(\.key) == ["parallelism.tensor", "parallelism.data"])
    #expect(found.contradictions.allSatisfy { $0.involvesJob && $0.place == "run.log:1" })
    #expect(found.contradictions.first?.first == "4 (job.yaml:1)")
    #expect(found.contradictions.first?.second == "2 (run.log:1)")
  }

  @Test func aFillThatDoesNotFitIsLeftOutAsAWhole() throws {
    let found = try resolve("world_size: 6\n", ["run.log": mesh])
    #expect(found.job?.worldSize == 6)
    #expect(found.job?.parallelism.tensor == 1)
    #expect(found.contradictions.map(\.key) == ["world_size", "the layout"])
  }

  @Test func headersOfDifferentJobsFillNothing() throws {
    let other = mesh.replacing("tp=2", with: "tp=4")
    for order in [["a.log": mesh, "b.log": other], ["b.log": other, "a.log": mesh]] {
      let found = try resolve(nil, order)
      #expect(found.job == nil)
      #expect(found.contradictions.map(\.key) == ["tp"])
      #expect(found.contradictions.first?.first == "2 (a.log:1)")
      #expect(found.contradictions.first?.second == "4 (b.log:1)")
      #expect(found.contradictions.first?.involvesJob == false)
    }
    let stated = try resolve("world_size: 8\n", ["a.log": mesh, "b.log": other])
    #expect(stated.job?.parallelism.tensor == 1)
  }

  @Test func ranksThatRepeatTheHeaderAgree() throws {
    let found = try resolve(nil, ["a.log": mesh, "b.log": mesh])
    #expect(found.job?.worldSize == 8)
    #expect(found.contradictions.isEmpty)
  }

  @Test func aHeaderThatMakesNoLayoutIsSaid() throws {
    let found = try resolve(nil, ["a.log": "using world size: 8, data-parallel size: 3, x"])
    #expect(found.job == nil)
    #expect(found.omissions.count == 1)
    #expect(found.omissions.first?.text.contains("3") == true)
    #expect(found.omissions.first?.place == "a.log:1")
  }

  @Test func aLaunchFileWinsOverHeadersUnlessItsValueIsADefault() throws {
    let script =
      "#!/bin/sh\nvllm serve M --tensor-parallel-size ${TP:-8} --pipeline-parallel-size 2\n"
    let header = "x non-default args: {'tensor_parallel_size': 4, 'pipeline_parallel_size': 1}"
    let found = try JobResolution(
      try JobSource.parse(text: script, file: "run.sh"), logs: logs(["a.log": header]))
    #expect(found.job?.parallelism.tensor == 4)
    #expect(found.job?.parallelism.pipeline == 2)
    #expect(found.job?.worldSize == 8)
    #expect(found.contradictions.map(\.key) == ["pipeline_parallel_size"])
    #expect(found.origins.first { $0.key == "parallelism.tensor" }?.place == "a.log:1")
    let alone = try JobResolution(try JobSource.parse(text: script, file: "run.sh"))
    #expect(alone.job?.parallelism.tensor == 8)
    #expect(alone.origins.first { $0.key == "parallelism.tensor" }?.isAssumed == true)
  }

  @Test func aServersHeaderDoesNotFillATrainingsWorkload() throws {
    let found = try resolve(
      "world_size: 4\nworkload: {kind: training, steps: 2}\n",
      ["a.log": "x non-default args: {'tensor_parallel_size': 4}"])
    #expect(found.job?.workload?.kind == .training)
    #expect(found.job?.parallelism.tensor == 4)
    #expect(found.contradictions.map(\.key) == ["workload.kind"])
  }

  @Test func aDescriptionWithoutLogsIsAsItWas() throws {
    let text = "world_size: 8\nparallelism: {tensor: 2}\norder: vllm\n"
    let found = try resolve(text, [:])
    #expect(found.job == (try JobDescription.parse(text: text, file: "job.yaml")))
    #expect(try resolve(nil, [:]).job == nil)
  }

  @Test func expertGroupsFollowTheLauncher() throws {
    let vllm = try resolve(
      nil,
      [
        "a":
          "x non-default args: {'tensor_parallel_size': 2, 'data_parallel_size': 4, 'enable_expert_parallel': True}"
      ])
    #expect(vllm.job?.parallelism.expert == 8)
    #expect(vllm.job?.parallelism.expertTensor == 1)
    let titan = try resolve(nil, ["a": mesh + ", ep=2"])
    #expect(titan.job?.parallelism.expert == 2)
    #expect(titan.job?.parallelism.expertTensor == 1)
  }
}
