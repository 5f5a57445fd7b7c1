// SPDX-License-Identifier: Apache-2.0

public import CollectiveTrace

/// What communicated when: the timed calls of all ranks, each with what it belongs to.
///
/// Calls keep the clock of their trace; `TimelineView` puts ranks on one axis.
public struct Timeline: Sendable {
  /// One communicator that timed calls were made on.
  public struct Communicator: Sendable, Hashable {
    /// The name in the report (`c0`); empty where the logs have no communicator that fits.
    public var name: String
    /// The framework's name for it, if a trace states one.
    public var frameworkName: String?
    /// Number of ranks; `nil` when not known.
    public var size: Int?
    /// The strategy of most of its payload.
    public var dimension: ParallelismDimension

    /// Makes a communicator.
    public init(
      name: String, frameworkName: String? = nil, size: Int?, dimension: ParallelismDimension
    ) {
      self.name = name
      self.frameworkName = frameworkName
      self.size = size
      self.dimension = dimension
    }
  }

  /// What calls have in common.
  public struct CallClass: Sendable, Hashable {
    /// Index in ``Timeline/communicators``.
    public var communicator: Int
    /// The strategy served.
    public var dimension: ParallelismDimension
    /// What the job was doing; `unknown` also where calls of several phases look the same.
    public var phase = TrafficPhase.unknown
    /// The operation of the call; a send and a receive have names of their own.
    public var collective: String
    /// The element type.
    public var dataType: String
    /// S of nccl-tests in bytes; `nil` when not known.
    public var messageBytes: UInt64?
    /// Communicator rank of the other end of a send or receive; `nil` for collectives.
    public var peer: Int?

    /// Makes a class.
    public init(
      communicator: Int, dimension: ParallelismDimension, collective: String, dataType: String,
      messageBytes: UInt64?
    ) {
      self.communicator = communicator
      self.dimension = dimension
      self.collective = collective
      self.dataType = dataType
      self.messageBytes = messageBytes
    }
  }

  /// The calls of one rank as one trace has them.
  public struct Rank: Sendable {
    /// Global rank.
    public var rank: Int
    /// What told the times.
    public var source: TraceSource
    /// Where time begins.
    public var clock: TimingFacts.Clock
    /// How far its clock is ahead of that of the first rank of the same source, in nanoseconds;
    /// `nil` when they share no collective with times.
    public var clockOffset: Int64?
    /// The calls in the order of the file, those without any time among them.
    public var calls: [TimingFacts.Call] = []
    /// For each communicator and row that a call names the index in ``Timeline/classes``.
    public var classes: [[Int32]] = []
    /// The steps that the trace names, in order of their beginning.
    public var steps: [TimingFacts.Step] = []
    /// The whole trace, when it knows its beginning and end.
    public var whole: TimingFacts.Step?
    /// What `TimingFacts.Call.label` counts.
    public var labels: [String] = []
    /// Calls beyond the limit of their file, which are in no list.
    public var callsNotKept = 0

    /// A rank without calls.
    public init(rank: Int, source: TraceSource, clock: TimingFacts.Clock) {
      self.rank = rank
      self.source = source
      self.clock = clock
    }

    /// The class of a call, as an index in ``Timeline/classes``.
    public func callClass(of call: TimingFacts.Call) -> Int {
      Int(classes[Int(call.communicator)][Int(call.row)])
    }
  }

  /// The communicators, those of the report in the order of their names first.
  public var communicators: [Communicator] = []
  /// The classes, in no order that means anything.
  public var classes: [CallClass] = []
  /// Sorted by rank, then by source.
  public var ranks: [Rank] = []

  /// An empty timeline.
  public init() {}

  /// What the job was doing in a call: as a name around it says, else as calls of its class do.
  public func phase(of call: TimingFacts.Call, on rank: Rank) -> TrafficPhase {
    call.phase == .none ? classes[rank.callClass(of: call)].phase : TrafficPhase(call.phase)
  }
}

extension TimingFacts.Call {
  /// When it is known to have been there first: its start, else when the host called it.
  public var time: Int64? { start != .min ? start : called != .min ? called : nil }

  /// When it ended; `nil` when its start or duration is not known.
  public var end: Int64? {
    guard start != .min, duration >= 0 else { return nil }
    let (end, overflow) = start.addingReportingOverflow(duration)
    return overflow ? .max : end
  }

  /// Whether it had begun and not ended when the trace was written.
  public var isOpen: Bool { start != .min && duration < 0 && state == .started }
}

/// Collects the timeline while the times are summed.
struct TimelineBuilder {
  private(set) var timeline = Timeline()
  private var places: [Timeline.Communicator: Int] = [:]
  private var classPlaces: [ClassKey: Int32] = [:]
  /// For each class the communicator and class of operations that it is of.
  private var groups: [(place: Int, index: Int)?] = []
  private let communicators: [AnalysedCommunicator]
  private let labels: [DimensionLabel]

  private struct ClassKey: Hashable {
    var value: Timeline.CallClass
    var group: Int?
  }

  /// Prepares to collect.
  init(_ communicators: [AnalysedCommunicator], _ labels: [DimensionLabel]) {
    self.communicators = communicators
    self.labels = labels
  }

