// SPDX-License-Identifier: Apache-2.0

public import CollectiveTrace

extension TrafficAnalyzer {
  /// Analyses a partial with what `--job` and the headers of the logs state about the job.
  ///
  /// A layout that only a header states is dropped again when communicators are none of its groups:
  /// the header may be of another job, or of a launcher that makes groups of its own.
  ///
  /// - Returns: The summary, with findings about what was stated, and the job that was used.
  /// - Throws: `ConfigurationError` when what `--job` names states too little or what cannot be.
  public static func analyze(
    _ partial: TracePartial, stated source: JobSource?, model: ModelConfiguration? = nil,
    machines: [MachineTopology] = []
  ) throws(ConfigurationError) -> (summary: TrafficSummary, job: JobResolution) {
    var resolution = try job(of: partial, stated: source)
    func analyzed() -> TrafficSummary {
      analyze(
        partial, job: resolution.job, model: model ?? resolution.job?.model, machines: machines)
    }
    var summary = analyzed()
    if !resolution.isStated, resolution.job != nil,
      let finding = summary.findings.first(where: { $0.code == "job-contradicts-logs" })
    {
      resolution.drop(
        "The layout that a launcher states is not used: \(finding.summary) (\(finding.evidence))")
      summary = analyzed()
    }
    summary.add(resolution)
    return (summary, resolution)
  }

  /// Finds what is known about the job of some logs: what `--job` states, filled up by the headers
  /// that launchers left in the logs.
  ///
  /// A header alone is believed only if the logs are of one job that it can be about: it may stand in
  /// a folder with logs of others. What speaks against it is kept for the findings.
  ///
  /// - Throws: `ConfigurationError` when what `--job` names states too little or what cannot be.
  /// - Complexity: O(*i* log *i*) in instances where only headers state a layout, else O(*n*) in
  ///   statements.
  static func job(
    of partial: TracePartial, stated source: JobSource?
  ) throws(ConfigurationError) -> JobResolution {
    var resolution = try JobResolution(source, logs: partial)
    guard !resolution.isStated, let job = resolution.job else { return resolution }
    let table = ProcessTable(partial)
    var endpoints = Endpoints(table)
    let communicators = CommunicatorTable(&endpoints)
    let ranks = GlobalRanks(endpoints, communicators, table, nil)
    let place = resolution.origins.first?.place ?? ""
    let largest = communicators.all.lazy.map(\.size).max() ?? 0
    let seen = endpoints.all.count
    if ranks.jobs <= 1, max(largest, seen) > job.worldSize {
      resolution.contradictions.append(
        JobResolution.Contradiction(
          key: "world_size", first: "\(job.worldSize) (\(place))",
          second: largest > job.worldSize
            ? "a communicator of \(largest) ranks" : "\(seen) ranks with logs",
          place: place, involvesJob: false))
      resolution.job = nil
      resolution.origins = []
    } else if ranks.jobs > 1, seen != job.worldSize {
      resolution.drop(
        "A launcher states a job of \(job.worldSize) ranks, and the logs hold \(ranks.jobs) groups of ranks that share no communicator: it is not known which of them it is about."
      )
    } else if ranks.guessed > 0, seen != job.worldSize {
      resolution.drop(
        "A launcher states a job of \(job.worldSize) ranks, and \(seen) are seen whose numbers are not known: its groups cannot be told."
      )
    }
    return resolution
  }
}

extension JobResolution {
  /// Takes the job back, which only a launcher states, and says why.
  fileprivate mutating func drop(_ why: String) {
    omissions.append(
      Omission(text: why, place: origins.first { $0.place.contains(":") }?.place ?? ""))
    job = nil
    origins = []
  }
}

extension TrafficSummary {
  /// Says where the job's layout is from, and what contradicts or was left out.
  public mutating func add(_ resolution: JobResolution) {
    if resolution.job != nil { coverage.jobSource = Self.source(resolution) }
    for own in resolution.contradictions.prefix(16) {
      findings.append(
        Finding(
          code: own.involvesJob ? "job-contradicts-logs" : "launch-settings-differ",
          severity: .warning,
          summary: own.involvesJob
            ? "A log's header contradicts --job about \(own.key)."
            : "What launchers state in the logs about \(own.key) does not agree.",
          location: own.place, evidence: "\(own.first) and \(own.second)",
          suggestion: own.involvesJob
            ? "Correct the job description, or look whether the log is of another job; --job is used."
            : "Analyse the logs of each job by themselves, or state the layout with --job; no header is used."
        ))
    }
    for own in resolution.omissions.prefix(16) {
      findings.append(
        Finding(
          code: "launch-setting-unclear", severity: .note, summary: own.text, location: own.place,
          evidence: "read as text; nothing is run",
          suggestion: "State it in a job description if it matters: --job."))
    }
    findings.sort {
      ($0.severity, $0.code, $0.location, $0.summary)
        < ($1.severity, $1.code, $1.location, $1.summary)
    }
  }

  /// `job.yaml` or `run.log:57 (Megatron-LM)`: the first place in each file that states the layout.
  private static func source(_ resolution: JobResolution) -> String {
    var files: [Substring] = []
    var places: [String] = []
    var isLaunched = false
    for origin in resolution.origins
    where origin.place.contains(":")
      && (origin.key == "world_size" || origin.key.hasPrefix("parallelism"))
    {
      let file = origin.place.lastIndex(of: ":").map { origin.place[..<$0] } ?? origin.place[...]
      isLaunched = isLaunched || origin.isLaunched
      guard !files.contains(file) else { continue }
      files.append(file)
      places.append(origin.place)
    }
    let launchers = resolution.launchers.map(\.title).joined(separator: ", ")
    return places.joined(separator: ", ") + (isLaunched ? " (\(launchers))" : "")
  }
}
