// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// The processes of a job, each put together from its files.
///
/// A process may write to more than one file: a rotated log, or standard output beside
/// `NCCL_DEBUG_FILE`. Host and process id alone do not identify it, because containers count their
/// process ids from one; a file continues another one only if it uses communicators that the other
/// file created and that were still open at its end.
struct ProcessTable {
  /// A process and how far its facts can be trusted.
  struct Record {
    /// What the process wrote, over all its files.
    var facts: ProcessFacts
    /// Communicators whose calls come from several files, so that their order is not known.
    var joined: Set<Int> = []
    /// The files, as indices in ``ProcessTable/files``.
    var files: [Int]
    /// What knows the times of its calls.
    var timed: [TimedProcess] = []
  }

  /// The ledgers, sorted by file name.
  let files: [FileLedger]
  /// What benchmarks measured, in the order of files and lines.
  let benchmarks: [BenchmarkFacts]
  /// The processes in an order that does not depend on how the files were given.
  private(set) var records: [Record] = []
  /// Per file that repeats processes of other files, how many it repeats and one of those files.
  private(set) var copies: [Int: (processes: Int, original: Int)] = [:]

  /// What the ranks have, as a word for sentences: `log`, or `trace` where there is no log at all.
  var inputName: String {
    records.isEmpty || records.contains { $0.facts.source == .ncclLog } ? "log" : "trace"
  }

  /// Puts files and processes in order and joins the files of one process.
  ///
  /// - Complexity: O(*p* log *p*) in processes, plus the communicators that are joined.
  init(_ partial: TracePartial) {
    let order = partial.fileOrder
    files = Self.markDuplicates(order.map { partial.files[$0] })
    var position = [Int](repeating: 0, count: order.count)
    for (new, old) in order.enumerated() { position[old] = new }

    let files = files
    benchmarks = partial.benchmarks.lazy.filter { position.indices.contains($0.file) }.map { row in
      var row = row
      row.file = position[row.file]
      return row
    }.filter { files[$0.file].status != .duplicate }.sorted {
      ($0.file, $0.line) < ($1.file, $1.line)
    }

    var processes: [ProcessFacts] = []
    processes.reserveCapacity(partial.processes.count)
    for process in partial.processes where partial.files.indices.contains(process.file) {
      // The same content under two names must not count twice.
      var process = process
      process.file = position[process.file]
      guard files[process.file].status != .duplicate else { continue }
      processes.append(process)
    }
    var joinedInFile: [Key: Set<Int>] = [:]
    // Within one file the order of first appearance is kept.
    let sorted = processes.indices.sorted {
      (processes[$0].file, $0) < (processes[$1].file, $1)
    }
    let ordered = sorted.map { processes[$0] }
    let logs = Self.withoutCopies(ordered.filter { $0.source == .ncclLog }, &copies)
    var join = TimedJoin(Self.join(Self.adoptTornHeads(logs, &joinedInFile)))
    join.add(ordered.filter { $0.source != .ncclLog })
    records = join.records
    for index in records.indices {
      let facts = records[index].facts
      guard let joined = joinedInFile[Key(file: facts.file, host: facts.host, pid: facts.pid)]
      else { continue }
      records[index].joined.formUnion(joined)
    }
  }

  /// Marks files whose text was already met under a name that sorts before.
  private static func markDuplicates(_ files: [FileLedger]) -> [FileLedger] {
    struct Content: Hashable {
      var crc: UInt32
      var bytes: Int
      var lines: Int
    }
    var first: [Content: String] = [:]
    return files.map { file in
      // No checksum means that there was no text, or that it was not taken.
      guard file.contentCRC32 != 0, file.bytes > 0, file.status != .duplicate else { return file }
      let content = Content(crc: file.contentCRC32, bytes: file.bytes, lines: file.lines)
      guard let name = first[content] else {
        first[content] = file.file
        return file
      }
      var file = file
      file.status = .duplicate
      file.detail = "The same content as \(name)."
      return file
    }
  }

  private struct Key: Hashable {
    var file: Int
    var host: String
    var pid: Int
  }

