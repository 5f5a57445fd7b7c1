// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import CollectiveTrace

/// Reads a topology from text.
func topology(_ text: String) throws -> Topology {
  guard case .topology(let topology) = try TopologyFile.parse(Array(text.utf8)) else {
    throw TopologyError.malformed("x", line: nil, "no topology", "-")
  }
  return topology
}

/// Reads a topology of the repository's fixtures.
func topology(fixture name: String) throws -> Topology {
  let url = Fixture.folder.appending(path: "topology/\(name).xml")
  return try topology(String(contentsOf: url, encoding: .utf8))
}

@Suite struct TopologyReaderTests {
  private func refusal(_ text: String) throws -> String {
    do throws(TopologyError) {
      _ = try TopologyFile.parse(Array(text.utf8), file: "t.xml")
    } catch { return error.description }
    Issue.record("not refused: \(text)")
    return ""
  }

  @Test func everyAttributeOfADeviceIsRead() throws {
    let machine = try topology(
      """
      <?xml version="1.0"?>
      <system version='1' name="rack 7">
        <cpu host_hash="0xa7067bea49cd3731" numaid="3" affinity="00000000,ff000000" arch="x86_64"
             vendor="AuthenticAMD" familyid="143" modelid="49">
          <pci busid="0000:15:00.0" class="0x060400" vendor="0x1000" device="0xc010"
               subsystem_vendor="0x1000" subsystem_device="0xa096" link_speed="32.0 GT/s PCIe" link_width="16">
            <pci busid="0000:17:00.0" class="0x030200" link_speed="16.0 GT/s PCIe" link_width="8" keep="1">
              <gpu dev="5" sm="90" rank="2" gdr="1" mlopart="-1">
                <nvlink target="fffffff:ffff:ff" count="18" tclass="0x068000"/>
                <c2c bw="44712" count="10"/>
              </gpu>
            </pci>
            <pci busid="0000:18:00.1" class="0x020700" link_speed="" link_width="0">
              <nic>
                <net name="mlx5_0" dev="0x1f" latency="0.5" speed="400000" port="2" guid="0xbeef" maxconn="131072" gdr="0" coll="1" rail="3" plane="1" keep="1"/>
              </nic>
            </pci>
            <pcilink target="0000:99:00.0"/>
          </pci>
        </cpu>
      </system>
      """)
    #expect(machine.dialect == .nccl && machine.version == 1 && machine.name == "rack 7")
    #expect(machine.hosts == [0xA706_7BEA_49CD_3731])
    let processor = try #require(machine.processors.first)
    #expect(processor.numa == 3 && processor.affinity == "00000000,ff000000")
    #expect(processor.vendor == "AuthenticAMD" && processor.family == 143 && processor.model == 49)
    let bridge = try #require(machine.bridges.first)
    #expect(bridge.device == 0x1000_C010_1000_A096)
    #expect(bridge.bus.rawValue == 0x15000 && bridge.link.bandwidth == 48)
    let gpu = try #require(machine.gpus.first)
    #expect(gpu.device == 5 && gpu.computeCapability == 90 && gpu.rank == 2 && gpu.gdr == true)
    #expect(gpu.parent == .bridge(0) && gpu.link.bandwidth == 12 && !gpu.isByClass)
    #expect(gpu.gcnArchitecture == nil && gpu.computeUnits == nil && gpu.partition == -1)
    let net = try #require(machine.nets.first)
    #expect(net.name == "mlx5_0" && net.device == 31 && net.latency == 0.5 && net.port == 2)
    #expect(net.bandwidth == 50 && net.guid == "0xbeef" && net.maximumConnections == 131072)
    #expect(net.gdr == false && net.isCollNet && net.rail == 3 && net.plane == 1)
    #expect(
      machine.adapters.first?.link == .init(speed: "", width: 0, bandwidth: 12, isAssumed: false))
    #expect(machine.fabricLinks.map(\.kind) == [.nvlink, .c2c])
    #expect(machine.fabricLinks.map(\.target) == [.fabric, .processor(0)])
    #expect(abs(machine.fabricLinks[0].bandwidth - 370.8) < 1e-9)
    #expect(abs(machine.fabricLinks[1].bandwidth - 447.12) < 1e-9)
    // The only thing to say is that a link leads out of the file.
    #expect(machine.notes.count == 1 && machine.notes[0].contains("does not hold"))
  }

  @Test func amdArchitecturesAreReadAsTheReleasesWriteThem() throws {
    func gpu(_ gcn: String) throws -> Topology.GPU {
      let machine = try topology(
        """
        <system version="2"><cpu numaid="0"><pci busid="1" class="0x038000">
        <gpu dev="0" sm="104" gcn="\(gcn)" arch="38911" rank="0" gdr="1">
        <xgmi target="2" count="2" tclass="0x038000"/></gpu></pci>
        <pci busid="2" class="0x038000"><gpu dev="1" sm="104" gcn="\(gcn)" rank="1" gdr="1"/></pci>
        </cpu></system>
        """)
      #expect(machine.dialect == .rccl)
      #expect(machine.fabricLinks[0].target == .gpu(1))
      let rate = [
        "906": 24.0, "908": 24, "910": 36, "gfx90a:sramecc+:xnack-": 36, "940": 48, "gfx942": 48,
      ]
      #expect(machine.fabricLinks[0].bandwidth == 2 * (rate[gcn] ?? 0))
      return machine.gpus[0]
    }
    #expect(try gpu("906").gcnArchitecture == "gfx906")
    #expect(try gpu("908").gcnArchitecture == "gfx908")
    #expect(try gpu("910").gcnArchitecture == "gfx90a")
    #expect(try gpu("940").gcnArchitecture == "gfx940")
    #expect(try gpu("gfx90a:sramecc+:xnack-").gcnArchitecture == "gfx90a:sramecc+:xnack-")
    #expect(try gpu("gfx942").computeUnits == 104)
  }

  @Test(arguments: [
    ("2.5 GT/s", 16, 3.0), ("5 GT/s", 16, 6.0), ("8 GT/s", 16, 12.0), ("16 GT/s", 16, 24.0),
    ("32 GT/s", 16, 48.0), ("64.0 GT/s PCIe", 16, 96.0), ("16.0 GT/s PCIe", 8, 12.0),
    // NCCL compares the beginning of the text.
    ("32 GT/s PCIe/s", 16, 48.0), ("8.0 GT/s PCIe", 4, 3.0),
    // What it does not know counts as 8 GT/s, even when it names a faster link.
    ("64 GT/s", 16, 12.0), ("", 0, 12.0), ("Unknown", 8, 6.0),
  ])
  func pciLinksHaveTheBandwidthsOfNCCL(speed: String, width: Int, bandwidth: Double) {
    #expect(LinkRates.pci(speed: speed, width: width) == bandwidth)
  }

  @Test(arguments: [
    (60, 18.0), (70, 20.0), (80, 20.0), (86, 12.0), (89, 20.0), (90, 20.6), (100, 40.1),
    (103, 40.1),
  ])
  func nvLinksHaveTheBandwidthsOfNCCL(capability: Int, bandwidth: Double) {
    #expect(LinkRates.nvlink(computeCapability: capability) == bandwidth)
  }

  @Test func processorsHaveTheBandwidthsOfNCCL() throws {
    func rate(_ attributes: String) throws -> Double {
      let machine = try topology("<system version=\"1\"><cpu numaid=\"0\" \(attributes)/></system>")
      return LinkRates.betweenProcessors(machine.processors[0])
    }
    let intel = "arch=\"x86_64\" vendor=\"GenuineIntel\" familyid=\"6\""
    #expect(try rate("\(intel) modelid=\"79\"") == 6)
    #expect(try rate("\(intel) modelid=\"85\"") == 10)
    #expect(try rate("\(intel) modelid=\"143\"") == 22)
    #expect(try rate("\(intel) modelid=\"207\"") == 40)
    #expect(try rate("arch=\"x86_64\" vendor=\"AuthenticAMD\" familyid=\"25\" modelid=\"1\"") == 16)
    #expect(try rate("arch=\"arm64\"") == 6)
    #expect(try rate("arch=\"ppc64\"") == 32)
    #expect(try rate("arch=\"x86_64\" vendor=\"  Shanghai  \" familyid=\"7\" modelid=\"91\"") == 9)
    #expect(try rate("") == LinkRates.local)
  }

  @Test func aVendorsFileLeavesOpenWhatItDoesNotSay() throws {
    let machine = try topology(fixture: "cloud-vm")
    #expect(machine.gpus.map(\.isByClass) == [true, true])
    #expect(
      machine.gpus[0].device == nil && machine.gpus[0].rank == nil && machine.gpus[0].gdr == nil)
    #expect(machine.gpus[0].link.bandwidth == 24 && !machine.gpus[0].link.isAssumed)
    #expect(machine.gpus[1].link.isAssumed)
    #expect(machine.nets.map(\.isByClass) == [true])
    #expect(machine.others.map(\.bus.description) == ["0000:00:1a.0"])
    #expect(machine.processors[1].architecture == nil)
    #expect(machine.notes.count == 4)
  }

  @Test func addressesAreNumbersAsInTheLog() throws {
    #expect(BusID("0000:1b:00.0") == BusID(rawValue: 0x1B000))
    #expect(BusID("ffff:ff:01.0")?.logForm == "ffffff010")
    #expect(BusID("ffff:ff:01.0")?.description == "ffff:ff:01.0")
    #expect(BusID(rawValue: 0x101C0).description == "0000:10:1c.0")
    #expect(BusID("") == nil && BusID("zz") == nil && BusID("0123456789abcdef0") == nil)
  }

  @Test func aRankIsPlacedByHostAndAddress() throws {
    let machine = try topology(fixture: "dgx-like")
    #expect(machine.gpu(at: BusID(rawValue: 0x9D000)) == 4)
    #expect(machine.gpu(at: BusID(rawValue: 0x9D000), host: 1) == nil)
    #expect(machine.gpu(at: BusID(rawValue: 0x1)) == nil)
    let paths = PathTable(machine)
    #expect(paths.nearestNets(toGPU: 4).map { machine.nets[$0].name } == ["mlx5_4"])
  }

  @Test func virtualDevicesOfAHostAreOneCardUnderItsFirstNode() throws {
    let machine = try topology(
      """
      <system version="1">
        <cpu numaid="2"><nic><net name="a" dev="1"/><net name="b" dev="2"/><net name="c"/></nic></cpu>
        <cpu numaid="0"><nic><net name="a" dev="1"/><net name="d" dev="3"/></nic></cpu>
      </system>
      """)
    #expect(machine.adapters.count == 1 && machine.adapters[0].parent == .processor(0))
    #expect(machine.nets.map(\.name) == ["a", "b", "d"])
    #expect(machine.notes.contains { $0.contains("listed again") })
    #expect(machine.notes.contains { $0.contains("without a device number") })
  }

  @Test func portsOfOneAddressAreOneCard() throws {
    let machine = try topology(
      """
      <system version="1"><cpu numaid="0">
        <pci busid="0000:18:00.0" class="0x020700"><nic><net name="p1" dev="0"/></nic></pci>
        <pci busid="0000:18:00.0" class="0x020700"><nic><net name="p2" dev="1"/></nic></pci>
      </cpu></system>
      """)
    #expect(machine.adapters.count == 1 && machine.nets.map(\.adapter) == [0, 0])
  }

  @Test func whatNCCLPassesOverIsPassedOverAndCounted() throws {
    let machine = try topology(
      """
      <system version="1"><extra/><cpu numaid="-1" unknown="x">text<pci busid="1" class="0x030000">
      <gpu dev="0" sm="80" rank="0" gdr="1"><strange/></gpu><pci busid="2"/></pci></cpu></system>
      """)
    #expect(machine.gpus.count == 1 && machine.processors[0].numa == -1)
    #expect(machine.notes.filter { $0.contains("passed over") }.count == 3)
  }

  @Test(arguments: [
    ("<system><cpu numaid=\"0\"/></system>", "has no version"),
    ("<system version=\"3\"><cpu numaid=\"0\"/></system>", "has version 3"),
    ("<system version=\"1\"/>", "is empty"),
    (
      "<system version=\"2\">\n<group name=\"x\"><cpu numaid=\"0\"/></group></system>",
      "<group> in line 2"
    ),
    ("<system version=\"1\"><cpu/></system>", "has no numaid"),
    ("<system version=\"1\"><cpu numaid=\"two\"/></system>", "numaid of <cpu> is `two`"),
    ("<system version=\"1\"><cpu numaid=\"0\" host_hash=\"0xg\"/></system>", "host_hash of <cpu>"),
    ("<system version=\"1\"><cpu numaid=\"0\"><pci/></cpu></system>", "has no busid"),
    ("<system version=\"1\"><cpu numaid=\"0\"><pci busid=\"x\"/></cpu></system>", "busid of <pci>"),
    (
      "<system version=\"1\"><cpu numaid=\"0\"><pci busid=\"1\" class=\"0x03\"><gpu dev=\"0\"><nvlink target=\"2\" tclass=\"0x03\"/></gpu></pci></cpu></system>",
      "<nvlink> has no count"
    ),
    (
      "<system version=\"1\"><cpu numaid=\"0\"><pci busid=\"1\" class=\"0x03\"><gpu dev=\"99999999999999999999\"/></pci></cpu></system>",
      "dev of <gpu>"
    ),
    ("<graphs version=\"2\"/>", "has version 2"), ("<graphs version=\"1\"/>", "holds no <graph>"),
    ("<graphs version=\"1\"><graph id=\"0\"/></graphs>", "has no pattern"),
  ])
  func whatNCCLRefusesIsRefusedWithItsPlace(text: String, problem: String) throws {
    let sentence = try refusal(text)
    #expect(sentence.contains(problem))
    #expect(sentence.hasPrefix("t.xml:"))
  }

  @Test func partsAreLimitedOnBothSides() throws {
    func machine(_ count: Int) -> String {
      let gpus = (0..<count).map {
        "<pci busid=\"\(String($0 + 1, radix: 16))\" class=\"0x030200\"/>"
      }
      return "<system version=\"1\"><cpu numaid=\"0\">\(gpus.joined())</cpu></system>"
    }
    #expect(try topology(machine(TopologyReader.maximumNodes)).gpus.count == 576)
    #expect(try refusal(machine(TopologyReader.maximumNodes + 1)).contains("holds 577 GPUs"))
    func nodes(_ count: Int) -> String {
      let nodes = (0..<count).map { "<cpu numaid=\"\($0)\"/>" }
      return "<system version=\"1\">\(nodes.joined())</system>"
    }
    #expect(try topology(nodes(TopologyReader.maximumProcessorsPerHost)).processors.count == 128)
    #expect(
      try refusal(nodes(TopologyReader.maximumProcessorsPerHost + 1)).contains("holds 129 NUMA"))
  }

  @Test func aCompressedFileIsReadAndAccountedFor() throws {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "topology-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let text = Array(
      try Data(contentsOf: Fixture.folder.appending(path: "topology/grace-like.xml")))
    let packed = folder.appending(path: "t.xml")
    try Data(GzipFixture.member(text)).write(to: packed)
    let file = try TopologyFile.read(path: packed.path())
    guard case .topology(let machine) = file.content else { throw CocoaError(.fileReadUnknown) }
    #expect(machine.gpus.count == 4)
    #expect(file.ledger.compression == "gzip" && file.ledger.bytes == text.count)
    let cut = folder.appending(path: "cut.xml")
    try Data(GzipFixture.member(text).dropLast(20)).write(to: cut)
    #expect(throws: TopologyError.self) { try TopologyFile.read(path: cut.path()) }
    do throws(TopologyError) {
      _ = try TopologyFile.read(path: folder.appending(path: "none.xml").path())
    } catch { #expect(error.kind == .missing) }
    // A bomb ends at the limit.
    let bomb = folder.appending(path: "bomb.xml")
    let blanks = [UInt8](repeating: 0x20, count: 60_000)
    var long = Array("<system version=\"1\">".utf8)
    while long.count <= XMLElements.maximumBytes { long += blanks + Array("<!-- -->".utf8) }
    try Data(GzipFixture.member(long)).write(to: bomb)
    do throws(TopologyError) {
      _ = try TopologyFile.read(path: bomb.path())
      Issue.record("not refused")
    } catch { #expect(error.problem.contains("more than 16777216 bytes")) }
  }
}
