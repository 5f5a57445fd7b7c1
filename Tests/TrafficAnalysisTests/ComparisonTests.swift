// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Testing

@testable import TrafficAnalysis

/// Runs side by side, from summaries written by hand.
@Suite struct ComparisonTests {
  private static func row(
    _ dimension: ParallelismDimension, _ phase: TrafficPhase, _ collective: String,
    message: UInt64?, operations: UInt64, wire: UInt64, inter: UInt64? = 0
  ) -> TrafficRow {
    TrafficRow(
      dimension: dimension, phase: phase, collective: collective, dataType: "bfloat16",
      elementCount: nil, messageBytes: message, communicatorSize: 4, communicators: 1,
      operations: operations, rankCalls: 4 * operations, payloadBytes: wire, wireBytes: wire,
      intraNodeBytes: inter.map { wire - $0 }, interNodeBytes: inter)
  }

  private static func run(
    _ label: String, _ rows: [TrafficRow], ranks: Int = 4,
    change: (inout TrafficSummary) -> Void = { _ in }
  ) -> ComparedRun {
    var summary = TrafficSummary()
    summary.traffic = rows
    summary.coverage.ranksSeen = ranks
    summary.coverage.ranksExpected = ranks
    summary.coverage.ncclLines = 100
    change(&summary)
    return ComparedRun(label: label, summary)
  }

  private static let tensor = run(
    "tp",
    [
      row(.tp, .prefill, "all_reduce", message: 1000, operations: 2, wire: 600),
      row(.tp, .decode, "all_reduce", message: 10, operations: 40, wire: 120, inter: 20),
    ])
  private static let pipeline = run(
    "pp", [row(.pp, .decode, "send_recv", message: 5, operations: 8, wire: 40)])

  private static func communicator(
    _ dimension: ParallelismDimension, _ size: Int, _ confidence: Confidence,
    operations: UInt64 = 1
  ) -> CommunicatorRow {
    var row = CommunicatorRow(communicator: "c", size: size)
    row.dimension = dimension
    row.confidence = confidence
    row.operations = operations
    return row
  }

