// SPDX-License-Identifier: Apache-2.0

/// Turns the values of a hardware description into a ``HardwareDescription``.
struct HardwareReader {
  private static let keys = [
    "version", "name", "summary", "source", "accelerator", "scale_up", "scale_out",
    "memory_pool", "synchronisation",
  ]
  private static let keySynonyms = [
    "gpu": "accelerator", "device": "accelerator", "nvlink": "scale_up", "network": "scale_out",
    "infiniband": "scale_out", "nic": "scale_out", "pool": "memory_pool",
    "description": "summary", "synchronization": "synchronisation",
  ]
  private static let acceleratorKeys = ["compute", "memory_bandwidth", "memory_capacity"]
  private static let acceleratorSynonyms = [
    "flops": "compute", "tflops": "compute", "hbmbandwidth": "memory_bandwidth",
    "bandwidth": "memory_bandwidth", "capacity": "memory_capacity", "memory": "memory_capacity",
    "hbm": "memory_capacity",
  ]
  private static let fabricKeys = [
    "accelerators", "bandwidth_per_direction", "latency", "reduces_in_switch", "efficiency",
    "path_energy", "adapter_energy", "switch_energy", "switches",
  ]
  private static let fabricSynonyms = [
    "bandwidth": "bandwidth_per_direction", "bidirectionalbandwidth": "bandwidth_per_direction",
    "bandwidthbidirectional": "bandwidth_per_direction", "size": "accelerators",
    "gpus": "accelerators", "alpha": "latency", "nvls": "reduces_in_switch",
    "sharp": "reduces_in_switch", "energy": "path_energy", "hops": "switches",
  ]
  /// Most entries of a list, so that a short text cannot make a long search.
  private static let maximumEntries = 64

  private let root: ConfigurationNode
  private var fileSource: String?

  init(root: ConfigurationNode) { self.root = root }

  mutating func read() throws(ConfigurationError) -> HardwareDescription {
    let map = try root.mapping("a mapping of keys such as `accelerator` and `scale_up`")
    try map.allow(only: Self.keys, synonyms: Self.keySynonyms)
    let newest = HardwareDescription.currentVersion
    let version = try map.required("version")
    guard try version.integer(1...Int.max) == newest else {
      throw version.invalid("\(newest), the only version this program knows")
    }
    fileSource = try map["source"]?.text()
    var hardware = HardwareDescription(
      file: root.location.file, name: try map.required("name").text(),
      summary: try map["summary"]?.text() ?? "")
    if let node = map["accelerator"] { hardware.accelerator = try readAccelerator(node) }
    if let node = map["scale_up"] { hardware.scaleUp = try readFabric(node) }
    hardware.scaleOut = try map["scale_out"].map { node throws(ConfigurationError) in
      try readFabric(node)
    }
    hardware.memoryPool = try map["memory_pool"].map { node throws(ConfigurationError) in
      let keys = try node.mapping()
      try keys.allow(only: ["capacity", "bandwidth"], synonyms: ["size": "capacity"])
      return HardwareDescription.MemoryPool(
        capacity: try number(keys.required("capacity")), bandwidth: try optional(keys["bandwidth"]))
    }
    hardware.synchronisation = try readSynchronisation(map["synchronisation"])
    return hardware
  }

  // MARK: - Parts

  private func readAccelerator(
    _ node: ConfigurationNode
  ) throws(ConfigurationError) -> HardwareDescription.Accelerator {
    let keys = try node.mapping("a mapping with keys such as `memory_bandwidth`")
    try keys.allow(only: Self.acceleratorKeys, synonyms: Self.acceleratorSynonyms)
    var result = HardwareDescription.Accelerator()
    result.memoryBandwidth = try optional(keys["memory_bandwidth"])
    result.memoryCapacity = try optional(keys["memory_capacity"])
    if let compute = keys["compute"] {
      let rates = try compute.mapping("a mapping from type to rate, `{bf16: 989.4 TFLOP/s}`")
      let types = HardwareDescription.NumberType.allCases.map(\.rawValue)
      try rates.allow(
        only: types,
        synonyms: ["fp16": "bf16", "float16": "bf16", "bfloat16": "bf16", "float32": "fp32"])
      for type in HardwareDescription.NumberType.allCases {
        result.compute[type] = try optional(rates[type.rawValue])
      }
    }
    return result
  }

  private func readFabric(
    _ node: ConfigurationNode
  ) throws(ConfigurationError) -> HardwareDescription.Fabric {
    let keys = try node.mapping("a mapping with keys such as `bandwidth_per_direction`")
    try keys.allow(only: Self.fabricKeys, synonyms: Self.fabricSynonyms)
    var result = HardwareDescription.Fabric()
    result.accelerators = try keys["accelerators"].map { node throws(ConfigurationError) in
      try count(node, from: 1)
    }
    result.bandwidth = try optional(keys["bandwidth_per_direction"])
    result.latency = try optional(keys["latency"])
    result.reducesInSwitch = try keys["reduces_in_switch"]?.boolean()
    result.pathEnergy = try optional(keys["path_energy"])
    result.adapterEnergy = try optional(keys["adapter_energy"])
    result.switchEnergy = try optional(keys["switch_energy"])
    result.switches = try keys["switches"].map { node throws(ConfigurationError) in
      try count(node, from: 0)
    }
    result.efficiency = try readEfficiency(keys["efficiency"])
    if let energy = keys["path_energy"], result.adapterEnergy != nil || result.switchEnergy != nil {
      throw energy.contradiction(
        "the energy of the whole way stands beside those of its parts",
        "give `path_energy`, or `adapter_energy`, `switch_energy` and `switches`")
    }
    return result
  }

