// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import commlens

@Suite struct CheckCommandTests {
  let scratch: Scratch

  init() throws {
    scratch = try Scratch()
    try scratch.write("good/nccl.node-1.100.log", rankLog(0))
    try scratch.write("good/nccl.node-1.101.log", rankLog(1))
    // Rank 1 stops one call early.
    let lines = rankLog(1).split(separator: "\n", omittingEmptySubsequences: false)
    let last = lines.lastIndex { $0.contains("AllReduce: ") } ?? 0
    let shorter = lines.enumerated().filter { $0.offset != last }.map(\.element)
    try scratch.write("bad/nccl.node-1.100.log", rankLog(0))
    try scratch.write("bad/nccl.node-1.101.log", shorter.joined(separator: "\n"))
  }

  @Test func aHealthyJobPasses() throws {
    let run = try CommandRun(["check", scratch.path("good")])
    #expect(run.status == 0)
    #expect(run.errors.isEmpty)
    #expect(run.output.hasSuffix("Nothing found.\n"))
  }

  @Test func aRankThatStopsEarlyFailsWithItsPlace() throws {
    let run = try CommandRun(["check", scratch.path("bad")])
    #expect(run.status == 1)
    #expect(run.output.contains("rank-stops-early: Rank 1 stopped before its peers."))
    #expect(run.output.contains("seen: 2 collectives against 3 of its peers"))
    #expect(run.errors.contains("--fail-on: 1 finding, first rank-stops-early"))
  }

  @Test func onlyNamedFindingsFailWhenSomeAreNamed() throws {
    #expect(try CommandRun(["check", scratch.path("bad"), "--fail-on", "gpu-shared"]).status == 0)
    #expect(
      try CommandRun(["check", scratch.path("bad"), "-q", "--fail-on", "rank-stops-early"])
        .status == 1)
    #expect(try CommandRun(["check", scratch.path("bad"), "--fail-on", "no-such"]).status == 64)
  }

  @Test func quietSaysOnlyWhyItFails() throws {
    let run = try CommandRun(["check", scratch.path("bad"), "-q"])
    #expect(run.output.isEmpty)
    #expect(run.status == 1)
  }

  @Test func eachFormHoldsTheFinding() throws {
    for format in ["csv", "json", "ndjson", "md", "table"] {
      let run = try CommandRun(["check", scratch.path("bad"), "--format", format])
      #expect(run.output.contains("rank-stops-early"), "\(format)")
    }
    let json = try CommandRun(["check", scratch.path("bad"), "--format", "json"]).output
    let document = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
    #expect((document?["findings"] as? [Any])?.count == 1)
    #expect(document?["complete"] as? Bool == true)
  }

  @Test func aReportOfRASNamesTheRankThatHangs() throws {
    let path = Fixture.folder.appending(path: "ras/straggler.txt").path()
    let run = try CommandRun(["check", path])
    #expect(run.status == 1)
    #expect(
      run.output.contains(
        "ras-mismatch: Rank 6 launched fewer AllReduce operations than its peers."))
    #expect(run.output.contains("process 4711"))
    #expect(try CommandRun(["formats"]).output.contains("\nnccl_ras,"))
    let report = scratch.path("ras")
    #expect(try CommandRun(["analyze", path, "-q", "-o", report]).status == 0)
    let ingestion = try String(contentsOf: scratch.url("ras/ingestion.csv"), encoding: .utf8)
    #expect(ingestion.contains("straggler.txt,nccl_ras,none,"))
  }

  @Test func anInputWithoutTraceIsNoPass() throws {
    try scratch.write("other/notes.txt", "nothing of NCCL\n")
    #expect(try CommandRun(["check", scratch.path("other")]).status == 65)
    #expect(try CommandRun(["check", scratch.path("none")]).status == 66)
  }
}
