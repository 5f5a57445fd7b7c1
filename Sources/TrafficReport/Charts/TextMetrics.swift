// SPDX-License-Identifier: Apache-2.0

/// Estimates how wide text will be, without a renderer.
///
/// The table is that of DejaVu Sans, the widest of the usual fallbacks, so what fits here fits
/// wherever the figure is shown.
enum TextMetrics {
  /// Advances of U+0020...U+007E in thousandths of the font size.
  private static let regular: [Int] = [
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636,
    636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632,
    575, 775, 752, 295, 295, 656, 557, 863, 748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685,
    611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579,
    278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
  ]
  private static let bold: [Int] = [
    348, 456, 521, 838, 696, 1002, 872, 306, 457, 457, 523, 838, 380, 415, 380, 365, 696, 696, 696,
    696, 696, 696, 696, 696, 696, 696, 400, 400, 838, 838, 838, 580, 1000, 774, 762, 734, 830, 683,
    683, 821, 837, 372, 372, 775, 637, 995, 837, 850, 733, 850, 770, 720, 682, 812, 774, 1103, 771,
    724, 725, 457, 365, 457, 838, 500, 500, 675, 716, 593, 716, 678, 435, 716, 712, 343, 343, 665,
    343, 1042, 712, 687, 716, 716, 493, 595, 478, 712, 652, 924, 645, 652, 582, 712, 365, 712, 838,
  ]
  /// Outside ASCII: as wide as the replacement character, which is wider than Latin, Greek and
  /// Cyrillic letters; ideographs and emoji come from another font and are about as wide.
  private static let other = 1113

  /// Returns the width of text in pixels.
  ///
  /// - Complexity: O(*n*).
  static func width(_ text: String, size: Double, isBold: Bool = false) -> Double {
    let table = isBold ? bold : regular
    var thousandths = 0
    for scalar in text.unicodeScalars {
      let index = Int(scalar.value) - 0x20
      // The middle dot stands between numbers in many labels.
      thousandths +=
        table.indices.contains(index) ? table[index] : scalar == "\u{B7}" ? 380 : other
    }
    return Double(thousandths) * size / 1000
  }

  /// Cuts the middle out of text that is wider than `limit` pixels.
  ///
  /// - Complexity: O(*n* log *n*).
  static func fitted(
    _ text: String, to limit: Double, size: Double, isBold: Bool = false
  ) -> String {
    let text = PlainText.printable(text)
    if width(text, size: size, isBold: isBold) <= limit { return text }
    // No text of 9 px or more has more than one scalar for every two pixels of a line.
    var low = 0
    var high = min(text.unicodeScalars.count, max(0, Int(limit)))
    while low < high {
      let middle = (low + high + 1) / 2
      let candidate = PlainText.shortened(text, to: middle)
      if width(candidate, size: size, isBold: isBold) <= limit {
        low = middle
      } else {
        high = middle - 1
      }
    }
    return PlainText.shortened(text, to: low)
  }

  /// Breaks text into lines no wider than `limit` pixels.
  ///
  /// At most `maximum` lines are returned; the last one then ends in an ellipsis. A last line is
  /// not left with a single short word.
  ///
  /// - Complexity: O(*n*) in the length of the text.
  static func wrapped(_ text: String, to limit: Double, size: Double, maximum: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    var used = 0.0
    let space = width(" ", size: size)
    for word in PlainText.printable(text).split(separator: " ") {
      let piece = fitted(String(word), to: limit, size: size)
      let pieceWidth = width(piece, size: size)
      if !line.isEmpty, used + space + pieceWidth > limit {
        if lines.count + 1 == maximum {
          lines.append(fitted(line + " \u{2026}", to: limit, size: size))
          return lines
        }
        lines.append(line)
        line = ""
        used = 0
      }
      if !line.isEmpty {
        line += " "
        used += space
      }
      line += piece
      used += pieceWidth
    }
    if !line.isEmpty { lines.append(line) }
    leaveNoWordAlone(&lines, limit: limit, size: size)
    return lines
  }

  /// Moves words from the line before the last down, until the last fills a quarter of the room.
  private static func leaveNoWordAlone(_ lines: inout [String], limit: Double, size: Double) {
    guard lines.count > 1 else { return }
    let last = lines.count - 1
    while width(lines[last], size: size) < limit / 4,
      let space = lines[last - 1].lastIndex(of: " ")
    {
      let line = lines[last - 1][space...].dropFirst() + " " + lines[last]
      guard width(line, size: size) <= limit else { return }
      lines[last] = line
      lines[last - 1].removeSubrange(space...)
    }
  }
}
