// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// How fast one operation of one size ran: a line of a benchmark, or the median of a trace.
public struct BandwidthRow: Sendable, Equatable {
  /// `nccl_tests`, or the name of the format that told the times.
  public var source: String
  /// The benchmark's file; empty for traces.
  public var file: String = ""
  /// The operation; `nil` when a benchmark does not name it.
  public var collective: String?
  /// The element type.
  public var dataType: String
  /// S of nccl-tests in bytes.
  public var messageBytes: UInt64
  /// Ranks of the communicator; `nil` when not known.
  public var ranks: Int?
  /// Whether send and receive buffers are the same; `nil` when not known.
  public var isInPlace: Bool?
  /// Mean or median time of the operation in nanoseconds.
  public var nanoseconds: Int64
  /// As printed, in thousandths of GB/s; `nil` for traces.
  public var statedAlgorithmBandwidth: Int64?
  /// As printed, in thousandths of GB/s; `nil` for traces.
  public var statedBusBandwidth: Int64?

  /// Makes a row of which no more is known.
  public init(
    source: String, collective: String?, dataType: String, messageBytes: UInt64, ranks: Int?,
    nanoseconds: Int64
  ) {
    self.source = source
    self.collective = collective
    self.dataType = dataType
    self.messageBytes = messageBytes
    self.ranks = ranks
    self.nanoseconds = nanoseconds
  }

  /// S / t in GB/s (1e9 bytes per second); `nil` without a time.
  public var algorithmBandwidth: Double? {
    nanoseconds > 0 ? Double(messageBytes) / Double(nanoseconds) : nil
  }

  /// Algorithm bandwidth times nccl-tests' factor; `nil` when operation or ranks are not known.
  public var busBandwidth: Double? {
    guard let collective, let ranks, ranks > 0, let bandwidth = algorithmBandwidth else {
      return nil
    }
    return bandwidth * DurationRow.busFactor(collective, ranks: ranks)
  }

  private struct Key: Hashable {
    var source: TraceSource
    var collective: String
    var type: String
    var bytes: UInt64
    var size: Int
  }

  /// The rows of benchmarks, then those of traces.
  static func rows(_ table: ProcessTable, _ durations: [DurationRow]) -> [BandwidthRow] {
    var rows = table.benchmarks.map { facts in
      var row = BandwidthRow(
        source: "nccl_tests", collective: facts.kind.map { $0 == .send ? "send_recv" : $0.name },
        dataType: facts.dataType?.name ?? facts.typeName, messageBytes: facts.bytes,
        ranks: facts.ranks, nanoseconds: facts.nanoseconds)
      row.file = table.files[facts.file].file
      row.isInPlace = facts.isInPlace
      row.statedAlgorithmBandwidth = facts.statedAlgorithmBandwidth
      row.statedBusBandwidth = facts.statedBusBandwidth
      return row
    }
    // One row over the strategies, by the best clock that there is.
    var sums: [Key: (basis: TimingFacts.Basis, histogram: DurationHistogram)] = [:]
    for row in durations {
      guard let bytes = row.messageBytes else { continue }
      let key = Key(
        source: row.source, collective: row.collective, type: row.dataType, bytes: bytes,
        size: row.communicatorSize)
      if let known = sums[key], known.basis.rawValue < row.basis.rawValue { continue }
      if sums[key]?.basis == row.basis {
        sums[key]?.histogram.merge(row.durations)
      } else {
        sums[key] = (row.basis, row.durations)
      }
    }
    let traced = sums.compactMap { key, sum -> BandwidthRow? in
      guard let median = sum.histogram.quantile(permille: 500) else { return nil }
      return BandwidthRow(
        source: key.source.name, collective: key.collective, dataType: key.type,
        messageBytes: key.bytes, ranks: key.size, nanoseconds: Int64(median))
    }
    rows += traced.sorted { a, b in
      (a.collective ?? "", a.dataType, a.messageBytes, a.ranks ?? 0, a.source)
        < (b.collective ?? "", b.dataType, b.messageBytes, b.ranks ?? 0, b.source)
    }
    return rows
  }
}
