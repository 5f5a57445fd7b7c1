// SPDX-License-Identifier: Apache-2.0

@testable import CollectiveTrace

/// Builds log text and reads it without files.
enum LogText {
  /// An operation line as NCCL 2.22 and later prints it.
  static func operation(
    _ name: String, count: Int, type: Int = 9, op: Int = 0, root: Int = 0,
    comm: String = "0x55d0c0ffee00", ranks: Int = 8, pid: Int = 100, tid: Int? = nil,
    device: Int = 0, host: String = "node-1", opCount: String = "0", send: String? = nil,
    stream: String = "0x55d0deadbe00"
  ) -> String {
    let send = send ?? (name == "Send" || name == "Recv" ? "(nil)" : "0x7f1234567800")
    return
      "\(host):\(pid):\(tid ?? pid) [\(device)] NCCL INFO \(name): opCount \(opCount) sendbuff \(send) recvbuff 0x7f1234569a00 count \(count) datatype \(type) op \(op) root \(root) comm \(comm) [nranks=\(ranks)] stream \(stream)\n"
  }

  /// The two init lines of NCCL 2.26 to 2.28.
  static func initialisation(
    comm: String = "0x55d0c0ffee00", rank: Int, ranks: Int, id: String = "0x1234abcd",
    pid: Int = 100, host: String = "node-1"
  ) -> String {
    let fields =
      "ncclCommInitRank comm \(comm) rank \(rank) nranks \(ranks) cudaDev 0 nvmlDev 0 busId 1b000 commId \(id)"
    return
      "\(host):\(pid):\(pid) [0] NCCL INFO \(fields) - Init START\n\(host):\(pid):\(pid) [0] NCCL INFO \(fields) - Init COMPLETE\n"
  }

  /// Reads text in windows of `window` bytes; small windows never take the fast way.
  static func read(_ text: String, window: Int = .max) -> TracePartial {
    read(bytes: Array(text.utf8), window: window)
  }

  /// Reads bytes in windows of `window` bytes.
  static func read(bytes: [UInt8], window: Int = .max, maximumKeys: Int = 1 << 16) -> TracePartial {
    var options = TraceReader.Options()
    options.maximumKeysPerFile = maximumKeys
    return TraceReader.summarize(
      text: bytes, file: "test.log", window: window, options: options)
  }
}

extension TracePartial {
  /// The only process.
  var process: ProcessFacts? { processes.count == 1 ? processes.first : nil }
  /// The only communicator of the only process.
  var communicator: CommunicatorFacts? {
    process?.communicators.count == 1 ? process?.communicators.first : nil
  }
  /// All call rows as text, for comparison.
  var callText: [String] {
    processes.flatMap { process in
      process.communicators.flatMap { communicator in
        communicator.calls.map { call in
          "\(process.host):\(process.pid) \(communicator.pointer) \(communicator.rank ?? -1) \(call)"
        }
          + communicator.exchanges.map { "\(process.pid) \($0)" }
          + ["\(communicator.collectiveOrderHash)"]
      } + process.timelines.map { "\($0)" }
    }
  }
}
