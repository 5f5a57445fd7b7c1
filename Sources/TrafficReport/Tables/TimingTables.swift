// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace
internal import TrafficAnalysis

extension Table {
  /// The tables that only traces with times fill.
  static let timed: [Table] = [.dimensions, .durations, .overlap, .waiting, .bandwidth]

  static let dimensions = Table(
    "dimensions", rowMeaning: "dimension, with its bytes and its times", order: "dimension",
    rows: \.dimensions,
    columns: [
      Definition<DimensionRow>.text("dimension", "parallelism strategy served") {
        $0.dimension.rawValue
      },
      .unsigned("operations", "operations", "collectives, each counted once whatever its size") {
        $0.operations
      },
      .unsigned("rank_calls", "calls", "API calls, one per rank and operation line") {
        $0.rankCalls
      },
      .unsigned("payload_bytes", "bytes", "what the calls' send buffers hold") {
        $0.payloadBytes
      },
      .unsigned("wire_bytes", "bytes", "bytes that leave GPUs, over all ranks") { $0.wireBytes },
      .unsigned(
        "timed_calls", "calls", "calls with a duration; the columns after it are of these alone"
      ) { $0.timedCalls },
      .integer("duration_ns", "ns", "sum of their durations over all ranks") {
        $0.timedCalls > 0 ? Int($0.duration) : nil
      },
      .number(
        "busbw_gb_per_s", "GB/s",
        "their bytes times nccl-tests' bus factors, over their time (1e9 bytes)"
      ) { $0.busBandwidth },
      .number(
        "attained_share", "", "the same over what the links of the topology allow in that time"
      ) { $0.attainedShare },
      .integer("communication_ns", "ns", "time in which communication kernels ran, over ranks") {
        $0.overlap.map { Int($0.communication) }
      },
      .integer("exposed_ns", "ns", "part of communication_ns in which no compute kernel ran") {
        $0.overlap.map { Int($0.exposed) }
      },
      .integer("hidden_ns", "ns", "part of communication_ns beside compute kernels") {
        $0.overlap.map { Int($0.hidden) }
      },
      .number(
        "time_share", "", "communication_ns / length of the trace, over all ranks that show compute"
      ) { $0.overlap?.timeShare },
    ])

  static let durations = Table(
    "durations",
    rowMeaning:
      "dimension x collective x data type x message size x communicator size x source x basis",
    order: "dimension, collective, data_type, message_bytes, communicator_size, source, basis",
    rows: \.durations, columns: durationColumns)

  private static let durationColumns: [Definition<DurationRow>] = [
    .text("dimension", "parallelism strategy served") { $0.dimension.rawValue },
    .text("collective", "operation; send_recv for sends and receives") { $0.collective },
    .text("data_type", "element type; unknown when the trace does not tell") { $0.dataType },
    .unsigned("message_bytes", "bytes", "message size S of nccl-tests; empty when it varies") {
      $0.messageBytes
    },
    .integer("communicator_size", "ranks", "ranks of each communicator") { $0.communicatorSize },
    .text("source", "format that told the times") { $0.source.name },
    .text("basis", "what was timed: kernel_gpu, kernel_cpu, collective_cpu or unknown") {
      $0.basis.name
    },
    .unsigned("calls", "calls", "durations, one per rank and call") { $0.durations.count },
    .integer("total_ns", "ns", "sum of the durations") { Int($0.durations.total) },
    .integer("min_ns", "ns", "shortest duration") { Int($0.durations.minimum) },
    .integer("median_ns", "ns", "median, at most 1/32 above the true one") { quantile($0, 500) },
    .integer("p90_ns", "ns", "90th percentile, at most 1/32 above the true one") {
      quantile($0, 900)
    },
    .integer("p99_ns", "ns", "99th percentile, at most 1/32 above the true one") {
      quantile($0, 990)
    },
    .integer("max_ns", "ns", "longest duration") { Int($0.durations.maximum) },
    .number(
      "median_algbw_gb_per_s", "GB/s", "message_bytes / median duration, as nccl-tests (1e9 bytes)"
    ) { row in row.algorithmBandwidth(row.durations.quantile(permille: 500)) },
    .number("median_busbw_gb_per_s", "GB/s", "the same times nccl-tests' bus factor") { row in
      row.busBandwidth(row.durations.quantile(permille: 500))
    },
    .number(
      "best_busbw_gb_per_s", "GB/s",
      "bus bandwidth of the shortest duration, which waits for no other rank"
    ) { row in row.busBandwidth(row.durations.minimum) },
    .number(
      "peak_busbw_gb_per_s", "GB/s",
      "bus bandwidth that the links of the topology allow; empty when not known or not one number"
    ) { $0.peak?.gigabytesPerSecond },
    .text("peak_limit", "what sets it: NVLink, xGMI, PCIe, inter-socket or network") {
      $0.peak?.limit.rawValue
    },
    .number("attained_share", "", "median_busbw_gb_per_s / peak_busbw_gb_per_s") { row in
      row.attainedShare(row.busBandwidth(row.durations.quantile(permille: 500)))
    },
  ]

