// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Foundation
import TestSupport
import Testing

@Suite struct ModelConfigurationTests {
  private func model(_ text: String) throws -> ModelConfiguration {
    try ModelConfiguration.parse(text: text, file: "config.json")
  }

  private func problem(_ text: String) -> ConfigurationError? {
    do throws(ConfigurationError) {
      _ = try ModelConfiguration.parse(text: text, file: "config.json")
      return nil
    } catch {
      return error
    }
  }

  @Test func readsLlama() throws {
    let model = try ModelConfiguration.load(
      path: Fixture.folder.appending(path: "models/llama-3.1-8b.config.json").path())
    #expect(model.modelType == "llama")
    #expect(model.architecture == "LlamaForCausalLM")
    #expect(model.hiddenSize == 4096)
    #expect(model.layers == 32)
    #expect(model.attentionHeads == 32)
    #expect(model.keyValueHeads == 8)
    #expect(model.headDimension == 128)
    #expect(model.intermediateSize == 14336)
    #expect(model.vocabularySize == 128_256)
    #expect(model.tiedEmbeddings == false)
    #expect(model.dataType == "bfloat16")
    #expect(model.activationBytes == 2)
    #expect(model.experts == nil)
    #expect(model.latentAttention == nil)
  }

  @Test func readsGPT2() throws {
    let model = try model(
      #"{"model_type": "gpt2", "n_embd": 768, "n_layer": 12, "n_head": 12, "n_inner": null, "vocab_size": 50257}"#
    )
    #expect(model.hiddenSize == 768)
    #expect(model.intermediateSize == 3072)
    #expect(model.keyValueHeads == 12)
    #expect(model.headDimension == 64)
    #expect(model.tiedEmbeddings == true)
    #expect(model.activationBytes == nil)
  }

  @Test func readsGPTNeoX() throws {
    let model = try model(
      #"{"model_type": "gpt_neox", "hidden_size": 6144, "num_hidden_layers": 44, "num_attention_heads": 64, "intermediate_size": 24576, "vocab_size": 50432, "torch_dtype": "float16"}"#
    )
    #expect(model.headDimension == 96)
    #expect(model.tiedEmbeddings == false)
    #expect(model.activationBytes == 2)
  }

  @Test func readsBothLayoutsOfFalcon() throws {
    let small = try model(
      #"{"model_type": "falcon", "hidden_size": 4544, "num_hidden_layers": 32, "num_attention_heads": 71, "multi_query": true, "new_decoder_architecture": false, "vocab_size": 65024}"#
    )
    #expect(small.keyValueHeads == 1)
    #expect(small.intermediateSize == 18176)
    let large = try model(
      #"{"model_type": "falcon", "hidden_size": 8192, "num_hidden_layers": 60, "num_attention_heads": 128, "num_kv_heads": 8, "multi_query": true, "new_decoder_architecture": true, "vocab_size": 65024}"#
    )
    #expect(large.keyValueHeads == 8)
  }

  @Test func readsGemmaWithItsOwnHeadDimension() throws {
    let model = try model(
      #"{"model_type": "gemma", "hidden_size": 3072, "num_hidden_layers": 28, "num_attention_heads": 16, "num_key_value_heads": 16, "head_dim": 256, "intermediate_size": 24576, "vocab_size": 256000}"#
    )
    #expect(model.headDimension == 256)
    #expect(model.tiedEmbeddings == true)
  }

  @Test func countsTheExpertLayersOfQwen() throws {
    func layers(_ extra: String) throws -> Int? {
      try model(
        #"{"model_type": "qwen2_moe", "hidden_size": 2048, "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 5632, "vocab_size": 151936, "num_experts": 60, "num_experts_per_tok": 4, "moe_intermediate_size": 1408, "shared_expert_intermediate_size": 5632\#(extra)}"#
      ).experts?.expertLayers
    }
    #expect(try layers("") == 24)
    #expect(try layers(#", "decoder_sparse_step": 1, "mlp_only_layers": [0, 3]"#) == 22)
    // Layers 1, 3, ..., 23 counted from 0.
    #expect(try layers(#", "decoder_sparse_step": 2, "mlp_only_layers": [1, 2]"#) == 11)
    let experts = try model(
      #"{"hidden_size": 2048, "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 5632, "vocab_size": 151936, "num_experts": 60, "num_experts_per_tok": 4, "moe_intermediate_size": 1408, "shared_expert_intermediate_size": 5632}"#
    ).experts
    #expect(experts?.sharedExperts == 1)
    #expect(experts?.sharedIntermediateSize == 5632)
  }