  /// Gives calls with a damaged head back to the process in the same file that they belong to.
  ///
  /// Where processes share a file, a line's head (`host:pid:tid`) may be cut off. Such lines seem to
  /// come from a process that never created a communicator, yet use the pointer of one that
  /// exactly one process of the file created. Where no init line was seen, the process with the
  /// same id that made most kinds of calls on that pointer is taken.
  private static func adoptTornHeads(
    _ processes: [ProcessFacts], _ joined: inout [Key: Set<Int>]
  ) -> [ProcessFacts] {
    struct Pointer: Hashable {
      var file: Int
      var value: UInt64
    }
    struct Use: Hashable {
      var pointer: Pointer
      var pid: Int
    }
    guard processes.contains(where: { !$0.communicators.isEmpty && !hasInit($0) }) else {
      return processes
    }
    var creators: [Pointer: Set<Int>] = [:]
    var hasStranger: Set<Int> = []
    /// Without init lines: for each use the process with most calls, `nil` where two have as many.
    var users: [Use: (process: Int?, calls: Int)] = [:]
    for (index, process) in processes.enumerated() {
      if process.communicators.isEmpty { continue }
      guard hasInit(process) else {
        hasStranger.insert(process.file)
        for communicator in process.communicators where process.pid > 0 {
          let use = Use(
            pointer: Pointer(file: process.file, value: communicator.pointer), pid: process.pid)
          let calls = communicator.calls.count
          let best = users[use]?.calls ?? 0
          if calls >= best { users[use] = (calls > best ? index : nil, calls) }
        }
        continue
      }
      for communicator in process.communicators where isCreated(communicator) {
        creators[Pointer(file: process.file, value: communicator.pointer), default: []]
          .insert(index)
      }
    }
    func owns(_ index: Int, _ communicator: CommunicatorFacts) -> Bool {
      let process = processes[index]
      let pointer = Pointer(file: process.file, value: communicator.pointer)
      return users[Use(pointer: pointer, pid: process.pid)]?.process == index
    }
    var result = processes
    for (index, process) in processes.enumerated()
    where hasStranger.contains(process.file) && !hasInit(process) {
      var left: [CommunicatorFacts] = []
      for orphan in process.communicators {
        let pointer = Pointer(file: process.file, value: orphan.pointer)
        let owners = creators[pointer] ?? []
        // A host name that was cut leaves the process id.
        let user = users[Use(pointer: pointer, pid: process.pid)]?.process
        // Only whole processes take in, and only what owns nothing is taken.
        let isDebris =
          user != index && !processes[index].communicators.contains { owns(index, $0) }
          && user.map { owner in
            processes[owner].communicators.allSatisfy { owns(owner, $0) }
          } ?? false
        let found = owners.isEmpty ? (isDebris ? user : nil) : owners.first
        guard owners.count <= 1, let owner = found,
          let place = result[owner].communicators.lastIndex(where: {
            $0.pointer == orphan.pointer && (owners.isEmpty || isCreated($0))
              && $0.firstLine <= orphan.firstLine
          }),
          result[owner].communicators[place].size == orphan.size || orphan.size == nil
        else {
          left.append(orphan)
          continue
        }
        result[owner].communicators[place].absorb(orphan)
        let facts = result[owner]
        joined[Key(file: facts.file, host: facts.host, pid: facts.pid), default: []].insert(place)
      }
      guard left.count < process.communicators.count else { continue }
      // What is left keeps its calls, but not the order, whose places have moved.
      result[index].communicators = left
      result[index].timelines = []
    }
    return result
  }

  private struct Identity: Hashable {
    var host: String
    var pid: Int
  }

  /// One communicator as its init line shows it.
  private struct Creation: Hashable {
    var pointer: UInt64
    var rank: Int?
    var size: Int?
    var identifier: UInt64?
    var busID: UInt64?
  }

