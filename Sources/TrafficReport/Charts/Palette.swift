// SPDX-License-Identifier: Apache-2.0

internal import TrafficAnalysis

/// A colour as red, green and blue.
struct RGB: Sendable, Equatable {
  var red: Int
  var green: Int
  var blue: Int

  init(_ hex: Int) {
    red = hex >> 16 & 0xFF
    green = hex >> 8 & 0xFF
    blue = hex & 0xFF
  }

  /// `#rrggbb`.
  var hex: String {
    let digits = String(red << 16 | green << 8 | blue, radix: 16)
    return "#" + String(repeating: "0", count: 6 - digits.utf8.count) + digits
  }

  /// Mixes this colour into another; 1 is this colour, 0 the other.
  func mixed(into base: RGB, _ amount: Double) -> RGB {
    func channel(_ a: Int, _ b: Int) -> Int {
      Int((Double(a) * amount + Double(b) * (1 - amount)).rounded())
    }
    var result = base
    result.red = channel(red, base.red)
    result.green = channel(green, base.green)
    result.blue = channel(blue, base.blue)
    return result
  }
}

/// One fixed colour and pattern per parallelism dimension, the same in every figure.
///
/// The hues are those of Okabe and Ito, which stay apart under the common colour deficiencies.
/// Strategies of one family share a hue and differ by pattern, so colour never stands alone.
enum Palette {
  /// What is drawn over a dimension's colour.
  enum Pattern: String, Sendable {
    case solid, slash, backslash, dots, stripes, crosshatch
  }
  /// A dimension's look.
  struct Look: Sendable {
    var light: RGB
    var dark: RGB
    var pattern: Pattern
  }

  /// A fill of a part of a machine, which has a class of its own.
  struct Tone: Sendable {
    var name: StaticString
    var light: RGB
    var dark: RGB
  }

  /// Parts of a machine, in greys and sands that no dimension has.
  enum Machine {
    static let node = Tone(name: "m-node", light: RGB(0xF3F5F7), dark: RGB(0x161B22))
    static let bridge = Tone(name: "m-switch", light: RGB(0xE4E8ED), dark: RGB(0x242B34))
    static let gpu = Tone(name: "m-gpu", light: RGB(0x35506B), dark: RGB(0x9CBAD6))
    static let net = Tone(name: "m-nic", light: RGB(0xEBDDBB), dark: RGB(0x5F5233))
    static let unknown = Tone(name: "m-other", light: RGB(0xFFFFFF), dark: RGB(0x0D1117))
    static let fabric = Tone(name: "m-fabric", light: RGB(0x57708A), dark: RGB(0x7F9DB8))
    /// What a link carried, and the rest of its bar.
    static let load = Tone(name: "m-load", light: RGB(0xE8590C), dark: RGB(0xFF922B))
    static let received = Tone(name: "m-in", light: RGB(0xF5A26B), dark: RGB(0xA85B1E))
    static let track = Tone(name: "m-track", light: RGB(0xD6DCE3), dark: RGB(0x2F3843))
    /// Text on ``gpu`` and ``fabric``, and on the darker half of ``distances``.
    static let inverse = Tone(name: "m-inverse", light: RGB(0xFFFFFF), dark: RGB(0x0D1117))
  }

  /// What time goes to, in hues that no dimension has.
  enum Limits {
    static let memory = Tone(name: "l-memory", light: RGB(0x2A7F87), dark: RGB(0x5CB8C0))
    static let compute = Tone(name: "l-compute", light: RGB(0x7A5195), dark: RGB(0xB493CE))
    static let synchronisation = Tone(name: "l-sync", light: RGB(0xA39A2E), dark: RGB(0xCFC65E))
  }

  /// Path types from near to far: dark on light paper, light on dark paper.
  static let distances: [Tone] = [
    Tone(name: "d0", light: RGB(0x1F4E79), dark: RGB(0x9CCBF2)),
    Tone(name: "d1", light: RGB(0x3F77A8), dark: RGB(0x6FA6D3)),
    Tone(name: "d2", light: RGB(0x8DB9DB), dark: RGB(0x2B5F8C)),
    Tone(name: "d3", light: RGB(0xACCCE4), dark: RGB(0x254F76)),
    Tone(name: "d4", light: RGB(0xC8DDED), dark: RGB(0x1F4160)),
    Tone(name: "d5", light: RGB(0xDFEBF4), dark: RGB(0x19324A)),
    Tone(name: "d6", light: RGB(0xF3F5F8), dark: RGB(0x141C25)),
  ]

  static let lightPaper = RGB(0xFFFFFF)
  static let darkPaper = RGB(0x0D1117)
  static let lightInk = RGB(0x1B1F24)
  static let darkInk = RGB(0xE6EDF3)
  static let lightMuted = RGB(0x57606A)
  static let darkMuted = RGB(0x8B949E)
  static let lightRule = RGB(0xD0D7DE)
  static let darkRule = RGB(0x30363D)

  /// Returns the look of a dimension.
  static func look(_ dimension: ParallelismDimension) -> Look {
    func same(_ hex: Int, _ pattern: Pattern) -> Look {
      Look(light: RGB(hex), dark: RGB(hex), pattern: pattern)
    }
    return switch dimension {
    case .tp: same(0xD55E00, .solid)
    case .sp: same(0xD55E00, .stripes)
    case .pp: same(0x009E73, .solid)
    case .embedding: same(0x009E73, .dots)
    case .dp: same(0x0072B2, .solid)
    case .edp: same(0x0072B2, .dots)
    case .fsdp: same(0x56B4E9, .slash)
    case .ep: same(0xCC79A7, .backslash)
    case .cp: same(0xE69F00, .solid)
    case .mp: Look(light: RGB(0x3D444D), dark: RGB(0xC9D1D9), pattern: .stripes)
    case .world: Look(light: RGB(0x3D444D), dark: RGB(0xC9D1D9), pattern: .solid)
    case .unclassified: Look(light: RGB(0xDDDDDD), dark: RGB(0x6E7781), pattern: .crosshatch)
    }
  }

  /// How much of the hue is in the steps of a heat map.
  ///
  /// Even but for the middle, where a wider step jumps over what neither ink nor paper could be
  /// read on: ink is for the lower half, paper for the upper.
  private static let heatAmounts = [0.15, 0.26, 0.37, 0.47, 0.66, 0.76, 0.86, 0.96]

  /// Steps of a heat map.
  static let heatSteps = heatAmounts.count

  /// Returns the colours of a heat map's step, from 0, on light and on dark paper.
  ///
  /// One hue that no dimension has, from near the paper to far from it.
  static func heat(_ step: Int) -> (light: RGB, dark: RGB) {
    let amount = heatAmounts[min(max(step, 0), heatSteps - 1)]
    return (
      RGB(0x4A148C).mixed(into: lightPaper, amount), RGB(0xD9C2FF).mixed(into: darkPaper, amount)
    )
  }

  /// How much of the hue is in the cells of group 0, 1, ...; neighbours differ most.
  static let shades: [Double] = [0.12, 0.48, 0.24, 0.60, 0.36]

  /// Returns the colours of a group's cells on light and on dark paper.
  static func shade(_ dimension: ParallelismDimension, _ index: Int) -> (light: RGB, dark: RGB) {
    let look = look(dimension)
    let amount = shades[index % shades.count]
    return (
      look.light.mixed(into: lightPaper, amount),
      // Light text must stay readable, so less of the hue goes into dark paper, and a look that is
      // itself light there gives way to a grey.
      (look.dark == look.light ? look.dark : RGB(0x6E7781)).mixed(into: darkPaper, amount * 0.9)
    )
  }
}
