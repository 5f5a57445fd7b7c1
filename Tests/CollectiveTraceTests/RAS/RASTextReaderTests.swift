// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import CollectiveTrace

/// The text of `ncclras`, as `src/ras/client_support.cc` writes it.
@Suite struct RASTextReaderTests {
  /// Every kind of block, put together from the formats of the source.
  static let everything = """
    NCCL version 2.28.3 compiled with CUDA 12.9
    CUDA runtime version 12090, driver version 12090

    Job summary
    ===========

      Nodes  Processes         GPUs  Processes     GPUs
    (total)   per node  per process    (total)  (total)
          2          4            1          8        8

    Communicators... (0.02s)
    =============

    Group     Comms     Nodes     Ranks     Ranks     Ranks    Status  Errors
        #  in group  per comm  per node  per comm  in group
        0         1         2       3-4         8         8   RUNNING  MISMATCH
        1         2         1         4         4         8     ABORT  ERROR

    Errors
    ======

    INCOMPLETE
      Missing communicator data from 2 job processes
      Process 311 on node 10.0.0.1 managing GPU 3
      Process 412 on node 10.0.0.2 managing GPUs 0,1 (NVML 4,5)

    DEAD
      1 job process is considered dead (unreachable via the RAS network)
      Process 311 on node 10.0.0.1 managing GPU 3

    #0-0 (00ab34cf12de9087) INCOMPLETE
      Missing communicator data from 1 rank
      Rank 3 -- GPU 3 managed by process 311 on node 10.0.0.1

    #1-1 (fa93daea854b060b) ERROR
      Initialization error on 1 rank
      Rank 2 reported unhandled CUDA error -- GPU 2 managed by process 77 on node n-2
      Asynchronous errors on 2 ranks
      2 ranks reported remote process exited or there was a network error
      Rank 0 -- GPU 0 managed by process 75 on node n-2
      Rank 1 -- [process information not found]

    Warnings
    ========

    TIMEOUT
      Encountered 2 communication timeouts while gathering communicator data

    #0-0 (00ab34cf12de9087) MISMATCH
      Communicator ranks have different status
      7 ranks have status RUNNING
      Rank 5 has status ABORT -- GPU 1 managed by process 501 on node 10.0.0.2
      Communicator ranks have different AllReduce operation counts
      6 ranks have launched up to operation 64
      Rank 5 has launched up to operation 60 -- GPU 1 managed by process 501 on node 10.0.0.2
      Rank 6 has not launched any operations -- [process information not found]


    """

  private func reports(_ text: String) -> [RASReport] {
    LogText.read(text).files[0].rasReports
  }

