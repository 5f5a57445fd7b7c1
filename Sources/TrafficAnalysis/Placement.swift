// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// Where the ranks of one communicator are, and the ring that its collectives are charged to.
///
/// A collective's bytes are spread over the edges of a ring: the ring that rank 0 printed, else one
/// that visits node after node, which is what NCCL builds.
struct Placement {
  /// Ranks of the communicator.
  let size: Int
  /// Nodes it spans, if known.
  let nodes: Int?
  /// For each ring position the endpoint, `nil` where no rank was seen; empty unless complete.
  let ring: [Int]
  /// The ring position of each communicator rank; empty unless complete.
  let positionOfRank: [Int]
  /// For each communicator rank its endpoint; only ranks that were seen.
  let endpointOfRank: [Int: Int]
  /// The endpoints that were seen, whatever is known of their ranks.
  let endpoints: [Int]
  /// Ring edges that cross nodes, up to and without each position; empty unless complete.
  private let crossingsBefore: [UInt64]
  /// For each endpoint of the job its host, as a number.
  private let hosts: [Int]
  /// Ranks of the communicator by host.
  private let ranksOnHost: [Int: Int]

  /// Whether all ranks were seen, so that traffic can be placed.
  var isComplete: Bool { !ring.isEmpty }

  /// Lays out a communicator.
  ///
  /// - Complexity: O(*n*) in the ranks seen.
  init(_ communicator: Communicator, _ endpoints: Endpoints, hosts: [Int]) {
    self.hosts = hosts
    size = communicator.size
    let views = communicator.instances.map { endpoints.instances[$0] }
    let seats = views.map(\.endpoint)
    self.endpoints = seats
    ranksOnHost = Dictionary(seats.map { (hosts[$0], 1) }, uniquingKeysWith: +)
    var byRank: [Int: Int] = [:]
    for view in views {
      if let rank = view.rank { byRank[rank] = view.endpoint }
    }
    endpointOfRank = byRank
    let stated = views.lazy.compactMap(\.facts.nodes).first { $0 > 0 }
    guard byRank.count == size, views.count == size else {
      let seen = Set(seats.map { hosts[$0] }).count
      // Without every rank the nodes are known only if NCCL counted them.
      nodes = stated ?? (views.count == size ? seen : nil)
      ring = []
      positionOfRank = []
      crossingsBefore = []
      return
    }
    var order = Self.printedRing(views, size: size)
    if order.isEmpty { order = Self.nodeByNode(byRank, hosts: hosts) }
    let path = order.compactMap { byRank[$0] }
    guard path.count == size else {
      nodes = stated
      ring = []
      positionOfRank = []
      crossingsBefore = []
      return
    }
    nodes = Set(path.map { hosts[$0] }).count
    ring = path
    var positions = [Int](repeating: 0, count: size)
    for (position, rank) in order.enumerated() { positions[rank] = position }
    positionOfRank = positions
    var crossings: [UInt64] = [0]
    crossings.reserveCapacity(size + 1)
    for (position, seat) in path.enumerated() {
      let next = path[position + 1 == size ? 0 : position + 1]
      crossings.append((crossings.last ?? 0) + (hosts[seat] == hosts[next] ? 0 : 1))
    }
    crossingsBefore = crossings
  }

  /// Ring edges that cross nodes.
  var crossings: UInt64 { crossingsBefore.last ?? 0 }

  /// Ring edges that cross nodes among the first `count`.
  func crossings(inFirst count: Int) -> UInt64 {
    crossingsBefore.indices.contains(count) ? crossingsBefore[count] : crossings
  }

  /// Whether two endpoints are on different nodes.
  func crosses(_ a: Int, _ b: Int) -> Bool { hosts[a] != hosts[b] }

  /// Ranks on the node of an endpoint, itself included.
  func ranksOnNode(of endpoint: Int) -> Int { ranksOnHost[hosts[endpoint]] ?? 1 }

  /// Ordered pairs of ranks on different nodes.
  var crossingPairs: UInt64 {
    let n = UInt64(clamping: size)
    var same: UInt64 = 0
    for count in ranksOnHost.values {
      same.add(UInt64(clamping: count).times(UInt64(clamping: count)))
    }
    return n.times(n).minus(same)
  }

  /// The ring position after another one.
  func next(_ position: Int) -> Int { position + 1 == ring.count ? 0 : position + 1 }

  /// The ring position before another one.
  func previous(_ position: Int) -> Int { position == 0 ? ring.count - 1 : position - 1 }

  /// The ring that rank 0 printed, if it names every rank once.
  private static func printedRing(_ views: [Instance], size: Int) -> [Int] {
    guard let ring = views.first(where: { $0.rank == 0 })?.facts.ring, ring.count == size
    else { return [] }
    var seen = Set<Int>()
    for rank in ring {
      guard (0..<size).contains(rank), seen.insert(rank).inserted else { return [] }
    }
    return ring
  }

  /// Ranks in order, node after node, nodes in order of their lowest rank.
  private static func nodeByNode(_ byRank: [Int: Int], hosts: [Int]) -> [Int] {
    var groups: [Int: Int] = [:]
    var ordered: [[Int]] = []
    for rank in byRank.keys.sorted() {
      guard let endpoint = byRank[rank] else { continue }
      let host = hosts[endpoint]
      if let place = groups[host] {
        ordered[place].append(rank)
      } else {
        groups[host] = ordered.count
        ordered.append([rank])
      }
    }
    return ordered.flatMap { $0 }
  }
}
