// SPDX-License-Identifier: Apache-2.0

@testable import CollectiveTrace

/// Writes small traces as Kineto does.
enum KinetoText {
  /// An event with its arguments; times in microseconds as printed.
  static func event(
    _ category: String, _ name: String, ts: String, dur: String, pid: String = "1",
    tid: String = "1", _ arguments: String = ""
  ) -> String {
    """
      {
        "ph": "X", "cat": "\(category)", "name": "\(name)", "pid": \(pid), "tid": \(tid),
        "ts": \(ts), "dur": \(dur),
        "args": {\(arguments)}
      }
    """
  }

  /// A collective as PyTorch 2.4 and newer record it: host call, annotation, launch, kernel.
  static func collective(
    _ name: String, kernel: String, number: Int, input: Int, output: Int, type: String = "Float",
    group: String = "tp", ranks: String = "[4, 5, 6, 7]", size: Int = 4, more: String = "",
    at start: Int, kernelAt kernelStart: Int, duration: Int
  ) -> [String] {
    let metadata = """
      "Collective name": "\(name)", "In msg nelems": \(input), "Out msg nelems": \(output), \
      "Group size": \(size), "dtype": "\(type)", "In split size": "[]", "Out split size": "[]", \
      "Process Group Name": "\(group)", "Process Group Description": "\(group)_group", \
      "Process Group Ranks": "\(ranks)"
      """
    return [
      event(
        "cpu_op", "record_param_comms", ts: "\(start)", dur: "20.5",
        "\"External id\": \(number), \"Seq\": \(number), \(metadata)\(more)"),
      event(
        "user_annotation", "nccl:\(name)", ts: "\(start + 2)", dur: "10",
        "\"External id\": \(number + 1)"),
      event(
        "cuda_runtime", "cudaLaunchKernelExC", ts: "\(start + 3)", dur: "4",
        "\"External id\": \(number), \"correlation\": \(number + 5000)"),
      event(
        "kernel", kernel, ts: "\(kernelStart)", dur: "\(duration)", pid: "0", tid: "24",
        "\"External id\": \(number), \"correlation\": \(number + 5000), \(metadata)"),
      event(
        "gpu_user_annotation", "nccl:\(name)", ts: "\(kernelStart)", dur: "\(duration)", pid: "0",
        tid: "24", "\"External id\": \(number + 1)"),
    ]
  }

  static func compute(at start: Int, duration: Int) -> String {
    event(
      "kernel", "void gemm<float, 128>(float*, {int})", ts: "\(start)", dur: "\(duration)",
      pid: "0", tid: "7", "\"correlation\": \(start), \"grid\": [2, 1, 1]")
  }

  static let rank4 = """
    "distributedInfo": {"backend": "nccl", "rank": 4, "world_size": 8, "pg_count": 2, "pg_config": [
      {"pg_name": "0", "pg_desc": "default_pg", "backend_config": "cuda:nccl", "pg_size": 8, "ranks": [0, 1, 2, 3, 4, 5, 6, 7]},
      {"pg_name": "tp", "pg_desc": "tp_group", "pg_size": 4, "ranks": [4, 5, 6, 7]}], "nccl_version": "2.27.3"}
    """

  static func document(_ events: [String], info: String? = rank4, after: Bool = false) -> String {
    let list = "\"traceEvents\": [\n\(events.joined(separator: ",\n"))\n  ]"
    let parts = [
      "\"schemaVersion\": 1", "\"deviceProperties\": [{\"id\": 0, \"name\": \"A \\\" {\"}]",
    ]
    let info = info.map { [$0] } ?? []
    let all = after ? parts + [list] + info : parts + info + [list]
    return "{\n" + (all + ["\"traceName\": \"a.json\""]).joined(separator: ",\n") + "\n}\n"
  }

  static func read(
    _ text: String, window: Int = 256 << 10, limit: Int = 1 << 20
  ) -> TracePartial {
    read(Array(text.utf8), window: window, limit: limit)
  }

  static func read(
    _ bytes: [UInt8], window: Int = 256 << 10, limit: Int = 1 << 20
  ) -> TracePartial {
    var options = TraceReader.Options()
    options.maximumLineBytes = limit
    return TraceReader.summarize(text: bytes, file: "trace", window: window, options: options)
  }
}

extension TracePartial {
  /// Rows of all communicators as `name kind type count calls`.
  var rows: [String] {
    processes.flatMap { process in
      process.communicators.flatMap { communicator in
        communicator.calls.map { row in
          let count =
            row.isUnsized ? "?" : row.isCoarse ? "~\(row.elements)" : "\(row.elementCount)"
          return
            "\(communicator.name ?? "-") \(row.kind.name) \(row.dataType.name) \(count) x\(row.calls)"
        }
      }
    }
  }
}
