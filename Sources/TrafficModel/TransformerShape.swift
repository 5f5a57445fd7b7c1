// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// Weights of a transformer as one rank of a tensor group holds them, in elements.
///
/// Column-parallel matrices (query, key, value, gate, up) are split by columns, row-parallel ones
/// (attention output, down) by rows, embeddings by the vocabulary; norms, the router and the
/// low-rank projections of latent attention are whole on every rank (Megatron-LM,
/// arXiv 1909.08053 section 3).
///
/// What neither a `config.json` nor its family states (learned positions, biases and norms of
/// families not listed here) is left out.
///
/// - SeeAlso: Hugging Face transformers, `modeling_<family>.py`.
struct TransformerShape {
  /// Families whose dense layers have an up and a down projection but no gate.
  private static let plainFamilies: Set<String> = [
    "gpt2", "gpt_bigcode", "gptj", "gpt_neo", "gpt_neox", "bloom", "falcon", "RefinedWeb",
    "RefinedWebModel", "opt", "starcoder2", "phi", "nemotron",
  ]
  /// Families with a bias in every projection and norm.
  private static let biasedFamilies: Set<String> = [
    "gpt2", "gpt_bigcode", "gpt_neox", "bloom", "opt", "starcoder2",
  ]
  /// Families with a bias in the query, key and value projections only.
  private static let attentionBiasedFamilies: Set<String> = ["qwen2", "qwen2_moe"]

  /// Families that norm queries and keys, head by head.
  private static let headNormFamilies: Set<String> = [
    "qwen3", "qwen3_moe", "gemma3", "gemma3_text",
  ]
  /// Families with a norm before and after each block.
  private static let sandwichFamilies: Set<String> = ["gemma2", "gemma3", "gemma3_text"]

  let model: ModelConfiguration
  /// Ranks that share each dense matrix.
  let tensor: Int
  /// Ranks that share the experts.
  let expert: Int
  /// Ranks that share each expert's matrices.
  let expertTensor: Int

  private var family: String { model.modelType ?? "" }
  private var matrices: Int { Self.plainFamilies.contains(family) ? 2 : 3 }
  private var hasBiases: Bool { Self.biasedFamilies.contains(family) }
  private var hidden: UInt64 { UInt64(clamping: model.hiddenSize) }

  private var normsPerLayer: Int {
    if Self.sandwichFamilies.contains(family) { return 4 }
    // Falcon's first layout runs attention and MLP side by side behind one norm.
    return family == "falcon" && model.keyValueHeads == 1 ? 1 : 2
  }

  /// Key and value heads of one rank: heads fewer than ranks are copied.
  var localKeyValueHeads: Int { max(1, model.keyValueHeads / max(1, tensor)) }

  /// Keys and values of one token in one layer, as attention reads them on one rank.
  ///
  /// Latent attention is decompressed to one key and one value for each query head first.
  var localKeyValueElements: UInt64 {
    if let latent = model.latentAttention {
      return UInt64(clamping: max(1, model.attentionHeads / max(1, tensor)))
        .times(model.headDimension + latent.valueHeadDimension)
    }
    return product(2, localKeyValueHeads, model.headDimension)
  }

  /// One norm: its scale, and its shift where the family has one.
  var norm: UInt64 { hidden.times(hasBiases || family == "falcon" ? 2 : 1) }

  /// Weights of a layer that every rank of the tensor group holds whole, dense part only.
  ///
  /// With sequence parallelism each rank sees part of the tokens, so their gradients are summed
  /// over the tensor group.
  var replicatedPerLayer: UInt64 {
    var sum = norm.times(normsPerLayer)
    if Self.headNormFamilies.contains(family) { sum.add(product(2, model.headDimension)) }
    if hasBiases { sum.add(hidden.times(2)) }
    if let latent = model.latentAttention {
      sum.add(UInt64(clamping: latent.keyValueRank + (latent.queryRank ?? 0)))
    }
    return sum
  }

