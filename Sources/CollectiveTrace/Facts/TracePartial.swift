// SPDX-License-Identifier: Apache-2.0

/// What a set of files says, before anybody knows what it means.
///
/// A partial holds facts only: processes, their communicators, and counts of calls. It has no
/// dimension, no phase, no global rank. Partials merge by concatenation, and `normalised()` puts
/// the result in an order that does not depend on how the files were shared out.
public struct TracePartial: Sendable {
  /// One ledger per input file.
  public var files: [FileLedger] = []
  /// One entry per process and file, in order of first appearance.
  public var processes: [ProcessFacts] = []
  /// What benchmarks among the output measured, in the order of files and lines.
  public var benchmarks: [BenchmarkFacts] = []

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

/// How a send or receive call stands among the calls around it.
///
/// NCCL before 2.28 has no all-to-all, gather or scatter: frameworks write them as groups of
/// sends and receives. A group is recognised by its structure alone, so this is a fact.
public enum ExchangeShape: UInt8, Sendable, CaseIterable, BitwiseCopyable {
  /// Not part of a larger exchange, or a collective.
  case single = 0
  /// To all other ranks and from all other ranks, with or without itself.
  case allToAll = 1
  /// From all other ranks, to none but itself.
  case fromAll = 2
  /// To all other ranks, from none but itself.
  case toAll = 3
  /// To or from several ranks, but not all.
  case several = 4
}

/// Calls with the same operation, type, count and root on one communicator.
public struct CallFacts: Sendable, Equatable {
  /// The operation.
  public var kind: OperationKind
  /// The type as logged.
  public var dataType: DataType
  /// Reduction operator as logged: 0 sum, 1 prod, 2 max, 3 min, 4 avg, from 5 on user-made;
  /// `UInt32.max` when the trace does not say.
  public var reduction: UInt32
  /// Root of a rooted collective, peer of a send or receive; communicator rank, -1 when the trace
  /// does not say.
  public var peer: Int32
  /// Elements per call as logged; 0 when `isCoarse`.
  public var elementCount: UInt64
  /// Whether calls of several counts were summed here because the table was full, or because
  /// the calls belong to an uneven exchange.
  public var isCoarse: Bool
  /// How the call stands among its neighbours.
  public var shape: ExchangeShape
  /// Number of calls.
  public var calls: UInt64
  /// Sum of element counts over the calls.
  public var elements: UInt64
  /// Calls that came from a thread other than the first to use this communicator.
  public var otherThreadCalls: UInt64
  /// Whether the trace does not say how many elements the calls had.
  ///
  /// Then `isCoarse` is set and `elementCount` and `elements` are 0: the calls count, and their
  /// bytes are not known, which is not the same as none.
  public var isUnsized: Bool
  /// All-gathers that repeat the call right before them: same communicator and row, same send and
  /// receive buffer, no other call of this GPU between them, and none of the kind after them.
  ///
  /// Longer runs are not counted: a benchmark or a loop that fills its buffer anew makes them.
  public var repeatedCalls: UInt64 = 0

  /// Makes a row.
  public init(
    kind: OperationKind, dataType: DataType, reduction: UInt32 = 0, peer: Int32 = 0,
    elementCount: UInt64, isCoarse: Bool = false, shape: ExchangeShape = .single,
    calls: UInt64, elements: UInt64, otherThreadCalls: UInt64 = 0, isUnsized: Bool = false
  ) {
    self.kind = kind
    self.dataType = dataType
    self.reduction = reduction
    self.peer = peer
    self.elementCount = elementCount
    self.isCoarse = isCoarse
    self.shape = shape
    self.calls = calls
    self.elements = elements
    self.otherThreadCalls = otherThreadCalls
    self.isUnsized = isUnsized
  }
}

/// Exchanges (runs of sends and receives) of one shape on one communicator, as one rank made them.
public struct ExchangeFacts: Sendable, Equatable {
  /// The shape; never `single`.
  public var shape: ExchangeShape
  /// The type as logged.
  public var dataType: DataType
  /// Elements per peer when all were equal, else `nil`: an uneven exchange.
  public var evenCount: UInt64?
  /// Whether the rank also sent to itself.
  public var includesSelf: Bool
  /// `floor(log2(bytes sent, itself included))`, 0 for one byte and for none.
  public var sentBytesLog2: UInt8
  /// Number of exchanges.
  public var exchanges: UInt64
  /// Send calls in them.
  public var sendCalls: UInt64
  /// Receive calls in them.
  public var recvCalls: UInt64
  /// Elements sent, to itself included.
  public var sentElements: UInt64
  /// Elements received, from itself included.
  public var receivedElements: UInt64
  /// Elements sent to itself.
  public var selfElements: UInt64

