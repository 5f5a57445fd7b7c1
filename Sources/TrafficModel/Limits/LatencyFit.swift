// SPDX-License-Identifier: Apache-2.0

public import TrafficAnalysis

/// Latency and bandwidth of a collective, fitted to what a run or a benchmark measured.
///
/// t = a + S/B by least squares of the relative residuals, so that short messages count as much as
/// long ones. Where the best *a* is negative it is 0.
public struct LatencyFit: Sendable, Equatable {
  /// The operation.
  public var collective: String
  /// Ranks of the communicator.
  public var ranks: Int
  /// Measurements, each of one size.
  public var points: Int
  /// The smallest and the largest message.
  public var bytes: ClosedRange<UInt64>
  /// Seconds of a message without bytes.
  public var latency: Double
  /// S over the seconds that its bytes take, times nccl-tests' factor, in bytes per second; `nil`
  /// when time does not grow with the message.
  public var busBandwidth: Double?
  /// Square root of the mean squared relative residual.
  public var meanResidual: Double
  /// The largest relative residual.
  public var largestResidual: Double

  /// Seconds of one step of a ring, of which an all-reduce has 2(n-1) and others n-1.
  public var stepLatency: Double {
    let steps = Double(max(1, ranks - 1))
    return latency / (collective == "all_reduce" ? 2 * steps : steps)
  }

  /// Fits every operation and number of ranks with at least three sizes.
  ///
  /// - Returns: By operation, then ranks.
  /// - Complexity: O(*n* log *n*).
  public static func fits(_ rows: [BandwidthRow]) -> [LatencyFit] {
    struct Key: Hashable {
      var collective: String
      var ranks: Int
    }
    var points: [Key: [(bytes: UInt64, seconds: Double)]] = [:]
    for row in rows where row.nanoseconds > 0 && row.messageBytes > 0 {
      guard let collective = row.collective, let ranks = row.ranks, ranks > 1 else { continue }
      points[Key(collective: collective, ranks: ranks), default: []]
        .append((row.messageBytes, Double(row.nanoseconds) * 1e-9))
    }
    return points.compactMap { key, points in fit(key.collective, key.ranks, points) }
      .sorted { ($0.collective, $0.ranks) < ($1.collective, $1.ranks) }
  }

  private static func fit(
    _ collective: String, _ ranks: Int, _ points: [(bytes: UInt64, seconds: Double)]
  ) -> LatencyFit? {
    let sizes = points.map(\.bytes)
    guard Set(sizes).count >= 3, let least = sizes.min(), let most = sizes.max() else { return nil }
    // Normal equations of sum of ((a + b S - t)/t)^2.
    var (w, x, xx, y, xy) = (0.0, 0.0, 0.0, 0.0, 0.0)
    for point in points {
      let weight = 1 / (point.seconds * point.seconds)
      let size = Double(point.bytes)
      w += weight
      x += weight * size
      xx += weight * size * size
      y += weight * point.seconds
      xy += weight * size * point.seconds
    }
    let determinant = w * xx - x * x
    guard determinant > 0 else { return nil }
    var intercept = (y * xx - x * xy) / determinant
    var slope = (w * xy - x * y) / determinant
    if intercept < 0 {
      intercept = 0
      slope = xy / xx
    } else if slope < 0 {
      slope = 0
      intercept = y / w
    }
    var squares = 0.0
    var largest = 0.0
    for point in points {
      let residual = (intercept + slope * Double(point.bytes) - point.seconds) / point.seconds
      squares += residual * residual
      largest = max(largest, residual.magnitude)
    }
    return LatencyFit(
      collective: collective, ranks: ranks, points: points.count, bytes: least...most,
      latency: intercept,
      busBandwidth: slope > 0 ? DurationRow.busFactor(collective, ranks: ranks) / slope : nil,
      meanResidual: (squares / Double(points.count)).squareRoot(), largestResidual: largest)
  }
}
