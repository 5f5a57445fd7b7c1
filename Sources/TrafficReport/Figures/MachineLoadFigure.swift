// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace
internal import TrafficAnalysis

/// Draws the `topology.svg` of a report: the node with most traffic, and what each of its links
/// carried.
enum MachineLoadFigure {
  /// Returns the bytes of the figure, or `nil` without a topology that fits.
  ///
  /// - Complexity: O(parts + links).
  static func svg(_ summary: TrafficSummary) -> [UInt8]? {
    guard let load = summary.machine else { return nil }
    let machine = TopologyMachine(
      file: load.machine.file, topology: load.machine.topology, paths: load.machine.paths,
      load: load)
    let rows = summary.links.filter { $0.node == load.node && $0.kind.isPhysical }
    let names = names(machine.topology)
    let headline = headline(rows, names) + choice(summary, load)
    let host = load.hostName.isEmpty ? "" : " (\(PlainText.printable(load.hostName)))"
    var figure = Figure(
      slug: "topology",
      title: TextMetrics.fitted(
        "Load of the links of node \(load.node)\(host)", to: Figure.width - 2 * Figure.margin,
        size: Figure.titleSize, isBold: true),
      subtitle: headline,
      description: "\(headline) \(TopologyText.summary(of: machine)).")
    if let layout = MachineLayout(machine.topology, host: load.host, hasLoads: true) {
      MachineDrawing(machine, layout).draw(in: &figure)
    } else {
      figure.emptyNotice(
        "This machine is too wide to be drawn as boxes",
        detail: "\(TopologyText.summary(of: machine)). Its links are in links.csv.")
    }
    let nets = machine.topology.nets.indices.count {
      machine.topology.host(ofNet: $0) == load.host
    }
    drawLinks(rows, names, nets: nets, in: &figure)
    figure.caption(caption(summary, load, machine))
    return figure.render()
  }

  /// What parts are called in the drawing, by NCCL's names of them.
  private static func names(_ topology: Topology) -> [String: String] {
    var names: [String: String] = [:]
    for index in topology.gpus.indices where topology.gpus[index].device != nil {
      names[topology.label(gpu: index)] =
        "GPU \(TopologyText.shortName(ofGPU: index, in: topology))"
    }
    for (index, adapter) in topology.adapters.enumerated() {
      let nets = topology.nets.indices.filter { topology.nets[$0].adapter == index }
      guard adapter.bus != nil, let first = nets.first else { continue }
      names[topology.label(adapter: index)] =
        TopologyText.shortName(ofNet: first, in: topology)
        + (nets.count > 1 ? " and \(nets.count - 1) more" : "")
    }
    for (index, bridge) in topology.bridges.enumerated() {
      names[topology.label(bridge: index)] = "switch \(TopologyText.shortBus(bridge.bus))"
    }
    for (index, processor) in topology.processors.enumerated() where processor.numa >= 0 {
      names[topology.label(processor: index)] = "NUMA \(processor.numa)"
    }
    return names
  }

  /// A row with the ends of its link called as in the drawing.
  private static func shown(_ row: LinkRow, _ names: [String: String]) -> LinkRow {
    var row = row
    row.link =
      names[row.link]
      ?? row.link.split(separator: " - ").map { names[String($0)] ?? String($0) }
      .joined(separator: " - ")
    if let rank = row.rank { row.link += " · rank \(rank)" }
    row.link = PlainText.printable(row.link)
    return row
  }

  private static func headline(_ rows: [LinkRow], _ names: [String: String]) -> String {
    guard let (row, seconds) = LinkText.busiest(rows) else {
      return "No traffic went over links of this node that the topology knows."
    }
    var text =
      "Busiest: \(LinkText.name(shown(row, names))), \(Quantity.bytes(LinkText.busierBytes(row))) one way"
    if let seconds, let bandwidth = row.bandwidth {
      text +=
        ", which takes \(LinkText.duration(seconds)) at its full \(TopologyText.bandwidth(bandwidth))"
    }
    return text + "."
  }

  /// Which of the nodes is drawn, and why this one; nothing when there is no other.
  private static func choice(_ summary: TrafficSummary, _ load: MachineLoad) -> String {
    let (all, described) = load.nodes
    guard all > 1 else { return "" }
    guard described > 1 else {
      return " Node \(load.node) is the only one of \(all) nodes with a topology."
    }
    let nodes =
      described == all ? "\(all) nodes" : "\(described) nodes with a topology (\(all) in all)"
    var bytes: [Int: UInt64] = [:]
    for row in summary.links where row.kind.isPhysical {
      bytes[row.node] = (bytes[row.node] ?? 0)
        .saturatingAdd(row.sentBytes).saturatingAdd(row.receivedBytes)
    }
    let equal = bytes.values.count { $0 == bytes[load.node] }
    return switch equal {
    case described: " Node \(load.node) stands for all \(nodes): the links of each carried as much."
    case 0, 1: " Of \(nodes), the links of node \(load.node) carried most."
    default: " Of \(nodes), \(equal) carried as much as node \(load.node), and none more."
    }
  }

