// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Testing

@testable import TrafficAnalysis

/// Slow ways, idle devices, settings that differ, uneven load: each seen where it is, and only there.
@Suite struct TransportFindingTests {
  /// Two nodes of two ranks with one busy communicator; `change` may alter what a rank printed.
  private static func job(
    calls: [CallFacts] = [TraceBuilder.call(.allReduce, 1 << 20, calls: 10)],
    change: (Int, inout ProcessFacts) -> Void
  ) -> [Finding] {
    var builder = TraceBuilder()
    builder.processes(4, perNode: 2)
    builder.communicator([0, 1, 2, 3], id: 7, calls: calls)
    for rank in 0..<4 {
      builder.partial.processes[rank].communicators[0].busID = UInt64(rank % 2 + 1) << 12
      change(rank, &builder.partial.processes[rank])
    }
    return TrafficAnalyzer.analyze(builder.partial).findings
  }

  private static func codes(_ findings: [Finding]) -> [String] {
    findings.map { "\($0.severity) \($0.code)" }
  }

  private static func connect(
    _ facts: inout ProcessFacts, _ source: Int, _ target: Int, _ transport: String
  ) {
    facts.communicators[0].connections.append(
      ConnectionFacts(source: source, target: target, transport: transport))
  }

  @Test func aPlainJobHasNoFinding() {
    #expect(Self.job { _, _ in } == [])
  }

  private static let devices =
    "NET/IB : Using [0]mlx5_0:1/IB [1]mlx5_1:1/IB [RO]; OOB eth0:10.0.0.1<0>"

  @Test func socketsBesideInfiniBandAreAWarning() {
    let findings = Self.job { rank, facts in
      facts.notices.append(Notice(level: .info, text: Self.devices, line: 3))
      if rank == 1 { Self.connect(&facts, 1, 2, "NET/Socket/0") }
    }
    #expect(Self.codes(findings) == ["warning network-fallback"])
    #expect(findings[0].location == "host node1, rank 1")
    #expect(findings[0].evidence == "devices found: mlx5_0:1/IB, mlx5_1:1/IB")
  }

  @Test func socketsThatWereAskedForAreANote() {
    let findings = Self.job { rank, facts in
      facts.environment.append(EnvironmentSetting(name: "NCCL_IB_DISABLE", value: "1"))
      if rank == 1 { Self.connect(&facts, 1, 2, "NET/Socket/0") }
    }
    #expect(Self.codes(findings) == ["note network-fallback"])
    #expect(findings[0].evidence == "NCCL_IB_DISABLE is set")
  }

  @Test func anIdleDeviceIsNamed() {
    let findings = Self.job { rank, facts in
      facts.notices.append(Notice(level: .info, text: Self.devices, line: 3))
      if rank == 1 { Self.connect(&facts, 1, 2, "NET/IB/0/GDRDMA") }
    }
    #expect(Self.codes(findings) == ["note network-device-idle"])
    #expect(findings[0].evidence.hasSuffix("used: NET/IB/0"))
  }

  @Test func someRanksWithoutGPUDirectAreAWarningAllANote() {
    let mixed = Self.job { rank, facts in
      if rank == 0 { Self.connect(&facts, 0, 3, "NET/IB/0/GDRDMA") }
      if rank == 1 {
        Self.connect(&facts, 1, 2, "NET/IB/1")
        facts.notices.append(
          Notice(
            level: .info, text: "GPU Direct RDMA Disabled for GPU 2000 / HCA 1 (distance 8 > 4)",
            line: 9))
      }
    }
    #expect(Self.codes(mixed) == ["warning network-without-gpu-direct"])
    #expect(mixed[0].location == "host node1, rank 1")
    #expect(mixed[0].evidence.hasSuffix("(distance 8 > 4)"))
    let none = Self.job { rank, facts in
      if rank == 1 { Self.connect(&facts, 1, 2, "NET/IB/1") }
    }
    #expect(Self.codes(none) == ["note network-without-gpu-direct"])
  }

  @Test func sharedMemoryBetweenGPUsIsANoteWithItsReason() {
    let findings = Self.job { rank, facts in
      guard rank == 0 else { return }
      Self.connect(&facts, 0, 1, "SHM/direct/direct")
      facts.environment.append(EnvironmentSetting(name: "NCCL_P2P_DISABLE", value: "1"))
    }
    #expect(Self.codes(findings) == ["note peer-access-missing"])
    #expect(findings[0].location == "rank 0-1")
    #expect(findings[0].evidence.contains("NCCL_P2P_DISABLE=1 is set"))
  }

