// SPDX-License-Identifier: Apache-2.0

/// Writes numbers the way a person reads them; the tables for machines use base units instead.
///
/// Sizes are binary (1 KiB = 1,024 B). Nothing here depends on a locale.
enum Quantity {
  private static let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]

  /// Writes a size with three significant digits, for example `1.25 GiB`.
  static func bytes(_ value: UInt64) -> String {
    guard value >= 1024 else { return "\(value) B" }
    var unit = min((63 - value.leadingZeroBitCount) / 10, units.count - 1)
    var scaled = Double(value) / Double(UInt64(1) << UInt64(10 * unit))
    if scaled >= 1023.5, unit + 1 < units.count {
      unit += 1
      scaled /= 1024
    }
    let places = scaled < 9.995 ? 2 : scaled < 99.95 ? 1 : 0
    return "\(fixed(scaled, places: places, isTrimmed: true)) \(units[unit])"
  }

  /// Writes a whole number with a comma between thousands.
  static func count(_ value: UInt64) -> String {
    let digits = Array(String(value))
    var result = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index).isMultiple(of: 3) { result.append(",") }
      result.append(digit)
    }
    return result
  }

  /// Writes a whole number with a comma between thousands.
  static func count(_ value: Int) -> String {
    value < 0 ? "-" + count(UInt64(value.magnitude)) : count(UInt64(value))
  }

  /// Writes a count with its noun, for example `1 line` or `12 lines`.
  static func counted(_ value: Int, _ singular: String, _ plural: String? = nil) -> String {
    "\(count(value)) \(value == 1 ? singular : plural ?? singular + "s")"
  }

  /// Writes a part of a whole in per cent; a part too small to show is still told from nothing.
  static func share(_ part: UInt64, of whole: UInt64) -> String {
    guard whole > 0 else { return "" }
    guard part > 0 else { return "0 %" }
    let percent = 100 * Double(part) / Double(whole)
    if percent < 0.1 { return "<0.1 %" }
    if percent > 99.9, part < whole { return ">99.9 %" }
    return "\(fixed(percent, places: percent < 9.95 ? 1 : 0)) %"
  }

  /// Writes a count for an axis: `800`, `25 k`, `3 M`.
  static func axisCount(_ value: UInt64) -> String {
    let steps: [(UInt64, String)] = [
      (1_000_000_000_000_000, "P"), (1_000_000_000_000, "T"), (1_000_000_000, "G"),
      (1_000_000, "M"), (1_000, "k"),
    ]
    for (size, suffix) in steps where value >= size {
      return "\(fixed(Double(value) / Double(size), places: 1, isTrimmed: true)) \(suffix)"
    }
    return String(value)
  }

  /// Units of time from short to long, with their nanoseconds.
  static let timeUnits: [(nanoseconds: Int64, name: String)] = [
    (1, "ns"), (1_000, "\u{B5}s"), (1_000_000, "ms"), (1_000_000_000, "s"),
  ]

  /// Writes a stretch of time with three significant digits, for example `1.25 ms`.
  static func time(_ nanoseconds: Int64) -> String {
    let unit = timeUnits.last { nanoseconds.magnitude >= $0.nanoseconds.magnitude } ?? timeUnits[0]
    let scaled = Double(nanoseconds) / Double(unit.nanoseconds)
    let places = scaled.magnitude < 9.995 ? 2 : scaled.magnitude < 99.95 ? 1 : 0
    return "\(fixed(scaled, places: places, isTrimmed: true)) \(unit.name)"
  }

  /// Writes a number with a fixed count of decimals: no exponent, no `-0`, no locale.
  ///
  /// There may be 0 to 6 decimals; zeros at their end are left out if `isTrimmed`. What is not
  /// finite is written as 0, for callers have no such value.
  static func fixed(_ value: Double, places: Int, isTrimmed: Bool = false) -> String {
    let powers: [Double] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000]
    let places = min(max(places, 0), powers.count - 1)
    guard value.isFinite else { return "0" }
    let scaled = (value * powers[places]).rounded()
    // Beyond 2^53 a double has no decimals left to show.
    guard scaled.magnitude < 9e15 else { return integral(value) }
    let units = Int64(scaled)
    let power = Int64(powers[places])
    let sign = units < 0 ? "-" : ""
    let magnitude = units.magnitude
    let whole = magnitude / power.magnitude
    guard places > 0 else { return "\(sign)\(whole)" }
    var decimals = String(magnitude % power.magnitude)
    decimals = String(repeating: "0", count: places - decimals.utf8.count) + decimals
    if isTrimmed {
      while decimals.hasSuffix("0") { decimals.removeLast() }
      if decimals.isEmpty { return "\(sign)\(whole)" }
    }
    return "\(sign)\(whole).\(decimals)"
  }

  private static func integral(_ value: Double) -> String {
    guard let whole = Int64(exactly: value.rounded(.towardZero)) else {
      return value < 0 ? String(Int64.min) : String(Int64.max)
    }
    return String(whole)
  }
}

extension UInt64 {
  /// Adds without wrapping: a sum over hostile input stays at the largest value.
  func saturatingAdd(_ other: UInt64) -> UInt64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}
