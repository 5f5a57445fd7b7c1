// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// One communicator over all the ranks that were seen.
struct Communicator {
  /// How its ranks were brought together, surest first.
  enum Membership: String {
    case commId, processGroup, ancestry, matching, assumed
  }

  /// Number of ranks, as stated, else the number seen.
  var size: Int
  /// How its ranks were brought together.
  var membership: Membership
  /// Indices in ``Endpoints/instances``: by communicator rank, those without a rank last.
  var instances: [Int]
  /// The communicator it was split from, an index in ``CommunicatorTable/all``.
  var parent: Int?
}

/// Brings the ranks' views of each communicator together.
///
/// | the log has | communicators are told apart by |
/// | --- | --- |
/// | `commId` (2.16 on) | the id and the size; where a rank would come twice, also parent, colour and the ordinal of the split, since NCCL 2.18 to 2.22 print one id for several splits |
/// | a process group (PyTorch's traces) | name, size and members |
/// | a split without id (2.23.4 on) | the parent's communicator, the ordinal of the split, the colour |
/// | neither (up to 2.15) | size, order of creation, and complementary ranks |
/// | no init line | size, order of creation, and equal calls; a single vacant rank is filled |
///
/// Parents are settled before their children.
///
/// - Complexity: O(*i* log *i*) in instances.
struct CommunicatorTable {
  /// The communicators, parents before children.
  private(set) var all: [Communicator] = []
  /// For each instance its communicator.
  private(set) var communicatorOfInstance: [Int]

  private var endpoints: Endpoints
  /// For each endpoint its rank in the largest communicator found so far, to sort by.
  private var order: [Int]
  private var largest = 0

  /// Groups all instances.
  ///
  /// - Parameter endpoints: The GPUs; vacant ranks that could be filled are written back.
  init(_ endpoints: inout Endpoints) {
    self.endpoints = endpoints
    communicatorOfInstance = [Int](repeating: -1, count: endpoints.instances.count)
    order = endpoints.position
    var depth = [Int](repeating: 0, count: endpoints.instances.count)
    var levels: [[Int]] = []
    for (index, instance) in endpoints.instances.enumerated() {
      if let parent = instance.parent { depth[index] = depth[parent] + 1 }
      while levels.count <= depth[index] { levels.append([]) }
      levels[depth[index]].append(index)
    }
    for level in levels { settle(level) }
    endpoints = self.endpoints
  }

  private func instance(_ index: Int) -> Instance { endpoints.instances[index] }

  private mutating func settle(_ level: [Int]) {
    var withIdentifier: [Int] = []
    var withAncestry: [Int] = []
    var ranked: [Int] = []
    var unranked: [Int] = []
    for index in level {
      let view = instance(index)
      if view.rank == nil || view.size == nil {
        // An id without a rank still says where it belongs.
        if view.facts.identity != nil, view.size != nil {
          withIdentifier.append(index)
        } else {
          unranked.append(index)
        }
      } else if view.facts.identity != nil {
        withIdentifier.append(index)
      } else if view.parent != nil {
        withAncestry.append(index)
      } else {
        ranked.append(index)
      }
    }
    groupByIdentifier(withIdentifier)
    groupByAncestry(withAncestry)
    match(ranked)
    fillOrAssume(unranked)
  }

  private mutating func append(_ members: [Int], _ membership: Communicator.Membership) {
    let views = members.map { instance($0) }
    let size = max(views.compactMap(\.size).max() ?? 0, members.count)
    let sorted = members.sorted {
      let (a, b) = (instance($0), instance($1))
      return (a.rank ?? .max, order[a.endpoint], $0) < (b.rank ?? .max, order[b.endpoint], $1)
    }
    let parent = sorted.first { instance($0).parent != nil }.flatMap { instance($0).parent }
    all.append(
      Communicator(
        size: size, membership: membership, instances: sorted,
        parent: parent.map { communicatorOfInstance[$0] }))
    for member in members { communicatorOfInstance[member] = all.count - 1 }
    guard sorted.count > largest, views.allSatisfy({ $0.rank != nil }) else { return }
    // Ranks of the largest communicator order the GPUs better than their names do.
    largest = sorted.count
    for member in sorted {
      let view = instance(member)
      order[view.endpoint] = view.rank ?? order[view.endpoint]
    }
  }

