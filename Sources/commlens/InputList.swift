// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// One file to read.
struct InputFile: Sendable, Equatable {
  /// The path to open, and the one messages use.
  var path: String
  /// The name in every output: relative to the deepest folder that holds all inputs.
  ///
  /// So a report does not depend on where the logs lie, on the working directory, or on whether
  /// files, a pattern or a folder were named.
  var name: String
  /// Size in bytes, 0 when unknown; for progress and the order of reading only.
  var size: Int
  /// Set when this is the same file as another input under a second name.
  var sameAs: String?
}

/// Turns what the user named into a sorted list of files.
///
/// - A folder stands for all files below it, whatever their names. Symbolic links inside are not
///   followed, and names that begin with a dot are skipped.
/// - A pattern (`*`, `?`, `[...]`, `{a,b}`) is expanded here too, so that it may be quoted.
/// - `-` is standard input.
struct InputList: Sendable {
  /// Files found, sorted by name as bytes.
  private(set) var files: [InputFile] = []
  /// One sentence for each pattern that matches nothing; a missing file is left to the reader.
  private(set) var missing: [String] = []
  /// What was passed over inside folders, for a note.
  private(set) var skippedLinks = 0

  /// Most files read in one run.
  static let maximumFiles = 1_000_000

  /// A file, with the canonical folder that gives it its name.
  private struct Found {
    var path: String
    /// Components of the canonical path; empty for standard input and for missing files.
    var components: [Substring]
    var size: Int
    var identity: Identity?
  }

  private struct Identity: Hashable {
    let device: UInt
    let inode: UInt
  }

  /// Expands what the user named.
  ///
  /// - Parameters:
  ///   - arguments: Paths and patterns.
  ///   - literals: Paths read from `--files-from`, in which no character is special.
  /// - Throws: ``CommandFailure`` when there are more files than one run reads.
  init(arguments: [String], literals: [String] = []) throws(CommandFailure) {
    var found: [Found] = []
    for argument in arguments {
      if argument == "-" {
        found.append(Found(path: "-", components: [], size: 0, identity: nil))
        continue
      }
      var status = stat()
      if stat(argument, &status) == 0 || !Self.isPattern(argument) {
        try add(argument, to: &found)
        continue
      }
      let matches = Self.expand(argument)
      if matches.isEmpty {
        missing.append(
          "\(argument): no file matches this pattern; check the folder and the quotes.")
      }
      for match in matches { try add(match, to: &found) }
    }
    // In a list `-` is a file name like any other.
    for literal in literals { try add(literal == "-" ? "./-" : literal, to: &found) }
    files = Self.named(found)
  }

  /// Puts a folder before the name of every file.
  mutating func put(under folder: String) {
    for index in files.indices {
      files[index].name = folder + "/" + files[index].name
      if let original = files[index].sameAs { files[index].sameAs = folder + "/" + original }
    }
  }

  /// Keeps one file of every `count`, from that with this index on.
  mutating func keep(every count: Int, from index: Int) {
    files = stride(from: index, to: files.count, by: count).map { files[$0] }
  }

  private mutating func add(_ path: String, to found: inout [Found]) throws(CommandFailure) {
    var status = stat()
    guard stat(path, &status) == 0 else {
      // Kept in the list, so that the ledger tells what the report lacks, and why.
      found.append(Found(path: path, components: [], size: 0, identity: nil))
      return
    }
    if status.st_mode & S_IFMT == S_IFDIR {
      try walk(path, to: &found)
    } else {
      try append(path, components: Self.canonical(file: path), status: status, to: &found)
    }
  }

  private func append(
    _ path: String, components: [Substring], status: stat, to found: inout [Found]
  ) throws(CommandFailure) {
    guard found.count < Self.maximumFiles else {
      throw CommandFailure(
        status: .usage,
        message: "more than \(Self.maximumFiles) files were named; analyse them in parts.")
    }
    found.append(
      Found(
        path: path, components: components, size: Int(status.st_size),
        identity: Identity(device: UInt(status.st_dev), inode: UInt(status.st_ino))))
  }

