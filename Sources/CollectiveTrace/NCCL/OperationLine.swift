// SPDX-License-Identifier: Apache-2.0

/// What became of an attempt to read one message form.
enum MessageOutcome {
  /// Read to its end.
  case parsed
  /// Another form.
  case other
  /// Begins like this form and does not end like it: cut, glued or overwritten.
  case torn
  /// The form is whole and a field cannot be right.
  case malformed
}

extension TextCursor {
  /// Reads an operation line of subsystem COLL, any release of NCCL and RCCL.
  ///
  ///     AllReduce: opCount 1f sendbuff 0x7f.. recvbuff 0x7f.. count 4096 datatype 9 op 0 root 0 comm 0x55.. [nranks=8] stream 0x55..
  ///     ---------          --                                       ----          -    -      -                       -
  ///     operation          hexadecimal, no sequence number          elements   DataType  sum  root, or peer         size
  ///
  /// - 2.3.5 has no name and ` size %zi` after the count; 2.3 leaves out ` root` where unused.
  /// - RCCL appends ` task %d globalrank %d`.
  ///
  /// - Parameters:
  ///   - record: Filled when the outcome is `parsed`.
  ///   - tailStart: Offset of the blank before `count`, for the memo of line tails.
  /// - Returns: What became of the attempt.
  mutating func readOperation(
    into record: inout OperationRecord, tailStart: inout Int
  ) -> MessageOutcome {
    let start = position
    if skip("opCount ") {
      record.kind = .unnamed
    } else {
      guard let colon = operationNameEnd() else { return .other }
      guard let kind = Self.operationKind(named: self, from: start, to: colon) else {
        return .other
      }
      record.kind = kind
      position = colon
      guard skip(": opCount ") else {
        // `AllReduce: 4096 Bytes -> ...` is a TUNING line.
        return isPrefix(of: ": opCount ") ? .torn : .other
      }
    }
    let countStart = position
    guard hex() != nil else { return .torn }
    var raw: UInt64 = 0
    for offset in countStart..<min(position, countStart + 8) {
      raw = raw << 8 | UInt64(byte(at: offset))
    }
    record.operationCount = raw
    guard skip(" sendbuff "), let sendBuffer = pointer(), skip(" recvbuff "),
      let receiveBuffer = pointer()
    else { return .torn }
    record.sendBuffer = sendBuffer
    record.receiveBuffer = receiveBuffer
    tailStart = position
    guard skip(" count ") else { return .torn }
    let digits = position
    guard let count = decimal() else {
      return position == digits && next &- 0x30 < 10 ? .malformed : .torn
    }
    record.elementCount = count
    if skip(" size ") { guard decimal() != nil else { return .torn } }
    guard skip(" datatype "), let dataType = decimal() else { return .torn }
    guard dataType < 255 else { return .malformed }
    record.dataType = UInt8(dataType)
    guard skip(" op "), let reduction = decimal() else { return .torn }
    record.reduction = UInt32(clamping: reduction)
    record.peer = 0
    if skip(" root ") {
      guard let root = signed() else { return .torn }
      guard root >= -1, root <= Int(Int32.max) else { return .malformed }
      record.peer = Int32(root)
    }
    guard skip(" comm "), let communicator = pointer() else { return .torn }
    record.communicator = communicator
    guard skip(" [nranks="), let size = decimal() else { return .torn }
    guard skip("] stream "), pointer() != nil else { return .torn }
    guard size >= 1, size <= UInt64(Int32.max) else { return .malformed }
    record.size = Int32(size)
    record.rank = -1
    if skip(" task ") {
      guard decimal() != nil, skip(" globalrank "), let rank = decimal() else { return .torn }
      record.rank = Int32(clamping: rank)
    }
    while skipUnknownField(unless: Self.knownFields) {}
    skipBlanks()
    return isAtEnd ? .parsed : .torn
  }

  /// Skips ` name value` at the cursor: a field that a release newer than those read may append.
  ///
  /// A name that NCCL's lines already use is no new field; there another line begins.
  mutating func skipUnknownField(unless known: Set<String>) -> Bool {
    let start = position
    guard skip(" ") else { return false }
    let nameStart = position
    while (next | 0x20) &- 0x61 < 26 || next == 0x5F { position += 1 }
    let nameEnd = position
    guard nameEnd - nameStart >= 2, nameEnd - nameStart <= 32, skip(" "),
      !known.contains(text(from: nameStart, to: nameEnd))
    else {
      position = start
      return false
    }
    if pointer() == nil {
      _ = skip("-")
      guard hex() != nil else {
        position = start
        return false
      }
    }
    guard isAtEnd || next == 0x20 else {
      position = start
      return false
    }
    return true
  }

