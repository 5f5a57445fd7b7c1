// SPDX-License-Identifier: Apache-2.0

public import CollectiveTrace

/// The strategy a communicator, or a class of operations on it, serves.
public enum ParallelismDimension: String, Sendable, CaseIterable, Comparable {
  /// Tensor parallelism.
  case tp
  /// Sequence parallelism: all-gather and reduce-scatter on the tensor group.
  case sp
  /// Pipeline parallelism.
  case pp
  /// Data parallelism, and the replica groups of hybrid sharding.
  case dp
  /// Fully sharded data parallelism (FSDP, ZeRO).
  case fsdp
  /// Expert parallelism.
  case ep
  /// Data parallelism among the replicas of one expert shard.
  case edp
  /// Context parallelism: ring attention.
  case cp
  /// Tied embeddings of the first and last pipeline stage.
  case embedding
  /// The whole model-parallel block, tensor x pipeline.
  case mp
  /// Control and barriers over all ranks.
  case world
  /// Nothing certain enough is known.
  case unclassified

  /// Order in every table and figure.
  public var order: Int { Self.allCases.firstIndex(of: self) ?? 0 }

  // swift-format-ignore: AllPublicDeclarationsHaveDocumentation
  public static func < (a: Self, b: Self) -> Bool { a.order < b.order }
}

/// What the job was doing when it called.
public enum TrafficPhase: String, Sendable, CaseIterable, Comparable {
  case initialization = "init"
  case prefill
  case decode
  case forward
  case backward
  case optimizer
  case unknown

  /// Order in every table and figure.
  public var order: Int { Self.allCases.firstIndex(of: self) ?? 0 }

  // swift-format-ignore: AllPublicDeclarationsHaveDocumentation
  public static func < (a: Self, b: Self) -> Bool { a.order < b.order }
}

/// How sure a label is.
public enum Confidence: String, Sendable, CaseIterable, Comparable {
  case certain, strong, weak, none

  // swift-format-ignore: AllPublicDeclarationsHaveDocumentation
  public static func < (a: Self, b: Self) -> Bool {
    (Self.allCases.firstIndex(of: a) ?? 0) < (Self.allCases.firstIndex(of: b) ?? 0)
  }
}

/// One reason for a label.
public struct Evidence: Sendable, Equatable {
  /// Where the reason comes from.
  public enum Kind: String, Sendable { case declared, named, structure, behaviour }
  /// Where the reason comes from.
  public var kind: Kind
  /// A short phrase for a person, for example `consecutive ranks in groups of 4`.
  public var text: String
  /// Makes a reason.
  public init(_ kind: Kind, _ text: String) {
    self.kind = kind
    self.text = text
  }
}

/// Traffic of one class of operations: one row of `traffic.csv`.
///
/// - Units: bytes; counts are exact.
/// - Invariant: `intraNodeBytes + interNodeBytes == wireBytes` when both are known.
public struct TrafficRow: Sendable, Equatable {
  /// The strategy served.
  public var dimension: ParallelismDimension
  /// What the job was doing.
  public var phase: TrafficPhase
  /// `all_reduce`, ..., `send_recv` for matched pairs, `all_to_all` also for grouped exchanges.
  public var collective: String
  /// `unknown` when the log does not tell (all-gather and broadcast up to NCCL 2.21).
  public var dataType: String
  /// As the log states the call; `nil` when unknown or when it varies (uneven exchange).
  public var elementCount: UInt64?
  /// S of nccl-tests; `nil` when it varies.
  public var messageBytes: UInt64?
  /// Ranks of the communicators in this row.
  public var communicatorSize: Int
  /// Communicators in this row.
  public var communicators: Int
  /// Collectives, each counted once whatever its size; a matched send + receive is one.
  public var operations: UInt64
  /// API calls, one per rank and operation line.
  public var rankCalls: UInt64
  /// Sum over calls of what the rank's send buffer holds.
  public var payloadBytes: UInt64
  /// Bytes that leave GPUs, over all ranks, by the algorithm seen, else the ring bound.
  public var wireBytes: UInt64
  /// Part of `wireBytes` that stays on a node; `nil` when the placement is unknown.
  public var intraNodeBytes: UInt64?
  /// Part of `wireBytes` that crosses nodes; `nil` when the placement is unknown.
  public var interNodeBytes: UInt64?
  /// Operations that stated replays of captured CUDA graphs added: the capture's, times the replays.
  ///
  /// They are in no other column; `nil` where none are stated.
  public var scaledOperations: UInt64?
  /// Payload of `scaledOperations`.
  public var scaledPayloadBytes: UInt64?
  /// Wire bytes of `scaledOperations`.
  public var scaledWireBytes: UInt64?
  /// Calls of each global rank, sorted by rank.
  ///
  /// A group of sends and receives that stands for one collective is one call. Empty without a job
  /// description, which is what they are compared with, and where a rank's number is not known.
  public var callsByRank: [RankCalls] = []

