// SPDX-License-Identifier: Apache-2.0

/// A directed edge of rings or trees between communicator ranks.
public struct EdgeFacts: Sendable, Hashable {
  /// Where an edge was read.
  public enum Kind: UInt8, Sendable {
    /// A ring that rank 0 printed whole (`Channel 00/02 : 0 3 2 1`).
    case ring
    /// From the printing rank to the next one of a ring (`Ring 00 : 5 -> 0 -> 3`).
    case ringNext
    /// From the printing rank up a tree (`Trees [0] 1/4/-1->0->-1`).
    case treeUp
  }
  /// Where it was read.
  public var kind: Kind
  /// The rank that sends.
  public var source: Int
  /// The rank that receives.
  public var target: Int
  /// Channels that use the edge.
  public var channels: Int
  /// Makes an edge.
  public init(_ kind: Kind, source: Int, target: Int, channels: Int = 1) {
    self.kind = kind
    self.source = source
    self.target = target
    self.channels = channels
  }
}

/// Channels that one rank opened to or from another over one transport.
public struct ConnectionFacts: Sendable, Equatable {
  /// Communicator rank that sends.
  public var source: Int
  /// Communicator rank that receives.
  public var target: Int
  /// As printed after `via`: `P2P/CUMEM/read`, `SHM/direct/direct`, `NET/IB/2/GDRDMA`.
  public var transport: String
  /// Whether the receiving rank printed it; network connections are printed by both.
  public var isReceive: Bool
  /// Whether it belongs to sends and receives, not to collectives (connection index 1 and more).
  public var isPointToPoint: Bool
  /// Channels.
  public var channels: Int
  /// Whether its communicator was found by the time of the line, because the line names none.
  public var isDeduced: Bool
  /// The other end's device as printed, where `isDeduced`: it must be that of the other end's log.
  public var peerDevice: DeviceLabel?
  /// Makes a row.
  public init(
    source: Int, target: Int, transport: String, isReceive: Bool = false,
    isPointToPoint: Bool = false, channels: Int = 1, isDeduced: Bool = false,
    peerDevice: DeviceLabel? = nil
  ) {
    self.source = source
    self.target = target
    self.transport = transport
    self.isReceive = isReceive
    self.isPointToPoint = isPointToPoint
    self.channels = channels
    self.isDeduced = isDeduced
    self.peerDevice = peerDevice
  }
}

/// Channels that a GPU of a process opened for a communicator that could not be told.
public struct UnplacedConnection: Sendable, Equatable {
  /// Bracketed CUDA ordinal of the line's head.
  public var device: Int?
  /// As ``ConnectionFacts/transport``.
  public var transport: String
  /// Channels.
  public var channels: Int
  /// Makes a row.
  public init(device: Int?, transport: String, channels: Int) {
    self.device = device
    self.transport = transport
    self.channels = channels
  }
}

/// The device that a connection shows in brackets after a rank: `[3]`, `[1b000]`.
///
/// 2.5 to 2.18.1 and RCCL print the PCI address in hexadecimal, later releases the NVML index in
/// decimal; the text alone does not tell which.
public struct DeviceLabel: Sendable, Hashable {
  /// The digits, read as hexadecimal.
  public var digits: UInt64
  /// Makes a label.
  public init(digits: UInt64) { self.digits = digits }

  /// Whether it may stand for a device of which this is known.
  public func fits(nvmlDevice: Int?, busID: UInt64?) -> Bool {
    if nvmlDevice == nil, busID == nil { return true }
    return busID == digits || nvmlDevice.map { Int(String(digits, radix: 16)) == $0 } ?? false
  }
}
