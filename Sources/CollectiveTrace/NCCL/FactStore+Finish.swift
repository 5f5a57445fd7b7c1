// SPDX-License-Identifier: Apache-2.0

extension FactStore {
  /// Ends all open exchanges and returns the facts.
  mutating func finish() -> [ProcessFacts] {
    for lane in 0..<lanes.count where lanes[lane].openCommunicator >= 0 {
      closeExchange(lane: lane)
    }
    // Index of a communicator and of a row within its process and communicator.
    var localIndex = [Int](repeating: 0, count: communicators.count)
    for index in 0..<communicators.count {
      let hot = communicators[index]
      var cold = facts[index]
      cold.size = hot.size > 0 ? Int(hot.size) : nil
      cold.rank = hot.rank >= 0 ? Int(hot.rank) : nil
      cold.collectiveCalls = Int(clamping: hot.collectiveCalls)
      cold.collectiveOrderHash = hot.orderHash
      cold.firstLine = hot.firstLine
      cold.lastLine = hot.lastLine
      if let parent = cold.parent { cold.parent = localIndex[parent] }
      localIndex[index] = processes[Int(hot.process)].communicators.count
      processes[Int(hot.process)].communicators.append(cold)
    }
    var localRow = [Int](repeating: 0, count: rows.count)
    for index in 0..<rows.count {
      let row = rows[index]
      let owner = Int(row.communicator)
      let process = Int(communicators[owner].process)
      let elements = row.elementCount.multipliedReportingOverflow(by: row.calls)
      localRow[index] = processes[process].communicators[localIndex[owner]].calls.count
      processes[process].communicators[localIndex[owner]].calls.append(
        CallFacts(
          kind: row.kind, dataType: DataType(rawValue: row.dataType), reduction: row.reduction,
          peer: row.peer, elementCount: row.elementCount, isCoarse: row.isCoarse,
          shape: row.shape, calls: row.calls,
          elements: row.isCoarse
            ? row.coarseElements : (elements.overflow ? .max : elements.partialValue),
          otherThreadCalls: row.otherThreadCalls))
      if row.repeatedCalls > 0 {
        processes[process].communicators[localIndex[owner]].calls[localRow[index]].repeatedCalls =
          row.repeatedCalls
      }
    }
    var localExchange = [Int](repeating: 0, count: exchangeRows.count)
    for index in 0..<exchangeRows.count {
      let row = exchangeRows[index]
      let owner = Int(row.communicator)
      let process = Int(communicators[owner].process)
      localExchange[index] = processes[process].communicators[localIndex[owner]].exchanges.count
      processes[process].communicators[localIndex[owner]].exchanges.append(
        ExchangeFacts(
          shape: row.shape, dataType: DataType(rawValue: row.dataType),
          evenCount: row.isEven ? row.evenCount : nil, includesSelf: row.includesSelf,
          sentBytesLog2: row.sentBytesLog2, exchanges: row.exchanges, sendCalls: row.sendCalls,
          recvCalls: row.recvCalls, sentElements: row.sentElements,
          receivedElements: row.receivedElements, selfElements: row.selfElements))
    }
    for index in 0..<tuningRows.count {
      let row = tuningRows[index]
      let owner = Int(row.communicator)
      let process = Int(communicators[owner].process)
      let choice = choices[Int(row.choice)]
      processes[process].communicators[localIndex[owner]].tunings.append(
        TuningFacts(
          kind: row.kind, bytes: row.bytes, algorithm: choice.algorithm,
          protocol: choice.protocol, lines: row.lines))
    }
    for lane in 0..<lanes.count {
      var sequence = lanes[lane].recorder.finish()
      guard sequence.length > 0 else { continue }
      var number: [Int: Int] = [:]
      for (position, token) in sequence.tokens.enumerated() {
        guard case .literal(let symbol) = token else { continue }
        if let known = number[symbol] {
          sequence.tokens[position] = .literal(known)
          continue
        }
        let row = symbol >> 1
        let isExchange = symbol & 1 == 1
        let owner = Int(isExchange ? exchangeRows[row].communicator : rows[row].communicator)
        number[symbol] = sequence.symbols.count
        sequence.tokens[position] = .literal(sequence.symbols.count)
        sequence.symbols.append(
          CallSequence.Symbol(
            communicator: localIndex[owner],
            row: isExchange ? localExchange[row] : localRow[row], isExchange: isExchange))
      }
      processes[Int(lanes[lane].process)].timelines.append(sequence)
    }
    return processes
  }
}
