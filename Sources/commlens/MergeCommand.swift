// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import CollectiveTrace

/// `commlens merge`: partials in, one partial out.
struct MergeCommand: ParsableCommand, SettingsReader {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Puts partials of summarize together into one.",
    discussion: """
      The order in which partials are named, or merged in several steps, does not matter: the same \
      files give the same bytes. analyze takes any number of partials too; merge is for keeping one \
      file instead of many. A partial that is damaged, or of another version, is an error (65), and \
      nothing is written.
      """
  )

  @OptionGroup(title: "Input") var input: InputOptions
  @OptionGroup(title: "Output") var partial: PartialOptions

  func run() throws {
    let console = partial.console
    let inputs = try input.list()
    guard !input.dryRun else {
      let status = try DryRun.run(inputs, format: .table, jobs: partial.jobs, console)
      if status != .done { throw ExitCode(status.rawValue) }
      return
    }
    try partial.check()
    var status: ExitStatus = inputs.missing.isEmpty ? .done : .missingInput
    for sentence in inputs.missing { Console.fail(sentence) }
    let files = inputs.files.filter { $0.sameAs == nil }
    let meter = ProgressMeter(files, input.progress, console)
    let results = TraceReading.inParallel(files, jobs: partial.jobs, meter: meter) {
      file, progress -> Result<TracePartial, TraceError> in
      do throws(TraceError) {
        return .success(try TraceReader.readPartial(path: file.path, progress: progress))
      } catch {
        return .failure(error)
      }
    }
    var merged = TracePartial()
    var errors: [TraceError] = []
    for result in results {
      switch result {
      case .success(let facts): merged.merge(facts)
      case .failure(let error):
        errors.append(error)
        status = ExitStatus.worse(status, error.isMissing ? .missingInput : .malformedInput)
      }
    }
    // A folder of logs, named by mistake, must not bury the reason.
    let shown = console.verbosity == .verbose ? errors.count : 5
    for error in errors.prefix(shown) { Console.fail(error.description) }
    if errors.count > shown {
      Console.fail("\(errors.count - shown) more inputs cannot be merged; pass -v for all.")
    }
    guard status == .done else {
      Console.fail("no partial was written.")
      throw ExitCode(status.rawValue)
    }
    let repeated = merged.repeatedFiles
    if repeated > 0 {
      console.warn(
        "\(repeated) file\(repeated == 1 ? " is" : "s are") in more than one of the partials; "
          + "analyze counts \(repeated == 1 ? "it" : "each") once.")
    }
    try partial.write(merged, from: files.map(\.path) + input.lists)
  }
}
