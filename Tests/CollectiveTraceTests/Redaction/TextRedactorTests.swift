// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import CollectiveTrace

@Suite struct TextRedactorTests {
  /// Reads a text twice, as the command does.
  private func redacted(
    _ text: String, hosts: [String] = [], numbers: TextRedactor.Numbers = .all
  ) -> String {
    var first = TextRedactor(pseudonyms: nil)
    for host in hosts { first.replace(host: host) }
    first.output = []
    first.add(Array(text.utf8)[...], numbers: numbers)
    var second = TextRedactor(pseudonyms: Pseudonyms(first.found))
    second.add(Array(text.utf8)[...], numbers: numbers)
    return String(decoding: second.output, as: UTF8.self)
  }

  @Test(arguments: [
    "AllReduce: 8192 Bytes -> Algo RING proto LL channel{Lo..Hi}={0..1}", "[0] mlx5_0:1/RoCE [RO]",
    "comm 0x1f00 rank 3 nranks 8 - Init COMPLETE", "1.5e-05 1.5e+09 -0.25 12.3GB 0-15,32-47 7x",
    "2025-03-01T12:34:56.123Z 12:34:56", "0000:c1:00.0 10000:e1:00.1", "127.0.0.1<0> ::1 0.0.0.0",
    "/usr/lib/x86_64-linux-gnu/libnccl.so.2", "/usr/local/cuda-12.4/lib64",
    "src/misc/socket.cc:484",
    "ncclCommSplit NCCL_IB_HCA TENSOR_MODEL_PARALLEL_GROUP default_pg tp_0 rank3 enp1s0f0np0",
    "Connection refused", "<gpu dev=\"0\" sm=\"90\"></gpu>", "0xffffffffffffffff (nil)",
  ])
  func whatSaysNothingAboutASiteStays(_ text: String) {
    #expect(redacted(text) == text)
  }

  @Test(arguments: [
    ("jdoe", "name-001"), ("jdoe@example.com", "name-002@name-001"),
    ("HF_TOKEN=hf_AbC123", "name-001=name-002"), ("AKIAIOSFODNN7EXAMPLE", "name-001"),
    ("/home/jdoe/run7/x.log", "/home/name-001/name-002/name-003"),
    ("/home/1042/5", "/home/name-001/name-002"), ("~/secret", "~/name-001"),
    ("file:///home/ann", "file:///home/name-001"),
    ("https://wandb.ai/acme", "https://name-002/name-001"),
    ("NCCL_TOPO_FILE=/etc/nccl/acme.xml", "NCCL_TOPO_FILE=/etc/nccl/name-001"),
    ("größe 机器", "name-001 name-002"), ("e123456", "name-001"),
    ("/home/ann/src/plan9.cc:12", "/home/name-001/src/name-002:12"), ("gpu0815", "name-001"),
    ("f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "name-001"),
  ])
  func whatNobodyListedIsReplaced(_ text: String, _ expected: String) {
    #expect(redacted(text) == expected)
  }

  @Test(arguments: [
    ("eth0:10.1.2.3<0>", "eth0:10.0.0.1<0>"), ("10.1.2.4 10.1.2.3", "10.0.0.2 10.0.0.1"),
    ("[0]ib0:fe80::ec0d:9a03%ib0<0>", "[0]ib0:fe80::1%ib0<0>"),
    ("[2001:db8::7]:29500", "[fd00::1]:29500"),
    ("fe80:0000:0000:0000:9803:9b03:00a1:b2c4", "fe80::1"),
    ("98:03:9b:a1:b2:c4", "00:00:00:00:00:01"), ("9803:9b03:00a1:b2c4", "0000:0000:0000:0001"),
    ("guid 0x98039b0300a1b2c4", "guid 0x1000000000000001"),
    ("at 0x7f12abcd0000, 0x7f12abce0000", "at 0x5001abcd0000, 0x5001abce0000"),
    ("#0-0 (5ca1ab1e0ddba11e) MISMATCH", "#0-0 (1000000000000001) MISMATCH"),
    ("::ffff:10.1.2.3", "::name-001:10.0.0.1"), ("at fe80::7.", "at fe80::1."),
    ("10.1.2.3.", "10.0.0.1."), ("10.1.2.3-x", "name-001"),
  ])
  func addressesAndNumbersKeepTheirShape(_ text: String, _ expected: String) {
    #expect(redacted(text) == expected)
  }

  @Test func aHostIsTheSameInEveryForm() {
    #expect(
      redacted("from node7.acme.com<4321> to node7<1>, node7", hosts: ["node7", "node10"])
        == "from host-001.domain<4321> to host-001<1>, host-001")
    // An address makes a host of a word that no head has; words of NCCL stay words.
    #expect(redacted("Ring to other<5>", hosts: ["Ring"]) == "Ring to host-002<5>")
    #expect(redacted("rank3", hosts: ["rank3"]) == "host-001")
    #expect(redacted("\"hostname\":\"Ring\"") == "\"hostname\":\"host-001\"")
  }

