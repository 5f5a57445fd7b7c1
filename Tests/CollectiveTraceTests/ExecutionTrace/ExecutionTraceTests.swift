// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import CollectiveTrace

@Suite struct ExecutionTraceTests {
  private func read(_ bytes: [UInt8], file: String = "t.3.et", window: Int = 4096) -> TracePartial {
    let partial = TraceReader.summarize(text: bytes, file: file, window: window)
    #expect(partial.files[0].isBalanced)
    #expect(partial.files[0].bytes == bytes.count)
    return partial
  }

  // MARK: - Chakra

  private func varint(_ value: UInt64) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = value
    while rest > 127 {
      bytes.append(UInt8(rest & 127) | 128)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }

  private func number(_ field: UInt64, _ value: UInt64) -> [UInt8] {
    varint(field << 3) + varint(value)
  }

  private func bytes(_ field: UInt64, _ value: [UInt8]) -> [UInt8] {
    varint(field << 3 | 2) + varint(UInt64(value.count)) + value
  }

  private func attribute(_ name: String, _ field: UInt64, _ value: UInt64) -> [UInt8] {
    bytes(1, Array(name.utf8)) + number(field, value)
  }

  private func message(_ content: [UInt8]) -> [UInt8] { varint(UInt64(content.count)) + content }

  private func node(
    _ type: UInt64, duration: UInt64 = 0, _ attributes: [(String, UInt64, UInt64)]
  ) -> [UInt8] {
    message(
      number(1, 7) + bytes(2, Array("node".utf8)) + number(3, type) + bytes(4, [1, 2, 3])
        + (duration > 0 ? number(6, 1000) + number(7, duration) : [])
        + attributes.flatMap { bytes(10, attribute($0.0, $0.1, $0.2)) })
  }

  private var trace: [UInt8] {
    message(bytes(1, Array("0.0.4".utf8)) + bytes(2, attribute("pid", 13, 4711)))
      + node(4, [("is_cpu_op", 27, 1)])
      + node(7, duration: 12, [("is_cpu_op", 27, 0), ("comm_type", 9, 0), ("comm_size", 9, 4096)])
      + node(7, [("comm_type", 9, 7), ("comm_size", 9, 4096)])
      + node(5, [("comm_size", 9, 64), ("comm_dst", 7, 1)])
      + node(6, [("comm_size", 9, 32), ("comm_src", 7, 2)])
      + node(7, [("is_cpu_op", 27, 1)])
  }

  @Test(arguments: [1, 5, 1 << 20]) func aChakraTraceIsReadFromAnyWindow(window: Int) throws {
    let partial = read(trace, window: window)
    #expect(partial.files[0].format == "chakra")
    #expect(partial.files[0].status == .complete)
    #expect(partial.files[0].lines == 7)
    #expect(partial.files[0][.parsed].lines == 4)
    let process = try #require(partial.processes.first)
    #expect(process.pid == 4711)
    #expect(process.globalRank == 3)
    #expect(process.notices.contains { $0.text.contains("from the file's name") })
    let rows = process.communicators.flatMap(\.calls)
    #expect(rows.map(\.kind) == [.allReduce, .reduceScatter, .send, .recv])
    #expect(rows.map(\.dataType) == [.unknown, .unknown, .unknown, .unknown])
    #expect(rows.map(\.peer) == [0, 0, 1, 2])
    #expect(rows.map(\.elementCount) == [4096, 0, 64, 32])
    // What each rank keeps of a reduce-scatter depends on their number, which is not stated.
    #expect(rows.map(\.isCoarse) == [false, true, false, false])
    #expect(process.timing?.calls.first?.duration == 12_000)
    #expect(process.timing?.calls.last?.duration == -1)
  }

  @Test func everyCutAndFlippedBitOfAChakraTraceIsAccountedFor() {
    for count in 0..<trace.count { _ = read(Array(trace[..<count])) }
    for place in trace.indices {
      var damaged = trace
      damaged[place] ^= 1 << (place % 8)
      _ = read(damaged)
      _ = read(damaged, window: 3)
    }
  }

  @Test func aNodeThatAnnouncesMoreThanTheLimitIsSkippedAndTheNextIsRead() {
    var options = TraceReader.Options()
    options.maximumLineBytes = 64
    let long = message([UInt8](repeating: 0x08, count: 100))
    let next = node(7, [("comm_type", 9, 0), ("comm_size", 9, 8)])
    #expect(next.count < 64)
    let all = message(bytes(1, Array("0.0.4".utf8))) + next + long + next
    for window in [16, 70, 4096] {
      let partial = TraceReader.summarize(text: all, file: "t", window: window, options: options)
      #expect(partial.files[0].isBalanced)
      #expect(partial.files[0].bytes == all.count)
      #expect(partial.files[0][.malformed].lines == 1)
      #expect(partial.processes.first?.communicators.first?.calls.map(\.calls) == [2])
    }
    // A length of 2^63 asks for no memory.
    let bomb = message(bytes(1, Array("0.0.4".utf8))) + next + varint(1 << 63) + next
    #expect(read(bomb).files[0][.malformed].lines == 1)
  }

