// SPDX-License-Identifier: Apache-2.0

/// What a process says, in a warning, of a peer that went away or cannot be reached.
public struct PeerComplaint: Sendable, Equatable {
  /// What happened to the connection.
  public enum Kind: String, Sendable {
    /// The peer closed it: `Connection closed by remote peer ...`.
    case closed
    /// A call on it failed: `Call to recv from ... failed : Connection reset by peer`.
    case failed
    /// It could not be made: `Connect to ... failed : Connection refused`.
    case unreachable
    /// An InfiniBand or RoCE work request ended with an error.
    case completion
  }
  /// What happened.
  public var kind: Kind
  /// The peer's address or name without its port; empty where the release does not print it.
  public var peer: String
  /// Status of the work completion (`IBV_WC_...`), of ``Kind/completion`` only.
  public var status: Int?
  /// Line of the first such warning, from 1.
  public var line: Int
  /// How many there were.
  public var count: Int
  /// Makes a complaint.
  public init(kind: Kind, peer: String, status: Int? = nil, line: Int, count: Int = 1) {
    self.kind = kind
    self.peer = peer
    self.status = status
    self.line = line
    self.count = count
  }
}
