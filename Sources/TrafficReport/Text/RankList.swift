// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// Writes the ranks of a communicator in few characters, keeping communicator-rank order.
///
/// `0-3` is a run, `0-6:2` a run with a stride, `?` a rank that was not seen, `?*5` five of them.
enum RankList {
  /// Writes the list.
  ///
  /// - Complexity: O(*n*) in the number of ranks.
  static func text(_ ranks: [Int?]) -> String {
    var parts: [String] = []
    var index = 0
    while index < ranks.count {
      guard let first = ranks[index] else {
        let start = index
        while index < ranks.count, ranks[index] == nil { index += 1 }
        parts.append(index - start == 1 ? "?" : "?*\(index - start)")
        continue
      }
      let (stride, length) = run(in: ranks, from: index, first: first)
      if length >= 3, let last = ranks[index + length - 1] {
        parts.append(stride == 1 ? "\(first)-\(last)" : "\(first)-\(last):\(stride)")
        index += length
      } else {
        parts.append("\(first)")
        index += 1
      }
    }
    return parts.joined(separator: ",")
  }

  /// Most ranks that a list is read back into: that of the largest job.
  static let maximumRanks = JobDescription.maximumWorldSize

  /// Reads a list back; what is no such list gives no ranks.
  ///
  /// - Complexity: O(*n*) in the ranks, at most ``maximumRanks``.
  static func ranks(_ text: String) -> [Int?] {
    var ranks: [Int?] = []
    for part in text.split(separator: ",") {
      if part.hasPrefix("?") {
        let count = part == "?" ? 1 : Int(part.dropFirst(2)) ?? 0
        guard count > 0, count <= maximumRanks - ranks.count else { return [] }
        ranks += [Int?](repeating: nil, count: count)
        continue
      }
      let pieces = part.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
      let ends = pieces[0].split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
      guard pieces.count <= 2, ends.count <= 2, let first = ends[0],
        let last = ends[ends.count - 1],
        first >= 0, last >= first, let stride = pieces.count == 2 ? Int(pieces[1]) : 1, stride > 0,
        (last - first) / stride < maximumRanks - ranks.count
      else { return [] }
      for rank in Swift.stride(from: first, through: last, by: stride) { ranks.append(rank) }
    }
    return ranks
  }

  /// Measures the run of equal, positive strides that starts at `start`.
  private static func run(in ranks: [Int?], from start: Int, first: Int) -> (Int, Int) {
    guard start + 1 < ranks.count, first >= 0, let second = ranks[start + 1], second > first
    else { return (0, 1) }
    // Both are non-negative, so no difference overflows.
    let stride = second - first
    var last = second
    var length = 2
    while start + length < ranks.count, let next = ranks[start + length],
      next > last, next - last == stride
    {
      last = next
      length += 1
    }
    return (stride, length)
  }
}
