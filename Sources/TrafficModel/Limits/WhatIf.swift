// SPDX-License-Identifier: Apache-2.0

public import CollectiveTrace
public import TrafficAnalysis

/// The same collectives on other machines: time, energy and what becomes the bottleneck.
///
/// Every class of operations is replayed at its size, on its groups placed anew, by the fastest
/// algorithm of ``CollectiveCost``. Operations of one communicator are taken one after another and
/// communicators side by side; nothing is hidden behind compute, and the network inside is free of
/// other traffic. So a time is communication alone, not that of a step.
///
/// - Invariant: on every machine the rows' payload adds up to that of the traffic.
public struct WhatIf: Sendable {
  /// What takes most of the time.
  public enum Bottleneck: String, Sendable, CaseIterable {
    case latency
    case scaleUpBandwidth = "scale_up_bandwidth"
    case scaleOutBandwidth = "scale_out_bandwidth"
  }

  /// Times and energy of some operations.
  ///
  /// - Units: seconds, joules.
  public struct Amounts: Sendable, Equatable {
    /// Seconds that do not depend on the messages.
    public var latency = 0.0
    /// Seconds of bytes inside domains.
    public var scaleUp = 0.0
    /// Seconds of bytes between domains.
    public var scaleOut = 0.0
    /// Joules on the links; `nil` where a way's energy is not known.
    public var energy: Double? = 0
    /// Send buffers.
    public var payloadBytes: UInt64 = 0
    /// Operations that no formula knows.
    public var unknownOperations: UInt64 = 0

    /// Seconds of all.
    public var seconds: Double { latency + scaleUp + scaleOut }
    /// What takes most of the time; `nil` when there is none.
    public var bottleneck: Bottleneck? {
      guard seconds > 0 else { return nil }
      if latency >= max(scaleUp, scaleOut) { return .latency }
      return scaleOut > scaleUp ? .scaleOutBandwidth : .scaleUpBandwidth
    }

    mutating func add(_ other: Amounts) {
      latency += other.latency
      scaleUp += other.scaleUp
      scaleOut += other.scaleOut
      energy = energy.flatMap { sum in other.energy.map { sum + $0 } }
      payloadBytes.add(other.payloadBytes)
      unknownOperations.add(other.unknownOperations)
    }
  }

  /// One class of operations on one machine.
  public struct Row: Sendable, Equatable {
    /// Place of the strategy among ``strategies``.
    public var strategy: Int
    /// Place of the machine among ``hardware``.
    public var hardware: Int
    /// The class.
    public var own: ReplayedTraffic.Class
    /// Domains that a communicator spans there.
    public var domains: Int
    /// How one operation is carried out; `nil` when no formula knows it.
    public var algorithm: CollectiveAlgorithm?
    /// Times of all operations.
    public var amounts: Amounts
    /// Seconds of the same class on the first machine.
    public var baseSeconds: Double
  }

  /// One strategy's dimension, or all of it, on one machine.
  public struct Total: Sendable, Equatable {
    /// Place of the strategy.
    public var strategy: Int
    /// Place of the machine.
    public var hardware: Int
    /// The dimension; `nil` for all together.
    public var dimension: ParallelismDimension?
    /// The sums.
    public var amounts: Amounts
    /// Seconds of the first strategy's same dimension on the first machine; `nil` when it has none.
    public var baseSeconds: Double?

    /// Base over own time; `nil` when there is no base.
    public var gain: Double? {
      guard let baseSeconds, amounts.seconds > 0 else { return nil }
      return baseSeconds / amounts.seconds
    }
  }

  /// The traffic: the run first, then other strategies.
  public let strategies: [String]
  /// The machines; the first one is the base.
  public let hardware: [String]
  /// By strategy, machine, then in the order of the traffic table.
  public private(set) var rows: [Row] = []
  /// By strategy, machine, dimension; all together last.
  public private(set) var totals: [Total] = []
  /// What a reader must know, most important first.
  public private(set) var statements: [String] = []
  /// Whether on every machine all bytes were replayed.
  public private(set) var isConserved = true

