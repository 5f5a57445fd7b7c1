// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import CollectiveTrace

@Suite struct NCCLLogReaderTests {
  /// Two ranks, collectives and exchanges, TUNING lines and chatter: enough to warm every memo.
  private static let busyLog: String = {
    var text = ""
    for rank in 0..<2 {
      text += LogText.initialisation(
        comm: "0x55d0c0ff\(rank)e00", rank: rank, ranks: 4, pid: 100 + rank)
    }
    for step in 0..<60 {
      for rank in 0..<2 {
        let comm = "0x55d0c0ff\(rank)e00"
        let pid = 100 + rank
        text += LogText.operation(
          "AllReduce", count: 4096, comm: comm, ranks: 4, pid: pid, opCount: String(step, radix: 16)
        )
        text +=
          "node-1:\(pid):\(pid) [0] NCCL INFO AllReduce: 8192 Bytes -> Algo RING proto LL channel{Lo..Hi}={0..1}\n"
        text += LogText.operation("AllGather", count: 7 + step % 3, comm: comm, ranks: 4, pid: pid)
        for peer in 0..<4 {
          text += LogText.operation(
            "Send", count: 100 + (step * peer) % 5, root: peer, comm: comm, ranks: 4, pid: pid)
          text += LogText.operation(
            "Recv", count: 100 + (step * peer) % 7, root: peer, comm: comm, ranks: 4, pid: pid)
        }
        text += "step \(step) of rank \(rank)\n"
        text +=
          "[2026-03-01 12:34:\(10 + step % 50)] "
          + LogText.operation("ReduceScatter", count: 11, comm: comm, ranks: 4, pid: pid)
      }
    }
    return text
  }()

  @Test(arguments: [1, 7, 100, 511, 4096, 65536])
  func everyWindowSizeGivesTheSameFacts(window: Int) {
    let whole = LogText.read(Self.busyLog)
    let parts = LogText.read(Self.busyLog, window: window)
    #expect(parts.files == whole.files)
    #expect(parts.callText == whole.callText)
    #expect(whole.files[0].isBalanced)
    #expect(whole.files[0].bytes == Self.busyLog.utf8.count)
  }

  @Test func theFastWayCountsWhatIsThere() throws {
    let partial = LogText.read(Self.busyLog)
    #expect(partial.processes.count == 2)
    for process in partial.processes {
      let communicator = try #require(process.communicators.first)
      func calls(_ kind: OperationKind) -> UInt64 {
        communicator.calls.filter { $0.kind == kind }.reduce(0) { $0 + $1.calls }
      }
      #expect(calls(.allReduce) == 60)
      #expect(calls(.allGather) == 60)
      #expect(calls(.reduceScatter) == 60)
      #expect(calls(.send) == 240)
      #expect(calls(.recv) == 240)
      #expect(communicator.collectiveCalls == 180)
      #expect(communicator.exchanges.reduce(0) { $0 + $1.exchanges } == 60)
      #expect(communicator.exchanges.allSatisfy { $0.shape == .allToAll && $0.includesSelf })
      // 100 + (step * peer) % 5 over steps 0..<60 and peers 0..<4, by hand: 24000 + 12 * 3 * 10.
      #expect(communicator.exchanges.reduce(0) { $0 + $1.sentElements } == 24_360)
    }
    let first = try #require(partial.processes.first?.communicators.first)
    #expect(first.tunings.map(\.lines) == [60])
    #expect(first.tunings.first?.algorithm == "ring")
    #expect(partial.files[0][.foreign].lines == 120)
  }

  @Test func aRecurringPointerIsTwoCommunicators() throws {
    let text =
      LogText.initialisation(rank: 0, ranks: 2, id: "0xa1")
      + LogText.operation("AllReduce", count: 10, ranks: 2)
      + "node-1:100:100 [0] NCCL INFO comm 0x55d0c0ffee00 rank 0 nranks 2 cudaDev 0 busId 1b000 - Destroy COMPLETE\n"
      + LogText.initialisation(rank: 1, ranks: 2, id: "0xb2")
      + LogText.operation("AllReduce", count: 10, ranks: 2)
    let process = try #require(LogText.read(text).process)
    #expect(process.communicators.map(\.identifier) == [0xa1, 0xb2])
    #expect(process.communicators.map(\.rank) == [0, 1])
    #expect(process.communicators.map { $0.calls.map(\.calls) } == [[1], [1]])
    #expect(process.communicators.map(\.end) == [.destroyed, .open])
  }

