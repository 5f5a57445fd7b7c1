// SPDX-License-Identifier: Apache-2.0

/// How a collective is carried out.
public enum CollectiveAlgorithm: String, Sendable, CaseIterable {
  /// Neighbours pass parts around; each step takes as long as its slowest link.
  case ring
  /// Two binary trees, up and down.
  case tree
  /// The switches of one domain add up and copy.
  case nvls
  /// Inside domains, then between equal places of the domains, then inside again.
  case twoLevel = "two_level"
  /// All parts are sent at once.
  case direct
  /// Every rank writes to and reads from a memory that all share.
  case pool = "memory_pool"
}

/// What one operation costs on a fabric, by the alpha-beta model.
///
/// With *n* ranks in *k* domains of *g* = *n*/*k*, *S* the message of nccl-tests, *a* and *B* the
/// latency and the bandwidth of a rank's link in its domain, *a'* and *B'* those of the network,
/// *A* and *C* those of the slowest link of a ring (*a'* and min(*B*, *g B'*) where *k* > 1):
///
/// | algorithm | collective | latency | bytes over bandwidth |
/// | --- | --- | --- | --- |
/// | ring | all-reduce | 2 (n-1) A | 2 (n-1)/n S/C |
/// | ring | all-gather, reduce-scatter | (n-1) A | (n-1)/n S/C |
/// | tree | all-reduce | 2 (ceil log2 g a + ceil log2 k a') | 2 (n-1)/n S/C |
/// | tree | broadcast, reduce | ceil log2 g a + ceil log2 k a' | S/C |
/// | NVLS, k = 1 | all-reduce | 2 a | (n+1)/n S/B |
/// | NVLS, k = 1 | all-gather, reduce-scatter | a | (n-1)/n S/B |
/// | two-level | all-reduce | 2 (g-1) a + 2 (k-1) a' | 2 (g-1)/g S/B + 2 (k-1)/k S/(g B') |
/// | two-level | all-gather, reduce-scatter | (g-1) a + (k-1) a' | half of that |
/// | direct | all-to-all | max(a, a') | G max((g-1)/n S/B, (n-g)/n S/B') |
/// | direct | gather, scatter | max(a, a') | the same without G |
/// | direct | send + receive | a or a' | S/B or S/B' |
/// | memory pool, k = 1 | all-reduce | 4 a | (3n-2)/n S/B |
///
/// G is the load of the busiest rank over the mean. In-switch reduction replaces g-1 by 1 in the
/// latency of two levels. The pool: each rank writes what others own, (n-1)/n S, reads their parts
/// of what it owns, writes its sum, S/n, and reads the other sums.
public struct CollectiveCost: Sendable, Equatable {
  /// How it is carried out.
  public var algorithm: CollectiveAlgorithm
  /// Seconds that do not depend on the message.
  public var latency: Double
  /// Seconds of the bytes on the links of domains.
  public var domainTransfer: Double
  /// Seconds of the bytes on the network.
  public var networkTransfer: Double
  /// Bytes on links of domains, over all ranks.
  public var domainBytes: Double
  /// Bytes on the network, over all ranks.
  public var networkBytes: Double

  /// Seconds of one operation.
  public var seconds: Double { latency + domainTransfer + networkTransfer }
}

/// A communicator on a fabric: how many ranks, over how many domains.
public struct GroupShape: Sendable, Hashable {
  /// Ranks.
  public var ranks: Int
  /// Domains that they are in, the same number in each.
  public var domains: Int

  /// Makes a shape; there are never more domains than ranks.
  public init(ranks: Int, domains: Int) {
    self.ranks = max(1, ranks)
    self.domains = min(max(1, domains), max(1, ranks))
  }
}

extension CommunicationFabric {
  /// Returns the cost of one operation by the fastest algorithm that applies, or by a given one.
  ///
  /// - Parameters:
  ///   - collective: `all_reduce`, ..., `send_recv`, as in traffic tables.
  ///   - bytes: S of nccl-tests.
  ///   - shape: The communicator.
  ///   - imbalance: Load of the busiest rank of an all-to-all over the mean.
  ///   - forced: The only algorithm to consider.
  /// - Returns: The cost; `nil` for a collective that no formula knows, or where domains must be
  ///   crossed and no network is described.
  public func cost(
    of collective: String, bytes: Double, shape: GroupShape, imbalance: Double = 1,
    by forced: CollectiveAlgorithm? = nil
  ) -> CollectiveCost? {
    guard shape.ranks > 1 else {
      return CollectiveCost(
        algorithm: .direct, latency: 0, domainTransfer: 0, networkTransfer: 0, domainBytes: 0,
        networkBytes: 0)
    }
    guard shape.domains == 1 || network != nil else { return nil }
    let paths = Paths(fabric: self, shape: shape, bytes: bytes)
    return paths.candidates(collective, imbalance: imbalance)
      .filter { forced == nil || $0.algorithm == forced }
      .min { $0.seconds < $1.seconds }
  }
}

/// The formulas, for one message on one communicator.
private struct Paths {
  let n: Double
  let k: Double
  let g: Double
  /// S.
  let s: Double
  let isLocal: Bool
  let a: Double
  let b: Double
  let networkLatency: Double
  let networkBandwidth: Double
  let levels: (domain: Double, network: Double)
  let fabric: CommunicationFabric

