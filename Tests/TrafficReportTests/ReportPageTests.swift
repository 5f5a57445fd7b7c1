// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import TestSupport
import Testing

@testable import TrafficAnalysis
@testable import TrafficReport

@Suite struct ReportPageTests {
  private func page(_ summary: TrafficSummary) throws -> String {
    let file = try #require(ReportSet.render(summary).first { $0.name == "report.html" })
    return try #require(String(validating: file.bytes, as: UTF8.self))
  }

  private func elements(_ page: String) throws -> [XMLChecker.Element] {
    try PageElements(page).all
  }

  @Test(arguments: SampleJob.all.map(\.name))
  func everyPageIsBalancedAndItsLinksLeadSomewhere(name: String) throws {
    let summary = try #require(SampleJob.all.first { $0.name == name }?.summary)
    let files = ReportSet.render(summary)
    let elements = try PageElements(try page(summary))
    elements.expectLinks(to: files)
    let pictures = files.count { $0.name.hasSuffix(".svg") }
    #expect(elements.all.count { $0.name == "svg" } == pictures)
  }

  @Test func nothingIsFetchedAndNoElementCarriesStyleOrHandler() throws {
    for sample in SampleJob.all {
      try PageElements(try page(sample.summary)).expectSelfContained()
    }
  }

