// SPDX-License-Identifier: Apache-2.0

/// Plain data of a dump: numbers, texts, lists and dictionaries in an arena.
///
/// Nodes refer to each other by number, so that a cycle is a number and not a leak, and a tree that
/// names one node twice costs nothing. Whoever walks it counts its steps: see ``visits``.
struct DataTree {
  /// A value.
  enum Node: BitwiseCopyable {
    case null
    case bool(Bool)
    case integer(Int64)
    case real(Double)
    /// Bytes of ``DataTree/texts``.
    case text(start: Int32, count: Int32)
    /// Elements in ``DataTree/children``.
    case list(Int32)
    /// Keys and values in turn in ``DataTree/children``.
    case dictionary(Int32)

    /// Whether the node can hold others.
    var isContainer: Bool {
      switch self {
      case .list, .dictionary: true
      default: false
      }
    }
  }

  /// Most nodes of one dump; PyTorch's buffer of 20,000 calls with their stacks needs a third.
  static let maximumNodes = 1 << 22
  /// Most bytes of text of one dump.
  static let maximumTextBytes = 1 << 27
  /// Most lists and dictionaries inside each other.
  static let maximumDepth = 128
  /// Most steps of a walk for each value; PyTorch's dumps take three, as texts are shared.
  static let maximumVisitsPerNode = 16
  /// Steps that even the smallest dump may take.
  static let leastVisits = 1 << 16

  private var nodes: [Node] = []
  private var children: [[Int32]] = []
  /// For each list or dictionary how many levels of others it holds.
  private var heights: [Int16] = []
  private var texts: [UInt8] = []
  /// Steps that walks have taken.
  private var visits = 0

  // MARK: - Building

  /// Adds a value and returns its number.
  mutating func add(_ node: Node) throws(DumpError) -> Int32 {
    guard nodes.count < Self.maximumNodes else {
      throw .limit("holds more than \(Self.maximumNodes) values")
    }
    nodes.append(node)
    return Int32(nodes.count - 1)
  }

  /// Adds a text.
  mutating func addText(_ bytes: some Collection<UInt8>) throws(DumpError) -> Int32 {
    guard bytes.count <= Self.maximumTextBytes - texts.count else {
      throw .limit("holds more than \(Self.maximumTextBytes) bytes of text")
    }
    let start = Int32(texts.count)
    texts.append(contentsOf: bytes)
    return try add(.text(start: start, count: Int32(bytes.count)))
  }

  /// Adds an empty list or dictionary.
  mutating func addContainer(isDictionary: Bool) throws(DumpError) -> Int32 {
    let place = Int32(children.count)
    let node = try add(isDictionary ? .dictionary(place) : .list(place))
    children.append([])
    heights.append(0)
    return node
  }

  /// Appends to a list, or keys and values in turn to a dictionary; false where it cannot be.
  mutating func append(_ items: ArraySlice<Int32>, to parent: Int32) throws(DumpError) -> Bool {
    let place: Int
    switch self[parent] {
    case .list(let own): place = Int(own)
    case .dictionary(let own):
      guard items.count % 2 == 0 else { return false }
      // What holds others is no key, in Python or in JSON.
      for key in stride(from: items.startIndex, to: items.endIndex, by: 2)
      where self[items[key]].isContainer {
        return false
      }
      place = Int(own)
    default: return false
    }
    for item in items {
      let below =
        switch self[item] {
        case .list(let own), .dictionary(let own): heights[Int(own)] + 1
        default: Int16(0)
        }
      heights[place] = max(heights[place], below)
    }
    guard heights[place] < Int16(Self.maximumDepth) else {
      throw .limit("nests more than \(Self.maximumDepth) lists and dictionaries")
    }
    children[place].append(contentsOf: items)
    return true
  }

  // MARK: - Walking

  /// The value with this number.
  subscript(node: Int32) -> Node {
    nodes.indices.contains(Int(node)) ? nodes[Int(node)] : .null
  }

  private mutating func visit(_ count: Int) throws(DumpError) {
    visits += count
    guard visits <= Self.leastVisits + Self.maximumVisitsPerNode * nodes.count else {
      throw .limit(
        "refers to its values more than \(Self.maximumVisitsPerNode) times on average")
    }
  }

  /// The elements of a list; empty for anything else.
  mutating func elements(_ node: Int32?) throws(DumpError) -> [Int32] {
    guard let node, case .list(let place) = self[node] else { return [] }
    try visit(children[Int(place)].count + 1)
    return children[Int(place)]
  }

  /// The keys, as texts, and values of a dictionary in order; empty for anything else.
  mutating func pairs(_ node: Int32?) throws(DumpError) -> [(key: String, value: Int32)] {
    guard let node, case .dictionary(let place) = self[node] else { return [] }
    let items = children[Int(place)]
    try visit(items.count + 1)
    return stride(from: 0, to: items.count - 1, by: 2).map { index in
      (
        text(items[index], limit: 64) ?? integer(items[index]).map(String.init) ?? "",
        items[index + 1]
      )
    }
  }

  /// A text, at most `limit` bytes of it, repaired to valid UTF-8.
  func text(_ node: Int32?, limit: Int = 256) -> String? {
    guard let node, case .text(let start, let count) = self[node] else { return nil }
    return String(decoding: texts[Int(start)..<Int(start) + min(Int(count), limit)], as: UTF8.self)
  }

  /// A whole number.
  func integer(_ node: Int32?) -> Int64? {
    guard let node else { return nil }
    switch self[node] {
    case .integer(let value): return value
    case .real(let value): return Int64(exactly: value)
    default: return nil
    }
  }

  /// A number.
  func number(_ node: Int32?) -> Double? {
    guard let node else { return nil }
    switch self[node] {
    case .integer(let value): return Double(value)
    case .real(let value): return value.isFinite ? value : nil
    default: return nil
    }
  }

  /// Whether a value is `true`.
  func isTrue(_ node: Int32?) -> Bool {
    guard let node, case .bool(let value) = self[node] else { return false }
    return value
  }
}

/// Why a dump was not read.
struct DumpError: Error, Equatable {
  /// What becomes of the file.
  var status: FileLedger.Status
  /// One sentence for a person.
  var text: String

  /// The dump asks for something that commlens never does, or is none.
  static func refused(_ text: String) -> DumpError {
    DumpError(status: .unsupported, text: text)
  }

  /// The bytes make no sense.
  static func malformed(_ text: String) -> DumpError { DumpError(status: .damaged, text: text) }

  /// The dump is larger than anything that PyTorch writes.
  static func limit(_ text: String) -> DumpError {
    DumpError(status: .limit, text: "The dump \(text), which is the limit; it was not read.")
  }

  /// The dump ends early.
  static let cut = DumpError(
    status: .truncated, text: "The dump ends before its end mark; it was not read; copy it again.")
}
