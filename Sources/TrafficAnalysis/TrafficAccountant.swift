// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// Operations of one kind, type and size on one communicator.
struct OperationClass {
  /// The operation; `send` stands for a matched send and receive, and `allToAll`, `gather` and
  /// `scatter` also for the groups of sends and receives that frameworks write them as.
  var kind: OperationKind
  /// The type, ``DataType/unknown`` where the log does not tell.
  var dataType: DataType
  /// Elements as logged; `nil` when not known or not the same everywhere.
  var elementCount: UInt64?
  /// S of nccl-tests; `nil` when not known or not the same everywhere.
  var messageBytes: UInt64?
  /// Each operation once.
  var operations: UInt64 = 0
  /// Each call of each rank.
  var rankCalls: UInt64 = 0
  /// What the send buffers hold.
  var payloadBytes: UInt64 = 0
  /// What leaves GPUs.
  var wireBytes: UInt64 = 0
  /// Part of `wireBytes` between nodes; `nil` when the placement is not known.
  var interNodeBytes: UInt64? = 0
  /// Calls from a thread other than the first.
  var otherThreadCalls: UInt64 = 0
  /// Sizes, when `messageBytes` is `nil`.
  var sizes: [SizeClass] = []
  /// The ways of `wireBytes`.
  var flows: [Flow] = []
  /// Place among the classes of the communicator by first appearance.
  var order = 0

  /// Part of `wireBytes` on a node.
  var intraNodeBytes: UInt64? { interNodeBytes.map { wireBytes.minus($0) } }

  /// The name in tables.
  var collective: String { kind == .send || kind == .recv ? "send_recv" : kind.name }
}

/// Operations whose message has between 2^k and 2^(k+1) - 1 bytes.
struct SizeClass: Equatable {
  /// k; `nil` for messages without a byte.
  var log2: Int?
  var operations: UInt64
  var payloadBytes: UInt64

  /// The class of a size.
  static func log2(of bytes: UInt64) -> Int? {
    bytes == 0 ? nil : UInt64.bitWidth - 1 - bytes.leadingZeroBitCount
  }
}

/// What was counted on one communicator.
struct CommunicatorTraffic {
  /// In order of first appearance.
  var classes: [OperationClass] = []
  /// Operations over all classes, each once.
  var operations: UInt64 = 0
  /// Sends between ranks, for the shape of point-to-point traffic: (source, target) -> operations.
  var pairs: [RankPair: UInt64] = [:]
  /// Whether the ranks' calls differ in number or order.
  var differs = false
  /// Data types whose size is not known.
  var unknownTypes: Set<UInt8> = []
  /// Pairs whose sends and receives differ in number although both ranks have a log.
  var unmatched: [UnmatchedPair] = []
}

/// An ordered pair of communicator ranks.
struct RankPair: Hashable {
  var source: Int
  var target: Int
}

/// Counts operations, calls, payload and wire bytes of a communicator.
///
/// The k-th collective of every rank is one operation. Ranks of a healthy communicator make the
/// same calls, so the operations of a key are the calls of any rank; where a rank has fewer, its
/// log or its life ended early and the largest number counts.
struct TrafficAccountant {
  private let communicator: Communicator
  private let views: [Instance]
  private let placement: Placement
  private let logsBytes: Bool
  private var traffic = CommunicatorTraffic()
  private var tunings: [TuningFacts] = []

  /// Prepares the accounts of a communicator.
  ///
  /// `logsBytes` says whether its release logs all-gather and broadcast as bytes; `nil` when the
  /// release is not known.
  init(
    _ communicator: Communicator, _ views: [Instance], _ placement: Placement, logsBytes: Bool?
  ) {
    self.communicator = communicator
    self.views = views
    self.placement = placement
    // Not knowing the release, a byte count may be a count of bytes: the type stays open.
    self.logsBytes = logsBytes ?? true
    for view in views { tunings += view.facts.tunings }
  }

