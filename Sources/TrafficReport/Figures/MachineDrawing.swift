// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// Draws the boxes of a machine.
struct MachineDrawing {
  private let machine: TopologyMachine
  private let layout: MachineLayout
  private let overlay: LoadOverlay?
  private var topology: Topology { machine.topology }

  init(_ machine: TopologyMachine, _ layout: MachineLayout) {
    self.machine = machine
    self.layout = layout
    overlay = machine.load.map { LoadOverlay($0) }
  }

  func draw(in figure: inout Figure) {
    drawLegend(in: &figure)
    let isFabric = Set(
      topology.fabricLinks.compactMap { $0.target == .fabric ? $0.gpu : nil })
    for (index, row) in layout.rows.enumerated() {
      drawInterconnect(above: row, isFirst: index == 0, in: &figure)
      let height = row.boxes.map { layout.boxes[$0].height }.max() ?? 0
      let total =
        row.boxes.reduce(0) { $0 + layout.width(of: $1, chip: row.chip) }
        + Double(row.boxes.count - 1) * MachineLayout.nodeGap
      var x = (Figure.width - total) / 2
      var stands: [Double] = []
      for box in row.boxes {
        stands += drawNode(
          box, x: x, y: figure.y, height: height, chip: row.chip, isFabric, in: &figure)
        x += layout.width(of: box, chip: row.chip) + MachineLayout.nodeGap
      }
      figure.y += height
      if !stands.isEmpty {
        drawFabric(
          under: stands, x: (Figure.width - total) / 2, width: total,
          isFirst: index == 0, in: &figure)
      }
      figure.y += 14
    }
  }

  // MARK: - Bars

  /// The link between NUMA nodes, as one bar above them.
  private func drawInterconnect(
    above row: (boxes: [Int], chip: Double), isFirst: Bool, in figure: inout Figure
  ) {
    let nodes = layout.boxes.filter { $0.processor != nil && $0.chips > 0 }
    guard nodes.count > 1, let first = nodes.first?.processor else { return }
    let rate = TopologyText.betweenProcessors(topology.processors[first])
    let label =
      "between NUMA nodes (SYS)" + (rate.map { ": \(TopologyText.bandwidth($0))" } ?? "")
      + (overlay?.interconnect.map { ", \($0)" } ?? "")
      + (isFirst ? "" : " (the same)")
    let total =
      row.boxes.reduce(0) { $0 + layout.width(of: $1, chip: row.chip) }
      + Double(row.boxes.count - 1) * MachineLayout.nodeGap
    var x = (Figure.width - total) / 2
    let left = x
    figure.body.element(
      "rect",
      [
        "class": .text("frame \(figure.tone(Palette.Machine.bridge))"), "x": .number(left),
        "y": .number(figure.y), "width": .number(total), "height": "17", "rx": "3",
      ], tooltip: label)
    figure.text(
      TextMetrics.fitted(label, to: total - 8, size: 10), x: left + total / 2, y: figure.y + 12,
      size: 10, anchor: .middle)
    for box in row.boxes {
      let width = layout.width(of: box, chip: row.chip)
      figure.rule(
        "axis", x1: x + width / 2, y1: figure.y + 17, x2: x + width / 2, y2: figure.y + 25)
      x += width + MachineLayout.nodeGap
    }
    figure.y += 25
  }

