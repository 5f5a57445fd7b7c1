// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// What one communicator serves, and why.
struct DimensionLabel {
  /// The strategy of most of its payload.
  var dimension: ParallelismDimension = .unclassified
  /// How sure that is.
  var confidence: Confidence = .none
  /// Why.
  var evidence: [Evidence] = []
  /// Classes of operations that serve something else, by their place among the classes.
  var exceptions: [Int: ParallelismDimension] = [:]

  /// The strategy of a class of operations.
  func dimension(ofClass place: Int) -> ParallelismDimension { exceptions[place] ?? dimension }
}

/// Assigns every communicator, and where needed a class of its operations, to a strategy.
///
/// A job description decides by rank sets; where one set serves several strategies, the operations
/// tell them apart. Without a description the structure of the rank sets and the mix of operations
/// are weighed; what they do not settle stays unclassified.
struct DimensionInference {
  private let communicators: [AnalysedCommunicator]
  private let profiles: [CommunicatorProfile]
  private let layout: JobLayout?
  /// Tensor and pipeline groups by member, and the place of each member's expert group.
  private var tensorSets: [Int: Set<[Int]>] = [:]
  private var pipelineSets: [Int: Set<[Int]>] = [:]
  private var expertGroups: [Int: Int] = [:]

  /// Prepares to label.
  init(_ communicators: [AnalysedCommunicator], layout: JobLayout?) {
    self.communicators = communicators
    self.layout = layout
    profiles = communicators.map { CommunicatorProfile($0) }
  }

  /// Labels all communicators, in their order.
  ///
  /// - Complexity: O(*c* + *k*) in communicators and classes, plus the ranks of each.
  mutating func labels() -> [DimensionLabel] {
    var labels = communicators.indices.map { declared($0) ?? named($0) ?? DimensionLabel() }
    inferPairsAndExchanges(&labels)
    inferTensorAndData(&labels)
    inferTies(&labels)
    inferControl(&labels)
    for place in labels.indices {
      weaken(place, &labels[place])
      split(place, &labels[place])
    }
    return labels
  }

  /// Takes certainty from what was inferred while half of the ranks were not seen.
  private func weaken(_ place: Int, _ label: inout DimensionLabel) {
    let own = communicators[place].communicator
    guard label.confidence == .strong,
      label.evidence.first?.kind == .behaviour
        || label.evidence.first?.kind == .structure
    else { return }
    if own.membership == .assumed || own.instances.count <= own.size / 2 {
      label.confidence = .weak
    }
  }

  private func isOpen(_ label: DimensionLabel, _ place: Int) -> Bool {
    label.dimension == .unclassified && profiles[place].habit != .silent
  }

  // MARK: - Declared

  /// Which strategies a habit speaks for, best first.
  private static func preferences(
    _ habit: CommunicatorProfile.Habit, isRing: Bool
  ) -> [ParallelismDimension] {
    switch habit {
    case .silent: []
    case .control: [.world, .mp, .tp, .dp, .fsdp, .pp, .ep, .edp, .cp, .embedding]
    case .allReduce: [.tp, .fsdp, .dp, .edp, .embedding, .ep, .cp, .mp, .world, .pp]
    case .shard: [.fsdp, .tp, .dp, .edp, .cp, .ep, .mp, .embedding, .world, .pp]
    case .allToAll: [.ep, .cp, .tp, .fsdp, .dp, .edp, .mp, .world, .pp, .embedding]
    case .pointToPoint:
      isRing
        ? [.cp, .pp, .ep, .dp, .fsdp, .tp, .edp, .mp, .world, .embedding]
        : [.pp, .cp, .ep, .dp, .fsdp, .tp, .edp, .mp, .world, .embedding]
    case .rooted: [.tp, .fsdp, .dp, .edp, .pp, .ep, .cp, .mp, .world, .embedding]
    }
  }

