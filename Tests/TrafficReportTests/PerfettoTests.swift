// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Foundation
import Testing
import TrafficAnalysis

@testable import TrafficReport

/// The trace for Perfetto, read back by Foundation's JSON reader.
@Suite struct PerfettoTests {
  private typealias Sample = SampleTimeline

  private struct Trace {
    var events: [[String: Any]]
    var other: [String: Any]
    var text: String

    func events(_ kind: String) -> [[String: Any]] {
      events.filter { $0["ph"] as? String == kind }
    }
  }

  private func trace(
    _ summary: TrafficSummary, step: String? = nil, ranks: String? = nil
  ) throws -> Trace {
    let writer = try PerfettoTrace(
      summary, .init(step: step, ranks: ranks.flatMap { RankSelection($0) }), toolVersion: "1.2.3")
    var bytes: [UInt8] = []
    writer.write { piece in
      bytes += piece
      return true
    }
    let root = try #require(
      try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
    return Trace(
      events: try #require(root["traceEvents"] as? [[String: Any]]),
      other: try #require(root["otherData"] as? [String: Any]),
      text: String(decoding: bytes, as: UTF8.self))
  }

  private func number(_ event: [String: Any], _ key: String) throws -> Double {
    try #require((event[key] as? NSNumber)?.doubleValue)
  }

  /// What every reader needs: times in order on each track, slices that nest, pairs that close.
  private func expectWellFormed(_ trace: Trace, openPairs: Int = 0) throws {
    var times: [String: Double] = [:]
    var open: [String: [Double]] = [:]
    var pairs: [String: [(kind: String, time: Double)]] = [:]
    for event in trace.events {
      let kind = try #require(event["ph"] as? String)
      guard kind != "M" else { continue }
      let process = try #require(event["pid"] as? Int)
      let time = try number(event, "ts")
      #expect(time >= 0)
      if kind == "b" || kind == "e" {
        let id = try #require(event["id"] as? String)
        // An id is one of the whole trace: the rank does not make it another one.
        pairs[id, default: []].append((kind, time))
        continue
      }
      let track =
        kind == "C"
        ? "\(process) \(event["name"] ?? "")" : "\(process) \(try #require(event["tid"] as? Int))"
      #expect(time >= times[track] ?? 0, "\(track) at \(time)")
      times[track] = time
      guard kind == "X" else { continue }
      let end = time + (try number(event, "dur"))
      // Thousandths of microseconds are not exact in binary.
      while let last = open[track]?.last, last <= time + 1e-6 { open[track]?.removeLast() }
      #expect(end <= (open[track]?.last ?? .infinity) + 1e-6, "\(track) at \(time)")
      open[track, default: []].append(end)
    }
    for (id, events) in pairs {
      #expect(events.first?.kind == "b" && events.count <= 2, "\(id)")
      if events.count == 2 {
        #expect(events[1].kind == "e" && events[1].time >= events[0].time, "\(id)")
      }
    }
    #expect(pairs.values.count { $0.count == 1 } == openPairs)
  }

