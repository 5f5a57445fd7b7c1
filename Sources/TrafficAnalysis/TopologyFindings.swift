// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// What only logs and topology together show.
extension FindingCollector {
  /// Files that describe no rank, contradictions, and network devices that are farther than need be.
  mutating func topologies(_ join: TopologyJoin) {
    misfits(join)
    contradictions(join)
    distances(join)
  }

  private static let maximumShown = 8

  private static func list(_ names: [String]) -> String {
    let shown = names.prefix(maximumShown).joined(separator: ", ")
    return shown + (names.count > maximumShown ? " and \(names.count - maximumShown) more" : "")
  }

  private mutating func misfits(_ join: TopologyJoin) {
    let used = Set(join.fit.siteOfHost.values.map(\.machine))
    let inLogs = Set(join.fit.busOfEndpoint.values).sorted().map(\.description)
    for (index, machine) in join.fit.machines.enumerated() where !used.contains(index) {
      let inFile = Set(machine.topology.gpus.map(\.bus)).sorted()
      // Another file may know the same GPUs, and more.
      let isKnown = join.fit.busOfEndpoint.values.contains { inFile.contains($0) }
      guard !isKnown else {
        add(
          "topology-does-not-fit", .note,
          "A topology file is not used: others describe the same nodes as well or better.",
          at: machine.file, evidence: "it has the GPUs \(Self.list(inFile.map(\.description)))",
          do: "Nothing, or leave it out.")
        continue
      }
      add(
        "topology-does-not-fit", .warning, "A topology file has the GPU of no rank.",
        at: machine.file,
        evidence: "the file has "
          + (inFile.isEmpty ? "no GPU" : "the GPUs \(Self.list(inFile.map(\.description)))")
          + "; the logs have "
          + (inLogs.isEmpty ? "no PCI address" : Self.list(inLogs)),
        do: inLogs.isEmpty
          ? "Log with NCCL_DEBUG_SUBSYS=INIT,COLL: the init lines hold the addresses (busId)."
          : "Give the topology of the nodes that ran this job (NCCL_TOPO_DUMP_FILE).")
    }
  }

  private mutating func contradictions(_ join: TopologyJoin) {
    let endpointsOfHost = Dictionary(
      grouping: join.hosts.indices, by: { join.hosts[$0] })
    for (host, site) in join.fit.siteOfHost.sorted(by: { $0.key < $1.key }) {
      let machine = join.fit.machines[site.machine]
      let name = join.fit.hostNames[host] ?? ""
      let own = endpointsOfHost[host] ?? []
      let gpus = machine.topology.gpus.indices.filter {
        machine.topology.host(ofGPU: $0) == site.host
      }
      let strangers = own.filter {
        join.fit.busOfEndpoint[$0] != nil && join.fit.gpuOfEndpoint[$0] == nil
      }
      if !strangers.isEmpty {
        let buses = Set(strangers.compactMap { join.fit.busOfEndpoint[$0] }).sorted()
        let known = Set(gpus.map { machine.topology.gpus[$0].bus }).sorted()
        let numbers = strangers.compactMap { ranks.rank[$0] }.sorted()
        add(
          "topology-contradicts-log", .note,
          "The topology lacks GPUs that ranks of host \(name) use.",
          at: "host \(name), rank \(RangeText.text(numbers)), \(machine.file)",
          evidence: "the log has \(Self.list(buses.map(\.description))); the file has "
            + Self.list(known.map(\.description)),
          do: "A dump shows the GPUs of one communicator: give that of one over the whole node.")
      }
      let stated =
        own.flatMap { endpoints.all[$0].instances }
        .compactMap { endpoints.instances[$0].facts.localRanks }.max()
      if strangers.isEmpty, let stated, stated > gpus.count {
        add(
          "topology-contradicts-log", .note,
          "NCCL counts more ranks on host \(name) than the topology has GPUs.",
          at: "host \(name), \(machine.file)",
          evidence: "localRanks \(stated) in the log, \(gpus.count) GPUs in the file",
          do: "A dump shows the GPUs of one communicator: give that of one over the whole node.")
      }
      names(join, own, machine, site, name)
    }
    fabrics(join)
  }

