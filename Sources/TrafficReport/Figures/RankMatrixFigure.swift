// SPDX-License-Identifier: Apache-2.0

internal import TrafficAnalysis

/// Draws who sends whom how much: a heat map of all traffic, and a small one per dimension.
///
/// Ranks are in the order of their nodes and, on a node, of their tensor groups. Thousands of ranks
/// are put together in bins that do not straddle nodes, so the figure's size has a bound. All maps
/// share one scale, whose steps are powers of two.
enum RankMatrixFigure {
  private static let maximumBins = 128
  /// Up to here each cell is an element of its own, with a tooltip.
  private static let maximumTooltipRanks = 32
  private static let mapSize = 432.0
  private static let facetSize = 120.0
  private static let labelWidth = 84.0

  /// Encodes the figure.
  ///
  /// - Complexity: O(cells + bins^2 x dimensions).
  @Sendable static func svg(_ summary: TrafficSummary) -> [UInt8] {
    let axis = Axis(summary)
    let maps = Maps(summary.rankMatrix, axis)
    var figure = Figure(
      slug: "matrix", title: "Traffic between ranks", subtitle: summary.headline,
      description: description(axis, maps))
    guard maps.largest > 0 else {
      figure.emptyNotice(
        "No traffic between ranks is known",
        detail: "It takes the calls of all ranks that talk: in a log, NCCL_DEBUG_SUBSYS=INIT,COLL.")
      figure.caption(Figure.coverageCaption(summary))
      return figure.render()
    }
    let heat = Heat(largest: maps.largest, smallest: maps.smallest)
    let top = figure.y + 46
    let left = Figure.margin + labelWidth
    drawMap(maps.total, axis, heat, x: left, y: top, size: mapSize, isMain: true, in: &figure)
    drawLabels(axis, x: left, y: top, in: &figure)
    drawScale(heat, x: left + mapSize + 36, y: top, in: &figure)
    figure.y = top + mapSize + 28
    if maps.byDimension.count > 1 { drawFacets(maps, axis, heat, in: &figure) }
    figure.caption(captions(summary, axis) + Figure.coverageCaption(summary))
    return figure.render()
  }

  private static func captions(_ summary: TrafficSummary, _ axis: Axis) -> [String] {
    let bin = axis.ranksPerBin
    var lines = [
      (bin == 1 ? "A row sends to a column." : "A row of \(bin) ranks sends to a column of \(bin).")
        + " Ranks are in order of node and tensor group. The bytes of a collective go around the "
        + "rings, trees or pairs of its algorithm, as the log shows them, else node by node."
    ]
    if summary.coverage.unmatchedBytes > 0 {
      lines.append(
        "\(Quantity.bytes(summary.coverage.unmatchedBytes)) of "
          + "\(Quantity.bytes(summary.wireBytes)) are not shown: an end is not known.")
    }
    return lines
  }

  private static func description(_ axis: Axis, _ maps: Maps) -> String {
    guard maps.largest > 0 else { return "No traffic between ranks is known." }
    return "\(Quantity.counted(axis.ranks.count, "rank")); the busiest "
      + (axis.ranksPerBin == 1 ? "pair" : "pair of \(axis.ranksPerBin) ranks each")
      + " moves \(Quantity.bytes(maps.largest))."
  }

  // MARK: - What is drawn

  /// The ranks in drawing order, and the bins they fall into.
  private struct Axis {
    var ranks: [RankRow] = []
    var ranksPerBin = 1
    var bins = 0
    /// First bin of each node, and its index; empty when the nodes are not known.
    var nodes: [(bin: Int, index: Int)] = []
    private var binOfRank: [Int: Int] = [:]

