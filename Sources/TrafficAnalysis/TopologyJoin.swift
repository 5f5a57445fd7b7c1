// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// Traffic and machines together: ranks on their GPUs, bytes on physical links.
struct TopologyJoin {
  let fit: TopologyFit
  let names: NetworkNames
  let uses: [LinkLoads.Attachment: NetworkUse]
  let links: PhysicalLinks
  let hosts: [Int]

  /// Joins; `nil` when there is no topology.
  init?(
    _ machines: [MachineTopology], _ loads: LinkLoads, _ analysed: [AnalysedCommunicator],
    _ endpoints: Endpoints, _ table: ProcessTable, hosts: [Int]
  ) {
    guard !machines.isEmpty else { return nil }
    self.hosts = hosts
    fit = TopologyFit(machines, endpoints, table, hosts: hosts)
    names = NetworkNames(table)
    uses = NetworkUse.all(analysed, endpoints)
    links = PhysicalLinks(loads, fit, names, uses, endpoints, hosts: hosts)
  }

  /// Adds places to ranks, and links to links.
  func add(to summary: inout TrafficSummary, _ ranks: GlobalRanks, nodeOfHost: [Int: Int]) {
    var endpointOfRank: [Int: Int] = [:]
    for (endpoint, rank) in ranks.rank.enumerated() {
      if let rank { endpointOfRank[rank] = endpointOfRank[rank] ?? endpoint }
    }
    for index in summary.ranks.indices {
      guard let endpoint = endpointOfRank[summary.ranks[index].rank],
        let site = fit.siteOfHost[hosts[endpoint]], let gpu = fit.gpuOfEndpoint[endpoint]
      else { continue }
      let machine = fit.machines[site.machine]
      let topology = machine.topology
      let numa = topology.processors[topology.processor(of: topology.gpus[gpu].parent)].numa
      summary.ranks[index].numaNode = numa < 0 ? nil : numa
      summary.ranks[index].nearestNICs = machine.paths.nearestNets(toGPU: gpu).map {
        topology.nets[$0].name ?? topology.label(net: $0)
      }
    }
    links.describe(&summary.links, ranks, nodeOfHost: nodeOfHost)
    summary.links += links.rows(ranks, nodeOfHost: nodeOfHost)
    summary.machine = busiest(ranks, nodeOfHost: nodeOfHost)
  }

  /// The node whose links carried most.
  private func busiest(_ ranks: GlobalRanks, nodeOfHost: [Int: Int]) -> MachineLoad? {
    var best: (bytes: UInt64, node: Int, host: Int)?
    for (host, node) in nodeOfHost where fit.siteOfHost[host] != nil {
      let bytes = links.loads(ofHost: host).values.reduce(UInt64(0)) {
        $0.adding($1.sentBytes).adding($1.receivedBytes)
      }
      if let best, (best.bytes, node) >= (bytes, best.node) { continue }
      best = (bytes, node, host)
    }
    guard let best, let site = fit.siteOfHost[best.host] else { return nil }
    var ranksOfGPU: [Int: [Int]] = [:]
    for (endpoint, gpu) in fit.gpuOfEndpoint where hosts[endpoint] == best.host {
      if let rank = ranks.rank[endpoint] { ranksOfGPU[gpu, default: []].append(rank) }
    }
    return MachineLoad(
      machine: fit.machines[site.machine], host: site.host, node: best.node,
      hostName: fit.hostNames[best.host] ?? "",
      nodes: (all: Set(hosts).count, described: fit.siteOfHost.count),
      ranksOfGPU: ranksOfGPU.mapValues { $0.sorted() }, loads: links.loads(ofHost: best.host))
  }

  // MARK: - Coverage

  /// Hosts that no topology describes, by name.
  private var undescribed: [String] {
    Set(hosts).filter { fit.siteOfHost[$0] == nil }.map { fit.hostNames[$0] ?? "" }.sorted()
  }

  /// What a reader must know of the join.
  func statements() -> [String] {
    let nodes = Set(hosts).count
    let described = nodes - undescribed.count
    let names = undescribed.prefix(4).joined(separator: ", ")
    var text =
      "A topology describes \(described) of \(CoverageStatement.counted(nodes, "node"))"
      + (undescribed.isEmpty || described == 0
        ? "" : " (not \(names)\(undescribed.count > 4 ? ", ..." : ""))")
    text += " and the GPUs of \(fit.gpuOfEndpoint.count) of "
    text += "\(CoverageStatement.counted(hosts.count, "rank"))."
    var lines = [text]
    if fit.hasGuessedHosts {
      lines.append(
        "Which host of a topology file is which node is assumed by their order: their PCI addresses are the same."
      )
    }
    if links.unplacedBytes > 0 {
      lines.append(
        "\(links.unplacedBytes) bytes are on no physical link: their GPU or network device is in no topology."
      )
    }
    if links.assumedBytes > 0 {
      let all = links.assumedBytes == links.placedBytes
      lines.append(
        "The way of \(all ? "all" : "\(links.assumedBytes) of \(links.placedBytes)") bytes over physical links is assumed from the topology's path table: the logs tell no transport (via P2P, via NET) of their communicators."
      )
    }
    return lines
  }
}
