// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import CollectiveTrace

/// The lists of stored properties, held against the types themselves.
@Suite struct FactRecordTests {
  /// The type names of the properties that a record hands to an archive, and of those that it has.
  private static func layout<Record: FactRecord>(
    _ type: Record.Type
  ) -> (name: String, listed: [String], stored: [String]) {
    var record = Record.blank
    var archive = FactArchive(recordsLayout: true)
    archive.pass(&record)
    let stored = Mirror(reflecting: record).children.map { "\(Swift.type(of: $0.value))" }
    return (String(reflecting: type), archive.layout ?? [], stored)
  }

  private static let layouts = [
    layout(FileFacts.self), layout(FileLedger.self), layout(FileLedger.Count.self),
    layout(FileLedger.Timeout.self), layout(FileLedger.Shape.self), layout(RASReport.self),
    layout(RASReport.Group.self), layout(RASReport.Problem.self), layout(RASReport.Party.self),
    layout(RASReport.Member.self), layout(ProcessFacts.self), layout(LibraryVersion.self),
    layout(EnvironmentSetting.self), layout(Notice.self), layout(PeerComplaint.self),
    layout(CallSequence.self), layout(CallSequence.Symbol.self), layout(CommunicatorFacts.self),
    layout(ProgressFacts.self), layout(EdgeFacts.self), layout(ConnectionFacts.self),
    layout(UnplacedConnection.self), layout(DeviceLabel.self), layout(CallFacts.self),
    layout(ExchangeFacts.self), layout(TuningFacts.self), layout(BenchmarkFacts.self),
    layout(DurationFacts.self), layout(DurationHistogram.self), layout(TimingFacts.self),
    layout(TimingFacts.Call.self), layout(TimingFacts.Step.self), layout(TimingFacts.Overlap.self),
    layout(LaunchFacts.self), layout(LaunchFacts.Statement.self), layout(LaunchFacts.Problem.self),
  ]

  @Test func everyStoredPropertyIsListedOnce() {
    for layout in Self.layouts {
      #expect(layout.listed == layout.stored, "\(layout.name)")
    }
  }

  @Test func everyRecordThatIsReferredToIsTested() {
    let tested = Set(Self.layouts.map { $0.name.split(separator: ".").last.map(String.init) ?? "" })
    // What is left are numbers, texts, enumerations, and the two that are no plain structures.
    let others: Set = [
      "Int", "Int32", "Int64", "UInt8", "UInt32", "UInt64", "Bool", "Double", "String",
      "ClosedRange<Int>", "Bucket", "Token", "Status", "Kind", "Level", "Library", "End",
      "DataType", "OperationKind", "ExchangeShape", "TraceSource", "Clock", "Basis", "State",
      "SequenceScope", "AnnotatedPhase", "Launcher", "Key",
    ]
    for name in Set(Self.layouts.flatMap(\.listed)) {
      var bare = name[...]
      for wrapper in ["Optional<", "Array<"] where bare.hasPrefix(wrapper) {
        bare = bare.dropFirst(wrapper.count).dropLast()
      }
      #expect(tested.contains(String(bare)) || others.contains(String(bare)), "\(name)")
    }
  }

  /// A change of a fact must not be read from an older partial as something else.
  @Test func aChangeOfAFactRaisesTheVersion() {
    let text = Self.layouts.map { "\($0.name) \($0.listed)" }.joined(separator: "\n")
    var checksum = Checksum()
    unsafe Array(text.utf8).withUnsafeBytes { unsafe checksum.update($0) }
    let known: [UInt8: UInt32] = [1: 1_330_675_088]
    #expect(
      known[PartialFormat.version] == checksum.value,
      "The stored properties of a fact changed: raise PartialFormat.version, and add it here.")
  }

  // MARK: - Values

  private static func copy<Value: FactRecord>(_ value: Value) -> (
    value: Value, archive: FactArchive
  ) {
    var written = FactArchive()
    var value = value
    written.pass(&value)
    var read = FactArchive(reading: written.bytes)
    var copy = Value.blank
    read.pass(&copy)
    return (copy, read)
  }

  @Test func numbersOfAllSizesComeBack() {
    for number in [0, 1, -1, 63, 64, -64, -65, 1 << 31, -1 << 31, Int.max, Int.min] {
      #expect(Self.copy(number).value == number)
      #expect(Self.copy(number).archive.isReadToEnd)
      #expect(Self.copy(Int64(number)).value == Int64(number))
    }
    for number in [0, 1, 127, 128, 1 << 35, UInt64.max] {
      #expect(Self.copy(number).value == number)
    }
    for number in [0, -1.5, 1e-300, .greatestFiniteMagnitude] as [Double] {
      #expect(Self.copy(number).value == number)
    }
    #expect(Self.copy(Int32.min).value == Int32.min)
    #expect(Self.copy(UInt8.max).value == UInt8.max)
    #expect(Self.copy(-7...9).value == -7...9)
    #expect(Self.copy(Double.nan).archive.failure?.contains("finite") == true)
  }

  @Test func textsAndListsComeBack() {
    let texts = ["", "a", "ä\u{1F600}", "a", "", "x\u{0}y"]
    #expect(Self.copy(texts).value == texts)
    #expect(Self.copy([nil, "a", nil] as [String?]).value == [nil, "a", nil])
    #expect(Self.copy([[1], [], [2, 3]]).value == [[1], [], [2, 3]])
  }

  @Test func timesAreStoredAsDifferences() {
    var calls = (0..<1000).map { index in
      var call = TimingFacts.Call(communicator: 0, row: 0)
      call.start = 1_700_000_000_000_000_000 + Int64(index) * 1_000
      call.called = index % 3 == 0 ? .min : call.start - 50
      return call
    }
    calls[7].start = .max
    calls[8].start = .min + 1
    #expect(Self.copy(calls).value == calls)
    var archive = FactArchive()
    archive.pass(&calls)
    #expect(archive.bytes.count < 17 * calls.count)
  }

  @Test func aNumberThatDoesNotFitIsRefused() {
    for (bytes, phrase) in [
      ([UInt8](repeating: 0xFF, count: 9) + [0x02], "too large"),
      ([UInt8](repeating: 0x80, count: 12), "too large"),
      ([0x80], "ends before"), ([], "ends before"),
    ] as [([UInt8], String)] {
      var archive = FactArchive(reading: bytes)
      var number: UInt64 = 7
      archive.pass(&number)
      #expect(archive.failure?.contains(phrase) == true, "\(bytes)")
    }
    var archive = FactArchive(reading: [0x80, 0x04])
    var byte: UInt8 = 0
    archive.pass(&byte)
    #expect(archive.failure?.contains("too large") == true)
  }

  @Test func aListIsNotTakenAtItsWord() {
    // 2^40 elements are announced, and two are there.
    var archive = FactArchive(reading: [0x80, 0x80, 0x80, 0x80, 0x80, 0x20, 1, 2])
    var list: [Int] = []
    archive.pass(&list)
    #expect(list.isEmpty)
    #expect(archive.failure?.contains("ends before") == true)
  }

  @Test func anUnknownNameIsRefused() {
    var archive = FactArchive(reading: [0x90, 0x01])
    var kind = OperationKind.blank
    archive.pass(&kind)
    #expect(archive.failure == "states a OperationKind that this version does not know")
    var texts = FactArchive(reading: [5])
    var text = ""
    texts.pass(&text)
    #expect(texts.failure?.contains("text that is not there") == true)
    var broken = FactArchive(reading: [0, 2, 0xC3, 0x28])
    broken.pass(&text)
    #expect(broken.failure?.contains("UTF-8") == true)
  }
}
