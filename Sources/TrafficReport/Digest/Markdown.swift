// SPDX-License-Identifier: Apache-2.0

/// Writes GitHub-flavoured Markdown whose text cannot become markup.
enum Markdown {
  /// Escapes everything that Markdown or HTML could act upon.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in PlainText.printable(text).unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      // As references, because a backslash inside a table or at a line's start is not enough.
      case "@", "|", "#", ":": result += "&#\(scalar.value);"
      case "\\", "`", "*", "_", "[", "]", "(", ")", "~", "!", "{", "}", "$":
        result += "\\"
        result.unicodeScalars.append(scalar)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// Writes a table of cells that are escaped already.
  static func table(
    header: [String], alignments: [TextTable.Alignment], rows: [[String]]
  ) -> String {
    var text = "| " + header.joined(separator: " | ") + " |\n"
    text += "|" + alignments.map { $0 == .right ? " ---: |" : " --- |" }.joined() + "\n"
    for row in rows { text += "| " + row.joined(separator: " | ") + " |\n" }
    return text
  }
}
