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

  /// Tokens that go through the model in the workload; `nil` where the description leaves any of
  /// its factors open.
  ///
  /// Inference: every sequence's prompt, and one token for each decode pass (the first generated
  /// token is the prefill's). Training: steps x samples x tokens of a sample.
  var tokens: UInt64? {
    guard let workload = job.workload, let batch = workload.batch else { return nil }
    let factors: [Int]
    switch workload.kind {
    case .inference:
      guard let prompt = workload.promptTokens,
        let passes = workload.decodeSteps ?? workload.outputTokens.map({ max(1, $0) - 1 })
      else { return nil }
      let (sequence, overflow) = prompt.addingReportingOverflow(passes)
      guard !overflow else { return nil }
      factors = [batch, sequence]
    case .training:
      guard let steps = workload.steps, let length = workload.sequenceLength else { return nil }
      factors = [steps, batch, length]
    }
    var product: UInt64 = 1
    for factor in factors {
      guard factor > 0 else { return nil }
      let (next, overflow) = product.multipliedReportingOverflow(by: UInt64(factor))
      guard !overflow else { return nil }
      product = next
    }
    return product
  }

  /// How often captured graphs ran, as far as the description says.
  var graphReplays: [JobDescription.GraphReplay] { job.graphReplays }

  /// The global ranks on a host.
  func ranks(onHost host: String) -> [Int]? { ranksOfHost[host] }

  /// The strategies whose group a communicator is, likeliest first.
  ///
  /// A communicator with ranks that were not seen is a group only if no other one fits: two ranks
  /// of which one is known may be tensor or data parallel, and saying which would be a guess.
  func dimensions(of own: AnalysedCommunicator) -> [ParallelismDimension] {
    let groups = groups(fitting: own)
    return groups.count == 1 ? grid.dimensions(ofRankSet: groups[0]) : []
  }

  /// The groups of the description, each once, that a communicator may be: of its size, and with
  /// the ranks that were seen at their places.
  ///
  /// - Complexity: O(*n* log *n*) in the communicator's ranks, for each family of groups.
  func groups(fitting own: AnalysedCommunicator) -> [[Int]] {
    let size = own.communicator.size
    guard own.ranks.count < size else {
      return grid.dimensions(ofRankSet: own.ranks).isEmpty ? [] : [own.ranks]
    }
    guard let first = own.ranks.first else { return [] }
    return grid.groups(ofSize: size, containing: first).filter { group in
      var members: Set<Int> = []
      return own.members.allSatisfy { member in
        guard let place = member.place else {
          if members.isEmpty { members = Set(group) }
          return members.contains(member.rank)
        }
        return group.indices.contains(place) && group[place] == member.rank
      }
    }
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
