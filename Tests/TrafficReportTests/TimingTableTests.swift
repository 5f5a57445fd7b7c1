// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Testing
import TrafficAnalysis

@testable import TrafficReport

/// The tables of times; every number by hand.
@Suite struct TimingTableTests {
  private static func summary() -> TrafficSummary {
    var summary = TrafficSummary()
    var histogram = DurationHistogram()
    for nanoseconds: Int64 in [20, 10, 30] { histogram.add(nanoseconds) }
    summary.durations = [
      DurationRow(
        dimension: .tp, collective: "all_reduce", dataType: "bfloat16", messageBytes: 400,
        communicatorSize: 4, source: .kineto, basis: .kernelGPU, durations: histogram),
      DurationRow(
        dimension: .ep, collective: "all_to_all", dataType: "bfloat16", messageBytes: nil,
        communicatorSize: 8, source: .inspector, basis: .unknown, durations: histogram),
    ]
    var all = OverlapRow(step: "", dimension: nil)
    (all.ranks, all.duration, all.compute) = (2, 1000, 600)
    (all.communication, all.exposed) = (300, 100)
    (all.stepDuration, all.bubble) = (1000, 340)
    var tensor = OverlapRow(step: "ProfilerStep#1", dimension: .tp)
    (tensor.ranks, tensor.communication, tensor.exposed) = (2, 200, 50)
    tensor.stepDuration = 1000
    summary.overlaps = [all, tensor]
    var rank = WaitingRow(rank: 3)
    (rank.operations, rank.lastArrivals, rank.duration) = (10, 4, 900)
    (rank.waited, rank.caused, rank.clockOffset) = (120, 340, -7)
    summary.waiting = [rank]
    return summary
  }

  @Test func durationsHaveBandwidthWhereTheSizeIsKnown() {
    let text = String(decoding: Table.durations.csv(Self.summary(), isRaw: false), as: UTF8.self)
    #expect(
      text == """
        dimension,collective,data_type,message_bytes,communicator_size,source,basis,calls,total_ns,\
        min_ns,median_ns,p90_ns,p99_ns,max_ns,median_algbw_gb_per_s,median_busbw_gb_per_s,\
        best_busbw_gb_per_s,peak_busbw_gb_per_s,peak_limit,attained_share
        tp,all_reduce,bfloat16,400,4,kineto,kernel_gpu,3,60,10,20,30,30,30,20,30,60,,,
        ep,all_to_all,bfloat16,,8,inspector,unknown,3,60,10,20,30,30,30,,,,,,

        """)
  }

  @Test func whatIsNeitherComputeNorExposedIsIdle() {
    let text = String(decoding: Table.overlap.csv(Self.summary(), isRaw: false), as: UTF8.self)
    #expect(
      text == """
        step,dimension,ranks,duration_ns,compute_ns,communication_ns,exposed_ns,hidden_ns,idle_ns,\
        bubble_ns,time_share
        ,all,2,1000,600,300,100,200,300,340,0.3
        ProfilerStep#1,tp,2,,,200,50,150,,,0.2

        """)
  }

  @Test func waitingIsOneRowPerRank() {
    let text = String(decoding: Table.waiting.csv(Self.summary(), isRaw: false), as: UTF8.self)
    #expect(
      text == """
        rank,operations,last_arrivals,duration_ns,waited_ns,caused_wait_ns,clock_offset_ns
        3,10,4,900,120,340,-7

        """)
  }

  @Test func theDigestSaysWhatTheTimesTell() {
    #expect(
      TimingText.digest(Self.summary())
        == "times: communication kernels run for 30 % of the time, 67 % of that beside compute "
        + "(2 ranks); at most 34 % is pipeline bubble; best median bus bandwidth 30.0 GB/s (all_reduce of 400 B); "
        + "13 % of the time in collectives is waiting for others")
    #expect(TimingText.digest(TrafficSummary()) == nil)
  }

  @Test func theBandwidthFigureIsWellFormedAndOnlyThereWithTimes() throws {
    let svg = try #require(BandwidthFigure.svg(Self.summary()))
    let text = String(decoding: svg, as: UTF8.self)
    #expect(text.contains("all_reduce: up to 30.0 GB/s at 400 B"))
    #expect(text.contains("median 30.00 GB/s, best 60.00 GB/s"))
    #expect(BandwidthFigure.svg(TrafficSummary()) == nil)
  }

  @Test func tablesWithoutTimesAreNotWritten() {
    let names = Table.present(in: TrafficSummary()).map(\.name)
    #expect(!names.contains("durations") && !names.contains("overlap"))
    #expect(!names.contains("waiting"))
    #expect(
      Table.present(in: Self.summary()).map(\.name).suffix(3) == [
        "durations", "overlap", "waiting",
      ])
  }
}
