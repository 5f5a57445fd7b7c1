// SPDX-License-Identifier: Apache-2.0

/// Turns the elements of a topology file into values, by the rules of NCCL's src/graph/topo.cc.
///
/// Where NCCL would look at the machine (a vendor's file with bus addresses only), the value is left
/// open and a note says so. Where NCCL would refuse, so does this.
struct TopologyReader {
  private let elements: [XMLElement]
  private let file: String
  private var topology: Topology
  /// What an element became.
  private enum Place { case root, parent(Topology.Parent), gpu(Int), adapter(Int), ignored }
  private var places: [Place] = []
  /// Per element: which children decide what a PCI function is.
  private struct Children { var gpu = false, nic = false, pci = false }
  private var children: [Children]
  /// The adapter of each host's virtual devices: they are one to NCCL, wherever the file has them.
  private var virtualAdapters: [Int: Int] = [:]
  private var adaptersByBus: [HostBus: Int] = [:]
  private var gpusByBus: [HostBus: Int] = [:]
  private var netKeys: Set<HostBus> = []
  private var tally = Tally()

  private struct HostBus: Hashable {
    var host: Int
    var value: UInt64
  }

  /// Counts of what deserves a note.
  private struct Tally {
    var ignored: [String: Int] = [:]
    var doubledNets = 0
    var netsWithoutDevice = 0
    var gpusByClass = 0
    var netsByClass = 0
    var unknownDevices = 0
    var doubledBus: [BusID] = []
    var absentTargets = 0
    var unknownSpeeds: [String] = []
    var assumedLinks = 0
    var oneWayLinks = 0
    var unrankedGPUs = 0
  }

  /// NCCL's `NCCL_TOPO_MAX_NODES` (src/include/graph.h), per kind of node.
  static let maximumNodes = 576
  /// All NUMA nodes of a host are linked with each other, so their number is kept small.
  static let maximumProcessorsPerHost = 128

  /// Reads a topology.
  ///
  /// - Complexity: O(elements).
  static func read(_ elements: [XMLElement], file: String) throws(TopologyError) -> Topology {
    var reader = try TopologyReader(elements, file: file)
    try reader.readTree()
    try reader.readLinks()
    reader.addNotes()
    return reader.topology
  }

  private init(_ elements: [XMLElement], file: String) throws(TopologyError) {
    self.elements = elements
    self.file = file
    let root = elements[0]
    let version = try root.required("version", in: 0...Int(Int32.max), file: file)
    guard version == 1 || version == 2 else {
      throw .malformed(
        file, line: root.line, "<system> has version \(version)",
        "commlens knows version 1 (NCCL) and 2 (RCCL)")
    }
    topology = Topology(
      dialect: version == 2 ? .rccl : .nccl, version: version, name: root["name"])
    children = [Children](repeating: Children(), count: elements.count)
    for element in elements {
      guard let parent = element.parent else { continue }
      switch element.name {
      case "gpu": children[parent].gpu = true
      case "nic": children[parent].nic = true
      case "pci": children[parent].pci = true
      default: break
      }
    }
  }

  // MARK: - The PCI tree

  private mutating func readTree() throws(TopologyError) {
    places.reserveCapacity(elements.count)
    for (index, element) in elements.enumerated() {
      let parent = element.parent.map { places[$0] }
      places.append(try place(element, index, under: parent))
    }
    guard !topology.processors.isEmpty else {
      let child = elements.dropFirst().first
      let found = child.map { "holds no <cpu>, but <\($0.shownName)> in line \($0.line)" }
      throw .malformed(
        file, line: elements[0].line, "<system> \(found ?? "is empty")",
        "it is no topology of NCCL, whose outermost elements are <cpu>; name the machine's own file"
      )
    }
    try check("GPUs", topology.gpus.count)
    try check("network devices", topology.nets.count)
    try check("PCI switches", topology.bridges.count)
    try check("NUMA nodes", topology.processors.count)
    for host in topology.hosts.indices {
      let nodes = topology.processors.count { $0.host == host }
      guard nodes <= Self.maximumProcessorsPerHost else {
        throw .malformed(
          file, line: nil, "holds \(nodes) NUMA nodes of one host",
          "commlens reads at most \(Self.maximumProcessorsPerHost)")
      }
    }
  }

