// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Foundation
import TestSupport
import Testing

@testable import TrafficAnalysis

/// Phases that traces name.
@Suite struct AnnotatedPhasesTests {
  private static func group(operations: UInt64, rankCalls: UInt64) -> OperationClass {
    var group = OperationClass(kind: .allReduce, dataType: .float32)
    (group.operations, group.rankCalls) = (operations, rankCalls)
    return group
  }

  @Test func whatAllRanksAgreeOnDividesTheClass() {
    let group = Self.group(operations: 10, rankCalls: 40)
    #expect(
      AnnotatedPhases.share([.forward: 12, .backward: 24, .unknown: 4], of: group)
        == [.forward: 3, .backward: 6, .unknown: 1])
    #expect(AnnotatedPhases.share([.backward: 40], of: group) == [.backward: 10])
  }

  @Test func whatDoesNotDivideIsLeftOpen() {
    let group = Self.group(operations: 10, rankCalls: 40)
    // Ranks that disagree, no annotation at all, and a part of the calls in two phases.
    #expect(AnnotatedPhases.share([.forward: 13, .backward: 27], of: group) == nil)
    #expect(AnnotatedPhases.share([.unknown: 40], of: group) == nil)
    #expect(AnnotatedPhases.share([:], of: group) == nil)
    #expect(AnnotatedPhases.share([.forward: 2, .backward: 2], of: group) == nil)
    #expect(AnnotatedPhases.share([.forward: 2, .unknown: 1], of: group) == nil)
    // A profile of some steps beside a log of all: one phase stands for the class.
    #expect(AnnotatedPhases.share([.forward: 2], of: group) == [.forward: 10])
    let most = Self.group(operations: .max, rankCalls: .max)
    #expect(AnnotatedPhases.share([.decode: .max], of: most) == [.decode: .max])
  }

  @Test(.enabled(if: Fixture.sharedData != nil))
  func aRealTraceOfDataParallelTrainingReducesInItsBackwardPass() throws {
    let file = try #require(Fixture.sharedData).appending(
      path: "kineto/hta-nccl_data-2rank.json.gz")
    let partial = TraceReader.summarize(path: file.path())
    let summary = TrafficAnalyzer.analyze(partial)
    // The profile's own annotations: gradients in `## backward ##`, buffers of the model in
    // `DistributedDataParallel.forward`.
    let phases = Set(summary.traffic.map { "\($0.collective) \($0.phase.rawValue)" })
    #expect(phases == ["all_reduce backward", "broadcast forward"])
    #expect(summary.coverage.statements.contains { $0.hasPrefix("The phases of 21 operations") })
  }
}