  @Test func aClassThatARunLacksIsZeroBesideTheOthers() throws {
    let comparison = try RunComparison([Self.tensor, Self.pipeline])
    let rows = comparison.classes
    #expect(rows.count == 6)
    #expect(rows.map(\.run) == [0, 0, 0, 1, 1, 1])
    #expect(
      rows.prefix(3).map { "\($0.key.dimension) \($0.key.phase) \($0.key.collective)" }
        == ["tp prefill all_reduce", "tp decode all_reduce", "pp decode send_recv"])
    #expect(rows.map(\.value.wireBytes) == [600, 120, 0, 0, 0, 40])
    #expect(rows.map(\.baseline.wireBytes) == [600, 120, 0, 600, 120, 0])
    #expect(rows.map(\.value.operationBytes) == [2000, 400, 0, 0, 0, 40])
    #expect(rows.map(\.value.interNodeBytes) == [0, 20, 0, 0, 0, 0])
  }

  @Test func sumsAreThoseOfTheRowsAndTheTotalComesLast() throws {
    let sums = try RunComparison([Self.tensor, Self.pipeline], baseline: 1).sums
    #expect(sums.map { $0.key?.rawValue ?? "total" } == ["tp", "pp", "total", "tp", "pp", "total"])
    #expect(sums.map(\.value.wireBytes) == [720, 0, 720, 0, 40, 40])
    #expect(sums.map(\.baseline.wireBytes) == [0, 40, 40, 0, 40, 40])
    #expect(sums[2].value.operations == 42)
  }

  @Test func whatOneRowDoesNotKnowTheSumDoesNotKnow() {
    let own = Self.run(
      "a",
      [
        Self.row(.ep, .forward, "all_to_all", message: nil, operations: 1, wire: 10),
        Self.row(.ep, .backward, "all_to_all", message: 4, operations: 1, wire: 10, inter: nil),
      ]
    ).amounts(of: .ep)
    #expect(own.operationBytes == nil)
    #expect(own.interNodeBytes == nil)
    #expect(own.wireBytes == 20)
  }

  @Test func sumsOfHostileNumbersStayAtTheEndOfTheirRange() {
    let rows = [
      Self.row(.tp, .decode, "all_reduce", message: .max, operations: 3, wire: .max / 2),
      Self.row(.tp, .prefill, "all_reduce", message: 1, operations: .max / 4, wire: .max / 2),
      Self.row(.pp, .prefill, "send_recv", message: 1, operations: 1, wire: .max / 2),
    ]
    let own = Self.run("a", rows).amounts()
    #expect(own.wireBytes == .max)
    #expect(own.operationBytes == .max)
  }

  // MARK: - What is compared by

  @Test func runsAreComparedByTokensThenByStepsThenWhole() throws {
    var (a, b) = (Self.tensor, Self.pipeline)
    #expect(try RunComparison([a, b]).basis == .run)
    a.coverage.repetitions = 10
    b.coverage.repetitions = 20
    let steps = try RunComparison([a, b])
    #expect(steps.basis == .step)
    #expect(steps.divisor(1) == 20)
    a.coverage.tokens = 100
    #expect(try RunComparison([a, b]).basis == .step)
    b.statedTokens = 50
    let tokens = try RunComparison([a, b])
    #expect(tokens.basis == .token)
    #expect([tokens.divisor(0), tokens.divisor(1)] == [100, 50])
    #expect(try RunComparison([a, b], basis: .run).basis == .run)
  }

  @Test func passesOfAnEngineAreTheStepsOfItsDecodePhaseOnly() throws {
    var own = Self.tensor
    own.coverage.repetitions = 127
    own.coverage.repeatsPasses = true
    #expect(own.steps(of: .decode) == 127)
    #expect(own.steps(of: .prefill) == nil)
    #expect(own.steps() == nil)
    own.coverage.repeatsPasses = false
    #expect(own.steps(of: .forward) == 127)
    #expect(own.steps() == 127)
    #expect(own.steps(of: .initialization) == nil)
    own.statedSteps = 5
    #expect(own.steps(of: .prefill) == 5)
  }

  @Test func whatCannotBeComparedSaysWhy() {
    #expect(throws: RunComparison.Refusal(reason: "A comparison needs two runs or more.")) {
      try RunComparison([Self.tensor])
    }
    let empty = Self.run("a", [])
    #expect(throws: RunComparison.Refusal.self) { try RunComparison([empty, empty]) }
    let refusal = #expect(throws: RunComparison.Refusal.self) {
      try RunComparison([Self.tensor, Self.pipeline], basis: .token)
    }
    #expect(refusal?.reason.contains("--tokens tp=N") ?? false)
  }

  @Test func statementsNameEachRunThatIsNotComparable() throws {
    let full = Self.run("full", Self.rows) { $0.coverage.repetitions = 10 }
    let partial = Self.run("partial", Self.rows) {
      $0.coverage.ranksSeen = 3
      $0.coverage.linesLost = 1
      $0.coverage.repetitions = 12
      $0.coverage.repeatsPasses = true
    }
    let statements = try RunComparison([full, partial, Self.run("none", [], ranks: 8)]).statements
    #expect(statements.count == 4)
    #expect(statements[0].hasPrefix("Run none has no operations"))
    #expect(
      statements[1]
        == "Run partial may have moved more than is shown: 3 of 4 ranks seen; 1 line lost.")
    #expect(statements[2].contains("(full 10 steps, partial 12 passes)"))
    #expect(statements[3] == "Numbers of ranks differ: full 4, partial 4, none 8.")
    #expect(try RunComparison([full, full]).statements == [])
  }

  private static let rows = [
    row(.tp, .decode, "all_reduce", message: 10, operations: 40, wire: 120)
  ]

  @Test func modelsAndSourcesThatDifferAreStated() throws {
    let log = Self.run("log", Self.rows) { $0.coverage.model = "llama: 32 layers" }
    let trace = Self.run("trace", Self.rows) { $0.coverage.ncclLines = 0 }
    let statements = try RunComparison([log, trace]).statements
    #expect(
      statements == [
        "Models differ: log llama: 32 layers, trace not stated.",
        "Logs count every call and traces those they recorded: trace has no log.",
      ])
  }

  // MARK: - Layout, links, findings, times

  @Test func aDegreeIsTheSizeThatAllGroupsOfAStrategyHave() throws {
    let a = Self.run("a", Self.rows) {
      $0.communicators = [
        Self.communicator(.tp, 4, .strong), Self.communicator(.tp, 4, .weak, operations: 0),
        Self.communicator(.dp, 2, .strong), Self.communicator(.dp, 4, .weak),
      ]
    }
    #expect(a.groups[.tp]?.degree == 4)
    #expect(a.groups[.tp]?.count == 2)
    // A group without traffic does not make the label weak.
    #expect(a.groups[.tp]?.confidence == .strong)
    #expect(a.groups[.dp]?.degree == nil)
    #expect(a.groups[.dp]?.sizes == [2, 4])
    #expect(a.groups[.dp]?.confidence == .weak)
    let rows = try RunComparison([a, Self.tensor], baseline: 1).groups
    #expect(rows.map(\.value.count) == [2, 2, 0, 0])
    #expect(rows.allSatisfy { $0.baseline.count == 0 })
  }

  @Test func theOrderOfCommunicatorsDoesNotMatter() {
    let rows = [
      Self.communicator(.tp, 4, .weak, operations: 0), Self.communicator(.tp, 2, .strong),
      Self.communicator(.tp, 8, .certain),
    ]
    for order in [rows, rows.reversed(), [rows[1], rows[0], rows[2]]] {
      let groups = Self.run("a", Self.rows) { $0.communicators = order }.groups[.tp]
      #expect(groups?.sizes == [2, 4, 8])
      #expect(groups?.confidence == .strong)
    }
  }

  @Test func linksAreAddedUpByKindAndNodes() throws {
    func link(_ kind: LinkRow.Kind, node: Int, peer: Int? = nil, sent: UInt64) -> LinkRow {
      LinkRow(
        kind: kind, node: node, peerNode: peer, link: "", ranks: [], sentBytes: sent,
        receivedBytes: 1, loadRatio: nil)
    }
    let a = Self.run("a", Self.rows) {
      $0.links = [
        link(.nodePair, node: 0, peer: 1, sent: 7), link(.networkDevice, node: 0, sent: 5),
        link(.networkDevice, node: 0, sent: 6),
      ]
    }
    let rows = try RunComparison([a, Self.tensor]).links
    #expect(rows.map(\.value.sentBytes) == [7, 11, 0, 0])
    #expect(rows.map(\.value.links) == [1, 2, 0, 0])
    #expect(rows[0].key.peerNode == 1)
    #expect(rows[3].baseline.receivedBytes == 2)
  }

  @Test func findingsAreCountedByCodeInEveryRun() throws {
    func finding(_ code: String, _ severity: Finding.Severity) -> Finding {
      Finding(
        code: code, severity: severity, summary: "\(code) here", location: "", evidence: "",
        suggestion: "")
    }
    let a = Self.run("a", Self.rows) {
      $0.findings = [finding("gone", .note), finding("both", .note)]
    }
    let b = Self.run("b", Self.rows) {
      $0.findings = [finding("both", .note), finding("both", .error), finding("new", .warning)]
    }
    let rows = try RunComparison([a, b]).findings.filter { $0.run == 1 }
    #expect(rows.map(\.key) == ["both", "gone", "new"])
    #expect(rows.map(\.value.count) == [2, 0, 1])
    #expect(rows.map(\.baseline.count) == [1, 1, 0])
    #expect(rows[0].value.severity == .error)
    #expect(b.findingCount == 3)
  }

  @Test func timesComeFromTheSourceWithMostCallsAndReachAPhaseOnlyWhereItIsOne() {
    func time(_ collective: String, _ source: String, _ calls: UInt64, _ ns: UInt64) -> RunTime {
      RunTime(
        dimension: .tp, collective: collective, source: source, calls: calls, nanoseconds: ns)
    }
    var summary = TrafficSummary()
    summary.traffic = [
      Self.row(.tp, .prefill, "all_reduce", message: 1, operations: 1, wire: 1),
      Self.row(.tp, .decode, "all_reduce", message: 1, operations: 1, wire: 1),
      Self.row(.tp, .decode, "all_gather", message: 1, operations: 1, wire: 1),
    ]
    let own = ComparedRun(
      label: "a", summary,
      times: [
        time("all_reduce", "kineto", 10, 1000), time("all_gather", "kineto", 2, 300),
        time("all_reduce", "inspector", 11, 9000),
      ])
    #expect(own.timeSource == "kineto")
    #expect(own.amounts(of: .tp).time == 1300)
    #expect(own.amounts().time == 1300)
    #expect(own.amounts(of: .pp).time == 0)
    let gather = ComparedRun.Class(dimension: .tp, phase: .decode, collective: "all_gather")
    let reduce = ComparedRun.Class(dimension: .tp, phase: .decode, collective: "all_reduce")
    #expect(own.classes[gather]?.time == 300)
    #expect(own.classes[reduce]?.time == nil)
    #expect(own.amounts(of: .tp, in: .decode).time == nil)
    #expect(Self.tensor.amounts().time == nil)
  }

  // MARK: - Gates

  private static let documented:
    [(String, ComparisonGate.Scope, TrafficPhase?, String, ComparisonGate.Limit)] = [
      ("bytes>5%", .total, nil, "bytes", .change(5_000_000)),
      ("tp.bytes>+5%", .dimension(.tp), nil, "bytes", .change(5_000_000)),
      ("tp.decode.payload>=-2.5%", .dimension(.tp), .decode, "payload", .change(-2_500_000)),
      ("*.bytes<=1KiB", .each, nil, "bytes", .amount(1_024_000_000)),
      ("decode.time<1.5ms", .total, .decode, "time", .amount(1_500_000_000_000)),
      ("total.findings>3", .total, nil, "findings", .amount(3_000_000)),
      ("bytes>123456789012.123456B", .total, nil, "bytes", .amount(123_456_789_012_123_456)),
      ("bytes<-100%", .total, nil, "bytes", .change(-100_000_000)),
      ("operations > 0", .total, nil, "operations", .amount(0)),
      (
        "pp.inter_node_bytes>1.5GB", .dimension(.pp), nil, "inter_node_bytes",
        .amount(1_500_000_000_000_000)
      ),
    ]

  @Test(arguments: Self.documented)
  func gatesAreReadAsTheyAreDocumented(
    text: String, scope: ComparisonGate.Scope, phase: TrafficPhase?, metric: String,
    limit: ComparisonGate.Limit
  ) throws {
    let gate = try ComparisonGate(text)
    #expect(gate.scope == scope)
    #expect(gate.phase == phase)
    #expect(gate.metric.rawValue == metric)
    #expect(gate.limit == limit)
  }

  @Test(arguments: [
    ("", "relation"), ("tp.bytes", "relation"), ("tp.bits>5%", "bytes, payload"),
    ("xp.bytes>5%", "neither total"), ("tp.later.bytes>5%", "no phase"),
    ("tp.decode.more.bytes>1B", "no phase"), ("tp.findings>1", "whole run"),
    ("decode.findings>1", "whole run"), ("bytes>", "does not begin with a number"),
    ("bytes>x", "does not begin with a number"), ("bytes>5", "need a unit"),
    ("bytes>5 XiB", "need a unit"), ("time>5KiB", "ns, us, ms, s"),
    ("operations>5B", "plain number"), ("bytes>+5MiB", "ends in %"),
    ("bytes<-101%", "more than 100 %"),
    ("bytes>1.B", "number"), ("bytes>.5B", "number"), ("bytes>1.2.3B", "number"),
    ("bytes>1.1234567B", "number"), ("bytes>1234567890123B", "number"), ("bytes=5%", "relation"),
    ("bytes>--5%", "number"), ("bytes>٣%", "number"),
  ])
  func whatIsNoGateSaysWhatIsExpected(text: String, part: String) {
    let error = #expect(throws: ComparisonGate.SyntaxError.self) { try ComparisonGate(text) }
    #expect(error?.reason.contains(part) ?? false, "\(error?.reason ?? "")")
  }

  private static func objections(
    _ gate: String, _ own: UInt64, _ base: UInt64, tokens: (UInt64, UInt64)? = nil
  ) throws -> Int {
    var a = run("base", [row(.tp, .decode, "all_reduce", message: 1, operations: 1, wire: base)])
    var b = run("own", [row(.tp, .decode, "all_reduce", message: 1, operations: 1, wire: own)])
    b.statedTokens = tokens?.0
    a.statedTokens = tokens?.1
    return try ComparisonGate(gate).objections(in: RunComparison([a, b])).count
  }

  @Test(arguments: [
    ("bytes>5%", 105, 100, false), ("bytes>5%", 106, 100, true), ("bytes>=5%", 105, 100, true),
    ("bytes<-5%", 95, 100, false), ("bytes<-5%", 94, 100, true), ("bytes<=-5%", 95, 100, true),
    ("bytes>0%", 100, 100, false), ("bytes>0%", 1, 0, true), ("bytes>0%", 0, 0, false),
    ("bytes>5%", 1, 0, true), ("bytes<0%", 0, 1, true), ("bytes<=-100%", 0, 7, true),
    // A double would not see these differ.
    ("bytes>0%", 9_007_199_254_740_993, 9_007_199_254_740_992, true),
    ("bytes>0%", UInt64.max, UInt64.max, false), ("bytes>5%", UInt64.max, 1, true),
    ("tp.bytes>1KiB", 1024, 1, false), ("tp.bytes>1KiB", 1025, 1, true),
    ("tp.bytes>=1.5KB", 1500, 1, true), ("pp.bytes>=0B", 5, 5, true), ("pp.bytes>0B", 5, 5, false),
  ])
  func aGateObjectsExactlyBeyondItsLimit(
    gate: String, own: UInt64, base: UInt64, trips: Bool
  ) throws {
    #expect(try Self.objections(gate, own, base) == (trips ? 1 : 0))
  }

  @Test func gatesCompareRunsOfDifferentLengthByToken() throws {
    #expect(try Self.objections("bytes>5%", 210, 100, tokens: (2, 1)) == 0)
    #expect(try Self.objections("bytes>5%", 211, 100, tokens: (2, 1)) == 1)
    #expect(try Self.objections("bytes>105B", 210, 100, tokens: (2, 1)) == 0)
    #expect(try Self.objections("bytes>104B", 210, 100, tokens: (2, 1)) == 1)
    #expect(
      try Self.objections("bytes>0%", .max, .max, tokens: (.max, .max)) == 0)
  }

  @Test func whatIsNotKnownDoesNotPass() throws {
    let a = Self.run("a", [Self.row(.tp, .decode, "x", message: 1, operations: 1, wire: 1)])
    let b = Self.run(
      "b", [Self.row(.tp, .decode, "x", message: 1, operations: 1, wire: 1, inter: nil)])
    for (gate, runs) in [
      ("inter_node_bytes>1GiB", [a, b]), ("inter_node_bytes>5%", [b, a]), ("time<0%", [a, b]),
    ] {
      let found = try ComparisonGate(gate).objections(in: RunComparison(runs))
      #expect(found.count == 1)
    }
  }

  @Test func aGateOfEachStrategyNamesThoseThatTripAndNeverTheBaseline() throws {
    let found = try ComparisonGate("*.bytes>0%").objections(
      in: RunComparison([Self.tensor, Self.pipeline, Self.tensor]))
    #expect(found.map(\.run) == [1])
    #expect(found.map(\.dimension) == [.pp])
    #expect(found[0].value == 40)
    #expect(found[0].baseline == 0)
  }
}
