// SPDX-License-Identifier: Apache-2.0

/// What a number measures, with the units in which it may be written.
///
/// A number of one kind cannot stand where another is needed, and bits, bytes, decimal and binary
/// prefixes are told apart by the unit that stands beside every number.
public protocol PhysicalQuantity: Sendable {
  /// Units and what one of them is in the base unit.
  static var units: [(name: String, factor: Double)] { get }
  /// An example, for errors.
  static var example: String { get }
}

/// Bytes per second; bits per second are divided by eight.
public enum ByteRate: PhysicalQuantity {
  // swift-format-ignore: AllPublicDeclarationsHaveDocumentation
  public static var units: [(name: String, factor: Double)] {
    let bytes = ByteCount.units.map { (name: $0.name + "/s", factor: $0.factor) }
    let bits: [(name: String, factor: Double)] = [
      ("bit/s", 0.125), ("Mbit/s", 0.125e6), ("Gbit/s", 0.125e9), ("Tbit/s", 0.125e12),
    ]
    return bytes + bits
  }
  // swift-format-ignore: AllPublicDeclarationsHaveDocumentation
  public static var example: String { "450 GB/s" }
}

/// Bytes.
public enum ByteCount: PhysicalQuantity {
  // swift-format-ignore: AllPublicDeclarationsHaveDocumentation
  public static var units: [(name: String, factor: Double)] {
    [
      ("B", 1), ("kB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12), ("PB", 1e15),
      ("KiB", 0x1p10), ("MiB", 0x1p20), ("GiB", 0x1p30), ("TiB", 0x1p40), ("PiB", 0x1p50),
    ]
  }
  // swift-format-ignore: AllPublicDeclarationsHaveDocumentation
  public static var example: String { "80 GB" }
}

/// Seconds.
public enum TimeSpan: PhysicalQuantity {
  // swift-format-ignore: AllPublicDeclarationsHaveDocumentation
  public static var units: [(name: String, factor: Double)] {
    [("ns", 1e-9), ("us", 1e-6), ("ms", 1e-3), ("s", 1)]
  }
  // swift-format-ignore: AllPublicDeclarationsHaveDocumentation
  public static var example: String { "0.8 us" }
}

/// Floating-point operations per second; a multiplication and an addition are two.
public enum OperationRate: PhysicalQuantity {
  // swift-format-ignore: AllPublicDeclarationsHaveDocumentation
  public static var units: [(name: String, factor: Double)] {
    [("GFLOP/s", 1e9), ("TFLOP/s", 1e12), ("PFLOP/s", 1e15), ("EFLOP/s", 1e18)]
  }
  // swift-format-ignore: AllPublicDeclarationsHaveDocumentation
  public static var example: String { "989.4 TFLOP/s" }
}

/// Joules per bit.
public enum BitEnergy: PhysicalQuantity {
  // swift-format-ignore: AllPublicDeclarationsHaveDocumentation
  public static var units: [(name: String, factor: Double)] {
    [("fJ/bit", 1e-15), ("pJ/bit", 1e-12), ("nJ/bit", 1e-9)]
  }
  // swift-format-ignore: AllPublicDeclarationsHaveDocumentation
  public static var example: String { "50 pJ/bit" }
}

/// A plain number, which has no unit.
public enum PlainNumber: PhysicalQuantity {
  // swift-format-ignore: AllPublicDeclarationsHaveDocumentation
  public static var units: [(name: String, factor: Double)] { [("", 1)] }
  // swift-format-ignore: AllPublicDeclarationsHaveDocumentation
  public static var example: String { "8" }
}

/// Where a number comes from.
public enum MeasureOrigin: Sendable, Equatable {
  /// A data sheet, a paper, a measurement.
  case source(String)
  /// Nobody says; the reason for the value taken.
  case assumed(String)
}

/// A number of a hardware description with its unit and where it comes from.
public struct Measure<Quantity: PhysicalQuantity>: Sendable, Equatable {
  /// In the base unit: bytes, bytes per second, seconds, operations per second, joules per bit.
  public var value: Double
  /// As written, `450 GB/s`.
  public var text: String
  /// Where it comes from.
  public var origin: MeasureOrigin

