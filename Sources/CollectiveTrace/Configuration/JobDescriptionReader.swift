// SPDX-License-Identifier: Apache-2.0

/// Turns the values of a job description into a ``JobDescription`` and checks them together.
struct JobDescriptionReader {
  private static let keys = [
    "version", "name", "world_size", "parallelism", "order", "workload", "model", "ranks",
    "communicators", "graph_replays",
  ]
  private static let keySynonyms = [
    "world": "world_size", "worldsize": "world_size", "size": "world_size", "gpus": "world_size",
    "nprocs": "world_size", "hosts": "ranks", "nodes": "ranks", "placement": "ranks",
    "layout": "parallelism", "parallel": "parallelism", "groups": "communicators",
    "rankorder": "order",
  ]
  private static let parallelismKeys = [
    "tensor", "pipeline", "data", "context", "expert", "expert_tensor", "sequence_parallel",
    "sharding",
  ]
  private static let parallelismSynonyms = [
    "tp": "tensor", "tensorparallelsize": "tensor", "tensormodelparallelsize": "tensor",
    "pp": "pipeline", "pipelineparallelsize": "pipeline",
    "pipelinemodelparallelsize": "pipeline", "dp": "data", "dataparallelsize": "data",
    "cp": "context", "contextparallelsize": "context", "ep": "expert",
    "expertmodelparallelsize": "expert", "experts": "expert", "etp": "expert_tensor",
    "experttensorparallelsize": "expert_tensor", "sp": "sequence_parallel",
    "sequence": "sequence_parallel", "fsdp": "sharding", "hsdp": "sharding", "zero": "sharding",
    "zerostage": "sharding",
  ]
  private static let workloadKeys = [
    "kind", "batch", "prompt_tokens", "output_tokens", "decode_steps", "steps", "micro_batches",
    "micro_batch_size", "sequence_length", "recompute",
  ]
  private static let inferenceKeys = ["prompt_tokens", "output_tokens", "decode_steps"]
  private static let trainingKeys = ["steps", "sequence_length", "recompute"]
  private static let workloadSynonyms = [
    "batchsize": "batch", "globalbatchsize": "batch", "globalbatch": "batch",
    "seqlen": "sequence_length", "seqlength": "sequence_length", "inputtokens": "prompt_tokens",
    "prompt": "prompt_tokens", "output": "output_tokens", "decode": "decode_steps",
    "iterations": "steps", "trainiters": "steps", "gradientaccumulationsteps": "micro_batches",
    "type": "kind", "mode": "kind",
  ]
  /// Most ranks all hints may name together, so that a short text cannot fill the memory.
  private static let maximumHintRanks = 1 << 22
  private static let maximumCount = 1 << 40
  private static let rankListForm =
    "a rank, a range such as `0-7`, or a list of ranks and ranges"

  private let root: ConfigurationNode
  private let baseDirectory: String?
  private var hintRanksLeft = maximumHintRanks

  init(root: ConfigurationNode, baseDirectory: String?) {
    self.root = root
    self.baseDirectory = baseDirectory
  }

  mutating func read() throws(ConfigurationError) -> JobDescription {
    let map = try root.mapping("a mapping of keys such as `world_size` and `parallelism`")
    try map.allow(only: Self.keys, synonyms: Self.keySynonyms)
    if let version = map["version"] {
      let newest = JobDescription.currentVersion
      guard try version.integer(1...Int.max) == newest else {
        throw version.invalid("\(newest), the only version this program knows")
      }
    }
    let workload = try readWorkload(map["workload"])
    let preset = map["order"]?.plain.flatMap(JobDescription.OrderPreset.init(rawValue:))
    let isInference = workload?.kind == .inference || preset == .vllm
    let (parallelism, worldSize) = try readParallelism(map, isInference: isInference)
    let order = try readOrder(map["order"], parallelism, isInference: isInference)
    var job = JobDescription(
      file: root.location.file, worldSize: worldSize, parallelism: parallelism, order: order)
    job.name = try map["name"]?.text()
    job.workload = workload
    try checkBatch(workload, parallelism, map["workload"])
    job.hosts = try readHosts(map["ranks"], worldSize: worldSize)
    job.communicators = try readHints(map["communicators"], worldSize: worldSize)
    job.graphReplays = try readReplays(map["graph_replays"])
    if let model = map["model"] {
      job.model = try readModel(model, parallelism, map["parallelism"]?.location)
    }
    return job
  }

  // MARK: - Parallelism

