// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import commlens

@Suite struct RedactCommandTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  /// The text of all copies, one after the other.
  private func text(_ folder: String) throws -> String {
    let run = try CommandRun(
      shell: "for f in *; do case $f in *.gz) zcat \"$f\";; *) cat \"$f\";; esac; done",
      folder: scratch.url(folder))
    return run.output
  }

  // MARK: - The same traffic

  /// Columns that hold names, or sentences with names in them.
  private static let named: Set<String> = [
    "host", "node", "identifier", "where", "evidence", "summary", "suggestion", "name", "value",
    "file",
  ]

  /// Cells of a CSV file without line breaks in cells.
  private func rows(_ path: String) throws -> [[String]] {
    try String(contentsOf: scratch.url(path), encoding: .utf8).split(separator: "\n").map { line in
      var cells = [""]
      var isQuoted = false
      for character in line {
        if character == "\"" {
          isQuoted.toggle()
        } else if character == ",", !isQuoted {
          cells.append("")
        } else {
          cells[cells.count - 1].append(character)
        }
      }
      return cells
    }
  }

  /// Redacts an input, and compares the reports of both.
  private func checkTraffic(of input: String, status: Int32 = 0) throws {
    let redacted = try CommandRun([
      "redact", input, "-q", "-o", scratch.path("red"), "--map", scratch.path("map.csv"),
    ])
    #expect(redacted.status == status, "\(redacted.errors)")
    let before = try CommandRun(["analyze", input, "-q", "-o", scratch.path("before")])
    let after = try CommandRun(["analyze", scratch.path("red"), "-q", "-o", scratch.path("after")])
    #expect(before.status == after.status)
    let files = try scratch.names("before").filter { $0.hasSuffix(".csv") }
    #expect(files == (try scratch.names("after").filter { $0.hasSuffix(".csv") }))
    #expect(files.count > 8)
    let map = Dictionary(
      uniqueKeysWithValues: try rows("map.csv").dropFirst().map { ($0[1], $0[0]) })
    #expect(Set(map.values).count == map.count)
    for file in files where file != "ingestion.csv" {
      let (own, other) = (try rows("before/" + file), try rows("after/" + file))
      #expect(own.count == other.count, "\(file)")
      let head = own.first ?? []
      for (a, b) in zip(own, other) {
        for (column, (x, y)) in zip(head, zip(a, b)) where x != y {
          #expect(Self.named.contains(column), "\(file) \(column): \(x) is \(y)")
          if column == "host" || column == "identifier" { #expect(map[x] == y) }
        }
      }
    }
    let copies = try text("red")
    for host in map.keys where map[host]?.hasPrefix("host-") == true && host.count > 4 {
      #expect(!copies.contains(host + ":"), "\(host)")
    }
  }

  @Test(arguments: ["vllm-tp4", "moe-ep4-dp2", "llama-8b-tp2-pp2"])
  func theTrafficOfRedactedLogsIsTheSame(_ job: String) throws {
    try checkTraffic(of: Fixture.root.appending(path: "traces/\(job)").path())
  }

  @Test(
    .enabled(if: Fixture.sharedData != nil),
    arguments: [
      "nccl-logs/issue-rccl-429-mismatch-allreduce-allgather.txt",
      "nccl-logs/issue-transformers-22363-deepspeed-host-prefix.txt",
      "nccl-logs/megatron-gpt2-tp2dp2-4gpu-torn-head-a.log",
      "nccl-logs/awsome-slurm104-2.18.3-2node-p4de-srun-prefix.out",
    ])
  func theTrafficOfOthersLogsIsTheSame(_ name: String) throws {
    try checkTraffic(of: try #require(Fixture.sharedData).appending(path: name).path())
  }

  @Test(
    .enabled(if: Fixture.sharedData != nil),
    arguments: ["s8-mismatch-2.27.7", "s4-megatron-threads-2.27.7", "s2-vllm-pp4-2.21.5"])
  func theTrafficOfRealJobsIsTheSame(_ name: String) throws {
    // The folder also holds a description, which is not a log.
    try checkTraffic(
      of: try #require(Fixture.sharedData).appending(path: "nccl-real/" + name).path(), status: 65)
  }

  // MARK: - Nothing gets out

  /// A log of an unlucky person: everything that must not be shown to others.
  private static let secrets = """
    + HF_TOKEN=hf_XyZsecretToken python /home/jdoe/projects/apollo/train.py --api-key 55512345
    Loading checkpoint /lustre/acme/jdoe/ckpt from s3://acme-bucket/apollo
    user jdoe@acme.example logged in from 198.51.100.7, phone 5550199
      wandb_api_key .................................. 8675309
      tensor_model_parallel_size ..................... 2
    acmegpu07: acmegpu07:4711:4800 [0] NCCL INFO Bootstrap : Using ib0:fe80::ec0d:9aff:fe03:1234%ib0<0>
    acmegpu07:4711:4800 [0] NCCL INFO NET/IB : Using [0]mlx5_0:1/RoCE [RO]; OOB eth0:198.51.100.7<0>
    acmegpu07:4711:4800 [0] NCCL INFO NCCL_TOPO_FILE set by environment to /home/jdoe/topo-apollo.xml
    acmegpu07:4711:4800 [0] NCCL INFO NCCL_SOCKET_IFNAME set by environment to acmenet0
    acmegpu07:4711:4800 [0] /home/jdoe/src/nccl/src/misc/socket.cc:484 NCCL WARN socketProgress: Connection closed by remote peer acmegpu08.hpc.acme.example<43210>
    acmegpu07:4711:4800 [0] NCCL INFO Comm config Comm name set to apollo_secret_group
    acmegpu07:4711:4800 [0] NCCL INFO A message of a release to come for jdoe in /scratch/apollo at acmegpu08
    acmegpu07:4711:4800 [0] NCCL INFO ncclCommInitRank comm 0x55d01234abcd rank 0 nranks 2 cudaDev 0 nvmlDev 0 busId 1b000 commId 0x7a5ce0ddba115ca1 - Init COMPLETE
    acmegpu07:4711:4800 [0] NCCL INFO AllReduce: opCount 0 sendbuff 0x7f1200000000 recvbuff 0x7f1200000000 count 1024 datatype 7 op 0 root 0 comm 0x55d01234abcd [nranks=2] stream 0x55d0feedbeef
    {"log":"acmegpu07:4711:4800 [0] NCCL INFO Using network IB\\n","stream":"jdoe","time":"x"}
    \u{1B}[31mjdoe: segfault in apollo\u{1B}[0m

    """

  @Test func nothingOfAPersonOrASiteIsLeft() throws {
    let name = "nccl.acmegpu07.4711.log"
    try scratch.write("jdoe/apollo/" + name, Self.secrets)
    let run = try CommandRun([
      "redact", scratch.path("jdoe"), "-o", scratch.path("red"), "--map", scratch.path("map.csv"),
    ])
    #expect(run.status == 0, "\(run.errors)")
    #expect(try scratch.names("red") == ["file-001.log"])
    let copy = try text("red")
    for secret in [
      "jdoe", "acme", "apollo", "hf_", "XyZ", "555", "8675309", "198.51", "ec0d", "9aff", "lustre",
      "scratch", "s3", "wandb", "secret", "55d0", "7a5ce0", "7f12", "segfault", "phone", "\u{1B}",
    ] {
      #expect(!copy.contains(secret), "\(secret): \(copy)")
    }
    let lines = copy.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(
      lines.count == Self.secrets.split(separator: "\n", omittingEmptySubsequences: false).count)
    #expect(lines.prefix(4).allSatisfy { $0 == "[line left out]" })
    for kept in [
      "mlx5_0:1/RoCE [RO]; OOB eth0:10.0.0.1<0>", "using ib0:fe80::1%ib0<0>",
      "src/misc/socket.cc:484 NCCL WARN", "peer host-002.domain<43210>", "busId 1b000",
      "count 1024 datatype 7 op 0 root 0", "Using network IB", "host-001:4711:4800 [0] NCCL INFO",
    ] {
      #expect(copy.lowercased().contains(kept.lowercased()), "\(kept): \(copy)")
    }
    // Who made the copies can tell what a finding means.
    let map = try String(contentsOf: scratch.url("map.csv"), encoding: .utf8)
    #expect(map.contains("host-001,acmegpu07\n"))
    #expect(map.contains("0x1000000000000001,0x7a5ce0ddba115ca1\n"))
    #expect(run.errors.contains("1 file redacted into"))
  }

  @Test func aHostMayBeCalledLikeAWordOfNCCL() throws {
    try scratch.write(
      "a.log", rankLog(0).replacingOccurrences(of: "node-1", with: "comm"))
    try scratch.write(
      "b.log", rankLog(1).replacingOccurrences(of: "node-1", with: "comm"))
    let inputs = [scratch.path("a.log"), scratch.path("b.log")]
    #expect(try CommandRun(["redact"] + inputs + ["-q", "-o", scratch.path("red")]).status == 0)
    let before = try CommandRun(["analyze"] + inputs + ["--format", "csv"])
    let after = try CommandRun(["analyze", scratch.path("red"), "--format", "csv"])
    #expect(before.status == 0)
    #expect(before.output == after.output)
    #expect(
      try text("red").hasPrefix("host-001:100:100 [0] NCCL INFO NCCL version 2.21.5+cuda12.4"))
  }

  // MARK: - Files

  @Test func copiesDoNotDependOnOrderOrCores() throws {
    for rank in 0..<3 {
      try scratch.write("logs/r\(rank).log", rankLog(rank % 2, extra: "user\(rank)\n"))
    }
    let paths = (0..<3).map { scratch.path("logs/r\($0).log") }
    for (name, arguments) in [
      ("a", ["--jobs", "1"] + paths), ("b", ["--jobs", "4"] + paths.reversed()),
      ("c", [scratch.path("logs")]),
    ] {
      #expect(
        try CommandRun(["redact", "-q", "-o", scratch.path(name)] + arguments).status == 0)
    }
    let names = try scratch.names("a")
    #expect(names == ["file-001.log", "file-002.log", "file-003.log"])
    for other in ["b", "c"] {
      #expect(try scratch.names(other) == names)
      for name in names {
        #expect(
          try Data(contentsOf: scratch.url("a/" + name))
            == Data(contentsOf: scratch.url(other + "/" + name)))
      }
    }
  }

  @Test func aCompressedLogStaysCompressed() throws {
    try scratch.write("rank.log", rankLog(0, operations: 400))
    #expect(try CommandRun(shell: "gzip rank.log", folder: scratch.folder).status == 0)
    let run = try CommandRun([
      "redact", scratch.path("rank.log.gz"), "-q", "-o", scratch.path("red"),
    ])
    #expect(run.status == 0)
    #expect(try scratch.names("red") == ["file-001.log.gz"])
    #expect(try CommandRun(shell: "gzip -t red/*", folder: scratch.folder).status == 0)
    #expect(
      try text("red").split(separator: "\n").count == 403)
  }

  @Test func whatCannotBeRedactedIsRefusedByNameAndTheRestIsCopied() throws {
    try scratch.write("in/rank.log", rankLog(0))
    try scratch.write("in/readme.md", "# Secrets of jdoe\n")
    let trace = Fixture.folder.appending(path: "kineto/tensor-parallel-rank0.json")
    try FileManager.default.copyItem(at: trace, to: scratch.url("in/trace.json"))
    try scratch.write("before/x", "")
    let topology = Fixture.folder.appending(path: "topology/dgx-like.xml")
    try FileManager.default.copyItem(at: topology, to: scratch.url("in/topo.xml"))
    #expect(
      try CommandRun(shell: "tar cf in/logs.tar in/rank.log", folder: scratch.folder).status == 0)
    let run = try CommandRun(["redact", scratch.path("in"), "-o", scratch.path("red")])
    #expect(run.status == 65)
    for name in ["readme.md", "trace.json", "logs.tar"] {
      #expect(run.errors.contains("in/\(name): "), "\(run.errors)")
    }
    #expect(try scratch.names("red") == ["file-001.log", "file-002.xml"])
    // The topology is the same machine.
    try FileManager.default.copyItem(at: topology, to: scratch.url("before/file-002.xml"))
    let before = try CommandRun([
      "topology", scratch.path("before/file-002.xml"), "--format", "csv",
    ])
    let after = try CommandRun(["topology", scratch.path("red/file-002.xml"), "--format", "csv"])
    #expect(before.output == after.output)
    #expect(!before.output.isEmpty)
  }

  @Test func wrongUseIsToldBeforeAnythingIsRead() throws {
    try scratch.write("rank.log", rankLog(0))
    let stdin = try CommandRun(["redact", "-", "-o", scratch.path("red")], input: rankLog(0))
    #expect(stdin.status == 64)
    #expect(try CommandRun(["redact", scratch.path("rank.log")]).status == 64)
    let full = try CommandRun(["redact", scratch.path("rank.log"), "-o", scratch.path(".")])
    #expect(full.status == 73)
    #expect(full.errors.contains("not empty"))
    let missing = try CommandRun(["redact", scratch.path("none.log"), "-o", scratch.path("red")])
    #expect(missing.status == 66)
    #expect(!FileManager.default.fileExists(atPath: scratch.path("red")))
  }

  @Test func moreFilesThanMayBeOpenAtOnceAreCopied() throws {
    for index in 0..<150 { try scratch.write("logs/\(index).log", rankLog(index % 2)) }
    let run = try CommandRun(
      shell: "ulimit -n 100; commlens redact logs -q -o red", folder: scratch.folder)
    #expect(run.status == 0, "\(run.errors)")
    #expect(try scratch.names("red").count == 150)
  }

  @Test func hostileBytesAreNoTrouble() throws {
    var bytes = Data(rankLog(0).utf8)
    bytes.append(Data([0xFF, 0xFE, 0x00, 0x0A]))
    bytes.append(Data(String(repeating: "a:", count: 4000).utf8) + Data([0x0A]))
    bytes.append(Data("n:1:1 [0] NCCL INFO \u{0}x\n".utf8))
    bytes.append(Data(("n:1:1 [0] NCCL WARN " + String(repeating: "/x", count: 5000)).utf8))
    try bytes.write(to: scratch.url("in.log"))
    let run = try CommandRun(["redact", scratch.path("in.log"), "-q", "-o", scratch.path("red")])
    #expect(run.status == 0)
    let before = try CommandRun(["analyze", scratch.path("in.log"), "--format", "csv"])
    let after = try CommandRun(["analyze", scratch.path("red"), "--format", "csv"])
    #expect(before.output == after.output)
  }
}
