// SPDX-License-Identifier: Apache-2.0

internal import TrafficAnalysis
internal import TrafficModel

/// Draws the communication time of strategies on machines: a bar for each pair, split into latency,
/// bytes inside domains and bytes between them, and under it the same by dimension.
enum WhatIfFigure {
  private static let labelEnd = 190.0
  private static let valueRoom = 158.0
  private static let barHeight = 12.0
  private static let rowHeight = 41.0
  /// Most pairs that are drawn; tables have the others.
  private static let maximumRows = 16

  /// Encodes the figure.
  ///
  /// - Complexity: O(totals).
  static func svg(_ whatIf: WhatIf) -> [UInt8] {
    let all = whatIf.totals.filter { $0.dimension == nil }
    let shown = Array(all.prefix(maximumRows))
    let base = whatIf.hardware.first.map { PlainText.shortened(PlainText.printable($0), to: 24) }
    var figure = Figure(
      slug: "whatif", title: "The same communication on other machines",
      subtitle: "Time of the collectives alone, nothing hidden; factors are the gain over "
        + "\(base ?? "the first machine").",
      description: description(shown, whatIf))
    guard !shown.isEmpty else {
      figure.emptyNotice("No communication", detail: "The run has no operations to replay.")
      return figure.render()
    }
    legend(in: &figure)
    let dimensions = ParallelismDimension.allCases.filter { dimension in
      whatIf.totals.contains { $0.dimension == dimension && $0.amounts.seconds > 0 }
    }
    if !dimensions.isEmpty { figure.legend(dimensions) }
    draw(shown, whatIf, in: &figure)
    let left = all.count - shown.count
    figure.caption(
      [
        "Upper bar: latency, bytes inside nodes or racks (scale-up), bytes between them (scale-out). "
          + "Lower bar: the same time by parallelism dimension. By the fastest algorithm; "
          + "whatif.json says what was assumed.",
        left > 0 ? "\(Quantity.counted(left, "more pair")) in whatif_totals.csv." : "",
      ])
    return figure.render()
  }

  private static func description(_ totals: [WhatIf.Total], _ whatIf: WhatIf) -> String {
    let parts = totals.prefix(8).map { total in
      "\(PlainText.shortened(PlainText.printable(whatIf.strategies[total.strategy]), to: 24)) on "
        + "\(PlainText.printable(whatIf.hardware[total.hardware])) "
        + Quantity.seconds(total.amounts.seconds)
    }
    return "Communication time: \(parts.joined(separator: ", "))."
  }

  private static let parts:
    [(tone: Palette.Tone, label: String, seconds: @Sendable (WhatIf.Amounts) -> Double)] = [
      (Palette.Limits.synchronisation, "latency", { $0.latency }),
      (Palette.Limits.memory, "scale-up bandwidth", { $0.scaleUp }),
      (Palette.Limits.compute, "scale-out bandwidth", { $0.scaleOut }),
    ]

  private static func legend(in figure: inout Figure) {
    var x = Figure.margin
    figure.body.open("g", ["aria-label": "legend of parts"])
    for part in parts {
      rectangle(part.tone, x: x, width: 12, height: 12, tooltip: part.label, in: &figure)
      figure.text(part.label, x: x + 18, y: figure.y + 10, size: Figure.tickSize)
      x += 18 + TextMetrics.width(part.label, size: Figure.tickSize) + 18
    }
    figure.body.close("g")
    figure.y += 22
  }

  private static func rectangle(
    _ tone: Palette.Tone, x: Double, width: Double, height: Double, tooltip: String,
    in figure: inout Figure
  ) {
    let name = figure.tone(tone)
    figure.body.element(
      "rect",
      [
        "class": .text(name), "x": .number(x), "y": .number(figure.y), "width": .number(width),
        "height": .number(height),
      ], tooltip: tooltip)
  }

