// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace
internal import TrafficAnalysis
internal import TrafficReport

/// Puts a summary where the user wants it: a folder, standard output, or both.
struct ReportWriter {
  /// Where and in which form.
  let output: OutputOptions
  /// What is shown of calls with times.
  let times: TimelineOptions
  /// The accounts of the files besides the logs.
  let descriptions: [FileLedger]
  /// The paths of all files that were read.
  let paths: [String]
  /// Where the values of the job's description are from.
  let job: [JobResolution.Origin]
  /// Standard output and notes.
  let console: Console

  /// Writes the folder first, so that a closed pipe cannot cost the report.
  func write(_ summary: TrafficSummary) throws(CommandFailure) {
    // A step or rank that is not there is known before anything is written.
    let trace = try selected(of: summary)
    let explanation = try explanation(of: summary)
    try writeFolder(summary)
    if let trace, let file = times.perfetto {
      guard file != "-" else { return try console.output(trace.write) }
      try write(trace, to: file)
      if output.screen.quiet, output.screen.format == nil { return }
    }
    if output.isSilent { return }
    try console.output(explanation ?? standardOutput(summary))
  }

  /// What `--explain` asks for, if it does.
  private func explanation(of summary: TrafficSummary) throws(CommandFailure) -> [UInt8]? {
    guard !output.explain.isEmpty else { return nil }
    do throws(Explanation.UnknownName) {
      return Array(
        try Explanation.text(
          of: output.explain, in: summary, width: console.width, color: console.colorsOutput
        ).utf8)
    } catch {
      throw CommandFailure(status: .usage, message: "--explain: " + error.message)
    }
  }

  /// Applies `--step` and `--ranks`; the trace of `--perfetto`, if it is wanted.
  private func selected(of summary: TrafficSummary) throws(CommandFailure) -> PerfettoTrace? {
    do throws(TimelineError) {
      if output.folder != nil, times.selection != TimelineSelection() {
        try ReportSet.check(times.selection, in: summary)
      }
      guard times.perfetto != nil else { return nil }
      return try PerfettoTrace(summary, times.selection, toolVersion: Version.number)
    } catch {
      throw CommandFailure(
        status: error.isUntimed ? .malformedInput : .usage, message: error.message)
    }
  }

  private func write(_ trace: PerfettoTrace, to path: String) throws(CommandFailure) {
    let (folder, name) = try OutputDirectory.place(ofFile: path)
    let directory = try OutputDirectory(folder)
    try directory.write([OutputDirectory.File(name: name, pieces: trace.write)])
    console.detail("\(path): written.")
  }

  private func writeFolder(_ summary: TrafficSummary) throws(CommandFailure) {
    guard output.folder != nil else { return }
    let outputs = ReportSet.render(summary, options: options)
    var manifest = Manifest(
      toolVersion: Version.number,
      options: manifestOptions,
      inputs: summary.ingestion + descriptions)
    manifest.job = job
    if let trace = times.perfetto, trace != "-" {
      try output.check("--perfetto", trace, isNoneOf: outputs)
    }
    try output.write(outputs, manifest, from: paths, console)
  }

  private var options: ReportOptions {
    ReportOptions(csvRaw: output.csvRaw, timeline: times.selection)
  }

  private var manifestOptions: [Manifest.Option] {
    let values: [(String, String?)] = [
      ("csv-raw", output.csvRaw ? "true" : nil), ("step", times.step),
      ("ranks", times.ranks?.text),
    ]
    return values.compactMap { name, value in
      value.map { Manifest.Option(name: name, value: $0) }
    }
  }

  private func standardOutput(_ summary: TrafficSummary) -> [UInt8] {
    let outputs = output.folder.map { [$0] } ?? []
    return switch output.screen.form {
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
