// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// What times add: durations by class, hidden and exposed communication, and who waits for whom.
struct TimingAnalysis {
  private(set) var durations: [DurationRow] = []
  private(set) var overlaps: [OverlapRow] = []
  private(set) var waiting: [WaitingRow] = []
  /// Timed calls, and those of them that no class of the traffic stands for.
  private(set) var calls: UInt64 = 0
  private(set) var unmatchedCalls: UInt64 = 0
  private(set) var callsNotKept = 0
  private(set) var timedRanks = 0
  /// What annotations say of phases; not settled.
  private(set) var phases: AnnotatedPhases

  private let communicators: [AnalysedCommunicator]
  private let labels: [DimensionLabel]
  private let ranks: GlobalRanks
  private let join: TopologyJoin?
  private var builder: TimelineBuilder?
  private var clocks: [TraceSource: ClockOffsets] = [:]

  /// Where the traffic of a trace's communicator stands.
  private struct Seat {
    var place: Int
    var view: Int
  }

  private struct View: Hashable {
    var process: Int
    var index: Int
  }

  init(
    _ communicators: [AnalysedCommunicator], _ labels: [DimensionLabel], _ ranks: GlobalRanks,
    _ table: ProcessTable, _ join: TopologyJoin?
  ) {
    self.join = join
    self.communicators = communicators
    self.labels = labels
    self.ranks = ranks
    phases = AnnotatedPhases(communicators)
    guard table.records.contains(where: { !$0.timed.isEmpty }) else { return }
    var seats: [View: Seat] = [:]
    for (place, own) in communicators.enumerated() {
      for (number, view) in own.views.enumerated() {
        seats[View(process: view.process, index: view.index)] = Seat(place: place, view: number)
      }
    }
    var rankOfProcess: [Int: Int] = [:]
    for view in communicators.lazy.flatMap(\.views) where rankOfProcess[view.process] == nil {
      rankOfProcess[view.process] = ranks.rank[view.endpoint]
    }
    var indices = [ClassIndex?](repeating: nil, count: communicators.count)
    var sums = Sums()
    var builder = TimelineBuilder(communicators, labels)
    for (process, record) in table.records.enumerated() {
      if !record.timed.isEmpty { timedRanks += 1 }
      for timed in record.timed {
        var classes: [[Int?]] = []
        let own = timed.communicators.map { index in
          index.flatMap { seats[View(process: process, index: $0)] }
        }
        for (facts, seat) in zip(timed.facts.communicators, own) {
          classes.append(
            seat.map { Self.classes(of: facts, communicators[$0.place], &indices[$0.place]) }
              ?? facts.calls.map { _ in nil })
        }
        add(timed.facts, own, classes, to: &sums)
        let numbers = own.map { seat in
          seat.map { ($0.place, ranks.rank[communicators[$0.place].views[$0.view].endpoint]) }
        }
        builder.add(timed.facts, numbers, classes, rank: rankOfProcess[process])
      }
    }
    durations = sums.durations.map { key, histogram in
      var row = row(key, histogram)
      if let peaks = sums.peaks[key], peaks.count == 1, let peak = peaks.first { row.peak = peak }
      return row
    }.sorted(by: Self.comes)
    overlaps = sums.overlapRows()
    clocks = wait(
      sums.operations.sorted { $0.key < $1.key }.map { ($0.key.place, $0.value) }
        + Self.matched(sums.unnumbered))
    self.builder = builder
  }

  /// The timed calls of all ranks; `nil` unless a call has a time.
  ///
  /// `phase` tells that of a communicator's class of operations.
  func timeline(phase: (Int, Int) -> TrafficPhase) -> Timeline? {
    guard var builder else { return nil }
    return builder.finish(phase: phase) { clocks[$0]?.offsets() ?? [:] }
  }

  /// What a reader must know about the times.
  func statements() -> [String] {
    guard calls > 0 else { return [] }
    var lines: [String] = []
    if unmatchedCalls > 0 {
      lines.append(
        "\(unmatchedCalls) of \(calls) timed calls have no counterpart in the logs: replays of CUDA graphs, or calls from outside the time that the logs cover."
      )
    }
    if callsNotKept > 0 {
      lines.append(
        "\(CoverageStatement.counted(callsNotKept, "timed call is", "timed calls are")) in the durations only: waiting and the timeline show the first ones of each file."
      )
    }
    return lines
  }

