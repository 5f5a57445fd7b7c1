// SPDX-License-Identifier: Apache-2.0

internal import TrafficAnalysis

/// A row of a comparison with what its cells need of the runs.
struct ComparisonRow<Key: Sendable, Value: Sendable>: Sendable {
  /// The run.
  var run: ComparedRun
  /// The run that it is compared with.
  var baselineRun: ComparedRun
  /// What the values are of.
  var key: Key
  /// The run's.
  var value: Value
  /// The baseline's.
  var baseline: Value

  /// Run less baseline; `nil` where one is not known.
  func delta(_ path: KeyPath<Value, UInt64>) -> Int? {
    Self.difference(value[keyPath: path], baseline[keyPath: path])
  }

  func delta(_ path: KeyPath<Value, UInt64?>) -> Int? {
    Self.difference(value[keyPath: path], baseline[keyPath: path])
  }

  private static func difference(_ a: UInt64?, _ b: UInt64?) -> Int? {
    guard let a, let b else { return nil }
    return a >= b ? Int(clamping: a - b) : -Int(clamping: b - a)
  }

  /// Run over baseline; `nil` where one is not known or the baseline has nothing.
  func ratio(_ path: KeyPath<Value, UInt64>) -> Double? {
    Self.quotient(value[keyPath: path], 1, baseline[keyPath: path], 1)
  }

  func ratio(_ path: KeyPath<Value, UInt64?>) -> Double? {
    Self.quotient(value[keyPath: path], 1, baseline[keyPath: path], 1)
  }

  /// The same for what each is divided by first.
  func ratio(
    _ path: KeyPath<Value, UInt64>, per divisor: (ComparedRun) -> UInt64?
  ) -> Double? {
    Self.quotient(
      value[keyPath: path], divisor(run), baseline[keyPath: path], divisor(baselineRun))
  }

  /// A part of the run's value; `nil` where the divisor is not known.
  func share(_ path: KeyPath<Value, UInt64>, of divisor: UInt64?) -> Double? {
    guard let divisor, divisor > 0 else { return nil }
    return Double(value[keyPath: path]) / Double(divisor)
  }

  private static func quotient(
    _ a: UInt64?, _ aDivisor: UInt64?, _ b: UInt64?, _ bDivisor: UInt64?
  ) -> Double? {
    guard let a, let b, let aDivisor, let bDivisor, b > 0, aDivisor > 0 else { return nil }
    return Double(a) * Double(bDivisor) / (Double(b) * Double(aDivisor))
  }
}

/// The tables of `commlens compare`.
extension Table {
  /// All tables of a comparison, in the order in which they are written.
  ///
  /// They describe columns; a summary of one run has no rows for them.
  public static let comparison: [Table] = [
    comparisonClasses, comparisonDimensions, comparisonRuns, comparisonLayout, comparisonLinks,
    comparisonFindings,
  ]

  static let comparisonClasses = Table(
    "comparison",
    rowMeaning: "run x dimension x phase x collective; a class that a run lacks is 0",
    order: "run as named, dimension, phase, collective", rows: { _ in [] },
    columns: comparisonColumns)
  static let comparisonDimensions = Table(
    "comparison_dimensions", rowMeaning: "run x dimension, and total",
    order: "run as named, dimension, total last", rows: { _ in [] }, columns: sumColumns)
  static let comparisonRuns = Table(
    "comparison_runs", rowMeaning: "run", order: "as named", rows: { _ in [] },
    columns: runColumns)
  static let comparisonLayout = Table(
    "comparison_layout", rowMeaning: "run x dimension with communicators in any run",
    order: "run as named, dimension", rows: { _ in [] }, columns: layoutColumns)
  static let comparisonLinks = Table(
    "comparison_links", rowMeaning: "run x kind of link x node (x receiving node)",
    order: "run as named, kind, node, peer_node", rows: { _ in [] }, columns: linkColumns)
  static let comparisonFindings = Table(
    "comparison_findings", rowMeaning: "run x code of a finding in any run",
    order: "run as named, code", rows: { _ in [] }, columns: findingColumns)

