// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// Words for topologies and graphs, shared by the text and the figure.
enum TopologyText {
  /// A titled table for a person.
  struct Grid {
    var title: String
    var header: [String]
    var alignments: [TextTable.Alignment]
    var rows: [[String]]
    var remarks: [String] = []
  }

  /// What is said about one file.
  struct Section {
    var title: String
    var paragraphs: [String] = []
    var grids: [Grid] = []
    var notes: [String] = []
  }

  /// Most columns of a path table on a terminal; the CSV has all.
  private static let shownColumns = 24
  /// Most channels of a graph that are listed.
  private static let shownChannels = 32

  // MARK: - Names

  /// Writes a bandwidth, `48 GB/s`; `-` when it is not known.
  static func bandwidth(_ value: Double?) -> String {
    value.map { "\(Quantity.fixed($0, places: 2, isTrimmed: true)) GB/s" } ?? "-"
  }

  static func name(of processor: Topology.Processor) -> String? {
    let vendor =
      switch processor.vendor {
      case "GenuineIntel": "Intel"
      case "AuthenticAMD": "AMD"
      case "CentaurHauls", "  Shanghai  ": "Zhaoxin"
      case let other: other
      }
    let parts = [vendor, processor.architecture].compactMap(\.self).filter { !$0.isEmpty }
    return parts.isEmpty ? nil : parts.joined(separator: " ")
  }

  /// `sm_90`, `gfx942`.
  static func architecture(of gpu: Topology.GPU) -> String? {
    if let gcn = gpu.gcnArchitecture { return gcn }
    return gpu.computeCapability.map { "sm_\($0)" }
  }

  /// What people call a GPU on this machine: its index, else its bus address.
  static func shortName(ofGPU index: Int, in topology: Topology) -> String {
    let gpu = topology.gpus[index]
    let prefix = topology.hosts.count > 1 ? "\(topology.host(ofGPU: index))." : ""
    guard let device = gpu.device else { return prefix + shortBus(gpu.bus) }
    return prefix + "\(device)" + (gpu.partition.map { $0 < 0 ? "" : ".\($0)" } ?? "")
  }

  /// GPUs by host and index; those without an index last, by bus address.
  static func orderedGPUs(_ topology: Topology) -> [Int] {
    topology.gpus.indices.sorted { a, b in
      let (x, y) = (topology.gpus[a], topology.gpus[b])
      let (first, second) = (topology.host(ofGPU: a), topology.host(ofGPU: b))
      if first != second { return first < second }
      let (left, right) = (x.device ?? .max, y.device ?? .max)
      if left != right { return left < right }
      return x.bus == y.bus ? a < b : x.bus < y.bus
    }
  }

  /// What people call a network device: its name, else its number or bus address.
  static func shortName(ofNet index: Int, in topology: Topology) -> String {
    let net = topology.nets[index]
    if let name = net.name, !name.isEmpty { return name }
    if let device = net.device { return "net \(device)" }
    return topology.adapters[net.adapter].bus.map(shortBus) ?? "net"
  }

  /// A bus address without a domain of 0.
  static func shortBus(_ bus: BusID) -> String {
    let text = bus.description
    return text.hasPrefix("0000:") ? String(text.dropFirst(5)) : text
  }

  /// The bandwidth between NUMA nodes; `nil` when the processor is not known.
  static func betweenProcessors(_ processor: Topology.Processor) -> Double? {
    let value = LinkRates.betweenProcessors(processor)
    return value < LinkRates.local ? value : nil
  }

  static func order(of channel: ChannelGraph.Channel) -> String {
    channel.members.map { member in
      let system = member.system == 0 ? "" : "\(member.system)."
      return "\(member.kind.rawValue) \(system)\(member.device)"
    }.joined(separator: " > ")
  }

  // MARK: - One sentence

  /// What a machine has, in one line.
  static func summary(of machine: TopologyMachine) -> String {
    let topology = machine.topology
    var parts: [String] = []
    if topology.hosts.count > 1 { parts.append("\(topology.hosts.count) hosts") }
    parts.append(Quantity.counted(topology.processors.count, "NUMA node"))
    let architectures = Set(topology.gpus.compactMap(architecture)).sorted()
    let kind = architectures.isEmpty ? "" : " (\(architectures.joined(separator: ", ")))"
    parts.append(Quantity.counted(topology.gpus.count, "GPU") + kind)
    parts.append(Quantity.counted(topology.nets.count, "network device"))
    parts.append(Quantity.counted(topology.bridges.count, "PCIe switch", "PCIe switches"))
    if !topology.others.isEmpty {
      parts.append(Quantity.counted(topology.others.count, "unknown PCI device"))
    }
    return parts.joined(separator: ", ")
  }