  /// The digests are those of RFC 4231's and FIPS 180's examples, as any tool prints them.
  @Test func digestsAreInBase64() {
    #expect(
      SHA256.base64Digest(of: []) == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
    #expect(
      SHA256.base64Digest(of: Array("abc".utf8))
        == "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=")
  }

  @Test func thePolicyAllowsEveryStyleSheetOfThePageAndNoOther() throws {
    let summary = try #require(SampleJob.all.first?.summary)
    let elements = try PageElements(try page(summary))
    elements.expectPolicy()
    #expect(elements.all.count { $0.name == "style" } >= 5)
  }

  @Test func theCellsAddUpToTheTotals() throws {
    for sample in SampleJob.all where sample.summary.traffic.count <= PageTable.maximumRows {
      let content = PageTable.all.first { $0.table.name == "traffic" }?.content(sample.summary)
      let column = try #require(content?.columns.firstIndex { $0.name == "rank_calls" } ?? 0)
      let sum = (content?.rows ?? []).reduce(UInt64(0)) { sum, row in
        guard case .unsigned(let value) = row[column] else { return sum }
        return sum + value
      }
      #expect(sum == sample.summary.traffic.reduce(0) { $0 + $1.rankCalls })
    }
  }

  @Test func sizesAndTimesAreShownInUnitsAndExactlyOnHover() throws {
    var summary = try #require(SampleJob.all.first?.summary)
    summary.traffic = Array(summary.traffic.prefix(1))
    summary.traffic[0].wireBytes = 68_157_440
    let cells = try elements(try page(summary)).filter { $0.name == "td" }
    let cell = try #require(cells.first { $0["title"] == "68157440 bytes" })
    #expect(cell.text == "65 MiB")
    let heads = try elements(try page(summary)).filter { $0.name == "th" }
    #expect(
      heads.contains {
        $0.text == "wire" && $0["title"] == "bytes that leave GPUs, over all ranks (bytes)"
      })
  }

  @Test func onlyTheLargestRowsOfAnEndlessTableAreShown() throws {
    var summary = try #require(SampleJob.all.first?.summary)
    let row = try #require(summary.traffic.first)
    summary.traffic = (0..<1000).map { index in
      var row = row
      row.elementCount = UInt64(index)
      row.wireBytes = UInt64((index * 7919) % 1000)
      return row
    }
    let table = try #require(PageTable.all.first { $0.table.name == "traffic" })
    let content = table.content(summary)
    #expect((content.rows.count, content.count) == (PageTable.maximumRows, 1000))
    let column = try #require(content.columns.firstIndex { $0.name == "wire_bytes" })
    let bytes = content.rows.map { $0[column] }
    #expect(bytes == (0..<PageTable.maximumRows).map { Cell.unsigned(UInt64(999 - $0)) })
    #expect(try page(summary).contains("The 200 with the most wire bytes of 1,000; all are in "))
  }

  @Test func findingsPointToTheRowsThatTheyName() throws {
    var summary = try #require(SampleJob.all.first?.summary)
    let communicator = try #require(summary.communicators.first?.communicator)
    let file = try #require(summary.ingestion.first?.file)
    summary.findings = [
      Finding(
        code: "nccl-warning", severity: .warning, summary: "Something.",
        location: "communicator \(communicator), rank 0, \(file):12, rank 123456",
        evidence: "", suggestion: "")
    ]
    let elements = try elements(try page(summary))
    let links = elements.filter { $0.name == "a" }
    func target(_ text: String) -> String? {
      links.first { $0.text == text }?["href"].map { String($0.dropFirst()) }
    }
    for text in ["communicator \(communicator)", "rank 0", "\(file):12"] {
      let id = try #require(target(text), "\(text)")
      #expect(elements.first { $0["id"] == id }?.name == "tr")
    }
    #expect(target("rank 123456") == nil)
  }

  @Test func namesOfEveryKindStayText() throws {
    var names = HostileNames(count: 400)
    var summary = try #require(SampleJob.all.first?.summary)
    for index in summary.ranks.indices { summary.ranks[index].host = names.next() }
    for index in summary.communicators.indices {
      summary.communicators[index].name = names.next()
      summary.communicators[index].communicator = names.next() ?? ""
    }
    for index in summary.ingestion.indices { summary.ingestion[index].file = names.next() ?? "" }
    let before = try elements(try page(summary)).filter { $0.name != "a" }.count
    summary.headline = "<script>alert(1)</script>\u{202E}"
    summary.findings = names.map { name in
      Finding(
        code: name, severity: .error, summary: name, location: name, evidence: name,
        suggestion: name)
    }
    let text = try page(summary)
    let found = try elements(text)
    #expect(found.count > before)
    #expect(text.split(separator: "<script", omittingEmptySubsequences: false).count == 2)
    #expect(!found.contains { $0.name == "script" })
    #expect(text.contains("&lt;script&gt;alert(1)&lt;/script&gt;\u{FFFD}"))
  }

  @Test func aPageOfFourThousandRanksStaysBelowThreeMegabytes() throws {
    let large = try #require(SampleJob.all.filter { $0.name.hasPrefix("large") }.last)
    var summary = large.summary
    let row = try #require(summary.ranks.first)
    summary.ranks = (0..<4096).map { rank in
      var row = row
      row.rank = rank
      row.host = "a-host-name-of-the-usual-length-\(rank / 8).example.org"
      return row
    }
    let finding = Finding(
      code: "nccl-warning", severity: .warning, summary: String(repeating: "word ", count: 60),
      location: "rank 1", evidence: String(repeating: "word ", count: 60), suggestion: "")
    summary.findings = Array(repeating: finding, count: 1000)
    #expect(try page(summary).utf8.count < 3_000_000)
    #expect(try page(summary).contains("900 more are in "))
  }

  @Test func theLeadSaysWhatMovedWhatIsWrongAndHowSureThatIs() throws {
    var summary = try #require(SampleJob.all.first?.summary)
    func line(_ term: String) -> String {
      ReportLead.lines(summary).first { $0.term == term }?.text ?? ""
    }
    summary.traffic = Array(summary.traffic.prefix(2))
    for (index, dimension) in [ParallelismDimension.tp, .world].enumerated() {
      summary.traffic[index].dimension = dimension
      summary.traffic[index].operations = 5
      summary.traffic[index].wireBytes = index == 0 ? 3 << 20 : 1 << 20
      summary.traffic[index].intraNodeBytes = 1 << 20
      summary.traffic[index].interNodeBytes = index == 0 ? 2 << 20 : 0
    }
    #expect(
      line("Traffic")
        == "4 MiB left the GPUs in 10 operations: tp (tensor) 75 %, world (all ranks) 25 %. "
        + "50 % of it crossed nodes.")
    let finding = Finding(
      code: "x", severity: .warning, summary: "A rank is late.", location: "", evidence: "",
      suggestion: "")
    summary.findings = [finding]
    #expect(line("Faults") == "1 warning. A rank is late.")
    summary.findings = []
    #expect(line("Faults") == "Nothing that commlens looks for is an error or a warning.")
    summary.communicators = try Array(repeating: #require(summary.communicators.first), count: 2)
    for index in summary.communicators.indices {
      summary.communicators[index].wireBytes = index == 0 ? 300 : 100
      summary.communicators[index].confidence = index == 0 ? .certain : .weak
    }
    #expect(
      line("Confidence").hasPrefix(
        "75 % of the bytes are on communicators whose label is certain or strongly supported"))
    summary.traffic = []
    #expect(line("Traffic") == "The input holds no operations, so nothing can be said of traffic.")
  }
}