  /// Makes a row.
  public init(
    dimension: ParallelismDimension, phase: TrafficPhase, collective: String, dataType: String,
    elementCount: UInt64?, messageBytes: UInt64?, communicatorSize: Int, communicators: Int,
    operations: UInt64, rankCalls: UInt64, payloadBytes: UInt64, wireBytes: UInt64,
    intraNodeBytes: UInt64?, interNodeBytes: UInt64?
  ) {
    self.dimension = dimension
    self.phase = phase
    self.collective = collective
    self.dataType = dataType
    self.elementCount = elementCount
    self.messageBytes = messageBytes
    self.communicatorSize = communicatorSize
    self.communicators = communicators
    self.operations = operations
    self.rankCalls = rankCalls
    self.payloadBytes = payloadBytes
    self.wireBytes = wireBytes
    self.intraNodeBytes = intraNodeBytes
    self.interNodeBytes = interNodeBytes
  }
}

/// How often one rank took part in a class of operations.
public struct RankCalls: Sendable, Equatable {
  /// Rank in the job.
  public var rank: Int
  /// Its calls.
  public var calls: UInt64
  /// Makes a count.
  public init(rank: Int, calls: UInt64) {
    self.rank = rank
    self.calls = calls
  }
}

/// One communicator over all its ranks: one row of `communicators.csv`.
public struct CommunicatorRow: Sendable, Equatable {
  /// A name that is unique in the report and the same for every file order: `c0`, `c1`, ...
  public var communicator: String
  /// The framework's name for it, if a log carries one.
  public var name: String?
  /// Its `commId` in hexadecimal, if a log carries one.
  public var identifier: String?
  /// How the ranks were brought together: `commId`, `processGroup`, `ancestry`, `matching`, `assumed`.
  public var membership: String
  /// Number of ranks it has.
  public var size: Int
  /// Global ranks in communicator-rank order; `nil` where a rank was not seen.
  public var ranks: [Int?]
  /// Nodes its ranks are on, as far as known.
  public var nodes: Int?
  /// The label of most of its payload.
  public var dimension: ParallelismDimension
  /// How sure the label is.
  public var confidence: Confidence
  /// Why.
  public var evidence: [Evidence]
  /// The communicator it was split from.
  public var parent: String?
  /// Collectives and exchanges on it.
  public var operations: UInt64
  /// API calls on it.
  public var rankCalls: UInt64
  /// Sum over calls of what the rank's send buffer holds.
  public var payloadBytes: UInt64
  /// Bytes that leave GPUs.
  public var wireBytes: UInt64
  /// Algorithms the TUNING lines name, commonest first.
  public var algorithms: [String]
  /// Protocols the TUNING lines name, commonest first.
  public var protocols: [String]
  /// Channels for collectives.
  public var channels: Int?
  /// Slowest rank's init, in milliseconds.
  public var initMilliseconds: Double?
  /// Whether all ranks were seen and finished their init.
  public var isComplete: Bool
  /// Index of the file and line that first names it.
  public var firstSeen: (file: Int, line: Int)