  @Test(
    .enabled(if: Fixture.sharedData != nil),
    arguments: [
      // Nodes and calls, counted with a decoder of the wire format in Python.
      (
        "chakra-4243df-chakra.0.et", 3664, [OperationKind.allReduce: 5, .broadcast: 2], 102_441_032
      ),
      (
        "astrasim-examples/system_custom_collectives_custom_ring_allreduce_8npus_1MB_custom_allreduce.3.et",
        35, [.send: 14, .recv: 14], 3_670_016
      ),
      (
        "astrasim-examples/workload_microbenchmarks_all_gather_16npus_1MB_all_gather.9.et", 1,
        [.allGather: 1], 1_048_576
      ),
    ])
  func realTracesCountAsInPython(
    name: String, nodes: Int, calls: [OperationKind: UInt64], bytes: UInt64
  ) throws {
    let path = try #require(Fixture.sharedData).appending(path: "chakra/\(name)").path()
    let partial = TraceReader.summarize(path: path)
    #expect(partial.files[0].status == .complete)
    #expect(partial.files[0].lines == nodes + 1)
    #expect(partial.files[0][.malformed].lines == 0)
    #expect(partial.files[0][.unrecognised].lines == 0)
    let rows = partial.processes.flatMap(\.communicators).flatMap(\.calls)
    var counts: [OperationKind: UInt64] = [:]
    for row in rows { counts[row.kind, default: 0] += row.calls }
    #expect(counts == calls)
    #expect(rows.reduce(0) { $0 + $1.elements } == bytes)
  }

  // MARK: - PyTorch

  private static let call =
    #"{"name": "record_param_comms", "id": 150, "inputs": [[[1,2,0,64,2,"cuda:0"]],337,93825,3,"allreduce",[],[],8], "input_shapes": [[[4,8]],[],[],[],[],[],[],[]], "input_types": ["GenericList[Tensor(c10::Half)]","Int","Int","Int","String","GenericList[]","GenericList[]","Int"], "outputs": [[[1,2,0,64,2,"cuda:0"]]], "output_shapes": [[[4,8]]], "output_types": ["GenericList[Tensor(c10::Half)]"]}"#
  /// As schema 1.0.2 and later write it, with the group's name.
  private static let named =
    #"{"id": 151, "name": "record_param_comms", "inputs": {"values": [[1,2,0,64,2,"cuda:0"],338,["4","DATA"],1,"_allgather_base",[],[],0,1,2], "shapes": [[4,8],[],[[],[]],[],[],[],[],[],[],[]], "types": ["Tensor(float)","Int","Tuple[String,String]","Int","String","GenericList[]","GenericList[]","Int","Int","Int"]}, "outputs": {"values": [[1]], "shapes": [[8,8]], "types": ["Tensor(float)"]}}"#
  private static let wait =
    #"{"name": "record_param_comms", "id": 152, "inputs": [337,0,0,"wait",[],[],1], "input_shapes": [[],[],[],[],[],[],[]], "input_types": ["Int","Int","Int","String","GenericList[]","GenericList[]","Int"], "outputs": []}"#
  private static let other =
    #"{"name": "aten::mm ]}", "id": 5, "inputs": [[3,4,0,8192,8,"cpu"],4,"<None>"], "input_shapes": [[4,2048],[],[]]}"#

  private func json(_ nodes: [String]) -> [UInt8] {
    Array(
      (#"{ "schema": "1.0.1", "pid": 77, "start_ts": 5, "nodes": ["# + "\n  "
        + nodes.joined(separator: ",\n  ") + "\n], \"finish_ts\": 9 }\n").utf8)
  }

  @Test(arguments: [1, 50, 1 << 20]) func anExecutionTraceIsReadFromAnyWindow(window: Int) throws {
    let partial = read(
      json([Self.other, Self.call, Self.wait, Self.named, Self.call]), window: window)
    #expect(partial.files[0].format == "execution_trace")
    #expect(partial.files[0].status == .complete)
    #expect(partial.files[0][.parsed].lines == 3)
    #expect(partial.files[0][.malformed].lines == 0)
    let process = try #require(partial.processes.first)
    #expect(process.pid == 77)
    #expect(process.communicators.map(\.rank) == [3, 1])
    #expect(process.communicators.map(\.size) == [8, 2])
    #expect(process.communicators.map(\.name) == [nil, "DATA"])
    let rows = process.communicators.flatMap(\.calls)
    #expect(rows.map(\.kind) == [.allReduce, .allGather])
    #expect(rows.map(\.elementCount) == [32, 32])
    #expect(rows.map(\.calls) == [2, 1])
    #expect(rows.map(\.dataType.name) == ["float16", "float32"])
  }

