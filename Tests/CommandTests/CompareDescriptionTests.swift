// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `--job`, `--model` and `--topology` of `compare` and `whatif`, which are those of `analyze`.
@Suite struct CompareDescriptionTests {
  let scratch: Scratch
  private static let job = fixture("jobs/s1-vllm-tp4-2.18.5.yaml")
  private static let machine = fixture("topology/vm-4gpu.xml")
  private static let model = fixture("models/llama-3.1-8b.config.json")

  private static func fixture(_ name: String) -> String {
    Fixture.folder.appending(path: name).path(percentEncoded: false)
  }

  private static func trace(_ name: String) -> String {
    Fixture.root.appending(path: "traces/\(name)").path(percentEncoded: false)
  }

  private static let runs = ["a": trace("vllm-tp4"), "b": trace("llama-8b-tp4")]

  init() throws { scratch = try Scratch() }

  private func run(
    _ arguments: [String], environment: [String: String] = [:], expecting status: Int32 = 0
  ) throws -> CommandRun {
    let run = try CommandRun(arguments, environment: environment, folder: scratch.folder)
    #expect(run.status == status, "\(arguments): \(run.errors)")
    return run
  }

  /// The tables, documents and pictures of a comparison; the manifest names other inputs.
  private func files(_ folder: String) throws -> [String: Data] {
    var files: [String: Data] = [:]
    for name in try scratch.names(folder) where name != "manifest.json" {
      files[name] = try Data(contentsOf: scratch.url("\(folder)/\(name)"))
    }
    return files
  }

  private func text(_ name: String) throws -> String {
    try String(contentsOf: scratch.url(name), encoding: .utf8)
  }

  /// Options of `compare`, and what each run's logs are analysed with to get the same.
  struct Case: Sendable {
    var name: String
    var compare: [String]
    var environment: [String: String] = [:]
    var a: [String]
    var b: [String]
  }

  static let cases = [
    Case(name: "one job for all", compare: ["--job", job], a: ["--job", job], b: ["--job", job]),
    Case(
      name: "named before all",
      compare: ["--job", "a=" + job, "--topology", machine, "--model", "b=" + model],
      a: ["--job", job, "--topology", machine], b: ["--topology", machine, "--model", model]),
    Case(
      name: "settings", compare: ["--job", "b=" + job],
      environment: ["COMMLENS_TOPOLOGY": machine, "COMMLENS_MODEL": model], a: [],
      b: ["--job", job]),
  ]

