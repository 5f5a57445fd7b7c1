// SPDX-License-Identifier: Apache-2.0

/// The arguments of an event that describe a collective; ranges lie in the event's text.
///
/// | PyTorch | on the host's `record_param_comms` | on the kernel |
/// | --- | --- | --- |
/// | to 2.1 | `Concrete Inputs`, `Input Dims`, `Input type` when shapes are recorded | nothing |
/// | 2.2 to 2.3 | `Collective name`, `In msg nelems`, ... | the same by name |
/// | 2.4 on | also group name, ranks, description, `Rank`, `Seq` | all but `Rank` and `Seq` |
struct EventArguments {
  var external: Int64?
  var correlation: Int64?
  var collective: Range<Int>?
  var input: Int64?
  var output: Int64?
  var size: Int64?
  var type: String?
  var isUneven = false
  var groupName: Range<Int>?
  var groupDetails: Range<Int>?
  var groupRanks: Range<Int>?
  var groupPointer: Int64?
  var sequence: Int64?
  var rank: Int64?
  var peer: Int64?
  var firstRank: Int64?
  var rankStride: Int64?

  private var concrete: [Range<Int>] = []
  private var hasTensorFirst = false

  init() {}

  /// Reads an object of arguments.
  mutating func read(_ cursor: inout JSONCursor) {
    guard cursor.beginObject() else { return }
    while let key = cursor.nextKey() {
      switch cursor.byte(at: key.lowerBound) {
      case 0x43 where cursor.equals(key, "Collective name"): collective = cursor.string()
      case 0x43 where cursor.equals(key, "Concrete Inputs"): readConcrete(&cursor)
      case 0x44 where cursor.equals(key, "Dst Rank"), 0x53 where cursor.equals(key, "Src Rank"):
        peer = cursor.integer()
      case 0x45 where cursor.equals(key, "External id"),
        0x65 where cursor.equals(key, "external id"):
        external = cursor.integer()
      case 0x47 where cursor.equals(key, "Group size"): size = cursor.integer()
      case 0x47 where cursor.equals(key, "Global rank start"): firstRank = cursor.integer()
      case 0x47 where cursor.equals(key, "Global rank stride"): rankStride = cursor.integer()
      case 0x49 where cursor.equals(key, "In msg nelems"): input = cursor.integer()
      case 0x49 where cursor.equals(key, "In split size"): readSplit(&cursor)
      case 0x49 where cursor.equals(key, "Input Dims"): readDimensions(&cursor)
      case 0x49 where cursor.equals(key, "Input type"): readTypes(&cursor)
      case 0x4F where cursor.equals(key, "Out msg nelems"): output = cursor.integer()
      case 0x4F where cursor.equals(key, "Out split size"): readSplit(&cursor)
      case 0x50 where cursor.equals(key, "Process Group Name"): groupName = text(&cursor)
      case 0x50 where cursor.equals(key, "Process Group Description"):
        groupDetails = text(&cursor)
      case 0x50 where cursor.equals(key, "Process Group Ranks"): groupRanks = text(&cursor)
      case 0x52 where cursor.equals(key, "Rank"): rank = cursor.integer()
      case 0x53 where cursor.equals(key, "Seq"): sequence = cursor.integer()
      case 0x63 where cursor.equals(key, "correlation"): correlation = cursor.integer()
      case 0x64 where cursor.equals(key, "dtype"):
        if let name = cursor.string() { type = cursor.text(name, limit: 64) }
      default: cursor.skipValue()
      }
    }
    // A tensor without dimensions is one number.
    if isFirstEmpty, hasTensorFirst, !isListFirst { dimensions = 1 }
    interpretConcrete(cursor)
  }

  /// Reads the only thing that matters of a launch.
  mutating func readCorrelation(_ cursor: inout JSONCursor) {
    guard cursor.beginObject() else { return }
    while let key = cursor.nextKey() {
      if cursor.equals(key, "correlation") {
        correlation = cursor.integer()
      } else {
        cursor.skipValue()
      }
    }
  }

  /// A string or another value as it is printed.
  private func text(_ cursor: inout JSONCursor) -> Range<Int>? {
    guard let first = cursor.peek() else { return nil }
    if first == 0x22 { return cursor.string() }
    let start = cursor.position
    cursor.skipValue()
    return start..<cursor.position
  }

