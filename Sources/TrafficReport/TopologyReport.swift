// SPDX-License-Identifier: Apache-2.0

public import CollectiveTrace
internal import TrafficAnalysis

/// A machine's topology with the paths in it.
struct TopologyMachine: Sendable {
  var file: String
  var topology: Topology
  var paths: PathTable
  /// What its links carried, when it is drawn for a job.
  var load: MachineLoad?

  /// GB/s of all NVLink or xGMI of a GPU in one direction; `nil` without any.
  func fabricBandwidth(ofGPU gpu: Int) -> Double? {
    let links = topology.fabricLinks.filter { $0.gpu == gpu && $0.kind != .c2c }
    return links.isEmpty ? nil : links.reduce(0) { $0 + $1.bandwidth }
  }
}

/// Lays out topologies and graphs, for a person and for programs.
///
/// The same files give the same bytes. Nothing is computed here but counts and sums; paths come
/// from `PathTable`.
public struct TopologyReport: Sendable {
  /// One of the tables.
  public enum Part: String, Sendable, CaseIterable {
    case parts, links, paths, channels
  }

  let machines: [TopologyMachine]
  let graphs: [(file: String, graphs: ChannelGraphs)]

  /// Prepares a report.
  ///
  /// - Parameter files: What was read, with the names to show.
  /// - Complexity: that of `PathTable`, once per topology.
  public init(_ files: [(name: String, file: TopologyFile)]) {
    var machines: [TopologyMachine] = []
    var graphs: [(file: String, graphs: ChannelGraphs)] = []
    for (name, file) in files {
      switch file.content {
      case .topology(let topology):
        machines.append(
          TopologyMachine(file: name, topology: topology, paths: PathTable(topology)))
      case .graphs(let content): graphs.append((name, content))
      }
    }
    self.machines = machines
    self.graphs = graphs
  }

  /// Most pictures of one report.
  static let maximumFigures = 32

  // MARK: - For programs

  /// Encodes one table as CSV.
  public func csv(_ part: Part, options: ReportOptions = ReportOptions()) -> [UInt8] {
    let isRaw = options.csvRaw
    return switch part {
    case .parts:
      RowEncoder.csv(
        machines.flatMap(TopologyRows.parts), Table.topologyPartColumns, isRaw: isRaw)
    case .links:
      RowEncoder.csv(
        machines.flatMap(TopologyRows.links), Table.topologyLinkColumns, isRaw: isRaw)
    case .paths:
      RowEncoder.csv(
        machines.flatMap(TopologyRows.paths), Table.topologyPathColumns, isRaw: isRaw)
    case .channels:
      RowEncoder.csv(
        graphs.flatMap { TopologyRows.channels($0.file, $0.graphs) },
        Table.topologyChannelColumns, isRaw: isRaw)
    }
  }

  /// The tables that have rows or could have: those of machines, those of graphs, or both.
  public var presentParts: [Part] {
    (machines.isEmpty ? [] : [.parts, .links, .paths]) + (graphs.isEmpty ? [] : [.channels])
  }

  /// Encodes everything as one JSON document.
  public func json() -> [UInt8] {
    var json = JSONWriter()
    json.openObject()
    json.member("schema_version", .integer(SummaryDocument.schemaVersion))
    json.key("files")
    json.openArray()
    for machine in machines {
      json.openObject()
      json.member("file", .text(machine.file))
      json.member("content", .text("topology"))
      json.member("dialect", .text(machine.topology.dialect.rawValue))
      json.member("version", .integer(machine.topology.version))
      json.member("name", machine.topology.name.map(Cell.text) ?? .unknown)
      json.member("summary", .text(TopologyText.summary(of: machine)))
      json.strings("notes", machine.topology.notes, isInline: false)
      json.close()
    }
    for (file, content) in graphs {
      json.openObject()
      json.member("file", .text(file))
      json.member("content", .text("graphs"))
      json.member("device_numbers", .text(content.deviceBase.rawValue))
      json.strings("notes", content.notes, isInline: false)
      json.close()
    }
    json.close()
    json.key("topology_parts")
    RowEncoder.write(machines.flatMap(TopologyRows.parts), Table.topologyPartColumns, to: &json)
    json.key("topology_links")
    RowEncoder.write(machines.flatMap(TopologyRows.links), Table.topologyLinkColumns, to: &json)
    json.key("topology_paths")
    RowEncoder.write(machines.flatMap(TopologyRows.paths), Table.topologyPathColumns, to: &json)
    json.key("topology_channels")
    RowEncoder.write(
      graphs.flatMap { TopologyRows.channels($0.file, $0.graphs) }, Table.topologyChannelColumns,
      to: &json)
    json.member("complete", .boolean(true))
    json.close()
    return json.bytes
  }

