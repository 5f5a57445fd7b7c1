// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import CollectiveTrace
internal import Glibc
internal import TrafficAnalysis
internal import TrafficReport

extension ColorChoice: ExpressibleByArgument {}
extension ProgressChoice: ExpressibleByArgument {}

/// What standard output gets.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
  /// The digest, for a person.
  case table
  /// `traffic.csv`.
  case csv
  /// `summary.json`.
  case json
  /// Every row of every table as one JSON object per line.
  case ndjson
  /// The digest in Markdown.
  case md
}

/// Which files to read.
struct InputOptions: ParsableArguments {
  @Argument(
    help: ArgumentHelp("Files, folders, patterns, or - for standard input.", valueName: "input"))
  var inputs: [String] = []

  @Option(
    name: .customLong("files-from"),
    help: ArgumentHelp(
      "Also read the files listed in this file (- for standard input), one per line or separated by NUL.",
      valueName: "file"))
  var filesFrom: String?

  @Option(
    help: ArgumentHelp(
      "Progress on standard error: auto (on a terminal), plain (a line every 10 s) or none.",
      valueName: "how"))
  var progress = Settings.current.progress ?? .auto

  @Flag(help: "List the inputs with what they are by their first bytes, and read no further.")
  var dryRun = false

  /// Longest list accepted, in bytes.
  static let maximumListBytes = 256 << 20

  func validate() throws {
    if inputs.isEmpty, filesFrom == nil {
      throw ValidationError(
        "No input. Name files or folders with NCCL logs, or - for standard input.")
    }
    if filesFrom == "-", inputs.contains("-") {
      throw ValidationError("Standard input cannot be both an input and the list of --files-from.")
    }
    if inputs.contains("") || filesFrom == "" {
      throw ValidationError("An input has an empty name.")
    }
  }

  /// The files that name other files, for a rule of Make.
  var lists: [String] { filesFrom.map { [$0] } ?? [] }

  /// Expands everything into the files to read.
  func list() throws(CommandFailure) -> InputList {
    try InputList(arguments: inputs, literals: listedFiles())
  }

  private func listedFiles() throws(CommandFailure) -> [String] {
    guard let path = filesFrom else { return [] }
    let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw unreadable(path, reason(errno)) }
    defer { if path != "-" { close(descriptor) } }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(descriptor, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw unreadable(path, reason(errno)) }
      guard count > 0 else { break }
      bytes += chunk.prefix(count)
      guard bytes.count <= Self.maximumListBytes else {
        throw unreadable(path, "longer than \(Self.maximumListBytes >> 20) MiB")
      }
    }
    // `find -print0` ends each name with NUL; names may then hold a line feed.
    let separator: UInt8 = bytes.contains(0) ? 0 : UInt8(ascii: "\n")
    return bytes.split(separator: separator).map { String(decoding: $0, as: UTF8.self) }
  }

  private func unreadable(_ path: String, _ why: String) -> CommandFailure {
    CommandFailure(
      status: .missingInput,
      message: "\(path): the list of files cannot be read (\(why)).")
  }
}

/// How many files are read at once.
struct WorkerOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Files read at once (default: the cores this process may use).", valueName: "n"))
  var jobs: Int?

  /// From the command line, the settings or the machine.
  var count: Int { jobs ?? Settings.current.jobs ?? TraceReading.availableCores }

  func validate() throws {
    if let jobs, !(1...1024).contains(jobs) {
      throw ValidationError("--jobs is \(jobs); it must be 1 to 1024.")
    }
  }
}

/// What a command says that prints no report.
struct VoiceOptions: ParsableArguments {
  @OptionGroup var settings: SettingsOptions

  @Flag(name: .shortAndLong, help: "No notes, warnings or progress.")
  var quiet = false

  @Flag(name: .shortAndLong, help: "Tell about every file.")
  var verbose = false

  /// What notes and warnings go through.
  var console: Console {
    Console(verbosity: quiet ? .quiet : verbose ? .verbose : .normal, color: .never)
  }

  func validate() throws {
    if quiet, verbose { throw ValidationError("-q and -v exclude each other.") }
  }
}

