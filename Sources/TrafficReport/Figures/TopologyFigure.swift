// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// Draws `topology.svg`: one machine, as boxes in boxes, and its paths as a matrix.
///
/// What hangs under something is drawn inside it, so PCIe needs no lines; all that is linked by
/// NVSwitch stands on one bar; links between single GPUs are counted in the matrix.
enum TopologyFigure {
  /// Returns the bytes of the figure.
  ///
  /// - Complexity: O(parts + pairs), pairs as runs when there are many.
  static func svg(_ machine: TopologyMachine) -> [UInt8] {
    let topology = machine.topology
    let facts = TopologyText.fabric(of: topology)
    var figure = Figure(
      slug: "topology",
      title: TextMetrics.fitted(
        "Topology of \(machine.file)", to: Figure.width - 2 * Figure.margin,
        size: Figure.titleSize, isBold: true),
      subtitle: TopologyText.summary(of: machine),
      description: ([TopologyText.summary(of: machine)] + facts).joined(separator: ". ") + ".")
    let layout = MachineLayout(topology, host: 0)
    switch layout {
    case let layout?: MachineDrawing(machine, layout).draw(in: &figure)
    case nil:
      figure.emptyNotice(
        "This machine is too wide to be drawn as boxes",
        detail: "\(TopologyText.summary(of: machine)). Its parts are in topology_parts.csv.")
    }
    if topology.gpus.count > 1 || (!topology.gpus.isEmpty && !topology.nets.isEmpty) {
      PathMatrix(machine).draw(in: &figure)
    }
    figure.caption(caption(machine, facts, layout))
    return figure.render()
  }

  private static func caption(
    _ machine: TopologyMachine, _ facts: [String], _ layout: MachineLayout?
  ) -> [String] {
    let topology = machine.topology
    var lines = facts.map { $0 + "." }
    if topology.hosts.count > 1 {
      lines.append("The first of \(topology.hosts.count) hosts is drawn; paths are those of all.")
    }
    if let idle = layout?.emptyNodes, !idle.isEmpty {
      let names = idle.map { "\(topology.processors[$0].numa)" }.joined(separator: ", ")
      lines.append(
        "Without GPU or NIC and not drawn: NUMA node\(idle.count == 1 ? "" : "s") \(names).")
    }
    lines += topology.notes.prefix(4)
    lines.append(
      "GB/s (1e9 bytes) per direction as \(topology.dialect.rawValue) plans with; paths by the rules of "
        + "NCCL 2.30, without the P2P settings of a run.")
    return lines
  }
}

/// The boxes of one host: which box holds what, and how wide and high it is.
///
/// Chains of switches that hold nothing else are one box. No recursion: a switch always comes after
/// the one it hangs under.
struct MachineLayout {
  /// A NUMA node or a PCI switch with what it holds.
  struct Box {
    var parent: Int?
    var processor: Int?
    /// Switches that this box stands for, outermost first.
    var bridges: [Int] = []
    var gpus: [Int] = []
    var adapters: [Int] = []
    var others: [Int] = []
    var children: [Int] = []
    /// Columns of the cards above GPUs and boxes.
    var cardColumns = 0
    /// Rows of those cards.
    var cardRows = 0
    /// Width is `chips` chips and `extra` pixels.
    var chips = 0
    var extra = 0.0
    var height = 0.0
    var depth = 0
  }

  static let padding = 6.0
  static let gap = 6.0
  static let header = 17.0
  /// Narrower chips cannot hold a GPU's name and address; NUMA nodes then go below each other.
  static let readable = 46.0
  static let widestCard = 150.0
  static let narrowest = 17.0
  static let widest = 104.0
  static let nodeGap = 12.0

  private(set) var boxes: [Box] = []
  /// Boxes of NUMA nodes, in the rows in which they are drawn, with the width of a chip there.
  private(set) var rows: [(boxes: [Int], chip: Double)] = []
  /// NUMA nodes of the host that hold nothing.
  private(set) var emptyNodes: [Int] = []
  let gpuHeight: Double
  let netHeight: Double

  /// Lays out a host; `nil` when it does not fit into the figure's width.
  ///
  /// With loads, parts have room for what they carried.
  init?(_ topology: Topology, host: Int, hasLoads: Bool = false) {
    gpuHeight =
      (topology.fabricLinks.contains { $0.kind == .c2c } ? 46 : 34) + (hasLoads ? 18 : 0)
    netHeight = hasLoads ? 37 : 27
    var boxOfProcessor: [Int: Int] = [:]
    for (index, processor) in topology.processors.enumerated() where processor.host == host {
      boxOfProcessor[index] = boxes.count
      boxes.append(Box(processor: index))
    }
    var boxOfBridge: [Int: Int] = [:]
    func box(_ parent: Topology.Parent) -> Int? {
      switch parent {
      case .processor(let index): boxOfProcessor[index]
      case .bridge(let index): boxOfBridge[index]
      }
    }
    for (index, bridge) in topology.bridges.enumerated() {
      guard let parent = box(bridge.parent) else { continue }
      boxOfBridge[index] = boxes.count
      boxes.append(Box(parent: parent, bridges: [index]))
    }
    for (index, gpu) in topology.gpus.enumerated() {
      if let box = box(gpu.parent) { boxes[box].gpus.append(index) }
    }
    for (index, adapter) in topology.adapters.enumerated() {
      if let box = box(adapter.parent) { boxes[box].adapters.append(index) }
    }
    for (index, other) in topology.others.enumerated() {
      if let box = box(other.parent) { boxes[box].others.append(index) }
    }
    joinChains()
    measure()
    emptyNodes = boxes.filter { $0.chips == 0 }.compactMap(\.processor)
    guard arrangeRows() else { return nil }
  }

