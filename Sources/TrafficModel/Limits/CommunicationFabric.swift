// SPDX-License-Identifier: Apache-2.0

public import CollectiveTrace

/// The links of a machine as the cost of collectives sees them, in base units.
///
/// Accelerators of one domain (a node, a rack with one NVLink domain, a photonic appliance) reach
/// each other over the domain's links; domains over the network. Ranks are taken to fill domains in
/// the order of their numbers.
public struct CommunicationFabric: Sendable, Equatable {
  /// The hardware's name.
  public var name: String
  /// Ranks of one domain.
  public var domainSize: Int
  /// One accelerator's link inside its domain.
  public var domain: Link
  /// One accelerator's link between domains; `nil` where none is described.
  public var network: Link?
  /// Whether the domain's switches add up and copy.
  public var reducesInSwitch: Bool
  /// Whether the domain's accelerators share a memory.
  public var hasMemoryPool: Bool
  /// Joules per byte on a way inside a domain; `nil` when not known.
  public var domainEnergy: Double?
  /// Joules per byte on a way between domains; `nil` when not known.
  public var networkEnergy: Double?

  /// Takes the links out of a description.
  ///
  /// - Throws: `missingKey` for a bandwidth, latency or domain size that the description lacks.
  public init(_ hardware: HardwareDescription) throws(ConfigurationError) {
    name = hardware.name
    let up = hardware.scaleUp
    guard let size = up.accelerators else { throw hardware.missing("scale_up.accelerators") }
    domainSize = max(1, Int(size.value))
    domain = try Self.link(up, "scale_up", hardware)
    network = try hardware.scaleOut.map { fabric throws(ConfigurationError) in
      try Self.link(fabric, "scale_out", hardware)
    }
    reducesInSwitch = up.reducesInSwitch ?? false
    hasMemoryPool = hardware.memoryPool != nil
    domainEnergy = up.energyPerByte
    networkEnergy = hardware.scaleOut?.energyPerByte
  }

  private static func link(
    _ fabric: HardwareDescription.Fabric, _ level: String, _ hardware: HardwareDescription
  ) throws(ConfigurationError) -> Link {
    guard let bandwidth = fabric.bandwidth else {
      throw hardware.missing("\(level).bandwidth_per_direction")
    }
    guard let latency = fabric.latency else { throw hardware.missing("\(level).latency") }
    var link = Link(bandwidth: bandwidth.value, latency: latency.value)
    link.efficiency = fabric.efficiency.map {
      Link.Efficiency(bytes: $0.message.value, share: $0.share.value)
    }
    return link
  }

  /// The same fabric with all latencies multiplied: what an assumed latency decides.
  public func scalingLatency(by factor: Double) -> CommunicationFabric {
    var fabric = self
    fabric.domain.latency *= factor
    fabric.network?.latency *= factor
    return fabric
  }

  /// Returns how many domains a group of ranks spans when ranks fill domains in order.
  ///
  /// - Complexity: O(*n*) in the ranks.
  public func domains(of ranks: [Int]) -> Int {
    max(1, Set(ranks.map { $0 / domainSize }).count)
  }

  /// The same for consecutive ranks.
  public func domains(ofConsecutive ranks: Int) -> Int {
    max(1, (max(1, ranks) - 1) / domainSize + 1)
  }
}

extension HardwareDescription.Fabric {
  /// Joules for one byte on its way: the way's own figure, or both ends and the switches.
  ///
  /// E = E(source adapter) + sum of E(switch) + E(destination adapter), per bit; `nil` when a part
  /// is not known.
  ///
  /// - SeeAlso: arXiv 2507.14000, the energy model.
  public var energyPerByte: Double? {
    if let pathEnergy { return 8 * pathEnergy.value }
    guard let adapterEnergy, let switches else { return nil }
    guard switches.value > 0 else { return 8 * 2 * adapterEnergy.value }
    guard let switchEnergy else { return nil }
    return 8 * (2 * adapterEnergy.value + switches.value * switchEnergy.value)
  }
}
