// SPDX-License-Identifier: Apache-2.0

/// What became of the bytes of a file on their way to text.
///
/// - Invariant: every byte of the file is in exactly one class (``isBalanced``).
package struct ContainerAccount: Sendable, Equatable {
  /// `none`, `gzip`, `zstd`, `xz` or `bzip2`.
  package var compression = "none"
  /// Bytes of the file used so far; never falls.
  package var compressedBytes = 0
  /// Bytes of members decoded to their end, or of a file that is not compressed.
  package var memberBytes = 0
  /// Bytes of members that broke off or failed, and of the one being decoded.
  package var damagedBytes = 0
  /// Bytes of zero between or after members.
  package var paddingBytes = 0
  /// Bytes that belong to no member and were skipped.
  package var garbageBytes = 0
  /// Members decoded to their end; 0 when the container has no members or a tool decodes it.
  package var members = 0
  /// Bytes of text delivered.
  package var textBytes = 0
  /// The offset in the file at which it broke off, when it is truncated.
  package var truncatedAtByte: Int?
  /// Places in the text after which bytes are missing.
  package var gaps = 0
  /// CRC-32 of the text delivered.
  package var contentCRC32: UInt32 = 0
  /// How the reading ended, or `complete` while it goes on.
  package var status = FileLedger.Status.complete
  /// One sentence for a person when there is something to say, else empty.
  package var detail = ""

  /// Opens an empty account.
  package init() {}

  /// Whether the classes add up to the bytes used.
  package var isBalanced: Bool {
    memberBytes + damagedBytes + paddingBytes + garbageBytes == compressedBytes
  }

  /// Records how the reading ended, unless something worse is on record.
  mutating func note(_ status: FileLedger.Status, _ detail: String) {
    guard Self.severity(status) > Self.severity(self.status) else { return }
    self.status = status
    self.detail = detail
  }

  private static func severity(_ status: FileLedger.Status) -> Int {
    switch status {
    case .complete: 0
    case .empty: 1
    case .truncated: 2
    case .checksumMismatch: 3
    case .damaged: 4
    case .limit: 5
    case .duplicate, .unsupported: 6
    case .unreadable: 7
    }
  }
}
