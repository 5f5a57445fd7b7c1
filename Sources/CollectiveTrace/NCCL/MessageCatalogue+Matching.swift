// SPDX-License-Identifier: Apache-2.0

extension MessageCatalogue {
  /// Whether a format matches a message to its end.
  func matches(_ row: Row, _ message: Span<UInt8>, scan: inout Scan) -> Bool {
    let count = message.count
    let stop = Int(row.tokens.upperBound)
    var token = Int(row.tokens.lowerBound)
    var position = 0
    // Where to go on when what follows the last text does not match.
    var resumeToken = -1
    var resumePosition = 0
    var textStart = 0
    var resumeLimit = count
    // The repetition that is being read.
    var close = -1
    var pieceStart = 0
    var pieces = 0

    while true {
      scan.patience -= 1
      guard scan.patience > 0 else { return false }
      if token == stop, position == count { return true }
      var next = -1
      if token < stop {
        let piece = tokens[token]
        switch piece.kind {
        case .text:
          textStart = position
          if token + 1 == stop {
            scan.note(.text, position..<count)
            return true
          }
          resumeToken = token + 1
          resumePosition = position
          // Where a format begins with text, that is a name.
          if token == Int(row.tokens.lowerBound) {
            while resumePosition < count, Self.isBlank(message[resumePosition]) {
              resumePosition += 1
            }
            resumeLimit = resumePosition
            while resumeLimit < count, !Self.isBlank(message[resumeLimit]) { resumeLimit += 1 }
            resumePosition += 1
          } else {
            resumeLimit = count
          }
          guard resumePosition <= resumeLimit else { return false }
          next = resumePosition
        case .open:
          close = token + Int(piece.start)
          pieceStart = position
          pieces = 0
          next = position
        case .close:
          pieces += 1
          if position > pieceStart, position < count {
            pieceStart = position
            token -= Int(piece.start)
          } else {
            close = -1
          }
          next = position
        default:
          next = read(piece, message, at: position)
        }
      }
      if next >= 0 {
        if token < stop { scan.note(tokens[token].kind, position..<next) }
        position = next
        token += 1
        continue
      }

      if close >= 0, pieces > 0 {
        // The list is over, or its buffer was full.
        scan.forget(from: pieceStart)
        if count >= Self.fullBuffer, count - pieceStart < 64, close + 1 == stop {
          scan.note(.text, pieceStart..<count)
          return true
        }
        position = pieceStart
        token = close + 1
        close = -1
        continue
      }
      close = -1
      guard resumeToken >= 0, resumePosition < resumeLimit else { return false }
      resumePosition += 1
      let follower = tokens[resumeToken]
      if follower.kind == .literal {
        let byte = text[Int(follower.start)]
        let from = resumePosition
        while resumePosition <= resumeLimit, resumePosition < count,
          message[resumePosition] != byte
        {
          resumePosition += 1
        }
        scan.patience -= (resumePosition - from) / 2
        guard resumePosition <= resumeLimit, resumePosition < count else { return false }
      }
      scan.forget(from: textStart)
      scan.note(.text, textStart..<resumePosition)
      position = resumePosition
      token = resumeToken
    }
  }

  /// Where a piece that begins at `position` ends, or -1.
  private func read(_ piece: Token, _ message: Span<UInt8>, at position: Int) -> Int {
    let count = message.count
    var position = position
    if piece.isPadded {
      while position < count, message[position] == 0x20 { position += 1 }
    }
    switch piece.kind {
    case .literal:
      let length = Int(piece.length)
      let start = Int(piece.start)
      let available = min(length, count - position)
      for index in 0..<available where message[position + index] != text[start + index] {
        return -1
      }
      if available == length { return position + length }
      // The blank at the end of a message goes with those that were cut off.
      return available == length - 1 && text[start + available] == 0x20 ? count : -1
    case .decimal:
      if position < count, message[position] == 0x2D { position += 1 }
      return Self.digits(message, position, limit: 20)
    case .unsigned:
      return Self.digits(message, position, limit: 20)
    case .hexadecimal:
      if piece.length > 0, position + 1 < count, message[position] == 0x30,
        message[position + 1] == 0x78
      {
        position += 2
      }
      return Self.hexadecimal(message, position)
    case .pointer:
      if Self.holds(message, position, "(nil)") { return position + 5 }
      guard Self.holds(message, position, "0x") else { return -1 }
      return Self.hexadecimal(message, position + 2)
    case .real:
      return Self.real(message, position)
    case .byte:
      return position < count ? position + 1 : -1
    case .blanks:
      while position < count, message[position] == 0x20 { position += 1 }
      return position
    case .word, .suffix:
      let start = position
      while position < count, Self.isWord(message[position]) { position += 1 }
      return position > start || piece.kind == .suffix ? position : -1
    case .node:
      return Self.node(message, position)
    case .plugin:
      return Self.plugin(message, position)
    case .location:
      return Self.location(message, position)
    case .text, .open, .close:
      return -1
    }
  }