    init(_ summary: TrafficSummary) {
      var tensorGroup: [Int: Int] = [:]
      for row in summary.communicators where row.dimension == .tp || row.dimension == .sp {
        let ranks = row.ranks.compactMap(\.self)
        guard let first = ranks.min() else { continue }
        for rank in ranks { tensorGroup[rank] = min(tensorGroup[rank] ?? first, first) }
      }
      let met = summary.rankMatrix.reduce(into: Set<Int>()) {
        $0.insert($1.sourceRank)
        $0.insert($1.destinationRank)
      }
      ranks = summary.ranks.filter { met.contains($0.rank) || $0.coverage != "no_log" }
        .sorted { a, b in
          (a.node ?? .max, tensorGroup[a.rank] ?? a.rank, a.rank)
            < (b.node ?? .max, tensorGroup[b.rank] ?? b.rank, b.rank)
        }
      let sizes = Dictionary(grouping: ranks) { $0.node }.values.map(\.count)
      let perNode = Set(sizes).count == 1 && !ranks.contains { $0.node == nil } ? sizes.first : nil
      ranksPerBin = Self.binSize(ranks.count, perNode: perNode)
      bins = (ranks.count + ranksPerBin - 1) / ranksPerBin
      var last: Int?
      for (place, row) in ranks.enumerated() {
        binOfRank[row.rank] = place / ranksPerBin
        guard let node = row.node, node != last else { continue }
        if place % ranksPerBin == 0 { nodes.append((place / ranksPerBin, node)) }
        last = node
      }
    }

    /// The smallest bin that gives few enough, and whose borders are borders of nodes.
    private static func binSize(_ count: Int, perNode: Int?) -> Int {
      let least = max(1, (count + maximumBins - 1) / maximumBins)
      guard let perNode, perNode > 0 else { return least }
      if least <= perNode {
        return (least...perNode).first { perNode % $0 == 0 } ?? perNode
      }
      return (least + perNode - 1) / perNode * perNode
    }

    func bin(_ rank: Int) -> Int? { binOfRank[rank] }
  }

  /// Bytes by pair of bins, in all and by dimension.
  private struct Maps {
    struct Map {
      var dimension: ParallelismDimension?
      /// Bytes by row and column, `row * bins + column`.
      var cells: [Int: UInt64] = [:]
      var bytes: UInt64 = 0

      mutating func add(_ bytes: UInt64, at cell: Int) {
        cells[cell] = (cells[cell] ?? 0).saturatingAdd(bytes)
        self.bytes = self.bytes.saturatingAdd(bytes)
      }
    }

    var total = Map()
    var byDimension: [Map] = []
    var largest: UInt64 { total.cells.values.max() ?? 0 }
    var smallest: UInt64 { byDimension.lazy.compactMap { $0.cells.values.min() }.min() ?? 0 }

    init(_ rows: [RankMatrixRow], _ axis: Axis) {
      var maps: [ParallelismDimension: Map] = [:]
      for row in rows {
        guard let source = axis.bin(row.sourceRank), let target = axis.bin(row.destinationRank)
        else { continue }
        let cell = source * axis.bins + target
        total.add(row.bytes, at: cell)
        maps[row.dimension, default: Map(dimension: row.dimension)].add(row.bytes, at: cell)
      }
      byDimension = maps.values.sorted {
        ($0.dimension?.order ?? 0) < ($1.dimension?.order ?? 0)
      }
    }
  }

  /// Steps of colour, each a power of two wide.
  private struct Heat {
    static let steps = Palette.heatSteps
    /// Log2 of the upper end.
    let top: Int
    /// Log2 of each step's width.
    let width: Int

    init(largest: UInt64, smallest: UInt64) {
      top = UInt64.bitWidth - (max(largest, 1) - 1).leadingZeroBitCount
      let bottom = UInt64.bitWidth - 1 - max(smallest, 1).leadingZeroBitCount
      // A few bytes of control must not use up the steps that tell the strategies apart.
      width = max(1, min(2, (top - bottom + Self.steps - 1) / Self.steps))
    }

    /// The step of a number of bytes, from 0.
    func level(_ bytes: UInt64) -> Int {
      let log2 = UInt64.bitWidth - (max(bytes, 1) - 1).leadingZeroBitCount
      return max(0, Self.steps - 1 - (top - log2) / width)
    }

    /// The bytes at the upper end of a step, or at the lower end of the first for -1.
    func bytes(above level: Int) -> UInt64 {
      let log2 = top - (Self.steps - 1 - level) * width
      return log2 <= 0 ? 1 : log2 >= 64 ? .max : 1 << UInt64(log2)
    }
  }

  // MARK: - Drawing

