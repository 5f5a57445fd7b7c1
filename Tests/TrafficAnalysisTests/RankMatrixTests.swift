// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Testing

@testable import TrafficAnalysis

/// Who sent whom how much, worked out by hand and compared with the other tables.
@Suite struct RankMatrixTests {
  /// Two nodes of two ranks, one communicator, whose rank 0 printed two rings.
  private static func job(
    _ calls: [CallFacts], algorithm: String? = nil, rings: [[Int]] = [], treeUp: [(Int, Int)] = []
  ) -> TrafficSummary {
    var builder = TraceBuilder()
    builder.processes(4, perNode: 2)
    builder.communicator([0, 1, 2, 3], id: 7, calls: calls)
    for process in 0..<4 {
      var facts = builder.partial.processes[process].communicators[0]
      if process == 0 {
        for ring in rings {
          for (place, rank) in ring.enumerated() {
            facts.edges.append(
              EdgeFacts(.ring, source: rank, target: ring[(place + 1) % ring.count]))
          }
        }
      }
      for (rank, up) in treeUp where rank == process {
        facts.edges.append(EdgeFacts(.treeUp, source: rank, target: up))
      }
      facts.treeChannels = treeUp.isEmpty ? 0 : 1
      if let algorithm, process == 0 {
        for row in calls {
          facts.tunings.append(
            TuningFacts(
              kind: row.kind, bytes: row.elementCount * 4, algorithm: algorithm,
              protocol: "simple", lines: row.calls))
        }
      }
      builder.partial.processes[process].communicators[0] = facts
    }
    return TrafficAnalyzer.analyze(builder.partial)
  }

  private static func cells(_ summary: TrafficSummary) -> [String: UInt64] {
    Dictionary(
      summary.rankMatrix.map { ("\($0.sourceRank)>\($0.destinationRank)", $0.bytes) },
      uniquingKeysWith: +)
  }

