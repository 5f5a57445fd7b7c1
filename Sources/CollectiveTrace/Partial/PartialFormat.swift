// SPDX-License-Identifier: Apache-2.0

/// The file format of partials.
///
/// A partial begins with ``signature`` and the version of the format. Then comes one frame for each
/// input file: the number of its bytes (varint, never 0), their CRC-32 (four bytes, lowest first),
/// and the file's facts as ``FileFacts`` lists them. A 0 in place of a length ends it, with the
/// number of frames after it. Frames are sorted, so that the same facts have the same bytes however
/// they were put together; one partial after the other in a file is their sum.
enum PartialFormat {
  /// What a partial begins with: bytes that no text has, and line ends that a transfer as text spoils.
  static let signature: [UInt8] = [0x89, 0x43, 0x4C, 0x50, 0x0D, 0x0A, 0x1A, 0x0A]

  /// The version of what follows; a reader takes its own only.
  ///
  /// Raised when a stored property of a fact comes, goes or changes its meaning.
  static let version: UInt8 = 1

  /// Longest varint.
  static let maximumVarintBytes = 10
}

extension TracePartial {
  /// The files in an order that depends on what they are alone.
  package var fileOrder: [Int] {
    files.indices.sorted {
      let (a, b) = (files[$0], files[$1])
      return (a.file, a.contentCRC32, a.bytes, a.compressedBytes, $0)
        < (b.file, b.contentCRC32, b.bytes, b.compressedBytes, $1)
    }
  }

  /// How many files are there again, with the same name and content.
  package var repeatedFiles: Int {
    struct Key: Hashable {
      var name: String
      var crc: UInt32
      var bytes: Int
    }
    return files.count
      - Set(files.map { Key(name: $0.file, crc: $0.contentCRC32, bytes: $0.bytes) }).count
  }

  /// Writes the facts as a partial, which ``TraceReader/summarize(path:name:options:progress:)``
  /// reads as it reads the files that they are of.
  ///
  /// The bytes depend on the facts alone, not on the order in which files were read or merged.
  ///
  /// - Parameter sink: Takes one piece after the other; writing ends when it returns false.
  /// - Complexity: O(*n*) in the facts; a copy of those of one file is in memory at a time.
  public func write(to sink: ([UInt8]) -> Bool) {
    var parts = files.map { FileFacts(ledger: $0) }
    for process in processes where parts.indices.contains(process.file) {
      parts[process.file].processes.append(process)
      parts[process.file].processes[parts[process.file].processes.count - 1].file = 0
    }
    for row in benchmarks where parts.indices.contains(row.file) {
      parts[row.file].benchmarks.append(row)
      parts[row.file].benchmarks[parts[row.file].benchmarks.count - 1].file = 0
    }
    for facts in launches where parts.indices.contains(facts.file) {
      parts[facts.file].launches.append(facts)
      parts[facts.file].launches[parts[facts.file].launches.count - 1].file = 0
    }
    guard sink(PartialFormat.signature + [PartialFormat.version]) else { return }
    for index in fileOrder {
      guard sink(Self.frame(&parts[index])) else { return }
    }
    var end = FactArchive()
    var (none, count) = (UInt64(0), UInt64(files.count))
    end.pass(&none)
    end.pass(&count)
    _ = sink(end.bytes)
  }

  private static func frame(_ facts: inout FileFacts) -> [UInt8] {
    var body = FactArchive()
    body.pass(&facts)
    var checksum = Checksum()
    unsafe body.bytes.withUnsafeBytes { unsafe checksum.update($0) }
    var frame = FactArchive()
    var count = UInt64(body.bytes.count)
    frame.pass(&count)
    let crc = (0..<4).map { UInt8(truncatingIfNeeded: checksum.value >> ($0 * 8)) }
    return frame.bytes + crc + body.bytes
  }
}