  private static func caption(
    _ summary: TrafficSummary, _ load: MachineLoad, _ machine: TopologyMachine
  ) -> [String] {
    var lines = [
      "\(TopologyText.summary(of: machine)), by \(PlainText.printable(load.machine.file))."
    ]
    var loads = (assumed: UInt64(0), all: UInt64(0))
    for own in load.loads.values {
      loads.assumed = loads.assumed.saturatingAdd(own.assumedBytes)
      loads.all = loads.all.saturatingAdd(own.sentBytes).saturatingAdd(own.receivedBytes)
    }
    if loads.assumed > 0 {
      let share = loads.assumed == loads.all ? "all" : Quantity.share(loads.assumed, of: loads.all)
      lines.append(
        "The way of \(share == "all" ? "all traffic" : "\(share) of the traffic") here is assumed from the topology's path table: the logs name no transport."
      )
    }
    lines.append(
      "GB/s (1e9 bytes) per direction as \(machine.topology.dialect.rawValue) plans with; "
        + "out and in as seen from the GPU or NIC.")
    return lines + Figure.coverageCaption(summary).prefix(1)
  }

  // MARK: - Bars

  /// Most links of one kind that are drawn.
  private static let maximumRows = 8
  private static let labelWidth = 172.0
  private static let barWidth = 238.0
  private static let rowHeight = 15.0

  private static func drawLinks(
    _ rows: [LinkRow], _ names: [String: String], nets: Int, in figure: inout Figure
  ) {
    guard !rows.isEmpty else { return }
    let busiest = LinkText.busiest(rows)?.row
    figure.swatches([
      (Palette.Machine.load, "out (from the GPU, up, or into the network)"),
      (Palette.Machine.received, "in"),
    ])
    let kinds = Dictionary(grouping: rows, by: \.kind).sorted { $0.key < $1.key }
    for (place, (kind, own)) in kinds.enumerated() {
      figure.y += place == 0 ? 12 : 18
      figure.text(
        LinkText.name(kind), x: Figure.margin, y: figure.y, size: Figure.tickSize, style: .strong)
      figure.text(
        imbalance(own, of: kind == .nic ? nets : own.count), x: Figure.margin + labelWidth,
        y: figure.y, size: Figure.smallSize,
        style: .muted)
      figure.text(
        "at full rate", x: Figure.width - Figure.margin, y: figure.y, size: Figure.smallSize,
        style: .muted, anchor: .end)
      figure.y += 6
      let most = own.map(LinkText.busierBytes).max() ?? 0
      let scale = LinearScale(maximum: Double(most), start: 0, end: barWidth)
      // The machine's order, unless there are too many: then the busiest.
      let shown =
        own.count <= maximumRows
        ? own
        : Array(
          own.enumerated().sorted {
            let (a, b) = (LinkText.busierBytes($0.element), LinkText.busierBytes($1.element))
            return a == b ? $0.offset < $1.offset : a > b
          }.map(\.element).prefix(maximumRows))
      for row in shown {
        draw(Self.shown(row, names), isBusiest: row == busiest, scale, in: &figure)
      }
      if shown.count < own.count {
        figure.y += 12
        figure.text(
          "\(Quantity.counted(own.count - shown.count, "other")), none busier, in links.csv",
          x: Figure.margin + 10, y: figure.y, size: Figure.smallSize, style: .muted)
        figure.y += 3
      }
    }
    figure.y += 8
  }

  /// `4 of 8 links, the busiest 1.53 times their mean`.
  private static func imbalance(_ rows: [LinkRow], of all: Int) -> String {
    let links =
      all > rows.count
      ? "\(rows.count) of \(Quantity.counted(all, "link"))" : Quantity.counted(rows.count, "link")
    let bytes = rows.map { Double(LinkText.busierBytes($0)) }
    let mean = bytes.reduce(0, +) / Double(max(rows.count, 1))
    guard rows.count > 1, mean > 0, let most = bytes.max() else { return links }
    let ratio = Quantity.fixed(most / mean, places: 2)
    return ratio == "1.00"
      ? "\(links), evenly loaded" : "\(links), the busiest \(ratio) times their mean"
  }

  private static func draw(
    _ row: LinkRow, isBusiest: Bool, _ scale: LinearScale, in figure: inout Figure
  ) {
    let top = figure.y
    let left = Figure.margin + labelWidth
    let label = row.link
    figure.text(
      TextMetrics.fitted(label, to: labelWidth - 16, size: Figure.smallSize, isBold: isBusiest),
      x: Figure.margin + 10, y: top + 10, size: Figure.smallSize,
      style: isBusiest ? .strong : .ink)
    let words =
      "\(Quantity.bytes(row.sentBytes)) out · \(Quantity.bytes(row.receivedBytes)) in"
    let bars = [
      (Palette.Machine.load, row.sentBytes), (Palette.Machine.received, row.receivedBytes),
    ]
    for (place, (tone, bytes)) in bars.enumerated() {
      figure.body.element(
        "rect",
        [
          "class": .text(figure.tone(tone)), "x": .number(left),
          "y": .number(top + 2 + 5 * Double(place)),
          "width": .number(bytes == 0 ? 0 : max(scale(bytes), 0.5)), "height": "5",
        ], tooltip: "\(label): \(words)")
    }
    figure.text(
      words, x: left + barWidth + 10, y: top + 10, size: Figure.smallSize,
      style: isBusiest ? .strong : .ink)
    if let seconds = LinkText.seconds(row) {
      figure.text(
        LinkText.duration(seconds), x: Figure.width - Figure.margin, y: top + 10,
        size: Figure.smallSize, style: isBusiest ? .strong : .muted, anchor: .end)
    }
    figure.y += rowHeight
  }
}
