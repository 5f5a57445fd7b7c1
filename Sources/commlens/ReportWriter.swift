// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace
internal import TrafficAnalysis
internal import TrafficReport

/// Puts a summary where the user wants it: a folder, standard output, or both.
struct ReportWriter {
  /// Where and in which form.
  let output: OutputOptions
  /// The accounts of the files besides the logs.
  let descriptions: [FileLedger]
  /// Where the values of the job's description are from.
  let job: [JobResolution.Origin]
  /// Standard output and notes.
  let console: Console

  /// Writes the folder first, so that a closed pipe cannot cost the report.
  func write(_ summary: TrafficSummary) throws(CommandFailure) {
    if let folder = output.folder { try write(summary, into: folder) }
    if output.isSilent { return }
    try console.output(standardOutput(summary))
  }

  private func write(_ summary: TrafficSummary, into folder: String) throws(CommandFailure) {
    let outputs = ReportSet.render(summary, options: options)
    var manifest = Manifest(
      toolVersion: Version.number,
      options: output.csvRaw ? [Manifest.Option(name: "csv-raw", value: "true")] : [],
      inputs: summary.ingestion + descriptions)
    manifest.job = job
    let files = outputs + [manifest.render(outputs: outputs)]
    let directory = try OutputDirectory(folder)
    try directory.write(files.map { OutputDirectory.File(name: $0.name, bytes: $0.bytes) })
    console.detail("\(folder): \(files.count) files written.")
  }

  private var options: ReportOptions { ReportOptions(csvRaw: output.csvRaw) }

  private func standardOutput(_ summary: TrafficSummary) -> [UInt8] {
    let outputs = output.folder.map { [$0] } ?? []
    return switch output.screen.format ?? .table {
    case .table:
      Array(
        Digest.text(
          summary, width: console.width, color: console.colorsOutput, outputs: outputs
        ).utf8)
    case .csv:
      Table.all.first { $0.name == "traffic" }
        .map { ReportSet.csv(summary, table: $0, options: options) } ?? []
    case .json: ReportSet.json(summary)
    case .ndjson: ReportSet.ndjson(summary)
    case .md: Array(Digest.markdown(summary, outputs: outputs).utf8)
    }
  }
}