  // swift-format-ignore: AllPublicDeclarationsHaveDocumentation
  public static func == (a: Self, b: Self) -> Bool {
    a.communicator == b.communicator && a.ranks == b.ranks && a.dimension == b.dimension
      && a.operations == b.operations && a.rankCalls == b.rankCalls
      && a.payloadBytes == b.payloadBytes && a.wireBytes == b.wireBytes
  }

  /// Makes a row with everything unknown.
  public init(communicator: String, size: Int) {
    self.communicator = communicator
    self.size = size
    membership = "assumed"
    ranks = []
    dimension = .unclassified
    confidence = .none
    evidence = []
    operations = 0
    rankCalls = 0
    payloadBytes = 0
    wireBytes = 0
    algorithms = []
    protocols = []
    isComplete = false
    firstSeen = (0, 0)
  }
}

/// Messages of one power-of-two size class: one row of `message_sizes.csv`.
public struct MessageSizeRow: Sendable, Equatable {
  /// The strategy served.
  public var dimension: ParallelismDimension
  /// The collective's name.
  public var collective: String
  /// Smallest message of the class, in bytes; 0 for the class of empty messages.
  public var bucketLowBytes: UInt64
  /// Largest message of the class, in bytes (inclusive).
  public var bucketHighBytes: UInt64
  /// Operations in the class.
  public var operations: UInt64
  /// Their payload.
  public var payloadBytes: UInt64
  /// Makes a row.
  public init(
    dimension: ParallelismDimension, collective: String, bucketLowBytes: UInt64,
    bucketHighBytes: UInt64, operations: UInt64, payloadBytes: UInt64
  ) {
    self.dimension = dimension
    self.collective = collective
    self.bucketLowBytes = bucketLowBytes
    self.bucketHighBytes = bucketHighBytes
    self.operations = operations
    self.payloadBytes = payloadBytes
  }
}

/// One global rank: one row of `ranks.csv`.
public struct RankRow: Sendable, Equatable {
  /// Rank in the job.
  public var rank: Int
  /// Host name as NCCL printed it; `nil` when no log of this rank was seen.
  public var host: String?
  /// Process id as printed.
  public var pid: Int?
  /// Position among the ranks of its node.
  public var localRank: Int?
  /// NVML index of its GPU, else the CUDA ordinal.
  public var gpu: Int?
  /// PCI address, `0000:1b:00.0`.
  public var busID: String?
  /// Index of the node, from 0 in order of the lowest rank on it.
  public var node: Int?
  /// API calls.
  public var calls: UInt64
  /// Bytes that leave its GPU.
  public var sentBytes: UInt64
  /// Bytes that arrive at its GPU.
  public var receivedBytes: UInt64
  /// Part of `sentBytes` that stays on the node.
  public var intraNodeBytes: UInt64?
  /// Part of `sentBytes` that crosses nodes.
  public var interNodeBytes: UInt64?
  /// `full`, `no_log` (expected, no file) or `no_operations` (file without operation lines).
  public var coverage: String
  /// Lines lost in the files that hold its log, which other ranks may share.
  public var linesLost = 0
  /// Whether such a file has gaps or ends early, so that nobody knows how many lines are missing.
  public var hasGaps = false
  /// NUMA node of its GPU, by the topology.
  public var numaNode: Int?
  /// Names of the network devices that NCCL counts as nearest to its GPU, by the topology.
  public var nearestNICs: [String] = []

  /// Makes a row for a rank nothing is known of.
  public init(rank: Int) {
    self.rank = rank
    calls = 0
    sentBytes = 0
    receivedBytes = 0
    coverage = "no_log"
  }
}

