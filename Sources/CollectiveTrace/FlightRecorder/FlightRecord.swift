// SPDX-License-Identifier: Apache-2.0

/// One call as PyTorch's Flight Recorder keeps it.
struct FlightRecord {
  /// `nccl:all_reduce`, `nccl:send 0->3`.
  var name = ""
  /// Name and description of the process group.
  var group = ""
  var purpose = ""
  /// The process group's number in this process, as `pg_status` uses it.
  var groupNumber: Int64?
  /// Elements of all tensors; `nil` where none is stated or a size cannot be right.
  var inputs: UInt64?
  var outputs: UInt64?
  var type: DataType?
  var state = ""
  var collectiveSequence: Int64 = -1
  var pointToPointSequence: Int64 = -1
  var isPointToPoint = false
  var called: Int64?
  var started: Int64?
  /// Milliseconds between two GPU events.
  var duration: Double?

  /// Reads an entry of the dump.
  init(_ node: Int32, in tree: inout DataTree) throws(DumpError) {
    for (key, value) in try tree.pairs(node) {
      switch key {
      case "profiling_name": name = tree.text(value) ?? ""
      case "process_group":
        let parts = try tree.elements(value)
        group = tree.text(parts.first ?? value) ?? ""
        purpose = parts.count > 1 ? tree.text(parts[1]) ?? "" : ""
      case "pg_name": group = tree.text(value) ?? group
      case "pg_id": groupNumber = tree.integer(value)
      case "input_sizes": inputs = try Self.elements(value, &tree)
      case "output_sizes": outputs = try Self.elements(value, &tree)
      case "input_dtypes": type = try Self.type(value, &tree) ?? type
      case "output_dtypes":
        let own = try Self.type(value, &tree)
        type = type ?? own
      case "state": state = tree.text(value) ?? ""
      case "collective_seq_id", "seq_id": collectiveSequence = tree.integer(value) ?? -1
      case "p2p_seq_id": pointToPointSequence = tree.integer(value) ?? -1
      case "is_p2p": isPointToPoint = tree.isTrue(value)
      // JSON dumps write 0 for what is not known.
      case "time_created_ns": called = tree.integer(value).flatMap { $0 > 0 ? $0 : nil }
      case "time_discovered_started_ns": started = tree.integer(value).flatMap { $0 > 0 ? $0 : nil }
      case "duration_ms": duration = tree.number(value)
      default: break
      }
    }
  }

  /// Elements of all tensors of a list of sizes.
  private static func elements(_ node: Int32, _ tree: inout DataTree) throws(DumpError) -> UInt64? {
    var total: UInt64?
    for tensor in try tree.elements(node) {
      var product: UInt64 = 1
      for dimension in try tree.elements(tensor) {
        guard let length = tree.integer(dimension), length >= 0 else { return nil }
        let (value, overflow) = product.multipliedReportingOverflow(by: UInt64(length))
        guard !overflow else { return nil }
        product = value
      }
      let (sum, overflow) = (total ?? 0).addingReportingOverflow(product)
      guard !overflow else { return nil }
      total = sum
    }
    return total
  }

  /// The type that all tensors have.
  private static func type(_ node: Int32, _ tree: inout DataTree) throws(DumpError) -> DataType? {
    var common: DataType?
    for name in try tree.elements(node) {
      guard let type = tree.text(name).flatMap({ TorchNames.dataType($0) }) else { return nil }
      guard common == nil || common == type else { return nil }
      common = type
    }
    return common
  }

  /// The own and the other rank in the group, from `send 0->3` or `recv 0<-3`.
  var ends: (own: Int, peer: Int)? {
    guard let text = name.split(separator: " ").last else { return nil }
    let numbers = text.split { $0 == "-" || $0 == ">" || $0 == "<" }.compactMap { Int($0) }
    guard numbers.count == 2, numbers.allSatisfy({ $0 >= 0 }) else { return nil }
    return (numbers[0], numbers[1])
  }
}

/// A process group of a dump.
struct FlightGroup {
  var name: String
  var purpose: String
  /// Global ranks in the order of ranks in the group.
  var members: [Int] = []

  /// Most members of all groups of a dump together.
  static let maximumMembers = 1 << 22

  /// Reads `pg_config`.
  static func all(_ node: Int32?, in tree: inout DataTree) throws(DumpError) -> [FlightGroup] {
    var groups: [FlightGroup] = []
    var room = maximumMembers
    for (name, value) in try tree.pairs(node) {
      var group = FlightGroup(name: name, purpose: "")
      for (key, field) in try tree.pairs(value) {
        switch key {
        case "name": group.name = tree.text(field) ?? group.name
        case "desc": group.purpose = tree.text(field) ?? ""
        case "ranks":
          if let text = tree.text(field, limit: DataTree.maximumTextBytes) {
            group.members = numbers(text, limit: room)
          } else {
            group.members = try tree.elements(field).compactMap { node in
              tree.integer(node).flatMap { Int(exactly: $0) }
            }
          }
        default: break
        }
      }
      room -= group.members.count
      guard room > 0 else { throw .limit("names more than \(maximumMembers) members of groups") }
      groups.append(group)
    }
    return groups
  }

  /// The numbers of `[0, 1, 2]`.
  private static func numbers(_ text: String, limit: Int) -> [Int] {
    var numbers: [Int] = []
    var value: Int?
    for byte in text.utf8 {
      let digit = byte &- 0x30
      if digit < 10 {
        let (product, overflow) = (value ?? 0).multipliedReportingOverflow(by: 10)
        value = overflow || product > .max - 9 ? .max : product + Int(digit)
      } else if let number = value {
        numbers.append(number)
        value = nil
        if numbers.count == limit { break }
      }
    }
    if let value { numbers.append(value) }
    return numbers
  }
}
