// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace
internal import TrafficAnalysis

/// Draws what communicated when: a band for each rank, in it a lane for each dimension, and in that
/// a bar for each call.
///
/// Calls too short to be seen are joined; the more there are, the more of them, so that the file
/// stays small whatever the input.
enum TimelineFigure {
  private static let left = 146.0
  private static let right = 698.0
  private static let labelWidth = 58.0
  private static let laneHeight = 10.0
  private static let lanePitch = 13.0
  private static let bandGap = 9.0
  /// Ranks drawn unless they are selected, and at most.
  static let ranks = 16
  static let selectedRanks = 32
  /// Narrower bars are drawn together, and have no tooltip.
  private static let finest = 0.5
  private static let tooltipWidth = 3.0
  /// Bars with a tooltip, and other bars and marks: some 230 and 30 bytes each.
  private static let maximumBars = 700
  private static let maximumPieces = 5000

  private struct Band {
    var row: TimelineView.Row
    var lanes: [TimelineLane] = []
    /// Whether a call reaches over the edge of what is shown.
    var isCut = false
  }

  /// What the figure shows of a selection.
  static func view(
    _ summary: TrafficSummary, _ selection: TimelineSelection
  ) throws(TimelineError) -> TimelineView {
    try TimelineView(
      summary.timeline, selection,
      .init(isLastStep: true, ranks: ranks, selectedRanks: selectedRanks, isOneSource: true))
  }

  /// Draws the figure; `nil` without calls that have times, and where there is no such step or rank.
  static func svg(_ summary: TrafficSummary, _ selection: TimelineSelection) -> [UInt8]? {
    guard let view = try? view(summary, selection) else { return nil }
    let scale = LinearScale(maximum: Double(view.length), start: left, end: right)
    let bands = view.rows.map { band($0, view, scale) }
    let dimensions = Set(bands.flatMap(\.lanes).map(\.dimension)).sorted()
    var figure = Figure(
      slug: "timeline", title: "What communicates when",
      subtitle: ([summary.headline] + [stretch(view)]).joined(separator: " \u{B7} "),
      description: description(view, bands))
    figure.legend(dimensions)
    legendOfMarks(bands, in: &figure)
    let drawing = Resolution(bands.flatMap(\.lanes))
    steps(view, scale, in: &figure)
    let top = figure.y
    let bottom = top + bands.reduce(0) { $0 + height($1) }
    axis(view, scale, from: top - 4, to: bottom, in: &figure)
    for band in bands { draw(band, view, drawing, in: &figure) }
    figure.y = bottom + 24
    figure.caption(
      captions(view, bands, drawing, summary) + Figure.coverageCaption(summary))
    return figure.render()
  }

  // MARK: - Data

  private static func band(
    _ row: TimelineView.Row, _ view: TimelineView, _ scale: LinearScale
  ) -> Band {
    let rank = view.timeline.ranks[row.place]
    var band = Band(row: row)
    var lanes: [ParallelismDimension: TimelineLane] = [:]
    for (index, call) in rank.calls.enumerated() {
      guard let time = call.time else { continue }
      let start = TimelineView.onAxis(time, row)
      let end = call.isOpen ? Int64.max : call.end.map { TimelineView.onAxis($0, row) } ?? start
      guard start <= view.length, end >= 0 else { continue }
      let dimension = view.timeline.classes[rank.callClass(of: call)].dimension
      let x = scale(Double(start))
      var lane = lanes[dimension] ?? TimelineLane(dimension: dimension)
      if call.isOpen {
        lane.open = (min(lane.open?.start ?? x, x), (lane.open?.calls ?? 0) + 1)
      } else if call.end == nil {
        lane.moments.append(x)
      } else {
        lane.slices.append(.init(start: x, end: scale(Double(end)), call: index))
        if start < 0 || end > view.length { band.isCut = true }
      }
      lanes[dimension] = lane
    }
    for var lane in lanes.values {
      lane.slices.sort { ($0.start, $0.end, $0.call) < ($1.start, $1.end, $1.call) }
      band.lanes.append(lane)
    }
    band.lanes.sort { $0.dimension < $1.dimension }
    return band
  }

  /// How fine the drawing can be without becoming too large.
  private struct Resolution {
    /// Pixels below which calls are joined.
    var pixels = finest
    /// Pixels from which a bar has a tooltip.
    var tooltip = tooltipWidth
    var joinedCalls = 0

