// SPDX-License-Identifier: Apache-2.0

public import CollectiveTrace

/// Choices of a framework that a job description does not hold, with each framework's default.
public struct TrafficAssumptions: Sendable, Equatable {
  /// How an inference engine brings logits together.
  public enum Logits: String, Sendable, CaseIterable {
    /// Every rank of the tensor group gets them (vLLM's V1 engine).
    case allGather = "all-gather"
    /// Only the first rank of the tensor group gets them (vLLM's V0 engine).
    case gather
  }

  /// How tokens reach the experts.
  public enum ExpertDispatch: String, Sendable, CaseIterable {
    /// Each token goes to the ranks of its experts and back (Megatron-LM, DeepEP).
    case allToAll = "all-to-all"
    /// All tokens go to all ranks, partial results are reduced (vLLM's fallback).
    case allGather = "all-gather"
  }

  /// How ranks that share a sequence see each other's keys and values.
  public enum ContextExchange: String, Sendable, CaseIterable {
    /// Blocks travel around a ring (ring attention).
    case ring
    /// Keys and values are gathered before attention.
    case allGather = "all-gather"
  }

  /// How logits are brought together.
  public var logits = Logits.allGather
  /// How tokens reach the experts.
  public var expertDispatch = ExpertDispatch.allToAll
  /// How keys and values are exchanged.
  public var contextExchange = ContextExchange.ring
  /// Model chunks of each pipeline stage; more than one is Megatron-LM's interleaved schedule.
  public var virtualStages = 1
  /// Room of each expert in per cent of the even share; `nil` when no token is dropped.
  public var capacityPercent: Int?
  /// Elements of a gradient bucket; `nil` for the framework's default.
  public var bucketElements: Int?
  /// Type of reduced gradients; `nil` for the framework's default.
  public var gradientType: DataType?

  /// Makes the frameworks' defaults.
  public init() {}

  /// Checks the numbers, which come from a command line.
  ///
  /// - Throws: `invalidValue` with the name of the option.
  func check(at location: ConfigurationLocation) throws(ConfigurationError) {
    let limits: [(name: String, value: Int?, range: ClosedRange<Int>)] = [
      ("virtual-stages", virtualStages, 1...ModelConfiguration.maximumCount),
      ("capacity-percent", capacityPercent, 1...1_000_000),
      ("bucket-elements", bucketElements, 1...(1 << 40)),
    ]
    for (name, value, range) in limits {
      guard let value, !range.contains(value) else { continue }
      throw .invalidValue(
        at: location, keyPath: name, found: "\(value)",
        allowed: "\(range.lowerBound) to \(range.upperBound)")
    }
  }
}
