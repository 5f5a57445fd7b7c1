// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import TrafficReport

@Suite struct GoldenTests {
  @Test(arguments: SampleJob.all.map(\.name))
  func writesTheSameFilesAsRecorded(name: String) throws {
    let summary = try #require(SampleJob.all.first { $0.name == name }?.summary)
    for file in ReportSet.render(summary) where !isElsewhere(file, of: name) {
      try expectGolden(file.bytes, "report/\(name)/\(file.name)")
    }
    let text = Digest.text(summary, outputs: ["report/ (10 files)"])
    try expectGolden(Array(text.utf8), "report/\(name)/digest.txt")
    try expectGolden(
      Array(Digest.markdown(summary, outputs: ["report/ (10 files)"]).utf8),
      "report/\(name)/digest.md")
  }

  @Test func describesTheColumnsAsRecorded() throws {
    try expectGolden(Array(Schema.text().utf8), "report/schema.txt")
    try expectGolden(Array(Schema.text(Table.topology).utf8), "topology/schema.txt")
    try expectGolden(Array(Schema.markdown().utf8), "report/schema.md")
  }

  @Test(arguments: SampleMachine.golden)
  func showsMachinesAsRecorded(name: String) throws {
    let report = try SampleMachine.report(name)
    for file in report.files() {
      try expectGolden(file.bytes, "topology/\(name)/\(file.name)")
    }
    try expectGolden(Array(report.text(outputs: ["report"]).utf8), "topology/\(name)/text.txt")
    try expectGolden(Array(report.markdown().utf8), "topology/\(name)/text.md")
  }

  /// Tables of large jobs say nothing that those of small ones do not, and a page repeats figures.
  private func isElsewhere(_ file: ReportFile, of name: String) -> Bool {
    if file.name.hasSuffix(".html") { return name != SampleJob.all.first?.name }
    return name.hasPrefix("large") && !file.name.hasSuffix(".svg")
  }
}
