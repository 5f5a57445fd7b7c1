// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Testing

@testable import TrafficAnalysis

@Suite struct CommunicatorTableTests {
  private let call = TraceBuilder.call(.allReduce, 1000)

  private func groups(_ summary: TrafficSummary) -> [[Int?]] { summary.communicators.map(\.ranks) }

  @Test func oneIdIsOneCommunicator() {
    var trace = TraceBuilder()
    trace.processes(4)
    trace.communicator([0, 1, 2, 3], id: 7, calls: [call])
    trace.communicator([1, 3], id: 8, calls: [call])
    let summary = TrafficAnalyzer.analyze(trace.partial)
    #expect(groups(summary) == [[0, 1, 2, 3], [1, 3]])
    #expect(summary.communicators.map(\.membership) == ["commId", "commId"])
    #expect(summary.communicators.map(\.identifier) == ["0x7", "0x8"])
    #expect(summary.coverage.globalRankSource == "world communicator")
  }

  @Test func aRecreatedPointerIsAnotherCommunicator() {
    var trace = TraceBuilder()
    trace.processes(2)
    for id in [UInt64(1), 2, 3] {
      for rank in 0..<2 {
        trace.view(rank, rank: rank, size: 2, id: id, calls: [call], pointer: 0x5000)
      }
    }
    let summary = TrafficAnalyzer.analyze(trace.partial)
    #expect(groups(summary) == [[0, 1], [0, 1], [0, 1]])
    #expect(summary.communicators.map(\.identifier) == ["0x1", "0x2", "0x3"])
  }

  /// NCCL 2.18 to 2.22: the id of a split depends on the parent and the colour only.
  @Test func equalIdsOfSeveralSplitsAreToldApart() {
    var trace = TraceBuilder()
    trace.processes(4)
    trace.communicator([0, 1, 2, 3], id: 1, calls: [call])
    // First split: rows {0,1} and {2,3}; second split: columns {0,2} and {1,3}. Ids by colour.
    trace.communicator([0, 1], id: 50, calls: [call], color: 0, parent: 0)
    trace.communicator([2, 3], id: 51, calls: [call], color: 1, parent: 0)
    trace.communicator([0, 2], id: 50, calls: [call], color: 0, parent: 0)
    trace.communicator([1, 3], id: 51, calls: [call], color: 1, parent: 0)
    let summary = TrafficAnalyzer.analyze(trace.partial)
    #expect(groups(summary) == [[0, 1, 2, 3], [0, 1], [0, 2], [1, 3], [2, 3]])
    #expect(summary.communicators.dropFirst().allSatisfy { $0.parent == "c0" })
  }

  @Test func splitsWithoutIdAreFoundByAncestry() {
    var trace = TraceBuilder()
    trace.processes(4)
    trace.communicator([0, 1, 2, 3], id: 1, calls: [call])
    trace.communicator([0, 1], id: nil, calls: [call], ordinal: 1, color: 0, parent: 0)
    trace.communicator([2, 3], id: nil, calls: [call], ordinal: 1, color: 1, parent: 0)
    trace.communicator([0, 2], id: nil, calls: [call], ordinal: 2, color: 0, parent: 0)
    trace.communicator([1, 3], id: nil, calls: [call], ordinal: 2, color: 1, parent: 0)
    // A split of a split.
    for (rank, process) in [0, 2].enumerated() {
      trace.view(
        process, rank: rank, size: 2, id: nil, calls: [call], parent: 2, ordinal: 1, color: 0)
    }
    let summary = TrafficAnalyzer.analyze(trace.partial)
    #expect(groups(summary) == [[0, 1, 2, 3], [0, 1], [0, 2], [0, 2], [1, 3], [2, 3]])
    #expect(summary.communicators.dropFirst().allSatisfy { $0.membership == "ancestry" })
    #expect(summary.communicators[3].parent == "c2")
  }

