// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import CollectiveTrace

/// `commlens manual`: the manual pages, made from what the parser and the registries know.
///
/// Hidden from the help, for it serves those who install the program.
struct ManualCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "manual",
    abstract: "Prints the manual pages, or writes them into a folder.",
    shouldDisplay: false
  )

  @Argument(help: "The page to print, such as commlens-analyze.1 (default: the list of pages).")
  var page: String?

  @Option(
    name: [.customShort("o"), .customLong("output")],
    help: ArgumentHelp("Write all pages into this folder.", valueName: "dir"))
  var folder: String?

  func validate() throws {
    if folder == "" { throw ValidationError("-o has an empty name.") }
    if folder != nil, page != nil {
      throw ValidationError("-o writes all pages; leave out either the folder or the page.")
    }
  }

  func run() throws {
    let pages = try ManualPages.all()
    if let folder {
      try OutputDirectory(folder).write(
        pages.map { OutputDirectory.File(name: $0.fileName, bytes: Array($0.text.utf8)) })
      return
    }
    let console = Console(verbosity: .normal, color: .never)
    guard let name = page else {
      return try console.output(Array(pages.map { $0.fileName + "\n" }.joined().utf8))
    }
    guard let found = pages.first(where: { $0.fileName == name }) else {
      throw ValidationError(
        "There is no page '\(name)'; there are \(pages.map(\.fileName).joined(separator: ", ")).")
    }
    try console.output(Array(found.text.utf8))
  }
}
