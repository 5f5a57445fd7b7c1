// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// One GPU's view of one communicator, from creation to end.
///
/// A class, because every step of the analysis looks at all of them: copies of the facts would
/// cost more than the steps.
final class Instance {
  /// Index in ``ProcessTable/records``.
  let process: Int
  /// Index in the process's communicators.
  let index: Int
  /// What the log says.
  let facts: CommunicatorFacts
  /// Communicator rank: as printed, or found because only one was left.
  var rank: Int?
  /// Ranks of the communicator, if a line stated it.
  let size: Int?
  /// The GPU that it belongs to, an index in ``Endpoints/all``.
  let endpoint: Int
  /// The instance it was split from.
  let parent: Int?
  /// Which split of its parent made it, counted in the process when the log does not say.
  let splitOrdinal: Int
  /// How its rank reaches others, less what other logs contradict.
  var connections: [ConnectionFacts]
  /// Whether the hash over its calls may be compared with other ranks'.
  let hasOrder: Bool
  /// Whether its source keeps only some of the calls, so that ranks may differ in a healthy job.
  let isSampled: Bool

  /// Makes a view.
  init(
    process: Int, index: Int, facts: CommunicatorFacts, rank: Int?, size: Int?, endpoint: Int,
    parent: Int?, splitOrdinal: Int, hasOrder: Bool, isSampled: Bool = false
  ) {
    self.process = process
    self.index = index
    self.facts = facts
    self.rank = rank
    self.size = size
    self.endpoint = endpoint
    self.parent = parent
    self.splitOrdinal = splitOrdinal
    self.hasOrder = hasOrder
    connections = facts.connections
    self.isSampled = isSampled
  }
}

/// One GPU of one process: what becomes a global rank.
///
/// A process usually drives one GPU. If it drives several, with a thread for each or with
/// `ncclCommInitAll`, the CUDA ordinal tells them apart.
struct Endpoint {
  /// Index in ``ProcessTable/records``.
  var process: Int
  /// CUDA ordinal, when the process uses several.
  var device: Int?
  /// Its communicators in the order of their creation, as indices in ``Endpoints/instances``.
  var instances: [Int] = []
}

/// All GPUs seen, and their views of the communicators.
struct Endpoints {
  /// The GPUs, in order of process and CUDA ordinal.
  private(set) var all: [Endpoint] = []
  /// One entry per process and communicator.
  private(set) var instances: [Instance] = []
  /// Largest communicator that a line is believed about; more ranks than any job has had.
  static let maximumSize = 1 << 20

  /// For each endpoint its place when sorted by host, GPU and process id.
  private(set) var position: [Int] = []

  /// Divides the processes into GPUs.
  ///
  /// - Complexity: O(*i* + *e* log *e*) in instances and endpoints.
  init(_ table: ProcessTable) {
    for (process, record) in table.records.enumerated() {
      addProcess(process, record)
    }
    sortEndpoints(table)
  }

  private mutating func addProcess(_ process: Int, _ record: ProcessTable.Record) {
    let communicators = record.facts.communicators
    guard !communicators.isEmpty else { return }
    var devices = Set(communicators.compactMap(\.cudaDevice))
    // The bracketed ordinal is only a hint; it counts when no init line was seen at all.
    let usesBracket = devices.isEmpty
    if usesBracket { devices = Set(communicators.compactMap(\.bracketDevice)) }
    let ordered = devices.sorted()
    let first = all.count
    var endpointOfDevice: [Int: Int] = [:]
    if ordered.count <= 1 {
      all.append(Endpoint(process: process, device: nil))
    } else {
      for device in ordered {
        endpointOfDevice[device] = all.count
        all.append(Endpoint(process: process, device: device))
      }
    }
    let offset = instances.count
    var splits: [Int: Int] = [:]
    for (index, facts) in communicators.enumerated() {
      let device = usesBracket ? facts.bracketDevice : facts.cudaDevice ?? facts.bracketDevice
      let endpoint = device.flatMap { endpointOfDevice[$0] } ?? first
      // A parent is always older than its child; anything else is a damaged line.
      let parent = facts.parent.flatMap { (0..<index).contains($0) ? $0 + offset : nil }
      let size = facts.size.flatMap { (1...Self.maximumSize).contains($0) ? $0 : nil }
      // Every line that states a rank states the size; a rank outside it is a damaged number.
      let rank = facts.rank.flatMap { (0..<(size ?? 0)).contains($0) ? $0 : nil }
      var ordinal = facts.splitOrdinal ?? 0
      if let parent, facts.splitOrdinal == nil {
        ordinal = splits[parent, default: 0]
        splits[parent] = ordinal + 1
      }
      all[endpoint].instances.append(instances.count)
      instances.append(
        Instance(
          process: process, index: index, facts: facts, rank: rank, size: size,
          endpoint: endpoint, parent: parent, splitOrdinal: ordinal,
          hasOrder: !record.joined.contains(index),
          isSampled: record.facts.source != .ncclLog))
    }
  }

  /// Orders the GPUs as a launcher would have numbered them.
  private mutating func sortEndpoints(_ table: ProcessTable) {
    struct Key {
      var host: NaturalText
      var gpu: Int
      var pid: Int
      var index: Int
    }
    let keys = all.indices.map { index in
      let endpoint = all[index]
      let facts = table.records[endpoint.process].facts
      let communicator = endpoint.instances.first.map { instances[$0].facts }
      let gpu = communicator?.nvmlDevice ?? communicator?.cudaDevice ?? endpoint.device
      return Key(host: NaturalText(facts.host), gpu: gpu ?? 0, pid: facts.pid, index: index)
    }
    // The GPU orders the ranks of a host only if it tells all of them apart.
    var seen: [String: Set<Int>] = [:]
    var ambiguous: Set<String> = []
    for key in keys where !seen[key.host.text, default: []].insert(key.gpu).inserted {
      ambiguous.insert(key.host.text)
    }
    let order = keys.sorted { a, b in
      if a.host.text != b.host.text { return a.host < b.host }
      if !ambiguous.contains(a.host.text), a.gpu != b.gpu { return a.gpu < b.gpu }
      return (a.pid, a.index) < (b.pid, b.index)
    }
    position = [Int](repeating: 0, count: all.count)
    for (place, key) in order.enumerated() { position[key.index] = place }
  }
}
