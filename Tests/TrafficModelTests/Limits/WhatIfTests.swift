// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Testing
import TrafficAnalysis

@testable import TrafficModel

@Suite struct WhatIfTests {
  private static func row(
    _ dimension: ParallelismDimension, _ collective: String, bytes: UInt64?, size: Int,
    communicators: Int = 1, operations: UInt64, payload: UInt64, wire: UInt64
  ) -> TrafficRow {
    TrafficRow(
      dimension: dimension, phase: .decode, collective: collective, dataType: "bfloat16",
      elementCount: nil, messageBytes: bytes, communicatorSize: size,
      communicators: communicators, operations: operations, rankCalls: operations,
      payloadBytes: payload, wireBytes: wire, intraNodeBytes: nil, interNodeBytes: nil)
  }

  private static func communicator(_ dimension: ParallelismDimension, _ ranks: [Int])
    -> CommunicatorRow
  {
    var row = CommunicatorRow(communicator: "c\(ranks[0])", size: ranks.count)
    row.ranks = ranks
    row.dimension = dimension
    return row
  }

  /// The decode passes of Llama-3.1-8B with TP 4: 65 x 127 all-reduces of 8,192 bytes.
  private static var tensor: TrafficSummary {
    var summary = TrafficSummary()
    summary.traffic = [
      row(
        .tp, "all_reduce", bytes: 8192, size: 4, operations: 8255, payload: 8255 * 4 * 8192,
        wire: 8255 * 6 * 8192)
    ]
    summary.communicators = [communicator(.tp, [0, 1, 2, 3])]
    return summary
  }

  private func whatIf(
    _ summary: TrafficSummary, _ hardware: [String], imbalance: Double? = nil
  ) throws -> WhatIf {
    try WhatIf(
      [ReplayedTraffic(label: "run", summary)],
      on: hardware.map { try HardwareDescription.load($0) },
      imbalance: imbalance)
  }

  private func isClose(_ a: Double, _ b: Double) -> Bool { (a / b - 1).magnitude < 1e-9 }

  @Test func timeAndEnergyAreThoseOfTheFormulas() throws {
    let found = try whatIf(Self.tensor, ["DGX-H100", "PFA"])
    let h100 = try #require(found.total(strategy: 0, hardware: 0))
    // In the switch: 2 x 0.6 us and 5/4 x 8192 B on 450 GB/s, 8,255 times.
    #expect(isClose(h100.amounts.latency, 8255 * 1.2e-6))
    #expect(isClose(h100.amounts.scaleUp, 8255 * 1.25 * 8192 / 450e9))
    #expect(h100.amounts.scaleOut == 0)
    #expect(h100.amounts.bottleneck == .latency)
    #expect(h100.gain == 1)
    // (n+1) S bytes at 50 pJ/bit.
    #expect(isClose(try #require(h100.amounts.energy), 8255 * 5 * 8192 * 8 * 50e-12))
    let pool = try #require(found.total(strategy: 0, hardware: 1))
    // A tree of four: 4 x 0.8 us and 3/2 x 8192 B on 900 GB/s, less than the pool's 10/4.
    #expect(isClose(pool.amounts.latency, 8255 * 3.2e-6))
    #expect(isClose(pool.amounts.scaleUp, 8255 * 1.5 * 8192 / 900e9))
    #expect(isClose(try #require(pool.amounts.energy), 8255 * 6 * 8192 * 8 * 10e-12))
    #expect(isClose(try #require(pool.gain), h100.amounts.seconds / pool.amounts.seconds))
  }

