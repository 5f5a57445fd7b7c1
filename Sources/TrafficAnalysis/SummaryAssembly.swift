// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// Counts, labels, and lays the results out as the rows of a summary.
struct SummaryAssembly {
  private let table: ProcessTable
  private let endpoints: Endpoints
  private let communicators: CommunicatorTable
  private let ranks: GlobalRanks
  private let layout: JobLayout?
  private let hiddenSize: Int?
  private let machines: [MachineTopology]
  /// For each endpoint its host, as a number.
  private let hosts: [Int]
  /// Global ranks of the GPUs of each process.
  private let rankOfProcess: [Int: [Int]]
  private var ledger: RankLedger
  private var analysed: [AnalysedCommunicator] = []
  private var connectionCheck = ConnectionCheck()
  /// Whether a release that logs bytes was met.
  private var hasByteCounts = false

  /// Largest number of ranks without a log that get a row of their own.
  private static let maximumRows = 1 << 17
  /// Largest number of places for ranks that were not seen, over all communicators.
  private static let maximumVacantPlaces = 1 << 22

  /// Prepares the assembly.
  init(
    _ table: ProcessTable, _ endpoints: Endpoints, _ communicators: CommunicatorTable,
    _ ranks: GlobalRanks, _ layout: JobLayout?, hiddenSize: Int?, machines: [MachineTopology]
  ) {
    self.machines = machines
    self.hiddenSize = hiddenSize
    self.table = table
    self.endpoints = endpoints
    self.communicators = communicators
    self.ranks = ranks
    self.layout = layout
    var numbers: [String: Int] = [:]
    var hosts: [Int] = []
    hosts.reserveCapacity(endpoints.all.count)
    for endpoint in endpoints.all {
      let host = table.records[endpoint.process].facts.host
      let number = numbers[host] ?? numbers.count
      numbers[host] = number
      hosts.append(number)
    }
    self.hosts = hosts
    rankOfProcess = Dictionary(
      endpoints.all.enumerated().compactMap { index, endpoint in
        ranks.rank[index].map { (endpoint.process, [$0]) }
      }, uniquingKeysWith: +)
    ledger = RankLedger(count: endpoints.all.count)
  }

  /// The summary.
  mutating func summary() -> TrafficSummary {
    var summary = TrafficSummary()
    count()
    name()
    var inference = DimensionInference(analysed, layout: layout, table, endpoints)
    let labels = inference.infer()
    let phases = PhaseInference.phases(
      analysed, labels: labels, isInference: layout?.isInference, hiddenSize: hiddenSize)

    let order = PhaseOrder(
      analysed, labels, phases,
      serves: layout?.isInference ?? PhaseInference.looksLikeInference(analysed), table, endpoints)

    summary.messageSizes = sizeRows(labels)
    summary.communicators = communicatorRows(labels)
    summary.ranks = rankRows()
    let matrix = RankMatrix(analysed, labels, ranks, hosts: hosts)
    summary.rankMatrix = matrix.rows
    let nodes = nodeOfHost(summary.ranks)
    summary.links = matrix.links.rows(ranks, nodeOfHost: nodes)
    let join = TopologyJoin(machines, matrix.links, analysed, endpoints, table, hosts: hosts)
    join?.add(to: &summary, ranks, nodeOfHost: nodes)
    let timing = TimingAnalysis(analysed, labels, ranks, table, join)
    var annotated = timing.phases
    annotated.settle(analysed) { place, index in
      order.shares[place][index]
        ?? [phases[place][index]: analysed[place].traffic.classes[index].operations]
    }
    summary.traffic = trafficRows(labels, phases, order, annotated)
    summary.timeline = timing.timeline { place, index in
      guard let share = annotated.shares[place][index] ?? order.shares[place][index] else {
        return phases[place][index]
      }
      return share.count == 1 ? share.keys.first ?? .unknown : .unknown
    }
    summary.devices =
      MachineInventory(
        endpoints, table, ranks, hosts: hosts, nodeOfHost: nodes, join
      ).rows
    summary.ringEdges = ringEdges()
    summary.durations = timing.durations
    summary.overlaps = timing.overlaps
    summary.waiting = timing.waiting
    summary.bandwidths = BandwidthRow.rows(table, summary.durations)
    summary.ingestion = table.files
    let missing = summary.ranks.lazy.filter { $0.coverage == "no_log" }.map(\.rank)
    var collector = FindingCollector(table, endpoints, analysed, ranks, layout)
    summary.findings = collector.collect(
      missing: Array(missing), links: summary.links, matrix: summary.rankMatrix,
      devices: summary.devices, waiting: summary.waiting, join)
    summary.coverage = coverage(summary, missing: Array(missing), order)
    summary.coverage.unmatchedBytes = matrix.unmatchedBytes
    summary.coverage.statements +=
      (join?.statements() ?? []) + timing.statements() + annotated.statements
      + CoverageStatement.sources(table)
    summary.headline = Headline.text(
      seen: summary.coverage.ranksSeen, expected: ranks.expected,
      nodes: table.records.contains { CoverageStatement.statesHost($0.facts) }
        ? Set(hosts).count : 0,
      jobs: ranks.jobs, declared: layout?.degrees,
      inferred: Headline.degrees(analysed, labels))
    return summary
  }

