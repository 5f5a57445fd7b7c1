// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// The tables of `commlens topology`.
extension Table {
  /// All tables of a topology, in the order in which they are written.
  ///
  /// They describe columns; a summary of logs has no rows for them.
  public static let topology: [Table] = [
    Table(
      "topology_parts", rowMeaning: "NUMA node, PCIe switch, GPU or network device",
      order: "file, then as in the file by kind", rows: { _ in [] }, columns: topologyPartColumns),
    Table(
      "topology_links", rowMeaning: "link, in one direction",
      order: "file, kind, then as in the file", rows: { _ in [] }, columns: topologyLinkColumns),
    Table(
      "topology_paths", rowMeaning: "ordered pair of GPUs, or of GPU and network device",
      order: "file, source, target", rows: { _ in [] }, columns: topologyPathColumns),
    Table(
      "topology_channels", rowMeaning: "channel of a graph file",
      order: "file, then as in the file", rows: { _ in [] }, columns: topologyChannelColumns),
  ]

  static let topologyPartColumns: [Definition<TopologyRows.Part>] = [
    .text("file", "topology file") { $0.file },
    .text("part", "NCCL's name, unique in the file: GPU/0-1b000") { $0.part },
    .text("kind", "numa_node, pcie_switch, gpu, net or unknown") { $0.kind },
    .integer("host", "", "host in the file; several only in an NVLink domain") { $0.host },
    .integer("numa_node", "", "NUMA node it hangs under; -1 is unknown to the kernel") { $0.numa },
    .text("parent", "part it hangs under") { $0.parent },
    .text("bus_id", "PCI address") { $0.bus },
    .text("name", "name, processor or architecture") { $0.name },
    .integer("device", "", "NVML index of a GPU, plugin's number of a network device") {
      $0.device
    },
    .integer("rank", "", "rank in the communicator that wrote the file") { $0.rank },
    .text("pcie_speed", "link speed as in the file") { $0.speed },
    .integer("pcie_width", "lanes", "link width as in the file; 0 is not stated") { $0.width },
    .number("pcie_gb_per_s", "GB/s", "PCIe bandwidth to the parent, as NCCL counts it") {
      $0.pcie
    },
    .number("fabric_gb_per_s", "GB/s", "NVLink or xGMI bandwidth of a GPU, in one direction") {
      $0.fabric
    },
    .number("net_gb_per_s", "GB/s", "network bandwidth, as NCCL counts it") { $0.net },
    .boolean("gpu_direct", "whether GPUDirect RDMA is possible") { $0.gdr },
    .text("nearest", "nearest network devices of a GPU, GPUs of a network device") { $0.nearest },
    .text("affinity", "CPU mask of a NUMA node") { $0.affinity },
  ]

  static let topologyLinkColumns: [Definition<TopologyRows.Link>] = [
    .text("file", "topology file") { $0.file },
    .text("source", "part it begins at") { $0.source },
    .text("target", "part it ends at; NVS is the switch fabric") { $0.target },
    .text("kind", "NVLink, xGMI, C2C, PCIe, SYS or NET") { $0.kind },
    .integer("count", "links", "physical links in it") { $0.count },
    .number("gb_per_s", "GB/s", "bandwidth in this direction, as NCCL counts it") {
      $0.bandwidth
    },
  ]

  static let topologyPathColumns: [Definition<TopologyRows.Path>] = [
    .text("file", "topology file") { $0.file },
    .text("source", "part that sends") { $0.source },
    .text("target", "part that receives") { $0.target },
    .text("type", "NCCL's path type: NVL, NVB, C2C, PIX, PXB, P2C, PXN, PHB, SYS, NET") {
      $0.type
    },
    .number("gb_per_s", "GB/s", "bandwidth of the narrowest link; empty when not stated") {
      $0.bandwidth
    },
    .integer("hops", "links", "links passed") { $0.hops },
    .text("relay", "GPU that relays a PXN path") { $0.relay },
  ]