  /// Makes one box of a switch and the only switch inside it.
  private mutating func joinChains() {
    for index in boxes.indices { boxes[index].children = [] }
    var removed = Set<Int>()
    // Innermost first, so that a long chain collapses from its end.
    for index in boxes.indices.reversed() {
      let inside = boxes.indices.filter { boxes[$0].parent == index && !removed.contains($0) }
      guard boxes[index].processor == nil, inside.count == 1, let only = inside.first,
        boxes[index].gpus.isEmpty, boxes[index].adapters.isEmpty, boxes[index].others.isEmpty
      else { continue }
      boxes[index].bridges += boxes[only].bridges
      boxes[index].gpus = boxes[only].gpus
      boxes[index].adapters = boxes[only].adapters
      boxes[index].others = boxes[only].others
      removed.insert(only)
      for child in boxes.indices where boxes[child].parent == only { boxes[child].parent = index }
    }
    for index in boxes.indices where !removed.contains(index) {
      if let parent = boxes[index].parent {
        boxes[parent].children.append(index)
        boxes[index].depth = boxes[parent].depth + 1
      }
    }
    for index in removed { boxes[index] = Box() }
  }

  /// Measures boxes, innermost first.
  private mutating func measure() {
    for index in boxes.indices.reversed() {
      var box = boxes[index]
      // Boxes that hold nothing are not drawn.
      box.children = box.children.filter { boxes[$0].chips > 0 }
      let cards = box.adapters.count + box.others.count
      let inside = box.gpus.count + box.children.reduce(0) { $0 + boxes[$1].chips }
      // Cards stand above what else is there, in as many columns, or more so that four rows do.
      let columns = (cards + 3) / 4
      box.cardColumns = min(cards, inside > 0 ? max(inside, min(columns, 8)) : columns)
      box.cardRows = cards == 0 ? 0 : (cards + box.cardColumns - 1) / box.cardColumns
      box.chips = max(inside, box.cardColumns)
      let parts = box.children.count + (inside > 0 ? box.gpus.count : box.cardColumns)
      box.extra =
        box.children.reduce(0) { $0 + boxes[$1].extra } + 2 * Self.padding
        + Double(max(0, parts - 1)) * Self.gap
      let below = max(
        box.gpus.isEmpty ? 0 : gpuHeight, box.children.map { boxes[$0].height }.max() ?? 0)
      box.height =
        Self.header + 2 * Self.padding + Double(box.cardRows) * (netHeight + Self.gap) + below
        - (below == 0 ? Self.gap : 0)
      boxes[index] = box
    }
  }

  /// Puts NUMA nodes side by side while their chips stay readable.
  private mutating func arrangeRows() -> Bool {
    let room = Figure.width - 2 * Figure.margin
    func chip(_ row: [Int]) -> Double {
      let extra =
        row.reduce(0) { $0 + boxes[$1].extra } + Double(row.count - 1) * Self.nodeGap
      let chips = row.reduce(0) { $0 + boxes[$1].chips }
      return (room - extra) / Double(max(chips, 1))
    }
    let nodes = boxes.indices.filter { boxes[$0].processor != nil && boxes[$0].chips > 0 }
    guard !nodes.isEmpty else { return false }
    var line: [Int] = []
    var lines: [[Int]] = []
    for node in nodes {
      if !line.isEmpty, chip(line + [node]) < Self.readable {
        lines.append(line)
        line = []
      }
      line.append(node)
    }
    lines.append(line)
    // Rows of equal length look calmer than a long and a short one.
    if lines.count > 1 {
      let perRow = (nodes.count + lines.count - 1) / lines.count
      let even = stride(from: 0, to: nodes.count, by: perRow).map {
        Array(nodes[$0..<min($0 + perRow, nodes.count)])
      }
      if even.allSatisfy({ chip($0) >= Self.readable }) { lines = even }
    }
    let width = min(Self.widest, lines.map(chip).min() ?? 0)
    guard width >= Self.narrowest else { return false }
    rows = lines.map { (boxes: $0, chip: width) }
    return true
  }

  /// The width of a box in a row with chips of a width.
  func width(of box: Int, chip: Double) -> Double {
    Double(boxes[box].chips) * chip + boxes[box].extra
  }
}
