// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import TrafficAnalysis

/// A job made up for the tests, from which a consistent summary follows.
struct SampleJob {
  /// One dimension: groups of `size` ranks, `stride` apart.
  struct Axis {
    var dimension: ParallelismDimension
    var size: Int
    var stride: Int
  }
  /// Operations that every group of a dimension does.
  struct Work {
    var dimension: ParallelismDimension
    var phase: TrafficPhase
    var collective: String
    var dataType: String
    var typeSize: UInt64
    var count: UInt64
    var operations: UInt64
  }

  var name: String
  var headline: String
  var ranks: Int
  var ranksPerNode: Int
  var axes: [Axis]
  var work: [Work]
  var host: @Sendable (Int) -> String = { "gpu-\($0 < 9 ? "0" : "")\($0 + 1)" }
  var missingRanks: Set<Int> = []

  /// The groups of an axis, in order of their lowest rank.
  func groups(_ axis: Axis) -> [[Int]] {
    (0..<ranks).filter { ($0 / axis.stride) % axis.size == 0 }.map { first in
      (0..<axis.size).map { first + $0 * axis.stride }
    }
  }

  func summary() -> TrafficSummary {
    var summary = TrafficSummary()
    summary.headline = headline
    var traffic: [TrafficRow] = []
    var sizes: [String: MessageSizeRow] = [:]
    var sent = [UInt64](repeating: 0, count: ranks)
    var calls = [UInt64](repeating: 0, count: ranks)
    var rows: [CommunicatorRow] = []
    for axis in axes {
      let groups = groups(axis)
      for group in groups {
        var row = CommunicatorRow(communicator: "c\(rows.count)", size: axis.size)
        row.identifier = "0x" + String(0x51a7_0000_0000_0000 + rows.count, radix: 16)
        row.membership = "commId"
        row.ranks = group
        row.nodes = Set(group.map { $0 / ranksPerNode }).count
        row.dimension = axis.dimension
        row.confidence = .strong
        row.evidence = [
          Evidence(
            .structure,
            axis.stride == 1
              ? "consecutive ranks in groups of \(axis.size)"
              : "groups of \(axis.size), \(axis.stride) ranks apart"),
          Evidence(.behaviour, "operations and sizes repeat every step"),
        ]
        row.algorithms = ["ring", "tree"]
        row.protocols = ["simple", "ll128"]
        row.channels = 16
        row.initMilliseconds = 312.25
        row.isComplete = missingRanks.isDisjoint(with: group)
        for work in work where work.dimension == axis.dimension {
          let flow = flow(of: work, in: axis.size)
          row.operations += work.operations
          row.rankCalls += flow.calls
          row.payloadBytes += flow.payload
          row.wireBytes += flow.wire
          for rank in group {
            sent[rank] += flow.wire / UInt64(axis.size)
            calls[rank] += flow.calls / UInt64(axis.size)
          }
        }
        rows.append(row)
      }
      for work in work where work.dimension == axis.dimension {
        let flow = flow(of: work, in: axis.size)
        let groupCount = UInt64(groups.count)
        let nodes = Set(groups[0].map { $0 / ranksPerNode }).count
        let wire = flow.wire * groupCount
        let inter = nodes > 1 ? wire * UInt64(nodes) / UInt64(axis.size) : 0
        traffic.append(
          TrafficRow(
            dimension: work.dimension, phase: work.phase, collective: work.collective,
            dataType: work.dataType, elementCount: work.count, messageBytes: flow.message,
            communicatorSize: axis.size, communicators: groups.count,
            operations: work.operations * groupCount, rankCalls: flow.calls * groupCount,
            payloadBytes: flow.payload * groupCount, wireBytes: wire,
            intraNodeBytes: wire - inter, interNodeBytes: inter))
        let low: UInt64 =
          flow.message == 0 ? 0 : 1 << UInt64(63 - flow.message.leadingZeroBitCount)
        let key = "\(work.dimension.order + 10) \(work.collective) \(low + 1_000_000_000_000)"
        var bucket =
          sizes[key]
          ?? MessageSizeRow(
            dimension: work.dimension, collective: work.collective, bucketLowBytes: low,
            bucketHighBytes: low == 0 ? 0 : low * 2 - 1, operations: 0, payloadBytes: 0)
        bucket.operations += work.operations * groupCount
        bucket.payloadBytes += flow.payload * groupCount
        sizes[key] = bucket
      }
    }
    summary.traffic = traffic.sorted {
      ($0.dimension, $0.phase, $0.collective, $0.messageBytes ?? 0)
        < ($1.dimension, $1.phase, $1.collective, $1.messageBytes ?? 0)
    }
    summary.communicators = rows
    summary.messageSizes = sizes.keys.sorted().compactMap { sizes[$0] }
    summary.ranks = (0..<ranks).map { rank in
      var row = RankRow(rank: rank)
      row.node = rank / ranksPerNode
      row.localRank = rank % ranksPerNode
      guard !missingRanks.contains(rank) else { return row }
      row.host = host(rank / ranksPerNode)
      row.pid = 41_000 + rank
      row.gpu = rank % ranksPerNode
      row.busID = "0000:\(String(0x1b + 8 * (rank % ranksPerNode), radix: 16)):00.0"
      row.calls = calls[rank]
      row.sentBytes = sent[rank]
      row.receivedBytes = sent[rank]
      row.intraNodeBytes = sent[rank]
      row.interNodeBytes = 0
      row.coverage = "full"
      return row
    }
    summary.rankMatrix = matrix()
    summary.links = links(summary.rankMatrix)
    summary.devices = devices(summary.ranks)
    summary.ringEdges = ringEdges()
    summary.coverage = coverage(rows)
    summary.ingestion = ledgers()
    summary.findings = findings()
    summary.reconciliation = reconciliation(of: summary.traffic)
    return summary
  }

