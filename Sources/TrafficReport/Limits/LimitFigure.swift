// SPDX-License-Identifier: Apache-2.0

internal import TrafficAnalysis
internal import TrafficModel

/// Draws what sets the time of decode passes, and all passes under the machines' roofs.
///
/// Above a bar for each pass: reading over computing, whichever is longer, then synchronisation.
/// Below the roofline: attained operations over operations per byte, both logarithmic.
enum LimitFigure {
  /// Most passes with a bar; the roofline has all.
  private static let maximumBars = 20
  /// Most machines with a roof.
  private static let maximumRoofs = 8
  private static let labelEnd = 208.0
  private static let valueRoom = 150.0
  private static let lane = 7.0
  private static let rowHeight = 27.0

  /// Encodes the figure.
  ///
  /// - Complexity: O(passes).
  static func svg(_ study: LimitStudy) -> [UInt8] {
    let decode = study.passes.filter { $0.phase == .decode && $0.seconds.isFinite }
    let bars = chosen(decode)
    var figure = Figure(
      slug: "limits", title: "What limits a pass",
      subtitle: PlainText.printable(study.title), description: description(bars))
    guard !bars.isEmpty else {
      figure.emptyNotice("No pass", detail: "There is no batch or context to draw.")
      return figure.render()
    }
    legend(in: &figure)
    draw(bars, hasSeveral: study.roofs.count > 1, in: &figure)
    Roofline(study).draw(in: &figure)
    let left = decode.count - bars.count
    figure.caption([
      "A decode pass takes the longer of reading (upper lane) and computing (lower lane), then the "
        + "collectives that the next layer waits for. Floors at full bandwidth and peak rate; what "
        + "was assumed stands in limits.json.",
      left > 0
        ? "Bars of \(bars.count) of \(Quantity.count(decode.count)) decode passes; the roofline has all."
        : "",
      study.roofs.count > maximumRoofs
        ? "Roofs of \(maximumRoofs) of \(study.roofs.count) machines." : "",
    ])
    return figure.render()
  }

  /// Passes spread evenly over all, the first and the last among them.
  private static func chosen(_ passes: [PassLimit]) -> [PassLimit] {
    guard passes.count > maximumBars else { return passes }
    return (0..<maximumBars).map { passes[$0 * (passes.count - 1) / (maximumBars - 1)] }
  }

  private static func description(_ bars: [PassLimit]) -> String {
    let parts = bars.prefix(6).map { pass in
      "\(PlainText.printable(pass.hardware)) batch \(pass.batch) context \(pass.context) "
        + "\(Quantity.seconds(pass.seconds)) bound by \(pass.bound.rawValue)"
    }
    return "Decode passes: \(parts.joined(separator: ", "))."
  }

  private static func legend(in figure: inout Figure) {
    var x = Figure.margin
    figure.body.open("g", ["aria-label": "legend"])
    for (tone, label) in [
      (Palette.Limits.memory, "reading memory"), (Palette.Limits.compute, "computing"),
      (Palette.Limits.synchronisation, "synchronisation"),
    ] {
      swatch(tone, x: x, y: figure.y, width: 12, height: 12, tooltip: label, in: &figure)
      figure.text(label, x: x + 18, y: figure.y + 10, size: Figure.tickSize)
      x += 18 + TextMetrics.width(label, size: Figure.tickSize) + 18
    }
    figure.body.close("g")
    figure.y += 28
  }

  private static func swatch(
    _ tone: Palette.Tone, x: Double, y: Double, width: Double, height: Double, tooltip: String,
    in figure: inout Figure
  ) {
    let name = figure.tone(tone)
    figure.body.element(
      "rect",
      [
        "class": .text(name), "x": .number(x), "y": .number(y), "width": .number(width),
        "height": .number(height),
      ], tooltip: tooltip)
  }

