// SPDX-License-Identifier: Apache-2.0

/// A small, strict reader of XML without DTD, comments or CDATA: what our figures may be made of.
struct XMLChecker {
  struct Element {
    var name: String
    var attributes: [(name: String, value: String)]
    var text = ""
    var parent: Int?

    subscript(name: String) -> String? { attributes.first { $0.name == name }?.value }
    func number(_ name: String) -> Double? { self[name].flatMap(Double.init) }
  }
  struct Malformed: Error, CustomStringConvertible {
    var description: String
  }

  private var scalars: [Unicode.Scalar]
  private var at = 0
  private var elements: [Element] = []

  /// Returns the elements of a document in document order.
  static func elements(of bytes: [UInt8]) throws -> [Element] {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Malformed(description: "not UTF-8")
    }
    var checker = XMLChecker(scalars: Array(text.unicodeScalars))
    return try checker.document()
  }

  private init(scalars: [Unicode.Scalar]) { self.scalars = scalars }

  private mutating func document() throws -> [Element] {
    var open: [Int] = []
    while at < scalars.count {
      if scalars[at] == "<" {
        at += 1
        if peek == "/" {
          at += 1
          let name = try name()
          guard let last = open.popLast(), elements[last].name == name else {
            throw fault("unbalanced </\(name)>")
          }
          try expect(">")
        } else {
          try startTag(&open)
        }
      } else {
        let scalar = try character(endingAt: "<")
        if let last = open.last {
          elements[last].text.unicodeScalars.append(scalar)
        } else if scalar != "\n" {
          throw fault("text outside the root")
        }
      }
    }
    guard open.isEmpty else { throw fault("elements left open") }
    guard elements.count(where: { $0.parent == nil }) == 1 else { throw fault("not one root") }
    return elements
  }

  private mutating func startTag(_ open: inout [Int]) throws {
    var element = Element(name: try name(), attributes: [], parent: open.last)
    while true {
      guard let next = peek else { throw fault("unterminated tag") }
      if next == ">" {
        at += 1
        open.append(elements.count)
        break
      }
      if next == "/" {
        at += 1
        try expect(">")
        break
      }
      try expect(" ")
      let key = try name()
      try expect("=")
      try expect("\"")
      var value = ""
      while let scalar = peek, scalar != "\"" {
        guard scalar != "<" else { throw fault("< in a value") }
        value.unicodeScalars.append(try character(endingAt: "\""))
      }
      try expect("\"")
      guard element[key] == nil else { throw fault("attribute \(key) twice") }
      element.attributes.append((key, value))
    }
    elements.append(element)
  }

  private mutating func character(endingAt end: Unicode.Scalar) throws -> Unicode.Scalar {
    let scalar = scalars[at]
    at += 1
    if scalar == "&" {
      var name = ""
      while let next = peek, next != ";", name.utf8.count < 8 {
        name.unicodeScalars.append(next)
        at += 1
      }
      try expect(";")
      switch name {
      case "amp": return "&"
      case "lt": return "<"
      case "gt": return ">"
      case "quot": return "\""
      case "#39": return "'"
      default: throw fault("entity \(name)")
      }
    }
    let isAllowed =
      switch scalar.value {
      case 0x0A, 0x20...0x7E, 0xA0...0xD7FF, 0xE000...0xFFFD, 0x10000...0x10FFFF: true
      default: false
      }
    guard isAllowed else { throw fault("character U+\(String(scalar.value, radix: 16))") }
    return scalar
  }

  private mutating func name() throws -> String {
    var name = ""
    while let next = peek,
      next.properties.isAlphabetic || "-:".unicodeScalars.contains(next)
        || (!name.isEmpty && ("0"..."9").contains(next))
    {
      name.unicodeScalars.append(next)
      at += 1
    }
    guard !name.isEmpty else { throw fault("no name") }
    return name
  }

  private var peek: Unicode.Scalar? { at < scalars.count ? scalars[at] : nil }

  private mutating func expect(_ scalar: Unicode.Scalar) throws {
    guard peek == scalar else { throw fault("expected \(scalar)") }
    at += 1
  }

  private func fault(_ what: String) -> Malformed {
    Malformed(description: "\(what) at scalar \(at)")
  }
}
