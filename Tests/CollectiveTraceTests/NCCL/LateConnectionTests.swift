// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import CollectiveTrace

/// Connections that are opened after the init: their lines name no communicator.
@Suite struct LateConnectionTests {
  /// One process that drives GPUs with a user's thread and threads of NCCL.
  private struct Log {
    var text = ""
    var pid = 100

    mutating func line(_ message: String, tid: Int = 100, device: Int = 0) {
      text += "node-1:\(pid):\(tid) [\(device)] NCCL INFO \(message)\n"
    }

    mutating func begin(_ comm: String, rank: Int = 0, ranks: Int, device: Int = 0) {
      let fields =
        "ncclCommInitRank comm \(comm) rank \(rank) nranks \(ranks) cudaDev \(device) nvmlDev \(device) busId 1\(device)000 commId 0x\(comm.suffix(4))"
      line(fields + " - Init START", tid: 101, device: device)
      line(fields + " - Init COMPLETE", tid: 101, device: device)
    }

    mutating func end(_ comm: String, rank: Int = 0, ranks: Int) {
      line("comm \(comm) rank \(rank) nranks \(ranks) cudaDev 0 busId 10000 - Destroy COMPLETE")
    }

    mutating func call(
      _ name: String, _ comm: String, ranks: Int, root: Int = 0, device: Int = 0, tid: Int = 100
    ) {
      text += LogText.operation(
        name, count: 64, root: root, comm: comm, ranks: ranks, pid: pid, tid: tid, device: device)
    }

    var process: ProcessFacts? { LogText.read(text).process }
    var unplaced: Int { LogText.read(text).files[0].unplacedConnections }

    /// `source>target via transport x channels` of each communicator.
    var ways: [[String]] {
      (process?.communicators ?? []).map { communicator in
        communicator.connections.map {
          "\($0.source)>\($0.target) \($0.transport) x\($0.channels)"
        }
      }
    }
  }

  private static let (world, pair, other) = ("0x55d0c0ffaa00", "0x55d0c0ffbb00", "0x55d0c0ffcc00")

