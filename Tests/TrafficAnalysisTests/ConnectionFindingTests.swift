// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Testing

@testable import TrafficAnalysis

/// Who closed first: named where the logs decide it, unknown where they do not.
@Suite struct ConnectionFindingTests {
  /// Four ranks on the hosts given, whose addresses are 10.0.0.`host`.
  private static func job(
    hosts: [Int] = [1, 2, 3, 4], calls: [UInt64] = [10, 10, 10, 10],
    _ complaints: [Int: [PeerComplaint]],
    change: (Int, inout ProcessFacts) -> Void = { _, _ in }
  ) -> [Finding] {
    var builder = TraceBuilder()
    for rank in 0..<4 {
      let process = builder.process(host: "node\(hosts[rank])", pid: 100 + rank)
      builder.view(
        process, rank: rank, size: 4, id: 7,
        calls: [TraceBuilder.call(.allReduce, 1 << 20, calls: calls[rank])])
      builder.partial.processes[process].addresses = ["10.0.0.\(hosts[rank])"]
      builder.partial.processes[process].complaints = complaints[rank] ?? []
      change(rank, &builder.partial.processes[process])
    }
    return TrafficAnalyzer.analyze(builder.partial).findings
      .filter { $0.code == "connection-lost" || $0.code == "network-completion-error" }
  }

  private static func closed(_ peer: String, line: Int = 9) -> PeerComplaint {
    PeerComplaint(kind: .closed, peer: peer, line: line)
  }

  @Test func withoutComplaintsThereIsNothing() {
    #expect(Self.job([:]) == [])
  }

  @Test func theOneWhoIsBlamedAndBlamesNobodyWasFirst() throws {
    // 2 dies; 1 and 3 see it and give up; 0 sees 1 go.
    let found = Self.job([
      0: [Self.closed("10.0.0.2")], 1: [Self.closed("10.0.0.3")],
      3: [Self.closed("node3.cluster.local")],
    ])
    #expect(found.map(\.severity) == [.warning])
    #expect(found[0].summary == "Rank 2 was the first to close its connections.")
    #expect(found[0].location == "rank 2, nccl.node3.102.log")
    #expect(
      found[0].evidence
        == "rank 0: 10.0.0.2 closed the connection (nccl.node1.100.log:9); "
        + "rank 1: 10.0.0.3 closed the connection (nccl.node2.101.log:9); "
        + "rank 3: node3.cluster.local closed the connection (nccl.node4.103.log:9); "
        + "it complains of nobody")
  }

  @Test func ranksThatBlameEachOtherLeaveItOpen() {
    let found = Self.job([0: [Self.closed("10.0.0.2")], 1: [Self.closed("10.0.0.1")]])
    #expect(found.map(\.summary).allSatisfy { $0.hasSuffix("which rank was first is unknown.") })
    #expect(found.count == 1)
    #expect(found[0].evidence.hasSuffix("all ranks that are complained of complain, too"))
  }

  @Test func ofTwoOnOneHostTheOneWithFewerCallsWasFirst() {
    let hosts = [1, 1, 2, 2]
    let complaints = [0: [Self.closed("10.0.0.2")]]
    let open = Self.job(hosts: hosts, complaints)
    #expect(open.count == 1)
    #expect(open[0].summary.hasSuffix("which rank was first is unknown."))
    #expect(open[0].location == "rank 2-3")
    let decided = Self.job(hosts: hosts, calls: [10, 10, 10, 8], complaints)
    #expect(decided.map(\.summary) == ["Rank 3 was the first to close its connections."])
    #expect(decided[0].evidence.hasSuffix("and made fewer calls than its peers"))
  }

  @Test func aHostWithoutALogIsNamedByItsAddress() {
    let found = Self.job([0: [Self.closed("10.0.0.9")], 1: [Self.closed("10.0.0.1")]])
    #expect(found.map(\.location) == ["10.0.0.9"])
    #expect(found[0].evidence.hasSuffix("no other log read here is of 10.0.0.9"))
  }

  @Test func anOwnAddressAccusesNobodyByItself() {
    // The peer may be the proxy thread of the rank that complains.
    let hosts = [1, 1, 2, 2]
    let open = Self.job(hosts: hosts, [0: [Self.closed("10.0.0.1")]])
    #expect(open.map(\.location) == ["rank 1"])
    #expect(open.allSatisfy { $0.summary.hasSuffix("which rank was first is unknown.") })
    let late = Self.job(hosts: hosts, calls: [10, 9, 10, 10], [0: [Self.closed("10.0.0.1")]])
    #expect(late.map(\.summary) == ["Rank 1 was the first to close its connections."])
    let alone = Self.job([0: [Self.closed("10.0.0.1")]])
    #expect(alone.count == 1)
    #expect(alone[0].evidence.hasSuffix("own hosts"))
  }

  @Test func logsOfWarningsAloneNameTheProcess() throws {
    let text =
      "node-1:100:120 [0] net_ib.cc:1 NCCL WARN NET/IB : Got completion from peer 10.0.0.9<1> with status=12 opcode=0 len=0 vendor err 129 (Send)\n"
    let partial = TraceReader.summarize(text: Array(text.utf8), file: "a.log")
    let found = try #require(
      TrafficAnalyzer.analyze(partial).findings.first { $0.code == "network-completion-error" })
    #expect(found.location == "process node-1:100, a.log:1")
  }

  @Test func releasesThatNameNobodyLeaveItOpen() {
    let found = Self.job([0: [Self.closed("")]])
    #expect(found.count == 1)
    #expect(found[0].evidence.hasSuffix("this release does not name the peer"))
  }

  @Test func aJobThatEndedWellMayCloseItsConnections() {
    let found = Self.job([0: [Self.closed("10.0.0.2")]]) { _, facts in
      facts.communicators[0].end = .destroyed
    }
    #expect(found.map(\.severity) == [.note])
  }

  @Test func aTransferWithoutAnAnswerIsAnErrorWithItsMeaning() {
    let found = Self.job([
      0: [PeerComplaint(kind: .completion, peer: "10.0.0.3", status: 12, line: 5, count: 4)],
      1: [PeerComplaint(kind: .completion, peer: "10.0.0.1", status: 5, line: 6)],
    ])
    #expect(
      found.map { "\($0.severity) \($0.code)" } == [
        "error network-completion-error", "warning connection-lost",
        "warning network-completion-error",
      ])
    #expect(found[0].summary.contains("status 12: retries exceeded"))
    #expect(found[0].location == "rank 0, nccl.node1.100.log:5")
    #expect(found[0].evidence.hasPrefix("4 completions; "))
    #expect(found[1].summary == "Rank 2 was the first to close its connections.")
  }
}
