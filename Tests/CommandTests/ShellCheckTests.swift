// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Everything in the repository that a shell runs, looked at by shellcheck where it is installed.
@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/shellcheck")))
struct ShellCheckTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private func check(_ path: String, _ folder: URL) throws {
    let run = try CommandRun(shell: "/usr/bin/shellcheck -s bash '\(path)'", folder: folder)
    #expect(run.status == 0, "\(path): \(run.output)")
  }

  @Test(arguments: [
    ".ci/run", "Fixtures/launch/megatron-tp2-pp2-dp2.sbatch", "Fixtures/launch/vllm-tp4.sh",
    "Fixtures/launch/sglang-tp8-ep4.sh",
  ])
  func scriptsAreClean(_ path: String) throws { try check(path, Fixture.root) }

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/make")))
  func recipesOfTheMakefileAreClean() throws {
    let text = try String(contentsOf: Fixture.root.appending(path: "Makefile"), encoding: .utf8)
    let targets = text.matches(of: #/^([a-z][a-z -]*):.* ## /#.anchorsMatchLineEndings())
      .flatMap { $0.1.split(separator: " ") }
    #expect(targets.contains("install") && targets.contains("demo"))
    for target in targets {
      // As Make hands them to the shell; -n runs none of them.
      let run = try CommandRun(shell: "make -n \(target)", folder: Fixture.root)
      #expect(run.status == 0, "\(target): \(run.errors)")
      try scratch.write(
        "\(target).sh",
        "set -euo pipefail\n"
          + run.output.replacing(
            #/^make\[.*$/#.anchorsMatchLineEndings(), with: ""))
      try check("\(target).sh", scratch.folder)
    }
  }

  @Test(arguments: ["sh", "bash"]) func commandsOfTheReadmeAreClean(_ language: String) throws {
    let text = try String(contentsOf: Fixture.root.appending(path: "README.md"), encoding: .utf8)
    let blocks = text.components(separatedBy: "```\(language)\n").dropFirst()
      .compactMap { $0.components(separatedBy: "\n```").first }
    #expect(!blocks.isEmpty)
    for (index, block) in blocks.enumerated() {
      // Written for a person: dots stand for what a person adds.
      try scratch.write("\(index).sh", block + "\n")
      try check("\(index).sh", scratch.folder)
    }
  }
}
