// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import CollectiveTrace

@Suite struct ConfigurationSyntaxTests {
  private func problem(_ text: String) -> ConfigurationError? {
    do throws(ConfigurationError) {
      _ = try ConfigurationNode.parse(text, file: "f")
      return nil
    } catch {
      return error
    }
  }

  private func construct(_ text: String) -> ConfigurationError.Construct? {
    guard case .forbidden(_, let construct) = problem(text) else { return nil }
    return construct
  }

  @Test(arguments: [
    "a: 1\nb:\n  - x\n  - y: 2\n", "{\"a\": [1, 2, {\"b\": null}]}",
    "---\na: 1 # a comment with [ and & and \"\n", "a: it's research & development [sic]\n",
    "a: 'one ''quoted'' word'\n", "a: \"escaped \\\" quote and # no comment\"\n",
    "{\"a\":\"b\",\"c\":{\"d\":[]}}", "\u{FEFF}a: 1\n", "a:\r\n  b: 1\r\n", "a: -1\nb: 0-7\n",
    "a: http://host:80/x?y=1&z=*\n", "{\n\t\"a\": 1\n}\n",
  ])
  func acceptsTheYAMLAndJSONThatDescriptionsUse(text: String) {
    #expect(problem(text) == nil)
  }

  @Test(arguments: [
    ("a: &x 1\n", ConfigurationError.Construct.anchor), ("&x a: 1\n", .anchor),
    ("a: [1, &x 2]\n", .anchor), ("- &x a\n", .anchor), ("{\"a\":&x 1}", .anchor),
    ("a: *x\n", .alias), ("[a, *x]", .alias), ("[#\n*x]", .alias), ("*x : 1\n", .alias),
    ("a: !!int 1\n", .tag), ("!t\na: 1\n", .tag), ("[!t a]", .tag), ("a: !<x> 1\n", .tag),
    ("<<: {a: 1}\n", .mergeKey), ("{<< : {a: 1}}", .mergeKey), ("a:\n  <<: b\n", .mergeKey),
    ("a: |\n  text\n", .blockScalar), ("a: >-\n  text\n", .blockScalar),
    ("? a\n: b\n", .complexKey), ("[? a : b]", .complexKey), (": - - a\n", .complexKey),
    ("%YAML 1.1\n---\na: 1\n", .directive), ("a: 1\n---\nb: 1\n", .severalDocuments),
    ("a: 1\n...\n", .severalDocuments), ("--- a\n", .severalDocuments),
  ])
  func refusesByNameWhatDescriptionsDoWithout(
    text: String, expected: ConfigurationError.Construct
  ) {
    #expect(construct(text) == expected)
  }

