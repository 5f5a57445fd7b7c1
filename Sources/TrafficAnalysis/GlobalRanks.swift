// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// Numbers the GPUs as the job did.
///
/// The sources, best first: the communicator that spans all GPUs of a job, the launcher's line
/// prefix, the job description's hosts, and last the order of host, GPU and process id.
struct GlobalRanks {
  /// For each endpoint its global rank.
  private(set) var rank: [Int?]
  /// For each endpoint its job: 0 unless the files come from several.
  private(set) var job: [Int]
  /// Number of jobs, which share no communicator with each other.
  private(set) var jobs = 0
  /// Where the numbers come from, for ``Coverage/globalRankSource``.
  private(set) var source = "reconstructed"
  /// Ranks that all jobs together should have, if anything says so.
  private(set) var expected: Int?
  /// Communicators that span their whole job.
  private(set) var worlds: Set<Int> = []
  /// Number of GPUs that had to be given a number without a source.
  private(set) var guessed = 0

  /// Numbers the endpoints.
  ///
  /// - Complexity: O(*i* log *i*) in instances.
  init(
    _ endpoints: Endpoints, _ communicators: CommunicatorTable, _ table: ProcessTable,
    _ layout: JobLayout?
  ) {
    rank = [Int?](repeating: nil, count: endpoints.all.count)
    job = [Int](repeating: 0, count: endpoints.all.count)
    guard !endpoints.all.isEmpty else {
      expected = layout?.worldSize
      return
    }
    let components = Self.components(endpoints, communicators)
    for (number, members) in components.enumerated() {
      for endpoint in members { job[endpoint] = number }
    }
    jobs = components.count
    var largest = [Int?](repeating: nil, count: jobs)
    for (index, communicator) in communicators.all.enumerated() {
      guard let first = communicator.instances.first else { continue }
      let own = job[endpoints.instances[first].endpoint]
      guard let best = largest[own].map({ communicators.all[$0] }) else {
        largest[own] = index
        continue
      }
      if Self.isBetterWorld(communicator, than: best, endpoints) { largest[own] = index }
    }
    if jobs > 1,
      numberByStatement(endpoints, table) || numberByLauncher(endpoints, table)
        || numberByJob(endpoints, table, layout)
    {
      // Ranks of one job that happen to share no communicator.
      jobs = 1
      job = [Int](repeating: 0, count: job.count)
      markWorlds(endpoints, communicators, [Array(endpoints.all.indices)])
      return
    }
    var offset = 0
    var sources: [String] = []
    for (number, members) in components.enumerated() {
      let world = largest[number].map { (index: $0, communicator: communicators.all[$0]) }
      let (size, name) =
        number == 0 && jobs == 1
        ? numberWhole(members, world, endpoints, table, layout)
        : numberPart(members, world, endpoints, offset: offset)
      offset += size
      if !sources.contains(name) { sources.append(name) }
    }
    source = sources.joined(separator: ", ")
    if expected == nil { expected = offset }
    markWorlds(endpoints, communicators, components)
  }

  // MARK: - Jobs

  /// Endpoints that are linked by communicators, in order of host, GPU and process id.
  private static func components(
    _ endpoints: Endpoints, _ communicators: CommunicatorTable
  ) -> [[Int]] {
    var parent = Array(endpoints.all.indices)
    func root(_ start: Int) -> Int {
      var node = start
      while parent[node] != node { node = parent[node] }
      var walk = start
      while parent[walk] != node {
        let next = parent[walk]
        parent[walk] = node
        walk = next
      }
      return node
    }
    for communicator in communicators.all {
      guard let first = communicator.instances.first else { continue }
      for member in communicator.instances.dropFirst() {
        let a = root(endpoints.instances[first].endpoint)
        let b = root(endpoints.instances[member].endpoint)
        if a != b { parent[max(a, b)] = min(a, b) }
      }
    }
    var place: [Int: Int] = [:]
    var components: [[Int]] = []
    let order = endpoints.all.indices.sorted { endpoints.position[$0] < endpoints.position[$1] }
    for endpoint in order {
      let top = root(endpoint)
      if let index = place[top] {
        components[index].append(endpoint)
      } else {
        place[top] = components.count
        components.append([endpoint])
      }
    }
    return components
  }

  private static func isBetterWorld(
    _ a: Communicator, than b: Communicator, _ endpoints: Endpoints
  ) -> Bool {
    if a.instances.count != b.instances.count { return a.instances.count > b.instances.count }
    let known = { (communicator: Communicator) in
      communicator.instances.allSatisfy { endpoints.instances[$0].rank != nil }
    }
    if known(a) != known(b) { return known(a) }
    if a.size != b.size { return a.size > b.size }
    // The earliest created; all ranks of a world create it at the same place of their lives.
    let birth = { (communicator: Communicator) in
      communicator.instances.lazy.map { endpoints.instances[$0].index }.min() ?? 0
    }
    return birth(a) < birth(b)
  }

  // MARK: - Numbers

  /// Takes the global ranks that traces state, if every GPU has one and no two the same.
  private mutating func numberByStatement(_ endpoints: Endpoints, _ table: ProcessTable) -> Bool {
    var taken: Set<Int> = []
    var numbers: [Int] = []
    var size = 0
    for endpoint in endpoints.all {
      let facts = table.records[endpoint.process].facts
      guard let number = facts.globalRank, (0..<Endpoints.maximumSize).contains(number),
        endpoint.device == nil, taken.insert(number).inserted
      else { return false }
      numbers.append(number)
      size = max(size, number + 1, min(facts.worldSize ?? 0, Endpoints.maximumSize))
    }
    guard !numbers.isEmpty else { return false }
    rank = numbers
    source = "stated by the trace"
    expected = expected ?? size
    return true
  }

