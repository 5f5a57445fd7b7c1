// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// What the ledgers of all inputs mean for the run: whether there is something to report, what to
/// warn of, and the status to end with.
struct IngestionVerdict {
  /// Whether any input held a line of NCCL; without one no report is written.
  let hasTrace: Bool
  /// The worst thing that happened to an input, or that there is no line of NCCL in any.
  let status: ExitStatus
  /// The worst thing that happened to an input.
  let statusOfFiles: ExitStatus
  /// One sentence per file that could not be read at all, in the order of the files.
  let errors: [String]
  /// One sentence per file that was not read to its end, in the order of the files.
  let warnings: [String]
  /// What `--strict` objects to; empty when every line was understood.
  let losses: [String]

  /// How to get logs that have something to say.
  static let advice = """
    no input holds a line written by NCCL. To collect logs, set in the environment of every rank
      NCCL_DEBUG=INFO  NCCL_DEBUG_SUBSYS=INIT,COLL,TUNING  NCCL_DEBUG_FILE=nccl.%h.%p.log
    run the job again, and pass the folder with the nccl.*.log files (gzip is fine).
    """

  /// Judges the ledgers.
  ///
  /// - Parameters:
  ///   - ledgers: The accounts of all inputs.
  ///   - unmatchedPatterns: How many patterns matched no file.
  init(_ ledgers: [FileLedger], unmatchedPatterns: Int) {
    hasTrace = ledgers.contains { Self.ncclLines($0) > 0 }
    var status = ExitStatus.done
    var warnings: [String] = []
    var losses: [String] = []
    var errors: [String] = []
    for ledger in ledgers {
      guard ledger.isBalanced else {
        status = .internalError
        errors.append(
          "\(ledger.file): the ledger's classes do not add up to its \(ledger.lines) lines; "
            + "please report this with the file.")
        continue
      }
      if ledger.status == .unreadable { status = ExitStatus.worse(status, .missingInput) }
      if Self.isLostWhole(ledger) { status = ExitStatus.worse(status, .malformedInput) }
      switch ledger.status {
      case .complete, .empty, .duplicate: break
      default:
        let detail = ledger.detail.isEmpty ? "\(ledger.status.rawValue)." : ledger.detail
        let sentence = detail.hasPrefix(ledger.file) ? detail : "\(ledger.file): \(detail)"
        if ledger.status == .unreadable {
          errors.append(sentence)
        } else {
          warnings.append(sentence)
        }
        losses.append("\(ledger.file) is \(ledger.status.rawValue)")
      }
    }
    if unmatchedPatterns > 0 { status = ExitStatus.worse(status, .missingInput) }
    statusOfFiles = status
    // When nothing could be opened, that is what went wrong, not what the files say.
    let opened = ledgers.contains { $0.status != .unreadable }
    if !hasTrace, opened || unmatchedPatterns == 0 && ledgers.isEmpty {
      status = ExitStatus.worse(status, .malformedInput)
    }
    for lineClass in [FileLedger.LineClass.unrecognised, .tornLost, .malformed] {
      let lines = ledgers.reduce(0) { $0 + $1[lineClass].lines }
      if lines > 0 {
        losses.append("\(lines) line\(lines == 1 ? "" : "s") \(lineClass.name)")
      }
    }
    self.status = status
    self.errors = errors
    self.warnings = warnings
    self.losses = losses
  }

  /// Lines that NCCL wrote, as far as they can be told.
  private static func ncclLines(_ ledger: FileLedger) -> Int {
    ledger[.parsed].lines + ledger[.knownIgnored].lines + ledger[.unrecognised].lines
      + ledger[.tornRecovered].lines
  }

  /// Whether a partial or a compressed file gave nothing at all: that must never look like an empty
  /// log.
  private static func isLostWhole(_ ledger: FileLedger) -> Bool {
    // A whole partial has no ledger.
    if ledger.format == TraceFormat.partial.name { return true }
    guard ledger.lines == 0, ledger.compression != "none" else { return false }
    switch ledger.status {
    case .unsupported, .truncated, .damaged, .checksumMismatch: return true
    default: return false
    }
  }
}