  /// Does the sums and charges the ranks.
  ///
  /// - Complexity: O(*r* + *n*) in rows of calls and ranks, except that all-to-all by sends and
  ///   receives is quadratic in the ranks, as its rows are.
  mutating func account(_ ledger: inout RankLedger) -> CommunicatorTraffic {
    for view in views {
      var calls: UInt64 = 0
      for row in view.facts.calls { calls.add(row.calls) }
      ledger.addCalls(calls, endpoint: view.endpoint)
    }
    traffic.differs = ranksDiffer()
    collectives()
    var exchanges = ExchangeAccountant(
      views: views, placement: placement, size: communicator.size, nextOrder: traffic.classes.count)
    exchanges.account()
    traffic.classes += exchanges.classes
    traffic.pairs = exchanges.pairs
    traffic.unknownTypes.formUnion(exchanges.unknownTypes)
    traffic.unmatched = exchanges.unmatched
    traffic.classes.sort { $0.order < $1.order }
    for place in traffic.classes.indices {
      traffic.operations.add(traffic.classes[place].operations)
      for flow in traffic.classes[place].flows {
        traffic.classes[place].wireBytes.add(flow.bytes)
        traffic.classes[place].interNodeBytes.add(placement.charge(flow, &ledger))
      }
    }
    return traffic
  }

  private func ranksDiffer() -> Bool {
    guard let first = views.first, !views.contains(where: \.isSampled) else { return false }
    return views.contains {
      $0.facts.collectiveCalls != first.facts.collectiveCalls
        || ($0.hasOrder && first.hasOrder
          && $0.facts.collectiveOrderHash != first.facts.collectiveOrderHash)
    }
  }

  // MARK: - Collectives

  fileprivate struct Key: Hashable {
    var kind: OperationKind
    var type: DataType
    var count: UInt64
    var isCoarse: Bool
    var root: Int32
  }

  /// Calls of one key over the ranks.
  fileprivate struct Sum {
    var key: Key
    var view = -1
    var callsHere: UInt64 = 0
    var elementsHere: UInt64 = 0
    var ranks = 0
    var lastRank = 0
    var operations: UInt64 = 0
    var elements: UInt64 = 0
    var calls: UInt64 = 0
    var otherThreadCalls: UInt64 = 0
    var payloadElements: UInt64 = 0
  }

  private mutating func collectives() {
    var place: [Key: Int] = [:]
    var sums: [Sum] = []
    let knowsRanks = views.allSatisfy { $0.rank != nil }
    for (number, view) in views.enumerated() {
      var next = 0
      for row in view.facts.calls where row.kind != .send && row.kind != .recv {
        let isRooted = Self.isRooted(row.kind)
        let key = Key(
          kind: row.kind, type: row.dataType, count: row.elementCount, isCoarse: row.isCoarse,
          root: isRooted ? row.peer : -1)
        // Ranks make the same calls in the same order: the next row is most often the next sum.
        let isNext = next < sums.count && sums[next].key == key
        let index = isNext ? next : place[key] ?? sums.count
        if index == sums.count {
          place[key] = index
          sums.append(Sum(key: key))
        }
        next = index + 1
        let factor = WireBytes.payloadFactor(
          row.kind, size: communicator.size, isRoot: view.rank == Int(row.peer))
        sums[index].add(row, view: number, factor: factor)
      }
    }
    if traffic.differs { trimMismatched(&sums) }
    for index in sums.indices {
      if sums[index].key.kind.isPointToPoint {
        oneSided(sums[index])
      } else {
        collective(sums[index], knowsRanks: knowsRanks)
      }
    }
    mergeRoots()
  }

  private static func isRooted(_ kind: OperationKind) -> Bool {
    switch kind {
    case .broadcast, .reduce, .gather, .scatter: true
    default: false
    }
  }

