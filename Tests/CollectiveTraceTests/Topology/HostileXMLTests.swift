// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import CollectiveTrace

/// What no writer of NCCL's XML produces is refused, soon, with a sentence.
@Suite(.serialized) struct HostileXMLTests {
  private static func system(_ inside: String) -> String {
    "<system version=\"1\"><cpu numaid=\"0\">\(inside)</cpu></system>"
  }

  private func refusal(_ text: [UInt8]) throws -> TopologyError {
    let clock = ContinuousClock()
    var refusal: TopologyError?
    let time = clock.measure {
      do throws(TopologyError) {
        _ = try TopologyFile.parse(text, file: "x.xml")
      } catch {
        refusal = error
      }
    }
    #expect(time < .milliseconds(100), "\(time)")
    let error = try #require(refusal)
    #expect(error.kind == .malformed)
    #expect(error.description.hasPrefix("x.xml"))
    #expect(error.description.hasSuffix("."))
    return error
  }

  private func refusal(_ text: String) throws -> TopologyError { try refusal(Array(text.utf8)) }

  @Test(arguments: [
    """
    <!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;">]><system version="1">&lol2;</system>
    """,
    "<!doctype system><system version='1'/>",
    "<!DOCTYPE system SYSTEM \"http://example.com/x.dtd\"><system version=\"1\"/>",
    "<!DOCTYPE s [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><system version=\"1\" name=\"&x;\"/>",
    "<system version=\"1\"><!ENTITY x \"y\"></system>",
  ])
  func documentTypesAndEntitiesAreRefused(text: String) throws {
    let error = try refusal(text)
    #expect(error.problem.contains("document type"))
    #expect(error.line == 1)
  }

  @Test func anEntityWithoutADocumentTypeIsAnError() throws {
    let error = try refusal("<system version=\"1\" name=\"&secret;\"></system>")
    #expect(error.problem.contains("not well-formed"))
  }

  @Test func billionLaughsIsRefusedAtItsDocumentType() throws {
    var text = "<?xml version=\"1.0\"?><!DOCTYPE lolz [<!ENTITY a0 \"lol\">"
    for level in 1...20 {
      let reference = "&a\(level - 1);"
      text += "<!ENTITY a\(level) \"\(String(repeating: reference, count: 10))\">"
    }
    text += "]><system version=\"1\">&a20;</system>"
    #expect(try refusal(text).problem.contains("document type"))
  }

  @Test func nestingIsLimitedOnBothSides() throws {
    func nested(_ depth: Int) -> String {
      // <system>, <cpu> and `depth` switches.
      var text = "<system version=\"1\"><cpu numaid=\"0\">"
      for level in 0..<depth {
        text += "<pci busid=\"0000:00:00.\(level % 8)\" class=\"0x060400\">"
      }
      return text + String(repeating: "</pci>", count: depth) + "</cpu></system>"
    }
    let inside = XMLElements.maximumDepth - 2
    _ = try TopologyFile.parse(Array(nested(inside).utf8))
    #expect(try refusal(nested(inside + 1)).problem.contains("deeper than 32"))
    #expect(try refusal(nested(200_000)).problem.contains("deeper than 32"))
  }

  @Test func tagsAreLimitedOnBothSides() throws {
    func system(nameBytes: Int) -> String {
      let name = String(repeating: "n", count: nameBytes)
      return "<system version=\"1\" name=\"\(name)\"><cpu numaid=\"0\"/></system>"
    }
    // The tag's own characters between < and >, both left out.
    let rest = "system version=\"1\" name=\"\"".utf8.count
    _ = try TopologyFile.parse(Array(system(nameBytes: XMLGuard.maximumTagBytes - rest).utf8))
    let error = try refusal(system(nameBytes: XMLGuard.maximumTagBytes - rest + 2))
    #expect(error.problem.contains("longer than 8192"))
    #expect(try refusal(system(nameBytes: 9_900_000)).problem.contains("longer than 8192"))
  }

  @Test func attributesAreLimitedOnBothSides() throws {
    func system(attributes: Int) -> String {
      let more = (1..<attributes).map { " a\($0)=\"\"" }.joined()
      return "<system version=\"1\"\(more)><cpu numaid=\"0\"/></system>"
    }
    _ = try TopologyFile.parse(Array(system(attributes: XMLGuard.maximumAttributes).utf8))
    let error = try refusal(system(attributes: XMLGuard.maximumAttributes + 1))
    #expect(error.problem.contains("more than 64 attributes"))
    #expect(try refusal(system(attributes: 100_000)).problem.contains("more than 64 attributes"))
  }

  @Test func elementsAreLimitedOnBothSides() throws {
    func graphs(elements: Int) -> String {
      let graph =
        "<graph id=\"0\" pattern=\"4\" crossnic=\"0\" nchannels=\"1\" speedintra=\"1\" "
        + "speedinter=\"1\" samechannels=\"1\">"
      let rest = String(repeating: "<channel/>", count: elements - 2)
      return "<graphs version=\"1\">\(graph)\(rest)</graph></graphs>"
    }
    _ = try TopologyFile.parse(Array(graphs(elements: XMLElements.maximumElements).utf8))
    var refused: TopologyError?
    do throws(TopologyError) {
      _ = try TopologyFile.parse(Array(graphs(elements: XMLElements.maximumElements + 1).utf8))
    } catch { refused = error }
    #expect(refused?.problem.contains("more than 65536 elements") == true)
  }

