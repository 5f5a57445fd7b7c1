// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import CollectiveTrace

@Suite struct HardwareTests {
  private func parse(_ body: String) throws -> HardwareDescription {
    try HardwareDescription.parse(
      text: "version: 1\nname: test\nsource: data sheet\n" + body, file: "hw.yaml")
  }

  private func refusal(_ body: String) -> String {
    do throws(ConfigurationError) {
      _ = try HardwareDescription.parse(
        text: "version: 1\nname: test\nsource: data sheet\n" + body, file: "hw.yaml")
      return ""
    } catch {
      return error.description
    }
  }

  // MARK: - Units

  struct Written: Sendable {
    var text: String
    var value: Double
  }

  @Test(arguments: [
    Written(text: "450 GB/s", value: 450_000_000_000),
    Written(text: "4 TiB/s", value: 4_398_046_511_104),
    Written(text: "4 TB/s", value: 4_000_000_000_000),
    Written(text: "400 Gbit/s", value: 50_000_000_000),
    Written(text: "7.2 Tbit/s", value: 900_000_000_000),
    Written(text: "1 B/s", value: 1),
  ])
  func aBandwidthIsReadWithItsUnit(_ written: Written) throws {
    let hardware = try parse("scale_up: {bandwidth_per_direction: \(written.text)}")
    let bandwidth = try #require(hardware.scaleUp.bandwidth)
    #expect((bandwidth.value / written.value - 1).magnitude < 1e-15)
    #expect(bandwidth.text == written.text)
    #expect(bandwidth.origin == .source("data sheet"))
  }

  @Test func decimalAndBinaryBytesAreToldApart() throws {
    let decimal = try parse("accelerator: {memory_capacity: 96 GB}").accelerator.memoryCapacity
    let binary = try parse("accelerator: {memory_capacity: 96 GiB}").accelerator.memoryCapacity
    #expect(decimal?.value == 96_000_000_000)
    #expect(binary?.value == 103_079_215_104)
  }

  @Test func otherKindsOfNumbersHaveUnitsOfTheirOwn() throws {
    let hardware = try parse(
      """
      accelerator: {compute: {bf16: 2.25 PFLOP/s}}
      scale_up: {latency: 800 ns, path_energy: 50 pJ/bit, accelerators: 8}
      """)
    let rate = try #require(hardware.accelerator.compute[.bf16]?.value)
    #expect((rate - 2_250_000_000_000_000).magnitude < 1)
    let latency = try #require(hardware.scaleUp.latency?.value)
    #expect((latency - 0.000_000_8).magnitude < 1e-18)
    let energy = try #require(hardware.scaleUp.pathEnergy?.value)
    #expect((energy - 0.000_000_000_05).magnitude < 1e-20)
    #expect(hardware.scaleUp.accelerators?.value == 8)
  }