  // MARK: - By id

  private struct IdentifierKey: Hashable {
    var identifier: UInt64
    var size: Int
  }

  private struct SplitKey: Hashable {
    var parent: Int?
    var ordinal: Int
    var color: Int?
    var size: Int?
  }

  private mutating func groupByIdentifier(_ members: [Int]) {
    for group in grouped(
      members,
      by: { index in
        let view = instance(index)
        return IdentifierKey(identifier: view.facts.identity ?? 0, size: view.size ?? 0)
      })
    {
      let membership: Communicator.Membership =
        instance(group[0]).facts.identifier == nil ? .processGroup : .commId
      guard !isOneCommunicator(group) else {
        append(group, membership)
        continue
      }
      for part in divided(group) { append(part, membership) }
    }
  }

  /// Whether no rank comes twice.
  private func isOneCommunicator(_ group: [Int]) -> Bool {
    if isAscending(group) { return group.count <= instance(group[0]).size ?? .max }
    var ranks: Set<Int> = []
    var seats: Set<Int> = []
    for index in group {
      let view = instance(index)
      // A rank that is not known cannot be told from a second life on the same GPU.
      if let rank = view.rank {
        guard ranks.insert(rank).inserted else { return false }
      } else {
        guard seats.insert(view.endpoint).inserted else { return false }
      }
    }
    return group.count <= instance(group[0]).size ?? .max
  }

  /// Whether the ranks come in order, as they do where files are named after them.
  private func isAscending(_ group: [Int]) -> Bool {
    var last = -1
    for index in group {
      guard let rank = instance(index).rank, rank > last else { return false }
      last = rank
    }
    return true
  }

  /// Divides instances of one id and size in which a rank comes more than once.
  private func divided(_ group: [Int]) -> [[Int]] {
    var parts: [[Int]] = []
    let byFamily = grouped(group) { index in
      let view = instance(index)
      return SplitKey(
        parent: view.parent.map { communicatorOfInstance[$0] }, ordinal: 0,
        color: view.facts.color, size: view.size)
    }
    for family in byFamily {
      guard !isOneCommunicator(family) else {
        parts.append(family)
        continue
      }
      // Several splits of one parent: the same split has the same ordinal on every rank, unless
      // a rank took no part in an earlier one. Pieces that fit together are therefore joined.
      var pieces: [[Int]] = []
      for sameOrdinal in grouped(family, by: { instance($0).splitOrdinal }).sorted(by: {
        instance($0[0]).splitOrdinal < instance($1[0]).splitOrdinal
      }) {
        pieces += isOneCommunicator(sameOrdinal) ? [sameOrdinal] : firstInFirstOut(sameOrdinal)
      }
      parts += joined(pieces)
    }
    return joined(parts)
  }

  /// The i-th view of each rank belongs to the i-th communicator.
  private func firstInFirstOut(_ group: [Int]) -> [[Int]] {
    var lives: [Int: Int] = [:]
    var pieces: [[Int]] = []
    for index in group.sorted(by: { sortKey($0) < sortKey($1) }) {
      let view = instance(index)
      let life = lives[view.rank ?? (-1 - view.endpoint), default: 0]
      lives[view.rank ?? (-1 - view.endpoint)] = life + 1
      if life == pieces.count { pieces.append([]) }
      pieces[life].append(index)
    }
    return pieces
  }

  private func sortKey(_ index: Int) -> (Int, Int, Int) {
    let view = instance(index)
    return (view.index, order[view.endpoint], index)
  }

