// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import TrafficReport

/// The elements of a page, and what holds for every page.
struct PageElements {
  let all: [XMLChecker.Element]

  /// Reads a page as XML: without its declaration, and without the script, which may hold `<`.
  init(_ page: String) throws {
    var text = page.dropFirst("<!doctype html>\n".count)
    while let script = text.firstRange(of: "<script>"),
      let end = text[script.upperBound...].firstRange(of: "</script>")
    {
      text.removeSubrange(script.lowerBound..<end.upperBound)
    }
    all = try XMLChecker.elements(of: Array(text.utf8))
  }

  /// Every link leads to an element of the page or to a file beside it, and ids are unique.
  func expectLinks(to files: [ReportFile]) {
    let ids = all.compactMap { $0["id"] }
    #expect(Set(ids).count == ids.count)
    let targets = all.filter { $0.name == "a" }.compactMap { $0["href"] }
    #expect(targets.count > 5)
    for target in Set(targets) {
      if target.hasPrefix("#") {
        #expect(ids.contains(String(target.dropFirst())), "\(target)")
      } else {
        #expect(target == "manifest.json" || files.contains { $0.name == target }, "\(target)")
      }
    }
  }

  /// Nothing is fetched, and no element carries a style or a handler.
  func expectSelfContained() {
    for element in all {
      #expect(!["img", "link", "iframe", "object", "embed", "form"].contains(element.name))
      let names = element.attributes.map(\.name)
      #expect(!names.contains { $0.hasPrefix("on") || $0 == "style" || $0 == "src" })
      for attribute in element.attributes where attribute.name != "xmlns" {
        #expect(!attribute.value.contains("://") || attribute.name == "title")
      }
    }
  }

  /// The policy allows every style sheet of the page, its script, and no more.
  func expectPolicy() {
    let policy = all.first { $0["http-equiv"] == "Content-Security-Policy" }?["content"] ?? ""
    #expect(policy.hasPrefix("default-src 'none'; style-src 'sha256-"))
    #expect(!policy.contains("unsafe"))
    let sheets = all.filter { $0.name == "style" }.map(\.text)
    #expect(sheets.count >= 2)
    for sheet in sheets {
      #expect(policy.contains("'sha256-\(SHA256.base64Digest(of: Array(sheet.utf8)))'"))
    }
    #expect(policy.split(separator: "'sha256-").count - 1 == Set(sheets).count + 1)
  }
}
