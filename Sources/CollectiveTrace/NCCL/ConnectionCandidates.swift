// SPDX-License-Identifier: Apache-2.0

/// What connections are opened for: each purpose has connections of its own.
struct ConnectionPurpose: OptionSet, BitwiseCopyable {
  let rawValue: UInt8
  /// Rings and trees.
  static let collective = Self(rawValue: 1)
  /// Sends and receives, and the collectives that are made of them.
  static let pointToPoint = Self(rawValue: 2)
  /// A line that does not tell.
  static let any: Self = [.collective, .pointToPoint]
}

/// The communicators of one GPU that may be opening connections now.
///
/// From 2.22 on NCCL connects ranks when a communicator first needs it (sends and receives: always
/// so). The lines come from a thread of their own and name no communicator, but their time does:
/// after the operation lines of the call or group that needs them, and before it returns. So the
/// communicator is one whose first operation came since the last connections, or, when an old one
/// needs more (a tree after a ring, another peer), the one used last. A group may use several.
struct ConnectionCandidates: BitwiseCopyable {
  /// Most first uses remembered; with more nothing is decided.
  static let maximumFirstUses = 8

  private struct Use: BitwiseCopyable {
    var communicator: Int32 = -1
    var purpose = ConnectionPurpose.any
  }

  /// Number of the stretch of operations between connections, from 0.
  private(set) var stretch: UInt32 = 0
  private var isConnecting = false
  private var firstUses = InlineArray<8, Use>(repeating: Use())
  private var firstUseCount = 0
  private var last = Use()
  private var lastCollective: Int32 = -1
  private var lastPointToPoint: Int32 = -1
  /// The last use as one number, so that the same again is told by one comparison.
  var lastKey = UInt64.max
  /// Communicators of the GPU that have begun and not ended, and the newest.
  var openCommunicators = 0
  var newest: Int32 = -1

  /// Notes an operation; `isFirst` on a communicator that may have to connect for it.
  mutating func use(_ communicator: Int32, for purpose: ConnectionPurpose, isFirst: Bool) {
    if isConnecting {
      isConnecting = false
      firstUseCount = 0
      stretch &+= 1
    }
    last = Use(communicator: communicator, purpose: purpose)
    if isFirst {
      if firstUseCount < Self.maximumFirstUses { firstUses[firstUseCount] = last }
      firstUseCount += 1
    }
    if purpose == .collective {
      lastCollective = communicator
    } else {
      lastPointToPoint = communicator
    }
  }

  /// Notes that connections were opened: what was used before will not be the cause of later ones.
  mutating func connect() {
    isConnecting = true
    lastKey = .max
  }

  /// The communicators that may be connecting; none when there are too many.
  func candidates(for purpose: ConnectionPurpose) -> [Int32] {
    guard last.communicator >= 0 else {
      // Without operation lines only the one communicator of a GPU can be told.
      return openCommunicators == 1 ? [newest] : []
    }
    guard firstUseCount <= Self.maximumFirstUses else { return [] }
    var found: [Int32] = []
    for index in 0..<firstUseCount where !firstUses[index].purpose.isDisjoint(with: purpose) {
      let communicator = firstUses[index].communicator
      if !found.contains(communicator) { found.append(communicator) }
    }
    let latest =
      purpose == .collective
      ? lastCollective : purpose == .pointToPoint ? lastPointToPoint : last.communicator
    if latest >= 0, !found.contains(latest) { found.append(latest) }
    return found
  }
}

extension FactStore {
  /// Notes that a thread uses a communicator; called when it is not the same use as the last.
  @inline(never)
  mutating func noteUse(
    of communicator: Int, for purpose: ConnectionPurpose, thread: Int, lane: Int
  ) {
    lanes[lane].connections.lastKey = Self.useKey(communicator, purpose, thread)
    threads[thread].makesCalls = true
    // A thread that calls has ended its init, although the line that says so may be lost.
    threads[thread].initialising = -1
    // A communicator of one rank never connects.
    guard communicators[communicator].size != 1 else { return }
    let isFirst = communicators[communicator].used.isDisjoint(with: purpose)
    if isFirst { communicators[communicator].used.formUnion(purpose) }
    // What was connected by its init need not be connected for collectives.
    let isConnected =
      purpose == .collective && facts[communicator].connections.contains { !$0.isDeduced }
    lanes[lane].connections.use(
      Int32(truncatingIfNeeded: communicator), for: purpose, isFirst: isFirst && !isConnected)
  }

  @inline(__always)
  static func useKey(_ communicator: Int, _ purpose: ConnectionPurpose, _ thread: Int) -> UInt64 {
    UInt64(UInt32(truncatingIfNeeded: thread)) << 32
      | UInt64(UInt32(truncatingIfNeeded: communicator << 1)) | UInt64(purpose.rawValue & 1)
  }

  /// The communicator for which a thread opens a connection, if only one can be.
  ///
  /// A thread that makes no calls works for one communicator from its first connection to the line
  /// that ends them; others may change with each call.
  ///
  /// - Parameters:
  ///   - thread: The thread that printed the line.
  ///   - purpose: What the line says the connection is for.
  ///   - fits: Whether what the line says may be said of a communicator.
  /// - Returns: Its index, or `nil` when there is none or more than one.
  mutating func communicatorConnecting(
    thread: Int, for purpose: ConnectionPurpose, fits: (Communicator, CommunicatorFacts) -> Bool
  ) -> Int? {
    guard let lane = knownLane(of: thread) else { return nil }
    lanes[lane].connections.connect()
    let stretch = lanes[lane].connections.stretch
    var choice = threads[thread].connecting
    let isSameStretch = threads[thread].connectingStretch == stretch
    if choice == Thread.notConnecting || choice == Thread.undecided && isSameStretch
      || threads[thread].makesCalls && !isSameStretch
    {
      let possible = lanes[lane].connections.candidates(for: purpose).filter {
        !communicators[Int($0)].ended && fits(communicators[Int($0)], facts[Int($0)])
      }
      choice = possible.count == 1 ? possible[0] : Thread.undecided
      threads[thread].connecting = choice
      threads[thread].connectingStretch = stretch
    }
    guard choice >= 0, !communicators[Int(choice)].ended,
      fits(communicators[Int(choice)], facts[Int(choice)])
    else { return nil }
    return Int(choice)
  }

  /// Notes the line that ends the connections of a thread (`Connected all rings`).
  mutating func endConnecting(thread: Int) {
    threads[thread].connecting = Thread.notConnecting
    if let lane = knownLane(of: thread) { lanes[lane].connections.connect() }
  }
}
