// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// What one run moved for one class of operations, or for several together.
///
/// - Units: bytes, nanoseconds. Sums stay at the ends of their range.
public struct RunAmounts: Sendable, Equatable {
  /// Collectives, each counted once.
  public var operations: UInt64 = 0
  /// API calls.
  public var rankCalls: UInt64 = 0
  /// S of nccl-tests, summed over the operations, each counted once; `nil` where sizes vary.
  public var operationBytes: UInt64? = 0
  /// What the calls' send buffers hold.
  public var payloadBytes: UInt64 = 0
  /// Bytes that leave GPUs.
  public var wireBytes: UInt64 = 0
  /// Part of `wireBytes` that stays on a node; `nil` when the placement is unknown.
  public var intraNodeBytes: UInt64? = 0
  /// Part of `wireBytes` that crosses nodes; `nil` when the placement is unknown.
  public var interNodeBytes: UInt64? = 0
  /// Durations of the calls, summed over ranks; `nil` where no trace tells them.
  public var time: UInt64?

  /// Nothing.
  public init() {}

  /// The amounts of one row of traffic.
  init(_ row: TrafficRow) {
    operations = row.operations
    rankCalls = row.rankCalls
    operationBytes = row.messageBytes.map { $0.times(row.operations) }
    payloadBytes = row.payloadBytes
    wireBytes = row.wireBytes
    intraNodeBytes = row.intraNodeBytes
    interNodeBytes = row.interNodeBytes
  }

  /// Adds everything but the time, which is not known by class everywhere.
  mutating func add(_ other: RunAmounts) {
    operations.add(other.operations)
    rankCalls.add(other.rankCalls)
    operationBytes.add(other.operationBytes)
    payloadBytes.add(other.payloadBytes)
    wireBytes.add(other.wireBytes)
    intraNodeBytes.add(other.intraNodeBytes)
    interNodeBytes.add(other.interNodeBytes)
  }
}

/// Time that a trace gives the calls of one collective for one strategy.
public struct RunTime: Sendable, Equatable {
  /// The strategy served.
  public var dimension: ParallelismDimension
  /// The operation.
  public var collective: String
  /// What told the times and what was timed: times of two sources must not be added.
  public var source: String
  /// Durations, one per rank and call.
  public var calls: UInt64
  /// Their sum in nanoseconds.
  public var nanoseconds: UInt64

  /// Makes an entry.
  public init(
    dimension: ParallelismDimension, collective: String, source: String, calls: UInt64,
    nanoseconds: UInt64
  ) {
    self.dimension = dimension
    self.collective = collective
    self.source = source
    self.calls = calls
    self.nanoseconds = nanoseconds
  }

  init(_ row: DurationRow) {
    self.init(
      dimension: row.dimension, collective: row.collective,
      source: "\(row.source.name) \(row.basis.name)", calls: row.durations.count,
      nanoseconds: UInt64(clamping: row.durations.total))
  }
}

/// One run, as far as it can be compared with others: sums of its report.
public struct ComparedRun: Sendable, Equatable {
  /// What traffic is compared by.
  public struct Class: Hashable, Comparable, Sendable {
    /// The strategy served.
    public var dimension: ParallelismDimension
    /// What the job was doing.
    public var phase: TrafficPhase
    /// The operation.
    public var collective: String

    // swift-format-ignore: AllPublicDeclarationsHaveDocumentation
    public static func < (a: Self, b: Self) -> Bool {
      (a.dimension, a.phase, a.collective) < (b.dimension, b.phase, b.collective)
    }
  }
  /// The communicators of one strategy.
  public struct Groups: Sendable, Equatable {
    /// Communicators.
    public var count = 0
    /// Their sizes, each once, ascending.
    public var sizes: [Int] = []
    /// The least sure label among those with traffic, or of all where none has any.
    public var confidence: Confidence = .certain
    /// Ranks of each group, where all have the same number.
    public var degree: Int? { sizes.count == 1 ? sizes.first : nil }
  }
  /// What links are compared by: all of one kind on a node, or from one node to another.
  public struct LinkGroup: Hashable, Comparable, Sendable {
    /// The kind of link.
    public var kind: LinkRow.Kind
    /// The node, by its place in the order of ranks.
    public var node: Int
    /// The node that receives, for a pair of nodes.
    public var peerNode: Int?

    // swift-format-ignore: AllPublicDeclarationsHaveDocumentation
    public static func < (a: Self, b: Self) -> Bool {
      (a.kind, a.node, a.peerNode ?? -1) < (b.kind, b.node, b.peerNode ?? -1)
    }
  }
  /// What a group of links carried.
  public struct LinkLoad: Sendable, Equatable {
    /// Links that carried anything.
    public var links = 0
    /// Bytes that left over them.
    public var sentBytes: UInt64 = 0
    /// Bytes that arrived over them.
    public var receivedBytes: UInt64 = 0
  }
  /// Findings of one code.
  public struct FindingCount: Sendable, Equatable {
    /// How serious the gravest is.
    public var severity: Finding.Severity
    /// How many there are.
    public var count: Int
    /// The first one in words.
    public var summary: String
  }

