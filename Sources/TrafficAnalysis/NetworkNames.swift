// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// Which network device of a topology the log means by a number.
///
/// The log's own list (`NET/IB : Using [0]mlx5_0:1/RoCE [1]mlx5_1:1/RoCE`) gives the number a name,
/// which counts; without it the number is the `dev` of `<net>`.
struct NetworkNames {
  /// What a number stands for.
  enum Device: Equatable {
    /// An index into the topology's network devices.
    case net(Int)
    /// The log has a name that the topology does not have.
    case absent(name: String)
    /// Neither the log nor the topology says what it is.
    case unknown
  }

  /// Names by network (`NET/IB`) and number, of each process.
  private var listed: [Int: [String: [Int: String]]] = [:]

  /// Reads the lists of all processes.
  init(_ table: ProcessTable) {
    for (process, record) in table.records.enumerated() {
      for notice in record.facts.notices where notice.level == .info {
        for network in ["NET/IB", "NET/Socket"] where notice.text.hasPrefix(network + " : Using") {
          listed[process, default: [:]][network] = Self.names(in: notice.text)
        }
      }
    }
  }

  /// The names of a list by number: `[0]mlx5_0:1/IB [1]mlx5_1:1/IB [RO]; OOB eth0:10.0.0.1<0>`.
  ///
  /// Ports used as one (`[0]={[0] mlx5_0:1/IB, [1] mlx5_1:1/IB}`) have no name in a topology.
  static func names(in line: String) -> [Int: String] {
    let list = line.prefix { $0 != ";" }
    guard !list.contains("{") else { return [:] }
    var names: [Int: String] = [:]
    for part in list.split(separator: "[").dropFirst() {
      guard let end = part.firstIndex(of: "]"), let number = Int(part[..<end]), number >= 0
      else { continue }
      let name = part[part.index(after: end)...].prefix { $0 != ":" && $0 != " " }
      if !name.isEmpty { names[number] = String(name) }
    }
    return names
  }

  /// The name that a process's log gives a device.
  func name(_ transport: TransportName, process: Int) -> String? {
    guard let number = transport.device, let end = transport.link.lastIndex(of: "/") else {
      return nil
    }
    return listed[process]?[String(transport.link[..<end])]?[number]
  }

  /// Looks a device up.
  ///
  /// - Complexity: O(network devices of the topology).
  func device(
    _ transport: TransportName, process: Int, in topology: Topology, host: Int
  ) -> Device {
    guard let number = transport.device else { return .unknown }
    let nets = topology.nets.indices.filter {
      topology.host(ofNet: $0) == host && !topology.nets[$0].isCollNet
    }
    if let name = name(transport, process: process) {
      return nets.first { topology.nets[$0].name == name }.map(Device.net)
        ?? (nets.contains { topology.nets[$0].name != nil }
          ? .absent(name: name) : byNumber(number, nets, topology))
    }
    return byNumber(number, nets, topology)
  }

  private func byNumber(_ number: Int, _ nets: [Int], _ topology: Topology) -> Device {
    nets.first { topology.nets[$0].device == number }.map(Device.net) ?? .unknown
  }
}
