// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace
public import TrafficAnalysis

/// The timed calls as a trace that ui.perfetto.dev and chrome://tracing open.
///
/// The form is Chrome's JSON (Trace Event Format): a process for each global rank, a thread for each
/// communicator. A call is a complete event (`X`); calls that overlap without one holding the other
/// are a pair of async events (`b`, `e`), because events of a thread must nest; a call that had not
/// ended is a `b` without an `e`; one of which only a moment is known is an instant (`i`). Times are
/// microseconds, exact to the nanosecond, from the earliest moment that is written.
public struct PerfettoTrace: Sendable {
  private let view: TimelineView
  private let toolVersion: String

  /// Bytes handed over at a time.
  private static let chunk = 1 << 16
  /// Thread of the steps; 0 has a meaning of its own to readers.
  private static let stepThread = 1

  /// Selects the calls; without a selection all that are known.
  public init(
    _ summary: TrafficSummary, _ selection: TimelineSelection, toolVersion: String
  ) throws(TimelineError) {
    view = try TimelineView(
      summary.timeline, selection,
      .init(isLastStep: false, ranks: .max, selectedRanks: .max, isOneSource: false))
    self.toolVersion = toolVersion
  }

  /// Writes the trace piece by piece; `sink` returns whether to go on.
  ///
  /// - Complexity: O(*n* log *n*) in the calls of one rank at a time; memory as much.
  public func write(to sink: ([UInt8]) -> Bool) {
    var json = JSONWriter()
    json.openObject()
    json.member("displayTimeUnit", .text("ns"))
    writeMetadata(to: &json)
    json.key("traceEvents")
    json.openArray()
    var canGoOn = true
    var ordinal = 0
    var pairs = 0
    for (index, row) in view.rows.enumerated() {
      let rank = view.timeline.ranks[row.place]
      let before = index > 0 ? view.timeline.ranks[view.rows[index - 1].place].rank : nil
      ordinal = rank.rank == before ? ordinal + 1 : 0
      let next =
        index + 1 < view.rows.count
        ? view.timeline.ranks[view.rows[index + 1].place].rank : nil
      let calls = calls(of: row)
      var writer = RankWriter(
        view: view, row: row, rank: rank, calls: calls,
        firstThread: Self.stepThread + ordinal * (view.timeline.communicators.count + 1),
        suffix: ordinal > 0 || next == rank.rank ? " (\(rank.source.name))" : "", pairs: pairs)
      writer.write(isFirst: ordinal == 0, to: &json) { json in
        guard canGoOn, json.bytes.count >= Self.chunk else { return canGoOn }
        canGoOn = sink(json.drain())
        return canGoOn
      }
      guard canGoOn else { return }
      pairs = writer.pairs
    }
    json.close()
    json.close()
    _ = sink(json.drain())
  }

  /// The calls of a row that begin in the window, by their place in the list, in order of time.
  private func calls(of row: TimelineView.Row) -> [TimingFacts.Call] {
    view.timeline.ranks[row.place].calls.filter { call in
      guard let time = call.time.map({ TimelineView.onAxis($0, row) }) else { return false }
      // The first moment of the next step is not in this one.
      return time >= 0 && (view.step == nil ? time <= view.length : time < view.length)
    }.sorted { a, b in
      // What begins together is sorted so that the longer one holds the shorter one.
      let (x, y) = (a.time ?? 0, b.time ?? 0)
      if x != y { return x < y }
      let (e, f) = (a.end ?? x, b.end ?? y)
      if e != f { return e > f }
      return (a.communicator, a.row, a.sequence) < (b.communicator, b.row, b.sequence)
    }
  }

  private func writeMetadata(to json: inout JSONWriter) {
    let ranks = view.rows.map { view.timeline.ranks[$0.place] }
    json.key("otherData")
    json.openObject()
    json.member("tool", .text("commlens"))
    json.member("tool_version", .text(toolVersion))
    json.member("step", view.step.map { .text($0) } ?? .unknown)
    json.member("ranks", .text(RankList.text(Array(Set(ranks.map(\.rank))).sorted())))
    json.member("timed_ranks", .integer(view.timedRanks))
    json.member("calls_kept", .integer(ranks.reduce(0) { $0 + $1.calls.count }))
    json.member("calls_not_kept", .integer(ranks.reduce(0) { $0 + $1.callsNotKept }))
    json.member(
      "calls_without_time",
      .integer(ranks.reduce(0) { $0 + $1.calls.count { $0.time == nil } }))
    json.member("ranks_without_step", .integer(view.ranksWithoutStep))
    let clocks =
      switch view.alignment {
      case .single, .recorded: "as recorded"
      case .estimated: "corrected by the ends of shared collectives"
      case .ownStart: "not related: each rank begins at 0"
      }
    json.member("clocks", .text(clocks))
    if view.alignment != .ownStart, let first = view.rows.first {
      json.member("zero_ns", .integer(Int(first.origin)))
    }
    json.member("bytes_in_flight", .text("sum of the message sizes (S of nccl-tests) under way"))
    json.close()
  }
}

