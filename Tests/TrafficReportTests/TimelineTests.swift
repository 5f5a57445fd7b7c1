// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Foundation
import TestSupport
import Testing
import TrafficAnalysis

@testable import TrafficReport

/// What is selected of timed calls, how ranks come onto one axis, and what the picture shows of it.
@Suite struct TimelineTests {
  private typealias Sample = SampleTimeline

  // MARK: - Selection

  @Test(arguments: [
    ("0", [0...0]), ("0,3,8-15", [0...0, 3...3, 8...15]), ("8-15,0", [0...0, 8...15]),
    ("5-5", [5...5]), ("1-4,3-9,2", [1...9]), ("007", [7...7]),
    ("0-9223372036854775807", [0...Int.max]),
  ])
  func aListOfRanksIsNumbersAndRanges(text: String, ranges: [ClosedRange<Int>]) {
    #expect(RankSelection(text)?.ranges == ranges)
  }

  @Test(arguments: [
    "", ",", "1,", "-1", "1-", "3-1", "1-2-3", "a", "1 ,2", " 1", "+1", "0x1", "1.5", "\u{0661}",
    "9223372036854775808",
  ])
  func whatIsNoListOfRanksIsRefused(text: String) {
    #expect(RankSelection(text) == nil)
  }

  @Test func membershipIsThatOfTheRanges() throws {
    let ranks = try #require(RankSelection("8-15,0,3"))
    #expect((0..<20).filter(ranks.contains) == [0, 3] + Array(8...15))
    #expect(ranks.first(notIn: [0, 3] + Array(8...15)) == nil)
    #expect(ranks.first(notIn: [0, 3] + Array(8...14)) == 15)
    #expect(ranks.first(notIn: [0, 3, 8, 10, 15]) == 9)
    #expect(ranks.first(notIn: [3]) == 0)
    #expect(RankSelection("0-9223372036854775807")?.first(notIn: [0, 1]) == 2)
    #expect(RankSelection("9223372036854775807")?.first(notIn: [Int.max]) == nil)
  }

  private func view(
    _ summary: TrafficSummary, step: String? = nil, ranks: String? = nil
  ) throws -> TimelineView {
    try TimelineFigure.view(
      summary, .init(step: step, ranks: ranks.flatMap { RankSelection($0) }))
  }

  private func message(
    _ summary: TrafficSummary, step: String? = nil, ranks: String? = nil
  ) -> String? {
    do {
      _ = try view(summary, step: step, ranks: ranks)
      return nil
    } catch {
      return (error as? TimelineError)?.message
    }
  }

  @Test func theLastStepOfTheFirstSixteenRanksIsShown() throws {
    let view = try view(Sample.training)
    #expect(view.step == "ProfilerStep#6")
    #expect(view.rows.count == 16 && view.timedRanks == 24)
    #expect(view.length == 49_000_000)
  }

  @Test(arguments: ["5", "ProfilerStep#5", "05"])
  func aStepHasANumberAndAName(text: String) throws {
    #expect(try view(Sample.training, step: text).step == "ProfilerStep#5")
  }

