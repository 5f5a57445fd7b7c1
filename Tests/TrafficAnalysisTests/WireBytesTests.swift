// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Testing

@testable import TrafficAnalysis

/// Every figure here was worked out by hand for 4 ranks and 100 bytes per call.
@Suite struct WireBytesTests {
  private func wire(
    _ kind: OperationKind, _ model: WireModel = .ring, size: Int = 4, nodes: Int? = 1
  ) -> UInt64 {
    flows(kind, model, size: size, nodes: nodes).reduce(0) { $0 + $1.bytes }
  }

  private func flows(
    _ kind: OperationKind, _ model: WireModel = .ring, size: Int = 4, nodes: Int? = 1
  ) -> [Flow] {
    WireBytes.flows(
      kind, bytes: 100, operations: 1, size: size, nodes: nodes, model: model, root: 2)
  }

  private func flow(_ pattern: Flow.Pattern, _ bytes: UInt64) -> Flow {
    Flow(pattern: pattern, bytes: bytes, operations: 1)
  }

  @Test func ringMovesEachByteOverEveryEdgeButOne() {
    // 2 x 3 x 100: every chunk travels 3 edges to be summed and 3 to be spread.
    #expect(wire(.allReduce) == 600)
    // S = 400, 3 x 400: every rank's part visits the 3 others, 4 parts of 100 over 3 edges.
    #expect(wire(.allGather) == 1200)
    #expect(wire(.reduceScatter) == 1200)
    #expect(wire(.allToAll) == 1200)
    #expect(wire(.broadcast) == 300)
    #expect(wire(.reduce) == 300)
    #expect(wire(.gather) == 300)
    #expect(wire(.scatter) == 300)
    // Sends are charged to their pairs.
    #expect(wire(.send) == 0)
    #expect(wire(.recv) == 0)
  }

  @Test func treeHasTheTotalsOfARing() {
    #expect(wire(.allReduce, .tree) == 600)
    // How much of it crosses nodes follows from the tree.
    #expect(flows(.allReduce, .tree, nodes: 2) == [flow(.tree, 600)])
  }

  @Test func theSwitchReadsEveryRankOnceAndEachRankSendsItsShareOnce() {
    #expect(wire(.allReduce, .nvls) == 500)
    #expect(wire(.allGather, .nvls) == 400)
    #expect(wire(.reduceScatter, .nvls) == 1600)
  }

  @Test func inSwitchReductionOverSeveralNodes() {
    // 2 nodes of 2: 400 read, 2 x 100 to the network, 2 x 100 multicast.
    #expect(
      flows(.allReduce, .nvls, nodes: 2)
        == [flow(.nodePairs, 600), flow(.ringBetweenNodes, 200)])
    // 400 read, 2 x 100 multicast, 100 up and 100 down between the nodes.
    #expect(
      flows(.allReduce, .nvlsTree, nodes: 2)
        == [flow(.nodePairs, 600), flow(.treeBetweenNodes, 200)])
    // 1 rank per node hands 100 to its head, the head 100 to the network, and 100 back.
    #expect(
      flows(.allReduce, .collnet, nodes: 2)
        == [flow(.nodePairs, 400), flow(.ringBetweenNodes, 200)])
    #expect(wire(.allReduce, .nvlsTree, nodes: 1) == 500)
  }

  @Test func anUnknownNumberOfNodesFallsBackToTheRing() {
    #expect(flows(.allReduce, .nvls, nodes: nil) == [flow(.ring, 600)])
    #expect(flows(.allReduce, .collnet, nodes: 0) == [flow(.ring, 600)])
  }

  @Test(arguments: OperationKind.allCases)
  func oneRankMovesNothing(_ kind: OperationKind) {
    #expect(wire(kind, size: 1) == 0)
  }

  @Test(arguments: OperationKind.allCases)
  func hugeCountsStopAtTheLargestNumber(_ kind: OperationKind) {
    let flows = WireBytes.flows(
      kind, bytes: .max, operations: 1, size: .max, nodes: 2, model: .nvlsTree)
    #expect(flows.allSatisfy { $0.bytes == .max })
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
