// SPDX-License-Identifier: Apache-2.0

/// The collectives of a trace, each once, put together from its host's calls and its kernels.
///
/// A kernel belongs to the call at the host
/// 1. in which it was launched (`correlation` leads to the launch, thread and time to the call);
/// 2. whose `External id` it bears, unless that is only the correlation over again;
/// 3. else, when it was launched right after calls that launched nothing themselves (a group of
///    sends and receives is launched at its end), to all of those.
///
/// What is left of the kernels are calls with no more than their kernel's name says; what is left
/// of the host's calls are calls whose kernel is not in the trace.
struct KinetoCalls {
  /// A group's kernel is launched within this many nanoseconds after its last call.
  private static let groupDelay: Int64 = 1_000_000

  /// One collective.
  struct Call {
    /// At the host; for a kernel without a call, the kernel's times.
    var start: Int64
    var end: Int64
    /// Host thread, 0 when not known.
    var thread: UInt64
    var metadata: KinetoStore.Metadata
    /// From the first kernel's start to the last one's end; `nil` when no kernel was seen.
    var kernel: IntervalUnion.Interval?
    /// Index of the kernel's name; -1 when no kernel was seen or its name was not kept.
    var kernelName: Int32 = -1
    /// GPU and stream of the kernel.
    var stream: UInt64 = 0
    /// Whether other calls were in the same kernel.
    var isShared = false

    /// When it ran, or else when it was called.
    var time: Int64 { kernel?.start ?? start }
  }

  /// Every collective, in order of time.
  private(set) var calls: [Call] = []
  /// Kernels for which nothing but the name is known.
  private(set) var bareKernels = 0
  /// Kernels that ran several calls.
  private(set) var sharedKernels = 0
  /// Calls whose kernel is not in the trace, though others are.
  private(set) var callsWithoutKernel = 0

  /// Calls at the host by thread and start.
  private var hosted: [Call] = []
  /// `External id` of a call at the host or of what it contains.
  private var byExternal: [Int64: Int] = [:]

  /// Joins what a trace holds.
  ///
  /// - Complexity: O(*n* log *n*) in calls, launches and kernels.
  init(_ store: borrowing KinetoStore) {
    joinHostCalls(store.calls)
    join(store)
    for call in hosted where call.metadata.collective.kind != nil || call.kernel != nil {
      if call.kernel == nil, store.kernels.count > 0 { callsWithoutKernel += 1 }
      calls.append(call)
    }
    // Ties are broken by what does not depend on the order of the file.
    calls.sort {
      ($0.time, $0.start, $0.thread, $0.metadata.sequence, $0.metadata.input)
        < ($1.time, $1.start, $1.thread, $1.metadata.sequence, $1.metadata.input)
    }
  }

  // MARK: - Calls at the host

  /// Makes one call of `record_param_comms` and the annotation inside.
  private mutating func joinHostCalls(_ events: borrowing RawBuffer<KinetoStore.HostCall>) {
    var order: [Int] = []
    for index in 0..<events.count {
      switch events[index].metadata.collective {
      case .wait, .coalesced: break
      default: order.append(index)
      }
    }
    order.sort {
      (events[$0].thread, events[$0].start, events[$1].end, $0)
        < (events[$1].thread, events[$1].start, events[$0].end, $1)
    }
    for index in order {
      let event = events[index]
      let place: Int
      if let last = hosted.last, last.thread == event.thread, event.end <= last.end,
        event.start < last.end || event.start == last.start
      {
        place = hosted.count - 1
        Self.complete(&hosted[place].metadata, with: event.metadata)
      } else {
        place = hosted.count
        hosted.append(
          Call(
            start: event.start, end: event.end, thread: event.thread, metadata: event.metadata))
      }
      if event.external >= 0, byExternal[event.external] == nil {
        byExternal[event.external] = place
      }
    }
  }

  /// Fills what one source of metadata lacks from another.
  private static func complete(
    _ metadata: inout KinetoStore.Metadata, with other: KinetoStore.Metadata
  ) {
    if metadata.collective.kind == nil { metadata.collective = other.collective }
    if metadata.sequence < 0 { metadata.sequence = other.sequence }
    if metadata.input < 0 { metadata.input = other.input }
    if metadata.output < 0 { metadata.output = other.output }
    if metadata.group < 0 { metadata.group = other.group }
    if metadata.rank < 0 { metadata.rank = other.rank }
    if metadata.peer < 0 { metadata.peer = other.peer }
    if metadata.type == 255 { metadata.type = other.type }
    if other.isUneven { metadata.isUneven = true }
  }

