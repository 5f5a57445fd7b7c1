// SPDX-License-Identifier: Apache-2.0

internal import TrafficAnalysis
internal import TrafficModel

/// A row of a what-if with the names of its strategy and machine.
struct WhatIfRow<Value: Sendable>: Sendable {
  var strategy: String
  var hardware: String
  var value: Value
}

/// The tables of `commlens whatif`.
extension Table {
  /// All tables of a what-if, in the order in which they are written.
  ///
  /// They describe columns; a summary of logs has no rows for them.
  public static let whatIf: [Table] = [
    Table(
      "whatif",
      rowMeaning:
        "strategy x machine x dimension x phase x collective x message size x communicator size",
      order: "strategy and machine as named, then as traffic.csv", rows: { _ in [] },
      columns: whatIfColumns),
    Table(
      "whatif_totals", rowMeaning: "strategy x machine x dimension, and total",
      order: "strategy and machine as named, dimension, total last", rows: { _ in [] },
      columns: whatIfTotalColumns),
    Table(
      "latency_fit", rowMeaning: "collective x communicator size measured at three sizes or more",
      order: "collective, ranks", rows: { _ in [] }, columns: latencyFitColumns),
  ]

  static let whatIfColumns: [Definition<WhatIfRow<WhatIf.Row>>] =
    [
      .text("strategy", "the run, or the job description of another strategy") { $0.strategy },
      .text("hardware", "machine that it is replayed on") { $0.hardware },
      .text("dimension", "parallelism strategy served") { $0.value.own.dimension.rawValue },
      .text("phase", "what the job was doing") { $0.value.own.phase.rawValue },
      .text("collective", "operation; send_recv for matched pairs") { $0.value.own.collective },
      .unsigned("message_bytes", "bytes", "message size S of nccl-tests; empty when it varies") {
        $0.value.own.messageBytes
      },
      .integer("communicator_size", "ranks", "ranks of each communicator") {
        $0.value.own.communicatorSize
      },
      .integer("communicators", "communicators", "communicators in this row") {
        $0.value.own.communicators
      },
      .unsigned("operations", "operations", "collectives, each counted once") {
        $0.value.own.operations
      },
      .unsigned("payload_bytes", "bytes", "what the calls' send buffers hold") {
        $0.value.own.payloadBytes
      },
      .integer("domains", "domains", "nodes or racks that a communicator spans there") {
        $0.value.domains
      },
      .text("algorithm", "fastest one; empty for one rank or an unknown operation") {
        $0.value.algorithm?.rawValue
      },
    ] + amountColumns { $0.value.amounts }
    + [
      .ratio("gain", "ratio", "time of the same row on the first machine / time_us") { row in
        let seconds = row.value.amounts.seconds
        return seconds > 0 ? row.value.baseSeconds / seconds : nil
      }
    ]

  static let whatIfTotalColumns: [Definition<WhatIfRow<WhatIf.Total>>] =
    [
      .text("strategy", "the run, or the job description of another strategy") { $0.strategy },
      .text("hardware", "machine that it is replayed on") { $0.hardware },
      .text("dimension", "parallelism strategy; total for all together") {
        $0.value.dimension?.rawValue ?? "total"
      },
      .unsigned("payload_bytes", "bytes", "what the calls' send buffers hold") {
        $0.value.amounts.payloadBytes
      },
    ] + amountColumns { $0.value.amounts }
    + [
      .text("bottleneck", "latency, scale_up_bandwidth or scale_out_bandwidth") {
        $0.value.amounts.bottleneck?.rawValue
      },
      .ratio("gain", "ratio", "time of the run on the first machine / time_us; empty: none") {
        $0.value.gain
      },
      .unsigned("unknown_operations", "operations", "operations that no formula knows") {
        $0.value.amounts.unknownOperations
      },
    ]

  private static func amountColumns<Row>(
    _ amounts: @escaping @Sendable (Row) -> WhatIf.Amounts
  ) -> [Definition<Row>] {
    [
      .number("latency_us", "us", "part of time_us that no byte costs") {
        amounts($0).latency * 1e6
      },
      .number("scale_up_us", "us", "part of time_us that bytes inside domains cost") {
        amounts($0).scaleUp * 1e6
      },
      .number("scale_out_us", "us", "part of time_us that bytes between domains cost") {
        amounts($0).scaleOut * 1e6
      },
      .number("time_us", "us", "operations of one communicator one after another") {
        amounts($0).seconds * 1e6
      },
      .ratio("energy_j", "J", "energy of the bytes on their way; empty: unknown") {
        amounts($0).energy
      },
    ]
  }

  static let latencyFitColumns: [Definition<LatencyFit>] = [
    .text("collective", "operation") { $0.collective },
    .integer("ranks", "ranks", "ranks of the communicator") { $0.ranks },
    .integer("points", "measurements", "measurements in the fit") { $0.points },
    .unsigned("least_bytes", "bytes", "smallest message S") { $0.bytes.lowerBound },
    .unsigned("most_bytes", "bytes", "largest message S") { $0.bytes.upperBound },
    .number("latency_us", "us", "time of a message without bytes") { $0.latency * 1e6 },
    .number("step_latency_us", "us", "latency_us / steps of a ring") { $0.stepLatency * 1e6 },
    .number("busbw_gb_per_s", "GB/s", "bus bandwidth without latency (1e9 bytes)") {
      $0.busBandwidth.map { $0 / 1e9 }
    },
    .ratio("rms_residual", "ratio", "root of the mean squared relative residual") {
      $0.meanResidual
    },
    .ratio("largest_residual", "ratio", "largest relative residual") { $0.largestResidual },
  ]
}
