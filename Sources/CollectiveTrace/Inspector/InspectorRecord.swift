// SPDX-License-Identifier: Apache-2.0

/// The fields of one record of NCCL's Inspector.
struct InspectorRecord {
  /// What the header says of the communicator.
  struct Header {
    fileprivate(set) var identifier: Int64?
    fileprivate(set) var name = ""
    fileprivate(set) var rank: Int64?
    fileprivate(set) var size: Int64?
    fileprivate(set) var nodes: Int64?
  }

  /// What the metadata say of the process.
  fileprivate struct Metadata {
    var host = ""
    var pid: Int64?
    /// Whether they state Inspector's format version.
    var isInspector = false
  }

  /// What most records have in common with the one before, so that it is not read again.
  struct Memory {
    /// Longest header, and longest metadata, that are remembered, in bytes.
    fileprivate static let longestText = 4096

    /// The header's text; empty for none.
    fileprivate var headerText: [UInt8] = []
    fileprivate var header = Header()
    /// The metadata's text before and after the digits of the time of writing, which differ from
    /// record to record; empty for none.
    fileprivate var metadataText = (start: [UInt8](), rest: [UInt8]())
    fileprivate var metadata = Metadata()
  }

  private(set) var hasHeader = false
  private var metadata: Metadata?
  /// Whether it holds an event that is neither a collective nor a send or receive.
  private(set) var isOtherEvent = false
  private(set) var header = Header()
  private(set) var kind: OperationKind?
  private(set) var sequence: Int64?
  private(set) var peer: Int64?
  private(set) var bytes: Int64?
  private(set) var durationMicroseconds: Int64?
  private(set) var basis = TimingFacts.Basis.unknown
  /// From the verbose event trace: the first start of a kernel, else of the collective.
  private(set) var startMicroseconds: Int64?

  /// Whether the record states Inspector's format version.
  var isInspector: Bool { metadata?.isInspector ?? false }
  var host: String { metadata?.host ?? "" }
  var pid: Int64? { metadata?.pid }

  /// Reads a record; `cursor.state` says whether it was whole.
  mutating func read(_ cursor: inout JSONCursor, _ memory: inout Memory) {
    self = InspectorRecord()
    guard cursor.beginObject() else { return }
    while let key = cursor.nextKey() {
      if cursor.equals(key, "header") {
        readHeader(&cursor, &memory)
      } else if cursor.equals(key, "metadata") {
        readMetadata(&cursor, &memory)
      } else if cursor.equals(key, "coll_perf") {
        readPerformance(&cursor)
      } else if cursor.equals(key, "p2p_perf") {
        readPerformance(&cursor)
      } else {
        if cursor.hasSuffix(key, "_perf") { isOtherEvent = true }
        cursor.skipValue()
      }
    }
  }

  private mutating func readHeader(_ cursor: inout JSONCursor, _ memory: inout Memory) {
    // A second header adds to the first.
    let isOnly = !hasHeader
    if isOnly, !memory.headerText.isEmpty, cursor.skip(memory.headerText) {
      hasHeader = true
      header = memory.header
      return
    }
    _ = cursor.peek()
    let start = cursor.position
    readNewHeader(&cursor)
    guard isOnly, cursor.state == .valid, cursor.position - start <= Memory.longestText else {
      return
    }
    memory.headerText = unsafe cursor.withBytes(start..<cursor.position) { unsafe Array($0) }
    memory.header = header
  }

  private mutating func readNewHeader(_ cursor: inout JSONCursor) {
    guard cursor.beginObject() else { return }
    hasHeader = true
    while let key = cursor.nextKey() {
      if cursor.equals(key, "id") {
        header.identifier = cursor.integer()
      } else if cursor.equals(key, "rank") {
        header.rank = cursor.integer()
      } else if cursor.equals(key, "n_ranks") {
        header.size = cursor.integer()
      } else if cursor.equals(key, "nnodes") {
        header.nodes = cursor.integer()
      } else if cursor.equals(key, "comm_name") {
        // `unknown` is what the plugin writes for none.
        if let text = cursor.string(), !cursor.equals(text, "unknown") {
          header.name = cursor.text(text, limit: 256)
        }
      } else {
        cursor.skipValue()
      }
    }
  }

  private mutating func readMetadata(_ cursor: inout JSONCursor, _ memory: inout Memory) {
    // Second metadata add to the first.
    let isOnly = metadata == nil
    _ = cursor.peek()
    let start = cursor.position
    if isOnly, !memory.metadataText.start.isEmpty {
      if cursor.skip(memory.metadataText.start), cursor.skipDigits(),
        cursor.skip(memory.metadataText.rest)
      {
        metadata = memory.metadata
        return
      }
      cursor.position = start
    }
    guard let time = readNewMetadata(&cursor, memory.metadata.host), isOnly,
      cursor.state == .valid, cursor.position - start <= Memory.longestText, let metadata
    else { return }
    memory.metadataText.start = unsafe cursor.withBytes(start..<time.lowerBound) {
      unsafe Array($0)
    }
    memory.metadataText.rest = unsafe cursor.withBytes(time.upperBound..<cursor.position) {
      unsafe Array($0)
    }
    memory.metadata = metadata
  }

