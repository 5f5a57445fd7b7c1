// SPDX-License-Identifier: Apache-2.0

/// A value that a partial stores: it lists its stored properties once, for both directions.
///
/// A list serves to write and to read, so that the two cannot part. The properties come in the
/// order of their declaration, each once; a test holds the lists against the types.
protocol FactRecord {
  /// What reading starts from; every stored property is overwritten.
  static var blank: Self { get }

  /// Hands each stored property to the archive.
  mutating func pass(through archive: inout FactArchive)
}

/// Bytes that values are written to or read from, without names: what they mean is their order.
///
/// Numbers are LEB128 varints of 7 bits, signed ones in zigzag; a text is written once and then
/// referred to by its number. Reading never trusts a number: a length is held against the bytes
/// that are there, and the first thing that is wrong sets ``failure``, after which everything reads
/// as blank.
struct FactArchive {
  /// What was written, or what is read.
  private(set) var bytes: [UInt8]
  /// The first thing that was wrong, as a phrase; `nil` while all is well.
  private(set) var failure: String?
  /// Type names of the properties of the outermost record, while a test asks for them.
  private(set) var layout: [String]?

  private let isReading: Bool
  private var position = 0
  private var depth = 0
  private var texts: [String] = []
  private var places: [String: UInt64] = [:]
  /// The last time of a call; the next one is near it.
  private var lastTime: Int64 = 0

  /// An archive to write to.
  init(recordsLayout: Bool = false) {
    bytes = []
    isReading = false
    layout = recordsLayout ? [] : nil
  }

  /// An archive to read from.
  init(reading bytes: [UInt8]) {
    self.bytes = bytes
    isReading = true
  }

  /// Whether all bytes were read and nothing was wrong.
  var isReadToEnd: Bool { failure == nil && position == bytes.count }

  /// Whether a number can be a count of lines, bytes or calls, so that sums of them fit.
  static func isCount(_ number: some BinaryInteger) -> Bool { number >= 0 && number <= 1 << 48 }

  /// Notes that something is wrong.
  mutating func fail(_ phrase: String) { failure = failure ?? phrase }

  /// Fails unless a condition holds, which what was written always does.
  mutating func require(_ condition: @autoclosure () -> Bool, _ phrase: String) {
    if isReading, failure == nil, !condition() { fail(phrase) }
  }

  /// Writes or reads a value.
  mutating func pass<Value: FactRecord>(_ value: inout Value) {
    if depth == 1, layout != nil { layout?.append("\(Value.self)") }
    depth += 1
    value.pass(through: &self)
    depth -= 1
  }

  /// Writes or reads a time in nanoseconds, which is near the time before; `.min` is unknown.
  mutating func pass(time value: inout Int64) {
    if depth == 1, layout != nil { layout?.append("Int64") }
    var isKnown = value != .min
    isKnown.pass(through: &self)
    guard isKnown else {
      value = .min
      return
    }
    var difference = value &- lastTime
    difference.pass(through: &self)
    value = lastTime &+ difference
    lastTime = value
  }

  // MARK: - Primitives

  fileprivate mutating func pass(varint value: inout UInt64) {
    guard isReading else {
      var rest = value
      while rest >= 0x80 {
        bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
        rest >>= 7
      }
      bytes.append(UInt8(truncatingIfNeeded: rest))
      return
    }
    value = 0
    var shift: UInt64 = 0
    while let byte = nextByte() {
      guard shift < 63 || byte <= 1 else {
        fail("holds a number that is too large")
        return
      }
      value |= UInt64(byte & 0x7F) << shift
      guard byte >= 0x80 else { return }
      shift += 7
    }
    value = 0
  }

  /// A number of elements that follow, each of which takes a byte or more.
  fileprivate mutating func pass(count: inout Int) {
    var number = UInt64(count)
    pass(varint: &number)
    guard isReading else { return }
    guard failure == nil, let exact = Int(exactly: number), exact <= bytes.count - position else {
      fail("ends before what it announces")
      count = 0
      return
    }
    count = exact
  }

  fileprivate mutating func pass(text: inout String) {
    var place = isReading ? 0 : places[text] ?? 0
    pass(varint: &place)
    guard failure == nil else { return }
    guard place == 0 else {
      guard isReading else { return }
      guard place <= texts.count else {
        fail("refers to a text that is not there")
        return
      }
      text = texts[Int(place) - 1]
      return
    }
    var count = isReading ? 0 : text.utf8.count
    pass(count: &count)
    if isReading {
      guard failure == nil else { return }
      guard let read = String(validating: bytes[position..<position + count], as: UTF8.self) else {
        fail("holds a text that is not UTF-8")
        return
      }
      text = read
      position += count
      texts.append(text)
    } else {
      bytes += text.utf8
      places[text] = UInt64(places.count + 1)
    }
  }

