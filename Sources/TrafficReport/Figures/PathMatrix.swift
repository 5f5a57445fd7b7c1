// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// Draws the paths from GPUs to GPUs and to network devices as matrices of NCCL's path types, the
/// way `nvidia-smi topo -m` prints them.
///
/// Cells of one type are one path with their runs merged, so that hundreds of GPUs stay small.
struct PathMatrix {
  private let machine: TopologyMachine
  private var topology: Topology { machine.topology }
  /// GPUs by index, as people look for them.
  private let order: [Int]

  init(_ machine: TopologyMachine) {
    self.machine = machine
    order = TopologyText.orderedGPUs(machine.topology)
  }

  /// The narrowest cell that holds a path type.
  private static let smallestWithText = 20.5

  private struct Panel {
    var title: String
    var columns: [String]
    /// Long names of columns stand upright.
    var isUpright: Bool
    var paths: [[TopologyPath]]
    var isSquare: Bool
  }

  /// Room for the names of rows.
  private var rowLabel: Double {
    let widest = rowNames.map { TextMetrics.width($0, size: 9) }.max() ?? 0
    return min(widest, 78) + 8
  }

  private var rowNames: [String] {
    order.map { index in
      let name = TopologyText.shortName(ofGPU: index, in: topology)
      // One without an index is called by its bus address.
      return topology.gpus[index].device == nil ? name : "GPU \(name)"
    }
  }

  func draw(in figure: inout Figure) {
    let rowLabel = self.rowLabel
    let rows = rowNames
    let gpus = order.map { TopologyText.shortName(ofGPU: $0, in: topology) }
    var panels: [Panel] = []
    if gpus.count > 1 {
      panels.append(
        Panel(
          title: "GPU to GPU", columns: gpus, isUpright: gpus.contains { $0.utf8.count > 3 },
          paths: order.map { gpu in order.map { machine.paths.gpuToGPU[gpu][$0] } }, isSquare: true)
      )
    }
    if !topology.nets.isEmpty {
      panels.append(
        Panel(
          title: "GPU to network device",
          columns: topology.nets.indices.map { TopologyText.shortName(ofNet: $0, in: topology) },
          isUpright: true, paths: order.map { machine.paths.gpuToNet[$0] }, isSquare: false))
    }
    figure.y += 2
    // Side by side when both have readable cells.
    let room = Figure.width - 2 * Figure.margin
    let labels = Double(panels.count) * rowLabel + Double(panels.count - 1) * 24
    let columns = panels.reduce(0) { $0 + $1.columns.count }
    let shared = (room - labels) / Double(max(columns, 1))
    if shared >= Self.smallestWithText {
      let cell = min(30, shared)
      let head = panels.map { self.head(of: $0, cell: cell) }.max() ?? 0
      var x = Figure.margin
      var bottom = figure.y
      for panel in panels {
        let end = draw(panel, rows, x: x, y: figure.y, head: head, cell: cell, in: &figure)
        bottom = max(bottom, end)
        x += rowLabel + Double(panel.columns.count) * cell + 24
      }
      figure.y = bottom + 14
    } else {
      for panel in panels {
        let cell = min(30, (room - rowLabel) / Double(max(panel.columns.count, 1)))
        figure.y =
          draw(
            panel, rows, x: Figure.margin, y: figure.y, head: head(of: panel, cell: cell),
            cell: cell, in: &figure) + 14
      }
    }
    drawLegend(panels, in: &figure)
  }

  /// Room above the cells for the names of columns.
  private func head(of panel: Panel, cell: Double) -> Double {
    guard panel.isUpright else { return 16 }
    let longest = panel.columns.map { TextMetrics.width($0, size: 9) }.max() ?? 0
    return min(longest, 84) + 8
  }

  /// Draws one matrix and returns its lower edge.
  private func draw(
    _ panel: Panel, _ rows: [String], x: Double, y: Double, head: Double, cell: Double,
    in figure: inout Figure
  ) -> Double {
    let left = x + rowLabel
    figure.text(panel.title, x: x, y: y + 10, size: Figure.tickSize, style: .strong)
    let top = y + 16 + head
    let height = cell >= 20 ? 20 : cell
    drawCells(panel, left: left, top: top, cell: cell, height: height, in: &figure)
    // As many names as there is room for.
    let widest = panel.columns.map { TextMetrics.width($0, size: 9) }.max() ?? 0
    let step = max(1, Int(((panel.isUpright ? 11 : widest + 4) / cell).rounded(.up)))
    for (column, name) in panel.columns.enumerated() where column.isMultiple(of: step) {
      let center = left + (Double(column) + 0.5) * cell
      if panel.isUpright {
        let text = TextMetrics.fitted(name, to: 84, size: 9)
        let position = "\(SVGWriter.coordinate(center + 3)) \(SVGWriter.coordinate(top - 4))"
        figure.body.text(
          "text",
          [
            "class": "muted", "font-size": "9",
            "transform": .text("translate(\(position)) rotate(-90)"),
          ], text)
      } else {
        figure.text(name, x: center, y: top - 4, size: 9, style: .muted, anchor: .middle)
      }
    }
    let rowStep = max(1, Int((11 / height).rounded(.up)))
    for (row, name) in rows.enumerated() where row.isMultiple(of: rowStep) {
      figure.text(
        TextMetrics.fitted(name, to: rowLabel - 5, size: 9), x: left - 5,
        y: top + (Double(row) + 0.5) * height + 3, size: 9, style: .muted, anchor: .end)
    }
    return top + Double(rows.count) * height
  }