  /// 0 2 1 3 crosses the two nodes four times; 0 1 2 3 twice, which is needed.
  @Test(arguments: [([0, 2, 1, 3], true), ([0, 1, 2, 3], false), ([1, 0, 3, 2], false)])
  func aRingThatGoesBackAndForthIsAWarning(_ ring: [Int], isBad: Bool) {
    let findings = Self.job { rank, facts in
      guard rank == 0 else { return }
      for (place, rank) in ring.enumerated() {
        facts.communicators[0].edges.append(
          EdgeFacts(.ring, source: rank, target: ring[(place + 1) % 4], channels: 2))
      }
    }
    #expect(Self.codes(findings) == (isBad ? ["warning ring-crosses-nodes-often"] : []))
    if isBad { #expect(findings[0].evidence.hasPrefix("8 crossings on 2 channels, 4 would do")) }
  }

  @Test func twoRanksOnOneGPUAreAWarning() {
    let findings = Self.job { rank, facts in
      if rank == 3 { facts.communicators[0].busID = 1 << 12 }
    }
    #expect(Self.codes(findings) == ["warning gpu-shared"])
    #expect(findings[0].location == "rank 2-3")
  }

  @Test func settingsAndReleasesThatDifferNameTheOddRank() {
    let findings = Self.job { rank, facts in
      facts.environment.append(
        EnvironmentSetting(name: "NCCL_ALGO", value: rank == 2 ? "Tree" : "Ring"))
      // Differs on every host as it should.
      facts.environment.append(
        EnvironmentSetting(name: "NCCL_SOCKET_IFNAME", value: "eth\(rank)"))
      if rank == 1 { facts.version = LibraryVersion(major: 2, minor: 26, patch: 2) }
    }
    #expect(Self.codes(findings) == ["warning environment-differs", "warning versions-differ"])
    #expect(findings.map(\.location) == ["rank 2", "rank 1"])
    #expect(findings[0].evidence == "NCCL_ALGO=Ring on rank 0-1,3; NCCL_ALGO=Tree on rank 2")
  }

  @Test(arguments: [(9_999, false), (10_000, true)])
  func aStormOfSmallMessagesIsANote(_ operations: UInt64, isStorm: Bool) {
    let findings = Self.job(
      calls: [TraceBuilder.call(.allReduce, 1024, .float32, calls: operations)]) { _, _ in }
    #expect(Self.codes(findings) == (isStorm ? ["note small-messages"] : []))
  }

  /// A line as PyTorch 2.6 prints it, on standard error beside NCCL's.
  @Test func aWatchdogTimeoutIsJoinedToItsOperation() throws {
    var text = ""
    for rank in 0..<2 {
      let head = "node-1:10\(rank):10\(rank) [\(rank)] NCCL INFO "
      let fields =
        "ncclCommInitRank comm 0x55d0c0ff\(rank)e00 rank \(rank) nranks 2 cudaDev \(rank) nvmlDev \(rank) busId \(rank + 1)b000 commId 0x77"
      text += head + fields + " - Init START\n" + head + fields + " - Init COMPLETE\n"
      text +=
        head
        + "AllReduce: opCount 0 sendbuff 0x7f1234567800 recvbuff 0x7f1234569a00 count 4096 datatype 7 op 0 root 0 comm 0x55d0c0ff\(rank)e00 [nranks=2] stream 0x55d0deadbe00\n"
    }
    text +=
      "[rank1]:[E1126 10:00:00.123456789 ProcessGroupNCCL.cpp:616] [Rank 1] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=17, OpType=ALLREDUCE, NumelIn=4096, NumelOut=4096, Timeout(ms)=600000) ran for 600005 milliseconds before timing out.\n"
    let partial = TraceReader.summarize(text: Array(text.utf8), file: "job.out")
    #expect(partial.files[0].timeouts.map(\.rank) == [1])
    #expect(partial.files[0][.foreign].lines == 1)
    let findings = TrafficAnalyzer.analyze(partial).findings
    let timeout = try #require(findings.first { $0.code == "watchdog-timeout" })
    #expect(timeout.severity == .error)
    #expect(timeout.summary.contains("all_reduce number 17"))
    #expect(timeout.location == "rank 1, job.out:7")
    #expect(timeout.evidence.hasSuffix("such calls are on communicator c0"))
  }

  @Test func deviceListsAreReadInEveryForm() {
    #expect(
      FindingCollector.devices(in: "NET/IB : Using [0]mlx5_0:1/IB [1]mlx5_1:1/RoCE ; OOB eth0:1<0>")
        == ["mlx5_0:1/IB", "mlx5_1:1/RoCE"])
    #expect(
      FindingCollector.devices(
        in: "NET/IB : Using [0]={[0] mlx5_0:1/IB, [1] mlx5_1:1/IB} [RO]; OOB eth0:1<0>")
        == ["mlx5_0:1/IB", "mlx5_1:1/IB"])
    #expect(FindingCollector.devices(in: "NET/IB : Using [RO]; OOB eth0:172.17.0.3<0>") == [])
  }
}
