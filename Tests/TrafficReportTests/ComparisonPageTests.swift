// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import TrafficAnalysis
@testable import TrafficReport

@Suite struct ComparisonPageTests {
  private static let gates = ["tp.bytes>+5%", "findings<=9", "time>1s"].compactMap {
    try? ComparisonGate($0)
  }

  private static func comparison(_ name: String) throws -> RunComparison {
    try #require(SampleComparison.all.first { $0.name == name }?.comparison)
  }

  private static func page(
    _ comparison: RunComparison, gates: [ComparisonGate] = []
  ) throws -> String {
    let files = ComparisonReport.files(comparison, gates: gates)
    let file = try #require(files.first { $0.name == "report.html" })
    return try #require(String(validating: file.bytes, as: UTF8.self))
  }

  /// A run with these bytes of tensor parallelism, and a pipeline's where there are any.
  private static func run(
    _ label: String, tp: UInt64, pp: UInt64 = 0, tokens: UInt64? = nil,
    change: (inout TrafficSummary) -> Void = { _ in }
  ) -> ComparedRun {
    var summary = TrafficSummary()
    let parts: [(ParallelismDimension, String, UInt64)] = [
      (.tp, "all_reduce", tp), (.pp, "send_recv", pp),
    ]
    for (dimension, collective, wire) in parts where wire > 0 {
      summary.traffic.append(
        TrafficRow(
          dimension: dimension, phase: .decode, collective: collective, dataType: "",
          elementCount: nil, messageBytes: wire, communicatorSize: 4, communicators: 1,
          operations: 1, rankCalls: 4, payloadBytes: wire, wireBytes: wire, intraNodeBytes: wire,
          interNodeBytes: 0))
      var row = CommunicatorRow(communicator: "c", size: 4)
      row.dimension = dimension
      row.operations = 1
      summary.communicators.append(row)
    }
    change(&summary)
    var run = ComparedRun(label: label, summary)
    run.statedTokens = tokens
    return run
  }

  private static func lead(_ runs: [ComparedRun], gates: [ComparisonGate] = []) throws -> (
    headline: String, lines: [String: String]
  ) {
    let lead = ComparisonLead(try RunComparison(runs))
    return (lead.headline, Dictionary(uniqueKeysWithValues: lead.lines(gates: gates)))
  }

  @Test(arguments: SampleComparison.all.map(\.name))
  func everyPageIsSoundAndHoldsItsPicture(name: String) throws {
    let comparison = try Self.comparison(name)
    let files = ComparisonReport.files(comparison, gates: Self.gates)
    let elements = try PageElements(Self.page(comparison, gates: Self.gates))
    elements.expectLinks(to: files)
    elements.expectSelfContained()
    elements.expectPolicy()
    #expect(elements.all.count { $0.name == "svg" } == 1)
    #expect(elements.all.contains { $0["id"] == "gates" })
  }