  private func declared(_ place: Int) -> DimensionLabel? {
    guard let layout else { return nil }
    let own = communicators[place]
    let habit = profiles[place].habit
    if let hint = layout.dimension(ofName: own.frameworkName) {
      return DimensionLabel(
        dimension: hint, confidence: .certain,
        evidence: [Evidence(.declared, "the job description names this communicator")])
    }
    guard habit != .silent, !own.ranks.isEmpty else { return nil }
    // Sequence parallelism is a way to use the tensor group, not a group of its own.
    let candidates = layout.dimensions(ofRanks: own.ranks, size: own.communicator.size)
      .filter { $0 != .sp }
    guard !candidates.isEmpty else { return nil }
    let order = Self.preferences(habit, isRing: isOneWayRing(own))
    guard let choice = order.first(where: { candidates.contains($0) }) else { return nil }
    var label = DimensionLabel(
      dimension: choice, confidence: candidates.count == 1 ? .certain : .strong)
    label.evidence = [
      Evidence(
        .declared, "ranks \(Self.text(own.ranks)) form a group of \(choice.rawValue) in the job")
    ]
    if candidates.count > 1 {
      let names = candidates.map(\.rawValue).joined(separator: ", ")
      label.evidence.append(
        Evidence(
          .behaviour, "\(Self.text(habit)) decides among \(names), which have the same ranks"))
    }
    return label
  }

  static func text(_ habit: CommunicatorProfile.Habit) -> String {
    switch habit {
    case .silent: "no operation"
    case .control: "only control messages"
    case .allReduce: "all-reduce"
    case .shard: "all-gather and reduce-scatter"
    case .allToAll: "all-to-all"
    case .pointToPoint: "send and receive"
    case .rooted: "rooted operations"
    }
  }

  static func text(_ ranks: [Int]) -> String {
    let shown = ranks.prefix(8).map(String.init).joined(separator: ",")
    return "{" + shown + (ranks.count > 8 ? ",..." : "") + "}"
  }

  // MARK: - Named

  /// The strategy in a framework's name for the group.
  static func dimension(inName name: String) -> ParallelismDimension? {
    let lowered = name.lowercased()
    let words = lowered.split { !$0.isLetter }.map(String.init)
    guard let first = words.first else { return nil }
    let has = { (word: String) in words.contains { $0.hasPrefix(word) } }
    if has("embed") || first == "emb" || first == "embd" { return .embedding }
    if has("expert"), has("data") || has("dp") { return .edp }
    if first == "edp" || first == "expdp" { return .edp }
    if has("expert") || first == "ep" || first == "exp" { return .ep }
    if has("fsdp") || has("shard") { return .fsdp }
    if has("context") || first == "cp" { return .cp }
    if has("pipeline") || first == "pp" { return has("tensor") ? .mp : .pp }
    if has("tensor") || first == "tp" { return .tp }
    if has("data") || has("replica") || first == "dp" { return .dp }
    if first == "mp" || (first == "model" && has("parallel")) { return .mp }
    return first == "world" || first == "default" ? .world : nil
  }

  private func named(_ place: Int) -> DimensionLabel? {
    guard let name = communicators[place].frameworkName,
      let dimension = Self.dimension(inName: name), profiles[place].habit != .silent
    else { return nil }
    // The default group may carry a strategy's traffic; its name says nothing about that.
    if dimension == .world, profiles[place].habit != .control { return nil }
    return DimensionLabel(
      dimension: dimension, confidence: .strong,
      evidence: [Evidence(.named, "the framework named it \(name)")])
  }

  // MARK: - Point-to-point and all-to-all

  /// Whether every rank sends to one other only, and these sends close one circle.
  ///
  /// The circle need not follow the order of ranks: a launcher may have numbered them otherwise.
  private func isOneWayRing(_ own: AnalysedCommunicator) -> Bool {
    let size = own.communicator.size
    let pairs = own.traffic.pairs
    guard size > 2, pairs.count == size else { return false }
    var next: [Int: Int] = [:]
    for pair in pairs.keys { next[pair.source] = pair.target }
    guard next.count == size, let start = next.keys.min() else { return false }
    var rank = start
    for step in 1...size {
      guard let target = next[rank] else { return false }
      rank = target
      if rank == start { return step == size }
    }
    return false
  }

  /// Whether ranks send to at most two neighbours each, in one line whose ends do not meet.
  private func isChain(_ own: AnalysedCommunicator) -> Bool {
    guard !own.traffic.pairs.isEmpty else { return false }
    var neighbours: [Int: Set<Int>] = [:]
    for pair in own.traffic.pairs.keys where pair.source != pair.target {
      neighbours[pair.source, default: []].insert(pair.target)
      neighbours[pair.target, default: []].insert(pair.source)
    }
    guard neighbours.values.allSatisfy({ $0.count <= 2 }) else { return false }
    let edges = neighbours.values.reduce(0) { $0 + $1.count } / 2
    // Lines have a rank more than edges; a rank without a log may leave several lines.
    guard edges < neighbours.count else { return false }
    let isWhole = own.communicator.instances.count == own.communicator.size
    return !isWhole || edges == neighbours.count - 1
  }