  /// How the GPUs are linked beside PCIe, one sentence per kind of link.
  static func fabric(of topology: Topology) -> [String] {
    struct Kind: Hashable { var name: String, count: Int, bandwidth: Double, target: String }
    var gpus: [Kind: Set<Int>] = [:]
    var order: [Kind] = []
    var perGPU: [Int: [Kind]] = [:]
    for (gpu, links) in Dictionary(grouping: topology.fabricLinks, by: \.gpu) {
      for (name, own) in Dictionary(grouping: links, by: { $0.kind.rawValue }) {
        let isSwitched = own.contains { $0.target == .fabric }
        let toCPU = own.contains {
          if case .processor = $0.target { true } else { false }
        }
        let target =
          isSwitched ? "the NVSwitch fabric" : toCPU ? "the CPU" : "\(own.count) other GPUs"
        perGPU[gpu, default: []].append(
          Kind(
            name: name, count: own.reduce(0) { $0 + $1.count },
            bandwidth: own.reduce(0) { $0 + $1.bandwidth }, target: target))
      }
    }
    for gpu in perGPU.keys.sorted() {
      for kind in (perGPU[gpu] ?? []).sorted(by: { $0.name < $1.name }) {
        if gpus[kind] == nil { order.append(kind) }
        gpus[kind, default: []].insert(gpu)
      }
    }
    return order.prefix(8).map { kind in
      let members = gpus[kind]?.count ?? 0
      let all = members == topology.gpus.count
      let target = kind.target == "1 other GPUs" ? "one other GPU" : kind.target
      let source = all ? "every GPU" : members == 1 ? "one GPU" : "each of \(members) GPUs"
      return "\(kind.name): \(Quantity.counted(kind.count, "link")) from \(source) to \(target), "
        + "\(bandwidth(kind.bandwidth)) in each direction"
    }
  }

  // MARK: - Sections

  static func section(_ machine: TopologyMachine) -> Section {
    let topology = machine.topology
    var section = Section(title: "Topology \(machine.file) (\(topology.dialect.rawValue))")
    if let name = topology.name { section.title += ": \(name)" }
    section.paragraphs = [summary(of: machine)] + fabric(of: topology)
    section.grids = [processors(machine)]
    if !topology.bridges.isEmpty { section.grids.append(bridges(topology)) }
    if !topology.gpus.isEmpty { section.grids.append(gpus(machine)) }
    if !topology.nets.isEmpty { section.grids.append(nets(machine)) }
    if topology.gpus.count > 1 { section.grids.append(gpuPaths(machine)) }
    if !topology.gpus.isEmpty, !topology.nets.isEmpty { section.grids.append(netPaths(machine)) }
    section.notes = topology.notes
    return section
  }

  private static func processors(_ machine: TopologyMachine) -> Grid {
    let topology = machine.topology
    let rows = topology.processors.enumerated().map { index, processor in
      [
        topology.label(processor: index), name(of: processor) ?? "-",
        processor.affinity ?? "-",
        "\(topology.gpus.count { topology.processor(of: $0.parent) == index })",
        "\(topology.nets.count { topology.processor(of: topology.adapters[$0.adapter].parent) == index })",
        topology.processors.count > 1 ? bandwidth(betweenProcessors(processor)) : "-",
      ]
    }
    return Grid(
      title: "NUMA nodes", header: ["node", "processor", "affinity", "GPUs", "NICs", "to others"],
      alignments: [.left, .left, .left, .right, .right, .right], rows: rows)
  }

  private static func bridges(_ topology: Topology) -> Grid {
    Grid(
      title: "PCIe switches", header: ["switch", "bus", "under", "link", "bandwidth"],
      alignments: [.left, .left, .left, .left, .right],
      rows: topology.bridges.enumerated().map { index, bridge in
        [
          topology.label(bridge: index), bridge.bus.description, topology.label(bridge.parent),
          link(bridge.link), bandwidth(bridge.link.isAssumed ? nil : bridge.link.bandwidth),
        ]
      })
  }

  private static func link(_ link: Topology.PCILink) -> String {
    let speed = link.speed.flatMap { $0.isEmpty ? nil : $0 }
    let width = link.width.flatMap { $0 == 0 ? nil : "x\($0)" }
    let parts = [speed, width].compactMap(\.self)
    return parts.isEmpty ? "-" : parts.joined(separator: " ")
  }

  private static func gpus(_ machine: TopologyMachine) -> Grid {
    let topology = machine.topology
    return Grid(
      title: "GPUs",
      header: [
        "gpu", "index", "rank", "bus", "kind", "under", "PCIe", "NVLink, xGMI", "nearest NICs",
      ],
      alignments: [.left, .right, .right, .left, .left, .left, .right, .right, .left],
      rows: topology.gpus.enumerated().map { index, gpu in
        let nearest = machine.paths.nearestNets(toGPU: index)
        let names = nearest.prefix(3).map { shortName(ofNet: $0, in: topology) }
        let more = nearest.count > 3 ? " +\(nearest.count - 3)" : ""
        return [
          topology.label(gpu: index), gpu.device.map(String.init) ?? "-",
          gpu.rank.map(String.init) ?? "-", gpu.bus.description, architecture(of: gpu) ?? "-",
          topology.label(gpu.parent), bandwidth(gpu.link.isAssumed ? nil : gpu.link.bandwidth),
          bandwidth(machine.fabricBandwidth(ofGPU: index)),
          names.isEmpty ? "-" : names.joined(separator: " ") + more,
        ]
      })
  }

