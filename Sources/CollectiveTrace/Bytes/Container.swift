// SPDX-License-Identifier: Apache-2.0

/// What kind of file the first bytes show; a name is never asked.
enum Container: Equatable {
  /// Text, or data that a format's reader has to judge.
  case plain
  case gzip
  /// A container that a tool decodes.
  case tool(ExternalTool)
  /// An archive of files.
  case tar
  /// Something that cannot be read, in words, with what to do about it.
  case unsupported(content: String, advice: String)

  /// How many bytes ``recognise(_:)`` wants to see; fewer when the file is shorter.
  static let headBytes = 4 << 10

  /// Judges the first bytes of a file.
  ///
  /// - Complexity: O(*n*) in the number of bytes.
  static func recognise(_ head: [UInt8]) -> Container {
    if isGzip(head) { return .gzip }
    // A partial is as dense as compressed data.
    if head.starts(with: PartialFormat.signature) { return .plain }
    for tool in ExternalTool.allCases where tool.recognises(head) { return .tool(tool) }
    for (magic, content, advice) in foreign where isPrefix(magic, of: head) {
      return .unsupported(content: content, advice: advice)
    }
    // The bytes of zlib's header are letters too: "x^" may be text.
    if head.count >= 8, head[0] == 0x78, [0x01, 0x5e, 0x9c, 0xda].contains(head[1]),
      head.prefix(64).contains(where: isControl)
    {
      return .unsupported(
        content: "a zlib stream without a gzip header",
        advice: "decompress it first, for example with `pigz -dc < FILE | commlens analyze -`")
    }
    if head.count >= 262, head[257..<262].elementsEqual("ustar".utf8) {
      return .tar
    }
    if looksCompressed(head) {
      return .unsupported(
        content: "binary data of no known container",
        advice: "pass the log itself, or decompress it with the tool that wrote it")
    }
    return .plain
  }

  /// Whether three bytes are gzip's magic number with at most one bit wrong.
  static func isNearlyGzip(_ bytes: [UInt8]) -> Bool {
    bytes.count == GzipHeader.magic.count
      && zip(bytes, GzipHeader.magic).reduce(0) { $0 + ($1.0 ^ $1.1).nonzeroBitCount } <= 1
  }

  private static func isGzip(_ head: [UInt8]) -> Bool {
    let magic = GzipHeader.magic
    // A file cut off inside the magic number; a single byte could be anything.
    if head.count < magic.count {
      return head.count == 2 && head[0] == magic[0] && head[1] == magic[1]
    }
    if head.starts(with: magic) { return true }
    // A damaged first byte must not turn a log into an unreadable "text". Each of the 24 variants
    // has a control byte or a stray byte of UTF-8, so that no text is taken for gzip.
    return head.count >= GzipHeader.shortest && isNearlyGzip(Array(head.prefix(magic.count)))
      && head[3] & 0xe0 == 0
  }

  /// Containers and files that users pass by mistake.
  private static let foreign: [(magic: [UInt8], content: String, advice: String)] = [
    (
      [0x50, 0x4b, 0x03, 0x04], "a zip archive",
      "unpack it and pass the folder, or run `unzip -p FILE | commlens analyze -`"
    ),
    (
      [0x04, 0x22, 0x4d, 0x18], "an lz4 file",
      "run `lz4 -dc < FILE | commlens analyze -`"
    ),
    ([0xff, 0xfe], "UTF-16 text", utf16Advice),
    ([0xfe, 0xff], "UTF-16 text", utf16Advice),
    (
      [0x1f, 0x9d], "a file of the old `compress` program",
      "run `gzip -dc < FILE | commlens analyze -`"
    ),
    ([0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c], "a 7z archive", "unpack it and pass the folder"),
    (Array("Rar!".utf8), "a rar archive", "unpack it and pass the folder"),
    (Array("LZIP".utf8), "an lzip file", "run `lzip -dc < FILE | commlens analyze -`"),
    ([0x7f] + Array("ELF".utf8), "a program", "pass the log that the program wrote"),
    (
      Array("SQLite format 3\0".utf8), "an SQLite database (an Nsight Systems export?)",
      "pass the NCCL debug logs of the same run"
    ),
    (Array("%PDF-".utf8), "a PDF document", "pass the logs themselves"),
    ([0x89] + Array("PNG".utf8), "a picture", "pass the logs themselves"),
  ]

  private static let utf16Advice =
    "run `iconv -f UTF-16 -t UTF-8 FILE | commlens analyze -`"

  private static func isPrefix(_ magic: [UInt8], of head: [UInt8]) -> Bool {
    head.count >= magic.count && head.starts(with: magic)
  }

  private static func isControl(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x08...0x0d, 0x1b: false  // backspace to carriage return, escape: terminals use them
    case 0x00...0x1f, 0x7f: true
    default: false
    }
  }

  /// Whether the bytes are spread as evenly as those of compressed or encrypted data.
  ///
  /// Zero bytes count for nothing (a rotated log may start with a hole), and neither pickles nor
  /// protocol buffers, which are binary too, have as many high bytes as this asks for.
  private static func looksCompressed(_ head: [UInt8]) -> Bool {
    var counted = 0
    var controls = 0
    var strays = 0
    var index = 0
    while index < head.count {
      let byte = head[index]
      index += 1
      guard byte != 0 else { continue }
      counted += 1
      if isControl(byte) { controls += 1 }
      guard byte >= 0x80 else { continue }
      let length =
        switch byte {
        case 0xc2...0xdf: 1
        case 0xe0...0xef: 2
        case 0xf0...0xf4: 3
        default: 0
        }
      let rest = head[index..<min(head.count, index + length)]
      if length > 0, rest.allSatisfy({ $0 & 0xc0 == 0x80 }) {
        index += rest.count
      } else {
        strays += 1
      }
    }
    return counted >= 32 && strays * 10 >= counted * 3 && controls * 20 >= counted
  }
}
