// SPDX-License-Identifier: Apache-2.0

/// Reads the data of a Python pickle without running anything of it.
///
/// A pickle is a program for a stack machine, some of whose instructions import and call functions.
/// This machine knows only those that build plain data, and refuses all others by name. It takes
/// whole instructions from a window of bytes and needs no more of the file in memory.
struct PickleMachine {
  /// Longest text that is read.
  static let maximumTextBytes = 1 << 20
  /// Most values on the stack, and most that are remembered.
  static let maximumStack = 1 << 20

  /// What was built.
  private(set) var tree = DataTree()
  /// The value at the end of the program, when it has been reached.
  private(set) var root: Int32?
  /// Bytes taken.
  private(set) var offset = 0

  private var stack: [Int32] = []
  private var marks: [Int] = []
  private var memo: [UInt32: Int32] = [:]

  /// Whether a file begins with a pickle of protocol 2 to 5.
  static func recognises(_ prefix: TextCursor) -> Bool {
    guard prefix.byte(at: 0) == 0x80, (2...5).contains(prefix.byte(at: 1)) else { return false }
    // What follows is an instruction; in a length of a protocol buffer it is a tag.
    return prefix.end <= 2 || Self.names[prefix.byte(at: 2)] != nil
  }

  /// Takes the whole instructions at the start of `bytes` and returns how many bytes they have.
  ///
  /// - Throws: ``DumpError`` for an instruction that is not plain data, or that makes no sense.
  mutating func run(_ bytes: UnsafeRawBufferPointer) throws(DumpError) -> Int {
    var position = 0
    while root == nil, position < bytes.count {
      guard
        let taken = try unsafe step(UnsafeRawBufferPointer(rebasing: bytes[position...]))
      else { break }
      position += taken
      offset += taken
    }
    return position
  }

  // MARK: - Instructions

  /// Carries out one instruction; `nil` when it is not there whole.
  private mutating func step(_ bytes: UnsafeRawBufferPointer) throws(DumpError) -> Int? {
    let code = unsafe bytes[0]
    switch code {
    case 0x80:  // PROTO
      guard bytes.count > 1 else { return nil }
      guard unsafe bytes[1] <= 5 else {
        throw .refused("A pickle of protocol \(unsafe bytes[1]), which is not known.")
      }
      return 2
    case 0x95:  // FRAME; its length is of no use to a reader of windows
      return bytes.count < 9 ? nil : 9
    case 0x28:  // MARK
      guard marks.count < DataTree.maximumDepth else {
        throw .limit("nests more than \(DataTree.maximumDepth) lists and dictionaries")
      }
      marks.append(stack.count)
    case 0x2E:  // STOP
      guard marks.isEmpty, let top = stack.popLast(), stack.isEmpty else { throw underflow(code) }
      root = top
    case 0x4E: try push(.null)
    case 0x88: try push(.bool(true))
    case 0x89: try push(.bool(false))
    case 0x4A, 0x4B, 0x4D, 0x8A: return try unsafe pushInteger(code, bytes)
    case 0x47:  // BINFLOAT, big end first
      guard let bits = unsafe Self.number(bytes, at: 1, size: 8, isBigEndian: true) else {
        return nil
      }
      try push(.real(Double(bitPattern: bits)))
      return 9
    case 0x58, 0x8C, 0x8D, 0x43, 0x42, 0x8E, 0x54, 0x55:
      return try unsafe pushText(code, bytes)
    case 0x5D, 0x29, 0x8F: try push(container: false)
    case 0x7D: try push(container: true)
    case 0x74: try gather(fromMark(code))
    case 0x85, 0x86, 0x87: try gather(top(Int(code) - 0x84, code))
    case 0x61: try append(top(1, code), code)
    case 0x65, 0x75: try append(fromMark(code), code)
    case 0x73: try append(top(2, code), code)
    case 0x71, 0x72:  // BINPUT, LONG_BINPUT
      let size = code == 0x71 ? 1 : 4
      guard let key = unsafe Self.number(bytes, at: 1, size: size) else { return nil }
      try remember(UInt32(truncatingIfNeeded: key), code)
      return 1 + size
    case 0x94: try remember(UInt32(truncatingIfNeeded: memo.count), code)
    case 0x68, 0x6A:  // BINGET, LONG_BINGET
      let size = code == 0x68 ? 1 : 4
      guard let key = unsafe Self.number(bytes, at: 1, size: size) else { return nil }
      guard let node = memo[UInt32(truncatingIfNeeded: key)] else {
        throw malformed(code, "asks for a value that was never stored")
      }
      try push(node)
      return 1 + size
    case 0x30:  // POP takes a mark where one is on top
      if marks.last == stack.count {
        marks.removeLast()
      } else if stack.popLast() == nil {
        throw underflow(code)
      }
    case 0x31: _ = try fromMark(code)
    default: return try unsafe refuse(code, bytes)
    }
    return 1
  }

