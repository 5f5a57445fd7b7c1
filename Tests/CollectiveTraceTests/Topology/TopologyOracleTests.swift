// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import CollectiveTrace

/// Compares the paths with those that NCCL itself printed for the same machines (subsystem GRAPH).
@Suite(.enabled(if: Fixture.sharedData != nil)) struct TopologyOracleTests {
  /// What NCCL printed of one pair: `GPU/0-1b000 :GPU/0-43000 (2/370.8/NVL)`.
  struct Printed: Hashable {
    var source: String
    var target: String
    var hops: Int
    var bandwidth: String
    var type: String
  }

  struct Run: Sendable, CustomTestStringConvertible {
    var logs: String
    var topology: String
    /// Hops of 2.30 count a device node beside each GPU.
    var countsDeviceNodes = false
    /// Up to 2.25 NCCL took 10 GB/s between all newer processors of Intel.
    var hasOldProcessorRates = false
    /// Network devices of the log that the file places elsewhere.
    var nets: Set<String>? = nil
    /// Fewest pairs that must have been compared.
    var pairs: Int
    var testDescription: String { logs }
  }

  static let runs = [
    Run(
      logs: "nccl-real/s6-fsdp8-2.27.7/logs",
      topology: "nccl-real/s6-fsdp8-2.27.7/logs/topo.gpu-a-01.xml", pairs: 80),
    Run(
      logs: "nccl-real/s4-megatron-tp2pp2dp2-2.27.7/logs",
      topology: "nccl-real/s4-megatron-tp2pp2dp2-2.27.7/logs/topo.gpu-a-01.xml", pairs: 24),
    Run(
      logs: "nccl-real/s4-megatron-tp2pp2dp2-allsubsys-2.30.7/logs",
      topology: "nccl-real/s6-fsdp8-2.27.7/logs/topo.gpu-a-01.xml", countsDeviceNodes: true,
      pairs: 24),
    Run(
      logs: "nccl-real/s1-vllm-tp4-2.21.5/logs",
      topology: "nccl-real/s1-vllm-tp4-2.21.5/logs/topo.gpu-a-01.xml", hasOldProcessorRates: true,
      pairs: 20),
    Run(
      logs: "nccl-real/s6-hsdp4x2-split-2.21.5/logs",
      topology: "nccl-real/s6-fsdp8-2.27.7/logs/topo.gpu-a-01.xml", hasOldProcessorRates: true,
      pairs: 72),
    Run(
      logs: "nccl-real/s1-vllm-tp4-2.18.5/logs",
      topology: "nccl-real/s1-vllm-tp4-2.18.5/logs/topo.ip-10-1-0-1.xml", pairs: 20),
    Run(
      logs: "nccl-real/s4-megatron-tp2pp2dp2-2node-2.21.5/logs",
      topology: "nccl-real/s4-megatron-tp2pp2dp2-2node-2.21.5/logs/topo.ip-10-1-0-1.xml", pairs: 4),
    Run(
      logs: "nccl-logs/sugarlxn-2.28.9-4x4090-allreduce-tuner.log.gz",
      topology: "topology-xml/sugarlxn-4x4090-nccl_topo.xml", nets: ["NET/0"], pairs: 24),
  ]

  @Test(arguments: runs)
  func pathsAreThoseThatNCCLPrints(run: Run) throws {
    let data = try #require(Fixture.sharedData)
    let file = try TopologyFile.read(path: data.appending(path: run.topology).path())
    guard case .topology(let machine) = file.content else { throw CocoaError(.fileReadUnknown) }
    let own = Self.pairs(of: machine)
    var compared: Set<[String]> = []
    for printed in try Self.printed(in: data.appending(path: run.logs)) {
      guard let path = own[[printed.source, printed.target]] else { continue }
      if let nets = run.nets {
        let named = [printed.source, printed.target].filter { $0.hasPrefix("NET") }
        guard named.allSatisfy(nets.contains) else { continue }
      }
      // A second device of the same number is out of reach to NCCL.
      guard printed.type != "DIS" else { continue }
      compared.insert([printed.source, printed.target])
      let comment = Comment("\(printed) \(path)")
      #expect(path.type.name(in: .nccl) == printed.type, comment)
      if !(run.hasOldProcessorRates && path.type == .sys) {
        let bandwidth = try #require(Double(printed.bandwidth))
        #expect(abs(path.rate - bandwidth) <= 0.0501, comment)
      }
      if !run.countsDeviceNodes { #expect(path.hops == printed.hops, comment) }
    }
    #expect(compared.count >= run.pairs, "\(compared.count) pairs")
  }

  /// All paths that NCCL prints, by the names of their ends without the system's number.
  private static func pairs(of machine: Topology) -> [[String]: TopologyPath] {
    let paths = PathTable(machine)
    func short(_ label: String) -> String {
      label.replacing(/\/\d+-/, with: "/")
    }
    let gpus = machine.gpus.indices.map { short(machine.label(gpu: $0)) }
    let nets = machine.nets.indices.map { short(machine.label(net: $0)) }
    let processors = machine.processors.indices.map { short(machine.label(processor: $0)) }
    var result: [[String]: TopologyPath] = [:]
    for (gpu, name) in gpus.enumerated() {
      for (peer, other) in gpus.enumerated() { result[[name, other]] = paths.gpuToGPU[gpu][peer] }
      for (net, other) in nets.enumerated() {
        result[[name, other]] = paths.gpuToNet[gpu][net]
        result[[other, name]] = paths.netToGPU[net][gpu]
      }
      for (node, other) in processors.enumerated() {
        result[[name, other]] = paths.gpuToProcessor[gpu][node]
      }
    }
    for (net, name) in nets.enumerated() {
      for (node, other) in processors.enumerated() {
        result[[name, other]] = paths.netToProcessor[net][node]
      }
    }
    return result
  }

  private static func printed(in place: URL) throws -> Set<Printed> {
    var isFolder: ObjCBool = false
    _ = FileManager.default.fileExists(atPath: place.path(), isDirectory: &isFolder)
    let files =
      isFolder.boolValue
      ? try FileManager.default.contentsOfDirectory(at: place, includingPropertiesForKeys: nil)
        .filter { $0.pathExtension == "gz" } : [place]
    var result: Set<Printed> = []
    for file in files.sorted(by: { $0.path() < $1.path() }).prefix(2) {
      let mark = Data(" :GPU/".utf8)
      for bytes in try Data(text(file)).split(separator: 0x0A)
      where bytes.range(of: mark) != nil {
        let line = String(decoding: bytes, as: UTF8.self)
        guard let match = line.firstMatch(of: /NCCL INFO ((?:GPU|NET)\/[0-9A-Fa-f-]+) :(.*)/) else {
          continue
        }
        for pair in match.2.matches(
          of: /((?:GPU|NET|CPU)\/[0-9A-Fa-f-]+) \((\d+)\/([0-9.]+)\/([A-Z0-9]+)\)/)
        {
          result.insert(
            Printed(
              source: name(match.1), target: name(pair.1), hops: Int(pair.2) ?? -1,
              bandwidth: String(pair.3), type: String(pair.4)))
        }
      }
    }
    return result
  }

  /// `GPU/1B000` and `GPU/0-1b000` are one.
  private static func name(_ text: Substring) -> String {
    let parts = text.split(separator: "/")
    let local = parts[1].split(separator: "-").last ?? parts[1]
    return "\(parts[0])/\(local.lowercased())"
  }

  private static func text(_ file: URL) throws -> [UInt8] {
    var stream = try ByteStream(path: file.path(), maximumBytes: 1 << 28)
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: ByteStream.preferredChunkBytes)
    while true {
      let count = chunk.withUnsafeMutableBytes { stream.read(into: $0).count }
      if count == 0 { break }
      bytes += chunk.prefix(count)
    }
    return bytes
  }
}

