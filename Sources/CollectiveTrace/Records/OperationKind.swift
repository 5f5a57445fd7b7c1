// SPDX-License-Identifier: Apache-2.0

/// What one operation line of a log says was called.
///
/// The raw values are part of the partial format; append, never renumber.
public enum OperationKind: UInt8, Sendable, CaseIterable, BitwiseCopyable {
  case allReduce = 0
  case allGather = 1
  case reduceScatter = 2
  case broadcast = 3
  case reduce = 4
  case allToAll = 5
  case gather = 6
  case scatter = 7
  case send = 8
  case recv = 9
  case putSignal = 10
  case signal = 11
  case waitSignal = 12
  /// NCCL 2.3.5 printed no operation name.
  case unnamed = 13

  /// The name used in every table, `snake_case`.
  public var name: String {
    switch self {
    case .allReduce: "all_reduce"
    case .allGather: "all_gather"
    case .reduceScatter: "reduce_scatter"
    case .broadcast: "broadcast"
    case .reduce: "reduce"
    case .allToAll: "all_to_all"
    case .gather: "gather"
    case .scatter: "scatter"
    case .send: "send"
    case .recv: "recv"
    case .putSignal: "put_signal"
    case .signal: "signal"
    case .waitSignal: "wait_signal"
    case .unnamed: "unnamed"
    }
  }

  /// Whether the call names one peer instead of joining the whole communicator.
  public var isPointToPoint: Bool {
    switch self {
    case .send, .recv, .putSignal, .signal, .waitSignal: true
    default: false
    }
  }

  /// Whether NCCL makes it of sends and receives, over their connections.
  var isMadeOfSends: Bool {
    switch self {
    case .allToAll, .gather, .scatter: true
    default: isPointToPoint
    }
  }
}
