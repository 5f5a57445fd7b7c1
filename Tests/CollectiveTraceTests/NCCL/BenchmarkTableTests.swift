// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import CollectiveTrace

@Suite struct BenchmarkTableTests {
  private func read(_ text: String) -> TracePartial {
    let partial = TraceReader.summarize(text: Array(text.utf8), file: "test.log")
    #expect(partial.files[0].isBalanced)
    return partial
  }

  private static let head = """
    # nThread 1 nGpus 2 minBytes 8 maxBytes 64 step: 2(factor) warmup iters: 5 iters: 20
    #
    # Using devices
    #  Rank  0 Group  0 Pid   1302 on node1 device  0 [0000:41:00] NVIDIA H100 80GB HBM3
    #  Rank  1 Group  0 Pid   1302 on node1 device  1 [0000:44:00] NVIDIA H100 80GB HBM3

    """
  private static let current = """
    #                                                              out-of-place                       in-place
    #       size         count      type   redop    root     time   algbw   busbw  #wrong     time   algbw   busbw  #wrong
    #        (B)    (elements)                               (us)  (GB/s)  (GB/s)             (us)  (GB/s)  (GB/s)

    """

  @Test func aTableOfTodayIsReadWhole() throws {
    let text =
      "# Collective test starting: reduce_scatter_perf\n" + Self.head + Self.current
      + "        1024           128     float     sum      -1    10.24    0.10    0.05       0    20.48    0.05    0.03       1\n"
      + "# Out of bounds values : 1 FAILED\n# Avg bus bandwidth    : 0.04\n"
    let partial = read(text)
    #expect(partial.files[0].format == "nccl_log")
    #expect(partial.files[0][.parsed].lines == 1)
    #expect(partial.benchmarks.count == 2)
    let row = try #require(partial.benchmarks.first)
    #expect(row.kind == .reduceScatter)
    #expect(row.ranks == 2)
    #expect(row.bytes == 1024)
    #expect(row.count == 128)
    #expect(row.dataType == .float32)
    #expect(row.reduction == "sum")
    #expect(row.root == nil)
    #expect(partial.benchmarks.map(\.isInPlace) == [false, true])
    #expect(partial.benchmarks.map(\.nanoseconds) == [10_240, 20_480])
    #expect(partial.benchmarks.map(\.statedAlgorithmBandwidth) == [100, 50])
    #expect(partial.benchmarks.map(\.statedBusBandwidth) == [50, 30])
    #expect(partial.benchmarks.map(\.wrong) == ["0", "1"])
  }

