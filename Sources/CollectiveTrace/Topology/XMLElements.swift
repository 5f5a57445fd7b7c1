// SPDX-License-Identifier: Apache-2.0

internal import CLibXML2

/// An element of an XML file, without its text.
struct XMLElement: Sendable, Equatable {
  struct Attribute: Sendable, Equatable {
    var name: String
    var value: String
  }

  var name: String
  var attributes: [Attribute]
  /// The index of the parent in the list of elements; `nil` for the root.
  var parent: Int?
  /// The line on which the tag ends, from 1.
  var line: Int

  /// Returns the value of an attribute.
  subscript(name: String) -> String? { attributes.first { $0.name == name }?.value }
}

/// Reads a small XML file into its elements, in document order.
///
/// Only libxml2's push parser and its SAX2 start and end of elements are used: no tree, no entity,
/// no document type, no network, no file of its own. Bytes pass ``XMLGuard`` first, in chunks of
/// 4 KiB.
enum XMLElements {
  /// Largest text, in bytes.
  static let maximumBytes = 16 << 20
  /// Deepest nesting of elements.
  static let maximumDepth = 32
  /// Most elements: what NCCL itself allows (`NCCL_GRAPH_XML_MAX_NODES`).
  static let maximumElements = 65_536
  static let chunkBytes = 4 << 10

  /// Reads a file, compressed or not, or standard input for `-`.
  ///
  /// - Returns: The elements, and the account of the bytes.
  /// - Throws: ``TopologyError``, at the first thing that is wrong.
  /// - Complexity: O(*n*) in the bytes of text, at most ``maximumBytes``.
  static func read(path: String) throws(TopologyError) -> (elements: [XMLElement], FileLedger) {
    var stream: ByteStream
    do {
      stream = try ByteStream(path: path, maximumBytes: maximumBytes)
    } catch {
      throw TopologyError(error, file: path)
    }
    let parser = PushParser(file: path)
    var chunk = [UInt8](repeating: 0, count: chunkBytes)
    while true {
      let (count, _) = unsafe chunk.withUnsafeMutableBytes { unsafe stream.read(into: $0) }
      if count == 0 { break }
      try parser.feed(Array(chunk.prefix(count)))
    }
    var ledger = FileLedger(file: path)
    stream.apply(to: &ledger)
    switch ledger.status {
    case .complete: break
    case .limit:
      throw .malformed(
        path, line: nil, "holds more than \(maximumBytes) bytes of XML",
        "check that this is NCCL's XML, which is a few kilobytes")
    case .empty: throw .malformed(path, line: nil, "is empty", "write it again")
    default:
      let detail = ledger.detail.hasSuffix(".") ? String(ledger.detail.dropLast()) : ledger.detail
      throw .malformed(
        path, line: nil,
        "could not be read whole (\(ConfigurationText.printable(detail, limit: 512)))",
        "copy the file again")
    }
    return (try parser.finish(), ledger)
  }

  /// Reads text that is in memory; what tests and the fuzzer call.
  static func parse(_ text: [UInt8], file: String) throws(TopologyError) -> [XMLElement] {
    guard text.count <= maximumBytes else {
      throw .malformed(
        file, line: nil, "holds more than \(maximumBytes) bytes of XML",
        "check that this is NCCL's XML, which is a few kilobytes")
    }
    let parser = PushParser(file: file)
    var start = 0
    while start < text.count {
      let end = min(start + chunkBytes, text.count)
      try parser.feed(Array(text[start..<end]))
      start = end
    }
    return try parser.finish()
  }
}

/// One run of libxml2's push parser.
///
/// A class, because the C callbacks hold its address; it lives on one thread and never escapes.
@safe
private final class PushParser {
  private let file: String
  private var filter = XMLGuard()
  private var context: xmlParserCtxtPtr?
  private var handler = unsafe xmlSAXHandler()
  private var elements: [XMLElement] = []
  private var open: [Int] = []
  private var failure: TopologyError?

  init(file: String) {
    self.file = file
    _ = Self.isPrepared
    unsafe handler.initialized = 0xDEED_BEAF
    unsafe handler.startElementNs = {
      (context, name, prefix, _, _, _, count, _, attributes) in
      unsafe PushParser.from(context)?.start(name, prefix, Int(count), attributes)
    }
    unsafe handler.endElementNs = { (context, _, _, _) in
      unsafe PushParser.from(context)?.end()
    }
    unsafe handler.internalSubset = { (context, _, _, _) in
      guard let parser = unsafe PushParser.from(context) else { return }
      let (problem, advice) = XMLGuard.Refusal.doctype.sentence
      parser.stop(problem, advice)
    }
    unsafe handler.serror = { (context, error) in
      guard let error = unsafe error else { return }
      unsafe PushParser.from(context)?.note(
        message: error.pointee.message, line: Int(error.pointee.line),
        isFatal: error.pointee.level.rawValue >= XML_ERR_ERROR.rawValue)
    }
  }