  @Test func gluedLinesAreSplitAtTheKnownHost() throws {
    let clean =
      LogText.operation("AllReduce", count: 1, pid: 100)
      + LogText.operation("AllReduce", count: 1, pid: 200)
    let whole = LogText.operation("AllReduce", count: 2, pid: 100).dropLast()
    let cut = LogText.operation("AllReduce", count: 3, pid: 200).dropLast(60)
    let glued = LogText.read(clean + whole + LogText.operation("AllReduce", count: 4, pid: 200))
    #expect(glued.files[0][.tornRecovered].lines == 1)
    #expect(glued.processes.count == 2)
    let torn = LogText.read(clean + cut + LogText.operation("AllReduce", count: 5, pid: 100))
    #expect(torn.files[0][.tornLost].lines == 1)
    #expect(torn.processes.map(\.host) == ["node-1", "node-1"])
    let counts = torn.processes.flatMap {
      $0.communicators.flatMap { $0.calls.map(\.elementCount) }
    }
    #expect(counts.sorted() == [1, 1, 5])
  }

  @Test func aHeadWithAnothersTailIsNotMisattributed() {
    let inits =
      LogText.initialisation(comm: "0x55d0c0ff0e00", rank: 0, ranks: 2, pid: 100)
      + LogText.initialisation(comm: "0x55d0c0ff1e00", rank: 1, ranks: 2, pid: 200)
    let mixed = LogText.operation("AllReduce", count: 9, comm: "0x55d0c0ff1e00", ranks: 2, pid: 100)
    let partial = LogText.read(inits + mixed)
    #expect(partial.files[0][.tornLost].lines == 1)
    #expect(partial.processes.allSatisfy { $0.communicators.allSatisfy { $0.calls.isEmpty } })
  }

  @Test(
    arguments: [
      " 3: ", "[1,3]<stdout>:", "[1,3]<stderr>: ", "[prterun-n1-123@1,3]<stdout>: ", "[rank3]:",
      "[default3]:", "\u{1B}[36m(RayWorker pid=1234, ip=10.0.0.2)\u{1B}[0m ",
      "(EngineCore_0 pid=23283) ", "worker-1: ", "[pod/name/container] ",
      "2024-03-05T12:00:00.123456789Z ", "2024-03-05T12:00:00.123456789Z stdout F ",
      "name-1  | ", "Mar 05 12:00:00 host unit[77]: ", "[2026-03-01 12:34:56] ",
      "[2026-03-01 12:34:56.123456] ",
    ])
  func launcherPrefixesAreNotTears(prefix: String) throws {
    var text = ""
    for line in 0..<20 {
      text += prefix + LogText.operation("AllReduce", count: 4 + line % 2)
    }
    let partial = LogText.read(text)
    #expect(partial.files[0][.parsed].lines == 20)
    #expect(partial.process?.host == "node-1")
    #expect(partial.communicator?.collectiveCalls == 20)
  }

