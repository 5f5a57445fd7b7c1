// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// What one communicator serves, and why.
struct DimensionLabel {
  /// The strategy of most of its payload.
  var dimension: ParallelismDimension = .unclassified
  /// How sure that is.
  var confidence: Confidence = .none
  /// Why; what was seen, where that is not enough for a label.
  var evidence: [Evidence] = []
  /// Classes of operations that serve something else, by their place among the classes.
  var exceptions: [Int: ParallelismDimension] = [:]

  /// The strategy of a class of operations.
  func dimension(ofClass place: Int) -> ParallelismDimension { exceptions[place] ?? dimension }
}

/// Assigns every communicator, and where needed a class of its operations, to a strategy.
///
/// A job description or the framework's names decide where they speak. All else is inferred, each
/// job by itself: the rules of ``InferenceRule`` make claims, ``Claims`` weighs them, and groups
/// that are still open take the label of their siblings. What nothing settles stays unclassified
/// and says what was seen.
struct DimensionInference {
  let communicators: [AnalysedCommunicator]
  let profiles: [CommunicatorProfile]
  let layout: JobLayout?
  /// For each communicator the GPUs of its ranks.
  let seats: [[Int]]
  /// What the rules found.
  var claims: [Claims]
  /// The labels so far.
  var labels: [DimensionLabel] = []
  let table: ProcessTable
  private let endpoints: Endpoints
  /// Shapes of the processes that were looked at.
  private var shapes: [Int: [Int: CallShape]] = [:]

  /// Prepares to label.
  init(
    _ communicators: [AnalysedCommunicator], layout: JobLayout?, _ table: ProcessTable,
    _ endpoints: Endpoints
  ) {
    self.communicators = communicators
    self.layout = layout
    self.table = table
    self.endpoints = endpoints
    profiles = communicators.map { CommunicatorProfile($0) }
    seats = communicators.map { own in
      own.views.map(\.endpoint)
    }
    claims = communicators.map { _ in Claims() }
  }

  /// Labels all communicators, in their order.
  ///
  /// - Complexity: O(*c* + *k*) in communicators and classes, plus the ranks of each, and a bounded
  ///   part of the order of calls of some GPUs.
  mutating func infer() -> [DimensionLabel] {
    for place in communicators.indices { exchanges(place) }
    labels = communicators.indices.map { declared($0) ?? named($0) ?? DimensionLabel() }
    for job in Dictionary(grouping: communicators.indices, by: { communicators[$0].job })
      .sorted(by: { $0.key < $1.key })
    {
      infer(job.value.sorted())
    }
    for place in labels.indices {
      weaken(place)
      locate(place)
      split(place)
      if labels[place].dimension == .unclassified, labels[place].evidence.isEmpty {
        labels[place].evidence = [Evidence(.behaviour, seen(place))]
      }
    }
    return labels
  }

  /// Labels the communicators of one job.
  private mutating func infer(_ places: [Int]) {
    for place in places where isOpen(place) { settle(place) }
    let job = JobTraits(self, places)
    for place in places where isOpen(place) {
      switch profiles[place].habit {
      case .shard: shards(place, job)
      case .allReduce: reductions(place, job)
      case .rooted: rooted(place, job)
      default: break
      }
    }
    hybrids(places)
    for place in places where isOpen(place) { settle(place) }
    let groups = GroupTraits(self, places)
    for place in places { refine(place, groups) }
    // Blocks are told by what they are made of.
    let refined = GroupTraits(self, places)
    for place in places where isOpen(place) && profiles[place].habit == .control {
      control(place, refined)
      settle(place)
    }
    adopt(places)
  }

  /// Weighs what was found about a communicator.
  mutating func settle(_ place: Int) {
    let label = claims[place].label
    if label.dimension != .unclassified || !label.evidence.isEmpty { labels[place] = label }
  }

  /// Whether a communicator has operations and no label yet.
  func isOpen(_ place: Int) -> Bool {
    labels[place].dimension == .unclassified && profiles[place].habit != .silent
  }

  /// Whether its ranks are known, not only their number.
  func knowsMembers(_ place: Int) -> Bool {
    communicators[place].communicator.membership != .assumed
  }

  /// The ranks' views.
  func views(_ place: Int) -> [Instance] {
    communicators[place].views
  }

  /// The order of calls on a communicator, from the first rank that has it.
  mutating func shape(_ place: Int) -> CallShape? {
    // A few ranks are enough: those of a communicator call the same.
    for index in communicators[place].communicator.instances.prefix(4) {
      if let shape = shape(ofInstance: index) { return shape }
    }
    return nil
  }

  /// The order of calls of one rank.
  mutating func shape(ofInstance index: Int) -> CallShape? {
    let view = endpoints.instances[index]
    if shapes[view.process] == nil {
      shapes[view.process] = CallShape.shapes(of: table.records[view.process].facts)
    }
    return shapes[view.process]?[view.index]
  }

  /// Takes certainty from what was inferred while half of the ranks were not seen.
  private mutating func weaken(_ place: Int) {
    let own = communicators[place].communicator
    guard labels[place].confidence == .strong,
      labels[place].evidence.first?.kind == .behaviour
        || labels[place].evidence.first?.kind == .structure
    else { return }
    if own.membership == .assumed || own.instances.count <= own.size / 2 {
      labels[place].confidence = .weak
    }
  }

  /// Says which ranks an inferred label is for, or, of a silent communicator, which it has.
  private mutating func locate(_ place: Int) {
    let own = communicators[place]
    let isInferred =
      labels[place].dimension != .unclassified
      && labels[place].evidence.first?.kind == .behaviour
    let isSilent =
      labels[place].dimension == .unclassified && own.traffic.classes.isEmpty
    guard knowsMembers(place), isInferred || isSilent else { return }
    let size = own.communicator.size
    var text =
      switch profiles[place].stride {
      case nil: "\(size) ranks without a common distance"
      case 1: "consecutive ranks in groups of \(size)"
      case let stride?: "ranks \(stride) apart in groups of \(size)"
      }
    if own.isWorld { text = "all \(size) ranks" }
    labels[place].evidence.append(Evidence(.structure, text))
  }

  /// What a communicator without a label did.
  private func seen(_ place: Int) -> String {
    let classes = communicators[place].traffic.classes
    guard !classes.isEmpty else { return "no operation was seen" }
    let largest = classes.sorted { a, b in
      (b.payloadBytes, a.order) < (a.payloadBytes, b.order)
    }
    let parts = largest.prefix(3).map { group in
      "\(group.operations) \(group.collective)"
        + (group.messageBytes.map { " of \($0) bytes" } ?? " of several sizes")
    }
    let rest = classes.count > 3 ? ", ..." : ""
    return "seen: " + parts.joined(separator: ", ") + rest + "; no rule knows this"
  }
}

extension CommunicatorTraffic {
  /// Payload over all classes.
  var payloadBytes: UInt64 { classes.reduce(0) { $0.adding($1.payloadBytes) } }
}