  /// For each row of calls the class it belongs to.
  private static func classes(
    of facts: CommunicatorFacts, _ own: AnalysedCommunicator, _ index: inout ClassIndex?
  ) -> [Int?] {
    let known = index ?? ClassIndex(own.traffic.classes, size: own.communicator.size)
    index = known
    return facts.calls.map { row in
      let kind: OperationKind = row.kind == .recv ? .send : row.kind
      return known.find(kind, row.dataType, elements: row.isCoarse ? nil : row.elementCount)
    }
  }

  // MARK: - Sums

  private struct DurationKey: Hashable {
    var dimension: ParallelismDimension
    var collective: String
    var type: String
    var bytes: UInt64?
    var size: Int
    var source: TraceSource
    var basis: TimingFacts.Basis
  }

  /// The same collective on all ranks.
  private struct OperationKey: Hashable, Comparable {
    var place: Int
    var kind: OperationKind?
    var sequence: Int64
    var source: TraceSource

    static func < (a: Self, b: Self) -> Bool {
      let (x, y) = (a.kind?.rawValue ?? .max, b.kind?.rawValue ?? .max)
      return (a.place, a.sequence, x, a.source.rawValue)
        < (b.place, b.sequence, y, b.source.rawValue)
    }
  }

  private struct PeakKey: Hashable {
    var place: Int
    var collective: String
  }

  /// Where calls without a number are from.
  private struct OrderKey: Hashable {
    var place: Int
    var source: TraceSource
  }

  private struct Unnumbered {
    /// The class.
    var group: Int
    /// Empty outside of every step.
    var step: String
    var arrival: Arrival
  }

  private struct Arrival {
    var view: Int
    var start: Int64
    var duration: Int64
    var source: TraceSource
    /// Whether clocks of other machines count from the same moment.
    var isEpoch: Bool
  }

  private struct StepKey: Hashable {
    var step: String
    var dimension: ParallelismDimension?
  }

  private struct Sums {
    var durations: [DurationKey: DurationHistogram] = [:]
    /// The peaks of the communicators of each row, each once.
    var peaks: [DurationKey: Set<BandwidthPeak?>] = [:]
    /// The peaks of communicators, as worked out.
    var known: [PeakKey: BandwidthPeak?] = [:]
    var operations: [OperationKey: [Arrival]] = [:]
    /// By rank, in the order of the trace.
    var unnumbered: [OrderKey: [Int: [Unnumbered]]] = [:]
    var overlaps: [StepKey: OverlapRow] = [:]
    /// When a step begins, to order the rows: the earliest over the ranks.
    var starts: [String: Int64] = [:]

    mutating func overlap(
      _ step: String, _ dimension: ParallelismDimension?, _ body: (inout OverlapRow) -> Void
    ) {
      let key = StepKey(step: step, dimension: dimension)
      body(&overlaps[key, default: OverlapRow(step: step, dimension: dimension)])
    }

    func overlapRows() -> [OverlapRow] {
      overlaps.values.map { row in
        var row = row
        let all = overlaps[StepKey(step: row.step, dimension: nil)]
        row.stepDuration = all?.duration ?? 0
        if row.dimension == nil, let idle = row.idle,
          let stages = overlaps[StepKey(step: row.step, dimension: .pp)]
        {
          row.bubble = TimingAnalysis.sum(idle, stages.exposed)
        }
        return row
      }.sorted { a, b in
        if a.step.isEmpty != b.step.isEmpty { return a.step.isEmpty }
        if a.step != b.step {
          let (x, y) = (starts[a.step] ?? .max, starts[b.step] ?? .max)
          return x != y ? x < y : NaturalText(a.step) < NaturalText(b.step)
        }
        return (a.dimension?.order ?? -1) < (b.dimension?.order ?? -1)
      }
    }
  }