  /// Query, key, value and output projections.
  var attention: UInt64 {
    let heads = max(1, model.attentionHeads / max(1, tensor))
    if let latent = model.latentAttention {
      let query =
        if let rank = latent.queryRank {
          hidden.times(rank).adding(product(rank, heads, model.headDimension))
        } else {
          product(model.hiddenSize, heads, model.headDimension)
        }
      let compressed = hidden.times(latent.keyValueRank + latent.ropeHeadDimension)
      let decompressed = product(
        latent.keyValueRank, heads,
        latent.noPositionHeadDimension + latent.valueHeadDimension)
      let output = product(heads, latent.valueHeadDimension, model.hiddenSize)
      return query.adding(compressed).adding(decompressed).adding(output)
    }
    let columns = product(heads + 2 * localKeyValueHeads, model.headDimension)
    let biases = hasBiases || Self.attentionBiasedFamilies.contains(family) ? columns : 0
    return hidden.times(columns).adding(product(heads, model.headDimension, model.hiddenSize))
      .adding(biases)
  }

  /// Projections of a dense layer of some width.
  private func dense(width: Int, ranks: Int) -> UInt64 {
    let columns = UInt64(clamping: width).dividedUp(by: UInt64(clamping: ranks))
    return hidden.times(columns).times(matrices).adding(hasBiases ? columns : 0)
  }

  /// All weights of a dense layer.
  var denseLayer: UInt64 {
    replicatedPerLayer.adding(attention).adding(
      dense(width: model.intermediateSize, ranks: tensor))
  }

  /// Weights of a layer with experts that are not split over the expert group.
  var expertLayerDensePart: UInt64 {
    guard let experts = model.experts else { return denseLayer }
    let router = hidden.times(experts.experts)
    let shared =
      experts.sharedExperts > 0
      ? dense(width: experts.sharedIntermediateSize, ranks: tensor) : 0
    return replicatedPerLayer.adding(attention).adding(router).adding(shared)
  }

  /// Weights of the experts of one layer that one rank holds.
  var expertLayerExperts: UInt64 {
    guard let experts = model.experts else { return 0 }
    return dense(width: experts.intermediateSize, ranks: expertTensor)
      .times(UInt64(clamping: experts.experts).dividedUp(by: UInt64(clamping: expert)))
  }

  /// The input or the output embedding.
  var embedding: UInt64 {
    UInt64(clamping: model.vocabularySize).dividedUp(by: UInt64(clamping: tensor)).times(hidden)
  }
}

/// How layers are spread over pipeline stages.
struct StageLayout {
  /// What one stage computes.
  struct Stage {
    /// Layers without experts.
    var denseLayers = 0
    /// Layers with experts.
    var expertLayers = 0
    /// All of them.
    var layers: Int { denseLayers + expertLayers }
  }

  /// In order of the stages.
  private(set) var stages: [Stage]

  /// Deals out layers in consecutive runs; run *i* goes to stage *i* modulo the number of stages.
  ///
  /// - Parameters:
  ///   - model: Which layers have experts.
  ///   - count: Stages.
  ///   - runs: Layers of each run; as many runs as stages, or a multiple of that.
  init(model: ModelConfiguration, stages count: Int, runs: [Int]) {
    stages = [Stage](repeating: Stage(), count: max(1, count))
    var layer = 0
    for (index, length) in runs.enumerated() {
      let stage = index % stages.count
      for _ in 0..<max(0, length) {
        if Self.hasExperts(layer, model) {
          stages[stage].expertLayers += 1
        } else {
          stages[stage].denseLayers += 1
        }
        layer += 1
      }
    }
  }

  /// Whether a layer has experts; where not every layer has, they are spread evenly.
  private static func hasExperts(_ layer: Int, _ model: ModelConfiguration) -> Bool {
    guard let experts = model.experts, layer >= experts.firstDenseLayers else { return false }
    let candidates = model.layers - experts.firstDenseLayers
    guard candidates > 0 else { return false }
    // Both factors are at most 2^16, so that no product overflows.
    let place = layer - experts.firstDenseLayers
    return (place + 1) * experts.expertLayers / candidates
      > place * experts.expertLayers / candidates
  }

  /// Layers of each stage in vLLM: those left over go one each to the stages before the last.
  ///
  /// - SeeAlso: `get_pp_indices` in vLLM's `distributed/utils.py`.
  static func inferenceRuns(layers: Int, stages: Int) -> [Int] {
    let stages = max(1, stages)
    var runs = [Int](repeating: layers / stages, count: stages)
    for index in 0..<(layers % stages) { runs[stages - 2 - index] += 1 }
    return runs
  }
}
