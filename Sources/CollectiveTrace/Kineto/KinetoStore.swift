// SPDX-License-Identifier: Apache-2.0

/// What one trace says about communication, until its end is known.
///
/// Calls at the host (`record_param_comms`, `nccl:...`), launches and kernels are kept apart as
/// they come, in any order, and joined by ``finish(_:)``. Everything has a limit, so that memory
/// does not grow with the file; what is over a limit is counted and said.
struct KinetoStore: ~Copyable {
  /// Most calls at the host and most kernels that are kept for the join.
  static let maximumRecords = 1 << 17
  /// Most launches kept; when more come, those inside no call are dropped.
  static let maximumLaunches = 1 << 18
  /// Most steps, and stretches with a label.
  static let maximumStretches = 1 << 16
  /// Most distinct labels and kernel names.
  static let maximumNames = 1 << 12
  /// Most process groups, and members of all together.
  static let maximumGroups = 1 << 12
  static let maximumMembers = 1 << 20
  /// A time beyond this many nanoseconds is no time: 146 years.
  static let latest: Int64 = 1 << 62

  /// What a trace states about one collective.
  struct Metadata: BitwiseCopyable {
    /// `Seq`; -1 when not stated.
    var sequence: Int64 = -1
    /// Elements of the inputs; -1 when not stated.
    var input: Int64 = -1
    /// Elements of the outputs; -1 when not stated.
    var output: Int64 = -1
    /// Index of the process group; -1 when not stated.
    var group: Int32 = -1
    /// `Rank`, in the group: the caller's, the root's or the peer's; -1 when not stated.
    var rank: Int32 = -1
    /// `Src Rank` or `Dst Rank`, in the job; -1 when not stated.
    var peer: Int32 = -1
    /// The operation.
    var collective = CollectiveName.unknown
    /// The element type by NCCL's number; 255 when not known.
    var type: UInt8 = 255
    /// Whether the parts of an all-to-all differ.
    var isUneven = false
  }

  /// A call as the host recorded it.
  struct HostCall: BitwiseCopyable {
    var start: Int64
    var end: Int64
    var thread: UInt64
    /// `External id`; -1 when not stated.
    var external: Int64 = -1
    /// Whether it is an annotation (`nccl:...`), not `record_param_comms`.
    var isAnnotation: Bool
    var metadata: Metadata
  }

  /// The launch of a kernel.
  struct Launch: BitwiseCopyable {
    var correlation: Int64
    var time: Int64
    var thread: UInt64
  }

  /// A communication kernel.
  struct Kernel: BitwiseCopyable {
    var start: Int64
    var end: Int64
    var correlation: Int64 = -1
    var external: Int64 = -1
    /// GPU and stream.
    var stream: UInt64
    /// Index of its name.
    var name: Int32
    var metadata: Metadata
  }

  /// A stretch of time that somebody named.
  struct Stretch: BitwiseCopyable {
    var start: Int64
    var end: Int64
    /// Host thread, or GPU and stream.
    var thread: UInt64
    /// Index of its name.
    var label: Int32
  }

  var calls = RawBuffer<HostCall>()
  var kernels = RawBuffer<Kernel>()
  var launches = RawBuffer<Launch>()
  var hostStretches = RawBuffer<Stretch>()
  var gpuStretches = RawBuffer<Stretch>()
  var hostSteps: [TimingFacts.Step] = []
  var gpuSteps: [TimingFacts.Step] = []
  var compute = IntervalUnion()
  var firstKernel = Int64.max
  var lastKernel = Int64.min

  var kernelNames = NameTable(limit: maximumNames)
  var kernelFacts: [KernelName] = []
  var labels = NameTable(limit: maximumNames)
  var groups = ProcessGroups()

  /// From `distributedInfo`.
  var globalRank: Int?
  var worldSize: Int?
  var host = ""
  var pid = 0
  /// `baseTimeNanoseconds`, which all times are relative to.
  var baseTime: Int64 = 0

