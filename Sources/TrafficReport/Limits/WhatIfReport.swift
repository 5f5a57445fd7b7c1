// SPDX-License-Identifier: Apache-2.0

internal import TrafficAnalysis
public import TrafficModel

/// Lays out what other machines would make of a run's communication.
///
/// The same what-if gives the same bytes.
///
/// - Complexity: O(rows) for every form.
public struct WhatIfReport: Sendable {
  private let whatIf: WhatIf
  private let fits: [LatencyFit]
  private let rows: [WhatIfRow<WhatIf.Row>]
  private let totals: [WhatIfRow<WhatIf.Total>]

  /// Takes a what-if and what the run itself measured.
  public init(_ whatIf: WhatIf, fits: [LatencyFit] = []) {
    self.whatIf = whatIf
    self.fits = fits
    rows = whatIf.rows.map {
      WhatIfRow(
        strategy: whatIf.strategies[$0.strategy], hardware: whatIf.hardware[$0.hardware], value: $0)
    }
    totals = whatIf.totals.map {
      WhatIfRow(
        strategy: whatIf.strategies[$0.strategy], hardware: whatIf.hardware[$0.hardware], value: $0)
    }
  }

  // MARK: - For programs

  /// Encodes `whatif.csv` for standard output.
  public func csv(options: ReportOptions = ReportOptions()) -> [UInt8] {
    RowEncoder.csv(rows, Table.whatIfColumns, isRaw: options.csvRaw)
  }

  /// Encodes all tables and the statements as one JSON document.
  public func json() -> [UInt8] {
    var json = JSONWriter()
    json.openObject()
    json.member("schema_version", .integer(SummaryDocument.schemaVersion))
    json.strings("strategies", whatIf.strategies)
    json.strings("hardware", whatIf.hardware)
    json.strings("statements", whatIf.statements, isInline: false)
    json.key("whatif_totals")
    RowEncoder.write(totals, Table.whatIfTotalColumns, to: &json)
    json.key("whatif")
    RowEncoder.write(rows, Table.whatIfColumns, to: &json)
    json.key("latency_fit")
    RowEncoder.write(fits, Table.latencyFitColumns, to: &json)
    json.member("complete", .boolean(true))
    json.close()
    return json.bytes
  }

  /// Encodes all tables as newline-delimited JSON, each line with the name of its table.
  public func ndjson() -> [UInt8] {
    RowEncoder.lines(rows, Table.whatIfColumns, "whatif")
      + RowEncoder.lines(totals, Table.whatIfTotalColumns, "whatif_totals")
      + RowEncoder.lines(fits, Table.latencyFitColumns, "latency_fit")
  }

  /// Encodes all files but the manifest; the fit only where there is one.
  public func files(options: ReportOptions = ReportOptions()) -> [ReportFile] {
    var files = [
      ReportFile(name: "whatif.csv", bytes: csv(options: options)),
      ReportFile(
        name: "whatif_totals.csv",
        bytes: RowEncoder.csv(totals, Table.whatIfTotalColumns, isRaw: options.csvRaw)),
    ]
    if !fits.isEmpty {
      files.append(
        ReportFile(
          name: "latency_fit.csv",
          bytes: RowEncoder.csv(fits, Table.latencyFitColumns, isRaw: options.csvRaw)))
    }
    return files + [
      ReportFile(name: "whatif.json", bytes: json()),
      ReportFile(name: "whatif.svg", bytes: WhatIfFigure.svg(whatIf)),
    ]
  }

  // MARK: - For a person

  /// Lays the what-if out for a terminal.
  public func text(width: Int = 100, color: Bool = false, outputs: [String] = []) -> String {
    StudyText(
      title: headline, grids: grids, assumptions: whatIf.statements, outputs: outputs
    ).text(width: width, color: color)
  }

  /// Writes the same as Markdown.
  public func markdown(outputs: [String] = []) -> String {
    StudyText(
      title: headline, grids: grids, assumptions: whatIf.statements, outputs: outputs
    ).markdown()
  }

