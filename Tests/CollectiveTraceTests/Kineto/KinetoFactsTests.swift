// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import CollectiveTrace

/// What a trace's collectives become.
@Suite struct KinetoFactsTests {
  private static let reduceKernel = "ncclDevKernel_AllReduce_Sum_f32_RING_LL(x)"

  private func process(_ text: String) throws -> ProcessFacts {
    try #require(KinetoText.read(text).processes.first)
  }

  @Test func aCollectiveIsOneCallWithTheTimeOfItsKernel() throws {
    let facts = try process(
      KinetoText.document(
        KinetoText.collective(
          "allreduce", kernel: Self.reduceKernel, number: 10, input: 1024, output: 1024, at: 1000,
          kernelAt: 1100, duration: 50)))
    #expect(facts.source == .kineto)
    #expect(facts.globalRank == 4 && facts.worldSize == 8)
    let communicator = try #require(facts.communicators.first)
    #expect(communicator.name == "tp_group")
    #expect(communicator.size == 4 && communicator.rank == 0)
    #expect(communicator.members == [4, 5, 6, 7])
    #expect(communicator.calls.count == 1)
    let row = communicator.calls[0]
    #expect(row.calls == 1 && row.elements == 1024 && row.reduction == 0 && !row.isUnsized)
    #expect(communicator.collectiveCalls == 1)
    #expect(communicator.durations.map(\.row) == [0])
    #expect(communicator.durations[0].basis == .kernelGPU)
    #expect(communicator.durations[0].histogram.total == 50_000)
    #expect(communicator.tunings.map(\.algorithm) == ["ring"])
    let timing = try #require(facts.timing)
    #expect(timing.clock == .process)
    var call = TimingFacts.Call(communicator: 0, row: 0)
    (call.sequence, call.start, call.duration) = (10, 1_100_000, 50_000)
    #expect(timing.calls == [call])
    #expect(facts.notices.isEmpty)
    // The group of the whole job has no call; it comes after those that have.
    #expect(facts.communicators.map(\.name) == ["tp_group", "default_pg"])
    #expect(facts.communicators[1].calls.isEmpty && facts.communicators[1].rank == 4)
  }

  @Test func theIdentifierIsTheSameOnEveryRankAndDiffersBetweenGroups() throws {
    func identifier(_ rank: Int, _ ranks: String) throws -> UInt64? {
      try process(
        KinetoText.document(
          KinetoText.collective(
            "allreduce", kernel: Self.reduceKernel, number: 10, input: 8, output: 8, group: "g",
            ranks: ranks, size: 2, at: 1000, kernelAt: 1100, duration: 50),
          info: "\"distributedInfo\": {\"rank\": \(rank), \"world_size\": 4}")
      ).communicators.first?.identifier
    }
    let first = try #require(try identifier(0, "[0, 1]"))
    #expect(try identifier(1, "[0, 1]") == first)
    #expect(try identifier(2, "[2, 3]") != first)
    #expect(try identifier(2, "[0, ..., 3]") == nil)
  }

  @Test func timesAreRelativeToTheBaseThatMayComeLast() throws {
    let events = KinetoText.collective(
      "allreduce", kernel: Self.reduceKernel, number: 10, input: 8, output: 8, at: 1000,
      kernelAt: 1100, duration: 50)
    let text = KinetoText.document(
      events, info: "\"baseTimeNanoseconds\": 1711964646000000000", after: true)
    let timing = try #require(try process(text).timing)
    #expect(timing.clock == .epoch)
    #expect(timing.calls.first?.start == 1_711_964_646_001_100_000)
    #expect(timing.whole?.start == 1_711_964_646_001_100_000)
  }