  // MARK: - Counting

  private mutating func count() {
    let releases = Releases(table, endpoints, communicators)
    for (index, communicator) in communicators.all.enumerated() {
      let views = communicator.instances.map { endpoints.instances[$0] }
      connectionCheck.check(views)
      let placement = Placement(communicator, views, hosts: hosts)
      let isLogged = !views.contains(where: \.isSampled)
      let logsBytes = isLogged ? releases.logsBytes(communicator: index) : false
      var accountant = TrafficAccountant(
        communicator, views, placement, logsBytes: logsBytes)
      let traffic = accountant.account(&ledger)
      if traffic.classes.contains(where: {
        $0.dataType == .unknown && ($0.kind == .allGather || $0.kind == .broadcast)
      }), isLogged {
        hasByteCounts = true
      }
      let own = AnalysedCommunicator(
        index: index, communicator: communicator, views: views, placement: placement,
        traffic: traffic)
      own.frameworkName = views.lazy.compactMap(\.facts.name).first
      own.ranks = views.compactMap { ranks.rank[$0.endpoint] }.sorted()
      if layout != nil, own.ranks.count < communicator.size {
        own.members = views.compactMap { view in
          ranks.rank[view.endpoint].map { (place: view.rank, rank: $0) }
        }
      }
      own.job = views.first.map { ranks.job[$0.endpoint] } ?? 0
      own.isWorld = ranks.worlds.contains(index)
      analysed.append(own)
    }
  }

  /// Names the communicators: those of all ranks first, then by their ranks, then by creation.
  private mutating func name() {
    struct Key {
      var place: Int
      var job: Int
      var isWorld: Bool
      var ranks: [Int]
      var birth: Int
      var identifier: UInt64
    }
    let keys = analysed.enumerated().map { place, own in
      let views = own.views
      return Key(
        place: place, job: own.job, isWorld: own.isWorld, ranks: own.ranks,
        birth: views.map(\.index).min() ?? 0,
        identifier: views.lazy.compactMap(\.facts.identifier).min() ?? 0)
    }.sorted { a, b in
      if a.job != b.job { return a.job < b.job }
      if a.isWorld != b.isWorld { return a.isWorld }
      // Worlds of one job have the same ranks, unless some never joined.
      if !a.isWorld, a.ranks != b.ranks { return a.ranks.lexicographicallyPrecedes(b.ranks) }
      return (a.birth, a.identifier, a.place) < (b.birth, b.identifier, b.place)
    }
    analysed = keys.map { analysed[$0.place] }
    for place in analysed.indices { analysed[place].name = "c\(place)" }
  }

  // MARK: - Traffic

  private struct RowKey: Hashable {
    var dimension: ParallelismDimension
    var phase: TrafficPhase
    var collective: String
    var type: String
    var count: UInt64?
    var bytes: UInt64?
    var size: Int

