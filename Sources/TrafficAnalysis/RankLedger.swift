// SPDX-License-Identifier: Apache-2.0

/// Calls and bytes of every GPU, added up over its communicators.
struct RankLedger {
  /// The sums of one GPU.
  struct Entry {
    var calls: UInt64 = 0
    var sent: UInt64 = 0
    var received: UInt64 = 0
    /// `nil` once a part could not be placed.
    var intraNode: UInt64? = 0
    /// `nil` once a part could not be placed.
    var interNode: UInt64? = 0
  }

  /// One entry per endpoint.
  private(set) var entries: [Entry]

  /// Opens empty accounts.
  init(count: Int) { entries = Array(repeating: Entry(), count: count) }

  /// Counts API calls of a GPU.
  mutating func addCalls(_ calls: UInt64, endpoint: Int) { entries[endpoint].calls.add(calls) }

  /// Charges bytes that go from one GPU to another; `nil` stands for a rank that was not seen.
  mutating func move(_ bytes: UInt64, from source: Int?, to target: Int?, crosses: Bool?) {
    guard bytes > 0 else { return }
    if let source {
      entries[source].sent.add(bytes)
      switch crosses {
      case .some(true): entries[source].interNode.add(bytes)
      case .some(false): entries[source].intraNode.add(bytes)
      case .none:
        entries[source].intraNode = nil
        entries[source].interNode = nil
      }
    }
    if let target { entries[target].received.add(bytes) }
  }

  /// Charges a rank with bytes of which `interNode` cross nodes and as many arrive as leave.
  mutating func exchange(_ bytes: UInt64, interNode: UInt64?, endpoint: Int) {
    guard bytes > 0 else { return }
    entries[endpoint].sent.add(bytes)
    entries[endpoint].received.add(bytes)
    entries[endpoint].interNode.add(interNode)
    entries[endpoint].intraNode.add(interNode.map { bytes.minus($0) })
  }
}
