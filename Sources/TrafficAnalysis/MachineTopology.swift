// SPDX-License-Identifier: Apache-2.0

public import CollectiveTrace

/// A topology file that describes one kind of node, with its paths.
public struct MachineTopology: Sendable {
  /// The name to show.
  public var file: String
  /// What the file says.
  public var topology: Topology
  /// The paths in it.
  public var paths: PathTable

  /// Works out the paths.
  ///
  /// - Complexity: that of `PathTable`.
  public init(file: String, topology: Topology) {
    self.file = file
    self.topology = topology
    paths = PathTable(topology)
  }
}

/// What one physical link carried.
public struct PhysicalLoad: Sendable, Equatable {
  /// Bytes in the link's forward direction.
  public var sentBytes: UInt64 = 0
  /// Bytes the other way.
  public var receivedBytes: UInt64 = 0
  /// Part of both whose way is not in the log.
  public var assumedBytes: UInt64 = 0

  /// No load.
  public init() {}

  /// Bytes in the busier direction.
  public var busierBytes: UInt64 { max(sentBytes, receivedBytes) }
}

/// One node with the load of its links.
public struct MachineLoad: Sendable {
  /// The description of this kind of node.
  public var machine: MachineTopology
  /// Index into the topology's hosts.
  public var host: Int
  /// Index of the node in the report.
  public var node: Int
  /// The node's name, as NCCL printed it.
  public var hostName: String
  /// Nodes of the job, and those with a topology that fits.
  public var nodes: (all: Int, described: Int)
  /// Global ranks of each GPU, by index.
  public var ranksOfGPU: [Int: [Int]]
  /// What each link carried; links without traffic are not in it.
  public var loads: [TopologyLink: PhysicalLoad]
}
