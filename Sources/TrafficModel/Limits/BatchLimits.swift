// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace
internal import TrafficAnalysis

/// Batch sizes at which a model on a machine turns from one bound to another.
///
/// - SeeAlso: arXiv 2507.15465, equations 9 to 13.
public struct BatchLimits: Sendable, Equatable {
  /// The hardware's name.
  public var hardware: String
  /// Tokens of each sequence.
  public var context: Int
  /// Operations per byte at which computing and reading take equally long.
  public var ridgePoint: Double?
  /// Operations per byte of attention's scores in decode; twice that where the cached vector is
  /// read once for scores and values.
  public var scoreIntensity: Double
  /// Bytes that one token leaves in the cache.
  public var cacheBytesPerToken: Double
  /// Sequences from which the projections of attention compute longer than they read (equation 10).
  public var attention: Double?
  /// The same of experts; `nil` for a dense model.
  public var experts: Double?
  /// Sequences that fit beside the weights (equation 11); `nil` when the memory is not known.
  public var capacity: Double?
  /// Sequences that keep the time of an output token (equation 12).
  public var tokenTime: Double?
  /// Seconds of dispatch and combine of one layer at the batch ``experts``, or 1 (equation 13).
  public var exchangeSeconds: Double?
}

extension LimitModel {
  /// Returns the batch limits for sequences of a length.
  public func batchLimits(context: Int) -> BatchLimits {
    let limits = DecodeLimits(model: model)
    let cache = demand.cacheBytesPerToken * Double(context)
    var result = BatchLimits(
      hardware: hardware.name, context: context, scoreIntensity: limits.scoreIntensity,
      cacheBytesPerToken: demand.cacheBytesPerToken)
    if let memoryBandwidth {
      let accelerator = Accelerator(
        operationsPerSecond: operationRate, memoryBandwidth: memoryBandwidth)
      result.ridgePoint = accelerator.ridgePoint
      // A weight of one byte is read in half the time, and multiplied as often.
      let scale = demand.weightBytes / 2
      result.attention =
        scale * limits.attentionBatch(on: accelerator, dataParallel: max(1, parallelism.data))
      result.experts = limits.expertBatch(on: accelerator).map { $0 * scale }
    }
    if let capacity, cache > 0 {
      result.capacity = max(0, ((capacity - residentBytes) / cache).rounded(.down))
    }
    result.tokenTime = largestBatch(context: context)
    if model.experts != nil, parallelism.expert > 1, let batch = result.experts {
      result.exchangeSeconds = exchangeSeconds(tokens: batch)
    }
    return result
  }

  /// Dispatch and combine of one layer for a batch over all accelerators.
  private func exchangeSeconds(tokens: Double) -> Double? {
    guard let experts = model.experts, experts.expertLayers > 0 else { return nil }
    var alone = parallelism
    alone.tensor = 1
    alone.pipeline = 1
    alone.data = accelerators
    guard
      let model = try? LimitModel(self.model, on: hardware, parallelism: alone, options: options)
    else { return nil }
    return model.communicationSeconds(tokens: tokens) / Double(experts.expertLayers)
  }

  /// The largest batch whose decode pass takes no longer than an output token may.
  ///
  /// The time grows with the batch, so that bisection finds it; `nil` when not even one sequence
  /// keeps it.
  private func largestBatch(context: Int) -> Double? {
    func keeps(_ batch: Int) -> Bool {
      pass(.decode, batch: batch, context: context).seconds <= options.tokenTime
    }
    guard keeps(1) else { return nil }
    var low = 1
    var high = 2
    while high < 1 << 40, keeps(high) {
      low = high
      high *= 2
    }
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if keeps(middle) { low = middle } else { high = middle }
    }
    return Double(low)
  }

  /// The shortest prompt from which another layout finishes a prefill pass sooner; `nil` when none
  /// up to `longest` does.
  ///
  /// - Parameters:
  ///   - other: The same model and machine under another layout.
  ///   - batch: Sequences of the pass.
  ///   - longest: The longest prompt considered.
  /// - Returns: Tokens of the prompt.
  /// - Complexity: O(*longest*).
  public func prefillCrossover(
    to other: LimitModel, batch: Int = 1, longest: Int = 1 << 17
  ) -> Int? {
    (1...max(1, longest)).first { length in
      other.pass(.prefill, batch: batch, context: length).seconds
        < pass(.prefill, batch: batch, context: length).seconds
    }
  }
}
