// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

// Classes of operations with a purpose of their own.
extension DimensionInference {
  private static let sequenceEvidence =
    "with sequence parallelism the tensor group gathers and scatters"

  mutating func split(_ place: Int) {
    var label = labels[place]
    defer { labels[place] = label }
    let own = communicators[place]
    for (index, group) in own.traffic.classes.enumerated() {
      switch label.dimension {
      case .fsdp where own.isWorld:
        // The default group: sharding reduces by reduce-scatter, so what is left is control.
        let isSmall = group.payloadBytes.times(64) < own.traffic.payloadBytes
        if group.kind == .allReduce || group.kind == .broadcast,
          isSmall, CommunicatorProfile.isControl(group) || group.kind == .broadcast
        {
          label.exceptions[index] = .world
        }
      case .tp where layout?.isSequenceParallel == true:
        if group.kind == .allGather || group.kind == .reduceScatter {
          label.exceptions[index] = .sp
          if label.evidence.last?.text != Self.sequenceEvidence {
            label.evidence.append(Evidence(.declared, Self.sequenceEvidence))
          }
        }
      default: break
      }
    }
    // One set of ranks may serve two strategies on one communicator.
    guard let layout, label.evidence.first?.kind == .declared else { return }
    let candidates = layout.dimensions(of: own)
    guard candidates.count > 1 else { return }
    for (index, group) in own.traffic.classes.enumerated() where label.exceptions[index] == nil {
      let other: ParallelismDimension? =
        switch group.kind {
        case .send: candidates.contains(.pp) ? .pp : nil
        case .allToAll: candidates.contains(.ep) ? .ep : nil
        default: nil
        }
      if let other, other != label.dimension, label.dimension != .cp {
        label.exceptions[index] = other
      }
    }
  }
}
