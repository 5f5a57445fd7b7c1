// SPDX-License-Identifier: Apache-2.0

/// Recognises and reads files that launch a job: shell and batch scripts, DeepSpeed's JSON and
/// torchtitan's TOML.
///
/// Nothing is run, and nothing but the text itself is looked at.
enum LaunchFile {
  /// Largest file read.
  static let maximumBytes = ConfigurationFile.maximumBytes

  /// Reads a text that launches a job; `nil` when it is something else.
  ///
  /// - Complexity: O(*n*) in the bytes, and what a script expands.
  static func read(_ text: String, file: String) -> [LaunchFacts]? {
    guard text.utf8.count <= maximumBytes, !text.utf8.contains(where: isControl) else {
      return nil
    }
    if isTOML(text) { return [readTOML(text)] }
    if isObject(text) { return readJSON(text, file: file).map { [$0] } }
    guard isScript(text) else { return nil }
    var reader = LaunchScript(ShellScript(text))
    let facts = reader.read()
    // A script that starts something else says nothing about a job.
    return facts.isEmpty && !text.hasPrefix("#!") ? nil : facts
  }

  /// Whether a text may be one, by its first bytes: cheap, because every log is asked.
  static func mayBe(_ prefix: TextCursor) -> Bool {
    var text = prefix
    text.skipSpace()
    switch text.next {
    case UInt8(ascii: "#"):
      return text.starts(with: "#!") || text.find("#SBATCH ") != nil
        || text.find("\n[parallelism]") != nil
    case UInt8(ascii: "["):
      return text.find("[parallelism]") != nil || text.find("[training]") != nil
    case UInt8(ascii: "{"):
      return text.find("\"zero_optimization\"") != nil || text.find("\"train_batch_size\"") != nil
        || text.find("\"train_micro_batch_size_per_gpu\"") != nil
    default: return false
    }
  }

  private static func isControl(_ byte: UInt8) -> Bool {
    byte < 0x20 && byte != 0x09 && byte != 0x0A && byte != 0x0D
  }

  private static func isObject(_ text: String) -> Bool {
    text.utf8.first { $0 > 0x20 } == UInt8(ascii: "{")
  }

  /// Lines without comments, cut to what a person writes.
  private static func lines(_ text: String) -> [Substring] {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      line.hasSuffix("\r") ? line.dropLast() : line
    }
  }

  /// A script has an interpreter, directives of Slurm, or a line that begins with a launcher.
  private static func isScript(_ text: String) -> Bool {
    if text.hasPrefix("#!") { return true }
    return lines(text).prefix(4096).contains { line in
      if line.hasPrefix("#SBATCH ") { return true }
      var words = line.split(separator: " ", maxSplits: 16, omittingEmptySubsequences: true)[...]
      // Variables may be set before the program.
      while let word = words.first, word.contains("="), !word.hasPrefix("-") {
        words = words.dropFirst()
      }
      guard let program = words.first.map({ LaunchScript.baseName(String($0)) }) else {
        return false
      }
      if ["torchrun", "deepspeed", "vllm", "sglang", "srun"].contains(program) {
        return words.dropFirst().contains { $0.hasPrefix("-") || $0 == "serve" || $0 == "\\" }
      }
      guard program.hasPrefix("python") else { return false }
      return words.contains { word in
        word == "torch.distributed.run" || word == "sglang.launch_server"
          || word.hasPrefix("vllm.entrypoints") || word == "torchtitan.train"
          || word.contains("pretrain_")
      }
    }
  }

  // MARK: - TOML

  /// Sections whose keys the vocabulary has; older releases kept degrees in the last two.
  private static let sections: Set<Substring> = [
    "parallelism", "training", "experimental", "activation_checkpoint",
  ]

  private static func section(_ line: Substring) -> Substring? {
    let bare = line.prefix { $0 != "#" }.drop { $0 == " " || $0 == "\t" }
    guard bare.first == "[", let end = bare.firstIndex(of: "]") else { return nil }
    return bare[bare.index(after: bare.startIndex)..<end]
  }

  private static func isTOML(_ text: String) -> Bool {
    let rows = lines(text)
    guard
      let first = rows.first(where: { row in
        let start = row.first { $0 != " " && $0 != "\t" }
        return start != nil && start != "#"
      }), section(first) != nil
    else { return false }
    let names = rows.lazy.compactMap(section)
    return names.contains("parallelism")
      || (names.contains("training") && names.contains { $0 == "job" || $0 == "experimental" })
  }

  /// Reads `key = value` of the sections that matter; values of other shapes have no meaning here.
  private static func readTOML(_ text: String) -> LaunchFacts {
    var facts = LaunchFacts(launcher: .torchtitan)
    var current: Substring = ""
    for (index, line) in lines(text).enumerated() {
      if let name = section(line) {
        current = name
        continue
      }
      guard sections.contains(current), let equals = line.firstIndex(of: "=") else { continue }
      let key = line[..<equals].filter { $0 != " " && $0 != "\t" && $0 != "\"" }
      guard !key.hasPrefix("#") else { continue }
      var value = line[line.index(after: equals)...].drop { $0 == " " || $0 == "\t" }
      if let quote = value.first, quote == "\"" || quote == "'" {
        value = value.dropFirst().prefix { $0 != quote }
      } else {
        value = value.prefix { $0 != "#" && $0 != " " && $0 != "\t" }
      }
      // `mode` is recomputation only where that is the section.
      guard (key == "mode") == (current == "activation_checkpoint") else { continue }
      // TOML allows digits in groups, `8_192`.
      let plain = value.first?.isNumber == true ? value.filter { $0 != "_" } : String(value)
      facts.add(key, plain, line: index + 1)
    }
    return facts
  }

  // MARK: - JSON

  /// Reads DeepSpeed's configuration; `nil` when the object is something else or no JSON.
  private static func readJSON(_ text: String, file: String) -> LaunchFacts? {
    guard let root = try? ConfigurationNode.parse(text, file: file).mapping() else { return nil }
    let own = [
      "zero_optimization", "train_batch_size", "train_micro_batch_size_per_gpu",
      "gradient_accumulation_steps",
    ]
    guard root["parallelism"] == nil, root["world_size"] == nil, root["hidden_size"] == nil,
      root.entries.contains(where: { own.contains($0.key) })
    else { return nil }
    var facts = LaunchFacts(launcher: .deepspeed)
    func add(_ name: String, _ node: ConfigurationNode?) {
      guard let node else { return }
      let value = node.plain ?? ((try? node.text()) ?? "[]")
      facts.add(name, value, line: node.location.line ?? 1)
    }
    for name in own.dropFirst() { add(name, root[name]) }
    if let zero = try? root["zero_optimization"]?.mapping() { add("zero_stage", zero["stage"]) }
    for (section, name) in [
      ("bf16", "bfloat16_enabled"), ("bfloat16", "bfloat16_enabled"), ("fp16", "fp16_enabled"),
    ] {
      if let part = try? root[section]?.mapping() { add(name, part["enabled"]) }
    }
    return facts
  }
}
