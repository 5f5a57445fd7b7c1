// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Remembers what lines were, so that a line seen before costs one comparison of all its bytes.
///
/// From ` count` to the newline, the operation lines of one thread recur thousands of times; so do
/// TUNING lines and most chatter. Two direct-mapped tables hold them: *heads* (everything up to
/// `NCCL INFO `, which names the thread) and *texts* (a line's tail or a whole message, and what
/// it counts). A hit is confirmed by comparing every byte, so it is exactly as safe as a parse;
/// a miss costs a parse, never a wrong count.
///
/// Loads may reach past a line's end, never past the window: the caller guarantees
/// ``reach`` readable bytes.
@safe
struct LineMemo: ~Copyable {
  /// What a remembered text counts.
  struct Entry: BitwiseCopyable {
    enum Action: UInt8, BitwiseCopyable {
      case none, collective, pointToPoint, tuning, ignored
    }
    var action: Action = .none
    var kind: OperationKind = .unnamed
    var dataType: UInt8 = 0
    var length: UInt16 = 0
    var epoch: UInt32 = 0
    var process: Int32 = -1
    var communicator: Int32 = -1
    /// Row of a collective, choice of a TUNING line.
    var row: Int32 = -1
    var peer: Int32 = 0
    var reduction: UInt32 = 0
    /// Elements of an operation, bytes of a TUNING line.
    var count: UInt64 = 0
  }

  struct Head: BitwiseCopyable {
    var length: Int32 = 0
    var thread: Int32 = -1
  }

  /// Bytes that must be readable from a line's start.
  static let reach = 1024
  private static let textStride = 144
  private static let textSlots = 1 << 13
  private static let headStride = 128
  private static let headSlots = 1 << 9

  private let texts: UnsafeMutableRawPointer
  private let heads: UnsafeMutableRawPointer
  private let entries: UnsafeMutablePointer<Entry>
  private let headEntries: UnsafeMutablePointer<Head>

  init() {
    unsafe texts = UnsafeMutableRawPointer.allocate(
      byteCount: Self.textStride * Self.textSlots, alignment: 16)
    unsafe heads = UnsafeMutableRawPointer.allocate(
      byteCount: Self.headStride * Self.headSlots, alignment: 16)
    unsafe entries = UnsafeMutablePointer<Entry>.allocate(capacity: Self.textSlots)
    unsafe entries.initialize(repeating: Entry(), count: Self.textSlots)
    unsafe headEntries = UnsafeMutablePointer<Head>.allocate(capacity: Self.headSlots)
    unsafe headEntries.initialize(repeating: Head(), count: Self.headSlots)
  }

  deinit {
    unsafe texts.deallocate()
    unsafe heads.deallocate()
    unsafe entries.deallocate()
    unsafe headEntries.deallocate()
  }

  // MARK: - Heads

  @inline(__always)
  private static func headSlot(_ line: UnsafeRawPointer) -> Int {
    var h = unsafe load(line, 0) &* 0x9E37_79B9_7F4A_7C15
    h = unsafe (h ^ (h >> 32) ^ load(line, 8)) &* 0xBF58_476D_1CE4_E5B9
    h = unsafe (h ^ (h >> 32) ^ load(line, 16)) &* 0x94D0_49BB_1331_11EB
    return Int(truncatingIfNeeded: h >> 40) & (headSlots - 1)
  }

  /// The head that the bytes at `line` begin with, if it is remembered.
  @inline(__always)
  func head(at line: UnsafeRawPointer) -> Head? {
    let slot = unsafe Self.headSlot(line)
    let head = unsafe headEntries[slot]
    guard head.length > 0 else { return nil }
    let known = unsafe UnsafeRawPointer(heads + slot * Self.headStride)
    return unsafe Self.isEqual(line, known, Int(head.length)) ? head : nil
  }

  /// Remembers a head.
  func remember(head line: UnsafeRawPointer, length: Int, thread: Int) {
    guard length >= 16, length <= Self.headStride else { return }
    let slot = unsafe Self.headSlot(line)
    unsafe (heads + slot * Self.headStride).copyMemory(from: line, byteCount: length)
    unsafe headEntries[slot] = Head(
      length: Int32(length), thread: Int32(truncatingIfNeeded: thread))
  }

  // MARK: - Texts

  /// The slot of an operation's tail, from its first 64 bytes.
  @inline(__always)
  private static func tailSlot(_ tail: UnsafeRawPointer) -> Int {
    var a = unsafe load(tail, 0) &* 0x9E37_79B9_7F4A_7C15
    var b = unsafe load(tail, 8) &* 0xBF58_476D_1CE4_E5B9
    a = unsafe (a ^ (a >> 32) ^ load(tail, 16)) &* 0x9E37_79B9_7F4A_7C15
    b = unsafe (b ^ (b >> 32) ^ load(tail, 24)) &* 0xBF58_476D_1CE4_E5B9
    a = unsafe (a ^ (a >> 32) ^ load(tail, 32)) &* 0x9E37_79B9_7F4A_7C15
    b = unsafe (b ^ (b >> 32) ^ load(tail, 40)) &* 0xBF58_476D_1CE4_E5B9
    a = unsafe (a ^ (a >> 32) ^ load(tail, 48)) &* 0x9E37_79B9_7F4A_7C15
    b = unsafe (b ^ (b >> 32) ^ load(tail, 56)) &* 0xBF58_476D_1CE4_E5B9
    return Int(truncatingIfNeeded: (a ^ (b >> 29)) >> 32) & (textSlots - 1)
  }

