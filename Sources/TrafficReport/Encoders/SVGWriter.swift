// SPDX-License-Identifier: Apache-2.0

/// The value of an SVG attribute.
enum SVGValue: ExpressibleByStringLiteral {
  case number(Double)
  case text(String)

  init(stringLiteral value: String) { self = .text(value) }
}

/// Writes SVG elements, one a line, into bytes.
///
/// Names of elements and attributes are literals of this module, so input can only become text or
/// an attribute's value, and both are escaped in one place. Coordinates have at most two decimals.
struct SVGWriter {
  typealias Attributes = KeyValuePairs<StaticString, SVGValue>

  private(set) var bytes: [UInt8] = []
  /// Elements written so far.
  private(set) var elements = 0

  mutating func open(_ name: StaticString, _ attributes: Attributes = [:]) {
    start(name, attributes)
    bytes += ">\n".utf8
  }

  mutating func close(_ name: StaticString) {
    bytes += "</\(name)>\n".utf8
  }

  mutating func empty(_ name: StaticString, _ attributes: Attributes) {
    start(name, attributes)
    bytes += "/>\n".utf8
  }

  /// Writes an element that holds only text.
  mutating func text(_ name: StaticString, _ attributes: Attributes = [:], _ content: String) {
    start(name, attributes)
    bytes.append(UInt8(ascii: ">"))
    Self.append(escaped: content, to: &bytes)
    bytes += "</\(name)>\n".utf8
  }

  /// Writes an element with a tooltip.
  mutating func element(_ name: StaticString, _ attributes: Attributes, tooltip: String) {
    start(name, attributes)
    bytes.append(UInt8(ascii: ">"))
    start("title", [:])
    bytes.append(UInt8(ascii: ">"))
    Self.append(escaped: tooltip, to: &bytes)
    bytes += "</title></\(name)>\n".utf8
  }

  /// Writes the style sheet, which this module makes from constants; input has no way into it.
  mutating func style(_ sheet: String) {
    start("style", [:])
    bytes += ">\n".utf8
    bytes += sheet.utf8
    bytes += "</style>\n".utf8
  }

  /// Appends elements that another writer made.
  mutating func append(_ other: SVGWriter) {
    bytes += other.bytes
    elements += other.elements
  }

  private mutating func start(_ name: StaticString, _ attributes: Attributes) {
    elements += 1
    bytes.append(UInt8(ascii: "<"))
    bytes += name.description.utf8
    for (key, value) in attributes {
      bytes.append(UInt8(ascii: " "))
      bytes += key.description.utf8
      bytes += "=\"".utf8
      switch value {
      case .number(let number): bytes += Self.coordinate(number).utf8
      case .text(let text): Self.append(escaped: text, to: &bytes)
      }
      bytes.append(UInt8(ascii: "\""))
    }
  }

  /// Writes a coordinate with at most two decimals.
  static func coordinate(_ value: Double) -> String {
    Quantity.fixed(value, places: 2, isTrimmed: true)
  }

  /// Appends text so that it stays text: the five characters of XML, and U+FFFD for controls.
  static func append(escaped text: String, to bytes: inout [UInt8]) {
    for scalar in PlainText.printable(text).unicodeScalars {
      switch scalar {
      case "&": bytes += "&amp;".utf8
      case "<": bytes += "&lt;".utf8
      case ">": bytes += "&gt;".utf8
      case "\"": bytes += "&quot;".utf8
      case "'": bytes += "&#39;".utf8
      default: bytes += String(scalar).utf8
      }
    }
  }
}