  private func readEfficiency(
    _ node: ConfigurationNode?
  ) throws(ConfigurationError) -> [HardwareDescription.EfficiencyPoint] {
    guard let node else { return [] }
    let form = "a list such as `[{message: 64 KiB, share: 0.4}]`, of ascending messages"
    var points: [HardwareDescription.EfficiencyPoint] = []
    for entry in try entries(node, form) {
      let keys = try entry.mapping(form)
      try keys.allow(
        only: ["message", "share"], synonyms: ["size": "message", "bytes": "message"])
      let share: Measure<PlainNumber> = try number(keys.required("share"))
      guard share.value <= 1 else {
        throw try keys.required("share").invalid("above 0 and at most 1")
      }
      let message: Measure<ByteCount> = try number(keys.required("message"))
      guard points.last.map({ $0.message.value < message.value }) ?? true else {
        throw entry.contradiction("messages do not ascend", "sort the points by message")
      }
      points.append(.init(message: message, share: share))
    }
    return points
  }

  private func readSynchronisation(
    _ node: ConfigurationNode?
  ) throws(ConfigurationError) -> [HardwareDescription.Synchronisation] {
    guard let node else { return [] }
    let form = "a list such as `[{accelerators: 8, per_collective: 0.3 us}]`, ascending"
    var steps: [HardwareDescription.Synchronisation] = []
    for entry in try entries(node, form) {
      let keys = try entry.mapping(form)
      try keys.allow(
        only: ["accelerators", "per_collective"], synonyms: ["latency": "per_collective"])
      let accelerators = try count(keys.required("accelerators"), from: 1)
      guard steps.last.map({ $0.accelerators.value < accelerators.value }) ?? true else {
        throw entry.contradiction("accelerators do not ascend", "sort the entries")
      }
      steps.append(
        .init(
          accelerators: accelerators, perCollective: try number(keys.required("per_collective"))))
    }
    return steps
  }

  private func entries(
    _ node: ConfigurationNode, _ form: String
  ) throws(ConfigurationError) -> [ConfigurationNode] {
    let entries = try node.list(form)
    guard entries.count <= Self.maximumEntries else {
      throw node.invalid("at most \(Self.maximumEntries) entries long")
    }
    return entries
  }

  // MARK: - Numbers

  private func optional<Quantity>(
    _ node: ConfigurationNode?
  ) throws(ConfigurationError) -> Measure<Quantity>? {
    guard let node else { return nil }
    return try number(node)
  }

  /// Reads `450 GB/s`, or `{value: 450 GB/s, source: ...}`, or the same with `assumed`.
  private func number<Quantity>(
    _ node: ConfigurationNode
  ) throws(ConfigurationError) -> Measure<Quantity> {
    let (value, origin) = try valueAndOrigin(node)
    guard let text = value.plain else { throw Self.fault(value, Quantity.self) }
    do throws(MeasureFault) {
      return Measure(try Measure<Quantity>.parse(text), text: text, origin: origin)
    } catch {
      throw value.invalid(error.allowed)
    }
  }

  private static func fault<Quantity: PhysicalQuantity>(
    _ node: ConfigurationNode, _: Quantity.Type
  ) -> ConfigurationError {
    do throws(MeasureFault) {
      _ = try Measure<Quantity>.parse("")
      return node.invalid("a number")
    } catch {
      return node.invalid(error.allowed)
    }
  }

  /// Reads a whole number with its source.
  private func count(
    _ node: ConfigurationNode, from least: Int
  ) throws(ConfigurationError) -> Measure<PlainNumber> {
    let (value, origin) = try valueAndOrigin(node)
    let count = try value.integer(least...JobDescription.maximumWorldSize)
    return Measure(Double(count), text: "\(count)", origin: origin)
  }

  private func valueAndOrigin(
    _ node: ConfigurationNode
  ) throws(ConfigurationError) -> (ConfigurationNode, MeasureOrigin) {
    guard node.isMapping else {
      guard let fileSource else {
        throw .missingKey(
          at: node.location, keyPath: "\(node.keyPath).source", accepted: ["source", "assumed"],
          similar: [])
      }
      return (node, .source(fileSource))
    }
    let keys = try node.mapping()
    try keys.allow(
      only: ["value", "source", "assumed"],
      synonyms: ["from": "source", "reference": "source", "assumption": "assumed"])
    let value = try keys.required("value")
    if let assumed = keys["assumed"] {
      if let source = keys["source"] {
        throw source.contradiction(
          "a number has a source and is assumed", "leave one of the two out")
      }
      return (value, .assumed(try assumed.text()))
    }
    guard let source = try keys["source"]?.text() ?? fileSource else {
      throw .missingKey(
        at: keys.location, keyPath: keys.path(of: "source"), accepted: ["source", "assumed"],
        similar: [])
    }
    return (value, .source(source))
  }
}