    init(_ lanes: [TimelineLane]) {
      while true {
        var widths: [Double] = []
        var marks = 0
        joinedCalls = 0
        for lane in lanes {
          for piece in lane.pieces(resolution: pixels) {
            widths.append(piece.end - piece.start)
            if piece.calls > 1 { joinedCalls += piece.calls }
          }
          marks += 2 * lane.marks(resolution: pixels).count
        }
        guard widths.count + marks <= maximumPieces || pixels > TimelineFigure.right else {
          pixels *= 2
          continue
        }
        while widths.count(where: { $0 >= tooltip }) > maximumBars, tooltip < right {
          tooltip *= 2
        }
        break
      }
    }
  }

  // MARK: - Words

  private static func stretch(_ view: TimelineView) -> String {
    let length = Quantity.time(view.length)
    return view.step.map { "\(TextMetrics.fitted($0, to: 240, size: Figure.labelSize)), \(length)" }
      ?? "whole trace, \(length)"
  }

  private static func description(_ view: TimelineView, _ bands: [Band]) -> String {
    var calls: [ParallelismDimension: Int] = [:]
    for lane in bands.flatMap(\.lanes) { calls[lane.dimension, default: 0] += lane.calls }
    let parts = calls.sorted { $0.key < $1.key }.map {
      "\($0.key.rawValue) \(Quantity.counted($0.value, "call"))"
    }
    return "Calls of \(Quantity.counted(bands.count, "rank")) over "
      + "\(Quantity.time(view.length)): "
      + (parts.isEmpty ? "none" : parts.joined(separator: ", ")) + "."
  }

  private static func captions(
    _ view: TimelineView, _ bands: [Band], _ drawing: Resolution, _ summary: TrafficSummary
  ) -> [String] {
    let shown = bands.map { view.timeline.ranks[$0.row.place] }
    let isTimed = bands.contains { $0.lanes.contains { !$0.slices.isEmpty } }
    var marks =
      isTimed ? "Bar: a call of a rank from start to end, waiting for other ranks included." : ""
    if bands.contains(where: \.isCut) { marks += " Bars are cut at the edges of the step." }
    if drawing.joinedCalls > 0 {
      let calls = bands.flatMap(\.lanes).reduce(0) { $0 + $1.calls }
      let share = Double(view.length) * drawing.pixels / (right - left)
      marks +=
        " \(Quantity.count(drawing.joinedCalls)) of \(Quantity.counted(calls, "call")) are shorter "
        + "than \(Quantity.time(Int64(min(share, 9e18)))) (\(number(drawing.pixels)) px) and drawn "
        + "together with their neighbours."
    }
    var ranks: String
    if shown.count == 1, view.timedRanks == 1 {
      ranks = "The only rank with timed calls."
    } else {
      let numbers = RankList.text(shown.map(\.rank))
      ranks =
        "\(shown.count == 1 ? "Rank" : "Ranks") \(numbers): \(shown.count) of "
        + "\(Quantity.counted(view.timedRanks, "rank")) with timed calls."
    }
    if view.ranksWithoutStep > 0 {
      ranks += " \(Quantity.counted(view.ranksWithoutStep, "rank")) without this step left out."
    }
    switch view.alignment {
    case .single: break
    case .recorded:
      ranks += " Clocks as recorded: no collective is numbered on all ranks to check them by."
    case .estimated: ranks += " Clocks corrected by the ends of shared collectives."
    case .ownStart:
      ranks +=
        " Nothing relates the clocks of these ranks: each begins at its own "
        + (view.step == nil ? "first event." : "start of the step.")
    }
    let lost = shown.reduce(0) { $0 + $1.callsNotKept }
    if lost > 0 {
      ranks += " \(Quantity.counted(lost, "later call")) of these ranks were not kept."
    }
    return [marks, ranks]
  }

  private static func number(_ pixels: Double) -> String {
    Quantity.fixed(pixels, places: 1, isTrimmed: true)
  }

  // MARK: - Frame

  private static func height(_ band: Band) -> Double {
    lanePitch * Double(max(band.lanes.count, 1)) + bandGap
  }

  /// Explains marks that are no bars, where there are any.
  private static func legendOfMarks(_ bands: [Band], in figure: inout Figure) {
    let lanes = bands.flatMap(\.lanes)
    var x = Figure.margin
    func entry(_ label: String) {
      figure.text(label, x: x + 24, y: figure.y + 10, size: Figure.tickSize)
      x += 24 + TextMetrics.width(label, size: Figure.tickSize) + 16
    }
    let hasOpen = lanes.contains { $0.open != nil }
    let hasMoments = lanes.contains { !$0.moments.isEmpty }
    guard hasOpen || hasMoments else { return }
    figure.y -= 6
    figure.body.open("g", ["aria-label": "marks"])
    if hasOpen, let dimension = lanes.first(where: { $0.open != nil })?.dimension {
      openBar(
        dimension, from: x, to: x + 18, y: figure.y + 1, tooltip: "not ended", in: &figure)
      entry("begun, not ended when the trace was written")
    }
    if hasMoments {
      if let dimension = lanes.first(where: { !$0.moments.isEmpty })?.dimension {
        figure.area(dimension, path: pin(at: x + 9, y: figure.y + 1), tooltip: "one moment")
      }
      entry("called; start or duration not known")
    }
    figure.body.close("g")
    figure.y += 26
  }