  /// Rings for collectives, all pairs for all-to-all.
  private func matrix() -> [RankMatrixRow] {
    var cells: [[Int]: (bytes: UInt64, operations: UInt64)] = [:]
    for axis in axes {
      for group in groups(axis) {
        for work in work where work.dimension == axis.dimension {
          let wire = flow(of: work, in: axis.size).wire
          var edges: [(Int, Int)] = []
          for (place, rank) in group.enumerated() {
            if work.collective == "all_to_all" {
              for peer in group where peer != rank { edges.append((rank, peer)) }
            } else if work.collective == "send_recv", place + 1 == group.count {
              continue
            } else {
              edges.append((rank, group[(place + 1) % group.count]))
            }
          }
          for (source, target) in edges {
            let key = [source, target, axis.dimension.order]
            let (bytes, operations) = cells[key] ?? (0, 0)
            cells[key] = (bytes + wire / UInt64(edges.count), operations + work.operations)
          }
        }
      }
    }
    return cells.keys.sorted { $0.lexicographicallyPrecedes($1) }.compactMap { key in
      cells[key].map { cell in
        RankMatrixRow(
          sourceRank: key[0], destinationRank: key[1],
          dimension: ParallelismDimension.allCases[key[2]], bytes: cell.bytes,
          operations: cell.operations,
          path: key[0] / ranksPerNode == key[1] / ranksPerNode
            ? "P2P/CUMEM/read" : "NET/IB/GDRDMA")
      }
    }
  }

  private func links(_ rows: [RankMatrixRow]) -> [LinkRow] {
    var pairs: [[Int]: (bytes: UInt64, ranks: Set<Int>)] = [:]
    for row in rows {
      let nodes = [row.sourceRank / ranksPerNode, row.destinationRank / ranksPerNode]
      guard nodes[0] != nodes[1] else { continue }
      let (bytes, ranks) = pairs[nodes] ?? (0, [])
      pairs[nodes] = (bytes + row.bytes, ranks.union([row.sourceRank]))
    }
    return pairs.keys.sorted { $0.lexicographicallyPrecedes($1) }.compactMap { nodes in
      pairs[nodes].map {
        LinkRow(
          kind: .nodePair, node: nodes[0], peerNode: nodes[1], link: "", ranks: $0.ranks.sorted(),
          sentBytes: $0.bytes, receivedBytes: 0, loadRatio: 1)
      }
    }
  }

