// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Testing

@testable import TrafficAnalysis

@Suite struct ExchangeTests {
  /// One rank's exchanges in which it sends `counts[peer]` float32 to every peer, `times` times.
  private func exchange(
    _ trace: inout TraceBuilder, rank: Int, send: [UInt64], receive: [UInt64], times: UInt64 = 1,
    self includesSelf: Bool = true, shape: ExchangeShape = .allToAll
  ) {
    let size = send.count
    let peers = (0..<size).filter { includesSelf || $0 != rank }
    let counts = peers.map { send[$0] } + peers.map { receive[$0] }
    let isEven = Set(counts).count == 1
    var calls: [CallFacts] = []
    for peer in peers {
      for (kind, counts) in [(OperationKind.send, send), (.recv, receive)] {
        calls.append(
          TraceBuilder.call(
            kind, counts[peer], calls: times, peer: Int32(peer), shape: shape,
            isCoarse: !isEven, elements: counts[peer] * times))
      }
    }
    let sent = peers.reduce(0) { $0 + send[$1] }
    let row = ExchangeFacts(
      shape: shape, dataType: .float32, evenCount: isEven ? counts.first : nil,
      includesSelf: includesSelf,
      sentBytesLog2: UInt8(63 - max(sent * 4, 1).leadingZeroBitCount), exchanges: times,
      sendCalls: UInt64(peers.count) * times, recvCalls: UInt64(peers.count) * times,
      sentElements: sent * times, receivedElements: peers.reduce(0) { $0 + receive[$1] } * times,
      selfElements: includesSelf ? send[rank] * times : 0)
    trace.view(rank, rank: rank, size: size, id: 1, calls: calls, exchanges: [row])
  }

  @Test(arguments: [true, false])
  func anEvenExchangeIsOneAllToAll(includesSelf: Bool) throws {
    var trace = TraceBuilder()
    trace.processes(3, perNode: 2)
    for rank in 0..<3 {
      exchange(
        &trace, rank: rank, send: [10, 10, 10], receive: [10, 10, 10], times: 2,
        self: includesSelf)
    }
    let summary = TrafficAnalyzer.analyze(trace.partial)
    let row = try #require(summary.traffic.first)
    #expect(summary.traffic.count == 1)
    #expect(row.collective == "all_to_all")
    #expect(row.operations == 2)
    #expect(row.rankCalls == (includesSelf ? 36 : 24))
    #expect(row.elementCount == 10)
    #expect(row.messageBytes == 120)
    #expect(row.payloadBytes == (includesSelf ? 2 * 3 * 120 : 2 * 3 * 80))
    // Six pairs of 40 bytes, twice; ranks 0 and 1 share a node: 4 pairs cross.
    #expect(row.wireBytes == 480)
    #expect(row.interNodeBytes == 320)
    #expect(summary.ranks.map(\.sentBytes) == [160, 160, 160])
  }

  @Test func anUnevenExchangeHasNoSingleSize() throws {
    var trace = TraceBuilder()
    trace.processes(3, perNode: 2)
    let matrix: [[UInt64]] = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    for rank in 0..<3 {
      exchange(&trace, rank: rank, send: matrix[rank], receive: matrix.map { $0[rank] })
    }
    let summary = TrafficAnalyzer.analyze(trace.partial)
    let row = try #require(summary.traffic.first)
    #expect(summary.traffic.count == 1)
    #expect(row.operations == 1)
    #expect(row.elementCount == nil)
    #expect(row.messageBytes == nil)
    #expect(row.rankCalls == 18)
    #expect(row.payloadBytes == 45 * 4)
    // Without the diagonal 1 + 5 + 9.
    #expect(row.wireBytes == 30 * 4)
    // Across: 0-2 and 1-2, both ways: 3 + 6 + 7 + 8.
    #expect(row.interNodeBytes == 24 * 4)
    #expect(summary.messageSizes.reduce(0) { $0 + $1.operations } == 1)
    #expect(summary.messageSizes.reduce(0) { $0 + $1.payloadBytes } == 180)
  }

  @Test func aMissingRanksSendsAreKnownFromItsPartners() throws {
    var trace = TraceBuilder()
    trace.processes(2)
    let matrix: [[UInt64]] = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    for rank in 0..<2 {
      exchange(&trace, rank: rank, send: matrix[rank], receive: matrix.map { $0[rank] })
    }
    let row = try #require(TrafficAnalyzer.analyze(trace.partial).traffic.first)
    #expect(row.wireBytes == 30 * 4)
    #expect(row.operations == 1)
  }

  @Test func groupsWithEmptyPartsCountWithTheAllToAlls() throws {
    var trace = TraceBuilder()
    trace.processes(3)
    for rank in 0..<3 {
      exchange(&trace, rank: rank, send: [1, 2, 3], receive: [1, 2, 3], times: 2, self: true)
    }
    for rank in 0..<3 {
      let row = ExchangeFacts(
        shape: .several, dataType: .float32, evenCount: nil, includesSelf: false,
        sentBytesLog2: 2, exchanges: 1, sendCalls: 2, recvCalls: 0, sentElements: 4,
        receivedElements: 0, selfElements: 0)
      trace.partial.processes[rank].communicators[0].exchanges.append(row)
      for peer in 0..<3 where peer != rank {
        trace.partial.processes[rank].communicators[0].calls.append(
          TraceBuilder.call(.send, 2, peer: Int32(peer), shape: .several))
      }
    }
    let summary = TrafficAnalyzer.analyze(trace.partial)
    #expect(summary.traffic.map(\.collective) == ["all_to_all"])
    #expect(summary.traffic.first?.operations == 3)
  }

