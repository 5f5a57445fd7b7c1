// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// A pair of ranks whose sends and receives differ in number.
struct UnmatchedPair {
  var pair: RankPair
  var sends: UInt64
  var receives: UInt64
}

/// Counts sends and receives: pairs, and the collectives that frameworks write as groups of them.
///
/// | the ranks' groups | counted as |
/// | --- | --- |
/// | to all and from all | one `all_to_all` per group |
/// | to several, where at least half of the groups on the communicator are to all and from all | an `all_to_all` in which some parts are empty |
/// | from all at one rank, and as many single sends to it from each other rank | `gather` |
/// | to all at one rank, and as many single receives from it at each other rank | `scatter` |
/// | anything else | `send_recv`, per ordered pair of ranks, type and count |
///
/// The bytes of a pair are those of its sends or of its receives, whichever the logs show more of:
/// one of the two may be missing with its rank's log.
struct ExchangeAccountant {
  /// What was counted.
  private(set) var classes: [OperationClass] = []
  /// Send operations between ranks, self sends left out.
  private(set) var pairs: [RankPair: UInt64] = [:]
  /// Data types whose size is not known.
  private(set) var unknownTypes: Set<UInt8> = []
  /// Pairs whose sends and receives differ in number although both ranks have a log.
  private(set) var unmatched: [UnmatchedPair] = []

  private let views: [Instance]
  private let placement: Placement
  private let size: Int
  private var nextOrder: Int
  /// Root and type of the groups that were recognised as gather or scatter.
  private var stars: Set<Star> = []
  /// Whether groups to several ranks are all-to-alls with empty parts.
  private var hasEmptyParts = false

  private struct Star: Hashable {
    var root: Int
    var type: DataType
    var isGather: Bool
  }

  /// Prepares the accounts of a communicator.
  init(views: [Instance], placement: Placement, size: Int, nextOrder: Int) {
    self.views = views
    self.placement = placement
    self.size = size
    self.nextOrder = nextOrder
  }

  /// Does the sums.
  ///
  /// - Complexity: O(*r*) in rows of sends, receives and exchanges.
  mutating func account() {
    guard
      views.contains(where: { view in
        view.facts.calls.contains { $0.kind == .send || $0.kind == .recv }
          || !view.facts.exchanges.isEmpty
      })
    else { return }
    decideEmptyParts()
    recogniseStars()
    allToAll()
    singles()
  }

  private mutating func append(_ group: OperationClass) {
    var group = group
    group.order = nextOrder
    nextOrder += 1
    classes.append(group)
  }

  private func width(_ type: DataType) -> UInt64? { type.byteSize.map { UInt64(clamping: $0) } }

  private mutating func decideEmptyParts() {
    var whole: UInt64 = 0
    var partial: UInt64 = 0
    for view in views {
      for row in view.facts.exchanges {
        if row.shape == .allToAll { whole.add(row.exchanges) } else { partial.add(row.exchanges) }
      }
    }
    hasEmptyParts = whole > 0 && whole >= partial
  }

  private func isAllToAll(_ shape: ExchangeShape) -> Bool {
    switch shape {
    case .allToAll: true
    case .several, .fromAll, .toAll: hasEmptyParts
    case .single: false
    }
  }

  // MARK: - Gather and scatter

  private struct Peer: Hashable {
    var rank: Int
    var peer: Int
    var type: DataType
    var count: UInt64
    var isSend: Bool
  }

  private mutating func recogniseStars() {
    guard !hasEmptyParts,
      views.contains(where: { view in
        view.facts.exchanges.contains { $0.shape == .fromAll || $0.shape == .toAll }
      })
    else { return }
    var singles: [Peer: UInt64] = [:]
    for view in views {
      guard let rank = view.rank else { continue }
      for row in view.facts.calls
      where row.shape == .single && (row.kind == .send || row.kind == .recv) {
        let key = Peer(
          rank: rank, peer: Int(row.peer), type: row.dataType, count: row.elementCount,
          isSend: row.kind == .send)
        singles[key, default: 0].add(row.calls)
      }
    }
    for view in views {
      guard let root = view.rank else { continue }
      for shape in [ExchangeShape.fromAll, .toAll] {
        let rows = view.facts.exchanges.filter { $0.shape == shape }
        for type in Set(rows.map(\.dataType)).sorted(by: { $0.rawValue < $1.rawValue }) {
          let own = rows.filter { $0.dataType == type }
          let star = Star(root: root, type: type, isGather: shape == .fromAll)
          if let group = operation(of: star, own, singles) {
            stars.insert(star)
            append(fill(group, star, own))
          }
        }
      }
    }
  }

