// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Foundation
import TestSupport
import Testing
import TrafficAnalysis

@Suite struct RankGridTests {
  private func grid(_ text: String) throws -> RankGrid {
    RankGrid(job: try JobDescription.parse(text: text, file: "job.yaml"))
  }

  @Test func laysOutTensorDataAndPipeline() throws {
    let grid = try grid("parallelism: {tensor: 2, pipeline: 2, data: 2}\norder: tp-dp-pp\n")
    #expect(grid.groups(for: .tp) == [[0, 1], [2, 3], [4, 5], [6, 7]])
    #expect(grid.groups(for: .dp) == [[0, 2], [1, 3], [4, 6], [5, 7]])
    #expect(grid.groups(for: .pp) == [[0, 4], [1, 5], [2, 6], [3, 7]])
    #expect(grid.groups(for: .mp) == [[0, 1, 4, 5], [2, 3, 6, 7]])
    #expect(grid.groups(for: .embedding) == grid.groups(for: .pp))
    #expect(grid.groups(for: .world) == [Array(0..<8)])
    for unused: ParallelismDimension in [.sp, .cp, .ep, .edp, .fsdp, .unclassified] {
      #expect(grid.groups(for: unused).isEmpty)
    }
    #expect(grid.dimensions(ofRankSet: [0, 4]) == [.pp, .embedding])
    #expect(grid.dimensions(ofRankSet: [0, 2]) == [.dp])
    #expect(grid.dimensions(ofRankSet: [0, 3]).isEmpty)
    #expect(grid.dimensions(ofRankSet: [1, 2]).isEmpty)
    #expect(grid.dimensions(ofRankSet: []).isEmpty)
    #expect(grid.dimensions(ofRankSet: [-1, 900]).isEmpty)
  }

  @Test func putsPipelineInsideDataForVLLM() throws {
    let grid = try grid("parallelism: {tensor: 2, pipeline: 2, data: 2}\norder: vllm\n")
    #expect(grid.groups(for: .tp) == [[0, 1], [2, 3], [4, 5], [6, 7]])
    #expect(grid.groups(for: .pp) == [[0, 2], [1, 3], [4, 6], [5, 7]])
    #expect(grid.groups(for: .dp) == [[0, 4], [1, 5], [2, 6], [3, 7]])
  }

  @Test func spansTensorAndDataWithVLLMsExperts() throws {
    // arange(8).reshape(dp, pp, tp).transpose(dp, pp).reshape(-1, dp * tp)
    let grid = try grid("parallelism: {tensor: 2, pipeline: 2, data: 2, expert: 4}\norder: vllm\n")
    #expect(grid.groups(for: .ep) == [[0, 1, 4, 5], [2, 3, 6, 7]])
    #expect(grid.groups(for: .edp).isEmpty)
  }

  @Test func takesOnlyTheEndsOfAPipelineForTiedEmbeddings() throws {
    let grid = try grid("parallelism: {tensor: 2, pipeline: 4}\n")
    #expect(grid.groups(for: .pp) == [[0, 2, 4, 6], [1, 3, 5, 7]])
    #expect(grid.groups(for: .embedding) == [[0, 6], [1, 7]])
    #expect(grid.dimensions(ofRankSet: [0, 6]) == [.embedding])
    // The block of tensor x pipeline is the world here.
    #expect(grid.dimensions(ofRankSet: Array(0..<8)) == [.mp, .world])
  }

  @Test func sumsGradientsOverDataAndContext() throws {
    let grid = try grid("parallelism: {tensor: 2, context: 2, data: 2}\n")
    #expect(grid.groups(for: .cp) == [[0, 2], [1, 3], [4, 6], [5, 7]])
    #expect(grid.groups(for: .dp) == [[0, 2, 4, 6], [1, 3, 5, 7]])
    #expect(grid.dimensions(ofRankSet: [0, 2, 4, 6]) == [.dp])
    #expect(grid.dimensions(ofRankSet: [0, 4]) == [.dp])
    #expect(grid.families.filter { $0.dimension == .dp }.map(\.name) == ["data x context", "data"])
  }

  @Test func givesConsecutiveRanksToExpertsWithoutTensorParallelism() throws {
    let grid = try grid("parallelism: {data: 8, expert: 4}\n")
    #expect(grid.groups(for: .ep) == [[0, 1, 2, 3], [4, 5, 6, 7]])
    #expect(grid.groups(for: .edp) == [[0, 4], [1, 5], [2, 6], [3, 7]])
    #expect(grid.groups(for: .dp) == [Array(0..<8)])
  }

