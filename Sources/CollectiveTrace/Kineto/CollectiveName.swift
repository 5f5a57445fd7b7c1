// SPDX-License-Identifier: Apache-2.0

/// How PyTorch names a collective, and how it counts its elements.
///
/// The same operation has a name in `record_param_comms` (`allreduce`, `_allgather_base`), one in
/// the annotation around the launch (`nccl:all_reduce`), and several over the releases; they
/// differ in case, underscores and suffixes only. Sources: `ProcessGroupNCCL.cpp`
/// (`RECORD_PARAM_COMMS_DATA`) and `ParamCommsUtils.hpp` of PyTorch 1.13 to 2.9.
enum CollectiveName: UInt8, BitwiseCopyable {
  /// Nothing that is known.
  case unknown
  case allReduce
  case allGather
  case reduceScatter
  case broadcast
  case reduce
  case allToAll
  case gather
  case scatter
  case send
  case recv
  /// An all-reduce of one element (`ProcessGroupNCCL::barrier`).
  case barrier
  /// Brackets around calls that are recorded themselves; no operation.
  case coalesced
  /// Waits for an operation; none itself.
  case wait

  /// The reduction of a row for which no kernel was named after it.
  static let unknownReduction = UInt32.max

  /// Reads a name without `nccl:` or `c10d::` before it.
  init(_ name: String) {
    var letters = ""
    for character in name.utf8.prefix(64) {
      if (character | 0x20) &- 0x61 < 26 {
        letters.unicodeScalars.append(Unicode.Scalar(character | 0x20))
      } else if character == 0x20 || character == 0x3A {
        break  // `send 0->1`, and descriptions after it
      }
    }
    self = .unknown
    for (prefix, name) in Self.prefixes where letters.hasPrefix(prefix) {
      self = name
      return
    }
  }

  /// Prefixes of the letters of all names; the first that fits counts.
  private static let prefixes: [(String, CollectiveName)] = [
    ("allreducebarrier", .barrier), ("allreduce", .allReduce), ("allgather", .allGather),
    ("reducescatter", .reduceScatter), ("broadcast", .broadcast), ("reduce", .reduce),
    ("alltoall", .allToAll), ("gather", .gather), ("scatter", .scatter),
    ("sendrecv", .unknown), ("send", .send), ("recv", .recv), ("barrier", .barrier),
    ("coalesced", .coalesced), ("wait", .wait), ("startcoalescing", .coalesced),
    ("endcoalescing", .coalesced), ("groupstart", .coalesced), ("groupend", .coalesced),
  ]

  /// The operation, or `nil` when the name is of none.
  var kind: OperationKind? {
    switch self {
    case .allReduce, .barrier: .allReduce
    case .allGather: .allGather
    case .reduceScatter: .reduceScatter
    case .broadcast: .broadcast
    case .reduce: .reduce
    case .allToAll: .allToAll
    case .gather: .gather
    case .scatter: .scatter
    case .send: .send
    case .recv: .recv
    case .unknown, .coalesced, .wait: nil
    }
  }

  /// Whether the rank that PyTorch records is the root's or the peer's, not the caller's.
  var rankIsPeer: Bool {
    switch self {
    case .broadcast, .reduce, .gather, .scatter, .send, .recv: true
    default: false
    }
  }

  /// The element count of a call as DESIGN.md section 4 defines it.
  ///
  /// - Parameters:
  ///   - input: Elements of all input tensors together; negative when not stated.
  ///   - output: Elements of all output tensors together; negative when not stated.
  ///   - size: Ranks of the group, 0 when not known.
  /// - Returns: The count, or `nil` when it cannot be told from what is stated.
  func elementCount(input: Int64, output: Int64, size: Int) -> UInt64? {
    switch self {
    case .barrier: return 1
    case .allReduce, .broadcast, .reduce, .send, .recv:
      return Self.stated(input) ?? Self.stated(output)
    case .allGather, .gather:
      return Self.stated(input) ?? Self.part(output, of: size)
    case .reduceScatter, .scatter:
      return Self.stated(output) ?? Self.part(input, of: size)
    case .allToAll: return Self.part(input, of: size) ?? Self.part(output, of: size)
    case .unknown, .coalesced, .wait: return nil
    }
  }

  private static func stated(_ count: Int64) -> UInt64? { count >= 0 ? UInt64(count) : nil }

  private static func part(_ count: Int64, of size: Int) -> UInt64? {
    guard count >= 0, size > 0, count % Int64(size) == 0 else { return nil }
    return UInt64(count / Int64(size))
  }

  /// The data type that PyTorch's name of a scalar type stands for (`BFloat16`, `c10::Half`).
  static func dataType(_ name: String) -> DataType {
    let bare = name.hasPrefix("c10::") ? String(name.dropFirst(5)) : name
    return types[bare].map { DataType(rawValue: $0) } ?? .unknown
  }

  /// Booleans travel as bytes.
  private static let types: [String: UInt8] = [
    "Char": 0, "signed char": 0, "Byte": 1, "unsigned char": 1, "Bool": 1, "bool": 1,
    "Int": 2, "int": 2, "UInt32": 3, "unsigned int": 3, "Long": 4, "long": 4, "long int": 4,
    "long long": 4, "UInt64": 5, "unsigned long": 5, "Half": 6, "Float": 7, "float": 7,
    "Double": 8, "double": 8, "BFloat16": 9, "Float8_e4m3fn": 10, "Float8_e4m3fnuz": 10,
    "Float8_e5m2": 11, "Float8_e5m2fnuz": 11,
  ]
}
