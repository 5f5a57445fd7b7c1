// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// A decompressor of the user's system that reads a container commlens does not decode itself.
enum ExternalTool: String, Sendable, CaseIterable {
  case zstd, xz, bzip2

  /// Whether a file that starts with these bytes is the tool's container.
  func recognises(_ head: [UInt8]) -> Bool {
    switch self {
    case .zstd: head.starts(with: [0x28, 0xb5, 0x2f, 0xfd])
    case .xz: head.starts(with: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00])
    case .bzip2:
      // "BZh9" may begin a text; what follows is the mark of a block (pi), or of the end.
      head.count >= 10 && head.starts(with: Array("BZh".utf8)) && (0x31...0x39).contains(head[3])
        && (head[4..<10].elementsEqual([0x31, 0x41, 0x59, 0x26, 0x53, 0x59])
          || head[4..<10].elementsEqual([0x17, 0x72, 0x45, 0x38, 0x50, 0x90]))
    }
  }

  /// The command line after the program's name: standard input to standard output.
  var arguments: [String] {
    switch self {
    case .zstd, .bzip2: ["-dc"]
    // A file may ask for a dictionary of 4 GiB, which no real log does.
    case .xz: ["-dc", "--memlimit-decompress=512MiB"]
    }
  }

  /// Finds the program in a list of folders as `PATH` has it.
  ///
  /// Empty and relative entries are passed over: a program must not come from the folder that the
  /// logs lie in.
  func find(in searchPath: String) -> String? {
    for folder in searchPath.split(separator: ":") where folder.hasPrefix("/") {
      let candidate = folder + "/" + rawValue
      var status = stat()
      if unsafe access(candidate, X_OK) == 0, unsafe stat(candidate, &status) == 0,
        status.st_mode & S_IFMT == S_IFREG
      {
        return candidate
      }
    }
    return nil
  }

  /// The value of `PATH`, or nothing.
  static var searchPath: String { unsafe getenv("PATH").map { unsafe String(cString: $0) } ?? "" }
}