  private static func quantile(_ row: DurationRow, _ permille: Int) -> Int? {
    row.durations.quantile(permille: permille).map { Int($0) }
  }

  static let overlap = Table(
    "overlap", rowMeaning: "step x dimension", order: "whole trace, then steps by time; dimension",
    rows: \.overlaps,
    columns: [
      Definition<OverlapRow>.text("step", "name of the step; empty for the whole trace") {
        $0.step
      },
      .text("dimension", "parallelism strategy; all for all communication together") {
        $0.dimension?.rawValue ?? "all"
      },
      .integer("ranks", "ranks", "ranks in the sums") { $0.ranks },
      .integer("duration_ns", "ns", "length of the step, summed over the ranks") {
        $0.duration.map { Int($0) }
      },
      .integer("compute_ns", "ns", "time in which compute kernels ran") {
        $0.compute.map { Int($0) }
      },
      .integer("communication_ns", "ns", "time in which communication kernels ran") {
        Int($0.communication)
      },
      .integer("exposed_ns", "ns", "part of communication_ns in which no compute kernel ran") {
        Int($0.exposed)
      },
      .integer("hidden_ns", "ns", "part of communication_ns beside compute kernels") {
        Int($0.hidden)
      },
      .integer("idle_ns", "ns", "time in which no kernel ran, pipeline bubbles among it") {
        $0.idle.map { Int($0) }
      },
      .integer(
        "bubble_ns", "ns",
        "idle_ns and the exposed time of pipeline sends and receives: at most so much is bubble"
      ) { $0.bubble.map { Int($0) } },
      .number(
        "time_share", "", "communication_ns / length of the step, over all ranks that show compute"
      ) { $0.timeShare },
    ])

  static let waiting = Table(
    "waiting", rowMeaning: "rank that takes part in collectives timed on all ranks", order: "rank",
    rows: \.waiting,
    columns: [
      Definition<WaitingRow>.integer("rank", "", "global rank") { $0.rank },
      .integer("operations", "operations", "collectives whose durations on all ranks are known") {
        $0.operations
      },
      .integer("last_arrivals", "operations", "those in which this rank came last") {
        $0.lastArrivals
      },
      .integer("duration_ns", "ns", "time the rank spent in these collectives") {
        Int($0.duration)
      },
      .integer("waited_ns", "ns", "part of it beyond the shortest duration among the ranks") {
        Int($0.waited)
      },
      .integer("caused_wait_ns", "ns", "time other ranks waited while this one came last") {
        Int($0.caused)
      },
      .integer("clock_offset_ns", "ns", "its clock minus that of the lowest rank; empty: unknown") {
        $0.clockOffset.map { Int($0) }
      },
    ])

  static let bandwidth = Table(
    "bandwidth", rowMeaning: "measurement: file x collective x message size x placement",
    order: "benchmarks by file and line, then traces by collective, data type and size",
    rows: \.bandwidths,
    columns: [
      Definition<BandwidthRow>.text("source", "nccl_tests, or the format that told the times") {
        $0.source
      },
      .text("file", "input file of a benchmark; empty for a trace, which has many") { $0.file },
      .text("collective", "operation; empty when a benchmark does not name it") { $0.collective },
      .text("data_type", "element type; as printed when it has no name in NCCL") { $0.dataType },
      .unsigned("message_bytes", "bytes", "message size S of nccl-tests") { $0.messageBytes },
      .integer("ranks", "ranks", "ranks of the communicator; empty when not known") { $0.ranks },
      .text("placement", "out_of_place or in_place; empty when not known") { row in
        row.isInPlace.map { $0 ? "in_place" : "out_of_place" }
      },
      .integer("time_ns", "ns", "mean time of a benchmark, median duration of a trace") {
        Int($0.nanoseconds)
      },
      .number("algbw_gb_per_s", "GB/s", "message_bytes / time_ns (1e9 bytes)") {
        $0.algorithmBandwidth
      },
      .number("busbw_gb_per_s", "GB/s", "the same times nccl-tests' bus factor") {
        $0.busBandwidth
      },
      .number("stated_algbw_gb_per_s", "GB/s", "algorithm bandwidth as the benchmark printed it") {
        $0.statedAlgorithmBandwidth.map { Double($0) / 1000 }
      },
      .number("stated_busbw_gb_per_s", "GB/s", "bus bandwidth as the benchmark printed it") {
        $0.statedBusBandwidth.map { Double($0) / 1000 }
      },
    ])
}