  private mutating func add(
    _ facts: ProcessFacts, _ seats: [Seat?], _ classes: [[Int?]], to sums: inout Sums
  ) {
    for (communicator, seat) in zip(facts.communicators, seats).enumerated() {
      for row in seat.0.calls { calls.add(row.calls) }
      guard let place = seat.1?.place else {
        for row in seat.0.calls { unmatchedCalls.add(row.calls) }
        continue
      }
      let own = communicators[place]
      for (row, index) in zip(seat.0.calls, classes[communicator]) where index == nil {
        unmatchedCalls.add(row.calls)
      }
      for entry in seat.0.durations {
        guard classes[communicator].indices.contains(entry.row),
          let index = classes[communicator][entry.row]
        else { continue }
        let group = own.traffic.classes[index]
        let key = DurationKey(
          dimension: labels[place].dimension(ofClass: index), collective: group.collective,
          type: group.dataType.name, bytes: group.messageBytes, size: own.communicator.size,
          source: facts.source, basis: entry.basis)
        sums.durations[key, default: DurationHistogram()].merge(entry.histogram)
        guard let join else { continue }
        let peakKey = PeakKey(place: place, collective: group.collective)
        let peak = sums.known[peakKey] ?? BandwidthPeak.of(own, group.collective, join)
        sums.known[peakKey] = .some(peak)
        sums.peaks[key, default: []].insert(peak)
      }
    }
    guard let timing = facts.timing else { return }
    callsNotKept += timing.callsNotKept
    if timing.calls.contains(where: { $0.phase != .none }) {
      for call in timing.calls {
        let communicator = Int(call.communicator)
        guard seats.indices.contains(communicator), let place = seats[communicator]?.place,
          classes[communicator].indices.contains(Int(call.row)),
          let group = classes[communicator][Int(call.row)]
        else { continue }
        phases.add(call.phase, communicator: place, group: group)
      }
    }
    for call in timing.calls where call.duration >= 0 {
      let communicator = Int(call.communicator)
      guard seats.indices.contains(communicator), let seat = seats[communicator],
        facts.communicators[communicator].calls.indices.contains(Int(call.row))
      else { continue }
      let kind = facts.communicators[communicator].calls[Int(call.row)].kind
      guard !kind.isPointToPoint else { continue }
      let arrival = Arrival(
        view: seat.view, start: call.start, duration: call.duration, source: facts.source,
        isEpoch: timing.clock == .epoch)
      if call.sequence >= 0 {
        let key = OperationKey(
          place: seat.place, kind: timing.sequenceScope == .function ? kind : nil,
          sequence: call.sequence, source: facts.source)
        sums.operations[key, default: []].append(arrival)
      } else if let group = classes[communicator][Int(call.row)] {
        let step = Int(call.step)
        let call = Unnumbered(
          group: group, step: timing.steps.indices.contains(step) ? timing.steps[step].name : "",
          arrival: arrival)
        let key = OrderKey(place: seat.place, source: facts.source)
        sums.unnumbered[key, default: [:]][seat.view, default: []].append(call)
      }
    }
    overlap(facts, timing, seats, classes, &sums)
  }

  private func overlap(
    _ facts: ProcessFacts, _ timing: TimingFacts, _ seats: [Seat?], _ classes: [[Int?]],
    _ sums: inout Sums
  ) {
    guard timing.hasCompute else { return }
    for step in [timing.whole].compactMap(\.self) + timing.steps {
      let name = step == timing.whole ? "" : step.name
      sums.starts[name] = min(sums.starts[name] ?? .max, step.start)
      sums.overlap(name, nil) { row in
        row.ranks += 1
        row.duration = Self.sum(
          row.duration ?? 0, step.end.subtractingReportingOverflow(step.start).partialValue)
        row.compute = Self.sum(row.compute ?? 0, step.compute)
        row.communication = Self.sum(row.communication, step.communication)
        row.exposed = Self.sum(row.exposed, step.communication - step.overlapped)
      }
    }
    var met: Set<StepKey> = []
    for entry in timing.overlaps {
      let communicator = Int(entry.communicator)
      let step = Int(entry.step)
      guard seats.indices.contains(communicator), let seat = seats[communicator],
        classes[communicator].indices.contains(Int(entry.row)),
        let index = classes[communicator][Int(entry.row)],
        step < 0 || timing.steps.indices.contains(step)
      else { continue }
      let dimension = labels[seat.place].dimension(ofClass: index)
      // The whole trace has what is in its steps too.
      for name in step < 0 ? [""] : ["", timing.steps[step].name] {
        let isNew = met.insert(StepKey(step: name, dimension: dimension)).inserted
        sums.overlap(name, dimension) { row in
          if isNew { row.ranks += 1 }
          row.communication = Self.sum(row.communication, entry.communication)
          row.exposed = Self.sum(row.exposed, entry.exposed)
        }
      }
    }
  }

