// SPDX-License-Identifier: Apache-2.0

internal import TrafficAnalysis

/// Draws the wire bytes of each strategy as small multiples: a panel for each run, the same rows in
/// the same order and colours, on one scale.
///
/// A tick on a bar marks where the baseline's ends.
enum ComparisonFigure {
  private static let labelEnd = 148.0
  private static let panelGap = 16.0
  private static let columns = 4
  /// Most runs that are drawn; tables have the others.
  private static let maximumRuns = 12
  private static let barHeight = 13.0
  private static let rowHeight = 35.0

  private struct Panel {
    var run: Int
    var x: Double
    var width: Double
    var scale: LinearScale
  }

  /// Encodes the figure.
  ///
  /// - Complexity: O(runs x classes).
  static func svg(_ comparison: RunComparison) -> [UInt8] {
    let base = ComparisonText.label(comparison.baselineRun)
    let per = ComparisonText.per(comparison.basis)
    let shown = Array(comparison.runs.indices.prefix(maximumRuns))
    var figure = Figure(
      slug: "comparison", title: "Traffic of \(comparison.runs.count) runs, side by side",
      subtitle:
        "Bytes that leave GPUs\(per), by parallelism dimension; factors are relative to \(base).",
      description: description(comparison, per))
    let keys: [ParallelismDimension?] = [nil] + comparison.dimensions.map { $0 }
    let largest = shown.reduce(UInt64(1)) { max($0, amount($1, nil, comparison)) }
    for start in stride(from: 0, to: shown.count, by: columns) {
      let runs = Array(shown[start..<min(start + columns, shown.count)])
      draw(runs, keys, largest: largest, comparison, in: &figure)
    }
    let left = comparison.runs.count - shown.count
    figure.caption(
      [
        "Each bar is summed over the ranks of a run, by the algorithm seen in its log, else the ring "
          + "bound; the upper one stacks the others. A thin line marks where the bar of \(base) "
          + "ends. All panels have one scale; 1 KiB = 1,024 B.",
        left > 0 ? "\(Quantity.counted(left, "more run")) in comparison_dimensions.csv." : "",
      ] + comparison.statements.prefix(1))
    return figure.render()
  }

  private static func amount(
    _ run: Int, _ dimension: ParallelismDimension?, _ comparison: RunComparison
  ) -> UInt64 {
    ComparisonText.amount(
      comparison.runs[run].amounts(of: dimension).wireBytes, of: run, in: comparison)
  }

  private static func description(_ comparison: RunComparison, _ per: String) -> String {
    let totals = comparison.runs.indices.prefix(8).map { run in
      "\(ComparisonText.label(comparison.runs[run])) "
        + Quantity.bytes(amount(run, nil, comparison))
    }
    return "Wire bytes\(per): \(totals.joined(separator: ", "))."
  }

  /// Draws a band of panels beside each other.
  private static func draw(
    _ runs: [Int], _ keys: [ParallelismDimension?], largest: UInt64, _ comparison: RunComparison,
    in figure: inout Figure
  ) {
    let room = Figure.width - Figure.margin - labelEnd
    let count = Double(min(comparison.runs.count, columns))
    let width = (room - panelGap * (count - 1)) / count
    let panels = runs.enumerated().map { place, run in
      let x = labelEnd + Double(place) * (width + panelGap)
      return Panel(
        run: run, x: x, width: width,
        scale: LinearScale(maximum: Double(largest), start: x, end: x + width))
    }
    figure.y += 6
    let lines = panels.map { heading($0, comparison, in: &figure) }.max() ?? 1
    figure.y += 14 + 12 * Double(lines)
    let top = figure.y
    let bottom = top + rowHeight * Double(keys.count) - 4
    let ticks = Ticks.bytes(upTo: largest, about: comparison.runs.count > 2 ? 2 : 4)
      .filter { $0 <= largest }
    for panel in panels {
      for tick in ticks {
        let x = panel.scale(tick)
        figure.rule(tick == 0 ? "axis" : "grid", x1: x, y1: top - 4, x2: x, y2: bottom)
      }
    }
    for key in keys {
      figure.body.open("g", ["aria-label": .text(key?.rawValue ?? "total")])
      figure.text(
        key?.rawValue ?? "total", x: Figure.margin, y: figure.y + 11, size: 13, style: .strong)
      figure.text(
        TextMetrics.fitted(
          key?.phrase ?? "all dimensions", to: labelEnd - Figure.margin - 8,
          size: Figure.smallSize),
        x: Figure.margin, y: figure.y + 24, size: Figure.smallSize, style: .muted)
      for panel in panels { bar(panel, key, keys, comparison, in: &figure) }
      figure.body.close("g")
      figure.y += rowHeight
    }
    figure.body.open("g", ["aria-label": "byte axis"])
    for panel in panels { axis(panel, ticks, y: bottom + 12, in: &figure) }
    figure.body.close("g")
    figure.y = bottom + 22
  }

