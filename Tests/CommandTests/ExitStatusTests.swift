// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Foundation
import Testing

@testable import commlens

/// One test per row of the README's table of exit statuses, and their precedence.
@Suite struct ExitStatusTests {
  let scratch: Scratch

  init() throws {
    scratch = try Scratch()
    try scratch.write("logs/nccl.node-1.100.log", rankLog(0))
    try scratch.write("logs/nccl.node-1.101.log", rankLog(1))
  }

  @Test func zeroWhenDone() throws {
    let run = try CommandRun(["analyze", scratch.path("logs"), "-o", scratch.path("report")])
    #expect(run.status == 0)
    #expect(run.errors.isEmpty)
    #expect(run.output.contains("all_reduce"))
    let names = try scratch.names("report")
    #expect(names.contains("manifest.json") && names.contains("traffic.csv"))
  }

  @Test func oneWhenStrictFindsALossAndTheReportIsStillWritten() throws {
    try scratch.write(
      "logs/torn.log", "node-1:100:100 [0] NCCL INFO Frobnicate: no such message 7\n")
    let run = try CommandRun(
      ["analyze", scratch.path("logs"), "--strict", "-o", scratch.path("report")])
    #expect(run.status == 1)
    #expect(run.errors.contains("--strict: 1 line"))
    #expect(try scratch.names("report").contains("manifest.json"))
    // Without the gate the same input is no failure.
    #expect(try CommandRun(["analyze", scratch.path("logs")]).status == 0)
  }

