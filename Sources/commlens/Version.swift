// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace
internal import TrafficReport

/// What `--version` prints, on one line.
enum Version {
  /// The release.
  static let number = "0.1.0"

  /// The day of the release's manual; a constant, so that pages do not change with the day they
  /// are made on.
  static let date = "November 26, 2026"

  /// The release, the schema of its outputs, and what it was built with.
  static var line: String {
    "commlens \(number) (schema \(Schema.version); swift \(compiler); inflate \(inflater))"
  }

  /// The same for scripts: `--version --format json`.
  static var json: String {
    let values = [
      ("name", PlainTable.quoted("commlens")), ("version", PlainTable.quoted(number)),
      ("schema", "\(Schema.version)"), ("swift", PlainTable.quoted(compiler)),
      ("inflate", PlainTable.quoted(inflater)),
    ]
    return "{" + values.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ") + "}\n"
  }

  /// Whether a command line asks for the version in this form; no command has both options.
  static func isWanted(asJSON arguments: [String]) -> Bool {
    arguments == ["--version", "--format", "json"] || arguments == ["--version", "--format=json"]
  }

  private static var compiler: String {
    #if swift(>=6.4)
    "6.4 or later"
    #elseif swift(>=6.3)
    "6.3"
    #else
    "6.2"
    #endif
  }

  private static var inflater: String { ByteStream.engineName }
}
