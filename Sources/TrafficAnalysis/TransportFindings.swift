// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// What a performance engineer looks for: slow ways, idle devices, settings that differ.
///
/// Only what is plainly wrong is a warning; what may be meant is a note, so that a healthy job
/// passes a gate on warnings.
extension FindingCollector {
  // MARK: - Ways

  /// Networks, transports and rings.
  mutating func wiring(_ links: [LinkRow]) {
    let crosses = links.contains { $0.kind == .nodePair }
    let used = transports()
    if crosses { networks(used) }
    peerAccess(used)
    rings()
    pointToPointChannels()
    sharedGPUs()
  }

  /// One way that a rank was seen to use.
  private struct Way {
    var process: Int
    var endpoint: Int
    var source: Int?
    var target: Int?
    var name: TransportName
  }

  private func transports() -> [Way] {
    var ways: [Way] = []
    for own in communicators {
      for view in own.views {
        for row in view.connections {
          ways.append(
            Way(
              process: view.process, endpoint: view.endpoint,
              source: own.placement.endpointOfRank[row.source].flatMap { ranks.rank[$0] },
              target: own.placement.endpointOfRank[row.target].flatMap { ranks.rank[$0] },
              name: TransportName(row.transport)))
        }
      }
    }
    return ways
  }

  private func host(_ process: Int) -> String { table.records[process].facts.host }

  /// The text of the first informational message with this beginning.
  private func note(_ process: Int, _ beginning: String) -> String? {
    table.records[process].facts.notices.first {
      $0.level == .info && $0.text.hasPrefix(beginning)
    }?.text
  }

  private func setting(_ process: Int, _ name: String) -> String? {
    table.records[process].facts.environment.last { $0.name == name }?.value
  }

  /// The InfiniBand and RoCE devices that a process lists: `[0]mlx5_0:1/IB [1]mlx5_1:1/RoCE`.
  ///
  /// Releases 2.20 to 2.23 wrote `[0]={[0] mlx5_0:1/IB, [1] mlx5_1:1/IB}` for ports used as one.
  static func devices(in line: String) -> [String] {
    guard let start = line.firstRange(of: "Using")?.upperBound else { return [] }
    let list = line[start...].prefix { $0 != ";" }
    return list.split { $0 == " " || $0 == "," || $0 == "{" || $0 == "}" || $0 == "=" }
      .filter { $0.hasSuffix("/IB") || $0.hasSuffix("/RoCE") }
      .map { item in
        // The index in front, `[0]`, may stand apart.
        String(item.firstIndex(of: "]").map { item[item.index(after: $0)...] } ?? item)
      }
  }

  private mutating func networks(_ ways: [Way]) {
    struct Host {
      var listed: [String] = []
      var used: Set<Int> = []
      var sockets: [Int] = []
      var direct = 0
      var indirect: [Int] = []
      var reason: String?
      var isOff: String?
    }
    var hosts: [String: Host] = [:]
    for process in table.records.indices {
      var known = hosts[host(process)] ?? Host()
      if known.listed.isEmpty, let line = note(process, "NET/IB : Using") {
        known.listed = Self.devices(in: line)
      }
      known.reason =
        known.reason ?? note(process, "GPU Direct RDMA Disabled")
        ?? note(process, "NET/IB : GPU Direct RDMA Disabled")
      if setting(process, "NCCL_IB_DISABLE").map({ $0 != "0" }) ?? false {
        known.isOff = "NCCL_IB_DISABLE is set"
      } else if setting(process, "NCCL_NET")?.lowercased() == "socket" {
        known.isOff = "NCCL_NET=Socket is set"
      }
      hosts[host(process)] = known
    }
    for way in ways {
      guard let device = way.name.device else { continue }
      let rank = ranks.rank[way.endpoint] ?? -1
      if way.name.kind.hasPrefix("NET/IB") {
        hosts[host(way.process)]?.used.insert(device)
        if way.name.kind.contains("GDRDMA") {
          hosts[host(way.process)]?.direct += 1
        } else {
          hosts[host(way.process)]?.indirect.append(rank)
        }
      } else if way.name.kind.hasPrefix("NET/Socket") {
        hosts[host(way.process)]?.sockets.append(rank)
      }
    }
    for (name, found) in hosts.sorted(by: { $0.key < $1.key }) {
      if !found.sockets.isEmpty, found.used.isEmpty,
        !found.listed.isEmpty || found.isOff != nil
      {
        // Turned off by a setting it may be meant.
        add(
          "network-fallback", found.isOff == nil ? .warning : .note,
          "Traffic between nodes goes over sockets, not over InfiniBand or RoCE.",
          at: "host \(name), rank \(Self.text(found.sockets))",
          evidence: (found.isOff.map { [$0] } ?? [])
            .appending(
              found.listed.isEmpty ? nil : "devices found: \(found.listed.joined(separator: ", "))"
            ).joined(separator: "; "),
          do:
            "Check NCCL_IB_DISABLE, NCCL_NET and NCCL_IB_HCA, and that the job may use the devices."
        )
      }
      if !found.used.isEmpty, found.listed.count > found.used.count {
        add(
          "network-device-idle", .note,
          "\(found.used.count) of \(found.listed.count) network devices of a host are in use.",
          at: "host \(name)",
          evidence: "listed: \(found.listed.joined(separator: ", ")); used: "
            + found.used.sorted().map { "NET/IB/\($0)" }.joined(separator: ", "),
          do: "Fine where the others are for storage, or where few ranks run on the host.")
      }
      if !found.indirect.isEmpty {
        let reason = found.reason.map { "; \($0)" } ?? ""
        add(
          "network-without-gpu-direct", found.direct > 0 ? .warning : .note,
          found.direct > 0
            ? "Some ranks reach the network through host memory, others directly."
            : "Ranks reach the network through host memory, without GPU Direct RDMA.",
          at: "host \(name), rank \(Self.text(found.indirect))",
          evidence: "\(found.indirect.count) connections without GDRDMA, \(found.direct) with it"
            + reason,
          do:
            "Check the nvidia-peermem module and NCCL_NET_GDR_LEVEL, and which GPU sits near which device."
        )
      }
    }
  }

