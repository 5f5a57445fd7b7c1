// SPDX-License-Identifier: Apache-2.0

/// Turns the fields of a `config.json` into a ``ModelConfiguration``.
struct ModelConfigurationReader {
  /// A value under the names the families give it, the commonest first.
  private enum Field: String {
    case hiddenSize = "hidden_size"
    case layers = "num_hidden_layers"
    case attentionHeads = "num_attention_heads"
    case keyValueHeads = "num_key_value_heads"
    case headDimension = "head_dim"
    case intermediateSize = "intermediate_size"
    case vocabularySize = "vocab_size"
    case experts = "num_experts"
    case expertsPerToken = "num_experts_per_tok"
    case expertIntermediateSize = "moe_intermediate_size"
    case sharedExperts = "n_shared_experts"
    case firstDenseLayers = "first_k_dense_replace"

    var names: [String] {
      switch self {
      case .hiddenSize: ["hidden_size", "n_embd", "d_model", "dim", "hidden_dim", "model_dim"]
      case .layers: ["num_hidden_layers", "n_layer", "n_layers", "num_layers"]
      case .attentionHeads: ["num_attention_heads", "n_head", "n_heads", "num_heads"]
      case .keyValueHeads:
        [
          "num_key_value_heads", "num_kv_heads", "n_kv_heads", "n_head_kv", "kv_n_heads",
          "multi_query_group_num",
        ]
      case .headDimension: ["head_dim", "kv_channels", "attention_head_dim", "d_head"]
      case .intermediateSize:
        [
          "intermediate_size", "n_inner", "ffn_dim", "inter_dim", "ffn_hidden_size",
          "ffn_embed_dim", "d_ff", "d_inner",
        ]
      case .vocabularySize: ["vocab_size", "padded_vocab_size", "n_vocab"]
      case .experts:
        [
          "num_experts", "num_local_experts", "n_routed_experts", "num_routed_experts",
          "moe_num_experts",
        ]
      case .expertsPerToken:
        [
          "num_experts_per_tok", "num_experts_per_token", "n_activated_experts", "moe_topk",
          "moe_top_k", "moe_k", "experts_per_token",
        ]
      case .expertIntermediateSize:
        ["moe_intermediate_size", "moe_inter_dim", "expert_ffn_hidden_size"]
      case .sharedExperts: ["n_shared_experts", "num_shared_experts"]
      case .firstDenseLayers: ["first_k_dense_replace", "n_dense_layers"]
      }
    }

    /// Words that mark a key as a likely misspelling of this one.
    var words: [String] {
      switch self {
      case .hiddenSize: ["hidden", "embd", "embed", "width", "model_size"]
      case .layers: ["layer", "depth", "block"]
      case .attentionHeads, .keyValueHeads, .headDimension: ["head"]
      case .intermediateSize: ["inter", "ffn", "mlp", "inner", "feed"]
      case .vocabularySize: ["vocab", "token"]
      case .experts, .expertsPerToken, .sharedExperts, .expertIntermediateSize,
        .firstDenseLayers:
        ["expert", "moe"]
      }
    }
  }

  /// Mappings a multimodal model keeps its language model in.
  private static let nestedKeys = ["text_config", "language_config", "llm_config"]

  /// Families whose hidden layer is four times as wide as the residual stream unless stated.
  private static let fourfoldFamilies: Set<String> = [
    "gpt2", "gpt_bigcode", "gptj", "gpt_neo", "bloom", "falcon", "RefinedWeb", "RefinedWebModel",
  ]

  /// Whether a family ties its embeddings unless stated; other families are not known.
  private static let tiesEmbeddings: [String: Bool] = [
    "gpt2": true, "gpt_bigcode": true, "gpt_neo": true, "bloom": true, "falcon": true,
    "opt": true, "gemma": true, "gemma2": true, "gemma3": true, "gemma3_text": true,
    "gpt_neox": false, "gptj": false, "llama": false, "llama4": false, "llama4_text": false,
    "mistral": false, "mixtral": false, "qwen2": false, "qwen2_moe": false, "qwen3": false,
    "qwen3_moe": false, "deepseek_v2": false, "deepseek_v3": false, "phi3": false,
  ]

  /// What a family means by a field that its files leave out.
  ///
  /// Source: transformers, `Gemma3TextConfig`; the published files of Gemma 3 state only what
  /// differs from it.
  private static let familyDefaults: [String: [Field: Int]] = {
    let gemma3: [Field: Int] = [
      .attentionHeads: 8, .keyValueHeads: 4, .headDimension: 256, .vocabularySize: 262_208,
    ]
    return ["gemma3": gemma3, "gemma3_text": gemma3]
  }()

  private let root: ConfigurationMapping
  /// The mapping with the language model's fields: the root, or a part of it.
  private let fields: ConfigurationMapping