  typealias ClassRow = ComparisonRow<ComparedRun.Class, RunAmounts>
  typealias SumRow = ComparisonRow<ParallelismDimension?, RunAmounts>
  typealias LayoutRow = ComparisonRow<ParallelismDimension, ComparedRun.Groups>
  typealias LinkGroupRow = ComparisonRow<ComparedRun.LinkGroup, ComparedRun.LinkLoad>
  typealias FindingRow = ComparisonRow<String, ComparedRun.FindingCount>

  static let comparisonColumns: [Definition<ClassRow>] =
    [
      .text("run", "what the run is called") { $0.run.label },
      .text("dimension", "parallelism strategy served") { $0.key.dimension.rawValue },
      .text("phase", "what the job was doing") { $0.key.phase.rawValue },
      .text("collective", "operation; send_recv for matched pairs") { $0.key.collective },
    ] + amountColumns() + perUnitColumns { $0.key.phase } + changeColumns()
    + [
      .text("confidence", "least sure label of the dimension's communicators with traffic") {
        confidence($0.run, $0.key.dimension)
      }
    ]

  static let sumColumns: [Definition<SumRow>] =
    [
      .text("run", "what the run is called") { $0.run.label },
      .text("dimension", "parallelism strategy; total for all together") {
        $0.key?.rawValue ?? "total"
      },
    ] + amountColumns() + perUnitColumns { _ in nil } + changeColumns()
    + [
      .text("confidence", "least sure label of the dimension's communicators with traffic") {
        row in row.key.flatMap { confidence(row.run, $0) }
      }
    ]

  private static func confidence(
    _ run: ComparedRun, _ dimension: ParallelismDimension
  ) -> String? {
    run.groups[dimension]?.confidence.rawValue
  }

  private static func amountColumns<Key>() -> [Definition<ComparisonRow<Key, RunAmounts>>] {
    [
      .unsigned("operations", "operations", "collectives, each counted once") {
        $0.value.operations
      },
      .unsigned("rank_calls", "calls", "API calls, one per rank and operation") {
        $0.value.rankCalls
      },
      .unsigned(
        "operation_bytes", "bytes",
        "message size S of nccl-tests summed over operations, each once; empty when sizes vary"
      ) { $0.value.operationBytes },
      .unsigned("payload_bytes", "bytes", "what the calls' send buffers hold, over all ranks") {
        $0.value.payloadBytes
      },
      .unsigned("wire_bytes", "bytes", "bytes that leave GPUs, over all ranks") {
        $0.value.wireBytes
      },
      .unsigned("intra_node_bytes", "bytes", "part of wire_bytes that stays on a node") {
        $0.value.intraNodeBytes
      },
      .unsigned("inter_node_bytes", "bytes", "part of wire_bytes that crosses nodes") {
        $0.value.interNodeBytes
      },
      .unsigned(
        "time_ns", "ns",
        "durations of the calls summed over ranks; empty without a trace, or when phases share it"
      ) { $0.value.time },
    ]
  }

  private static func perUnitColumns<Key>(
    _ phase: @escaping @Sendable (ComparisonRow<Key, RunAmounts>) -> TrafficPhase?
  ) -> [Definition<ComparisonRow<Key, RunAmounts>>] {
    [
      .unsigned(
        "steps", "steps",
        "how often the phase repeats: training steps, decode passes, or what --steps states; else empty"
      ) { row in row.run.steps(of: phase(row)) },
      .ratio("wire_bytes_per_step", "bytes", "wire_bytes / steps") { row in
        row.share(\.wireBytes, of: row.run.steps(of: phase(row)))
      },
      .unsigned(
        "tokens", "tokens",
        "tokens through the model, by the job description or --tokens; else empty"
      ) { $0.run.tokens },
      .ratio("payload_bytes_per_token", "bytes", "payload_bytes / tokens") { row in
        row.share(\.payloadBytes, of: row.run.tokens)
      },
      .ratio("wire_bytes_per_token", "bytes", "wire_bytes / tokens") { row in
        row.share(\.wireBytes, of: row.run.tokens)
      },
      .ratio(
        "wire_bytes_per_step_ratio", "ratio", "wire_bytes_per_step / that of the baseline"
      ) { row in row.ratio(\.wireBytes) { $0.steps(of: phase(row)) } },
      .ratio(
        "wire_bytes_per_token_ratio", "ratio", "wire_bytes_per_token / that of the baseline"
      ) { row in row.ratio(\.wireBytes) { $0.tokens } },
    ]
  }

