// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Testing

@testable import TrafficAnalysis

/// Jobs that are generated from a layout, so that the right label of every group is known.
@Suite struct GeneratedJobTests {
  /// A job and what its groups are for.
  private struct Job {
    var trace = TraceBuilder()
    /// The strategy of each communicator by its id.
    var roles: [UInt64: ParallelismDimension] = [:]
    /// Where each rank of the layout runs: a launcher may have numbered it otherwise.
    let numbers: [Int]
    private var nextID: UInt64 = 1

    init(ranks: Int, shuffled: Bool) {
      var generator = SplitMix(state: 11)
      numbers = shuffled ? Array(0..<ranks).shuffled(using: &generator) : Array(0..<ranks)
      trace.processes(ranks)
    }

    /// Adds a communicator; `calls` gives each place in the group its rows, and `order` one step of
    /// them, as indices of rows.
    mutating func group(
      _ members: [Int], _ role: ParallelismDimension, order: [Int] = [], steps: Int = 20,
      _ calls: (_ place: Int, _ rankOf: (Int) -> Int32) -> [CallFacts]
    ) {
      guard members.count > 1 else { return }
      let id = nextID
      nextID += 1
      roles[id] = role
      // A communicator's ranks follow the launcher's numbers.
      let launched = members.map { numbers[$0] }
      let sorted = launched.sorted()
      func rank(_ place: Int) -> Int {
        let wrapped = (place + members.count) % members.count
        return sorted.firstIndex(of: launched[wrapped]) ?? 0
      }
      for place in members.indices {
        let process = launched[place]
        let index = trace.view(
          process, rank: rank(place), size: members.count, id: id,
          calls: calls(place) { Int32(rank($0)) })
        guard !order.isEmpty else { continue }
        var sequence = trace.partial.processes[process].timelines.first ?? CallSequence()
        let base = sequence.symbols.count
        let rows = order.max().map { $0 + 1 } ?? 0
        for row in 0..<rows {
          sequence.symbols.append(.init(communicator: index, row: row, isExchange: false))
        }
        sequence.tokens += order.map { .literal(base + $0) }
        sequence.tokens.append(.copy(distance: order.count, count: order.count * (steps - 1)))
        sequence.length += order.count * steps
        trace.partial.processes[process].timelines = [sequence]
      }
    }

    /// Adds a communicator whose ranks all call the same.
    mutating func group(
      _ members: [Int], _ role: ParallelismDimension, order: [Int] = [], same calls: [CallFacts]
    ) {
      group(members, role, order: order) { _, _ in calls }
    }

    /// Labels that are not right, with the ranks as launched; sure ones are marked.
    func faults(_ partial: TracePartial) -> [String] {
      TrafficAnalyzer.analyze(partial).communicators.compactMap { row in
        guard let id = row.identifier.flatMap({ UInt64($0.dropFirst(2), radix: 16) }) else {
          return "no id"
        }
        let role = roles[id] ?? .unclassified
        guard row.dimension != role else { return nil }
        return
          "\(row.ranks.map { $0 ?? -1 }): \(row.dimension) \(row.confidence), expected \(role); "
          + row.evidence.map(\.text).joined(separator: "; ")
      }
    }
  }

  private static let flag = TraceBuilder.call(.allReduce, 1, calls: 4)

  private static func distributedOptimizer(_ count: UInt64) -> [CallFacts] {
    [
      TraceBuilder.call(.reduceScatter, count, .float32, calls: 12),
      TraceBuilder.call(.allGather, count, .bfloat16, calls: 12),
    ]
  }

  /// A Megatron-LM job: tensor groups all-reduce, the distributed optimizer scatters and gathers.
  private static func megatron(_ text: String, shuffled: Bool) throws -> Job {
    let description = try JobDescription.parse(text: text, file: "job.yaml")
    let grid = RankGrid(job: description)
    var job = Job(ranks: grid.worldSize, shuffled: shuffled)
    job.group(Array(0..<grid.worldSize), .world, same: [flag])
    for group in grid.groups(for: .tp) {
      job.group(group, .tp, same: [TraceBuilder.call(.allReduce, 1 << 22, .bfloat16, calls: 640)])
    }
    for group in grid.groups(for: .pp) {
      job.group(group, .pp) { stage, rankOf in
        var calls: [CallFacts] = []
        func add(_ kind: OperationKind, _ peer: Int) {
          calls.append(
            TraceBuilder.call(kind, 1 << 22, .bfloat16, calls: 32, peer: rankOf(peer)))
        }
        if stage > 0 { add(.recv, stage - 1) }
        if stage < group.count - 1 {
          add(.send, stage + 1)
          add(.recv, stage + 1)
        }
        if stage > 0 { add(.send, stage - 1) }
        return calls
      }
    }
    for group in grid.groups(for: .cp) {
      job.group(group, .cp) { place, rankOf in
        [
          TraceBuilder.call(.send, 1 << 20, .bfloat16, calls: 96, peer: rankOf(place + 1)),
          TraceBuilder.call(.recv, 1 << 20, .bfloat16, calls: 96, peer: rankOf(place - 1)),
        ]
      }
    }
    for (place, group) in grid.groups(for: .dp).enumerated() {
      job.group(group, .dp, same: distributedOptimizer(5_000_000 + UInt64(place)))
    }
    for group in grid.groups(for: .ep) {
      job.group(group, .ep, same: [TraceBuilder.call(.allToAll, 1 << 20, .bfloat16, calls: 128)])
    }
    for group in grid.groups(for: .edp) {
      job.group(group, .edp, same: distributedOptimizer(7_000_000))
    }
    for group in grid.groups(for: .embedding) {
      job.group(
        group, .embedding, same: [TraceBuilder.call(.allReduce, 1 << 26, .float32, calls: 4)])
    }
    for group in grid.groups(for: .mp) where group.count < grid.worldSize {
      let isTensor = grid.groups(for: .tp).first?.count == group.count
      if !isTensor { job.group(group, .mp, same: [flag]) }
    }
    return job
  }

