// SPDX-License-Identifier: Apache-2.0

internal import CZlib

/// Compresses text into a gzip file, piece by piece.
///
/// The header names no file, time or system, so that the same text gives the same bytes.
@safe
package struct Deflater: ~Copyable {
  private let stream: UnsafeMutablePointer<z_stream>
  private static let chunk = 1 << 16

  /// Starts a file, or returns `nil` when memory is short.
  package init?() {
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    guard unsafe czlib_deflateInit2(stream) == Z_OK else {
      unsafe stream.deallocate()
      return nil
    }
    unsafe self.stream = stream
  }

  deinit {
    unsafe deflateEnd(stream)
    unsafe stream.deallocate()
  }

  /// Compresses a piece of text, or with `isLast` all that is left.
  ///
  /// - Returns: Bytes of the file, maybe none yet.
  package mutating func add(_ text: [UInt8], isLast: Bool = false) -> [UInt8] {
    var result: [UInt8] = []
    var text = text
    unsafe text.withUnsafeMutableBufferPointer { input in
      unsafe stream.pointee.next_in = input.baseAddress
      unsafe stream.pointee.avail_in = UInt32(input.count)
      var chunk = [UInt8](repeating: 0, count: Self.chunk)
      while true {
        let (code, count) = unsafe chunk.withUnsafeMutableBufferPointer { output in
          unsafe stream.pointee.next_out = output.baseAddress
          unsafe stream.pointee.avail_out = UInt32(output.count)
          let code = unsafe deflate(stream, isLast ? Z_FINISH : Z_NO_FLUSH)
          return (code, output.count - Int(unsafe stream.pointee.avail_out))
        }
        result += chunk.prefix(count)
        // Room left in the output means that nothing waits.
        guard code == Z_OK, count == Self.chunk else { break }
      }
    }
    return result
  }
}
