// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// What a job description says about the ranks, as far as the analysis needs it.
struct JobLayout {
  private let job: JobDescription
  private let grid: RankGrid
  private let ranksOfHost: [String: [Int]]

  /// Wraps a description; `nil` when its sizes contradict each other.
  init?(_ job: JobDescription?) {
    guard let job, job.isConsistent else { return nil }
    self.job = job
    grid = RankGrid(job: job)
    ranksOfHost = Dictionary(
      job.hosts.map { ($0.host, $0.ranks) }, uniquingKeysWith: { first, second in first + second })
  }

  /// Ranks of the job.
  var worldSize: Int { job.worldSize }
  /// Whether the description lists ranks by host.
  var statesHosts: Bool { !ranksOfHost.isEmpty }
  /// Whether tensor parallelism runs with sequence parallelism.
  var isSequenceParallel: Bool { job.parallelism.sequenceParallel }
  /// Whether the workload is inference; `nil` when the description does not say.
  var isInference: Bool? { job.workload.map { $0.kind == .inference } }

  /// How often captured graphs ran, as far as the description says.
  var graphReplays: [JobDescription.GraphReplay] { job.graphReplays }

  /// The global ranks on a host.
  func ranks(onHost host: String) -> [Int]? { ranksOfHost[host] }

  /// The strategies for which these ranks (sorted) lie in one group of that size.
  ///
  /// `size` is that of the communicator: more than `ranks` when some were not seen.
  func dimensions(ofRanks ranks: [Int], size: Int) -> [ParallelismDimension] {
    guard ranks.count < size else { return grid.dimensions(ofRankSet: ranks) }
    guard let first = ranks.first else { return [] }
    let own = Set(ranks)
    var result: [ParallelismDimension] = []
    for family in grid.families
    where family.groupSize == size && !result.contains(family.dimension) {
      guard let group = grid.group(of: family, containing: first) else { continue }
      if own.isSubset(of: group) { result.append(family.dimension) }
    }
    return result
  }

  /// The sizes of the groups that the description makes, for a person: `2 (tp), 4 (pp)`.
  var groupSizes: String {
    var seen: Set<String> = []
    return grid.families.map { "\($0.groupSize) (\($0.dimension.rawValue))" }
      .filter { seen.insert($0).inserted }.joined(separator: ", ")
  }

  /// The strategy that the description gives a communicator by its name.
  func dimension(ofName name: String?) -> ParallelismDimension? {
    name.flatMap { grid.dimension(ofCommunicatorNamed: $0) }
  }

  /// The strategies with their degrees, for the headline.
  var degrees: Headline.Degrees {
    let sizes = job.parallelism
    var degrees = Headline.Degrees()
    degrees.grid = [(.tp, sizes.tensor), (.cp, sizes.context), (.pp, sizes.pipeline)]
    switch sizes.sharding.kind {
    case .hybrid:
      degrees.grid += [(.fsdp, sizes.sharding.shard), (.dp, sizes.sharding.replicate)]
    case let kind where kind == .fsdp || kind == .zero3: degrees.grid.append((.fsdp, sizes.data))
    default: degrees.grid.append((.dp, sizes.data))
    }
    degrees.expert = sizes.expert
    return degrees
  }
}
