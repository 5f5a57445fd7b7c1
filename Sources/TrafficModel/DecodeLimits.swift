// SPDX-License-Identifier: Apache-2.0

public import CollectiveTrace

/// What one accelerator can do, as far as it limits decoding.
///
/// - Units: operations and bytes per second; GB/s = 1e9 bytes per second.
public struct Accelerator: Sendable, Equatable {
  /// Peak operations per second in the type of the activations.
  public var operationsPerSecond: Double
  /// Memory bandwidth in bytes per second.
  public var memoryBandwidth: Double

  /// Makes an accelerator.
  public init(operationsPerSecond: Double, memoryBandwidth: Double) {
    self.operationsPerSecond = operationsPerSecond
    self.memoryBandwidth = memoryBandwidth
  }

  /// Operations per byte at which computing and reading take equally long.
  public var ridgePoint: Double { operationsPerSecond / memoryBandwidth }
}

/// A link, by the alpha-beta model: latency, then bytes at a constant rate.
public struct Link: Sendable, Equatable {
  /// Bytes per second in one direction.
  public var bandwidth: Double
  /// Seconds before the first byte.
  public var latency: Double

  /// Makes a link.
  public init(bandwidth: Double, latency: Double) {
    self.bandwidth = bandwidth
    self.latency = latency
  }

  /// Seconds for one message.
  public func seconds(bytes: Double) -> Double { latency + bytes / bandwidth }

  /// Seconds for a ring all-reduce of a message: 2(n-1) steps of an n-th part each.
  public func ringAllReduceSeconds(bytes: Double, ranks: Int) -> Double {
    guard ranks > 1 else { return 0 }
    return 2 * Double(ranks - 1) * seconds(bytes: bytes / Double(ranks))
  }
}

/// Batch sizes and cache sizes that decide how decoding spends its time.
///
/// - SeeAlso: arXiv 2507.15465, equations 9, 10 and 13, tables III and IV.
public struct DecodeLimits: Sendable {
  private let model: ModelConfiguration

  /// Takes a model.
  public init(model: ModelConfiguration) { self.model = model }

  /// Elements that all layers cache for one token.
  ///
  /// Keys and values of every head of theirs; with latent attention the compressed vector and the
  /// shared rotary key.
  public var cachedElementsPerToken: UInt64 {
    if let latent = model.latentAttention {
      return product(latent.keyValueRank + latent.ropeHeadDimension, model.layers)
    }
    return product(2, model.keyValueHeads, model.headDimension, model.layers)
  }

  /// Operations per byte of a decode step's attention scores, with absorbed projections.
  ///
  /// Latent attention reads one vector for all heads: n d/(n + d) with *n* heads and rank *d*.
  /// Otherwise each cached key is read for the heads that share it.
  public var scoreIntensity: Double {
    if let latent = model.latentAttention {
      let heads = Double(model.attentionHeads)
      let rank = Double(latent.keyValueRank)
      return heads * rank / (heads + rank)
    }
    return Double(model.attentionHeads) / Double(model.keyValueHeads)
  }

  /// Smallest batch at which the projections of attention compute as long as they read:
  /// B = RP x replicas.
  public func attentionBatch(on accelerator: Accelerator, dataParallel: Int) -> Double {
    accelerator.ridgePoint * Double(dataParallel)
  }

  /// Smallest batch at which experts compute as long as they read: B = RP x E/k.
  ///
  /// - Returns: `nil` for a model without experts.
  public func expertBatch(on accelerator: Accelerator) -> Double? {
    model.experts.map {
      accelerator.ridgePoint * Double($0.experts) / Double($0.expertsPerToken)
    }
  }

  /// Mean number of tokens that each expert of a layer gets of a batch: B k/E (equation 9).
  ///
  /// - Returns: `nil` for a model without experts.
  public func tokensPerExpert(batch: Int) -> Double? {
    model.experts.map {
      Double(batch) * Double($0.expertsPerToken) / Double($0.experts)
    }
  }

  /// Seconds for dispatch and combine of one layer: 2 G (M k B)/(BW n) + alpha (equation 13).
  ///
  /// M is one token's hidden state, B the batch over all *n* accelerators, G the load of the busiest
  /// of them over the mean, alpha the link's latency.
  ///
  /// - Returns: `nil` for a model without experts or without an accelerator.
  public func expertExchangeSeconds(
    batch: Int, accelerators: Int, elementBytes: Int, imbalance: Double, link: Link
  ) -> Double? {
    guard accelerators > 0,
      let bytes = dispatchBytes(tokensPerRank: batch, elementBytes: elementBytes)
    else { return nil }
    return 2 * imbalance * Double(bytes) / (link.bandwidth * Double(accelerators)) + link.latency
  }

  /// Bytes that one rank sends in one dispatch (or combine) of a layer, with even routing, all
  /// copies counted: tokens x k x h x size of an element.
  ///
  /// - Returns: `nil` for a model without experts.
  public func dispatchBytes(tokensPerRank: Int, elementBytes: Int) -> UInt64? {
    model.experts.map {
      product(tokensPerRank, $0.expertsPerToken, model.hiddenSize, elementBytes)
    }
  }
}
