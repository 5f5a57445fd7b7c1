// SPDX-License-Identifier: Apache-2.0

/// A release of NCCL or RCCL, as its version line states it.
public struct LibraryVersion: Sendable, Hashable, Comparable {
  /// Which library wrote the log.
  public enum Library: String, Sendable { case nccl = "NCCL", rccl = "RCCL" }

  /// The library.
  public var library: Library
  /// The first number.
  public var major: Int
  /// The second number.
  public var minor: Int
  /// The third number.
  public var patch: Int
  /// What follows the numbers, for example `nvb1` or `+cuda12.4`.
  public var suffix: String

  /// Makes a version from its parts.
  public init(
    library: Library = .nccl, major: Int, minor: Int, patch: Int, suffix: String = ""
  ) {
    self.library = library
    self.major = major
    self.minor = minor
    self.patch = patch
    self.suffix = suffix
  }

  /// The newest release whose formats were read in the source: NCCL 2.30.7.
  public static let newestRead = LibraryVersion(major: 2, minor: 30, patch: 7)

  // swift-format-ignore: AllPublicDeclarationsHaveDocumentation
  public static func < (a: LibraryVersion, b: LibraryVersion) -> Bool {
    (a.major, a.minor, a.patch, a.suffix) < (b.major, b.minor, b.patch, b.suffix)
  }

  /// For example `NCCL 2.27.7`.
  public var description: String { "\(library.rawValue) \(major).\(minor).\(patch)" }
}
