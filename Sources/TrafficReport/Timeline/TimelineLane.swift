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
    /// 0, or 1 where it runs beside another bar.
    var row = 0
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
  /// A call narrower than `resolution` pixels joins such calls before it that end less than so far
  /// away; what overlaps goes to a second row, as many rows as there can be seen.
  ///
  /// - Complexity: O(*n*) in the slices.
  func pieces(resolution: Double) -> [Piece] {
    var pieces: [Piece] = []
    var ends = [-1.0, -1.0]
    var small: Piece?
    func place(_ piece: Piece) {
      var piece = piece
      piece.end = max(piece.end, piece.start + resolution)
      let isFree = ends.map { $0 <= piece.start + resolution }
      piece.row = isFree[0] ? 0 : isFree[1] ? 1 : ends[0] <= ends[1] ? 0 : 1
      ends[piece.row] = max(ends[piece.row], piece.end)
      pieces.append(piece)
    }
    for slice in slices {
      let piece = Piece(start: slice.start, end: slice.end, call: slice.call)
      guard slice.end - slice.start < resolution else {
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
