// SPDX-License-Identifier: Apache-2.0

/// A PCI address as NCCL compares it: the hexadecimal digits of `dddd:bb:dd.f` as one number.
///
/// The log's `busId 1b000` and the file's `0000:1b:00.0` are the same value.
public struct BusID: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// The digits as a number.
  public var rawValue: UInt64

  /// Makes an address from the number of a log line.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// Reads the form of the files; `nil` when there is no hexadecimal digit or there are too many.
  ///
  /// Digits up to the first other character count, `:` and `.` are passed over, as in NCCL's
  /// `busIdToInt64` (src/misc/utils.cc).
  public init?(_ text: String) {
    var value: UInt64 = 0
    var digits = 0
    for byte in text.utf8 {
      if byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".") { continue }
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { break }
      digits += 1
      guard digits <= 16 else { return nil }
      value = value << 4 | UInt64(digit)
    }
    guard digits > 0 else { return nil }
    rawValue = value
  }

  /// The order.
  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }

  /// `dddd:bb:dd.f`, with more digits in front where the domain is longer.
  public var description: String {
    func hex(_ value: UInt64, _ width: Int) -> String {
      let digits = String(value, radix: 16)
      return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
    return "\(hex(rawValue >> 20, 4)):\(hex(rawValue >> 12 & 0xFF, 2)):"
      + "\(hex(rawValue >> 4 & 0xFF, 2)).\(hex(rawValue & 0xF, 1))"
  }

  /// The digits as NCCL's logs print them.
  public var logForm: String { String(rawValue, radix: 16) }
}

/// The machine, or the machines of one NVLink domain, that a `NCCL_TOPO_FILE` describes.
///
/// Parts refer to each other by index. Nothing is filled in: what the file leaves open is `nil`.
public struct Topology: Sendable, Equatable {
  /// Whose reader the file is made for.
  public enum Dialect: String, Sendable {
    /// NCCL: `version="1"`, links are NVLink.
    case nccl = "NCCL"
    /// RCCL: `version="2"`, links are xgmi.
    case rccl = "RCCL"
  }

  /// Where in the PCI tree a part hangs.
  public enum Parent: Sendable, Hashable {
    /// Directly under a NUMA node.
    case processor(Int)
    /// Under a PCI switch.
    case bridge(Int)
  }

  /// A NUMA node, which NCCL calls CPU.
  public struct Processor: Sendable, Equatable {
    /// Index of the host.
    public var host: Int
    /// NUMA number; -1 when the kernel does not know.
    public var numa: Int
    /// CPU mask in hexadecimal groups of 32 bits, most significant first.
    public var affinity: String?
    /// `x86_64`, `arm64`, `ppc64` or another text.
    public var architecture: String?
    /// `GenuineIntel`, `AuthenticAMD` or another text.
    public var vendor: String?
    /// CPU family, decimal.
    public var family: Int?
    /// CPU model, decimal.
    public var model: Int?
    /// Line of the file.
    public var line: Int
  }

  /// The PCI link of a part to its parent.
  public struct PCILink: Sendable, Equatable {
    /// As in the file, for example `16.0 GT/s PCIe`.
    public var speed: String?
    /// Lanes; 0 when the system does not say.
    public var width: Int?
    /// GB/s per direction as NCCL counts it.
    public var bandwidth: Double
    /// Whether the file states neither speed nor width, so that NCCL looks at the machine and
    /// `bandwidth` is only NCCL's default.
    public var isAssumed: Bool
  }

  /// A PCI switch.
  public struct Bridge: Sendable, Equatable {
    /// PCI address.
    public var bus: BusID
    /// What it hangs under.
    public var parent: Parent
    /// PCI link to the parent.
    public var link: PCILink
    /// Vendor, device, subsystem vendor and subsystem device, 16 bits each; 0 when not stated.
    public var device: UInt64
    /// Line of the file.
    public var line: Int
  }