  private static func sum(_ a: Int64, _ b: Int64) -> Int64 {
    let sum = a.addingReportingOverflow(b)
    return sum.overflow ? .max : sum.partialValue
  }

  private func row(_ key: DurationKey, _ histogram: DurationHistogram) -> DurationRow {
    DurationRow(
      dimension: key.dimension, collective: key.collective, dataType: key.type,
      messageBytes: key.bytes, communicatorSize: key.size, source: key.source, basis: key.basis,
      durations: histogram)
  }

  private static func comes(_ a: DurationRow, before b: DurationRow) -> Bool {
    if a.dimension != b.dimension { return a.dimension < b.dimension }
    if a.collective != b.collective { return a.collective < b.collective }
    if a.dataType != b.dataType { return a.dataType < b.dataType }
    let (x, y) = (a.messageBytes ?? .max, b.messageBytes ?? .max)
    if x != y { return x < y }
    return (a.communicatorSize, a.source.rawValue, a.basis.rawValue)
      < (b.communicatorSize, b.source.rawValue, b.basis.rawValue)
  }

  // MARK: - Waiting

  /// Matches calls without a number by their order.
  ///
  /// The calls of the whole trace are matched, else those of each step, where all ranks that have
  /// any made the same calls in the same order. Anything else could pair strangers.
  private static func matched(
    _ calls: [OrderKey: [Int: [Unnumbered]]]
  ) -> [(place: Int, arrivals: [Arrival])] {
    var operations: [(place: Int, arrivals: [Arrival])] = []
    for (key, views) in calls.sorted(by: {
      ($0.key.place, $0.key.source.rawValue) < ($1.key.place, $1.key.source.rawValue)
    }) where views.count > 1 {
      let order = views.sorted { $0.key < $1.key }.map(\.value)
      if let whole = transposed(order) {
        operations += whole.map { (key.place, $0) }
        continue
      }
      let steps = order.map { Dictionary(grouping: $0, by: \.step) }
      for step in Set(steps.flatMap(\.keys)).subtracting([""]).sorted() {
        guard let part = transposed(steps.map { $0[step] ?? [] }) else { continue }
        operations += part.map { (key.place, $0) }
      }
    }
    return operations
  }

  /// By operation instead of by rank; `nil` where the ranks differ.
  private static func transposed(_ calls: [[Unnumbered]]) -> [[Arrival]]? {
    guard
      calls.dropFirst().allSatisfy({ $0.lazy.map(\.group).elementsEqual(calls[0].map(\.group)) })
    else { return nil }
    return calls[0].indices.map { position in calls.map { $0[position].arrival } }
  }