  /// Megatron-LM's expert grid for 16 ranks, tensor 2, pipeline 2, expert 4.
  @Test func crossesTensorGroupsOnlyWhenExpertsAreWhole() throws {
    let sizes = "tensor: 2, pipeline: 2, data: 4, expert: 4"
    let whole = try grid("parallelism: {\(sizes), expert_tensor: 1}\n")
    #expect(
      whole.groups(for: .ep) == [
        [0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11], [12, 13, 14, 15],
      ])
    #expect(
      whole.groups(for: .edp) == [
        [0, 4], [1, 5], [2, 6], [3, 7], [8, 12], [9, 13], [10, 14], [11, 15],
      ])
    let split = try grid("parallelism: {\(sizes), expert_tensor: 2}\n")
    #expect(
      split.groups(for: .ep) == [
        [0, 2, 4, 6], [1, 3, 5, 7], [8, 10, 12, 14], [9, 11, 13, 15],
      ])
    #expect(split.groups(for: .edp).isEmpty)
    #expect(split.dimensions(ofRankSet: Array(0..<8)) == [.ep])
    #expect(split.coordinates(of: 11)?.expert == 1)
    #expect(split.coordinates(of: 11)?.expertTensor == 1)
    #expect(whole.coordinates(of: 13)?.expert == 1)
    #expect(whole.coordinates(of: 13)?.expertData == 1)
  }

  @Test func honoursTheExpertsPlaceInTheOrder() throws {
    let grid = try grid("parallelism: {data: 8, expert: 4}\norder: tp-dp-ep-pp\n")
    #expect(grid.groups(for: .ep) == [[0, 2, 4, 6], [1, 3, 5, 7]])
    #expect(grid.groups(for: .edp) == [[0, 1], [2, 3], [4, 5], [6, 7]])
  }

  @Test func splitsHybridShardingIntoCopiesAndReplicas() throws {
    let grid = try grid("parallelism: {data: 8, sharding: {kind: hybrid, shard: 4}}\n")
    #expect(grid.groups(for: .fsdp) == [[0, 1, 2, 3], [4, 5, 6, 7]])
    #expect(grid.groups(for: .dp) == [[0, 4], [1, 5], [2, 6], [3, 7]])
    #expect(grid.dimensions(ofRankSet: Array(0..<8)) == [.world])
    #expect(grid.coordinates(of: 6)?.data == 6)
  }

  @Test func returnsAllCandidatesOfOneSetInPrecedence() throws {
    let sharded = try grid("parallelism: {data: 8, sharding: fsdp}\n")
    #expect(sharded.dimensions(ofRankSet: Array(0..<8)) == [.fsdp, .dp, .world])
    let sharded1 = try grid("parallelism: {data: 8, sharding: zero1}\n")
    #expect(sharded1.dimensions(ofRankSet: Array(0..<8)) == [.dp, .world])
    let both = try grid("parallelism: {tensor: 2, data: 2, expert: 2, expert_tensor: 1}\n")
    #expect(both.dimensions(ofRankSet: [0, 1]) == [.tp, .ep])
    #expect(both.dimensions(ofRankSet: [0, 2]) == [.dp, .edp])
    let sequence = try grid("parallelism: {tensor: 2, sequence_parallel: true}\n")
    #expect(sequence.dimensions(ofRankSet: [0, 1]) == [.tp, .sp, .world])
  }

  @Test func putsHintsBeforeTheLayout() throws {
    let grid = try grid(
      """
      parallelism: {tensor: 2, data: 2}
      communicators:
        - {ranks: [0, 1], dimension: ep}
        - {ranks: [0, 3], dimension: cp}
        - {name: replicas, dimension: dp}
      """)
    #expect(grid.dimensions(ofRankSet: [0, 1]) == [.ep, .tp])
    #expect(grid.dimensions(ofRankSet: [0, 3]) == [.cp])
    #expect(grid.dimension(ofCommunicatorNamed: "replicas") == .dp)
    #expect(grid.dimension(ofCommunicatorNamed: "others") == nil)
  }

  @Test func acceptsTheDimensionsThatHintsMayName() {
    #expect(
      Set(JobDescription.dimensionNames)
        == Set(ParallelismDimension.allCases.filter { $0 != .unclassified }.map(\.rawValue)))
  }

  @Test(arguments: [
    "parallelism: {tensor: 2, context: 3, data: 4, pipeline: 2}",
    "parallelism: {tensor: 4, data: 6, pipeline: 3, expert: 6}\norder: pp-dp-tp",
    "parallelism: {tensor: 2, data: 8, context: 2, expert: 8, expert_tensor: 1}",
    "parallelism: {tensor: 2, data: 8, context: 2, sharding: {kind: hybrid, shard: 4}}",
    "parallelism: {tensor: 2, data: 4, pipeline: 2, expert: 4}\norder: vllm",
    "world_size: 1", "parallelism: {pipeline: 7}",
  ])
  func everyFamilyPartitionsTheRanks(text: String) throws {
    let grid = try grid(text)
    for family in grid.families {
      let groups = grid.groups(of: family)
      #expect(groups.allSatisfy { $0.count == family.groupSize && $0 == $0.sorted() })
      let members = groups.flatMap { $0 }
      #expect(Set(members).count == members.count)
      if family.dimension != .embedding { #expect(members.count == grid.worldSize) }
      for group in groups {
        #expect(grid.dimensions(ofRankSet: group).contains(family.dimension))
      }
    }
    // The place along the dense axes names a rank, and so does the one along the experts' axes.
    let places = (0..<grid.worldSize).compactMap { grid.coordinates(of: $0) }
    #expect(
      Set(places.map { [$0.tensor, $0.context, $0.data, $0.pipeline] }).count == places.count)
    #expect(
      Set(places.map { [$0.expertTensor, $0.expert, $0.expertData, $0.pipeline] }).count
        == places.count)
    #expect(grid.coordinates(of: grid.worldSize) == nil)
    #expect(grid.coordinates(of: -1) == nil)
  }

  @Test func laysOutTheLargestJob() throws {
    let grid = try grid("parallelism: {tensor: 8, data: 1024, pipeline: 128}\n")
    #expect(grid.groups(for: .embedding).count == 8192)
    #expect(grid.dimensions(ofRankSet: Array(0..<8)) == [.tp])
  }

  @Test func stopsOnAJobWhoseSizesDoNotMakeItsWorld() async {
    await #expect(processExitsWith: .failure) {
      var job = JobDescription(file: "", worldSize: 8, parallelism: .init())
      job.parallelism.data = 3
      _ = RankGrid(job: job)
    }
  }

  // MARK: - Real jobs

  private struct GroundTruth: Decodable {
    struct Communicator: Decodable {
      var role: String
      var members: [Int]
      var init_completed: [String: Bool]
    }
    var world_size: Int
    var communicators: [Communicator]
  }

  private static func groundTruth(_ folder: URL) throws -> GroundTruth {
    let plain = folder.appending(path: "ground_truth.json")
    if let data = try? Data(contentsOf: plain) {
      return try JSONDecoder().decode(GroundTruth.self, from: data)
    }
    let gzip = Process()
    gzip.executableURL = URL(filePath: "/usr/bin/env")
    gzip.arguments = ["gzip", "-dc", plain.path() + ".gz"]
    let output = Pipe()
    gzip.standardOutput = output
    try gzip.run()
    let data = try #require(try output.fileHandleForReading.readToEnd())
    gzip.waitUntilExit()
    return try JSONDecoder().decode(GroundTruth.self, from: data)
  }

  private static let roles: [String: ParallelismDimension] = [
    "TP": .tp, "PP": .pp, "DP": .dp, "EP": .ep, "EDP": .edp, "CP": .cp, "MP": .mp,
    "EMB": .embedding, "FSDP": .fsdp, "HSDP_REPL": .dp, "world": .world,
  ]

  @Test(
    .enabled(if: Fixture.sharedData != nil),
    arguments: try FileManager.default.contentsOfDirectory(
      atPath: Fixture.folder.appending(path: "jobs").path()
    ).filter { $0.hasSuffix(".yaml") }.sorted())
  func agreesWithTheCommunicatorsOfARealJob(file: String) throws {
    let folder = try #require(Fixture.sharedData)
      .appending(path: "nccl-real").appending(path: String(file.dropLast(5)))
    let truth = try Self.groundTruth(folder)
    let job = try JobDescription.load(
      path: Fixture.folder.appending(path: "jobs").appending(path: file).path())
    #expect(job.worldSize == truth.world_size)
    let grid = RankGrid(job: job)
    var seen: [ParallelismDimension: Set<[Int]>] = [:]
    for communicator in truth.communicators {
      let members = communicator.members.sorted()
      guard let dimension = Self.roles[communicator.role] else {
        // A split of the last two ranks that no strategy makes.
        #expect(grid.dimensions(ofRankSet: members).isEmpty)
        continue
      }
      // A communicator that nobody finished making carries nothing.
      guard communicator.init_completed.values.contains(true) else { continue }
      #expect(
        grid.dimensions(ofRankSet: members).contains(dimension),
        "\(communicator.role) \(members)")
      seen[dimension, default: []].insert(members)
    }
    // What the grid implies and the job made are the same groups, not only some of them.
    for dimension in [ParallelismDimension.tp, .pp, .ep, .edp, .cp, .mp]
    where job.communicators.isEmpty {
      guard let made = seen[dimension] else { continue }
      #expect(made == Set(grid.groups(for: dimension)))
    }
  }

  @Test(.enabled(if: Fixture.sharedData != nil))
  func everyRealJobHasADescription() throws {
    let data = try #require(Fixture.sharedData).appending(path: "nccl-real")
    let datasets = try FileManager.default.contentsOfDirectory(atPath: data.path())
      .filter { !$0.hasSuffix(".md") }
    let jobs = try FileManager.default.contentsOfDirectory(
      atPath: Fixture.folder.appending(path: "jobs").path())
    #expect(Set(jobs) == Set(datasets.map { $0 + ".yaml" }))
  }
}
