// SPDX-License-Identifier: Apache-2.0

/// Statements of one or several launch files or headers, put together and turned into the keys of a
/// job description.
///
/// The result is written as a description and read by the reader of descriptions, so that both have
/// the same rules.
struct LaunchPool {
  typealias Key = LaunchFacts.Key

  /// A value with the place that states it.
  struct Entry: Equatable {
    var value: String
    var place: String
    var isAssumed: Bool
  }

  /// Two values of one key.
  struct Dispute: Equatable {
    var key: Key
    var name: String
    var first: Entry
    var second: Entry
  }

  /// A key of a job description, `parallelism.tensor`, with its value as written there.
  struct Line: Equatable {
    var path: String
    var entry: Entry
  }

  private(set) var launchers: [LaunchFacts.Launcher] = []
  private(set) var disputes: [Dispute] = []
  /// Sizes of groups that are stated without a value that can be known, with their place.
  private(set) var unclear: [(key: Key, text: String, place: String)] = []
  private var entries: [Key: Entry] = [:]

  /// Puts facts together; what stands first is kept where two disagree.
  ///
  /// - Parameters:
  ///   - facts: What was stated.
  ///   - place: Names a line of the file of one of the facts.
  init(_ facts: [LaunchFacts], place: (LaunchFacts, Int) -> String) {
    for own in facts {
      if !launchers.contains(own.launcher) { launchers.append(own.launcher) }
      for statement in own.statements {
        let entry = Entry(
          value: statement.value, place: place(own, statement.line), isAssumed: statement.isAssumed)
        guard let known = entries[statement.key] else {
          entries[statement.key] = entry
          continue
        }
        if known.value == entry.value {
          if known.isAssumed, !entry.isAssumed { entries[statement.key] = entry }
        } else if known.isAssumed != entry.isAssumed {
          if known.isAssumed { entries[statement.key] = entry }
        } else if !disputes.contains(where: { $0.key == statement.key }) {
          disputes.append(
            Dispute(key: statement.key, name: statement.name, first: known, second: entry))
        }
      }
    }
    for own in facts {
      for problem in own.problems {
        guard let key = problem.key, Self.layoutKeys.contains(key), entries[key] == nil else {
          continue
        }
        let reason = problem.text.split(separator: ": ", maxSplits: 1).last ?? ""
        unclear.append(
          (key, String(reason.drop { $0 == " " }.prefix { $0 != "." }), place(own, problem.line)))
      }
    }
    // The number of ranks may be known from elsewhere.
    unclear.removeAll { [.worldSize, .nodes, .ranksPerNode, .data].contains($0.key) }
    // A key of the work that two headers disagree on is not known; the layout is another matter.
    for dispute in disputes where !Self.layoutKeys.contains(dispute.key) {
      entries[dispute.key] = nil
    }
  }

  /// Keys that decide the groups of ranks.
  static let layoutKeys: Set<Key> = [
    .worldSize, .nodes, .ranksPerNode, .tensor, .pipeline, .data, .context, .expert, .dataShard,
    .dataReplicate, .expertTensor, .expertParallel, .dataParallelAttention, .pipelineBeforeData,
    .fullShard, .zeroStage,
  ]

  /// Whether two places state different layouts.
  var hasDisputedLayout: Bool { disputes.contains { Self.layoutKeys.contains($0.key) } }

  /// Whether anything was stated that a job's layout can be made of.
  var hasLayout: Bool {
    unclear.isEmpty && entries.contains { Self.layoutKeys.contains($0.key) && $0.key != .zeroStage }
  }

  // MARK: - Values

  private func number(_ key: Key) -> Int? { entries[key].flatMap { Int($0.value) } }
  private func isTrue(_ key: Key) -> Bool { entries[key]?.value == "true" }
  private func has(_ launcher: LaunchFacts.Launcher) -> Bool { launchers.contains(launcher) }
  private var launcher: LaunchFacts.Launcher {
    // Megatron-LM's own numbering holds where DeepSpeed runs inside it.
    launchers.contains(.megatron) ? .megatron : launchers.first ?? .megatron
  }

  private static func product(_ factors: [Int?]) -> Int? {
    var result = 1
    for factor in factors {
      guard let factor else { return nil }
      let (value, overflow) = result.multipliedReportingOverflow(by: factor)
      guard !overflow, value <= JobDescription.maximumWorldSize else { return nil }
      result = value
    }
    return result
  }