  /// Network devices that the log has by a name that the topology does not have.
  private mutating func names(
    _ join: TopologyJoin, _ own: [Int], _ machine: MachineTopology, _ site: TopologyFit.Site,
    _ host: String
  ) {
    let members = Set(own)
    var absent: Set<String> = []
    for (attachment, use) in join.uses where members.contains(attachment.endpoint) {
      let device = join.names.device(
        use.name, process: endpoints.all[attachment.endpoint].process, in: machine.topology,
        host: site.host)
      switch device {
      case .net: break
      case .absent(let name): absent.insert("\(use.name.link) (\(name))")
      case .unknown: absent.insert(use.name.link)
      }
    }
    guard !absent.isEmpty else { return }
    let nets = machine.topology.nets.indices
      .filter { machine.topology.host(ofNet: $0) == site.host }
      .map { machine.topology.nets[$0].name ?? machine.topology.label(net: $0) }
    add(
      "topology-contradicts-log", .note,
      "The topology lacks network devices that ranks of host \(host) use.",
      at: "host \(host), \(machine.file)",
      evidence: "the log uses \(Self.list(absent.sorted())); the file has "
        + (nets.isEmpty ? "none" : Self.list(nets)),
      do: "Give a topology that was dumped with the network of this job.")
  }

  /// A file of one NVLink domain whose hosts are not those of the log.
  private mutating func fabrics(_ join: TopologyJoin) {
    guard let stated = communicators.filter(\.isWorld).compactMap(\.placement.nodes).max() else {
      return
    }
    for machine in join.fit.machines where machine.topology.hosts.count > max(1, stated) {
      add(
        "topology-contradicts-log", .note, "The topology has more hosts than the job has nodes.",
        at: machine.file,
        evidence: "\(machine.topology.hosts.count) hosts in the file, nNodes \(stated) in the log",
        do: "Check that the file was dumped by this job.")
    }
  }

  // MARK: - Distances

  /// GPUs that use a network device although a nearer one is there.
  ///
  /// Only the type of path counts, as NCCL names it; through another GPU's NVLink (PXN) the way is
  /// short wherever the device is.
  private mutating func distances(_ join: TopologyJoin) {
    struct Far: Hashable {
      var host: Int
      var used: String
      var nearest: String
    }
    var ranksOf: [Far: Set<Int>] = [:]
    for (attachment, use) in join.uses where use.proxy == nil {
      let endpoint = attachment.endpoint
      let host = join.hosts[endpoint]
      guard let rank = ranks.rank[endpoint], let site = join.fit.siteOfHost[host],
        let gpu = join.fit.gpuOfEndpoint[endpoint]
      else { continue }
      let machine = join.fit.machines[site.machine]
      let topology = machine.topology
      let device = join.names.device(
        use.name, process: endpoints.all[endpoint].process, in: topology, host: site.host)
      guard case .net(let net) = device else { continue }
      let used = machine.paths.netToGPU[net][gpu]
      let near = topology.nets.indices
        .filter { topology.host(ofNet: $0) == site.host && !topology.nets[$0].isCollNet }
        .min { a, b in
          (machine.paths.netToGPU[a][gpu].type, a) < (machine.paths.netToGPU[b][gpu].type, b)
        }
      guard let near, machine.paths.netToGPU[near][gpu].type < used.type,
        // A slower device may be nearer: one for management, say.
        machine.paths.nearestNets(toGPU: gpu).contains(where: {
          machine.paths.netToGPU[$0][gpu].type < used.type
        })
      else { continue }
      func text(_ net: Int) -> String {
        let path = machine.paths.netToGPU[net][gpu]
        let name = topology.nets[net].name ?? topology.label(net: net)
        return "\(name) (\(path.type.name(in: topology.dialect)), "
          + "\(path.type.meaning(in: topology.dialect)))"
      }
      let far = Far(host: host, used: text(net), nearest: text(near))
      ranksOf[far, default: []].insert(rank)
    }
    let sorted = ranksOf.sorted {
      ($0.value.min() ?? 0, $0.key.used) < ($1.value.min() ?? 0, $1.key.used)
    }
    for (far, numbers) in sorted {
      add(
        "nic-not-nearest", .warning,
        "\(numbers.count == 1 ? "A rank uses" : "Ranks use") a network device farther from the GPU than need be.",
        at: "rank \(RangeText.text(numbers.sorted())), host \(join.fit.hostNames[far.host] ?? "")",
        evidence: "\(far.used) is used; nearest is \(far.nearest)",
        do:
          "Check NCCL_IB_HCA, CUDA_VISIBLE_DEVICES and the order of devices in containers, and that the nearer device works."
      )
    }
  }
}
