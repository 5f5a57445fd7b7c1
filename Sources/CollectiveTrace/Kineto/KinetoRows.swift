// SPDX-License-Identifier: Apache-2.0

/// Counts calls by communicator, operation, type and size.
struct KinetoRows {
  private struct Key: Hashable {
    var communicator: Int32
    var kind: OperationKind
    var type: UInt8
    var reduction: UInt32
    var peer: Int32
    var count: UInt64
    var isCoarse: Bool
    var isUnsized: Bool
  }

  private struct TuningKey: Hashable {
    var communicator: Int32
    var kind: OperationKind
    var bytes: UInt64
    var algorithm: UInt8
    var wire: UInt8
  }

  var globalRank: Int?
  var worldSize: Int?
  /// Calls beyond the limit of rows, counted without their size.
  private(set) var coarsenedCalls = 0
  /// Calls of which the trace does not state the size.
  private(set) var unsizedCalls: UInt64 = 0

  private let groups: [ProcessGroups.Group]
  private let limit: Int
  private var communicators: [CommunicatorFacts] = []
  /// Group of each communicator; -1 for the one of unknown groups.
  private var groupOf: [Int] = []
  private var place: [Int: Int32] = [:]
  private var rows: [Key: Int32] = [:]
  private var tunings: [TuningKey: Int] = [:]
  /// Place of a row's durations, by communicator and row.
  private var durations: [OverlapTable.Key: Int] = [:]
  private var recorder = SymbolRecorder()

  init(groups: [ProcessGroups.Group], limit: Int) {
    self.groups = groups
    self.limit = limit
  }

  /// Counts one call and returns its communicator and row.
  mutating func count(_ call: KinetoCalls.Call, _ kernel: KernelName?) -> (Int32, Int32) {
    let metadata = call.metadata
    let communicator = communicator(of: Int(metadata.group))
    let group = groups.indices.contains(Int(metadata.group)) ? groups[Int(metadata.group)] : nil
    let kind = metadata.collective.kind ?? kernel?.kind ?? .unnamed
    var key = Key(
      communicator: communicator, kind: kind, type: metadata.type, reduction: 0, peer: 0, count: 0,
      isCoarse: false, isUnsized: false)
    if metadata.collective == .barrier {
      // PyTorch reduces one float; its metadata speak of no bytes.
      key.type = DataType.float32.rawValue
    }
    if key.type == 255 { key.type = kernel?.type ?? 255 }
    switch kind {
    case .allReduce, .reduceScatter, .reduce, .unnamed:
      key.reduction = kernel?.reduction ?? CollectiveName.unknownReduction
    default: break
    }
    if metadata.collective.rankIsPeer { key.peer = peer(metadata, group) }
    var elements: UInt64 = 0
    let size = group?.size ?? 0
    let isUneven = kind == .allToAll && metadata.isUneven
    if isUneven, size > 0, metadata.input >= 0 {
      key.isCoarse = true
      elements = UInt64(metadata.input) / UInt64(size)
    } else if !isUneven,
      let count = metadata.collective.elementCount(
        input: metadata.input, output: metadata.output, size: size)
    {
      key.count = count
      elements = count
    } else {
      (key.isCoarse, key.isUnsized) = (true, true)
      unsizedCalls += 1
    }
    if rows[key] == nil, rows.count >= limit {
      // Room is left for one row without a size per operation.
      if !key.isCoarse { coarsenedCalls += 1 }
      (key.isCoarse, key.count, key.peer) = (true, 0, 0)
    }
    let row = row(for: key)
    let place = Int(communicator)
    communicators[place].calls[Int(row)].calls += 1
    communicators[place].calls[Int(row)].elements = Self.sum(
      communicators[place].calls[Int(row)].elements, elements)
    if !kind.isPointToPoint { communicators[place].collectiveCalls += 1 }
    if let interval = call.kernel, !call.isShared {
      addDuration(interval.end - interval.start, communicator, row)
    }
    if let kernel { addTuning(kernel, key, elements) }
    recorder.append(communicator: place, row: Int(row))
    return (communicator, row)
  }

  private mutating func row(for key: Key) -> Int32 {
    if let known = rows[key] { return known }
    let place = Int(key.communicator)
    let row = Int32(communicators[place].calls.count)
    rows[key] = row
    communicators[place].calls.append(
      CallFacts(
        kind: key.kind, dataType: DataType(rawValue: key.type), reduction: key.reduction,
        peer: key.peer, elementCount: key.count, isCoarse: key.isCoarse, calls: 0, elements: 0,
        isUnsized: key.isUnsized))
    return row
  }

  private mutating func addDuration(_ duration: Int64, _ communicator: Int32, _ row: Int32) {
    let key = OverlapTable.Key(step: 0, communicator: communicator, row: row)
    let place = Int(communicator)
    let index = durations[key] ?? communicators[place].durations.count
    if durations[key] == nil {
      durations[key] = index
      communicators[place].durations.append(DurationFacts(row: Int(row), basis: .kernelGPU))
    }
    communicators[place].durations[index].histogram.add(duration)
  }