  @Test func everyBlockIsRead() throws {
    let report = try #require(reports(Self.everything).first)
    #expect(reports(Self.everything).count == 1)
    #expect(report.line == 1)
    #expect(
      report.groups == [
        RASReport.Group(number: 0, size: 8, status: "RUNNING", errors: "MISMATCH"),
        RASReport.Group(number: 1, size: 4, status: "ABORT", errors: "ERROR"),
      ])
    #expect(
      report.problems.map { "\($0.kind.rawValue) \($0.label) \($0.subject)" } == [
        "INCOMPLETE  ", "DEAD  ", "INCOMPLETE #0-0 ", "ERROR #1-1 initialization",
        "ERROR #1-1 asynchronous", "TIMEOUT  ", "MISMATCH #0-0 status", "MISMATCH #0-0 AllReduce",
      ])
    #expect(report.problems.map(\.count) == [2, 1, 1, 1, 2, 2, nil, nil])
    #expect(report.problems[2].identifier == 0x00ab_34cf_12de_9087)
    let missing = report.problems[0].parties.flatMap(\.members)
    #expect(missing.map(\.process) == [311, 412])
    #expect(missing.map(\.node) == ["10.0.0.1", "10.0.0.2"])
    #expect(missing.map(\.gpu) == ["3", "0,1 (NVML 4,5)"])
    #expect(report.problems[2].parties.flatMap(\.members).map(\.rank) == [3])
    #expect(report.problems[3].parties.map(\.state) == ["unhandled CUDA error"])
    #expect(report.problems[4].parties.map(\.count) == [2])
    #expect(report.problems[4].parties.flatMap(\.members).map(\.rank) == [0, 1])
    #expect(report.problems[6].parties.map(\.state) == ["RUNNING", "ABORT"])
    #expect(report.problems[7].parties.map(\.operations) == [64, 60, 0])
    #expect(report.problems[7].parties.map(\.count) == [6, 1, 1])
    #expect(report.problems[7].parties.flatMap(\.members).map(\.process) == [501, nil])
  }

  @Test func everyLineIsBookedAsRead() {
    let ledger = LogText.read(Self.everything).files[0]
    let text = Self.everything.split(separator: "\n", omittingEmptySubsequences: false)
    let blank = text.dropLast().filter(\.isEmpty).count
    #expect(ledger.isBalanced)
    #expect(ledger[.foreign].lines == blank)
    #expect(ledger[.parsed].lines == ledger.lines - blank)
  }

  @Test func oldReleasesNameMissingRanksInOneLine() throws {
    let text = """
      #0-0 (cf264af53edbe986) INCOMPLETE
        Missing communicator data from 2 ranks
        The missing ranks: 3,21

      """
    let problem = try #require(reports(text).first?.problems.first)
    #expect(problem.identifier == 0xcf26_4af5_3edb_e986)
    #expect(problem.parties.flatMap(\.members).map(\.rank) == [3, 21])
  }

  @Test func aReportEndsWhereSomethingElseIsPrinted() {
    let text = """
      loss 3.2
      #0-0 (27a079b828ff1a75) MISMATCH
        Communicator ranks have different collective operation counts
        26 ranks have launched up to operation 6650
        6 ranks have launched up to operation 6649
        Rank 0 -- GPU 0 managed by process 483072 on node 172.16.64.210
      loss 3.1
        Rank 2 -- GPU 2 managed by process 483074 on node 172.16.64.210

      """
    let partial = LogText.read(text)
    let members = partial.files[0].rasReports.first?.problems.first?.parties.last?.members
    #expect(members?.map(\.rank) == [0])
    #expect(partial.files[0][.foreign].lines == 3)
    #expect(partial.files[0][.parsed].lines == 5)
  }

  @Test func eachAnswerIsAReportOfItsOwn() {
    let reports = reports(Self.everything + Self.everything)
    #expect(reports.map(\.problems.count) == [8, 8])
    let lines = Self.everything.utf8.count { $0 == 0x0A }
    #expect(reports.map(\.line) == [1, lines + 1])
  }

  @Test func plainTextIsNoReport() {
    let text = """
      Communicators...
      Errors
      ======
      DEAD
      Rank 3 -- GPU 3 managed by process 311 on node 10.0.0.1
      #0-0 (xyz) MISMATCH
      #0-0 (27a079b828ff1a75) MISMATCHED
      Group of Comms
      8 ranks have status RUNNING
      0 1 4 8 32 32 RUNNING OK

      """
    let ledger = LogText.read(text).files[0]
    #expect(ledger.rasReports == [])
    #expect(ledger[.parsed].lines == 0)
  }

  @Test func aReportInsideALogLeavesTheLogAsItIs() throws {
    let log = LogText.initialisation(rank: 0, ranks: 8)
    let partial = LogText.read(log + Self.everything + LogText.operation("AllReduce", count: 4096))
    #expect(partial.files[0].rasReports.count == 1)
    #expect(partial.communicator?.calls.map(\.calls) == [1])
    // The release in the report's head is not that of the process.
    #expect(partial.process?.version == nil)
  }

  @Test(arguments: [
    ("#0-0 (27a079b828ff1a75) MISMATCH\n", true), ("hello\n\nCommunicators... (0.01s)\n", true),
    ("{\n  \"nccl_version\": \"2.29.1\",\n", true),
    ("{\n  \"schemaVersion\": 1,\n  \"nccl_version\": \"2.29.1\",\n", false),
    ("node-1:1:1 [0] NCCL INFO x\n#0-0 (27a079b828ff1a75) MISMATCH\n", false), ("", false),
    ("loss 3\n", false),
    (String(repeating: "x\n", count: 63) + "#0-0 (27a079b828ff1a75) DEAD\n", true),
    (String(repeating: "x\n", count: 64) + "#0-0 (27a079b828ff1a75) DEAD\n", false),
  ])
  func aReportIsRecognisedByItsContent(_ text: String, isReport: Bool) {
    let bytes = Array(text.utf8) + [0]
    let found = unsafe bytes.withUnsafeBytes { buffer in
      guard let base = buffer.baseAddress else { return !isReport }
      return unsafe RASTextReader.recognises(TextCursor(base, from: 0, to: bytes.count - 1))
    }
    #expect(found == isReport)
  }

  @Test func listsAreBounded() throws {
    func mismatch(_ number: Int) -> String { "#0-\(number) (27a079b828ff1a75) MISMATCH\n" }
    let many = (0..<300).map(mismatch).joined()
    #expect(reports(many).first?.problems.count == 256)
    #expect(reports((0..<256).map(mismatch).joined()).first?.problems.count == 256)
    let members = (0..<300).map { "  Rank \($0) -- [process information not found]\n" }.joined()
    let problem = try #require(reports(mismatch(0) + members).first?.problems.first)
    #expect(problem.parties.first?.members.count == 256)
    // What follows a problem that was left out belongs to none.
    let late = try #require(reports(many + members).first)
    #expect(late.problems.allSatisfy { $0.parties.isEmpty })
    let answers = String(repeating: "NCCL version 2.28.3 compiled with CUDA 12.9\n", count: 40)
    #expect(reports(answers).map(\.line) == Array(9...40))
  }

  @Test func numbersThatDoNotFitAreClamped() throws {
    let text = """
      #99999999999999999999-0 (27a079b828ff1a75) MISMATCH
      #0-0 (ffffffffffffffff) MISMATCH
        18446744073709551615 ranks have launched up to operation 18446744073709551615
        Rank 18446744073709551615 has launched up to operation 99999999999999999999 -- GPU 0 managed by process 1 on node a

      """
    let problem = try #require(reports(text).first?.problems.first)
    #expect(reports(text).first?.problems.count == 1)
    #expect(problem.parties.map(\.count) == [.max])
    #expect(problem.parties.map(\.operations) == [.max])
  }

  @Test(.enabled(if: Fixture.sharedData != nil))
  func publishedReportsAreRead() throws {
    let folder = try #require(Fixture.sharedData).appending(path: "other")
    func read(_ name: String) -> FileLedger {
      TraceReader.summarize(path: folder.appending(path: name).path()).files[0]
    }
    let incomplete = read("ras-doc-example-incomplete.txt")
    #expect(incomplete.format == "nccl_ras")
    let problems = try #require(incomplete.rasReports.first?.problems)
    #expect(problems.map(\.kind) == [.incomplete, .incomplete, .timeout])
    #expect(problems[0].parties.flatMap(\.members).map(\.process) == [3_487_984])
    #expect(problems[1].parties.flatMap(\.members).map(\.rank) == [21])
    let fine = read("ras-issue-nccl-1730-256gpu-ok-then-watchdog.txt")
    #expect(fine.rasReports.map(\.problems) == [[]])
    #expect(fine.rasReports.first?.groups.map(\.size) == [256])
    #expect(fine.timeouts.map(\.rank) == [118])
  }
}
