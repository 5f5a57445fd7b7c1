// SPDX-License-Identifier: Apache-2.0

public import TrafficAnalysis

/// What the strategies of a job should move, by closed forms and without a log.
///
/// The rows have the key and the definitions of `TrafficRow`, so that the two can be laid side
/// by side. Only what follows from layout, model and workload is here: set-up, warm-up and the
/// calls that depend on data are named in ``statements``.
///
/// - Units: bytes; counts are exact unless ``statements`` says otherwise. A sum beyond 2^64 - 1
///   stays there.
/// - Invariant: the ranks' `calls`, `payloadBytes` sum to the rows' `rankCalls`, `payloadBytes`.
/// - Invariant: `ranks` sent in all = received in all = `wireBytes` of the rows, up to less than
///   one byte for each rank and formula where a ring does not divide evenly.
public struct ExpectedTraffic: Sendable, Equatable {
  /// One class of operations.
  public struct Row: Sendable, Equatable {
    /// The strategy served.
    public var dimension: ParallelismDimension
    /// What the job is doing.
    public var phase: TrafficPhase
    /// `all_reduce`, ..., `send_recv` for matched pairs.
    public var collective: String
    /// The element type.
    public var dataType: String
    /// As a log states the call; `nil` when parts differ (tokens routed to experts).
    public var elementCount: UInt64?
    /// S of nccl-tests; the mean where parts differ.
    public var messageBytes: UInt64
    /// Ranks of each communicator.
    public var communicatorSize: Int
    /// Communicators in this row.
    public var communicators: Int
    /// Collectives, each counted once whatever its size; a matched send + receive is one.
    public var operations: UInt64
    /// API calls, one per rank.
    public var rankCalls: UInt64
    /// What the calls' send buffers hold.
    public var payloadBytes: UInt64
    /// Bytes that leave GPUs, over all ranks, by the ring bound.
    public var wireBytes: UInt64
    /// The formulas, joined by `; `.
    public var source: String
    /// What a reader must know about the row; empty when there is nothing.
    public var note: String
    /// Calls of each rank of a pipeline stage, by stage.
    public var callsByStage: [UInt64] = []
  }

  /// The sums of one global rank.
  public struct Rank: Sendable, Equatable {
    /// Rank in the job.
    public var rank: Int
    /// Its pipeline stage.
    public var stage: Int
    /// API calls.
    public var calls: UInt64
    /// What its send buffers hold.
    public var payloadBytes: UInt64
    /// Bytes that leave its GPU.
    public var sentBytes: UInt64
    /// Bytes that arrive at its GPU.
    public var receivedBytes: UInt64
  }

  /// The job's title, or its file.
  public var job: String
  /// Sorted by dimension, phase, collective, data type, message size, communicator size, count.
  public var rows: [Row]
  /// Sorted by rank.
  public var ranks: [Rank]
  /// Optimizer steps (training) or decode passes (inference) in the numbers.
  public var repetitions: UInt64?
  /// What was assumed and what is outside the closed forms, most important first.
  public var statements: [String]

  /// Sum over all rows.
  public var operations: UInt64 { rows.reduce(0) { $0.adding($1.operations) } }
  /// Sum over all rows.
  public var rankCalls: UInt64 { rows.reduce(0) { $0.adding($1.rankCalls) } }
  /// Sum over all rows.
  public var payloadBytes: UInt64 { rows.reduce(0) { $0.adding($1.payloadBytes) } }
  /// Sum over all rows.
  public var wireBytes: UInt64 { rows.reduce(0) { $0.adding($1.wireBytes) } }
}