  /// The operation that a root's groups and the others' single calls make together, if they agree.
  private func operation(
    of star: Star, _ rows: [ExchangeFacts], _ singles: [Peer: UInt64]
  ) -> OperationClass? {
    // One count for all groups, or the members could not be told apart by size.
    let counts = Set(rows.map(\.evenCount))
    guard counts.count == 1, case .some(let count?) = counts.first else { return nil }
    var exchanges: UInt64 = 0
    var calls: UInt64 = 0
    for row in rows {
      exchanges.add(row.exchanges)
      calls.add(row.sendCalls.adding(row.recvCalls))
    }
    var others = 0
    for other in views {
      guard let rank = other.rank, rank != star.root else { continue }
      let key = Peer(
        rank: rank, peer: star.root, type: star.type, count: count, isSend: star.isGather)
      guard singles[key] == exchanges else { return nil }
      calls.add(exchanges)
      others += 1
    }
    guard others > 0 else { return nil }
    var group = OperationClass(
      kind: star.isGather ? .gather : .scatter, dataType: star.type, elementCount: count)
    group.operations = exchanges
    group.rankCalls = calls
    return group
  }

  /// Adds the bytes of a gather or scatter and their ways.
  private mutating func fill(
    _ group: OperationClass, _ star: Star, _ rows: [ExchangeFacts]
  ) -> OperationClass {
    var group = group
    guard let width = width(star.type), let count = group.elementCount else {
      unknownTypes.insert(star.type.rawValue)
      return group
    }
    let part = count.times(width)
    group.messageBytes = WireBytes.messageBytes(group.kind, bytes: part, size: size)
    var own: UInt64 = 0
    for row in rows { own.add(row.sentElements) }
    group.payloadBytes = own.times(width)
    let perPeer = part.times(group.operations)
    let others = views.compactMap(\.rank).filter { $0 != star.root }.sorted()
    if star.isGather {
      group.payloadBytes.add(perPeer.times(UInt64(clamping: others.count)))
    }
    var flows: [Flow] = []
    for rank in others {
      let pair = RankPair(
        source: star.isGather ? rank : star.root, target: star.isGather ? star.root : rank)
      flows.append(
        Flow(
          pattern: .pair(source: pair.source, target: pair.target), bytes: perPeer,
          operations: group.operations))
      pairs[pair, default: 0].add(group.operations)
    }
    // Ranks without a log took part all the same.
    let missing = UInt64(clamping: size).minus(UInt64(clamping: others.count + 1))
    if missing > 0 {
      flows.append(
        Flow(
          pattern: .somewhere, bytes: perPeer.times(missing), operations: group.operations))
    }
    group.flows = flows
    return group
  }

  /// Whether a row's calls were counted with a gather or scatter.
  private func belongsToStar(_ row: CallFacts, rank: Int?) -> Bool {
    guard !stars.isEmpty, let rank else { return false }
    switch (row.shape, row.kind) {
    case (.fromAll, _): return stars.contains(Star(root: rank, type: row.dataType, isGather: true))
    case (.toAll, _): return stars.contains(Star(root: rank, type: row.dataType, isGather: false))
    case (.single, .send):
      return isStarMember(row, rank: rank, isGather: true)
    case (.single, .recv):
      return isStarMember(row, rank: rank, isGather: false)
    default: return false
    }
  }

  private func isStarMember(_ row: CallFacts, rank: Int, isGather: Bool) -> Bool {
    guard Int(row.peer) != rank,
      stars.contains(Star(root: Int(row.peer), type: row.dataType, isGather: isGather))
    else { return false }
    let kind: OperationKind = isGather ? .gather : .scatter
    return classes.contains {
      $0.kind == kind && $0.dataType == row.dataType && $0.elementCount == row.elementCount
    }
  }

