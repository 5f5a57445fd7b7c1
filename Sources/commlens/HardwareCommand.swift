// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import CollectiveTrace
internal import TrafficReport

/// `commlens hardware`: the machines that are compiled in, and any description in numbers.
struct HardwareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hardware",
    abstract: "Lists the machines that limits and whatif know, or prints one as YAML.",
    discussion: """
      NAME prints a machine with the source of every number, in the form that --hardware reads: \
      redirect it into a file and change it. A file is checked and listed.
      """
  )

  @Argument(help: ArgumentHelp("A name to print, or files to check.", valueName: "name|file"))
  var names: [String] = []

  @Option(
    help: ArgumentHelp(
      "The form of the list: table, csv, json, ndjson or md (default: table).",
      valueName: "format"))
  var format: OutputFormat?

  func validate() throws {
    if names.contains("") { throw ValidationError("A machine has an empty name.") }
  }

  func run() throws {
    let console = Console(verbosity: .normal, color: .never)
    // One name asks for the description itself, anything else for a list.
    if format == nil, names.count == 1, let entry = HardwareCatalogue.entry(names[0]) {
      return try console.output(Array(entry.text.utf8))
    }
    let wanted = names.isEmpty ? HardwareCatalogue.entries.map(\.name) : names
    var machines: [HardwareDescription] = []
    do throws(ConfigurationError) {
      for name in wanted { machines.append(try HardwareDescription.load(name)) }
    } catch {
      throw CommandFailure(status: .configuration, message: error.description)
    }
    let bytes =
      switch format ?? .table {
      case .table: Array(HardwareReport.text(machines, width: console.width).utf8)
      case .csv: HardwareReport.csv(machines)
      case .json: HardwareReport.json(machines)
      case .ndjson: HardwareReport.ndjson(machines)
      case .md: Array(HardwareReport.markdown(machines).utf8)
      }
    try console.output(bytes)
  }
}
