// SPDX-License-Identifier: Apache-2.0

/// An NCCL data type by its number in the log (`datatype %d`, `ncclDataType_t`).
///
/// The numbering never changed from NCCL 2.3.5 to 2.30.7; RCCL uses the same.
public struct DataType: Sendable, Hashable, RawRepresentable {
  /// The number as the log prints it.
  public let rawValue: UInt8

  /// Wraps a number, known or not.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The type is not known and elements are bytes: NCCL up to 2.21 logs all-gather and broadcast
  /// so, NCCL Inspector everything.
  public static let unknown = DataType(rawValue: 255)
  /// `ncclInt8`, one byte.
  public static let int8 = DataType(rawValue: 0)
  /// `ncclFloat32`, four bytes.
  public static let float32 = DataType(rawValue: 7)
  /// `ncclBfloat16`, two bytes.
  public static let bfloat16 = DataType(rawValue: 9)

  private static let table: [(name: String, size: Int)] = [
    ("int8", 1), ("uint8", 1), ("int32", 4), ("uint32", 4), ("int64", 8), ("uint64", 8),
    ("float16", 2), ("float32", 4), ("float64", 8), ("bfloat16", 2),
    ("float8e4m3", 1), ("float8e5m2", 1),
  ]

  /// The name used in every table; a number NCCL did not have yet prints as `type<n>`.
  public var name: String {
    if self == .unknown { return "unknown" }
    let index = Int(rawValue)
    return Self.table.indices.contains(index) ? Self.table[index].name : "type\(rawValue)"
  }

  /// The size of one element in bytes, or `nil` when the number is not known.
  public var byteSize: Int? {
    if self == .unknown { return 1 }
    let index = Int(rawValue)
    return Self.table.indices.contains(index) ? Self.table[index].size : nil
  }
}
