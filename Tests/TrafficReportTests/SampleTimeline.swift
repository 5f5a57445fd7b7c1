// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import TrafficAnalysis

@testable import TrafficReport

/// Timelines made up for the tests.
enum SampleTimeline {
  /// A class on a communicator of its own, in the order of `dimensions`.
  static func empty(_ dimensions: [ParallelismDimension], size: Int = 4) -> Timeline {
    var timeline = Timeline()
    for (index, dimension) in dimensions.enumerated() {
      timeline.communicators.append(
        .init(name: "c\(index)", size: size, dimension: dimension))
      timeline.classes.append(
        .init(
          communicator: index, dimension: dimension, collective: "all_reduce",
          dataType: "bfloat16", messageBytes: 1_000_000))
    }
    return timeline
  }

  /// A rank whose calls of communicator `n` are of class `n`.
  static func row(
    _ number: Int, classes: Int, clock: TimingFacts.Clock = .epoch,
    source: TraceSource = .kineto, offset: Int64? = nil
  ) -> Timeline.Rank {
    var rank = Timeline.Rank(rank: number, source: source, clock: clock)
    rank.classes = (0..<classes).map { [Int32($0)] }
    rank.clockOffset = offset
    return rank
  }

  static func call(
    _ communicator: Int, _ start: Int64, _ duration: Int64 = -1, step: Int32 = -1
  ) -> TimingFacts.Call {
    var call = TimingFacts.Call(communicator: Int32(communicator), row: 0)
    (call.start, call.duration, call.step) = (start, duration, step)
    return call
  }

  static func called(_ communicator: Int, _ time: Int64) -> TimingFacts.Call {
    var call = TimingFacts.Call(communicator: Int32(communicator), row: 0)
    (call.called, call.state) = (time, .scheduled)
    return call
  }

  static func open(_ communicator: Int, _ start: Int64) -> TimingFacts.Call {
    var result = call(communicator, start)
    result.state = .started
    return result
  }

  static func summary(_ timeline: Timeline, _ headline: String) -> TrafficSummary {
    var summary = TrafficSummary()
    summary.timeline = timeline
    summary.headline = headline
    return summary
  }

  /// Three steps of a tensor- and pipeline-parallel job whose gradients are reduced beside the last
  /// backward passes; clocks are apart, and known to be.
  static let training: TrafficSummary = {
    var timeline = empty([.tp, .pp, .fsdp])
    let epoch: Int64 = 1_700_000_000_000_000_000
    for number in 0..<24 {
      let ahead = Int64(number) * 40_000
      var rank = row(number, classes: 3, offset: ahead)
      for step in 0..<3 {
        let begin = epoch + ahead + Int64(step) * 50_000_000
        rank.steps.append(
          .init(name: "ProfilerStep#\(step + 4)", start: begin, end: begin + 49_000_000))
        for layer in 0..<Int64(96) {
          let at = begin + 2_000_000 + layer * 400_000
          rank.calls.append(call(0, at, 90_000 + layer % 5 * 40_000, step: Int32(step)))
          if layer % 24 == 0 {
            rank.calls.append(call(1, at - 300_000, 250_000, step: Int32(step)))
          }
          if layer > 60, layer % 6 == 0 {
            rank.calls.append(call(2, at, 3_000_000, step: Int32(step)))
          }
        }
      }
      timeline.ranks.append(rank)
    }
    return summary(timeline, "24 ranks on 3 nodes: TP 4 x PP 2 x FSDP 3")
  }()

  /// What a watchdog's dumps leave: calls of which little is known, and some that never ended.
  static let dump: TrafficSummary = {
    var timeline = empty([.tp, .edp, .unclassified])
    for number in 0..<3 {
      var rank = row(1_000_000 + number, classes: 3, source: .flightRecorder)
      for index in 0..<Int64(40) {
        rank.calls.append(call(0, index * 20_000_000, 7_000_000))
        rank.calls.append(called(1, index * 20_000_000 + 9_000_000))
        rank.calls.append(call(2, index * 20_000_000 + 10_000_000, 1_500_000))
      }
      if number != 1 { rank.calls.append(open(1, 700_000_000 + Int64(number) * 30_000_000)) }
      rank.callsNotKept = number * 1000
      timeline.ranks.append(rank)
    }
    return summary(timeline, "3 ranks: TP 4")
  }()

  /// More of everything than a picture can show.
  static let crowded: TrafficSummary = {
    var timeline = empty(ParallelismDimension.allCases)
    let count = ParallelismDimension.allCases.count
    for number in 0..<40 {
      var rank = row(number, classes: count, clock: .process)
      for index in 0..<Int64(60) {
        for own in 0..<count {
          rank.calls.append(
            call(own, index * 1_000_000 + Int64(own) * 7_000, index.isMultiple(of: 3) ? 5 : 900_000)
          )
          if index.isMultiple(of: 9) { rank.calls.append(called(own, index * 999_999)) }
        }
        rank.steps.append(
          .init(
            name: "a step with a name that is much too long, number \(index)",
            start: index * 1_000_000, end: index * 1_000_000 + 990_000))
      }
      for own in 0..<count { rank.calls.append(open(own, 55_000_000)) }
      timeline.ranks.append(rank)
    }
    return summary(timeline, "40 ranks: everything at once")
  }()

  /// As long as times can be, and as short.
  static func stretch(_ length: Int64) -> TrafficSummary {
    var timeline = empty([.world])
    var rank = row(0, classes: 1)
    rank.calls = [call(0, -1 - length / 2, length), called(0, 0)]
    timeline.ranks = [rank]
    return summary(timeline, "1 rank")
  }

  static let figures: [(name: String, bytes: [UInt8])] = {
    let all = RankSelection("0-31")
    let samples: [(String, TrafficSummary, TimelineSelection)] = [
      ("timeline-step", training, .init()),
      ("timeline-ranks", training, .init(step: "5", ranks: RankSelection("0,3,8-11"))),
      ("timeline-dump", dump, .init()),
      ("timeline-crowded", crowded, .init(ranks: all)),
      ("timeline-endless", stretch(.max), .init()), ("timeline-brief", stretch(1), .init()),
      ("timeline-day", stretch(86_400_000_000_000), .init()),
      ("timeline-crowded-step", crowded, .init(step: "47", ranks: RankSelection("7"))),
    ]
    return samples.compactMap { name, summary, selection in
      TimelineFigure.svg(summary, selection).map { ("\(name)/timeline.svg", $0) }
    }
  }()
}