/// How to analyse, and what to object to.
struct AnalysisOptions: ParsableArguments {
  @Option(
    name: .customLong("job"),
    help: ArgumentHelp(
      "What the job was: parallel sizes, rank order, workload; YAML or JSON, or the file that launched it.",
      valueName: "file"))
  var jobFile: String?

  @Option(
    name: .customLong("model"),
    help: ArgumentHelp(
      "The model's Hugging Face config.json; wins over the job file's model.", valueName: "file"))
  var modelFile: String?

  @Option(
    name: .customLong("topology"),
    help: ArgumentHelp(
      "Topology XML of the nodes (NCCL_TOPO_DUMP_FILE): places ranks and bytes on links; one for each kind of node.",
      valueName: "file"))
  var topologies: [String] = Settings.current.topologies

  @OptionGroup(title: "Analysis") var workers: WorkerOptions

  @Flag(
    inversion: .prefixedNo,
    help: "Exit with 1 when any line or file was lost or not understood.")
  var strict = Settings.current.strict

  @Option(
    name: .customLong("fail-on"),
    help: ArgumentHelp(
      "Exit with 1 on these findings: codes as in findings.csv, or error, warning, note.",
      valueName: "code,..."),
    transform: Self.codes)
  var failOnLists: [[String]] = []

  /// All codes of all `--fail-on` options.
  var failOn: [String] {
    failOnLists.isEmpty ? Settings.current.failOn : failOnLists.flatMap { $0 }
  }

  /// The job's description, from the command line or the settings.
  var job: String? { jobFile ?? Settings.current.job }
  /// The model's description, from the command line or the settings.
  var model: String? { modelFile ?? Settings.current.model }
  /// Files read at once.
  var jobs: Int { workers.count }

  /// Reads the descriptions before any log, so that a mistake in them costs no time.
  func descriptions() throws(CommandFailure) -> Descriptions {
    try DescriptionFiles(job: job, model: model, topologies: topologies).read()
  }

  func validate() throws {
    if topologies.contains("") { throw ValidationError("--topology has an empty name.") }
  }

  /// Whether a finding has this code or severity.
  static func isCode(_ code: String) -> Bool {
    Finding.codes.contains(code) || Finding.Severity(rawValue: code) != nil
  }

  private static func codes(_ text: String) throws -> [String] {
    let codes = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    for code in codes {
      // A gate with a typing error would never object.
      guard isCode(code) else {
        let known = (Finding.Severity.allCases.map(\.rawValue) + Finding.codes)
        throw ValidationError(
          "'\(code)' is no finding's code or severity; known are \(known.joined(separator: ", ")).")
      }
    }
    return codes
  }
}

/// What is shown of calls with times.
struct TimelineOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Write the timed calls as a trace for ui.perfetto.dev (JSON; - for standard output).",
      valueName: "file"))
  var perfetto: String?

  @Option(
    help: ArgumentHelp(
      "Step that timeline.svg (default: the last one, else all) and --perfetto (default: all) show: its number or name.",
      valueName: "step"))
  var step: String?

  @Option(
    help: ArgumentHelp(
      "Global ranks that timeline.svg (default: the first 16) and --perfetto (default: all) show, such as 0,3,8-15.",
      valueName: "ranks"),
    transform: Self.ranks)
  var ranks: RankSelection?

  /// What the options select.
  var selection: TimelineSelection { TimelineSelection(step: step, ranks: ranks) }

  func validate() throws {
    if perfetto == "" { throw ValidationError("--perfetto has an empty name.") }
    if step == "" { throw ValidationError("--step has an empty name.") }
    if let perfetto, perfetto.hasSuffix(".gz") {
      throw ValidationError(
        "--perfetto writes plain JSON: use '--perfetto - | gzip > \(perfetto)', or another name.")
    }
  }

  private static func ranks(_ text: String) throws -> RankSelection {
    guard let ranks = RankSelection(text) else {
      throw ValidationError("'\(text)' is no list of ranks; give numbers and ranges: 0,3,8-15.")
    }
    return ranks
  }
}

