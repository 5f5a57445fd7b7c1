// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import CollectiveTrace

@Suite struct ChannelGraphTests {
  private func graphs(_ text: String) throws -> ChannelGraphs {
    guard case .graphs(let graphs) = try TopologyFile.parse(Array(text.utf8)) else {
      throw TopologyError.malformed("x", line: nil, "no graphs", "-")
    }
    return graphs
  }

  private func one(_ members: String, id: Int = 0) -> String {
    """
    <graphs version="1"><graph id="\(id)" pattern="4" crossnic="2" nchannels="1" speedintra="2.4" speedinter="1.2"
     typeintra="NVL" typeinter="PXB" samechannels="1"><channel>\(members)</channel></graph></graphs>
    """
  }

  private func devices(_ text: String) throws -> [Int] {
    try graphs(text).graphs[0].channels[0].members.map(\.device)
  }

  @Test func hexadecimalNumbersAreToldFromDecimal() throws {
    // From 2.21: 0x before all but 0.
    let hexadecimal = one("<net dev=\"0\"/><gpu dev=\"0x1f\"/><gpu dev=\"10\"/><net dev=\"0\"/>")
    #expect(try devices(hexadecimal) == [0, 31, 16, 0])
    #expect(try graphs(hexadecimal).deviceBase == .hexadecimal)
    // Up to 2.20.
    let decimal = one("<gpu dev=\"9\"/><gpu dev=\"10\"/>")
    #expect(try devices(decimal) == [9, 10])
    #expect(try graphs(decimal).notes.contains { $0.contains("decimal") })
    let either = one("<gpu dev=\"3\"/><gpu dev=\"9\"/>")
    #expect(try devices(either) == [3, 9])
    #expect(try graphs(either).deviceBase == .either && graphs(either).notes.isEmpty)
    // Ranks came after hexadecimal numbers.
    #expect(try devices(one("<gpu dev=\"10\" rank=\"3\"/>")) == [16])
  }

  @Test func theTopByteIsTheSystem() throws {
    let member = try #require(
      try graphs(one("<gpu dev=\"0x300000000000002\" rank=\"7\"/>")).graphs[0].channels[0].members
        .first)
    #expect(member.system == 3 && member.device == 2 && member.rank == 7 && member.kind == .gpu)
  }

  @Test func everyAttributeIsRead() throws {
    let graph = try #require(try graphs(one("<gpu dev=\"0\"/>", id: 3)).graphs.first)
    #expect(graph.algorithm == "NVLS" && graph.patternName == "ring" && graph.isCrossNIC)
    #expect(graph.bandwidthIntra == 2.4 && graph.bandwidthInter == 1.2 && graph.latencyInter == nil)
    #expect(graph.typeIntra == "NVL" && graph.typeInter == "PXB" && graph.hasSameChannels)
  }

  @Test func aGraphThatListsFewerChannelsSaysSo() throws {
    let url = Fixture.folder.appending(path: "topology/graph-rings.xml")
    let content = try graphs(String(contentsOf: url, encoding: .utf8))
    #expect(content.graphs.map(\.channels.count) == [2, 1])
    #expect(content.notes == ["Graph 1 (tree) lists 1 of the 2 channels it counts."])
  }

  @Test(arguments: ["x", "", "-1", "0x", "99999999999999999999", "+3"])
  func whatIsNoNumberIsRefused(text: String) {
    #expect(throws: TopologyError.self) { try graphs(one("<gpu dev=\"\(text)\"/>")) }
  }
}
