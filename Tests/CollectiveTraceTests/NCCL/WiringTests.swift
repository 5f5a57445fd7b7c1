// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import CollectiveTrace

/// Rings, trees and transports in the forms of all releases.
@Suite struct WiringTests {
  private static let head = "node-1:100:100 [0] NCCL INFO "

  /// Reads messages that a rank of four prints while it initialises a communicator.
  private static func facts(
    _ messages: [String], rank: Int = 0, ranks: Int = 4
  ) throws -> CommunicatorFacts {
    let fields =
      "ncclCommInitRank comm 0x55d0c0ffee00 rank \(rank) nranks \(ranks) cudaDev 0 nvmlDev 0 busId 1b000 commId 0x12"
    let text =
      ([fields + " - Init START"] + messages + [fields + " - Init COMPLETE"])
      .map { head + $0 + "\n" }.joined()
    let partial = LogText.read(text)
    #expect(partial.files[0][.unrecognised].lines == 0)
    return try #require(partial.communicator)
  }

  @Test(arguments: [
    "Channel 00 :    0   3   1   2", "Channel 00/02 :    0   3   1   2", "Channel 00/02 : 0 3 1 2",
  ])
  func ringsAreReadAsListed(_ line: String) throws {
    let facts = try Self.facts([line, line.replacing("Channel 00", with: "Channel 01")])
    #expect(
      facts.edges == [
        EdgeFacts(.ring, source: 0, target: 3, channels: 2),
        EdgeFacts(.ring, source: 3, target: 1, channels: 2),
        EdgeFacts(.ring, source: 1, target: 2, channels: 2),
        EdgeFacts(.ring, source: 2, target: 0, channels: 2),
      ])
  }

  /// Long rings are printed in part: such a list says nothing about what follows its end.
  @Test(arguments: ["Channel 00/02 :    0   1   2", "Channel 00/02 : 0 1 2 ..."])
  func aRingThatWasCutIsNoRing(_ line: String) throws {
    #expect(try Self.facts([line]).edges == [])
  }

  @Test func aRankPrintsItsNeighboursOnEachRing() throws {
    let facts = try Self.facts(["Ring 00 : 3 -> 0 -> 1", "Ring 01 : 3 -> 0 -> 1"])
    #expect(facts.edges == [EdgeFacts(.ringNext, source: 0, target: 1, channels: 2)])
  }

  @Test(arguments: [
    // 2.4: up -> rank -> downs.
    "Trees [0] 2->1->3/-1/-1 [1] -1->1->0/2/-1",
    // 2.5 to 2.7: the reduction tree, a bar, the broadcast tree.
    "Trees [0] 3/-1/-1->1->2|2->1->3/-1/-1 [1] 0/2/-1->1->-1|-1->1->0/2/-1",
    // 2.8 and later: downs -> rank -> up.
    "Trees [0] 3/-1/-1->1->2 [1] 0/2/-1->1->-1",
  ])
  func treesAreReadInEveryForm(_ line: String) throws {
    let facts = try Self.facts([line], rank: 1)
    #expect(facts.edges == [EdgeFacts(.treeUp, source: 1, target: 2)])
    #expect(facts.treeChannels == 2)
  }

  @Test func transportsAreCountedByChannel() throws {
    let facts = try Self.facts([
      "Channel 00/0 : 0[0] -> 1[1] via P2P/CUMEM/read",
      "Channel 01/0 : 0[0] -> 1[1] via P2P/CUMEM/read",
      "Channel 00/0 : 3[1] -> 0[0] [receive] via NET/IB/2/GDRDMA",
      "Channel 00/0 : 0[0] -> 2[0] [send] via NET/IB/3(1)/GDRDMA",
      "Channel 00/1 : 0[0] -> 2[0] [send] via NET/IB/3/GDRDMA/Shared",
      "Channel 00 : 0[1b000] -> 1[1c000] via direct shared memory",
    ])
    #expect(
      facts.connections == [
        ConnectionFacts(source: 0, target: 1, transport: "P2P/CUMEM/read", channels: 2),
        ConnectionFacts(source: 3, target: 0, transport: "NET/IB/2/GDRDMA", isReceive: true),
        ConnectionFacts(source: 0, target: 2, transport: "NET/IB/3(1)/GDRDMA"),
        ConnectionFacts(
          source: 0, target: 2, transport: "NET/IB/3/GDRDMA/Shared", isPointToPoint: true),
        ConnectionFacts(source: 0, target: 1, transport: "direct shared memory"),
      ])
  }

  /// RCCL names the communicator on each line, also after its init.
  @Test func rcclNamesTheCommunicator() throws {
    let comm = "0x55d0c0ffee00"
    let text =
      LogText.initialisation(comm: comm, rank: 0, ranks: 4)
      + Self.head + "Channel 00/0 : 0[1b000] -> 1[1c000] via P2P/IPC/read comm \(comm) nRanks 04\n"
      + Self.head + "Trees [0] 1/-1/-1->0->-1 comm \(comm) nRanks 04 busId 1b000\n"
    let facts = try #require(LogText.read(text).communicator)
    #expect(
      facts.connections == [
        ConnectionFacts(source: 0, target: 1, transport: "P2P/IPC/read")
      ])
    #expect(facts.treeChannels == 1)
  }

  /// The same text after another communicator's init must not be taken for what it was before.
  @Test func theSameLineBelongsToTheCommunicatorBeingMade() throws {
    var text = ""
    for number in 0..<3 {
      let fields =
        "ncclCommInitRank comm 0x55d0c0ff\(number)e00 rank 0 nranks 2 cudaDev 0 nvmlDev 0 busId 1b000 commId 0x\(number)"
      for message in [
        fields + " - Init START", "Channel 00/0 : 0[0] -> 1[1] via P2P/CUMEM",
        fields + " - Init COMPLETE",
      ] {
        text += Self.head + message + "\n"
      }
    }
    let process = try #require(LogText.read(text).process)
    #expect(process.communicators.count == 3)
    #expect(process.communicators.allSatisfy { $0.connections.count == 1 })
  }
}