  /// A 2 x 2 x 2 grid without ids, as NCCL up to 2.15 logs it.
  @Test func communicatorsWithoutIdAreMatchedByComplementaryRanks() {
    var trace = TraceBuilder()
    trace.version = LibraryVersion(major: 2, minor: 12, patch: 10)
    trace.processes(8)
    trace.communicator(Array(0..<8), id: nil, calls: [call])
    for stride in [1, 2, 4] {
      for first in 0..<8 where first / stride % 2 == 0 {
        trace.communicator([first, first + stride], id: nil, calls: [call])
      }
    }
    let summary = TrafficAnalyzer.analyze(trace.partial)
    let expected =
      [Array(0..<8)]
      + [1, 2, 4].flatMap { stride in
        (0..<8).filter { $0 / stride % 2 == 0 }.map { [$0, $0 + stride] }
      }.sorted { $0.lexicographicallyPrecedes($1) }
    #expect(groups(summary) == expected)
    #expect(summary.communicators.allSatisfy { $0.membership == "matching" })
  }

  @Test func aGroupThatSomeRanksSkipIsMatchedByItsCalls() {
    var trace = TraceBuilder()
    trace.processes(4)
    trace.communicator([0, 1, 2, 3], id: nil, calls: [call])
    // Only ranks 0 and 3 share embeddings, before everybody makes the pairs {0,1}, {2,3}.
    trace.communicator([0, 3], id: nil, calls: [TraceBuilder.call(.allReduce, 77)])
    trace.communicator([0, 1], id: nil, calls: [call])
    trace.communicator([2, 3], id: nil, calls: [call])
    let summary = TrafficAnalyzer.analyze(trace.partial)
    #expect(groups(summary) == [[0, 1, 2, 3], [0, 1], [0, 3], [2, 3]])
    #expect(summary.communicators.map(\.payloadBytes) == [16_000, 8000, 616, 8000])
  }

  @Test func aRankThatStopsEarlyIsMatchedByItsOrder() {
    var trace = TraceBuilder()
    trace.processes(4)
    for rank in 0..<4 {
      let calls = [TraceBuilder.call(.allReduce, 1000, calls: rank == 2 ? 3 : 5)]
      trace.view(rank, rank: rank, size: 4, id: nil, calls: calls)
    }
    let summary = TrafficAnalyzer.analyze(trace.partial)
    #expect(groups(summary) == [[0, 1, 2, 3]])
    #expect(summary.traffic.first?.operations == 5)
  }

  @Test func aViewWithoutItsIdTakesTheOneVacantRank() {
    var trace = TraceBuilder()
    trace.processes(4)
    for rank in 0..<4 {
      trace.view(rank, rank: rank, size: 4, id: rank == 1 ? nil : 7, calls: [call])
    }
    let summary = TrafficAnalyzer.analyze(trace.partial)
    #expect(groups(summary) == [[0, 1, 2, 3]])
    #expect(summary.communicators.first?.membership == "matching")
  }

  @Test func withoutInitLinesCommunicatorsAreAssumed() throws {
    var trace = TraceBuilder()
    trace.processes(4)
    for process in 0..<4 {
      trace.view(process, rank: nil, size: 4, id: nil, calls: [call])
    }
    let summary = TrafficAnalyzer.analyze(trace.partial)
    let row = try #require(summary.communicators.first)
    #expect(summary.communicators.count == 1)
    #expect(row.membership == "assumed")
    #expect(row.ranks == [0, 1, 2, 3])
    #expect(summary.coverage.globalRankSource == "reconstructed")
    #expect(summary.traffic.first?.operations == 1)
    #expect(summary.traffic.first?.payloadBytes == 16000)
    #expect(summary.coverage.statements.contains { $0.contains("assumed") })
  }

  @Test func aSingleVacantRankIsFilled() {
    var trace = TraceBuilder()
    trace.processes(4)
    for rank in 0..<4 where rank != 2 {
      trace.view(rank, rank: rank, size: 4, id: 1, calls: [call])
    }
    trace.view(2, rank: nil, size: 4, id: nil, calls: [call])
    let summary = TrafficAnalyzer.analyze(trace.partial)
    #expect(groups(summary) == [[0, 1, 2, 3]])
    #expect(summary.ranks.map(\.pid) == [100, 101, 102, 103])
  }

