// SPDX-License-Identifier: Apache-2.0

/// Finds the lines of a log in which a launcher says how the job is laid out.
///
///     using world size: 8, data-parallel size: 2, ...                              Megatron-LM
///      > padded vocab (size: 128256) with 256 dummy tokens (new size: 128512)
///     ------------------------ arguments ------------------------
///       tensor_model_parallel_size ...................... 4
///     [...] [INFO] [config.py:1003:print]   zero_optimization_stage ...... 2       DeepSpeed
///     Building 2-D device mesh with ['dp_shard', 'tp'], [4, 2]                     torchtitan
///     Building device mesh with parallelism: pp=1, dp_replicate=1, dp_shard=4, ...
///     ... non-default args: {'tensor_parallel_size': 4, ...}                       vLLM
///     ... LLM engine (v0.9.1) with config: model=..., tensor_parallel_size=4, ...
///     ... server_args=ServerArgs(model_path='...', tp_size=8, ...)                 SGLang
///
/// It sees lines that are not NCCL's, with any prefix of a launcher or logger before the text. Each
/// mark holds a byte that is rare in prose, by which most lines are passed over.
struct LaunchHeader {
  /// Most lines read of one file: ranks repeat their headers, and one of each is enough.
  static let maximumLines = 8192
  /// Most of a line that is read.
  private static let maximumLength = 1 << 16
  /// Longest dump of Megatron-LM's arguments, in lines.
  private static let maximumBlock = 4096

  private var found: [LaunchFacts] = []
  /// Lines that were read, or began or ended a dump of arguments.
  private(set) var uses = 0
  private var linesLeft = maximumLines
  /// Lines that may still belong to a dump of arguments.
  private var block = 0

  /// What was found, one entry for each launcher.
  func finish() -> [LaunchFacts] {
    found.filter { !$0.statements.isEmpty || !$0.problems.isEmpty }
  }

  /// Reads a line that is not NCCL's.
  ///
  /// - Complexity: O(*n*) in the bytes of the line.
  mutating func read(_ cursor: TextCursor, line: Int) {
    guard linesLeft > 0, cursor.remaining >= 12 else { return }
    if block > 0 {
      block -= 1
      if cursor.find(" end of arguments ") != nil {
        uses += 1
        block = 0
      } else if let field = Self.dotted(cursor) {
        add(.megatron, field.name, field.value, line)
      }
      return
    }
    guard let mark = Self.mark(in: cursor) else { return }
    linesLeft -= 1
    if mark.kind != .deepspeed { uses += 1 }
    var text = cursor
    text.position = mark.end
    switch mark.kind {
    case .arguments: block = Self.maximumBlock
    case .worldSize: readSizes(text, line)
    case .vocabulary:
      if let size = text.decimal() { add(.megatron, "padded_vocab_size", String(size), line) }
    case .deepspeed:
      if let field = Self.dotted(text) { add(.deepspeed, field.name, field.value, line) }
    case .meshNames: readMesh(text, line)
    case .meshSizes: readFields(text, .torchtitan, line)
    case .vllmArguments, .vllmConfig: readFields(text, .vllm, line)
    case .sglang: readFields(text, .sglang, line)
    }
  }

  private mutating func add(
    _ launcher: LaunchFacts.Launcher, _ name: String, _ value: String, _ line: Int
  ) {
    guard LaunchVocabulary.meaning(of: LaunchVocabulary.normalised(name), for: launcher) != nil
    else { return }
    // Of a list of a line for each value only those with a meaning are used.
    if launcher == .deepspeed || block > 0 { uses += 1 }
    found[place(of: launcher)].add(name, value, line: line)
  }

  private mutating func note(_ launcher: LaunchFacts.Launcher, _ text: String, _ line: Int) {
    found[place(of: launcher)].add(LaunchFacts.Problem(text: text, line: line))
  }

  private mutating func place(of launcher: LaunchFacts.Launcher) -> Int {
    if let place = found.firstIndex(where: { $0.launcher == launcher }) { return place }
    found.append(LaunchFacts(launcher: launcher))
    return found.count - 1
  }

  // MARK: - Marks

  private enum Kind {
    case arguments, worldSize, vocabulary, deepspeed, meshNames, meshSizes
    case vllmArguments, vllmConfig, sglang
  }

