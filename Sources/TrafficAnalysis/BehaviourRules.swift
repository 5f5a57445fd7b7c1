// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// What the rules on operations compare with: traits of the whole job.
struct JobTraits {
  /// Bytes that pipeline stages hand over, and their ranks' tensor groups exchange as well.
  private(set) var activations: Set<UInt64> = []
  /// Communicators that carry gradients, whatever their strategy.
  private(set) var gradients: Set<Int> = []
  /// Sizes of commonest all-reduces, largest first, each with the fewest operations of any
  /// communicator whose all-reduces are as large or larger.
  private var rarest: [(bytes: UInt64, operations: UInt64)] = []
  /// Whether the job serves requests: nothing in it looks like a gradient.
  let serves: Bool

  /// Looks at the communicators of a job.
  init(_ inference: DimensionInference, _ places: [Int]) {
    for place in places {
      let profile = inference.profiles[place]
      if inference.labels[place].dimension == .pp {
        for group in profile.sends {
          if let bytes = group.messageBytes { activations.insert(bytes) }
        }
      }
      let isWide = profile.allReduces.contains {
        $0.dataType == .float32 && $0.messageBytes ?? 0 >= DimensionInference.bucketBytes
      }
      let isOneTensor = profile.isOneTensor(
        size: inference.communicators[place].communicator.size)
      if isWide || (isOneTensor && !profile.movesEqualHalves) { gradients.insert(place) }
    }
    serves = PhaseInference.looksLikeInference(places.map { inference.communicators[$0] })
    let commonest = places.compactMap { place -> (bytes: UInt64, operations: UInt64)? in
      guard let group = CommunicatorProfile.commonest(inference.profiles[place].allReduces),
        group.isFloating, let bytes = group.messageBytes
      else { return nil }
      return (bytes, group.operations)
    }.sorted { ($1.bytes, $0.operations) < ($0.bytes, $1.operations) }
    for entry in commonest {
      rarest.append((entry.bytes, min(entry.operations, rarest.last?.operations ?? .max)))
    }
  }

  /// Whether some communicator all-reduces far larger tensors far less often.
  ///
  /// A step reduces activations for each layer and the gradients of many layers at once: both
  /// differ by more than a factor of eight in any model of eight layers or more.
  func dwarfs(_ bytes: UInt64, operations: UInt64) -> Bool {
    let least = bytes.times(8)
    var (low, high) = (0, rarest.count)
    while low < high {
      let middle = (low + high) / 2
      if rarest[middle].bytes >= least { low = middle + 1 } else { high = middle }
    }
    return low > 0 && rarest[low - 1].operations.times(8) <= operations
  }
}

// Rules on what is called, how often, how large and in which order.
extension DimensionInference {
  /// Smallest message that counts as a bucket of gradients.
  static let bucketBytes: UInt64 = 1 << 20

  // MARK: - Exchanges and point-to-point

  /// All-to-all, rings and pipelines, which are known by whom a rank talks to.
  mutating func exchanges(_ place: Int) {
    switch profiles[place].habit {
    case .allToAll: allToAll(place)
    case .pointToPoint: pointToPoint(place)
    default: break
    }
  }

  private mutating func allToAll(_ place: Int) {
    // Tokens are floating-point numbers; benchmarks and index exchanges are not.
    let groups = communicators[place].traffic.classes.filter { $0.kind == .allToAll }
    let heaviest = groups.max { a, b in (a.payloadBytes, b.order) < (b.payloadBytes, a.order) }
    guard let heaviest, heaviest.isFloating else { return }
    if groups.contains(where: { $0.messageBytes == nil }) {
      claims[place].add(
        Claim(
          .ep, .unevenExchange,
          "all-to-all with parts of different size, as tokens are routed to experts"))
    } else {
      claims[place].add(
        Claim(.ep, .evenExchange, "all-to-all with equal parts carries most of its bytes"))
    }
  }

  private mutating func pointToPoint(_ place: Int) {
    let size = communicators[place].communicator.size
    let instances = communicators[place].communicator.instances
    let peers = views(place).map { PeerShape($0.facts) }
    let seen = peers.filter { $0.sendsFirst != nil }
    guard size > 1, !seen.isEmpty else { return }
    let first = instances.indices.filter { peers[$0].sendsFirst == true }
    let isRing = seen.allSatisfy {
      $0.targets.count == 1 && $0.sources.count == 1 && $0.targets != $0.sources
    }
    if size > 2, isRing, seen.count >= size - 1, closesCircle(place) {
      claims[place].add(
        Claim(.cp, .ring, "every rank sends to the next one only, around the ring"))
      return
    }
    guard seen.allSatisfy({ $0.targets.union($0.sources).count <= 2 }) else { return }
    if isOneWay(place, seen) {
      claims[place].add(
        Claim(.pp, .line, "ranks send to the next one only, and the last one not at all"))
    } else if size > 2, isChain(place, seen) {
      claims[place].add(
        Claim(.pp, .line, "ranks send to their neighbours only, and the ends do not meet"))
    }
    // Where members are only assumed, one in every `size` ranks may be a first stage.
    let stages = knowsMembers(place) ? 1 : max(1, seen.count / size)
    if first.count <= stages, first.count < seen.count || seen.count * 2 <= size {
      let isFirst = first.count == seen.count
      if !isFirst {
        claims[place].add(
          Claim(
            .pp, .firstStageSendsFirst,
            first.isEmpty
              ? "the ranks that were seen receive before they send"
              : "one rank sends before it receives, the others receive first"))
      }
      if let leader = first.first, let shape = shape(ofInstance: instances[leader]),
        shape.leadingSends > 1, shape.receives > 0
      {
        claims[place].add(
          Claim(
            .pp, .firstStageRunsAhead,
            "the first rank sends \(shape.leadingSends) times before anything comes back"))
      }
    }
    if size == 2, seen.count == 2, first.count == 2,
      seen.allSatisfy({ $0.sends == $0.receives })
    {
      claims[place].add(
        Claim(.cp, .pairExchange, "both ranks send before they receive, equally often"))
    }
  }

