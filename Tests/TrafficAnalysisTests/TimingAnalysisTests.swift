// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Foundation
import TestSupport
import Testing

@testable import TrafficAnalysis

/// Durations, waiting and the join of a log with a trace; oracles are arithmetic by hand.
@Suite struct TimingAnalysisTests {
  /// Records of an all-reduce of 1,000,000 bytes on four ranks; `micros[operation][rank]`.
  private static func inspector(_ micros: [[Int?]], host: String = "gpu-01") -> TracePartial {
    var partial = TracePartial()
    for rank in 0..<4 {
      var text = ""
      for (sequence, times) in micros.enumerated() {
        guard let time = times[rank] else { continue }
        text += """
          {"header":{"id":"0xabcdef","rank":\(rank),"n_ranks":4,"nnodes":1},"metadata":{\
          "inspector_output_format_version":"v4.0","hostname":"\(host)","pid":\(100 + rank)},\
          "coll_perf":{"coll":"AllReduce","coll_sn":\(sequence),"coll_msg_size_bytes":1000000,\
          "coll_exec_time_us":\(time),"coll_timing_source":"kernel_gpu"}}

          """
      }
      partial.merge(TraceReader.summarize(text: Array(text.utf8), file: "inspector-\(rank).log"))
    }
    return partial
  }

  /// The log of the same job: the same communicator and calls.
  private static func log(calls: Int, type: Int = 7, count: Int = 250_000) -> TracePartial {
    var partial = TracePartial()
    for rank in 0..<4 {
      let head = "gpu-01:\(100 + rank):\(200 + rank) [\(rank)] NCCL INFO "
      let comm = "0x55d0c0ff\(rank)e00"
      var text = "\(head)NCCL version 2.28.9+cuda12.8\n"
      for event in ["Init START", "Init COMPLETE"] {
        text +=
          "\(head)ncclCommInitRank comm \(comm) rank \(rank) nranks 4 cudaDev \(rank) nvmlDev \(rank) busId \(rank + 1)b000 commId 0xabcdef - \(event)\n"
      }
      for call in 0..<calls {
        text +=
          "\(head)AllReduce: opCount \(String(call, radix: 16)) sendbuff 0x7f1234567800 recvbuff 0x7f1234569a00 count \(count) datatype \(type) op 0 root 0 comm \(comm) [nranks=4] stream 0x55d0deadbe00\n"
      }
      partial.merge(TraceReader.summarize(text: Array(text.utf8), file: "nccl-\(rank).log"))
    }
    return partial
  }

  private static let times: [[Int?]] = [[10, 20, 30, 40], [15, 15, 25, 5], [8, 8, 8, 8]]

  @Test func durationsAndBandwidthAreThoseOfNCCLTests() throws {
    let summary = TrafficAnalyzer.analyze(Self.inspector(Self.times))
    let row = try #require(summary.durations.first)
    #expect(summary.durations.count == 1)
    #expect((row.durations.count, row.durations.total) == (12, 192_000))
    #expect((row.durations.minimum, row.durations.maximum) == (5_000, 40_000))
    #expect(row.messageBytes == 1_000_000)
    // 1,000,000 bytes in 10 us are 100 GB/s; four ranks: times 2 (4 - 1) / 4.
    #expect(row.algorithmBandwidth(10_000) == 100)
    #expect(row.busBandwidth(10_000) == 150)
    #expect(row.busBandwidth(0) == nil)
  }

  @Test(arguments: [
    ("all_reduce", 1.75), ("all_gather", 0.875), ("reduce_scatter", 0.875), ("all_to_all", 0.875),
    ("broadcast", 1), ("reduce", 1), ("send_recv", 1),
  ])
  func busFactorsAreThoseOfNCCLTests(collective: String, factor: Double) {
    #expect(DurationRow.busFactor(collective, ranks: 8) == factor)
  }

