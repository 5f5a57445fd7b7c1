// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import CollectiveTrace

@Suite struct ContainerTests {
  private func isUnsupported(_ container: Container) -> Bool {
    if case .unsupported = container { return true }
    return false
  }

  @Test func recognisesWhatItReads() {
    let log = GzipFixture.text(lines: 20)
    #expect(Container.recognise([]) == .plain)
    #expect(Container.recognise([0x1f]) == .plain)
    #expect(Container.recognise([0x1f, 0x8b]) == .gzip)
    #expect(Container.recognise(log) == .plain)
    #expect(Container.recognise(GzipFixture.member(log)) == .gzip)
    #expect(Container.recognise([0x28, 0xb5, 0x2f, 0xfd, 0x04]) == .tool(.zstd))
    #expect(Container.recognise([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]) == .tool(.xz))
    #expect(Container.recognise(Array("BZh91AY&SY".utf8)) == .tool(.bzip2))
    #expect(Container.recognise(Array("BZh9 is my host name\n".utf8)) == .plain)
  }

  @Test(
    arguments: [
      [0x50, 0x4b, 0x03, 0x04], [0x04, 0x22, 0x4d, 0x18], [0xff, 0xfe, 0x61, 0],
      [0xfe, 0xff, 0, 0x61],
      [0x1f, 0x9d, 0x90], [0x7f, 0x45, 0x4c, 0x46],
    ] as [[UInt8]])
  func namesContainersThatItCannotRead(head: [UInt8]) {
    #expect(isUnsupported(Container.recognise(head + GzipFixture.text(lines: 1))))
  }

  @Test func tellsZlibFromTextThatStartsAlike() {
    let zlib: [UInt8] = [0x78, 0x9c] + GzipFixture.deflate(GzipFixture.noise(bytes: 200, seed: 4))
    #expect(isUnsupported(Container.recognise(zlib)))
    #expect(Container.recognise(Array("x^2 + y^2 = z^2\n".utf8)) == .plain)
  }

  @Test func refusesWhatLooksCompressedOrEncrypted() {
    var generator = GzipFixture.SplitMix64(state: 5)
    for length in [40, 400, 4096] {
      var head = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
      head[0] = 0x00
      #expect(isUnsupported(Container.recognise(head)), "length \(length)")
    }
  }

  @Test func takesUnusualTextForText() {
    // UTF-8, a hole left by log rotation, terminal colours, Latin-1.
    #expect(
      Container.recognise(Array(String(repeating: "节点 7: готово\n", count: 50).utf8)) == .plain)
    #expect(
      Container.recognise([UInt8](repeating: 0, count: 4000) + GzipFixture.text(lines: 1)) == .plain
    )
    #expect(Container.recognise(Array("\u{1b}[31mNCCL WARN\u{1b}[0m\n".utf8)) == .plain)
    #expect(Container.recognise(Array("Ger".utf8) + [0xe4] + Array("te bereit\n".utf8)) == .plain)
  }

  @Test func leavesPicklesAndProtocolBuffersToTheirParsers() throws {
    let pickle: [UInt8] = [0x80, 0x02] + Array("}q\u{0}X\u{7}\u{0}\u{0}\u{0}versionq\u{1}".utf8)
    #expect(Container.recognise(pickle) == .plain)
    guard let data = Fixture.sharedData else { return }
    var seen = 0
    for folder in ["flight-recorder", "chakra"] {
      let files = FileManager.default.enumerator(
        at: data.appending(path: folder), includingPropertiesForKeys: [.isRegularFileKey])
      while let file = files?.nextObject() as? URL {
        guard try file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true else {
          continue
        }
        let head =
          try FileHandle(forReadingFrom: file).read(upToCount: Container.headBytes) ?? Data()
        #expect(!isUnsupported(Container.recognise(Array(head))), "\(file.lastPathComponent)")
        seen += 1
      }
    }
    #expect(seen > 0)
  }
}
