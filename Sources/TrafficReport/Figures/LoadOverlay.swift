// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace
internal import TrafficAnalysis

/// What is drawn onto the parts of a machine: ranks, and what their links carried.
struct LoadOverlay {
  /// The load of a part, in words and as a bar.
  struct Mark {
    /// Bytes in the busier direction, against the busiest link of its kind.
    var fraction: Double
    var text: String
    var tooltip: String

    /// A part that carried nothing: its bar is empty.
    static let idle = Mark(fraction: 0, text: "", tooltip: "")
  }

  private let load: MachineLoad
  private var topology: Topology { load.machine.topology }
  private let mostOfGPUs: UInt64
  private let mostOfNets: UInt64

  init(_ load: MachineLoad) {
    self.load = load
    let topology = load.machine.topology
    mostOfGPUs =
      topology.gpus.indices.map { Self.main(ofGPU: $0, load)?.load.busierBytes ?? 0 }.max() ?? 0
    mostOfNets =
      topology.adapters.indices.map { adapter in
        Self.sum(
          topology.nets.indices.filter { topology.nets[$0].adapter == adapter }, load
        ).busierBytes
      }.max() ?? 0
  }

  /// What a GPU's links to others of a kind carried: NVLink if it has any traffic, else PCIe.
  private static func main(ofGPU gpu: Int, _ load: MachineLoad) -> (
    name: String, load: PhysicalLoad
  )? {
    var fabric = PhysicalLoad()
    for (link, own) in load.loads {
      switch link {
      case .fabric(gpu), .peers(gpu, _): fabric.add(own)
      case .peers(_, gpu): fabric.add(own.reversed)
      default: break
      }
    }
    if fabric.busierBytes > 0 {
      let isXGMI = load.machine.topology.fabricLinks.contains { $0.gpu == gpu && $0.kind == .xgmi }
      return (isXGMI ? "xGMI" : "NVLink", fabric)
    }
    return load.loads[.pci(.gpu(gpu))].map { ("PCIe", $0) }
  }

  private static func sum(_ nets: [Int], _ load: MachineLoad) -> PhysicalLoad {
    var sum = PhysicalLoad()
    for net in nets { sum.add(load.loads[.net(net)] ?? PhysicalLoad()) }
    return sum
  }

  private static func words(_ load: PhysicalLoad) -> String {
    "\(Quantity.bytes(load.sentBytes)) out, \(Quantity.bytes(load.receivedBytes)) in"
  }

  /// The lines under a GPU's name.
  func lines(ofGPU gpu: Int) -> [[String]] {
    let ranks = load.ranksOfGPU[gpu] ?? []
    let text = RankList.text(ranks)
    let first =
      ranks.isEmpty
      ? ["no rank", "-"] : ["\(ranks.count == 1 ? "rank" : "ranks") \(text)", "r\(text)", "…"]
    guard let (name, own) = Self.main(ofGPU: gpu, load) else { return [first] }
    let bytes = Quantity.bytes(own.busierBytes)
    return [first, ["\(name) \(bytes)", bytes]]
  }

  func mark(ofGPU gpu: Int) -> Mark? {
    guard let (name, own) = Self.main(ofGPU: gpu, load) else { return nil }
    var tooltip = "; \(name): \(Self.words(own))"
    if name != "PCIe", let pci = load.loads[.pci(.gpu(gpu))] {
      tooltip += "; PCIe: \(Self.words(pci))"
    }
    return Mark(
      fraction: Self.fraction(own.busierBytes, of: mostOfGPUs),
      text: Quantity.bytes(own.busierBytes), tooltip: tooltip)
  }

  func mark(ofAdapter adapter: Int, nets: [Int]) -> Mark? {
    let own = Self.sum(nets, load)
    guard own.busierBytes > 0 else { return nil }
    return Mark(
      fraction: Self.fraction(own.busierBytes, of: mostOfNets),
      text: Quantity.bytes(own.busierBytes), tooltip: "; network: \(Self.words(own))")
  }

  /// What went over the uplink of a switch; of several in a row the busiest.
  func bridges(_ bridges: [Int]) -> String? {
    let most = bridges.map { load.loads[.pci(.bridge($0))]?.busierBytes ?? 0 }.max() ?? 0
    return most > 0 ? "\(Quantity.bytes(most)) up or down" : nil
  }

  /// What went between NUMA nodes, in the busier direction of the busiest pair.
  var interconnect: String? {
    let most =
      load.loads.compactMap { link, own -> UInt64? in
        if case .processors = link { own.busierBytes } else { nil }
      }.max() ?? 0
    return most > 0 ? "\(Quantity.bytes(most)) one way" : nil
  }

  /// What went through the switches of the fabric.
  var fabric: String? {
    var through: UInt64 = 0
    for (link, own) in load.loads {
      if case .fabric = link { through = through.saturatingAdd(own.sentBytes) }
    }
    return through > 0 ? "\(Quantity.bytes(through)) through it" : nil
  }

  private static func fraction(_ part: UInt64, of whole: UInt64) -> Double {
    whole > 0 ? Double(part) / Double(whole) : 0
  }

  /// Draws the bar of a chip along its lower edge.
  static func bar(
    _ mark: Mark, x: Double, y: Double, width: Double, height: Double, in figure: inout Figure
  ) {
    let room = width - 8
    for (tone, length) in [
      (Palette.Machine.track, room), (Palette.Machine.load, room * min(mark.fraction, 1)),
    ] where length > 0 {
      figure.body.empty(
        "rect",
        [
          "class": .text(figure.tone(tone)), "x": .number(x + 4), "y": .number(y + height - 8),
          "width": .number(length), "height": "4", "rx": "1",
        ])
    }
  }
}

extension PhysicalLoad {
  /// The same seen from the other end.
  fileprivate var reversed: Self {
    var load = self
    (load.sentBytes, load.receivedBytes) = (receivedBytes, sentBytes)
    return load
  }

  fileprivate mutating func add(_ other: Self) {
    sentBytes = sentBytes.saturatingAdd(other.sentBytes)
    receivedBytes = receivedBytes.saturatingAdd(other.receivedBytes)
  }
}