  /// A GPU for each rank with a log, a network device for each node, and one that nobody uses.
  private func devices(_ rows: [RankRow]) -> [DeviceRow] {
    var devices: [DeviceRow] = []
    for (node, ranks) in Dictionary(grouping: rows.filter { $0.host != nil }, by: { $0.node ?? 0 })
      .sorted(by: { $0.key < $1.key })
    {
      for rank in ranks {
        var gpu = DeviceRow(
          node: node, host: host(node), kind: .gpu, index: rank.gpu, name: rank.busID,
          source: .log)
        gpu.ranks = [rank.rank]
        gpu.transports = ["P2P/CUMEM/read", "NET/IB/GDRDMA"]
        gpu.channels = 24
        devices.append(gpu)
      }
      for index in 0..<2 {
        var nic = DeviceRow(
          node: node, host: host(node), kind: .nic, index: index, name: "mlx5_\(index):1/IB",
          network: "IB", source: .both)
        nic.topologyName = "mlx5_\(index)"
        if index == 0 {
          nic.ranks = ranks.map(\.rank)
          nic.transports = ["NET/IB/GDRDMA"]
          nic.channels = 8
        }
        devices.append(nic)
      }
    }
    return devices
  }

  private func ringEdges() -> [RingEdgeRow] {
    (0..<min(ranks, 4)).map { rank in
      let next = (rank + 1) % min(ranks, 4)
      return RingEdgeRow(
        communicator: "c0", kind: .ring, sourceRank: rank, destinationRank: next, channels: 24,
        crossesNodes: rank / ranksPerNode != next / ranksPerNode)
    }
  }

  private func flow(
    of work: Work, in size: Int
  ) -> (message: UInt64, calls: UInt64, payload: UInt64, wire: UInt64) {
    let n = UInt64(size)
    let own = work.count * work.typeSize
    switch work.collective {
    case "all_reduce":
      return (
        own, n * work.operations, own * n * work.operations, 2 * (n - 1) * own * work.operations
      )
    case "send_recv":
      return (own, 2 * work.operations, own * work.operations, own * work.operations)
    case "all_to_all":
      return (
        own * n, n * work.operations, own * n * n * work.operations,
        own * n * (n - 1) * work.operations
      )
    case "reduce_scatter":
      return (
        own * n, n * work.operations, own * n * n * work.operations,
        own * n * (n - 1) * work.operations
      )
    default:
      return (
        own * n, n * work.operations, own * n * work.operations, own * n * (n - 1) * work.operations
      )
    }
  }

  private func coverage(_ rows: [CommunicatorRow]) -> Coverage {
    var coverage = Coverage()
    coverage.ranksSeen = ranks - missingRanks.count
    coverage.ranksExpected = ranks
    coverage.globalRankSource = "world communicator"
    coverage.communicators = rows.count
    coverage.communicatorsComplete = rows.count { $0.isComplete }
    coverage.ncclLines = 1_204 * ranks
    coverage.linesLost = missingRanks.isEmpty ? 0 : 12
    coverage.files = ranks - missingRanks.count
    coverage.versions = ["NCCL 2.27.7"]
    coverage.hasOperations = !work.isEmpty
    coverage.statements = [
      "NCCL logs a call once at the API: replays of CUDA graphs are not in these numbers."
    ]
    if !missingRanks.isEmpty {
      coverage.statements.append("Ranks without a log are counted through their partners only.")
    }
    return coverage
  }

  private func ledgers() -> [FileLedger] {
    (0..<min(ranks, 16)).filter { !missingRanks.contains($0) }.map { rank in
      var ledger = FileLedger(file: "rank\(rank).log.gz")
      ledger.format = "nccl-info"
      ledger.compression = "gzip"
      ledger.compressedBytes = 18_234 + rank
      ledger.bytes = 240_000 + rank
      ledger.lines = 1_210
      ledger[.parsed].lines = 1_100
      ledger[.knownIgnored].lines = 104
      ledger[.foreign].lines = 6
      ledger.members = 1
      ledger.contentCRC32 = 0x0000_1234 &+ UInt32(rank)
      return ledger
    }
  }

