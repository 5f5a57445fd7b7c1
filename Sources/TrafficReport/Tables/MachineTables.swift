// SPDX-License-Identifier: Apache-2.0

internal import TrafficAnalysis

extension Table {
  static let machine = Table(
    "machine", rowMeaning: "GPU or network device of a node", order: "node, kind, network, index",
    rows: \.devices,
    columns: [
      Definition<DeviceRow>.integer("node", "", "index of the node, from 0") { $0.node },
      .text("host", "host name as NCCL printed it") { $0.host },
      .text("kind", "gpu or nic") { $0.kind.rawValue },
      .integer(
        "index", "",
        "NVML index of a GPU, else the CUDA ordinal; number of a network device as NCCL counts them"
      ) { $0.index },
      .text(
        "name",
        "PCI address of a GPU; network device as NCCL lists it, ports used as one joined by +"
      ) { $0.name },
      .text("network", "network of the device: IB, Socket, ...") { $0.network },
      .text("ranks", "global ranks on the GPU, or whose connections use the network device") {
        RankList.text($0.ranks)
      },
      .text("transports", "of their connections, most channels first; empty when not logged") {
        $0.transports.joined(separator: "; ")
      },
      .unsigned("channels", "channels", "channels of these connections, as their ranks print them")
      { $0.channels },
      .text("source", "log, topology or both") { $0.source.rawValue },
      .text("topology_name", "its name in the topology; with --topology") { $0.topologyName },
    ])

  static let rings = Table(
    "rings", rowMeaning: "edge of the rings or trees that the log shows",
    order: "communicator, kind, ranks within the communicator", rows: \.ringEdges,
    columns: [
      Definition<RingEdgeRow>.text("communicator", "name in communicators.csv") {
        $0.communicator
      },
      .text("kind", "ring or tree") { $0.kind.rawValue },
      .integer("source_rank", "", "global rank; of a tree the child") { $0.sourceRank },
      .integer("destination_rank", "", "global rank: the next of a ring, the parent in a tree") {
        $0.destinationRank
      },
      .unsigned("channels", "channels", "channels that have the edge") { $0.channels },
      .boolean("crosses_nodes", "whether it joins two nodes") { $0.crossesNodes },
    ])
}
