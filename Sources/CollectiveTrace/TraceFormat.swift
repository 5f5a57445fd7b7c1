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

  /// Output of NCCL's Inspector plugin.
  public static let inspector = TraceFormat(
    name: "inspector",
    summary:
      "NCCL Inspector: sizes and durations of collectives, sends and receives, as JSON lines",
    recognisedBy: "a JSON object with `header` and `inspector_output_format_version`",
    recognises: { InspectorReader.recognises($0) },
    open: { InspectorReader(file: $0, options: $1) })

  /// Every format, in the order in which they are tried.
  ///
  /// A profiler's trace states `nccl_version` too, by which RAS is told.
  public static let all = [inspector, kineto, ncclRAS, ncclLog]

  /// The format of a text, by its first bytes.
  static func recognise(_ prefix: TextCursor) -> TraceFormat {
    all.first { $0.recognises(prefix) } ?? ncclLog
  }
}
