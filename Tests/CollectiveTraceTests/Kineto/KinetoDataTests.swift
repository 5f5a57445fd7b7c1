// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import CollectiveTrace

/// Traces of real jobs, read where the development data are present.
///
/// The numbers were counted by a Python script over `json.load` of the same files with exact
/// decimal times, which shares nothing with the code under test: kernels by name, unions of their
/// intervals in nanoseconds, and their intersection.
@Suite(.enabled(if: Fixture.sharedData != nil))
struct KinetoDataTests {
  struct Expected: Sendable {
    var file: String
    var events: Int
    var otherKeys: Int
    var kernels: Int
    var communication: Int64 = 0
    var compute: Int64
    var overlapped: Int64 = 0
    var calls: UInt64
    var rank: Int?
    var steps: Int
  }

  static let expected: [Expected] = [
    Expected(
      file: "astrasim-megatron-tp8/megatron_kineto_0.json.gz", events: 14_245, otherKeys: 5,
      kernels: 84, communication: 241_191_000, compute: 131_390_000, calls: 85, rank: 0, steps: 1),
    Expected(
      file: "astrasim-megatron-tp8/megatron_kineto_5.json.gz", events: 15_067, otherKeys: 5,
      kernels: 84, communication: 490_928_000, compute: 131_544_000, calls: 85, rank: 5, steps: 1),
    Expected(
      file: "hta-df_index_resolver-rank1of2-2020-allreduce.json.gz", events: 216_092, otherKeys: 5,
      kernels: 2020, communication: 357_343_000, compute: 620_516_000, calls: 2020, rank: 1,
      steps: 5),
    Expected(
      file: "hta-distributed_info_not_found.json.gz", events: 2467, otherKeys: 2, kernels: 0,
      compute: 0, calls: 6, rank: nil, steps: 1),
    Expected(
      file: "hta-large_integer.json.gz", events: 2, otherKeys: 1, kernels: 1,
      communication: 50_000, compute: 0, calls: 1, rank: nil, steps: 0),
    Expected(
      file: "hta-nccl_data-2rank.json.gz", events: 40_573, otherKeys: 7, kernels: 21,
      communication: 46_876_493, compute: 115_655_847, overlapped: 7_317_025, calls: 21, rank: 0,
      steps: 3),
    Expected(
      file: "hta-ns_resolution-rank0.json.gz", events: 68_692, otherKeys: 20, kernels: 0,
      compute: 468_153_602, calls: 35, rank: 0, steps: 5),
    Expected(
      file: "hta-timeline-sampled_rank0.json.gz", events: 4855, otherKeys: 3, kernels: 10,
      communication: 396_199_000, compute: 210_320_000, overlapped: 59_216_000, calls: 10, rank: 0,
      steps: 2),
    Expected(
      file: "hta-trace_compare-base.json.gz", events: 33, otherKeys: 1, kernels: 0,
      compute: 432_000, calls: 2, rank: 1, steps: 2),
    Expected(
      file: "hta-trace_filter-sampled_rank1.json.gz", events: 4720, otherKeys: 3, kernels: 10,
      communication: 379_053_000, compute: 271_973_000, overlapped: 75_530_000, calls: 10, rank: 1,
      steps: 2),
    Expected(
      file: "kineto-tb_plugin-resnet50-worker0-no-nccl.json.gz", events: 79_711, otherKeys: 1,
      kernels: 0, compute: 964_761_000, calls: 0, rank: nil, steps: 0),
  ]

  private func read(_ file: String) throws -> TracePartial {
    let folder = try #require(Fixture.sharedData).appending(path: "kineto")
    return TraceReader.summarize(path: folder.appending(path: file).path())
  }

  @Test(arguments: expected)
  func aRealTraceGivesWhatAnotherProgramCounts(_ expected: Expected) throws {
    let partial = try read(expected.file)
    let ledger = partial.files[0]
    #expect(ledger.format == "kineto" && ledger.status == .complete && ledger.isBalanced)
    // One record more for the closing brackets.
    #expect(ledger.lines == expected.events + expected.otherKeys + 1)
    #expect(ledger[.malformed].lines == 0 && ledger[.tornLost].lines == 0)
    let process = try #require(partial.processes.first)
    #expect(process.globalRank == expected.rank)
    let timing = try #require(process.timing)
    #expect(timing.steps.count == expected.steps)
    let calls = process.communicators.flatMap(\.calls).reduce(UInt64(0)) { $0 + $1.calls }
    #expect(calls == expected.calls)
    let timed = timing.calls.filter { $0.duration >= 0 }
    #expect(timed.count == expected.kernels)
    #expect(timed.reduce(0) { $0 + $1.duration } == expected.communication)
    #expect(timing.whole?.communication ?? 0 == expected.communication)
    #expect(timing.whole?.compute ?? 0 == expected.compute)
    #expect(timing.whole?.overlapped ?? 0 == expected.overlapped)
    let exposed = timing.overlaps.reduce(0) { $0 + $1.exposed }
    #expect(exposed == expected.communication - expected.overlapped)
    #expect(timing.calls.isEmpty || timing.clock == .epoch || expected.file.contains("large"))
  }

