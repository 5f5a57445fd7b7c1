// SPDX-License-Identifier: Apache-2.0

/// What a set of files says, before anybody knows what it means.
///
/// A partial holds facts only: processes, their communicators, and counts of calls. It has no
/// dimension, no phase, no global rank. Partials merge by concatenation; what is written or analysed
/// is in an order that does not depend on how the files were shared out.
public struct TracePartial: Sendable {
  /// One ledger per input file.
  public var files: [FileLedger] = []
  /// One entry per process and file, in order of first appearance.
  public var processes: [ProcessFacts] = []
  /// What benchmarks among the output measured, in the order of files and lines.
  public var benchmarks: [BenchmarkFacts] = []
  /// What launchers among the output said about the job, in the order of files.
  public var launches: [LaunchFacts] = []

  /// An empty partial.
  public init() {}

  /// Adds the facts of other files.
  public mutating func merge(_ other: TracePartial) {
    let offset = files.count
    files += other.files
    processes += other.processes.map { process in
      var process = process
      process.file += offset
      return process
    }
    benchmarks += other.benchmarks.map { row in
      var row = row
      row.file += offset
      return row
    }
    launches += other.launches.map { facts in
      var facts = facts
      facts.file += offset
      return facts
    }
  }

  /// Removes the ledger of the first file, of which there are no other facts.
  mutating func removeFirstFile() {
    files.removeFirst()
    for index in processes.indices { processes[index].file -= 1 }
    for index in benchmarks.indices { benchmarks[index].file -= 1 }
    for index in launches.indices { launches[index].file -= 1 }
  }
}

/// What one process wrote into one file.
public struct ProcessFacts: Sendable {
  /// Index of the file in ``TracePartial/files``.
  public var file: Int
  /// Host name as NCCL printed it; empty when the head was cut off.
  public var host: String
  /// Process id as printed, which need not be unique across containers; 0 when unknown.
  public var pid: Int
  /// The library's version line, if one was seen.
  public var version: LibraryVersion?
  /// The lowest and highest release that the message forms seen allow, as `major * 1000 + minor`.
  public var versionBounds: ClosedRange<Int>?
  /// The rank that a launcher's line prefix states (`srun -l`, `mpirun --tag-output`, ...).
  public var launcherRank: Int?
  /// Communicators in order of first appearance, one per pointer and life.
  public var communicators: [CommunicatorFacts] = []
  /// `NCCL_...` variables that the log says were set, in order of first appearance.
  public var environment: [EnvironmentSetting] = []
  /// Warnings, errors and other messages worth a person's eye; the first of each kind.
  public var notices: [Notice] = []
  /// Warnings about peers, one per kind, peer and status; the first ones.
  public var complaints: [PeerComplaint] = []
  /// Addresses of its own interfaces as the `Bootstrap`, `NET/Socket` and `NET/IB` lines list them.
  public var addresses: [String] = []
  /// Names of networks in use (`Using network IB`), in order of first appearance.
  public var networks: [String] = []
  /// Connections whose communicator could not be told, one row per GPU and transport.
  public var unplacedConnections: [UnplacedConnection] = []
  /// Order of calls, one per GPU of the process.
  public var timelines: [CallSequence] = []
  /// What reported the calls.
  public var source = TraceSource.ncclLog
  /// The global rank, when the trace states it.
  public var globalRank: Int?
  /// The number of ranks of the job, when the trace states it.
  public var worldSize: Int?
  /// When the calls happened, when the trace knows.
  public var timing: TimingFacts?

  /// Starts a process.
  public init(file: Int, host: String, pid: Int) {
    self.file = file
    self.host = host
    self.pid = pid
  }
}

/// A variable the log says was set.
public struct EnvironmentSetting: Sendable, Equatable {
  /// The variable's name.
  public var name: String
  /// Its value as printed.
  public var value: String
  /// Makes a setting.
  public init(name: String, value: String) {
    self.name = name
    self.value = value
  }
}

/// A warning or error line, or another message that findings need.
public struct Notice: Sendable, Equatable {
  /// Where the message stands.
  public enum Level: String, Sendable { case warning, error, info }
  /// How serious NCCL said it is.
  public var level: Level
  /// The message, at most 400 bytes.
  public var text: String
  /// Line number in the file, from 1.
  public var line: Int
  /// How many times this text came with other numbers in it.
  public var count: Int
  /// Makes a notice.
  public init(level: Level, text: String, line: Int, count: Int = 1) {
    self.level = level
    self.text = text
    self.line = line
    self.count = count
  }
}

