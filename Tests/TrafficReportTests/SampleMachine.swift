// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Foundation
import TestSupport

@testable import TrafficReport

/// Machines of the fixtures, and machines made to break a figure.
enum SampleMachine {
  /// Those whose output is recorded.
  static let golden = [
    "dgx-like", "pcie-only", "grace-like", "mi300-like", "cloud-vm", "graph-rings",
  ]

  static func report(_ name: String) throws -> TopologyReport {
    let url = Fixture.folder.appending(path: "topology/\(name).xml")
    return try report(name: "\(name).xml", String(contentsOf: url, encoding: .utf8))
  }

  static func report(name: String, _ text: String) throws -> TopologyReport {
    let content = try TopologyFile.parse(Array(text.utf8), file: name)
    return TopologyReport([
      (name: name, file: TopologyFile(content: content, ledger: FileLedger(file: name)))
    ])
  }

  /// A machine of `nodes` NUMA nodes with switches, GPUs and cards.
  static func machine(
    nodes: Int, switches: Int, gpus: Int, nets: Int, depth: Int = 1, name: String = "mlx5"
  ) -> String {
    var text = "<system version=\"1\">"
    var bus = 1
    var gpu = 0
    var net = 0
    func address() -> String {
      bus += 1
      return "\(String(bus >> 8, radix: 16)):\(String(bus & 0xFF, radix: 16)):00.0"
    }
    let link = "link_speed=\"16.0 GT/s PCIe\" link_width=\"16\""
    for node in 0..<nodes {
      text +=
        "<cpu numaid=\"\(node)\" arch=\"x86_64\" vendor=\"AuthenticAMD\" familyid=\"25\" modelid=\"1\">"
      for _ in 0..<switches {
        for _ in 0..<depth { text += "<pci busid=\"\(address())\" class=\"0x060400\" \(link)>" }
        for _ in 0..<gpus {
          text +=
            "<pci busid=\"\(address())\" class=\"0x030200\" \(link)><gpu dev=\"\(gpu)\" sm=\"90\" "
          text +=
            "rank=\"\(gpu)\" gdr=\"1\"><nvlink target=\"f\" count=\"4\" tclass=\"0x068000\"/></gpu></pci>"
          gpu += 1
        }
        for _ in 0..<nets {
          text +=
            "<pci busid=\"\(address())\" class=\"0x020700\" \(link)><nic><net name=\"\(name)_\(net)\" "
          text += "dev=\"\(net)\" speed=\"400000\" gdr=\"1\"/></nic></pci>"
          net += 1
        }
        text += String(repeating: "</pci>", count: depth)
      }
      text += "</cpu>"
    }
    return text + "</system>"
  }

  /// Figures for the checks that hold for every figure.
  static let figures: [(name: String, bytes: [UInt8])] = {
    let made: [(String, String)] = [
      ("two-by-eight", machine(nodes: 2, switches: 4, gpus: 2, nets: 2)),
      ("eight-nodes", machine(nodes: 8, switches: 1, gpus: 2, nets: 1)),
      ("one-node-of-24", machine(nodes: 1, switches: 12, gpus: 2, nets: 1)),
      ("wide", machine(nodes: 1, switches: 1, gpus: 64, nets: 8)),
      ("deep", machine(nodes: 2, switches: 2, gpus: 1, nets: 1, depth: 12)),
      ("many-cards", machine(nodes: 1, switches: 1, gpus: 1, nets: 40)),
      ("cards-alone", machine(nodes: 2, switches: 1, gpus: 0, nets: 9)),
      ("largest", machine(nodes: 16, switches: 1, gpus: 8, nets: 8)),
      ("empty", "<system version=\"1\"><cpu numaid=\"0\"/></system>"),
      (
        "hostile-names",
        machine(
          nodes: 2, switches: 2, gpus: 2, nets: 2,
          name:
            "&lt;script&gt;&#x202E;&quot;]]&gt;\u{4E16}\u{4E16}\u{4E16}\u{4E16} long name of a device"
        )
      ),
    ]
    let fixed = golden.compactMap { name in (try? report(name)).map { (name, $0) } }
    let drawn = made.compactMap { name, text in
      (try? report(name: "\(name) <&\u{202E}>.xml", text)).map { (name, $0) }
    }
    return (fixed + drawn).flatMap { name, report in
      report.machines.map { ("\(name)/topology.svg", TopologyFigure.svg($0)) }
    }
  }()
}
