// SPDX-License-Identifier: Apache-2.0

/// Reads the tables that nccl-tests and rccl-tests print among other output.
///
///     # Collective test starting: all_reduce_perf
///     # nThread 1 nGpus 4 minBytes 8 maxBytes 8589934592 step: 2(factor) ...
///     #  Rank  0 Group  0 Pid   1302 on host device  0 [0000:41:00] NVIDIA H100 80GB HBM3
///     #                                              out-of-place                in-place
///     #    size     count    type   redop    root     time   algbw   busbw  #wrong     time  ...
///     #     (B)  (elements)                         (us)  (GB/s)  (GB/s)             (us)  ...
///            64        16   float     sum      -1    16.98    0.00    0.01       0    16.75  ...
///
/// Columns are found by name, because they differ between releases: old ones leave `redop` or
/// `root` out, or print blanks there. A launcher's prefix stands before every line alike. The
/// program prints a row in pieces, so that NCCL's own lines may tear it: such rows are counted.
struct BenchmarkTable {
  /// Most rows kept of one file.
  static let maximumRows = 1 << 16

  /// What was read, in the order of the file.
  private(set) var rows: [BenchmarkFacts] = []

  /// What a line was.
  enum Line {
    case row
    /// Names the test, its devices or its columns.
    case head
    /// A row of which something is missing.
    case torn
  }

  /// The operation as the log named it last.
  private var named: OperationKind?
  /// The operation as the rows of this table leave no other.
  private var deduced: OperationKind?
  private var firstRow = 0
  private var ranks = 0
  /// `out-of-place` and `in-place` in the order of the line above the names.
  private var places: [Bool] = []
  /// Columns before the first time, and those from one time to the next.
  private var leading: [String] = []
  private var group: [String] = []
  private var groups = 0
  /// What stood before the `#` of the names.
  private var prefix: [UInt8] = []

  /// Whether rows may come.
  private var isOpen: Bool { groups > 0 }

  /// Reads a line that is not NCCL's; `nil` when it is not of a test either.
  mutating func read(_ cursor: TextCursor, line: Int) -> Line? {
    if let hash = hash(cursor) {
      var text = cursor
      text.position = hash + 1
      return readHead(text, prefixEnd: hash)
    }
    guard isOpen else {
      noteProgram(cursor)
      return nil
    }
    return readRow(cursor, line: line)
  }

  /// The `#` that begins a line, after a launcher's prefix at most.
  private func hash(_ cursor: TextCursor) -> Int? {
    let limit = min(cursor.end, cursor.position + 48)
    for offset in cursor.position..<max(limit, cursor.position)
    where cursor.byte(at: offset) == 0x23 {
      return offset
    }
    return nil
  }

  // MARK: - Heads

  private mutating func readHead(_ cursor: TextCursor, prefixEnd: Int) -> Line? {
    var text = cursor
    text.skipBlanks()
    if text.starts(with: "nThread ") {
      close()
      ranks = 0
      places = []
      return .head
    }
    if text.skip("Collective test starting:") {
      close()
      text.skipBlanks()
      named = Self.operation(text.text(from: text.position, to: text.end, limit: 64))
      return .head
    }
    if text.skip("Rank ") {
      text.skipBlanks()
      guard text.decimal() != nil else { return nil }
      text.skipBlanks()
      // With several groups each is a communicator of its own, all of one size.
      if text.skip("Group ") {
        text.skipBlanks()
        guard text.decimal() == 0 else { return .head }
      }
      ranks += 1
      return .head
    }
    let words = Self.words(text)
    if words.first == "out-of-place" || words.first == "in-place" {
      places = words.map { $0 == "in-place" }
      return .head
    }
    if words.contains("algbw"), words.contains("busbw"), words.first == "size" {
      return readNames(words, cursor, prefixEnd)
    }
    if isOpen, words.first == "(B)" { return .head }
    if text.starts(with: "Out of bounds values") || text.starts(with: "Avg bus bandwidth")
      || text.starts(with: "Collective test concluded")
    {
      close()
      return .head
    }
    return nil
  }

  private mutating func readNames(
    _ words: [String], _ cursor: TextCursor, _ prefixEnd: Int
  ) -> Line? {
    close()
    guard let first = words.firstIndex(of: "time"), first >= 3 else { return nil }
    leading = Array(words[..<first])
    let times = words.indices.filter { words[$0] == "time" }
    let length = times.count > 1 ? times[1] - times[0] : words.count - first
    // All groups of values have the same columns.
    guard leading[1] == "count", leading[2] == "type", length >= 3,
      words.count == first + length * times.count,
      times.enumerated().allSatisfy({ $0.element == first + length * $0.offset })
    else { return nil }
    group = Array(words[first..<first + length])
    guard group.contains("algbw"), group.contains("busbw") else { return nil }
    groups = times.count
    firstRow = rows.count
    prefix = (0..<prefixEnd).map { cursor.byte(at: $0) }
    return .head
  }

  /// Takes the operation from a command line (`./build/all_reduce_perf -b 8 ...`).
  private mutating func noteProgram(_ cursor: TextCursor) {
    guard let end = cursor.find("_perf") else { return }
    var start = end
    while start > cursor.position {
      let letter = cursor.byte(at: start - 1)
      guard letter &- 0x61 < 26 || letter == 0x5F else { break }
      start -= 1
    }
    named = Self.operation(cursor.text(from: start, to: end, limit: 64)) ?? named
  }