/// One rank's view of one communicator, from its creation to its end.
///
/// The identity within a process is pointer and life: pointers recur after a destroy.
public struct CommunicatorFacts: Sendable {
  /// How a communicator ended, as far as the log goes.
  public enum End: String, Sendable { case open, destroyed, aborted, revoked }

  /// The pointer as printed; unique within the process while the communicator lives.
  public var pointer: UInt64
  /// Rank in the communicator; `nil` when no init line was seen.
  public var rank: Int?
  /// Number of ranks, from an init line or from `[nranks=%d]`.
  public var size: Int?
  /// `commId` / `commHash` as printed (2.16+; not on split lines from 2.23.4).
  public var identifier: UInt64?
  /// The creating call (`ncclCommInitRank`, `ncclCommSplit`, ...) or empty when not printed.
  public var createdBy: String = ""
  /// Index of the parent in the process's ``ProcessFacts/communicators``.
  public var parent: Int?
  /// `splitCount` / `childCount` of the parent when this communicator was made.
  public var splitOrdinal: Int?
  /// Split colour.
  public var color: Int?
  /// Split key.
  public var key: Int?
  /// The name the framework gave it (`Comm config Comm name set to ...`).
  public var name: String?
  /// The name of PyTorch's process group, mostly a number; ``name`` then says what it is for.
  public var groupName: String?
  /// How far PyTorch's watchdog saw the calls get, where a dump of it states that.
  public var progress: ProgressFacts?
  /// CUDA ordinal from the init line.
  public var cudaDevice: Int?
  /// NVML index from the init line.
  public var nvmlDevice: Int?
  /// Packed PCI address from the init line: `domain<<20 | bus<<12 | device<<4 | function`.
  public var busID: UInt64?
  /// Whether an `Init START` was seen.
  public var initStarted = false
  /// Whether an `Init COMPLETE` was seen.
  public var initCompleted = false
  /// How it ended.
  public var end: End = .open
  /// Nodes the communicator spans, as NCCL counted them.
  public var nodes: Int?
  /// Ranks on this node.
  public var localRanks: Int?
  /// This rank's position on its node.
  public var localRank: Int?
  /// Channels for collectives.
  public var channels: Int?
  /// Channels for sends and receives.
  public var pointToPointChannels: Int?
  /// Duration of the init in milliseconds, from `Init timings`.
  public var initMilliseconds: Double?
  /// Edges of rings and trees, one row per distinct edge, in order of first appearance.
  public var edges: [EdgeFacts] = []
  /// Channels for which a `Trees` line was read.
  public var treeChannels: Int = 0
  /// How this rank reaches its neighbours (`Channel 00/0 : 0[0] -> 3[3] via P2P/CUMEM/read`).
  public var connections: [ConnectionFacts] = []
  /// Bracketed CUDA ordinal of the lines that use it; only a hint.
  public var bracketDevice: Int?
  /// Calls, one row per distinct key, in order of first appearance.
  public var calls: [CallFacts] = []
  /// Runs of send/recv that form one exchange, one row per distinct shape.
  public var exchanges: [ExchangeFacts] = []
  /// Algorithm and protocol choices that the TUNING lines state, one row per distinct choice.
  public var tunings: [TuningFacts] = []
  /// How long calls took, one entry per row of `calls` and basis.
  public var durations: [DurationFacts] = []
  /// Global ranks of the members by communicator rank, when the trace lists them; else empty.
  public var members: [Int] = []
  /// Number of collective calls (send/recv not counted).
  public var collectiveCalls: Int = 0
  /// Order-sensitive hash over the collective calls, equal on ranks that called the same.
  public var collectiveOrderHash: UInt64 = 0
  /// First line of the file that names it, from 1.
  public var firstLine: Int = 0
  /// Last line of the file that names it, from 1.
  public var lastLine: Int = 0

  /// Starts the life of a communicator.
  public init(pointer: UInt64) { self.pointer = pointer }
}

/// The numbers of the last calls on a process group as PyTorch's watchdog knew them; -1 for none.
public struct ProgressFacts: Sendable, Equatable {
  /// The last that the host called.
  public var enqueued: Int64
  /// The last that was seen to have begun; only with timing enabled.
  public var started: Int64
  /// The last that was seen to have ended.
  public var completed: Int64

  /// Makes an entry.
  public init(enqueued: Int64, started: Int64, completed: Int64) {
    self.enqueued = enqueued
    self.started = started
    self.completed = completed
  }
}
