// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import commlens

@Suite struct CompareCommandTests {
  /// Two jobs of two ranks; the second makes twice the calls.
  private static func place() throws -> Scratch {
    let scratch = try Scratch()
    for rank in 0..<2 {
      try scratch.write("short/rank-\(rank).log", rankLog(rank, operations: 3))
      try scratch.write("long/rank-\(rank).log", rankLog(rank, operations: 6))
    }
    return scratch
  }

  private static func rows(_ text: String) -> [[String: String]] {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: true)
    guard let header = lines.first?.split(separator: ",") else { return [] }
    return lines.dropFirst().map { line in
      let cells = line.split(separator: ",", omittingEmptySubsequences: false)
      return Dictionary(
        uniqueKeysWithValues: zip(header, cells).map { (String($0), String($1)) })
    }
  }

  @Test func reportsAndLogsGiveTheSameTables() throws {
    let place = try Self.place()
    for job in ["short", "long"] {
      let run = try CommandRun(
        ["analyze", job, "-q", "-o", "report-\(job)"], folder: place.folder)
      #expect(run.status == 0)
    }
    var tables: [String] = []
    for runs in [
      ["short", "long"], ["short=report-short", "long=report-long"],
      ["short=report-short/summary.json", "long=long/*.log"],
    ] {
      let run = try CommandRun(["compare", "--format", "json"] + runs, folder: place.folder)
      #expect(run.status == 0, "\(run.errors)")
      tables.append(run.output)
    }
    #expect(Set(tables).count == 1)
    let csv = try CommandRun(["compare", "short", "long", "--format", "csv"], folder: place.folder)
    let found = Self.rows(csv.output)
    #expect(found.map { $0["run"] } == ["short", "long"])
    #expect(found.map { $0["operations"] } == ["3", "6"])
    // 1,024 floats, handed over by two ranks each time.
    #expect(found.map { $0["payload_bytes"] } == ["24576", "49152"])
    #expect(found[1]["payload_bytes_delta"] == "24576")
    #expect(found[1]["payload_bytes_ratio"] == "2")
    #expect(found[0]["payload_bytes_ratio"] == "1")
  }

  @Test func writesTablesPictureDocumentAndManifest() throws {
    let place = try Self.place()
    let run = try CommandRun(
      ["compare", "a=short", "b=long", "-o", "out", "--tokens", "a=3", "--tokens", "b=6"],
      folder: place.folder)
    #expect(run.status == 0)
    #expect(run.output.contains("2 runs, per token, beside a"))
    #expect(
      try place.names("out") == [
        "comparison.csv", "comparison.json", "comparison.svg", "comparison_dimensions.csv",
        "comparison_findings.csv", "comparison_layout.csv", "comparison_links.csv",
        "comparison_runs.csv", "manifest.json", "report.html",
      ])
    let manifest = try String(contentsOf: place.url("out/manifest.json"), encoding: .utf8)
    #expect(manifest.contains("\"tokens\": \"a=3,b=6\""))
    #expect(manifest.contains("\"file\": \"a/rank-0.log\""))
    #expect(!manifest.contains(place.folder.path()))
  }

  @Test func gatesEndWithOneAndASentenceEach() throws {
    let place = try Self.place()
    func run(_ gates: String, _ more: [String] = []) throws -> CommandRun {
      try CommandRun(
        ["compare", "short", "long", "-q", "--format", "csv", "--fail-on", gates] + more,
        folder: place.folder)
    }
    let tripped = try run("bytes>+5%,operations>=6,operations>6")
    #expect(tripped.status == 1)
    let sentences = tripped.errors.split(separator: "\n")
    #expect(sentences.count == 2)
    #expect(sentences[0].contains("bytes>+5%: total wire bytes of long: 48 KiB, +100 %"))
    #expect(sentences[1].contains("operations>=6: total operations of long: 6."))
    #expect(try run("bytes>+100%").status == 0)
    // Per token the two are alike.
    #expect(try run("bytes>+5%", ["--tokens", "short=3", "--tokens", "long=6"]).status == 0)
    #expect(try run("time>1s").status == 1)
    #expect(try run("bytes<0%", ["--baseline", "long"]).status == 1)
  }

  @Test(arguments: [
    (["short"], "two runs"), (["short", "long", "--fail-on", "bites>5%"], "bytes, payload"),
    (["short", "long", "--fail-on", "bytes>5"], "need a unit"),
    (["short", "long", "--baseline", "x"], "there are short, long"),
    (["short", "long", "--tokens", "x=1"], "No run is called 'x'"),
    (["short", "long", "--tokens", "short=0"], "above 0"), (["=short", "long"], "empty name"),
    (["a=short", "a=long"], "name of its own"),
    ([String(repeating: "n", count: 65) + "=short", "long"], "longer than 64"),
    (["short", "long", "--per", "hour"], "hour"),
    (["short", "long", "--per", "token"], "--tokens short=N"),
    (["-", "a=-"], "more than once"),
  ])
  func wrongUseEndsWith64AndSaysWhatIsExpected(arguments: [String], part: String) throws {
    let place = try Self.place()
    let run = try CommandRun(["compare"] + arguments, folder: place.folder)
    #expect(run.status == 64, "\(run.errors)")
    #expect(run.errors.contains(part), "\(run.errors)")
    #expect(run.output.isEmpty)
  }

  @Test func aRunThatCannotBeReadIsNamedAndTheOthersAreCompared() throws {
    let place = try Self.place()
    try place.write("foreign/notes.txt", "nothing of NCCL\n")
    let three = try CommandRun(["compare", "short", "foreign", "long"], folder: place.folder)
    #expect(three.status == 65)
    #expect(three.errors.contains("run foreign (foreign) cannot be compared"))
    #expect(three.output.contains("2 runs, beside short"))
    let missing = try CommandRun(["compare", "short", "gone", "long"], folder: place.folder)
    #expect(missing.status == 66)
    for runs in [["foreign", "short", "long"], ["short", "foreign"], ["foreign", "foreign/."]] {
      let run = try CommandRun(["compare"] + runs + ["-o", "out"], folder: place.folder)
      #expect(run.status == 65)
      #expect(run.output.isEmpty)
      #expect(!FileManager.default.fileExists(atPath: place.path("out")))
    }
    try place.write(
      "newer/summary.json", "{\"schema_version\": 99, \"coverage\": {}, \"traffic\": []}")
    try place.write("newer/manifest.json", "{}")
    let newer = try CommandRun(["compare", "short", "newer"], folder: place.folder)
    #expect(newer.status == 65)
    #expect(newer.errors.contains("schema version 99"))
  }

  @Test(arguments: [
    (["a/x", "b/y"], ["x", "y"]), (["a/x", "b/x"], ["a/x", "b/x"]),
    (["a/x/summary.json", "b/x/"], ["a/x", "b/x"]), (["x=a", "b/x"], ["x", "b/x"]),
    (["x", "x"], ["run-1", "run-2"]), ([".", "-"], ["run-1", "-"]),
    (["TP 2=a", "b=c=d"], ["TP 2", "b"]),
    ([String(repeating: "n", count: 64) + "=a", "b"], [String(repeating: "n", count: 64), "b"]),
  ])
  func runsAreNamedAfterTheirPathsUntilTheyDiffer(arguments: [String], labels: [String]) throws {
    #expect(try NamedRun.runs(arguments).map(\.label) == labels)
  }

  /// The counts and sizes of vLLM that the article on systems works out (section 1.4 and 1.5) for
  /// Llama-3.1-8B in bfloat16: 32 layers, hidden size 4096, 128 tokens in and 128 out.
  @Test func threeStrategiesOfOneModelMoveWhatTheArticleSays() throws {
    let place = try Scratch()
    let traces = ["llama-8b-tp4", "llama-8b-pp4", "llama-8b-tp2-pp2"].map {
      Fixture.root.appending(path: "traces/\($0)").path(percentEncoded: false)
    }
    let run = try CommandRun(
      ["compare", "--format", "csv", "--baseline", "pp4", "--tokens", "255"]
        + zip(["tp4", "pp4", "hybrid"], traces).map { "\($0)=\($1)" }, folder: place.folder)
    #expect(run.status == 0, "\(run.errors)")
    let rows = Self.rows(run.output)
    func sum(_ run: String, _ dimension: String, _ collective: String, _ column: String) -> Int {
      rows.filter {
        $0["run"] == run && $0["dimension"] == dimension && $0["collective"] == collective
          && $0["phase"] != "init"
      }.reduce(0) { $0 + (Int($1[column] ?? "") ?? 0) }
    }
    let (hidden, layers, bytes, tokens, vocabulary) = (4096, 32, 2, 128 + 127, 128_256)
    let passes = 128
    // TP4: 2 L + 1 all-reduces of [tokens, hidden] a pass, and the logits.
    let reduced = (2 * layers + 1) * hidden * bytes * tokens
    #expect(reduced == 135_782_400)
    #expect(sum("tp4", "tp", "all_reduce", "operations") == 65 + 8255)
    #expect(sum("tp4", "tp", "all_reduce", "operation_bytes") == reduced)
    #expect(sum("tp4", "tp", "all_reduce", "payload_bytes") == 4 * reduced)
    #expect(sum("tp4", "tp", "all_reduce", "wire_bytes") == 6 * reduced)
    #expect(sum("tp4", "tp", "all_gather", "operation_bytes") == passes * vocabulary * bytes)
    // PP4: two tensors at each of three boundaries.
    let sent = 3 * 2 * hidden * bytes * tokens
    #expect(sent == 12_533_760)
    #expect(sum("pp4", "pp", "send_recv", "operations") == 6 + 762)
    #expect(sum("pp4", "pp", "send_recv", "operation_bytes") == sent)
    #expect(sum("pp4", "pp", "send_recv", "wire_bytes") == sent)
    #expect(sum("pp4", "tp", "all_reduce", "operations") == 0)
    #expect((10 * Double(reduced) / Double(sent)).rounded() == 108)
    // TP2 x PP2, whose log lost a hundredth of its lines: never more, and nearly all.
    let hybrid: [(String, String, String, Int)] = [
      ("tp", "all_reduce", "operations", 33 + 4191 + 32 + 4064),
      ("tp", "all_gather", "operations", 2 + 254 + 1 + 127),
      ("pp", "send_recv", "operations", 2 * (2 + 254)),
      ("tp", "all_reduce", "operation_bytes", reduced),
      ("pp", "send_recv", "operation_bytes", 2 * hidden * bytes * tokens),
    ]
    for (dimension, collective, column, expected) in hybrid {
      let found = sum("hybrid", dimension, collective, column)
      #expect(found <= expected && Double(found) > 0.98 * Double(expected), "\(column) \(found)")
    }
  }
}