  /// Whether no two ranks send to each other and none receives from two: a pass in one direction.
  private func isOneWay(_ own: AnalysedCommunicator) -> Bool {
    var targets: Set<Int> = []
    return own.traffic.pairs.keys.allSatisfy { pair in
      targets.insert(pair.target).inserted
        && own.traffic.pairs[RankPair(source: pair.target, target: pair.source)] == nil
    }
  }

  private mutating func inferPairsAndExchanges(_ labels: inout [DimensionLabel]) {
    for place in labels.indices {
      let own = communicators[place]
      switch profiles[place].habit {
      case .allToAll where isOpen(labels[place], place):
        // Tokens are floating-point numbers; benchmarks and index exchanges are not.
        let heaviest = own.traffic.classes.filter { $0.kind == .allToAll }
          .max { a, b in (a.payloadBytes, b.order) < (b.payloadBytes, a.order) }
        guard let heaviest, isFloating(heaviest) else { continue }
        let isUneven = own.traffic.classes.contains {
          $0.kind == .allToAll && $0.messageBytes == nil
        }
        labels[place] = DimensionLabel(
          dimension: .ep, confidence: isUneven ? .strong : .weak,
          evidence: [
            Evidence(
              .behaviour,
              isUneven
                ? "all-to-all with parts of different size, as tokens are routed to experts"
                : "all-to-all carries most of its bytes")
          ])
      case .pointToPoint where isOpen(labels[place], place):
        if isOneWayRing(own) {
          labels[place] = DimensionLabel(
            dimension: .cp, confidence: .strong,
            evidence: [
              Evidence(.behaviour, "every rank sends to the next one only, around the ring")
            ])
        } else if isChain(own) {
          let size = own.communicator.size
          let isOneWay = isOneWay(own)
          let isOutermost = (profiles[place].stride ?? 1) > 1 || own.isWorld
          labels[place] = DimensionLabel(
            dimension: .pp,
            confidence: size > 2 || isOneWay || isOutermost ? .strong : .weak,
            evidence: [
              Evidence(
                .behaviour,
                isOneWay
                  ? "ranks send to the next one only, and the last one not at all"
                  : "ranks send to their neighbours only, and the ends do not meet")
            ])
        }
      default: break
      }
      if labels[place].dimension == .pp {
        for rank in own.ranks { pipelineSets[rank, default: []].insert(own.ranks) }
      }
      if labels[place].dimension == .ep {
        for rank in own.ranks { expertGroups[rank] = place }
      }
    }
  }

  // MARK: - Tensor, data, sharded data

  private func isHalf(_ group: OperationClass) -> Bool {
    // float16 and bfloat16.
    group.dataType.rawValue == 6 || group.dataType == .bfloat16
  }

  /// Whether a class moves numbers that could be activations or gradients.
  private func isFloating(_ group: OperationClass) -> Bool {
    (6...11).contains(group.dataType.rawValue)
  }

  /// The class with the most operations.
  private func commonest(_ groups: [OperationClass]) -> OperationClass? {
    groups.max { a, b in (a.operations, b.order) < (b.operations, a.order) }
  }

  private func operations(_ groups: [OperationClass]) -> UInt64 {
    groups.reduce(0) { $0.adding($1.operations) }
  }

  /// Bytes one rank hands in, whatever the collective.
  private func callBytes(_ group: OperationClass, size: Int) -> UInt64? {
    guard let bytes = group.messageBytes, size > 0 else { return nil }
    switch group.kind {
    case .allGather, .reduceScatter, .allToAll: return bytes / UInt64(clamping: size)
    default: return bytes
    }
  }