  private func readParallelism(
    _ map: ConfigurationMapping, isInference: Bool
  ) throws(ConfigurationError) -> (JobDescription.Parallelism, worldSize: Int) {
    let limit = 1...JobDescription.maximumWorldSize
    let stated = try map["world_size"]?.integer(limit)
    guard let node = map["parallelism"] else {
      // Without a layout all that is known is the number of ranks.
      guard let stated else {
        throw .missingKey(
          at: map.location, keyPath: "world_size", accepted: ["world_size", "parallelism"],
          similar: [])
      }
      var single = JobDescription.Parallelism()
      single.data = stated
      single.sharding.replicate = single.data
      return (single, single.data)
    }
    let keys = try node.mapping("a mapping of sizes such as `tensor: 4`")
    try keys.allow(only: Self.parallelismKeys, synonyms: Self.parallelismSynonyms)
    var result = JobDescription.Parallelism()
    result.tensor = try keys["tensor"]?.integer(limit) ?? 1
    result.pipeline = try keys["pipeline"]?.integer(limit) ?? 1
    result.context = try keys["context"]?.integer(limit) ?? 1
    result.expert = try keys["expert"]?.integer(limit) ?? 1
    result.sequenceParallel = try keys["sequence_parallel"]?.boolean() ?? false

    let sharding = try readSharding(keys["sharding"])
    let withoutData = product([result.tensor, result.context, result.pipeline])
    if let data = try keys["data"]?.integer(limit) {
      result.data = data
    } else if let stated, let withoutData, stated % withoutData == 0 {
      result.data = stated / withoutData
    } else if stated == nil, let replicate = sharding.replicate, let shard = sharding.shard {
      result.data = product([shard, replicate]) ?? 1
    }
    let sizes =
      "tensor \(result.tensor) x context \(result.context) x data \(result.data) x pipeline \(result.pipeline)"
    guard let ranks = product([withoutData, result.data]) else {
      throw node.contradiction(
        sizes, "their product must be at most \(JobDescription.maximumWorldSize) ranks")
    }
    if let stated, stated != ranks {
      let given = keys["data"] == nil ? "(data derived) " : ""
      throw node.contradiction(
        "\(sizes) \(given)is \(ranks) ranks, but world_size is \(stated)",
        "the product must be the world size; `expert` is not part of it, it divides the ranks of one pipeline stage"
      )
    }
    result.sharding = try resolve(sharding, data: result.data, keys["sharding"] ?? node)
    result.expertTensor = try readExpertTensor(node, keys, result, isInference: isInference)
    return (result, ranks)
  }

  /// Returns the product, `nil` when it is larger than any job.
  private func product(_ factors: [Int?]) -> Int? {
    var result = 1
    for factor in factors {
      guard let factor else { return nil }
      let (value, overflow) = result.multipliedReportingOverflow(by: factor)
      guard !overflow, value <= JobDescription.maximumWorldSize else { return nil }
      result = value
    }
    return result
  }

  /// Reads the ranks that share each expert's matrices and checks that the experts' grid fits.
  ///
  /// Megatron-LM uses the tensor size where the flag is not given; servers do not split experts.
  private func readExpertTensor(
    _ node: ConfigurationNode, _ keys: ConfigurationMapping,
    _ sizes: JobDescription.Parallelism, isInference: Bool
  ) throws(ConfigurationError) -> Int {
    let limit = 1...JobDescription.maximumWorldSize
    let stated = try keys["expert_tensor"]?.integer(limit)
    guard sizes.expert > 1 || stated != nil else { return isInference ? 1 : sizes.tensor }
    let expertTensor = stated ?? (isInference ? 1 : sizes.tensor)
    let stage = sizes.ranksPerStage
    guard let shards = product([sizes.expert, expertTensor]), stage % shards == 0 else {
      let origin = stated == nil && !isInference ? " (as `tensor`, because it is not given)" : ""
      throw (keys["expert"] ?? keys["expert_tensor"] ?? node).contradiction(
        "expert \(sizes.expert) x expert_tensor \(expertTensor)\(origin) does not divide the \(stage) ranks of one pipeline stage",
        "tensor x context x data must be a multiple of expert x expert_tensor")
    }
    return expertTensor
  }

  private struct StatedSharding {
    var kind = JobDescription.Sharding.Kind.none
    var shard: Int?
    var replicate: Int?
  }

