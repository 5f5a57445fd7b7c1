// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Foundation
import Glibc
import Testing
import TrafficAnalysis

@testable import TrafficReport

@Suite struct FigureTests {
  private static let allowedElements: Set<String> = [
    "svg", "title", "desc", "style", "defs", "pattern", "rect", "path", "circle", "line", "g",
    "text",
  ]
  private static let allowedAttributes: Set<String> = [
    "xmlns", "class", "viewBox", "width", "height", "role", "aria-labelledby", "aria-label",
    "font-family", "font-size", "text-anchor", "id", "x", "y", "x1", "x2", "y1", "y2", "rx", "d",
    "cx", "cy", "r", "fill", "fill-opacity", "patternUnits", "transform",
  ]

  private static let figures: [(name: String, bytes: [UInt8])] =
    (SampleJob.all + [
      ("large-4096", SampleJob.large(nodes: 512).summary()),
      ("every-dimension", SampleJob.everyDimension.summary()),
    ]).flatMap { sample in
      ReportSet.render(sample.summary).filter { $0.name.hasSuffix(".svg") }.map {
        ("\(sample.name)/\($0.name)", $0.bytes)
      }
    } + SampleMachine.figures + SampleMachine.loadFigures + SampleTimeline.figures
    + SampleComparison.figures + SampleLimits.figures

  private func figure(_ name: String) throws -> [UInt8] {
    try #require(Self.figures.first { $0.name == name }).bytes
  }

  @Test(arguments: Self.figures.map(\.name))
  func isWellFormedAndHoldsOnlyHarmlessElements(name: String) throws {
    let bytes = try figure(name)
    let elements = try XMLChecker.elements(of: bytes)
    let ids = elements.compactMap { $0["id"] }
    #expect(Set(ids).count == ids.count)
    for element in elements {
      #expect(Self.allowedElements.contains(element.name))
      for attribute in element.attributes {
        #expect(Self.allowedAttributes.contains(attribute.name))
        if attribute.name != "xmlns", attribute.name != "aria-label" {
          #expect(!attribute.value.contains("://"))
        }
      }
      if let fill = element["fill"] {
        #expect(ids.contains { fill == "url(#\($0))" })
      }
    }
    let root = elements[0]
    #expect(root["role"] == "img")
    #expect(root["aria-labelledby"]?.split(separator: " ").map(String.init) == Array(ids.prefix(2)))
    #expect(elements.count { $0.name == "desc" && !$0.text.isEmpty } == 1)
    let style = try #require(elements.first { $0.name == "style" }?.text)
    #expect(style.contains("@media (prefers-color-scheme: dark)"))
    for word in ["var(", "url(", "@import", "dominant-baseline", "oklch"] {
      #expect(!style.contains(word))
    }
  }

  @Test(arguments: Self.figures.map(\.name))
  func usesEveryClassItNamesAndNamesEveryClassItUses(name: String) throws {
    let elements = try XMLChecker.elements(of: try figure(name))
    let style = try #require(elements.first { $0.name == "style" }?.text)
    let used = Set(elements.dropFirst().flatMap { ($0["class"] ?? "").split(separator: " ") })
    for name in used { #expect(style.contains(".\(name){")) }
  }

  @Test(arguments: Self.figures.map(\.name))
  func keepsLabelsApartAndInsideTheFrame(name: String) throws {
    let elements = try XMLChecker.elements(of: try figure(name))
    let width = try #require(elements[0].number("width"))
    let height = try #require(elements[0].number("height"))
    #expect(elements[0]["viewBox"] == "0 0 \(Int(width)) \(Int(height))")
    let boxes = try elements.filter { $0.name == "text" }.map { element in
      let size = try #require(element.number("font-size"))
      #expect(size >= 9)
      let isBold = element["class"]?.contains("strong") == true
      let length = TextMetrics.width(element.text, size: size, isBold: isBold)
      if let transform = element["transform"] {
        // Upright, from its foot.
        let match = try #require(
          transform.wholeMatch(of: /translate\(([0-9.]+) ([0-9.]+)\) rotate\(-90\)/))
        let foot = try #require(Double(match.2))
        let x = try #require(Double(match.1))
        return (
          text: element.text, left: x - 0.75 * size, right: x + 0.1 * size, top: foot - length,
          bottom: foot
        )
      }
      let x = try #require(element.number("x"))
      let y = try #require(element.number("y"))
      let left =
        switch element["text-anchor"] {
        case "middle": x - length / 2
        case "end": x - length
        default: x
        }
      return (
        text: element.text, left: left, right: left + length, top: y - 0.75 * size,
        bottom: y + 0.1 * size
      )
    }
    for box in boxes {
      #expect(box.left >= 0 && box.right <= width, "\(box.text) leaves the frame")
      #expect(box.top >= 0 && box.bottom <= height, "\(box.text) leaves the frame")
    }
    // By height, so that only neighbours need to be compared.
    let sorted = boxes.sorted { $0.top < $1.top }
    for (index, box) in sorted.enumerated() {
      for other in sorted[(index + 1)...] {
        if other.top >= box.bottom { break }
        let overlaps = box.left < other.right && other.left < box.right
        #expect(!overlaps, "\(box.text) overlaps \(other.text)")
      }
    }
  }