  /// The slot of a whole message of known length.
  @inline(__always)
  private static func messageSlot(_ message: UnsafeRawPointer, _ length: Int) -> Int {
    var h = unsafe (load(message, length - 8) ^ UInt64(length)) &* 0x9E37_79B9_7F4A_7C15
    var offset = 0
    while offset + 8 <= length {
      h = unsafe (h ^ (h >> 32) ^ load(message, offset)) &* 0xBF58_476D_1CE4_E5B9
      offset += 8
    }
    return Int(truncatingIfNeeded: h >> 32) & (textSlots - 1)
  }

  /// What the operation tail at `tail` counts, if it is remembered; its length is `entry.length`.
  @inline(__always)
  func tail(
    at tail: UnsafeRawPointer, kind: OperationKind, process: Int32, epoch: UInt32
  ) -> Entry? {
    let slot = unsafe Self.tailSlot(tail)
    let entry = unsafe entries[slot]
    guard entry.epoch == epoch, entry.process == process, entry.kind == kind,
      entry.action == .collective || entry.action == .pointToPoint
    else { return nil }
    let known = unsafe UnsafeRawPointer(texts + slot * Self.textStride)
    let length = Int(entry.length)
    guard unsafe tail.load(fromByteOffset: length, as: UInt8.self) == 0x0A else { return nil }
    return unsafe Self.isEqual(tail, known, length) ? entry : nil
  }

  /// Remembers an operation's tail; `entry.length` is set here.
  func remember(tail: UnsafeRawPointer, length: Int, entry: Entry) {
    guard length >= 64, length <= Self.textStride else { return }
    unsafe remember(tail, length, entry, slot: Self.tailSlot(tail))
  }

  /// What a whole message counts, if it is remembered.
  @inline(__always)
  func message(
    at message: UnsafeRawPointer, length: Int, process: Int32
  ) -> Entry? {
    guard length >= 8, length <= Self.textStride else { return nil }
    let slot = unsafe Self.messageSlot(message, length)
    let entry = unsafe entries[slot]
    guard Int(entry.length) == length, entry.process == process,
      entry.action == .tuning || entry.action == .ignored
    else { return nil }
    let known = unsafe UnsafeRawPointer(texts + slot * Self.textStride)
    return unsafe Self.isEqual(message, known, length) ? entry : nil
  }

  /// Remembers a whole message; `entry.length` is set here.
  func remember(message: UnsafeRawPointer, length: Int, entry: Entry) {
    guard length >= 8, length <= Self.textStride else { return }
    unsafe remember(message, length, entry, slot: Self.messageSlot(message, length))
  }

  private func remember(_ text: UnsafeRawPointer, _ length: Int, _ entry: Entry, slot: Int) {
    unsafe (texts + slot * Self.textStride).copyMemory(from: text, byteCount: length)
    var entry = entry
    entry.length = UInt16(length)
    unsafe entries[slot] = entry
  }

  // MARK: - Words

  @inline(__always)
  static func load(_ base: UnsafeRawPointer, _ offset: Int) -> UInt64 {
    unsafe base.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
  }

  /// Whether `length` bytes are equal; at least 8.
  @inline(__always)
  private static func isEqual(_ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ length: Int)
    -> Bool
  {
    var difference = unsafe load(a, length - 8) ^ load(b, length - 8)
    var offset = 0
    while offset + 32 <= length {
      let x = unsafe a.loadUnaligned(fromByteOffset: offset, as: SIMD4<UInt64>.self)
      let y = unsafe b.loadUnaligned(fromByteOffset: offset, as: SIMD4<UInt64>.self)
      let z = x ^ y
      difference |= z[0] | z[1] | z[2] | z[3]
      offset += 32
    }
    while offset + 8 <= length {
      difference |= unsafe load(a, offset) ^ load(b, offset)
      offset += 8
    }
    return difference == 0
  }

  /// Whether all eight bytes are lower-case hexadecimal digits.
  @inline(__always)
  static func isHex(_ word: UInt64) -> Bool {
    let high: UInt64 = 0x8080_8080_8080_8080
    let ones: UInt64 = 0x0101_0101_0101_0101
    let digit = (word &+ ones &* (0x80 - 0x30)) & ~(word &+ ones &* (0x80 - 0x3A))
    let letter = (word &+ ones &* (0x80 - 0x61)) & ~(word &+ ones &* (0x80 - 0x67))
    return (digit | letter) & ~word & high == high
  }

  /// The number that eight lower-case hexadecimal digits write, first digit highest.
  ///
  /// - Precondition: ``isHex(_:)`` holds.
  @inline(__always)
  static func hexValue(_ word: UInt64) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    // A letter has bit 6 set, and its low nibble is nine short of its value.
    let nibbles = (word & (0x0F &* ones)) &+ ((word >> 6) & ones) &* 9
    var value = nibbles.byteSwapped
    value = (value | value >> 4) & 0x00FF_00FF_00FF_00FF
    value = (value | value >> 8) & 0x0000_FFFF_0000_FFFF
    return (value | value >> 16) & 0xFFFF_FFFF
  }
}
