// SPDX-License-Identifier: Apache-2.0

/// The files that a report was made from, as a rule that Make can include.
///
///     report/manifest.json: logs/nccl.a.1.log logs/nccl.b\ 2.log
///
///     logs/nccl.a.1.log:
///
/// The second kind of rule lets Make go on, and build anew, after an input is gone.
struct DependencyFile {
  /// The rule.
  private(set) var text: String
  /// Inputs whose names Make has no way to write.
  private(set) var unwritable: [String] = []

  /// What stands for `=`, which would make a variable of the line.
  private static let equals = "commlens.equals"

  /// Makes the rule, or `nil` when Make cannot write the target.
  ///
  /// - Parameters:
  ///   - target: What the files are needed for.
  ///   - inputs: Paths as they were opened; one that comes twice is listed once.
  init?(target: String, inputs: [String]) {
    guard let target = Self.escaped(target, isTarget: true) else { return nil }
    var names: [(input: String, target: String)] = []
    var seen: Set<String> = []
    for input in inputs where seen.insert(input).inserted {
      guard let name = Self.escaped(input, isTarget: false),
        let own = Self.escaped(input, isTarget: true)
      else {
        unwritable.append(input)
        continue
      }
      names.append((name, own))
    }
    let lines = [target + ":" + names.map { " \\\n  " + $0.input }.joined()]
    let rules = lines + names.map { $0.target + ":" }
    text = rules.map { $0 + "\n" }.joined(separator: "\n")
    if text.contains(Self.equals) { text = "\(Self.equals) := =\n\n" + text }
  }

  /// A name as Make reads it, or `nil` for one that Make cannot have.
  ///
  /// Make has no escape for a semicolon, a bar, parentheses or white space other than a blank; and
  /// it takes a percent sign for a pattern in targets only.
  private static func escaped(_ name: String, isTarget: Bool) -> String? {
    var result = name.hasPrefix("~") ? "./" : ""
    var backslashes = 0
    for scalar in name.unicodeScalars {
      if scalar == "\\" {
        backslashes += 1
        continue
      }
      switch scalar {
      case ";", "|", "(", ")", "\0"..."\u{1F}", "\u{7F}": return nil
      case "%" where backslashes > 0: return nil
      case " ", "#", ":", "*", "?", "[":
        // Backslashes before what is escaped count as pairs.
        result += String(repeating: "\\", count: 2 * backslashes + 1)
      case "%" where isTarget: result += "\\"
      default: result += String(repeating: "\\", count: backslashes)
      }
      backslashes = 0
      switch scalar {
      case "$": result += "$$"
      case "=": result += "$(\(equals))"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return backslashes == 0 ? result : nil
  }
}

extension DependencyFile {
  /// Writes the rule of `--depfile`.
  ///
  /// - Parameters:
  ///   - path: The file of the rule.
  ///   - target: What was made.
  ///   - paths: The files that were read, as they were opened; the settings' files are added.
  ///   - console: Gets warnings.
  /// - Throws: `CommandFailure` when Make cannot have the target, or the rule cannot be written.
  static func write(
    _ path: String, for target: String, from paths: [String], _ console: Console
  ) throws(CommandFailure) {
    let inputs = (paths + Settings.current.files).filter { $0 != "-" }
    guard let rule = DependencyFile(target: target, inputs: inputs) else {
      throw CommandFailure(
        status: .cannotCreateOutput,
        message: "\(target): Make has no way to write this name; name another output.")
    }
    for input in rule.unwritable {
      console.warn("\(input): Make has no way to write this name; it is not in \(path).")
    }
    let (place, name) = try OutputDirectory.place(ofFile: path)
    try OutputDirectory(place, alone: false).write([
      OutputDirectory.File(name: name, bytes: Array(rule.text.utf8))
    ])
  }
}
