// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import CollectiveTrace

/// The oracle is bash itself where the script can be run, else values read off by hand.
@Suite struct ShellScriptTests {
  private func words(_ script: String) -> [[String]] {
    ShellScript(script).commands.map { $0.map(\.text) }
  }

  /// The last command's words, with marks as letters: u(nknown), a(ssumed), c(onditional).
  private func last(_ script: String) -> [String] {
    (words(script).last ?? []).map { word in
      word.replacing(String(ShellScript.unknown), with: "<u>")
        .replacing(String(ShellScript.assumed), with: "<a>")
        .replacing(String(ShellScript.conditional), with: "<c>")
    }
  }

  @Test(arguments: [
    "A=4; run $A \"$A\" '$A' ${A} x${A}y --f=$A",
    "A=(1 \"2 3\"\n# no\n  4)\nrun ${A[@]} \"${A[@]}\"",
    "A=(1); A+=(2 3); B=\"${A[*]} 4\"; run $B",
    "A=2\nB=$((A * (3 + 1) - 8 / 2 % 3))\nrun $B $(( 7 )) $((B+A))",
    "run one \\\n  two\\\n three # four",
    "export A=3\ndeclare -x B=$A\nrun $B",
    ": \"${A:=8}\"\nrun ${A} ${B:-5} ${C:-\"6\"} ${A:-7}",
    "A=\"x y\"; B=$A; run $B",
    "A=; run $A end",
    "A='it''s'; run \"$A\" a\\ b",
    "cat <<EOF >/dev/null\nrun --not-this $A\nEOF\nrun yes",
    "A=1; A=2; run $A; ",
    "run a 2>&1 >/dev/null b",
    "run a \"b;c\" 'd|e'",
  ])
  func followsBash(_ script: String) throws {
    // What the shell hands to `run`, one word a line.
    let process = Process()
    process.executableURL = URL(filePath: "/bin/bash")
    process.arguments = [
      "-c", "run() { printf '%s\\n' \"$@\" >&3; }\nexec 3>&1\n\(script)",
    ]
    process.environment = [:]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    let expected = output.split(separator: "\n", omittingEmptySubsequences: true).map(String.init)
    let ours = words(script).filter { $0.first == "run" }.flatMap { $0.dropFirst() }
      .map { $0.filter { $0 != ShellScript.assumed } }
    #expect(!expected.isEmpty)
    #expect(ours == expected, "\(script)")
  }

  @Test func whatOnlyARunTellsIsUnknown() {
    #expect(
      last("run $1 $HOME $(hostname) `date` ${#A} ${A%x} $((A+1)) $? \"$@\"")
        == ["run"] + Array(repeating: "<u>", count: 9))
    #expect(last("N=$(nvidia-smi -L | wc -l)\nrun --n $N") == ["run", "--n", "<u>"])
    #expect(last("for i in 1 2; do\n run $i\ndone") == ["run", "<u>"])
    #expect(
      last("run $((1/0)) $((9223372036854775807+1)) $((1+)) $((2**3)) $((0-1))")
        == ["run"] + Array(repeating: "<u>", count: 5))
  }

  @Test func aDefaultIsMarkedAndAVariableThatIsSetIsNot() {
    #expect(last("run ${A:-8}") == ["run", "8<a>"])
    #expect(last("A=4\nrun ${A:-8}") == ["run", "4"])
    #expect(last(": ${A:=8}\nB=$((A*2))\nrun $B") == ["run", "16<a>"])
  }

  @Test func whatIsSetUnderAConditionIsMarked() {
    #expect(last("if [ x ]; then A=1; else A=2; fi\nrun $A") == ["run", "2<c>"])
    #expect(last("[ x ] && A=1\nrun $A") == ["run", "1<c>"])
    #expect(last("A=1\nif [ x ]; then\n A=1\nfi\nrun $A") == ["run", "1"])
    #expect(
      last("A=(x)\nif y; then A+=(--f 1); fi\nrun ${A[@]}") == ["run", "x", "--f<c>", "1<c>"])
    #expect(last("case $x in\n a) A=1 ;;\nesac\nrun $A") == ["run", "1<c>"])
    // After the condition assignments count again.
    #expect(last("if y; then A=1; fi\nA=3\nrun $A") == ["run", "3"])
  }

  @Test func expansionIsBounded() {
    var script = "A0=\"0123456789012345678901234567890123456789\"\n"
    for level in 1...60 { script += "A\(level)=\"$A\(level - 1) $A\(level - 1)\"\n" }
    let read = ShellScript(script + "run $A60\n")
    #expect(read.isCut)
    // Just below the limit nothing is cut.
    let half = String(repeating: "x", count: ShellScript.maximumExpansion - 1)
    #expect(!ShellScript("A=\(half)\nrun $A\n").isCut)
    #expect(ShellScript("A=\(half)x\nrun $A\n").isCut)
    let many = String(repeating: "w ", count: ShellScript.maximumWords)
    #expect(!ShellScript(many).isCut)
    #expect(ShellScript(many + "w ").isCut)
  }

  @Test(arguments: [
    "A=(", "run \"", "run '", "run ${", "run $((", "run $(", "cat <<", "cat <<EOF\nx", "((((", "`",
    "$",
    "\\", "A+=", "run ${A[", "if if if fi fi fi fi", ")", "&&", "<<<", "$[", "run ${:-}",
    "${A:-${B:-",
  ])
  func anUnfinishedTextEnds(_ script: String) {
    for end in 0...script.utf8.count {
      _ = ShellScript(String(decoding: Array(script.utf8).prefix(end), as: UTF8.self))
    }
    #expect(ShellScript(script).commands.count <= 4)
  }

  @Test func deepNestingNeedsNoStack() {
    let deep = String(repeating: "${A:-", count: 50_000)
    #expect(ShellScript("run \(deep)").commands.count <= 1)
    let brackets = "run $((" + String(repeating: "(", count: 200) + "1"
    #expect(ShellScript(brackets).commands.count <= 1)
  }
}
