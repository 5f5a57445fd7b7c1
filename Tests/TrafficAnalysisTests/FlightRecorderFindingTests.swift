// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Foundation
import TestSupport
import Testing

@testable import TrafficAnalysis

@Suite struct FlightRecorderFindingTests {
  /// A call of a dump.
  private struct Call {
    var sequence: Int
    var kind = "all_reduce"
    var group = "1"
    var elements = 8
    var state = "scheduled"
    /// Nanoseconds.
    var called = 1000
  }

  /// A rank's dump as JSON; `status` is last enqueued and last completed of each group.
  private func dump(
    groups: [String: [Int]] = ["1": [0, 1, 2, 3]], status: [String: (Int, Int)] = [:],
    _ calls: [Call]
  ) -> String {
    let config = groups.sorted { $0.key < $1.key }.map { name, members in
      #""\#(name)": {"name": "\#(name)", "desc": "G\#(name)", "ranks": "\#(members)"}"#
    }
    let state = status.sorted { $0.key < $1.key }.map { name, numbers in
      #""\#(name)": {"last_enqueued_collective": \#(numbers.0), "last_started_collective": -1, "last_completed_collective": \#(numbers.1)}"#
    }
    let entries = calls.map { call in
      #"{"pg_id": \#(call.group), "process_group": ["\#(call.group)", "G\#(call.group)"], "collective_seq_id": \#(call.sequence), "p2p_seq_id": 0, "profiling_name": "nccl:\#(call.kind)", "time_created_ns": \#(call.called), "input_sizes": [[\#(call.elements)]], "input_dtypes": ["Float"], "output_sizes": [[\#(call.elements)]], "output_dtypes": ["Float"], "state": "\#(call.state)", "is_p2p": false}"#
    }
    return
      #"{"pg_config": {\#(config.joined(separator: ", "))}, "pg_status": {\#(state.joined(separator: ", "))}, "entries": [\#(entries.joined(separator: ", "))]}"#
  }

  private func findings(_ dumps: [Int: String], log: String = "") -> [Finding] {
    var partial = TracePartial()
    for (rank, text) in dumps.sorted(by: { $0.key < $1.key }) {
      partial.merge(TraceReader.summarize(text: Array(text.utf8), file: "dump_\(rank)"))
    }
    if !log.isEmpty {
      partial.merge(TraceReader.summarize(text: Array(log.utf8), file: "job.log"))
    }
    return TrafficAnalyzer.analyze(partial).findings
  }

  private func stuck(_ findings: [Finding]) -> [Finding] {
    findings.filter { $0.code == "collective-stuck" }
  }

  @Test func aRankThatDidNotCallIsNamedWithWhoWaits() throws {
    let waits = dump(status: ["1": (7, 6)], [Call(sequence: 7)])
    let absent = dump(status: ["1": (6, 6)], [Call(sequence: 6, state: "completed")])
    let found = stuck(findings([0: waits, 1: waits, 2: absent, 3: waits]))
    #expect(found.count == 1)
    let finding = try #require(found.first)
    #expect(finding.severity == .error)
    #expect(finding.summary == "Rank 2 did not call all_reduce number 7 of process group 1 (G1).")
    #expect(finding.location == "rank 2, process group 1 (G1), collective 7")
    #expect(finding.evidence == "ranks 0-1,3 called all_reduce of 8 float32 and wait for it")
  }

  @Test func entriesAloneTellWhereTheDumpHasNoStatus() throws {
    let waits = dump([Call(sequence: 6, state: "completed"), Call(sequence: 7)])
    let absent = dump([Call(sequence: 6, state: "completed")])
    let finding = try #require(stuck(findings([0: waits, 1: absent, 2: waits, 3: waits])).first)
    #expect(finding.location == "rank 1, process group 1 (G1), collective 7")
  }

