// SPDX-License-Identifier: Apache-2.0

internal import CCRC32
internal import CZlib
internal import Glibc

/// Decodes raw DEFLATE, chunk by chunk, into memory the caller owns.
///
/// This is the one place that knows which library does the work. zlib keeps the address of its
/// `z_stream`, so the stream lives in its own allocation and this type is noncopyable: it can be
/// moved, never duplicated.
///
/// - SeeAlso: RFC 1951; <https://www.zlib.net/manual.html>; <https://github.com/intel/isa-l>
@safe
struct Inflater: ~Copyable {
  /// A library that decodes DEFLATE.
  enum Engine: String, Sendable, CaseIterable {
    /// zlib, which is always there.
    case zlib
    /// Intel's ISA-L, when `libisal.so.2` is installed: two to three times as fast.
    case isal

    /// Whether the library is on this machine and decodes a known stream.
    var isAvailable: Bool { self == .zlib || commlens_isal_load() }

    /// The engine used unless the caller asks for another.
    ///
    /// `COMMLENS_INFLATE` (`zlib` or `isal`) decides where both are available.
    static let preferred: Engine = {
      let wish = unsafe getenv("COMMLENS_INFLATE").map { unsafe String(cString: $0) }
      let engine = wish.flatMap(Engine.init(rawValue:)) ?? .isal
      return engine.isAvailable ? engine : .zlib
    }()

    /// The library's name, with its version where it states one.
    var name: String {
      switch self {
      case .zlib: unsafe "zlib " + String(cString: zlibVersion())
      case .isal: "ISA-L"
      }
    }
  }

  /// What one step did.
  struct Step {
    /// How a step ended.
    enum Outcome { case more, ended, failed }
    /// Bytes of input used; negative when the stream ended inside an earlier step's input.
    var consumed: Int
    /// Bytes of output written.
    var produced: Int
    /// Whether there is more to come.
    var outcome: Outcome
  }

  /// The library in use.
  let engine: Engine
  private let stream: UnsafeMutablePointer<z_stream>?
  private let decoder: OpaquePointer?

  /// Starts an engine, or returns `nil` when memory is short.
  init?(engine: Engine) {
    if engine == .isal, let decoder = unsafe commlens_isal_create() {
      self.engine = .isal
      unsafe self.decoder = decoder
      unsafe stream = nil
      return
    }
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    guard unsafe czlib_inflateInit2(stream, -15) == Z_OK else {
      unsafe stream.deallocate()
      return nil
    }
    self.engine = .zlib
    unsafe decoder = nil
    unsafe self.stream = stream
  }

  deinit {
    if let stream = unsafe stream {
      unsafe inflateEnd(stream)
      unsafe stream.deallocate()
    }
    unsafe commlens_isal_destroy(decoder)
  }

  /// Forgets everything: the next byte starts a stream.
  mutating func reset() {
    if let stream = unsafe stream { unsafe inflateReset(stream) }
    if let decoder = unsafe decoder { unsafe commlens_isal_reset(decoder) }
  }

  /// Decodes until the output is full, the input is used up, or the stream ends or fails.
  ///
  /// With empty input it writes what it still holds back.
  mutating func inflate(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) -> Step {
    let inputCount = UInt32(clamping: input.count)
    let outputCount = UInt32(clamping: output.count)
    // Neither library accepts a null pointer, even for a count of zero.
    guard let target = unsafe output.baseAddress?.assumingMemoryBound(to: UInt8.self),
      let start = unsafe input.baseAddress?.assumingMemoryBound(to: UInt8.self)
        ?? UnsafePointer(target)
    else { return Step(consumed: 0, produced: 0, outcome: .more) }

    if let decoder = unsafe decoder {
      var consumed: Int64 = 0
      var produced: UInt32 = 0
      let status = unsafe commlens_isal_inflate(
        decoder, start, inputCount, target, outputCount, &consumed, &produced)
      let outcome: Step.Outcome =
        switch status {
        case COMMLENS_ISAL_MORE: .more
        case COMMLENS_ISAL_ENDED: .ended
        default: .failed
        }
      return Step(consumed: Int(consumed), produced: Int(produced), outcome: outcome)
    }

    guard let stream = unsafe stream else {
      return Step(consumed: 0, produced: 0, outcome: .failed)
    }
    unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: start)
    unsafe stream.pointee.avail_in = inputCount
    unsafe stream.pointee.next_out = target
    unsafe stream.pointee.avail_out = outputCount
    let result = unsafe CZlib.inflate(stream, Z_NO_FLUSH)
    let outcome: Step.Outcome =
      switch result {
      case Z_OK, Z_BUF_ERROR: .more
      case Z_STREAM_END: .ended
      default: .failed
      }
    return unsafe Step(
      consumed: Int(inputCount - stream.pointee.avail_in),
      produced: Int(outputCount - stream.pointee.avail_out), outcome: outcome)
  }
}