  static let topologyChannelColumns: [Definition<TopologyRows.Channel>] = [
    .text("file", "graph file") { $0.file },
    .integer("graph", "", "0 ring, 1 tree, 2 CollNet chain, 3 NVLS, 4 CollNet direct") {
      $0.graph.id
    },
    .text("algorithm", "what the graph is for") { $0.graph.algorithm },
    .text("pattern", "NCCL's pattern of the search") { $0.graph.patternName },
    .integer("channel", "", "channel, from 0") { $0.channel },
    .text("order", "GPUs and network devices in order") { $0.order },
    .number("intra_gb_per_s", "GB/s", "bandwidth of a channel inside the node") {
      $0.graph.bandwidthIntra
    },
    .number("inter_gb_per_s", "GB/s", "bandwidth of a channel between nodes") {
      $0.graph.bandwidthInter
    },
    .text("intra_type", "worst path type inside the node") { $0.graph.typeIntra },
    .text("inter_type", "worst path type to network devices") { $0.graph.typeInter },
    .boolean("cross_nic", "whether a ring may leave by one device and return by another") {
      $0.graph.isCrossNIC
    },
    .boolean("same_channels", "whether all channels have one order") { $0.graph.hasSameChannels },
  ]
}

/// The rows of the tables of `commlens topology`.
enum TopologyRows {
  struct Part: Sendable {
    var file: String
    var part: String
    var kind: String
    var host: Int?
    var numa: Int?
    var parent: String?
    var bus: String?
    var name: String?
    var device: Int?
    var rank: Int?
    var speed: String?
    var width: Int?
    var pcie: Double?
    var fabric: Double?
    var net: Double?
    var gdr: Bool?
    var nearest: String?
    var affinity: String?
  }

  struct Link: Sendable {
    var file: String
    var source: String
    var target: String
    var kind: String
    var count: Int?
    var bandwidth: Double?
  }

  struct Path: Sendable {
    var file: String
    var source: String
    var target: String
    var type: String
    var bandwidth: Double?
    var hops: Int?
    var relay: String?
  }

  struct Channel: Sendable {
    var file: String
    var graph: ChannelGraph
    var channel: Int
    var order: String
  }

  // MARK: - Parts

  static func parts(_ machine: TopologyMachine) -> [Part] {
    let topology = machine.topology
    return processors(machine) + bridges(machine) + gpus(machine) + nets(machine)
      + topology.others.map { other in
        let processor = topology.processor(of: other.parent)
        return Part(
          file: machine.file,
          part: "PCI/\(topology.processors[processor].host)-"
            + other.bus.logForm,
          kind: "unknown", host: topology.processors[processor].host,
          numa: topology.processors[processor].numa, parent: topology.label(other.parent),
          bus: other.bus.description, name: other.pciClass)
      }
  }

  private static func processors(_ machine: TopologyMachine) -> [Part] {
    machine.topology.processors.enumerated().map { index, processor in
      Part(
        file: machine.file, part: machine.topology.label(processor: index), kind: "numa_node",
        host: processor.host, numa: processor.numa, name: TopologyText.name(of: processor),
        affinity: processor.affinity)
    }
  }

  private static func bridges(_ machine: TopologyMachine) -> [Part] {
    let topology = machine.topology
    return topology.bridges.enumerated().map { index, bridge in
      let processor = topology.processors[topology.processor(of: bridge.parent)]
      return Part(
        file: machine.file, part: topology.label(bridge: index), kind: "pcie_switch",
        host: processor.host, numa: processor.numa, parent: topology.label(bridge.parent),
        bus: bridge.bus.description, speed: bridge.link.speed, width: bridge.link.width,
        pcie: bridge.link.isAssumed ? nil : bridge.link.bandwidth)
    }
  }

  private static func gpus(_ machine: TopologyMachine) -> [Part] {
    let topology = machine.topology
    return topology.gpus.enumerated().map { index, gpu in
      let processor = topology.processors[topology.processor(of: gpu.parent)]
      return Part(
        file: machine.file, part: topology.label(gpu: index), kind: "gpu", host: processor.host,
        numa: processor.numa, parent: topology.label(gpu.parent), bus: gpu.bus.description,
        name: TopologyText.architecture(of: gpu), device: gpu.device, rank: gpu.rank,
        speed: gpu.link.speed, width: gpu.link.width,
        pcie: gpu.link.isAssumed ? nil : gpu.link.bandwidth,
        fabric: machine.fabricBandwidth(ofGPU: index), gdr: gpu.gdr,
        nearest: machine.paths.nearestNets(toGPU: index).map(topology.label(net:))
          .joined(separator: " "))
    }
  }