  @Test func aRankWhoseDumpHasNothingLeftIsNotBlamed() {
    // It had called and seen the end of everything; its dump holds only what has not ended.
    let done = dump(status: ["1": (9, 9)], [])
    let waits = dump(status: ["1": (9, 6)], [Call(sequence: 7), Call(sequence: 8)])
    let found = stuck(findings([0: done, 1: done, 2: waits, 3: done]))
    #expect(
      found.map(\.summary) == [
        "Rank 2 did not see the end of all_reduce number 7 of process group 1 (G1)."
      ])
  }

  @Test func aBroadcastThatEndedElsewhereBlamesNobody() {
    let done = dump(status: ["1": (7, 7)], [])
    let waits = dump(status: ["1": (7, 6)], [Call(sequence: 7, kind: "broadcast")])
    #expect(stuck(findings([0: done, 1: waits, 2: done, 3: done])).isEmpty)
  }

  @Test func aRankThatWaitsItselfIsNotBlamedForWhatItDidNotCall() {
    // Rank 0 waits for rank 1 in group 1, and rank 2 for rank 0 in group 2.
    let found = stuck(
      findings([
        0: dump(
          groups: ["1": [0, 1], "2": [0, 2]], status: ["1": (5, 4), "2": (3, 3)],
          [Call(sequence: 5)]),
        1: dump(groups: ["1": [0, 1], "3": [1]], status: ["1": (4, 4), "3": (0, 0)], []),
        2: dump(
          groups: ["2": [0, 2], "4": [2]], status: ["2": (4, 3), "4": (0, 0)],
          [Call(sequence: 4, group: "2")]),
      ]))
    #expect(found.map(\.location) == ["rank 1, process group 1 (G1), collective 5"])
  }

  @Test func whereEachWaitsForTheOtherBothAreNamed() {
    let groups = ["1": [0, 1], "2": [0, 1]]
    let found = stuck(
      findings([
        0: dump(groups: groups, status: ["1": (5, 4), "2": (3, 3)], [Call(sequence: 5)]),
        1: dump(
          groups: groups, status: ["1": (4, 4), "2": (4, 3)],
          [Call(sequence: 4, group: "2")]),
      ]))
    #expect(found.count == 2)
  }

  @Test func aRankWithoutADumpIsSuspectedAndNotAccused() throws {
    // Of four ranks two have no dump, so that the group does not tell the own rank.
    let waits = dump(status: ["1": (7, 6)], [Call(sequence: 7)]).dropFirst()
    let finding = try #require(
      stuck(findings([0: "{\"rank\": 0, \(waits)", 1: "{\"rank\": 1, \(waits)"])).first)
    #expect(finding.severity == .warning)
    #expect(finding.summary.contains("may hold up"))
  }

  @Test func anotherOperationUnderTheSameNumberIsNamed() throws {
    let usual = dump(status: ["1": (7, 6)], [Call(sequence: 7)])
    let other = dump(status: ["1": (7, 6)], [Call(sequence: 7, elements: 9)])
    let found = findings([0: usual, 1: other, 2: usual, 3: usual])
    let finding = try #require(found.first { $0.code == "collective-mismatch" })
    #expect(finding.location == "rank 1, process group 1 (G1), collective 7")
    #expect(
      finding.evidence
        == "all_reduce of 9 float32 instead of all_reduce of 8 float32 of ranks 0,2-3")
  }

  @Test func aJobThatRunsGivesANoteAtMost() {
    let runs = dump(status: ["1": (7, 6)], [Call(sequence: 7)])
    let found = findings([0: runs, 1: runs, 2: runs, 3: runs])
    #expect(stuck(found).map(\.severity) == [.note])
  }

  @Test func theWatchdogsLineIsJoinedWithTheDumps() throws {
    let waits = dump(status: ["1": (7, 6)], [Call(sequence: 7)])
    let absent = dump(status: ["1": (6, 6)], [])
    let log =
      "[rank0]:[E1126 10:00:00.123 ProcessGroupNCCL.cpp:616] [Rank 0] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=7, OpType=ALLREDUCE, NumelIn=8, NumelOut=8, Timeout(ms)=600000) ran for 600029 milliseconds before timing out.\n"
    let found = findings([0: waits, 1: waits, 2: absent, 3: waits], log: log)
    let finding = try #require(found.first { $0.code == "watchdog-timeout" })
    #expect(finding.evidence.hasSuffix("process group 1 (G1), held up by rank 2"))
  }

  @Test(
    .enabled(if: Fixture.sharedData != nil),
    arguments: ["nvrx-gpu_error_1st", "nvrx-lock_gil_1st"])
  func injectedFaultsAreFoundInRealDumps(folder: String) throws {
    let data = try #require(Fixture.sharedData).appending(path: "flight-recorder/\(folder)")
    let truth = try String(contentsOf: data.appending(path: "fault_injection.log"), encoding: .utf8)
    // `Fault ranks: [12, 14]`
    let ranks = truth.split(separator: "\n")[0].split { !$0.isNumber }.compactMap { Int($0) }
    #expect(ranks.count == 2)
    var partial = TracePartial()
    for rank in 0..<16 {
      partial.merge(TraceReader.summarize(path: data.appending(path: "_dump_\(rank)").path()))
    }
    let found = stuck(TrafficAnalyzer.analyze(partial).findings)
    #expect(found.allSatisfy { $0.severity == .error })
    let named = found.compactMap { finding in
      finding.location.split { !$0.isNumber }.first.flatMap { Int($0) }
    }
    #expect(named.sorted() == ranks)
  }
}
