// SPDX-License-Identifier: Apache-2.0

internal import TrafficAnalysis

/// A figure under construction: a title, a body that grows downwards, and a caption.
///
/// The parts are joined once, when the height is known. Classes carry all colours, because dark
/// mode can only restyle classes; a renderer without dark mode draws the light version. `var()`
/// and `dominant-baseline` are avoided, for librsvg lacks them.
struct Figure {
  static let width = 720.0
  static let margin = 16.0
  static let titleSize = 16.0
  static let labelSize = 12.0
  static let tickSize = 11.0
  static let smallSize = 10.0

  /// A short name of letters and hyphens, from which ids are made.
  let slug: String
  let title: String
  /// One sentence with the main numbers, for those who cannot see the figure.
  var description: String
  /// What is drawn under the title.
  var body = SVGWriter()
  /// Where the next part of the body begins.
  var y: Double
  /// Dimensions whose colours are used.
  private var dimensions: Set<ParallelismDimension> = []
  private var shades: Set<ParallelismDimension> = []
  /// Further fills that the figure uses, by class.
  private var tones: [Palette.Tone] = []
  /// Whether the steps of a heat map are used.
  var usesHeat = false
  /// Whether bars are set off by the paper's colour instead of an outline.
  private var usesSlices = false

  /// Begins a figure with its title and a line under it.
  init(slug: String, title: String, subtitle: String, description: String) {
    self.slug = slug
    self.title = title
    self.description = description
    y = 28
    text(title, x: Self.margin, y: y, size: Self.titleSize, style: .strong)
    let room = Self.width - 2 * Self.margin
    for line in TextMetrics.wrapped(subtitle, to: room, size: Self.labelSize, maximum: 3) {
      y += 18
      text(line, x: Self.margin, y: y, size: Self.labelSize, style: .muted)
    }
    y += 14
  }

  // MARK: Text

  /// `reverse` is text on a dark cell.
  enum TextStyle: String { case ink, muted, strong, reverse }
  enum Anchor: String { case start, middle, end }

  /// Draws one line of text with its baseline at `y`.
  ///
  /// A halo in the paper's colour keeps text readable over grid lines.
  mutating func text(
    _ content: String, x: Double, y: Double, size: Double, style: TextStyle = .ink,
    anchor: Anchor = .start, hasHalo: Bool = false
  ) {
    let tone = style == .strong ? "ink strong" : style.rawValue
    body.text(
      "text",
      [
        "class": .text(hasHalo ? tone + " halo" : tone), "x": .number(x),
        "y": .number(y), "font-size": .number(size), "text-anchor": .text(anchor.rawValue),
      ], content)
  }

  // MARK: Marks

  /// Draws a bar in a dimension's colour and pattern, with a tooltip.
  mutating func bar(
    _ dimension: ParallelismDimension, x: Double, y: Double, width: Double, height: Double,
    isHollow: Bool = false, tooltip: String
  ) {
    dimensions.insert(dimension)
    // A class sets a plain colour, which dark mode may change; a pattern is named by its id.
    if isHollow || Palette.look(dimension).pattern == .solid {
      body.element(
        "rect",
        [
          "class": .text("bar \(dimension.rawValue)"), "x": .number(x), "y": .number(y),
          "width": .number(width), "height": .number(height),
          "fill-opacity": isHollow ? "0.28" : "1",
        ], tooltip: tooltip)
    } else {
      body.element(
        "rect",
        [
          "class": "bar", "x": .number(x), "y": .number(y), "width": .number(width),
          "height": .number(height), "fill": .text("url(#\(slug)-\(dimension.rawValue))"),
        ], tooltip: tooltip)
    }
  }

  /// Draws one of many bars, set off by the paper's colour, for outlines would hide what is between
  /// them; the lines of a pattern have that colour, so a bar with one has a thin outline.
  mutating func slice(
    _ dimension: ParallelismDimension, x: Double, y: Double, width: Double, height: Double,
    tooltip: String
  ) {
    dimensions.insert(dimension)
    let place: SVGWriter.Attributes
    if Palette.look(dimension).pattern == .solid {
      usesSlices = true
      place = [
        "class": .text("slice \(dimension.rawValue)"), "x": .number(x), "y": .number(y),
        "width": .number(width), "height": .number(height),
      ]
    } else {
      place = [
        "class": "cell", "x": .number(x), "y": .number(y), "width": .number(width),
        "height": .number(height), "fill": .text("url(#\(slug)-\(dimension.rawValue))"),
      ]
    }
    body.element("rect", place, tooltip: tooltip)
  }

  /// Draws many shapes as one element; they are too small for a pattern.
  mutating func area(_ dimension: ParallelismDimension, path: String, tooltip: String) {
    dimensions.insert(dimension)
    let style = dimension == .unclassified ? "cell \(dimension.rawValue)" : dimension.rawValue
    body.element("path", ["class": .text(style), "d": .text(path)], tooltip: tooltip)
  }

