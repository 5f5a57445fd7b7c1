// SPDX-License-Identifier: Apache-2.0

/// Arithmetic for products of sizes that a person wrote: it stops at the ends of the range.
///
/// A job file with a typing error must give a figure that is plainly too large, not a trap and not
/// a small number that looks right.
extension UInt64 {
  /// Adds, or returns the largest value.
  func adding(_ other: UInt64) -> UInt64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }

  /// Multiplies, or returns the largest value.
  func times(_ other: UInt64) -> UInt64 {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? .max : product
  }

  /// Multiplies by a size, which is never negative.
  func times(_ other: Int) -> UInt64 { times(UInt64(clamping: other)) }

  /// Divides and rounds up; a divisor of 0 counts as 1.
  func dividedUp(by divisor: UInt64) -> UInt64 {
    let (quotient, rest) = quotientAndRemainder(dividingBy: Swift.max(1, divisor))
    return rest == 0 ? quotient : quotient + 1
  }

  /// Subtracts, or returns 0.
  func minus(_ other: UInt64) -> UInt64 { other > self ? 0 : self - other }

  /// Adds in place, or stays at the largest value.
  mutating func add(_ other: UInt64) { self = adding(other) }
}

/// Returns the product of sizes, or the largest value.
func product(_ factors: Int...) -> UInt64 {
  factors.reduce(1) { $0.times($1) }
}
