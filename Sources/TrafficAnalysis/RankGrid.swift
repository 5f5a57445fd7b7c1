// SPDX-License-Identifier: Apache-2.0

public import CollectiveTrace

/// The rank groups that a job's layout implies.
///
/// Ranks are numbered by mixed radix along the job's `order`, innermost axis first; a group of a
/// dimension is the set of ranks that differ only along that dimension. With tensor 2, data 2,
/// pipeline 2 and the order tp-dp-pp:
///
///     rank       0 1 2 3 4 5 6 7
///     tensor     0 1 0 1 0 1 0 1      tp {0,1} {2,3} {4,5} {6,7}
///     data       0 0 1 1 0 0 1 1      dp {0,2} {1,3} {4,6} {5,7}
///     pipeline   0 0 0 0 1 1 1 1      pp {0,4} {1,5} {2,6} {3,7}
///
/// Experts have a grid of their own over the ranks of each pipeline stage, taken in ascending
/// order. Their axes (expert tensor, expert, expert data) nest as tensor, expert and data do in
/// `order`. This is Megatron-LM's rule: with `expert_tensor` 1 an expert group takes neighbouring
/// ranks and so crosses tensor groups, with `expert_tensor` equal to `tensor` it skips them. Without
/// tensor parallelism expert groups are consecutive ranks {0..*ep*-1} and the groups of expert
/// replicas are strided. vLLM's groups, which span tensor and data ranks, follow too.
///
/// With hybrid sharding the `shard` ranks of a copy are innermost in the data axis; a copy spans
/// the context axis as well, and the groups that hold the same shard are data parallel.
///
/// Groups of one rank do not exist: there is nothing to say to oneself.
///
/// - Complexity: the grid itself is O(1) in memory; ``groups(for:)`` is O(*ranks*).
public struct RankGrid: Sendable {
  /// The place of a rank along every axis.
  public struct Coordinates: Sendable, Equatable {
    /// Place among the ranks that share each layer.
    public var tensor: Int
    /// Place among the ranks that share each sequence.
    public var context: Int
    /// Place among the data-parallel ranks.
    public var data: Int
    /// Pipeline stage.
    public var pipeline: Int
    /// Place among the ranks that share the experts.
    public var expert: Int
    /// Place among the ranks that share each expert.
    public var expertTensor: Int
    /// Place among the replicas of an expert shard.
    public var expertData: Int
  }

  /// The groups of one dimension, or of a combination of dimensions that has communicators.
  public struct Family: Sendable, Equatable {
    /// The strategy the groups serve.
    public let dimension: ParallelismDimension
    /// What the groups span, for a person: `data x context`.
    public let name: String
    /// Ranks of each group.
    public let groupSize: Int
    fileprivate let kind: Kind
  }

  fileprivate enum Kind: Sendable, Equatable {
    /// Ranks that differ along these axes only.
    case axes([Axis])
    /// First and last stage of each pipeline.
    case pipelineEnds
  }

  fileprivate enum Axis: Sendable {
    case tensor, context, shard, replica, pipeline
    case expertTensor, expert, expertData
  }

  /// One radix of a grid: neighbouring coordinates are `stride` ranks apart.
  private struct Radix {
    var axis: Axis
    var size: Int
    var stride: Int
  }

  /// Ranks of the job.
  public let worldSize: Int
  /// The families that exist, in order of precedence.
  ///
  /// Where several have the same groups, the first is the likeliest to use them: the strategies
  /// inside a layer (tensor, sequence, context), pipeline, experts, sharded data, data, replicas of
  /// experts, then the groups frameworks build from these (tied embeddings, model-parallel block)
  /// and the world last.
  public let families: [Family]

