// SPDX-License-Identifier: Apache-2.0

internal import TrafficAnalysis

/// Draws how large the messages are: operations on the left, bytes on the right, one row of
/// panels per collective, over a binary logarithmic axis.
///
/// The two sides tell opposite stories: most operations are small, most bytes are in large ones.
/// Empty messages have a bin of their own, left of the axis.
enum MessageSizesFigure {
  private static let panelWidth = 278.0
  private static let panelStarts = [66.0, 414.0]
  private static let panelHeight = 92.0
  private static let maximumRows = 6
  private static let zeroBinWidth = 12.0
  private static let zeroBinGap = 14.0

  /// The bins of one dimension in one panel row.
  private struct Series {
    var dimension: ParallelismDimension
    /// By bin: 0 for empty messages, else 1 + log2 of the bucket's lower bound.
    var operations = [UInt64](repeating: 0, count: 65)
    var payload = [UInt64](repeating: 0, count: 65)
  }

  private struct Panel {
    var title: String
    var series: [Series]
  }

  /// The bins in use, widened to labelled powers.
  private struct ByteAxis {
    var hasZero: Bool
    /// Powers of two at the two ends.
    var low: Int
    var high: Int
    /// Powers between labels.
    var step: Int

    func x(ofPower power: Int, from start: Double) -> Double {
      let first = hasZero ? start + zeroBinWidth + zeroBinGap : start
      let width = start + panelWidth - first
      return first + width * Double(power - low) / Double(max(high - low, 1))
    }
  }

  /// Encodes the figure.
  ///
  /// - Complexity: O(*n* log *n*) in the number of message-size rows.
  @Sendable static func svg(_ summary: TrafficSummary) -> [UInt8] {
    let panels = panels(of: summary)
    let dimensions = ParallelismDimension.allCases.filter { dimension in
      panels.contains { $0.series.contains { $0.dimension == dimension } }
    }
    var figure = Figure(
      slug: "message-sizes", title: "Message sizes", subtitle: summary.headline,
      description: description(panels))
    if panels.isEmpty {
      figure.emptyNotice(
        "No operations were seen in these logs",
        detail: "There are no message sizes to show.")
    } else {
      figure.legend(dimensions)
      let axis = axis(of: panels)
      for (index, panel) in panels.enumerated() {
        draw(panel, isFirst: index == 0, axis: axis, in: &figure)
      }
    }
    figure.caption(
      [
        panels.isEmpty
          ? ""
          : "Left: operations, each collective counted once. Right: payload, what ranks handed to "
            + "NCCL. A bar covers one power of two of the message size S (nccl-tests); "
            + "1 KiB = 1,024 B. Each panel has its own vertical scale."
      ] + Figure.coverageCaption(summary))
    return figure.render()
  }

  // MARK: Data

  private static func bin(_ row: MessageSizeRow) -> Int {
    row.bucketLowBytes == 0 ? 0 : 64 - row.bucketLowBytes.leadingZeroBitCount
  }

  /// One panel row per collective, most payload first; what does not fit is drawn together.
  private static func panels(of summary: TrafficSummary) -> [Panel] {
    var payload: [String: (bytes: UInt64, operations: UInt64)] = [:]
    for row in summary.messageSizes {
      let seen = payload[row.collective] ?? (0, 0)
      payload[row.collective] = (
        seen.bytes.saturatingAdd(row.payloadBytes), seen.operations.saturatingAdd(row.operations)
      )
    }
    let names = payload.keys.sorted { a, b in
      let (x, y) = (payload[a] ?? (0, 0), payload[b] ?? (0, 0))
      if x.bytes != y.bytes { return x.bytes > y.bytes }
      return x.operations != y.operations ? x.operations > y.operations : a < b
    }
    let fits = names.count <= maximumRows
    let own = fits ? names : Array(names.prefix(maximumRows - 1))
    var panels = own.map { name in
      panel(name, summary.messageSizes.filter { $0.collective == name })
    }
    if !fits {
      let rest = Set(names.dropFirst(maximumRows - 1))
      panels.append(
        panel(
          "\(rest.count) other operations",
          summary.messageSizes.filter { rest.contains($0.collective) }))
    }
    return panels
  }

  private static func panel(_ title: String, _ rows: [MessageSizeRow]) -> Panel {
    let series = ParallelismDimension.allCases.compactMap { dimension -> Series? in
      let own = rows.filter { $0.dimension == dimension && $0.operations > 0 }
      guard !own.isEmpty else { return nil }
      var series = Series(dimension: dimension)
      for row in own {
        let bin = bin(row)
        series.operations[bin] = series.operations[bin].saturatingAdd(row.operations)
        series.payload[bin] = series.payload[bin].saturatingAdd(row.payloadBytes)
      }
      return series
    }
    return Panel(title: title, series: series)
  }

  private static func axis(of panels: [Panel]) -> ByteAxis {
    var used = Set<Int>()
    for series in panels.flatMap(\.series) {
      for bin in series.operations.indices where series.operations[bin] > 0 { used.insert(bin) }
    }
    let hasZero = used.contains(0)
    let powers = used.filter { $0 > 0 }.map { $0 - 1 }
    let least = powers.min() ?? 0
    let most = (powers.max() ?? 9) + 1
    // Labels stand at every fifth power; on a wide axis at every tenth, so that they stay apart.
    var low = least / 5 * 5
    var high = (most + 4) / 5 * 5
    if high - low < 10 { high = low + 10 }
    if high > 65 { high = 65 }
    if high - low < 10 { low = high - 10 }
    return ByteAxis(hasZero: hasZero, low: low, high: high, step: high - low > 35 ? 10 : 5)
  }

