// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// Divides classes of operations by the phases that annotations in traces name.
///
/// A class is divided when traces hold all of its calls and the ranks agree; when they hold some of
/// them (a profile of a few steps beside the log of a run), only if all of those are of one phase.
/// What a trace says outranks what ``PhaseInference`` and ``PhaseOrder`` read from sizes and order,
/// and is compared with it.
struct AnnotatedPhases {
  /// For each communicator and class the operations by phase, where annotations decide.
  private(set) var shares: [[PhaseShares?]] = []
  /// For each communicator and class the calls by phase, `unknown` for those without.
  private var calls: [[PhaseShares]]
  private var operations: UInt64 = 0
  private var comparable: UInt64 = 0
  private var same: UInt64 = 0

  init(_ communicators: [AnalysedCommunicator]) {
    calls = communicators.map { .init(repeating: [:], count: $0.traffic.classes.count) }
  }

  /// Counts a call of a class of a communicator.
  mutating func add(_ phase: AnnotatedPhase, communicator: Int, group: Int) {
    calls[communicator][group][TrafficPhase(phase), default: 0].add(1)
  }

  /// Decides what the counted calls tell, and compares it with the phases `inferred` without them.
  mutating func settle(
    _ communicators: [AnalysedCommunicator],
    inferred: (_ communicator: Int, _ group: Int)
      -> PhaseShares
  ) {
    shares = calls.map { .init(repeating: nil, count: $0.count) }
    for (place, own) in communicators.enumerated() {
      for (index, group) in own.traffic.classes.enumerated() {
        guard let share = Self.share(calls[place][index], of: group) else { continue }
        shares[place][index] = share
        let guess = inferred(place, index)
        for (phase, count) in share where phase != .unknown {
          operations.add(count)
          same.add(min(count, guess[phase] ?? 0))
        }
        let told = group.operations.minus(share[.unknown] ?? 0)
        comparable.add(min(told, group.operations.minus(guess[.unknown] ?? 0)))
      }
    }
  }

  /// The operations of a class by phase; `nil` when its calls do not decide.
  static func share(_ calls: PhaseShares, of group: OperationClass) -> PhaseShares? {
    let named = calls.keys.filter { $0 != .unknown }
    guard let first = named.first else { return nil }
    let total = calls.values.reduce(UInt64(0)) { $0.adding($1) }
    guard total == group.rankCalls, total > 0 else {
      return calls.count == 1 ? [first: group.operations] : nil
    }
    var share: PhaseShares = [:]
    for (phase, count) in calls {
      let product = count.multipliedFullWidth(by: group.operations)
      // Ranks that disagree leave a rest.
      guard product.high < total else { return nil }
      let (quotient, rest) = total.dividingFullWidth(product)
      guard rest == 0 else { return nil }
      share[phase] = quotient
    }
    return share
  }

  /// What a reader must know about the phases.
  var statements: [String] {
    guard operations > 0 else { return [] }
    let differing = comparable.minus(same)
    return [
      "The phases of \(operations) operations are what annotations in the traces say; without them "
        + (comparable == 0
          ? "no phase of these would be known."
          : differing == 0
            ? "the phases of \(comparable) would be inferred, all alike."
            : "the phases of \(comparable) would be inferred, \(differing) of them otherwise.")
    ]
  }
}

extension TrafficPhase {
  /// The phase that an annotation names.
  init(_ phase: AnnotatedPhase) {
    self =
      switch phase {
      case .none: .unknown
      case .forward: .forward
      case .backward: .backward
      case .optimizer: .optimizer
      case .prefill: .prefill
      case .decode: .decode
      }
  }
}
