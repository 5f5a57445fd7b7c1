// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import CollectiveTrace

@Suite struct ByteStreamTests {
  static let text = GzipFixture.text(lines: 5000)

  // MARK: - What is opened

  @Test func refusesWhatIsNotAFile() throws {
    let folder = FileManager.default.temporaryDirectory.path()
    #expect(throws: TraceError.notRegularFile(path: folder)) { try StreamReading(path: folder) }
    #expect(throws: TraceError.notRegularFile(path: "/dev/null")) {
      try StreamReading(path: "/dev/null")
    }
    let absent = folder + "/no-such-file"
    #expect(throws: TraceError.missing(path: absent)) { try StreamReading(path: absent) }
    let below = GzipFixture.ScratchFile()
    #expect(throws: TraceError.missing(path: below.path + "/x")) {
      try StreamReading(path: below.path + "/x")
    }

    let pipe = GzipFixture.ScratchFile()
    unlink(pipe.path)
    #expect(mkfifo(pipe.path, 0o600) == 0)
    #expect(throws: TraceError.notRegularFile(path: pipe.path)) {
      try StreamReading(path: pipe.path)
    }
  }

  @Test func readsEmptyAndTinyFiles() throws {
    let empty = try StreamReading([])
    #expect(empty.text == [])
    #expect(empty.account.status == .empty)
    #expect(!empty.account.detail.isEmpty)
    for bytes in [[0x0a], [0x1f], [0], [0x42, 0x5a]] as [[UInt8]] {
      let reading = try StreamReading(bytes)
      #expect(reading.text == bytes)
      #expect(reading.account.status == .complete)
      #expect(reading.isConsistent)
    }
  }

  @Test(arguments: [1, 2, 7, 4096, 262_144])
  func passesTextThrough(chunk: Int) throws {
    let reading = try StreamReading(Self.text, chunk: chunk)
    #expect(reading.text == Self.text)
    #expect(reading.account.compression == "none")
    #expect(reading.account.compressedBytes == Self.text.count)
    #expect(reading.account.status == .complete)
    #expect(reading.isConsistent)
  }

  @Test func saysWhenTheNamePromisesGzip() throws {
    let file = GzipFixture.ScratchFile(Array("plain\n".utf8), suffix: ".log.gz")
    let reading = try StreamReading(path: file.path)
    #expect(reading.text == Array("plain\n".utf8))
    #expect(reading.account.status == .complete)
    #expect(reading.account.detail.contains("not gzip"))
  }

  @Test func saysWhatItCannotRead() {
    let zip = GzipFixture.ScratchFile([0x50, 0x4b, 0x03, 0x04, 0, 0])
    let error = #expect(throws: TraceError.self) { try StreamReading(path: zip.path) }
    guard case .unsupported(_, let content, let advice) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(content.contains("zip"))
    #expect(advice.contains("unzip -p"))
  }

  // MARK: - Limits

  @Test(arguments: Inflater.Engine.available)
  func stopsAtTheLimitAndNotBefore(engine: Inflater.Engine) throws {
    let gzip = GzipFixture.member(Self.text)
    for bytes in [Self.text, gzip, gzip + gzip] {
      let total = bytes == gzip + gzip ? 2 * Self.text.count : Self.text.count
      let whole = try StreamReading(bytes, limit: total, engine: engine)
      #expect(whole.text.count == total)
      #expect(whole.account.status == .complete)
      #expect(whole.account.compressedBytes == bytes.count)
      for limit in [0, 1, total - 1] {
        let cut = try StreamReading(bytes, limit: limit, engine: engine)
        #expect(cut.text.count == limit)
        #expect(cut.account.status == .limit)
        #expect(cut.isConsistent)
      }
    }
  }

  @Test(arguments: Inflater.Engine.available)
  func readsABombInConstantMemory(engine: Inflater.Engine) throws {
    // 1 GiB of zeros as 1024 members of 1 MiB: the ratio is what a bomb has, the time is not.
    let unit = GzipFixture.member([UInt8](repeating: 0, count: 1 << 20), level: 9)
    let bomb = GzipFixture.ScratchFile((0..<1024).flatMap { _ in unit })
    var stream = try ByteStream(
      path: bomb.path, maximumBytes: 1 << 40, engine: engine, searchPath: "")
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
    defer { buffer.deallocate() }
    var total = 0
    var last = 0
    while case let result = stream.read(into: buffer), result.count > 0 {
      total += result.count
      let used = stream.account.compressedBytes
      #expect(used >= last)
      last = used
    }
    #expect(total == 1 << 30)
    #expect(stream.account.members == 1024)
    #expect(stream.account.isBalanced)
  }

  // MARK: - Ledger

  @Test func entersItsAccountsIntoTheLedger() throws {
    let file = GzipFixture.ScratchFile(GzipFixture.member(Self.text) + [0, 0] + Array("junk".utf8))
    var stream = try ByteStream(path: file.path, maximumBytes: 1 << 40)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
    defer { buffer.deallocate() }
    while stream.read(into: buffer).count > 0 {}
    var ledger = FileLedger(file: "a.gz")
    stream.apply(to: &ledger)
    #expect(ledger.compression == "gzip")
    #expect(ledger.compressedBytes == stream.account.compressedBytes)
    #expect(ledger.bytes == Self.text.count)
    #expect(ledger.members == 1)
    #expect(ledger.paddingBytes == 2)
    #expect(ledger.garbageBytes == 4)
    #expect(ledger.status == .damaged)
    #expect(ledger.detail.hasSuffix("."))
    #expect(ledger.contentCRC32 == GzipFixture.crc(Self.text))
    // Reading on after the end changes nothing.
    #expect(stream.read(into: buffer).count == 0)
  }

  // MARK: - Tools

  private func compressed(_ tool: ExternalTool) throws -> [UInt8]? {
    try ExternalProgram.pipe(Self.text, through: tool.rawValue, "-c")
  }

  @Test(arguments: ExternalTool.allCases)
  func readsThroughTheUsersTool(tool: ExternalTool) throws {
    guard let bytes = try compressed(tool) else { return }
    for chunk in [777, 262_144] {
      let reading = try StreamReading(bytes, chunk: chunk)
      #expect(reading.text == Self.text)
      #expect(reading.account.compression == tool.rawValue)
      #expect(reading.account.compressedBytes == bytes.count)
      #expect(reading.account.status == .complete)
      #expect(reading.isConsistent)
    }
  }

  @Test(arguments: ExternalTool.allCases)
  func saysWhichToolIsMissing(tool: ExternalTool) throws {
    let heads: [ExternalTool: [UInt8]] = [
      .zstd: [0x28, 0xb5, 0x2f, 0xfd], .xz: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00],
      .bzip2: Array("BZh91AY&SY".utf8),
    ]
    let file = GzipFixture.ScratchFile(try #require(heads[tool]) + [1, 2, 3, 4])
    for searchPath in ["", ":", ".", "/nonexistent", "bin:usr/bin"] {
      #expect(
        throws: TraceError.needsTool(
          path: file.path, container: tool.rawValue, command: "\(tool.rawValue) -dc")
      ) { try StreamReading(path: file.path, searchPath: searchPath) }
    }
  }

  @Test(arguments: ExternalTool.allCases)
  func reportsWhyAToolFailed(tool: ExternalTool) throws {
    guard let bytes = try compressed(tool) else { return }
    let cut = try StreamReading(Array(bytes.dropLast(bytes.count / 3)))
    #expect(cut.account.status == .truncated)
    #expect(cut.account.truncatedAtByte == cut.account.compressedBytes)
    #expect(cut.account.detail.contains("`\(tool.rawValue) -dc` failed with status"))
    #expect(cut.isConsistent)
    #expect(Self.text.starts(with: cut.text))

    var wrong = bytes
    for index in (bytes.count / 2)..<(bytes.count / 2 + 8) { wrong[index] ^= 0x55 }
    let damaged = try StreamReading(wrong)
    #expect(damaged.account.status == .damaged)
    #expect(damaged.isConsistent)
  }

  @Test(arguments: ExternalTool.allCases)
  func stopsAToolAtTheLimit(tool: ExternalTool) throws {
    guard let bytes = try compressed(tool) else { return }
    let reading = try StreamReading(bytes, limit: 1000)
    #expect(reading.text == Array(Self.text.prefix(1000)))
    #expect(reading.account.status == .limit)
    #expect(reading.isConsistent)
    #expect(try StreamReading(bytes, limit: Self.text.count).account.status == .complete)
  }

  // MARK: - Standard input

  /// Reads `-` while another thread writes the bytes into it, a few at a time.
  static func readStandardInput(_ bytes: [UInt8]) throws -> StreamReading {
    let pipe = Pipe()
    // The tool must not inherit the writing end, or the pipe would never end.
    _ = fcntl(pipe.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
    dup2(pipe.fileHandleForReading.fileDescriptor, STDIN_FILENO)
    let writer = Thread {
      var rest = bytes[...]
      while !rest.isEmpty {
        pipe.fileHandleForWriting.write(Data(rest.prefix(1013)))
        rest = rest.dropFirst(1013)
      }
      try? pipe.fileHandleForWriting.close()
    }
    writer.start()
    return try StreamReading(path: "-", engine: .preferred)
  }

  @Test func readsAPipeOnStandardInput() async {
    await #expect(processExitsWith: .success) {
      let text = ByteStreamTests.text
      let plain = try ByteStreamTests.readStandardInput(text)
      precondition(plain.text == text && plain.isConsistent && plain.account.status == .complete)
      let damaged =
        Array(GzipFixture.member(text).dropLast(3000)) + GzipFixture.member(text)
      let gzip = try ByteStreamTests.readStandardInput(damaged)
      let fromFile = try StreamReading(damaged)
      precondition(gzip == fromFile)
      precondition(gzip.text.suffix(text.count).elementsEqual(text))
      for tool in ExternalTool.allCases {
        guard let bytes = try ExternalProgram.pipe(text, through: tool.rawValue, "-c") else {
          continue
        }
        let reading = try ByteStreamTests.readStandardInput(bytes)
        precondition(reading.text == text && reading.isConsistent)
        precondition(reading.account.compressedBytes == bytes.count)
        precondition(reading.account.status == .complete)
        let cut = try ByteStreamTests.readStandardInput(Array(bytes.dropLast(20)))
        precondition(cut.account.status == .truncated && cut.isConsistent)
      }
    }
  }
}
