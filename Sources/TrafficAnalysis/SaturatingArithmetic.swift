// SPDX-License-Identifier: Apache-2.0

/// Arithmetic for numbers that come from a log: it stops at the ends of the range.
///
/// A count of 2^64 - 1 in a damaged line must give a figure that is plainly too large, not a trap
/// and not a small number that looks right.
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

  /// Subtracts, or returns zero.
  func minus(_ other: UInt64) -> UInt64 { self > other ? self - other : 0 }

  /// Adds in place, or stays at the largest value.
  mutating func add(_ other: UInt64) { self = adding(other) }
}

extension Optional where Wrapped == UInt64 {
  /// Adds when both are known; unknown as soon as one is.
  mutating func add(_ other: UInt64?) {
    guard let own = self, let other else {
      self = nil
      return
    }
    self = own.adding(other)
  }
}
