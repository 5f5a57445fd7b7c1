// SPDX-License-Identifier: Apache-2.0

extension MessageCatalogue {
  /// Cuts the rows of the tables into tokens.
  struct Compiler {
    let text: [UInt8]
    var tokens: [Token] = []
    var rows: [Row] = []

    init(text: [UInt8]) {
      self.text = text
      tokens.reserveCapacity(text.count / 10)
      rows.reserveCapacity(text.count / 64)
    }

    mutating func compile() {
      let text = text
      var start = 0
      while start < text.count {
        var end = start
        var tabs = 0
        var format = start
        while end < text.count, text[end] != 0x0A {
          if text[end] == 0x09, tabs < 3 {
            tabs += 1
            format = end + 1
          }
          end += 1
        }
        if tabs == 3 { compileRow(line: start..<end, format: format) }
        start = end + 1
      }
    }

    private mutating func compileRow(line: Range<Int>, format: Int) {
      let end = line.upperBound
      let first = tokens.count
      var signature = Signature()
      var literals = 0
      var open = -1
      var position = format
      var prefixEnd = format
      let text = text
      if position + 5 <= end, text[position..<position + 5].elementsEqual("%s:%d".utf8) {
        tokens.append(Token(kind: .location))
        position += 5
      }
      while position < end {
        if text[position] == 0x25 {
          position = compileConversion(at: position, end: end, open: &open, first: first)
          continue
        }
        let start = position
        while position < end, text[position] != 0x25 {
          // A blank after which a message ended was cut off with the end of the line.
          let isLast = position + 1 == end || text[position + 1] == 0x25
          if position > start, text[position] != 0x20 || !isLast {
            signature.insert(text[position - 1], text[position])
          }
          if text[position] > 0x20 { literals += 1 }
          position += 1
        }
        if start == format { prefixEnd = position }
        tokens.append(Token(kind: .literal, start: Int32(start), length: Int32(position - start)))
      }
      if tokens.count - first == 2, tokens[first + 1].kind == .text, prefixEnd > format,
        text[prefixEnd - 1] == 0x20
      {
        prefixEnd -= 1
      }
      rows.append(
        Row(
          level: text[line.lowerBound], tokens: Int32(first)..<Int32(tokens.count),
          line: Int32(line.lowerBound)..<Int32(end), format: Int32(format),
          prefix: Int32(format)..<Int32(prefixEnd), literals: Int32(literals),
          signature: signature))
    }

    private static func isFlag(_ byte: UInt8) -> Bool {
      byte == 0x2D || byte == 0x2B || byte == 0x20 || byte == 0x23 || byte == 0x30
    }

    private static func isLengthModifier(_ byte: UInt8) -> Bool {
      byte == 0x6C || byte == 0x7A || byte == 0x68 || byte == 0x6A || byte == 0x74
    }

    /// Compiles the conversion at `start` and returns where it ends.
    private mutating func compileConversion(
      at start: Int, end: Int, open: inout Int, first: Int
    ) -> Int {
      var position = start + 1
      var isAlternate = false
      var isPadded = false
      while position < end, Self.isFlag(text[position]) {
        if text[position] == 0x23 { isAlternate = true }
        position += 1
      }
      let isFilled = text[position - 1] == 0x30 || text[position - 1] == 0x2D
      while position < end,
        text[position] &- 0x30 < 10 || text[position] == 0x2A || text[position] == 0x2E
      {
        isPadded = !isFilled
        position += 1
      }
      while position < end, Self.isLengthModifier(text[position]) { position += 1 }
      guard position < end else {
        tokens.append(Token(kind: .literal, start: Int32(start), length: Int32(end - start)))
        return end
      }
      let kind: Kind
      switch UnicodeScalar(text[position]) {
      case "d", "i": kind = .decimal
      case "u": kind = .unsigned
      case "x", "X": kind = .hexadecimal
      case "p": kind = .pointer
      case "f", "g", "e": kind = .real
      case "c": kind = .byte
      case "w": kind = .word
      case "S": kind = .suffix
      case "N": kind = .node
      case "P": kind = .plugin
      case "_": kind = .blanks
      case "(":
        kind = .open
        open = tokens.count
      case ")":
        kind = .close
        guard open >= first else { return position + 1 }
        let length = Int32(tokens.count - open)
        tokens[open].start = length
        tokens.append(Token(kind: .close, start: length))
        return position + 1
      case "s", "m":
        kind = .text
        // Neighbouring texts are one.
        if tokens.count > first, tokens.last?.kind == .text { return position + 1 }
      default:
        tokens.append(
          Token(kind: .literal, start: Int32(position), length: 1))
        return position + 1
      }
      tokens.append(Token(kind: kind, isPadded: isPadded, length: isAlternate ? 1 : 0))
      return position + 1
    }
  }
}
