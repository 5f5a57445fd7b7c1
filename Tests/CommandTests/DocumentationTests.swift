// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import commlens

/// Keeps the README true: every command in it runs, and what it shows is what comes out.
@Suite struct DocumentationTests {
  private static let readme = Fixture.root.appending(path: "README.md")

  /// The contents of the fenced blocks with this language, in order.
  static func blocks(_ language: String, in text: String) -> [String] {
    var blocks: [String] = []
    var current: [Substring]?
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if let lines = current, line == "```" {
        blocks.append(lines.joined(separator: "\n"))
        current = nil
      } else if current != nil {
        current?.append(line)
      } else if line == "```\(language)" {
        current = []
      } else if line.hasPrefix("```"), line != "```" {
        current = nil
      }
    }
    return blocks
  }

  private static func text() throws -> String { try String(contentsOf: readme, encoding: .utf8) }

  /// A folder that looks like the repository to a command: it has the traces and job files.
  private static func workplace() throws -> Scratch {
    let scratch = try Scratch()
    for folder in ["traces", "Fixtures"] {
      try FileManager.default.copyItem(
        at: Fixture.root.appending(path: folder), to: scratch.url(folder))
    }
    return scratch
  }

  @Test func everyCommandOfTheReadmeRuns() throws {
    let lines = try Self.blocks("sh", in: Self.text()).flatMap { $0.split(separator: "\n") }
    #expect(lines.count >= 8)
    let place = try Self.workplace()
    for line in lines {
      let run = try CommandRun(shell: String(line), folder: place.folder)
      #expect(run.status == 0, "\(line): \(run.errors)")
      #expect(!run.output.isEmpty || line.contains(" -q"), "\(line)")
    }
  }

  @Test func theDigestOfTheReadmeIsWhatTheCommandPrints() throws {
    let text = try Self.text()
    let shown = try #require(Self.blocks("text", in: text).first)
    let place = try Self.workplace()
    let run = try CommandRun(shell: "commlens analyze traces/vllm-tp4", folder: place.folder)
    let printed = run.output.trimmingCharacters(in: .newlines)
    if ProcessInfo.processInfo.environment["RECORD_GOLDEN"] != nil {
      let old = shown.isEmpty ? "```text\n```" : "```text\n\(shown)\n```"
      try text.replacingOccurrences(of: old, with: "```text\n\(printed)\n```")
        .write(to: Self.readme, atomically: true, encoding: .utf8)
    }
    #expect(shown == printed)
  }

  @Test func everyMakeTargetOfTheDocumentsExists() throws {
    let makefile = try String(
      contentsOf: Fixture.root.appending(path: "Makefile"), encoding: .utf8)
    for document in ["README.md", "CONTRIBUTING.md", ".ci/run"] {
      let text = try String(contentsOf: Fixture.root.appending(path: document), encoding: .utf8)
      let targets = text.matches(of: /(?:^|`)make ([a-z-]+)/.anchorsMatchLineEndings()).map(\.1)
      #expect(!targets.isEmpty)
      for target in targets {
        let isTarget = makefile.split(separator: "\n").contains {
          $0.prefix { $0 != ":" }.split(separator: " ").contains(target) && $0.contains(":")
        }
        #expect(isTarget, "\(document): make \(target)")
      }
    }
  }

  @Test func everyExitStatusIsInTheReadmeAndTheHelp() throws {
    let text = try Self.text()
    let help = try CommandRun(["--help"]).output.split { $0.isWhitespace }.joined(separator: " ")
    for status in commlens.ExitStatus.allCases {
      #expect(text.contains("\n| \(status.rawValue) | "))
      if status != .done { #expect(help.contains(" \(status.rawValue) ")) }
    }
    for document in [text, help] { #expect(document.contains("70, 64, 78, 73, 74, 65, 66, 1")) }
  }

  @Test func everyOptionOfTheReadmeIsInTheHelp() throws {
    let help = try CommandRun(["analyze", "--help"]).output
    let lines = try Self.blocks("sh", in: Self.text()).flatMap { $0.split(separator: "\n") }
    for line in lines {
      for match in line.matches(of: /commlens analyze[^#|]*/) {
        for option in match.output.matches(of: /\s(--?[a-z][a-z-]*)/) {
          #expect(help.contains(option.1), "\(option.1)")
        }
      }
    }
  }

  @Test func theAdviceOnCollectingLogsIsTheSameEverywhere() throws {
    let text = try Self.text()
    for setting in ["NCCL_DEBUG=INFO", "NCCL_DEBUG_SUBSYS=INIT,COLL,TUNING", "nccl.%h.%p.log"] {
      #expect(text.contains(setting))
      #expect(IngestionVerdict.advice.contains(setting))
    }
  }
}