  init(_ node: ConfigurationNode) throws(ConfigurationError) {
    let root = try node.mapping("a mapping of fields such as `hidden_size`")
    var fields = root
    if !Field.hiddenSize.names.contains(where: { root[$0] != nil }) {
      for key in Self.nestedKeys {
        guard let nested = root[key], nested.isMapping else { continue }
        fields = try nested.mapping()
        break
      }
    }
    self.root = root
    self.fields = fields
  }

  func read() throws(ConfigurationError) -> ModelConfiguration {
    let width = 1...ModelConfiguration.maximumWidth
    let count = 1...ModelConfiguration.maximumCount
    let modelType = try (fields["model_type"] ?? root["model_type"])?.text()
    let hiddenSize = try required(.hiddenSize, width)
    let layers = try required(.layers, count)
    let heads = try required(.attentionHeads, count)
    let vocabulary = try required(.vocabularySize, width)
    let latent = try readLatentAttention()
    var model = ModelConfiguration(
      hiddenSize: hiddenSize, layers: layers, attentionHeads: heads,
      headDimension: try readHeadDimension(hiddenSize, heads, latent),
      intermediateSize: try readIntermediateSize(hiddenSize, modelType),
      vocabularySize: vocabulary)
    model.modelType = modelType
    model.architecture = try readArchitecture()
    model.keyValueHeads = try readKeyValueHeads(heads)
    model.latentAttention = latent
    model.experts = try readExperts(layers: layers, dense: model.intermediateSize)
    model.tiedEmbeddings =
      try (fields["tie_word_embeddings"] ?? root["tie_word_embeddings"])?.boolean()
      ?? modelType.flatMap { Self.tiesEmbeddings[$0] }
    model.dataType = try (value(["dtype", "torch_dtype"]))?.text()
    model.activationBytes = model.dataType.flatMap(Self.activationBytes)
    return model
  }

  // MARK: - Fields

  private func value(_ names: [String]) -> ConfigurationNode? {
    for name in names {
      if let value = fields[name] { return value }
    }
    for name in names {
      if let value = root[name] { return value }
    }
    return nil
  }

  private func optional(
    _ field: Field, _ range: ClosedRange<Int>
  ) throws(ConfigurationError) -> Int? {
    for name in field.names {
      if let value = fields[name] { return try value.integer(range) }
    }
    guard let family = try fields["model_type"]?.text() else { return nil }
    return Self.familyDefaults[family]?[field]
  }

  private func required(
    _ field: Field, _ range: ClosedRange<Int>
  ) throws(ConfigurationError) -> Int {
    guard let value = try optional(field, range) else { throw missing(field) }
    return value
  }

  /// Returns an error that names a field and up to eight keys that look like it.
  private func missing(_ field: Field) -> ConfigurationError {
    var similar: [String] = []
    for entry in fields.entries.prefix(4096) where similar.count < 8 {
      let key = entry.key.lowercased()
      let isNear = ConfigurationText.suggestion(for: key, among: field.names) != nil
      if isNear || field.words.contains(where: { key.contains($0) }) { similar.append(entry.key) }
    }
    return .missingKey(
      at: fields.location, keyPath: fields.path(of: field.rawValue), accepted: field.names,
      similar: similar)
  }

  private func readArchitecture() throws(ConfigurationError) -> String? {
    guard let node = root["architectures"] ?? fields["architectures"] else { return nil }
    return try node.list("a list of class names").first?.text()
  }

  private func readHeadDimension(
    _ hiddenSize: Int, _ heads: Int, _ latent: ModelConfiguration.LatentAttention?
  ) throws(ConfigurationError) -> Int {
    if let latent { return latent.noPositionHeadDimension + latent.ropeHeadDimension }
    if let stated = try optional(.headDimension, 1...ModelConfiguration.maximumWidth) {
      return stated
    }
    guard hiddenSize % heads == 0 else { throw missing(.headDimension) }
    return hiddenSize / heads
  }

  private func readKeyValueHeads(_ heads: Int) throws(ConfigurationError) -> Int {
    let count = 1...ModelConfiguration.maximumCount
    // Falcon and StarCoder state one shared head with a flag; Falcon's newer layout counts them.
    let sharesOne = try fields["multi_query"]?.boolean() ?? false
    let isNewFalcon = try fields["new_decoder_architecture"]?.boolean() ?? false
    if sharesOne, !isNewFalcon { return 1 }
    return try optional(.keyValueHeads, count) ?? heads
  }

  private func readIntermediateSize(
    _ hiddenSize: Int, _ modelType: String?
  ) throws(ConfigurationError) -> Int {
    let width = 1...ModelConfiguration.maximumWidth
    if let stated = try optional(.intermediateSize, width) { return stated }
    if let modelType, Self.fourfoldFamilies.contains(modelType),
      width.contains(4 * hiddenSize)
    {
      return 4 * hiddenSize
    }
    // A model whose every layer has experts may state only their width.
    if let expert = try optional(.expertIntermediateSize, width) { return expert }
    throw missing(.intermediateSize)
  }