  /// Adds all files below a folder; iterative, because the depth is the input's choice.
  private mutating func walk(_ root: String, to found: inout [Found]) throws(CommandFailure) {
    let base = Self.canonical(folder: root)
    var folders: [(path: String, components: [Substring])] = [(root, base)]
    while let folder = folders.popLast() {
      guard let stream = opendir(folder.path) else {
        // Reading it as a file gives the ledger the reason.
        found.append(
          Found(path: folder.path, components: folder.components, size: 0, identity: nil))
        continue
      }
      defer { closedir(stream) }
      while let entry = readdir(stream) {
        let name = Self.name(of: entry)
        guard !name.hasPrefix(".") else { continue }
        let path = folder.path.hasSuffix("/") ? folder.path + name : folder.path + "/" + name
        var status = stat()
        guard lstat(path, &status) == 0 else {
          // Gone since, or a name that is not UTF-8 and cannot be asked for.
          found.append(
            Found(
              path: path, components: folder.components + [Substring(name)], size: 0,
              identity: nil))
          continue
        }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: folders.append((path, folder.components + [Substring(name)]))
        case S_IFLNK: skippedLinks += 1
        case S_IFREG:
          try append(
            path, components: folder.components + [Substring(name)], status: status, to: &found)
        default: continue
        }
      }
    }
  }

  private static func name(of entry: UnsafeMutablePointer<dirent>) -> String {
    withUnsafePointer(to: &entry.pointee.d_name) { tuple in
      tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
  }

  // MARK: - Patterns

  private static func isPattern(_ text: String) -> Bool {
    text.utf8.contains { "*?[{".utf8.contains($0) }
  }

  private static func expand(_ pattern: String) -> [String] {
    var result = glob_t()
    defer { globfree(&result) }
    guard glob(pattern, GLOB_BRACE | GLOB_NOSORT, nil, &result) == 0 else { return [] }
    return (0..<Int(result.gl_pathc)).compactMap { index in
      result.gl_pathv[index].map { String(cString: $0) }
    }
  }

  // MARK: - Names

  private static func canonical(folder: String) -> [Substring] {
    guard let resolved = realpath(folder, nil) else { return [] }
    defer { free(resolved) }
    return String(cString: resolved).split(separator: "/")
  }

  private static func canonical(file: String) -> [Substring] {
    guard let slash = file.utf8.lastIndex(of: UInt8(ascii: "/")) else {
      return canonical(folder: ".") + [file[...]]
    }
    return canonical(folder: String(file[...slash])) + [file[file.utf8.index(after: slash)...]]
  }

  /// Names the files after the deepest folder that holds them all, sorts them, and marks what was
  /// named twice.
  private static func named(_ found: [Found]) -> [InputFile] {
    var common: ArraySlice<Substring>?
    for file in found where !file.components.isEmpty {
      let folder = file.components.dropLast()
      guard let sofar = common else {
        common = folder
        continue
      }
      let length = zip(sofar, folder).prefix { $0 == $1 }.count
      common = sofar.prefix(length)
    }
    let depth = common?.count ?? 0
    var named = found.map { file in
      let name =
        file.components.isEmpty
        ? file.path.split(separator: "/").last.map(String.init) ?? file.path
        : file.components.dropFirst(depth).joined(separator: "/")
      return (file: InputFile(path: file.path, name: name, size: file.size), found: file)
    }
    named.sort { a, b in
      a.file.name == b.file.name
        ? a.file.path.utf8.lexicographicallyPrecedes(b.file.path.utf8)
        : a.file.name.utf8.lexicographicallyPrecedes(b.file.name.utf8)
    }
    var result: [InputFile] = []
    var first: [Identity: String] = [:]
    for (file, found) in named {
      if let identity = found.identity {
        if let name = first[identity] {
          // Named twice (a folder and a file in it) is one input; a second link to it is told.
          guard name != file.name else { continue }
          var file = file
          file.sameAs = name
          result.append(file)
          continue
        }
        first[identity] = file.name
      } else if result.last?.path == file.path {
        continue
      }
      result.append(file)
    }
    return result
  }
}
