// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Foundation
import TestSupport
import Testing

@Suite struct MessageCatalogueTests {
  private let catalogue = MessageCatalogue.shared

  private func match(_ message: some StringProtocol, _ level: MessageCatalogue.Level) -> Int? {
    let bytes = [UInt8](message.utf8)
    return catalogue.match(bytes.span, level: level)
  }

  private func format(_ message: some StringProtocol, _ level: MessageCatalogue.Level) -> String? {
    match(message, level).map(catalogue.format(at:))
  }

  // MARK: - The table

  @Test func holdsEveryLevelsFormatsWithTheirReleases() throws {
    #expect(catalogue.count > 2400)
    var levels: [MessageCatalogue.Level: Int] = [:]
    var seen: Set<String> = []
    for index in 0..<catalogue.count {
      let level = try #require(catalogue.level(at: index))
      levels[level, default: 0] += 1
      let releases = try #require(catalogue.releases(at: index))
      for release in [releases.first, releases.last] {
        let isRelease = release.wholeMatch(of: /(2\.\d+\.\d+)|(rocm-\d\.\d\.\d)|(2024-10)/) != nil
        #expect(isRelease, "\(release)")
      }
      let isNew = seen.insert("\(level)\t\(catalogue.format(at: index))").inserted
      #expect(isNew, "\(catalogue.format(at: index))")
    }
    #expect(levels[.info, default: 0] > 1200)
    #expect(levels[.warning, default: 0] > 1000)
    #expect(levels[.call] == 16)
    #expect(levels[.version, default: 0] >= 4)
  }

  @Test func answersNothingForAnIndexThatIsNotOne() {
    #expect(catalogue.format(at: -1).isEmpty)
    #expect(catalogue.format(at: catalogue.count).isEmpty)
    #expect(catalogue.level(at: catalogue.count) == nil)
    #expect(catalogue.releases(at: -1) == nil)
  }

