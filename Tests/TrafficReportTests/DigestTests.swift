// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Testing
import TrafficAnalysis

@testable import TrafficReport

@Suite struct DigestTests {
  @Test(arguments: SampleJob.all.map(\.name), [40, 60, 80, 100, 200])
  func fitsTheTerminal(name: String, width: Int) throws {
    let summary = try #require(SampleJob.all.first { $0.name == name }?.summary)
    let text = Digest.text(summary, width: width, outputs: ["report/ (10 files)"])
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.allSatisfy { $0.unicodeScalars.count <= width })
    if width >= 80 { #expect(lines.count <= 46) }
    #expect(!text.unicodeScalars.contains { !PlainText.isPrintable($0) && $0 != "\n" })
    #expect(!text.contains(" \n"))
  }

  @Test func colourIsUsedOnlyWhenAskedFor() {
    let summary = SampleJob.training.summary()
    let plain = Digest.text(summary)
    let colored = Digest.text(summary, color: true)
    #expect(!plain.contains("\u{1B}"))
    #expect(colored.contains("\u{1B}[1m"))
    var stripped = colored
    for code in ["0", "1", "2", "31", "33"] { stripped.replace("\u{1B}[\(code)m", with: "") }
    #expect(stripped == plain)
  }

  @Test func showsTheLargestFirstAndCountsTheRest() {
    var summary = TrafficSummary()
    for index in 0..<14 {
      summary.traffic.append(
        TrafficRow(
          dimension: .dp, phase: .unknown, collective: "op\(index)", dataType: "int8",
          elementCount: 1, messageBytes: 1, communicatorSize: 2, communicators: 1, operations: 1,
          rankCalls: 2, payloadBytes: 1024, wireBytes: UInt64(index + 1) * 1024,
          intraNodeBytes: nil, interNodeBytes: nil))
    }
    let lines = Digest.text(summary).split(separator: "\n").map(String.init)
    let shown = lines.filter { $0.hasPrefix("  dp ") }
    #expect(shown.count == 9)
    #expect(shown[0].contains("op13") && shown[0].contains("14 KiB"))
    #expect(lines.contains("  [5 others: 15 KiB of wire, 14 %]"))
    #expect(lines.contains { $0.hasPrefix("  total") && $0.contains("105 KiB") })
  }

  @Test func errorsComeBeforeWarnings() throws {
    let text = Digest.text(SampleJob.hostile())
    let error = try #require(text.firstRange(of: "error nccl-warning"))
    let warning = try #require(text.firstRange(of: "warning rank-without-log"))
    #expect(error.lowerBound < warning.lowerBound)
  }

  @Test func saysWhenNothingWasLogged() {
    #expect(Digest.text(TrafficSummary()).contains("No operations in these files."))
    #expect(Digest.markdown(TrafficSummary()).contains("No operations in these files."))
  }

  @Test func markdownFromTheLogsCannotBecomeMarkup() {
    for name in HostileNames(count: 5_000) {
      let text = Markdown.escaped(name)
      #expect(!text.contains("<") && !text.contains("|") && !text.contains("\n"))
      #expect(!text.replacing("\\`", with: "").contains("`"))
      #expect(!text.replacing("\\[", with: "").contains("["))
    }
  }

  @Test func groupsAreALowerBoundWhenRowsMayNameDifferentOnes() {
    var summary = TrafficSummary()
    let row = TrafficRow(
      dimension: .pp, phase: .unknown, collective: "send_recv", dataType: "int8", elementCount: 1,
      messageBytes: 1, communicatorSize: 2, communicators: 1, operations: 1, rankCalls: 2,
      payloadBytes: 1, wireBytes: 1, intraNodeBytes: nil, interNodeBytes: nil)
    summary.traffic = [row, row]
    let one = CommunicatorRow(communicator: "c0", size: 2)
    let two = CommunicatorRow(communicator: "c1", size: 2)
    summary.communicators = [one]
    #expect(TrafficRollup.rollups(of: summary).map { DigestContent.groups($0.groups) } == ["1 x 2"])
    summary.communicators = [one, two]
    #expect(
      TrafficRollup.rollups(of: summary).map { DigestContent.groups($0.groups) } == ["1+ x 2"])
  }
}

