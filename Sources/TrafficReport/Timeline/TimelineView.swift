// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace
internal import TrafficAnalysis

/// The timed calls of some ranks in some stretch of time, on one axis.
///
/// Clocks of two machines differ, and some traces count from a moment only their process knows. So
/// every row has an origin, the moment of its own clock that stands at 0:
///
/// - where all ranks share collectives with times, their clocks are corrected by how far apart the
///   ends of these are;
/// - else, where all clocks count from the Unix epoch, they are taken as recorded;
/// - else nothing relates them, and each rank begins at its own start.
struct TimelineView: Sendable {
  /// What puts the ranks on one axis.
  enum Alignment: Sendable {
    /// There is one rank.
    case single
    /// Clocks as recorded, from the Unix epoch.
    case recorded
    /// Clocks corrected by shared collectives.
    case estimated
    /// Each rank from its own start.
    case ownStart
  }

  /// What there is to choose, where the selection leaves it open.
  struct Defaults {
    /// Whether the last step that all ranks have is shown, not the whole trace.
    var isLastStep: Bool
    /// Most ranks shown unless they are selected.
    var ranks: Int
    /// Most ranks shown even so.
    var selectedRanks: Int
    /// Whether a rank that several traces tell of is shown once.
    var isOneSource: Bool
  }

  struct Row: Sendable {
    /// Index in ``Timeline/ranks``.
    var place: Int
    /// The moment of the rank's clock that stands at 0, in nanoseconds.
    var origin: Int64 = 0
  }

  let timeline: Timeline
  private(set) var rows: [Row]
  private(set) var alignment: Alignment
  /// The name of the step; `nil` for the whole trace.
  private(set) var step: String?
  /// How much time is shown, in nanoseconds; at least 1.
  private(set) var length: Int64 = 1
  /// Ranks that have timed calls.
  let timedRanks: Int
  /// Ranks left out because they lack the step and no clock relates them to the others.
  private(set) var ranksWithoutStep = 0

  /// Sentences for inputs without any time.
  static let untimed = TimelineError(
    isUntimed: true,
    message: "No input says when a call began. PyTorch profiles (Kineto), NCCL Inspector's event "
      + "traces, NCCL's example profiler and Flight Recorder dumps do; debug logs do not.")

  /// Applies a selection.
  init(
    _ timeline: Timeline?, _ selection: TimelineSelection, _ defaults: Defaults
  ) throws(TimelineError) {
    guard let timeline, !timeline.ranks.isEmpty else { throw Self.untimed }
    self.timeline = timeline
    var numbers: [Int] = []
    for rank in timeline.ranks where numbers.last != rank.rank { numbers.append(rank.rank) }
    timedRanks = numbers.count
    if let missing = selection.ranks?.first(notIn: numbers) {
      throw TimelineError(
        isUntimed: false,
        message: "Rank \(missing) has no timed calls; ranks with timed calls: "
          + "\(PlainText.shortened(RankList.text(numbers), to: 200)).")
    }
    let wanted = numbers.filter { selection.ranks?.contains($0) ?? true }
      .prefix(selection.ranks == nil ? defaults.ranks : defaults.selectedRanks)
    rows = Self.places(in: timeline, Set(wanted), isOneSource: defaults.isOneSource).map {
      Row(place: $0)
    }
    alignment = Self.alignment(of: rows.map { timeline.ranks[$0.place] })
    if let asked = selection.step {
      step = try Self.find(asked, in: rows.map { timeline.ranks[$0.place] })
    } else if defaults.isLastStep {
      step = Self.lastStep(of: rows.map { timeline.ranks[$0.place] })
    }
    place()
  }

  // MARK: - Ranks

  private static func places(
    in timeline: Timeline, _ wanted: Set<Int>, isOneSource: Bool
  ) -> [Int] {
    let all = timeline.ranks.indices.filter { wanted.contains(timeline.ranks[$0].rank) }
    guard isOneSource else { return all }
    var result: [(place: Int, timed: Int)] = []
    for place in all {
      let timed = timeline.ranks[place].calls.count { $0.end != nil }
      if let last = result.last, timeline.ranks[last.place].rank == timeline.ranks[place].rank {
        if timed > last.timed { result[result.count - 1] = (place, timed) }
      } else {
        result.append((place, timed))
      }
    }
    return result.map(\.place)
  }

  private static func alignment(of ranks: [Timeline.Rank]) -> Alignment {
    guard ranks.count > 1, let first = ranks.first else { return .single }
    if ranks.allSatisfy({ $0.source == first.source && $0.clockOffset != nil }) {
      return .estimated
    }
    return ranks.allSatisfy { $0.clock == .epoch } ? .recorded : .ownStart
  }

  // MARK: - Steps