  /// Takes back operations that a differing rank seems to add.
  ///
  /// Where one rank calls with another count than its peers, both keys would count; the k-th call
  /// of each rank is still one operation, and it counts for the key that more ranks used.
  private func trimMismatched(_ sums: inout [Sum]) {
    let longest =
      views.lazy.map { view in
        view.facts.calls.lazy.filter { !$0.kind.isPointToPoint }
          .reduce(UInt64(0)) { $0.adding($1.calls) }
      }.max() ?? 0
    var counted: UInt64 = 0
    for sum in sums where !sum.key.kind.isPointToPoint { counted.add(sum.operations) }
    var excess = counted.minus(longest)
    guard excess > 0 else { return }
    let lengths = Set(views.map(\.facts.collectiveCalls))
    let minority = sums.indices.filter { index in
      // A key that half of the ranks use is a mismatch only if no call is missing anywhere.
      !sums[index].key.kind.isPointToPoint
        && (sums[index].ranks * 2 < views.count
          || (sums[index].ranks * 2 == views.count && lengths.count == 1))
    }.sorted { a, b in
      (sums[a].ranks, -sums[a].lastRank, a) < (sums[b].ranks, -sums[b].lastRank, b)
    }
    for index in minority where excess > 0 {
      let part = min(excess, sums[index].operations)
      if sums[index].operations > 0 {
        sums[index].elements = UInt64.scale(
          sums[index].elements, by: sums[index].operations - part, over: sums[index].operations)
      }
      sums[index].operations -= part
      excess -= part
    }
  }

  private mutating func collective(_ sum: Sum, knowsRanks: Bool) {
    let key = sum.key
    let isByteCount =
      logsBytes && (key.kind == .allGather || key.kind == .broadcast) && key.type == .int8
    var group = OperationClass(
      kind: key.kind, dataType: isByteCount ? .unknown : key.type,
      elementCount: isByteCount || key.isCoarse || key.type == .unknown ? nil : key.count)
    group.operations = sum.operations
    group.rankCalls = sum.calls
    group.otherThreadCalls = sum.otherThreadCalls
    group.order = traffic.classes.count
    guard let width = key.type.byteSize.map({ UInt64(clamping: $0) }) else {
      traffic.unknownTypes.insert(key.type.rawValue)
      traffic.classes.append(group)
      return
    }
    let bytes = sum.elements.times(width)
    var payload = sum.payloadElements.times(width)
    if !knowsRanks, key.kind == .broadcast || key.kind == .scatter {
      // Which caller is the root is not known: its buffer counts once per operation.
      payload = bytes.times(
        WireBytes.payloadFactor(key.kind, size: communicator.size, isRoot: true))
    }
    group.payloadBytes = payload
    let perOperation = key.count.times(width)
    if key.isCoarse {
      let mean = sum.operations == 0 ? 0 : bytes / sum.operations
      let message = WireBytes.messageBytes(key.kind, bytes: mean, size: communicator.size)
      group.sizes = [
        SizeClass(
          log2: SizeClass.log2(of: message), operations: group.operations, payloadBytes: payload)
      ]
    } else {
      group.messageBytes = WireBytes.messageBytes(
        key.kind, bytes: perOperation, size: communicator.size)
    }
    group.flows = WireBytes.flows(
      key.kind, bytes: bytes, operations: sum.operations, size: communicator.size,
      nodes: placement.nodes, model: wireModel(key.kind, bytes: perOperation),
      root: Int(key.root))
    traffic.classes.append(group)
  }

  /// Puts, signals and waits: each call is an operation of its own.
  private mutating func oneSided(_ sum: Sum) {
    let key = sum.key
    var group = OperationClass(
      kind: key.kind, dataType: key.type, elementCount: key.isCoarse ? nil : key.count)
    group.operations = sum.calls
    group.rankCalls = sum.calls
    group.order = traffic.classes.count
    if key.kind == .putSignal {
      guard let width = key.type.byteSize.map({ UInt64(clamping: $0) }) else {
        traffic.unknownTypes.insert(key.type.rawValue)
        traffic.classes.append(group)
        return
      }
      group.messageBytes = key.isCoarse ? nil : key.count.times(width)
      group.payloadBytes = sum.payloadElements.times(width)
      for view in views {
        for row in view.facts.calls
        where row.kind == .putSignal && row.dataType == key.type
          && row.elementCount == key.count && row.isCoarse == key.isCoarse
          && view.rank != Int(row.peer)
        {
          group.flows.append(
            Flow(
              pattern: view.rank.map { .pair(source: $0, target: Int(row.peer)) } ?? .somewhere,
              bytes: row.elements.times(width), operations: row.calls))
        }
      }
      if key.isCoarse {
        group.sizes = [
          SizeClass(log2: nil, operations: group.operations, payloadBytes: group.payloadBytes)
        ]
      }
    } else {
      group.messageBytes = 0
    }
    traffic.classes.append(group)
  }