  /// The keys of a description, as far as they are known.
  ///
  /// - Parameter ranks: The number of ranks that the logs have, if they say.
  /// - Returns: Lines in a fixed order; `nil` when the number of ranks is not known.
  func lines(ranks: Int?) -> [Line]? {
    var lines: [Line] = []
    func add(_ path: String, _ value: String?, _ source: Entry?) {
      guard let value, let source else { return }
      lines.append(
        Line(
          path: path,
          entry: Entry(value: value, place: source.place, isAssumed: source.isAssumed)))
    }
    func copy(_ path: String, _ key: Key) { add(path, entries[key]?.value, entries[key]) }
    let data = dataSize()
    guard let world = worldSize(data: data, ranks: ranks) else { return nil }
    add("world_size", world.value, world)
    copy("parallelism.tensor", .tensor)
    copy("parallelism.pipeline", .pipeline)
    add("parallelism.data", data?.value, data)
    copy("parallelism.context", .context)
    addExperts(data, add)
    copy("parallelism.sequence_parallel", .sequenceParallel)
    if entries[.sequenceParallel] == nil, launcher == .torchtitan, let tensor = entries[.tensor],
      tensor.value != "1"
    {
      // Its plans for tensor parallelism shard activations along the sequence.
      add(
        "parallelism.sequence_parallel", "true",
        Entry(value: "true", place: tensor.place, isAssumed: true))
    }
    addSharding(add)
    let known = entries[.tensor] ?? entries[.pipeline] ?? world
    add(
      "order", isTrue(.pipelineBeforeData) ? "tp-cp-ep-pp-dp" : launcher.order.rawValue,
      Entry(value: "", place: (entries[.pipelineBeforeData] ?? known).place, isAssumed: false))
    addWorkload(known, add)
    addModel(add)
    return lines
  }

  /// Data-parallel ranks: stated, or the product of shards and replicas.
  private func dataSize() -> Entry? {
    if let data = entries[.data] {
      // Data-parallel attention divides the tensor group.
      return isTrue(.dataParallelAttention)
        ? Entry(value: "1", place: data.place, isAssumed: false) : data
    }
    guard let shard = entries[.dataShard], let shards = Int(shard.value) else { return nil }
    let copies = number(.dataReplicate) ?? 1
    return Self.product([shards, copies]).map {
      Entry(value: String($0), place: shard.place, isAssumed: shard.isAssumed)
    }
  }

  /// Ranks of the job, by what is stated best.
  private func worldSize(data: Entry?, ranks: Int?) -> Entry? {
    let seen = ranks.map {
      Entry(value: String($0), place: "the largest communicator", isAssumed: true)
    }
    var stated = entries[.worldSize]
    if stated == nil, let nodes = entries[.nodes], let each = entries[.ranksPerNode],
      let product = Self.product([Int(nodes.value), Int(each.value)])
    {
      stated = Entry(
        value: String(product), place: each.place, isAssumed: nodes.isAssumed || each.isAssumed)
    }
    let isComplete = data != nil || launcher.serves
    if stated == nil, isComplete {
      // A size that is not given is 1, as all launchers document.
      let sizes = [number(.tensor), number(.pipeline), number(.context)].map { $0 ?? 1 }
      let all = sizes + [data.flatMap { Int($0.value) } ?? 1]
      stated = Self.product(all).flatMap { product in
        (data ?? entries[.tensor] ?? entries[.pipeline]).map {
          // DeepSpeed does not say into how many stages and slices others divided the model.
          Entry(
            value: String(product), place: $0.place,
            isAssumed: $0.isAssumed || launcher == .deepspeed)
        }
      }
    }
    // What the logs have is worth more than a default of the script.
    if let stated, !stated.isAssumed { return stated }
    return seen ?? stated
  }

  private func addExperts(_ data: Entry?, _ add: (String, String?, Entry?) -> Void) {
    var expert = entries[.expert]
    var expertTensor = entries[.expertTensor]
    switch launcher {
    case .vllm:
      guard let flag = entries[.expertParallel], flag.value == "true" else { return }
      // vLLM: the expert group is the tensor and data ranks together.
      let size = Self.product([
        number(.tensor) ?? 1, data.flatMap { Int($0.value) } ?? 1, number(.context) ?? 1,
      ])
      expert = size.map { Entry(value: String($0), place: flag.place, isAssumed: false) }
    case .sglang:
      // SGLang: expert groups divide the tensor group, whose rest shares each expert.
      if let own = expert, let experts = number(.expert), let tensor = number(.tensor),
        experts > 1, tensor % experts == 0
      {
        expertTensor = Entry(
          value: String(tensor / experts), place: own.place, isAssumed: false)
      }
    case .torchtitan where expertTensor == nil:
      // torchtitan documents 1 as the meaning of a degree that is not given.
      expertTensor = expert.map { Entry(value: "1", place: $0.place, isAssumed: true) }
    default: break
    }
    add("parallelism.expert", expert?.value, expert)
    if expert != nil, expert?.value != "1" || launcher == .megatron {
      add("parallelism.expert_tensor", expertTensor?.value, expertTensor)
    }
  }