/// What one global rank sent another for one strategy: one row of `rank_matrix.csv`.
///
/// - Invariant: the rows add up to `wire_bytes` less ``Coverage/unmatchedBytes``.
public struct RankMatrixRow: Sendable, Equatable {
  /// The rank the bytes leave.
  public var sourceRank: Int
  /// The rank they arrive at.
  public var destinationRank: Int
  /// The strategy served.
  public var dimension: ParallelismDimension
  /// Bytes that leave the source's GPU for the destination's; a collective's are spread over the
  /// rings, trees or pairs of its algorithm.
  public var bytes: UInt64
  /// Operations that these bytes belong to.
  public var operations: UInt64
  /// As NCCL printed it (`P2P/CUMEM/read`, `NET/IB/GDRDMA`), `intra_node` or `inter_node` where it
  /// printed nothing, and `nil` where a node is not known.
  public var path: String?
  /// Makes a row.
  public init(
    sourceRank: Int, destinationRank: Int, dimension: ParallelismDimension, bytes: UInt64,
    operations: UInt64, path: String?
  ) {
    self.sourceRank = sourceRank
    self.destinationRank = destinationRank
    self.dimension = dimension
    self.bytes = bytes
    self.operations = operations
    self.path = path
  }
}

/// What one link carried: one row of `links.csv`.
public struct LinkRow: Sendable, Equatable {
  /// What kind of link it is.
  public enum Kind: String, Sendable, CaseIterable, Comparable {
    /// All traffic from one node to another.
    case nodePair = "node_pair"
    /// A network device of a node.
    case networkDevice = "network_device"
    /// A GPU's direct way to the memory of other GPUs of its node (NVLink, xGMI or PCIe).
    case peerToPeer = "peer_to_peer"
    /// A GPU's way through the memory of its host.
    case sharedMemory = "shared_memory"
    /// Inside a node, where the log does not tell how.
    case onNode = "on_node"
    /// A GPU's NVLinks to the switches, or those between two GPUs.
    case nvlink
    /// The xGMI links between two GPUs.
    case xgmi
    /// A GPU's chip-to-chip link to its CPU.
    case c2c
    /// The PCIe link of a GPU.
    case gpuPCIe = "pcie_gpu"
    /// The PCIe link of a network card.
    case nicPCIe = "pcie_nic"
    /// The PCIe link of a switch to what it hangs under.
    case switchPCIe = "pcie_switch"
    /// Between two NUMA nodes.
    case interSocket = "inter_socket"
    /// A network device by its name.
    case nic

    /// Whether it is a link of the topology, not one that the log names.
    public var isPhysical: Bool { self >= .nvlink }

    init(transport: String) {
      if transport.hasPrefix("P2P") {
        self = .peerToPeer
      } else if transport.hasPrefix("SHM") || transport == "direct shared memory" {
        self = .sharedMemory
      } else if transport.hasPrefix("NET") {
        self = .networkDevice
      } else {
        self = .onNode
      }
    }

    // swift-format-ignore: AllPublicDeclarationsHaveDocumentation
    public static func < (a: Self, b: Self) -> Bool {
      (Self.allCases.firstIndex(of: a) ?? 0) < (Self.allCases.firstIndex(of: b) ?? 0)
    }
  }
  /// What kind of link it is.
  public var kind: Kind
  /// The node it belongs to, or that sends.
  public var node: Int
  /// The node that receives, for a pair of nodes.
  public var peerNode: Int?
  /// The rank whose GPU it belongs to.
  public var rank: Int?
  /// The device as NCCL numbers it, for example `NET/IB/2`; empty when the log does not tell.
  ///
  /// Of a link of the topology NCCL's names of its ends, `GPU/0-1b000`, or the network device's name.
  public var link: String
  /// Global ranks whose bytes it carried.
  public var ranks: [Int]
  /// Bytes that left over it.
  public var sentBytes: UInt64
  /// Bytes that arrived over it; for a pair of nodes the other direction has a row of its own.
  public var receivedBytes: UInt64
  /// Sent and received bytes over the mean of all links of its kind.
  public var loadRatio: Double?
  /// GB/s (1e9 bytes) in one direction as NCCL plans with, by the topology.
  public var bandwidth: Double?
  /// The name of a network device, by the topology.
  public var device: String?
  /// Bytes in both directions whose way is not in the log but the path table's; `nil` for what the
  /// log names.
  public var assumedBytes: UInt64?
  /// Makes a row.
  public init(
    kind: Kind, node: Int, peerNode: Int? = nil, rank: Int? = nil, link: String, ranks: [Int],
    sentBytes: UInt64, receivedBytes: UInt64, loadRatio: Double?
  ) {
    self.kind = kind
    self.node = node
    self.peerNode = peerNode
    self.rank = rank
    self.link = link
    self.ranks = ranks
    self.sentBytes = sentBytes
    self.receivedBytes = receivedBytes
    self.loadRatio = loadRatio
  }
}