/// Writes the events of one rank.
private struct RankWriter {
  let view: TimelineView
  let row: TimelineView.Row
  let rank: Timeline.Rank
  /// In order of time.
  let calls: [TimingFacts.Call]
  let firstThread: Int
  /// What tells two traces of one rank apart.
  let suffix: String
  /// Pairs of async events written so far; readers know a pair by its number alone, not by its rank.
  private(set) var pairs: Int

  init(
    view: TimelineView, row: TimelineView.Row, rank: Timeline.Rank, calls: [TimingFacts.Call],
    firstThread: Int, suffix: String, pairs: Int
  ) {
    self.view = view
    self.row = row
    self.rank = rank
    self.calls = calls
    self.firstThread = firstThread
    self.suffix = suffix
    self.pairs = pairs
  }

  /// Writes everything; `flush` takes what is long enough, and returns whether to go on.
  mutating func write(
    isFirst: Bool, to json: inout JSONWriter, flush: (inout JSONWriter) -> Bool
  ) {
    if isFirst {
      name("process_name", "rank \(rank.rank)", thread: nil, to: &json)
      sortIndex("process_sort_index", rank.rank, thread: nil, to: &json)
    }
    writeSteps(to: &json)
    var places: [Int: [Int]] = [:]
    for (index, call) in calls.enumerated() {
      places[view.timeline.classes[rank.callClass(of: call)].communicator, default: []]
        .append(index)
    }
    for (communicator, own) in places.sorted(by: { $0.key < $1.key }) {
      let thread = firstThread + 1 + communicator
      name("thread_name", title(communicator), thread: thread, to: &json)
      sortIndex("thread_sort_index", thread, thread: thread, to: &json)
      var ends: [Int64] = []
      for index in own {
        write(calls[index], thread: thread, &ends, to: &json)
        guard flush(&json) else { return }
      }
    }
    writeBytesInFlight(to: &json, flush: flush)
  }

  private func title(_ index: Int) -> String {
    let communicator = view.timeline.communicators[index]
    let parts = [
      communicator.dimension.rawValue, communicator.name, communicator.frameworkName ?? "",
      communicator.size.map { "(\(Quantity.counted($0, "rank")))" } ?? "",
    ]
    return parts.filter { !$0.isEmpty }.joined(separator: " ") + suffix
  }

  // MARK: Events

  private mutating func write(
    _ call: TimingFacts.Call, thread: Int, _ ends: inout [Int64], to json: inout JSONWriter
  ) {
    let group = view.timeline.classes[rank.callClass(of: call)]
    let start = TimelineView.onAxis(call.time ?? 0, row)
    func open(_ kind: String, _ name: String) {
      json.openObject(isInline: true)
      json.member("ph", .text(kind))
      json.member("name", .text(name))
      json.member("cat", .text("communication"))
      json.member("pid", .integer(rank.rank))
      json.member("tid", .integer(thread))
    }
    // A pair has a track of its own, which bears its name.
    let own = view.timeline.communicators[group.communicator].name
    let pairName = own.isEmpty ? group.collective : "\(own) \(group.collective)"
    func openPair(_ kind: String, at time: Int64) {
      open(kind, pairName)
      json.member("id", .text("0x" + String(pairs, radix: 16)))
      json.microseconds("ts", time)
    }
    if call.isOpen {
      pairs += 1
      openPair("b", at: start)
      writeArguments(call, group, to: &json)
      json.close()
      return
    }
    guard let end = call.end.map({ TimelineView.onAxis($0, row) }) else {
      open("i", group.collective)
      json.member("s", .text("t"))
      json.microseconds("ts", start)
      writeArguments(call, group, to: &json)
      json.close()
      return
    }
    while let last = ends.last, last <= start { ends.removeLast() }
    if ends.last.map({ end <= $0 }) ?? true {
      ends.append(end)
      open("X", group.collective)
      json.microseconds("ts", start)
      json.microseconds("dur", call.duration)
      writeArguments(call, group, to: &json)
      json.close()
      return
    }
    pairs += 1
    openPair("b", at: start)
    writeArguments(call, group, to: &json)
    json.close()
    openPair("e", at: end)
    json.close()
  }

