// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// How gathers, scatters, sends and receives follow each other on one communicator, as one rank
/// made them.
struct CallShape {
  /// All-gathers beyond control size.
  var gathers = 0
  /// Reduce-scatters beyond control size.
  var scatters = 0
  /// All-gathers before the first reduce-scatter.
  var leadingGathers = 0
  /// Changes from gathering to scattering and back.
  var switches = 0
  /// Sends before the first receive.
  var leadingSends = 0
  /// Receives.
  var receives = 0
  private var wasGather: Bool?

  /// Calls that are looked at for each GPU: a step or more of most jobs.
  static let maximumPositions = 1 << 13

  fileprivate mutating func add(_ kind: OperationKind) {
    switch kind {
    case .allGather, .reduceScatter:
      let isGather = kind == .allGather
      if isGather {
        gathers += 1
        if scatters == 0 { leadingGathers += 1 }
      } else {
        scatters += 1
      }
      if let wasGather, wasGather != isGather { switches += 1 }
      wasGather = isGather
    case .send:
      if receives == 0 { leadingSends += 1 }
    case .recv: receives += 1
    default: break
    }
  }

  /// The shapes of a process's communicators, by their index; those without an order are missing.
  ///
  /// - Complexity: O(``maximumPositions``) for each GPU of the process.
  static func shapes(of process: ProcessFacts) -> [Int: CallShape] {
    var shapes: [Int: CallShape] = [:]
    for sequence in process.timelines where sequence.lost == 0 {
      let rows = sequence.symbols.map { symbol -> (communicator: Int, kind: OperationKind)? in
        guard !symbol.isExchange, process.communicators.indices.contains(symbol.communicator)
        else { return nil }
        let facts = process.communicators[symbol.communicator]
        guard facts.calls.indices.contains(symbol.row) else { return nil }
        let row = facts.calls[symbol.row]
        let width = UInt64(clamping: row.dataType.byteSize ?? 1)
        let ranks = UInt64(clamping: facts.size ?? 1)
        guard
          row.kind.isPointToPoint
            || row.elementCount.times(width).times(ranks) > CommunicatorProfile.controlBytes
        else { return nil }
        return (symbol.communicator, row.kind)
      }
      for position in CallOrder.expand(sequence, atMost: maximumPositions) ?? [] {
        guard let row = rows[position] else { continue }
        shapes[row.communicator, default: CallShape()].add(row.kind)
      }
    }
    return shapes
  }
}

/// Whom one rank sends to and receives from on one communicator, all-to-all exchanges left out.
struct PeerShape {
  /// Communicator ranks that it sends to.
  private(set) var targets = FewRanks()
  /// Communicator ranks that it receives from.
  private(set) var sources = FewRanks()
  /// Whether its first call was a send; `nil` without any.
  private(set) var sendsFirst: Bool?
  private(set) var sends: UInt64 = 0
  private(set) var receives: UInt64 = 0

  /// Looks at a rank's calls, which are in order of first appearance.
  init(_ facts: CommunicatorFacts) {
    for row in facts.calls where row.kind == .send || row.kind == .recv {
      guard row.shape == .single || row.shape == .several else { continue }
      if sendsFirst == nil { sendsFirst = row.kind == .send }
      // Whoever sends to more than a few is not in a line.
      if row.kind == .send {
        sends.add(row.calls)
        if targets.count < 3 { targets.insert(row.peer) }
      } else {
        receives.add(row.calls)
        if sources.count < 3 { sources.insert(row.peer) }
      }
    }
  }

  /// The rank that such peers leave, where only one is possible: the other one of a pair, the one
  /// between two neighbours, or an end of a line.
  func rank(size: Int) -> Int? {
    let peers = targets.union(sources).sorted.map(Int.init)
    guard let low = peers.first, low >= 0, let high = peers.last, high < size else { return nil }
    if size == 2 { return peers.count == 1 ? 1 - low : nil }
    guard size > 3 else { return nil }
    switch peers.count {
    case 1: return low == 1 ? 0 : low == size - 2 ? size - 1 : nil
    case 2:
      if high - low == 2 { return size == 4 ? nil : low + 1 }
      return high - low == size - 2 ? (high + 1) % size : nil
    default: return nil
    }
  }
}

/// A set of a few communicator ranks, without an allocation: there is one for every view.
struct FewRanks: Equatable {
  private(set) var count = 0
  private var ranks = SIMD8<Int32>()

  var isEmpty: Bool { count == 0 }
  /// The ranks in ascending order.
  var sorted: [Int32] { (0..<count).map { ranks[$0] }.sorted() }

  func contains(_ rank: Int32) -> Bool { (0..<count).contains { ranks[$0] == rank } }

  /// Adds a rank; what is more than eight is left out.
  mutating func insert(_ rank: Int32) {
    guard count < ranks.scalarCount, !contains(rank) else { return }
    ranks[count] = rank
    count += 1
  }

  func union(_ other: Self) -> Self {
    var result = self
    for place in 0..<other.count { result.insert(other.ranks[place]) }
    return result
  }

  func isDisjoint(with other: Self) -> Bool {
    (0..<count).allSatisfy { !other.contains(ranks[$0]) }
  }

  static func == (a: Self, b: Self) -> Bool {
    a.count == b.count && (0..<a.count).allSatisfy { b.contains(a.ranks[$0]) }
  }
}