  private func addSharding(_ add: (String, String?, Entry?) -> Void) {
    let path = "parallelism.sharding"
    if let stage = entries[.zeroStage], has(.deepspeed) || stage.value != "0" {
      add(path, stage.value == "0" ? "none" : "zero\(stage.value)", stage)
    } else if isTrue(.fullShard) {
      add(path, "fsdp", entries[.fullShard])
    } else if let own = entries[.distributedOptimizer] {
      add(path, own.value == "true" ? "zero1" : "none", own)
    } else if has(.torchtitan) {
      let shard = entries[.dataShard]
      let copies = number(.dataReplicate) ?? 1
      if copies > 1, shard?.value != "1" {
        add(path, "{kind: hybrid, replicate: \(copies)}", entries[.dataReplicate])
      } else if copies == 1, shard?.value != "1" {
        add(path, "fsdp", shard ?? entries[.dataReplicate])
      }
    }
  }

  private func addWorkload(_ known: Entry, _ add: (String, String?, Entry?) -> Void) {
    add(
      "workload.kind", launcher.serves ? "inference" : "training",
      Entry(value: "", place: known.place, isAssumed: false))
    guard !launcher.serves else { return }
    let pairs: [(String, Key)] = [
      ("batch", .batch), ("micro_batches", .microBatches), ("micro_batch_size", .microBatchSize),
      ("sequence_length", .sequenceLength), ("recompute", .recompute),
    ]
    for (name, key) in pairs {
      // A pipeline of torchtitan cuts the local batch into pieces that are not stated.
      if key == .microBatchSize, launcher == .torchtitan, number(.pipeline) ?? 1 > 1 { continue }
      add("workload.\(name)", entries[key]?.value, entries[key])
    }
  }

  /// The model, when all of it is stated; a part of one is of no use to the closed forms.
  private func addModel(_ add: (String, String?, Entry?) -> Void) {
    guard let hidden = entries[.hidden], let layers = entries[.layers], let heads = entries[.heads],
      let vocabulary = entries[.vocabulary], let type = entries[.dataType],
      let intermediate = entries[.intermediate], !isTrue(.latentAttention)
    else { return }
    let experts = number(.experts) ?? 0
    if experts > 0, entries[.expertsPerToken] == nil { return }
    add("model.hidden_size", hidden.value, hidden)
    add("model.num_hidden_layers", layers.value, layers)
    add("model.num_attention_heads", heads.value, heads)
    // Without grouped queries the number of groups has no effect.
    if isTrue(.groupedQueries), let groups = entries[.keyValueHeads] {
      add("model.num_key_value_heads", groups.value, groups)
    }
    add("model.head_dim", entries[.headDimension]?.value, entries[.headDimension])
    add("model.intermediate_size", intermediate.value, intermediate)
    add("model.vocab_size", vocabulary.value, vocabulary)
    if let untied = entries[.untiedEmbeddings] {
      add("model.tie_word_embeddings", untied.value == "true" ? "false" : "true", untied)
    }
    add("model.torch_dtype", type.value, type)
    guard experts > 0 else { return }
    add("model.num_experts", entries[.experts]?.value, entries[.experts])
    add("model.num_experts_per_tok", entries[.expertsPerToken]?.value, entries[.expertsPerToken])
    for (name, key) in [
      ("moe_intermediate_size", Key.expertIntermediate),
      ("shared_expert_intermediate_size", .sharedExpertIntermediate),
    ] {
      add("model.\(name)", entries[key]?.value, entries[key])
    }
  }

  /// Writes lines as a description.
  static func text(_ lines: [Line]) -> String {
    var text = ""
    var section = ""
    for line in lines {
      let parts = line.path.split(separator: ".")
      guard let key = parts.last else { continue }
      if parts.count == 2, parts[0] != section {
        section = String(parts[0])
        text += "\(section):\n"
      }
      text += "\(parts.count == 2 ? "  " : "")\(key): \(line.entry.value)\n"
    }
    return text
  }
}
