// SPDX-License-Identifier: Apache-2.0

/// Why an input could not be read to its end.
///
/// The text says what happened, where, and what to do.
public enum TraceError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The path does not exist.
  case missing(path: String)
  /// The path exists and cannot be opened or read.
  case unreadable(path: String, reason: String)
  /// The path is not a regular file (a device, a socket, a pipe).
  case notRegularFile(path: String)
  /// The content is a container that needs a tool that is not installed.
  case needsTool(path: String, container: String, command: String)
  /// The content is a container or format that commlens does not read.
  case unsupported(path: String, content: String, advice: String)
  /// The content is no partial, or one that is not whole or of another version.
  case broken(path: String, detail: String)

  /// Whether there was nothing to read, as opposed to something that could not be understood.
  public var isMissing: Bool {
    switch self {
    case .missing, .unreadable, .notRegularFile: true
    case .needsTool, .unsupported, .broken: false
    }
  }

  /// One sentence for a person.
  public var description: String {
    switch self {
    case .missing(let path):
      "\(path): no such file or directory; check the path, or quote the pattern so that commlens expands it."
    case .unreadable(let path, let reason):
      "\(path): cannot be read (\(reason)); check its permissions, or copy it again."
    case .notRegularFile(let path):
      "\(path): not a regular file; pass a pipe as `-` (standard input)."
    case .needsTool(let path, let container, let command):
      "\(path): compressed with \(container), which commlens reads through `\(command)`, and that is not installed; install it, or run `\(command) < \(path) | commlens analyze -`."
    case .unsupported(let path, let content, let advice):
      "\(path): \(content) is not something commlens reads; \(advice)."
    case .broken(let path, let detail): "\(path): \(detail)"
    }
  }
}
