// SPDX-License-Identifier: Apache-2.0

// The stored properties of every fact, in the order of their declaration. A change here changes the
// format of partials: raise ``PartialFormat/version``.

/// What one file says: the unit of a partial.
struct FileFacts: FactRecord {
  var ledger: FileLedger
  var processes: [ProcessFacts] = []
  var benchmarks: [BenchmarkFacts] = []
  var launches: [LaunchFacts] = []

  static var blank: FileFacts { FileFacts(ledger: .blank) }

  mutating func pass(through archive: inout FactArchive) {
    archive.pass(&ledger)
    archive.pass(&processes)
    archive.pass(&benchmarks)
    archive.pass(&launches)
    archive.require(
      processes.allSatisfy { $0.file == 0 } && benchmarks.allSatisfy { $0.file == 0 }
        && launches.allSatisfy { $0.file == 0 }, "refers to a file that is not there")
  }
}

// MARK: - Files

extension FileLedger: FactRecord {
  static var blank: FileLedger { FileLedger(file: "") }

  mutating func pass(through archive: inout FactArchive) {
    archive.pass(&file)
    archive.pass(&format)
    archive.pass(&compression)
    archive.pass(&compressedBytes)
    archive.pass(&bytes)
    archive.pass(&lines)
    archive.pass(&lineClasses)
    archive.pass(&members)
    archive.pass(&paddingBytes)
    archive.pass(&garbageBytes)
    archive.pass(&truncatedAtByte)
    archive.pass(&gaps)
    archive.pass(&status)
    archive.pass(&detail)
    archive.pass(&contentCRC32)
    archive.pass(&coarsenedCalls)
    archive.pass(&unplacedConnections)
    archive.pass(&unrecognisedShapes)
    archive.pass(&timeouts)
    archive.pass(&rasReports)
    archive.require(
      lineClasses.count == LineClass.allCases.count
        && lineClasses.allSatisfy { FactArchive.isCount($0.lines) && FactArchive.isCount($0.bytes) }
        && FactArchive.isCount(lines) && FactArchive.isCount(bytes)
        && FactArchive.isCount(compressedBytes)
        && isBalanced, "has an account that does not add up")
  }
}

extension FileLedger.Count: FactRecord {
  static var blank: FileLedger.Count { FileLedger.Count() }

  mutating func pass(through archive: inout FactArchive) {
    archive.pass(&lines)
    archive.pass(&bytes)
  }
}

extension FileLedger.Status: FactRecord {
  static var blank: FileLedger.Status { .complete }
}

extension FileLedger.Timeout: FactRecord {
  static var blank: FileLedger.Timeout { FileLedger.Timeout(rank: nil, text: "", line: 0) }

  mutating func pass(through archive: inout FactArchive) {
    archive.pass(&rank)
    archive.pass(&text)
    archive.pass(&line)
  }
}

extension FileLedger.Shape: FactRecord {
  static var blank: FileLedger.Shape { FileLedger.Shape(text: "", lines: 0, firstLine: 0) }

  mutating func pass(through archive: inout FactArchive) {
    archive.pass(&text)
    archive.pass(&lines)
    archive.pass(&firstLine)
  }
}

// MARK: - Reports of RAS

extension RASReport: FactRecord {
  static var blank: RASReport { RASReport(line: 0) }

  mutating func pass(through archive: inout FactArchive) {
    archive.pass(&line)
    archive.pass(&groups)
    archive.pass(&problems)
  }
}

extension RASReport.Group: FactRecord {
  static var blank: RASReport.Group { RASReport.Group(number: 0, size: 0, status: "", errors: "") }

  mutating func pass(through archive: inout FactArchive) {
    archive.pass(&number)
    archive.pass(&size)
    archive.pass(&status)
    archive.pass(&errors)
  }
}

extension RASReport.Problem: FactRecord {
  static var blank: RASReport.Problem { RASReport.Problem(.incomplete, line: 0) }

  mutating func pass(through archive: inout FactArchive) {
    archive.pass(&kind)
    archive.pass(&label)
    archive.pass(&group)
    archive.pass(&identifier)
    archive.pass(&subject)
    archive.pass(&count)
    archive.pass(&parties)
    archive.pass(&line)
  }
}

