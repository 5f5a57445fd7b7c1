// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import CollectiveTrace

@Suite struct InflaterTests {
  /// Decodes with spans of certain sizes.
  private func inflate(
    _ bytes: [UInt8], engine: Inflater.Engine, input: Int, output: Int
  ) throws -> (text: [UInt8], consumed: Int, ended: Bool) {
    // `#require` does not take a noncopyable value.
    guard var inflater = Inflater(engine: engine) else { throw CancellationError() }
    #expect(inflater.engine == engine)
    var buffer = [UInt8](repeating: 0, count: output)
    var text: [UInt8] = []
    var position = 0
    while true {
      let step = bytes[position..<min(bytes.count, position + input)].withUnsafeBytes { source in
        buffer.withUnsafeMutableBytes { inflater.inflate(source, into: $0) }
      }
      position += step.consumed
      text += buffer.prefix(step.produced)
      if step.outcome == .ended { return (text, position, true) }
      if step.outcome == .failed || step.consumed == 0 && step.produced == 0 {
        return (text, position, false)
      }
    }
  }

  @Test(arguments: Inflater.Engine.available)
  func stopsRightAfterTheStreamAtAnyStepSize(engine: Inflater.Engine) throws {
    let text = GzipFixture.text(lines: 400) + GzipFixture.noise(bytes: 3000, seed: 6)
    for (level, strategy) in [(0, 0), (1, 0), (6, 0), (9, 0), (6, 2), (6, 4)] as [(Int32, Int32)] {
      let stream = GzipFixture.deflate(text, level: level, strategy: strategy)
      for (input, output) in [
        (1, 1), (1, 4096), (3, 7), (4096, 1), (1 << 20, 1 << 20), (13, 40_000),
      ] {
        let tail = [UInt8](repeating: 0xa5, count: 40)
        let result = try inflate(stream + tail, engine: engine, input: input, output: output)
        #expect(
          result.text == text, "level \(level) strategy \(strategy) steps \(input), \(output)")
        #expect(
          result.consumed == stream.count, "level \(level) strategy \(strategy) steps \(input)")
        #expect(result.ended)
      }
    }
  }

  @Test(arguments: Inflater.Engine.available)
  func canBeUsedAgainAfterAFailure(engine: Inflater.Engine) throws {
    let text = GzipFixture.text(lines: 50)
    let stream = GzipFixture.deflate(text)
    // `#require` does not take a noncopyable value.
    guard var inflater = Inflater(engine: engine) else { throw CancellationError() }
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    for bytes in [[0xff, 0xff, 0xff, 0xff], Array(stream.prefix(100))] as [[UInt8]] {
      _ = bytes.withUnsafeBytes { source in
        buffer.withUnsafeMutableBytes { inflater.inflate(source, into: $0) }
      }
      inflater.reset()
      let step = stream.withUnsafeBytes { source in
        buffer.withUnsafeMutableBytes { inflater.inflate(source, into: $0) }
      }
      #expect(step.outcome == .ended)
      #expect(Array(buffer.prefix(step.produced)) == text)
    }
  }

  @Test func fallsBackToZlibByName() {
    #expect(Inflater.Engine.zlib.isAvailable)
    #expect(Inflater.Engine.zlib.name.hasPrefix("zlib 1."))
    #expect(ByteStream.engineName == Inflater.Engine.preferred.name)
  }

  /// The layout that we go by, against the header of the library, where both it and a C compiler
  /// are installed.
  @Test(
    .enabled(
      if: FileManager.default.fileExists(atPath: "/usr/include/isa-l/igzip_lib.h")
        && ExternalProgram.find("clang") != nil))
  func knowsTheLayoutOfISAL() throws {
    let fields = [
      ("next_out", "NEXT_OUT"), ("avail_out", "AVAIL_OUT"), ("next_in", "NEXT_IN"),
      ("avail_in", "AVAIL_IN"), ("read_in_length", "READ_IN_LENGTH"),
      ("block_state", "BLOCK_STATE"),
    ]
    let assertions = fields.map {
      "_Static_assert(offsetof(struct inflate_state, \($0.0)) == COMMLENS_ISAL_\($0.1), \"\($0.0)\");"
    }
    let program = """
      #include <stddef.h>
      #include <isa-l/igzip_lib.h>
      #include "isal_shim.h"
      \(assertions.joined(separator: "\n"))
      _Static_assert(sizeof(struct inflate_state) == COMMLENS_ISAL_STATE_SIZE, "size");
      _Static_assert(ISAL_BLOCK_FINISH == 5 && ISAL_DECOMP_OK == 0, "codes");
      """
    let source = GzipFixture.ScratchFile(Array(program.utf8), suffix: ".c")
    let include = Fixture.root.appending(path: "Sources/CCRC32/include").path()
    let status = system("clang -fsyntax-only -I '\(include)' '\(source.path)'")
    #expect(status == 0)
  }
}

/// Programs of the machine that tests use when they are there.
enum ExternalProgram {
  static func find(_ name: String) -> String? {
    ExternalTool.searchPath.split(separator: ":").map { "\($0)/\(name)" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// Runs a program on some bytes and returns what it writes; `nil` without the program.
  ///
  /// By the shell, because Foundation's `Process` leaks, which the address sanitizer reports.
  static func pipe(_ bytes: [UInt8], through name: String, _ arguments: String) throws -> [UInt8]? {
    guard find(name) != nil else { return nil }
    let input = GzipFixture.ScratchFile(bytes)
    let output = GzipFixture.ScratchFile()
    guard system("\(name) \(arguments) < '\(input.path)' > '\(output.path)'") == 0 else {
      return nil
    }
    return Array(try Data(contentsOf: URL(filePath: output.path)))
  }
}