  /// Leaves out processes that a second file holds as well.
  ///
  /// Standard output kept beside a copy in a debug file, or a copy with a launcher's prefix, has
  /// other bytes and the same lines. Two processes never share host, process id, and the pointers,
  /// ranks and ids of their communicators; the longer of the two is the one to count.
  private static func withoutCopies(
    _ processes: [ProcessFacts], _ copies: inout [Int: (processes: Int, original: Int)]
  ) -> [ProcessFacts] {
    struct First: Hashable {
      var identity: Identity
      var creation: Creation
    }
    func creations(_ process: ProcessFacts) -> some Sequence<Creation> {
      process.communicators.lazy.filter(isCreated).map {
        Creation(
          pointer: $0.pointer, rank: $0.rank, size: $0.size, identifier: $0.identifier,
          busID: $0.busID)
      }
    }
    func weight(_ index: Int) -> UInt64 {
      processes[index].communicators.reduce(into: 0) { sum, communicator in
        for row in communicator.calls { sum.add(row.calls) }
      }
    }
    // A copy may be cut at its end, hence equal first communicators make a candidate.
    var groups: [First: [Int]] = [:]
    for (index, process) in processes.enumerated() where !process.host.isEmpty && process.pid > 0 {
      guard let first = creations(process).first(where: { _ in true }),
        // Without an id, a communicator of one rank says nothing.
        first.identifier != nil || first.size ?? 0 > 1
      else { continue }
      let identity = Identity(host: process.host, pid: process.pid)
      groups[First(identity: identity, creation: first), default: []].append(index)
    }
    var dropped: [Int: Int] = [:]
    for group in groups.values where group.count > 1 {
      let sorted = group.map { (weight: weight($0), index: $0) }.sorted {
        ($1.weight, $0.index) < ($0.weight, $1.index)
      }
      guard let original = sorted.first?.index else { continue }
      let known = Set(creations(processes[original]))
      for (_, index) in sorted.dropFirst()
      where processes[index].file != processes[original].file
        && creations(processes[index]).allSatisfy(known.contains)
      {
        dropped[index] = original
      }
    }
    for (index, original) in dropped.sorted(by: { $0.key < $1.key }) {
      let file = processes[index].file
      copies[file, default: (0, processes[original].file)].processes += 1
    }
    return processes.indices.filter { dropped[$0] == nil }.map { processes[$0] }
  }

  /// Most rounds of joining: files that each continue another one are joined one per round.
  private static let maximumRounds = 8

  private static func join(_ processes: [ProcessFacts]) -> [Record] {
    var groups: [Identity: [Int]] = [:]
    for (index, process) in processes.enumerated() where !process.host.isEmpty && process.pid > 0 {
      groups[Identity(host: process.host, pid: process.pid), default: []].append(index)
    }
    var records: [Int: Record] = [:]
    for (index, process) in processes.enumerated() {
      records[index] = Record(facts: process, files: [process.file])
    }
    for group in groups.values where group.count > 1 {
      // Files that created communicators come first: the others may continue them.
      let owners = group.filter { hasInit(processes[$0]) }
      // `x.log` sorts before the older `x.log.1`: any owner may be the later part of another one.
      let followers = group.filter { !hasInit(processes[$0]) } + owners
      for _ in 0..<maximumRounds {
        var hasJoined = false
        for follower in followers {
          guard let part = records[follower] else { continue }
          let candidates = group.filter { $0 != follower && records[$0] != nil }
          guard let owner = candidates.first(where: { continues(part.facts, records[$0]?.facts) })
          else { continue }
          records[owner]?.append(part)
          records[follower] = nil
          hasJoined = true
        }
        guard hasJoined else { break }
      }
    }
    return processes.indices.compactMap { records[$0] }
  }

  /// Whether an init line was seen; a rank may also come from the line that ends a communicator.
  private static func isCreated(_ communicator: CommunicatorFacts) -> Bool {
    communicator.initStarted || communicator.initCompleted
  }

  private static func hasInit(_ process: ProcessFacts) -> Bool {
    process.communicators.contains(where: isCreated)
  }

  /// Whether `part` goes on where another file of the process stopped.
  private static func continues(_ part: ProcessFacts, _ owner: ProcessFacts?) -> Bool {
    guard let owner, part.file != owner.file else { return false }
    var open: [UInt64: CommunicatorFacts] = [:]
    for communicator in owner.communicators { open[communicator.pointer] = communicator }
    let orphans = part.communicators.filter { $0.continues(open[$0.pointer]) || !isCreated($0) }
    if part.communicators.isEmpty {
      // Version and environment lines only, as on standard output beside a debug file.
      return hasInit(owner)
    }
    guard !orphans.isEmpty else { return false }
    let isKnown = orphans.allSatisfy { $0.continues(open[$0.pointer]) }
    // Two containers may share a process id; they do not share a communicator's rank.
    let isSibling = part.communicators.contains { created in
      guard isCreated(created), let known = open[created.pointer] else { return false }
      return known.end == .open && !created.continues(known)
    }
    return isKnown && !isSibling
  }
}

