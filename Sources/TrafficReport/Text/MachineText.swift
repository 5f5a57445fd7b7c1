// SPDX-License-Identifier: Apache-2.0

internal import TrafficAnalysis

/// Words for the machine as the log tells it.
enum MachineText {
  private static let shownTransports = 4

  /// The line of the digest: nodes, GPUs, network devices, and how ranks reach each other.
  static func digest(_ summary: TrafficSummary) -> String? {
    let logged = summary.devices.filter { $0.source != .topology }
    guard !logged.isEmpty else { return nil }
    let gpus = logged.filter { $0.kind == .gpu }
    let nics = logged.filter { $0.kind == .nic }
    var parts = [
      "machine: \(Quantity.counted(Set(logged.map(\.node)).count, "node")), "
        + Quantity.counted(gpus.count, "GPU")
    ]
    if !nics.isEmpty {
      let used = nics.count { !$0.ranks.isEmpty }
      parts.append(
        used == 0
          ? "no network device in use"
          : "\(Quantity.count(used)) of \(Quantity.counted(nics.count, "network device")) in use")
    }
    let ways = transports(gpus)
    if !ways.isEmpty {
      let shown = ways.prefix(shownTransports).map {
        PlainText.shortened(PlainText.printable($0), to: 40)
      }
      let others = ways.count - shown.count
      parts.append(
        "by \(shown.joined(separator: ", "))" + (others > 0 ? " and \(others) more" : ""))
    }
    return parts.joined(separator: "; ")
  }

  /// Transports of GPUs, those that most of them have first.
  private static func transports(_ gpus: [DeviceRow]) -> [String] {
    var count: [String: Int] = [:]
    for name in gpus.flatMap(\.transports) { count[name, default: 0] += 1 }
    return count.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
  }
}