  private mutating func peerAccess(_ ways: [Way]) {
    var pairs: Set<[Int]> = []
    var processes: Set<Int> = []
    for way in ways where LinkRow.Kind(transport: way.name.kind) == .sharedMemory {
      guard let source = way.source, let target = way.target else { continue }
      pairs.insert([source, target])
      processes.insert(way.process)
    }
    guard !pairs.isEmpty else { return }
    var reasons: [String] = []
    for process in processes.sorted() {
      for name in ["NCCL_P2P_DISABLE", "NCCL_P2P_LEVEL"] {
        if let value = setting(process, name) { reasons.append("\(name)=\(value) is set") }
      }
      if let line = note(process, "P2P is disabled") { reasons.append(line) }
    }
    var seen: Set<String> = []
    reasons = reasons.filter { seen.insert($0).inserted }
    add(
      "peer-access-missing", .note,
      "GPUs of one node exchange data through host memory instead of directly.",
      at: "rank \(Self.text(Array(Set(pairs.flatMap { $0 }))))",
      evidence: (["\(pairs.count) ordered pairs use SHM"] + reasons.prefix(3))
        .joined(separator: "; "),
      do:
        "Normal for consumer GPUs and some virtual machines; else check ACS, IOMMU and containers."
    )
  }

  /// A ring must cross nodes as often as there are nodes; more is a rank order that hurts.
  private mutating func rings() {
    for own in communicators {
      guard own.placement.ringSource == .log, let nodes = own.placement.nodes, nodes > 1,
        own.traffic.operations > 0
      else { continue }
      var channels: UInt64 = 0
      var crossings: UInt64 = 0
      for edge in own.placement.ring {
        if edge.source == 0 { channels.add(edge.weight) }
        if own.placement.crosses(own.placement.seats[edge.source], own.placement.seats[edge.target])
        {
          crossings.add(edge.weight)
        }
      }
      let needed = UInt64(clamping: nodes).times(channels)
      guard channels > 0, crossings > needed else { continue }
      add(
        "ring-crosses-nodes-often", .warning,
        "The rings of communicator \(own.name) cross nodes more often than they need to.",
        at: "communicator \(own.name)",
        evidence:
          "\(crossings) crossings on \(channels) channels, \(needed) would do for \(nodes) nodes",
        do:
          "Look for a topology file that does not fit, or hosts that NCCL takes for several nodes.")
    }
  }

