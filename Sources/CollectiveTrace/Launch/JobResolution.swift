// SPDX-License-Identifier: Apache-2.0

/// The job as `--job` and the headers of its logs state it together, with where each value is from.
///
/// `--job` wins, key by key; what it leaves out a header fills. Headers that state different layouts
/// are of different jobs, and fill nothing.
public struct JobResolution: Sendable {
  /// A value of the job description and its source.
  public struct Origin: Sendable, Equatable {
    /// The key path, `parallelism.tensor`.
    public var key: String
    /// The value as written in a description.
    public var value: String
    /// File and line, `run.log:57`.
    public var place: String
    /// Whether nothing states it: a documented default, or one that the environment may replace.
    public var isAssumed: Bool
    /// Whether a launch file or header states it; else a job description does.
    public var isLaunched: Bool
  }

  /// Two values of one key.
  public struct Contradiction: Sendable, Equatable {
    /// The key path, or what else is contradicted.
    public var key: String
    /// The value that is used, or the first of two that are not, with its place.
    public var first: String
    /// The other one, with its place.
    public var second: String
    /// Where the other one stands.
    public var place: String
    /// Whether `--job` is one of the sides; else both are headers of logs.
    public var involvesJob: Bool

    /// Makes a contradiction.
    public init(key: String, first: String, second: String, place: String, involvesJob: Bool) {
      self.key = key
      self.first = first
      self.second = second
      self.place = place
      self.involvesJob = involvesJob
    }
  }

  /// A value or a header that was left out, and why.
  public struct Omission: Sendable, Equatable {
    /// One sentence.
    public var text: String
    /// File and line.
    public var place: String

    /// Makes an omission.
    public init(text: String, place: String) {
      self.text = text
      self.place = place
    }
  }

  /// The job; `nil` when nothing states enough.
  public var job: JobDescription?
  /// Where the values of the job are from, in the order of the description.
  public var origins: [Origin] = []
  /// Values that exclude each other, in the order of files and lines.
  public var contradictions: [Contradiction] = []
  /// What was left out.
  public var omissions: [Omission] = []
  /// Who launched the job, where values of it are from a launch file or header.
  public var launchers: [LaunchFacts.Launcher] = []
  /// Whether `--job` was given.
  public let isStated: Bool
  /// Whether a header gave keys that a description leaves out.
  private var isFilled = false

  /// Puts together what is said about the job of some logs.
  ///
  /// - Parameters:
  ///   - source: What `--job` names, if it was given.
  ///   - partial: The facts of the logs; without any, only the source counts.
  /// - Throws: ``ConfigurationError`` when the source states too little or what cannot be.
  public init(
    _ source: JobSource?, logs partial: TracePartial = TracePartial()
  ) throws(ConfigurationError) {
    isStated = source != nil
    let names = partial.files.map(\.file)
    func place(_ facts: LaunchFacts, _ line: Int) -> String {
      let file = names.indices.contains(facts.file) ? names[facts.file] : ""
      return "\(ConfigurationText.printable(file, limit: 4096)):\(line)"
    }
    // Which file was read first must not matter.
    let headers = partial.launches.enumerated().sorted { a, b in
      let (first, second) = (
        names.indices.contains(a.element.file) ? names[a.element.file] : "",
        names.indices.contains(b.element.file) ? names[b.element.file] : ""
      )
      return first == second ? a.offset < b.offset : first < second
    }.map(\.element)
    for own in headers {
      for problem in own.problems.prefix(4) {
        omissions.append(Omission(text: problem.text, place: place(own, problem.line)))
      }
    }
    let pool = LaunchPool(headers, place: place)
    for dispute in pool.disputes where LaunchPool.layoutKeys.contains(dispute.key) {
      add(dispute, involvesJob: false)
    }
    let isUsable = pool.hasLayout && !pool.hasDisputedLayout
    let ranks = Self.ranks(of: partial)
    switch source?.content {
    case nil:
      guard isUsable, let lines = pool.lines(ranks: ranks) else { return }
      fill(lines)
      launchers = pool.launchers
    case .description(let text, let baseDirectory)?:
      guard let source else { return }
      try read(text, baseDirectory, source, isUsable ? pool.lines(ranks: ranks) ?? [] : [])
      if isFilled { launchers = pool.launchers }
    case .launch(let facts)?:
      guard let source else { return }
      try read(facts, source, isUsable ? headers : [], ranks: ranks, place: place)
    }
  }