  /// A GPU, or one partition of it.
  public struct GPU: Sendable, Equatable {
    /// PCI address.
    public var bus: BusID
    /// What it hangs under.
    public var parent: Parent
    /// PCI link to the parent.
    public var link: PCILink
    /// NVML index, which is not the CUDA ordinal under `CUDA_VISIBLE_DEVICES`.
    public var device: Int?
    /// Rank in the communicator that wrote the file.
    public var rank: Int?
    /// CUDA compute capability times ten.
    public var computeCapability: Int?
    /// AMD architecture, for example `gfx942`.
    public var gcnArchitecture: String?
    /// AMD compute units.
    public var computeUnits: Int?
    /// Whether GPUDirect RDMA is possible.
    public var gdr: Bool?
    /// Part of a GPU split in two.
    public var partition: Int?
    /// Whether only the PCI class says that this is a GPU; NCCL then looks at the machine.
    public var isByClass: Bool
    /// Line of the file.
    public var line: Int
    /// Whether a `<gpu>` was read into it.
    var isDetailed = false
  }

  /// A network card, or the virtual devices of a host.
  public struct Adapter: Sendable, Equatable {
    /// `nil` for virtual devices, which hang directly under a NUMA node.
    public var bus: BusID?
    /// What it hangs under.
    public var parent: Parent
    /// `nil` for virtual devices.
    public var link: PCILink?
    /// Line of the file.
    public var line: Int
  }

  /// A network device that NCCL's network plugin can use.
  public struct Net: Sendable, Equatable {
    /// Index of the adapter.
    public var adapter: Int
    /// Name of the device.
    public var name: String?
    /// Device number of the plugin.
    public var device: Int?
    /// Mbit/s as in the file.
    public var speedMegabits: Int?
    /// Microseconds.
    public var latency: Double?
    /// Port of the card.
    public var port: Int?
    /// Identity of the card, hexadecimal text.
    public var guid: String?
    /// Most connections of the device.
    public var maximumConnections: Int?
    /// Whether GPUDirect RDMA is possible.
    public var gdr: Bool?
    /// The in-network reduction view of a device.
    public var isCollNet: Bool
    /// Rail of the network.
    public var rail: Int?
    /// Plane of the network.
    public var plane: Int?
    /// GB/s as NCCL counts it; without a speed that is 10 Gbit/s.
    public var bandwidth: Double
    /// Whether only the PCI class says that this is a network card.
    public var isByClass: Bool
    /// Line of the file.
    public var line: Int
  }

  /// A PCI device whose kind the file does not tell.
  public struct OtherDevice: Sendable, Equatable {
    /// PCI address.
    public var bus: BusID
    /// What it hangs under.
    public var parent: Parent
    /// The PCI class as in the file.
    public var pciClass: String?
    /// Line of the file.
    public var line: Int
  }

  /// NVLink, xgmi or C2C, from a GPU, in one direction.
  public struct FabricLink: Sendable, Equatable {
    /// What kind it is.
    public enum Kind: String, Sendable {
      case nvlink = "NVLink"
      case xgmi = "xGMI"
      case c2c = "C2C"
    }

    /// Where it ends.
    public enum Target: Sendable, Hashable {
      case gpu(Int)
      /// The switches of the NVLink fabric, which are one to NCCL.
      case fabric
      case processor(Int)
      /// A GPU that the file does not hold.
      case absent(BusID)
    }

    /// Index of the GPU.
    public var gpu: Int
    /// What kind it is.
    public var kind: Kind
    /// Where it ends.
    public var target: Target
    /// Physical links.
    public var count: Int
    /// GB/s of all of them, in one direction.
    public var bandwidth: Double
    /// Line of the file.
    public var line: Int
  }

  /// A direct link between two PCI switches.
  public struct BridgeLink: Sendable, Equatable {
    /// Indices of the switches.
    public var source: Int
    /// Where it ends.
    public var target: Int
  }