  @Test func aRootThatReceivesFromAllIsAGather() throws {
    var trace = TraceBuilder()
    trace.processes(3)
    let received = (1..<3).map {
      TraceBuilder.call(.recv, 10, calls: 4, peer: Int32($0), shape: .fromAll)
    }
    trace.view(
      0, rank: 0, size: 3, id: 1, calls: received,
      exchanges: [
        ExchangeFacts(
          shape: .fromAll, dataType: .float32, evenCount: 10, includesSelf: false,
          sentBytesLog2: 0, exchanges: 4, sendCalls: 0, recvCalls: 8, sentElements: 0,
          receivedElements: 80, selfElements: 0)
      ])
    for rank in 1..<3 {
      trace.view(
        rank, rank: rank, size: 3, id: 1,
        calls: [TraceBuilder.call(.send, 10, calls: 4, peer: 0)])
    }
    let row = try #require(TrafficAnalyzer.analyze(trace.partial).traffic.first)
    #expect(row.collective == "gather")
    #expect(row.operations == 4)
    #expect(row.rankCalls == 16)
    #expect(row.messageBytes == 120)
    #expect(row.payloadBytes == 4 * 2 * 40)
    #expect(row.wireBytes == 4 * 2 * 40)
  }

  @Test func aRootThatSendsToAllIsAScatterOnlyIfTheCallsAgree() throws {
    for calls in [UInt64(4), 3] {
      var trace = TraceBuilder()
      trace.processes(3)
      let sent = (1..<3).map {
        TraceBuilder.call(.send, 10, calls: 4, peer: Int32($0), shape: .toAll)
      }
      trace.view(
        0, rank: 0, size: 3, id: 1, calls: sent,
        exchanges: [
          ExchangeFacts(
            shape: .toAll, dataType: .float32, evenCount: 10, includesSelf: false,
            sentBytesLog2: 6, exchanges: 4, sendCalls: 8, recvCalls: 0, sentElements: 80,
            receivedElements: 0, selfElements: 0)
        ])
      for rank in 1..<3 {
        trace.view(
          rank, rank: rank, size: 3, id: 1,
          calls: [TraceBuilder.call(.recv, 10, calls: calls, peer: 0)])
      }
      let summary = TrafficAnalyzer.analyze(trace.partial)
      let row = try #require(summary.traffic.first)
      #expect(row.collective == (calls == 4 ? "scatter" : "send_recv"))
      #expect(row.operations == (calls == 4 ? 4 : 8))
      #expect(row.wireBytes == 320)
      #expect(row.payloadBytes == 320)
      #expect(row.rankCalls == 8 + 2 * calls)
      #expect(summary.findings.contains { $0.code == "send-receive-unmatched" } == (calls == 3))
    }
  }

  @Test func aSendAndItsReceiveAreOneOperation() throws {
    var trace = TraceBuilder()
    trace.processes(3, perNode: 1)
    trace.view(
      0, rank: 0, size: 3, id: 1,
      calls: [
        TraceBuilder.call(.send, 10, calls: 5, peer: 1),
        TraceBuilder.call(.send, 7, calls: 1, peer: 0),
        TraceBuilder.call(.recv, 7, calls: 1, peer: 0),
      ])
    // One receive is missing from the log of rank 1.
    trace.view(
      1, rank: 1, size: 3, id: 1, calls: [TraceBuilder.call(.recv, 10, calls: 4, peer: 0)])
    trace.view(2, rank: 2, size: 3, id: 1)
    let summary = TrafficAnalyzer.analyze(trace.partial)
    let row = try #require(summary.traffic.first { $0.elementCount == 10 })
    #expect(row.collective == "send_recv")
    #expect(row.operations == 5)
    #expect(row.rankCalls == 9)
    #expect(row.payloadBytes == 200)
    #expect(row.wireBytes == 200)
    #expect(row.interNodeBytes == 200)
    let own = try #require(summary.traffic.first { $0.elementCount == 7 })
    #expect(own.operations == 1)
    #expect(own.rankCalls == 2)
    #expect(own.payloadBytes == 28)
    #expect(own.wireBytes == 0)
  }

  @Test func puttingIsCountedPerCall() throws {
    var trace = TraceBuilder()
    trace.processes(2)
    trace.communicator(
      [0, 1], id: 1,
      calls: [
        TraceBuilder.call(.putSignal, 10, calls: 2, peer: 1),
        TraceBuilder.call(.waitSignal, 0, DataType(rawValue: 2), calls: 3),
      ])
    let rows = TrafficAnalyzer.analyze(trace.partial).traffic
    let put = try #require(rows.first { $0.collective == "put_signal" })
    #expect(put.operations == 4)
    #expect(put.payloadBytes == 160)
    // Rank 1 puts to itself.
    #expect(put.wireBytes == 80)
    #expect(rows.first { $0.collective == "wait_signal" }?.payloadBytes == 0)
  }
}
