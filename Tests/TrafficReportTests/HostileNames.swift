// SPDX-License-Identifier: Apache-2.0

/// Names made of what breaks formats, the same in every run.
struct HostileNames: Sequence, IteratorProtocol {
  private var state: UInt64 = 0x9E37_79B9_7F4A_7C15
  private var left: Int

  private static let pieces: [String] =
    [
      "=", "+", "-", "@", "\t", "\r", "\n", "\u{0}", "\u{FF1D}", "\u{FF0B}", "\u{FF0D}", "\u{FF20}",
      "\"", "'", ",", ";", "<", ">", "&", "&amp;", "]]>", "<!--", "-->", "<![CDATA[", "</text>",
      "<script>", "</script>", "javascript:", "onload=", "%s", "\\", "\\u0000", "|", "`", "#", "*",
      "\u{1B}[31m", "\u{7}", "\u{7F}", "\u{85}", "\u{9B}", "\u{202E}", "\u{2066}", "\u{2028}",
      "\u{FEFF}", "\u{FFFE}", "\u{E0041}", "\u{200B}",
      "e\u{301}",
      "\u{4E16}", "\u{1F600}", "node", "07", " ", "  ", ".", "/", "../", "C:", "\u{10FFFD}",
      "\u{AD}",
    ] + [0xFFFF, 0xFDD0, 0x1FFFE].compactMap(Unicode.Scalar.init).map { String($0) }

  init(count: Int) { left = count }

  mutating func next() -> String? {
    guard left > 0 else { return nil }
    left -= 1
    var name = ""
    for _ in 0...Int(random() % 6) {
      name += Self.pieces[Int(random() % UInt64(Self.pieces.count))]
    }
    return name
  }

  /// SplitMix64.
  private mutating func random() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
}