  private mutating func addTuning(_ kernel: KernelName, _ key: Key, _ elements: UInt64) {
    guard kernel.algorithm > 0, kernel.kind == key.kind else { return }
    let width = UInt64(DataType(rawValue: key.type).byteSize ?? 0)
    let bytes = key.count.multipliedReportingOverflow(by: width)
    var tuning = TuningKey(
      communicator: key.communicator, kind: key.kind,
      bytes: bytes.overflow ? .max : bytes.partialValue, algorithm: kernel.algorithm,
      wire: kernel.wire)
    if tunings.count >= limit { tuning.bytes = 0 }
    let place = Int(key.communicator)
    if let index = tunings[tuning] {
      communicators[place].tunings[index].lines += 1
      return
    }
    tunings[tuning] = communicators[place].tunings.count
    communicators[place].tunings.append(
      TuningFacts(
        kind: key.kind, bytes: tuning.bytes,
        algorithm: KernelName.algorithms[Int(kernel.algorithm)],
        protocol: KernelName.protocols[Int(kernel.wire)], lines: 1))
  }

  private static func sum(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let sum = a.addingReportingOverflow(b)
    return sum.overflow ? .max : sum.partialValue
  }

  /// The root's or peer's rank in the group; -1 when it cannot be told.
  private func peer(_ metadata: KinetoStore.Metadata, _ group: ProcessGroups.Group?) -> Int32 {
    if metadata.peer >= 0, let members = group?.members,
      let index = members.firstIndex(of: Int(metadata.peer))
    {
      return Int32(index)
    }
    guard metadata.rank >= 0 else { return -1 }
    if let size = group?.size, size > 0, Int(metadata.rank) >= size { return -1 }
    return metadata.rank
  }

  // MARK: - Communicators

  private mutating func communicator(of group: Int) -> Int32 {
    let group = groups.indices.contains(group) ? group : -1
    if let known = place[group] { return known }
    let number = Int32(communicators.count)
    place[group] = number
    groupOf.append(group)
    var facts = CommunicatorFacts(pointer: 0)
    if group >= 0 { describe(&facts, groups[group], number: group) }
    communicators.append(facts)
    return number
  }

  private func describe(
    _ facts: inout CommunicatorFacts, _ group: ProcessGroups.Group, number: Int
  ) {
    facts.pointer = group.pointer != 0 ? group.pointer : UInt64(number + 1)
    facts.size = group.size > 0 ? group.size : nil
    facts.members = group.members
    if facts.members.isEmpty, let size = facts.size, size == worldSize, size <= 1 << 17 {
      // All ranks of the job; PyTorch sorts the ranks of a group.
      facts.members = Array(0..<size)
    }
    facts.rank = globalRank.flatMap { facts.members.firstIndex(of: $0) }
    if facts.rank == nil, group.ownRank >= 0 { facts.rank = group.ownRank }
    facts.name =
      !group.details.isEmpty && group.details != "undefined"
      ? group.details : group.name.isEmpty ? nil : group.name
    facts.identifier = identifier(of: group)
  }

  /// FNV-1a over name and members: a group of the same name and members is the same group.
  private func identifier(of group: ProcessGroups.Group) -> UInt64? {
    guard !group.name.isEmpty, !group.members.isEmpty else { return nil }
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    for byte in group.name.utf8 { add(byte) }
    for rank in group.members {
      add(0xFF)
      for byte in String(rank).utf8 { add(byte) }
    }
    return hash
  }

  /// Hands over the communicators, those of groups without calls last.
  mutating func finish(_ process: inout ProcessFacts) {
    for (number, group) in groups.enumerated() where place[number] == nil {
      if let globalRank, !group.members.isEmpty, !group.members.contains(globalRank) { continue }
      _ = communicator(of: number)
    }
    process.communicators = communicators
    if let sequence = recorder.finish() { process.timelines = [sequence] }
  }
}

/// The order of calls as symbols of a ``CallSequence``.
private struct SymbolRecorder {
  private var sequence = CallSequence()
  private var numbers: [CallSequence.Symbol: Int] = [:]
  private var order: [UInt32] = []

  mutating func append(communicator: Int, row: Int) {
    let symbol = CallSequence.Symbol(communicator: communicator, row: row, isExchange: false)
    let number = numbers[symbol] ?? sequence.symbols.count
    if number == sequence.symbols.count {
      numbers[symbol] = number
      sequence.symbols.append(symbol)
    }
    order.append(UInt32(truncatingIfNeeded: number))
  }

  mutating func finish() -> CallSequence? {
    guard !order.isEmpty else { return nil }
    var recorder = SequenceRecorder()
    for number in order { recorder.append(number) }
    var recorded = recorder.finish()
    recorded.symbols = sequence.symbols
    return recorded
  }
}
