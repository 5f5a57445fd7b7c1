// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace
internal import TrafficAnalysis

/// Draws what bus bandwidth messages of each size reached: one panel per collective, size against
/// bandwidth, both logarithmic and the same in all panels.
///
/// Where a topology tells what the links allow, a dashed line shows it. A square is the median; the line above it ends at the best call, which waited for nobody. A
/// long line therefore means waiting, not a slow link.
enum BandwidthFigure {
  private static let panelWidth = 278.0
  private static let panelStarts = [66.0, 414.0]
  private static let panelHeight = 130.0
  private static let maximumPanels = 6
  private static let mark = 7.0

  private struct Point {
    var row: DurationRow
    var bytes: UInt64
    var median: Double
    var best: Double
  }

  private struct Panel {
    var title: String
    var points: [Point]
  }

  /// Powers of two of the size, powers of ten of the bandwidth.
  private struct Axes {
    var lowBytes: Int
    var highBytes: Int
    var byteStep: Int
    var low: Int
    var high: Int

    func x(_ bytes: UInt64, from start: Double) -> Double {
      let power = exponent(of: bytes)
      return start + panelWidth * (power - Double(lowBytes)) / Double(max(highBytes - lowBytes, 1))
    }

    func y(_ bandwidth: Double, baseline: Double) -> Double {
      let power = Logarithm.base10(bandwidth) ?? Double(low)
      let share = (power - Double(low)) / Double(max(high - low, 1))
      return baseline - panelHeight * min(max(share, 0), 1)
    }

    /// log2, linear between powers of two: exact at the powers, and without a math library.
    private func exponent(of bytes: UInt64) -> Double {
      guard bytes > 0 else { return 0 }
      let whole = 63 - bytes.leadingZeroBitCount
      return Double(whole) + Double(bytes) / Double(UInt64(1) << UInt64(whole)) - 1
    }
  }

  /// Encodes the figure; `nil` without durations of messages whose size is known.
  ///
  /// - Complexity: O(*n* log *n*) in the number of duration rows.
  static func svg(_ summary: TrafficSummary) -> [UInt8]? {
    let panels = panels(of: summary)
    guard !panels.isEmpty else { return nil }
    let dimensions = ParallelismDimension.allCases.filter { dimension in
      panels.contains { $0.points.contains { $0.row.dimension == dimension } }
    }
    let axes = axes(of: panels)
    var figure = Figure(
      slug: "bandwidth", title: "Bus bandwidth by message size", subtitle: summary.headline,
      description: description(panels))
    figure.legend(dimensions)
    for (index, panel) in panels.enumerated() {
      let top = figure.y
      draw(panel, start: panelStarts[index % 2], axes: axes, in: &figure)
      // Two panels stand side by side.
      if index % 2 == 0, index + 1 < panels.count { figure.y = top }
    }
    figure.caption(
      (panels.contains { $0.points.contains { $0.row.peak != nil } }
        ? [
          "Dashed: what the links of the topology allow, as NCCL plans with them; reductions inside "
            + "of switches can exceed it."
        ] : []) + [
          "Square: median over ranks and calls; the line above it reaches to the fastest call. "
            + "Bus bandwidth as nccl-tests defines it, 1 GB/s = 1e9 bytes per second; "
            + "a kernel's time includes waiting for the last rank."
        ] + Figure.coverageCaption(summary))
    return figure.render()
  }

  // MARK: Data

  private static func panels(of summary: TrafficSummary) -> [Panel] {
    var points: [String: [Point]] = [:]
    for row in summary.durations {
      guard let bytes = row.messageBytes, bytes > 0,
        let median = row.busBandwidth(row.durations.quantile(permille: 500)), median > 0,
        let best = row.busBandwidth(max(row.durations.minimum, 1))
      else { continue }
      points[row.collective, default: []].append(
        Point(row: row, bytes: bytes, median: median, best: max(best, median)))
    }
    func time(_ points: [Point]) -> Double {
      points.reduce(0) { $0 + Double($1.row.durations.total) }
    }
    let names = points.keys.sorted { a, b in
      let (x, y) = (time(points[a] ?? []), time(points[b] ?? []))
      return x != y ? x > y : a < b
    }
    return names.prefix(maximumPanels).map { Panel(title: $0, points: points[$0] ?? []) }
  }

  private static func axes(of panels: [Panel]) -> Axes {
    let points = panels.flatMap(\.points)
    let powers = points.map { 63 - $0.bytes.leadingZeroBitCount }
    var low = (powers.min() ?? 0) / 5 * 5
    var high = ((powers.max() ?? 10) + 1 + 4) / 5 * 5
    if high - low < 10 { high = low + 10 }
    if high > 60 { (high, low) = (60, min(low, 50)) }
    var decades = (low: Int.max, high: Int.min)
    for point in points {
      decades.low = min(decades.low, decade(below: point.median))
      let highest = max(point.best, point.row.peak?.gigabytesPerSecond ?? 0)
      decades.high = max(decades.high, decade(below: highest) + 1)
    }
    return Axes(
      lowBytes: low, highBytes: high, byteStep: high - low > 35 ? 10 : 5,
      low: max(decades.low, -6), high: min(max(decades.high, decades.low + 1), 9))
  }