  /// Returns the class of the cells of a group.
  mutating func shadeClass(_ dimension: ParallelismDimension, _ index: Int) -> String {
    shades.insert(dimension)
    return "\(dimension.rawValue)\(index % Palette.shades.count)"
  }

  /// Adds the fill of a class that only some figures need, and returns the class.
  mutating func tone(_ tone: Palette.Tone) -> String {
    if !tones.contains(where: { $0.name.description == tone.name.description }) {
      tones.append(tone)
    }
    return tone.name.description
  }

  /// Draws a line of the axis or the grid.
  mutating func rule(_ style: StaticString, x1: Double, y1: Double, x2: Double, y2: Double) {
    body.empty(
      "line",
      [
        "class": .text(style.description), "x1": .number(x1), "y1": .number(y1),
        "x2": .number(x2), "y2": .number(y2),
      ])
  }

  /// Draws swatches with the dimensions' names, in as many lines as they need.
  mutating func legend(_ dimensions: [ParallelismDimension]) {
    var x = Self.margin
    body.open("g", ["aria-label": "legend"])
    for dimension in dimensions {
      let label = "\(dimension.rawValue) (\(dimension.phrase))"
      let advance = 18 + TextMetrics.width(label, size: Self.tickSize) + 16
      if x > Self.margin, x + advance > Self.width - Self.margin {
        x = Self.margin
        y += 18
      }
      bar(dimension, x: x, y: y, width: 12, height: 12, tooltip: label)
      text(label, x: x + 18, y: y + 10, size: Self.tickSize)
      x += advance
    }
    body.close("g")
    y += 26
  }

  /// Draws a box that says why there is nothing to draw.
  mutating func emptyNotice(_ message: String, detail: String) {
    let width = Self.width - 2 * Self.margin
    body.empty(
      "rect",
      [
        "class": "empty", "x": .number(Self.margin), "y": .number(y), "width": .number(width),
        "height": "120", "rx": "6",
      ])
    text(
      TextMetrics.fitted(message, to: width - 40, size: 13, isBold: true), x: Self.width / 2,
      y: y + 50, size: 13, style: .strong, anchor: .middle)
    for (index, line) in TextMetrics.wrapped(
      detail, to: width - 60, size: Self.tickSize, maximum: 2
    ).enumerated() {
      text(
        line, x: Self.width / 2, y: y + 72 + 16 * Double(index), size: Self.tickSize,
        style: .muted, anchor: .middle)
    }
    y += 134
  }

  /// Ends the figure with paragraphs under a rule: what was counted, and what is missing.
  mutating func caption(_ paragraphs: [String]) {
    y += 4
    rule("grid", x1: Self.margin, y1: y, x2: Self.width - Self.margin, y2: y)
    y += 4
    let room = Self.width - 2 * Self.margin
    for paragraph in paragraphs where !paragraph.isEmpty {
      for line in TextMetrics.wrapped(paragraph, to: room, size: Self.tickSize, maximum: 3) {
        y += 15
        text(line, x: Self.margin, y: y, size: Self.tickSize, style: .muted)
      }
    }
    y += 14
  }

  // MARK: Document

  /// Joins the parts into a document.
  ///
  /// - Complexity: O(bytes of the body).
  func render() -> [UInt8] {
    var svg = SVGWriter()
    let height = y.rounded(.up)
    svg.open(
      "svg",
      [
        "xmlns": "http://www.w3.org/2000/svg", "class": "commlens",
        "viewBox": .text("0 0 \(Int(Self.width)) \(SVGWriter.coordinate(height))"),
        "width": .number(Self.width), "height": .number(height), "role": "img",
        "aria-labelledby": .text("\(slug)-title \(slug)-desc"),
        "font-family": "Inter, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif",
      ])
    svg.text("title", ["id": .text("\(slug)-title")], title)
    svg.text("desc", ["id": .text("\(slug)-desc")], description)
    svg.style(style)
    patterns(into: &svg)
    svg.empty(
      "rect",
      ["class": "paper", "width": .number(Self.width), "height": .number(height)])
    svg.append(body)
    svg.close("svg")
    return svg.bytes
  }