  @Test func theShortestKernelCameLast() throws {
    let summary = TrafficAnalyzer.analyze(Self.inspector(Self.times))
    // Operation 0: rank 0 last, the others waited 10 + 20 + 30; operation 1: rank 3 last,
    // 10 + 10 + 20; operation 2: all at once.
    #expect(summary.waiting.map(\.rank) == [0, 1, 2, 3])
    #expect(summary.waiting.map(\.operations) == [3, 3, 3, 3])
    #expect(summary.waiting.map(\.lastArrivals) == [1, 0, 0, 1])
    #expect(summary.waiting.map(\.caused) == [60_000, 0, 0, 40_000])
    #expect(summary.waiting.map(\.waited) == [10_000, 20_000, 40_000, 30_000])
    #expect(summary.waiting.map(\.duration) == [33_000, 43_000, 63_000, 53_000])
  }

  @Test func anOperationThatARankHasNoRecordOfTellsNothingOfWaiting() {
    var times = Self.times
    times[0][2] = nil
    let summary = TrafficAnalyzer.analyze(Self.inspector(times))
    #expect(summary.waiting.map(\.operations) == [2, 2, 2, 2])
    #expect(summary.waiting.map(\.caused) == [0, 0, 0, 40_000])
  }

  @Test func samplesThatDifferBetweenRanksAreNoFault() {
    var times = Self.times
    times[2][1] = nil
    let summary = TrafficAnalyzer.analyze(Self.inspector(times))
    #expect(summary.findings.allSatisfy { $0.severity == .note })
  }

  /// Rank 3 comes 30 us late to each of `operations` collectives that take 10 us.
  private static func late(_ operations: Int, by micros: Int) -> [[Int?]] {
    (0..<operations).map { _ in [10 + micros, 10 + micros, 10 + micros, 10] }
  }

  @Test func theRankThatOthersWaitForIsNamed() throws {
    let summary = TrafficAnalyzer.analyze(Self.inspector(Self.late(20, by: 30)))
    let finding = try #require(summary.findings.first { $0.code == "straggler" })
    #expect((finding.severity, finding.location) == (.warning, "rank 3"))
    // 3 x 30 of 3 x 40 + 10 us.
    #expect(finding.evidence.contains("20 of 20 collectives; waiting for it is 69 %"))
  }

  @Test(arguments: [(19, 30), (20, 3)])
  func fewCollectivesOrShortWaitsNameNobody(operations: Int, micros: Int) {
    let summary = TrafficAnalyzer.analyze(
      Self.inspector(Self.late(operations, by: micros)))
    #expect(!summary.findings.contains { $0.code == "straggler" })
  }

  @Test func whereRanksTakeTurnsNobodyIsNamed() {
    let times: [[Int?]] = (0..<40).map { operation in
      (0..<4).map { $0 == operation % 4 ? 10 : 40 }
    }
    let summary = TrafficAnalyzer.analyze(Self.inspector(times))
    #expect(!summary.findings.contains { $0.code == "straggler" })
    #expect(summary.waiting.map(\.lastArrivals) == [10, 10, 10, 10])
  }

  @Test func aLogAndARecordOfTheSameJobAreOneJob() throws {
    let alone = TrafficAnalyzer.analyze(Self.log(calls: 3))
    var both = Self.log(calls: 3)
    both.merge(Self.inspector(Self.times, host: "gpu-01.cluster.example"))
    let joined = TrafficAnalyzer.analyze(both)
    #expect(joined.traffic == alone.traffic)
    #expect(joined.ranks.map(\.calls) == alone.ranks.map(\.calls))
    let row = try #require(joined.durations.first)
    #expect(joined.durations.count == 1)
    #expect((row.dataType, row.messageBytes) == ("float32", 1_000_000))
    #expect(row.durations.count == 12)
    #expect(joined.waiting.map(\.caused) == [60_000, 0, 0, 40_000])
    #expect(!joined.coverage.statements.contains { $0.contains("no counterpart") })
  }

