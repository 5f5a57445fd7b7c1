// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace
internal import TrafficAnalysis

/// Limits of a model on machines, for every batch and context asked for.
public struct LimitStudy: Sendable {
  /// A machine's roof: what it computes and reads at most.
  public struct Roof: Sendable, Equatable {
    /// The hardware's name.
    public var hardware: String
    /// Operations per second of all accelerators.
    public var operationRate: Double
    /// Bytes per second of all accelerators, or of the pool.
    public var bandwidth: Double
  }

  /// What was studied, in one line.
  public let title: String
  /// By machine, phase (decode first), context, batch.
  public let passes: [PassLimit]
  /// By machine, context.
  public let batches: [BatchLimits]
  /// By machine.
  public let roofs: [Roof]
  /// What was taken and from where, each sentence once.
  public let assumptions: [String]

  /// Studies every combination.
  ///
  /// - Complexity: O(machines x batches x contexts).
  public init(title: String, _ models: [LimitModel], batches: [Int], contexts: [Int]) {
    self.title = title
    var passes: [PassLimit] = []
    passes.reserveCapacity(2 * models.count * batches.count * contexts.count)
    for model in models {
      for phase in [TrafficPhase.decode, .prefill] {
        for context in contexts {
          for batch in batches {
            passes.append(model.pass(phase, batch: batch, context: context))
          }
        }
      }
    }
    self.passes = passes
    self.batches = models.flatMap { model in contexts.map { model.batchLimits(context: $0) } }
    roofs = models.map { model in
      let all = Double(model.accelerators)
      return Roof(
        hardware: model.hardware.name, operationRate: model.operationRate * all,
        bandwidth: model.memoryBandwidth.map { $0 * all }
          ?? model.hardware.memoryPool?.bandwidth?.value ?? 0)
    }
    assumptions =
      Self.merged(models)
      + models.filter(\.assumesLatency).compactMap { model in
        guard let batch = batches.first, let context = contexts.first else { return nil }
        return Self.sensitivity(of: model, batch: batch, context: context)
      }
  }

  /// Says what latencies that nobody states decide: the rate with half and with twice of them.
  private static func sensitivity(of model: LimitModel, batch: Int, context: Int) -> String {
    let rates = [0.5, 1, 2].map { factor in
      let pass = model.scalingLatency(by: factor).pass(.decode, batch: batch, context: context)
      return "\(UInt64(min(pass.userRate.rounded(), 1e18)))"
    }
    return
      "\(model.hardware.name): with half of the assumed latency of collectives a user gets \(rates[0]) tokens/s at batch \(batch) and context \(context), as given \(rates[1]), with twice \(rates[2])."
  }

  /// Says once what holds for several machines, and of which where it does not hold for all.
  private static func merged(_ models: [LimitModel]) -> [String] {
    var order: [String] = []
    var names: [String: [String]] = [:]
    for model in models {
      for sentence in model.assumptions {
        if names[sentence] == nil { order.append(sentence) }
        names[sentence, default: []].append(model.hardware.name)
      }
    }
    return order.map { sentence in
      let own = names[sentence] ?? []
      return own.count == models.count ? sentence : "\(own.joined(separator: ", ")): \(sentence)"
    }
  }
}
