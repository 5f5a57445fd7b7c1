// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Testing

@testable import commlens

@Suite struct AnalyzeCommandTests {
  let scratch: Scratch

  init() throws {
    scratch = try Scratch()
    try scratch.write("logs/nccl.node-1.100.log", rankLog(0))
    try scratch.write("logs/nccl.node-1.101.log", rankLog(1))
  }

  private var logs: String { scratch.path("logs") }

  @Test func theReportHoldsTheFilesTheManifestLists() throws {
    #expect(try CommandRun(["analyze", logs, "-o", scratch.path("report")]).status == 0)
    let data = try Data(contentsOf: scratch.url("report/manifest.json"))
    let manifest = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    let outputs = try #require(manifest["outputs"] as? [[String: Any]])
    let listed = outputs.compactMap { $0["file"] as? String }.sorted()
    #expect(listed.count == outputs.count && listed.count > 8)
    #expect(try scratch.names("report") == (listed + ["manifest.json"]).sorted())
    for output in outputs {
      let name = try #require(output["file"] as? String)
      let size = try Data(contentsOf: scratch.url("report/" + name)).count
      #expect(output["bytes"] as? Int == size)
    }
    #expect(manifest["tool_version"] as? String == Version.number)
  }

  @Test func theTotalsAreThoseOfTheLog() throws {
    let run = try CommandRun(["analyze", logs, "--format", "csv"])
    let rows = run.output.split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false)
    }
    let header = try #require(rows.first).map(String.init)
    func sum(_ column: String) throws -> Int {
      let index = try #require(header.firstIndex(of: column))
      return rows.dropFirst().reduce(0) { $0 + (Int($1[index]) ?? 0) }
    }
    #expect(try sum("operations") == 3)
    #expect(try sum("rank_calls") == 6)
    #expect(try sum("payload_bytes") == 6 * 1024 * 4)
    #expect(try sum("wire_bytes") == 3 * 2 * 1024 * 4)
  }

  @Test func explainPrintsTheEvidenceInsteadOfTheDigest() throws {
    let run = try CommandRun(["analyze", logs, "--explain", "c0"])
    #expect(run.status == 0 && run.errors.isEmpty)
    #expect(run.output.contains("c0: ranks 0,1") && !run.output.contains("Coverage"))
    // A name that is not there costs no report, and is told before one is written.
    let unknown = try CommandRun(
      ["analyze", logs, "--explain", "c9", "-o", scratch.path("explained")])
    #expect(unknown.status == 64 && unknown.output.isEmpty)
    #expect(unknown.errors.contains("Nothing here is named c9; there are "))
    #expect(!FileManager.default.fileExists(atPath: scratch.path("explained")))
    #expect(try CommandRun(["analyze", logs, "--explain", "c0", "--format", "csv"]).status == 64)
  }

  @Test func progressIsALineOfItsOwnWhereAskedFor() throws {
    let plain = try CommandRun(["analyze", logs, "--progress", "plain"])
    #expect(plain.errors.hasPrefix("commlens: 2/2 files, ") && plain.errors.hasSuffix("/s\n"))
    #expect(try CommandRun(["analyze", logs, "--progress", "none"]).errors.isEmpty)
    #expect(try CommandRun(["analyze", logs, "-q", "--progress", "plain"]).errors.isEmpty)
  }

  @Test func eachFormIsWhatItSays() throws {
    func output(_ format: String) throws -> String {
      let run = try CommandRun(["analyze", logs, "--format", format])
      #expect(run.status == 0 && run.errors.isEmpty)
      return run.output
    }
    #expect(try output("csv").hasPrefix("dimension,phase,collective,"))
    let json = try output("json")
    #expect(try JSONSerialization.jsonObject(with: Data(json.utf8)) is [String: Any])
    let lines = try output("ndjson").split(separator: "\n")
    #expect(lines.count > 3)
    for line in lines {
      let row = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      #expect(row?["table"] is String)
    }
    #expect(try output("md").hasPrefix("# "))
    #expect(try output("table") == CommandRun(["analyze", logs]).output)
  }

  @Test func standardInputIsReadAsOneFile() throws {
    let both = rankLog(0) + rankLog(1)
    let run = try CommandRun(["analyze", "-", "--format", "ndjson"], input: both)
    #expect(run.status == 0)
    #expect(run.output.contains(#""file":"-""#) || run.output.contains(#""file": "-""#))
  }

  @Test(arguments: ["\n", "\0"])
  func aListOfFilesNamesTheSameInputs(separator: String) throws {
    let list = ["nccl.node-1.101.log", "nccl.node-1.100.log"].map { logs + "/" + $0 }
      .joined(separator: separator)
    let expected = try CommandRun(["analyze", logs, "--format", "json"]).output
    let piped = try CommandRun(["analyze", "--files-from", "-", "--format", "json"], input: list)
    #expect(piped.status == 0 && piped.output == expected)
    let file = try scratch.write("list", list + separator)
    #expect(
      try CommandRun(["analyze", "--files-from", file, "--format", "json"]).output == expected)
  }

  @Test func orderAndJobsChangeNothing() throws {
    for rank in 2..<8 { try scratch.write("logs/nccl.node-1.10\(rank).log", rankLog(rank)) }
    let files = try scratch.names("logs").map { logs + "/" + $0 }
    var seen: Set<String> = []
    for jobs in ["1", "2", "8"] {
      seen.insert(try CommandRun(["analyze", logs, "--format", "json", "--jobs", jobs]).output)
      seen.insert(
        try CommandRun(["analyze"] + files.reversed() + ["--format", "json", "--jobs", jobs]).output
      )
    }
    #expect(seen.count == 1)
  }

  @Test func noOutputNamesAFolderOfThisMachine() throws {
    let run = try CommandRun(["analyze", logs, scratch.path("gone.log"), "--format", "ndjson"])
    #expect(run.status == 66)
    #expect(run.output.contains("gone.log"))
    #expect(!run.output.contains(scratch.folder.lastPathComponent))
  }

  @Test func filesThatAreNoTracesShowUpInTheLedger() throws {
    try scratch.write("logs/ground_truth.json", "{\"ranks\": 2}\n")
    try scratch.write("logs/topo.xml", "<system version=\"1\"></system>\n")
    let run = try CommandRun(["analyze", logs, "-o", scratch.path("report")])
    #expect(run.status == 0)
    let ledger = try String(contentsOf: scratch.url("report/ingestion.csv"), encoding: .utf8)
    #expect(ledger.contains("\nground_truth.json,") && ledger.contains("\ntopo.xml,"))
  }

  @Test func quietMeansNothingButTheReport() throws {
    let run = try CommandRun(["analyze", logs, "-q", "-o", scratch.path("report")])
    #expect(run.status == 0 && run.output.isEmpty && run.errors.isEmpty)
    // What was asked for by name is still given.
    let csv = try CommandRun([
      "analyze", logs, "-q", "-o", scratch.path("report"), "--format", "csv",
    ])
    #expect(csv.output.hasPrefix("dimension,"))
    #expect(try CommandRun(["analyze", logs, "-q"]).output.contains("all_reduce"))
  }

  @Test func colourIsOnlyUsedWhenAskedForInAPipe() throws {
    #expect(!(try CommandRun(["analyze", logs]).output.contains("\u{1B}[")))
    #expect(try CommandRun(["analyze", logs, "--color", "always"]).output.contains("\u{1B}["))
    #expect(
      try CommandRun(["analyze", logs], environment: ["CLICOLOR_FORCE": "1"]).output
        .contains("\u{1B}["))
  }

  @Test func aClosedStandardOutputIsAnErrorAndNoFileIsHurt() throws {
    let run = try CommandRun(
      shell: "commlens analyze logs -o report --format csv >&- || echo status $? >&2",
      folder: scratch.folder)
    #expect(run.errors.contains("status 74"))
    let traffic = try String(contentsOf: scratch.url("report/traffic.csv"), encoding: .utf8)
    #expect(traffic.hasPrefix("dimension,"))
  }

  @Test func anInterruptEndsItBySignal() throws {
    let run = try CommandRun(
      shell: """
        mkfifo wait; exec 9<>wait
        commlens analyze - -o report <wait & child=$!
        sleep 0.5; kill -TERM $child
        wait $child || echo status $?
        """, folder: scratch.folder)
    #expect(run.output.contains("status 143"))
    #expect(!FileManager.default.fileExists(atPath: scratch.path("report")))
  }

  @Test func aSignalTheParentIgnoresStaysIgnored() throws {
    let run = try CommandRun(
      shell: """
        mkfifo wait; exec 9<>wait
        trap '' HUP
        commlens analyze - <wait & child=$!
        trap - HUP
        sleep 0.5; kill -HUP $child; sleep 0.2
        kill -0 $child && echo alive
        kill -KILL $child; wait $child || true
        """, folder: scratch.folder)
    #expect(run.output.contains("alive"))
  }

  @Test func theVersionIsOneLineWithSchemaCompilerAndEngine() throws {
    let line = try CommandRun(["--version"]).output
    #expect(line.hasPrefix("commlens \(Version.number) (schema 1; swift 6."))
    #expect(line.contains("; inflate "))
    #expect(line.filter { $0 == "\n" }.count == 1 && line.hasSuffix(")\n"))
  }

  @Test func theSchemaListsTheColumnsThatAreWritten() throws {
    #expect(try CommandRun(["analyze", logs, "-o", scratch.path("report")]).status == 0)
    let schema = try CommandRun(["schema"]).output.split(separator: "\n").dropFirst()
    for file in try scratch.names("report") where file.hasSuffix(".csv") {
      let table = file.dropLast(4) + ","
      let columns = schema.filter { $0.hasPrefix(table) }
        .compactMap { $0.split(separator: ",").dropFirst().first.map(String.init) }
      let text = try String(contentsOf: scratch.url("report/" + file), encoding: .utf8)
      let header = text.prefix { $0 != "\n" }.split(separator: ",").map(String.init)
      #expect(!header.isEmpty && header == columns)
    }
  }

  @Test func theFormatsListTheRegistry() throws {
    let lines = try CommandRun(["formats"]).output.split(separator: "\n")
    #expect(lines.first == "name,summary,recognised_by")
    #expect(lines.contains { $0.hasPrefix("nccl_log,") })
  }
}
