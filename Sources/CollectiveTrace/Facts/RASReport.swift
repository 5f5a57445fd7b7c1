// SPDX-License-Identifier: Apache-2.0

/// One answer of NCCL's RAS subsystem (`ncclras`), as it stands in a file.
///
/// Facts only: what RAS printed, not what it means. Every list is bounded.
public struct RASReport: Sendable, Equatable {
  static let maximumReports = 32
  static let maximumGroups = 256
  static let maximumProblems = 256
  /// Most ranks or processes kept of one party.
  static let maximumMembers = 256

  /// Line of the file that it begins on, from 1.
  public var line: Int
  /// Rows of the table of communicators.
  public var groups: [Group] = []
  /// What RAS found wrong, in order.
  public var problems: [Problem] = []

  /// Starts a report.
  public init(line: Int) { self.line = line }

  /// Communicators of equal size, status and errors: one row of the table.
  public struct Group: Sendable, Equatable {
    /// The group's number: the `0` of `#0-1`.
    public var number: Int
    /// Ranks of each of its communicators.
    public var size: Int
    /// `INIT`, `RUNNING`, `FINALIZE`, `ABORT`, `UNKNOWN` or `NOCOMM`.
    public var status: String
    /// `OK`, or the worst of what the problems say.
    public var errors: String
    /// Makes a row.
    public init(number: Int, size: Int, status: String, errors: String) {
      self.number = number
      self.size = size
      self.status = status
      self.errors = errors
    }
  }

  /// One thing that RAS found wrong.
  public struct Problem: Sendable, Equatable {
    /// The word that RAS heads it with.
    public enum Kind: String, Sendable, CaseIterable {
      /// Processes or ranks gave no data.
      case incomplete = "INCOMPLETE"
      /// Processes that the RAS network gave up on.
      case dead = "DEAD"
      /// Processes did not answer in time.
      case timeout = "TIMEOUT"
      /// Ranks hold an error code.
      case error = "ERROR"
      /// Ranks of one communicator differ.
      case mismatch = "MISMATCH"
    }
    /// The word that RAS heads it with.
    public var kind: Kind
    /// The communicator as the report numbers it, `#0-1`; empty for the whole job.
    public var label: String = ""
    /// The row of the table that the communicator belongs to: the `0` of `#0-1`.
    public var group: Int?
    /// The communicator's hash: the `commId` of logs of 2.26 and later.
    public var identifier: UInt64?
    /// What ranks differ in or fail at: an operation (`AllReduce`; `collective` up to 2.25),
    /// `status`, `initialization` or `asynchronous`; else empty.
    public var subject: String = ""
    /// How many ranks, processes or timeouts RAS counts, where it says so.
    public var count: Int?
    /// The ranks by what they have in common, as printed: the most numerous first.
    public var parties: [Party] = []
    /// Line of the file, from 1.
    public var line: Int

    /// Starts a problem.
    public init(_ kind: Kind, line: Int) {
      self.kind = kind
      self.line = line
    }
  }

  /// Ranks that have something in common.
  public struct Party: Sendable, Equatable {
    /// Operations launched so far, in a mismatch of operation counts.
    public var operations: UInt64?
    /// A status or an error's name, else empty.
    public var state: String = ""
    /// How many ranks or processes it has.
    public var count: Int
    /// Those that RAS lists; it leaves the many out.
    public var members: [Member] = []
    /// Makes a party.
    public init(operations: UInt64? = nil, state: String = "", count: Int) {
      self.operations = operations
      self.state = state
      self.count = count
    }
  }

  /// A rank or a process.
  public struct Member: Sendable, Equatable {
    /// Rank in the communicator; `nil` where only the process is named.
    public var rank: Int?
    /// CUDA ordinals as printed, for example `4` or `0 (NVML 4)`; empty when not known.
    public var gpu: String = ""
    /// Process id on its node.
    public var process: Int?
    /// The node's address or name; empty when not known.
    public var node: String = ""
    /// Makes a member.
    public init(rank: Int? = nil) { self.rank = rank }
  }
}