  @Test(
    arguments: [
      "parallelism: {tensor: 2, data: 4, pipeline: 4}",
      "parallelism: {tensor: 2, data: 4, pipeline: 4}\norder: tp-cp-ep-pp-dp",
      "parallelism: {tensor: 4, data: 4}",
      "parallelism: {tensor: 2, context: 4, data: 2, pipeline: 2}",
      "parallelism: {tensor: 2, context: 4, data: 2, pipeline: 2}\norder: tp-cp-ep-pp-dp",
      "parallelism: {tensor: 2, data: 8, pipeline: 2, expert: 4, expert_tensor: 2}",
      "parallelism: {tensor: 2, data: 8, pipeline: 2, expert: 8, expert_tensor: 1}",
      "parallelism: {tensor: 2, data: 8, pipeline: 2, expert: 4, expert_tensor: 1}\norder: tp-dp-ep-pp",
      "parallelism: {data: 16, expert: 4}", "parallelism: {pipeline: 8, data: 2}",
    ], [false, true])
  func megatronGroupsAreKnownInAnyOrder(text: String, shuffled: Bool) throws {
    let job = try Self.megatron(text, shuffled: shuffled)
    #expect(job.faults(job.trace.partial) == [])
    for missing in [0, job.numbers.count / 2] {
      var partial = job.trace.partial
      partial.processes.remove(at: missing)
      #expect(job.faults(partial) == [], "without process \(missing)")
    }
  }

  /// Sharded data beside tensor parallelism with sequence parallelism, and hybrid sharding.
  @Test(arguments: [false, true])
  func shardedMeshesAreKnownInAnyOrder(shuffled: Bool) throws {
    let description = try JobDescription.parse(
      text: "parallelism: {tensor: 4, data: 8, sharding: {kind: hybrid, shard: 4}}",
      file: "job.yaml")
    let grid = RankGrid(job: description)
    var job = Job(ranks: grid.worldSize, shuffled: shuffled)
    job.group(Array(0..<grid.worldSize), .world, same: [Self.flag])
    for group in grid.groups(for: .tp) {
      // Forward gathers and scatters in turn, backward gathers once more.
      job.group(
        group, .tp, order: [0, 1, 0, 1, 0],
        same: [
          TraceBuilder.call(.allGather, 1 << 21, .bfloat16, calls: 60),
          TraceBuilder.call(.reduceScatter, 1 << 21, .bfloat16, calls: 40),
        ])
    }
    for group in grid.groups(for: .fsdp) {
      job.group(
        group, .fsdp, order: [0, 1, 1, 1, 1, 1, 2, 1, 2, 1, 2, 0, 3],
        same: [
          TraceBuilder.call(.allGather, 9_000_000, .bfloat16, calls: 40),
          TraceBuilder.call(.allGather, 2_000_000, .bfloat16, calls: 140),
          TraceBuilder.call(.reduceScatter, 2_000_000, .bfloat16, calls: 60),
          TraceBuilder.call(.reduceScatter, 9_000_000, .bfloat16, calls: 20),
        ])
    }
    for group in grid.groups(for: .dp) {
      job.group(
        group, .dp,
        same: [
          TraceBuilder.call(.allReduce, 2_000_000, .bfloat16, calls: 60),
          TraceBuilder.call(.allReduce, 9_000_000, .bfloat16, calls: 20),
        ])
    }
    #expect(job.faults(job.trace.partial) == [])
    var partial = job.trace.partial
    partial.processes.remove(at: 5)
    #expect(job.faults(partial) == [])
  }

