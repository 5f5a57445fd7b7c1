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
      note: "", callsByStage: [operations])
  }

  private static func observed(
    _ collective: String, size: UInt64?, operations: UInt64,
    dimension: ParallelismDimension = .tp, phase: TrafficPhase = .unknown, payload: UInt64? = nil,
    ranks: [Int] = [0, 1, 2, 3]
  ) -> TrafficRow {
    var row = TrafficRow(
      dimension: dimension, phase: phase, collective: collective, dataType: "bfloat16",
      elementCount: size.map { $0 / 2 }, messageBytes: size, communicatorSize: 4,
      communicators: 1, operations: operations, rankCalls: operations * UInt64(ranks.count),
      payloadBytes: payload ?? operations * (size ?? 0) * UInt64(ranks.count), wireBytes: 0,
      intraNodeBytes: nil, interNodeBytes: nil)
    row.callsByRank = ranks.map { RankCalls(rank: $0, calls: operations) }
    return row
  }

  /// Four ranks of one stage.
  private static func traffic(
    _ rows: [ExpectedTraffic.Row], repetitions: UInt64? = nil
  ) -> ExpectedTraffic {
    ExpectedTraffic(
      job: "job", rows: rows,
      ranks: (0..<4).map {
        ExpectedTraffic.Rank(
          rank: $0, stage: 0, calls: 0, payloadBytes: 0, sentBytes: 0, receivedBytes: 0)
      }, repetitions: repetitions, statements: [])
  }

  private static func reconcile(
    _ expected: [ExpectedTraffic.Row], _ observed: [TrafficRow], repetitions: UInt64? = nil,
    change: (inout TrafficSummary) -> Void = { _ in }
  ) -> [ReconciliationRow] {
    var summary = TrafficSummary()
    summary.traffic = observed
    summary.coverage.hasOperations = true
    summary.coverage.globalRankSource = "world communicator"
    change(&summary)
    return Reconciliation.rows(
      expected: traffic(expected, repetitions: repetitions), observed: summary)
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
      Self.expected("all_gather", size: 4096, operations: 1, phase: .prefill),
      Self.expected("all_gather", size: 4096, operations: 10, phase: .decode),
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
    // Sixty-four is no whole pass, and twelve logits are not those of two.
    #expect(Self.reconcile(expected, observed(64)).contains { $0.verdict == .unexplained })
    var short = observed(65)
    short[3] = Self.observed("all_gather", size: 4096, operations: 12)
    #expect(
      Self.reconcile(expected, short).filter { $0.verdict == .unexplained }.map(\.collective)
        == ["all_gather"])
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

  @Test func anotherNumberOfStepsIsExplainedWhereClassesAgreeOnIt() {
    let expected = [
      Self.expected("all_reduce", size: 100, operations: 10),
      Self.expected("all_gather", size: 200, operations: 4),
    ]
    func observed(_ reductions: UInt64, _ gathers: UInt64) -> [TrafficRow] {
      [
        Self.observed("all_reduce", size: 100, operations: reductions),
        Self.observed("all_gather", size: 200, operations: gathers),
      ]
    }
    // Two steps of 5 and 2 calls; the logs hold six of them, or one.
    for steps: UInt64 in [6, 1] {
      let rows = Self.reconcile(expected, observed(5 * steps, 2 * steps), repetitions: 2)
      #expect(rows.map(\.verdict) == [.explained, .explained])
      #expect(rows.allSatisfy { $0.explanation.contains("hold \(steps) steps") })
    }
    for (reductions, gathers): (UInt64, UInt64) in [(30, 13), (29, 12), (31, 12), (10, 12)] {
      #expect(
        Self.reconcile(expected, observed(reductions, gathers), repetitions: 2)
          .contains { $0.verdict == .unexplained })
    }
  }

  @Test func aRequestThatEndsEarlyIsExplainedPassByPass() {
    let expected = [
      Self.expected("all_reduce", size: 1 << 20, operations: 5, phase: .prefill),
      Self.expected("all_reduce", size: 8192, operations: 50, phase: .decode),
      Self.expected("all_gather", size: 4096, operations: 1, phase: .prefill),
      Self.expected("all_gather", size: 4096, operations: 10, phase: .decode),
    ]
    func rows(_ decodes: UInt64, _ logits: UInt64) -> [ReconciliationRow] {
      Self.reconcile(
        expected,
        [
          Self.observed("all_reduce", size: 1 << 20, operations: 5),
          Self.observed("all_reduce", size: 8192, operations: decodes),
          Self.observed("all_gather", size: 4096, operations: logits),
        ], repetitions: 10)
    }
    #expect(rows(35, 8).map(\.verdict) == [.explained, .explained, .exact])
    #expect(rows(35, 8)[0].explanation.contains("7 decode passes where the job says 10"))
    #expect(rows(34, 8).map(\.verdict) == [.unexplained, .unexplained, .exact])
    #expect(rows(50, 10).map(\.verdict) == [.unexplained, .exact, .exact])
  }

  @Test func whatLogsCannotShowIsNotObservable() {
    let expected = [Self.expected("all_reduce", size: 8192, operations: 65, phase: .decode)]
    let silent = Self.reconcile(expected, []) { $0.coverage.hasOperations = false }
    #expect(silent.map(\.verdict) == [.notObservable])
    // An engine's own kernel replaces NCCL up to 8 MiB.
    #expect(Self.reconcile(expected, []).map(\.verdict) == [.notObservable])
    let large = [Self.expected("all_reduce", size: 8 << 20, operations: 65, phase: .decode)]
    #expect(Self.reconcile(large, []).map(\.verdict) == [.unexplained])
    // Another small message went through NCCL: the kernel was not in use.
    #expect(
      Self.reconcile(expected, [Self.observed("all_reduce", size: 4096, operations: 1)])
        .map(\.verdict) == [.unexplained, .unexplained])
  }

  /// A row of which one rank shows other calls than its peers.
  private static func odd(_ rank: Int, calls: UInt64, of operations: UInt64) -> TrafficRow {
    var row = observed("all_gather", size: 8192, operations: operations)
    row.callsByRank[rank].calls = calls
    row.rankCalls = operations * 3 + calls
    row.payloadBytes = row.rankCalls * 8192
    return row
  }

  private static func rank(_ rank: Int, linesLost: Int = 0, hasGaps: Bool = false) -> RankRow {
    var row = RankRow(rank: rank)
    row.coverage = "full"
    row.linesLost = linesLost
    row.hasGaps = hasGaps
    return row
  }

  @Test func lostLinesExplainAsManyCallsAsLinesOnTheRanksThatLostThem() {
    let expected = [Self.expected("all_gather", size: 8192, operations: 65)]
    func row(calls: UInt64, linesLost: Int, onRank: Int, hasGaps: Bool = false)
      -> ReconciliationRow?
    {
      Self.reconcile(expected, [Self.odd(2, calls: calls, of: 65)]) {
        $0.coverage.linesLost = linesLost
        $0.ranks = [Self.rank(onRank, linesLost: linesLost, hasGaps: hasGaps)]
      }.first
    }
    #expect(row(calls: 60, linesLost: 5, onRank: 2)?.verdict == .explained)
    #expect(row(calls: 60, linesLost: 5, onRank: 2)?.explanation.contains("rank 2") ?? false)
    // Fewer lines than calls, another rank's lines, or calls too many.
    #expect(row(calls: 59, linesLost: 5, onRank: 2)?.verdict == .unexplained)
    #expect(row(calls: 60, linesLost: 5, onRank: 1)?.verdict == .unexplained)
    #expect(row(calls: 66, linesLost: 5, onRank: 2)?.verdict == .unexplained)
    // A file that ends early: nobody can count what is gone.
    let cut = row(calls: 20, linesLost: 0, onRank: 2, hasGaps: true)
    #expect(cut?.verdict == .explained)
    #expect(cut?.explanation.contains("cannot be checked") ?? false)
  }

  @Test func ranksWithoutALogExplainTheirOwnCallsOnly() {
    let expected = [Self.expected("all_gather", size: 8192, operations: 65)]
    func row(_ observed: TrafficRow, silent: Int) -> ReconciliationRow? {
      Self.reconcile(expected, [observed]) { $0.ranks = [RankRow(rank: silent)] }.first
    }
    let three = Self.observed("all_gather", size: 8192, operations: 65, ranks: [0, 1, 3])
    #expect(row(three, silent: 2)?.verdict == .explained)
    #expect(
      row(three, silent: 2)?.explanation
        == "Rank 2 has no log: 65 of its calls are missing, and no other.")
    #expect(row(three, silent: 1)?.verdict == .unexplained)
    var short = three
    short.callsByRank[0].calls = 64
    #expect(row(short, silent: 2)?.verdict == .unexplained)
    #expect(row(short, silent: 2)?.explanation.contains("Rank 0 made 64 calls") ?? false)
  }

  @Test func aRankThatDiffersIsNamed() throws {
    let expected = [Self.expected("all_gather", size: 8192, operations: 65)]
    let row = try #require(Self.reconcile(expected, [Self.odd(2, calls: 64, of: 65)]).first)
    #expect(row.verdict == .unexplained)
    #expect(
      row.explanation
        == "The operations agree, the calls of the ranks do not: tp all_gather of 8192 bytes on 4 ranks. Rank 2 made 64 calls where 65 are expected."
    )
  }

  @Test func aPromptInChunksHasTheSameBytes() {
    let expected = [
      Self.expected("all_reduce", size: 1000, operations: 5, phase: .prefill),
      Self.expected("all_reduce", size: 10, operations: 50, phase: .decode),
      Self.expected("all_gather", size: 64, operations: 1, phase: .prefill),
      Self.expected("all_gather", size: 64, operations: 10, phase: .decode),
    ]
    func verdicts(_ rest: UInt64, logits: UInt64) -> [ReconciliationRow.Verdict] {
      // Two chunks of 400 and one of 200, each with logits that nobody reads.
      Self.reconcile(
        expected,
        [
          Self.observed("all_reduce", size: 400, operations: 10),
          Self.observed("all_reduce", size: 200, operations: rest),
          Self.observed("all_reduce", size: 10, operations: 50),
          Self.observed("all_gather", size: 64, operations: logits),
        ], repetitions: 10
      ).map(\.verdict)
    }
    #expect(
      verdicts(5, logits: 13) == [.explained, .exact, .explained, .explained, .explained])
    #expect(verdicts(5, logits: 12)[0] == .unexplained)
    #expect(
      verdicts(4, logits: 13)
        == [.unexplained, .exact, .unexplained, .unexplained, .unexplained])
  }

  @Test func speculativeDecodingChecksSeveralTokensPerPass() {
    let expected = [
      Self.expected("all_reduce", size: 1 << 20, operations: 5, phase: .prefill),
      Self.expected("all_reduce", size: 8192, operations: 50, phase: .decode),
      Self.expected("all_gather", size: 4096, operations: 1, phase: .prefill),
      Self.expected("all_gather", size: 4096, operations: 10, phase: .decode),
    ]
    func verdicts(_ checks: UInt64, logits: UInt64) -> [ReconciliationRow.Verdict] {
      // Passes over four tokens in place of the ten over one.
      Self.reconcile(
        expected,
        [
          Self.observed("all_reduce", size: 1 << 20, operations: 5),
          Self.observed("all_reduce", size: 4 * 8192, operations: checks),
          Self.observed("all_gather", size: 4096, operations: 1),
          Self.observed("all_gather", size: 4 * 4096, operations: logits),
        ], repetitions: 10
      ).map(\.verdict)
    }
    #expect(
      verdicts(20, logits: 4) == [.explained, .explained, .explained, .explained, .exact])
    #expect(verdicts(19, logits: 4).filter { $0 == .unexplained }.count == 4)
    #expect(verdicts(20, logits: 5).filter { $0 == .unexplained }.count == 2)
    // Two passes of four tokens cannot make ten.
    #expect(verdicts(10, logits: 2).filter { $0 == .unexplained }.count == 4)
  }

  @Test func aLowerDegreeThanDeclaredIsNamedWithBothDegrees() {
    let expected = [Self.expected("all_reduce", size: 9 << 20, operations: 50, phase: .decode)]
    func row(_ operations: UInt64) -> [ReconciliationRow] {
      var pair = Self.observed("all_reduce", size: 9 << 20, operations: operations, ranks: [0, 1])
      pair.communicatorSize = 2
      return Self.reconcile(expected, [pair])
    }
    #expect(row(50).map(\.verdict) == [.explained, .explained])
    #expect(row(50)[0].explanation.contains("have 2 ranks in the logs and 4 in the job"))
    #expect(row(49).map(\.verdict) == [.unexplained, .unexplained])
  }

  @Test func aCapturedGraphExplainsTheSilenceAfterIt() {
    let expected = [
      Self.expected("all_reduce", size: 16 << 20, operations: 5, phase: .prefill),
      Self.expected("all_reduce", size: 8192, operations: 50, phase: .decode),
    ]
    func rows(_ captured: UInt64, later: UInt64) -> [ReconciliationRow] {
      var observed = [
        Self.observed("all_reduce", size: 16384, operations: 5, phase: .initialization),
        Self.observed("all_reduce", size: 8192, operations: captured, phase: .initialization),
        Self.observed("all_reduce", size: 16 << 20, operations: 5),
      ]
      if later > 0 {
        observed.append(Self.observed("all_reduce", size: 8192, operations: later))
      }
      return Self.reconcile(expected, observed, repetitions: 10)
    }
    let silent = rows(5, later: 0)
    #expect(silent.filter { $0.verdict == .notObservable }.map(\.messageBytes) == [8192])
    #expect(silent.allSatisfy { $0.verdict != .unexplained })
    #expect(rows(5, later: 1).contains { $0.verdict == .unexplained })
    #expect(rows(4, later: 0).contains { $0.verdict == .unexplained })
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
      Self.traffic([Self.expected("all_reduce", size: 8192, operations: 10)]), to: &summary)
    #expect(summary.findings.map(\.code) == ["traffic-unexplained"])
    #expect(summary.reconciliation?.count == 1)
  }

  /// Logs of real runs against their job files: nothing may stay unexplained, and what the closed
  /// forms cover must be exact.
  @Test(.enabled(if: Fixture.sharedData != nil), arguments: allSets)
  func realRunsAreExactOrExplained(dataset: String) throws {
    let folder = try #require(Fixture.sharedData).appending(path: "nccl-real/\(dataset)/logs")
    let job = try JobDescription.load(
      path: Fixture.folder.appending(path: "jobs/\(dataset).yaml").path())
    var partial = TracePartial()
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path()).sorted()
    where !name.hasSuffix(".xml") {
      partial.merge(TraceReader.summarize(path: folder.appending(path: name).path()))
    }
    var summary = TrafficAnalyzer.analyze(partial, job: job, model: job.model)
    #expect(!summary.findings.contains { $0.code == "job-contradicts-logs" })
    guard job.model != nil else { return }
    Reconciliation.add(try TrafficModel.expect(job), job: job, to: &summary)
    let rows = try #require(summary.reconciliation)
    #expect(!rows.isEmpty)
    #expect(rows.filter { $0.verdict == .unexplained || $0.verdict == .notObservable } == [])
    #expect(!summary.findings.contains { $0.code == "job-contradicts-logs" })
    // Set-up, capture and lost lines come beside the closed forms; what they cover is exact.
    let isTorn = dataset.hasPrefix("s3-")
    for row in rows where row.expectedOperations > 0 && !isTorn {
      #expect(row.verdict == .exact || row.explanation.contains("agree in sum"), "\(row)")
    }
    #expect(rows.contains { $0.verdict == .exact })
  }

  /// Every recorded job, also those that failed and those whose model nobody states.
  static let allSets: [String] = {
    let names = try? FileManager.default.contentsOfDirectory(
      atPath: Fixture.folder.appending(path: "jobs").path())
    return (names ?? []).compactMap { $0.hasSuffix(".yaml") ? String($0.dropLast(5)) : nil }
      .sorted()
  }()

  @Test func everyJobWithAModelIsAmongThem() throws {
    #expect(Self.allSets.count == 20)
    let described = try Self.allSets.filter {
      try JobDescription.load(
        path: Fixture.folder.appending(path: "jobs/\($0).yaml").path()
      ).model != nil
    }
    #expect(described.sorted() == GroundTruthTests.datasets.sorted())
  }
}
