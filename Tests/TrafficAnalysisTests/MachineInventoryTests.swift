// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Testing

@testable import TrafficAnalysis

/// GPUs, network devices, rings and trees as the log's own lines tell them.
@Suite struct MachineInventoryTests {
  private static let list =
    "NET/IB : Using [0]mlx5_0:1/IB [1]mlx5_1:1/IB [RO]; OOB eth0:10.0.0.1<0>"

  /// Two nodes of two GPUs; each rank sends over the network device of its GPU.
  private static func partial(
    list: String = list, change: (Int, inout ProcessFacts) -> Void = { _, _ in }
  ) -> TracePartial {
    var builder = TraceBuilder()
    builder.processes(4, perNode: 2)
    builder.communicator([0, 1, 2, 3], id: 7, calls: [TraceBuilder.call(.allReduce, 100)])
    for rank in 0..<4 {
      var process = builder.partial.processes[rank]
      process.networks = ["IB"]
      process.notices = [Notice(level: .info, text: list, line: 3)]
      process.communicators[0].nvmlDevice = rank % 2
      process.communicators[0].busID = 0x21000 + UInt64(rank % 2) << 12
      process.communicators[0].connections = [
        ConnectionFacts(
          source: rank, target: (rank + 1) % 4, transport: "NET/IB/\(rank % 2)/GDRDMA",
          channels: 2),
        ConnectionFacts(source: rank, target: rank ^ 1, transport: "P2P/IPC/read", channels: 4),
      ]
      change(rank, &process)
      builder.partial.processes[rank] = process
    }
    return builder.partial
  }

  private static func text(_ rows: [DeviceRow]) -> [String] {
    rows.map {
      "\($0.node) \($0.kind.rawValue) \($0.index.map(String.init) ?? "-") \($0.name ?? "-") \($0.ranks) \($0.transports.joined(separator: "+")) x\($0.channels) \($0.source.rawValue) \($0.topologyName ?? "-")"
    }
  }

