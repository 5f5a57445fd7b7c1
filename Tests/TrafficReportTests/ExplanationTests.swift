// SPDX-License-Identifier: Apache-2.0

import Testing
import TrafficAnalysis

@testable import TrafficReport

/// The evidence behind a label, on the terminal.
@Suite struct ExplanationTests {
  private static func summary() -> TrafficSummary {
    var summary = TrafficSummary()
    for (number, ranks) in [[0, 1], [2, 3], [0, 2]].enumerated() {
      var row = CommunicatorRow(communicator: "c\(number)", size: 2)
      row.ranks = ranks
      row.nodes = 1
      row.isComplete = true
      row.membership = "commId"
      row.operations = 3
      row.wireBytes = 2048
      row.dimension = number < 2 ? .tp : .unclassified
      row.confidence = number < 2 ? .strong : .none
      if number < 2 {
        row.evidence = [
          Evidence(.structure, "consecutive ranks"), Evidence(.behaviour, "the same bytes"),
        ]
      }
      summary.communicators.append(row)
    }
    summary.communicators[2].name = "pipe \u{1B}[2J"
    summary.communicators[2].parent = "c0"
    return summary
  }

  @Test func communicatorsWithTheSameReasonsAreToldOnce() throws {
    #expect(
      try Explanation.text(of: ["tp"], in: Self.summary()) == """
        tp, strong evidence: 2 communicators
          c0: ranks 0,1 on 1 node; all ranks seen, by commId; 2 KiB on the wire in 3 operations
          c1: ranks 2,3 on 1 node; all ranks seen, by commId; 2 KiB on the wire in 3 operations
          because
            - structure: consecutive ranks
            - behaviour: the same bytes

        """)
  }

  @Test func severalNamesAndNamesOfFrameworksAreTakenAndMadePrintable() throws {
    let text = try Explanation.text(of: ["c1", "pipe \u{1B}[2J"], in: Self.summary())
    #expect(text.hasPrefix("tp, strong evidence: c1\n"))
    #expect(text.contains("\n\nunclassified, not enough evidence: c2\n"))
    #expect(text.contains("split from c0"))
    #expect(text.contains("nothing speaks for a label"))
    #expect(!text.unicodeScalars.contains("\u{1B}"))
  }

  @Test func aNameThatIsNotThereIsAnErrorThatSaysWhichAre() {
    #expect(
      throws: Explanation.UnknownName(
        message: "Nothing here is named ep; there are tp, unclassified and c0 to c2.")
    ) { try Explanation.text(of: ["c0", "ep"], in: Self.summary()) }
    #expect(
      throws: Explanation.UnknownName(
        message: "Nothing here is named c0; there is no communicator.")
    ) { try Explanation.text(of: ["c0"], in: TrafficSummary()) }
  }
}
