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

  /// What most records have in common with the one before, so that it is not read again.
  struct Memory {
    /// Longest header that is remembered, in bytes.
    fileprivate static let longestHeader = 4096

    /// The header's text; empty for none.
    fileprivate var headerText: [UInt8] = []
    fileprivate var header = Header()
    fileprivate var host = ""
  }

  private(set) var hasHeader = false
  /// Whether the record states Inspector's format version.
  private(set) var isInspector = false
  /// Whether it holds an event that is neither a collective nor a send or receive.
  private(set) var isOtherEvent = false
  private(set) var header = Header()
  private(set) var host = ""
  private(set) var pid: Int64?
  private(set) var kind: OperationKind?
  private(set) var sequence: Int64?
  private(set) var peer: Int64?
  private(set) var bytes: Int64?
  private(set) var durationMicroseconds: Int64?
  private(set) var basis = TimingFacts.Basis.unknown
  /// From the verbose event trace: the first start of a kernel, else of the collective.
  private(set) var startMicroseconds: Int64?

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
    guard isOnly, cursor.state == .valid, cursor.position - start <= Memory.longestHeader else {
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
    guard cursor.beginObject() else { return }
    while let key = cursor.nextKey() {
      if cursor.equals(key, "hostname") {
        guard let text = cursor.string() else { return }
        // The same host on every line: no new string for it.
        if !cursor.repeats(text, memory.host) { memory.host = cursor.text(text, limit: 256) }
        host = memory.host
      } else if cursor.equals(key, "pid") {
        pid = cursor.integer()
      } else {
        if cursor.equals(key, "inspector_output_format_version") { isInspector = true }
        cursor.skipValue()
      }
    }
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
