// SPDX-License-Identifier: Apache-2.0

/// Sends and receives that stand for one collective: which belong together, and what they are.
extension FactStore {
  /// Adds a send or receive to the open exchange, closing it before when the call cannot belong.
  mutating func add(_ member: Member, lane: Int) {
    let place = Int(member.peer) * 2 + (member.isSend ? 0 : 1)
    if lanes[lane].stamps[place] == lanes[lane].stamp {
      splitExchange(lane: lane)
      if lanes[lane].stamps[place] == lanes[lane].stamp { closeAndReopen(lane: lane) }
    }
    lanes[lane].stamps[place] = lanes[lane].stamp
    lanes[lane].members.append(member)
    // Complete with itself: nothing can follow in the same exchange.
    if lanes[lane].members.count == Int(lanes[lane].openSize) * 2 { closeExchange(lane: lane) }
  }

  /// A peer came twice in one direction: the calls gathered so far end one exchange or more.
  ///
  /// If they are a whole exchange, it ends here. Else frameworks that leave out empty pairs walk
  /// the peers in ascending order, so the last descent is where the next exchange began.
  private mutating func splitExchange(lane: Int) {
    let count = lanes[lane].members.count
    let size = Int(lanes[lane].openSize)
    var sends = 0
    var receives = 0
    var lastSend: Int32 = -1
    var lastReceive: Int32 = -1
    var lastDescent = 0
    for index in 0..<count {
      let member = lanes[lane].members[index]
      if member.isSend {
        if member.peer < lastSend { lastDescent = index }
        lastSend = member.peer
        sends += 1
      } else {
        if member.peer < lastReceive { lastDescent = index }
        lastReceive = member.peer
        receives += 1
      }
    }
    let isWhole = sends >= size - 1 && receives >= size - 1
    guard !isWhole, lastDescent > 0 else {
      closeAndReopen(lane: lane)
      return
    }
    var rest = RawBuffer<Member>(capacity: count - lastDescent)
    for index in lastDescent..<count { rest.append(lanes[lane].members[index]) }
    lanes[lane].members.truncate(to: lastDescent)
    closeAndReopen(lane: lane)
    for index in 0..<rest.count {
      let member = rest[index]
      lanes[lane].stamps[Int(member.peer) * 2 + (member.isSend ? 0 : 1)] = lanes[lane].stamp
      lanes[lane].members.append(member)
    }
  }

  private mutating func closeAndReopen(lane: Int) {
    let communicator = lanes[lane].openCommunicator
    let thread = lanes[lane].openThread
    let size = lanes[lane].openSize
    closeExchange(lane: lane)
    lanes[lane].open(communicator: Int(communicator), thread: Int(thread), size: size)
  }

  /// Ends the open exchange: finds its shape and counts its members.
  @inline(never)
  mutating func closeExchange(lane: Int) {
    let communicator = Int(lanes[lane].openCommunicator)
    let size = Int(lanes[lane].openSize)
    lanes[lane].openCommunicator = -1
    let count = lanes[lane].members.count
    guard count > 0 else { return }
    let rank = communicators[communicator].rank
    let first = lanes[lane].members[0]
    var sends = 0
    var receives = 0
    // Without an init line the own rank is the one peer that is both sent to and received from
    // with equal counts in a whole exchange; then all `size` peers appear in both directions.
    var sendsToSelf = 0
    var receivesFromSelf = 0
    var isEven = true
    var sent: UInt64 = 0
    var received: UInt64 = 0
    var toSelf: UInt64 = 0
    for index in 0..<count {
      let member = lanes[lane].members[index]
      if member.elementCount != first.elementCount || member.dataType != first.dataType {
        isEven = false
      }
      if member.isSend {
        sends += 1
        sent &+= member.elementCount
        if member.peer == rank {
          sendsToSelf += 1
          toSelf &+= member.elementCount
        }
      } else {
        receives += 1
        received &+= member.elementCount
        if member.peer == rank { receivesFromSelf += 1 }
      }
    }
    let includesSelf = sends == size && receives == size
    let others = size - 1
    let shape: ExchangeShape
    if includesSelf {
      shape = .allToAll
    } else if size > 2, sends - sendsToSelf == others, receives - receivesFromSelf == others {
      shape = .allToAll
    } else if size > 2, receives - receivesFromSelf == others, sends - sendsToSelf == 0 {
      shape = .fromAll
    } else if size > 2, sends - sendsToSelf == others, receives - receivesFromSelf == 0 {
      shape = .toAll
    } else if sends - sendsToSelf > 1 || receives - receivesFromSelf > 1 {
      shape = .several
    } else {
      shape = .single
    }
    if shape != .single {
      let sentBytes = sent.multipliedReportingOverflow(
        by: Self.byteSize(first.dataType))
      let log2 =
        sentBytes.overflow
        ? 63 : 63 - min(63, max(sentBytes.partialValue, 1).leadingZeroBitCount)
      let row = exchangeRow(
        communicator: communicator, shape: shape, dataType: first.dataType,
        includesSelf: includesSelf, sentBytesLog2: UInt8(log2), isEven: isEven,
        evenCount: first.elementCount)
      exchangeRows[row].exchanges &+= 1
      exchangeRows[row].sendCalls &+= UInt64(sends)
      exchangeRows[row].recvCalls &+= UInt64(receives)
      exchangeRows[row].sentElements &+= sent
      exchangeRows[row].receivedElements &+= received
      exchangeRows[row].selfElements &+= toSelf
      if shape == .allToAll {
        lanes[lane].recorder.append(UInt32(truncatingIfNeeded: row) << 1 | 1)
      }
    }
    // An exchange with itself included cannot be mistaken for a pipeline stage between two
    // neighbours, so its many sizes need not be kept.
    let isCoarse = shape == .allToAll && includesSelf
    for index in 0..<count {
      let member = lanes[lane].members[index]
      let row = row(
        communicator: communicator, kind: member.isSend ? .send : .recv,
        dataType: member.dataType, reduction: member.reduction, peer: member.peer,
        elementCount: member.elementCount, shape: shape, isCoarse: isCoarse)
      bump(row: row, elementCount: member.elementCount, isOther: member.isOtherThread)
      if shape != .allToAll {
        lanes[lane].recorder.append(UInt32(truncatingIfNeeded: row) << 1)
      }
    }
    lanes[lane].members.removeAll()
  }

  private mutating func exchangeRow(
    communicator: Int, shape: ExchangeShape, dataType: UInt8, includesSelf: Bool,
    sentBytesLog2: UInt8, isEven: Bool, evenCount: UInt64
  ) -> Int {
    let isEven = isEven && exchangeRows.count < maximumKeys
    let flags =
      UInt64(shape.rawValue) | UInt64(dataType) << 8 | UInt64(sentBytesLog2) << 16
      | (includesSelf ? 1 : 0) << 24 | (isEven ? 1 : 0) << 25
    let key = TripleKey(a: isEven ? evenCount : 0, b: UInt64(UInt32(communicator)), c: flags)
    if let known = exchangeTable.row(for: key) { return known }
    let index = exchangeRows.count
    exchangeRows.append(
      ExchangeRow(
        communicator: Int32(communicator), shape: shape, dataType: dataType,
        includesSelf: includesSelf, sentBytesLog2: sentBytesLog2, isEven: isEven,
        evenCount: isEven ? evenCount : 0, exchanges: 0, sendCalls: 0, recvCalls: 0,
        sentElements: 0, receivedElements: 0, selfElements: 0))
    exchangeTable.set(index, for: key)
    return index
  }
}
