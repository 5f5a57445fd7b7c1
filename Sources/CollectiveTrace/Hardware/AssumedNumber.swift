// SPDX-License-Identifier: Apache-2.0

/// A number of a hardware description that nobody states.
public struct AssumedNumber: Sendable, Equatable {
  /// The keys that lead to it, `scale_up.latency`.
  public var path: String
  /// The value as written, `0.8 us`.
  public var text: String
  /// Why this value was taken.
  public var reason: String
}

extension HardwareDescription {
  /// The numbers that nobody states, in the order of the format.
  public var assumed: [AssumedNumber] {
    var result: [AssumedNumber] = []
    func add<Quantity>(_ path: String, _ measure: Measure<Quantity>?) {
      guard let measure, let reason = measure.assumption else { return }
      result.append(AssumedNumber(path: path, text: measure.text, reason: reason))
    }
    for type in NumberType.allCases {
      add("accelerator.compute.\(type.rawValue)", accelerator.compute[type])
    }
    add("accelerator.memory_bandwidth", accelerator.memoryBandwidth)
    add("accelerator.memory_capacity", accelerator.memoryCapacity)
    for (level, fabric) in [("scale_up", Optional(scaleUp)), ("scale_out", scaleOut)] {
      guard let fabric else { continue }
      add("\(level).accelerators", fabric.accelerators)
      add("\(level).bandwidth_per_direction", fabric.bandwidth)
      add("\(level).latency", fabric.latency)
      add("\(level).path_energy", fabric.pathEnergy)
      add("\(level).adapter_energy", fabric.adapterEnergy)
      add("\(level).switch_energy", fabric.switchEnergy)
      add("\(level).switches", fabric.switches)
      for (index, point) in fabric.efficiency.enumerated() {
        add("\(level).efficiency[\(index)].share", point.share)
      }
    }
    add("memory_pool.capacity", memoryPool?.capacity)
    add("memory_pool.bandwidth", memoryPool?.bandwidth)
    for (index, step) in synchronisation.enumerated() {
      add("synchronisation[\(index)].per_collective", step.perCollective)
    }
    return result
  }
}
