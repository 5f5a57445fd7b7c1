// SPDX-License-Identifier: Apache-2.0

/// Reads PyTorch's execution traces: JSON with one node for each operator, in `nodes`.
///
///     {"schema": "1.0.1", "pid": 2590092, ..., "nodes": [
///       {"name": "record_param_comms", "id": 150, ...,
///        "inputs": [[[131,132,0,33554432,2,"cuda:0"]],337,93825114103440,0,"allreduce",[],[],8],
///        "input_shapes": [[[4,2048,4096]],[],...], "input_types": ["GenericList[Tensor(c10::Half)]",
///        "Int","Int","Int","String",...], ...}, ...
///
/// Nodes named `record_param_comms` are the calls: tensors, number, process group, rank in it, the
/// operation's name, split sizes and, last, the number of ranks. For sends, receives and collectives
/// with a root the rank is that of the peer or root. There are no times. A node is read
/// in place; one that is damaged is skipped up to the next.
///
/// Chakra traces in JSON, as simulators read them, are nodes too, in `workload_graph`; what a node
/// says is what it says in protocol buffers:
///
///     {"workload_graph": [
///       {"Id": 622, "Name": "ncclKernel_AllReduce_RING_LL_Sum_float(...)", "NodeType": 7,
///        "runtime": 5, "is_cpu_op": false, "comm_type": 0, "comm_size": 1024}, ...
struct ExecutionTraceReader: FormatReader, ~Copyable {
  static let recordsAreLines = false

  var isAfterGap = false
  private var ledger: FileLedger
  private var facts: TimedFactBuilder
  private let maximumRecordBytes: Int
  private var part = Part.head
  private var pid = 0
  private var process: Int?

  private enum Part { case head, nodes, tail }
  /// Whether the nodes are Chakra's.
  private var isChakra = false

  init(file: String, options: TraceReader.Options) {
    ledger = FileLedger(file: file)
    ledger.format = TraceFormat.executionTrace.name
    facts = TimedFactBuilder(
      source: .executionTrace, clock: .process, sequenceScope: .communicator, options: options)
    maximumRecordBytes = options.maximumLineBytes
  }

  /// Whether a text is a JSON object with a `schema` and then `nodes`, or with a `workload_graph`.
  static func recognises(_ prefix: TextCursor) -> Bool {
    var text = prefix
    text.skipSpace()
    guard text.skip("{") else { return false }
    let head = min(text.end, text.position + 4096)
    if let graph = text.find("\"workload_graph\""), graph < head { return true }
    guard let schema = text.find("\"schema\""), schema < head,
      let nodes = text.find("\"nodes\"", from: schema), nodes < head
    else { return false }
    return true
  }

  mutating func consume(_ base: UnsafeRawPointer, count: Int) -> Int {
    unsafe take(base, count: count, isLast: false)
  }

  mutating func consumeUnfinished(_ base: UnsafeRawPointer, count: Int, isCut: Bool) {
    let taken = unsafe take(base, count: count, isLast: true)
    if taken < count { ledger.book(isCut ? .tornLost : .malformed, bytes: count - taken) }
    if part != .tail, !isCut, ledger.bytes > 0 {
      ledger.status = .truncated
      ledger.detail = "The trace ends before its nodes do; everything before was read."
    }
  }

  mutating func bookOversizeLine(bytes: Int) { ledger.book(.malformed, bytes: bytes) }

  private mutating func take(_ base: UnsafeRawPointer, count: Int, isLast: Bool) -> Int {
    var position = 0
    while position < count {
      if isAfterGap, part == .tail { part = .nodes }
      switch part {
      case .head:
        guard let taken = unsafe takeHead(base, count: count) else {
          guard count > maximumRecordBytes else { return 0 }
          ledger.book(.malformed, bytes: count)
          part = .tail
          return count
        }
        position = taken
      case .tail:
        ledger.book(.knownIgnored, bytes: count - position)
        return count
      case .nodes:
        guard let taken = unsafe takeNode(base, position, count, isLast: isLast) else {
          guard count - position > maximumRecordBytes else { return position }
          ledger.book(.malformed, bytes: count - position)
          isAfterGap = true
          return count
        }
        position += taken
      }
    }
    return position
  }

