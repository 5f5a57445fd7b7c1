// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import CollectiveTrace

/// The document, its accounts, and what is left of it when it is damaged.
@Suite struct KinetoReaderTests {
  /// Two collectives, computation, events of no interest.
  private static let events: [String] =
    [
      KinetoText.event("user_annotation", "ProfilerStep#7", ts: "1000", dur: "900"),
      KinetoText.event("cpu_op", "aten::mm {", ts: "1001.5", dur: "3.25", "\"x\": \"}\\\"\""),
    ]
    + KinetoText.collective(
      "allreduce", kernel: "ncclDevKernel_AllReduce_Sum_f32_RING_LL(x)", number: 10, input: 1024,
      output: 1024, at: 1010, kernelAt: 1100, duration: 50)
    + [
      KinetoText.compute(at: 1120, duration: 100),
      "{\"ph\": \"f\", \"id\": 3, \"pid\": 0, \"tid\": 7, \"ts\": 1120, \"cat\": \"ac2g\", \"name\": \"ac2g\", \"bp\": \"e\"}",
    ]
    + KinetoText.collective(
      "_allgather_base", kernel: "ncclDevKernel_AllGather_RING_LL(x)", number: 20, input: 256,
      output: 1024, type: "BFloat16", at: 1300, kernelAt: 1400, duration: 40)

  private static let rows = [
    "tp_group all_reduce float32 1024 x1", "tp_group all_gather bfloat16 256 x1",
  ]

  @Test func aTraceIsRecognisedByItsContent() {
    for text in [
      KinetoText.document(Self.events), "\u{FEFF}" + KinetoText.document(Self.events),
      "[\n" + Self.events.joined(separator: ",\n") + "\n]",
      "{\"schemaVersion\": 1, \"deviceProperties\": []}",
    ] {
      let partial = KinetoText.read(text)
      #expect(partial.files[0].format == "kineto")
      #expect(partial.files[0].isBalanced)
    }
    for text in [
      "host:1:1 [0] NCCL INFO {\"traceEvents\": []}", "{\"a\": 1}", "[1, 2]", "", "{", "[",
      "[{\"header\": {\"id\": 1}}]",
    ] {
      #expect(KinetoText.read(text).files[0].format != "kineto", "\(text)")
    }
  }

  @Test func everyEventAndEveryOtherKeyIsARecordOfTheLedger() {
    let text = KinetoText.document(Self.events)
    let partial = KinetoText.read(text)
    let ledger = partial.files[0]
    // Four keys beside the list of events, and the closing brackets.
    #expect(ledger.lines == Self.events.count + 4 + 1)
    #expect(ledger.bytes == text.utf8.count)
    #expect(ledger.isBalanced)
    // A step; host call, annotation, launch and kernel of two collectives; one compute kernel; the
    // distributed info.
    #expect(ledger[.parsed].lines == 1 + 2 * 4 + 1 + 1)
    #expect(ledger[.malformed].lines == 0 && ledger[.tornLost].lines == 0)
    #expect(ledger.detail == "")
    #expect(partial.rows == Self.rows)
  }

  @Test func keysMayComeInAnyOrderAndTheListMayStandAlone() {
    let usual = KinetoText.read(KinetoText.document(Self.events))
    let after = KinetoText.read(KinetoText.document(Self.events, after: true))
    #expect(after.rows == Self.rows)
    #expect(after.processes[0].globalRank == 4)
    #expect(after.processes[0].timing?.calls == usual.processes[0].timing?.calls)
    let bare = KinetoText.read("[" + Self.events.joined(separator: ",") + "]\n")
    #expect(bare.rows == Self.rows)
    #expect(bare.files[0].lines == Self.events.count + 1)
    #expect(bare.files[0].detail == "")
  }

  @Test func keysInsideAnEventMayComeInAnyOrder() {
    let swapped = KinetoText.document([
      """
      {"args": {"Collective name": "allreduce", "In msg nelems": 8, "Out msg nelems": 8, "dtype": "Half", "Group size": 2, "Process Group Name": "q"},
       "dur": 5, "ts": 10, "tid": 1, "pid": 2, "name": "ncclDevKernel_AllReduce_Sum_f16_RING_LL(x)", "cat": "kernel", "ph": "X"}
      """
    ])
    #expect(KinetoText.read(swapped).rows == ["q all_reduce float16 8 x1"])
  }

