// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// A stretch of calls that a GPU repeats: a training step, or a pass of an inference engine.
struct CallPattern: Equatable {
  /// Calls of one stretch.
  var length: Int
  /// How often it came in a row, the first time included.
  var repeats: Int
  /// Position of the first call of the first stretch.
  var start: Int
  /// Calls after the last whole stretch.
  var rest: Int

  /// Finds the longest repetition in a sequence, which the compression has already found.
  ///
  /// A copy of what lies `distance` back repeats a stretch of that length. It may be noticed late.
  ///
  /// - Complexity: O(*t*) in tokens.
  static func longest(in sequence: CallSequence) -> CallPattern? {
    var position = 0
    var best: (pattern: CallPattern, covered: Int)?
    for token in sequence.tokens {
      switch token {
      case .literal: position = position.addingReportingOverflow(1).partialValue
      case .copy(let distance, let count):
        let end = position.addingReportingOverflow(max(count, 0)).partialValue
        if distance > 0, count > 0, count <= sequence.length, end <= sequence.length {
          // At least this much; `extended` finds the ends.
          let repeats = 1 + count / distance
          let start = max(0, position - distance)
          let covered = count
          if covered > best?.covered ?? 0 {
            best = (
              CallPattern(length: distance, repeats: repeats, start: start, rest: 0), covered
            )
          }
        }
        position = end
      }
    }
    return best?.pattern
  }

  /// The same repetition as far as it goes both ways, if it covers most of the calls.
  ///
  /// - Complexity: O(*n*) in calls.
  func extended(over positions: [Int]) -> CallPattern? {
    guard length > 0, start >= 0, start < positions.count - length else { return nil }
    // The copy may have been noticed late: its distance holds from somewhere after `start`.
    var end = min(start + length * repeats, positions.count)
    var first = end
    while first > length, positions[first - 1] == positions[first - 1 - length] { first -= 1 }
    while end < positions.count, positions[end] == positions[end - length] { end += 1 }
    first -= length
    guard first >= 0, end > first else { return nil }
    let whole = (end - first) / length
    guard whole > 1, (end - first) * 2 >= positions.count else { return nil }
    return CallPattern(
      length: length, repeats: whole, start: first,
      rest: positions.count - first - whole * length)
  }
}
