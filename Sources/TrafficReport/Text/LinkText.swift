// SPDX-License-Identifier: Apache-2.0

internal import TrafficAnalysis

/// Words for links of machines and what they carried.
enum LinkText {
  /// The busiest physical link: the one whose busier direction takes longest at its full rate; where
  /// no rate is known, the one with most bytes in a direction.
  ///
  /// - Returns: Its row, and the seconds where the rate is known.
  static func busiest(_ rows: [LinkRow]) -> (row: LinkRow, seconds: Double?)? {
    var best: (row: LinkRow, seconds: Double?)?
    for row in rows where row.kind.isPhysical {
      let seconds = seconds(row)
      if let known = best {
        let isLonger = (seconds ?? -1) > (known.seconds ?? -1)
        let isLarger =
          seconds == nil && known.seconds == nil && busierBytes(row) > busierBytes(known.row)
        guard isLonger || isLarger else { continue }
      }
      best = (row, seconds)
    }
    return best
  }

  /// Bytes in the busier direction.
  static func busierBytes(_ row: LinkRow) -> UInt64 { max(row.sentBytes, row.receivedBytes) }

  /// Seconds that the busier direction takes at the full rate.
  static func seconds(_ row: LinkRow) -> Double? {
    guard let bandwidth = row.bandwidth, bandwidth > 0 else { return nil }
    return Double(busierBytes(row)) / (bandwidth * 1e9)
  }

  /// `3.61 ms`, `1.29 s`.
  static func duration(_ seconds: Double) -> String {
    let (value, unit) =
      seconds >= 1 || seconds == 0
      ? (seconds, "s") : seconds >= 1e-3 ? (seconds * 1e3, "ms") : (seconds * 1e6, "µs")
    let places = value >= 100 ? 0 : value >= 10 ? 1 : 2
    return "\(Quantity.fixed(value, places: places)) \(unit)"
  }

  /// What people call a kind of link.
  static func name(_ kind: LinkRow.Kind) -> String {
    switch kind {
    case .nodePair: "node to node"
    case .networkDevice: "network device"
    case .peerToPeer: "peer to peer"
    case .sharedMemory: "shared memory"
    case .onNode: "on the node"
    case .nvlink: "NVLink"
    case .xgmi: "xGMI"
    case .c2c: "C2C"
    case .gpuPCIe: "PCIe of GPUs"
    case .nicPCIe: "PCIe of NICs"
    case .switchPCIe: "PCIe of switches"
    case .interSocket: "Between NUMA nodes"
    case .nic: "NICs"
    }
  }

  /// One link with its kind: `NVLink of GPU/0-1b000`, `NIC mlx5_0`.
  static func name(_ row: LinkRow) -> String {
    switch row.kind {
    case .nvlink, .xgmi, .c2c: "\(name(row.kind)) of \(row.link)"
    case .gpuPCIe, .nicPCIe, .switchPCIe: "PCIe link of \(row.link)"
    case .interSocket: "link \(row.link)"
    case .nic: "NIC \(row.link)"
    default: row.link
    }
  }

  /// The line of the digest: what is placed, and the busiest link of the job.
  static func digest(_ summary: TrafficSummary) -> String? {
    guard let machine = summary.machine else { return nil }
    let (all, described) = machine.nodes
    var text = "topology: \(described) of \(Quantity.counted(all, "node"))"
    guard let (row, seconds) = busiest(summary.links) else {
      return text + ", no traffic on its links"
    }
    text += "; busiest link: \(name(row)) on node \(row.node), "
    text += Quantity.bytes(busierBytes(row)) + " one way"
    if let seconds, let bandwidth = row.bandwidth {
      text += ", \(duration(seconds)) at \(TopologyText.bandwidth(bandwidth))"
    }
    return text
  }
}
