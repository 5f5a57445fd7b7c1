// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// Faults that only times show.
extension FindingCollector {
  /// Fewest collectives from which a habit is read.
  private static let minimumOperations = 20

  /// Finds the rank that the others wait for.
  ///
  /// One rank must have caused at least half of all waiting, and that at least a quarter of all
  /// time spent in collectives: less is the usual jitter, and taking turns is nobody's fault.
  mutating func stragglers(_ waiting: [WaitingRow]) {
    let all = waiting.reduce(into: (caused: 0.0, duration: 0.0)) { sum, row in
      sum.caused += Double(row.caused)
      sum.duration += Double(row.duration)
    }
    guard waiting.count > 2, all.duration > 0 else { return }
    for row in waiting
    where row.operations >= Self.minimumOperations && Double(row.caused) * 2 >= all.caused
      && Double(row.caused) * 4 >= all.duration
    {
      let share = Int((100 * Double(row.caused) / all.duration).rounded())
      add(
        "straggler", .warning, "The other ranks wait for rank \(row.rank).",
        at: "rank \(row.rank)",
        evidence:
          "it came last in \(row.lastArrivals) of \(row.operations) collectives; waiting for it is \(share) % of all time in collectives",
        do: "Look at what this rank does between collectives: a slower GPU, more work, or its host."
      )
    }
  }
}
