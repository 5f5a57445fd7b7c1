// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import CollectiveTrace

@Suite struct OperationLineTests {
  private static let head = "n1:7:8 [2] NCCL INFO "
  private static let rest =
    "comm 0x55aa00 [nranks=4] stream 0x55bb00"

  @Test(
    arguments: [
      // 2.3.5: no name, a size, no root.
      (
        "opCount 3 sendbuff 0x7f00 recvbuff 0x7f10 count 12 size 4 datatype 7 op 0 ",
        OperationKind.unnamed, UInt64(12), UInt8(7), Int32(0)
      ),
      // 2.3.7: a name.
      (
        "Broadcast: opCount 0 sendbuff 0x7f00 recvbuff 0x7f00 count 5 datatype 0 op 0 root 3 ",
        .broadcast, 5, 0, 3
      ),
      // 2.12 and later: a send has no send buffer.
      (
        "Send: opCount 1f sendbuff (nil) recvbuff 0x7f1234567800 count 4096 datatype 9 op 0 root 2 ",
        .send, 4096, 9, 2
      ),
      // 2.28 and later: native exchanges.
      (
        "AlltoAll: opCount 0 sendbuff 0x7f00 recvbuff 0x7f10 count 77 datatype 10 op 0 root 0 ",
        .allToAll, 77, 10, 0
      ),
      // 2.29: one-sided.
      (
        "WaitSignal: opCount 0 sendbuff (nil) recvbuff (nil) count 0 datatype 2 op 0 root 0 ",
        .waitSignal, 0, 2, 0
      ),
      // RCCL with an MSCCL schedule.
      (
        "mscclFuncAllReduce: opCount 2a sendbuff 0x7f00 recvbuff 0x7f10 count 9 datatype 6 op 2 root 0 ",
        .allReduce, 9, 6, 0
      ),
    ])
  func everyReleaseIsRead(
    form: String, kind: OperationKind, count: UInt64, type: UInt8, peer: Int32
  ) throws {
    let partial = LogText.read(Self.head + form + Self.rest + "\n")
    #expect(partial.files[0][.parsed].lines == 1)
    let call = try #require(partial.communicator?.calls.first)
    #expect(call.kind == kind)
    #expect(call.elementCount == count)
    #expect(call.dataType.rawValue == type)
    #expect(call.peer == peer)
    #expect(partial.communicator?.size == 4)
    #expect(partial.communicator?.pointer == 0x55aa00)
  }

  @Test func rcclStatesTheRankInTheCommunicator() {
    let line =
      Self.head
      + "AllReduce: opCount 0 sendbuff 0x7f00 recvbuff 0x7f10 count 8 datatype 9 op 0 root 0 "
      + Self.rest + " task 0 globalrank 3\n"
    #expect(LogText.read(line).communicator?.rank == 3)
  }

  @Test func everyCutOfALineIsTornAndNeverCounted() {
    let line = LogText.operation("AllReduce", count: 4096).dropLast()
    let head = line.prefix { $0 != "]" }.count + " NCCL INFO ".count + 1
    // From `stream 0` on the line is whole as far as anything counted goes.
    let whole = line.count - "x55d0deadbe00".count
    for cut in (head + 1)..<whole {
      let partial = LogText.read(String(line.prefix(cut)) + "\n")
      #expect(partial.processes.allSatisfy { $0.communicators.isEmpty }, "cut at \(cut)")
      #expect(partial.files[0][.parsed].lines == 0, "cut at \(cut)")
      #expect(partial.files[0].isBalanced)
    }
  }

  @Test func fieldsThatANewerReleaseAppendsAreSkipped() throws {
    let line = LogText.operation("AllReduce", count: 4096).dropLast()
    let initialisation = LogText.initialisation(rank: 1, ranks: 8)
      .replacing(" - Init", with: " fabricId 0x7 - Init")
    let newer = initialisation + line + " seq 5 plane 0x1f\n"
    let partial = LogText.read(newer)
    #expect(partial.files[0][.parsed].lines == 3)
    #expect(partial.communicator?.rank == 1)
    #expect(partial.communicator?.calls.map(\.elementCount) == [4096])
    // The tail of another line is no new field.
    for tail in [" count 4096 datatype 9", " seq", " comm 0x55", "x 5", " seq 5z"] {
      #expect(LogText.read(line + tail + "\n").files[0][.tornLost].lines == 1, "\(tail)")
    }
  }

  @Test func numbersThatCannotBeAreMalformed() {
    let overflow = LogText.operation("AllReduce", count: 1)
      .replacing("count 1 ", with: "count 99999999999999999999999 ")
    #expect(LogText.read(overflow).files[0][.malformed].lines == 1)
    let type = LogText.operation("AllReduce", count: 1, type: 255)
    #expect(LogText.read(type).files[0][.malformed].lines == 1)
    let zero = LogText.operation("AllReduce", count: 1, ranks: 0)
    #expect(LogText.read(zero).files[0][.malformed].lines == 1)
    let nul = LogText.operation("AllReduce", count: 1).replacing("root", with: "ro\0t")
    #expect(LogText.read(nul).files[0][.malformed].lines == 1)
  }

  @Test func theCallTraceCountsOnlyWhereOperationLinesAreMissing() throws {
    let call =
      "node-1:100:100 NCCL CALL ncclAllReduce(7f1a,7f1b,4096,9,0,0,0x55d0c0ffee00,0x55d0)\n"
    let alone = LogText.read(LogText.initialisation(rank: 0, ranks: 2) + call + call)
    #expect(alone.communicator?.calls.first?.calls == 2)
    let both = LogText.read(
      LogText.operation("AllReduce", count: 4096) + call
        + LogText.operation("AllReduce", count: 4096) + call)
    #expect(both.communicator?.calls.first?.calls == 2)
    #expect(both.files[0][.knownIgnored].lines == 2)
  }

  @Test func anOverlongCountOfKeysIsCoarsenedAndStillSums() throws {
    var text = ""
    for count in 1...50 { text += LogText.operation("AllReduce", count: count) }
    let partial = LogText.read(bytes: Array(text.utf8), maximumKeys: 10)
    let communicator = try #require(partial.communicator)
    #expect(communicator.calls.reduce(0) { $0 + $1.calls } == 50)
    #expect(communicator.calls.reduce(0) { $0 + $1.elements } == 50 * 51 / 2)
    #expect(partial.files[0].coarsenedCalls == 40)
  }
}