  /// Returns where the digits of the time of writing stand, if it is stated once.
  private mutating func readNewMetadata(
    _ cursor: inout JSONCursor, _ knownHost: String
  ) -> Range<Int>? {
    guard cursor.beginObject() else { return nil }
    var read = metadata ?? Metadata()
    var time: Range<Int>?
    while let key = cursor.nextKey() {
      if cursor.equals(key, "hostname") {
        guard let text = cursor.string() else { break }
        // Most often the same host: no new string for it.
        read.host = cursor.repeats(text, knownHost) ? knownHost : cursor.text(text, limit: 256)
      } else if cursor.equals(key, "pid") {
        read.pid = cursor.integer()
      } else if cursor.equals(key, "dump_timestamp_us") {
        _ = cursor.peek()
        let start = cursor.position
        time = time == nil && cursor.skipDigits() ? start..<cursor.position : nil
        if time == nil { cursor.skipValue() }
      } else {
        if cursor.equals(key, "inspector_output_format_version") { read.isInspector = true }
        cursor.skipValue()
      }
    }
    metadata = read
    return time
  }

  /// Reads `coll_perf` or `p2p_perf`; the keys differ by their prefix only.
  private mutating func readPerformance(_ cursor: inout JSONCursor) {
    guard cursor.beginObject() else { return }
    while let key = cursor.nextKey() {
      if cursor.equals(key, "coll") || cursor.equals(key, "p2p") {
        guard let text = cursor.string() else { return }
        kind = Self.kind(cursor, text)
        if kind == nil { isOtherEvent = true }
      } else if cursor.hasSuffix(key, "_msg_size_bytes") {
        bytes = cursor.integer()
      } else if cursor.hasSuffix(key, "_exec_time_us") {
        durationMicroseconds = cursor.integer()
      } else if cursor.equals(key, "coll_sn") || cursor.equals(key, "p2p_sn") {
        sequence = cursor.integer()
      } else if cursor.equals(key, "p2p_peer") {
        peer = cursor.integer()
      } else if cursor.hasSuffix(key, "_timing_source") {
        guard let text = cursor.string() else { return }
        if cursor.equals(text, "kernel_gpu") {
          basis = .kernelGPU
        } else if cursor.equals(text, "kernel_cpu") {
          basis = .kernelCPU
        } else if cursor.equals(text, "collective_cpu") || cursor.equals(text, "p2p_cpu") {
          basis = .collectiveCPU
        }
      } else if cursor.equals(key, "event_trace_ts") {
        readEventTimes(&cursor)
      } else {
        cursor.skipValue()
      }
    }
  }

  /// Reads the verbose `event_trace_ts`: when the collective and its kernels began, epoch µs.
  private mutating func readEventTimes(_ cursor: inout JSONCursor) {
    guard cursor.beginObject() else { return }
    var collective: Int64?
    var kernel: Int64?
    while let key = cursor.nextKey() {
      if cursor.equals(key, "coll_start_ts") || cursor.equals(key, "p2p_start_ts") {
        collective = cursor.integer()
      } else if cursor.equals(key, "kernel_events") {
        guard cursor.beginArray() else { return }
        while cursor.nextValue() {
          guard cursor.beginObject() else { return }
          while let key = cursor.nextKey() {
            if cursor.equals(key, "kernel_start_ts") {
              let start = cursor.integer() ?? 0
              if start > 0 { kernel = min(kernel ?? start, start) }
            } else {
              cursor.skipValue()
            }
          }
        }
      } else {
        cursor.skipValue()
      }
    }
    startMicroseconds = kernel ?? collective
  }

  private static func kind(_ cursor: JSONCursor, _ text: Range<Int>) -> OperationKind? {
    if cursor.equals(text, "AllReduce") { return .allReduce }
    if cursor.equals(text, "AllGather") { return .allGather }
    if cursor.equals(text, "ReduceScatter") { return .reduceScatter }
    if cursor.equals(text, "Broadcast") { return .broadcast }
    if cursor.equals(text, "Reduce") { return .reduce }
    if cursor.equals(text, "AlltoAll") || cursor.equals(text, "AllToAll") { return .allToAll }
    if cursor.equals(text, "Gather") { return .gather }
    if cursor.equals(text, "Scatter") { return .scatter }
    if cursor.equals(text, "Send") { return .send }
    if cursor.equals(text, "Recv") { return .recv }
    return nil
  }
}
