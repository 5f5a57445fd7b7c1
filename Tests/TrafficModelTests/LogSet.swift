// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Foundation
import TestSupport
import TrafficAnalysis

@testable import TrafficModel

/// The logs of a recorded job as text, so that a test can change a line and read them again.
struct LogSet {
  struct File {
    var name: String
    var lines: [String]
    /// The operation lines of the file as it was read first.
    var calls: [Call]
    var partial: TracePartial
  }

  /// One operation line.
  struct Call {
    var file: Int
    var line: Int
    var operation: String
    var count: UInt64
    var communicator: String
    var host: String
    var pid: Int

    var collective: String {
      switch operation {
      case "Send", "Recv": "send_recv"
      case "AllReduce": "all_reduce"
      case "AllGather": "all_gather"
      case "ReduceScatter": "reduce_scatter"
      case "AlltoAll": "all_to_all"
      default: operation.lowercased()
      }
    }
  }

  let job: JobDescription
  let expected: ExpectedTraffic
  private(set) var files: [File] = []

  init(folder: URL, job path: String) throws {
    job = try JobDescription.load(path: Fixture.folder.appending(path: "jobs/\(path).yaml").path())
    expected = try TrafficModel.expect(job)
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path()).sorted()
    where !name.hasSuffix(".xml") {
      let text = try Self.text(folder.appending(path: name).path())
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      let number = files.count
      files.append(
        File(
          name: name, lines: lines,
          calls: lines.enumerated().compactMap { Self.call($1, file: number, number: $0) },
          partial: TraceReader.summarize(text: Array(text.utf8), file: name)))
    }
  }

  /// The text of a log, decompressed where it is compressed.
  private static func text(_ path: String) throws -> String {
    var stream = try ByteStream(path: path, maximumBytes: 1 << 30)
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = chunk.withUnsafeMutableBytes { stream.read(into: $0).count }
      guard count > 0 else { break }
      bytes += chunk[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Replaces a file's lines and reads it again.
  mutating func edit(_ file: Int, _ change: (inout [String]) -> Void) {
    change(&files[file].lines)
    files[file].partial = TraceReader.summarize(
      text: Array(files[file].lines.joined(separator: "\n").utf8), file: files[file].name)
  }

  /// Leaves a file out.
  mutating func remove(_ file: Int) { files.remove(at: file) }

  func summary(job other: JobDescription? = nil) -> TrafficSummary {
    var partial = TracePartial()
    for file in files { partial.merge(file.partial) }
    let job = other ?? job
    return TrafficAnalyzer.analyze(partial, job: job, model: job.model)
  }

  func rows() -> [ReconciliationRow] {
    Reconciliation.rows(expected: expected, observed: summary())
  }

  // MARK: - Lines

  /// Reads an operation line by its words, as a person would.
  static func call(_ line: String, file: Int, number: Int) -> Call? {
    guard let marker = line.range(of: ": opCount "), let info = line.range(of: "NCCL INFO ")
    else { return nil }
    let operation = String(line[info.upperBound..<marker.lowerBound])
    let words = line.split(separator: " ")
    func value(_ name: String) -> String? {
      words.firstIndex { $0 == name }.flatMap { $0 + 1 < words.count ? String(words[$0 + 1]) : nil }
    }
    guard let count = value("count").flatMap({ UInt64($0) }), let communicator = value("comm")
    else { return nil }
    for word in words {
      // host:pid:tid, and not a time of day.
      let head = word.split(separator: ":").map(String.init)
      guard head.count == 3, Int(head[0]) == nil, let pid = Int(head[1]), Int(head[2]) != nil
      else { continue }
      return Call(
        file: file, line: number, operation: operation, count: count,
        communicator: communicator, host: head[0], pid: pid)
    }
    return nil
  }

  /// The middle call of each operation, count and communicator of a file; at most `limit` of
  /// them, spread over all.
  func samples(_ file: Int, limit: Int) -> [Call] {
    var groups: [String: [Call]] = [:]
    for call in files[file].calls {
      groups["\(call.operation) \(call.count) \(call.communicator) \(call.pid)", default: []]
        .append(call)
    }
    let all = groups.sorted { $0.key < $1.key }.map { $0.value[$0.value.count / 2] }
    guard all.count > limit else { return all }
    return (0..<limit).map { all[$0 * all.count / limit] }
  }
}