  /// Encodes the tables as newline-delimited JSON, each line with the name of its table.
  public func ndjson() -> [UInt8] {
    RowEncoder.lines(
      machines.flatMap(TopologyRows.parts), Table.topologyPartColumns, "topology_parts")
      + RowEncoder.lines(
        machines.flatMap(TopologyRows.links), Table.topologyLinkColumns, "topology_links")
      + RowEncoder.lines(
        machines.flatMap(TopologyRows.paths), Table.topologyPathColumns, "topology_paths")
      + RowEncoder.lines(
        graphs.flatMap { TopologyRows.channels($0.file, $0.graphs) },
        Table.topologyChannelColumns, "topology_channels")
  }

  /// Encodes the files of a report; its manifest is not among them.
  ///
  /// The first topology is drawn into `topology.svg`, further ones into `topology-2.svg` and so on.
  public func files(options: ReportOptions = ReportOptions()) -> [ReportFile] {
    var files = presentParts.map { part in
      ReportFile(name: "topology_\(part.rawValue).csv", bytes: csv(part, options: options))
    }
    files.append(ReportFile(name: "topology.json", bytes: json()))
    for (index, machine) in machines.prefix(Self.maximumFigures).enumerated() {
      files.append(
        ReportFile(
          name: index == 0 ? "topology.svg" : "topology-\(index + 1).svg",
          bytes: TopologyFigure.svg(machine)))
    }
    return files
  }

  // MARK: - For a person

  /// Writes what the files say, aligned for a terminal.
  public func text(outputs: [String] = []) -> String {
    var lines: [String] = []
    for section in sections {
      if !lines.isEmpty { lines.append("") }
      lines.append(PlainText.printable(section.title))
      lines += section.paragraphs.flatMap { PlainText.wrapped(PlainText.printable($0), width: 98) }
        .map { "  \($0)" }
      for grid in section.grids {
        lines += ["", grid.title]
        var table = TextTable(columns: grid.alignments)
        if !grid.header.isEmpty { table.append(grid.header) }
        for row in grid.rows { table.append(row.map { PlainText.printable($0) }) }
        lines += table.lines().map { "  \($0)" }
        lines += grid.remarks.flatMap { PlainText.wrapped($0, width: 98) }.map { "  \($0)" }
      }
      if !section.notes.isEmpty { lines += ["", "Notes"] }
      for note in section.notes {
        let wrapped = PlainText.wrapped(PlainText.printable(note), width: 96)
        lines += wrapped.enumerated().map { ($0.offset == 0 ? "  ! " : "    ") + $0.element }
      }
    }
    if !outputs.isEmpty { lines += ["", "Written to " + outputs.joined(separator: ", ")] }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Writes the same as Markdown.
  public func markdown() -> String {
    var text = ""
    for section in sections {
      text += (text.isEmpty ? "" : "\n") + "## \(Markdown.escaped(section.title))\n\n"
      text += section.paragraphs.map { Markdown.escaped($0) + "\n" }.joined()
      for grid in section.grids {
        text += "\n### \(Markdown.escaped(grid.title))\n\n"
        text += Markdown.table(
          header: grid.header.isEmpty
            ? grid.alignments.map { _ in "" } : grid.header.map(Markdown.escaped),
          alignments: grid.alignments, rows: grid.rows.map { $0.map(Markdown.escaped) })
        text += grid.remarks.map { "\n" + Markdown.escaped($0) + "\n" }.joined()
      }
      if !section.notes.isEmpty {
        text += "\n" + section.notes.map { "- \(Markdown.escaped($0))\n" }.joined()
      }
    }
    return text
  }

  private var sections: [TopologyText.Section] {
    machines.map(TopologyText.section) + graphs.map { TopologyText.section($0.file, $0.graphs) }
  }
}