/// Something a person should look at: one row of `findings.csv`.
public struct Finding: Sendable, Equatable {
  /// How serious it is.
  public enum Severity: String, Sendable, CaseIterable, Comparable {
    case error, warning, note
    // swift-format-ignore: AllPublicDeclarationsHaveDocumentation
    public static func < (a: Self, b: Self) -> Bool {
      (Self.allCases.firstIndex(of: a) ?? 0) < (Self.allCases.firstIndex(of: b) ?? 0)
    }
  }
  /// A stable code, for example `rank-without-log`.
  public var code: String
  /// How serious it is.
  public var severity: Severity
  /// One sentence.
  public var summary: String
  /// Rank, communicator, operation index, file and line, as far as they apply.
  public var location: String
  /// What was seen.
  public var evidence: String
  /// What to do next.
  public var suggestion: String

  /// Every code there is, sorted; those of the traffic model are among them.
  public static let codes: [String] = [
    "all-gather-repeated",
    "channels-fewer-than-peers",
    "collective-mismatch",
    "collective-stuck",
    "communicator-aborted",
    "communicator-incomplete",
    "communicator-used-after-end",
    "communicators-pile-up",
    "connection-lost",
    "container-damaged",
    "duplicate-input",
    "duplicate-process",
    "environment-differs",
    "expert-load-uneven",
    "file-unreadable",
    "gpu-shared",
    "init-incomplete",
    "job-contradicts-logs",
    "launch-setting-unclear",
    "launch-settings-differ",
    "lines-malformed",
    "lines-torn",
    "nccl-warning",
    "network-completion-error",
    "network-device-idle",
    "network-fallback",
    "network-through-other-gpu",
    "network-without-gpu-direct",
    "nic-not-nearest",
    "peer-access-missing",
    "rank-stops-early",
    "rank-without-log",
    "ras-dead",
    "ras-error",
    "ras-incomplete",
    "ras-mismatch",
    "ras-timeout",
    "release-newer-than-known",
    "ring-crosses-nodes-often",
    "send-receive-unmatched",
    "several-jobs",
    "sizes-summed",
    "small-messages",
    "straggler",
    "topology-contradicts-log",
    "topology-does-not-fit",
    "trace-incomplete",
    "traffic-unexplained",
    "unknown-data-type",
    "versions-differ",
    "watchdog-timeout",
  ]

  /// Makes a finding.
  public init(
    code: String, severity: Severity, summary: String, location: String, evidence: String,
    suggestion: String
  ) {
    self.code = code
    self.severity = severity
    self.summary = summary
    self.location = location
    self.evidence = evidence
    self.suggestion = suggestion
  }
}