  @Test func tellsWhichReleasesPrintAMessage() throws {
    let index = try #require(
      match("AllReduce: 4096 Bytes -> Algo RING proto LL channel{Lo..Hi}={0..1}", .info))
    let releases = try #require(catalogue.releases(at: index))
    #expect(releases == (first: "2.24.3", last: "2.30.7"))
  }

  // MARK: - Instances of every format

  @Test(arguments: 0..<3)
  func matchesAnInstanceOfEveryFormatAtItsOwnLevel(variant: Int) throws {
    for index in 0..<catalogue.count {
      let level = try #require(catalogue.level(at: index))
      let format = catalogue.format(at: index)
      let message = Instance(of: format, variant: variant).text
      guard let found = match(message, level) else {
        Issue.record("\(format): \(message)")
        continue
      }
      let foundLevel = catalogue.level(at: found)
      #expect(foundLevel == level, "\(message)")
    }
  }

  @Test func refusesAnInstanceThatLostItsEnd() {
    var tried = 0
    for index in 0..<catalogue.count {
      let format = catalogue.format(at: index)
      // Two letters of text after the last conversion.
      guard
        format.range(of: "%[^%]*[A-Za-z0-9)}>'][A-Za-z)}>']$", options: .regularExpression) != nil,
        format.range(of: "%[-+ #0-9.*hlzjt]*[A-Za-z_()]?$", options: .regularExpression) == nil,
        let level = catalogue.level(at: index)
      else { continue }
      let message = Instance(of: format, variant: 1).text.dropLast(1)
      tried += 1
      #expect(match(message, level) != index, "\(format): \(message)")
    }
    #expect(tried > 500)
  }

  @Test func refusesALineGluedToAnInstance() {
    var tried = 0
    for index in 0..<catalogue.count {
      let format = catalogue.format(at: index)
      guard !format.hasSuffix("%s"), !format.hasSuffix("%m"), let level = catalogue.level(at: index)
      else { continue }
      let message = Instance(of: format, variant: 1).text + "node7:12:34 [0] NCCL INFO Channel"
      tried += 1
      #expect(match(message, level) != index, "\(format): \(message)")
    }
    #expect(tried > 1_500)
  }

  // MARK: - Messages from logs and from the sources

  /// Messages as releases print them; those that NCCL assembles from pieces above all.
  static let known: [String] = [
    // Rings, trees, chains.
    "Channel 00/24 :    0   1   2   3", "Channel 00/02 : 0", "Ring 00 :    0   1   2",
    "Channel 03 :    0   1   3   2", "Channel 17/32 :  0  7 10",
    "Channel 00/16 :  0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16 17 18 19 20 21 2...",
    "Trees [0] 1/-1/-1->0->-1 [1] -1/-1/-1->0->1",
    "Trees [0] 1->0->-1/-1/-1 [1] 1->0->2/-1/-1",
    "Trees [0] 1/-1/-1->0->-1|-1->0->1/-1/-1 [1] 1/-1/-1->0->2|2->0->1/-1/-1",
    "Trees [0] 1/-1/-1->0->-1 comm 0x55d0 nRanks 08 busId 17000",
    "Collnet Chains  [0] 1->0->-1 [1] 1->0->-1", "Connected Collnet Chains  [0] 1->0->-1",
    "Ring 00 : 7 -> 0 -> 1", "Tree 0 : -1 -> 0 -> 1/-1/-1",
    "Ring 0 : 7 -> 0 -> 1 comm 0x7f00 nRanks 08 busId c1000",
    "CollNet channel 0 rank 3 down  1  2 nDown 2 up  4 nUp 1 nHeads 8 headRank 3 out 0 shift 3",
    "CollNetDirect channel 0 rank 3 down nDown 0 up  0  1 heads  0  1 nUp 2 nHeads 2 headRank -1 out -1 shift 3",
    "NVLS Head  0:  0  8", "NVLS Trees : 8/-1/-1->0->-1 -1/-1/-1->0->8",
    // Transports.
    "Channel 00 : 0[0] -> 1[1] via P2P/IPC", "Channel 01/0 : 0[17000] -> 1[25000] via P2P/IPC/read",
    "Channel 01/1 : 7[7] -> 0[0] via P2P/CUMEM/read", "Ring 00 : 0 -> 1 via P2P/common device",
    "Channel 00 : 0[1a0] -> 1[1b0] via direct shared memory",
    "Channel 00 : 0[0] -> 1[1] via SHM/direct/direct", "Channel 00 : 0[0] -> 1[1] via SHM/direct",
    "Channel 00/0 : 0[0] -> 8[0] [send] via NET/AWS Libfabric/0/GDRDMA/Shared",
    "Channel 00/0 : 8[0] -> 0[0] [send] via NET/IB/3(2)/GDRDMA",
    "Channel 00/0 : 8[0] -> 0[0] [receive] via NET/IB/3/GDRDMA",
    "Channel 01/0 : 1[1] -> 3[3] via P2P/indirect/2[2]",
    "Channel 01/0 : 0[c1000] -> 1[c6000] via P2P/IPC comm 0x7f0c nRanks 08",
    "CollNet 00/0 : 0 [send] via COLLNET/SHARP/0/GDRDMA",
    // Topology.
    "=== System : maxBw 240.0 totalBw 240.0 ===", "==========================================",
    "CPU/0-0 (1/1/2)", "CPU/0 (1/1/2)", "+ PCI[24.0] - PCI/0-15000 (1000c0301000c030)",
    "              + PCI[24.0] - GPU/0-1b000 (0)",
    "                            + NVL[240.0] - NVS/0",
    "                + NET[50.0] - NET/0-0 (0/abc123/1/50.000000)", "+ SYS[10.0] - CPU/1",
    "GPU/1B000 :GPU/1B000 (0/5000.000000/LOC) GPU/43000 (2/240.000000/NVL) CPU/0 (2/24.000000/PHB) ",
    "NET/0-a :GPU/0-1b000 (4/24.000000/PXB) NET/0-a (0/5000.000000/LOC)",
    " 0 : GPU/0 GPU/1 GPU/2", "15 : NET/0 GPU/0-1b000 GPU/0-43000 NET/0-3",
    "Pattern 4, crossNic 0, nChannels 12, bw 20.000000/20.000000, type NVL/PIX, sameChannels 1",
    // The model's tables.
    "Latency/AlgBw |    Tree/    LL |    Tree/ LL128 |    Tree/Simple |    Ring/    LL |",
    "  Algorithm   |                            Tree                  |                            Ring                  |",
    "  Protocol    |             LL |          LL128 |         Simple |",
    " Max NThreads |            512 |            640 |            512 |",
    "    Broadcast |     0.0/   0.0 |     0.0/   0.0 |     6.6/  41.3 |",
    "ReduceScatter |     0.0/   0.0 |",
    // Tuning.
    "8192 Bytes -> Algo 1 proto 0 time 10.200000",
    "AllReduce: 8192 Bytes -> Algo 1 proto 0 time 10.200000",
    "AllGather [Symmetric]: 1024 Bytes -> Kernel AllGather_LL nchannels 2 nthreads 512 nWorks 1",
    "AllGather [Copy Engine]: 1024 Bytes -> cudaMemcpy",
    "AllGather [Copy Engine]: 1024 Bytes -> cudaMemcpy; CE synchronization with NVLS",
    // Operations and communicators.
    "AllReduce: opCount 1a sendbuff 0x7f2b recvbuff (nil) count 4 datatype 7 op 0 root 0 comm 0x5 [nranks=8] stream (nil)",
    "comm 0x55 rank 0 nranks 4 cudaDev 0 busId 1b000 - Init COMPLETE",
    "ncclCommInitRank comm 0x55 rank 0 nranks 4 cudaDev 0 nvmlDev 0 busId 1b000 commId 0x1d2 - Init START",
    "ncclCommSplit comm 0x55 rank 0 nranks 4 cudaDev 0 nvmlDev 0 busId 1b000 parent 0x44 splitCount 1 color 0 key 0- Init START",
    "[Rank 3] ncclCommInitRankConfig comm 0x55 rank 3 nranks 4 cudaDev 3 nvmlDev 3 busId 1b000 commId 0x1d2 - Init START",
    // Errors passing up, with and without a function.
    "misc/socket.cc:567 -> 3", "init.cc:1234 -> 5 [Async thread]", "src/group.cc:73 -> 3 (Success)",
    "src/transport/net.cc:99 (ncclProxyFoo(int, char)) -> 3",
    "src/include/alloc.h:99 Cuda failure 'out of memory'",
    "src/include/alloc.h:228 (commAlloc) Cuda Alloc Size 1024 pointer 0x7f00 memType 0",
    // Environment.
    "NCCL_DEBUG_SUBSYS set by environment to INIT,COLL",
    "NCCL_MIN_NCHANNELS set by environment to 8.",
    "Comm config Blocking set to 1", "Comm config Comm name set to TENSOR_MODEL_PARALLEL_GROUP",
    "NCCL version 2.27.7+cuda12.9", "NCCL version 2.18.3nvb1+cuda12.1",
    "NCCL git version stable 07fa371c7", "RCCL version 2.18.6+hip6.0 HEAD:7c3a2c1+",
    "Enabled NCCL Func/Proto/Algo Matrix:",
    // Plugins.
    "NET/OFI Using aws-ofi-nccl 1.7.4aws", "NET/OFI Selected Provider is efa (found 4 nics)",
    "NET/IBext_v8: whatever", "TUNER/ExamplePlugin: Config matches.", "PROFILER/Acme: started",
    "NET/Plugin: Could not find: libnccl-net.so. Using internal network plugin.",
    "NET/IB : Using [0]mlx5_0:1/IB [1]mlx5_1:1/RoCE [RO]; OOB eth0:10.0.0.1<0>",
    "NET/Socket : Using [0]eth0:10.0.0.1<0>", "Bootstrap : Using eth0:10.0.0.1<0>",
    "HINT: To confirm, you can set NCCL_CROSS_NIC=0 to disable cross-rail communication.",
    // RCCL's kernel trace.
    "## [1234567.123456] [00:01] 00001f KL HWID 42300100 AllReduceRingLLSum_f32",
    "## [1234567.123456] [00:01] 00001f KE busId c1000 nRanks 8",
    "## [00012.123456] [00:01] 00001f CE AllReduce nw 1 bi 0 nc 2 busId c1000 nRanks 8",
  ]

  @Test(arguments: known)
  func knowsTheMessage(_ message: String) throws {
    let index = try #require(match(message, .info))
    #expect(catalogue.level(at: index) == .info)
    // What a line may have after its message does not matter.
    #expect(match(message + " \r\n", .info) == index)
  }

  @Test(arguments: [
    ("ncclGroupStart()", MessageCatalogue.Level.call),
    ("ncclAllReduce(7f5e4c000000,7f5e4c000000,1024,7,0,0,0x55d0,0x55d1)", .call),
    ("ncclCommInitRank(0x55d0, 8, 0x1234abcd, 0, 0)", .call),
    ("NCCL version 2.27.7+cuda12.9", .version),
    ("NCCL Inspector Environment Variables:", .version),
    ("TUNER/ExamplePlugin: pluginGetCollInfo called - collType=allreduce", .trace),
    ("[debug match1]TUNER/ExamplePlugin: applied", .trace),
    ("Cuda failure 'out of memory'", .warning),
    (
      "NET/IB : Got completion from peer 10.0.0.2<4500> with error 12, opcode 0, len 0, vendor err 129",
      .warning
    ),
  ])
  func knowsTheMessageOfAnotherLevel(_ message: String, _ level: MessageCatalogue.Level) {
    #expect(match(message, level) != nil)
  }

  @Test func takesAWarningThatWasPrintedAsInformation() throws {
    let message = "Error : no algorithm/protocol available"
    let index = try #require(match(message, .info))
    #expect(catalogue.level(at: index) == .warning)
    #expect(match(message, .call) == nil)
  }

  @Test(arguments: [
    ("NCCL_IB_HCA set by environment to mlx5", "%s set by environment to %s"),
    ("NCCL_IB_TC set by environment to 106.", "%s set by environment to %lld."),
    ("src/init.cc:7 -> 3 [Async thread]", "%s:%d -> %d [Async thread]"),
    ("NET/Plugin: Loaded net plugin Libfabric (v8)", "NET/Plugin: Loaded net plugin %s (v8)"),
    ("Connected all rings", "Connected all rings"),
  ])
  func namesTheMostExactFormat(_ message: String, _ expected: String) {
    #expect(format(message, .info) == expected)
  }

  @Test func knowsEveryMessageOfTheFixture() throws {
    let file = Fixture.folder.appending(path: "nccl-messages/released.tsv")
    let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
    #expect(lines.count > 200)
    for line in lines {
      let fields = line.split(separator: "\t", maxSplits: 1)
      try #require(fields.count == 2)
      let index = match(fields[1], fields[0] == "call" ? .call : .info)
      #expect(index != nil, "\(line)")
    }
  }

  // MARK: - What is not a message

  @Test(arguments: [
    "", " ", "\r\n", "a", "Chan", "hello world", "epoch 3 loss 0.25", "%s", "%s:%d -> %d",
    // Pieces of torn lines.
    "Channel 00/0 : 0[0] -> 1[1] via P2P/CUMEM Channel 01/0 : 0[0] -> 1[1]",
    "Channel 00/0 : 0[0] -> 1[1] via P2Nnode7:12:12 [1] NCCL INFO Connected all trees",
    "Channel 00/0 : 0[0]", "nel 00/0 : 0[0] -> 1[1] via P2P/CUMEM", "Channel 00/24 :    0   1 x",
    "Trees [0] 1/-1/-1->0->-1 [1] -1/-1/-1->0", "Connected all ringsConnected all trees",
    "AllReduce: 8192 Bytes -> Algo RING proto LL channel{Lo..Hi}={0..",
    "AllReduce: opCount 0 sendbuff 0x7f recvbuff 0x7e count 4 datatype 7 op 0 root 0 comm 0x5 [nranks=8] str",
    "AllReduce: opCount 0 sendbuff 0x7f9c3d4e5f60718293a4b recvbuff 0x7e count 4 datatype 7 op 0 root 0 comm 0x5 [nranks=8] stream 0x1",
    "comm 0x55 rank 0 nranks 4 cudaDev 0 busId 1b000 - Init COMPLE",
    "comm 0x55 rank 0 nranks four cudaDev 0 busId 1b000 - Init COMPLETE",
    "+ NVL[240.0] - NV", " 0 : GPU/0 GP", "GPU/1B000 :GPU/1B000 (0/5000.000000/LOC",
    "CPU/0-0 (1/1/2",
    "    Broadcast |     0.0/   0.0 |     0.0/   0", "some text:12 -> 3", "NET/OFI", "NET/Sock",
    // Messages that no release printed.
    "Channel 00/0 : 0[0] -> 1[1] over P2P/CUMEM", "Init COMPLETED",
    "Quantum transport enabled on rank 3",
  ])
  func doesNotKnow(_ message: String) {
    #expect(match(message, .info) == nil)
    #expect(match(message, .call) == nil)
    #expect(match(message, .version) == nil)
    #expect(match(message, .trace) == nil)
  }

  @Test func doesNotKnowRandomBytes() {
    var random = SplitMix(state: 20)
    for _ in 0..<5_000 {
      let bytes = (0..<Int(random.next() % 160)).map { _ in UInt8(random.next() % 256) }
      for level in MessageCatalogue.Level.allCases {
        #expect(catalogue.match(bytes.span, level: level) == nil)
      }
    }
  }

  @Test func survivesEveryCutAndEveryChangedByte() {
    // Whatever comes out, nothing traps.
    var random = SplitMix(state: 4)
    for message in Self.known {
      var bytes = [UInt8](message.utf8)
      for count in 0..<bytes.count {
        _ = catalogue.match(bytes.span.extracting(first: count), level: .info)
      }
      for _ in 0..<20 {
        bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(random.next() % 256)
        _ = catalogue.match(bytes.span, level: .info)
      }
    }
  }

  @Test(.timeLimit(.minutes(2)))
  func hostileLinesEndSoon() {
    let pieces = [
      "1", "a", " ", "0x", "/", ":", "(", "%s", "[0] ", "NET/IB : ", "NET/IB: a: ", "comm 0x1 ",
      "Trees [0] 1/-1/-1->0->-1", " GPU/0", "src/a.cc:1 ", "1.", "set by environment to ",
      " -> ", "rank 1 nranks 2 ", "Bytes -> Algo ",
    ]
    let clock = ContinuousClock()
    let duration = clock.measure {
      for piece in pieces {
        for prefix in ["", "NET/IB: ", "x: ", "Channel 00/0 : ", "a b "] {
          for count in [1_000, 16_000, 100_000] {
            let text = prefix + String(repeating: piece, count: count / piece.utf8.count)
            let bytes = [UInt8](text.utf8)
            for level in MessageCatalogue.Level.allCases {
              _ = catalogue.match(bytes.span, level: level)
            }
          }
        }
      }
    }
    // Without a bound the first of them would not end in hours.
    #expect(duration < .seconds(50))
  }

  // MARK: - Published logs

  /// Messages that are whole, by the shared data's own account, in files that one process wrote.
  @Test(.enabled(if: Fixture.sharedData != nil))
  func knowsTheMessagesOfRealLogs() throws {
    let folder = try #require(Fixture.sharedData).appending(path: "nccl-real")
    let files = try #require(
      FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
    var messages = 0
    var unknown: [String: Int] = [:]
    for case let file as URL in files
    where file.lastPathComponent.wholeMatch(of: /(nccl\..*\.log|rank\d+\.out)(\.gz)?/) != nil {
      for line in try Self.lines(of: file) {
        // Up to 2.28 NCCL cuts a line at 1,023 bytes.
        guard let head = line.firstRange(of: Array("NCCL INFO ".utf8)), line.count < 1020 else {
          continue
        }
        let message = Array(line[head.upperBound...])
        guard message.firstRange(of: Array(" sendbuff ".utf8)) == nil else { continue }
        messages += 1
        if catalogue.match(message.span, level: .info) == nil {
          let shape = String(decoding: message, as: UTF8.self).replacing(/[0-9]+/, with: "#")
          unknown[shape, default: 0] += 1
        }
      }
    }
    #expect(messages > 50_000)
    let lost = unknown.values.reduce(0, +)
    #expect(lost * 1_000 <= messages, "\(unknown.sorted { $0.value > $1.value }.prefix(20))")
  }

  private static func lines(of file: URL) throws -> [ArraySlice<UInt8>] {
    let data: Data
    if file.pathExtension == "gz" {
      let process = Process()
      process.executableURL = URL(filePath: "/usr/bin/env")
      process.arguments = ["gzip", "-dc", file.path()]
      let pipe = Pipe()
      process.standardOutput = pipe
      try process.run()
      data = pipe.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
    } else {
      data = try Data(contentsOf: file)
    }
    return [UInt8](data).split(separator: 0x0A)
  }
}