  @Test func assumedLatenciesHaveALineOfSensitivity() throws {
    let text = try whatIf(Self.tensor, ["PFA"]).statements.joined(separator: "\n")
    #expect(text.contains("scale_up.latency and scale_out.latency (0.8 us) is assumed"))
    // 8,255 x (3.2 us + 13.7 ns) = 26.529 ms; latencies alone are 26.416 ms.
    #expect(
      text.contains(
        "With half of it run communicates 13.321 ms, as given 26.529 ms, with twice 52.945 ms"))
    #expect(text.contains("no efficiency curve is stated: PFA"))
  }

  @Test func communicatorsWorkSideBySide() throws {
    var summary = Self.tensor
    let one = try whatIf(summary, ["DGX-H100"]).total(strategy: 0, hardware: 0)?.amounts.seconds
    summary.traffic[0].communicators = 5
    summary.traffic[0].operations *= 5
    let five = try whatIf(summary, ["DGX-H100"]).total(strategy: 0, hardware: 0)?.amounts.seconds
    #expect(isClose(try #require(one), try #require(five)))
  }

  @Test func groupsAreCrossedWhereTheRanksNumbersSaySo() throws {
    var summary = Self.tensor
    // Every eighth rank: 4 nodes of 8, but one rack of 72.
    summary.communicators = [Self.communicator(.tp, [0, 8, 16, 24])]
    let found = try whatIf(summary, ["DGX-H100", "GB200-NVL72"])
    #expect(found.rows.map(\.domains) == [4, 1])
    #expect(found.rows[0].amounts.bottleneck == .latency)
    #expect(found.rows[0].amounts.scaleOut > 0)
    #expect(found.rows[1].amounts.scaleOut == 0)
    // Where no ranks are known, consecutive ones are taken.
    summary.communicators = []
    #expect(try whatIf(summary, ["DGX-H100"]).rows.map(\.domains) == [1])
  }

  @Test func allBytesAreReplayedOnEveryMachine() throws {
    var summary = Self.tensor
    summary.traffic += [
      Self.row(.pp, "send_recv", bytes: nil, size: 4, operations: 10, payload: 1000, wire: 1000),
      Self.row(.dp, "all_reduce", bytes: 77, size: 1, operations: 3, payload: 231, wire: 0),
      Self.row(.world, "dance", bytes: 5, size: 4, operations: 7, payload: 35, wire: 35),
    ]
    let found = try whatIf(summary, ["DGX-H100", "MI300X", "PFA"])
    #expect(found.isConserved)
    #expect(found.rows.count == 12)
    for machine in 0..<3 {
      let rows = found.rows.filter { $0.hardware == machine }
      #expect(rows.reduce(0) { $0 + $1.own.payloadBytes } == summary.payloadBytes)
      let total = try #require(found.total(strategy: 0, hardware: machine))
      #expect(total.amounts.payloadBytes == summary.payloadBytes)
      #expect(total.amounts.unknownOperations == 7)
    }
    #expect(found.statements.contains { $0.contains("7 operations of run are of kinds") })
    #expect(found.statements.contains { $0.contains("Where sizes vary (10 operations)") })
  }

  @Test func meanSizesFollowFromTheWire() {
    for (collective, wire, mean) in [
      ("all_reduce", UInt64(60), 1.0), ("all_gather", 30, 1), ("all_to_all", 60, 2),
      ("send_recv", 20, 2), ("gather", 15, 2),
    ] {
      let own = ReplayedTraffic.Class(
        dimension: .tp, phase: .decode, collective: collective, messageBytes: nil,
        communicatorSize: 4, communicators: 1, operations: 10, payloadBytes: 0, wireBytes: wire)
      #expect((own.meanMessageBytes - mean).magnitude < 1e-12, "\(collective)")
    }
  }

  @Test func theRunsOwnSkewReplacesEvenRouting() throws {
    var summary = TrafficSummary()
    summary.traffic = [
      Self.row(
        .ep, "all_to_all", bytes: 1_000_000, size: 4, operations: 10, payload: 40_000_000,
        wire: 30_000_000)
    ]
    let even = try whatIf(summary, ["DGX-H100"])
    summary.rankMatrix = (0..<4).map { rank in
      RankMatrixRow(
        sourceRank: (rank + 1) % 4, destinationRank: rank, dimension: .ep,
        bytes: rank == 2 ? 500 : 100, operations: 1, path: nil)
    }
    // 500 beside a mean of 200.
    let seen = try whatIf(summary, ["DGX-H100"])
    #expect(isClose(seen.rows[0].amounts.scaleUp, 2.5 * even.rows[0].amounts.scaleUp))
    #expect(seen.statements.contains { $0.contains("gets 2.500 times the mean, as its logs show") })
    let stated = try whatIf(summary, ["DGX-H100"], imbalance: 4)
    #expect(isClose(stated.rows[0].amounts.scaleUp, 4 * even.rows[0].amounts.scaleUp))
    #expect(even.statements.contains { $0.contains("taken as routed evenly") })
  }

  @Test func anotherStrategyOfTheSameModelStandsBesideTheRun() throws {
    var job = Scenarios.job(Scenarios.llama8B, pipeline: 4)
    var workload = JobDescription.Workload(kind: .inference)
    workload.batch = 1
    workload.promptTokens = 128
    workload.outputTokens = 128
    job.workload = workload
    let expected = try TrafficModel.expect(job)
    let found = try WhatIf(
      [
        ReplayedTraffic(label: "TP4", Self.tensor),
        ReplayedTraffic(label: "PP4", expected, job: job),
      ], on: [HardwareDescription.load("DGX-H100")])
    #expect(found.strategies == ["TP4", "PP4"])
    #expect(found.isConserved)
    // 762 sends of 8,192 and 6 of 1,048,576 bytes, one after another.
    let pipeline = try #require(found.total(strategy: 1, hardware: 0))
    #expect(isClose(pipeline.amounts.latency, 768 * 0.6e-6))
    #expect(isClose(pipeline.amounts.scaleUp, (762 * 8192 + 6 * 1_048_576) / 450e9))
    #expect(try #require(pipeline.gain) > 10)
  }

  @Test func aMachineThatLacksALinkIsAskedForIt() throws {
    func refusal(_ hardware: String) -> String {
      do throws(ConfigurationError) {
        _ = try WhatIf(
          [ReplayedTraffic(label: "run", Self.tensor)], on: [HardwareDescription.load(hardware)])
        return ""
      } catch {
        return error.description
      }
    }
    #expect(refusal("xPU-HBM3").contains("`scale_up.bandwidth_per_direction` is missing"))
    #expect(refusal("DGX-A100") == "")
  }

  @Test func hostileNumbersStayInRange() throws {
    var summary = TrafficSummary()
    summary.traffic = [
      Self.row(
        .tp, "all_reduce", bytes: .max, size: .max, operations: .max, payload: .max, wire: .max),
      Self.row(.tp, "all_gather", bytes: nil, size: 0, operations: 0, payload: .max, wire: .max),
    ]
    let found = try whatIf(summary, ["DGX-H100", "PFA"])
    #expect(found.isConserved)
    #expect(found.rows.count == 4)
  }

  // MARK: - Fits

  private static func measured(_ bytes: UInt64, _ nanoseconds: Int64) -> BandwidthRow {
    BandwidthRow(
      source: "nccl_tests", collective: "all_reduce", dataType: "float", messageBytes: bytes,
      ranks: 8, nanoseconds: nanoseconds)
  }

  @Test func latencyAndBandwidthAreFoundAgain() throws {
    // 14 us and 100 GB/s of S: 175 GB/s of the bus with 8 ranks, 1 us a step.
    let rows = [1, 1000, 100_000, 1_000_000, 10_000_000].map {
      Self.measured($0, 14_000 + Int64($0 / 100))
    }
    let fit = try #require(LatencyFit.fits(rows).first)
    #expect(fit.points == 5)
    #expect(fit.bytes == 1...10_000_000)
    #expect((fit.latency - 14e-6).magnitude < 1e-8)
    #expect((fit.stepLatency - 1e-6).magnitude < 1e-9)
    #expect((try #require(fit.busBandwidth) / 175e9 - 1).magnitude < 1e-3)
    #expect(fit.largestResidual < 1e-3)
  }

  @Test func whatDoesNotFitALineHasResiduals() throws {
    let rows = [
      Self.measured(1000, 10_000), Self.measured(2000, 30_000), Self.measured(3000, 20_000),
    ]
    let fit = try #require(LatencyFit.fits(rows).first)
    #expect(fit.largestResidual > 0.2)
    #expect(fit.meanResidual <= fit.largestResidual)
    // Times that fall with the size: no latency below zero, no bandwidth below zero.
    let falling = [Self.measured(1, 30_000), Self.measured(2, 20_000), Self.measured(3, 10_000)]
    let flat = try #require(LatencyFit.fits(falling).first)
    #expect(flat.busBandwidth == nil)
    #expect(flat.latency > 0)
  }

  @Test func twoSizesAreNoFit() {
    #expect(LatencyFit.fits([Self.measured(1, 10), Self.measured(2, 20)]).isEmpty)
    #expect(
      LatencyFit.fits([Self.measured(1, 10), Self.measured(1, 20), Self.measured(1, 30)]).isEmpty)
    #expect(LatencyFit.fits([]).isEmpty)
  }
}