  @Test func hostsAreNumberedAsAPersonWouldSortThem() {
    #expect(
      redacted("n2 n10 n1", hosts: ["n10", "n2", "n1"]) == "host-002 host-003 host-001")
  }

  @Test func aLauncherKeepsOnlyNumbersOfTheLayout() {
    #expect(
      redacted("  tensor_model_parallel_size ...... 4", numbers: .afterKeys)
        == "  tensor_model_parallel_size ...... 4")
    #expect(
      redacted("api_key='12345', tensor_parallel_size=4, port=29500", numbers: .afterKeys)
        == "name-003='name-001', tensor_parallel_size=4, port=name-002")
    #expect(
      redacted("mesh with ['dp_shard', 'tp'], [4, 2]", numbers: .afterKeys)
        == "mesh with ['dp_shard', 'tp'], [4, 2]")
  }

  @Test func controlBytesDoNotComeThrough() {
    #expect(redacted("\u{1B}[31mrank\u{7F}\trank") == "?[name-001?\trank")
  }

  @Test func whatFindsNoRoomIsReplacedTogether() {
    var found = IdentifierSet()
    for number in 0...IdentifierSet.maximum { found.insert(.number(UInt64(number) + 1 << 50)) }
    let pseudonyms = Pseudonyms(found)
    #expect(pseudonyms.replacement(for: .number(1 << 50)) == "1000000000000001")
    #expect(
      pseudonyms.replacement(for: .number(UInt64(IdentifierSet.maximum) + 1 << 50))
        == "1000000000000000")
    let long = String(repeating: "x", count: IdentifierSet.maximumBytes)
    found.insert(.name(long))
    found.insert(.name(long + "x"))
    #expect(found.names == [long])
    #expect(Pseudonyms(found).replacement(for: .name(long + "x")) == "name-000")
  }

  @Test func setsOfSeveralFilesMakeOne() {
    var a = IdentifierSet()
    a.insert(.host("b"))
    var b = IdentifierSet()
    b.insert(.host("a"))
    b.insert(.ipv4(0x0A00_0001))
    a.merge(b)
    let table = Pseudonyms(a).table
    #expect(table.map(\.original) == ["a", "b", "10.0.0.1"])
    #expect(table.map(\.replacement) == ["host-001", "host-002", "10.0.0.1"])
  }
}

@Suite struct MessageGapTests {
  private func gaps(_ message: String, _ level: MessageCatalogue.Level = .info) -> [String]? {
    let bytes = Array(("head " + message).utf8)
    return MessageCatalogue.shared.gaps(in: bytes[5...], level: level)?.map {
      String(decoding: bytes[$0.range], as: UTF8.self)
    }
  }

  @Test func everythingThatAFormatLeavesOpenIsAGap() {
    #expect(
      gaps("Channel 01/0 : 0[0] -> 1[1] via P2P/CUMEM/read")
        == ["01", "0", "0", "0", "1", "1", "/read"])
    #expect(
      gaps(
        "ncclCommInitRank comm 0x55d0 rank 3 nranks 8 cudaDev 3 nvmlDev 3 busId 1b000 commId 0xabc - Init START"
      )
        == ["0x55d0", "3", "8", "3", "3", "1b000", "abc"])
  }

  @Test func aTextIsTakenBackWhereWhatFollowsDoesNotFit() throws {
    // What is between the format's own words is one text, whatever it is made of.
    let message = "socketPollConnect: Connect to a failed b<1> failed : reset"
    let found = try #require(gaps(message, .warning))
    #expect(found.contains { $0.contains("a failed b<1>") })
    #expect(found.allSatisfy { !$0.contains("Connect to") })
  }

  @Test func aRepetitionGivesAGapForEachNumber() {
    #expect(gaps("Channel 00/02 :    0   1   2")?.suffix(3) == ["   0", "  1", "  2"])
    #expect(
      gaps("Trees [0] 1/-1/-1->0->-1 [1] 1/-1/-1->0->2")
        == ["0", "1", "-1", "-1", "0", "-1", "1", "1", "-1", "-1", "0", "2"])
  }

  @Test func noFormatNoGaps() {
    #expect(gaps("Frobnicate: no such message 7") == nil)
    #expect(gaps("") == nil)
  }
}
