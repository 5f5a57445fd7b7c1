// SPDX-License-Identifier: Apache-2.0

/// Why a topology or graph file was refused.
///
/// The text says which file and line, what was found, and what to do; it is safe to print on a
/// terminal.
public struct TopologyError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Whose fault it is.
  public enum Kind: Sendable, Equatable {
    /// The file does not exist or cannot be opened.
    case missing
    /// The content is not what it should be.
    case malformed
  }

  /// Whose fault it is.
  public var kind: Kind
  /// The file as the user named it.
  public var file: String
  /// The line, from 1; `nil` when the whole file is meant.
  public var line: Int?
  /// What was found.
  public var problem: String
  /// What to do.
  public var advice: String

  /// One sentence for a person.
  public var description: String {
    let name = ConfigurationText.printable(file, limit: 4096)
    return "\(name)\(line.map { ":\($0)" } ?? ""): \(problem); \(advice)."
  }

  /// A refusal of content.
  static func malformed(_ file: String, line: Int?, _ problem: String, _ advice: String) -> Self {
    TopologyError(kind: .malformed, file: file, line: line, problem: problem, advice: advice)
  }

  /// The refusal that an input's own error stands for.
  init(_ error: TraceError, file: String) {
    // The error's own sentence begins with the path and holds its advice behind the semicolon.
    var text = error.description
    if text.hasPrefix("\(file): ") { text.removeFirst(file.count + 2) }
    if text.hasSuffix(".") { text.removeLast() }
    let parts = text.split(separator: "; ", maxSplits: 1)
    self.init(
      kind: error.isMissing ? .missing : .malformed, file: file, line: nil,
      problem: ConfigurationText.printable(String(parts.first ?? "cannot be read"), limit: 4096),
      advice: ConfigurationText.printable(
        String(parts.count > 1 ? parts[1] : "check the file"), limit: 4096))
  }

  private init(kind: Kind, file: String, line: Int?, problem: String, advice: String) {
    self.kind = kind
    self.file = file
    self.line = line
    self.problem = problem
    self.advice = advice
  }
}