  private func check(_ name: String, _ count: Int) throws(TopologyError) {
    guard count <= Self.maximumNodes else {
      throw .malformed(
        file, line: nil, "holds \(count) \(name)",
        "NCCL reads at most \(Self.maximumNodes); check that this is the file of one machine")
    }
  }

  private mutating func place(
    _ element: XMLElement, _ index: Int, under parent: Place?
  ) throws(TopologyError) -> Place {
    guard let parent else { return .root }
    switch (parent, element.name) {
    case (.root, "cpu"): return .parent(try addProcessor(element))
    case (.parent(let place), "pci"): return try addPCI(element, index, under: place)
    case (.parent(let place), "nic"):
      guard case .processor(let processor) = place else { return ignore(element) }
      return .adapter(virtualAdapter(of: processor, line: element.line))
    case (.parent(.bridge), "pcilink"): return .ignored
    // The second pass reads links.
    case (.gpu, "nvlink"), (.gpu, "xgmi"), (.gpu, "c2c"): return .ignored
    // A device and its own `<gpu>` or `<nic>` share one place.
    case (.gpu(let gpu), "gpu"): return .gpu(try addDetails(element, of: gpu))
    case (.adapter(let adapter), "nic"): return .adapter(adapter)
    case (.adapter(let adapter), "net"):
      try addNet(element, to: adapter)
      return .ignored
    default: return ignore(element)
    }
  }

  private mutating func ignore(_ element: XMLElement) -> Place {
    tally.ignored[element.shownName, default: 0] += 1
    return .ignored
  }

  private mutating func addProcessor(
    _ element: XMLElement
  ) throws(TopologyError) -> Topology.Parent {
    var hash: UInt64 = 0
    if let text = element["host_hash"] {
      let digits = text.hasPrefix("0x") ? text.dropFirst(2) : Substring(text)
      guard let value = UInt64(digits, radix: 16) else {
        throw element.invalid("host_hash", text, "a hexadecimal number of 64 bits", file)
      }
      hash = value
    }
    let host = topology.hosts.firstIndex(of: hash) ?? topology.hosts.count
    if host == topology.hosts.count { topology.hosts.append(hash) }
    let processor = Topology.Processor(
      host: host,
      numa: try element.required("numaid", in: -1...65_535, file: file),
      affinity: element["affinity"], architecture: element["arch"], vendor: element["vendor"],
      family: try element.integer("familyid", in: -1...Int(Int32.max), file: file),
      model: try element.integer("modelid", in: -1...Int(Int32.max), file: file),
      line: element.line)
    topology.processors.append(processor)
    return .processor(topology.processors.count - 1)
  }

  private func host(of parent: Topology.Parent) -> Int {
    topology.processors[topology.processor(of: parent)].host
  }

  private mutating func addPCI(
    _ element: XMLElement, _ index: Int, under parent: Topology.Parent
  ) throws(TopologyError) -> Place {
    let bus = try element.bus("busid", file: file)
    let pciClass = element["class"] ?? ""
    let own = children[index]
    if own.gpu { return try addGPU(element, bus, under: parent, isByClass: false) }
    if own.nic || pciClass.hasPrefix("0x02") {
      return .adapter(try addAdapter(element, bus, under: parent, isByClass: !own.nic))
    }
    if own.pci || pciClass.hasPrefix("0x0604") || pciClass.hasPrefix("0x0801") {
      topology.bridges.append(
        Topology.Bridge(
          bus: bus, parent: parent, link: try link(element), device: try deviceID(element),
          line: element.line))
      return .parent(.bridge(topology.bridges.count - 1))
    }
    if pciClass.hasPrefix("0x03") || pciClass.hasPrefix("0x12") {
      return try addGPU(element, bus, under: parent, isByClass: true)
    }
    tally.unknownDevices += 1
    topology.others.append(
      Topology.OtherDevice(
        bus: bus, parent: parent, pciClass: element["class"], line: element.line))
    return .ignored
  }

