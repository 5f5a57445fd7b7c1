// SPDX-License-Identifier: Apache-2.0

/// Records the order of calls of one GPU in little memory.
///
/// Greedy Lempel-Ziv over call symbols: while the calls repeat those `distance` earlier, a call
/// costs one comparison and one increment; only when the repetition breaks is a hash of the last
/// four symbols looked up to find another stretch to repeat.
///
/// - Invariant: `history` is a ring of the last `history.count` symbols, indexed by position.
struct SequenceRecorder: ~Copyable {
  /// Most tokens kept; what comes after is counted as lost.
  static let maximumTokens = 1 << 18
  private static let matchLength = 4
  private static let maximumWindow = 1 << 16

  /// Tokens of one word each.
  ///
  /// The copy length is in the high 40 bits, the distance or symbol below. A length of zero marks a literal.
  private var tokens: RawBuffer<UInt64>
  private var history: RawBuffer<UInt32>
  private var lastPosition: RawBuffer<Int64>
  private var mask: Int
  private(set) var length = 0
  private var lost = 0
  private var distance = 0
  private var copied = 0

  init() {
    tokens = RawBuffer(capacity: 16)
    history = RawBuffer(capacity: 256)
    history.resize(to: 256, filling: 0)
    lastPosition = RawBuffer(capacity: 256)
    lastPosition.resize(to: 256, filling: -1)
    mask = 255
  }

  /// Appends one call.
  @inline(__always)
  mutating func append(_ symbol: UInt32) {
    if lost > 0 {
      lost += 1
      length += 1
      return
    }
    if distance > 0, history[(length - distance) & mask] == symbol {
      copied += 1
      history[length & mask] = symbol
      length += 1
      return
    }
    appendSlowly(symbol)
  }

  @inline(never)
  private mutating func appendSlowly(_ symbol: UInt32) {
    if distance > 0 { endCopy() }
    if length >= history.count, history.count < Self.maximumWindow { widen() }
    history[length & mask] = symbol
    length += 1
    guard tokens.count < Self.maximumTokens else {
      lost += 1
      return
    }
    tokens.append(UInt64(symbol))
    guard length >= Self.matchLength else { return }
    let slot = hashOfTail()
    let candidate = lastPosition[slot]
    lastPosition[slot] = Int64(length)
    guard candidate > 0 else { return }
    let back = length - Int(candidate)
    guard back > 0, back < history.count - Self.matchLength else { return }
    for step in 1...Self.matchLength
    where history[(length - step) & mask] != history[(length - step - back) & mask] {
      return
    }
    distance = back
    copied = 0
  }

  private mutating func endCopy() {
    if copied > 0 {
      tokens.append(UInt64(copied) << 24 | UInt64(distance))
    }
    distance = 0
    copied = 0
  }

  private func hashOfTail() -> Int {
    var h: UInt64 = 0
    for step in 1...Self.matchLength {
      h = (h ^ UInt64(history[(length - step) & mask])) &* 0x9E37_79B9_7F4A_7C15
      h ^= h >> 29
    }
    return Int(truncatingIfNeeded: h >> 16) & mask
  }

  /// Doubles the window and indexes what it holds anew.
  private mutating func widen() {
    let old = history.count
    var wider = RawBuffer<UInt32>(capacity: old * 2)
    wider.resize(to: old * 2, filling: 0)
    let end = length
    let start = end - old
    for position in start..<end { wider[position & (old * 2 - 1)] = history[position & mask] }
    history = wider
    mask = old * 2 - 1
    lastPosition.removeAll()
    lastPosition.resize(to: old * 2, filling: -1)
    for position in (start + Self.matchLength)..<(end + 1) {
      length = position
      lastPosition[hashOfTail()] = Int64(position)
    }
    length = end
  }

  /// Ends the sequence and returns its tokens, with `symbols` left for the caller to fill.
  mutating func finish() -> CallSequence {
    if distance > 0 { endCopy() }
    var sequence = CallSequence()
    sequence.length = length
    sequence.lost = lost
    sequence.tokens.reserveCapacity(tokens.count)
    for index in 0..<tokens.count {
      let token = tokens[index]
      let count = Int(token >> 24)
      sequence.tokens.append(
        count == 0
          ? .literal(Int(token)) : .copy(distance: Int(token & 0xFF_FFFF), count: count))
    }
    return sequence
  }
}
