// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// A stretch of the compressed file in memory: unread bytes, and some bytes behind them.
///
/// The bytes behind let a decoder that lost its way look again without seeking, so that a pipe is
/// recovered as well as a file.
///
/// - Invariant: `0 <= position <= end <= storage.count`.
@safe
struct InputWindow: ~Copyable {
  /// How many bytes behind the reading position are kept at least.
  static let history = 128 << 10
  /// How many bytes one read asks for.
  static let chunk = 256 << 10

  /// Where the bytes come from.
  private(set) var source: ByteSource
  private let storage: UnsafeMutableRawBufferPointer
  /// The file offset of the first byte of `storage`.
  private var base = 0
  private var position = 0
  private var end = 0
  private var isAtEnd = false
  /// The highest file offset that was ever the reading position.
  private(set) var furthestOffset = 0

  /// Takes over a source at its start.
  init(source: consuming ByteSource) {
    self.source = source
    unsafe storage = .allocate(byteCount: Self.history + Self.chunk, alignment: 64)
  }

  deinit { unsafe storage.deallocate() }

  /// The file offset of the next unread byte.
  var offset: Int { base + position }
  /// How many unread bytes are in memory.
  var available: Int { end - position }
  /// The unread bytes in memory; valid until the next mutation.
  var unread: UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(rebasing: storage[position..<end])
  }

  /// The unread byte at a distance, or `nil` when it is not in memory.
  subscript(distance: Int) -> UInt8? {
    distance >= 0 && distance < available ? unsafe storage[position + distance] : nil
  }

  /// Reads on until `count` bytes are unread; `false` when the file ends before.
  mutating func fill(_ count: Int) -> Bool {
    while available < count {
      guard !isAtEnd, count <= Self.chunk else { return false }
      if unsafe end == storage.count {
        let kept = min(position, Self.history)
        let start = position - kept
        unsafe storage.copyMemory(from: UnsafeRawBufferPointer(rebasing: storage[start..<end]))
        base += start
        position = kept
        end -= start
      }
      let read = unsafe source.read(into: UnsafeMutableRawBufferPointer(rebasing: storage[end...]))
      if read == 0 { isAtEnd = true }
      end += read
    }
    return true
  }

  /// Moves the reading position by a distance, at most to the border of what is in memory.
  mutating func advance(by distance: Int) {
    position = min(end, max(0, position + distance))
    furthestOffset = max(furthestOffset, offset)
  }

  /// Moves the reading position to a file offset, reading the file again when it has to.
  mutating func move(to target: Int) -> Bool {
    if target >= base, target <= base + end {
      position = target - base
      furthestOffset = max(furthestOffset, offset)
      return true
    }
    guard target >= 0, source.failure == 0, source.seek(to: target) else { return false }
    base = target
    position = 0
    end = 0
    isAtEnd = false
    return true
  }

  /// The distance from the reading position to the next byte of a value in memory.
  func distance(to byte: UInt8) -> Int? {
    guard let start = unsafe unread.baseAddress,
      let found = unsafe memchr(start, Int32(byte), available)
    else { return nil }
    return unsafe UnsafeRawPointer(found) - start
  }

  /// How many bytes of zero stand at the reading position, as far as memory goes.
  var zeroBytes: Int {
    var count = 0
    while count < available, unsafe storage[position + count] == 0 { count += 1 }
    return count
  }

  /// Moves unread bytes to the caller, then reads the file straight into the caller's buffer.
  mutating func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    if available > 0 {
      let count = min(available, buffer.count)
      unsafe buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: unread[..<count]))
      advance(by: count)
      return count
    }
    guard !isAtEnd else { return 0 }
    let count = unsafe source.read(into: buffer)
    if count == 0 { isAtEnd = true }
    base += count
    furthestOffset = max(furthestOffset, offset)
    return count
  }
}
