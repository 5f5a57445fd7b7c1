// SPDX-License-Identifier: Apache-2.0

/// What the launchers call the things of ``LaunchFacts/Key``.
///
/// Sources: Megatron-LM `megatron/training/arguments.py`; DeepSpeed `deepspeed/runtime/config.py`;
/// torchtitan `torchtitan/config/job_config.py` and `torchtitan/distributed/parallel_dims.py`; vLLM
/// `vllm/engine/arg_utils.py` and `VllmConfig.__str__`; SGLang `sglang/srt/server_args.py`.
enum LaunchVocabulary {
  /// The form a value must have.
  enum Form {
    /// A positive whole number; 0, negative numbers and `None` mean that nothing is set.
    case count
    /// A whole number from 0 to 3.
    case stage
    /// `True`, `False`, or a flag that stands alone.
    case flag
    /// The same, the other way round.
    case inverseFlag
    /// A flag that stands alone and stands for this word where it is true.
    case word(String)
    /// A name of a numeric type.
    case type
    /// Recomputation.
    case recompute

    /// What a value turned out to be.
    enum Value: Equatable {
      case value(String)
      case unset
      case malformed(allowed: String)
    }

    /// Largest count that means something.
    static let maximum = 1 << 40

    /// Reads a value as written.
    func read(_ written: String?) -> Value {
      let text = written.map(Self.unquoted)
      if let text, ["None", "none", "null", "auto", ""].contains(text) {
        // `none` is a word for recomputation.
        if case .recompute = self, text == "none" { return .value("none") }
        return .unset
      }
      switch self {
      case .count:
        guard let text else { return .malformed(allowed: "followed by a whole number") }
        if text.hasPrefix("-"), ConfigurationNode.decimal(text.dropFirst()) != nil { return .unset }
        guard let number = ConfigurationNode.decimal(text), number <= Self.maximum else {
          return .malformed(allowed: "a whole number")
        }
        return number > 0 ? .value(String(number)) : .unset
      case .stage:
        guard let text, let number = ConfigurationNode.decimal(text), number <= 3 else {
          return .malformed(allowed: "a whole number from 0 to 3")
        }
        return .value(String(number))
      case .flag, .inverseFlag, .word:
        guard let isOn = Self.truth(text) else { return .malformed(allowed: "`true` or `false`") }
        switch self {
        case .word(let word): return isOn ? .value(word) : .unset
        case .inverseFlag: return .value(isOn ? "false" : "true")
        default: return .value(isOn ? "true" : "false")
        }
      case .type:
        guard let text else { return .malformed(allowed: "followed by a type") }
        let bare = text.split(separator: ".").last.map(String.init) ?? text
        switch bare {
        case "bfloat16", "bf16": return .value("bfloat16")
        case "float16", "fp16", "half": return .value("float16")
        case "float32", "fp32", "float": return .value("float32")
        default: return .unset
        }
      case .recompute:
        switch text {
        case "full", "selective": return .value(text ?? "")
        default: return .unset
        }
      }
    }

    private static func truth(_ text: String?) -> Bool? {
      switch text {
      case nil, "True", "true", "1": true
      case "False", "false", "0": false
      default: nil
      }
    }

    private static func unquoted(_ text: String) -> String {
      for quote in ["'", "\""]
      where text.count >= 2 && text.hasPrefix(quote) && text.hasSuffix(quote) {
        return String(text.dropFirst().dropLast())
      }
      return text
    }
  }

  typealias Table = [String: (LaunchFacts.Key, Form)]

  /// A name without dashes before it, with `_` for `-`.
  static func normalised(_ name: String) -> String {
    String(name.drop { $0 == "-" }.prefix(96).map { $0 == "-" ? "_" : $0 })
  }

  /// What a name means to a launcher; `nil` for all that is not in a job description.
  static func meaning(
    of name: String, for launcher: LaunchFacts.Launcher
  ) -> (LaunchFacts.Key, Form)? {
    table(of: launcher)[name]
  }

  /// All names that a launcher has for the things of a job description.
  static func table(of launcher: LaunchFacts.Launcher) -> Table {
    switch launcher {
    case .megatron: megatron
    case .deepspeed: deepspeed
    case .torchtitan: torchtitan
    case .vllm: vllm
    case .sglang: sglang
    }
  }

  /// All names that any launcher or starter has for the things of a job description.
  static var allNames: Set<String> {
    [megatron, deepspeed, torchtitan, vllm, sglang].reduce(into: Set(starters.keys)) {
      $0.formUnion($1.keys)
    }
  }

  /// Flags of the programs that start the ranks.
  static let starters: [String: LaunchFacts.Key] = [
    "nproc_per_node": .ranksPerNode, "nnodes": .nodes, "nnode": .nodes, "num_nodes": .nodes,
    "num_gpus": .ranksPerNode,
  ]

