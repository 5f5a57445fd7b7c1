// SPDX-License-Identifier: Apache-2.0

/// The bandwidths that NCCL and RCCL assign to links, in GB/s (1e9 bytes) per direction.
///
/// They are the figures that the libraries plan with, somewhat below the hardware's. Sources: NCCL
/// 2.30 src/graph/topo.h (`*_BW`, `ncclTopoNVLinkBw`) and src/graph/topo.cc (`kvDictPciGen`,
/// `ncclTopoGetInterCpuBw`); RCCL (ROCm 6.3) src/graph/topo.h (`*_XGMI_WIDTH`).
public enum LinkRates {
  /// Inside a device (`LOC_BW`).
  public static let local = 5000.0

  /// One NVLink of a GPU of a compute capability.
  ///
  /// Earlier releases differ: sm80 21 (2.8), 22 (2.10 to 2.17); sm90 20.0 (2.18, 2.19); sm100 40.0
  /// (2.25 to 2.27.3).
  public static func nvlink(computeCapability: Int?) -> Double {
    switch computeCapability ?? 80 {
    case 100...: 40.1
    case 90...: 20.6
    case 86: 12.0
    case 80...: 20.0
    case 70...: 20.0
    case 60...: 18.0
    default: 20.0
    }
  }

  /// One xgmi link of an AMD GPU.
  public static func xgmi(gcnArchitecture: String?) -> Double {
    let name = gcnArchitecture ?? ""
    if name.hasPrefix("gfx90a") { return 36.0 }
    return name.hasPrefix("gfx94") ? 48.0 : 24.0
  }

  /// Hundreds of Mbit/s of one PCI lane, by the beginning of the kernel's text.
  private static let pciLane: [(prefix: String, rate: Int)] = [
    ("2.5 GT/s", 15), ("5 GT/s", 30), ("8 GT/s", 60), ("16 GT/s", 120), ("32 GT/s", 240),
    ("5.0 GT/s PCIe", 30), ("8.0 GT/s PCIe", 60), ("16.0 GT/s PCIe", 120),
    ("32.0 GT/s PCIe", 240), ("64.0 GT/s PCIe", 480),
  ]
  /// What NCCL takes when it does not know the text: generation 3.
  private static let defaultPCILane = 60

  /// Whether NCCL knows a text of `link_speed`.
  public static func knowsPCI(speed: String) -> Bool {
    pciLane.contains { speed.hasPrefix($0.prefix) }
  }

  /// A PCI link: lanes x rate / 80.
  ///
  /// Generation 3 with 16 lanes is 12, 4 is 24, 5 is 48, 6 is 96.
  ///
  /// - Parameters:
  ///   - speed: The text of `link_speed`; one that NCCL does not know counts as 8 GT/s.
  ///   - width: Lanes; 0 or unknown counts as 16.
  /// - Returns: GB/s in one direction.
  public static func pci(speed: String?, width: Int?) -> Double {
    let lane = pciLane.first { (speed ?? "").hasPrefix($0.prefix) }?.rate ?? defaultPCILane
    let lanes = width == nil || width == 0 ? 16 : width ?? 16
    return Double(lanes) * Double(lane) / 80
  }

  /// A network device of a speed in Mbit/s; without one NCCL takes 10 Gbit/s.
  public static func net(megabits: Int?) -> Double {
    guard let megabits, megabits > 0 else { return 10_000 / 8000 }
    return Double(megabits) / 8000
  }

  /// Between two NUMA nodes of one machine; unlimited when the processor is not known.
  ///
  /// Intel's generations are told by model: 0xCF and later 40, 0x8F and later 22 (both 10 up to
  /// NCCL 2.25), 0x55 and later 10, before that 6.
  public static func betweenProcessors(_ processor: Topology.Processor) -> Double {
    switch (processor.architecture, processor.vendor) {
    case ("ppc64", _): return 32
    case ("arm64", _): return 6
    case ("x86_64", "GenuineIntel"):
      guard processor.family == 6, let model = processor.model else { return 6 }
      return model >= 0xCF ? 40 : model >= 0x8F ? 22 : model >= 0x55 ? 10 : 6
    case ("x86_64", "AuthenticAMD"): return 16
    case ("x86_64", "CentaurHauls"), ("x86_64", "  Shanghai  "):
      return processor.family == 7 && processor.model == 0x5B ? 9 : 6
    default: return local
    }
  }
}
