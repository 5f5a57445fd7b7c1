// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Glibc
import TrafficAnalysis

/// Times the parser alone, and writes the benchmark's generated inputs.
///
///     throughput parse FILE...      text in memory, best of five, GB/s of text on one core
///     throughput worst LINES        a log in which no line's tail ever recurs, on standard output
///     throughput job LINES RANK     one rank of a job whose tails recur, on standard output
///     throughput infer DATA         analysis of 64 x DATA ranks in a grid, seconds
///     throughput analyze FILE...    summary and analysis of files, seconds of each
@main
enum Throughput {
  static func main() {
    let arguments = CommandLine.arguments.dropFirst()
    switch arguments.first {
    case "parse": for path in arguments.dropFirst() { parse(path) }
    case "worst": worst(lines: Int(arguments.dropFirst().first ?? "") ?? 1_000_000)
    case "job":
      let numbers = arguments.dropFirst().compactMap { Int($0) }
      job(lines: numbers.first ?? 1_000_000, rank: numbers.dropFirst().first ?? 0)
    case "infer": infer(data: Int(arguments.dropFirst().first ?? "") ?? 160)
    case "analyze": analyze(Array(arguments.dropFirst()))
    default:
      put(
        "usage: throughput parse FILE... | worst LINES | job LINES RANK | infer DATA | analyze FILE...\n",
        to: 2)
    }
  }

  private static func parse(_ path: String) {
    guard var text = contents(of: path) else {
      put("\(path): cannot be read\n", to: 2)
      exit(66)
    }
    let count = text.count
    text += [UInt8](repeating: 0, count: 1024)
    var best = Double.infinity
    var lines = 0
    var calls: UInt64 = 0
    for _ in 0..<5 {
      let start = now()
      let partial = TraceReader.summarize(padded: text, count: count, file: path)
      best = min(best, now() - start)
      lines = partial.files.reduce(0) { $0 + $1.lines }
      calls = partial.processes.reduce(0) { sum, process in
        process.communicators.reduce(sum) { $1.calls.reduce($0) { $0 + $1.calls } }
      }
    }
    let rate = Double(count) / best / 1e9
    let nanoseconds = best / Double(max(lines, 1)) * 1e9
    put(
      "\(path)\t\(count) bytes\t\(lines) lines\t\(calls) calls\t\(rounded(rate)) GB/s\t\(rounded(nanoseconds)) ns per line\n",
      to: 1)
  }

  // MARK: - Analysis

  /// Times the analysis of a Megatron grid: tensor 8, pipeline 8, and a data-parallel size.
  private static func infer(data: Int) {
    let (tensor, pipeline) = (8, 8)
    let block = tensor * data
    var partial = TracePartial()
    for rank in 0..<block * pipeline {
      var ledger = FileLedger(file: "rank\(rank).log")
      ledger.format = "nccl-log"
      partial.files.append(ledger)
      var process = ProcessFacts(file: rank, host: "node\(rank / 8)", pid: 100 + rank)
      process.version = LibraryVersion(major: 2, minor: 27, patch: 7)
      partial.processes.append(process)
    }
    var communicators = 0
    func group(_ members: [Int], _ calls: (Int) -> [CallFacts]) {
      communicators += 1
      for (place, member) in members.enumerated() {
        var facts = CommunicatorFacts(pointer: UInt64(communicators) << 12)
        facts.rank = place
        facts.size = members.count
        facts.identifier = UInt64(communicators)
        facts.initStarted = true
        facts.initCompleted = true
        facts.calls = calls(place)
        facts.firstLine = partial.processes[member].communicators.count + 1
        partial.processes[member].communicators.append(facts)
      }
    }
    func call(
      _ kind: OperationKind, _ type: DataType, _ count: UInt64, _ calls: UInt64, peer: Int = 0
    ) -> CallFacts {
      CallFacts(
        kind: kind, dataType: type, peer: Int32(peer), elementCount: count, calls: calls,
        elements: count * calls)
    }
    group(Array(0..<block * pipeline)) { _ in [call(.allReduce, .float32, 1, 6)] }
    for first in stride(from: 0, to: block * pipeline, by: tensor) {
      // Several groups of the same ranks, as frameworks make them.
      for copy in 0..<10 {
        group(Array(first..<first + tensor)) { _ in
          [call(.allReduce, .bfloat16, 1 << 20, 640 + UInt64(copy))]
        }
      }
    }
    for stage in 0..<pipeline {
      for lane in 0..<tensor {
        group((0..<data).map { lane + tensor * $0 + block * stage }) { _ in
          [
            call(.reduceScatter, .float32, 5_000_000, 10),
            call(.allGather, .bfloat16, 5_000_000, 10),
          ]
        }
      }
    }
    for copy in 0..<30 {
      for lane in 0..<block {
        group((0..<pipeline).map { lane + block * $0 }) { stage in
          var calls: [CallFacts] = []
          let count = 1 << 20 + UInt64(copy)
          if stage > 0 { calls.append(call(.recv, .bfloat16, count, 8, peer: stage - 1)) }
          if stage < pipeline - 1 {
            calls.append(call(.send, .bfloat16, count, 8, peer: stage + 1))
          }
          return calls
        }
      }
    }
    let start = now()
    let summary = TrafficAnalyzer.analyze(partial)
    put(
      "\(block * pipeline) ranks\t\(communicators) communicators\t\(rounded(now() - start)) s\t\(summary.headline)\n",
      to: 1)
  }

