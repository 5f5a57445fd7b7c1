// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// What the rules on groups compare with: the groups that have a label.
struct GroupTraits {
  /// For each GPU its pipeline groups and tensor groups, as places.
  private(set) var pipelines: [Int: [Int]] = [:]
  private(set) var tensors: [Int: [Int]] = [:]
  /// For each GPU its expert group.
  private(set) var experts: [Int: Int] = [:]
  /// For each GPU the communicators that carry gradients.
  private(set) var gradients: [Int: [Int]] = [:]
  /// Sizes of the groups of each strategy.
  private(set) var sizes: [ParallelismDimension: Set<Int>] = [:]

  /// Looks at the labelled communicators of a job.
  init(_ inference: DimensionInference, _ places: [Int]) {
    for place in places {
      let dimension = inference.labels[place].dimension
      guard dimension != .unclassified else { continue }
      sizes[dimension, default: []].insert(inference.communicators[place].communicator.size)
      for seat in inference.seats[place] {
        switch dimension {
        case .pp: pipelines[seat, default: []].append(place)
        case .tp, .sp: tensors[seat, default: []].append(place)
        case .ep: experts[seat] = place
        case .dp, .fsdp, .edp: gradients[seat, default: []].append(place)
        default: break
        }
      }
    }
  }
}

// Rules on which ranks belong together, whatever their numbers.
extension DimensionInference {
  /// Finds special cases of what carries gradients.
  mutating func refine(_ place: Int, _ groups: GroupTraits) {
    let isGradient = claims[place].speak(for: .dp)
    let isInferred =
      labels[place].evidence.first.map { $0.kind != .declared && $0.kind != .named } ?? true
    guard isInferred, profiles[place].habit != .silent else { return }
    if isTied(place, groups) {
      if isGradient { claims[place].reinterpret(.dp, as: .embedding) }
      settle(place)
    } else if isGradient, !communicators[place].isWorld, replicatesExperts(place, groups) {
      claims[place].reinterpret(.dp, as: .edp)
      settle(place)
    }
  }

  /// Whether the ranks are ends of a pipeline that share a tensor.
  private mutating func isTied(_ place: Int, _ groups: GroupTraits) -> Bool {
    let profile = profiles[place]
    guard profile.habit == .allReduce, communicators[place].communicator.size == 2,
      !groups.pipelines.isEmpty
    else { return false }
    if knowsMembers(place), seats[place].count == 2 {
      let first = groups.pipelines[seats[place][0]] ?? []
      let second = groups.pipelines[seats[place][1]] ?? []
      guard first.contains(where: { second.contains($0) && knowsMembers($0) }) else { return false }
      claims[place].add(
        Claim(.embedding, .pipelineEnds, "all-reduce of one tensor between two pipeline stages"))
      return true
    }
    // The members are not known: one tensor, while gradients and activations go elsewhere.
    guard Set(profile.allReduces.map(\.elementCount)).count == 1, groups.experts.isEmpty,
      seats[place].allSatisfy({ seat in
        groups.pipelines[seat] != nil
          && (groups.gradients[seat] ?? []).contains { $0 != place && isLarger($0, than: place) }
      })
    else { return false }
    claims[place].add(
      Claim(
        .embedding, .tiedTensor,
        "a pair reduces one tensor, while other groups of its ranks carry pipeline and gradients"))
    return true
  }

  private func isLarger(_ a: Int, than b: Int) -> Bool {
    communicators[a].traffic.operations > communicators[b].traffic.operations
  }

  /// Whether the ranks hold the same experts.
  private mutating func replicatesExperts(_ place: Int, _ groups: GroupTraits) -> Bool {
    guard !groups.experts.isEmpty else { return false }
    let own = communicators[place].communicator
    let experts = seats[place].compactMap { groups.experts[$0] }
    let isKnown = knowsMembers(place) && experts.allSatisfy { knowsMembers($0) }
    guard isKnown else {
      let size = own.size
      let isPart = (groups.sizes[.ep] ?? []).contains { expert in
        (groups.sizes[.dp] ?? []).contains {
          size.multipliedReportingOverflow(by: expert) == ($0, false)
        }
      }
      guard isPart else { return false }
      claims[place].add(
        Claim(
          .edp, .expertReplicasBySize,
          "carries gradients among \(size) ranks, one part in as many as experts have ranks"))
      return true
    }
    guard experts.count > 1, experts.count == seats[place].count,
      Set(experts).count == experts.count
    else { return false }
    // Gradients of what all ranks share are reduced over the expert groups as well.
    let hasDense = seats[place].contains { seat in
      (groups.gradients[seat] ?? []).contains { other in
        let crossed = seats[other].compactMap { groups.experts[$0] }
        return Set(crossed).count < crossed.count
      }
    }
    claims[place].add(
      Claim(
        .edp, hasDense ? .expertReplicas : .expertReplicasBySize,
        "joins one rank of each of \(experts.count) expert groups"))
    return true
  }

