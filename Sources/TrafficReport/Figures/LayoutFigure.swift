// SPDX-License-Identifier: Apache-2.0

internal import TrafficAnalysis

/// Draws the ranks' grid once per dimension, each cell marked with its parallel group.
///
/// A node is a row of cells in local-rank order, so tensor groups show as runs along a row and
/// data groups as columns. Groups are told apart by shade and by number. Above 256 ranks a cell is
/// a node, and nodes that share their groups share a shade.
enum LayoutFigure {
  private static let panelGap = 24.0
  private static let maximumRanks = 256
  private static let maximumNodeRows = 40

  /// Sizes that follow from the number of ranks and nodes.
  private struct Metrics {
    var columns: Int
    var cellWidth: Double
    var cellHeight: Double
    var labelWidth: Double
    var isRoomy: Bool
    var panelWidth: Double
    var panelsPerLine: Int

    init(_ placement: RankPlacement) {
      let widest = placement.nodes.reduce(1) { max($0, $1.ranks.count) }
      columns = min(widest, 16)
      isRoomy = columns <= 8 && placement.rankCount <= 64
      cellWidth = isRoomy ? (columns <= 4 ? 46 : 36) : 26
      cellHeight = isRoomy ? 32 : 18
      labelWidth = isRoomy ? 0 : 84
      panelWidth = max(212, labelWidth + Double(columns) * cellWidth + 12)
      let room = Figure.width - 2 * Figure.margin + panelGap
      panelsPerLine = max(1, Int(room / (panelWidth + panelGap)))
    }
  }

  /// Encodes the figure.
  ///
  /// - Complexity: O(ranks x dimensions).
  @Sendable static func svg(_ summary: TrafficSummary) -> [UInt8] {
    let placement = RankPlacement(summary.ranks)
    let groupings = ParallelGrouping.groupings(of: summary)
    var figure = Figure(
      slug: "layout", title: "Rank layout and parallel groups", subtitle: summary.headline,
      description: description(placement, groupings))
    guard placement.rankCount > 0 else {
      figure.emptyNotice(
        "No ranks are known",
        detail: "Logs with NCCL_DEBUG_SUBSYS=INIT name the ranks and their nodes.")
      figure.caption(Figure.coverageCaption(summary))
      return figure.render()
    }
    let isByNode =
      placement.rankCount > maximumRanks || placement.nodes.count > maximumNodeRows
    var reading: String
    if isByNode {
      let grid = NodeGrid(placement)
      grid.draw(groupings, in: &figure)
      reading = grid.reading
    } else {
      drawRanks(placement, groupings, in: &figure)
      reading =
        "A row is a node with its ranks in local-rank order; cells of one number and shade form "
        + "one group."
      if summary.ranks.contains(where: { $0.coverage == "no_log" }) {
        reading += " A dashed cell is a rank without a log."
      }
    }
    if groupings.isEmpty { reading += " No communicator could be given a dimension." }
    let overlapping = groupings.reduce(0) { $0 + $1.overlapping }
    if overlapping > 0 {
      reading +=
        " Not drawn: \(Quantity.counted(overlapping, "communicator")) that overlap other groups "
        + "of the same dimension."
    }
    figure.caption(
      [
        reading,
        "\(Quantity.counted(placement.rankCount, "rank")) on "
          + "\(Quantity.counted(placement.nodes.count { $0.index != nil }, "known node")); "
          + "global ranks from: \(summary.coverage.globalRankSource).",
      ] + Figure.coverageCaption(summary))
    return figure.render()
  }

  private static func description(
    _ placement: RankPlacement, _ groupings: [ParallelGrouping]
  ) -> String {
    guard placement.rankCount > 0 else { return "No ranks are known." }
    let parts = groupings.map { grouping in
      grouping.dimensions.map(\.rawValue).joined(separator: " and ") + ": "
        + grouping.sentences(placement).joined(separator: ", ")
    }
    return "\(Quantity.counted(placement.rankCount, "rank")) on "
      + "\(Quantity.counted(placement.nodes.count, "node"))"
      + (parts.isEmpty ? "." : "; " + parts.joined(separator: "; ") + ".")
  }

  /// Draws a panel's title; `body` begins below it.
  static func drawTitle(
    of grouping: ParallelGrouping?, placement: RankPlacement, x: Double, y: Double,
    width: Double, in figure: inout Figure
  ) {
    guard let grouping else {
      figure.text("ranks", x: x, y: y + 12, size: 13, style: .strong)
      return
    }
    let names = grouping.dimensions.map(\.rawValue).joined(separator: ", ")
    figure.text(names, x: x, y: y + 12, size: 13, style: .strong)
    figure.text(
      TextMetrics.fitted(
        grouping.dimensions.map(\.phrase).joined(separator: ", "),
        to: width - TextMetrics.width(names, size: 13, isBold: true) - 8,
        size: Figure.tickSize),
      x: x + TextMetrics.width(names, size: 13, isBold: true) + 8, y: y + 12,
      size: Figure.tickSize, style: .muted)
    figure.text(
      TextMetrics.fitted(
        grouping.sentences(placement).joined(separator: ", "), to: width, size: Figure.smallSize),
      x: x, y: y + 28, size: Figure.smallSize, style: .muted)
  }

