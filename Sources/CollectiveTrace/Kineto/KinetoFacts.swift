// SPDX-License-Identifier: Apache-2.0

/// What is handed over when a trace ends.
///
/// One process per trace. A process group that is named in a call or in `pg_config` is a
/// communicator:
/// - `pointer` is the group's address where an old trace prints it, else its number from 1 on; 0
///   is the communicator of all calls whose group is not stated, of which nothing else is known;
/// - `identifier` is a hash of name and members, the same on every rank; `nil` unless both are
///   stated;
/// - `name` is the group's description, else its name; `members` are global ranks.
extension KinetoStore {
  /// Joins the facts; `ledger` receives remarks and the count of coarse calls.
  mutating func finish(_ ledger: inout FileLedger) -> ProcessFacts {
    let joined = KinetoCalls(self)
    var process = ProcessFacts(file: 0, host: host, pid: pid)
    process.source = .kineto
    for call in joined.calls where call.metadata.rank >= 0 {
      let name = call.metadata.collective
      guard name.kind != nil, !name.rankIsPeer else { continue }
      groups.note(ownRank: Int(call.metadata.rank), of: call.metadata.group)
    }
    if globalRank == nil {
      globalRank =
        groups.groups.lazy.compactMap { group in
          group.members.indices.contains(group.ownRank) ? group.members[group.ownRank] : nil
        }.first
    }
    process.globalRank = globalRank
    process.worldSize = worldSize
    var builder = KinetoRows(groups: groups.groups, limit: maximumKeys)
    builder.globalRank = globalRank
    builder.worldSize = worldSize
    let computeTime = compute.sorted()
    var timing = TimingFacts(
      clock: clock(of: joined.calls.first?.time), sequenceScope: .communicator)
    timing.hasCompute = !computeTime.isEmpty
    timing.steps = (hostSteps.isEmpty ? gpuSteps : hostSteps).sorted {
      ($0.start, $0.end, $0.name) < ($1.start, $1.end, $1.name)
    }
    var communication = IntervalUnion()
    var overlaps = OverlapTable()
    let hostLabels = StretchTable(hostStretches)
    let gpuLabels = StretchTable(gpuStretches)
    let phases = labels.names.map(AnnotatedPhase.init(label:))
    let hostPhases = StretchTable(hostStretches) { phases[Int($0)] != .none }
    let gpuPhases = StretchTable(gpuStretches) { phases[Int($0)] != .none }
    var labelNumber: [Int32: Int32] = [:]
    for call in joined.calls {
      let kernel = call.kernelName >= 0 ? kernelFacts[Int(call.kernelName)] : nil
      let (communicator, row) = builder.count(call, kernel)
      let step = Self.step(at: call.time, in: timing.steps)
      if let interval = call.kernel {
        communication.add(interval.start, interval.end)
        overlaps.add(
          interval, .init(step: step, communicator: communicator, row: row), computeTime)
      }
      guard timing.calls.count < maximumTimedCalls else {
        timing.callsNotKept += 1
        continue
      }
      var timed = TimingFacts.Call(communicator: communicator, row: row)
      timed.sequence = call.metadata.sequence
      timed.start = shifted(call.time)
      if let interval = call.kernel { timed.duration = interval.end - interval.start }
      timed.step = step
      let label =
        gpuLabels.label(at: call.time, thread: call.stream, orAnyThread: false)
        ?? hostLabels.label(at: call.start, thread: call.thread, orAnyThread: true)
      if let label {
        let number = labelNumber[label] ?? Int32(labelNumber.count)
        if labelNumber[label] == nil {
          labelNumber[label] = number
          timing.labels.append(labels.names[Int(label)])
        }
        timed.label = number
      }
      timed.phase = gpuPhases.phase(at: call.time, thread: call.stream, orAnyThread: false, phases)
      if timed.phase == .none {
        timed.phase = hostPhases.phase(
          at: call.start, thread: call.thread, orAnyThread: true, phases)
      }
      timing.calls.append(timed)
    }
    timing.overlaps = overlaps.finish(computeTime)
    let communicationTime = communication.sorted()
    func measured(_ step: TimingFacts.Step) -> TimingFacts.Step {
      var step = step
      step.compute = IntervalUnion.length(of: computeTime, from: step.start, to: step.end)
      step.communication = IntervalUnion.length(
        of: communicationTime, from: step.start, to: step.end)
      step.overlapped = IntervalUnion.common(
        computeTime, communicationTime, from: step.start, to: step.end)
      step.start = shifted(step.start)
      step.end = shifted(step.end)
      return step
    }
    if firstKernel < lastKernel {
      timing.whole = measured(.init(name: "", start: firstKernel, end: lastKernel))
    }
    timing.steps = timing.steps.map(measured)
    process.timing = timing
    builder.finish(&process)
    ledger.coarsenedCalls = builder.coarsenedCalls
    remark(joined, builder.unsizedCalls, &process, &ledger)
    return process
  }

