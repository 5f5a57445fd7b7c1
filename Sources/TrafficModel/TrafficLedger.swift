// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace
internal import TrafficAnalysis

/// One term of a closed form: the same call, made equally often on communicators of one kind.
struct OperationClass {
  /// Which ranks call.
  enum Members: Hashable {
    /// All ranks of a pipeline stage, in groups within the stage.
    case stage(Int)
    /// All ranks, in groups that cross stages.
    case everyStage
    /// The ranks of one stage send to their counterparts of another.
    case boundary(from: Int, to: Int)
    /// The ranks of the first and the last stage, in pairs.
    case ends
  }

  /// What one call moves.
  enum Size: Hashable {
    /// Elements as a log states the call.
    case elements(UInt64)
    /// Bytes of a whole message S whose parts differ, so that no single count exists.
    case unevenMessage(bytes: UInt64)
  }

  var dimension: ParallelismDimension
  var phase: TrafficPhase
  var kind: OperationKind
  var size: Size
  var dataType: DataType
  var communicatorSize: Int
  /// Operations on each communicator; on a boundary, sends of each rank.
  var operations: UInt64
  var members: Members
  /// The formula and where it comes from.
  var source: String
  var note = ""
}

/// Adds up operation classes to rows and to sums of ranks.
///
/// With *n* ranks, *b* = count x element size and *S* = *b* for all-reduce and sends, *n b* for the
/// others, one operation moves:
///
/// | kind | send buffers | bytes that leave GPUs |
/// | --- | --- | --- |
/// | all-reduce | n S | 2 (n-1) S |
/// | all-gather | S | (n-1) S |
/// | reduce-scatter, all-to-all | n S | (n-1) S |
/// | gather | S | (n-1) b |
/// | send + receive | S | S |
///
/// These are the sums over ranks of nccl-tests' bus factors: 2(n-1)/n S for each rank of an
/// all-reduce, (n-1)/n S for the others.
///
/// - Complexity: a class costs O(1); ``traffic(job:statements:)`` is O(*ranks* + *r* log *r*).
struct TrafficLedger {
  private struct Key: Hashable {
    var dimension: ParallelismDimension
    var phase: TrafficPhase
    var collective: String
    var dataType: DataType
    var size: OperationClass.Size
    var communicatorSize: Int
  }

  private struct Accumulator {
    var row: ExpectedTraffic.Row
    /// Stages with communicators of this row; groups across stages are counted apart.
    var stages: Set<Int> = []
    var acrossStages = 0
    var sources: [String] = []
    var notes: [String] = []
  }

  private struct Sums {
    var calls: UInt64 = 0
    var payload: UInt64 = 0
    var sent: UInt64 = 0
    var received: UInt64 = 0

    mutating func add(calls: UInt64, payload: UInt64, sent: UInt64, received: UInt64) {
      self.calls.add(calls)
      self.payload.add(payload)
      self.sent.add(sent)
      self.received.add(received)
    }
  }

  private let ranksPerStage: Int
  private var accumulators: [Key: Accumulator] = [:]
  private var sums: [Sums]
  /// As `sums`, for the first rank of each tensor group, which is the root of gathers.
  private var rootSums: [Sums]

  init(parallelism: JobDescription.Parallelism) {
    ranksPerStage = max(1, parallelism.ranksPerStage)
    sums = [Sums](repeating: Sums(), count: max(1, parallelism.pipeline))
    rootSums = sums
  }

  /// Adds a class; one that has nothing to say (a single rank, no calls, no elements) is left out.
  mutating func record(_ term: OperationClass) {
    let n = term.communicatorSize
    guard n > 1, term.operations > 0, let elementSize = term.dataType.byteSize else { return }
    let isParted = [.allGather, .reduceScatter, .allToAll, .gather].contains(term.kind)
    let message: UInt64
    var count: UInt64?
    switch term.size {
    case .elements(let elements):
      guard elements > 0 else { return }
      count = elements
      message = elements.times(elementSize).times(isParted ? n : 1)
    case .unevenMessage(let bytes):
      guard bytes > 0 else { return }
      message = bytes
    }
    let part = message / UInt64(n)
    let others = UInt64(n - 1)
    // Bytes of one operation, over all ranks of the communicator.
    let payload: UInt64
    let wire: UInt64
    switch term.kind {
    case .allReduce: (payload, wire) = (message.times(n), message.times(2).times(others))
    case .allGather: (payload, wire) = (message, message.times(others))
    case .reduceScatter, .allToAll: (payload, wire) = (message.times(n), message.times(others))
    case .gather: (payload, wire) = (message, part.times(others))
    default: (payload, wire) = (message, message)
    }
    addToRanks(term, message: message, payload: payload, wire: wire, part: part)

    let isPointToPoint = term.kind.isPointToPoint
    let communicators = communicators(term)
    let operations = term.operations.times(communicators)
    let key = Key(
      dimension: term.dimension, phase: term.phase,
      collective: isPointToPoint ? "send_recv" : term.kind.name, dataType: term.dataType,
      size: term.size, communicatorSize: n)
    var own =
      accumulators[key]
      ?? Accumulator(
        row: ExpectedTraffic.Row(
          dimension: key.dimension, phase: key.phase, collective: key.collective,
          dataType: term.dataType.name, elementCount: count, messageBytes: message,
          communicatorSize: n, communicators: 0, operations: 0, rankCalls: 0, payloadBytes: 0,
          wireBytes: 0, source: "", note: ""))
    own.row.operations.add(operations)
    own.row.rankCalls.add(operations.times(isPointToPoint ? 2 : n))
    own.row.payloadBytes.add(payload.times(operations))
    own.row.wireBytes.add(wire.times(operations))
    if own.row.callsByStage.isEmpty {
      own.row.callsByStage = [UInt64](repeating: 0, count: sums.count)
    }
    // A ring of sends and receives: each rank makes its share of both.
    let calls =
      if case .boundary = term.members {
        term.operations
      } else {
        isPointToPoint ? term.operations.times(2) / UInt64(n) : term.operations
      }
    for stage in stages(term.members) { own.row.callsByStage[stage].add(calls) }
    if case .stage(let stage) = term.members {
      own.stages.insert(stage)
      own.row.communicators = max(own.acrossStages, own.stages.count * communicators)
    } else {
      own.acrossStages = max(own.acrossStages, communicators)
      own.row.communicators = max(own.row.communicators, own.acrossStages)
    }
    if !own.sources.contains(term.source) { own.sources.append(term.source) }
    if !term.note.isEmpty, !own.notes.contains(term.note) { own.notes.append(term.note) }
    accumulators[key] = own
  }

