// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import CollectiveTrace
internal import TrafficReport

/// `commlens topology`: NCCL's description of a machine in, tables and a picture out.
struct TopologyCommand: ParsableCommand, SettingsReader {
  static let configuration = CommandConfiguration(
    commandName: "topology",
    abstract: "Shows a machine as NCCL sees it: GPUs, NICs, links, and the paths between them.",
    discussion: """
      FILE is what NCCL reads with NCCL_TOPO_FILE or writes with NCCL_TOPO_DUMP_FILE, RCCL's form \
      of it, a cloud vendor's description of a virtual machine, or a graph file \
      (NCCL_GRAPH_FILE, NCCL_GRAPH_DUMP_FILE). Bandwidths are those NCCL plans with, per direction.
      """
  )

  @Argument(
    help: ArgumentHelp("Topology and graph files, or - for standard input.", valueName: "file"))
  var files: [String]

  @Option(
    help: ArgumentHelp(
      "With csv: parts, links, paths or channels (default: paths, or channels for graphs).",
      valueName: "table"))
  var table: TopologyTable?

  @OptionGroup(title: "Output") var output: OutputOptions

  func validate() throws {
    if files.contains("") { throw ValidationError("An input has an empty name.") }
    if files.count(where: { $0 == "-" }) > 1 {
      throw ValidationError("Standard input is named more than once.")
    }
  }

  func run() throws {
    let console = output.screen.console
    try output.check()
    var read: [(name: String, file: TopologyFile)] = []
    var paths: [String] = []
    var failure: ExitStatus = .done
    for (path, name) in zip(files, FileNames.shown(files)) {
      do throws(TopologyError) {
        var file = try TopologyFile.read(path: path)
        file.ledger.file = name
        read.append((name, file))
        paths.append(path)
      } catch {
        Console.fail(error.description)
        failure = ExitStatus.worse(
          failure, error.kind == .missing ? .missingInput : .malformedInput)
      }
    }
    guard !read.isEmpty else { throw ExitCode(failure.rawValue) }
    let report = TopologyReport(read)
    let manifest = Manifest(
      toolVersion: Version.number,
      options: output.csvRaw ? [Manifest.Option(name: "csv-raw", value: "true")] : [],
      inputs: read.map(\.file.ledger))
    try output.write(report.files(options: options), manifest, from: paths, console)
    if !output.isSilent { try console.output(standardOutput(report)) }
    if failure != .done { throw ExitCode(failure.rawValue) }
  }

  private var options: ReportOptions { ReportOptions(csvRaw: output.csvRaw) }

  private func standardOutput(_ report: TopologyReport) -> [UInt8] {
    switch output.screen.form {
    case .table: Array(report.text(outputs: output.folder.map { [$0] } ?? []).utf8)
    case .csv:
      report.csv(
        table?.part ?? (report.presentParts.contains(.paths) ? .paths : .channels),
        options: options)
    case .json: report.json()
    case .ndjson: report.ndjson()
    case .md: Array(report.markdown().utf8)
    }
  }
}

/// The tables `--table` may name.
enum TopologyTable: String, ExpressibleByArgument, CaseIterable {
  case parts, links, paths, channels

  var part: TopologyReport.Part {
    switch self {
    case .parts: .parts
    case .links: .links
    case .paths: .paths
    case .channels: .channels
    }
  }
}
