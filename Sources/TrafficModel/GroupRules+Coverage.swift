// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace
internal import TrafficAnalysis

/// Differences that come from what the logs cannot show, or show in other groups.
extension GroupRules {
  // MARK: - What NCCL does not see

  mutating func explainOwnKernel() {
    let isBusy = classes.contains { own in
      own.key.dimension == .tp && own.key.collective == "all_reduce"
        && own.observed.operations > 0
        && (own.key.messageBytes.map {
          $0 > ClassRules.controlBytes && $0 < Self.customAllReduceLimit
        } ?? false)
    }
    let crossesNodes = run.communicators.contains {
      $0.dimension == .tp && ($0.nodes ?? 1) > 1
    }
    guard !isBusy, !crossesNodes else { return }
    for index in open {
      let own = classes[index]
      guard own.key.dimension == .tp, own.key.collective == "all_reduce",
        own.observed.operations == 0, let size = own.key.messageBytes,
        size < Self.customAllReduceLimit, size.isMultiple(of: 16),
        Self.customAllReduceSizes.contains(own.key.communicatorSize),
        isPresent(own.key),
        own.expected.phases.isSubset(of: [.prefill, .decode])
      else { continue }
      classes[index].explain(
        "No all-reduce below 8 MiB was logged: an engine's own kernel bypasses NCCL for them on one node.",
        .notObservable)
    }
  }

  /// Whether the logs have groups of this strategy and size; all are taken to, when none is listed.
  private func isPresent(_ key: ClassKey) -> Bool {
    run.communicators.isEmpty
      || run.communicators.contains {
        $0.size == key.communicatorSize
          && ($0.dimension == key.dimension || $0.dimension == .unclassified)
      }
  }

  mutating func explainGraphs() {
    let captured = setUp.filter { !$0.isOpen && $0.key.collective == "all_reduce" }
      .compactMap { $0.key.dimension == .tp ? $0.key : nil }
    for index in open {
      let own = classes[index]
      let single = own.expected.operations.minus(own.expected.repeatedOperations)
      guard own.expected.repeatedOperations > 0, own.expected.phases.contains(.decode),
        own.observed.operations == single, let size = own.key.messageBytes,
        captured.contains(where: {
          $0.communicatorSize == own.key.communicatorSize && ($0.messageBytes ?? 0) >= size
            && own.key.collective == "all_reduce" && own.key.dimension == .tp
        })
      else { continue }
      classes[index].explain(
        "Captured in a CUDA graph before the first pass; NCCL logs no call when the graph is replayed.",
        .notObservable)
    }
  }

  // MARK: - Groups

  /// The same calls of every rank on groups of another size.
  mutating func explainGroupSize() {
    for index in open where classes[index].observed.operations == 0 {
      let wanted = classes[index]
      for other in open where other != index {
        let seen = classes[other]
        guard seen.expected.operations == 0, seen.key.dimension == wanted.key.dimension,
          seen.key.collective == wanted.key.collective,
          seen.key.messageBytes == wanted.key.messageBytes,
          seen.key.communicatorSize < wanted.key.communicatorSize,
          run.knowsCallers,
          seen.observed.callsByRank.allSatisfy({
            $0.value == run.calls(wanted.expected.callsByStage, of: $0.key)
          })
        else { continue }
        let text =
          "\(wanted.key.dimension.rawValue) groups have \(seen.key.communicatorSize) ranks in the logs and \(wanted.key.communicatorSize) in the job; each rank seen makes the calls that are expected of it."
        classes[index].explain(text)
        classes[other].explain(text)
        break
      }
    }
  }

  /// A communicator whose rank has no log may fit the groups of several strategies.
  mutating func explainSilentMembers() {
    guard !run.silentRanks.isEmpty, run.knowsCallers else { return }
    for index in open where classes[index].expected.operations > 0 {
      let wanted = classes[index]
      // Control messages may have been set aside as what nobody counts.
      for other in classes.indices
      where classes[other].expected.operations == 0
        && (classes[other].isOpen || ClassRules.isControl(classes[other]))
      {
        let seen = classes[other]
        guard seen.key.dimension != wanted.key.dimension,
          seen.key.collective == wanted.key.collective,
          seen.key.messageBytes == wanted.key.messageBytes,
          seen.key.communicatorSize == wanted.key.communicatorSize
        else { continue }
        let calls = wanted.observed.callsByRank.merging(seen.observed.callsByRank) {
          $0.adding($1)
        }
        let left = run.differences(wanted.expected.callsByStage, calls)
        guard !left.isEmpty,
          left.allSatisfy({ run.silentRanks.contains($0.rank) && $0.observed == 0 })
        else { continue }
        let text =
          "\(RankText.ranks(left.map(\.rank)).capitalisedFirst) without a log could be in a \(seen.key.dimension.rawValue) or \(wanted.key.dimension.rawValue) group here; taken together, only calls of ranks without a log are missing."
        classes[index].explain(text)
        classes[other].explain(text)
        break
      }
    }
  }

  // MARK: - Lost lines

  mutating func explainLostLines() {
    var missing: UInt64 = 0
    for own in classes + setUp where own.isOpen && isOnlyLost(own) {
      for rank in own.differences where !run.gapRanks.contains(rank.rank) {
        missing.add(rank.expected - rank.observed)
      }
    }
    guard missing <= run.linesLost else { return }
    for index in open where isOnlyLost(classes[index]) {
      classes[index].explain(lostText(classes[index], missing))
    }
    for index in setUp.indices where setUp[index].isOpen && isOnlyLost(setUp[index]) {
      setUp[index].explain(lostText(setUp[index], missing))
    }
  }

  /// Whether nothing differs but calls that ranks with damaged files do not show.
  private func isOnlyLost(_ own: ClassComparison) -> Bool {
    !own.differences.isEmpty
      && own.differences.allSatisfy {
        $0.observed < $0.expected
          && (run.lossyRanks.contains($0.rank) || run.gapRanks.contains($0.rank))
      }
  }

  private func lostText(_ own: ClassComparison, _ missing: UInt64) -> String {
    let calls = own.differences.reduce(UInt64(0)) { $0.adding($1.expected - $1.observed) }
    let subject =
      "\(calls) \(calls == 1 ? "call is" : "calls are") missing on \(RankText.ranks(own.differences.map(\.rank)))"
    if own.differences.contains(where: { run.gapRanks.contains($0.rank) }) {
      return
        "\(subject), whose files have gaps or end early; how many lines are gone is not known, so the number cannot be checked."
    }
    return
      "\(subject), in whose files lines were lost: \(run.linesLost) lines in all, \(missing) calls in all classes."
  }

  // MARK: - Barriers

  /// Set-up is told by the order of calls; where ranks differ there is no common order, and a
  /// barrier at the start stays among the messages of its size.
  mutating func explainBarriers() {
    guard (classes + setUp).contains(where: { $0.isOpen && !ClassRules.isAlike($0, run) }) else {
      return
    }
    for index in open {
      let own = classes[index]
      guard ClassRules.isControl(own), own.expected.operations > 0, own.surplusOperations > 0,
        own.surplusOperations == UInt64(clamping: own.observed.communicators),
        ClassRules.isAlike(own, run),
        own.differences.allSatisfy({ $0.observed == $0.expected.adding(1) })
      else { continue }
      classes[index].explain(
        "One more than the steps on each communicator, as a barrier at the start is; ranks differ elsewhere, so that the order of calls does not tell."
      )
    }
  }
}
