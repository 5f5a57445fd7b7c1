// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace
internal import TrafficAnalysis

/// Finds what the logs say against the job or its model, and names both sides.
///
/// Ranks and groups that the layout does not have are found by the analysis, which needs no model
/// for it. A size is reported only when all messages that would carry it speak against it; a single
/// odd message is a matter of the reconciliation.
///
/// | seen | said against |
/// | --- | --- |
/// | no communicator has as many ranks as the groups of a strategy | parallel sizes |
/// | what one strategy should move is all on groups of another | order of the ranks |
/// | no activation has a multiple of the hidden size | hidden size |
/// | as many messages as expected, all of another number of tokens | prompt or sequence length |
/// | 2L + 1 reductions per pass, or L units per step, fit another L | layers |
/// | as many logits as expected, all of another size | vocabulary |
enum Contradictions {
  static func findings(
    _ job: JobDescription, _ expected: ExpectedTraffic, _ summary: TrafficSummary
  ) -> [Finding] {
    guard let model = job.model, summary.coverage.hasOperations,
      !summary.findings.contains(where: { $0.code == "job-contradicts-logs" })
    else { return [] }
    // One wrong number makes others look wrong: the first that is found is told.
    if let own = groups(expected, summary) ?? order(expected, summary) { return [own] }
    if let own = hiddenSize(job, model, expected, summary) { return [own] }
    return [
      tokens(job, model, expected, summary), layers(model, expected, summary),
      vocabulary(job, model, expected, summary),
    ].compactMap(\.self)
  }

  private static func finding(
    _ summary: String, _ evidence: String, _ what: String,
    do suggestion: String = "Give the model that ran; expected traffic follows from its sizes."
  ) -> Finding {
    Finding(
      code: "job-contradicts-logs", severity: .warning, summary: summary, location: what,
      evidence: evidence, suggestion: suggestion)
  }

  // MARK: - Layout

  /// Groups that should talk, and no communicator of their size.
  private static func groups(_ expected: ExpectedTraffic, _ summary: TrafficSummary) -> Finding? {
    let seen = Set(summary.communicators.map(\.size))
    let wanted = expected.rows.filter { !seen.contains($0.communicatorSize) }
    guard let first = wanted.max(by: { $0.wireBytes < $1.wireBytes }), !seen.isEmpty else {
      return nil
    }
    let sizes = seen.sorted().prefix(6).map(String.init).joined(separator: ", ")
    return finding(
      "The job has \(first.dimension.rawValue) groups of \(first.communicatorSize) ranks; no communicator in the logs has as many.",
      "communicators have \(sizes) ranks", "parallelism",
      do: "Correct the parallel sizes; expected traffic follows from them.")
  }

  /// Whole classes that are on the groups of another strategy.
  private static func order(_ expected: ExpectedTraffic, _ summary: TrafficSummary) -> Finding? {
    let rows = summary.reconciliation ?? []
    for lacking in rows.sorted(by: { $0.expectedBytes > $1.expectedBytes })
    where lacking.observedOperations == 0 && lacking.verdict == .unexplained
      && (lacking.messageBytes ?? 0) > ClassRules.controlBytes
    {
      let other = rows.first {
        $0.dimension != lacking.dimension && $0.collective == lacking.collective
          && $0.messageBytes == lacking.messageBytes
          && $0.communicatorSize == lacking.communicatorSize && $0.expectedOperations == 0
          && $0.observedOperations == lacking.expectedOperations
      }
      guard let other else { continue }
      return finding(
        "What \(lacking.dimension.rawValue) groups should move is on groups that the job calls \(other.dimension.rawValue).",
        "\(other.observedOperations) \(other.collective) operations of \(other.messageBytes ?? 0) bytes",
        "order", do: "Correct the order of ranks, or the sizes of these two strategies.")
    }
    return nil
  }

  private static func observed(
    _ summary: TrafficSummary, _ dimension: ParallelismDimension, _ collective: String
  ) -> [TrafficRow] {
    summary.traffic.filter {
      $0.dimension == dimension && $0.collective == collective && $0.phase != .initialization
        && ($0.messageBytes ?? 0) > ClassRules.controlBytes && $0.operations > 0
    }
  }

  private static func operations(
    _ rows: [TrafficRow], bytes: UInt64, size: Int
  ) -> UInt64 {
    rows.reduce(0) {
      $1.messageBytes == bytes && $1.communicatorSize == size ? $0.adding($1.operations) : $0
    }
  }

