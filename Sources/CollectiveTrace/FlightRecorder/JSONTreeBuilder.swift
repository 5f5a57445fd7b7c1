// SPDX-License-Identifier: Apache-2.0

/// Builds a ``DataTree`` from JSON, window by window.
///
/// For documents of a few megabytes that must be seen whole; a trace is read with a cursor instead.
struct JSONTreeBuilder {
  /// What was built.
  private(set) var tree = DataTree()
  /// The outermost value, when it has ended.
  private(set) var root: Int32?
  /// Lists and dictionaries that have not ended.
  private var open: [Open] = []

  private struct Open {
    var node: Int32
    var isDictionary: Bool
    /// The key whose value comes next.
    var key: Int32?
  }

  /// Takes the whole values and brackets at the start of the text and returns their bytes.
  mutating func run(_ base: UnsafeRawPointer, count: Int) throws(DumpError) -> Int {
    var cursor = unsafe JSONCursor(base, from: 0, to: count)
    var taken = 0
    while root == nil, let next = cursor.peek() {
      switch next {
      case 0x7B, 0x5B:
        cursor.position += 1
        guard open.count < DataTree.maximumDepth else {
          throw .limit("nests more than \(DataTree.maximumDepth) lists and dictionaries")
        }
        let node = try tree.addContainer(isDictionary: next == 0x7B)
        open.append(Open(node: node, isDictionary: next == 0x7B))
      case 0x7D, 0x5D:
        cursor.position += 1
        guard let ended = open.popLast(), ended.isDictionary == (next == 0x7D), ended.key == nil
        else { throw .malformed("The JSON is damaged: a bracket too many or a key without value.") }
        try place(ended.node)
      case 0x2C, 0x3A: cursor.position += 1
      case 0x22:
        guard let text = cursor.string() else { return taken }
        try place(tree.addText(Array(cursor.text(text).utf8)))
      default:
        let start = cursor.position
        cursor.skipValue()
        guard cursor.state != .incomplete else { return taken }
        guard cursor.state == .valid else { throw .malformed("The JSON is damaged.") }
        try place(scalar(cursor, start..<cursor.position))
      }
      taken = cursor.position
    }
    return taken
  }

  private mutating func scalar(
    _ cursor: JSONCursor, _ range: Range<Int>
  ) throws(DumpError) -> Int32 {
    if cursor.equals(range, "true") { return try tree.add(.bool(true)) }
    if cursor.equals(range, "false") { return try tree.add(.bool(false)) }
    if let value = JSONCursor.integer(in: cursor, range) { return try tree.add(.integer(value)) }
    return try tree.add(Double(cursor.text(range, limit: 64)).map { .real($0) } ?? .null)
  }

  /// Puts a value where it belongs: a key, a member of what is open, or the whole document.
  private mutating func place(_ node: Int32) throws(DumpError) {
    guard let last = open.indices.last else {
      root = node
      return
    }
    if open[last].isDictionary {
      guard let key = open[last].key else {
        open[last].key = node
        return
      }
      open[last].key = nil
      guard try tree.append([key, node], to: open[last].node) else {
        throw .malformed("The JSON is damaged: a list or dictionary as a key.")
      }
    } else {
      _ = try tree.append([node], to: open[last].node)
    }
  }
}