    init(
      _ group: OperationClass, of own: AnalysedCommunicator, _ dimension: ParallelismDimension,
      _ phase: TrafficPhase
    ) {
      self.dimension = dimension
      self.phase = phase
      collective = group.collective
      type = group.dataType.name
      count = group.elementCount
      bytes = group.messageBytes
      size = own.communicator.size
    }
  }

  /// Stated replays of the graphs that were captured; `nil` where none are stated.
  private func replays(_ order: PhaseOrder) -> GraphReplays? {
    guard let stated = layout?.graphReplays, !stated.isEmpty else { return nil }
    return GraphReplays(stated, captured: order.captured, hiddenSize: hiddenSize)
  }

  /// Adds what stated replays moved to the rows that hold the captures.
  private func scale(
    _ rows: inout [TrafficRow], _ labels: [DimensionLabel], _ order: PhaseOrder,
    row: (RowKey) -> Int?
  ) {
    guard let replays = replays(order) else { return }
    for (runs, captures) in zip(replays.runs, order.captures) where runs > 0 {
      // Sums do not depend on the order of places.
      for (place, operations) in captures {
        let own = analysed[place.communicator]
        let group = own.traffic.classes[place.group]
        let dimension = labels[place.communicator].dimension(ofClass: place.group)
        guard let row = row(RowKey(group, of: own, dimension, .initialization)) else { continue }
        func scaled(_ whole: UInt64) -> UInt64 {
          UInt64.scale(whole, by: operations, over: group.operations).times(runs)
        }
        rows[row].scaledOperations =
          (rows[row].scaledOperations ?? 0).adding(operations.times(runs))
        rows[row].scaledPayloadBytes =
          (rows[row].scaledPayloadBytes ?? 0).adding(scaled(group.payloadBytes))
        rows[row].scaledWireBytes =
          (rows[row].scaledWireBytes ?? 0).adding(scaled(group.wireBytes))
      }
    }
  }

  private func trafficRows(
    _ labels: [DimensionLabel], _ phases: [[TrafficPhase]], _ order: PhaseOrder,
    _ annotated: AnnotatedPhases
  ) -> [TrafficRow] {
    var place: [RowKey: Int] = [:]
    var rows: [TrafficRow] = []
    var callers: [[Int: UInt64]] = []
    for (number, own) in analysed.enumerated() {
      var met: Set<Int> = []
      // Only what a job should have moved is compared rank by rank.
      let views = layout == nil ? [] : own.views
      let numbers = views.map { ranks.rank[$0.endpoint] }
      var calls =
        layout == nil
        ? []
        : CallsByRank.count(views, own.traffic.classes, size: own.communicator.size)
      let parts = own.traffic.classes.enumerated().flatMap { index, group in
        guard let share = annotated.shares[number][index] ?? order.shares[number][index] else {
          return [(index: index, phase: phases[number][index], group: group)]
        }
        return group.parts(share).map { (index: index, phase: $0.phase, group: $0.part) }
      }
      for (index, phase, group) in parts {
        let key = RowKey(group, of: own, labels[number].dimension(ofClass: index), phase)
        let row = place[key] ?? rows.count
        if row == rows.count {
          place[key] = row
          rows.append(
            TrafficRow(
              dimension: key.dimension, phase: key.phase, collective: key.collective,
              dataType: key.type, elementCount: key.count, messageBytes: key.bytes,
              communicatorSize: key.size, communicators: 0, operations: 0, rankCalls: 0,
              payloadBytes: 0, wireBytes: 0, intraNodeBytes: 0, interNodeBytes: 0))
        }
        if row == callers.count { callers.append([:]) }
        if met.insert(row).inserted { rows[row].communicators += 1 }
        for (view, rank) in numbers.enumerated() where calls.indices.contains(index) {
          guard let rank, calls[index][view] > 0 else { continue }
          // Set-up comes first, and once on every rank; whatever differs is in what follows.
          let part =
            phase == .initialization
            ? min(calls[index][view], group.operations) : calls[index][view]
          callers[row][rank, default: 0].add(part)
          calls[index][view] = calls[index][view].minus(part)
        }
        rows[row].operations.add(group.operations)
        rows[row].rankCalls.add(group.rankCalls)
        rows[row].payloadBytes.add(group.payloadBytes)
        rows[row].wireBytes.add(group.wireBytes)
        rows[row].interNodeBytes.add(group.interNodeBytes)
        rows[row].intraNodeBytes.add(group.intraNodeBytes)
      }
    }
    scale(&rows, labels, order) { place[$0] }
    for (row, calls) in callers.enumerated() {
      rows[row].callsByRank = calls.map { RankCalls(rank: $0.key, calls: $0.value) }
        .sorted { $0.rank < $1.rank }
    }
    return rows.sorted { a, b in
      if a.dimension != b.dimension { return a.dimension < b.dimension }
      if a.phase != b.phase { return a.phase < b.phase }
      if a.collective != b.collective { return a.collective < b.collective }
      if a.dataType != b.dataType { return a.dataType < b.dataType }
      let (x, y) = (a.messageBytes ?? .max, b.messageBytes ?? .max)
      if x != y { return x < y }
      if a.communicatorSize != b.communicatorSize { return a.communicatorSize < b.communicatorSize }
      return (a.elementCount ?? .max) < (b.elementCount ?? .max)
    }
  }