  mutating func finish() -> TracePartial {
    facts.partial(ledger)
  }

  // MARK: - Parts

  /// Takes the text up to and with the bracket that begins the nodes; `nil` when it is not whole.
  private mutating func takeHead(_ base: UnsafeRawPointer, count: Int) -> Int? {
    var cursor = unsafe JSONCursor(base, from: 0, to: count)
    guard cursor.beginObject() else { return nil }
    while let key = cursor.nextKey() {
      isChakra = cursor.equals(key, "workload_graph")
      if isChakra || cursor.equals(key, "nodes") {
        guard cursor.beginArray() else { return nil }
        ledger.book(.knownIgnored, bytes: cursor.position)
        part = .nodes
        return cursor.position
      }
      if cursor.equals(key, "pid") {
        pid = Int(clamping: cursor.integer() ?? 0)
      } else {
        cursor.skipValue()
      }
    }
    return nil
  }

  /// Takes one node, and the comma and white space before it; `nil` when it is not whole.
  private mutating func takeNode(
    _ base: UnsafeRawPointer, _ start: Int, _ count: Int, isLast: Bool
  ) -> Int? {
    var cursor = unsafe JSONCursor(base, from: start, to: count)
    if isAfterGap {
      // The next node begins a line, with its name or number first.
      var text = unsafe TextCursor(base, from: start, to: count)
      while !text.isAtEnd, text.next != 0x0A || !Self.beginsNode(text) { text.position += 1 }
      let lost = text.position - start
      if lost > 0 { ledger.book(.tornLost, bytes: lost) }
      isAfterGap = text.isAtEnd
      if lost > 0 { return lost }
    }
    if cursor.peek() == 0x2C { cursor.position += 1 }
    guard let first = cursor.peek() else { return isLast ? endOfText(count - start) : nil }
    if first == 0x5D {
      cursor.position += 1
      ledger.book(.knownIgnored, bytes: cursor.position - start)
      part = .tail
      return cursor.position - start
    }
    guard first == 0x7B else {
      isAfterGap = true
      ledger.book(.malformed, bytes: cursor.position + 1 - start)
      return cursor.position + 1 - start
    }
    var node = Node()
    var chakra = ChakraNode()
    if isChakra { chakra.read(&cursor) } else { node.read(&cursor) }
    switch cursor.state {
    case .valid:
      ledger.book(isChakra ? enter(chakra) : enter(node, cursor), bytes: cursor.position - start)
      return cursor.position - start
    case .incomplete: return nil
    case .malformed:
      let next = min(max(cursor.position, start + 1), count)
      ledger.book(.malformed, bytes: next - start)
      isAfterGap = true
      return next - start
    }
  }

  private mutating func endOfText(_ bytes: Int) -> Int {
    if bytes > 0 { ledger.book(.knownIgnored, bytes: bytes) }
    return bytes
  }

  private static func beginsNode(_ cursor: TextCursor) -> Bool {
    var text = cursor
    text.skipSpace()
    guard text.skip("{") else { return false }
    text.skipSpace()
    return text.starts(with: "\"name\"") || text.starts(with: "\"id\"")
      || text.starts(with: "\"Id\"")
  }

  // MARK: - Nodes

  /// Where the parts of a node stand in the text.
  private struct Node {
    var isCall = false
    var inputs: Range<Int>?
    var inputShapes: Range<Int>?
    var inputTypes: Range<Int>?
    var outputShapes: Range<Int>?
    var outputTypes: Range<Int>?

