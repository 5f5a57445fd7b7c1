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

  @Test func withoutAFolderThereIsNoRule() throws {
    #expect(try CommandRun(["analyze", "x", "--depfile", "y"]).status == 64)
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