  /// 100 floats, 4 ranks: 2 x 3 x 400 = 2400 bytes, 600 over each edge of one ring.
  @Test func aRingCarriesTheSameOverEveryEdge() {
    let call = TraceBuilder.call(.allReduce, 100)
    #expect(
      Self.cells(Self.job([call])) == ["0>1": 600, "1>2": 600, "2>3": 600, "3>0": 600])
    // The ring that the log shows: 0 1 3 2. Edges 1>3 and 2>0 cross nodes.
    let shown = Self.job([call], rings: [[0, 1, 3, 2]])
    #expect(Self.cells(shown) == ["0>1": 600, "1>3": 600, "3>2": 600, "2>0": 600])
    #expect(shown.traffic.first?.interNodeBytes == 1200)
  }

  /// Two rings carry half each; what they share adds up.
  @Test func channelsShareTheBytesByTheirEdges() {
    let summary = Self.job(
      [TraceBuilder.call(.allReduce, 100)], rings: [[0, 1, 2, 3], [0, 1, 3, 2]])
    #expect(
      Self.cells(summary) == [
        "0>1": 600, "1>2": 300, "2>3": 300, "3>0": 300, "1>3": 300, "3>2": 300, "2>0": 300,
      ])
    // Crossing: 1>2, 3>0, 1>3, 2>0.
    #expect(summary.traffic.first?.interNodeBytes == 1200)
  }

  /// Each edge of the tree 1>0, 3>2, 2>0 carries S = 400 up and 400 down.
  @Test func aTreeCarriesTheMessageUpAndDownEveryEdge() {
    let call = TraceBuilder.call(.allReduce, 100)
    let shown = Self.job([call], algorithm: "tree", treeUp: [(1, 0), (2, 0), (3, 2)])
    #expect(
      Self.cells(shown) == [
        "0>1": 400, "1>0": 400, "0>2": 400, "2>0": 400, "2>3": 400, "3>2": 400,
      ])
    #expect(shown.traffic.first?.interNodeBytes == 800)
    // Not shown: the ring without the edge into rank 0; one edge joins the nodes.
    let assumed = Self.job([call], algorithm: "tree")
    #expect(
      Self.cells(assumed) == [
        "0>1": 400, "1>0": 400, "1>2": 400, "2>1": 400, "2>3": 400, "3>2": 400,
      ])
    #expect(assumed.traffic.first?.interNodeBytes == 800)
  }

  /// A rank that prints a part of a tree of which others print nothing is no tree.
  @Test func halfAWiringIsNotBelieved() {
    let call = TraceBuilder.call(.allReduce, 100)
    let ring = Self.job([call], rings: [[0, 1, 1, 2]])
    #expect(Self.cells(ring) == ["0>1": 600, "1>2": 600, "2>3": 600, "3>0": 600])
    let tree = Self.job([call], algorithm: "tree", treeUp: [(1, 0), (2, 0)])
    #expect(Self.cells(tree)["1>2"] == 400)
  }

  /// A broadcast of 400 bytes from rank 2 goes 2>3>0>1; a reduction to it the other edges.
  @Test func rootedOperationsLeaveOneEdgeIdle() {
    #expect(
      Self.cells(Self.job([TraceBuilder.call(.broadcast, 100, peer: 2)])) == [
        "2>3": 400, "3>0": 400, "0>1": 400,
      ])
    #expect(
      Self.cells(Self.job([TraceBuilder.call(.reduce, 100, peer: 2)])) == [
        "3>0": 400, "0>1": 400, "1>2": 400,
      ])
  }

  /// An all-to-all of 100 floats per peer: 400 bytes for each of the 12 pairs.
  @Test func anAllToAllGoesBetweenAllPairs() {
    let cells = Self.cells(Self.job([TraceBuilder.call(.allToAll, 100)]))
    #expect(cells.count == 12)
    #expect(cells.values.allSatisfy { $0 == 400 })
  }

  /// Every byte has one place: a third of 100 bytes is 33, 33 and 34.
  @Test func partsAddUpToTheByte() {
    let call = TraceBuilder.call(.broadcast, 25, calls: 1, peer: 0)
    let summary = Self.job([call], rings: [[0, 1, 2, 3], [0, 2, 1, 3], [0, 3, 1, 2]])
    #expect(summary.rankMatrix.reduce(0) { $0 + $1.bytes } == 300)
    #expect(summary.ranks.map(\.sentBytes).reduce(0, +) == 300)
  }

  @Test(arguments: GroundTruthTests.sets)
  func rowsAndColumnsAreWhatTheRanksSentAndReceived(_ name: String) throws {
    let summary = TrafficAnalyzer.analyze(try GroundTruthTests.partial(name))
    var sent: [Int: UInt64] = [:]
    var received: [Int: UInt64] = [:]
    for row in summary.rankMatrix {
      #expect(row.bytes > 0)
      #expect(row.sourceRank != row.destinationRank)
      sent[row.sourceRank, default: 0] += row.bytes
      received[row.destinationRank, default: 0] += row.bytes
    }
    let total = summary.rankMatrix.reduce(0) { $0 + $1.bytes }
    #expect(total + summary.coverage.unmatchedBytes == summary.wireBytes)
    guard summary.coverage.unmatchedBytes == 0 else { return }
    for row in summary.ranks {
      #expect(sent[row.rank, default: 0] == row.sentBytes)
      #expect(received[row.rank, default: 0] == row.receivedBytes)
    }
    let inter = summary.ranks.reduce(0) { $0 + ($1.interNodeBytes ?? 0) }
    let between = summary.links.filter { $0.kind == .nodePair }.reduce(0) { $0 + $1.sentBytes }
    #expect(between == inter)
    let devices = summary.links.filter { $0.kind == .networkDevice }
    #expect(devices.reduce(0) { $0 + $1.sentBytes } == inter)
    #expect(devices.reduce(0) { $0 + $1.receivedBytes } == inter)
  }

  /// Both rings of the world are `0 3 2 1 4 7 6 5` there, and tree 1 is tree 0 turned round.
  @Test(.enabled(if: !GroundTruthTests.sets.isEmpty))
  func ringsAndTreesAreThoseOfTheLog() throws {
    let partial = try GroundTruthTests.partial("s4-megatron-tp2pp2dp2-2node-2.21.5")
    let world = try #require(
      partial.processes.flatMap(\.communicators).first { $0.size == 8 && $0.rank == 0 })
    let ring = world.edges.filter { $0.kind == .ring }
    #expect(ring.map(\.source) == [0, 3, 2, 1, 4, 7, 6, 5])
    #expect(ring.map(\.target) == [3, 2, 1, 4, 7, 6, 5, 0])
    #expect(ring.allSatisfy { $0.channels == 2 })
    #expect(world.edges.filter { $0.kind == .treeUp } == [EdgeFacts(.treeUp, source: 0, target: 4)])
    #expect(world.treeChannels == 2)
    #expect(
      world.connections.contains(
        ConnectionFacts(source: 0, target: 3, transport: "P2P/CUMEM/read", channels: 2)))
    #expect(
      world.connections.contains(
        ConnectionFacts(
          source: 5, target: 0, transport: "NET/Socket/0", isReceive: true, channels: 2)))
  }

  @Test func aTransportIsTakenApart() {
    let plain = TransportName("NET/IB/2/GDRDMA/Shared")
    #expect(plain.kind == "NET/IB/GDRDMA/Shared")
    #expect(plain.link == "NET/IB/2")
    #expect(plain.device == 2)
    let proxied = TransportName("NET/AWS Libfabric/11(4)/GDRDMA(PCI)")
    #expect(proxied.kind == "NET/AWS Libfabric/GDRDMA(PCI)")
    #expect(proxied.link == "NET/AWS Libfabric/11")
    #expect(proxied.proxy == 4)
    #expect(TransportName("P2P/CUMEM/read").device == nil)
    #expect(TransportName("NET/").kind == "NET/")
  }
}