  @Test func theWindowsDoNotChangeTheFacts() {
    let whole = KinetoText.read(Self.damagedDocument)
    for window in [1, 3, 13, 64, 257, 1000, 4096] {
      let partial = KinetoText.read(Self.damagedDocument, window: window)
      #expect(partial.rows == whole.rows, "window \(window)")
      #expect(partial.files[0].lineClasses == whole.files[0].lineClasses, "window \(window)")
      #expect(partial.processes[0].timing?.calls == whole.processes[0].timing?.calls)
    }
  }

  // MARK: - Damage

  private static let harmless = KinetoText.event("cpu_op", "aten::add", ts: "1", dur: "1")

  /// Every known form of damage among sound events, and text after the end.
  private static let damagedDocument: String = {
    var list: [String] = []
    for (_, damaged) in damages {
      list.append(damaged)
      list.append(harmless)
    }
    return KinetoText.document(list + events) + "\ntrailing text\nmore"
  }()

  /// Damaged events; each must cost itself only.
  static let damages: [(name: String, event: String)] = [
    (
      "unescaped quotes",
      KinetoText.event("cpu_op", "say \"hello\" now", ts: "1", dur: "1")
    ),
    ("missing quote", "{\"ph\": \"X\", \"cat\": \"cpu_op, \"name\": \"b\", \"ts\": 1, \"dur\": 2}"),
    ("missing last quote", "{\"ph\": \"X\", \"cat\": \"cpu_op\", \"name\": \"b}"),
    (
      "a path that ends in a backslash",
      KinetoText.event("cpu_op", "C:\\dir\\", ts: "1", dur: "1")
    ),
    (
      "a kernel that took NaN",
      KinetoText.event("kernel", "ncclDevKernel_AllReduce_Sum_f32_RING_LL(x)", ts: "1", dur: "NaN")
    ),
    (
      "a kernel at 1e400",
      KinetoText.event("kernel", "gemm", ts: "1e400", dur: "1")
    ),
    ("a kernel of negative duration", KinetoText.event("kernel", "gemm", ts: "1", dur: "-1")),
    (
      "a kernel without duration",
      "{\"ph\": \"X\", \"cat\": \"kernel\", \"name\": \"k\", \"ts\": 1}"
    ),
    (
      "nesting bomb",
      "{\"ph\": \"X\", \"args\": "
        + String(repeating: "{\"a\":", count: 300) + "1" + String(repeating: "}", count: 300) + "}"
    ),
    ("a number among the events", "17"),
    ("not an object", "[1, 2]"),
  ]

  @Test(arguments: damages.indices)
  func aDamagedEventCostsItselfOnly(index: Int) {
    let (name, damaged) = Self.damages[index]
    let text = KinetoText.document([Self.harmless, damaged, Self.harmless] + Self.events)
    let partial = KinetoText.read(text)
    let ledger = partial.files[0]
    #expect(partial.rows == Self.rows, "\(name)")
    #expect(ledger[.malformed].lines == 1, "\(name)")
    // The damaged record ends where the next event begins, so that its bytes are its own.
    let isOwn = (damaged.utf8.count...damaged.utf8.count + 8).contains(ledger[.malformed].bytes)
    #expect(isOwn, "\(name): \(ledger[.malformed].bytes) of \(damaged.utf8.count)")
    #expect(ledger.isBalanced && ledger.bytes == text.utf8.count, "\(name)")
  }

  @Test(arguments: [
    "bad \\x escape \\q", "lone \\ud800 surrogate", "raw \u{1}\u{2} control", "tab\tand\nnewline",
  ])
  func badTextInAStringDoesNotCostTheEvent(text: String) {
    let kernel = KinetoText.event(
      "kernel", "ncclDevKernel_AllReduce_Sum_f32_RING_LL(\(text))", ts: "5", dur: "2")
    let partial = KinetoText.read(KinetoText.document([kernel] + Self.events))
    #expect(partial.files[0][.malformed].lines == 0)
    #expect(partial.rows.contains("- all_reduce float32 ? x1"))
  }

  @Test func invalidUTF8IsKeptOutOfTheNames() {
    var bytes = Array(KinetoText.document(Self.events).utf8)
    let place = bytes.firstRange(of: Array("tp_group".utf8))?.lowerBound ?? 0
    bytes[place] = 0xFF
    let partial = KinetoText.read(bytes)
    #expect(partial.files[0][.malformed].lines == 0)
    #expect(partial.processes[0].communicators.contains { $0.name == "\u{FFFD}p_group" })
  }

