// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// How a GPU uses a network device, by the transport lines of all its communicators.
struct NetworkUse {
  /// The transport that most channels have.
  var name: TransportName
  /// The GPU whose proxy sends (PXN), as an endpoint.
  var proxy: Int?

  /// Collects the uses.
  ///
  /// - Complexity: O(transport lines).
  static func all(
    _ analysed: [AnalysedCommunicator], _ endpoints: Endpoints
  ) -> [LinkLoads.Attachment: NetworkUse] {
    struct Manner: Hashable {
      var transport: String
      var proxy: Int?
    }
    var channels: [LinkLoads.Attachment: [Manner: UInt64]] = [:]
    for own in analysed {
      for index in own.communicator.instances {
        for row in endpoints.instances[index].connections {
          let name = TransportName(row.transport)
          let end = row.isReceive ? row.target : row.source
          guard name.device != nil, let endpoint = own.placement.endpointOfRank[end] else {
            continue
          }
          let attachment = LinkLoads.Attachment(
            endpoint: endpoint, device: name.link, isSent: !row.isReceive)
          let manner = Manner(
            transport: row.transport,
            proxy: name.proxy.flatMap { own.placement.endpointOfRank[$0] })
          channels[attachment, default: [:]][manner, default: 0]
            .add(UInt64(clamping: row.channels))
        }
      }
    }
    return channels.compactMapValues { manners in
      manners.max { a, b in
        (a.value, b.key.transport, b.key.proxy ?? -1)
          < (b.value, a.key.transport, a.key.proxy ?? -1)
      }.map { NetworkUse(name: TransportName($0.key.transport), proxy: $0.key.proxy) }
    }
  }
}