  @Test func connectionsAfterAnOperationAreItsCommunicators() throws {
    var log = Log()
    log.begin(Self.world, rank: 2, ranks: 4)
    log.begin(Self.pair, rank: 1, ranks: 2)
    log.call("AllReduce", Self.world, ranks: 4)
    log.line("Channel 00/0 : 2[0] -> 3[1] via P2P/CUMEM", tid: 200)
    log.line("Channel 01/0 : 2[0] -> 3[1] via P2P/CUMEM", tid: 200)
    log.line("Channel 00/0 : 1[1] -> 2[0] [receive] via NET/IB/2/GDRDMA", tid: 200)
    log.line("Connected all rings, use ring PXN 0 GDR 1", tid: 200)
    log.call("AllReduce", Self.pair, ranks: 2)
    log.line("Channel 00 : 1[0] -> 0[1] via SHM/direct/direct", tid: 201)
    #expect(
      log.ways == [
        ["2>3 P2P/CUMEM x2", "1>2 NET/IB/2/GDRDMA x1"], ["1>0 SHM/direct/direct x1"],
      ])
    #expect(log.unplaced == 0)
    let row = try #require(log.process?.communicators[0].connections.first)
    #expect(row.isDeduced && row.peerDevice == DeviceLabel(digits: 1))
  }

  /// From 2.29 on a call outside a group connects in the caller's own thread.
  @Test func theCallersThreadConnectsForItsLastCall() {
    var log = Log()
    log.begin(Self.world, ranks: 4)
    log.begin(Self.pair, ranks: 2)
    for (comm, ranks) in [(Self.world, 4), (Self.pair, 2)] {
      log.call("AllReduce", comm, ranks: ranks)
      log.line("Channel 00/0 : 0[0] -> 1[1] via P2P/CUMEM")
    }
    log.call("AllGather", Self.world, ranks: 4)
    log.line("Channel 00/0 : 0[0] -> 2[2] via P2P/CUMEM")
    #expect(log.ways == [["0>1 P2P/CUMEM x1", "0>2 P2P/CUMEM x1"], ["0>1 P2P/CUMEM x1"]])
  }

  /// Two communicators first used in one group connect at once; the lines fit both.
  @Test func whatFitsSeveralCommunicatorsIsCountedAndNotUsed() {
    var log = Log()
    log.begin(Self.world, ranks: 4)
    log.begin(Self.pair, ranks: 2)
    log.call("AllReduce", Self.world, ranks: 4)
    log.call("AllReduce", Self.pair, ranks: 2)
    log.line("Channel 00/0 : 0[0] -> 1[1] via P2P/CUMEM", tid: 200)
    log.line("Channel 00/0 : 0[0] -> 1[2] via P2P/CUMEM", tid: 201)
    #expect(log.ways == [[], []])
    #expect(log.unplaced == 2)
    // The machine is known all the same.
    #expect(
      log.process?.unplacedConnections == [
        UnplacedConnection(device: 0, transport: "P2P/CUMEM", channels: 2)
      ])
    // Afterwards both are connected and another one is told again.
    log.begin(Self.other, ranks: 4)
    log.call("AllReduce", Self.world, ranks: 4)
    log.call("AllReduce", Self.other, ranks: 4)
    log.line("Channel 00/0 : 0[0] -> 3[3] via P2P/CUMEM", tid: 202)
    #expect(log.ways == [[], [], ["0>3 P2P/CUMEM x1"]])
    log.call("AllReduce", Self.world, ranks: 4)
    log.call("AllReduce", Self.pair, ranks: 2)
    log.call("AllReduce", Self.other, ranks: 4)
    log.line("Channel 00/0 : 0[0] -> 2[2] via P2P/CUMEM", tid: 203)
    #expect(log.ways == [[], [], ["0>3 P2P/CUMEM x1", "0>2 P2P/CUMEM x1"]])
  }

  @Test func theOwnRankTellsCommunicatorsOfOneGroupApart() {
    var log = Log()
    log.begin(Self.world, rank: 3, ranks: 4)
    log.begin(Self.pair, rank: 1, ranks: 2)
    log.call("AllReduce", Self.world, ranks: 4)
    log.call("AllReduce", Self.pair, ranks: 2)
    log.line("Channel 00/0 : 3[0] -> 0[1] via P2P/CUMEM", tid: 200)
    log.line("Channel 00/0 : 1[0] -> 0[2] via P2P/CUMEM", tid: 201)
    #expect(log.ways == [["3>0 P2P/CUMEM x1"], ["1>0 P2P/CUMEM x1"]])
    #expect(log.unplaced == 0)
  }

  @Test(arguments: [
    "Channel 00/0 : 0[0] -> 1[1] via P2P/CUMEM",  // another rank's
    "Channel 00/0 : 2[0] -> 1[1] [receive] via NET/Socket/0",  // the other end's
    "Channel 00/0 : 2[0] -> 4[4] via P2P/CUMEM",  // beyond the communicator
    "Channel 00/0 : 2[5] -> 3[3] via P2P/CUMEM",  // another device
    "Channel 00/0 : 2[0] -> 2[0] via P2P/CUMEM",  // to itself
  ])
  func aLineThatTheRankCannotHavePrintedIsNotUsed(_ line: String) {
    var log = Log()
    log.begin(Self.world, rank: 2, ranks: 4)
    log.call("AllReduce", Self.world, ranks: 4)
    log.line(line, tid: 200)
    #expect(log.ways == [[]])
    #expect(log.unplaced == 1)
  }

  /// Sends and receives have connections of their own, which channel lines number from 1.
  @Test func sendsConnectTheCommunicatorOfTheSend() {
    var log = Log()
    log.begin(Self.world, ranks: 4)
    log.begin(Self.pair, ranks: 2)
    log.begin(Self.other, ranks: 4)
    log.call("Send", Self.pair, ranks: 2, root: 1)
    log.call("AlltoAll", Self.other, ranks: 4, tid: 100)
    log.line("Connected all rings", tid: 300)
    log.call("Send", Self.pair, ranks: 2, root: 1)
    log.call("AllReduce", Self.world, ranks: 4)
    log.line("Channel 00/1 : 0[0] -> 1[1] [send] via NET/Socket/0/Shared", tid: 200)
    log.line("Channel 00/0 : 0[0] -> 3[3] via P2P/CUMEM", tid: 201)
    #expect(log.ways == [["0>3 P2P/CUMEM x1"], ["0>1 NET/Socket/0/Shared x1"], []])
  }

  @Test func eachGPUOfAProcessHasItsOwnCommunicators() {
    var log = Log()
    log.begin(Self.world, rank: 0, ranks: 2, device: 0)
    log.begin(Self.pair, rank: 1, ranks: 2, device: 1)
    log.call("AllReduce", Self.world, ranks: 2, device: 0)
    log.call("AllReduce", Self.pair, ranks: 2, device: 1)
    log.line("Channel 00/0 : 1[1] -> 0[0] via P2P/direct pointer", tid: 201, device: 1)
    log.line("Channel 00/0 : 0[0] -> 1[1] via P2P/direct pointer", tid: 200, device: 0)
    #expect(log.ways == [["0>1 P2P/direct pointer x1"], ["1>0 P2P/direct pointer x1"]])
  }

  /// A call that does not block may be followed by others before its ranks are connected.
  @Test func aThreadThatConnectsStaysWithItsCommunicator() {
    var log = Log()
    log.begin(Self.world, ranks: 4)
    log.begin(Self.pair, ranks: 2)
    log.call("AllReduce", Self.world, ranks: 4)
    log.line("Channel 00/0 : 0[0] -> 1[1] via P2P/CUMEM", tid: 200)
    log.call("AllReduce", Self.pair, ranks: 2)
    log.line("Channel 01/0 : 0[0] -> 1[1] via P2P/CUMEM", tid: 200)
    log.line("Channel 00/0 : 0[0] -> 1[2] via P2P/CUMEM", tid: 201)
    #expect(log.ways == [["0>1 P2P/CUMEM x2"], ["0>1 P2P/CUMEM x1"]])
  }

  /// Without subsystem COLL nothing says which communicator is used, unless there is only one.
  @Test func withoutOperationLinesOnlyALoneCommunicatorIsTold() {
    var log = Log()
    log.begin(Self.world, ranks: 4)
    log.line("Channel 00/0 : 0[0] -> 1[1] via P2P/CUMEM", tid: 200)
    #expect(log.ways == [["0>1 P2P/CUMEM x1"]])
    log.begin(Self.pair, ranks: 2)
    log.line("Channel 00/1 : 0[0] -> 1[1] via P2P/CUMEM", tid: 201)
    #expect(log.ways == [["0>1 P2P/CUMEM x1"], []])
    #expect(log.unplaced == 1)
    log.end(Self.world, ranks: 4)
    log.line("Channel 00/1 : 0[0] -> 1[1] via P2P/CUMEM", tid: 202)
    #expect(log.ways == [["0>1 P2P/CUMEM x1"], ["0>1 P2P/CUMEM x1"]])
  }

  @Test func aCommunicatorThatEndedConnectsNoMore() {
    var log = Log()
    log.begin(Self.world, ranks: 4)
    log.call("AllReduce", Self.world, ranks: 4)
    log.end(Self.world, ranks: 4)
    log.line("Channel 00/0 : 0[0] -> 1[1] via P2P/CUMEM", tid: 200)
    #expect(log.ways == [[]])
    #expect(log.unplaced == 1)
  }

  @Test func aCallEndsTheInitOfItsThread() {
    var log = Log()
    log.begin(Self.world, ranks: 4)
    log.call("AllReduce", Self.world, ranks: 4)
    log.line(
      "ncclCommInitRank comm \(Self.pair) rank 0 nranks 2 cudaDev 0 nvmlDev 0 busId 10000 commId 0x2 - Init START"
    )
    log.line("Channel 00/0 : 0[0] -> 1[3] via P2P/IPC")
    log.call("AllReduce", Self.world, ranks: 4)
    log.line("Channel 00/0 : 0[0] -> 1[1] via P2P/CUMEM")
    #expect(log.ways == [["0>1 P2P/CUMEM x1"], ["0>1 P2P/IPC x1"]])
  }

  /// RCCL names the communicator on each line: one that the log does not know is not the last one.
  @Test func aLineThatNamesAnotherCommunicatorIsNotTheLastOnes() {
    var log = Log()
    log.begin(Self.world, ranks: 4)
    log.call("AllReduce", Self.world, ranks: 4)
    log.line(
      "Channel 00/0 : 0[10000] -> 1[11000] via P2P/IPC comm \(Self.pair) nRanks 04", tid: 200)
    #expect(log.ways == [[]])
    #expect(log.unplaced == 1)
  }

  @Test func withoutAnInitLineNothingCanBeChecked() {
    var log = Log()
    log.call("AllReduce", Self.world, ranks: 4)
    log.line("Channel 00/0 : 0[0] -> 1[1] via P2P/CUMEM", tid: 200)
    #expect(log.ways == [[]])
    #expect(log.unplaced == 1)
  }

  /// A head that cuts another process's line ends the transport anywhere.
  @Test func aConnectionThatWasCutIsNotUsed() {
    var log = Log()
    log.begin(Self.world, ranks: 4)
    log.call("AllReduce", Self.world, ranks: 4)
    log.line("Channel 00/0 : 0[0] -> 1[1] via P2P/CUMEM", tid: 200)
    log.text += "node-1:100:200 [0] NCCL INFO Channel 01/0 : 0[0] -> 1[1] via P2P/CU"
    log.line("Channel 02/0 : 0[0] -> 1[1] via P2P/CUMEM", tid: 200)
    log.text += "node-1:100:200 [0] NCCL INFO Channel 03/0 : 0[0] -> "
    log.line("Channel 04/0 : 0[0] -> 1[1] via P2P/CUMEM", tid: 200)
    #expect(log.ways == [["0>1 P2P/CUMEM x3"]])
    #expect(log.unplaced == 1)
  }

  /// More communicators first used at once than are remembered: none is guessed.
  @Test(arguments: [8, 9]) func tooManyCommunicatorsAreNotToldApart(_ count: Int) {
    var log = Log()
    for number in 0..<count {
      log.begin("0x55d0c0ff\(1000 + number)", rank: number, ranks: 16)
    }
    for number in 0..<count {
      log.call("AllReduce", "0x55d0c0ff\(1000 + number)", ranks: 16)
    }
    log.line("Channel 00/0 : 3[0] -> 4[1] via P2P/CUMEM", tid: 200)
    #expect(log.unplaced == (count > 8 ? 1 : 0))
    #expect(log.ways[3].count == (count > 8 ? 0 : 1))
  }

  @Test func labelsAreAddressesOrIndices() {
    #expect(DeviceLabel(digits: 0x1b000).fits(nvmlDevice: 0, busID: 0x1b000))
    #expect(DeviceLabel(digits: 0x12).fits(nvmlDevice: 12, busID: 0x1b000))
    #expect(!DeviceLabel(digits: 0x12).fits(nvmlDevice: 18, busID: 0x1b000))
    #expect(!DeviceLabel(digits: 0xb).fits(nvmlDevice: 11, busID: nil))
    #expect(DeviceLabel(digits: 3).fits(nvmlDevice: nil, busID: nil))
  }
}
