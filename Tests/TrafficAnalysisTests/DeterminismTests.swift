// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Testing

@testable import TrafficAnalysis

@Suite struct DeterminismTests {
  /// Ids, ancestry, matching and assumption all at once, with gaps.
  private var trace: TracePartial {
    var trace = TraceBuilder()
    trace.processes(8, perNode: 4)
    let call = TraceBuilder.call(.allReduce, 1 << 20, calls: 3)
    trace.communicator(Array(0..<8), id: 1, calls: [call])
    for first in [0, 2, 4, 6] { trace.communicator([first, first + 1], id: nil, calls: [call]) }
    for first in 0..<4 {
      trace.communicator([first, first + 4], id: nil, calls: [call], ordinal: 1, parent: 0)
    }
    for process in 0..<8 where process != 5 {
      trace.view(process, rank: nil, size: 4, id: nil, calls: [call])
    }
    trace.view(3, rank: 1, size: 2, id: 9, calls: [call])
    trace.process(host: "other", pid: 1)
    trace.view(8, rank: 0, size: 2, id: 77, calls: [call])
    return trace.partial
  }

  @Test(arguments: 0..<20)
  func theResultDoesNotDependOnTheOrderOfFiles(seed: Int) {
    let partial = trace
    var generator = SplitMix(state: UInt64(seed))
    var shuffled = TracePartial()
    for index in partial.files.indices.shuffled(using: &generator) {
      var one = TracePartial()
      one.files = [partial.files[index]]
      one.processes = partial.processes.filter { $0.file == index }.map {
        var process = $0
        process.file = 0
        return process
      }
      shuffled.merge(one)
    }
    shuffled.processes.shuffle(using: &generator)
    expectEqual(TrafficAnalyzer.analyze(partial), TrafficAnalyzer.analyze(shuffled))
  }

  @Test func runningAgainGivesTheSame() {
    let partial = trace
    expectEqual(TrafficAnalyzer.analyze(partial), TrafficAnalyzer.analyze(partial))
  }

  @Test func sumsOverRowsSumUpTheCommunicators() {
    let summary = TrafficAnalyzer.analyze(trace)
    #expect(
      summary.traffic.reduce(0) { $0 + $1.rankCalls }
        == summary.communicators.reduce(0) { $0 + $1.rankCalls })
    #expect(
      summary.traffic.reduce(0) { $0 + $1.operations }
        == summary.communicators.reduce(0) { $0 + $1.operations })
    #expect(
      summary.traffic.reduce(0) { $0 + $1.payloadBytes }
        == summary.messageSizes.reduce(0) { $0 + $1.payloadBytes })
    #expect(
      summary.traffic.reduce(0) { $0 + $1.rankCalls } == summary.ranks.reduce(0) { $0 + $1.calls })
  }
}
