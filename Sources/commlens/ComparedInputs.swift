// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import CollectiveTrace
internal import Glibc
internal import TrafficAnalysis
internal import TrafficReport

/// A run as the command line names it: `PATH` or `NAME=PATH`.
struct NamedRun: Equatable {
  /// What it is called; unique.
  var label: String
  /// A report's folder, its `summary.json`, or logs and traces.
  var path: String

  /// Longest name, in characters.
  static let maximumLabel = 64

  /// Divides arguments into names and paths, and names the runs that have none after their paths.
  ///
  /// - Throws: A sentence when a name is empty, too long or taken.
  static func runs(_ arguments: [String]) throws(ValidationError) -> [NamedRun] {
    var runs: [NamedRun] = []
    var stated: [Bool] = []
    for argument in arguments {
      let (name, path) = divided(argument)
      guard name != "", !path.isEmpty else {
        throw ValidationError("'\(argument)' has an empty name or path; write NAME=PATH.")
      }
      if let name, name.count > maximumLabel {
        throw ValidationError("'\(name)' is longer than \(maximumLabel) characters.")
      }
      runs.append(NamedRun(label: name ?? "", path: path))
      stated.append(name != nil)
    }
    for (run, isStated) in zip(runs, stated) where isStated {
      guard runs.count(where: { $0.label == run.label }) == 1 else {
        throw ValidationError("Two runs are called '\(run.label)'; give each a name of its own.")
      }
    }
    nameAfterPaths(&runs, stated: stated)
    return runs
  }

  /// A path that exists is one, whatever it is called.
  static func divided(_ argument: String) -> (name: String?, path: String) {
    var status = stat()
    guard stat(argument, &status) != 0, let place = argument.firstIndex(of: "=") else {
      return (nil, argument)
    }
    return (String(argument[..<place]), String(argument[argument.index(after: place)...]))
  }

  /// The summary that the path names, of a report that is finished: itself, or that of a folder.
  ///
  /// A folder is a report when its manifest is there, which is written last.
  var report: String? {
    func isFile(_ path: String) -> Bool {
      var status = stat()
      return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }
    let name = SummaryReader.fileName
    if path == name || path.hasSuffix("/" + name) { return path }
    let folder = path.hasSuffix("/") ? path : path + "/"
    return isFile(folder + name) && isFile(folder + Manifest.fileName) ? folder + name : nil
  }

  /// Why an option that describes logs cannot hold for what `subject` names.
  static func refusal(of option: String, _ subject: String) -> ValidationError {
    ValidationError(
      "\(option) describes logs and traces, and \(subject) is a report that analyze wrote: "
        + "analyse its logs again with \(option) FILE -o DIR, or name the logs here.")
  }

  /// Gives the last component of the path, more of them where that is taken, and at last a number.
  private static func nameAfterPaths(_ runs: inout [NamedRun], stated: [Bool]) {
    let parts = runs.map { run in
      var parts = run.path.split(separator: "/").filter { $0 != "." }
      if parts.last == Substring(SummaryReader.fileName), parts.count > 1 { parts.removeLast() }
      return parts
    }
    let deepest = parts.map(\.count).max() ?? 1
    for depth in 1...max(deepest, 1) {
      let names = parts.map { $0.suffix(depth).joined(separator: "/") }
      for index in runs.indices where !stated[index] && runs[index].label.isEmpty {
        let name = names[index]
        let isTaken =
          name.isEmpty
          || runs.indices.contains { other in
            other != index && (runs[other].label == name || !stated[other] && names[other] == name)
          }
        if !isTaken { runs[index].label = String(name.suffix(maximumLabel)) }
      }
    }
    for index in runs.indices where runs[index].label.isEmpty {
      var number = index + 1
      while runs.contains(where: { $0.label == "run-\(number)" }) { number += 1 }
      runs[index].label = "run-\(number)"
    }
  }
}

/// A run that was read, with the accounts of its files.
struct ReadRun {
  var run: ComparedRun
  /// The tables: of logs all, of a report those that were asked for.
  var summary: TrafficSummary
  var inputs: [FileLedger]
  /// The paths of all files that were read.
  var paths: [String]
  /// The worst thing that happened to an input.
  var status: ExitStatus

  /// Reads a report, or analyses logs and traces as `analyze` does, with what describes them.
  init(
    _ named: NamedRun, _ described: AnalysisOptions.Descriptions, jobs: Int,
    includesReplay: Bool = false, _ console: Console
  ) throws {
    if let file = named.report {
      do throws(SummaryReader.ReadError) {
        let read = try SummaryReader.read(
          path: file, label: named.label, includesReplay: includesReplay)
        run = read.run
        summary = read.summary
        inputs = [read.ledger]
        inputs[0].file = "\(named.label)/\(SummaryReader.fileName)"
        paths = [file]
        status = .done
      } catch {
        throw CommandFailure(
          status: error.isMissing ? .missingInput : .malformedInput, message: error.message)
      }
      return
    }
    let analysed = try AnalysisRun(
      InputList(arguments: [named.path]), described, jobs: jobs, console)
    run = ComparedRun(label: named.label, analysed.summary)
    summary = analysed.summary
    status = analysed.verdict.status
    paths = analysed.paths
    inputs = (analysed.summary.ingestion + analysed.descriptions).map { ledger in
      var ledger = ledger
      ledger.file = "\(named.label)/\(ledger.file)"
      return ledger
    }
  }
}
