// SPDX-License-Identifier: Apache-2.0

/// A GPU or network device of a node: one row of `machine.csv`.
public struct DeviceRow: Sendable, Equatable {
  /// What it is.
  public enum Kind: String, Sendable, CaseIterable, Comparable {
    case gpu, nic
    // swift-format-ignore: AllPublicDeclarationsHaveDocumentation
    public static func < (a: Self, b: Self) -> Bool { a == .gpu && b == .nic }
  }
  /// Who tells of it.
  public enum Source: String, Sendable {
    /// The log alone: no topology describes the node, or it lacks the device.
    case log
    /// The topology alone.
    case topology
    /// Both.
    case both
  }
  /// Index of the node in the report.
  public var node: Int
  /// The node's name as NCCL printed it.
  public var host: String
  /// What it is.
  public var kind: Kind
  /// NVML index of a GPU, else its CUDA ordinal; number of a network device as NCCL counts them.
  public var index: Int?
  /// PCI address of a GPU; name of a network device with its port, if a line lists it.
  public var name: String?
  /// The network that a device belongs to, for example `IB` or `Socket`.
  public var network: String?
  /// Global ranks that run on the GPU, or whose connections use the network device.
  public var ranks: [Int] = []
  /// Transports of their connections without the device's number, most channels first.
  public var transports: [String] = []
  /// Channels of these connections, each counted by the rank that printed it.
  public var channels: UInt64 = 0
  /// Who tells of it.
  public var source: Source
  /// Its name in the topology.
  public var topologyName: String?

  /// Makes a row.
  public init(
    node: Int, host: String, kind: Kind, index: Int?, name: String?, network: String? = nil,
    source: Source
  ) {
    self.node = node
    self.host = host
    self.kind = kind
    self.index = index
    self.name = name
    self.network = network
    self.source = source
  }
}

/// An edge of the rings or trees that the log shows: one row of `rings.csv`.
public struct RingEdgeRow: Sendable, Equatable {
  /// What it is part of.
  public enum Kind: String, Sendable, CaseIterable { case ring, tree }
  /// The communicator's name in the report.
  public var communicator: String
  /// What it is part of.
  public var kind: Kind
  /// Global rank it leaves; of a tree the child.
  public var sourceRank: Int
  /// Global rank it reaches: the next of a ring, the parent in a tree.
  public var destinationRank: Int
  /// Channels that have it.
  public var channels: UInt64
  /// Whether it joins two nodes.
  public var crossesNodes: Bool

  /// Makes a row.
  public init(
    communicator: String, kind: Kind, sourceRank: Int, destinationRank: Int, channels: UInt64,
    crossesNodes: Bool
  ) {
    self.communicator = communicator
    self.kind = kind
    self.sourceRank = sourceRank
    self.destinationRank = destinationRank
    self.channels = channels
    self.crossesNodes = crossesNodes
  }
}