  private static func drawMap(
    _ map: Maps.Map, _ axis: Axis, _ heat: Heat, x: Double, y: Double, size: Double,
    isMain: Bool, in figure: inout Figure
  ) {
    let side = size / Double(axis.bins)
    let sorted = map.cells.sorted { $0.key < $1.key }
    figure.usesHeat = true
    if isMain, axis.ranks.count <= maximumTooltipRanks {
      for (cell, bytes) in sorted {
        let (row, column) = cell.quotientAndRemainder(dividingBy: axis.bins)
        let level = heat.level(bytes)
        figure.body.element(
          "rect",
          [
            "class": .text("heat\(level)"), "x": .number(x + Double(column) * side),
            "y": .number(y + Double(row) * side), "width": .number(side),
            "height": .number(side),
          ],
          tooltip: "rank \(axis.ranks[row].rank) to rank \(axis.ranks[column].rank): "
            + Quantity.bytes(bytes))
        if axis.bins <= 8 {
          figure.text(
            Quantity.bytes(bytes), x: x + (Double(column) + 0.5) * side,
            y: y + (Double(row) + 0.5) * side + 3.5, size: Figure.smallSize,
            style: level >= Palette.heatSteps / 2 ? .reverse : .ink, anchor: .middle)
        }
      }
    } else {
      for (level, path) in runs(sorted, axis, heat, x: x, y: y, side: side) {
        figure.body.empty("path", ["class": .text("heat\(level)"), "d": .text(path)])
      }
    }
    if isMain, axis.bins > 1, axis.ranks.count <= maximumTooltipRanks {
      drawMesh(axis.bins, x: x, y: y, side: side, in: &figure)
    }
    let lineEnd = y + size
    for (place, node) in axis.nodes.enumerated() where place > 0 {
      let offset = Double(node.bin) * side
      // Lines closer than this would hide the cells.
      guard size / Double(max(axis.nodes.count, 1)) >= (isMain ? 16 : 12) else { break }
      figure.rule("grid", x1: x + offset, y1: y, x2: x + offset, y2: lineEnd)
      figure.rule("grid", x1: x, y1: y + offset, x2: x + size, y2: y + offset)
    }
    figure.body.empty(
      "rect",
      [
        "class": "box", "x": .number(x), "y": .number(y), "width": .number(size),
        "height": .number(size),
      ])
  }

  /// Separates cells that can be told apart by hairlines in the paper's colour.
  private static func drawMesh(
    _ bins: Int, x: Double, y: Double, side: Double, in figure: inout Figure
  ) {
    let length = SVGWriter.coordinate(side * Double(bins))
    var path = ""
    for line in stride(from: 1, to: bins, by: 1) {
      let offset = Double(line) * side
      path += "M\(SVGWriter.coordinate(x + offset)) \(SVGWriter.coordinate(y))v\(length)"
      path += "M\(SVGWriter.coordinate(x)) \(SVGWriter.coordinate(y + offset))h\(length)"
    }
    figure.body.empty("path", ["class": "mesh", "d": .text(path)])
  }

  /// One path per step of colour, neighbours in a row joined.
  private static func runs(
    _ cells: [(key: Int, value: UInt64)], _ axis: Axis, _ heat: Heat, x: Double, y: Double,
    side: Double
  ) -> [(level: Int, path: String)] {
    var paths = [String](repeating: "", count: Heat.steps)
    var place = 0
    while place < cells.count {
      let first = cells[place].key
      let level = heat.level(cells[place].value)
      var length = 1
      while place + length < cells.count, cells[place + length].key == first + length,
        (first + length) % axis.bins != 0, heat.level(cells[place + length].value) == level
      {
        length += 1
      }
      let (row, column) = first.quotientAndRemainder(dividingBy: axis.bins)
      let left = SVGWriter.coordinate(x + Double(column) * side)
      let top = SVGWriter.coordinate(y + Double(row) * side)
      let width = SVGWriter.coordinate(Double(length) * side)
      paths[level] += "M\(left) \(top)h\(width)v\(SVGWriter.coordinate(side))h-\(width)z"
      place += length
    }
    return paths.enumerated().filter { !$0.element.isEmpty }.map { ($0.offset, $0.element) }
  }

