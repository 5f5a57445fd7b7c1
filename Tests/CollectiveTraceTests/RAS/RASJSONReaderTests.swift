// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import CollectiveTrace

/// The documents of `ncclras -f json`, the faulty ones of 2.28.7 to 2.28.9 among them.
@Suite struct RASJSONReaderTests {
  private static func rank(
    _ rank: Int, allReduce: Int, asyncError: Int = 0, isAborted: Bool = false
  ) -> String {
    """
            {
              "rank": \(rank),
              "host": "10.0.0.\(rank + 1)",
              "pid": \(700 + rank),
              "cuda_dev": 0,
              "nvml_dev": \(rank),
              "status": {
                "init_state": 0,
                "async_error": \(asyncError),
                "finalize_called": false,
                "destroy_flag": false,
                "abort_flag": \(isAborted)
              },
              "collective_counts": {
                "Broadcast": 4,
                "AllReduce": \(allReduce)
              }
            }
    """
  }

  private static func missing(_ rank: Int, isDead: Bool, comma: String = ",") -> String {
    """
            {
              "rank": \(rank),
              "host": "10.0.0.\(rank + 1)",
              "pid": \(700 + rank),
              "cuda_dev": 1,
              "nvml_dev": 1\(comma)
              "status": {
                "unresponsive": true,
                "considered_dead": \(isDead)
              }
            }
    """
  }

  private static func document(
    size: Int, ranks: [String], missing: [String] = [], timeouts: Int = 0
  ) -> String {
    """
    {
      "nccl_version": "2.28.9",
      "cuda_runtime_version": 13000,
      "cuda_driver_version": 13000,
      "timestamp": "2025-12-19 13:06:53",
      "communicators_count": 1,
      "communicators": [
        {
          "hash": "0xae94423cfbb2ef4a",
          "secondary_hash": "0xb7e7187447156001:0xb8242ed28a71381e",
          "size": \(size),
          "ranks_count": \(ranks.count),
          "missing_ranks_count": \(missing.count),
          "ranks": [
    \(ranks.joined(separator: ",\n"))
          ],
          "missing_ranks": [
    \(missing.joined(separator: ",\n"))
          ]
        }
      ],
      "ras": {
        "collection_time_sec": 0.000,
        "timeouts_count": \(timeouts)
      }
    }

    """
  }

  private func reports(_ text: String) -> [RASReport] { LogText.read(text).files[0].rasReports }

  @Test func aDocumentWithoutProblemsHasNone() throws {
    let text = Self.document(
      size: 2, ranks: [Self.rank(0, allReduce: 9), Self.rank(1, allReduce: 9)])
    let report = try #require(reports(text).first)
    #expect(report.problems == [])
    #expect(report.groups.map(\.size) == [2])
    #expect(LogText.read(text).files[0].isBalanced)
  }

  @Test func countsThatDifferAreAMismatch() throws {
    let text = Self.document(
      size: 3,
      ranks: [
        Self.rank(0, allReduce: 9), Self.rank(1, allReduce: 7), Self.rank(2, allReduce: 9),
      ])
    let problem = try #require(reports(text).first?.problems.first)
    #expect(reports(text).first?.problems.count == 1)
    #expect(problem.kind == .mismatch)
    #expect(problem.subject == "AllReduce")
    #expect(problem.identifier == 0xae94_423c_fbb2_ef4a)
    #expect(problem.parties.map(\.operations) == [9, 7])
    #expect(problem.parties.map(\.count) == [2, 1])
    let member = try #require(problem.parties.last?.members.first)
    #expect(member.rank == 1)
    #expect(member.process == 701)
    #expect(member.node == "10.0.0.2")
    #expect(member.gpu == "0 (NVML 1)")
  }

  /// NCCL 2.28.7 to 2.28.9 leave the comma after `nvml_dev` out: no JSON.
  @Test(arguments: [",", ""])
  func missingRanksAreReadWithAndWithoutTheComma(_ comma: String) throws {
    let text = Self.document(
      size: 3, ranks: [Self.rank(0, allReduce: 9)],
      missing: [
        Self.missing(1, isDead: false, comma: comma), Self.missing(2, isDead: true, comma: comma),
      ], timeouts: 2)
    let isJSON = (try? JSONSerialization.jsonObject(with: Data(text.utf8))) != nil
    #expect(isJSON == !comma.isEmpty)
    let problems = try #require(reports(text).first?.problems)
    #expect(problems.map(\.kind) == [.dead, .incomplete, .timeout])
    #expect(problems.map(\.count) == [1, 2, 2])
    #expect(problems[0].parties.flatMap(\.members).map(\.rank) == [2])
    #expect(problems[1].parties.flatMap(\.members).map(\.rank) == [1, 2])
  }

  @Test func errorsAndStatesAreTold() throws {
    let text = Self.document(
      size: 2,
      ranks: [
        Self.rank(0, allReduce: 9), Self.rank(1, allReduce: 9, asyncError: 6, isAborted: true),
      ])
    let problems = try #require(reports(text).first?.problems)
    #expect(problems.map(\.subject) == ["asynchronous", "status"])
    #expect(
      problems[0].parties.map(\.state) == ["remote process exited or there was a network error"])
    #expect(problems[1].parties.map(\.state) == ["RUNNING", "ABORT"])
  }

  @Test func workInProgressIsNoError() {
    let text = Self.document(size: 1, ranks: [Self.rank(0, allReduce: 1, asyncError: 7)])
    #expect(reports(text).map(\.problems) == [[]])
  }

  @Test func aDocumentThatIsCutStillTells() throws {
    let whole = Self.document(
      size: 2, ranks: [Self.rank(0, allReduce: 9), Self.rank(1, allReduce: 7)])
    let end = try #require(whole.range(of: "\"missing_ranks\": ["))
    let problems = reports(String(whole[..<end.lowerBound])).first?.problems
    #expect(problems?.map(\.subject) == ["AllReduce"])
  }

  @Test func otherDocumentsWithTheReleaseAreNone() {
    let text = """
      {
        "nccl_version": "2.28.9",
        "torch_version": "2.9",
        "hash": "0x1",
        "size": 3
      }

      """
    #expect(reports(text) == [])
  }

  @Test func ranksAreBounded() throws {
    let ranks = (0..<300).map { Self.rank($0, allReduce: $0 == 299 ? 1 : 2) }
    let problem = try #require(
      reports(Self.document(size: 300, ranks: ranks)).first?.problems.first)
    #expect(problem.parties.map(\.count) == [299, 1])
    #expect(problem.parties.map(\.members.count) == [256, 1])
    let distinct = (0..<300).map { Self.rank($0, allReduce: $0) }
    let wide = try #require(
      reports(Self.document(size: 300, ranks: distinct)).first?.problems.first)
    #expect(wide.parties.count == 256)
  }

  @Test(.enabled(if: Fixture.sharedData != nil))
  func thePublishedDocumentIsRead() throws {
    let path = try #require(Fixture.sharedData)
      .appending(path: "other/ras-doc-example-json-2.29.1.json").path()
    let ledger = TraceReader.summarize(path: path).files[0]
    #expect(ledger.format == "nccl_ras")
    #expect(ledger.rasReports.first?.problems.map(\.kind) == [.incomplete])
    #expect(
      ledger.rasReports.first?.problems.first?.parties.flatMap(\.members).map(\.process)
        == [1_524_345])
  }
}