  private mutating func link(_ element: XMLElement) throws(TopologyError) -> Topology.PCILink {
    let width = try element.integer("link_width", in: 0...1024, file: file)
    let speed = element["link_speed"]
    let isAssumed = speed == nil && width == nil
    if isAssumed { tally.assumedLinks += 1 }
    if let speed, !speed.isEmpty, !LinkRates.knowsPCI(speed: speed),
      !tally.unknownSpeeds.contains(speed), tally.unknownSpeeds.count < 4
    {
      tally.unknownSpeeds.append(speed)
    }
    return Topology.PCILink(
      speed: speed, width: width, bandwidth: LinkRates.pci(speed: speed, width: width),
      isAssumed: isAssumed)
  }

  private func deviceID(_ element: XMLElement) throws(TopologyError) -> UInt64 {
    var result: UInt64 = 0
    for name in ["vendor", "device", "subsystem_vendor", "subsystem_device"] {
      let part = try element.integer(name, in: 0...0xFFFF, file: file) ?? 0
      result = result << 16 | UInt64(part)
    }
    return result
  }

  // MARK: - Devices

  private mutating func addGPU(
    _ element: XMLElement, _ bus: BusID, under parent: Topology.Parent, isByClass: Bool
  ) throws(TopologyError) -> Place {
    topology.gpus.append(
      Topology.GPU(
        bus: bus, parent: parent, link: try link(element), isByClass: isByClass,
        line: element.line))
    let index = topology.gpus.count - 1
    let key = HostBus(host: host(of: parent), value: bus.rawValue)
    if gpusByBus[key] == nil { gpusByBus[key] = index } else { tally.doubledBus.append(bus) }
    if isByClass { tally.gpusByClass += 1 }
    return .gpu(index)
  }

  /// Fills in what `<gpu>` says; a second one under the same function is a further partition.
  private mutating func addDetails(
    _ element: XMLElement, of first: Int
  ) throws(TopologyError) -> Int {
    var index = first
    if topology.gpus[first].isDetailed {
      topology.gpus.append(topology.gpus[first])
      index = topology.gpus.count - 1
    }
    let numbers = 0...Int(Int32.max)
    topology.gpus[index].isDetailed = true
    topology.gpus[index].line = element.line
    topology.gpus[index].device = try element.integer("dev", in: numbers, file: file)
    topology.gpus[index].rank = try element.integer("rank", in: -1...Int(Int32.max), file: file)
    topology.gpus[index].gdr = try element.flag("gdr", file: file)
    topology.gpus[index].partition = try element.integer("mlopart", in: -1...1, file: file)
    let multiprocessors = try element.integer("sm", in: numbers, file: file)
    if let gcn = element["gcn"] {
      // RCCL's older files have the number alone; src/misc/archinfo.cc names the same five.
      let names = [
        "906": "gfx906", "908": "gfx908", "910": "gfx90a", "940": "gfx940", "941": "gfx941",
      ]
      topology.gpus[index].gcnArchitecture = names[gcn] ?? gcn
      topology.gpus[index].computeUnits = multiprocessors
    } else {
      topology.gpus[index].computeCapability = multiprocessors
    }
    if topology.gpus[index].rank == nil { tally.unrankedGPUs += 1 }
    return index
  }

  private mutating func addAdapter(
    _ element: XMLElement, _ bus: BusID, under parent: Topology.Parent, isByClass: Bool
  ) throws(TopologyError) -> Int {
    // Ports of one card that share an address are one card to NCCL.
    let key = HostBus(host: host(of: parent), value: bus.rawValue)
    if let known = adaptersByBus[key] { return known }
    topology.adapters.append(
      Topology.Adapter(bus: bus, parent: parent, link: try link(element), line: element.line))
    let index = topology.adapters.count - 1
    adaptersByBus[key] = index
    if isByClass {
      tally.netsByClass += 1
      topology.nets.append(
        Topology.Net(
          adapter: index, isCollNet: false, bandwidth: LinkRates.net(megabits: nil),
          isByClass: true, line: element.line))
    }
    return index
  }