  /// Joins pieces that have no rank in common and contradict each other in nothing.
  private func joined(_ pieces: [[Int]]) -> [[Int]] {
    var result: [[Int]] = []
    var isOpen: [Int] = []
    for piece in pieces {
      let size = instance(piece[0]).size ?? piece.count
      let fit = isOpen.first { place in
        let union = result[place] + piece
        guard union.count <= size, isOneCommunicator(union) else { return false }
        let colors = Set(union.compactMap { instance($0).facts.color })
        let parents = Set(
          union.compactMap { instance($0).parent.map { communicatorOfInstance[$0] } })
        return colors.count <= 1 && parents.count <= 1
      }
      if let fit {
        result[fit] += piece
        if result[fit].count >= size { isOpen.removeAll { $0 == fit } }
      } else {
        result.append(piece)
        // A few open pieces are enough; more would make hostile input slow.
        if piece.count < size, isOpen.count < 16 { isOpen.append(result.count - 1) }
      }
    }
    return result
  }

  // MARK: - By ancestry

  private mutating func groupByAncestry(_ members: [Int]) {
    let families = grouped(members) { index in
      let view = instance(index)
      return SplitKey(
        parent: view.parent.map { communicatorOfInstance[$0] }, ordinal: view.splitOrdinal,
        color: view.facts.color, size: view.size)
    }
    for family in families {
      if isOneCommunicator(family) {
        append(family, .ancestry)
      } else {
        for part in firstInFirstOut(family) { append(part, .ancestry) }
      }
    }
  }

  // MARK: - By complementary ranks

  private struct Creation: Hashable {
    var size: Int
    var ordinal: Int
  }

  private struct Signature: Hashable {
    var size: Int
    var calls: Int
    var hash: UInt64
  }

  /// Matches communicators without id: those with equal calls, in order of creation, rank by rank.
  ///
  /// A grid of ranks makes its groups in one order everywhere, so among the k-th communicators of
  /// one size the i-th holder of rank 0 belongs to the i-th holder of rank 1, and so on. Order
  /// alone would fail where some GPUs skip a group (only the first and the last stage share
  /// embeddings); equal calls alone where a rank stops early.
  private mutating func match(_ members: [Int]) {
    let sizes = grouped(fillVacantRanks(members)) { instance($0).size ?? 0 }.sorted { a, b in
      // Large ones first: the world's ranks order the members of the others.
      (instance(a[0]).size ?? 0) > (instance(b[0]).size ?? 0)
    }
    for sameSize in sizes {
      let size = instance(sameSize[0]).size ?? 0
      var unequal: [Int] = []
      for alike in grouped(sameSize, by: { signature($0, size: size) }) {
        let groups = groupedByOrder(alike)
        if groups.allSatisfy(isBalanced) {
          for group in groups { appendMatched(group) }
        } else {
          unequal += alike
        }
      }
      for group in groupedByOrder(unequal) { appendMatched(group) }
    }
  }

  /// Groups the k-th of each GPU, k from 0.
  private func groupedByOrder(_ members: [Int]) -> [[Int]] {
    var counters: [Int: Int] = [:]
    var ordinal: [Int: Int] = [:]
    let sorted = members.sorted { sortKey($0) < sortKey($1) }
    for index in sorted {
      let endpoint = instance(index).endpoint
      ordinal[index] = counters[endpoint, default: 0]
      counters[endpoint, default: 0] += 1
    }
    return grouped(sorted) { ordinal[$0] ?? 0 }
      .sorted { (ordinal[$0[0]] ?? 0) < (ordinal[$1[0]] ?? 0) }
  }

