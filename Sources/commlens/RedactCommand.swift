// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import CollectiveTrace
internal import Glibc
internal import Synchronization

/// `commlens redact`: logs in, the same logs without names out.
struct RedactCommand: ParsableCommand, SettingsReader {
  static let configuration = CommandConfiguration(
    commandName: "redact",
    abstract:
      "Copies logs without names, addresses and paths, so that they can be shown to others.",
    discussion: """
      Hosts, addresses of networks and devices, users, folders, communicator ids, pointers and every \
      other word that NCCL itself does not print are replaced, the same word by the same \
      replacement in all files, so that analyze finds the same traffic, ranks, links and findings. \
      Lines that neither NCCL wrote nor a launcher whose layout analyze reads are left out. \
      Replacements are numbers in sorted order; nothing leads back from them.

      What stays: process and thread ids, ranks, GPUs, PCI addresses, network devices by their usual \
      names (mlx5_0, eth0), sizes, versions, times, and settings of NCCL as far as they are numbers \
      or words of NCCL's own. Look at a copy before you hand it on: the list of words is NCCL's, but a \
      name may be one of them.

      Logs of NCCL and RCCL, answers of ncclras, records of Inspector, and topologies are copied; \
      compressed ones are compressed with gzip again. Other files are refused by name, and the \
      status is 65. Inputs are read twice, so standard input cannot be one.
      """
  )

  @OptionGroup(title: "Input") var input: InputOptions

  @Option(
    name: [.customShort("o"), .customLong("output")],
    help: ArgumentHelp(
      "Write the copies into this folder, which must be new or empty.", valueName: "dir"))
  var folder: String

  @Option(
    name: .customLong("map"),
    help: ArgumentHelp(
      "Also write what was replaced by what, as CSV, into this file; keep it to yourself.",
      valueName: "file"))
  var map: String?

  @OptionGroup var workers: WorkerOptions
  @OptionGroup var voice: VoiceOptions

  func validate() throws {
    if input.inputs.contains("-") {
      throw ValidationError(
        "Inputs are read twice, which standard input cannot be; write it into a file first.")
    }
    if folder.isEmpty || map == "" { throw ValidationError("An output has an empty name.") }
  }

  func run() throws {
    let console = voice.console
    try OutputDirectory.check(folder)
    try OutputDirectory.checkIsEmpty(folder)
    if let map { _ = try OutputDirectory.place(ofFile: map) }
    let inputs = try input.list()
    guard !input.dryRun else {
      let status = try DryRun.run(inputs, format: .table, jobs: workers.count, console)
      if status != .done { throw ExitCode(status.rawValue) }
      return
    }
    for sentence in inputs.missing { Console.fail(sentence) }
    var status: ExitStatus = inputs.missing.isEmpty ? .done : .missingInput
    let files = inputs.files.filter { $0.sameAs == nil }
    let meter = ProgressMeter(files, input.progress, console)
    let first = TraceReading.inParallel(
      files, jobs: workers.count, meter: meter
    ) { file, progress in Redaction.identifiers(path: file.path, progress: progress) }

    var found = IdentifierSet()
    var copies: [Copy] = []
    for (file, result) in zip(files, first) {
      if let refusal = result.refusal {
        Console.fail(refusal)
        status = ExitStatus.worse(
          status, result.ledger.status == .unreadable ? .missingInput : .malformedInput)
        continue
      }
      if result.ledger.status != .complete, !result.ledger.detail.isEmpty {
        console.warn("\(file.path): \(result.ledger.detail)")
      }
      found.merge(result.found)
      copies.append(Copy(file: file, first: result))
    }
    guard !copies.isEmpty else {
      if files.isEmpty || status == .done { Console.fail("no input can be redacted.") }
      throw ExitCode(ExitStatus.worse(status, status == .done ? .malformedInput : .done).rawValue)
    }
    let pseudonyms = Pseudonyms(found)
    let (counts, written) = try write(copies, pseudonyms, console)
    status = ExitStatus.worse(status, written)
    if let map { try write(pseudonyms, to: map) }
    console.note(Self.summary(counts, files: copies.count, folder: folder))
    if status != .done { throw ExitCode(status.rawValue) }
  }

