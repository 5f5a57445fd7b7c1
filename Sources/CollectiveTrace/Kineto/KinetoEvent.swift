// SPDX-License-Identifier: Apache-2.0

/// Reading of single events and of the document's other keys.
extension KinetoStore {
  /// What kind of event it is, as far as we care.
  private enum Category {
    case host, launch, kernel, hostAnnotation, gpuAnnotation
  }

  /// Reads one event and keeps what it says.
  ///
  /// - Returns: How the event was understood: `knownIgnored` when it is of a kind that tells
  ///   nothing here.
  mutating func readEvent(_ cursor: inout JSONCursor) -> FileLedger.LineClass {
    if Self.isPlainlyIgnored(cursor) { return .knownIgnored }
    let start = cursor.position
    guard cursor.beginObject() else { return .malformed }
    var phase: UInt8 = 0
    var category: Range<Int>?
    var name: Range<Int>?
    // Whether a key was passed that may be needed, as other writers order them.
    var passedOther = false
    while let key = cursor.nextKey() {
      if cursor.equals(key, "ph") {
        guard let text = cursor.string() else { break }
        phase = cursor.byte(at: text.lowerBound)
        // Complete events only: flows, counters, marks and names of processes tell nothing here.
        if phase != 0x58 || text.count != 1 { return .knownIgnored }
      } else if cursor.equals(key, "cat") {
        category = cursor.string()
      } else if cursor.equals(key, "name") {
        name = cursor.string()
      } else {
        passedOther = true
        cursor.skipValue()
      }
      if phase != 0, let category, let name {
        guard let kind = Self.category(cursor, category, name) else { return .knownIgnored }
        if passedOther {
          cursor.position = start
          guard cursor.beginObject() else { return .malformed }
        }
        return read(&cursor, kind, name)
      }
    }
    // An event of another writer without a category or a name.
    return cursor.state == .valid ? .knownIgnored : .malformed
  }

  /// Whether an event as Kineto and Python space it can be told to be of no interest by its first
  /// bytes, as most can.
  @inline(__always)
  private static func isPlainlyIgnored(_ cursor: JSONCursor) -> Bool {
    var offset = cursor.position + 1
    while offset < cursor.end, cursor.byte(at: offset) <= 0x20 { offset += 1 }
    let phase = cursor.word(at: offset)
    // `"ph": "`, lowest byte first.
    guard phase << 8 == 0x22_203A_2268_7022 << 8 else { return false }
    guard phase >> 56 == 0x58 else { return cursor.byte(at: offset + 8) == 0x22 }
    // `", "cat"` and `: "`.
    guard cursor.word(at: offset + 8) == 0x2274_6163_2220_2C22,
      cursor.word(at: offset + 16) & 0xFF_FFFF == 0x22_203A
    else { return false }
    let category = offset + 19
    let first = cursor.word(at: category)
    // `python_f...`
    if first == 0x665F_6E6F_6874_7970 { return true }
    let end: Int
    if first & 0xFF_FFFF_FFFF_FFFF == 0x22_706F_5F75_7063 {
      end = category + 6
    } else if first == 0x6E75_725F_6164_7563,
      cursor.word(at: category + 8) & 0xFF_FFFF_FFFF == 0x22_656D_6974
    {
      end = category + 12
    } else {
      return false
    }
    // `", "name` and `": "`.
    guard cursor.word(at: end) == 0x656D_616E_2220_2C22,
      cursor.word(at: end + 8) & 0xFFFF_FFFF == 0x2220_3A22
    else { return false }
    let name = cursor.word(at: end + 12)
    // Of all these names, `record_p...`, `cudaLaun...`, `cuLaunch...` and `hip...` are needed.
    return name != 0x705F_6472_6F63_6572 && name != 0x6E75_614C_6164_7563
      && name != 0x6863_6E75_614C_7563
      && name & 0xFF_FFFF != 0x70_6968
  }

