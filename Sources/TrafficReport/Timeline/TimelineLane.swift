// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace
internal import TrafficAnalysis

/// The calls of one rank for one dimension, as they are drawn.
struct TimelineLane {
  /// A call that is seen in the window, in pixels.
  struct Slice {
    var start: Double
    var end: Double
    /// Index in the calls of the rank.
    var call: Int
  }

  /// One or several calls drawn as one bar.
  struct Piece: Equatable {
    var start: Double
    var end: Double
    /// Index of the first call in the calls of the rank.
    var call: Int
    /// Calls in it.
    var calls = 1
    /// 0, or 1 where another bar has not ended.
    var row = 0
    /// Whether another bar runs beside it, so that each has half of the lane.
    var isShared = false
  }

  let dimension: ParallelismDimension
  /// Sorted by start.
  var slices: [Slice] = []
  /// Moments of calls of which nothing else is known.
  var moments: [Double] = []
  /// Where the first call begins that has not ended, and how many there are.
  var open: (start: Double, calls: Int)?

  /// Calls of any kind.
  var calls: Int { slices.count + moments.count + (open?.calls ?? 0) }

  /// Joins what is too small to be seen with what is next to it.
  ///
  /// A call narrower than `resolution` pixels joins the one right before it if that is as narrow and
  /// ends less than so far away. What begins before another bar ends goes to a second row, and there are no more rows.
  ///
  /// - Complexity: O(*n*) in the slices.
  func pieces(resolution: Double) -> [Piece] {
    var pieces: [Piece] = []
    var ends = (first: -1.0, second: -1.0)
    var lastOfFirst: Int?
    var small: Piece?
    func place(_ piece: Piece) {
      var piece = piece
      piece.end = max(piece.end, piece.start + resolution)
      let isFree = ends.first <= piece.start + resolution
      if isFree || (ends.second > piece.start + resolution && ends.first <= ends.second) {
        piece.isShared = ends.second > piece.start + resolution
        ends.first = max(ends.first, piece.end)
        lastOfFirst = pieces.count
      } else {
        (piece.row, piece.isShared) = (1, true)
        if let lastOfFirst { pieces[lastOfFirst].isShared = true }
        ends.second = max(ends.second, piece.end)
      }
      pieces.append(piece)
    }
    for slice in slices {
      let piece = Piece(start: slice.start, end: slice.end, call: slice.call)
      guard slice.end - slice.start < resolution else {
        // What was joined so far began before it.
        if let last = small { place(last) }
        small = nil
        place(piece)
        continue
      }
      if let last = small, slice.start - last.end < resolution {
        small?.end = max(last.end, slice.end)
        small?.calls += 1
      } else {
        if let last = small { place(last) }
        small = piece
      }
    }
    if let last = small { place(last) }
    return pieces
  }

  /// Moments no closer than `resolution` pixels.
  func marks(resolution: Double) -> [Double] {
    var marks: [Double] = []
    for moment in moments.sorted() where moment - (marks.last ?? -.infinity) >= resolution {
      marks.append(moment)
    }
    return marks
  }
}