  /// Writes what a run is; returns the lines that this takes besides its name.
  private static func heading(
    _ panel: Panel, _ comparison: RunComparison, in figure: inout Figure
  ) -> Int {
    let run = comparison.runs[panel.run]
    let isBaseline = panel.run == comparison.baseline
    let mark = "(baseline)"
    let markWidth = isBaseline ? TextMetrics.width(mark, size: Figure.smallSize) + 5 : 0
    let label = TextMetrics.fitted(
      run.label, to: panel.width - markWidth, size: Figure.labelSize, isBold: true)
    figure.text(label, x: panel.x, y: figure.y + 6, size: Figure.labelSize, style: .strong)
    if isBaseline {
      figure.text(
        mark, x: panel.x + TextMetrics.width(label, size: Figure.labelSize, isBold: true) + 5,
        y: figure.y + 6, size: Figure.smallSize, style: .muted)
    }
    let lines = TextMetrics.wrapped(
      run.headline, to: panel.width, size: Figure.smallSize, maximum: 2)
    for (index, line) in lines.enumerated() {
      figure.text(
        line, x: panel.x, y: figure.y + 19 + 12 * Double(index), size: Figure.smallSize,
        style: .muted)
    }
    return lines.count
  }

  private static func bar(
    _ panel: Panel, _ key: ParallelismDimension?, _ keys: [ParallelismDimension?],
    _ comparison: RunComparison, in figure: inout Figure
  ) {
    let run = comparison.runs[panel.run]
    let own = run.amounts(of: key)
    var end = panel.x
    var sum: UInt64 = 0
    for dimension in key.map({ [$0] }) ?? keys.compactMap(\.self) {
      let part = amount(panel.run, dimension, comparison)
      let start = max(panel.scale(sum), end)
      sum = sum.saturatingAdd(part)
      guard part > 0 else { continue }
      // What is there must be seen, however small beside the rest.
      end = min(max(panel.scale(sum), start + 1), panel.x + panel.width + 6)
      figure.bar(
        dimension, x: start, y: figure.y, width: max(end - start, 0.5), height: barHeight,
        tooltip: "\(ComparisonText.label(run)) \(dimension.rawValue): "
          + "\(Quantity.bytes(part))\(ComparisonText.per(comparison.basis)) on the wire")
    }
    if panel.run != comparison.baseline {
      let x = panel.scale(amount(comparison.baseline, key, comparison))
      if x > panel.x + 1 {
        figure.rule("axis", x1: x, y1: figure.y - 2, x2: x, y2: figure.y + barHeight + 2)
      }
    }
    let isWeak = key.map { ComparisonText.isWeak(run, $0) && own.wireBytes > 0 } ?? false
    let factor =
      panel.run == comparison.baseline || own.wireBytes == 0
      ? ""
      : ComparisonText.times(
        ComparisonText.ratio(
          own.wireBytes, of: panel.run, to: comparison.baselineRun.amounts(of: key).wireBytes,
          in: comparison))
    let parts = [
      ComparisonText.bytes(own.wireBytes, of: panel.run, in: comparison), factor,
      isWeak ? "weak label" : "",
    ].filter { !$0.isEmpty }
    figure.text(
      TextMetrics.fitted(
        parts.joined(separator: " \u{B7} "), to: panel.width - 3, size: Figure.smallSize),
      x: panel.x + 3, y: figure.y + barHeight + 11, size: Figure.smallSize,
      style: own.wireBytes > 0 ? .ink : .muted, hasHalo: true)
  }

  private static func axis(
    _ panel: Panel, _ ticks: [UInt64], y: Double, in figure: inout Figure
  ) {
    var free = panel.x - 4
    for tick in ticks {
      let label = Quantity.bytes(tick)
      let width = TextMetrics.width(label, size: Figure.smallSize)
      let last = panel.x + panel.width + panelGap / 2 - width
      let x = tick == 0 ? panel.x : min(panel.scale(tick) - width / 2, last)
      guard x >= free else { continue }
      figure.text(label, x: x, y: y, size: Figure.smallSize, style: .muted)
      free = x + width + 8
    }
  }
}
