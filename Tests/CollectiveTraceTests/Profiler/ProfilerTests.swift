// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import CollectiveTrace

@Suite struct ProfilerTests {
  private static let events = [
    #"{"name": "Group", "cat": "GROUP", "ph": "b", "id": 0, "pid": 4711, "tid": 1, "ts": 10.000000, "args": {"groupId": 0}}"#,
    #"{"name": "AllReduce", "cat": "COLL", "ph": "b", "id": 3, "pid": 4711, "tid": 1, "ts": 12.500000, "args": {"SeqNum": 0, "CommHash": 18446744073709551615, "Rank": 1, "Count": 1024, "Datatype": "ncclFloat32", "Algorithm": "RING", "Protocol": "LL", "nChannels": 2}}"#,
    #"{"name": "AllReduce", "cat": "COLL_API", "ph": "b", "id": 9, "pid": 4711, "tid": 1, "ts": 12.6, "args": {"count": 1024, "datatype": ncclFloat32, "Stream": 0x7f00aa}}"#,
    #"{"name": "Send", "cat": "P2P", "ph": "b", "id": 3, "pid": 4711, "tid": 1, "ts": 13.0, "args": {"CommHash": 18446744073709551615, "Rank": 1, "Peer": 0, "Count": 8, "Datatype": 0}}"#,
    #"{"name": "AllReduce", "cat": "COLL", "ph": "e", "id": 3, "pid": 4711, "tid": 1, "ts": 90.250000}"#,
  ]

  private func read(_ text: String, window: Int = 4096) -> TracePartial {
    let partial = TraceReader.summarize(text: Array(text.utf8), file: "p.json", window: window)
    #expect(partial.files[0].isBalanced)
    return partial
  }

  private func expectCalls(_ partial: TracePartial) throws {
    #expect(partial.files[0].format == "profiler")
    let process = try #require(partial.processes.first)
    #expect(process.pid == 4711)
    let own = try #require(process.communicators.first)
    #expect(own.identifier == .max)
    #expect(own.rank == 1)
    #expect(own.calls.map(\.kind) == [.allReduce, .send])
    #expect(own.calls.map(\.elementCount) == [1024, 8])
    #expect(own.calls.map(\.dataType) == [.float32, .int8])
    #expect(process.timing?.calls.map(\.duration) == [77_750, -1])
    #expect(process.timing?.calls.map(\.start) == [12_500, 13_000])
    #expect(process.timing?.calls.map(\.state) == [.completed, .started])
    #expect(partial.files[0][.malformed].lines == 0)
  }

  @Test(arguments: [1, 100, 4096]) func aTraceIsReadFromAnyWindow(window: Int) throws {
    let partial = read(
      "[\n" + Self.events.joined(separator: ",\n") + ",\n{}]\n", window: window)
    #expect(partial.files[0].status == .complete)
    try expectCalls(partial)
  }

  @Test func aKilledProcessLeavesNoEndAndItsCallsCount() throws {
    let partial = read("[\n" + Self.events.joined(separator: ",\n") + ",\n")
    #expect(partial.files[0].status == .truncated)
    try expectCalls(partial)
  }

  @Test func everyCutAndFlippedBitIsAccountedFor() {
    let whole = Array(("[\n" + Self.events.joined(separator: ",\n") + ",\n{}]\n").utf8)
    for place in whole.indices {
      #expect(
        TraceReader.summarize(text: Array(whole[..<place]), file: "p").files[0].isBalanced)
      var damaged = whole
      damaged[place] ^= 1 << (place % 8)
      #expect(TraceReader.summarize(text: damaged, file: "p").files[0].isBalanced)
    }
  }
}