  @Test func textAndCommentsAreLimitedOnBothSides() throws {
    let limit = XMLGuard.maximumRunBytes
    func text(_ count: Int) -> String {
      Self.system("").replacing("<cpu", with: String(repeating: " ", count: count) + "<cpu")
    }
    _ = try TopologyFile.parse(Array(text(limit).utf8))
    #expect(try refusal(text(limit + 1)).problem.contains("without a tag"))
    func comment(_ count: Int) -> String {
      "<!--\(String(repeating: "c", count: count))-->" + Self.system("")
    }
    _ = try TopologyFile.parse(Array(comment(limit - 3).utf8))
    #expect(try refusal(comment(limit)).problem.contains("comment or section longer"))
    #expect(try refusal(comment(8_000_000)).problem.contains("comment or section longer"))
    #expect(
      try refusal("<!--" + String(repeating: "- ", count: 2_000_000)).problem.contains("longer"))
  }

  @Test func commentsMayHoldWhatTagsMayNot() throws {
    let text = "<!-- <!DOCTYPE x> <a b=c > & \u{e9} -- -->".replacing(" -- -->", with: " -->")
    _ = try TopologyFile.parse(Array((text + Self.system("<!-- 0 > 1 -->")).utf8))
  }

  @Test(arguments: [1, 2, 3, 7, 64])
  func whereAChunkEndsMakesNoDifference(size: Int) throws {
    let text = Array(
      "<?xml version='1.0' encoding='UTF-8'?><!-- a -->\(Self.system("<!--b-->"))".utf8)
    var filter = XMLGuard()
    var start = 0
    while start < text.count {
      let end = min(start + size, text.count)
      #expect(filter.check(Array(text[start..<end])) == nil)
      start = end
    }
    var refusing = XMLGuard()
    var refusals: [XMLGuard.Refusal] = []
    for byte in Array("<a><!docTYPE x>".utf8) {
      if let refusal = refusing.check([byte]) { refusals.append(refusal) }
    }
    #expect(refusals.first == .doctype)
  }

  @Test func wrongEncodingsAreRefused() throws {
    let text = Self.system("")
    let utf16 = Array(text.utf16)
    let little: [UInt8] =
      [0xFF, 0xFE] + utf16.flatMap { unit -> [UInt8] in [UInt8(unit & 0xFF), UInt8(unit >> 8)] }
    let big: [UInt8] =
      [0xFE, 0xFF] + utf16.flatMap { unit -> [UInt8] in [UInt8(unit >> 8), UInt8(unit & 0xFF)] }
    #expect(try refusal(little).problem.contains("UTF-16"))
    #expect(try refusal(big).problem.contains("UTF-16"))
    #expect(try refusal(Array(little.dropFirst(2))).problem.contains("NUL"))
    for name in ["UTF-16", "UTF-7", "EBCDIC-US", "bogus"] {
      let error = try refusal("<?xml version=\"1.0\" encoding=\"\(name)\"?>\(text)")
      #expect(error.problem.contains("encoding `\(name)`"))
    }
    for name in ["UTF-8", "us-ascii", "ISO-8859-1"] {
      let declared = "<?xml version=\"1.0\" encoding=\"\(name)\"?>\(text)"
      _ = try TopologyFile.parse(Array(declared.utf8))
    }
    _ = try TopologyFile.parse([0xEF, 0xBB, 0xBF] + Array(text.utf8))
    #expect(
      try refusal(Array("<system version=\"".utf8) + [0xC3, 0x28] + Array("\"/>".utf8)).problem
        .contains("not well-formed"))
  }

  @Test func nulBytesAreRefusedWithTheirLine() throws {
    let error = try refusal(
      Array("<system version=\"1\">\n<cpu numaid=\"0".utf8) + [0, 0x22, 0x3E])
    #expect(error.problem.contains("NUL") && error.line == 2)
  }

  @Test(arguments: [
    "", "   \n", "hello", "node07:1:1 [0] NCCL INFO x\n", "{\"a\": 1}", "<", "<!-", "<?xml",
  ])
  func whatIsNotXMLIsRefused(text: String) throws { _ = try refusal(text) }

  @Test(arguments: [
    ("<algo name=\"x\"/>", "MSCCL"), ("<html><body/></html>", "web page"),
    ("<svg xmlns=\"http://www.w3.org/2000/svg\"/>", "picture"),
    ("<a:system xmlns:a=\"b\"/>", "a:system"),
    ("<topology/>", "hwloc"),
  ])
  func xmlOfSomethingElseIsNamed(text: String, name: String) throws {
    let error = try refusal(text)
    #expect(error.problem.contains(name))
    #expect(error.advice.contains("<system>"))
  }

  @Test func everyPrefixOfATopologyEndsInASentence() throws {
    let whole = try Data(contentsOf: Fixture.folder.appending(path: "topology/pcie-only.xml"))
    for end in stride(from: 0, to: whole.count - 1, by: 7) {
      let error = try refusal(Array(whole.prefix(end)))
      #expect(!error.problem.isEmpty)
    }
  }

  @Test func everyFlippedBitGivesATopologyOrASentence() throws {
    let whole = Array(
      try Data(contentsOf: Fixture.folder.appending(path: "topology/graph-rings.xml")))
    for place in whole.indices {
      for bit in stride(from: 0, to: 8, by: place % 3 + 1) {
        var text = whole
        text[place] ^= 1 << bit
        do throws(TopologyError) {
          _ = try TopologyFile.parse(text)
        } catch {
          #expect(!error.description.isEmpty)
        }
      }
    }
  }

  @Test func namesOfTheFileCannotActOnATerminal() throws {
    let error = try refusal("<system version=\"1\"><\u{202E}evil/></system>")
    #expect(error.description.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x202E })
  }
}