extension RASReport.Problem.Kind: FactRecord {
  static var blank: RASReport.Problem.Kind { .incomplete }
}

extension RASReport.Party: FactRecord {
  static var blank: RASReport.Party { RASReport.Party(count: 0) }

  mutating func pass(through archive: inout FactArchive) {
    archive.pass(&operations)
    archive.pass(&state)
    archive.pass(&count)
    archive.pass(&members)
  }
}

extension RASReport.Member: FactRecord {
  static var blank: RASReport.Member { RASReport.Member() }

  mutating func pass(through archive: inout FactArchive) {
    archive.pass(&rank)
    archive.pass(&gpu)
    archive.pass(&process)
    archive.pass(&node)
  }
}

// MARK: - Processes

extension ProcessFacts: FactRecord {
  static var blank: ProcessFacts { ProcessFacts(file: 0, host: "", pid: 0) }

  mutating func pass(through archive: inout FactArchive) {
    archive.pass(&file)
    archive.pass(&host)
    archive.pass(&pid)
    archive.pass(&version)
    archive.pass(&versionBounds)
    archive.pass(&launcherRank)
    archive.pass(&communicators)
    archive.pass(&environment)
    archive.pass(&notices)
    archive.pass(&complaints)
    archive.pass(&addresses)
    archive.pass(&networks)
    archive.pass(&unplacedConnections)
    archive.pass(&timelines)
    archive.pass(&source)
    archive.pass(&globalRank)
    archive.pass(&worldSize)
    archive.pass(&timing)
    archive.require(refersToItself, "refers to a call or communicator that is not there")
  }

  /// Whether all that refers to communicators and their calls finds them.
  private var refersToItself: Bool {
    func hasCall(_ communicator: Int, _ row: Int) -> Bool {
      communicators.indices.contains(communicator)
        && communicators[communicator].calls.indices.contains(row)
    }
    let hasParents = communicators.indices.allSatisfy { index in
      communicators[index].parent.map { communicators.indices.contains($0) && $0 != index } ?? true
    }
    let hasSymbols = timelines.allSatisfy { timeline in
      timeline.symbols.allSatisfy { symbol in
        symbol.isExchange
          ? communicators.indices.contains(symbol.communicator)
            && communicators[symbol.communicator].exchanges.indices.contains(symbol.row)
          : hasCall(symbol.communicator, symbol.row)
      }
    }
    let hasTimed =
      timing.map { timing in
        timing.calls.allSatisfy { hasCall(Int($0.communicator), Int($0.row)) }
          && timing.overlaps.allSatisfy { hasCall(Int($0.communicator), Int($0.row)) }
      } ?? true
    return hasParents && hasSymbols && hasTimed
  }
}

extension TraceSource: FactRecord {
  static var blank: TraceSource { .ncclLog }
}

extension LibraryVersion: FactRecord {
  static var blank: LibraryVersion { LibraryVersion(major: 0, minor: 0, patch: 0) }

  mutating func pass(through archive: inout FactArchive) {
    archive.pass(&library)
    archive.pass(&major)
    archive.pass(&minor)
    archive.pass(&patch)
    archive.pass(&suffix)
  }
}

extension LibraryVersion.Library: FactRecord {
  static var blank: LibraryVersion.Library { .nccl }
}

extension EnvironmentSetting: FactRecord {
  static var blank: EnvironmentSetting { EnvironmentSetting(name: "", value: "") }

  mutating func pass(through archive: inout FactArchive) {
    archive.pass(&name)
    archive.pass(&value)
  }
}

extension Notice: FactRecord {
  static var blank: Notice { Notice(level: .info, text: "", line: 0) }

  mutating func pass(through archive: inout FactArchive) {
    archive.pass(&level)
    archive.pass(&text)
    archive.pass(&line)
    archive.pass(&count)
  }
}

extension Notice.Level: FactRecord {
  static var blank: Notice.Level { .info }
}

extension PeerComplaint: FactRecord {
  static var blank: PeerComplaint { PeerComplaint(kind: .closed, peer: "", line: 0) }

  mutating func pass(through archive: inout FactArchive) {
    archive.pass(&kind)
    archive.pass(&peer)
    archive.pass(&status)
    archive.pass(&line)
    archive.pass(&count)
  }
}