  /// Makes a row.
  public init(
    shape: ExchangeShape, dataType: DataType, evenCount: UInt64?, includesSelf: Bool,
    sentBytesLog2: UInt8, exchanges: UInt64, sendCalls: UInt64, recvCalls: UInt64,
    sentElements: UInt64, receivedElements: UInt64, selfElements: UInt64
  ) {
    self.shape = shape
    self.dataType = dataType
    self.evenCount = evenCount
    self.includesSelf = includesSelf
    self.sentBytesLog2 = sentBytesLog2
    self.exchanges = exchanges
    self.sendCalls = sendCalls
    self.recvCalls = recvCalls
    self.sentElements = sentElements
    self.receivedElements = receivedElements
    self.selfElements = selfElements
  }
}

/// What the TUNING lines say was chosen for one operation and size.
public struct TuningFacts: Sendable, Equatable {
  /// The operation.
  public var kind: OperationKind
  /// Bytes as the line prints them (per call from 2.24.3; total before).
  public var bytes: UInt64
  /// `tree`, `ring`, `collnet_direct`, `collnet_chain`, `nvls`, `nvls_tree`, `pat`, `symmetric`,
  /// `copy_engine`.
  public var algorithm: String
  /// `ll`, `ll128`, `simple`, or empty.
  public var `protocol`: String
  /// How many lines.
  public var lines: UInt64

  /// Makes a row.
  public init(
    kind: OperationKind, bytes: UInt64, algorithm: String, protocol: String, lines: UInt64
  ) {
    self.kind = kind
    self.bytes = bytes
    self.algorithm = algorithm
    self.protocol = `protocol`
    self.lines = lines
  }
}

/// The order of calls of one GPU's rank over all its communicators, compressed.
///
/// A training step repeats the one before, so the sequence is kept as literals and copies of
/// earlier stretches (Lempel-Ziv 1977 with an unbounded copy length): it grows with what is new.
public struct CallSequence: Sendable, Equatable {
  /// What one position of the sequence refers to.
  public struct Symbol: Sendable, Hashable {
    /// Index in ``ProcessFacts/communicators``.
    public var communicator: Int
    /// Index in the communicator's `calls`, or in `exchanges` when `isExchange`.
    public var row: Int
    /// Whether `row` is an exchange.
    public var isExchange: Bool
    /// Makes a symbol.
    public init(communicator: Int, row: Int, isExchange: Bool) {
      self.communicator = communicator
      self.row = row
      self.isExchange = isExchange
    }
  }
  /// One piece of the sequence.
  public enum Token: Sendable, Equatable {
    /// One position, an index into ``symbols``.
    case literal(Int)
    /// `count` positions that repeat those `distance` back; may overlap itself.
    case copy(distance: Int, count: Int)
  }
  /// The distinct positions.
  public var symbols: [Symbol] = []
  /// The sequence.
  public var tokens: [Token] = []
  /// Positions in the whole sequence.
  public var length: Int = 0
  /// Positions after the kept part, when the sequence was too irregular to keep whole.
  public var lost: Int = 0

  /// An empty sequence.
  public init() {}
}
