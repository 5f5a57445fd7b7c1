// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Foundation
import TestSupport
import Testing

@testable import TrafficAnalysis
@testable import TrafficReport

extension SampleMachine {
  /// Jobs on machines: logs of ranks on all their GPUs, two nodes of each.
  static func loaded(_ text: String, name: String) -> TrafficSummary {
    guard case .topology(let topology)? = try? TopologyFile.parse(Array(text.utf8)) else {
      return TrafficSummary()
    }
    let perNode = max(topology.gpus.count, 1)
    var log = ""
    for rank in 0..<2 * perNode {
      let place = rank % perNode
      let bus = topology.gpus.isEmpty ? "1b000" : topology.gpus[place].bus.logForm
      let comm = "0x55d0c0f\(String(rank + 4096, radix: 16))00"
      let pid = 1000 + rank
      let head = "node-\(rank / perNode):\(pid):\(pid) [\(place)] NCCL INFO "
      let fields =
        "ncclCommInitRank comm \(comm) rank \(rank) nranks \(2 * perNode) cudaDev \(place) "
        + "nvmlDev \(place) busId \(bus) commId 0x77"
      log += head + fields + " - Init START\n" + head + fields + " - Init COMPLETE\n"
      log +=
        head
        + "AllReduce: opCount 0 sendbuff 0x7f1234567800 recvbuff 0x7f1234569a00 count 123456789 "
        + "datatype 7 op 0 root 0 comm \(comm) [nranks=\(2 * perNode)] stream 0x55d0deadbe00\n"
    }
    let partial = TraceReader.summarize(text: Array(log.utf8), file: "job.out")
    return TrafficAnalyzer.analyze(
      partial, machines: [MachineTopology(file: name, topology: topology)])
  }

  static let loadSummaries: [(name: String, summary: TrafficSummary)] = {
    let fixtures = ["dgx-like", "pcie-only", "grace-like", "mi300-like", "cloud-vm"].map { name in
      let url = Fixture.folder.appending(path: "topology/\(name).xml")
      return (name, (try? String(contentsOf: url, encoding: .utf8)) ?? "")
    }
    let made = [
      ("two-by-eight", machine(nodes: 2, switches: 4, gpus: 2, nets: 2)),
      ("eight-nodes", machine(nodes: 8, switches: 1, gpus: 2, nets: 1)),
      ("deep", machine(nodes: 2, switches: 2, gpus: 1, nets: 1, depth: 12)),
      ("wide", machine(nodes: 1, switches: 1, gpus: 64, nets: 8)),
      ("many-cards", machine(nodes: 1, switches: 1, gpus: 1, nets: 40)),
      (
        "hostile-names",
        machine(nodes: 1, switches: 2, gpus: 2, nets: 1, name: "&lt;script&gt;&#x202E;x")
      ),
    ]
    return (fixtures + made).map { (name: $0.0, summary: loaded($0.1, name: "\($0.0).xml")) }
  }()

  static let loadFigures: [(name: String, bytes: [UInt8])] = loadSummaries.compactMap { sample in
    MachineLoadFigure.svg(sample.summary).map { (name: "load-\(sample.name)", bytes: $0) }
  }
}

@Suite struct MachineLoadFigureTests {
  private func texts(_ name: String) throws -> [String] {
    let figure = try #require(SampleMachine.loadFigures.first { $0.name == "load-\(name)" })
    return try XMLChecker.elements(of: figure.bytes).filter { $0.name == "text" }.map(\.text)
  }

  @Test func everyJobOnAMachineHasAFigure() {
    #expect(SampleMachine.loadFigures.count == SampleMachine.loadSummaries.count)
    #expect(MachineLoadFigure.svg(TrafficSummary()) == nil)
  }

  /// 16 ranks move 2 x 15/16 of 4 x 123,456,789 bytes each way around a ring: 926 MB, 883 MiB; one
  /// card of each node sends, one receives; 48 GB/s of PCIe are less than the card's 50.
  @Test func theBusiestLinkIsNamedAndTheBarsAreLabelled() throws {
    let texts = try texts("dgx-like")
    #expect(texts[0] == "Load of the links of node 0 (node-0)")
    #expect(texts[1].hasPrefix("Busiest: PCIe link of "))
    #expect(texts[1].contains("883 MiB one way, which takes 19.3 ms at its full 48 GB/s"))
    #expect(texts.contains("2 of 8 links, evenly loaded"))
    #expect(texts.contains("GPU 0 · rank 0"))
    #expect(texts.contains { $0.hasPrefix("NVSwitch fabric: 370.8 GB/s per GPU, ") })
    #expect(texts.contains { $0.contains("is assumed from the topology's path table") })
  }

  @Test func linksBetweenSocketsAndOfAMeshAreNamedByTheirEnds() throws {
    let sockets = try texts("pcie-only")
    #expect(sockets.contains("Between NUMA nodes") && sockets.contains("NUMA 0 - NUMA 1"))
    let mesh = try texts("mi300-like")
    #expect(mesh.contains("xGMI") && mesh.contains("GPU 0 - GPU 1"))
  }

  @Test func theReportHoldsTheFigureOnlyWithATopology() throws {
    let sample = try #require(SampleMachine.loadSummaries.first)
    #expect(
      ReportSet.render(sample.summary).map(\.name).suffix(3)
        == ["layout.svg", "topology.svg", "report.html"])
    var plain = sample.summary
    plain.machine = nil
    #expect(!ReportSet.render(plain).contains { $0.name == "topology.svg" })
    #expect(Digest.text(sample.summary).contains("topology: 2 of 2 nodes; busiest link: "))
    #expect(!Digest.text(plain).contains("busiest link"))
  }

  @Test func durationsAreReadable() {
    #expect(LinkText.duration(0) == "0.00 s")
    #expect(LinkText.duration(0.0000012) == "1.20 µs")
    #expect(LinkText.duration(0.0193) == "19.3 ms")
    #expect(LinkText.duration(1.288) == "1.29 s")
    #expect(LinkText.duration(123.4) == "123 s")
  }
}