  private mutating func inferTensorAndData(_ labels: inout [DimensionLabel]) {
    let open = labels.indices.filter {
      isOpen(labels[$0], $0)
        && (profiles[$0].habit == .allReduce || profiles[$0].habit == .shard)
    }
    // Bytes that pipeline stages hand over: activations, which tensor groups exchange as well.
    var activations: Set<UInt64> = []
    for place in labels.indices where labels[place].dimension == .pp {
      for group in profiles[place].sends {
        if let bytes = group.messageBytes { activations.insert(bytes) }
      }
    }
    let strided = labels.indices.filter { (profiles[$0].stride ?? 1) > 1 }
    // Elements of the gradient shards that replicas of a hybrid sharding reduce, by rank.
    var replicas: [ShardPiece: [Int]] = [:]
    for place in labels.indices
    where profiles[place].habit == .allReduce && !communicators[place].isWorld {
      for count in Set(profiles[place].allReduces.compactMap(\.elementCount)) {
        for rank in communicators[place].ranks {
          replicas[ShardPiece(rank: rank, count: count), default: []].append(place)
        }
      }
    }
    // Gradients of what all ranks share are reduced over the expert groups as well.
    let hasDenseGroup = labels.indices.contains { place in
      guard profiles[place].allReduces.contains(where: isFloating) else { return false }
      let groups = communicators[place].ranks.compactMap { expertGroups[$0] }
      return Set(groups).count < groups.count
    }
    let hasData = strided.contains {
      profiles[$0].habit == .shard || profiles[$0].habit == .allReduce
    }
    for place in open {
      let own = communicators[place]
      let profile = profiles[place]
      let isInner = profile.stride == 1 || profile.stride == nil
      if profile.habit == .shard {
        if let count = commonest(profile.reduceScatters)?.elementCount {
          let partners = partners(of: own, in: replicas, count: count)
          if !partners.isEmpty {
            labels[place] = DimensionLabel(
              dimension: .fsdp, confidence: .strong,
              evidence: [
                Evidence(
                  .behaviour,
                  "its reduce-scatter leaves as many elements as other groups all-reduce next")
              ])
            for replica in partners where isOpen(labels[replica], replica) {
              labels[replica] = DimensionLabel(
                dimension: .dp, confidence: .strong,
                evidence: [
                  Evidence(.behaviour, "all-reduces the shards that a reduce-scatter left"),
                  Self.structure(communicators[replica], profiles[replica]),
                ])
            }
            continue
          }
        }
        labels[place] = shardLabel(
          own, profile, isInner: isInner, hasData: hasData, activations: activations)
      } else {
        labels[place] = reduceLabel(
          own, profile, place: place, isInner: isInner, hasOuter: !strided.isEmpty,
          hasDenseGroup: hasDenseGroup, activations: activations)
      }
    }
    for place in labels.indices where labels[place].dimension == .tp {
      for rank in communicators[place].ranks {
        tensorSets[rank, default: []].insert(communicators[place].ranks)
      }
    }
  }

  /// A rank and the elements of a tensor that it reduces.
  private struct ShardPiece: Hashable {
    var rank: Int
    var count: UInt64
  }

  /// The groups that reduce a shard's elements further and share just one rank with its group.
  private func partners(
    of own: AnalysedCommunicator, in replicas: [ShardPiece: [Int]], count: UInt64
  ) -> [Int] {
    var shared: [Int: Int] = [:]
    for rank in own.ranks {
      for place in replicas[ShardPiece(rank: rank, count: count)] ?? [] {
        shared[place, default: 0] += 1
      }
    }
    return shared.filter { $0.value == 1 }.keys.sorted()
  }

  /// Whether some parameters are gathered whose gradients are scattered: as many elements, in
  /// types of any width that numbers have.
  private func isOneTensor(_ profile: CommunicatorProfile, size: Int) -> Bool {
    let counts = Set(profile.reduceScatters.compactMap(\.elementCount))
    return profile.allGathers.contains { gather in
      guard let bytes = callBytes(gather, size: size) else { return false }
      if let count = gather.elementCount { return counts.contains(count) }
      // Up to NCCL 2.21 the gather shows bytes only.
      return [1, 2, 4].contains { bytes % $0 == 0 && counts.contains(bytes / $0) }
    }
  }