  /// `[4, 4]` or `[3, 5]`, in rows; empty when all parts are equal.
  private mutating func readSplit(_ cursor: inout JSONCursor) {
    guard let range = text(&cursor) else { return }
    let list = cursor.text(range, limit: 1 << 16)
    if list.contains("...") {
      // Some are left out: whether they are equal cannot be told.
      isUneven = true
    } else if let parts = ProcessGroups.ranks(list), let first = parts.first {
      if parts.contains(where: { $0 != first }) { isUneven = true }
    }
  }

  /// Elements of the first input: a tensor (`[2048, 4]`) or a list of them (`[[2048, 4]]`).
  ///
  /// Metadata say it better, where there are any.
  private mutating func readDimensions(_ cursor: inout JSONCursor) {
    guard let range = text(&cursor) else { return }
    guard input == nil else { return }
    var depth = 0
    var product: Int64 = 1
    var total: Int64 = 0
    var sawNumber = false
    var value: Int64?
    var isSound = true
    for offset in range.prefix(1 << 12) {
      let byte = cursor.byte(at: offset)
      switch byte {
      case 0x5B: depth += 1
      case 0x30...0x39:
        let next = (value ?? 0).multipliedReportingOverflow(by: 10)
        if next.overflow { isSound = false }
        value = next.partialValue &+ Int64(byte - 0x30)
      case 0x2C, 0x5D:
        if let factor = value {
          let next = product.multipliedReportingOverflow(by: factor)
          if next.overflow || factor < 0 { isSound = false }
          product = next.partialValue
          sawNumber = true
          value = nil
        }
        if byte == 0x5D {
          // A tensor in a list may be a single number, whose shape is empty.
          let isTensor = sawNumber || (depth >= 3 && cursor.byte(at: offset - 1) == 0x5B)
          if isTensor, depth >= 2 {
            let next = total.addingReportingOverflow(product)
            if next.overflow { isSound = false }
            total = next.partialValue
            (product, sawNumber) = (1, false)
            dimensionsSeen = true
          }
          depth -= 1
          // The first input has ended.
          if depth == 1 {
            if dimensionsSeen, isSound { dimensions = total }
            isFirstEmpty = !dimensionsSeen
            return
          }
        }
      default: break
      }
    }
  }

  /// Elements of the first input by its shape, when the shape was recorded.
  private(set) var dimensions: Int64?
  private var dimensionsSeen = false
  private var isFirstEmpty = false
  private var isListFirst = false

  private mutating func readTypes(_ cursor: inout JSONCursor) {
    guard cursor.peek() == 0x5B, cursor.beginArray() else {
      cursor.skipValue()
      return
    }
    var isFirst = true
    while cursor.nextValue() {
      guard isFirst, cursor.peek() == 0x22, let name = cursor.string() else {
        cursor.skipValue()
        if cursor.state != .valid { return }
        continue
      }
      isFirst = false
      isListFirst = cursor.equals(name, "TensorList")
      hasTensorFirst = !cursor.equals(name, "Scalar") && !name.isEmpty
      if type == nil, hasTensorFirst, !isListFirst { type = cursor.text(name, limit: 64) }
    }
  }

  private mutating func readConcrete(_ cursor: inout JSONCursor) {
    guard cursor.peek() == 0x5B, cursor.beginArray() else {
      cursor.skipValue()
      return
    }
    while cursor.nextValue() {
      guard cursor.peek() == 0x22, concrete.count < 16, let value = cursor.string() else {
        cursor.skipValue()
        if cursor.state != .valid { return }
        continue
      }
      concrete.append(value)
    }
  }

  /// The inputs of `record_param_comms` before metadata had names.
  ///
  /// `(tensors), sequence, group, rank, name, in splits, out splits, ..., ranks`; strings are
  /// printed empty. A call without tensors is a wait or a bracket.
  private mutating func interpretConcrete(_ cursor: JSONCursor) {
    guard collective == nil, hasTensorFirst, concrete.count >= 8 else { return }
    func integer(_ index: Int) -> Int64? { JSONCursor.integer(in: cursor, concrete[index]) }
    sequence = sequence ?? integer(1)
    if let value = integer(2), value > 0 { groupPointer = value }
    rank = rank ?? integer(3)
    size = size ?? integer(concrete.count - 1)
    for index in 5...6 {
      let list = cursor.text(concrete[index], limit: 1 << 16)
      if let parts = ProcessGroups.ranks(list), parts.contains(where: { $0 != parts[0] }) {
        isUneven = true
      }
    }
  }
}