  private static func description(_ panels: [Panel]) -> String {
    guard !panels.isEmpty else { return "No operations were seen." }
    let parts = panels.map { panel in
      let operations = panel.series.reduce(UInt64(0)) { sum, series in
        series.operations.reduce(sum) { $0.saturatingAdd($1) }
      }
      let bytes = panel.series.reduce(UInt64(0)) { sum, series in
        series.payload.reduce(sum) { $0.saturatingAdd($1) }
      }
      return "\(panel.title): \(Quantity.count(operations)) operations, \(Quantity.bytes(bytes))"
    }
    return "Histograms of message sizes by collective. " + parts.joined(separator: "; ") + "."
  }

  // MARK: Drawing

  private static func draw(
    _ panel: Panel, isFirst: Bool, axis: ByteAxis, in figure: inout Figure
  ) {
    figure.body.open("g", ["aria-label": .text(panel.title)])
    let baseline = figure.y + 22 + panelHeight
    let sides: [(word: String, values: KeyPath<Series, [UInt64]>, isBytes: Bool)] = [
      ("operations", \.operations, false), ("payload bytes", \.payload, true),
    ]
    for (index, side) in sides.enumerated() {
      let start = panelStarts[index]
      let title = TextMetrics.fitted(
        panel.title, to: panelWidth - 100, size: Figure.labelSize, isBold: true)
      figure.text(title, x: start, y: figure.y + 8, size: Figure.labelSize, style: .strong)
      figure.text(
        side.word, x: start + panelWidth, y: figure.y + 8, size: Figure.tickSize, style: .muted,
        anchor: .end)
      draw(
        panel, values: side.values, isBytes: side.isBytes, start: start, baseline: baseline,
        axis: axis, in: &figure)
    }
    figure.body.close("g")
    figure.y = baseline + 38
  }

  private static func draw(
    _ panel: Panel, values: KeyPath<Series, [UInt64]>, isBytes: Bool, start: Double,
    baseline: Double, axis: ByteAxis, in figure: inout Figure
  ) {
    var tallest: UInt64 = 0
    for bin in 0..<65 {
      let stack = panel.series.reduce(UInt64(0)) {
        $0.saturatingAdd($1[keyPath: values][bin])
      }
      tallest = max(tallest, stack)
    }
    let ticks =
      tallest == 0
      ? [0] : isBytes ? Ticks.bytes(upTo: tallest, about: 3) : Ticks.counts(upTo: tallest, about: 3)
    let scale = LinearScale(
      maximum: Double(ticks.last ?? 1), start: baseline, end: baseline - panelHeight)
    for tick in ticks {
      let y = scale(tick)
      if tick > 0 { figure.rule("grid", x1: start, y1: y, x2: start + panelWidth, y2: y) }
      figure.text(
        isBytes ? Quantity.bytes(tick) : Quantity.axisCount(tick), x: start - 6, y: y + 3.5,
        size: Figure.smallSize, style: .muted, anchor: .end)
    }
    drawByteAxis(axis, start: start, baseline: baseline, in: &figure)
    for bin in 0..<65 {
      draw(
        bin, of: panel, values: values, isBytes: isBytes, start: start, scale: scale, axis: axis,
        in: &figure)
    }
  }

  private static func draw(
    _ bin: Int, of panel: Panel, values: KeyPath<Series, [UInt64]>, isBytes: Bool, start: Double,
    scale: LinearScale, axis: ByteAxis, in figure: inout Figure
  ) {
    let left = bin == 0 ? start : axis.x(ofPower: bin - 1, from: start)
    let right = bin == 0 ? start + zeroBinWidth : axis.x(ofPower: bin, from: start)
    var sum: UInt64 = 0
    var top = scale.start
    for series in panel.series where series[keyPath: values][bin] > 0 {
      let value = series[keyPath: values][bin]
      let bottom = top
      sum = sum.saturatingAdd(value)
      // What is there must be seen, however small beside the rest.
      top = min(scale(sum), bottom - 1)
      figure.bar(
        series.dimension, x: left + 0.5, y: top, width: max(right - left - 1, 1),
        height: bottom - top,
        tooltip: "\(series.dimension.rawValue), \(range(ofBin: bin)): "
          + (isBytes ? Quantity.bytes(value) : "\(Quantity.count(value)) operations"))
    }
  }

  private static func range(ofBin bin: Int) -> String {
    guard bin > 0 else { return "empty messages" }
    let low = UInt64(1) << UInt64(bin - 1)
    guard bin < 64 else { return "\(Quantity.bytes(low)) and more" }
    return "\(Quantity.bytes(low)) to below \(Quantity.bytes(low << 1))"
  }

  private static func drawByteAxis(
    _ axis: ByteAxis, start: Double, baseline: Double, in figure: inout Figure
  ) {
    let first = axis.x(ofPower: axis.low, from: start)
    figure.rule("axis", x1: first, y1: baseline, x2: start + panelWidth, y2: baseline)
    if axis.hasZero {
      figure.rule("axis", x1: start, y1: baseline, x2: start + zeroBinWidth, y2: baseline)
      figure.text(
        "0", x: start + zeroBinWidth / 2, y: baseline + 16, size: Figure.smallSize, style: .muted,
        anchor: .middle)
    }
    for power in axis.low...axis.high {
      let x = axis.x(ofPower: power, from: start)
      let isLabelled = power.isMultiple(of: axis.step) && power <= 63
      figure.rule("axis", x1: x, y1: baseline, x2: x, y2: baseline + (isLabelled ? 5 : 3))
      if isLabelled {
        figure.text(
          Quantity.bytes(UInt64(1) << UInt64(power)), x: x, y: baseline + 16,
          size: Figure.smallSize, style: .muted, anchor: .middle)
      }
    }
  }
}