  /// All-gather and reduce-scatter: sharded data, tensor with sequence parallelism, or ZeRO-1.
  private func shardLabel(
    _ own: AnalysedCommunicator, _ profile: CommunicatorProfile, isInner: Bool, hasData: Bool,
    activations: Set<UInt64>
  ) -> DimensionLabel {
    let size = own.communicator.size
    let gathers = operations(profile.allGathers)
    let scatters = operations(profile.reduceScatters)
    guard scatters > 0 else {
      // An inference engine gathers logits; gathers alone do not say more than that.
      return DimensionLabel()
    }
    let gather = commonest(profile.allGathers)
    let scatter = commonest(profile.reduceScatters)
    guard let scatter, isFloating(scatter) else { return DimensionLabel() }
    let gatherBytes = gather.flatMap { callBytes($0, size: size) }
    let scatterBytes = callBytes(scatter, size: size)
    let isSameSize = gatherBytes != nil && gatherBytes == scatterBytes
    let isStagePayload = gatherBytes.map(activations.contains) ?? false
    let structure = Self.structure(own, profile)
    if isSameSize, isStagePayload {
      return DimensionLabel(
        dimension: .tp, confidence: .strong,
        evidence: [
          Evidence(
            .behaviour, "gathers and scatters pieces of the size that pipeline stages hand over"),
          structure,
        ])
    }
    if isInner, !own.isWorld, isSameSize, isHalf(scatter), hasData {
      return DimensionLabel(
        dimension: .tp, confidence: .strong,
        evidence: [
          Evidence(
            .behaviour,
            "gathers and scatters equal pieces in half precision while strided groups reduce gradients"
          ),
          structure,
        ])
    }
    guard isOneTensor(profile, size: size) else { return DimensionLabel() }
    // Parameters are gathered for the forward and again for the backward pass.
    let isRegathered = gathers.times(2) >= scatters.times(3)
    if own.isWorld || !isInner || !hasData {
      if isRegathered {
        return DimensionLabel(
          dimension: .fsdp, confidence: own.isWorld ? .strong : .weak,
          evidence: [
            Evidence(
              .behaviour, "\(gathers) all-gathers to \(scatters) reduce-scatters of parameters"),
            structure,
          ])
      }
      guard own.isWorld || !isInner else { return DimensionLabel() }
      return DimensionLabel(
        dimension: .dp, confidence: isInner ? .weak : .strong,
        evidence: [
          Evidence(
            .behaviour,
            "as many all-gathers as reduce-scatters, as a distributed optimizer makes them"),
          structure,
        ])
    }
    return DimensionLabel()
  }

  private static func structure(
    _ own: AnalysedCommunicator, _ profile: CommunicatorProfile
  ) -> Evidence {
    let size = own.communicator.size
    if own.isWorld { return Evidence(.structure, "all \(size) ranks") }
    guard let stride = profile.stride else {
      return Evidence(.structure, "\(size) ranks without a common distance")
    }
    return Evidence(
      .structure,
      stride == 1
        ? "consecutive ranks in groups of \(size)" : "ranks \(stride) apart in groups of \(size)")
  }

  /// All-reduce: tensor parallelism by many equal activations, else gradients.
  private func reduceLabel(
    _ own: AnalysedCommunicator, _ profile: CommunicatorProfile, place: Int, isInner: Bool,
    hasOuter: Bool, hasDenseGroup: Bool, activations: Set<UInt64>
  ) -> DimensionLabel {
    guard let common = commonest(profile.allReduces), let bytes = common.messageBytes else {
      return DimensionLabel()
    }
    // A pair of pipeline ends that reduces one tensor is looked at with the tied embeddings.
    if isEndOfPipeline(own) { return DimensionLabel() }
    let structure = Self.structure(own, profile)
    let total = operations(profile.allReduces)
    let sizes = UInt64(clamping: Set(profile.allReduces.map(\.messageBytes)).count)
    // Two reductions per layer and forward pass: many operations of few sizes, activations.
    let isSteady = common.operations >= 32 && total / max(sizes, 1) >= 16
    // Gradient buckets of equal layers are as regular, but larger and shared by all ranks.
    let isActivation = bytes < 8 << 20 || activations.contains(bytes)
    if isInner, isHalf(common), isSteady, isActivation || !own.isWorld {
      return DimensionLabel(
        dimension: .tp, confidence: isActivation ? .strong : .weak,
        evidence: [
          Evidence(
            .behaviour, "\(common.operations) all-reduces of \(bytes) bytes in half precision"),
          structure,
        ])
    }
    let isLarge = bytes >= 1 << 20
    // Replicas of an expert shard sit in different expert groups.
    let experts = own.ranks.compactMap { expertGroups[$0] }
    if !own.isWorld, experts.count > 1, experts.count == own.ranks.count,
      Set(experts).count == experts.count, isFloating(common)
    {
      return DimensionLabel(
        dimension: .edp, confidence: hasDenseGroup ? .strong : .weak,
        evidence: [
          Evidence(.structure, "joins one rank of each of \(experts.count) expert groups"),
          Evidence(.behaviour, "all-reduces \(bytes) bytes, as gradients"),
        ])
    }
    if isLarge, isFloating(common), own.isWorld || !isInner {
      return DimensionLabel(
        dimension: .dp, confidence: .strong,
        evidence: [
          Evidence(.behaviour, "all-reduces \(bytes) bytes, as gradient buckets"), structure,
        ])
    }
    return DimensionLabel()
  }