  private mutating func sharedGPUs() {
    struct GPU: Hashable {
      var host: String
      var address: UInt64
      var communicator: Int
    }
    var users: [GPU: Set<Int>] = [:]
    for own in communicators {
      for view in own.views {
        guard let address = view.facts.busID, let rank = ranks.rank[view.endpoint] else { continue }
        let gpu = GPU(host: host(view.process), address: address, communicator: own.index)
        users[gpu, default: []].insert(rank)
      }
    }
    let shared = Set(users.values.filter { $0.count > 1 }.map { $0.sorted() })
    if shared.isEmpty { sharedGPUWarnings() }
    for numbers in shared.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
      add(
        "gpu-shared", .warning, "Ranks of one communicator run on the same GPU.",
        at: "rank \(RangeText.text(numbers))",
        evidence: "their init lines show the same host and PCI address",
        do: "Give every rank a GPU of its own (CUDA_VISIBLE_DEVICES, --gpus-per-task).")
    }
  }

  /// What NCCL itself warns of, where init lines without a PCI address do not show it.
  private mutating func sharedGPUWarnings() {
    for record in table.records {
      for notice in record.facts.notices
      where notice.level == .warning
        && (notice.text.hasPrefix("Duplicate GPU detected")
          || notice.text.hasPrefix("Multiple ranks detected using the same GPU")
          || notice.text.hasPrefix("Multiple Ranks are using the same GPU"))
      {
        add(
          "gpu-shared", .warning, "Ranks of one communicator run on the same GPU.",
          at: "\(table.files[record.facts.file].file):\(notice.line)", evidence: notice.text,
          do: "Give every rank a GPU of its own (CUDA_VISIBLE_DEVICES, --gpus-per-task).")
        return
      }
    }
  }

  /// Communicators whose ranks send to more peers than they have channels for: peers take turns.
  private mutating func pointToPointChannels() {
    for own in communicators {
      guard let channels = own.views.compactMap(\.facts.pointToPointChannels).min(), channels > 0
      else { continue }
      var peers: [Int: Set<Int>] = [:]
      for pair in own.traffic.pairs.keys where pair.source != pair.target {
        peers[pair.source, default: []].insert(pair.target)
      }
      let hasAllToAll = own.traffic.classes.contains { $0.kind == .allToAll }
      let most = hasAllToAll ? own.communicator.size - 1 : peers.values.map(\.count).max() ?? 0
      guard most > channels else { continue }
      var reasons: [String] = []
      for process in Set(own.views.map(\.process)).sorted() {
        for name in ["NCCL_MAX_P2P_NCHANNELS", "NCCL_MAX_NCHANNELS", "NCCL_MAX_CTAS"] {
          if let value = setting(process, name) { reasons.append("\(name)=\(value) is set") }
        }
      }
      add(
        "channels-fewer-than-peers", .note,
        "Ranks of communicator \(own.name) send to more peers than they have channels for.",
        at: "communicator \(own.name)",
        evidence: (["\(channels) point-to-point channels, \(most) peers"]
          + Set(reasons).sorted().prefix(3)).joined(separator: "; "),
        do: reasons.isEmpty
          ? "Normal for large groups; NCCL_MAX_P2P_NCHANNELS or groups inside a node may help."
          : "Peers take turns on the channels: see whether the limit is still wanted.")
    }
  }

  private static func text(_ numbers: [Int]) -> String {
    RangeText.text(Set(numbers).filter { $0 >= 0 }.sorted())
  }

  // MARK: - Settings

  /// Variables that rightly differ between ranks or hosts.
  private static let ownSettings: Set<String> = [
    "NCCL_COMM_ID", "NCCL_HOSTID", "NCCL_DEBUG", "NCCL_DEBUG_FILE", "NCCL_DEBUG_SUBSYS",
    "NCCL_TOPO_FILE", "NCCL_TOPO_DUMP_FILE", "NCCL_TOPO_DUMP_FILE_RANK", "NCCL_GRAPH_DUMP_FILE",
    "NCCL_GRAPH_DUMP_FILE_RANK", "NCCL_SOCKET_IFNAME", "NCCL_IB_HCA", "NCCL_IGNORE_CPU_AFFINITY",
    "NCCL_CONF_FILE",
  ]

  /// Releases and variables that differ between the ranks of one job.
  mutating func environment() {
    struct Values {
      var ranks: [String: [Int]] = [:]
    }
    var jobs: [Int: (versions: Values, settings: [String: Values])] = [:]
    for (endpoint, seat) in endpoints.all.enumerated() {
      guard let rank = ranks.rank[endpoint] else { continue }
      let facts = table.records[seat.process].facts
      let job = ranks.job[endpoint]
      var known = jobs[job] ?? (Values(), [:])
      if let version = facts.version {
        known.versions.ranks[version.description, default: []].append(rank)
      }
      var last: [String: String] = [:]
      for setting in facts.environment where !Self.ownSettings.contains(setting.name) {
        last[setting.name] = setting.value
      }
      for (name, value) in last {
        known.settings[name, default: Values()].ranks[value, default: []].append(rank)
      }
      jobs[job] = known
    }
    func list(_ values: Values, _ name: String) -> String {
      values.ranks.sorted { $0.key < $1.key }.prefix(4).map {
        "\(name)\($0.key) on rank \(RangeText.text($0.value.sorted()))"
      }.joined(separator: "; ")
    }
    for (_, job) in jobs.sorted(by: { $0.key < $1.key }) {
      if job.versions.ranks.count > 1 {
        add(
          "versions-differ", .warning, "Ranks of one job use different releases of NCCL.",
          at: "rank \(Self.text(Self.minority(job.versions.ranks)))",
          evidence: list(job.versions, ""),
          do: "Load the same library on all nodes; releases do not talk to each other reliably.")
      }
      for (name, values) in job.settings.sorted(by: { $0.key < $1.key })
      where values.ranks.count > 1 {
        add(
          "environment-differs", .warning, "\(name) differs between the ranks of one job.",
          at: "rank \(Self.text(Self.minority(values.ranks)))",
          evidence: list(values, "\(name)="),
          do: "Set it alike everywhere; ranks that choose differently hang or slow each other.")
      }
    }
  }

  /// The ranks that have another value than most.
  private static func minority(_ values: [String: [Int]]) -> [Int] {
    let most = values.max { a, b in (a.value.count, b.key) < (b.value.count, a.key) }?.key
    return values.filter { $0.key != most }.values.flatMap { $0 }
  }

  // MARK: - Timeouts

  /// What PyTorch's watchdog saw, joined to the calls in the log.
  mutating func timeouts(_ stuck: StuckCollectives) {
    for file in table.files {
      for timeout in file.timeouts {
        let operation = WatchdogLine(timeout.text)
        let rank = timeout.rank.map { "rank \($0), " } ?? ""
        let matches = operation.map { line in
          communicators.filter { own in
            own.traffic.classes.contains { line.fits($0) }
              && (timeout.rank.map { own.ranks.contains($0) } ?? true)
          }.map(\.name)
        }
        let place = matches.map { names in
          names.isEmpty || names.count > 4
            ? "" : "; such calls are on communicator \(names.joined(separator: ", "))"
        }
        let dump = operation.flatMap { line in
          stuck.stuck.first {
            $0.kind == line.kind && $0.sequence == Int64(clamping: line.sequence)
          }
        }.map { entry in
          "; in the Flight Recorder's dumps it is process group \(entry.group), held up by rank "
            + RangeText.text(entry.culprits)
        }
        add(
          "watchdog-timeout", .error,
          "PyTorch's watchdog gave up on "
            + (operation.map { "\($0.kind.name) number \($0.sequence) of its process group." }
              ?? "a collective."),
          at: "\(rank)\(file.file):\(timeout.line)",
          evidence: String(timeout.text.prefix(300)) + (place ?? "") + (dump ?? ""),
          do:
            "Look for the rank that did not make this call: it is the cause, not those that waited."
        )
      }
    }
  }
}

