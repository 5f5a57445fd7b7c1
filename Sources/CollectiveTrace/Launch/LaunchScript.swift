// SPDX-License-Identifier: Apache-2.0

/// Finds the commands of a script that launch a job, and what their flags state.
struct LaunchScript {
  private typealias Word = ShellScript.Word

  private let script: ShellScript
  private var facts: [LaunchFacts.Launcher: LaunchFacts] = [:]
  private var problems: [LaunchFacts.Problem] = []

  init(_ script: ShellScript) { self.script = script }

  /// One entry for each launcher that is found, in the order of the cases.
  mutating func read() -> [LaunchFacts] {
    var stated: [LaunchFacts.Launcher: [LaunchFacts.Statement]] = [:]
    for command in script.commands.map(Self.withoutShell) {
      guard let launcher = Self.launcher(of: command) else { continue }
      facts[launcher] = facts[launcher] ?? LaunchFacts(launcher: launcher)
      stated[launcher, default: []] += statements(of: command, launcher)
    }
    for (launcher, all) in stated { keep(all, of: launcher) }
    if script.isCut, let launcher = facts.keys.min(by: { $0.rawValue < $1.rawValue }) {
      facts[launcher]?.add(
        LaunchFacts.Problem(text: "The script expands to more text than is read.", line: 1))
    }
    return LaunchFacts.Launcher.allCases.compactMap { facts[$0] }
  }

  /// Keeps what all commands of the script agree on.
  private mutating func keep(
    _ all: [LaunchFacts.Statement], of launcher: LaunchFacts.Launcher
  ) {
    for statement in all {
      let others = all.first { $0.key == statement.key && $0.value != statement.value }
      if let others, let first = all.first(where: { $0.key == statement.key }) {
        let other = first.value == others.value ? statement : others
        facts[launcher]?.add(
          LaunchFacts.Problem(
            text:
              "`\(first.name)` is left out: commands of the script state \(first.value) and \(other.value).",
            line: first.line, key: first.key))
      } else {
        facts[launcher]?.add(statement)
      }
    }
  }

  /// The words of a command that another shell is given in quotes, `bash -c "python ..."`.
  private static func withoutShell(_ command: [Word]) -> [Word] {
    let shells: Set<String> = ["bash", "sh", "/bin/bash", "/bin/sh"]
    guard let shell = command.firstIndex(where: { shells.contains($0.text) }),
      shell + 2 < command.count, command[shell + 1].text.hasPrefix("-"),
      command[shell + 1].text.hasSuffix("c")
    else { return command }
    let inner = command[shell + 2]
    let words = inner.text.split(maxSplits: 1 << 14) { $0 == " " || $0.isNewline }
    return command[..<shell] + words.map { Word(text: String($0), line: inner.line) }
  }

  // MARK: - Programs

  /// The name of a program without folders and marks.
  static func baseName(_ word: String) -> String {
    let name = word.split(separator: "/").last.map(String.init) ?? word
    return clean(name)
  }

  private static func clean(_ text: String) -> String {
    text.filter { $0 != ShellScript.assumed && $0 != ShellScript.conditional }
  }

  /// Flags that no other launcher has.
  private static let megatronFlags: Set<String> = [
    "tensor_model_parallel_size", "pipeline_model_parallel_size", "expert_model_parallel_size",
    "use_mcore_models", "num_layers",
  ]

  private static func launcher(of command: [Word]) -> LaunchFacts.Launcher? {
    let names = command.map { baseName($0.text) }
    let flags = command.lazy.filter { $0.text.hasPrefix("--") }
      .map { LaunchVocabulary.normalised(String(clean($0.text).prefix { $0 != "=" })) }
    if names.contains(where: { $0.hasPrefix("vllm.entrypoints") }) { return .vllm }
    if names.contains("sglang.launch_server") { return .sglang }
    for (name, next) in zip(names, names.dropFirst()) where next == "serve" {
      if name == "vllm" { return .vllm }
      if name == "sglang" { return .sglang }
    }
    if names.contains("torchtitan.train")
      || flags.contains(where: { $0.hasPrefix("parallelism.") || $0 == "job.config_file" })
    {
      return .torchtitan
    }
    if flags.contains(where: megatronFlags.contains) || names.contains(where: isMegatronProgram) {
      return .megatron
    }
    if names.contains("deepspeed") || flags.contains(where: { $0.hasPrefix("deepspeed") }) {
      return .deepspeed
    }
    return nil
  }

  private static func isMegatronProgram(_ name: String) -> Bool {
    name.hasPrefix("pretrain_") && name.hasSuffix(".py")
  }

  // MARK: - Flags