  private mutating func pushInteger(
    _ code: UInt8, _ bytes: UnsafeRawBufferPointer
  ) throws(DumpError) -> Int? {
    if code == 0x8A {  // LONG1: a length and a number with the low end first
      guard bytes.count > 1 else { return nil }
      let size = Int(unsafe bytes[1])
      guard size <= 16 else { throw malformed(code, "has a number of \(size) bytes") }
      guard bytes.count >= 2 + size else { return nil }
      var value: Int64 = 0
      let last = unsafe bytes[1 + size]
      let isNegative = size > 0 && last >= 0x80
      for index in 0..<size where index < 8 {
        value |= Int64(bitPattern: UInt64(unsafe bytes[2 + index]) << (8 * UInt64(index)))
      }
      if isNegative, size < 8 { value |= -1 << (8 * Int64(size)) }
      // What does not fit is no count and no time.
      let filler: UInt8 = isNegative ? 0xFF : 0
      let high = unsafe bytes[2..<2 + size].dropFirst(8)
      let isSmall = unsafe high.allSatisfy { $0 == filler }
      let fits = size <= 8 || isSmall && (value < 0) == isNegative
      try push(fits ? .integer(value) : .real(.infinity))
      return 2 + size
    }
    let size = code == 0x4A ? 4 : code == 0x4D ? 2 : 1
    guard let value = unsafe Self.number(bytes, at: 1, size: size) else { return nil }
    try push(.integer(size == 4 ? Int64(Int32(truncatingIfNeeded: value)) : Int64(value)))
    return 1 + size
  }

  private mutating func pushText(
    _ code: UInt8, _ bytes: UnsafeRawBufferPointer
  ) throws(DumpError) -> Int? {
    let size =
      switch code {
      case 0x8C, 0x43, 0x55: 1
      case 0x8D, 0x8E: 8
      default: 4
      }
    guard let count = unsafe Self.number(bytes, at: 1, size: size) else { return nil }
    // Judged before a byte of it is waited for.
    guard count <= UInt64(Self.maximumTextBytes) else {
      throw malformed(code, "announces a text of \(count) bytes")
    }
    let end = 1 + size + Int(count)
    guard bytes.count >= end else { return nil }
    let node = try unsafe tree.addText(bytes[(1 + size)..<end])
    try push(node)
    return end
  }

  // MARK: - Stack

  private mutating func push(_ node: DataTree.Node) throws(DumpError) { try push(tree.add(node)) }

  private mutating func push(container isDictionary: Bool) throws(DumpError) {
    try push(tree.addContainer(isDictionary: isDictionary))
  }

  private mutating func push(_ node: Int32) throws(DumpError) {
    guard stack.count < Self.maximumStack else {
      throw .limit("puts more than \(Self.maximumStack) values on the stack")
    }
    stack.append(node)
  }

  /// Takes the values above the last mark, and the mark.
  private mutating func fromMark(_ code: UInt8) throws(DumpError) -> [Int32] {
    guard let mark = marks.popLast(), mark <= stack.count else { throw underflow(code) }
    let items = Array(stack[mark...])
    stack.removeLast(items.count)
    return items
  }

  /// Takes the top values.
  private mutating func top(_ count: Int, _ code: UInt8) throws(DumpError) -> [Int32] {
    guard stack.count - count >= marks.last ?? 0 else { throw underflow(code) }
    let items = Array(stack.suffix(count))
    stack.removeLast(count)
    return items
  }

  /// Makes a tuple, which is read as a list.
  private mutating func gather(_ items: [Int32]) throws(DumpError) {
    let node = try tree.addContainer(isDictionary: false)
    _ = try tree.append(items[...], to: node)
    try push(node)
  }

  private mutating func append(_ items: [Int32], _ code: UInt8) throws(DumpError) {
    guard stack.count > marks.last ?? 0, let parent = stack.last else { throw underflow(code) }
    let isDictionary = code == 0x73 || code == 0x75
    switch (tree[parent], isDictionary) {
    case (.list, false), (.dictionary, true): break
    default: throw malformed(code, "has nothing to add to")
    }
    guard try tree.append(items[...], to: parent) else {
      throw malformed(code, "has a list or dictionary as a key, or a key without a value")
    }
  }

  private mutating func remember(_ key: UInt32, _ code: UInt8) throws(DumpError) {
    guard stack.count > marks.last ?? 0, let top = stack.last else { throw underflow(code) }
    guard memo.count < Self.maximumStack || memo[key] != nil else {
      throw .limit("stores more than \(Self.maximumStack) values")
    }
    memo[key] = top
  }

