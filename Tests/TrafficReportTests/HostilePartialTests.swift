// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Foundation
import TestSupport
import Testing
import TrafficAnalysis
import TrafficReport

/// Partials that no reader of commlens would write: right checksums over wrong numbers.
///
/// What analyses and renders facts must not rely on what only the readers of logs hold to.
@Suite struct HostilePartialTests {
  /// Numbers that are the same wherever the test runs.
  private struct Generator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (state ^ state >> 29) &* 0x9E37_79B9_7F4A_7C15
    }
  }

  /// The facts of a file as a frame of a partial, without its head.
  private static func frames(_ facts: TracePartial) -> [[UInt8]] {
    var pieces: [[UInt8]] = []
    facts.write {
      pieces.append($0)
      return true
    }
    return pieces.dropFirst().dropLast().map { frame in
      let head = frame.firstIndex { $0 < 0x80 } ?? 0
      return Array(frame[(head + 5)...])
    }
  }

  private static func varint(_ number: UInt64) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = number
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }

  /// CRC-32 as gzip has it, bit by bit.
  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    var crc: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
    return ~crc
  }

  private static func partial(_ frames: [[UInt8]]) -> [UInt8] {
    var bytes: [UInt8] = [0x89, 0x43, 0x4C, 0x50, 0x0D, 0x0A, 0x1A, 0x0A, 1]
    for frame in frames {
      bytes += varint(UInt64(frame.count))
      let crc = checksum(frame)
      bytes += (0..<4).map { UInt8(truncatingIfNeeded: crc >> ($0 * 8)) }
      bytes += frame
    }
    return bytes + [0] + varint(UInt64(frames.count))
  }

  /// Changes a few numbers of a frame: by a little, or to one of those at the ends.
  private static func change(_ frame: inout [UInt8], _ generator: inout Generator) {
    for _ in 0..<Int.random(in: 1...4, using: &generator) {
      let place = Int.random(in: frame.indices, using: &generator)
      switch Int.random(in: 0..<8, using: &generator) {
      case 0: frame[place] ^= 1
      case 1: frame[place] = 0
      case 2: frame[place] = 1
      case 3: frame[place] = UInt8.random(in: 0..<0x80, using: &generator)
      case 4: frame[place] = frame[Int.random(in: frame.indices, using: &generator)]
      default:
        let edges: [UInt64] = [
          .max, .max - 1, 1 << 63, 1 << 32, 1 << 31, (1 << 31) - 1, (1 << 32) - 1, 1 << 48, 1 << 62,
        ]
        let number = edges[Int.random(in: edges.indices, using: &generator)]
        frame.replaceSubrange(place...place, with: varint(number))
      }
    }
  }

  /// Facts of many kinds: logs of ranks that belong together, profiles, answers of RAS, launches.
  private static let samples: [TracePartial] = [
    "traces/megatron-tp2-pp2-dp2", "traces/llama-8b-pp4", "traces/moe-ep4-dp2", "Fixtures/kineto",
    "Fixtures/ras", "Fixtures/launch",
  ].map { name in
    let folder = Fixture.root.appending(path: name)
    let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path())
    return (names ?? []).sorted().reduce(into: TracePartial()) {
      $0.merge(TraceReader.summarize(path: folder.appending(path: $1).path(), name: $1))
    }
  }

  @Test func wrongNumbersTrapNowhere() throws {
    let environment = ProcessInfo.processInfo.environment
    let rounds = environment["FUZZ_ROUNDS"].flatMap { Int($0) } ?? 60
    var generator = Generator(state: environment["FUZZ_SEED"].flatMap { UInt64($0) } ?? 1)
    let place = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: place) }
    var analysed = 0
    for sample in Self.samples {
      let frames = Self.frames(sample)
      try #require(!frames.isEmpty)
      try Data(Self.partial(frames)).write(to: place)
      // Without a change it is the partial that was written.
      #expect(TraceReader.summarize(path: place.path()).files == sample.files)
      for _ in 0..<rounds {
        var changed = frames
        Self.change(&changed[Int.random(in: frames.indices, using: &generator)], &generator)
        try Data(Self.partial(changed)).write(to: place)
        let facts = TraceReader.summarize(path: place.path(), name: "p")
        guard facts.files.count == frames.count else { continue }
        analysed += 1
        let summary = TrafficAnalyzer.analyze(facts)
        _ = ReportSet.render(summary)
        _ = Digest.text(summary, width: 100, color: false, outputs: [])
      }
    }
    // Many changes are noticed when the partial is read; many must not be.
    #expect(analysed > rounds)
  }
}
