// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import CollectiveTrace

/// `commlens summarize`: logs in, their facts out, for a machine that has only some of the logs.
struct SummarizeCommand: ParsableCommand, SettingsReader {
  static let configuration = CommandConfiguration(
    commandName: "summarize",
    abstract: "Reads a part of a job's logs into a small file, for merge and analyze.",
    discussion: """
      For logs that lie on many nodes, or are too many for one. What was read is written as facts: \
      counts, sizes, times, what was lost. Nothing is decided: which strategy a communicator belongs \
      to can be told only from all ranks. Pass the partials of all parts to analyze, check, compare \
      or whatif in place of the logs; the report is the same, byte for byte.

      --shard 3/64 reads every 64th file of the sorted list, from the fourth on, so that the tasks \
      of a job array name the same inputs. Names in the report are relative to the deepest folder \
      that holds all inputs of all shards. Node by node, use --prefix to keep apart files of the same \
      name. A partial states the version of its format; a commlens of another one says so.
      """
  )

  @OptionGroup(title: "Input") var input: InputOptions

  @Option(
    help: ArgumentHelp(
      "Read this shard of the files: i of n, counted from 0, such as $SLURM_ARRAY_TASK_ID/64.",
      valueName: "i/n"),
    transform: Shard.init(argument:))
  var shard: Shard?

  @Option(
    help: ArgumentHelp(
      "Put this folder before the names of the files, such as the node's name.", valueName: "name"))
  var prefix: String?

  @OptionGroup(title: "Output") var partial: PartialOptions

  /// One of n parts of a list of files.
  struct Shard: Equatable {
    var index: Int
    var count: Int

    /// Reads `i/n`.
    init(argument: String) throws {
      let parts = argument.split(separator: "/", omittingEmptySubsequences: false)
      guard parts.count == 2, let index = Int(parts[0]), let count = Int(parts[1]),
        (1...InputList.maximumFiles).contains(count), index >= 0
      else {
        throw ValidationError("'\(argument)' is no shard; write i/n, such as 0/64.")
      }
      guard index < count else {
        throw ValidationError(
          "'\(argument)' is no shard: they are counted from 0, so the last one is "
            + "\(count - 1)/\(count).")
      }
      (self.index, self.count) = (index, count)
    }
  }

  func validate() throws {
    if let prefix,
      !prefix.split(separator: "/", omittingEmptySubsequences: false)
        .allSatisfy({ !["", ".", ".."].contains($0) })
    {
      throw ValidationError("--prefix is '\(prefix)'; it must be a name, such as that of the node.")
    }
  }

  func run() throws {
    let console = partial.console
    var inputs = try input.list()
    if let prefix { inputs.put(under: prefix) }
    if let shard { inputs.keep(every: shard.count, from: shard.index) }
    guard !input.dryRun else {
      let status = try DryRun.run(inputs, format: .table, jobs: partial.jobs, console)
      if status != .done { throw ExitCode(status.rawValue) }
      return
    }
    try partial.check()
    let (facts, paths, verdict) = try AnalysisRun.read(
      inputs, input.progress, jobs: partial.jobs, console)
    guard verdict.hasTrace || shard != nil else {
      if verdict.status == .malformedInput { Console.fail(IngestionVerdict.advice) }
      throw ExitCode(verdict.status.rawValue)
    }
    try partial.write(facts, from: paths + input.lists)
    // A shard may hold no log at all, which the whole job must not.
    let status = verdict.hasTrace ? verdict.status : verdict.statusOfFiles
    if status != .done { throw ExitCode(status.rawValue) }
  }
}