  private static let megatron: Table = [
    "world_size": (.worldSize, .count), "tensor_model_parallel_size": (.tensor, .count),
    "pipeline_model_parallel_size": (.pipeline, .count),
    "context_parallel_size": (.context, .count), "data_parallel_size": (.data, .count),
    "expert_model_parallel_size": (.expert, .count),
    "expert_tensor_parallel_size": (.expertTensor, .count),
    "sequence_parallel": (.sequenceParallel, .flag),
    "use_distributed_optimizer": (.distributedOptimizer, .flag),
    "use_megatron_fsdp": (.fullShard, .flag), "use_custom_fsdp": (.fullShard, .flag),
    "use_torch_fsdp2": (.fullShard, .flag), "use_tp_pp_dp_mapping": (.pipelineBeforeData, .flag),
    "zero_stage": (.zeroStage, .stage), "micro_batch_size": (.microBatchSize, .count),
    "global_batch_size": (.batch, .count), "seq_length": (.sequenceLength, .count),
    "recompute_granularity": (.recompute, .recompute),
    "recompute_activations": (.recompute, .word("selective")),
    "num_layers": (.layers, .count), "hidden_size": (.hidden, .count),
    "ffn_hidden_size": (.intermediate, .count), "num_attention_heads": (.heads, .count),
    "kv_channels": (.headDimension, .count), "num_query_groups": (.keyValueHeads, .count),
    "group_query_attention": (.groupedQueries, .flag),
    "padded_vocab_size": (.vocabulary, .count),
    "untie_embeddings_and_output_weights": (.untiedEmbeddings, .flag),
    "params_dtype": (.dataType, .type), "bf16": (.dataType, .word("bfloat16")),
    "fp16": (.dataType, .word("float16")), "num_experts": (.experts, .count),
    "moe_router_topk": (.expertsPerToken, .count),
    "moe_ffn_hidden_size": (.expertIntermediate, .count),
    "moe_shared_expert_intermediate_size": (.sharedExpertIntermediate, .count),
    "multi_latent_attention": (.latentAttention, .flag),
  ]

  /// DeepSpeed's `world_size` is that of its data-parallel group.
  private static let deepspeed: Table = [
    "world_size": (.data, .count), "train_batch_size": (.batch, .count),
    "train_micro_batch_size_per_gpu": (.microBatchSize, .count),
    "gradient_accumulation_steps": (.microBatches, .count),
    "zero_optimization_stage": (.zeroStage, .stage), "zero_stage": (.zeroStage, .stage),
    "bfloat16_enabled": (.dataType, .word("bfloat16")),
    "fp16_enabled": (.dataType, .word("float16")),
    "float16_enabled": (.dataType, .word("float16")),
  ]

  private static let torchtitan: Table = [
    "pp": (.pipeline, .count), "dp_replicate": (.dataReplicate, .count),
    "dp_shard": (.dataShard, .count), "cp": (.context, .count), "tp": (.tensor, .count),
    "ep": (.expert, .count), "etp": (.expertTensor, .count),
    "pipeline_parallel_degree": (.pipeline, .count),
    "tensor_parallel_degree": (.tensor, .count),
    "data_parallel_replicate_degree": (.dataReplicate, .count),
    "data_parallel_shard_degree": (.dataShard, .count),
    "context_parallel_degree": (.context, .count), "expert_parallel_degree": (.expert, .count),
    "expert_tensor_parallel_degree": (.expertTensor, .count),
    "local_batch_size": (.microBatchSize, .count), "global_batch_size": (.batch, .count),
    "seq_len": (.sequenceLength, .count), "mode": (.recompute, .recompute),
  ]

  private static let vllm: Table = [
    "tensor_parallel_size": (.tensor, .count), "tp": (.tensor, .count),
    "pipeline_parallel_size": (.pipeline, .count), "pp": (.pipeline, .count),
    "data_parallel_size": (.data, .count), "dp": (.data, .count),
    "prefill_context_parallel_size": (.context, .count), "pcp": (.context, .count),
    "enable_expert_parallel": (.expertParallel, .flag), "ep": (.expertParallel, .flag),
    "dtype": (.dataType, .type),
  ]

  private static let sglang: Table = [
    "tp_size": (.tensor, .count), "tp": (.tensor, .count),
    "tensor_parallel_size": (.tensor, .count), "pp_size": (.pipeline, .count),
    "pp": (.pipeline, .count), "pipeline_parallel_size": (.pipeline, .count),
    "dp_size": (.data, .count), "dp": (.data, .count), "data_parallel_size": (.data, .count),
    "ep_size": (.expert, .count), "ep": (.expert, .count),
    "expert_parallel_size": (.expert, .count),
    "enable_dp_attention": (.dataParallelAttention, .flag), "dtype": (.dataType, .type),
  ]
}