  private static func nets(_ machine: TopologyMachine) -> [Part] {
    let topology = machine.topology
    return topology.nets.enumerated().map { index, net in
      let adapter = topology.adapters[net.adapter]
      let processor = topology.processors[topology.processor(of: adapter.parent)]
      return Part(
        file: machine.file, part: topology.label(net: index), kind: "net", host: processor.host,
        numa: processor.numa, parent: topology.label(adapter.parent),
        bus: adapter.bus?.description, name: net.name, device: net.device,
        speed: adapter.link?.speed, width: adapter.link?.width,
        pcie: adapter.link.flatMap { $0.isAssumed ? nil : $0.bandwidth },
        net: net.isByClass ? nil : net.bandwidth, gdr: net.gdr,
        nearest: machine.paths.nearestGPUs(toNet: index).map(topology.label(gpu:))
          .joined(separator: " "))
    }
  }

  // MARK: - Links and paths

  static func links(_ machine: TopologyMachine) -> [Link] {
    let topology = machine.topology
    var rows = topology.fabricLinks.map { link in
      let target =
        switch link.target {
        case .gpu(let peer): topology.label(gpu: peer)
        case .fabric: "NVS/0-0"
        case .processor(let index): topology.label(processor: index)
        case .absent(let bus): "GPU/\(topology.host(ofGPU: link.gpu))-\(bus.logForm)"
        }
      return Link(
        file: machine.file, source: topology.label(gpu: link.gpu), target: target,
        kind: link.kind.rawValue, count: link.count, bandwidth: link.bandwidth)
    }
    func pcie(_ part: String, _ parent: Topology.Parent, _ link: Topology.PCILink) {
      rows.append(
        Link(
          file: machine.file, source: part, target: topology.label(parent), kind: "PCIe",
          count: link.width == 0 ? nil : link.width,
          bandwidth: link.isAssumed ? nil : link.bandwidth))
    }
    for (index, bridge) in topology.bridges.enumerated() {
      pcie(topology.label(bridge: index), bridge.parent, bridge.link)
    }
    for (index, gpu) in topology.gpus.enumerated() {
      pcie(topology.label(gpu: index), gpu.parent, gpu.link)
    }
    for (index, adapter) in topology.adapters.enumerated() {
      if let link = adapter.link { pcie(topology.label(adapter: index), adapter.parent, link) }
    }
    for (index, processor) in topology.processors.enumerated() {
      for (peer, other) in topology.processors.enumerated()
      where peer != index && other.host == processor.host {
        rows.append(
          Link(
            file: machine.file, source: topology.label(processor: index),
            target: topology.label(processor: peer), kind: "SYS",
            bandwidth: TopologyText.betweenProcessors(processor)))
      }
    }
    for (index, net) in topology.nets.enumerated() where net.device != nil {
      rows.append(
        Link(
          file: machine.file, source: topology.label(adapter: net.adapter),
          target: topology.label(net: index), kind: "NET", bandwidth: net.bandwidth))
    }
    return rows
  }

  static func paths(_ machine: TopologyMachine) -> [Path] {
    let topology = machine.topology
    let gpus = topology.gpus.indices.map(topology.label(gpu:))
    let nets = topology.nets.indices.map(topology.label(net:))
    func row(_ source: String, _ target: String, _ path: TopologyPath) -> Path {
      Path(
        file: machine.file, source: source, target: target,
        type: path.type.name(in: topology.dialect), bandwidth: path.bandwidth,
        hops: path.type >= .net ? nil : path.hops, relay: path.relayGPU.map { gpus[$0] })
    }
    var rows: [Path] = []
    for (gpu, name) in gpus.enumerated() {
      for (peer, other) in gpus.enumerated() where peer != gpu {
        rows.append(row(name, other, machine.paths.gpuToGPU[gpu][peer]))
      }
      for (net, other) in nets.enumerated() {
        rows.append(row(name, other, machine.paths.gpuToNet[gpu][net]))
      }
    }
    for (net, name) in nets.enumerated() {
      for (gpu, other) in gpus.enumerated() {
        rows.append(row(name, other, machine.paths.netToGPU[net][gpu]))
      }
    }
    return rows
  }

  static func channels(_ file: String, _ graphs: ChannelGraphs) -> [Channel] {
    graphs.graphs.flatMap { graph in
      graph.channels.enumerated().map { index, channel in
        Channel(
          file: file, graph: graph, channel: index, order: TopologyText.order(of: channel))
      }
    }
  }
}