  @Test(arguments: Self.figures.map(\.name))
  func keepsMarksInsideTheFrameWithTwoDecimals(name: String) throws {
    let elements = try XMLChecker.elements(of: try figure(name))
    let width = try #require(elements[0].number("width"))
    let height = try #require(elements[0].number("height"))
    let numeric: Set<String> = ["x", "y", "x1", "x2", "y1", "y2", "width", "height"]
    for element in elements.dropFirst() {
      for attribute in element.attributes where numeric.contains(attribute.name) {
        let decimals = attribute.value.split(separator: ".").dropFirst().first ?? ""
        #expect(decimals.utf8.count <= 2)
        #expect(attribute.value.allSatisfy { "-.0123456789".contains($0) })
        #expect(attribute.value != "-0")
      }
      guard element.name == "rect", let x = element.number("x"), let y = element.number("y")
      else { continue }
      let right = x + (element.number("width") ?? 0)
      let bottom = y + (element.number("height") ?? 0)
      #expect(x >= 0 && y >= 0 && right <= width && bottom <= height)
      #expect((element.number("width") ?? 0) >= 0 && (element.number("height") ?? 0) >= 0)
    }
  }

  @Test(arguments: Self.figures.map(\.name))
  func staysBelowTheSizeLimits(name: String) throws {
    let bytes = try figure(name)
    #expect(bytes.count <= 2_000_000)
    #expect(try XMLChecker.elements(of: bytes).count <= 20_000)
  }

  /// The bound of 2 s is for a release build on any machine; this is its work in a debug build.
  @Test func fourThousandRanksAreDrawnInTwoSeconds() throws {
    let summary = SampleJob.large(nodes: 512).summary()
    let start = Self.threadSeconds()
    let bytes = RankMatrixFigure.svg(summary)
    let seconds = Self.threadSeconds() - start
    #expect(seconds < 2, "\(seconds) s")
    #expect(bytes.count < 2_000_000)
    #expect(try XMLChecker.elements(of: bytes).contains { $0.text.hasPrefix("A row of 32 ranks") })
  }

  private static func threadSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// `make figures` looks at these in a browser.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["WRITE_FIGURES"] != nil))
  func writesTheFiguresToBeLookedAt() throws {
    let path = try #require(ProcessInfo.processInfo.environment["WRITE_FIGURES"])
    let folder = URL(filePath: path, directoryHint: .isDirectory)
    try? FileManager.default.removeItem(at: folder)
    for figure in Self.figures {
      let parts = figure.name.split(separator: "/").map(String.init)
      let place = folder.appending(path: parts[0], directoryHint: .isDirectory)
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
      let name = parts.count > 1 ? parts[1] : "topology.svg"
      try Data(figure.bytes).write(to: place.appending(path: name))
    }
  }

  @Test func givesTheSameBytesEveryTime() {
    for sample in SampleJob.all {
      #expect(ReportSet.render(sample.summary) == ReportSet.render(sample.summary))
    }
  }