  /// Puts views whose id was torn off into the one communicator that lacks exactly their rank.
  ///
  /// - Returns: The views that are left.
  private mutating func fillVacantRanks(_ members: [Int]) -> [Int] {
    struct Seat: Hashable {
      var size: Int
      var rank: Int
    }
    let incomplete = all.indices.filter { all[$0].instances.count < all[$0].size }
    guard !incomplete.isEmpty, !members.isEmpty else { return members }
    var wishes: [Seat: [Int]] = [:]
    for index in members {
      let view = instance(index)
      wishes[Seat(size: view.size ?? 0, rank: view.rank ?? -1), default: []].append(index)
    }
    var places: [Seat: [Int]] = [:]
    var seats = 0
    for place in incomplete {
      // Seats are only listed as far as somebody may want them.
      let taken = Set(all[place].instances.compactMap { instance($0).rank })
      for rank in 0..<all[place].size where !taken.contains(rank) {
        seats += 1
        guard seats < Self.maximumSeats else { return members }
        let seat = Seat(size: all[place].size, rank: rank)
        if wishes[seat] != nil { places[seat, default: []].append(place) }
      }
    }
    var placed: Set<Int> = []
    for (seat, candidates) in wishes.sorted(by: {
      ($0.key.size, $0.key.rank) < ($1.key.size, $1.key.rank)
    }) {
      guard candidates.count == 1, let options = places[seat], options.count == 1 else { continue }
      let (index, place) = (candidates[0], options[0])
      let endpoint = instance(index).endpoint
      guard !all[place].instances.contains(where: { instance($0).endpoint == endpoint })
      else { continue }
      join([index], to: place)
      all[place].membership = .matching
      placed.insert(index)
    }
    return members.filter { !placed.contains($0) }
  }

  /// Largest number of vacant ranks that are looked through.
  private static let maximumSeats = 1 << 20

  private mutating func join(_ members: [Int], to place: Int) {
    for member in members { communicatorOfInstance[member] = place }
    all[place].instances = (all[place].instances + members).sorted {
      let (a, b) = (instance($0), instance($1))
      return (a.rank ?? .max, order[a.endpoint], $0) < (b.rank ?? .max, order[b.endpoint], $1)
    }
  }

  /// Whether every rank of the size has the same number of holders.
  private func isBalanced(_ group: [Int]) -> Bool {
    let size = instance(group[0]).size ?? 0
    guard size > 0, group.count % size == 0 else { return false }
    var holders: [Int: Int] = [:]
    for index in group { holders[instance(index).rank ?? -1, default: 0] += 1 }
    return holders.count == size && holders.values.allSatisfy { $0 == group.count / size }
  }

  private mutating func appendMatched(
    _ group: [Int], _ membership: Communicator.Membership = .matching
  ) {
    var holders: [Int: [Int]] = [:]
    for index in group.sorted(by: { a, b in
      (order[instance(a).endpoint], a) < (order[instance(b).endpoint], b)
    }) {
      holders[instance(index).rank ?? -1, default: []].append(index)
    }
    let ranks = holders.keys.sorted()
    let count = holders.values.lazy.map(\.count).max() ?? 0
    for place in 0..<count {
      let members = ranks.compactMap { rank in
        holders[rank].flatMap { $0.indices.contains(place) ? $0[place] : nil }
      }
      append(members, membership)
    }
  }

  // MARK: - Without init line

