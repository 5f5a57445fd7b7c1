// SPDX-License-Identifier: Apache-2.0

/// Turns the elements of a graph file into values, by the rules of NCCL's src/graph/search.cc.
enum ChannelGraphReader {
  static func read(_ elements: [XMLElement], file: String) throws(TopologyError) -> ChannelGraphs {
    let version = try elements[0].required("version", in: 0...Int(Int32.max), file: file)
    guard version == 1 else {
      throw .malformed(
        file, line: elements[0].line, "<graphs> has version \(version)",
        "commlens knows version 1, the only one that NCCL and RCCL read")
    }
    let base = deviceBase(of: elements)
    var result = ChannelGraphs(deviceBase: base.base, graphs: [], notes: base.notes)
    /// What an element became: the index of a graph, or of a channel in the last graph.
    enum Place { case root, graph, channel, ignored }
    var places: [Place] = [.root]
    var ignored: [String: Int] = [:]
    for element in elements.dropFirst() {
      let parent = element.parent.map { places[$0] } ?? .ignored
      var place = Place.ignored
      switch (parent, element.name) {
      case (.root, "graph"):
        result.graphs.append(try graph(element, file: file))
        place = .graph
      case (.graph, "channel"):
        result.graphs[result.graphs.count - 1].channels.append(
          ChannelGraph.Channel(members: [], line: element.line))
        place = .channel
      case (.channel, "gpu"), (.channel, "net"):
        let last = result.graphs.count - 1
        let channel = result.graphs[last].channels.count - 1
        result.graphs[last].channels[channel].members.append(
          try member(element, base: base.base, file: file))
      default: ignored[element.shownName, default: 0] += 1
      }
      places.append(place)
    }
    guard !result.graphs.isEmpty else {
      throw .malformed(
        file, line: elements[0].line, "<graphs> holds no <graph>",
        "write it again with NCCL_GRAPH_DUMP_FILE")
    }
    for (name, count) in ignored.sorted(by: { $0.key < $1.key }) {
      result.notes.append("\(count) <\(name)> passed over, as NCCL does.")
    }
    for graph in result.graphs where graph.channels.count != graph.channelCount {
      result.notes.append(
        "Graph \(graph.id) (\(graph.algorithm)) lists \(graph.channels.count) of the "
          + "\(graph.channelCount) channels it counts.")
    }
    return result
  }

  private static func graph(
    _ element: XMLElement, file: String
  ) throws(TopologyError) -> ChannelGraph {
    ChannelGraph(
      id: try element.required("id", in: 0...255, file: file),
      pattern: try element.required("pattern", in: 0...255, file: file),
      isCrossNIC: try element.required("crossnic", in: -1...255, file: file) > 0,
      channelCount: try element.required("nchannels", in: 0...65_536, file: file),
      bandwidthIntra: try speed("speedintra", of: element, file: file),
      bandwidthInter: try speed("speedinter", of: element, file: file),
      latencyInter: try element.number("latencyinter", file: file),
      typeIntra: element["typeintra"], typeInter: element["typeinter"],
      hasSameChannels: try element.required("samechannels", in: -1...255, file: file) > 0,
      channels: [], line: element.line)
  }

  private static func speed(
    _ name: String, of element: XMLElement, file: String
  ) throws(TopologyError) -> Double {
    guard let value = try element.number(name, file: file) else {
      throw element.missing(name, file)
    }
    return value
  }

  private static func member(
    _ element: XMLElement, base: ChannelGraphs.DeviceBase, file: String
  ) throws(TopologyError) -> ChannelGraph.Member {
    let text = try element.required("dev", file: file)
    guard let value = number(text, radix: base == .decimal ? 10 : 16) else {
      throw element.invalid("dev", text, "a device number such as 3 or 0x3", file)
    }
    // The system's index is in the top byte, from NCCL 2.21.
    return ChannelGraph.Member(
      kind: element.name == "gpu" ? .gpu : .net, system: Int(value >> 56),
      device: Int(value & 0x00FF_FFFF_FFFF_FFFF),
      rank: try element.integer("rank", in: 0...Int(Int32.max), file: file))
  }

  private static func number(_ text: String, radix: Int) -> UInt64? {
    let digits = text.hasPrefix("0x") || text.hasPrefix("0X") ? text.dropFirst(2) : Substring(text)
    guard let first = digits.utf8.first, first != UInt8(ascii: "+") else { return nil }
    return UInt64(digits, radix: radix)
  }

  /// Tells hexadecimal numbers (2.21 and later, which write `0x` before all but 0) from decimal.
  private static func deviceBase(
    of elements: [XMLElement]
  ) -> (base: ChannelGraphs.DeviceBase, notes: [String]) {
    let members = elements.filter { $0.name == "gpu" || $0.name == "net" }
    let texts = members.compactMap { $0["dev"] }
    // Ranks came later than hexadecimal numbers.
    if texts.contains(where: { $0.hasPrefix("0x") || $0.hasPrefix("0X") })
      || members.contains(where: { $0["rank"] != nil })
    {
      return (.hexadecimal, [])
    }
    guard texts.contains(where: { $0.utf8.count > 1 }) else { return (.either, []) }
    return (
      .decimal,
      [
        "Device numbers without 0x are read as decimal, as NCCL up to 2.20 writes them; NCCL 2.21 "
          + "and later would read them as hexadecimal."
      ]
    )
  }
}
