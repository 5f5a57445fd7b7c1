// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Testing

@testable import TrafficAnalysis

/// Waste and slips in how communicators are used: each seen where it is, and only there.
@Suite struct HabitFindingTests {
  /// Two nodes of two ranks with one communicator; `change` may alter what a rank printed.
  private static func job(
    calls: [CallFacts] = [TraceBuilder.call(.allReduce, 1 << 20, calls: 10)],
    change: (Int, inout ProcessFacts) -> Void
  ) -> [Finding] {
    var builder = TraceBuilder()
    builder.processes(4, perNode: 2)
    builder.communicator([0, 1, 2, 3], id: 7, calls: calls)
    for rank in 0..<4 { change(rank, &builder.partial.processes[rank]) }
    return TrafficAnalyzer.analyze(builder.partial).findings
  }

  private static func gathers(calls: UInt64 = 10, _ repeated: (Int) -> UInt64) -> [Finding] {
    job(calls: [TraceBuilder.call(.allGather, 4096, calls: calls)]) { rank, facts in
      facts.communicators[0].calls[0].repeatedCalls = repeated(rank)
    }
  }

  @Test func anAllGatherThatEveryRankMakesInPairsIsANote() {
    let found = Self.gathers { _ in 5 }
    #expect(found.map { "\($0.severity) \($0.code)" } == ["note all-gather-repeated"])
    #expect(
      found[0].evidence
        == "5 of 10 all-gathers of 4096 float32 repeat the call right before them: "
        + "same buffers, no call between")
  }

  @Test func pairsBelowThreeOrAmongOtherCallsAreAnAccident() {
    #expect(Self.gathers(calls: 6) { _ in 3 }.count == 1)
    #expect(Self.gathers(calls: 4) { _ in 2 } == [])
    #expect(Self.gathers(calls: 11) { _ in 5 } == [])
    #expect(Self.gathers { _ in 0 } == [])
  }

  @Test func oneThatOnlySomeRanksRepeatIsNot() {
    #expect(Self.gathers { $0 == 2 ? 0 : 5 } == [])
    #expect(Self.gathers { $0 == 2 ? 4 : 5 } == [])
  }

  @Test func sendsThroughAnotherGPUsDeviceAreANoteWithTheirBytes() {
    func found(_ transport: String) -> [Finding] {
      var builder = TraceBuilder()
      builder.processes(4, perNode: 2)
      let send = TraceBuilder.call(.send, 256, .float32, calls: 4, peer: 2)
      let receive = TraceBuilder.call(.recv, 256, .float32, calls: 4, peer: 0)
      for rank in 0..<4 {
        builder.view(
          rank, rank: rank, size: 4, id: 7,
          calls: rank == 0 ? [send] : rank == 2 ? [receive] : [])
      }
      builder.partial.processes[0].communicators[0].connections = [
        ConnectionFacts(source: 0, target: 2, transport: transport, channels: 2)
      ]
      return TrafficAnalyzer.analyze(builder.partial).findings
    }
    let proxied = found("NET/IB/1(1)/GDRDMA/Shared")
    #expect(proxied.map { "\($0.severity) \($0.code)" } == ["note network-through-other-gpu"])
    #expect(proxied[0].location == "rank 0")
    #expect(proxied[0].evidence == "4096 bytes on 2 channels through the GPU of rank 1")
    #expect(found("NET/IB/1/GDRDMA/Shared") == [])
    #expect(found("NET/IB/1(0)/GDRDMA/Shared") == [])
  }

  @Test(arguments: [(2, true), (3, false)])
  func morePeersThanChannelsAreANote(_ channels: Int, isFound: Bool) {
    let found = Self.job(calls: [TraceBuilder.call(.allToAll, 4096, calls: 3)]) { rank, facts in
      facts.communicators[0].pointToPointChannels = channels
      facts.environment.append(EnvironmentSetting(name: "NCCL_MAX_NCHANNELS", value: "2"))
    }
    #expect(found.map(\.code) == (isFound ? ["channels-fewer-than-peers"] : []))
    if isFound {
      #expect(found[0].severity == .note)
      #expect(
        found[0].evidence == "2 point-to-point channels, 3 peers; NCCL_MAX_NCHANNELS=2 is set")
    }
  }

  @Test func channelsDoNotMatterWhereNobodySends() {
    let found = Self.job { _, facts in facts.communicators[0].pointToPointChannels = 1 }
    #expect(found == [])
  }

  /// A log of one rank whose communicator is destroyed, and what comes after.
  private static func findings(after text: String) -> [Finding] {
    let head = "node-1:100:100 [0] NCCL INFO "
    func initialise(_ id: String) -> String {
      let fields =
        "ncclCommInitRank comm 0x55d0c0ffee00 rank 0 nranks 1 cudaDev 0 nvmlDev 0 busId 1b000 commId \(id)"
      return "\(head)\(fields) - Init START\n\(head)\(fields) - Init COMPLETE\n"
    }
    let call =
      head
      + "AllReduce: opCount 0 sendbuff 0x7f1234567800 recvbuff 0x7f1234569a00 count 4096 datatype 7 op 0 root 0 comm 0x55d0c0ffee00 [nranks=1] stream 0x55d0deadbe00\n"
    let log =
      initialise("0x77") + call
      + head + "comm 0x55d0c0ffee00 rank 0 nranks 1 cudaDev 0 busId 1b000 - Destroy COMPLETE\n"
      + text.replacing("INIT\n", with: initialise("0x78")).replacing("CALL\n", with: call)
    let partial = TraceReader.summarize(text: Array(log.utf8), file: "a.log")
    return TrafficAnalyzer.analyze(partial).findings
  }

  @Test func aCallAfterTheEndIsAWarning() throws {
    let found = Self.findings(after: "CALL\n").filter { $0.severity != .note }
    #expect(found.map(\.code) == ["communicator-used-after-end"])
    #expect(found[0].location == "rank 0, a.log:5")
    #expect(found[0].summary.hasSuffix("on a communicator that was destroyed."))
    #expect(Self.findings(after: "INIT\nCALL\n").filter { $0.severity != .note } == [])
    #expect(Self.findings(after: "").filter { $0.severity != .note } == [])
  }

  @Test func warningsOfNCCLNameSharedGPUsAndReleases() {
    let found = Self.job { rank, facts in
      guard rank == 0 else { return }
      facts.notices = [
        Notice(
          level: .warning, text: "Duplicate GPU detected : rank 0 and rank 1 both on CUDA device 7",
          line: 3),
        Notice(
          level: .warning,
          text: "Mismatched NCCL version detected : rank 0 version 22403 rank 3 version 22501",
          line: 4),
      ]
    }
    #expect(found.contains { $0.code == "gpu-shared" && $0.location.hasSuffix(".log:3") })
    #expect(found.contains { $0.code == "versions-differ" && $0.location.hasSuffix(".log:4") })
  }
}