  /// Classes that differ only by root are one row.
  private mutating func mergeRoots() {
    struct Row: Hashable {
      var kind: OperationKind
      var type: DataType
      var count: UInt64?
      var bytes: UInt64?
    }
    var place: [Row: Int] = [:]
    var merged: [OperationClass] = []
    for group in traffic.classes {
      let row = Row(
        kind: group.kind, type: group.dataType, count: group.elementCount,
        bytes: group.messageBytes)
      guard let index = place[row] else {
        place[row] = merged.count
        merged.append(group)
        continue
      }
      merged[index].merge(group)
    }
    traffic.classes = merged
  }

  // MARK: - Algorithm

  /// The algorithm that the log names for an operation and size, else the ring.
  private func wireModel(_ kind: OperationKind, bytes: UInt64) -> WireModel {
    let own = tunings.filter { $0.kind == kind }
    guard !own.isEmpty else { return .ring }
    // Up to 2.23 the line shows the total over ranks, from 2.24.3 on the bytes of one call.
    let total = WireBytes.messageBytes(kind, bytes: bytes, size: communicator.size)
    var exact = own.filter { $0.bytes == bytes }
    if exact.isEmpty { exact = own.filter { $0.bytes == total } }
    if exact.isEmpty {
      // Aggregated batches print their sum; one algorithm for all sizes leaves no doubt.
      let names = Set(own.map(\.algorithm))
      return names.count == 1 ? WireModel(algorithm: names.first ?? "") : .ring
    }
    var lines: [String: UInt64] = [:]
    for row in exact { lines[row.algorithm, default: 0].add(row.lines) }
    let best = lines.max { a, b in (a.value, b.key) < (b.value, a.key) }
    return WireModel(algorithm: best?.key ?? "")
  }
}

extension TrafficAccountant.Sum {
  /// Adds one rank's row.
  fileprivate mutating func add(_ row: CallFacts, view number: Int, factor: UInt64) {
    if view != number {
      view = number
      callsHere = 0
      elementsHere = 0
      ranks += 1
      lastRank = number
    }
    callsHere.add(row.calls)
    elementsHere.add(row.elements)
    operations = max(operations, callsHere)
    elements = max(elements, elementsHere)
    calls.add(row.calls)
    otherThreadCalls.add(row.otherThreadCalls)
    payloadElements.add(row.elements.times(factor))
  }
}

extension OperationClass {
  /// Adds operations of the same row.
  mutating func merge(_ other: OperationClass) {
    operations.add(other.operations)
    rankCalls.add(other.rankCalls)
    payloadBytes.add(other.payloadBytes)
    wireBytes.add(other.wireBytes)
    flows += other.flows
    interNodeBytes.add(other.interNodeBytes)
    otherThreadCalls.add(other.otherThreadCalls)
    sizes += other.sizes
    order = min(order, other.order)
  }
}

extension UInt64 {
  /// `value * numerator / denominator`, exact in between, at most the largest value.
  static func scale(_ value: UInt64, by numerator: UInt64, over denominator: UInt64) -> UInt64 {
    guard denominator > 0 else { return 0 }
    let (high, low) = value.multipliedFullWidth(by: numerator)
    guard high < denominator else { return .max }
    return denominator.dividingFullWidth((high, low)).quotient
  }
}
