// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// How the job uses its communicators: what costs more than it must, or is not meant.
extension FindingCollector {
  // MARK: - Habits

  /// Most bytes of a message that is all latency.
  private static let smallBytes: UInt64 = 4096
  /// Operations from which small messages are worth a word.
  private static let manyOperations: UInt64 = 10_000
  /// Live communicators over the same ranks from which on they look forgotten.
  private static let manyCommunicators = 8

  /// Small messages, uneven experts, forgotten communicators.
  mutating func habits(_ matrix: [RankMatrixRow]) {
    for own in communicators {
      var small: UInt64 = 0
      for group in own.traffic.classes
      where group.messageBytes.map({ $0 <= Self.smallBytes }) ?? false {
        small.add(group.operations)
      }
      guard small >= Self.manyOperations, small > own.traffic.operations / 2 else { continue }
      add(
        "small-messages", .note,
        "Most operations on communicator \(own.name) move less than 4 KiB.",
        at: "communicator \(own.name)",
        evidence: "\(small) of \(own.traffic.operations) operations",
        do: "Each costs a launch and a round trip; larger batches or fused buffers cost the same.")
    }
    experts(matrix)
    repetitions()
    proxies(matrix)
    lateUses()
    var alike: [[Int]: [String]] = [:]
    for own in communicators where own.communicator.size > 1 && !own.ranks.isEmpty {
      if own.views.allSatisfy({ $0.facts.end == .open }) {
        alike[own.ranks, default: []].append(own.name)
      }
    }
    for (numbers, names) in alike.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) })
    where names.count >= Self.manyCommunicators {
      add(
        "communicators-pile-up", .note,
        "\(names.count) communicators over the same ranks were made and not destroyed.",
        at: "rank \(RangeText.text(numbers))",
        evidence: names.prefix(6).joined(separator: ", ") + ", ...",
        do: "Each holds GPU memory; destroy those that are not needed, or make them once.")
    }
  }

  /// How far the fullest expert rank is above the mean of its group.
  private mutating func experts(_ matrix: [RankMatrixRow]) {
    var received: [Int: UInt64] = [:]
    for row in matrix where row.dimension == .ep {
      received[row.destinationRank, default: 0].add(row.bytes)
    }
    guard !received.isEmpty else { return }
    var seen: Set<[Int]> = []
    for own in communicators where own.ranks.count > 1 {
      let loads = own.ranks.compactMap { rank in received[rank].map { (rank: rank, bytes: $0) } }
      guard loads.count == own.ranks.count,
        own.traffic.classes.contains(where: { $0.kind == .allToAll && $0.messageBytes == nil }),
        seen.insert(own.ranks).inserted,
        let fullest = loads.max(by: { ($0.bytes, $1.rank) < ($1.bytes, $0.rank) })
      else { continue }
      let mean = loads.reduce(0.0) { $0 + Double($1.bytes) } / Double(loads.count)
      let skew = mean > 0 ? Double(fullest.bytes) / mean : 1
      guard skew >= 1.5 else { continue }
      let tenths = Int((skew * 10).rounded())
      add(
        "expert-load-uneven", .note,
        "Rank \(fullest.rank) receives \(tenths / 10).\(tenths % 10) times the mean of its expert group.",
        at: "rank \(fullest.rank), communicator \(own.name)",
        evidence: "\(fullest.bytes) bytes against a mean of \(Int(clamping: UInt64(mean)))",
        do: "All ranks wait for the fullest one; look at the router's balance or expert placement.")
    }
  }

  // MARK: - Repetitions

  /// Pairs from which on they are no accident.
  private static let fewestRepetitions: UInt64 = 3

  /// All-gathers that every rank makes in pairs: twice in a row with the same buffers.
  ///
  /// The log does not show what kernels write between two calls, and allocators give the same
  /// addresses again: only a size whose calls all come in such pairs, on all ranks, is a hint. Runs
  /// of three and more are left out where the calls are counted.
  private mutating func repetitions() {
    for own in communicators where own.communicator.size > 1 {
      guard own.views.count == own.communicator.size, !own.traffic.differs,
        let first = own.views.first
      else { continue }
      var common = Self.pairs(first)
      for view in own.views.dropFirst() where !common.isEmpty {
        common.formIntersection(Self.pairs(view))
      }
      for pair in common.sorted(by: { ($0.count, $0.type.name) < ($1.count, $1.type.name) }) {
        add(
          "all-gather-repeated", .note,
          "Ranks of communicator \(own.name) gather the same buffers twice in a row.",
          at: "communicator \(own.name)",
          evidence: "\(pair.repeated) of \(pair.calls) all-gathers of \(pair.count) "
            + "\(pair.type.name) repeat the call right before them: same buffers, no call between",
          do: "Needless unless the program refills the send buffer in between: look at the caller.")
      }
    }
  }

  private struct GatherPair: Hashable {
    var count: UInt64
    var type: DataType
    var calls: UInt64
    var repeated: UInt64
  }

  /// Sizes whose all-gathers all come in pairs on a rank.
  private static func pairs(_ view: Instance) -> Set<GatherPair> {
    var found: Set<GatherPair> = []
    for row in view.facts.calls where row.kind == .allGather && !row.isCoarse {
      guard row.repeatedCalls >= fewestRepetitions, row.repeatedCalls.times(2) >= row.calls else {
        continue
      }
      found.insert(
        GatherPair(
          count: row.elementCount, type: row.dataType, calls: row.calls,
          repeated: row.repeatedCalls))
    }
    return found
  }

  // MARK: - PXN

  /// Sends that leave over the network device of another GPU.
  private mutating func proxies(_ matrix: [RankMatrixRow]) {
    struct Pair: Hashable {
      var source: Int
      var target: Int
    }
    struct Share {
      var proxied: UInt64 = 0
      var all: UInt64 = 0
    }
    var shares: [Pair: Share] = [:]
    var helpers: Set<Int> = []
    for own in communicators {
      for view in own.views {
        for row in view.facts.connections where !row.isReceive {
          let name = TransportName(row.transport)
          guard name.device != nil,
            let source = own.placement.endpointOfRank[row.source].flatMap({ ranks.rank[$0] }),
            let target = own.placement.endpointOfRank[row.target].flatMap({ ranks.rank[$0] })
          else { continue }
          let channels = UInt64(clamping: row.channels)
          let pair = Pair(source: source, target: target)
          shares[pair, default: Share()].all.add(channels)
          // A rank may be named as its own proxy.
          guard let proxy = name.proxy, proxy != row.source else { continue }
          shares[pair]?.proxied.add(channels)
          if let helper = own.placement.endpointOfRank[proxy].flatMap({ ranks.rank[$0] }) {
            helpers.insert(helper)
          }
        }
      }
    }
    let proxied = shares.filter { $0.value.proxied > 0 }
    guard !proxied.isEmpty else { return }
    var bytes: UInt64 = 0
    var channels: UInt64 = 0
    for row in matrix {
      guard let share = proxied[Pair(source: row.sourceRank, target: row.destinationRank)] else {
        continue
      }
      let (product, overflow) = row.bytes.multipliedReportingOverflow(by: share.proxied)
      bytes.add(overflow ? row.bytes / share.all * share.proxied : product / share.all)
    }
    for share in proxied.values { channels.add(share.proxied) }
    add(
      "network-through-other-gpu", .note,
      "Ranks send over the network device of another GPU of their node (PXN).",
      at: "rank \(RangeText.text(Set(proxied.keys.map(\.source)).sorted()))",
      evidence: "\(bytes) bytes on \(CoverageStatement.counted(Int(clamping: channels), "channel"))"
        + (helpers.isEmpty ? "" : " through the GPU of rank \(RangeText.text(helpers.sorted()))"),
      do:
        "Meant where devices sit on rails; else see why the GPU's own device is not used, and compare with NCCL_PXN_DISABLE=1."
    )
  }

  // MARK: - Ends

  /// Calls on a communicator that had been destroyed or aborted.
  private mutating func lateUses() {
    for own in communicators {
      for view in own.views {
        // A new communicator may take the place of an old one, but not without an init line.
        guard !view.facts.initStarted, !view.facts.initCompleted, !view.facts.calls.isEmpty,
          !hasLosses(view.process)
        else { continue }
        let others = table.records[view.process].facts.communicators
        let before = others.prefix(view.index).last { $0.pointer == view.facts.pointer }
        guard let before, before.end != .open, before.initStarted || before.initCompleted,
          // Where lines of the kind are missing altogether, they prove nothing.
          others.dropFirst(view.index + 1).allSatisfy({ $0.initStarted || $0.initCompleted })
        else { continue }
        let rank = ranks.rank[view.endpoint].map(String.init) ?? "unknown"
        let file = table.files[table.records[view.process].facts.file].file
        add(
          "communicator-used-after-end", .warning,
          "Rank \(rank) called operations on a communicator that was \(before.end.rawValue).",
          at: "rank \(rank), \(file):\(view.facts.firstLine)",
          evidence: "\(before.end.rawValue) after line \(before.lastLine), used from line "
            + "\(view.facts.firstLine) on without a new initialisation",
          do: "Look for a process group that is destroyed while a thread or hook still uses it.")
      }
    }
  }
}
