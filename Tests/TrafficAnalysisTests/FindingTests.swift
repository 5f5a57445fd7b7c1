// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Foundation
import TestSupport
import Testing

@testable import TrafficAnalysis

@Suite struct FindingTests {
  @Test func everyCodeThatIsProducedIsListed() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let folder = root.appending(path: "Sources/TrafficAnalysis")
    let source = try FileManager.default.contentsOfDirectory(atPath: folder.path())
      .filter { $0.hasSuffix("Findings.swift") }
      .map { try String(contentsOf: folder.appending(path: $0), encoding: .utf8) }.joined()
    let produced = source.matches(of: /add\(\s*"([a-z-]+)"/).map { String($0.output.1) }
    #expect(Set(produced).count > 40)
    #expect(Set(produced).isSubset(of: Finding.codes))
    #expect(Finding.codes == Set(Finding.codes).sorted())
  }

  @Test func everyCodeIsInTheArticle() throws {
    let article = try String(
      contentsOf: Fixture.root.appending(
        path: "Sources/TrafficAnalysis/TrafficAnalysis.docc/Findings.md"), encoding: .utf8)
    for code in Finding.codes { #expect(article.contains("`\(code)`"), "\(code)") }
  }

  /// Ranks that all-reduce the given counts, with the order recorded.
  private func trace(_ orders: [[UInt64]]) -> TraceBuilder {
    var trace = TraceBuilder()
    trace.processes(orders.count)
    for (rank, order) in orders.enumerated() {
      var counts: [UInt64] = []
      for count in order where !counts.contains(count) { counts.append(count) }
      let calls = counts.map { count in
        TraceBuilder.call(
          .allReduce, count, calls: UInt64(order.lazy.filter { $0 == count }.count))
      }
      trace.view(rank, rank: rank, size: orders.count, id: 1, calls: calls)
      var hash: UInt64 = 0
      for count in order { hash = hash &* 1_000_003 &+ count }
      trace.partial.processes[rank].communicators[0].collectiveOrderHash = hash
      var sequence = CallSequence()
      for row in counts.indices {
        sequence.symbols.append(.init(communicator: 0, row: row, isExchange: false))
      }
      sequence.tokens = order.compactMap { counts.firstIndex(of: $0).map { .literal($0) } }
      sequence.length = order.count
      trace.partial.processes[rank].timelines = [sequence]
    }
    return trace
  }

  @Test func aMismatchIsFoundAtItsPlaceAndCountsOnce() throws {
    let built = trace([[10, 20, 10, 20], [10, 20, 11, 20], [10, 20, 10, 20]])
    let summary = TrafficAnalyzer.analyze(built.partial)
    let finding = try #require(summary.findings.first { $0.code == "collective-mismatch" })
    #expect(finding.severity == .error)
    #expect(finding.location == "rank 1, communicator c0, collective 2")
    #expect(finding.evidence.contains("all_reduce of 11 float32 instead of all_reduce of 10"))
    #expect(summary.communicators.first?.operations == 4)
    #expect(summary.traffic.reduce(0) { $0 + $1.operations } == 4)
    #expect(summary.traffic.reduce(0) { $0 + $1.rankCalls } == 12)
  }

  @Test func ofTwoRanksTheLowerOneIsTheReference() {
    let built = trace([[10, 20, 10], [10, 21, 10]])
    let summary = TrafficAnalyzer.analyze(built.partial)
    #expect(summary.communicators.first?.operations == 3)
    #expect(summary.findings.lazy.filter { $0.code == "collective-mismatch" }.count == 1)
  }

  @Test func aRankThatStopsEarlyIsNamedWithTheCallItLacks() throws {
    let built = trace([[10, 20, 10, 20], [10, 20], [10, 20, 10, 20]])
    let summary = TrafficAnalyzer.analyze(built.partial)
    let finding = try #require(summary.findings.first { $0.code == "rank-stops-early" })
    #expect(finding.location == "rank 1, communicator c0, collective 2")
    #expect(finding.evidence.contains("it lacks all_reduce of 10 float32"))
    #expect(summary.communicators.first?.operations == 4)
  }

  @Test func lostLinesSoftenTheVerdict() throws {
    var built = trace([[10, 20, 10, 20], [10, 20], [10, 20, 10, 20]])
    built.partial.files[1][.tornLost].lines = 3
    let summary = TrafficAnalyzer.analyze(built.partial)
    #expect(summary.findings.first { $0.code == "rank-stops-early" }?.severity == .note)
    #expect(summary.findings.first { $0.code == "lines-torn" }?.severity == .warning)
    #expect(summary.coverage.linesLost == 3)
  }

  @Test func healthyLogsGiveNothingAboveANote() {
    let built = trace([[10, 20, 10, 20], [10, 20, 10, 20]])
    let summary = TrafficAnalyzer.analyze(built.partial)
    #expect(summary.findings.allSatisfy { $0.severity == .note })
    #expect(summary.coverage.communicatorsComplete == 1)
  }

  @Test func anInitThatDoesNotCompleteNamesTheAbsentRank() throws {
    var built = trace([[10], [10], [10]])
    for process in 0..<2 {
      let index = built.view(process, rank: process, size: 3, id: 2)
      built.partial.processes[process].communicators[index].initCompleted = false
    }
    let finding = try #require(
      TrafficAnalyzer.analyze(built.partial).findings.first { $0.code == "init-incomplete" })
    #expect(finding.severity == .error)
    #expect(finding.location == "communicator c1, rank 2")
    #expect(finding.evidence.contains("rank 2 never started it"))
  }

  @Test func damagedFilesAndNewerReleasesAreReported() {
    var built = trace([[10], [10]])
    built.partial.files[0].status = .truncated
    built.partial.files[0].detail = "ends inside a member"
    built.partial.processes[0].version = LibraryVersion(major: 2, minor: 99, patch: 1)
    let summary = TrafficAnalyzer.analyze(built.partial)
    #expect(summary.findings.contains { $0.code == "container-damaged" })
    #expect(summary.findings.contains { $0.code == "release-newer-than-known" })
    #expect(summary.coverage.filesIncomplete == 1)
  }

  @Test func aSequenceThatPointsOutsideItselfIsRefused() {
    var sequence = CallSequence()
    sequence.symbols = [.init(communicator: 0, row: 0, isExchange: false)]
    sequence.tokens = [.literal(0), .copy(distance: 1, count: 3)]
    #expect(CallOrder.expand(sequence) == [0, 0, 0, 0])
    sequence.tokens = [.literal(0), .copy(distance: 2, count: 1)]
    #expect(CallOrder.expand(sequence) == nil)
    sequence.tokens = [.literal(4)]
    #expect(CallOrder.expand(sequence) == nil)
    sequence.tokens = [.literal(0), .copy(distance: 1, count: .max)]
    #expect(CallOrder.expand(sequence) == nil)
  }

  @Test func numbersAreShownAsRanges() {
    #expect(RangeText.text([0, 1, 2, 3, 7]) == "0-3,7")
    #expect(RangeText.text([]) == "")
    #expect(RangeText.text([.max]) == "\(Int.max)")
  }

  @Test func nothingAtAllIsSaidPlainly() {
    let summary = TrafficAnalyzer.analyze(TracePartial())
    #expect(summary.headline == "no NCCL communicator found")
    #expect(summary.coverage.statements.first?.contains("NCCL_DEBUG_SUBSYS") == true)
  }
}