  /// Communicators of a class; groups of one kind cover their ranks without overlap.
  private func communicators(_ term: OperationClass) -> Int {
    switch term.members {
    case .stage: ranksPerStage / term.communicatorSize
    case .everyStage: ranksPerStage * sums.count / term.communicatorSize
    // One counterpart in each stage.
    case .boundary, .ends: ranksPerStage
    }
  }

  /// The stages whose ranks call.
  private func stages(_ members: OperationClass.Members) -> [Int] {
    switch members {
    case .stage(let stage): [stage]
    case .everyStage: Array(sums.indices)
    case .boundary(let source, let destination): [source, destination]
    case .ends: [0, sums.count - 1]
    }
  }

  private mutating func addToRanks(
    _ term: OperationClass, message: UInt64, payload: UInt64, wire: UInt64, part: UInt64
  ) {
    let n = UInt64(term.communicatorSize)
    let times = term.operations
    switch term.members {
    case .boundary(let source, let destination):
      let bytes = message.times(times)
      add(stage: source, calls: times, payload: bytes, sent: bytes, received: 0)
      add(stage: destination, calls: times, payload: 0, sent: 0, received: bytes)
    case .stage(let stage) where term.kind == .gather:
      let bytes = part.times(times)
      sums[stage].add(calls: times, payload: bytes, sent: bytes, received: 0)
      rootSums[stage].add(
        calls: times, payload: bytes, sent: 0, received: bytes.times(n - 1))
    case .stage, .everyStage, .ends:
      // A ring of sends and receives: each rank makes its share of both.
      let calls = term.kind.isPointToPoint ? times.times(2) / n : times
      let bytes = wire.times(times) / n
      for stage in stages(term.members) {
        add(
          stage: stage, calls: calls, payload: payload.times(times) / n, sent: bytes,
          received: bytes)
      }
    }
  }

  private mutating func add(
    stage: Int, calls: UInt64, payload: UInt64, sent: UInt64, received: UInt64
  ) {
    sums[stage].add(calls: calls, payload: payload, sent: sent, received: received)
    rootSums[stage].add(calls: calls, payload: payload, sent: sent, received: received)
  }

  /// Returns everything recorded, in the documented order.
  func traffic(job: JobDescription, statements: [String]) -> ExpectedTraffic {
    let rows = accumulators.values.map { own in
      var row = own.row
      row.source = own.sources.joined(separator: "; ")
      row.note = own.notes.joined(separator: "; ")
      return row
    }
    let grid = RankGrid(job: job)
    var ranks: [ExpectedTraffic.Rank] = []
    ranks.reserveCapacity(job.worldSize)
    for rank in 0..<job.worldSize {
      guard let place = grid.coordinates(of: rank) else { continue }
      let own = place.tensor == 0 ? rootSums[place.pipeline] : sums[place.pipeline]
      ranks.append(
        ExpectedTraffic.Rank(
          rank: rank, stage: place.pipeline, calls: own.calls, payloadBytes: own.payload,
          sentBytes: own.sent, receivedBytes: own.received))
    }
    return ExpectedTraffic(
      job: Self.title(of: job), rows: rows.sorted(by: Self.precedes), ranks: ranks,
      statements: statements)
  }

  /// The job's name, else its file's without the folder: an output tells nothing of a machine.
  private static func title(of job: JobDescription) -> String {
    job.name ?? job.file.split(separator: "/").last.map(String.init) ?? job.file
  }

  private static func precedes(_ a: ExpectedTraffic.Row, _ b: ExpectedTraffic.Row) -> Bool {
    if a.dimension != b.dimension { return a.dimension < b.dimension }
    if a.phase != b.phase { return a.phase < b.phase }
    if a.collective != b.collective { return a.collective < b.collective }
    if a.dataType != b.dataType { return a.dataType < b.dataType }
    if a.messageBytes != b.messageBytes { return a.messageBytes < b.messageBytes }
    if a.communicatorSize != b.communicatorSize { return a.communicatorSize < b.communicatorSize }
    return (a.elementCount ?? 0) < (b.elementCount ?? 0)
  }
}
