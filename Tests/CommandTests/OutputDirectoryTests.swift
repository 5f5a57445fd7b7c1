// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Synchronization
import Testing

@testable import commlens

@Suite struct OutputDirectoryTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private func write(_ files: [(String, String)]) throws(CommandFailure) {
    let directory = try OutputDirectory(scratch.path("a/b/report"))
    try directory.write(files.map { OutputDirectory.File(name: $0.0, bytes: Array($0.1.utf8)) })
  }

  private func text(_ name: String) throws -> String {
    try String(contentsOf: scratch.url("a/b/report/" + name), encoding: .utf8)
  }

  @Test func createsParentsAndReplacesAnOldReport() throws {
    try write([("one.csv", "1\n"), ("manifest.json", "{}\n")])
    try write([("one.csv", "2\n"), ("manifest.json", "{2}\n")])
    #expect(try text("one.csv") == "2\n")
    #expect(try text("manifest.json") == "{2}\n")
    #expect(try scratch.names("a/b/report") == ["manifest.json", "one.csv"])
  }

  @Test func aTargetThatIsNotARegularFileIsRefusedAndNothingChanges() throws {
    try write([("one.csv", "old\n"), ("manifest.json", "{}\n")])
    let victim = try scratch.write("victim", "precious")
    try FileManager.default.removeItem(at: scratch.url("a/b/report/manifest.json"))
    try FileManager.default.createSymbolicLink(
      atPath: scratch.path("a/b/report/manifest.json"), withDestinationPath: victim)
    let failure = try #require(throws: CommandFailure.self) {
      try write([("one.csv", "new\n"), ("manifest.json", "{new}\n")])
    }
    #expect(failure.status == .cannotCreateOutput)
    #expect(failure.message.contains("manifest.json"))
    #expect(try text("one.csv") == "old\n")
    #expect(try String(contentsOfFile: victim, encoding: .utf8) == "precious")
    #expect(try scratch.names("a/b/report") == ["manifest.json", "one.csv"])
  }

  @Test func whatAKilledRunLeftBehindIsRemoved() throws {
    try write([("one.csv", "1\n")])
    try scratch.write("a/b/report/.commlens-99-0.tmp", "half")
    try scratch.write("a/b/report/.commlens.yaml", "kept")
    try write([("one.csv", "2\n")])
    #expect(try scratch.names("a/b/report") == [".commlens.yaml", "one.csv"])
  }

  @Test func aSecondWriterWaitsForTheFirst() throws {
    let path = scratch.path("report")
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let holder = open(path, O_RDONLY | O_DIRECTORY)
    defer { close(holder) }
    #expect(flock(holder, LOCK_EX) == 0)
    let before = Mutex<[String]?>(nil)
    // A thread of its own, because the tasks of other tests may keep every core waiting.
    let scratch = scratch
    Thread.detachNewThread {
      usleep(300_000)
      before.withLock { $0 = try? scratch.names("report") }
      flock(holder, LOCK_UN)
    }
    let directory = try OutputDirectory(path)
    try directory.write([OutputDirectory.File(name: "one.csv", bytes: [0x31])])
    #expect(before.withLock { $0 } == [])
    #expect(try scratch.names("report") == ["one.csv"])
  }

  @Test func theCheckCreatesNothing() throws {
    try OutputDirectory.check(scratch.path("new/deep/report"))
    #expect(!FileManager.default.fileExists(atPath: scratch.path("new")))
    try scratch.write("file", "x")
    #expect(throws: CommandFailure.self) { try OutputDirectory.check(scratch.path("file")) }
    #expect(throws: CommandFailure.self) { try OutputDirectory.check(scratch.path("file/report")) }
    try FileManager.default.createSymbolicLink(
      atPath: scratch.path("dangling"), withDestinationPath: scratch.path("nowhere"))
    #expect(throws: CommandFailure.self) { try OutputDirectory.check(scratch.path("dangling")) }
  }
}