    mutating func read(_ cursor: inout JSONCursor) {
      guard cursor.beginObject() else { return }
      while let key = cursor.nextKey() {
        if cursor.equals(key, "name") {
          guard let name = cursor.string() else { return }
          isCall = cursor.equals(name, "record_param_comms")
          continue
        }
        let isInput = cursor.equals(key, "inputs")
        // From schema 1.0.2 on the three lists are in one object.
        if isInput || cursor.equals(key, "outputs"), cursor.peek() == 0x7B {
          readObject(&cursor, isInput: isInput)
          continue
        }
        _ = cursor.peek()
        let start = cursor.position
        cursor.skipValue()
        let value = start..<cursor.position
        if isInput {
          inputs = value
        } else if cursor.equals(key, "input_shapes") {
          inputShapes = value
        } else if cursor.equals(key, "input_types") {
          inputTypes = value
        } else if cursor.equals(key, "output_shapes") {
          outputShapes = value
        } else if cursor.equals(key, "output_types") {
          outputTypes = value
        }
      }
    }

    private mutating func readObject(_ cursor: inout JSONCursor, isInput: Bool) {
      guard cursor.beginObject() else { return }
      while let key = cursor.nextKey() {
        _ = cursor.peek()
        let start = cursor.position
        cursor.skipValue()
        let value = start..<cursor.position
        if cursor.equals(key, "values") {
          if isInput { inputs = value }
        } else if cursor.equals(key, "shapes") {
          if isInput { inputShapes = value } else { outputShapes = value }
        } else if cursor.equals(key, "types") {
          if isInput { inputTypes = value } else { outputTypes = value }
        }
      }
    }
  }

  /// Elements and type of the tensors of one argument.
  private struct Tensors {
    var elements: UInt64?
    var type: DataType?
  }

  private mutating func enter(_ node: ChakraNode) -> FileLedger.LineClass {
    guard node.isCommunication else { return .knownIgnored }
    let process = self.process ?? facts.chakraProcess(pid: pid, file: ledger.file)
    self.process = process
    return facts.count(node, process: process, line: ledger.lines + 1)
  }

  private mutating func enter(_ node: Node, _ cursor: JSONCursor) -> FileLedger.LineClass {
    guard node.isCall else { return .knownIgnored }
    let values = Self.elements(node.inputs, cursor)
    let types = Self.elements(node.inputTypes, cursor).map { range in
      cursor.text(Self.unquoted(range, cursor), limit: 256)
    }
    guard values.count == types.count, let place = types.firstIndex(of: "String"), place >= 2,
      let last = types.lastIndex(of: "Int"), last > place
    else { return .unrecognised }
    let name = cursor.text(Self.unquoted(values[place], cursor), limit: 64)
    let kind: OperationKind
    switch TorchNames.operation(name) {
    case .call(let known): kind = known
    case .none: return .knownIgnored
    case .unknown: return .unrecognised
    }
    guard let rank = JSONCursor.integer(in: cursor, values[place - 1]),
      let size = JSONCursor.integer(in: cursor, values[last]), size > 0, rank >= 0, rank < size
    else { return .malformed }
    // Where PyTorch records the root or peer, the caller's own rank is in the group's other calls.
    let rankIsPeer = CollectiveName(name).rankIsPeer
    let process = self.process ?? facts.process(host: "", pid: pid)
    self.process = process
    // The group is a name and a description or, before 2.3, an address in this process.
    let words = types[place - 2] == "Int" ? [] : Self.elements(values[place - 2], cursor)
    let names = words.map { cursor.text(Self.unquoted($0, cursor), limit: 256) }
    let key = TimedFactBuilder.CommunicatorKey(
      process: process, name: names.first ?? cursor.text(values[place - 2], limit: 32),
      size: Int(size))
    guard let communicator = facts.communicator(key) else { return .malformed }
    if !rankIsPeer { facts.processes[process].communicators[communicator].rank = Int(rank) }
    let purpose = names.count > 1 && names[1] != "undefined" ? names[1] : ""
    facts.processes[process].communicators[communicator].groupName = names.first
    facts.processes[process].communicators[communicator].name =
      purpose.isEmpty ? names.first : purpose
    let inputs = Self.tensors(node.inputShapes, types.first, cursor)
    let outputTypes = Self.elements(node.outputTypes, cursor).map { range in
      cursor.text(Self.unquoted(range, cursor), limit: 256)
    }
    let outputs = Self.tensors(node.outputShapes, outputTypes.first, cursor)
    var call = TimedFactBuilder.Call(
      kind: kind, dataType: inputs.type ?? outputs.type ?? .unknown)
    if rankIsPeer { call.peer = Int32(clamping: rank) }
    if inputs.type != nil || outputs.type != nil {
      call.elementCount = TorchNames.elementCount(
        kind, inputs: inputs.elements, outputs: outputs.elements, ranks: Int(size))
    }
    facts.add(call, process: process, communicator: communicator, line: ledger.lines + 1)
    return .parsed
  }