  /// Names the steps over the bands, as the first rank that has them tells.
  private static func steps(
    _ view: TimelineView, _ scale: LinearScale, in figure: inout Figure
  ) {
    if let step = view.step {
      mark([(step, 0, view.length)], scale, in: &figure)
      return
    }
    guard let row = view.rows.first(where: { !view.timeline.ranks[$0.place].steps.isEmpty }) else {
      return
    }
    mark(
      view.timeline.ranks[row.place].steps.map {
        ($0.name, TimelineView.onAxis($0.start, row), TimelineView.onAxis($0.end, row))
      }.filter { $0.1 < $0.2 && $0.1 < view.length && $0.2 > 0 }, scale, in: &figure)
  }

  /// Draws a line with ends for each step, and its name where there is room.
  private static func mark(
    _ steps: [(name: String, start: Int64, end: Int64)], _ scale: LinearScale,
    in figure: inout Figure
  ) {
    let baseline = figure.y + 10
    var (lastMark, lastLabel) = (-1.0, -1.0)
    for step in steps {
      let (x1, x2) = (scale(Double(step.start)), scale(Double(step.end)))
      // Steps too short to be seen have one mark for several.
      guard x2 - lastMark >= 2 else { continue }
      figure.rule("axis", x1: x1, y1: baseline + 4, x2: x1, y2: baseline + 10)
      figure.rule("axis", x1: x2, y1: baseline + 4, x2: x2, y2: baseline + 10)
      figure.rule("axis", x1: max(x1, lastMark), y1: baseline + 7, x2: x2, y2: baseline + 7)
      lastMark = x2
      let label = TextMetrics.fitted(step.name, to: 160, size: Figure.smallSize)
      let width = TextMetrics.width(label, size: Figure.smallSize)
      guard x1 >= lastLabel + 8, x1 + width <= right else { continue }
      figure.text(label, x: x1, y: baseline, size: Figure.smallSize, style: .muted)
      lastLabel = x1 + width
    }
    figure.y = baseline + 18
  }

  private static func axis(
    _ view: TimelineView, _ scale: LinearScale, from top: Double, to bottom: Double,
    in figure: inout Figure
  ) {
    let ticks = Ticks.counts(upTo: UInt64(view.length), about: 6).filter {
      $0 <= UInt64(view.length)
    }
    let unit =
      Quantity.timeUnits.last { UInt64($0.nanoseconds) <= ticks.last ?? 0 } ?? Quantity.timeUnits[0]
    for tick in ticks {
      let x = scale(tick)
      figure.rule("grid", x1: x, y1: top, x2: x, y2: bottom)
      figure.rule("axis", x1: x, y1: bottom, x2: x, y2: bottom + 4)
      let value = Quantity.fixed(
        Double(tick) / Double(unit.nanoseconds), places: 3, isTrimmed: true)
      let label = tick == 0 ? "0" : "\(value) \(unit.name)"
      let half = TextMetrics.width(label, size: Figure.smallSize) / 2
      figure.text(
        label, x: min(x, Figure.width - 2 - half), y: bottom + 16, size: Figure.smallSize,
        style: .muted, anchor: .middle)
    }
    figure.rule("axis", x1: left, y1: bottom, x2: right, y2: bottom)
  }

  // MARK: - Calls

