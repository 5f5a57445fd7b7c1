// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace
internal import TrafficAnalysis

/// What may explain a difference of one class, looked at alone.
///
/// | seen | verdict |
/// | --- | --- |
/// | operations, bytes and every rank's calls agree | exact |
/// | no operation line in any log | not observable |
/// | routed tokens: all calls agree, fewer bytes | explained: only the sum without dropped tokens is known |
/// | exactly the calls of the ranks without a log are missing | explained |
/// | not expected, once on each communicator, broadcast or tied embedding | explained: equal weights at the start |
/// | control message without a closed form, alike on all ranks | explained: its number is not checked |
enum ClassRules {
  /// Messages of control traffic: barriers, flags, norms, counts.
  static let controlBytes: UInt64 = 64

  static func judge(_ own: inout ClassComparison, _ run: RunFacts) {
    if own.isEqual {
      own.verdict = .exact
      return
    }
    for rule in [notLogged, routed, silentRanks, equalWeights, control] where own.isOpen {
      rule(&own, run)
    }
  }

  private static func notLogged(_ own: inout ClassComparison, _ run: RunFacts) {
    guard !run.hasOperations else { return }
    own.explain(
      "The logs hold no operation lines; set NCCL_DEBUG_SUBSYS=INIT,COLL and run again.",
      .notObservable)
  }

  private static func routed(_ own: inout ClassComparison, _ run: RunFacts) {
    guard own.isUneven, own.expected.operations == own.observed.operations,
      own.differences.isEmpty, own.observed.bytes < own.expected.bytes
    else { return }
    own.explain(
      "Routing decides how many tokens go where; every call is there, but their bytes can be checked only when no token is dropped or kept."
    )
  }

  private static func silentRanks(_ own: inout ClassComparison, _ run: RunFacts) {
    guard !run.silentRanks.isEmpty, !own.differences.isEmpty,
      own.differences.allSatisfy({ run.silentRanks.contains($0.rank) && $0.observed == 0 }),
      own.observed.operations <= own.expected.operations,
      own.observed.bytes <= own.expected.bytes
    else { return }
    let calls = own.differences.reduce(UInt64(0)) { $0.adding($1.expected) }
    let isOne = own.differences.count == 1
    own.explain(
      "\(RankText.ranks(own.differences.map(\.rank)).capitalisedFirst) \(isOne ? "has" : "have") no log: \(calls) of \(isOne ? "its" : "their") calls are missing, and no other."
    )
  }

  private static func equalWeights(_ own: inout ClassComparison, _ run: RunFacts) {
    guard own.expected.operations == 0,
      own.observed.operations == UInt64(clamping: own.observed.communicators),
      own.key.collective == "broadcast" || own.key.dimension == .embedding,
      isAlike(own, run)
    else { return }
    own.explain("Came once on each communicator: weights are made equal at the start.")
  }

  private static func control(_ own: inout ClassComparison, _ run: RunFacts) {
    guard isControl(own), own.expected.operations == 0, isAlike(own, run) else { return }
    own.explain(
      "Control traffic: a message this small carries a flag, count or norm. All ranks agree; no closed form says how many there are, so their number is not checked."
    )
  }

  static func isControl(_ own: ClassComparison) -> Bool {
    own.key.messageBytes.map { $0 <= controlBytes } ?? false
  }

  /// Whether every rank of the communicators made every call, but for ranks without a log.
  static func isAlike(_ own: ClassComparison, _ run: RunFacts) -> Bool {
    guard !own.observed.callsByRank.isEmpty else { return true }
    let numbers = own.observed.callsByRank.values
    let calls = numbers.reduce(UInt64(0)) { $0.adding($1) }
    let perOperation =
      own.key.collective == "send_recv" ? 2 : UInt64(clamping: own.key.communicatorSize)
    let all = own.observed.operations.times(perOperation)
    if calls == all { return true }
    guard let most = numbers.max(), most > 0, numbers.allSatisfy({ $0 == most }), calls < all
    else { return false }
    let silent = (all - calls) / most
    return (all - calls).isMultiple(of: most) && silent <= UInt64(run.silentRanks.count)
  }
}

extension String {
  /// The text with a capital at its start.
  var capitalisedFirst: String {
    guard let first else { return self }
    return first.uppercased() + dropFirst()
  }
}
