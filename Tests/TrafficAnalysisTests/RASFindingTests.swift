// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Foundation
import TestSupport
import Testing

@testable import TrafficAnalysis

/// What RAS says, in words: which rank hangs, and in which communicator of the logs.
@Suite struct RASFindingTests {
  private func findings(_ text: String) -> [Finding] {
    let partial = TraceReader.summarize(text: Array(text.utf8), file: "ras.txt")
    return TrafficAnalyzer.analyze(partial).findings
  }

  private static let straggler = """
    #0-0 (78db921d1c117b4a) MISMATCH
      Communicator ranks have different AllReduce operation counts
      7 ranks have launched up to operation 64
      Rank 7 has launched up to operation 60 -- GPU 3 managed by process 1650386 on node node1


    """

  @Test func theRankWithTheFewestOperationsIsNamed() throws {
    let found = findings(Self.straggler)
    #expect(found.map(\.code) == ["ras-mismatch"])
    #expect(found[0].severity == .warning)
    #expect(found[0].summary == "Rank 7 launched fewer AllReduce operations than its peers.")
    #expect(
      found[0].location == "rank 7, communicator #0-0 (0x78db921d1c117b4a), ras.txt:1")
    #expect(
      found[0].evidence
        == "RAS: 7 ranks: up to number 64; rank 7: up to number 60 (GPU 3, process 1650386 on node1)"
    )
  }

  @Test func whereTheFewWentAheadTheManyAreBehind() throws {
    let found = findings(
      """
      #0-0 (fa93daea854b060b) MISMATCH
        Communicator ranks have different AllGather operation counts
        30 ranks have launched up to operation 640
        2 ranks have launched up to operation 641
        Rank 12 -- GPU 4 managed by process 323032 on node 10.137.190.124
        Rank 13 -- GPU 5 managed by process 323033 on node 10.137.190.124

      """)
    #expect(found.map(\.code) == ["ras-mismatch"])
    #expect(found[0].summary == "30 ranks launched fewer AllGather operations than rank 12-13.")
  }

  @Test func aRankThatMovesIsANote() {
    let later = Self.straggler.replacing("operation 60", with: "operation 63")
    let moves = findings(Self.straggler + "\nwaiting\n" + later)
    #expect(moves.map(\.severity) == [.note])
    #expect(moves[0].evidence.hasSuffix("3 more than on line 1: it moves"))
    let stuck = findings(Self.straggler + "\nwaiting\n" + Self.straggler)
    #expect(stuck.map(\.severity) == [.warning])
    #expect(stuck[0].evidence.hasSuffix("the same as on line 1: it is stuck"))
  }

  @Test func whatALaterReportNoLongerSaysIsANote() {
    let fine = """
      NCCL version 2.28.3 compiled with CUDA 12.9

      Communicators... (0.01s)
      =============

      """
    let found = findings(Self.straggler + "\nwaiting\n" + fine)
    #expect(found.map(\.severity) == [.note])
    #expect(found[0].evidence.hasSuffix("not in the report on line 8 any more"))
  }

  @Test func aReportWithoutProblemsIsSilent() {
    let found = findings(
      """
      NCCL version 2.28.3 compiled with CUDA 12.9
      CUDA runtime version 12090, driver version 12090

      Communicators... (0.00s)
      =============

      Group     Comms     Nodes     Ranks     Ranks     Ranks    Status  Errors
          #  in group  per comm  per node  per comm  in group
          0         8         4         1         4        32   RUNNING      OK

      Errors
      ======

      Warnings
      ========

      """)
    #expect(found == [])
  }

  @Test func theHashJoinsTheReportToTheLog() throws {
    // Communicator ranks run against the global ranks.
    var builder = TraceBuilder()
    builder.processes(4)
    builder.communicator([0, 1, 2, 3], id: 1, calls: [TraceBuilder.call(.allReduce, 8)])
    builder.communicator(
      [3, 2], id: 0x78db_921d_1c11_7b4a, calls: [TraceBuilder.call(.allReduce, 8)])
    let text = """
      #0-0 (78db921d1c117b4a) MISMATCH
        Communicator ranks have different AllReduce operation counts
        Rank 0 has launched up to operation 9 -- GPU 3 managed by process 103 on node node1
        Rank 1 has launched up to operation 8 -- GPU 2 managed by process 102 on node node1

      """
    var partial = builder.partial
    partial.merge(TraceReader.summarize(text: Array(text.utf8), file: "ras.txt"))
    let finding = try #require(
      TrafficAnalyzer.analyze(partial).findings.first { $0.code == "ras-mismatch" })
    #expect(finding.location == "rank 2, communicator c1, ras.txt:1")
    #expect(finding.summary.hasPrefix("Rank 2 launched fewer AllReduce"))
  }

  @Test func ranksThatDoNotAnswerAreAnErrorOncePerCommunicator() {
    let found = findings(
      """
      Group     Comms     Nodes     Ranks     Ranks     Ranks    Status  Errors
          0         1         4       7-8        32        32   RUNNING  INCOMPLETE

      INCOMPLETE
        Missing communicator data from 1 job process
        Process 3487984 on node 172.16.64.213 managing GPU 5

      DEAD
        1 job process is considered dead (unreachable via the RAS network)
        Process 3487984 on node 172.16.64.213 managing GPU 5

      #0-0 (cf264af53edbe986) INCOMPLETE
        Missing communicator data from 1 rank
        The missing rank: 21

      TIMEOUT
        Encountered 2 communication timeouts while gathering communicator data

      """)
    #expect(
      found.map { "\($0.severity) \($0.code)" }
        == ["error ras-dead", "error ras-incomplete", "warning ras-timeout"])
    #expect(found[0].evidence.contains("(GPU 5, process 3487984 on 172.16.64.213)"))
    #expect(found[1].summary == "Rank 21 did not answer RAS.")
    #expect(
      found[1].evidence
        == "RAS has no data from 1 rank of 32 (GPU 5, process 3487984 on 172.16.64.213)")
    #expect(found[2].evidence == "2 timeouts while it collected data")
  }

  @Test func errorsAndAStatusOfOnesOwnNameTheRank() {
    let found = findings(
      """
      #1-0 (fa93daea854b060b) ERROR
        Asynchronous error on 1 rank
        Rank 2 reported unhandled CUDA error -- GPU 2 managed by process 77 on node n-2
      #1-0 (fa93daea854b060b) MISMATCH
        Communicator ranks have different status
        3 ranks have status RUNNING
        Rank 2 has status ABORT -- GPU 2 managed by process 77 on node n-2

      """)
    #expect(
      found.map { "\($0.severity) \($0.code)" } == ["error ras-error", "warning ras-mismatch"])
    #expect(found[0].summary == "Rank 2 reported an error of a running operation.")
    #expect(found[0].evidence.hasPrefix("RAS: rank 2: unhandled CUDA error"))
    #expect(found[1].summary.hasPrefix("Rank 2 of a communicator has another status"))
  }

  @Test(.enabled(if: Fixture.sharedData != nil))
  func publishedReportsGiveTheirVerdict() throws {
    let folder = try #require(Fixture.sharedData).appending(path: "other")
    func codes(_ name: String) -> [String] {
      let partial = TraceReader.summarize(path: folder.appending(path: name).path())
      return TrafficAnalyzer.analyze(partial).findings.map { "\($0.severity) \($0.code)" }
    }
    #expect(
      codes("ras-doc-example-incomplete.txt") == ["error ras-incomplete", "warning ras-timeout"])
    #expect(
      codes("ras-issue-nccl-1730-256gpu-ok-then-watchdog.txt") == ["error watchdog-timeout"])
  }
}