  private static func draw(
    _ totals: [WhatIf.Total], _ whatIf: WhatIf, in figure: inout Figure
  ) {
    let end = Figure.width - Figure.margin - valueRoom
    let longest = UInt64(min(max(1, (totals.map(\.amounts.seconds).max() ?? 0) * 1e9), 9e18))
    let scale = LinearScale(maximum: Double(longest), start: labelEnd, end: end)
    let ticks = Ticks.counts(upTo: longest, about: 4).filter { $0 <= longest }
    let bottom = figure.y + rowHeight * Double(totals.count) - 8
    for tick in ticks {
      let x = scale(tick)
      figure.rule(tick == 0 ? "axis" : "grid", x1: x, y1: figure.y - 4, x2: x, y2: bottom)
    }
    for total in totals {
      row(total, whatIf, scale, in: &figure)
      figure.y += rowHeight
    }
    figure.body.open("g", ["aria-label": "time axis"])
    var free = 0.0
    for tick in ticks {
      let label = tick == 0 ? "0" : Quantity.seconds(Double(tick) / 1e9)
      let width = TextMetrics.width(label, size: Figure.smallSize)
      let x = max(scale(tick) - width / 2, labelEnd - 4)
      guard x >= free else { continue }
      figure.text(label, x: x, y: bottom + 13, size: Figure.smallSize, style: .muted)
      free = x + width + 8
    }
    figure.body.close("g")
    figure.y = bottom + 24
  }

  private static func row(
    _ total: WhatIf.Total, _ whatIf: WhatIf, _ scale: LinearScale, in figure: inout Figure
  ) {
    let room = labelEnd - Figure.margin - 8
    figure.text(
      TextMetrics.fitted(
        whatIf.hardware[total.hardware], to: room, size: Figure.labelSize, isBold: true),
      x: Figure.margin, y: figure.y + 10, size: Figure.labelSize, style: .strong)
    figure.text(
      TextMetrics.fitted(whatIf.strategies[total.strategy], to: room, size: Figure.smallSize),
      x: Figure.margin, y: figure.y + 23, size: Figure.smallSize, style: .muted)
    var sum = 0.0
    for part in parts {
      let seconds = part.seconds(total.amounts)
      guard seconds > 0 else { continue }
      let start = scale(sum * 1e9)
      sum += seconds
      rectangle(
        part.tone, x: start, width: max(scale(sum * 1e9) - start, 0.7), height: barHeight,
        tooltip: "\(part.label) \(Quantity.seconds(seconds))", in: &figure)
    }
    var before = 0.0
    for own in whatIf.totals
    where own.strategy == total.strategy && own.hardware == total.hardware {
      guard let dimension = own.dimension, own.amounts.seconds > 0 else { continue }
      let start = scale(before * 1e9)
      before += own.amounts.seconds
      figure.slice(
        dimension, x: start, y: figure.y + barHeight + 2,
        width: max(scale(before * 1e9) - start, 0.7), height: barHeight,
        tooltip: "\(dimension.rawValue) \(Quantity.seconds(own.amounts.seconds))")
    }
    let x = scale(total.amounts.seconds * 1e9) + 6
    let gain = total.hardware == 0 && total.strategy == 0 ? "" : ComparisonText.times(total.gain)
    let upper = [Quantity.seconds(total.amounts.seconds), gain].filter { !$0.isEmpty }
      .joined(separator: " \u{B7} ")
    let lower = [
      total.amounts.energy.map(Quantity.energy) ?? "energy unknown",
      total.amounts.bottleneck.map { "by " + WhatIfText.name($0) } ?? "",
    ].filter { !$0.isEmpty }.joined(separator: " \u{B7} ")
    for (index, label) in [upper, lower].enumerated() {
      figure.text(
        TextMetrics.fitted(label, to: valueRoom + Figure.margin - 10, size: Figure.smallSize), x: x,
        y: figure.y + 10 + 13 * Double(index), size: Figure.smallSize,
        style: index == 0 ? .ink : .muted, hasHalo: true)
    }
  }
}