  private static func nets(_ machine: TopologyMachine) -> Grid {
    let topology = machine.topology
    return Grid(
      title: "Network devices",
      header: ["net", "name", "bus", "under", "PCIe", "network", "GPUDirect", "nearest GPUs"],
      alignments: [.left, .left, .left, .left, .right, .right, .left, .left],
      rows: topology.nets.enumerated().map { index, net in
        let adapter = topology.adapters[net.adapter]
        let nearest = machine.paths.nearestGPUs(toNet: index)
        let names = nearest.prefix(4).map { shortName(ofGPU: $0, in: topology) }
        let more = nearest.count > 4 ? " +\(nearest.count - 4)" : ""
        return [
          topology.label(net: index), net.name ?? "-", adapter.bus?.description ?? "virtual",
          topology.label(adapter.parent),
          bandwidth(adapter.link.flatMap { $0.isAssumed ? nil : $0.bandwidth }),
          bandwidth(net.isByClass ? nil : net.bandwidth),
          net.gdr.map { $0 ? "yes" : "no" } ?? "-",
          names.isEmpty ? "-" : names.joined(separator: " ") + more,
        ]
      })
  }

  private static func cell(_ path: TopologyPath, _ dialect: Topology.Dialect) -> String {
    guard let value = path.bandwidth, path.type != .local else {
      return path.type.name(in: dialect)
    }
    return "\(path.type.name(in: dialect)) \(Quantity.fixed(value, places: 1, isTrimmed: true))"
  }

  private static func gpuPaths(_ machine: TopologyMachine) -> Grid {
    let order = orderedGPUs(machine.topology)
    let names = order.map { shortName(ofGPU: $0, in: machine.topology) }
    return matrix(
      "Paths from GPU to GPU (type, GB/s)", machine, rows: names, columns: names,
      order.map { gpu in order.map { machine.paths.gpuToGPU[gpu][$0] } }, corner: "gpu")
  }

  private static func netPaths(_ machine: TopologyMachine) -> Grid {
    let topology = machine.topology
    let order = orderedGPUs(topology)
    return matrix(
      "Paths from GPU to network device (type, GB/s)", machine,
      rows: order.map { shortName(ofGPU: $0, in: topology) },
      columns: topology.nets.indices.map { net in
        let name = shortName(ofNet: net, in: topology)
        return name.utf8.count <= 9 ? name : topology.label(net: net)
      }, order.map { machine.paths.gpuToNet[$0] }, corner: "gpu")
  }

  private static func matrix(
    _ title: String, _ machine: TopologyMachine, rows: [String], columns: [String],
    _ paths: [[TopologyPath]], corner: String
  ) -> Grid {
    let shown = columns.prefix(shownColumns)
    let used = Set(paths.joined().map(\.type)).subtracting([.local]).sorted()
    var grid = Grid(
      title: title, header: [corner] + shown,
      alignments: [.right] + shown.map { _ in .left },
      rows: zip(rows, paths).map { name, row in
        [name] + row.prefix(shown.count).map { cell($0, machine.topology.dialect) }
      })
    grid.remarks = [
      used.map {
        "\($0.name(in: machine.topology.dialect)): \($0.meaning(in: machine.topology.dialect))"
      }
      .joined(separator: "; ")
    ]
    if columns.count > shown.count {
      grid.remarks.append(
        "\(columns.count - shown.count) more columns are in topology_paths.csv (-o).")
    }
    return grid
  }

  static func section(_ file: String, _ content: ChannelGraphs) -> Section {
    var section = Section(title: "Graphs \(file)")
    for graph in content.graphs {
      var facts = [
        Quantity.counted(graph.channelCount, "channel"), "pattern \(graph.patternName)",
        "\(bandwidth(graph.bandwidthIntra)) a channel inside the node (\(graph.typeIntra ?? "-"))",
        "\(bandwidth(graph.bandwidthInter)) between nodes (\(graph.typeInter ?? "-"))",
      ]
      if graph.isCrossNIC { facts.append("crosses NICs") }
      // Channels of one order are one row.
      var orders: [(order: String, channels: [Int])] = []
      var places: [String: Int] = [:]
      for (index, channel) in graph.channels.enumerated() {
        let text = order(of: channel)
        if let place = places[text] {
          orders[place].channels.append(index)
        } else {
          places[text] = orders.count
          orders.append((text, [index]))
        }
      }
      var grid = Grid(
        title: "\(graph.algorithm): " + facts.joined(separator: ", "),
        header: ["channels", "order"], alignments: [.left, .left],
        rows: orders.prefix(shownChannels).map { [RankList.text($0.channels), $0.order] })
      if orders.count > shownChannels {
        grid.remarks = ["\(orders.count - shownChannels) more orders are in topology_channels.csv."]
      }
      section.grids.append(grid)
    }
    section.paragraphs = [
      "\(Quantity.counted(content.graphs.count, "graph")); a ring goes on from the last GPU to the "
        + "first one, or to the network."
    ]
    section.notes = content.notes
    return section
  }
}
