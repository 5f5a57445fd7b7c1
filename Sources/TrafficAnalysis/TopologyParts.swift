// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// A GPU or network device of a topology that describes a node.
struct TopologyPart: Hashable {
  /// The node, as a host of the job.
  var host: Int
  /// Whether it is a GPU.
  var isGPU: Bool
  /// Index into the topology's GPUs or network devices.
  var index: Int
}

extension TopologyJoin {
  /// GPUs and network devices of all nodes that have a description, in order.
  var parts: [TopologyPart] {
    fit.siteOfHost.sorted { $0.key < $1.key }.flatMap { host, site in
      let topology = fit.machines[site.machine].topology
      let gpus = topology.gpus.indices.filter { topology.host(ofGPU: $0) == site.host }
      return gpus.map { TopologyPart(host: host, isGPU: true, index: $0) }
        + nets(site).map { TopologyPart(host: host, isGPU: false, index: $0) }
    }
  }

  /// A part's name in the topology: NCCL's, or that of a network device.
  func name(of part: TopologyPart) -> String? {
    guard let site = fit.siteOfHost[part.host] else { return nil }
    let topology = fit.machines[site.machine].topology
    return part.isGPU
      ? topology.label(gpu: part.index)
      : topology.nets[part.index].name ?? topology.label(net: part.index)
  }

  /// The GPU of an endpoint.
  func gpu(ofEndpoint endpoint: Int) -> TopologyPart? {
    fit.gpuOfEndpoint[endpoint].map {
      TopologyPart(host: hosts[endpoint], isGPU: true, index: $0)
    }
  }

  /// A network device by the name that the log gives it (`mlx5_0:1/IB`), else by its number.
  func net(_ number: Int, named name: String?, host: Int) -> TopologyPart? {
    guard let site = fit.siteOfHost[host] else { return nil }
    let topology = fit.machines[site.machine].topology
    let nets = nets(site)
    let hasNames = nets.contains { topology.nets[$0].name != nil }
    let found =
      if let name, hasNames {
        nets.first { topology.nets[$0].name == Self.device(name) }
      } else {
        nets.first { topology.nets[$0].device == number }
      }
    return found.map { TopologyPart(host: host, isGPU: false, index: $0) }
  }

  /// A listed name without its ports: `mlx5_0` of `mlx5_0:1/IB`, as topologies have it.
  static func device(_ listed: String) -> String {
    listed.split(separator: "+").map { $0.prefix { $0 != ":" } }.joined(separator: "+")
  }

  /// Network devices of a host of a file.
  private func nets(_ site: TopologyFit.Site) -> [Int] {
    let topology = fit.machines[site.machine].topology
    return topology.nets.indices.filter {
      topology.host(ofNet: $0) == site.host && !topology.nets[$0].isCollNet
    }
  }
}

extension FindingCollector {
  /// Network devices that NCCL lists and the topology has not, or the other way round.
  ///
  /// Devices that ranks use and the topology lacks have a finding of their own. Only names are
  /// compared, of the network that the ranks use: a file written by hand may have none.
  mutating func listedDevices(_ join: TopologyJoin, _ devices: [DeviceRow]) {
    let nics = Dictionary(grouping: devices.filter { $0.kind == .nic }, by: \.host)
    let parts = Dictionary(grouping: join.parts.filter { !$0.isGPU }, by: \.host)
    var networks: [Int: Set<String>] = [:]
    for (endpoint, seat) in endpoints.all.enumerated() {
      networks[join.hosts[endpoint], default: []]
        .formUnion(table.records[seat.process].facts.networks)
    }
    for (host, site) in join.fit.siteOfHost.sorted(by: { $0.key < $1.key }) {
      let name = join.fit.hostNames[host] ?? ""
      let listed = (nics[name] ?? []).filter { row in
        row.name != nil && row.network.map { networks[host]?.contains($0) ?? false } ?? false
      }
      let topology = join.fit.machines[site.machine].topology
      let inFile = (parts[host] ?? []).compactMap { topology.nets[$0.index].name }
      let inLog = listed.compactMap { $0.name.map(TopologyJoin.device) }
      let absent = listed.filter { $0.source == .log && $0.ranks.isEmpty }
        .compactMap { $0.name.map(TopologyJoin.device) }
      let unlisted = inFile.filter { !inLog.contains($0) }
      guard !inFile.isEmpty, !inLog.isEmpty, !absent.isEmpty || !unlisted.isEmpty else { continue }
      add(
        "topology-contradicts-log", .note,
        "NCCL lists other network devices on host \(name) than the topology has.",
        at: "host \(name), \(join.fit.machines[site.machine].file)",
        evidence: "the log lists \(Self.names(inLog)); the file has \(Self.names(inFile))",
        do: "Fine where NCCL_IB_HCA or a container leaves devices out; else dump the topology anew."
      )
    }
  }

  private static func names(_ names: [String]) -> String {
    let shown = Set(names).sorted()
    return shown.prefix(8).joined(separator: ", ")
      + (shown.count > 8 ? " and \(shown.count - 8) more" : "")
  }
}
