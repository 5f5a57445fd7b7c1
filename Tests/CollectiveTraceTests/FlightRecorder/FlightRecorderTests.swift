// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import CollectiveTrace

@Suite struct FlightRecorderTests {
  private func read(_ bytes: [UInt8], file: String = "dump", window: Int = 4096) -> TracePartial {
    let partial = TraceReader.summarize(text: bytes, file: file, window: window)
    #expect(partial.files[0].isBalanced)
    #expect(partial.files[0].bytes == bytes.count)
    return partial
  }

  private func expectDump(_ partial: TracePartial) throws {
    let process = try #require(partial.processes.first)
    #expect(process.source == .flightRecorder)
    #expect(process.globalRank == 2)
    #expect(process.worldSize == 4)
    #expect(process.version == LibraryVersion(major: 2, minor: 27, patch: 3))
    #expect(process.communicators.map(\.groupName) == ["0", "1", "5"])
    #expect(process.communicators.map(\.name) == ["default_pg", "TENSOR", "DATA"])
    #expect(process.communicators.map(\.rank) == [2, 0, 1])
    #expect(process.communicators.map(\.members) == [[0, 1, 2, 3], [2, 3], [0, 2]])
    #expect(process.communicators.map { $0.progress?.enqueued } == [3, 9, 2])
    let rows = process.communicators.flatMap(\.calls)
    #expect(rows.map(\.kind) == [.allReduce, .allGather, .reduceScatter, .send])
    // Elements as the design has them: given per rank, taken per rank.
    #expect(rows.map(\.elementCount) == [10, 64, 64, 6])
    #expect(rows.map(\.dataType) == [.float32, .bfloat16, .bfloat16, .bfloat16])
    #expect(rows.last?.peer == 0)
    let calls = try #require(process.timing?.calls)
    #expect(calls.map(\.sequence) == [8, 9, 3, 2])
    #expect(calls.map(\.state) == [.started, .scheduled, .completed, .scheduled])
    #expect(calls[2].duration == 250_000)
    #expect(calls[0].called == 1_758_610_505_592_849_034)
    #expect(process.communicators[0].durations.map(\.basis) == [.kernelGPU])
    #expect(partial.files[0][.parsed].lines == 5)
    #expect(partial.files[0][.knownIgnored].lines == 1)
  }

  @Test(arguments: [1, 3, 64, 1 << 20]) func aDumpIsReadFromAnyWindow(window: Int) throws {
    let partial = read(PickleWriter.pickle(PickleWriter.dump), window: window)
    #expect(partial.files[0].format == "flight_recorder")
    try expectDump(partial)
  }

  @Test(arguments: [1, 3, 64, 1 << 20]) func aDumpInJSONSaysTheSame(window: Int) throws {
    let partial = read(Array(PickleWriter.json(PickleWriter.dump).utf8), window: window)
    #expect(partial.files[0].format == "flight_recorder_json")
    try expectDump(partial)
  }