  /// Groups that carry control messages only.
  mutating func control(_ place: Int, _ groups: GroupTraits) {
    let size = communicators[place].communicator.size
    if communicators[place].isWorld {
      claims[place].add(Claim(.world, .allRanks, "all ranks, and only control messages"))
      return
    }
    guard let first = seats[place].first else { return }
    if knowsMembers(place) {
      guard let tensor = smallest(of: groups.tensors[first], within: place),
        let stages = smallest(of: groups.pipelines[first], within: place),
        tensor.multipliedReportingOverflow(by: stages) == (size, false)
      else { return }
      claims[place].add(
        Claim(
          .mp, .modelBlock,
          "control messages among \(stages) pipeline stages of \(tensor) tensor ranks each"))
    } else {
      let isBlock = (groups.sizes[.tp] ?? []).contains { tensor in
        (groups.sizes[.pp] ?? []).contains {
          tensor.multipliedReportingOverflow(by: $0) == (size, false)
        }
      }
      guard isBlock else { return }
      claims[place].add(
        Claim(
          .mp, .modelBlockBySize,
          "control messages among as many ranks as a tensor group times a pipeline"))
    }
  }

  /// The size of the smallest of some groups that lie within a larger one.
  private func smallest(of groups: [Int]?, within place: Int) -> Int? {
    let members = Set(seats[place])
    var best: Int?
    for group in groups ?? [] where knowsMembers(group) {
      let size = communicators[group].communicator.size
      guard size < communicators[place].communicator.size, members.isSuperset(of: seats[group])
      else { continue }
      best = min(best ?? size, size)
    }
    return best
  }

  // MARK: - Siblings

  /// An operation on communicators of one size, or the kinds of all their operations.
  private enum Likeness: Hashable {
    case operation(
      size: Int, habit: CommunicatorProfile.Habit, kind: OperationKind, type: UInt8, bytes: UInt64?)
    case kinds(size: Int, habit: CommunicatorProfile.Habit, Set<UInt16>)
  }

  /// Labelled groups that are alike.
  fileprivate struct Family {
    var seats: Set<Int> = []
    var count = 0
    var confidence = Confidence.none
  }

  /// The operations that tell what a communicator is for.
  private func telling(_ place: Int) -> [OperationClass] {
    let classes = communicators[place].traffic.classes
    let heavy = classes.filter { !CommunicatorProfile.isControl($0) }
    return heavy.isEmpty ? classes : heavy
  }

  private func operation(_ group: OperationClass, of place: Int) -> Likeness {
    // Parts of an uneven exchange differ from group to group.
    .operation(
      size: communicators[place].communicator.size, habit: profiles[place].habit, kind: group.kind,
      type: group.dataType.rawValue,
      bytes: group.kind == .allToAll ? nil : group.messageBytes)
  }

  private func kinds(_ place: Int) -> Likeness {
    .kinds(
      size: communicators[place].communicator.size, habit: profiles[place].habit,
      Set(telling(place).map { UInt16($0.kind.rawValue) << 8 | UInt16($0.dataType.rawValue) }))
  }

  /// Whether ranks are missing that could make a group of gradients something more special.
  private func isHalfSeen(_ place: Int) -> Bool {
    labels[place].dimension == .dp && claims[place].speak(for: .dp)
      && communicators[place].communicator.instances.count
        < communicators[place].communicator.size
  }

  /// Gives open groups the label of their siblings: groups of one kind divide the ranks, so they
  /// have one size, do the same, and share no rank.
  mutating func adopt(_ places: [Int]) {
    let closed = places.filter { profiles[$0].habit != .silent && !communicators[$0].isWorld }
    guard closed.contains(where: { isOpen($0) || isHalfSeen($0) }) else { return }
    var families: [Likeness: [ParallelismDimension: Family]] = [:]
    for place in closed where !isOpen(place) && !isHalfSeen(place) {
      let own = Set(telling(place).map { operation($0, of: place) } + [kinds(place)])
      for likeness in own {
        families[likeness, default: [:]][labels[place].dimension, default: Family()]
          .add(seats[place], labels[place].confidence)
      }
    }
    for place in closed where isOpen(place) || isHalfSeen(place) {
      let heaviest = telling(place).max { a, b in
        (a.payloadBytes, b.order) < (b.payloadBytes, a.order)
      }
      let exact = heaviest.map { families[operation($0, of: place)] ?? [:] } ?? [:]
      if join(place, exact, .siblings) { continue }
      if isOpen(place) { _ = join(place, families[kinds(place)] ?? [:], .likeness) }
    }
  }

  /// Labels a group as the only family that it can belong to.
  private mutating func join(
    _ place: Int, _ families: [ParallelismDimension: Family], _ rule: InferenceRule
  ) -> Bool {
    let candidates = families.filter {
      !knowsMembers(place) || $0.value.seats.isDisjoint(with: seats[place])
    }
    guard candidates.count == 1, let (dimension, family) = candidates.first else { return false }
    // A weak label is no surer for being shared.
    let rule = family.confidence <= .strong ? rule : .likeness
    if !isOpen(place) {
      guard dimension == .edp || dimension == .embedding else { return false }
      claims[place].reinterpret(.dp, as: dimension)
    }
    claims[place].add(
      Claim(
        dimension, rule,
        "size and operations of \(CoverageStatement.counted(family.count, "group")) of \(dimension.rawValue), which share no rank with it"
      ))
    settle(place)
    return true
  }
}

extension DimensionInference.Family {
  fileprivate mutating func add(_ members: [Int], _ sure: Confidence) {
    seats.formUnion(members)
    count += 1
    confidence = min(confidence, sure)
  }
}
