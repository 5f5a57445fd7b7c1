// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import CollectiveTrace

@Suite struct GzipReaderTests {
  static let parts = [
    GzipFixture.text(lines: 12), GzipFixture.text(lines: 9, from: 500),
    GzipFixture.noise(bytes: 150, seed: 7),
  ]
  static let members = parts.map { GzipFixture.member($0) }
  static let file = members.flatMap { $0 }
  static let text = parts.flatMap { $0 }

  // MARK: - Whole files

  @Test(arguments: Inflater.Engine.available)
  func readsEveryMember(engine: Inflater.Engine) throws {
    let reading = try StreamReading(Self.file, engine: engine)
    #expect(reading.text == Self.text)
    #expect(reading.isConsistent)
    #expect(reading.account.members == 3)
    #expect(reading.account.memberBytes == Self.file.count)
    #expect(reading.account.compression == "gzip")
    #expect(reading.account.status == .complete)
    #expect(reading.account.detail == "")
  }

  @Test(arguments: Inflater.Engine.available)
  func givesTheSameTextAtEveryChunkSize(engine: Inflater.Engine) throws {
    let text = GzipFixture.text(lines: 3000) + GzipFixture.noise(bytes: 70_000, seed: 8)
    let damaged =
      GzipFixture.member(text) + [0, 0, 0] + Array(GzipFixture.member(text).dropLast(9000))
      + Self.file + [1, 2, 3]
    let whole = try StreamReading(damaged, chunk: 1 << 18, engine: engine)
    #expect(whole.account.gaps == 1)
    for chunk in [1, 2, 7, 4096] {
      let isSame = try StreamReading(damaged, chunk: chunk, engine: engine) == whole
      #expect(isSame, "chunk \(chunk)")
    }
  }

  @Test func readsAllOptionalHeaderFields() throws {
    let text = Self.parts[0]
    let extra: [UInt8] = [3, 0, 9, 9, 9]
    let name = Array("nccl.log\0".utf8)
    let comment = Array("a comment\0".utf8)
    let all = extra + name + comment
    let head: [UInt8] = [0x1f, 0x8b, 8, 0x1e, 1, 2, 3, 4, 0, 3]
    let checksum = Array(GzipFixture.littleEndian(GzipFixture.crc(head + all)).prefix(2))
    let cases: [(UInt8, [UInt8])] = [
      (0x04, extra), (0x08, name), (0x10, comment), (0x18, name + comment), (0x01, []),
      (0x1e, all + checksum),
    ]
    for (flags, optional) in cases {
      let reading = try StreamReading(GzipFixture.member(text, flags: flags, optional: optional))
      #expect(reading.text.elementsEqual(text), "flags \(flags)")
      #expect(reading.account.status == .complete, "flags \(flags)")
      #expect(reading.account.members == 1)
    }
    let wrong = try StreamReading(
      GzipFixture.member(text, flags: 0x1e, optional: all + checksum.map { ~$0 }))
    #expect(wrong.text == text)
    #expect(wrong.account.status == .checksumMismatch)
  }

  @Test func acceptsHeadersUpToItsLimitOnly() throws {
    let text = Self.parts[0]
    for (name, members) in [(GzipHeader.longest - 11, 1), (GzipHeader.longest - 10, 0)] {
      let optional = [UInt8](repeating: 0x61, count: name) + [0]
      let reading = try StreamReading(GzipFixture.member(text, flags: 8, optional: optional))
      #expect(reading.account.members == members, "name of \(name) bytes")
      #expect(reading.isConsistent)
    }
  }

