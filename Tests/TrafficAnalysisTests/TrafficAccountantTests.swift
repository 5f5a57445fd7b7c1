// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Testing

@testable import TrafficAnalysis

@Suite struct TrafficAccountantTests {
  /// Four ranks, two on each of two nodes unless said otherwise.
  private func analyze(
    _ calls: [CallFacts], ranks: Int = 4, perNode: Int = 2, version: LibraryVersion? = nil
  ) -> TrafficSummary {
    var trace = TraceBuilder()
    if let version { trace.version = version }
    trace.processes(ranks, perNode: perNode)
    trace.communicator(Array(0..<ranks), id: 1, calls: calls)
    return TrafficAnalyzer.analyze(trace.partial)
  }

  /// Calls of 25 float32, 100 bytes, three times by each of 4 ranks.
  @Test(
    arguments: [
      // kind, payload over all calls, wire, S
      (OperationKind.allReduce, 1200, 1800, 100),
      (.allGather, 1200, 3600, 400),
      (.reduceScatter, 4800, 3600, 400),
      (.broadcast, 300, 900, 100),
      (.reduce, 1200, 900, 100),
      (.gather, 1200, 900, 400),
      (.scatter, 1200, 900, 400),
      (.allToAll, 4800, 3600, 400),
    ] as [(OperationKind, UInt64, UInt64, UInt64)])
  func bytesOfEveryCollective(
    _ kind: OperationKind, payload: UInt64, wire: UInt64, message: UInt64
  ) throws {
    let summary = analyze([TraceBuilder.call(kind, 25, calls: 3, peer: 1)])
    let row = try #require(summary.traffic.first)
    #expect(summary.traffic.count == 1)
    #expect(row.collective == kind.name)
    #expect(row.operations == 3)
    #expect(row.rankCalls == 12)
    #expect(row.elementCount == 25)
    #expect(row.messageBytes == message)
    #expect(row.payloadBytes == payload)
    #expect(row.wireBytes == wire)
    let intra = try #require(row.intraNodeBytes)
    let inter = try #require(row.interNodeBytes)
    #expect(intra + inter == wire)
    #expect(summary.ranks.reduce(0) { $0 + $1.sentBytes } == wire)
    #expect(summary.ranks.reduce(0) { $0 + $1.receivedBytes } == wire)
    #expect(summary.messageSizes.reduce(0) { $0 + $1.operations } == 3)
    #expect(summary.messageSizes.reduce(0) { $0 + $1.payloadBytes } == payload)
  }

  @Test func ringCrossesNodesOnTwoOfFourEdges() throws {
    // Ring 0 1 | 2 3 |: edges 1-2 and 3-0 cross, each edge carries 600 / 4.
    let row = try #require(analyze([TraceBuilder.call(.allReduce, 25)]).traffic.first)
    #expect(row.wireBytes == 600)
    #expect(row.interNodeBytes == 300)
  }

  @Test func broadcastLeavesTheLastEdgeIdle() throws {
    // Root 1: edges 1-2, 2-3, 3-0 are used, 1-2 and 3-0 cross.
    let row = try #require(analyze([TraceBuilder.call(.broadcast, 25, peer: 1)]).traffic.first)
    #expect(row.interNodeBytes == 200)
    // Root 2: edges 2-3, 3-0, 0-1; only 3-0 crosses.
    let other = try #require(analyze([TraceBuilder.call(.broadcast, 25, peer: 2)]).traffic.first)
    #expect(other.interNodeBytes == 100)
  }

  @Test func allToAllCrossesNodesByPairs() throws {
    // Each rank has 2 of 3 partners on the other node: 4 x 2 x 100 of 1200.
    let row = try #require(analyze([TraceBuilder.call(.allToAll, 25)]).traffic.first)
    #expect(row.interNodeBytes == 800)
  }

  @Test func bytesThatDoNotDivideAreSharedOutExactly() throws {
    // 3 ranks, 1 byte: wire 2 x 2 x 1 = 4 over 3 edges.
    let summary = analyze([TraceBuilder.call(.allReduce, 1, .int8)], ranks: 3, perNode: 1)
    let row = try #require(summary.traffic.first)
    #expect(row.wireBytes == 4)
    #expect(row.interNodeBytes == 4)
    #expect(summary.ranks.map(\.sentBytes).sorted() == [1, 1, 2])
    #expect(summary.ranks.reduce(0) { $0 + $1.receivedBytes } == 4)
  }

  @Test func oneRankMovesNothing() throws {
    let summary = analyze([TraceBuilder.call(.allReduce, 25)], ranks: 1)
    let row = try #require(summary.traffic.first)
    #expect(row.payloadBytes == 100)
    #expect(row.wireBytes == 0)
    #expect(row.intraNodeBytes == 0)
  }

  @Test func allGatherOfOldReleasesIsCountedInBytesWithoutAType() throws {
    for kind in [OperationKind.allGather, .broadcast] {
      let calls = [TraceBuilder.call(kind, 100, .int8, peer: 0)]
      let old = analyze(calls, version: LibraryVersion(major: 2, minor: 21, patch: 5))
      let row = try #require(old.traffic.first)
      #expect(row.dataType == "unknown")
      #expect(row.elementCount == nil)
      #expect(row.messageBytes == (kind == .allGather ? 400 : 100))
      #expect(old.coverage.statements.contains { $0.contains("2.21") })
      let new = analyze(calls, version: LibraryVersion(major: 2, minor: 22, patch: 3))
      #expect(new.traffic.first?.dataType == "int8")
      #expect(new.traffic.first?.elementCount == 100)
    }
    let reduced = analyze(
      [TraceBuilder.call(.allReduce, 100, .int8)],
      version: LibraryVersion(major: 2, minor: 21, patch: 5))
    #expect(reduced.traffic.first?.dataType == "int8")
  }