  // MARK: - Embeddings, model-parallel block, control

  /// Whether the ranks are the first and last stage of a pipeline group.
  private func isEndOfPipeline(_ own: AnalysedCommunicator) -> Bool {
    guard own.communicator.size == 2, own.ranks.count == 2 else { return false }
    let groups = pipelineSets[own.ranks[0]] ?? []
    return groups.contains { $0.first == own.ranks[0] && $0.last == own.ranks[1] }
  }

  private func inferTies(_ labels: inout [DimensionLabel]) {
    for place in labels.indices
    where isOpen(labels[place], place) && profiles[place].habit == .allReduce
      && isEndOfPipeline(communicators[place])
    {
      labels[place] = DimensionLabel(
        dimension: .embedding, confidence: .strong,
        evidence: [
          Evidence(.structure, "first and last stage of a pipeline"),
          Evidence(.behaviour, "all-reduce of one tensor beside the pipeline's sends"),
        ])
    }
  }

  private func inferControl(_ labels: inout [DimensionLabel]) {
    for place in labels.indices
    where isOpen(labels[place], place) && profiles[place].habit == .control {
      let own = communicators[place]
      if own.isWorld {
        labels[place] = DimensionLabel(
          dimension: .world, confidence: .strong,
          evidence: [Evidence(.structure, "all ranks"), Evidence(.behaviour, "control messages")])
        continue
      }
      guard let first = own.ranks.first else { continue }
      // Every rank has few groups; the smallest that fit make the block.
      let members = Set(own.ranks)
      let fits = { (groups: Set<[Int]>?) -> Int? in
        (groups ?? []).lazy.filter { $0.count < members.count && members.isSuperset(of: $0) }
          .map(\.count).min()
      }
      if let tensor = fits(tensorSets[first]), let stages = fits(pipelineSets[first]),
        tensor * stages == members.count
      {
        labels[place] = DimensionLabel(
          dimension: .mp, confidence: .strong,
          evidence: [
            Evidence(
              .structure,
              "\(stages) pipeline stages of \(tensor) tensor ranks each"),
            Evidence(.behaviour, "control messages"),
          ])
      }
    }
  }

  // MARK: - Classes with a purpose of their own

  private static let sequenceEvidence =
    "with sequence parallelism the tensor group gathers and scatters"

  private func split(_ place: Int, _ label: inout DimensionLabel) {
    let own = communicators[place]
    for (index, group) in own.traffic.classes.enumerated() {
      switch label.dimension {
      case .fsdp where own.isWorld:
        // The default group: sharding reduces by reduce-scatter, so what is left is control.
        let isSmall = group.payloadBytes.times(64) < own.traffic.payloadBytes
        if group.kind == .allReduce || group.kind == .broadcast,
          isSmall, CommunicatorProfile.isControl(group) || group.kind == .broadcast
        {
          label.exceptions[index] = .world
        }
      case .tp where layout?.isSequenceParallel == true:
        if group.kind == .allGather || group.kind == .reduceScatter {
          label.exceptions[index] = .sp
          if label.evidence.last?.text != Self.sequenceEvidence {
            label.evidence.append(Evidence(.declared, Self.sequenceEvidence))
          }
        }
      default: break
      }
    }
    // One set of ranks may serve two strategies on one communicator.
    guard let layout, label.evidence.first?.kind == .declared else { return }
    let candidates = layout.dimensions(ofRanks: own.ranks, size: own.communicator.size)
    guard candidates.count > 1 else { return }
    for (index, group) in own.traffic.classes.enumerated() where label.exceptions[index] == nil {
      let other: ParallelismDimension? =
        switch group.kind {
        case .send: candidates.contains(.pp) ? .pp : nil
        case .allToAll: candidates.contains(.ep) ? .ep : nil
        default: nil
        }
      if let other, other != label.dimension, label.dimension != .cp {
        label.exceptions[index] = other
      }
    }
  }
}

extension CommunicatorTraffic {
  /// Payload over all classes.
  var payloadBytes: UInt64 { classes.reduce(0) { $0.adding($1.payloadBytes) } }
}