  fileprivate mutating func pass<Element: FactRecord>(elements: inout [Element]) {
    var count = isReading ? 0 : elements.count
    pass(count: &count)
    guard isReading else {
      for index in elements.indices { pass(&elements[index]) }
      return
    }
    elements = []
    while count > 0, failure == nil {
      var element = Element.blank
      pass(&element)
      elements.append(element)
      count -= 1
    }
  }

  fileprivate mutating func pass<Wrapped: FactRecord>(optional value: inout Wrapped?) {
    var isThere = value != nil
    isThere.pass(through: &self)
    guard isThere else {
      value = nil
      return
    }
    var wrapped: Wrapped = value ?? Wrapped.blank
    wrapped.pass(through: &self)
    value = wrapped
  }

  private mutating func nextByte() -> UInt8? {
    guard failure == nil, position < bytes.count else {
      fail("ends before what it announces")
      return nil
    }
    position += 1
    return bytes[position - 1]
  }
}

extension UInt64: FactRecord {
  static var blank: UInt64 { 0 }
  mutating func pass(through archive: inout FactArchive) { archive.pass(varint: &self) }
}

extension Int64: FactRecord {
  static var blank: Int64 { 0 }
  mutating func pass(through archive: inout FactArchive) {
    var zigzag = UInt64(bitPattern: self << 1 ^ self >> 63)
    archive.pass(varint: &zigzag)
    self = Int64(bitPattern: zigzag >> 1) ^ -Int64(bitPattern: zigzag & 1)
  }
}

extension FixedWidthInteger where Self: FactRecord {
  static var blank: Self { 0 }

  /// Passes as a wider number, which must be small enough.
  fileprivate mutating func pass<Wide: FixedWidthInteger & FactRecord>(
    as type: Wide.Type, through archive: inout FactArchive
  ) {
    var wide = Wide(truncatingIfNeeded: self)
    wide.pass(through: &archive)
    guard let exact = Self(exactly: wide) else {
      archive.fail("holds a number that is too large")
      return
    }
    self = exact
  }
}

extension Int: FactRecord {
  mutating func pass(through archive: inout FactArchive) {
    pass(as: Int64.self, through: &archive)
  }
}

extension Int32: FactRecord {
  mutating func pass(through archive: inout FactArchive) {
    pass(as: Int64.self, through: &archive)
  }
}

extension UInt32: FactRecord {
  mutating func pass(through archive: inout FactArchive) {
    pass(as: UInt64.self, through: &archive)
  }
}

extension UInt8: FactRecord {
  mutating func pass(through archive: inout FactArchive) {
    pass(as: UInt64.self, through: &archive)
  }
}

extension Bool: FactRecord {
  static var blank: Bool { false }
  mutating func pass(through archive: inout FactArchive) {
    var number: UInt64 = self ? 1 : 0
    archive.pass(varint: &number)
    archive.require(number <= 1, "holds a truth value that is neither")
    self = number == 1
  }
}

extension Double: FactRecord {
  static var blank: Double { 0 }
  mutating func pass(through archive: inout FactArchive) {
    var pattern = bitPattern.byteSwapped
    archive.pass(varint: &pattern)
    self = Double(bitPattern: pattern.byteSwapped)
    archive.require(isFinite, "holds a number that is not finite")
    if !isFinite { self = 0 }
  }
}

extension String: FactRecord {
  static var blank: String { "" }
  mutating func pass(through archive: inout FactArchive) { archive.pass(text: &self) }
}

extension Array: FactRecord where Element: FactRecord {
  static var blank: [Element] { [] }
  mutating func pass(through archive: inout FactArchive) { archive.pass(elements: &self) }
}

extension Optional: FactRecord where Wrapped: FactRecord {
  static var blank: Wrapped? { nil }
  mutating func pass(through archive: inout FactArchive) { archive.pass(optional: &self) }
}

/// Enumerations, and other names for a number or a text.
extension FactRecord where Self: RawRepresentable, RawValue: FactRecord {
  mutating func pass(through archive: inout FactArchive) {
    var raw = rawValue
    raw.pass(through: &archive)
    if let known = Self(rawValue: raw) {
      self = known
    } else {
      archive.fail("states a \(Self.self) that this version does not know")
    }
  }
}

extension ClosedRange<Int>: FactRecord {
  static var blank: ClosedRange<Int> { 0...0 }
  mutating func pass(through archive: inout FactArchive) {
    var (low, high) = (lowerBound, upperBound)
    low.pass(through: &archive)
    high.pass(through: &archive)
    archive.require(low <= high, "holds a range that ends before it begins")
    if low <= high { self = low...high }
  }
}