  private static func draw(_ bars: [PassLimit], hasSeveral: Bool, in figure: inout Figure) {
    let end = Figure.width - Figure.margin - valueRoom
    let longest = UInt64(min(max(1, (bars.map(\.seconds).max() ?? 0) * 1e9), 9e18))
    let scale = LinearScale(maximum: Double(longest), start: labelEnd, end: end)
    let ticks = Ticks.counts(upTo: longest, about: 4).filter { $0 <= longest }
    let bottom = figure.y + rowHeight * Double(bars.count) - 6
    for tick in ticks {
      let x = scale(tick)
      figure.rule(tick == 0 ? "axis" : "grid", x1: x, y1: figure.y - 4, x2: x, y2: bottom)
    }
    for pass in bars {
      bar(pass, scale, hasSeveral: hasSeveral, in: &figure)
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
    figure.y = bottom + 34
  }

  private static func bar(
    _ pass: PassLimit, _ scale: LinearScale, hasSeveral: Bool, in figure: inout Figure
  ) {
    let name = hasSeveral ? "\(PlainText.printable(pass.hardware)) x \(pass.accelerators)" : ""
    let work = "batch \(Quantity.count(pass.batch)), context \(Quantity.count(pass.context))"
    let room = labelEnd - Figure.margin - 8
    if hasSeveral {
      figure.text(
        TextMetrics.fitted(name, to: room, size: Figure.tickSize, isBold: true), x: Figure.margin,
        y: figure.y + 6, size: Figure.tickSize, style: .strong)
    }
    figure.text(
      TextMetrics.fitted(work, to: room, size: Figure.smallSize), x: Figure.margin,
      y: figure.y + (hasSeveral ? 18 : 11), size: Figure.smallSize,
      style: hasSeveral ? .muted : .ink)
    func part(
      _ tone: Palette.Tone, _ y: Double, from: Double, to: Double, height: Double, _ what: String
    ) {
      guard to > from else { return }
      let start = scale(from * 1e9)
      swatch(
        tone, x: start, y: y, width: max(scale(to * 1e9) - start, 0.7), height: height,
        tooltip: "\(what) \(Quantity.seconds(to - from))", in: &figure)
    }
    let first = max(pass.memorySeconds, pass.computeSeconds)
    part(
      Palette.Limits.memory, figure.y, from: 0, to: pass.memorySeconds, height: lane, "reading")
    part(
      Palette.Limits.compute, figure.y + lane, from: 0, to: pass.computeSeconds, height: lane,
      "computing")
    part(
      Palette.Limits.synchronisation, figure.y, from: first, to: pass.seconds, height: 2 * lane,
      "synchronisation")
    let label =
      "\(Quantity.seconds(pass.seconds)) \u{B7} "
      + (pass.fits == false ? "does not fit" : "\(Quantity.rate(pass.userRate)) tokens/s")
    figure.text(
      TextMetrics.fitted(label, to: valueRoom - 8, size: Figure.smallSize),
      x: max(scale(pass.seconds * 1e9), labelEnd) + 6, y: figure.y + 11, size: Figure.smallSize,
      hasHalo: true)
  }
}

/// Passes under the roofs of their machines.
private struct Roofline {
  private static let height = 210.0
  private static let left = 82.0
  private static let labelRoom = 118.0
  private static let point = 3.0

  private let study: LimitStudy
  private let roofs: ArraySlice<LimitStudy.Roof>
  private let passes: [PassLimit]
  private let x: (low: Int, high: Int)
  private let y: (low: Int, high: Int)

  init(_ study: LimitStudy) {
    self.study = study
    roofs = study.roofs.filter { $0.bandwidth > 0 && $0.operationRate > 0 }.prefix(8)
    let names = Set(roofs.map(\.hardware))
    passes = study.passes.filter {
      $0.intensity > 0 && $0.attainedOperationRate > 0 && names.contains($0.hardware)
    }
    func ends(_ values: [Double]) -> (low: Int, high: Int) {
      let decades = values.compactMap(Logarithm.base10)
      let low = Int((decades.min() ?? 0).rounded(.down))
      return (low, max(low + 1, Int((decades.max() ?? 1).rounded(.up))))
    }
    x = ends(passes.map(\.intensity) + roofs.map { $0.operationRate / $0.bandwidth * 3 })
    y = ends(passes.map(\.attainedOperationRate) + roofs.map(\.operationRate))
  }