  @Test func aUnitThatMayMeanBitsOrBytesIsRefusedWithBoth() {
    for unit in ["Gb/s", "Gbps"] {
      #expect(
        refusal("scale_out: {bandwidth_per_direction: 400 \(unit)}").contains(
          "`scale_out.bandwidth_per_direction` is `400 \(unit)`; it must be in bits or bytes that "
            + "are told apart; did you mean `Gbit/s` or `GB/s`?"))
    }
  }

  @Test func aUnitOfAnotherKindIsRefusedWithTheOneMeant() {
    #expect(
      refusal("accelerator: {memory_capacity: 80 GB/s}").contains("did you mean `GB`?"))
    #expect(
      refusal("accelerator: {memory_bandwidth: 3.35 TB}").contains("did you mean `TB/s`?"))
    #expect(
      refusal("accelerator: {compute: {bf16: 989 TFLOPS}}").contains("did you mean `TFLOP/s`?"))
    #expect(refusal("scale_up: {latency: 3 GB}").contains("a unit (ns, us, ms, s)"))
  }

  @Test(arguments: [
    "450", "450GB/s", "GB/s 450", "-1 GB/s", "1e3 GB/s", "0x10 GB/s", "0 GB/s",
    ". GB/s", "1. GB/s", "1.2.3 GB/s", "nan GB/s", "1234567890123456789 GB/s", "\"450 GB/s\"",
  ])
  func whatIsNoNumberWithAUnitIsRefused(_ text: String) {
    #expect(refusal("scale_up: {bandwidth_per_direction: \(text)}").contains("it must be"))
  }

  @Test func aBandwidthOfBothDirectionsHasNoKey() {
    for key in ["bandwidth", "bidirectional_bandwidth", "bandwidth_bidirectional"] {
      #expect(
        refusal("scale_up: {\(key): 900 GB/s}")
          == "hw.yaml:4:12: unknown key `scale_up.\(key)`; did you mean `bandwidth_per_direction`?")
    }
  }

  // MARK: - Sources

  @Test func everyNumberNeedsASource() throws {
    func text(_ number: String) -> String {
      "version: 1\nname: test\nscale_up: {latency: \(number)}"
    }
    #expect(throws: ConfigurationError.self) {
      try HardwareDescription.parse(text: text("1 us"), file: "hw.yaml")
    }
    #expect(throws: ConfigurationError.self) {
      try HardwareDescription.parse(text: text("{value: 1 us}"), file: "hw.yaml")
    }
    let own = try HardwareDescription.parse(
      text: text("{value: 1 us, source: measured}"), file: "hw.yaml")
    #expect(own.scaleUp.latency?.origin == .source("measured"))
    #expect(own.scaleUp.latency?.assumption == nil)
    let guess = try HardwareDescription.parse(
      text: text("{value: 1 us, assumed: as usual}"), file: "hw.yaml")
    #expect(guess.scaleUp.latency?.assumption == "as usual")
    #expect(
      refusal("scale_up: {latency: {value: 1 us, source: a, assumed: b}}").contains(
        "a number has a source and is assumed"))
  }

  @Test func whatIsLeftOutIsUnknown() throws {
    let hardware = try parse("")
    #expect(hardware.accelerator == HardwareDescription.Accelerator())
    #expect(hardware.scaleUp == HardwareDescription.Fabric())
    #expect(hardware.scaleOut == nil)
    #expect(hardware.memoryPool == nil)
  }

  @Test func mistakesAreNamedWithTheirPlace() {
    #expect(refusal("gpu: {}") == "hw.yaml:4:1: unknown key `gpu`; did you mean `accelerator`?")
    #expect(
      refusal("scale_up: {efficiency: [{message: 1 MiB, share: 1.5}]}").contains(
        "`scale_up.efficiency[0].share` is `1.5`; it must be above 0 and at most 1."))
    #expect(
      refusal("scale_up: {efficiency: [{message: 2 B, share: 0.5}, {message: 1 B, share: 1}]}")
        .contains("messages do not ascend"))
    #expect(
      refusal(
        "synchronisation: [{accelerators: 8, per_collective: 1 us}, {accelerators: 8, per_collective: 2 us}]"
      )
      .contains("accelerators do not ascend"))
    #expect(
      refusal("scale_out: {path_energy: 1 pJ/bit, switch_energy: 1 pJ/bit}").contains(
        "stands beside those of its parts"))
    #expect(
      refusal("memory_pool: {bandwidth: 1 GB/s}").contains("`memory_pool.capacity` is missing"))
    #expect(refusal("scale_up: {accelerators: 0}").contains("a whole number from 1"))
    #expect(refusal("scale_up: {switches: 0}") == "")
  }

  @Test func aListMayBeLongButNotEndless() {
    func curve(_ count: Int) -> String {
      let points = (1...count).map { "{message: \($0) kB, share: 0.5}" }
      return "scale_up: {efficiency: [\(points.joined(separator: ", "))]}"
    }
    #expect(refusal(curve(64)) == "")
    #expect(refusal(curve(65)).contains("at most 64 entries"))
  }

  @Test func onlyTheKnownVersionIsRead() {
    #expect(throws: ConfigurationError.self) {
      try HardwareDescription.parse(text: "version: 2\nname: x", file: "hw.yaml")
    }
    #expect(throws: ConfigurationError.self) {
      try HardwareDescription.parse(text: "name: x", file: "hw.yaml")
    }
  }

  // MARK: - What is compiled in

  @Test func everyEntryIsReadAndNamedAsItself() throws {
    #expect(
      HardwareCatalogue.entries.map(\.name) == [
        "DGX-H100", "DGX-H200", "DGX-B200", "GB200-NVL72", "DGX-A100", "MI300X", "xPU-HBM3",
        "xPU-HBM4", "xPU-3D-DRAM", "xPU-SRAM", "xPU-COWS", "PFA",
      ])
    for entry in HardwareCatalogue.entries {
      let hardware = try HardwareDescription.load(entry.name.lowercased())
      #expect(hardware.name == entry.name)
      #expect(!hardware.summary.isEmpty)
      #expect(hardware.inputs.isEmpty)
      #expect(!hardware.accelerator.compute.isEmpty)
    }
  }

  @Test func theNumbersOfPapersAreThoseOfTheirTables() throws {
    // arXiv 2507.14397, hardware table, in binary units.
    let table: [(String, Double, Double)] = [
      ("xPU-HBM3", 4, 96), ("xPU-HBM4", 18, 192), ("xPU-3D-DRAM", 30, 36),
      ("xPU-SRAM", 117, 0.5), ("xPU-COWS", 2250, 11),
    ]
    for (name, bandwidth, capacity) in table {
      let accelerator = try HardwareDescription.load(name).accelerator
      #expect(accelerator.memoryBandwidth?.value == bandwidth * 1_099_511_627_776)
      #expect(accelerator.memoryCapacity?.value == capacity * 1_073_741_824)
    }
    // arXiv 2507.14000, table 5 and the port of a module.
    let appliance = try HardwareDescription.load("PFA")
    #expect(appliance.memoryPool?.bandwidth?.value == 26_800_000_000_000)
    #expect(appliance.memoryPool?.capacity.value == 32_000_000_000_000)
    #expect(appliance.scaleUp.bandwidth?.value == 900_000_000_000)
    #expect(appliance.scaleUp.latency?.assumption?.contains("states no latency") == true)
  }

  @Test func aNameThatIsNeitherKnownNorAFileIsToldWithTheOneMeant() {
    do throws(ConfigurationError) {
      _ = try HardwareDescription.load("dgx-h10")
      Issue.record("accepted")
    } catch {
      #expect(error.description.contains("did you mean `DGX-H100`?"))
    }
    do throws(ConfigurationError) {
      _ = try HardwareDescription.load("no/such.yaml")
      Issue.record("accepted")
    } catch {
      #expect(error.description.contains("no/such.yaml: cannot be read (no such file)"))
    }
  }
}
