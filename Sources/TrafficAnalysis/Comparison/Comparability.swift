// SPDX-License-Identifier: Apache-2.0

extension RunComparison {
  /// Says what stands between the runs and a fair comparison.
  static func statements(_ runs: [ComparedRun], _ baseline: Int, _ basis: Basis) -> [String] {
    var lines: [String] = []
    for run in runs where run.classes.isEmpty {
      lines.append(
        "Run \(run.label) has no operations: what the others moved cannot be compared with it.")
    }
    lines += runs.compactMap(incompleteness)
    if let line = lengths(runs, basis) { lines.append(line) }
    if let line = difference(runs, "Models differ", { $0.coverage.model ?? "not stated" }),
      runs.contains(where: { $0.coverage.model != nil })
    {
      lines.append(line)
    }
    if let line = difference(
      runs, "Numbers of ranks differ",
      { run in (run.coverage.ranksExpected ?? run.coverage.ranksSeen).description })
    {
      lines.append(line)
    }
    lines += sources(runs)
    return lines
  }

  /// Why the numbers of a run are a lower bound.
  private static func incompleteness(_ run: ComparedRun) -> String? {
    let coverage = run.coverage
    var reasons: [String] = []
    if let expected = coverage.ranksExpected, expected > coverage.ranksSeen {
      reasons.append("\(coverage.ranksSeen) of \(expected) ranks seen")
    }
    if coverage.linesLost > 0 {
      reasons.append(
        "\(coverage.linesLost) line\(coverage.linesLost == 1 ? "" : "s") lost")
    }
    if coverage.filesIncomplete > 0 {
      reasons.append("\(coverage.filesIncomplete) of \(coverage.files) files not read to the end")
    }
    if coverage.linesUnrecognised > 0 {
      reasons.append("\(coverage.linesUnrecognised) lines not understood")
    }
    guard !reasons.isEmpty else { return nil }
    return "Run \(run.label) may have moved more than is shown: \(reasons.joined(separator: "; "))."
  }

  /// Whether whole runs of different length are compared.
  private static func lengths(_ runs: [ComparedRun], _ basis: Basis) -> String? {
    guard basis == .run else { return nil }
    let known = runs.filter { $0.coverage.repetitions != nil }
    guard Set(known.map(\.coverage.repetitions)).count > 1 else { return nil }
    let parts = known.map { run in
      "\(run.label) \(run.coverage.repetitions ?? 0) \(run.coverage.repeatsPasses ? "passes" : "steps")"
    }
    return
      "Whole runs are compared, and they are not equally long (\(parts.joined(separator: ", "))): "
      + "state --tokens or --steps with NAME=N."
  }

  private static func difference(
    _ runs: [ComparedRun], _ title: String, _ value: (ComparedRun) -> String
  ) -> String? {
    guard Set(runs.map(value)).count > 1 else { return nil }
    return "\(title): \(runs.map { "\($0.label) \(value($0))" }.joined(separator: ", "))."
  }

  /// What the runs' sources count differently.
  private static func sources(_ runs: [ComparedRun]) -> [String] {
    var lines: [String] = []
    let isLogged = runs.map { $0.coverage.ncclLines > 0 }
    if Set(isLogged).count > 1 {
      let traced = zip(runs, isLogged).filter { !$1 }.map(\.0.label)
      lines.append(
        "Logs count every call and traces those they recorded: \(traced.joined(separator: ", ")) "
          + "\(traced.count == 1 ? "has" : "have") no log.")
    }
    let logsBytes = runs.map { run in
      run.coverage.statements.contains { $0.hasPrefix(CoverageStatement.byteCounts) }
    }
    if Set(logsBytes).count > 1 {
      let old = zip(runs, logsBytes).filter(\.1).map(\.0.label)
      lines.append(
        "\(old.joined(separator: ", ")): NCCL up to 2.21 logs all-gather and broadcast as bytes; "
          + "bytes and operations compare with the other runs, element types do not.")
    }
    let replays = zip(
      runs,
      runs.map { run in
        run.coverage.statements.contains { $0.hasPrefix(CoverageStatement.graphReplays) }
      }
    ).filter(\.1).map(\.0.label)
    if !replays.isEmpty {
      lines.append(
        (replays.count == runs.count ? "All runs" : replays.joined(separator: ", "))
          + ": replays of CUDA graphs are not logged; compare runs that use them alike.")
    }
    return lines
  }
}
