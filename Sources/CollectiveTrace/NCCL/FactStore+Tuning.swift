// SPDX-License-Identifier: Apache-2.0

/// An algorithm and protocol as a TUNING line names them.
struct TuningChoice: Hashable {
  var algorithm: String
  var `protocol`: String
}

extension FactStore {
  /// Bytes of one element; 0 for a type NCCL did not have yet.
  ///
  /// One nibble per type number: 1 1 4 4 8 8 2 4 8 2 1 1.
  @inline(__always)
  static func byteSize(_ dataType: UInt8) -> UInt64 {
    dataType < 12 ? (0x1128_4288_4411 >> (UInt64(dataType) * 4)) & 15 : 0
  }

  @inline(__always)
  mutating func rememberForTuning(
    thread: Int, communicator: Int, kind: OperationKind, bytes: UInt64
  ) {
    let cursor = pendingCursor[thread]
    pending[thread * Self.pendingWidth + cursor] = PendingTuning(
      communicator: Int32(truncatingIfNeeded: communicator), kind: kind, isTaken: false,
      bytes: bytes)
    pendingCursor[thread] = (cursor + 1) & (Self.pendingWidth - 1)
  }

  /// Index of an algorithm and protocol pair, made when new.
  mutating func choice(_ choice: TuningChoice) -> Int {
    if let known = choices.firstIndex(of: choice) { return known }
    choices.append(choice)
    return choices.count - 1
  }

  /// Counts a TUNING line: the oldest call of this thread with this operation and these bytes.
  ///
  /// 2.24.3 and later print the bytes of one call; before, the total over ranks and over the
  /// calls that were fused, so the last call of that operation is the fallback.
  ///
  /// - Returns: Whether a call was found.
  mutating func countTuning(thread: Int, kind: OperationKind, bytes: UInt64, choice: Int) -> Bool {
    let base = thread * Self.pendingWidth
    let cursor = pendingCursor[thread]
    var fallback = -1
    var found = -1
    for step in 0..<Self.pendingWidth {
      let index = base + ((cursor + step) & (Self.pendingWidth - 1))
      let entry = pending[index]
      guard entry.communicator >= 0, kind == .unnamed || entry.kind == kind else { continue }
      fallback = index
      guard !entry.isTaken else { continue }
      let size = UInt64(max(communicators[Int(entry.communicator)].size, 1))
      if entry.bytes == bytes || entry.bytes &* size == bytes {
        found = index
        break
      }
    }
    if found < 0 { found = fallback }
    guard found >= 0 else { return false }
    pending[found].isTaken = true
    let communicator = pending[found].communicator
    let kind = pending[found].kind
    let key = TripleKey(
      a: bytes, b: UInt64(UInt32(bitPattern: communicator)),
      c: UInt64(choice) << 8 | UInt64(kind.rawValue))
    if let row = tuningTable.row(for: key) {
      tuningRows[row].lines &+= 1
    } else if tuningRows.count < maximumKeys {
      tuningTable.set(tuningRows.count, for: key)
      tuningRows.append(
        TuningRow(
          communicator: communicator, kind: kind, bytes: bytes, choice: Int32(choice), lines: 1))
    }
    return true
  }
}
