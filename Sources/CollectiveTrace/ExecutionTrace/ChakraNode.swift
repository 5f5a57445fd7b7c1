// SPDX-License-Identifier: Apache-2.0

/// What a node of a Chakra execution trace says of communication, in protocol buffers or in JSON.
struct ChakraNode {
  /// `NodeType` of the schema.
  var type: UInt64 = 0
  /// Begin in microseconds; 0 when not stated.
  var start: UInt64 = 0
  /// Length in microseconds; 0 when not stated.
  var duration: UInt64 = 0
  /// `CollectiveCommType` of the schema.
  var collective: UInt64?
  var bytes: UInt64?
  var peer: UInt64?
  var group = ""
  var name = ""
  var isOnHost = false

  /// Whether it sends, receives or takes part in a collective.
  var isCommunication: Bool { (5...7).contains(type) }

  /// Takes a value by its attribute's name; the names are the same in both forms.
  mutating func set(_ attribute: String, _ number: UInt64?, _ text: String) {
    switch attribute {
    case "comm_type": collective = number
    case "comm_size": bytes = number
    case "comm_src", "comm_dst": peer = number
    case "pg_name", "comm_group": group = text
    case "is_cpu_op": isOnHost = number == 1
    default: break
    }
  }

  /// `CollectiveCommType` of the schema; 9 is a barrier, which moves no data.
  private static let collectives: [UInt64: OperationKind] = [
    0: .allReduce, 1: .reduce, 2: .allGather, 3: .gather, 4: .scatter, 5: .broadcast,
    6: .allToAll, 7: .reduceScatter, 8: .reduceScatter,
  ]

  /// The operation; `nil` when it is not known.
  fileprivate var kind: OperationKind? {
    switch type {
    case 5: return .send
    case 6: return .recv
    default:
      if let collective { return Self.collectives[collective] }
      // Traces that were linked without sizes still have the kernel's name.
      let kind = KernelName(name).kind
      return kind == .unnamed ? nil : kind
    }
  }

  /// The rank by the file's name: the schema has none, and simulators find a rank's trace so.
  static func rank(ofFile file: String) -> Int? {
    let parts = file.split(separator: "/").last?.split(separator: ".") ?? []
    guard parts.count > 2, parts.last == "et" || parts.last == "json",
      let rank = Int(parts[parts.count - 2]), (0..<1 << 24).contains(rank)
    else { return nil }
    return rank
  }
}

extension TimedFactBuilder {
  /// A process of a Chakra trace, with the rank that the file's name has.
  mutating func chakraProcess(pid: Int, file: String) -> Int {
    let process = process(host: "", pid: pid)
    if let rank = ChakraNode.rank(ofFile: file) {
      processes[process].globalRank = rank
      processes[process].notices.append(
        Notice(
          level: .info,
          text: "The global rank \(rank) is from the file's name: the trace has none.", line: 1))
    }
    return process
  }

  /// Counts a node for which ``ChakraNode/isCommunication`` holds.
  mutating func count(_ node: ChakraNode, process: Int, line: Int) -> FileLedger.LineClass {
    // The host's part of a call whose kernel is a node of its own.
    if node.type == 7, node.collective == nil, node.isOnHost { return .knownIgnored }
    guard let kind = node.kind else { return .unrecognised }
    let rank = processes[process].globalRank
    let key = CommunicatorKey(
      process: process, name: node.group, rank: node.group.isEmpty ? rank : nil)
    guard let communicator = communicator(key) else { return .malformed }
    var call = Call(kind: kind, dataType: .unknown)
    // What a rank gives is stated; what it takes in a reduce-scatter or gives to each in an
    // all-to-all depends on the number of ranks, which is not.
    if ![.reduceScatter, .allToAll, .scatter].contains(kind) { call.elementCount = node.bytes }
    if kind.isPointToPoint {
      guard let peer = node.peer, peer <= UInt64(Int32.max) else { return .malformed }
      call.peer = Int32(peer)
    }
    if node.duration > 0, node.duration < 1 << 50 {
      call.duration = Int64(node.duration) * 1000
      call.basis = node.isOnHost ? .unknown : .kernelGPU
      if node.start > 0, node.start < 1 << 53 { call.start = Int64(node.start) * 1000 }
    }
    add(call, process: process, communicator: communicator, line: line)
    return .parsed
  }
}
