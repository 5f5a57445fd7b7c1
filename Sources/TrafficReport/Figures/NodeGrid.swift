// SPDX-License-Identifier: Apache-2.0

internal import TrafficAnalysis

/// The layout of many ranks: a cell is a node, or several nodes when there are thousands.
///
/// Cells of one shade are one path with their runs merged, so the size of the figure grows with
/// the number of runs, not of ranks.
struct NodeGrid {
  private static let maximumCells = 4096

  private let placement: RankPlacement
  private let nodesPerCell: Int
  private let cells: Int
  private let columns: Int
  private let cellSize: Double
  private let labelWidth = 44.0

  init(_ placement: RankPlacement) {
    self.placement = placement
    let nodes = placement.nodes.count
    nodesPerCell = max(1, (nodes + Self.maximumCells - 1) / Self.maximumCells)
    cells = (nodes + nodesPerCell - 1) / nodesPerCell
    columns = cells <= 128 ? 16 : cells <= 1024 ? 32 : 64
    cellSize = columns == 16 ? 17 : columns == 32 ? 8.5 : 4.25
  }

  /// How to read the figure, for its caption.
  var reading: String {
    let cell =
      nodesPerCell == 1
      ? "A cell is a node" : "A cell is \(nodesPerCell) nodes, drawn as the first of them"
    let sign = cellSize >= 17 ? "number and shade" : "shade"
    return cell + ", in rows of \(columns). Nodes that share their groups have one \(sign); "
      + "\(Palette.shades.count) shades repeat. An even shade means that every group stays on one "
      + "node."
  }

  /// Draws one panel per grouping.
  func draw(_ groupings: [ParallelGrouping], in figure: inout Figure) {
    let rows = (cells + columns - 1) / columns
    let width = labelWidth + Double(columns) * cellSize
    let height = 46 + Double(rows) * cellSize + 18
    LayoutFigure.drawPanels(groupings, perLine: 2, width: width, height: height, in: &figure) {
      grouping, x, y, figure in
      figure.body.open(
        "g",
        [
          "aria-label": .text(
            grouping?.dimensions.map(\.rawValue).joined(separator: " ") ?? "ranks")
        ])
      LayoutFigure.drawTitle(
        of: grouping, placement: placement, x: x, y: y, width: width, in: &figure)
      draw(grouping, x: x + labelWidth, y: y + 42, rows: rows, in: &figure)
      figure.body.close("g")
    }
  }

  private func draw(
    _ grouping: ParallelGrouping?, x: Double, y: Double, rows: Int, in figure: inout Figure
  ) {
    let marks = grouping.map(self.marks) ?? Array(repeating: nil, count: cells)
    drawShades(marks, of: grouping?.dimensions.first, x: x, y: y, in: &figure)
    if cellSize >= 8 { drawMesh(x: x, y: y, rows: rows, in: &figure) }
    let labelled = max(1, (rows + 7) / 8)
    for row in stride(from: 0, to: rows, by: labelled) {
      let node = placement.nodes[row * columns * nodesPerCell]
      figure.text(
        TextMetrics.fitted(node.index.map { "\($0)" } ?? "?", to: labelWidth - 8, size: 9),
        x: x - 6, y: y + Double(row) * cellSize + cellSize / 2 + 3, size: 9, style: .muted,
        anchor: .end)
    }
    guard cellSize >= 17, grouping.map(crossesNodes) == true else { return }
    for (index, mark) in marks.enumerated() {
      guard let mark, mark < 1000 else { continue }
      figure.text(
        TextMetrics.fitted("\(mark)", to: cellSize - 1, size: 9),
        x: x + (Double(index % columns) + 0.5) * cellSize,
        y: y + (Double(index / columns) + 0.5) * cellSize + 3.2, size: 9, anchor: .middle)
    }
  }

  /// Separates the cells by lines in the paper's colour.
  private func drawMesh(x: Double, y: Double, rows: Int, in figure: inout Figure) {
    let width = SVGWriter.coordinate(Double(min(columns, cells)) * cellSize)
    let height = SVGWriter.coordinate(Double(rows) * cellSize)
    var path = ""
    for column in 1..<columns {
      path += "M\(SVGWriter.coordinate(x + Double(column) * cellSize)) "
      path += "\(SVGWriter.coordinate(y))v\(height)"
    }
    for row in 1..<max(rows, 1) {
      path += "M\(SVGWriter.coordinate(x)) "
      path += "\(SVGWriter.coordinate(y + Double(row) * cellSize))h\(width)"
    }
    figure.body.empty("path", ["class": "mesh", "d": .text(path)])
  }

  private func crossesNodes(_ grouping: ParallelGrouping) -> Bool {
    var nodeOfGroup: [Int: Int] = [:]
    for (index, node) in placement.nodes.enumerated() {
      for row in node.ranks {
        guard let group = grouping.groupOfRank[row.rank] else { continue }
        if let seen = nodeOfGroup[group], seen != index { return true }
        nodeOfGroup[group] = index
      }
    }
    return false
  }

  /// Numbers the sets of groups that nodes have, in order of appearance; `nil` has none.
  private func marks(_ grouping: ParallelGrouping) -> [Int?] {
    let crosses = crossesNodes(grouping)
    var numbers: [[Int]: Int] = [:]
    return (0..<cells).map { cell in
      let node = placement.nodes[cell * nodesPerCell]
      let groups = Set(node.ranks.compactMap { grouping.groupOfRank[$0.rank] }).sorted()
      guard !groups.isEmpty else { return nil }
      // Where no group crosses nodes all sets differ, and numbering them would say nothing.
      guard crosses else { return 2 }
      if let number = numbers[groups] { return number }
      let number = numbers.count
      numbers[groups] = number
      return number
    }
  }

  private func drawShades(
    _ marks: [Int?], of dimension: ParallelismDimension?, x: Double, y: Double,
    in figure: inout Figure
  ) {
    var paths: [String: String] = [:]
    var order: [String] = []
    var index = 0
    while index < marks.count {
      let row = index / columns
      var tone = "blank"
      if let dimension, let mark = marks[index] { tone = figure.shadeClass(dimension, mark) }
      var end = index + 1
      while end < marks.count, end / columns == row, marks[end] == marks[index] { end += 1 }
      if paths[tone] == nil { order.append(tone) }
      paths[tone, default: ""] +=
        "M\(SVGWriter.coordinate(x + Double(index % columns) * cellSize)) "
        + "\(SVGWriter.coordinate(y + Double(row) * cellSize))"
        + "h\(SVGWriter.coordinate(Double(end - index) * cellSize))"
        + "v\(SVGWriter.coordinate(cellSize))"
        + "h\(SVGWriter.coordinate(-Double(end - index) * cellSize))z"
      index = end
    }
    for tone in order.sorted() {
      figure.body.empty(
        "path", ["class": .text("cell \(tone)"), "d": .text(paths[tone] ?? "")])
    }
  }
}
