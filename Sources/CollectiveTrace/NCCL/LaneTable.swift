// SPDX-License-Identifier: Apache-2.0

/// The lanes of a file; an array that can hold what owns memory.
@safe
struct LaneTable: ~Copyable {
  private var base: UnsafeMutablePointer<FactStore.Lane>
  private var capacity = 4
  private(set) var count = 0

  init() { unsafe base = UnsafeMutablePointer<FactStore.Lane>.allocate(capacity: 4) }

  deinit {
    unsafe base.deinitialize(count: count)
    unsafe base.deallocate()
  }

  subscript(index: Int) -> FactStore.Lane {
    @inline(__always) unsafeAddress {
      precondition(index >= 0 && index < count)
      return unsafe UnsafePointer(base + index)
    }
    @inline(__always) unsafeMutableAddress {
      precondition(index >= 0 && index < count)
      return unsafe base + index
    }
  }

  /// Adds a lane and returns its index.
  mutating func append(process: Int32, device: Int32) -> Int {
    if count == capacity {
      let new = UnsafeMutablePointer<FactStore.Lane>.allocate(capacity: capacity * 2)
      unsafe new.moveInitialize(from: base, count: count)
      unsafe base.deallocate()
      unsafe base = new
      capacity *= 2
    }
    unsafe (base + count).initialize(to: FactStore.Lane(process: process, device: device))
    count += 1
    return count - 1
  }
}