  @Test func megatronsReductionsHaveTheSizesOfTheirTensors() throws {
    // By `Input Dims` and `Input type` of the `nccl:all_reduce` annotations.
    for rank in 0..<8 {
      let process = try #require(
        try read("astrasim-megatron-tp8/megatron_kineto_\(rank).json.gz").processes.first)
      let communicator = try #require(process.communicators.first)
      // The second is a group of this rank alone, on which no kernel runs.
      #expect(process.communicators.map(\.size) == [8, 1])
      #expect(process.communicators[1].calls.map(\.elementCount) == [1])
      #expect(communicator.size == 8 && communicator.rank == rank)
      #expect(communicator.members == Array(0..<8))
      #expect(communicator.calls.allSatisfy { !$0.isUnsized && $0.kind == .allReduce })
      var bytes: UInt64 = 0
      for row in process.communicators.flatMap(\.calls) {
        bytes += row.elements * UInt64(row.dataType.byteSize ?? 0)
      }
      #expect(bytes == Self.megatronBytes)
    }
  }

  static let megatronBytes: UInt64 = 5_435_916_292

  /// Meta's HTA (`comm_comp_overlap`) leaves out what was launched in the last step, and rounds
  /// beginnings up and ends down to whole microseconds before 0.5; done so, the shares agree.
  @Test(arguments: [
    ("hta-nccl_data-2rank.json.gz", 14.31), ("hta-trace_filter-sampled_rank1.json.gz", 20.05),
    ("hta-timeline-sampled_rank0.json.gz", 11.81),
  ])
  func theOverlapIsThatOfHTA(file: String, percent: Double) throws {
    let folder = try #require(Fixture.sharedData).appending(path: "kineto")
    var text = TraceText(
      try ByteStream(path: folder.appending(path: file).path(), maximumBytes: 1 << 30),
      progress: nil)
    var all = Bytes()
    text.read(into: &all, maximumLineBytes: 1 << 30)
    let document = try #require(
      try JSONSerialization.jsonObject(with: Data(all.bytes)) as? [String: Any])
    var events = try #require(document["traceEvents"] as? [[String: Any]])
    func number(_ event: [String: Any], _ key: String) -> Double { event[key] as? Double ?? 0 }
    func argument(_ event: [String: Any], _ key: String) -> Int? {
      (event["args"] as? [String: Any])?[key] as? Int
    }
    let last =
      events.filter {
        ($0["name"] as? String)?.hasPrefix("ProfilerStep#") == true
          && $0["cat"] as? String == "user_annotation"
      }.map { number($0, "ts") }.max() ?? 0
    let launched = Set(
      events.filter { argument($0, "stream") == nil && number($0, "ts") < last }
        .compactMap { argument($0, "correlation") })
    events = events.filter { $0["cat"] as? String == "kernel" }
      .filter { argument($0, "correlation").map(launched.contains) == true }
    for index in events.indices {
      let (start, length) = (number(events[index], "ts"), number(events[index], "dur"))
      events[index]["ts"] = Int(start.rounded(.up))
      events[index]["dur"] = max(
        0, Int((start + length).rounded(.down)) - Int(start.rounded(.up)))
    }
    let filtered = try JSONSerialization.data(withJSONObject: ["traceEvents": events])
    let partial = TraceReader.summarize(text: Array(filtered), file: file)
    let whole = try #require(partial.processes.first?.timing?.whole)
    let share = 100 * Double(whole.overlapped) / Double(whole.communication)
    #expect((share * 100).rounded() == (percent * 100).rounded())
  }

  @Test func aCutCompressedTraceKeepsItsWholeEvents() throws {
    let folder = try #require(Fixture.sharedData).appending(path: "kineto")
    let data = try Data(
      contentsOf: folder.appending(path: "astrasim-megatron-tp8/megatron_kineto_0.json.gz"))
    let cut = FileManager.default.temporaryDirectory.appending(
      path: "kineto-cut-\(UUID().uuidString).json.gz")
    defer { try? FileManager.default.removeItem(at: cut) }
    try data.prefix(data.count / 2).write(to: cut)
    let partial = TraceReader.summarize(path: cut.path())
    #expect(partial.files[0].status == .truncated)
    #expect(partial.files[0].isBalanced)
    #expect(partial.files[0].lines > 5000 && partial.files[0].lines < 14_245)
    #expect(partial.files[0][.malformed].lines == 0)
    #expect(partial.files[0][.tornLost].lines <= 1)
  }
}

/// Keeps the text as it is.
private struct Bytes: FormatReader, ~Copyable {
  static var recordsAreLines: Bool { false }
  var isAfterGap = false
  var bytes: [UInt8] = []
  mutating func consume(_ base: UnsafeRawPointer, count: Int) -> Int {
    unsafe bytes += UnsafeRawBufferPointer(start: base, count: count)
    return count
  }
  mutating func consumeUnfinished(_ base: UnsafeRawPointer, count: Int, isCut: Bool) {}
  mutating func bookOversizeLine(bytes: Int) {}
  mutating func finish() -> TracePartial { TracePartial() }
}
