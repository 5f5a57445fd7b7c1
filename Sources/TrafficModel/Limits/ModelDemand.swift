// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// What a pass of a model must compute and read, over all accelerators together.
///
/// - Units: operations (a multiplication and an addition are two), elements, bytes.
struct ModelDemand {
  let model: ModelConfiguration
  /// Bytes of one weight.
  let weightBytes: Double
  /// Bytes of one cached element.
  let cacheBytes: Double
  /// Weights that are not experts, without an input embedding of their own.
  private let dense: Double
  /// Routed experts of all layers.
  private let experts: Double
  /// An input embedding that is not the output's, of which a pass reads some rows only.
  private let inputEmbedding: Double

  /// Counts a model's weights, or takes a stated number for them.
  init(
    _ model: ModelConfiguration, weightBytes: Double, cacheBytes: Double, parameters: Double? = nil
  ) {
    self.model = model
    self.weightBytes = weightBytes
    self.cacheBytes = cacheBytes
    let shape = TransformerShape(model: model, tensor: 1, expert: 1, expertTensor: 1)
    let expertLayers = model.experts?.expertLayers ?? 0
    let layers = product(max(0, model.layers - expertLayers)).times(shape.denseLayer)
      .adding(product(expertLayers).times(shape.expertLayerDensePart))
    experts = Double(product(expertLayers).times(shape.expertLayerExperts))
    if let parameters {
      dense = max(0, parameters - experts)
      inputEmbedding = 0
    } else {
      dense = Double(layers.adding(shape.norm).adding(shape.embedding))
      inputEmbedding = model.tiedEmbeddings == true ? 0 : Double(shape.embedding)
    }
  }

  /// All weights, each once.
  var parameters: Double { dense + experts + inputEmbedding }

  /// Weights that a token is multiplied with.
  var activeParameters: Double { dense + experts * activeShare }

  private var activeShare: Double {
    guard let own = model.experts else { return 1 }
    return min(1, Double(own.expertsPerToken) / Double(max(1, own.experts)))
  }

  /// Bytes that stay on accelerators: dense weights in `copies`, experts in copies of their own.
  func residentBytes(copies: Double, expertCopies: Double) -> Double {
    ((dense + inputEmbedding) * copies + experts * expertCopies) * weightBytes
  }

  /// Bytes of weights that a pass reads.
  ///
  /// A layer reads the experts that its tokens go to. With even routing, *t* tokens touch
  /// E (1 - (1 - k/E)^t) of *E* experts.
  func readBytes(copies: Double, expertCopies: Double, tokens: Double) -> Double {
    let perCopy = tokens / max(1, expertCopies)
    let touched =
      model.experts == nil
      ? 1 : 1 - power(1 - activeShare, Int(min(1e9, max(1, perCopy.rounded()))))
    return (dense * copies + experts * expertCopies * touched) * weightBytes
  }

  private func power(_ base: Double, _ exponent: Int) -> Double {
    var result = 1.0
    var square = base
    var rest = exponent
    while rest > 0 {
      if rest & 1 == 1 { result *= square }
      square *= square
      rest >>= 1
    }
    return result
  }

  /// Bytes of keys and values, or of the latent vector, of one token in all layers.
  var cacheBytesPerToken: Double {
    Double(DecodeLimits(model: model).cachedElementsPerToken) * cacheBytes
  }

  /// Operations with the weights for tokens of which some get logits.
  func weightOperations(tokens: Double, logits: Double) -> Double {
    let head = Double(product(model.vocabularySize, model.hiddenSize))
    let body = max(0, activeParameters - head)
    return 2 * (body * tokens + min(head, activeParameters) * logits)
  }

  /// Operations of scores and weighted values for one new token over a context.
  ///
  /// 4 n d L for heads of width *d*; latent attention with absorbed projections works in the
  /// latent space: 2 n L (rank + rope + rank).
  func decodeAttentionOperations(context: Double) -> Double {
    let heads = Double(model.attentionHeads) * Double(model.layers)
    if let latent = model.latentAttention {
      return 2 * heads * context * Double(2 * latent.keyValueRank + latent.ropeHeadDimension)
    }
    return 4 * heads * Double(model.headDimension) * context
  }

  /// The same for a whole prompt, of which each token sees those before it: half the square.
  ///
  /// Latent attention decompresses keys and values first, as prefill does.
  func prefillAttentionOperations(tokens: Double) -> Double {
    let heads = Double(model.attentionHeads) * Double(model.layers)
    if let latent = model.latentAttention {
      let width =
        latent.noPositionHeadDimension + latent.ropeHeadDimension + latent.valueHeadDimension
      return heads * Double(width) * tokens * tokens
    }
    return 2 * heads * Double(model.headDimension) * tokens * tokens
  }
}
