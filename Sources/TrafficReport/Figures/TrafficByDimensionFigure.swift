// SPDX-License-Identifier: Apache-2.0

internal import TrafficAnalysis

/// Draws how many bytes each strategy moved: one pair of bars per dimension, stacked by
/// collective, the upper one for what ranks handed to NCCL, the lower one for what left GPUs.
///
/// Phases stand apart under headings of their own, because forward and decode traffic are
/// different questions.
enum TrafficByDimensionFigure {
  private static let plotStart = 196.0
  private static let plotEnd = 588.0
  private static let barHeight = 13.0
  private static let barGap = 3.0
  private static let maximumParts = 12

  private struct Row {
    var phase: TrafficPhase
    var dimension: ParallelismDimension
    /// Largest wire share first.
    var parts: [TrafficRollup]
    var payloadBytes: UInt64
    var wireBytes: UInt64
  }

  /// Encodes the figure.
  ///
  /// - Complexity: O(*n* log *n*) in the number of traffic rows.
  @Sendable static func svg(_ summary: TrafficSummary) -> [UInt8] {
    let rows = rows(of: summary)
    let totals = TrafficTotals(summary)
    var figure = Figure(
      slug: "traffic-by-dimension", title: "Traffic by parallelism dimension",
      subtitle: summary.headline, description: description(rows, totals))
    if rows.isEmpty {
      figure.emptyNotice(
        "No operations were seen in these logs",
        detail: "NCCL writes them with NCCL_DEBUG=INFO and NCCL_DEBUG_SUBSYS=INIT,COLL.")
    } else {
      draw(rows, totals: totals, in: &figure)
    }
    figure.caption(
      [
        rows.isEmpty
          ? ""
          : "Payload (pale, upper bars) is what ranks handed to NCCL; wire (lower bars) is what leaves "
            + "GPUs, by the algorithm seen in the log, else the ring bound. Both are summed over "
            + "ranks. Bars are stacked by collective, largest first; 1 KiB = 1,024 B."
      ] + Figure.coverageCaption(summary))
    return figure.render()
  }

  private static func rows(of summary: TrafficSummary) -> [Row] {
    var rows: [Row] = []
    // Rollups come sorted by phase and dimension, so the parts of a row are neighbours.
    for rollup in TrafficRollup.rollups(of: summary) {
      if let last = rows.last, last.phase == rollup.key.phase,
        last.dimension == rollup.key.dimension
      {
        rows[rows.count - 1].parts.append(rollup)
      } else {
        rows.append(
          Row(
            phase: rollup.key.phase, dimension: rollup.key.dimension, parts: [rollup],
            payloadBytes: 0, wireBytes: 0))
      }
    }
    for index in rows.indices {
      rows[index].parts.sort {
        $0.wireBytes != $1.wireBytes ? $0.wireBytes > $1.wireBytes : $0.key < $1.key
      }
      rows[index].parts = folded(rows[index].parts)
      rows[index].payloadBytes = rows[index].parts.reduce(0) { $0.saturatingAdd($1.payloadBytes) }
      rows[index].wireBytes = rows[index].parts.reduce(0) { $0.saturatingAdd($1.wireBytes) }
    }
    return rows
  }

  /// Draws the smallest parts as one when there are too many to tell apart.
  private static func folded(_ parts: [TrafficRollup]) -> [TrafficRollup] {
    guard parts.count > maximumParts, var rest = parts.last else { return parts }
    let tail = parts.dropFirst(maximumParts - 1)
    rest.key.collective = "\(tail.count) others"
    for part in tail.dropLast() {
      rest.operations = rest.operations.saturatingAdd(part.operations)
      rest.payloadBytes = rest.payloadBytes.saturatingAdd(part.payloadBytes)
      rest.wireBytes = rest.wireBytes.saturatingAdd(part.wireBytes)
    }
    return parts.prefix(maximumParts - 1) + [rest]
  }

  private static func description(_ rows: [Row], _ totals: TrafficTotals) -> String {
    guard !rows.isEmpty else { return "No operations were seen." }
    let parts = rows.prefix(8).map { row in
      let phase = row.phase == .unknown ? "" : " \(row.phase.rawValue)"
      return "\(row.dimension.rawValue)\(phase) \(Quantity.bytes(row.wireBytes))"
        + " (\(Quantity.share(row.wireBytes, of: totals.wireBytes)))"
    }
    return "Wire bytes by dimension: \(parts.joined(separator: ", ")); in all "
      + "\(Quantity.bytes(totals.wireBytes)) on the wire for "
      + "\(Quantity.bytes(totals.payloadBytes)) of payload."
  }

  private static func draw(_ rows: [Row], totals: TrafficTotals, in figure: inout Figure) {
    let largest = rows.reduce(UInt64(0)) { max($0, $1.payloadBytes, $1.wireBytes) }
    let ticks = Ticks.bytes(upTo: largest, about: 4).filter { $0 <= largest }
    let scale = LinearScale(maximum: Double(largest), start: plotStart, end: plotEnd)
    // The grid lies under the bars, so the bars are drawn aside and appended after it.
    var marks = figure
    marks.body = SVGWriter()
    let phases = TrafficPhase.allCases.filter { phase in rows.contains { $0.phase == phase } }
    for (index, phase) in phases.enumerated() {
      if phases != [.unknown] {
        drawHeading(phase, isFirst: index == 0, rows: rows, totals: totals, in: &marks)
      }
      let top = marks.y - 4
      for row in rows where row.phase == phase {
        draw(row, totals: totals, scale: scale, in: &marks)
      }
      for tick in ticks {
        figure.rule(
          tick == 0 ? "axis" : "grid", x1: scale(tick), y1: top, x2: scale(tick),
          y2: marks.y - 10)
      }
    }
    let grid = figure.body
    let bars = marks.body
    figure = marks
    figure.body = grid
    figure.body.append(bars)
    figure.body.open("g", ["aria-label": "byte axis"])
    for tick in ticks {
      figure.text(
        Quantity.bytes(tick), x: scale(tick), y: figure.y + 3, size: Figure.tickSize,
        style: .muted, anchor: .middle)
    }
    figure.body.close("g")
    figure.y += 14
  }

