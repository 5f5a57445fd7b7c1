// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Foundation
import TestSupport
import Testing

@testable import TrafficAnalysis

/// A job description with the log of one rank missing: nothing may be declared that another
/// strategy's group would explain as well.
@Suite struct MissingRankTests {
  private static var megatron: [String] {
    // One process per rank: without a file a rank is missing, not the job.
    GroundTruthTests.sets.filter {
      ($0.hasPrefix("s4-") || $0.hasPrefix("s9-")) && !$0.contains("threads")
    }
  }

  /// Drops a process and its file.
  private func without(_ place: Int, _ partial: TracePartial) -> TracePartial {
    var partial = partial
    partial.processes.remove(at: place)
    return partial
  }

  private func role(_ dimension: ParallelismDimension) -> ParallelismDimension {
    dimension == .sp ? .tp : dimension
  }

  private func isDeclared(_ row: CommunicatorRow) -> Bool {
    row.evidence.first?.kind == .declared
  }

  @Test(arguments: megatron)
  func whatIsDeclaredWithOneLogMissingIsWhatItIsWithAllLogs(_ name: String) throws {
    let partial = try GroundTruthTests.partial(name)
    let job = try JobDescription.load(
      path: Fixture.folder.appending(path: "jobs/\(name).yaml").path())
    let whole = TrafficAnalyzer.analyze(partial, job: job)
    let truth = Dictionary(
      whole.communicators.compactMap { row in row.identifier.map { ($0, role(row.dimension)) } },
      uniquingKeysWith: { first, _ in first })
    #expect(!truth.isEmpty)
    var open: [String] = []
    var incomplete = 0
    let count = partial.processes.count
    // Of many ranks a few are enough: five is prime to every group.
    for place in stride(from: 0, to: count, by: count > 8 ? 5 : 1) {
      let summary = TrafficAnalyzer.analyze(without(place, partial), job: job)
      for row in summary.communicators where row.ranks.contains(nil) && row.operations > 0 {
        guard let id = row.identifier, let expected = truth[id] else { continue }
        incomplete += 1
        guard isDeclared(row) else {
          open.append(row.communicator)
          continue
        }
        #expect(role(row.dimension) == expected, "without \(place): \(row.communicator)")
      }
      #expect(!summary.findings.contains { $0.code == "job-contradicts-logs" })
    }
    // Most groups have a size or places of their own.
    #expect(open.count < incomplete)
  }

  /// Tensor 2, data 2, pipeline 2: a rank's place in each group is one bit of its number, so a
  /// group of which one rank is known is certain only where no other bit is the same.
  @Test func aPairWithOneKnownRankIsDeclaredOnlyIfNoOtherPairFits() throws {
    let job = try JobDescription.parse(
      text: """
        version: 1
        world_size: 8
        parallelism: {tensor: 2, data: 2, pipeline: 2}
        order: tp-dp-pp
        """, file: "job.yaml")
    let dimensions: [ParallelismDimension] = [.tp, .dp, .pp]
    var trace = TraceBuilder()
    trace.processes(8)
    trace.communicator(
      Array(0..<8), id: 1, calls: [TraceBuilder.call(.allReduce, 1, calls: 6)])
    var truth: [String: (dimension: ParallelismDimension, members: [Int])] = [:]
    for (bit, dimension) in dimensions.enumerated() {
      for first in 0..<8 where first >> bit & 1 == 0 {
        let id = UInt64(16 * (bit + 1) + first)
        let members = [first, first | 1 << bit]
        truth["0x" + String(id, radix: 16)] = (dimension, members)
        trace.communicator(
          members, id: id, calls: [TraceBuilder.call(.broadcast, 1 << 20, calls: 40)])
      }
    }
    for missing in 0..<8 {
      let summary = TrafficAnalyzer.analyze(without(missing, trace.partial), job: job)
      var pairs = 0
      for row in summary.communicators where row.size == 2 {
        let (dimension, members) = try #require(row.identifier.flatMap { truth[$0] })
        guard let known = members.first(where: { $0 != missing }), members.contains(missing) else {
          #expect(isDeclared(row) && row.dimension == dimension)
          continue
        }
        pairs += 1
        let place = known == members[0] ? 0 : 1
        let fits = dimensions.indices.filter { known >> $0 & 1 == place }
        if fits.count == 1 {
          #expect(isDeclared(row) && row.dimension == dimension)
        } else {
          #expect(!isDeclared(row), "\(members) without \(missing)")
        }
      }
      #expect(pairs == 3)
      #expect(!summary.findings.contains { $0.code == "job-contradicts-logs" })
    }
  }
}