  private func readSharding(
    _ node: ConfigurationNode?
  ) throws(ConfigurationError) -> StatedSharding {
    guard let node else { return StatedSharding() }
    let synonyms = [
      "hsdp": "hybrid", "hybridshard": "hybrid", "fullshard": "fsdp", "fsdp2": "fsdp",
      "ddp": "none", "off": "none", "distributedoptimizer": "zero1", "stage1": "zero1",
      "stage2": "zero2", "stage3": "zero3",
    ]
    var result = StatedSharding()
    guard node.isMapping else {
      result.kind = try node.choice(of: JobDescription.Sharding.Kind.self, synonyms: synonyms)
      guard result.kind != .hybrid else {
        throw node.invalid("`{kind: hybrid, shard: 4}`, with the ranks that share one copy")
      }
      return result
    }
    let keys = try node.mapping()
    try keys.allow(
      only: ["kind", "shard", "replicate"],
      synonyms: ["replicas": "replicate", "copies": "replicate", "type": "kind"])
    result.kind = try keys.required("kind").choice(
      of: JobDescription.Sharding.Kind.self, synonyms: synonyms)
    let limit = 1...JobDescription.maximumWorldSize
    result.shard = try keys["shard"]?.integer(limit)
    result.replicate = try keys["replicate"]?.integer(limit)
    if result.kind == .hybrid {
      guard result.shard != nil || result.replicate != nil else {
        throw .missingKey(
          at: keys.location, keyPath: keys.path(of: "shard"), accepted: ["shard", "replicate"],
          similar: [])
      }
    } else if let extra = keys["shard"] ?? keys["replicate"] {
      throw extra.contradiction(
        "only hybrid sharding has ranks that share and copies, and kind is \(result.kind.rawValue)",
        "write `kind: hybrid`, or leave the key out")
    }
    return result
  }

  private func resolve(
    _ stated: StatedSharding, data: Int, _ node: ConfigurationNode
  ) throws(ConfigurationError) -> JobDescription.Sharding {
    switch stated.kind {
    case .none: return .init(kind: .none, shard: 1, replicate: data)
    case .zero1, .zero2, .zero3, .fsdp: return .init(kind: stated.kind, shard: data, replicate: 1)
    case .hybrid: break
    }
    let shard = stated.shard ?? data / (stated.replicate ?? 1)
    let replicate = stated.replicate ?? data / max(1, shard)
    guard shard > 0, replicate > 0, product([shard, replicate]) == data else {
      throw node.contradiction(
        "shard \(stated.shard.map(String.init) ?? "(derived)") x replicate \(stated.replicate.map(String.init) ?? "(derived)") does not make data \(data)",
        "shard x replicate must be the data-parallel size")
    }
    return .init(kind: .hybrid, shard: shard, replicate: replicate)
  }

  // MARK: - Order

  private func readOrder(
    _ node: ConfigurationNode?, _ sizes: JobDescription.Parallelism, isInference: Bool
  ) throws(ConfigurationError) -> [JobDescription.Axis] {
    guard let node else {
      return (isInference ? JobDescription.OrderPreset.vllm : .megatron).axes
    }
    let presets = JobDescription.OrderPreset.allCases.map(\.rawValue)
    let form =
      "\(ConfigurationText.alternatives(presets)), or the dimensions innermost first, such as `tp-dp-pp`"
    if let name = node.plain, let preset = JobDescription.OrderPreset(rawValue: name) {
      return preset.axes
    }
    var names: [(text: String, node: ConfigurationNode)] = []
    if node.isList {
      for element in try node.list() { names.append((try element.text(), element)) }
    } else {
      guard let text = node.plain else { throw node.invalid(form) }
      names = text.split(separator: "-", omittingEmptySubsequences: false).map {
        (String($0), node)
      }
      guard names.count > 1 || Self.axis(text) != nil else {
        guard let meant = ConfigurationText.suggestion(for: text, among: presets) else {
          throw node.invalid(form)
        }
        throw node.invalid("\(form); did you mean `\(meant)`?")
      }
    }
    var axes: [JobDescription.Axis] = []
    for (text, place) in names {
      guard let axis = Self.axis(text) else {
        throw place.invalid(
          "made of \(JobDescription.Axis.allCases.map { "`\($0.rawValue)` (\($0.abbreviation))" }.joined(separator: ", ")); `\(ConfigurationText.printable(text))` is none of them"
        )
      }
      guard !axes.contains(axis) else {
        throw place.contradiction(
          "`\(axis.rawValue)` stands twice", "name each dimension once")
      }
      axes.append(axis)
    }
    for axis in JobDescription.Axis.allCases where axis != .expert && !axes.contains(axis) {
      guard sizes.size(axis) == 1 else {
        throw node.contradiction(
          "`\(axis.rawValue)` has size \(sizes.size(axis)) and is not in the order",
          "name every dimension that is larger than 1")
      }
      // Along an axis of size 1 no rank moves, so its place does not matter.
      axes.append(axis)
    }
    if !axes.contains(.expert) {
      // As Megatron-LM's default: experts are spread over neighbours before replicas.
      axes.insert(.expert, at: axes.firstIndex(of: .data) ?? axes.endIndex)
    }
    return axes
  }