  /// Adds what one trace says of one process.
  ///
  /// - Parameters:
  ///   - facts: The trace.
  ///   - own: For each of its communicators its place among those of the report and the global
  ///     rank that it has there.
  ///   - classes: For each communicator and row the class of operations it stands in.
  ///   - rank: The rank of calls on communicators that the report does not have.
  mutating func add(
    _ facts: ProcessFacts, _ own: [(place: Int, rank: Int?)?], _ classes: [[Int?]], rank: Int?
  ) {
    guard let timing = facts.timing, timing.calls.contains(where: { $0.time != nil }) else {
      return
    }
    let rankOf = own.map { $0?.rank ?? rank }
    let numbers = Set(rankOf.compactMap(\.self)).sorted()
    for number in numbers {
      var row = Timeline.Rank(rank: number, source: facts.source, clock: timing.clock)
      row.classes = facts.communicators.enumerated().map { index, communicator in
        guard rankOf[index] == number else { return [] }
        return communicator.calls.indices.map { call in
          place(of: communicator, call, own[index]?.place, classes[index][call])
        }
      }
      // Damaged facts may name a row that is not there.
      func isOwn(_ call: TimingFacts.Call) -> Bool {
        row.classes.indices.contains(Int(call.communicator))
          && row.classes[Int(call.communicator)].indices.contains(Int(call.row))
      }
      row.calls = timing.calls.allSatisfy(isOwn) ? timing.calls : timing.calls.filter(isOwn)
      guard row.calls.contains(where: { $0.time != nil }) else { continue }
      row.steps = timing.steps
      row.whole = timing.whole
      row.labels = timing.labels
      // A process of several ranks has one count for all of them.
      row.callsNotKept = number == numbers.first ? timing.callsNotKept : 0
      timeline.ranks.append(row)
    }
  }

  /// The timeline, once phases and clocks are known.
  ///
  /// `phase` tells that of a communicator's class of operations.
  mutating func finish(
    phase: (Int, Int) -> TrafficPhase, offsets: (TraceSource) -> [Int: Int64]
  ) -> Timeline? {
    guard !timeline.ranks.isEmpty else { return nil }
    for (index, group) in groups.enumerated() {
      if let group { timeline.classes[index].phase = phase(group.place, group.index) }
    }
    var known: [TraceSource: [Int: Int64]] = [:]
    for index in timeline.ranks.indices {
      let source = timeline.ranks[index].source
      let clocks = known[source] ?? offsets(source)
      known[source] = clocks
      timeline.ranks[index].clockOffset = clocks[timeline.ranks[index].rank]
    }
    timeline.ranks.sort { ($0.rank, $0.source.rawValue) < ($1.rank, $1.source.rawValue) }
    nameInOrder()
    return timeline
  }

  /// Puts the communicators in the order of the report, whatever the order of the traces.
  private mutating func nameInOrder() {
    let order = timeline.communicators.indices.sorted { a, b in
      let (x, y) = (timeline.communicators[a], timeline.communicators[b])
      if x.name.isEmpty != y.name.isEmpty { return y.name.isEmpty }
      if x.name != y.name { return NaturalText(x.name) < NaturalText(y.name) }
      return (x.frameworkName ?? "", x.size ?? 0) < (y.frameworkName ?? "", y.size ?? 0)
    }
    var position = [Int](repeating: 0, count: order.count)
    for (new, old) in order.enumerated() { position[old] = new }
    timeline.communicators = order.map { timeline.communicators[$0] }
    for index in timeline.classes.indices {
      timeline.classes[index].communicator = position[timeline.classes[index].communicator]
    }
  }

  private mutating func place(
    of facts: CommunicatorFacts, _ row: Int, _ place: Int?, _ index: Int?
  ) -> Int32 {
    let own = place.map { communicators[$0] }
    let size = own?.communicator.size ?? facts.size
    let communicator = Timeline.Communicator(
      name: own?.name ?? "", frameworkName: own == nil ? facts.name : own?.frameworkName,
      size: size, dimension: place.map { labels[$0].dimension } ?? .unclassified)
    let call = facts.calls[row]
    let group = index.flatMap { own?.traffic.classes[$0] }
    var result = Timeline.CallClass(
      communicator: number(of: communicator), dimension: communicator.dimension,
      collective: call.kind.name, dataType: (group?.dataType ?? call.dataType).name,
      messageBytes: group?.messageBytes ?? Self.messageBytes(call, size: size))
    if let place, let index { result.dimension = labels[place].dimension(ofClass: index) }
    if call.kind.isPointToPoint, call.peer >= 0, !call.isCoarse { result.peer = Int(call.peer) }
    let key = ClassKey(value: result, group: index)
    if let known = classPlaces[key] { return known }
    let next = Int32(truncatingIfNeeded: timeline.classes.count)
    classPlaces[key] = next
    timeline.classes.append(result)
    groups.append(place.flatMap { place in index.map { (place, $0) } })
    return next
  }

  private mutating func number(of communicator: Timeline.Communicator) -> Int {
    if let known = places[communicator] { return known }
    places[communicator] = timeline.communicators.count
    timeline.communicators.append(communicator)
    return timeline.communicators.count - 1
  }

  private static func messageBytes(_ call: CallFacts, size: Int?) -> UInt64? {
    guard !call.isCoarse, let size, let width = call.dataType.byteSize else { return nil }
    return WireBytes.messageBytes(
      call.kind, bytes: call.elementCount.times(UInt64(clamping: width)), size: size)
  }
}
