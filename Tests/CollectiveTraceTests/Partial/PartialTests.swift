// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import CollectiveTrace

/// Partials as files: written, read, merged, and damaged in every way.
@Suite struct PartialTests {
  private static func line(_ rank: Int, _ call: Int) -> String {
    "n\(rank):\(rank + 10):\(rank + 10) [0] NCCL INFO AllReduce: opCount \(call) sendbuff 0x1 recvbuff 0x2 count 8 datatype 7 op 0 root 0 comm 0x55d0c0ffee00 [nranks=4] stream 0x3\n"
  }

  private static func log(_ rank: Int) -> TracePartial {
    let text = (0..<(rank + 1)).map { line(rank, $0) }.joined()
    return TraceReader.summarize(text: Array(text.utf8), file: "rank-\(rank).log")
  }

  private static func bytes(_ facts: TracePartial) -> [UInt8] {
    var bytes: [UInt8] = []
    facts.write {
      bytes += $0
      return true
    }
    return bytes
  }

  /// Reads a partial from memory as a file is read: without its own ledger where it is whole.
  private static func read(
    _ bytes: [UInt8], window: Int = 256 << 10, options: TraceReader.Options = .init()
  ) -> TracePartial {
    var facts = TraceReader.summarize(text: bytes, file: "p", window: window, options: options)
    if facts.files[0].format == "partial", facts.files[0].status == .complete {
      facts.removeFirstFile()
    }
    return facts
  }

  /// Every stored property of all facts.
  private static func description(_ facts: TracePartial) -> String {
    var text = ""
    dump(facts, to: &text)
    return text
  }

  // MARK: - Round trips

  /// Files of many formats: real logs, profiles, answers of RAS, launch scripts.
  private static let samples: [URL] = [
    "traces", "Fixtures/kineto", "Fixtures/ras", "Fixtures/launch",
  ]
  .flatMap { name -> [URL] in
    let folder = Fixture.root.appending(path: name)
    let names = FileManager.default.enumerator(atPath: folder.path())?.compactMap { $0 as? String }
    return (names ?? []).sorted().map { folder.appending(path: $0) }.filter { !$0.hasDirectoryPath }
  }

  @Test func factsOfEveryFormatComeBackAsTheyWere() throws {
    var formats = Set<String>()
    for file in Self.samples {
      var isFolder: ObjCBool = false
      _ = FileManager.default.fileExists(atPath: file.path(), isDirectory: &isFolder)
      if isFolder.boolValue { continue }
      let facts = TraceReader.summarize(path: file.path())
      let copy = Self.read(Self.bytes(facts))
      let isSame = Self.description(copy) == Self.description(facts)
      #expect(isSame, "\(file.lastPathComponent)")
      formats.formUnion(facts.files.map(\.format))
    }
    #expect(formats.isSuperset(of: ["nccl_log", "kineto", "nccl_ras", "launch_file"]))
  }