  /// Places panels from left to right and top to bottom.
  static func drawPanels(
    _ groupings: [ParallelGrouping], perLine: Int, width: Double, height: Double,
    in figure: inout Figure,
    _ body: (ParallelGrouping?, _ x: Double, _ y: Double, inout Figure) -> Void
  ) {
    let panels: [ParallelGrouping?] = groupings.isEmpty ? [nil] : groupings
    let top = figure.y
    for (index, panel) in panels.enumerated() {
      let x = Figure.margin + Double(index % perLine) * (width + panelGap)
      let y = top + Double(index / perLine) * height
      body(panel, x, y, &figure)
    }
    figure.y = top + Double((panels.count + perLine - 1) / perLine) * height
  }

  // MARK: Cells are ranks

  private static func drawRanks(
    _ placement: RankPlacement, _ groupings: [ParallelGrouping], in figure: inout Figure
  ) {
    let metrics = Metrics(placement)
    let height = placement.nodes.reduce(40.0) { $0 + nodeHeight($1, metrics) } + 14
    drawPanels(
      groupings, perLine: metrics.panelsPerLine, width: metrics.panelWidth, height: height,
      in: &figure
    ) { grouping, x, y, figure in
      figure.body.open(
        "g",
        [
          "aria-label": .text(
            grouping?.dimensions.map(\.rawValue).joined(separator: " ") ?? "ranks")
        ])
      drawTitle(
        of: grouping, placement: placement, x: x, y: y, width: metrics.panelWidth, in: &figure)
      var top = y + 40
      for node in placement.nodes {
        draw(node, of: grouping, x: x, y: top, metrics: metrics, in: &figure)
        top += nodeHeight(node, metrics)
      }
      figure.body.close("g")
    }
  }

  private static func lines(_ node: RankPlacement.Node, _ metrics: Metrics) -> Int {
    (node.ranks.count + metrics.columns - 1) / metrics.columns
  }

  private static func nodeHeight(_ node: RankPlacement.Node, _ metrics: Metrics) -> Double {
    Double(lines(node, metrics)) * metrics.cellHeight + (metrics.isRoomy ? 28 : 6)
  }

  private static func draw(
    _ node: RankPlacement.Node, of grouping: ParallelGrouping?, x: Double, y: Double,
    metrics: Metrics, in figure: inout Figure
  ) {
    let name = node.index.map { "node \($0)" } ?? "node ?"
    let cellsX = x + metrics.labelWidth + 3
    let cellsY = metrics.isRoomy ? y + 17 : y
    if metrics.isRoomy {
      let label = node.host.map { "\(name) \u{B7} \($0)" } ?? name
      figure.text(
        TextMetrics.fitted(label, to: metrics.panelWidth, size: Figure.smallSize), x: x, y: y + 11,
        size: Figure.smallSize, style: .muted)
    } else {
      let ranks = RankList.text(node.ranks.map(\.rank))
      let candidates = [
        "\(name): \(ranks)", "\(node.index.map(String.init) ?? "?"): \(ranks)", name,
      ]
      let room = metrics.labelWidth - 6
      let label =
        Figure.fitting(candidates, to: room, size: 9, isStrong: false)
        ?? TextMetrics.fitted(name, to: room, size: 9)
      figure.text(
        label, x: x + metrics.labelWidth - 4, y: y + 12.5, size: 9, style: .muted, anchor: .end)
    }
    let shown = min(node.ranks.count, metrics.columns)
    figure.body.empty(
      "rect",
      [
        "class": "box", "x": .number(cellsX - 3), "y": .number(cellsY - 3),
        "width": .number(Double(shown) * metrics.cellWidth + 6),
        "height": .number(Double(lines(node, metrics)) * metrics.cellHeight + 6), "rx": "3",
      ])
    for (index, row) in node.ranks.enumerated() {
      draw(
        row, of: grouping, host: node.host,
        x: cellsX + Double(index % metrics.columns) * metrics.cellWidth,
        y: cellsY + Double(index / metrics.columns) * metrics.cellHeight, metrics: metrics,
        in: &figure)
    }
  }

  private static func draw(
    _ row: RankRow, of grouping: ParallelGrouping?, host: String?, x: Double, y: Double,
    metrics: Metrics, in figure: inout Figure
  ) {
    var tone = "blank"
    var group: Int?
    if let grouping, let index = grouping.groupOfRank[row.rank],
      let dimension = grouping.dimensions.first
    {
      tone = figure.shadeClass(dimension, index)
      group = index
    }
    var tooltip = "rank \(row.rank)"
    if let host { tooltip += " on \(PlainText.shortened(host, to: 80))" }
    if let group { tooltip += ", group \(group)" }
    if row.coverage != "full" { tooltip += ", \(row.coverage)" }
    figure.body.element(
      "rect",
      [
        "class": .text(
          row.coverage == "no_log" ? "cell absent \(tone)" : "cell \(tone)"),
        "x": .number(x + 1), "y": .number(y + 1), "width": .number(metrics.cellWidth - 2),
        "height": .number(metrics.cellHeight - 2), "rx": "2",
      ], tooltip: tooltip)
    let center = x + metrics.cellWidth / 2
    let room = metrics.cellWidth - 6
    if metrics.isRoomy {
      figure.text(
        TextMetrics.fitted("\(row.rank)", to: room, size: 12, isBold: true), x: center, y: y + 15,
        size: 12, style: .strong, anchor: .middle)
    }
    if let group {
      figure.text(
        TextMetrics.fitted("g\(group)", to: room, size: 9), x: center,
        y: y + (metrics.isRoomy ? 26 : 12.5), size: 9, anchor: .middle)
    }
  }
}