  /// Replays traffic on machines.
  ///
  /// - Parameters:
  ///   - traffic: The run, then other strategies.
  ///   - machines: What it is replayed on; the first one is the base.
  ///   - imbalance: Load of the busiest expert rank over the mean; that of the run when `nil`.
  /// - Throws: `missingKey` for a number that a formula needs and a description lacks.
  /// - Complexity: O(machines x (classes + ranks of their groups)).
  public init(
    _ traffic: [ReplayedTraffic], on machines: [HardwareDescription], imbalance: Double? = nil
  ) throws(ConfigurationError) {
    strategies = traffic.map(\.label)
    hardware = machines.map(\.name)
    var baseRows: [[Double]] = []
    for (strategy, own) in traffic.enumerated() {
      let skew = max(1, imbalance ?? own.expertImbalance ?? 1)
      for (place, machine) in machines.enumerated() {
        let fabric = try CommunicationFabric(machine)
        let replayed = try Self.replay(own, on: fabric, of: machine, skew: skew)
        if place == 0 { baseRows.append(replayed.map(\.amounts.seconds)) }
        var sum: UInt64 = 0
        for (index, var row) in replayed.enumerated() {
          row.strategy = strategy
          row.hardware = place
          row.baseSeconds = baseRows[strategy][index]
          sum.add(row.amounts.payloadBytes)
          rows.append(row)
        }
        isConserved = isConserved && sum == own.payloadBytes
        statements += try Self.sensitivity(own, on: fabric, of: machine, skew: skew)
      }
    }
    makeTotals()
    statements = statements(traffic, machines, imbalance)
  }

  /// Replays every class once; places of strategy and machine are set by the caller.
  private static func replay(
    _ traffic: ReplayedTraffic, on fabric: CommunicationFabric, of machine: HardwareDescription,
    skew: Double
  ) throws(ConfigurationError) -> [Row] {
    var shapes: [ShapeKey: GroupShape] = [:]
    var rows: [Row] = []
    rows.reserveCapacity(traffic.classes.count)
    for own in traffic.classes {
      let key = ShapeKey(dimension: own.dimension, size: own.communicatorSize)
      let shape = shapes[key] ?? traffic.shape(of: own, on: fabric)
      shapes[key] = shape
      guard shape.domains == 1 || fabric.network != nil else {
        throw machine.missing("scale_out.bandwidth_per_direction")
      }
      let cost = fabric.cost(
        of: own.collective, bytes: own.meanMessageBytes, shape: shape,
        imbalance: own.dimension == .ep ? skew : 1)
      rows.append(
        Row(
          strategy: 0, hardware: 0, own: own, domains: shape.domains,
          algorithm: shape.ranks > 1 ? cost?.algorithm : nil,
          amounts: Self.amounts(own, cost, fabric), baseSeconds: 0))
    }
    return rows
  }

  private struct ShapeKey: Hashable {
    var dimension: ParallelismDimension
    var size: Int
  }

  private static func amounts(
    _ own: ReplayedTraffic.Class, _ cost: CollectiveCost?, _ fabric: CommunicationFabric
  ) -> Amounts {
    var amounts = Amounts()
    amounts.payloadBytes = own.payloadBytes
    guard let cost else {
      amounts.unknownOperations = own.operations
      return amounts
    }
    let oneAfterAnother = Double(own.operations) / Double(max(1, own.communicators))
    amounts.latency = cost.latency * oneAfterAnother
    amounts.scaleUp = cost.domainTransfer * oneAfterAnother
    amounts.scaleOut = cost.networkTransfer * oneAfterAnother
    let operations = Double(own.operations)
    func energy(_ bytes: Double, _ perByte: Double?) -> Double? {
      bytes == 0 ? 0 : perByte.map { bytes * operations * $0 }
    }
    if let near = energy(cost.domainBytes, fabric.domainEnergy),
      let far = energy(cost.networkBytes, fabric.networkEnergy)
    {
      amounts.energy = near + far
    } else {
      amounts.energy = nil
    }
    return amounts
  }

  private mutating func makeTotals() {
    struct Key: Hashable {
      var strategy: Int
      var hardware: Int
      var dimension: ParallelismDimension?
    }
    var sums: [Key: Amounts] = [:]
    for row in rows {
      for dimension in [row.own.dimension, nil] {
        sums[
          Key(strategy: row.strategy, hardware: row.hardware, dimension: dimension),
          default: Amounts()
        ].add(row.amounts)
      }
    }
    let dimensions = ParallelismDimension.allCases.map { Optional($0) } + [nil]
    for strategy in strategies.indices {
      for machine in hardware.indices {
        for dimension in dimensions {
          let key = Key(strategy: strategy, hardware: machine, dimension: dimension)
          guard let amounts = sums[key] else { continue }
          totals.append(
            Total(
              strategy: strategy, hardware: machine, dimension: dimension, amounts: amounts,
              baseSeconds: sums[Key(strategy: 0, hardware: 0, dimension: dimension)]?.seconds))
        }
      }
    }
  }