  /// Whether the times count from the epoch.
  private func clock(of time: Int64?) -> TimingFacts.Clock {
    // The year 2000: no machine with such a trace was up for that long.
    guard let time = time ?? (firstKernel < lastKernel ? firstKernel : nil) else { return .process }
    return shifted(time) > 946_684_800_000_000_000 ? .epoch : .process
  }

  /// A time with the trace's base added.
  private func shifted(_ time: Int64) -> Int64 {
    let sum = time.addingReportingOverflow(baseTime)
    return sum.overflow ? .max : sum.partialValue
  }

  /// The step that a time falls into; -1 for none.
  private static func step(at time: Int64, in steps: [TimingFacts.Step]) -> Int32 {
    var low = 0
    var high = steps.count
    while low < high {
      let middle = (low + high) / 2
      if steps[middle].start <= time { low = middle + 1 } else { high = middle }
    }
    guard low > 0, time < steps[low - 1].end else { return -1 }
    return Int32(low - 1)
  }

  private func remark(
    _ joined: KinetoCalls, _ unsized: UInt64, _ process: inout ProcessFacts,
    _ ledger: inout FileLedger
  ) {
    func note(_ level: Notice.Level, _ count: Int, _ text: String) {
      guard count > 0 else { return }
      process.notices.append(Notice(level: level, text: "\(count) \(text)", line: 0))
    }
    note(
      .warning, joined.bareKernels,
      "communication kernels have no metadata: operation and type are what the kernel's name says, group and size are not known; record shapes, or use PyTorch 2.4 or newer."
    )
    note(
      .warning, Int(clamping: unsized),
      "calls have no element count: they are counted, their bytes are not.")
    note(
      .info, joined.callsWithoutKernel,
      "calls were recorded at the host without a kernel: it ran outside of the trace, or one rank alone needed none."
    )
    note(
      .info, joined.sharedKernels,
      "kernels ran several calls each: those calls have the kernel's times, and are in no distribution of durations."
    )
    note(
      .warning, recordsNotKept,
      "calls and kernels are beyond the limit of \(Self.maximumRecords) and were left out.")
    note(
      .warning, joined.bareKernels > 0 ? launchesNotKept : 0,
      "launches are beyond the limit of \(Self.maximumLaunches): kernels may lack their call.")
    note(
      .warning, stretchesNotKept, "steps and annotations are beyond the limit and were left out.")
    note(
      .warning, groups.notKept,
      "process groups are beyond the limit of \(Self.maximumGroups); their calls have no group.")
    if compute.joinedGap > 0 {
      process.notices.append(
        Notice(
          level: .info,
          text:
            "Pauses of up to \(compute.joinedGap) ns between compute kernels count as compute, to stay within memory.",
          line: 0))
    }
    if ledger.detail.isEmpty, unsized > 0 {
      ledger.detail =
        "The size of \(unsized) of \(joined.calls.count) communication calls is not stated; their bytes are not counted."
    }
  }
}

/// Named stretches of time, for the question which one a moment lies in.
struct StretchTable {
  /// Stretches that are looked at for one moment: how deep they may be nested.
  private static let reach = 256

