// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Testing

@testable import TrafficAnalysis

/// Facts with every number at its extremes: nothing may trap, and sums must still agree.
@Suite struct HostileFactsTests {
  private static func number(_ random: inout SplitMix) -> Int {
    [0, 1, 2, 3, 4, 7, 8, -1, -2, 1 << 20, 1 << 31, .max, .min, .max - 1]
      .randomElement(using: &random) ?? 0
  }

  private static func maybe(_ random: inout SplitMix) -> Int? {
    Bool.random(using: &random) ? number(&random) : nil
  }

  private static func row(_ random: inout SplitMix) -> CallFacts {
    let counts: [UInt64] = [0, 1, 1024, 1 << 40, .max]
    return CallFacts(
      kind: OperationKind.allCases.randomElement(using: &random) ?? .allReduce,
      dataType: DataType(rawValue: UInt8.random(in: 0...14, using: &random)),
      reduction: UInt32.random(in: 0...9, using: &random),
      peer: [0, 1, 2, -1, .max, .min].randomElement(using: &random) ?? 0,
      elementCount: counts.randomElement(using: &random) ?? 0,
      isCoarse: Bool.random(using: &random),
      shape: ExchangeShape.allCases.randomElement(using: &random) ?? .single,
      calls: counts.randomElement(using: &random) ?? 0,
      elements: counts.randomElement(using: &random) ?? 0,
      otherThreadCalls: counts.randomElement(using: &random) ?? 0)
  }

  private static func exchange(_ random: inout SplitMix) -> ExchangeFacts {
    let counts: [UInt64] = [0, 1, 3, 1 << 40, .max]
    let next = { (random: inout SplitMix) in counts.randomElement(using: &random) ?? 0 }
    return ExchangeFacts(
      shape: ExchangeShape.allCases.randomElement(using: &random) ?? .allToAll,
      dataType: DataType(rawValue: UInt8.random(in: 0...14, using: &random)),
      evenCount: Bool.random(using: &random) ? next(&random) : nil,
      includesSelf: Bool.random(using: &random),
      sentBytesLog2: UInt8.random(in: 0...63, using: &random), exchanges: next(&random),
      sendCalls: next(&random), recvCalls: next(&random), sentElements: next(&random),
      receivedElements: next(&random), selfElements: next(&random))
  }

  private static func report(_ random: inout SplitMix) -> RASReport {
    var report = RASReport(line: number(&random))
    report.groups = [
      RASReport.Group(number: number(&random), size: number(&random), status: "", errors: "")
    ]
    for kind in RASReport.Problem.Kind.allCases {
      var problem = RASReport.Problem(kind, line: number(&random))
      problem.label = ["", "#0-0"].randomElement(using: &random) ?? ""
      problem.group = maybe(&random)
      problem.identifier = Bool.random(using: &random) ? .random(in: 0...2, using: &random) : nil
      problem.subject = ["", "status", "AllReduce"].randomElement(using: &random) ?? ""
      problem.count = maybe(&random)
      problem.parties = (0..<Int.random(in: 0...3, using: &random)).map { _ in
        var party = RASReport.Party(
          operations: [nil, 0, 5, .max].randomElement(using: &random) ?? nil,
          count: number(&random))
        party.members = (0..<Int.random(in: 0...2, using: &random)).map { _ in
          RASReport.Member(rank: maybe(&random))
        }
        return party
      }
      report.problems.append(problem)
    }
    return report
  }