  @Test func aLogTellsTheMachine() {
    let rows = TrafficAnalyzer.analyze(Self.partial()).devices
    #expect(
      Self.text(rows) == [
        "0 gpu 0 0000:21:00.0 [0] P2P/IPC/read+NET/IB/GDRDMA x6 log -",
        "0 gpu 1 0000:22:00.0 [1] P2P/IPC/read+NET/IB/GDRDMA x6 log -",
        "0 nic 0 mlx5_0:1/IB [0] NET/IB/GDRDMA x2 log -",
        "0 nic 1 mlx5_1:1/IB [1] NET/IB/GDRDMA x2 log -",
        "1 gpu 0 0000:21:00.0 [2] P2P/IPC/read+NET/IB/GDRDMA x6 log -",
        "1 gpu 1 0000:22:00.0 [3] P2P/IPC/read+NET/IB/GDRDMA x6 log -",
        "1 nic 0 mlx5_0:1/IB [2] NET/IB/GDRDMA x2 log -",
        "1 nic 1 mlx5_1:1/IB [3] NET/IB/GDRDMA x2 log -",
      ])
    #expect(rows.allSatisfy { $0.host == "node\($0.node + 1)" })
    #expect(rows.allSatisfy { $0.network == ($0.kind == .nic ? "IB" : nil) })
  }

  @Test func ranksOnOneGPUShareItsRow() {
    let partial = Self.partial { _, process in process.communicators[0].busID = 0x21000 }
    let rows = TrafficAnalyzer.analyze(partial).devices.filter { $0.kind == .gpu }
    #expect(rows.map(\.ranks) == [[0, 1], [2, 3]])
    let unknown = Self.partial { _, process in process.communicators[0].busID = nil }
    let apart = TrafficAnalyzer.analyze(unknown).devices.filter { $0.kind == .gpu }
    #expect(apart.map(\.ranks) == [[0], [1], [2], [3]])
    #expect(apart.allSatisfy { $0.name == nil })
  }

  @Test func listsOfEveryReleaseAreRead() {
    func devices(_ text: Substring) -> [Int: String] { MachineInventory.devices(in: text) }
    #expect(
      devices(" [0]mlx5_0:1/RoCE [3]bnxt_re0:1/RoCE [RO]; OOB x:1<0>")
        == [0: "mlx5_0:1/RoCE", 3: "bnxt_re0:1/RoCE"])
    #expect(
      devices(" [0]={[0] mlx5_0:1/IB, [1] mlx5_1:1/IB} [1]={[2] mlx5_2:1/IB} ; OOB e:1<0>")
        == [0: "mlx5_0:1/IB+mlx5_1:1/IB", 1: "mlx5_2:1/IB"])
    #expect(
      devices(" [0]mlx5_0:1:rail0:2/IB [1]mlx5_1:1::3/IB ; OOB e:1<0>")
        == [0: "mlx5_0:1:rail0:2/IB", 1: "mlx5_1:1::3/IB"])
    #expect(
      devices(" [0]hsn0:10.249.21.144<0> [1]hsn0:chn:128.55.65.123<0> [2]eth1:fe80::1%eth1<0>")
        == [0: "hsn0", 1: "hsn0:chn", 2: "eth1"])
    // A line that was cut may end inside a name.
    #expect(devices(" [0]mlx5_0:1/IB [1]mlx5_1") == [0: "mlx5_0:1/IB"])
    #expect(devices(" [-1]mlx5_0:1/IB [x]mlx5_1:1/IB [") == [:])
  }

  @Test func aNetworkDeviceIsKnownByItsUseAlone() {
    let partial = Self.partial(list: "NET/IB : No device found.") { rank, process in
      process.communicators[0].connections[0].transport =
        rank == 0 ? "NET/AWS Libfabric/1(0)/GDRDMA/Shared" : "NET/AWS Libfabric/0/GDRDMA"
    }
    let rows = TrafficAnalyzer.analyze(partial).devices.filter { $0.kind == .nic && $0.node == 0 }
    #expect(
      Self.text(rows) == [
        "0 nic 0 - [1] NET/AWS Libfabric/GDRDMA x2 log -",
        "0 nic 1 - [0] NET/AWS Libfabric/GDRDMA/Shared x2 log -",
      ])
    #expect(rows.allSatisfy { $0.network == "AWS Libfabric" })
  }

  /// Of a process with several GPUs the device in the line's head tells whose it is.
  @Test func connectionsWithoutACommunicatorCountForTheirGPU() {
    var builder = TraceBuilder()
    builder.process(pid: 1)
    for device in 0..<2 {
      builder.view(0, rank: device, size: 2, id: 7, device: device)
      builder.partial.processes[0].communicators[device].busID = 0x21000 + UInt64(device) << 12
      builder.partial.processes[0].unplacedConnections.append(
        UnplacedConnection(device: device, transport: "NET/IB/\(device + 4)", channels: 3))
    }
    #expect(
      Self.text(TrafficAnalyzer.analyze(builder.partial).devices) == [
        "0 gpu 0 0000:21:00.0 [0] NET/IB x3 log -", "0 gpu 1 0000:22:00.0 [1] NET/IB x3 log -",
        "0 nic 4 - [0] NET/IB x3 log -", "0 nic 5 - [1] NET/IB x3 log -",
      ])
  }

  // MARK: - Beside a topology

  /// A switch with two GPUs and one network device.
  private static func machine() throws -> MachineTopology {
    let gpus = (1...2).map {
      "<pci busid=\"0000:2\($0):00.0\" class=\"0x030200\"><gpu dev=\"\($0 - 1)\" sm=\"89\"/></pci>"
    }.joined()
    return try TopologyJoinTests.machine(
      name: "node.xml",
      """
      <system version="1"><cpu numaid="0" arch="x86_64" vendor="AuthenticAMD">
      <pci busid="0000:20:00.0" class="0x060400">\(gpus)
      <pci busid="0000:23:00.0" class="0x020000"><nic><net name="mlx5_0" dev="0"/></nic></pci>
      </pci></cpu></system>
      """)
  }

  @Test func logAndTopologyStandSideBySide() throws {
    let machine = try Self.machine()
    let summary = TrafficAnalyzer.analyze(Self.partial(), machines: [machine])
    let first = Self.text(summary.devices.filter { $0.node == 0 })
    #expect(
      first == [
        "0 gpu 0 0000:21:00.0 [0] P2P/IPC/read+NET/IB/GDRDMA x6 both GPU/0-21000",
        "0 gpu 1 0000:22:00.0 [1] P2P/IPC/read+NET/IB/GDRDMA x6 both GPU/0-22000",
        "0 nic 0 mlx5_0:1/IB [0] NET/IB/GDRDMA x2 both mlx5_0",
        "0 nic 1 mlx5_1:1/IB [1] NET/IB/GDRDMA x2 log -",
      ])
  }

  /// Where ranks leave the second device alone, only NCCL's list tells that the file lacks it.
  @Test func aListThatTheTopologyContradictsIsANote() throws {
    let partial = Self.partial { _, process in
      process.communicators[0].connections[0].transport = "NET/IB/0/GDRDMA"
    }
    let machine = try Self.machine()
    let summary = TrafficAnalyzer.analyze(partial, machines: [machine])
    let findings = summary.findings.filter { $0.code == "topology-contradicts-log" }
    #expect(findings.map(\.severity) == [.note, .note])
    #expect(
      findings.map(\.evidence) == [
        "the log lists mlx5_0, mlx5_1; the file has mlx5_0",
        "the log lists mlx5_0, mlx5_1; the file has mlx5_0",
      ])
    #expect(findings.map(\.location) == ["host node1, node.xml", "host node2, node.xml"])
    // The list of a network that is not used says nothing.
    let sockets = Self.partial { _, process in
      process.networks = ["Socket"]
      process.communicators[0].connections.remove(at: 0)
    }
    #expect(
      !TrafficAnalyzer.analyze(sockets, machines: [machine]).findings
        .contains { $0.code == "topology-contradicts-log" })
    let alike = Self.partial(list: "NET/IB : Using [0]mlx5_0:1/IB [RO]; OOB e:10.0.0.1<0>") {
      _, process in
      process.communicators[0].connections[0].transport = "NET/IB/0/GDRDMA"
    }
    #expect(
      !TrafficAnalyzer.analyze(alike, machines: [machine]).findings
        .contains { $0.code == "topology-contradicts-log" })
  }

  @Test func whatOnlyTheTopologyHasComesLast() throws {
    let partial = Self.partial(list: "NET/IB : No device found.") { _, process in
      process.communicators[0].busID = 0x21000
      process.communicators[0].connections = []
    }
    let machine = try Self.machine()
    let rows = TrafficAnalyzer.analyze(partial, machines: [machine]).devices
    #expect(
      Self.text(rows.filter { $0.node == 1 }) == [
        "1 gpu 0 0000:21:00.0 [2, 3]  x0 both GPU/0-21000",
        "1 gpu - - []  x0 topology GPU/0-22000",
        "1 nic - - []  x0 topology mlx5_0",
      ])
  }

  // MARK: - Rings and trees

  /// Two channels of the ring 0 > 1 > 3 > 2, and one tree 3 > 1 > 0, 2 > 0.
  @Test func ringsAndTreesAreListedByTheirEdges() {
    let partial = Self.partial { rank, process in
      if rank == 0 {
        process.communicators[0].edges = [(0, 1), (1, 3), (3, 2), (2, 0)].map {
          EdgeFacts(.ring, source: $0.0, target: $0.1, channels: 2)
        }
      }
      process.communicators[0].treeChannels = 1
      if rank > 0 {
        process.communicators[0].edges.append(
          EdgeFacts(.treeUp, source: rank, target: rank == 3 ? 1 : 0))
      }
    }
    let rows = TrafficAnalyzer.analyze(partial).ringEdges.map {
      "\($0.communicator) \($0.kind.rawValue) \($0.sourceRank)>\($0.destinationRank) x\($0.channels)\($0.crossesNodes ? " crosses" : "")"
    }
    #expect(
      rows == [
        "c0 ring 0>1 x2", "c0 ring 1>3 x2 crosses", "c0 ring 2>0 x2 crosses", "c0 ring 3>2 x2",
        "c0 tree 1>0 x1", "c0 tree 2>0 x1 crosses", "c0 tree 3>1 x1 crosses",
      ])
    #expect(TrafficAnalyzer.analyze(Self.partial()).ringEdges == [])
  }
}