  @Test(.enabled(if: Fixture.sharedData != nil))
  func factsOfEveryDataSetComeBackAsTheyWere() throws {
    let data = try #require(Fixture.sharedData)
    var formats = Set<String>()
    for name in ["chakra", "flight-recorder", "inspector", "kineto", "nccl-logs", "nccl-tests"] {
      let folder = data.appending(path: name)
      for path in FileManager.default.enumerator(atPath: folder.path())?.compactMap({
        $0 as? String
      })
        ?? []
      {
        let file = folder.appending(path: path)
        var isFolder: ObjCBool = false
        _ = FileManager.default.fileExists(atPath: file.path(), isDirectory: &isFolder)
        let size = try file.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0
        if isFolder.boolValue || size > 4 << 20 { continue }
        let facts = TraceReader.summarize(path: file.path())
        let copy = Self.read(Self.bytes(facts))
        let isSame = Self.description(copy) == Self.description(facts)
        #expect(isSame, "\(path)")
        formats.formUnion(facts.files.map(\.format))
      }
    }
    #expect(
      formats.isSuperset(of: [
        "inspector", "flight_recorder", "chakra", "execution_trace", "kineto",
      ]))
  }

  @Test func readingDoesNotDependOnWindows() {
    let facts = (0..<4).map(Self.log).reduce(into: TracePartial()) { $0.merge($1) }
    let bytes = Self.bytes(facts)
    for window in [1, 2, 7, 64, 4096] {
      let isSame = Self.description(Self.read(bytes, window: window)) == Self.description(facts)
      #expect(isSame, "\(window)")
    }
  }

  @Test func theOrderOfMergingDoesNotMatter() {
    let parts = (0..<5).map(Self.log)
    func merged(_ parts: [TracePartial]) -> TracePartial {
      parts.reduce(into: TracePartial()) { $0.merge($1) }
    }
    let expected = Self.bytes(merged(parts))
    for shift in 0..<5 {
      let order = (0..<5).map { parts[($0 * 2 + shift) % 5] }
      #expect(Self.bytes(merged(order)) == expected)
      // A tree of merges, each written and read on the way.
      let left = Self.read(Self.bytes(merged(Array(order[..<2]))))
      let right = Self.read(Self.bytes(merged(Array(order[2...]))))
      #expect(Self.bytes(merged([right, left])) == expected)
    }
  }

  @Test func onePartialAfterTheOtherIsTheirSum() {
    let (a, b) = (Self.log(0), Self.log(1))
    var sum = a
    sum.merge(b)
    let read = Self.read(Self.bytes(a) + Self.bytes(b))
    #expect(Self.bytes(read) == Self.bytes(sum))
    #expect(read.files.map(\.file) == ["rank-0.log", "rank-1.log"])
  }

  @Test func filesThatAreThereTwiceAreCounted() {
    var facts = Self.log(0)
    facts.merge(Self.log(1))
    #expect(facts.repeatedFiles == 0)
    facts.merge(Self.log(1))
    #expect(facts.repeatedFiles == 1)
  }

  @Test func anEmptyPartialIsWhole() {
    let bytes = Self.bytes(TracePartial())
    #expect(bytes.count == 11)
    #expect(Self.read(bytes).files.isEmpty)
  }

  /// Logs with lines torn, glued, repeated and lost: what is read of them must fit into a partial.
  @Test func factsOfDamagedLogsComeBackAsTheyWere() throws {
    var state: UInt64 = 11
    func random(_ limit: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(limit))
    }
    for name in ["moe-ep4-dp2/nccl.gpu-a-01.19129.log.gz", "llama-8b-tp2-pp2/stdout.log.gz"] {
      let process = Process()
      let pipe = Pipe()
      process.executableURL = URL(filePath: "/usr/bin/env")
      process.arguments = ["gzip", "-dc", Fixture.root.appending(path: "traces/\(name)").path()]
      process.standardOutput = pipe
      try process.run()
      let text = Array(try pipe.fileHandleForReading.readToEnd() ?? Data())
      process.waitUntilExit()
      let lines = text.split(separator: 0x0A, omittingEmptySubsequences: false)
      try #require(lines.count > 100)
      for _ in 0..<12 {
        var damaged: [UInt8] = []
        for line in lines.prefix(4000) {
          var line = Array(line)
          switch random(12) {
          case 0 where !line.isEmpty: line.removeFirst(random(line.count))
          case 1 where !line.isEmpty: line.removeLast(random(line.count))
          case 2 where !line.isEmpty: line[random(line.count)] = UInt8(random(256))
          case 3: line += lines[random(lines.count)]
          case 4: line = []
          default: break
          }
          damaged += line
          damaged.append(0x0A)
        }
        let facts = TraceReader.summarize(text: damaged, file: "a.log")
        let isSame = Self.description(Self.read(Self.bytes(facts))) == Self.description(facts)
        #expect(isSame)
      }
    }
  }

  // MARK: - Damage

  @Test func everyCutIsNoticed() {
    let bytes = Self.bytes((0..<3).map(Self.log).reduce(into: TracePartial()) { $0.merge($1) })
    for count in PartialFormat.signature.count..<bytes.count {
      let facts = Self.read(Array(bytes[..<count]))
      #expect(facts.files.map(\.status) == [.truncated], "\(count)")
      #expect(facts.processes.isEmpty)
      #expect(facts.files[0].isBalanced && facts.files[0].bytes == count)
    }
  }

  @Test func everyChangedByteIsNoticed() {
    let bytes = Self.bytes(Self.log(1))
    for place in bytes.indices.dropFirst(PartialFormat.signature.count) {
      for change in [0x01, 0x80, 0xFF] as [UInt8] {
        var copy = bytes
        copy[place] ^= change
        let facts = Self.read(copy)
        #expect(facts.processes.isEmpty && facts.files.count == 1, "\(place)")
        #expect(facts.files.first?.status != .complete, "\(place)")
      }
    }
  }

  @Test func somethingAfterAPartialIsNoticed() {
    let facts = Self.read(Self.bytes(Self.log(0)) + Array("something else".utf8))
    #expect(facts.files.map(\.status) == [.damaged])
    #expect(facts.files[0].detail.contains("followed by something else"))
  }

  @Test func anotherVersionSaysSo() {
    var bytes = Self.bytes(Self.log(0))
    bytes[PartialFormat.signature.count] = 9
    let facts = Self.read(bytes)
    #expect(facts.files.map(\.status) == [.unsupported])
    #expect(
      facts.files[0].detail
        == "The partial has version 9 of the format and this commlens reads 1; run commlens summarize on its files again."
    )
  }

  @Test func memoryIsLimited() {
    let bytes = Self.bytes((0..<3).map(Self.log).reduce(into: TracePartial()) { $0.merge($1) })
    var options = TraceReader.Options()
    options.maximumBytesPerPartial = bytes.count
    #expect(Self.read(bytes, options: options).files.count == 3)
    options.maximumBytesPerPartial = bytes.count / 2
    #expect(Self.read(bytes, options: options).files.map(\.status) == [.limit])
  }

  /// A frame with the right checksum, whatever is in it.
  private static func partial(frame body: [UInt8], announced: Int? = nil) -> [UInt8] {
    var checksum = Checksum()
    unsafe body.withUnsafeBytes { unsafe checksum.update($0) }
    var head = FactArchive()
    var count = UInt64(announced ?? body.count)
    head.pass(&count)
    let crc = (0..<4).map { UInt8(truncatingIfNeeded: checksum.value >> ($0 * 8)) }
    return PartialFormat.signature + [PartialFormat.version] + head.bytes + crc + body + [0, 1]
  }

  @Test func aFrameThatLiesIsRefused() {
    #expect(Self.read(Self.partial(frame: [1, 2, 3])).files.map(\.status) == [.damaged])
    let huge = Self.read(Self.partial(frame: [1, 2, 3], announced: .max))
    #expect(huge.files.map(\.status) == [.limit])
    for change: (inout FileFacts) -> Void in [
      { $0.ledger.lines = 7 }, { $0.ledger.lineClasses.removeLast() }, { $0.processes[0].file = 1 },
      { $0.processes[0].communicators[0].parent = 3 },
      { $0.processes[0].communicators[0].parent = 0 },
      { $0.processes[0].communicators[0].calls[0].calls = 1 << 60 },
      { $0.processes[0].communicators[0].durations = [DurationFacts(row: 5, basis: .unknown)] },
      { $0.processes[0].timelines[0].symbols[0].row = 9 },
      { $0.processes[0].timelines[0].symbols[0].communicator = -1 },
    ] {
      let log = Self.log(1)
      var facts = FileFacts(ledger: log.files[0], processes: log.processes)
      change(&facts)
      var archive = FactArchive()
      archive.pass(&facts)
      let read = Self.read(Self.partial(frame: archive.bytes))
      #expect(read.files.map(\.status) == [.damaged])
      #expect(read.processes.isEmpty)
    }
  }

  // MARK: - Containers

  private func temporary(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }

  private func shell(_ command: String, in folder: URL) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", command]
    process.currentDirectoryURL = folder
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
  }

  @Test func partialsComeCompressedAndInArchives() throws {
    try temporary { folder in
      let facts = Self.log(2)
      try Data(Self.bytes(facts)).write(to: folder.appending(path: "a.part"))
      try Data(Self.bytes(Self.log(1))).write(to: folder.appending(path: "b.part"))
      try shell("gzip -k a.part && tar cf all.tar a.part b.part", in: folder)
      let plain = TraceReader.summarize(path: folder.appending(path: "a.part").path(), name: "x")
      let zipped = TraceReader.summarize(path: folder.appending(path: "a.part.gz").path())
      #expect(Self.bytes(plain) == Self.bytes(facts))
      #expect(Self.bytes(zipped) == Self.bytes(facts))
      let archive = TraceReader.summarize(
        path: folder.appending(path: "all.tar").path(), name: "all.tar")
      #expect(archive.files.map(\.file) == ["all.tar", "rank-2.log", "rank-1.log"])
      #expect(archive.processes.map(\.file) == [1, 2])
      // A damaged container: what came out of it may be the whole partial, and is not trusted.
      try shell("head -c -3 a.part.gz > cut.gz", in: folder)
      let cut = TraceReader.summarize(path: folder.appending(path: "cut.gz").path(), name: "cut.gz")
      #expect(cut.files.map(\.file) == ["cut.gz"])
      #expect(cut.files[0].status != .complete && cut.files[0].isBalanced)
      #expect(cut.processes.isEmpty)
    }
  }

  @Test func aPartialIsNotTakenForCompressedData() {
    // The bytes of pointers and hashes are spread as evenly as those of a container.
    let dense = (0..<400).map { UInt8(truncatingIfNeeded: $0 &* $0 &* 167 &+ $0 &* 29) }
    #expect(Container.recognise(dense) != .plain)
    #expect(Container.recognise(PartialFormat.signature + dense) == .plain)
  }

  @Test func onlyAPartialIsReadAsOne() throws {
    try temporary { folder in
      let log = folder.appending(path: "a.log").path()
      try Self.line(0, 0).write(toFile: log, atomically: false, encoding: .utf8)
      let error = #expect(throws: TraceError.self) {
        try TraceReader.readPartial(path: log)
      }
      #expect(error?.description.contains("commlens summarize") == true)
      #expect(error?.isMissing == false)
      let missing = #expect(throws: TraceError.self) {
        try TraceReader.readPartial(path: folder.appending(path: "no").path())
      }
      #expect(missing?.isMissing == true)
      let cut = folder.appending(path: "cut.part")
      try Data(Self.bytes(Self.log(1)).dropLast()).write(to: cut)
      let broken = #expect(throws: TraceError.self) {
        try TraceReader.readPartial(path: cut.path())
      }
      #expect(broken?.description.contains("breaks off") == true)
    }
  }
}