  /// Whose reader the file is made for.
  public var dialect: Dialect
  /// Version of the outermost element.
  public var version: Int
  /// Name given in the file.
  public var name: String?
  /// Hash of each host, in order; one host without a hash is 0.
  public var hosts: [UInt64] = []
  /// NUMA nodes, in order of the file.
  public var processors: [Processor] = []
  /// PCI switches, in order of the file.
  public var bridges: [Bridge] = []
  /// GPUs, in order of the file.
  public var gpus: [GPU] = []
  /// Network cards, in order of the file.
  public var adapters: [Adapter] = []
  /// Network devices, in order of the file.
  public var nets: [Net] = []
  /// PCI devices of unknown kind.
  public var others: [OtherDevice] = []
  /// NVLink, xgmi and C2C links.
  public var fabricLinks: [FabricLink] = []
  /// Direct links between switches.
  public var bridgeLinks: [BridgeLink] = []
  /// Sentences a reader must know: what is missing, doubled, or not understood.
  public var notes: [String] = []

  init(dialect: Dialect, version: Int, name: String?) {
    self.dialect = dialect
    self.version = version
    self.name = name
  }

  // MARK: - Looking things up

  /// The NUMA node that a place in the PCI tree belongs to.
  ///
  /// - Complexity: O(depth), at most 32.
  public func processor(of parent: Parent) -> Int {
    var place = parent
    // A parent always has a smaller index than its child, so this ends.
    while case .bridge(let index) = place { place = bridges[index].parent }
    guard case .processor(let index) = place else { return 0 }
    return index
  }

  /// The host that a GPU is in.
  public func host(ofGPU index: Int) -> Int {
    processors[processor(of: gpus[index].parent)].host
  }

  /// The host that a network device is in.
  public func host(ofNet index: Int) -> Int {
    processors[processor(of: adapters[nets[index].adapter].parent)].host
  }

  /// Places a rank: the GPU with a bus address, on a host.
  ///
  /// - Parameters:
  ///   - bus: The `busId` of the rank's init line.
  ///   - host: Index into ``hosts``.
  /// - Returns: An index into ``gpus``, or `nil` when the file has no such GPU.
  /// - Complexity: O(GPUs).
  public func gpu(at bus: BusID, host: Int = 0) -> Int? {
    gpus.indices.first { gpus[$0].bus == bus && self.host(ofGPU: $0) == host }
  }

  /// Whether any link but PCI and Ethernet is stated.
  public var hasFabric: Bool { !fabricLinks.isEmpty }

  // MARK: - Names

  /// NCCL's name of a GPU, as its GRAPH lines print it: `GPU/0-1b000`.
  public func label(gpu index: Int) -> String {
    "GPU/\(host(ofGPU: index))-\(gpus[index].bus.logForm)"
  }

  /// NCCL's name of a network device: `NET/0-3`; one known by its class alone has its bus address.
  public func label(net index: Int) -> String {
    let net = nets[index]
    if let device = net.device {
      return "NET/\(host(ofNet: index))-\(String(device, radix: 16))"
    }
    return "NIC/\(host(ofNet: index))-\(adapters[net.adapter].bus?.logForm ?? "0")"
  }

  /// NCCL's name of a NUMA node: `CPU/0-1`.
  public func label(processor index: Int) -> String {
    let processor = processors[index]
    let numa = processor.numa < 0 ? "\(processor.numa)" : String(processor.numa, radix: 16)
    return "CPU/\(processor.host)-\(numa)"
  }

  /// NCCL's name of a PCI switch: `PCI/0-18000`.
  public func label(bridge index: Int) -> String {
    let bridge = bridges[index]
    return "PCI/\(processors[processor(of: bridge.parent)].host)-\(bridge.bus.logForm)"
  }

  /// NCCL's name of a network card: `NIC/0-22000`.
  public func label(adapter index: Int) -> String {
    let adapter = adapters[index]
    let host = processors[processor(of: adapter.parent)].host
    return "NIC/\(host)-\(adapter.bus?.logForm ?? "0")"
  }

  /// Name of what a part hangs under.
  public func label(_ parent: Parent) -> String {
    switch parent {
    case .processor(let index): label(processor: index)
    case .bridge(let index): label(bridge: index)
    }
  }
}