  @Test func timedCallsThatTheLogLacksAreStated() {
    var both = Self.log(calls: 3, count: 999)
    both.merge(Self.inspector(Self.times))
    let joined = TrafficAnalyzer.analyze(both)
    #expect(joined.durations.isEmpty)
    #expect(joined.coverage.statements.contains { $0.hasPrefix("12 of 12 timed calls") })
  }

  @Test func theOrderOfFilesChangesNothing() {
    var forward = Self.log(calls: 3)
    forward.merge(Self.inspector(Self.times))
    var backward = Self.inspector(Self.times)
    backward.merge(Self.log(calls: 3))
    let (a, b) = (TrafficAnalyzer.analyze(forward), TrafficAnalyzer.analyze(backward))
    #expect(a.durations == b.durations)
    #expect(a.waiting == b.waiting)
    #expect(a.traffic == b.traffic)
  }

  /// A profile of rank `rank` of two without sequence numbers: kernels of all-reduces by elements
  /// and microseconds, 100 us apart, in steps of 1000 us.
  private static func profile(_ rank: Int, _ steps: [[(count: Int, micros: Int)]]) -> TracePartial {
    var events: [String] = []
    for (step, calls) in steps.enumerated() {
      let start = 10_000 + 1000 * step
      events.append(
        #"{"ph":"X","cat":"user_annotation","name":"ProfilerStep#\#(step)","pid":1,"tid":1,"ts":\#(start),"dur":1000,"args":{}}"#
      )
      for (number, call) in calls.enumerated() {
        let id = step * 100 + number + 1
        events.append(
          #"{"ph":"X","cat":"kernel","name":"ncclDevKernel_AllReduce_Sum_f32_RING_LL(x)","pid":0,"tid":7,"ts":\#(start + 100 * number),"dur":\#(call.micros),"args":{"correlation":\#(id),"External id":\#(id),"Collective name":"allreduce","In msg nelems":\#(call.count),"Out msg nelems":\#(call.count),"Group size":2,"dtype":"Float","Process Group Name":"0","Process Group Description":"default_pg","Process Group Ranks":"[0, 1]"}}"#
        )
      }
    }
    let text =
      #"{"schemaVersion":1,"distributedInfo":{"rank":\#(rank),"world_size":2},"traceEvents":[\#(events.joined(separator: ",\n"))]}"#
    return TraceReader.summarize(text: Array(text.utf8), file: "rank\(rank).json")
  }

  private static func waiting(
    _ a: [[(count: Int, micros: Int)]], _ b: [[(count: Int, micros: Int)]]
  ) -> [[Int64]] {
    var partial = profile(0, a)
    partial.merge(profile(1, b))
    return TrafficAnalyzer.analyze(partial).waiting.map {
      [Int64($0.operations), $0.waited / 1000, $0.caused / 1000]
    }
  }