  /// The sum of one strategy on one machine.
  public func total(strategy: Int, hardware: Int) -> Total? {
    totals.first { $0.strategy == strategy && $0.hardware == hardware && $0.dimension == nil }
  }

  // MARK: - Statements

  /// Says what latencies that nobody states decide: the time with half and with twice of them.
  private static func sensitivity(
    _ traffic: ReplayedTraffic, on fabric: CommunicationFabric, of machine: HardwareDescription,
    skew: Double
  ) throws(ConfigurationError) -> [String] {
    let paths = machine.assumed.filter { $0.path.hasSuffix(".latency") }
    guard let first = paths.first else { return [] }
    func milliseconds(_ factor: Double) throws(ConfigurationError) -> String {
      let rows = try replay(
        traffic, on: fabric.scalingLatency(by: factor), of: machine, skew: skew)
      let seconds = rows.reduce(0) { $0 + $1.amounts.seconds }
      return rounded(seconds * 1000)
    }
    let names = paths.map(\.path).joined(separator: " and ")
    return [
      "\(machine.name): \(names) (\(first.text)) is assumed: \(first.reason). With half of it \(traffic.label) communicates \(try milliseconds(0.5)) ms, as given \(try milliseconds(1)) ms, with twice \(try milliseconds(2)) ms."
    ]
  }

  /// Three decimals, enough for a sentence.
  private static func rounded(_ value: Double) -> String {
    guard value.isFinite, value < 1e12 else { return "very many" }
    let thousandths = UInt64((value * 1000).rounded())
    let rest = String(thousandths % 1000)
    return "\(thousandths / 1000)." + String(repeating: "0", count: 3 - rest.utf8.count) + rest
  }

  private func statements(
    _ traffic: [ReplayedTraffic], _ machines: [HardwareDescription], _ imbalance: Double?
  ) -> [String] {
    var result = [
      "Communication alone: operations of one communicator one after another, communicators side by side, nothing hidden behind compute, by the fastest algorithm (alpha-beta, Hockney 1994)."
    ]
    for own in traffic where own.classes.isEmpty {
      result.append("\(own.label): there are no operations to replay.")
    }
    let unknown = totals.filter { $0.dimension == nil && $0.amounts.unknownOperations > 0 }
    if let first = unknown.first {
      result.append(
        "\(first.amounts.unknownOperations) operations of \(strategies[first.strategy]) are of kinds that no formula knows; they have no time."
      )
    }
    let varying = traffic.flatMap(\.classes).filter { $0.messageBytes == nil }
    if !varying.isEmpty {
      result.append(
        "Where sizes vary (\(varying.reduce(UInt64(0)) { $0.adding($1.operations) }) operations), the mean is replayed."
      )
    }
    for own in traffic where own.classes.contains(where: { $0.dimension == .ep }) {
      if let imbalance {
        result.append(
          "\(own.label): the busiest expert rank gets \(Self.rounded(imbalance)) times the mean, as stated."
        )
      } else if let seen = own.expertImbalance {
        result.append(
          "\(own.label): the busiest expert rank gets \(Self.rounded(seen)) times the mean, as its logs show."
        )
      } else {
        result.append(
          "\(own.label): tokens are taken as routed evenly; --imbalance states another load.")
      }
    }
    result.append(
      "Ranks fill domains (nodes, racks) in the order of their numbers: "
        + machines.map { "\($0.name) \($0.scaleUp.accelerators?.text ?? "?")" }
        .joined(separator: ", ") + " to a domain.")
    let peak = machines.filter { $0.scaleUp.efficiency.isEmpty }.map(\.name)
    if !peak.isEmpty {
      result.append(
        "Full bandwidth at every size, for no efficiency curve is stated: \(peak.joined(separator: ", ")). At 80 % of it the bandwidth parts take 1.25 times as long."
      )
    }
    let dark = totals.filter { $0.dimension == nil && $0.amounts.energy == nil }
    let names = Set(dark.map(\.hardware)).sorted().map { hardware[$0] }
    if !names.isEmpty {
      result.append("Energy is not known: \(names.joined(separator: ", ")).")
    }
    return result + statements
  }
}