  // MARK: - Width

  /// Activations come in whole tokens, so that their elements are multiples of the hidden size.
  private static func hiddenSize(
    _ job: JobDescription, _ model: ModelConfiguration, _ expected: ExpectedTraffic,
    _ summary: TrafficSummary
  ) -> Finding? {
    let carriers: [(ParallelismDimension, String)] = [
      (.sp, "reduce_scatter"), (.pp, "send_recv"), (.tp, "all_reduce"),
    ]
    for (dimension, collective) in carriers {
      let wanted = expected.rows.filter {
        $0.dimension == dimension && $0.collective == collective
          && $0.messageBytes > ClassRules.controlBytes
      }
      guard let largest = wanted.max(by: { $0.payloadBytes < $1.payloadBytes }) else { continue }
      // Loss and gradients of norms travel on the tensor group as well, in other types or sizes.
      let seen = observed(summary, dimension, collective).filter {
        $0.dataType == largest.dataType && $0.elementCount != nil
      }
      guard let example = seen.max(by: { $0.payloadBytes < $1.payloadBytes }),
        let count = example.elementCount
      else { continue }
      let width = UInt64(clamping: model.hiddenSize)
      let part = dimension == .pp ? UInt64(clamping: max(1, job.parallelism.tensor)) : 1
      let unit = width.isMultiple(of: part) ? width / part : width
      guard seen.allSatisfy({ !($0.elementCount ?? 0).isMultiple(of: unit) }) else { return nil }
      let sizes = Set(seen.compactMap(\.elementCount)).sorted().prefix(4).map(String.init)
        .joined(separator: ", ")
      return finding(
        "The model's hidden size is \(model.hiddenSize); no \(dimension.rawValue) \(collective) carries a multiple of \(unit) elements.",
        "\(seen.count == 1 ? "its size is" : "their sizes are") \(sizes) elements, most bytes in messages of \(count)",
        "model.hidden_size")
    }
    return nil
  }

  /// As many messages as expected, with other numbers of tokens in them.
  private static func tokens(
    _ job: JobDescription, _ model: ModelConfiguration, _ expected: ExpectedTraffic,
    _ summary: TrafficSummary
  ) -> Finding? {
    let rows = summary.reconciliation ?? []
    let isTraining = job.workload?.kind == .training
    let carriers = expected.rows.filter {
      [.tp, .sp, .pp].contains($0.dimension) && $0.phase == (isTraining ? .forward : .prefill)
        && ($0.elementCount ?? 0).isMultiple(of: UInt64(clamping: model.hiddenSize))
    }
    for carrier in carriers.sorted(by: { $0.wireBytes > $1.wireBytes }) {
      let group = rows.filter {
        $0.dimension == carrier.dimension && $0.collective == carrier.collective
          && $0.communicatorSize == carrier.communicatorSize && $0.verdict == .unexplained
      }
      guard let lacking = group.first(where: { $0.messageBytes == carrier.messageBytes }),
        lacking.observedOperations == 0
      else { continue }
      let others = group.filter {
        $0.expectedOperations == 0 && $0.observedOperations == lacking.expectedOperations
      }
      let stated = carrier.elementCount.map { $0 / UInt64(clamping: model.hiddenSize) } ?? 0
      guard others.count == 1, let bytes = others.first?.messageBytes, stated > 0 else { continue }
      let (number, overflow) = bytes.multipliedReportingOverflow(by: stated)
      guard !overflow, number.isMultiple(of: carrier.messageBytes) else { continue }
      let seen = number / carrier.messageBytes
      return finding(
        "By the job a \(carrier.dimension.rawValue) \(carrier.collective) carries \(stated) tokens; in the logs it carries \(seen).",
        "\(lacking.expectedOperations) messages of \(bytes) bytes where \(carrier.messageBytes) are expected",
        isTraining ? "workload.sequence_length" : "workload.prompt_tokens",
        do: isTraining
          ? "Correct the sequence length or the size of a micro-batch."
          : "Correct the length of the prompts or the batch.")
    }
    return nil
  }

  // MARK: - Depth

