// SPDX-License-Identifier: Apache-2.0

/// How the ranks of a communicator are connected: rings, trees and transports.
extension NCCLLogReader {
  /// What a message says about wiring.
  enum Wiring {
    /// It added to the facts of a communicator.
    case used
    /// It is about wiring, but of which communicator is not known, or there is no room for more.
    case unused
    /// It is about something else.
    case other
  }

  /// Most different edges, and connections, that one file may have.
  private static let maximumEdges = 1 << 18

  /// Reads a ring, a tree or a connection; the message matches a format of the catalogue.
  ///
  /// A transport has no end of its own, so that of a message that may be cut is not used.
  mutating func readWiring(
    _ message: TextCursor, thread: Int, process: Int, isCut: Bool
  ) -> Wiring {
    var text = message
    if text.skip("Channel ") || text.skip("Ring ") {
      guard text.decimal() != nil else { return .other }
      var second: UInt64?
      if text.skip("/") { second = text.decimal() }
      text.skipBlanks()
      guard text.skip(":") else { return .other }
      let communicator = communicator(wiredBy: message, thread: thread, process: process)
      if text.find(" via ") != nil {
        let outcome =
          isCut ? .unused : connection(&text, index: second, communicator, thread: thread)
        if outcome == .unused { ledger.unplacedConnections += 1 }
        return outcome
      }
      return text.find("->") == nil ? ring(&text, communicator) : neighbours(&text, communicator)
    }
    if text.skip("Trees [") {
      text.position -= 1
      return trees(
        &text, communicator(wiredBy: message, thread: thread, process: process))
    }
    // The last line of a thread that connects; it must be seen each time, so it is not remembered.
    if text.skip("Connected "), !text.starts(with: "to proxy") {
      store.endConnecting(thread: thread)
      return .unused
    }
    return .other
  }

  /// The communicator that RCCL names at the end of the line, else the one the thread initialises.
  private func communicator(wiredBy message: TextCursor, thread: Int, process: Int) -> Int? {
    if let mark = message.find(" comm 0x") {
      var text = message
      text.position = mark + 6
      return text.pointer().flatMap { store.communicator(pointer: $0, process: process) }
    }
    let communicator = Int(store.threads[thread].initialising)
    return communicator >= 0 ? communicator : nil
  }

  /// Reads ` 0 1 2 3`: the ring of a channel, printed by rank 0 and cut when it is long.
  private mutating func ring(_ text: inout TextCursor, _ communicator: Int?) -> Wiring {
    guard let communicator else { return .unused }
    var ranks: [Int] = []
    while true {
      text.skipBlanks()
      guard let rank = text.decimal() else { break }
      ranks.append(Int(clamping: rank))
    }
    guard ranks.count > 1, ranks.count == Int(store.communicators[communicator].size) else {
      return .unused
    }
    for (place, rank) in ranks.enumerated() {
      let next = ranks[place + 1 == ranks.count ? 0 : place + 1]
      guard add(rank, next, .ring, communicator) else { return .unused }
    }
    return .used
  }

  /// Reads ` 5 -> 0 -> 3`: this rank between its neighbours on a ring.
  private mutating func neighbours(_ text: inout TextCursor, _ communicator: Int?) -> Wiring {
    text.skipBlanks()
    guard let communicator, text.signed() != nil, text.skip(" -> "), let rank = text.signed(),
      text.skip(" -> "), let next = text.signed(), rank >= 0, next >= 0,
      add(rank, next, .ringNext, communicator)
    else { return .unused }
    return .used
  }

  /// Reads `[0] 1/4/-1->0->-1 [1] ...`: this rank's place in each tree.
  ///
  /// The side with slashes is below: 2.4 wrote `up->rank->down/down/down`, 2.5 to 2.7 both forms
  /// with a bar between, 2.8 and later `down/down/down->rank->up`.
  private mutating func trees(_ text: inout TextCursor, _ communicator: Int?) -> Wiring {
    guard let communicator else { return .unused }
    var channels = 0
    while text.skip("["), text.decimal() != nil, text.skip("] ") {
      var sides: [[Int]] = []
      repeat {
        var side: [Int] = []
        repeat {
          guard let rank = text.signed() else { break }
          side.append(rank)
        } while text.skip("/")
        sides.append(side)
      } while text.skip("->")
      // A line that was cut ends inside its last channel.
      guard sides.count == 3, let rank = sides[1].first, sides[1].count == 1,
        let up = sides[0].count == 1 ? sides[0].first : sides[2].first,
        sides[0].count == 1 || sides[2].count == 1
      else { break }
      channels += 1
      if up >= 0, rank >= 0, !add(rank, up, .treeUp, communicator) { return .unused }
      if text.next == 0x7C {
        while !text.isAtEnd, text.next != 0x20 { text.position += 1 }
      }
      text.skipBlanks()
    }
    store.facts[communicator].treeChannels += channels
    return channels > 0 ? .used : .unused
  }

