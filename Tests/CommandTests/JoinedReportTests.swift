// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import commlens

/// A log, profiles and a topology of one job make one report.
@Suite struct JoinedReportTests {
  private let scratch: Scratch
  init() throws { scratch = try Scratch() }

  private static let topology = Fixture.folder.appending(path: "topology/dgx-like.xml")
    .path(percentEncoded: false)

  /// PCI addresses of the topology's GPUs as a log writes them, by device.
  private static let buses = [
    "1b000", "43000", "52000", "61000", "9d000", "c3000", "d1000", "df000",
  ]

  /// What NCCL writes for rank `rank` of eight that all-reduces, by elements and NCCL's type.
  private static func log(_ rank: Int, _ calls: [(count: Int, type: Int)]) -> String {
    let head = "node-1:\(100 + rank):\(100 + rank) [\(rank)] NCCL INFO "
    let identity =
      "ncclCommInitRank comm 0x5500\(rank)0 rank \(rank) nranks 8 cudaDev \(rank) nvmlDev \(rank) "
      + "busId \(buses[rank]) commId 0xabcdef0123456789"
    let lines =
      [
        head + "NCCL version 2.21.5+cuda12.4", head + identity + " - Init START",
        head + identity + " - Init COMPLETE",
      ]
      + calls.enumerated().map { index, call in
        head + "AllReduce: opCount \(String(index, radix: 16)) sendbuff 0x7f00 recvbuff 0x7f00 "
          + "count \(call.count) datatype \(call.type) op 0 root 0 comm 0x5500\(rank)0 [nranks=8] "
          + "stream 0x5600"
      }
    return lines.map { $0 + "\n" }.joined()
  }

  /// A profile of the rank: two steps with an all-reduce of 100 us each, half of it beside compute.
  private static func profile(_ rank: Int) -> String {
    var events: [String] = []
    for step in 0..<2 {
      let start = 10_000 + 1000 * step
      events += [
        #"{"ph":"X","cat":"user_annotation","name":"ProfilerStep#\#(step)","pid":1,"tid":1,"ts":\#(start),"dur":1000,"args":{}}"#,
        #"{"ph":"X","cat":"kernel","name":"ncclDevKernel_AllReduce_Sum_f32_RING_LL(x)","pid":0,"tid":20,"ts":\#(start + 100),"dur":100,"args":{"Collective name":"allreduce","In msg nelems":1000000,"Out msg nelems":1000000,"Group size":8,"dtype":"Float","Process Group Name":"0","Process Group Description":"default_pg","Process Group Ranks":"[0, 1, 2, 3, 4, 5, 6, 7]","stream":20}}"#,
        #"{"ph":"X","cat":"kernel","name":"gemm","pid":0,"tid":7,"ts":\#(start + 150),"dur":100,"args":{"stream":7}}"#,
      ]
    }
    return
      #"{"schemaVersion":1,"distributedInfo":{"rank":\#(rank),"world_size":8},"traceEvents":[\#(events.joined(separator: ",\n"))]}"#
  }

  /// Rows of `dimensions.csv` by column.
  private func rows(_ inputs: [String], _ more: [String]) throws -> [[String: String]] {
    let run = try CommandRun(["analyze"] + inputs + more + ["-q", "-o", scratch.path("report")])
    #expect(run.status == 0, "\(run.errors)")
    let text = try String(contentsOf: scratch.url("report/dimensions.csv"), encoding: .utf8)
    let lines = text.split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    return lines.dropFirst().map { Dictionary(uniqueKeysWithValues: zip(lines[0], $0)) }
  }

  @Test func bytesTimeBandwidthAndOverlapOfAStrategyAreInOneRow() throws {
    try scratch.write("job.yaml", "version: 1\nworld_size: 8\nparallelism:\n  tensor: 8\n")
    for rank in 0..<8 {
      // The log has a call that the profile does not cover.
      try scratch.write(
        "in/\(rank).log", Self.log(rank, Array(repeating: (1_000_000, 7), count: 3)))
      try scratch.write("in/\(rank).json", Self.profile(rank))
    }
    let rows = try rows(
      [scratch.path("in")], ["--job", scratch.path("job.yaml"), "--topology", Self.topology])
    #expect(rows.count == 1)
    let row = try #require(rows.first)
    #expect(row["dimension"] == "tp")
    #expect(row["operations"] == "3" && row["rank_calls"] == "24")
    #expect(row["payload_bytes"] == "\(24 * 4_000_000)")
    // A ring of 8 sends 2 x 7/8 of the message from each rank.
    #expect(row["wire_bytes"] == "\(3 * 14 * 4_000_000)")
    #expect(row["timed_calls"] == "16" && row["duration_ns"] == "1600000")
    // 4,000,000 bytes x 2 x 7/8 in 100 us; 18 links of NVLink 4 at NCCL's 20.6 GB/s allow 370.8.
    #expect(row["busbw_gb_per_s"] == "70")
    #expect(row["attained_share"] == "0.189")
    #expect(row["communication_ns"] == "1600000")
    #expect(row["exposed_ns"] == "800000" && row["hidden_ns"] == "800000")
    // 200 us of the 1150 from the first kernel to the end of the last.
    #expect(row["time_share"] == "0.174")
  }

  /// Recorded profiles, where this checkout has them beside it, and a log of the same calls.
  @Test(.enabled(if: Fixture.sharedData != nil))
  func aRecordedJobOfMegatronIsCountedByItsLogAndTimedByItsProfiles() throws {
    let profiles = try #require(Fixture.sharedData).appending(path: "kineto/astrasim-megatron-tp8")
    let calls =
      Array(repeating: (count: 33_554_432, type: 6), count: 81)
      + Array(repeating: (count: 8192, type: 7), count: 3)
    for rank in 0..<8 { try scratch.write("logs/\(rank).log", Self.log(rank, calls)) }
    let more = ["--topology", Self.topology]
    let alone = try #require(
      try rows([profiles.path()], []).first { $0["dimension"] == "tp" })
    let joined = try rows([profiles.path(), scratch.path("logs")], more)
    #expect(joined.count == 1)
    let row = try #require(joined.first)
    #expect(row["operations"] == "84")
    #expect(row["payload_bytes"] == "\(8 * (81 * 67_108_864 + 3 * 32_768))")
    for column in ["duration_ns", "busbw_gb_per_s", "communication_ns", "exposed_ns"] {
      #expect(row[column] == alone[column] && row[column] != "")
    }
    // By the sums of durations.csv: 648 x 67,108,864 + 24 x 32,768 bytes, x 7/4, in 3.340091 s.
    #expect(row["duration_ns"] == "3340091000" && row["busbw_gb_per_s"] == "22.785")
    #expect(row["attained_share"] == "0.061")
    // No kernel of communication ran beside another, so their sum is that of the trace.
    #expect(row["communication_ns"] == "3340091000")
  }
}
