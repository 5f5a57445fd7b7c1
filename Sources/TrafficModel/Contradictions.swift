// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace
internal import TrafficAnalysis

/// Finds sizes of the model that the logs contradict, and names both sides.
///
/// Sizes of the layout (ranks, groups) are compared by the analysis, which needs no model for it.
/// A size is reported only when all messages that would carry it speak against it and the rest of
/// the traffic is as expected; a single odd message is a matter of the reconciliation.
enum Contradictions {
  static func findings(
    _ job: JobDescription, _ expected: ExpectedTraffic, _ summary: TrafficSummary
  ) -> [Finding] {
    guard let model = job.model, summary.coverage.hasOperations else { return [] }
    if let finding = hiddenSize(job, model, expected, summary) { return [finding] }
    return [layers(model, expected, summary), vocabulary(job, model, expected, summary)]
      .compactMap(\.self)
  }

  private static func finding(_ summary: String, _ evidence: String, _ what: String) -> Finding {
    Finding(
      code: "job-contradicts-logs", severity: .warning, summary: summary, location: what,
      evidence: evidence,
      suggestion: "Give the model that ran; expected traffic follows from its sizes.")
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
