// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import commlens

@Suite struct ManualCommandTests {
  let scratch: Scratch

  init() throws {
    scratch = try Scratch()
    let run = try CommandRun(["manual", "-o", scratch.path("man")])
    #expect(run.status == 0, "\(run.errors)")
  }

  private func page(_ name: String) throws -> String {
    try String(contentsOf: scratch.url("man/" + name), encoding: .utf8)
  }

  @Test func everyCommandOfTheHelpHasAPage() throws {
    let help = try CommandRun(["--help"]).output
    let listed = try #require(help.components(separatedBy: "SUBCOMMANDS:\n").last)
    let commands = listed.matches(of: #/^  ([a-z]+)  /#.anchorsMatchLineEndings())
      .map { String($0.1) }
    #expect(commands.count >= 7)
    let pages = Set(try scratch.names("man"))
    for command in commands { #expect(pages.contains("commlens-\(command).1"), "\(command)") }
    // Commands below a command have theirs too.
    #expect(pages.count { $0.split(separator: "-").count < 3 } == commands.count + 2)
    #expect(pages.contains("commlens-config-show.1"))
  }

  @Test func everyOptionOfAHelpIsInItsPage() throws {
    for name in try scratch.names("man") where name.hasPrefix("commlens-") {
      let command = String(name.dropFirst(9).dropLast(2)).split(separator: "-").map(String.init)
      let help = try CommandRun(command + ["--help"]).output
      let text = try page(name).replacingOccurrences(of: "\\-", with: "-")
      let options = help.matches(of: #/^  (?:-[a-z], )?--([a-z-]+)/#.anchorsMatchLineEndings())
        .map(\.1)
      #expect(!options.isEmpty)
      for option in options { #expect(text.contains("Fl -\(option)"), "\(name): \(option)") }
    }
  }

  @Test func thePageOfConventionsListsEveryFormatAndStatus() throws {
    let text = try page("commlens.7")
    let formats = try CommandRun(["formats"]).output.split(separator: "\n").dropFirst()
    #expect(formats.count >= 10)
    for format in formats {
      let name = format.prefix { $0 != "," }
      #expect(text.contains(".It Sy \(name)\n"))
    }
    for status in commlens.ExitStatus.allCases {
      #expect(text.contains(".It \(status.rawValue)\n"))
    }
  }

  @Test func thePageOfConventionsListsEverySetting() throws {
    let text = try page("commlens.7")
    let shown = try CommandRun(["config", "show", "--format", "csv"]).output
    let keys = shown.split(separator: "\n").dropFirst().map { $0.prefix { $0 != "," } }
    #expect(keys.count >= 9)
    for key in keys {
      #expect(text.contains(".It Ev COMMLENS_\(key.uppercased())\n"))
      #expect(text.contains(".It Cm \(key)\n"))
    }
  }

  @Test func aPageIsPrintedByItsName() throws {
    #expect(try CommandRun(["manual", "commlens.7"]).output == page("commlens.7"))
    #expect(try CommandRun(["manual"]).output.split(separator: "\n").contains("commlens.1"))
    let unknown = try CommandRun(["manual", "commlens.9"])
    #expect(unknown.status == 64)
    #expect(unknown.errors.contains("commlens.7"))
  }

  @Test func whatLooksLikeAMacroIsText() {
    var page = ManualPage(name: "x", section: 1, summary: "Tells `a'b\\c.")
    page.prose(".Sh is no heading. 'Nor this ... is\n\nSee --color and a.b-c, well-known.")
    let lines = page.text.split(separator: "\n")
    #expect(lines.contains(".Nd Tells \\(gaa\\(aqb\\ec"))
    #expect(lines.contains("\\&.Sh is no heading."))
    #expect(lines.contains("\\(aqNor this ...\\& is"))
    #expect(lines.contains("See \\-\\-color and a.b\\-c, well-known."))
  }

  static let mandoc = "/usr/bin/mandoc"

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: Self.mandoc)))
  func mandocHasNothingToSay() throws {
    let run = try CommandRun(
      shell: "\(Self.mandoc) -Tlint -Wstyle ./*", folder: scratch.url("man"))
    #expect(run.output == "")
    #expect(run.status == 0)
  }

  @Test(arguments: ["bash", "zsh", "fish"])
  func theCompletionsKnowEveryCommandAndAreInOrder(_ shell: String) throws {
    let run = try CommandRun(["--generate-completion-script", shell])
    #expect(run.status == 0)
    for word in ["analyze", "compare", "topology", "--", "fail-on"] {
      #expect(run.output.contains(word), "\(word)")
    }
    try scratch.write("script", run.output)
    guard FileManager.default.isExecutableFile(atPath: "/usr/bin/\(shell)") else { return }
    let check = try CommandRun(shell: "\(shell) -n script", folder: scratch.folder)
    #expect(check.status == 0, "\(check.errors)")
  }
}