  @Test func aStepOrRankThatIsNotThereIsAnErrorThatSaysWhatIs() {
    #expect(
      message(Sample.training, step: "7")
        == "There is no step '7'; there are: ProfilerStep#4, ProfilerStep#5, ProfilerStep#6.")
    #expect(message(Sample.training, step: "")?.hasPrefix("There is no step ''") == true)
    #expect(
      message(Sample.dump, step: "1")
        == "There is no step '1': the traces of these ranks name no steps.")
    #expect(
      message(Sample.training, ranks: "3,24")
        == "Rank 24 has no timed calls; ranks with timed calls: 0-23.")
    #expect(message(TrafficSummary())?.contains("debug logs do not") == true)
    #expect(TimelineFigure.svg(TrafficSummary(), .init()) == nil)
  }

  @Test func aNumberThatSeveralStepsEndWithIsAnError() {
    var timeline = Sample.empty([.tp])
    var rank = Sample.row(0, classes: 1)
    rank.calls = [Sample.call(0, 5, 5)]
    rank.steps = [
      .init(name: "warm-up 1", start: 0, end: 10), .init(name: "step 1", start: 10, end: 20),
      .init(name: "2", start: 20, end: 30), .init(name: "step 2", start: 30, end: 40),
    ]
    timeline.ranks = [rank]
    let summary = Sample.summary(timeline, "1 rank")
    #expect(message(summary, step: "1")?.hasSuffix("give the name: warm-up 1, step 1.") == true)
    #expect(message(summary, step: "2") == nil)
  }

  /// A rank is cut off in its last step: the step that all have is shown.
  @Test func aStepThatOnlySomeRanksReachedIsNotTheDefault() throws {
    var timeline = Sample.empty([.tp])
    for number in 0..<2 {
      var rank = Sample.row(number, classes: 1)
      for step in 0..<(3 - Int32(number)) {
        rank.steps.append(
          .init(name: "s\(step)", start: Int64(step) * 100, end: Int64(step) * 100 + 100))
        rank.calls.append(Sample.call(0, Int64(step) * 100 + 10, 20, step: step))
      }
      timeline.ranks.append(rank)
    }
    #expect(try view(Sample.summary(timeline, "")).step == "s1")
    #expect(try view(Sample.summary(timeline, ""), ranks: "0").step == "s2")
  }

  // MARK: - Clocks

  private func pair(
    _ clock: TimingFacts.Clock, offsets: (Int64?, Int64?), begins: (Int64, Int64) = (1000, 5000)
  ) -> TrafficSummary {
    var timeline = Sample.empty([.tp])
    for (number, (offset, begin)) in [(offsets.0, begins.0), (offsets.1, begins.1)].enumerated() {
      var rank = Sample.row(number, classes: 1, clock: clock, offset: offset)
      rank.calls = [Sample.call(0, begin, 100)]
      timeline.ranks.append(rank)
    }
    return Sample.summary(timeline, "2 ranks")
  }

  @Test func clocksFromTheEpochAreTakenAsRecorded() throws {
    let view = try view(pair(.epoch, offsets: (0, nil)))
    #expect(view.alignment == .recorded)
    #expect(view.rows.map(\.origin) == [1000, 1000] && view.length == 4100)
  }

  @Test(arguments: [TimingFacts.Clock.epoch, .process])
  func clocksThatSharedCollectivesTellApartAreCorrected(clock: TimingFacts.Clock) throws {
    let view = try view(pair(clock, offsets: (0, 3990)))
    #expect(view.alignment == .estimated)
    // On the clock of rank 0 the calls begin at 1000 and 1010.
    #expect(view.rows.map(\.origin) == [1000, 4990] && view.length == 110)
    let text = String(
      decoding: try #require(TimelineFigure.svg(pair(clock, offsets: (0, 3990)), .init())),
      as: UTF8.self)
    #expect(text.contains("Clocks corrected by the ends of shared collectives."))
  }

  @Test func ranksThatNothingRelatesBeginAtTheirOwnStart() throws {
    let summary = pair(.process, offsets: (0, nil))
    let view = try view(summary)
    #expect(view.alignment == .ownStart)
    #expect(view.rows.map(\.origin) == [1000, 5000] && view.length == 100)
    let text = String(
      decoding: try #require(TimelineFigure.svg(summary, .init())), as: UTF8.self)
    #expect(text.contains("each begins at its own first event."))
  }

  @Test func theEndsOfTheRangeOfTimeDoNotTrap() throws {
    let view = try view(pair(.epoch, offsets: (nil, nil), begins: (.min + 1, .max)))
    #expect(view.length == .max)
    #expect(
      TimelineFigure.svg(
        pair(.epoch, offsets: (.min, .max), begins: (.min + 1, .max)), .init()) != nil)
  }

  @Test func ofTwoTracesOfARankTheOneWithMoreTimesIsShown() throws {
    var timeline = Sample.empty([.tp])
    for (source, count) in [(TraceSource.inspector, 1), (.kineto, 3), (.flightRecorder, 2)] {
      var rank = Sample.row(0, classes: 1, source: source)
      rank.calls = (0..<count).map { Sample.call(0, Int64($0) * 10, 5) }
      timeline.ranks.append(rank)
    }
    let view = try view(Sample.summary(timeline, ""))
    #expect(view.rows.map { timeline.ranks[$0.place].source } == [.kineto])
    #expect(view.timedRanks == 1)
  }

  // MARK: - Bars

  private func lane(_ slices: [(Double, Double)]) -> TimelineLane {
    var lane = TimelineLane(dimension: .tp)
    lane.slices = slices.enumerated().map {
      .init(start: $0.element.0, end: $0.element.1, call: $0.offset)
    }
    return lane
  }

  @Test func callsBelowHalfAPixelAreJoinedAndOthersAreNot() {
    let pieces = lane([(0, 0.49), (0.6, 0.7), (1.1, 1.2), (1.75, 2.25), (2.25, 2.74)])
      .pieces(resolution: 0.5)
    // Three small ones less than 0.5 apart; one of exactly 0.5 stays; one after it is alone.
    #expect(pieces.map(\.calls) == [3, 1, 1])
    #expect(pieces.map(\.start) == [0, 1.75, 2.25])
    #expect(pieces.map(\.end) == [1.2, 2.25, 2.75])
    #expect(pieces.allSatisfy { $0.row == 0 && !$0.isShared })
  }

  @Test func aLongCallBetweenShortOnesKeepsThemApart() {
    let pieces = lane([(0, 0.1), (0.2, 5), (5, 5.1), (5.2, 5.3)]).pieces(resolution: 0.5)
    #expect(pieces.map(\.calls) == [1, 1, 2])
    #expect(pieces.allSatisfy { $0.row == 0 && !$0.isShared })
  }

  @Test func aCallThatIsAloneIsSeenHoweverShort() {
    let pieces = lane([(10, 10), (10.5, 10.5)]).pieces(resolution: 0.5)
    #expect(pieces.map { [$0.start, $0.end] } == [[10, 10.5], [10.5, 11]])
  }

  @Test func whatOverlapsHasHalfOfTheLaneEach() {
    let pieces = lane([(0, 10), (5, 15), (20, 30), (30.2, 40)]).pieces(resolution: 0.5)
    #expect(pieces.map(\.row) == [0, 1, 0, 0])
    #expect(pieces.map(\.isShared) == [true, true, false, false])
  }

  private func bars(_ summary: TrafficSummary) throws -> [(title: String, x: Double, end: Double)] {
    let bytes = try #require(TimelineFigure.svg(summary, .init()))
    let elements = try XMLChecker.elements(of: bytes)
    return try elements.filter { $0.name == "title" && $0.text.contains(" at ") }.map { title in
      let rect = elements[try #require(title.parent)]
      let x = try #require(rect.number("x"))
      return (title.text, x, x + (try #require(rect.number("width"))))
    }
  }

  @Test func barsStandWhereTheirTimesAre() throws {
    var timeline = Sample.empty([.tp])
    var rank = Sample.row(0, classes: 1)
    rank.steps = [.init(name: "one", start: 1_000_000, end: 2_000_000)]
    rank.calls = [
      Sample.call(0, 1_250_000, 500_000, step: 0), Sample.call(0, 900_000, 200_000),
      Sample.call(0, 3_000_000, 10),
    ]
    timeline.ranks = [rank]
    let summary = Sample.summary(timeline, "1 rank")
    let bars = try bars(summary)
    // The axis is 552 px from 146 on, the step 1 ms.
    #expect(bars.map(\.x) == [146, 284])
    #expect(bars.map(\.end) == [201.2, 560])
    #expect(bars[1].title == "all_reduce, 977 KiB, c0, 4 ranks: 500 \u{B5}s at 250 \u{B5}s")
    let text = String(decoding: try #require(TimelineFigure.svg(summary, .init())), as: UTF8.self)
    #expect(text.contains("Bars are cut at the edges of the step."))
    for tick in [">0<", ">0.2 ms<", ">0.8 ms<", ">1 ms<", ">one<"] {
      #expect(text.contains(tick), "\(tick)")
    }
  }

  @Test func whatHasNotEndedAndWhatHasOnlyAMomentHaveMarksOfTheirOwn() throws {
    let bytes = try #require(TimelineFigure.svg(Sample.dump, .init()))
    let elements = try XMLChecker.elements(of: bytes)
    let titles = elements.filter { $0.name == "title" }.map(\.text)
    #expect(titles.count { $0 == "1 call not ended" } == 4)
    #expect(titles.count { $0 == "40 calls without a start or duration" } == 3)
    let hollow = elements.filter { $0["fill-opacity"] == "0.28" }
    // Two ranks and the legend.
    #expect(hollow.count == 3)
    let text = elements.map(\.text)
    #expect(text.contains("begun, not ended when the trace was written"))
    #expect(text.contains("called; start or duration not known"))
    #expect(text.contains { $0.contains("3,000 later calls of these ranks were not kept") })
  }

  @Test func theCaptionSaysWhatIsLeftOut() throws {
    let bytes = try #require(TimelineFigure.svg(Sample.training, .init()))
    let texts = try XMLChecker.elements(of: bytes).map(\.text)
    #expect(texts.contains { $0.hasPrefix("Ranks 0-15: 16 of 24 ranks with timed calls.") })
    #expect(
      texts.contains("24 ranks on 3 nodes: TP 4 x PP 2 x FSDP 3 \u{B7} ProfilerStep#6, 49 ms"))
  }

  @Test func theFileStaysSmallWhateverTheInput() throws {
    let most = try #require(SampleTimeline.figures.first { $0.name.hasPrefix("timeline-crowded/") })
    #expect(most.bytes.count < 512 << 10, "\(most.bytes.count) bytes")
    // Not by leaving everything out.
    #expect(most.bytes.count > 128 << 10, "\(most.bytes.count) bytes")
    let texts = try XMLChecker.elements(of: most.bytes).map(\.text)
    #expect(texts.contains { $0.contains("px) and drawn") || $0.contains("drawn together") })
    #expect(texts.contains { $0.hasPrefix("Ranks 0-31: 32 of 40 ranks") })
  }

  /// The profile of `Fixtures/`, as a picture and as a trace.
  @Test func theFixtureIsDrawnAsRecorded() throws {
    let name = "kineto/tensor-parallel-rank0.json"
    let bytes = try Data(contentsOf: Fixture.folder.appending(path: name))
    let summary = TrafficAnalyzer.analyze(TraceReader.summarize(text: Array(bytes), file: name))
    try expectGolden(
      try #require(TimelineFigure.svg(summary, .init())), "report/kineto/timeline.svg")
    var trace: [UInt8] = []
    try PerfettoTrace(summary, .init(), toolVersion: "0").write { piece in
      trace += piece
      return true
    }
    try expectGolden(trace, "report/kineto/perfetto.json")
  }

  @Test(arguments: [
    (0, "0 ns"), (999, "999 ns"), (1_000, "1 \u{B5}s"), (1_250_000, "1.25 ms"),
    (49_000_000, "49 ms"), (123_456_789, "123 ms"), (90_000_000_000, "90 s"),
    (-1_500, "-1.5 \u{B5}s"),
  ])
  func timesHaveAUnitThatFits(nanoseconds: Int64, text: String) {
    #expect(Quantity.time(nanoseconds) == text)
  }
}