  /// The tensors of the first argument, if it is one.
  private static func tensors(
    _ shapes: Range<Int>?, _ type: String?, _ cursor: JSONCursor
  ) -> Tensors {
    guard let type, let open = type.firstRange(of: "Tensor("), let shapes,
      let first = elements(shapes, cursor).first
    else { return Tensors() }
    let name = type[open.upperBound...].prefix { $0 != ")" }
    // Either one shape, or a list of them.
    let parts = elements(first, cursor)
    let isList = parts.first.map { cursor.byte(at: $0.lowerBound) == 0x5B } ?? false
    var total: UInt64 = 0
    for shape in isList ? parts : [first] {
      var product: UInt64 = 1
      for dimension in elements(shape, cursor) {
        guard let length = JSONCursor.integer(in: cursor, dimension), length >= 0 else {
          return Tensors()
        }
        let (value, overflow) = product.multipliedReportingOverflow(by: UInt64(length))
        guard !overflow else { return Tensors() }
        product = value
      }
      let (sum, overflow) = total.addingReportingOverflow(product)
      guard !overflow else { return Tensors() }
      total = sum
    }
    return Tensors(elements: total, type: TorchNames.dataType(name))
  }

  /// Where the elements of an array stand; empty for anything else.
  private static func elements(_ range: Range<Int>?, _ cursor: JSONCursor) -> [Range<Int>] {
    guard let range, cursor.byte(at: range.lowerBound) == 0x5B else { return [] }
    var inner = cursor
    inner.position = range.lowerBound
    guard inner.beginArray() else { return [] }
    var found: [Range<Int>] = []
    while inner.position < range.upperBound, inner.nextValue() {
      _ = inner.peek()
      let start = inner.position
      inner.skipValue()
      guard inner.state == .valid else { return [] }
      found.append(start..<inner.position)
    }
    return found
  }

  private static func unquoted(_ range: Range<Int>, _ cursor: JSONCursor) -> Range<Int> {
    guard range.count >= 2, cursor.byte(at: range.lowerBound) == 0x22 else { return range }
    return range.lowerBound + 1..<range.upperBound - 1
  }
}

extension ChakraNode {
  /// Reads a node of a Chakra trace in JSON.
  fileprivate mutating func read(_ cursor: inout JSONCursor) {
    guard cursor.beginObject() else { return }
    while let key = cursor.nextKey() {
      let first = cursor.peek()
      if cursor.equals(key, "Name"), first == 0x22 {
        guard let range = cursor.string() else { return }
        name = cursor.text(range, limit: 256)
      } else if first == 0x22 {
        guard let range = cursor.string() else { return }
        set(cursor.text(key, limit: 32), nil, cursor.text(range, limit: 128))
      } else if first == 0x74 || first == 0x66 {
        cursor.skipValue()
        set(cursor.text(key, limit: 32), first == 0x74 ? 1 : 0, "")
      } else if let first, first == 0x2D || first &- 0x30 < 10 {
        guard let value = cursor.integer(), value >= 0 else {
          if cursor.state != .valid { return }
          continue
        }
        let number = UInt64(value)
        if cursor.equals(key, "NodeType") {
          type = number
        } else if cursor.equals(key, "runtime") {
          duration = number
        } else {
          set(cursor.text(key, limit: 32), number, String(number))
        }
      } else {
        cursor.skipValue()
      }
    }
  }
}