  private static func changeColumns<Key>() -> [Definition<ComparisonRow<Key, RunAmounts>>] {
    [
      .text("baseline", "run that deltas and ratios refer to") { $0.baselineRun.label },
      .integer("operations_delta", "operations", "operations less the baseline's") {
        $0.delta(\.operations)
      },
      .ratio("operations_ratio", "ratio", "operations / the baseline's; empty when that is 0") {
        $0.ratio(\.operations)
      },
      .integer("operation_bytes_delta", "bytes", "operation_bytes less the baseline's") {
        $0.delta(\.operationBytes)
      },
      .ratio("operation_bytes_ratio", "ratio", "operation_bytes / the baseline's") {
        $0.ratio(\.operationBytes)
      },
      .integer("payload_bytes_delta", "bytes", "payload_bytes less the baseline's") {
        $0.delta(\.payloadBytes)
      },
      .ratio("payload_bytes_ratio", "ratio", "payload_bytes / the baseline's") {
        $0.ratio(\.payloadBytes)
      },
      .integer("wire_bytes_delta", "bytes", "wire_bytes less the baseline's") {
        $0.delta(\.wireBytes)
      },
      .ratio("wire_bytes_ratio", "ratio", "wire_bytes / the baseline's") { $0.ratio(\.wireBytes) },
      .integer("inter_node_bytes_delta", "bytes", "inter_node_bytes less the baseline's") {
        $0.delta(\.interNodeBytes)
      },
      .ratio("inter_node_bytes_ratio", "ratio", "inter_node_bytes / the baseline's") {
        $0.ratio(\.interNodeBytes)
      },
      .integer("time_ns_delta", "ns", "time_ns less the baseline's") { $0.delta(\.time) },
      .ratio("time_ratio", "ratio", "time_ns / the baseline's") { $0.ratio(\.time) },
    ]
  }

  static let runColumns: [Definition<ComparisonRow<Bool, ComparedRun>>] = [
    .text("run", "what the run is called") { $0.run.label },
    .boolean("is_baseline", "whether the others are compared with it") { $0.key },
    .text("headline", "what the job was") { $0.run.headline },
    .text("model", "the model, by its configuration") { $0.run.coverage.model },
    .integer("ranks_seen", "ranks", "ranks with a log") { $0.run.coverage.ranksSeen },
    .integer("ranks_expected", "ranks", "ranks the job has") { $0.run.coverage.ranksExpected },
    .integer("communicators", "communicators", "communicators") { $0.run.coverage.communicators },
    .integer("communicators_complete", "communicators", "those all of whose ranks were seen") {
      $0.run.coverage.communicatorsComplete
    },
    .integer("lines_lost", "lines", "lines lost to tearing or damage") {
      $0.run.coverage.linesLost
    },
    .integer("lines_unrecognised", "lines", "NCCL lines that no known message matches") {
      $0.run.coverage.linesUnrecognised
    },
    .integer("files", "files", "files read") { $0.run.coverage.files },
    .integer("files_incomplete", "files", "files not read to their end") {
      $0.run.coverage.filesIncomplete
    },
    .text("versions", "library releases, joined by semicolons") {
      $0.run.coverage.versions.joined(separator: "; ")
    },
    .integer("repetitions", "repetitions", "how often the calls of every rank repeat") {
      $0.run.coverage.repetitions
    },
    .text("repeats", "what repeats: passes of an engine that serves, or steps") {
      $0.run.coverage.repetitions == nil
        ? nil : $0.run.coverage.repeatsPasses ? "passes" : "steps"
    },
    .unsigned("stated_steps", "steps", "what --steps states") { $0.run.statedSteps },
    .unsigned("tokens", "tokens", "tokens through the model, by the job description or --tokens") {
      $0.run.tokens
    },
    .text("time_source", "format and basis of time_ns") { $0.run.timeSource },
    .integer("findings", "findings", "findings of any severity") { $0.run.findingCount },
  ]

