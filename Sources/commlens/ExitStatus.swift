// SPDX-License-Identifier: Apache-2.0

/// How the process ends, as documented in the README.
///
/// When several apply, the first in this order wins: 70, 64, 78, 73, 74, 65, 66, 1. A script that
/// sees 1 may therefore rely on everything else having worked.
enum ExitStatus: Int32, CaseIterable, Sendable {
  /// Done; notes may have been written to standard error.
  case done = 0
  /// Done, and a gate (`--strict`, `--fail-on`) said no.
  case gate = 1
  /// Wrong use of the command line, no inputs included.
  case usage = 64
  /// No input held a line of NCCL, or one was lost as a whole.
  case malformedInput = 65
  /// An input does not exist or cannot be opened.
  case missingInput = 66
  /// A defect of commlens: an invariant does not hold, and no report was written.
  case internalError = 70
  /// The output cannot be created; what was there before is untouched.
  case cannotCreateOutput = 73
  /// Writing failed (disk full, I/O error); what was there before is untouched.
  case inputOutput = 74
  /// A job description, model configuration or hardware description is wrong, or lacks a number.
  case configuration = 78

  /// What it means, for the manual.
  var meaning: String {
    switch self {
    case .done: "Done; notes may have been written to standard error."
    case .gate: "Done, and a gate (--strict, --fail-on) said no."
    case .usage: "Wrong usage, no inputs included."
    case .malformedInput:
      "No line of NCCL in any input (no report), or a compressed file was lost as a whole."
    case .missingInput: "An input is missing or unreadable; the result covers the others."
    case .internalError: "Internal error; nothing was written."
    case .cannotCreateOutput: "The output cannot be created; nothing was touched."
    case .inputOutput: "Writing failed (disk full, I/O error); what was there before is intact."
    case .configuration: "A job description, a model, or a configuration file is wrong."
    }
  }

  /// The numbers in the order in which one hides the others.
  static var precedence: String {
    allCases.filter { $0 != .done }.sorted { $0.weight > $1.weight }
      .map { "\($0.rawValue)" }.joined(separator: ", ")
  }

  /// Position in the order of precedence; the highest wins.
  private var weight: Int {
    switch self {
    case .done: 0
    case .gate: 1
    case .missingInput: 2
    case .malformedInput: 3
    case .inputOutput: 4
    case .cannotCreateOutput: 5
    case .configuration: 6
    case .usage: 7
    case .internalError: 8
    }
  }

  /// Returns the one of two that the process reports.
  static func worse(_ a: Self, _ b: Self) -> Self { a.weight >= b.weight ? a : b }
}

/// A reason to stop, with the status to stop with.
struct CommandFailure: Error, Sendable {
  /// The status the process ends with.
  let status: ExitStatus
  /// One or more sentences: what happened and where, then what to do.
  let message: String
}