  private static func layers(
    _ model: ModelConfiguration, _ expected: ExpectedTraffic, _ summary: TrafficSummary
  ) -> Finding? {
    guard
      let seen = layersOfPasses(model, expected, summary)
        ?? layersOfUnits(model, expected, summary),
      seen != UInt64(clamping: model.layers)
    else { return nil }
    return finding(
      "The model has \(model.layers) layers; the calls in the logs fit \(seen).",
      "messages have the expected sizes, and their numbers are those of \(seen) layers",
      "model.num_hidden_layers")
  }

  /// 2L + 1 all-reduces per pass, of the prompt and of single tokens alike.
  private static func layersOfPasses(
    _ model: ModelConfiguration, _ expected: ExpectedTraffic, _ summary: TrafficSummary
  ) -> UInt64? {
    guard model.experts == nil else { return nil }
    let rows = observed(summary, .tp, "all_reduce")
    let perPass = UInt64(clamping: model.layers).times(2).adding(1)
    var votes: Set<UInt64> = []
    for phase in [TrafficPhase.prefill, .decode] {
      let wanted = expected.rows.filter {
        $0.dimension == .tp && $0.collective == "all_reduce" && $0.phase == phase
      }
      guard wanted.count == 1, let row = wanted.first, row.operations.isMultiple(of: perPass)
      else { continue }
      let passes = row.operations / perPass
      let seen = operations(rows, bytes: row.messageBytes, size: row.communicatorSize)
      guard passes > 0, seen.isMultiple(of: passes), seen / passes > 1, seen / passes % 2 == 1
      else { return nil }
      votes.insert((seen / passes - 1) / 2)
    }
    return votes.count == 1 ? votes.first : nil
  }

  /// One reduce-scatter per layer and pass, where the rest of the step is as expected.
  private static func layersOfUnits(
    _ model: ModelConfiguration, _ expected: ExpectedTraffic, _ summary: TrafficSummary
  ) -> UInt64? {
    let wanted = expected.rows.filter {
      $0.dimension == .fsdp && $0.collective == "reduce_scatter"
    }
    let rows = observed(summary, .fsdp, "reduce_scatter")
    guard wanted.count == 2, let most = wanted.max(by: { $0.operations < $1.operations }),
      let outer = wanted.first(where: { $0 != most }),
      operations(rows, bytes: outer.messageBytes, size: outer.communicatorSize)
        == outer.operations
    else { return nil }
    let layers = UInt64(clamping: model.layers)
    guard most.operations.isMultiple(of: layers), most.operations > 0 else { return nil }
    let each = most.operations / layers
    let seen = operations(rows, bytes: most.messageBytes, size: most.communicatorSize)
    return seen > 0 && seen.isMultiple(of: each) ? seen / each : nil
  }

  // MARK: - Vocabulary

  /// Logits of another width, as often as those of the model should come.
  private static func vocabulary(
    _ job: JobDescription, _ model: ModelConfiguration, _ expected: ExpectedTraffic,
    _ summary: TrafficSummary
  ) -> Finding? {
    let slices = Set(
      expected.rows.filter { $0.dimension == .pp }.map {
        $0.messageBytes.times(job.parallelism.tensor)
      })
    let wanted = expected.rows.filter {
      $0.dimension == .tp && ($0.collective == "all_gather" || $0.collective == "gather")
        && ($0.phase == .prefill || $0.phase == .decode) && !slices.contains($0.messageBytes)
    }
    let sizes = Set(wanted.map(\.messageBytes))
    guard sizes.count == 1, let size = sizes.first, size > 0, let row = wanted.first else {
      return nil
    }
    let total = wanted.reduce(UInt64(0)) { $0.adding($1.operations) }
    let rows = observed(summary, .tp, row.collective).filter {
      $0.communicatorSize == row.communicatorSize && !slices.contains($0.messageBytes ?? 0)
    }
    guard operations(rows, bytes: size, size: row.communicatorSize) == 0 else { return nil }
    let others = Set(rows.compactMap(\.messageBytes))
    guard others.count == 1, let other = others.first,
      operations(rows, bytes: other, size: row.communicatorSize) == total
    else { return nil }
    let (number, overflow) = other.multipliedReportingOverflow(
      by: UInt64(clamping: model.vocabularySize))
    guard !overflow else { return nil }
    return finding(
      "The model's vocabulary has \(model.vocabularySize) tokens; the logits in the logs fit about \(number / size).",
      "\(total) gathers of \(other) bytes where \(size) are expected", "model.vocab_size")
  }
}
