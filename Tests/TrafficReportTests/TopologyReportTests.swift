// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Foundation
import Testing

@testable import TrafficReport

@Suite struct TopologyReportTests {
  /// Rows of a CSV without quotes, by column.
  private func rows(_ csv: [UInt8]) throws -> [[String: String]] {
    let lines = String(decoding: csv, as: UTF8.self).split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    let header = try #require(lines.first)
    return lines.dropFirst().map { Dictionary(zip(header, $0)) { first, _ in first } }
  }

  @Test func everyMachineHasAFigure() {
    #expect(SampleMachine.figures.count == 5 + 10)
  }

  @Test func theTablesSayWhatTheFileSays() throws {
    let report = try SampleMachine.report("pcie-only")
    let parts = try rows(report.csv(.parts))
    #expect(
      parts.map { $0["kind"] } == [
        "numa_node", "numa_node", "pcie_switch", "pcie_switch", "gpu", "gpu", "gpu", "gpu", "net",
        "net",
      ])
    let gpu = try #require(parts.first { $0["part"] == "GPU/0-22000" })
    #expect(gpu["parent"] == "PCI/0-20000" && gpu["device"] == "1" && gpu["pcie_gb_per_s"] == "24")
    #expect(
      gpu["fabric_gb_per_s"] == "" && gpu["gpu_direct"] == "true" && gpu["nearest"] == "NET/0-0")
    let net = try #require(parts.first { $0["part"] == "NET/0-1" })
    #expect(net["net_gb_per_s"] == "12.5" && net["nearest"] == "GPU/0-a1000 GPU/0-a2000")
    let paths = try rows(report.csv(.paths))
    // 4 x 3 pairs of GPUs, 4 x 2 to cards, 2 x 4 from cards.
    #expect(paths.count == 28)
    let one = try #require(
      paths.first { $0["source"] == "GPU/0-21000" && $0["target"] == "GPU/0-a1000" })
    #expect(one["type"] == "SYS" && one["gb_per_s"] == "16" && one["hops"] == "5")
    let links = try rows(report.csv(.links))
    #expect(Set(links.compactMap { $0["kind"] }) == ["PCIe", "SYS", "NET"])
    #expect(links.count == 2 + 4 + 2 + 2 + 2)
  }

  @Test func unstatedBandwidthsAreEmpty() throws {
    let paths = try rows(SampleMachine.report("cloud-vm").csv(.paths))
    #expect(paths.allSatisfy { $0["gb_per_s"] == "" })
    #expect(Set(paths.compactMap { $0["type"] }) == ["SYS", "PIX"])
  }

  @Test func everyFormHasTheSameRows() throws {
    let report = try SampleMachine.report("grace-like")
    let document = try #require(
      try JSONSerialization.jsonObject(with: Data(report.json())) as? [String: Any])
    var lines = 0
    for part in TopologyReport.Part.allCases {
      let count = try rows(report.csv(part)).count
      #expect((document["topology_\(part.rawValue)"] as? [Any])?.count == count)
      lines += count
    }
    #expect(String(decoding: report.ndjson(), as: UTF8.self).split(separator: "\n").count == lines)
    #expect(document["complete"] as? Bool == true)
  }

  @Test func severalMachinesAreDrawnOneByOne() throws {
    var files: [(name: String, file: TopologyFile)] = []
    for name in ["dgx-like", "graph-rings", "pcie-only"] {
      let report = try SampleMachine.report(name)
      if let machine = report.machines.first {
        files.append(
          (name, TopologyFile(content: .topology(machine.topology), ledger: FileLedger(file: name)))
        )
      }
      for (_, graphs) in report.graphs {
        files.append((name, TopologyFile(content: .graphs(graphs), ledger: FileLedger(file: name))))
      }
    }
    let names = TopologyReport(files).files().map(\.name)
    #expect(
      names == [
        "topology_parts.csv", "topology_links.csv", "topology_paths.csv", "topology_channels.csv",
        "topology.json", "topology.svg", "topology-2.svg",
      ])
    let graphsAlone = try SampleMachine.report("graph-rings").files().map(\.name)
    #expect(graphsAlone == ["topology_channels.csv", "topology.json"])
  }

  @Test func aChainOfSwitchesIsOneBox() throws {
    let machine = try SampleMachine.report(
      name: "x", SampleMachine.machine(nodes: 1, switches: 2, gpus: 1, nets: 0, depth: 3))
    let topology = try #require(machine.machines.first?.topology)
    let layout = try #require(MachineLayout(topology, host: 0))
    let drawn = layout.boxes.filter { !$0.bridges.isEmpty }
    #expect(drawn.map(\.bridges.count) == [3, 3])
    #expect(drawn.flatMap(\.gpus).sorted() == [0, 1])
  }

  @Test func everyPartIsInOneBox() throws {
    for (name, text) in [
      ("a", SampleMachine.machine(nodes: 2, switches: 3, gpus: 2, nets: 2, depth: 2)),
      ("b", SampleMachine.machine(nodes: 3, switches: 1, gpus: 1, nets: 5)),
    ] {
      let topology = try #require(
        try SampleMachine.report(name: name, text).machines.first?.topology)
      let layout = try #require(MachineLayout(topology, host: 0))
      #expect(layout.boxes.flatMap(\.gpus).sorted() == Array(topology.gpus.indices))
      #expect(layout.boxes.flatMap(\.adapters).sorted() == Array(topology.adapters.indices))
      #expect(layout.rows.flatMap(\.boxes).count == topology.processors.count)
      for row in layout.rows {
        let width =
          row.boxes.reduce(0) { $0 + layout.width(of: $1, chip: row.chip) }
          + Double(row.boxes.count - 1) * MachineLayout.nodeGap
        #expect(width <= Figure.width - 2 * Figure.margin + 0.01)
      }
    }
  }

  @Test func aMachineThatIsTooWideIsNotDrawnAsBoxes() throws {
    let wide = SampleMachine.machine(nodes: 1, switches: 1, gpus: 64, nets: 0)
    let topology = try #require(try SampleMachine.report(name: "x", wide).machines.first?.topology)
    #expect(MachineLayout(topology, host: 0) == nil)
    let fits = SampleMachine.machine(nodes: 1, switches: 1, gpus: 24, nets: 0)
    let narrow = try #require(try SampleMachine.report(name: "x", fits).machines.first?.topology)
    #expect(MachineLayout(narrow, host: 0) != nil)
  }

  @Test func namesOfTheFileStayText() throws {
    let hostile = SampleMachine.machine(
      nodes: 1, switches: 1, gpus: 2, nets: 1, name: "=cmd|' /C calc'!A0&lt;b&gt;|x")
    let report = try SampleMachine.report(name: "h", hostile)
    let csv = String(decoding: report.csv(.parts), as: UTF8.self)
    #expect(csv.contains(",'=cmd"))
    #expect(
      String(decoding: report.csv(.parts, options: ReportOptions(csvRaw: true)), as: UTF8.self)
        .contains(",=cmd"))
    #expect(!report.markdown().contains("<b>"))
    #expect(!String(decoding: report.files()[4].bytes, as: UTF8.self).contains("<b>"))
  }
}