  private static func draw(
    _ band: Band, _ view: TimelineView, _ drawing: Resolution, in figure: inout Figure
  ) {
    let rank = view.timeline.ranks[band.row.place]
    figure.body.open("g", ["aria-label": .text("rank \(rank.rank)")])
    if band.row.place != view.rows.first?.place {
      let y = figure.y - bandGap / 2
      figure.rule("grid", x1: Figure.margin, y1: y, x2: right, y2: y)
    }
    let label = "rank \(rank.rank)"
    let fits = TextMetrics.width(label, size: Figure.tickSize, isBold: true) <= labelWidth
    figure.text(
      fits
        ? label
        : TextMetrics.fitted(
          "\(rank.rank)", to: labelWidth, size: Figure.tickSize, isBold: true),
      x: Figure.margin, y: figure.y + 9, size: Figure.tickSize, style: .strong)
    if band.lanes.isEmpty {
      figure.text(
        "no call", x: left - 6, y: figure.y + 9, size: Figure.smallSize, style: .muted,
        anchor: .end)
    }
    for (index, lane) in band.lanes.enumerated() {
      let y = figure.y + lanePitch * Double(index)
      figure.text(
        lane.dimension.rawValue, x: left - 6, y: y + 9, size: Figure.smallSize, style: .muted,
        anchor: .end)
      draw(lane, of: band.row, y: y, view, drawing, in: &figure)
    }
    figure.body.close("g")
    figure.y += height(band)
  }

  private static func draw(
    _ lane: TimelineLane, of row: TimelineView.Row, y: Double, _ view: TimelineView,
    _ drawing: Resolution, in figure: inout Figure
  ) {
    let pieces = lane.pieces(resolution: drawing.pixels)
    if let open = lane.open {
      openBar(
        lane.dimension, from: open.start, to: right, y: y,
        tooltip: "\(Quantity.counted(open.calls, "call")) not ended", in: &figure)
    }
    var path = ""
    var calls = 0
    for piece in pieces {
      let height = piece.isShared ? (laneHeight - 1) / 2 : laneHeight
      let top = y + Double(piece.row) * (height + 1)
      let width = piece.end - piece.start
      if width >= drawing.tooltip {
        figure.slice(
          lane.dimension, x: piece.start, y: top, width: width, height: height,
          tooltip: tooltip(piece, row, view))
      } else {
        path +=
          "M\(SVGWriter.coordinate(piece.start)) \(SVGWriter.coordinate(top))"
          + "h\(SVGWriter.coordinate(width))v\(SVGWriter.coordinate(height))"
          + "h\(SVGWriter.coordinate(-width))z"
        calls += piece.calls
      }
    }
    if !path.isEmpty {
      figure.area(
        lane.dimension, path: path,
        tooltip: "\(lane.dimension.rawValue): \(Quantity.counted(calls, "short call"))")
    }
    let marks = lane.marks(resolution: drawing.pixels)
    if !marks.isEmpty {
      figure.area(
        lane.dimension, path: marks.map { pin(at: $0, y: y) }.joined(),
        tooltip: "\(Quantity.counted(lane.moments.count, "call")) without a start or duration")
    }
  }

  /// A needle with a head: a call of which one moment is known.
  private static func pin(at x: Double, y: Double) -> String {
    "M\(SVGWriter.coordinate(x)) \(SVGWriter.coordinate(y))l2 2l-1.6 2v6h-.8v-6l-1.6 -2z"
  }

  /// A faded bar that ends in an arrow: nobody knows when it ended.
  private static func openBar(
    _ dimension: ParallelismDimension, from start: Double, to end: Double, y: Double,
    tooltip: String, in figure: inout Figure
  ) {
    let tip = 5.0
    let body = max(end - start - tip, 0)
    if body > 0 {
      figure.bar(
        dimension, x: start, y: y, width: body, height: laneHeight, isHollow: true,
        tooltip: tooltip)
    }
    let x = SVGWriter.coordinate(max(end - tip, start))
    figure.area(
      dimension,
      path: "M\(x) \(SVGWriter.coordinate(y))l\(SVGWriter.coordinate(tip)) "
        + "\(SVGWriter.coordinate(laneHeight / 2))l-\(SVGWriter.coordinate(tip)) "
        + "\(SVGWriter.coordinate(laneHeight / 2))z", tooltip: tooltip)
  }

  private static func tooltip(
    _ piece: TimelineLane.Piece, _ row: TimelineView.Row, _ view: TimelineView
  ) -> String {
    let rank = view.timeline.ranks[row.place]
    let call = rank.calls[piece.call]
    let at = "at \(Quantity.time(TimelineView.onAxis(call.start, row)))"
    guard piece.calls == 1 else { return "\(Quantity.count(piece.calls)) calls from \(at)" }
    let group = view.timeline.classes[rank.callClass(of: call)]
    let communicator = view.timeline.communicators[group.communicator]
    var text = group.collective
    if let bytes = group.messageBytes { text += ", \(Quantity.bytes(bytes))" }
    if !communicator.name.isEmpty { text += ", \(communicator.name)" }
    if let size = communicator.size { text += ", \(Quantity.counted(size, "rank"))" }
    return text + ": \(Quantity.time(call.duration)) \(at)"
  }
}
