// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Foundation
import TestSupport
import Testing

@testable import TrafficAnalysis

/// Transport lines without a communicator: what the other end's log says of them, and real logs
/// beside what the programs that wrote them recorded.
@Suite struct LateConnectionTruthTests {
  /// Two ranks; rank 0 says how it reaches rank 1, whose GPU has this index and address.
  private static func summary(
    _ label: UInt64?, isDeduced: Bool = true, hasPeer: Bool = true
  ) -> TrafficSummary {
    var builder = TraceBuilder()
    builder.processes(hasPeer ? 2 : 1)
    builder.communicator(
      hasPeer ? [0, 1] : [0], id: 7, calls: [TraceBuilder.call(.allReduce, 100)])
    for rank in builder.partial.processes.indices {
      builder.partial.processes[rank].communicators[0].size = 2
      builder.partial.processes[rank].communicators[0].nvmlDevice = rank + 4
      builder.partial.processes[rank].communicators[0].busID = UInt64(rank + 1) << 12
    }
    builder.partial.processes[0].communicators[0].connections = [
      ConnectionFacts(
        source: 0, target: 1, transport: "P2P/CUMEM", channels: 3, isDeduced: isDeduced,
        peerDevice: label.map { DeviceLabel(digits: $0) })
    ]
    return TrafficAnalyzer.analyze(builder.partial)
  }

  private static func path(_ summary: TrafficSummary) -> String? {
    summary.rankMatrix.first { $0.sourceRank == 0 }?.path
  }

  private static func statement(_ summary: TrafficSummary) -> String? {
    summary.coverage.statements.first { $0.hasPrefix("Transport lines") }
  }

  @Test(arguments: [0x5, 0x2000, nil])
  func aConnectionThatTheOtherEndConfirmsIsUsed(_ label: UInt64?) throws {
    let summary = Self.summary(label)
    #expect(Self.path(summary) == "P2P/CUMEM")
    #expect(try #require(Self.statement(summary)).contains(": 3 were given"))
    #expect(!(try #require(Self.statement(summary)).contains("left out")))
  }

  @Test func aConnectionThatTheOtherEndContradictsIsCountedAndDropped() throws {
    let summary = Self.summary(0x6)
    #expect(Self.path(summary) == "intra_node")
    #expect(
      try #require(Self.statement(summary)).hasSuffix(
        ": 0 were given the one that connected at the time; 3 were left out, as they could be of several or fit none."
      ))
  }

  /// What an init line's thread printed is the communicator's, whatever stands in the brackets.
  @Test func aConnectionOfTheInitIsNotQuestioned() {
    let summary = Self.summary(0x6, isDeduced: false)
    #expect(Self.path(summary) == "P2P/CUMEM")
    #expect(Self.statement(summary) == nil)
  }

  @Test func withoutTheOtherEndsLogNothingContradicts() throws {
    let statement = try #require(Self.statement(Self.summary(0x6, hasPeer: false)))
    #expect(statement.contains(": 3 were given"))
  }

  // MARK: - Real logs

  /// Transport lines of the sets, as `grep -c "Channel .* via "` counts them.
  static let lines: [String: Int] = [
    "s1-vllm-tp8-isolated-2.30.7": 384, "s2-vllm-pp4-2.21.5": 432,
    "s4-megatron-threads-2.27.7": 1216, "s4-megatron-tp2pp2dp2-2.27.7": 1216,
    "s4-megatron-tp2pp2dp2-2node-2.21.5": 540, "s4-megatron-tp2pp2dp2-allsubsys-2.30.7": 456,
    "s5-moe-ep4dp2-2.21.5": 1656, "s5-moe-native-a2a-2.29.7": 1152, "s6-fsdp8-2.27.7": 192,
    "s7-cp4tp2-2.21.5": 1480, "s8-crash-p2p-2.21.5": 370, "s8-init-hang-2.27.7": 192,
    "s8-mismatch-2.27.7": 192, "s9-megatron-tp8pp2dp2-32ranks-2.21.5": 934,
  ]

  /// Every line belongs to a communicator whose recorded members have the devices that it shows,
  /// and none has more channels between two ranks than it has at all.
  @Test(arguments: GroundTruthTests.sets)
  func connectionsGoWhereTheProgramsSayTheyDo(_ name: String) throws {
    let partial = try GroundTruthTests.partial(name)
    let truth = try GroundTruthTests.Truth.document(name)
    let communicators = try #require(truth["communicators"] as? [[String: Any]])
    let ranks = try #require(truth["ranks"] as? [[String: Any]])
    func number(_ rank: Int, _ key: String) -> Int? {
      ranks.first { $0["rank"] as? Int == rank }?[key] as? Int
    }
    var channels = 0
    for process in partial.processes {
      for facts in process.communicators where !facts.connections.isEmpty {
        // Pointers recur, in one process with another role.
        let pointer = "0x" + String(facts.pointer, radix: 16)
        let owners = communicators.filter { entry in
          let pointers = entry["comm_ptr"] as? [String: String] ?? [:]
          return entry["nranks"] as? Int == facts.size
            && pointers.contains { rank, text in
              text == pointer && Int(rank).map { number($0, "pid") == process.pid } ?? false
            }
        }
        #expect(!owners.isEmpty, "\(pointer) of process \(process.pid)")
        for row in facts.connections {
          channels += row.channels
          let isPossible = owners.contains { entry in
            let members = entry["members"] as? [Int] ?? []
            let own = row.isReceive ? row.target : row.source
            let peer = row.isReceive ? row.source : row.target
            guard members.indices.contains(own), members.indices.contains(peer),
              own == facts.rank
            else { return false }
            // One GPU a rank, in order, on every node of these machines.
            return row.peerDevice.map {
              $0.fits(nvmlDevice: number(members[peer], "local_rank"), busID: nil)
            } ?? true
          }
          #expect(isPossible, "\(row)")
          if !row.isPointToPoint, row.transport.hasPrefix("P2P"), let limit = facts.channels {
            #expect(row.channels <= limit, "\(row)")
          }
        }
      }
    }
    let unplaced = partial.files.reduce(0) { $0 + $1.unplacedConnections }
    #expect(unplaced == 0)
    if let lines = Self.lines[name] { #expect(channels == lines) }
    let summary = TrafficAnalyzer.analyze(partial)
    #expect(!summary.coverage.statements.contains { $0.contains("were left out, as") })
    #expect(!summary.links.contains { $0.kind == .onNode })
  }
}
