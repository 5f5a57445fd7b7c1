// SPDX-License-Identifier: Apache-2.0

/// Writes pickles by hand: the data that a dump has, and instructions that none has.
struct PickleWriter {
  /// A value of a dump.
  indirect enum Value {
    case null
    case bool(Bool)
    case integer(Int64)
    case real(Double)
    case text(String)
    case list([Value])
    case tuple([Value])
    case dictionary([(String, Value)])
  }

  /// A whole pickle of protocol 2.
  static func pickle(_ value: Value) -> [UInt8] { [0x80, 2] + bytes(value) + [0x2E] }

  /// The instructions that leave a value on the stack.
  static func bytes(_ value: Value) -> [UInt8] {
    switch value {
    case .null: return [0x4E]
    case .bool(let value): return [value ? 0x88 : 0x89]
    case .integer(let value):
      if (0..<256).contains(value) { return [0x4B, UInt8(value)] }
      if (0..<65536).contains(value) { return [0x4D] + little(UInt64(value), 2) }
      if let value = Int32(exactly: value) {
        return [0x4A] + little(UInt64(UInt32(bitPattern: value)), 4)
      }
      return [0x8A, 8] + little(UInt64(bitPattern: value), 8)
    case .real(let value): return [0x47] + little(value.bitPattern, 8).reversed()
    case .text(let value): return [0x58] + little(UInt64(value.utf8.count), 4) + value.utf8
    case .list(let items): return [0x5D, 0x28] + items.flatMap(bytes) + [0x65]
    case .tuple(let items):
      return items.count == 2
        ? items.flatMap(bytes) + [0x86] : [0x28] + items.flatMap(bytes) + [0x74]
    case .dictionary(let pairs):
      return [0x7D, 0x28] + pairs.flatMap { bytes(.text($0.0)) + bytes($0.1) } + [0x75]
    }
  }

  /// The same value as JSON.
  static func json(_ value: Value) -> String {
    switch value {
    case .null: return "null"
    case .bool(let value): return value ? "true" : "false"
    case .integer(let value): return "\(value)"
    case .real(let value): return "\(value)"
    case .text(let value): return "\"\(value)\""
    case .list(let items), .tuple(let items):
      return "[" + items.map(json).joined(separator: ", ") + "]"
    case .dictionary(let pairs):
      return "{" + pairs.map { "\"\($0.0)\": \(json($0.1))" }.joined(separator: ", ") + "}"
    }
  }

  private static func little(_ value: UInt64, _ size: Int) -> [UInt8] {
    (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
  }

  /// A call as PyTorch enters it.
  static func entry(
    _ name: String, group: String = "1", purpose: String = "TENSOR", number: Int64 = 0,
    sequence: Int64, inputs: [[Int64]], outputs: [[Int64]], type: String = "BFloat16",
    state: String = "scheduled", duration: Double? = nil, isPointToPoint: Bool = false
  ) -> Value {
    func sizes(_ all: [[Int64]]) -> Value { .list(all.map { .list($0.map { .integer($0) }) }) }
    var pairs: [(String, Value)] = [
      ("record_id", .integer(sequence)), ("pg_id", .integer(number)),
      ("process_group", .tuple([.text(group), .text(purpose)])),
      ("collective_seq_id", .integer(isPointToPoint ? 0 : sequence)),
      ("p2p_seq_id", .integer(isPointToPoint ? sequence : 0)), ("op_id", .integer(sequence)),
      ("profiling_name", .text(name)), ("time_created_ns", .integer(1_758_610_505_592_849_034)),
      ("input_sizes", sizes(inputs)), ("input_dtypes", .list([.text(type)])),
      ("output_sizes", sizes(outputs)), ("output_dtypes", .list([.text(type)])),
      ("state", .text(state)), ("time_discovered_started_ns", .null),
      ("time_discovered_completed_ns", .null), ("retired", .bool(false)),
      ("timeout_ms", .integer(600_000)), ("is_p2p", .bool(isPointToPoint)),
      ("frames", .list([.dictionary([("name", .text("step")), ("line", .integer(7))])])),
    ]
    if let duration { pairs.append(("duration_ms", .real(duration))) }
    return .dictionary(pairs)
  }

  /// A dump of rank 2 of 4, with three calls on two groups.
  static let dump = dump(
    groups: [
      ("0", "default_pg", "[0, 1, 2, 3]"), ("1", "TENSOR", "[2, 3]"), ("5", "DATA", "[0, 2]"),
    ],
    status: [("0", 3, 3), ("1", 9, 7), ("4", 2, 2)],
    entries: [
      entry(
        "nccl:_all_gather_base", number: 1, sequence: 8, inputs: [[16, 4]], outputs: [[32, 4]],
        state: "started"),
      entry(
        "nccl:_reduce_scatter_base", number: 1, sequence: 9, inputs: [[32, 4]], outputs: [[16, 4]]),
      entry(
        "nccl:all_reduce", group: "0", purpose: "default_pg", sequence: 3, inputs: [[10]],
        outputs: [[10]], type: "Float", state: "completed", duration: 0.25),
      entry(
        "nccl:send 1->0", group: "5", purpose: "DATA", number: 4, sequence: 2, inputs: [[6]],
        outputs: [[6]], isPointToPoint: true),
      entry("nccl:coalesced", number: 1, sequence: 9, inputs: [], outputs: []),
    ])

  /// A whole dump; `status` has number, last enqueued and last completed.
  static func dump(
    groups: [(String, String, String)], status: [(String, Int64, Int64)], entries: [Value]
  ) -> Value {
    .dictionary([
      ("version", .text("2.9")), ("nccl_version", .text("2.27.3")),
      (
        "pg_config",
        .dictionary(
          groups.map { group in
            (
              group.0,
              .dictionary([
                ("name", .text(group.0)), ("desc", .text(group.1)), ("ranks", .text(group.2)),
              ])
            )
          })
      ),
      (
        "pg_status",
        .dictionary(
          status.map { entry in
            (
              entry.0,
              .dictionary([
                ("last_enqueued_collective", .integer(entry.1)),
                ("last_started_collective", .integer(-1)),
                ("last_completed_collective", .integer(entry.2)),
              ])
            )
          })
      ),
      ("entries", .list(entries)),
    ])
  }
}
