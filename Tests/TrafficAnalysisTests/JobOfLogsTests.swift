// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Testing

@testable import TrafficAnalysis

/// Headers of logs beside the communicators of a job whose layout is known.
@Suite struct JobOfLogsTests {
  /// Four ranks, TP 2 x DP 2, all groups with calls of their own.
  private func trace(ranks: Int = 4) -> TraceBuilder {
    var trace = TraceBuilder()
    trace.processes(ranks)
    let rows = [TraceBuilder.call(.allReduce, 1 << 20, calls: 8)]
    trace.communicator(Array(0..<ranks), id: 1, calls: [])
    for (number, group) in [[0, 1], [2, 3], [0, 2], [1, 3]].enumerated() {
      trace.communicator(group, id: UInt64(number + 2), calls: rows)
    }
    return trace
  }

  private func header(tensor: Int, world: Int, line: Int = 7) -> LaunchFacts {
    var facts = LaunchFacts(launcher: .megatron)
    facts.statements = [
      .init(key: .worldSize, value: "\(world)", name: "world_size", line: line),
      .init(key: .tensor, value: "\(tensor)", name: "tensor_model_parallel_size", line: line + 1),
    ]
    return facts
  }

  private func analyze(
    _ trace: TraceBuilder, _ headers: [LaunchFacts], job: String? = nil
  ) throws -> (summary: TrafficSummary, job: JobResolution) {
    var partial = trace.partial
    partial.launches = headers
    return try TrafficAnalyzer.analyze(
      partial, stated: try job.map { try JobSource.parse(text: $0, file: "job.yaml") })
  }

  @Test func aHeaderThatFitsDeclaresTheGroups() throws {
    let (summary, job) = try analyze(trace(), [header(tensor: 2, world: 4)])
    #expect(job.job?.parallelism.data == 2)
    #expect(summary.headline == "4 ranks on 1 node: TP 2 x DP 2")
    #expect(summary.coverage.jobSource == "nccl.node1.100.log:7 (Megatron-LM)")
    let tensor = summary.communicators.filter { $0.dimension == .tp }
    #expect(tensor.map(\.ranks) == [[0, 1], [2, 3]])
    #expect(tensor.allSatisfy { $0.evidence.first?.kind == .declared })
    #expect(summary.findings.allSatisfy { $0.severity == .note })
  }

  @Test func aHeaderThatNoCommunicatorFitsIsDroppedWithANote() throws {
    let without = try analyze(trace(), [])
    let (summary, job) = try analyze(trace(), [header(tensor: 4, world: 4)])
    #expect(job.job == nil)
    #expect(summary.headline == without.summary.headline)
    #expect(summary.communicators == without.summary.communicators)
    #expect(summary.coverage.jobSource == nil)
    let finding = try #require(summary.findings.first { $0.code == "launch-setting-unclear" })
    #expect(finding.severity == .note)
    #expect(finding.location == "nccl.node1.100.log:7")
    #expect(finding.summary.contains("is not used"))
  }

  @Test func aHeaderOfASmallerJobIsAContradiction() throws {
    let (summary, job) = try analyze(trace(), [header(tensor: 2, world: 2)])
    #expect(job.job == nil)
    let finding = try #require(summary.findings.first { $0.code == "launch-settings-differ" })
    #expect(finding.severity == .warning)
    #expect(finding.evidence.contains("a communicator of 4 ranks"))
    #expect(finding.location == "nccl.node1.100.log:7")
  }

  @Test func headersThatDifferAreAWarningAndTheJobSettlesIt() throws {
    var other = header(tensor: 4, world: 4)
    other.file = 1
    let (summary, _) = try analyze(trace(), [header(tensor: 2, world: 4), other])
    #expect(summary.coverage.jobSource == nil)
    #expect(summary.findings.contains { $0.code == "launch-settings-differ" })
    let stated = try analyze(
      trace(), [header(tensor: 4, world: 4)],
      job: "world_size: 4\nparallelism: {tensor: 2}\norder: megatron\n")
    #expect(stated.summary.headline == "4 ranks on 1 node: TP 2 x DP 2")
    #expect(stated.summary.coverage.jobSource == "job.yaml:1")
    let finding = try #require(
      stated.summary.findings.first { $0.code == "job-contradicts-logs" })
    #expect(finding.location == "nccl.node1.100.log:8")
    #expect(finding.evidence == "2 (job.yaml:2) and 4 (nccl.node1.100.log:8)")
  }

  @Test func aHeaderAmongTheLogsOfSeveralJobsIsNotBelieved() throws {
    var trace = TraceBuilder()
    trace.processes(8)
    let rows = [TraceBuilder.call(.allReduce, 1 << 20, calls: 8)]
    trace.communicator([0, 1, 2, 3], id: 1, calls: rows)
    trace.communicator([4, 5, 6, 7], id: 2, calls: rows)
    let (summary, job) = try analyze(trace, [header(tensor: 4, world: 4)])
    #expect(job.job == nil)
    #expect(summary.findings.contains { $0.code == "launch-setting-unclear" })
    // Replicas of a server share no communicator, and are one job.
    var server = LaunchFacts(launcher: .vllm)
    server.statements = [
      .init(key: .tensor, value: "4", name: "tensor_parallel_size", line: 1),
      .init(key: .data, value: "2", name: "data_parallel_size", line: 1),
    ]
    let replicas = try analyze(trace, [server])
    #expect(replicas.job.job?.worldSize == 8)
    #expect(replicas.summary.headline.contains("TP 4 x DP 2"))
  }
}
