// SPDX-License-Identifier: Apache-2.0

public import CollectiveTrace
public import TrafficAnalysis

/// Lays expected beside observed traffic and says what the difference may come from.
///
/// Classes are compared by dimension, collective, message size and communicator size, in operations,
/// in bytes, and rank by rank in calls. A class is `exact` when all three agree. A difference is
/// `explained` only by a rule that accounts for it call by call, or that says outright that the
/// closed forms cannot check the class (`ClassRules`, `GroupRules`); the rest is `unexplained`
/// with the place where it was seen, and a person has to look.
public enum Reconciliation {
  /// Fills the summary's reconciliation, and makes findings of what nothing explains and of sizes
  /// that contradict the job.
  public static func add(
    _ expected: ExpectedTraffic, job: JobDescription? = nil, to summary: inout TrafficSummary
  ) {
    let rows = rows(expected: expected, observed: summary)
    summary.reconciliation = rows
    let unexplained = rows.filter { $0.verdict == .unexplained }
    if let job { summary.findings += Contradictions.findings(job, expected, summary) }
    if let first = unexplained.first {
      summary.findings.append(
        Finding(
          code: "traffic-unexplained", severity: .warning,
          summary: unexplained.count == 1
            ? "1 of \(rows.count) classes of operations differs from what the job should move."
            : "\(unexplained.count) of \(rows.count) classes of operations differ from what the job should move.",
          location: "\(first.dimension.rawValue) \(first.collective)",
          evidence: first.explanation,
          suggestion:
            "Read reconciliation.csv; correct the job description or look at these calls."))
    }
    summary.findings.sort {
      ($0.severity, $0.code, $0.location, $0.summary)
        < ($1.severity, $1.code, $1.location, $1.summary)
    }
  }

  /// Compares what a job should have moved with what its logs show.
  ///
  /// - Complexity: O(*n* log *n* + *k* *r*) in rows, classes and ranks.
  public static func rows(
    expected: ExpectedTraffic, observed summary: TrafficSummary
  ) -> [ReconciliationRow] {
    let run = RunFacts(expected, summary)
    var classes = Classes(expected, summary, run)
    for index in classes.compared.indices { ClassRules.judge(&classes.compared[index], run) }
    GroupRules.apply(to: &classes.compared, setUp: &classes.setUp, expected: expected, run)
    let all = classes.compared + classes.setUp
    return all.sorted { a, b in
      if a.key.order != b.key.order { return a.key.order < b.key.order }
      return a.expected.operations < b.expected.operations
    }.map { own in
      var own = own
      if own.isOpen, own.explanation.isEmpty { own.explanation = sentence(own, run) }
      return own.row
    }
  }

  /// Both sides, class by class.
  private struct Classes {
    var compared: [ClassComparison] = []
    /// What came before the first step or pass.
    var setUp: [ClassComparison] = []

    init(_ expected: ExpectedTraffic, _ summary: TrafficSummary, _ run: RunFacts) {
      var wanted: [ClassKey: ExpectedSide] = [:]
      var uneven: Set<ClassKey> = []
      for row in expected.rows {
        // Parts that depend on routing have no one size; they are compared in sum.
        let key = ClassKey(
          dimension: row.dimension, collective: row.collective,
          messageBytes: row.elementCount == nil ? nil : row.messageBytes,
          communicatorSize: row.communicatorSize)
        wanted[key, default: ExpectedSide()].add(row)
        if key.messageBytes == nil { uneven.insert(key) }
      }
      var seen: [ClassKey: ObservedSide] = [:]
      var early: [ClassKey: ObservedSide] = [:]
      for row in summary.traffic {
        var key = ClassKey(
          dimension: row.dimension, collective: row.collective, messageBytes: row.messageBytes,
          communicatorSize: row.communicatorSize)
        if uneven.contains(key.withoutSize) { key = key.withoutSize }
        // Set-up is outside the closed forms; a class that is expected may look like it as a whole.
        if row.phase == .initialization {
          early[key, default: ObservedSide()].add(row)
        } else {
          seen[key, default: ObservedSide()].add(row)
        }
      }
      for key in Set(wanted.keys).union(seen.keys).union(early.keys) {
        let wanted = wanted[key] ?? ExpectedSide()
        var observed = seen[key] ?? ObservedSide()
        if let early = early[key] {
          if wanted.operations > 0, observed.operations == 0,
            early.operations == wanted.operations
          {
            observed = early
          } else {
            setUp.append(
              ClassComparison(key: key, expected: ExpectedSide(), observed: early))
            guard wanted.operations > 0 || observed.operations > 0 else { continue }
          }
        }
        var own = ClassComparison(key: key, expected: wanted, observed: observed)
        own.isUneven = uneven.contains(key)
        own.differences = run.differences(wanted.callsByStage, observed.callsByRank)
        compared.append(own)
      }
      // Rules that look at several classes must not depend on the order of a dictionary.
      compared.sort { $0.key.order < $1.key.order }
      setUp.sort { $0.key.order < $1.key.order }
    }
  }

  /// What differs, by how much, and where.
  private static func sentence(_ own: ClassComparison, _ run: RunFacts) -> String {
    let place = own.key.text
    let what =
      if own.expected.operations == 0 {
        own.observed.phases == [.initialization]
          ? "Set-up that is not alike on all ranks: \(place)."
          : "The strategy has no \(place)."
      } else if own.observed.operations > own.expected.operations {
        "\(own.surplusOperations) too many: \(place)."
      } else if own.observed.operations < own.expected.operations {
        "\(own.missingOperations) missing: \(place)."
      } else if own.differences.isEmpty {
        "The operations agree, their payload does not: \(place)."
      } else {
        "The operations agree, the calls of the ranks do not: \(place)."
      }
    let ranks = own.differences.map(\.rank)
    let fault = run.faults.first { fault in
      ranks.contains { fault.location.hasPrefix("rank \($0),") }
    }
    return what + run.callers(own) + (fault.map { " See \($0.code): \($0.summary)" } ?? "")
  }
}