  private mutating func fillOrAssume(_ members: [Int]) {
    guard !members.isEmpty else { return }
    var vacant: [Signature: [Int]] = [:]
    var vacantOfSize: [Int: [Int]] = [:]
    for (place, communicator) in all.enumerated()
    where communicator.instances.count < communicator.size {
      guard let first = communicator.instances.first else { continue }
      vacant[signature(first, size: communicator.size), default: []].append(place)
      vacantOfSize[communicator.size, default: []].append(place)
    }
    var remaining: [Int] = []
    var wishes: [Int: [Int]] = [:]
    for index in members {
      let view = instance(index)
      guard let size = view.size else {
        remaining.append(index)
        continue
      }
      // Equal calls decide; in a torn log, where calls are missing, being the only one must do.
      let alike = vacant[signature(index, size: size)] ?? []
      let places = alike.isEmpty ? vacantOfSize[size] ?? [] : alike
      guard places.count <= 64 else {
        remaining.append(index)
        continue
      }
      let fits = places.filter { place in
        !all[place].instances.contains { instance($0).endpoint == view.endpoint }
      }
      if fits.count == 1, let place = fits.first {
        wishes[place, default: []].append(index)
      } else {
        remaining.append(index)
      }
    }
    for (place, candidates) in wishes.sorted(by: { $0.key < $1.key }) {
      let free = all[place].size - all[place].instances.count
      // Where more come than there is room for, none of them can be told from the others.
      guard candidates.count <= free else {
        remaining += candidates
        continue
      }
      if free == 1, candidates.count == 1 {
        let taken = Set(all[place].instances.compactMap { instance($0).rank })
        endpoints.instances[candidates[0]].rank = (0..<all[place].size).first {
          !taken.contains($0)
        }
      }
      join(candidates, to: place)
    }
    assume(remaining)
  }

  /// Groups ranks that give themselves away by the peers of their sends and receives.
  ///
  /// - Returns: Whether the ranks add up to whole communicators; else nothing was done.
  private mutating func appendByPeers(_ members: [Int], size: Int) -> Bool {
    guard size > 1, members.count >= size, members.count % size == 0 else { return false }
    var holders = [Int](repeating: 0, count: size)
    var found: [(index: Int, rank: Int)] = []
    for index in members {
      guard let rank = PeerShape(instance(index).facts).rank(size: size) else { return false }
      holders[rank] += 1
      found.append((index, rank))
    }
    guard holders.allSatisfy({ $0 == members.count / size }) else { return false }
    for (index, rank) in found { endpoints.instances[index].rank = rank }
    appendMatched(members, .assumed)
    return true
  }

  private func signature(_ index: Int, size: Int) -> Signature {
    let view = instance(index)
    return Signature(
      size: size, calls: view.facts.collectiveCalls,
      hash: view.hasOrder ? view.facts.collectiveOrderHash : 0)
  }

  /// Groups what is left by equal size and order of creation, and by equal calls where too many
  /// come together.
  private mutating func assume(_ members: [Int]) {
    var counters: [Creation: Int] = [:]
    var keys: [Int: Creation] = [:]
    let sorted = members.sorted { sortKey($0) < sortKey($1) }
    for index in sorted {
      let view = instance(index)
      let counter = Creation(size: view.size ?? 0, ordinal: view.endpoint)
      keys[index] = Creation(size: view.size ?? 0, ordinal: counters[counter, default: 0])
      counters[counter, default: 0] += 1
    }
    for group in grouped(sorted, by: { keys[$0] }) {
      let size = instance(group[0]).size ?? group.count
      // In a cut log equal ranks show unequal calls, so these only tell apart what must be.
      let parts =
        group.count <= size
        ? [group]
        : grouped(group) { signature($0, size: size) }
      for part in parts {
        if appendByPeers(part, size: size) { continue }
        let byPlace = part.sorted { a, b in
          (order[instance(a).endpoint], a) < (order[instance(b).endpoint], b)
        }
        var start = 0
        while start < byPlace.count {
          let end = min(start + max(size, 1), byPlace.count)
          append(Array(byPlace[start..<end]), .assumed)
          start = end
        }
      }
    }
  }

  /// Groups by a key, in order of first appearance.
  private func grouped<Key: Hashable>(_ members: [Int], by key: (Int) -> Key) -> [[Int]] {
    var place: [Key: Int] = [:]
    var groups: [[Int]] = []
    for member in members {
      let value = key(member)
      if let index = place[value] {
        groups[index].append(member)
      } else {
        place[value] = groups.count
        groups.append([member])
      }
    }
    return groups
  }
}
