// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Glibc

/// Times the parser alone, and writes the benchmark's generated inputs.
///
///     throughput parse FILE...      text in memory, best of five, GB/s of text on one core
///     throughput worst LINES        a log in which no line's tail ever recurs, on standard output
///     throughput job LINES RANK     one rank of a job whose tails recur, on standard output
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
    default: put("usage: throughput parse FILE... | worst LINES | job LINES RANK\n", to: 2)
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