extension PeerComplaint.Kind: FactRecord {
  static var blank: PeerComplaint.Kind { .closed }
}

extension CallSequence: FactRecord {
  static var blank: CallSequence { CallSequence() }

  mutating func pass(through archive: inout FactArchive) {
    archive.pass(&symbols)
    archive.pass(&tokens)
    archive.pass(&length)
    archive.pass(&lost)
  }
}

extension CallSequence.Symbol: FactRecord {
  static var blank: CallSequence.Symbol {
    CallSequence.Symbol(communicator: 0, row: 0, isExchange: false)
  }

  mutating func pass(through archive: inout FactArchive) {
    archive.pass(&communicator)
    archive.pass(&row)
    archive.pass(&isExchange)
  }
}

extension CallSequence.Token: FactRecord {
  static var blank: CallSequence.Token { .literal(0) }

  /// A distance of 0, which no copy has, and a symbol; or a distance and a count.
  mutating func pass(through archive: inout FactArchive) {
    var (distance, number) =
      switch self {
      case .literal(let symbol): (0, symbol)
      case .copy(let distance, let count): (distance, count)
      }
    archive.pass(&distance)
    archive.pass(&number)
    self = distance == 0 ? .literal(number) : .copy(distance: distance, count: number)
  }
}

// MARK: - Communicators

extension CommunicatorFacts: FactRecord {
  static var blank: CommunicatorFacts { CommunicatorFacts(pointer: 0) }

  mutating func pass(through archive: inout FactArchive) {
    archive.pass(&pointer)
    archive.pass(&rank)
    archive.pass(&size)
    archive.pass(&identifier)
    archive.pass(&createdBy)
    archive.pass(&parent)
    archive.pass(&splitOrdinal)
    archive.pass(&color)
    archive.pass(&key)
    archive.pass(&name)
    archive.pass(&groupName)
    archive.pass(&progress)
    archive.pass(&cudaDevice)
    archive.pass(&nvmlDevice)
    archive.pass(&busID)
    archive.pass(&initStarted)
    archive.pass(&initCompleted)
    archive.pass(&end)
    archive.pass(&nodes)
    archive.pass(&localRanks)
    archive.pass(&localRank)
    archive.pass(&channels)
    archive.pass(&pointToPointChannels)
    archive.pass(&initMilliseconds)
    archive.pass(&edges)
    archive.pass(&treeChannels)
    archive.pass(&connections)
    archive.pass(&bracketDevice)
    archive.pass(&calls)
    archive.pass(&exchanges)
    archive.pass(&tunings)
    archive.pass(&durations)
    archive.pass(&members)
    archive.pass(&collectiveCalls)
    archive.pass(&collectiveOrderHash)
    archive.pass(&firstLine)
    archive.pass(&lastLine)
    archive.require(
      durations.allSatisfy { calls.indices.contains($0.row) }, "refers to a call that is not there")
  }
}

extension CommunicatorFacts.End: FactRecord {
  static var blank: CommunicatorFacts.End { .open }
}

extension ProgressFacts: FactRecord {
  static var blank: ProgressFacts { ProgressFacts(enqueued: 0, started: 0, completed: 0) }

  mutating func pass(through archive: inout FactArchive) {
    archive.pass(&enqueued)
    archive.pass(&started)
    archive.pass(&completed)
  }
}

extension EdgeFacts: FactRecord {
  static var blank: EdgeFacts { EdgeFacts(.ring, source: 0, target: 0) }

  mutating func pass(through archive: inout FactArchive) {
    archive.pass(&kind)
    archive.pass(&source)
    archive.pass(&target)
    archive.pass(&channels)
  }
}

extension EdgeFacts.Kind: FactRecord {
  static var blank: EdgeFacts.Kind { .ring }
}

extension ConnectionFacts: FactRecord {
  static var blank: ConnectionFacts { ConnectionFacts(source: 0, target: 0, transport: "") }

  mutating func pass(through archive: inout FactArchive) {
    archive.pass(&source)
    archive.pass(&target)
    archive.pass(&transport)
    archive.pass(&isReceive)
    archive.pass(&isPointToPoint)
    archive.pass(&channels)
    archive.pass(&isDeduced)
    archive.pass(&peerDevice)
  }
}

