// SPDX-License-Identifier: Apache-2.0

/// Which step and which ranks of the timed calls are wanted.
public struct TimelineSelection: Sendable, Equatable {
  /// The step by its name, or by the number at its end; `nil` leaves the choice to the picture.
  public var step: String?
  /// Global ranks; `nil` leaves the choice to the picture.
  public var ranks: RankSelection?

  /// Makes a choice.
  public init(step: String? = nil, ranks: RankSelection? = nil) {
    self.step = step
    self.ranks = ranks
  }
}

/// Global ranks as a person lists them: `0,3,8-15`.
public struct RankSelection: Sendable, Equatable {
  /// The list as typed.
  public let text: String
  /// Sorted, and apart from each other.
  let ranges: [ClosedRange<Int>]

  /// Reads a list; `nil` unless it is numbers and ascending ranges between commas.
  public init?(_ text: String) {
    func number(_ digits: Substring) -> Int? {
      digits.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(digits) : nil
    }
    var ranges: [ClosedRange<Int>] = []
    for piece in text.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = piece.split(separator: "-", omittingEmptySubsequences: false).map(number)
      guard ends.count <= 2, let first = ends[0], let last = ends[ends.count - 1], first <= last
      else { return nil }
      ranges.append(first...last)
    }
    var joined: [ClosedRange<Int>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = joined.last, range.lowerBound <= last.upperBound {
        joined[joined.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
      } else {
        joined.append(range)
      }
    }
    self.text = text
    self.ranges = joined
  }

  /// Whether a rank is in the list.
  ///
  /// - Complexity: O(log *n*) in the ranges.
  public func contains(_ rank: Int) -> Bool {
    var low = 0
    var high = ranges.count
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].lowerBound <= rank { low = middle + 1 } else { high = middle }
    }
    return low > 0 && ranges[low - 1].contains(rank)
  }

  /// The first listed rank that is not among these, which are sorted.
  func first(notIn known: [Int]) -> Int? {
    for range in ranges {
      var next = range.lowerBound
      for rank in known where range.contains(rank) {
        guard rank == next else { return next }
        guard next < range.upperBound else {
          next = -1
          break
        }
        next += 1
      }
      if next >= 0 { return next }
    }
    return nil
  }
}

/// Why a selection cannot be shown, in a sentence that says what there is.
public struct TimelineError: Error, Equatable, Sendable {
  /// Whether there is no call with a time at all, whatever is selected.
  public let isUntimed: Bool
  /// The sentence.
  public let message: String
}