  /// The NVLink fabric, as one bar that GPUs stand on.
  private func drawFabric(
    under stands: [Double], x: Double, width: Double, isFirst: Bool, in figure: inout Figure
  ) {
    for stand in stands {
      figure.rule("lane", x1: stand, y1: figure.y, x2: stand, y2: figure.y + 12)
    }
    figure.y += 12
    let links = topology.fabricLinks.filter { $0.target == .fabric }
    let perGPU = Dictionary(grouping: links, by: \.gpu).mapValues { own in
      own.reduce(0) { $0 + $1.bandwidth }
    }
    let rates = Set(perGPU.values)
    var label = "NVSwitch fabric"
    if let rate = rates.first, rates.count == 1 {
      label += ": \(TopologyText.bandwidth(rate)) per GPU"
    }
    if let total = overlay?.fabric { label += ", \(total)" }
    if !isFirst { label += " (the same)" }
    figure.body.element(
      "rect",
      [
        "class": .text("frame \(figure.tone(Palette.Machine.fabric))"), "x": .number(x),
        "y": .number(figure.y), "width": .number(width), "height": "22", "rx": "3",
      ], tooltip: label)
    figure.label(
      [label, "NVSwitch"], x: x + width / 2, y: figure.y + 15, size: 11, room: width - 8,
      tone: Palette.Machine.inverse, isStrong: true)
    figure.y += 22
  }

  // MARK: - Boxes

  /// Draws a NUMA node with all inside, and returns where GPUs leave it for the fabric.
  private func drawNode(
    _ node: Int, x: Double, y: Double, height: Double, chip: Double, _ isFabric: Set<Int>,
    in figure: inout Figure
  ) -> [Double] {
    struct Place { var box: Int, x: Double, y: Double, height: Double }
    var stands: [Double] = []
    var waiting = [Place(box: node, x: x, y: y, height: height)]
    let floor = y + height
    while let place = waiting.popLast() {
      let box = layout.boxes[place.box]
      let width = layout.width(of: place.box, chip: chip)
      drawFrame(box, x: place.x, y: place.y, width: width, height: place.height, in: &figure)
      let top = place.y + MachineLayout.header + MachineLayout.padding
      let bottom = place.y + place.height - MachineLayout.padding
      var left = place.x + MachineLayout.padding
      drawCards(of: box, x: left, y: top, width: width, in: &figure)
      if let inner = innerWidth(of: box, chip: chip) { left += (width - inner) / 2 }
      for gpu in box.gpus {
        drawGPU(gpu, x: left, y: bottom - layout.gpuHeight, width: chip, in: &figure)
        if isFabric.contains(gpu) {
          let middle = left + chip / 2
          figure.rule("lane", x1: middle, y1: bottom, x2: middle, y2: floor)
          stands.append(middle)
        }
        left += chip + MachineLayout.gap
      }
      let inside =
        top + Double(box.cardRows) * (layout.netHeight + MachineLayout.gap)
      for child in box.children {
        waiting.append(Place(box: child, x: left, y: inside, height: bottom - inside))
        left += layout.width(of: child, chip: chip) + MachineLayout.gap
      }
    }
    return stands.sorted()
  }

  /// How wide a box would be without its cards, where they make it wider.
  private func innerWidth(of box: MachineLayout.Box, chip: Double) -> Double? {
    let parts = box.gpus.count + box.children.count
    let inside = box.children.reduce(box.gpus.count) { $0 + layout.boxes[$1].chips }
    guard box.cardColumns > inside, inside > 0 else { return nil }
    return Double(box.gpus.count) * chip
      + box.children.reduce(0) { $0 + layout.width(of: $1, chip: chip) }
      + Double(parts - 1) * MachineLayout.gap + 2 * MachineLayout.padding
  }

