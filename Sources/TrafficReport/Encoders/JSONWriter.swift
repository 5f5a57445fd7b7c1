// SPDX-License-Identifier: Apache-2.0

/// Writes JSON (RFC 8259) in the order in which it is told, as valid UTF-8 without NaN.
///
/// A block puts one member on each line, an inline value stays on its line, so that a change of
/// one row is a change of one line. Integers are written exactly; a reader that holds numbers as
/// doubles rounds those beyond 2^53.
struct JSONWriter {
  private enum Layout { case block, inline }
  private struct Level {
    var layout: Layout
    var close: UInt8
    var isEmpty = true
  }

  private(set) var bytes: [UInt8] = []
  private var levels: [Level] = []
  private var isAfterKey = false

  // MARK: Structure

  mutating func openObject(isInline: Bool = false) { open("{", "}", isInline) }

  mutating func openArray(isInline: Bool = false) { open("[", "]", isInline) }

  mutating func close() {
    guard let level = levels.popLast() else { return }
    if level.layout == .block, !level.isEmpty { newLine() }
    bytes.append(level.close)
    if levels.isEmpty { bytes.append(UInt8(ascii: "\n")) }
  }

  mutating func key(_ name: String) {
    separate()
    append(quoted: name)
    bytes += ": ".utf8
    isAfterKey = true
  }

  // MARK: Values

  mutating func string(_ value: String) {
    separate()
    append(quoted: value)
  }

  mutating func unsigned(_ value: UInt64) { append(token: String(value)) }

  mutating func integer(_ value: Int) { append(token: String(value)) }

  mutating func boolean(_ value: Bool) { append(token: value ? "true" : "false") }

  mutating func null() { append(token: "null") }

  mutating func cell(_ cell: Cell) {
    switch cell {
    case .unknown: null()
    case .integer(let value): integer(value)
    case .unsigned(let value): unsigned(value)
    case .number(let value): append(token: Quantity.fixed(value, places: 3, isTrimmed: true))
    case .ratio(let value): append(token: Quantity.fixed(value, places: 6, isTrimmed: true))
    case .boolean(let value): boolean(value)
    case .text(let value): string(value)
    }
  }

  mutating func member(_ name: String, _ cell: Cell) {
    key(name)
    self.cell(cell)
  }

  /// Writes nanoseconds as microseconds with three decimals, exactly.
  mutating func microseconds(_ name: String, _ nanoseconds: Int64) {
    let (whole, rest) = nanoseconds.magnitude.quotientAndRemainder(dividingBy: 1000)
    let decimals = String(rest)
    key(name)
    append(
      token: "\(nanoseconds < 0 ? "-" : "")\(whole)."
        + String(repeating: "0", count: 3 - decimals.utf8.count) + decimals)
  }

  mutating func strings(_ name: String, _ values: [String], isInline: Bool = true) {
    key(name)
    openArray(isInline: isInline)
    for value in values { string(value) }
    close()
  }

  /// Hands over what was written, so that a long document need not be in memory.
  mutating func drain() -> [UInt8] {
    defer { bytes.removeAll(keepingCapacity: true) }
    return bytes
  }

  // MARK: Encoding

  private mutating func open(_ opening: Unicode.Scalar, _ closing: Unicode.Scalar, _ inline: Bool) {
    separate()
    bytes += String(opening).utf8
    let isInline = inline || levels.last?.layout == .inline
    levels.append(
      Level(layout: isInline ? .inline : .block, close: UInt8(ascii: closing)))
  }

  private mutating func append(token: String) {
    separate()
    bytes += token.utf8
  }

  private mutating func separate() {
    if isAfterKey {
      isAfterKey = false
      return
    }
    guard let level = levels.last else { return }
    if !level.isEmpty { bytes.append(UInt8(ascii: ",")) }
    switch level.layout {
    case .block: newLine()
    case .inline: if !level.isEmpty { bytes.append(UInt8(ascii: " ")) }
    }
    levels[levels.count - 1].isEmpty = false
  }

  private mutating func newLine() {
    bytes.append(UInt8(ascii: "\n"))
    bytes += repeatElement(UInt8(ascii: " "), count: 2 * levels.count)
  }

  /// Appends a string literal; what a terminal or a browser could act upon is escaped.
  private mutating func append(quoted text: String) {
    bytes.append(UInt8(ascii: "\""))
    if text.utf8.allSatisfy(Self.isPlain) {
      bytes += text.utf8
      bytes.append(UInt8(ascii: "\""))
      return
    }
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": bytes += "\\\"".utf8
      case "\\": bytes += "\\\\".utf8
      case "\n": bytes += "\\n".utf8
      case "\r": bytes += "\\r".utf8
      case "\t": bytes += "\\t".utf8
      // The report may be placed inside a page, where these would end its script element.
      case "<", ">", "&": append(escaped: UInt16(scalar.value))
      default:
        if PlainText.isPrintable(scalar) {
          bytes += String(scalar).utf8
        } else {
          for unit in String(scalar).utf16 { append(escaped: unit) }
        }
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  /// Whether a byte is printable ASCII that needs no escape, as nearly all are.
  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "<"), UInt8(ascii: ">"),
      UInt8(ascii: "&"):
      false
    default: (0x20...0x7E).contains(byte)
    }
  }

  private mutating func append(escaped unit: UInt16) {
    let digits = String(unit, radix: 16)
    bytes += "\\u".utf8
    bytes += repeatElement(UInt8(ascii: "0"), count: 4 - digits.utf8.count)
    bytes += digits.utf8
  }
}
