// SPDX-License-Identifier: Apache-2.0

/// Machines whose numbers are published, each as the text of a hardware description.
///
/// Text, because it is what `commlens hardware NAME` prints, a person edits, and `--hardware` reads
/// again: there is one form, and each number stands beside its source.
public enum HardwareCatalogue {
  /// A description that is compiled in.
  public struct Entry: Sendable {
    /// What `--hardware` calls it.
    public let name: String
    /// The description.
    public let text: String
  }

  /// Returns the entry of a name, in any case.
  public static func entry(_ name: String) -> Entry? {
    let wanted = name.lowercased()
    return entries.first { $0.name.lowercased() == wanted }
  }

  /// All entries: machines to buy, then those of papers.
  ///
  /// - SeeAlso: arXiv 2507.15465 table I, arXiv 2507.14397, arXiv 2507.14000 table 5.
  public static let entries: [Entry] = [
    Entry(
      name: "DGX-H100",
      text: """
        version: 1
        name: DGX-H100
        summary: 8 H100 SXM 80 GB, NVLink 4 through NVSwitch, 400 Gbit/s a GPU
        accelerator:
          compute:
            bf16: {value: 989.4 TFLOP/s, source: "NVIDIA H100 architecture white paper, dense"}
            fp8: {value: 1978.9 TFLOP/s, source: "NVIDIA H100 architecture white paper, dense"}
          memory_bandwidth: {value: 3.35 TB/s, source: "NVIDIA H100 data sheet, SXM"}
          memory_capacity: {value: 80 GB, source: "NVIDIA H100 data sheet, SXM"}
        scale_up:
          accelerators: {value: 8, source: "NVIDIA DGX H100 data sheet"}
          bandwidth_per_direction: {value: 450 GB/s, source: "NVIDIA DGX H100 data sheet, half of 900 GB/s both ways"}
          latency: {value: 0.6 us, source: "NCCL 2.10 and later, src/graph/tuning.cc, hwLat, NVLink, ring, LL"}
          reduces_in_switch: true
          path_energy: {value: 50 pJ/bit, source: "arXiv 2507.14000, internal NVLink communication"}
        scale_out:
          bandwidth_per_direction: {value: 400 Gbit/s, source: "NVIDIA DGX H100 data sheet, one ConnectX-7 a GPU"}
          latency: {value: 2.7 us, source: "NCCL 2.10 and later, src/graph/tuning.cc, hwLat, NET, ring, LL"}
          adapter_energy: {value: 65 pJ/bit, source: "arXiv 2507.14000, generic adapter"}
          switch_energy: {value: 35 pJ/bit, source: "arXiv 2507.14000, generic switch"}
          switches: {value: 3, source: "arXiv 2507.14000, between racks"}

        """),
    Entry(
      name: "DGX-H200",
      text: """
        version: 1
        name: DGX-H200
        summary: 8 H200 SXM 141 GB, NVLink 4 through NVSwitch, 400 Gbit/s a GPU
        accelerator:
          compute:
            bf16: {value: 989.5 TFLOP/s, source: "arXiv 2507.15465, table I"}
            fp8: {value: 1979 TFLOP/s, source: "arXiv 2507.14000, table 5, of the H100, which has the same die"}
          memory_bandwidth: {value: 4.8 TB/s, source: "arXiv 2507.15465, table I"}
          memory_capacity: {value: 141 GB, source: "arXiv 2507.15465, table I"}
        scale_up:
          accelerators: {value: 8, source: "NVIDIA DGX H100 data sheet"}
          bandwidth_per_direction: {value: 450 GB/s, source: "NVIDIA DGX H100 data sheet, half of 900 GB/s both ways"}
          latency: {value: 0.6 us, source: "NCCL 2.10 and later, src/graph/tuning.cc, hwLat, NVLink, ring, LL"}
          reduces_in_switch: true
          path_energy: {value: 50 pJ/bit, source: "arXiv 2507.14000, internal NVLink communication"}
        scale_out:
          bandwidth_per_direction: {value: 400 Gbit/s, source: "NVIDIA DGX H100 data sheet, one ConnectX-7 a GPU"}
          latency: {value: 2.7 us, source: "NCCL 2.10 and later, src/graph/tuning.cc, hwLat, NET, ring, LL"}
          adapter_energy: {value: 65 pJ/bit, source: "arXiv 2507.14000, generic adapter"}
          switch_energy: {value: 35 pJ/bit, source: "arXiv 2507.14000, generic switch"}
          switches: {value: 3, source: "arXiv 2507.14000, between racks"}

        """),
    Entry(
      name: "DGX-B200",
      text: """
        version: 1
        name: DGX-B200
        summary: 8 B200 192 GB, NVLink 5 through NVSwitch, 400 Gbit/s a GPU
        accelerator:
          compute:
            bf16: {value: 2250 TFLOP/s, source: "arXiv 2507.15465, table I"}
            fp8: {value: 4500 TFLOP/s, source: "NVIDIA DGX B200 data sheet, dense"}
            fp4: {value: 9000 TFLOP/s, source: "NVIDIA DGX B200 data sheet, dense"}
          memory_bandwidth: {value: 8 TB/s, source: "arXiv 2507.15465, table I"}
          memory_capacity: {value: 192 GB, source: "arXiv 2507.15465, table I"}
        scale_up:
          accelerators: {value: 8, source: "NVIDIA DGX B200 data sheet"}
          bandwidth_per_direction: {value: 900 GB/s, source: "arXiv 2507.15465, NVLink 5, 1.8 TB/s both ways"}
          latency: {value: 0.6 us, source: "NCCL 2.10 and later, src/graph/tuning.cc, hwLat, NVLink, ring, LL"}
          reduces_in_switch: true
          path_energy: {value: 50 pJ/bit, source: "arXiv 2507.14000, internal NVLink communication"}
        scale_out:
          bandwidth_per_direction: {value: 400 Gbit/s, source: "NVIDIA DGX B200 data sheet, one ConnectX-7 a GPU"}
          latency: {value: 2.7 us, source: "NCCL 2.10 and later, src/graph/tuning.cc, hwLat, NET, ring, LL"}
          adapter_energy: {value: 65 pJ/bit, source: "arXiv 2507.14000, generic adapter"}
          switch_energy: {value: 35 pJ/bit, source: "arXiv 2507.14000, generic switch"}
          switches: {value: 3, source: "arXiv 2507.14000, between racks"}

        """),
    Entry(
      name: "GB200-NVL72",
      text: """
        version: 1
        name: GB200-NVL72
        summary: 72 B200 186 GB in one NVLink 5 domain, 400 Gbit/s a GPU
        accelerator:
          compute:
            bf16: {value: 2500 TFLOP/s, source: "NVIDIA GB200 NVL72 data sheet, a 72nd of the rack, dense"}
            fp8: {value: 5000 TFLOP/s, source: "NVIDIA GB200 NVL72 data sheet, a 72nd of the rack, dense"}
          memory_bandwidth: {value: 8 TB/s, source: "NVIDIA GB200 NVL72 data sheet, a 72nd of the rack"}
          memory_capacity: {value: 186 GB, source: "NVIDIA GB200 NVL72 data sheet, a 72nd of the rack"}
        scale_up:
          accelerators: {value: 72, source: "NVIDIA GB200 NVL72 data sheet"}
          bandwidth_per_direction: {value: 900 GB/s, source: "arXiv 2507.15465, NVLink 5, 1.8 TB/s both ways"}
          latency: {value: 0.6 us, source: "NCCL 2.10 and later, src/graph/tuning.cc, hwLat, NVLink, ring, LL"}
          reduces_in_switch: true
          path_energy: {value: 50 pJ/bit, source: "arXiv 2507.14000, internal NVLink communication"}
        scale_out:
          bandwidth_per_direction: {value: 400 Gbit/s, source: "NVIDIA GB200 NVL72 data sheet, one ConnectX-7 a GPU"}
          latency: {value: 2.7 us, source: "NCCL 2.10 and later, src/graph/tuning.cc, hwLat, NET, ring, LL"}
          adapter_energy: {value: 65 pJ/bit, source: "arXiv 2507.14000, generic adapter"}
          switch_energy: {value: 35 pJ/bit, source: "arXiv 2507.14000, generic switch"}
          switches: {value: 3, source: "arXiv 2507.14000, between racks"}

        """),
    Entry(
      name: "DGX-A100",
      text: """
        version: 1
        name: DGX-A100
        summary: 8 A100 SXM 80 GB, NVLink 3 through NVSwitch, 200 Gbit/s a GPU
        accelerator:
          compute:
            bf16: {value: 312 TFLOP/s, source: "NVIDIA A100 data sheet, SXM 80 GB"}
            tf32: {value: 156 TFLOP/s, source: "NVIDIA A100 data sheet, SXM 80 GB"}
          memory_bandwidth: {value: 2039 GB/s, source: "NVIDIA A100 data sheet, SXM 80 GB"}
          memory_capacity: {value: 80 GB, source: "NVIDIA A100 data sheet, SXM 80 GB"}
        scale_up:
          accelerators: {value: 8, source: "NVIDIA DGX A100 data sheet"}
          bandwidth_per_direction: {value: 300 GB/s, source: "NVIDIA A100 data sheet, SXM 80 GB, half of 600 GB/s both ways"}
          latency: {value: 0.6 us, source: "NCCL 2.10 and later, src/graph/tuning.cc, hwLat, NVLink, ring, LL"}
          reduces_in_switch: false
          path_energy: {value: 50 pJ/bit, source: "arXiv 2507.14000, internal NVLink communication"}
        scale_out:
          bandwidth_per_direction: {value: 200 Gbit/s, source: "NVIDIA DGX A100 data sheet, one ConnectX-6 a GPU"}
          latency: {value: 2.7 us, source: "NCCL 2.10 and later, src/graph/tuning.cc, hwLat, NET, ring, LL"}
          adapter_energy: {value: 65 pJ/bit, source: "arXiv 2507.14000, generic adapter"}
          switch_energy: {value: 35 pJ/bit, source: "arXiv 2507.14000, generic switch"}
          switches: {value: 3, source: "arXiv 2507.14000, between racks"}

        """),
    Entry(
      name: "MI300X",
      text: """
        version: 1
        name: MI300X
        summary: 8 MI300X 192 GB, each pair joined by Infinity Fabric, 400 Gbit/s a GPU
        accelerator:
          compute:
            bf16: {value: 1307.4 TFLOP/s, source: "AMD Instinct MI300X data sheet, dense"}
            fp8: {value: 2614.9 TFLOP/s, source: "AMD Instinct MI300X data sheet, dense"}
          memory_bandwidth: {value: 5.3 TB/s, source: "AMD Instinct MI300X data sheet"}
          memory_capacity: {value: 192 GB, source: "AMD Instinct MI300X data sheet"}
        scale_up:
          accelerators: {value: 8, source: "AMD Instinct MI300X platform data sheet"}
          bandwidth_per_direction: {value: 448 GB/s, source: "AMD Instinct MI300X data sheet, 7 links of 64 GB/s each way"}
          latency: {value: 0.6 us, assumed: "as NCCL takes for NVLink; not measured for Infinity Fabric"}
          reduces_in_switch: false
          path_energy: {value: 50 pJ/bit, source: "arXiv 2507.14000, internal NVLink communication"}
        scale_out:
          bandwidth_per_direction: {value: 400 Gbit/s, assumed: "one network card of 400 Gbit/s a GPU, as usual"}
          latency: {value: 2.7 us, assumed: "as NCCL takes for networks"}
          adapter_energy: {value: 65 pJ/bit, source: "arXiv 2507.14000, generic adapter"}
          switch_energy: {value: 35 pJ/bit, source: "arXiv 2507.14000, generic switch"}
          switches: {value: 3, source: "arXiv 2507.14000, between racks"}

        """),
    Entry(
      name: "xPU-HBM3",
      text: """
        version: 1
        name: xPU-HBM3
        summary: LIMINAL's Blackwell-like accelerator with HBM3e
        source: arXiv 2507.14397, hardware table, binary units by our fit
        accelerator:
          compute:
            bf16: {value: 2.25 PFLOP/s, source: "arXiv 2507.14397, hardware table, type not stated"}
          memory_bandwidth: 4 TiB/s
          memory_capacity: 96 GiB
        scale_up:
          accelerators: {value: 128, source: "the largest tensor-parallel group in the results of arXiv 2507.14397"}
        synchronisation:
          - accelerators: {value: 8, source: "arXiv 2507.14397, results for 8 accelerators"}
            per_collective: {value: 0.3 us, assumed: "fitted to the six printed rates of Llama3-405B, 2 collectives a layer; the paper's constants are not known"}
          - accelerators: {value: 128, source: "arXiv 2507.14397, results for 32 and 128 accelerators"}
            per_collective: {value: 2.25 us, assumed: "fitted to the six printed rates of Llama3-405B, 2 collectives a layer; the paper's constants are not known"}

        """),
    Entry(
      name: "xPU-HBM4",
      text: """
        version: 1
        name: xPU-HBM4
        summary: LIMINAL's accelerator with HBM4
        source: arXiv 2507.14397, hardware table, binary units by our fit
        accelerator:
          compute:
            bf16: {value: 2.25 PFLOP/s, source: "arXiv 2507.14397, hardware table, type not stated"}
          memory_bandwidth: 18 TiB/s
          memory_capacity: 192 GiB
        scale_up:
          accelerators: {value: 128, source: "the largest tensor-parallel group in the results of arXiv 2507.14397"}
        synchronisation:
          - accelerators: {value: 8, source: "arXiv 2507.14397, results for 8 accelerators"}
            per_collective: {value: 0.3 us, assumed: "as fitted to xPU-HBM3; the paper's constants are not known"}
          - accelerators: {value: 128, source: "arXiv 2507.14397, results for 32 and 128 accelerators"}
            per_collective: {value: 2.25 us, assumed: "as fitted to xPU-HBM3; the paper's constants are not known"}

        """),
    Entry(
      name: "xPU-3D-DRAM",
      text: """
        version: 1
        name: xPU-3D-DRAM
        summary: LIMINAL's accelerator with stacked DRAM
        source: arXiv 2507.14397, hardware table, binary units by our fit
        accelerator:
          compute:
            bf16: {value: 2.25 PFLOP/s, source: "arXiv 2507.14397, hardware table, type not stated"}
          memory_bandwidth: 30 TiB/s
          memory_capacity: 36 GiB
        scale_up:
          accelerators: {value: 128, source: "the largest tensor-parallel group in the results of arXiv 2507.14397"}
        synchronisation:
          - accelerators: {value: 8, source: "arXiv 2507.14397, results for 8 accelerators"}
            per_collective: {value: 0.3 us, assumed: "as fitted to xPU-HBM3; the paper's constants are not known"}
          - accelerators: {value: 128, source: "arXiv 2507.14397, results for 32 and 128 accelerators"}
            per_collective: {value: 2.25 us, assumed: "as fitted to xPU-HBM3; the paper's constants are not known"}

        """),
    Entry(
      name: "xPU-SRAM",
      text: """
        version: 1
        name: xPU-SRAM
        summary: LIMINAL's accelerator that serves from SRAM
        source: arXiv 2507.14397, hardware table, binary units by our fit
        accelerator:
          compute:
            bf16: {value: 1.13 PFLOP/s, source: "arXiv 2507.14397, hardware table, type not stated"}
          memory_bandwidth: 117 TiB/s
          memory_capacity: 512 MiB
        scale_up:
          accelerators: {value: 128, source: "the largest tensor-parallel group in the results of arXiv 2507.14397"}
        synchronisation:
          - accelerators: {value: 8, source: "arXiv 2507.14397, results for 8 accelerators"}
            per_collective: {value: 0.3 us, assumed: "as fitted to xPU-HBM3; the paper's constants are not known"}
          - accelerators: {value: 128, source: "arXiv 2507.14397, results for 32 and 128 accelerators"}
            per_collective: {value: 2.25 us, assumed: "as fitted to xPU-HBM3; the paper's constants are not known"}

        """),
    Entry(
      name: "xPU-COWS",
      text: """
        version: 1
        name: xPU-COWS
        summary: LIMINAL's wafer-scale accelerator for collectives
        source: arXiv 2507.14397, hardware table, binary units by our fit
        accelerator:
          compute:
            bf16: {value: 28.13 PFLOP/s, source: "arXiv 2507.14397, hardware table, type not stated"}
          memory_bandwidth: 2250 TiB/s
          memory_capacity: 11 GiB
        scale_up:
          accelerators: {value: 128, source: "the largest tensor-parallel group in the results of arXiv 2507.14397"}

        """),
    Entry(
      name: "PFA",
      text: """
        version: 1
        name: PFA
        summary: Photonic Fabric Appliance, 16 modules with HBM3E in front of 32 TB DDR5 shared by 16 accelerators
        source: arXiv 2507.14000
        accelerator:
          compute:
            fp8: {value: 1979 TFLOP/s, source: "arXiv 2507.14000, table 5, as the H100"}
        memory_pool:
          capacity: 32 TB
          bandwidth: {value: 26800 GB/s, source: "arXiv 2507.14000, table 5"}
        scale_up:
          accelerators: 16
          bandwidth_per_direction: {value: 7.2 Tbit/s, source: "arXiv 2507.14000, optical port of a module"}
          latency: {value: 0.8 us, assumed: "the paper states no latency; that of NVLink in LLMSimulator"}
          reduces_in_switch: false
          path_energy: {value: 10 pJ/bit, source: "arXiv 2507.14000, photonic communication inside a tray"}
        scale_out:
          bandwidth_per_direction: {value: 50 GB/s, source: "arXiv 2507.14000, 100 GB/s both ways, in the experiment with 1T parameters"}
          latency: {value: 0.8 us, assumed: "the paper states no latency; that of NVLink in LLMSimulator"}
          adapter_energy: {value: 5 pJ/bit, source: "arXiv 2507.14000, photonic transceiver"}
          switch_energy: {value: 25 pJ/bit, source: "arXiv 2507.14000, photonic switch"}
          switches: {value: 3, source: "arXiv 2507.14000, between racks"}

        """),
  ]
}