  @Test func oneWhenANamedFindingAppears() throws {
    try scratch.write("logs/nccl.node-1.101.log", rankLog(1, operations: 1))
    let finding = try CommandRun(["analyze", scratch.path("logs"), "--format", "json"])
    #expect(finding.output.contains("rank-stops-early"))
    let run = try CommandRun(["analyze", scratch.path("logs"), "--fail-on", "rank-stops-early"])
    #expect(run.status == 1)
    #expect(run.errors.contains("rank-stops-early"))
    #expect(try CommandRun(["analyze", scratch.path("logs"), "--fail-on", "error"]).status == 1)
    #expect(
      try CommandRun(["analyze", scratch.path("logs"), "--fail-on", "several-jobs"]).status == 0)
  }

  @Test(arguments: [
    [], ["analyze"], ["no-such-command"], ["analyze", "--no-such-option", "x"],
    ["analyze", "x", "--jobs", "0"], ["analyze", "x", "--jobs", "many"],
    ["analyze", "x", "--format", "xls"], ["analyze", "x", "-q", "-v"],
    ["analyze", "x", "--fail-on", "A B"], ["analyze", "x", "--fail-on", ""],
    ["analyze", "-", "--files-from", "-"], ["analyze", "x", "-o", ""], ["analyze", ""],
    ["schema", "--format", "xls"], ["formats", "extra"],
  ])
  func sixtyFourWhenMisused(_ arguments: [String]) throws {
    let run = try CommandRun(arguments)
    #expect(run.status == 64)
    #expect(run.output.isEmpty)
    #expect(!run.errors.isEmpty)
  }

  @Test func aMistypedFindingIsAnErrorThatNamesTheKnownOnes() throws {
    let run = try CommandRun(["analyze", "x", "--fail-on", "error,rank-stop-early"])
    #expect(run.status == 64)
    #expect(run.errors.contains("'rank-stop-early'"))
    for code in ["rank-stops-early", "traffic-unexplained", "warning"] {
      #expect(run.errors.contains(code))
    }
  }

  @Test func sixtyFiveWhenNothingIsALogAndNothingIsWritten() throws {
    try scratch.write("other/notes.txt", "nothing of interest\n")
    let run = try CommandRun(["analyze", scratch.path("other"), "-o", scratch.path("report")])
    #expect(run.status == 65)
    for word in [
      "NCCL_DEBUG=INFO", "NCCL_DEBUG_SUBSYS=INIT,COLL", "NCCL_DEBUG_FILE=nccl.%h.%p.log",
    ] {
      #expect(run.errors.contains(word))
    }
    #expect(!FileManager.default.fileExists(atPath: scratch.path("report")))
    #expect(run.output.isEmpty)
  }

  @Test func sixtyFiveWhenACompressedFileIsLostWholeAndTheRestIsReported() throws {
    try Data([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 0xFF, 0xFF, 0xFF]).write(
      to: scratch.url("logs/broken.log.gz"))
    let run = try CommandRun(["analyze", scratch.path("logs"), "-o", scratch.path("report")])
    #expect(run.status == 65)
    #expect(run.errors.contains("broken.log.gz"))
    #expect(try scratch.names("report").contains("manifest.json"))
  }

  @Test func sixtyFiveWhenTheToolForACompressedFileIsNotInstalled() throws {
    try Data([0x28, 0xB5, 0x2F, 0xFD, 0x24, 0, 1, 0, 0]).write(to: scratch.url("logs/x.log.zst"))
    let run = try CommandRun(
      ["analyze", scratch.path("logs"), "-o", scratch.path("report")],
      environment: ["PATH": "/nowhere"])
    #expect(run.status == 65)
    #expect(run.errors.contains("zstd -dc"))
    let ledger = try String(contentsOf: scratch.url("report/ingestion.csv"), encoding: .utf8)
    #expect(ledger.contains("x.log.zst,,zstd,"))
    #expect(!ledger.contains(scratch.folder.lastPathComponent))
  }

  @Test func sixtySixWhenAnInputIsMissingAndTheRestIsReported() throws {
    let run = try CommandRun(
      ["analyze", scratch.path("nowhere.log"), scratch.path("logs"), "-o", scratch.path("report")])
    #expect(run.status == 66)
    #expect(run.errors.contains("nowhere.log"))
    #expect(run.errors.contains("no such file"))
    #expect(run.output.contains("all_reduce"))
    #expect(try scratch.names("report").contains("manifest.json"))
  }

  @Test func sixtySixWhenOnlyMissingInputsAreNamed() throws {
    #expect(try CommandRun(["analyze", scratch.path("nowhere.log")]).status == 66)
    #expect(try CommandRun(["analyze", scratch.path("logs/*.nothing")]).status == 66)
    #expect(try CommandRun(["analyze", "--files-from", scratch.path("no-list")]).status == 66)
  }

  @Test func seventyWhenALedgerDoesNotAddUp() {
    var ledger = FileLedger(file: "a.log")
    ledger.lines = 2
    ledger[.parsed].lines = 1
    let verdict = IngestionVerdict([ledger], unmatchedPatterns: 0)
    #expect(verdict.status == .internalError)
    #expect(verdict.errors.count == 1)
  }

  @Test(arguments: ["/proc/none/report", "/dev/null", "/dev/null/report"])
  func seventyThreeWhenTheOutputCannotBeCreated(_ folder: String) throws {
    let run = try CommandRun(["analyze", scratch.path("logs"), "-o", folder])
    #expect(run.status == 73)
    #expect(run.errors.contains(folder))
    #expect(run.output.isEmpty)
  }

  @Test func seventyFourWhenTheDiskIsFull() throws {
    let full = try #require(FileHandle(forWritingAtPath: "/dev/full"))
    let run = try CommandRun(["analyze", scratch.path("logs")], output: full)
    #expect(run.status == 74)
    #expect(run.errors.contains("No space left on device"))
    #expect(try CommandRun(["--help"], output: full).status == 74)
    #expect(try CommandRun(["schema"], output: full).status == 74)
  }

  @Test(arguments: ["parallelism: {tensor: -1}\n", "no_such_key: 1\n", "{\n"])
  func seventyEightWhenTheJobDescriptionIsWrong(_ text: String) throws {
    let job = try scratch.write("job.yaml", text)
    let run = try CommandRun(["analyze", scratch.path("logs"), "--job", job])
    #expect(run.status == 78)
    #expect(run.errors.contains("job.yaml"))
  }

  @Test func seventyEightWhenADescriptionIsMissing() throws {
    for option in ["--job", "--model"] {
      let run = try CommandRun(
        ["analyze", scratch.path("logs"), option, scratch.path("no-such.json")])
      #expect(run.status == 78)
      #expect(run.errors.contains("no-such.json"))
    }
  }

  @Test func aClosedPipeIsQuiet() throws {
    let run = try CommandRun(
      shell:
        "commlens schema | head -n 1; commlens analyze logs -o report | true; echo ${PIPESTATUS[0]}",
      folder: scratch.folder)
    #expect(run.status == 0)
    #expect(run.errors.isEmpty)
    #expect(run.output.hasSuffix("\n0\n"))
    #expect(try scratch.names("report").contains("manifest.json"))
  }

  @Test func helpAndVersionAreDataAndEndWithZero() throws {
    for arguments in [["--help"], ["analyze", "--help"], ["help", "analyze"], ["--version"]] {
      let run = try CommandRun(arguments)
      #expect(run.status == 0)
      #expect(!run.output.isEmpty && run.errors.isEmpty)
    }
  }

  @Test func whenSeveralApplyTheDocumentedOneWins() throws {
    let order: [commlens.ExitStatus] = [
      .internalError, .usage, .configuration, .cannotCreateOutput, .inputOutput, .malformedInput,
      .missingInput, .gate, .done,
    ]
    #expect(order.count == commlens.ExitStatus.allCases.count)
    for (index, a) in order.enumerated() {
      for b in order[index...] {
        #expect(commlens.ExitStatus.worse(a, b) == a)
        #expect(commlens.ExitStatus.worse(b, a) == a)
      }
    }
    // The same as a process: a missing input, a gate and an output that cannot be created.
    let missing = scratch.path("nowhere.log")
    let gate = ["--fail-on", "note", "--strict"]
    #expect(try CommandRun(["analyze", scratch.path("logs"), missing] + gate).status == 66)
    #expect(
      try CommandRun(["analyze", scratch.path("logs"), missing, "-o", "/dev/null"] + gate).status
        == 73)
  }
}
