// SPDX-License-Identifier: Apache-2.0

import TrafficAnalysis

@testable import TrafficReport

/// Comparisons of the sample jobs.
enum SampleComparison {
  private static func compared(
    _ runs: [(label: String, summary: TrafficSummary)], baseline: Int = 0,
    change: (inout [ComparedRun]) -> Void = { _ in }
  ) -> RunComparison? {
    var own = runs.map { ComparedRun(label: $0.label, $0.summary) }
    change(&own)
    return try? RunComparison(own, baseline: baseline)
  }

  /// The same job before and after a change that adds decode passes, at one place with a weak label.
  private static var beforeAndAfter: RunComparison? {
    let before = SampleJob.inference.summary()
    var job = SampleJob.inference
    job.work[1].operations += 160 * 32
    job.work.remove(at: 3)
    var after = job.summary()
    after.communicators[0].confidence = .weak
    after.communicators[0].operations = 1
    after.findings = []
    return compared([("before", before), ("after", after)]) { runs in
      runs[0].statedTokens = 4096 + 128
      runs[1].statedTokens = 4096 + 160
    }
  }

  /// Strategies of one kind of job, the second the baseline.
  private static var strategies: RunComparison? {
    compared(
      [
        ("TP4", SampleJob.inference.summary()), ("all of them", SampleJob.everyDimension.summary()),
        ("four nodes", SampleJob.fourNodes.summary()),
      ], baseline: 1)
  }

  /// More runs than a band of panels, and than the figure draws.
  private static var many: RunComparison? {
    compared(
      (0..<18).map { number in
        var job = SampleJob.everyDimension
        for index in job.work.indices { job.work[index].operations += UInt64(number) }
        let label = number == 3 ? String(repeating: "a long label ", count: 5) : "run \(number)"
        return (label, job.summary())
      }, baseline: 3)
  }

  private static var hostile: RunComparison? {
    compared([
      ("<b>\u{1B}[31m=cmd & \"x\"\u{202E}", SampleJob.hostile()),
      ("@SUM(1)|'", SampleJob.training.summary()), ("nothing", TrafficSummary()),
    ])
  }

  /// All comparisons with their names.
  static let all: [(name: String, comparison: RunComparison)] = [
    ("before-and-after", beforeAndAfter), ("strategies", strategies), ("many", many),
    ("hostile-names", hostile),
  ].compactMap { name, comparison in comparison.map { (name, $0) } }

  /// The figures, for the checks of all figures.
  static let figures: [(name: String, bytes: [UInt8])] = all.map { name, comparison in
    ("compare-\(name)/comparison.svg", ComparisonFigure.svg(comparison))
  }
}
