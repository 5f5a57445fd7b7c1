// SPDX-License-Identifier: Apache-2.0

internal import TrafficAnalysis
public import TrafficModel

/// Lays out the limits of a model on machines, for a person and for programs.
///
/// The same study gives the same bytes.
///
/// - Complexity: O(passes) for every form.
public enum LimitReport {
  /// Most passes that a person is shown.
  private static let shownPasses = 24

  // MARK: - For programs

  /// Encodes `limits.csv` for standard output.
  public static func csv(
    _ study: LimitStudy, options: ReportOptions = ReportOptions()
  ) -> [UInt8] {
    RowEncoder.csv(study.passes, Table.limitColumns, isRaw: options.csvRaw)
  }

  /// Encodes both tables and the assumptions as one JSON document.
  public static func json(_ study: LimitStudy) -> [UInt8] {
    var json = JSONWriter()
    json.openObject()
    json.member("schema_version", .integer(SummaryDocument.schemaVersion))
    json.member("title", .text(study.title))
    json.strings("assumptions", study.assumptions, isInline: false)
    json.key("limits")
    RowEncoder.write(study.passes, Table.limitColumns, to: &json)
    json.key("batch_limits")
    RowEncoder.write(study.batches, Table.batchLimitColumns, to: &json)
    json.member("complete", .boolean(true))
    json.close()
    return json.bytes
  }

  /// Encodes both tables as newline-delimited JSON, each line with the name of its table.
  public static func ndjson(_ study: LimitStudy) -> [UInt8] {
    RowEncoder.lines(study.passes, Table.limitColumns, "limits")
      + RowEncoder.lines(study.batches, Table.batchLimitColumns, "batch_limits")
  }

  /// Encodes all files but the manifest.
  public static func files(
    _ study: LimitStudy, options: ReportOptions = ReportOptions()
  ) -> [ReportFile] {
    [
      ReportFile(name: "limits.csv", bytes: csv(study, options: options)),
      ReportFile(
        name: "batch_limits.csv",
        bytes: RowEncoder.csv(study.batches, Table.batchLimitColumns, isRaw: options.csvRaw)),
      ReportFile(name: "limits.json", bytes: json(study)),
      ReportFile(name: "limits.svg", bytes: LimitFigure.svg(study)),
    ]
  }

  // MARK: - For a person

  /// Lays the study out for a terminal.
  public static func text(
    _ study: LimitStudy, width: Int = 100, color: Bool = false, outputs: [String] = []
  ) -> String {
    StudyText(
      title: study.title, grids: grids(study), assumptions: study.assumptions, outputs: outputs
    ).text(width: width, color: color)
  }

  /// Writes the same as Markdown.
  public static func markdown(_ study: LimitStudy, outputs: [String] = []) -> String {
    StudyText(
      title: study.title, grids: grids(study), assumptions: study.assumptions, outputs: outputs
    ).markdown()
  }

  private static func grids(_ study: LimitStudy) -> [(String, DigestContent.Grid)] {
    let hasSeveral = study.roofs.count > 1
    func column(
      _ title: String, _ alignment: TextTable.Alignment, sacrifice: Int = 0
    ) -> DigestContent.Column { .init(title: title, alignment: alignment, sacrifice: sacrifice) }
    var passes = DigestContent.Grid(columns: [
      column("hardware", .left, sacrifice: hasSeveral ? 0 : 5), column("phase", .left),
      column("context", .right), column("batch", .right), column("compute", .right, sacrifice: 1),
      column("memory", .right, sacrifice: 1), column("sync", .right, sacrifice: 1),
      column("time", .right), column("tokens/s/user", .right),
      column("tokens/s", .right, sacrifice: 3), column("bound", .left),
    ])
    passes.rows = study.passes.prefix(shownPasses).map { pass in
      [
        PlainText.printable(pass.hardware), pass.phase.rawValue, Quantity.count(pass.context),
        Quantity.count(pass.batch), Quantity.seconds(pass.computeSeconds),
        Quantity.seconds(pass.memorySeconds), Quantity.seconds(pass.synchronisationSeconds),
        Quantity.seconds(pass.seconds), Quantity.rate(pass.userRate),
        Quantity.rate(pass.systemRate),
        pass.bound == .synchronisation ? "sync" : pass.bound.rawValue,
      ]
    }
    if study.passes.count > shownPasses {
      passes.remainder =
        "[\(Quantity.counted(study.passes.count - shownPasses, "more row")) in limits.csv]"
    }
    var batches = DigestContent.Grid(columns: [
      column("hardware", .left, sacrifice: hasSeveral ? 0 : 5), column("context", .right),
      column("ridge", .right, sacrifice: 2), column("cache/token", .right, sacrifice: 1),
      column("attention", .right), column("experts", .right), column("fits", .right),
      column("in token time", .right),
    ])
    batches.rows = study.batches.prefix(shownPasses).map { own in
      [
        PlainText.printable(own.hardware), Quantity.count(own.context),
        own.ridgePoint.map { Quantity.fixed($0, places: 1) } ?? "?",
        Quantity.bytes(UInt64(min(own.cacheBytesPerToken, 9e18))), Quantity.batch(own.attention),
        own.experts.map { Quantity.batch($0) } ?? "none", Quantity.batch(own.capacity),
        own.tokenTime.map { Quantity.batch($0) } ?? "none",
      ]
    }
    if study.batches.count > shownPasses {
      batches.remainder =
        "[\(Quantity.counted(study.batches.count - shownPasses, "more row")) in batch_limits.csv]"
    }
    return [
      ("Least time of a pass: max(compute, memory) + sync", passes),
      (
        "Batch from which attention and experts compute-bound; batch that fits, and in time",
        batches
      ),
    ]
  }
}

extension Quantity {
  /// Writes seconds with three significant digits; what is not finite or too long says so.
  static func seconds(_ value: Double) -> String {
    guard value.isFinite, value < 9e9 else { return "very long" }
    if value > 0, value < 1e-9 { return "<1 ns" }
    return time(Int64((value * 1e9).rounded()))
  }

  /// Writes tokens per second: whole numbers, but with a decimal below 10.
  static func rate(_ value: Double) -> String {
    guard value.isFinite else { return "?" }
    return value < 9.95 ? fixed(value, places: 2) : count(UInt64(min(value, 9e18).rounded()))
  }

  /// Writes a batch, whose fraction means nothing.
  static func batch(_ value: Double?) -> String {
    guard let value, value.isFinite else { return "?" }
    return count(UInt64(min(max(value, 0), 9e18).rounded()))
  }
}