  @Test func whatTwoStrategiesWouldCallTheSameIsNotGuessed() throws {
    var job = Job(ranks: 8, shuffled: false)
    // Tensor parallelism alone, or data parallelism with one bucket a step.
    job.group(
      Array(0..<8), .unclassified,
      same: [TraceBuilder.call(.allReduce, 1 << 23, .bfloat16, calls: 640)])
    let row = try #require(TrafficAnalyzer.analyze(job.trace.partial).communicators.first)
    #expect(row.dimension == .unclassified)
    #expect(row.evidence.map { String($0.text.prefix(3)) } == ["tp?", "dp?"])
  }

  @Test func jobsInOneFolderAreInferredApart() throws {
    var job = Job(ranks: 8, shuffled: false)
    // Half of the ranks serve; the reductions of the others must not make gradients of theirs.
    job.group(
      [0, 1, 2, 3], .tp,
      same: [
        TraceBuilder.call(.allReduce, 1 << 20, .bfloat16, calls: 65),
        TraceBuilder.call(.allReduce, 1 << 12, .bfloat16, calls: 6500),
      ])
    job.group([4, 5, 6, 7], .dp, same: [TraceBuilder.call(.allReduce, 6_250_000, calls: 40)])
    #expect(job.faults(job.trace.partial) == [])
  }

  /// Pairs of stages 0-2 and 1-3 of which no line says who is who.
  @Test func pairsWithoutInitLinesAreFoundByTheirPeers() {
    var trace = TraceBuilder()
    trace.processes(4)
    for rank in 0..<4 {
      let isFirst = rank < 2
      let peer: Int32 = isFirst ? 1 : 0
      let send = TraceBuilder.call(.send, 4096, .bfloat16, calls: 8, peer: peer)
      let receive = TraceBuilder.call(.recv, 4096, .bfloat16, calls: 8, peer: peer)
      trace.view(
        rank, rank: nil, size: 2, id: nil, calls: isFirst ? [send, receive] : [receive, send])
    }
    let summary = TrafficAnalyzer.analyze(trace.partial)
    var endpoints = Endpoints(ProcessTable(trace.partial))
    let table = CommunicatorTable(&endpoints)
    let members = table.all.map { $0.instances.map { endpoints.instances[$0].process } }
    #expect(members == [[0, 2], [1, 3]])
    #expect(summary.communicators.map(\.dimension) == [.pp, .pp])
    #expect(summary.communicators.map(\.confidence) == [.weak, .weak])
    #expect(summary.communicators.map(\.membership) == ["assumed", "assumed"])
  }

  private typealias Peers = (size: Int, targets: [Int32], sources: [Int32], rank: Int?)

  @Test func peersGiveARankAway() {
    let cases: [Peers] = [
      (2, [0], [0], 1), (2, [1], [], 0), (6, [1], [1], 0), (6, [4], [4], 5), (6, [3], [1], 2),
      (6, [1], [5], 0), (6, [0], [4], 5), (6, [2], [3], nil), (4, [0], [2], nil),
      (3, [1], [1], nil), (6, [7], [], nil), (6, [-1], [], nil), (6, [], [], nil),
    ]
    for (size, targets, sources, rank) in cases {
      var facts = CommunicatorFacts(pointer: 1)
      facts.calls = targets.map { TraceBuilder.call(.send, 8, peer: $0) }
      facts.calls += sources.map { TraceBuilder.call(.recv, 8, peer: $0) }
      #expect(PeerShape(facts).rank(size: size) == rank, "\(size) \(targets) \(sources)")
    }
  }

  /// In one file of several processes a head was cut, and no init line was seen.
  @Test func aCutHostNameLeavesTheProcessId() throws {
    var trace = TraceBuilder()
    trace.process(host: "node1", pid: 7)
    trace.view(
      0, rank: nil, size: 2, id: nil,
      calls: [
        TraceBuilder.call(.allReduce, 4096, .bfloat16, calls: 40),
        TraceBuilder.call(.allReduce, 1, calls: 2),
      ], pointer: 0x5000)
    var debris = ProcessFacts(file: 0, host: "de1", pid: 7)
    var facts = CommunicatorFacts(pointer: 0x5000)
    facts.size = 2
    facts.firstLine = 90
    facts.calls = [TraceBuilder.call(.allReduce, 4096, .bfloat16)]
    debris.communicators = [facts]
    trace.partial.processes.append(debris)
    let records = ProcessTable(trace.partial).records
    let calls = records.flatMap(\.facts.communicators).map { $0.calls.map(\.calls) }
    #expect(calls.contains([41, 2]))
    // Another process id is another process.
    trace.partial.processes[1].pid = 8
    let apart = ProcessTable(trace.partial).records.flatMap(\.facts.communicators)
    #expect(apart.map(\.calls.count).sorted() == [1, 2])
  }
}
