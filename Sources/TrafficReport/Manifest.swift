// SPDX-License-Identifier: Apache-2.0

public import CollectiveTrace

/// Lists what went into a report and what came out, with a digest of every output.
///
/// It is written last, so that its presence means that the report is whole. There is no clock, no
/// host name and no absolute path in it.
public struct Manifest: Sendable {
  /// An option that can change the outputs.
  public struct Option: Sendable, Equatable {
    /// Its name on the command line, without dashes.
    public var name: String
    /// Its value as text.
    public var value: String
    /// Makes an option.
    public init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  /// The file's name in the output directory.
  public static let fileName = "manifest.json"

  /// The tool's version.
  public var toolVersion: String
  /// Options that can change the outputs, in a fixed order.
  public var options: [Option]
  /// The accounts of the inputs: the logs, sorted by name, then topologies, the job's description
  /// and the model.
  public var inputs: [FileLedger]
  /// Where each value of the job's description is from; empty without one.
  public var job: [JobResolution.Origin] = []

  /// Makes a manifest without outputs.
  public init(toolVersion: String, options: [Option], inputs: [FileLedger]) {
    self.toolVersion = toolVersion
    self.options = options
    self.inputs = inputs
  }

  /// Encodes the manifest of these outputs.
  ///
  /// - Complexity: O(bytes of all outputs).
  public func render(outputs: [ReportFile]) -> ReportFile {
    var json = JSONWriter()
    json.openObject()
    json.member("schema_version", .integer(SummaryDocument.schemaVersion))
    json.member("tool", .text("commlens"))
    json.member("tool_version", .text(toolVersion))
    json.key("options")
    json.openObject()
    for option in options { json.member(option.name, .text(option.value)) }
    json.close()
    json.key("inputs")
    json.openArray()
    for input in inputs {
      json.openObject(isInline: true)
      json.member("file", .text(input.file))
      json.member("compressed_bytes", .integer(input.compressedBytes))
      json.member("bytes", .integer(input.bytes))
      json.member("content_crc32", .text(Self.hexadecimal(input.contentCRC32)))
      json.member("status", .text(input.status.rawValue))
      json.close()
    }
    json.close()
    if !job.isEmpty {
      json.key("job")
      json.openArray()
      for origin in job {
        json.openObject(isInline: true)
        json.member("key", .text(origin.key))
        json.member("value", .text(origin.value))
        json.member("from", .text(origin.place))
        json.member("assumed", .boolean(origin.isAssumed))
        json.close()
      }
      json.close()
    }
    json.key("outputs")
    json.openArray()
    for output in outputs {
      json.openObject(isInline: true)
      json.member("file", .text(output.name))
      json.member("bytes", .integer(output.bytes.count))
      json.member("sha256", .text(SHA256.hexDigest(of: output.bytes)))
      json.close()
    }
    json.close()
    json.member("complete", .boolean(true))
    json.close()
    return ReportFile(name: Self.fileName, bytes: json.bytes)
  }

  private static func hexadecimal(_ value: UInt32) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 8 - digits.utf8.count) + digits
  }
}