  @Test func callsWithoutANumberAreMatchedByTheirOrder() {
    // 10 - 4 and 7 - 5: rank 0 waits twice, rank 1 once for 9 - 3.
    #expect(
      Self.waiting([[(8, 10), (16, 3)], [(8, 7)]], [[(8, 4), (16, 9)], [(8, 5)]])
        == [[3, 8, 6], [3, 6, 8]])
  }

  @Test func whereTheOrderDiffersOnlyStepsThatAgreeAreMatched() {
    // The first steps differ in a call, the second agree.
    #expect(
      Self.waiting([[(8, 10), (16, 3)], [(8, 7)]], [[(8, 4)], [(8, 5)]])
        == [[1, 2, 0], [1, 0, 2]])
    // As many calls of other sizes.
    #expect(Self.waiting([[(8, 10), (16, 3)]], [[(16, 4), (8, 5)]]).isEmpty)
  }

  @Test(.enabled(if: Fixture.sharedData != nil))
  func waitingInARealJobIsThatOfAnIndependentCount() throws {
    let folder = try #require(Fixture.sharedData).appending(path: "kineto/astrasim-megatron-tp8")
    var partial = TracePartial()
    for rank in 0..<8 {
      let file = folder.appending(path: "megatron_kineto_\(rank).json.gz")
      partial.merge(TraceReader.summarize(path: file.path()))
    }
    let waiting = TrafficAnalyzer.analyze(partial).waiting
    // By a Python script: the n-th NCCL kernels by `ts` of all files, `dur` less the shortest.
    #expect(waiting.map(\.lastArrivals) == [32, 3, 3, 12, 1, 0, 25, 4])
    #expect(
      waiting.map { $0.caused / 1000 }
        == [1_533_538, 539, 170_752, 14_368, 155, 0, 1_219_278, 410])
    #expect(
      waiting.map { $0.waited / 1000 }
        == [191_092, 431_207, 363_226, 422_291, 445_141, 440_829, 213_747, 431_766])
  }

  /// A profile of one of two ranks: 40 all-reduces of 2 MiB in half precision, each of 50 us, and
  /// compute kernels of `compute` us that begin with, or after, each of them.
  private static func layers(pause: Int, computeAt: Int) -> TracePartial {
    var partial = TracePartial()
    for rank in 0..<2 {
      var events: [String] = []
      for number in 0..<40 {
        let start = 1000 + number * (50 + pause)
        events.append(
          #"{"ph":"X","cat":"kernel","name":"ncclDevKernel_AllReduce_Sum_bf16_RING_LL(x)","pid":0,"tid":7,"ts":\#(start),"dur":50,"args":{"correlation":\#(number + 1),"External id":\#(number + 1),"Collective name":"allreduce","In msg nelems":1048576,"Out msg nelems":1048576,"Group size":2,"dtype":"BFloat16","Process Group Name":"0","Process Group Description":"default_pg","Process Group Ranks":"[0, 1]"}}"#
        )
        events.append(
          #"{"ph":"X","cat":"kernel","name":"gemm","pid":0,"tid":9,"ts":\#(start + computeAt),"dur":30,"args":{"correlation":\#(number + 900)}}"#
        )
      }
      let text =
        #"{"schemaVersion":1,"distributedInfo":{"rank":\#(rank),"world_size":2},"traceEvents":[\#(events.joined(separator: ",\n"))]}"#
      partial.merge(TraceReader.summarize(text: Array(text.utf8), file: "rank\(rank).json"))
    }
    return partial
  }

  @Test func reductionsThatComputationWaitsForAreOfATensorGroup() {
    func label(_ partial: TracePartial) -> ParallelismDimension? {
      TrafficAnalyzer.analyze(partial).communicators.first { $0.operations > 0 }?.dimension
    }
    #expect(label(Self.layers(pause: 40, computeAt: 55)) == .tp)
    // Beside computation, and one after the other: buckets of equal layers are as likely.
    #expect(label(Self.layers(pause: 40, computeAt: 20)) == .unclassified)
    #expect(label(Self.layers(pause: 5, computeAt: -10_000)) == .unclassified)
  }

  @Test func clocksAreCorrectedByTheEndsOfSharedCollectives() {
    var offsets = ClockOffsets()
    // Rank 1 is 500 ns ahead of rank 0, rank 2 is 300 ns behind rank 1; one end is an outlier.
    for end: Int64 in [1_000, 2_000, 3_000] { offsets.add([(0, end), (1, end + 500)]) }
    offsets.add([(0, 4_000), (1, 9_000)])
    for end: Int64 in [5_000, 6_000] { offsets.add([(1, end), (2, end - 300)]) }
    offsets.add([(7, 1), (8, 2)])
    let found = offsets.offsets()
    #expect(found == [0: 0, 1: 500, 2: 200])
  }
}