  private func sizeRows(_ labels: [DimensionLabel]) -> [MessageSizeRow] {
    struct Key: Hashable {
      var dimension: ParallelismDimension
      var collective: String
      var log2: Int
    }
    var sums: [Key: (operations: UInt64, payload: UInt64)] = [:]
    for (number, own) in analysed.enumerated() {
      for (index, group) in own.traffic.classes.enumerated() {
        let dimension = labels[number].dimension(ofClass: index)
        let sizes =
          group.messageBytes.map {
            [
              SizeClass(
                log2: SizeClass.log2(of: $0), operations: group.operations,
                payloadBytes: group.payloadBytes)
            ]
          } ?? group.sizes
        for size in sizes where size.operations > 0 || size.payloadBytes > 0 {
          let key = Key(
            dimension: dimension, collective: group.collective, log2: size.log2 ?? -1)
          var (operations, payload) = sums[key] ?? (0, 0)
          operations.add(size.operations)
          payload.add(size.payloadBytes)
          sums[key] = (operations, payload)
        }
      }
    }
    return sums.sorted { a, b in
      if a.key.dimension != b.key.dimension { return a.key.dimension < b.key.dimension }
      if a.key.collective != b.key.collective { return a.key.collective < b.key.collective }
      return a.key.log2 < b.key.log2
    }.map { key, sum in
      let low = key.log2 < 0 ? 0 : UInt64(1) << UInt64(key.log2)
      return MessageSizeRow(
        dimension: key.dimension, collective: key.collective, bucketLowBytes: low,
        bucketHighBytes: key.log2 < 0 ? 0 : low &- 1 &+ low, operations: sum.operations,
        payloadBytes: sum.payload)
    }
  }

  // MARK: - Communicators