@Suite struct TextTests {
  @Test(arguments: [
    (0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (1536, "1.5 KiB"), (1_310_720, "1.25 MiB"),
    (10_485_760, "10 MiB"), (1_048_575, "1 MiB"), (109_521_666_048, "102 GiB"),
    (UInt64.max, "16 EiB"),
  ])
  func sizesHaveThreeDigits(value: UInt64, text: String) {
    #expect(Quantity.bytes(value) == text)
  }

  @Test func countsHaveCommas() {
    #expect(Quantity.count(UInt64.max) == "18,446,744,073,709,551,615")
    #expect(Quantity.count(-1234) == "-1,234")
    #expect(Quantity.count(Int.min) == "-9,223,372,036,854,775,808")
    #expect(Quantity.count(999) == "999")
  }

  @Test(arguments: [
    (0.0, 2, "0.00"), (-0.001, 2, "0.00"), (1.005, 1, "1.0"), (2.5, 0, "3"), (-12.345, 2, "-12.35"),
    (.nan, 2, "0"), (.infinity, 2, "0"), (1e300, 2, "9223372036854775807"), (0.07, 2, "0.07"),
  ])
  func numbersHaveNoExponentAndNoNegativeZero(value: Double, places: Int, text: String) {
    #expect(Quantity.fixed(value, places: places) == text)
  }

  @Test func sharesTellLittleFromNothing() {
    #expect(Quantity.share(0, of: 100) == "0 %")
    #expect(Quantity.share(1, of: 1_000_000) == "<0.1 %")
    #expect(Quantity.share(999_999, of: 1_000_000) == ">99.9 %")
    #expect(Quantity.share(1, of: 1) == "100 %")
    #expect(Quantity.share(1, of: 0) == "")
  }

  @Test(arguments: [
    ([0, 1, 2, 3], "0-3"), ([0, 2, 4, 6], "0-6:2"), ([0, 1], "0,1"), ([5], "5"), ([], ""),
    ([0, nil, 2], "0,?,2"), ([nil, nil, nil, 3], "?*3,3"), ([3, 2, 1, 0], "3,2,1,0"),
    ([0, 1, 3, 5, 7, 8], "0,1-7:2,8"), ([0, 0, 0], "0,0,0"), ([-1, 0, 1], "-1,0,1"),
    ([0, Int.max], "0,\(Int.max)"), ([Int.min, Int.max, 0], "\(Int.min),\(Int.max),0"),
  ])
  func ranksAreWrittenInFewCharacters(ranks: [Int?], text: String) {
    #expect(RankList.text(ranks) == text)
  }

  /// Reads the text back, so that compaction can lose nothing.
  @Test func compactRankTextMeansTheSameRanks() throws {
    var state: UInt64 = 7
    func random(_ bound: UInt64) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % bound)
    }
    for _ in 0..<2_000 {
      let ranks: [Int?] = (0..<random(12)).map { _ in random(5) == 0 ? nil : random(9) }
      var back: [Int?] = []
      for part in RankList.text(ranks).split(separator: ",") {
        if part.first == "?" {
          back += Array(repeating: nil, count: Int(part.dropFirst(2)) ?? 1)
        } else {
          let numbers = part.split { $0 == "-" || $0 == ":" }.compactMap { Int($0) }
          let step = numbers.count == 3 ? numbers[2] : 1
          back += stride(
            from: numbers[0], through: numbers.count > 1 ? numbers[1] : numbers[0], by: step
          )
          .map { $0 }
        }
      }
      #expect(back == ranks)
    }
  }

  @Test func longTextLosesItsMiddle() {
    #expect(PlainText.shortened("abcdefghij", to: 5) == "ab\u{2026}ij")
    #expect(PlainText.shortened("abc", to: 3) == "abc")
    #expect(PlainText.shortened("abc", to: 0) == "")
    #expect(
      TextMetrics.width(TextMetrics.fitted("wide wide wide", to: 40, size: 12), size: 12) <= 40)
  }

  @Test(arguments: [1, 7, 1_000, 123_456_789, UInt64.max])
  func ticksAreRoundAndReachTheMaximum(maximum: UInt64) {
    for ticks in [Ticks.bytes(upTo: maximum, about: 4), Ticks.counts(upTo: maximum, about: 4)] {
      #expect((2...9).contains(ticks.count))
      #expect(ticks.first == 0)
      if maximum != .max { #expect((ticks.last ?? 0) >= maximum) }
      #expect(zip(ticks, ticks.dropFirst()).allSatisfy { $1 - $0 == ticks[1] })
    }
    let step = Ticks.bytes(upTo: maximum, about: 4)[1]
    #expect(step & (step - 1) == 0)
  }
}

