// SPDX-License-Identifier: Apache-2.0

/// Numbers as NCCL reads them from attributes (`strtol` with base 0, `strtof`), but checked.
extension XMLElement {
  /// Returns an integer attribute; decimal, `0x` hexadecimal, or octal with a leading 0.
  ///
  /// - Returns: `nil` when the attribute is missing.
  /// - Throws: when it is no number, or is outside `range`.
  func integer(
    _ name: String, in range: ClosedRange<Int>, file: String
  ) throws(TopologyError) -> Int? {
    // Where the system says nothing, NCCL may write an empty text.
    guard let text = self[name], !text.isEmpty else { return nil }
    guard let value = Self.integer(text), range.contains(value) else {
      throw invalid(
        name, text, "a whole number from \(range.lowerBound) to \(range.upperBound)", file)
    }
    return value
  }

  /// Returns an integer attribute that must be there.
  func required(
    _ name: String, in range: ClosedRange<Int>, file: String
  ) throws(TopologyError) -> Int {
    guard let value = try integer(name, in: range, file: file) else { throw missing(name, file) }
    return value
  }

  /// Returns a text attribute that must be there.
  func required(_ name: String, file: String) throws(TopologyError) -> String {
    guard let value = self[name] else { throw missing(name, file) }
    return value
  }

  /// Returns a decimal attribute: finite, from 0 to 1e9.
  func number(_ name: String, file: String) throws(TopologyError) -> Double? {
    guard let text = self[name] else { return nil }
    guard let value = Double(text), value.isFinite, (0...1e9).contains(value) else {
      throw invalid(name, text, "a number from 0 to 1e9", file)
    }
    return value
  }

  /// Returns a bus address.
  func bus(_ name: String, file: String) throws(TopologyError) -> BusID {
    let text = try required(name, file: file)
    guard let bus = BusID(text) else {
      throw invalid(name, text, "a PCI address such as 0000:1b:00.0", file)
    }
    return bus
  }

  /// Returns a 0 or 1 attribute.
  func flag(_ name: String, file: String) throws(TopologyError) -> Bool? {
    try integer(name, in: Int(Int32.min)...Int(Int32.max), file: file).map { $0 != 0 }
  }

  /// The refusal of a missing attribute.
  func missing(_ attribute: String, _ file: String) -> TopologyError {
    .malformed(
      file, line: line, "<\(shownName)> has no \(attribute)",
      "add it; NCCL refuses the file without it")
  }

  /// The refusal of a wrong value.
  func invalid(
    _ attribute: String, _ value: String, _ allowed: String, _ file: String
  ) -> TopologyError {
    .malformed(
      file, line: line,
      "\(attribute) of <\(shownName)> is `\(ConfigurationText.printable(value))`",
      "it must be \(allowed)")
  }

  /// The element's name, safe to print.
  var shownName: String { ConfigurationText.printable(name) }

  /// Reads what `strtol(text, NULL, 0)` would, when the whole text is a number.
  static func integer(_ text: String) -> Int? {
    var digits = Substring(text.drop { $0 == " " || $0 == "\t" })
    var isNegative = false
    if let sign = digits.first, sign == "-" || sign == "+" {
      isNegative = sign == "-"
      digits = digits.dropFirst()
    }
    let radix =
      digits.hasPrefix("0x") || digits.hasPrefix("0X") ? 16 : digits.hasPrefix("0") ? 8 : 10
    if radix == 16 { digits = digits.dropFirst(2) }
    guard let first = digits.utf8.first, first != UInt8(ascii: "-"), first != UInt8(ascii: "+"),
      let magnitude = Int(digits, radix: radix)
    else { return nil }
    return isNegative ? -magnitude : magnitude
  }
}