  deinit {
    guard let context = unsafe context else { return }
    if let document = unsafe context.pointee.myDoc { unsafe xmlFreeDoc(document) }
    unsafe xmlFreeParserCtxt(context)
  }

  /// Set once for the process: nothing outside the given bytes is ever opened.
  private static let isPrepared: Bool = {
    xmlInitParser()
    unsafe xmlSetExternalEntityLoader { (_, _, _) in nil }
    return true
  }()

  private static func from(_ context: UnsafeMutableRawPointer?) -> PushParser? {
    guard let context = unsafe context else { return nil }
    return unsafe Unmanaged<PushParser>.fromOpaque(context).takeUnretainedValue()
  }

  /// Gives the parser more bytes.
  func feed(_ bytes: [UInt8]) throws(TopologyError) {
    if let failure { throw failure }
    if let refusal = filter.check(bytes) {
      let (problem, advice) = refusal.sentence
      throw .malformed(file, line: filter.line, problem, advice)
    }
    try push(bytes, isLast: false)
  }

  /// Ends the document.
  func finish() throws(TopologyError) -> [XMLElement] {
    try push([], isLast: true)
    guard !elements.isEmpty else {
      throw .malformed(
        file, line: nil, "holds no XML element", "name a topology or graph file of NCCL")
    }
    return elements
  }

  private func push(_ bytes: [UInt8], isLast: Bool) throws(TopologyError) {
    if unsafe context == nil {
      let address = unsafe Unmanaged.passUnretained(self).toOpaque()
      unsafe context = unsafe xmlCreatePushParserCtxt(&handler, address, nil, 0, nil)
      guard let context = unsafe context else {
        throw .malformed(file, line: nil, "could not be read: out of memory", "try again")
      }
      _ = unsafe xmlCtxtUseOptions(context, Int32(bitPattern: UInt32(XML_PARSE_NONET.rawValue)))
    }
    // Two messages of libxml2 pass the handler by and would go to standard error.
    unsafe xmlSetStructuredErrorFunc(nil) { (_, _) in }
    defer { xmlSetStructuredErrorFunc(nil, nil) }
    let status = unsafe bytes.withUnsafeBytes { buffer in
      unsafe xmlParseChunk(
        context, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(buffer.count),
        isLast ? 1 : 0)
    }
    if let failure { throw failure }
    guard status == 0 else {
      throw .malformed(
        file, line: filter.line, "is not well-formed XML (libxml2 error \(status))",
        "correct it, or write it again")
    }
  }

  private func start(
    _ name: UnsafePointer<xmlChar>?, _ prefix: UnsafePointer<xmlChar>?, _ count: Int,
    _ attributes: UnsafeMutablePointer<UnsafePointer<xmlChar>?>?
  ) {
    guard failure == nil else { return }
    guard open.count < XMLElements.maximumDepth else {
      return stop(
        "nests elements deeper than \(XMLElements.maximumDepth) levels",
        "check that this is NCCL's XML")
    }
    guard elements.count < XMLElements.maximumElements else {
      return stop(
        "holds more than \(XMLElements.maximumElements) elements",
        "check that this is NCCL's XML, whose own limit this is")
    }
    var element = XMLElement(
      name: unsafe Self.name(name, prefix), attributes: [], parent: open.last, line: line)
    if let attributes = unsafe attributes {
      // Five pointers each: local name, prefix, namespace, begin and end of the value.
      for index in 0..<max(0, count) {
        let entry = unsafe attributes + 5 * index
        guard let begin = unsafe entry[3], let end = unsafe entry[4] else { continue }
        let value = unsafe UnsafeBufferPointer(start: begin, count: end - begin)
        element.attributes.append(
          XMLElement.Attribute(
            name: unsafe Self.name(entry[0], entry[1]),
            value: unsafe String(decoding: value, as: UTF8.self)))
      }
    }
    open.append(elements.count)
    elements.append(element)
  }

  private func end() { _ = open.popLast() }

  private func note(message: UnsafePointer<CChar>?, line: Int, isFatal: Bool) {
    guard isFatal, failure == nil else { return }
    let text = unsafe message.map { unsafe String(cString: $0) } ?? ""
    let sentence = text.split(separator: "\n").first.map(String.init) ?? "unknown error"
    failure = .malformed(
      file, line: line > 0 ? line : nil,
      "is not well-formed XML (\(ConfigurationText.printable(sentence, limit: 160)))",
      "correct it there, or write the file again")
  }

  private func stop(_ problem: String, _ advice: String) {
    if failure == nil { failure = .malformed(file, line: line, problem, advice) }
    unsafe xmlStopParser(context)
  }

  private var line: Int { unsafe Int(xmlSAX2GetLineNumber(context)) }

  private static func name(
    _ name: UnsafePointer<xmlChar>?, _ prefix: UnsafePointer<xmlChar>?
  ) -> String {
    let local = unsafe name.map { unsafe String(cString: $0) } ?? ""
    guard let prefix = unsafe prefix else { return local }
    return unsafe String(cString: prefix) + ":" + local
  }
}