  private mutating func virtualAdapter(of processor: Int, line: Int) -> Int {
    let host = topology.processors[processor].host
    if let known = virtualAdapters[host] { return known }
    topology.adapters.append(
      Topology.Adapter(bus: nil, parent: .processor(processor), link: nil, line: line))
    virtualAdapters[host] = topology.adapters.count - 1
    return topology.adapters.count - 1
  }

  private mutating func addNet(
    _ element: XMLElement, to adapter: Int
  ) throws(TopologyError) {
    let numbers = 0...Int(Int32.max)
    guard let device = try element.integer("dev", in: numbers, file: file) else {
      tally.netsWithoutDevice += 1
      return
    }
    // Other capabilities of the same device (GIN, RMA) are no network device to channels.
    if try element.flag("net", file: file) == false { return }
    let host = host(of: topology.adapters[adapter].parent)
    guard netKeys.insert(HostBus(host: host, value: UInt64(device))).inserted else {
      tally.doubledNets += 1
      return
    }
    let speed = try element.integer("speed", in: -1...Int(Int32.max), file: file)
    topology.nets.append(
      Topology.Net(
        adapter: adapter, name: element["name"], device: device, speedMegabits: speed,
        latency: try element.number("latency", file: file),
        port: try element.integer("port", in: -1...Int(Int32.max), file: file),
        guid: element["guid"],
        maximumConnections: try element.integer("maxconn", in: numbers, file: file),
        gdr: try element.flag("gdr", file: file),
        isCollNet: try element.flag("coll", file: file) ?? false,
        rail: try element.integer("rail", in: -1...Int(Int32.max), file: file),
        plane: try element.integer("plane", in: -1...Int(Int32.max), file: file),
        bandwidth: LinkRates.net(megabits: speed), isByClass: false, line: element.line))
  }

  // MARK: - Links

  private mutating func readLinks() throws(TopologyError) {
    var bridgesByBus: [HostBus: Int] = [:]
    for (index, bridge) in topology.bridges.enumerated() {
      let key = HostBus(host: host(of: bridge.parent), value: bridge.bus.rawValue)
      if bridgesByBus[key] == nil { bridgesByBus[key] = index }
    }
    for element in elements {
      guard let parent = element.parent else { continue }
      switch (places[parent], element.name) {
      case (.gpu(let gpu), "nvlink"), (.gpu(let gpu), "xgmi"):
        try addFabricLink(element, from: gpu)
      case (.gpu(let gpu), "c2c"): try addC2C(element, from: gpu)
      case (.parent(.bridge(let source)), "pcilink"):
        let bus = try element.bus("target", file: file)
        let key = HostBus(host: host(of: .bridge(source)), value: bus.rawValue)
        guard let target = bridgesByBus[key] else {
          tally.absentTargets += 1
          continue
        }
        topology.bridgeLinks.append(Topology.BridgeLink(source: source, target: target))
      default: break
      }
    }
    countOneWayLinks()
  }

  private mutating func addFabricLink(
    _ element: XMLElement, from index: Int
  ) throws(TopologyError) {
    let gpu = topology.gpus[index]
    let count = try element.required("count", in: 0...4096, file: file)
    let targetClass = try element.required("tclass", file: file)
    let isXGMI = element.name == "xgmi"
    let rate =
      isXGMI
      ? LinkRates.xgmi(gcnArchitecture: gpu.gcnArchitecture)
      : LinkRates.nvlink(computeCapability: gpu.computeCapability)
    let target: Topology.FabricLink.Target
    if targetClass.hasPrefix("0x03") || targetClass.hasPrefix("0x12") {
      let bus = try element.bus("target", file: file)
      let key = HostBus(host: topology.host(ofGPU: index), value: bus.rawValue)
      if let peer = gpusByBus[key] {
        target = .gpu(peer)
      } else {
        target = .absent(bus)
        tally.absentTargets += 1
      }
    } else if targetClass.hasPrefix("0x068001") {
      target = .processor(topology.processor(of: gpu.parent))
    } else {
      target = .fabric
    }
    topology.fabricLinks.append(
      Topology.FabricLink(
        gpu: index, kind: isXGMI ? .xgmi : .nvlink, target: target, count: count,
        bandwidth: Double(count) * rate, line: element.line))
  }

