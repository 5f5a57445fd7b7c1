// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace
internal import TrafficAnalysis

/// What may explain differences only when several classes are looked at together.
///
/// | seen | read as |
/// | --- | --- |
/// | most classes agree on another number of steps or decode passes, each rank too | the run was longer or shorter |
/// | no all-reduce below 8 MiB at all on a tensor group of 2, 4, 6 or 8 ranks of one node | the engine's own kernel: not observable |
/// | no decode reduction, but the same size captured before the first pass | CUDA graph: not observable |
/// | equal bytes on every rank in messages of other sizes | chunked prefill, coalesced or bucketed calls |
/// | whole passes with *j* tokens in place of *j* or fewer passes with one | speculative decoding |
/// | whole passes more, on every rank of the stage, where none of the workload's is missing | warm-up or profiling |
/// | every rank makes its calls on a smaller group | lower degree than the job says |
/// | a class under two strategies that make up one, but for the calls of ranks without a log | a group that its missing rank leaves ambiguous |
/// | fewer calls, only on ranks that lost lines, and not more than lines were lost | lost lines |
/// | one control message more on each communicator, while ranks differ elsewhere | a barrier at the start, which the order of calls does not tell then |
///
/// Each needs whole passes or equal bytes, so that one operation more or less fits none of them.
struct GroupRules {
  /// Below this size vLLM's custom all-reduce kernel replaces NCCL on one node.
  ///
  /// Source: vLLM, `custom_all_reduce.py`, `max_size = 8192 * 1024` and `should_custom_ar`.
  static let customAllReduceLimit: UInt64 = 8192 * 1024
  static let customAllReduceSizes: Set<Int> = [2, 4, 6, 8]

  var classes: [ClassComparison]
  var setUp: [ClassComparison]
  let run: RunFacts
  /// The calls of one forward pass that other passes are measured by.
  private var shapes: [PassShape] = []
  /// Forward passes that were found beyond the workload.
  private var extraPasses: UInt64 = 0
  /// Forward passes before the first one of the workload.
  private var earlyPasses: UInt64 = 0

  /// The calls of one kind in one forward pass.
  private struct PassShape {
    var key: ClassKey
    var operations: UInt64
    var callsByStage: [UInt64]
  }

  static func apply(
    to classes: inout [ClassComparison], setUp: inout [ClassComparison],
    expected: ExpectedTraffic, _ run: RunFacts
  ) {
    var rules = GroupRules(classes: classes, setUp: setUp, run: run)
    rules.shapes = expected.rows.filter { $0.phase == .prefill && $0.elementCount != nil }.map {
      PassShape(
        key: ClassKey(
          dimension: $0.dimension, collective: $0.collective, messageBytes: $0.messageBytes,
          communicatorSize: $0.communicatorSize),
        operations: $0.operations, callsByStage: $0.callsByStage)
    }
    rules.explainSetUp()
    rules.explainLength()
    rules.explainOwnKernel()
    rules.explainGraphs()
    rules.explainOtherSizes()
    rules.explainSpeculation()
    rules.explainPasses()
    rules.explainGroupSize()
    rules.explainSilentMembers()
    rules.explainLostLines()
    rules.explainBarriers()
    (classes, setUp) = (rules.classes, rules.setUp)
  }

  var open: [Int] { classes.indices.filter { classes[$0].isOpen } }

  // MARK: - Set-up

  /// Whole passes before the first one, their logits, and what came once on each communicator.
  private mutating func explainSetUp() {
    for index in setUp.indices {
      setUp[index].observed.phases = [.initialization]
      guard let passes = wholePasses(setUp[index], leading: true) else { continue }
      earlyPasses.add(passes)
      setUp[index].explain(
        "\(Self.passes(passes)) before the first one of the workload: graph capture or warm-up.")
    }
    for index in setUp.indices where setUp[index].isOpen {
      if isPartOfPasses(setUp[index], passes: earlyPasses) {
        setUp[index].explain("Part of the \(Self.passes(earlyPasses)) before the first one.")
      } else if ClassRules.isAlike(setUp[index], run),
        setUp[index].observed.operations == UInt64(clamping: setUp[index].observed.communicators)
      {
        setUp[index].explain(
          "Set-up, once on each communicator before the first step or pass; the closed forms leave it out."
        )
      } else if !ClassRules.isAlike(setUp[index], run) {
        setUp[index].differences = unlike(setUp[index])
      }
    }
  }

  /// The ranks with fewer calls than the others of their communicators.
  private func unlike(_ own: ClassComparison) -> [RankDifference] {
    let calls = own.observed.callsByRank
    let most = calls.values.max() ?? 0
    var ranks = Set(calls.keys)
    for row in run.communicators where row.size == own.key.communicatorSize {
      let members = row.ranks.compactMap(\.self)
      if members.contains(where: { calls[$0] != nil }) { ranks.formUnion(members) }
    }
    return ranks.sorted().compactMap { rank in
      let observed = calls[rank] ?? 0
      return observed < most
        ? RankDifference(rank: rank, expected: most, observed: observed) : nil
    }
  }

