// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import CollectiveTrace

/// Paths worked out by hand from NCCL's rules.
@Suite struct PathTableTests {
  /// One GPU's or device's path as text: `NVL 370.8 2`.
  private func text(_ path: TopologyPath, _ dialect: Topology.Dialect = .nccl) -> String {
    let bandwidth = path.bandwidth.map { "\(($0 * 10).rounded() / 10)" } ?? "?"
    return "\(path.type.name(in: dialect)) \(bandwidth) \(path.hops)"
  }

  @Test func aMachineWithNVSwitch() throws {
    let machine = try topology(fixture: "dgx-like")
    let paths = PathTable(machine)
    for gpu in 0..<8 {
      for peer in 0..<8 {
        // 18 links x 20.6, over the fabric.
        #expect(text(paths.gpuToGPU[gpu][peer]) == (gpu == peer ? "LOC 5000.0 0" : "NVL 370.8 2"))
        // Its own card: GPU, switch, card, network = 3 links, PCI 5 x16 = 48 below 400 Gb/s = 50.
        // Others': over the fabric to the GPU beside the card, then the same way.
        let own = text(paths.gpuToNet[gpu][peer])
        #expect(own == (gpu == peer ? "PIX 48.0 3" : "PXN 48.0 5"))
        #expect(paths.gpuToNet[gpu][peer].relayGPU == (gpu == peer ? nil : peer))
        // Arriving data does not take the relay.
        let sameSocket = gpu / 4 == peer / 4
        #expect(
          text(paths.netToGPU[peer][gpu])
            == (gpu == peer ? "PIX 48.0 3" : sameSocket ? "PHB 48.0 5" : "SYS 22.0 6"))
      }
      #expect(text(paths.gpuToProcessor[gpu][gpu / 4]) == "PHB 48.0 2")
      #expect(text(paths.gpuToProcessor[gpu][1 - gpu / 4]) == "SYS 22.0 3")
      #expect(paths.nearestNets(toGPU: gpu) == [gpu])
      #expect(paths.nearestGPUs(toNet: gpu) == [gpu])
      #expect(paths.net(ofGPU: gpu, channel: 3, in: machine) == gpu)
    }
  }

  @Test func aMachineWithPCIAlone() throws {
    let paths = PathTable(try topology(fixture: "pcie-only"))
    // Two GPUs under one switch at 24; between sockets AMD's 16.
    #expect(text(paths.gpuToGPU[0][1]) == "PIX 24.0 2")
    #expect(text(paths.gpuToGPU[0][2]) == "SYS 16.0 5")
    #expect(text(paths.gpuToGPU[3][2]) == "PIX 24.0 2")
    // The card has 8 lanes of generation 4: 12, below its 12.5 to the network.
    #expect(text(paths.gpuToNet[0][0]) == "PIX 12.0 3")
    #expect(text(paths.gpuToNet[2][0]) == "SYS 12.0 6")
    // The second card has no GPUDirect RDMA: through the CPU, two links each way and the network.
    #expect(text(paths.gpuToNet[2][1]) == "PHB 12.0 5")
    #expect(text(paths.netToGPU[1][3]) == "PHB 12.0 5")
    #expect(text(paths.gpuToNet[0][1]) == "SYS 12.0 6")
    // Both GPUs of a switch share its card.
    #expect(paths.nearestGPUs(toNet: 0) == [0, 1])
  }

  @Test func aMachineWithC2C() throws {
    let paths = PathTable(try topology(fixture: "grace-like"))
    #expect(text(paths.gpuToGPU[0][3]) == "NVL 721.8 2")
    #expect(text(paths.gpuToProcessor[0][0]) == "C2C 447.1 1")
    #expect(text(paths.gpuToNet[0][0]) == "P2C 48.0 3")
    #expect(text(paths.gpuToNet[1][1]) == "P2C 48.0 3")
    // The other processor's cards: the fabric, then that GPU's C2C.
    #expect(paths.gpuToNet[0][2].type == .pxn && paths.gpuToNet[0][2].bandwidth == 48)
    #expect(paths.netToGPU[2][0].type == .sys && paths.netToGPU[2][0].bandwidth == 6)
  }

  @Test func aMachineWithXGMI() throws {
    let machine = try topology(fixture: "mi300-like")
    let paths = PathTable(machine)
    #expect(text(paths.gpuToGPU[0][7], .rccl) == "XGMI 48.0 1")
    #expect(text(paths.gpuToNet[0][0], .rccl) == "PIX 48.0 3")
    #expect(text(paths.gpuToNet[0][7], .rccl) == "PXN 48.0 4")
  }

  /// Three GPUs in a row of NVLinks on two sockets.
  private func row(_ dialect: String) throws -> PathTable {
    func gpu(_ index: Int, _ peers: [Int]) -> String {
      let links = peers.map {
        dialect == "1"
          ? "<nvlink target=\"0000:0\($0):00.0\" count=\"2\" tclass=\"0x030200\"/>"
          : "<xgmi target=\"0000:0\($0):00.0\" count=\"2\" tclass=\"0x030200\"/>"
      }
      return
        "<pci busid=\"0000:0\(index):00.0\" class=\"0x030200\" link_speed=\"8 GT/s\" link_width=\"16\">"
        + "<gpu dev=\"\(index)\" sm=\"70\" rank=\"\(index)\" gdr=\"1\">\(links.joined())</gpu></pci>"
    }
    let cpu = "arch=\"x86_64\" vendor=\"GenuineIntel\" familyid=\"6\" modelid=\"85\""
    return PathTable(
      try topology(
        """
        <system version="\(dialect)"><cpu numaid="0" \(cpu)>\(gpu(0, [1]))\(gpu(1, [0, 2]))</cpu>
        <cpu numaid="1" \(cpu)>\(gpu(2, [1, 3]))\(gpu(3, [2]))</cpu></system>
        """))
  }

  @Test func aGPUMayRelayNVLinkOnce() throws {
    let paths = try row("1")
    #expect(text(paths.gpuToGPU[0][1]) == "NVL 40.0 1")
    #expect(text(paths.gpuToGPU[0][2]) == "NVB 40.0 2")
    // Not twice: by PCI, between the sockets at 10.
    #expect(text(paths.gpuToGPU[0][3]) == "SYS 10.0 3")
    // NCCL's rule also lets a GPU beside the other CPU relay to it.
    #expect(text(paths.gpuToProcessor[1][1]) == "PHB 12.0 2")
    #expect(text(paths.gpuToProcessor[0][1]) == "SYS 10.0 2")
  }

  @Test func rcclHasNoRelay() throws {
    let paths = try row("2")
    #expect(paths.gpuToGPU[0][1].type == .nvlink)
    #expect(text(paths.gpuToGPU[0][2], .rccl) == "SYS 10.0 3")
  }

  /// Two GPUs, each under a lower switch of one upper switch.
  private func twoLevels(_ upper: String, _ lower: String) throws -> PathTable {
    func gpu(_ index: Int) -> String {
      "<pci busid=\"0000:1\(index):00.0\" class=\"0x060400\" \(lower) link_speed=\"16 GT/s\" link_width=\"16\">"
        + "<pci busid=\"0000:2\(index):00.0\" class=\"0x030200\" link_speed=\"16 GT/s\" link_width=\"16\">"
        + "<gpu dev=\"\(index)\" sm=\"80\" rank=\"\(index)\" gdr=\"1\"/></pci></pci>"
    }
    return PathTable(
      try topology(
        """
        <system version="1"><cpu numaid="0"><pci busid="0000:01:00.0" class="0x060400" \(upper)
        link_speed="16 GT/s" link_width="16">\(gpu(0))\(gpu(1))</pci></cpu></system>
        """))
  }

  @Test func severalSwitchesArePXBUnlessTheyAreOneOfBroadcom() throws {
    func id(_ device: Int, _ subsystem: Int) -> String {
      "vendor=\"0x1000\" device=\"0x\(String(device, radix: 16))\" subsystem_vendor=\"0x1000\" "
        + "subsystem_device=\"0x\(String(subsystem, radix: 16))\""
    }
    #expect(text(try twoLevels("", "").gpuToGPU[0][1]) == "PXB 24.0 4")
    let generation4 = id(0xC010, 0xA096)
    #expect(text(try twoLevels(generation4, generation4).gpuToGPU[0][1]) == "PIX 24.0 2")
    // Generation 5 tells the levels apart.
    #expect(
      text(try twoLevels(id(0xC030, 0x0001), id(0xC030, 0x1001)).gpuToGPU[0][1]) == "PIX 24.0 2")
    #expect(
      text(try twoLevels(id(0xC030, 0x1001), id(0xC030, 0x1001)).gpuToGPU[0][1]) == "PXB 24.0 4")
    #expect(text(try twoLevels(generation4, id(0xC030, 0x1001)).gpuToGPU[0][1]) == "PXB 24.0 4")
  }

  @Test func hostsOfOneFileMeetOverTheFabricOrTheNetwork() throws {
    func host(_ hash: Int, _ link: String) -> String {
      """
      <cpu numaid="0" host_hash="0x\(hash)" arch="arm64"><pci busid="0000:01:00.0" class="0x030200">
      <gpu dev="0" sm="100" rank="\(hash)" gdr="1">\(link)</gpu></pci></cpu>
      """
    }
    let link = "<nvlink target=\"fffffff:ffff:ff\" count=\"18\" tclass=\"0x068000\"/>"
    let fused = try topology("<system version=\"1\">\(host(1, link))\(host(2, link))</system>")
    #expect(fused.hosts == [1, 2])
    #expect(fused.label(gpu: 1) == "GPU/1-1000")
    #expect(PathTable(fused).gpuToGPU[0][1].type == .nvlink)
    #expect(fused.gpu(at: BusID(rawValue: 0x1000), host: 1) == 1)
    let apart = try topology("<system version=\"1\">\(host(1, ""))\(host(2, ""))</system>")
    #expect(PathTable(apart).gpuToGPU[0][1].type == .net)
    #expect(PathTable(apart).gpuToGPU[0][1].bandwidth == nil)
  }

  @Test func bandwidthsOverUnstatedLinksAreNotGuessed() throws {
    let paths = PathTable(try topology(fixture: "cloud-vm"))
    #expect(text(paths.gpuToGPU[0][1]) == "SYS ? 4")
    // The card's speed is what NCCL finds on the machine.
    #expect(text(paths.gpuToNet[0][0]) == "PIX ? 3")
    #expect(text(paths.gpuToProcessor[0][0]) == "PHB 24.0 2")
  }

  @Test func aLinkListedInOneDirectionIsNoPath() throws {
    let machine = try topology(
      """
      <system version="1"><cpu numaid="0"><pci busid="0000:01:00.0" class="0x030200">
      <gpu dev="0" sm="80" rank="0" gdr="1"><nvlink target="0000:02:00.0" count="4" tclass="0x030200"/></gpu>
      </pci><pci busid="0000:02:00.0" class="0x030200"><gpu dev="1" sm="80" rank="1" gdr="1"/></pci>
      </cpu></system>
      """)
    #expect(PathTable(machine).gpuToGPU[0][1].type == .phb)
    #expect(machine.notes.contains { $0.contains("one direction") })
  }

  @Test func theLargestMachineIsDoneInTime() throws {
    var text = "<system version=\"1\">"
    for node in 0..<64 {
      text +=
        "<cpu numaid=\"\(node)\" arch=\"x86_64\" vendor=\"AuthenticAMD\" familyid=\"1\" modelid=\"1\">"
      for gpu in 0..<8 {
        text +=
          "<pci busid=\"\(String(node * 16 + gpu + 1, radix: 16)):00.0\" class=\"0x030200\" link_speed=\"8 GT/s\" link_width=\"16\">"
          + "<gpu dev=\"\(node * 8 + gpu)\" sm=\"90\" rank=\"0\" gdr=\"1\">"
          + "<nvlink target=\"ffff\" count=\"18\" tclass=\"0x068000\"/></gpu></pci>"
      }
      text += "</cpu>"
    }
    let machine = try topology(text + "</system>")
    let time = ContinuousClock().measure {
      #expect(PathTable(machine).gpuToGPU[511][0].type == .nvlink)
    }
    // A debug build on a busy machine; a release build needs a twentieth of it.
    #expect(time < .seconds(30), "\(time)")
  }
}
