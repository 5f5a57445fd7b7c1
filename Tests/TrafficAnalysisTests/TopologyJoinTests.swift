// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Foundation
import TestSupport
import Testing

@testable import TrafficAnalysis

/// Bytes on physical links, worked out by hand on the machines of the fixtures.
@Suite struct TopologyJoinTests {
  static func machine(_ name: String) throws -> MachineTopology {
    let url = Fixture.folder.appending(path: "topology/\(name).xml")
    return try machine(name: "\(name).xml", String(contentsOf: url, encoding: .utf8))
  }

  static func machine(name: String, _ text: String) throws -> MachineTopology {
    guard case .topology(let topology) = try TopologyFile.parse(Array(text.utf8)) else {
      throw CocoaError(.fileReadCorruptFile)
    }
    return MachineTopology(file: name, topology: topology)
  }

  /// One transport line: who printed it, between which communicator ranks.
  private struct Line {
    var source: Int
    var target: Int
    var transport: String
    var isReceive = false
  }

  /// Ranks on GPUs, one communicator, the ring 0 > 1 > 2 > ...; an all-reduce of 100 floats.
  private static func partial(
    buses: [UInt64?], perNode: Int, _ lines: [Line] = [], notices: [String] = []
  ) -> TracePartial {
    var builder = TraceBuilder()
    builder.processes(buses.count, perNode: perNode)
    builder.communicator(
      Array(buses.indices), id: 7, calls: [TraceBuilder.call(.allReduce, 100)])
    for (process, bus) in buses.enumerated() {
      var facts = builder.partial.processes[process].communicators[0]
      facts.busID = bus
      for line in lines where (line.isReceive ? line.target : line.source) == process {
        facts.connections.append(
          ConnectionFacts(
            source: line.source, target: line.target, transport: line.transport,
            isReceive: line.isReceive))
      }
      builder.partial.processes[process].communicators[0] = facts
      for (number, text) in notices.enumerated() {
        builder.partial.processes[process].notices.append(
          Notice(level: .info, text: text, line: 900 + number))
      }
    }
    return builder.partial
  }

  /// `kind node link: sent received` of the physical links.
  private static func links(_ summary: TrafficSummary) -> Set<String> {
    Set(
      summary.links.filter(\.kind.isPhysical).map {
        "\($0.kind.rawValue) \($0.node) \($0.link): \($0.sentBytes) \($0.receivedBytes)"
      })
  }

  private static func codes(_ summary: TrafficSummary) -> [String] {
    summary.findings.map { "\($0.severity.rawValue) \($0.code)" }
  }

  // MARK: - Bytes on links

