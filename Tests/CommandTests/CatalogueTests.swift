// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Keeps the articles of the documentation true where a machine can: links, names and numbers.
@Suite struct CatalogueTests {
  private static let sources = Fixture.root.appending(path: "Sources")

  private static func files(_ folder: URL, _ suffix: String) -> [URL] {
    let all = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
    return (all?.compactMap { $0 as? URL } ?? []).filter { $0.path().hasSuffix(suffix) }
      .sorted { $0.path() < $1.path() }
  }

  private static func text(_ url: URL) throws -> String {
    try String(contentsOf: url, encoding: .utf8)
  }

  private static func article(_ name: String) throws -> String {
    try text(sources.appending(path: "TrafficReport/TrafficReport.docc/\(name).md"))
  }

  static let articles = files(sources, ".md").filter { $0.path().contains(".docc/") }

  @Test(arguments: articles) func everyLinkLeadsSomewhere(article: URL) throws {
    let catalogue = article.deletingLastPathComponent()
    let module = catalogue.deletingPathExtension().lastPathComponent
    let text = try Self.text(article)
    for link in text.matches(of: /<doc:([^>]+)>/) {
      let target = catalogue.appending(path: "\(link.1).md")
      #expect(FileManager.default.fileExists(atPath: target.path()), "\(link.0)")
    }
    // A symbol is looked for by the words of its path, each declared somewhere in the module.
    let code = try Self.files(Self.sources.appending(path: module), ".swift").map(Self.text)
      .joined()
    for link in text.matches(of: /``([A-Za-z\/_:()]+)``/) where link.1 != module {
      for word in link.1.split(separator: "/").map({ $0.prefix { $0 != "(" } }) {
        let declaration = try Regex(
          "(struct|class|enum|protocol|func|var|let|case) \(word)\\b|extension \(word)\\b")
        #expect(code.contains(declaration), "\(link.0)")
      }
    }
  }

  @Test(arguments: ["README.md", "CONTRIBUTING.md"])
  func everyFileThatADocumentLinksToExists(document: String) throws {
    for link in try Self.text(Fixture.root.appending(path: document)).matches(of: /\]\(([^)]+)\)/)
    where !link.1.hasPrefix("https://") && !link.1.hasPrefix("#") {
      let target = Fixture.root.appending(path: String(link.1))
      #expect(FileManager.default.fileExists(atPath: target.path()), "\(link.0)")
    }
  }

  @Test func everyLibraryHasAPageThatLeadsToItsArticles() throws {
    for catalogue in Set(Self.articles.map { $0.deletingLastPathComponent() }) {
      let module = catalogue.deletingPathExtension().lastPathComponent
      let page = try Self.text(catalogue.appending(path: "\(module).md"))
      #expect(page.hasPrefix("# ``\(module)``\n"))
      for article in Self.articles where article.deletingLastPathComponent() == catalogue {
        let name = article.deletingPathExtension().lastPathComponent
        #expect(name == module || page.contains("<doc:\(name)>"), "\(name)")
      }
    }
  }

  @Test func everyTestThatTheComparisonNamesExists() throws {
    let rows = try Self.article("OtherTools").split(separator: "\n")
      .filter { $0.wholeMatch(of: /\|.*\| (yes|partly)( \([a-z]\))? \|.*/) != nil }
    #expect(rows.count == 46)
    let tests = Self.files(Fixture.root.appending(path: "Tests"), ".swift")
    let code = try tests.map(Self.text)
    for row in rows {
      let names = row.matches(of: /`([A-Za-z]+)\/([A-Za-z0-9.]+)`/)
      #expect(!names.isEmpty, "\(row)")
      for name in names {
        let file = Fixture.root.appending(path: "Tests/\(name.1)/\(name.2)")
        let isTest = code.contains {
          $0.contains("struct \(name.1) {") && $0.contains("func \(name.2)(")
        }
        #expect(isTest || FileManager.default.fileExists(atPath: file.path()), "\(name.0)")
      }
    }
  }

  @Test func theRowsWorkedOutByHandAreThoseOfTheReport() throws {
    let rows = try #require(DocumentationTests.blocks("csv", in: Self.article("Numbers")).first)
    let report = try Self.text(Fixture.root.appending(path: "reports/vllm-tp4/traffic.csv"))
    for row in rows.split(separator: "\n") { #expect(report.contains("\n\(row)\n")) }
    #expect(rows.split(separator: "\n").count == 2)
  }

  @Test func theCodeThatTheArticlesShowIsThatOfTheSources() throws {
    for name in [
      "CollectiveTrace/CollectiveTrace.docc/AddingAFormat",
      "TrafficReport/TrafficReport.docc/AddingAReport",
    ] {
      let article = try Self.text(Self.sources.appending(path: name + ".md"))
      let module = name.prefix { $0 != "/" }
      let code = try Self.files(Self.sources.appending(path: String(module)), ".swift")
        .map(Self.text).joined().filter { $0 != " " && $0 != "\n" }
      let blocks = DocumentationTests.blocks("swift", in: article)
      #expect(!blocks.isEmpty)
      for block in blocks { #expect(code.contains(block.filter { $0 != " " && $0 != "\n" })) }
    }
  }

  /// `xmllint`, where it is installed; figures are also parsed by tests of their own.
  @Test(
    .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/xmllint"), "no xmllint"))
  func everyFigureOfTheReportsIsWellFormed() throws {
    let figures = Self.files(Fixture.root.appending(path: "reports"), ".svg")
    #expect(figures.count > 20)
    let names = figures.map { "'\($0.path())'" }.joined(separator: " ")
    let run = try CommandRun(shell: "xmllint --noout \(names)", folder: Fixture.root)
    #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
  }
}
