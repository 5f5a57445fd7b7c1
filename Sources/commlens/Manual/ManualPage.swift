// SPDX-License-Identifier: Apache-2.0

/// Text of a manual page in the mdoc language, one sentence a line.
///
/// Nothing of it depends on the day or the machine; `mandoc -Tlint` has nothing to say about it.
struct ManualPage {
  /// The name of the file, `commlens-analyze.1`.
  let fileName: String
  private(set) var text: String

  /// Longest line that mandoc does not object to.
  private static let width = 78

  /// Starts a page with its head and its name.
  ///
  /// - Parameters:
  ///   - name: What the page is about, `commlens-analyze`.
  ///   - section: Number of the manual's section.
  ///   - summary: One phrase; a full stop at its end is dropped, as the language wants it.
  init(name: String, section: Int, summary: String) {
    fileName = "\(name).\(section)"
    let phrase = summary.hasSuffix(".") ? String(summary.dropLast()) : summary
    text = """
      .\\" Written by `commlens manual` of commlens \(Version.number).
      .Dd \(Version.date)
      .Dt \(name.uppercased()) \(section)
      .Os
      .Sh NAME
      .Nm \(name)
      .Nd \(Self.escaped(phrase))

      """
  }

  /// Starts a section.
  mutating func section(_ title: String) { text += ".Sh \(title.uppercased())\n" }

  /// Starts a subsection.
  mutating func subsection(_ title: String) { text += ".Ss \(Self.escaped(title))\n" }

  /// Adds a line of the language as it is.
  mutating func macro(_ line: String) { text += line + "\n" }

  /// Adds prose; an empty line in it begins a paragraph.
  mutating func prose(_ prose: String) {
    let paragraphs = prose.split(separator: "\n\n")
    for (index, paragraph) in paragraphs.enumerated() {
      if index > 0 { macro(".Pp") }
      for line in Self.lines(paragraph) { macro(line) }
    }
  }

  /// Adds a list of terms with what they mean.
  ///
  /// - Parameter items: The term as a macro's arguments, such as `Fl o Ar dir`, and prose.
  mutating func list(_ items: [(term: String, prose: String)]) {
    guard !items.isEmpty else { return }
    macro(".Bl -tag -width Ds")
    for item in items {
      macro(".It \(item.term)")
      prose(item.prose)
    }
    macro(".El")
  }

  /// Adds lines that are shown as they are.
  mutating func literal(_ lines: String) {
    macro(".Bd -literal -offset indent")
    for line in lines.split(separator: "\n", omittingEmptySubsequences: false) {
      macro(Self.guarded(Self.escaped(String(line))))
    }
    macro(".Ed")
  }

  /// Adds references to other pages.
  ///
  /// - Parameter pages: Names with their sections, in the order of the list.
  mutating func references(_ pages: [(name: String, section: Int)]) {
    section("see also")
    for (index, page) in pages.enumerated() {
      macro(".Xr \(page.name) \(page.section)" + (index < pages.count - 1 ? " ," : ""))
    }
  }

  // MARK: - Escapes

  /// A word that a macro takes as text, whatever it looks like.
  static func argument(_ text: String) -> String { "\\&" + escaped(text) }

  /// Text in which no character has a meaning to the formatter.
  ///
  /// A dash that belongs to an option or a name must stay the one of the keyboard, so that it can
  /// be copied into a shell.
  static func escaped(_ text: String) -> String {
    var result = ""
    for (index, word) in text.split(separator: " ", omittingEmptySubsequences: false).enumerated() {
      if index > 0 { result += " " }
      let isName = word.hasPrefix("-") || word.dropLast().contains { "/_.=|".contains($0) }
      for character in word {
        switch character {
        case "\\": result += "\\e"
        case "-" where isName: result += "\\-"
        case "`": result += "\\(ga"
        case "'": result += "\\(aq"
        case "^": result += "\\(ha"
        case "~": result += "\\(ti"
        default: result.append(character)
        }
      }
    }
    return result
  }

  /// A line that is not taken for a macro.
  private static func guarded(_ line: String) -> String {
    line.hasPrefix(".") || line.hasPrefix("'") ? "\\&" + line : line
  }

  /// Fills lines with words; a sentence begins a line.
  private static func lines(_ paragraph: Substring) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in paragraph.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
      // Three dots are no end of a sentence, wherever the line breaks.
      let word = escaped(String(word)) + (word.hasSuffix("...") ? "\\&" : "")
      if !line.isEmpty, line.utf8.count + 1 + word.utf8.count > width || endsSentence(line) {
        lines.append(guarded(line))
        line = ""
      }
      line += line.isEmpty ? word : " " + word
    }
    if !line.isEmpty { lines.append(guarded(line)) }
    return lines
  }

  private static func endsSentence(_ line: String) -> Bool {
    let end = line.last { $0 != ")" && $0 != "\"" }
    return end == "." || end == "!" || end == "?"
  }
}
