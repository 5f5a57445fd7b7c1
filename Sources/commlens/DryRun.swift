// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// `--dry-run`: which files would be read, and as what.
enum DryRun {
  /// Lists inputs by their first bytes; nothing is read to its end and nothing is written.
  ///
  /// - Returns: The status of inputs that are missing or cannot be read.
  static func run(
    _ inputs: InputList, descriptions: [FileLedger] = [], format: OutputFormat, jobs: Int,
    _ console: Console
  ) throws(CommandFailure) -> ExitStatus {
    for sentence in inputs.missing { Console.fail(sentence) }
    var status = inputs.missing.isEmpty ? ExitStatus.done : .missingInput
    let ledgers = TraceReading.inParallel(
      inputs.files, jobs: jobs, meter: nil
    ) { file, _ in
      guard file.sameAs == nil else {
        var ledger = FileLedger(file: file.name)
        ledger.status = .duplicate
        return ledger
      }
      return TraceReader.identify(path: file.path)
    }
    var rows = [["file", "format", "compression", "size_bytes", "status"]]
    for (file, ledger) in zip(inputs.files, ledgers) {
      if ledger.status == .unreadable {
        Console.fail(ledger.detail)
        status = ExitStatus.worse(status, .missingInput)
      } else if ledger.status == .unsupported {
        console.warn(ledger.detail)
      }
      rows.append([
        file.path, ledger.format, ledger.compression, file.path == "-" ? "" : "\(file.size)",
        ledger.status.rawValue,
      ])
    }
    for ledger in descriptions {
      rows.append([
        ledger.file, "description", ledger.compression, "\(ledger.compressedBytes)",
        ledger.status.rawValue,
      ])
    }
    try console.output(Array(PlainTable.text(rows, format).utf8))
    return status
  }
}

/// A small table in the forms that standard output takes.
enum PlainTable {
  /// Writes rows, the first of which names the columns.
  static func text(_ rows: [[String]], _ format: OutputFormat) -> String {
    guard let head = rows.first else { return "" }
    switch format {
    case .csv: return rows.map { $0.map(csvCell).joined(separator: ",") + "\n" }.joined()
    case .json, .ndjson:
      let objects = rows.dropFirst().map { row in
        "{" + zip(head, row).map { "\(quoted($0)): \(quoted($1))" }.joined(separator: ", ") + "}"
      }
      return format == .ndjson
        ? objects.map { $0 + "\n" }.joined()
        : "[\n" + objects.map { "  " + $0 }.joined(separator: ",\n") + "\n]\n"
    case .md:
      let lines = [head, head.map { _ in "---" }] + rows.dropFirst()
      return lines.map { row in
        "| " + row.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |\n"
      }.joined()
    case .table:
      let widths = head.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
      return rows.map { row in
        let cells = zip(row, widths).map { cell, width in
          printable(cell) + String(repeating: " ", count: max(0, width - cell.count))
        }
        let line = cells.joined(separator: "  ")
        return String(
          line.prefix(
            line.lastIndex { $0 != " " }.map { line.distance(from: line.startIndex, to: $0) + 1 }
              ?? 0)) + "\n"
      }.joined()
    }
  }

  /// A text of JSON.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\0"..."\u{1F}":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