  private let order: [JobDescription.Axis]
  private let sizes: JobDescription.Parallelism
  /// tensor, context, shard, replica and pipeline, innermost first.
  private let dense: [Radix]
  /// expert tensor, expert and expert data, innermost first; strides count places in a stage.
  private let routed: [Radix]
  /// Dense axes without pipeline, for the place of a rank in its stage.
  private let stage: [Radix]
  private let hints: [(ranks: [Int], dimension: ParallelismDimension)]
  private let namedHints: [String: ParallelismDimension]

  /// Lays out the ranks of a job.
  ///
  /// - Precondition: `job.isConsistent`, as every job that was read from a description is.
  public init(job: JobDescription) {
    precondition(job.isConsistent, "the sizes of the parallel groups do not make the world size")
    worldSize = job.worldSize
    order = job.order
    sizes = job.parallelism
    let hybrid = sizes.sharding.kind == .hybrid
    let shard = hybrid ? max(1, sizes.sharding.shard) : sizes.data
    let replicas = hybrid ? max(1, sizes.sharding.replicate) : 1

    var dense: [(Axis, Int)] = []
    var routed: [(Axis, Int)] = []
    for axis in job.order {
      switch axis {
      case .tensor:
        dense.append((.tensor, sizes.tensor))
        routed.append((.expertTensor, sizes.expertTensor))
      case .context: dense.append((.context, sizes.context))
      case .expert: routed.append((.expert, sizes.expert))
      case .data:
        dense += [(.shard, shard), (.replica, replicas)]
        routed.append((.expertData, sizes.expertData))
      case .pipeline: dense.append((.pipeline, sizes.pipeline))
      }
    }
    self.dense = Self.radices(dense)
    self.routed = Self.radices(routed)
    stage = Self.radices(dense.filter { $0.0 != .pipeline })
    families = Self.families(of: job, shard: shard, replicas: replicas)
    hints = job.communicators.compactMap { hint in
      guard let ranks = hint.ranks, let dimension = ParallelismDimension(rawValue: hint.dimension)
      else { return nil }
      return (ranks, dimension)
    }
    namedHints = Dictionary(
      job.communicators.compactMap { hint in
        guard let name = hint.name, hint.ranks == nil,
          let dimension = ParallelismDimension(rawValue: hint.dimension)
        else { return nil }
        return (name, dimension)
      },
      uniquingKeysWith: { first, _ in first })
  }

  private static func radices(_ axes: [(Axis, Int)]) -> [Radix] {
    var stride = 1
    return axes.map { axis, size in
      defer { stride *= size }
      return Radix(axis: axis, size: size, stride: stride)
    }
  }

  private static func families(of job: JobDescription, shard: Int, replicas: Int) -> [Family] {
    let sizes = job.parallelism
    let usesExperts = sizes.expert > 1
    var result: [Family] = []
    func add(_ dimension: ParallelismDimension, _ name: String, _ size: Int, _ kind: Kind) {
      guard size > 1 else { return }
      result.append(Family(dimension: dimension, name: name, groupSize: size, kind: kind))
    }
    add(.tp, "tensor", sizes.tensor, .axes([.tensor]))
    if sizes.sequenceParallel {
      add(.sp, "tensor, with sequence parallel", sizes.tensor, .axes([.tensor]))
    }
    if usesExperts, sizes.expertTensor != sizes.tensor {
      add(.tp, "expert tensor", sizes.expertTensor, .axes([.expertTensor]))
    }
    add(.cp, "context", sizes.context, .axes([.context]))
    add(.pp, "pipeline", sizes.pipeline, .axes([.pipeline]))
    if usesExperts {
      add(.ep, "expert", sizes.expert, .axes([.expert]))
      // Tokens of split experts are dispatched over both axes at once.
      if sizes.expertTensor > 1 {
        add(
          .ep, "expert x expert tensor", sizes.expert * sizes.expertTensor,
          .axes([.expert, .expertTensor]))
      }
    }
    if sizes.sharding.shardsParameters {
      add(
        .fsdp, sizes.context > 1 ? "shard x context" : "shard", shard * sizes.context,
        .axes([.shard, .context]))
    }
    if sizes.sharding.kind == .hybrid {
      add(.dp, "replicas of a shard", replicas, .axes([.replica]))
    } else {
      // Gradients of ranks that share a sequence are summed together with the data-parallel ones.
      add(
        .dp, sizes.context > 1 ? "data x context" : "data", sizes.data * sizes.context,
        .axes([.shard, .context]))
      if sizes.context > 1 { add(.dp, "data", sizes.data, .axes([.shard])) }
    }
    if usesExperts { add(.edp, "expert data", sizes.expertData, .axes([.expertData])) }
    // Two stages: the pair is the whole pipeline.
    add(.embedding, "first and last stage", sizes.pipeline > 1 ? 2 : 1, .pipelineEnds)
    if sizes.tensor > 1, sizes.pipeline > 1 {
      add(.mp, "tensor x pipeline", sizes.tensor * sizes.pipeline, .axes([.tensor, .pipeline]))
    }
    if usesExperts, sizes.pipeline > 1 {
      add(
        .mp, "expert tensor x expert x pipeline",
        sizes.expertTensor * sizes.expert * sizes.pipeline,
        .axes([.expertTensor, .expert, .pipeline]))
    }
    add(
      .world, "all ranks", job.worldSize,
      .axes([.tensor, .context, .shard, .replica, .pipeline]))
    return result
  }

