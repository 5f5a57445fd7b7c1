// SPDX-License-Identifier: Apache-2.0

/// One measurement of nccl-tests or rccl-tests: half a row of their table.
public struct BenchmarkFacts: Sendable, Equatable {
  /// Index of the file in ``TracePartial/files``.
  public var file: Int = 0
  /// Line number in the file, from 1.
  public var line: Int
  /// The operation, as the log names it or as the table's columns leave no other; else `nil`.
  public var kind: OperationKind?
  /// Ranks of the communicator, from the list of devices; `nil` when the log has none.
  public var ranks: Int?
  /// S of nccl-tests in bytes.
  public var bytes: UInt64
  /// Elements, as the table counts them.
  public var count: UInt64
  /// The element type as printed, and what it is here; `nil` when it has no name in NCCL.
  public var typeName: String
  /// The element type; `nil` when the printed name is not known.
  public var dataType: DataType?
  /// The reduction as printed; empty when none.
  public var reduction: String = ""
  /// The root as printed; `nil` when none.
  public var root: Int?
  /// Whether send and receive buffers are the same; `nil` when the table does not say.
  public var isInPlace: Bool?
  /// The mean time of one operation in nanoseconds.
  public var nanoseconds: Int64
  /// Algorithm bandwidth as printed, in thousandths of GB/s.
  public var statedAlgorithmBandwidth: Int64
  /// Bus bandwidth as printed, in thousandths of GB/s.
  public var statedBusBandwidth: Int64
  /// The column of wrong values or the largest error, as printed; empty when there is none.
  public var wrong: String = ""
}
