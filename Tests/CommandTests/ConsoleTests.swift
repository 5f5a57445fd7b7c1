// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import commlens

@Suite struct ConsoleTests {
  @Test(arguments: [
    (ColorChoice.always, false, [:], true),
    (.never, true, ["CLICOLOR_FORCE": "1"], false),
    (.always, false, ["NO_COLOR": "1"], true),
    (.auto, true, [:], true),
    (.auto, false, [:], false),
    (.auto, true, ["NO_COLOR": "1"], false),
    (.auto, true, ["NO_COLOR": ""], true),
    (.auto, false, ["CLICOLOR_FORCE": "1"], true),
    (.auto, false, ["CLICOLOR_FORCE": "0"], false),
    (.auto, false, ["CLICOLOR_FORCE": "1", "NO_COLOR": "1"], false),
    (.auto, true, ["TERM": "dumb"], false),
  ])
  func colourObeysTheOptionThenTheEnvironmentThenTheTerminal(
    choice: ColorChoice, isTerminal: Bool, environment: [String: String], expected: Bool
  ) {
    #expect(
      Console.usesColor(choice, isTerminal: isTerminal) { environment[$0] } == expected)
  }

  @Test func textFromAFileNameCannotActOnTheTerminal() {
    #expect(
      printable("a\u{1B}[2Jb\u{7}\u{202E}c\u{85}\r")
        == "a\u{FFFD}[2Jb\u{FFFD}\u{FFFD}c\u{FFFD}\u{FFFD}")
    #expect(printable("h\u{E9}llo\n\u{1F600}") == "h\u{E9}llo\n\u{1F600}")
  }

  @Test func writingTellsWhyItFailed() {
    let full = open("/dev/full", O_WRONLY)
    defer { close(full) }
    #expect(writeAll([1, 2, 3], to: full) == ENOSPC)
    #expect(writeAll([], to: full) == nil)
    #expect(writeAll([1], to: -1) == EBADF)
    #expect(reason(ENOSPC) == "No space left on device")
  }

  @Test func aLargeWriteThroughASmallPipeArrivesWhole() async throws {
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    let (reader, writer) = (ends[0], ends[1])
    // Without blocking, most writes take only a part or none.
    #expect(fcntl(writer, F_SETFL, O_NONBLOCK) == 0)
    let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let task = Task.detached {
      let code = writeAll(bytes, to: writer)
      close(writer)
      return code
    }
    var received: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 70_000)
    while true {
      let count = read(reader, &chunk, chunk.count)
      guard count > 0 else { break }
      received += chunk.prefix(count)
    }
    close(reader)
    #expect(await task.value == nil)
    #expect(received == bytes)
  }

  @Test func progressTellsBytesRateAndTimeLeft() {
    #expect(
      ProgressMeter.line(bytes: 250_000_000, total: 1_000_000_000, files: 3, of: 8, seconds: 2)
        == "3/8 files, 250.0 MB of 1000.0 MB, 125.0 MB/s, 0:06 left")
    #expect(
      ProgressMeter.line(bytes: 1_500_000, total: 0, files: 0, of: 1, seconds: 1)
        == "0/1 files, 1.5 MB, 1.5 MB/s")
    #expect(
      ProgressMeter.line(bytes: 0, total: 10, files: 0, of: 1, seconds: 0)
        == "0/1 files, 0.0 MB of 0.0 MB, 0.0 MB/s")
  }

  @Test(
    arguments: [
      ("Name:\tx\nCpus_allowed:\t3\nCpus_allowed_list:\t0-1\n", 2),
      ("Cpus_allowed:\tffffffff,00000003\n", 34), ("Cpus_allowed:\t0\n", nil), ("", nil),
    ] as [(String, Int?)])
  func coresAreCountedFromTheMaskTheKernelShows(status: String, cores: Int?) {
    #expect(TraceReading.cores(inStatus: Array(status.utf8)[...]) == cores)
    #expect(TraceReading.availableCores >= 1)
  }
}