  private func writeArguments(
    _ call: TimingFacts.Call, _ group: Timeline.CallClass, to json: inout JSONWriter
  ) {
    let communicator = view.timeline.communicators[group.communicator]
    json.key("args")
    json.openObject(isInline: true)
    json.member("collective", .text(group.collective))
    if let bytes = group.messageBytes { json.member("message_bytes", .unsigned(bytes)) }
    json.member("data_type", .text(group.dataType))
    json.member("dimension", .text(group.dimension.rawValue))
    json.member("phase", .text(view.timeline.phase(of: call, on: rank).rawValue))
    if call.sequence >= 0 { json.member("sequence", .integer(Int(call.sequence))) }
    if let peer = group.peer { json.member("peer_communicator_rank", .integer(peer)) }
    if let bytes = group.messageBytes, call.duration > 0, let size = communicator.size, size > 0 {
      let bandwidth =
        Double(bytes) / Double(call.duration)
        * DurationRow.busFactor(group.collective, ranks: size)
      json.member("busbw_gb_per_s", .number(bandwidth))
    }
    if call.isOpen { json.member("state", .text("started")) }
    if call.state == .scheduled { json.member("state", .text("scheduled")) }
    if call.start == .min { json.member("time", .text("called by the host")) }
    if rank.labels.indices.contains(Int(call.label)) {
      json.member("label", .text(rank.labels[Int(call.label)]))
    }
    json.close()
  }

  private func writeSteps(to json: inout JSONWriter) {
    let steps = rank.steps.filter { step in
      let start = TimelineView.onAxis(step.start, row)
      return step.start <= step.end && (0...view.length).contains(start)
        && (view.step == nil || view.step == step.name)
    }
    guard !steps.isEmpty else { return }
    name("thread_name", "steps" + suffix, thread: firstThread, to: &json)
    sortIndex("thread_sort_index", firstThread, thread: firstThread, to: &json)
    var last = Int64.min
    // Steps of several threads may overlap; the first of them is the one that is shown.
    for step in steps where step.start >= last {
      last = step.end
      json.openObject(isInline: true)
      json.member("ph", .text("X"))
      json.member("name", .text(step.name))
      json.member("cat", .text("step"))
      json.member("pid", .integer(rank.rank))
      json.member("tid", .integer(firstThread))
      json.microseconds("ts", TimelineView.onAxis(step.start, row))
      json.microseconds("dur", TimelineView.difference(step.end, step.start))
      json.close()
    }
  }

  private func writeBytesInFlight(
    to json: inout JSONWriter, flush: (inout JSONWriter) -> Bool
  ) {
    var changes: [(time: Int64, bytes: UInt64)] = []
    for call in calls {
      guard let bytes = view.timeline.classes[rank.callClass(of: call)].messageBytes,
        call.isOpen || call.end != nil
      else { continue }
      changes.append((TimelineView.onAxis(call.start, row), bytes))
      if let end = call.end { changes.append((TimelineView.onAxis(end, row), 0 &- bytes)) }
    }
    changes.sort { $0.time < $1.time }
    // Modulo 2^64, what is taken away is what was added.
    var sum: UInt64 = 0
    for (index, change) in changes.enumerated() {
      sum &+= change.bytes
      if index + 1 < changes.count, changes[index + 1].time == change.time { continue }
      json.openObject(isInline: true)
      json.member("ph", .text("C"))
      json.member("name", .text("bytes in flight" + suffix))
      json.member("pid", .integer(rank.rank))
      json.microseconds("ts", change.time)
      json.key("args")
      json.openObject(isInline: true)
      json.member("bytes", .unsigned(sum))
      json.close()
      json.close()
      guard flush(&json) else { return }
    }
  }

  // MARK: Metadata

  private func name(
    _ kind: String, _ value: String, thread: Int?, to json: inout JSONWriter
  ) {
    metadata(kind, thread: thread, to: &json) { $0.member("name", .text(value)) }
  }

  private func sortIndex(
    _ kind: String, _ value: Int, thread: Int?, to json: inout JSONWriter
  ) {
    metadata(kind, thread: thread, to: &json) { $0.member("sort_index", .integer(value)) }
  }

  private func metadata(
    _ kind: String, thread: Int?, to json: inout JSONWriter, _ body: (inout JSONWriter) -> Void
  ) {
    json.openObject(isInline: true)
    json.member("ph", .text("M"))
    json.member("name", .text(kind))
    json.member("pid", .integer(rank.rank))
    if let thread { json.member("tid", .integer(thread)) }
    json.key("args")
    json.openObject(isInline: true)
    body(&json)
    json.close()
    json.close()
  }
}
