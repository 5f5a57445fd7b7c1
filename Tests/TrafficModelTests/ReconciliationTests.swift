// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Foundation
import TestSupport
import Testing
import TrafficAnalysis

@testable import TrafficModel

@Suite struct ReconciliationTests {
  private static func expected(
    _ collective: String, size: UInt64, operations: UInt64, dimension: ParallelismDimension = .tp,
    phase: TrafficPhase = .unknown, isUneven: Bool = false
  ) -> ExpectedTraffic.Row {
    ExpectedTraffic.Row(
      dimension: dimension, phase: phase, collective: collective, dataType: "bfloat16",
      elementCount: isUneven ? nil : size / 2, messageBytes: size, communicatorSize: 4,
      communicators: 1, operations: operations, rankCalls: operations * 4,
      payloadBytes: operations * size * 4, wireBytes: operations * size * 6, source: "test",
      note: "")
  }

  private static func observed(
    _ collective: String, size: UInt64?, operations: UInt64,
    dimension: ParallelismDimension = .tp, phase: TrafficPhase = .unknown, payload: UInt64? = nil
  ) -> TrafficRow {
    TrafficRow(
      dimension: dimension, phase: phase, collective: collective, dataType: "bfloat16",
      elementCount: size.map { $0 / 2 }, messageBytes: size, communicatorSize: 4,
      communicators: 1, operations: operations, rankCalls: operations * 4,
      payloadBytes: payload ?? operations * (size ?? 0) * 4, wireBytes: 0, intraNodeBytes: nil,
      interNodeBytes: nil)
  }

  private static func reconcile(
    _ expected: [ExpectedTraffic.Row], _ observed: [TrafficRow],
    change: (inout TrafficSummary) -> Void = { _ in }
  ) -> [ReconciliationRow] {
    var summary = TrafficSummary()
    summary.traffic = observed
    summary.coverage.hasOperations = true
    change(&summary)
    return Reconciliation.rows(
      expected: ExpectedTraffic(job: "job", rows: expected, ranks: [], statements: []),
      observed: summary)
  }

  @Test func equalClassesAreExactWhateverTheirPhases() {
    let rows = Self.reconcile(
      [
        Self.expected("all_reduce", size: 8192, operations: 6, phase: .forward),
        Self.expected("all_reduce", size: 8192, operations: 4, phase: .backward),
      ],
      [Self.observed("all_reduce", size: 8192, operations: 10)])
    #expect(rows.map(\.verdict) == [.exact])
    #expect(rows.first?.ratio == 1)
    #expect(rows.first?.explanation == "")
  }