  /// Calls and kernels over the limit.
  var recordsNotKept = 0
  /// Launches dropped that may have belonged to a call.
  var launchesNotKept = 0
  private var launchesAreFull = false
  /// Steps and labelled stretches over the limit.
  var stretchesNotKept = 0
  let maximumKeys: Int
  let maximumTimedCalls: Int

  init(maximumKeys: Int, maximumTimedCalls: Int) {
    self.maximumKeys = maximumKeys
    self.maximumTimedCalls = maximumTimedCalls
  }

  mutating func add(_ call: HostCall) {
    guard calls.count < Self.maximumRecords else {
      recordsNotKept += 1
      return
    }
    calls.append(call)
  }

  mutating func add(_ kernel: Kernel) {
    guard kernels.count < Self.maximumRecords else {
      recordsNotKept += 1
      return
    }
    kernels.append(kernel)
  }

  mutating func add(_ launch: Launch) {
    if launches.count >= Self.maximumLaunches, !launchesAreFull { dropLaunches() }
    guard launches.count < Self.maximumLaunches else {
      launchesNotKept += 1
      return
    }
    launches.append(launch)
  }

  /// Keeps the launches that a call seen so far contains, or that a kernel seen so far waits for.
  ///
  /// Kineto writes the host's events first, so that this drops what is not communication.
  private mutating func dropLaunches() {
    let spans = CallSpans(calls)
    var waiting = Set<Int64>()
    for index in 0..<kernels.count { waiting.insert(kernels[index].correlation) }
    var kept = 0
    for index in 0..<launches.count {
      let launch = launches[index]
      guard
        waiting.contains(launch.correlation)
          || spans.contains(thread: launch.thread, time: launch.time)
      else { continue }
      launches[kept] = launch
      kept += 1
    }
    launches.truncate(to: kept)
    // Looking again and again for little would take quadratic time.
    launchesAreFull = kept > Self.maximumLaunches / 2
  }
}

/// Texts with small numbers, in order of first appearance.
struct NameTable {
  private(set) var names: [String] = []
  private var numbers: [String: Int32] = [:]
  private let limit: Int
  /// Texts that found no place.
  private(set) var notKept = 0

  init(limit: Int) { self.limit = limit }

  /// The number of a text; -1 when the table is full.
  mutating func number(of name: String) -> Int32 {
    if let known = numbers[name] { return known }
    guard names.count < limit else {
      notKept += 1
      return -1
    }
    let number = Int32(names.count)
    names.append(name)
    numbers[name] = number
    return number
  }
}

/// The time that calls at the host cover, per thread.
struct CallSpans {
  private var spans: [(thread: UInt64, start: Int64, end: Int64)] = []

  init(_ calls: borrowing RawBuffer<KinetoStore.HostCall>) {
    for index in 0..<calls.count {
      spans.append((calls[index].thread, calls[index].start, calls[index].end))
    }
    spans.sort { ($0.thread, $0.start, $1.end) < ($1.thread, $1.start, $0.end) }
    // Nested calls are in the one around them.
    var kept = 0
    for span in spans {
      if kept > 0, spans[kept - 1].thread == span.thread, span.start <= spans[kept - 1].end {
        spans[kept - 1].end = max(spans[kept - 1].end, span.end)
      } else {
        spans[kept] = span
        kept += 1
      }
    }
    spans.removeLast(spans.count - kept)
  }

  /// Whether a call of the thread covers a time.
  func contains(thread: UInt64, time: Int64) -> Bool {
    var low = 0
    var high = spans.count
    while low < high {
      let middle = (low + high) / 2
      if (spans[middle].thread, spans[middle].start) <= (thread, time) {
        low = middle + 1
      } else {
        high = middle
      }
    }
    guard low > 0 else { return false }
    return spans[low - 1].thread == thread && spans[low - 1].end >= time
  }
}
