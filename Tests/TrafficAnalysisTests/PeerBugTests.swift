// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Testing
import TrafficAnalysis

/// Mistakes that other tools make on NCCL logs; each test is one of them, and shows the right answer.
@Suite struct PeerBugTests {
  /// A log of one host: the init lines of `ranks` processes, then what `body` adds for each rank.
  private static func analyse(
    ranks: Int, cudaDevices: [Int]? = nil,
    body: (_ rank: Int, _ head: String, _ comm: String) -> String
  ) -> TrafficSummary {
    var inits = ""
    var calls = ""
    for rank in 0..<ranks {
      let device = cudaDevices?[rank] ?? rank
      let head = "gpu-01:\(100 + rank):\(100 + rank) [\(device)] NCCL INFO "
      let comm = "0x55d0c0ff\(rank)e00"
      for event in ["Init START", "Init COMPLETE"] {
        inits +=
          "\(head)ncclCommInitRank comm \(comm) rank \(rank) nranks \(ranks) cudaDev \(device) nvmlDev \(rank) busId \(rank + 1)b000 commId 0xabcdef - \(event)\n"
      }
      calls += body(rank, head, comm)
    }
    let text = "gpu-01:100:100 [0] NCCL INFO NCCL version 2.28.9+cuda12.8\n" + inits + calls
    return TrafficAnalyzer.analyze(
      TraceReader.summarize(text: Array(text.utf8), file: "all-ranks.log"))
  }

  private static func operation(
    _ name: String, count: Int, type: Int, comm: String, ranks: Int, root: Int = 0
  ) -> String {
    "\(name): opCount 0 sendbuff 0x7f1234567800 recvbuff 0x7f1234569a00 count \(count) datatype \(type) op 0 root \(root) comm \(comm) [nranks=\(ranks)] stream 0x55d0deadbe00\n"
  }

  /// nccl-rccl-parser dies on types 10 and 11; TraceLens and CCL-Bench count them as nothing.
  @Test(arguments: [10, 11])
  func fp8ElementsAreOneByte(type: Int) throws {
    let summary = Self.analyse(ranks: 4) { _, head, comm in
      head + Self.operation("AllReduce", count: 1000, type: type, comm: comm, ranks: 4)
    }
    let row = try #require(summary.traffic.first)
    #expect(row.dataType == (type == 10 ? "float8e4m3" : "float8e5m2"))
    #expect(row.messageBytes == 1000)
    #expect(row.payloadBytes == 4 * 1000)
    #expect(row.wireBytes == 2 * 3 * 1000)
  }

  /// nccl-rccl-parser sizes an all-gather by one rank's part: `nranks` times too small.
  @Test func anAllGatherIsAsLargeAsWhatItGathers() throws {
    let summary = Self.analyse(ranks: 8) { _, head, comm in
      head + Self.operation("AllGather", count: 1024, type: 9, comm: comm, ranks: 8)
    }
    let row = try #require(summary.traffic.first)
    #expect(row.messageBytes == 8 * 1024 * 2)
    #expect(row.payloadBytes == 8 * 1024 * 2)
    #expect(row.wireBytes == 7 * 8 * 1024 * 2)
  }

  /// ncclsee counts only lines that say `[1]`; with one visible GPU per process all say `[0]`.
  @Test(arguments: [[0, 0, 0, 0], [0, 1, 2, 3], [3, 2, 1, 0]])
  func everyDeviceCounts(devices: [Int]) throws {
    let summary = Self.analyse(ranks: 4, cudaDevices: devices) { _, head, comm in
      head + Self.operation("AllReduce", count: 64, type: 7, comm: comm, ranks: 4)
    }
    #expect(summary.traffic.map(\.rankCalls) == [4])
    #expect(summary.traffic.map(\.operations) == [1])
    #expect(summary.ranks.map(\.calls) == [1, 1, 1, 1])
  }

  /// nccl-rccl-parser expects `AllToAll` and dies on NCCL's own `AlltoAll`.
  @Test func theNativeAllToAllIsReadAsItIsSpelled() throws {
    let summary = Self.analyse(ranks: 4) { _, head, comm in
      head + Self.operation("AlltoAll", count: 256, type: 9, comm: comm, ranks: 4)
    }
    let row = try #require(summary.traffic.first)
    #expect(row.collective == "all_to_all")
    #expect(row.operations == 1)
    #expect(row.messageBytes == 4 * 256 * 2)
    #expect(row.wireBytes == 4 * 3 * 256 * 2)
  }

  /// An all-to-all written as sends and receives is one operation, not thirty-two.
  @Test func aGroupedAllToAllIsOneOperation() throws {
    let summary = Self.analyse(ranks: 4) { _, head, comm in
      (0..<4).map { peer in
        head + Self.operation("Send", count: 256, type: 9, comm: comm, ranks: 4, root: peer)
          + head + Self.operation("Recv", count: 256, type: 9, comm: comm, ranks: 4, root: peer)
      }.joined()
    }
    let row = try #require(summary.traffic.first)
    #expect(summary.traffic.count == 1)
    #expect(row.collective == "all_to_all")
    #expect(row.operations == 1)
    #expect(row.rankCalls == 32)
    #expect(row.wireBytes == 4 * 3 * 256 * 2)
  }

  /// nccl-rccl-parser dies where two ranks' lines are glued; the whole lines around must count.
  @Test func gluedLinesCostOnlyThemselves() throws {
    let summary = Self.analyse(ranks: 2) { rank, head, comm in
      let line = head + Self.operation("AllReduce", count: 64, type: 7, comm: comm, ranks: 2)
      guard rank == 1 else { return line + line }
      // The other rank's line is cut by this one's.
      return line + "gpu-01:100:100 [0] NCCL INFO AllReduce: opCount 0 sendbuff 0x7f12" + line
    }
    #expect(summary.traffic.map(\.rankCalls) == [4])
    #expect(summary.traffic.map(\.operations) == [2])
    #expect(summary.ingestion.first?[.tornLost].lines == 1)
    #expect(summary.coverage.linesLost == 1)
  }

  /// TraceLens takes the index in a group for the rank in the job: {0,2} and {1,3} become {0,1}.
  @Test func ranksOfASubgroupAreGlobalRanks() {
    let summary = Self.analyse(ranks: 4) { rank, head, _ in
      let comm = "0x55d0c0aa\(rank)e00"
      let fields =
        "\(head)ncclCommInitRank comm \(comm) rank \(rank / 2) nranks 2 cudaDev \(rank) nvmlDev \(rank) busId \(rank + 1)b000 commId 0x\(rank % 2)f"
      return fields + " - Init START\n" + fields + " - Init COMPLETE\n" + head
        + Self.operation("AllReduce", count: 64, type: 7, comm: comm, ranks: 2)
    }
    #expect(summary.communicators.filter { $0.size == 2 }.map(\.ranks) == [[0, 2], [1, 3]])
  }
}