  private func drawFrame(
    _ box: MachineLayout.Box, x: Double, y: Double, width: Double, height: Double,
    in figure: inout Figure
  ) {
    var names: [String] = []
    var tooltip = ""
    let tone: Palette.Tone
    if let processor = box.processor {
      tone = Palette.Machine.node
      let node = topology.processors[processor]
      let numa = node.numa < 0 ? "NUMA ?" : "NUMA \(node.numa)"
      let name = TopologyText.name(of: node) ?? ""
      names = name.isEmpty ? [numa] : ["\(numa) · \(name)", "\(numa) · \(shortVendor(name))", numa]
      names.append("\(node.numa)")
      tooltip = topology.label(processor: processor) + (name.isEmpty ? "" : ", \(name)")
      if let affinity = node.affinity { tooltip += ", affinity \(affinity)" }
    } else {
      tone = Palette.Machine.bridge
      let links = box.bridges.map { topology.bridges[$0].link }
      let count = box.bridges.count > 1 ? " ×\(box.bridges.count)" : ""
      let rate = links.contains { $0.isAssumed } ? nil : links.map(\.bandwidth).min()
      let text = rate.map { TopologyText.bandwidth($0) }
      names = [
        "PCIe switch\(count)" + (text.map { " · \($0)" } ?? ""),
        "switch\(count)" + (text.map { " · \($0)" } ?? ""), text ?? "switch\(count)",
        rate.map { Quantity.fixed($0, places: 1, isTrimmed: true) } ?? "",
      ]
      if let carried = overlay?.bridges(box.bridges) {
        names = ["PCIe switch\(count) · \(carried)", "switch\(count) · \(carried)", carried]
      }
      tooltip =
        box.bridges.map { "\(topology.label(bridge: $0)), \(topology.bridges[$0].bus)" }
        .joined(separator: " > ") + (text.map { ", \($0) upwards" } ?? "")
    }
    figure.body.element(
      "rect",
      [
        "class": .text("frame \(figure.tone(tone))"), "x": .number(x), "y": .number(y),
        "width": .number(width), "height": .number(height), "rx": "4",
      ], tooltip: tooltip)
    let isNode = box.processor != nil
    figure.label(
      names, x: x + width / 2, y: y + 14, size: isNode ? 11 : 9.5, room: width - 6, tone: nil,
      isStrong: isNode)
  }

  private func shortVendor(_ name: String) -> String {
    name.split(separator: " ").first.map(String.init) ?? name
  }

  // MARK: - Chips

  /// Draws network cards and unknown devices in a strip across the box.
  private func drawCards(
    of box: MachineLayout.Box, x: Double, y: Double, width: Double, in figure: inout Figure
  ) {
    guard box.cardColumns > 0 else { return }
    let columns = Double(box.cardColumns)
    let room = width - 2 * MachineLayout.padding - (columns - 1) * MachineLayout.gap
    let card = min(room / columns, MachineLayout.widestCard)
    let inset = (room - columns * card) / 2
    let cards =
      box.adapters.map { (isAdapter: true, index: $0) }
      + box.others.map { (isAdapter: false, index: $0) }
    for (place, part) in cards.enumerated() {
      let left = x + inset + Double(place % box.cardColumns) * (card + MachineLayout.gap)
      let top =
        y + Double(place / box.cardColumns) * (layout.netHeight + MachineLayout.gap)
      if part.isAdapter {
        drawAdapter(part.index, x: left, y: top, width: card, in: &figure)
      } else {
        let other = topology.others[part.index]
        drawChip(
          Palette.Machine.unknown, "frame absent", x: left, y: top, width: card,
          height: layout.netHeight,
          lines: [["unknown", "?"], [TopologyText.shortBus(other.bus)]], text: nil,
          tooltip: "PCI device \(other.bus), class \(other.pciClass ?? "not stated")",
          in: &figure)
      }
    }
  }

