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

/// A link, by the alpha-beta model: latency, then bytes at a rate.
///
/// - SeeAlso: Hockney, "The communication challenge for MPP", Parallel Computing 20 (1994).
public struct Link: Sendable, Equatable {
  /// The share of the bandwidth that messages of a size attain.
  public struct Efficiency: Sendable, Equatable {
    /// The message in bytes.
    public var bytes: Double
    /// Above 0, at most 1.
    public var share: Double

    /// Makes a point of a curve.
    public init(bytes: Double, share: Double) {
      self.bytes = bytes
      self.share = share
    }
  }

  /// Bytes per second in one direction.
  public var bandwidth: Double
  /// Seconds before the first byte.
  public var latency: Double
  /// Measured shares of the bandwidth, ascending by bytes; empty for the full bandwidth.
  public var efficiency: [Efficiency] = []

  /// Makes a link.
  public init(bandwidth: Double, latency: Double) {
    self.bandwidth = bandwidth
    self.latency = latency
  }

  /// Bytes per second that a message attains: linear between the points of the curve, constant
  /// outside of them.
  public func bandwidth(message bytes: Double) -> Double {
    guard let first = efficiency.first, let last = efficiency.last else { return bandwidth }
    guard bytes > first.bytes else { return bandwidth * first.share }
    for (low, high) in zip(efficiency, efficiency.dropFirst()) where bytes <= high.bytes {
      let part = (bytes - low.bytes) / (high.bytes - low.bytes)
      return bandwidth * (low.share + (high.share - low.share) * part)
    }
    return bandwidth * last.share
  }

  /// Seconds for one message.
  public func seconds(bytes: Double) -> Double { latency + bytes / bandwidth(message: bytes) }

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

  /// The same where a kernel reads the cached vector once for scores and for values (FlashMLA).
  public var sharedReadIntensity: Double { 2 * scoreIntensity }

  /// What absorbing the projections changes in decode, for latent attention.
  ///
  /// - SeeAlso: arXiv 2507.15465, table III and observations 2 and 3.
  public struct Reordering: Sendable, Equatable {
    /// How much less time core attention takes where reading sets it: 2 n d/rank.
    public var latencyGain: Double
    /// How many more operations scores take: rank/d.
    public var moreOperations: Double
    /// How many fewer bytes are read: n d/rank.
    public var fewerBytes: Double
  }

  /// Returns what absorbing the projections changes; `nil` without latent attention.
  public static func reordering(of model: ModelConfiguration) -> Reordering? {
    guard let latent = model.latentAttention, latent.keyValueRank > 0,
      latent.noPositionHeadDimension > 0
    else { return nil }
    let width = Double(latent.noPositionHeadDimension)
    let rank = Double(latent.keyValueRank)
    let decompressed = Double(model.attentionHeads) * width
    return Reordering(
      latencyGain: 2 * decompressed / rank, moreOperations: rank / width,
      fewerBytes: decompressed / rank)
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