  /// Makes a number; `text` is for people.
  public init(_ value: Double, text: String, origin: MeasureOrigin) {
    self.value = value
    self.text = text
    self.origin = origin
  }

  /// The reason for a number that nobody states.
  public var assumption: String? {
    if case .assumed(let reason) = origin { reason } else { nil }
  }

  /// Reads a number and its unit, `450 GB/s`.
  ///
  /// - Throws: A phrase that says what is allowed.
  public static func parse(_ text: String) throws(MeasureFault) -> Double {
    let parts = text.split(separator: " ", omittingEmptySubsequences: true)
    let names = Quantity.units.map(\.name)
    let needsUnit = names != [""]
    let allowed =
      needsUnit
      ? "a number, a blank and a unit (\(names.joined(separator: ", "))), such as `\(Quantity.example)`"
      : "a number without a unit, such as `\(Quantity.example)`"
    guard parts.count == (needsUnit ? 2 : 1), let number = decimal(parts[0]) else {
      throw MeasureFault(allowed: allowed)
    }
    let unit = needsUnit ? String(parts[1]) : ""
    guard let factor = Quantity.units.first(where: { $0.name == unit })?.factor else {
      throw MeasureFault(allowed: MeasureFault.meant(unit, names).map { $0 + "?" } ?? allowed)
    }
    let value = number * factor
    guard value > 0, value.isFinite else { throw MeasureFault(allowed: "above 0") }
    return value
  }

  /// The value of decimal digits with at most one point, `nil` for anything else.
  private static func decimal(_ text: Substring) -> Double? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    guard parts.count <= 2, text.utf8.count <= 18,
      parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(digits.contains) })
    else { return nil }
    return Double(text)
  }
}

/// Why a number with a unit was not understood.
public struct MeasureFault: Error, Sendable, Equatable {
  /// What is allowed, as the end of "it must be".
  public var allowed: String

  /// Names the unit that was meant, where the one written could mean several things.
  fileprivate static func meant(_ unit: String, _ names: [String]) -> String? {
    let spellings: [String: String] = [
      "Gb/s": "Gbit/s", "Gbps": "Gbit/s", "Gbits/s": "Gbit/s", "Tb/s": "Tbit/s",
      "Tbps": "Tbit/s", "Mb/s": "Mbit/s", "Mbps": "Mbit/s",
    ]
    let bytes: [String: String] = [
      "Gb/s": "GB/s", "Gbps": "GB/s", "Tb/s": "TB/s", "Tbps": "TB/s", "Mb/s": "MB/s",
      "Mbps": "MB/s",
    ]
    if let bits = spellings[unit], names.contains(bits) {
      guard let byte = bytes[unit] else { return "in a known unit; did you mean `\(bits)`" }
      return "in bits or bytes that are told apart; did you mean `\(bits)` or `\(byte)`"
    }
    let others: [String: String] = [
      "TFLOPS": "TFLOP/s", "TFLOPs": "TFLOP/s", "TFLOPs/s": "TFLOP/s", "PFLOPS": "PFLOP/s",
      "PFLOPs/s": "PFLOP/s", "PFLOPS/s": "PFLOP/s", "GFLOPS": "GFLOP/s", "Gb": "GB", "gb": "GB",
      "GBps": "GB/s", "TBps": "TB/s", "KB": "kB", "KB/s": "kB/s", "\u{B5}s": "us", "usec": "us",
      "pJ/b": "pJ/bit", "GB": "GB/s", "GiB": "GiB/s", "TB": "TB/s", "GB/s": "GB", "TB/s": "TB",
    ]
    guard let meant = others[unit], names.contains(meant) else { return nil }
    return "in a unit that fits; did you mean `\(meant)`"
  }
}
