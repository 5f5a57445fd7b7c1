// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// A trace with times, and where its communicators are among those of the process it belongs to.
struct TimedProcess {
  /// What the trace says.
  var facts: ProcessFacts
  /// For each of its communicators the one of the process; `nil` where none fits.
  var communicators: [Int?]
}

/// Joins what several sources say of one process, so that nothing is counted twice.
///
/// A log counts every call at the API and knows no time; a profile knows the times of some steps;
/// NCCL Inspector and PyTorch's Flight Recorder keep the last calls. The best counter becomes the
/// record of the process, the others lend it their times. A trace belongs to a record by
///
/// 1. host and process id,
/// 2. the id and rank of a communicator that both name,
/// 3. the global rank that the trace states, if the record's largest communicator, of as many ranks
///    as the job, has it.
///
/// Communicators are then the same by id and rank, by name and size, or, as the only one, by size,
/// rank and the calls made on it.
struct TimedJoin {
  /// Sources, best counter first.
  static let order: [TraceSource] = [
    .ncclLog, .kineto, .profiler, .executionTrace, .inspector, .flightRecorder,
  ]

  private struct Identity: Hashable {
    var host: String
    var pid: Int
  }

  private struct Seat: Hashable {
    var identifier: UInt64
    var rank: Int
  }

  private struct Number: Hashable {
    var rank: Int
    var size: Int
  }

  private(set) var records: [ProcessTable.Record]
  private var byIdentity: [Identity: Int] = [:]
  private var bySeat: [Seat: Int] = [:]
  /// `nil` where two records would have the number: files of two jobs.
  private var byNumber: [Number: Int?] = [:]

  /// Starts with the processes of logs.
  init(_ records: [ProcessTable.Record]) {
    self.records = records
    for index in records.indices { enter(index) }
  }

  /// Adds processes of other sources, each to its record or as a new one.
  mutating func add(_ processes: [ProcessFacts]) {
    for source in Self.order {
      for process in processes where process.source == source {
        if let place = place(of: process) {
          let map = process.communicators.map {
            Self.match($0, of: source, in: records[place].facts)
          }
          records[place].timed.append(TimedProcess(facts: process, communicators: map))
          records[place].files.append(process.file)
          if records[place].facts.globalRank == nil {
            records[place].facts.globalRank = process.globalRank
            records[place].facts.worldSize = process.worldSize
          }
        } else {
          var record = ProcessTable.Record(facts: process, files: [process.file])
          record.timed = [
            TimedProcess(facts: process, communicators: process.communicators.indices.map { $0 })
          ]
          records.append(record)
          enter(records.count - 1)
        }
      }
    }
  }

  private mutating func enter(_ index: Int) {
    let facts = records[index].facts
    if let identity = Self.identity(facts) { byIdentity[identity] = byIdentity[identity] ?? index }
    for communicator in facts.communicators {
      guard let identifier = communicator.identifier, let rank = communicator.rank else { continue }
      let seat = Seat(identifier: identifier, rank: rank)
      bySeat[seat] = bySeat[seat] ?? index
    }
    guard let number = Self.number(facts) else { return }
    byNumber[number] = byNumber[number] == nil ? .some(index) : .some(nil)
  }

  /// Host names are cut at the first dot by NCCL's log, and not by others.
  private static func identity(_ facts: ProcessFacts) -> Identity? {
    guard facts.pid > 0, !facts.host.isEmpty else { return nil }
    return Identity(host: String(facts.host.prefix { $0 != "." }), pid: facts.pid)
  }

  /// The global rank, as stated or as rank of the largest communicator.
  private static func number(_ facts: ProcessFacts) -> Number? {
    let largest = facts.communicators.lazy.compactMap { communicator in
      communicator.size.flatMap { size in communicator.rank.map { Number(rank: $0, size: size) } }
    }.max { $0.size < $1.size }
    if let rank = facts.globalRank {
      return (facts.worldSize ?? largest?.size).map { Number(rank: rank, size: $0) }
    }
    return largest
  }

  private func place(of process: ProcessFacts) -> Int? {
    // One source does not state a process twice.
    func isFree(_ index: Int) -> Bool {
      records[index].facts.source != process.source
        && !records[index].timed.contains { $0.facts.source == process.source }
    }
    if let index = Self.identity(process).flatMap({ byIdentity[$0] }), isFree(index) {
      return index
    }
    for communicator in process.communicators {
      guard let identifier = communicator.identifier, let rank = communicator.rank,
        let index = bySeat[Seat(identifier: identifier, rank: rank)], isFree(index)
      else { continue }
      return index
    }
    guard process.globalRank != nil, let number = Self.number(process),
      let known = byNumber[number], let index = known, isFree(index)
    else { return nil }
    return index
  }

  /// The communicator of a process that a trace's communicator is.
  private static func match(
    _ own: CommunicatorFacts, of source: TraceSource, in process: ProcessFacts
  ) -> Int? {
    let all = process.communicators
    func fits(_ other: CommunicatorFacts) -> Bool {
      (own.rank == nil || other.rank == nil || own.rank == other.rank)
        && (own.size == nil || other.size == nil || own.size == other.size)
    }
    // PyTorch's traces name a group by what they know of it, NCCL by a hash of its own.
    let sharesIdentifiers = statesHash(source) && statesHash(process.source)
    if sharesIdentifiers, let identifier = own.identifier {
      let same = all.indices.filter { all[$0].identifier == identifier && fits(all[$0]) }
      // NCCL 2.18 to 2.22 print one id for several splits; the size or the rank tells most apart.
      if let only = same.first, same.count == 1 { return only }
      if all.contains(where: { $0.identifier != nil }), same.isEmpty { return nil }
    }
    if let name = own.name {
      let same = all.indices.filter { all[$0].name == name && fits(all[$0]) }
      if let only = same.first, same.count == 1 { return only }
    }
    let candidates = all.indices.filter { fits(all[$0]) && all[$0].size == own.size }
    if candidates.count == 1, own.size != nil { return candidates.first }
    let calls = Set(own.calls.lazy.filter { !$0.isCoarse }.map(CallKey.init))
    guard !calls.isEmpty else { return nil }
    let able = candidates.filter { index in
      calls.isSubset(of: Set(all[index].calls.lazy.map(CallKey.init)))
    }
    return able.count == 1 ? able.first : nil
  }

  /// Whether the identifiers of a source are NCCL's hashes of communicators.
  private static func statesHash(_ source: TraceSource) -> Bool {
    switch source {
    case .ncclLog, .inspector, .profiler: true
    case .kineto, .flightRecorder, .executionTrace: false
    }
  }

  /// A call by what all sources state of it.
  private struct CallKey: Hashable {
    var kind: OperationKind
    var bytes: UInt64

    init(_ row: CallFacts) {
      kind = row.kind
      bytes = row.elementCount.times(UInt64(clamping: row.dataType.byteSize ?? 0))
    }
  }
}

extension CommunicatorFacts {
  /// What is the same on all ranks of a communicator and on no other: its id, or the name and the
  /// members of its process group.
  var identity: UInt64? {
    if let identifier { return identifier }
    guard let size, !members.isEmpty || (name ?? "").isEmpty == false, parent == nil, !initStarted
    else { return nil }
    // FNV-1a.
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    func mix(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    for byte in (name ?? "").utf8 { mix(byte) }
    mix(0)
    for byte in (groupName ?? "").utf8 { mix(byte) }
    mix(0)
    for number in [size] + members {
      for shift in stride(from: 0, to: 64, by: 8) {
        mix(UInt8(truncatingIfNeeded: number >> shift))
      }
    }
    return hash
  }
}
