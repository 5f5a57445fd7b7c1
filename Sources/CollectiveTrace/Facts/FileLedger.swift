// SPDX-License-Identifier: Apache-2.0

/// The accounts of one input file: every line and every byte in exactly one class.
///
/// In a trace of JSON a "line" is a record: an event, another key of the document with its value,
/// or what stands around them; brackets, commas and white space belong to the record after them.
///
/// - Invariant: `lineClasses` sum to `lines`, and their bytes to `bytes` (``isBalanced``);
///   `memberBytes + paddingBytes + garbageBytes == compressedBytes` for a container.
public struct FileLedger: Sendable, Equatable {
  /// How a line of text was understood.
  public enum LineClass: Int, Sendable, CaseIterable {
    /// Gave at least one fact.
    case parsed = 0
    /// Matched a named message of NCCL, or an event, that carries nothing we count.
    case knownIgnored = 1
    /// Not written by NCCL: application output, blank lines, launcher chatter.
    case foreign = 2
    /// Has NCCL's head, but no message format we know.
    case unrecognised = 3
    /// Several lines glued into one; every piece was read to its end.
    case tornRecovered = 4
    /// A fragment whose other part is missing or could not be told.
    case tornLost = 5
    /// A known message with a field that cannot be right, a NUL byte, an oversize line, or an event
    /// that is not JSON.
    case malformed = 6

    /// The column name in `ingestion.csv`.
    public var name: String {
      switch self {
      case .parsed: "parsed"
      case .knownIgnored: "known_ignored"
      case .foreign: "foreign"
      case .unrecognised: "unrecognised"
      case .tornRecovered: "torn_recovered"
      case .tornLost: "torn_lost"
      case .malformed: "malformed"
      }
    }
  }

  /// Lines and bytes of one class.
  public struct Count: Sendable, Equatable {
    /// Number of lines.
    public var lines: Int = 0
    /// Their bytes, newlines included.
    public var bytes: Int = 0
    /// An empty count.
    public init() {}
  }

  /// How the file ended, worst first when several happened.
  public enum Status: String, Sendable, CaseIterable {
    case complete
    /// The file has no bytes.
    case empty
    /// The container ends before its end mark.
    case truncated
    /// Bytes in the middle could not be decompressed; reading went on after them.
    case damaged
    /// A checksum or length in the container does not match what came out.
    case checksumMismatch = "checksum_mismatch"
    /// A limit (bytes per file) stopped the reading.
    case limit
    /// The same content was already read under another name; not counted again.
    case duplicate
    /// Not opened or not readable; `detail` says why.
    case unreadable
    /// A container or content that commlens cannot read; `detail` names it and the command.
    case unsupported
  }

  /// The input's name as given on the command line, never made absolute.
  public var file: String
  /// The format's name in the registry, or empty when none matched.
  public var format: String = ""
  /// `none`, `gzip`, `zstd`, `xz` or `bzip2`.
  public var compression: String = "none"
  /// Bytes read from the file.
  public var compressedBytes: Int = 0
  /// Bytes of text after decompression.
  public var bytes: Int = 0
  /// Lines of text, or records of a trace; a last line without a newline counts.
  public var lines: Int = 0
  /// Lines and bytes by class, indexed by ``LineClass``.
  public var lineClasses: [Count] = Array(repeating: Count(), count: LineClass.allCases.count)
  /// Whole gzip members decoded.
  public var members: Int = 0
  /// Zero bytes between or after members.
  public var paddingBytes: Int = 0
  /// Bytes of the file that belong to no member and were skipped.
  public var garbageBytes: Int = 0
  /// The offset in the compressed file at which it broke off, when it is truncated.
  public var truncatedAtByte: Int?
  /// Places in the text after which bytes are missing because the container is damaged.
  public var gaps: Int = 0
  /// How the reading ended.
  public var status: Status = .complete
  /// One sentence for a person when `status` is not `complete`, else empty.
  public var detail: String = ""
  /// CRC-32 of the text, to recognise the same content under two names.
  public var contentCRC32: UInt32 = 0
  /// Distinct operation keys that did not fit the table and were summed without their size.
  public var coarsenedCalls: Int = 0
  /// Transport lines (`Channel ... via ...`) that name no communicator and could be of several,
  /// or of none that is known.
  public var unplacedConnections: Int = 0
  /// The commonest shapes of unrecognised messages: digits as `#`, with a count; at most 20.
  public var unrecognisedShapes: [Shape] = []

  /// Collectives that PyTorch's watchdog gave up on; the first `maximumTimeouts`.
  public var timeouts: [Timeout] = []
  static let maximumTimeouts = 64
  /// What NCCL's RAS subsystem answered, where somebody put that into the file.
  public var rasReports: [RASReport] = []

  /// A line of PyTorch's watchdog.
  public struct Timeout: Sendable, Equatable {
    /// The global rank that the line states.
    public var rank: Int?
    /// From `Watchdog caught` on, at most 2,000 bytes of the line.
    public var text: String
    /// Line number in the file, from 1.
    public var line: Int
    /// Makes an entry.
    public init(rank: Int?, text: String, line: Int) {
      self.rank = rank
      self.text = text
      self.line = line
    }
  }

  /// A message with its numbers blanked out, and how often it came.
  public struct Shape: Sendable, Equatable {
    /// The message's shape, at most 120 bytes.
    public var text: String
    /// How often it was seen (a lower bound when many shapes compete).
    public var lines: Int
    /// The first line number it was seen on, from 1.
    public var firstLine: Int
    /// Makes a shape.
    public init(text: String, lines: Int, firstLine: Int) {
      self.text = text
      self.lines = lines
      self.firstLine = firstLine
    }
  }

  /// Opens the accounts of a file.
  public init(file: String) { self.file = file }

  /// Lines and bytes of one class.
  public subscript(lineClass: LineClass) -> Count {
    get { lineClasses[lineClass.rawValue] }
    set { lineClasses[lineClass.rawValue] = newValue }
  }

  /// Books lines, or records of a trace, with their bytes: in their class and in the totals.
  mutating func book(_ lineClass: LineClass, lines: Int = 1, bytes: Int) {
    self.lines += lines
    self.bytes += bytes
    self[lineClass].lines += lines
    self[lineClass].bytes += bytes
  }

  /// Whether the classes add up to the totals.
  public var isBalanced: Bool {
    lineClasses.reduce(0) { $0 + $1.lines } == lines
      && lineClasses.reduce(0) { $0 + $1.bytes } == bytes
  }
}
