// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// The sentences that stand with every limit: what was taken, and from where.
enum LimitAssumptions {
  static func list(
    _ hardware: HardwareDescription, _ parallelism: JobDescription.Parallelism,
    model: ModelConfiguration, options: LimitOptions, numberType: HardwareDescription.NumberType,
    weightBits: Int, cacheBits: Int, stated: HardwareDescription.Synchronisation?
  ) -> [String] {
    var result = [
      "Floors at full bandwidth and peak rate, everything read once and spread evenly; T = max(compute, memory) + synchronisation (LIMINAL, arXiv 2507.14397).",
      "Weights of \(weightBits) bits, cache of \(cacheBits) bits, \(numberType.rawValue) rate of the matrix units.",
    ]
    if numberType.bits > max(weightBits, 8) {
      result.append(
        "No rate is stated for \(weightBits)-bit numbers, so the one of \(numberType.rawValue) is used."
      )
    }
    if let parameters = options.parameters {
      result.append(
        "\(UInt64(clamping: Int64(exactly: parameters.rounded()) ?? .max)) parameters as stated, not counted from the model."
      )
    }
    result += synchronisation(hardware, parallelism, options, stated)
    if parallelism.tensor > model.keyValueHeads || model.latentAttention != nil,
      parallelism.tensor > 1
    {
      let heads = model.latentAttention == nil ? model.keyValueHeads : 1
      result.append(
        "The cache is taken as spread evenly; tensor parallelism alone keeps \(parallelism.tensor / max(1, heads)) copies of it, because there are fewer cached heads than ranks."
      )
    }
    if model.experts != nil {
      result.append(
        options.imbalance == 1
          ? "Tokens are routed evenly, E (1 - (1 - k/E)^t) experts are read; --imbalance states another load of the busiest rank."
          : "The busiest rank gets \(options.imbalance) times the mean in dispatch and combine."
      )
    }
    let reason = options.synchronisation == nil ? stated?.perCollective.assumption : nil
    if let reason { result.append("Nobody states what a collective costs: \(reason).") }
    let accelerators = parallelism.ranksPerStage * parallelism.pipeline
    let usesLinks = accelerators > 1 && options.synchronisation == nil && stated == nil
    let isWide = Double(accelerators) > hardware.scaleUp.accelerators?.value ?? .infinity
    for number in hardware.assumed {
      switch number.path.split(separator: ".").first {
      case "scale_up" where usesLinks: break
      case "scale_out" where usesLinks && isWide: break
      case "accelerator", "memory_pool": break
      default: continue
      }
      // Energies have no part in a time.
      guard !number.path.contains("energy"), !number.path.hasSuffix("switches") else { continue }
      result.append("\(number.path) is \(number.text), which nobody states: \(number.reason).")
    }
    return result
  }

  private static func synchronisation(
    _ hardware: HardwareDescription, _ parallelism: JobDescription.Parallelism,
    _ options: LimitOptions, _ stated: HardwareDescription.Synchronisation?
  ) -> [String] {
    guard parallelism.ranksPerStage * parallelism.pipeline > 1 else { return [] }
    if options.synchronisation != nil {
      return [
        "Each collective costs what --sync-latency says, whatever its bytes."
      ]
    }
    if let stated {
      return [
        "Each collective costs \(stated.perCollective.text) up to \(stated.accelerators.text) accelerators, whatever its bytes; 2 a layer, none outside of layers."
      ]
    }
    return [
      "Collectives take latency and bytes over bandwidth by the fastest algorithm that applies; 2 all-reduces a layer, none outside of layers."
    ]
  }
}
