// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The text of one input file, decompressed: the one way bytes enter.
///
/// What the file is shows in its first bytes, never in its name: gzip is decoded here, zstd, xz and
/// bzip2 by the user's own tools, and text is passed through. Memory is constant at any input size.
/// After a stream is open, whatever is wrong with the file ends up in ``account``.
@safe
package struct ByteStream: ~Copyable {
  /// How many bytes a caller should read at a time: they stay in the cache of one core.
  package static let preferredChunkBytes = 256 << 10

  /// The library that decodes gzip, with its version where it states one.
  package static var engineName: String { Inflater.Engine.preferred.name }

  private enum Phase { case reading, ended }

  /// What gives the text: one of the three while the reading goes on, then none.
  ///
  /// An enumeration could not be mutated in place, because the payloads are noncopyable.
  private struct Decoder: ~Copyable {
    var plain: InputWindow?
    var gzip: GzipReader?
    var tool: ToolReader?
    /// A remark about a file that is otherwise in order.
    var remark = ""
  }

  private var decoder: Decoder
  private let maximumBytes: Int
  private var phase = Phase.reading
  private var plainText = Checksum()
  /// The accounts when the reading ended.
  private var final: ContainerAccount?
  private var delivered = 0

  /// Opens a file, or standard input for `-`, and recognises its container.
  ///
  /// - Parameters:
  ///   - path: The file as the user named it.
  ///   - maximumBytes: Most bytes of text that are delivered; more end the reading with `limit`.
  /// - Throws: ``TraceError`` when the file cannot be opened, is not a regular file, or is nothing
  ///   that can be read here.
  package init(path: String, maximumBytes: Int) throws(TraceError) {
    try self.init(
      path: path, maximumBytes: maximumBytes, engine: .preferred,
      searchPath: ExternalTool.searchPath)
  }

  /// Opens a file whose text may be a tar archive, for ``TarReader``.
  init(archiveOrFile path: String, maximumBytes: Int) throws(TraceError) {
    self.maximumBytes = max(0, maximumBytes)
    decoder = try Self.open(
      try ByteSource(path: path), path: path, engine: .preferred,
      searchPath: ExternalTool.searchPath, takesArchives: true)
  }

  /// Opens the file at which an archive stands; `path` is for messages.
  init(memberOf archive: TarReader, path: String, maximumBytes: Int) throws(TraceError) {
    self.maximumBytes = max(0, maximumBytes)
    decoder = try Self.open(
      ByteSource(memberOf: archive), path: path, engine: .preferred,
      searchPath: ExternalTool.searchPath, takesArchives: false)
  }

  /// Opens a file with a certain engine, and with the folders in which tools are looked for.
  init(
    path: String, maximumBytes: Int, engine: Inflater.Engine, searchPath: String
  ) throws(TraceError) {
    self.maximumBytes = max(0, maximumBytes)
    decoder = try Self.open(
      try ByteSource(path: path), path: path, engine: engine, searchPath: searchPath,
      takesArchives: false)
  }

  /// Fills up to `buffer.count` bytes of text.
  ///
  /// The count is 0 only at the end. A chunk never spans a gap: when bytes were lost just before
  /// this chunk, `followsGap` is true, so that the caller can drop its partial line.
  package mutating func read(
    into buffer: UnsafeMutableRawBufferPointer
  ) -> (count: Int, followsGap: Bool) {
    guard phase == .reading, buffer.count > 0 else { return (0, false) }
    let room = min(buffer.count, maximumBytes - delivered)
    guard room > 0 else {
      stopAtLimit()
      return (0, false)
    }
    let result = unsafe readSome(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<room]))
    delivered += result.count
    if result.count == 0 { end(with: currentAccount) }
    return result
  }

  /// The accounts so far: bytes of the file used (which never fall), text delivered, damage.
  package var account: ContainerAccount { final ?? currentAccount }

  /// Enters the accounts into a file's ledger.
  package func apply(to ledger: inout FileLedger) {
    let account = account
    ledger.compression = account.compression
    ledger.compressedBytes = account.compressedBytes
    ledger.bytes = account.textBytes
    ledger.members = account.members
    ledger.paddingBytes = account.paddingBytes
    ledger.garbageBytes = account.garbageBytes
    ledger.truncatedAtByte = account.truncatedAtByte
    ledger.gaps = account.gaps
    ledger.contentCRC32 = account.contentCRC32
    // Where the container is whole, what its reader says of the content stands.
    guard account.status != .complete || ledger.status == .complete else { return }
    ledger.status = account.status
    // What is wrong with the container comes before what the format's reader remarked.
    if !account.detail.isEmpty { ledger.detail = account.detail }
  }

  // MARK: - Private

  private static func open(
    _ source: consuming ByteSource, path: String, engine: Inflater.Engine, searchPath: String,
    takesArchives: Bool
  ) throws(TraceError) -> Decoder {
    var window = InputWindow(source: source)
    _ = window.fill(Container.headBytes)
    guard window.source.failure == 0 else {
      throw .unreadable(path: path, reason: errorText(window.source.failure))
    }
    let head = unsafe Array(window.unread.prefix(Container.headBytes))
    switch Container.recognise(head) {
    case .plain:
      let isMisnamed = !head.isEmpty && (path.hasSuffix(".gz") || path.hasSuffix(".gzip"))
      return Decoder(
        plain: window,
        remark: isMisnamed
          ? "The name ends in .gz, but the file is not gzip; it was read as plain text." : "")
    case .gzip:
      guard let reader = GzipReader(window: window, engine: engine) else {
        throw .unreadable(path: path, reason: errorText(ENOMEM))
      }
      return Decoder(gzip: reader)
    case .tool(let kind):
      guard let program = kind.find(in: searchPath) else {
        throw .needsTool(
          path: path, container: kind.rawValue,
          command: ([kind.rawValue] + kind.arguments.prefix(1)).joined(separator: " "))
      }
      return Decoder(
        tool: try ToolReader(window: window, tool: kind, program: program, path: path))
    case .tar where takesArchives: return Decoder(plain: window)
    case .tar:
      throw .unsupported(
        path: path, content: "a tar archive",
        advice: "unpack it and pass the folder: `tar -xf FILE -C DIR`")
    case .unsupported(let content, let advice):
      throw .unsupported(path: path, content: content, advice: advice)
    }
  }

  private mutating func readSome(
    into buffer: UnsafeMutableRawBufferPointer
  ) -> (count: Int, followsGap: Bool) {
    if let result = unsafe decoder.gzip?.read(into: buffer) { return result }
    if let count = unsafe decoder.tool?.read(into: buffer) { return (count, false) }
    var count = 0
    while count < buffer.count {
      let room = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[count...])
      guard let read = unsafe decoder.plain?.read(into: room), read > 0 else { break }
      count += read
    }
    unsafe plainText.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    return (count, false)
  }

  private var currentAccount: ContainerAccount {
    var account = ContainerAccount()
    var failure: Int32 = 0
    switch decoder.gzip {
    case let reader?:
      account = reader.account
      failure = reader.failure
    case nil: break
    }
    switch decoder.tool {
    case let reader?: account = reader.account
    case nil: break
    }
    switch decoder.plain {
    case let window?:
      account.compressedBytes = window.furthestOffset
      account.memberBytes = window.furthestOffset
      account.textBytes = plainText.bytes
      account.contentCRC32 = plainText.value
      failure = window.source.failure
    case nil: break
    }
    if failure != 0 {
      // The system failed us, not the writer of the file.
      account.truncatedAtByte = nil
      account.note(
        .unreadable,
        "Reading failed at byte \(account.compressedBytes) (\(errorText(failure))); everything before was read; copy the file again."
      )
    }
    return account
  }

  /// Ends the reading; `empty` is a file without bytes, not a container without text.
  private mutating func end(with account: ContainerAccount) {
    var account = account
    if account.compressedBytes == 0 {
      account.note(.empty, "The file is empty.")
    }
    if account.detail.isEmpty { account.detail = decoder.remark }
    final = account
    phase = .ended
    close()
  }

  /// Looks whether there is text beyond the limit.
  private mutating func stopAtLimit() {
    var account = currentAccount
    let probe = UnsafeMutableRawBufferPointer.allocate(byteCount: 1, alignment: 1)
    defer { unsafe probe.deallocate() }
    guard unsafe readSome(into: probe).count > 0 else { return end(with: currentAccount) }
    account.note(
      .limit,
      "The file holds more than \(maximumBytes) bytes of text, which is the limit; the rest was not read; raise the limit to read it."
    )
    end(with: account)
  }

  /// Frees the decoder, the file, and the child process.
  private mutating func close() {
    decoder = Decoder()
  }
}