  private func drawGPU(
    _ index: Int, x: Double, y: Double, width: Double, in figure: inout Figure
  ) {
    let gpu = topology.gpus[index]
    let bus = TopologyText.shortBus(gpu.bus)
    let name = gpu.device.map { "GPU \($0)" } ?? "GPU"
    var lines = [[name, gpu.device.map(String.init) ?? "GPU"]]
    if let overlay {
      lines += overlay.lines(ofGPU: index)
    } else {
      lines.append(gpu.rank.map { ["\(bus) · rank \($0)", bus, "r\($0)"] } ?? [bus])
    }
    let c2c = topology.fabricLinks.filter { $0.gpu == index && $0.kind == .c2c }
    if !c2c.isEmpty {
      let rate = c2c.reduce(0) { $0 + $1.bandwidth }
      lines.append(["C2C \(TopologyText.bandwidth(rate))", "C2C"])
    }
    var tooltip = "\(topology.label(gpu: index)), \(gpu.bus)"
    if let kind = TopologyText.architecture(of: gpu) { tooltip += ", \(kind)" }
    if overlay == nil, let rank = gpu.rank { tooltip += ", rank \(rank)" }
    if !gpu.link.isAssumed {
      tooltip += ", PCIe \(TopologyText.bandwidth(gpu.link.bandwidth))"
    }
    if let fabric = machine.fabricBandwidth(ofGPU: index) {
      tooltip += ", NVLink or xGMI \(TopologyText.bandwidth(fabric))"
    }
    let mark = overlay?.mark(ofGPU: index)
    if let mark { tooltip += mark.tooltip }
    drawChip(
      Palette.Machine.gpu, "frame", x: x, y: y, width: width, height: layout.gpuHeight,
      lines: lines, text: Palette.Machine.inverse, tooltip: tooltip,
      overlay.map { _ in mark ?? .idle }, in: &figure)
  }

  private func drawAdapter(
    _ index: Int, x: Double, y: Double, width: Double, in figure: inout Figure
  ) {
    let adapter = topology.adapters[index]
    let nets = topology.nets.indices.filter { topology.nets[$0].adapter == index }
    let rate = nets.compactMap { topology.nets[$0].isByClass ? nil : topology.nets[$0].bandwidth }
    let speeds = Set(nets.compactMap { topology.nets[$0].speedMegabits }.filter { $0 > 0 })
    var name: [String] = ["NIC"]
    if nets.count == 1, let net = nets.first, !topology.nets[net].isByClass {
      name = [TopologyText.shortName(ofNet: net, in: topology)]
      if let device = topology.nets[net].device { name += ["net \(device)", "\(device)"] }
    } else if nets.count > 1 {
      let kind = adapter.bus == nil ? "virtual NICs" : "ports"
      name = ["\(nets.count) \(kind)", "\(nets.count) nets", "\(nets.count)"]
    }
    var detail: [String] = []
    if let speed = speeds.first, speeds.count == 1 {
      detail = [Self.speed(speed) + (nets.count > 1 ? " each" : ""), Self.speed(speed)]
    }
    if detail.isEmpty, let bus = adapter.bus { detail = [TopologyText.shortBus(bus)] }
    var tooltip = topology.label(adapter: index)
    if let bus = adapter.bus { tooltip += ", \(bus)" }
    tooltip +=
      ": "
      + nets.prefix(4).map { TopologyText.shortName(ofNet: $0, in: topology) }
      .joined(separator: ", ") + (nets.count > 4 ? " and \(nets.count - 4) more" : "")
    if !rate.isEmpty { tooltip += ", \(TopologyText.bandwidth(rate.reduce(0, +)))" }
    if let link = adapter.link, !link.isAssumed {
      tooltip += ", PCIe \(TopologyText.bandwidth(link.bandwidth))"
    }
    let mark = overlay?.mark(ofAdapter: index, nets: nets)
    if let mark {
      tooltip += mark.tooltip
      detail = [mark.text, "-"]
    }
    drawChip(
      Palette.Machine.net, "frame", x: x, y: y, width: width, height: layout.netHeight,
      lines: [name, detail], text: nil, tooltip: tooltip, overlay.map { _ in mark ?? .idle },
      in: &figure)
  }

  /// `400 Gb/s`.
  private static func speed(_ megabits: Int) -> String {
    megabits >= 1000
      ? "\(Quantity.fixed(Double(megabits) / 1000, places: 1, isTrimmed: true)) Gb/s"
      : "\(megabits) Mb/s"
  }

