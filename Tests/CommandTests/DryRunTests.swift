// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import commlens

@Suite struct DryRunTests {
  let scratch: Scratch

  init() throws {
    scratch = try Scratch()
    try scratch.write("in/rank.log", rankLog(0))
    try scratch.write("in/rank2.log", rankLog(1))
    try scratch.write("in/notes.txt", "nothing of NCCL\n")
    let trace = Fixture.folder.appending(path: "kineto/tensor-parallel-rank0.json.gz")
    try FileManager.default.copyItem(at: trace, to: scratch.url("in/trace"))
    _ = try CommandRun(shell: "gzip rank2.log; tar cf logs.tar rank.log", folder: scratch.url("in"))
  }

  @Test(arguments: ["analyze", "check"])
  func inputsAreListedByContentAndNothingIsWritten(_ command: String) throws {
    let run = try CommandRun(
      [command, "in", "--dry-run", "--format", "csv"]
        + (command == "analyze" ? ["-o", "report"] : []), folder: scratch.folder)
    #expect(run.status == 0)
    #expect(
      run.output.split(separator: "\n").map { $0.replacing(/,\d+,/, with: ",N,") } == [
        "file,format,compression,size_bytes,status", "in/logs.tar,tar,none,N,complete",
        "in/notes.txt,,none,N,complete", "in/rank.log,nccl_log,none,N,complete",
        "in/rank2.log.gz,nccl_log,gzip,N,complete", "in/trace,kineto,gzip,N,complete",
      ])
    #expect(try scratch.names(".") == ["in"])
  }

  @Test func noMoreIsReadThanNeeded() throws {
    // A file that would take minutes: 64 GiB of zero bytes after a log.
    let path = try scratch.write("big.log", rankLog(0))
    try CommandRun(shell: "truncate -s 64G big.log", folder: scratch.folder).expectSuccess()
    let run = try CommandRun(["analyze", path, "--dry-run", "--format", "ndjson"])
    #expect(run.status == 0)
    #expect(run.output.contains("\"format\": \"nccl_log\""))
    #expect(run.output.contains("\"size_bytes\": \"68719476736\""))
  }

  @Test func whatIsMissingIsToldWithItsStatus() throws {
    let run = try CommandRun(["analyze", scratch.path("none"), scratch.path("in"), "--dry-run"])
    #expect(run.status == 66)
    #expect(run.errors.contains("none: no such file"))
    #expect(run.output.contains("nccl_log"))
    let job = try CommandRun(["analyze", scratch.path("in"), "--dry-run", "--job", "/no.yaml"])
    #expect(job.status == 78)
  }
}

