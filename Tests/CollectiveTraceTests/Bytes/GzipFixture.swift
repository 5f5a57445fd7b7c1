// SPDX-License-Identifier: Apache-2.0

import CZlib
import Foundation

@testable import CollectiveTrace

/// Compressed bytes made in the test, and what a plain use of zlib makes of them.
enum GzipFixture {
  /// Log-like text whose lines differ.
  static func text(lines: Int, from first: Int = 0) -> [UInt8] {
    (first..<(first + lines)).flatMap {
      Array(
        "node\($0 % 3):\(100 + $0 % 7):\(200 + $0) [\($0 % 8)] NCCL INFO AllReduce: opCount \($0) count \($0 * 1024)\n"
          .utf8)
    }
  }

  /// Text that hardly compresses.
  static func noise(bytes: Int, seed: UInt64) -> [UInt8] {
    var generator = GzipFixture.SplitMix64(state: seed)
    return (0..<bytes).map { _ in UInt8.random(in: 0x20...0x7e, using: &generator) }
  }

  /// Raw DEFLATE by zlib.
  static func deflate(_ text: [UInt8], level: Int32 = 6, strategy: Int32 = 0) -> [UInt8] {
    var stream = z_stream()
    deflateInit2_(
      &stream, level, Z_DEFLATED, -15, 8, strategy, zlibVersion(),
      Int32(MemoryLayout<z_stream>.size))
    defer { deflateEnd(&stream) }
    var input = text + [0]
    var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, uLong(text.count))) + 64)
    input.withUnsafeMutableBufferPointer { source in
      output.withUnsafeMutableBufferPointer { target in
        stream.next_in = source.baseAddress
        stream.avail_in = UInt32(text.count)
        stream.next_out = target.baseAddress
        stream.avail_out = UInt32(target.count)
        _ = CZlib.deflate(&stream, Z_FINISH)
      }
    }
    return Array(output.prefix(Int(stream.total_out)))
  }

  /// A whole gzip member.
  static func member(
    _ text: [UInt8], level: Int32 = 6, strategy: Int32 = 0, flags: UInt8 = 0, optional: [UInt8] = []
  ) -> [UInt8] {
    [0x1f, 0x8b, 8, flags, 1, 2, 3, 4, 0, 3] + optional
      + deflate(text, level: level, strategy: strategy)
      + littleEndian(crc(text)) + littleEndian(UInt32(text.count))
  }

  static func crc(_ bytes: [UInt8]) -> UInt32 {
    UInt32(crc32_z(0, bytes, bytes.count))
  }

  static func littleEndian(_ value: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) }
  }

  /// What zlib's own gzip mode gives, member after member, until it fails or the bytes end.
  static func gunzip(_ bytes: [UInt8]) -> [UInt8] {
    var stream = z_stream()
    guard czlib_inflateInit2(&stream, 31) == Z_OK else { return [] }
    defer { inflateEnd(&stream) }
    var input = bytes + [0]
    var output: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    input.withUnsafeMutableBufferPointer { source in
      stream.next_in = source.baseAddress
      stream.avail_in = UInt32(bytes.count)
      while true {
        let (result, produced) = buffer.withUnsafeMutableBufferPointer { target in
          stream.next_out = target.baseAddress
          stream.avail_out = UInt32(target.count)
          let result = CZlib.inflate(&stream, Z_NO_FLUSH)
          return (result, target.count - Int(stream.avail_out))
        }
        output += buffer.prefix(produced)
        if result == Z_STREAM_END, stream.avail_in > 0 {
          inflateReset(&stream)
        } else if result != Z_OK || produced == 0 {
          break
        }
      }
    }
    return output
  }
}

extension GzipFixture {
  /// A small generator with a seed, so that a failing case can be had again.
  struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9e37_79b9_7f4a_7c15
      var value = state
      value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
      value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
      return value ^ (value >> 31)
    }
  }

  /// A file that is removed with its value.
  final class ScratchFile {
    let path: String

    init(_ bytes: [UInt8] = [], suffix: String = "") {
      path =
        FileManager.default.temporaryDirectory
        .appending(path: "commlens-\(UUID().uuidString)\(suffix)").path()
      write(bytes)
    }

    deinit { unlink(path) }

    func write(_ bytes: [UInt8]) {
      let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
      defer { close(descriptor) }
      var written = 0
      while written < bytes.count {
        let count = bytes[written...].withUnsafeBytes {
          Foundation.write(descriptor, $0.baseAddress, $0.count)
        }
        guard count > 0 else { return }
        written += count
      }
    }
  }
}

/// Everything a stream gave.
struct StreamReading: Equatable {
  var text: [UInt8] = []
  /// Offsets in the text of the chunks that follow a gap.
  var gapOffsets: [Int] = []
  var account = ContainerAccount()

  init(
    path: String, chunk: Int = 1 << 16, limit: Int = 1 << 40, engine: Inflater.Engine = .zlib,
    searchPath: String = ExternalTool.searchPath
  ) throws(TraceError) {
    var stream = try ByteStream(
      path: path, maximumBytes: limit, engine: engine, searchPath: searchPath)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: chunk, alignment: 1)
    defer { buffer.deallocate() }
    while case let result = stream.read(into: buffer), result.count > 0 {
      if result.followsGap { gapOffsets.append(text.count) }
      text += buffer.prefix(result.count)
    }
    account = stream.account
  }

  init(
    _ bytes: [UInt8], chunk: Int = 1 << 16, limit: Int = 1 << 40, engine: Inflater.Engine = .zlib
  ) throws(TraceError) {
    let file = GzipFixture.ScratchFile(bytes)
    try self.init(path: file.path, chunk: chunk, limit: limit, engine: engine)
  }

  /// What holds for every reading, whatever the file.
  var isConsistent: Bool {
    account.isBalanced && account.textBytes == text.count && account.gaps == gapOffsets.count
      && account.contentCRC32 == GzipFixture.crc(text)
  }
}

extension Inflater.Engine {
  /// The engines of this machine.
  static var available: [Inflater.Engine] { allCases.filter(\.isAvailable) }
}