  @Test func withoutGroupsOfItsOwnTheRankIsTheFileNamesAndSaysSo() throws {
    let dump = PickleWriter.dump(
      groups: [("0", "default_pg", "[0, 1]")], status: [],
      entries: [
        PickleWriter.entry(
          "nccl:all_reduce", group: "0", sequence: 1, inputs: [[1]], outputs: [[1]])
      ])
    let named = try #require(
      read(PickleWriter.pickle(dump), file: "a/trace_rank_1").processes.first)
    #expect(named.globalRank == 1)
    #expect(named.notices.contains { $0.text.contains("from the file's name") })
    for file in ["a/trace_rank_7", "a/trace"] {
      #expect(read(PickleWriter.pickle(dump), file: file).processes.first?.globalRank == nil)
    }
    let sends = PickleWriter.dump(
      groups: [("0", "default_pg", "[0, 1]")], status: [],
      entries: [
        PickleWriter.entry(
          "nccl:send 1->0", group: "0", sequence: 1, inputs: [[1]], outputs: [[1]],
          isPointToPoint: true)
      ])
    #expect(read(PickleWriter.pickle(sends), file: "a/trace_0").processes.first?.globalRank == 1)
  }

  // MARK: - Hostile pickles

  /// What a pickle that is refused says; `nil` when it was read.
  private func refusal(_ program: [UInt8]) -> String? {
    let partial = read([0x80, 2] + program)
    let ledger = partial.files[0]
    guard ledger.status != .complete else { return nil }
    #expect(partial.processes.isEmpty)
    #expect(ledger[.malformed].bytes == ledger.bytes)
    return ledger.detail
  }

  private static let refused: [(program: [UInt8], name: String, what: String)] = [
    (Array("cos\nsystem\nX\u{1}\0\0\0x\u{85}R.".utf8), "GLOBAL at byte 2", "os.system"),
    (Array("(X\u{1}\0\0\0xios\nsystem\n.".utf8), "INST at byte 9", "os.system"),
    (Array("X\u{2}\0\0\0osX\u{6}\0\0\0system".utf8) + [0x93, 0x2E], "STACK_GLOBAL", "os.system"),
    ([0x7D, 0x7D, 0x62, 0x2E], "BUILD at byte 4", "plain data"),
    ([0x7D, 0x29, 0x52, 0x2E], "REDUCE at byte 4", "plain data"),
    ([0x7D, 0x29, 0x81, 0x2E], "NEWOBJ at byte 4", "plain data"),
    ([0x7D, 0x29, 0x7D, 0x92, 0x2E], "NEWOBJ_EX at byte 5", "plain data"),
    ([0x28, 0x7D, 0x6F, 0x2E], "OBJ at byte 4", "plain data"),
    ([0x82, 1, 0x2E], "EXT1 at byte 2", "plain data"),
    ([0x50, 0x78, 0x0A, 0x2E], "PERSID at byte 2", "plain data"),
    ([0x4E, 0x51, 0x2E], "BINPERSID at byte 3", "plain data"),
    ([0x97, 0x2E], "NEXT_BUFFER at byte 2", "plain data"),
    ([0x4E, 0x32, 0x2E], "DUP at byte 3", "plain data"),
    ([0x49, 0x31, 0x0A, 0x2E], "INT at byte 2", "plain data"),
  ]

  @Test(arguments: refused.indices) func whatIsNotDataIsRefusedByName(index: Int) throws {
    let (program, name, what) = Self.refused[index]
    let text = try #require(refusal(program))
    #expect(text.hasPrefix("Refused"))
    #expect(text.contains(name))
    #expect(text.contains(what))
  }

  private static let damaged: [(program: [UInt8], what: String)] = [
    ([0x8E, 0, 0, 0, 0, 0, 0, 0, 0x40], "announces a text of 4611686018427387904 bytes"),
    ([0x42, 1, 0, 0x10, 0], "announces a text of 1048577 bytes"),
    ([0x8A, 17], "a number of 17 bytes"),
    ([0x68, 0, 0x2E], "never stored"), ([0x6A, 1, 0, 0, 0, 0x2E], "never stored"),
    ([0x2E], "too few values"), ([0x30, 0x2E], "too few values"), ([0x65], "too few values"),
    ([0x75], "too few values"), ([0x74], "too few values"), ([0x31], "too few values"),
    ([0x86], "too few values"), ([0x71, 0], "too few values"), ([0x94], "too few values"),
    ([0x5D, 0x28, 0x61], "too few values"), ([0x4E, 0x28, 0x2E], "too few values"),
    ([0x4E, 0x4E, 0x2E], "too few values"), ([0x4E, 0x4E, 0x61], "nothing to add to"),
    ([0x7D, 0x4E, 0x61], "nothing to add to"), ([0x5D, 0x4E, 0x4E, 0x73], "nothing to add to"),
    ([0x7D, 0x5D, 0x4E, 0x73], "as a key"), ([0x7D, 0x28, 0x4E, 0x75], "without a value"),
    ([0xFF], "no instruction"), ([0x0A], "no instruction"),
  ]

  @Test(arguments: damaged.indices) func whatMakesNoSenseIsDamaged(index: Int) throws {
    let (program, what) = Self.damaged[index]
    // A first instruction that is none is no pickle at all; hence the pop after a value.
    let text = try #require(refusal([0x4E, 0x30] + program))
    #expect(text.contains(what))
  }

  @Test func dataThatIsNoDumpIsRefusedAndWhatCannotBeReadIsSaid() throws {
    #expect(try #require(refusal([0x7D, 0x2E])).contains("Not a dump"))
    #expect(try #require(refusal([0x5D, 0x2E])).contains("Not a dump"))
    #expect(read([0x80, 2, 0x7D]).files[0].status == .truncated)
  }

  private static let entries: [UInt8] = [0x58, 7, 0, 0, 0] + Array("entries".utf8)

  /// A dictionary whose entries are what the instructions leave.
  private func dump(_ parts: [UInt8]...) -> [UInt8] {
    [[0x7D], Self.entries, parts.flatMap(\.self), [0x73, 0x2E]].flatMap(\.self)
  }

  @Test func cyclesAndBombsEnd() throws {
    // A list that holds itself, as all entries and as an entry.
    #expect(refusal(dump([0x5D, 0x71, 0, 0x68, 0, 0x61])) == nil)
    // 2^40 leaves in 40 lists that each name the one before twice.
    var bomb: [UInt8] = [0x5D, 0x71, 0]
    for level in UInt8(1)...40 {
      bomb += [0x5D, 0x71, level, 0x28, 0x68, level - 1, 0x68, level - 1, 0x65]
    }
    #expect(refusal(dump([0x28], bomb, [0x74])) == nil)
    // One entry of 4,096 keys, named 8,192 times: more steps than any dump takes.
    let pairs = (0..<4096).map { ("k\($0)", PickleWriter.Value.null) }
    var wide = PickleWriter.bytes(.dictionary(pairs))
    wide += [0x71, 1, 0x30]
    let named: [UInt8] = (0..<8192).flatMap { _ -> [UInt8] in [0x68, 1] }
    let text = try #require(refusal(wide + dump([0x5D, 0x28], named, [0x65])))
    #expect(text.contains("more than 16 times on average"))
  }

  @Test func nestingIsBoundedOnBothSides() throws {
    func nest(_ depth: Int) -> [UInt8] {
      // The dictionary of the dump is a level, too.
      let lists = [UInt8](repeating: 0x5D, count: depth - 1)
      let ends = [UInt8](repeating: 0x61, count: depth - 2)
      return dump(lists, ends)
    }
    #expect(refusal(nest(DataTree.maximumDepth)) == nil)
    let deep = try #require(refusal(nest(DataTree.maximumDepth + 1)))
    #expect(deep.contains("nests more than"))
    let marks = [UInt8](repeating: 0x28, count: DataTree.maximumDepth)
    let cut = try #require(refusal(marks))
    #expect(cut.contains("before its end"))
    let more = try #require(refusal(marks + [0x28]))
    #expect(more.contains("nests more than"))
  }

  @Test func numbersOfAllWidthsAreRead() throws {
    func value(_ number: [UInt8]) throws -> Int64? {
      var machine = PickleMachine()
      _ = try unsafe ([0x80, 2] + number + [0x2E]).withUnsafeBytes { bytes in
        try unsafe machine.run(bytes)
      }
      return machine.tree.integer(machine.root)
    }
    #expect(try value([0x4B, 255]) == 255)
    #expect(try value([0x4D, 255, 255]) == 65535)
    #expect(try value([0x4A, 254, 255, 255, 255]) == -2)
    #expect(try value([0x8A, 0]) == 0)
    #expect(try value([0x8A, 1, 0xFF]) == -1)
    let ones = [UInt8](repeating: 0xFF, count: 7)
    let zeros = [UInt8](repeating: 0, count: 8)
    #expect(try value([0x8A, 8] + ones + [0x7F]) == .max)
    #expect(try value([0x8A, 9] + ones + [0xFF, 0xFF]) == -1)
    #expect(try value([0x8A, 9] + zeros + [1]) == nil)
    #expect(try value([0x47, 0x40, 0x08, 0, 0, 0, 0, 0, 0]) == 3)
  }

  @Test func everyCutAndEveryFlippedBitIsAccountedFor() {
    for whole in [
      PickleWriter.pickle(PickleWriter.dump), Array(PickleWriter.json(PickleWriter.dump).utf8),
    ] {
      for count in 3..<whole.count where count > 64 || whole[0] == 0x80 {
        let partial = read(Array(whole[..<count]))
        #expect(partial.files[0].status != .complete, "cut after \(count) bytes")
      }
      for place in whole.indices {
        var bytes = whole
        bytes[place] ^= 1 << (place % 8)
        _ = read(bytes)
      }
    }
  }

  // MARK: - Real dumps

  @Test(
    .enabled(if: Fixture.sharedData != nil),
    arguments: [
      // Entries of the ranks 0 to 15, counted with Python's pickle module.
      ("nvrx-gpu_error_1st", [20, 20, 20, 20, 8, 8, 8, 8, 19, 19, 19, 19, 27, 16, 43, 15]),
      ("nvrx-lock_gil_1st", [11, 11, 11, 11, 11, 11, 11, 11, 9, 0, 9, 9, 9, 9, 0, 9]),
    ]) func realDumpsAreReadWhole(folder: String, entries: [Int]) throws
  {
    let data = try #require(Fixture.sharedData)
    for rank in 0..<16 {
      let path = data.appending(path: "flight-recorder/\(folder)/_dump_\(rank)").path()
      let partial = TraceReader.summarize(path: path)
      let ledger = partial.files[0]
      #expect(ledger.status == .complete)
      #expect(ledger.isBalanced)
      #expect(ledger[.parsed].lines == ledger.lines)
      let process = try #require(partial.processes.first)
      #expect(process.globalRank == rank)
      // No number came from the file's name.
      #expect(process.notices.isEmpty)
      #expect((12...13).contains(process.communicators.count))
      #expect(process.communicators.allSatisfy { $0.progress != nil })
      #expect(process.timing?.calls.count == entries[rank])
    }
  }
}