  @Test func aKernelFindsItsCallByLaunchTimeWhenOldTracesHaveNoMetadata() throws {
    // The kernel's `External id` is its correlation, and collides with another call's.
    let events = [
      KinetoText.event(
        "cpu_op", "record_param_comms", ts: "100", dur: "50",
        """
        "External id": 7, "Concrete Inputs": ["", "340", "93825114103440", "3", "", "[]", "[]", "8"], \
        "Input type": ["TensorList", "Scalar", "Scalar", "Scalar", "", "ScalarList", "ScalarList", "Scalar"], \
        "Input Dims": [[[2048, 4, 4096]], [], [], [], [], [], [], []]
        """),
      KinetoText.event(
        "user_annotation", "nccl:all_reduce", ts: "110", dur: "30",
        "\"External id\": 8, \"Input type\": [\"c10::Half\"], \"Input Dims\": [[2048, 4, 4096]]"),
      KinetoText.event(
        "cuda_runtime", "cudaLaunchKernelExC", ts: "120", dur: "5", "\"correlation\": 99"),
      KinetoText.event(
        "cpu_op", "record_param_comms", ts: "160", dur: "2",
        """
        "External id": 99, "Concrete Inputs": ["340", "0", "3", "", "[]", "[]", "1"], \
        "Input type": ["Scalar", "Scalar", "Scalar", "", "ScalarList", "ScalarList", "Scalar"], \
        "Input Dims": [[], [], [], [], [], [], []]
        """),
      KinetoText.event(
        "user_annotation", "nccl:broadcast", ts: "300", dur: "30",
        "\"External id\": 99, \"Input type\": [\"float\"], \"Input Dims\": [[5]]"),
      KinetoText.event(
        "kernel", "ncclDevKernel_AllReduce_Sum_f16_RING_LL(x)", ts: "400", dur: "7", pid: "0",
        tid: "24", "\"External id\": 99, \"correlation\": 99"),
    ]
    let facts = try process(
      KinetoText.document(events, info: "\"distributedInfo\": {\"rank\": 3, \"world_size\": 8}"))
    let named = try #require(facts.communicators.first { $0.pointer == 93_825_114_103_440 })
    #expect(named.size == 8 && named.rank == 3 && named.members == Array(0..<8))
    #expect(named.calls.map(\.elementCount) == [2048 * 4 * 4096])
    #expect(named.calls.map(\.dataType.name) == ["float16"])
    #expect(named.durations.first?.histogram.total == 7000)
    // The broadcast was called; its group is not stated, nor its kernel in the trace.
    let unknown = try #require(facts.communicators.first { $0.pointer == 0 })
    #expect(unknown.size == nil && unknown.rank == nil && unknown.name == nil)
    #expect(unknown.calls.map(\.kind) == [.broadcast])
    #expect(unknown.calls.map(\.peer) == [-1])
    #expect(unknown.calls.map(\.elementCount) == [5])
    #expect(unknown.durations.isEmpty)
    // A wait is no operation.
    #expect(facts.communicators.reduce(0) { $0 + $1.collectiveCalls } == 2)
  }