  private static let knownFields: Set<String> = [
    "opCount", "sendbuff", "recvbuff", "count", "size", "datatype", "op", "root", "comm", "stream",
    "task", "globalrank", "NCCL", "INFO", "rank", "nranks", "nRanks", "via",
  ]

  /// Reads an operation line of the API call trace (`NCCL CALL`, 2.13.4 and later).
  ///
  ///     ncclAllReduce(7f1a..,7f1b..,4096,9,0,0,0x55..,0x55..)
  mutating func readOperationCall(into record: inout OperationRecord) -> MessageOutcome {
    guard skip("nccl") else { return .other }
    let start = position
    while Self.isNameByte(next) { position += 1 }
    guard let kind = Self.operationKind(named: self, from: start, to: position), skip("(") else {
      return .other
    }
    record.kind = kind
    guard let sendBuffer = hex(), skip(","), let receiveBuffer = hex(), skip(","),
      let count = decimal(), skip(","),
      let dataType = decimal(), skip(","), let reduction = decimal(), skip(","),
      let root = signed(), skip(","), let communicator = pointer(), skip(","), pointer() != nil,
      skip(")")
    else { return .torn }
    guard dataType < 255, root >= -1, root <= Int(Int32.max) else { return .malformed }
    record.sendBuffer = sendBuffer
    record.receiveBuffer = receiveBuffer
    record.elementCount = count
    record.dataType = UInt8(dataType)
    record.reduction = UInt32(clamping: reduction)
    record.peer = Int32(root)
    record.communicator = communicator
    record.size = 0
    record.rank = -1
    record.operationCount = 0
    skipBlanks()
    return isAtEnd ? .parsed : .torn
  }

  /// The offset of the colon after a name, if a name comes next.
  private func operationNameEnd() -> Int? {
    var offset = position
    while Self.isNameByte(byte(at: offset)) {
      offset += 1
      if offset - position > 40 { return nil }
    }
    return offset > position && byte(at: offset) == 0x3A ? offset : nil
  }

  /// Whether the rest of the line is a beginning of this text.
  private func isPrefix(of text: StaticString) -> Bool {
    guard remaining < text.utf8CodeUnitCount else { return false }
    for index in 0..<remaining
    where unsafe text.utf8Start[index] != byte(at: position + index) {
      return false
    }
    return true
  }

  static func isNameByte(_ byte: UInt8) -> Bool {
    byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26 || byte == 0x5F || byte == 0x2B
  }

  private static let names: [(name: StaticString, kind: OperationKind)] = [
    ("AllReduce", .allReduce), ("AllGather", .allGather), ("ReduceScatter", .reduceScatter),
    ("Broadcast", .broadcast), ("Reduce", .reduce), ("Send", .send), ("Recv", .recv),
    ("AlltoAll", .allToAll), ("AllToAll", .allToAll), ("Gather", .gather),
    ("Scatter", .scatter), ("PutSignal", .putSignal), ("Signal", .signal),
    ("WaitSignal", .waitSignal), ("AllToAllPivot", .allToAll), ("Bcast", .broadcast),
    // RCCL prints these in place of the ordinary line when an MSCCL schedule runs.
    ("mscclFuncReduce", .reduce), ("mscclFuncBroadcast", .broadcast),
    ("mscclFuncAllReduce", .allReduce), ("mscclFuncReduceScatter", .reduceScatter),
    ("mscclFuncAllGather", .allGather), ("mscclFuncSend", .send), ("mscclFuncRecv", .recv),
    ("mscclFuncGather", .gather), ("mscclFuncScatter", .scatter),
    ("mscclFuncAllToAll", .allToAll), ("mscclFuncAllToAllv", .allToAll),
    ("mscclpp_ncclAllReduce", .allReduce), ("mscclpp_ncclAllGather", .allGather),
  ]

  /// The operation of a name, or `nil` when there is no such operation.
  private static func operationKind(named cursor: TextCursor, from start: Int, to stop: Int)
    -> OperationKind?
  {
    var name = cursor
    name.position = start
    for entry in names
    where entry.name.utf8CodeUnitCount == stop - start && name.starts(with: entry.name) {
      return entry.kind
    }
    return nil
  }

  /// The operation that a TUNING line or table names at the cursor, up to `stop`.
  func operationKind(upTo stop: Int) -> OperationKind? {
    Self.operationKind(named: self, from: position, to: stop)
  }
}