  @Test func columnsAreFoundByNameWhereOldReleasesLeaveThemOut() {
    let names =
      "#       size         count    type%     time   algbw   busbw  error     time   algbw   busbw  error\n"
    func rows(_ columns: String, _ row: String) -> [BenchmarkFacts] {
      read(
        Self.head + "#      out-of-place     in-place\n"
          + names.replacing("%", with: columns) + row
          + "    35.20    0.00    0.00  4e-07    34.05    0.00    0.00    N/A\n"
      ).benchmarks
    }
    let rooted = rows("   redop    root", "     1024     256   float     sum       1")
    #expect(rooted.map(\.root) == [1, 1])
    #expect(rooted.map(\.kind) == [.reduce, .reduce])
    #expect(rooted.map(\.wrong) == ["4e-07", "N/A"])
    let broadcast = rows("    root", "     1024     256   float       0")
    #expect(broadcast.map(\.root) == [0, 0])
    // Broadcast, gather and scatter print the same columns.
    #expect(broadcast.map(\.kind) == [nil, nil])
    // A column of blanks.
    let blank = rows("   redop", "     1024     128   float        ")
    #expect(blank.map(\.reduction) == ["", ""])
    #expect(blank.map(\.nanoseconds) == [35_200, 34_050])
    #expect(
      rows("   redop", "     1024     256   float     sum").map(\.kind) == [.allReduce, .allReduce])
    #expect(
      rows("   redop", "     1024     128   float     sum").map(\.kind)
        == [.reduceScatter, .reduceScatter])
    #expect(rows("", "     1024     128   float").map(\.kind) == [nil, nil])
  }

  @Test func aLauncherMayStandBeforeEveryLineAndTwoTablesInAFile() {
    func table(_ name: String) -> String {
      "# Collective test starting: \(name)_perf\n" + Self.head + Self.current
        + "        1024           256     float    none       0    10.24    0.10    0.10       0    20.48    0.05    0.05       0\n# Avg bus bandwidth    : 0.04\n"
    }
    let text = (table("broadcast") + table("sendrecv")).split(
      separator: "\n", omittingEmptySubsequences: false
    ).map { " 0: " + $0 }.joined(separator: "\n")
    let partial = read(text)
    #expect(partial.benchmarks.map(\.kind) == [.broadcast, .broadcast, .send, .send])
    #expect(partial.benchmarks.map(\.ranks) == [2, 2, 2, 2])
  }

  @Test func theCommandLineNamesTheOperationWhereTheBannerDoesNot() {
    let row =
      "        1024           128     float    none      -1    10.24    0.10    0.10       0    20.48    0.05    0.05       0\n"
    let partial = read("+ ./build/alltoall_perf -b 8 -e 128M\n" + Self.head + Self.current + row)
    #expect(partial.benchmarks.map(\.kind) == [.allToAll, .allToAll])
    #expect(read(Self.head + Self.current + row).benchmarks.map(\.kind) == [nil, nil])
  }

  @Test func tornRowsAreCountedAndNotGuessed() {
    let whole =
      "        1024           256     float     sum      -1    10.24    0.10    0.10       0    20.48    0.05    0.05       0\n"
    for torn in [
      "        2048           512     float     sum      -1\n",
      "        2048           512     float     sum      -1    10.24    0.20\n",
      "    10.24    0.10    0.10       0\n", "  32070  133.92  234.37    N/A\n",
    ] {
      let partial = read(Self.head + Self.current + whole + torn + whole)
      #expect(partial.benchmarks.count == 4)
      #expect(partial.files[0][.tornLost].lines == 1)
    }
    // Nothing but a table makes numbers a row.
    #expect(read(whole).benchmarks.isEmpty)
  }

  @Test func everyCutOfATableIsAccountedFor() {
    let text =
      Self.head + Self.current
      + "        1024           256     float     sum      -1    10.24    0.10    0.10       0    20.48    0.05    0.05       0\n"
    for count in 0..<text.utf8.count { _ = read(String(text.prefix(count))) }
  }

  /// Half a unit of the last printed digit, and what rounding the time may add to it.
  @Test(.enabled(if: Fixture.sharedData != nil))
  func printedBandwidthsAgreeWithTimesAndSizesInRealTables() throws {
    let data = try #require(Fixture.sharedData)
    var rows = 0
    var named = 0
    for folder in ["nccl-tests", "nccl-logs"] {
      let root = data.appending(path: folder)
      for name in try FileManager.default.contentsOfDirectory(atPath: root.path()).sorted() {
        let partial = TraceReader.summarize(path: root.appending(path: name).path())
        for row in partial.benchmarks {
          rows += 1
          guard row.nanoseconds > 0 else { continue }
          // Times are printed in microseconds with two, one or no digits after the point.
          let time = Double(row.nanoseconds)
          let timeError = time >= 1e7 ? 500.0 : time >= 1e5 ? 50.0 : 5.0
          let bandwidth = Double(row.bytes) / time
          let error = 0.0051 + bandwidth * timeError / time
          let stated = Double(row.statedAlgorithmBandwidth) / 1000
          #expect(abs(bandwidth - stated) <= error, "\(name):\(row.line)")
          guard let kind = row.kind, let ranks = row.ranks else { continue }
          named += 1
          let n = Double(ranks)
          let factor =
            switch kind {
            case .allReduce: 2 * (n - 1) / n
            case .allGather, .reduceScatter, .allToAll: (n - 1) / n
            default: 1.0
            }
          let bus = Double(row.statedBusBandwidth) / 1000
          #expect(abs(bandwidth * factor - bus) <= 0.0051 + error * factor, "\(name):\(row.line)")
        }
      }
    }
    // 643 rows in nccl-tests and 29 in nccl-logs begin with two numbers and a type (grep).
    #expect(rows == 2 * (643 + 29))
    #expect(named > 1000)
  }
}
