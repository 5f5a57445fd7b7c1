// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// Reads the recorded order of calls back, to find where two ranks part.
enum CallOrder {
  /// Most positions read back from one sequence.
  static let maximumPositions = 1 << 20

  /// The collectives of one communicator in the order they were called, as rows of its calls.
  ///
  /// They are `nil` when the order was not recorded whole; `communicator` is an index in the
  /// process's communicators.
  ///
  /// - Complexity: O(*l*) in the length of the sequence; allocates as much.
  static func collectives(of communicator: Int, in process: ProcessFacts) -> [Int]? {
    let facts = process.communicators[communicator]
    for sequence in process.timelines
    where sequence.symbols.contains(where: { $0.communicator == communicator }) {
      guard sequence.lost == 0, let positions = expand(sequence) else { return nil }
      var rows: [Int] = []
      for position in positions {
        let symbol = sequence.symbols[position]
        guard symbol.communicator == communicator, !symbol.isExchange,
          facts.calls.indices.contains(symbol.row), !facts.calls[symbol.row].kind.isPointToPoint
        else { continue }
        rows.append(symbol.row)
      }
      return rows
    }
    return nil
  }

  /// Undoes the compression of the first positions; `nil` when a token points outside what came
  /// before.
  static func expand(_ sequence: CallSequence, atMost limit: Int) -> [Int]? {
    var positions: [Int] = []
    for token in sequence.tokens {
      let room = limit - positions.count
      guard room > 0 else { break }
      switch token {
      case .literal(let symbol):
        guard sequence.symbols.indices.contains(symbol) else { return nil }
        positions.append(symbol)
      case .copy(let distance, let count):
        guard distance > 0, distance <= positions.count, count >= 0 else { return nil }
        for _ in 0..<min(count, room) { positions.append(positions[positions.count - distance]) }
      }
    }
    return positions
  }

  /// Undoes the compression; `nil` when a token points outside what came before.
  static func expand(_ sequence: CallSequence) -> [Int]? {
    var positions: [Int] = []
    positions.reserveCapacity(min(max(sequence.length, 0), maximumPositions))
    for token in sequence.tokens {
      switch token {
      case .literal(let symbol):
        guard sequence.symbols.indices.contains(symbol), positions.count < maximumPositions
        else { return nil }
        positions.append(symbol)
      case .copy(let distance, let count):
        guard distance > 0, distance <= positions.count, count >= 0,
          count <= maximumPositions - positions.count
        else { return nil }
        for _ in 0..<count { positions.append(positions[positions.count - distance]) }
      }
    }
    return positions
  }
}