  private func communicatorRows(_ labels: [DimensionLabel]) -> [CommunicatorRow] {
    var nameOfIndex: [Int: String] = [:]
    for own in analysed { nameOfIndex[own.index] = own.name }
    var vacant = Self.maximumVacantPlaces
    return analysed.enumerated().map { number, own in
      let communicator = own.communicator
      var row = CommunicatorRow(communicator: own.name, size: communicator.size)
      let views = own.views
      row.name = own.frameworkName
      row.identifier = views.lazy.compactMap(\.facts.identifier).first.map {
        "0x" + String($0, radix: 16)
      }
      row.membership = communicator.membership.rawValue
      let places = communicator.size.subtractingReportingOverflow(views.count)
      if !places.overflow, places.partialValue <= vacant {
        vacant -= max(places.partialValue, 0)
        row.ranks = [Int?](repeating: nil, count: communicator.size)
        var next = 0
        for view in views {
          if let rank = view.rank, row.ranks.indices.contains(rank) {
            row.ranks[rank] = ranks.rank[view.endpoint]
          } else {
            // Without a communicator rank the view takes a place that is left.
            while next < row.ranks.count, row.ranks[next] != nil { next += 1 }
            if row.ranks.indices.contains(next) { row.ranks[next] = ranks.rank[view.endpoint] }
          }
        }
      } else {
        row.ranks = own.ranks
      }
      row.nodes = own.placement.nodes
      let label = labels[number]
      row.dimension = main(own, label)
      row.confidence = label.confidence
      row.evidence = label.evidence
      row.parent = communicator.parent.flatMap { nameOfIndex[$0] }
      row.operations = own.traffic.operations
      for group in own.traffic.classes {
        row.rankCalls.add(group.rankCalls)
        row.payloadBytes.add(group.payloadBytes)
        row.wireBytes.add(group.wireBytes)
      }
      let tunings = views.flatMap(\.facts.tunings)
      if !tunings.isEmpty {
        row.algorithms = Self.commonest(tunings, by: \.algorithm)
        row.protocols = Self.commonest(tunings, by: \.protocol)
      }
      row.channels = views.lazy.compactMap(\.facts.channels).max()
      row.initMilliseconds = views.lazy.compactMap(\.facts.initMilliseconds).max()
      row.isComplete =
        views.count == communicator.size
        && views.allSatisfy { $0.facts.initCompleted || !$0.facts.initStarted }
        && views.allSatisfy { $0.rank != nil }
      let first = views.lazy.map { view in
        (file: table.records[view.process].facts.file, line: view.facts.firstLine)
      }.min { $0 < $1 }
      row.firstSeen = first ?? (0, 0)
      return row
    }
  }

  /// The label of most of the payload.
  private func main(
    _ own: AnalysedCommunicator, _ label: DimensionLabel
  ) -> ParallelismDimension {
    guard !label.exceptions.isEmpty else { return label.dimension }
    var bytes: [ParallelismDimension: UInt64] = [:]
    for (index, group) in own.traffic.classes.enumerated() {
      bytes[label.dimension(ofClass: index), default: 0].add(group.payloadBytes)
    }
    let best = bytes.max { a, b in a.value == b.value ? a.key > b.key : a.value < b.value }
    return best?.key ?? label.dimension
  }

  private static func commonest(
    _ tunings: [TuningFacts], by name: (TuningFacts) -> String
  ) -> [String] {
    var lines: [String: UInt64] = [:]
    for row in tunings where !name(row).isEmpty { lines[name(row), default: 0].add(row.lines) }
    return lines.sorted { a, b in a.value == b.value ? a.key < b.key : a.value > b.value }
      .map(\.key)
  }

  // MARK: - Ranks

  private func rankRows() -> [RankRow] {
    let numbered = endpoints.all.indices.compactMap { endpoint in
      ranks.rank[endpoint].map { (rank: $0, endpoint: endpoint) }
    }.sorted { ($0.rank, $0.endpoint) < ($1.rank, $1.endpoint) }
    var rows: [RankRow] = []
    var nodes: [Int: Int] = [:]
    var locals: [Int: Int] = [:]
    var next = 0
    let expected = min(ranks.expected ?? 0, Self.maximumRows)
    for (rank, endpoint) in numbered {
      while next < rank, next < expected {
        rows.append(RankRow(rank: next))
        next += 1
      }
      rows.append(row(rank, endpoint, &nodes, &locals))
      next = max(next, rank.addingReportingOverflow(1).partialValue)
    }
    while next < expected {
      rows.append(RankRow(rank: next))
      next += 1
    }
    return rows
  }

