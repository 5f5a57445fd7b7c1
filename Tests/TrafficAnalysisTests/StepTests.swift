// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Testing

@testable import TrafficAnalysis

/// Phases and steps from generated orders of calls.
@Suite struct StepTests {
  /// One call of a GPU: the communicator in its process, and the row of its calls.
  private typealias Position = (communicator: Int, row: Int)

  private static func sequence(_ calls: [Position]) -> CallSequence {
    var sequence = CallSequence()
    for call in calls {
      let symbol = CallSequence.Symbol(
        communicator: call.communicator, row: call.row, isExchange: false)
      if let known = sequence.symbols.firstIndex(of: symbol) {
        sequence.tokens.append(.literal(known))
      } else {
        sequence.symbols.append(symbol)
        sequence.tokens.append(.literal(sequence.symbols.count - 1))
      }
    }
    sequence.length = calls.count
    return sequence
  }

  private static func rows(_ summary: TrafficSummary, _ dimension: ParallelismDimension) -> [String]
  {
    summary.traffic.filter { $0.dimension == dimension }.map {
      "\($0.collective) \($0.dataType) \($0.phase.rawValue) \($0.operations)"
    }
  }

  // MARK: - Layers

  /// Four ranks with rings of attention; between them a gather of the default group stands for
  /// whatever else a layer does.
  private func ring(_ step: [Character], steps: Int = 2) -> TrafficSummary {
    var trace = TraceBuilder()
    trace.processes(4)
    // Per layer: 3 rotations forward; 3 of keys and 4 of gradients backward.
    let forward = [Position](repeating: (1, 0), count: 3)
    let backward = [Position](repeating: (1, 0), count: 3) + [Position](repeating: (1, 2), count: 4)
    var calls: [Position] = []
    for _ in 0..<steps {
      for layer in step {
        switch layer {
        case "F": calls += [(0, 0)] + forward
        case "B": calls += [(0, 0)] + backward
        default: calls += [(2, 0), (2, 0), (2, 1), (0, 1)]
        }
      }
    }
    func count(_ row: Position) -> UInt64 {
      UInt64(calls.count { $0 == row })
    }
    let world = [
      TraceBuilder.call(.broadcast, 1 << 18, .bfloat16, calls: count((0, 0))),
      TraceBuilder.call(.allReduce, 1, calls: count((0, 1))),
    ]
    trace.communicator([0, 1, 2, 3], id: 1, calls: world)
    for rank in 0..<4 {
      let (next, last) = (Int32((rank + 1) % 4), Int32((rank + 3) % 4))
      trace.view(
        rank, rank: rank, size: 4, id: 2,
        calls: [
          TraceBuilder.call(.send, 1 << 20, .bfloat16, calls: count((1, 0)), peer: next),
          TraceBuilder.call(.recv, 1 << 20, .bfloat16, calls: count((1, 0)), peer: last),
          TraceBuilder.call(.send, 1 << 20, .float32, calls: count((1, 2)), peer: next),
          TraceBuilder.call(.recv, 1 << 20, .float32, calls: count((1, 2)), peer: last),
        ])
    }
    trace.communicator(
      [0, 1, 2, 3], id: 3,
      calls: [
        TraceBuilder.call(.reduceScatter, 5_000_000, .float32, calls: count((2, 0))),
        TraceBuilder.call(.allGather, 5_000_000, .bfloat16, calls: count((2, 1))),
      ])
    // Receives follow their sends.
    let whole = calls.flatMap { call -> [Position] in
      call.communicator == 1 ? [call, (1, call.row + 1)] : [call]
    }
    for process in trace.partial.processes.indices {
      trace.partial.processes[process].timelines = [Self.sequence(whole)]
    }
    return TrafficAnalyzer.analyze(trace.partial)
  }