  /// The most ranks that a communicator of the logs has.
  private static func ranks(of partial: TracePartial) -> Int? {
    partial.processes.lazy.flatMap { process in
      process.communicators.lazy.compactMap(\.size)
    }.max().flatMap { (1...JobDescription.maximumWorldSize).contains($0) ? $0 : nil }
  }

  private mutating func add(_ dispute: LaunchPool.Dispute, involvesJob: Bool) {
    contradictions.append(
      Contradiction(
        key: dispute.name, first: "\(dispute.first.value) (\(dispute.first.place))",
        second: "\(dispute.second.value) (\(dispute.second.place))", place: dispute.second.place,
        involvesJob: involvesJob))
  }

  private static func origins(of lines: [LaunchPool.Line]) -> [Origin] {
    lines.map {
      Origin(
        key: $0.path, value: $0.entry.value, place: $0.entry.place, isAssumed: $0.entry.isAssumed,
        isLaunched: true)
    }
  }

  // MARK: - Headers alone

  private mutating func fill(_ lines: [LaunchPool.Line]) {
    let place = lines.first?.entry.place ?? ""
    do throws(ConfigurationError) {
      job = try JobDescription.parse(text: LaunchPool.text(lines), file: place)
      origins = Self.origins(of: lines)
    } catch {
      // The sizes of a part of the job, say: nothing is made of them.
      omissions.append(
        Omission(
          text: "What the header states makes no layout: \(Self.reason(error)).", place: place))
    }
  }

  /// The key and what is wrong with it, without a place in a text that nobody wrote.
  private static func reason(_ error: ConfigurationError) -> String {
    switch error {
    case .contradiction(_, let path, let found, _): "\(path): \(found)"
    case .invalidValue(_, let path, let found, let allowed): "\(path) is \(found), not \(allowed)"
    case .missingKey(_, let path, _, _): "\(path) is missing"
    default: "it contradicts itself"
    }
  }

  // MARK: - A description

  private mutating func read(
    _ text: String, _ baseDirectory: String?, _ source: JobSource, _ lines: [LaunchPool.Line]
  ) throws(ConfigurationError) {
    job = source.description
    let root = try ConfigurationNode.parse(text, file: source.file)
    let stated = try Self.statedValues(root)
    origins = stated.map { path, value, line in
      Origin(
        key: path, value: value ?? "",
        place: "\(ConfigurationText.printable(source.file, limit: 4096)):\(line)",
        isAssumed: false, isLaunched: false)
    }
    guard !lines.isEmpty else { return }
    var missing: [LaunchPool.Line] = []
    for line in lines {
      let section = line.path.prefix { $0 != "." }
      if let own = stated.first(where: { $0.path == line.path }) {
        // An order is compared by what the groups turn out to be, and a model as a whole.
        guard section != "model", line.path != "order", let value = own.value,
          line.entry.value.first != "{", value != line.entry.value, !line.entry.isAssumed
        else { continue }
        contradictions.append(
          Contradiction(
            key: line.path,
            first: "\(value) (\(ConfigurationText.printable(source.file)):\(own.line))",
            second: "\(line.entry.value) (\(line.entry.place))", place: line.entry.place,
            involvesJob: true))
      } else if section == "model", stated.contains(where: { $0.path.hasPrefix("model") }) {
        continue
      } else {
        missing.append(line)
      }
    }
    // Keys of training mean nothing for a server, and the other way round.
    if contradictions.contains(where: { $0.key == "workload.kind" && $0.involvesJob }) {
      missing.removeAll { $0.path.hasPrefix("workload.") }
    }
    guard !missing.isEmpty else { return }
    do throws(ConfigurationError) {
      let filler = try ConfigurationNode.parse(LaunchPool.text(missing), file: source.file)
      var reader = JobDescriptionReader(
        root: root.filled(from: filler), baseDirectory: baseDirectory)
      job = try reader.read()
      origins += Self.origins(of: missing)
      isFilled = true
    } catch {
      let place = missing.first?.entry.place ?? ""
      contradictions.append(
        Contradiction(
          key: "the layout", first: ConfigurationText.printable(source.file, limit: 256),
          second: "\(place): \(Self.reason(error))", place: place, involvesJob: true))
    }
  }