  @Test func namesThePlaceOfARefusedConstruct() {
    #expect(
      problem("a: 1\nbé: [1, &x 2]\n")
        == .forbidden(
          at: ConfigurationLocation(file: "f", line: 2, column: 9), construct: .anchor))
  }

  @Test(arguments: [
    String(repeating: "[", count: 1 << 20), String(repeating: "{a: ", count: 1 << 18),
    String(repeating: "- ", count: 1 << 19), "a: 1\nb: " + String(repeating: "[", count: 33),
    String(repeating: " ", count: 300) + "a: 1\n",
    "[" + String(repeating: "\n- ", count: 3) + String(repeating: "- ", count: 500),
  ])
  func refusesDeepNestingBeforeTheLibraryRecurses(text: String) {
    guard case .tooDeep = problem(text) else {
      Issue.record("accepted, or refused for another reason")
      return
    }
  }

  @Test func acceptsTheDeepestNestingItPromises() {
    let depth = ConfigurationSyntax.maximumDepth
    #expect(
      problem(String(repeating: "[", count: depth) + String(repeating: "]", count: depth)) == nil)
    let dashes = String(repeating: "- ", count: ConfigurationSyntax.maximumIndentation / 2)
    #expect(problem(dashes + "a") == nil)
    let staircase = (0..<ConfigurationSyntax.maximumIndentation)
      .map { String(repeating: " ", count: $0) + "a:\n" }.joined()
    #expect(problem(staircase) == nil)
  }

  @Test(arguments: [
    "a: \"open\n", "a: 'open\n", "[a, \"b]\n", "[a \"b\"]", "[a\n\"b\"]", "a: [1, 2\n",
    "a: b: c\n", "", "# nothing\n", "\"a\n b\": 1\n", "a: @b\n",
  ])
  func reportsWhatIsNeitherYAMLNorJSON(text: String) {
    guard case .malformed = problem(text) else {
      Issue.record("\(String(describing: problem(text)))")
      return
    }
  }

  @Test(arguments: [
    ("a: \u{0}b", 3), ("a: \u{1B}[31m", 3), ("a: x\u{2028}y", 4), ("a: x\u{85}y", 4),
    ("a: 1\n\u{FEFF}b: 2\n", 5), ("\u{7F}", 0),
  ])
  func refusesCharactersThatReadersDisagreeAbout(text: String, offset: Int) {
    #expect(problem(text) == .notText(file: "f", byteOffset: offset))
  }

  @Test func refusesKeysThatStandTwice() {
    #expect(
      problem("a: 1\nb: 2\na: 3\n")
        == .duplicateKey(at: ConfigurationLocation(file: "f", line: 1, column: 1), key: "a"))
    // The same key with and without quotes is the same key.
    guard case .duplicateKey(_, "a") = problem("{\"a\": 1, a: 2}") else {
      Issue.record("accepted")
      return
    }
  }

  @Test func refusesTextsLargerThanTheLimit() {
    let limit = ConfigurationFile.maximumBytes
    let frame = "a: 1\n#"
    let largest = frame + String(repeating: "x", count: limit - frame.utf8.count)
    #expect(problem(largest) == nil)
    #expect(problem(largest + "x") == .tooLarge(file: "f", limitBytes: limit))
  }

  @Test func neverTrapsOnRandomTexts() {
    let pieces = [
      "a", "b:", " ", "\n", "\n  ", "- ", "? ", ": ", "[", "]", "{", "}", ",", "\"", "'", "#", "&x",
      "*x", "!t", "|", "<<", "---\n", "\t", "é", "0", "world_size: 4\n", "\\", "~",
    ]
    var state: UInt64 = 7
    func draw(_ count: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % count
    }
    for _ in 0..<20_000 {
      let text = (0..<(1 + draw(20))).map { _ in pieces[draw(pieces.count)] }.joined()
      _ = try? JobDescription.parse(text: text, file: "f")
      _ = try? ModelConfiguration.parse(text: text, file: "f")
    }
  }

  @Test(arguments: [
    ("tensr", "tensor"), ("Tensor", "tensor"), ("pipline", "pipeline"),
    ("expert-tensor", "expert_tensor"),
    ("dtaa", "data"), ("tp", "tensor"),
  ])
  func suggestsTheNameThatWasMeant(written: String, meant: String) {
    #expect(
      ConfigurationText.suggestion(
        for: written, among: ["tensor", "pipeline", "data", "expert", "expert_tensor"],
        synonyms: ["tp": "tensor"]) == meant)
  }

  @Test func suggestsNothingWhenNothingIsClose() {
    #expect(ConfigurationText.suggestion(for: "colour", among: ["tensor", "data"]) == nil)
  }

  @Test func errorsCannotDisturbATerminal() {
    let error = ConfigurationError.invalidValue(
      at: ConfigurationLocation(file: "a\u{1B}[2J", line: 1), keyPath: "x\u{202E}y",
      found: ConfigurationText.printable(String(repeating: "\u{7}", count: 100)), allowed: "text")
    #expect(
      !error.description.unicodeScalars.contains {
        $0.value < 0x20 || $0.value == 0x7F || $0.value == 0x202E
      })
    #expect(error.description.count < 600)
  }
}
