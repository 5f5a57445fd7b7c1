// SPDX-License-Identifier: Apache-2.0

/// A row of the format registry: what commlens reads, and how it tells.
@safe
public struct TraceFormat: Sendable {
  /// The name in `ingestion.csv`.
  public let name: String
  /// What writes it, for `commlens formats`.
  public let summary: String
  /// How it is recognised, always by content.
  public let recognisedBy: String
  /// Whether a text that begins so is of this format; it sees up to 256 KiB.
  let recognises: @Sendable (TextCursor) -> Bool
  /// Reads a file to its end: text, name, limits.
  let read: @Sendable (inout TraceText, String, TraceReader.Options) -> TracePartial
  /// Reads text in memory: base, count, window, name, limits.
  let readMemory:
    @Sendable (UnsafeRawPointer, Int, Int, String, TraceReader.Options) -> TracePartial

  /// A row whose reader `open` makes for a file's name.
  private init<Reader: FormatReader & ~Copyable>(
    name: String, summary: String, recognisedBy: String,
    recognises: @escaping @Sendable (TextCursor) -> Bool,
    open: @escaping @Sendable (String, TraceReader.Options) -> Reader
  ) {
    self.name = name
    self.summary = summary
    self.recognisedBy = recognisedBy
    self.recognises = recognises
    read = { text, file, options in
      var reader = open(file, options)
      text.read(into: &reader, maximumLineBytes: options.maximumLineBytes)
      return reader.finish()
    }
    unsafe readMemory = { base, count, window, file, options in
      var reader = open(file, options)
      unsafe TraceReader.read(base, count: count, window: window, into: &reader)
      return reader.finish()
    }
  }

  /// Debug logs of NCCL and RCCL; also what a file of no other format is read as.
  public static let ncclLog = TraceFormat(
    name: "nccl_log",
    summary:
      "NCCL 2.3 to 2.30 and RCCL debug logs (NCCL_DEBUG=INFO and more), alone or among other output",
    recognisedBy: "a line with `host:pid:tid [dev] NCCL INFO`",
    recognises: { _ in true },
    open: { NCCLLogReader(file: $0, maximumKeys: $1.maximumKeysPerFile) })

  /// Traces of PyTorch's profiler.
  public static let kineto = TraceFormat(
    name: "kineto",
    summary:
      "PyTorch profiler (Kineto) and other Chrome traces: kernels of NCCL and RCCL with their times",
    recognisedBy: "a JSON document with `traceEvents`, or a list of events with `ph` and `ts`",
    recognises: { KinetoReader.recognises($0) },
    open: { KinetoReader(file: $0, options: $1) })

  /// Answers of NCCL's RAS subsystem, which people also paste into logs: the reader is the same.
  public static let ncclRAS = TraceFormat(
    name: "nccl_ras",
    summary: "reports of `ncclras` (NCCL 2.24 to 2.30, text or JSON), alone or inside a log",
    recognisedBy:
      "`NCCL version ... compiled with CUDA`, a table of communicators, `#0-0 (hash) MISMATCH`, or `\"nccl_version\"`",
    recognises: { RASTextReader.recognises($0) },
    open: { NCCLLogReader(file: $0, maximumKeys: $1.maximumKeysPerFile) })

  /// Files that launch a job; a log of NCCL that begins like one stays a log: the reader is the same.
  public static let launchFile = TraceFormat(
    name: "launch_file",
    summary:
      "files that launch a job of Megatron-LM, DeepSpeed, torchtitan, vLLM or SGLang: scripts, JSON, TOML; read as text and never run",
    recognisedBy:
      "`#!` or `#SBATCH` and a launcher's flags, `[parallelism]`, or keys of DeepSpeed's JSON",
    recognises: { LaunchFile.mayBe($0) },
    open: { NCCLLogReader(file: $0, maximumKeys: $1.maximumKeysPerFile, mayLaunch: true) })

  /// Output of NCCL's Inspector plugin.
  public static let inspector = TraceFormat(
    name: "inspector",
    summary:
      "NCCL Inspector: sizes and durations of collectives, sends and receives, as JSON lines",
    recognisedBy: "a JSON object with `header` and `inspector_output_format_version`",
    recognises: { InspectorReader.recognises($0) },
    open: { InspectorReader(file: $0, options: $1) })

  /// Dumps of PyTorch's Flight Recorder as it writes them by default.
  public static let flightRecorder = TraceFormat(
    name: "flight_recorder",
    summary:
      "PyTorch Flight Recorder dumps: the last calls of a rank and how far they got, as a pickle, which is read as data and never run",
    recognisedBy: "a Python pickle (byte 0x80 and a protocol of 2 to 5), under any file name",
    recognises: { FlightRecorderReader.recognises($0) },
    open: { FlightRecorderReader(file: $0, isJSON: false, options: $1) })

  /// The same dumps as JSON.
  public static let flightRecorderJSON = TraceFormat(
    name: "flight_recorder_json",
    summary: "PyTorch Flight Recorder dumps as JSON (dump_nccl_trace_json)",
    recognisedBy: "a JSON object that begins with a key of the dump and has `pg_config` or calls",
    recognises: { FlightRecorderReader.recognisesJSON($0) },
    open: { FlightRecorderReader(file: $0, isJSON: true, options: $1) })

  /// Chakra execution traces.
  public static let chakra = TraceFormat(
    name: "chakra",
    summary: "Chakra execution traces (.et, schema 0.0.4): operations by size, times where stated",
    recognisedBy: "a length, a GlobalMetadata message of protocol buffers, and a Node after it",
    recognises: { ChakraReader.recognises($0) },
    open: { ChakraReader(file: $0, options: $1) })

  /// Execution traces as PyTorch's ExecutionTraceObserver writes them.
  public static let executionTrace = TraceFormat(
    name: "execution_trace",
    summary:
      "PyTorch execution traces (calls in `record_param_comms` nodes, without times), Chakra traces in JSON",
    recognisedBy: "a JSON object with `schema` and `nodes`, or with `workload_graph`",
    recognises: { ExecutionTraceReader.recognises($0) },
    open: { ExecutionTraceReader(file: $0, options: $1) })

  /// Output of NCCL's example profiler plugin.
  public static let profiler = TraceFormat(
    name: "profiler",
    summary: "NCCL's example profiler: start and end of collectives, sends and receives",
    recognisedBy: "a JSON array of trace events, one a line, with `CommHash` or `groupId`",
    recognises: { ProfilerReader.recognises($0) },
    open: { ProfilerReader(file: $0, options: $1) })

  /// What `commlens summarize` and `merge` write.
  public static let partial = TraceFormat(
    name: "partial",
    summary:
      "partials of `commlens summarize` and `merge`: the facts of files that were read before",
    recognisedBy: "its signature, byte 0x89 and `CLP`",
    recognises: { PartialReader.recognises($0) },
    open: { PartialReader(file: $0, options: $1) })

  /// Every format, in the order in which they are tried.
  ///
  /// A profiler's trace states `nccl_version` too, by which RAS is told, and the example profiler
  /// of NCCL writes trace events.
  public static let all = [
    partial, inspector, flightRecorder, flightRecorderJSON, executionTrace, chakra, profiler,
    kineto,
    ncclRAS, launchFile, ncclLog,
  ]

  /// The format of a text, by its first bytes.
  static func recognise(_ prefix: TextCursor) -> TraceFormat {
    all.first { $0.recognises(prefix) } ?? ncclLog
  }
}
