// SPDX-License-Identifier: Apache-2.0

/// Makes text that came from a log fit to be shown.
///
/// Host names, file names and messages are written by others. A control sequence in one of them
/// could rewrite a terminal, a bidirectional control could reverse what a line says, and a control
/// byte makes an SVG unreadable, so every such scalar becomes U+FFFD wherever text is shown.
enum PlainText {
  /// Whether a scalar can be shown as it is.
  static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x20...0x7E: true
    // C0, DEL and C1.
    case 0...0x9F: false
    // Bidirectional controls.
    case 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: false
    // Line and paragraph separators, zero-width and interlinear marks, the byte order mark.
    case 0x2028, 0x2029, 0x200B...0x200D, 0x2060, 0xFFF9...0xFFFB, 0xFEFF: false
    // Tag characters and noncharacters.
    case 0xE0000...0xE007F, 0xFDD0...0xFDEF: false
    case let value: value & 0xFFFE != 0xFFFE
    }
  }

  /// Replaces what cannot be shown by U+FFFD.
  ///
  /// - Complexity: O(*n*); allocates only when something is replaced.
  static func printable(_ text: String) -> String {
    if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return text }
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      result.append(isPrintable(scalar) ? scalar : "\u{FFFD}")
    }
    return String(result)
  }

  /// Cuts the middle out of text that is longer than `limit` scalars.
  ///
  /// Scalars are counted, not characters: one character may hold any number of combining marks.
  static func shortened(_ text: String, to limit: Int) -> String {
    let scalars = text.unicodeScalars
    guard limit >= 1, scalars.count > limit else { return limit < 1 ? "" : text }
    let tail = (limit - 1) / 2
    let head = limit - 1 - tail
    var result = String.UnicodeScalarView(scalars.prefix(head))
    result.append("\u{2026}")
    result.append(contentsOf: scalars.suffix(tail))
    return String(result)
  }

  /// Breaks text into lines of at most `limit` scalars, at spaces where there are any.
  static func wrapped(_ text: String, width limit: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    var length = 0
    for word in text.split(separator: " ") {
      let piece = shortened(String(word), to: max(limit, 1))
      let pieceLength = piece.unicodeScalars.count
      if length > 0, length + 1 + pieceLength > limit {
        lines.append(line)
        line = ""
        length = 0
      }
      if length > 0 {
        line += " "
        length += 1
      }
      line += piece
      length += pieceLength
    }
    if length > 0 { lines.append(line) }
    return lines
  }
}
