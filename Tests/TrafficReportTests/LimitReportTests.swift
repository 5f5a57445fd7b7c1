// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import TestSupport
import Testing
import TrafficAnalysis
import TrafficModel

@testable import TrafficReport

@Suite struct LimitReportTests {
  private func study(_ name: String) throws -> LimitStudy {
    try #require(SampleLimits.studies().first { $0.name == name }).study
  }

  private func report(_ name: String) throws -> WhatIfReport {
    let own = try #require(SampleLimits.whatIfs().first { $0.name == name })
    return WhatIfReport(own.whatIf, fits: name == "strategies" ? SampleLimits.fits : [])
  }

  @Test(arguments: ["machines", "hostile-names", "nothing"])
  func aStudyIsWrittenAsRecorded(name: String) throws {
    let study = try study(name)
    for file in LimitReport.files(study) {
      try expectGolden(file.bytes, "limits/\(name)/\(file.name)")
    }
    try expectGolden(
      Array(LimitReport.text(study, outputs: ["out"]).utf8), "limits/\(name)/digest.txt")
    try expectGolden(
      Array(LimitReport.markdown(study, outputs: ["out"]).utf8), "limits/\(name)/digest.md")
  }

  @Test(arguments: ["strategies", "four-nodes", "hostile-names", "nothing"])
  func aWhatIfIsWrittenAsRecorded(name: String) throws {
    let report = try report(name)
    for file in report.files() { try expectGolden(file.bytes, "whatif/\(name)/\(file.name)") }
    try expectGolden(Array(report.text(outputs: ["out"]).utf8), "whatif/\(name)/digest.txt")
    try expectGolden(Array(report.markdown(outputs: ["out"]).utf8), "whatif/\(name)/digest.md")
  }

  @Test func machinesAreListedAsRecorded() throws {
    let machines = try HardwareCatalogue.entries.map { try HardwareDescription.load($0.name) }
    try expectGolden(Array(HardwareReport.text(machines).utf8), "limits/hardware.txt")
    try expectGolden(Array(HardwareReport.markdown(machines).utf8), "limits/hardware.md")
    try expectGolden(HardwareReport.csv(machines), "limits/hardware.csv")
  }

  @Test func describesTheColumnsAsRecorded() throws {
    try expectGolden(
      Array(Schema.text(Table.limits + Table.whatIf + Table.hardware).utf8), "limits/schema.txt")
  }

  @Test func theTablesAreTheirColumns() throws {
    let files = try LimitReport.files(study("machines")) + report("strategies").files()
    for table in Table.limits + Table.whatIf {
      let file = try #require(files.first { $0.name == table.fileName })
      let header = file.bytes.prefix { $0 != UInt8(ascii: "\n") }
      #expect(
        String(decoding: header, as: UTF8.self)
          == table.columns.map(\.name).joined(separator: ","))
    }
  }

  @Test func digestsFitTheTerminal() throws {
    for width in [60, 80, 100, 200] {
      for (_, study) in try SampleLimits.studies() {
        let lines = LimitReport.text(study, width: width).split(separator: "\n")
        #expect(lines.allSatisfy { $0.unicodeScalars.count <= width }, "\(width)")
      }
      for (name, _) in try SampleLimits.whatIfs() {
        let lines = try report(name).text(width: width).split(separator: "\n")
        #expect(lines.allSatisfy { $0.unicodeScalars.count <= width }, "\(name) \(width)")
      }
    }
    let text = try report("hostile-names").text() + LimitReport.text(study("hostile-names"))
    #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || PlainText.isPrintable($0) })
  }

  @Test func everyPassOfASweepIsAPointOfTheRoofline() throws {
    let text = try String(decoding: LimitFigure.svg(study("sweep")), as: UTF8.self)
    #expect(text.split(separator: "M").count { $0.contains("h3v3h-3z") } == 300)
    #expect(text.contains("Bars of 20 of 150 decode passes"))
  }

  @Test(arguments: [
    (0.0, "0 J"), (1.25e-10, "0.13 nJ"), (2e-6, "2 \u{B5}J"), (0.0125, "12.5 mJ"), (3, "3 J"),
    (4_200, "4.2 kJ"), (9.9e9, "9900 MJ"), (.nan, "?"),
  ])
  func energiesHaveThreeDigits(joules: Double, text: String) {
    #expect(Quantity.energy(joules) == text)
  }

  @Test(arguments: [
    (0.0, "0 ns"), (1e-12, "<1 ns"), (0.8e-6, "800 ns"), (0.0125, "12.5 ms"),
    (.infinity, "very long"), (1e12, "very long"),
  ])
  func secondsThatAreNoTimeSaySo(seconds: Double, text: String) {
    #expect(Quantity.seconds(seconds) == text)
  }

  @Test func logarithmsAreThoseOfDecades() {
    for (value, power) in [(1.0, 0.0), (1000, 3), (0.001, -3), (2, 0.301), (3e15, 15.477)] {
      #expect(((Logarithm.base10(value) ?? .nan) - power).magnitude < 0.001)
    }
    #expect(Logarithm.base10(0) == nil)
    #expect(Logarithm.base10(-1) == nil)
    #expect(Logarithm.base10(.infinity) == nil)
  }

  // MARK: - Lists of ranks

  @Test(
    arguments: [
      [], [0], [0, 1, 2, 3], [0, 2, 4, 6], [5, 3, 1], [0, nil, 2], [nil, nil, nil],
      [0, 1, 8, 9, 10],
    ] as [[Int?]])
  func aListOfRanksIsReadBack(ranks: [Int?]) {
    #expect(RankList.ranks(RankList.text(ranks)) == ranks)
  }

  @Test(arguments: [
    "x", "1-", "-1", "3-1", "0-3:0", "1-2-3", "1:2:3", "?*0", "?*x", "0-1048576", "?*1048577",
    "0-9223372036854775807", "99999999999999999999",
  ])
  func whatIsNoListOfRanksGivesNone(text: String) {
    #expect(RankList.ranks(text) == [])
  }

  @Test func theLargestListIsThatOfTheLargestJob() {
    #expect(RankList.ranks("0-1048575").count == 1 << 20)
  }
}