  /// Whether the sends close one circle, as far as the ranks are known.
  ///
  /// The circle need not follow the order of ranks: a launcher may have numbered them otherwise.
  private func closesCircle(_ place: Int) -> Bool {
    let size = communicators[place].communicator.size
    let pairs = communicators[place].traffic.pairs
    guard knowsMembers(place), communicators[place].communicator.instances.count == size else {
      return true
    }
    var next: [Int: Int] = [:]
    for pair in pairs.keys { next[pair.source] = pair.target }
    guard pairs.count == size, next.count == size, let start = next.keys.min() else { return false }
    var rank = start
    for step in 1...size {
      guard let target = next[rank] else { return false }
      rank = target
      if rank == start { return step == size }
    }
    return false
  }

  /// Whether ranks are in lines whose ends do not meet.
  private func isChain(_ place: Int, _ seen: [PeerShape]) -> Bool {
    let own = communicators[place]
    let pairs = own.traffic.pairs
    guard knowsMembers(place), !pairs.isEmpty else {
      // An end has one neighbour.
      return seen.contains { $0.targets.union($0.sources).count == 1 }
        && seen.allSatisfy { $0.targets.union($0.sources).count <= 2 }
    }
    var neighbours: [Int: Set<Int>] = [:]
    for pair in pairs.keys where pair.source != pair.target {
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

  /// Whether messages pass in one direction: one end only sends, the other only receives.
  private func isOneWay(_ place: Int, _ seen: [PeerShape]) -> Bool {
    let isEnded = seen.contains { $0.targets.isEmpty } || seen.contains { $0.sources.isEmpty }
    guard isEnded else { return false }
    return seen.allSatisfy {
      $0.targets.count <= 1 && $0.sources.count <= 1 && $0.targets.isDisjoint(with: $0.sources)
    }
  }

  // MARK: - Gathers and scatters

  /// All-gather and reduce-scatter: sharded data, tensor with sequence parallelism, or ZeRO-1.
  mutating func shards(_ place: Int, _ job: JobTraits) {
    let size = communicators[place].communicator.size
    let profile = profiles[place]
    let gathers = CommunicatorProfile.operations(profile.allGathers)
    let scatters = CommunicatorProfile.operations(profile.reduceScatters)
    // An inference engine gathers logits; gathers alone do not say more than that.
    guard scatters > 0, let scatter = CommunicatorProfile.commonest(profile.reduceScatters),
      scatter.isFloating
    else { return }
    let gather = CommunicatorProfile.commonest(profile.allGathers)
    let gatherBytes = gather.flatMap { CommunicatorProfile.callBytes($0, size: size) }
    let scatterBytes = CommunicatorProfile.callBytes(scatter, size: size)
    let isSameSize = gatherBytes != nil && gatherBytes == scatterBytes && scatter.isHalf
    if isSameSize, let gatherBytes, job.activations.contains(gatherBytes) {
      claims[place].add(
        Claim(
          .tp, .handedOver, "gathers and scatters pieces of the size that pipeline stages hand over"
        ))
    }
    let shape = shape(place) ?? CallShape()
    // A forward pass with sequence parallelism gathers and scatters in turn; its backward pass
    // gathers once more for each scatter.
    if isSameSize, shape.leadingGathers <= 2, shape.scatters >= 8,
      shape.switches * 2 >= shape.gathers + shape.scatters,
      shape.gathers * 4 >= shape.scatters * 5
    {
      claims[place].add(
        Claim(
          .tp, .alternation,
          "gathers and scatters of \(gatherBytes ?? 0) bytes in half precision take turns"))
      return
    }
    guard profile.isOneTensor(size: size) else { return }
    if profile.scattersFirst, gathers <= scatters {
      claims[place].add(
        Claim(
          .dp, .scatterThenGather,
          "scatters gradients first, then gathers as many parameters, as a distributed optimizer does"
        ))
      return
    }
    let sizes = Set(profile.allGathers.compactMap(\.messageBytes)).count
    if shape.leadingGathers >= 4, sizes > 1 {
      claims[place].add(
        Claim(
          .fsdp, .gathersFirst,
          "gathers \(shape.leadingGathers) tensors of \(sizes) sizes before it scatters the first"))
    } else if gathers.times(2) >= scatters.times(3) {
      claims[place].add(
        Claim(
          .fsdp, .gathersTwice, "\(gathers) all-gathers to \(scatters) reduce-scatters"))
    }
    if !profile.scattersFirst, !profile.movesEqualHalves {
      claims[place].add(
        Claim(
          .fsdp, .parametersInOtherType,
          "gathers first, and scatters as many elements in another type"))
    }
  }

  /// Finds shards whose gradients are reduced again over replicas.
  mutating func hybrids(_ places: [Int]) {
    struct Piece: Hashable {
      var seat: Int
      var count: UInt64
    }
    var replicas: [Piece: [Int]] = [:]
    for place in places where profiles[place].habit == .allReduce && isOpen(place) {
      for count in Set(profiles[place].allReduces.compactMap(\.elementCount)) {
        for seat in seats[place] {
          replicas[Piece(seat: seat, count: count), default: []].append(place)
        }
      }
    }
    guard !replicas.isEmpty else { return }
    for place in places where profiles[place].habit == .shard && isOpen(place) {
      guard
        let count = CommunicatorProfile.commonest(profiles[place].reduceScatters)?.elementCount
      else { continue }
      var shared: [Int: Int] = [:]
      for seat in seats[place] {
        for replica in replicas[Piece(seat: seat, count: count)] ?? [] {
          shared[replica, default: 0] += 1
        }
      }
      // In a grid two groups of different kind share one rank.
      let partners = shared.filter { replica, number in
        number == 1 || !knowsMembers(place) || !knowsMembers(replica)
      }.keys.sorted()
      guard !partners.isEmpty else { continue }
      if !profiles[place].scattersFirst {
        claims[place].add(
          Claim(
            .fsdp, .shardReducedAgain,
            "its reduce-scatter leaves as many elements as other groups all-reduce next"))
      }
      for replica in partners {
        claims[replica].add(
          Claim(.dp, .shardReducedAgain, "all-reduces the shards that a reduce-scatter left"))
      }
    }
  }

  // MARK: - Reductions

  /// All-reduce: tensor parallelism by many equal activations, else gradients.
  mutating func reductions(_ place: Int, _ job: JobTraits) {
    let profile = profiles[place]
    guard let common = CommunicatorProfile.commonest(profile.allReduces),
      let bytes = common.messageBytes, common.isFloating
    else { return }
    let size = UInt64(clamping: communicators[place].communicator.size)
    let total = CommunicatorProfile.operations(profile.allReduces)
    let sizes = Set(profile.allReduces.map(\.messageBytes)).count
    // Two reductions per layer and forward pass: many operations of few sizes.
    let isSteady =
      common.isHalf && common.operations >= 32 && total / UInt64(clamping: max(sizes, 1)) >= 16
    let text = "\(common.operations) all-reduces of \(bytes) bytes in half precision"
    if common.isHalf,
      profile.allReduces.contains(where: { group in
        group.operations > 1
          && (group.messageBytes.map {
            job.activations.contains($0) || job.activations.contains($0 / max(size, 1))
          } ?? false)
      })
    {
      claims[place].add(
        Claim(.tp, .handedOver, "all-reduces what pipeline stages hand over"))
    }
    let isContrasted = job.gradients.contains { $0 != place }
    if isSteady {
      // Gradient buckets of equal layers are as regular; what else the job does tells them apart.
      let decides = isContrasted || (job.serves && bytes < Self.bucketBytes)
      claims[place].add(Claim(.tp, decides ? .steadyReductions : .repeatedReductions, text))
      if isWaitedFor(place) {
        claims[place].add(
          Claim(.tp, .waitedForReductions, "computation stops for each of its all-reduces"))
      }
      // Far larger and rarer reductions elsewhere are the gradients: these are not.
      if decides || job.dwarfs(bytes, operations: common.operations) { return }
    }
    guard bytes >= Self.bucketBytes else { return }
    // Buckets hold whole parameters, so their sizes differ; small reductions beside tell nothing.
    let large = profile.allReduces.filter { $0.messageBytes ?? 0 >= Self.bucketBytes }
    if common.isHalf, Set(large.map(\.messageBytes)).count == 1 {
      claims[place].add(Claim(.dp, .equalBuckets, text))
    } else {
      claims[place].add(
        Claim(.dp, .gradientBuckets, "all-reduces \(bytes) bytes, as gradient buckets"))
    }
  }

  /// Reductions to single ranks, as the first ZeRO optimizers made them.
  mutating func rooted(_ place: Int, _ job: JobTraits) {
    let reduces = communicators[place].traffic.classes.filter {
      $0.kind == .reduce && $0.isFloating && $0.messageBytes ?? 0 >= Self.bucketBytes
    }
    guard !job.serves, !reduces.isEmpty else { return }
    claims[place].add(
      Claim(.dp, .rootedGradients, "reduces tensors to single ranks, as ZeRO does with gradients"))
  }
}
