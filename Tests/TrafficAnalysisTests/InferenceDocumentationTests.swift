// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import TrafficAnalysis

/// Keeps the article on inference true.
@Suite struct InferenceDocumentationTests {
  private static var article: URL {
    Fixture.folder.deletingLastPathComponent()
      .appending(path: "Sources/TrafficAnalysis/TrafficAnalysis.docc/Inference.md")
  }

  /// Compares the part between two marks, or writes it when goldens are recorded.
  private func expectSection(_ name: String, _ expected: String) throws {
    let text = try String(contentsOf: Self.article, encoding: .utf8)
    let mark = "<!-- \(name): written by InferenceDocumentationTests -->\n"
    let start = try #require(text.range(of: mark)).upperBound
    let end = try #require(text.range(of: "<!-- end -->", range: start..<text.endIndex)).lowerBound
    if ProcessInfo.processInfo.environment["RECORD_GOLDEN"] != nil {
      let changed = text.replacingCharacters(in: start..<end, with: expected)
      try Data(changed.utf8).write(to: Self.article)
      Issue.record("recorded \(name); review the diff")
      return
    }
    let isEqual = text[start..<end] == expected
    #expect(isEqual, "\(name) in the article differs from the code")
  }

  @Test func theArticleListsTheRulesAndTheirAccuracy() throws {
    try expectSection("rules", InferenceRule.table)
    let accuracy = Fixture.folder.appending(path: "golden/analysis/inference-accuracy.md")
    try expectSection("accuracy", String(contentsOf: accuracy, encoding: .utf8))
  }

  @Test func rulesHaveNamesOfTheirOwn() {
    let rules = InferenceRule.allCases
    #expect(Set(rules.map(\.rawValue)).count == rules.count)
    #expect(Set(rules.map(\.looksAt)).count == rules.count)
    for rule in rules {
      #expect((rule.strength == .states) == [.declared, .named].contains(rule.kind), "\(rule)")
      for name in rule.speaksFor.split(separator: ", ") where name != "any" {
        #expect(ParallelismDimension(rawValue: String(name)) != nil, "\(rule)")
      }
    }
  }

  @Test func claimsAreWeighedAndConflictsShown() {
    var claims = Claims()
    #expect(claims.label.dimension == .unclassified)
    claims.add(Claim(.dp, .equalBuckets, "one size"))
    #expect(claims.label.confidence == .weak)
    claims.add(Claim(.dp, .equalBuckets, "said twice"))
    #expect(claims.label.evidence.map(\.text) == ["one size"])
    claims.add(Claim(.tp, .repeatedReductions, "many"))
    #expect(claims.label.dimension == .unclassified)
    #expect(claims.label.evidence.map(\.text) == ["dp? one size", "tp? many"])
    claims.add(Claim(.tp, .handedOver, "same bytes"))
    #expect(claims.label.dimension == .tp)
    #expect(claims.label.confidence == .strong)
    #expect(
      claims.label.evidence.map(\.text) == ["many", "same bytes", "against it, for dp: one size"])
  }
}