  @Test func twentyThousandHostileNamesStayText() throws {
    let names = Array(HostileNames(count: 20_000))
    var svg = SVGWriter()
    svg.open("svg", ["xmlns": "http://www.w3.org/2000/svg"])
    for name in names {
      svg.text("text", ["aria-label": .text(name), "x": .number(1)], name)
      svg.element("rect", ["class": "cell"], tooltip: name)
    }
    svg.close("svg")
    let elements = try XMLChecker.elements(of: svg.bytes)
    #expect(elements.count == 3 * names.count + 1)
    #expect(svg.elements == elements.count)
    #expect(Set(elements.map(\.name)) == ["svg", "text", "rect", "title"])
    for (index, name) in names.enumerated() {
      let shown = PlainText.printable(name).unicodeScalars
      #expect(elements[3 * index + 1].text.unicodeScalars.elementsEqual(shown))
      #expect(elements[3 * index + 1]["aria-label"]?.unicodeScalars.elementsEqual(shown) == true)
      #expect(elements[3 * index + 3].text.unicodeScalars.elementsEqual(shown))
    }
  }

  /// Bars of one phase and word must be as long as their bytes are many.
  @Test func barsAreProportionalToTheirBytes() throws {
    let elements = try XMLChecker.elements(of: try figure("tp8-pp2-dp2/traffic_by_dimension.svg"))
    func width(_ tooltip: String) throws -> Double {
      let title = try #require(
        elements.first { $0.name == "title" && $0.text.hasPrefix(tooltip + ":") })
      let bar = try #require(title.parent)
      return try #require(elements[bar].number("width"))
    }
    let summary = SampleJob.fourNodes.summary()
    func wire(_ dimension: ParallelismDimension, _ collective: String) -> Double {
      Double(
        summary.traffic.filter { $0.dimension == dimension && $0.collective == collective }
          .reduce(0) { $0 + $1.wireBytes })
    }
    let large = try width("sp all_gather, wire")
    let small = try width("dp reduce_scatter, wire")
    let ratio = wire(.sp, "all_gather") / wire(.dp, "reduce_scatter")
    #expect(abs(large / small - ratio) < 0.05 * ratio)
  }

  @Test func layoutNumbersTheGroupsOfEveryRank() throws {
    let elements = try XMLChecker.elements(of: try figure("tp2-pp2-dp2-training/layout.svg"))
    let tooltips = elements.filter { $0.name == "title" }.map(\.text)
    // Ranks 0 and 1 share a tensor group, 0 and 4 a pipeline, 0 and 2 a data group.
    #expect(tooltips.filter { $0 == "rank 0 on gpu-01, group 0" }.count == 3)
    #expect(tooltips.contains("rank 5 on gpu-02, group 1, no_log"))
    #expect(elements.contains { $0["class"]?.hasPrefix("cell absent") == true })
  }

  @Test func pairsOfNeighboursAreJoinedToPipelines() {
    var summary = TrafficSummary()
    summary.ranks = (0..<6).map { RankRow(rank: $0) }
    summary.communicators = [[0, 2], [2, 4], [1, 3], [3, 5]].enumerated().map { index, ranks in
      var row = CommunicatorRow(communicator: "c\(index)", size: 2)
      row.ranks = ranks
      row.dimension = .pp
      return row
    }
    #expect(ParallelGrouping.groupings(of: summary).map(\.groups) == [[[0, 2, 4], [1, 3, 5]]])
  }

  @Test func overlappingGroupsOfLessTrafficAreLeftOutAndCounted() {
    var summary = TrafficSummary()
    summary.ranks = (0..<4).map { RankRow(rank: $0) }
    summary.communicators = [([0, 1], 10), ([2, 3], 10), ([0, 1, 2, 3], 5)].enumerated().map {
      index, group in
      var row = CommunicatorRow(communicator: "c\(index)", size: group.0.count)
      row.ranks = group.0
      row.payloadBytes = UInt64(group.1)
      row.dimension = .dp
      return row
    }
    let groupings = ParallelGrouping.groupings(of: summary)
    #expect(groupings.map(\.groups) == [[[0, 1], [2, 3]]])
    #expect(groupings.map(\.overlapping) == [1])
  }

  @Test func anEmptySummaryGivesFiguresThatSaySo() throws {
    for name in ["traffic_by_dimension", "message_sizes"] {
      for sample in ["nothing", "without-operations"] {
        let elements = try XMLChecker.elements(of: try figure("\(sample)/\(name).svg"))
        #expect(elements.contains { $0.text == "No operations were seen in these logs" })
      }
    }
    let layout = try XMLChecker.elements(of: try figure("nothing/layout.svg"))
    #expect(layout.contains { $0.text == "No ranks are known" })
  }
}

