// SPDX-License-Identifier: Apache-2.0

/// What a machine for distributed models can do: accelerators and the fabrics between them.
///
///     version: 1
///     name: my-cluster
///     summary: 8 GPUs a node, 400 Gbit/s each
///     source: data sheet            # of every number below that names none
///     accelerator:
///       compute: {bf16: 989.4 TFLOP/s, fp8: 1979 TFLOP/s}
///       memory_bandwidth: 3.35 TB/s
///       memory_capacity: 80 GB
///     scale_up:
///       accelerators: 8
///       bandwidth_per_direction: {value: 450 GB/s, source: half of 900 GB/s both ways}
///       latency: {value: 0.8 us, assumed: not measured here}
///     scale_out:
///       bandwidth_per_direction: 400 Gbit/s
///
/// Every number has a unit beside it and a source, its own or the file's; `assumed` says that
/// nobody states it, and why this value was taken. What is left out is unknown: a model that needs
/// it asks for it. Bandwidths are of one accelerator and one direction.
public struct HardwareDescription: Sendable, Equatable {
  /// The newest version of the format; the only one there is.
  public static let currentVersion = 1

  /// One accelerator.
  public struct Accelerator: Sendable, Equatable {
    /// Dense operations per second of the matrix units, by type of number.
    public var compute: [NumberType: Measure<OperationRate>] = [:]
    /// Bytes per second from its own memory.
    public var memoryBandwidth: Measure<ByteRate>?
    /// Its own memory.
    public var memoryCapacity: Measure<ByteCount>?
  }

  /// A type of number that matrix units multiply.
  public enum NumberType: String, Sendable, CaseIterable {
    case fp32, tf32, bf16, fp8, fp4

    /// Bits of one number as it is stored.
    public var bits: Int {
      switch self {
      case .fp32, .tf32: 32
      case .bf16: 16
      case .fp8: 8
      case .fp4: 4
      }
    }
  }

  /// A share of the peak bandwidth that messages of a size attain.
  public struct EfficiencyPoint: Sendable, Equatable {
    /// The message.
    public var message: Measure<ByteCount>
    /// Attained over peak bandwidth, above 0 and at most 1.
    public var share: Measure<PlainNumber>
  }

  /// The links of one level: inside a domain (scale-up) or between domains (scale-out).
  public struct Fabric: Sendable, Equatable {
    /// Accelerators that it joins; `nil` for any number.
    public var accelerators: Measure<PlainNumber>?
    /// Bytes per second of one accelerator in one direction.
    public var bandwidth: Measure<ByteRate>?
    /// Time of one step of a collective beside its bytes.
    public var latency: Measure<TimeSpan>?
    /// Whether switches add up and copy (NVLS); `nil` when not known.
    public var reducesInSwitch: Bool?
    /// Share of the bandwidth by message size, ascending; empty for none known.
    public var efficiency: [EfficiencyPoint] = []
    /// Energy of the whole way, where it is stated as one number.
    public var pathEnergy: Measure<BitEnergy>?
    /// Energy of one end of the way.
    public var adapterEnergy: Measure<BitEnergy>?
    /// Energy of one switch on the way.
    public var switchEnergy: Measure<BitEnergy>?
    /// Switches on the way.
    public var switches: Measure<PlainNumber>?
  }

  /// Memory that all accelerators of a domain address.
  public struct MemoryPool: Sendable, Equatable {
    /// Its size.
    public var capacity: Measure<ByteCount>
    /// Bytes per second, all accelerators together.
    public var bandwidth: Measure<ByteRate>?
  }

  /// What one collective of a layer costs beside its bytes, where that is stated by itself.
  public struct Synchronisation: Sendable, Equatable {
    /// Most accelerators that it holds for.
    public var accelerators: Measure<PlainNumber>
    /// Time of one collective.
    public var perCollective: Measure<TimeSpan>
  }

  /// The file it was read from, as the user named it; a name for what is compiled in.
  public var file: String
  /// A short name.
  public var name: String
  /// One line.
  public var summary: String
  /// One accelerator.
  public var accelerator = Accelerator()
  /// Inside a domain.
  public var scaleUp = Fabric()
  /// Between domains; `nil` where there is none.
  public var scaleOut: Fabric?
  /// Shared memory; `nil` where there is none.
  public var memoryPool: MemoryPool?
  /// Stated costs of synchronisation, ascending by accelerators.
  public var synchronisation: [Synchronisation] = []
  /// The account of the file; empty for what is compiled in.
  public var inputs: [FileLedger] = []

  /// Makes a description in which nothing is known.
  public init(file: String, name: String, summary: String = "") {
    self.file = file
    self.name = name
    self.summary = summary
  }

  /// Reads the description that a command line names: one that is compiled in, or a file.
  ///
  /// A name wins over a file of that name; `./NAME` is a file.
  ///
  /// - Throws: ``ConfigurationError``; a name that is neither is told with the one that was meant.
  public static func load(_ nameOrPath: String) throws(ConfigurationError) -> HardwareDescription {
    if let entry = HardwareCatalogue.entry(nameOrPath) {
      return try parse(text: entry.text, file: entry.name)
    }
    do {
      let (text, ledger) = try ConfigurationFile.read(path: nameOrPath)
      var hardware = try parse(text: text, file: nameOrPath)
      hardware.inputs = [ledger]
      return hardware
    } catch {
      let names = HardwareCatalogue.entries.map(\.name)
      guard case .unreadable(_, let reason) = error, !nameOrPath.contains("/") else { throw error }
      let meant = ConfigurationText.suggestion(for: nameOrPath, among: names)
      throw .invalidValue(
        at: ConfigurationLocation(file: nameOrPath), keyPath: "--hardware",
        found: "neither a known name nor a file (\(reason))",
        allowed: meant.map { "one that is known; did you mean `\($0)`?" }
          ?? ConfigurationText.alternatives(names) + ", or the path of a file")
    }
  }

  /// Reads a description from a text.
  ///
  /// - Throws: ``ConfigurationError`` with the file, the place and the key path.
  public static func parse(
    text: String, file: String
  ) throws(ConfigurationError) -> HardwareDescription {
    var reader = HardwareReader(root: try ConfigurationNode.parse(text, file: file))
    return try reader.read()
  }

  /// Returns the error for a number that a model needs and the description lacks.
  public func missing(_ keyPath: String, or option: String? = nil) -> ConfigurationError {
    .missingKey(
      at: ConfigurationLocation(file: file), keyPath: keyPath,
      accepted: [keyPath.split(separator: ".").last.map(String.init) ?? keyPath]
        + (option.map { [$0] } ?? []), similar: [])
  }
}