  /// What a description says, by key path, with its line.
  private static func statedValues(
    _ root: ConfigurationNode
  ) throws(ConfigurationError) -> [(path: String, value: String?, line: Int)] {
    var values: [(path: String, value: String?, line: Int)] = []
    for entry in try root.mapping().entries where !entry.value.isNull {
      guard ["parallelism", "workload", "model"].contains(entry.key), entry.value.isMapping else {
        values.append((entry.key, entry.value.plain, entry.location.line ?? 1))
        continue
      }
      for own in try entry.value.mapping().entries where !own.value.isNull {
        values.append(("\(entry.key).\(own.key)", own.value.plain, own.location.line ?? 1))
      }
    }
    return values
  }

  // MARK: - A launch file

  private mutating func read(
    _ facts: [LaunchFacts], _ source: JobSource, _ headers: [LaunchFacts], ranks: Int?,
    place: (LaunchFacts, Int) -> String
  ) throws(ConfigurationError) {
    let file = ConfigurationText.printable(source.file, limit: 4096)
    for own in facts {
      for problem in own.problems {
        omissions.append(Omission(text: problem.text, place: "\(file):\(problem.line)"))
      }
    }
    let count = facts.count
    // Facts of the file are marked by an index that no log has.
    let marked = facts.map { own in
      var own = own
      own.file = -1
      return own
    }
    let pool = LaunchPool(marked + headers) { own, line in
      own.file < 0 ? "\(file):\(line)" : place(own, line)
    }
    launchers = pool.launchers
    for dispute in pool.disputes { add(dispute, involvesJob: true) }
    guard count > 0 else {
      throw .missingKey(
        at: ConfigurationLocation(file: source.file), keyPath: "parallelism",
        accepted: ["flags of Megatron-LM, DeepSpeed, torchtitan, vLLM or SGLang"], similar: [])
    }
    if let first = pool.unclear.first {
      // To take 1 for a size that the file does not tell would be a guess.
      throw .invalidValue(
        at: Self.location(first.place, file: source.file),
        keyPath: "parallelism.\(first.key.rawValue)", found: "not known (\(first.text))",
        allowed: "a value that can be read from the file, or stated in a job description")
    }
    guard let lines = pool.lines(ranks: ranks) else {
      throw .missingKey(
        at: ConfigurationLocation(file: source.file), keyPath: "world_size",
        accepted: ["--nnodes and --nproc_per_node", "a job description"], similar: [])
    }
    do throws(ConfigurationError) {
      job = try JobDescription.parse(text: LaunchPool.text(lines), file: source.file)
    } catch {
      throw Self.placed(error, lines, source.file)
    }
    origins = Self.origins(of: lines)
  }

  private static func location(_ place: String, file: String) -> ConfigurationLocation {
    ConfigurationLocation(file: file, line: place.split(separator: ":").last.flatMap { Int($0) })
  }

  /// The same error with the place in the launch file that states the value.
  private static func placed(
    _ error: ConfigurationError, _ lines: [LaunchPool.Line], _ file: String
  ) -> ConfigurationError {
    func location(_ path: String) -> ConfigurationLocation {
      let entry = lines.first { $0.path == path }?.entry ?? lines.first?.entry
      return Self.location(entry?.place ?? "", file: file)
    }
    switch error {
    case .contradiction(_, let path, let found, let allowed):
      return .contradiction(at: location(path), keyPath: path, found: found, allowed: allowed)
    case .invalidValue(_, let path, let found, let allowed):
      return .invalidValue(at: location(path), keyPath: path, found: found, allowed: allowed)
    case .missingKey(_, let path, let accepted, let similar):
      return .missingKey(at: location(path), keyPath: path, accepted: accepted, similar: similar)
    default: return error
    }
  }
}
