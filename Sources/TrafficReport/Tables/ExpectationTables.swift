// SPDX-License-Identifier: Apache-2.0

internal import TrafficAnalysis
internal import TrafficModel

/// The tables of `commlens expect`, with the columns of ``Table/traffic`` where both have them.
extension Table {
  /// All tables of an expectation, in the order in which they are written.
  ///
  /// They describe columns; a summary of logs has no rows for them.
  public static let expectation: [Table] = [
    Table(
      "expected_traffic",
      rowMeaning:
        "dimension x phase x collective x data type x message size x communicator size",
      order: "dimension, phase, collective, data_type, message_bytes, communicator_size",
      rows: { _ in [] }, columns: expectedTrafficColumns),
    Table(
      "expected_ranks", rowMeaning: "global rank", order: "rank", rows: { _ in [] },
      columns: expectedRankColumns),
  ]

  static let expectedTrafficColumns: [Definition<ExpectedTraffic.Row>] = [
    .text("dimension", "parallelism strategy served: tp, sp, pp, dp, fsdp, ep, ...") {
      $0.dimension.rawValue
    },
    .text("phase", "prefill, decode, forward, backward or optimizer") { $0.phase.rawValue },
    .text("collective", "operation; send_recv for matched pairs") { $0.collective },
    .text("data_type", "element type") { $0.dataType },
    .unsigned("element_count", "elements", "elements per call; empty when parts differ") {
      $0.elementCount
    },
    .unsigned("message_bytes", "bytes", "message size S of nccl-tests; the mean when it varies") {
      $0.messageBytes
    },
    .integer("communicator_size", "ranks", "ranks of each communicator") { $0.communicatorSize },
    .integer("communicators", "communicators", "communicators in this row") { $0.communicators },
    .unsigned("operations", "operations", "collectives, each counted once whatever its size") {
      $0.operations
    },
    .unsigned("rank_calls", "calls", "API calls, one per rank and operation") { $0.rankCalls },
    .unsigned("payload_bytes", "bytes", "what the calls' send buffers hold") { $0.payloadBytes },
    .unsigned("wire_bytes", "bytes", "bytes that leave GPUs, over all ranks, by the ring bound") {
      $0.wireBytes
    },
    .text("source", "formulas, joined by semicolons") { $0.source },
    .text("note", "what a reader must know about the row") { $0.note },
  ]

  static let expectedRankColumns: [Definition<ExpectedTraffic.Rank>] = [
    .integer("rank", "", "rank in the job") { $0.rank },
    .integer("stage", "", "pipeline stage") { $0.stage },
    .unsigned("calls", "calls", "API calls it makes") { $0.calls },
    .unsigned("payload_bytes", "bytes", "what its send buffers hold") { $0.payloadBytes },
    .unsigned("sent_bytes", "bytes", "bytes that leave its GPU") { $0.sentBytes },
    .unsigned("received_bytes", "bytes", "bytes that arrive at its GPU") { $0.receivedBytes },
  ]
}