extension UnplacedConnection: FactRecord {
  static var blank: UnplacedConnection {
    UnplacedConnection(device: nil, transport: "", channels: 0)
  }

  mutating func pass(through archive: inout FactArchive) {
    archive.pass(&device)
    archive.pass(&transport)
    archive.pass(&channels)
  }
}

extension DeviceLabel: FactRecord {
  static var blank: DeviceLabel { DeviceLabel(digits: 0) }

  mutating func pass(through archive: inout FactArchive) { archive.pass(&digits) }
}

// MARK: - Calls

extension OperationKind: FactRecord {
  static var blank: OperationKind { .allReduce }
}

extension DataType: FactRecord {
  static var blank: DataType { .unknown }
}

extension ExchangeShape: FactRecord {
  static var blank: ExchangeShape { .single }
}

extension CallFacts: FactRecord {
  static var blank: CallFacts {
    CallFacts(kind: .blank, dataType: .blank, elementCount: 0, calls: 0, elements: 0)
  }

  mutating func pass(through archive: inout FactArchive) {
    archive.pass(&kind)
    archive.pass(&dataType)
    archive.pass(&reduction)
    archive.pass(&peer)
    archive.pass(&elementCount)
    archive.pass(&isCoarse)
    archive.pass(&shape)
    archive.pass(&calls)
    archive.pass(&elements)
    archive.pass(&otherThreadCalls)
    archive.pass(&isUnsized)
    archive.pass(&repeatedCalls)
    archive.require(
      FactArchive.isCount(calls) && otherThreadCalls <= calls && repeatedCalls <= calls,
      "counts more calls than there can be")
  }
}

extension ExchangeFacts: FactRecord {
  static var blank: ExchangeFacts {
    ExchangeFacts(
      shape: .single, dataType: .blank, evenCount: nil, includesSelf: false, sentBytesLog2: 0,
      exchanges: 0, sendCalls: 0, recvCalls: 0, sentElements: 0, receivedElements: 0,
      selfElements: 0)
  }

  mutating func pass(through archive: inout FactArchive) {
    archive.pass(&shape)
    archive.pass(&dataType)
    archive.pass(&evenCount)
    archive.pass(&includesSelf)
    archive.pass(&sentBytesLog2)
    archive.pass(&exchanges)
    archive.pass(&sendCalls)
    archive.pass(&recvCalls)
    archive.pass(&sentElements)
    archive.pass(&receivedElements)
    archive.pass(&selfElements)
    archive.require(
      FactArchive.isCount(exchanges) && FactArchive.isCount(sendCalls)
        && FactArchive.isCount(recvCalls),
      "counts more calls than there can be")
  }
}

extension TuningFacts: FactRecord {
  static var blank: TuningFacts {
    TuningFacts(kind: .blank, bytes: 0, algorithm: "", protocol: "", lines: 0)
  }

  mutating func pass(through archive: inout FactArchive) {
    archive.pass(&kind)
    archive.pass(&bytes)
    archive.pass(&algorithm)
    archive.pass(&`protocol`)
    archive.pass(&lines)
    archive.require(FactArchive.isCount(lines), "counts more lines than there can be")
  }
}

extension BenchmarkFacts: FactRecord {
  static var blank: BenchmarkFacts {
    BenchmarkFacts(
      line: 0, bytes: 0, count: 0, typeName: "", nanoseconds: 0, statedAlgorithmBandwidth: 0,
      statedBusBandwidth: 0)
  }

  mutating func pass(through archive: inout FactArchive) {
    archive.pass(&file)
    archive.pass(&line)
    archive.pass(&kind)
    archive.pass(&ranks)
    archive.pass(&bytes)
    archive.pass(&count)
    archive.pass(&typeName)
    archive.pass(&dataType)
    archive.pass(&reduction)
    archive.pass(&root)
    archive.pass(&isInPlace)
    archive.pass(&nanoseconds)
    archive.pass(&statedAlgorithmBandwidth)
    archive.pass(&statedBusBandwidth)
    archive.pass(&wrong)
  }
}

// MARK: - Times

extension DurationFacts: FactRecord {
  static var blank: DurationFacts { DurationFacts(row: 0, basis: .unknown) }

