// SPDX-License-Identifier: Apache-2.0

import Testing
import TrafficAnalysis

@testable import TrafficReport

/// The line of the digest that says what the machine is.
@Suite struct MachineTextTests {
  private static func gpu(_ node: Int, _ transports: [String]) -> DeviceRow {
    var row = DeviceRow(
      node: node, host: "node-\(node)", kind: .gpu, index: 0, name: nil, source: .log)
    row.transports = transports
    return row
  }

  private static func nic(ranks: [Int], source: DeviceRow.Source = .log) -> DeviceRow {
    var row = DeviceRow(
      node: 0, host: "node-0", kind: .nic, index: 0, name: nil, network: "IB", source: source)
    row.ranks = ranks
    return row
  }

  private static func line(_ devices: [DeviceRow]) -> String? {
    var summary = TrafficSummary()
    summary.devices = devices
    return MachineText.digest(summary)
  }

  @Test func countsWhatTheLogShows() {
    #expect(Self.line([]) == nil)
    #expect(Self.line([Self.nic(ranks: [], source: .topology)]) == nil)
    #expect(Self.line([Self.gpu(0, [])]) == "machine: 1 node, 1 GPU")
    #expect(
      Self.line([Self.gpu(0, ["P2P/IPC"]), Self.nic(ranks: [])])
        == "machine: 1 node, 1 GPU; no network device in use; by P2P/IPC")
    #expect(
      Self.line([
        Self.gpu(0, ["P2P/IPC", "NET/IB"]), Self.gpu(1, ["NET/IB"]), Self.nic(ranks: [0]),
        Self.nic(ranks: []), Self.nic(ranks: [], source: .topology),
      ]) == "machine: 2 nodes, 2 GPUs; 1 of 2 network devices in use; by NET/IB, P2P/IPC")
  }

  @Test func namesTheCommonestTransports() {
    let line = Self.line([Self.gpu(0, ["a", "b", "c", "d", "e\u{1B}[2J"]), Self.gpu(1, ["e"])])
    #expect(line == "machine: 2 nodes, 2 GPUs; by a, b, c, d and 2 more")
  }
}
