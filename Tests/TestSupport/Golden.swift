// SPDX-License-Identifier: Apache-2.0

internal import Foundation
public import Testing

/// Compares bytes with a file under `Fixtures/golden`.
///
/// With `RECORD_GOLDEN` set the file is rewritten, and the test still fails, so that somebody looks
/// at the difference. What differs is attached to the test's result.
public func expectGolden(
  _ actual: [UInt8], _ path: String, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let file = Fixture.folder.appending(path: "golden").appending(path: path)
  if ProcessInfo.processInfo.environment["RECORD_GOLDEN"] != nil {
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(actual).write(to: file)
    Issue.record("recorded \(path); review the diff", sourceLocation: sourceLocation)
    return
  }
  let expected = try? Data(contentsOf: file)
  if expected.map(Array.init) != actual {
    Attachment.record(
      actual, named: String(path.map { $0 == "/" ? "-" : $0 }), sourceLocation: sourceLocation)
  }
  // Compared as a flag: a failure would otherwise print both files whole.
  let isEqual = expected.map(Array.init) == actual
  #expect(isEqual, "\(path) differs from its golden", sourceLocation: sourceLocation)
}
