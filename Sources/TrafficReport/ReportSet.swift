// SPDX-License-Identifier: Apache-2.0

public import TrafficAnalysis

/// A file to be written, as bytes.
public struct ReportFile: Sendable, Equatable {
  /// The name in the output directory; never built from the input.
  public let name: String
  /// The content.
  public let bytes: [UInt8]
  /// Makes a file.
  public init(name: String, bytes: [UInt8]) {
    self.name = name
    self.bytes = bytes
  }
}

/// What may be chosen about the files.
public struct ReportOptions: Sendable, Equatable {
  /// Whether CSV text is written without the guard against spreadsheet formulas.
  public var csvRaw: Bool
  /// What `timeline.svg` shows; without a figure when there is no such step or rank.
  public var timeline: TimelineSelection
  /// Makes a choice.
  public init(csvRaw: Bool = false, timeline: TimelineSelection = .init()) {
    self.csvRaw = csvRaw
    self.timeline = timeline
  }
}

/// The files of a report directory, and the same content for standard output.
///
/// The same summary gives the same bytes. `manifest.json` is not among them, because it lists
/// them all and is written last: see ``Manifest``.
public enum ReportSet {
  private static let summaryName = "summary.json"

  private struct FigureEntry {
    var name: String
    var render: @Sendable (TrafficSummary) -> [UInt8]
  }

  /// One row per figure; a new figure is one file and one row.
  private static let figures: [FigureEntry] = [
    FigureEntry(name: "traffic_by_dimension.svg", render: TrafficByDimensionFigure.svg),
    FigureEntry(name: "message_sizes.svg", render: MessageSizesFigure.svg),
    FigureEntry(name: "rank_matrix.svg", render: RankMatrixFigure.svg),
    FigureEntry(name: "layout.svg", render: LayoutFigure.svg),
  ]

  /// Encodes all files: the tables in the order of ``Table/all``, `summary.json`, the figures, the page.
  ///
  /// - Complexity: O(size of the summary).
  public static func render(
    _ summary: TrafficSummary, options: ReportOptions = ReportOptions()
  ) -> [ReportFile] {
    let tables = Table.present(in: summary).map { table in
      ReportFile(name: table.fileName, bytes: table.csv(summary, isRaw: options.csvRaw))
    }
    let document = ReportFile(name: summaryName, bytes: SummaryDocument.json(summary))
    let pictures = figures.map { ReportFile(name: $0.name, bytes: $0.render(summary)) }
    let machine = MachineLoadFigure.svg(summary).map {
      ReportFile(name: "topology.svg", bytes: $0)
    }
    let bandwidth = BandwidthFigure.svg(summary).map {
      ReportFile(name: "bandwidth.svg", bytes: $0)
    }
    let timeline = TimelineFigure.svg(summary, options.timeline).map {
      ReportFile(name: "timeline.svg", bytes: $0)
    }
    let figures = pictures + [machine, bandwidth, timeline].compactMap(\.self)
    let page = ReportFile(
      name: HTMLPage.fileName, bytes: ReportPage(summary, pictures: figures).render())
    return tables + [document] + figures + [page]
  }

  /// Tells whether `timeline.svg` can show a selection.
  ///
  /// - Throws: A sentence that says what there is instead.
  public static func check(
    _ selection: TimelineSelection, in summary: TrafficSummary
  ) throws(TimelineError) {
    _ = try TimelineFigure.view(summary, selection)
  }

  /// Encodes one table as CSV, for standard output.
  public static func csv(
    _ summary: TrafficSummary, table: Table, options: ReportOptions = ReportOptions()
  ) -> [UInt8] {
    table.csv(summary, isRaw: options.csvRaw)
  }

  /// Encodes the whole run as one JSON document, as in `summary.json`.
  public static func json(_ summary: TrafficSummary) -> [UInt8] { SummaryDocument.json(summary) }

  /// Encodes the tables as newline-delimited JSON, each line with the name of its table.
  public static func ndjson(
    _ summary: TrafficSummary, tables: [Table]? = nil
  ) -> [UInt8] {
    SummaryDocument.ndjson(summary, tables: tables ?? Table.present(in: summary))
  }
}
