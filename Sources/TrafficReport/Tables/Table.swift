// SPDX-License-Identifier: Apache-2.0

internal import TrafficAnalysis

/// One value of a table.
enum Cell: Sendable, Equatable {
  case unknown
  case integer(Int)
  case unsigned(UInt64)
  case number(Double)
  /// A number that needs six decimals: a ratio may be small.
  case ratio(Double)
  case boolean(Bool)
  case text(String)
}

/// A table that commlens writes: its columns, and how a summary fills them.
///
/// The same value describes the columns (`commlens schema`) and writes the data, so that the two
/// cannot differ. Columns are append-only within a schema version.
public struct Table: Sendable {
  /// What kind of value a column holds.
  public enum ValueType: String, Sendable {
    case text, integer, number, boolean
  }

  /// One column, without its data.
  public struct Column: Sendable, Equatable {
    /// The name in the header, `snake_case`.
    public let name: String
    /// What kind of value it holds.
    public let type: ValueType
    /// The unit, or empty when the value has none.
    public let unit: String
    /// One phrase for a person.
    public let meaning: String
  }

  /// A column with the way to fill it from a row.
  struct Definition<Row: Sendable>: Sendable {
    let column: Column
    let cell: @Sendable (Row) -> Cell

    static func text(
      _ name: String, _ meaning: String, _ value: @escaping @Sendable (Row) -> String?
    ) -> Self {
      Self(column: Column(name: name, type: .text, unit: "", meaning: meaning)) { row in
        guard let text = value(row), !text.isEmpty else { return .unknown }
        return .text(text)
      }
    }

    static func unsigned(
      _ name: String, _ unit: String, _ meaning: String,
      _ value: @escaping @Sendable (Row) -> UInt64?
    ) -> Self {
      Self(column: Column(name: name, type: .integer, unit: unit, meaning: meaning)) { row in
        value(row).map(Cell.unsigned) ?? .unknown
      }
    }

    static func integer(
      _ name: String, _ unit: String, _ meaning: String,
      _ value: @escaping @Sendable (Row) -> Int?
    ) -> Self {
      Self(column: Column(name: name, type: .integer, unit: unit, meaning: meaning)) { row in
        value(row).map(Cell.integer) ?? .unknown
      }
    }

    static func number(
      _ name: String, _ unit: String, _ meaning: String,
      _ value: @escaping @Sendable (Row) -> Double?
    ) -> Self {
      Self(column: Column(name: name, type: .number, unit: unit, meaning: meaning)) { row in
        guard let number = value(row), number.isFinite else { return .unknown }
        return .number(number)
      }
    }

    /// A quotient, with six decimals.
    static func ratio(
      _ name: String, _ unit: String, _ meaning: String,
      _ value: @escaping @Sendable (Row) -> Double?
    ) -> Self {
      Self(column: Column(name: name, type: .number, unit: unit, meaning: meaning)) { row in
        guard let number = value(row), number.isFinite else { return .unknown }
        return .ratio(number)
      }
    }

    static func boolean(
      _ name: String, _ meaning: String, _ value: @escaping @Sendable (Row) -> Bool?
    ) -> Self {
      Self(column: Column(name: name, type: .boolean, unit: "", meaning: meaning)) { row in
        value(row).map(Cell.boolean) ?? .unknown
      }
    }
  }

  /// The name, which is also the key in `summary.json` and the `table` of an NDJSON line.
  public let name: String
  /// What one row stands for.
  public let rowMeaning: String
  /// What the rows are sorted by.
  public let order: String
  /// The columns, in order.
  public let columns: [Column]
  private let visit: @Sendable (TrafficSummary, (inout [Cell]) -> Void) -> Void

  /// The name of the file with this table.
  public var fileName: String { name + ".csv" }

  init<Row: Sendable>(
    _ name: String, rowMeaning: String, order: String,
    rows: @escaping @Sendable (TrafficSummary) -> [Row], columns: [Definition<Row>]
  ) {
    self.name = name
    self.rowMeaning = rowMeaning
    self.order = order
    self.columns = columns.map(\.column)
    visit = { summary, body in
      var cells: [Cell] = []
      for row in rows(summary) {
        cells.removeAll(keepingCapacity: true)
        for definition in columns { cells.append(definition.cell(row)) }
        body(&cells)
      }
    }
  }

  /// Calls `body` with the cells of every row, in order.
  ///
  /// - Complexity: O(rows x columns); one row is in memory at a time.
  func forEachRow(of summary: TrafficSummary, _ body: ([Cell]) -> Void) {
    visit(summary) { body($0) }
  }

  /// All tables, in the order in which they are written.
  public static let all: [Table] =
    [
      .traffic, .communicators, .messageSizes, .ranks, .rankMatrix, .links,
      .reconciliation, .findings, .ingestion, .machine, .rings,
    ] + timed

  /// The tables that a run has: nothing can be reconciled without a job and its model, and only
  /// some traces tell times.
  static func present(in summary: TrafficSummary) -> [Table] {
    all.filter { table in
      switch table.name {
      case reconciliation.name: summary.reconciliation != nil
      case dimensions.name: !summary.dimensions.isEmpty
      case durations.name: !summary.durations.isEmpty
      case overlap.name: !summary.overlaps.isEmpty
      case waiting.name: !summary.waiting.isEmpty
      case bandwidth.name: !summary.bandwidths.isEmpty
      default: true
      }
    }
  }
}