/// What the screen shows, and in which form.
struct ScreenOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What standard output gets: table, csv, json, ndjson or md (default: table).",
      valueName: "format"))
  var format: OutputFormat?

  @Option(
    help: ArgumentHelp(
      "Colour: auto, always or never; auto obeys NO_COLOR, CLICOLOR_FORCE and TERM.",
      valueName: "when"))
  var color: ColorChoice = Settings.current.color ?? .auto

  @OptionGroup var settings: SettingsOptions

  @Flag(
    name: .shortAndLong,
    help: "No notes, warnings or progress; with -o no digest, and with check no findings either.")
  var quiet = false

  @Flag(name: .shortAndLong, help: "Tell about every file.")
  var verbose = false

  /// What standard output gets: as asked for, else as the settings have it.
  ///
  /// `format` alone tells whether somebody asked for it in this call.
  var form: OutputFormat { format ?? Settings.current.format ?? .table }

  func validate() throws {
    if quiet, verbose { throw ValidationError("-q and -v exclude each other.") }
  }

  /// The console these options ask for.
  var console: Console {
    Console(verbosity: quiet ? .quiet : verbose ? .verbose : .normal, color: color)
  }
}

/// Where the report goes and what is said on the way.
struct OutputOptions: ParsableArguments {
  @Option(
    name: [.customShort("o"), .customLong("output")],
    help: ArgumentHelp(
      "Write the report into this folder (default: print the digest only).", valueName: "dir"))
  var folder: String?

  @Option(
    help: ArgumentHelp(
      "With -o: write the files that were read as a rule for Make into this file.",
      valueName: "file"))
  var depfile: String?

  @Flag(help: "Write text cells as they are, without the guard against spreadsheet formulas.")
  var csvRaw = false

  @Option(
    help: ArgumentHelp(
      "Print why a communicator (c3, or its framework's name) or those of a dimension (tp) have their label, instead of the digest; may be repeated.",
      valueName: "comm|dim"))
  var explain: [String] = []

  @OptionGroup(title: "Output") var screen: ScreenOptions

  func validate() throws {
    if folder == "" { throw ValidationError("-o has an empty name.") }
    if depfile == "" { throw ValidationError("--depfile has an empty name.") }
    if depfile != nil, folder == nil {
      throw ValidationError("--depfile is a rule for DIR/manifest.json; pass -o DIR.")
    }
    if !explain.isEmpty, screen.format != nil {
      throw ValidationError(
        "--explain prints text; the other formats have the evidence in communicators.csv.")
    }
  }

  /// Whether standard output gets nothing: `-q` with a folder, and no form asked for.
  var isSilent: Bool {
    screen.quiet && folder != nil && screen.format == nil && explain.isEmpty
  }
}

extension OutputOptions {
  /// Tells before any work whether the report can be written where it is wanted.
  func check() throws(CommandFailure) {
    if let folder { try OutputDirectory.check(folder) }
    if let depfile { _ = try OutputDirectory.place(ofFile: depfile) }
  }

  /// Refuses a file that an option names when it is one of the report's own.
  func check(
    _ option: String, _ path: String, isNoneOf outputs: [ReportFile]
  ) throws(CommandFailure) {
    guard let folder else { return }
    let (place, name) = try OutputDirectory.place(ofFile: path)
    guard OutputDirectory.areSame(place, folder),
      outputs.contains(where: { $0.name == name }) || name == Manifest.fileName
    else { return }
    throw CommandFailure(
      status: .usage,
      message: "\(option) \(path): is a file of the report itself; name another one.")
  }

  /// Writes the files of a report and its manifest, and the rule of `--depfile` if it is wanted.
  ///
  /// - Parameters:
  ///   - outputs: The files; not made without a folder.
  ///   - manifest: The list of what was read and written.
  ///   - paths: The files that were read, as they were opened; the settings' files are added.
  ///   - console: Gets notes and warnings.
  /// - Throws: `CommandFailure` when something cannot be written.
  func write(
    _ outputs: @autoclosure () -> [ReportFile], _ manifest: Manifest, from paths: [String],
    _ console: Console
  ) throws(CommandFailure) {
    guard let folder else { return }
    let outputs = outputs()
    if let depfile { try check("--depfile", depfile, isNoneOf: outputs) }
    try OutputDirectory.write(outputs, manifest, into: folder, console)
    guard let depfile else { return }
    let target = folder + (folder.hasSuffix("/") ? "" : "/") + Manifest.fileName
    try DependencyFile.write(depfile, for: target, from: paths, console)
  }
}
