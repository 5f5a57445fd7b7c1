// SPDX-License-Identifier: Apache-2.0

internal import TrafficAnalysis

extension Table {
  static let traffic = Table(
    "traffic",
    rowMeaning:
      "dimension x phase x collective x data type x message size x communicator size",
    order: "dimension, phase, collective, data_type, message_bytes, communicator_size",
    rows: \.traffic,
    columns: trafficColumns)

  private static let trafficColumns: [Definition<TrafficRow>] = [
    .text("dimension", "parallelism strategy served: tp, sp, pp, dp, fsdp, ep, ...") {
      $0.dimension.rawValue
    },
    .text("phase", "what the job was doing: prefill, decode, forward, backward, ...") {
      $0.phase.rawValue
    },
    .text("collective", "operation; send_recv for matched pairs") { $0.collective },
    .text("data_type", "element type as logged; unknown when the log does not tell") {
      $0.dataType
    },
    .unsigned("element_count", "elements", "elements per call as logged; empty when it varies") {
      $0.elementCount
    },
    .unsigned("message_bytes", "bytes", "message size S of nccl-tests; empty when it varies") {
      $0.messageBytes
    },
    .integer("communicator_size", "ranks", "ranks of each communicator") { $0.communicatorSize },
    .integer("communicators", "communicators", "communicators in this row") { $0.communicators },
    .unsigned("operations", "operations", "collectives, each counted once whatever its size") {
      $0.operations
    },
    .unsigned("rank_calls", "calls", "API calls, one per rank and operation line") {
      $0.rankCalls
    },
    .unsigned("payload_bytes", "bytes", "what the calls' send buffers hold") { $0.payloadBytes },
    .unsigned("wire_bytes", "bytes", "bytes that leave GPUs, over all ranks") { $0.wireBytes },
    .unsigned("intra_node_bytes", "bytes", "part of wire_bytes that stays on a node") {
      $0.intraNodeBytes
    },
    .unsigned("inter_node_bytes", "bytes", "part of wire_bytes that crosses nodes") {
      $0.interNodeBytes
    },
    .unsigned(
      "scaled_operations", "operations",
      "operations of CUDA graph replays that the job states, not in the columns before; else empty"
    ) { $0.scaledOperations },
    .unsigned("scaled_payload_bytes", "bytes", "payload of scaled_operations") {
      $0.scaledPayloadBytes
    },
    .unsigned("scaled_wire_bytes", "bytes", "wire bytes of scaled_operations") {
      $0.scaledWireBytes
    },
  ]

  static let messageSizes = Table(
    "message_sizes", rowMeaning: "dimension x collective x power-of-two bucket",
    order: "dimension, collective, bucket_low_bytes", rows: \.messageSizes,
    columns: [
      Definition<MessageSizeRow>.text("dimension", "parallelism strategy served") {
        $0.dimension.rawValue
      },
      .text("collective", "operation; send_recv for matched pairs") { $0.collective },
      .unsigned("bucket_low_bytes", "bytes", "smallest message of the bucket; 0 for empty ones") {
        $0.bucketLowBytes
      },
      .unsigned("bucket_high_bytes", "bytes", "largest message of the bucket, inclusive") {
        $0.bucketHighBytes
      },
      .unsigned("operations", "operations", "operations in the bucket") { $0.operations },
      .unsigned("payload_bytes", "bytes", "what their send buffers hold") { $0.payloadBytes },
    ])
}