  @Test func aJobIsOneProcessForEachRankAndOneThreadForEachCommunicator() throws {
    let trace = try trace(Sample.training)
    try expectWellFormed(trace)
    func names(_ kind: String) -> [String] {
      trace.events("M").filter { $0["name"] as? String == kind }
        .compactMap { ($0["args"] as? [String: Any])?["name"] as? String }
    }
    #expect(names("process_name") == (0..<24).map { "rank \($0)" })
    #expect(
      Array(names("thread_name").prefix(4)) == [
        "steps", "tp c0 (4 ranks)", "pp c1 (4 ranks)", "fsdp c2 (4 ranks)",
      ])
    #expect(trace.events("X").count { $0["cat"] as? String == "step" } == 24 * 3)
    #expect(trace.other["clocks"] as? String == "corrected by the ends of shared collectives")
    #expect(trace.other["tool_version"] as? String == "1.2.3")
  }

  /// Every call is written once, and the durations add up to those of the facts.
  @Test(arguments: [nil, "ProfilerStep#5"] as [String?])
  func nothingIsLostOrWrittenTwice(step: String?) throws {
    let trace = try trace(Sample.training, step: step)
    try expectWellFormed(trace)
    let timeline = try #require(Sample.training.timeline)
    var expected: [String: Int64] = [:]
    var count = 0
    for rank in timeline.ranks {
      for call in rank.calls
      where step == nil || rank.steps[Int(call.step)].name == step {
        expected["\(rank.rank) \(call.communicator)", default: 0] += call.duration
        count += 1
      }
    }
    var sums: [String: Int64] = [:]
    var begun: [String: Double] = [:]
    var written = 0
    for event in trace.events where event["cat"] as? String == "communication" {
      let process = try #require(event["pid"] as? Int)
      let thread = try #require(event["tid"] as? Int)
      // Thread 1 has the steps.
      let key = "\(process) \(thread - 2)"
      switch event["ph"] as? String {
      case "X":
        written += 1
        sums[key, default: 0] += Int64((try number(event, "dur") * 1000).rounded())
      case "b":
        written += 1
        begun["\(event["id"] ?? "")"] = try number(event, "ts")
      default:
        let start = try #require(begun["\(event["id"] ?? "")"])
        sums[key, default: 0] += Int64(((try number(event, "ts") - start) * 1000).rounded())
      }
    }
    #expect(written == count)
    #expect(sums == expected)
  }

  @Test func overlappingCallsArePairsAndNestedOnesAreNot() throws {
    var timeline = Sample.empty([.fsdp])
    var rank = Sample.row(3, classes: 1)
    rank.calls = [
      Sample.call(0, 1000, 500), Sample.call(0, 1000, 500), Sample.call(0, 1100, 100),
      Sample.call(0, 1400, 500), Sample.call(0, 1500, 100), Sample.call(0, 1900, 1),
    ]
    timeline.ranks = [rank]
    let trace = try trace(Sample.summary(timeline, ""))
    try expectWellFormed(trace)
    #expect(try trace.events("X").map { try number($0, "ts") } == [0, 0, 0.1, 0.5, 0.9])
    #expect(trace.events("b").compactMap { $0["name"] as? String } == ["c0 all_reduce"])
    #expect(try trace.events("b").map { try number($0, "ts") } == [0.4])
    #expect(try trace.events("e").map { try number($0, "ts") } == [0.9])
  }

  @Test func timesAreExactToTheNanosecond() throws {
    var timeline = Sample.empty([.tp])
    var rank = Sample.row(0, classes: 1)
    rank.calls = [
      Sample.call(0, 1_700_000_000_000_000_001, 7),
      Sample.call(0, 1_700_000_000_123_456_790, 1_001),
    ]
    timeline.ranks = [rank]
    let trace = try trace(Sample.summary(timeline, ""))
    #expect(trace.text.contains("\"ts\": 0.000, \"dur\": 0.007,"))
    #expect(trace.text.contains("\"ts\": 123456.789, \"dur\": 1.001,"))
    #expect(trace.text.contains("\"zero_ns\": 1700000000000000001,"))
  }

  @Test func argumentsSayWhatACallWas() throws {
    var timeline = Sample.empty([.pp])
    timeline.classes[0].collective = "send"
    timeline.classes[0].peer = 2
    timeline.classes[0].phase = .forward
    var rank = Sample.row(0, classes: 1)
    rank.labels = ["a <label>"]
    var call = Sample.call(0, 0, 2_000)
    (call.sequence, call.label) = (17, 0)
    rank.calls = [call]
    timeline.ranks = [rank]
    let trace = try trace(Sample.summary(timeline, ""))
    let arguments = try #require(trace.events("X").first?["args"] as? [String: Any])
    let words = arguments.compactMapValues { $0 as? String }
    #expect(
      words == [
        "collective": "send", "data_type": "bfloat16", "dimension": "pp", "phase": "forward",
        "label": "a <label>",
      ])
    // 1 MB in 2 us are 500 GB/s; a send's factor is 1.
    let numbers = arguments.compactMapValues { ($0 as? NSNumber)?.intValue }
    #expect(
      numbers == [
        "message_bytes": 1_000_000, "sequence": 17, "peer_communicator_rank": 2,
        "busbw_gb_per_s": 500,
      ])
  }

  @Test func bytesInFlightComeBackToZero() throws {
    let trace = try trace(Sample.training, ranks: "5")
    let counters = try trace.events("C").map { event in
      try #require((event["args"] as? [String: Any])?["bytes"] as? Int)
    }
    #expect(counters.last == 0)
    #expect(counters.min() == 0)
    // Gradients, three at a time, beside a tensor group's all-reduce.
    #expect((counters.max() ?? 0) >= 2_000_000)
    #expect(counters.allSatisfy { $0.isMultiple(of: 1_000_000) })
  }

  @Test func whatHasNotEndedIsAPairWithoutAnEnd() throws {
    let trace = try trace(Sample.dump)
    try expectWellFormed(trace, openPairs: 2)
    #expect(trace.events("i").count == 120)
    #expect(trace.other["calls_not_kept"] as? Int == 3000)
    let open = try #require(trace.events("b").last?["args"] as? [String: Any])
    #expect(open["state"] as? String == "started")
  }

  @Test func twoTracesOfOneRankAreThreadsOfOneProcess() throws {
    var timeline = Sample.empty([.tp])
    for source in [TraceSource.inspector, .kineto] {
      var rank = Sample.row(0, classes: 1, source: source)
      rank.calls = [Sample.call(0, 10, 5), Sample.call(0, 12, 9)]
      timeline.ranks.append(rank)
    }
    let trace = try trace(Sample.summary(timeline, ""))
    try expectWellFormed(trace)
    let threads = trace.events("M").filter { $0["name"] as? String == "thread_name" }
    #expect(
      threads.compactMap { ($0["args"] as? [String: Any])?["name"] as? String } == [
        "tp c0 (4 ranks) (inspector)", "tp c0 (4 ranks) (kineto)",
      ])
    #expect(Set(threads.compactMap { $0["tid"] as? Int }).count == 2)
    #expect(trace.events("M").count { $0["name"] as? String == "process_name" } == 1)
  }

  @Test func aTraceComesInPiecesAndEndsWhenItsReaderDoes() throws {
    let writer = try PerfettoTrace(Sample.training, .init(), toolVersion: "")
    var sizes: [Int] = []
    writer.write { piece in
      sizes.append(piece.count)
      return true
    }
    #expect(sizes.count > 10)
    #expect((sizes.max() ?? 0) < 1 << 17)
    var pieces = 0
    writer.write { _ in
      pieces += 1
      return pieces < 3
    }
    #expect(pieces == 3)
  }

  @Test func numbersAtTheEndsOfTheirRangeStayJSON() throws {
    var timeline = Sample.empty([.tp])
    timeline.classes[0].messageBytes = .max
    timeline.communicators[0].frameworkName = "\"\u{0}\u{2028}\\"
    var rank = Sample.row(Int.max, classes: 1, clock: .process)
    rank.calls = [
      Sample.call(0, .min + 1, .max), Sample.call(0, .max, .max), Sample.open(0, .max),
      Sample.called(0, 0), Sample.call(0, 0, 0),
    ]
    rank.steps = [.init(name: "\u{202E}", start: .max, end: .min)]
    timeline.ranks = [rank]
    _ = try trace(Sample.summary(timeline, ""))
  }
}
