// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace

/// Builds facts by hand, one process per rank unless said otherwise.
struct TraceBuilder {
  var partial = TracePartial()
  var version: LibraryVersion? = LibraryVersion(major: 2, minor: 27, patch: 7)
  private var nextPointer: UInt64 = 0x7f00_0000_1000

  /// Adds a process with a file of its own and returns its index.
  @discardableResult
  mutating func process(host: String = "node1", pid: Int, file: String? = nil) -> Int {
    var ledger = FileLedger(file: file ?? "nccl.\(host).\(pid).log")
    ledger.format = "nccl-log"
    ledger.lines = 1000
    ledger.bytes = 100_000
    ledger[.parsed] = {
      var count = FileLedger.Count()
      count.lines = 1000
      count.bytes = 100_000
      return count
    }()
    partial.files.append(ledger)
    var facts = ProcessFacts(file: partial.files.count - 1, host: host, pid: pid)
    facts.version = version
    partial.processes.append(facts)
    return partial.processes.count - 1
  }

  /// Adds `count` processes, `perNode` to a node.
  mutating func processes(_ count: Int, perNode: Int = 8) {
    for rank in 0..<count { process(host: "node\(rank / perNode + 1)", pid: 100 + rank) }
  }

  /// Adds a communicator's view to a process and returns its index there.
  @discardableResult
  mutating func view(
    _ process: Int, rank: Int?, size: Int?, id: UInt64?, device: Int? = nil,
    calls: [CallFacts] = [], exchanges: [ExchangeFacts] = [], parent: Int? = nil,
    ordinal: Int? = nil, color: Int? = nil, pointer: UInt64? = nil
  ) -> Int {
    nextPointer += 0x1000
    var facts = CommunicatorFacts(pointer: pointer ?? nextPointer)
    facts.rank = rank
    facts.size = size
    facts.identifier = id
    facts.initStarted = rank != nil
    facts.initCompleted = rank != nil
    facts.cudaDevice = rank == nil ? nil : device ?? 0
    facts.calls = calls
    facts.exchanges = exchanges
    facts.parent = parent
    facts.splitOrdinal = ordinal
    facts.color = color
    facts.firstLine = partial.processes[process].communicators.count * 10 + 1
    for row in calls where !row.kind.isPointToPoint {
      facts.collectiveCalls += Int(row.calls)
      // Any function of the calls will do; equal rows give equal hashes.
      facts.collectiveOrderHash =
        (facts.collectiveOrderHash &* 31 &+ row.elementCount &* 7 &+ row.calls)
        &+ UInt64(row.kind.rawValue)
    }
    partial.processes[process].communicators.append(facts)
    return partial.processes[process].communicators.count - 1
  }

  /// Adds a communicator over processes, in rank order, whose ranks all call the same.
  mutating func communicator(
    _ members: [Int], id: UInt64?, calls: [CallFacts] = [], ordinal: Int? = nil, color: Int? = nil,
    parent: Int? = nil
  ) {
    for (rank, process) in members.enumerated() {
      view(
        process, rank: rank, size: members.count, id: id, calls: calls, parent: parent,
        ordinal: ordinal, color: color)
    }
  }

  /// One row of calls.
  static func call(
    _ kind: OperationKind, _ count: UInt64, _ type: DataType = .float32, calls: UInt64 = 1,
    peer: Int32 = 0, shape: ExchangeShape = .single, isCoarse: Bool = false,
    elements: UInt64? = nil
  ) -> CallFacts {
    CallFacts(
      kind: kind, dataType: type, peer: peer, elementCount: isCoarse ? 0 : count,
      isCoarse: isCoarse, shape: shape, calls: calls,
      elements: elements ?? count.multipliedReportingOverflow(by: calls).partialValue)
  }
}
