// SPDX-License-Identifier: Apache-2.0

/// The channels that NCCL found on one node for one algorithm (`NCCL_GRAPH_DUMP_FILE`), or that a
/// person or vendor prescribes (`NCCL_GRAPH_FILE`).
public struct ChannelGraph: Sendable, Equatable {
  /// A GPU or network device in a channel.
  public struct Member: Sendable, Equatable {
    /// What kind it is.
    public enum Kind: String, Sendable { case gpu = "GPU", net = "NET" }
    /// What kind it is.
    public var kind: Kind
    /// Index of the system in its file; 0 but for NVLink domains of several hosts.
    public var system: Int
    /// NVML index of a GPU, plugin's number of a network device.
    public var device: Int
    /// Rank, from NCCL 2.30.
    public var rank: Int?
  }

  /// One channel: the order in which data passes the node.
  public struct Channel: Sendable, Equatable {
    /// GPUs and network devices, in order.
    public var members: [Member]
    /// Line of the file.
    public var line: Int
  }

  /// NCCL's number: 0 ring, 1 tree, 2 CollNet chain, 3 NVLS, 4 CollNet direct.
  public var id: Int
  /// NCCL's number of the search pattern.
  public var pattern: Int
  /// Whether a ring may leave by one device and return by another.
  public var isCrossNIC: Bool
  /// Channels as the file counts them; ``channels`` may be fewer.
  public var channelCount: Int
  /// GB/s of one channel inside the node.
  public var bandwidthIntra: Double
  /// GB/s of one channel between nodes.
  public var bandwidthInter: Double
  /// Microseconds.
  public var latencyInter: Double?
  /// Path type inside the node, as NCCL writes it: `NVL`, `PIX`, ...
  public var typeIntra: String?
  /// Path type from GPU to network device.
  public var typeInter: String?
  /// Whether all channels pass the GPUs in the same order.
  public var hasSameChannels: Bool
  /// The channels that are listed.
  public var channels: [Channel]
  /// Line of the file.
  public var line: Int

  /// What the graph is for.
  public var algorithm: String {
    switch id {
    case 0: "ring"
    case 1: "tree"
    case 2: "CollNet chain"
    case 3: "NVLS"
    case 4: "CollNet direct"
    default: "graph \(id)"
    }
  }

  /// Name of the pattern (NCCL src/include/graph.h, `NCCL_TOPO_PATTERN_*`).
  public var patternName: String {
    switch pattern {
    case 1: "balanced tree"
    case 2: "split tree"
    case 3: "tree"
    case 4: "ring"
    case 5: "NVLS"
    case 6: "CollNet direct"
    default: "pattern \(pattern)"
    }
  }
}

/// The content of a graph file.
public struct ChannelGraphs: Sendable, Equatable {
  /// How device numbers were read.
  public enum DeviceBase: String, Sendable {
    /// NCCL 2.21 and later: hexadecimal.
    case hexadecimal
    /// NCCL up to 2.20: decimal.
    case decimal
    /// All numbers are below ten, so both readings agree.
    case either
  }

  /// How device numbers were read.
  public var deviceBase: DeviceBase
  /// The graphs, in order of the file.
  public var graphs: [ChannelGraph]
  /// Sentences a reader must know.
  public var notes: [String]
}