extension CommandRun {
  fileprivate func expectSuccess() { #expect(status == 0, "\(errors)") }
}

@Suite struct DependencyFileTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  @Test func theRuleNamesTheReportAndEveryFileThatWasRead() throws {
    try scratch.write("in/a.log", rankLog(0))
    try scratch.write("in/b b.log", rankLog(1))
    try scratch.write("list", "in/b b.log\n")
    try scratch.write("c.yaml", "jobs: 1\n")
    let run = try CommandRun(
      [
        "analyze", "in/a.log", "missing.log", "--files-from", "list", "--config", "c.yaml", "-q",
        "-o",
        "report", "--depfile", "report.d",
      ], folder: scratch.folder)
    #expect(run.status == 66)
    let text = try String(contentsOf: scratch.url("report.d"), encoding: .utf8)
    #expect(
      text == """
        report/manifest.json: \\
          in/a.log \\
          in/b\\ b.log \\
          list \\
          c.yaml

        in/a.log:

        in/b\\ b.log:

        list:

        c.yaml:

        """)
  }

  /// What a rule lists first: the files that its target is made from.
  private func inputs(_ rule: String) throws -> [String] {
    let text = try String(contentsOf: scratch.url(rule), encoding: .utf8)
    let first = text.prefix { $0 != "\n" }
    #expect(first == "out/manifest.json: \\")
    return text.split(separator: "\n").dropFirst().prefix { $0.hasPrefix("  ") }.map {
      $0.trimmingCharacters(in: [" ", "\\"])
    }
  }

  /// Commands that write a report, and what each of them reads.
  static let commands: [(arguments: [String], inputs: [String])] = [
    (
      ["compare", "report", "n=logs", "--job", "job.yaml", "--topology", "n=machine.xml"],
      ["report/summary.json", "logs/rank-0.log", "machine.xml", "job.yaml", "model.json", "c.yaml"]
    ),
    (
      ["whatif", "logs", "--job", "job.yaml", "--hardware", "PFA", "hardware.yaml"],
      ["logs/rank-0.log", "job.yaml", "model.json", "hardware.yaml", "c.yaml"]
    ),
    (
      ["whatif", "report", "--strategy", "job.yaml", "--hardware", "PFA"],
      ["report/summary.json", "job.yaml", "model.json", "c.yaml"]
    ),
    (
      ["limits", "--model", "model.json", "--hardware", "hardware.yaml", "DGX-B200"],
      ["model.json", "hardware.yaml", "c.yaml"]
    ),
    (["expect", "--job", "job.yaml"], ["job.yaml", "model.json", "c.yaml"]),
    (["topology", "machine.xml"], ["machine.xml", "c.yaml"]),
  ]

  @Test(arguments: commands)
  func everyReportHasItsRule(arguments: [String], inputs: [String]) throws {
    try scratch.write("logs/rank-0.log", rankLog(0))
    try scratch.write("c.yaml", "jobs: 1\n")
    func fixture(_ name: String) throws -> String {
      try String(contentsOf: Fixture.folder.appending(path: name), encoding: .utf8)
    }
    try scratch.write("model.json", fixture("models/llama-3.1-8b.config.json"))
    try scratch.write("machine.xml", fixture("topology/vm-4gpu.xml"))
    try scratch.write("hardware.yaml", CommandRun(["hardware", "DGX-H100"]).output)
    try scratch.write(
      "job.yaml",
      """
      version: 1
      world_size: 2
      parallelism: {tensor: 2}
      order: vllm
      workload: {kind: inference, batch: 1, prompt_tokens: 8, output_tokens: 2}
      model: model.json
      """)
    let made = try CommandRun(["analyze", "logs", "-q", "-o", "report"], folder: scratch.folder)
    #expect(made.status == 0, "\(made.errors)")
    let run = try CommandRun(
      arguments + ["--config", "c.yaml", "-q", "-o", "out", "--depfile", "out.d"],
      folder: scratch.folder)
    #expect(run.status == 0, "\(run.errors)")
    #expect(try self.inputs("out.d") == inputs)
  }

  @Test(arguments: ["report/summary.json", "report/../report/manifest.json"])
  func theRuleIsNoFileOfTheReport(_ path: String) throws {
    try scratch.write("in/a.log", rankLog(0))
    let arguments = ["analyze", "in", "-q", "-o", "report", "--depfile"]
    let inside = try CommandRun(arguments + ["report/report.d"], folder: scratch.folder)
    #expect(inside.status == 0, "\(inside.errors)")
    let run = try CommandRun(arguments + [path], folder: scratch.folder)
    #expect(run.status == 64)
    #expect(run.errors.contains("--depfile \(path): is a file of the report itself"))
  }

  @Test(arguments: ["analyze", "compare", "whatif", "limits", "expect", "topology"])
  func withoutAFolderThereIsNoRule(_ command: String) throws {
    let arguments: [String: [String]] = [
      "compare": ["x", "y"], "limits": ["--hardware", "PFA"], "expect": ["--job", "x"],
      "whatif": ["x", "--hardware", "PFA"],
    ]
    let run = try CommandRun([command] + (arguments[command] ?? ["x"]) + ["--depfile", "y"])
    #expect(run.status == 64)
    #expect(run.errors.contains("pass -o DIR"), "\(run.errors)")
  }

  /// Names that Make reads as they are meant, as seen with GNU Make itself.
  static let names = [
    "plain.log", "a b", "a#b", "a$b", "a:b", "a%b", "a=b", "a\\b", "a\\ b", "a\\#b", "a*b", "a?b",
    "a[b]", "~a", "a~", "a'b", "a\"b", "a,b", "a&b", "-a", "@a", "a{b}", "a\\\\:b", "a:=b", "=",
    "é",
    "a<b>", "$(x", "a$$b",
  ].filter { !$0.contains("(") }

  @Test(
    .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/make")), arguments: names)
  func makeReadsTheRuleAsMeant(_ name: String) throws {
    let rule = try #require(DependencyFile(target: "out", inputs: [name]))
    #expect(rule.unwritable.isEmpty)
    try scratch.write("rule.d", rule.text)
    try scratch.write(name, "x")
    try scratch.write(
      "Makefile", "all: out\ninclude rule.d\nout:\n\t@echo built; touch out\n")
    func make() throws -> String {
      let run = try CommandRun(shell: "make -s", folder: scratch.folder)
      #expect(run.status == 0, "\(run.errors)")
      return run.output
    }
    #expect(try make() == "built\n")
    let past = Date(timeIntervalSince1970: 1e9)
    func set(_ file: String, _ date: Date) throws {
      try FileManager.default.setAttributes(
        [.modificationDate: date], ofItemAtPath: scratch.path(file))
    }
    try set("out", past)
    try set(name, past - 1000)
    #expect(!(try make()).contains("built"))
    try set(name, past + 1000)
    #expect(try make() == "built\n")
    // An input that is gone is no reason to stop.
    try FileManager.default.removeItem(atPath: scratch.path(name))
    #expect(try make() == "built\n")
  }

  @Test(arguments: ["a;b", "a|b", "a\tb", "a\nb", "a(b)", "a\\", "a\\%b"])
  func whatMakeCannotWriteIsTold(_ name: String) throws {
    let rule = try #require(DependencyFile(target: "out", inputs: ["a", name, "a"]))
    #expect(rule.unwritable == [name])
    #expect(rule.text == "out: \\\n  a\n\na:\n")
    #expect(DependencyFile(target: name, inputs: []) == nil)
  }
}