  private func row(
    _ rank: Int, _ endpoint: Int, _ nodes: inout [Int: Int], _ locals: inout [Int: Int]
  ) -> RankRow {
    var row = RankRow(rank: rank)
    let seat = endpoints.all[endpoint]
    let facts = table.records[seat.process].facts
    row.host = facts.host.isEmpty ? nil : facts.host
    row.pid = facts.pid > 0 ? facts.pid : nil
    let host = hosts[endpoint]
    let node = nodes[host] ?? nodes.count
    nodes[host] = node
    row.node = node
    let place = locals[host] ?? 0
    locals[host] = place + 1
    let views = seat.instances.map { endpoints.instances[$0] }
    // A rank's place on its node is what NCCL counted in the largest communicator.
    let largest = views.filter { $0.facts.localRank != nil }
      .max { ($0.facts.size ?? 0) < ($1.facts.size ?? 0) }
    row.localRank = largest?.facts.localRank ?? place
    row.gpu =
      views.lazy.compactMap(\.facts.nvmlDevice).first
      ?? views.lazy.compactMap(\.facts.cudaDevice).first
    row.busID = views.lazy.compactMap(\.facts.busID).first.map(Self.address)
    let entry = ledger.entries[endpoint]
    row.calls = entry.calls
    row.sentBytes = entry.sent
    row.receivedBytes = entry.received
    row.intraNodeBytes = entry.intraNode
    row.interNodeBytes = entry.interNode
    row.coverage = entry.calls > 0 ? "full" : "no_operations"
    for index in table.records[seat.process].files {
      let file = table.files[index]
      row.linesLost += file[.tornLost].lines + file[.malformed].lines
      row.hasGaps =
        row.hasGaps || file.gaps > 0 || (file.status != .complete && file.status != .empty)
    }
    return row
  }

  /// The node's index of each host that has a rank with a number.
  private func nodeOfHost(_ rows: [RankRow]) -> [Int: Int] {
    let nodes = Dictionary(
      rows.compactMap { row in row.node.map { (row.rank, $0) } }, uniquingKeysWith: { a, _ in a })
    var result: [Int: Int] = [:]
    for (endpoint, host) in hosts.enumerated() {
      if let node = ranks.rank[endpoint].flatMap({ nodes[$0] }) { result[host] = node }
    }
    return result
  }

  /// A packed PCI address as text: `0000:1b:00.0`.
  static func address(_ packed: UInt64) -> String {
    func hexadecimal(_ value: UInt64, width: Int) -> String {
      let digits = String(value, radix: 16)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    return hexadecimal(packed >> 20, width: 4) + ":" + hexadecimal(packed >> 12 & 0xff, width: 2)
      + ":" + hexadecimal(packed >> 4 & 0xff, width: 2) + "." + String(packed & 0xf, radix: 16)
  }

  // MARK: - Coverage

  private func coverage(
    _ summary: TrafficSummary, missing: [Int], _ order: PhaseOrder
  ) -> Coverage {
    var coverage = CoverageStatement.coverage(table)
    coverage.ranksSeen = endpoints.all.count
    coverage.ranksExpected = ranks.expected
    coverage.globalRankSource = ranks.source
    coverage.communicators = summary.communicators.count
    coverage.communicatorsComplete = summary.communicators.lazy.filter(\.isComplete).count
    coverage.hasOperations = !summary.traffic.isEmpty
    var facts = CoverageStatement.Facts()
    facts.missing = missing
    facts.inputName = table.inputName
    facts.jobs = ranks.jobs
    facts.guessedRanks = ranks.guessed
    facts.assumedCommunicators =
      summary.communicators.lazy.filter { $0.membership == "assumed" }
      .count
    facts.matchedCommunicators =
      summary.communicators.lazy.filter { $0.membership == "matching" }
      .count
    facts.hasByteCounts = hasByteCounts
    facts.hasUnnamed = summary.traffic.contains { $0.collective == "unnamed" }
    let types = analysed.reduce(into: Set<UInt8>()) { $0.formUnion($1.traffic.unknownTypes) }
    facts.unknownTypes = types.sorted().map { DataType(rawValue: $0).name }
    facts.unplacedBytes = summary.traffic.lazy.filter { $0.interNodeBytes == nil }
      .reduce(0) { $0.adding($1.wireBytes) }
    // Graphs are used by inference engines; training loops call NCCL every step.
    let serves = summary.traffic.contains { $0.phase == .decode || $0.phase == .prefill }
    facts.capturedCounts = order.captured
    facts.replays = replays(order)
    for row in summary.traffic {
      facts.scaledPayloadBytes.add(row.scaledPayloadBytes ?? 0)
      facts.scaledWireBytes.add(row.scaledWireBytes ?? 0)
    }
    facts.serves = layout?.isInference ?? serves
    facts.patterns = order.patterns.map { (rank(ofProcess: $0.process), $0.pattern) }
    coverage.repetitions = CoverageStatement.repetitions(facts)
    coverage.repeatsPasses = facts.serves
    coverage.tokens = layout?.tokens
    facts.prefillCount = onlyCount(summary, .prefill)
    facts.decodeCount = onlyCount(summary, .decode)
    facts.hiddenSize = hiddenSize
    facts.mayReplayGraphs = layout?.isInference ?? serves
    for file in table.files { facts.coarsenedCalls += file.coarsenedCalls }
    facts.connections = connectionCheck
    facts.unplacedConnections = table.files.reduce(0) { $0 + $1.unplacedConnections }
    coverage.statements = CoverageStatement.statements(coverage, facts)
    return coverage
  }
}

extension SummaryAssembly {
  /// The edges of rings and trees that the logs of all ranks of a communicator show.
  private func ringEdges() -> [RingEdgeRow] {
    analysed.flatMap { own in
      let rings = own.placement.ringSource == .log ? own.placement.ring : []
      let trees = own.placement.printedTree ?? []
      return [(RingEdgeRow.Kind.ring, rings), (.tree, trees)].flatMap { kind, edges in
        edges.compactMap { edge -> RingEdgeRow? in
          let (from, to) = (own.placement.seats[edge.source], own.placement.seats[edge.target])
          guard let source = ranks.rank[from], let target = ranks.rank[to] else { return nil }
          return RingEdgeRow(
            communicator: own.name, kind: kind, sourceRank: source, destinationRank: target,
            channels: edge.weight, crossesNodes: own.placement.crosses(from, to))
        }.reduce(into: [RingEdgeRow]()) { rows, row in
          // Edges come sorted by rank, one for each channel and view that printed it.
          if let last = rows.last, last.sourceRank == row.sourceRank,
            last.destinationRank == row.destinationRank
          {
            rows[rows.count - 1].channels.add(row.channels)
          } else {
            rows.append(row)
          }
        }
      }
    }
  }

