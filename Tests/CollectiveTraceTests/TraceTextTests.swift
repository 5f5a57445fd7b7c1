// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import CollectiveTrace

/// The window over the text of a file.
@Suite struct TraceTextTests {
  /// Notes what it is handed.
  private struct Recorder: FormatReader, ~Copyable {
    static let recordsAreLines = true
    var isAfterGap = false { didSet { if isAfterGap { events.append("gap") } } }
    var events: [String] = []

    private func text(_ base: UnsafeRawPointer, _ count: Int) -> String {
      String(decoding: unsafe UnsafeRawBufferPointer(start: base, count: count), as: UTF8.self)
    }

    mutating func consume(_ base: UnsafeRawPointer, count: Int) -> Int {
      let all = unsafe text(base, count)
      guard let end = all.utf8.lastIndex(of: 0x0A) else { return 0 }
      let whole = all.utf8.distance(from: all.startIndex, to: end) + 1
      for line in all.prefix(upTo: end).split(separator: "\n") { events.append(String(line)) }
      return whole
    }
    mutating func consumeUnfinished(_ base: UnsafeRawPointer, count: Int, isCut: Bool) {
      if count > 0 { events.append("rest \(unsafe text(base, count)) \(isCut)") }
    }
    mutating func bookOversizeLine(bytes: Int) { events.append("oversize \(bytes)") }
    mutating func finish() -> TracePartial { TracePartial() }
  }

  private func events(_ bytes: [UInt8], maximumLineBytes: Int = 1 << 20) throws -> [String] {
    let file = GzipFixture.ScratchFile(bytes)
    var text = TraceText(
      try ByteStream(path: file.path, maximumBytes: 1 << 40), progress: nil)
    var recorder = Recorder()
    text.read(into: &recorder, maximumLineBytes: maximumLineBytes)
    return recorder.events
  }

  /// The line before a gap and the one after it must not become one.
  @Test func aGapInTheFirstWindowKeepsLinesApart() throws {
    let whole = GzipFixture.member(GzipFixture.text(lines: 2000))
    let first = Array(whole.prefix(whole.count / 2))
    let second = GzipFixture.member(Array("second line\n".utf8))
    let found = try events(first + second)
    #expect(found.count > 100)
    #expect(found.suffix(2) == ["gap", "second line"])
    let cut = found.dropLast(2).last ?? ""
    #expect(cut.hasPrefix("rest ") && cut.hasSuffix("true"))
  }

  @Test func aLineLongerThanTheLimitIsBookedAndTheNextOneRead() throws {
    let long = String(repeating: "x", count: 700_000)
    #expect(
      try events(Array("a\n\(long)\nb\nc".utf8), maximumLineBytes: 1000)
        == ["a", "oversize 700001", "b", "rest c false"])
    #expect(try events(Array(long.utf8), maximumLineBytes: 1000) == ["oversize 700000"])
    #expect(try events([]) == [])
  }
}