  private var stretches: [KinetoStore.Stretch] = []

  /// Takes the stretches whose label is wanted.
  init(
    _ buffer: borrowing RawBuffer<KinetoStore.Stretch>,
    where isWanted: (_ label: Int32) -> Bool = { _ in true }
  ) {
    for index in 0..<buffer.count where isWanted(buffer[index].label) {
      stretches.append(buffer[index])
    }
    stretches.sort {
      ($0.start, $1.end, $0.thread, $0.label) < ($1.start, $0.end, $1.thread, $1.label)
    }
  }

  /// The innermost stretch of a thread around a moment, or of any thread where allowed.
  func label(at time: Int64, thread: UInt64, orAnyThread: Bool) -> Int32? {
    var other: Int32?
    for index in around(time) where stretches[index].end > time {
      if stretches[index].thread == thread { return stretches[index].label }
      if other == nil { other = stretches[index].label }
    }
    return orAnyThread ? other : nil
  }

  /// What the stretches of a thread around a moment say, or those of any thread where allowed.
  ///
  /// The innermost one counts; but a forward pass inside of something else (a recomputation in a
  /// backward pass, the pass of a decode step) is part of that. `phases` are by label.
  func phase(
    at time: Int64, thread: UInt64, orAnyThread: Bool, _ phases: [AnnotatedPhase]
  ) -> AnnotatedPhase {
    var own = AnnotatedPhase.none
    var other = AnnotatedPhase.none
    for index in around(time) where stretches[index].end > time {
      let phase = phases[Int(stretches[index].label)]
      if stretches[index].thread == thread {
        if own == .none || own == .forward { own = phase }
      } else if other == .none || other == .forward {
        other = phase
      }
    }
    return own == .none && orAnyThread ? other : own
  }

  /// The stretches that may lie around a moment, from the innermost.
  private func around(_ time: Int64) -> StrideThrough<Int> {
    var low = 0
    var high = stretches.count
    while low < high {
      let middle = (low + high) / 2
      if stretches[middle].start <= time { low = middle + 1 } else { high = middle }
    }
    return stride(from: low - 1, through: max(0, low - Self.reach), by: -1)
  }
}

/// Hidden and exposed time by step and row; intervals come in order of their start.
struct OverlapTable {
  /// What a sum is for.
  struct Key: Hashable {
    var step: Int32
    var communicator: Int32
    var row: Int32
  }

  private var place: [Key: Int] = [:]
  private var sums: [TimingFacts.Overlap] = []
  private var open: [IntervalUnion.Interval] = []

  /// Adds the time of one call, which counts for the step in which it began.
  mutating func add(
    _ interval: IntervalUnion.Interval, _ key: Key, _ compute: [IntervalUnion.Interval]
  ) {
    guard let index = place[key] else {
      place[key] = sums.count
      sums.append(
        .init(
          step: key.step, communicator: key.communicator, row: key.row, communication: 0,
          exposed: 0))
      open.append(interval)
      return
    }
    if interval.start <= open[index].end {
      open[index].end = max(open[index].end, interval.end)
    } else {
      close(index, compute)
      open[index] = interval
    }
  }

  private mutating func close(_ index: Int, _ compute: [IntervalUnion.Interval]) {
    let length = open[index].end - open[index].start
    let hidden = IntervalUnion.length(
      of: compute, from: open[index].start, to: open[index].end)
    sums[index].communication = sum(sums[index].communication, length)
    sums[index].exposed = sum(sums[index].exposed, length - hidden)
  }

  private func sum(_ a: Int64, _ b: Int64) -> Int64 {
    let sum = a.addingReportingOverflow(b)
    return sum.overflow ? .max : sum.partialValue
  }

  /// The sums by step, communicator and row.
  mutating func finish(_ compute: [IntervalUnion.Interval]) -> [TimingFacts.Overlap] {
    for index in sums.indices { close(index, compute) }
    return sums.sorted {
      ($0.step, $0.communicator, $0.row) < ($1.step, $1.communicator, $1.row)
    }
  }
}
