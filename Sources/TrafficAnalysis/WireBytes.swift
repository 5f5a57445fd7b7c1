// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// Bytes that leave GPUs for one collective, summed over the ranks of its communicator.
///
/// With *n* ranks on *N* nodes, *b* = count x element size and *S* = the message size of nccl-tests
/// (`b` for all-reduce, broadcast and reduce, `n b` for the others):
///
/// | algorithm | all-reduce | all-gather | reduce-scatter |
/// | --- | --- | --- | --- |
/// | ring, tree, PAT and all others (lower bound without in-switch work) | 2 (n-1) S | (n-1) S | (n-1) S |
/// | NVLS, one node | (n+1) S | S | n S |
/// | NVLS with network reduction, N nodes | (n+2N) S | ring | ring |
/// | NVLS tree | (n+N) S + 2 (N-1) S | ring | ring |
/// | CollNet direct, CollNet chain | (2n-N) S | ring | ring |
///
/// Broadcast and reduce: (n-1) S. All-to-all: (n-1) S, because each of the n ranks keeps the n-th
/// part of its buffer. Gather and scatter: (n-1) b, one part per rank that is not the root.
///
/// - NVLS all-reduce: the switch reads every rank's data once to add it up (n S), then each rank
///   multicasts its reduced n-th part once (S in all); copies made by the switch leave no GPU.
///   All-gather multicasts each part once; reduce-scatter has the switch read all n buffers.
/// - NVLS tree: as NVLS on each node, and between nodes each share goes up and down a tree.
/// - CollNet: ranks of a node bring their data to the node's heads, (n-N) S in all; each node sends
///   its sum to the network, N S; the result comes back and is spread on the node, (n-N) S.
enum WireModel: Equatable {
  /// A ring, or what moves as much as a ring.
  case ring
  /// A double binary tree: the totals of a ring, other edges between nodes.
  case tree
  case nvls, nvlsTree, collnet

  /// The model of an algorithm as ``TuningFacts`` names it.
  init(algorithm: String) {
    switch algorithm {
    case "tree": self = .tree
    case "nvls": self = .nvls
    case "nvls_tree": self = .nvlsTree
    case "collnet_direct", "collnet_chain": self = .collnet
    default: self = .ring
    }
  }
}

/// Bytes by operation and model; see ``WireModel`` for the formulas.
enum WireBytes {
  /// The message size S of nccl-tests, from `bytes` = count x element size.
  static func messageBytes(_ kind: OperationKind, bytes: UInt64, size: Int) -> UInt64 {
    switch kind {
    case .allGather, .reduceScatter, .allToAll, .gather, .scatter:
      bytes.times(UInt64(clamping: size))
    case .allReduce, .broadcast, .reduce, .send, .recv, .putSignal, .unnamed: bytes
    case .signal, .waitSignal: 0
    }
  }

  /// How often count x element size fits into the send buffer of one call.
  ///
  /// Only broadcast and scatter depend on whether the caller is the root.
  static func payloadFactor(_ kind: OperationKind, size: Int, isRoot: Bool) -> UInt64 {
    let n = UInt64(clamping: size)
    switch kind {
    case .allReduce, .allGather, .reduce, .gather, .send, .putSignal, .unnamed: return 1
    case .reduceScatter, .allToAll: return n
    case .broadcast: return isRoot ? 1 : 0
    case .scatter: return isRoot ? n : 0
    case .recv, .signal, .waitSignal: return 0
    }
  }

  /// What leaves GPUs, over all ranks, and the way it takes.
  ///
  /// `bytes` is count x element size, summed over the operations; `nodes` is how many nodes the
  /// communicator spans, if known.
  static func flows(
    _ kind: OperationKind, bytes: UInt64, operations: UInt64, size: Int, nodes: Int?,
    model: WireModel, root: Int = 0
  ) -> [Flow] {
    let n = UInt64(clamping: size)
    guard n > 1 else { return [] }
    let s = messageBytes(kind, bytes: bytes, size: size)
    func flow(_ pattern: Flow.Pattern, _ bytes: UInt64) -> Flow {
      Flow(pattern: pattern, bytes: bytes, operations: operations)
    }
    switch kind {
    case .allReduce:
      return allReduce(s, n, nodes.map { UInt64(clamping: $0) }, model)
        .map { flow($0.pattern, $0.bytes) }
    case .allGather where model == .nvls && nodes == 1: return [flow(.nodePairs, s)]
    case .reduceScatter where model == .nvls && nodes == 1: return [flow(.nodePairs, s.times(n))]
    case .allGather, .reduceScatter: return [flow(.ring, s.times(n - 1))]
    case .allToAll: return [flow(.allPairs, s.times(n - 1))]
    case .broadcast: return [flow(.ringFrom(root: root), s.times(n - 1))]
    case .reduce: return [flow(.ringTo(root: root), s.times(n - 1))]
    case .gather: return [flow(.toRoot(root: root), bytes.times(n - 1))]
    case .scatter: return [flow(.fromRoot(root: root), bytes.times(n - 1))]
    // Sends have their pairs, what NCCL 2.3.5 called is not known, and signals carry no data.
    case .send, .recv, .putSignal, .signal, .waitSignal, .unnamed: return []
    }
  }

  private static func allReduce(
    _ s: UInt64, _ n: UInt64, _ nodes: UInt64?, _ model: WireModel
  ) -> [(pattern: Flow.Pattern, bytes: UInt64)] {
    let ring = s.times(2).times(n - 1)
    guard let nodes, nodes > 0, nodes <= n else { return [(.ring, ring)] }
    switch model {
    case .ring: return [(.ring, ring)]
    case .tree: return [(.tree, ring)]
    case .nvls where nodes == 1, .nvlsTree where nodes == 1:
      return [(.nodePairs, s.times(n + 1))]
    case .nvls:
      return [(.nodePairs, s.times(n.adding(nodes))), (.ringBetweenNodes, s.times(nodes))]
    case .nvlsTree:
      return [
        (.nodePairs, s.times(n.adding(nodes))), (.treeBetweenNodes, s.times(2).times(nodes - 1)),
      ]
    case .collnet:
      return [
        (.nodePairs, s.times(2).times(n - nodes)), (.ringBetweenNodes, s.times(nodes)),
      ]
    }
  }
}