  /// Times reading and analysing files apart.
  private static func analyze(_ paths: [String]) {
    var partial = TracePartial()
    let start = now()
    for path in paths {
      guard var text = contents(of: path) else { continue }
      let count = text.count
      text += [UInt8](repeating: 0, count: 1024)
      partial.merge(TraceReader.summarize(padded: text, count: count, file: path))
    }
    let middle = now()
    let summary = TrafficAnalyzer.analyze(partial)
    let end = now()
    put(
      "read \(middle - start) s\tanalysis \(end - middle) s\t\(summary.headline)\n", to: 1)
  }

  private static func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }

  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  // MARK: - Inputs

  /// Every buffer and stream pointer is new; there are 500 sizes.
  private static func worst(lines: Int) {
    var random = Generator(state: 1)
    var text = initialisation(rank: 0)
    let sizes = (0..<500).map { _ in random.next() % (1 << 24) + 1 }
    for line in 0..<lines {
      let count = sizes[Int(random.next() % UInt64(sizes.count))]
      text +=
        "gpu-a-01:100:100 [0] NCCL INFO AllReduce: opCount \(hex(UInt64(line))) sendbuff 0x7f\(hex(random.next(), 10)) recvbuff 0x7f\(hex(random.next(), 10)) count \(count) datatype 9 op 0 root 0 comm 0x55d0c0ffee00 [nranks=8] stream 0x55\(hex(random.next(), 10))\n"
      flush(&text)
    }
    put(text, to: 1)
  }

  /// The calls of tensor-parallel inference: 65 all-reduces and one all-gather a step.
  private static func job(lines: Int, rank: Int) {
    var random = Generator(state: UInt64(rank) + 1)
    var text = initialisation(rank: rank)
    for line in 0..<lines {
      let isGather = line % 66 == 65
      let count = isGather ? 16032 : 4096
      let buffer = random.next() % 16
      text +=
        "gpu-a-01:\(100 + rank):\(100 + rank) [\(rank)] NCCL INFO \(isGather ? "AllGather" : "AllReduce"): opCount \(hex(UInt64(line) >> 4)) sendbuff 0x7f12345\(hex(buffer, 1))7800 recvbuff 0x7f12345\(hex(buffer, 1))9a00 count \(count) datatype 9 op 0 root 0 comm 0x55d0c0ffee00 [nranks=8] stream 0x55d0deadbe00\n"
      flush(&text)
    }
    put(text, to: 1)
  }

  private static func initialisation(rank: Int) -> String {
    let fields =
      "ncclCommInitRank comm 0x55d0c0ffee00 rank \(rank) nranks 8 cudaDev \(rank) nvmlDev \(rank) busId 1b000 commId 0x1234"
    let head = "gpu-a-01:\(100 + rank):\(100 + rank) [\(rank)] NCCL INFO "
    return
      "\(head)NCCL version 2.27.7+cuda12.8\n\(head)\(fields) - Init START\n\(head)\(fields) - Init COMPLETE\n"
  }

  private struct Generator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
  }

  private static func hex(_ value: UInt64, _ digits: Int = 1) -> String {
    let text = String(digits > 1 ? value & ((1 << UInt64(digits * 4)) - 1) : value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
  }

  // MARK: - Files

  private static func flush(_ text: inout String) {
    guard text.utf8.count > 1 << 20 else { return }
    put(text, to: 1)
    text.removeAll(keepingCapacity: true)
  }

  private static func put(_ text: String, to descriptor: Int32) {
    let bytes = Array(text.utf8)
    var start = 0
    while start < bytes.count {
      let count = bytes[start...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { exit(74) }
      start += count
    }
  }

  private static func contents(of path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { return count == 0 ? bytes : nil }
      bytes += chunk[..<count]
    }
  }
}