  @Test func anEventOfTheLongestLengthIsReadAndALongerOneIsMalformed() {
    let limit = 4096
    func padded(to length: Int) -> String {
      let start =
        "{\"ph\": \"X\", \"cat\": \"kernel\", \"name\": \"ncclDevKernel_AllReduce_Sum_f32_RING_LL\", \"ts\": 1, \"dur\": 2, \"args\": {\"p\": \""
      return start + String(repeating: "p", count: length - start.utf8.count - 3) + "\"}}"
    }
    for window in [64, 1 << 20] {
      let fits = KinetoText.read(
        KinetoText.document([padded(to: limit)] + Self.events), window: window, limit: limit)
      #expect(fits.files[0][.malformed].lines == 0)
      #expect(fits.rows.count == 3)
      let over = KinetoText.read(
        KinetoText.document([padded(to: limit + 1)] + Self.events), window: window, limit: limit)
      #expect(over.files[0][.malformed].lines == 1)
      #expect(over.rows == Self.rows)
      #expect(over.files[0].isBalanced)
    }
  }

  @Test func aLongStringIsCountedAndNotKept() {
    let long = KinetoText.event(
      "cpu_op", "x", ts: "1", dur: "1", "\"s\": \"\(String(repeating: "abcd", count: 200_000))\"")
    let text = KinetoText.document([long] + Self.events)
    let partial = KinetoText.read(text, window: 64 << 10, limit: 64 << 10)
    #expect(partial.rows == Self.rows)
    #expect(partial.files[0][.malformed].lines == 1)
    #expect(partial.files[0][.malformed].bytes >= 800_000)
    #expect(partial.files[0].bytes == text.utf8.count && partial.files[0].isBalanced)
  }

  @Test func aLongValueOutsideOfTheEventsIsSkipped() {
    let long = "\"stackFrames\": {\"1\": \"\(String(repeating: "frame ", count: 40_000))\"}"
    let text = KinetoText.document(Self.events, info: long + ",\n" + KinetoText.rank4)
    let partial = KinetoText.read(text, window: 1000, limit: 4096)
    #expect(partial.rows == Self.rows)
    #expect(partial.files[0][.malformed].lines == 0)
  }

  @Test func aBrokenKeyBeforeTheEventsDoesNotCostTheEvents() {
    let text = KinetoText.document(Self.events, info: "\"user\": \"a \"b\" c\"")
    let partial = KinetoText.read(text)
    #expect(partial.rows.count == 2)
    #expect(partial.files[0][.malformed].lines == 1)
    #expect(partial.files[0].isBalanced)
  }

  @Test func everyCutKeepsTheWholeEventsAndBalances() {
    let text = Array(KinetoText.document(Self.events).utf8)
    var most = 0
    for cut in stride(from: text.count, to: 600, by: -29) {
      let partial = KinetoText.read(Array(text[..<cut]))
      let ledger = partial.files[0]
      #expect(ledger.isBalanced && ledger.bytes == cut, "cut at \(cut)")
      #expect(ledger[.malformed].lines == 0, "cut at \(cut)")
      #expect(ledger[.tornLost].lines <= 1, "cut at \(cut)")
      if cut < text.count - 30 { #expect(!ledger.detail.isEmpty, "cut at \(cut)") }
      most = max(most, ledger[.parsed].lines)
    }
    #expect(most == 11)
  }

  /// Overwrites, deletes and inserts bytes: nothing traps, nothing is lost from the accounts.
  @Test func mutationsKeepTheAccountsBalanced() {
    let text = Array(KinetoText.document(Self.events).utf8)
    var generator = Steps(state: 42)
    let bytes = Array("{}[]\",:\\ 0x9eE-.tn\u{0}".utf8)
    for round in 0..<400 {
      var mutated = text
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        let place = Int.random(in: 0..<mutated.count, using: &generator)
        let byte = bytes[Int.random(in: 0..<bytes.count, using: &generator)]
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: mutated[place] = byte
        case 1: mutated.insert(byte, at: place)
        case 2: mutated.remove(at: place)
        default:
          let end = min(mutated.count, place + Int.random(in: 0..<200, using: &generator))
          if mutated.count - (end - place) > 100 { mutated.removeSubrange(place..<end) }
        }
      }
      let whole = KinetoText.read(mutated)
      #expect(whole.files[0].isBalanced && whole.files[0].bytes == mutated.count, "\(round)")
      guard round % 4 == 0, whole.files[0].format == "kineto" else { continue }
      let pieces = KinetoText.read(mutated, window: 97)
      #expect(pieces.files[0].lineClasses == whole.files[0].lineClasses, "round \(round)")
      #expect(pieces.rows == whole.rows, "round \(round)")
    }
  }
}