  func draw(in figure: inout Figure) {
    guard !roofs.isEmpty, !passes.isEmpty else { return }
    figure.text(
      "Attained operations per second by operations per byte", x: Figure.margin, y: figure.y,
      size: Figure.labelSize, style: .strong)
    figure.y += 18
    let decode = figure.tone(Palette.Limits.memory)
    let prefill = figure.tone(Palette.Limits.compute)
    var place = Figure.margin
    for (name, label) in [(decode, "decode"), (prefill, "prefill")] {
      figure.body.empty(
        "rect",
        [
          "class": .text(name), "x": .number(place), "y": .number(figure.y - 7), "width": "7",
          "height": "7",
        ])
      figure.text(label, x: place + 12, y: figure.y, size: Figure.smallSize)
      place += 12 + TextMetrics.width(label, size: Figure.smallSize) + 16
    }
    figure.y += 14
    let bottom = figure.y + Self.height
    axes(bottom, in: &figure)
    drawRoofs(bottom, in: &figure)
    for (phase, name) in [(TrafficPhase.decode, decode), (.prefill, prefill)] {
      let path = passes.filter { $0.phase == phase }.map { pass in
        let px = SVGWriter.coordinate(px(pass.intensity) - Self.point / 2)
        let py = SVGWriter.coordinate(py(pass.attainedOperationRate, bottom) - Self.point / 2)
        return "M\(px) \(py)h3v3h-3z"
      }
      guard !path.isEmpty else { continue }
      figure.body.element(
        "path", ["class": .text(name), "d": .text(path.joined())],
        tooltip: Quantity.counted(path.count, "\(phase.rawValue) pass", "\(phase.rawValue) passes"))
    }
    figure.y = bottom + 40
  }

  private var right: Double { Figure.width - Figure.margin - Self.labelRoom }

  private func px(_ value: Double) -> Double {
    let share = ((Logarithm.base10(value) ?? 0) - Double(x.low)) / Double(x.high - x.low)
    return Self.left + (right - Self.left) * min(max(share, 0), 1)
  }

  private func py(_ value: Double, _ bottom: Double) -> Double {
    let share = ((Logarithm.base10(value) ?? 0) - Double(y.low)) / Double(y.high - y.low)
    return bottom - Self.height * min(max(share, 0), 1)
  }

  private func axes(_ bottom: Double, in figure: inout Figure) {
    figure.body.open("g", ["aria-label": "axes"])
    for decade in x.low...x.high {
      let place =
        Self.left + (right - Self.left) * Double(decade - x.low) / Double(x.high - x.low)
      figure.rule("grid", x1: place, y1: bottom - Self.height, x2: place, y2: bottom)
      figure.text(
        Self.power(decade), x: place, y: bottom + 14, size: Figure.smallSize, style: .muted,
        anchor: .middle)
    }
    for decade in y.low...y.high {
      let place = bottom - Self.height * Double(decade - y.low) / Double(y.high - y.low)
      figure.rule("grid", x1: Self.left, y1: place, x2: right, y2: place)
      figure.text(
        Self.rate(decade), x: Self.left - 6, y: place + 3.5, size: Figure.smallSize,
        style: .muted, anchor: .end)
    }
    figure.text(
      "operations per byte read", x: (Self.left + right) / 2, y: bottom + 29,
      size: Figure.smallSize, style: .muted, anchor: .middle)
    figure.body.close("g")
  }

  private func drawRoofs(_ bottom: Double, in figure: inout Figure) {
    var free = bottom - Self.height - 20
    for roof in roofs.sorted(by: { $0.operationRate > $1.operationRate }) {
      let ridge = roof.operationRate / roof.bandwidth
      let flat = py(roof.operationRate, bottom)
      // Where the slope enters the picture: at its left side or at its bottom.
      let lowest = max(Self.power(of: x.low), Self.power(of: y.low) / roof.bandwidth)
      figure.rule(
        "axis", x1: px(lowest), y1: py(lowest * roof.bandwidth, bottom), x2: px(ridge), y2: flat)
      figure.rule("axis", x1: px(ridge), y1: flat, x2: right, y2: flat)
      let place = max(flat + 3.5, free + 12)
      figure.text(
        TextMetrics.fitted(roof.hardware, to: Self.labelRoom - 6, size: Figure.smallSize),
        x: right + 6, y: place, size: Figure.smallSize)
      free = place
    }
  }

  private static func power(of decade: Int) -> Double {
    var value = 1.0
    for _ in 0..<min(decade.magnitude, 300) { value *= 10 }
    return decade < 0 ? 1 / value : value
  }

  /// `0.01`, `1`, `1 k`.
  private static func power(_ decade: Int) -> String {
    decade < 0
      ? Quantity.fixed(power(of: decade), places: 6, isTrimmed: true)
      : Quantity.axisCount(UInt64(min(power(of: decade), 9e18)))
  }

  /// `10 TFLOP/s`.
  private static func rate(_ decade: Int) -> String {
    let text = Quantity.axisCount(UInt64(min(max(1, power(of: decade)), 9e18)))
    return text.contains(" ") ? text + "FLOP/s" : text + " FLOP/s"
  }
}
