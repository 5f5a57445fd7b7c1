// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import CollectiveTrace

/// Warnings about peers and the addresses they name, in the forms of all releases.
@Suite struct PeerComplaintTests {
  private func complaints(_ messages: String...) -> [PeerComplaint] {
    let lines = messages.map { "node-1:100:120 [0] misc/socket.cc:58 NCCL WARN \($0)\n" }
    return LogText.read(lines.joined()).process?.complaints ?? []
  }

  @Test(arguments: [
    (
      "socketProgress: Connection closed by remote peer node12.cluster.local<43210>",
      "closed node12.cluster.local"
    ),
    ("Net : Connection closed by remote peer 10.0.0.2<43210>", "closed 10.0.0.2"),
    ("Net : Connection closed by remote peer", "closed "),
    ("Net : Call to recv from 10.200.84.247<58355> failed : Broken pipe", "failed 10.200.84.247"),
    (
      "socketProgressOpt: Call to send to fe80::1%eth0<43210> failed : Connection reset by peer",
      "failed fe80::1%eth0"
    ),
    ("Call to recv failed : Connection reset by peer", "failed "),
    (
      "socketPollConnect: Connect to 10.0.0.2<43210> failed : Connection refused",
      "unreachable 10.0.0.2"
    ),
    (
      "socketPollConnect: Connect to 10.0.0.2<43210> returned 111(Connection refused) errno 115(Operation now in progress)",
      "unreachable 10.0.0.2"
    ),
    (
      "socketStartConnect: connect to 10.0.0.2<43210> returned Connection refused, exceeded error retry count after 35 attempts",
      "unreachable 10.0.0.2"
    ),
  ])
  func aPeerThatIsGoneIsNamed(_ message: String, expected: String) {
    #expect(complaints(message).map { "\($0.kind.rawValue) \($0.peer)" } == [expected])
  }

  @Test(arguments: [
    ("NET/IB : Got completion with error 12, opcode 1, len 0, vendor err 129", "", 12),
    (
      "NET/IB : Got completion from peer 10.0.35.1<49189> with error 4, opcode 5327, len 5327, vendor err 81 (Send)",
      "10.0.35.1", 4
    ),
    (
      "NET/IB : Got completion from peer 10.0.35.1<49189> with status=12 opcode=0 len=0 vendor err 129 (Recv) localGid fe80::1 remoteGids fe80::2",
      "10.0.35.1", 12
    ),
    (
      "NET/IB: Got completion from peer 10.0.35.1<49189> with status=IBV_WC_RETRY_EXC_ERR(12) opcode=IBV_WC_SEND(0) reqSize=0 vendor_err=129 req_type=Send hca mlx5_0",
      "10.0.35.1", 12
    ),
  ])
  func aCompletionHasItsStatus(_ message: String, peer: String, status: Int) {
    let found = complaints(message)
    #expect(found.map(\.kind) == [.completion])
    #expect(found.map(\.peer) == [peer])
    #expect(found.map(\.status) == [status])
  }

  @Test(arguments: [
    "NCCL version mismatch with remote peer 10.0.0.2<43210> (local: 22403, remote 22501)",
    "NET/Socket : peer 10.0.0.2<43210> message truncated : receiving 64 bytes instead of 32.",
    "Cuda failure 'out of memory'", "Failed to CUDA malloc 1024 bytes",
    "socketPollConnect: exceeded retries (34)",
  ])
  func otherWarningsBlameNobody(_ message: String) {
    #expect(complaints(message) == [])
  }

  @Test func equalComplaintsAreCounted() {
    let message = "socketProgress: Connection closed by remote peer 10.0.0.2<4321"
    let found = complaints(message + "0>", message + "1>", message + "2>")
    #expect(found == [PeerComplaint(kind: .closed, peer: "10.0.0.2", line: 1, count: 3)])
  }

  @Test func onlySoManyPeersAreKept() {
    func found(_ count: Int) -> Int? {
      let text = (0..<count).map {
        "node-1:100:120 [0] NCCL WARN Net : Connection closed by remote peer h\($0)<1>\n"
      }
      return LogText.read(text.joined()).process?.complaints.count
    }
    #expect(found(64) == 64)
    #expect(found(65) == 64)
  }

  @Test func theOwnAddressesAreKept() {
    let head = "node-1:100:100 [0] NCCL INFO "
    let text = """
      \(head)Bootstrap : Using eth0:10.1.0.11<0>
      \(head)Bootstrap: Using ens5:10.1.0.12<0>
      \(head)NET/Socket : Using [0]eth0:10.1.0.11<0> [1]ib0:fe80::1%ib0<0>
      \(head)NET/IB : Using [0]mlx5_0:1/IB [RO]; OOB ib1:10.2.0.11<0>

      """
    let partial = LogText.read(text)
    #expect(
      partial.process?.addresses == ["10.1.0.11", "10.1.0.12", "fe80::1%ib0", "10.2.0.11"])
    #expect(partial.files[0][.knownIgnored].lines == 4)
  }

  @Test(arguments: [
    (
      "16 coll channels, 16 collnet channels, 16 nvls channels, 24 p2p channels, 2 p2p channels per peer",
      24
    ),
    ("2 coll channels, 0 nvls channels, 3 p2p channels, 2 p2p channels per peer", 3),
    ("12 coll channels, 13 p2p channels, 1 p2p channels per peer", 13),
  ])
  func channelsForSendsAreRead(_ message: String, expected: Int) {
    let head = "node-1:100:100 [0] NCCL INFO "
    let fields =
      "ncclCommInitRank comm 0x55d0c0ffee00 rank 0 nranks 2 cudaDev 0 nvmlDev 0 busId 1b000 commId 0x77"
    let partial = LogText.read(
      "\(head)\(fields) - Init START\n\(head)\(message)\n\(head)\(fields) - Init COMPLETE\n")
    #expect(partial.communicator?.pointToPointChannels == expected)
  }
}
