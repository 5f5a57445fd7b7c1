// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Foundation
import TestSupport
import Testing

@testable import TrafficAnalysis

/// Compares the analysis of real NCCL logs with what the programs that wrote them recorded.
///
/// Runs where the shared development data lies beside the repository.
@Suite struct GroundTruthTests {
  /// The sets whose lines are cut and mixed, so that calls are missing from the log itself.
  static let torn: Set<String> = ["s3-vllm-tp2pp2-2.27.7"]

  static var sets: [String] {
    guard let folder = Fixture.sharedData?.appending(path: "nccl-real"),
      let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path())
    else { return [] }
    return names.filter { $0.hasPrefix("s") }.sorted()
  }

  /// Calls of one kind and size that serve one strategy.
  struct Key: Hashable, CustomStringConvertible {
    var role: String
    var operation: String
    /// Count x element size of one call.
    var bytes: UInt64
    var description: String { "\(role) \(operation) \(bytes)" }
  }

  @Test(arguments: sets)
  func everyCallIsCountedForItsStrategy(_ name: String) throws {
    guard !Self.torn.contains(name) else { return }
    let truth = try Truth(name)
    let job = try JobDescription.load(
      path: Fixture.folder.appending(path: "jobs/\(name).yaml").path())
    let summary = TrafficAnalyzer.analyze(try Self.partial(name), job: job)
    try compare(summary, truth)
  }

  /// What the ranks and operations alone tell; the re-created communicators of `s10` have no
  /// strategy that anybody could see.
  @Test(arguments: sets.filter { !$0.hasPrefix("s10") })
  func everyCallIsCountedForItsStrategyWithoutAJobDescription(_ name: String) throws {
    guard !Self.torn.contains(name) else { return }
    try compare(TrafficAnalyzer.analyze(try Self.partial(name)), try Truth(name))
  }

  private func compare(_ summary: TrafficSummary, _ truth: Truth) throws {
    var calls: [Key: UInt64] = [:]
    var exchanges: [String: (calls: UInt64, payload: UInt64)] = [:]
    for row in summary.traffic {
      let role = truth.role(of: row.dimension)
      let isExchange = row.collective == "all_to_all" && truth.exchanges[role] != nil
      guard let message = row.messageBytes, !isExchange else {
        exchanges[role, default: (0, 0)].calls += row.rankCalls
        exchanges[role, default: (0, 0)].payload += row.payloadBytes
        continue
      }
      let size = UInt64(row.communicatorSize)
      let isTotal = ["all_gather", "reduce_scatter", "all_to_all"].contains(row.collective)
      let key = Key(
        role: role, operation: row.collective, bytes: isTotal ? message / size : message)
      calls[key, default: 0] += row.rankCalls
      if row.dataType != "unknown", let count = row.elementCount {
        #expect(truth.types[key]?.contains("\(count) \(row.dataType)") ?? false, "\(key)")
      }
    }
    if truth.exchanges.isEmpty {
      #expect(exchanges.isEmpty)
      #expect(calls == truth.calls)
    } else {
      // Sends and receives of an uneven all-to-all have no single size.
      for (role, expected) in truth.exchanges {
        #expect(exchanges[role]?.calls == expected.calls)
        #expect(exchanges[role]?.payload == expected.sentBytes)
      }
      let others = truth.calls.filter { key, _ in
        !(key.operation == "send_recv" && truth.exchanges[key.role] != nil)
      }
      #expect(calls == others)
    }
    let wire = summary.wireBytes
    #expect(summary.ranks.reduce(0) { $0 + $1.sentBytes } == wire)
    #expect(summary.ranks.reduce(0) { $0 + $1.receivedBytes } == wire)
    for row in summary.traffic {
      if let intra = row.intraNodeBytes, let inter = row.interNodeBytes {
        #expect(intra + inter == row.wireBytes)
      } else {
        Issue.record("the placement of \(row) is not known")
      }
    }
  }

  /// Where lines were cut and mixed, no call is invented or moved to another strategy, and the
  /// ledger counts at least as many lost lines as calls are missing.
  @Test(arguments: sets.filter { torn.contains($0) })
  func theLedgerExplainsWhatATornLogLacks(_ name: String) throws {
    let truth = try Truth(name)
    let job = try JobDescription.load(
      path: Fixture.folder.appending(path: "jobs/\(name).yaml").path())
    let summary = TrafficAnalyzer.analyze(try Self.partial(name), job: job)
    var calls: [Key: UInt64] = [:]
    for row in summary.traffic {
      let isTotal = ["all_gather", "reduce_scatter", "all_to_all"].contains(row.collective)
      let bytes = try #require(row.messageBytes) / (isTotal ? UInt64(row.communicatorSize) : 1)
      let key = Key(
        role: truth.role(of: row.dimension), operation: row.collective, bytes: bytes)
      calls[key, default: 0] += row.rankCalls
    }
    var missing: UInt64 = 0
    for (key, expected) in truth.calls {
      let found = calls.removeValue(forKey: key) ?? 0
      #expect(found <= expected, "\(key)")
      missing += expected - min(found, expected)
    }
    #expect(calls == [:])
    let lost = summary.ingestion.reduce(0) { $0 + UInt64($1[.tornLost].lines) }
    #expect(missing > 0)
    #expect(missing <= lost, "\(missing) calls are missing, \(lost) lines were lost")
    #expect(UInt64(summary.coverage.linesLost) == lost)
  }

  @Test(arguments: sets)
  func everyCommunicatorHasItsRanksAndItsRole(_ name: String) throws {
    let truth = try Truth(name)
    let job = try JobDescription.load(
      path: Fixture.folder.appending(path: "jobs/\(name).yaml").path())
    let summary = TrafficAnalyzer.analyze(try Self.partial(name), job: job)
    var expected: [String: Int] = [:]
    for communicator in truth.communicators {
      expected["\(communicator.role) \(communicator.members)", default: 0] += 1
    }
    var found: [String: Int] = [:]
    for row in summary.communicators {
      // A communicator nobody used, or one that a rank never joined, has no role to see.
      let isUnused = row.operations == 0
      let ranks = row.ranks.enumerated().map { place, rank in
        rank ?? (isUnused ? place : -1)
      }
      let role =
        isUnused
        ? truth.communicators.first { $0.members == ranks && !found.keys.contains($0.text) }?.role
          ?? "?" : truth.role(of: row.dimension)
      found["\(role) \(ranks)", default: 0] += 1
    }
    #expect(found == expected)
    #expect(summary.ranks.map(\.pid) == truth.pids)
    #expect(summary.ranks.map(\.host) == truth.hosts)
  }

  @Test(arguments: sets.filter { !$0.hasPrefix("s8") && !torn.contains($0) })
  func healthyLogsGiveNothingAboveANote(_ name: String) throws {
    let summary = TrafficAnalyzer.analyze(try Self.partial(name))
    #expect(summary.findings.filter { $0.severity != .note } == [])
    // Nor is there a hint where nothing is wasted and nobody went away.
    let quiet = [
      "all-gather-repeated", "channels-fewer-than-peers", "communicator-used-after-end",
      "connection-lost", "network-completion-error", "network-through-other-gpu",
    ]
    #expect(summary.findings.filter { quiet.contains($0.code) || $0.code.hasPrefix("ras-") } == [])
    #expect(summary.coverage.communicatorsComplete == summary.coverage.communicators)
  }

  @Test(
    .enabled(if: !sets.isEmpty),
    arguments: [
      ("s8-mismatch-2.27.7", "collective-mismatch", "rank 5"),
      ("s8-early-exit-2.21.5", "rank-stops-early", "rank 3"),
      ("s8-init-hang-2.27.7", "init-incomplete", "rank 6"),
      ("s8-crash-p2p-2.21.5", "send-receive-unmatched", "rank 2"),
    ])
  func theFaultIsNamed(_ name: String, code: String, place: String) throws {
    let summary = TrafficAnalyzer.analyze(try Self.partial(name))
    #expect(summary.findings.contains { $0.code == code && $0.location.contains(place) })
  }

  @Test(arguments: sets)
  func theOrderOfFilesAndProcessesDoesNotMatter(_ name: String) throws {
    let partial = try Self.partial(name)
    var shuffled = TracePartial()
    var order = Array(partial.files.indices)
    var generator = SplitMix(state: 42)
    order.shuffle(using: &generator)
    for index in order {
      var one = TracePartial()
      one.files = [partial.files[index]]
      one.processes = partial.processes.filter { $0.file == index }.map {
        var process = $0
        process.file = 0
        return process
      }
      shuffled.merge(one)
    }
    expectEqual(TrafficAnalyzer.analyze(partial), TrafficAnalyzer.analyze(shuffled))
  }

  /// The facts of every set, read once.
  private static let partials: [String: TracePartial] = {
    var partials: [String: TracePartial] = [:]
    for name in sets {
      guard let folder = Fixture.sharedData?.appending(path: "nccl-real/\(name)/logs"),
        let files = try? FileManager.default.contentsOfDirectory(atPath: folder.path())
      else { continue }
      var partial = TracePartial()
      for file in files.sorted() where !file.hasSuffix(".xml") {
        partial.merge(TraceReader.summarize(path: folder.appending(path: file).path()))
      }
      partials[name] = partial
    }
    return partials
  }()

  /// The facts of a set.
  static func partial(_ name: String) throws -> TracePartial { try #require(partials[name]) }

  /// What the programs recorded.
  struct Truth {
    struct Member {
      var role: String
      var members: [Int]
      var text: String { "\(role) \(members)" }
    }
    var communicators: [Member] = []
    var calls: [Key: UInt64] = [:]
    var types: [Key: Set<String>] = [:]
    var exchanges: [String: (calls: UInt64, sentBytes: UInt64)] = [:]
    var pids: [Int?] = []
    var hosts: [String?] = []
    private var isSharded = false

    /// What the programs of a set wrote down.
    static func document(_ name: String) throws -> [String: Any] {
      let folder = try #require(Fixture.sharedData).appending(path: "nccl-real/\(name)")
      let plain = folder.appending(path: "ground_truth.json")
      let data =
        FileManager.default.fileExists(atPath: plain.path())
        ? try Data(contentsOf: plain)
        : try inflated(folder.appending(path: "ground_truth.json.gz"))
      return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    init(_ name: String) throws {
      let json = try Self.document(name)
      // The default group of a sharded job has the role `world` and carries its traffic.
      isSharded = name.hasPrefix("s6-fsdp")
      for entry in json["communicators"] as? [[String: Any]] ?? [] {
        communicators.append(
          Member(
            role: Self.role(entry["role"] as? String ?? ""),
            members: entry["members"] as? [Int] ?? []))
      }
      for entry in json["ranks"] as? [[String: Any]] ?? [] {
        pids.append(entry["pid"] as? Int)
        hosts.append(entry["host"] as? String)
      }
      let names = [
        "AllReduce": "all_reduce", "AllGather": "all_gather", "ReduceScatter": "reduce_scatter",
        "Broadcast": "broadcast", "Reduce": "reduce", "AlltoAll": "all_to_all",
        "Send": "send_recv", "Recv": "send_recv",
      ]
      for entry in json["totals_role_op_size"] as? [[String: Any]] ?? [] {
        let operation = entry["op"] as? String ?? ""
        let key = Key(
          role: Self.role(entry["role"] as? String ?? ""),
          operation: try #require(names[operation]),
          bytes: UInt64(entry["bytes"] as? Int ?? 0))
        let number = UInt64(entry["calls"] as? Int ?? 0)
        calls[key, default: 0] += number
        types[key, default: []].insert(
          "\(entry["count"] as? Int ?? 0) \(entry["dtype"] as? String ?? "")")
        if key.role == "ep", key.operation == "send_recv" {
          exchanges["ep", default: (0, 0)].calls += number
          if operation == "Send" {
            exchanges["ep", default: (0, 0)].sentBytes += number * key.bytes
          }
        }
      }
    }

    static func role(_ name: String) -> String {
      ["EMB": "embedding", "HSDP_REPL": "dp"][name] ?? name.lowercased()
    }

    /// The truth's word for a dimension.
    func role(of dimension: ParallelismDimension) -> String {
      switch dimension {
      case .sp: "tp"
      case .fsdp where isSharded: "world"
      default: dimension.rawValue
      }
    }

    private static func inflated(_ url: URL) throws -> Data {
      let process = Process()
      process.executableURL = URL(filePath: "/usr/bin/env")
      process.arguments = ["gzip", "-dc", url.path()]
      let pipe = Pipe()
      process.standardOutput = pipe
      try process.run()
      let data = pipe.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      return data
    }
  }
}

/// A generator whose numbers are the same on every machine.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// Checks that two summaries say the same.
func expectEqual(
  _ a: TrafficSummary, _ b: TrafficSummary, sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(a.traffic == b.traffic, sourceLocation: sourceLocation)
  #expect(a.communicators == b.communicators, sourceLocation: sourceLocation)
  #expect(
    a.communicators.map { "\($0.firstSeen) \($0.identifier ?? "") \($0.evidence)" }
      == b.communicators.map { "\($0.firstSeen) \($0.identifier ?? "") \($0.evidence)" },
    sourceLocation: sourceLocation)
  #expect(a.messageSizes == b.messageSizes, sourceLocation: sourceLocation)
  #expect(a.ranks == b.ranks, sourceLocation: sourceLocation)
  #expect(a.findings == b.findings, sourceLocation: sourceLocation)
  #expect(a.ingestion == b.ingestion, sourceLocation: sourceLocation)
  #expect(a.coverage == b.coverage, sourceLocation: sourceLocation)
  #expect(a.headline == b.headline, sourceLocation: sourceLocation)
}