  private static func axis(_ name: String) -> JobDescription.Axis? {
    JobDescription.Axis.allCases.first { $0.rawValue == name || $0.abbreviation == name }
  }

  // MARK: - Workload

  private func readWorkload(
    _ node: ConfigurationNode?
  ) throws(ConfigurationError) -> JobDescription.Workload? {
    guard let node else { return nil }
    let keys = try node.mapping("a mapping with `kind: training` or `kind: inference`")
    try keys.allow(only: Self.workloadKeys, synonyms: Self.workloadSynonyms)
    let kind = try keys.required("kind").choice(
      of: JobDescription.Workload.Kind.self,
      synonyms: ["serving": "inference", "train": "training", "pretraining": "training"])
    for key in kind == .training ? Self.inferenceKeys : Self.trainingKeys {
      if let value = keys[key] {
        throw value.contradiction(
          "this key belongs to \(kind == .training ? "inference" : "training"), and kind is \(kind.rawValue)",
          "leave it out or change the kind")
      }
    }
    let range = 1...Self.maximumCount
    var result = JobDescription.Workload(kind: kind)
    result.batch = try keys["batch"]?.integer(range)
    result.promptTokens = try keys["prompt_tokens"]?.integer(range)
    result.outputTokens = try keys["output_tokens"]?.integer(range)
    result.decodeSteps = try keys["decode_steps"]?.integer(0...Self.maximumCount)
    result.steps = try keys["steps"]?.integer(range)
    result.microBatches = try keys["micro_batches"]?.integer(range)
    result.microBatchSize = try keys["micro_batch_size"]?.integer(range)
    result.sequenceLength = try keys["sequence_length"]?.integer(range)
    result.recompute = try keys["recompute"]?.choice(
      of: JobDescription.Workload.Recompute.self, synonyms: ["off": "none", "all": "full"])
    if result.decodeSteps == nil, let output = result.outputTokens {
      result.decodeSteps = output - 1
    }
    return result
  }

  private func checkBatch(
    _ workload: JobDescription.Workload?, _ sizes: JobDescription.Parallelism,
    _ node: ConfigurationNode?
  ) throws(ConfigurationError) {
    guard let node, let workload, workload.kind == .training, let batch = workload.batch,
      let count = workload.microBatches, let size = workload.microBatchSize
    else { return }
    let (samples, first) = count.multipliedReportingOverflow(by: size)
    let (all, second) = samples.multipliedReportingOverflow(by: sizes.data)
    guard first || second || all != batch else { return }
    throw node.contradiction(
      "batch is \(batch), but micro_batches \(count) x micro_batch_size \(size) x data \(sizes.data) is another number",
      "batch counts the samples of one step over all ranks; leave one of the keys out to derive nothing from it"
    )
  }

  // MARK: - Ranks

  private func readHosts(
    _ node: ConfigurationNode?, worldSize: Int
  ) throws(ConfigurationError) -> [JobDescription.HostRanks] {
    guard let node else { return [] }
    let map = try node.mapping("a mapping from host to ranks, such as `node-a: 0-7`")
    var owner: [Int: String] = [:]
    var hosts: [JobDescription.HostRanks] = []
    for entry in map.entries {
      guard !entry.key.isEmpty, entry.key.utf8.count <= 255 else {
        throw entry.value.invalid("given for a host name of 1 to 255 bytes")
      }
      var ranks: [Int] = []
      for range in try rankRanges(entry.value, worldSize: worldSize) {
        for rank in range {
          if let other = owner.updateValue(entry.key, forKey: rank) {
            throw entry.value.contradiction(
              "rank \(rank) also stands at `\(ConfigurationText.printable(other))`",
              "each rank runs on one host")
          }
          ranks.append(rank)
        }
      }
      hosts.append(JobDescription.HostRanks(host: entry.key, ranks: ranks))
    }
    return hosts
  }

  private func rankRanges(
    _ node: ConfigurationNode, worldSize: Int
  ) throws(ConfigurationError) -> [ClosedRange<Int>] {
    var ranges: [ClosedRange<Int>] = []
    let parts = node.isList ? try node.list() : [node]
    for part in parts {
      guard let text = part.plain else { throw part.invalid(Self.rankListForm) }
      let ends = text.split(separator: "-", omittingEmptySubsequences: false)
      guard ends.count <= 2, let first = ends.first.flatMap({ ConfigurationNode.decimal($0) }),
        let last = ends.last.flatMap({ ConfigurationNode.decimal($0) }), first <= last
      else { throw part.invalid(Self.rankListForm) }
      guard last < worldSize else {
        throw part.contradiction(
          "rank \(last) does not exist", "ranks of this job are 0 to \(worldSize - 1)")
      }
      ranges.append(first...last)
    }
    return ranges
  }