  // MARK: - Length of the run

  /// How often a class says that a step or decode pass ran; `nil` when it is no whole number.
  private func repetitions(_ own: ClassComparison, of total: UInt64) -> UInt64? {
    let expected = own.expected
    guard expected.repeatedOperations > 0, expected.repeatedOperations.isMultiple(of: total) else {
      return nil
    }
    let single = expected.operations.minus(expected.repeatedOperations)
    let each = expected.repeatedOperations / total
    let rest = own.observed.operations.minus(single)
    guard own.observed.operations >= single, rest.isMultiple(of: each) else { return nil }
    return rest / each
  }

  private mutating func explainLength() {
    guard let total = run.repetitions, total > 0 else { return }
    var votes: [UInt64: Int] = [:]
    var voters = 0
    for own in classes where own.expected.repeatedOperations > 0 {
      voters += 1
      if let vote = repetitions(own, of: total) { votes[vote, default: 0] += 1 }
    }
    guard let best = votes.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }), best.key > 0,
      best.key != total, best.value > 1, best.value * 2 > voters
    else { return }
    for index in open where isRun(classes[index], of: best.key, where: total) {
      let isInference = classes[index].expected.phases.contains(.decode)
      let unit = isInference ? "decode passes" : "steps"
      classes[index].explain(
        "The logs hold \(best.key) \(unit) where the job says \(total); most classes agree on it.")
    }
  }

  private func isRun(_ own: ClassComparison, of number: UInt64, where total: UInt64) -> Bool {
    func scaled(_ all: UInt64, _ repeated: UInt64) -> UInt64 {
      all.minus(repeated).adding((repeated / total).times(number))
    }
    let expected = own.expected
    guard repetitions(own, of: total) == number else { return false }
    guard own.isUneven || own.observed.bytes == scaled(expected.bytes, expected.repeatedBytes)
    else { return false }
    guard run.knowsCallers else { return true }
    let calls = expected.callsByStage.indices.map { stage in
      let repeated =
        expected.repeatedCallsByStage.indices.contains(stage)
        ? expected.repeatedCallsByStage[stage] : 0
      return scaled(expected.callsByStage[stage], repeated)
    }
    return run.differences(calls, own.observed.callsByRank).isEmpty
  }

  // MARK: - Sizes

  /// The same bytes in messages of other sizes: chunks of a prompt, calls coalesced, buckets cut
  /// differently.
  private mutating func explainOtherSizes() {
    var groups: [ClassKey: [Int]] = [:]
    for index in open where !classes[index].isUneven {
      groups[classes[index].key.withoutSize, default: []].append(index)
    }
    for (_, members) in groups.sorted(by: { $0.key.order < $1.key.order }) {
      // The logits of further chunks may be in the way of an equal sum.
      let choices =
        [members]
        + members.filter { classes[$0].expected.operations > 0 }.map { left in
          members.filter { $0 != left }
        }
      guard let same = choices.first(where: { $0.count > 1 && isEqualInSum($0) }) else { continue }
      let isPrompt = same.contains { classes[$0].expected.phases.contains(.prefill) }
      if isPrompt { extraPasses.add(furtherPasses(same)) }
      for index in same {
        classes[index].explain(
          isPrompt
            ? "The same bytes on every rank in messages of other sizes: the prompt went through in chunks, or together with other tokens."
            : "The same bytes on every rank in messages of other sizes: \(same.count) classes of this collective agree in sum, as coalesced or bucketed calls do."
        )
      }
    }
  }

  private func isEqualInSum(_ members: [Int]) -> Bool {
    var expected: UInt64 = 0
    var observed: UInt64 = 0
    var missing: [Int: UInt64] = [:]
    var surplus: [Int: UInt64] = [:]
    for index in members {
      let own = classes[index]
      expected.add(own.expected.bytes)
      observed.add(own.observed.bytes)
      for rank in own.differences {
        missing[rank.rank, default: 0].add(
          rank.expected.minus(rank.observed).times(own.key.bytesPerCall))
        surplus[rank.rank, default: 0].add(
          rank.observed.minus(rank.expected).times(own.key.bytesPerCall))
      }
    }
    return expected > 0 && expected == observed && missing == surplus
  }

  /// Passes that a group of classes makes beyond the expected ones.
  private func furtherPasses(_ members: [Int]) -> UInt64 {
    guard
      let shape = shapes.first(where: { shape in
        members.contains { classes[$0].key == shape.key }
      }), shape.operations > 0
    else { return 0 }
    let surplus = members.reduce(UInt64(0)) { $0.adding(classes[$1].observed.operations) }
      .minus(members.reduce(UInt64(0)) { $0.adding(classes[$1].expected.operations) })
    return surplus.isMultiple(of: shape.operations) ? surplus / shape.operations : 0
  }

  // MARK: - Passes

  /// The forward passes that a surplus amounts to, if each rank makes its part of them.
  ///
  /// `leading` accepts only what tells passes from anything else: reductions of a tensor group, or
  /// the sends of a pipeline without one.
  private func wholePasses(_ own: ClassComparison, leading: Bool) -> UInt64? {
    let hasTensor = shapes.contains { $0.key.collective == "all_reduce" }
    for shape in shapes
    where shape.key.withoutSize == own.key.withoutSize && shape.operations > 1 {
      guard !leading || shape.key.collective == (hasTensor ? "all_reduce" : "send_recv") else {
        continue
      }
      let surplus = own.surplusOperations
      guard surplus > 0, surplus.isMultiple(of: shape.operations) else { continue }
      let passes = surplus / shape.operations
      if isPasses(own, shape, passes) { return passes }
    }
    return nil
  }

  private func isPasses(_ own: ClassComparison, _ shape: PassShape, _ passes: UInt64) -> Bool {
    guard run.knowsCallers else { return true }
    var calls = own.expected.callsByStage
    ExpectedSide.add(shape.callsByStage.map { $0.times(passes) }, to: &calls)
    return run.differences(calls, own.observed.callsByRank).isEmpty
  }

  /// Whether a class is what some passes make beside their reductions: hand-overs and logits.
  private func isPartOfPasses(_ own: ClassComparison, passes: UInt64) -> Bool {
    guard passes > 0 else { return false }
    return shapes.contains { shape in
      guard shape.key.withoutSize == own.key.withoutSize, shape.operations > 0,
        own.surplusOperations > 0, own.surplusOperations.isMultiple(of: shape.operations)
      else { return false }
      let number = own.surplusOperations / shape.operations
      // A single call could be anything, unless every pass made it.
      guard number == passes || (number < passes && shape.operations > 1) else { return false }
      return isPasses(own, shape, number)
    }
  }

  private mutating func explainPasses() {
    for index in open {
      let own = classes[index]
      guard let passes = wholePasses(own, leading: true) else { continue }
      // Passes in place of others are no further ones.
      let pass = own.surplusOperations / passes
      let lacksPasses = open.contains { other in
        classes[other].key.withoutSize == own.key.withoutSize
          && classes[other].missingOperations >= pass
      }
      guard !lacksPasses else { continue }
      extraPasses.add(passes)
      classes[index].explain(
        "\(Self.passes(passes)) beyond the workload, whole on every rank: warm-up or profiling.")
    }
    for index in open where isPartOfPasses(classes[index], passes: extraPasses) {
      classes[index].explain("Part of the \(Self.passes(extraPasses)) beyond the workload.")
    }
  }

  private static func passes(_ number: UInt64) -> String {
    "\(number) \(number == 1 ? "pass" : "passes")"
  }

  // MARK: - Speculative decoding

  /// Passes that verify *j* tokens: *m* of them in place of at least *m*, at most *m j*, of one.
  private mutating func explainSpeculation() {
    guard let total = run.repetitions, total > 1 else { return }
    for small in open {
      let plain = classes[small]
      guard plain.key.collective == "all_reduce" || plain.key.collective == "send_recv",
        let left = repetitions(plain, of: total), left < total, let size = plain.key.messageBytes,
        size > 0
      else { continue }
      let each = plain.expected.repeatedOperations / total
      guard each > 1 else { continue }
      for large in open {
        let verifying = classes[large]
        guard verifying.key.withoutSize == plain.key.withoutSize,
          verifying.expected.operations == 0, let more = verifying.key.messageBytes,
          more > size, more.isMultiple(of: size),
          verifying.observed.operations.isMultiple(of: each)
        else { continue }
        let tokens = more / size
        let passes = verifying.observed.operations / each
        guard passes.adding(left) < total, passes.times(tokens).adding(left) >= total else {
          continue
        }
        explainSpeculation(tokens: tokens, passes: passes, left: left, total: total)
        return
      }
    }
  }

  private mutating func explainSpeculation(
    tokens: UInt64, passes: UInt64, left: UInt64, total: UInt64
  ) {
    let text =
      "Speculative decoding: \(passes) passes check \(tokens) tokens each in place of \(total.minus(left)) passes with one; how many tokens are accepted depends on data."
    let candidates = open
    for index in candidates where repetitions(classes[index], of: total) == left {
      let own = classes[index]
      let each = own.expected.repeatedOperations / total
      let partner = candidates.first { other in
        let large = classes[other]
        return large.key.withoutSize == own.key.withoutSize && large.expected.operations == 0
          && large.key.messageBytes == own.key.messageBytes?.times(tokens)
          && large.observed.operations == each.times(passes) && ClassRules.isAlike(large, run)
      }
      guard let partner, isRun(own, of: left, where: total) else { continue }
      classes[index].explain(text)
      classes[partner].explain(text)
    }
  }
}
