// SPDX-License-Identifier: Apache-2.0

/// The fields of a line that begins or ends a communicator, or states its layout.
struct LifecycleRecord {
  /// What the line announces.
  enum Event {
    case initStart, initComplete, destroyed, abortStarted, aborted, revokeStarted, revoked
    case layout
  }
  var event = Event.layout
  var function = ""
  var hasRankPrefix = false
  var pointer: UInt64 = 0
  var rank = -1
  var size = 0
  var cudaDevice: Int?
  var nvmlDevice: Int?
  var busID: UInt64?
  var parent: UInt64?
  var splitOrdinal: Int?
  var usesChildCount = false
  var color: Int?
  var key: Int?
  var identifier: UInt64?
  var nodes: Int?
  var localRanks: Int?
  var localRank: Int?
}

extension TextCursor {
  /// Reads a communicator's init, layout or end line, any release of NCCL and RCCL.
  ///
  ///     ncclCommSplit comm 0x55.. rank 0 nranks 4 cudaDev 0 nvmlDev 0 busId 1b000 parent 0x55.. color 0 key 0 commId 0x3e.. - Init START
  ///     comm 0x55.. rank 0 nRanks 8 nNodes 1 localRanks 8 localRank 0 MNNVL 0
  ///
  /// The fields came and went over the releases; they are read by name, in any order.
  mutating func readLifecycle(into record: inout LifecycleRecord) -> MessageOutcome {
    if skip("Destroyed comm ") {
      guard let pointer = pointer(), skip(" rank "), let rank = decimal() else { return .torn }
      record.pointer = pointer
      record.rank = Int(clamping: rank)
      record.event = .destroyed
      skipBlanks()
      return isAtEnd ? .parsed : .torn
    }
    if skip("[Rank ") {
      guard decimal() != nil, skip("] ") else { return .other }
      record.hasRankPrefix = true
    }
    if starts(with: "nccl") {
      let start = position
      while Self.isNameByte(next) { position += 1 }
      record.function = text(from: start, to: position, limit: 40)
      guard skip(" ") else { return .other }
    }
    guard skip("comm ") else { return .other }
    guard let pointer = pointer() else { return .torn }
    record.pointer = pointer
    guard skip(" rank ") else { return .other }
    guard let rank = decimal(), skip(" nranks ") || skip(" nRanks "), let size = decimal() else {
      return .torn
    }
    guard rank < size, size <= UInt64(Int32.max) else { return .malformed }
    record.rank = Int(rank)
    record.size = Int(size)
    while true {
      if skipUnknownField(unless: Self.knownLifecycleFields) { continue }
      skipBlanks()
      if isAtEnd {
        // 2.3 and 2.4 print the same fields without a tail when the init starts.
        record.event = record.nodes == nil ? .initStart : .layout
        return .parsed
      }
      if skip("- ") { return readEvent(into: &record) }
      let outcome = readField(into: &record)
      if outcome != .parsed { return outcome }
    }
  }

  private static let knownLifecycleFields: Set<String> = [
    "cudaDev", "nvmlDev", "busId", "parent", "splitCount", "childCount", "color", "key", "commId",
    "nNodes", "localRanks", "localRank", "MNNVL", "localSize", "used", "on", "comm", "Init",
  ]

  private mutating func readEvent(into record: inout LifecycleRecord) -> MessageOutcome {
    if skip("Init START") {
      record.event = .initStart
    } else if skip("Init COMPLETE") || skip("COMPLETE") {
      record.event = .initComplete
    } else if skip("Destroy COMPLETE") {
      record.event = .destroyed
    } else if skip("Abort COMPLETE") {
      record.event = .aborted
    } else if skip("Abort START") {
      record.event = .abortStarted
    } else if skip("Revoke START") {
      record.event = .revokeStarted
    } else if skip("Revoke COMPLETE") {
      record.event = .revoked
      if skip(", result ") { guard signed() != nil else { return .torn } }
    } else {
      return .torn
    }
    skipBlanks()
    return isAtEnd ? .parsed : .torn
  }

  private mutating func readField(into record: inout LifecycleRecord) -> MessageOutcome {
    if skip("cudaDev ") {
      guard let value = signed() else { return .torn }
      record.cudaDevice = value
    } else if skip("nvmlDev ") {
      guard let value = signed() else { return .torn }
      record.nvmlDevice = value
    } else if skip("busId ") {
      guard let value = hex() else { return .torn }
      record.busID = value
    } else if skip("parent ") {
      guard let value = pointer() else { return .torn }
      record.parent = value
    } else if skip("splitCount ") {
      guard let value = signed() else { return .torn }
      record.splitOrdinal = value
    } else if skip("childCount ") {
      guard let value = signed() else { return .torn }
      record.splitOrdinal = value
      record.usesChildCount = true
    } else if skip("color ") {
      guard let value = signed() else { return .torn }
      record.color = value
    } else if skip("key ") {
      guard let value = signed() else { return .torn }
      record.key = value
    } else if skip("commId ") {
      guard let value = pointer() else { return .torn }
      record.identifier = value
    } else if skip("nNodes ") {
      guard let value = signed() else { return .torn }
      record.nodes = value
    } else if skip("localRanks ") {
      guard let value = signed() else { return .torn }
      record.localRanks = value
    } else if skip("localRank ") {
      guard let value = signed() else { return .torn }
      record.localRank = value
    } else if skip("MNNVL ") || skip("localSize ") || skip("on core ") {
      guard signed() != nil else { return .torn }
    } else if skip("used ") {
      guard signed() != nil, skip(" bytes") else { return .torn }
    } else {
      return .torn
    }
    return .parsed
  }
}