  private mutating func addC2C(_ element: XMLElement, from gpu: Int) throws(TopologyError) {
    let count = try element.required("count", in: 0...4096, file: file)
    let rate = try element.required("bw", in: 0...Int(Int32.max), file: file)
    topology.fabricLinks.append(
      Topology.FabricLink(
        gpu: gpu, kind: .c2c, target: .processor(topology.processor(of: topology.gpus[gpu].parent)),
        count: count, bandwidth: Double(count) * Double(rate) / 1000, line: element.line))
  }

  private mutating func countOneWayLinks() {
    struct Pair: Hashable { var from: Int, to: Int }
    var pairs: Set<Pair> = []
    for link in topology.fabricLinks {
      if case .gpu(let peer) = link.target { pairs.insert(Pair(from: link.gpu, to: peer)) }
    }
    tally.oneWayLinks = pairs.count { !pairs.contains(Pair(from: $0.to, to: $0.from)) }
  }

  // MARK: - Notes

  private mutating func addNotes() {
    func plural(_ count: Int, _ noun: String) -> String {
      "\(count) \(noun)\(count == 1 ? "" : "s")"
    }
    var notes: [String] = []
    if tally.gpusByClass > 0 {
      notes.append(
        "\(plural(tally.gpusByClass, "GPU")) known by PCI class alone: index, rank and NVLink are "
          + "what NCCL finds on the machine, and paths here are those of PCI.")
    }
    if tally.netsByClass > 0 {
      notes.append(
        "\(plural(tally.netsByClass, "network card")) known by PCI class alone: name and speed are "
          + "what NCCL finds on the machine.")
    }
    if tally.unknownDevices > 0 {
      notes.append(
        "\(plural(tally.unknownDevices, "PCI device")) of unknown kind: the file gives addresses, "
          + "and NCCL looks up on the machine what they are.")
    }
    if tally.assumedLinks > 0 {
      notes.append(
        "\(plural(tally.assumedLinks, "PCI link")) without speed and width: bandwidths over "
          + "\(tally.assumedLinks == 1 ? "it" : "them") are not known.")
    }
    for speed in tally.unknownSpeeds {
      notes.append(
        "link_speed `\(ConfigurationText.printable(speed))` is no text NCCL knows; it counts as "
          + "8 GT/s.")
    }
    if topology.gpus.count > 1, tally.gpusByClass == 0, !topology.hasFabric {
      notes.append(
        "No NVLink or xGMI in the file; NCCL looks for it on the machine, and paths between GPUs "
          + "are then better than here.")
    }
    if topology.gpus.isEmpty { notes.append("No GPU in the file.") }
    if tally.unrankedGPUs > 0 {
      notes.append(
        "\(plural(tally.unrankedGPUs, "GPU")) without a rank: NCCL leaves out what has none.")
    }
    if tally.doubledNets > 0 {
      notes.append(
        "\(plural(tally.doubledNets, "network device")) listed again under another NUMA node: NCCL "
          + "reaches the first of each number only, and so do the tables.")
    }
    if tally.netsWithoutDevice > 0 {
      notes.append("\(plural(tally.netsWithoutDevice, "net")) without a device number left out.")
    }
    if let bus = tally.doubledBus.first {
      notes.append("GPU address \(bus) appears more than once; links lead to the first.")
    }
    if tally.absentTargets > 0 {
      notes.append(
        "\(plural(tally.absentTargets, "link")) to devices that the file does not hold, as after "
          + "NCCL trimmed it to one communicator.")
    }
    if tally.oneWayLinks > 0 {
      notes.append(
        "\(plural(tally.oneWayLinks, "link")) between GPUs listed in one direction only: NCCL "
          + "refuses such a file, and no path here uses them.")
    }
    for (name, count) in tally.ignored.sorted(by: { $0.key < $1.key }).prefix(8) {
      notes.append("\(count) <\(name)> passed over, as NCCL does.")
    }
    topology.notes = notes
  }
}
