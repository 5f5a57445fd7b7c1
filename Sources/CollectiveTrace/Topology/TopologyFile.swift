// SPDX-License-Identifier: Apache-2.0

/// A topology or graph file of NCCL or RCCL, read whole.
public struct TopologyFile: Sendable, Equatable {
  /// What the file holds.
  public enum Content: Sendable, Equatable {
    /// `NCCL_TOPO_FILE`, `NCCL_TOPO_DUMP_FILE`, or a cloud vendor's description of a VM.
    case topology(Topology)
    /// `NCCL_GRAPH_FILE` or `NCCL_GRAPH_DUMP_FILE`.
    case graphs(ChannelGraphs)
  }

  /// What the file holds.
  public var content: Content
  /// The account of its bytes.
  public var ledger: FileLedger

  /// Makes a file from its parts.
  package init(content: Content, ledger: FileLedger) {
    self.content = content
    self.ledger = ledger
  }

  /// Reads a file, compressed or not, or standard input for `-`.
  ///
  /// - Throws: ``TopologyError``: one sentence with the line and what to do.
  /// - Complexity: O(*n*) in the bytes of the file, at most 16 MiB.
  public static func read(path: String) throws(TopologyError) -> TopologyFile {
    let (elements, ledger) = try XMLElements.read(path: path)
    return TopologyFile(content: try content(of: elements, file: path), ledger: ledger)
  }

  /// Reads text that is in memory.
  package static func parse(
    _ text: [UInt8], file: String = "topology.xml"
  ) throws(TopologyError) -> Content {
    try content(of: XMLElements.parse(text, file: file), file: file)
  }

  private static func content(
    of elements: [XMLElement], file: String
  ) throws(TopologyError) -> Content {
    guard let root = elements.first else {
      throw .malformed(file, line: nil, "holds no XML element", "name a topology or graph file")
    }
    switch root.name {
    case "system": return .topology(try TopologyReader.read(elements, file: file))
    case "graphs": return .graphs(try ChannelGraphReader.read(elements, file: file))
    default:
      let kinds = [
        "algo": "an algorithm of MSCCL", "svg": "a picture", "html": "a web page",
        "topology": "a topology of hwloc", "nvidia_smi_log": "a report of nvidia-smi",
      ]
      let kind = kinds[root.name].map { ", \($0)" } ?? ""
      throw .malformed(
        file, line: root.line, "the outermost element is <\(root.shownName)>\(kind)",
        "commlens reads NCCL's topologies (<system>) and graphs (<graphs>)")
    }
  }
}