  @Test func ringsWithoutGradientsAreForwardAndReductionsAfterAllLayersEndTheStep() {
    let summary = ring(["F", "F", "B", "B", "|"])
    #expect(
      Self.rows(summary, .cp) == [
        "send_recv bfloat16 forward 48", "send_recv bfloat16 backward 48",
        "send_recv float32 backward 64",
      ])
    #expect(
      Self.rows(summary, .dp) == [
        "all_gather bfloat16 optimizer 2", "reduce_scatter float32 optimizer 4",
      ])
  }

  @Test func aForwardLayerAmongBackwardOnesMayBeComputedAgain() {
    let summary = ring(["F", "F", "F", "B", "F", "B", "|"])
    #expect(
      Self.rows(summary, .cp) == [
        "send_recv bfloat16 forward 72", "send_recv bfloat16 backward 48",
        "send_recv float32 backward 64", "send_recv bfloat16 unknown 24",
      ])
  }

  @Test func reductionsThatOverlapTheBackwardPassAreNotTheOptimizers() {
    let summary = ring(["F", "F", "B", "|", "B", "|"], steps: 1)
    #expect(Self.rows(summary, .dp).contains { $0.hasPrefix("reduce_scatter float32 optimizer") })
    let uneven = ring(["F", "F", "B", "|", "|", "B", "|"], steps: 1)
    #expect(Self.rows(uneven, .dp).contains { $0.hasPrefix("reduce_scatter float32 unknown") })
  }

  // MARK: - Repetition

  @Test func aRepetitionIsFoundWithItsEnds() throws {
    var sequence = CallSequence()
    sequence.symbols = (0..<7).map { .init(communicator: 0, row: $0, isExchange: false) }
    // Three calls of set-up, four steps of four calls and half a step; noticed late.
    sequence.tokens =
      [0, 1, 2, 3, 4, 5, 6, 3, 4].map { .literal($0) } + [.copy(distance: 4, count: 12)]
    sequence.length = 21
    let positions = try #require(CallOrder.expand(sequence))
    let found = CallPattern.longest(in: sequence)?.extended(over: positions)
    #expect(found == CallPattern(length: 4, repeats: 4, start: 3, rest: 2))
    // What covers less than half of the calls is a detail.
    sequence.tokens = (0..<7).map { .literal($0) } + [.copy(distance: 1, count: 3)]
    sequence.length = 10
    let detail = try #require(CallOrder.expand(sequence))
    #expect(CallPattern.longest(in: sequence)?.extended(over: detail) == nil)
    #expect(CallPattern.longest(in: CallSequence()) == nil)
    sequence.tokens = [.copy(distance: .max, count: .max), .copy(distance: -1, count: 2)]
    #expect(CallPattern.longest(in: sequence)?.extended(over: [1, 2, 3]) == nil)
  }

  @Test func theFirstPositionsAreExpandedAlone() {
    var sequence = CallSequence()
    sequence.symbols = [.init(communicator: 0, row: 0, isExchange: false)]
    sequence.tokens = [.literal(0), .copy(distance: 1, count: 1 << 40)]
    #expect(CallOrder.expand(sequence, atMost: 5) == [0, 0, 0, 0, 0])
    #expect(CallOrder.expand(sequence, atMost: 0) == [])
    sequence.tokens = [.literal(1)]
    #expect(CallOrder.expand(sequence, atMost: 5) == nil)
  }

  private func training(steps: [Int]) -> TrafficSummary {
    var trace = TraceBuilder()
    trace.processes(steps.count)
    for (rank, steps) in steps.enumerated() {
      let index = trace.view(
        rank, rank: rank, size: 4, id: 1,
        calls: [
          TraceBuilder.call(.broadcast, 64, calls: 1),
          TraceBuilder.call(.allReduce, 6_000_000, calls: UInt64(2 * steps)),
          TraceBuilder.call(.allReduce, 1_000_000, calls: UInt64(steps)),
          TraceBuilder.call(.allReduce, 1, calls: UInt64(steps)),
        ])
      var sequence = Self.sequence([(index, 0), (index, 1), (index, 1), (index, 2), (index, 3)])
      sequence.tokens.append(.copy(distance: 4, count: 4 * (steps - 1)))
      sequence.length += 4 * (steps - 1)
      trace.partial.processes[rank].timelines = [sequence]
    }
    return TrafficAnalyzer.analyze(trace.partial)
  }

  @Test func stepsAreCountedAndTheirEarlyEndIsNamed() {
    let whole = training(steps: [6, 6, 6, 6]).coverage.statements
    #expect(whole.contains("The calls repeat: 6 steps of 4 calls on each rank."))
    let cut = training(steps: [6, 6, 6, 4]).coverage.statements
    #expect(
      cut.contains(
        "The calls repeat: 6 steps of 4 calls on each rank; the pattern breaks in step 5 on rank 3."
      ))
    let mixed = training(steps: [6, 3, 4, 5]).coverage.statements
    #expect(!mixed.contains { $0.hasPrefix("The calls repeat") })
  }

  // MARK: - Captured graphs

  @Test func statedReplaysScaleWhatACaptureMoved() throws {
    var trace = TraceBuilder()
    trace.processes(2)
    let sizes: [UInt64] = [32768, 16384, 8192, 4096, 262_144]
    trace.communicator(
      [0, 1], id: 1,
      calls: sizes.map {
        TraceBuilder.call(.allReduce, $0, .bfloat16, calls: $0 == 4096 ? 65 * 21 : 65)
      })
    var sequence = CallSequence()
    for row in sizes.indices {
      sequence.symbols.append(.init(communicator: 0, row: row, isExchange: false))
      sequence.tokens += [.literal(row), .copy(distance: 1, count: 64)]
    }
    sequence.tokens += [.literal(3), .copy(distance: 1, count: 65 * 20 - 1)]
    sequence.length = 65 * 25
    for process in trace.partial.processes.indices {
      trace.partial.processes[process].timelines = [sequence]
    }
    func summary(_ replays: String) throws -> TrafficSummary {
      let job = try JobDescription.parse(
        text: """
          {world_size: 2, parallelism: {tensor: 2}, workload: {kind: inference},
           graph_replays: \(replays)}
          """, file: "job.yaml")
      return TrafficAnalyzer.analyze(trace.partial, job: job)
    }
    func statements(_ replays: String) throws -> [String] {
      try summary(replays).coverage.statements
    }
    // 65 reductions of 8192 bytes on two ranks, a hundred times; the ring moves as much.
    let bytes = 65 * 8192 * 2 * 100
    #expect(
      try statements("{1: 100, 16: 5}").contains(
        "scaled: the job description states replays of CUDA graphs, 100 of batch 1; by what one replay moves that is \(bytes) bytes of payload and \(bytes) bytes on the wire, in the scaled_ columns of traffic.csv only. No graph was captured for a batch of 16."
      ))
    #expect(
      try statements("{16: 5}").contains(
        "The stated replays of CUDA graphs cannot be scaled. No graph was captured for a batch of 16."
      ))
    #expect(try !statements("{}").contains { $0.contains("scaled") })
    let rows = try summary("{1: 100, 16: 5}").traffic.filter { $0.scaledOperations != nil }
    #expect(rows.map(\.phase) == [.initialization])
    #expect(rows.map(\.scaledOperations) == [65 * 100])
    #expect(rows.map(\.scaledPayloadBytes) == [UInt64(bytes)])
    #expect(rows.map(\.scaledWireBytes) == [UInt64(bytes)])
    #expect(try summary("{}").traffic.allSatisfy { $0.scaledOperations == nil })
    #expect(
      try statements("{}").contains("A prefill pass has 64 tokens for each one of a decode pass."))
  }
}
