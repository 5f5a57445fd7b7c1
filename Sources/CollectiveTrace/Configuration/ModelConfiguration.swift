// SPDX-License-Identifier: Apache-2.0

/// The shape of a transformer, as far as it decides what its ranks say to each other.
///
/// Read from a Hugging Face `config.json`, or from the same keys inside a job description. The
/// field names of other families and of DeepSeek's own inference code are understood too; a model
/// that nobody has heard of is read by its fields.
///
/// - Units: counts; bytes where the name says so.
/// - Invariant: every count is positive and below ``maximumCount``, every width below
///   ``maximumWidth``; products of several still need checked arithmetic.
public struct ModelConfiguration: Sendable, Equatable {
  /// Largest width of a matrix that is accepted.
  public static let maximumWidth = 1 << 28
  /// Largest number of layers, heads or experts that is accepted.
  public static let maximumCount = 1 << 16

  /// Which layers route tokens to experts, and how.
  public struct MixtureOfExperts: Sendable, Equatable {
    /// Routed experts of one layer.
    public var experts: Int
    /// Routed experts each token goes to.
    public var expertsPerToken: Int
    /// Width of one expert's hidden layer.
    public var intermediateSize: Int
    /// Experts every token goes to.
    public var sharedExperts: Int
    /// Width of all shared experts together; 0 when there is none.
    public var sharedIntermediateSize: Int
    /// Dense layers before the first layer with experts.
    public var firstDenseLayers: Int
    /// Layers with experts, over the whole model.
    public var expertLayers: Int

    /// Makes a description of the experts.
    public init(
      experts: Int, expertsPerToken: Int, intermediateSize: Int, sharedExperts: Int,
      sharedIntermediateSize: Int, firstDenseLayers: Int, expertLayers: Int
    ) {
      self.experts = experts
      self.expertsPerToken = expertsPerToken
      self.intermediateSize = intermediateSize
      self.sharedExperts = sharedExperts
      self.sharedIntermediateSize = sharedIntermediateSize
      self.firstDenseLayers = firstDenseLayers
      self.expertLayers = expertLayers
    }
  }

  /// Low-rank compression of keys and values (multi-head latent attention).
  public struct LatentAttention: Sendable, Equatable {
    /// Rank of the compressed keys and values, cached per token.
    public var keyValueRank: Int
    /// Rank of the compressed queries; `nil` when queries are not compressed.
    public var queryRank: Int?
    /// Part of each head's key with rotary position; cached per token, shared by the heads.
    public var ropeHeadDimension: Int
    /// Part of each head's key without position.
    public var noPositionHeadDimension: Int
    /// Width of each head's value.
    public var valueHeadDimension: Int

    /// Makes a description of latent attention.
    public init(
      keyValueRank: Int, queryRank: Int?, ropeHeadDimension: Int, noPositionHeadDimension: Int,
      valueHeadDimension: Int
    ) {
      self.keyValueRank = keyValueRank
      self.queryRank = queryRank
      self.ropeHeadDimension = ropeHeadDimension
      self.noPositionHeadDimension = noPositionHeadDimension
      self.valueHeadDimension = valueHeadDimension
    }
  }

  /// The family, `llama`; `nil` when the file does not say.
  public var modelType: String?
  /// The class, `LlamaForCausalLM`; `nil` when the file does not say.
  public var architecture: String?
  /// Width of the residual stream.
  public var hiddenSize: Int
  /// Transformer layers.
  public var layers: Int
  /// Query heads of one layer.
  public var attentionHeads: Int
  /// Key and value heads of one layer.
  public var keyValueHeads: Int
  /// Width of one head's query and key.
  public var headDimension: Int
  /// Width of a dense layer's hidden layer.
  public var intermediateSize: Int
  /// Tokens of the vocabulary.
  public var vocabularySize: Int
  /// Whether input and output embeddings are one matrix; `nil` when neither the file nor the
  /// family says.
  public var tiedEmbeddings: Bool?
  /// The type of the weights as stated, `bfloat16`; `nil` when the file does not say.
  public var dataType: String?
  /// Bytes of one activation element; a model stored in 8 bits or less computes in 16.
  public var activationBytes: Int?
  /// The experts; `nil` for a dense model.
  public var experts: MixtureOfExperts?
  /// Latent attention; `nil` for the usual kind.
  public var latentAttention: LatentAttention?
  /// The account of the file that it was read from; empty when it was not a file of its own.
  public var inputs: [FileLedger] = []

  /// Makes a dense model with one key and value head per query head.
  public init(
    hiddenSize: Int, layers: Int, attentionHeads: Int, headDimension: Int, intermediateSize: Int,
    vocabularySize: Int
  ) {
    self.hiddenSize = hiddenSize
    self.layers = layers
    self.attentionHeads = attentionHeads
    keyValueHeads = attentionHeads
    self.headDimension = headDimension
    self.intermediateSize = intermediateSize
    self.vocabularySize = vocabularySize
  }

  /// Reads a model's `config.json`.
  ///
  /// - Throws: ``ConfigurationError``; a missing field is named with the keys that look like it.
  public static func load(path: String) throws(ConfigurationError) -> ModelConfiguration {
    let (text, ledger) = try ConfigurationFile.read(path: path)
    var model = try parse(text: text, file: path)
    model.inputs = [ledger]
    return model
  }

  /// Reads a model's configuration from a text.
  ///
  /// - Parameters:
  ///   - text: JSON or YAML.
  ///   - file: The name for errors.
  /// - Returns: The model.
  /// - Throws: ``ConfigurationError``; a missing field is named with the keys that look like it.
  public static func parse(
    text: String, file: String
  ) throws(ConfigurationError) -> ModelConfiguration {
    try read(ConfigurationNode.parse(text, file: file))
  }

  /// Reads a model's configuration from a value of a larger description.
  static func read(_ node: ConfigurationNode) throws(ConfigurationError) -> ModelConfiguration {
    try ModelConfigurationReader(node).read()
  }

  /// Checks that the model can be split over the ranks of a job.
  ///
  /// - Throws: `contradiction` with what does not divide.
  func check(
    _ parallelism: JobDescription.Parallelism, at location: ConfigurationLocation
  ) throws(ConfigurationError) {
    guard attentionHeads % parallelism.tensor == 0 else {
      throw .contradiction(
        at: location, keyPath: "parallelism.tensor",
        found: "\(parallelism.tensor) ranks cannot share the model's \(attentionHeads) heads",
        allowed: "the number of heads must be a multiple of the tensor-parallel size")
    }
    guard layers >= parallelism.pipeline else {
      throw .contradiction(
        at: location, keyPath: "parallelism.pipeline",
        found: "\(parallelism.pipeline) stages are more than the model's \(layers) layers",
        allowed: "every stage needs a layer")
    }
    guard parallelism.expert > 1 else { return }
    guard let experts else {
      throw .contradiction(
        at: location, keyPath: "parallelism.expert",
        found: "the model has no experts", allowed: "leave the key out or correct the model")
    }
    guard experts.experts % parallelism.expert == 0 else {
      throw .contradiction(
        at: location, keyPath: "parallelism.expert",
        found: "\(parallelism.expert) ranks cannot share \(experts.experts) experts evenly",
        allowed: "the number of experts must be a multiple of the expert-parallel size")
    }
  }
}