  private mutating func statements(
    of command: [Word], _ launcher: LaunchFacts.Launcher
  ) -> [LaunchFacts.Statement] {
    var found: [LaunchFacts.Statement] = []
    var doubtful: Set<LaunchFacts.Key> = []
    let names = command.map { Self.baseName($0.text) }
    let isStarted = names.contains { name in
      ["torchrun", "torch.distributed.run", "torch.distributed.launch", "deepspeed"].contains(name)
        || name.hasSuffix(".distributed.run")
    }
    for (index, word) in command.enumerated() where word.text.hasPrefix("-") {
      var flag = Substring(word.text)
      var value: String?
      if let equals = flag.firstIndex(of: "=") {
        value = String(flag[flag.index(after: equals)...])
        flag = flag[..<equals]
      }
      let isConditional = word.text.contains(ShellScript.conditional)
      var name = LaunchVocabulary.normalised(Self.clean(String(flag)))
      if launcher == .torchtitan { name = Self.withoutSection(name) }
      var meaning = LaunchVocabulary.meaning(of: name, for: launcher)
      var key = meaning?.0
      if meaning == nil, isStarted, let starter = LaunchVocabulary.starters[name] {
        key = starter
        meaning = (starter, .count)
      }
      var form = meaning?.1
      if meaning == nil, name.hasPrefix("no_"),
        case (let positive, .flag)? = LaunchVocabulary.meaning(
          of: String(name.dropFirst(3)), for: launcher)
      {
        key = positive
        form = .inverseFlag
      }
      guard let key, let form else { continue }
      switch form {
      case .flag, .inverseFlag, .word: break
      default:
        let next = index + 1 < command.count ? command[index + 1].text : "-"
        if value == nil, !next.hasPrefix("-") || next.dropFirst().first?.isNumber == true {
          value = next
        }
      }
      let written = "\(Self.clean(String(flag)))"
      guard
        let statement = statement(
          key, form, written, value, line: word.line, isConditional: isConditional, launcher)
      else {
        if isConditional || value?.contains(ShellScript.conditional) == true {
          doubtful.insert(key)
        }
        continue
      }
      // The last one counts, as the launchers' parsers have it.
      found.removeAll { $0.key == key }
      found.append(statement)
    }
    found.removeAll { doubtful.contains($0.key) }
    return found + ranks(isStarted: isStarted, command, launcher, found)
  }

  /// One value, unless it is unknown, doubtful or malformed, which is said.
  private mutating func statement(
    _ key: LaunchFacts.Key, _ form: LaunchVocabulary.Form, _ flag: String, _ value: String?,
    line: Int, isConditional: Bool, _ launcher: LaunchFacts.Launcher
  ) -> LaunchFacts.Statement? {
    func refuse(_ why: String) {
      facts[launcher]?.add(
        LaunchFacts.Problem(
          text: "`\(ConfigurationText.printable(flag))` is left out: \(why).", line: line,
          key: key))
    }
    if value?.contains(ShellScript.unknown) == true {
      refuse("its value is known only when the script runs")
      return nil
    }
    if isConditional || value?.contains(ShellScript.conditional) == true {
      refuse("its value depends on a condition")
      return nil
    }
    let plain = value.map(Self.clean)
    if let plain, ["gpu", "cpu"].contains(plain) { return nil }
    switch form.read(plain) {
    case .value(let text):
      return LaunchFacts.Statement(
        key: key, value: text, name: ConfigurationText.printable(flag), line: line,
        isAssumed: value?.contains(ShellScript.assumed) == true)
    case .unset: return nil
    case .malformed(let allowed):
      let shown = plain.map { "it is `\(ConfigurationText.printable($0))`, and " } ?? ""
      refuse("\(shown)it must be \(allowed)")
      return nil
    }
  }

  /// Ranks by the job's own starter or, where Slurm starts the ranks, by its options.
  private func ranks(
    isStarted: Bool, _ command: [Word], _ launcher: LaunchFacts.Launcher,
    _ found: [LaunchFacts.Statement]
  ) -> [LaunchFacts.Statement] {
    guard !launcher.serves else { return [] }
    if isStarted {
      // One node is what torchrun's and DeepSpeed's documentation give as the default.
      let mentions = command.contains {
        $0.text.hasPrefix("--nnode") || $0.text.hasPrefix("--num_nodes")
      }
      guard !mentions, found.contains(where: { $0.key == .ranksPerNode }),
        let line = command.first?.line
      else { return [] }
      return [.init(key: .nodes, value: "1", name: "default", line: line, isAssumed: true)]
    }
    guard Self.baseName(command.first?.text ?? "") == "srun" else { return [] }
    let end = command.firstIndex { Self.baseName($0.text).hasPrefix("python") } ?? command.endIndex
    // Options of the step win over those of the job.
    let options = Array(command[..<end].dropFirst()) + script.directives
    var result: [LaunchFacts.Statement] = []
    for (names, key) in [
      (["--ntasks", "-n"], LaunchFacts.Key.worldSize), (["--nodes", "-N"], .nodes),
      (["--ntasks-per-node"], .ranksPerNode),
    ] {
      guard let word = ShellScript.value(of: names, in: options),
        case .value(let number) = LaunchVocabulary.Form.count.read(Self.clean(word.text)),
        !word.text.contains(ShellScript.conditional)
      else { continue }
      result.append(
        .init(
          key: key, value: number, name: names[0], line: word.line,
          isAssumed: word.text.contains(ShellScript.assumed)))
    }
    return result
  }

  /// The last part of torchtitan's `--parallelism.tensor_parallel_degree`.
  private static func withoutSection(_ name: String) -> String {
    let parts = name.split(separator: ".")
    guard parts.count == 2 else { return parts.count == 1 ? name : "" }
    let (section, key) = (String(parts[0]), String(parts[1]))
    guard ["parallelism", "training", "experimental", "activation_checkpoint"].contains(section),
      (key == "mode") == (section == "activation_checkpoint")
    else { return "" }
    return key
  }
}