  /// The kind of a complete event, or `nil` when it tells nothing here.
  @inline(__always)
  private static func category(
    _ cursor: JSONCursor, _ category: Range<Int>, _ name: Range<Int>
  ) -> Category? {
    switch category.count {
    case 6:
      if cursor.equals(category, "cpu_op") {
        return cursor.hasPrefix(name, "record_param_comms") ? .host : nil
      }
      return cursor.equals(category, "kernel") || cursor.equals(category, "Kernel") ? .kernel : nil
    case 7: return cursor.equals(category, "Runtime") && isLaunch(cursor, name) ? .launch : nil
    case 8:
      guard cursor.equals(category, "Operator") else { return nil }
      return cursor.hasPrefix(name, "record_param_comms") || cursor.hasPrefix(name, "nccl:")
        ? .host : nil
    case 11, 12:
      let isRuntime =
        cursor.equals(category, "cuda_driver") || cursor.equals(category, "cuda_runtime")
        || cursor.equals(category, "hip_runtime") || cursor.equals(category, "hip_driver")
      return isRuntime && isLaunch(cursor, name) ? .launch : nil
    case 15:
      guard cursor.equals(category, "user_annotation") else { return nil }
      return cursor.hasPrefix(name, "nccl:") ? .host : .hostAnnotation
    case 19: return cursor.equals(category, "gpu_user_annotation") ? .gpuAnnotation : nil
    default: return nil
    }
  }

  /// Whether a call of the driver launches a kernel: `cudaLaunchKernelExC`, `hipLaunchKernel`.
  @inline(__always)
  private static func isLaunch(_ cursor: JSONCursor, _ name: Range<Int>) -> Bool {
    cursor.hasPrefix(name, "cudaLaunch") || cursor.hasPrefix(name, "cuLaunch")
      || cursor.hasPrefix(name, "hipLaunch") || cursor.hasPrefix(name, "hipExtLaunch")
      || cursor.hasPrefix(name, "hipModuleLaunch") || cursor.hasPrefix(name, "hipExtModuleLaunch")
  }

  /// Times and thread of an event.
  private struct Body {
    var start: Int64?
    var duration: Int64?
    var process: Range<Int> = 0..<0
    var thread: Range<Int> = 0..<0

    /// When it ended, if both times are sound.
    var end: Int64? {
      guard let start, let duration, duration >= 0, start > -KinetoStore.latest / 4,
        start < KinetoStore.latest, duration < KinetoStore.latest / 2
      else { return nil }
      return start + duration
    }
  }

  /// Reads the rest of an event, or all of it; the cursor stands before a key.
  private mutating func read(
    _ cursor: inout JSONCursor, _ kind: Category, _ name: Range<Int>
  ) -> FileLedger.LineClass {
    let isCompute = kind == .kernel && !KernelName.isCommunication(cursor, name)
    let hasMetadata = kind == .host || (kind == .kernel && !isCompute)
    var body = Body()
    var arguments = EventArguments()
    while let key = cursor.nextKey() {
      if cursor.equals(key, "ts") {
        body.start = cursor.thousandths()
      } else if cursor.equals(key, "dur") {
        body.duration = cursor.thousandths()
      } else if cursor.equals(key, "args") {
        // The arguments come last and are long.
        if isCompute, body.start != nil, body.duration != nil { break }
        guard let first = cursor.peek() else { break }
        if first == 0x7B, hasMetadata {
          arguments.read(&cursor)
        } else if first == 0x7B, kind == .launch {
          arguments.readCorrelation(&cursor)
        } else {
          cursor.skipValue()
        }
      } else if cursor.equals(key, "pid") {
        body.process = Self.token(&cursor)
      } else if cursor.equals(key, "tid") {
        body.thread = Self.token(&cursor)
      } else {
        cursor.skipValue()
      }
    }
    guard cursor.state == .valid, let start = body.start, let end = body.end else {
      return .malformed
    }
    let thread = Self.thread(cursor, body.process, body.thread)
    if kind == .kernel {
      firstKernel = min(firstKernel, start)
      lastKernel = max(lastKernel, end)
    }
    if isCompute {
      compute.add(start, end)
      return .parsed
    }
    switch kind {
    case .hostAnnotation, .gpuAnnotation:
      return readAnnotation(
        cursor, name, isGPU: kind == .gpuAnnotation, thread: thread, from: start, to: end)
    case .host, .launch, .kernel: break
    }
    switch kind {
    case .launch:
      guard let correlation = arguments.correlation else { return .knownIgnored }
      add(Launch(correlation: correlation, time: start, thread: thread))
    case .kernel:
      let metadata = metadata(of: arguments, cursor)
      add(
        Kernel(
          start: start, end: end, correlation: arguments.correlation ?? -1,
          external: arguments.external ?? -1, stream: thread, name: kernelName(cursor, name),
          metadata: metadata))
    default:
      let isAnnotation = cursor.hasPrefix(name, "nccl:")
      if isAnnotation { arguments.collective = name.lowerBound + 5..<name.upperBound }
      if pid == 0, let stated = JSONCursor.integer(in: cursor, body.process) {
        pid = Int(clamping: stated)
      }
      var metadata = metadata(of: arguments, cursor)
      if isAnnotation { readPeer(cursor, name, &metadata) }
      add(
        HostCall(
          start: start, end: end, thread: thread, external: arguments.external ?? -1,
          isAnnotation: isAnnotation, metadata: metadata))
    }
    return .parsed
  }

