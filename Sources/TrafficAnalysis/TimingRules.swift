// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

// Rules on when calls ran, where traces tell.
extension DimensionInference {
  /// Fewest reductions that show a habit.
  private static let fewestReductions = 32
  /// A pause between kernels in which something was computed; back to back they are launched within
  /// a few microseconds.
  private static let shortestPause: Int64 = 20_000

  /// Whether computation stops for each all-reduce and goes on after it.
  ///
  /// The next operation of a layer needs what its tensor group reduced. Gradients are reduced
  /// beside the backward pass, or one after the other at its end.
  func isWaitedFor(_ place: Int) -> Bool {
    var calls = 0
    var pauses = 0
    var communication: Int64 = 0
    var exposed: Int64 = 0
    for view in communicators[place].views {
      for timed in table.records[view.process].timed {
        guard let timing = timed.facts.timing, timing.hasCompute,
          let number = timed.communicators.firstIndex(of: view.index)
        else { continue }
        let rows = timed.facts.communicators[number].calls
        func isReduction(_ communicator: Int32, _ row: Int32) -> Bool {
          Int(communicator) == number && rows.indices.contains(Int(row))
            && rows[Int(row)].kind == .allReduce
        }
        for entry in timing.overlaps where isReduction(entry.communicator, entry.row) {
          communication = communication.addingReportingOverflow(entry.communication).partialValue
          exposed = exposed.addingReportingOverflow(entry.exposed).partialValue
        }
        let own = timing.calls.filter {
          isReduction($0.communicator, $0.row) && $0.start != .min && $0.duration >= 0
        }.sorted { $0.start < $1.start }
        calls += own.count
        for (call, next) in zip(own, own.dropFirst()) {
          let end = call.start.addingReportingOverflow(call.duration)
          let pause = next.start.subtractingReportingOverflow(end.partialValue)
          if !end.overflow, !pause.overflow, pause.partialValue >= Self.shortestPause {
            pauses += 1
          }
        }
      }
    }
    return calls >= Self.fewestReductions && communication > 0
      && exposed >= communication - communication / 100 && pauses * 4 >= calls * 3
  }
}
