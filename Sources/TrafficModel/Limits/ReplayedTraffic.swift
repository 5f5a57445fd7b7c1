// SPDX-License-Identifier: Apache-2.0

public import CollectiveTrace
public import TrafficAnalysis

/// The collectives of a run or an expectation, as far as another machine could carry them out.
public struct ReplayedTraffic: Sendable {
  /// Operations of one kind and size on communicators of one size.
  public struct Class: Sendable, Equatable {
    /// The strategy served.
    public var dimension: ParallelismDimension
    /// What the job was doing.
    public var phase: TrafficPhase
    /// `all_reduce`, ..., `send_recv` for matched pairs.
    public var collective: String
    /// S of nccl-tests; `nil` when it varies.
    public var messageBytes: UInt64?
    /// Ranks of each communicator.
    public var communicatorSize: Int
    /// Communicators in this class.
    public var communicators: Int
    /// Collectives over all communicators.
    public var operations: UInt64
    /// What the calls' send buffers hold.
    public var payloadBytes: UInt64
    /// Bytes that left GPUs.
    public var wireBytes: UInt64

    /// S of one operation: stated, or the mean that the bytes on the wire imply by the ring bound.
    public var meanMessageBytes: Double {
      if let messageBytes { return Double(messageBytes) }
      guard operations > 0 else { return 0 }
      let n = Double(max(1, communicatorSize))
      let factor: Double =
        switch collective {
        case "all_reduce": 2 * (n - 1)
        case "all_gather", "reduce_scatter", "all_to_all", "broadcast", "reduce": n - 1
        case "gather", "scatter": (n - 1) / n
        default: 1
        }
      return factor > 0
        ? Double(wireBytes) / (Double(operations) * factor)
        : Double(payloadBytes) / Double(operations)
    }
  }

  private struct Family: Hashable {
    var dimension: ParallelismDimension?
    var size: Int
  }

  /// What a person calls it.
  public var label: String
  /// In the order of the traffic table.
  public var classes: [Class]
  /// Load of the busiest expert rank over the mean, where the logs tell who sent whom how much.
  public var expertImbalance: Double?
  /// Global ranks of communicators, by strategy and size, and by size alone.
  private var groups: [Family: [[Int]]] = [:]
  /// Most groups that are looked at for one class: layouts repeat themselves.
  private static let maximumGroups = 1024

  /// Takes the traffic of a run.
  ///
  /// - Complexity: O(rows + ranks of communicators).
  public init(label: String, _ summary: TrafficSummary) {
    self.label = label
    classes = summary.traffic.map { row in
      Class(
        dimension: row.dimension, phase: row.phase, collective: row.collective,
        messageBytes: row.messageBytes, communicatorSize: row.communicatorSize,
        communicators: row.communicators, operations: row.operations,
        payloadBytes: row.payloadBytes, wireBytes: row.wireBytes)
    }
    for row in summary.communicators {
      let ranks = row.ranks.compactMap(\.self)
      if ranks.count == row.size { add(ranks, row.dimension) }
    }
    expertImbalance = Self.imbalance(summary.rankMatrix)
  }

  /// Takes the traffic that a job's description implies.
  ///
  /// - Complexity: O(rows + ranks).
  public init(label: String, _ expected: ExpectedTraffic, job: JobDescription) {
    self.label = label
    classes = expected.rows.map { row in
      Class(
        dimension: row.dimension, phase: row.phase, collective: row.collective,
        messageBytes: row.messageBytes, communicatorSize: row.communicatorSize,
        communicators: row.communicators, operations: row.operations,
        payloadBytes: row.payloadBytes, wireBytes: row.wireBytes)
    }
    let grid = RankGrid(job: job)
    for dimension in Set(classes.map(\.dimension)) {
      // Sequence parallelism runs on the tensor group.
      for ranks in grid.groups(for: dimension == .sp ? .tp : dimension).prefix(Self.maximumGroups) {
        add(ranks, dimension)
      }
    }
  }

  private mutating func add(_ ranks: [Int], _ dimension: ParallelismDimension) {
    for family in [
      Family(dimension: dimension, size: ranks.count), Family(dimension: nil, size: ranks.count),
    ] where groups[family, default: []].count < Self.maximumGroups {
      groups[family, default: []].append(ranks)
    }
  }

  /// Load of the busiest receiver of expert traffic over the mean of those that receive any.
  private static func imbalance(_ matrix: [RankMatrixRow]) -> Double? {
    var received: [Int: UInt64] = [:]
    for row in matrix where row.dimension == .ep {
      received[row.destinationRank, default: 0].add(row.bytes)
    }
    let sum = received.values.reduce(0) { $0 + Double($1) }
    guard let most = received.values.max(), sum > 0 else { return nil }
    return Double(most) * Double(received.count) / sum
  }

  /// The shape of a class's communicators on a fabric: that of the group over most domains.
  ///
  /// Where no ranks are known, consecutive ones are taken.
  func shape(of own: Class, on fabric: CommunicationFabric) -> GroupShape {
    let size = own.communicatorSize
    let known =
      groups[Family(dimension: own.dimension, size: size)]
      ?? groups[Family(dimension: nil, size: size)] ?? []
    let domains =
      known.map { fabric.domains(of: $0) }.max() ?? fabric.domains(ofConsecutive: size)
    return GroupShape(ranks: size, domains: domains)
  }

  /// What the send buffers hold, over all classes.
  public var payloadBytes: UInt64 { classes.reduce(0) { $0.adding($1.payloadBytes) } }
}
