// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing
import TrafficAnalysis
import TrafficReport

/// Uses the library as another package would: this target sees public declarations only.
@Suite struct LibraryTests {
  @Test func threeCallsMakeTheReportOnAFile() throws {
    // The four files of the job one after another, as `cat` would leave them in one.
    let whole = FileManager.default.temporaryDirectory
      .appending(path: "commlens-test-\(UUID().uuidString).log.gz")
    defer { try? FileManager.default.removeItem(at: whole) }
    try Self.files().reduce(into: Data()) { try $0.append(Data(contentsOf: URL(filePath: $1))) }
      .write(to: whole)
    let files = report(on: whole.path())
    for name in ["traffic.csv", "rank_matrix.csv", "links.csv"] {
      let made = try #require(files.first { $0.name == name })
      let kept = try Data(contentsOf: Fixture.root.appending(path: "reports/vllm-tp4/\(name)"))
      let isEqual = Array(kept) == made.bytes
      #expect(isEqual, "\(name)")
    }
  }

  @Test func theNumbersOfAReportAreAtHand() throws {
    let bytes = try wireBytes(ofJobIn: Self.files())
    // 65 and 975 all-reduces over four ranks send 6 S each, 16 all-gathers 3 S.
    #expect(bytes[.tp] == (65 * 262_144 + 975 * 8192 + 4) * 6 + 16 * 256_512 * 3)
    #expect(bytes[.world] == 4 * 6)
  }

  @Test func aFileThatIsMissingIsAccountedFor() throws {
    let files = report(on: "does-not-exist.log")
    let ingestion = try #require(files.first { $0.name == "ingestion.csv" })
    #expect(String(decoding: ingestion.bytes, as: UTF8.self).contains(",unreadable,"))
  }

  @Test func theArticleShowsTheCodeThatWasTested() throws {
    let article = Fixture.root.appending(
      path: "Sources/TrafficReport/TrafficReport.docc/UsingTheLibrary.md")
    let text = try String(contentsOf: article, encoding: .utf8)
    let code = try String(
      contentsOf: Fixture.root.appending(path: "Tests/LibraryTests/Example.swift"), encoding: .utf8)
    let shown = try #require(code.firstRange(of: "\n\n")).upperBound
    #expect(text.contains("```swift\n\(code[shown...])```"))
  }

  private static func files() throws -> [String] {
    let job = Fixture.root.appending(path: "traces/vllm-tp4")
    return try FileManager.default.contentsOfDirectory(atPath: job.path()).sorted()
      .map { job.appending(path: $0).path() }
  }
}
