// SPDX-License-Identifier: Apache-2.0

/// Writes HTML elements into bytes, without white space of its own.
///
/// Names of elements and attributes are literals of this module, so input can only become text or
/// an attribute's value, and both are escaped as in ``SVGWriter``.
struct HTMLWriter {
  /// An attribute without a value is left out.
  typealias Attributes = KeyValuePairs<StaticString, String?>

  private(set) var bytes: [UInt8] = []

  mutating func open(_ name: StaticString, _ attributes: Attributes = [:]) {
    start(name, attributes)
    bytes.append(UInt8(ascii: ">"))
  }

  /// Writes an element that has no content, in a way that XML understands too.
  mutating func empty(_ name: StaticString, _ attributes: Attributes = [:]) {
    start(name, attributes)
    bytes += "/>".utf8
  }

  private mutating func start(_ name: StaticString, _ attributes: Attributes) {
    bytes.append(UInt8(ascii: "<"))
    bytes += name.description.utf8
    for case (let key, let value?) in attributes {
      bytes.append(UInt8(ascii: " "))
      bytes += key.description.utf8
      bytes += "=\"".utf8
      SVGWriter.append(escaped: value, to: &bytes)
      bytes.append(UInt8(ascii: "\""))
    }
  }

  mutating func close(_ name: StaticString) { bytes += "</\(name)>".utf8 }

  /// Ends a line of the source, where white space means nothing.
  mutating func newLine() { bytes.append(UInt8(ascii: "\n")) }

  mutating func text(_ content: String) { SVGWriter.append(escaped: content, to: &bytes) }

  mutating func element(_ name: StaticString, _ content: String) { element(name, [:], content) }

  mutating func element(_ name: StaticString, _ attributes: Attributes, _ content: String) {
    open(name, attributes)
    text(content)
    close(name)
  }

  /// Writes what this module made: figures, the style sheet, the script.
  mutating func verbatim(_ markup: some Sequence<UInt8>) { bytes += markup }
}
