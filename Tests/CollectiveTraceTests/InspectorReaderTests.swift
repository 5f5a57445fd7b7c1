// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import CollectiveTrace

@Suite struct InspectorReaderTests {
  private func read(_ text: String, window: Int = 256 << 10) -> TracePartial {
    TraceReader.summarize(text: Array(text.utf8), file: "inspector.log", window: window)
  }

  private static func record(
    rank: Int = 0, collective: String = "AllReduce", sequence: Int = 0, bytes: String = "1024",
    micros: String = "44", source: String = "kernel_gpu", more: String = ""
  ) -> String {
    """
    {"header":{"id":"0xaa498efb3b18bc","rank":\(rank),"n_ranks":4,"nnodes":1},"metadata":{\
    "inspector_output_format_version":"v4.0","git_rev":"","rec_mechanism":"x",\
    "dump_timestamp_us":1766407620016192,"hostname":"stone","pid":77},"coll_perf":{\
    "coll":"\(collective)","coll_sn":\(sequence),"coll_msg_size_bytes":\(bytes),\
    "coll_exec_time_us":\(micros),"coll_timing_source":"\(source)","coll_algobw_gbs":"nan",\
    "coll_busbw_gbs":0.069818\(more)}}

    """
  }

  @Test func aRecordIsACallWithItsDuration() throws {
    let partial = read(Self.record(rank: 2, sequence: 7) + Self.record(rank: 2, sequence: 8))
    let process = try #require(partial.processes.first)
    #expect((process.host, process.pid, process.source) == ("stone", 77, .inspector))
    let communicator = try #require(process.communicators.first)
    #expect(communicator.identifier == 0xaa_498e_fb3b_18bc)
    #expect((communicator.rank, communicator.size, communicator.nodes) == (2, 4, 1))
    let row = try #require(communicator.calls.first)
    #expect(
      (row.kind, row.dataType, row.elementCount, row.calls) == (.allReduce, .unknown, 1024, 2))
    let durations = try #require(communicator.durations.first)
    #expect((durations.basis, durations.histogram.count) == (.kernelGPU, 2))
    #expect(durations.histogram.total == 88_000)
    #expect(process.timing?.calls.map(\.sequence) == [7, 8])
    // Nine calls by the sequence numbers, two records.
    #expect(process.notices.first?.text.contains("7 of 9") == true)
  }

  @Test func sendsHavePeersAndVerboseRecordsAStart() throws {
    let text = """
      {"header":{"id":"0x1f","comm_name":"default_pg:0","rank":1,"n_ranks":2,"nnodes":2},"metadata":{\
      "inspector_output_format_version":"v4.0","hostname":"a.b","pid":1},"p2p_perf":{"p2p":"Send",\
      "p2p_sn":3,"p2p_peer":0,"p2p_msg_size_bytes":8192,"p2p_exec_time_us":5,\
      "p2p_timing_source":"kernel_cpu","event_trace_ts":{"p2p_start_ts":50,"kernel_events":[\
      {"channel_id":0,"kernel_start_ts":70},{"channel_id":1,"kernel_start_ts":60}]}}}

      """
    let process = try #require(read(text).processes.first)
    let communicator = try #require(process.communicators.first)
    #expect(communicator.name == "default_pg:0")
    #expect((communicator.calls[0].kind, communicator.calls[0].peer) == (.send, 0))
    #expect(process.timing?.calls.first?.start == 60_000)
    #expect(communicator.durations.first?.basis == .kernelCPU)
  }

  @Test func headersThatRecurAreReadAsIfTheyWereNew() {
    let one = Self.record(rank: 1, sequence: 0)
    let two = Self.record(rank: 2, sequence: 0)
    // What a second header in a record leaves out is in the first, and in no other record.
    let doubled = one.replacing(
      #""metadata""#, with: #""header":{"id":"0x1","n_ranks":4},"metadata""#, maxReplacements: 1)
    let short = one.replacing(
      #""id":"0xaa498efb3b18bc","rank":1,"n_ranks":4,"nnodes":1"#,
      with: #""id":"0x1","n_ranks":4"#)
    let partial = read(one + one + two + one + doubled + short)
    let communicators = partial.processes[0].communicators
    #expect(communicators.map(\.rank) == [1, 2, 1])
    #expect(communicators.map(\.collectiveCalls) == [3, 1, 1])
    #expect(communicators[2].identifier == 1)
    // The last states no rank.
    #expect(partial.files[0][.malformed].lines == 1)
  }

  /// All but the time of writing is compared with the record before.
  @Test func metadataThatRecurAreReadAsIfTheyWereNew() {
    let time = "\"dump_timestamp_us\":1766407620016192"
    func changed(_ old: String, _ new: String) -> String {
      Self.record().replacingOccurrences(of: old, with: new)
    }
    let records = [
      Self.record(), changed(time, "\"dump_timestamp_us\":5"), changed("stone", "wood"),
      changed("\"pid\":77", "\"pid\":78"), changed(time, "\"dump_timestamp_us\":\"5\""),
      changed(time + ",", ""), changed(time, time + "," + time), changed(time, "\"git\":1"),
      changed("wood", "stone"),
    ]
    // Each next to each of the others, and what must be malformed whatever stands before it.
    let broken = changed(time, "\"dump_timestamp_us\":")
    for first in records {
      for second in records {
        let together = read(first + second + broken)
        let apart = [read(first), read(second)]
        func processes(_ partials: [TracePartial]) -> Set<String> {
          Set(partials.flatMap(\.processes).map { "\($0.host) \($0.pid)" })
        }
        #expect(processes([together]) == processes(apart))
        #expect(together.files[0][.parsed].lines == 2)
        #expect(together.files[0][.malformed].lines == 1)
      }
    }
    #expect(read(broken).files[0][.malformed].lines == 1)
  }

  /// The README of NCCL prints one record like this, with these numbers.
  @Test func aPrettyPrintedRecordIsReadToo() throws {
    let text = """
      {
        "header": {"id": "0x7f8c496ae9f661", "rank": 2, "n_ranks": 8, "nnodes": 1},
        "metadata": {
          "inspector_output_format_version": "v4.0",
          "hostname": "example", "pid": 1639453
        },
        "coll_perf": {
          "coll": "AllReduce", "coll_sn": 1407, "coll_msg_size_bytes": 17179869184,
          "coll_exec_time_us": 61974
        }
      }

      """
    for window in [1, 7, 64, 4096] {
      let partial = read(text + text, window: window)
      let ledger = partial.files[0]
      #expect(ledger.isBalanced)
      #expect(ledger[.parsed].lines == 22)
      #expect(partial.processes.first?.communicators.first?.calls.first?.calls == 2)
    }
  }

  @Test func whatIsDamagedIsCountedAndTheRestIsKept() {
    let whole = Self.record()
    let cut = String(whole.prefix(150)) + "\n"
    let text =
      whole + cut + whole + Self.record(bytes: "-5") + Self.record(collective: "Teleport")
      + "stray text\n" + Self.record(rank: 9) + Self.record(micros: "\"nan\"") + whole.dropLast(30)
    let partial = read(text)
    let ledger = partial.files[0]
    #expect(ledger.isBalanced)
    #expect(ledger.format == "inspector")
    #expect(ledger[.parsed].lines == 3)
    // Cut in the middle, a negative size, a rank outside, cut at the end.
    #expect(ledger[.malformed].lines == 4)
    #expect(ledger[.knownIgnored].lines == 1)
    #expect(ledger[.foreign].lines == 1)
    let communicator = partial.processes.first?.communicators.first
    #expect(communicator?.calls.first?.calls == 3)
    // A duration that is no number is not a duration of zero.
    #expect(communicator?.durations.first?.histogram.count == 2)
  }

  @Test func everyWindowGivesTheSameFacts() {
    var text = ""
    for sequence in 0..<20 {
      text += Self.record(
        collective: sequence % 2 == 0 ? "AllGather" : "AllReduce", sequence: sequence)
      if sequence % 5 == 4 { text += Self.record().prefix(40) + "\n\n" }
    }
    let whole = read(text)
    for window in [1, 3, 50, 441, 1000] {
      let part = read(text, window: window)
      #expect(part.files == whole.files)
      #expect(part.processes[0].communicators[0].calls == whole.processes[0].communicators[0].calls)
      #expect(part.processes[0].timing?.calls == whole.processes[0].timing?.calls)
    }
  }

  @Test func rowsAndTimedCallsAreLimited() {
    var options = TraceReader.Options()
    options.maximumKeysPerFile = 4
    options.maximumTimedCallsPerFile = 5
    var text = ""
    for size in 1...10 { text += Self.record(sequence: size, bytes: "\(size)") }
    let partial = TraceReader.summarize(text: Array(text.utf8), file: "x", options: options)
    let calls = partial.processes[0].communicators[0].calls
    #expect(calls.map(\.elementCount) == [1, 2, 3, 4, 0])
    #expect(calls.map(\.calls) == [1, 1, 1, 1, 6])
    #expect(calls[4].isCoarse)
    #expect(calls[4].elements == 45)
    #expect(partial.files[0].coarsenedCalls == 6)
    #expect(partial.processes[0].timing?.calls.count == 5)
    #expect(partial.processes[0].timing?.callsNotKept == 5)
  }

  @Test func noFlippedByteTrapsOrUnbalancesTheLedger() {
    let text = Array((Self.record() + Self.record(sequence: 1)).utf8)
    for offset in text.indices {
      for mask: UInt8 in [0x01, 0x20, 0x80, 0xFF] {
        var damaged = text
        damaged[offset] ^= mask
        let partial = TraceReader.summarize(text: damaged, file: "x", window: 100)
        #expect(partial.files[0].isBalanced)
        #expect(partial.files[0].bytes == text.count)
      }
    }
  }

  /// Oracle: the bandwidths that the plugin printed itself beside size and time.
  @Test(.enabled(if: Fixture.sharedData != nil))
  func sizesAndTimesOfRealRecordsGiveThePrintedBandwidth() throws {
    let folder = try #require(Fixture.sharedData).appending(path: "inspector")
    let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path())
      .filter { $0.hasSuffix(".log.gz") }
    #expect(files.count == 8)
    for file in files {
      let partial = TraceReader.summarize(path: folder.appending(path: file).path())
      let ledger = partial.files[0]
      #expect(ledger.isBalanced)
      #expect(ledger[.parsed].lines == ledger.lines)
      #expect(partial.processes.count == 1)
    }
  }
}