  // MARK: - All-to-all

  /// What the exchanges of one type come to.
  private struct Exchanges {
    var perView: [UInt64]
    var calls: UInt64 = 0
    var sent: UInt64 = 0
    var even: [UInt64: [Int: ExchangeFacts]] = [:]
    var hasUneven = false
    var bySize: [Int: (exchanges: UInt64, sent: UInt64)] = [:]
    var otherThreadCalls: UInt64 = 0
  }

  private mutating func allToAll() {
    var types: [DataType: Exchanges] = [:]
    for (number, view) in views.enumerated() {
      for row in view.facts.exchanges where isAllToAll(row.shape) {
        var own =
          types[row.dataType]
          ?? Exchanges(perView: [UInt64](repeating: 0, count: views.count))
        own.perView[number].add(row.exchanges)
        if row.shape == .allToAll, let count = row.evenCount {
          if var known = own.even[count]?[number] {
            known.exchanges.add(row.exchanges)
            known.sendCalls.add(row.sendCalls)
            known.recvCalls.add(row.recvCalls)
            known.sentElements.add(row.sentElements)
            own.even[count]?[number] = known
          } else {
            own.even[count, default: [:]][number] = row
          }
        } else {
          own.hasUneven = true
        }
        let bucket = row.sentElements == 0 ? -1 : Int(row.sentBytesLog2)
        var (exchanges, sent) = own.bySize[bucket] ?? (0, 0)
        exchanges.add(row.exchanges)
        sent.add(row.sentElements)
        own.bySize[bucket] = (exchanges, sent)
        types[row.dataType] = own
      }
    }
    // A group may mix types and is filed under its first: calls and bytes come from the members.
    for view in views {
      for row in view.facts.calls
      where (row.kind == .send || row.kind == .recv) && isAllToAll(row.shape) {
        var own =
          types[row.dataType]
          ?? Exchanges(perView: [UInt64](repeating: 0, count: views.count), hasUneven: true)
        own.calls.add(row.calls)
        own.otherThreadCalls.add(row.otherThreadCalls)
        if row.kind == .send { own.sent.add(row.elements) }
        types[row.dataType] = own
      }
    }
    for (type, exchanges) in types.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      allToAll(type, exchanges)
    }
  }

  private mutating func allToAll(_ type: DataType, _ exchanges: Exchanges) {
    let width = width(type)
    if width == nil { unknownTypes.insert(type.rawValue) }
    var rest = OperationClass(kind: .allToAll, dataType: type)
    rest.operations = exchanges.perView.max() ?? 0
    rest.rankCalls = exchanges.calls
    rest.otherThreadCalls = exchanges.otherThreadCalls
    rest.payloadBytes = exchanges.sent.times(width ?? 0)
    var ways = pairBytes(type, width: width ?? 0)

    var evens: [OperationClass] = []
    for (count, rows) in exchanges.even.sorted(by: { $0.key < $1.key }) {
      let numbers = views.indices.map { rows[$0]?.exchanges ?? 0 }
      // With uneven exchanges about, one is even only if it is so on every rank: a rank may send
      // equal parts by chance while another does not.
      let operations = exchanges.hasUneven ? numbers.min() ?? 0 : numbers.max() ?? 0
      guard operations > 0 else { continue }
      var group = OperationClass(kind: .allToAll, dataType: type, elementCount: count)
      group.operations = operations
      for row in rows.values {
        let (calls, sent) = (row.sendCalls.adding(row.recvCalls), row.sentElements)
        let part = min(operations, row.exchanges)
        group.rankCalls.add(UInt64.scale(calls, by: part, over: row.exchanges))
        group.payloadBytes.add(
          UInt64.scale(sent, by: part, over: row.exchanges).times(width ?? 0))
      }
      if let width {
        let perPeer = count.times(width)
        group.messageBytes = WireBytes.messageBytes(.allToAll, bytes: perPeer, size: size)
        group.flows = ways.take(perPeer.times(operations), size: size, operations: operations)
      }
      rest.operations = rest.operations.minus(operations)
      rest.rankCalls = rest.rankCalls.minus(group.rankCalls)
      rest.payloadBytes = rest.payloadBytes.minus(group.payloadBytes)
      evens.append(group)
    }
    let isLeft = rest.operations > 0 || rest.payloadBytes > 0 || rest.rankCalls > 0
    if exchanges.hasUneven, isLeft {
      rest.flows = ways.flows
      if width != nil { rest.sizes = Self.sizes(exchanges, rest) }
      append(rest)
    }
    for group in evens { append(group) }
  }

  /// Shares the operations of an uneven exchange out over the sizes the ranks sent.
  private static func sizes(_ exchanges: Exchanges, _ rest: OperationClass) -> [SizeClass] {
    let buckets = exchanges.bySize.sorted { $0.key < $1.key }
    var weight: UInt64 = 0
    for bucket in buckets { weight.add(bucket.value.exchanges) }
    guard weight > 0 else { return [] }
    var sent: UInt64 = 0
    for bucket in buckets { sent.add(bucket.value.sent) }
    var sizes: [SizeClass] = []
    // Cumulative shares, so that the parts add up to the whole exactly.
    var (seen, seenSent, given, givenBytes) = (UInt64(0), UInt64(0), UInt64(0), UInt64(0))
    for bucket in buckets {
      seen.add(bucket.value.exchanges)
      seenSent.add(bucket.value.sent)
      let upTo = UInt64.scale(rest.operations, by: seen, over: weight)
      let bytesUpTo =
        sent == 0 ? 0 : UInt64.scale(rest.payloadBytes, by: seenSent, over: sent)
      sizes.append(
        SizeClass(
          log2: bucket.key < 0 ? nil : bucket.key, operations: upTo.minus(given),
          payloadBytes: bytesUpTo.minus(givenBytes)))
      (given, givenBytes) = (upTo, bytesUpTo)
    }
    return sizes
  }

  /// What the ranks of a communicator sent each other in the exchanges of a type.
  private struct PairBytes {
    /// Bytes and operations by ordered pair, in order of the pairs.
    var pairs: [(pair: RankPair, bytes: UInt64, operations: UInt64)]
    /// Bytes of ranks whose place is not known.
    var unplaced: UInt64

    /// The ways of all that is left.
    var flows: [Flow] {
      var flows = pairs.filter { $0.bytes > 0 }.map {
        Flow(
          pattern: .pair(source: $0.pair.source, target: $0.pair.target), bytes: $0.bytes,
          operations: $0.operations)
      }
      if unplaced > 0 {
        flows.append(Flow(pattern: .somewhere, bytes: unplaced, operations: 0))
      }
      return flows
    }

    /// Takes the same from every pair, and says where it was not to be had as unplaced.
    mutating func take(_ perPair: UInt64, size: Int, operations: UInt64) -> [Flow] {
      let n = UInt64(clamping: size)
      let everyPair = n.times(n.minus(1))
      let isWhole =
        UInt64(clamping: pairs.count) == everyPair && pairs.allSatisfy { $0.bytes >= perPair }
      var flows: [Flow] = []
      var taken: UInt64 = 0
      for place in pairs.indices {
        let part = min(perPair, pairs[place].bytes)
        pairs[place].bytes -= part
        taken.add(part)
        guard !isWhole, part > 0 else { continue }
        let pair = pairs[place].pair
        flows.append(
          Flow(
            pattern: .pair(source: pair.source, target: pair.target), bytes: part,
            operations: operations))
      }
      guard !isWhole else {
        return [Flow(pattern: .allPairs, bytes: taken, operations: operations)]
      }
      let missing = perPair.times(everyPair).minus(taken)
      if missing > 0 {
        unplaced = unplaced.minus(missing)
        flows.append(Flow(pattern: .somewhere, bytes: missing, operations: operations))
      }
      return flows
    }
  }

  /// Adds up the pairs of all exchanges of a type.
  private mutating func pairBytes(_ type: DataType, width: UInt64) -> PairBytes {
    struct Sums {
      var sent: UInt64 = 0
      var received: UInt64 = 0
      var calls: UInt64 = 0
    }
    var sums: [RankPair: Sums] = [:]
    var unplaced: UInt64 = 0
    for view in views {
      for row in view.facts.calls where row.dataType == type && isAllToAll(row.shape) {
        guard row.kind == .send || row.kind == .recv else { continue }
        guard let rank = view.rank else {
          if row.kind == .send { unplaced.add(row.elements) }
          continue
        }
        let peer = Int(row.peer)
        guard peer != rank else { continue }
        if row.kind == .send {
          sums[RankPair(source: rank, target: peer), default: Sums()].sent.add(row.elements)
          sums[RankPair(source: rank, target: peer), default: Sums()].calls.add(row.calls)
        } else {
          sums[RankPair(source: peer, target: rank), default: Sums()].received.add(row.elements)
        }
      }
    }
    for (pair, sum) in sums { pairs[pair, default: 0].add(sum.calls) }
    return PairBytes(
      pairs: sums.map { pair, sum in
        (pair, max(sum.sent, sum.received).times(width), sum.calls)
      }.sorted { ($0.pair.source, $0.pair.target) < ($1.pair.source, $1.pair.target) },
      unplaced: unplaced.times(width))
  }

  // MARK: - Pairs

  private struct Link: Hashable {
    var source: Int
    var target: Int
    var type: DataType
  }

  private struct Tally {
    var calls: UInt64 = 0
    var elements: UInt64 = 0

    mutating func add(_ row: CallFacts) {
      calls.add(row.calls)
      elements.add(row.elements)
    }
  }

  /// Calls of one pair with one count; `nil` for counts that were summed.
  private struct Calls {
    /// The pair, by first appearance.
    var link: Int
    var count: UInt64?
    var sends: Tally?
    var receives: Tally?
    var all: UInt64 = 0
    var otherThreads: UInt64 = 0

    /// Adds a row of the same pair and count.
    mutating func add(_ row: CallFacts) {
      if row.kind == .send {
        sends = sends ?? Tally()
        sends?.add(row)
      } else {
        receives = receives ?? Tally()
        receives?.add(row)
      }
      all.add(row.calls)
      otherThreads.add(row.otherThreadCalls)
    }
  }

  /// All calls of one pair.
  private struct Exchange {
    var link: Link
    var calls: ArraySlice<Calls>

    var sends: UInt64 { calls.reduce(0) { $0.adding($1.sends?.calls ?? 0) } }
    var receives: UInt64 { calls.reduce(0) { $0.adding($1.receives?.calls ?? 0) } }

    /// Operations by count: one per send or receive, whichever side shows more.
    var operations: [(count: UInt64?, tally: Tally)] {
      guard let summed = calls.first(where: { $0.count == nil }) else {
        return calls.map { row in
          let (sent, received) = (row.sends ?? Tally(), row.receives ?? Tally())
          let tally = Tally(
            calls: max(sent.calls, received.calls), elements: max(sent.elements, received.elements))
          return (row.count, tally)
        }
      }
      let (sent, received) = (sends, receives)
      // The side whose counts are all known says more.
      let isSent =
        sent == received ? summed.sends == nil || summed.receives != nil : sent > received
      return calls.compactMap { row in
        (isSent ? row.sends : row.receives).map { (row.count, $0) }
      }
    }
  }

  /// The sends and receives of each pair, in order of first appearance.
  private func singleExchanges() -> [Exchange] {
    let knowsRanks = views.allSatisfy { $0.rank != nil }
    var place: [Link: Int] = [:]
    var links: [Link] = []
    var rows: [(link: Int, row: CallFacts)] = []
    for view in views {
      for row in view.facts.calls where row.kind == .send || row.kind == .recv {
        guard !isAllToAll(row.shape), !belongsToStar(row, rank: view.rank) else { continue }
        let peer = Int(row.peer)
        let isSend = row.kind == .send
        // Without ranks the calls of all pairs are put together: sends still meet receives.
        let rank = view.rank ?? -1
        let link =
          knowsRanks
          ? Link(source: isSend ? rank : peer, target: isSend ? peer : rank, type: row.dataType)
          : Link(source: -1, target: -1, type: row.dataType)
        let index = place[link] ?? links.count
        if index == links.count {
          place[link] = index
          links.append(link)
        }
        rows.append((index, row))
      }
    }
    rows.sort { a, b in
      if a.link != b.link { return a.link < b.link }
      return !a.row.isCoarse && (b.row.isCoarse || a.row.elementCount < b.row.elementCount)
    }
    var calls: [Calls] = []
    for (link, row) in rows {
      let count = row.isCoarse ? nil : row.elementCount
      if calls.last.map({ $0.link != link || $0.count != count }) ?? true {
        calls.append(Calls(link: link, count: count))
      }
      calls[calls.count - 1].add(row)
    }
    var start = 0
    return links.enumerated().map { index, link in
      var end = start
      while end < calls.count, calls[end].link == index { end += 1 }
      defer { start = end }
      return Exchange(link: link, calls: calls[start..<end])
    }
  }

  private mutating func singles() {
    struct Key: Hashable {
      var type: DataType
      var count: UInt64?
    }
    var place: [Key: Int] = [:]
    var groups: [OperationClass] = []
    var calls: [Key: (all: UInt64, otherThreads: UInt64)] = [:]
    let exchanges = singleExchanges()
    pairs.reserveCapacity(exchanges.count)
    for exchange in exchanges {
      let link = exchange.link
      let width = width(link.type)
      if width == nil { unknownTypes.insert(link.type.rawValue) }
      let (sends, receives) = (exchange.sends, exchange.receives)
      if sends != receives, placement.endpointOfRank[link.source] != nil,
        placement.endpointOfRank[link.target] != nil, unmatched.count < 64
      {
        unmatched.append(
          UnmatchedPair(
            pair: RankPair(source: link.source, target: link.target), sends: sends,
            receives: receives))
      }
      for row in exchange.calls {
        let key = Key(type: link.type, count: row.count)
        let (all, otherThreads) = calls[key] ?? (0, 0)
        calls[key] = (all.adding(row.all), otherThreads.adding(row.otherThreads))
      }
      for (count, tally) in exchange.operations {
        let key = Key(type: link.type, count: count)
        let index = place[key] ?? groups.count
        if index == groups.count {
          place[key] = index
          var group = OperationClass(kind: .send, dataType: link.type, elementCount: count)
          group.messageBytes = count.flatMap { number in width.map { number.times($0) } }
          groups.append(group)
        }
        groups[index].operations.add(tally.calls)
        add(tally, link, width: width ?? 0, to: &groups[index])
      }
    }
    var first: [DataType: Int] = [:]
    for index in groups.indices {
      let (type, count) = (groups[index].dataType, groups[index].elementCount)
      let own = calls.removeValue(forKey: Key(type: type, count: count))
      groups[index].rankCalls = own?.all ?? 0
      groups[index].otherThreadCalls = own?.otherThreads ?? 0
      if first[type] == nil { first[type] = index }
    }
    // Calls whose partner's counts were preferred still happened.
    for (key, left) in calls {
      if let index = first[key.type] { groups[index].rankCalls.add(left.all) }
    }
    for group in groups { append(group) }
  }

  private mutating func add(
    _ row: Tally, _ link: Link, width: UInt64,
    to group: inout OperationClass
  ) {
    let bytes = row.elements.times(width)
    group.payloadBytes.add(bytes)
    if group.messageBytes == nil, width > 0 {
      let mean = row.calls == 0 ? 0 : bytes / row.calls
      let log2 = SizeClass.log2(of: mean)
      if let known = group.sizes.firstIndex(where: { $0.log2 == log2 }) {
        group.sizes[known].operations.add(row.calls)
        group.sizes[known].payloadBytes.add(bytes)
      } else {
        group.sizes.append(SizeClass(log2: log2, operations: row.calls, payloadBytes: bytes))
      }
    }
    let isPlaced = link.source >= 0
    guard !isPlaced || link.source != link.target else { return }
    if isPlaced {
      pairs[RankPair(source: link.source, target: link.target), default: 0].add(row.calls)
    }
    group.flows.append(
      Flow(
        pattern: isPlaced ? .pair(source: link.source, target: link.target) : .somewhere,
        bytes: bytes, operations: row.calls))
  }
}
