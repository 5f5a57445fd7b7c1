// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

// What a person or the framework says about a communicator.
extension DimensionInference {
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

  func declared(_ place: Int) -> DimensionLabel? {
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
    let candidates = layout.dimensions(of: own)
      .filter { $0 != .sp }
    guard !candidates.isEmpty else { return nil }
    let order = Self.preferences(habit, isRing: claims[place].speak(for: .cp))
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

  func named(_ place: Int) -> DimensionLabel? {
    guard let name = communicators[place].frameworkName,
      let dimension = Self.dimension(inName: name), profiles[place].habit != .silent
    else { return nil }
    // The default group may carry a strategy's traffic; its name says nothing about that.
    if dimension == .world, profiles[place].habit != .control { return nil }
    return DimensionLabel(
      dimension: dimension, confidence: .strong,
      evidence: [Evidence(.named, "the framework named it \(name)")])
  }

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
    // `TENSOR_AND_DATA_PARALLEL_GROUP` is the product of two groups and serves neither alone.
    if words.contains("and") { return nil }
    if has("fsdp") || has("shard") { return .fsdp }
    if has("context") || first == "cp" { return .cp }
    if has("pipeline") || first == "pp" { return has("tensor") ? .mp : .pp }
    if has("tensor") || first == "tp" { return .tp }
    if has("data") || has("replica") || first == "dp" { return .dp }
    if first == "mp" || (first == "model" && has("parallel")) { return .mp }
    return first == "world" || first == "default" ? .world : nil
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
}
