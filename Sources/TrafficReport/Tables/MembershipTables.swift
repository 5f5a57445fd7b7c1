// SPDX-License-Identifier: Apache-2.0

internal import TrafficAnalysis

extension Table {
  static let communicators = Table(
    "communicators", rowMeaning: "communicator", order: "communicator (c0, c1, ...)",
    rows: \.communicators, columns: communicatorColumns)

  private static let communicatorColumns: [Definition<CommunicatorRow>] = [
    .text("communicator", "name, unique in the report") { $0.communicator },
    .integer("size", "ranks", "ranks it has") { $0.size },
    .text(
      "ranks", "global ranks in communicator-rank order; a-b a run, a-b:s a stride, ? not seen"
    ) { RankList.text($0.ranks) },
    .integer("nodes", "nodes", "nodes its ranks are on") { $0.nodes },
    .text("dimension", "label of most of its payload") { $0.dimension.rawValue },
    .text("confidence", "certain, strong, weak or none") { $0.confidence.rawValue },
    .text("evidence", "why, as kind: text; joined by semicolons") { row in
      row.evidence.map { "\($0.kind.rawValue): \($0.text)" }.joined(separator: "; ")
    },
    .text("parent", "communicator it was split from") { $0.parent },
    .unsigned("operations", "operations", "collectives and exchanges on it") { $0.operations },
    .unsigned("rank_calls", "calls", "API calls on it") { $0.rankCalls },
    .unsigned("payload_bytes", "bytes", "what the calls' send buffers hold") { $0.payloadBytes },
    .unsigned("wire_bytes", "bytes", "bytes that leave GPUs, over its ranks") { $0.wireBytes },
    .text("algorithms", "algorithms the TUNING lines name, commonest first") {
      $0.algorithms.joined(separator: "; ")
    },
    .text("protocols", "protocols the TUNING lines name, commonest first") {
      $0.protocols.joined(separator: "; ")
    },
    .integer("channels", "channels", "channels for collectives") { $0.channels },
    .number("init_ms", "milliseconds", "duration of the slowest rank's init") {
      $0.initMilliseconds
    },
    .boolean("complete", "whether all ranks were seen and finished their init") {
      $0.isComplete
    },
    .text(
      "membership",
      "how the ranks were joined: commId, processGroup, ancestry, matching or assumed"
    ) { $0.membership },
    .text("name", "the framework's name for it") { $0.name },
    .text("identifier", "commId in hexadecimal") { $0.identifier },
  ]

  static let ranks = Table(
    "ranks", rowMeaning: "global rank", order: "rank", rows: \.ranks,
    columns: [
      Definition<RankRow>.integer("rank", "", "rank in the job") { $0.rank },
      .text("host", "host name as NCCL printed it; empty when no log was seen") { $0.host },
      .integer("local_rank", "", "position among the ranks of its node") { $0.localRank },
      .integer("gpu", "", "NVML index of its GPU, else the CUDA ordinal") { $0.gpu },
      .integer("node", "", "index of its node, from 0") { $0.node },
      .unsigned("calls", "calls", "API calls it made") { $0.calls },
      .unsigned("sent_bytes", "bytes", "bytes that leave its GPU") { $0.sentBytes },
      .unsigned("received_bytes", "bytes", "bytes that arrive at its GPU") { $0.receivedBytes },
      .unsigned("intra_node_bytes", "bytes", "part of sent_bytes that stays on the node") {
        $0.intraNodeBytes
      },
      .unsigned("inter_node_bytes", "bytes", "part of sent_bytes that crosses nodes") {
        $0.interNodeBytes
      },
      .text("coverage", "full, no_log (expected, no file) or no_operations") { $0.coverage },
      .integer("pid", "", "process id as NCCL printed it") { $0.pid },
      .text("bus_id", "PCI address of its GPU") { $0.busID },
      .integer("numa_node", "", "NUMA node of its GPU; with --topology") { $0.numaNode },
      .text("nearest_nic", "network devices nearest to its GPU by NCCL's rules; with --topology") {
        $0.nearestNICs.joined(separator: "; ")
      },
    ])

  static let rankMatrix = Table(
    "rank_matrix", rowMeaning: "source x destination x dimension with bytes > 0",
    order: "source_rank, destination_rank, dimension", rows: \.rankMatrix,
    columns: [
      Definition<RankMatrixRow>.integer("source_rank", "", "global rank the bytes leave") {
        $0.sourceRank
      },
      .integer("destination_rank", "", "global rank they arrive at") { $0.destinationRank },
      .text("dimension", "strategy served") { $0.dimension.rawValue },
      .unsigned(
        "bytes", "bytes",
        "bytes on the wire; a collective's are spread over the rings, trees or pairs of its algorithm"
      ) { $0.bytes },
      .unsigned("operations", "operations", "operations that these bytes belong to") {
        $0.operations
      },
      .text(
        "path",
        "transport as NCCL printed it, without the device; else intra_node or inter_node"
      ) { $0.path },
    ])

  static let links = Table(
    "links", rowMeaning: "link with bytes > 0", order: "kind, node, rank, link", rows: \.links,
    columns: [
      Definition<LinkRow>.text(
        "kind",
        "node_pair, network_device, peer_to_peer, shared_memory or on_node (not logged); with --topology also nvlink, xgmi, c2c, pcie_gpu, pcie_nic, pcie_switch, inter_socket, nic"
      ) { $0.kind.rawValue },
      .integer("node", "", "node it belongs to; of a node_pair the one that sends") { $0.node },
      .integer("peer_node", "", "node that receives, of a node_pair") { $0.peerNode },
      .integer("rank", "", "global rank of the GPU it belongs to") { $0.rank },
      .text(
        "link",
        "network and device number as NCCL prints them; empty when not logged; of a link of the topology its ends or device"
      ) { $0.link },
      .text("ranks", "global ranks whose bytes it carried") { RankList.text($0.ranks) },
      .unsigned(
        "sent_bytes", "bytes",
        "bytes that left over it: from the GPU, up the PCIe tree, from the first of two ends"
      ) { $0.sentBytes },
      .unsigned(
        "received_bytes", "bytes",
        "bytes that arrived over it; the other direction of a node_pair is a row of its own"
      ) { $0.receivedBytes },
      .number("load_ratio", "ratio", "sent and received bytes over the mean of its kind") {
        $0.loadRatio
      },
      .number(
        "bandwidth_gb_per_s", "GB/s",
        "1e9 bytes per second in one direction, as NCCL plans with; with --topology"
      ) { $0.bandwidth },
      .text("device", "name of the network device; with --topology") { $0.device },
      .unsigned(
        "assumed_bytes", "bytes",
        "sent and received bytes whose way is the path table's, because the log does not name it"
      ) { $0.assumedBytes },
    ])
}
