// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// Finds the class of operations of a communicator that a call belongs to.
struct ClassIndex {
  private struct Key: Hashable {
    var kind: OperationKind
    /// `nil` for a type that the source does not tell.
    var type: UInt8?
    /// `nil` where sizes were summed or differ.
    var bytes: UInt64?
  }

  private var place: [Key: Int] = [:]
  private let size: Int

  /// Lists the classes of a communicator with `size` ranks.
  init(_ classes: [OperationClass], size: Int) {
    self.size = size
    for (index, group) in classes.enumerated() {
      place[Key(kind: group.kind, type: group.dataType.rawValue, bytes: group.messageBytes)] = index
      let untyped = Key(kind: group.kind, type: nil, bytes: group.messageBytes)
      place[untyped] = place[untyped] ?? index
    }
  }

  /// Whether there is a class of this operation.
  func contains(_ kind: OperationKind) -> Bool { place.keys.contains { $0.kind == kind } }

  /// The class of a call; a type that a source does not tell stands in for any.
  func find(_ kind: OperationKind, _ type: DataType, elements: UInt64?) -> Int? {
    let bytes = elements.flatMap { count in
      type.byteSize.map {
        WireBytes.messageBytes(kind, bytes: count.times(UInt64(clamping: $0)), size: size)
      }
    }
    for bytes in [bytes, nil] {
      for type in [type.rawValue, DataType.unknown.rawValue] {
        if let index = place[Key(kind: kind, type: type, bytes: bytes)] { return index }
      }
      if type == .unknown, let index = place[Key(kind: kind, type: nil, bytes: bytes)] {
        return index
      }
    }
    return nil
  }
}
