// SPDX-License-Identifier: Apache-2.0

/// What `--job` names: a job description, or a file that launches the job.
public struct JobSource: Sendable {
  enum Content: Sendable {
    /// A description, kept as text so that a log's header can fill the keys that it leaves out.
    case description(text: String, baseDirectory: String?)
    case launch([LaunchFacts])
  }

  /// The file, as the user named it or as a report shows it.
  public var file: String
  /// The job, when the file is a description, which is complete in itself.
  public let description: JobDescription?
  /// The accounts of the file and of the model that it names.
  public let inputs: [FileLedger]
  let content: Content

  /// Reads a job description or a launch file, recognised by content.
  ///
  /// - Throws: ``ConfigurationError`` with the file, the place and the key path.
  public static func load(path: String) throws(ConfigurationError) -> JobSource {
    let (text, ledger) = try ConfigurationFile.read(path: path)
    let source = try parse(
      text: text, file: path, baseDirectory: ConfigurationFile.folder(of: path))
    return JobSource(
      file: path, description: source.description,
      inputs: [ledger] + (source.description?.model?.inputs ?? []), content: source.content)
  }

  /// Reads a job description or a launch file from a text.
  ///
  /// - Throws: ``ConfigurationError`` with the file, the place and the key path.
  public static func parse(
    text: String, file: String, baseDirectory: String? = nil
  ) throws(ConfigurationError) -> JobSource {
    if let facts = LaunchFile.read(text, file: file) {
      return JobSource(file: file, description: nil, inputs: [], content: .launch(facts))
    }
    let job = try JobDescription.parse(text: text, file: file, baseDirectory: baseDirectory)
    return JobSource(
      file: file, description: job, inputs: [],
      content: .description(text: text, baseDirectory: baseDirectory))
  }
}