  /// What a person calls it; unique in a comparison.
  public var label: String
  /// One line that says what the job was.
  public var headline: String
  /// What its logs can and cannot show.
  public var coverage: Coverage
  /// Traffic by class.
  public var classes: [Class: RunAmounts] = [:]
  /// Times by strategy; empty without a trace that tells them.
  public var times: [ParallelismDimension: UInt64] = [:]
  /// What told the times.
  public var timeSource: String?
  /// Communicators by strategy.
  public var groups: [ParallelismDimension: Groups] = [:]
  /// Links by kind and node.
  public var links: [LinkGroup: LinkLoad] = [:]
  /// Findings by code.
  public var findings: [String: FindingCount] = [:]
  /// Steps that a person states, which stand for all phases but `init`.
  public var statedSteps: UInt64?
  /// Tokens that a person states.
  public var statedTokens: UInt64?

  /// Sums up a summary.
  ///
  /// - Parameters:
  ///   - label: What a person calls the run.
  ///   - summary: The run; its sorted rows of durations may be missing.
  ///   - times: The durations' sums; those of the summary by default.
  /// - Complexity: O(*n* log *n*) in the rows.
  public init(label: String, _ summary: TrafficSummary, times: [RunTime]? = nil) {
    self.label = label
    headline = summary.headline
    coverage = summary.coverage
    for row in summary.traffic {
      classes[
        Class(dimension: row.dimension, phase: row.phase, collective: row.collective),
        default: RunAmounts()
      ].add(RunAmounts(row))
    }
    for row in summary.communicators { addGroup(row) }
    for row in summary.links {
      let group = LinkGroup(kind: row.kind, node: row.node, peerNode: row.peerNode)
      links[group, default: LinkLoad()].links += 1
      links[group, default: LinkLoad()].sentBytes.add(row.sentBytes)
      links[group, default: LinkLoad()].receivedBytes.add(row.receivedBytes)
    }
    for finding in summary.findings {
      if var known = findings[finding.code] {
        known.count += 1
        known.severity = min(known.severity, finding.severity)
        findings[finding.code] = known
      } else {
        findings[finding.code] = FindingCount(
          severity: finding.severity, count: 1, summary: finding.summary)
      }
    }
    add(times ?? summary.durations.map { RunTime($0) })
  }

  private mutating func addGroup(_ row: CommunicatorRow) {
    var own = groups[row.dimension] ?? Groups()
    // A label without traffic behind it must not make the others look weak.
    let isFirst = own.count == 0
    let hadTraffic = trafficked.contains(row.dimension)
    let hasTraffic = row.operations > 0
    if isFirst || hasTraffic && !hadTraffic {
      own.confidence = row.confidence
    } else if hasTraffic == hadTraffic {
      own.confidence = max(own.confidence, row.confidence)
    }
    if hasTraffic { trafficked.insert(row.dimension) }
    own.count += 1
    if !own.sizes.contains(row.size) { own.sizes = (own.sizes + [row.size]).sorted() }
    groups[row.dimension] = own
  }

  private var trafficked: Set<ParallelismDimension> = []

  /// Takes the times of the source that has most calls; times of several sources are of the same
  /// calls.
  private mutating func add(_ entries: [RunTime]) {
    var calls: [String: UInt64] = [:]
    for entry in entries { calls[entry.source, default: 0].add(entry.calls) }
    guard let best = calls.max(by: { ($0.value, $1.key) < ($1.value, $0.key) })?.key else { return }
    timeSource = best
    var byCollective: [ParallelismDimension: [String: UInt64]] = [:]
    for entry in entries where entry.source == best {
      times[entry.dimension, default: 0].add(entry.nanoseconds)
      byCollective[entry.dimension, default: [:]][entry.collective, default: 0]
        .add(entry.nanoseconds)
    }
    // Times are known by collective; by phase only where the collective is of one phase.
    var phases: [ParallelismDimension: [String: Int]] = [:]
    for own in classes.keys { phases[own.dimension, default: [:]][own.collective, default: 0] += 1 }
    for own in classes.keys where phases[own.dimension]?[own.collective] == 1 {
      classes[own]?.time = byCollective[own.dimension]?[own.collective]
    }
  }

  // MARK: - Sums

  /// The amounts of one strategy or all, in one phase or all.
  public func amounts(
    of dimension: ParallelismDimension? = nil, in phase: TrafficPhase? = nil
  ) -> RunAmounts {
    var sum = RunAmounts()
    var times: UInt64? = 0
    for (own, amounts) in classes
    where (dimension ?? own.dimension) == own.dimension && (phase ?? own.phase) == own.phase {
      sum.add(amounts)
      times.add(amounts.time)
    }
    if phase != nil {
      sum.time = timeSource == nil ? nil : times
    } else if timeSource != nil {
      sum.time =
        dimension.map { self.times[$0] ?? 0 } ?? self.times.values.reduce(0) { $0.adding($1) }
    }
    return sum
  }

  /// Findings that are errors or warnings, and notes.
  public var findingCount: Int { findings.values.reduce(0) { $0 + $1.count } }

  /// Tokens that went through the model.
  public var tokens: UInt64? { statedTokens ?? coverage.tokens }

  /// How often the traffic of a phase repeats: steps of a training, decode passes of an engine that
  /// serves; `nil` for the whole run of one that serves, and for what happens once.
  public func steps(of phase: TrafficPhase? = nil) -> UInt64? {
    guard phase != .initialization else { return nil }
    if let statedSteps { return statedSteps }
    guard let own = coverage.repetitions, own > 0 else { return nil }
    guard coverage.repeatsPasses else { return UInt64(own) }
    return phase == .decode ? UInt64(own) : nil
  }
}