  private static func drawLabels(
    _ axis: Axis, x: Double, y: Double, in figure: inout Figure
  ) {
    figure.text(
      "to", x: x + mapSize / 2, y: y - 34, size: Figure.tickSize, style: .muted, anchor: .middle)
    figure.text("from", x: Figure.margin, y: y - 20, size: Figure.tickSize, style: .muted)
    let side = mapSize / Double(axis.bins)
    let step = side >= 12 ? 1 : Int((14 / side).rounded(.up))
    if axis.ranksPerBin == 1 {
      // Wide numbers need more room above narrow columns than beside rows.
      let widest =
        axis.ranks.map { TextMetrics.width("\($0.rank)", size: Figure.smallSize) }.max() ?? 0
      let columnStep = max(step, Int(((widest + 4) / side).rounded(.up)))
      for (place, row) in axis.ranks.enumerated() {
        let middle = (Double(place) + 0.5) * side
        let label = TextMetrics.fitted("\(row.rank)", to: 36, size: Figure.smallSize)
        if place % step == 0 {
          figure.text(
            label, x: x - 6, y: y + middle + 3.5, size: Figure.smallSize, style: .muted,
            anchor: .end)
        }
        if place % columnStep == 0 {
          figure.text(
            label, x: x + middle, y: y - 6, size: Figure.smallSize, style: .muted,
            anchor: .middle)
        }
      }
    }
    guard axis.nodes.count > 1 else { return }
    let ends = axis.nodes.dropFirst().map(\.bin) + [axis.bins]
    // Every k-th node, so that labels keep apart.
    let height = mapSize / Double(axis.nodes.count)
    let stride = max(1, Int((14 / height).rounded(.up)))
    let width = TextMetrics.width("node \(axis.nodes.count)", size: Figure.smallSize) + 8
    let columnStride = max(1, Int((width / height).rounded(.up)))
    for (place, node) in axis.nodes.enumerated() {
      let middle = (Double(node.bin) + Double(ends[place])) / 2 * side
      if place % stride == 0 {
        figure.text(
          "node \(node.index)", x: Figure.margin, y: y + middle + 3.5, size: Figure.smallSize)
      }
      if place % columnStride == 0 {
        figure.text(
          "node \(node.index)", x: x + middle, y: y - 20, size: Figure.smallSize, anchor: .middle)
      }
    }
  }

  private static func drawScale(_ heat: Heat, x: Double, y: Double, in figure: inout Figure) {
    let height = 24.0
    figure.text("bytes per cell", x: x, y: y + 8, size: Figure.tickSize, style: .muted)
    let top = y + 22
    for step in 0..<Heat.steps {
      // The largest is on top.
      let place = top + Double(Heat.steps - 1 - step) * height
      figure.body.empty(
        "rect",
        [
          "class": .text("heat\(step)"), "x": .number(x), "y": .number(place), "width": "16",
          "height": .number(height),
        ])
    }
    figure.body.empty(
      "rect",
      [
        "class": "box", "x": .number(x), "y": .number(top), "width": "16",
        "height": .number(height * Double(Heat.steps)),
      ])
    for step in -1..<Heat.steps {
      figure.text(
        step < 0 ? "less" : Quantity.bytes(heat.bytes(above: step)), x: x + 24,
        y: top + Double(Heat.steps - 1 - step) * height + 4, size: Figure.smallSize,
        style: .muted)
    }
  }

  private static func drawFacets(
    _ maps: Maps, _ axis: Axis, _ heat: Heat, in figure: inout Figure
  ) {
    let gap = 22.0
    let perLine = 5
    for (place, map) in maps.byDimension.enumerated() {
      guard let dimension = map.dimension else { continue }
      if place > 0, place % perLine == 0 { figure.y += facetSize + 57 }
      let x = Figure.margin + Double(place % perLine) * (facetSize + gap)
      figure.text(dimension.rawValue, x: x, y: figure.y + 12, size: 13, style: .strong)
      figure.text(
        Quantity.bytes(map.bytes), x: x, y: figure.y + 27, size: Figure.tickSize, style: .muted)
      drawMap(
        map, axis, heat, x: x, y: figure.y + 35, size: facetSize, isMain: false, in: &figure)
    }
    figure.y += facetSize + 51
  }
}
