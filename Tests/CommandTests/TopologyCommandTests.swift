// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import commlens

@Suite struct TopologyCommandTests {
  private let scratch: Scratch
  private func fixture(_ name: String) -> String {
    Fixture.folder.appending(path: "topology/\(name).xml").path(percentEncoded: false)
  }

  init() throws { scratch = try Scratch() }

  @Test func aMachineIsShownInEveryForm() throws {
    for format in ["table", "md", "json", "ndjson", "csv"] {
      let run = try CommandRun(["topology", fixture("dgx-like"), "--format", format])
      #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
      #expect(run.output.contains("370.8"))
    }
    let table = try CommandRun(["topology", fixture("dgx-like")]).output
    #expect(table.contains("2 NUMA nodes, 8 GPUs (sm_90), 8 network devices, 8 PCIe switches"))
    let parts = try CommandRun(
      ["topology", fixture("dgx-like"), "--format", "csv", "--table", "parts"])
    #expect(parts.output.hasPrefix("file,part,kind,"))
  }

  @Test func aGraphFileIsShown() throws {
    let run = try CommandRun(["topology", fixture("graph-rings")])
    #expect(run.status == 0 && run.output.contains("NET 0 > GPU 0 > GPU 1 > GPU 10 > NET 1"))
    let csv = try CommandRun(["topology", fixture("graph-rings"), "--format", "csv"]).output
    #expect(csv.hasPrefix("file,graph,algorithm,pattern,channel,order,"))
    #expect(csv.split(separator: "\n").count == 4)
  }

  @Test func standardInputAndCompressionAreRead() throws {
    let text = try String(contentsOfFile: fixture("pcie-only"), encoding: .utf8)
    let run = try CommandRun(["topology", "-", "--format", "csv"], input: text)
    #expect(run.status == 0)
    let direct = try CommandRun(["topology", fixture("pcie-only"), "--format", "csv"]).output
    // A spreadsheet would take the dash for a formula.
    #expect(run.output == direct.replacing("\npcie-only.xml,", with: "\n'-,"))
    let packed = try CommandRun(
      shell:
        "gzip -c '\(fixture("pcie-only"))' > pcie-only.xml; commlens topology pcie-only.xml --format csv",
      folder: scratch.folder)
    #expect(packed.output == direct)
  }

  @Test func theFolderHoldsTablesFigureAndManifest() throws {
    let report = scratch.url("report").path()
    let run = try CommandRun(
      ["topology", fixture("dgx-like"), fixture("graph-rings"), "-o", report, "-q"])
    #expect(run.status == 0 && run.output.isEmpty && run.errors.isEmpty)
    let names = try FileManager.default.contentsOfDirectory(atPath: report).sorted()
    #expect(
      names == [
        "manifest.json", "topology.json", "topology.svg", "topology_channels.csv",
        "topology_links.csv", "topology_parts.csv", "topology_paths.csv",
      ])
    let manifest = try String(
      contentsOf: scratch.url("report").appending(path: "manifest.json"), encoding: .utf8)
    #expect(manifest.contains("\"file\": \"dgx-like.xml\""))
    #expect(!manifest.contains(scratch.folder.path()) && !manifest.contains("/topology/"))
    #expect(manifest.contains("topology.svg"))
  }

  @Test func refusalsHaveTheirStatus() throws {
    let broken = try scratch.write("broken.xml", "<system version=\"1\">\n<cpu></system>")
    let run = try CommandRun(["topology", broken])
    #expect(run.status == 65 && run.output.isEmpty)
    #expect(run.errors.contains("broken.xml:2: ") && run.errors.split(separator: "\n").count == 1)
    let missing = try CommandRun(["topology", scratch.url("none.xml").path()])
    #expect(missing.status == 66 && missing.errors.contains("no such file"))
    #expect(try CommandRun(["topology", scratch.folder.path()]).status == 66)
    #expect(try CommandRun(["topology"]).status == 64)
    #expect(try CommandRun(["topology", fixture("dgx-like"), "--table", "x"]).status == 64)
    #expect(try CommandRun(["topology", "-", "-"]).status == 64)
    let log = try scratch.write("nccl.log", "h:1:1 [0] NCCL INFO NCCL version 2.21.5+cuda12.4\n")
    #expect(try CommandRun(["topology", log]).status == 65)
  }

  @Test func aBrokenFileDoesNotHideTheOthers() throws {
    let broken = try scratch.write("broken.xml", "<!DOCTYPE x><system/>")
    let run = try CommandRun(["topology", broken, fixture("pcie-only")])
    #expect(run.status == 65 && run.output.contains("4 GPUs (sm_89)"))
    #expect(run.errors.contains("document type"))
  }

  @Test func theSchemaListsTheColumns() throws {
    let schema = try CommandRun(["schema"]).output
    for table in ["parts", "links", "paths", "channels"] {
      let file = table == "channels" ? "graph-rings" : "dgx-like"
      let csv = try CommandRun(
        ["topology", fixture(file), "--format", "csv", "--table", table]
      ).output
      let header = try #require(csv.split(separator: "\n").first)
      for column in header.split(separator: ",") {
        #expect(schema.contains("\ntopology_\(table),\(column),"))
      }
    }
  }

  @Test func shownNamesLeaveOutTheCommonFolder() {
    #expect(FileNames.shown(["/a/b/c.xml"]) == ["c.xml"])
    #expect(FileNames.shown(["/a/b/c.xml", "/a/d/c.xml"]) == ["b/c.xml", "d/c.xml"])
    #expect(FileNames.shown(["x.xml", "-"]) == ["x.xml", "-"])
    #expect(FileNames.shown(["a/x.xml", "a/x.xml"]) == ["x.xml", "x.xml"])
    #expect(FileNames.shown(["/a/b/c.xml", "x.xml"]) == ["c.xml", "x.xml"])
    #expect(FileNames.shown(["a/b/../c/./x", "a/y"]) == ["c/x", "y"])
    #expect(FileNames.shown(["../x", "y"]) == ["../x", "y"])
  }
}
