// SPDX-License-Identifier: Apache-2.0

internal import TrafficAnalysis

extension Table {
  static let reconciliation = Table(
    "reconciliation",
    rowMeaning: "expected or observed class of operations, when job and model are known",
    order: "dimension, collective, message_bytes, communicator_size",
    rows: { $0.reconciliation ?? [] },
    columns: [
      Definition<ReconciliationRow>.text("dimension", "parallelism strategy served") {
        $0.dimension.rawValue
      },
      .text("phase", "the phase, when all operations of the class are of one") {
        $0.phase.rawValue
      },
      .text("collective", "operation; send_recv for matched pairs") { $0.collective },
      .unsigned("expected_operations", "operations", "operations by the closed form") {
        $0.expectedOperations
      },
      .unsigned("observed_operations", "operations", "operations in the logs") {
        $0.observedOperations
      },
      .unsigned("expected_bytes", "bytes", "payload by the closed form") { $0.expectedBytes },
      .unsigned("observed_bytes", "bytes", "payload in the logs") { $0.observedBytes },
      .number("ratio", "", "observed over expected payload") { $0.ratio },
      .text("verdict", "exact, explained, unexplained or not_observable") { $0.verdict.rawValue },
      .text("explanation", "why they may differ") { $0.explanation },
      .unsigned("message_bytes", "bytes", "message size S of nccl-tests; empty when it varies") {
        $0.messageBytes
      },
      .integer("communicator_size", "ranks", "ranks of each communicator") { $0.communicatorSize },
    ])
}
