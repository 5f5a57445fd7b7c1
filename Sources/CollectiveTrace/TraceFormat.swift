// SPDX-License-Identifier: Apache-2.0

/// A row of the format registry: what commlens reads, and how it tells.
public struct TraceFormat: Sendable {
  /// The name in `ingestion.csv`.
  public let name: String
  /// What writes it, for `commlens formats`.
  public let summary: String
  /// How it is recognised, always by content.
  public let recognisedBy: String

  /// Debug logs of NCCL and RCCL.
  public static let ncclLog = TraceFormat(
    name: "nccl_log",
    summary:
      "NCCL 2.3 to 2.30 and RCCL debug logs (NCCL_DEBUG=INFO and more), alone or among other output",
    recognisedBy: "a line with `host:pid:tid [dev] NCCL INFO`")

  /// Answers of NCCL's RAS subsystem.
  public static let ncclRAS = TraceFormat(
    name: "nccl_ras",
    summary: "reports of `ncclras` (NCCL 2.24 to 2.30, text or JSON), alone or inside a log",
    recognisedBy:
      "`NCCL version ... compiled with CUDA`, `\"nccl_version\"`, the table of communicators, or `#0-0 (hash) MISMATCH`"
  )

  /// Every format, in the order in which they are tried.
  public static let all = [ncclLog, ncclRAS]
}
