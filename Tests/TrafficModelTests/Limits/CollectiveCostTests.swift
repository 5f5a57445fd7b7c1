// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Testing
import TrafficAnalysis

@testable import TrafficModel

@Suite struct CollectiveCostTests {
  /// 1 us and 100 GB/s in domains of 8, 10 us and 10 GB/s between them.
  private static func fabric(_ more: String = "", pool: String = "") throws -> CommunicationFabric {
    try CommunicationFabric(
      HardwareDescription.parse(
        text: """
          version: 1
          name: made-up
          source: made up
          scale_up: {accelerators: 8, bandwidth_per_direction: 100 GB/s, latency: 1 us\(more)}
          scale_out: {bandwidth_per_direction: 10 GB/s, latency: 10 us}
          \(pool)
          """, file: "hw.yaml"))
  }

  private func seconds(
    _ fabric: CommunicationFabric, _ collective: String, _ bytes: Double, _ ranks: Int,
    domains: Int = 1, by algorithm: CollectiveAlgorithm, imbalance: Double = 1
  ) throws -> Double {
    try #require(
      fabric.cost(
        of: collective, bytes: bytes, shape: GroupShape(ranks: ranks, domains: domains),
        imbalance: imbalance, by: algorithm)
    ).seconds * 1e6
  }

  private func isClose(_ a: Double, _ b: Double) -> Bool { (a - b).magnitude < 1e-6 }

  @Test func oneDomainTakesWhatTheFormulasSay() throws {
    let fabric = try Self.fabric()
    // 8 MB on 100 GB/s are 80 us.
    #expect(isClose(try seconds(fabric, "all_reduce", 8e6, 8, by: .ring), 14 + 140))
    #expect(isClose(try seconds(fabric, "all_gather", 8e6, 8, by: .ring), 7 + 70))
    #expect(isClose(try seconds(fabric, "reduce_scatter", 8e6, 8, by: .ring), 7 + 70))
    #expect(isClose(try seconds(fabric, "all_reduce", 8e6, 8, by: .tree), 6 + 140))
    #expect(isClose(try seconds(fabric, "broadcast", 8e6, 8, by: .tree), 3 + 80))
    #expect(isClose(try seconds(fabric, "all_to_all", 8e6, 8, by: .direct), 1 + 70))
    #expect(isClose(try seconds(fabric, "all_to_all", 8e6, 8, by: .direct, imbalance: 2), 1 + 140))
    #expect(isClose(try seconds(fabric, "send_recv", 8e6, 2, by: .direct), 1 + 80))
    #expect(
      fabric.cost(of: "all_reduce", bytes: 1, shape: .init(ranks: 8, domains: 1), by: .nvls) == nil)
    #expect(
      fabric.cost(of: "all_reduce", bytes: 1, shape: .init(ranks: 8, domains: 1), by: .pool) == nil)
  }

  @Test func switchesAndPoolsSaveStepsOrBytes() throws {
    let nvls = try Self.fabric(", reduces_in_switch: true")
    #expect(isClose(try seconds(nvls, "all_reduce", 8e6, 8, by: .nvls), 2 + 90))
    let pool = try Self.fabric(pool: "memory_pool: {capacity: 1 TB}")
    #expect(isClose(try seconds(pool, "all_reduce", 8e6, 8, by: .pool), 4 + 220))
    // Few steps win with little to say, few bytes with much.
    let shape = GroupShape(ranks: 8, domains: 1)
    #expect(pool.cost(of: "all_reduce", bytes: 8, shape: shape)?.algorithm == .pool)
    #expect(pool.cost(of: "all_reduce", bytes: 8e9, shape: shape)?.algorithm == .tree)
    #expect(nvls.cost(of: "all_reduce", bytes: 8e9, shape: shape)?.algorithm == .nvls)
  }

  @Test func twoDomainsPayForTheNetwork() throws {
    let fabric = try Self.fabric()
    // 16 ranks in 2 domains of 8: a ring leaves a domain over 8 links of 10 GB/s at once.
    #expect(isClose(try seconds(fabric, "all_reduce", 8e6, 16, domains: 2, by: .ring), 300 + 187.5))
    // Inside 2 x 7 x 1 us and 2 x 7/8 x 80 us; between 2 x 10 us and 2 x 1/2 x 1 MB on 10 GB/s.
    #expect(
      isClose(
        try seconds(fabric, "all_reduce", 8e6, 16, domains: 2, by: .twoLevel), 14 + 20 + 140 + 100))
    // A rank's 8 MB: 8/16 leave on its own 10 GB/s.
    #expect(isClose(try seconds(fabric, "all_to_all", 8e6, 16, domains: 2, by: .direct), 10 + 400))
    #expect(isClose(try seconds(fabric, "send_recv", 8e6, 2, domains: 2, by: .direct), 10 + 800))
  }

  @Test func bytesOnTheWireAreThoseOfTheAnalysis() throws {
    // `TrafficAnalysis` counts 2 (n-1) S, (n-1) S and, with in-switch reduction, (n+1) S.
    let fabric = try Self.fabric(", reduces_in_switch: true")
    for (collective, factor) in [
      ("all_reduce", 30.0), ("all_gather", 15), ("reduce_scatter", 15), ("all_to_all", 15),
      ("broadcast", 15), ("reduce", 15), ("gather", 15.0 / 16), ("send_recv", 1),
    ] {
      for domains in [1, 2, 4, 16] {
        let cost = try #require(
          fabric.cost(
            of: collective, bytes: 1000, shape: .init(ranks: 16, domains: domains),
            by: domains == 1 && ["all_reduce", "all_gather", "reduce_scatter"].contains(collective)
              ? .ring : nil))
        let wire = cost.domainBytes + cost.networkBytes
        #expect((wire / (factor * 1000) - 1).magnitude < 1e-12, "\(collective) \(domains)")
        #expect(domains > 1 || cost.networkBytes == 0)
        #expect(domains < 16 || (cost.domainBytes / wire).magnitude < 1e-12, "\(collective)")
      }
    }
    let nvls = fabric.cost(
      of: "all_reduce", bytes: 1000, shape: .init(ranks: 8, domains: 1), by: .nvls)
    #expect(nvls?.domainBytes == 9000)
  }

  @Test func aCurveOfEfficiencyStretchesTheBytes() throws {
    let fabric = try Self.fabric(
      ", efficiency: [{message: 1 MB, share: 0.5}, {message: 3 MB, share: 1}]")
    // 0.5 up to 1 MB, 0.75 at 2 MB, 1 from 3 MB on.
    #expect(isClose(try seconds(fabric, "send_recv", 1e5, 2, by: .direct), 1 + 2))
    #expect(isClose(try seconds(fabric, "send_recv", 1.5e6, 2, by: .direct), 1 + 24))
    #expect(isClose(try seconds(fabric, "send_recv", 6e6, 2, by: .direct), 1 + 60))
  }

  @Test func oneRankHasNothingToSay() throws {
    let cost = try Self.fabric().cost(
      of: "all_reduce", bytes: 1e9, shape: .init(ranks: 1, domains: 1))
    #expect(cost?.seconds == 0)
    #expect(
      try Self.fabric().cost(of: "dance", bytes: 1, shape: .init(ranks: 8, domains: 1)) == nil)
  }

  @Test func domainsFollowFromTheRanksNumbers() throws {
    let fabric = try Self.fabric()
    #expect(fabric.domains(of: [0, 1, 7]) == 1)
    #expect(fabric.domains(of: [7, 8]) == 2)
    #expect(fabric.domains(of: [0, 8, 16, 24]) == 4)
    #expect(fabric.domains(ofConsecutive: 8) == 1)
    #expect(fabric.domains(ofConsecutive: 9) == 2)
  }

  // MARK: - Energy, arXiv 2507.14000

  @Test func pathEnergiesAreThoseOfThePaper() throws {
    func energies(_ adapter: Int, _ perSwitch: Int) throws -> [Double] {
      try (0...5).map { count in
        let hardware = try HardwareDescription.parse(
          text: """
            version: 1
            name: path
            source: arXiv 2507.14000
            scale_out:
              adapter_energy: \(adapter) pJ/bit
              switch_energy: \(perSwitch) pJ/bit
              switches: \(count)
            """, file: "path.yaml")
        return try #require(hardware.scaleOut?.energyPerByte) / 8 * 1e12
      }
    }
    let electric = try energies(65, 35)
    let photonic = try energies(5, 25)
    #expect(electric.map { $0.rounded() } == [130, 165, 200, 235, 270, 305])
    #expect(photonic.map { $0.rounded() } == [10, 35, 60, 85, 110, 135])
    let ratios = zip(photonic, electric).map { ($0 / $1 * 1000).rounded() / 1000 }
    #expect(ratios == [0.077, 0.212, 0.3, 0.362, 0.407, 0.443])
    // Inside a tray 10 beside 50 pJ/bit.
    let near = try HardwareDescription.load("PFA").scaleUp.energyPerByte
    let electricNear = try HardwareDescription.load("DGX-H100").scaleUp.energyPerByte
    #expect((try #require(near) / #require(electricNear) - 0.2).magnitude < 1e-12)
  }

  @Test func tensorAndPipelineEnergiesKeepTheirRatio() {
    // Tables 2 and 4, baseline in kJ: 16 times up to 18T parameters, 32 times above.
    let tensor = [
      1026.05, 1710.08, 2565.12, 3665.98, 6299.83, 8288.55, 23381.3, 29577.4, 46470.4, 62655.2,
      75548.7,
    ]
    let pipeline = [
      64.13, 106.88, 160.32, 229.12, 393.74, 518.03, 730.67, 924.29, 1452.20, 1957.97, 2360.90,
    ]
    for (index, (a, b)) in zip(tensor, pipeline).enumerated() {
      let wanted: Double = index < 6 ? 16 : 32
      #expect((a / b / wanted - 1).magnitude < 0.0002, "row \(index)")
    }
  }

  @Test func printedSharesOfEnergyAreThoseOfTheirNumbers() {
    // Tables 2 to 4, some rows: baseline, 2 TB, 4 TB, 6 TB in kJ, then the printed percentages.
    let rows: [(Double, [Double], [Double])] = [
      (1026.05, [190.46, 190.46, 190.46], [18.6, 18.6, 18.6]),
      (1710.08, [391.43, 391.43, 317.44], [22.9, 22.9, 18.6]),
      (46470.4, [18678.7, 13312, 6106.34], [40.2, 28.6, 13.1]),
      (14681.5, [6996.85, 6996.85, 3670.37], [47.7, 47.7, 25.0]),
      (901_349, [137_423, 74409, 99312], [15.2, 8.3, 11.0]),
      (1452.20, [291.86, 208.00, 190.82], [20.1, 14.3, 13.1]),
    ]
    for (baseline, pools, printed) in rows {
      for (pool, share) in zip(pools, printed) {
        #expect((100 * pool / baseline - share).magnitude < 0.06)
      }
    }
  }
}