  private func drawChip(
    _ tone: Palette.Tone, _ style: String, x: Double, y: Double, width: Double, height: Double,
    lines: [[String]], text: Palette.Tone?, tooltip: String, _ mark: LoadOverlay.Mark? = nil,
    in figure: inout Figure
  ) {
    figure.body.element(
      "rect",
      [
        "class": .text("\(style) \(figure.tone(tone))"), "x": .number(x), "y": .number(y),
        "width": .number(width), "height": .number(height), "rx": "3",
      ], tooltip: tooltip)
    if let mark { LoadOverlay.bar(mark, x: x, y: y, width: width, height: height, in: &figure) }
    let shown = lines.enumerated().compactMap { index, candidates -> String? in
      Figure.fitting(
        candidates, to: width - 4, size: index == 0 ? 10.5 : 9, isStrong: index == 0)
    }
    let step = 11.5
    var baseline = y + (height - (mark == nil ? 0 : 7)) / 2 + 4 - step * Double(shown.count - 1) / 2
    for (index, line) in shown.enumerated() {
      figure.label(
        [line], x: x + width / 2, y: baseline, size: index == 0 ? 10.5 : 9,
        room: width - 4, tone: text, isStrong: index == 0)
      baseline += step
    }
  }

  private func drawLegend(in figure: inout Figure) {
    var items: [(Palette.Tone, String)] = [(Palette.Machine.node, "NUMA node")]
    if !topology.bridges.isEmpty {
      items.append((Palette.Machine.bridge, "PCIe switch with its uplink"))
    }
    if !topology.gpus.isEmpty { items.append((Palette.Machine.gpu, "GPU")) }
    if !topology.adapters.isEmpty { items.append((Palette.Machine.net, "network card")) }
    if !topology.others.isEmpty { items.append((Palette.Machine.unknown, "unknown PCI device")) }
    if topology.fabricLinks.contains(where: { $0.target == .fabric }) {
      items.append((Palette.Machine.fabric, "NVLink switches"))
    }
    if overlay != nil {
      items.append((Palette.Machine.load, "load, against the busiest of its kind"))
    }
    figure.swatches(items.map { ($0.0, $0.1) })
  }
}

extension Figure {
  /// Returns the first text of several that fits, or `nil`.
  ///
  /// The only candidate is cut to fit when there is room for a few characters.
  static func fitting(
    _ candidates: [String], to room: Double, size: Double, isStrong: Bool
  ) -> String? {
    let printable = candidates.map { PlainText.printable($0) }.filter { !$0.isEmpty }
    let whole = printable.first {
      TextMetrics.width($0, size: size, isBold: isStrong) <= room
    }
    guard whole == nil, printable.count == 1, room >= 4 * size else { return whole }
    return TextMetrics.fitted(printable[0], to: room, size: size, isBold: isStrong)
  }

  /// Draws the first text of several that fits, or nothing.
  mutating func label(
    _ candidates: [String], x: Double, y: Double, size: Double, room: Double,
    tone: Palette.Tone?, isStrong: Bool = false
  ) {
    guard let text = Self.fitting(candidates, to: room, size: size, isStrong: isStrong)
    else { return }
    let style = tone.map { self.tone($0) } ?? "ink"
    body.text(
      "text",
      [
        "class": .text(isStrong ? style + " strong" : style), "x": .number(x), "y": .number(y),
        "font-size": .number(size), "text-anchor": "middle",
      ], text)
  }

  /// Draws a legend of swatches, in as many lines as it needs.
  mutating func swatches(_ items: [(tone: Palette.Tone, label: String)]) {
    var x = Self.margin
    body.open("g", ["aria-label": "legend"])
    for (tone, label) in items {
      let advance = 18 + TextMetrics.width(label, size: Self.tickSize) + 16
      if x > Self.margin, x + advance > Self.width - Self.margin {
        x = Self.margin
        y += 18
      }
      body.empty(
        "rect",
        [
          "class": .text("frame \(self.tone(tone))"), "x": .number(x), "y": .number(y),
          "width": "12", "height": "12", "rx": "2",
        ])
      text(label, x: x + 18, y: y + 10, size: Self.tickSize)
      x += advance
    }
    body.close("g")
    y += 26
  }
}