  /// Reads ` 0[0] -> 4[0] [send] via NET/IB/0/GDRDMA`.
  ///
  /// Without a communicator the line must be one that a candidate's rank prints: the sender, or the
  /// receiver of a `[receive]`, on its own device.
  private mutating func connection(
    _ text: inout TextCursor, index: UInt64?, _ named: Int?, thread: Int
  ) -> Wiring {
    text.skipBlanks()
    guard let source = text.decimal(), let sourceDevice = device(&text), text.skip(" -> "),
      let target = text.decimal(), let targetDevice = device(&text),
      let mark = text.find(" via ")
    else { return .unused }
    let isReceive = text.find("[receive]").map { $0 < mark } ?? false
    // RCCL names the communicator; one that is not known is not another one.
    let name = text.find(" comm 0x", from: mark)
    let end = name ?? text.end
    var row = ConnectionFacts(
      source: Int(clamping: source), target: Int(clamping: target),
      transport: text.text(from: mark + 5, to: end, limit: 80), isReceive: isReceive,
      isPointToPoint: index ?? 0 > 0)
    var found = named
    if named == nil, name == nil {
      let (own, peer) = isReceive ? (row.target, row.source) : (row.source, row.target)
      let (label, peerLabel) =
        isReceive ? (targetDevice, sourceDevice) : (sourceDevice, targetDevice)
      found = communicatorConnecting(
        thread, index.map { $0 > 0 ? .pointToPoint : .collective } ?? .any, rank: own, peer: peer,
        label)
      row.isDeduced = true
      row.peerDevice = peerLabel.digits
    }
    guard let communicator = found else {
      addUnplaced(row.transport, thread: thread)
      return .unused
    }
    let key = ConnectionKey(communicator: communicator, connection: row)
    if let known = connections[key] {
      store.facts[communicator].connections[known].channels += 1
      return .used
    }
    guard connections.count < Self.maximumEdges else { return .unused }
    connections[key] = store.facts[communicator].connections.count
    store.facts[communicator].connections.append(row)
    return .used
  }

  /// Counts a connection for its GPU alone: the machine is known where the communicator is not.
  private mutating func addUnplaced(_ transport: String, thread: Int) {
    let process = store.process(of: thread)
    let device = store.threads[thread].device
    let key = UnplacedKey(process: process, device: device, transport: transport)
    if let known = unplaced[key] {
      store.processes[process].unplacedConnections[known].channels += 1
    } else if unplaced.count < Self.maximumEdges {
      unplaced[key] = store.processes[process].unplacedConnections.count
      store.processes[process].unplacedConnections.append(
        UnplacedConnection(
          device: device >= 0 ? Int(device) : nil, transport: transport, channels: 1))
    }
  }

  /// The communicator that a thread connects, where its own rank and device are as the line says.
  private mutating func communicatorConnecting(
    _ thread: Int, _ purpose: ConnectionPurpose, rank: Int, peer: Int, _ label: Device
  ) -> Int? {
    let head = store.threads[thread].device
    return store.communicatorConnecting(thread: thread, for: purpose) { known, facts in
      guard Int(known.rank) == rank, rank != peer, peer < Int(known.size) else { return false }
      if let ordinal = facts.cudaDevice, head >= 0, Int(head) != ordinal { return false }
      return label.digits?.fits(nvmlDevice: facts.nvmlDevice, busID: facts.busID) ?? true
    }
  }

  /// What stands in brackets after a rank; 2.3 printed nothing.
  private struct Device {
    var digits: DeviceLabel?
  }

  /// Reads the device after a rank: `[3]`, `[1b000]`, or nothing; `nil` for a damaged one.
  private func device(_ text: inout TextCursor) -> Device? {
    guard text.skip("[") else { return Device() }
    guard let digits = text.hex(), text.skip("]") else { return nil }
    return Device(digits: DeviceLabel(digits: digits))
  }

  /// Counts one more channel of an edge, unless there are too many edges.
  private mutating func add(
    _ source: Int, _ target: Int, _ kind: EdgeFacts.Kind, _ communicator: Int
  ) -> Bool {
    let key = EdgeKey(
      communicator: communicator, source: source, target: target, kind: kind)
    if let known = edges[key] {
      store.facts[communicator].edges[known].channels += 1
      return true
    }
    guard edges.count < Self.maximumEdges else { return false }
    edges[key] = store.facts[communicator].edges.count
    store.facts[communicator].edges.append(EdgeFacts(kind, source: source, target: target))
    return true
  }

  /// Finds an edge again.
  struct EdgeKey: Hashable {
    var communicator: Int
    var source: Int
    var target: Int
    var kind: EdgeFacts.Kind
  }

  /// Finds an unplaced connection again.
  struct UnplacedKey: Hashable {
    var process: Int
    var device: Int32
    var transport: String
  }

  /// Finds a connection again.
  struct ConnectionKey: Hashable {
    var communicator: Int
    var source: Int
    var target: Int
    var transport: String
    var isReceive: Bool
    var isPointToPoint: Bool
    var peerDevice: DeviceLabel?

    init(communicator: Int, connection row: ConnectionFacts) {
      self.communicator = communicator
      (source, target, transport) = (row.source, row.target, row.transport)
      (isReceive, isPointToPoint) = (row.isReceive, row.isPointToPoint)
      peerDevice = row.peerDevice
    }
  }
}
