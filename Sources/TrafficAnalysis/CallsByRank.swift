// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// Finds how often each rank of a communicator took part in each class of operations.
///
/// The accounts of a communicator hold sums; a rank that differs from its peers is found only by
/// looking at the ranks one by one. A group of sends and receives that stands for one collective
/// counts as one call, a single send or receive as one call of the rank that made it.
enum CallsByRank {
  /// For each class the calls of each view of a communicator with `size` ranks.
  ///
  /// - Complexity: O(*r* + *k* *n*) in rows of calls, classes and views.
  static func count(
    _ views: [Instance], _ classes: [OperationClass], size: Int
  ) -> [[UInt64]] {
    var counts = classes.map { _ in [UInt64](repeating: 0, count: views.count) }
    let place = ClassIndex(classes, size: size)
    let hasExchanges = classes.contains { group in
      group.kind == .gather || group.kind == .scatter
        || (group.kind == .allToAll && group.messageBytes == nil)
    }
    for (number, view) in views.enumerated() {
      for row in view.facts.calls {
        let elements = row.isCoarse ? nil : row.elementCount
        switch (row.kind, row.shape) {
        case (.send, .single), (.recv, .single):
          // What belongs to a gather or scatter has no class of its own.
          let kinds: [OperationKind] = [.send, row.kind == .send ? .gather : .scatter]
          if let index = kinds.lazy.compactMap({ place.find($0, row.dataType, elements: elements) })
            .first
          {
            counts[index][number].add(row.calls)
          }
        case (.send, _), (.recv, _):
          // Groups to some peers that are no exchange of the whole communicator stay sends.
          guard row.shape != .allToAll, !hasExchanges,
            let index = place.find(.send, row.dataType, elements: elements)
          else { continue }
          counts[index][number].add(row.calls)
        default:
          guard let index = place.find(row.kind, row.dataType, elements: elements) else { continue }
          counts[index][number].add(row.calls)
        }
      }
      for row in view.facts.exchanges {
        let kind: OperationKind =
          switch row.shape {
          case .fromAll where place.contains(.gather): .gather
          case .toAll where place.contains(.scatter): .scatter
          default: .allToAll
          }
        guard let index = place.find(kind, row.dataType, elements: row.evenCount) else { continue }
        // A rank may send equal parts by chance in an exchange that is uneven elsewhere.
        let whole = classes[index].messageBytes == nil ? row.exchanges : classes[index].operations
        let room = whole.minus(counts[index][number])
        let part = classes[index].messageBytes == nil ? row.exchanges : min(row.exchanges, room)
        counts[index][number].add(part)
        guard part < row.exchanges, let rest = place.find(kind, row.dataType, elements: nil) else {
          counts[index][number].add(row.exchanges.minus(part))
          continue
        }
        counts[rest][number].add(row.exchanges.minus(part))
      }
    }
    return counts
  }
}