/// The operation in a line of PyTorch's watchdog.
///
///     WorkNCCL(SeqNum=17, OpType=ALLREDUCE, NumelIn=1024, NumelOut=1024, Timeout(ms)=600000)
struct WatchdogLine {
  var kind: OperationKind
  var sequence: UInt64
  var elementsIn: UInt64

  init?(_ text: String) {
    func value(_ name: String) -> Substring? {
      guard let range = text.firstRange(of: name + "=") else { return nil }
      return text[range.upperBound...].prefix { $0 != "," && $0 != ")" }
    }
    let kinds: [String: OperationKind] = [
      "ALLREDUCE": .allReduce, "ALLREDUCE_COALESCED": .allReduce, "ALLGATHER": .allGather,
      "_ALLGATHER_BASE": .allGather, "ALLGATHER_COALESCED": .allGather, "BROADCAST": .broadcast,
      "REDUCE": .reduce, "REDUCE_SCATTER": .reduceScatter, "_REDUCE_SCATTER_BASE": .reduceScatter,
      "ALLTOALL": .allToAll, "ALLTOALL_BASE": .allToAll, "SEND": .send, "RECV": .recv,
      "GATHER": .gather, "SCATTER": .scatter, "BARRIER": .allReduce,
    ]
    guard let kind = value("OpType").flatMap({ kinds[String($0)] }),
      let sequence = value("SeqNum").flatMap({ UInt64($0) })
    else { return nil }
    self.kind = kind
    self.sequence = sequence
    elementsIn = value("NumelIn").flatMap { UInt64($0) } ?? 0
  }

  /// Whether a class of operations may be this one; reduce-scatter is logged by what it receives.
  func fits(_ group: OperationClass) -> Bool {
    guard group.kind == kind, let count = group.elementCount else { return false }
    return kind == .reduceScatter || kind == .allToAll
      ? count > 0 && elementsIn % count == 0 : count == elementsIn
  }
}

extension [String] {
  fileprivate func appending(_ text: String?) -> [String] { self + (text.map { [$0] } ?? []) }
}
