// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import TestSupport
import Testing

@testable import commlens

/// `summarize` and `merge`: a job read in parts gives what it gives as a whole.
@Suite struct SummarizeCommandTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  @discardableResult
  private func run(_ arguments: [String], status: Int32 = 0) throws -> CommandRun {
    let run = try CommandRun(arguments, folder: scratch.folder)
    #expect(run.status == status, "\(arguments): \(run.errors)")
    return run
  }

  private func bytes(_ name: String) throws -> Data { try Data(contentsOf: scratch.url(name)) }

  private func expectSameReport(_ a: String, _ b: String) throws {
    let names = try scratch.names(a)
    #expect(names.count > 10)
    #expect(try names == scratch.names(b))
    for name in names {
      let isSame = try bytes("\(a)/\(name)") == bytes("\(b)/\(name)")
      #expect(isSame, "\(name)")
    }
  }

  private static let jobs = [
    "vllm-tp4", "megatron-tp2-pp2-dp2", "llama-8b-tp2-pp2", "moe-ep4-dp2",
  ]

  @Test(arguments: jobs)
  func partsGiveTheReportOfTheWhole(job: String) throws {
    let logs = Fixture.root.appending(path: "traces/\(job)").path()
    try run(["analyze", logs, "-q", "-o", "whole"])
    for shard in 0..<3 {
      try run(["summarize", logs, "--shard", "\(shard)/3", "-o", "parts/\(shard)"])
    }
    try run(["summarize", logs, "-o", "all"])
    try run(["merge", "parts/2", "parts/0", "parts/1", "-o", "merged"])
    #expect(try bytes("merged") == bytes("all"))
    // A tree of merges is the same as one.
    try run(["merge", "parts/1", "parts/2", "-o", "two"])
    try run(["merge", "two", "parts/0", "-o", "tree"])
    #expect(try bytes("tree") == bytes("all"))
    for (inputs, report) in [(["merged"], "r1"), (["parts"], "r2"), (["parts/0", "two"], "r3")] {
      try run(["analyze"] + inputs + ["-q", "-o", report])
      try expectSameReport("whole", report)
    }
  }

  @Test func partialsAndLogsMayBeMixed() throws {
    for rank in 0..<2 { try scratch.write("logs/rank-\(rank).log", rankLog(rank)) }
    try run(["analyze", "logs", "-q", "-o", "whole"])
    try run(["summarize", "logs", "--shard", "0/2", "-o", "logs/part"])
    try run(["analyze", "logs/part", "logs/rank-1.log", "-q", "-o", "mixed"])
    try expectSameReport("whole", "mixed")
    // What was summarised and lies there still counts once.
    try run(["analyze", "logs/part", "logs/rank-0.log", "logs/rank-1.log", "-q", "-o", "twice"])
    let table = try bytes("twice/traffic.csv") == bytes("whole/traffic.csv")
    #expect(table)
  }

  @Test func partialsGoThroughPipes() throws {
    for rank in 0..<2 { try scratch.write("logs/rank-\(rank).log", rankLog(rank)) }
    try run(["analyze", "logs", "-q", "-o", "whole"])
    let piped = try CommandRun(
      shell: """
        commlens summarize logs --shard 0/2 -o - > a
        commlens summarize logs --shard 1/2 -o - | gzip > b
        cat a <(zcat b) | commlens analyze - -q -o piped
        commlens merge a b -o - | commlens analyze - -q -o merged
        """, folder: scratch.folder)
    #expect(piped.status == 0, "\(piped.errors)")
    try expectSameReport("whole", "piped")
    try expectSameReport("whole", "merged")
  }

  @Test func otherCommandsTakePartialsToo() throws {
    for rank in 0..<2 {
      try scratch.write("short/rank-\(rank).log", rankLog(rank, operations: 3))
      try scratch.write("long/rank-\(rank).log", rankLog(rank, operations: 6))
    }
    for job in ["short", "long"] { try run(["summarize", job, "-o", "\(job).part"]) }
    let logs = try run(["compare", "short", "long", "--format", "csv"])
    let parts = try run(["compare", "short=short.part", "long=long.part", "--format", "csv"])
    #expect(logs.output == parts.output)
    #expect(
      try run(["check", "long", "--format", "csv"], status: 0).output
        == run(["check", "long.part", "--format", "csv"]).output)
    let machines = ["--hardware", "DGX-H100", "--format", "csv"]
    #expect(
      try run(["whatif", "run=long"] + machines).output
        == run(["whatif", "run=long.part"] + machines).output)
  }

  @Test func aJobFileCountsWhenTheReportIsMade() throws {
    let logs = Fixture.root.appending(path: "traces/vllm-tp4").path()
    let job = Fixture.root.appending(path: "Fixtures/jobs/s1-vllm-tp4-2.18.5.yaml").path()
    try run(["summarize", logs, "-o", "part"])
    try run(["analyze", logs, "--job", job, "-q", "-o", "whole"])
    try run(["analyze", "part", "--job", job, "-q", "-o", "parts"])
    try expectSameReport("whole", "parts")
    #expect(try scratch.names("parts").contains("reconciliation.csv"))
  }

  @Test func manyTasksWriteIntoOneFolderAtOnce() throws {
    for rank in 0..<24 { try scratch.write("logs/rank-\(rank).log", rankLog(rank % 2)) }
    let all = try CommandRun(
      shell: """
        pids=()
        for i in $(seq 0 23); do
          commlens summarize logs --shard $i/24 --jobs 1 -o parts/$i & pids+=($!)
        done
        for pid in "${pids[@]}"; do wait $pid; done
        """, folder: scratch.folder)
    #expect(all.status == 0, "\(all.errors)")
    #expect(try scratch.names("parts").count == 24)
    try run(["merge", "parts", "-o", "merged"])
    try run(["summarize", "logs", "-o", "all"])
    #expect(try bytes("merged") == bytes("all"))
  }

  @Test func namesOfNodesKeepFilesApart() throws {
    for node in ["a", "b"] {
      try scratch.write(
        "\(node)/nccl.log", rankLog(node == "a" ? 0 : 1).replacing("node-1", with: "node-\(node)"))
      try run(["summarize", node, "--prefix", "node-\(node)", "-o", "\(node).part"])
    }
    let csv = try run(["analyze", "a.part", "b.part", "-o", "report"])
    #expect(csv.output.contains("2 files"))
    let ledger = try String(contentsOf: scratch.url("report/ingestion.csv"), encoding: .utf8)
    #expect(ledger.contains("\nnode-a/nccl.log,") && ledger.contains("\nnode-b/nccl.log,"))
    try run(["summarize", "a", "--prefix", "../a", "-o", "x"], status: 64)
    try run(["summarize", "a", "--prefix", "", "-o", "x"], status: 64)
  }

  // MARK: - What can go wrong

  @Test func aShardWithoutALogIsWrittenAndTheWholeIsNot() throws {
    try scratch.write("logs/a.log", rankLog(0))
    try scratch.write("logs/b.txt", "no log\n")
    try run(["summarize", "logs", "--shard", "1/2", "-o", "one"])
    try run(["summarize", "logs", "--shard", "5/9", "-o", "none"])
    let whole = try run(["summarize", "logs/b.txt", "-o", "text"], status: 65)
    #expect(whole.errors.contains("no input holds a line written by NCCL"))
    #expect(!FileManager.default.fileExists(atPath: scratch.path("text")))
    try run(["analyze", "one", "none"], status: 65)
    try run(["summarize", "logs", "--shard", "0/2", "-o", "first"])
    try run(["analyze", "first", "one", "none"])
  }

  @Test(arguments: ["3/3", "-1/3", "0/0", "1", "a/b", "1/2/3", "0/-1", "1/99999999999"])
  func aShardThatIsNoneIsAWrongUse(shard: String) throws {
    try scratch.write("a.log", rankLog(0))
    let run = try run(["summarize", "a.log", "--shard=\(shard)", "-o", "p"], status: 64)
    #expect(run.errors.contains("no shard"))
    #expect(shard != "3/3" || run.errors.contains("the last one is 2/3"))
  }

  @Test func aMissingFileIsToldAndKept() throws {
    try scratch.write("a.log", rankLog(0))
    let part = try run(["summarize", "a.log", "gone.log", "-o", "part"], status: 66)
    #expect(part.errors.contains("gone.log: no such file"))
    // The report made of it says what it lacks.
    let report = try run(["analyze", "part", "-o", "report"], status: 66)
    #expect(report.errors.contains("gone.log"))
    let ledger = try String(contentsOf: scratch.url("report/ingestion.csv"), encoding: .utf8)
    #expect(ledger.contains("\ngone.log,"))
  }

  @Test func whatIsNoPartialIsNotMerged() throws {
    for rank in 0..<2 { try scratch.write("rank-\(rank).log", rankLog(rank)) }
    try run(["summarize", "rank-0.log", "-o", "part"])
    let cut = try bytes("part").dropLast(4)
    try cut.write(to: scratch.url("cut"))
    var other = try bytes("part")
    other[8] = 77
    try other.write(to: scratch.url("other"))
    for (input, status, words) in [
      ("rank-1.log", 65, "commlens summarize"), ("cut", 65, "breaks off"),
      ("other", 65, "version 77"), ("gone", 66, "no such file"), ("g*ne", 66, "no file matches"),
    ] as [(String, Int32, String)] {
      let run = try run(["merge", "part", input, "-o", "merged"], status: status)
      #expect(run.errors.contains(words) && run.errors.contains("no partial was written"))
      #expect(!FileManager.default.fileExists(atPath: scratch.path("merged")), "\(input)")
    }
    // analyze reports the rest, and says what it lost.
    for input in ["cut", "other"] {
      let run = try run(
        ["analyze", input, "rank-1.log", "-q", "-o", "report-\(input)"], status: 65)
      #expect(run.output.isEmpty)
      let ledger = try String(
        contentsOf: scratch.url("report-\(input)/ingestion.csv"), encoding: .utf8)
      #expect(ledger.contains("\n\(input),partial,"))
    }
  }

  @Test func aFolderOfLogsIsRefusedInAFewLines() throws {
    for rank in 0..<8 { try scratch.write("logs/rank-\(rank).log", rankLog(rank % 2)) }
    let few = try run(["merge", "logs", "-o", "merged"], status: 65).errors.split(separator: "\n")
    #expect(few.count == 7)
    #expect(
      few[0].hasSuffix(
        "is no partial; make one of it with commlens summarize, or pass it to commlens analyze."))
    #expect(few[5].contains("3 more inputs cannot be merged; pass -v for all"))
    let all = try run(["merge", "logs", "-v", "-o", "merged"], status: 65).errors
    #expect(all.split(separator: "\n").count == 9)
  }

  @Test func theSamePartialTwiceIsTold() throws {
    for rank in 0..<2 { try scratch.write("rank-\(rank).log", rankLog(rank)) }
    try run(["summarize", "rank-0.log", "rank-1.log", "-o", "part"])
    try FileManager.default.copyItem(at: scratch.url("part"), to: scratch.url("copy"))
    let run = try run(["merge", "part", "copy", "-o", "twice"])
    #expect(run.errors.contains("2 files are in more than one of the partials"))
    let once = try self.run(["analyze", "part", "--format", "csv"]).output
    #expect(try self.run(["analyze", "twice", "--format", "csv"]).output == once)
  }

  @Test func outputsAreCheckedFirst() throws {
    try scratch.write("a.log", rankLog(0))
    try run(["summarize", "a.log", "-o", "a.log/part"], status: 73)
    try run(["summarize", "a.log", "-o", ""], status: 64)
    try run(["summarize", "a.log"], status: 64)
    try run(["merge", "a.log", "-o", "."], status: 73)
    try run(["summarize", "a.log", "-o", "p", "--jobs", "0"], status: 64)
    // A full disk leaves what was there.
    let full = try CommandRun(
      ["summarize", "a.log", "-o", "-"], folder: scratch.folder,
      output: FileHandle(forWritingTo: URL(filePath: "/dev/full")))
    #expect(full.status == 74)
  }

  @Test func dryRunsListShards() throws {
    for rank in 0..<4 { try scratch.write("logs/rank-\(rank).log", rankLog(rank % 2)) }
    let list = try run(["summarize", "logs", "--shard", "1/2", "--dry-run", "-o", "p"]).output
    #expect(list.contains("rank-1.log") && list.contains("rank-3.log"))
    #expect(!list.contains("rank-0.log") && !list.contains("rank-2.log"))
    #expect(!FileManager.default.fileExists(atPath: scratch.path("p")))
    try run(["summarize", "logs", "-o", "p"])
    #expect(try run(["merge", "p", "--dry-run", "-o", "q"]).output.contains("partial"))
  }

  @Test func makeBuildsPartsWhenTheirLogsAreNewer() throws {
    for rank in 0..<2 { try scratch.write("logs/rank-\(rank).log", rankLog(rank)) }
    try run(["summarize", "logs", "--shard", "1/2", "-q", "-o", "p", "--depfile", "p.d"])
    try run(["merge", "p", "-q", "-o", "m", "--depfile", "m.d"])
    let rules = try ["p.d", "m.d"].map { try String(contentsOf: scratch.url($0), encoding: .utf8) }
    #expect(rules[0].hasPrefix("p: \\\n  logs/rank-1.log\n"))
    #expect(rules[1].hasPrefix("m: \\\n  p\n"))
    for wrong in [["-o", "-", "--depfile", "x.d"], ["-o", "x", "--depfile", "x"]] {
      try run(["summarize", "logs"] + wrong, status: 64)
    }
  }

  @Test func redactRefusesAPartial() throws {
    try scratch.write("a.log", rankLog(0))
    try run(["summarize", "a.log", "-o", "part"])
    let run = try run(["redact", "part", "-o", "red"], status: 65)
    #expect(run.errors.contains("part"))
  }
}
