// SPDX-License-Identifier: Apache-2.0

/// One line that says what the job was.
enum Headline {
  /// Sizes of the groups that make up the job's grid, and of the expert groups within it.
  struct Degrees {
    /// Strategies whose degrees multiply to the number of ranks.
    var grid: [(dimension: ParallelismDimension, degree: Int)] = []
    /// Ranks that share the experts.
    var expert = 1

    /// For example `TP 2 x PP 2 x DP 2`, or `DP 8, EP 4`; empty when nothing is parallel.
    var text: String {
      let product = grid.filter { $0.degree > 1 }
        .map { "\($0.dimension.rawValue.uppercased()) \($0.degree)" }
        .joined(separator: " x ")
      guard expert > 1 else { return product }
      return product.isEmpty ? "EP \(expert)" : "\(product), EP \(expert)"
    }
  }

  /// For example `8 ranks on 1 node: TP 2 x PP 2 x DP 2`.
  static func text(
    seen: Int, expected: Int?, nodes: Int, jobs: Int, declared: Degrees?, inferred: Degrees
  ) -> String {
    let size = max(seen, expected ?? 0)
    guard size > 0 else { return "no NCCL communicator found" }
    var text = "\(size) \(size == 1 ? "rank" : "ranks")"
    if nodes > 0 { text += " on \(nodes) \(nodes == 1 ? "node" : "nodes")" }
    if size > seen { text += " (\(seen) seen)" }
    if jobs > 1 { text += " in \(jobs) separate groups" }
    if let declared {
      return text + (declared.text.isEmpty ? "" : ": " + declared.text)
    }
    return text + ": "
      + (inferred.text.isEmpty ? "parallelism not identified" : inferred.text + " (inferred)")
  }

  /// The degrees that labels without a job description imply.
  ///
  /// A strategy counts where all of its groups have one size. A data-parallel group with the ranks
  /// of a context group sums the gradients of both; the context's share is taken out.
  static func degrees(
    _ communicators: [AnalysedCommunicator], _ labels: [DimensionLabel]
  ) -> Degrees {
    var sizes: [ParallelismDimension: Set<Int>] = [:]
    var contexts: Set<[Int]> = []
    for (own, label) in zip(communicators, labels) where label.confidence != .none {
      let dimension: ParallelismDimension = label.dimension == .sp ? .tp : label.dimension
      sizes[dimension, default: []].insert(own.communicator.size)
      if dimension == .cp { contexts.insert(own.ranks) }
    }
    let isJoint = zip(communicators, labels).contains { own, label in
      label.dimension == .dp && contexts.contains(own.ranks)
    }
    func size(_ dimension: ParallelismDimension) -> Int {
      guard let known = sizes[dimension], known.count == 1 else { return 1 }
      return known.first ?? 1
    }
    var degrees = Degrees()
    for dimension in [ParallelismDimension.tp, .cp, .pp, .fsdp, .dp] {
      var degree = size(dimension)
      if dimension == .dp, isJoint { degree /= max(size(.cp), 1) }
      degrees.grid.append((dimension, degree))
    }
    degrees.expert = size(.ep)
    return degrees
  }
}