  /// 4 ranks x 2 x 3/4 x 400 bytes = 2400, 600 over each edge; 1 > 2 and 3 > 0 cross nodes.
  @Test func withoutTransportLinesTheWayIsThatOfThePathTable() throws {
    let summary = TrafficAnalyzer.analyze(
      Self.partial(buses: [0x21000, 0x22000, 0x21000, 0x22000], perNode: 2),
      machines: [try Self.machine("pcie-only")])
    var expected: Set<String> = []
    for node in 0..<2 {
      expected.formUnion([
        "pcie_gpu \(node) GPU/0-21000: 600 600", "pcie_gpu \(node) GPU/0-22000: 600 600",
        "pcie_nic \(node) NIC/0-23000: 600 600", "nic \(node) mlx5_0: 600 600",
      ])
    }
    #expect(Self.links(summary) == expected)
    #expect(
      summary.links.filter(\.kind.isPhysical)
        .allSatisfy { $0.assumedBytes == $0.sentBytes + $0.receivedBytes })
    #expect(summary.coverage.statements.contains { $0.hasPrefix("The way of all bytes") })
    let card = try #require(summary.links.first { $0.kind == .nic })
    #expect(card.bandwidth == 12.5 && card.device == "mlx5_0" && card.rank == nil)
    #expect(card.ranks == [0, 1] && card.loadRatio == 1)
    let gpu = try #require(summary.links.first { $0.kind == .gpuPCIe })
    #expect(gpu.bandwidth == 24 && gpu.rank == 0)
    #expect(Self.codes(summary).isEmpty)
  }

  /// Shared memory and sockets pass the memory of the node, so the switch's uplink is used.
  @Test func theLogsTransportsDecideTheWay() throws {
    let lines = [
      Line(source: 0, target: 1, transport: "SHM/direct/direct"),
      Line(source: 2, target: 3, transport: "P2P/IPC"),
      Line(source: 1, target: 2, transport: "NET/IB/0"),
      Line(source: 1, target: 2, transport: "NET/IB/0/GDRDMA", isReceive: true),
      Line(source: 3, target: 0, transport: "NET/IB/0/GDRDMA"),
      Line(source: 3, target: 0, transport: "NET/IB/0/GDRDMA", isReceive: true),
    ]
    let summary = TrafficAnalyzer.analyze(
      Self.partial(buses: [0x21000, 0x22000, 0x21000, 0x22000], perNode: 2, lines),
      machines: [try Self.machine("pcie-only")])
    #expect(
      Self.links(summary) == [
        "pcie_gpu 0 GPU/0-21000: 600 600", "pcie_gpu 0 GPU/0-22000: 600 600",
        // Up and down by SHM, up and down from rank 1 to the card.
        "pcie_switch 0 PCI/0-20000: 1200 1200",
        "pcie_nic 0 NIC/0-23000: 600 600", "nic 0 mlx5_0: 600 600",
        "pcie_gpu 1 GPU/0-21000: 600 600", "pcie_gpu 1 GPU/0-22000: 600 600",
        "pcie_nic 1 NIC/0-23000: 600 600", "nic 1 mlx5_0: 600 600",
      ])
    #expect(summary.links.allSatisfy { $0.assumedBytes ?? 0 == 0 })
    #expect(!summary.coverage.statements.contains { $0.contains("assumed from") })
    let device = try #require(summary.links.first { $0.kind == .networkDevice })
    #expect(device.link == "NET/IB/0" && device.device == "mlx5_0" && device.bandwidth == 12.5)
  }

  /// Rank 0 sends through the GPU of rank 1 and its card.
  @Test func aProxySendsForItsNeighbour() throws {
    let lines = [
      Line(source: 3, target: 0, transport: "NET/IB/0/GDRDMA", isReceive: true),
      Line(source: 3, target: 0, transport: "NET/IB/1(2)/GDRDMA"),
    ]
    let summary = TrafficAnalyzer.analyze(
      Self.partial(buses: [0x1b000, 0x43000, 0x43000, 0x1b000], perNode: 2, lines),
      machines: [try Self.machine("dgx-like")])
    let links = Self.links(summary)
    // 2 > 3 over the fabric, then 3 > fabric > 2 > card 1.
    #expect(links.contains("nvlink 1 GPU/0-43000: 600 600"))
    #expect(links.contains("nvlink 1 GPU/0-1b000: 600 600"))
    // Out for its neighbour, in for itself: nearest to rank 2's GPU is card 1, too.
    #expect(links.contains("nic 1 mlx5_1: 600 600"))
    #expect(links.contains("pcie_gpu 1 GPU/0-43000: 600 600"))
    #expect(!links.contains { $0.hasPrefix("pcie_gpu 1 GPU/0-1b000") })
    #expect(!Self.codes(summary).contains { $0.contains("nic-not-nearest") })
  }

  /// What goes over the cards is what crosses nodes, and what enters the fabric leaves it.
  @Test(arguments: [2, 4, 8]) func nothingIsLostOrAdded(_ perNode: Int) throws {
    let buses: [UInt64] = [
      0x1b000, 0x43000, 0x52000, 0x61000, 0x9d000, 0xc3000, 0xd1000, 0xdf000,
    ]
    let ranks = (0..<16).map { Optional(buses[$0 % perNode]) }
    for call in [OperationKind.allReduce, .allToAll, .broadcast] {
      var builder = TraceBuilder()
      builder.processes(16, perNode: perNode)
      builder.communicator(Array(0..<16), id: 7, calls: [TraceBuilder.call(call, 101)])
      for process in 0..<16 {
        builder.partial.processes[process].communicators[0].busID = ranks[process]
      }
      let summary = TrafficAnalyzer.analyze(
        builder.partial, machines: [try Self.machine("dgx-like")])
      func sum(_ kind: LinkRow.Kind, _ bytes: (LinkRow) -> UInt64) -> UInt64 {
        summary.links.filter { $0.kind == kind }.reduce(0) { $0 + bytes($1) }
      }
      let inter = summary.ranks.reduce(0) { $0 + ($1.interNodeBytes ?? 0) }
      let intra = summary.ranks.reduce(0) { $0 + ($1.intraNodeBytes ?? 0) }
      #expect(sum(.nic, \.sentBytes) == inter && sum(.nic, \.receivedBytes) == inter)
      #expect(sum(.nicPCIe, \.sentBytes) == inter && sum(.nicPCIe, \.receivedBytes) == inter)
      #expect(sum(.gpuPCIe, \.sentBytes) == inter && sum(.gpuPCIe, \.receivedBytes) == inter)
      #expect(sum(.nvlink, \.sentBytes) == intra && sum(.nvlink, \.receivedBytes) == intra)
    }
  }

  // MARK: - Places

  @Test func ranksKnowTheirNodeAndCard() throws {
    let summary = TrafficAnalyzer.analyze(
      Self.partial(buses: [0x22000, 0xa1000, nil, 0x99000], perNode: 2),
      machines: [try Self.machine("pcie-only")])
    #expect(summary.ranks.map(\.numaNode) == [0, 1, nil, nil])
    #expect(summary.ranks.map(\.nearestNICs) == [["mlx5_0"], ["mlx5_1"], [], []])
    #expect(
      summary.coverage.statements.contains(
        "A topology describes 1 of 2 nodes (not node2) and the GPUs of 2 of 4 ranks."))
    // Rank 2 and 3 are on no machine: 600 between them and 600 each way to the network.
    #expect(
      summary.coverage.statements.contains { $0.hasPrefix("1800 bytes are on no physical link") })
  }

  @Test func eachKindOfNodeHasItsFile() throws {
    let summary = TrafficAnalyzer.analyze(
      Self.partial(buses: [0x21000, 0x22000, 0x1b000, 0x43000], perNode: 2),
      machines: [try Self.machine("dgx-like"), try Self.machine("pcie-only")])
    #expect(Self.links(summary).contains("nvlink 1 GPU/0-1b000: 600 0"))
    #expect(Self.links(summary).contains("pcie_gpu 0 GPU/0-21000: 600 600"))
    #expect(Self.codes(summary).isEmpty)
  }

  /// Two dumps of equal machines: the one with the host's name, and no other, is taken.
  @Test func amongEqualsTheNameDecides() throws {
    let url = Fixture.folder.appending(path: "topology/pcie-only.xml")
    let text = try String(contentsOf: url, encoding: .utf8)
    let machines = [
      try Self.machine(name: "topo.node2.xml", text.replacing("mlx5_0", with: "second")),
      try Self.machine(name: "topo.node1.xml", text.replacing("mlx5_0", with: "first")),
    ]
    let summary = TrafficAnalyzer.analyze(
      Self.partial(buses: [0x21000, 0x22000, 0x21000, 0x22000], perNode: 2), machines: machines)
    #expect(summary.ranks.map(\.nearestNICs) == [["first"], ["first"], ["second"], ["second"]])
    #expect(TopologyFit.isNamed("node1", in: "topo.node1.xml"))
    #expect(!TopologyFit.isNamed("node1", in: "topo.node11.xml"))
    #expect(!TopologyFit.isNamed("node1", in: "mynode1.xml"))
    #expect(!TopologyFit.isNamed("", in: "topo.xml"))
  }

  /// One file of two hosts that look the same: each stands for one node, and it is said.
  @Test func hostsOfOneFileAreTakenInOrder() throws {
    func host(_ hash: Int) -> String {
      """
      <cpu numaid="0" arch="x86_64" vendor="GenuineIntel" familyid="6" modelid="143" host_hash="0x\(hash)">
      <pci busid="0000:1b:00.0" class="0x030200" link_speed="32.0 GT/s PCIe" link_width="16">
      <gpu dev="0" sm="90" rank="\(hash)" gdr="1"><nvlink target="fffffff:ffff:ff" count="18" tclass="0x068000"/></gpu></pci></cpu>
      """
    }
    let machine = try Self.machine(
      name: "two.xml", "<system version=\"1\">\(host(1))\(host(2))</system>")
    let lines = [
      Line(source: 0, target: 1, transport: "P2P/MNNVL"),
      Line(source: 1, target: 0, transport: "P2P/MNNVL"),
    ]
    let summary = TrafficAnalyzer.analyze(
      Self.partial(buses: [0x1b000, 0x1b000], perNode: 1, lines), machines: [machine])
    #expect(
      Self.links(summary) == [
        "nvlink 0 GPU/0-1b000: 400 400", "nvlink 1 GPU/1-1b000: 400 400",
      ])
    #expect(summary.coverage.statements.contains { $0.contains("assumed by their order") })
  }

  // MARK: - Findings

  @Test func aFileForNoRankNamesBothSides() throws {
    let summary = TrafficAnalyzer.analyze(
      Self.partial(buses: [0x1b000, 0x43000], perNode: 2),
      machines: [try Self.machine("pcie-only")])
    let finding = try #require(summary.findings.first)
    #expect(finding.code == "topology-does-not-fit" && finding.severity == .warning)
    #expect(finding.location == "pcie-only.xml")
    #expect(finding.evidence.contains("0000:21:00.0") && finding.evidence.contains("0000:1b:00.0"))
    #expect(summary.machine == nil)
    #expect(summary.links.allSatisfy { !$0.kind.isPhysical })
    let silent = TrafficAnalyzer.analyze(
      Self.partial(buses: [nil, nil], perNode: 2), machines: [try Self.machine("pcie-only")])
    #expect(silent.findings.first?.evidence.hasSuffix("the logs have no PCI address") == true)
  }

  @Test func aFarDeviceIsAWarningAndANearOneIsNot() throws {
    func summary(_ transport: String, notices: [String] = []) throws -> TrafficSummary {
      let lines = [
        Line(source: 1, target: 2, transport: transport),
        Line(source: 1, target: 2, transport: "NET/IB/0/GDRDMA", isReceive: true),
      ]
      return TrafficAnalyzer.analyze(
        Self.partial(
          buses: [0x21000, 0x22000, 0x21000, 0x22000], perNode: 2, lines, notices: notices),
        machines: [try Self.machine("pcie-only")])
    }
    let far = try summary("NET/IB/1/GDRDMA")
    let finding = try #require(far.findings.first { $0.code == "nic-not-nearest" })
    #expect(finding.severity == .warning && finding.location == "rank 1, host node1")
    #expect(
      finding.evidence
        == "mlx5_1 (SYS, between NUMA nodes) is used; nearest is mlx5_0 (PIX, at most one PCIe switch)"
    )
    // Its bytes cross the sockets: from GPU 1 up to its CPU, over, and down to the second card.
    #expect(Self.links(far).contains("inter_socket 0 CPU/0-0 - CPU/0-1: 600 0"))
    #expect(Self.links(far).contains("nic 0 mlx5_1: 600 0"))
    #expect(!Self.codes(try summary("NET/IB/0/GDRDMA")).contains("warning nic-not-nearest"))
    // The log's own list gives the number another name, and that counts.
    let swapped = try summary(
      "NET/IB/1/GDRDMA",
      notices: ["NET/IB : Using [0]mlx5_1:1/RoCE [1]mlx5_0:1/RoCE [RO]; OOB eth0:10.0.0.1<0>"])
    #expect(Self.links(swapped).contains("nic 0 mlx5_0: 600 600"))
    #expect(!Self.links(swapped).contains { $0.hasPrefix("nic 0 mlx5_1") })
  }

  @Test func whatTheFileLacksIsANote() throws {
    let lines = [
      Line(source: 1, target: 2, transport: "NET/IB/5/GDRDMA"),
      Line(source: 1, target: 2, transport: "NET/IB/0/GDRDMA", isReceive: true),
    ]
    let summary = TrafficAnalyzer.analyze(
      Self.partial(buses: [0x21000, 0x22000, 0x21000, 0xb7000], perNode: 2, lines),
      machines: [try Self.machine("pcie-only")])
    let notes = summary.findings.filter { $0.code == "topology-contradicts-log" }
    #expect(notes.allSatisfy { $0.severity == .note })
    #expect(notes.count == 2)
    #expect(
      notes.contains { $0.evidence.contains("0000:b7:00.0") && $0.location.contains("rank 3") })
    #expect(notes.contains { $0.evidence == "the log uses NET/IB/5; the file has mlx5_0, mlx5_1" })
  }

  @Test func namesOfDevicesAreReadFromTheirLists() {
    #expect(
      NetworkNames.names(
        in: "NET/IB : Using [0]mlx5_0:1/IB [1]mlx5_1:1/RoCE [RO]; OOB eth0:10.0.0.1<0>")
        == [0: "mlx5_0", 1: "mlx5_1"])
    #expect(
      NetworkNames.names(in: "NET/Socket : Using [0]ens32:10.1.0.11<0> [1]lo:127.0.0.1<0>")
        == [0: "ens32", 1: "lo"])
    #expect(NetworkNames.names(in: "NET/IB : Using [0]={[0] mlx5_0:1/IB, [1] mlx5_1:1/IB}") == [:])
    #expect(NetworkNames.names(in: "NET/IB : Using [x]a [99999999999999999999]b []") == [:])
  }

  // MARK: - Real logs

  private static var dumped: [String] {
    GroundTruthTests.sets.filter { !dumps($0).isEmpty }
  }

  private static func dumps(_ name: String) -> [URL] {
    guard let folder = Fixture.sharedData?.appending(path: "nccl-real/\(name)/logs"),
      let files = try? FileManager.default.contentsOfDirectory(
        at: folder, includingPropertiesForKeys: nil)
    else { return [] }
    return files.filter { $0.lastPathComponent.hasPrefix("topo.") }
      .sorted { $0.lastPathComponent < $1.lastPathComponent }
  }

  @Test(arguments: dumped)
  func realLogsFitTheirDumps(_ name: String) throws {
    let machines = try Self.dumps(name).map {
      try Self.machine(name: $0.lastPathComponent, String(contentsOf: $0, encoding: .utf8))
    }
    let partial = try GroundTruthTests.partial(name)
    let plain = TrafficAnalyzer.analyze(partial)
    let summary = TrafficAnalyzer.analyze(partial, machines: machines)
    // All that was known before is as it was.
    #expect(summary.traffic == plain.traffic && summary.rankMatrix == plain.rankMatrix)
    #expect(
      summary.findings.filter {
        $0.severity < .note && ($0.code.hasPrefix("topology") || $0.code == "nic-not-nearest")
      }.isEmpty)
    #expect(summary.ranks.contains { $0.numaNode != nil })
    let inter = summary.ranks.reduce(0) { $0 + ($1.interNodeBytes ?? 0) }
    let cards = summary.links.filter { $0.kind == .nic }.reduce(0) { $0 + $1.sentBytes }
    #expect(cards <= inter)
    guard summary.ranks.allSatisfy({ $0.numaNode != nil }), plain.coverage.unmatchedBytes == 0
    else { return }
    #expect(cards == inter)
    let fabric = summary.links.filter { $0.kind == .nvlink }.reduce(0) { $0 + $1.sentBytes }
    #expect(fabric == summary.ranks.reduce(0) { $0 + ($1.intraNodeBytes ?? 0) })
  }
}