/// Values that no honest log has; the test is that nothing traps and everything stays well-formed.
@Suite struct ExtremeValueTests {
  @Test func extremeNumbersDoNotTrap() throws {
    var summary = TrafficSummary()
    let extremes: [UInt64] = [0, 1, .max]
    for dimension in ParallelismDimension.allCases {
      for value in extremes {
        for size in [Int.min, -1, 0, 1, .max] {
          summary.traffic.append(
            TrafficRow(
              dimension: dimension, phase: .unknown, collective: "op\(value)", dataType: "",
              elementCount: value, messageBytes: value, communicatorSize: size,
              communicators: size, operations: value, rankCalls: value, payloadBytes: value,
              wireBytes: value, intraNodeBytes: value, interNodeBytes: nil))
        }
        summary.messageSizes.append(
          MessageSizeRow(
            dimension: dimension, collective: "op\(value)", bucketLowBytes: value,
            bucketHighBytes: value, operations: .max, payloadBytes: .max))
      }
      var communicator = CommunicatorRow(communicator: dimension.rawValue, size: .max)
      communicator.ranks = [.max, .min, nil, 0, -1, -1]
      communicator.payloadBytes = .max
      communicator.wireBytes = .max
      communicator.initMilliseconds = .infinity
      communicator.dimension = dimension
      summary.communicators.append(communicator)
    }
    for (index, value) in [Int.min, -1, 0, .max].enumerated() {
      var rank = RankRow(rank: value)
      rank.node = [Int.max, Int.min, nil, -1][index]
      rank.localRank = value
      rank.gpu = value
      rank.calls = .max
      summary.ranks.append(rank)
    }
    summary.coverage.ranksSeen = .min
    summary.coverage.ranksExpected = .max
    summary.coverage.linesLost = .min
    for file in ReportSet.render(summary) {
      if file.name.hasSuffix(".svg") { _ = try XMLChecker.elements(of: file.bytes) }
      if file.name.hasSuffix(".csv") { _ = try parseCSV(file.bytes) }
    }
    #expect(!Digest.text(summary).isEmpty)
    #expect(!Digest.markdown(summary).isEmpty)
  }

  @Test(arguments: [1, 40, 41, 255, 256, 257, 5_000])
  func ranksAloneOnTheirNodesAreDrawn(count: Int) throws {
    var summary = TrafficSummary()
    summary.ranks = (0..<count).map {
      var row = RankRow(rank: $0)
      row.node = $0
      row.host = "node\($0)"
      return row
    }
    var communicator = CommunicatorRow(communicator: "c0", size: count)
    communicator.ranks = Array(0..<count)
    communicator.dimension = .dp
    summary.communicators = [communicator]
    let bytes = LayoutFigure.svg(summary)
    #expect(try XMLChecker.elements(of: bytes).count <= 20_000)
    #expect(bytes.count <= 2_000_000)
  }
}
