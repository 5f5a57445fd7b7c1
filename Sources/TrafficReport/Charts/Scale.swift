// SPDX-License-Identifier: Apache-2.0

/// Maps a range of values onto a range of pixels.
struct LinearScale: Sendable {
  /// The largest value of the domain, which begins at 0.
  let maximum: Double
  /// Pixels of the domain's two ends.
  let start: Double
  let end: Double

  /// Returns the pixel of a value, inside the range whatever the value.
  func callAsFunction(_ value: Double) -> Double {
    guard maximum > 0, value.isFinite else { return start }
    return start + (end - start) * min(max(value / maximum, 0), 1)
  }

  func callAsFunction(_ value: UInt64) -> Double { self(Double(value)) }
}

/// Logarithms for axes, without a math library.
enum Logarithm {
  /// log10 by bisection of the decade, to a thousandth; `nil` for what has none.
  static func base10(_ value: Double) -> Double? {
    guard value > 0, value.isFinite else { return nil }
    var whole = 0.0
    var rest = value
    while rest >= 10, whole < 300 { (rest, whole) = (rest / 10, whole + 1) }
    while rest < 1, whole > -300 { (rest, whole) = (rest * 10, whole - 1) }
    var fraction = 0.0
    var step = 0.5
    var factor = 3.162_277_660_168_379_5
    for _ in 0..<12 {
      if rest >= factor { (rest, fraction) = (rest / factor, fraction + step) }
      step /= 2
      factor = factor.squareRoot()
    }
    return whole + fraction
  }
}

/// Places ticks at round values.
enum Ticks {
  /// Returns round sizes from 0 to the first at or above `maximum`.
  ///
  /// Round is 1, 2, 4, ... 512 of a binary unit, so labels carry no fraction.
  static func bytes(upTo maximum: UInt64, about count: Int) -> [UInt64] {
    let wanted = max(1, maximum / UInt64(max(count, 1)))
    let power = min(62, 64 - (wanted - 1).leadingZeroBitCount)
    return multiples(of: UInt64(1) << UInt64(wanted <= 1 ? 0 : power), upTo: maximum)
  }

  /// Returns round counts, 1, 2 or 5 times a power of ten.
  static func counts(upTo maximum: UInt64, about count: Int) -> [UInt64] {
    let wanted = max(1, maximum / UInt64(max(count, 1)))
    var power: UInt64 = 1
    while wanted / 10 >= power { power *= 10 }
    let step = [1, 2, 5].map { $0 * power }.first { $0 >= wanted } ?? power.saturatingTenfold
    return multiples(of: step, upTo: maximum)
  }

  private static func multiples(of step: UInt64, upTo maximum: UInt64) -> [UInt64] {
    var ticks: [UInt64] = [0]
    var last: UInt64 = 0
    while last < max(maximum, 1) {
      let (next, overflow) = last.addingReportingOverflow(step)
      if overflow { break }
      ticks.append(next)
      last = next
    }
    return ticks
  }
}

extension UInt64 {
  fileprivate var saturatingTenfold: UInt64 {
    let (product, overflow) = multipliedReportingOverflow(by: 10)
    return overflow ? .max : product
  }
}