  @Test func theHeadlineNamesRunsUnitAndTheLargestChange() throws {
    let small = Self.run("PP4", tp: 0, pp: 100, tokens: 10)
    #expect(
      try Self.lead([small, Self.run("TP4", tp: 7300, tokens: 10)]).headline
        == "PP4 and TP4, per token: TP4 puts 73.0 x the bytes of PP4 on the wire")
    #expect(
      try Self.lead([small, Self.run("b", tp: 0, pp: 104), Self.run("c", tp: 0, pp: 99)]).headline
        == "PP4, b and c, whole runs: b puts 4.0 % more bytes on the wire than PP4")
    #expect(
      try Self.lead([small, Self.run("c", tp: 60)]).headline
        == "PP4 and c, whole runs: c puts 40 % fewer bytes on the wire than PP4")
    #expect(
      try Self.lead([small, Self.run("c", tp: 0)]).headline
        == "PP4 and c, whole runs: c puts nothing on the wire, and PP4 100 B")
    #expect(
      try Self.lead([Self.run("none", tp: 0), small]).headline
        == "none and PP4, whole runs: PP4 puts 100 B on the wire, and none nothing")
    #expect(
      try Self.lead([small, Self.run("c", tp: 100)]).headline
        == "PP4 and c, whole runs: all put the same bytes on the wire")
    #expect(
      try Self.lead((0..<6).map { Self.run("r\($0)", tp: 2048) }).headline
        == "r0, r1, r2 and 3 more runs, whole runs: all put the same bytes on the wire")
  }

  @Test func theLeadSaysWhatChangedAndWhatNot() throws {
    let finding = Finding(
      code: "x", severity: .warning, summary: "A rank is late.", location: "", evidence: "",
      suggestion: "")
    let before = Self.run("PP4", tp: 0, pp: 100) { $0.findings = [finding, finding] }
    let after = Self.run("TP4", tp: 7300) { summary in
      summary.findings = [finding]
      summary.findings[0].code = "y"
      summary.findings[0].summary = "A rank stopped."
    }
    let changed = try Self.lead([before, after], gates: Self.gates).lines
    #expect(changed["Bytes"] == "On the wire: PP4 100 B, the baseline; TP4 7.13 KiB (73.0 x).")
    #expect(
      changed["Largest change"]
        == "TP4: tp all_reduce +7.13 KiB (new), pp send_recv -100 B (gone).")
    #expect(changed["Layout"] == "TP4: tp none → 4, pp 4 → none.")
    #expect(changed["Links"] == nil)
    #expect(changed["Findings"] == "TP4 gained 1, lost 1. A rank stopped.")
    // PP4 has nothing of tp, so that more is without bounds; times are not known.
    #expect(
      changed["Gates"]
        == "3 of 3 gates trip. tp.bytes>+5%: tp wire bytes of TP4: 7.13 KiB, and PP4 has none.")
    let same = try Self.lead(
      [before, Self.run("b", tp: 0, pp: 100) { $0.findings = [finding] }],
      gates: [ComparisonGate("bytes>+5%")]
    ).lines
    #expect(same["Largest change"] == nil)
    #expect(same["Layout"] == "The same strategies with the same degrees.")
    #expect(same["Findings"] == "None gained, none lost.")
    #expect(same["Gates"] == "The gate passes.")
  }

  @Test func gatesAreTheirVerdicts() throws {
    let runs = [Self.run("a", tp: 100), Self.run("b", tp: 200)]
    let elements = try PageElements(
      Self.page(
        RunComparison(runs), gates: [ComparisonGate("bytes>+5%"), ComparisonGate("bytes>1KiB")]))
    let texts = elements.all.filter { $0.name == "li" }.map(\.text)
    #expect(
      texts.contains(
        "bytes>+5%: total wire bytes of b: 200 B, +100 % against 100 B of a. The gate trips."))
    #expect(texts.contains("bytes>1KiB: passes."))
    #expect(!(try Self.page(RunComparison(runs))).contains("id=\"gates\""))
  }

  @Test func amountsAreByTheUnitThatRunsAreComparedBy() throws {
    func heads(_ tokens: UInt64?) throws -> [String] {
      try PageElements(
        Self.page(
          RunComparison([
            Self.run("a", tp: 2_000_000, tokens: tokens), Self.run("b", tp: 9, tokens: tokens),
          ]))
      ).all.filter { $0.name == "th" }.map(\.text)
    }
    let whole = try heads(nil)
    #expect(whole.contains("wire bytes ratio") && !whole.contains("wire bytes per token"))
    let token = try heads(1000)
    #expect(token.contains("wire bytes per token ratio") && !token.contains("wire bytes ratio"))
    let cells = try PageElements(
      Self.page(
        RunComparison([Self.run("a", tp: 2_000_001, tokens: 2), Self.run("b", tp: 9, tokens: 2)]))
    ).all.filter { $0.name == "td" }
    #expect(cells.contains { $0.text == "977 KiB" && $0["title"] == "1000000.5 bytes" })
  }

  @Test func onlyWhatDiffersFromTheBaselineIsListed() throws {
    let elements = try PageElements(
      Self.page(RunComparison([Self.run("a", tp: 5, pp: 1), Self.run("b", tp: 5)])))
    func text(_ section: String) -> String {
      let place = elements.all.firstIndex { $0["id"] == section }
      return elements.all.first { $0.name == "p" && $0.parent == place }?.text ?? ""
    }
    // Two runs, two strategies; only the pipeline of b is not as in a.
    #expect(
      text("comparison_layout").hasSuffix("The 1 of 4 that differ from the baseline; all are in ."))
    let same = try PageElements(
      Self.page(RunComparison([Self.run("a", tp: 5), Self.run("b", tp: 5)])))
    #expect(
      same.all.contains { $0.text.contains("Of 2 there are none that differ from the baseline") })
    let place = same.all.firstIndex { $0["id"] == "comparison_layout" }
    #expect(!same.all.contains { $0.name == "div" && $0.parent == place })
  }

  @Test func namesOfEveryKindStayText() throws {
    var names = HostileNames(count: 60)
    var runs: [ComparedRun] = []
    while let name = names.next(), runs.count < 20 {
      let other = names.next() ?? ""
      runs.append(
        Self.run("\(runs.count)\(name)", tp: UInt64(runs.count + 1)) { summary in
          summary.headline = other
          summary.traffic[0].collective = other
          summary.findings = [
            Finding(
              code: other, severity: .error, summary: name, location: "", evidence: "",
              suggestion: "")
          ]
        })
    }
    runs[1].label = "<script>alert(1)</script>"
    let text = try Self.page(RunComparison(runs), gates: Self.gates)
    let elements = try PageElements(text)
    elements.expectSelfContained()
    #expect(text.split(separator: "<script", omittingEmptySubsequences: false).count == 2)
    #expect(!elements.all.contains { $0.name == "script" })
    #expect(elements.all.contains { $0.text.hasPrefix("<script>alert(1)") })
  }

  @Test func aPageOfManyRunsStaysSmall() throws {
    #expect(try Self.page(Self.comparison("many"), gates: Self.gates).utf8.count < 500_000)
  }
}