  /// All classes as expected, but for one.
  private func reconciliation(of rows: [TrafficRow]) -> [ReconciliationRow] {
    rows.enumerated().map { index, row in
      ReconciliationRow(
        dimension: row.dimension, phase: row.phase, collective: row.collective,
        messageBytes: row.messageBytes, communicatorSize: row.communicatorSize,
        expectedOperations: row.operations + (index == 0 ? 1 : 0),
        observedOperations: row.operations, expectedBytes: row.payloadBytes,
        observedBytes: row.payloadBytes, verdict: index == 0 ? .unexplained : .exact,
        explanation: index == 0 ? "1 missing" : "")
    }
  }

  private func findings() -> [Finding] {
    missingRanks.sorted().map { rank in
      Finding(
        code: "rank-without-log", severity: .warning, summary: "A rank of the job has no log.",
        location: "rank \(rank)", evidence: "named by the world communicator, no file",
        suggestion: "Copy its file too; the totals of its groups are lower bounds.")
    }
  }
}

extension SampleJob {
  typealias D = ParallelismDimension

  /// Tensor-parallel inference on four GPUs of one node.
  static let inference = SampleJob(
    name: "tp4-inference", headline: "4 ranks on 1 node: TP 4, inference", ranks: 4,
    ranksPerNode: 4, axes: [Axis(dimension: .tp, size: 4, stride: 1)],
    work: [
      Work(
        dimension: .tp, phase: .prefill, collective: "all_reduce", dataType: "bfloat16",
        typeSize: 2, count: 4096 * 8192, operations: 160),
      Work(
        dimension: .tp, phase: .decode, collective: "all_reduce", dataType: "bfloat16",
        typeSize: 2, count: 8192, operations: 160 * 128),
      Work(
        dimension: .tp, phase: .decode, collective: "all_gather", dataType: "float32",
        typeSize: 4, count: 32_064, operations: 128),
      Work(
        dimension: .tp, phase: .initialization, collective: "broadcast", dataType: "unknown",
        typeSize: 1, count: 0, operations: 3),
    ])

  /// Training with three kinds of parallelism on two nodes, one rank's log missing.
  static let training = SampleJob(
    name: "tp2-pp2-dp2-training", headline: "8 ranks on 2 nodes: TP 2 x PP 2 x DP 2, training",
    ranks: 8, ranksPerNode: 4,
    axes: [
      Axis(dimension: .tp, size: 2, stride: 1), Axis(dimension: .dp, size: 2, stride: 2),
      Axis(dimension: .pp, size: 2, stride: 4), Axis(dimension: .world, size: 8, stride: 1),
    ],
    work: [
      Work(
        dimension: .tp, phase: .forward, collective: "all_reduce", dataType: "bfloat16",
        typeSize: 2, count: 4096 * 4096, operations: 512),
      Work(
        dimension: .tp, phase: .backward, collective: "all_reduce", dataType: "bfloat16",
        typeSize: 2, count: 4096 * 4096, operations: 512),
      Work(
        dimension: .pp, phase: .forward, collective: "send_recv", dataType: "bfloat16",
        typeSize: 2, count: 4096 * 4096, operations: 64),
      Work(
        dimension: .pp, phase: .backward, collective: "send_recv", dataType: "bfloat16",
        typeSize: 2, count: 4096 * 4096, operations: 64),
      Work(
        dimension: .dp, phase: .backward, collective: "all_reduce", dataType: "float32",
        typeSize: 4, count: 26_214_400, operations: 320),
      Work(
        dimension: .dp, phase: .optimizer, collective: "all_gather", dataType: "bfloat16",
        typeSize: 2, count: 13_107_200, operations: 40),
      Work(
        dimension: .world, phase: .optimizer, collective: "all_reduce", dataType: "float32",
        typeSize: 4, count: 1, operations: 24),
    ], missingRanks: [5])

