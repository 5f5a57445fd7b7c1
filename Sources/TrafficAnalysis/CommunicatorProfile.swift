// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// One communicator with everything that labels and tables need.
///
/// A class, because every step of the analysis goes through all of them.
final class AnalysedCommunicator {
  /// Index in ``CommunicatorTable/all``.
  let index: Int
  /// Ranks, membership, parent.
  let communicator: Communicator
  /// The ranks' views, in the order of ``Communicator/instances``.
  let views: [Instance]
  /// Where its ranks are.
  let placement: Placement
  /// What was counted on it.
  let traffic: CommunicatorTraffic
  /// The name in the report.
  var name = ""
  /// The name that the framework gave it.
  var frameworkName: String?
  /// Global ranks that were seen, sorted.
  var ranks: [Int] = []
  /// Of a communicator with ranks that were not seen, those that were: their places in it, where
  /// known, and their global ranks.
  var members: [(place: Int?, rank: Int)] = []
  /// Which job it belongs to.
  var job = 0
  /// Whether it holds every rank of its job.
  var isWorld = false

  /// Puts together what was counted; names and ranks follow.
  init(
    index: Int, communicator: Communicator, views: [Instance], placement: Placement,
    traffic: CommunicatorTraffic
  ) {
    self.index = index
    self.communicator = communicator
    self.views = views
    self.placement = placement
    self.traffic = traffic
  }
}

/// The strategy-independent traits of a communicator: which ranks, and what they do.
struct CommunicatorProfile {
  /// What most of the payload is.
  enum Habit: Equatable {
    /// No operation at all.
    case silent
    /// Only messages of a few bytes: flags, norms, barriers.
    case control
    case allReduce
    /// All-gather and reduce-scatter, or one of them.
    case shard
    case allToAll
    case pointToPoint
    /// Broadcasts and other rooted operations.
    case rooted
  }

  /// Largest message that counts as control, in bytes.
  static let controlBytes: UInt64 = 1024
  /// Largest broadcast that counts as control, in bytes.
  static let objectBytes: UInt64 = 64 << 10

  /// What most of the payload is.
  let habit: Habit
  /// Distance between neighbouring global ranks, where it is the same throughout.
  let stride: Int?
  /// All-reduces beyond control size.
  let allReduces: [OperationClass]
  /// All-gathers beyond control size.
  let allGathers: [OperationClass]
  /// Reduce-scatters beyond control size.
  let reduceScatters: [OperationClass]
  /// Sends and receives.
  let sends: [OperationClass]

  /// Looks at a communicator.
  init(_ own: AnalysedCommunicator) {
    stride = Self.stride(own.ranks)
    var bytes: [OperationKind: UInt64] = [:]
    for group in own.traffic.classes where !Self.isControl(group) {
      bytes[group.kind, default: 0].add(group.payloadBytes)
    }
    let heavy = own.traffic.classes.filter { !Self.isControl($0) }
    allReduces = heavy.filter { $0.kind == .allReduce }
    allGathers = heavy.filter { $0.kind == .allGather }
    reduceScatters = heavy.filter { $0.kind == .reduceScatter }
    sends = own.traffic.classes.filter { $0.kind == .send }
    let weights: [(habit: Habit, bytes: UInt64)] = [
      (.allToAll, bytes[.allToAll] ?? 0),
      (.shard, (bytes[.allGather] ?? 0).adding(bytes[.reduceScatter] ?? 0)),
      (.allReduce, bytes[.allReduce] ?? 0),
      (.pointToPoint, (bytes[.send] ?? 0).adding(bytes[.putSignal] ?? 0)),
      (
        .rooted,
        [OperationKind.broadcast, .reduce, .gather, .scatter, .unnamed]
          .reduce(0) { $0.adding(bytes[$1] ?? 0) }
      ),
    ]
    if own.traffic.operations == 0 {
      habit = .silent
    } else if heavy.isEmpty {
      habit = .control
    } else if let best = weights.max(by: { $0.bytes < $1.bytes }), best.bytes > 0 {
      habit = best.habit
    } else {
      habit = .rooted
    }
  }

  /// Whether a class is too small to be a strategy's own traffic.
  static func isControl(_ group: OperationClass) -> Bool {
    guard let bytes = group.messageBytes else { return false }
    switch group.kind {
    // Broadcasts at set-up carry objects: settings, shapes, seeds.
    case .broadcast: return bytes <= objectBytes
    case .allReduce, .reduce, .allGather, .gather, .scatter, .reduceScatter:
      return bytes <= controlBytes
    default: return false
    }
  }

  /// Operations over several classes.
  static func operations(_ groups: [OperationClass]) -> UInt64 {
    groups.reduce(0) { $0.adding($1.operations) }
  }

  /// The class with the most operations.
  static func commonest(_ groups: [OperationClass]) -> OperationClass? {
    groups.max { a, b in (a.operations, b.order) < (b.operations, a.order) }
  }

  /// Bytes one rank hands in, whatever the collective.
  static func callBytes(_ group: OperationClass, size: Int) -> UInt64? {
    guard let bytes = group.messageBytes, size > 0 else { return nil }
    switch group.kind {
    case .allGather, .reduceScatter, .allToAll: return bytes / UInt64(clamping: size)
    default: return bytes
    }
  }

  /// Whether some parameters are gathered whose gradients are scattered: as many elements, in
  /// types of any width that numbers have.
  func isOneTensor(size: Int) -> Bool {
    let counts = Set(reduceScatters.compactMap(\.elementCount))
    guard !counts.isEmpty else { return false }
    return allGathers.contains { gather in
      guard let bytes = Self.callBytes(gather, size: size) else { return false }
      if let count = gather.elementCount { return counts.contains(count) }
      // Up to NCCL 2.21 the gather shows bytes only.
      return [1, 2, 4].contains { bytes % $0 == 0 && counts.contains(bytes / $0) }
    }
  }

  /// Whether the first reduce-scatter came before the first all-gather.
  var scattersFirst: Bool {
    guard let scatter = reduceScatters.map(\.order).min() else { return false }
    return allGathers.allSatisfy { scatter < $0.order }
  }

  /// Whether what is gathered most and what is scattered most have the same bytes in half
  /// precision, as activations do and parameters with their gradients may.
  var movesEqualHalves: Bool {
    guard let gather = Self.commonest(allGathers), let scatter = Self.commonest(reduceScatters)
    else { return false }
    return scatter.isHalf && gather.messageBytes != nil
      && gather.messageBytes == scatter.messageBytes
  }

  /// The common difference of sorted ranks.
  static func stride(_ ranks: [Int]) -> Int? {
    guard ranks.count > 1 else { return nil }
    let step = ranks[1] - ranks[0]
    for (a, b) in zip(ranks.dropFirst(), ranks.dropFirst(2)) where b - a != step { return nil }
    return step
  }
}

extension OperationClass {
  /// Whether the numbers are float16 or bfloat16.
  var isHalf: Bool { dataType.rawValue == 6 || dataType == .bfloat16 }

  /// Whether the numbers could be activations or gradients.
  var isFloating: Bool { (6...11).contains(dataType.rawValue) }
}