/// A message that a format prints, with plain values for its conversions.
private struct Instance {
  private(set) var text = ""

  /// Fills a format.
  ///
  /// - Parameters:
  ///   - format: A row of the catalogue.
  ///   - variant: Which of three sets of values to use.
  init(of format: String, variant: Int) {
    let characters = Array(format)
    // A path is what a format that begins with `%s:%d` begins with.
    let isLocated = format.hasPrefix("%s:%d")
    var position = 0
    var group: (start: Int, left: Int)?
    while position < characters.count {
      guard characters[position] == "%" else {
        text.append(characters[position])
        position += 1
        continue
      }
      let isFirst = position == 0
      position += 1
      var specification = ""
      while "-+ #0123456789.*hlzjt".contains(characters[position]) {
        specification.append(characters[position])
        position += 1
      }
      let width = Int(specification.drop { $0 == "0" || $0 == "-" }.prefix { $0.isNumber }) ?? 0
      var value = ""
      switch characters[position] {
      case "d" where isLocated && position == 4: value = ["1", "567", "20481"][variant]
      case "d", "i": value = ["0", "-1", "2147483647"][variant]
      case "u": value = ["0", "7", "18446744073709551615"][variant]
      case "x", "X": value = ["0", "1b000", "ffffffffffffffff"][variant]
      case "p": value = ["(nil)", "0x55d0c0ffee00", "0x1"][variant]
      case "f", "g", "e": value = ["0.000000", "-1.5", "inf"][variant]
      case "c": value = ["x", " ", ":"][variant]
      case "m": value = "Permission denied"
      case "w", "S": value = ["direct", "mlx5_0:1/IB", "2.27.7"][variant]
      case "N": value = ["GPU/0", "NET/0-1", "CPU/1B000"][variant]
      case "P": value = ["OFI ", "IBext_v8:", "FasTrak : "][variant]
      case "_": value = ["", " ", "          "][variant]
      case "s" where isFirst && isLocated:
        value = ["init.cc", "src/misc/socket.cc", "/build/src/include/alloc.h"][variant]
      case "s" where isFirst: value = ["AllReduce", "ncclCommSplit", "NCCL_IB_HCA"][variant]
      case "s": value = ["eth0", "a word or two", "x (y) [z]"][variant]
      case "(": group = (position, variant)
      case ")":
        if let open = group, open.left > 0 {
          group = (open.start, open.left - 1)
          position = open.start
        }
      default: value = "?"
      }
      if width > value.count, !specification.hasPrefix("-"), !"%()_P".contains(characters[position])
      {
        let fill = specification.hasPrefix("0") && variant == 0 ? "0" : " "
        if characters[position] != "s", fill == " ", specification.hasPrefix("0") {
          // A field filled with zeros never has blanks.
        } else {
          value = String(repeating: fill, count: width - value.count) + value
        }
      }
      text += value
      position += 1
    }
  }
}

/// SplitMix64, so that every run tries the same.
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
