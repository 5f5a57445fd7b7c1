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
    let headline = headline(rows)
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
    drawLinks(rows, in: &figure)
    figure.caption(caption(summary, load, machine))
    return figure.render()
  }

  private static func headline(_ rows: [LinkRow]) -> String {
    guard let (row, seconds) = LinkText.busiest(rows) else {
      return "No traffic went over links of this node that the topology knows."
    }
    var text =
      "Busiest: \(LinkText.name(row)), \(Quantity.bytes(LinkText.busierBytes(row))) one way"
    if let seconds, let bandwidth = row.bandwidth {
      text +=
        ", which takes \(LinkText.duration(seconds)) at its full \(TopologyText.bandwidth(bandwidth))"
    }
    return text + "."
  }

  private static func caption(
    _ summary: TrafficSummary, _ load: MachineLoad, _ machine: TopologyMachine
  ) -> [String] {
    let (all, described) = load.nodes
    var lines = [
      (all == 1 ? "The only node" : "The node with most traffic of \(described)"
        + (described == all ? "" : " described of \(all)"))
        + ": \(TopologyText.summary(of: machine)); by \(PlainText.printable(load.machine.file))."
    ]
    var loads = (assumed: UInt64(0), all: UInt64(0))
    for own in load.loads.values {
      loads.assumed = loads.assumed.saturatingAdd(own.assumedBytes)
      loads.all = loads.all.saturatingAdd(own.sentBytes).saturatingAdd(own.receivedBytes)
    }
    if loads.assumed > 0 {
      let share = loads.assumed == loads.all ? "all" : Quantity.share(loads.assumed, of: loads.all)
      lines.append(
        "The way of \(share) of it is assumed from the topology's path table; the logs name no transport."
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

  private static func drawLinks(_ rows: [LinkRow], in figure: inout Figure) {
    guard !rows.isEmpty else { return }
    let busiest = LinkText.busiest(rows)?.row
    figure.swatches([
      (Palette.Machine.load, "out (from the GPU, up, or into the network)"),
      (Palette.Machine.received, "in"),
    ])
    let kinds = Dictionary(grouping: rows, by: \.kind).sorted { $0.key < $1.key }
    for (kind, own) in kinds {
      figure.y += 12
      figure.text(
        LinkText.name(kind), x: Figure.margin, y: figure.y, size: Figure.tickSize, style: .strong)
      figure.text(
        imbalance(own), x: Figure.margin + labelWidth, y: figure.y, size: Figure.smallSize,
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
      for row in shown { draw(row, isBusiest: row == busiest, scale, in: &figure) }
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

  /// `8 links, the busiest 1.53 times the mean`.
  private static func imbalance(_ rows: [LinkRow]) -> String {
    guard rows.count > 1 else { return "1 link" }
    let bytes = rows.map { Double(LinkText.busierBytes($0)) }
    let mean = bytes.reduce(0, +) / Double(rows.count)
    guard mean > 0, let most = bytes.max() else { return "\(rows.count) links" }
    return "\(rows.count) links, the busiest "
      + "\(Quantity.fixed(most / mean, places: 2)) times the mean"
  }

  private static func draw(
    _ row: LinkRow, isBusiest: Bool, _ scale: LinearScale, in figure: inout Figure
  ) {
    let top = figure.y
    let left = Figure.margin + labelWidth
    var label = row.link
    if let rank = row.rank { label += " · rank \(rank)" }
    label = PlainText.printable(label)
    figure.text(
      TextMetrics.fitted(label, to: labelWidth - 16, size: Figure.smallSize, isBold: isBusiest),
      x: Figure.margin + 10, y: top + 10, size: Figure.smallSize,
      style: isBusiest ? .strong : .ink)
    let words =
      "\(Quantity.bytes(row.sentBytes)) out · \(Quantity.bytes(row.receivedBytes)) in"
    let bars = [(Palette.Machine.load, row.sentBytes), (Palette.Machine.received, row.receivedBytes)]
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
