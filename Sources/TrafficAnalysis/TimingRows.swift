// SPDX-License-Identifier: Apache-2.0

public import CollectiveTrace

/// How long the operations of one class took.
public struct DurationRow: Sendable, Equatable {
  /// What the traffic serves.
  public var dimension: ParallelismDimension
  /// The operation; `send_recv` for sends and receives.
  public var collective: String
  /// The element type.
  public var dataType: String
  /// S of nccl-tests in bytes; `nil` when not known or not the same.
  public var messageBytes: UInt64?
  /// Ranks of each communicator.
  public var communicatorSize: Int
  /// What told the times.
  public var source: TraceSource
  /// What the durations were taken from.
  public var basis: TimingFacts.Basis
  /// The durations in nanoseconds, one per rank and call.
  public var durations: DurationHistogram
  /// What the links allow, where a topology tells and all of its communicators are alike in it.
  public var peak: BandwidthPeak?

  /// Makes a row.
  public init(
    dimension: ParallelismDimension, collective: String, dataType: String, messageBytes: UInt64?,
    communicatorSize: Int, source: TraceSource, basis: TimingFacts.Basis,
    durations: DurationHistogram
  ) {
    self.dimension = dimension
    self.collective = collective
    self.dataType = dataType
    self.messageBytes = messageBytes
    self.communicatorSize = communicatorSize
    self.source = source
    self.basis = basis
    self.durations = durations
  }

  /// S / t of nccl-tests in GB/s (1e9 bytes per second) for a duration in nanoseconds.
  public func algorithmBandwidth(_ nanoseconds: Int64?) -> Double? {
    guard let bytes = messageBytes, let nanoseconds, nanoseconds > 0 else { return nil }
    return Double(bytes) / Double(nanoseconds)
  }

  /// The bus bandwidth of nccl-tests in GB/s: algorithm bandwidth times the operation's factor.
  public func busBandwidth(_ nanoseconds: Int64?) -> Double? {
    guard communicatorSize > 0, let bandwidth = algorithmBandwidth(nanoseconds) else { return nil }
    return bandwidth * Self.busFactor(collective, ranks: communicatorSize)
  }

  /// Bus bandwidth over algorithm bandwidth (nccl-tests, PERFORMANCE.md).
  public static func busFactor(_ collective: String, ranks: Int) -> Double {
    let n = Double(ranks)
    switch collective {
    case "all_reduce": return 2 * (n - 1) / n
    case "all_gather", "reduce_scatter", "all_to_all", "gather", "scatter": return (n - 1) / n
    default: return 1
    }
  }
}

/// How much communication ran beside compute kernels, summed over the ranks whose traces show both.
public struct OverlapRow: Sendable, Equatable {
  /// The step's name; empty for the whole trace.
  public var step: String
  /// The strategy; `nil` for all communication together.
  public var dimension: ParallelismDimension?
  /// Ranks in the sums.
  public var ranks = 0
  /// Length of the step, summed over all ranks that show compute, in nanoseconds: for one strategy
  /// too, so that the shares of the strategies have one denominator.
  public var stepDuration: Int64 = 0
  /// Time that pipeline parallelism leaves a GPU without work: at most this.
  ///
  /// No kernel runs, or only sends and receives of stages do. Launch gaps are in it, and the
  /// transfers themselves; `nil` for one strategy and for steps without such kernels.
  public var bubble: Int64?
  /// Length of the step, summed over the ranks, in nanoseconds; `nil` for one strategy.
  public var duration: Int64?
  /// Time in which compute kernels ran; `nil` for one strategy.
  public var compute: Int64?
  /// Time in which communication kernels ran.
  public var communication: Int64 = 0
  /// The part of it in which no compute kernel ran.
  public var exposed: Int64 = 0

  /// An empty row.
  public init(step: String, dimension: ParallelismDimension?) {
    self.step = step
    self.dimension = dimension
  }

  /// The part of the communication behind compute kernels.
  public var hidden: Int64 { communication - min(communication, exposed) }
  /// The part of the step's time in which its communication kernels ran; `nil` without a length.
  public var timeShare: Double? {
    stepDuration > 0 ? Double(communication) / Double(stepDuration) : nil
  }
  /// Time in which no kernel ran: launch gaps, waiting for the host, pipeline bubbles.
  public var idle: Int64? {
    guard let duration, let compute else { return nil }
    return max(0, duration - compute - exposed)
  }
}

/// How long one rank waited for others in collectives, and others for it.
public struct WaitingRow: Sendable, Equatable {
  /// Global rank.
  public var rank: Int
  /// Collectives of which the durations on all ranks are known.
  public var operations = 0
  /// Those in which this rank came last.
  public var lastArrivals = 0
  /// Time the rank spent waiting for the last one, in nanoseconds.
  public var waited: Int64 = 0
  /// Time that others spent waiting while this rank was the last, in nanoseconds.
  public var caused: Int64 = 0
  /// Time the rank spent in these collectives, in nanoseconds.
  public var duration: Int64 = 0
  /// How far the clock of its machine is ahead of that of the first rank, in nanoseconds; `nil`
  /// when they share no collective with times.
  public var clockOffset: Int64?

  /// An empty row.
  public init(rank: Int) { self.rank = rank }
}