  private func drawCells(
    _ panel: Panel, left: Double, top: Double, cell: Double, height: Double,
    in figure: inout Figure
  ) {
    var paths: [PathType: String] = [:]
    for (row, line) in panel.paths.enumerated() {
      var column = 0
      while column < line.count {
        var end = column + 1
        while end < line.count, line[end].type == line[column].type { end += 1 }
        paths[line[column].type, default: ""] +=
          "M\(SVGWriter.coordinate(left + Double(column) * cell)) "
          + "\(SVGWriter.coordinate(top + Double(row) * height))"
          + "h\(SVGWriter.coordinate(Double(end - column) * cell))"
          + "v\(SVGWriter.coordinate(height))h\(SVGWriter.coordinate(-Double(end - column) * cell))z"
        column = end
      }
    }
    for type in paths.keys.sorted() {
      let tone = Self.tone(type).map { figure.tone($0) } ?? "blank"
      figure.body.element(
        "path", ["class": .text("cell \(tone)"), "d": .text(paths[type] ?? "")],
        tooltip: "\(type.name(in: topology.dialect)): \(type.meaning(in: topology.dialect))")
    }
    guard cell >= Self.smallestWithText else { return }
    let direct = directLinks()
    for (row, line) in panel.paths.enumerated() {
      for (column, path) in line.enumerated() where path.type != .local {
        let name =
          path.type == .nvlink && topology.dialect == .rccl
          ? "XG" : path.type.name(in: topology.dialect)
        let link =
          panel.isSquare && path.type == .nvlink
          ? direct[Pair(from: order[row], to: order[column])] : nil
        let isInverse = path.type.rawValue <= PathType.c2c.rawValue
        figure.label(
          [link, name].compactMap(\.self), x: left + (Double(column) + 0.5) * cell,
          y: top + (Double(row) + 0.5) * height + 3.2, size: 9, room: cell - 1,
          tone: isInverse ? Palette.Machine.inverse : nil)
      }
    }
  }

  private struct Pair: Hashable {
    var from: Int
    var to: Int
  }

  /// How many direct links two GPUs have, as people write it: `NV4`, `XG1`.
  private func directLinks() -> [Pair: String] {
    var counts: [Pair: Int] = [:]
    var prefix: [Pair: String] = [:]
    for link in topology.fabricLinks {
      guard case .gpu(let peer) = link.target else { continue }
      let pair = Pair(from: link.gpu, to: peer)
      counts[pair, default: 0] += link.count
      prefix[pair] = link.kind == .xgmi ? "XG" : "NV"
    }
    return counts.reduce(into: [:]) { $0[$1.key] = "\(prefix[$1.key] ?? "")\($1.value)" }
  }

  /// Near is strong, far is pale; what has no path is blank.
  static func tone(_ type: PathType) -> Palette.Tone? {
    switch type {
    case .local, .net, .disconnected: nil
    case .nvlink: Palette.distances[0]
    case .nvlinkRelay, .c2c: Palette.distances[1]
    case .pix: Palette.distances[2]
    case .pxb, .p2c: Palette.distances[3]
    case .pxn: Palette.distances[4]
    case .phb: Palette.distances[5]
    case .sys: Palette.distances[6]
    }
  }

  private func drawLegend(_ panels: [Panel], in figure: inout Figure) {
    let used = Set(panels.flatMap { $0.paths.joined().map(\.type) })
      .filter { $0 != .local && $0 != .disconnected }.sorted()
    var items: [(tone: Palette.Tone, label: String)] = []
    for type in used {
      let tone = Self.tone(type) ?? Palette.Machine.unknown
      items.append(
        (tone, "\(type.name(in: topology.dialect)): \(type.meaning(in: topology.dialect))"))
    }
    figure.swatches(items)
    let direct = Set(directLinks().values).sorted().prefix(1)
    if let example = direct.first, panels.contains(where: \.isSquare) {
      let kind = example.hasPrefix("XG") ? "xGMI links" : "NVLinks"
      figure.y -= 6
      figure.text(
        "\(example): direct \(kind) between two GPUs, and how many.", x: Figure.margin,
        y: figure.y + 8, size: Figure.tickSize, style: .muted)
      figure.y += 20
    }
  }
}