  /// The colours for light paper, and what changes on dark paper.
  ///
  /// It is made of constants alone; no input gets into it.
  private var style: String {
    func rules(
      paper: RGB, ink: RGB, muted: RGB, rule: RGB,
      fill: (ParallelismDimension) -> RGB, shade: (ParallelismDimension, Int) -> RGB,
      heat: (Int) -> RGB, tone: (Palette.Tone) -> RGB
    ) -> [String] {
      var lines = [
        ".paper{fill:\(paper.hex)}", ".ink{fill:\(ink.hex)}", ".muted{fill:\(muted.hex)}",
        ".bar{stroke:\(ink.hex)}", ".box{stroke:\(muted.hex)}", ".cell{stroke:\(muted.hex)}",
        ".grid{stroke:\(rule.hex)}", ".axis{stroke:\(muted.hex)}", ".empty{stroke:\(muted.hex)}",
        ".blank{fill:\(paper.hex)}", ".overlay{stroke:\(paper.hex)}", ".dot{fill:\(paper.hex)}",
        ".halo{stroke:\(paper.hex)}", ".mesh{stroke:\(paper.hex)}",
      ]
      for dimension in ParallelismDimension.allCases where dimensions.contains(dimension) {
        lines.append(".\(dimension.rawValue){fill:\(fill(dimension).hex)}")
      }
      if usesHeat {
        lines.append(".reverse{fill:\(paper.hex)}")
        for step in 0..<Palette.heatSteps { lines.append(".heat\(step){fill:\(heat(step).hex)}") }
      }
      for dimension in ParallelismDimension.allCases where shades.contains(dimension) {
        for index in Palette.shades.indices {
          lines.append(".\(dimension.rawValue)\(index){fill:\(shade(dimension, index).hex)}")
        }
      }
      if usesSlices { lines.append(".slice{stroke:\(paper.hex);stroke-width:.5}") }
      // Only figures with machines have these.
      if !tones.isEmpty {
        lines += [".frame{stroke:\(muted.hex)}", ".lane{stroke:\(muted.hex);stroke-width:2}"]
      }
      lines += tones.map { ".\($0.name){fill:\(tone($0).hex)}" }
      return lines
    }
    let fixed = [
      ".strong{font-weight:600}",
      ".halo{paint-order:stroke;stroke-width:3px;stroke-linejoin:round}",
      ".mesh{fill:none;stroke-width:.7}",
      ".bar{stroke-width:.6}", ".box{fill:none;stroke-width:1}",
      ".cell{stroke-width:.5}", ".absent{stroke-dasharray:2 2}",
      ".overlay{stroke-width:1.6}",
      ".empty{fill:none;stroke-dasharray:4 4}", "text{font-variant-numeric:tabular-nums}",
    ]
    let light = rules(
      paper: Palette.lightPaper, ink: Palette.lightInk, muted: Palette.lightMuted,
      rule: Palette.lightRule, fill: { Palette.look($0).light },
      shade: { Palette.shade($0, $1).light }, heat: { Palette.heat($0).light }, tone: \.light)
    let dark = rules(
      paper: Palette.darkPaper, ink: Palette.darkInk, muted: Palette.darkMuted,
      rule: Palette.darkRule, fill: { Palette.look($0).dark },
      shade: { Palette.shade($0, $1).dark }, heat: { Palette.heat($0).dark }, tone: \.dark)
    return (fixed + light).map { Self.scoped($0) }.joined(separator: "\n")
      + "\n@media (prefers-color-scheme: dark){\n"
      + dark.map { Self.scoped($0) }.joined(separator: "\n") + "\n}\n"
  }

  /// Keeps a rule inside commlens figures when several are placed in one page.
  private static func scoped(_ rule: String) -> String { ".commlens " + rule }

  private func patterns(into svg: inout SVGWriter) {
    let patterned = ParallelismDimension.allCases.filter {
      dimensions.contains($0) && Palette.look($0).pattern != .solid
    }
    guard !patterned.isEmpty else { return }
    svg.open("defs")
    for dimension in patterned {
      svg.open(
        "pattern",
        [
          "id": .text("\(slug)-\(dimension.rawValue)"), "width": "8", "height": "8",
          "patternUnits": "userSpaceOnUse",
        ])
      svg.empty("rect", ["class": .text(dimension.rawValue), "width": "8", "height": "8"])
      switch Palette.look(dimension).pattern {
      case .solid: break
      case .slash:
        svg.empty("path", ["class": "overlay", "d": "M-2 2L2 -2M0 8L8 0M6 10L10 6"])
      case .backslash:
        svg.empty("path", ["class": "overlay", "d": "M-2 6L2 10M0 0L8 8M6 -2L10 2"])
      case .stripes: svg.empty("path", ["class": "overlay", "d": "M2 0V8M6 0V8"])
      case .crosshatch:
        svg.empty("path", ["class": "overlay", "d": "M0 0L8 8M0 8L8 0"])
      case .dots:
        svg.empty("circle", ["class": "dot", "cx": "2", "cy": "2", "r": "1.3"])
        svg.empty("circle", ["class": "dot", "cx": "6", "cy": "6", "r": "1.3"])
      }
      svg.close("pattern")
    }
    svg.close("defs")
  }
}

extension Figure {
  /// Returns the part of every caption that says what the logs cover.
  static func coverageCaption(_ summary: TrafficSummary) -> [String] {
    let lines = DigestContent.coverage(summary.coverage)
    return [lines.joined(separator: "; ") + "."] + summary.coverage.statements.prefix(1)
  }
}