  /// The global rank of a process with one GPU.
  private func rank(ofProcess process: Int) -> Int? {
    let seats = rankOfProcess[process] ?? []
    return seats.count == 1 ? seats[0] : nil
  }

  /// Elements of the tensor group's reductions in a phase, if they are always as many.
  private func onlyCount(_ summary: TrafficSummary, _ phase: TrafficPhase) -> UInt64? {
    let rows = summary.traffic.filter {
      $0.phase == phase && $0.dimension == .tp && $0.collective == "all_reduce"
    }
    let counts = Set(rows.map(\.elementCount))
    return counts.count == 1 ? rows[0].elementCount : nil
  }
}

/// The releases behind the communicators, as far as lines or message forms tell.
struct Releases {
  private let ofCommunicator: [ClosedRange<Int>?]
  private let common: ClosedRange<Int>?

  /// Looks up the release of every communicator's processes.
  init(_ table: ProcessTable, _ endpoints: Endpoints, _ communicators: CommunicatorTable) {
    // Only rank 0 of a job prints a version line in many releases.
    let own = table.records.map { record -> ClosedRange<Int>? in
      if let version = record.facts.version {
        let number = version.major &* 1000 &+ version.minor
        return number...number
      }
      return record.facts.versionBounds
    }
    let exact = Set(own.compactMap { $0.flatMap { $0.lowerBound == $0.upperBound ? $0 : nil } })
    common = exact.count == 1 ? exact.first : nil
    ofCommunicator = communicators.all.map { communicator in
      var best: ClosedRange<Int>?
      for index in communicator.instances {
        guard let bounds = own[endpoints.instances[index].process] else { continue }
        guard let known = best else {
          best = bounds
          continue
        }
        let low = max(known.lowerBound, bounds.lowerBound)
        let high = min(known.upperBound, bounds.upperBound)
        if low <= high { best = low...high }
      }
      return best
    }
  }

  /// Whether all-gather and broadcast are logged as bytes; `nil` when the release is not known.
  func logsBytes(communicator: Int) -> Bool? {
    for bounds in [ofCommunicator[communicator], common] {
      guard let bounds else { continue }
      if bounds.upperBound <= 2021 { return true }
      if bounds.lowerBound >= 2022 { return false }
    }
    return nil
  }
}