  /// The largest whole power of ten that a value reaches.
  private static func decade(below value: Double) -> Int {
    var power = 0
    var bound = 1.0
    while bound * 10 <= value, power < 9 { (bound, power) = (bound * 10, power + 1) }
    while bound > value, power > -9 { (bound, power) = (bound / 10, power - 1) }
    return power
  }

  private static func description(_ panels: [Panel]) -> String {
    let parts = panels.compactMap { panel -> String? in
      guard let best = panel.points.max(by: { $0.median < $1.median }) else { return nil }
      return "\(panel.title): up to \(Quantity.fixed(best.median, places: 1)) GB/s at "
        + Quantity.bytes(best.bytes)
    }
    return "Median bus bandwidth against message size. " + parts.joined(separator: "; ") + "."
  }

  // MARK: Drawing

  private static func draw(_ panel: Panel, start: Double, axes: Axes, in figure: inout Figure) {
    figure.body.open("g", ["aria-label": .text(panel.title)])
    let baseline = figure.y + 22 + panelHeight
    figure.text(
      TextMetrics.fitted(panel.title, to: panelWidth - 60, size: Figure.labelSize, isBold: true),
      x: start, y: figure.y + 8, size: Figure.labelSize, style: .strong)
    figure.text(
      "GB/s", x: start + panelWidth, y: figure.y + 8, size: Figure.tickSize, style: .muted,
      anchor: .end)
    for power in axes.low...axes.high {
      let y =
        baseline - panelHeight * Double(power - axes.low) / Double(max(axes.high - axes.low, 1))
      if power > axes.low {
        figure.rule("grid", x1: start, y1: y, x2: start + panelWidth, y2: y)
      }
      figure.text(
        label(ofDecade: power), x: start - 6, y: y + 3.5, size: Figure.smallSize, style: .muted,
        anchor: .end)
    }
    figure.rule("axis", x1: start, y1: baseline, x2: start + panelWidth, y2: baseline)
    for power in axes.lowBytes...axes.highBytes {
      let x = axes.x(UInt64(1) << UInt64(power), from: start)
      let isLabelled = power.isMultiple(of: axes.byteStep)
      figure.rule("axis", x1: x, y1: baseline, x2: x, y2: baseline + (isLabelled ? 5 : 3))
      if isLabelled {
        figure.text(
          Quantity.bytes(UInt64(1) << UInt64(power)), x: x, y: baseline + 16,
          size: Figure.smallSize, style: .muted, anchor: .middle)
      }
    }
    drawPeaks(of: panel, start: start, baseline: baseline, axes: axes, in: &figure)
    for point in panel.points {
      let x = axes.x(point.bytes, from: start)
      let (median, best) = (
        axes.y(point.median, baseline: baseline), axes.y(point.best, baseline: baseline)
      )
      figure.rule("axis", x1: x, y1: median, x2: x, y2: best)
      figure.bar(
        point.row.dimension, x: x - mark / 2, y: median - mark / 2, width: mark, height: mark,
        tooltip: "\(point.row.dimension.rawValue), \(Quantity.bytes(point.bytes)), "
          + "\(point.row.communicatorSize) ranks: median \(Quantity.fixed(point.median, places: 2)) "
          + "GB/s, best \(Quantity.fixed(point.best, places: 2)) GB/s")
    }
    figure.body.close("g")
    figure.y = baseline + 38
  }

  /// Dashed lines at what the links allow, each with its name where there is room for it.
  private static func drawPeaks(
    of panel: Panel, start: Double, baseline: Double, axes: Axes, in figure: inout Figure
  ) {
    let peaks = Set(panel.points.compactMap(\.row.peak)).sorted {
      ($0.gigabytesPerSecond, $0.limit.rawValue) < ($1.gigabytesPerSecond, $1.limit.rawValue)
    }
    var free = Double.infinity
    for peak in peaks {
      let y = axes.y(peak.gigabytesPerSecond, baseline: baseline)
      figure.rule("axis absent", x1: start, y1: y, x2: start + panelWidth, y2: y)
      // Above the line, and below the panel's title.
      guard free - y >= Figure.smallSize + 2 else { continue }
      figure.text(
        "\(peak.limit.rawValue) \(Quantity.fixed(peak.gigabytesPerSecond, places: 1)) GB/s",
        x: start + 4, y: y - 3, size: Figure.smallSize, style: .muted, hasHalo: true)
      free = y
    }
  }

  private static func label(ofDecade power: Int) -> String {
    guard power < 0 else {
      return Quantity.axisCount((0..<power).reduce(UInt64(1)) { sum, _ in sum * 10 })
    }
    return "0." + String(repeating: "0", count: -power - 1) + "1"
  }
}