  mutating func pass(through archive: inout FactArchive) {
    archive.pass(&row)
    archive.pass(&basis)
    archive.pass(&histogram)
  }
}

extension TimingFacts: FactRecord {
  static var blank: TimingFacts { TimingFacts(clock: .epoch, sequenceScope: .communicator) }

  mutating func pass(through archive: inout FactArchive) {
    archive.pass(&clock)
    archive.pass(&sequenceScope)
    archive.pass(&calls)
    archive.pass(&callsNotKept)
    archive.pass(&hasCompute)
    archive.pass(&whole)
    archive.pass(&steps)
    archive.pass(&overlaps)
    archive.pass(&labels)
    archive.require(
      calls.allSatisfy {
        (-1..<steps.count).contains(Int($0.step)) && (-1..<labels.count).contains(Int($0.label))
      } && overlaps.allSatisfy { (-1..<steps.count).contains(Int($0.step)) },
      "refers to a step or name that is not there")
  }
}

extension TimingFacts.Clock: FactRecord {
  static var blank: TimingFacts.Clock { .epoch }
}

extension TimingFacts.Basis: FactRecord {
  static var blank: TimingFacts.Basis { .unknown }
}

extension TimingFacts.State: FactRecord {
  static var blank: TimingFacts.State { .completed }
}

extension TimingFacts.SequenceScope: FactRecord {
  static var blank: TimingFacts.SequenceScope { .communicator }
}

extension AnnotatedPhase: FactRecord {
  static var blank: AnnotatedPhase { .none }
}

extension TimingFacts.Call: FactRecord {
  static var blank: TimingFacts.Call { TimingFacts.Call(communicator: 0, row: 0) }

  mutating func pass(through archive: inout FactArchive) {
    archive.pass(&communicator)
    archive.pass(&row)
    archive.pass(&sequence)
    archive.pass(time: &start)
    archive.pass(time: &called)
    archive.pass(&duration)
    archive.pass(&state)
    archive.pass(&step)
    archive.pass(&label)
    archive.pass(&phase)
  }
}

extension TimingFacts.Step: FactRecord {
  static var blank: TimingFacts.Step { TimingFacts.Step(name: "", start: 0, end: 0) }

  mutating func pass(through archive: inout FactArchive) {
    archive.pass(&name)
    archive.pass(&start)
    archive.pass(&end)
    archive.pass(&compute)
    archive.pass(&communication)
    archive.pass(&overlapped)
  }
}

extension TimingFacts.Overlap: FactRecord {
  static var blank: TimingFacts.Overlap {
    TimingFacts.Overlap(step: 0, communicator: 0, row: 0, communication: 0, exposed: 0)
  }

  mutating func pass(through archive: inout FactArchive) {
    archive.pass(&step)
    archive.pass(&communicator)
    archive.pass(&row)
    archive.pass(&communication)
    archive.pass(&exposed)
  }
}

// MARK: - Launches

extension LaunchFacts: FactRecord {
  static var blank: LaunchFacts { LaunchFacts(launcher: .megatron) }

  mutating func pass(through archive: inout FactArchive) {
    archive.pass(&launcher)
    archive.pass(&file)
    archive.pass(&statements)
    archive.pass(&problems)
  }
}

extension LaunchFacts.Launcher: FactRecord {
  static var blank: LaunchFacts.Launcher { .megatron }
}

extension LaunchFacts.Key: FactRecord {
  static var blank: LaunchFacts.Key { .worldSize }
}

extension LaunchFacts.Statement: FactRecord {
  static var blank: LaunchFacts.Statement {
    LaunchFacts.Statement(key: .blank, value: "", name: "", line: 0)
  }

  mutating func pass(through archive: inout FactArchive) {
    archive.pass(&key)
    archive.pass(&value)
    archive.pass(&name)
    archive.pass(&line)
    archive.pass(&isAssumed)
  }
}

extension LaunchFacts.Problem: FactRecord {
  static var blank: LaunchFacts.Problem { LaunchFacts.Problem(text: "", line: 0) }

  mutating func pass(through archive: inout FactArchive) {
    archive.pass(&text)
    archive.pass(&line)
    archive.pass(&key)
  }
}