  init(fabric: CommunicationFabric, shape: GroupShape, bytes: Double) {
    self.fabric = fabric
    n = Double(shape.ranks)
    k = Double(shape.domains)
    g = n / k
    s = bytes
    isLocal = shape.domains == 1
    a = fabric.domain.latency
    b = fabric.domain.bandwidth(message: bytes)
    networkLatency = fabric.network?.latency ?? 0
    networkBandwidth = fabric.network?.bandwidth(message: bytes) ?? fabric.domain.bandwidth
    func ceilLog2(_ count: Int) -> Double {
      count <= 1 ? 0 : Double(Int.bitWidth - (count - 1).leadingZeroBitCount)
    }
    let most = (shape.ranks - 1) / shape.domains + 1
    levels = (ceilLog2(most), isLocal ? 0 : ceilLog2(shape.domains))
  }

  func candidates(_ collective: String, imbalance: Double) -> [CollectiveCost] {
    switch collective {
    case "all_reduce":
      return ring(2) + tree(2, wire: 2) + nvls(reduce: true) + twoLevel(2) + pool()
    case "all_gather": return ring(1) + nvls(reduce: false, wire: s) + twoLevel(1)
    case "reduce_scatter": return ring(1) + nvls(reduce: false, wire: n * s) + twoLevel(1)
    case "all_to_all": return [direct(share: imbalance, wire: (n - 1) * s)]
    case "broadcast", "reduce": return tree(1, wire: 1)
    case "gather", "scatter": return [direct(share: 1, wire: (n - 1) / n * s)]
    case "send_recv", "put_signal": return [send()]
    default: return []
    }
  }

  private func make(
    _ algorithm: CollectiveAlgorithm, latency: Double, domain: Double = 0, network: Double = 0,
    domainBytes: Double, networkBytes: Double
  ) -> CollectiveCost {
    CollectiveCost(
      algorithm: algorithm, latency: latency, domainTransfer: domain, networkTransfer: network,
      domainBytes: domainBytes, networkBytes: networkBytes)
  }

  /// Puts the time of a ring's or tree's bytes on the link that limits it.
  private func limited(
    _ algorithm: CollectiveAlgorithm, latency: Double, bytes: Double, wire: Double,
    crossing: Double
  ) -> CollectiveCost {
    let isNetwork = !isLocal && g * networkBandwidth < b
    let seconds = bytes / (isNetwork ? g * networkBandwidth : b)
    return make(
      algorithm, latency: latency, domain: isNetwork ? 0 : seconds,
      network: isNetwork ? seconds : 0, domainBytes: wire - crossing, networkBytes: crossing)
  }

  private func ring(_ passes: Double) -> [CollectiveCost] {
    let wire = passes * (n - 1) * s
    return [
      limited(
        .ring, latency: passes * (n - 1) * (isLocal ? a : max(a, networkLatency)),
        bytes: passes * (n - 1) / n * s, wire: wire, crossing: isLocal ? 0 : wire * k / n)
    ]
  }

  private func tree(_ passes: Double, wire: Double) -> [CollectiveCost] {
    let bytes = passes == 1 ? s : passes * (n - 1) / n * s
    return [
      limited(
        .tree, latency: passes * (levels.domain * a + levels.network * networkLatency),
        bytes: bytes, wire: wire * (n - 1) * s, crossing: wire * (k - 1) * s)
    ]
  }

  private func nvls(reduce: Bool, wire: Double = 0) -> [CollectiveCost] {
    guard isLocal, fabric.reducesInSwitch else { return [] }
    return [
      make(
        .nvls, latency: (reduce ? 2 : 1) * a,
        domain: (reduce ? (n + 1) / n : (n - 1) / n) * s / b,
        domainBytes: reduce ? (n + 1) * s : wire, networkBytes: 0)
    ]
  }

  private func twoLevel(_ passes: Double) -> [CollectiveCost] {
    guard !isLocal, g > 1 else { return [] }
    let steps = fabric.reducesInSwitch ? 1 : g - 1
    return [
      make(
        .twoLevel, latency: passes * (steps * a + (k - 1) * networkLatency),
        domain: passes * (g - 1) / g * s / b,
        network: passes * (k - 1) / k * s / (g * networkBandwidth),
        domainBytes: passes * k * (g - 1) * s, networkBytes: passes * (k - 1) * s)
    ]
  }

  private func pool() -> [CollectiveCost] {
    guard isLocal, fabric.hasMemoryPool else { return [] }
    return [
      make(
        .pool, latency: 4 * a, domain: (3 * n - 2) / n * s / b, domainBytes: (3 * n - 2) * s,
        networkBytes: 0)
    ]
  }

  /// Both kinds of links work at once; the slower one is what is waited for.
  private func direct(share: Double, wire: Double) -> CollectiveCost {
    let local = share * (g - 1) / n * s / b
    let remote = isLocal ? 0 : share * (n - g) / n * s / networkBandwidth
    let crossing = isLocal ? 0 : wire * (n - g) / (n - 1)
    return make(
      .direct, latency: isLocal ? a : max(a, networkLatency), domain: remote > local ? 0 : local,
      network: remote > local ? remote : 0, domainBytes: wire - crossing, networkBytes: crossing)
  }

  /// Neighbours of a group in *k* domains: *k*-1 of the *n*-1 pairs are in different ones.
  private func send() -> CollectiveCost {
    let crossing = (k - 1) / (n - 1)
    return make(
      .direct, latency: (1 - crossing) * a + crossing * networkLatency,
      domain: (1 - crossing) * s / b, network: crossing * s / networkBandwidth,
      domainBytes: (1 - crossing) * s, networkBytes: crossing * s)
  }
}
