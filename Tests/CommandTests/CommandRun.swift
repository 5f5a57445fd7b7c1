// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import TestSupport
import Testing

/// One run of the built program, as a shell would run it.
struct CommandRun {
  let status: Int32
  /// The signal that ended it, if one did.
  let signal: Int32?
  let output: String
  let errors: String

  /// The program beside the test bundle: the one this build made.
  static let program: URL = {
    let here = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    let beside = here.appending(path: "commlens")
    if FileManager.default.isExecutableFile(atPath: beside.path()) { return beside }
    return Fixture.root.appending(path: ".build/debug/commlens")
  }()

  /// Runs the program to its end.
  ///
  /// - Parameters:
  ///   - arguments: The command line without the program.
  ///   - input: What standard input holds.
  ///   - environment: Variables besides the few that are always set.
  ///   - folder: The working directory.
  ///   - redirected: Where standard output goes instead of into the result.
  /// - Throws: When the program cannot be started.
  init(
    _ arguments: [String], input: String = "", environment: [String: String] = [:],
    folder: URL? = nil, output redirected: FileHandle? = nil
  ) throws {
    try self.init(
      program: Self.program, arguments: arguments, input: input, environment: environment,
      folder: folder, output: redirected)
  }

  /// Runs a line as the README shows it, with the program in the path.
  init(shell line: String, folder: URL) throws {
    try self.init(
      program: URL(filePath: "/bin/bash"), arguments: ["-euo", "pipefail", "-c", line], input: "",
      environment: [:], folder: folder, output: nil)
  }

  private init(
    program: URL, arguments: [String], input: String, environment: [String: String],
    folder: URL?, output redirected: FileHandle?
  ) throws {
    let scratch = try Scratch()
    try scratch.write("stdin", input)
    try scratch.write("stdout", "")
    try scratch.write("stderr", "")
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    process.environment = [
      "PATH": Self.program.deletingLastPathComponent().path() + ":/usr/bin:/bin",
      "SWIFT_BACKTRACE": "enable=no", "LC_ALL": "C",
    ].merging(environment) { $1 }
    if let path = ProcessInfo.processInfo.environment["LD_LIBRARY_PATH"] {
      process.environment?["LD_LIBRARY_PATH"] = path
    }
    if let folder { process.currentDirectoryURL = folder }
    process.standardInput = try FileHandle(forReadingFrom: scratch.url("stdin"))
    process.standardOutput = try redirected ?? FileHandle(forWritingTo: scratch.url("stdout"))
    process.standardError = try FileHandle(forWritingTo: scratch.url("stderr"))
    try process.run()
    process.waitUntilExit()
    let isSignal = process.terminationReason == .uncaughtSignal
    status = isSignal ? -1 : process.terminationStatus
    signal = isSignal ? process.terminationStatus : nil
    output = try String(decoding: Data(contentsOf: scratch.url("stdout")), as: UTF8.self)
    errors = try String(decoding: Data(contentsOf: scratch.url("stderr")), as: UTF8.self)
  }
}

/// A folder of a test's own, removed with it.
final class Scratch: Sendable {
  let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory
      .appending(path: "commlens-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func url(_ name: String) -> URL { folder.appending(path: name) }

  func path(_ name: String) -> String { folder.path(percentEncoded: false) + "/" + name }

  @discardableResult
  func write(_ name: String, _ text: String) throws -> String {
    let url = url(name)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
    return url.path(percentEncoded: false)
  }

  /// Names in a folder, sorted.
  func names(_ name: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path(name)).sorted()
  }
}

/// A log of one rank: a communicator of two ranks, and all-reduces of 1,024 floats on it.
func rankLog(_ rank: Int, operations: Int = 3, extra: String = "") -> String {
  let head = "node-1:\(100 + rank):\(100 + rank) [\(rank)] NCCL INFO "
  let identity =
    "ncclCommInitRank comm 0x5500\(rank)0 rank \(rank) nranks 2 cudaDev \(rank) nvmlDev \(rank) "
    + "busId 1\(rank)000 commId 0xabcdef0123456789"
  var lines = [
    head + "NCCL version 2.21.5+cuda12.4", head + identity + " - Init START",
    head + identity + " - Init COMPLETE",
  ]
  for index in 0..<operations {
    lines.append(
      head + "AllReduce: opCount \(index) sendbuff 0x7f00 recvbuff 0x7f00 count 1024 datatype 7 "
        + "op 0 root 0 comm 0x5500\(rank)0 [nranks=2] stream 0x5600")
  }
  return lines.map { $0 + "\n" }.joined() + extra
}