  private static func operation(_ name: String) -> OperationKind? {
    let bare = name.split(separator: " ").first.map { name in
      name.hasSuffix("_perf") ? name.dropLast(5) : name
    }
    switch bare {
    case "alltoall": return .allToAll
    case "sendrecv": return .send
    case let bare?:
      guard case .call(let kind) = TorchNames.operation(bare) else { return nil }
      return kind
    case nil: return nil
    }
  }

  /// Ends a table: its rows get the operation that one of them left no other for.
  private mutating func close() {
    if isOpen, let kind = named ?? deduced {
      for index in firstRow..<rows.count { rows[index].kind = kind }
    }
    if isOpen {
      named = nil
      deduced = nil
    }
    groups = 0
  }

  /// Ends the file.
  mutating func finish() -> [BenchmarkFacts] {
    close()
    return rows
  }

  // MARK: - Rows

  private mutating func readRow(_ cursor: TextCursor, line: Int) -> Line? {
    var text = cursor
    let hasPrefix = prefix.indices.allSatisfy { cursor.byte(at: $0) == prefix[$0] }
    if hasPrefix { text.position = prefix.count }
    let words = Self.words(text)
    guard let first = words.first, UInt64(first) != nil else {
      return isRest(words) ? .torn : nil
    }
    let values = group.count * groups
    let names = words.count - values
    guard names >= 3, names <= leading.count, let bytes = UInt64(words[0]),
      let count = UInt64(words[1]), Self.thousandths(words[2]) == nil
    else {
      let isHead = words.count >= 3 && UInt64(words[1]) != nil && words[2].first?.isLetter == true
      return isHead || isRest(words) ? .torn : nil
    }
    var row = BenchmarkFacts(
      line: line, bytes: bytes, count: count, typeName: words[2],
      dataType: TorchNames.dataType(words[2]), nanoseconds: 0, statedAlgorithmBandwidth: 0,
      statedBusBandwidth: 0)
    row.kind = named
    row.ranks = ranks > 0 ? ranks : nil
    for (index, word) in words[3..<names].enumerated() {
      // Where fewer values than names stand, blanks were printed: a number can only be the root.
      let name = names == leading.count ? leading[3 + index] : Int(word) != nil ? "root" : "redop"
      if name == "root" { row.root = Int(word).flatMap { $0 >= 0 ? $0 : nil } }
      if name == "redop", word != "none" { row.reduction = word }
    }
    var found: [BenchmarkFacts] = []
    for number in 0..<groups {
      let start = names + number * group.count
      var isWhole = true
      for (name, word) in zip(group, words[start..<start + group.count]) {
        let value = Self.thousandths(word)
        switch name {
        case "time": row.nanoseconds = value ?? 0
        case "algbw": row.statedAlgorithmBandwidth = value ?? 0
        case "busbw": row.statedBusBandwidth = value ?? 0
        default:
          row.wrong = word
          continue
        }
        // rccl-tests prints N/A for a placement that a test does not have.
        if value == nil { isWhole = false }
      }
      row.isInPlace = places.indices.contains(number) ? places[number] : nil
      if isWhole { found.append(row) }
    }
    deduced = deduced ?? Self.deduce(row)
    guard rows.count + found.count <= Self.maximumRows else { return .row }
    rows += found
    return .row
  }

  /// Whether words are the second half of a row whose first NCCL's lines took away.
  private func isRest(_ words: [String]) -> Bool {
    words.count >= 3 && words.count < leading.count + group.count * groups
      && words.allSatisfy { Self.thousandths($0) != nil || $0 == "N/A" }
  }

  /// The operation that a row leaves no other for: only three reduce, and they differ in the root
  /// and in whether the count is that of one rank.
  private static func deduce(_ row: BenchmarkFacts) -> OperationKind? {
    guard !row.reduction.isEmpty, let size = row.dataType?.byteSize, row.bytes > 0 else {
      return nil
    }
    if row.root != nil { return .reduce }
    let own = row.count.multipliedReportingOverflow(by: UInt64(size))
    guard !own.overflow else { return nil }
    if own.partialValue == row.bytes, row.ranks ?? 2 > 1 { return .allReduce }
    let all = own.partialValue.multipliedReportingOverflow(by: UInt64(row.ranks ?? 0))
    return !all.overflow && all.partialValue == row.bytes ? .reduceScatter : nil
  }

  /// The words of a line, at most 64.
  private static func words(_ cursor: TextCursor) -> [String] {
    var words: [String] = []
    var text = cursor
    while words.count < 64 {
      text.skipBlanks()
      let start = text.position
      while text.position < text.end, text.next != 0x20, text.next != 0x09 { text.position += 1 }
      guard text.position > start else { break }
      words.append(text.text(from: start, to: text.position, limit: 64))
    }
    return words
  }

  /// A decimal number as a whole number of its thousandth; `nil` for anything else.
  private static func thousandths(_ word: String) -> Int64? {
    let parts = word.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 2, let whole = Int64(parts[0]), whole >= 0 else { return nil }
    var fraction: Int64 = 0
    if parts.count == 2 {
      let digits = parts[1].prefix(3)
      guard !parts[1].isEmpty, parts[1].utf8.allSatisfy({ $0 &- 0x30 < 10 }),
        let value = Int64(digits)
      else { return nil }
      fraction = value
      for _ in digits.count..<3 { fraction *= 10 }
    }
    let (product, overflow) = whole.multipliedReportingOverflow(by: 1000)
    return overflow || product > .max - 1000 ? nil : product + fraction
  }
}