  @Test func oneOperationTooManyOrTooFewIsUnexplainedAndNamed() {
    for operations: UInt64 in [9, 11] {
      let rows = Self.reconcile(
        [
          Self.expected("all_reduce", size: 8192, operations: 10),
          Self.expected("all_gather", size: 4096, operations: 3),
        ],
        [
          Self.observed("all_reduce", size: 8192, operations: operations),
          Self.observed("all_gather", size: 4096, operations: 3),
        ])
      #expect(rows.map(\.verdict) == [.exact, .unexplained])
      #expect(
        rows.last?.explanation
          == "1 \(operations > 10 ? "too many" : "missing"): tp all_reduce of 8192 bytes on 4 ranks."
      )
    }
  }

  @Test func anOperationOfAnotherSizeIsUnexplainedOnBothSides() {
    let rows = Self.reconcile(
      [Self.expected("all_reduce", size: 8192, operations: 10)],
      [
        Self.observed("all_reduce", size: 8192, operations: 9),
        Self.observed("all_reduce", size: 8190, operations: 1),
      ])
    #expect(rows.map(\.verdict) == [.unexplained, .unexplained])
    #expect(rows.map(\.messageBytes) == [8190, 8192])
  }

  @Test func wholePassesBeyondTheWorkloadAreWarmUp() {
    let expected = [
      Self.expected("all_reduce", size: 1 << 20, operations: 65, phase: .prefill),
      Self.expected("all_reduce", size: 8192, operations: 650, phase: .decode),
      Self.expected("all_gather", size: 4096, operations: 11, phase: .decode),
    ]
    func observed(_ surplus: UInt64) -> [TrafficRow] {
      [
        Self.observed("all_reduce", size: 1 << 20, operations: 65),
        Self.observed("all_reduce", size: 8192, operations: 650 + 65),
        Self.observed("all_reduce", size: 65536, operations: surplus),
        Self.observed("all_gather", size: 4096, operations: 13),
      ]
    }
    #expect(
      Self.reconcile(expected, observed(65)).map(\.verdict)
        == [.explained, .explained, .explained, .exact])
    // Sixty-four is no whole pass.
    #expect(Self.reconcile(expected, observed(64)).contains { $0.verdict == .unexplained })
  }

  @Test func partsOfACoalescedCallAddUp() {
    let expected = [Self.expected("all_gather", size: 1000, operations: 7, dimension: .fsdp)]
    let parts = [
      Self.observed("all_gather", size: 600, operations: 7, dimension: .fsdp),
      Self.observed("all_gather", size: 400, operations: 7, dimension: .fsdp),
    ]
    #expect(Self.reconcile(expected, parts).allSatisfy { $0.verdict == .explained })
    let short = [parts[0], Self.observed("all_gather", size: 400, operations: 6, dimension: .fsdp)]
    #expect(Self.reconcile(expected, short).allSatisfy { $0.verdict == .unexplained })
  }

  @Test func aLongerRunIsExplainedByItsFactor() {
    let rows = Self.reconcile(
      [
        Self.expected("all_reduce", size: 100, operations: 10),
        Self.expected("all_gather", size: 200, operations: 4),
      ],
      [
        Self.observed("all_reduce", size: 100, operations: 30),
        Self.observed("all_gather", size: 200, operations: 12),
      ])
    #expect(rows.map(\.verdict) == [.explained, .explained])
    #expect(rows.allSatisfy { $0.explanation.contains("3 times") })
  }

  @Test func whatLogsCannotShowIsNotObservable() {
    let expected = [Self.expected("all_reduce", size: 8192, operations: 65, phase: .decode)]
    let silent = Self.reconcile(expected, []) { $0.coverage.hasOperations = false }
    #expect(silent.map(\.verdict) == [.notObservable])
    // An engine's own kernel replaces NCCL up to 8 MiB.
    #expect(Self.reconcile(expected, []).map(\.verdict) == [.notObservable])
    let large = [Self.expected("all_reduce", size: 9 << 20, operations: 65, phase: .decode)]
    #expect(Self.reconcile(large, []).map(\.verdict) == [.unexplained])
  }

  @Test func lossesExplainWhatIsMissingOnly() {
    let expected = [Self.expected("all_gather", size: 8192, operations: 65)]
    func verdict(_ operations: UInt64, _ change: (inout TrafficSummary) -> Void)
      -> [ReconciliationRow.Verdict]
    {
      Self.reconcile(
        expected, [Self.observed("all_gather", size: 8192, operations: operations)],
        change: change
      ).map(\.verdict)
    }
    #expect(verdict(60) { $0.coverage.linesLost = 5 } == [.explained])
    #expect(verdict(70) { $0.coverage.linesLost = 5 } == [.unexplained])
    #expect(
      verdict(60) {
        $0.coverage.ranksExpected = 4
        $0.coverage.ranksSeen = 3
      } == [.explained])
  }

  @Test func unevenExchangesAreComparedInSum() {
    let rows = Self.reconcile(
      [Self.expected("all_to_all", size: 1000, operations: 9, dimension: .ep, isUneven: true)],
      [
        Self.observed("all_to_all", size: nil, operations: 4, dimension: .ep, payload: 15_000),
        Self.observed("all_to_all", size: 800, operations: 5, dimension: .ep),
      ])
    #expect(rows.map(\.verdict) == [.explained])
    #expect(rows.first?.observedOperations == 9)
    #expect(rows.first?.observedBytes == 15_000 + 5 * 800 * 4)
  }

  @Test func whatNothingExplainsIsAFinding() {
    var summary = TrafficSummary()
    summary.coverage.hasOperations = true
    summary.traffic = [Self.observed("all_reduce", size: 8192, operations: 9)]
    Reconciliation.add(
      ExpectedTraffic(
        job: "job", rows: [Self.expected("all_reduce", size: 8192, operations: 10)], ranks: [],
        statements: []), to: &summary)
    #expect(summary.findings.map(\.code) == ["traffic-unexplained"])
    #expect(summary.reconciliation?.count == 1)
  }

  /// Logs of real runs against their job files: nothing may stay unexplained, and what the closed
  /// forms cover must be exact.
  @Test(.enabled(if: Fixture.sharedData != nil), arguments: GroundTruthTests.datasets)
  func realRunsAreExactOrExplained(dataset: String) throws {
    let folder = try #require(Fixture.sharedData).appending(path: "nccl-real/\(dataset)/logs")
    let job = try JobDescription.load(
      path: Fixture.folder.appending(path: "jobs/\(dataset).yaml").path())
    var partial = TracePartial()
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path()).sorted()
    where !name.hasSuffix(".xml") {
      partial.merge(TraceReader.summarize(path: folder.appending(path: name).path()))
    }
    let summary = TrafficAnalyzer.analyze(partial, job: job, model: job.model)
    let rows = Reconciliation.rows(expected: try TrafficModel.expect(job), observed: summary)
    #expect(!rows.isEmpty)
    #expect(rows.filter { $0.verdict == .unexplained || $0.verdict == .notObservable } == [])
    // Three sets have set-up, capture or lost lines beside the closed forms; bytes of the rest agree.
    let exact = rows.filter { $0.verdict == .exact }.reduce(UInt64(0)) { $0 + $1.expectedBytes }
    #expect(exact > 0)

    // One operation changed: the right class is named.
    var changed = summary
    let index = try #require(
      changed.traffic.indices.max { a, b in
        (changed.traffic[a].operations, b) < (changed.traffic[b].operations, a)
      })
    guard summary.coverage.linesLost == 0 else { return }
    changed.traffic[index].operations -= 1
    changed.traffic[index].payloadBytes -=
      changed.traffic[index].payloadBytes / (changed.traffic[index].operations + 1)
    let after = Reconciliation.rows(expected: try TrafficModel.expect(job), observed: changed)
    let wrong = after.filter { $0.verdict == .unexplained }
    #expect(
      wrong.contains {
        $0.dimension == changed.traffic[index].dimension
          && $0.collective == changed.traffic[index].collective
          && $0.messageBytes == changed.traffic[index].messageBytes
      }, "\(changed.traffic[index])")
  }
}
