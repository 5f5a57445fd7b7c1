// SPDX-License-Identifier: Apache-2.0

internal import TrafficAnalysis
internal import TrafficModel

/// The tables of `commlens limits`.
extension Table {
  /// All tables of a limit study, in the order in which they are written.
  ///
  /// They describe columns; a summary of logs has no rows for them.
  public static let limits: [Table] = [
    Table(
      "limits", rowMeaning: "machine x phase x context x batch",
      order: "machine as named, decode before prefill, context_tokens, batch", rows: { _ in [] },
      columns: limitColumns),
    Table(
      "batch_limits", rowMeaning: "machine x context", order: "machine as named, context_tokens",
      rows: { _ in [] }, columns: batchLimitColumns),
  ]

  static let limitColumns: [Definition<PassLimit>] = [
    .text("hardware", "name of the machine") { $0.hardware },
    .integer("accelerators", "accelerators", "accelerators of the layout") { $0.accelerators },
    .text("phase", "decode (one token for each sequence) or prefill (whole prompts)") {
      $0.phase.rawValue
    },
    .integer("context_tokens", "tokens", "tokens that each sequence has") { $0.context },
    .integer("batch", "sequences", "sequences in flight over all replicas") { $0.batch },
    .number("compute_us", "us", "operations at the peak rate") { $0.computeSeconds * 1e6 },
    .number("memory_us", "us", "bytes read at the full bandwidth") { $0.memorySeconds * 1e6 },
    .number("synchronisation_us", "us", "collectives that the next layer waits for") {
      $0.synchronisationSeconds * 1e6
    },
    .number("time_us", "us", "max(compute_us, memory_us) + synchronisation_us") {
      $0.seconds * 1e6
    },
    .text("bound", "compute, memory, synchronisation, or capacity where it does not fit") {
      $0.bound.rawValue
    },
    .number("user_tokens_per_s", "tokens/s", "tokens of one sequence (decode) or prompt") {
      $0.userRate
    },
    .number("system_tokens_per_s", "tokens/s", "tokens of all sequences") { $0.systemRate },
    .number("operations", "FLOP", "operations of a pass, one micro-batch") { $0.operations },
    .number("read_bytes", "bytes", "bytes read by a pass, one micro-batch") { $0.readBytes },
    .number("intensity", "FLOP/byte", "operations / read_bytes") { $0.intensity },
    .number("weight_bytes", "bytes", "weights on all accelerators") { $0.weightBytes },
    .number("cache_bytes", "bytes", "keys and values of all sequences") { $0.cacheBytes },
    .number("capacity_bytes", "bytes", "memory of all accelerators and the pool; empty: unknown") {
      $0.capacityBytes
    },
    .boolean("fits", "whether weights and cache fit; empty: unknown") { $0.fits },
  ]

  static let batchLimitColumns: [Definition<BatchLimits>] = [
    .text("hardware", "name of the machine") { $0.hardware },
    .integer("context_tokens", "tokens", "tokens that each sequence has") { $0.context },
    .number("ridge_point", "FLOP/byte", "peak rate / memory bandwidth; empty: unknown") {
      $0.ridgePoint
    },
    .number("score_intensity", "FLOP/byte", "attention's scores in decode") { $0.scoreIntensity },
    .number("cache_bytes_per_token", "bytes", "what a token leaves in the cache, all layers") {
      $0.cacheBytesPerToken
    },
    .number("attention_batch", "sequences", "from here attention's projections compute-bound") {
      $0.attention
    },
    .number("expert_batch", "sequences", "from here experts compute-bound; empty: dense model") {
      $0.experts
    },
    .number("capacity_batch", "sequences", "what fits beside the weights; empty: unknown") {
      $0.capacity
    },
    .number("token_time_batch", "sequences", "most that keep --token-time; empty: not even one") {
      $0.tokenTime
    },
    .number("exchange_us", "us", "dispatch and combine of one layer at expert_batch") {
      $0.exchangeSeconds.map { $0 * 1e6 }
    },
  ]
}
