// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// Which topology describes which host, and which GPU of it each rank has.
///
/// A host takes the file that knows most of its GPUs by their PCI address; among equals one whose
/// name holds the host's name, then the one named first. A file of one host stands for every node
/// of its kind; of a file of several hosts each stands for one node, in order.
struct TopologyFit {
  /// A host of a topology file.
  struct Site: Hashable {
    /// Index in ``machines``.
    var machine: Int
    /// Index into the hosts of the file.
    var host: Int
  }

  /// The files, in the order in which they were given.
  let machines: [MachineTopology]
  /// The description of each host that has one, by the host's number.
  private(set) var siteOfHost: [Int: Site] = [:]
  /// The host that a host of a file stands for; where it stands for several, one of them.
  private(set) var hostOfSite: [Site: Int] = [:]
  /// The GPU of each endpoint that could be placed, as an index into the topology's GPUs.
  private(set) var gpuOfEndpoint: [Int: Int] = [:]
  /// The PCI address of each endpoint that the log tells.
  let busOfEndpoint: [Int: BusID]
  /// Names of the hosts, by number.
  let hostNames: [Int: String]
  /// Hosts that could be any of several hosts of a file.
  private(set) var hasGuessedHosts = false

  /// Finds the description of every host.
  ///
  /// - Complexity: O(endpoints x files + GPUs of all files).
  init(_ machines: [MachineTopology], _ endpoints: Endpoints, _ table: ProcessTable, hosts: [Int]) {
    self.machines = machines
    var buses: [Int: BusID] = [:]
    var names: [Int: String] = [:]
    for (endpoint, seat) in endpoints.all.enumerated() {
      names[hosts[endpoint]] = table.records[seat.process].facts.host
      buses[endpoint] = seat.instances.lazy.compactMap { endpoints.instances[$0].facts.busID }
        .first.map { BusID(rawValue: $0) }
    }
    busOfEndpoint = buses
    hostNames = names
    let gpus = machines.map { machine in
      var places: [Int: [BusID: Int]] = [:]
      for index in machine.topology.gpus.indices {
        let bus = machine.topology.gpus[index].bus
        let host = machine.topology.host(ofGPU: index)
        places[host, default: [:]][bus] = places[host]?[bus] ?? index
      }
      return places
    }
    let endpointsOfHost = Dictionary(grouping: buses.keys, by: { hosts[$0] })
    var taken: Set<Site> = []
    for host in names.keys.sorted(by: { (names[$0] ?? "", $0) < (names[$1] ?? "", $1) }) {
      let own = endpointsOfHost[host] ?? []
      var best: (site: Site, known: Int, isNamed: Bool)?
      var rivals = 0
      for (index, places) in gpus.enumerated() {
        let isNamed = Self.isNamed(names[host] ?? "", in: machines[index].file)
        for (place, known) in places.sorted(by: { $0.key < $1.key }) {
          let site = Site(machine: index, host: place)
          guard places.count == 1 || !taken.contains(site) else { continue }
          let count = own.count { endpoint in buses[endpoint].map { known[$0] != nil } ?? false }
          guard count > 0 else { continue }
          if let best, (best.known, best.isNamed ? 1 : 0) >= (count, isNamed ? 1 : 0) {
            if best.site.machine == index, best.known == count { rivals += 1 }
            continue
          }
          best = (site, count, isNamed)
          rivals = 0
        }
      }
      guard let site = best?.site else { continue }
      if rivals > 0 { hasGuessedHosts = true }
      taken.insert(site)
      siteOfHost[host] = site
      hostOfSite[site] = hostOfSite[site] ?? host
      for endpoint in own {
        gpuOfEndpoint[endpoint] = buses[endpoint].flatMap { gpus[site.machine][site.host]?[$0] }
      }
    }
  }

  /// Whether a file's name holds a host's name as a word, as in `topo.node1.xml`.
  static func isNamed(_ host: String, in file: String) -> Bool {
    guard !host.isEmpty else { return false }
    func isInside(_ character: Character?) -> Bool {
      character.map { $0.isLetter || $0.isNumber } ?? false
    }
    return file.ranges(of: host).contains { range in
      let before =
        range.lowerBound > file.startIndex
        ? file[file.index(before: range.lowerBound)] : nil
      let after = range.upperBound < file.endIndex ? file[range.upperBound] : nil
      return !isInside(before) && !isInside(after)
    }
  }
}