  /// PyTorch records the peer or root in the place of the caller's rank.
  @Test func sendsAndRootedCallsNameTheOtherRank() throws {
    func node(_ name: String, _ rank: Int) -> String {
      Self.named.replacing("_allgather_base", with: name).replacing(
        #"],1,"# + "\"\(name)", with: #"],\#(rank),"# + "\"\(name)")
    }
    let process = try #require(
      read(json([node("send", 0), node("recv", 0), node("broadcast", 0), Self.named]))
        .processes.first)
    let group = try #require(process.communicators.first)
    #expect(process.communicators.count == 1)
    #expect((group.rank, group.size) == (1, 2))
    #expect(group.calls.map(\.kind) == [.send, .recv, .broadcast, .allGather])
    #expect(group.calls.map(\.peer) == [0, 0, 0, -1])
    #expect(group.calls.map(\.elementCount) == [32, 64, 32, 32])
  }

  /// The same nodes as in protocol buffers; sizes are bytes, `runtime` is microseconds.
  @Test(arguments: [1, 50, 1 << 20]) func aChakraTraceInJSONIsReadFromAnyWindow(window: Int) throws
  {
    let text = """
      {
        "workload_graph": [
          {"Id": 1, "Name": "aten::mm", "NodeType": 4, "data_deps": [0], "is_cpu_op": true},
          {"Id": 2, "Name": "c10d::allreduce_(0)", "NodeType": 7, "runtime": 151, "is_cpu_op": true},
          {"Id": 3, "Name": "ncclKernel_AllReduce_RING_LL_Sum_float(ncclDevComm*)", "NodeType": 7,
           "runtime": 5572, "data_deps": [2], "is_cpu_op": false},
          {"Id": 4, "Name": "x", "NodeType": 7, "is_cpu_op": 0, "comm_type": 2, "comm_size": 4096,
           "pg_name": "7"},
          {"Id": 5, "Name": "y", "NodeType": 5, "comm_size": 64, "comm_src": 1, "comm_dst": 3},
          {"Id": 6, "Name": "z", "NodeType": 7, "is_cpu_op": false},
          {"Id": -1, "Name": 8, "NodeType": 1.5, "comm_size": "?"}
        ]
      }
      """
    let partial = read(Array(text.utf8), file: "llm.2.json", window: window)
    #expect(partial.files[0].format == "execution_trace")
    #expect(partial.files[0].isBalanced && partial.files[0].status == .complete)
    #expect(partial.files[0][.parsed].lines == 3)
    // A call whose operation nothing tells.
    #expect(partial.files[0][.unrecognised].lines == 1)
    let process = try #require(partial.processes.first)
    #expect(process.globalRank == 2)
    #expect(process.communicators.map(\.name) == [nil, "7"])
    let rows = process.communicators.flatMap(\.calls)
    #expect(rows.map(\.kind) == [.allReduce, .send, .allGather])
    #expect(rows.map(\.isUnsized) == [true, false, false])
    #expect(rows.map(\.elementCount) == [0, 64, 4096])
    #expect(rows[1].peer == 3)
    #expect(process.communicators[0].durations.map(\.histogram.total) == [5_572_000])
  }

  @Test func damagedNodesAreSkippedAndTheNextOnesRead() {
    for damage in [
      #"{"name": "aten::mm", "id" 5}"#, #"{"name": @}"#, "7", #"{"name": "x"}}"#,
    ] {
      let partial = read(json([Self.call, damage, Self.other, Self.call]))
      #expect(partial.processes.first?.communicators.first?.calls.map(\.calls) == [2])
      #expect(partial.files[0][.malformed].lines + partial.files[0][.tornLost].lines > 0)
    }
  }

  @Test func everyCutAndFlippedBitOfAnExecutionTraceIsAccountedFor() {
    let whole = json([Self.other, Self.call, Self.named])
    for count in 0..<whole.count { _ = read(Array(whole[..<count])) }
    for place in whole.indices {
      var damaged = whole
      damaged[place] ^= 1 << (place % 8)
      _ = read(damaged)
    }
  }

  @Test(.enabled(if: Fixture.sharedData != nil), arguments: [0, 1])
  func realExecutionTracesCountAsInPython(rank: Int) throws {
    let path = try #require(Fixture.sharedData)
      .appending(path: "chakra/astrasim-megatron-tp8/megatron_et_\(rank).json.gz").path()
    let partial = TraceReader.summarize(path: path)
    #expect(partial.files[0].status == .complete)
    #expect(partial.files[0][.malformed].lines == 0)
    #expect(partial.files[0][.unrecognised].lines == 0)
    let process = try #require(partial.processes.first)
    // Both groups of this rank: the tensor group, and one of itself alone.
    #expect(process.communicators.map(\.size) == [8, 1])
    #expect(process.communicators.map(\.rank) == [rank, 0])
    // 81 all-reduces of halves and 4 of floats, by Python's json module.
    var calls: [String: UInt64] = [:]
    for row in process.communicators.flatMap(\.calls) {
      calls[row.dataType.name, default: 0] += row.calls
    }
    #expect(calls == ["float16": 81, "float32": 4])
  }
}
