// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace
internal import TrafficAnalysis

/// Says in a sentence what the times tell.
enum TimingText {
  /// One line for the digest; `nil` without times.
  static func digest(_ summary: TrafficSummary) -> String? {
    var parts: [String] = []
    if let whole = summary.overlaps.first(where: { $0.step.isEmpty && $0.dimension == nil }),
      let duration = whole.duration, duration > 0
    {
      let busy = share(whole.communication, of: duration)
      var text = "communication kernels run for \(busy) of the time"
      if whole.communication > 0 {
        text += ", \(share(whole.hidden, of: whole.communication)) of that beside compute"
      }
      parts.append(text + " (\(Quantity.counted(whole.ranks, "rank")))")
      let dimensions = summary.overlaps.filter { $0.step.isEmpty && $0.communication > 0 }
        .compactMap { row in row.dimension.map { (row: row, name: $0.rawValue) } }
        .sorted { $0.row.communication > $1.row.communication }
      if dimensions.count > 1 {
        parts.append(
          dimensions.prefix(4).map {
            "\($0.name) \(share($0.row.communication, of: duration))"
          }.joined(separator: ", "))
      }
      if let bubble = whole.bubble {
        parts.append("at most \(share(bubble, of: duration)) is pipeline bubble")
      }
    } else if !summary.durations.isEmpty {
      let calls = summary.durations.reduce(UInt64(0)) { $0.saturatingAdd($1.durations.count) }
      parts.append("\(Quantity.count(calls)) calls with times")
    }
    let rows = summary.durations.compactMap { row in
      row.busBandwidth(row.durations.quantile(permille: 500)).map { (row: row, bandwidth: $0) }
    }
    if let best = rows.max(by: { $0.bandwidth < $1.bandwidth }) {
      parts.append(
        "best median bus bandwidth \(Quantity.fixed(best.bandwidth, places: 1)) GB/s "
          + "(\(PlainText.printable(best.row.collective)) of "
          + "\(Quantity.bytes(best.row.messageBytes ?? 0))"
          + (best.row.attainedShare(best.bandwidth).map { attained in
            ", \(Quantity.fixed(attained * 100, places: 0)) % of what "
              + "\(best.row.peak?.limit.phrase ?? "") allows"
          } ?? "") + ")")
    }
    let measured = summary.bandwidths.filter { $0.source == "nccl_tests" }
    if !measured.isEmpty {
      var text = Quantity.counted(measured.count, "measurement") + " of nccl-tests"
      let best = measured.compactMap { row in
        (row.statedBusBandwidth.map { Double($0) / 1000 } ?? row.busBandwidth).map { (row, $0) }
      }.max { $0.1 < $1.1 }
      if let (row, bandwidth) = best {
        text +=
          ", up to \(Quantity.fixed(bandwidth, places: 1)) GB/s "
          + "(\(PlainText.printable(row.collective ?? "operation not named")) of "
          + "\(Quantity.bytes(row.messageBytes)))"
      }
      parts.append(text)
    }
    let waited = summary.waiting.reduce(Int64(0)) {
      $0.addingReportingOverflow($1.waited).partialValue
    }
    let spent = summary.waiting.reduce(Int64(0)) {
      $0.addingReportingOverflow($1.duration).partialValue
    }
    if spent > 0, waited > 0 {
      parts.append("\(share(waited, of: spent)) of the time in collectives is waiting for others")
    }
    return parts.isEmpty ? nil : "times: " + parts.joined(separator: "; ")
  }

  private static func share(_ part: Int64, of whole: Int64) -> String {
    Quantity.share(UInt64(clamping: part), of: UInt64(clamping: whole))
  }
}