  private func readLatentAttention()
    throws(ConfigurationError) -> ModelConfiguration.LatentAttention?
  {
    let width = 1...ModelConfiguration.maximumWidth
    guard let rank = fields["kv_lora_rank"] else { return nil }
    let rope = try fields.required("qk_rope_head_dim").integer(width)
    let plain = try fields.required("qk_nope_head_dim").integer(width)
    // Lite models write 0 where queries are not compressed.
    let query = try fields["q_lora_rank"]?.integer(0...ModelConfiguration.maximumWidth) ?? 0
    return ModelConfiguration.LatentAttention(
      keyValueRank: try rank.integer(width), queryRank: query > 0 ? query : nil,
      ropeHeadDimension: rope, noPositionHeadDimension: plain,
      valueHeadDimension: try fields["v_head_dim"]?.integer(width) ?? plain)
  }

  // MARK: - Experts

  private func readExperts(
    layers: Int, dense: Int
  ) throws(ConfigurationError) -> ModelConfiguration.MixtureOfExperts? {
    let count = 1...ModelConfiguration.maximumCount
    let width = 1...ModelConfiguration.maximumWidth
    let mayBeNone = 0...ModelConfiguration.maximumCount
    // Families with a dense and an expert variant write 0 for the dense one.
    guard let experts = try optional(.experts, mayBeNone), experts > 0 else { return nil }
    let perToken = try required(.expertsPerToken, count)
    guard perToken <= experts else {
      throw (value(Field.expertsPerToken.names) ?? value(Field.experts.names))?.contradiction(
        "\(perToken) experts per token are more than the \(experts) there are",
        "correct one of the two") ?? missing(.expertsPerToken)
    }
    let intermediate = try optional(.expertIntermediateSize, width) ?? dense
    var shared = try optional(.sharedExperts, mayBeNone) ?? 0
    var sharedIntermediate = shared * intermediate
    if let stated = try fields["shared_expert_intermediate_size"]?.integer(
      0...ModelConfiguration.maximumWidth), stated > 0
    {
      shared = max(1, shared)
      sharedIntermediate = stated
    }
    let firstDense = try optional(.firstDenseLayers, mayBeNone) ?? 0
    return ModelConfiguration.MixtureOfExperts(
      experts: experts, expertsPerToken: perToken, intermediateSize: intermediate,
      sharedExperts: shared, sharedIntermediateSize: sharedIntermediate,
      firstDenseLayers: min(firstDense, layers),
      expertLayers: try expertLayers(of: layers, firstDense: firstDense))
  }

  /// Counts the layers with experts by the rules of the families.
  ///
  /// - DeepSeek: from layer `first_k_dense_replace` on, every `moe_layer_freq`-th, counted from 0.
  ///   Some derived models give `moe_layer_freq` as one 0 or 1 for each layer.
  /// - Qwen, Llama 4: every `decoder_sparse_step`-th (`interleave_moe_layer_step`-th), counted
  ///   from 1, but not those in `mlp_only_layers`.
  /// - Jamba: every `expert_layer_period`-th from `expert_layer_offset` on.
  ///
  /// - Complexity: O(*layers*).
  private func expertLayers(
    of layers: Int, firstDense: Int
  ) throws(ConfigurationError) -> Int {
    let count = 1...ModelConfiguration.maximumCount
    if let pattern = fields["moe_layer_freq"], pattern.isList {
      var routed = 0
      for flag in try pattern.list().prefix(layers) { routed += try flag.integer(0...1) }
      return routed
    }
    let frequency = try fields["moe_layer_freq"]?.integer(count) ?? 1
    let step =
      try (fields["decoder_sparse_step"] ?? fields["interleave_moe_layer_step"])?.integer(count)
      ?? 1
    let period = try fields["expert_layer_period"]?.integer(count) ?? 1
    let offset = try fields["expert_layer_offset"]?.integer(0...ModelConfiguration.maximumCount)
    var denseOnly: Set<Int> = []
    for layer in try fields["mlp_only_layers"]?.list() ?? [] {
      denseOnly.insert(try layer.integer(0...ModelConfiguration.maximumCount))
    }
    return (0..<layers).count { layer in
      layer >= firstDense && layer % frequency == 0 && (layer + 1) % step == 0
        && layer % period == (offset ?? 0) % period && !denseOnly.contains(layer)
    }
  }

  // MARK: - Types

  private static func activationBytes(of name: String) -> Int? {
    switch name.split(separator: ".").last.map(String.init) {
    case "float32", "fp32", "float": 4
    case "bfloat16", "bf16", "float16", "fp16", "half": 2
    // Stored in 8 bits, computed in 16.
    case "fp8", "float8_e4m3fn", "float8_e5m2", "int8": 2
    default: nil
    }
  }
}