  @Test func countsPaddingAndGarbage() throws {
    let zeros = [UInt8](repeating: 0, count: 700)
    let padded = try StreamReading(Self.members[0] + zeros + Self.members[1] + zeros)
    #expect(padded.text == Self.parts[0] + Self.parts[1])
    #expect(padded.account.paddingBytes == 1400)
    #expect(padded.account.status == .complete)
    #expect(padded.isConsistent)

    let garbage = Array("not gzip".utf8)
    let trailing = try StreamReading(Self.members[0] + garbage)
    #expect(trailing.text == Self.parts[0])
    #expect(trailing.account.garbageBytes == garbage.count)
    #expect(trailing.account.status == .damaged)
    #expect(trailing.account.gaps == 0)
    #expect(trailing.isConsistent)

    let between = try StreamReading(Self.members[0] + garbage + Self.members[1])
    #expect(between.text == Self.parts[0] + Self.parts[1])
    #expect(between.gapOffsets == [Self.parts[0].count])
    #expect(between.account.garbageBytes == garbage.count)
    #expect(between.account.members == 2)
    #expect(between.isConsistent)
  }

  @Test func readsMembersWithoutText() throws {
    let empty = GzipFixture.member([])
    let reading = try StreamReading(empty + Self.members[0] + empty)
    #expect(reading.text == Self.parts[0])
    #expect(reading.account.members == 3)
    #expect(reading.account.status == .complete)
    #expect(try StreamReading(empty).account.status == .complete)
  }

  // MARK: - Truncation