/// Reads every file of the shared data, or refuses it for the right reason.
@Suite(.enabled(if: Fixture.sharedData != nil)) struct TopologyDataTests {
  static let files: [String] = {
    guard let data = Fixture.sharedData else { return [] }
    return ["topology-xml", "graph-xml"].flatMap { folder in
      ((try? FileManager.default.contentsOfDirectory(atPath: data.appending(path: folder).path()))
        ?? [])
        .filter { $0.hasSuffix(".xml") }.map { "\(folder)/\($0)" }
    }.sorted()
  }()

  @Test(arguments: files)
  func everyFileIsReadOrRefusedWithTheRightSentence(name: String) throws {
    let path = try #require(Fixture.sharedData).appending(path: name).path()
    // Counted in the text, not by the reader.
    let text = try String(contentsOfFile: path, encoding: .utf8).replacing(
      /<!--(?s:.*?)-->/, with: "")
    let file: TopologyFile
    do throws(TopologyError) {
      file = try TopologyFile.read(path: path)
    } catch {
      // A table of many machines, which NCCL does not read either.
      #expect(text.contains("<group"), "\(error)")
      #expect(error.problem.contains("<group>") && error.line != nil)
      return
    }
    switch file.content {
    case .topology(let machine):
      #expect(machine.dialect == (text.contains("<system version=\"2\"") ? .rccl : .nccl))
      #expect(machine.processors.count == text.matches(of: /<cpu\s/).count)
      let detailed = machine.gpus.filter { !$0.isByClass }
      #expect(detailed.count == text.matches(of: /<gpu\s/).count)
      #expect(machine.fabricLinks.count == text.matches(of: /<(nvlink|xgmi|c2c)\s/).count)
      let paths = PathTable(machine)
      for gpu in machine.gpus.indices {
        for peer in machine.gpus.indices {
          let path = paths.gpuToGPU[gpu][peer]
          #expect(path.type != .disconnected)
          // One host's links have two directions, so types are symmetric.
          #expect(path.type == paths.gpuToGPU[peer][gpu].type)
        }
        #expect(paths.gpuToNet[gpu].allSatisfy { $0.type < .net })
      }
      if name.contains("g5.48xl") {
        #expect(machine.others.count == text.matches(of: /<pci\s/).count)
      }
    case .graphs(let content):
      #expect(content.graphs.count == text.matches(of: /<graph\s/).count)
      let channels = content.graphs.reduce(0) { $0 + $1.channels.count }
      #expect(channels == text.matches(of: /<channel>/).count)
    }
  }
}