  // MARK: - Queries

  /// Returns the place of a rank along every axis, `nil` for a rank the job does not have.
  public func coordinates(of rank: Int) -> Coordinates? {
    guard (0..<worldSize).contains(rank) else { return nil }
    let place = placeInStage(rank)
    let shard = Self.digit(.shard, of: rank, in: dense)
    let replica = Self.digit(.replica, of: rank, in: dense)
    let shards = dense.first { $0.axis == .shard }?.size ?? 1
    return Coordinates(
      tensor: Self.digit(.tensor, of: rank, in: dense),
      context: Self.digit(.context, of: rank, in: dense),
      data: shard + shards * replica,
      pipeline: Self.digit(.pipeline, of: rank, in: dense),
      expert: Self.digit(.expert, of: place, in: routed),
      expertTensor: Self.digit(.expertTensor, of: place, in: routed),
      expertData: Self.digit(.expertData, of: place, in: routed))
  }

  /// Returns the groups of a dimension, each in ascending order of rank, by their first rank.
  ///
  /// Of several families with one dimension these are the first one's: for `dp` the ranks that sum
  /// gradients together (data x context, or the replicas of a shard), for `ep` the experts' groups.
  /// Empty when the job does not use the dimension.
  ///
  /// - Complexity: O(*ranks*), and allocates as much.
  public func groups(for dimension: ParallelismDimension) -> [[Int]] {
    families.first { $0.dimension == dimension }.map { groups(of: $0) } ?? []
  }

  /// Returns the groups of a family, each in ascending order of rank, by their first rank.
  ///
  /// - Complexity: O(*ranks*), and allocates as much.
  public func groups(of family: Family) -> [[Int]] {
    var isPlaced = [Bool](repeating: false, count: worldSize)
    var result: [[Int]] = []
    for rank in 0..<worldSize where !isPlaced[rank] {
      // The middle stages of a pipeline are in no group of its ends.
      guard let group = group(of: family, containing: rank), group.first == rank else { continue }
      for member in group { isPlaced[member] = true }
      result.append(group)
    }
    return result
  }

  /// Returns the group of a family that a rank is in, in ascending order; `nil` when it is in none.
  ///
  /// - Complexity: O(*n* log *n*) for a group of *n* ranks.
  public func group(of family: Family, containing rank: Int) -> [Int]? {
    guard (0..<worldSize).contains(rank) else { return nil }
    switch family.kind {
    case .pipelineEnds:
      guard let radix = dense.first(where: { $0.axis == .pipeline }), radix.size > 1 else {
        return nil
      }
      let stage = rank / radix.stride % radix.size
      guard stage == 0 || stage == radix.size - 1 else { return nil }
      let first = rank - stage * radix.stride
      return [first, first + (radix.size - 1) * radix.stride]
    case .axes(let axes):
      return ranks(varying: axes, from: rank).sorted()
    }
  }