  private static func digits(_ message: Span<UInt8>, _ start: Int, limit: Int) -> Int {
    var position = start
    while position < message.count, message[position] &- 0x30 < 10 { position += 1 }
    return position > start && position - start <= limit ? position : -1
  }

  private static func hexadecimal(_ message: Span<UInt8>, _ start: Int) -> Int {
    var position = start
    while position < message.count {
      let byte = message[position]
      guard byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 6 else { break }
      position += 1
    }
    return position > start && position - start <= 16 ? position : -1
  }

  private static func real(_ message: Span<UInt8>, _ start: Int) -> Int {
    var position = start
    if position < message.count, message[position] == 0x2D { position += 1 }
    if holds(message, position, "inf") || holds(message, position, "nan") { return position + 3 }
    position = digits(message, position, limit: 320)
    guard position >= 0 else { return -1 }
    if position < message.count, message[position] == 0x2E {
      let fraction = digits(message, position + 1, limit: 320)
      if fraction >= 0 { position = fraction }
    }
    if position + 1 < message.count, message[position] == 0x65,
      message[position + 1] == 0x2B || message[position + 1] == 0x2D
    {
      let exponent = digits(message, position + 2, limit: 4)
      if exponent >= 0 { position = exponent }
    }
    return position
  }

  private static func node(_ message: Span<UInt8>, _ start: Int) -> Int {
    guard message.count - start > 4, message[start + 3] == 0x2F else { return -1 }
    for index in start..<start + 3 where message[index] &- 0x41 > 25 { return -1 }
    let position = hexadecimal(message, start + 4)
    guard position >= 0, position < message.count, message[position] == 0x2D else {
      return position
    }
    return hexadecimal(message, position + 1)
  }

  private static func plugin(_ message: Span<UInt8>, _ start: Int) -> Int {
    var position = start
    // `NET/a` and `NET/0-1` are nodes of the topology.
    var isName = false
    while position < message.count, position - start <= 32 {
      let byte = message[position]
      if (byte | 0x20) &- 0x67 < 20 { isName = true }
      guard byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26 || byte == 0x5F || byte == 0x2D
      else { break }
      position += 1
    }
    guard position > start, position < message.count,
      message[position] == 0x20 || message[position] == 0x3A, isName
    else { return -1 }
    for name in ownNames
    where name.utf8CodeUnitCount == position - start && holds(message, start, name) {
      return -1
    }
    return position
  }

  /// Reads a source file's path and a line number, `src/misc/socket.cc:123`.
  private static func location(_ message: Span<UInt8>, _ start: Int) -> Int {
    var position = start
    while position < message.count, message[position] != 0x3A, message[position] > 0x20 {
      position += 1
    }
    guard position < message.count, message[position] == 0x3A else { return -1 }
    var dot = position - 1
    while dot > start, message[dot] &- 0x61 < 26 { dot -= 1 }
    guard dot > start, message[dot] == 0x2E, (2...4).contains(position - dot) else { return -1 }
    return digits(message, position + 1, limit: 7)
  }

  private static func holds(_ message: Span<UInt8>, _ start: Int, _ name: StaticString) -> Bool {
    let length = name.utf8CodeUnitCount
    guard message.count - start >= length else { return false }
    return name.withUTF8Buffer { bytes in
      for index in 0..<length where unsafe bytes[index] != message[start + index] { return false }
      return true
    }
  }

  static func isBlank(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0D || byte == 0x0A || byte == 0x09
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case 0...0x20, 0x28, 0x29, 0x2C, 0x3B, 0x5B, 0x5D, 0x7B, 0x7C, 0x7D, 0x7F: false
    default: true
    }
  }
}