  @Test(arguments: cases)
  func logsWithDescriptionsCompareAsTheirReportsDo(_ own: Case) throws {
    for (label, options) in [("a", own.a), ("b", own.b)] {
      _ = try run(
        ["analyze", try #require(Self.runs[label]), "-q", "-o", "report-\(label)"] + options,
        environment: own.environment)
    }
    _ = try run(["compare", "a=report-a", "b=report-b", "-q", "-o", "of-reports"])
    let logs = try ["a", "b"].map { "\($0)=" + (try #require(Self.runs[$0])) }
    _ = try run(
      ["compare"] + logs + ["-q", "-o", "of-logs"] + own.compare, environment: own.environment)
    let (reports, described) = try (files("of-reports"), files("of-logs"))
    #expect(reports.keys.contains("comparison.csv"))
    #expect(reports == described)
    // What is compared is not what the logs alone say.
    _ = try run(["compare"] + logs + ["-q", "-o", "bare"])
    #expect(try files("bare")["comparison.json"] != described["comparison.json"])
  }

  @Test func contradictionsAndLinksShowInTheComparison() throws {
    let logs = try ["a", "b"].map { "\($0)=" + (try #require(Self.runs[$0])) }
    _ = try run(
      ["compare"] + logs + [
        "--job", Self.job, "--topology", "a=" + Self.machine, "-q", "-o", "out",
      ]
    )
    let findings = try text("out/comparison_findings.csv").split(separator: "\n")
    // The job has 32 tokens in, the log of b 128.
    #expect(findings.contains { $0.hasPrefix("b,job-contradicts-logs,") && $0.contains("gained") })
    let links = try text("out/comparison_links.csv").split(separator: "\n")
    #expect(links.contains { $0.hasPrefix("a,nvlink,") })
    let manifest = try text("out/manifest.json")
    for input in [
      "a/jobs/s1-vllm-tp4-2.18.5.yaml", "b/models/llama-3.1-8b.config.json", "a/vm-4gpu.xml",
    ] { #expect(manifest.contains("\"file\": \"\(input)\""), "\(input)") }
    #expect(!manifest.contains("b/vm-4gpu.xml"))
  }

  @Test func aReportTakesNoDescription() throws {
    try scratch.write("logs/rank-0.log", rankLog(0))
    try scratch.write("logs/rank-1.log", rankLog(1))
    _ = try run(["analyze", "logs", "-q", "-o", "report"])
    for option in ["--job", "--model", "--topology"] {
      let named = try run(
        ["compare", "logs", "done=report", option, "done=x.yaml"], expecting: 64)
      #expect(
        named.errors.contains("\(option) describes logs and traces, and run done is a report"))
      #expect(named.errors.contains("again with \(option) FILE"))
      let all = try run(
        ["compare", "a=report", "b=report/summary.json", option, "x.yaml"], expecting: 64)
      #expect(all.errors.contains("every run is a report"))
    }
    let unknown = try run(["compare", "logs", "report", "--job", "c=x.yaml"], expecting: 64)
    #expect(unknown.errors.contains("No run is called 'c'; there are logs, report."))
    for text in ["=x.yaml", "logs="] {
      #expect(
        try run(["compare", "logs", "report", "--job", text], expecting: 64).errors.contains(
          "write FILE or NAME=FILE"))
    }
    // Without a name it is for the runs that are logs; a mistake in it costs no reading.
    let missing = try run(["compare", "logs", "report", "--job", "none.yaml"], expecting: 78)
    #expect(missing.errors.contains("none.yaml"))
    // A setting is no order.
    _ = try run(["compare", "a=report", "b=report"], environment: ["COMMLENS_JOB": "none.yaml"])
    _ = try run(
      ["compare", "logs", "report"], environment: ["COMMLENS_JOB": "none.yaml"], expecting: 78)
  }

  @Test func aFileThatIsThereIsOneWhateverItIsCalled() throws {
    try scratch.write("logs/rank-0.log", rankLog(0))
    try scratch.write("more/rank-0.log", rankLog(0, operations: 5))
    try scratch.write(
      "logs=job.yaml", "version: 1\nworld_size: 2\nparallelism: {tensor: 2}\norder: vllm\n")
    _ = try run(["compare", "logs", "more", "--job", "logs=job.yaml", "-q", "-o", "out"])
    let manifest = try text("out/manifest.json")
    #expect(manifest.contains("\"file\": \"logs/logs=job.yaml\""))
    #expect(manifest.contains("\"file\": \"more/logs=job.yaml\""))
  }

  // MARK: - whatif

  @Test func aWhatIfOfLogsWithAJobIsThatOfTheirReport() throws {
    let logs = try #require(Self.runs["b"])
    let job = try scratch.write(
      "job.yaml",
      """
      version: 1
      name: declared
      world_size: 4
      parallelism: {data: 4}
      order: vllm
      """)
    _ = try run(["analyze", logs, "--job", job, "--model", Self.model, "-q", "-o", "report"])
    let study = ["--hardware", "DGX-H100", "-q", "-o"]
    _ = try run(["whatif", "r=report"] + study + ["of-report"])
    _ = try run(
      ["whatif", "r=" + logs, "--job", job, "--model", Self.model] + study + ["of-logs"])
    _ = try run(
      ["whatif", "r=" + logs] + study + ["of-settings"],
      environment: ["COMMLENS_JOB": job, "COMMLENS_MODEL": Self.model])
    _ = try run(["whatif", "r=" + logs] + study + ["bare"])
    #expect(try files("of-logs") == files("of-report"))
    #expect(try files("of-settings") == files("of-report"))
    #expect(try files("bare")["whatif.csv"] != files("of-logs")["whatif.csv"])
    // Below the folder that it shares with the model, which is another where the checkout is.
    #expect(try text("of-logs/manifest.json").contains(#/"file": "r/[^"]*job\.yaml"/#))
    for option in ["--job", "--model"] {
      let refused = try run(
        ["whatif", "report", option, job, "--hardware", "PFA"], expecting: 64)
      #expect(refused.errors.contains("this run is a report"), "\(refused.errors)")
    }
    // The model of a strategy is another matter.
    _ = try run([
      "whatif", "report", "--hardware", "PFA", "--model", Self.model, "--strategy", Self.job,
    ])
  }

  // MARK: - Settings

  @Test func theSettingsStandForJobAndModelEverywhere() throws {
    let expected = try run(["expect", "--job", Self.job, "--format", "csv"])
    let environment = ["COMMLENS_JOB": Self.job]
    let set = try run(["expect", "--format", "csv"], environment: environment)
    #expect(set.output == expected.output)
    #expect(try run(["expect"], expecting: 64).errors.contains("--job FILE, or the setting job"))
    let limits = ["limits", "--hardware", "DGX-H100", "--format", "csv"]
    #expect(
      try run(limits, environment: environment).output
        == run(limits + ["--job", Self.job]).output)
    // A number of accelerators stands for a layout, so the job is not asked.
    #expect(
      try run(
        limits + ["--accelerators", "2"],
        environment: ["COMMLENS_JOB": "none.yaml", "COMMLENS_MODEL": Self.model]
      ).output == run(limits + ["--accelerators", "2", "--model", Self.model]).output)
  }
}
