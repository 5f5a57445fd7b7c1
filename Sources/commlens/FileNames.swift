// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// What files besides the logs are called in a report.
enum FileNames {
  /// The names to show: without the folders that all have in common, so that no output names a
  /// folder of this machine.
  static func shown(_ paths: [String]) -> [String] {
    let parts = paths.map(Self.parts)
    var common = Array((parts.first ?? []).dropLast())
    for path in parts {
      var shared = 0
      while shared < common.count, shared < path.count - 1, common[shared] == path[shared] {
        shared += 1
      }
      common = Array(common.prefix(shared))
    }
    return zip(paths, parts).map { path, parts in
      // An absolute path beside a relative one has no folder in common with it.
      let rest =
        common.isEmpty && path.hasPrefix("/") ? parts.suffix(1) : parts.dropFirst(common.count)
      return rest.joined(separator: "/")
    }
  }

  /// The parts of a path, without steps into a folder and out again.
  private static func parts(_ path: String) -> [Substring] {
    var parts: [Substring] = []
    for part in path.split(separator: "/", omittingEmptySubsequences: true) where part != "." {
      if part == "..", let last = parts.last, last != ".." {
        parts.removeLast()
      } else {
        parts.append(part)
      }
    }
    return parts
  }

  /// The same accounts with the names to show, each file once.
  static func shown(_ ledgers: [FileLedger]) -> [FileLedger] {
    var result: [FileLedger] = []
    for (ledger, name) in zip(ledgers, shown(ledgers.map(\.file))) {
      var ledger = ledger
      ledger.file = name
      if !result.contains(ledger) { result.append(ledger) }
    }
    return result
  }
}