  private static func drawHeading(
    _ phase: TrafficPhase, isFirst: Bool, rows: [Row], totals: TrafficTotals,
    in figure: inout Figure
  ) {
    let wire = rows.filter { $0.phase == phase }
      .reduce(UInt64(0)) { $0.saturatingAdd($1.wireBytes) }
    if !isFirst {
      figure.y += 4
      figure.rule(
        "axis", x1: Figure.margin, y1: figure.y, x2: Figure.width - Figure.margin, y2: figure.y)
      figure.y += 6
    }
    figure.y += 14
    let name = phase == .unknown ? "phase unknown" : phase.rawValue
    figure.text(name, x: Figure.margin, y: figure.y, size: 13, style: .strong)
    figure.text(
      "\(Quantity.bytes(wire)) on the wire, \(Quantity.share(wire, of: totals.wireBytes))",
      x: Figure.margin + TextMetrics.width(name, size: 13, isBold: true) + 10, y: figure.y,
      size: Figure.tickSize, style: .muted)
    figure.y += 12
  }

  private static func draw(
    _ row: Row, totals: TrafficTotals, scale: LinearScale, in figure: inout Figure
  ) {
    let top = figure.y
    let wireTop = top + barHeight + barGap
    let name = row.dimension.rawValue
    figure.body.open("g", ["aria-label": .text("\(row.phase.rawValue) \(name)")])
    figure.text(name, x: Figure.margin, y: top + 11, size: 13, style: .strong)
    figure.text(
      row.dimension.phrase, x: Figure.margin, y: top + 26, size: Figure.smallSize, style: .muted)
    figure.text(
      "payload", x: plotStart - 6, y: top + 10.5, size: Figure.smallSize, style: .muted,
      anchor: .end)
    figure.text(
      "wire", x: plotStart - 6, y: wireTop + 10.5, size: Figure.smallSize, style: .muted,
      anchor: .end)
    stack(
      row, y: top, value: \.payloadBytes, total: row.payloadBytes, of: totals.payloadBytes,
      word: "payload", isHollow: true, scale: scale, in: &figure)
    let starts = stack(
      row, y: wireTop, value: \.wireBytes, total: row.wireBytes, of: totals.wireBytes,
      word: "wire", isHollow: false, scale: scale, in: &figure)
    label(row, under: starts, y: wireTop + barHeight + 12, in: &figure)
    figure.body.close("g")
    figure.y = wireTop + barHeight + 28
  }

  /// Draws one stacked bar with its total; returns where each part begins.
  @discardableResult
  private static func stack(
    _ row: Row, y: Double, value: KeyPath<TrafficRollup, UInt64>, total: UInt64,
    of whole: UInt64, word: String, isHollow: Bool, scale: LinearScale, in figure: inout Figure
  ) -> [Double] {
    var starts: [Double] = []
    var sum: UInt64 = 0
    var end = plotStart
    for part in row.parts {
      let start = max(scale(sum), end)
      sum = sum.saturatingAdd(part[keyPath: value])
      starts.append(start)
      guard part[keyPath: value] > 0 else { continue }
      // What is there must be seen, however small beside the rest.
      end = max(scale(sum), start + 1)
      let bytes = part[keyPath: value]
      figure.bar(
        row.dimension, x: start, y: y, width: end - start, height: barHeight, isHollow: isHollow,
        tooltip: "\(row.dimension.rawValue) \(part.key.collective), \(word): "
          + "\(Quantity.bytes(bytes)) (\(Quantity.count(bytes)) B), "
          + "\(Quantity.count(part.operations)) operations")
    }
    let share = Quantity.share(total, of: whole)
    figure.text(
      share.isEmpty ? Quantity.bytes(total) : "\(Quantity.bytes(total)) \u{B7} \(share)",
      x: end + 6,
      y: y + 10.5, size: Figure.tickSize, style: isHollow ? .muted : .ink, hasHalo: true)
    return starts
  }

  /// Names the collectives below their parts of the bar, moved right where parts are narrow.
  private static func label(
    _ row: Row, under starts: [Double], y: Double, in figure: inout Figure
  ) {
    let end = Figure.width - Figure.margin
    var x = plotStart + 3
    for (index, part) in row.parts.enumerated() {
      let name = PlainText.shortened(PlainText.printable(part.key.collective), to: 24)
      let content =
        row.parts.count == 1 ? name : "\(name) \(Quantity.bytes(part.wireBytes))"
      let width = TextMetrics.width(content, size: Figure.smallSize)
      let rest = row.parts.count - index
      let more = "+\(rest) more"
      let reserve =
        rest > 1 ? TextMetrics.width(more, size: Figure.smallSize) + 12 : 0
      let start = max(x, index < starts.count ? starts[index] + 3 : x)
      let fitting = start + width + reserve <= end ? start : x
      if fitting + width + reserve > end {
        figure.text(
          more, x: x, y: y, size: Figure.smallSize, style: .muted, hasHalo: true)
        return
      }
      figure.text(content, x: fitting, y: y, size: Figure.smallSize, style: .muted, hasHalo: true)
      x = fitting + width + 12
    }
  }
}