  /// The last call of a thread that begins at a time or before it.
  private func lastCall(of thread: UInt64, at time: Int64) -> Int? {
    var low = 0
    var high = hosted.count
    while low < high {
      let middle = (low + high) / 2
      if (hosted[middle].thread, hosted[middle].start) <= (thread, time) {
        low = middle + 1
      } else {
        high = middle
      }
    }
    guard low > 0, hosted[low - 1].thread == thread else { return nil }
    return low - 1
  }

  // MARK: - Kernels

  private mutating func join(_ store: borrowing KinetoStore) {
    var launches: [Int64: Int] = [:]
    for index in 0..<store.kernels.count {
      let correlation = store.kernels[index].correlation
      if correlation >= 0 { launches[correlation] = -1 }
    }
    for index in 0..<store.launches.count {
      let correlation = store.launches[index].correlation
      if launches[correlation] == -1 { launches[correlation] = index }
    }
    var orphans: [Int] = []
    for index in 0..<store.kernels.count {
      let kernel = store.kernels[index]
      let launch = launches[kernel.correlation].flatMap { $0 >= 0 ? store.launches[$0] : nil }
      var place: Int?
      if let launch, let last = lastCall(of: launch.thread, at: launch.time),
        hosted[last].end >= launch.time
      {
        place = last
      } else if kernel.external >= 0, kernel.external != kernel.correlation {
        place = byExternal[kernel.external]
      }
      if let place {
        Self.complete(&hosted[place].metadata, with: kernel.metadata)
        attach(kernel, to: place)
      } else if kernel.metadata.collective.kind != nil {
        append(kernel)
      } else {
        orphans.append(index)
      }
    }
    joinGroups(orphans, store, launches)
  }

  private mutating func attach(_ kernel: KinetoStore.Kernel, to place: Int) {
    if let known = hosted[place].kernel {
      hosted[place].kernel = .init(
        start: min(known.start, kernel.start), end: max(known.end, kernel.end))
    } else {
      hosted[place].kernel = .init(start: kernel.start, end: kernel.end)
      hosted[place].kernelName = kernel.name
      hosted[place].stream = kernel.stream
    }
  }

  private mutating func append(_ kernel: KinetoStore.Kernel) {
    calls.append(
      Call(
        start: kernel.start, end: kernel.end, thread: 0, metadata: kernel.metadata,
        kernel: .init(start: kernel.start, end: kernel.end), kernelName: kernel.name,
        stream: kernel.stream))
  }

  /// Gives kernels that were launched outside of every call to the calls just before.
  private mutating func joinGroups(
    _ orphans: [Int], _ store: borrowing KinetoStore, _ launches: [Int64: Int]
  ) {
    var launched: [(thread: UInt64, time: Int64, kernel: Int)] = []
    for index in orphans {
      if let launch = launches[store.kernels[index].correlation], launch >= 0 {
        launched.append((store.launches[launch].thread, store.launches[launch].time, index))
      } else {
        bareKernels += 1
        append(store.kernels[index])
      }
    }
    launched.sort { ($0.thread, $0.time, $0.kernel) < ($1.thread, $1.time, $1.kernel) }
    for entry in launched {
      let kernel = store.kernels[entry.kernel]
      let name = kernel.name >= 0 ? store.kernelFacts[Int(kernel.name)] : KernelName("")
      var place = lastCall(of: entry.thread, at: entry.time) ?? -1
      var members: [Int] = []
      var next = entry.time
      while place >= 0, hosted[place].thread == entry.thread, hosted[place].kernel == nil,
        let kind = hosted[place].metadata.collective.kind, Self.fits(name, kind),
        next - hosted[place].end <= Self.groupDelay
      {
        members.append(place)
        next = hosted[place].start
        place -= 1
      }
      if members.isEmpty {
        bareKernels += 1
        append(kernel)
        continue
      }
      if members.count > 1 { sharedKernels += 1 }
      for member in members {
        attach(kernel, to: member)
        hosted[member].isShared = members.count > 1
      }
    }
  }

  private static func fits(_ name: KernelName, _ kind: OperationKind) -> Bool {
    guard name.isSendReceive else { return name.kind == kind || name.kind == .unnamed }
    switch kind {
    case .send, .recv, .allToAll, .gather, .scatter: return true
    default: return false
    }
  }
}
