// SPDX-License-Identifier: Apache-2.0

/// A growable array of plain values for the hot fold, without reference counting.
///
/// A Swift array would do the same with a uniqueness check on every write; the fold writes four
/// counters per line. Every access is bounds checked.
///
/// - Invariant: `0 <= count <= capacity`; the first `count` elements are initialised.
@safe
struct RawBuffer<Element: BitwiseCopyable>: ~Copyable {
  private var base: UnsafeMutablePointer<Element>
  private var capacity: Int
  private(set) var count = 0

  init(capacity: Int = 16) {
    self.capacity = max(capacity, 1)
    unsafe base = UnsafeMutablePointer<Element>.allocate(capacity: self.capacity)
  }

  deinit { unsafe base.deallocate() }

  subscript(index: Int) -> Element {
    @inline(__always) get {
      precondition(index >= 0 && index < count)
      return unsafe base[index]
    }
    @inline(__always) _modify {
      precondition(index >= 0 && index < count)
      yield unsafe &base[index]
    }
  }

  /// Appends one element; allocates when full.
  @inline(__always)
  mutating func append(_ element: Element) {
    if count == capacity { grow(to: capacity * 2) }
    unsafe (base + count).initialize(to: element)
    count += 1
  }

  /// Forgets the elements and keeps the memory.
  mutating func removeAll() { count = 0 }

  /// Forgets the elements from `newCount` on.
  mutating func truncate(to newCount: Int) { count = min(count, max(newCount, 0)) }

  /// Makes the count `newCount`, filling new places with `element`.
  mutating func resize(to newCount: Int, filling element: Element) {
    if newCount > capacity { grow(to: max(newCount, capacity * 2)) }
    if newCount > count {
      unsafe (base + count).initialize(repeating: element, count: newCount - count)
    }
    count = max(newCount, 0)
  }

  @inline(never)
  private mutating func grow(to newCapacity: Int) {
    let new = UnsafeMutablePointer<Element>.allocate(capacity: newCapacity)
    unsafe new.initialize(from: base, count: count)
    unsafe base.deallocate()
    unsafe base = new
    capacity = newCapacity
  }
}

/// A key of three words, as the fold's tables use them.
struct TripleKey: Equatable, BitwiseCopyable {
  var a: UInt64
  var b: UInt64
  var c: UInt64
}

/// An open-addressing table from three-word keys to row numbers.
///
/// The hash is seeded per process, so that a log cannot be written to make it slow.
struct KeyTable: ~Copyable {
  struct Slot: BitwiseCopyable {
    var key: TripleKey
    /// Row number plus one; 0 marks a free slot.
    var row: UInt32
  }
  private static let seed = UInt64.random(in: .min ... .max) | 1

  private var slots: RawBuffer<Slot>
  private var mask: Int
  private(set) var count = 0

  init(minimumCapacity: Int = 256) {
    var size = 16
    while size < minimumCapacity * 2 { size *= 2 }
    slots = RawBuffer(capacity: size)
    slots.resize(to: size, filling: Slot(key: TripleKey(a: 0, b: 0, c: 0), row: 0))
    mask = size - 1
  }

  @inline(__always)
  private static func hash(_ key: TripleKey) -> Int {
    var h = (key.a ^ seed) &* 0x9E37_79B9_7F4A_7C15
    h = (h ^ (h >> 29) ^ key.b) &* 0xBF58_476D_1CE4_E5B9
    h = (h ^ (h >> 32) ^ key.c) &* 0x94D0_49BB_1331_11EB
    return Int(truncatingIfNeeded: h ^ (h >> 31))
  }

  /// The row stored for a key.
  @inline(__always)
  func row(for key: TripleKey) -> Int? {
    var index = Self.hash(key) & mask
    while true {
      let slot = slots[index]
      if slot.row == 0 { return nil }
      if slot.key == key { return Int(slot.row) - 1 }
      index = (index + 1) & mask
    }
  }

  /// Stores a row for a key, replacing an older one.
  mutating func set(_ row: Int, for key: TripleKey) {
    if count * 2 >= slots.count { grow() }
    var index = Self.hash(key) & mask
    while slots[index].row != 0 {
      if slots[index].key == key {
        slots[index].row = UInt32(truncatingIfNeeded: row + 1)
        return
      }
      index = (index + 1) & mask
    }
    slots[index] = Slot(key: key, row: UInt32(truncatingIfNeeded: row + 1))
    count += 1
  }

  private mutating func grow() {
    var bigger = KeyTable(minimumCapacity: slots.count)
    for index in 0..<slots.count where slots[index].row != 0 {
      bigger.set(Int(slots[index].row) - 1, for: slots[index].key)
    }
    self = bigger
  }
}