  @Test func aRankTwiceNeverEntersOneCommunicator() {
    var trace = TraceBuilder()
    trace.processes(3)
    trace.communicator([0, 1], id: 1, calls: [call])
    trace.view(2, rank: 1, size: 2, id: 1, calls: [call])
    let summary = TrafficAnalyzer.analyze(trace.partial)
    #expect(summary.communicators.map(\.size) == [2, 2])
    #expect(summary.traffic.reduce(0) { $0 + $1.rankCalls } == 3)
  }

  @Test func threadsOfOneProcessAreRanksOfTheirOwn() {
    var trace = TraceBuilder()
    trace.process(pid: 100)
    for device in 0..<4 {
      trace.view(0, rank: device, size: 4, id: 1, device: device, calls: [call])
    }
    for device in 0..<4 {
      trace.view(
        0, rank: device / 2, size: 2, id: UInt64(10 + device % 2), device: device, calls: [call])
    }
    let summary = TrafficAnalyzer.analyze(trace.partial)
    #expect(groups(summary) == [[0, 1, 2, 3], [0, 2], [1, 3]])
    #expect(summary.ranks.map(\.gpu) == [0, 1, 2, 3])
  }

  @Test func ranksComeFromTheWorldNotFromTheProcessIds() {
    var trace = TraceBuilder()
    for pid in [300, 100, 200] { trace.process(pid: pid) }
    trace.communicator([0, 1, 2], id: 1, calls: [call])
    #expect(TrafficAnalyzer.analyze(trace.partial).ranks.map(\.pid) == [300, 100, 200])
  }

  @Test func launcherPrefixesNumberRanksThatShareNoCommunicator() {
    var trace = TraceBuilder()
    for pid in [104, 103, 102, 101] { trace.process(pid: pid) }
    for index in 0..<4 { trace.partial.processes[index].launcherRank = index }
    trace.communicator([0, 1], id: 1, calls: [call])
    trace.communicator([2, 3], id: 2, calls: [call])
    let summary = TrafficAnalyzer.analyze(trace.partial)
    #expect(summary.coverage.globalRankSource == "launcher prefix")
    #expect(summary.ranks.map(\.pid) == [104, 103, 102, 101])
    #expect(!summary.findings.contains { $0.code == "several-jobs" })
  }

  @Test func theJobsHostsNumberRanks() throws {
    var trace = TraceBuilder()
    for (host, pid) in [("b", 1), ("b", 2), ("a", 3), ("a", 4)] {
      trace.process(host: host, pid: pid)
    }
    trace.communicator([0, 1], id: 1, calls: [call])
    trace.communicator([2, 3], id: 2, calls: [call])
    let job = try JobDescription.parse(
      text: "world_size: 4\nparallelism: {tensor: 2, data: 2}\nranks: {b: 0-1, a: 2-3}",
      file: "job.yaml")
    let summary = TrafficAnalyzer.analyze(trace.partial, job: job)
    #expect(summary.coverage.globalRankSource == "job description")
    #expect(summary.ranks.map(\.pid) == [1, 2, 3, 4])
    #expect(summary.communicators.map(\.dimension) == [.tp, .tp])
  }

  @Test func twoJobsAreNumberedOneAfterTheOther() {
    var trace = TraceBuilder()
    trace.process(host: "a", pid: 1)
    trace.process(host: "a", pid: 2)
    trace.process(host: "b", pid: 1)
    trace.process(host: "b", pid: 2)
    trace.communicator([0, 1], id: 1, calls: [call])
    trace.communicator([2, 3], id: 2, calls: [call])
    let summary = TrafficAnalyzer.analyze(trace.partial)
    #expect(groups(summary) == [[0, 1], [2, 3]])
    #expect(summary.findings.contains { $0.code == "several-jobs" && $0.severity == .note })
  }

  @Test func hostsSortByTheirNumbers() {
    let names = ["node10", "node2", "node1", "gpu-b", "node02a", ""].map { NaturalText($0) }
    #expect(
      names.sorted().map(\.text) == ["", "gpu-b", "node1", "node2", "node02a", "node10"])
  }
}