  private mutating func numberByLauncher(_ endpoints: Endpoints, _ table: ProcessTable) -> Bool {
    var taken: Set<Int> = []
    var numbers: [Int] = []
    for endpoint in endpoints.all {
      guard let number = table.records[endpoint.process].facts.launcherRank, number >= 0,
        endpoint.device == nil, taken.insert(number).inserted
      else { return false }
      numbers.append(number)
    }
    rank = numbers
    source = "launcher prefix"
    let above = (numbers.max() ?? -1).addingReportingOverflow(1)
    if !above.overflow, expected == nil { expected = max(above.partialValue, numbers.count) }
    return true
  }

  private mutating func numberByJob(
    _ endpoints: Endpoints, _ table: ProcessTable, _ layout: JobLayout?
  ) -> Bool {
    guard let layout else { return false }
    let order = endpoints.all.indices.sorted { endpoints.position[$0] < endpoints.position[$1] }
    let hosts = Dictionary(grouping: order) { table.records[endpoints.all[$0].process].facts.host }
    var numbers = [Int?](repeating: nil, count: endpoints.all.count)
    for (host, members) in hosts {
      guard let declared = layout.ranks(onHost: host), declared.count >= members.count else {
        // Without hosts a complete set of GPUs can still be numbered in order.
        guard layout.worldSize == endpoints.all.count, !layout.statesHosts else { return false }
        for (number, endpoint) in order.enumerated() { rank[endpoint] = number }
        source = "reconstructed"
        guessed = order.count
        expected = layout.worldSize
        return true
      }
      for (endpoint, number) in zip(members, declared.sorted()) { numbers[endpoint] = number }
    }
    rank = numbers
    source = "job description"
    expected = layout.worldSize
    return true
  }

  /// Numbers the GPUs of the only job.
  private mutating func numberWhole(
    _ members: [Int], _ world: (index: Int, communicator: Communicator)?,
    _ endpoints: Endpoints, _ table: ProcessTable, _ layout: JobLayout?
  ) -> (size: Int, source: String) {
    expected = layout?.worldSize
    if numberByStatement(endpoints, table) { return (expected ?? members.count, source) }
    if let world, isWorld(world.communicator, members, endpoints) {
      let part = numberPart(members, world, endpoints, offset: 0)
      if expected == nil { expected = part.size }
      return (max(part.size, expected ?? 0), part.source)
    }
    if numberByLauncher(endpoints, table) {
      return (expected ?? members.count, "launcher prefix")
    }
    if layout?.statesHosts == true, numberByJob(endpoints, table, layout) {
      return (expected ?? members.count, "job description")
    }
    let part = numberPart(members, nil, endpoints, offset: 0)
    // The ranks of the largest communicator are there, even if their numbers are not known.
    let size = max(part.size, world?.communicator.size ?? 0, expected ?? 0)
    expected = expected ?? size
    return (size, part.source)
  }

  /// Whether a communicator says enough to number a job by it.
  private func isWorld(
    _ communicator: Communicator, _ members: [Int], _ endpoints: Endpoints
  ) -> Bool {
    let ranked = communicator.instances.filter { endpoints.instances[$0].rank != nil }
    return ranked.count * 2 > members.count
  }

  /// Numbers the GPUs of one of several jobs, after those before it.
  private mutating func numberPart(
    _ members: [Int], _ world: (index: Int, communicator: Communicator)?,
    _ endpoints: Endpoints, offset: Int
  ) -> (size: Int, source: String) {
    var taken: Set<Int> = []
    var isFromWorld = false
    var size = 0
    if let world, isWorld(world.communicator, members, endpoints) {
      isFromWorld = true
      size = world.communicator.size
      for member in world.communicator.instances {
        let view = endpoints.instances[member]
        guard let number = view.rank, rank[view.endpoint] == nil, taken.insert(number).inserted
        else { continue }
        rank[view.endpoint] = offset.addingReportingOverflow(number).partialValue
      }
    }
    // GPUs outside the world take the numbers that are left, in order.
    var next = 0
    for endpoint in members where rank[endpoint] == nil {
      while taken.contains(next) { next += 1 }
      taken.insert(next)
      rank[endpoint] = offset + next
      guessed += 1
    }
    return (
      max(size, members.count),
      isFromWorld ? "world communicator" : "reconstructed"
    )
  }

  /// Finds the communicators that hold every rank of their job.
  private mutating func markWorlds(
    _ endpoints: Endpoints, _ communicators: CommunicatorTable, _ components: [[Int]]
  ) {
    var whole = components.map(\.count)
    if jobs == 1, let expected { whole[0] = max(whole[0], expected) }
    let owner = communicators.all.map { communicator in
      communicator.instances.first.map { job[endpoints.instances[$0].endpoint] }
    }
    for (own, communicator) in zip(owner, communicators.all) {
      if let own { whole[own] = max(whole[own], communicator.size) }
    }
    for (index, communicator) in communicators.all.enumerated() {
      if let own = owner[index], communicator.size >= whole[own] { worlds.insert(index) }
    }
  }
}