  /// A file that will be copied.
  private struct Copy {
    let file: InputFile
    /// What the first reading said of it.
    let first: Redaction.Result
  }

  /// Files that are open at once while a folder is written.
  private static let batch = 64

  /// Writes all copies, some at a time: a job of thousands of ranks has more files than a process
  /// may open.
  private func write(
    _ copies: [Copy], _ pseudonyms: Pseudonyms, _ console: Console
  ) throws(CommandFailure) -> (counts: Pseudonyms.Counts, status: ExitStatus) {
    var counts = Pseudonyms.Counts()
    var status = ExitStatus.done
    let digits = max(3, String(copies.count).count)
    let directory = try OutputDirectory(folder)
    for start in stride(from: 0, to: copies.count, by: Self.batch) {
      let part = copies[start..<min(start + Self.batch, copies.count)]
      let results = Results()
      let outputs = part.enumerated().map { index, copy in
        let number = String(start + index + 1)
        let name =
          "file-" + String(repeating: "0", count: digits - number.count) + number
          + copy.first.suffix + (copy.first.isCompressed ? ".gz" : "")
        console.detail("\(copy.file.path): copied to \(folder)/\(name).")
        return OutputDirectory.File(name: name) { sink in
          let result = Self.pieces(of: copy.file.path, copy.first.isCompressed, pseudonyms, sink)
          results.values.withLock { $0[index] = result }
        }
      }
      try directory.write(outputs)
      let second = results.values.withLock { $0 }
      for (index, copy) in part.enumerated() {
        counts.add(second[index]?.counts ?? Pseudonyms.Counts())
        // A log that grew meanwhile may name hosts that have no number.
        guard let again = second[index]?.ledger,
          again.bytes == copy.first.ledger.bytes,
          again.contentCRC32 == copy.first.ledger.contentCRC32
        else {
          Console.fail("\(copy.file.path): changed while it was read; redact it again.")
          status = ExitStatus.worse(status, .inputOutput)
          continue
        }
      }
    }
    return (counts, status)
  }

  /// Hands over the redacted text of a file, compressed if the file was.
  private static func pieces(
    of path: String, _ isCompressed: Bool, _ pseudonyms: Pseudonyms, _ sink: ([UInt8]) -> Bool
  ) -> Redaction.Result {
    withoutActuallyEscaping(sink) { sink in
      guard isCompressed, let deflater = Deflater() else {
        return Redaction.write(path: path, pseudonyms: pseudonyms, sink: sink)
      }
      let gzip = GzipSink(deflater)
      let result = Redaction.write(path: path, pseudonyms: pseudonyms) { text in
        let bytes = gzip.deflater.add(text)
        return bytes.isEmpty || sink(bytes)
      }
      _ = sink(gzip.deflater.add([], isLast: true))
      return result
    }
  }

  private func write(_ pseudonyms: Pseudonyms, to path: String) throws(CommandFailure) {
    var text = "replacement,original\n"
    for row in pseudonyms.table {
      text += csvCell(row.replacement) + "," + csvCell(row.original) + "\n"
    }
    let (folder, name) = try OutputDirectory.place(ofFile: path)
    try OutputDirectory(folder).write([
      OutputDirectory.File(name: name, bytes: Array(text.utf8))
    ])
  }

  private static func summary(
    _ counts: Pseudonyms.Counts, files: Int, folder: String
  ) -> String {
    func times(_ count: Int, _ what: String) -> String { "\(what) \(count) times" }
    return "\(files) file\(files == 1 ? "" : "s") redacted into \(folder): "
      + [
        times(counts.hosts, "hosts"), times(counts.addresses, "addresses"),
        times(counts.numbers, "ids and hashes"), times(counts.pointers, "pointers"),
        times(counts.names, "other words"),
      ].joined(separator: ", ")
      + "; \(counts.lines) line\(counts.lines == 1 ? "" : "s") that NCCL did not write left out."
  }
}

/// What the second reading of each file of a batch came to.
private final class Results: Sendable {
  let values = Mutex<[Int: Redaction.Result]>([:])
}

/// A compressor that a closure can hold.
private final class GzipSink {
  var deflater: Deflater

  init(_ deflater: consuming Deflater) { self.deflater = deflater }
}
