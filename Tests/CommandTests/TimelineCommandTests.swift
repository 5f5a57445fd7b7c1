// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import commlens

/// `timeline.svg`, and `--perfetto`, `--step` and `--ranks` of `analyze`.
@Suite struct TimelineCommandTests {
  private let scratch: Scratch
  init() throws { scratch = try Scratch() }

  private static let fixture = Fixture.folder.appending(
    path: "kineto/tensor-parallel-rank0.json.gz"
  ).path(percentEncoded: false)

  /// Durations in nanoseconds by dimension, and whether anything else is wrong with the events.
  private static func durations(_ data: Data) throws -> [String: Int64] {
    let root = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    let events = try #require(root["traceEvents"] as? [[String: Any]])
    var sums: [String: Int64] = [:]
    var begun: [String: (dimension: String, time: Double)] = [:]
    for event in events where event["cat"] as? String == "communication" {
      let dimension = (event["args"] as? [String: Any])?["dimension"] as? String
      let id = "\(event["pid"] ?? "") \(event["id"] ?? "")"
      let time = try #require((event["ts"] as? NSNumber)?.doubleValue)
      switch event["ph"] as? String {
      case "X":
        let duration = try #require((event["dur"] as? NSNumber)?.doubleValue)
        sums[try #require(dimension), default: 0] += Int64((duration * 1000).rounded())
      case "b": begun[id] = (try #require(dimension), time)
      case "e":
        let open = begun.removeValue(forKey: id)
        let start = try #require(open)
        sums[start.dimension, default: 0] += Int64(((time - start.time) * 1000).rounded())
      default: break
      }
    }
    #expect(begun.isEmpty)
    return sums
  }

  /// `total_ns` of `durations.csv` by dimension.
  private static func table(_ report: URL) throws -> [String: Int64] {
    let text = try String(contentsOf: report.appending(path: "durations.csv"), encoding: .utf8)
    let rows = text.split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    let total = try #require(rows.first?.firstIndex(of: "total_ns"))
    return rows.dropFirst().reduce(into: [:]) { sums, row in
      sums[row[0], default: 0] += Int64(row[total]) ?? 0
    }
  }

  @Test(arguments: ["summary.json", "timeline.svg", "manifest.json", "./traffic.csv"])
  func aTraceDoesNotReplaceAFileOfTheReport(name: String) throws {
    for _ in 0..<2 {
      let run = try CommandRun([
        "analyze", Self.fixture, "-q", "-o", scratch.path("report"), "--perfetto",
        scratch.path("report/\(name)"),
      ])
      #expect(run.status == 64)
      #expect(run.errors.contains("a file of the report itself"))
      try FileManager.default.createDirectory(
        at: scratch.url("report"), withIntermediateDirectories: true)
      #expect(try scratch.names("report").isEmpty)
    }
    let beside = try CommandRun([
      "analyze", Self.fixture, "-q", "-o", scratch.path("report"), "--perfetto",
      scratch.path("report/trace.json"),
    ])
    #expect(beside.status == 0)
    #expect(try scratch.names("report").contains("trace.json"))
  }

  @Test func aProfileGivesAFigureThatTheManifestLists() throws {
    let report = scratch.url("report")
    let run = try CommandRun(["analyze", Self.fixture, "-q", "-o", report.path()])
    #expect(run.status == 0, "\(run.errors)")
    let manifest = try String(
      contentsOf: report.appending(path: "manifest.json"), encoding: .utf8)
    #expect(manifest.contains("\"timeline.svg\""))
    let svg = try String(contentsOf: report.appending(path: "timeline.svg"), encoding: .utf8)
    #expect(svg.contains("ProfilerStep#5, 1 ms"))
  }

  @Test func logsGiveNoFigure() throws {
    try scratch.write("log", rankLog(0))
    let run = try CommandRun(["analyze", scratch.path("log"), "-q", "-o", scratch.path("report")])
    #expect(run.status == 0)
    #expect(try !scratch.names("report").contains("timeline.svg"))
  }

  @Test func theTraceHasTheDurationsOfTheTable() throws {
    let report = scratch.url("report")
    let run = try CommandRun([
      "analyze", Self.fixture, "-q", "-o", report.path(), "--perfetto", scratch.path("trace.json"),
    ])
    #expect(run.status == 0 && run.output.isEmpty && run.errors.isEmpty, "\(run.errors)")
    let sums = try Self.durations(Data(contentsOf: scratch.url("trace.json")))
    #expect(sums == ["tp": 210_750])
    #expect(try sums == Self.table(report))
    #expect(try scratch.names(".").filter { $0.hasPrefix(".commlens") }.isEmpty)
  }

  /// Recorded profiles, where this checkout has them beside it.
  @Test(
    .enabled(if: Fixture.sharedData != nil),
    arguments: ["astrasim-megatron-tp8", "hta-nccl_data-2rank.json.gz"])
  func theTraceOfARecordedJobHasTheDurationsOfTheTable(name: String) throws {
    let input = try #require(Fixture.sharedData).appending(path: "kineto/\(name)")
    let report = scratch.url("report")
    let run = try CommandRun([
      "analyze", input.path(), "-q", "-o", report.path(), "--perfetto", scratch.path("t.json"),
    ])
    #expect(run.status == 0, "\(run.errors)")
    let sums = try Self.durations(Data(contentsOf: scratch.url("t.json")))
    #expect(!sums.isEmpty)
    #expect(try sums == Self.table(report))
  }

  @Test func standardOutputTakesTheTraceAlone() throws {
    let file = try CommandRun(["analyze", Self.fixture, "--perfetto", scratch.path("a.json")])
    #expect(file.status == 0 && file.output.contains("Traffic, largest first"))
    let pipe = try CommandRun(["analyze", Self.fixture, "--perfetto", "-"])
    #expect(pipe.status == 0)
    #expect(
      try pipe.output == String(contentsOf: scratch.url("a.json"), encoding: .utf8))
    let both = try CommandRun([
      "analyze", Self.fixture, "--perfetto", "-", "--format", "csv",
    ])
    #expect(both.status == 64 && both.output.isEmpty)
  }

  @Test func theSameInputsGiveTheSameBytes() throws {
    let outputs = try (0..<3).map { jobs in
      try CommandRun(["analyze", Self.fixture, "--perfetto", "-", "--jobs", "\(jobs + 1)"]).output
    }
    #expect(Set(outputs).count == 1)
  }

  @Test(arguments: [
    (["--step", "6"], "there are: ProfilerStep#5."), (["--step", "no"], "no step 'no'"),
    (["--ranks", "1"], "Rank 1 has no timed calls; ranks with timed calls: 0."),
    (["--ranks", "2-1"], "'2-1' is no list of ranks"), (["--ranks", ""], "no list of ranks"),
    (["--step", ""], "empty name"),
  ])
  func aSelectionThatIsNotThereIsAnErrorAndWritesNothing(
    options: [String], words: String
  ) throws {
    for output in [["-o", scratch.path("r")], ["--perfetto", scratch.path("t.json")]] {
      let run = try CommandRun(["analyze", Self.fixture] + output + options)
      #expect(run.status == 64 && run.output.isEmpty)
      #expect(run.errors.contains(words), "\(run.errors)")
    }
    #expect(!FileManager.default.fileExists(atPath: scratch.path("r")))
    #expect(!FileManager.default.fileExists(atPath: scratch.path("t.json")))
  }

  @Test func aSelectionIsAppliedAndListed() throws {
    let report = scratch.url("report")
    let run = try CommandRun([
      "analyze", Self.fixture, "-q", "-o", report.path(), "--step", "5", "--ranks", "0",
    ])
    #expect(run.status == 0, "\(run.errors)")
    let manifest = try String(
      contentsOf: report.appending(path: "manifest.json"), encoding: .utf8)
    #expect(manifest.contains("\"step\": \"5\"") && manifest.contains("\"ranks\": \"0\""))
  }

  @Test func optionsThatWouldDoNothingAreRefused() throws {
    for options in [["--step", "5"], ["--ranks", "0"]] {
      #expect(try CommandRun(["analyze", Self.fixture] + options).status == 64)
    }
    for name in ["", "t.json.gz"] {
      let run = try CommandRun(["analyze", Self.fixture, "--perfetto", name])
      #expect(run.status == 64 && run.output.isEmpty)
    }
    let gzip = try CommandRun(["analyze", Self.fixture, "--perfetto", "t.json.gz"])
    #expect(gzip.errors.contains("--perfetto - | gzip > t.json.gz"))
  }

  @Test func inputsWithoutTimesAreAnErrorThatNamesThoseThatHaveThem() throws {
    try scratch.write("log", rankLog(0))
    let run = try CommandRun([
      "analyze", scratch.path("log"), "--perfetto", scratch.path("t.json"), "-o",
      scratch.path("r"),
    ])
    #expect(run.status == 65 && run.output.isEmpty)
    #expect(run.errors.contains("PyTorch profiles (Kineto), NCCL Inspector's event traces"))
    #expect(try scratch.names(".") == ["log"])
  }

  @Test func aTraceReplacesAFileAndNothingElse() throws {
    try scratch.write("t.json", "old")
    #expect(
      try CommandRun(["analyze", Self.fixture, "-q", "--perfetto", scratch.path("t.json")]).status
        == 0)
    #expect(try Self.durations(Data(contentsOf: scratch.url("t.json"))) == ["tp": 210_750])
    try FileManager.default.createDirectory(
      at: scratch.url("folder"), withIntermediateDirectories: false)
    for path in [scratch.path("folder"), scratch.path("folder") + "/", "/dev/null"] {
      let run = try CommandRun(["analyze", Self.fixture, "--perfetto", path])
      #expect(run.status == 73 && run.output.isEmpty, "\(path): \(run.errors)")
    }
  }
}