  private static func find(
    _ asked: String, in ranks: [Timeline.Rank]
  ) throws(TimelineError) -> String {
    var names: [String] = []
    var known: Set<String> = []
    for name in ranks.lazy.flatMap(\.steps).map(\.name) where known.insert(name).inserted {
      names.append(name)
    }
    if known.contains(asked) { return asked }
    let isNumber = !asked.isEmpty && asked.utf8.allSatisfy { (0x30...0x39).contains($0) }
    // `ProfilerStep#12` by its number; leading zeros are how some write it.
    let number = asked.drop { $0 == "0" }
    let found = names.filter { name in
      let digits = name.reversed().prefix { ("0"..."9").contains($0) }
      return isNumber && !digits.isEmpty && String(digits.reversed()).drop { $0 == "0" } == number
    }
    if let only = found.first, found.count == 1 { return only }
    let listed = (found.isEmpty ? names : found).prefix(8).map {
      PlainText.shortened(PlainText.printable($0), to: 40)
    }
    let count = found.isEmpty ? names.count : found.count
    let list = listed.joined(separator: ", ") + (count > listed.count ? ", ... (\(count))" : "")
    let asked = PlainText.shortened(PlainText.printable(asked), to: 40)
    throw TimelineError(
      isUntimed: false,
      message: names.isEmpty
        ? "There is no step '\(asked)': the traces of these ranks name no steps."
        : found.isEmpty
          ? "There is no step '\(asked)'; there are: \(list)."
          : "'\(asked)' may be any of these steps; give the name: \(list).")
  }

  /// The last step that as many ranks as possible have and in which something communicates.
  private static func lastStep(of ranks: [Timeline.Rank]) -> String? {
    var counts: [String: (ranks: Int, start: Int64)] = [:]
    var used: Set<String> = []
    for rank in ranks {
      var own: Set<String> = []
      for step in rank.steps where own.insert(step.name).inserted {
        let known = counts[step.name] ?? (0, step.start)
        counts[step.name] = (known.ranks + 1, known.start)
      }
      for call in rank.calls where rank.steps.indices.contains(Int(call.step)) {
        used.insert(rank.steps[Int(call.step)].name)
      }
    }
    return counts.filter { used.contains($0.key) }.max { a, b in
      (a.value.ranks, a.value.start, a.key) < (b.value.ranks, b.value.start, b.key)
    }?.key
  }

  // MARK: - Time

  private mutating func place() {
    typealias Span = (start: Int64, end: Int64)
    var spans: [Span?] = []
    for row in rows {
      let rank = timeline.ranks[row.place]
      if let step {
        // A name that comes again means the last one.
        spans.append(rank.steps.last { $0.name == step }.map { ($0.start, $0.end) })
      } else {
        spans.append(Self.extent(of: rank))
      }
    }
    if alignment == .ownStart {
      ranksWithoutStep = spans.count { $0 == nil }
      let kept = zip(rows, spans).compactMap { row, span in
        span.map { (row: Row(place: row.place, origin: $0.start), span: $0) }
      }
      rows = kept.map(\.row)
      length = kept.map { Self.difference($0.span.end, $0.span.start) }.max() ?? 1
    } else {
      func shift(_ row: Row) -> Int64 {
        alignment == .estimated ? timeline.ranks[row.place].clockOffset ?? 0 : 0
      }
      let common = zip(rows, spans).compactMap { row, span in
        span.map {
          (start: Self.difference($0.start, shift(row)), end: Self.difference($0.end, shift(row)))
        }
      }
      let start = common.map(\.start).min() ?? 0
      length = Self.difference(common.map(\.end).max() ?? 1, start)
      for index in rows.indices {
        let (origin, overflow) = start.addingReportingOverflow(shift(rows[index]))
        rows[index].origin = overflow ? start : origin
      }
    }
    length = max(length, 1)
  }

  /// From the first to the last moment that a trace tells of.
  private static func extent(of rank: Timeline.Rank) -> (start: Int64, end: Int64)? {
    var span: (start: Int64, end: Int64)?
    func include(_ start: Int64, _ end: Int64) {
      span = (min(span?.start ?? start, start), max(span?.end ?? end, end))
    }
    for call in rank.calls {
      guard let time = call.time else { continue }
      include(time, call.end ?? time)
    }
    for step in rank.steps + [rank.whole].compactMap(\.self) where step.start <= step.end {
      include(step.start, step.end)
    }
    return span
  }

  /// a - b, or the end of the range.
  static func difference(_ a: Int64, _ b: Int64) -> Int64 {
    let (difference, overflow) = a.subtractingReportingOverflow(b)
    return overflow ? (a < b ? .min : .max) : difference
  }

  /// A moment of a row's clock on the common axis, in nanoseconds.
  static func onAxis(_ time: Int64, _ row: Row) -> Int64 { difference(time, row.origin) }
}