  /// Where a header's text begins, if the line has one.
  ///
  /// A dash, a colon or an equals sign is in every mark; each decides among few.
  private static func mark(in cursor: TextCursor) -> (kind: Kind, end: Int)? {
    let start = cursor.position
    let end = min(cursor.end, start + maximumLength)
    func stands(before offset: Int, _ text: StaticString) -> Bool {
      cursor.find(text, from: start).map { $0 < offset } == true
    }
    for offset in start..<max(start, end) {
      switch cursor.byte(at: offset) {
      case UInt8(ascii: "-"):
        if cursor.part(at: offset, is: "---- arguments ----") { return (.arguments, offset) }
        if cursor.part(at: offset, is: "-default args: {") { return (.vllmArguments, offset + 16) }
        if cursor.part(at: offset, is: "-D device mesh with [") { return (.meshNames, offset + 21) }
      case UInt8(ascii: ":"):
        if cursor.part(at: offset - 4, is: "args: Namespace("), stands(before: offset, "api_server")
        {
          return (.vllmArguments, offset + 12)
        }
        if cursor.part(at: offset, is: ":print]"), stands(before: offset, "[config.py:") {
          return (.deepspeed, offset + 7)
        }
        if cursor.part(at: offset - 16, is: "using world size: ") {
          return (.worldSize, offset - 10)
        }
        if cursor.part(at: offset - 9, is: "(new size: "), stands(before: offset, "padded vocab ") {
          return (.vocabulary, offset + 2)
        }
        if cursor.part(at: offset - 21, is: "mesh with parallelism: ") {
          return (.meshSizes, offset + 2)
        }
        if cursor.part(at: offset - 11, is: "with config: "), stands(before: offset, "LLM engine ")
        {
          return (.vllmConfig, offset + 2)
        }
      case UInt8(ascii: "="):
        if cursor.part(at: offset - 11, is: "server_args=ServerArgs(") {
          return (.sglang, offset + 12)
        }
      default: break
      }
    }
    return nil
  }

  // MARK: - Forms

  /// `name ..... value`; a long name may leave no room for dots.
  private static func dotted(_ cursor: TextCursor) -> (name: String, value: String)? {
    // The name is the last word before the dots, whatever a launcher put before it.
    var text = cursor
    guard
      let dots = cursor.find(" ..") ?? cursor.find("  ", from: firstWord(cursor))
    else { return nil }
    var start = dots
    while start > cursor.position, cursor.byte(at: start - 1) > 0x20 { start -= 1 }
    text.position = dots
    while text.next == 0x20 || text.next == 0x2E { text.position += 1 }
    var end = text.end
    while end > text.position, text.byte(at: end - 1) <= 0x20 { end -= 1 }
    guard start < dots, end > text.position else { return nil }
    return (
      text.text(from: start, to: dots, limit: 96),
      text.text(from: text.position, to: end, limit: 96)
    )
  }

  private static func firstWord(_ cursor: TextCursor) -> Int {
    var text = cursor
    text.skipBlanks()
    return text.position
  }

  /// `world size: 8, data-parallel size: 2, ... tensor-model-parallel size: 4`.
  private mutating func readSizes(_ cursor: TextCursor, _ line: Int) {
    for (mark, name) in [
      ("world size: ", "world_size"), ("data-parallel size: ", "data_parallel_size"),
      ("data-parallel-size: ", "data_parallel_size"),
      (" context-parallel size: ", "context_parallel_size"),
      (" tensor-model-parallel size: ", "tensor_model_parallel_size"),
      (" pipeline-model-parallel size: ", "pipeline_model_parallel_size"),
    ] as [(StaticString, String)] {
      guard let found = cursor.find(mark) else { continue }
      var number = cursor
      number.position = found + mark.utf8CodeUnitCount
      guard let value = number.decimal() else { continue }
      add(.megatron, name, String(value), line)
    }
  }

