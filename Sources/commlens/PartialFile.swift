// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import CollectiveTrace
internal import Glibc

/// Where `summarize` and `merge` put a partial, and what they say.
struct PartialOptions: ParsableArguments {
  @Option(
    name: [.customShort("o"), .customLong("output")],
    help: ArgumentHelp(
      "Write the partial into this file (- for standard output).", valueName: "part"))
  var output: String

  @Option(
    help: ArgumentHelp(
      "Write the files that were read as a rule for Make into this file.", valueName: "file"))
  var depfile: String?

  @OptionGroup(title: "Output") var workers: WorkerOptions
  @OptionGroup(title: "Output") var voice: VoiceOptions

  /// Files read at once.
  var jobs: Int { workers.count }
  /// What notes and warnings go through.
  var console: Console { voice.console }

  func validate() throws {
    if output.isEmpty { throw ValidationError("-o has an empty name.") }
    if depfile == "" { throw ValidationError("--depfile has an empty name.") }
    if depfile != nil, output == "-" || output == depfile {
      throw ValidationError("--depfile is a rule for the file of -o; name one, and another for it.")
    }
    if output == "-", isatty(STDOUT_FILENO) == 1 {
      throw ValidationError("A partial is no text for a terminal: name a file, or pipe it on.")
    }
  }

  /// Fails early when the output cannot be written, before hours of logs are read.
  func check() throws(CommandFailure) {
    if output != "-" { _ = try OutputDirectory.place(ofFile: output) }
    if let depfile { _ = try OutputDirectory.place(ofFile: depfile) }
  }

  /// Writes a partial as a whole or not at all, and the rule of `--depfile` if it is wanted.
  ///
  /// - Parameters:
  ///   - facts: What the partial holds.
  ///   - paths: The files that were read.
  /// - Throws: `CommandFailure` when it is too large or cannot be written.
  func write(_ facts: TracePartial, from paths: [String]) throws(CommandFailure) {
    var pieces: [[UInt8]] = []
    facts.write { piece in
      pieces.append(piece)
      return true
    }
    let bytes = pieces.reduce(0) { $0 + $1.count }
    let most = TraceReader.Options().maximumBytesPerPartial
    guard bytes <= most else {
      throw CommandFailure(
        status: .malformedInput,
        message:
          "the facts take \(bytes) bytes, and a partial holds \(most >> 20) MiB at most; make "
          + "several, and pass them all to analyze.")
    }
    let whole = pieces
    let content: @Sendable (([UInt8]) -> Bool) -> Void = { sink in
      for piece in whole where !sink(piece) { return }
    }
    if output == "-" {
      try console.output(content)
    } else {
      let (folder, name) = try OutputDirectory.place(ofFile: output)
      try OutputDirectory(folder, alone: false).write([
        OutputDirectory.File(name: name, pieces: content)
      ])
    }
    let count = facts.files.count
    console.detail(
      "\(output == "-" ? "standard output" : output): the facts of \(count) file\(count == 1 ? "" : "s") "
        + "in \(bytes) bytes.")
    if let depfile { try DependencyFile.write(depfile, for: output, from: paths, console) }
  }
}