  private var headline: String {
    let first = whatIf.hardware.first.map(PlainText.printable) ?? ""
    return
      "\(whatIf.strategies.map { PlainText.shortened(PlainText.printable($0), to: 32) }.joined(separator: ", ")) "
      + "on \(Quantity.counted(whatIf.hardware.count, "machine")); gain over \(first)"
  }

  private var grids: [(String, DigestContent.Grid)] {
    func column(
      _ title: String, _ alignment: TextTable.Alignment, sacrifice: Int = 0
    ) -> DigestContent.Column { .init(title: title, alignment: alignment, sacrifice: sacrifice) }
    var grid = DigestContent.Grid(columns: [
      column("strategy", .left, sacrifice: whatIf.strategies.count > 1 ? 0 : 9),
      column("hardware", .left), column("dimension", .left),
      column("latency", .right, sacrifice: 1), column("scale-up", .right, sacrifice: 1),
      column("scale-out", .right, sacrifice: 1), column("time", .right), column("gain", .right),
      column("energy", .right, sacrifice: 2), column("bottleneck", .left, sacrifice: 3),
    ])
    let shown = totals.filter { $0.value.amounts.seconds > 0 || $0.value.dimension == nil }
    grid.rows = shown.prefix(60).map { row in
      let amounts = row.value.amounts
      return [
        PlainText.shortened(PlainText.printable(row.strategy), to: 24),
        PlainText.shortened(PlainText.printable(row.hardware), to: 24),
        row.value.dimension?.rawValue ?? "total", Quantity.seconds(amounts.latency),
        Quantity.seconds(amounts.scaleUp), Quantity.seconds(amounts.scaleOut),
        Quantity.seconds(amounts.seconds), ComparisonText.times(row.value.gain),
        amounts.energy.map(Quantity.energy) ?? "?",
        amounts.bottleneck.map(WhatIfText.name) ?? "",
      ]
    }
    if shown.count > 60 {
      grid.remainder = "[\(Quantity.counted(shown.count - 60, "more row")) in whatif_totals.csv]"
    }
    var result = [("Communication alone, by dimension", grid)]
    if !fits.isEmpty {
      var fit = DigestContent.Grid(columns: [
        column("collective", .left), column("ranks", .right), column("points", .right),
        column("latency", .right), column("bus GB/s", .right), column("residual rms", .right),
        column("largest", .right),
      ])
      fit.rows = fits.prefix(24).map { own in
        [
          PlainText.printable(own.collective), "\(own.ranks)", "\(own.points)",
          Quantity.seconds(own.latency),
          own.busBandwidth.map { Quantity.fixed($0 / 1e9, places: 1) } ?? "?",
          Quantity.fixed(own.meanResidual * 100, places: 1) + " %",
          Quantity.fixed(own.largestResidual * 100, places: 1) + " %",
        ]
      }
      result.append(("Measured in the run: latency and bandwidth by least squares", fit))
    }
    return result
  }
}

/// Words of a what-if.
enum WhatIfText {
  /// `scale-out bandwidth`.
  static func name(_ bottleneck: WhatIf.Bottleneck) -> String {
    switch bottleneck {
    case .latency: "latency"
    case .scaleUpBandwidth: "scale-up bandwidth"
    case .scaleOutBandwidth: "scale-out bandwidth"
    }
  }
}

extension Quantity {
  /// Writes joules with a prefix and three significant digits, `1.25 mJ`.
  static func energy(_ joules: Double) -> String {
    guard joules.isFinite, joules >= 0 else { return "?" }
    guard joules > 0 else { return "0 J" }
    let units: [(Double, String)] = [
      (1e6, "MJ"), (1e3, "kJ"), (1, "J"), (1e-3, "mJ"), (1e-6, "\u{B5}J"),
    ]
    let (size, name) = units.first { joules >= $0.0 } ?? (1e-9, "nJ")
    let scaled = joules / size
    return
      "\(fixed(scaled, places: scaled < 9.995 ? 2 : scaled < 99.95 ? 1 : 0, isTrimmed: true)) \(name)"
  }
}
