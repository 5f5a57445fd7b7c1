// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import TestSupport
import Testing

@testable import CollectiveTrace

/// Real-looking XML with something changed gives a topology, a graph or a sentence, soon: nothing
/// that passes the guard and the parser may trap in the readers or in the search for paths.
@Suite struct MutatedXMLTests {
  private static let names = [
    "cloud-vm", "dgx-like", "grace-like", "graph-rings", "mi300-like", "pcie-only", "vm-4gpu",
  ]
  /// What a guard, a parser or a reader of numbers may stumble over.
  private static let words: [String] = [
    "<", ">", "/>", "\"", "'", "=", "&", "&#0;", "&#x110000;", "&lt;", "<!--", "-->", "<![CDATA[",
    "]]>", "<?xml version=\"1.0\"?>", "<!DOCTYPE x>", "</cpu>", "</pci>", "<pci busid=\"", "<gpu ",
    "<net dev=\"0\"/>", "<nvlink target=\"", "\"-1\"", "\"9223372036854775807\"",
    "\"18446744073709551616\"", "\"1e308\"", "\"nan\"", "\"\"", "\"0x\"", "\"ffff:ff:ff.f\"",
    "\u{0}", "\u{FEFF}", "\u{202E}", String(repeating: "<pci busid=\"0000:00:00.0\">", count: 40),
  ]

  private struct Mutant {
    var bytes: [UInt8]
    var steps: [String] = []

    mutating func change(_ random: inout SplitMix64, other: [UInt8], words: [String]) {
      guard !bytes.isEmpty else { return }
      let place = Int.random(in: 0..<bytes.count, using: &random)
      let end = min(bytes.count, place + Int.random(in: 1...400, using: &random))
      let kind = Int.random(in: 0..<8, using: &random)
      steps.append("\(kind) at \(place)")
      switch kind {
      case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 1: bytes[place] = UInt8.random(in: 0...255, using: &random)
      case 2: bytes.removeSubrange(place..<end)
      case 3: bytes.insert(contentsOf: Array(bytes[place..<end]), at: place)
      case 4: bytes.removeSubrange(place...)
      case 5:
        // The rest of another file, from the same share of it.
        bytes.replaceSubrange(place..., with: other.suffix(other.count - min(place, other.count)))
      case 6: replaceValue(after: place, with: words[Int.random(in: words.indices, using: &random)])
      default:
        bytes.insert(
          contentsOf: Array(words[Int.random(in: words.indices, using: &random)].utf8), at: place)
      }
    }

    /// Replaces an attribute's value, quotes included.
    private mutating func replaceValue(after place: Int, with word: String) {
      let quote = UInt8(ascii: "\"")
      guard let open = bytes[place...].firstIndex(of: quote),
        let close = bytes[(open + 1)...].firstIndex(of: quote)
      else { return }
      bytes.replaceSubrange(open...close, with: Array(word.utf8))
    }
  }

  /// Seconds of this thread's work, so that a busy machine makes no difference.
  private static func threadSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  @Test(arguments: Self.names.indices)
  func aMutantGivesContentOrASentenceSoon(index: Int) throws {
    func bytes(_ index: Int) throws -> [UInt8] {
      let name = "topology/\(Self.names[index % Self.names.count]).xml"
      return Array(try Data(contentsOf: Fixture.folder.appending(path: name)))
    }
    let whole = try bytes(index)
    let other = try bytes(index + 3)
    var random = SplitMix64(seed: UInt64(20_261_126 + index))
    var accepted = 0
    var refused = 0
    for _ in 0..<250 {
      var mutant = Mutant(bytes: whole)
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        mutant.change(&random, other: other, words: Self.words)
      }
      let start = Self.threadSeconds()
      var content: TopologyFile.Content?
      do throws(TopologyError) {
        content = try TopologyFile.parse(mutant.bytes, file: "x.xml")
        accepted += 1
      } catch {
        refused += 1
        #expect(error.description.hasPrefix("x.xml") && error.description.hasSuffix("."))
        #expect(error.description.utf8.count < 1000, "\(mutant.steps)")
      }
      let seconds = Self.threadSeconds() - start
      #expect(seconds < 0.1, "\(Self.names[index]) \(mutant.steps): \(seconds) s")
      // What was accepted must hold together: every path can be searched.
      if case .topology(let topology)? = content, accepted.isMultiple(of: 4) {
        #expect(PathTable(topology).gpuToGPU.count == topology.gpus.count)
      }
    }
    // Neither all refused nor all accepted: the changes reach the readers.
    #expect(accepted > 0 && refused > 50, "\(accepted) accepted, \(refused) refused")
  }
}