extension ProcessTable.Record {
  /// Adds what the process wrote into another file.
  mutating func append(_ other: ProcessTable.Record) {
    var last: [UInt64: Int] = [:]
    for (index, communicator) in facts.communicators.enumerated() {
      last[communicator.pointer] = index
    }
    let openAtEnd = last
    var place: [Int] = []
    for communicator in other.facts.communicators {
      if let index = openAtEnd[communicator.pointer],
        communicator.continues(facts.communicators[index])
      {
        facts.communicators[index].absorb(communicator)
        joined.insert(index)
        place.append(index)
      } else {
        var communicator = communicator
        communicator.parent = communicator.parent.flatMap {
          place.indices.contains($0) ? place[$0] : nil
        }
        facts.communicators.append(communicator)
        place.append(facts.communicators.count - 1)
      }
    }
    files += other.files
    facts.version = facts.version ?? other.facts.version
    facts.versionBounds = facts.versionBounds ?? other.facts.versionBounds
    facts.launcherRank = facts.launcherRank ?? other.facts.launcherRank
    facts.environment += other.facts.environment.filter { !facts.environment.contains($0) }
    facts.networks += other.facts.networks.filter { !facts.networks.contains($0) }
    facts.notices += other.facts.notices
    facts.unplacedConnections += other.facts.unplacedConnections
    facts.complaints += other.facts.complaints
    facts.addresses += other.facts.addresses.filter { !facts.addresses.contains($0) }
    // Which file came first is not certain enough to join the order of calls.
    facts.timelines = []
  }
}

extension CommunicatorFacts {
  /// Whether this is a later stretch of the life that `known` begins.
  fileprivate func continues(_ known: CommunicatorFacts?) -> Bool {
    guard let known, known.end == .open, !initStarted else { return false }
    // The init may have been cut in two; one that had ended cannot end again.
    if initCompleted, !known.initStarted || known.initCompleted || known.rank != rank {
      return false
    }
    return (known.size == nil || size == nil || known.size == size)
      && (known.rank == nil || rank == nil || known.rank == rank)
  }

  /// Adds the calls of a later file to those of an earlier one.
  fileprivate mutating func absorb(_ other: CommunicatorFacts) {
    struct Key: Hashable {
      var kind: OperationKind
      var type: DataType
      var reduction: UInt32
      var peer: Int32
      var count: UInt64
      var isCoarse: Bool
      var shape: ExchangeShape
      init(_ row: CallFacts) {
        (kind, type, reduction, peer) = (row.kind, row.dataType, row.reduction, row.peer)
        (count, isCoarse, shape) = (row.elementCount, row.isCoarse, row.shape)
      }
    }
    var place: [Key: Int] = [:]
    for (index, row) in calls.enumerated() { place[Key(row)] = index }
    for row in other.calls {
      if let index = place[Key(row)] {
        calls[index].calls.add(row.calls)
        calls[index].elements.add(row.elements)
        calls[index].otherThreadCalls.add(row.otherThreadCalls)
        calls[index].repeatedCalls.add(row.repeatedCalls)
      } else {
        place[Key(row)] = calls.count
        calls.append(row)
      }
    }
    exchanges += other.exchanges
    tunings += other.tunings
    let (sum, overflow) = collectiveCalls.addingReportingOverflow(other.collectiveCalls)
    collectiveCalls = overflow ? .max : sum
    if other.end != .open { end = other.end }
    if other.initCompleted { initCompleted = true }
    nodes = nodes ?? other.nodes
    localRanks = localRanks ?? other.localRanks
    localRank = localRank ?? other.localRank
    channels = channels ?? other.channels
    pointToPointChannels = pointToPointChannels ?? other.pointToPointChannels
    if edges.isEmpty { (edges, treeChannels) = (other.edges, other.treeChannels) }
    connections += other.connections
  }
}
