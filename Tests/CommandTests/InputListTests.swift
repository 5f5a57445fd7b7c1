// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import commlens

@Suite struct InputListTests {
  let scratch: Scratch

  init() throws {
    scratch = try Scratch()
    for name in ["job/b.log", "job/a.log", "job/node-2/c.log", "job/.hidden", "job/.git/x.log"] {
      try scratch.write(name, "x\n")
    }
  }

  private func names(_ arguments: String...) throws -> [String] {
    try InputList(arguments: arguments).files.map(\.name)
  }

  @Test func aFolderStandsForItsFilesSortedAsBytesWithoutHiddenOnes() throws {
    try scratch.write("job/B.log", "x\n")
    try scratch.write("job/\u{E9}.log", "x\n")
    #expect(
      try names(scratch.path("job")) == ["B.log", "a.log", "b.log", "node-2/c.log", "\u{E9}.log"])
  }

  @Test func namesDoNotDependOnHowTheFilesAreNamed() throws {
    let folder = try names(scratch.path("job"))
    #expect(try names(scratch.path("job") + "/") == folder)
    #expect(try names(scratch.path("job") + "/../job/.") == folder)
    #expect(
      try names(
        scratch.path("job/node-2/c.log"), scratch.path("job/b.log"), scratch.path("job/a.log"))
        == folder)
    #expect(try names(scratch.path("job/*.log"), scratch.path("job/node-*")) == folder)
    #expect(try names(scratch.path("job"), scratch.path("job/a.log")) == folder)
  }

  @Test func oneFileHasItsOwnName() throws {
    #expect(try names(scratch.path("job/node-2/c.log")) == ["c.log"])
    #expect(try names(scratch.path("job/node-2")) == ["c.log"])
  }

  @Test func patternsAreExpandedOnlyWhenNoFileHasThatName() throws {
    #expect(try names(scratch.path("job/[ab].log")) == ["a.log", "b.log"])
    #expect(try names(scratch.path("job/{a,b}.log")) == ["a.log", "b.log"])
    try scratch.write("job/[ab].log", "x\n")
    #expect(try names(scratch.path("job/[ab].log")) == ["[ab].log"])
  }

  @Test func aPatternWithoutAMatchIsToldAndTheRestIsRead() throws {
    let list = try InputList(arguments: [scratch.path("job/*.gz"), scratch.path("job/a.log")])
    #expect(list.files.map(\.name) == ["a.log"])
    #expect(list.missing.count == 1)
  }

  @Test func aMissingFileStaysInTheListForTheLedger() throws {
    let list = try InputList(arguments: ["/no/such/rank0.log", scratch.path("job/a.log")])
    #expect(list.files.map(\.name) == ["a.log", "rank0.log"])
    #expect(list.missing.isEmpty)
  }

  @Test func linksInsideAFolderAreNotFollowedAndNamedOnesAre() throws {
    let manager = FileManager.default
    try manager.createSymbolicLink(
      atPath: scratch.path("job/loop"), withDestinationPath: scratch.path("job"))
    try manager.createSymbolicLink(
      atPath: scratch.path("job/latest.log"), withDestinationPath: scratch.path("job/b.log"))
    let list = try InputList(arguments: [scratch.path("job")])
    #expect(list.files.map(\.name) == ["a.log", "b.log", "node-2/c.log"])
    #expect(list.skippedLinks == 2)
    #expect(try names(scratch.path("job/latest.log")) == ["latest.log"])
    #expect(try names(scratch.path("job/loop")) == ["a.log", "b.log", "node-2/c.log"])
  }

  @Test func asecondLinkToAFileIsReadOnce() throws {
    try FileManager.default.linkItem(
      atPath: scratch.path("job/a.log"), toPath: scratch.path("job/z.log"))
    let files = try InputList(arguments: [scratch.path("job")]).files
    #expect(files.map(\.sameAs) == [nil, nil, nil, "a.log"])
  }

  @Test func inAListOfFilesNoCharacterIsSpecial() throws {
    try scratch.write("job/*.log", "x\n")
    let list = try InputList(arguments: [], literals: [scratch.path("job/*.log")])
    #expect(list.files.map(\.name) == ["*.log"])
    #expect(try InputList(arguments: [], literals: ["-"]).files.map(\.path) == ["./-"])
  }

  @Test func standardInputKeepsItsName() throws {
    #expect(try names("-") == ["-"])
    #expect(try names("-", scratch.path("job/a.log")) == ["-", "a.log"])
  }

  @Test func aDeepFolderIsWalkedWithoutRecursion() throws {
    var path = scratch.path("deep")
    for _ in 0..<300 { path += "/d" }
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try Data("x\n".utf8).write(to: URL(filePath: path + "/x.log"))
    #expect(try names(scratch.path("deep")) == ["x.log"])
  }
}
