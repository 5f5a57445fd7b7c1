// SPDX-License-Identifier: Apache-2.0

public import Foundation

/// Finds the repository's fixtures, which live outside every target's folder.
public enum Fixture {
  /// The repository's root.
  public static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// The `Fixtures` folder.
  public static let folder = root.appending(path: "Fixtures")

  /// The shared development data, when this checkout has it beside the repository.
  public static let sharedData: URL? = {
    let url = root.deletingLastPathComponent().appending(path: "shared/data")
    return FileManager.default.fileExists(atPath: url.path()) ? url : nil
  }()
}