  private static func communicator(_ random: inout SplitMix) -> CommunicatorFacts {
    var facts = CommunicatorFacts(pointer: UInt64.random(in: 0...3, using: &random))
    facts.rank = maybe(&random)
    facts.size = maybe(&random)
    facts.identifier = Bool.random(using: &random) ? .random(in: 0...2, using: &random) : nil
    facts.parent = maybe(&random)
    facts.splitOrdinal = maybe(&random)
    facts.color = maybe(&random)
    facts.cudaDevice = maybe(&random)
    facts.nvmlDevice = maybe(&random)
    facts.busID = .random(in: 0 ... .max, using: &random)
    facts.bracketDevice = maybe(&random)
    facts.pointToPointChannels = maybe(&random)
    facts.initStarted = Bool.random(using: &random)
    facts.initCompleted = Bool.random(using: &random)
    facts.end = [.open, .destroyed, .aborted].randomElement(using: &random) ?? .open
    facts.nodes = maybe(&random)
    facts.localRank = maybe(&random)
    facts.edges = (0..<Int.random(in: 0...4, using: &random)).map { _ in
      EdgeFacts(
        [.ring, .ringNext, .treeUp].randomElement(using: &random) ?? .ring,
        source: number(&random), target: number(&random), channels: number(&random))
    }
    facts.treeChannels = number(&random)
    facts.calls = (0..<Int.random(in: 0...5, using: &random)).map { _ in row(&random) }
    facts.exchanges = (0..<Int.random(in: 0...3, using: &random)).map { _ in exchange(&random) }
    facts.tunings = [
      TuningFacts(
        kind: .allReduce, bytes: .random(in: 0 ... .max, using: &random),
        algorithm: ["ring", "nvls", "nvls_tree", "tree", "collnet_chain", "?"]
          .randomElement(using: &random) ?? "", protocol: "", lines: .max)
    ]
    facts.collectiveCalls = number(&random)
    facts.collectiveOrderHash = .random(in: 0...3, using: &random)
    facts.firstLine = number(&random)
    return facts
  }

  private static func sequence(_ random: inout SplitMix) -> CallSequence {
    var sequence = CallSequence()
    for _ in 0..<3 {
      sequence.symbols.append(
        .init(
          communicator: Int.random(in: -1...3, using: &random), row: number(&random),
          isExchange: Bool.random(using: &random)))
      sequence.tokens.append(.literal(Int.random(in: -1...3, using: &random)))
      sequence.tokens.append(
        .copy(distance: Int.random(in: -1...3, using: &random), count: number(&random) % 100))
    }
    return sequence
  }

  @Test(arguments: 0..<200)
  func nothingTraps(seed: Int) {
    var random = SplitMix(state: UInt64(seed))
    var partial = TracePartial()
    for index in 0..<4 { partial.files.append(FileLedger(file: "f\(index % 3)")) }
    for _ in 0..<Int.random(in: 0...8, using: &random) {
      var process = ProcessFacts(
        file: Int.random(in: -1...4, using: &random),
        host: ["a", "a", "b", ""].randomElement(using: &random) ?? "",
        pid: Int.random(in: 0...2, using: &random))
      process.launcherRank = Self.maybe(&random)
      process.versionBounds = Bool.random(using: &random) ? 2003...9999 : nil
      process.communicators = (0..<Int.random(in: 0...5, using: &random)).map { _ in
        Self.communicator(&random)
      }
      process.timelines = [Self.sequence(&random)]
      process.addresses = ["10.0.0.1"]
      process.complaints = (0..<Int.random(in: 0...2, using: &random)).map { _ in
        PeerComplaint(
          kind: [.closed, .failed, .unreachable, .completion].randomElement(using: &random)
            ?? .closed,
          peer: ["", "a", "10.0.0.1", "b.c"].randomElement(using: &random) ?? "",
          status: Self.maybe(&random), line: Self.number(&random), count: Self.number(&random))
      }
      partial.processes.append(process)
    }
    partial.files[0].rasReports = (0..<3).map { _ in Self.report(&random) }
    let summary = TrafficAnalyzer.analyze(partial)
    #expect(summary.ingestion.count == 4)
    for row in summary.traffic {
      if let intra = row.intraNodeBytes, let inter = row.interNodeBytes, row.wireBytes < .max {
        #expect(intra.addingReportingOverflow(inter) == (row.wireBytes, false))
      }
    }
    for row in summary.communicators where row.dimension != .unclassified {
      #expect(!row.evidence.isEmpty)
    }
  }
}
