// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import commlens

@Suite struct SettingsTests {
  let scratch: Scratch
  /// The repository's root, a folder in it, and the user's folder.
  let root: String

  init() throws {
    scratch = try Scratch()
    try scratch.write("repo/.git/HEAD", "")
    try scratch.write("repo/a/b/x", "")
    // As the program sees it, without symbolic links.
    let resolved = realpath(scratch.path("repo"), nil)
    root = resolved.map { String(cString: $0) } ?? ""
    free(resolved)
  }

  private func settings(
    _ arguments: [String] = [], folder: String = "a/b", environment: [String: String] = [:]
  ) throws(CommandFailure) -> Settings {
    try Settings(
      arguments: ["commlens"] + arguments, folder: root + "/" + folder,
      environment: { environment[$0] })
  }

  private func message(
    _ arguments: [String] = [], environment: [String: String] = [:]
  ) throws -> String {
    let failure = try #require(throws: CommandFailure.self) {
      try settings(arguments, environment: environment)
    }
    #expect(failure.status == .configuration)
    return failure.message
  }

  @Test func withoutAnySourceNothingIsSet() throws {
    #expect(try settings().values.isEmpty)
  }

  @Test func eachSourceWinsOverThoseBelowIt() throws {
    let user = try scratch.write("user/commlens/config.yaml", "jobs: 1\n")
    var environment = ["XDG_CONFIG_HOME": scratch.path("user")]
    #expect(try settings(environment: environment).jobs == 1)
    #expect(try settings(environment: ["HOME": scratch.path("home")]).jobs == nil)
    try scratch.write("repo/.commlens.yaml", "jobs: 2\n")
    #expect(try settings(environment: environment).jobs == 2)
    try scratch.write("repo/a/.commlens.yaml", "jobs: 3\n")
    #expect(try settings(environment: environment).jobs == 3)
    environment["COMMLENS_CONFIG"] = try scratch.write("env.yaml", "jobs: 4\n")
    #expect(try settings(environment: environment).jobs == 4)
    let option = ["--config", try scratch.write("option.yaml", "{\"jobs\": 5}\n")]
    #expect(try settings(option, environment: environment).jobs == 5)
    #expect(try settings(["--config=" + option[1]], environment: environment).jobs == 5)
    #expect(try settings(["--"] + option, environment: environment).jobs == 4)
    environment["COMMLENS_JOBS"] = "6"
    let all = try settings(option, environment: environment)
    #expect(all.jobs == 6)
    #expect(all.values[.jobs]?.origin == "environment COMMLENS_JOBS")
    #expect(all.files == [option[1], scratch.path("env.yaml"), root + "/a/.commlens.yaml", user])
  }

  @Test func everyKeyIsLookedForByItself() throws {
    try scratch.write("repo/.commlens.yaml", "color: never\nformat: csv\n")
    let file = try scratch.write("f.yaml", "format: json\nfail_on: [error, rank-stops-early]\n")
    let found = try settings(
      ["--config", file], environment: ["COMMLENS_STRICT": "1", "COMMLENS_PROGRESS": "plain"])
    #expect(found.color == .never)
    #expect(found.format == .json)
    #expect(found.strict)
    #expect(found.progress == .plain)
    #expect(found.failOn == ["error", "rank-stops-early"])
    #expect(found.values[.color]?.origin.hasPrefix(root + "/.commlens.yaml:1:") == true)
  }

  @Test func outsideOfARepositoryOnlyTheFolderItselfCounts() throws {
    try scratch.write("repo/.commlens.yaml", "jobs: 2\n")
    try FileManager.default.removeItem(atPath: root + "/.git")
    #expect(try settings().jobs == nil)
    #expect(try settings(folder: "").jobs == 2)
  }

  @Test func pathsAreThoseOfTheFilesFolder() throws {
    try scratch.write("repo/.commlens.yaml", "job: j.yaml\nmodel: /m.json\ntopology: [t.xml]\n")
    let found = try settings()
    #expect(found.job == root + "/j.yaml")
    #expect(found.model == "/m.json")
    #expect(found.topologies == [root + "/t.xml"])
    #expect(
      try settings(environment: ["COMMLENS_TOPOLOGY": "a.xml:b.xml"]).topologies
        == ["a.xml", "b.xml"])
  }

  @Test(arguments: [
    ("job: 4\njbos: 4\n", "did you mean `jobs`?"), ("jobs: 0\n", "1 to 1024"),
    ("jobs: 1025\n", "1 to 1024"), ("color: alway\n", "did you mean `always`?"),
    ("strict: yes\n", "`true` or `false`"), ("fail_on: [nonsense]\n", "a finding's code"),
    ("- jobs\n", "a mapping"), ("jobs: 1\njobs: 2\n", "twice"), ("", "empty"),
  ])
  func aMistakeIsToldWithItsPlace(_ text: String, _ expected: String) throws {
    let file = try scratch.write("f.yaml", text)
    let message = try message(["--config", file])
    #expect(message.contains(expected), "\(message)")
    #expect(message.contains("f.yaml"))
  }

  @Test func aFileThatIsNamedMustBeThere() throws {
    #expect(try message(["--config", "/nowhere.yaml"]).contains("/nowhere.yaml"))
    #expect(
      try message(environment: ["COMMLENS_CONFIG": "/nowhere.yaml"]).contains("/nowhere.yaml"))
  }

  @Test(arguments: [
    ("JOBS", "0"), ("JOBS", "many"), ("COLOR", "red"), ("FORMAT", "xls"), ("PROGRESS", "x"),
    ("STRICT", "maybe"), ("FAIL_ON", "nonsense"),
  ])
  func aWrongVariableIsNamed(_ name: String, _ value: String) throws {
    #expect(
      try message(environment: ["COMMLENS_" + name: value]).contains(
        "COMMLENS_\(name) is '\(value)'"))
    #expect(try settings(environment: ["COMMLENS_" + name: ""]).values.isEmpty)
  }

  // MARK: - The program

  @Test func showTellsValuesAndOrigins() throws {
    try scratch.write("repo/.commlens.yaml", "jobs: 2\n")
    let run = try CommandRun(
      ["config", "show", "--format", "csv"], environment: ["COMMLENS_COLOR": "never"],
      folder: scratch.url("repo/a"))
    #expect(run.status == 0)
    #expect(run.output.contains("jobs,2,\(root)/.commlens.yaml:1:7\n"))
    #expect(run.output.contains("color,never,environment COMMLENS_COLOR\n"))
    #expect(run.output.contains("format,table,default\n"))
    #expect(try CommandRun(["config"], folder: scratch.url("repo/a")).output.contains("jobs"))
  }

  @Test func settingsStandForOptionsAndOptionsWin() throws {
    try scratch.write("repo/rank.log", rankLog(0))
    try scratch.write("repo/.commlens.yaml", "format: json\nfail_on: rank-stops-early\n")
    let json = try CommandRun(["analyze", "rank.log"], folder: scratch.url("repo"))
    #expect(json.output.hasPrefix("{"))
    let csv = try CommandRun(
      ["analyze", "rank.log", "--format", "csv"], folder: scratch.url("repo"))
    #expect(csv.output.hasPrefix("dimension,"))
    try scratch.write("repo/torn.log", "node-1:100:100 [0] NCCL INFO Frobnicate: no 7\n")
    let strict = ["COMMLENS_STRICT": "true"]
    #expect(
      try CommandRun(
        ["analyze", "torn.log", "rank.log"], environment: strict, folder: scratch.url("repo")
      ).status == 1)
    let lenient = try CommandRun(
      ["analyze", "torn.log", "rank.log", "--no-strict"], environment: strict,
      folder: scratch.url("repo"))
    #expect(lenient.status == 0, "\(lenient.errors)")
  }

  @Test func aMistakeEndsEveryCommandWithSeventyEight() throws {
    try scratch.write("repo/.commlens.yaml", "jbos: 2\n")
    for arguments in [["analyze", "x"], ["config", "show"], ["topology", "x"]] {
      let run = try CommandRun(arguments, folder: scratch.url("repo"))
      #expect(run.status == 78)
      #expect(run.errors.contains("did you mean `jobs`?"))
      #expect(run.output.isEmpty)
    }
    #expect(try CommandRun(["formats"], folder: scratch.url("repo")).status == 0)
    #expect(try CommandRun(["analyze"], folder: scratch.url("repo")).status == 64)
    #expect(try CommandRun(["--help"], folder: scratch.url("repo")).status == 0)
  }

  @Test func theVersionIsThereForScripts() throws {
    let run = try CommandRun(["--version", "--format", "json"])
    let object = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any]
    #expect(object?["version"] as? String == Version.number)
    #expect(object?["schema"] as? Int != nil)
    #expect(try CommandRun(["--version"]).output.contains("commlens \(Version.number) "))
  }
}
