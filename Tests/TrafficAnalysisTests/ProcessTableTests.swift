// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Testing

@testable import TrafficAnalysis

@Suite struct ProcessTableTests {
  private let call = TraceBuilder.call(.allReduce, 1000, calls: 2)

  @Test func aRotatedLogContinuesItsProcess() throws {
    var trace = TraceBuilder()
    trace.processes(2)
    for rank in 0..<2 {
      trace.view(
        rank, rank: rank, size: 2, id: 1, calls: [call], pointer: 0x1000 + UInt64(rank))
    }
    let second = trace.process(pid: 100, file: "nccl.node1.100.log.1")
    trace.view(second, rank: nil, size: 2, id: nil, calls: [call], pointer: 0x1000)
    let summary = TrafficAnalyzer.analyze(trace.partial)
    #expect(summary.communicators.count == 1)
    #expect(summary.ranks.count == 2)
    #expect(summary.traffic.first?.rankCalls == 6)
    #expect(summary.traffic.first?.operations == 4)
    #expect(summary.ranks.map(\.calls) == [4, 2])
  }

  @Test func aRotatedLogMayEndItsCommunicators() {
    var trace = TraceBuilder()
    // The later part sorts first and creates a communicator of its own.
    let late = trace.process(pid: 100, file: "x.log")
    let early = trace.process(pid: 100, file: "x.log.1")
    trace.view(early, rank: 0, size: 1, id: 1, calls: [call], pointer: 0x1000)
    trace.view(late, rank: nil, size: 1, id: nil, calls: [call], pointer: 0x1000)
    trace.view(late, rank: 0, size: 1, id: 2, calls: [call], pointer: 0x2000)
    // `Destroy COMPLETE` states the rank.
    trace.partial.processes[late].communicators[0].rank = 0
    trace.partial.processes[late].communicators[0].end = .destroyed
    let summary = TrafficAnalyzer.analyze(trace.partial)
    #expect(summary.ranks.count == 1)
    #expect(summary.communicators.count == 2)
    #expect(summary.ranks.map(\.calls) == [6])
  }

  @Test func anInitCutByARotationIsOneInit() {
    var trace = TraceBuilder()
    for part in 0..<2 {
      trace.process(pid: 100, file: "part\(part)")
      trace.view(part, rank: 0, size: 1, id: 1, calls: part == 0 ? [] : [call], pointer: 0x1000)
    }
    trace.partial.processes[0].communicators[0].initCompleted = false
    trace.partial.processes[1].communicators[0].initStarted = false
    let summary = TrafficAnalyzer.analyze(trace.partial)
    #expect(summary.communicators.count == 1)
    #expect(!summary.findings.contains { $0.code == "init-incomplete" })
  }

  @Test func theSameProcessInTwoFilesIsCountedOnce() {
    var trace = TraceBuilder()
    for rank in 0..<2 {
      trace.process(pid: 100 + rank, file: "nccl.\(rank).log")
      trace.view(
        rank, rank: rank, size: 2, id: 1, calls: [call], pointer: 0x1000 + UInt64(rank))
    }
    // Standard output, which lost its tail.
    let output = trace.process(pid: 101, file: "job.out")
    trace.view(
      output, rank: 1, size: 2, id: 1, calls: [TraceBuilder.call(.allReduce, 1000)],
      pointer: 0x1001)
    let summary = TrafficAnalyzer.analyze(trace.partial)
    #expect(summary.ranks.map(\.calls) == [2, 2])
    #expect(summary.communicators.count == 1)
    #expect(summary.findings.map(\.code) == ["duplicate-process"])
    #expect(summary.findings.first?.location == "job.out")
  }

  @Test func standardOutputBesideADebugFileIsTheSameProcess() {
    var trace = TraceBuilder()
    trace.version = nil
    trace.process(pid: 100)
    trace.view(0, rank: 0, size: 1, id: 1, calls: [TraceBuilder.call(.allGather, 5, .int8)])
    trace.version = LibraryVersion(major: 2, minor: 27, patch: 7)
    trace.process(pid: 100, file: "rank0.out")
    let summary = TrafficAnalyzer.analyze(trace.partial)
    #expect(summary.ranks.count == 1)
    #expect(summary.traffic.first?.dataType == "int8")
  }

  @Test func containersWithEqualProcessIdsStayApart() {
    var trace = TraceBuilder()
    for rank in 0..<2 {
      trace.process(host: "pod", pid: 1, file: "rank\(rank).log")
      trace.view(rank, rank: rank, size: 2, id: 1, calls: [call], pointer: 0x1000)
    }
    let summary = TrafficAnalyzer.analyze(trace.partial)
    #expect(summary.ranks.count == 2)
    #expect(summary.communicators.map(\.ranks) == [[0, 1]])
  }

  @Test func aDuplicateFileIsNotCounted() {
    var trace = TraceBuilder()
    for rank in 0..<2 {
      trace.process(pid: 1, file: "copy\(rank).log")
      trace.view(rank, rank: 0, size: 1, id: 1, calls: [call])
    }
    trace.partial.files[1].status = .duplicate
    let summary = TrafficAnalyzer.analyze(trace.partial)
    #expect(summary.traffic.first?.rankCalls == 2)
    #expect(summary.findings.contains { $0.code == "duplicate-input" })
  }

  @Test func equalContentUnderTwoNamesIsCountedOnce() {
    var trace = TraceBuilder()
    for rank in 0..<2 {
      trace.process(pid: 1, file: "copy\(rank).log")
      trace.view(rank, rank: 0, size: 1, id: 1, calls: [call])
      trace.partial.files[rank].contentCRC32 = 0x1234_5678
    }
    let summary = TrafficAnalyzer.analyze(trace.partial)
    #expect(summary.traffic.first?.rankCalls == 2)
    #expect(summary.ingestion.map(\.status) == [.complete, .duplicate])
    #expect(summary.findings.first { $0.code == "duplicate-input" }?.location == "copy1.log")
  }

  @Test func callsWithACutHeadReturnToTheCreatorOfTheirPointer() {
    var trace = TraceBuilder()
    trace.process(pid: 100, file: "stdout.log")
    trace.view(0, rank: 0, size: 1, id: 1, calls: [call], pointer: 0x1000)
    var stranger = ProcessFacts(file: 0, host: "ode1", pid: 100)
    var orphan = CommunicatorFacts(pointer: 0x1000)
    orphan.size = 1
    orphan.calls = [call]
    orphan.collectiveCalls = 2
    orphan.firstLine = 50
    stranger.communicators = [orphan]
    trace.partial.processes.append(stranger)
    let summary = TrafficAnalyzer.analyze(trace.partial)
    #expect(summary.ranks.count == 1)
    #expect(summary.traffic.first?.rankCalls == 4)
  }

  @Test func filesThatDoNotExistInThePartialAreIgnored() {
    var partial = TracePartial()
    partial.processes = [ProcessFacts(file: 3, host: "a", pid: 1)]
    #expect(TrafficAnalyzer.analyze(partial).ranks.isEmpty)
  }
}
