// SPDX-License-Identifier: Apache-2.0

/// Text whose numbers sort by value: `node2` before `node10`.
package struct NaturalText: Comparable, Sendable {
  /// The text as it was.
  package let text: String
  private let pieces: [Piece]

  private enum Piece: Equatable, Sendable {
    case number(digits: [UInt8])
    case other([UInt8])
  }

  /// Cuts a text at the borders of its numbers.
  package init(_ text: String) {
    self.text = text
    var pieces: [Piece] = []
    var digits: [UInt8] = []
    var others: [UInt8] = []
    for byte in text.utf8 {
      if (48...57).contains(byte) {
        if !others.isEmpty { pieces.append(.other(others)) }
        others = []
        digits.append(byte)
      } else {
        if !digits.isEmpty { pieces.append(.number(digits: digits)) }
        digits = []
        others.append(byte)
      }
    }
    if !others.isEmpty { pieces.append(.other(others)) }
    if !digits.isEmpty { pieces.append(.number(digits: digits)) }
    self.pieces = pieces
  }

  package static func == (a: Self, b: Self) -> Bool { a.text == b.text }

  package static func < (a: Self, b: Self) -> Bool {
    for (x, y) in zip(a.pieces, b.pieces) where x != y {
      switch (x, y) {
      case (.number(let m), .number(let n)):
        // Digits compare without conversion, so that no length can overflow.
        let (m0, n0) = (m.drop { $0 == 48 }, n.drop { $0 == 48 })
        if m0.count != n0.count { return m0.count < n0.count }
        if !m0.elementsEqual(n0) { return m0.lexicographicallyPrecedes(n0) }
      case (.number, .other): return true
      case (.other, .number): return false
      case (.other(let m), .other(let n)): return m.lexicographicallyPrecedes(n)
      }
    }
    if a.pieces.count != b.pieces.count { return a.pieces.count < b.pieces.count }
    return a.text < b.text
  }
}
