// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Testing

@testable import TrafficAnalysis

/// Every figure here was worked out by hand for 4 ranks and 100 bytes per call.
@Suite struct WireBytesTests {
  private func wire(
    _ kind: OperationKind, _ model: WireModel = .ring, size: Int = 4, nodes: Int? = 1
  ) -> WireBytes.Total {
    WireBytes.total(kind, bytes: 100, size: size, nodes: nodes, model: model)
  }

  @Test func ringMovesEachByteOverEveryEdgeButOne() {
    // 2 x 3 x 100: every chunk travels 3 edges to be summed and 3 to be spread.
    #expect(wire(.allReduce).wire == 600)
    // S = 400, 3 x 400: every rank's part visits the 3 others, 4 parts of 100 over 3 edges.
    #expect(wire(.allGather).wire == 1200)
    #expect(wire(.reduceScatter).wire == 1200)
    #expect(wire(.allToAll).wire == 1200)
    #expect(wire(.broadcast).wire == 300)
    #expect(wire(.reduce).wire == 300)
    #expect(wire(.gather).wire == 300)
    #expect(wire(.scatter).wire == 300)
    #expect(wire(.send).wire == 100)
    #expect(wire(.recv).wire == 0)
  }

  @Test func treeHasTheTotalsOfARing() {
    #expect(wire(.allReduce, .tree).wire == 600)
    // Two nodes: one edge between them, used up and down.
    #expect(wire(.allReduce, .tree, nodes: 2) == .init(wire: 600, interNode: 200))
  }

  @Test func theSwitchReadsEveryRankOnceAndEachRankSendsItsShareOnce() {
    #expect(wire(.allReduce, .nvls).wire == 500)
    #expect(wire(.allGather, .nvls).wire == 400)
    #expect(wire(.reduceScatter, .nvls).wire == 1600)
  }

  @Test func inSwitchReductionOverSeveralNodes() {
    // 2 nodes of 2: 400 read, 2 x 100 to the network, 2 x 100 multicast.
    #expect(wire(.allReduce, .nvls, nodes: 2) == .init(wire: 800, interNode: 200))
    // 400 read, 2 x 100 multicast, 100 up and 100 down between the nodes.
    #expect(wire(.allReduce, .nvlsTree, nodes: 2) == .init(wire: 800, interNode: 200))
    // 1 rank per node hands 100 to its head, the head 100 to the network, and 100 back.
    #expect(wire(.allReduce, .collnet, nodes: 2) == .init(wire: 600, interNode: 200))
    #expect(wire(.allReduce, .nvlsTree, nodes: 1).wire == 500)
  }

  @Test func anUnknownNumberOfNodesFallsBackToTheRing() {
    #expect(wire(.allReduce, .nvls, nodes: nil) == .init(wire: 600, interNode: nil))
    #expect(wire(.allReduce, .collnet, nodes: 0) == .init(wire: 600, interNode: nil))
  }

  @Test(arguments: OperationKind.allCases)
  func oneRankMovesNothing(_ kind: OperationKind) {
    #expect(wire(kind, size: 1).wire == 0)
  }

  @Test(arguments: OperationKind.allCases)
  func hugeCountsStopAtTheLargestNumber(_ kind: OperationKind) {
    let total = WireBytes.total(
      kind, bytes: .max, size: .max, nodes: 2, model: .nvlsTree)
    #expect(total.wire == 0 || total.wire == .max)
  }

  @Test func messageBytesFollowNcclTests() {
    for kind in [OperationKind.allReduce, .broadcast, .reduce, .send] {
      #expect(WireBytes.messageBytes(kind, bytes: 100, size: 4) == 100)
    }
    for kind in [OperationKind.allGather, .reduceScatter, .allToAll, .gather, .scatter] {
      #expect(WireBytes.messageBytes(kind, bytes: 100, size: 4) == 400)
    }
  }
}
