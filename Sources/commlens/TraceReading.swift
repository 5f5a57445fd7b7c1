// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace
internal import Dispatch
internal import Glibc
internal import Synchronization

/// Reads many files at once and puts their facts together in the order of the list.
///
/// The file is the unit of work. A file is started only when another has ended, so memory is one
/// reader per job; results are put back by index, so nothing depends on which ended first.
enum TraceReading {
  /// Cores this process may use, which on a shared node are fewer than the machine has.
  ///
  /// Read from `/proc`, because the call behind it (`sched_getaffinity`) is not visible to Swift.
  static var availableCores: Int {
    let online = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    let descriptor = open("/proc/self/status", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return online }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 1 << 14)
    let count = Glibc.read(descriptor, &bytes, bytes.count)
    return cores(inStatus: bytes.prefix(max(0, count))) ?? online
  }

  /// Counts the cores in the line `Cpus_allowed: ffffffff,00000003` of `/proc/self/status`.
  static func cores(inStatus status: ArraySlice<UInt8>) -> Int? {
    let label = Array("Cpus_allowed:".utf8)
    let line = status.split(separator: UInt8(ascii: "\n")).first { $0.starts(with: label) }
    guard let mask = line?.dropFirst(label.count) else { return nil }
    let cores = mask.reduce(0) { sum, byte in
      sum + (Character(Unicode.Scalar(byte)).hexDigitValue?.nonzeroBitCount ?? 0)
    }
    return cores > 0 ? cores : nil
  }

  /// Reads all files and merges their facts.
  static func summarize(_ files: [InputFile], jobs: Int, meter: ProgressMeter?) -> TracePartial {
    let partials = inParallel(files, jobs: jobs, meter: meter) { read($0, progress: $1) }
    var merged = TracePartial()
    for partial in partials { merged.merge(partial) }
    return merged
  }

  /// Does something with each file, several at once; the results are in the order of the files.
  ///
  /// - Parameters:
  ///   - files: The files.
  ///   - jobs: How many are read at once.
  ///   - meter: Tells how far the reading is.
  ///   - body: Gets a file, and what to tell the bytes read to.
  /// - Returns: A result for each file.
  static func inParallel<Result: Sendable>(
    _ files: [InputFile], jobs: Int, meter: ProgressMeter?,
    _ body: @escaping @Sendable (InputFile, (@Sendable (Int) -> Void)?) -> Result
  ) -> [Result] {
    let results = waitFor { await read(files, jobs: jobs, meter: meter, body) }
    meter?.erase()
    return results
  }

  private static func read<Result: Sendable>(
    _ files: [InputFile], jobs: Int, meter: ProgressMeter?,
    _ body: @escaping @Sendable (InputFile, (@Sendable (Int) -> Void)?) -> Result
  ) async -> [Result] {
    // The largest first, so that no large one is left to run alone at the end.
    let schedule = files.indices.sorted {
      files[$0].size == files[$1].size ? $0 < $1 : files[$0].size > files[$1].size
    }
    var progress: (@Sendable (Int) -> Void)?
    if let meter { progress = { meter.add(bytes: $0) } }
    let tell = progress
    var results = [Result?](repeating: nil, count: files.count)
    await withTaskGroup(of: (index: Int, result: Result).self) { group in
      var waiting = schedule.makeIterator()
      func startNext() {
        guard let index = waiting.next() else { return }
        let file = files[index]
        group.addTask { (index, body(file, tell)) }
      }
      for _ in 0..<min(jobs, files.count) { startNext() }
      for await done in group {
        results[done.index] = done.result
        meter?.finishFile()
        startNext()
      }
    }
    return results.compactMap(\.self)
  }

  private static func read(
    _ file: InputFile, progress: (@Sendable (Int) -> Void)?
  ) -> TracePartial {
    if let original = file.sameAs {
      var ledger = FileLedger(file: file.name)
      ledger.status = .duplicate
      ledger.detail = "The same file as \(original), through another link; read once."
      var partial = TracePartial()
      partial.files = [ledger]
      return partial
    }
    return TraceReader.summarize(path: file.path, name: file.name, progress: progress)
  }

  /// Runs asynchronous work to its end from the main thread.
  ///
  /// `main` is synchronous on purpose: an asynchronous one ends in `dispatch_main`, which unblocks
  /// every signal on the main thread, and an interrupt would then leave temporary files behind.
  private static func waitFor<Element: Sendable>(
    _ work: @escaping @Sendable () async -> [Element]
  ) -> [Element] {
    let slot = Slot<Element>()
    let done = DispatchSemaphore(value: 0)
    Task.detached {
      let result = await work()
      slot.value.withLock { $0 = result }
      done.signal()
    }
    done.wait()
    return slot.value.withLock { $0 }
  }
}

/// Where a task leaves its result for the thread that waits.
private final class Slot<Element: Sendable>: Sendable {
  let value = Mutex<[Element]>([])
}