  /// The number at an offset, or `nil` when it is not there whole.
  private static func number(
    _ bytes: UnsafeRawBufferPointer, at start: Int, size: Int, isBigEndian: Bool = false
  ) -> UInt64? {
    guard bytes.count >= start + size else { return nil }
    var value: UInt64 = 0
    for index in 0..<size {
      let byte = unsafe bytes[start + (isBigEndian ? index : size - 1 - index)]
      value = value << 8 | UInt64(byte)
    }
    return value
  }

  // MARK: - Refusals

  private func underflow(_ code: UInt8) -> DumpError {
    malformed(code, "finds too few values, or a mark too many, on the stack")
  }

  private func malformed(_ code: UInt8, _ what: String) -> DumpError {
    .malformed("The pickle is damaged: \(Self.name(code)) at byte \(offset) \(what).")
  }

  private static func name(_ code: UInt8) -> String {
    names[code] ?? "instruction 0x" + String(code, radix: 16)
  }

  /// Refuses an instruction that is not plain data, naming what it asks for.
  private func refuse(
    _ code: UInt8, _ bytes: UnsafeRawBufferPointer
  ) throws(DumpError) -> Int? {
    guard let name = Self.names[code] else {
      throw .malformed(
        "The pickle is damaged: byte \(offset) (0x\(String(code, radix: 16))) is no instruction.")
    }
    var what = ""
    if code == 0x63 || code == 0x69 {  // GLOBAL, INST: two lines of text
      let text = unsafe Array(bytes.dropFirst().prefix(512))
      let parts = text.split(separator: 0x0A, maxSplits: 2, omittingEmptySubsequences: false)
      if parts.count < 3, bytes.count < 513 { return nil }
      let words = parts.prefix(2).map { String(decoding: $0, as: UTF8.self) }
      what = ", which asks to import \(words.joined(separator: "."))"
    } else if code == 0x93, stack.count >= 2 {  // STACK_GLOBAL
      let words = stack.suffix(2).map { tree.text($0) ?? "?" }
      what = ", which asks to import \(words.joined(separator: "."))"
    }
    throw .refused(
      "Refused: the pickle has the instruction \(name) at byte \(offset)\(what); dumps of the Flight Recorder hold plain data only, and commlens runs nothing."
    )
  }

  /// Names of all instructions (Python's pickletools), those that are refused among them.
  private static let names: [UInt8: String] = [
    0x28: "MARK", 0x29: "EMPTY_TUPLE", 0x2E: "STOP", 0x30: "POP", 0x31: "POP_MARK", 0x32: "DUP",
    0x42: "BINBYTES", 0x43: "SHORT_BINBYTES", 0x46: "FLOAT", 0x47: "BINFLOAT", 0x49: "INT",
    0x4A: "BININT", 0x4B: "BININT1", 0x4C: "LONG", 0x4D: "BININT2", 0x4E: "NONE",
    0x50: "PERSID", 0x51: "BINPERSID", 0x52: "REDUCE", 0x53: "STRING", 0x54: "BINSTRING",
    0x55: "SHORT_BINSTRING", 0x56: "UNICODE", 0x58: "BINUNICODE", 0x5D: "EMPTY_LIST",
    0x61: "APPEND", 0x62: "BUILD", 0x63: "GLOBAL", 0x64: "DICT", 0x65: "APPENDS", 0x67: "GET",
    0x68: "BINGET", 0x69: "INST", 0x6A: "LONG_BINGET", 0x6C: "LIST", 0x6F: "OBJ", 0x70: "PUT",
    0x71: "BINPUT", 0x72: "LONG_BINPUT", 0x73: "SETITEM", 0x74: "TUPLE", 0x75: "SETITEMS",
    0x7D: "EMPTY_DICT", 0x80: "PROTO", 0x81: "NEWOBJ", 0x82: "EXT1", 0x83: "EXT2", 0x84: "EXT4",
    0x85: "TUPLE1", 0x86: "TUPLE2", 0x87: "TUPLE3", 0x88: "NEWTRUE", 0x89: "NEWFALSE",
    0x8A: "LONG1", 0x8B: "LONG4", 0x8C: "SHORT_BINUNICODE", 0x8D: "BINUNICODE8",
    0x8E: "BINBYTES8", 0x8F: "EMPTY_SET", 0x90: "ADDITEMS", 0x91: "FROZENSET", 0x92: "NEWOBJ_EX",
    0x93: "STACK_GLOBAL", 0x94: "MEMOIZE", 0x95: "FRAME", 0x96: "BYTEARRAY8",
    0x97: "NEXT_BUFFER", 0x98: "READONLY_BUFFER",
  ]
}