  /// The text of a number or string, without its quotes.
  private static func token(_ cursor: inout JSONCursor) -> Range<Int> {
    guard let first = cursor.peek() else { return 0..<0 }
    if first == 0x22 { return cursor.string() ?? 0..<0 }
    let start = cursor.position
    cursor.skipValue()
    return start..<cursor.position
  }

  /// A number for a pair of process and thread, or GPU and stream (FNV-1a).
  private static func thread(
    _ cursor: JSONCursor, _ process: Range<Int>, _ thread: Range<Int>
  ) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for offset in process.prefix(64) {
      hash = (hash ^ UInt64(cursor.byte(at: offset))) &* 0x100_0000_01B3
    }
    hash = (hash ^ 0xFF) &* 0x100_0000_01B3
    for offset in thread.prefix(64) {
      hash = (hash ^ UInt64(cursor.byte(at: offset))) &* 0x100_0000_01B3
    }
    return hash
  }

  private mutating func readAnnotation(
    _ cursor: JSONCursor, _ name: Range<Int>, isGPU: Bool, thread: UInt64,
    from start: Int64, to end: Int64
  ) -> FileLedger.LineClass {
    // What PyTorch puts around the kernels of a collective repeats what the kernels say.
    if cursor.hasPrefix(name, "nccl:") || cursor.hasPrefix(name, "c10d::") { return .knownIgnored }
    if cursor.hasPrefix(name, "ProfilerStep#") {
      let step = TimingFacts.Step(name: cursor.text(name, limit: 200), start: start, end: end)
      if isGPU, gpuSteps.count < Self.maximumStretches {
        gpuSteps.append(step)
      } else if !isGPU, hostSteps.count < Self.maximumStretches {
        hostSteps.append(step)
      } else {
        stretchesNotKept += 1
      }
      return .parsed
    }
    let isFull = (isGPU ? gpuStretches.count : hostStretches.count) >= Self.maximumStretches
    let label = isFull ? -1 : labels.number(of: cursor.text(name, limit: 200))
    guard label >= 0 else {
      stretchesNotKept += 1
      return .parsed
    }
    let stretch = Stretch(start: start, end: end, thread: thread, label: label)
    if isGPU { gpuStretches.append(stretch) } else { hostStretches.append(stretch) }
    return .parsed
  }

  private mutating func kernelName(_ cursor: JSONCursor, _ name: Range<Int>) -> Int32 {
    let text = cursor.text(name, limit: 256)
    let number = kernelNames.number(of: text)
    if Int(number) == kernelFacts.count { kernelFacts.append(KernelName(text)) }
    return number
  }

  /// `nccl:send 0->1`, `nccl:recv 0<-1`: the peer's rank in the group.
  private func readPeer(
    _ cursor: JSONCursor, _ name: Range<Int>, _ metadata: inout Metadata
  ) {
    guard metadata.collective == .send || metadata.collective == .recv else { return }
    guard let last = name.last(where: { cursor.byte(at: $0) &- 0x30 >= 10 }),
      last + 1 < name.upperBound, cursor.byte(at: last) == 0x3E || cursor.byte(at: last) == 0x2D,
      let peer = JSONCursor.integer(in: cursor, last + 1..<name.upperBound)
    else { return }
    metadata.rank = Int32(exactly: peer) ?? -1
  }

  // MARK: - Metadata

  private mutating func metadata(
    of arguments: EventArguments, _ cursor: JSONCursor
  ) -> Metadata {
    var metadata = Metadata()
    if let name = arguments.collective {
      metadata.collective = CollectiveName(cursor.text(name, limit: 64))
    }
    metadata.sequence = arguments.sequence.flatMap { $0 >= 0 ? $0 : nil } ?? -1
    metadata.input = arguments.input ?? -1
    // The annotation of a scatter shows its output.
    if metadata.input < 0, metadata.collective != .scatter, let elements = arguments.dimensions {
      metadata.input = elements
    }
    metadata.output = arguments.output ?? -1
    metadata.type = arguments.type.map { CollectiveName.dataType($0).rawValue } ?? 255
    metadata.rank = arguments.rank.flatMap { Int32(exactly: $0) } ?? -1
    metadata.peer = arguments.peer.flatMap { Int32(exactly: $0) } ?? -1
    metadata.isUneven = arguments.isUneven
    var key = ProcessGroups.Key()
    key.size = arguments.size.flatMap { Int(exactly: $0) } ?? 0
    if key.size < 0 { key.size = 0 }
    if let name = arguments.groupName { key.name = cursor.text(name, limit: 1024) }
    if let details = arguments.groupDetails { key.details = cursor.text(details, limit: 1024) }
    if let ranks = arguments.groupRanks { key.ranks = cursor.text(ranks) }
    key.pointer = UInt64(bitPattern: arguments.groupPointer ?? 0)
    key.start = arguments.firstRank ?? -1
    key.stride = arguments.rankStride ?? -1
    guard metadata.collective.kind != nil || key.pointer != 0 else { return metadata }
    metadata.group = groups.number(of: key)
    if !metadata.collective.rankIsPeer, metadata.collective.kind != nil, metadata.rank >= 0 {
      groups.note(ownRank: Int(metadata.rank), of: metadata.group)
    }
    return metadata
  }

  // MARK: - Other keys of the document

  /// Whether a key of the document says something about the job.
  static func wantsMember(_ cursor: JSONCursor, _ key: Range<Int>) -> Bool {
    cursor.equals(key, "distributedInfo") || cursor.equals(key, "baseTimeNanoseconds")
      || cursor.equals(key, "host_name")
  }

  /// Reads the value of a key for which ``wantsMember(_:_:)`` holds.
  ///
  /// - Returns: Whether the value is what the key promises.
  mutating func readMember(_ cursor: inout JSONCursor, _ key: Range<Int>) -> Bool {
    // The key lies before the cursor's text, in the same memory.
    guard let first = cursor.peek() else { return false }
    if cursor.equals(key, "distributedInfo") {
      return first == 0x7B && readDistributedInfo(&cursor)
    }
    if cursor.equals(key, "baseTimeNanoseconds") {
      guard let time = cursor.integer(), time >= 0, time < Self.latest else { return false }
      baseTime = time
      return true
    }
    guard let name = cursor.string() else { return false }
    host = cursor.text(name, limit: 256)
    return true
  }

  private mutating func readDistributedInfo(_ cursor: inout JSONCursor) -> Bool {
    guard cursor.beginObject() else { return false }
    while let key = cursor.nextKey() {
      if cursor.equals(key, "rank") {
        globalRank = cursor.integer().flatMap { Self.count($0) }
      } else if cursor.equals(key, "world_size") {
        worldSize = cursor.integer().flatMap { Self.count($0) }
      } else if cursor.equals(key, "pg_config"), cursor.peek() == 0x5B {
        readGroups(&cursor)
      } else {
        cursor.skipValue()
      }
    }
    return cursor.state == .valid
  }

  /// A rank or a number of ranks.
  private static func count(_ value: Int64) -> Int? {
    value >= 0 && value < 1 << 31 ? Int(value) : nil
  }

  private mutating func readGroups(_ cursor: inout JSONCursor) {
    guard cursor.beginArray() else { return }
    while cursor.nextValue() {
      guard cursor.peek() == 0x7B, cursor.beginObject() else {
        cursor.skipValue()
        if cursor.state != .valid { return }
        continue
      }
      var group = ProcessGroups.Group()
      var ranks: [Int] = []
      while let key = cursor.nextKey() {
        if cursor.equals(key, "pg_name") {
          let name = Self.token(&cursor)
          group.name = cursor.text(name, limit: 1024)
        } else if cursor.equals(key, "pg_desc") {
          let name = Self.token(&cursor)
          group.details = cursor.text(name, limit: 1024)
        } else if cursor.equals(key, "pg_size") {
          group.size = cursor.integer().flatMap { Self.count($0) } ?? 0
        } else if cursor.equals(key, "ranks") {
          let text = Self.token(&cursor)
          ranks = ProcessGroups.ranks(cursor.text(text, limit: 1 << 20)) ?? []
        } else {
          cursor.skipValue()
        }
      }
      guard cursor.state == .valid else { return }
      if group.size == 0 { group.size = ranks.count }
      if group.size == ranks.count { group.members = groups.limited(ranks) }
      if !group.name.isEmpty || group.size > 0 { groups.addConfigured(group) }
    }
  }
}