  @Test func withoutAReleaseAByteCountHasNoType() {
    var trace = TraceBuilder()
    trace.version = nil
    trace.processes(2)
    trace.communicator([0, 1], id: 1, calls: [TraceBuilder.call(.allGather, 100, .int8)])
    #expect(TrafficAnalyzer.analyze(trace.partial).traffic.first?.dataType == "unknown")
    for index in trace.partial.processes.indices {
      trace.partial.processes[index].versionBounds = 2024...2030
    }
    #expect(TrafficAnalyzer.analyze(trace.partial).traffic.first?.dataType == "int8")
  }

  @Test func eightBitFloatsHaveOneByte() {
    for type in [UInt8(10), 11] {
      let summary = analyze([TraceBuilder.call(.allReduce, 100, DataType(rawValue: type))])
      #expect(summary.traffic.first?.payloadBytes == 400)
    }
  }

  @Test func unknownTypesAreCountedWithoutBytesAndReported() throws {
    let summary = analyze([TraceBuilder.call(.allReduce, 100, DataType(rawValue: 42), calls: 2)])
    let row = try #require(summary.traffic.first)
    #expect(row.operations == 2)
    #expect(row.payloadBytes == 0)
    #expect(row.messageBytes == nil)
    #expect(summary.findings.contains { $0.code == "unknown-data-type" })
    #expect(summary.coverage.statements.contains { $0.contains("type42") })
  }

  @Test func unnamedCallsHaveAPayloadButNoWireBytes() throws {
    let row = try #require(analyze([TraceBuilder.call(.unnamed, 25)]).traffic.first)
    #expect(row.collective == "unnamed")
    #expect(row.payloadBytes == 400)
    #expect(row.wireBytes == 0)
  }

  @Test func hostileCountsStopAtTheLargestNumber() throws {
    var trace = TraceBuilder()
    trace.processes(2)
    for kind in OperationKind.allCases {
      trace.communicator(
        [0, 1], id: UInt64(kind.rawValue),
        calls: [TraceBuilder.call(kind, .max, .float32, calls: 1 << 40, elements: .max)])
    }
    trace.view(0, rank: 5, size: .max, id: 99, calls: [TraceBuilder.call(.allGather, .max)])
    trace.view(0, rank: -1, size: -7, id: 98, calls: [TraceBuilder.call(.allGather, 1)])
    trace.view(1, rank: .max, size: 2, id: 97, calls: [TraceBuilder.call(.send, 1, peer: .min)])
    let summary = TrafficAnalyzer.analyze(trace.partial)
    let reduced = try #require(summary.traffic.first { $0.collective == "all_reduce" })
    #expect(reduced.payloadBytes == .max)
    #expect(reduced.wireBytes == .max)
  }

  @Test func coarseRowsKeepTheirBytes() throws {
    let row = try #require(
      analyze([
        TraceBuilder.call(.allReduce, 0, calls: 4, isCoarse: true, elements: 100)
      ]).traffic.first)
    #expect(row.elementCount == nil)
    #expect(row.messageBytes == nil)
    #expect(row.payloadBytes == 1600)
    #expect(row.wireBytes == 2400)
  }

  @Test func theLoggedAlgorithmDecidesTheWireBytes() throws {
    var trace = TraceBuilder()
    trace.processes(4)
    trace.communicator([0, 1, 2, 3], id: 1, calls: [TraceBuilder.call(.allReduce, 25)])
    // Rank 0 alone prints the choice.
    trace.partial.processes[0].communicators[0].tunings = [
      TuningFacts(kind: .allReduce, bytes: 100, algorithm: "nvls", protocol: "simple", lines: 1),
      TuningFacts(kind: .allReduce, bytes: 7, algorithm: "ring", protocol: "ll", lines: 9),
    ]
    let summary = TrafficAnalyzer.analyze(trace.partial)
    #expect(summary.traffic.first?.wireBytes == 500)
    #expect(summary.communicators.first?.algorithms == ["ring", "nvls"])
    #expect(summary.ranks.map(\.sentBytes) == [125, 125, 125, 125])
  }

  @Test func aMissingRankDoesNotChangeTheOperations() throws {
    var trace = TraceBuilder()
    trace.processes(3)
    for rank in 0..<3 {
      trace.view(
        rank, rank: rank, size: 4, id: 1, calls: [TraceBuilder.call(.allReduce, 25, calls: 5)])
    }
    let summary = TrafficAnalyzer.analyze(trace.partial)
    let row = try #require(summary.traffic.first)
    #expect(row.operations == 5)
    #expect(row.rankCalls == 15)
    #expect(row.payloadBytes == 1500)
    #expect(row.wireBytes == 5 * 600)
    #expect(row.intraNodeBytes == nil)
    #expect(summary.ranks.map(\.coverage) == ["full", "full", "full", "no_log"])
    #expect(summary.coverage.ranksExpected == 4)
    #expect(summary.findings.contains { $0.code == "rank-without-log" && $0.location == "rank 3" })
    #expect(summary.communicators.first?.ranks == [0, 1, 2, nil])
  }
}