  private mutating func readHints(
    _ node: ConfigurationNode?, worldSize: Int
  ) throws(ConfigurationError) -> [JobDescription.CommunicatorHint] {
    guard let node else { return [] }
    var hints: [JobDescription.CommunicatorHint] = []
    for element in try node.list("a list such as `- {ranks: 0-3, dimension: tp}`") {
      let keys = try element.mapping("a mapping such as `{ranks: 0-3, dimension: tp}`")
      try keys.allow(only: ["name", "ranks", "dimension"], synonyms: ["role": "dimension"])
      let dimension = try readDimension(keys.required("dimension"))
      let name = try keys["name"]?.text()
      var ranks: [Int]?
      if let value = keys["ranks"] {
        var members: [Int] = []
        for range in Self.merged(try rankRanges(value, worldSize: worldSize)) {
          hintRanksLeft -= range.count
          guard hintRanksLeft >= 0 else {
            throw value.contradiction(
              "the hints name more than \(Self.maximumHintRanks) ranks together",
              "describe the layout with `parallelism` and `order` instead")
          }
          members.append(contentsOf: range)
        }
        ranks = members
      }
      guard name != nil || ranks?.isEmpty == false else {
        throw .missingKey(
          at: keys.location, keyPath: keys.path(of: "ranks"), accepted: ["ranks", "name"],
          similar: [])
      }
      hints.append(.init(name: name, ranks: ranks, dimension: dimension))
    }
    return hints
  }

  /// Returns the same ranks as ascending ranges that do not overlap.
  private static func merged(_ ranges: [ClosedRange<Int>]) -> [ClosedRange<Int>] {
    var result: [ClosedRange<Int>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = result.last, range.lowerBound <= last.upperBound {
        result[result.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
      } else {
        result.append(range)
      }
    }
    return result
  }

  private func readDimension(_ node: ConfigurationNode) throws(ConfigurationError) -> String {
    let names = JobDescription.dimensionNames
    let text = try node.text()
    guard !names.contains(text) else { return text }
    var allowed = ConfigurationText.alternatives(names)
    let synonyms = [
      "tensor": "tp", "sequence": "sp", "pipeline": "pp", "data": "dp", "expert": "ep",
      "context": "cp", "emb": "embedding", "hsdp": "fsdp", "model": "mp", "zero": "fsdp",
    ]
    if let meant = ConfigurationText.suggestion(for: text, among: names, synonyms: synonyms) {
      allowed += "; did you mean `\(meant)`?"
    }
    throw node.invalid(allowed)
  }

  private func readReplays(
    _ node: ConfigurationNode?
  ) throws(ConfigurationError) -> [JobDescription.GraphReplay] {
    guard let node else { return [] }
    let form = "a mapping from batch size to count, such as `8: 1200`"
    var replays: [JobDescription.GraphReplay] = []
    for entry in try node.mapping(form).entries {
      guard let batch = ConfigurationNode.decimal(entry.key), batch > 0,
        batch <= Self.maximumCount
      else {
        throw .invalidValue(
          at: entry.location, keyPath: node.keyPath,
          found: "keyed by `\(ConfigurationText.printable(entry.key))`", allowed: form)
      }
      replays.append(.init(batch: batch, count: try entry.value.integer(0...Self.maximumCount)))
    }
    return replays.sorted { $0.batch < $1.batch }
  }

  // MARK: - Model

  private func readModel(
    _ node: ConfigurationNode, _ parallelism: JobDescription.Parallelism,
    _ place: ConfigurationLocation?
  ) throws(ConfigurationError) -> ModelConfiguration {
    let model: ModelConfiguration
    if node.isMapping {
      model = try ModelConfiguration.read(node)
    } else {
      let path = try node.text()
      let resolved = ConfigurationFile.resolve(path, in: baseDirectory)
      do {
        model = try ModelConfiguration.load(path: resolved)
      } catch {
        guard case .unreadable(_, let reason) = error else { throw error }
        throw node.contradiction(
          "the file `\(ConfigurationText.printable(resolved, limit: 256))` cannot be read (\(reason))",
          "give the path of a config.json as seen from the job description, or the fields themselves"
        )
      }
    }
    try model.check(parallelism, at: place ?? root.location)
    return model
  }
}