  /// Four full nodes with tensor, pipeline and data parallelism; no phases known.
  static let fourNodes = SampleJob(
    name: "tp8-pp2-dp2", headline: "32 ranks on 4 nodes: TP 8 x DP 2 x PP 2", ranks: 32,
    ranksPerNode: 8,
    axes: [
      Axis(dimension: .tp, size: 8, stride: 1), Axis(dimension: .sp, size: 8, stride: 1),
      Axis(dimension: .dp, size: 2, stride: 8), Axis(dimension: .pp, size: 2, stride: 16),
      Axis(dimension: .mp, size: 8, stride: 1),
    ],
    work: [
      Work(
        dimension: .tp, phase: .unknown, collective: "all_reduce", dataType: "bfloat16",
        typeSize: 2, count: 8192 * 64, operations: 96),
      Work(
        dimension: .sp, phase: .unknown, collective: "all_gather", dataType: "bfloat16",
        typeSize: 2, count: 1024 * 8192, operations: 480),
      Work(
        dimension: .sp, phase: .unknown, collective: "reduce_scatter", dataType: "bfloat16",
        typeSize: 2, count: 1024 * 8192, operations: 480),
      Work(
        dimension: .pp, phase: .unknown, collective: "send_recv", dataType: "bfloat16",
        typeSize: 2, count: 1024 * 8192, operations: 256),
      Work(
        dimension: .dp, phase: .unknown, collective: "reduce_scatter", dataType: "float32",
        typeSize: 4, count: 20_000_000, operations: 40),
      Work(
        dimension: .dp, phase: .unknown, collective: "all_gather", dataType: "bfloat16",
        typeSize: 2, count: 20_000_000, operations: 40),
      Work(
        dimension: .mp, phase: .unknown, collective: "all_reduce", dataType: "float32",
        typeSize: 4, count: 1, operations: 12),
    ])

  /// A mixture of experts with every pattern of the palette in use.
  static let experts = SampleJob(
    name: "moe-ep4-dp2", headline: "8 ranks on 1 node: EP 4 x EDP 2, FSDP 8, CP 2", ranks: 8,
    ranksPerNode: 8,
    axes: [
      Axis(dimension: .ep, size: 4, stride: 1), Axis(dimension: .edp, size: 2, stride: 4),
      Axis(dimension: .fsdp, size: 8, stride: 1), Axis(dimension: .cp, size: 2, stride: 2),
      Axis(dimension: .embedding, size: 2, stride: 4),
      Axis(dimension: .unclassified, size: 2, stride: 1),
    ],
    work: [
      Work(
        dimension: .ep, phase: .forward, collective: "all_to_all", dataType: "bfloat16",
        typeSize: 2, count: 1_572_864, operations: 192),
      Work(
        dimension: .ep, phase: .forward, collective: "all_gather", dataType: "int64",
        typeSize: 8, count: 64, operations: 192),
      Work(
        dimension: .edp, phase: .backward, collective: "all_reduce", dataType: "float32",
        typeSize: 4, count: 8_388_608, operations: 48),
      Work(
        dimension: .fsdp, phase: .forward, collective: "all_gather", dataType: "bfloat16",
        typeSize: 2, count: 6_291_456, operations: 96),
      Work(
        dimension: .fsdp, phase: .backward, collective: "reduce_scatter", dataType: "float32",
        typeSize: 4, count: 6_291_456, operations: 48),
      Work(
        dimension: .cp, phase: .forward, collective: "send_recv", dataType: "bfloat16",
        typeSize: 2, count: 4_194_304, operations: 96),
      Work(
        dimension: .embedding, phase: .backward, collective: "all_reduce", dataType: "bfloat16",
        typeSize: 2, count: 65_536_000, operations: 8),
      Work(
        dimension: .unclassified, phase: .unknown, collective: "broadcast", dataType: "unknown",
        typeSize: 1, count: 1_048_576, operations: 20),
      Work(
        dimension: .unclassified, phase: .unknown, collective: "gather", dataType: "uint8",
        typeSize: 1, count: 4096, operations: 7),
    ])

  /// Nothing but INIT lines: ranks and communicators, no operations.
  static let withoutOperations = SampleJob(
    name: "without-operations", headline: "4 ranks on 2 nodes, no operations logged", ranks: 4,
    ranksPerNode: 2, axes: [Axis(dimension: .unclassified, size: 4, stride: 1)], work: [])

