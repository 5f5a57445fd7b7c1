// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// Checks connections whose line names no communicator against the log of the other end.
///
/// A reader of one file knows the rank that printed the line; whether the rank at the other end has
/// the device that the line shows, only all files together tell. A line of another communicator
/// gives itself away so, unless the two have the same GPUs in these places, and then it does not
/// matter to links.
struct ConnectionCheck {
  /// Lines that were taken for a communicator because of their time.
  private(set) var deduced = 0
  /// Those of them that the other end's log contradicts; they are not used.
  private(set) var contradicted = 0

  /// Checks one communicator's connections and drops those that cannot be its own.
  ///
  /// - Complexity: O(views + connections).
  mutating func check(_ views: [Instance]) {
    guard views.contains(where: { $0.connections.contains(where: \.isDeduced) }) else { return }
    var facts: [Int: CommunicatorFacts] = [:]
    for view in views {
      if let rank = view.rank { facts[rank] = view.facts }
    }
    for view in views {
      view.connections.removeAll { row in
        guard row.isDeduced else { return false }
        deduced.add(row.channels)
        let peer = row.isReceive ? row.source : row.target
        guard let label = row.peerDevice, let known = facts[peer],
          !label.fits(nvmlDevice: known.nvmlDevice, busID: known.busID)
        else { return false }
        contradicted.add(row.channels)
        return true
      }
    }
  }
}

extension Int {
  fileprivate mutating func add(_ other: Int) {
    let (sum, overflow) = addingReportingOverflow(other)
    self = overflow ? .max : sum
  }
}
