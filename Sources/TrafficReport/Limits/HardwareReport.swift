// SPDX-License-Identifier: Apache-2.0

public import CollectiveTrace
public import TrafficModel

/// Lays out descriptions of machines, for a person and for programs.
public enum HardwareReport {
  /// Encodes the table as CSV.
  public static func csv(_ machines: [HardwareDescription]) -> [UInt8] {
    RowEncoder.csv(machines, Table.hardwareColumns, isRaw: true)
  }

  /// Encodes the table as a JSON document.
  public static func json(_ machines: [HardwareDescription]) -> [UInt8] {
    var json = JSONWriter()
    json.openObject()
    json.member("schema_version", .integer(SummaryDocument.schemaVersion))
    json.key("hardware")
    RowEncoder.write(machines, Table.hardwareColumns, to: &json)
    json.member("complete", .boolean(true))
    json.close()
    return json.bytes
  }

  /// Encodes the table as newline-delimited JSON.
  public static func ndjson(_ machines: [HardwareDescription]) -> [UInt8] {
    RowEncoder.lines(machines, Table.hardwareColumns, "hardware")
  }

  /// Lays the table out for a terminal.
  public static func text(_ machines: [HardwareDescription], width: Int = 100) -> String {
    var page = Page(width: max(width, 40), isColored: false)
    page.grid(grid(machines))
    page.paragraph(glossary, indent: "  ")
    return page.text
  }

  /// Writes the table as Markdown.
  public static func markdown(_ machines: [HardwareDescription]) -> String {
    Digest.markdown(grid(machines)) + "\n" + Markdown.escaped(glossary) + "\n"
  }

  private static let glossary =
    "domain: accelerators that the scale-up links join; links: one accelerator, one direction; "
    + "*: a latency is assumed, for nobody states it; ?: unknown."

  private static func grid(_ machines: [HardwareDescription]) -> DigestContent.Grid {
    func column(
      _ title: String, _ alignment: TextTable.Alignment = .right, sacrifice: Int = 0
    ) -> DigestContent.Column { .init(title: title, alignment: alignment, sacrifice: sacrifice) }
    var grid = DigestContent.Grid(columns: [
      column("name", .left), column("domain"), column("bf16", sacrifice: 1),
      column("fp8", sacrifice: 2), column("memory"), column("bandwidth"), column("scale-up"),
      column("scale-out"),
    ])
    func text<Quantity>(_ measure: Measure<Quantity>?) -> String {
      measure.map { PlainText.printable($0.text) } ?? "?"
    }
    grid.rows = machines.map { machine in
      func link(_ fabric: HardwareDescription.Fabric?) -> String {
        guard let fabric else { return "?" }
        return text(fabric.bandwidth) + (fabric.latency?.assumption == nil ? "" : " *")
      }
      return [
        PlainText.shortened(PlainText.printable(machine.name), to: 24),
        text(machine.scaleUp.accelerators), text(machine.accelerator.compute[.bf16]),
        text(machine.accelerator.compute[.fp8]),
        text(machine.accelerator.memoryCapacity ?? machine.memoryPool?.capacity),
        text(machine.accelerator.memoryBandwidth ?? machine.memoryPool?.bandwidth),
        link(machine.scaleUp), link(machine.scaleOut),
      ]
    }
    return grid
  }
}

/// Words of a limit study.
public enum LimitText {
  /// `LlamaForCausalLM, 8.03 billion parameters, TP 8`.
  public static func title(_ model: ModelConfiguration, _ models: [LimitModel]) -> String {
    var parts = [model.architecture ?? model.modelType ?? "The model"]
    if let first = models.first {
      parts.append("\(Quantity.fixed(first.parameters / 1e9, places: 2)) billion parameters")
      let sizes = first.parallelism
      let layout = [
        ("TP", sizes.tensor), ("PP", sizes.pipeline), ("DP", sizes.data), ("EP", sizes.expert),
        ("CP", sizes.context),
      ].filter { $0.1 > 1 }.map { "\($0.0) \($0.1)" }
      let isSame = models.allSatisfy { $0.parallelism == sizes }
      parts.append(
        !isSame
          ? "tensor parallelism in each machine's domain"
          : layout.isEmpty ? "one accelerator" : layout.joined(separator: " x "))
    }
    return parts.joined(separator: ", ")
  }
}

/// The table of `commlens hardware`.
extension Table {
  /// The numbers of machines, in the units of data sheets.
  public static let hardware: [Table] = [
    Table(
      "hardware", rowMeaning: "machine", order: "as named", rows: { _ in [] },
      columns: hardwareColumns)
  ]

  static let hardwareColumns: [Definition<HardwareDescription>] = [
    .text("hardware", "name of the machine") { $0.name },
    .text("summary", "what it is") { $0.summary },
    .integer("domain_accelerators", "accelerators", "accelerators that the scale-up links join") {
      $0.scaleUp.accelerators.map { Int($0.value) }
    },
    .number("bf16_tflop_per_s", "TFLOP/s", "dense rate of one accelerator (1e12 operations)") {
      $0.accelerator.compute[.bf16].map { $0.value / 1e12 }
    },
    .number("fp8_tflop_per_s", "TFLOP/s", "dense rate of one accelerator (1e12 operations)") {
      $0.accelerator.compute[.fp8].map { $0.value / 1e12 }
    },
    .number("memory_gb", "GB", "memory of one accelerator (1e9 bytes)") {
      $0.accelerator.memoryCapacity.map { $0.value / 1e9 }
    },
    .number("memory_gb_per_s", "GB/s", "bandwidth of it (1e9 bytes)") {
      $0.accelerator.memoryBandwidth.map { $0.value / 1e9 }
    },
    .number("pool_gb", "GB", "memory that all accelerators of a domain share") {
      $0.memoryPool.map { $0.capacity.value / 1e9 }
    },
    .number("pool_gb_per_s", "GB/s", "bandwidth of it, all accelerators together") {
      $0.memoryPool?.bandwidth.map { $0.value / 1e9 }
    },
    .number("scale_up_gb_per_s", "GB/s", "links of one accelerator in a domain, one direction") {
      $0.scaleUp.bandwidth.map { $0.value / 1e9 }
    },
    .number("scale_up_latency_us", "us", "time of one step beside its bytes") {
      $0.scaleUp.latency.map { $0.value * 1e6 }
    },
    .number("scale_out_gb_per_s", "GB/s", "links of one accelerator between domains") {
      $0.scaleOut?.bandwidth.map { $0.value / 1e9 }
    },
    .number("scale_out_latency_us", "us", "time of one step beside its bytes") {
      $0.scaleOut?.latency.map { $0.value * 1e6 }
    },
    .number("scale_up_pj_per_bit", "pJ/bit", "energy of a way in a domain") {
      $0.scaleUp.energyPerByte.map { $0 / 8 * 1e12 }
    },
    .number("scale_out_pj_per_bit", "pJ/bit", "energy of a way between domains") {
      $0.scaleOut?.energyPerByte.map { $0 / 8 * 1e12 }
    },
    .text("assumed", "key paths of numbers that nobody states, joined by semicolons") {
      $0.assumed.map(\.path).joined(separator: "; ")
    },
  ]
}