  /// A large job: `nodes` nodes of eight ranks.
  static func large(nodes: Int) -> SampleJob {
    SampleJob(
      name: "large-\(nodes * 8)",
      headline: "\(nodes * 8) ranks on \(nodes) nodes: TP 8 x PP 8 x DP \(nodes / 8)",
      ranks: nodes * 8, ranksPerNode: 8,
      axes: [
        Axis(dimension: .tp, size: 8, stride: 1), Axis(dimension: .dp, size: nodes / 8, stride: 8),
        Axis(dimension: .pp, size: 8, stride: nodes),
      ],
      work: [
        Work(
          dimension: .tp, phase: .unknown, collective: "all_reduce", dataType: "bfloat16",
          typeSize: 2, count: 8192 * 4096, operations: 640),
        Work(
          dimension: .dp, phase: .unknown, collective: "reduce_scatter", dataType: "float32",
          typeSize: 4, count: 500_000, operations: 80),
        Work(
          dimension: .pp, phase: .unknown, collective: "send_recv", dataType: "bfloat16",
          typeSize: 2, count: 8192 * 4096, operations: 128),
      ])
  }

  /// Every dimension in four phases, with four collectives each: 48 pairs of bars.
  static let everyDimension = SampleJob(
    name: "every-dimension", headline: "16 ranks on 2 nodes: everything at once", ranks: 16,
    ranksPerNode: 8,
    axes: D.allCases.enumerated().map { place, dimension in
      Axis(dimension: dimension, size: [2, 4, 8][place % 3], stride: 1 + place % 2)
    },
    work: D.allCases.flatMap { dimension in
      [TrafficPhase.forward, .backward, .optimizer, .unknown].flatMap { phase in
        ["all_reduce", "reduce_scatter", "all_to_all", "a_collective_with_a_long_name"]
          .enumerated().map { place, collective in
            Work(
              dimension: dimension, phase: phase, collective: collective, dataType: "bfloat16",
              typeSize: 2, count: 1 << UInt64(2 + (dimension.order * 7 + place * 5) % 28),
              operations: 3)
          }
      }
    })

  /// Names that attack every format, and a rank list with holes.
  static func hostile() -> TrafficSummary {
    var job = training
    job.name = "hostile-names"
    job.headline = "</title><script>alert(1)</script> \u{1B}[31m=cmd|'/C calc'!A0 \u{202E}evil"
    job.host = { node in
      node == 0
        ? "<image href='http://example.com/x'/>\"&\u{0}\u{1B}]0;owned\u{7}"
        : "=HYPERLINK(\"http://example.com\",\"a,b\")\r\n"
          + String(repeating: "w\u{301}\u{4E16}", count: 300)
    }
    var summary = job.summary()
    summary.communicators[0].ranks = [0, nil]
    summary.communicators[1].name = "@SUM(1+1)*cmd|' /C calc'!A0"
    summary.communicators[2].ranks = [Int.max, Int.min]
    summary.traffic[0].collective = "\"><g onload=alert(1)>" + String(repeating: "M", count: 400)
    summary.messageSizes[0].collective = "]]>&\u{FFFE}\u{9B}" + String(repeating: "W", count: 400)
    summary.ranks[3].node = nil
    summary.ranks[2].rank = Int.max
    summary.coverage.versions = ["\u{1B}[2JNCCL", "a", "b", "c"]
    summary.coverage.statements = ["<!--# & --> " + String(repeating: "long words ", count: 200)]
    summary.findings.append(
      Finding(
        code: "nccl-warning", severity: .error, summary: "+1 `rm -rf` | <b>x</b>",
        location: "C:\\x\u{2028}", evidence: "\u{FF1D}1+1", suggestion: "-1\n-2"))
    summary.ingestion[0].file = "-rf \"quoted\", and\na newline.log"
    summary.ingestion[0].status = .truncated
    summary.ingestion[0].truncatedAtByte = 4096
    summary.ingestion[0].detail = "The gzip stream ends inside a member."
    summary.ingestion[0].unrecognisedShapes = [
      FileLedger.Shape(text: "</script> #", lines: 3, firstLine: 9)
    ]
    return summary
  }

  /// All samples with their names.
  static let all: [(name: String, summary: TrafficSummary)] =
    [inference, training, fourNodes, experts, withoutOperations, large(nodes: 64)]
    .map { ($0.name, $0.summary()) } + [
      ("nothing", TrafficSummary()), ("hostile-names", hostile()),
    ]
}
