// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Testing

@testable import TrafficAnalysis

/// What links allow, worked out by hand on the machines of the fixtures.
@Suite struct BandwidthPeakTests {
  /// The log of one call on one communicator and Inspector's record of it.
  private static func job(
    _ collective: String, hosts: [String], buses: [String?], hasLog: Bool = true
  ) -> TracePartial {
    var partial = TracePartial()
    let size = hosts.count
    for rank in 0..<size {
      let head = "\(hosts[rank]):\(100 + rank):\(200 + rank) [\(rank)] NCCL INFO "
      let comm = "0x55d0c0ff\(String(rank + 16, radix: 16))00"
      var text = "\(head)NCCL version 2.28.9+cuda12.8\n"
      for event in ["Init START", "Init COMPLETE"] {
        text +=
          "\(head)ncclCommInitRank comm \(comm) rank \(rank) nranks \(size) cudaDev 0 nvmlDev 0 busId \(buses[rank] ?? "fff000") commId 0xabcdef - \(event)\n"
      }
      let kinds = collective == "SendRecv" ? ["Send", "Recv"] : [collective]
      for kind in kinds {
        // A ring of sends and receives.
        let peer = kind == "Recv" ? (rank + size - 1) % size : (rank + 1) % size
        text +=
          "\(head)\(kind): opCount 0 sendbuff 0x7f1234567800 recvbuff 0x7f1234569a00 count 1000 datatype 7 op 0 root \(kind.count == 4 ? peer : 0) comm \(comm) [nranks=\(size)] stream 0x55d0deadbe00\n"
      }
      if hasLog {
        partial.merge(TraceReader.summarize(text: Array(text.utf8), file: "nccl-\(rank).log"))
      }
      let perf =
        collective == "SendRecv"
        ? #""p2p_perf":{"p2p":"Send","p2p_peer":\#((rank + 1) % size),"p2p_sn":0,"p2p_msg_size_bytes":4000,"p2p_exec_time_us":1}"#
        : #""coll_perf":{"coll":"\#(collective)","coll_sn":0,"coll_msg_size_bytes":4000,"coll_exec_time_us":1}"#
      let record = """
        {"header":{"id":"0xabcdef","rank":\(rank),"n_ranks":\(size),"nnodes":1},"metadata":{\
        "inspector_output_format_version":"v4.0","hostname":"\(hosts[rank])","pid":\(100 + rank)},\
        \(perf)}

        """
      partial.merge(
        TraceReader.summarize(text: Array(record.utf8), file: "inspector-\(rank).log"))
    }
    return partial
  }

  private static func peak(
    _ collective: String, on machine: String, hosts: [String], buses: [String?],
    hasLog: Bool = true
  ) throws -> String? {
    let summary = TrafficAnalyzer.analyze(
      job(collective, hosts: hosts, buses: buses, hasLog: hasLog),
      machines: [try TopologyJoinTests.machine(machine)])
    let row = try #require(summary.durations.first)
    return row.peak.map { "\($0.limit.rawValue) \($0.gigabytesPerSecond)" }
  }

  /// The first two GPUs of the machine with NVLink switches.
  private static let switched = ["1b000", "43000"]

  @Test func onOneNodeTheLinksToTheOtherRanksCount() throws {
    // 16 GT/s x 16 lanes through one switch, as NCCL counts them.
    #expect(
      try Self.peak("AllReduce", on: "pcie-only", hosts: ["a", "a"], buses: ["21000", "22000"])
        == "PCIe 24.0")
    // AMD's sockets: 16 GB/s.
    #expect(
      try Self.peak("AllReduce", on: "pcie-only", hosts: ["a", "a"], buses: ["21000", "a1000"])
        == "inter-socket 16.0")
    // 18 NVLinks of sm_90 at 20.6 GB/s each.
    let nvlink = try #require(
      try Self.peak(
        "AllReduce", on: "dgx-like", hosts: ["a", "a"], buses: [Self.switched[0], Self.switched[1]])
    )
    #expect(nvlink.hasPrefix("NVLink 370.8"))
  }

  @Test func betweenNodesTheNearestNetworkDevicesCount() throws {
    let hosts = ["a", "a", "b", "b"]
    let buses = ["21000", "22000", "21000", "22000"]
    // One card of 100 Gb/s for both ranks of a node.
    #expect(
      try Self.peak("AllReduce", on: "pcie-only", hosts: hosts, buses: buses) == "network 12.5")
    // Half of what two ranks hold leaves the node, three quarters are in the bus bandwidth:
    // 12.5 / 2 x 3 / 2.
    #expect(
      try Self.peak("AlltoAll", on: "pcie-only", hosts: hosts, buses: buses) == "network 9.375")
    // One card for each of two ranks.
    #expect(
      try Self.peak(
        "AllReduce", on: "dgx-like", hosts: hosts,
        buses: [0, 1, 0, 1].map { Self.switched[$0] }) == "network 100.0")
  }

  @Test func whatIsNotKnownHasNoPeak() throws {
    // A GPU that the file does not have.
    #expect(
      try Self.peak("AllReduce", on: "pcie-only", hosts: ["a", "a"], buses: ["21000", nil]) == nil)
    // Ranks of one job, some beside each other and some not, have no single bound for sends.
    #expect(
      try Self.peak(
        "SendRecv", on: "pcie-only", hosts: ["a", "a", "b", "b"],
        buses: ["21000", "22000", "21000", "22000"]) == nil)
  }

  @Test func aTraceWithoutAddressesOnAWholeMachineUsesAllOfIt() throws {
    let hosts = Array(repeating: "a", count: 4)
    let buses = [String?](repeating: nil, count: 4)
    #expect(
      try Self.peak("AllReduce", on: "pcie-only", hosts: hosts, buses: buses, hasLog: false)
        == "inter-socket 16.0")
    #expect(
      try Self.peak(
        "AllReduce", on: "pcie-only", hosts: Array(hosts.prefix(3)), buses: Array(buses.prefix(3)),
        hasLog: false) == nil)
  }
}
