// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// Tells what the job was doing when it made a class of calls, where the calls themselves show it.
///
/// - `init`: the first class on its communicator, called once, and either small or followed by
///   operations that repeat, or by as many elements in the type of gradients.
/// - `prefill`, `decode`: an inference engine moves activations of [tokens, hidden] on its tensor
///   and pipeline groups, so one size is large and rare (the prompt) and one small and frequent (a
///   token per sequence). Sizes in between stay unknown: they may be either, or warm-up batches.
/// - `forward`, `backward`: PyTorch runs the backward pass on threads of its own, so a class is
///   `backward` when all of its calls came from another thread than the communicator's first.
///
/// Everything else is unknown.
enum PhaseInference {
  /// Largest message that sets up a communicator rather than a model, in bytes.
  private static let setupBytes: UInt64 = 64 << 10

  /// The phases of all classes of all communicators.
  ///
  /// - Complexity: O(*k* log *k*) in classes.
  static func phases(
    _ communicators: [AnalysedCommunicator], labels: [DimensionLabel], isInference: Bool?,
    hiddenSize: Int? = nil
  ) -> [[TrafficPhase]] {
    var phases = communicators.map { own in
      [TrafficPhase](repeating: .unknown, count: own.traffic.classes.count)
    }
    let serves = isInference ?? looksLikeInference(communicators)
    for (place, own) in communicators.enumerated() {
      let classes = own.traffic.classes
      if let first = classes.first, first.operations == 1, first.kind != .send,
        !first.kind.isPointToPoint
      {
        let isSmall = (first.messageBytes ?? .max) <= setupBytes
        let rest = own.traffic.operations.minus(1)
        let repeats = classes.dropFirst().map(\.operations).max() ?? 0
        if isSmall ? (rest == 0 || rest >= 4) : repeats >= 3 {
          phases[place][0] = .initialization
        } else if isRetyped(classes, labels[place].dimension) {
          phases[place][0] = .initialization
        }
      }
      let dimension = labels[place].dimension
      if serves, dimension == .tp || dimension == .pp {
        splitByTokens(classes, hiddenSize: hiddenSize, &phases[place])
      } else if !serves {
        splitByThread(classes, &phases[place])
      }
    }
    if serves { matchHandedOver(communicators, labels, &phases) }
    return phases
  }

  /// Whether the first class comes once more in another type: a flag among integers before
  /// numbers, or shared parameters in half precision before their gradients in single.
  private static func isRetyped(
    _ classes: [OperationClass], _ dimension: ParallelismDimension
  ) -> Bool {
    guard let first = classes.first, let count = first.elementCount else { return false }
    let isParameter = dimension == .embedding && first.isHalf
    guard isParameter || (CommunicatorProfile.isControl(first) && !first.isFloating) else {
      return false
    }
    return classes.dropFirst().contains {
      $0.kind == first.kind && $0.elementCount == count && $0.isFloating
        && $0.dataType != first.dataType
    }
  }

  /// What a pipeline stage hands over in slices, its tensor group gathers again: such gathers have
  /// the phase of the sends with the same bytes.
  private static func matchHandedOver(
    _ communicators: [AnalysedCommunicator], _ labels: [DimensionLabel],
    _ phases: inout [[TrafficPhase]]
  ) {
    var known: [UInt64: TrafficPhase] = [:]
    for (place, own) in communicators.enumerated() where labels[place].dimension == .pp {
      for (index, group) in own.traffic.classes.enumerated()
      where group.kind == .send && phases[place][index] != .unknown {
        if let bytes = group.messageBytes { known[bytes] = phases[place][index] }
      }
    }
    guard !known.isEmpty else { return }
    for (place, own) in communicators.enumerated() where labels[place].dimension == .tp {
      let size = UInt64(clamping: max(own.communicator.size, 1))
      for (index, group) in own.traffic.classes.enumerated()
      where group.kind == .allGather && phases[place][index] == .unknown {
        if let bytes = group.messageBytes, let phase = known[bytes / size] {
          phases[place][index] = phase
        }
      }
    }
  }

  /// Without gradients there is no training: nothing is reduce-scattered, and all large messages
  /// are in half precision.
  static func looksLikeInference(_ communicators: [AnalysedCommunicator]) -> Bool {
    var hasActivations = false
    for own in communicators {
      for group in own.traffic.classes where !CommunicatorProfile.isControl(group) {
        if group.kind == .reduceScatter { return false }
        let isHalf = group.dataType.rawValue == 6 || group.dataType == .bfloat16
        if group.dataType == .float32, group.kind == .allReduce || group.kind == .send {
          return false
        }
        if isHalf, group.kind == .allReduce || group.kind == .send { hasActivations = true }
      }
    }
    return hasActivations
  }

  private static func splitByTokens(
    _ classes: [OperationClass], hiddenSize: Int?, _ phases: inout [TrafficPhase]
  ) {
    struct Key: Hashable {
      var kind: OperationKind
      var type: DataType
    }
    var groups: [Key: [Int]] = [:]
    for (index, group) in classes.enumerated()
    where phases[index] == .unknown && group.messageBytes != nil
      && !CommunicatorProfile.isControl(group)
    {
      // All-reduces on a tensor group are over whole tokens; other sizes are not activations.
      if group.kind == .allReduce, let hiddenSize, hiddenSize > 0, let count = group.elementCount,
        count % UInt64(hiddenSize) != 0
      {
        continue
      }
      switch group.kind {
      case .allReduce, .allGather, .send:
        groups[Key(kind: group.kind, type: group.dataType), default: []].append(index)
      default: break
      }
    }
    for members in groups.values where members.count > 1 {
      let sorted = members.sorted {
        (classes[$0].messageBytes ?? 0, $0) < (classes[$1].messageBytes ?? 0, $1)
      }
      guard let small = sorted.first, let large = sorted.last,
        let smallBytes = classes[small].messageBytes, let largeBytes = classes[large].messageBytes,
        smallBytes > 0, largeBytes % smallBytes == 0, largeBytes / smallBytes >= 4
      else { continue }
      let others = sorted.dropFirst().map { classes[$0].operations }.max() ?? 0
      guard classes[small].operations >= others.times(4) else { continue }
      phases[small] = .decode
      let second = sorted.dropLast().last.flatMap { classes[$0].messageBytes } ?? 0
      if largeBytes >= second.times(4) { phases[large] = .prefill }
    }
  }

  private static func splitByThread(_ classes: [OperationClass], _ phases: inout [TrafficPhase]) {
    let isMixed =
      classes.contains { $0.otherThreadCalls == 0 && $0.rankCalls > 0 }
      && classes.contains { $0.otherThreadCalls > 0 }
    guard isMixed else { return }
    for (index, group) in classes.enumerated()
    where phases[index] == .unknown && group.rankCalls > 1
      && group.otherThreadCalls == group.rankCalls && !CommunicatorProfile.isControl(group)
    {
      phases[index] = .backward
    }
  }
}