  @Test func launcherRanksAreTakenFromTheirPrefixes() {
    #expect(
      LogText.read(" 3: " + LogText.operation("AllReduce", count: 1)).process?.launcherRank == 3)
    #expect(
      LogText.read("[1,5]<stdout>:" + LogText.operation("AllReduce", count: 1)).process?
        .launcherRank
        == 5)
    #expect(
      LogText.read("[default5]:" + LogText.operation("AllReduce", count: 1)).process?.launcherRank
        == nil)
  }

  @Test func aDockerObjectHoldsALine() {
    let line = LogText.operation("AllReduce", count: 12).dropLast()
    let text = "{\"log\":\"\(line)\\n\",\"stream\":\"stdout\",\"time\":\"2024-03-05T12:00:00Z\"}\n"
    #expect(LogText.read(text).communicator?.calls.first?.elementCount == 12)
    let spaced = text.replacing("{\"log\":\"", with: "{\"log\": \"")
    #expect(LogText.read(spaced).communicator?.calls.first?.elementCount == 12)
  }

  @Test func carriageReturnsEndLinesToo() {
    let text = LogText.operation("AllReduce", count: 12).replacing("\n", with: "\r\n")
    #expect(LogText.read(text + text).communicator?.calls.first?.calls == 2)
  }

  @Test func headsCutByPeopleStillCount() {
    let text =
      "[0] NCCL INFO AllReduce: opCount 0 sendbuff 0x7f00 recvbuff 0x7f10 count 8 datatype 9 op 0 root 0 comm 0x55aa00 [nranks=4] stream 0x55bb00\n"
    #expect(LogText.read(text).communicator?.calls.first?.elementCount == 8)
    #expect(LogText.read(text).process?.host == "")
  }

  @Test(
    arguments: [
      // Self included, ascending.
      ([0, 1, 2, 3], [0, 1, 2, 3], ExchangeShape.allToAll),
      // Without itself.
      ([1, 2, 3], [1, 2, 3], .allToAll),
      // Ring shifted.
      ([1, 2, 3, 0], [3, 2, 1, 0], .allToAll),
      // Neighbours of a ring.
      ([1], [3], .single),
      ([1, 3], [], .several),
      ([], [1, 2, 3], .fromAll),
      ([1, 2, 3], [], .toAll),
    ])
  func exchangesAreRecognisedByTheirPeers(
    sends: [Int], receives: [Int], shape: ExchangeShape
  ) throws {
    var text = LogText.initialisation(rank: 0, ranks: 4)
    for _ in 0..<3 {
      for peer in sends { text += LogText.operation("Send", count: 8, root: peer, ranks: 4) }
      for peer in receives { text += LogText.operation("Recv", count: 8, root: peer, ranks: 4) }
      text += LogText.operation("AllReduce", count: 1, ranks: 4)
    }
    let communicator = try #require(LogText.read(text).communicator)
    let pointToPoint = communicator.calls.filter { $0.kind.isPointToPoint }
    #expect(pointToPoint.allSatisfy { $0.shape == shape })
    #expect(pointToPoint.reduce(0) { $0 + $1.calls } == UInt64(3 * (sends.count + receives.count)))
    #expect(communicator.exchanges.reduce(0) { $0 + $1.exchanges } == (shape == .single ? 0 : 3))
  }

  @Test func backToBackExchangesAreSplitAtTheRepeatedPeer() throws {
    var text = LogText.initialisation(rank: 0, ranks: 4)
    for _ in 0..<5 {
      for peer in 1..<4 {
        text += LogText.operation("Send", count: 8, root: peer, ranks: 4)
        text += LogText.operation("Recv", count: 8, root: peer, ranks: 4)
      }
    }
    let communicator = try #require(LogText.read(text).communicator)
    #expect(communicator.exchanges.map(\.exchanges) == [5])
    #expect(communicator.exchanges.first?.evenCount == 8)
  }

  @Test func twoRanksExchangeOnlyWithThemselvesIncluded() throws {
    let pair =
      LogText.operation("Send", count: 8, root: 1, ranks: 2)
      + LogText.operation("Recv", count: 8, root: 1, ranks: 2)
    let own =
      LogText.operation("Send", count: 8, root: 0, ranks: 2)
      + LogText.operation("Recv", count: 8, root: 0, ranks: 2)
    let initialisation = LogText.initialisation(rank: 0, ranks: 2)
    #expect(LogText.read(initialisation + pair + pair).communicator?.exchanges.isEmpty == true)
    let withSelf = try #require(LogText.read(initialisation + own + pair).communicator)
    #expect(withSelf.exchanges.map(\.exchanges) == [1])
  }

  @Test func hostileBytesNeverTrap() {
    var generator = SplitMix64(seed: 7)
    let pool = Array(Self.busyLog.utf8.prefix(20_000))
    for _ in 0..<300 {
      var bytes = pool
      for _ in 0..<40 {
        let place = Int(generator.next() % UInt64(bytes.count))
        switch generator.next() % 4 {
        case 0: bytes[place] = UInt8(truncatingIfNeeded: generator.next())
        case 1: bytes.remove(at: place)
        case 2: bytes.insert(0x0A, at: place)
        default:
          let end = min(bytes.count, place + 200)
          bytes.removeSubrange(place..<end)
        }
      }
      let partial = LogText.read(bytes: bytes)
      #expect(partial.files[0].isBalanced)
      #expect(partial.files[0].bytes == bytes.count)
    }
  }
}

/// A small seeded generator, so that a failure can be repeated.
struct SplitMix64: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