  @Test func readsADenseVariantThatWritesZeroExperts() throws {
    #expect(
      try model(
        #"{"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 8, "vocab_size": 8, "num_local_experts": 0}"#
      ).experts == nil)
  }

  @Test func readsDeepSeekInItsOwnWords() throws {
    let model = try model(
      #"{"vocab_size": 129280, "dim": 7168, "inter_dim": 18432, "moe_inter_dim": 2048, "n_layers": 61, "n_dense_layers": 3, "n_heads": 128, "n_routed_experts": 256, "n_shared_experts": 1, "n_activated_experts": 8, "q_lora_rank": 1536, "kv_lora_rank": 512, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128, "dtype": "fp8"}"#
    )
    let experts = try #require(model.experts)
    #expect(experts.experts == 256)
    #expect(experts.expertsPerToken == 8)
    #expect(experts.intermediateSize == 2048)
    #expect(experts.sharedExperts == 1)
    #expect(experts.sharedIntermediateSize == 2048)
    #expect(experts.firstDenseLayers == 3)
    #expect(experts.expertLayers == 58)
    #expect(
      model.latentAttention
        == .init(
          keyValueRank: 512, queryRank: 1536, ropeHeadDimension: 64, noPositionHeadDimension: 128,
          valueHeadDimension: 128))
    #expect(model.headDimension == 192)
    #expect(model.activationBytes == 2)
  }

  @Test func looksIntoANestedLanguageModel() throws {
    let model = try model(
      #"{"model_type": "llama4", "architectures": ["Llama4ForConditionalGeneration"], "torch_dtype": "bfloat16", "vision_config": {"hidden_size": 1408}, "text_config": {"model_type": "llama4_text", "hidden_size": 5120, "num_hidden_layers": 48, "num_attention_heads": 40, "num_key_value_heads": 8, "head_dim": 128, "intermediate_size": 8192, "vocab_size": 202048, "num_local_experts": 128, "num_experts_per_tok": 1, "interleave_moe_layer_step": 2}}"#
    )
    #expect(model.hiddenSize == 5120)
    #expect(model.modelType == "llama4_text")
    #expect(model.architecture == "Llama4ForConditionalGeneration")
    #expect(model.dataType == "bfloat16")
    #expect(model.experts?.expertLayers == 24)
  }

  /// Hidden size, layers, heads, key and value heads, head dimension, intermediate size,
  /// vocabulary, and whether embeddings are tied.
  private func sizes(_ model: ModelConfiguration) -> [Int] {
    [
      model.hiddenSize, model.layers, model.attentionHeads, model.keyValueHeads,
      model.headDimension, model.intermediateSize, model.vocabularySize,
      model.tiedEmbeddings.map { $0 ? 1 : 0 } ?? -1,
    ]
  }

  @Test func readsTheLaterGemmas() throws {
    let second = try model(
      #"{"model_type": "gemma2", "architectures": ["Gemma2ForCausalLM"], "hidden_size": 3584, "num_hidden_layers": 42, "num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 256, "intermediate_size": 14336, "vocab_size": 256000, "torch_dtype": "bfloat16"}"#
    )
    #expect(sizes(second) == [3584, 42, 16, 8, 256, 14336, 256_000, 1])
    // The 4B file states only what differs from its family; the vision tower's sizes are others.
    let third = try model(
      #"{"model_type": "gemma3", "architectures": ["Gemma3ForConditionalGeneration"], "mm_tokens_per_image": 256, "text_config": {"hidden_size": 2560, "intermediate_size": 10240, "model_type": "gemma3_text", "num_hidden_layers": 34, "sliding_window": 1024}, "torch_dtype": "bfloat16", "vision_config": {"hidden_size": 1152, "num_hidden_layers": 27, "num_attention_heads": 16, "intermediate_size": 4304}}"#
    )
    #expect(sizes(third) == [2560, 34, 8, 4, 256, 10240, 262_208, 1])
    #expect(third.dataType == "bfloat16")
    let large = try model(
      #"{"model_type": "gemma3", "text_config": {"head_dim": 128, "hidden_size": 5376, "intermediate_size": 21504, "model_type": "gemma3_text", "num_attention_heads": 32, "num_hidden_layers": 62, "num_key_value_heads": 16}, "torch_dtype": "bfloat16"}"#
    )
    #expect(sizes(large) == [5376, 62, 32, 16, 128, 21504, 262_208, 1])
  }

  @Test func readsMistralMixtralAndQwen() throws {
    let mistral = try model(
      #"{"model_type": "mistral", "hidden_size": 5120, "num_hidden_layers": 40, "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128, "intermediate_size": 14336, "vocab_size": 131072, "tie_word_embeddings": false, "torch_dtype": "bfloat16"}"#
    )
    #expect(sizes(mistral) == [5120, 40, 32, 8, 128, 14336, 131_072, 0])
    let mixtral = try model(
      #"{"model_type": "mixtral", "hidden_size": 6144, "num_hidden_layers": 56, "num_attention_heads": 48, "num_key_value_heads": 8, "intermediate_size": 16384, "vocab_size": 32768, "num_local_experts": 8, "num_experts_per_tok": 2}"#
    )
    #expect(sizes(mixtral) == [6144, 56, 48, 8, 128, 16384, 32768, 0])
    #expect(mixtral.experts?.experts == 8 && mixtral.experts?.expertsPerToken == 2)
    // The width of an expert is the only width there is.
    #expect(mixtral.experts?.intermediateSize == 16384 && mixtral.experts?.expertLayers == 56)
    let qwen = try model(
      #"{"model_type": "qwen2", "hidden_size": 896, "num_hidden_layers": 24, "num_attention_heads": 14, "num_key_value_heads": 2, "intermediate_size": 4864, "vocab_size": 151936, "tie_word_embeddings": true}"#
    )
    #expect(sizes(qwen) == [896, 24, 14, 2, 64, 4864, 151_936, 1])
    let third = try model(
      #"{"model_type": "qwen3", "hidden_size": 1024, "num_hidden_layers": 28, "num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 128, "intermediate_size": 3072, "vocab_size": 151936, "tie_word_embeddings": true}"#
    )
    #expect(sizes(third) == [1024, 28, 16, 8, 128, 3072, 151_936, 1])
  }

  @Test func readsTheSecondDeepSeekAndItsLiteModel() throws {
    let large = try model(
      #"{"model_type": "deepseek_v2", "hidden_size": 5120, "num_hidden_layers": 60, "num_attention_heads": 128, "num_key_value_heads": 128, "intermediate_size": 12288, "moe_intermediate_size": 1536, "vocab_size": 102400, "n_routed_experts": 160, "n_shared_experts": 2, "num_experts_per_tok": 6, "first_k_dense_replace": 1, "moe_layer_freq": 1, "q_lora_rank": 1536, "kv_lora_rank": 512, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128, "tie_word_embeddings": false}"#
    )
    #expect(sizes(large) == [5120, 60, 128, 128, 192, 12288, 102_400, 0])
    #expect(large.experts?.expertLayers == 59 && large.experts?.sharedIntermediateSize == 3072)
    let lite = try model(
      #"{"model_type": "deepseek_v2", "hidden_size": 2048, "num_hidden_layers": 27, "num_attention_heads": 16, "num_key_value_heads": 16, "intermediate_size": 10944, "moe_intermediate_size": 1408, "vocab_size": 102400, "n_routed_experts": 64, "n_shared_experts": 2, "num_experts_per_tok": 6, "first_k_dense_replace": 1, "moe_layer_freq": 1, "q_lora_rank": null, "kv_lora_rank": 512, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128}"#
    )
    #expect(lite.latentAttention?.queryRank == nil && lite.experts?.expertLayers == 26)
  }

  @Test func namesAMissingFieldOfANestedModelByItsWholePath() throws {
    let error = try #require(
      problem(
        #"{"model_type": "somebody", "text_config": {"hidden_size": 64, "num_attention_heads": 2, "depth": 4, "intermediate_size": 128, "vocab_size": 256}}"#
      ))
    #expect(error.description.contains("`text_config.num_hidden_layers` is missing"))
    #expect(error.description.contains("look like it: depth"))
  }

  @Test func namesAMissingFieldAndTheKeysThatLookLikeIt() throws {
    let error = try #require(
      problem(
        #"{"hidden_size": 8, "num_hidden_layer": 2, "num_attention_heads": 1, "vocab_size": 8, "bos": 1}"#
      ))
    guard case .missingKey(_, "num_hidden_layers", let accepted, ["num_hidden_layer"]) = error
    else {
      Issue.record("\(error)")
      return
    }
    #expect(accepted.contains("n_layer"))
    #expect(
      error.description
        == "config.json:1:1: `num_hidden_layers` is missing; give it as `num_hidden_layers`, `n_layer`, `n_layers` or `num_layers`. Keys present that look like it: num_hidden_layer."
    )
  }

  @Test(arguments: [
    ("hidden_size", "-1"), ("hidden_size", "\"8\""), ("hidden_size", "1e3"),
    ("num_hidden_layers", "65537"), ("num_attention_heads", "0"), ("num_experts", "-4"),
    ("vocab_size", "99999999999999999999"), ("head_dim", "[8]"), ("tie_word_embeddings", "1"),
    ("architectures", "\"A\""), ("mlp_only_layers", "3"),
  ])
  func refusesFieldsOfAnotherForm(key: String, value: String) {
    var fields = [
      "hidden_size": "8", "num_hidden_layers": "2", "num_attention_heads": "1", "vocab_size": "8",
      "intermediate_size": "8", "num_experts": "4", "num_experts_per_tok": "2",
    ]
    fields[key] = value
    let text = "{" + fields.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ", ") + "}"
    guard case .invalidValue(_, key, _, _) = problem(text) else {
      Issue.record("\(String(describing: problem(text)))")
      return
    }
  }

  /// Hidden size, layers, heads, key and value heads, intermediate size, vocabulary, experts.
  private static let published: [String: [Int]] = [
    "Llama-3.1-8B.config.json": [4096, 32, 32, 8, 14336, 128_256, 0],
    "awsome-llama3.1-8b.config.json": [4096, 32, 32, 8, 14336, 128_256, 0],
    "Mixtral-8x7B-v0.1.config.json": [4096, 32, 32, 8, 14336, 32000, 8],
    "Qwen3-30B-A3B-Instruct-2507.config.json": [2048, 48, 32, 4, 6144, 151_936, 128],
    "simai-qwen3-8B_config.json": [4096, 36, 32, 8, 12288, 151_936, 0],
    "simai-deepseek_v3_config.json": [7168, 61, 128, 128, 18432, 129_280, 256],
    "upstage_Llama-2-70b-instruct-v2.json": [8192, 80, 64, 8, 28672, 32000, 0],
    "deepseek-v3-inference-config_671B-5layer.json": [7168, 5, 128, 128, 18432, 129_280, 256],
  ]

  @Test(
    .enabled(if: Fixture.sharedData != nil), arguments: ["configs/hf", "configs"])
  func readsEveryPublishedConfiguration(folder: String) throws {
    let data = try #require(Fixture.sharedData).appending(path: folder)
    let files = try FileManager.default.contentsOfDirectory(atPath: data.path())
      .filter { $0.hasSuffix(".json") }
    #expect(!files.isEmpty)
    for file in files {
      let model = try ModelConfiguration.load(path: data.appending(path: file).path())
      let expected = try #require(Self.published[file], "\(file)")
      #expect(
        [
          model.hiddenSize, model.layers, model.attentionHeads, model.keyValueHeads,
          model.intermediateSize, model.vocabularySize, model.experts?.experts ?? 0,
        ] == expected, "\(file)")
    }
  }
}