  @Test func whatAKernelsNameDoesNotSayStaysUnknownAndIsSaid() throws {
    let names = [
      "ncclDevKernel_AllReduce_Sum_bf16_TREE_LL(x)", "ncclDevKernel_AllGather_RING_LL(x)",
      "ncclDevKernel_Generic_1(x)",
    ]
    let events = names.enumerated().map { number, name in
      KinetoText.event(
        "kernel", name, ts: "\(100 + number * 10)", dur: "5", pid: "0", tid: "3",
        "\"correlation\": \(number)")
    }
    let partial = KinetoText.read(KinetoText.document(events))
    #expect(
      partial.rows == [
        "- all_reduce bfloat16 ? x1", "- all_gather unknown ? x1", "- unnamed unknown ? x1",
      ])
    let communicator = try #require(partial.processes[0].communicators.first)
    #expect(communicator.pointer == 0 && communicator.size == nil)
    #expect(communicator.calls.allSatisfy { $0.isCoarse && $0.isUnsized && $0.elements == 0 })
    #expect(communicator.durations.count == 3)
    #expect(partial.processes[0].notices.count == 2)
    #expect(
      partial.processes[0].notices[0].text.hasPrefix("3 communication kernels have no metadata"))
    #expect(partial.files[0].detail.contains("The size of 3 of 3 communication calls"))
    #expect(partial.files[0].status == .complete)
  }

  @Test func aGroupLaunchedAtItsEndGivesEveryCallItsKernel() throws {
    func host(_ name: String, _ start: Int, _ number: Int, _ peer: String) -> String {
      KinetoText.event(
        "cpu_op", "record_param_comms", ts: "\(start)", dur: "10",
        """
        "External id": \(number), "Collective name": "\(name)", "In msg nelems": 64, "Out msg nelems": 64, \
        "Group size": 4, "dtype": "BFloat16", "Process Group Name": "pp", "Process Group Ranks": "[0, 4, 8, 12]", \(peer)
        """)
    }
    let events = [
      host("send", 100, 1, "\"Rank\": 2, \"Dst Rank\": 8"),
      host("recv", 120, 2, "\"Rank\": 0, \"Src Rank\": 0"),
      KinetoText.event(
        "cpu_op", "record_param_comms", ts: "135", dur: "1",
        "\"Collective name\": \"coalesced\", \"In msg nelems\": 0"),
      KinetoText.event(
        "cuda_runtime", "cudaLaunchKernelExC", ts: "140", dur: "5", "\"correlation\": 77"),
      KinetoText.event(
        "kernel", "ncclDevKernel_SendRecv(x)", ts: "200", dur: "30", pid: "0", tid: "9",
        "\"correlation\": 77"),
    ]
    let facts = try process(
      KinetoText.document(events, info: "\"distributedInfo\": {\"rank\": 4, \"world_size\": 16}"))
    let communicator = try #require(facts.communicators.first)
    #expect(communicator.rank == 1)
    #expect(communicator.calls.map(\.kind) == [.send, .recv])
    #expect(communicator.calls.map(\.peer) == [2, 0])
    #expect(communicator.collectiveCalls == 0)
    #expect(communicator.durations.isEmpty)
    #expect(facts.timing?.calls.map(\.duration) == [30_000, 30_000])
    #expect(facts.timing?.whole?.communication == 30_000)
    #expect(facts.notices.count == 1 && facts.notices[0].text.contains("ran several calls each"))
  }

  @Test func anAllToAllOfUnequalPartsIsCoarseAndABarrierOneElement() throws {
    var uneven = KinetoText.collective(
      "all_to_allv", kernel: "ncclDevKernel_SendRecv(x)", number: 10, input: 1000, output: 900,
      at: 1000, kernelAt: 1100, duration: 50)
    uneven = uneven.map {
      $0.replacing("\"In split size\": \"[]\"", with: "\"In split size\": \"[1, 2, 3, 4]\"")
    }
    let even = KinetoText.collective(
      "all_to_allv", kernel: "ncclDevKernel_SendRecv(x)", number: 20, input: 1000, output: 1000,
      at: 2000, kernelAt: 2100, duration: 50
    ).map { $0.replacing("\"In split size\": \"[]\"", with: "\"In split size\": \"[5, 5, 5, 5]\"") }
    let barrier = KinetoText.collective(
      "barrier", kernel: Self.reduceKernel, number: 30, input: 0, output: 0, type: "Byte",
      at: 3000, kernelAt: 3100, duration: 5)
    #expect(
      KinetoText.read(KinetoText.document(uneven + even + barrier)).rows == [
        "tp_group all_to_all float32 ~250 x1", "tp_group all_to_all float32 250 x1",
        "tp_group all_reduce float32 1 x1",
      ])
  }

  @Test func theRootIsTheRankThatTheHostRecords() throws {
    let events = KinetoText.collective(
      "broadcast", kernel: "ncclDevKernel_Broadcast_RING_LL(x)", number: 10, input: 9, output: 9,
      type: "Long", more: ", \"Rank\": 3", at: 1000, kernelAt: 1100, duration: 50)
    let facts = try process(KinetoText.document(events))
    #expect(facts.communicators[0].calls.map(\.peer) == [3])
    #expect(facts.communicators[0].rank == 0)
    #expect(facts.communicators[0].calls[0].dataType.name == "int64")
  }

  @Test func membersLeftOutOfALongListComeFromFirstRankAndStride() throws {
    let ranks = "[0, 2, 4, ..., 62]"
    let events = KinetoText.collective(
      "allreduce", kernel: Self.reduceKernel, number: 10, input: 8, output: 8, group: "dp",
      ranks: ranks, size: 32,
      more: ", \"Global rank start\": 0, \"Global rank stride\": 2, \"Rank\": 5",
      at: 1000, kernelAt: 1100, duration: 50)
    let facts = try process(KinetoText.document(events, info: nil))
    #expect(facts.communicators.count == 1)
    #expect(facts.communicators[0].members == (0..<32).map { $0 * 2 })
    #expect(facts.communicators[0].rank == 5)
    // The only place that says which rank this is.
    #expect(facts.globalRank == 10)
  }

  // MARK: - Time

  @Test func stepsLabelsAndOverlap() throws {
    var events = [
      KinetoText.event("user_annotation", "ProfilerStep#1", ts: "1000", dur: "500"),
      KinetoText.event("user_annotation", "ProfilerStep#2", ts: "1500", dur: "500"),
      KinetoText.event("user_annotation", "forward", ts: "1000", dur: "200"),
      KinetoText.event("user_annotation", "backward", ts: "1500", dur: "300", tid: "2"),
      KinetoText.event("user_annotation", "attention", ts: "1005", dur: "50"),
      KinetoText.event(
        "gpu_user_annotation", "optimizer.step", ts: "2300", dur: "100", pid: "0", tid: "24"),
    ]
    // In step 1, inside `attention`; half of it hidden.
    events += KinetoText.collective(
      "allreduce", kernel: Self.reduceKernel, number: 10, input: 8, output: 8, at: 1010,
      kernelAt: 1100, duration: 40)
    // In step 2, on another thread than `backward`; hidden whole.
    events += KinetoText.collective(
      "allreduce", kernel: Self.reduceKernel, number: 20, input: 8, output: 8, at: 1510,
      kernelAt: 1600, duration: 40)
    // After every step; exposed whole.
    events += KinetoText.collective(
      "allreduce", kernel: Self.reduceKernel, number: 30, input: 8, output: 8, at: 2100,
      kernelAt: 2310, duration: 10)
    events += [
      KinetoText.compute(at: 1120, duration: 100), KinetoText.compute(at: 1550, duration: 100),
    ]
    let timing = try #require(try process(KinetoText.document(events)).timing)
    #expect(timing.hasCompute)
    #expect(timing.steps.map(\.name) == ["ProfilerStep#1", "ProfilerStep#2"])
    #expect(timing.steps.map(\.compute) == [100_000, 100_000])
    #expect(timing.steps.map(\.communication) == [40_000, 40_000])
    #expect(timing.steps.map(\.overlapped) == [20_000, 40_000])
    #expect(timing.whole?.start == 1_100_000 && timing.whole?.end == 2_320_000)
    #expect(timing.whole?.communication == 90_000 && timing.whole?.overlapped == 60_000)
    #expect(timing.calls.map(\.step) == [0, 1, -1])
    #expect(
      timing.calls.map { $0.label < 0 ? "" : timing.labels[Int($0.label)] }
        == ["attention", "backward", "optimizer.step"])
    #expect(timing.overlaps.map(\.step) == [-1, 0, 1])
    #expect(timing.overlaps.map(\.communication) == [10_000, 40_000, 40_000])
    #expect(timing.overlaps.map(\.exposed) == [10_000, 20_000, 0])
  }

  @Test func callsBeyondTheLimitAreInTheHistogramsOnly() throws {
    let events = (0..<5).flatMap { (number: Int) -> [String] in
      KinetoText.collective(
        "allreduce", kernel: Self.reduceKernel, number: 10 + number * 2, input: 8, output: 8,
        at: 1000 + number * 100, kernelAt: 1050 + number * 100, duration: 10)
    }
    var options = TraceReader.Options()
    for (limit, kept) in [(5, 5), (4, 4)] {
      options.maximumTimedCallsPerFile = limit
      let facts = try #require(
        TraceReader.summarize(
          text: Array(KinetoText.document(events).utf8), file: "t", options: options
        ).processes.first)
      #expect(facts.timing?.calls.count == kept)
      #expect(facts.timing?.callsNotKept == 5 - kept)
      #expect(facts.communicators[0].durations[0].histogram.count == 5)
      #expect(facts.timelines[0].length == 5)
    }
  }

  @Test func sizesBeyondTheLimitOfRowsKeepTheirSums() throws {
    let events = (0..<6).flatMap { (number: Int) -> [String] in
      KinetoText.collective(
        "allreduce", kernel: Self.reduceKernel, number: 10 + number * 2, input: number + 1,
        output: number + 1, at: 1000 + number * 100, kernelAt: 1050 + number * 100, duration: 10)
    }
    var options = TraceReader.Options()
    options.maximumKeysPerFile = 3
    let partial = TraceReader.summarize(
      text: Array(KinetoText.document(events).utf8), file: "t", options: options)
    #expect(
      partial.rows == [
        "tp_group all_reduce float32 1 x1", "tp_group all_reduce float32 2 x1",
        "tp_group all_reduce float32 3 x1", "tp_group all_reduce float32 ~15 x3",
      ])
    #expect(partial.files[0].coarsenedCalls == 3)
  }

  @Test(arguments: ["tensor-parallel-rank0.json", "tensor-parallel-rank0.json.gz"])
  func theFixtureIsRead(file: String) throws {
    let partial = TraceReader.summarize(
      path: Fixture.folder.appending(path: "kineto/\(file)").path())
    #expect(partial.files[0].format == "kineto" && partial.files[0].status == .complete)
    #expect(partial.files[0].isBalanced)
    // 20 events, six other keys, the closing brackets.
    #expect(partial.files[0].lines == 27)
    let group = "TENSOR_MODEL_PARALLEL_GROUP"
    #expect(
      partial.rows == [
        "\(group) all_gather bfloat16 4096 x1", "\(group) all_reduce bfloat16 8192 x1",
        "\(group) reduce_scatter bfloat16 4096 x1",
      ])
    let timing = try #require(partial.processes[0].timing)
    #expect(timing.calls.map(\.duration) == [60_250, 80_000, 70_500])
    #expect(timing.calls[0].start == 1_700_000_000_001_150_000)
    #expect(timing.labels == ["forward", "backward"])
    // The matrix product runs until 1200.5, 50.5 after the gather began.
    #expect(timing.steps.map(\.overlapped) == [50_500])
    #expect(timing.steps.map(\.communication) == [210_750])
  }

  @Test func theSpacingOfAnEventDoesNotMatter() {
    let text = KinetoText.document(
      KinetoText.collective(
        "allreduce", kernel: Self.reduceKernel, number: 10, input: 8, output: 8, at: 1000,
        kernelAt: 1100, duration: 50)
        + [
          KinetoText.event("cuda_runtime", "cudaEventRecord", ts: "1", dur: "1"),
          KinetoText.event("python_function", "a.py(3): f", ts: "1", dur: "1"),
          KinetoText.event("cpu_op", "aten::add", ts: "1", dur: "1"),
        ])
    let usual = KinetoText.read(text)
    let tight = KinetoText.read(
      text.replacing("\": ", with: "\":").replacing(", \"", with: ",\""))
    #expect(usual.rows == ["tp_group all_reduce float32 8 x1"])
    #expect(tight.rows == usual.rows)
    #expect(tight.files[0].lineClasses.map(\.lines) == usual.files[0].lineClasses.map(\.lines))
    #expect(tight.processes[0].timing?.calls == usual.processes[0].timing?.calls)
  }

  @Test func anEventOfAnotherWriterIsNoCall() throws {
    let partial = KinetoText.read(
      "[{\"name\": \"AllReduce\", \"cat\": \"COLL\", \"ph\": \"b\", \"id\": 0, \"pid\": 1, \"tid\": 1, \"ts\": 12.5, \"args\": {\"Count\": 4}}]"
    )
    #expect(partial.files[0][.knownIgnored].lines == 2)
    #expect(partial.rows.isEmpty)
  }
}
