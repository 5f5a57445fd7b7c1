// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Glibc

/// The command line.
@main
struct Commlens: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "commlens",
    abstract: "Tells what the GPUs of a distributed LLM job said to each other.",
    discussion: """
      commlens reads the debug logs of NCCL and RCCL after a job has run, and reports how many \
      bytes each parallelism strategy moved, between which ranks, and how sure it is.

      Exit status: 0 done; 1 a gate said no (--strict, --fail-on); 64 wrong usage; 65 no line of \
      NCCL in the input, or a file lost as a whole; 66 an input is missing or unreadable; \
      70 internal error; 73 the output cannot be created; 74 writing failed; 78 wrong \
      configuration. Where several apply: 70, 64, 78, 73, 74, 65, 66, 1.
      """,
    version: Version.line,
    subcommands: [
      AnalyzeCommand.self, CompareCommand.self, CheckCommand.self, SummarizeCommand.self,
      MergeCommand.self, ExpectCommand.self,
      TopologyCommand.self, LimitsCommand.self, WhatIfCommand.self, HardwareCommand.self,
      RedactCommand.self, FormatsCommand.self, SchemaCommand.self, ConfigCommand.self,
      ManualCommand.self,
    ]
  )

  /// Runs the command that the arguments name and ends the process with its status.
  static func main() {
    Signals.fillStandardStreams()
    Signals.prepare()
    Glibc.exit(status(running: Array(CommandLine.arguments.dropFirst())))
  }

  // Where /proc cannot be read there are no arguments at all: that must not look like success.
  func run() throws {
    throw ValidationError("Name a command, for example 'commlens analyze DIR'.")
  }

  /// Runs a command and turns every way to end into one documented status.
  private static func status(running arguments: [String]) -> Int32 {
    do {
      if Version.isWanted(asJSON: arguments) {
        try Console(verbosity: .normal, color: .never).output(Array(Version.json.utf8))
        return ExitStatus.done.rawValue
      }
      var command = try parseAsRoot(arguments)
      // A mistake in the settings is told after one on the command line.
      if command is any SettingsReader { _ = try Settings.loaded.get() }
      try command.run()
      return ExitStatus.done.rawValue
    } catch let code as ExitCode {
      return code.rawValue
    } catch let end as AnalysisRun.EarlyEnd {
      return end.status.rawValue
    } catch let failure as CommandFailure {
      Console.fail(failure.message)
      return failure.status.rawValue
    } catch {
      return report(error)
    }
  }

  /// Writes what ArgumentParser has to say: help and version are data, the rest are complaints.
  private static func report(_ error: any Error) -> Int32 {
    let text = Array((fullMessage(for: error) + "\n").utf8)
    let code = exitCode(for: error)
    if code == .success {
      guard let failed = writeAll(text, to: STDOUT_FILENO), failed != EPIPE else { return 0 }
      Console.fail("standard output: cannot be written (\(reason(failed))).")
      return ExitStatus.inputOutput.rawValue
    }
    _ = writeAll(text, to: STDERR_FILENO)
    return code == .validationFailure
      ? ExitStatus.usage.rawValue : ExitStatus.internalError.rawValue
  }
}
