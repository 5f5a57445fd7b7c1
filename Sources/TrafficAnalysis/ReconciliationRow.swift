// SPDX-License-Identifier: Apache-2.0

/// What a strategy should have moved beside what was seen: one row of `reconciliation.csv`.
///
/// A row is a class of operations: one dimension, collective, message size and communicator size,
/// over all phases. Bytes are payload.
public struct ReconciliationRow: Sendable, Equatable {
  /// What the comparison says.
  public enum Verdict: String, Sendable, CaseIterable {
    /// Operations and bytes are equal.
    case exact
    /// They differ, and `explanation` says why they may.
    case explained
    /// They differ and nothing known explains it.
    case unexplained
    /// The logs cannot show this class.
    case notObservable = "not_observable"
  }

  /// The strategy served.
  public var dimension: ParallelismDimension
  /// The phase, when all operations of the class are of one; else `unknown`.
  public var phase: TrafficPhase
  /// The collective's name.
  public var collective: String
  /// S of nccl-tests; `nil` for exchanges whose parts differ.
  public var messageBytes: UInt64?
  /// Ranks of the communicators.
  public var communicatorSize: Int
  /// Operations by the closed form.
  public var expectedOperations: UInt64
  /// Operations in the logs.
  public var observedOperations: UInt64
  /// Payload by the closed form.
  public var expectedBytes: UInt64
  /// Payload in the logs.
  public var observedBytes: UInt64
  /// What the comparison says.
  public var verdict: Verdict
  /// Why; empty when the verdict is `exact`.
  public var explanation: String

  /// Observed over expected payload; `nil` when nothing was expected.
  public var ratio: Double? {
    expectedBytes > 0 ? Double(observedBytes) / Double(expectedBytes) : nil
  }

  /// Makes a row.
  public init(
    dimension: ParallelismDimension, phase: TrafficPhase, collective: String,
    messageBytes: UInt64?, communicatorSize: Int, expectedOperations: UInt64,
    observedOperations: UInt64, expectedBytes: UInt64, observedBytes: UInt64, verdict: Verdict,
    explanation: String
  ) {
    self.dimension = dimension
    self.phase = phase
    self.collective = collective
    self.messageBytes = messageBytes
    self.communicatorSize = communicatorSize
    self.expectedOperations = expectedOperations
    self.observedOperations = observedOperations
    self.expectedBytes = expectedBytes
    self.observedBytes = observedBytes
    self.verdict = verdict
    self.explanation = explanation
  }
}