  @Test(arguments: Inflater.Engine.available)
  func savesEveryDecodableByteOfEveryPrefix(engine: Inflater.Engine) throws {
    let scratch = GzipFixture.ScratchFile()
    let borders = [0] + Self.members.indices.map { Self.members[...$0].reduce(0) { $0 + $1.count } }
    var last = 0
    for cut in 0...Self.file.count {
      let bytes = Array(Self.file.prefix(cut))
      scratch.write(bytes)
      let reading = try StreamReading(path: scratch.path, engine: engine)
      #expect(reading.isConsistent, "cut \(cut)")
      #expect(reading.account.compressedBytes == cut, "cut \(cut)")
      // A single byte could be anything, and is read as text.
      guard cut != 1 else { continue }
      #expect(reading.text == Array(Self.text.prefix(reading.text.count)), "cut \(cut)")
      #expect(reading.text.count >= last, "cut \(cut)")
      #expect(reading.text.count >= GzipFixture.gunzip(bytes).count, "cut \(cut)")
      last = reading.text.count
      if cut == 0 {
        #expect(reading.account.status == .empty)
      } else if borders.contains(cut) {
        #expect(reading.account.status == .complete, "cut \(cut)")
        #expect(reading.account.truncatedAtByte == nil, "cut \(cut)")
      } else {
        #expect(reading.account.status == .truncated, "cut \(cut)")
        #expect(reading.account.truncatedAtByte == cut, "cut \(cut)")
        #expect(
          reading.account.damagedBytes == cut - (borders.last { $0 < cut } ?? 0), "cut \(cut)")
      }
    }
    #expect(last == Self.text.count)
  }

  @Test(arguments: Inflater.Engine.available)
  func findsAMemberThatWasAppendedToATruncatedOne(engine: Inflater.Engine) throws {
    let first = GzipFixture.member(GzipFixture.text(lines: 4000))
    let second = GzipFixture.text(lines: 3000, from: 9000)
    let appended = GzipFixture.member(second, flags: 8, optional: Array("log\0".utf8))
    for cut in stride(from: 2000, to: first.count - 8, by: 997) {
      let reading = try StreamReading(Array(first.prefix(cut)) + appended, engine: engine)
      #expect(reading.isConsistent, "cut \(cut)")
      #expect(reading.account.status == .damaged, "cut \(cut)")
      #expect(reading.account.members == 1, "cut \(cut)")
      #expect(reading.gapOffsets.count == 1, "cut \(cut)")
      #expect(reading.text.suffix(second.count).elementsEqual(second), "cut \(cut)")
      #expect(reading.account.memberBytes == appended.count, "cut \(cut)")
    }
  }

  // MARK: - Damage

  @Test(arguments: Inflater.Engine.available)
  func survivesEveryBitFlip(engine: Inflater.Engine) throws {
    let scratch = GzipFixture.ScratchFile()
    var statuses: [FileLedger.Status: Int] = [:]
    var lostMembers = 0
    for bit in 0..<(Self.file.count * 8) {
      var bytes = Self.file
      bytes[bit / 8] ^= 1 << UInt8(bit % 8)
      scratch.write(bytes)
      let reading = try StreamReading(path: scratch.path, engine: engine)
      statuses[reading.account.status, default: 0] += 1
      #expect(reading.isConsistent, "bit \(bit)")
      #expect(reading.account.compressedBytes == bytes.count, "bit \(bit)")
      // No change passes in silence: what is complete is the same text.
      if reading.account.status == .complete {
        #expect(
          reading.text.elementsEqual(Self.text), "bit \(bit) \(reading.text.count)")
      }
      if reading.account.members < 2 { lostMembers += 1 }
    }
    #expect(
      statuses.keys.allSatisfy {
        [.complete, .checksumMismatch, .damaged, .truncated].contains($0)
      })
    // One flip hits one member; the other two are found again.
    #expect(lostMembers == 0)
    // Only the time stamp, the extra flags, the system, the text flag and the
    // bits after the end of the DEFLATE stream may change unnoticed.
    #expect((statuses[.complete] ?? 0) <= 3 * (4 + 1 + 1) * 8 + 3 + 3 * 7)
  }

  @Test(arguments: Inflater.Engine.available)
  func goesOnAfterACorruptMiddle(engine: Inflater.Engine) throws {
    let texts = (0..<3).map { GzipFixture.text(lines: 2000, from: $0 * 10_000) }
    let members = texts.map { GzipFixture.member($0) }
    var statuses: Set<FileLedger.Status> = []
    for seed: UInt64 in 0..<24 {
      var generator = GzipFixture.SplitMix64(state: seed)
      var bytes = members.flatMap { $0 }
      let start = members[0].count + Int.random(in: 100..<members[1].count - 400, using: &generator)
      for index in start..<(start + 200) {
        bytes[index] = UInt8.random(in: 0...255, using: &generator)
      }
      let reading = try StreamReading(bytes, chunk: 5000, engine: engine)
      #expect(reading.isConsistent, "seed \(seed)")
      #expect(reading.text.starts(with: texts[0]), "seed \(seed)")
      #expect(reading.text.suffix(texts[2].count).elementsEqual(texts[2]), "seed \(seed)")
      statuses.insert(reading.account.status)
      if reading.account.status == .damaged {
        #expect(reading.account.members == 2, "seed \(seed)")
        let gap = try #require(reading.gapOffsets.last)
        #expect(gap == reading.text.count - texts[2].count, "seed \(seed)")
        #expect(
          reading.account.damagedBytes + reading.account.garbageBytes == members[1].count,
          "seed \(seed)")
      } else {
        // The decoder found its way to the end mark.
        #expect(reading.account.status == .checksumMismatch, "seed \(seed)")
        #expect(reading.account.members == 3, "seed \(seed)")
      }
    }
    #expect(statuses == [.damaged, .checksumMismatch])
  }

  @Test func readsTheTextBehindADamagedHeader() throws {
    let text = GzipFixture.text(lines: 2000)
    for flags: UInt8 in [0x04, 0x08, 0x10, 0x14, 0x20, 0xe0] {
      var bytes = GzipFixture.member(text) + Self.members[0]
      bytes[3] = flags
      let reading = try StreamReading(bytes)
      #expect(reading.text.elementsEqual(text + Self.parts[0]), "flags \(flags)")
      #expect(reading.account.members == 2, "flags \(flags)")
      #expect(reading.account.status == .damaged, "flags \(flags)")
      #expect(reading.isConsistent)
    }
    // The flag for the name is lost: some names fail at once, some decode to a few stray bytes.
    for (name, gaps) in [("nccl.log", 0), ("rank0.log", 1)] {
      var named = GzipFixture.member(text, flags: 8, optional: Array((name + "\0").utf8))
      named[3] = 0
      let reading = try StreamReading(named)
      #expect(reading.text.suffix(text.count).elementsEqual(text), "\(name)")
      #expect(reading.account.gaps == gaps, "\(name)")
      #expect(reading.account.members == 1, "\(name)")
      #expect(reading.account.status == .damaged, "\(name)")
      #expect(reading.isConsistent, "\(name)")
    }
  }

  @Test func keepsTheTextOfAMemberWithAWrongChecksum() throws {
    for distance in 1...8 {
      var first = Self.members[0]
      first[first.count - distance] ^= 0x40
      for engine in Inflater.Engine.available {
        let reading = try StreamReading(first + Self.members[1], engine: engine)
        #expect(reading.text == Self.parts[0] + Self.parts[1])
        #expect(reading.account.status == .checksumMismatch)
        #expect(reading.account.members == 2)
        #expect(reading.account.gaps == 0)
        #expect(reading.isConsistent)
      }
    }
  }

  @Test func isNotMisledByMagicNumbersInGarbage() throws {
    let lure: [UInt8] = [0x1f, 0x8b, 8, 8] + Array("name without an end".utf8)
    let lures = (0..<3000).flatMap { _ in lure }
    let reading = try StreamReading(Self.members[0] + lures + Self.members[1])
    #expect(reading.text.starts(with: Self.parts[0]))
    #expect(reading.isConsistent)
    let seconds = ContinuousClock().measure {
      _ = try? StreamReading(Self.members[0] + lures + lures)
    }
    #expect(seconds < .seconds(20))
  }

  // MARK: - Engines

  /// The two libraries give the same bytes and accounts on whole and truncated files.
  ///
  /// On damage ISA-L may go on a little longer, so there only the text may differ.
  @Test(.enabled(if: Inflater.Engine.isal.isAvailable))
  func doesNotDependOnTheEngine() throws {
    let scratch = GzipFixture.ScratchFile()
    func compare(_ bytes: [UInt8], _ name: String, isDamaged: Bool = false) throws {
      scratch.write(bytes)
      let zlib = try StreamReading(path: scratch.path, engine: .zlib)
      var isal = try StreamReading(path: scratch.path, engine: .isal)
      if isDamaged, zlib.account.status == .damaged || zlib.account.status == .checksumMismatch {
        isal.text = zlib.text
        isal.gapOffsets = zlib.gapOffsets
        isal.account.gaps = zlib.account.gaps
        isal.account.textBytes = zlib.account.textBytes
        isal.account.contentCRC32 = zlib.account.contentCRC32
      }
      #expect(isal == zlib, "\(name)")
    }
    let texts = [GzipFixture.text(lines: 900), GzipFixture.noise(bytes: 40_000, seed: 9), [0x0a]]
    for text in texts {
      for (level, strategy) in [(0, 0), (1, 0), (9, 0), (6, 2), (6, 3), (6, 4)] as [(Int32, Int32)]
      {
        let bytes = GzipFixture.member(text, level: level, strategy: strategy)
        try compare(bytes, "level \(level) strategy \(strategy)")
        for cut in stride(from: 2, to: bytes.count, by: max(1, bytes.count / 60)) {
          try compare(Array(bytes.prefix(cut)), "level \(level) strategy \(strategy) cut \(cut)")
        }
        var generator = GzipFixture.SplitMix64(state: 10)
        for _ in 0..<60 {
          var damaged = bytes + Self.file
          let bit = Int.random(in: 0..<(damaged.count * 8), using: &generator)
          damaged[bit / 8] ^= 1 << UInt8(bit % 8)
          try compare(damaged, "level \(level) strategy \(strategy) bit \(bit)", isDamaged: true)
        }
      }
    }
  }

  @Test func agreesWithGzipOnRealLogs() throws {
    guard let data = Fixture.sharedData else { return }
    let folder = data.appending(path: "nccl-large")
    var seen = 0
    for file in try FileManager.default.contentsOfDirectory(
      at: folder, includingPropertiesForKeys: nil)
    where file.pathExtension == "gz" {
      let compressed = Array(try Data(contentsOf: file))
      let expected = try ExternalProgram.pipe(compressed, through: "gzip", "-dc")
      for engine in Inflater.Engine.available {
        let reading = try StreamReading(path: file.path(), chunk: 1 << 18, engine: engine)
        #expect(reading.text.elementsEqual(expected ?? []))
        #expect(reading.account.status == .complete)
      }
      seen += 1
      break
    }
    #expect(seen > 0)
  }
}