  /// Returns the dimensions whose groups include exactly these ranks, likeliest first.
  ///
  /// What the job description says about this set of ranks comes before the layout.
  ///
  /// - Parameter ranks: Global ranks in ascending order, without repetition.
  /// - Returns: Each dimension once; empty when the layout has no such group.
  /// - Complexity: O(*n* log *n*) in the ranks, for each of at most fourteen families, and O(*n*)
  ///   for each hint.
  public func dimensions(ofRankSet ranks: [Int]) -> [ParallelismDimension] {
    guard let first = ranks.first else { return [] }
    var result: [ParallelismDimension] = []
    for hint in hints where hint.ranks == ranks && !result.contains(hint.dimension) {
      result.append(hint.dimension)
    }
    for family in families
    where family.groupSize == ranks.count && !result.contains(family.dimension) {
      if group(of: family, containing: first) == ranks { result.append(family.dimension) }
    }
    return result
  }

  /// Returns the groups of a size that a rank is in, by hint or layout, each once and in ascending
  /// order of rank.
  ///
  /// - Complexity: O(*n* log *n*) in the size, for each of at most fourteen families, and O(*n*)
  ///   for each hint.
  func groups(ofSize size: Int, containing rank: Int) -> [[Int]] {
    var result = hints.map(\.ranks).filter { $0.count == size && $0.contains(rank) }
    for family in families where family.groupSize == size {
      if let group = group(of: family, containing: rank) { result.append(group) }
    }
    var seen: Set<[Int]> = []
    return result.filter { seen.insert($0).inserted }
  }

  /// Returns the dimension that the job description gives a communicator by its name.
  public func dimension(ofCommunicatorNamed name: String) -> ParallelismDimension? {
    namedHints[name]
  }

  // MARK: - Arithmetic

  private static func digit(_ axis: Axis, of number: Int, in grid: [Radix]) -> Int {
    guard let radix = grid.first(where: { $0.axis == axis }) else { return 0 }
    return number / radix.stride % radix.size
  }

  /// Returns the place of a rank among the ranks of its pipeline stage in ascending order.
  private func placeInStage(_ rank: Int) -> Int {
    stage.reduce(0) { $0 + Self.digit($1.axis, of: rank, in: dense) * $1.stride }
  }

  /// Returns the rank at a place of the pipeline stage that another rank is in.
  private func rank(at place: Int, inStageOf rank: Int) -> Int {
    dense.reduce(0) { sum, radix in
      let digit =
        radix.axis == .pipeline
        ? rank / radix.stride % radix.size : Self.digit(radix.axis, of: place, in: stage)
      return sum + digit * radix.stride
    }
  }

  /// Returns the ranks that differ from a rank along the given axes only.
  private func ranks(varying axes: [Axis], from rank: Int) -> [Int] {
    // Places along the experts' axes are found inside the stage, the others in the whole grid.
    let moving = routed.filter { axes.contains($0.axis) }
    var ranks = [rank]
    if !moving.isEmpty {
      var places = [placeInStage(rank)]
      for radix in moving { places = Self.spread(places, along: radix) }
      ranks = places.map { self.rank(at: $0, inStageOf: rank) }
    }
    for radix in dense where axes.contains(radix.axis) { ranks = Self.spread(ranks, along: radix) }
    return ranks
  }

  private static func spread(_ numbers: [Int], along radix: Radix) -> [Int] {
    guard radix.size > 1 else { return numbers }
    return numbers.flatMap { number in
      let base = number - number / radix.stride % radix.size * radix.stride
      return (0..<radix.size).map { base + $0 * radix.stride }
    }
  }
}
