// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Testing

@testable import TrafficAnalysis

/// Timed calls with what they belong to; oracles are arithmetic by hand.
@Suite struct TimelineTests {
  /// Event traces of an all-reduce of 1,000,000 bytes; `ends[operation][rank]` in microseconds, each
  /// 10 us long.
  private static func inspector(_ ends: [[Int]]) -> TracePartial {
    var partial = TracePartial()
    for rank in 0..<(ends.first?.count ?? 0) {
      var text = ""
      for (sequence, times) in ends.enumerated() {
        text += """
          {"header":{"id":"0xabcdef","rank":\(rank),"n_ranks":\(times.count),"nnodes":1},\
          "metadata":{"inspector_output_format_version":"v4.0","hostname":"gpu-01",\
          "pid":\(100 + rank)},"coll_perf":{"coll":"AllReduce","coll_sn":\(sequence),\
          "coll_msg_size_bytes":1000000,"coll_exec_time_us":10,"coll_timing_source":"kernel_gpu",\
          "event_trace_ts":{"coll_start_ts":\(times[rank] - 10)}}}

          """
      }
      partial.merge(TraceReader.summarize(text: Array(text.utf8), file: "inspector-\(rank).log"))
    }
    return partial
  }

  private static let ends = [[1_000, 1_500], [2_000, 2_500], [3_000, 3_501]]

  @Test func callsKeepTheirTimesAndKnowWhatTheyBelongTo() throws {
    let summary = TrafficAnalyzer.analyze(Self.inspector(Self.ends))
    let timeline = try #require(summary.timeline)
    #expect(timeline.ranks.map(\.rank) == [0, 1])
    #expect(timeline.ranks.allSatisfy { $0.source == .inspector && $0.clock == .epoch })
    #expect(timeline.communicators.map(\.name) == ["c0"])
    #expect(timeline.communicators.map(\.size) == [2])
    #expect(timeline.ranks[1].calls.map(\.time) == [1_490_000, 2_490_000, 3_491_000])
    #expect(timeline.ranks[1].calls.map(\.end) == [1_500_000, 2_500_000, 3_501_000])
    for rank in timeline.ranks {
      for call in rank.calls {
        let group = timeline.classes[rank.callClass(of: call)]
        #expect((group.collective, group.messageBytes) == ("all_reduce", 1_000_000))
        #expect(group.dimension == summary.durations.first?.dimension)
      }
    }
  }

  @Test func clocksAreAsFarApartAsTheEndsOfSharedCollectives() throws {
    let timeline = try #require(TrafficAnalyzer.analyze(Self.inspector(Self.ends)).timeline)
    // The median of 500, 500 and 501 us.
    #expect(timeline.ranks.map(\.clockOffset) == [0, 500_000])
  }

  @Test func theOrderOfFilesChangesNothing() throws {
    let forward = Self.inspector(Self.ends)
    var backward = forward
    backward.files.reverse()
    backward.processes = forward.processes.reversed().map { process in
      var process = process
      process.file = forward.files.count - 1 - process.file
      return process
    }
    let (a, b) = (
      try #require(TrafficAnalyzer.analyze(forward).timeline),
      try #require(TrafficAnalyzer.analyze(backward).timeline)
    )
    #expect(a.communicators == b.communicators)
    for (x, y) in zip(a.ranks, b.ranks) {
      #expect(x.rank == y.rank && x.calls == y.calls && x.clockOffset == y.clockOffset)
    }
  }

  @Test func withoutAStartThereIsNoTimeline() {
    let text = """
      {"header":{"id":"0xabcdef","rank":0,"n_ranks":2,"nnodes":1},"metadata":{\
      "inspector_output_format_version":"v4.0","hostname":"a","pid":1},"coll_perf":{\
      "coll":"AllReduce","coll_sn":1,"coll_msg_size_bytes":1000,"coll_exec_time_us":10,\
      "coll_timing_source":"kernel_gpu"}}

      """
    let summary = TrafficAnalyzer.analyze(
      TraceReader.summarize(text: Array(text.utf8), file: "inspector.log"))
    #expect(summary.durations.count == 1 && summary.timeline == nil)
  }

  /// Facts that name a row or communicator that is not there must not trap, and lose their call.
  @Test func aCallOfARowThatIsNotThereIsLeftOut() throws {
    var partial = Self.inspector(Self.ends)
    for (communicator, row) in [(0, 7), (3, 0), (-1, 0), (0, -1)] as [(Int32, Int32)] {
      var call = TimingFacts.Call(communicator: communicator, row: row)
      call.start = 5
      partial.processes[0].timing?.calls.append(call)
    }
    let timeline = try #require(TrafficAnalyzer.analyze(partial).timeline)
    #expect(timeline.ranks.map(\.calls.count) == [3, 3])
  }

  @Test func momentsAndOpenCallsAreToldApart() {
    var call = TimingFacts.Call(communicator: 0, row: 0)
    #expect(call.time == nil && call.end == nil && !call.isOpen)
    call.called = 7
    #expect(call.time == 7 && call.end == nil)
    call.start = 9
    #expect(call.time == 9 && call.end == nil && !call.isOpen)
    call.state = .started
    #expect(call.isOpen)
    call.duration = 3
    #expect(call.end == 12 && !call.isOpen)
    call.duration = .max
    #expect(call.end == .max)
  }
}