/// What the logs can and cannot show; printed at the top of every report.
public struct Coverage: Sendable, Equatable {
  /// Ranks with a log.
  public var ranksSeen: Int = 0
  /// Ranks the job has, from the job description or the largest communicator; `nil` unknown.
  public var ranksExpected: Int?
  /// `world communicator`, `job description`, `launcher prefix`, `reconstructed` ...
  public var globalRankSource: String = "reconstructed"
  /// Where the job's layout is stated, `run.log:57 (Megatron-LM)`; `nil` when it is inferred.
  public var jobSource: String?
  /// Communicators all of whose ranks were seen.
  public var communicatorsComplete: Int = 0
  /// Communicators.
  public var communicators: Int = 0
  /// Lines written by NCCL.
  public var ncclLines: Int = 0
  /// Records of traces that are no logs: events, calls, lines of a report.
  public var traceRecords: Int = 0
  /// Lines lost to tearing, cutting or damage, as far as they can be counted.
  public var linesLost: Int = 0
  /// NCCL lines that no known format matched.
  public var linesUnrecognised: Int = 0
  /// Files that could not be read to their end.
  public var filesIncomplete: Int = 0
  /// Files read.
  public var files: Int = 0
  /// Library releases seen, for example `NCCL 2.27.7`.
  public var versions: [String] = []
  /// Whether any operation line was seen.
  public var hasOperations: Bool = false
  /// Wire bytes that are in no row of the rank matrix, because a rank has no log.
  public var unmatchedBytes: UInt64 = 0
  /// How often the calls of every rank repeat; `nil` where they do not, or not equally often.
  public var repetitions: Int?
  /// What repeats: the passes of an engine that serves (decode, where they are told apart), or the
  /// steps of a training.
  public var repeatsPasses = false
  /// Tokens that went through the model, by the workload of the job description; `nil` without one.
  public var tokens: UInt64?
  /// The model's architecture and sizes, by its configuration; `nil` without one.
  public var model: String?
  /// Sentences a reader must know before trusting a number, most important first.
  public var statements: [String] = []
  /// An empty coverage.
  public init() {}
}

/// Everything one analysis found; reports only lay it out.
public struct TrafficSummary: Sendable {
  /// Sorted by dimension, phase, collective, data type, message bytes, size.
  public var traffic: [TrafficRow] = []
  /// Sorted by name (`c0`, `c1`, ...).
  public var communicators: [CommunicatorRow] = []
  /// Sorted by dimension, collective, bucket.
  public var messageSizes: [MessageSizeRow] = []
  /// Sorted by rank.
  public var ranks: [RankRow] = []
  /// Sorted by source, destination, dimension.
  public var rankMatrix: [RankMatrixRow] = []
  /// Sorted by kind, node, rank, link.
  public var links: [LinkRow] = []
  /// Sorted by node, kind, network, index.
  public var devices: [DeviceRow] = []
  /// Sorted by communicator, kind, source, destination.
  public var ringEdges: [RingEdgeRow] = []
  /// Sorted by dimension, collective, data type, message bytes, size; empty without times.
  public var durations: [DurationRow] = []
  /// The whole trace first, then the steps by time; empty without compute kernels.
  public var overlaps: [OverlapRow] = []
  /// Sorted by rank; empty unless collectives are timed on all their ranks.
  public var waiting: [WaitingRow] = []
  /// Benchmarks in the order of files and lines, then traces by collective, type and size.
  public var bandwidths: [BandwidthRow] = []
  /// The timed calls of all ranks; `nil` unless a trace says when they happened.
  public var timeline: Timeline?
  /// Sorted by severity, code, location.
  public var findings: [Finding] = []
  /// Sorted by file name.
  public var ingestion: [FileLedger] = []
  /// The node with most traffic as its topology describes it; `nil` without a topology that fits.
  public var machine: MachineLoad?
  /// Expected beside observed traffic; `nil` when job or model are not known.
  public var reconciliation: [ReconciliationRow]?
  /// What the logs can and cannot show.
  public var coverage = Coverage()
  /// One line that says what the job was, for example `8 ranks on 1 node: TP 2 x PP 2 x DP 2`.
  public var headline: String = ""
  /// An empty summary.
  public init() {}

  /// Sum over all rows.
  public var payloadBytes: UInt64 { traffic.reduce(0) { $0 &+ $1.payloadBytes } }
  /// Sum over all rows.
  public var wireBytes: UInt64 { traffic.reduce(0) { $0 &+ $1.wireBytes } }
}