  /// `'dp_shard', 'tp'], [4, 2]`.
  private mutating func readMesh(_ cursor: TextCursor, _ line: Int) {
    let line = (text: cursor.text(from: cursor.position, to: cursor.end, limit: 512), number: line)
    let halves = line.text.split(separator: "]", omittingEmptySubsequences: false)
    // Without the last bracket the line was cut, maybe within a number.
    guard halves.count >= 3, halves[1].hasPrefix(", [") else { return }
    let names = halves[0].split(separator: ",").map { $0.filter { $0 != " " && $0 != "'" } }
    let sizes = halves[1].dropFirst(3).split(separator: ",").map { $0.filter { $0 != " " } }
    guard names.count == sizes.count, names.count <= 8 else { return }
    var product: [String: Int] = [:]
    for (name, size) in zip(names, sizes) {
      guard let number = ConfigurationNode.decimal(size), number > 0,
        number <= JobDescription.maximumWorldSize
      else { return }
      product[name] = number
    }
    // Other programs print meshes of other names, which mean other things.
    let known: Set<String> = [
      "pp", "dp", "dp_replicate", "dp_shard", "cp", "tp", "dp_shard_mod_ep", "dp_shard_in_ep",
    ]
    guard product.keys.allSatisfy(known.contains) else { return }
    // With experts the shards are split: those that share experts, and the rest.
    if let inside = product["dp_shard_in_ep"] {
      guard product["tp"] ?? 1 == 1 else {
        // Whether tensor ranks share experts is not in the line.
        note(
          .torchtitan, "The degree of expert parallelism is not in the line of the device mesh.",
          line.number)
        return
      }
      product["dp_shard"] = (product["dp_shard_mod_ep"] ?? 1) * inside
      add(.torchtitan, "ep", String(inside * (product["cp"] ?? 1)), line.number)
    }
    // The first releases had one degree of data parallelism, fully sharded.
    if let whole = product["dp"] { product["dp_shard"] = product["dp_shard"] ?? whole }
    // A degree that is not listed is 1: only larger ones are.
    for name in ["pp", "dp_replicate", "dp_shard", "cp", "tp"] {
      add(.torchtitan, name, String(product[name] ?? 1), line.number)
    }
  }

  /// `name=value, ...` or `'name': value, ...` as Python prints them; nested values are passed over.
  private mutating func readFields(
    _ cursor: TextCursor, _ launcher: LaunchFacts.Launcher, _ line: Int
  ) {
    var text = cursor
    let end = min(cursor.end, cursor.position + Self.maximumLength)
    var nameStart = cursor.position
    while text.position < end {
      // A name, in quotes or not.
      text.skipBlanks()
      nameStart = text.position
      while text.position < end, !Self.endsName(text.next) { text.position += 1 }
      let name = text.text(from: nameStart, to: text.position, limit: 96)
        .filter { $0 != "'" && $0 != "\"" }
      let hasValue = text.next == UInt8(ascii: "=") || text.next == UInt8(ascii: ":")
      if hasValue { text.position += 1 }
      text.skipBlanks()
      let valueStart = text.position
      // A value at the end of a line may be cut; only torchtitan's list ends so.
      guard Self.skipValue(&text, end) || launcher == .torchtitan else { return }
      if hasValue {
        add(launcher, name, text.text(from: valueStart, to: text.position, limit: 96), line)
      }
      guard text.next == UInt8(ascii: ",") else { return }
      text.position += 1
    }
  }

  private static func endsName(_ byte: UInt8) -> Bool {
    [UInt8(ascii: "="), UInt8(ascii: ":"), UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: ")")]
      .contains(byte)
  }

  /// Moves behind a value: to a comma or closing bracket that is in no bracket and no quotes.
  ///
  /// - Returns: Whether such an end was found.
  private static func skipValue(_ text: inout TextCursor, _ end: Int) -> Bool {
    var depth = 0
    while text.position < end {
      let byte = text.next
      switch byte {
      case UInt8(ascii: "'"), UInt8(ascii: "\""):
        text.position += 1
        while text.position < end, text.next != byte {
          text.position += text.next == UInt8(ascii: "\\") ? 2 : 1
        }
      case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
      case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"):
        if depth == 0 { return true }
        depth -= 1
      case UInt8(ascii: ",") where depth == 0: return true
      default: break
      }
      text.position += 1
    }
    return false
  }
}

extension TextCursor {
  /// Whether this text stands at an absolute offset.
  @inline(__always)
  func part(at offset: Int, is text: StaticString) -> Bool {
    guard offset >= 0 else { return false }
    var other = self
    other.position = offset
    return other.starts(with: text)
  }
}
