// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// How often each captured CUDA graph ran, as the job description says.
///
/// NCCL logs a captured call once and a replay never; what replays moved is the capture's operations
/// times the stated number of replays.
struct GraphReplays {
  /// Replays by captured graph; 0 where none are stated.
  private(set) var runs: [UInt64] = []
  /// What was stated and captured, as text: `100 of batch 1`.
  private(set) var found: [String] = []
  /// Stated batches of which no graph was captured.
  private(set) var missing: [String] = []

  /// Elements of a batch of one: the hidden size where it divides them, else the smallest capture.
  static func unit(_ captured: [UInt64], hiddenSize: Int?) -> UInt64? {
    guard let smallest = captured.last, smallest > 0 else { return nil }
    guard let hidden = hiddenSize.flatMap({ $0 > 0 ? UInt64($0) : nil }), smallest % hidden == 0
    else { return smallest }
    return hidden
  }

  /// Joins what is stated with what was captured.
  ///
  /// `captured` holds the elements of each graph's reductions, largest first.
  init(_ stated: [JobDescription.GraphReplay], captured: [UInt64], hiddenSize: Int?) {
    guard let unit = Self.unit(captured, hiddenSize: hiddenSize) else { return }
    runs = captured.map { _ in 0 }
    for replay in stated {
      guard let place = captured.firstIndex(where: { $0 / unit == UInt64(clamping: replay.batch) })
      else {
        missing.append(String(replay.batch))
        continue
      }
      runs[place].add(UInt64(clamping: replay.count))
      found.append("\(replay.count) of batch \(replay.batch)")
    }
  }
}
