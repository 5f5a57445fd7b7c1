// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import CollectiveTrace

/// Archives of logs, written by the system's `tar` and by hand.
@Suite struct TarReaderTests {
  private static let line =
    "node:1:2 [0] NCCL INFO AllReduce: opCount 0 sendbuff 0x1 recvbuff 0x2 count 8 datatype 7 op 0 root 0 comm 0x55d0c0ffee00 [nranks=2] stream 0x3\n"

  private func temporary(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }

  private func run(_ program: String, _ arguments: [String], in folder: URL) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [program] + arguments
    process.currentDirectoryURL = folder
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
  }

  /// A header as POSIX defines it.
  private static func header(
    _ name: String, size: Int, kind: Character = "0", prefix: String = "", magic: String = "ustar"
  ) -> [UInt8] {
    var block = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, at place: Int) {
      for (offset, byte) in text.utf8.enumerated() { block[place + offset] = byte }
    }
    func octal(_ value: Int, width: Int) -> String {
      let digits = String(value, radix: 8)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    put(String(name.prefix(100)), at: 0)
    put(octal(size, width: 11), at: 124)
    put("        ", at: 148)
    put(String(kind), at: 156)
    put(magic, at: 257)
    put("00", at: 263)
    put(prefix, at: 345)
    put(octal(block.reduce(0) { $0 + Int($1) }, width: 6) + "\0 ", at: 148)
    return block
  }

  private static func member(_ name: String, _ content: String, kind: Character = "0") -> [UInt8] {
    let bytes = Array(content.utf8)
    return header(name, size: bytes.count, kind: kind) + bytes
      + [UInt8](repeating: 0, count: (512 - bytes.count % 512) % 512)
  }

  private static let ending = [UInt8](repeating: 0, count: 1024)

  private func read(_ bytes: [UInt8]) throws -> TracePartial {
    var partial = TracePartial()
    try temporary { folder in
      let file = folder.appending(path: "a.tar")
      try Data(bytes).write(to: file)
      partial = TraceReader.summarize(path: file.path())
      for index in partial.files.indices {
        partial.files[index].file.replace(folder.path() + "/", with: "")
        partial.files[index].detail.replace(folder.path() + "/", with: "")
      }
    }
    return partial
  }

  @Test(arguments: ["ustar", "pax", "gnu"], ["cf", "czf"])
  func everyFileIsReadAsOneOfItsOwn(format: String, flags: String) throws {
    try temporary { folder in
      let long = String(repeating: "long-name-", count: 12)
      let logs = folder.appending(path: "logs/\(long)")
      try FileManager.default.createDirectory(at: logs, withIntermediateDirectories: true)
      var expected: [String: Int] = [:]
      for rank in 0..<3 {
        let text = String(
          repeating: Self.line.replacing("node:1", with: "node:\(rank + 1)"), count: 100 << rank)
        try Data(text.utf8).write(to: logs.appending(path: "rank\(rank).log"))
        expected["a.tar/logs/\(long)/rank\(rank).log"] = text.utf8.count
      }
      // One is compressed in itself, one is hidden, one a link.
      try run("gzip", ["rank2.log"], in: logs)
      expected["a.tar/logs/\(long)/rank2.log.gz"] = expected.removeValue(
        forKey: "a.tar/logs/\(long)/rank2.log")
      try Data(Self.line.utf8).write(to: logs.appending(path: ".hidden"))
      try FileManager.default.createSymbolicLink(
        atPath: logs.appending(path: "link").path(), withDestinationPath: "rank0.log")
      try run("tar", ["--format=\(format)", "-\(flags)", "a.tar", "logs"], in: folder)

      let partial = TraceReader.summarize(path: folder.appending(path: "a.tar").path())
      let sizes = Dictionary(
        uniqueKeysWithValues: partial.files.dropFirst().map {
          (
            $0.file.replacing(folder.path() + "/", with: "").replacing(folder.path(), with: ""),
            $0.bytes
          )
        })
      #expect(sizes == expected)
      #expect(partial.files.allSatisfy { $0.status == .complete && $0.isBalanced })
      #expect(
        partial.processes.map { $0.communicators[0].collectiveCalls }.sorted() == [100, 200, 400])
      #expect(partial.processes.allSatisfy { partial.files[$0.file].bytes > 0 && $0.file > 0 })
      let archive = partial.files[0]
      #expect(archive.format == "tar" && archive.compression == (flags == "cf" ? "none" : "gzip"))
      #expect(
        archive[.parsed].lines == 0 && archive.detail == "3 files were read from this archive.")
      #expect(partial.files.last?.compression == "gzip")
    }
  }

  @Test func theBytesOfFilesAndTheRestAreAllOfTheArchive() throws {
    let bytes =
      Self.member("a.log", Self.line) + Self.member("d", "", kind: "5")
      + Self.member("b.log", Self.line + Self.line) + Self.ending
    let partial = try read(bytes)
    #expect(partial.files.map(\.file) == ["a.tar", "a.tar/a.log", "a.tar/b.log"])
    #expect(partial.files.reduce(0) { $0 + $1.bytes } == bytes.count)
    #expect(partial.files[0].compressedBytes == bytes.count)
    #expect(partial.files[0].lines == 3)
  }

  @Test func aCutArchiveKeepsWhatWasRead() throws {
    let whole =
      Self.member("a.log", Self.line)
      + Self.member("b.log", String(repeating: Self.line, count: 20))
    for count in [600, 1023, 1024, 1025, 1500, 2000, 4000, whole.count - 1] {
      let partial = try read(Array(whole[..<count]))
      #expect(partial.files.allSatisfy { $0.isBalanced })
      #expect(partial.files.reduce(0) { $0 + $1.bytes } == count)
      // Only at the border of two entries does a cut leave no trace.
      #expect(partial.files.contains { $0.status != .complete } == (count != 1024))
    }
  }

  @Test func damageEndsTheWalkAndIsSaid() throws {
    var bytes = Self.member("a.log", Self.line) + Self.member("b.log", Self.line) + Self.ending
    bytes[1024 + 3] ^= 0xFF
    let partial = try read(bytes)
    #expect(partial.files.map(\.file) == ["a.tar", "a.tar/a.log"])
    #expect(partial.files[0].status == .damaged)
    #expect(
      partial.files[0].detail
        == "A header in the archive is damaged; the files after it were not read.")
    #expect(partial.files.reduce(0) { $0 + $1.bytes } == bytes.count)
  }

  @Test func hostileSizesNamesAndArchivesInArchivesDoNoHarm() throws {
    // A size of 8 GiB - 1 with nothing behind it.
    let bomb = try read(Self.header("big.log", size: 0o77777777777) + Array(Self.line.utf8))
    #expect(bomb.files.map(\.status) == [.damaged, .truncated])
    #expect(bomb.files[1].bytes == Self.line.utf8.count)
    // GNU's binary size with all bits set.
    var binary = Self.header("big.log", size: 0)
    for place in 124..<136 { binary[place] = 0xFF }
    for place in 148..<156 { binary[place] = 0x20 }
    let sum = String(binary.reduce(0) { $0 + Int($1) }, radix: 8)
    for (offset, byte) in sum.utf8.enumerated() { binary[148 + offset] = byte }
    #expect(try read(binary + Self.ending).files.map(\.status) == [.damaged])
    let inner = Self.member("x.log", Self.line) + Self.ending
    let nested = Self.header("inner.tar", size: inner.count) + inner + Self.ending
    #expect(try read(nested).files.map(\.status) == [.complete, .unsupported])
    // A name is a label: nothing is opened by it.
    let named = try read(Self.member("../../etc/passwd", Self.line) + Self.ending)
    #expect(named.files[1].file == "a.tar/../../etc/passwd")
    #expect(named.files[1][.parsed].lines == 1)
    // What only looks like an archive is text.
    var text = Array(String(repeating: Self.line, count: 10).utf8)
    text.replaceSubrange(257..<262, with: "ustar".utf8)
    #expect(try read(text).files.map(\.format) == ["nccl_log"])
  }

  @Test func paxHeadersGiveNameAndSize() {
    func record(_ text: String) -> String {
      var length = text.utf8.count + 3
      while "\(length) \(text)\n".utf8.count != length { length = "\(length) \(text)\n".utf8.count }
      return "\(length) \(text)\n"
    }
    let header = record("mtime=1.5") + record("path=a/b c") + record("size=123456789012")
    let read = TarReader.pax(Array(header.utf8))
    #expect(read.path == "a/b c" && read.size == 123_456_789_012)
    for broken in ["99999999 path=x\n", "x", "3 a", "0 path=x\n", "12 path=x\n"] {
      #expect(TarReader.pax(Array(broken.utf8)).path == nil)
    }
    #expect(TarReader.number([0x31, 0x37, 0, 0][...]) == 15)
    #expect(TarReader.number([0x20, 0x38][...]) == nil)
    #expect(TarReader.number([0x80, 0, 0, 2, 1][...]) == 513)
  }
}