/// Contrast as WCAG 2 defines it.
@Suite struct PaletteTests {
  private func luminance(_ color: RGB) -> Double {
    func linear(_ channel: Int) -> Double {
      let c = Double(channel) / 255
      guard c > 0.03928 else { return c / 12.92 }
      // x^2.4 without a library: x^2 times the fifth root of x^2, by Newton's method.
      let x = (c + 0.055) / 1.055
      var root = x
      for _ in 0..<60 {
        root = root - (root * root * root * root * root - x * x) / (5 * root * root * root * root)
      }
      return x * x * root
    }
    return 0.2126 * linear(color.red) + 0.7152 * linear(color.green) + 0.0722 * linear(color.blue)
  }

  private func contrast(_ a: RGB, _ b: RGB) -> Double {
    let (x, y) = (luminance(a), luminance(b))
    return (max(x, y) + 0.05) / (min(x, y) + 0.05)
  }

  @Test func theContrastFormulaGivesTheKnownEnds() {
    #expect(abs(contrast(RGB(0x000000), RGB(0xFFFFFF)) - 21) < 0.001)
    #expect(abs(contrast(RGB(0x1B1F24), RGB(0xFFFFFF)) - 16.6) < 0.1)
  }

  @Test func textIsReadableOnPaper() {
    #expect(contrast(Palette.lightInk, Palette.lightPaper) >= 4.5)
    #expect(contrast(Palette.lightMuted, Palette.lightPaper) >= 4.5)
    #expect(contrast(Palette.darkInk, Palette.darkPaper) >= 4.5)
    #expect(contrast(Palette.darkMuted, Palette.darkPaper) >= 4.5)
  }

  @Test(arguments: ParallelismDimension.allCases)
  func textIsReadableOnEveryShade(dimension: ParallelismDimension) {
    for index in Palette.shades.indices {
      let shade = Palette.shade(dimension, index)
      #expect(contrast(Palette.lightInk, shade.light) >= 4.5)
      #expect(contrast(Palette.darkInk, shade.dark) >= 4.5)
    }
  }

  @Test func textIsReadableOnEveryStepOfAHeatMap() {
    for step in 0..<Palette.heatSteps {
      let isReverse = step >= Palette.heatSteps / 2
      let heat = Palette.heat(step)
      #expect(contrast(isReverse ? Palette.lightPaper : Palette.lightInk, heat.light) >= 4.5)
      #expect(contrast(isReverse ? Palette.darkPaper : Palette.darkInk, heat.dark) >= 4.5)
    }
  }

  @Test func stepsOfAHeatMapGoAwayFromThePaper() {
    for step in 1..<Palette.heatSteps {
      let (before, here) = (Palette.heat(step - 1), Palette.heat(step))
      #expect(luminance(here.light) < luminance(before.light))
      #expect(luminance(here.dark) > luminance(before.dark))
    }
  }

  @Test func textIsReadableOnThePartsOfAMachine() {
    for tone in Palette.distances {
      let isInverse = ["d0", "d1"].contains(tone.name.description)
      let ink = isInverse ? Palette.Machine.inverse.light : Palette.lightInk
      let darkInk = isInverse ? Palette.Machine.inverse.dark : Palette.darkInk
      #expect(contrast(ink, tone.light) >= 4.5, "\(tone.name)")
      #expect(contrast(darkInk, tone.dark) >= 4.5, "\(tone.name)")
    }
    for tone in [
      Palette.Machine.node, Palette.Machine.bridge, Palette.Machine.net, Palette.Machine.unknown,
    ] {
      #expect(contrast(Palette.lightInk, tone.light) >= 4.5)
      #expect(contrast(Palette.darkInk, tone.dark) >= 4.5)
    }
    for tone in [Palette.Machine.gpu, Palette.Machine.fabric] {
      #expect(contrast(Palette.Machine.inverse.light, tone.light) >= 4.5)
      #expect(contrast(Palette.Machine.inverse.dark, tone.dark) >= 4.5)
    }
  }

  @Test func noTwoDimensionsLookTheSame() {
    let looks = ParallelismDimension.allCases.map { dimension in
      let look = Palette.look(dimension)
      return "\(look.light.hex) \(look.dark.hex) \(look.pattern.rawValue)"
    }
    #expect(Set(looks).count == looks.count)
  }
}