  static let layoutColumns: [Definition<LayoutRow>] = [
    .text("run", "what the run is called") { $0.run.label },
    .text("dimension", "parallelism strategy") { $0.key.rawValue },
    .integer("communicators", "communicators", "communicators of the strategy") {
      $0.value.count
    },
    .integer("degree", "ranks", "ranks of each; empty when they differ or there is none") {
      $0.value.degree
    },
    .text("sizes", "all sizes, joined by semicolons") {
      $0.value.sizes.map(String.init).joined(separator: "; ")
    },
    .text("confidence", "least sure label among those with traffic, else among all") {
      $0.value.count > 0 ? $0.value.confidence.rawValue : nil
    },
    .integer("baseline_communicators", "communicators", "the baseline's communicators") {
      $0.baseline.count
    },
    .integer("baseline_degree", "ranks", "the baseline's degree") { $0.baseline.degree },
    .text("change", "none, gained, lost, or differs (sizes or number)") { row in
      change(row.value.count, row.baseline.count)
        ?? (row.value.sizes == row.baseline.sizes && row.value.count == row.baseline.count
          ? "none" : "differs")
    },
  ]

  static let linkColumns: [Definition<LinkGroupRow>] = [
    .text("run", "what the run is called") { $0.run.label },
    .text("kind", "kind of link, as in links.csv") { $0.key.kind.rawValue },
    .integer("node", "", "node, by the order of ranks; of a node_pair the one that sends") {
      $0.key.node
    },
    .integer("peer_node", "", "node that receives, of a node_pair") { $0.key.peerNode },
    .integer("links", "links", "links that carried anything") { $0.value.links },
    .unsigned("sent_bytes", "bytes", "bytes that left over them") { $0.value.sentBytes },
    .unsigned("received_bytes", "bytes", "bytes that arrived over them") {
      $0.value.receivedBytes
    },
    .integer("sent_bytes_delta", "bytes", "sent_bytes less the baseline's") {
      $0.delta(\.sentBytes)
    },
    .ratio("sent_bytes_ratio", "ratio", "sent_bytes / the baseline's; empty when that is 0") {
      $0.ratio(\.sentBytes)
    },
    .integer("received_bytes_delta", "bytes", "received_bytes less the baseline's") {
      $0.delta(\.receivedBytes)
    },
    .text("change", "none, relieved (fewer bytes in all) or loaded (more)") { row in
      let own = row.value.sentBytes.saturatingAdd(row.value.receivedBytes)
      let base = row.baseline.sentBytes.saturatingAdd(row.baseline.receivedBytes)
      return own == base ? "none" : own < base ? "relieved" : "loaded"
    },
  ]

  static let findingColumns: [Definition<FindingRow>] = [
    .text("run", "what the run is called") { $0.run.label },
    .text("code", "stable code, as in findings.csv") { $0.key },
    .text("severity", "error, warning or note: the gravest") { $0.value.severity.rawValue },
    .integer("findings", "findings", "findings with this code") { $0.value.count },
    .integer("baseline_findings", "findings", "the baseline's") { $0.baseline.count },
    .text("change", "none, gained, lost, more or fewer") { row in
      change(row.value.count, row.baseline.count)
        ?? (row.value.count == row.baseline.count
          ? "none" : row.value.count > row.baseline.count ? "more" : "fewer")
    },
    .text("summary", "the first one in words; empty where there is none") {
      $0.value.count > 0 ? $0.value.summary : nil
    },
  ]

  private static func change(_ own: Int, _ baseline: Int) -> String? {
    own > 0 && baseline == 0 ? "gained" : own == 0 && baseline > 0 ? "lost" : nil
  }
}

extension RunComparison {
  /// Rows with the runs that they are of.
  func tableRows<Key, Value>(_ rows: [Row<Key, Value>]) -> [ComparisonRow<Key, Value>] {
    rows.map { row in
      ComparisonRow(
        run: runs[row.run], baselineRun: baselineRun, key: row.key, value: row.value,
        baseline: row.baseline)
    }
  }

  /// The runs as rows; the key says which is the baseline.
  var runRows: [ComparisonRow<Bool, ComparedRun>] {
    runs.indices.map { index in
      ComparisonRow(
        run: runs[index], baselineRun: baselineRun, key: index == baseline, value: runs[index],
        baseline: baselineRun)
    }
  }
}