  /// Finds who came last to each collective.
  ///
  /// A kernel of a collective runs until all ranks have come, so the rank whose kernel is shortest
  /// came last, whatever the clocks say, and the others waited for as long as theirs are longer.
  ///
  /// - Parameter operations: In an order that is always the same, because only so many differences
  ///   of clocks are kept.
  /// - Returns: How the clocks of each source differ, those that begin with the process among them.
  private mutating func wait(
    _ operations: [(place: Int, arrivals: [Arrival])]
  ) -> [TraceSource: ClockOffsets] {
    var timedViews: [Int: Set<Int>] = [:]
    for (place, arrivals) in operations {
      for arrival in arrivals { timedViews[place, default: []].insert(arrival.view) }
    }
    var rows: [Int: WaitingRow] = [:]
    var offsets = ClockOffsets()
    var bySource: [TraceSource: ClockOffsets] = [:]
    for (place, arrivals) in operations {
      guard arrivals.count > 1, arrivals.count == timedViews[place]?.count,
        Set(arrivals.map(\.view)).count == arrivals.count,
        let shortest = arrivals.map(\.duration).min()
      else { continue }
      let own = communicators[place]
      let numbers = arrivals.map { ranks.rank[own.views[$0.view].endpoint] }
      let last = arrivals.indices.filter { arrivals[$0].duration == shortest }
      var caused: Int64 = 0
      for (arrival, rank) in zip(arrivals, numbers) {
        guard let rank else { continue }
        let waited = arrival.duration - shortest
        caused = Self.sum(caused, waited)
        rows[rank, default: WaitingRow(rank: rank)].operations += 1
        rows[rank, default: WaitingRow(rank: rank)].waited = Self.sum(
          rows[rank]?.waited ?? 0, waited)
        rows[rank, default: WaitingRow(rank: rank)].duration = Self.sum(
          rows[rank]?.duration ?? 0, arrival.duration)
      }
      // Where two are equally late, neither made the other wait.
      if last.count == 1, let rank = numbers[last[0]] {
        rows[rank, default: WaitingRow(rank: rank)].lastArrivals += 1
        rows[rank, default: WaitingRow(rank: rank)].caused = Self.sum(
          rows[rank]?.caused ?? 0, caused)
      }
      let ends = zip(arrivals, numbers).compactMap {
        arrival, rank -> (rank: Int, end: Int64, isEpoch: Bool)? in
        guard let rank, arrival.start != .min else { return nil }
        return (rank, Self.sum(arrival.start, arrival.duration), arrival.isEpoch)
      }
      offsets.add(ends.filter(\.isEpoch).map { ($0.rank, $0.end) })
      bySource[arrivals[0].source, default: ClockOffsets()].add(ends.map { ($0.rank, $0.end) })
    }
    let clocks = offsets.offsets()
    waiting = rows.values.sorted { $0.rank < $1.rank }
    for index in waiting.indices { waiting[index].clockOffset = clocks[waiting[index].rank] }
    return bySource
  }
}

/// How far the clocks of ranks differ, from collectives that end on all of them together.
///
/// The difference of two clocks is the median of the differences of the ends that both recorded;
/// ranks are linked over the pairs that share most collectives.
struct ClockOffsets {
  private struct Pair: Hashable {
    var a: Int
    var b: Int
  }

  /// Most differences kept for a pair of ranks.
  private static let maximumDifferences = 4096

  private var differences: [Pair: [Int64]] = [:]

  /// Adds the end of one collective on each of its ranks, in nanoseconds of each rank's clock.
  mutating func add(_ ends: [(rank: Int, end: Int64)]) {
    let sorted = ends.sorted { $0.rank < $1.rank }
    // Each rank against the first: enough to link all, and linear in the ranks.
    guard let first = sorted.first else { return }
    for other in sorted.dropFirst() {
      let difference = other.end.subtractingReportingOverflow(first.end)
      guard !difference.overflow else { continue }
      let pair = Pair(a: first.rank, b: other.rank)
      guard differences[pair, default: []].count < Self.maximumDifferences else { continue }
      differences[pair, default: []].append(difference.partialValue)
    }
  }

  /// For each rank that is linked to the lowest one, how far its clock is ahead.
  func offsets() -> [Int: Int64] {
    let pairs = differences.map { pair, values in
      (pair: pair, count: values.count, median: values.sorted()[values.count / 2])
    }.sorted { ($1.count, $0.pair.a, $0.pair.b) < ($0.count, $1.pair.a, $1.pair.b) }
    var links: [Int: [(rank: Int, offset: Int64)]] = [:]
    for entry in pairs {
      links[entry.pair.a, default: []].append((entry.pair.b, entry.median))
      links[entry.pair.b, default: []].append((entry.pair.a, 0 &- entry.median))
    }
    guard let root = links.keys.min() else { return [:] }
    var found: [Int: Int64] = [root: 0]
    var queue = [root]
    var next = 0
    while next < queue.count {
      let rank = queue[next]
      next += 1
      for link in links[rank] ?? [] where found[link.rank] == nil {
        found[link.rank] = (found[rank] ?? 0).addingReportingOverflow(link.offset).partialValue
        queue.append(link.rank)
      }
    }
    return found
  }
}
